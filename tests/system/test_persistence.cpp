// SPDX-License-Identifier: Apache-2.0
//
// Persistent media outlive the simulator: what one run wrote through host addresses, the next run
// with the same files reads back, also when the first one was killed after the guest had flushed.
#include <csignal>
#include <string>

#include <gtest/gtest.h>

#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

words with_action(const std::string &args, const scratch &dir, const std::string &action)
{
	words result = args_file(args, dir);

	result.push_back("--boot-config");
	result.push_back(dir.write(action + ".conf", "action " + action + "\n"));
	return result;
}

void write_then_check(const std::string &args)
{
	const scratch dir;
	const outcome before = run_vcxl(with_action(args, dir, "check"), dir);
	const outcome write = run_vcxl(with_action(args, dir, "write"), dir);
	const outcome check = run_vcxl(with_action(args, dir, "check"), dir);

	// new files hold zeros, so the check must be able to fail
	EXPECT_NE(before.status, 0) << before.out;
	EXPECT_EQ(write.status, 0) << write.out << write.err;
	EXPECT_EQ(check.status, 0) << check.out << check.err;
	EXPECT_NE(check.out.find("all held"), std::string::npos);
}

void kill_then_check(const std::string &args)
{
	const scratch dir;
	{
		running first(with_action(args, dir, "hold"), dir);

		ASSERT_TRUE(first.wait_for("holding")) << first.output();
		first.kill_now();
	}
	const outcome check = run_vcxl(with_action(args, dir, "check"), dir);

	EXPECT_EQ(check.status, 0) << check.out << check.err;
}

} // namespace

TEST(persistent_memory, second_run_reads_what_the_first_wrote)
{
	write_then_check("options/doc1.args");
}

TEST(persistent_memory, second_run_reads_what_the_first_wrote_at_four_ways)
{
	write_then_check("options/doc4.args");
}

TEST(persistent_memory, kill_loses_nothing_that_was_flushed)
{
	kill_then_check("options/doc1.args");
}

TEST(persistent_memory, kill_loses_nothing_that_was_flushed_at_four_ways)
{
	kill_then_check("options/doc4.args");
}

TEST(persistent_memory, interrupt_ends_the_run_with_status_130)
{
	const scratch dir;
	running vcxl(with_action("options/doc1.args", dir, "hold"), dir);

	ASSERT_TRUE(vcxl.wait_for("holding")) << vcxl.output();
	vcxl.signal(SIGINT);
	EXPECT_EQ(vcxl.wait(10), 130);
}

} // namespace vcxl_test
