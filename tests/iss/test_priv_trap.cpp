// SPDX-License-Identifier: Apache-2.0
// Exceptions, interrupts, delegation, xRET, WFI, Sstc. RISC-V privileged architecture 20240411,
// 3.1.6-3.1.9, 3.3, 12.1.
#include "priv_machine.h"

using priv::machine;

namespace
{

constexpr uint64_t interrupt = 1ull << 63;

/* mstatus bits */
constexpr uint64_t SIE = 1 << 1, MIE = 1 << 3, SPIE = 1 << 5, MPIE = 1 << 7, SPP = 1 << 8,
		   MPRV = 1 << 17, TVM = 1 << 20, TW = 1 << 21, TSR = 1 << 22, xl = 0xa00000000;

constexpr uint64_t mpp(uint64_t priv)
{
	return priv << 11;
}

void set_irqs(machine &m, uint64_t mip)
{
	for (unsigned bit : { 3u, 7u, 9u, 11u })
		iss_hart_set_irq(m.h(), bit, mip >> bit & 1);
	m.must_write(0x344, mip & 0x022);
}

} // namespace

TEST(trap, an_exception_saves_pc_cause_value_and_the_interrupted_state)
{
	for (iss_priv from : { ISS_PRIV_U, ISS_PRIV_S, ISS_PRIV_M }) {
		machine m;

		m.must_write(0x300, MIE);
		m.must_write(0x305, 0x80001000);
		m.set_priv(from);
		m.h()->pc = 0x80000040;
		iss_trap(m.h(), ISS_CAUSE_LOAD_ACCESS, 0x1234);
		EXPECT_TRUE(m.h()->trapped);
		EXPECT_EQ(m.h()->next_pc, 0x80001000u);
		EXPECT_EQ(m.h()->priv, ISS_PRIV_M);
		EXPECT_EQ(m.csr(0x341), 0x80000040u);
		EXPECT_EQ(m.csr(0x342), 5u);
		EXPECT_EQ(m.csr(0x343), 0x1234u);
		EXPECT_EQ(m.csr(0x300), xl | MPIE | mpp(from));
	}
}

TEST(trap, a_delegated_exception_goes_to_supervisor_mode_unless_it_came_from_machine_mode)
{
	for (iss_priv from : { ISS_PRIV_U, ISS_PRIV_S, ISS_PRIV_M }) {
		machine m;
		const bool to_s = from != ISS_PRIV_M;

		m.must_write(0x300, SIE);
		m.must_write(0x302, 1 << 13);
		m.must_write(0x105, 0x80002000);
		m.must_write(0x305, 0x80001000);
		m.set_priv(from);
		m.h()->pc = 0x80000040;
		iss_trap(m.h(), ISS_CAUSE_LOAD_PAGE, 0x1234);
		EXPECT_EQ(m.h()->priv, to_s ? ISS_PRIV_S : ISS_PRIV_M);
		EXPECT_EQ(m.h()->next_pc, to_s ? 0x80002000u : 0x80001000u);
		EXPECT_EQ(m.csr(to_s ? 0x141 : 0x341), 0x80000040u);
		EXPECT_EQ(m.csr(to_s ? 0x142 : 0x342), 13u);
		EXPECT_EQ(m.csr(to_s ? 0x143 : 0x343), 0x1234u);
		if (to_s)
			EXPECT_EQ(m.csr(0x300), xl | SPIE | (from == ISS_PRIV_S ? SPP : 0));
		else
			EXPECT_EQ(m.csr(0x300), xl | SIE | mpp(3));
	}
}

TEST(trap, each_cause_is_delegated_by_its_own_bit)
{
	for (unsigned cause : { 0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u, 12u, 13u, 15u }) {
		machine m;

		m.must_write(0x302, ~(1ull << cause));
		m.set_priv(ISS_PRIV_U);
		iss_trap(m.h(), static_cast<iss_cause>(cause), 0);
		EXPECT_EQ(m.h()->priv, ISS_PRIV_M) << cause;
		m.must_write(0x302, 1ull << cause);
		m.set_priv(ISS_PRIV_U);
		iss_trap(m.h(), static_cast<iss_cause>(cause), 0);
		EXPECT_EQ(m.h()->priv, ISS_PRIV_S) << cause;
	}
}

TEST(trap, ecall_has_a_cause_per_privilege_and_no_value)
{
	static const struct {
		iss_priv priv;
		uint64_t cause;
	} rows[] = { { ISS_PRIV_U, 8 }, { ISS_PRIV_S, 9 }, { ISS_PRIV_M, 11 } };

	for (const auto &row : rows) {
		machine m;

		m.must_write(0x343, 99);
		m.set_priv(row.priv);
		iss_op_ecall(m.h());
		EXPECT_EQ(m.csr(0x342), row.cause);
		EXPECT_EQ(m.csr(0x343), 0u);
		EXPECT_TRUE(m.h()->trapped);
	}
}

TEST(trap, an_illegal_instruction_leaves_its_bits_as_value)
{
	machine m;

	iss_illegal(m.h(), 0xdeadbeef);
	EXPECT_EQ(m.csr(0x342), 2u);
	EXPECT_EQ(m.csr(0x343), 0xdeadbeefu);
}

TEST(trap, vectored_mode_applies_to_interrupts_only)
{
	machine m(false);

	m.must_write(0x305, 0x80001001);
	iss_trap(m.h(), ISS_CAUSE_ILLEGAL, 0);
	EXPECT_EQ(m.h()->next_pc, 0x80001000u);
	m.must_write(0x300, MIE);
	m.must_write(0x304, 1 << 7);
	iss_hart_set_irq(m.h(), 7, true);
	ASSERT_TRUE(iss_take_interrupt(m.h()));
	EXPECT_EQ(m.h()->pc, 0x80001000u + 4 * 7);
	EXPECT_EQ(m.csr(0x342), interrupt | 7);
}

TEST(trap, supervisor_vectored_mode_uses_stvec)
{
	machine m(false);

	m.must_write(0x105, 0x80002001);
	m.must_write(0x303, 0x222);
	m.must_write(0x304, 0x222);
	m.must_write(0x344, 1 << 5);
	m.set_priv(ISS_PRIV_U);
	m.h()->pc = 0x4444;
	ASSERT_TRUE(iss_take_interrupt(m.h()));
	EXPECT_EQ(m.h()->pc, 0x80002000u + 4 * 5);
	EXPECT_EQ(m.csr(0x142), interrupt | 5);
	EXPECT_EQ(m.csr(0x141), 0x4444u);
	EXPECT_EQ(m.csr(0x143), 0u);
	EXPECT_EQ(m.h()->priv, ISS_PRIV_S);
}

TEST(trap, traps_are_counted_by_cause)
{
	machine m(false);

	iss_trap(m.h(), ISS_CAUSE_BREAKPOINT, 0);
	iss_trap(m.h(), ISS_CAUSE_BREAKPOINT, 0);
	m.must_write(0x300, MIE);
	m.must_write(0x304, 1 << 11);
	iss_hart_set_irq(m.h(), 11, true);
	ASSERT_TRUE(iss_take_interrupt(m.h()));
	EXPECT_EQ(m.h()->trap_counts[3], 2u);
	EXPECT_EQ(m.h()->trap_counts[64 + 11], 1u);
}

/* MEI, MSI, MTI, SEI, SSI, STI: 3.1.9 */
TEST(interrupt, the_default_priority_order_decides)
{
	machine m(false);
	static const unsigned order[] = { 11, 3, 7, 9, 1, 5 };
	uint64_t pending = 0xaaa;

	m.must_write(0x304, 0xaaa);
	for (unsigned irq : order) {
		m.set_priv(ISS_PRIV_M);
		m.must_write(0x300, MIE);
		set_irqs(m, pending);
		ASSERT_TRUE(iss_take_interrupt(m.h())) << irq;
		EXPECT_EQ(m.csr(0x342), interrupt | irq);
		pending &= ~(1ull << irq);
	}
	m.must_write(0x300, MIE);
	set_irqs(m, pending);
	EXPECT_FALSE(iss_take_interrupt(m.h()));
}

TEST(interrupt, a_machine_interrupt_comes_before_any_delegated_one)
{
	machine m(false);

	m.must_write(0x303, 0x222);
	m.must_write(0x304, 0xaaa);
	set_irqs(m, 0x222 | 1 << 7);
	m.set_priv(ISS_PRIV_U);
	ASSERT_TRUE(iss_take_interrupt(m.h()));
	EXPECT_EQ(m.csr(0x342), interrupt | 7);
	EXPECT_EQ(m.h()->priv, ISS_PRIV_M);
}

/* every combination of privilege, global enables and delegation for one interrupt */
TEST(interrupt, it_is_taken_when_pending_enabled_and_the_target_mode_admits_it)
{
	for (iss_priv priv : { ISS_PRIV_U, ISS_PRIV_S, ISS_PRIV_M }) {
		for (unsigned bits = 0; bits < 16; bits++) {
			const bool mie_global = bits & 1, sie_global = bits & 2;
			const bool delegated = bits & 4, enabled = bits & 8;
			machine m(false);
			bool expected = enabled;

			if (delegated)
				expected = expected && (priv == ISS_PRIV_U ||
							(priv == ISS_PRIV_S && sie_global));
			else
				expected = expected && (priv != ISS_PRIV_M || mie_global);
			m.must_write(0x300, (mie_global ? MIE : 0) | (sie_global ? SIE : 0));
			m.must_write(0x303, delegated ? 0x222 : 0);
			m.must_write(0x304, enabled ? 0x200 : 0);
			set_irqs(m, 0x200);
			m.set_priv(priv);
			EXPECT_EQ(iss_take_interrupt(m.h()), expected) << priv << " " << bits;
			if (expected)
				EXPECT_EQ(m.h()->priv, delegated ? ISS_PRIV_S : ISS_PRIV_M);
			else
				EXPECT_EQ(m.h()->priv, priv);
		}
	}
}

TEST(interrupt, whatever_may_enable_one_asks_for_evaluation)
{
	static const struct {
		unsigned csr;
		uint64_t value;
	} rows[] = { { 0x100, 2 }, { 0x104, 2 }, { 0x144, 2 }, { 0x300, 8 }, { 0x303, 2 },
		     { 0x304, 2 }, { 0x309, 2 }, { 0x344, 2 }, { 0x14d, 0 }, { 0x30a, 1 },
		     { 0x15c, 0 }, { 0x35c, 0 }, { 0x351, 1 }, { 0x151, 1 } };

	for (const auto &row : rows) {
		machine m;

		m.must_write(0x350, 0x70);
		m.must_write(0x150, 0x70);
		iss_take_interrupt(m.h());
		EXPECT_FALSE(m.h()->check_irq);
		ASSERT_TRUE(m.csrw(row.csr, row.value)) << std::hex << row.csr;
		EXPECT_TRUE(m.h()->check_irq) << std::hex << row.csr;
	}
}

TEST(xret, mret_restores_the_stacked_state)
{
	for (iss_priv to : { ISS_PRIV_U, ISS_PRIV_S, ISS_PRIV_M }) {
		machine m;

		m.must_write(0x300, MPIE | mpp(to) | MPRV);
		m.must_write(0x341, 0x80000123);
		m.h()->check_irq = false;
		iss_op_mret(m.h(), 0x30200073);
		EXPECT_FALSE(m.h()->trapped);
		EXPECT_EQ(m.h()->next_pc, 0x80000122u);
		EXPECT_EQ(m.h()->priv, to);
		EXPECT_EQ(m.csr(0x300), xl | MIE | MPIE | (to == ISS_PRIV_M ? MPRV : 0));
		EXPECT_TRUE(m.h()->check_irq);
	}
}

TEST(xret, mret_copies_a_clear_mpie)
{
	machine m;

	m.must_write(0x300, MIE | mpp(3));
	iss_op_mret(m.h(), 0x30200073);
	EXPECT_EQ(m.csr(0x300), xl | MPIE);
}

TEST(xret, sret_restores_the_stacked_state_and_clears_mprv)
{
	for (bool to_s : { false, true }) {
		machine m;

		m.must_write(0x300, SPIE | (to_s ? SPP : 0) | MPRV);
		m.must_write(0x141, 0x80000200);
		iss_op_sret(m.h(), 0x10200073);
		EXPECT_EQ(m.h()->next_pc, 0x80000200u);
		EXPECT_EQ(m.h()->priv, to_s ? ISS_PRIV_S : ISS_PRIV_U);
		EXPECT_EQ(m.csr(0x300), xl | SIE | SPIE);
	}
}

/* instruction, its bits, and in which mode with which mstatus bit it is legal */
TEST(privileged_instruction, each_is_legal_exactly_where_mstatus_allows)
{
	using run = void (*)(iss_hart *, uint32_t);
	static const struct {
		uint32_t bits;
		run op;
		bool legal_u, legal_s, legal_m;
		uint64_t trap_in_s; /* mstatus bit that makes it illegal in S */
	} rows[] = {
		{ 0x30200073, iss_op_mret, false, false, true, 0 },
		{ 0x10200073, iss_op_sret, false, true, true, TSR },
		{ 0x10500073, iss_op_wfi, false, true, true, TW },
		{ 0x12000073,
		  [](iss_hart *h, uint32_t bits) { iss_op_sfence(h, bits, false, 0, false, 0); },
		  false, true, true, TVM },
		{ 0x18000073, iss_op_sfence_order, false, true, true, 0 },
	};

	for (const auto &row : rows) {
		for (uint64_t status : { uint64_t{ 0 }, TVM, TW, TSR }) {
			for (iss_priv priv : { ISS_PRIV_U, ISS_PRIV_S, ISS_PRIV_M }) {
				machine m;
				bool legal = priv == ISS_PRIV_U   ? row.legal_u
					     : priv == ISS_PRIV_S ? row.legal_s
								  : row.legal_m;

				if (priv == ISS_PRIV_S && row.trap_in_s && status == row.trap_in_s)
					legal = false;
				m.must_write(0x300, status | mpp(3));
				m.set_priv(priv);
				row.op(m.h(), row.bits);
				EXPECT_EQ(!m.h()->trapped, legal)
					<< std::hex << row.bits << " " << status << " " << priv;
				if (!legal) {
					EXPECT_EQ(m.csr(0x342), 2u);
					EXPECT_EQ(m.csr(0x343), row.bits);
				}
			}
		}
	}
}

TEST(wfi, it_waits_only_when_nothing_enabled_is_pending)
{
	machine m(false);

	m.must_write(0x304, 1 << 7);
	iss_op_wfi(m.h(), 0x10500073);
	EXPECT_TRUE(m.h()->waiting);
	EXPECT_FALSE(iss_hart_has_work(m.h()));
	iss_hart_set_irq(m.h(), 3, true);
	EXPECT_FALSE(iss_hart_has_work(m.h())) << "pending but not enabled";
	iss_hart_set_irq(m.h(), 7, true);
	EXPECT_TRUE(iss_hart_has_work(m.h())) << "whatever mstatus.MIE says";
	iss_op_wfi(m.h(), 0x10500073);
	EXPECT_FALSE(m.h()->waiting);
}

TEST(sstc, stip_is_time_at_or_after_stimecmp)
{
	machine m;

	m.must_write(0x30a, 1ull << 63);
	m.must_write(0x14d, 100);
	m.now = 99;
	EXPECT_EQ(m.csr(0x344), 0u);
	m.now = 100;
	EXPECT_EQ(m.csr(0x344), 0x20u);
	m.must_write(0x344, 0);
	EXPECT_EQ(m.csr(0x344), 0x20u) << "read-only";
	m.must_write(0x14d, 101);
	EXPECT_EQ(m.csr(0x344), 0u);
	m.must_write(0x344, 0x20);
	EXPECT_EQ(m.csr(0x344), 0u);
}

TEST(sstc, without_stce_stip_is_a_software_bit)
{
	machine m;

	m.must_write(0x14d, 0);
	EXPECT_EQ(m.csr(0x344), 0u);
	m.must_write(0x344, 0x20);
	EXPECT_EQ(m.csr(0x344), 0x20u);
	m.must_write(0x14d, 100);
	m.must_write(0x30a, 1ull << 63);
	EXPECT_EQ(m.csr(0x344), 0u) << "the timer drives it now";
	m.must_write(0x30a, 0);
	EXPECT_EQ(m.csr(0x344), 0x20u);
}

TEST(sstc, the_owner_hears_of_each_change_of_the_deadline)
{
	machine m;

	m.now = 10;
	m.must_write(0x14d, 50);
	EXPECT_EQ(m.timer_changes, 1);
	EXPECT_EQ(iss_hart_timer_deadline(m.h()), UINT64_MAX) << "not enabled";
	m.must_write(0x30a, 1ull << 63);
	EXPECT_EQ(m.timer_changes, 2);
	EXPECT_EQ(iss_hart_timer_deadline(m.h()), 50u);
	m.now = 50;
	EXPECT_EQ(iss_hart_timer_deadline(m.h()), UINT64_MAX) << "has fired";
	m.must_write(0x30a, 1ull << 63);
	EXPECT_EQ(m.timer_changes, 2) << "nothing changed";
}

TEST(sstc, the_timer_interrupt_reaches_supervisor_mode)
{
	machine m;

	m.must_write(0x30a, 1ull << 63);
	m.must_write(0x303, 0x20);
	m.must_write(0x304, 0x20);
	m.must_write(0x14d, 5);
	m.set_priv(ISS_PRIV_U);
	m.now = 4;
	EXPECT_FALSE(iss_take_interrupt(m.h()));
	m.now = 5;
	ASSERT_TRUE(iss_take_interrupt(m.h()));
	EXPECT_EQ(m.csr(0x142), interrupt | 5);
}
