/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands that a memory device with both partitions and label storage offers, as literals of
 * CXL r3.1 8.2.9: one row per opcode, which the tests of lengths, CEL and disabled media go
 * through.
 */
#ifndef VCXL_TEST_COMMANDS_H
#define VCXL_TEST_COMMANDS_H

#include <cstdint>

namespace vcxl_test
{

// clang-format off
constexpr struct {
	uint16_t opcode;
	uint32_t min, max; /* input length, with a payload of 2 KiB */
	unsigned effects;  /* CXL r3.1 8.2.9.5.2.1 */
	bool media;        /* fails while media is disabled */
} commands[] = {
	{ 0x0005, 0, 0,       0x000, false },
	{ 0x0100, 1, 1,       0x000, false },
	{ 0x0101, 6, 0x800,   0x010, false },
	{ 0x0102, 0, 0,       0x000, false },
	{ 0x0103, 4, 5,       0x008, false },
	{ 0x0200, 0, 0,       0x000, false },
	{ 0x0201, 0x80, 0x800, 0x141, true },
	{ 0x0202, 2, 2,       0x142, true },
	{ 0x0300, 0, 0,       0x000, false },
	{ 0x0301, 8, 8,       0x008, false },
	{ 0x0400, 0, 0,       0x000, false },
	{ 0x0401, 0x18, 0x18, 0x000, false },
	{ 0x0500, 8, 8,       0x000, false },
	{ 0x0501, 0x15, 0x15, 0x000, false },
	{ 0x0502, 0x20, 0x800, 0x008, false },
	{ 0x0600, 2, 0x800,   0x006, true },
	{ 0x4000, 0, 0,       0x000, false },
	{ 0x4100, 0, 0,       0x000, true },
	{ 0x4102, 8, 8,       0x000, true },
	{ 0x4103, 8, 0x800,   0x006, true },
	{ 0x4200, 0, 0,       0x000, false },
	{ 0x4201, 0, 0,       0x000, false },
	{ 0x4202, 0xc, 0xc,   0x008, false },
	{ 0x4203, 0, 0,       0x000, false },
	{ 0x4204, 1, 1,       0x008, false },
	{ 0x4300, 0x10, 0x10, 0x000, true },
	{ 0x4301, 8, 8,       0x004, true },
	{ 0x4302, 0x48, 0x48, 0x004, true },
	{ 0x4303, 0x10, 0x10, 0x000, true },
	{ 0x4304, 0x11, 0x11, 0x140, true },
	{ 0x4305, 0, 0,       0x000, true },
	{ 0x4400, 0, 0,       0x164, false },
	{ 0x4401, 0, 0,       0x024, true },
	{ 0x4402, 8, 0x800,   0x044, true },
	{ 0x4500, 0, 0,       0x000, false },
	{ 0x4501, 0x60, 0x60, 0x020, false },
	{ 0x4502, 0x40, 0x40, 0x020, false },
	{ 0x4503, 0x20, 0x20, 0x020, false },
	{ 0x4504, 0, 0,       0x020, false },
	{ 0x4505, 0x40, 0x40, 0x024, true },
};
// clang-format on
constexpr unsigned n_commands = sizeof(commands) / sizeof(commands[0]);

} /* namespace vcxl_test */

#endif
