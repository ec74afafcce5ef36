// SPDX-License-Identifier: Apache-2.0
//
// Prints what documents take from tables: vcxl_gen_docs options > docs/options.md, reference >
// docs/reference.md, and commands, which is the end of docs/maturity.md.
#include <cstdio>
#include <cstring>

#include "options.h"
#include "reference.h"

namespace
{

constexpr struct {
	const char *name;
	std::string (*print)();
} documents[] = {
	{ "options", vcxl::options_markdown },
	{ "reference", vcxl::reference_markdown },
	{ "commands", vcxl::commands_markdown },
};

} // namespace

int main(int argc, char *argv[])
{
	for (const auto &document : documents) {
		if (argc != 2 || std::strcmp(argv[1], document.name) != 0)
			continue;
		const std::string text = document.print();
		return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
	}
	std::fputs("usage: vcxl_gen_docs options|reference|commands\n", stderr);
	return 1;
}
