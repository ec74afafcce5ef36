// SPDX-License-Identifier: Apache-2.0
//
// The regions that the firmware makes before it starts Linux, judged by Linux's own rule.
#include <gtest/gtest.h>

#include <random>

#include "linux_rule.h"
#include "topology.h"

using namespace fw_test;

namespace
{

class linux_regions : public ::testing::Test
{
public:
	topology top;
	std::unique_ptr<plan> p = std::make_unique<plan>();
	const char *reasons[PLAN_MAX_WINDOWS] = {};

	void choose(plan_purpose purpose = PLAN_FOR_LINUX)
	{
		plan_default_regions(&top.t, purpose, p.get(), reasons);
		ASSERT_TRUE(plan_make(&top.t, p.get())) << p->error;
	}
	linux_assembly assembled(unsigned r) const
	{
		return { top.t, decoders_of(*p), p->regions[r].base };
	}
	const plan_decoder *decoder(int node) const
	{
		for (unsigned i = 0; i < p->n_decoders; i++)
			if (p->decoders[i].node == node)
				return &p->decoders[i];
		return nullptr;
	}
	// `ports` root ports below each bridge, each with a device or a switch with `below` devices
	std::vector<int> tree(unsigned bridges, unsigned ports, unsigned below, uint64_t ram)
	{
		std::vector<int> list;

		for (unsigned b = 0; b < bridges; b++) {
			const int hb = top.bridge(10 + b);

			list.push_back(hb);
			for (unsigned i = 0; i < ports; i++) {
				const int usp = below ? top.upstream(hb, i) : hb;

				for (unsigned k = 0; k < (below ? below : 1); k++)
					top.memdev(usp, below ? k : i, ram);
			}
		}
		return list;
	}
	void expect_sound()
	{
		const auto decoders = decoders_of(*p);

		for (unsigned r = 0; r < p->n_regions; r++) {
			const plan_region &region = p->regions[r];
			const linux_assembly a = assembled(r);

			ASSERT_EQ(a.refusal, "") << "region " << r;
			EXPECT_EQ(plan_linux_objection(&top.t, p.get(), r), nullptr);
			for (unsigned k = 0; k < region.ways; k++) {
				const uint64_t g = region.granularity;
				const auto found = route(top.t, decoders, region.base + k * g);

				ASSERT_TRUE(found);
				EXPECT_EQ(found->node, region.targets[k]);
				EXPECT_EQ(found->dpa, region.dpa[k]);
				EXPECT_LE(region.dpa[k] + region.size / region.ways,
					  top.t.nodes[found->node].volatile_size);
				// Linux numbers the places of a set with a factor 3 otherwise
				if (top.t.windows[region.window].ways % 3) {
					EXPECT_EQ(a.order[k], region.targets[k]);
				}
			}
		}
	}
};

// Ways and granularity of every level, as cxl_port_setup_targets computes them.
TEST_F(linux_regions, every_level_has_what_linux_expects)
{
	static const struct {
		unsigned bridges, ports, below;
		uint32_t window, ways, granularity; // of the region and of its endpoints
		uint32_t bridge_ways, bridge_granularity, switch_ways, switch_granularity;
	} rows[] = {
		{ 1, 1, 0, 256, 1, 256, 1, 256, 0, 0 },
		{ 1, 2, 0, 8192, 2, 8192, 2, 8192, 0, 0 },
		{ 1, 8, 0, 4096, 8, 4096, 8, 4096, 0, 0 },
		{ 1, 1, 4, 4096, 4, 4096, 1, 4096, 4, 4096 },
		{ 1, 1, 8, 256, 8, 256, 1, 256, 8, 256 },
		{ 2, 1, 0, 256, 2, 256, 1, 512, 0, 0 },
		{ 2, 1, 0, 8192, 2, 8192, 1, 16384, 0, 0 },
		{ 2, 2, 0, 8192, 4, 8192, 2, 16384, 0, 0 },
		{ 2, 2, 2, 1024, 8, 1024, 2, 2048, 2, 4096 },
		{ 2, 8, 0, 256, 16, 256, 8, 512, 0, 0 },
		{ 4, 1, 2, 512, 8, 512, 1, 2048, 2, 2048 },
		{ 8, 1, 0, 1024, 8, 1024, 1, 8192, 0, 0 },
		{ 3, 1, 0, 256, 3, 256, 1, 256, 0, 0 },
		{ 3, 2, 0, 256, 6, 256, 2, 256, 0, 0 },
		{ 3, 2, 2, 512, 12, 512, 2, 512, 2, 1024 },
		{ 6, 2, 0, 512, 12, 512, 2, 1024, 0, 0 },
		{ 12, 1, 0, 256, 12, 256, 1, 1024, 0, 0 },
	};

	for (const auto &row : rows) {
		SCOPED_TRACE(testing::Message() << row.bridges << " x " << row.ports << " x "
						<< row.below << " at " << row.window);
		top = topology{};
		const std::vector<int> bridges = tree(row.bridges, row.ports, row.below, GiB);
		top.window(96 * GiB, 24 * GiB, row.window, bridges);
		choose();
		ASSERT_EQ(p->n_regions, 1u) << reasons[0];
		EXPECT_EQ(p->regions[0].ways, row.ways);
		EXPECT_EQ(p->regions[0].granularity, row.granularity);
		EXPECT_EQ(p->regions[0].size, row.ways * GiB);
		for (int hb : bridges) {
			EXPECT_EQ(decoder(hb)->ways, row.bridge_ways);
			EXPECT_EQ(decoder(hb)->granularity, row.bridge_granularity);
			if (!row.below)
				continue;
			EXPECT_EQ(decoder(hb + 1)->ways, row.switch_ways);
			EXPECT_EQ(decoder(hb + 1)->granularity, row.switch_granularity);
		}
		expect_sound();
	}
}

TEST_F(linux_regions, persistent_memory_is_left_alone)
{
	const int hb = top.bridge(1), pm = top.bridge(2);

	top.memdev(hb, 0, 512 * MiB, 4 * GiB);
	top.memdev(hb, 1, 0, 4 * GiB);
	top.memdev(pm, 0, 0, 4 * GiB);
	top.window(64 * GiB, 4 * GiB, 256, { hb });
	top.window(72 * GiB, 4 * GiB, 256, { hb });
	top.window(80 * GiB, 4 * GiB, 256, { pm });
	choose();
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(p->regions[0].size, 512 * MiB);
	EXPECT_EQ(p->regions[0].dpa[0], 0u);
	EXPECT_EQ(p->n_decoders, 2u) << "one at the bridge and one at the device, nothing else";
	for (unsigned w : { 1u, 2u })
		EXPECT_STREQ(reasons[w],
			     "no device with free volatile memory below each of its targets");
	expect_sound();
}

TEST_F(linux_regions, windows_over_one_bridge_share_its_volatile_memory)
{
	const int a = top.bridge(1), b = top.bridge(2);

	top.memdev(a, 0, GiB);
	top.memdev(a, 1, 512 * MiB);
	top.memdev(b, 0, GiB);
	// two ways of 512 MiB, then what is left of 1/0, interleaved with 2/0
	top.window(64 * GiB, 4 * GiB, 256, { a });
	top.window(72 * GiB, 4 * GiB, 256, { a, b });
	choose();
	ASSERT_EQ(p->n_regions, 2u);
	EXPECT_EQ(p->regions[0].size, GiB);
	EXPECT_EQ(p->regions[1].size, GiB);
	EXPECT_EQ(p->regions[1].dpa[0], 512 * MiB);
	EXPECT_EQ(p->regions[1].dpa[1], 0u);
	expect_sound();
}

// A port that begins above 16 KiB cannot be encoded: fewer ways above leave room below.
TEST_F(linux_regions, two_ways_of_8_kib_over_switches_take_one_root_port_each)
{
	top.window(64 * GiB, 8 * GiB, 8192, tree(2, 2, 2, GiB));
	choose();
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(p->regions[0].ways, 4u);
	EXPECT_EQ(decoder(0)->ways, 1u);
	EXPECT_EQ(decoder(1)->granularity, 16384u);
	expect_sound();
}

TEST_F(linux_regions, granularity_of_a_window_of_one_way_may_be_refined)
{
	// 16 KiB at the bridge leaves no bit for the switches
	top.window(64 * GiB, 8 * GiB, 16384, tree(1, 2, 2, GiB));
	choose();
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(p->regions[0].ways, 4u);
	EXPECT_EQ(p->regions[0].granularity, 8192u);
	expect_sound();
}

TEST_F(linux_regions, two_ways_of_16_kib_have_no_layout)
{
	top.window(64 * GiB, 8 * GiB, 16384, tree(2, 2, 0, GiB));
	choose();
	EXPECT_EQ(p->n_regions, 0u);
	EXPECT_STREQ(reasons[0], "its devices form no interleave that Linux assembles");
	choose(PLAN_FOR_TEST);
	ASSERT_EQ(p->n_regions, 1u) << "the hardware could, with finer bits at the bridges";
	EXPECT_EQ(assembled(0).refusal, "expected other ways or granularity");
	top = topology{};
	top.window(64 * GiB, 8 * GiB, 16384, tree(2, 1, 0, GiB));
	choose(PLAN_FOR_TEST);
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(assembled(0).refusal, "invalid granularity calculation");
	EXPECT_STREQ(plan_linux_objection(&top.t, p.get(), 0), "a port would follow above 16 KiB");
}

TEST_F(linux_regions, bridge_without_decoders_gets_none)
{
	const int hb = top.bridge(5, 0);

	top.memdev(hb, 0, GiB);
	top.window(64 * GiB, GiB, 256, { hb });
	choose();
	EXPECT_EQ(p->n_regions, 0u);
	choose(PLAN_FOR_TEST);
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(assembled(0).refusal, "failed to find decoder mapping or target");
	EXPECT_STREQ(plan_linux_objection(&top.t, p.get(), 0),
		     "a port above a device has no HDM decoder");
}

TEST_F(linux_regions, decoders_with_few_targets_are_spread_over_more_levels)
{
	const std::vector<int> bridges = tree(1, 4, 2, GiB);

	top.t.nodes[0].hdm.n_targets = 2;
	top.window(64 * GiB, 16 * GiB, 256, bridges);
	choose();
	ASSERT_EQ(p->n_regions, 1u);
	EXPECT_EQ(p->regions[0].ways, 4u);
	expect_sound();
}

TEST_F(linux_regions, configured_region_that_linux_refuses_is_told)
{
	plan_region &r = p->regions[0];

	top.window(64 * GiB, 8 * GiB, 8192, tree(2, 2, 0, GiB));
	// finer bits below the window's: right for the hardware
	r = plan_region{};
	r.base = 64 * GiB;
	r.size = GiB;
	r.granularity = 4096;
	r.ways = 4;
	for (unsigned k = 0; k < 4; k++)
		r.targets[k] = std::vector<int>{ 1, 2, 4, 5 }[k];
	p->n_regions = 1;
	ASSERT_TRUE(plan_make(&top.t, p.get())) << p->error;
	EXPECT_EQ(assembled(0).refusal, "expected other ways or granularity");
	EXPECT_STREQ(plan_linux_objection(&top.t, p.get(), 0),
		     "a port does not follow on the level above it");
}

TEST_F(linux_regions, region_over_both_kinds_of_memory_is_told)
{
	const int hb = top.bridge(1);
	const int a = top.memdev(hb, 0, GiB), b = top.memdev(hb, 1, 0, GiB);
	plan_region &r = p->regions[0];

	top.window(64 * GiB, 4 * GiB, 256, { hb });
	r = plan_region{};
	r.base = 64 * GiB;
	r.size = GiB;
	r.ways = 2;
	r.targets[0] = a;
	r.targets[1] = b;
	p->n_regions = 1;
	ASSERT_TRUE(plan_make(&top.t, p.get())) << p->error;
	EXPECT_STREQ(plan_linux_objection(&top.t, p.get(), 0),
		     "it mixes volatile and persistent memory");
}

// Random hierarchies of up to three levels of switches.
class random_regions : public linux_regions
{
public:
	std::mt19937 random{ 20240607 }; // fixed seed

	unsigned pick(unsigned n) { return static_cast<unsigned>(random() % n); }

	void grow(int parent, unsigned depth)
	{
		const unsigned children = 1u << pick(depth ? 3 : 4);

		for (unsigned i = 0; i < children && top.t.n_nodes < PLAN_MAX_NODES; i++) {
			if (depth < 3 && pick(3) == 0)
				grow(top.upstream(parent, i), depth + 1);
			else
				top.memdev(parent, i, pick(5) * 256 * MiB, pick(2) * GiB);
		}
	}
	void grow_machine()
	{
		static const uint32_t ways[] = { 1, 1, 1, 2, 2, 3, 4, 6, 8 };
		const uint32_t n = ways[pick(9)];
		std::vector<int> bridges;

		top = topology{};
		for (uint32_t b = 0; b < n; b++) {
			bridges.push_back(top.bridge(b + 1, pick(12) ? 10 : 0));
			grow(bridges.back(), 0);
		}
		top.window(64 * GiB, 12 * GiB, 256u << pick(7), bridges);
		top.window(96 * GiB, 6 * GiB, 256u << pick(7), { bridges[pick(n)] });
	}
};

TEST_F(random_regions, are_always_assembled_and_hold_no_byte_twice)
{
	unsigned made = 0, wide = 0;

	for (int round = 0; round < 3000 && !HasFatalFailure(); round++) {
		std::map<int, uint64_t> used;

		SCOPED_TRACE(testing::Message() << "round " << round);
		grow_machine();
		choose();
		expect_sound();
		for (unsigned r = 0; r < p->n_regions; r++) {
			const plan_region &region = p->regions[r];

			made++;
			wide += region.ways >= 4;
			for (unsigned k = 0; k < region.ways; k++) {
				EXPECT_EQ(region.dpa[k], used[region.targets[k]]);
				used[region.targets[k]] += region.size / region.ways;
			}
		}
	}
	EXPECT_GT(made, 1000u);
	EXPECT_GT(wide, 300u);
}

TEST_F(random_regions, objections_are_those_of_linux)
{
	unsigned refused = 0, accepted = 0;

	for (int round = 0; round < 3000; round++) {
		SCOPED_TRACE(testing::Message() << "round " << round);
		grow_machine();
		for (unsigned i = 0; i < top.t.n_nodes; i++)
			top.t.nodes[i].persistent_size = 0;
		choose(PLAN_FOR_TEST);
		for (unsigned r = 0; r < p->n_regions; r++) {
			const std::string refusal = assembled(r).refusal;

			EXPECT_EQ(plan_linux_objection(&top.t, p.get(), r) == nullptr,
				  refusal.empty())
				<< refusal;
			(refusal.empty() ? accepted : refused)++;
		}
	}
	EXPECT_GT(refused, 100u);
	EXPECT_GT(accepted, 100u);
}

// What the hardware can do and Linux accepts is never left out.
TEST_F(random_regions, are_as_wide_as_any_that_linux_accepts)
{
	unsigned compared = 0;

	for (int round = 0; round < 3000; round++) {
		SCOPED_TRACE(testing::Message() << "round " << round);
		grow_machine();
		top.t.n_windows = 1;
		for (unsigned i = 0; i < top.t.n_nodes; i++)
			top.t.nodes[i].persistent_size = 0;
		choose(PLAN_FOR_TEST);
		if (!p->n_regions || !assembled(0).refusal.empty())
			continue;
		const uint32_t ways = p->regions[0].ways;

		choose();
		ASSERT_EQ(p->n_regions, 1u) << reasons[0];
		EXPECT_GE(p->regions[0].ways, ways);
		compared++;
	}
	EXPECT_GT(compared, 500u);
}

} // namespace
