// SPDX-License-Identifier: Apache-2.0
//
// Reset ROM: instruction words as the RISC-V unprivileged specification encodes them, and OpenSBI's
// struct fw_dynamic_info.
#include <gtest/gtest.h>

#include <cstring>

#include "reset_rom.h"

namespace
{

template <typename type> type at(const std::vector<uint8_t> &rom, size_t offset)
{
	type value;

	EXPECT_LE(offset + sizeof(value), rom.size());
	std::memcpy(&value, rom.data() + offset, sizeof(value));
	return value;
}

const vcxl::reset_rom_config config = { 0x80000000, 0xbfe00000, 0x80200000 };

TEST(reset_rom, passes_hart_id_device_tree_and_dynamic_info_and_jumps)
{
	const std::vector<uint8_t> rom = vcxl::build_reset_rom(config);

	EXPECT_EQ(at<uint32_t>(rom, 0), 0x00000297u);  // auipc t0, 0
	EXPECT_EQ(at<uint32_t>(rom, 4), 0x02828613u);  // addi a2, t0, 40
	EXPECT_EQ(at<uint32_t>(rom, 8), 0xf1402573u);  // csrr a0, mhartid
	EXPECT_EQ(at<uint32_t>(rom, 12), 0x0202b583u); // ld a1, 32(t0)
	EXPECT_EQ(at<uint32_t>(rom, 16), 0x0182b283u); // ld t0, 24(t0)
	EXPECT_EQ(at<uint32_t>(rom, 20), 0x00028067u); // jr t0
	EXPECT_EQ(at<uint64_t>(rom, 24), 0x80000000u);
	EXPECT_EQ(at<uint64_t>(rom, 32), 0xbfe00000u);
}

TEST(reset_rom, dynamic_info_of_version_2_starts_the_next_stage_in_s_mode)
{
	const std::vector<uint8_t> rom = vcxl::build_reset_rom(config);

	EXPECT_EQ(at<uint64_t>(rom, 40), 0x4942534fu); // magic "OSBI"
	EXPECT_EQ(at<uint64_t>(rom, 48), 2u);          // version
	EXPECT_EQ(at<uint64_t>(rom, 56), 0x80200000u); // next_addr
	EXPECT_EQ(at<uint64_t>(rom, 64), 1u);          // next_mode
	EXPECT_EQ(at<uint64_t>(rom, 72), 0u);          // options
	EXPECT_EQ(at<uint64_t>(rom, 80), 0u);          // boot_hart
	EXPECT_EQ(rom.size(), 88u);
}

} // namespace
