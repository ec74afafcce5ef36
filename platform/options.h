// SPDX-License-Identifier: Apache-2.0
//
// Command line in QEMU's syntax -> machine description. One table of object types and their
// properties; parsing, checking, `help` and docs/options.md come from it. Nothing is created,
// opened for writing or truncated while options are parsed.
#ifndef VCXL_PLATFORM_OPTIONS_H
#define VCXL_PLATFORM_OPTIONS_H

#include <memory>
#include <stdexcept>
#include <string>

#include "machine.h"

namespace vcxl
{

// One line that names the argument at fault and, where it helps, lists what is known.
class option_error : public std::runtime_error
{
public:
	using std::runtime_error::runtime_error;
};

class inventory;

enum class option_action {
	run,  // the machine is complete
	print // a help or version text is to be printed on standard output, exit status 0
};

struct options {
	option_action action = option_action::run;
	std::string text; // for print
	machine config;
	std::shared_ptr<inventory> parts; // of the machine, for whoever changes it later
};

// argv[0] is the program. Throws option_error.
options parse_options(int argc, const char *const argv[]);

// The reference of all options, objects, devices and properties, as docs/options.md holds it.
std::string options_markdown();

} // namespace vcxl

#endif
