// SPDX-License-Identifier: Apache-2.0
//
// Reset ROM: what the harts execute first. It hands over to M-mode firmware as OpenSBI's fw_dynamic
// expects it (OpenSBI documentation, "OpenSBI Firmware with Dynamic Information").
#ifndef VCXL_PLATFORM_RESET_ROM_H
#define VCXL_PLATFORM_RESET_ROM_H

#include <cstdint>
#include <vector>

namespace vcxl
{

struct reset_rom_config {
	uint64_t entry = 0; // of the M-mode firmware
	uint64_t fdt = 0;   // address of the device tree
	uint64_t next = 0;  // entry of the next stage, in S-mode
};

// For map::rom.base, where all harts reset to, though it runs anywhere. At the entry: a0 hart id,
// a1 device tree, a2 struct fw_dynamic_info.
std::vector<uint8_t> build_reset_rom(const reset_rom_config &config);

} // namespace vcxl

#endif
