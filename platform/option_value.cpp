// SPDX-License-Identifier: Apache-2.0
//
// Values as QEMU writes them, and the checks of file names. Numbers are decimal or hexadecimal;
// octal and fractions are refused instead of guessed.
#include "option_value.h"

#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include "options.h"

namespace vcxl
{

namespace
{

struct unit {
	const char *name;
	uint64_t factor;
};

constexpr unit time_units[] = {
	{ "ps", 1 }, { "ns", 1'000 }, { "us", 1'000'000 }, { "ms", 1'000'000'000 }
};

constexpr char size_suffixes[] = "BKMGTPE";
constexpr uint64_t max_text_file = 1 << 20; // --boot-config, -readconfig

constexpr const char *not_a_number = "is not a number";

int digit_of(char c, unsigned base)
{
	const int value = c >= '0' && c <= '9'   ? c - '0'
			  : c >= 'a' && c <= 'f' ? c - 'a' + 10
			  : c >= 'A' && c <= 'F' ? c - 'A' + 10
						 : 16;
	return value < static_cast<int>(base) ? value : -1;
}

// Reads digits from pos; the end is left in pos.
const char *read_digits(const std::string &text, size_t &pos, unsigned base, uint64_t &value)
{
	const size_t first = pos;
	value = 0;
	for (; pos < text.size(); pos++) {
		const int digit = digit_of(text[pos], base);
		if (digit < 0)
			break;
		if (__builtin_mul_overflow(value, uint64_t{ base }, &value) ||
		    __builtin_add_overflow(value, static_cast<uint64_t>(digit), &value))
			return "does not fit in 64 bits";
	}
	return pos == first ? not_a_number : nullptr;
}

bool is_hex(const std::string &text)
{
	return text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

char upper(char c)
{
	return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

std::string range_text(const property &row)
{
	if (row.max == UINT64_MAX)
		return "is less than " + format_value(row, row.min);
	return "is not in " + format_value(row, row.min) + ".." + format_value(row, row.max);
}

} // namespace

void fail(const std::string &arg, const std::string &what)
{
	std::string line;
	for (const char c : arg + ": " + what) {
		if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
			line += c;
			continue;
		}
		char code[8];
		std::snprintf(code, sizeof(code), "\\x%02x", static_cast<unsigned>(c) & 0xff);
		line += code;
	}
	throw option_error(line);
}

const char *parse_number(const std::string &text, uint64_t &value)
{
	const bool hex = is_hex(text);
	size_t pos = hex ? 2 : 0;
	if (!hex && text.size() > 1 && text[0] == '0')
		return "is not a decimal or 0x number";
	if (const char *why = read_digits(text, pos, hex ? 16 : 10, value))
		return why;
	return pos == text.size() ? nullptr : not_a_number;
}

const char *parse_size(const std::string &text, uint64_t unit, uint64_t &bytes)
{
	size_t pos = is_hex(text) ? 2 : 0;
	if (const char *why = read_digits(text, pos, pos ? 16 : 10, bytes))
		return why == not_a_number ? "is not a size" : why;
	if (pos < text.size() && text[pos] == '.')
		return "is not a size: fractions are not accepted";
	unsigned shift = 0;
	if (pos < text.size()) {
		const std::string suffixes = size_suffixes;
		const size_t index = suffixes.find(upper(text[pos]));
		if (pos + 1 != text.size() || index == std::string::npos)
			return "is not a size: the suffixes are K, M, G, T, P and E";
		shift = static_cast<unsigned>(index) * 10;
		unit = 1;
	}
	if (__builtin_mul_overflow(bytes, unit << shift, &bytes))
		return "does not fit in 64 bits";
	return nullptr;
}

const char *parse_flag(const std::string &text, uint64_t &value)
{
	const bool on = has_word("on yes true y", text);
	if (!on && !has_word("off no false n", text))
		return "is not on or off";
	value = on;
	return nullptr;
}

const char *parse_time(const std::string &text, uint64_t &ps)
{
	size_t pos = 0;
	if (const char *why = read_digits(text, pos, 10, ps))
		return why == not_a_number ? "is not a time" : why;
	for (const unit &u : time_units)
		if (text.compare(pos, std::string::npos, u.name) == 0)
			return __builtin_mul_overflow(ps, u.factor, &ps) ? "does not fit in 64 bits"
									 : nullptr;
	return "is not a time: the units are ps, ns, us and ms";
}

const char *parse_address(const std::string &text, uint64_t &devfn)
{
	constexpr const char *why = "is not a PCI address: device[.function] in hexadecimal, "
				    "device 0..1f, function 0";
	uint64_t device = 0, function = 0;
	size_t pos = is_hex(text) ? 2 : 0;
	if (read_digits(text, pos, 16, device))
		return why;
	if (pos < text.size() && (text[pos++] != '.' || read_digits(text, pos, 16, function)))
		return why;
	if (pos != text.size() || device > 0x1f || function != 0)
		return why;
	devfn = device << 3;
	return nullptr;
}

std::string format_size(uint64_t bytes)
{
	unsigned index = 0;
	while (bytes != 0 && bytes % 1024 == 0 && index + 1 < sizeof(size_suffixes) - 1) {
		bytes /= 1024;
		index++;
	}
	return std::to_string(bytes) + (index ? std::string(1, size_suffixes[index]) : "");
}

std::string format_time(uint64_t ps)
{
	const unit *best = time_units;
	for (const unit &u : time_units)
		if (ps != 0 && ps % u.factor == 0)
			best = &u;
	return std::to_string(ps / best->factor) + best->name;
}

std::string format_value(const property &row, uint64_t value)
{
	switch (row.type) {
	case value_type::size:
	case value_type::mebibytes:
		return format_size(value);
	case value_type::time:
		return format_time(value);
	default:
		return std::to_string(value);
	}
}

std::string comma_list(const char *words)
{
	std::string list;
	for (const char *c = words; *c; c++)
		list += *c == ' ' ? std::string(", ") : std::string(1, *c);
	return list;
}

uint64_t check_value(const property &row, const std::string &key, const std::string &text,
		     const std::string &arg)
{
	const auto wrong = [&](const std::string &why) {
		fail(arg, "property '" + key + "': " + why);
	};
	uint64_t value = 0;
	const char *why = nullptr;
	switch (row.type) {
	case value_type::text:
		if (text.empty())
			wrong("is empty");
		return 0;
	case value_type::choice:
		if (!has_word(row.choices, text))
			wrong("'" + text + "' is not supported; known: " + comma_list(row.choices));
		return 0;
	case value_type::flag:
		why = parse_flag(text, value);
		break;
	case value_type::number:
		why = parse_number(text, value);
		break;
	case value_type::size:
		why = parse_size(text, 1, value);
		break;
	case value_type::mebibytes:
		why = parse_size(text, 1 << 20, value);
		break;
	case value_type::time:
		why = parse_time(text, value);
		break;
	case value_type::address:
		why = parse_address(text, value);
		break;
	}
	if (why)
		wrong("'" + text + "' " + why);
	if (row.type == value_type::flag && (value < row.min || value > row.max))
		wrong("only '" + std::string(row.def) + "' is supported");
	if (row.type != value_type::address && (value < row.min || value > row.max))
		wrong(text + " " + range_text(row));
	return value;
}

file_state look_at(const std::string &path)
{
	file_state state;
	struct stat st;
	if (stat(path.c_str(), &st) == 0) {
		state.exists = true;
		state.regular = S_ISREG(st.st_mode);
		state.directory = S_ISDIR(st.st_mode);
		state.size = static_cast<uint64_t>(st.st_size);
		state.readable = access(path.c_str(), R_OK) == 0;
		state.writable = access(path.c_str(), W_OK) == 0;
		return state;
	}
	const size_t slash = path.rfind('/');
	const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
	state.writable = stat(parent.c_str(), &st) == 0 && S_ISDIR(st.st_mode) &&
			 access(parent.c_str(), W_OK | X_OK) == 0 && slash + 1 != path.size();
	return state;
}

void check_input_file(const std::string &path, const std::string &arg)
{
	const file_state file = look_at(path);
	if (!file.exists)
		fail(arg, "'" + path + "' does not exist");
	if (file.directory)
		fail(arg, "'" + path + "' is a directory");
	if (!file.readable)
		fail(arg, "'" + path + "' cannot be read");
}

void check_output_file(const std::string &path, const std::string &arg)
{
	const file_state file = look_at(path);
	if (file.directory)
		fail(arg, "'" + path + "' is a directory");
	if (!file.writable)
		fail(arg, "'" + path + "' cannot be written");
}

void check_output_folder(const std::string &path, const std::string &arg)
{
	const size_t end = path.find_last_not_of('/');
	const file_state folder = look_at(end == std::string::npos ? "/" : path.substr(0, end + 1));
	if (folder.exists && !folder.directory)
		fail(arg, "'" + path + "' is not a directory");
	if (!folder.writable)
		fail(arg,
		     "'" + path + (folder.exists ? "' cannot be written" : "' cannot be made"));
}

std::string read_file(const std::string &path, const std::string &arg)
{
	check_input_file(path, arg);
	// bounded: the file may be a pipe or a device
	std::ifstream stream(path, std::ios::binary);
	std::string content(max_text_file + 1, '\0');
	stream.read(content.data(), static_cast<std::streamsize>(content.size()));
	if (stream.bad() || !stream.eof())
		fail(arg, "'" + path + "' " +
				  (stream.bad() ? "cannot be read"
						: "is larger than " + format_size(max_text_file)));
	content.resize(static_cast<size_t>(stream.gcount()));
	if (content.find('\0') != std::string::npos)
		fail(arg, "'" + path + "' is not a text file");
	return content;
}

// Without absolute() a relative path of which nothing exists stays relative.
std::string canonical(const std::string &path)
{
	std::error_code error;
	return std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error)
		.string();
}

} // namespace vcxl
