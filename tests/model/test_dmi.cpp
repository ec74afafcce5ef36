// SPDX-License-Identifier: Apache-2.0
//
// Direct memory interface: what is granted is true, what ceases to be true is withdrawn. IEEE
// 1666-2011 11.2.5, 11.3.3.
#include <gtest/gtest.h>

#include "tlm_harness.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t base = 0x1000000000;

// Two devices below one host bridge. Their first 2 x 256 MiB are interleaved with that granularity;
// the window reaches further.
class pair_of_devices
{
public:
	fabric f;
	initiator &host;
	tlm::tlm_dmi dmi;

	explicit pair_of_devices(unsigned eiw, unsigned eig, node_spec device = memdev())
	    : f({ { bridge({ device, device }) }, { { base, 8 * quarter_gib, 256u, { 0 } } } }),
	      host(*f.mem[0])
	{
		f.start();
		f.commit(*f.bridges[0], 0, { base, 2 * quarter_gib, eiw, eig, 0x0100, false });
		f.set_hdm_enable(*f.bridges[0], true);
		for (const node *m : f.memdevs) {
			f.commit(*m, 0, { base, 2 * quarter_gib, eiw, eig, 0, false });
			f.set_hdm_enable(*m, true);
		}
		host.invalidated.clear();
	}

	void expect_range(uint64_t first, uint64_t last) const
	{
		EXPECT_EQ(dmi.get_start_address(), first);
		EXPECT_EQ(dmi.get_end_address(), last);
	}

	// Whether [first, last] was withdrawn since the last call.
	bool withdrawn(uint64_t first, uint64_t last)
	{
		bool found = false;

		for (const auto &[from, to] : host.invalidated)
			found = found || (from <= first && to >= last);
		host.invalidated.clear();
		return found;
	}
};

} // namespace

TEST(dmi, without_interleave_grants_the_whole_decoder)
{
	pair_of_devices d(0, 0);

	ASSERT_TRUE(d.host.dmi(base + 0x12345, d.dmi));
	d.expect_range(base, base + 2 * quarter_gib - 1);
	EXPECT_EQ(d.dmi.get_dmi_ptr(), d.f.memdevs[0]->volatile_media->bytes());
	EXPECT_TRUE(d.dmi.is_read_write_allowed());
}

TEST(dmi, poison_withdraws_its_page_only)
{
	pair_of_devices d(0, 0);
	vcxl_memdev *md = d.f.memdevs[0]->memdev->core();
	vcxl::cxl_mem_extension extension;
	tlm::tlm_generic_payload trans;
	uint64_t value = 0;

	ASSERT_TRUE(d.host.dmi(base, d.dmi));
	ASSERT_EQ(vcxl_memdev_poison(md, 0x7040, 64, VCXL_POISON_INJECTED), VCXL_OK);
	EXPECT_EQ(d.host.invalidated,
		  (std::vector<std::pair<uint64_t, uint64_t>>{ { base + 0x7000, base + 0x7fff } }));
	EXPECT_FALSE(d.host.dmi(base + 0x7000, d.dmi));
	d.expect_range(base + 0x7000, base + 0x7fff);
	ASSERT_TRUE(d.host.dmi(base + 0x6fff, d.dmi));
	d.expect_range(base, base + 0x6fff);
	ASSERT_TRUE(d.host.dmi(base + 0x8000, d.dmi));
	d.expect_range(base + 0x8000, base + 2 * quarter_gib - 1);
	EXPECT_EQ(d.dmi.get_dmi_ptr(), d.f.memdevs[0]->volatile_media->bytes() + 0x8000);

	trans.set_read();
	trans.set_address(base + 0x7040);
	trans.set_data_ptr(reinterpret_cast<unsigned char *>(&value));
	trans.set_data_length(8);
	trans.set_streaming_width(8);
	trans.set_extension(&extension);
	EXPECT_EQ(d.host.transport(trans), tlm::TLM_GENERIC_ERROR_RESPONSE);
	EXPECT_TRUE(extension.poison);
	extension.poison = false;
	trans.set_address(base + 0x7080);
	trans.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
	EXPECT_EQ(d.host.transport(trans), tlm::TLM_OK_RESPONSE);
	EXPECT_FALSE(extension.poison);
	trans.clear_extension(&extension);
}

TEST(dmi, latency_is_the_sum_of_the_hops)
{
	pair_of_devices d(0, 0);

	ASSERT_TRUE(d.host.dmi(base, d.dmi));
	// window 50, host bridge 10, root port 25, device 125 ns
	EXPECT_EQ(d.dmi.get_read_latency(), sc_core::sc_time(210, sc_core::SC_NS));
	EXPECT_EQ(d.dmi.get_write_latency(), sc_core::sc_time(210, sc_core::SC_NS));
}

TEST(dmi, interleaved_grants_the_granule_around_the_address)
{
	pair_of_devices d(1, 0);

	ASSERT_TRUE(d.host.dmi(base + 0x1fe, d.dmi));
	d.expect_range(base + 0x100, base + 0x1ff);
	EXPECT_EQ(d.dmi.get_dmi_ptr(), d.f.memdevs[1]->volatile_media->bytes());
	ASSERT_TRUE(d.host.dmi(base + 0x200, d.dmi));
	d.expect_range(base + 0x200, base + 0x2ff);
	EXPECT_EQ(d.dmi.get_dmi_ptr(), d.f.memdevs[0]->volatile_media->bytes() + 0x100);
}

TEST(dmi, granularity_of_4_kib_grants_pages)
{
	pair_of_devices d(1, 4);

	ASSERT_TRUE(d.host.dmi(base + 0x3004, d.dmi));
	d.expect_range(base + 0x3000, base + 0x3fff);
	EXPECT_EQ(d.dmi.get_dmi_ptr(), d.f.memdevs[1]->volatile_media->bytes() + 0x1000);
}

TEST(dmi, pointer_and_transport_show_the_same_bytes)
{
	pair_of_devices d(1, 2);
	uint64_t value = 0x0123456789abcdef, back = 0;

	for (uint64_t hpa = base + 8; hpa < base + 0x4000; hpa += 0x3f8) {
		value = value * 5 + 1;
		EXPECT_EQ(d.host.write(hpa, &value, 8), tlm::TLM_OK_RESPONSE);
		EXPECT_TRUE(d.host.dmi_hint);
		ASSERT_TRUE(d.host.dmi(hpa, d.dmi));
		memcpy(&back, d.dmi.get_dmi_ptr() + (hpa - d.dmi.get_start_address()), 8);
		EXPECT_EQ(back, value);
	}
}

TEST(dmi, interleaving_windows_narrow_to_their_granule)
{
	// 1 way at the device: its own grant is the whole decoder
	two_way_window two(1024, {}, 0, 0);
	fabric &f = two.f;
	tlm::tlm_dmi dmi;

	ASSERT_TRUE(f.mem[0]->dmi(base + 0x400, dmi));
	EXPECT_EQ(dmi.get_start_address(), base + 0x400);
	EXPECT_EQ(dmi.get_end_address(), base + 0x7ff);
	EXPECT_EQ(dmi.get_dmi_ptr(), f.memdevs[1]->volatile_media->bytes() + 0x400);
}

// Bit 10 and bit 12 together decide: of 4 KiB from 0x1000 on, granules change places in pairs.
TEST(dmi, xor_arithmetic_grants_the_granule_that_it_exchanges)
{
	two_way_window two(1024, { 0x1400 }, 1, 2);
	fabric &f = two.f;
	tlm::tlm_dmi dmi;

	ASSERT_TRUE(f.mem[0]->dmi(base + 0x1008, dmi));
	EXPECT_EQ(dmi.get_start_address(), base + 0x1000);
	EXPECT_EQ(dmi.get_end_address(), base + 0x13ff);
	EXPECT_EQ(dmi.get_dmi_ptr(), f.memdevs[1]->volatile_media->bytes() + 0x800);
	ASSERT_TRUE(f.mem[0]->dmi(base + 0x1400, dmi));
	EXPECT_EQ(dmi.get_start_address(), base + 0x1400);
	EXPECT_EQ(dmi.get_dmi_ptr(), f.memdevs[0]->volatile_media->bytes() + 0x800);
	ASSERT_TRUE(f.mem[0]->dmi(base + 0x800, dmi));
	EXPECT_EQ(dmi.get_start_address(), base + 0x800);
	EXPECT_EQ(dmi.get_dmi_ptr(), f.memdevs[0]->volatile_media->bytes() + 0x400);
}

TEST(dmi, is_denied_for_the_range_that_nothing_decodes)
{
	pair_of_devices d(0, 0);

	EXPECT_FALSE(d.host.dmi(base + 2 * quarter_gib + 5, d.dmi));
	d.expect_range(base + 2 * quarter_gib, base + 3 * quarter_gib - 1);
	EXPECT_FALSE(d.host.dmi(base - 1, d.dmi));
	d.expect_range(0, base - 1);
	EXPECT_FALSE(d.host.dmi(base + 8 * quarter_gib, d.dmi));
	d.expect_range(base + 8 * quarter_gib, UINT64_MAX);
}

TEST(dmi, is_denied_for_media_that_is_no_host_memory)
{
	node_spec device = memdev();
	device.direct = false;
	pair_of_devices d(1, 0, device);
	uint64_t value = 1;

	EXPECT_EQ(d.host.write(base, &value, 8), tlm::TLM_OK_RESPONSE);
	EXPECT_FALSE(d.host.dmi_hint);
	EXPECT_FALSE(d.host.dmi(base + 0x100, d.dmi));
	d.expect_range(base + 0x100, base + 0x1ff);
}

TEST(dmi, is_withdrawn_at_commit_and_uncommit_of_every_level)
{
	pair_of_devices d(1, 0);
	const uint64_t last = base + 2 * quarter_gib - 1;

	d.f.uncommit(*d.f.memdevs[1], 0);
	EXPECT_TRUE(d.withdrawn(base, last));
	EXPECT_FALSE(d.host.dmi(base + 0x100, d.dmi));
	EXPECT_TRUE(d.host.dmi(base, d.dmi)) << "the other device still serves its granules";
	d.f.commit(*d.f.memdevs[1], 0, { base, 2 * quarter_gib, 1, 0, 0, false });
	EXPECT_TRUE(d.withdrawn(base, last));
	d.f.uncommit(*d.f.bridges[0], 0);
	EXPECT_TRUE(d.withdrawn(base, last));
	EXPECT_FALSE(d.host.dmi(base, d.dmi));
}

TEST(dmi, is_withdrawn_when_decoding_is_disabled)
{
	pair_of_devices d(1, 0);
	const uint64_t last = base + 2 * quarter_gib - 1;

	d.f.set_mem_enable(*d.f.memdevs[0], false);
	EXPECT_TRUE(d.withdrawn(base, last));
	EXPECT_FALSE(d.host.dmi(base, d.dmi));
	d.f.set_mem_enable(*d.f.memdevs[0], true);
	EXPECT_TRUE(d.host.dmi(base, d.dmi));
	d.host.invalidated.clear();
	d.f.set_hdm_enable(*d.f.memdevs[0], false);
	EXPECT_TRUE(d.withdrawn(base, last));
	EXPECT_FALSE(d.host.dmi(base, d.dmi));
	d.f.set_hdm_enable(*d.f.memdevs[0], true);
	EXPECT_TRUE(d.host.dmi(base, d.dmi));
	d.host.invalidated.clear();
	d.f.set_hdm_enable(*d.f.bridges[0], false); // a bridge has no such bit
	EXPECT_FALSE(d.withdrawn(base, last));
}

TEST(dmi, is_withdrawn_at_reset)
{
	pair_of_devices d(1, 0);

	d.f.memdevs[0]->memdev->reset(VCXL_RESET_HOT);
	EXPECT_TRUE(d.withdrawn(base, base + 2 * quarter_gib - 1));
	EXPECT_FALSE(d.host.dmi(base, d.dmi));
	EXPECT_TRUE(d.host.dmi(base + 0x100, d.dmi));
	d.f.bridges[0]->port->reset(VCXL_RESET_HOT);
	EXPECT_TRUE(d.withdrawn(base, base + 2 * quarter_gib - 1));
	EXPECT_FALSE(d.host.dmi(base + 0x100, d.dmi));
}

TEST(dmi, withdrawal_reaches_only_the_windows_that_it_concerns)
{
	fabric f({ { bridge({ cxl_switch({ memdev() }) }) },
		   { { base, 2 * quarter_gib, 256u, { 0 } },
		     { base + 4 * quarter_gib, 2 * quarter_gib, 256u, { 0 } } } });

	f.start();
	for (const auto &n : f.nodes) {
		if (n->kind != kind::bridge && n->kind != kind::upstream && n->kind != kind::memdev)
			continue;
		f.commit(*n, 0, { base + quarter_gib, quarter_gib, 0, 0, 0, false });
		f.set_hdm_enable(*n, true);
	}
	f.mem[0]->invalidated.clear();
	f.mem[1]->invalidated.clear();
	f.uncommit(*f.memdevs[0], 0);
	ASSERT_EQ(f.mem[0]->invalidated.size(), 1u);
	EXPECT_EQ(f.mem[0]->invalidated[0].first, base + quarter_gib);
	EXPECT_EQ(f.mem[0]->invalidated[0].second, base + 2 * quarter_gib - 1);
	EXPECT_TRUE(f.mem[1]->invalidated.empty());
}

TEST(dmi, withdrawal_is_cut_to_each_window)
{
	fabric f({ { bridge({ memdev() }) },
		   { { base, 2 * quarter_gib, 256u, { 0 } },
		     { base + 2 * quarter_gib, 2 * quarter_gib, 256u, { 0 } } } });

	f.start();
	f.commit(*f.bridges[0], 0, { base + quarter_gib, 2 * quarter_gib, 0, 0, 0, false });
	f.set_hdm_enable(*f.bridges[0], true);
	f.mem[0]->invalidated.clear();
	f.mem[1]->invalidated.clear();
	f.uncommit(*f.bridges[0], 0);
	ASSERT_EQ(f.mem[0]->invalidated.size(), 1u);
	EXPECT_EQ(f.mem[0]->invalidated[0].first, base + quarter_gib);
	EXPECT_EQ(f.mem[0]->invalidated[0].second, base + 2 * quarter_gib - 1);
	ASSERT_EQ(f.mem[1]->invalidated.size(), 1u);
	EXPECT_EQ(f.mem[1]->invalidated[0].first, base + 2 * quarter_gib);
	EXPECT_EQ(f.mem[1]->invalidated[0].second, base + 3 * quarter_gib - 1);
}
