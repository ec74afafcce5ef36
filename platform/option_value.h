// SPDX-License-Identifier: Apache-2.0
//
// Values as QEMU writes them: numbers, sizes, flags, times, PCI addresses; and the checks of file
// names, which look but never create, open for writing or truncate.
#ifndef VCXL_PLATFORM_OPTION_VALUE_H
#define VCXL_PLATFORM_OPTION_VALUE_H

#include <cstdint>
#include <string>

#include "option_table.h"

namespace vcxl
{

// Throws option_error "<arg>: <what>" on one line; control characters are written as \xNN.
[[noreturn]] void fail(const std::string &arg, const std::string &what);

// The parsers return nullptr, or why the text is not such a value.
const char *parse_number(const std::string &text, uint64_t &value);
const char *parse_size(const std::string &text, uint64_t unit, uint64_t &bytes);
const char *parse_flag(const std::string &text, uint64_t &value);
const char *parse_time(const std::string &text, uint64_t &ps);
const char *parse_address(const std::string &text, uint64_t &devfn);

// As short as is exact: 256M, 1G, 4097.
std::string format_size(uint64_t bytes);

// As short as is exact: 150ns, 1500ps.
std::string format_time(uint64_t ps);
// A number of the row's type: one of the two, or decimal.
std::string format_value(const property &row, uint64_t value);

// Checks the text against the row and returns its number (0 for text).
uint64_t check_value(const property &row, const std::string &key, const std::string &text,
		     const std::string &arg);

// Words separated by blanks -> separated by ", ", for lists in messages.
std::string comma_list(const char *words);

void check_input_file(const std::string &path, const std::string &arg);
void check_output_file(const std::string &path, const std::string &arg);
void check_output_folder(const std::string &path, const std::string &arg); // there, or can be made
std::string read_file(const std::string &path, const std::string &arg);

struct file_state {
	bool exists = false;
	bool regular = false, directory = false;
	bool readable = false, writable = false; // missing: writable when it could be made
	uint64_t size = 0;
};
file_state look_at(const std::string &path);
// One spelling per place, whether a file is there or not.
std::string canonical(const std::string &path);

} // namespace vcxl

#endif
