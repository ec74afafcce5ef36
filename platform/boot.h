// SPDX-License-Identifier: Apache-2.0
//
// What lies in guest memory when the harts start: M-mode firmware, next stage, initial RAM disk,
// device tree, and the reset ROM that ties them together.
#ifndef VCXL_PLATFORM_BOOT_H
#define VCXL_PLATFORM_BOOT_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "loader.h"
#include "machine.h"
#include "memory_map.h"

namespace vcxl
{

struct boot_image {
	std::vector<uint8_t> rom; // contents of the reset ROM
	std::vector<uint8_t> fdt; // as placed in RAM, for --dump-dtb
	// of the ELF files: tohost, fromhost, begin_signature, end_signature
	std::map<std::string, uint64_t> symbols;
};

// Loads everything that the machine names into RAM. Without -bios Debian's OpenSBI is taken from
// share/vcxl beside the program, without -kernel our firmware. Throws std::runtime_error with one
// line that names the option or the file.
boot_image load_boot_image(const machine &m, const layout &l, const ram_view &ram);

} // namespace vcxl

#endif
