// SPDX-License-Identifier: Apache-2.0
//
// What lies in guest memory when the harts start, and again after each reset: M-mode firmware, our
// firmware as a BIOS, the kernel, its initial RAM disk, ACPI tables, device tree, and the reset ROM
// that ties them together.
#ifndef VCXL_PLATFORM_BOOT_H
#define VCXL_PLATFORM_BOOT_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "acpi.h"
#include "efi.h"
#include "loader.h"
#include "machine.h"
#include "memory_map.h"
#include "symbols.h"

namespace vcxl
{

struct boot_image {
	std::vector<uint8_t> rom;     // contents of the reset ROM
	std::vector<uint8_t> fdt;     // as placed in RAM, for --dump-dtb
	std::vector<acpi_table> acpi; // as they are for Linux, whatever is started; for --dump-acpi
	// of the ELF files: tohost, fromhost, begin_signature, end_signature
	std::map<std::string, uint64_t> symbols;
	symbol_table names; // of the code of the ELF files
};

// All files of a machine, read once. Without -bios Debian's OpenSBI is taken from share/vcxl beside
// the program, without -kernel our firmware; it also comes between OpenSBI and a Linux image when
// there is CXL below the machine and no --direct.
class boot_loader
{
public:
	// Borrows both. Throws std::runtime_error with one line that names the option or the file.
	boot_loader(const machine &m, const layout &l);
	// Places everything; what else RAM holds stays. Throws like the constructor, and only if
	// the first call does.
	boot_image load(const ram_view &ram) const;
	// Why the guest is given no ACPI tables, static text; nullptr: it is.
	const char *no_acpi() const { return no_acpi_; }

private:
	struct file {
		std::string option, path;
		std::vector<uint8_t> bytes;
		bool linux_image() const { return kind_of(bytes) == image_kind::linux_image; }
	};
	// Ranges of RAM in use; a new one may overlap none of them.
	class occupancy
	{
	public:
		void add(const std::string &what, map_range range);
		// The first multiple of 2 MiB that lies behind everything below `limit`.
		uint64_t behind_all_below(uint64_t limit) const;

	private:
		std::vector<std::pair<std::string, map_range>> used_;
	};

	void read_firmware_names();
	file read(const std::string &option, const std::string &path) const;
	loaded_image place(const file &f, uint64_t at, const ram_view &ram, occupancy &used,
			   boot_image &image) const;
	void place_initrd(const ram_view &ram, occupancy &used, map_range &initrd) const;
	efi_handover place_acpi(const acpi_blob &acpi, map_range tables, const ram_view &ram,
				occupancy &used) const;

	const machine &machine_;
	const layout &layout_;
	file bios_, firmware_, kernel_, initrd_; // no option: there is none
	file firmware_elf_;                      // for its names; may be empty
	const char *no_acpi_ = "only Linux behind OpenSBI is given them";
};

} // namespace vcxl

#endif
