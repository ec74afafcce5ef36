// SPDX-License-Identifier: Apache-2.0
//
// What the block engine must see of code that changes, moves or vanishes, on both engines: own
// stores, other writers and fence.i, aliases, and DMI that is withdrawn by the code itself.
#include <gtest/gtest.h>

#include <cfenv>

#include "iss_test.h"

using namespace iss_test;

namespace
{

class engine_code : public testing::TestWithParam<iss_engine>
{
protected:
	machine m{ false, GetParam() };
};

INSTANTIATE_TEST_SUITE_P(both, engine_code, testing::Values(ISS_ENGINE_BLOCK, ISS_ENGINE_STEP),
			 [](const auto &engine) {
				 return engine.param == ISS_ENGINE_BLOCK ? "block" : "step";
			 });

constexpr std::uint32_t fence_i = 0x0000100f;

TEST_P(engine_code, a_store_to_the_next_instruction_of_its_own_block_takes_effect)
{
	m.set_x(5, ram_base + 8);
	m.set_x(6, addi(7, 7, 42));
	m.execute({ nop, store(0x2023, 6, 5, 0), addi(7, 7, 1), nop });
	EXPECT_EQ(m.x(7), 42u);
}

TEST_P(engine_code, a_store_by_another_address_of_the_same_byte_takes_effect_at_once)
{
	for (const unsigned ways : { 1u, 2u, 3u, 16u }) {
		machine dealt(false, GetParam(), dealt_size, { ways, 256 });
		const std::uint64_t at = ram_base + 0x2fc; // the last word of a granule

		// the loop crosses into the next granule
		dealt.poke(at - 4, { store(0x2023, 6, 5, 0), addi(7, 7, 1), jal(0, -8) });
		for (const std::uint64_t alias : { dealt.linear(at), same_base + 0x2fc }) {
			dealt.poke(at, { addi(7, 7, 1) });
			dealt.set_x(7, 0);
			dealt.set_x(5, device_base);
			dealt.set_pc(at - 4);
			dealt.run(300);
			EXPECT_EQ(dealt.x(7), 100u);
			dealt.set_x(5, alias);
			dealt.set_x(6, addi(7, 7, 16));
			dealt.run(30);
			EXPECT_EQ(dealt.x(7), 260u) << ways << " ways";
		}
	}
}

// Long enough for a page to be given up and taken on again, more than once.
TEST_P(engine_code, code_that_changes_all_the_time_and_then_stays_is_executed_as_it_is)
{
	const std::uint32_t once = addi(7, 7, 1), twice = addi(7, 7, 2);

	m.poke(ram_base, { store(0x2023, 6, 5, 8), rrr(0x4033, 6, 6, 10), once, addi(8, 8, -1),
			   branch(0x1063, 8, 0, -16), once, jal(0, -4) });
	m.set_x(5, ram_base);
	m.set_x(6, twice);
	m.set_x(8, 300001);
	m.set_x(10, once ^ twice);
	m.run(5 * 300001);
	EXPECT_EQ(m.pc(), ram_base + 20);
	EXPECT_EQ(m.x(7), 2u * 150001 + 150000);
	m.run(2 * 500000);
	EXPECT_EQ(m.x(7), 950002u);
}

TEST_P(engine_code, a_store_of_data_beside_code_leaves_the_code_alone)
{
	m.set_x(5, ram_base + 0x200);
	m.set_x(6, 99);
	m.poke(ram_base,
	       { store(0x3023, 6, 5, 0), rri(0x3003, 7, 5, 0), addi(8, 8, 1), jal(0, -12) });
	EXPECT_EQ(m.run(4000), 4000u);
	EXPECT_EQ(m.x(7), 99u);
	EXPECT_EQ(m.x(8), 1000u);
}

TEST_P(engine_code, an_atomic_to_code_takes_effect)
{
	m.set_x(5, ram_base + 8);
	m.set_x(6, addi(7, 0, 42));
	m.execute({ nop, rrr(0x0800202f, 8, 5, 6), addi(7, 0, 1) }); // amoswap.w
	EXPECT_EQ(m.x(7), 42u);
	EXPECT_EQ(m.x(8), addi(7, 0, 1));
}

TEST_P(engine_code, cbo_zero_of_code_takes_effect)
{
	m.set_csr(0x305, ram_base + 0x400);
	m.set_x(5, ram_base + 0x40);
	m.poke(ram_base, { jal(0, 0x40) });
	m.poke(ram_base + 0x40, { jal(0, -0x3c) });
	m.poke(ram_base + 4, { rri(0x0040200f, 0, 5, 4), jal(0, 0x38) });
	m.run(4); // there, back, zeroed, there
	EXPECT_EQ(m.pc(), ram_base + 0x40);
	m.run(1);
	EXPECT_EQ(m.csr(0x342), 2u) << "zeros are an illegal instruction";
}

TEST_P(engine_code, what_another_writer_stored_is_executed_after_fence_i)
{
	m.poke(ram_base, { addi(7, 0, 1), fence_i, jal(0, -8) });
	m.run(30);
	EXPECT_EQ(m.x(7), 1u);
	m.poke_silently(ram_base, { addi(7, 0, 42) });
	m.run(6);
	EXPECT_EQ(m.x(7), 42u);
}

TEST_P(engine_code, a_chain_of_blocks_notices_what_another_writer_stored)
{
	m.poke(ram_base, { fence_i, jal(0, 0x3c) });
	m.poke(ram_base + 0x40, { jal(0, 0x40) });
	m.poke(ram_base + 0x80, { addi(7, 0, 1), jal(0, -0x84) });
	m.run(500);
	m.poke_silently(ram_base + 0x80, { addi(7, 0, 42) });
	m.run(10);
	EXPECT_EQ(m.x(7), 42u);
}

TEST_P(engine_code, counters_are_exact_in_the_middle_of_a_block)
{
	m.set_x(5, device_base);
	m.execute({ nop, nop, csrrs(6, 0xb02, 0), nop, csrrs(7, 0xb00, 0), nop,
		    rri(0x3003, 8, 5, 0), nop });
	EXPECT_EQ(m.x(6), 2u);
	EXPECT_EQ(m.x(7), 4u);
	ASSERT_EQ(m.accesses.size(), 1u);
	EXPECT_EQ(m.accesses[0].steps, 6u);
}

TEST_P(engine_code, a_budget_ends_in_the_middle_of_a_block)
{
	m.poke(ram_base,
	       { addi(5, 5, 1), addi(5, 5, 1), addi(5, 5, 1), addi(5, 5, 1), jal(0, -16) });
	for (std::uint64_t total = 0, i = 1; i < 200; i++) {
		EXPECT_EQ(m.run(i % 7), i % 7);
		total += i % 7;
		ASSERT_EQ(m.x(5), total - total / 5);
		ASSERT_EQ(iss_hart_instret(m.hart()), total);
	}
}

// The store's callback withdraws the page that is being executed and gives it other contents: the
// next instruction comes from there, by a fetch that the platform sees.
TEST_P(engine_code, dmi_withdrawn_by_a_store_from_the_withdrawn_page_holds_for_the_next_instruction)
{
	m.set_x(5, device_base);
	m.set_x(10, ram_base + 0x100);
	m.poke(ram_base, { rri(0x3003, 11, 10, 0), store(0x3023, 6, 5, 8), addi(7, 7, 1),
			   rri(0x3003, 12, 10, 0), jal(0, -16) });
	m.write<std::uint64_t>(ram_base + 0x100, 1);
	m.set_csr(0x305, ram_base);
	m.run(50); // ten times
	EXPECT_EQ(m.x(7), 10u);
	m.accesses.clear();
	m.on_access = [this] {
		if (m.accesses.size() != 1)
			return;
		m.grant_dmi = false;
		m.poke_silently(ram_base + 8, { addi(7, 7, 1000) });
		m.write<std::uint64_t>(ram_base + 0x100, 2);
		iss_hart_dmi_invalidate(m.hart(), ram_base, 0x1000);
	};
	m.run(4);
	EXPECT_EQ(m.x(7), 1010u);
	EXPECT_EQ(m.x(11), 1u);
	EXPECT_EQ(m.x(12), 2u);
	ASSERT_GE(m.accesses.size(), 2u);
	EXPECT_EQ(m.accesses[1].kind, ISS_FETCH);
	EXPECT_EQ(m.accesses[1].pa, ram_base + 8);
}

TEST_P(engine_code, more_code_than_the_cache_holds_still_runs)
{
	machine big(false, GetParam(), 8u << 20);
	std::vector<std::uint32_t> code;

	// seven megabytes of blocks of two instructions
	while (code.size() < (7u << 20) / 4) {
		code.push_back(addi(5, 5, 1));
		code.push_back(jal(0, 4));
	}
	code.push_back(jump_to_self);
	big.poke(ram_base, code);
	for (int pass = 1; pass <= 2; pass++) {
		big.set_pc(ram_base);
		EXPECT_EQ(big.run(code.size()), code.size());
		EXPECT_EQ(big.x(5), static_cast<std::uint64_t>(pass) * (code.size() / 2));
	}
}

TEST_P(engine_code, fflags_are_exact_when_they_are_read_and_at_the_end_of_a_run)
{
	m.set_csr(0x300, 0x2000); // FS = initial
	m.set_f(0, 0x3ff0000000000000);
	m.set_f(1, 0x4008000000000000);
	m.execute({ 0x021072d3, nop }); // fadd.d f5 = 4, exact
	EXPECT_EQ(m.csr(0x001), 0u);
	EXPECT_EQ(m.csr(0x300) & 0x6000, 0x6000u);
	m.execute({ 0x1a107153, csrrs(5, 0x001, 0), nop }); // fdiv.d f2 = 1 / 3
	EXPECT_EQ(m.x(5), 1u);                              // NX
	m.set_csr(0x001, 0);
	m.set_f(3, 0);
	m.execute({ 0x1a307153 }); // 1 / 0
	EXPECT_EQ(m.csr(0x001), 8u);
	EXPECT_EQ(m.f(2), 0x7ff0000000000000u);
}

TEST_P(engine_code, an_illegal_rounding_mode_leaves_the_state_of_the_fpu_clean)
{
	m.set_csr(0x305, ram_base + 0x400);
	m.set_csr(0x300, 0x2000);    // FS = initial
	m.execute({ 0x18c7e7d3 });   // fdiv.s with rounding mode 6
	EXPECT_EQ(m.csr(0x342), 2u); // illegal
	EXPECT_EQ(m.csr(0x300) & 0x6000, 0x2000u);
}

TEST_P(engine_code, the_host_keeps_its_own_rounding_mode_in_callbacks_and_after_a_run)
{
	int in_callback = -1;

	m.set_csr(0x300, 0x6000);
	m.set_csr(0x002, 3); // up
	m.set_f(0, 0x3ff0000000000000);
	m.set_f(1, 0x4008000000000000);
	m.set_x(5, device_base);
	m.on_access = [&] { in_callback = std::fegetround(); };
	m.execute({ 0x1a107153, rri(0x3003, 6, 5, 0), 0x1a1071d3, 0x1a107253 });
	EXPECT_EQ(m.f(2), 0x3fd5555555555556u);
	EXPECT_EQ(m.f(4), 0x3fd5555555555556u);
	EXPECT_EQ(in_callback, FE_TONEAREST);
	EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

TEST_P(engine_code, the_rounding_mode_of_fcsr_holds_from_the_next_instruction_on)
{
	m.set_csr(0x300, 0x6000);
	m.set_f(0, 0x3ff0000000000000);
	m.set_f(1, 0x4008000000000000);
	// 1 / 3 to nearest, up, down
	m.execute({ 0x1a107153, 0x0021d073, 0x1a1071d3, 0x00215073, 0x1a107253, nop });
	EXPECT_EQ(m.f(2), 0x3fd5555555555555u);
	EXPECT_EQ(m.f(3), 0x3fd5555555555556u);
	EXPECT_EQ(m.f(4), 0x3fd5555555555555u);
	EXPECT_EQ(m.csr(0x002), 2u);
}

} // namespace
