// SPDX-License-Identifier: Apache-2.0
//
// Addresses that depend on the machine. All numbers are typed from the memory map's description.
#include "test_options.h"

#include "memory_map.h"

using namespace option_test;

namespace
{

constexpr uint64_t GiB = 1ull << 30, MiB = 1ull << 20;

vcxl::layout layout_of(vcxl::machine &m)
{
	vcxl::layout out;
	const char *error = nullptr;
	EXPECT_TRUE(vcxl::lay_out(m, out, &error)) << error;
	return out;
}

std::string layout_error(vcxl::machine m)
{
	vcxl::layout out;
	const char *error = "";
	EXPECT_FALSE(vcxl::lay_out(m, out, &error));
	return error;
}

void add_bridge(vcxl::machine &m, unsigned bus_nr)
{
	vcxl::node n;
	n.kind = vcxl::node_kind::host_bridge;
	n.id = "hb" + std::to_string(bus_nr);
	n.bus_nr = bus_nr;
	m.nodes.push_back(n);
}

void add_window(vcxl::machine &m, uint64_t size, size_t ways)
{
	vcxl::window w;
	w.size = size;
	w.targets.assign(ways, 0);
	m.windows.push_back(w);
}

} // namespace

TEST(layout, ram_of_14_gib_leaves_the_64_bit_windows_at_16_gib)
{
	vcxl::machine m;
	m.ram_size = 14 * GiB;
	const vcxl::layout out = layout_of(m);
	EXPECT_EQ(out.mem64_pci.base, 0x400000000u);
	EXPECT_EQ(out.mem64_pci.size, 0x200000000u);
	EXPECT_EQ(out.mem64_cxl.base, 0x600000000u);
	EXPECT_EQ(out.mem64_cxl.size, 0x200000000u);
}

TEST(layout, ram_above_14_gib_moves_the_64_bit_windows_to_the_next_16_gib)
{
	vcxl::machine m;
	m.ram_size = 14 * GiB + 2 * MiB;
	const vcxl::layout out = layout_of(m);
	EXPECT_EQ(out.mem64_pci.base, 0x800000000u);
	EXPECT_EQ(out.mem64_cxl.base, 0xa00000000u);
}

TEST(layout, maxmem_moves_them_as_ram_does)
{
	vcxl::machine m;
	m.ram_size = 1 * GiB;
	m.max_ram_size = 64 * GiB; // ends at 66 GiB
	EXPECT_EQ(layout_of(m).mem64_pci.base, 80 * GiB);
}

TEST(layout, fixed_memory_windows_start_at_64_gib)
{
	vcxl::machine m;
	add_window(m, 4 * GiB, 1);
	layout_of(m);
	EXPECT_EQ(m.windows[0].base, 0x1000000000u);
}

TEST(layout, fixed_memory_windows_follow_moved_64_bit_windows)
{
	vcxl::machine m;
	m.ram_size = 64 * GiB; // ends at 66 GiB, 64-bit windows from 80 to 96 GiB
	add_window(m, 4 * GiB, 1);
	layout_of(m);
	EXPECT_EQ(m.windows[0].base, 96 * GiB);
}

TEST(layout, fixed_memory_windows_are_consecutive_and_aligned_to_256_mib_for_any_ways)
{
	vcxl::machine m;
	add_window(m, 256 * MiB, 1);
	add_window(m, 768 * MiB, 3);
	add_window(m, 1280 * MiB, 12);
	add_window(m, 4 * GiB, 16);
	layout_of(m);
	EXPECT_EQ(m.windows[0].base, 0x1000000000u);
	EXPECT_EQ(m.windows[1].base, 0x1010000000u);
	EXPECT_EQ(m.windows[2].base, 0x1040000000u);
	EXPECT_EQ(m.windows[3].base, 0x1090000000u);
}

TEST(layout, no_bridge_gives_no_bridge_windows)
{
	vcxl::machine m;
	EXPECT_EQ(layout_of(m).n_bridges, 0u);
}

TEST(layout, one_bridge_has_all_buses_and_all_of_the_windows)
{
	vcxl::machine m;
	add_bridge(m, 12);
	const vcxl::layout out = layout_of(m);
	ASSERT_EQ(out.n_bridges, 1u);
	EXPECT_EQ(out.bridges[0].node, 0);
	EXPECT_EQ(out.bridges[0].first_bus, 12u);
	EXPECT_EQ(out.bridges[0].last_bus, 255u);
	EXPECT_EQ(out.bridges[0].chbcr.base, 0x6000000u);
	EXPECT_EQ(out.bridges[0].chbcr.size, 0x10000u);
	EXPECT_EQ(out.bridges[0].mem32.base, 0x60000000u);
	EXPECT_EQ(out.bridges[0].mem32.size, 0x20000000u);
	EXPECT_EQ(out.bridges[0].mem64.base, 0x600000000u);
	EXPECT_EQ(out.bridges[0].mem64.size, 0x200000000u);
}

TEST(layout, bridges_are_in_order_of_bus_number_and_end_where_the_next_begins)
{
	vcxl::machine m;
	add_bridge(m, 222);
	add_bridge(m, 12);
	const vcxl::layout out = layout_of(m);
	ASSERT_EQ(out.n_bridges, 2u);
	EXPECT_EQ(out.bridges[0].node, 1);
	EXPECT_EQ(out.bridges[0].first_bus, 12u);
	EXPECT_EQ(out.bridges[0].last_bus, 221u);
	EXPECT_EQ(out.bridges[1].node, 0);
	EXPECT_EQ(out.bridges[1].first_bus, 222u);
	EXPECT_EQ(out.bridges[1].last_bus, 255u);
	EXPECT_EQ(out.bridges[1].chbcr.base, 0x6010000u);
	EXPECT_EQ(out.bridges[1].mem32.base, 0x70000000u);
	EXPECT_EQ(out.bridges[1].mem32.size, 0x10000000u);
	EXPECT_EQ(out.bridges[1].mem64.base, 0x700000000u);
}

TEST(layout, three_bridges_have_equal_shares_in_units_of_1_mib)
{
	vcxl::machine m;
	for (const unsigned bus : { 10u, 20u, 30u })
		add_bridge(m, bus);
	const vcxl::layout out = layout_of(m);
	ASSERT_EQ(out.n_bridges, 3u);
	for (unsigned i = 0; i < 3; i++) {
		EXPECT_EQ(out.bridges[i].mem32.size, 170 * MiB);
		EXPECT_EQ(out.bridges[i].mem32.base, 0x60000000 + i * 170 * MiB);
		EXPECT_EQ(out.bridges[i].mem64.size, 2730 * MiB);
		EXPECT_EQ(out.bridges[i].mem64.base, 0x600000000 + i * 2730 * MiB);
	}
}

TEST(layout, sixteen_bridges_fit_and_seventeen_do_not)
{
	vcxl::machine m;
	for (unsigned i = 1; i <= 16; i++)
		add_bridge(m, i);
	EXPECT_EQ(layout_of(m).bridges[15].chbcr.base, 0x60f0000u);
	add_bridge(m, 17);
	EXPECT_EQ(layout_error(m), "there are more than 16 host bridges");
}

TEST(layout, windows_end_at_52_bits)
{
	vcxl::machine m;
	add_window(m, (1ull << 52) - 0x1000000000, 1);
	layout_of(m);
	EXPECT_EQ(m.windows[0].base + m.windows[0].size, 1ull << 52);
	add_window(m, 256 * MiB, 1);
	EXPECT_EQ(layout_error(m), "the fixed memory windows do not fit in 52 bits of address");
}

TEST(layout, ram_that_leaves_no_room_is_an_error_and_does_not_overflow)
{
	vcxl::machine m;
	const uint64_t sizes[] = { UINT64_MAX, 1ull << 63, (1ull << 52) + 1, 1ull << 52 };
	for (const uint64_t size : sizes) {
		m.ram_size = size;
		EXPECT_EQ(layout_error(m),
			  "RAM and the windows above it do not fit in 52 bits of address");
	}
}
