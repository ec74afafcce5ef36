// SPDX-License-Identifier: Apache-2.0
// sfence.vma, satp, and that the TLB is invisible otherwise. RISC-V privileged architecture
// 20240411, 12.1.11 and 12.2.1.
#include <random>

#include "priv_machine.h"

using namespace priv;

TEST(sfence, without_operands_it_orders_everything)
{
	paged m;

	m.map(0x5000, page_pa, V | R | A);
	m.poke(page_pa, 1);
	m.poke(page_pa + 0x1000, 2);
	EXPECT_EQ(m.load(0x5000).value, 1u);
	m.map(0x5000, page_pa + 0x1000, V | R | A);
	m.sfence();
	EXPECT_EQ(m.load(0x5000).value, 2u);
}

TEST(sfence, an_address_orders_its_page_in_every_context)
{
	paged m;

	m.map(0x5000, page_pa, V | R | A);
	m.map(0x6000, page_pa, V | R | U | A);
	for (uint64_t status : { uint64_t{ 0 }, SUM }) {
		m.status(status);
		m.load(0x5000);
		m.load(0x6000);
	}
	m.set_priv(ISS_PRIV_U);
	m.load(0x6000);
	m.set_priv(ISS_PRIV_S);
	m.map(0x5000, 0, 0);
	m.map(0x6000, 0, 0);
	m.sfence(0x5abc);
	m.sfence(0x6000);
	for (uint64_t status : { uint64_t{ 0 }, SUM }) {
		m.status(status);
		EXPECT_EQ(m.load(0x5000).cause, 13);
		EXPECT_EQ(m.load(0x6000).cause, 13);
	}
	m.set_priv(ISS_PRIV_U);
	EXPECT_EQ(m.load(0x6000).cause, 13);
}

TEST(sfence, an_address_costs_other_pages_nothing)
{
	paged m;

	m.map(0x5000, page_pa, V | R | A);
	m.map(0x6000, page_pa + 0x1000, V | R | A);
	m.load(0x5000);
	m.load(0x6000);
	m.sfence(0x5000);
	EXPECT_EQ(iss_tlb_slot(m.h()->data_tlb, 0x5000)->tag_load & 0xfff, ISS_TLB_INVALID);
	EXPECT_EQ(iss_tlb_slot(m.h()->data_tlb, 0x6000)->tag_load, 0x6000u);
}

TEST(sfence, an_address_in_a_superpage_orders_all_of_it)
{
	paged m;
	constexpr uint64_t base = 0x40000000;

	/* 2 MiB leaf: the arena is smaller, but its start is at a 2 MiB boundary */
	m.map(base, ram_base, V | R | W | A | D, 1);
	m.map(0x5000, page_pa, V | R | A);
	for (uint64_t i = 0; i < 16; i++)
		EXPECT_EQ(m.load(base + 0x40000 + (i << 12)).cause, -1);
	m.load(0x5000);
	m.poke(m.leaf_slot, m.peek(m.leaf_slot));
	m.map(base, 0, 0, 1);
	m.sfence(base + 0x1ff000); /* a page of it that was never touched */
	for (uint64_t i = 0; i < 16; i++)
		EXPECT_EQ(m.load(base + 0x40000 + (i << 12)).cause, 13);
	EXPECT_EQ(iss_tlb_slot(m.h()->data_tlb, 0x5000)->tag_load, 0x5000u) << "still precise";
}

TEST(sfence, an_address_in_a_napot_region_orders_all_of_it)
{
	paged m;

	for (uint64_t i = 0; i < 16; i++) {
		m.map(0x10000 + (i << 12), ram_base + 0x58000, V | R | A | N);
		m.load(0x10000 + (i << 12));
	}
	for (uint64_t i = 0; i < 16; i++)
		m.map(0x10000 + (i << 12), 0, 0);
	m.sfence(0x1f000);
	for (uint64_t i = 0; i < 16; i++)
		EXPECT_EQ(m.load(0x10000 + (i << 12)).cause, 13);
}

TEST(sfence, an_asid_other_than_the_current_one_orders_nothing_here)
{
	paged m;

	m.must_write(0x180, 8ull << 60 | 5ull << 44 | ram_base >> 12);
	m.map(0x5000, page_pa, V | R | A);
	m.load(0x5000);
	iss_op_sfence(m.h(), 0, false, 0, true, 6);
	EXPECT_EQ(iss_tlb_slot(m.h()->data_tlb, 0x5000)->tag_load, 0x5000u);
	m.map(0x5000, 0, 0);
	iss_op_sfence(m.h(), 0, true, 0x5000, true, 5);
	EXPECT_EQ(m.load(0x5000).cause, 13);
}

TEST(satp, a_new_value_needs_no_fence)
{
	paged m;

	m.map(0x5000, page_pa, V | R | A);
	m.poke(page_pa, 7);
	EXPECT_EQ(m.load(0x5000).value, 7u);
	m.must_write(0x180, 8ull << 60 | (ram_base + 0x80000) >> 12); /* an empty tree */
	EXPECT_EQ(m.load(0x5000).cause, 13);
	m.must_write(0x180, 0);
	EXPECT_EQ(m.load(page_pa).value, 7u) << "bare";
}

/* The TLB must not be visible: two machines do the same, one forgets its TLB before each access. */
TEST(tlb, random_operations_give_the_same_results_with_and_without_it)
{
	const uint32_t seed = 39;
	std::mt19937_64 random(seed);
	paged with, without;
	machine *const both[] = { &with, &without };
	static const uint64_t flags[] = {
		V | R | W | X | A | D, V | R | W | U | A | D, V | R | A, V | X | A,
		V | R | W | U,         V | X | U | A,         0,         V | R | W | A | N
	};
	int faults = 0, passes = 0;

	for (int step = 0; step < 200000; step++) {
		const uint64_t va = random() % 24 << 12, operand = random(), pick = random() % 100;
		const uint64_t offset = random() % 4096, which = random() % 8;
		outcome results[2];

		for (machine *m : both) {
			outcome &o = results[m == &without];

			if (m == &without)
				iss_tlb_flush(m->h());
			if (pick < 5) { /* remap, with the fence that software owes */
				m->map(va, page_pa + (flags[which] & N ? 0x8000 : va),
				       flags[which]);
				m->sfence(va + offset);
			} else if (pick < 7) {
				m->must_write(0x300, operand & (SUM | MXR));
				iss_update_contexts(m->h());
			} else if (pick < 9) {
				m->set_priv(operand % 2 ? ISS_PRIV_S : ISS_PRIV_U);
			} else if (pick < 10) {
				m->must_write(0x30a, operand & ADUE);
			} else if (pick < 11) { /* execute-only memory, or none, in one page */
				m->must_write(0x3b0, (page_pa + va) >> 2 | 0x1ff);
				m->must_write(0x3a0, operand % 2 ? 0x18 : 0);
			} else if (pick < 40) {
				o = m->store(va + offset, operand, 1u << which % 4);
			} else if (pick < 55) {
				o = m->fetch(va + (offset & ~1ull));
			} else {
				o = m->load(va + offset, 1u << which % 4);
			}
		}
		ASSERT_EQ(results[0].cause, results[1].cause)
			<< "seed " << seed << " step " << step;
		ASSERT_EQ(results[0].tval, results[1].tval) << "seed " << seed << " step " << step;
		ASSERT_EQ(results[0].value, results[1].value)
			<< "seed " << seed << " step " << step;
		(results[0].cause < 0 ? passes : faults)++;
	}
	EXPECT_EQ(with.ram, without.ram);
	EXPECT_GT(faults, 20000);
	EXPECT_GT(passes, 20000);
}
