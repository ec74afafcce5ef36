// SPDX-License-Identifier: Apache-2.0
// CSRs: which exist for whom, what their fields accept, counters. RISC-V privileged architecture
// 20240411 chapters 2, 3 and 12.
#include <set>

#include "priv_machine.h"

using priv::machine;

namespace
{

std::set<unsigned> range(unsigned first, unsigned last)
{
	std::set<unsigned> s;

	for (unsigned i = first; i <= last; i++)
		s.insert(i);
	return s;
}

std::set<unsigned> operator+(std::set<unsigned> a, const std::set<unsigned> &b)
{
	a.insert(b.begin(), b.end());
	return a;
}

const std::set<unsigned> fp = { 0x001, 0x002, 0x003 };
const std::set<unsigned> unpriv_counters = range(0xc00, 0xc1f);
const std::set<unsigned> supervisor = { 0x100, 0x104, 0x105, 0x106, 0x10a, 0x140, 0x141, 0x142,
					0x143, 0x144, 0x14d, 0x150, 0x151, 0x15c, 0x180, 0xdb0 };
const std::set<unsigned> machine_level =
	std::set<unsigned>{ 0x300, 0x301, 0x302, 0x303, 0x304, 0x305, 0x306, 0x308, 0x309,
			    0x30a, 0x320, 0x340, 0x341, 0x342, 0x343, 0x344, 0x350, 0x351,
			    0x35c, 0x3a0, 0x3a2, 0x7a0, 0x7a1, 0x7a2, 0x7a3, 0xb00, 0xb02,
			    0xf11, 0xf12, 0xf13, 0xf14, 0xf15, 0xfb0 } +
	range(0x323, 0x33f) + range(0x3b0, 0x3bf) + range(0xb03, 0xb1f);

std::set<unsigned> accessible(machine &m)
{
	std::set<unsigned> found;

	for (unsigned csr = 0; csr < 4096; csr++)
		if (m.csrr(csr))
			found.insert(csr);
	return found;
}

/* FP on, timer compare enabled, counters delegated all the way down, indirect registers selected */
void enable_everything(machine &m)
{
	m.must_write(0x300, 3 << 13);
	m.must_write(0x30a, 1ull << 63);
	m.must_write(0x306, 7);
	m.must_write(0x106, 7);
	m.must_write(0x350, 0x70);
	m.must_write(0x150, 0x70);
}

} // namespace

TEST(csr, machine_mode_has_exactly_the_implemented_numbers)
{
	machine m;

	enable_everything(m);
	EXPECT_EQ(accessible(m), fp + unpriv_counters + supervisor + machine_level);
}

TEST(csr, supervisor_mode_has_supervisor_numbers_and_delegated_counters)
{
	machine m;

	enable_everything(m);
	m.set_priv(ISS_PRIV_S);
	EXPECT_EQ(accessible(m), fp + range(0xc00, 0xc02) + supervisor);
}

TEST(csr, user_mode_has_floating_point_and_delegated_counters)
{
	machine m;

	enable_everything(m);
	m.set_priv(ISS_PRIV_U);
	EXPECT_EQ(accessible(m), fp + range(0xc00, 0xc02));
}

TEST(csr, numbers_with_top_bits_set_are_read_only)
{
	machine m;

	enable_everything(m);
	for (unsigned csr = 0xc00; csr < 0x1000; csr++) {
		EXPECT_FALSE(m.csrw(csr, 0)) << std::hex << csr;
		EXPECT_FALSE(m.csrs(csr, 0)) << std::hex << csr;
	}
}

TEST(csr, aia_external_registers_need_an_imsic)
{
	machine m(false);

	for (unsigned csr : { 0x15cu, 0x35cu })
		EXPECT_FALSE(m.csrr(csr));
	m.must_write(0x350, 0x70);
	EXPECT_FALSE(m.csrr(0x351));
}

TEST(csr, floating_point_registers_need_fs)
{
	machine m;

	for (unsigned csr : fp) {
		m.must_write(0x300, 0);
		EXPECT_FALSE(m.csrr(csr));
		m.must_write(0x300, 1 << 13);
		EXPECT_TRUE(m.csrr(csr));
		EXPECT_EQ(m.csr(0x300) >> 13 & 3, 1u) << "a read does not make FS dirty";
		EXPECT_TRUE(m.csrw(csr, 0));
		EXPECT_EQ(m.csr(0x300) >> 13 & 3, 3u);
		EXPECT_EQ(m.csr(0x300) >> 63, 1u) << "SD follows FS";
	}
}

TEST(csr, fcsr_is_frm_and_fflags)
{
	machine m;

	m.must_write(0x300, 3 << 13);
	m.must_write(0x003, ~0ull);
	EXPECT_EQ(m.csr(0x003), 0xffu);
	m.must_write(0x001, 0x11);
	m.must_write(0x002, 0x0a);
	EXPECT_EQ(m.csr(0x001), 0x11u);
	EXPECT_EQ(m.csr(0x002), 2u);
	EXPECT_EQ(m.csr(0x003), 0x51u);
}

struct warl {
	unsigned csr;
	uint64_t written, read;
};

TEST(csr, fields_accept_only_legal_values)
{
	/* clang-format off */
	static const warl rows[] = {
		{ 0x300, ~0ull & ~(3ull << 11), 0x8000000a007e61aa },
		{ 0x300, 0x1800, 0xa00001800 },          /* MPP = M */
		{ 0x300, 0x0800, 0xa00000800 },          /* MPP = S */
		{ 0x100, ~0ull, 0x80000002000c6122 },
		{ 0x301, 0, 0x800000000014112f },        /* misa is fixed: RV64ABCDFIMSU */
		{ 0x302, ~0ull, 0xb3ff },                /* not: ecall from M, reserved causes */
		{ 0x303, ~0ull, 0x222 },
		{ 0x304, ~0ull, 0xaaa },
		{ 0x305, ~0ull, ~2ull },                 /* vectored; modes 2 and 3 do not exist */
		{ 0x305, 0x80000002, 0x80000000 },
		{ 0x105, ~0ull, ~2ull },
		{ 0x306, ~0ull, 7 },
		{ 0x106, ~0ull, 7 },
		{ 0x308, ~0ull, 0 },
		{ 0x30a, ~0ull, 0xe0000000000000f1 },
		{ 0x10a, ~0ull, 0xf1 },
		{ 0x320, ~0ull, 5 },                     /* time cannot be inhibited */
		{ 0x323, ~0ull, 0 }, { 0x33f, ~0ull, 0 },
		{ 0xb03, ~0ull, 0 }, { 0xb1f, ~0ull, 0 },
		{ 0x340, ~0ull, ~0ull }, { 0x140, ~0ull, ~0ull },
		{ 0x341, ~0ull, ~1ull }, { 0x141, ~0ull, ~1ull },
		{ 0x342, ~0ull, ~0ull }, { 0x142, ~0ull, ~0ull },
		{ 0x343, ~0ull, ~0ull }, { 0x143, ~0ull, ~0ull },
		{ 0x3b0, ~0ull, 0x3fffffffffffff },
		{ 0x7a0, ~0ull, 0 }, { 0x7a1, ~0ull, 0 }, { 0x7a2, ~0ull, 0 }, { 0x7a3, ~0ull, 0 },
		{ 0x14d, ~0ull, ~0ull },
		{ 0x350, 0xff, 0xff }, { 0x150, 0xff, 0xff },
	};
	/* clang-format on */

	for (const warl &row : rows) {
		machine m;

		m.must_write(row.csr, row.written);
		EXPECT_EQ(m.csr(row.csr), row.read) << std::hex << row.csr << " " << row.written;
	}
}

TEST(csr, reserved_field_values_leave_the_field_as_it_was)
{
	machine m;

	m.must_write(0x300, 1 << 11);
	m.must_write(0x300, 2 << 11);
	EXPECT_EQ(m.csr(0x300) >> 11 & 3, 1u) << "MPP";
	m.must_write(0x30a, 3 << 4);
	m.must_write(0x30a, 2 << 4);
	EXPECT_EQ(m.csr(0x30a) >> 4 & 3, 3u) << "CBIE";
}

TEST(csr, satp_ignores_a_write_with_an_unsupported_mode)
{
	machine m;

	m.must_write(0x180, 8ull << 60 | 0x1234ull << 44 | 0x80000);
	for (uint64_t mode : { 1u, 7u, 10u, 11u, 15u }) {
		m.must_write(0x180, mode << 60 | 0x999);
		EXPECT_EQ(m.csr(0x180), 8ull << 60 | 0x1234ull << 44 | 0x80000) << mode;
	}
	m.must_write(0x180, 9ull << 60 | 0x80001);
	EXPECT_EQ(m.csr(0x180), 9ull << 60 | 0x80001);
	m.must_write(0x180, 0);
	EXPECT_EQ(m.csr(0x180), 0u);
}

TEST(csr, tvm_keeps_supervisor_mode_from_satp)
{
	machine m;

	m.must_write(0x300, 1 << 20);
	EXPECT_TRUE(m.csrr(0x180));
	m.set_priv(ISS_PRIV_S);
	EXPECT_FALSE(m.csrr(0x180));
	EXPECT_FALSE(m.csrw(0x180, 0));
}

TEST(csr, a_refused_access_changes_nothing)
{
	machine m;
	uint64_t old = 1;

	m.must_write(0x340, 5);
	m.set_priv(ISS_PRIV_S);
	EXPECT_FALSE(iss_csr_rmw(m.h(), 0x340, ISS_CSR_WRITE, 7, true, true, &old));
	EXPECT_EQ(old, 0u);
	EXPECT_EQ(m.csr(0x340), 5u);
}

TEST(csr, set_and_clear_return_the_old_value)
{
	machine m;
	uint64_t old;

	m.must_write(0x340, 0xf0);
	ASSERT_TRUE(iss_csr_rmw(m.h(), 0x340, ISS_CSR_SET, 0x0f, true, true, &old));
	EXPECT_EQ(old, 0xf0u);
	ASSERT_TRUE(iss_csr_rmw(m.h(), 0x340, ISS_CSR_CLEAR, 0xf0, true, true, &old));
	EXPECT_EQ(old, 0xffu);
	ASSERT_TRUE(iss_csr_rmw(m.h(), 0x340, ISS_CSR_WRITE, 3, true, true, &old));
	EXPECT_EQ(old, 0x0fu);
	EXPECT_EQ(m.csr(0x340), 3u);
}

TEST(csr, sstatus_is_a_view_of_mstatus)
{
	machine m;

	m.must_write(0x300, 1 << 7 | 3 << 11);
	ASSERT_TRUE(m.csrs(0x100, 1 << 1 | 1 << 18 | 1 << 7));
	EXPECT_EQ(m.csr(0x300), 0xa00000000 | 1 << 18 | 3 << 11 | 1 << 7 | 1 << 1);
	EXPECT_EQ(m.csr(0x100), 0x200000000 | 1 << 18 | 1 << 1);
}

TEST(csr, sie_and_sip_show_delegated_interrupts_only)
{
	machine m;

	m.must_write(0x304, 0xaaa);
	m.must_write(0x344, 0x222);
	EXPECT_EQ(m.csr(0x104), 0u);
	EXPECT_EQ(m.csr(0x144), 0u);
	m.must_write(0x303, 0x022);
	EXPECT_EQ(m.csr(0x104), 0x022u);
	EXPECT_EQ(m.csr(0x144), 0x022u);
	m.must_write(0x104, 0);
	EXPECT_EQ(m.csr(0x304), 0xa88u);
	m.must_write(0x144, 0);
	EXPECT_EQ(m.csr(0x344), 0x220u) << "only SSIP is writable through sip";
}

TEST(csr, seip_of_mip_is_writable_apart_from_the_external_signal)
{
	machine m(false);

	iss_hart_set_irq(m.h(), 9, true);
	EXPECT_EQ(m.csr(0x344), 0x200u);
	ASSERT_TRUE(m.csrs(0x344, 0x2)) << "read-modify-write of another bit";
	iss_hart_set_irq(m.h(), 9, false);
	EXPECT_EQ(m.csr(0x344), 0x002u) << "the signal did not stick";
	ASSERT_TRUE(m.csrs(0x344, 0x200));
	EXPECT_EQ(m.csr(0x344), 0x202u);
	iss_hart_set_irq(m.h(), 9, true);
	ASSERT_TRUE(m.csrc(0x344, 0x200));
	EXPECT_EQ(m.csr(0x344), 0x202u) << "the signal is still up";
	iss_hart_set_irq(m.h(), 9, false);
	EXPECT_EQ(m.csr(0x344), 0x002u);
}

TEST(csr, mip_machine_bits_follow_the_lines_and_not_writes)
{
	machine m(false);

	m.must_write(0x344, ~0ull);
	EXPECT_EQ(m.csr(0x344), 0x222u);
	m.must_write(0x344, 0);
	for (unsigned bit : { 3u, 7u, 9u, 11u }) {
		iss_hart_set_irq(m.h(), bit, true);
		EXPECT_EQ(m.csr(0x344), 1ull << bit);
		m.must_write(0x344, 0);
		EXPECT_EQ(m.csr(0x344), 1ull << bit);
		iss_hart_set_irq(m.h(), bit, false);
		EXPECT_EQ(m.csr(0x344), 0u);
	}
}

TEST(csr, mvip_aliases_the_software_bits_of_mip)
{
	machine m(false);

	m.must_write(0x309, ~0ull);
	EXPECT_EQ(m.csr(0x309), 0x222u);
	EXPECT_EQ(m.csr(0x344), 0x222u);
	m.must_write(0x309, 0);
	iss_hart_set_irq(m.h(), 9, true);
	EXPECT_EQ(m.csr(0x309), 0u);
}

TEST(csr, a_counter_reads_as_written_by_the_next_instruction)
{
	machine m;

	for (unsigned csr : { 0xb00u, 0xb02u }) {
		m.h()->cycles = m.h()->instret = 1000;
		EXPECT_EQ(m.csr(csr), 1000u);
		ASSERT_TRUE(m.csrw(csr, 77));
		m.h()->cycles++; /* the write itself retires */
		m.h()->instret++;
		EXPECT_EQ(m.csr(csr), 77u);
		EXPECT_EQ(m.csr(csr + 0x100), 77u) << "the user-level shadow";
		m.h()->cycles += 5;
		m.h()->instret += 5;
		EXPECT_EQ(m.csr(csr), 82u);
		m.must_write(csr, 3); /* from outside: no instruction to be left out */
		EXPECT_EQ(m.csr(csr), 3u);
	}
}

TEST(csr, an_inhibited_counter_stands_still)
{
	machine m;

	for (unsigned bit : { 0u, 2u }) {
		const unsigned csr = 0xb00 + bit;

		m.h()->cycles = m.h()->instret = 10;
		m.must_write(csr, 100);
		m.must_write(0x320, 1ull << bit);
		m.h()->cycles = m.h()->instret = 30;
		EXPECT_EQ(m.csr(csr), 100u);
		EXPECT_EQ(m.csr(0xb02 - bit), 30u) << "the other one runs";
		ASSERT_TRUE(m.csrw(csr, 200));
		m.h()->cycles = m.h()->instret = 31;
		EXPECT_EQ(m.csr(csr), 200u);
		m.must_write(0x320, 0);
		m.h()->cycles = m.h()->instret = 41;
		EXPECT_EQ(m.csr(csr), 210u);
		m.must_write(csr, 41); /* no bias for the next round */
	}
}

TEST(csr, time_is_the_platforms)
{
	machine m;

	m.now = 0x123456789;
	EXPECT_EQ(m.csr(0xc01), 0x123456789u);
}

TEST(csr, counters_are_readable_below_where_counteren_says)
{
	for (unsigned bit = 0; bit < 32; bit++) {
		for (unsigned enables = 0; enables < 4; enables++) {
			const bool m_on = enables & 1, s_on = enables & 2;
			const bool exists = bit <= 2; /* hpmcounters cannot be enabled */
			machine m;

			m.must_write(0x306, m_on ? 1ull << bit : ~(1ull << bit));
			m.must_write(0x106, s_on ? 1ull << bit : ~(1ull << bit));
			EXPECT_TRUE(m.csrr(0xc00 + bit));
			m.set_priv(ISS_PRIV_S);
			EXPECT_EQ(m.csrr(0xc00 + bit), exists && m_on);
			m.set_priv(ISS_PRIV_U);
			EXPECT_EQ(m.csrr(0xc00 + bit), exists && m_on && s_on);
		}
	}
}

TEST(csr, stimecmp_needs_stce_and_tm_below_machine_mode)
{
	for (unsigned enables = 0; enables < 4; enables++) {
		machine m;

		m.must_write(0x306, enables & 1 ? 2 : 5);
		m.must_write(0x30a, enables & 2 ? 1ull << 63 : 0);
		EXPECT_TRUE(m.csrw(0x14d, 1));
		m.set_priv(ISS_PRIV_S);
		EXPECT_EQ(m.csrr(0x14d), enables == 3);
		EXPECT_EQ(m.csrw(0x14d, 1), enables == 3);
	}
}

TEST(csr, mhartid_is_the_configured_one)
{
	machine m;

	m.h()->config.hart_id = 6;
	EXPECT_EQ(m.csr(0xf14), 6u);
}
