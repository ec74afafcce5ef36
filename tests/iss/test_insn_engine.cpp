// SPDX-License-Identifier: Apache-2.0
//
// The step engine: budgets, stops, what callbacks see, code that changes under it, and that the
// length of runs makes no difference.
#include <gtest/gtest.h>

#include <random>

#include "iss_test.h"

using namespace iss_test;

namespace
{

TEST(engine, a_run_does_exactly_its_steps)
{
	machine m;

	m.poke(ram_base, { addi(5, 5, 1), jal(0, -4) });
	EXPECT_EQ(m.run(0), 0u);
	EXPECT_EQ(m.run(1), 1u);
	EXPECT_EQ(m.why, ISS_STOP_BUDGET);
	EXPECT_EQ(m.pc(), ram_base + 4);
	EXPECT_EQ(m.run(1000), 1000u);
	EXPECT_EQ(m.x(5), 501u);
	EXPECT_EQ(iss_hart_instret(m.hart()), 1001u);
}

TEST(engine, a_trap_is_a_step_that_does_not_retire)
{
	machine m;

	m.set_csr(0x305, ram_base + 8);
	m.poke(ram_base, { ecall, nop, addi(5, 5, 1), addi(5, 5, 1) });
	EXPECT_EQ(m.run(3), 3u);
	EXPECT_EQ(m.x(5), 2u);
	EXPECT_EQ(iss_hart_instret(m.hart()), 2u);
	EXPECT_EQ(iss_hart_trap_count(m.hart(), 11), 1u);
	EXPECT_EQ(m.csr(0xb02), 2u); // minstret
	EXPECT_EQ(m.csr(0xb00), 3u); // mcycle
}

TEST(engine, reset_returns_to_the_reset_pc_in_machine_mode)
{
	machine m;

	m.poke(ram_base, { addi(5, 5, 1), jal(0, -4) });
	m.run(5);
	iss_hart_reset(m.hart());
	EXPECT_EQ(m.pc(), ram_base);
	EXPECT_EQ(m.x(5), 0u);
	EXPECT_EQ(iss_hart_instret(m.hart()), 0u);
	EXPECT_EQ(iss_hart_priv(m.hart()), 3u);
}

TEST(engine, stop_before_a_run_ends_it_at_once)
{
	machine m;

	m.poke(ram_base, { jump_to_self });
	iss_hart_stop(m.hart());
	EXPECT_EQ(m.run(10), 0u);
	EXPECT_EQ(m.why, ISS_STOP_REQUEST);
	EXPECT_EQ(m.run(10), 10u);
	EXPECT_EQ(m.why, ISS_STOP_BUDGET);
}

TEST(engine, a_callback_sees_the_exact_step_and_may_stop_the_run_after_it)
{
	machine m;

	m.set_x(5, device_base);
	m.poke(ram_base, { nop, nop, store(0x2023, 6, 5, 8), nop, nop });
	m.on_access = [&m] { iss_hart_stop(m.hart()); };
	EXPECT_EQ(m.run(100), 3u);
	EXPECT_EQ(m.why, ISS_STOP_REQUEST);
	EXPECT_EQ(m.pc(), ram_base + 12);
	ASSERT_EQ(m.accesses.size(), 1u);
	EXPECT_EQ(m.accesses[0].pa, device_base + 8);
	EXPECT_EQ(m.accesses[0].steps, 2u);
}

TEST(engine, an_interrupt_raised_in_a_callback_is_taken_before_the_next_instruction)
{
	machine m;

	m.set_csr(0x305, ram_base + 0x100);
	m.set_csr(0x304, 8); // mie.MSIE
	m.set_csr(0x300, 8); // mstatus.MIE
	m.set_x(5, device_base);
	m.poke(ram_base, { rri(0x3003, 6, 5, 0), addi(7, 0, 1) });
	m.poke(ram_base + 0x100, { nop, nop });
	m.on_access = [&m] { iss_hart_set_irq(m.hart(), 3, true); };
	m.run(2);
	EXPECT_EQ(m.pc(), ram_base + 0x104); // taking it is no step
	EXPECT_EQ(m.x(7), 0u);
	EXPECT_EQ(m.csr(0x341), ram_base + 4);
	EXPECT_EQ(m.csr(0x342), 0x8000000000000003u);
	EXPECT_EQ(iss_hart_instret(m.hart()), 2u);
}

TEST(engine, wfi_retires_then_waits_until_an_enabled_interrupt_is_pending)
{
	machine m;

	m.set_csr(0x304, 8); // mie.MSIE; mstatus.MIE stays off
	m.poke(ram_base, { nop, wfi, addi(5, 5, 1), jump_to_self });
	EXPECT_EQ(m.run(100), 2u);
	EXPECT_EQ(m.why, ISS_STOP_WFI);
	EXPECT_EQ(iss_hart_instret(m.hart()), 2u);
	EXPECT_EQ(m.pc(), ram_base + 8);
	EXPECT_EQ(m.run(100), 0u); // still waiting
	EXPECT_EQ(m.why, ISS_STOP_WFI);
	iss_hart_set_irq(m.hart(), 3, true);
	EXPECT_EQ(m.run(2), 2u);
	EXPECT_EQ(m.why, ISS_STOP_BUDGET);
	EXPECT_EQ(m.x(5), 1u);
}

TEST(engine, wfi_as_the_last_step_of_a_budget_says_so)
{
	machine m;

	m.poke(ram_base, { wfi });
	EXPECT_EQ(m.run(1), 1u);
	EXPECT_EQ(m.why, ISS_STOP_WFI);
}

// No fence.i is needed: what is decoded is found by its bits.
TEST(engine, a_store_to_code_is_executed)
{
	machine m;

	m.set_x(5, ram_base + 8);
	m.set_x(6, addi(7, 0, 42));
	m.execute({ nop, nop, addi(7, 0, 1) });
	EXPECT_EQ(m.x(7), 1u);
	m.execute({ store(0x2023, 6, 5, 0), nop, addi(7, 0, 1) });
	EXPECT_EQ(m.x(7), 42u);
}

TEST(engine, an_instruction_may_cross_a_page)
{
	machine m;

	m.poke(ram_base + 0xffe, { addi(5, 0, 7), addi(6, 0, 8) });
	m.set_pc(ram_base + 0xffe);
	m.run(2);
	EXPECT_EQ(m.x(5), 7u);
	EXPECT_EQ(m.x(6), 8u);
}

TEST(engine, code_runs_from_memory_that_is_not_granted)
{
	machine m;

	m.grant_dmi = false;
	m.execute({ addi(5, 0, 7), addi(6, 5, 8) });
	EXPECT_EQ(m.x(6), 15u);
	EXPECT_FALSE(m.accesses.empty());
	EXPECT_EQ(m.accesses[0].kind, ISS_FETCH);
}

// Random words, most of them illegal: whatever happens is an architectural event, and happens alike
// when the run is cut into pieces.
TEST(engine, the_length_of_runs_changes_nothing)
{
	for (std::uint32_t seed = 1; seed <= 20; seed++) {
		std::mt19937 random(seed);
		std::vector<std::uint32_t> code(0x4000);
		machine whole, cut;
		std::uint64_t done = 0;

		SCOPED_TRACE(seed);
		for (auto &word : code)
			word = static_cast<std::uint32_t>(random());
		for (machine *m : { &whole, &cut }) {
			m->poke(ram_base, code);
			m->set_csr(0x305, ram_base + 0x2000);
			for (unsigned i = 1; i < 32; i++)
				m->set_x(i, ram_base + 0x800 * i);
		}
		while (done < 20000 && whole.why != ISS_STOP_WFI)
			done += whole.run(20000 - done);
		for (std::uint64_t left = done; left;)
			left -= cut.run(std::min<std::uint64_t>(left, 1 + random() % 7));
		for (unsigned i = 0; i <= 64; i++)
			ASSERT_EQ(iss_hart_reg(whole.hart(), i), iss_hart_reg(cut.hart(), i)) << i;
		EXPECT_EQ(iss_hart_instret(whole.hart()), iss_hart_instret(cut.hart()));
		EXPECT_EQ(iss_hart_trap_count(whole.hart(), 2), iss_hart_trap_count(cut.hart(), 2));
	}
}

} // namespace
