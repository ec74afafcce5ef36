// SPDX-License-Identifier: Apache-2.0
//
// Reset ROM; see reset_rom.h. The code is position-independent; the addresses that it loads and
// struct fw_dynamic_info follow it as 64-bit words.
#include "reset_rom.h"

namespace vcxl
{

namespace
{

// registers
constexpr uint32_t t0 = 5, a0 = 10, a1 = 11, a2 = 12;
constexpr uint32_t csr_mhartid = 0xf14;

// 64-bit words behind the code
enum word : uint32_t {
	word_entry,
	word_fdt,
	word_info
};
constexpr uint32_t code_bytes = 24;

constexpr uint64_t info_magic = 0x4942534f; // "OSBI"
constexpr uint64_t info_version = 2;
constexpr uint64_t mode_s = 1;
constexpr uint64_t boot_hart = 0; // the others wait for it in the firmware

constexpr uint32_t offset_of(word w)
{
	return code_bytes + 8 * w;
}

// I-type: imm[11:0] rs1 funct3 rd opcode
constexpr uint32_t i_type(uint32_t imm, uint32_t rs1, uint32_t funct3, uint32_t rd, uint32_t opcode)
{
	return imm << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}

constexpr uint32_t code[] = {
	0u << 12 | t0 << 7 | 0x17,                      // auipc t0, 0
	i_type(offset_of(word_info), t0, 0, a2, 0x13),  // addi  a2, t0, info
	i_type(csr_mhartid, 0, 2, a0, 0x73),            // csrrs a0, mhartid, zero
	i_type(offset_of(word_fdt), t0, 3, a1, 0x03),   // ld    a1, fdt(t0)
	i_type(offset_of(word_entry), t0, 3, t0, 0x03), // ld    t0, entry(t0)
	i_type(0, t0, 0, 0, 0x67),                      // jalr  zero, 0(t0)
};
static_assert(sizeof(code) == code_bytes, "the words follow the code");

template <typename type> void append(std::vector<uint8_t> &rom, type value)
{
	for (unsigned i = 0; i < sizeof(value); i++)
		rom.push_back(static_cast<uint8_t>(value >> 8 * i));
}

} // namespace

std::vector<uint8_t> build_reset_rom(const reset_rom_config &config)
{
	const uint64_t words[] = { config.entry, config.fdt,
				   // struct fw_dynamic_info
				   info_magic, info_version, config.next, mode_s, 0 /* options */,
				   boot_hart };
	std::vector<uint8_t> rom;

	for (uint32_t insn : code)
		append(rom, insn);
	for (uint64_t word : words)
		append(rom, word);
	return rom;
}

} // namespace vcxl
