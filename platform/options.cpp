// SPDX-License-Identifier: Apache-2.0
//
// Words -> items -> machine: the three steps of the command line in order. Each is a file of its
// own: option_parse.cpp, option_build.cpp with option_topology.cpp, option_help.cpp.
#include "options.h"

#include "inventory.h"
#include "option_parse.h"

namespace vcxl
{

options parse_options(int argc, const char *const argv[])
{
	const command_line line = parse_words(argc, argv);
	options result;
	if (line.help) {
		result.action = option_action::print;
		result.text = line.help_text;
		return result;
	}
	result.parts = std::make_shared<inventory>(line);
	result.config = result.parts->now();
	return result;
}

} // namespace vcxl
