// SPDX-License-Identifier: Apache-2.0
//
// Payload extensions. Both are optional: an initiator that knows neither gets CXL.mem reads and
// writes on mem sockets, and memory (BAR) accesses on io sockets.
#ifndef VCXL_TLM_EXTENSION_H
#define VCXL_TLM_EXTENSION_H

#include <cstdint>

#include <tlm>

namespace vcxl
{

// CXL r3.1 3.3: what a CXL.mem request and its response carry beyond address and data.
struct cxl_mem_extension : tlm::tlm_extension<cxl_mem_extension> {
	uint8_t opcode = 0; // M2S MemOpcode; 0 lets the command of the payload decide
	uint8_t meta_field = 0, meta_value = 0;
	uint16_t ld_id = 0;
	uint64_t trace_id = 0; // chosen by the initiator
	bool poison = false;   // response: the data is poisoned
	uint8_t dev_load = 0;  // response: CXL r3.1 3.3.4

	tlm::tlm_extension_base *clone() const override { return new cxl_mem_extension(*this); }
	void copy_from(const tlm::tlm_extension_base &other) override
	{
		*this = static_cast<const cxl_mem_extension &>(other);
	}
};

// CXL.io configuration request: the payload's address is the register offset (0..4095). Type 0
// is for the device at the other end of the link, type 1 for one behind it. PCIe r6.0 2.2.7.
struct cxl_io_extension : tlm::tlm_extension<cxl_io_extension> {
	bool config = false; // false: memory request, the address is an HPA
	uint8_t bus = 0;
	uint8_t devfn = 0; // device number 7:3, function number 2:0
	// Set by the port that forwards, for the link below; an initiator leaves it false. A host
	// bridge does not look at it: what is not for its own bus is type 1 below.
	bool type1 = false;
	// No request but the link's hot reset: whoever receives it is reset and passes it on below.
	bool hot_reset = false;

	tlm::tlm_extension_base *clone() const override { return new cxl_io_extension(*this); }
	void copy_from(const tlm::tlm_extension_base &other) override
	{
		*this = static_cast<const cxl_io_extension &>(other);
	}
};

} // namespace vcxl

#endif
