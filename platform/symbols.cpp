// SPDX-License-Identifier: Apache-2.0
//
// Names of guest code; see symbols.h.
#include "symbols.h"

#include <elf.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <map>

namespace vcxl
{

namespace
{

struct map_line {
	uint64_t address;
	char type;
	std::string name, module; // "": the file itself
};

// False: not such a line.
bool parse_line(const std::string &text, map_line &line)
{
	char *end = nullptr;
	const char *const begin = text.c_str();

	line.address = std::strtoull(begin, &end, 16);
	if (end == begin || end[0] != ' ' || !end[1] || end[2] != ' ' || !end[3])
		return false;
	line.type = end[1];
	const std::string rest = end + 3;
	const size_t blank = rest.find_first_of(" \t");

	line.name = rest.substr(0, blank);
	line.module = blank == std::string::npos ? "" : rest.substr(rest.find('[', blank) + 1);
	line.module = line.module.substr(0, line.module.find(']'));
	return !line.name.empty();
}

std::vector<map_line> parse_map(const std::string &path, const std::vector<uint8_t> &file)
{
	std::vector<map_line> lines;
	unsigned number = 0;

	for (auto at = file.begin(); at != file.end();) {
		const auto newline = std::find(at, file.end(), '\n');
		map_line line;

		number++;
		if (!parse_line(std::string(at, newline), line))
			throw load_error(path + ": line " + std::to_string(number) +
					 " is not ADDRESS TYPE NAME, and the file is no ELF file");
		lines.push_back(line);
		at = newline == file.end() ? newline : newline + 1;
	}
	const auto before = [](const map_line &a, const map_line &b) {
		return a.address < b.address;
	};
	std::stable_sort(lines.begin(), lines.end(), before);
	return lines;
}

std::string file_name(const std::string &path)
{
	return path.substr(path.rfind('/') + 1);
}

} // namespace

void symbol_table::add(const std::string &module, const std::vector<code_symbol> &code,
		       uint64_t offset)
{
	const auto before = [](const entry &a, const entry &b) { return a.address < b.address; };
	const auto same = [](const entry &a, const entry &b) { return a.address == b.address; };

	for (const code_symbol &s : code)
		entries_.push_back({ s.address + offset, s.end + offset, s.name,
				     static_cast<unsigned>(modules_.size()) });
	modules_.push_back(module);
	std::stable_sort(entries_.begin(), entries_.end(), before);
	entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
}

// A name reaches up to the next address of any type; what is last only ends the one before.
void symbol_table::add_file(const std::string &path, const std::vector<uint8_t> &file,
			    uint64_t offset)
{
	std::map<std::string, std::vector<code_symbol>> modules;

	if (file.size() >= SELFMAG && std::memcmp(file.data(), ELFMAG, SELFMAG) == 0) {
		modules[file_name(path)] = elf_code(path, file);
	} else {
		const std::vector<map_line> lines = parse_map(path, file);

		for (size_t i = 0, next = 0; i < lines.size(); i = next) {
			for (next = i;
			     next < lines.size() && lines[next].address == lines[i].address;)
				next++;
			const auto text = std::find_if(
				lines.begin() + static_cast<long>(i),
				lines.begin() + static_cast<long>(next), [](const map_line &line) {
					return std::strchr("TtWw", line.type) != nullptr;
				});
			if (next == lines.size() || text == lines.begin() + static_cast<long>(next))
				continue;
			modules[text->module.empty() ? file_name(path) : text->module].push_back(
				{ text->address, lines[next].address, text->name });
		}
	}
	size_t n = 0;
	for (const auto &[module, code] : modules) {
		add(module, code, offset);
		n += code.size();
	}
	if (n == 0)
		throw load_error(path + ": names no code");
}

const symbol_table::entry *symbol_table::find(uint64_t address) const
{
	const auto after =
		std::upper_bound(entries_.begin(), entries_.end(), address,
				 [](uint64_t value, const entry &e) { return value < e.address; });

	if (after == entries_.begin() || address >= std::prev(after)->end)
		return nullptr;
	return &*std::prev(after);
}

std::string symbol_table::where(uint64_t address) const
{
	const entry *found = find(address);
	char offset[24] = "";

	if (!found)
		return "";
	if (address != found->address)
		std::snprintf(offset, sizeof(offset), "+0x%" PRIx64, address - found->address);
	return found->name + offset;
}

} // namespace vcxl
