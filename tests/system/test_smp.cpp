// SPDX-License-Identifier: Apache-2.0
//
// Several harts: started by SBI HSM, counting under locks, by LR/SC and AMO, woken by IPIs.
#include <string>

#include <gtest/gtest.h>

#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

outcome run_smp(const std::string &harts, const scratch &dir, const words &more = {})
{
	words args{ "-M", "virt", "-m", "64M", "-nographic", "--stats", "-smp", harts };

	args.push_back("-kernel");
	args.push_back(std::string(VCXL_GUEST_DIR) + "/smp_" + harts + ".elf");
	args.insert(args.end(), more.begin(), more.end());
	return run_vcxl(args, dir, 60);
}

std::string without_host_lines(const outcome &o)
{
	return o.out + o.err.substr(0, o.err.find("host_seconds"));
}

} // namespace

TEST(smp, one_hart_counts)
{
	const scratch dir;

	EXPECT_EQ(run_smp("1", dir).status, 0);
}

TEST(smp, eight_harts_lose_no_count_and_all_are_woken)
{
	const scratch dir;
	const outcome o = run_smp("8", dir);

	EXPECT_EQ(o.status, 0) << o.err;
	EXPECT_NE(o.out.find("Platform HART Count         : 8"), std::string::npos);
}

TEST(smp, two_runs_are_identical)
{
	const scratch dir;

	EXPECT_EQ(without_host_lines(run_smp("8", dir)), without_host_lines(run_smp("8", dir)));
}

TEST(smp, holds_at_other_quanta)
{
	const scratch dir;

	EXPECT_EQ(run_smp("8", dir, { "--quantum", "200ns" }).status, 0);
	EXPECT_EQ(run_smp("8", dir, { "--quantum", "1ms" }).status, 0);
}

} // namespace vcxl_test
