// SPDX-License-Identifier: Apache-2.0
//
// Names of guest code by address: from the ELF files that were loaded, and from files given for
// their names alone.
#ifndef VCXL_PLATFORM_SYMBOLS_H
#define VCXL_PLATFORM_SYMBOLS_H

#include <cstdint>
#include <string>
#include <vector>

#include "loader.h"

namespace vcxl
{

class symbol_table
{
public:
	struct entry {
		uint64_t address, end;
		std::string name;
		unsigned module;
	};

	// Code of a module, moved by offset (modulo 2^64). Where two have an address in common, the
	// module that came first keeps it.
	void add(const std::string &module, const std::vector<code_symbol> &code,
		 uint64_t offset = 0);
	// A file of names: an ELF file, or lines "ADDRESS TYPE NAME [MODULE]" as in System.map and
	// /proc/kallsyms. Throws load_error.
	void add_file(const std::string &path, const std::vector<uint8_t> &file, uint64_t offset);

	// nullptr: the address is in no function that is known.
	const entry *find(uint64_t address) const;
	const std::string &module_of(const entry &e) const { return modules_[e.module]; }
	// "main+0x10", "main" at its first byte, "" when unknown
	std::string where(uint64_t address) const;
	bool empty() const { return entries_.empty(); }

private:
	std::vector<entry> entries_; // by address
	std::vector<std::string> modules_;
};

} // namespace vcxl

#endif
