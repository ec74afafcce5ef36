// SPDX-License-Identifier: Apache-2.0
//
// Regions of dynamic capacity: where the planner puts them in windows and devices.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "topology.h"

using namespace fw_test;

namespace
{

constexpr uint64_t low = 16 * GiB, high = 64 * GiB; // windows

int dynamic_memdev(topology &top, int parent, uint32_t number, uint64_t own, uint64_t dynamic)
{
	const int node = top.memdev(parent, number, own);

	top.t.nodes[node].dynamic_base = own;
	top.t.nodes[node].dynamic_size = dynamic;
	return node;
}

plan_region region(int target, uint64_t base, uint64_t size, bool dynamic)
{
	plan_region r{};

	r.base = base;
	r.size = size;
	r.ways = 1;
	r.targets[0] = target;
	r.dynamic = dynamic;
	return r;
}

class dynamic_regions : public testing::Test
{
protected:
	topology top;
	const std::unique_ptr<plan> p = std::make_unique<plan>();

	void make()
	{
		plan_dynamic_regions(&top.t, p.get());
		EXPECT_TRUE(plan_make(&top.t, p.get())) << p->error;
	}
	void expect_at(uint64_t hpa, int node, uint64_t dpa)
	{
		const auto found = route(top.t, decoders_of(*p), hpa);

		ASSERT_TRUE(found.has_value()) << std::hex << hpa;
		EXPECT_EQ(found->node, node) << std::hex << hpa;
		EXPECT_EQ(found->dpa, dpa) << std::hex << hpa;
	}
};

} // namespace

TEST_F(dynamic_regions, follow_each_other_in_the_window_and_begin_behind_other_capacity)
{
	const int hb = top.bridge(12), sw = top.upstream(hb, 0);
	const int a = dynamic_memdev(top, sw, 0, 256 * MiB, 512 * MiB);
	const int b = dynamic_memdev(top, hb, 1, 0, 1 * GiB);

	top.memdev(hb, 2, 256 * MiB);
	top.window(low, 4 * GiB, 1024, { hb });
	make();
	ASSERT_EQ(p->n_regions, 2u);
	expect_at(low, a, 256 * MiB);
	expect_at(low + 512 * MiB - 8, a, 768 * MiB - 8);
	expect_at(low + 512 * MiB, b, 0);
	expect_at(low + 1536 * MiB - 8, b, 1 * GiB - 8);
	EXPECT_FALSE(route(top.t, decoders_of(*p), low + 1536 * MiB).has_value());
}

TEST_F(dynamic_regions, take_the_window_with_the_most_room_and_as_much_as_there_is)
{
	const int hb = top.bridge(12), other = top.bridge(64);
	const int a = dynamic_memdev(top, hb, 0, 0, 3 * GiB);
	const int b = dynamic_memdev(top, hb, 1, 0, 1 * GiB);

	dynamic_memdev(top, hb, 2, 0, 1 * GiB); // for which nothing is left
	top.window(low, 512 * MiB, 256, { hb });
	top.window(low + 4 * GiB, 8 * GiB, 256, { hb, other });
	top.window(low + 16 * GiB, 8 * GiB, 256, { other });
	top.window(high, 2 * GiB, 256, { hb });
	make();
	ASSERT_EQ(p->n_regions, 2u);
	EXPECT_EQ(p->regions[0].size, 2 * GiB);
	expect_at(high, a, 0);
	expect_at(high + 2 * GiB - 8, a, 2 * GiB - 8);
	EXPECT_EQ(p->regions[1].size, 512 * MiB);
	expect_at(low, b, 0);
}

TEST_F(dynamic_regions, are_none_without_dynamic_capacity)
{
	const int hb = top.bridge(12);

	top.memdev(hb, 0, 1 * GiB, 1 * GiB);
	top.window(low, 4 * GiB, 256, { hb });
	make();
	EXPECT_EQ(p->n_regions, 0u);
}

TEST_F(dynamic_regions, that_are_asked_for_share_the_device_with_others)
{
	const int hb = top.bridge(12);
	const int a = dynamic_memdev(top, hb, 0, 512 * MiB, 512 * MiB);

	top.window(low, 4 * GiB, 256, { hb });
	p->n_regions = 3;
	p->regions[0] = region(a, low, 256 * MiB, false);
	p->regions[1] = region(a, low + 1 * GiB, 256 * MiB, true);
	p->regions[2] = region(a, low + 2 * GiB, 256 * MiB, true);
	ASSERT_TRUE(plan_make(&top.t, p.get())) << p->error;
	expect_at(low, a, 0);
	expect_at(low + 1 * GiB, a, 512 * MiB);
	expect_at(low + 2 * GiB, a, 768 * MiB);
	EXPECT_EQ(p->regions[1].dpa[0], 512 * MiB);
}

TEST_F(dynamic_regions, that_cannot_be_are_refused)
{
	const int hb = top.bridge(12);
	const int a = dynamic_memdev(top, hb, 0, 256 * MiB, 512 * MiB);
	const int b = dynamic_memdev(top, hb, 1, 256 * MiB, 512 * MiB);

	top.window(low, 4 * GiB, 256, { hb });
	p->n_regions = 1;
	p->regions[0] = region(a, low, 768 * MiB, true);
	EXPECT_FALSE(plan_make(&top.t, p.get()));
	EXPECT_EQ(
		std::string(p->error),
		"region 0: device 12/0: 0x30000000 bytes do not fit, it has 0x30000000, used 0x0");
	p->regions[0] = region(a, low, 512 * MiB, true);
	p->regions[0].ways = 2;
	p->regions[0].targets[1] = b;
	EXPECT_FALSE(plan_make(&top.t, p.get()));
	EXPECT_EQ(std::string(p->error), "region 0: 2 targets, dynamic capacity is of one");
	// decoders go upwards in the device too: what lies below cannot follow
	p->n_regions = 2;
	p->regions[0] = region(a, low, 256 * MiB, true);
	p->regions[1] = region(a, low + 1 * GiB, 256 * MiB, false);
	EXPECT_FALSE(plan_make(&top.t, p.get()));
	EXPECT_NE(std::string(p->error).find("region 1: device 12/0: 0x10000000 bytes do not fit"),
		  std::string::npos)
		<< p->error;
}
