// SPDX-License-Identifier: Apache-2.0
//
// Dynamic capacity through sockets: what is not backed answers with an error, direct memory ends
// with the extent, events have the time of the kernel. CXL r3.1 9.13.3.
#include <cstring>

#include <gtest/gtest.h>
#include <vcxl/tlm/dmi_extension.h>

#include "tlm_harness.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t base = 0x1000000000, block = 2 << 20;

// Two devices below one host bridge, each with a region of 256 MiB behind 256 MiB of static memory.
// Their regions are interleaved, or the first device's is alone; addresses begin at `base`.
class dynamic_devices
{
public:
	explicit dynamic_devices(unsigned eiw, unsigned eig)
	    : bytes{ media(quarter_gib), media(quarter_gib) },
	      f({ { bridge({ described(0), described(1) }) },
		  { { base, 8 * quarter_gib, 256u, { 0 } } } }),
	      host(*f.mem[0])
	{
		const uint64_t size = quarter_gib << eiw;

		f.start();
		f.commit(*f.bridges[0], 0, { base, size, eiw, eig, 0x0100, false });
		f.set_hdm_enable(*f.bridges[0], true);
		for (const node *m : f.memdevs) {
			f.commit(*m, 0, { base, size, eiw, eig, quarter_gib, false });
			f.set_hdm_enable(*m, true);
		}
		host.invalidated.clear();
	}

	vcxl::cxl_memdev &device(unsigned i) { return *f.memdevs[i]->memdev; }
	vcxl_dc_error offer(unsigned i, uint64_t offset, uint64_t len)
	{
		const vcxl_dc_range range = { offset, len };
		vcxl_dc_add_request request{};

		request.selection = VCXL_DC_SELECT_PRESCRIPTIVE;
		request.ranges = &range;
		request.n_ranges = 1;
		return device(i).add_capacity(request);
	}
	vcxl_dc_error force(unsigned i, uint64_t offset, uint64_t len)
	{
		const vcxl_dc_range range = { offset, len };
		vcxl_dc_release_request request{};

		request.removal = VCXL_DC_REMOVE_PRESCRIPTIVE;
		request.forced = true;
		request.ranges = &range;
		request.n_ranges = 1;
		return device(i).release_capacity(request);
	}
	// Add Dynamic Capacity Response or Release Dynamic Capacity with one range.
	cxl_rc answer(unsigned i, uint16_t opcode, uint64_t offset, uint64_t len)
	{
		uint8_t in[32] = { 1 }, out[2048];
		const uint64_t dpa = quarter_gib + offset;
		uint32_t out_len;

		for (unsigned b = 0; b < 8; b++) {
			in[8 + b] = static_cast<uint8_t>(dpa >> (8 * b));
			in[16 + b] = static_cast<uint8_t>(len >> (8 * b));
		}
		return vcxl_memdev_command(device(i).core(), opcode, in, sizeof(in), out, &out_len);
	}
	void give(unsigned i, uint64_t offset, uint64_t len)
	{
		EXPECT_EQ(offer(i, offset, len), VCXL_DC_OK);
		EXPECT_EQ(answer(i, 0x4802, offset, len), CXL_RC_SUCCESS);
	}
	vcxl::cxl_dmi_extension map(uint64_t hpa)
	{
		vcxl::cxl_dmi_extension extension;
		tlm::tlm_generic_payload request;
		tlm::tlm_dmi unused;

		initiator::fill(request, tlm::TLM_READ_COMMAND, hpa, nullptr, 0);
		request.set_extension(&extension);
		host.socket->get_direct_mem_ptr(request, unused);
		request.clear_extension(&extension);
		return extension;
	}

	media bytes[2];
	vcxl_media lent[2] = {};
	fabric f;
	initiator &host;
	tlm::tlm_dmi dmi;

private:
	node_spec described(unsigned i)
	{
		node_spec n = memdev(quarter_gib);

		lent[i].size = quarter_gib;
		lent[i].direct = bytes[i].bytes();
		n.dc.n_regions = 1;
		n.dc.regions[0].len = quarter_gib;
		n.dc.regions[0].media = &lent[i];
		return n;
	}
};

} // namespace

TEST(dynamic_capacity, is_accessed_between_acceptance_and_release)
{
	dynamic_devices d(0, 0);
	uint64_t value = 0x1122334455667788, seen = 0;

	EXPECT_EQ(d.host.read(base, &seen, 8), tlm::TLM_GENERIC_ERROR_RESPONSE);
	EXPECT_EQ(d.offer(0, 0, block), VCXL_DC_OK);
	EXPECT_EQ(d.host.write(base, &value, 8), tlm::TLM_GENERIC_ERROR_RESPONSE) << "offered";
	EXPECT_EQ(d.answer(0, 0x4802, 0, block), CXL_RC_SUCCESS);
	EXPECT_EQ(d.host.write(base, &value, 8), tlm::TLM_OK_RESPONSE);
	EXPECT_TRUE(d.host.dmi_hint);
	EXPECT_EQ(memcmp(d.bytes[0].bytes(), &value, 8), 0);
	EXPECT_EQ(d.host.read(base + block - 4, &seen, 8), tlm::TLM_GENERIC_ERROR_RESPONSE)
		<< "half of it";
	EXPECT_EQ(d.host.debug(tlm::TLM_READ_COMMAND, base, &seen, 8), 8u);
	EXPECT_EQ(d.host.debug(tlm::TLM_READ_COMMAND, base + block, &seen, 8), 0u);
	EXPECT_EQ(d.answer(0, 0x4803, 0, block), CXL_RC_SUCCESS);
	EXPECT_EQ(d.host.read(base, &seen, 8), tlm::TLM_GENERIC_ERROR_RESPONSE);
}

TEST(dynamic_capacity, direct_memory_ends_with_the_extent_and_before_the_release_does)
{
	dynamic_devices d(0, 0);
	const std::pair<uint64_t, uint64_t> extent = { base + block, base + 3 * block - 1 };

	EXPECT_FALSE(d.host.dmi(base + block + 0x1234, d.dmi));
	EXPECT_EQ(d.dmi.get_start_address(), base + block + 0x1000) << "one page is denied";
	EXPECT_EQ(d.dmi.get_end_address(), base + block + 0x1fff);
	d.give(0, block, 2 * block);
	EXPECT_EQ(d.host.invalidated, (std::vector<std::pair<uint64_t, uint64_t>>{ extent }))
		<< "what was denied";
	ASSERT_TRUE(d.host.dmi(base + block + 0x1234, d.dmi));
	EXPECT_EQ(d.dmi.get_start_address(), extent.first);
	EXPECT_EQ(d.dmi.get_end_address(), extent.second);
	EXPECT_EQ(d.dmi.get_dmi_ptr(), d.bytes[0].bytes() + block);
	EXPECT_FALSE(d.host.dmi(base + 3 * block, d.dmi));

	d.host.invalidated.clear();
	EXPECT_EQ(d.answer(0, 0x4803, 2 * block, block), CXL_RC_SUCCESS);
	EXPECT_EQ(d.host.invalidated, (std::vector<std::pair<uint64_t, uint64_t>>{
					      { base + 2 * block, base + 3 * block - 1 } }));
	d.host.invalidated.clear();
	EXPECT_EQ(d.force(0, block, block), VCXL_DC_OK);
	EXPECT_EQ(d.host.invalidated, (std::vector<std::pair<uint64_t, uint64_t>>{
					      { base + block, base + 2 * block - 1 } }));
	EXPECT_FALSE(d.host.dmi(base + block, d.dmi));
}

TEST(dynamic_capacity, an_interleaved_set_is_granted_where_both_devices_accepted)
{
	dynamic_devices d(1, 0);

	EXPECT_FALSE(d.map(base).granted);
	d.give(0, 0, 4 * block);
	EXPECT_FALSE(d.map(base).granted) << "one of them";
	d.give(1, 2 * block, 4 * block);
	EXPECT_FALSE(d.map(base).granted);
	const vcxl::cxl_dmi_extension map = d.map(base + 6 * block);
	ASSERT_TRUE(map.granted);
	EXPECT_EQ(map.first, base + 4 * block) << "2 of device address";
	EXPECT_EQ(map.last, base + 8 * block - 1);
	EXPECT_EQ(map.host(base + 4 * block), d.bytes[0].bytes() + 2 * block);
	EXPECT_EQ(map.host(base + 4 * block + 0x301), d.bytes[1].bytes() + 2 * block + 0x101);
	EXPECT_EQ(d.answer(1, 0x4803, 2 * block, 4 * block), CXL_RC_SUCCESS);
	EXPECT_FALSE(d.map(base + 6 * block).granted);
}

TEST(dynamic_capacity, events_and_commands_happen_at_the_time_of_the_kernel)
{
	dynamic_devices d(0, 0);
	const uint8_t zero[8] = {};
	uint8_t out[2048];
	uint32_t len;
	std::vector<uint8_t> answer;

	ASSERT_EQ(vcxl_memdev_command(d.device(0).core(), 0x0301, zero, 8, out, &len),
		  CXL_RC_SUCCESS)
		<< "the clock of the device is set";
	sc_core::sc_start(5, sc_core::SC_US);
	EXPECT_EQ(d.offer(0, 0, block), VCXL_DC_OK);
	const uint8_t log = 4;
	ASSERT_EQ(vcxl_memdev_command(d.device(0).core(), 0x0100, &log, 1, out, &len),
		  CXL_RC_SUCCESS);
	uint64_t ns = 0;
	for (unsigned b = 8; b-- > 0;)
		ns = ns << 8 | out[0x20 + 0x18 + b];
	EXPECT_EQ(ns, 5000u);

	EXPECT_EQ(d.device(0).fm_command(0x5600, {}, answer), CXL_RC_SUCCESS);
	EXPECT_EQ(answer.size(), 84u);
	EXPECT_EQ(d.device(0).fm_command(0x5600, { 1 }, answer), CXL_RC_INVALID_PAYLOAD_LENGTH);
	EXPECT_TRUE(answer.empty());
	EXPECT_EQ(d.device(0).fm_command(0x5600, {}, answer, 83), CXL_RC_INVALID_PAYLOAD_LENGTH);
}
