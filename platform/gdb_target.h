// SPDX-License-Identifier: Apache-2.0
//
// A hart's registers as GDB sees them: target description (GDB manual, appendix G.5.12, "RISC-V
// Features") and the numbers in it. GDB's own numbering is kept: 0..31 x, 32 pc, 33..64 f, 65 + n
// CSR n, 4161 the privilege level.
#ifndef VCXL_PLATFORM_GDB_TARGET_H
#define VCXL_PLATFORM_GDB_TARGET_H

#include <cstdint>
#include <string>

#include <iss.h>

namespace vcxl
{

constexpr unsigned gdb_n_general = 33; // of the packets g and G

std::string gdb_target_xml();
// false: no such register. A CSR that cannot be read at present has no value: x digits.
bool gdb_read_register(iss_hart *hart, uint64_t number, std::string &hex);
// false: no such register, not writable, or the value is not 8 bytes.
bool gdb_write_register(iss_hart *hart, uint64_t number, const std::string &hex);

} // namespace vcxl

#endif
