// SPDX-License-Identifier: Apache-2.0
//
// What people do with `cxl`, `ndctl` and the kernel's files, as shell scripts in
// tests/data/linux/flows: what NAME.sh prints on the own kernel is NAME.txt. Most of them follow
// the tests of ndctl. What one keeps over a reboot it writes to /dev/vda.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "linux_run.h"

namespace vcxl_test
{

namespace
{

struct flow {
	const char *name;
	words warnings; // that the kernel gives
};

void PrintTo(const flow &f, std::ostream *out)
{
	*out << f.name;
}

class linux_flow : public testing::TestWithParam<flow>
{
};

} // namespace

TEST_P(linux_flow, prints_what_it_should)
{
	NEEDS_GUEST("own");
	const std::string file = std::string(VCXL_TEST_DATA "/linux/flows/") + GetParam().name;
	const scratch dir;
	const std::string disk = dir.write("disk.img", "");
	linux_config config;

	std::filesystem::resize_file(disk, 1 << 20);
	config.series = "own";
	config.machine = args_file("linux/flows.args", dir);
	config.machine.insert(config.machine.end(),
			      { "-drive", "file=" + disk + ",format=raw,if=virtio" });
	config.tests = "script,dmesg";
	config.script = ". /etc/vcxl-lib.sh\n" + read_text(file + ".sh");
	const linux_outcome o = run_linux(config, dir);

	EXPECT_TRUE(o.passed) << o.run.out << o.run.err;
	EXPECT_EQ(o.text("script"), read_text(file + ".txt"));
	words expected = GetParam().warnings;
	expected.push_back(no_bus_numbers);
	EXPECT_EQ(complaints(o.text("dmesg"), expected), "");
}

INSTANTIATE_TEST_SUITE_P(
	own, linux_flow,
	testing::Values(flow{ "features", { "has requested full access to the physical device" } },
			flow{ "labels", {} },
			flow{ "poison",
			      { "poison inject dpa:0x2000 region: region0",
				"poison clear dpa:0x2000 region: region0" } },
			flow{ "qos", {} }, flow{ "regions", {} }, flow{ "sanitize", {} },
			flow{ "scrub", {} }, flow{ "sparing", {} }, flow{ "security", {} },
			flow{ "unlock", {} }),
	[](const testing::TestParamInfo<flow> &f) { return f.param.name; });

} // namespace vcxl_test
