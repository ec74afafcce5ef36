// SPDX-License-Identifier: Apache-2.0
//
// Names of guest code, and the profile that uses them: tables and texts as literals.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "profile.h"
#include "symbols.h"

namespace
{

std::vector<uint8_t> bytes_of(const std::string &text)
{
	return { text.begin(), text.end() };
}

std::string error_of(const std::string &map)
{
	try {
		vcxl::symbol_table().add_file("dir/map", bytes_of(map), 0);
	} catch (const vcxl::load_error &e) {
		return e.what();
	}
	return "no error";
}

const std::string system_map = "ffffffff80000000 T _start\n"
			       "ffffffff80000010 t local_one\n"
			       "ffffffff80000010 T global_one\n"
			       "ffffffff80000040 D data\n"
			       "ffffffff80001000 W weak\n"
			       "ffffffff80002000 B _end\n";

TEST(symbol_table, names_an_address_by_the_function_that_holds_it)
{
	vcxl::symbol_table names;

	names.add("prog", { { 0x1000, 0x1010, "one" }, { 0x1010, 0x1014, "two" } });
	EXPECT_EQ(names.where(0xfff), "");
	EXPECT_EQ(names.where(0x1000), "one");
	EXPECT_EQ(names.where(0x100f), "one+0xf");
	EXPECT_EQ(names.where(0x1010), "two");
	EXPECT_EQ(names.where(0x1014), "") << "behind its end";
	names.add("other", { { 0x1004, 0x1008, "inner" }, { 0x1010, 0x1020, "late" } }, 0x1000);
	EXPECT_EQ(names.where(0x2006), "inner+0x2");
	EXPECT_EQ(names.module_of(*names.find(0x2006)), "other");
	EXPECT_EQ(names.module_of(*names.find(0x1001)), "prog");
	names.add("again", { { 0x1000, 0x1010, "alias" } });
	EXPECT_EQ(names.where(0x1001), "one+0x1") << "who came first";
}

TEST(symbol_table, reads_a_system_map_whose_names_reach_to_the_next_address)
{
	vcxl::symbol_table names;

	names.add_file("dir/System.map", bytes_of(system_map), 0x1000);
	EXPECT_EQ(names.where(0xffffffff80000fff), "");
	EXPECT_EQ(names.where(0xffffffff8000100f), "_start+0xf");
	EXPECT_EQ(names.where(0xffffffff80001010), "local_one") << "the first of its address";
	EXPECT_EQ(names.where(0xffffffff80001040), "") << "data";
	EXPECT_EQ(names.where(0xffffffff80002fff), "weak+0xfff");
	EXPECT_EQ(names.where(0xffffffff80003000), "") << "the last is an end";
	EXPECT_EQ(names.module_of(*names.find(0xffffffff80002000)), "System.map");
}

TEST(symbol_table, reads_kallsyms_with_its_modules)
{
	vcxl::symbol_table names;

	names.add_file("kallsyms", bytes_of("2000 t probe\t[cxl_pci]\n1000 T main\n3000 t end\n"),
		       0);
	EXPECT_EQ(names.where(0x1004), "main+0x4");
	EXPECT_EQ(names.module_of(*names.find(0x1004)), "kallsyms");
	EXPECT_EQ(names.module_of(*names.find(0x2004)), "cxl_pci");
}

TEST(symbol_table, file_that_names_no_code_is_an_error_that_names_it)
{
	// as in Debian's linux-image packages
	EXPECT_EQ(error_of("ffffffffffffffff B The real System.map is elsewhere\n"),
		  "dir/map: names no code");
	EXPECT_EQ(error_of(""), "dir/map: names no code");
	EXPECT_EQ(error_of("1000 T a\n2000 T b\nnonsense\n"),
		  "dir/map: line 3 is not ADDRESS TYPE NAME, and the file is no ELF file");
	for (const char *line : { "1000", "1000 T", "1000 T ", "1000 TT a", "T a", "1000  a" })
		EXPECT_NE(error_of(line).find("line 1"), std::string::npos) << line;
	EXPECT_EQ(error_of("\177ELF"), "dir/map: ELF header lies outside the file");
	EXPECT_EQ(error_of("1000 T a\n2000 T b"), "no error") << "without the last newline";
}

TEST(profile, is_a_table_of_functions_by_mode_the_hottest_first)
{
	vcxl::symbol_table names;
	vcxl::profile samples(100);

	names.add("fw.elf", { { 0x1000, 0x1010, "main" }, { 0x1010, 0x1020, "loop" } });
	EXPECT_EQ(samples.report(names), "# 0 samples, one per 100 steps of a hart\n"
					 "#  samples percent mode function module\n");
	for (unsigned i = 0; i < 4; i++)
		samples.add(0x1010 + 2 * i, 3);
	samples.add(0x1000, 3);
	samples.add(0x1000, 1);
	samples.add(0x5123, 0);
	samples.add(0x5ff0, 0);
	EXPECT_EQ(samples.report(names), "# 8 samples, one per 100 steps of a hart\n"
					 "#  samples percent mode function module\n"
					 "         4   50.00    M loop fw.elf\n"
					 "         2   25.00    U 0x5000-0x5fff -\n"
					 "         1   12.50    S main fw.elf\n"
					 "         1   12.50    M main fw.elf\n");
}

} // namespace
