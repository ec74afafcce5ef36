// SPDX-License-Identifier: Apache-2.0
//
// The command line after its words are understood and each value is checked against its row, before
// values are checked against one another: what the parser hands to the builder.
#ifndef VCXL_PLATFORM_OPTION_PARSE_H
#define VCXL_PLATFORM_OPTION_PARSE_H

#include <string>
#include <utility>
#include <vector>

#include "machine.h"
#include "option_table.h"

namespace vcxl
{

struct setting {
	const property *row;
	std::string key;  // as typed: cxl-fmw.0.size
	std::string text; // as typed, ",," undone
	uint64_t number;  // numbers, sizes, flags, addresses (devfn)
	std::string arg;  // the argument it came from, for messages
};

// One -object or -device, or all of -machine, -m or -smp together.
struct item {
	const object_type *type = nullptr;
	std::string arg;
	std::vector<setting> settings;

	// nullptr when it was not given
	const setting *find(const std::string &name) const;
	bool given(const std::string &name) const { return find(name) != nullptr; }
	// the value given, or the row's default; "" or 0 when there is neither
	std::string text(const std::string &name) const;
	uint64_t number(const std::string &name) const;
};

struct command_line {
	item machine_item, memory_item, smp_item;
	std::vector<item> objects, devices, chardevs, monitors, drives;
	machine config;                    // what options without properties say
	std::vector<console_end> consoles; // of the virtconsole devices, in their order
	// read while parsing: the argument, for messages, and the path
	std::vector<std::pair<std::string, std::string>> read_files;
	bool help = false;
	std::string help_text;
};

// Throws option_error. Stops at the first request for help.
command_line parse_words(int argc, const char *const argv[]);

struct key_value {
	std::string key, value;
};

// Adds what -<group.option> or a section of -readconfig says.
void add_pairs(command_line &line, const object_group &group, const std::vector<key_value> &pairs,
	       const std::string &arg);

// What -serial or -qmp would say for a -chardev.
std::string chardev_text(const item &chardev);

// -readconfig
void read_config(command_line &line, const std::string &path, const std::string &arg);

// Checks values against one another.
machine build_machine(const command_line &line);
void build_topology(const command_line &line, machine &m);
// Drives, and the functions on bus 0 (option_virtio.cpp).
void build_functions(const command_line &line, machine &m);
bool is_function(const item &device);
// That no file is written which something else uses (option_files.cpp).
void check_files(const command_line &line, const machine &m);

std::string help_text();
std::string version_text();
std::string help_of(const object_group &group);
std::string help_of(const object_group &group, const object_type &type);

// "pxb-cxl, cxl-rp, ...": names that are supported.
std::string known_types(const object_group &group);
std::string known_properties(const object_type &type);

} // namespace vcxl

#endif
