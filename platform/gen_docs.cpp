// SPDX-License-Identifier: Apache-2.0
//
// Prints the generated documents: vcxl_gen_docs options > docs/options.md, and likewise reference.
#include <cstdio>
#include <cstring>

#include "options.h"
#include "reference.h"

int main(int argc, char *argv[])
{
	const bool options = argc == 2 && !std::strcmp(argv[1], "options");

	if (!options && (argc != 2 || std::strcmp(argv[1], "reference") != 0)) {
		std::fputs("usage: vcxl_gen_docs options|reference\n", stderr);
		return 1;
	}
	const std::string text = options ? vcxl::options_markdown() : vcxl::reference_markdown();
	return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
