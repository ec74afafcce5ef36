// SPDX-License-Identifier: Apache-2.0
//
// Linux and the machine around it: harts, interrupts, reboot, equal runs, wrong files.
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "linux_run.h"

namespace vcxl_test
{

namespace
{

linux_config direct4(const scratch &dir, const std::string &tests)
{
	linux_config config;

	config.machine = args_file("linux/direct4.args", dir);
	config.tests = tests;
	return config;
}

} // namespace

TEST(full, four_harts_share_the_interrupts_and_the_region_is_online)
{
	NEEDS_GUEST("6.12");
	const scratch dir;
	linux_config config = direct4(dir, "interrupts,online,bound,dmesg");

	config.machine.insert(config.machine.end(), { "-smp", "4" });
	const linux_outcome o = run_linux(config, dir);

	ASSERT_TRUE(o.passed) << o.run.out << o.run.err;
	EXPECT_EQ(o.text("interrupts").compare(0, 8, "harts 4\n"), 0) << o.text("interrupts");
	std::istringstream lines(o.text("interrupts"));
	std::set<std::string> harts;
	unsigned moved = 0;
	for (std::string line; std::getline(lines, line);) {
		std::istringstream in(line);
		std::string what, irq, to, hart, now, effective;

		in >> what >> irq >> to >> hart >> now >> effective;
		if (what == "irq")
			harts.insert(hart);
		if (what != "moved")
			continue;
		moved++;
		EXPECT_EQ(effective, hart) << line;
	}
	EXPECT_EQ(harts, (std::set<std::string>{ "0", "1", "2", "3" }));
	EXPECT_EQ(moved, 4u); // a device's event interrupt each
	EXPECT_EQ(complaints(o.text("dmesg")), "");
}

TEST(ci, two_runs_from_equal_files_give_identical_output)
{
	NEEDS_GUEST("6.12");
	const scratch one, other;
	linux_config config = direct4(one, "list,online,bound");
	const linux_outcome a = run_linux(config, one);
	const linux_outcome b = run_linux(config, other);

	EXPECT_TRUE(a.passed) << a.run.out << a.run.err;
	EXPECT_EQ(a.run.out, b.run.out);
}

} // namespace vcxl_test
