// SPDX-License-Identifier: Apache-2.0
//
// What Debian's kernels show of the latencies and bandwidths of a machine. A node has what HMAT
// says of it, or on newer kernels what the CXL driver computes of its region from CDAT, HMAT and
// the links.
#include <algorithm>
#include <map>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "linux_run.h"

namespace vcxl_test
{

namespace
{

// ns and MB/s
struct attributes {
	unsigned read_latency, write_latency, read_bandwidth, write_bandwidth;
};

// What the driver adds to a region's latencies for the links on the way: the time of a flit of 68
// bytes on each, in ns. Kernels up to 7.2 divide by the rate of a single lane and take picoseconds
// for nanoseconds; mended ones divide by the whole link's and round up.
struct flit_times {
	unsigned in_error, mended;
};

struct topology {
	const char *name, *args;
	attributes described; // what the command line adds up to
	flit_times flits;
};

struct shown {
	topology machine;
	const char *series;      // of the kernel
	bool node_is_the_region; // else the node is what HMAT says
};

void PrintTo(const shown &s, std::ostream *out)
{
	*out << s.machine.name << " on " << s.series;
}

// Lines of the guest's test: a file's name, a number.
std::map<std::string, unsigned> read_attributes(const std::string &text)
{
	std::istringstream lines(text);
	std::map<std::string, unsigned> found;
	std::string line;

	while (std::getline(lines, line)) {
		std::istringstream words(line);
		std::string name;
		unsigned value = 0;

		if (words >> name >> value && name.find("/access") != std::string::npos)
			found[name] = value;
	}
	return found;
}

void expect_attributes(const std::map<std::string, unsigned> &found, const std::string &folder,
		       const attributes &a)
{
	const std::pair<const char *, unsigned> rows[] = { { "read_latency", a.read_latency },
							   { "write_latency", a.write_latency },
							   { "read_bandwidth", a.read_bandwidth },
							   { "write_bandwidth",
							     a.write_bandwidth } };

	for (const auto &[name, value] : rows) {
		const auto at = found.find(folder + name);

		ASSERT_NE(at, found.end()) << folder << name;
		EXPECT_EQ(at->second, value) << folder << name;
	}
}

std::string name_of(const testing::TestParamInfo<shown> &test)
{
	std::string name = std::string(test.param.machine.name) + "_linux_" + test.param.series;

	std::replace(name.begin(), name.end(), '.', '_');
	return name;
}

class linux_shows : public testing::TestWithParam<shown>
{
};

// The host's own part: RAM, and 85 ns to a CXL port.
constexpr attributes ram{ 112, 112, 230'000, 230'000 };

// The slowest of both devices; four lanes of 32 GT/s carry 16000 of the second one's 30000 MB/s.
constexpr topology direct{ "direct",
			   "linux/coordinates_direct.args",
			   { 85 + 190, 85 + 260, 12'000 + 16'000, 9'000 + 14'000 },
			   { 17'000, 5 } };

// The switch passes 10000 MB/s to each device, and its eight lanes of 16 GT/s 16000 in all.
constexpr topology switched{ "switch",
			     "linux/coordinates_switch.args",
			     { 85 + 70 + 200, 85 + 70 + 180, 16'000, 3'000 + 10'000 },
			     { 34'000 + 17'000, 5 + 2 } };

} // namespace

TEST_P(linux_shows, the_latencies_and_bandwidths_of_the_machine_description)
{
	NEEDS_GUEST(GetParam().series);
	const topology &t = GetParam().machine;
	const scratch dir;
	linux_config config;

	config.series = GetParam().series;
	config.machine = args_file(t.args, dir);
	config.tests = "list,online,nodes,dmesg";
	const linux_outcome o = run_linux(config, dir);
	ASSERT_TRUE(o.passed) << o.run.out << o.run.err;
	std::map<std::string, unsigned> found = read_attributes(o.text("nodes"));
	const unsigned flits = found["region0/access0/read_latency"] - t.described.read_latency;
	attributes region = t.described;

	EXPECT_TRUE(flits == t.flits.in_error || flits == t.flits.mended) << flits;
	region.read_latency += flits;
	region.write_latency += flits;
	for (const std::string access : { "access0/", "access1/" }) {
		expect_attributes(found, "region0/" + access, region);
		expect_attributes(found, "node0/" + access + "initiators/", ram);
		expect_attributes(found, "node1/" + access + "initiators/",
				  GetParam().node_is_the_region ? region : t.described);
	}
	EXPECT_NE(o.text("list").find("\"ram_qos_class\":0"), std::string::npos);
	EXPECT_EQ(o.text("list").find("qos_class_mismatch"), std::string::npos);
	EXPECT_EQ(complaints(o.text("dmesg")), "");
}

INSTANTIATE_TEST_SUITE_P(ci, linux_shows,
			 testing::Values(shown{ direct, "6.12", false },
					 shown{ switched, "6.12", false }),
			 name_of);
INSTANTIATE_TEST_SUITE_P(full, linux_shows,
			 testing::Values(shown{ direct, "newest", true },
					 shown{ switched, "newest", true }),
			 name_of);

} // namespace vcxl_test
