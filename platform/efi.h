// SPDX-License-Identifier: Apache-2.0
//
// What Linux takes over from UEFI firmware, made without any: a system table, its configuration
// tables and a memory map (UEFI 2.10, 4.3, 4.6, 7.2). There are no boot services, and the runtime
// properties table says that no runtime service exists either.
#ifndef VCXL_PLATFORM_EFI_H
#define VCXL_PLATFORM_EFI_H

#include <cstdint>
#include <vector>

#include "memory_map.h"

namespace vcxl
{

enum class efi_memory : uint32_t {
	reserved = 0,
	conventional = 7,
	acpi_reclaim = 9
};

struct efi_range {
	efi_memory type;
	map_range range; // multiples of 4 KiB
};

// Where the properties of /chosen that Linux looks for point to.
struct efi_handover {
	std::vector<uint8_t> bytes; // to be placed at the base that was given
	uint64_t system_table = 0;
	uint64_t map = 0;
	uint32_t map_size = 0, descriptor_size = 0, descriptor_version = 0;
};

// rsdp: address of the ACPI root pointer. The memory map describes all of RAM, in ascending order.
efi_handover build_efi(uint64_t base, uint64_t rsdp, const std::vector<efi_range> &memory);

} // namespace vcxl

#endif
