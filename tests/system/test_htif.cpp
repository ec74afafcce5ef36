// SPDX-License-Identifier: Apache-2.0
//
// Bare-metal programs that speak the host-target interface, as the RISC-V test suites do.
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

outcome run_guest(const std::string &program, const scratch &dir, const words &more)
{
	words args{ "-M", "virt", "-m", "64M", "-nographic", "-bios", "none" };

	args.push_back("-kernel");
	args.push_back(std::string(VCXL_GUEST_DIR) + "/" + program);
	args.insert(args.end(), more.begin(), more.end());
	return run_vcxl(args, dir, 20);
}

} // namespace

TEST(htif, passing_program_prints_and_exits_with_0)
{
	const scratch dir;
	const outcome o = run_guest("htif_pass.elf", dir, {});

	EXPECT_EQ(o.status, 0) << o.err;
	EXPECT_EQ(o.out, "hello from the guest\n");
}

TEST(htif, failing_program_exits_with_its_number)
{
	const scratch dir;

	EXPECT_EQ(run_guest("htif_fail.elf", dir, {}).status, 5);
}

TEST(htif, several_harts_share_the_program)
{
	const scratch dir;

	EXPECT_EQ(run_guest("htif_pass.elf", dir, { "-smp", "4" }).status, 0);
}

TEST(htif, signature_is_the_words_between_its_symbols)
{
	const scratch dir;
	const outcome o = run_guest("htif_pass.elf", dir, { "--signature", dir.file("sig") });
	std::ifstream in(dir.file("sig"));
	const std::string text{ std::istreambuf_iterator<char>(in), {} };

	EXPECT_EQ(o.status, 0) << o.err;
	EXPECT_EQ(text, "01234567\n89abcdef\n00000008\n00000000\n");
}

TEST(htif, program_without_signature_symbols_is_an_error_that_says_so)
{
	const scratch dir;
	const outcome o = run_vcxl(
		{ "-M", "virt", "-m", "128M", "-nographic", "--signature", dir.file("sig") }, dir);

	EXPECT_EQ(o.status, 1);
	EXPECT_NE(o.err.find("begin_signature"), std::string::npos) << o.err;
}

// A quantum of any length gives the same run: a hart is never past the next event.
TEST(quantum, length_changes_nothing_for_one_hart)
{
	std::string stats;

	for (const char *quantum : { "100ns", "1us", "10us", "1ms", "10ms" }) {
		const scratch dir;
		const outcome o = run_vcxl({ "-M", "virt", "-m", "128M", "-nographic", "--stats",
					     "--quantum", quantum },
					   dir);
		const std::string seen = o.out + o.err.substr(0, o.err.find("host_seconds"));

		EXPECT_NE(o.err.find("instructions"), std::string::npos) << o.err;
		if (stats.empty())
			stats = seen;
		EXPECT_EQ(seen, stats) << quantum;
	}
}

} // namespace vcxl_test
