// SPDX-License-Identifier: Apache-2.0
//
// DMI for memory that is interleaved: an initiator attaches the extension to the payload of
// get_direct_mem_ptr(), and the hops fill it with the whole permutation that their decoders make of
// a range, where the plain answer of IEEE 1666-2011 11.2 is one granule. CXL r3.1 8.2.4.20, 9.13.
// Ignorable: who does not know it answers as ever, and `granted` stays false.
#ifndef VCXL_TLM_DMI_EXTENSION_H
#define VCXL_TLM_DMI_EXTENSION_H

#include <cstdint>
#include <vector>

#include <tlm>

#include <vcxl/xor.h>

namespace vcxl
{

//
// What holds for every address of [first, last]: it lies in host memory, readable and writable, at
// host(address). Slots take turns, granule by granule, from `first` on; after a period each has
// advanced by `stride` bytes. In a window with XOR arithmetic that is so for the address as
// `arithmetic` changes it, which leaves it in the range. The initiator keeps it until
// invalidate_direct_mem_ptr() names any address of the range. Latency is that of the plain answer.
struct cxl_dmi_extension : tlm::tlm_extension<cxl_dmi_extension> {
	bool granted = false;
	uint64_t first = 0, last = 0; // inclusive; first is a multiple of the granule
	uint64_t granule = 0;         // bytes, a power of two
	uint64_t stride = 0;
	std::vector<unsigned char *> slots; // host memory of the first granule of each
	vcxl_xor arithmetic{};

	uint64_t period() const { return granule * slots.size(); }

	unsigned char *host(uint64_t address) const
	{
		const uint64_t offset = vcxl_xor_apply(&arithmetic, address) - first;

		return slots[offset % period() / granule] + offset / period() * stride +
		       offset % granule;
	}

	void deny()
	{
		granted = false;
		slots.clear();
		arithmetic.n = 0;
	}

	tlm::tlm_extension_base *clone() const override { return new cxl_dmi_extension(*this); }
	void copy_from(const tlm::tlm_extension_base &other) override
	{
		*this = static_cast<const cxl_dmi_extension &>(other);
	}
};

} // namespace vcxl

#endif
