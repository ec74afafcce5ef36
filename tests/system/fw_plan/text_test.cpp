// SPDX-License-Identifier: Apache-2.0
//
// What the firmware reads and prints: device tree, boot configuration, formatted text, pattern.
#include <gtest/gtest.h>

#include <cstring>
#include <libfdt.h>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "config.h"
#include "dt.h"
#include "fmt.h"
#include "pattern.h"

namespace
{

std::vector<uint8_t> sample_tree()
{
	std::vector<uint8_t> blob(4096);
	void *f = blob.data();
	const uint32_t reg[] = { cpu_to_fdt32(0x10),   cpu_to_fdt32(0x20), cpu_to_fdt32(0),
				 cpu_to_fdt32(0x1000), cpu_to_fdt32(1),    cpu_to_fdt32(2),
				 cpu_to_fdt32(3),      cpu_to_fdt32(4) };

	EXPECT_EQ(fdt_create(f, static_cast<int>(blob.size())), 0);
	fdt_finish_reservemap(f);
	fdt_begin_node(f, "");
	fdt_property_u32(f, "#address-cells", 2);
	fdt_property_u32(f, "#size-cells", 2);
	fdt_begin_node(f, "chosen");
	fdt_property_string(f, "vcxl,boot-config", "action hold\n");
	fdt_end_node(f);
	fdt_begin_node(f, "soc");
	fdt_property_u32(f, "#address-cells", 1);
	fdt_property_u32(f, "#size-cells", 1);
	fdt_begin_node(f, "dev@10");
	fdt_property(f, "reg", reg, 8);
	fdt_property(f, "compatible", "vcxl,one\0vcxl,two", 18);
	fdt_end_node(f);
	fdt_end_node(f);
	fdt_begin_node(f, "window@1000000020");
	fdt_property(f, "reg", reg, sizeof(reg));
	fdt_end_node(f);
	fdt_end_node(f);
	fdt_finish(f);
	return blob;
}

TEST(device_tree, walk_sees_nodes_in_order_with_parent_cells)
{
	const auto blob = sample_tree();
	dt tree;
	dt_walk walk;
	std::string names;
	uint64_t base, size;

	ASSERT_TRUE(dt_open(&tree, blob.data(), static_cast<uint32_t>(blob.size())));
	dt_walk_start(&walk, &tree);
	while (dt_walk_next(&walk)) {
		names += std::string(walk.name) + ";";
		if (!strcmp(walk.name, "chosen")) {
			EXPECT_STREQ(dt_get_string(&walk, "vcxl,boot-config"), "action hold\n");
			EXPECT_EQ(dt_get_string(&walk, "stdout-path"), nullptr);
		}
		if (!strcmp(walk.name, "dev@10")) {
			ASSERT_TRUE(dt_get_reg(&walk, 0, &base, &size));
			EXPECT_EQ(base, 0x10u);
			EXPECT_EQ(size, 0x20u);
			EXPECT_FALSE(dt_get_reg(&walk, 1, &base, &size));
			EXPECT_TRUE(dt_list_has(&walk, "compatible", "vcxl,two"));
			EXPECT_FALSE(dt_list_has(&walk, "compatible", "vcxl"));
		}
		if (!strcmp(walk.name, "window@1000000020")) {
			ASSERT_TRUE(dt_get_reg(&walk, 1, &base, &size));
			EXPECT_EQ(base, 0x100000002u);
			EXPECT_EQ(size, 0x300000004u);
		}
	}
	EXPECT_EQ(names, ";chosen;soc;dev@10;window@1000000020;");
}

TEST(device_tree, truncated_blob_is_refused)
{
	const auto blob = sample_tree();
	dt tree;

	for (uint32_t n = 0; n < fdt_totalsize(blob.data()); n++) {
		const std::vector<uint8_t> part(blob.begin(), blob.begin() + n);
		EXPECT_FALSE(dt_open(&tree, part.data(), n)) << n;
	}
}

TEST(device_tree, damaged_blob_never_leads_outside)
{
	std::mt19937 random(1); // fixed seed; the sanitizer presets judge
	const auto good = sample_tree();
	const uint32_t total = fdt_totalsize(good.data());
	unsigned opened = 0;

	for (int round = 0; round < 20000; round++) {
		std::vector<uint8_t> bad(good.begin(), good.begin() + total);
		dt tree;
		dt_walk walk;
		unsigned nodes = 0;

		for (unsigned k = random() % 4 + 1; k; k--)
			bad[random() % total] = static_cast<uint8_t>(random());
		if (!dt_open(&tree, bad.data(), total))
			continue;
		opened++;
		dt_walk_start(&walk, &tree);
		while (dt_walk_next(&walk)) {
			uint64_t base, size;

			nodes++;
			dt_get_reg(&walk, 1, &base, &size);
			dt_list_has(&walk, "compatible", "x");
			dt_get_string(&walk, "vcxl,boot-config");
		}
		ASSERT_LE(nodes, total / 8);
	}
	EXPECT_GT(opened, 100u);
}

TEST(boot_config, reads_regions_and_action)
{
	config c;

	ASSERT_TRUE(config_parse("# comment\n"
				 "region window=1 offset=256M size=0x40000000 targets=12/0,222/1/3 "
				 "granularity=4K # why\n"
				 "\n"
				 "\tregion size=1G targets=7/0 lock window=0\r\n"
				 "action check",
				 &c))
		<< c.error;
	EXPECT_EQ(c.action, ACTION_CHECK);
	ASSERT_EQ(c.n_regions, 2u);
	EXPECT_EQ(c.regions[0].line, 2u);
	EXPECT_EQ(c.regions[0].window, 1u);
	EXPECT_TRUE(c.regions[0].has_offset);
	EXPECT_EQ(c.regions[0].offset, 0x10000000u);
	EXPECT_EQ(c.regions[0].size, 0x40000000u);
	EXPECT_EQ(c.regions[0].granularity, 4096u);
	ASSERT_EQ(c.regions[0].n_targets, 2u);
	EXPECT_EQ(std::string(c.regions[0].targets[1].path, c.regions[0].targets[1].length),
		  "222/1/3");
	EXPECT_FALSE(c.regions[0].lock);
	EXPECT_TRUE(c.regions[1].lock);
	EXPECT_FALSE(c.regions[1].has_offset);
	EXPECT_EQ(c.regions[1].granularity, 0u);
}

TEST(boot_config, action_is_open_unless_named)
{
	config c;

	ASSERT_TRUE(config_parse("action boot", &c));
	EXPECT_EQ(c.action, ACTION_BOOT);
	ASSERT_TRUE(config_parse("", &c));
	EXPECT_EQ(c.action, ACTION_DEFAULT);
	EXPECT_EQ(c.n_regions, 0u);
	ASSERT_TRUE(config_parse("action dcd\nregion window=0 size=1G targets=1/0", &c));
	EXPECT_EQ(c.action, ACTION_DCD);
	EXPECT_EQ(c.n_regions, 1u);
}

TEST(boot_config, mistakes_are_named_with_their_line)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "\nregions", "line 2: unknown directive 'regions'" },
		{ "action", "line 1: must be boot, test, write, check, hold or dcd: ''" },
		{ "action tests", "'tests'" },
		{ "action dcd2", "'dcd2'" },
		{ "action dcd dcd", "unknown word 'dcd'" },
		{ "action test hold", "unknown word 'hold'" },
		{ "action test\naction test", "line 2: given twice: 'action'" },
		{ "region window=0 size=1G", "window=, size= and targets= are needed" },
		{ "region window=0 size=1G targets=1/0 ways=2", "unknown word 'ways=2'" },
		{ "region window=0 window=1 size=1G targets=1/0", "given twice: 'window=1'" },
		{ "region window=0 lock size=1G targets=1/0 lock", "given twice: 'lock'" },
		{ "region window=0 size=1G targets=1/0 locked", "unknown word 'locked'" },
		{ "region window=0 size=1Q targets=1/0", "bad number in 'size=1Q'" },
		{ "region window=0 size=0x targets=1/0", "bad number in 'size=0x'" },
		{ "region window=0 size= targets=1/0", "bad number in 'size='" },
		{ "region window=-1 size=1G targets=1/0", "bad number in 'window=-1'" },
		{ "region window=4294967296 size=1G targets=1/0", "bad number" },
		{ "region window=0 size=99999999999999999999 targets=1/0", "bad number" },
		{ "region window=0 size=99999999999T targets=1/0", "bad number" },
		{ "region window=0 size=1G targets=1/0,,1/1", "empty target" },
		{ "region window=0 size=1G targets=", "empty target" },
		{ "region window=0 size=1G targets=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
		  "more than 16 targets" },
		{ "region window=0 size=1G targets=1/0 granularity=0", "bad number" },
	};

	for (const auto &row : rows) {
		config c;

		EXPECT_FALSE(config_parse(row.text, &c)) << row.text;
		EXPECT_NE(std::string(c.error).find(row.error), std::string::npos)
			<< row.text << ": " << c.error;
	}
}

TEST(boot_config, too_many_regions_are_refused)
{
	std::string text;
	config c;

	for (int i = 0; i < 33; i++)
		text += "region window=0 size=1G targets=1/0\n";
	EXPECT_FALSE(config_parse(text.c_str(), &c));
	EXPECT_NE(std::string(c.error).find("line 33"), std::string::npos) << c.error;
}

TEST(format, does_what_printf_does)
{
	char own[128], libc[128];

	fmt_text(own, sizeof(own), "%d|%5d|%-5d|%05d|%x|%08lx|%lu|%s|%10s|%-4s|%.2s|%c|%%", -7, 42,
		 -42, -42, 0xbeefu, 0x123456789abcul, ~0ul, "a", "b", "c", "xyz", '!');
	snprintf(libc, sizeof(libc), "%d|%5d|%-5d|%05d|%x|%08lx|%lu|%s|%10s|%-4s|%.2s|%c|%%", -7,
		 42, -42, -42, 0xbeefu, 0x123456789abcul, ~0ul, "a", "b", "c", "xyz", '!');
	EXPECT_STREQ(own, libc);
	EXPECT_EQ(fmt_text(own, 4, "%s", "abcdef"), 6u);
	EXPECT_STREQ(own, "abc");
}

TEST(format, sizes_use_the_largest_whole_unit)
{
	char text[24];

	EXPECT_STREQ(fmt_size(text, 256ul << 20), "256 MiB");
	EXPECT_STREQ(fmt_size(text, 1536ul << 20), "1536 MiB");
	EXPECT_STREQ(fmt_size(text, 4ul << 30), "4 GiB");
	EXPECT_STREQ(fmt_size(text, 0), "0 B");
	EXPECT_STREQ(fmt_size(text, 1000), "1000 B");
}

TEST(pattern, word_is_splitmix64_of_its_host_address)
{
	// the first outputs of splitmix64 seeded with 0: mix(0), mix(golden ratio), ...
	EXPECT_EQ(pattern_word(0), 0xe220a8397b1dcdafu);
	EXPECT_EQ(pattern_word(0x9e3779b97f4a7c15u), 0x6e789e6aa1b965f4u);
	EXPECT_EQ(pattern_word(0x3c6ef372fe94f82au), 0x06c45d188009454fu);
}

TEST(pattern, sparse_offsets_are_multiples_of_8_inside_the_region)
{
	const uint64_t size = 3ull << 28;
	std::set<uint64_t> seen;

	EXPECT_EQ(pattern_sparse_offset(0, size), 0u);
	for (unsigned i = 0; i < 4096; i++) {
		const uint64_t off = pattern_sparse_offset(i, size);

		EXPECT_EQ(off % 8, 0u);
		EXPECT_LT(off, size);
		EXPECT_EQ(off, (i * 0x9e3779b97f4a7c15u) % (size / 8) * 8);
		seen.insert(off);
	}
	EXPECT_GT(seen.size(), 4000u);
}

} // namespace
