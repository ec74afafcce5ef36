// SPDX-License-Identifier: Apache-2.0
//
// The firmware's decoder planner against CXL r3.1 9.13 and against what Linux accepts of firmware.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "topology.h"

using namespace fw_test;

namespace
{

class plan_fixture : public ::testing::Test
{
public:
	topology top;
	std::unique_ptr<plan> p = std::make_unique<plan>();

	plan_region &region(unsigned window, uint64_t offset, uint64_t size,
			    const std::vector<std::string> &targets, uint32_t granularity = 0)
	{
		plan_region &r = p->regions[p->n_regions++];

		r = plan_region{};
		r.window = window;
		r.base = top.t.windows[window].base + offset;
		r.size = size;
		r.granularity = granularity;
		r.ways = static_cast<uint32_t>(targets.size());
		for (size_t i = 0; i < targets.size(); i++)
			r.targets[i] = top.at(targets[i]);
		return r;
	}
	bool make()
	{
		EXPECT_EQ(plan_topology_error(&top.t), nullptr);
		return plan_make(&top.t, p.get());
	}
	const plan_decoder *decoder(int node, unsigned index) const
	{
		for (unsigned i = 0; i < p->n_decoders; i++)
			if (p->decoders[i].node == node && p->decoders[i].index == index)
				return &p->decoders[i];
		return nullptr;
	}
	// every position of the first and last stripe, and random addresses, arrive where the
	// region's order says
	void expect_routed()
	{
		const auto decoders = decoders_of(*p);
		std::mt19937_64 random(4711); // fixed seed

		for (unsigned i = 0; i < p->n_regions; i++) {
			const plan_region &r = p->regions[i];
			const uint64_t stripe = uint64_t{ r.ways } * r.granularity;
			std::vector<uint64_t> offsets;

			for (unsigned k = 0; k < r.ways; k++) {
				offsets.push_back(uint64_t{ k } * r.granularity);
				offsets.push_back(r.size - stripe + uint64_t{ k } * r.granularity);
			}
			for (int k = 0; k < 500; k++)
				offsets.push_back(random() % r.size);
			for (uint64_t off : offsets) {
				const uint64_t q = off / r.granularity;
				const where expected{ r.targets[q % r.ways],
						      r.dpa[q % r.ways] +
							      q / r.ways * r.granularity +
							      off % r.granularity };
				const auto found = route(top.t, decoders, r.base + off);

				ASSERT_TRUE(found) << "region " << i << " offset " << off;
				ASSERT_EQ(found->node, expected.node)
					<< "region " << i << " offset " << off;
				ASSERT_EQ(found->dpa, expected.dpa)
					<< "region " << i << " offset " << off;
			}
		}
	}
	void expect_error(const std::string &part)
	{
		EXPECT_FALSE(make());
		EXPECT_NE(std::string(p->error).find(part), std::string::npos) << p->error;
	}
	// two bridges with two devices each, as in QEMU's documentation
	void four_way(uint32_t granularity, uint64_t device = 256 * MiB)
	{
		for (uint32_t uid : { 12u, 222u }) {
			const int hb = top.bridge(uid);

			top.memdev(hb, 0, device);
			top.memdev(hb, 1, device);
		}
		top.window(64 * GiB, 4 * GiB, granularity, { 0, 3 });
	}
};

using planner = plan_fixture;

TEST_F(planner, gives_single_device_one_way_decoders_at_bridge_and_endpoint)
{
	const int hb = top.bridge(12), md = top.memdev(hb, 0, 256 * MiB);

	top.window(64 * GiB, 4 * GiB, 256, { hb });
	region(0, 0, 256 * MiB, { "12/0" });
	ASSERT_TRUE(make()) << p->error;
	ASSERT_EQ(p->n_decoders, 2u);
	EXPECT_EQ(p->decoders[0].node, md);
	EXPECT_EQ(p->decoders[1].node, hb);
	EXPECT_EQ(p->decoders[1].ways, 1u);
	EXPECT_EQ(p->decoders[1].granularity, 256u);
	EXPECT_EQ(p->decoders[1].base, 64 * GiB);
	EXPECT_EQ(p->decoders[1].size, 256 * MiB);
	expect_routed();
}

TEST_F(planner, level_below_continues_with_parent_granularity_times_parent_ways)
{
	four_way(8192);
	region(0, 0, GiB, { "12/0", "222/0", "12/1", "222/1" });
	ASSERT_TRUE(make()) << p->error;
	EXPECT_EQ(decoder(0, 0)->granularity, 16384u);
	EXPECT_EQ(decoder(0, 0)->ways, 2u);
	EXPECT_EQ(decoder(1, 0)->granularity, 8192u);
	EXPECT_EQ(decoder(1, 0)->ways, 4u);
	expect_routed();
}

TEST_F(planner, takes_finer_bits_below_when_coarser_ones_exceed_16_kib)
{
	four_way(16384);
	region(0, 0, GiB, { "12/0", "12/1", "222/0", "222/1" });
	ASSERT_TRUE(make()) << p->error;
	EXPECT_EQ(p->regions[0].granularity, 8192u);
	EXPECT_EQ(decoder(0, 0)->granularity, 8192u);
	EXPECT_EQ(decoder(1, 0)->granularity, 8192u);
	expect_routed();
}

TEST_F(planner, honours_granularity_finer_than_the_windows)
{
	four_way(8192);
	region(0, 0, GiB, { "12/1", "12/0", "222/0", "222/1" }, 4096);
	ASSERT_TRUE(make()) << p->error;
	EXPECT_EQ(decoder(0, 0)->granularity, 4096u);
	EXPECT_EQ(decoder(0, 0)->targets[0], 1u) << "the order of ports is free at each bridge";
	EXPECT_EQ(decoder(3, 0)->targets[0], 0u);
	expect_routed();
}

TEST_F(planner, refuses_target_order_that_the_window_does_not_select)
{
	four_way(8192);
	region(0, 0, GiB, { "12/0", "12/1", "222/0", "222/1" }, 8192);
	expect_error("target 1 (12/1)");
}

TEST_F(planner, refuses_granularity_coarser_than_the_interleaving_windows)
{
	four_way(256);
	region(0, 0, GiB, { "12/0", "222/0", "12/1", "222/1" }, 512);
	expect_error("region 0");
}

TEST_F(planner, refuses_bits_that_leave_a_gap)
{
	four_way(8192);
	region(0, 0, GiB, { "12/0", "12/1", "222/0", "222/1" }, 256);
	expect_error("evenly");
}

TEST_F(planner, one_way_bridge_below_interleaved_window_has_granularity_times_ways)
{
	const int a = top.bridge(12), b = top.bridge(222);

	top.memdev(a, 0, GiB);
	top.memdev(b, 0, GiB);
	top.window(64 * GiB, 4 * GiB, 256, { a, b });
	region(0, 0, 2 * GiB, { "12/0", "222/0" });
	ASSERT_TRUE(make()) << p->error;
	EXPECT_EQ(decoder(a, 0)->ways, 1u);
	EXPECT_EQ(decoder(a, 0)->granularity, 512u) << "Linux 6.12 expects it";
	expect_routed();
}

TEST_F(planner, mod3_window_over_two_way_bridges_keeps_granularity_and_splits_by_parity)
{
	for (uint32_t uid = 10; uid < 13; uid++) {
		const int hb = top.bridge(uid);

		top.memdev(hb, 0, 512 * MiB);
		top.memdev(hb, 1, 512 * MiB);
	}
	top.window(96 * GiB, 12 * GiB, 1024, { 0, 3, 6 });
	// granule k goes to bridge k mod 3 and, below it, to port k mod 2
	region(0, 0, 3 * GiB, { "10/0", "11/1", "12/0", "10/1", "11/0", "12/1" });
	ASSERT_TRUE(make()) << p->error;
	EXPECT_EQ(decoder(0, 0)->granularity, 1024u) << "the factor 3 takes no address bit";
	EXPECT_EQ(decoder(1, 0)->ways, 6u);
	expect_routed();
}

TEST_F(planner, mod3_selection_is_by_absolute_address)
{
	for (uint32_t uid = 10; uid < 13; uid++)
		top.memdev(top.bridge(uid), 0, 256 * MiB);
	// 64 GiB / 256 mod 3 = 1: the window's first granule goes to its second target
	top.window(64 * GiB, 3 * GiB, 256, { 0, 2, 4 });
	region(0, 0, 768 * MiB, { "10/0", "11/0", "12/0" });
	expect_error("target 0 (10/0)");
	p->n_regions = 0;
	region(0, 0, 768 * MiB, { "11/0", "12/0", "10/0" });
	ASSERT_TRUE(make()) << p->error;
	expect_routed();
}

TEST_F(planner, twelve_ways_over_three_bridges_with_switches)
{
	for (uint32_t uid = 1; uid < 4; uid++) {
		const int hb = top.bridge(uid);

		for (uint32_t rp = 0; rp < 2; rp++) {
			const int usp = top.upstream(hb, rp);

			top.memdev(usp, 4, 256 * MiB);
			top.memdev(usp, 9, 256 * MiB);
		}
	}
	top.window(96 * GiB, 12 * GiB, 512, { 0, 7, 14 });
	const char *reasons[PLAN_MAX_WINDOWS];
	plan_default_regions(&top.t, PLAN_FOR_TEST, p.get(), reasons);
	ASSERT_EQ(p->n_regions, 1u) << reasons[0];
	EXPECT_EQ(p->regions[0].ways, 12u);
	EXPECT_EQ(p->regions[0].size, 3 * GiB);
	ASSERT_TRUE(make()) << p->error;
	EXPECT_EQ(decoder(0, 0)->granularity, 512u);
	EXPECT_EQ(decoder(1, 0)->granularity, 1024u);
	expect_routed();
}

TEST_F(planner, cascade_of_switches_of_any_depth)
{
	const int hb = top.bridge(200);
	int usp = hb;
	std::string path = "200";

	for (uint32_t i = 0; i < 100; i++) {
		usp = top.upstream(usp, i);
		path += "/" + std::to_string(i);
	}
	top.memdev(usp, 7, 256 * MiB);
	top.memdev(usp, 3, 256 * MiB);
	top.window(64 * GiB, GiB, 4096, { hb });
	region(0, 0, 512 * MiB, { path + "/3", path + "/7" }, 4096);
	ASSERT_TRUE(make()) << p->error;
	EXPECT_EQ(p->n_decoders, 103u);
	EXPECT_EQ(decoder(usp, 0)->granularity, 4096u);
	expect_routed();
}

TEST_F(planner, endpoints_allocate_device_addresses_in_host_address_order)
{
	const int hb = top.bridge(12), md = top.memdev(hb, 0, GiB);

	top.window(64 * GiB, 4 * GiB, 256, { hb });
	region(0, GiB, 512 * MiB, { "12/0" });
	region(0, 0, 256 * MiB, { "12/0" });
	ASSERT_TRUE(make()) << p->error;
	EXPECT_EQ(decoder(md, 0)->region, 1u);
	EXPECT_EQ(decoder(md, 1)->region, 0u);
	EXPECT_EQ(p->regions[1].dpa[0], 0u);
	EXPECT_EQ(p->regions[0].dpa[0], 256 * MiB);
	EXPECT_EQ(decoder(md, 1)->skip, 0u);
	expect_routed();
}

TEST_F(planner, region_that_does_not_fit_the_volatile_rest_skips_to_persistent)
{
	const int hb = top.bridge(12), md = top.memdev(hb, 0, 512 * MiB, GiB);

	top.window(64 * GiB, 4 * GiB, 256, { hb });
	region(0, 0, 256 * MiB, { "12/0" });
	region(0, GiB, GiB, { "12/0" });
	ASSERT_TRUE(make()) << p->error;
	EXPECT_EQ(decoder(md, 1)->skip, 256 * MiB);
	EXPECT_EQ(p->regions[1].dpa[0], 512 * MiB);
	expect_routed();
}

TEST_F(planner, five_decoders_of_note_2_of_the_qemu_documentation)
{
	four_way(256, GiB); // the interleaved window is number 0 here
	top.window(68 * GiB, 4 * GiB, 256, { 0 });
	top.window(72 * GiB, 4 * GiB, 256, { 3 });
	region(1, 0, 256 * MiB, { "12/0" });
	region(1, 256 * MiB, 256 * MiB, { "12/1" });
	region(1, 512 * MiB, 512 * MiB, { "12/0", "12/1" });
	region(0, 0, 512 * MiB, { "12/0", "222/0" });
	region(0, 512 * MiB, GiB, { "12/0", "222/0", "12/1", "222/1" });
	ASSERT_TRUE(make()) << p->error;
	for (unsigned i = 0; i < 5; i++)
		EXPECT_NE(decoder(0, i), nullptr);
	EXPECT_EQ(decoder(0, 5), nullptr);
	expect_routed();
}

TEST_F(planner, commit_order_is_endpoints_switches_bottom_up_bridges_and_ascending)
{
	const int hb = top.bridge(1), upper = top.upstream(hb, 0), lower = top.upstream(upper, 2);

	top.memdev(lower, 0, GiB);
	top.memdev(upper, 1, GiB);
	top.window(64 * GiB, 4 * GiB, 256, { hb });
	region(0, 0, 256 * MiB, { "1/0/2/0" });
	region(0, 256 * MiB, 256 * MiB, { "1/0/1" });
	region(0, 512 * MiB, 256 * MiB, { "1/0/2/0" });
	ASSERT_TRUE(make()) << p->error;
	const auto d = decoders_of(*p);
	for (size_t i = 1; i < d.size(); i++) {
		EXPECT_GE(top.t.nodes[d[i - 1].node].kind, top.t.nodes[d[i].node].kind);
		if (d[i - 1].node == d[i].node) {
			EXPECT_EQ(d[i - 1].index + 1, d[i].index);
			EXPECT_LT(d[i - 1].base, d[i].base);
		}
	}
	const auto at = [&](int node) {
		return std::find_if(d.begin(), d.end(),
				    [&](const plan_decoder &x) { return x.node == node; });
	};
	EXPECT_LT(at(lower) - d.begin(), at(upper) - d.begin());
	expect_routed();
}

TEST_F(planner, bridge_without_decoders_passes_on_to_its_only_root_port)
{
	const int hb = top.bridge(5, 0);

	top.memdev(hb, 0, 256 * MiB);
	top.window(64 * GiB, GiB, 256, { hb });
	region(0, 0, 256 * MiB, { "5/0" });
	ASSERT_TRUE(make()) << p->error;
	EXPECT_EQ(p->n_decoders, 1u);
	expect_routed();
}

TEST_F(planner, refuses_interleave_in_a_bridge_without_decoders)
{
	const int hb = top.bridge(5, 0);

	top.memdev(hb, 0, 256 * MiB);
	top.memdev(hb, 1, 256 * MiB);
	top.window(64 * GiB, GiB, 256, { hb });
	region(0, 0, 512 * MiB, { "5/0", "5/1" });
	expect_error("port 5 has no HDM decoders");
}

TEST_F(planner, refuses_three_targets_below_one_port)
{
	const int hb = top.bridge(5);

	for (uint32_t i = 0; i < 3; i++)
		top.memdev(hb, i, 256 * MiB);
	top.window(64 * GiB, GiB, 256, { hb });
	region(0, 0, 768 * MiB, { "5/0", "5/1", "5/2" });
	expect_error("3 targets below port 5 are no power of two");
}

TEST_F(planner, respects_decoder_counts)
{
	const int hb = top.bridge(5);

	top.memdev(hb, 0, 4 * GiB);
	top.window(64 * GiB, 4 * GiB, 256, { hb });
	for (uint64_t i = 0; i < 5; i++)
		region(0, i * 256 * MiB, 256 * MiB, { "5/0" });
	expect_error("region 4: 5/0 has no decoder left (it has 4)");
}

TEST_F(planner, respects_capability_bits)
{
	four_way(256);
	region(0, 0, GiB, { "12/0", "222/0", "12/1", "222/1" });
	top.t.nodes[1].hdm.bits_11_8 = false;
	expect_error("device 12/0 has no HDM decoder for 4 ways of 256 bytes");
	top.t.nodes[1].hdm.bits_11_8 = true;
	top.t.nodes[0].hdm.n_targets = 1;
	expect_error("2 targets below port 12, its decoders have 1");
}

TEST_F(planner, refuses_regions_beyond_capacity)
{
	const int hb = top.bridge(5);

	top.memdev(hb, 0, 256 * MiB, 256 * MiB);
	top.window(64 * GiB, 4 * GiB, 256, { hb });
	region(0, 0, 512 * MiB, { "5/0" });
	expect_error("device 5/0");
}

TEST_F(planner, refuses_overlap_misfit_and_repeated_or_unknown_targets)
{
	four_way(256, 4 * GiB);
	region(0, 0, 512 * MiB, { "12/0", "222/0" });
	region(0, 256 * MiB, 512 * MiB, { "12/0", "222/0" });
	expect_error("region 1: overlaps region 0");
	p->n_regions = 0;
	region(0, 0, 256 * MiB, { "12/0", "222/0" });
	expect_error("no multiple of 2 x 256 MiB");
	p->n_regions = 0;
	region(0, 3840 * MiB, 512 * MiB, { "12/0", "222/0" });
	expect_error("does not lie in window 0");
	p->n_regions = 0;
	region(0, 0, 512 * MiB, { "12/0", "12/0" });
	expect_error("target 12/0 appears twice");
	p->n_regions = 0;
	region(0, 0, 512 * MiB, { "12/0", "12/7" });
	expect_error("target 1 is no memory device");
	p->n_regions = 0;
	region(0, 0, 512 * MiB, { "12/0", "222/0" }).window = 1;
	expect_error("there is no window 1");
	p->n_regions = 0;
	region(0, 0, 5 * 256 * MiB, { "12/0", "222/0", "12/1", "222/1", "12/0" });
	expect_error("5 targets");
}

TEST_F(planner, view_shows_one_device_at_its_bridges_granules_of_the_window)
{
	const int a = top.bridge(1), b = top.bridge(2), c = top.bridge(3);
	const int usp = top.upstream(b, 5);

	top.memdev(a, 0, GiB);
	top.memdev(usp, 1, GiB);
	top.memdev(c, 0, GiB);
	top.memdev(a, 1, GiB);
	top.memdev(usp, 0, GiB);
	top.memdev(c, 1, GiB);
	// 64 GiB / 512 mod 3 = 2
	top.window(64 * GiB, 6 * GiB, 512, { a, b, c });
	region(0, 0, 6 * 256 * MiB, { "3/1", "1/0", "2/5/0", "3/0", "1/1", "2/5/1" });
	region(0, 3 * GiB, 6 * 256 * MiB, { "3/1", "1/0", "2/5/0", "3/0", "1/1", "2/5/1" });
	ASSERT_TRUE(make()) << p->error;
	expect_routed();
	for (unsigned i = 0; i < 6; i++) {
		plan_decoder d[8];
		const plan_region &r = p->regions[1];
		const unsigned n = plan_view(&top.t, &r, i, d, 8);
		ASSERT_EQ(n, i % 3 == 2 ? 3u : 2u);
		const std::vector<plan_decoder> decoders(d, d + n);

		for (uint64_t off : { uint64_t{ 0 }, uint64_t{ 511 }, uint64_t{ 512 },
				      uint64_t{ 123456 }, 256 * MiB - 8 }) {
			const uint64_t hpa = plan_view_address(&top.t, &r, i, off);
			const auto found = route(top.t, decoders, hpa);

			ASSERT_TRUE(found);
			EXPECT_EQ(found->node, r.targets[i]);
			EXPECT_EQ(found->dpa, r.dpa[i] + off);
			EXPECT_EQ(found->dpa, 256 * MiB + off);
		}
	}
}

TEST_F(planner, names_devices_by_bridge_uid_and_port_numbers)
{
	const int hb = top.bridge(12), usp = top.upstream(hb, 0), md = top.memdev(usp, 3, GiB);
	char text[16], small[6];

	EXPECT_STREQ(plan_path(&top.t, md, text, sizeof(text)), "12/0/3");
	EXPECT_STREQ(plan_path(&top.t, md, small, sizeof(small)), "/0/3");
	EXPECT_EQ(top.at("12/0/3"), md);
	for (const char *bad : { "", "12", "12/0", "12/0/", "12//3", "12/0/3/0", "12/0/x", "13/0/3",
				 "12/0/99999999999", "/12/0/3" })
		EXPECT_EQ(top.at(bad), PLAN_NO_NODE) << bad;
}

TEST_F(planner, random_two_level_orders_are_realised_or_refused_but_never_wrong)
{
	std::mt19937 random(20231107); // fixed seed
	unsigned made = 0;

	for (int round = 0; round < 400; round++) {
		const uint32_t g = 256u << (random() % 7);
		std::vector<std::string> order;

		top = topology{};
		p->n_regions = 0;
		for (uint32_t uid : { 1u, 2u }) {
			const int hb = top.bridge(uid);

			for (uint32_t port = 0; port < 4; port++) {
				top.memdev(hb, port, GiB);
				order.push_back(std::to_string(uid) + "/" + std::to_string(port));
			}
		}
		top.window(64 * GiB, 8 * GiB, g, { 0, 5 });
		// exchange ports freely, bridges only now and then
		std::shuffle(order.begin(), order.begin() + 4, random);
		std::shuffle(order.begin() + 4, order.end(), random);
		const unsigned bit = static_cast<unsigned>(random() % 3);
		std::vector<std::string> mixed(8);
		unsigned next[2] = { 0, 4 };
		for (unsigned k = 0; k < 8; k++)
			mixed[k] = order[next[k >> bit & 1]++];
		if (random() % 8 == 0)
			std::shuffle(mixed.begin(), mixed.end(), random);
		region(0, 0, 2 * GiB, mixed);
		if (make()) {
			made++;
			expect_routed();
		} else {
			EXPECT_NE(p->error[0], '\0');
		}
	}
	EXPECT_GT(made, 100u);
	EXPECT_LT(made, 400u);
}

// CXL r3.1 9.18.1.4, maps and addresses of Linux's own tests of the arithmetic.
TEST(xor_arithmetic, leads_software_to_what_decoders_have_at_an_address_and_back)
{
	static const uint64_t vectors[][3] = {
		{ 0, 0x123456789, 0x123456789 }, { 1, 0x900, 0x800 },
		{ 1, 0x2000100, 0x2000000 },     { 1, 0x4041200, 0x4041200 },
		{ 2, 0x4041200, 0x4041000 },     { 1, 0x123456789, 0x123456689 },
		{ 4, 0x123456789, 0x123456489 }
	};
	plan_window w{};

	for (const uint64_t map : { 0x2020900, 0x4041200, 0x1010400, 0x800 })
		w.xor_maps[w.n_xor_maps++] = map;
	for (const auto &v : vectors) {
		w.n_xor_maps = static_cast<unsigned>(v[0]);
		EXPECT_EQ(plan_load_address(&w, v[1]), v[2]);
		EXPECT_EQ(plan_load_address(&w, v[2]), v[1]);
	}
}

} // namespace
