// SPDX-License-Identifier: Apache-2.0
//
// Command lines, an argument a line: they are read, or refused with one line of text.
#include <string>
#include <vector>

#include "input.h"
#include "options.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	std::vector<std::string> words = { "vcxl" };
	std::vector<const char *> argv;
	std::string word;

	for (std::size_t i = 0; i < size; i++) {
		if (data[i] && data[i] != '\n') {
			word += static_cast<char>(data[i]);
			continue;
		}
		words.push_back(word);
		word.clear();
	}
	if (!word.empty())
		words.push_back(word);
	for (const std::string &w : words)
		argv.push_back(w.c_str());
	try {
		(void)vcxl::parse_options(static_cast<int>(argv.size()), argv.data());
	} catch (const vcxl::option_error &e) {
		const std::string text = e.what();

		fuzz::expect(!text.empty() && text[0] != '\n', "an error begins with a line");
	}
	return 0;
}
