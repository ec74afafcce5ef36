// SPDX-License-Identifier: Apache-2.0
// Cache-block instructions: envcfg, permissions, effects. RISC-V CMO 1.0; privileged architecture
// 20240411, 3.1.18.
#include "priv_machine.h"

using namespace priv;

namespace
{

constexpr uint64_t block = ram_base + 0x1040;
constexpr uint32_t bits = 0x0020a00f;

outcome cbo(machine &m, iss_cbo op, uint64_t va)
{
	return m.attempt([&](outcome &) { iss_op_cbo(m.h(), bits, op, va); });
}

outcome zero(machine &m, uint64_t va)
{
	return m.attempt([&](outcome &) { iss_op_cbo_zero(m.h(), bits, va); });
}

} // namespace

TEST(cbo, inval_follows_cbie_of_both_levels)
{
	/* -1: illegal instruction */
	static const int expected_s[] = { -1, ISS_CBO_FLUSH, -1, ISS_CBO_INVAL };

	for (unsigned menvcfg : { 0u, 1u, 3u }) {
		for (unsigned senvcfg : { 0u, 1u, 3u }) {
			for (iss_priv priv : { ISS_PRIV_U, ISS_PRIV_S, ISS_PRIV_M }) {
				machine m;
				int expected = ISS_CBO_INVAL;

				if (priv == ISS_PRIV_S)
					expected = expected_s[menvcfg];
				if (priv == ISS_PRIV_U)
					expected = !menvcfg || !senvcfg           ? -1
						   : menvcfg == 3 && senvcfg == 3 ? ISS_CBO_INVAL
										  : ISS_CBO_FLUSH;
				m.open_pmp();
				m.must_write(0x30a, menvcfg << 4);
				m.must_write(0x10a, senvcfg << 4);
				m.set_priv(priv);
				const outcome o = cbo(m, ISS_CBO_INVAL, block);
				if (expected < 0) {
					EXPECT_EQ(o.cause, 2);
					EXPECT_EQ(o.tval, bits);
					EXPECT_TRUE(m.cbos.empty());
				} else {
					EXPECT_EQ(o.cause, -1);
					ASSERT_EQ(m.cbos.size(), 1u);
					EXPECT_EQ(m.cbos[0].second, expected);
				}
			}
		}
	}
}

TEST(cbo, clean_flush_and_zero_follow_cbcfe_and_cbze)
{
	for (unsigned enables = 0; enables < 4; enables++) {
		for (unsigned bit : { 6u, 7u }) {
			for (iss_priv priv : { ISS_PRIV_U, ISS_PRIV_S, ISS_PRIV_M }) {
				const bool m_on = enables & 1, s_on = enables & 2;
				const bool legal = priv == ISS_PRIV_M ||
						   (m_on && (s_on || priv == ISS_PRIV_S));
				machine m;

				m.open_pmp();
				m.must_write(0x30a, m_on ? 1u << bit : 0xf1u & ~(1u << bit));
				m.must_write(0x10a, s_on ? 1u << bit : 0xf1u & ~(1u << bit));
				m.set_priv(priv);
				if (bit == 6) {
					EXPECT_EQ(cbo(m, ISS_CBO_CLEAN, block).cause,
						  legal ? -1 : 2);
					EXPECT_EQ(cbo(m, ISS_CBO_FLUSH, block).cause,
						  legal ? -1 : 2);
				} else {
					EXPECT_EQ(zero(m, block).cause, legal ? -1 : 2);
				}
			}
		}
	}
}

TEST(cbo, the_owner_gets_the_physical_address_of_the_block)
{
	machine m;

	m.open_pmp();
	m.map(0x5000, ram_base + 0x40000, V | R | A);
	m.must_write(0x30a, 0xf0);
	m.paging();
	m.set_priv(ISS_PRIV_S);
	EXPECT_EQ(cbo(m, ISS_CBO_CLEAN, 0x507f).cause, -1) << "read permission suffices";
	EXPECT_EQ(cbo(m, ISS_CBO_FLUSH, 0x5080).cause, -1);
	ASSERT_EQ(m.cbos.size(), 2u);
	EXPECT_EQ(m.cbos[0], std::make_pair(ram_base + 0x40040, ISS_CBO_CLEAN));
	EXPECT_EQ(m.cbos[1], std::make_pair(ram_base + 0x40080, ISS_CBO_FLUSH));
}

TEST(cbo, faults_are_store_faults_at_the_given_address)
{
	machine m;

	m.open_pmp();
	m.map(0x5000, ram_base + 0x40000, V | R | A);
	m.map(0x6000, ram_base + 0x40000, V | X | A);
	m.must_write(0x30a, 0xf0);
	m.paging();
	m.set_priv(ISS_PRIV_S);
	for (uint64_t va : { 0x4005ull, 0x6005ull }) {
		const outcome o = cbo(m, ISS_CBO_CLEAN, va);

		EXPECT_EQ(o.cause, 15);
		EXPECT_EQ(o.tval, va);
	}
	EXPECT_EQ(zero(m, 0x5005).cause, 15) << "zeroing is a store";
	EXPECT_EQ(zero(m, 0x5005).tval, 0x5005u);
	m.set_priv(ISS_PRIV_M);
	m.cbo_answer = false;
	EXPECT_EQ(cbo(m, ISS_CBO_CLEAN, block).cause, 7);
}

TEST(cbo, a_protected_byte_anywhere_in_the_block_is_an_access_fault)
{
	machine m;

	m.must_write(0x3b0, (block + 60) >> 2);
	m.must_write(0x3a0, 0x90);
	EXPECT_EQ(cbo(m, ISS_CBO_FLUSH, block).cause, 7);
	EXPECT_EQ(zero(m, block).cause, 7);
	EXPECT_EQ(zero(m, block + 64).cause, -1);
}

TEST(cbo, without_an_owner_that_cares_it_only_checks)
{
	machine m;

	m.h()->ops.cbo = nullptr;
	EXPECT_EQ(cbo(m, ISS_CBO_CLEAN, block).cause, -1);
}

TEST(cbo, zero_clears_the_sixty_four_bytes_around_its_address)
{
	machine m;

	for (uint64_t pa = block - 64; pa < block + 128; pa += 8)
		m.poke(pa, ~0ull);
	EXPECT_EQ(zero(m, block + 37).cause, -1);
	for (uint64_t pa = block - 64; pa < block + 128; pa += 8)
		EXPECT_EQ(m.peek(pa), pa >= block && pa < block + 64 ? 0u : ~0ull);
}

TEST(cbo, zero_of_a_device_is_eight_stores)
{
	machine m;

	EXPECT_EQ(zero(m, device_base + 0x80).cause, -1);
	ASSERT_EQ(m.log.size(), 8u);
	for (unsigned i = 0; i < 8; i++)
		EXPECT_EQ(m.log[i], (device_access{ device_base + 0x80 + 8 * i, 8, ISS_STORE }));
	EXPECT_EQ(zero(m, 0x1000).cause, 7);
}
