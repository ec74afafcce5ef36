// SPDX-License-Identifier: Apache-2.0
//
// The one table of options, object types and their properties. Parsing, checking, help texts and
// docs/options.md are made from these rows; what a property means is in option_build.cpp and
// option_topology.cpp. Names, syntax and defaults are QEMU's unless a row says otherwise.
#ifndef VCXL_PLATFORM_OPTION_TABLE_H
#define VCXL_PLATFORM_OPTION_TABLE_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "machine.h"

namespace vcxl
{

template <class T> struct table {
	const T *rows = nullptr;
	size_t count = 0;

	constexpr table() = default;
	template <size_t N> constexpr table(const T (&array)[N]) : rows(array), count(N) {}
	template <size_t N>
	constexpr table(const std::array<T, N> &array) : rows(array.data()), count(N)
	{
	}
	constexpr const T *begin() const { return rows; }
	constexpr const T *end() const { return rows + count; }
};

enum class value_type {
	text,
	flag,      // on|off, yes|no, true|false, y|n
	number,    // decimal or 0x
	size,      // bytes, or with suffix B K M G T P E
	mebibytes, // the same, but MiB without suffix
	time,      // picoseconds, typed with ps, ns, us or ms
	choice,    // one of choices
	address    // PCI device[.function], hexadecimal
};

struct property {
	const char *name; // N and M stand for an index: cxl-fmw.N.size
	value_type type;
	const char *def; // as it would be typed; nullptr: none
	const char *help;
	uint64_t min, max;   // number, size, time, flag: inclusive
	const char *choices; // separated by blanks
	bool required;
	const char *refused; // why it is not supported; nullptr: it is
};

struct object_type {
	const char *name; // a trailing * matches any rest
	const char *help;
	table<property> properties;
	const char *refused;
	const char *alias = nullptr; // another name
};

// An option that takes key=value pairs.
struct object_group {
	const char *option;  // as in -device
	const char *section; // as in -readconfig
	const char *implied; // key of a first word without '='
	const char *noun;    // for messages
	bool typed;          // the implied key selects one of several types; else there is one
	table<object_type> types;
};

enum class option_kind {
	group,         // key=value pairs; see object_groups
	text,          // stored in machine::*text
	input_file,    // the same, after a check that the file can be read
	output_file,   // the same, after a check that the file could be written
	output_folder, // the same for a folder, which may be absent
	choice,        // one of choices; stored when text is set
	flag,          // sets machine::*on when there is one
	time,          // stored in machine::*number
	count,         // the same, at least 1
	number,        // the same, from 0 on
	file_text,     // the file's content is stored in machine::*text
	serial,
	symbols,
	gdb_server, // -gdb, or -s when there is no argument
	monitor,    // -qmp
	no_defaults,
	read_config,
	help,
	version,
	refused
};

struct option_row {
	const char *name, *alias;
	const char *argument; // name of the argument; nullptr: takes none
	option_kind kind;
	const char *help; // refused: what to say after "not supported yet"
	const char *choices = nullptr;
	std::string machine::*text = nullptr;
	uint64_t machine::*number = nullptr;
	bool machine::*on = nullptr;
	bool own = false; // not QEMU's: needs two dashes
};

extern const table<option_row> option_rows;
extern const table<object_group> object_groups;

// Texts of the messages that several files use.
extern const char not_supported_yet[];

const object_group &machine_group();
const object_group &memory_group();
const object_group &smp_group();
const object_group &backend_group();
const object_group &device_group();
const object_group &chardev_group();
const object_group &monitor_group();
const object_group &drive_group();

// nullptr when there is none.
const option_row *find_option(const std::string &name);
const object_group *find_group(const std::string &option);
const object_group *find_section(const std::string &section);
const object_type *find_type(const object_group &group, const std::string &name);
const property *find_property(const object_type &type, const std::string &key);

// True when the blank-separated list has the word.
bool has_word(const char *list, const std::string &word);

} // namespace vcxl

#endif
