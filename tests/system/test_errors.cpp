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
