// SPDX-License-Identifier: Apache-2.0
//
// Atomic instructions. RISC-V unprivileged ISA, chapter "A": results, reservations, traps, and that
// memory without a host pointer behaves alike.
#include <gtest/gtest.h>

#include "iss_test.h"

using namespace iss_test;

namespace
{

constexpr std::uint64_t data = ram_base + 0x2000;

constexpr std::uint32_t lr_w = 0x1000202f, lr_d = 0x1000302f, sc_w = 0x1800202f, sc_d = 0x1800302f;

class amo : public ::testing::Test
{
protected:
	amo()
	{
		m.set_csr(0x305, ram_base + 0x400); // mtvec
		m.set_x(5, data);
	}
	machine m;
};

struct row {
	const char *name;
	std::uint32_t match;
	std::uint64_t memory, source, expected_memory, expected_rd;
};

const row rows[] = {
	{ "amoswap.w", 0x0800202f, 0x1111111180000000, 5, 0x1111111100000005, 0xffffffff80000000 },
	{ "amoadd.w", 0x0000202f, 0x11111111ffffffff, 2, 0x1111111100000001, 0xffffffffffffffff },
	{ "amoxor.w", 0x2000202f, 0x0f, 0xff, 0xf0, 0x0f },
	{ "amoand.w", 0x6000202f, 0xffffffffff, 0x3c, 0xff0000003c, 0xffffffffffffffff },
	{ "amoor.w", 0x4000202f, 0xf0, 0xf00000000f, 0xff, 0xf0 },
	{ "amomin.w", 0x8000202f, 0x80000000, 1, 0x80000000, 0xffffffff80000000 },
	{ "amomax.w", 0xa000202f, 0x80000000, 1, 1, 0xffffffff80000000 },
	{ "amominu.w", 0xc000202f, 0x80000000, 1, 1, 0xffffffff80000000 },
	{ "amomaxu.w", 0xe000202f, 0x80000000, 1, 0x80000000, 0xffffffff80000000 },
	{ "amominu.w ignores the upper half of rs2", 0xc000202f, 2, 0x100000001, 1, 2 },
	{ "amoswap.d", 0x0800302f, 0x1234567890abcdef, 5, 5, 0x1234567890abcdef },
	{ "amoadd.d", 0x0000302f, 0xffffffffffffffff, 2, 1, 0xffffffffffffffff },
	{ "amoxor.d", 0x2000302f, 0x0f, 0xff, 0xf0, 0x0f },
	{ "amoand.d", 0x6000302f, 0xff00000000ff, 0xf0000000003c, 0xf0000000003c, 0xff00000000ff },
	{ "amoor.d", 0x4000302f, 0xf0, 0xf00000000f, 0xf0000000ff, 0xf0 },
	{ "amomin.d", 0x8000302f, 0x8000000000000000, 1, 0x8000000000000000, 0x8000000000000000 },
	{ "amomax.d", 0xa000302f, 0x8000000000000000, 1, 1, 0x8000000000000000 },
	{ "amominu.d", 0xc000302f, 0x8000000000000000, 1, 1, 0x8000000000000000 },
	{ "amomaxu.d", 0xe000302f, 1, 0x8000000000000000, 0x8000000000000000, 1 },
};

void check_all(machine &m)
{
	for (const auto &r : rows) {
		SCOPED_TRACE(r.name);
		m.write(data, r.memory);
		m.set_x(6, r.source);
		m.execute({ rrr(r.match, 7, 5, 6) });
		EXPECT_EQ(m.read<std::uint64_t>(data), r.expected_memory);
		EXPECT_EQ(m.x(7), r.expected_rd);
	}
}

TEST_F(amo, memory_gets_the_result_and_rd_the_old_value)
{
	check_all(m);
	EXPECT_TRUE(m.accesses.empty());
}

TEST_F(amo, memory_that_is_not_granted_is_read_and_written_by_the_platform)
{
	m.grant_dmi = false;
	check_all(m);
	EXPECT_FALSE(m.accesses.empty());
}

TEST_F(amo, acquire_and_release_bits_make_no_difference)
{
	m.write<std::uint64_t>(data, 40);
	m.set_x(6, 2);
	m.execute({ rrr(0x0600302f, 7, 5, 6) }); // amoadd.d.aqrl
	EXPECT_EQ(m.read<std::uint64_t>(data), 42u);
}

TEST_F(amo, rd_may_be_the_source_or_the_address)
{
	m.write<std::uint64_t>(data, 40);
	m.set_x(6, 2);
	m.execute({ rrr(0x0000302f, 6, 5, 6) });
	EXPECT_EQ(m.x(6), 40u);
	m.execute({ rrr(0x0000302f, 5, 5, 6) });
	EXPECT_EQ(m.x(5), 42u);
	EXPECT_EQ(m.read<std::uint64_t>(data), 82u);
}

TEST_F(amo, sc_succeeds_once_after_lr)
{
	m.write<std::uint64_t>(data, 7);
	m.set_x(6, 8);
	m.execute({ rrr(lr_d, 7, 5, 0), rrr(sc_d, 8, 5, 6), rrr(sc_d, 9, 5, 0) });
	EXPECT_EQ(m.x(7), 7u);
	EXPECT_EQ(m.x(8), 0u);
	EXPECT_EQ(m.x(9), 1u);
	EXPECT_EQ(m.read<std::uint64_t>(data), 8u);
}

TEST_F(amo, lr_w_sign_extends)
{
	m.write<std::uint64_t>(data, 0x80000000);
	m.execute({ rrr(lr_w, 7, 5, 0) });
	EXPECT_EQ(m.x(7), 0xffffffff80000000);
}

TEST_F(amo, sc_without_reservation_fails_and_does_not_write)
{
	m.write<std::uint64_t>(data, 7);
	m.set_x(6, 8);
	m.execute({ rrr(sc_w, 8, 5, 6) });
	EXPECT_EQ(m.x(8), 1u);
	EXPECT_EQ(m.read<std::uint64_t>(data), 7u);
}

TEST_F(amo, a_reservation_covers_its_64_bytes)
{
	m.set_x(10, data + 56);
	m.set_x(11, data + 64);
	m.execute({ rrr(lr_w, 7, 5, 0), rrr(sc_w, 8, 10, 6) });
	EXPECT_EQ(m.x(8), 0u);
	m.execute({ rrr(lr_w, 7, 5, 0), rrr(sc_w, 8, 11, 6) });
	EXPECT_EQ(m.x(8), 1u);
}

TEST_F(amo, a_reservation_outlives_the_end_of_a_run_but_not_another_harts_store)
{
	m.poke(ram_base, { rrr(lr_w, 7, 5, 0), rrr(sc_w, 8, 5, 6) });
	m.set_pc(ram_base);
	m.run(1);
	m.run(1);
	EXPECT_EQ(m.x(8), 0u);
	m.set_pc(ram_base);
	m.run(1);
	iss_hart_clear_reservation(m.hart());
	m.run(1);
	EXPECT_EQ(m.x(8), 1u);
}

TEST_F(amo, a_misaligned_address_traps)
{
	const struct {
		std::uint32_t match;
		unsigned offset;
		std::uint64_t cause;
	} traps[] = {
		{ lr_w, 2, 4 }, { lr_d, 4, 4 },       { sc_w, 1, 6 },
		{ sc_d, 4, 6 }, { 0x0000202f, 2, 6 }, { 0x0000302f, 4, 6 },
	};

	for (const auto &t : traps) {
		m.set_x(5, data + t.offset);
		m.set_x(7, 0x5555);
		m.execute({ rrr(t.match, 7, 5, 0) });
		EXPECT_EQ(m.csr(0x342), t.cause);
		EXPECT_EQ(m.csr(0x343), data + t.offset);
		EXPECT_EQ(m.x(7), 0x5555u);
	}
}

TEST_F(amo, an_access_fault_of_an_amo_is_a_store_fault)
{
	m.set_x(5, 0x40000000); // nothing there
	m.execute({ rrr(0x0000202f, 7, 5, 6) });
	EXPECT_EQ(m.csr(0x342), 7u);
	m.execute({ rrr(sc_w, 7, 5, 6) });
	m.execute({ rrr(lr_w, 7, 5, 0) });
	EXPECT_EQ(m.csr(0x342), 5u);
	EXPECT_EQ(m.csr(0x343), 0x40000000u);
}

} // namespace
