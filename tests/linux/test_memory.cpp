// SPDX-License-Identifier: Apache-2.0
//
// Regions that the firmware committed become memory of Linux: dax device, NUMA node, a bound memory
// test of more than half of it, offline and back.
#include <algorithm>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "linux_run.h"

namespace vcxl_test
{

namespace
{

struct region {
	const char *args;
	uint64_t bytes;
	const char *series;
};

void PrintTo(const region &r, std::ostream *out)
{
	*out << r.args << " on " << r.series;
}

class committed_region : public testing::TestWithParam<region>
{
};

std::string name_of(const testing::TestParamInfo<region> &test)
{
	std::string name = std::string(test.param.args) + "_linux_" + test.param.series;

	std::replace(name.begin(), name.end(), '.', '_');
	return name;
}

constexpr uint64_t device = 256 << 20; // capacity of each in tests/data/linux

} // namespace

TEST_P(committed_region, is_a_node_that_is_tested_taken_offline_and_tested_again)
{
	NEEDS_GUEST(GetParam().series);
	const scratch dir;
	linux_config config;

	config.series = GetParam().series;
	config.machine = args_file(std::string("linux/") + GetParam().args + ".args", dir);
	config.tests = "online,bound,offline,bound,dmesg";
	const linux_outcome o = run_linux(config, dir);

	EXPECT_EQ(o.run.status, 0) << o.run.err;
	EXPECT_TRUE(o.passed) << o.run.out << o.run.err;
	const std::string bytes = std::to_string(GetParam().bytes);
	EXPECT_NE(o.text("online").find("dax0.0: node 1, " + bytes + " bytes, " + bytes +
					" bytes online\n"),
		  std::string::npos)
		<< o.text("online");
	// vcxl-bench ends with an error for a wrong word and for a page on another node
	std::istringstream tested(o.text("bound"));
	std::string node, size, wrong;
	tested >> node >> size >> wrong;
	EXPECT_EQ(node, "node=1");
	EXPECT_EQ(wrong, "wrong_words=0");
	ASSERT_EQ(size.compare(0, 6, "bytes="), 0) << size;
	EXPECT_GT(std::stoull(size.substr(6)), GetParam().bytes / 2);
	EXPECT_EQ(complaints(o.text("dmesg")), "");
}

TEST(full, a_program_runs_from_interleaved_cxl_memory)
{
	NEEDS_GUEST("6.12");
	const scratch dir;
	linux_config config;

	config.machine = args_file("linux/direct2.args", dir);
	config.tests = "online,text";
	const linux_outcome o = run_linux(config, dir);

	ASSERT_TRUE(o.passed) << o.run.out << o.run.err;
	// numa_maps: where the pages of the program's text are
	std::istringstream lines(o.text("text"));
	std::string results[2];
	unsigned maps = 0;
	for (std::string line; std::getline(lines, line);) {
		const size_t result = line.find("result=");

		if (result != std::string::npos)
			results[maps - 1] = line.substr(result);
		if (line.find("file=/run/text") == std::string::npos)
			continue;
		ASSERT_LT(maps, 2u);
		const std::string here = " N" + std::to_string(maps) + "=";
		const std::string there = " N" + std::to_string(1 - maps) + "=";
		EXPECT_NE(line.find(here), std::string::npos) << line;
		EXPECT_EQ(line.find(there), std::string::npos) << line;
		maps++;
	}
	EXPECT_EQ(maps, 2u);
	EXPECT_NE(results[0], "");
	EXPECT_EQ(results[0], results[1]);
}

INSTANTIATE_TEST_SUITE_P(ci, committed_region,
			 testing::Values(region{ "direct4", 4 * device, "6.12" }), name_of);
INSTANTIATE_TEST_SUITE_P(full, committed_region,
			 testing::Values(region{ "direct1", 1 * device, "6.12" },
					 region{ "direct2", 2 * device, "6.12" },
					 region{ "switch1", 1 * device, "6.12" },
					 region{ "switch2", 2 * device, "6.12" },
					 region{ "switch4", 4 * device, "6.12" },
					 region{ "direct1", 1 * device, "newest" },
					 region{ "direct2", 2 * device, "newest" },
					 region{ "direct4", 4 * device, "newest" },
					 region{ "switch1", 1 * device, "newest" },
					 region{ "switch2", 2 * device, "newest" },
					 region{ "switch4", 4 * device, "newest" }),
			 name_of);

} // namespace vcxl_test
