// SPDX-License-Identifier: Apache-2.0
//
// Puts programs into guest RAM before the run: ELF64 for RISC-V, Linux `Image` (kernel
// documentation, riscv/boot-image-header) and raw binaries. Compressed kernels are refused.
#ifndef VCXL_PLATFORM_LOADER_H
#define VCXL_PLATFORM_LOADER_H

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "memory_map.h"

namespace vcxl
{

// One line: file name and what is wrong with it.
class load_error : public std::runtime_error
{
public:
	using std::runtime_error::runtime_error;
};

// Guest RAM as the host sees it: [base, base + size) is at host.
struct ram_view {
	uint64_t base = 0, size = 0;
	uint8_t *host = nullptr;
};

enum class image_kind {
	elf,
	linux_image,
	raw
};

// A name of code: [address, end), as linked.
struct code_symbol {
	uint64_t address, end;
	std::string name;
};

struct loaded_image {
	image_kind kind = image_kind::raw;
	uint64_t entry = 0;
	map_range extent{ 0, 0 }; // what it occupies, zero-filled parts and gaps included
	// of an ELF file, as far as it has them: tohost, fromhost, begin_signature, end_signature
	std::map<std::string, uint64_t> symbols;
	std::vector<code_symbol> code; // of an ELF file: see elf_code()
};

// Where a Linux image goes by its own header: RAM base + text_offset.
constexpr uint64_t load_by_header = UINT64_MAX;

// Throws load_error. The file must be a regular file or a pipe.
std::vector<uint8_t> read_file(const std::string &path);

image_kind kind_of(const std::vector<uint8_t> &file);

// Throws load_error when an initial RAM disk that is a cpio archive is damaged or ends too early.
void check_initrd(const std::string &name, const std::vector<uint8_t> &file);

// Recognises the format. An ELF file is placed by its physical addresses; anything else at
// `address`. Throws load_error, with RAM possibly written in part.
loaded_image load_program(const std::string &path, uint64_t address, const ram_view &ram);
// The same for contents in memory; name is for messages.
loaded_image load_program(const std::string &name, const std::vector<uint8_t> &file,
			  uint64_t address, const ram_view &ram);
// Bytes as they are, whatever they look like (initial RAM disk, device tree).
loaded_image load_raw(const std::string &name, const std::vector<uint8_t> &file, uint64_t address,
		      const ram_view &ram);

// The functions and labels of an ELF file's executable segments, by address, one name per address.
// Throws load_error.
std::vector<code_symbol> elf_code(const std::string &name, const std::vector<uint8_t> &file);

} // namespace vcxl

#endif
