// SPDX-License-Identifier: Apache-2.0
//
// Persistent memory from the device's labels to the file system, on the own kernel: what a guest
// synced is there for the next one, whether the first ended in order or its simulator was killed.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "linux_run.h"

namespace vcxl_test
{

namespace
{

struct kept {
	const char *name; // of the test
	const char *args; // machine, below tests/data
	unsigned ways;
	const char *mode; // of the namespace
	bool killed;
};

void PrintTo(const kept &k, std::ostream *out)
{
	*out << k.name;
}

linux_config guest(const kept &k, const std::string &tests, const scratch &dir)
{
	linux_config config;

	config.series = "own";
	config.machine = args_file(k.args, dir);
	config.machine.emplace_back("--direct");
	config.tests = tests;
	config.append = "vcxl.ways=" + std::to_string(k.ways) + " vcxl.mode=" + k.mode;
	return config;
}

std::string read_file(const std::string &path)
{
	std::ifstream in(path, std::ios::binary);

	return { std::istreambuf_iterator<char>(in), {} };
}

size_t count(const std::string &text, const std::string &what)
{
	size_t n = 0;

	for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
		n++;
	return n;
}

// On riscv64 the driver says so of every persistent memory: the kernel has no copy from user memory
// that flushes.
std::string complaints_of(const linux_outcome &o)
{
	return complaints(o.text("dmesg"),
			  { no_bus_numbers, "unable to guarantee persistence of writes" });
}

// Namespaces without a block device have a pair of tests of their own.
std::string test_of(const kept &k, const std::string &step)
{
	return (std::string(k.mode) == "devdax" ? "devdax-" : "pmem-") + step;
}

class persistent : public testing::TestWithParam<kept>
{
};

} // namespace

TEST_P(persistent, namespace_and_file_system_are_found_by_the_next_guest)
{
	NEEDS_GUEST("own");
	const kept &k = GetParam();
	const scratch dir;

	if (k.killed) {
		linux_config config = guest(k, test_of(k, "make"), dir);

		config.append += " vcxl.hold=on";
		running program(linux_words(config), dir);
		ASSERT_TRUE(program.wait_for("VCXL-SYNCED", config.timeout)) << program.output();
		program.kill_now();
	} else {
		const linux_outcome first =
			run_linux(guest(k, test_of(k, "make") + ",dmesg", dir), dir);

		ASSERT_TRUE(first.passed) << first.run.out << first.run.err;
		EXPECT_EQ(complaints_of(first), "");
	}
	const std::string find = test_of(k, "find");
	const linux_outcome second = run_linux(guest(k, find + ",dmesg", dir), dir);

	ASSERT_TRUE(second.passed) << second.run.out << second.run.err;
	EXPECT_NE(second.text(find).find(find[0] == 'd' ? "found the words of devdax-make\n"
							: "found the text of pmem-make\n"),
		  std::string::npos);
	EXPECT_EQ(complaints_of(second), "");
}

INSTANTIATE_TEST_SUITE_P(
	own, persistent,
	testing::Values(kept{ "one_way", "linux/pmem4.args", 1, "fsdax", false },
			kept{ "one_way_killed", "linux/pmem4.args", 1, "fsdax", true },
			kept{ "two_ways_sector", "linux/pmem4.args", 2, "sector", false },
			kept{ "two_ways_killed", "linux/pmem4.args", 2, "fsdax", true },
			kept{ "four_ways", "linux/pmem4.args", 4, "fsdax", false },
			kept{ "four_ways_killed", "linux/pmem4.args", 4, "sector", true },
			kept{ "one_way_devdax", "linux/pmem4.args", 1, "devdax", false },
			kept{ "four_ways_devdax_killed", "linux/pmem4.args", 4, "devdax", true },
			kept{ "documentation_four_ways", "options/doc4.args", 4, "fsdax", false },
			kept{ "documentation_switch", "options/doc5.args", 4, "fsdax", true }),
	[](const testing::TestParamInfo<kept> &test) { return std::string(test.param.name); });

// The volatile region takes half of its partition on each device; the persistent decoder skips the
// rest. Two ways of 256 bytes: granule n of the namespace is granule n / 2 of device n % 2.
TEST(own_partitions, both_kinds_of_region_are_live_at_once)
{
	NEEDS_GUEST("own");
	const kept both{ "", "linux/mixed2.args", 2, "raw", false };
	const scratch dir;
	const linux_outcome o = run_linux(guest(both, "mixed,dmesg", dir), dir);

	ASSERT_TRUE(o.passed) << o.run.out << o.run.err;
	EXPECT_EQ(complaints_of(o), "");
	const std::string &text = o.text("mixed");
	EXPECT_EQ(count(text, " wrong_words=0 "), 2u) << "before and after the other region went";
	EXPECT_EQ(count(text, "\"dpa_resource\":0,"), 2u);
	EXPECT_EQ(count(text, "\"dpa_resource\":536870912,"), 2u) << text;
	EXPECT_EQ(count(text, "\"dpa_size\":268435456,"), 4u) << text;
	const std::string media[] = { read_file(dir.file("pmem0.raw")),
				      read_file(dir.file("pmem1.raw")) };
	constexpr size_t granule = 256, line = 32;
	std::string together;
	for (size_t n = 0; n < 4096; n++)
		together += media[n % 2].substr(n / 2 * granule, granule);
	for (size_t n = 0; n < together.size() / line; n++) {
		const std::string number = std::to_string(n + 1);

		ASSERT_EQ(together.substr(n * line, line),
			  "persistent line " + std::string(15 - number.size(), '0') + number +
				  "\n");
	}
	for (const char *file : { "vmem0.raw", "vmem1.raw" })
		EXPECT_EQ(read_file(dir.file(file)).find("persistent line"), std::string::npos)
			<< file;
}

} // namespace vcxl_test
