// SPDX-License-Identifier: Apache-2.0
// The privileged architecture as programs see it: counting of steps and instructions around traps,
// interrupts between instructions, WFI, timers, a user program under Sv39.
#include <algorithm>

#include <gtest/gtest.h>

#include "iss_test.h"

using namespace iss_test;

namespace
{

constexpr uint64_t handler = ram_base + 0x1000;

// Traps to machine mode end in a loop at `handler`.
class trapping : public machine
{
public:
	explicit trapping(bool imsic = false) : machine(imsic)
	{
		set_csr(0x305, handler);
		poke(handler, { jump_to_self });
	}
};

} // namespace

TEST(run, an_unimplemented_csr_traps_precisely)
{
	// 0x30c mstateen0, 0x747 mseccfg, 0xda0 scountovf, 0x321 mcyclecfg, 0x7a4 tinfo, 0x3a1
	for (unsigned csr : { 0x30cu, 0x747u, 0xda0u, 0x321u, 0x7a4u, 0x3a1u, 0x600u }) {
		trapping m;
		const uint32_t insn = csrrs(5, csr, 0);

		m.set_x(5, 99);
		m.execute({ nop, insn });
		EXPECT_EQ(m.csr(0x342), 2u);
		EXPECT_EQ(m.csr(0x343), insn);
		EXPECT_EQ(m.csr(0x341), ram_base + 4);
		EXPECT_EQ(m.x(5), 99u);
		EXPECT_EQ(m.pc(), handler);
		EXPECT_EQ(iss_hart_instret(m.hart()), 1u)
			<< "a trapped instruction does not retire";
		EXPECT_EQ(iss_hart_trap_count(m.hart(), 2), 1u);
	}
}

TEST(run, a_written_counter_is_read_back_by_the_next_instruction)
{
	for (unsigned csr : { 0xb00u, 0xb02u }) {
		machine m;

		m.set_x(6, 1000);
		m.execute({ nop, csrrw(0, csr, 6), csrrs(7, csr, 0), csrrs(8, csr, 0) });
		EXPECT_EQ(m.x(7), 1000u);
		EXPECT_EQ(m.x(8), 1001u);
	}
}

TEST(run, a_trap_is_a_cycle_but_not_a_retired_instruction)
{
	trapping m;

	m.poke(handler, { csrrs(7, 0xb00, 0), csrrs(8, 0xb02, 0) });
	m.poke(ram_base, { nop, ecall });
	m.set_pc(ram_base);
	EXPECT_EQ(m.run(4), 4u);
	EXPECT_EQ(m.x(7), 2u);
	EXPECT_EQ(m.x(8), 2u) << "nop and the csr read before";
}

TEST(run, ebreak_leaves_its_address_as_value)
{
	trapping m;

	m.execute({ nop, 0x00100073 });
	EXPECT_EQ(m.csr(0x342), 3u);
	EXPECT_EQ(m.csr(0x343), ram_base + 4);
}

TEST(run, an_interrupt_is_taken_between_instructions_and_is_no_step)
{
	trapping m;

	m.set_csr(0x300, 8);
	m.set_csr(0x304, 1 << 7);
	m.poke(ram_base, { nop, nop, nop, nop });
	m.poke(handler, { nop, nop });
	EXPECT_EQ(m.run(2), 2u);
	iss_hart_set_irq(m.hart(), 7, true);
	EXPECT_EQ(m.run(1), 1u);
	EXPECT_EQ(m.csr(0x341), ram_base + 8);
	EXPECT_EQ(m.pc(), handler + 4);
	EXPECT_EQ(iss_hart_instret(m.hart()), 3u);
	EXPECT_EQ(iss_hart_trap_count(m.hart(), 64 + 7), 1u);
}

TEST(run, an_interrupt_that_an_instruction_enables_comes_before_the_next_one)
{
	trapping m;

	iss_hart_set_irq(m.hart(), 7, true);
	m.set_csr(0x300, 8);
	m.set_x(5, 1 << 7);
	m.poke(ram_base, { csrrs(0, 0x304, 5), addi(6, 0, 1) });
	m.poke(handler, { addi(7, 0, 1) });
	m.run(2);
	EXPECT_EQ(m.csr(0x341), ram_base + 4);
	EXPECT_EQ(m.x(6), 0u);
	EXPECT_EQ(m.x(7), 1u);
}

TEST(run, a_device_access_that_raises_an_interrupt_is_followed_by_it)
{
	trapping m;

	m.set_csr(0x300, 8);
	m.set_csr(0x304, 1 << 7);
	m.set_x(5, device_base);
	m.on_access = [&] { iss_hart_set_irq(m.hart(), 7, true); };
	m.poke(ram_base, { store(0x3023, 0, 5, 0), addi(6, 0, 1) }); // sd
	m.poke(handler, { addi(7, 0, 1) });
	m.run(2);
	EXPECT_EQ(m.csr(0x341), ram_base + 4);
	EXPECT_EQ(m.x(6), 0u);
	EXPECT_EQ(m.x(7), 1u);
}

TEST(run, wfi_retires_and_ends_the_run_until_something_enabled_is_pending)
{
	machine m;

	m.set_csr(0x304, 1 << 7);
	m.poke(ram_base, { wfi, addi(6, 0, 1), jump_to_self });
	EXPECT_EQ(m.run(100), 1u);
	EXPECT_EQ(m.why, ISS_STOP_WFI);
	EXPECT_EQ(iss_hart_instret(m.hart()), 1u);
	EXPECT_EQ(m.run(100), 0u) << "still waiting";
	EXPECT_EQ(m.why, ISS_STOP_WFI);
	iss_hart_set_irq(m.hart(), 7, true);
	EXPECT_TRUE(iss_hart_has_work(m.hart()));
	EXPECT_EQ(m.run(2), 2u);
	EXPECT_EQ(m.why, ISS_STOP_BUDGET);
	EXPECT_EQ(m.x(6), 1u) << "mstatus.MIE is clear: it goes on behind the WFI";
}

TEST(run, the_supervisor_timer_interrupts_at_its_deadline)
{
	machine m;

	m.set_csr(0x30a, 1ull << 63);
	m.set_csr(0x303, 0x20);
	m.set_csr(0x304, 0x20);
	m.set_csr(0x105, handler);
	m.set_csr(0x14d, 10);
	m.set_csr(0x300, 1 << 11 | 1 << 1); // to S-mode with SIE
	m.set_csr(0x341, ram_base + 0x100);
	m.set_csr(0x3bf, ~0ull);
	m.set_csr(0x3a2, 0x1full << 56);
	m.poke(ram_base, { mret });
	m.poke(ram_base + 0x100, { jump_to_self });
	m.poke(handler, { addi(7, 0, 1), jump_to_self });
	m.set_pc(ram_base);
	m.run(10);
	EXPECT_EQ(iss_hart_timer_deadline(m.hart()), 10u);
	m.now = 9;
	m.run(10);
	EXPECT_EQ(m.x(7), 0u);
	m.now = 10;
	m.run(1);
	EXPECT_EQ(m.x(7), 1u);
	EXPECT_EQ(m.csr(0x142), 1ull << 63 | 5);
	EXPECT_EQ(iss_hart_priv(m.hart()), 1u);
}

// mret to user mode at virtual 0x10000; it loads, adds, stores and calls; the delegated handler is
// supervisor code at virtual 0x20000 in the same Sv39 tree, and returns behind the call.
TEST(run, a_user_program_under_sv39_calls_its_supervisor)
{
	trapping m;
	constexpr uint64_t root = ram_base + 0x10000, middle = root + 0x1000, leaf = root + 0x2000;
	constexpr uint64_t user = ram_base + 0x20000, super = ram_base + 0x21000,
			   data = ram_base + 0x22000;

	m.write<uint64_t>(root, (middle >> 2) | 1);
	m.write<uint64_t>(middle, (leaf >> 2) | 1);
	m.write<uint64_t>(leaf + 8 * 0x10, (user >> 2) | 0x5b);  // V R X U A
	m.write<uint64_t>(leaf + 8 * 0x20, (super >> 2) | 0x4b); // V R X A
	m.write<uint64_t>(leaf + 8 * 0x30, (data >> 2) | 0xd7);  // V R W U A D
	m.write<uint64_t>(data, 41);
	m.poke(user,
	       { 0x000300b7,                                                         // lui x1, 0x30
		 rri(0x3003, 2, 1, 0),                                               // ld x2, 0(x1)
		 addi(2, 2, 1), store(0x3023, 2, 1, 8), ecall, rri(0x3003, 3, 1, 8), // ld x3, 8(x1)
		 jump_to_self });
	m.poke(super, { csrrs(10, 0x142, 0), // scause
			csrrs(11, 0x141, 0), // sepc
			addi(11, 11, 4), csrrw(0, 0x141, 11),
			rri(0x3003, 12, 1, 0), // ld x12, 0(x1): a user page, SUM is clear
			sret });
	m.set_csr(0x3bf, ~0ull);
	m.set_csr(0x3a2, 0x1full << 56);
	m.set_csr(0x180, 8ull << 60 | root >> 12);
	m.set_csr(0x302, 1 << 8);
	m.set_csr(0x105, 0x20000);
	m.set_csr(0x341, 0x10000);
	m.execute({ mret });
	m.run(10);
	EXPECT_EQ(m.csr(0x342), 13u) << "the supervisor's load of a user page";
	EXPECT_EQ(m.csr(0x343), 0x30000u);
	EXPECT_EQ(m.csr(0x341), 0x20010u);
	EXPECT_EQ(m.x(10), 8u);
	EXPECT_EQ(m.read<uint64_t>(data + 8), 42u);

	m.set_csr(0x300, m.csr(0x300) | 1 << 18); // SUM, and again
	m.execute({ mret });
	m.set_csr(0x341, 0x20010);
	m.run(4);
	EXPECT_EQ(m.x(12), 41u);
	EXPECT_EQ(m.x(3), 42u);
	EXPECT_EQ(m.pc(), 0x10018u);
	EXPECT_EQ(iss_hart_priv(m.hart()), 0u);
}

TEST(run, a_run_in_pieces_is_the_same_run)
{
	auto result = [](uint64_t piece) {
		trapping m;

		m.set_csr(0x300, 8);
		m.set_csr(0x304, 1 << 7);
		m.poke(ram_base, { addi(5, 5, 1), ecall });
		m.poke(handler, { csrrs(6, 0xb02, 0), csrrs(7, 0x341, 0), addi(7, 7, -4),
				  csrrw(0, 0x341, 7), mret });
		m.set_pc(ram_base);
		for (uint64_t done = 0; done < 1000;)
			done += m.run(std::min<uint64_t>(piece, 1000 - done));
		return std::vector<uint64_t>{ m.x(5), m.x(6),       m.x(7),
					      m.pc(), m.csr(0xb00), m.csr(0xb02) };
	};
	const auto whole = result(1000);

	for (uint64_t piece : { 1u, 2u, 3u, 7u, 64u })
		EXPECT_EQ(result(piece), whole) << piece;
	EXPECT_GT(whole[0], 100u);
}
