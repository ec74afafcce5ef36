// SPDX-License-Identifier: Apache-2.0
//
// Prints docs/options.md from the option table: vcxl_gen_docs > docs/options.md
#include <cstdio>

#include "options.h"

int main()
{
	const std::string text = vcxl::options_markdown();
	return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
