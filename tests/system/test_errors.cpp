// SPDX-License-Identifier: Apache-2.0
//
// Wrong command lines: one clear line that names the argument, exit status 1, nothing created,
// nothing truncated. What is expected of each is in tests/data/wrong_command_lines.txt.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

struct wrong_line {
	std::string expected; // part of the message
	words args;
};

// Lines come in pairs: the arguments, then the expected text after "# ". $DIR is a directory that
// holds a readable file `small` of 5 bytes, and nothing else.
std::vector<wrong_line> wrong_lines(const scratch &dir)
{
	std::ifstream in(std::string(VCXL_TEST_DATA) + "/wrong_command_lines.txt");
	std::vector<wrong_line> lines;
	std::string line;

	while (std::getline(in, line)) {
		for (size_t at; (at = line.find("$DIR")) != std::string::npos;)
			line.replace(at, 4, dir.path.string());
		if (line.rfind("# ", 0) == 0) {
			lines.back().expected = line.substr(2);
			continue;
		}
		std::istringstream rest(line);
		wrong_line w;

		for (std::string word; rest >> word;)
			w.args.push_back(word);
		if (!w.args.empty())
			lines.push_back(w);
	}
	return lines;
}

} // namespace

TEST(wrong_command_line, gives_one_line_that_names_the_argument_and_touches_nothing)
{
	const scratch dir;
	const std::string small = dir.write("small", "12345");
	const std::vector<wrong_line> lines = wrong_lines(dir);

	EXPECT_GE(lines.size(), 30u);
	for (const wrong_line &w : lines) {
		std::string shown;
		unsigned files = 0;

		for (const std::string &word : w.args)
			shown += " " + word;
		ASSERT_FALSE(w.expected.empty()) << shown;
		const outcome o = run_vcxl(w.args, dir, 10);
		EXPECT_EQ(o.status, 1) << shown << "\n" << o.out << o.err;
		EXPECT_EQ(o.out, "") << shown;
		EXPECT_NE(o.err.find(w.expected), std::string::npos) << shown << "\n" << o.err;
		EXPECT_EQ(o.err.rfind("vcxl: ", 0), 0u) << o.err;
		EXPECT_EQ(o.err.find('\n'), o.err.size() - 1) << o.err;
		for (const auto &entry : std::filesystem::directory_iterator(dir.path)) {
			EXPECT_EQ(entry.path().string(), small) << shown;
			files++;
		}
		EXPECT_EQ(files, 1u) << shown;
		EXPECT_EQ(std::filesystem::file_size(small), 5u) << shown;
	}
}

TEST(output, that_fails_is_an_error)
{
	THROWS_BESIDE_SYSTEMC();
	const scratch dir;
	const std::string run = std::string(VCXL_PROGRAM) + " -M virt -m 64M -bios none -kernel " +
				VCXL_GUEST_DIR + "/reboot_1.elf ";
	const std::string full = ": No space left on device\n";

	for (const auto &[line, expected] :
	     { std::pair{ std::string(VCXL_PROGRAM) + " --help >/dev/full",
			  "vcxl: standard output" + full },
	       std::pair{ std::string(VCXL_PROGRAM) + " -device cxl-type3,help >/dev/full",
			  "vcxl: standard output" + full },
	       std::pair{ run + ">/dev/full", "vcxl: standard output" + full },
	       std::pair{ run + "-serial file:/dev/full", "vcxl: -serial file:/dev/full" + full },
	       std::pair{ run + "--trace /dev/full --trace-events 'cpu.*'",
			  "vcxl: trace file /dev/full" + full },
	       std::pair{ run + "-serial null --trace - --trace-events 'cpu.*' >/dev/full",
			  "vcxl: trace file -" + full },
	       std::pair{ run + "--profile /dev/full", "vcxl: --profile /dev/full" + full } }) {
		const outcome o = run_program("/bin/sh", { "-c", line }, dir);

		EXPECT_EQ(o.status, 1) << line;
		EXPECT_EQ(o.err, expected) << line;
	}
}

TEST(output, that_fails_hides_neither_the_end_of_the_run_nor_the_other_outputs)
{
	THROWS_BESIDE_SYSTEMC();
	const scratch dir;
	const outcome o = run_vcxl({ "-M", "virt", "-m", "64M", "-bios", "none", "-kernel",
				     std::string(VCXL_GUEST_DIR) + "/reboot_1.elf", "--max-steps",
				     "30", "-serial", "file:/dev/full", "--profile", "/dev/full",
				     "--signature", "signature" },
				   dir);

	EXPECT_EQ(o.status, 1);
	EXPECT_EQ(o.err, "vcxl: step limit reached (--max-steps)\n"
			 "vcxl: -serial file:/dev/full: No space left on device\n"
			 "vcxl: --profile /dev/full: No space left on device\n"
			 "vcxl: --signature: the program has no begin_signature and end_signature "
			 "in RAM\n");
}

TEST(output, that_fails_keeps_the_status_of_the_guest)
{
	THROWS_BESIDE_SYSTEMC();
	const scratch dir;
	const outcome o = run_vcxl({ "-M", "virt", "-m", "64M", "-bios", "none", "-kernel",
				     std::string(VCXL_GUEST_DIR) + "/htif_fail.elf", "--profile",
				     "/dev/full" },
				   dir);

	EXPECT_EQ(o.status, 5);
	EXPECT_NE(o.err.find("vcxl: --profile /dev/full: "), std::string::npos) << o.err;
}

TEST(command_line, help_goes_to_standard_output_and_succeeds)
{
	const scratch dir;

	for (const words &args :
	     { words{ "--help" }, words{ "--version" }, words{ "-device", "help" },
	       words{ "-device", "cxl-type3,help" } }) {
		const outcome o = run_vcxl(args, dir, 10);

		EXPECT_EQ(o.status, 0) << args[0];
		EXPECT_NE(o.out, "") << args[0];
		EXPECT_EQ(o.err, "") << args[0];
	}
}

} // namespace vcxl_test
