// SPDX-License-Identifier: Apache-2.0
//
// Regions that Linux makes at run time, which takes a kernel built for it (sw/linux/make-kernel):
// created, online, memory test, disabled, destroyed, and made anew with another width.
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "linux_run.h"

namespace vcxl_test
{

namespace
{

struct made {
	const char *name; // of the test
	const char *args; // machine, below tests/data
	std::vector<unsigned> ways;
	unsigned granularity; // a window of several ways allows its own only
	bool direct;          // no firmware: nothing is committed before
	words more = {};      // options of the machine
};

void PrintTo(const made &m, std::ostream *out)
{
	*out << m.name;
}

constexpr uint64_t device = 256 << 20; // capacity of each in these machines

std::vector<std::string> lines_with(const std::string &text, const std::string &start)
{
	std::istringstream lines(text);
	std::vector<std::string> found;

	for (std::string line; std::getline(lines, line);)
		if (line.compare(0, start.size(), start) == 0)
			found.push_back(line);
	return found;
}

std::string joined(const std::vector<unsigned> &numbers)
{
	std::string text;

	for (const unsigned n : numbers)
		text += (text.empty() ? "" : ",") + std::to_string(n);
	return text;
}

class region : public testing::TestWithParam<made>
{
};

} // namespace

TEST_P(region, is_created_tested_destroyed_and_created_anew)
{
	NEEDS_GUEST("own");
	const made &m = GetParam();
	const scratch dir;
	linux_config config;

	config.series = "own";
	config.machine = args_file(m.args, dir);
	config.machine.insert(config.machine.end(), m.more.begin(), m.more.end());
	if (m.direct)
		config.machine.emplace_back("--direct");
	config.tests = "regions,dmesg";
	config.append = "vcxl.ways=" + joined(m.ways) +
			" vcxl.granularity=" + std::to_string(m.granularity);
	const linux_outcome o = run_linux(config, dir);

	ASSERT_TRUE(o.passed) << o.run.out << o.run.err;
	const std::string &text = o.text("regions");
	const auto created = lines_with(text, "created "),
		   online = lines_with(text, "dax0.0: node"), tested = lines_with(text, "node="),
		   destroyed = lines_with(text, "destroyed ");
	ASSERT_EQ(created.size(), m.ways.size()) << text;
	ASSERT_EQ(online.size(), m.ways.size()) << text;
	ASSERT_EQ(tested.size(), m.ways.size()) << text;
	ASSERT_EQ(destroyed.size(), m.ways.size()) << text;
	for (size_t i = 0; i < m.ways.size(); i++) {
		const std::string ways = std::to_string(m.ways[i]),
				  bytes = std::to_string(m.ways[i] * device);

		EXPECT_EQ(created[i], "created ways " + ways + " granularity " +
					      std::to_string(m.granularity) + " size " + bytes);
		EXPECT_NE(
			online[i].find(": node 1, " + bytes + " bytes, " + bytes + " bytes online"),
			std::string::npos)
			<< online[i];
		EXPECT_NE(tested[i].find(" wrong_words=0 "), std::string::npos) << tested[i];
	}
	EXPECT_EQ(complaints(o.text("dmesg"), m.direct ? words{ no_bus_numbers } : words{}), "");
}

INSTANTIATE_TEST_SUITE_P(
	own, region,
	testing::Values(
		made{ "direct", "linux/ports4.args", { 1, 2, 4, 1 }, 256, true },
		made{ "below_a_switch", "linux/switch4.args", { 4, 2, 1, 4 }, 1024, true },
		made{ "over_two_bridges", "linux/direct4.args", { 4, 2, 4 }, 256, true },
		made{ "over_four_bridges", "linux/bridges4.args", { 8, 4, 8 }, 512, true },
		made{ "in_a_3_way_window", "linux/window3.args", { 3, 6, 3 }, 256, true },
		made{ "in_a_6_way_window", "linux/window6.args", { 6, 6 }, 1024, true },
		made{ "after_that_of_the_firmware", "linux/direct4.args", { 2, 4 }, 256, false }),
	[](const testing::TestParamInfo<made> &test) { return std::string(test.param.name); });

const words by_xor = { "-M", "cxl-fmw.0.interleave-arithmetic=xor" };

INSTANTIATE_TEST_SUITE_P(
	own_xor, region,
	testing::Values(
		made{ "in_a_1_way_window", "linux/ports4.args", { 1, 2, 4 }, 256, true, by_xor },
		made{ "in_a_2_way_window", "linux/direct4.args", { 2, 4, 2 }, 256, true, by_xor },
		made{ "in_a_3_way_window", "linux/window3.args", { 3, 6 }, 256, true, by_xor },
		made{ "in_a_4_way_window", "linux/bridges4.args", { 4, 8 }, 512, true, by_xor },
		made{ "in_a_6_way_window", "linux/window6.args", { 6, 6 }, 1024, true, by_xor },
		made{ "in_a_12_way_window", "linux/window12.args", { 12 }, 256, true, by_xor },
		made{ "of_the_firmware", "linux/direct4.args", { 2 }, 256, false, by_xor }),
	[](const testing::TestParamInfo<made> &test) { return std::string(test.param.name); });

TEST(own_kernel, boots_and_powers_off_in_150_million_instructions)
{
	NEEDS_GUEST("own");
	const scratch dir;
	linux_config config;

	config.series = "own";
	config.machine = args_file("linux/direct4.args", dir);
	config.machine.insert(config.machine.end(), { "--direct", "--stats" });
	config.tests = "poweroff";
	const linux_outcome o = run_linux(config, dir);

	ASSERT_TRUE(o.passed) << o.run.out << o.run.err;
	const auto count = lines_with(o.run.err, "instructions ");
	ASSERT_EQ(count.size(), 1u) << o.run.err;
	EXPECT_LT(std::stoull(count[0].substr(sizeof("instructions"))), 150'000'000u) << count[0];
}

TEST(own_kernel, has_the_trace_events_of_cxl_and_of_what_concerns_it)
{
	NEEDS_GUEST("own");
	const scratch dir;
	linux_config config;

	config.series = "own";
	config.machine = { "-m", "1G" };
	config.tests = "script";
	config.script = R"(mount -t tracefs tracefs /sys/kernel/tracing
for event in cxl/cxl_general_media cxl/cxl_dram cxl/cxl_memory_module cxl/cxl_generic_event \
	cxl/cxl_memory_sparing cxl/cxl_poison cxl/cxl_overflow cxl/cxl_aer_uncorrectable_error \
	cxl/cxl_aer_correctable_error ras/aer_event sched/sched_switch migrate/mm_migrate_pages \
	fs_dax/dax_pmd_fault block/block_rq_issue irq/irq_handler_entry; do
	echo 1 >/sys/kernel/tracing/events/$event/enable || exit 1
done
)";
	const linux_outcome o = run_linux(config, dir);

	EXPECT_TRUE(o.passed) << o.run.out << o.run.err;
}

} // namespace vcxl_test
