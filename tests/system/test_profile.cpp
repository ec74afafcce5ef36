// SPDX-License-Identifier: Apache-2.0
//
// --profile, --symbols and the cpu.* trace events: what they say of a guest, and that the guest
// does not notice.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

std::string contents(const std::string &path)
{
	std::ifstream in(path);

	return { std::istreambuf_iterator<char>(in), {} };
}

std::string guest(const std::string &name)
{
	return std::string(VCXL_GUEST_DIR) + "/" + name;
}

// Output and counts of a run, less what is of the host.
std::string seen(const outcome &o)
{
	EXPECT_EQ(o.status, 0) << o.err;
	return o.out + o.err.substr(0, o.err.find("host_seconds"));
}

outcome run_smp(const std::string &harts, const scratch &dir, const words &more)
{
	words args{ "-M",      "virt", "-m",  "64M",     "-nographic",
		    "--stats", "-smp", harts, "-kernel", guest("smp_" + harts + ".elf") };

	args.insert(args.end(), more.begin(), more.end());
	return run_vcxl(args, dir, 60);
}

std::string profile_of(const std::string &harts, const words &more)
{
	const scratch dir;
	words args{ "--profile", dir.file("p"), "--profile-interval", "101" };

	args.insert(args.end(), more.begin(), more.end());
	EXPECT_EQ(run_smp(harts, dir, args).status, 0);
	return contents(dir.file("p"));
}

// Samples of a function in a mode; 0: it has no line.
uint64_t samples(const std::string &table, const std::string &mode_and_function)
{
	std::istringstream lines(table);

	for (std::string line; std::getline(lines, line);)
		if (line.find(" " + mode_and_function + " ") != std::string::npos)
			return std::stoull(line);
	return 0;
}

outcome trace_htif(const char *engine, const char *events, const scratch &dir)
{
	return run_vcxl({ "-M", "virt,cxl=on", "-m", "64M", "-nographic", "-bios", "none",
			  "-kernel", guest("htif_pass.elf"), "--engine", engine, "--stats",
			  "--trace", dir.file("t"), "--trace-events", events },
			dir, 20);
}

} // namespace

TEST(profile, counts_a_step_in_so_many_and_names_functions_by_mode)
{
	const std::string table = profile_of("8", {});
	std::istringstream lines(table);
	std::string line;
	uint64_t sum = 0;

	std::getline(lines, line);
	const uint64_t total = std::stoull(line.substr(2));
	EXPECT_NE(line.find("one per 101 steps"), std::string::npos) << line;
	std::getline(lines, line);
	while (std::getline(lines, line))
		sum += std::stoull(line);
	EXPECT_EQ(sum, total);
	EXPECT_GT(samples(table, "S count"), 300u)
		<< table; // 8 harts, 500 rounds of about 15 steps
	EXPECT_EQ(samples(table, "M count"), 0u);
	EXPECT_GT(samples(table, "M 0x80000000-0x80000fff"), 0u) << "firmware without names";
	const scratch dir;
	const outcome o = run_smp("8", dir, {});
	const size_t steps = o.err.find("steps ");
	ASSERT_NE(steps, std::string::npos);
	const uint64_t n = std::stoull(o.err.substr(steps + 6));
	EXPECT_LE(total, n / 101);
	EXPECT_GE(total + 8, n / 101) << "each hart may keep a rest";
}

TEST(profile, is_the_same_twice_on_both_engines_and_at_any_quantum)
{
	const std::string table = profile_of("1", {});

	EXPECT_EQ(profile_of("1", {}), table);
	EXPECT_EQ(profile_of("1", { "--engine", "step" }), table);
	EXPECT_EQ(profile_of("1", { "--quantum", "300ns" }), table);
	EXPECT_EQ(profile_of("1", { "--trace", "/dev/null", "--trace-events", "cpu.exception" }),
		  table)
		<< "hart by hart and step by step";
	EXPECT_EQ(profile_of("8", {}), profile_of("8", { "--engine", "step" }));
}

TEST(profile, changes_nothing_for_the_guest)
{
	for (const char *harts : { "1", "8" }) {
		const scratch dir;
		const std::string plain = seen(run_smp(harts, dir, {}));

		EXPECT_NE(plain.find("instructions "), std::string::npos) << plain;
		for (const char *interval : { "1", "97", "10007" })
			EXPECT_EQ(seen(run_smp(harts, dir,
					       { "--profile", dir.file("p"), "--profile-interval",
						 interval })),
				  plain)
				<< interval;
	}
}

TEST(symbols, of_a_map_name_what_has_no_names_of_its_own)
{
	const scratch dir;
	const std::string map = dir.write("map", "0 T firmware_entry\n1000 T firmware_rest\n"
						 "100000 T firmware_end\n");
	const std::string table = profile_of("1", { "--symbols", map + "@0x80000000" });

	EXPECT_GT(samples(table, "M firmware_entry"), 0u) << table;
	EXPECT_GT(samples(table, "M firmware_rest"), 0u) << table;
	EXPECT_EQ(samples(table, "M 0x80000000-0x80000fff"), 0u) << table;
	EXPECT_NE(table.find(" firmware_rest map\n"), std::string::npos) << table;
	EXPECT_GT(samples(table, "S count"), 0u) << "the kernel's own stay";
}

TEST(cpu_trace, tells_symbols_and_accesses_alike_on_both_engines)
{
	const scratch block, step;
	const outcome a = trace_htif("block", "cpu.*", block);
	const outcome b = trace_htif("step", "cpu.*", step);
	const std::string text = contents(block.file("t"));

	EXPECT_EQ(seen(a), seen(b));
	EXPECT_EQ(text, contents(step.file("t")));
	EXPECT_NE(text.find("hart0 cpu.insn pc=0x80000000 <_start> bits=0xf14022f3 priv=3\n"),
		  std::string::npos);
	EXPECT_NE(text.find("cpu.csr pc=0x80000000 <_start> csr=0xf14 <mhartid> value=0x0\n"),
		  std::string::npos);
	// the characters of its text, and the signature
	EXPECT_NE(text.find("len=1 value=0x68\n"), std::string::npos);
	const size_t store = text.find("cpu.mem store pc=0x800000", text.find(" <sign+"));
	ASSERT_NE(store, std::string::npos);
	EXPECT_NE(text.find("len=4 value=0x1234567\n", store), std::string::npos)
		<< text.substr(store, 200);
}

TEST(cpu_trace, of_accesses_alone_has_no_other_rows)
{
	const scratch dir;
	const outcome o = trace_htif("block", "cpu.mem", dir);
	std::istringstream lines(contents(dir.file("t")));
	unsigned n = 0;

	EXPECT_EQ(o.status, 0);
	for (std::string line; std::getline(lines, line); n++)
		EXPECT_NE(line.find(" cpu.mem "), std::string::npos) << line;
	EXPECT_GT(n, 60u);
}

} // namespace vcxl_test
