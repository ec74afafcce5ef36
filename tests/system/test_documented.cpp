// SPDX-License-Identifier: Apache-2.0
//
// The command lines of QEMU's CXL documentation, as a user types them. The firmware's word is not
// taken: what it wrote is compared with what an oracle predicts for each media file.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

constexpr uint64_t mib = 1024 * 1024, gib = 1024 * mib;
constexpr uint64_t window0 = 0x1000000000;

void expect_all_held(const outcome &o)
{
	EXPECT_EQ(o.status, 0) << o.out << o.err;
	EXPECT_NE(o.out.find("all held"), std::string::npos) << o.out;
	EXPECT_EQ(o.err, "");
}

words with(words args, const words &more)
{
	args.insert(args.end(), more.begin(), more.end());
	return args;
}

// The switch example interleaved over its first `ways` downstream ports.
void switch_example(unsigned ways, uint64_t granularity)
{
	const scratch dir;
	std::string targets;
	expected_region region{ window0, ways * 256 * mib, granularity, {} };

	for (unsigned i = 0; i < ways; i++) {
		targets += (i ? ",12/0/" : "12/0/") + std::to_string(i);
		region.targets.push_back(
			{ i ? "cxltest" + std::to_string(i) + ".raw" : "cxltest.raw" });
	}
	const std::string config =
		dir.write("boot.conf", "region window=0 size=" + std::to_string(ways * 256) +
					       "M granularity=" + std::to_string(granularity) +
					       " targets=" + targets + "\n");

	expect_all_held(run_vcxl(
		with(args_file("options/doc5.args", dir), { "--boot-config", config }), dir));
	EXPECT_EQ(compare(predict({ region }), dir), "");
}

} // namespace

TEST(documented_command_line, persistent_device_directly_attached)
{
	const scratch dir;

	expect_all_held(run_vcxl(args_file("options/doc1.args", dir), dir));
	EXPECT_EQ(compare(predict({ { window0, 256 * mib, 256, { { "cxltest.raw" } } } }), dir),
		  "");
}

TEST(documented_command_line, persistent_device_with_deprecated_memdev_property)
{
	const scratch dir;
	words args = args_file("options/doc1.args", dir);

	for (std::string &word : args) {
		const size_t at = word.find("persistent-memdev=");
		if (at != std::string::npos)
			word.replace(at, 18, "memdev=");
	}
	expect_all_held(run_vcxl(args, dir));
	EXPECT_EQ(compare(predict({ { window0, 256 * mib, 256, { { "cxltest.raw" } } } }), dir),
		  "");
}

TEST(documented_command_line, volatile_device)
{
	const scratch dir;

	expect_all_held(run_vcxl(args_file("options/doc2.args", dir), dir));
}

TEST(documented_command_line, volatile_device_with_label_storage)
{
	const scratch dir;

	expect_all_held(run_vcxl(args_file("options/doc3.args", dir), dir));
}

TEST(documented_command_line, volatile_media_in_a_file_hold_the_pattern)
{
	const scratch dir;
	words args = args_file("options/doc2.args", dir);

	for (std::string &word : args)
		if (word.rfind("memory-backend-ram,", 0) == 0)
			word = "memory-backend-file,id=vmem0,share=on,size=256M,mem-path=" +
			       dir.file("vmem.raw");
	expect_all_held(run_vcxl(args, dir));
	EXPECT_EQ(compare(predict({ { window0, 256 * mib, 256, { { "vmem.raw" } } } }), dir), "");
}

// Window: 2 ways at 8 KiB over the bridges; each bridge: 2 ways at 16 KiB over its root ports.
TEST(documented_command_line, four_way_interleave_over_two_host_bridges)
{
	const scratch dir;
	const expected_region region{
		window0,
		1 * gib,
		8192,
		{ { "cxltest.raw" }, { "cxltest3.raw" }, { "cxltest2.raw" }, { "cxltest4.raw" } }
	};

	expect_all_held(run_vcxl(args_file("options/doc4.args", dir), dir));
	EXPECT_EQ(compare(predict({ region }), dir), "");
}

// Their static memory is used; no byte of dynamic capacity is touched, which nobody has offered.
TEST(documented_command_line, four_devices_with_dynamic_capacity)
{
	const scratch dir;
	const expected_region region{
		window0,
		1 * gib,
		256,
		{ { "mem0.raw" }, { "mem2.raw" }, { "mem1.raw" }, { "mem3.raw" } }
	};
	image expected = predict({ region });

	for (const char *file : { "dc0.raw", "dc1.raw", "dc2.raw", "dc3.raw" })
		expected[file];
	expect_all_held(run_vcxl(args_file("options/dcd3.args", dir), dir));
	EXPECT_EQ(compare(expected, dir), "");
}

TEST(documented_command_line, four_devices_below_a_switch)
{
	const scratch dir;
	const expected_region region{
		window0,
		1 * gib,
		256,
		{ { "cxltest.raw" }, { "cxltest1.raw" }, { "cxltest2.raw" }, { "cxltest3.raw" } }
	};

	expect_all_held(run_vcxl(args_file("options/doc5.args", dir), dir));
	EXPECT_EQ(compare(predict({ region }), dir), "");
}

TEST(documented_command_line, switch_at_one_way)
{
	switch_example(1, 256);
}

TEST(documented_command_line, switch_at_two_ways)
{
	switch_example(2, 4096);
}

TEST(documented_command_line, switch_at_four_ways)
{
	switch_example(4, 1024);
}

// A planted error: the prediction is one granule off, so the comparison has to fail.
TEST(documented_command_line, comparison_notices_one_granule_too_far)
{
	const scratch dir;
	const expected_region shifted{
		window0,
		1 * gib,
		8192,
		{ { "cxltest.raw" }, { "cxltest3.raw" }, { "cxltest2.raw" }, { "cxltest4.raw" } },
		1
	};

	expect_all_held(run_vcxl(args_file("options/doc4.args", dir), dir));
	EXPECT_NE(compare(predict({ shifted }), dir), "");
}

// Untouched RAM and media cost nothing: 5 GiB of guest memory and media in less than 300 MiB.
TEST(documented_command_line, four_way_example_stays_below_300_mib_of_host_memory)
{
	const scratch dir;
	const outcome o = run_vcxl(args_file("options/doc4.args", dir), dir);

	expect_all_held(o);
	EXPECT_LT(o.peak_kib, 300 * 1024);
}

// 8-byte accesses through window, bridge, root port and device: a line for each, whichever hops
// are asked for.
TEST(trace, shows_every_access_to_cxl_memory_at_each_hop_asked_for)
{
	for (const auto &[events, hops] :
	     { std::pair{ "mem.window", 1 }, { "mem.port", 2 }, { "mem.memdev", 1 } }) {
		const scratch dir;
		const outcome o =
			run_vcxl(with(args_file("options/doc4.args", dir),
				      { "-smp", "1", "--trace", "t", "--trace-events", events }),
				 dir, 110);
		std::ifstream in(dir.file("t"));
		const auto lines = std::count(std::istreambuf_iterator<char>(in), {}, '\n');

		expect_all_held(o);
		EXPECT_EQ(lines, hops * (36864 + 110592)) << events;
	}
}

TEST(documented_command_line, two_runs_are_identical_to_the_byte)
{
	std::string out[2], trace[2];

	for (int i = 0; i < 2; i++) {
		const scratch dir;
		const outcome o = run_vcxl(with(args_file("options/doc4.args", dir),
						{ "--trace", "trace.txt", "--stats" }),
					   dir, 110);

		EXPECT_EQ(o.status, 0) << o.err;
		// the two lines about the host are the last ones
		out[i] = o.out + o.err.substr(0, o.err.find("host_seconds"));
		FILE *f = fopen(dir.file("trace.txt").c_str(), "rb");
		ASSERT_NE(f, nullptr);
		char buffer[65536];
		for (size_t got; (got = fread(buffer, 1, sizeof(buffer), f)) > 0;)
			trace[i].append(buffer, got);
		fclose(f);
	}
	EXPECT_EQ(out[0], out[1]);
	// each of the firmware's 147456 accesses to CXL memory walks four hops
	EXPECT_GT(std::count(trace[0].begin(), trace[0].end(), '\n'), 4 * 147456);
	EXPECT_TRUE(trace[0] == trace[1]);
}

} // namespace vcxl_test
