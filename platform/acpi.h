// SPDX-License-Identifier: Apache-2.0
//
// The ACPI tables of the virtual host, made from the machine description. ACPI 6.6, CXL r3.1 9.17
// and 9.18. Pure: no files, no memory but the blob that is returned.
#ifndef VCXL_PLATFORM_ACPI_H
#define VCXL_PLATFORM_ACPI_H

#include <cstdint>
#include <string>
#include <vector>

#include "machine.h"
#include "memory_map.h"

namespace vcxl
{

struct acpi_table {
	std::string name; // its signature; "RSDP" for the root pointer
	std::vector<uint8_t> bytes;
};

struct acpi_blob {
	std::vector<acpi_table> tables;
	std::vector<uint8_t> bytes; // what lies at the base
	uint64_t rsdp = 0;          // address of the root pointer
};

// What the machine description does not say.
struct acpi_inputs {
	std::string isa; // of the harts: iss_isa_string()
};

// All tables with final addresses and checksums, one after the other from `base`, each at a
// multiple of 64 bytes. CEDT is left out where there is no host bridge. Throws std::runtime_error.
acpi_blob build_acpi(const machine &m, const layout &l, const acpi_inputs &in, uint64_t base);

} // namespace vcxl

#endif
