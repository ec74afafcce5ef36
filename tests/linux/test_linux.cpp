// SPDX-License-Identifier: Apache-2.0
//
// Debian's unmodified kernels on vcxl: what `cxl list` sees of each topology is typed in
// tests/data/linux, and the kernel's log has nothing to complain of.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "linux_run.h"
#include "topology_json.h"

namespace vcxl_test
{

namespace
{

struct listed {
	const char *name;   // of the expected JSON, and of the test
	const char *args;   // of the machine
	const char *series; // of the kernel
};

void PrintTo(const listed &l, std::ostream *out)
{
	*out << l.name << " on " << l.series;
}

std::string read_text(const std::string &path)
{
	std::ifstream in(path);

	return { std::istreambuf_iterator<char>(in), {} };
}

// What the kernels say differently has a file of its own.
std::string expected_list(const listed &l)
{
	const std::string base = std::string(VCXL_TEST_DATA) + "/linux/" + l.name;
	const std::string special = read_text(base + "." + l.series + ".json");

	return special.empty() ? read_text(base + ".json") : special;
}

std::string name_of(const testing::TestParamInfo<listed> &test)
{
	std::string name = std::string(test.param.name) + "_linux_" + test.param.series;

	std::replace(name.begin(), name.end(), '.', '_');
	return name;
}

class linux_sees : public testing::TestWithParam<listed>
{
};

} // namespace

TEST_P(linux_sees, the_topology_and_has_no_complaint)
{
	NEEDS_GUEST(GetParam().series);
	const scratch dir;
	linux_config config;

	config.series = GetParam().series;
	config.machine = args_file(GetParam().args, dir);
	config.tests = "list,dmesg";
	const linux_outcome o = run_linux(config, dir);

	EXPECT_EQ(o.run.status, 0) << o.run.err;
	ASSERT_TRUE(o.passed) << o.run.out << o.run.err;
	EXPECT_EQ(compare_topology(o.text("list"), expected_list(GetParam())), "");
	EXPECT_EQ(complaints(o.text("dmesg")), "");
}

INSTANTIATE_TEST_SUITE_P(ci, linux_sees,
			 testing::Values(listed{ "persistent_switch4", "options/doc5.args",
						 "6.12" },
					 listed{ "direct4", "linux/direct4.args", "6.12" }),
			 name_of);
INSTANTIATE_TEST_SUITE_P(full, linux_sees,
			 testing::Values(listed{ "persistent1", "options/doc1.args", "6.12" },
					 listed{ "volatile1", "options/doc2.args", "6.12" },
					 listed{ "volatile1_lsa", "options/doc3.args", "6.12" },
					 listed{ "persistent4", "options/doc4.args", "6.12" },
					 listed{ "persistent1", "options/doc1.args", "newest" },
					 listed{ "volatile1", "options/doc2.args", "newest" },
					 listed{ "volatile1_lsa", "options/doc3.args", "newest" },
					 listed{ "persistent4", "options/doc4.args", "newest" },
					 listed{ "persistent_switch4", "options/doc5.args",
						 "newest" },
					 listed{ "direct4", "linux/direct4.args", "newest" }),
			 name_of);

} // namespace vcxl_test
