// SPDX-License-Identifier: Apache-2.0
// Smaia/Ssaia with an IMSIC: interrupt files, claims, threshold, topi. RISC-V AIA 1.0 chapters
// 2, 3.
#include <random>

#include "priv_machine.h"

using priv::machine;

namespace
{

/* the two levels are the same registers at other numbers */
struct level {
	iss_imsic_file file;
	unsigned select, ireg, topei, topi;
	unsigned mip_bit;
};
const level levels[] = { { ISS_IMSIC_M, 0x350, 0x351, 0x35c, 0xfb0, 11 },
			 { ISS_IMSIC_S, 0x150, 0x151, 0x15c, 0xdb0, 9 } };

void write_reg(machine &m, const level &l, uint64_t select, uint64_t value)
{
	m.must_write(l.select, select);
	EXPECT_TRUE(m.csrw(l.ireg, value)) << std::hex << select;
}

uint64_t read_reg(machine &m, const level &l, uint64_t select)
{
	m.must_write(l.select, select);
	return m.csr(l.ireg);
}

} // namespace

TEST(imsic, exactly_the_registers_of_rv64_exist)
{
	for (const level &l : levels) {
		machine m;

		for (unsigned select = 0; select < 0x1000; select++) {
			const bool even = select % 2 == 0;
			const bool exists = select == 0x70 || select == 0x72 ||
					    (select >= 0x30 && select <= 0x3f && even) ||
					    (select >= 0x80 && select <= 0xff && even);

			m.must_write(l.select, select);
			EXPECT_EQ(m.csrr(l.ireg), exists) << std::hex << select;
			EXPECT_EQ(m.csrw(l.ireg, 0), exists) << std::hex << select;
		}
	}
}

TEST(imsic, registers_accept_only_legal_values)
{
	/* clang-format off */
	static const struct { unsigned select; uint64_t written, read; } rows[] = {
		{ 0x30, ~0ull, 0 }, { 0x3e, ~0ull, 0 },
		{ 0x70, 1, 1 }, { 0x70, 2, 0 }, { 0x70, 0x40000000, 0 },
		{ 0x72, 255, 255 }, { 0x72, 256, 0 },
		{ 0x80, ~0ull, ~1ull }, { 0x82, ~0ull, ~0ull }, { 0x86, ~0ull, ~0ull },
		{ 0x88, ~0ull, 0 }, { 0xbe, ~0ull, 0 },
		{ 0xc0, ~0ull, ~1ull }, { 0xc6, ~0ull, ~0ull }, { 0xc8, ~0ull, 0 }, { 0xfe, ~0ull, 0 },
	};
	/* clang-format on */

	for (const level &l : levels) {
		for (const auto &row : rows) {
			machine m;

			write_reg(m, l, row.select, row.written);
			EXPECT_EQ(read_reg(m, l, row.select), row.read) << std::hex << row.select;
		}
	}
}

TEST(imsic, an_msi_sets_the_pending_bit_of_its_file_only)
{
	for (const level &l : levels) {
		machine m;
		const level &other = levels[l.file == ISS_IMSIC_M ? 1 : 0];

		iss_take_interrupt(m.h());
		iss_hart_imsic_msi(m.h(), l.file, 65);
		EXPECT_TRUE(m.h()->check_irq);
		EXPECT_EQ(read_reg(m, l, 0x82), 2u);
		EXPECT_EQ(read_reg(m, other, 0x82), 0u);
	}
}

TEST(imsic, identities_that_do_not_exist_are_ignored)
{
	machine m;

	for (uint32_t id : { 0u, 256u, 257u, 0xffffffffu })
		iss_hart_imsic_msi(m.h(), ISS_IMSIC_S, id);
	for (unsigned select = 0x80; select <= 0xff; select += 2)
		EXPECT_EQ(read_reg(m, levels[1], select), 0u);
	iss_hart_imsic_msi(m.h(), ISS_IMSIC_S, 255);
	EXPECT_EQ(read_reg(m, levels[1], 0x86), 1ull << 63);
}

TEST(imsic, delivery_off_hides_the_interrupt_from_mip_but_not_from_topei)
{
	for (const level &l : levels) {
		machine m;

		write_reg(m, l, 0xc0, 1 << 5);
		iss_hart_imsic_msi(m.h(), l.file, 5);
		EXPECT_EQ(m.csr(0x344), 0u);
		EXPECT_EQ(m.csr(l.topei), 5u << 16 | 5);
		write_reg(m, l, 0x70, 1);
		EXPECT_EQ(m.csr(0x344), 1ull << l.mip_bit);
		write_reg(m, l, 0xc0, 0);
		EXPECT_EQ(m.csr(0x344), 0u) << "not enabled";
		EXPECT_EQ(m.csr(l.topei), 0u);
	}
}

TEST(imsic, the_threshold_masks_identities_at_and_above_it)
{
	for (const level &l : levels) {
		machine m;

		write_reg(m, l, 0x70, 1);
		write_reg(m, l, 0xc0, 1 << 5);
		iss_hart_imsic_msi(m.h(), l.file, 5);
		for (unsigned threshold : { 1u, 4u, 5u }) {
			write_reg(m, l, 0x72, threshold);
			EXPECT_EQ(m.csr(l.topei), 0u) << threshold;
			EXPECT_EQ(m.csr(0x344), 0u) << threshold;
		}
		for (unsigned threshold : { 6u, 255u, 0u }) {
			write_reg(m, l, 0x72, threshold);
			EXPECT_EQ(m.csr(l.topei), 5u << 16 | 5) << threshold;
		}
	}
}

TEST(imsic, a_write_to_topei_claims_what_was_reported)
{
	for (const level &l : levels) {
		machine m;
		uint64_t old;

		for (unsigned i = 0; i < 4; i++)
			write_reg(m, l, 0xc0 + 2 * i, ~0ull);
		for (uint32_t id : { 200u, 7u, 64u, 255u })
			iss_hart_imsic_msi(m.h(), l.file, id);
		for (uint32_t id : { 7u, 64u, 200u, 255u }) {
			EXPECT_TRUE(m.csrr(l.topei, &old)) << "a read claims nothing";
			EXPECT_EQ(old, id << 16 | id);
			ASSERT_TRUE(
				iss_csr_rmw(m.h(), l.topei, ISS_CSR_WRITE, 0, true, true, &old));
			EXPECT_EQ(old, id << 16 | id);
		}
		EXPECT_EQ(m.csr(l.topei), 0u);
		ASSERT_TRUE(m.csrw(l.topei, 0)) << "claiming nothing is harmless";
	}
}

TEST(imsic, a_claimed_interrupt_that_comes_again_is_pending_again)
{
	machine m;
	const level &l = levels[1];

	write_reg(m, l, 0xc0, 2);
	iss_hart_imsic_msi(m.h(), l.file, 1);
	iss_hart_imsic_msi(m.h(), l.file, 1);
	ASSERT_TRUE(m.csrw(l.topei, 0));
	EXPECT_EQ(m.csr(l.topei), 0u);
	iss_hart_imsic_msi(m.h(), l.file, 1);
	EXPECT_EQ(m.csr(l.topei), 1u << 16 | 1);
}

TEST(imsic, top_is_the_lowest_identity_pending_enabled_and_below_the_threshold)
{
	const uint32_t seed = 20240411;
	std::mt19937_64 random(seed);

	for (int round = 0; round < 20000; round++) {
		iss_imsic file = {};
		uint32_t expected = 0;

		for (unsigned i = 0; i < 4; i++) {
			file.eip[i] = random() & random() & random() & random();
			file.eie[i] = random() & random() & random();
		}
		file.eip[0] &= ~1ull;
		file.eithreshold = random() % 4 ? static_cast<uint32_t>(random() % 256) : 0;
		for (uint32_t id = 255; id > 0; id--)
			if ((file.eip[id / 64] >> id % 64 & 1) &&
			    (file.eie[id / 64] >> id % 64 & 1) &&
			    (!file.eithreshold || id < file.eithreshold))
				expected = id;
		ASSERT_EQ(iss_imsic_top(&file), expected) << "seed " << seed << " " << round;
	}
}

TEST(aia, topi_names_the_highest_interrupt_of_its_level_whatever_is_globally_enabled)
{
	machine m(false);

	m.must_write(0x304, 0xaaa);
	m.must_write(0x303, 0x222);
	for (unsigned bit : { 3u, 7u, 9u, 11u })
		iss_hart_set_irq(m.h(), bit, true);
	m.must_write(0x344, 0x22);
	EXPECT_EQ(m.csr(0xfb0), 11u << 16 | 1);
	EXPECT_EQ(m.csr(0xdb0), 9u << 16 | 1);
	iss_hart_set_irq(m.h(), 11, false);
	iss_hart_set_irq(m.h(), 9, false);
	EXPECT_EQ(m.csr(0xfb0), 3u << 16 | 1);
	EXPECT_EQ(m.csr(0xdb0), 1u << 16 | 1);
	m.must_write(0x304, 0x20);
	EXPECT_EQ(m.csr(0xfb0), 0u);
	EXPECT_EQ(m.csr(0xdb0), 5u << 16 | 1);
	m.must_write(0x303, 0);
	EXPECT_EQ(m.csr(0xfb0), 5u << 16 | 1) << "not delegated: machine level's";
	EXPECT_EQ(m.csr(0xdb0), 0u);
}

TEST(aia, an_msi_interrupts_supervisor_mode_and_is_gone_after_its_claim)
{
	machine m;
	const level &l = levels[1];

	m.must_write(0x303, 0x200);
	m.must_write(0x304, 0x200);
	write_reg(m, l, 0x70, 1);
	write_reg(m, l, 0xc0, 1 << 3);
	m.set_priv(ISS_PRIV_U);
	iss_hart_imsic_msi(m.h(), l.file, 3);
	ASSERT_TRUE(iss_take_interrupt(m.h()));
	EXPECT_EQ(m.csr(0x142), 1ull << 63 | 9);
	EXPECT_TRUE(iss_hart_has_work(m.h()));
	ASSERT_TRUE(m.csrw(0x15c, 0)) << "from supervisor mode itself";
	EXPECT_FALSE(iss_hart_has_work(m.h()));
}
