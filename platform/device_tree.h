// SPDX-License-Identifier: Apache-2.0
//
// The device tree that OpenSBI, the firmware and Linux read: as on QEMU's virt,aia=aplic-imsic, and
// in addition a node per CXL host bridge and per fixed memory window.
#ifndef VCXL_PLATFORM_DEVICE_TREE_H
#define VCXL_PLATFORM_DEVICE_TREE_H

#include <cstdint>
#include <string>
#include <vector>

#include "efi.h"
#include "machine.h"
#include "memory_map.h"

namespace vcxl
{

// What the machine description does not say.
struct fdt_inputs {
	std::string isa;          // of the harts, e.g. "rv64imafdc_zicntr": iss_isa_string()
	map_range initrd{ 0, 0 }; // where the loader put it; size 0: there is none
	uint64_t next_stage = 0;  // what our firmware starts in the end; 0: nothing
	std::vector<uint8_t> rng_seed;
	efi_handover efi; // no bytes: Linux shall use this tree alone
};

// OpenSBI enlarges the blob where it lies: that much room behind it must be free.
constexpr uint64_t fdt_room = 0x10000;

// A finished blob. Throws std::runtime_error when libfdt refuses.
std::vector<uint8_t> build_fdt(const machine &m, const layout &l, const fdt_inputs &in);

} // namespace vcxl

#endif
