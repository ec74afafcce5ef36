// SPDX-License-Identifier: Apache-2.0
//
// Resets that the guest asks for. The guest (sw/guest/reboot.c) checks the machine after each; its
// number is the exit status when something is not as at power-on.
#include <cstdlib>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

const words cxl_device = { "-M",      "virt,cxl=on,cxl-fmw.0.targets.0=c,cxl-fmw.0.size=256M",
			   "-object", "memory-backend-ram,id=a,size=256M",
			   "-device", "pxb-cxl,bus_nr=12,bus=pcie.0,id=c",
			   "-device", "cxl-rp,port=0,bus=c,id=r,slot=1",
			   "-device", "cxl-type3,bus=r,volatile-memdev=a,id=m" };

outcome run_guest(const std::string &program, const scratch &dir, const words &more)
{
	words args{ "-M", "virt", "-m", "64M", "-nographic", "--stats" };

	args.push_back("-kernel");
	args.push_back(std::string(VCXL_GUEST_DIR) + "/" + program);
	args.insert(args.end(), more.begin(), more.end());
	return run_vcxl(args, dir, 30);
}

words with(words first, const words &more)
{
	first.insert(first.end(), more.begin(), more.end());
	return first;
}

unsigned long statistic(const outcome &o, const std::string &name)
{
	const size_t at = o.err.find(name + ' ');

	return at == std::string::npos ? 0 : strtoul(o.err.c_str() + at + name.size(), nullptr, 10);
}

std::string without_host_lines(const outcome &o)
{
	return o.out + o.err.substr(0, o.err.find("host_seconds"));
}

} // namespace

class reset_of_harts : public testing::TestWithParam<std::tuple<std::string, std::string>>
{
};

TEST_P(reset_of_harts, three_times_and_the_machine_is_as_at_power_on)
{
	const scratch dir;
	const auto &[harts, engine] = GetParam();
	const words args{ "-bios", "none", "-smp", harts, "--engine", engine };
	const std::string program = "reboot_" + harts + ".elf";
	const outcome o = run_guest(program, dir, args);

	EXPECT_EQ(o.status, 0) << o.err;
	EXPECT_EQ(o.out, "1234\n");
	EXPECT_EQ(without_host_lines(o), without_host_lines(run_guest(program, dir, args)));
}

INSTANTIATE_TEST_SUITE_P(reset, reset_of_harts,
			 testing::Combine(testing::Values("1", "4"),
					  testing::Values("block", "step")),
			 [](const auto &row) {
				 return std::get<0>(row.param) + "_" + std::get<1>(row.param);
			 });

TEST(reset, asked_for_by_code_in_cxl_memory_uncommits_the_decoders_and_keeps_the_content)
{
	const scratch dir;

	for (const char *engine : { "block", "step" }) {
		const outcome o =
			run_guest("reboot_cxl.elf", dir,
				  with(cxl_device, { "-bios", "none", "--engine", engine }));

		EXPECT_EQ(o.status, 0) << engine << o.err;
		EXPECT_EQ(o.out, "1234\n") << engine;
	}
}

TEST(reset, counts_of_instructions_and_time_go_on)
{
	const scratch dir;
	const words bare{ "-bios", "none" };
	const outcome once = run_guest("reboot_1.elf", dir, with(bare, { "-no-reboot" }));
	const outcome all = run_guest("reboot_1.elf", dir, bare);
	const unsigned long first = statistic(once, "instructions");

	EXPECT_EQ(once.status, 0) << once.err;
	EXPECT_EQ(once.out, "1");
	ASSERT_GT(first, 20u);
	// four boots that differ by a few instructions
	EXPECT_GT(statistic(all, "instructions"), 4 * first - 40);
	EXPECT_LT(statistic(all, "instructions"), 4 * first + 40);
	EXPECT_GE(statistic(all, "steps"), statistic(all, "instructions"));
}

TEST(reset, by_sbi_cold_and_warm_boots_opensbi_again)
{
	const scratch dir;

	for (const char *program : { "reboot_sbi_cold.elf", "reboot_sbi_warm.elf" }) {
		const outcome o = run_guest(program, dir, {});
		size_t banners = 0;

		for (size_t at = 0; (at = o.out.find("OpenSBI v", at)) != std::string::npos; at++)
			banners++;
		EXPECT_EQ(o.status, 0) << program << o.err;
		EXPECT_EQ(banners, 4u) << program;
	}
}

} // namespace vcxl_test
