// SPDX-License-Identifier: Apache-2.0
//
// The regions that the firmware makes when its configuration names none.
#include <gtest/gtest.h>

#include "topology.h"

using namespace fw_test;

namespace
{

class default_regions : public ::testing::Test
{
public:
	topology top;
	std::unique_ptr<plan> p = std::make_unique<plan>();
	const char *reasons[PLAN_MAX_WINDOWS] = {};
	plan_purpose purpose = PLAN_FOR_TEST;

	void choose()
	{
		plan_default_regions(&top.t, purpose, p.get(), reasons);
		ASSERT_TRUE(plan_make(&top.t, p.get())) << p->error;
	}
	std::string order(unsigned region) const
	{
		std::string text;
		char path[32];

		for (unsigned i = 0; i < p->regions[region].ways; i++)
			text += (i ? " " : "") +
				std::string(plan_path(&top.t, p->regions[region].targets[i], path,
						      sizeof(path)));
		return text;
	}
};

TEST_F(default_regions, four_devices_below_two_bridges_interleave_four_ways)
{
	for (uint32_t uid : { 12u, 222u }) {
		const int hb = top.bridge(uid);

		top.memdev(hb, 0, 0, 256 * MiB);
		top.memdev(hb, 1, 0, 256 * MiB);
	}
	top.window(64 * GiB, 4 * GiB, 8192, { 0, 3 });
	choose();
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(order(0), "12/0 222/0 12/1 222/1");
	EXPECT_EQ(p->regions[0].size, GiB);
	EXPECT_EQ(p->regions[0].granularity, 8192u);
	EXPECT_EQ(reasons[0], nullptr);
}

TEST_F(default_regions, sixteen_kib_window_puts_bridge_bits_below)
{
	for (uint32_t uid : { 12u, 222u }) {
		const int hb = top.bridge(uid);

		top.memdev(hb, 0, 256 * MiB);
		top.memdev(hb, 1, 256 * MiB);
	}
	top.window(64 * GiB, 4 * GiB, 16384, { 0, 3 });
	choose();
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(order(0), "12/0 12/1 222/0 222/1");
	EXPECT_EQ(p->regions[0].granularity, 8192u);
}

TEST_F(default_regions, four_devices_below_a_switch_interleave_four_ways)
{
	const int hb = top.bridge(12), usp = top.upstream(hb, 0);

	for (uint32_t i = 0; i < 4; i++)
		top.memdev(usp, i, 0, 256 * MiB);
	top.window(64 * GiB, 4 * GiB, 4096, { hb });
	choose();
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(order(0), "12/0/0 12/0/1 12/0/2 12/0/3");
	EXPECT_EQ(p->regions[0].granularity, 256u) << "the window does not interleave";
}

TEST_F(default_regions, number_per_bridge_is_the_largest_power_of_two_that_all_have)
{
	const int a = top.bridge(1);

	for (uint32_t i = 0; i < 3; i++)
		top.memdev(a, i, GiB);
	const int b = top.bridge(2);
	for (uint32_t i = 0; i < 5; i++)
		top.memdev(b, i, 512 * MiB);
	top.window(64 * GiB, 8 * GiB, 256, { a, b });
	choose();
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(p->regions[0].ways, 4u);
	EXPECT_EQ(p->regions[0].size, 2 * GiB) << "4 x the capacity of the smallest";
}

TEST_F(default_regions, bridges_of_different_shape_share_one_region)
{
	const int a = top.bridge(1);
	for (uint32_t i = 0; i < 4; i++)
		top.memdev(a, i, GiB);
	const int b = top.bridge(2);
	for (uint32_t rp = 0; rp < 2; rp++) {
		const int usp = top.upstream(b, rp);

		top.memdev(usp, 0, GiB);
		top.memdev(usp, 1, GiB);
	}
	top.window(64 * GiB, 8 * GiB, 1024, { a, b });
	choose();
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(p->regions[0].ways, 8u);
	EXPECT_EQ(order(0), "1/0 2/0/0 1/1 2/1/0 1/2 2/0/1 1/3 2/1/1");
}

TEST_F(default_regions, three_way_window_starts_where_the_absolute_address_says)
{
	for (uint32_t uid = 1; uid < 4; uid++)
		top.memdev(top.bridge(uid), 0, 256 * MiB);
	top.window(64 * GiB, 3 * GiB, 256, { 0, 2, 4 });
	choose();
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(order(0), "2/0 3/0 1/0");
}

TEST_F(default_regions, region_is_cut_to_the_window)
{
	const int hb = top.bridge(1);

	top.memdev(hb, 0, 4 * GiB);
	top.memdev(hb, 1, 4 * GiB);
	top.window(64 * GiB, GiB + 256 * MiB, 256, { hb });
	choose();
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(p->regions[0].size, GiB);
}

TEST_F(default_regions, later_windows_get_what_earlier_ones_leave)
{
	const int hb = top.bridge(1);

	top.memdev(hb, 0, 256 * MiB, 512 * MiB);
	top.window(64 * GiB, 4 * GiB, 256, { hb });
	top.window(72 * GiB, 4 * GiB, 256, { hb });
	choose();
	ASSERT_EQ(p->n_regions, 1u) << "the larger partition comes first and lies last";
	EXPECT_EQ(p->regions[0].size, 512 * MiB);
	EXPECT_EQ(p->regions[0].dpa[0], 256 * MiB);
	ASSERT_NE(reasons[1], nullptr);
}

TEST_F(default_regions, window_without_devices_says_why)
{
	const int a = top.bridge(1), b = top.bridge(2);

	top.memdev(a, 0, 256 * MiB);
	top.window(64 * GiB, 4 * GiB, 256, { a, b });
	top.window(72 * GiB, 4 * GiB, 256, { a, a });
	choose();
	EXPECT_EQ(p->n_regions, 0u);
	EXPECT_STREQ(reasons[0], "no device with free capacity below each of its targets");
	EXPECT_STREQ(reasons[1], "a host bridge appears twice among its targets");
}

TEST_F(default_regions, sixteen_ways_need_the_capability)
{
	for (uint32_t uid = 1; uid < 3; uid++) {
		const int hb = top.bridge(uid);

		for (uint32_t i = 0; i < 8; i++)
			top.memdev(hb, i, 256 * MiB);
	}
	top.window(64 * GiB, 8 * GiB, 256, { 0, 9 });
	choose();
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(p->regions[0].ways, 16u);
	top.t.nodes[1].hdm.ways_16 = false;
	choose();
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(p->regions[0].ways, 8u);
}

} // namespace
