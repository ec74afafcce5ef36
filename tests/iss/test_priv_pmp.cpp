// SPDX-License-Identifier: Apache-2.0
// Physical memory protection. RISC-V privileged architecture 20240411, 3.7.
#include <random>

#include "priv_machine.h"

using priv::machine;
using priv::ram_base;

namespace
{

/* pmpcfg bits */
enum : uint64_t {
	PR = 1,
	PW = 2,
	PX = 4,
	TOR = 1 << 3,
	NA4 = 2 << 3,
	NAPOT = 3 << 3,
	L = 1 << 7
};

void set_cfg(machine &m, unsigned i, uint64_t cfg)
{
	const unsigned reg = i < 8 ? 0x3a0 : 0x3a2;
	const unsigned shift = 8 * (i % 8);

	m.must_write(reg, (m.csr(reg) & ~(0xffull << shift)) | cfg << shift);
}

void set_entry(machine &m, unsigned i, uint64_t cfg, uint64_t pmpaddr)
{
	m.must_write(0x3b0 + i, pmpaddr);
	set_cfg(m, i, cfg);
}

/* pmpaddr of a naturally aligned power of two >= 8 */
uint64_t napot(uint64_t base, uint64_t size)
{
	return (base | (size / 2 - 1)) >> 2;
}

bool allowed(machine &m, uint64_t pa, uint64_t len, iss_access kind, iss_priv priv)
{
	return iss_pmp_allows(m.h(), pa, len, kind, priv);
}

/* Byte by byte, as the text of 3.7.1 reads. */
bool oracle(const uint8_t *cfg, const uint64_t *addr, uint64_t pa, uint64_t len, iss_access kind,
	    iss_priv priv)
{
	static const uint64_t needed[] = { PX, PR, PW };

	for (unsigned i = 0; i < 16; i++) {
		uint64_t matches = 0;

		for (uint64_t byte = pa; byte < pa + len; byte++) {
			const uint64_t word = byte >> 2;

			switch (cfg[i] & 0x18) {
			case TOR:
				matches += word >= (i ? addr[i - 1] : 0) && word < addr[i];
				break;
			case NA4:
				matches += word == addr[i];
				break;
			case NAPOT: {
				unsigned ones = 0;

				while (addr[i] >> ones & 1)
					ones++;
				matches += word >> (ones + 1) == addr[i] >> (ones + 1);
				break;
			}
			default:
				break;
			}
		}
		if (!matches)
			continue;
		if (matches != len)
			return false;
		return (priv == ISS_PRIV_M && !(cfg[i] & L)) || (cfg[i] & needed[kind]);
	}
	return priv == ISS_PRIV_M;
}

} // namespace

TEST(pmp, with_all_entries_off_only_machine_mode_has_access)
{
	machine m;

	for (iss_access kind : { ISS_FETCH, ISS_LOAD, ISS_STORE }) {
		EXPECT_TRUE(allowed(m, ram_base, 8, kind, ISS_PRIV_M));
		EXPECT_FALSE(allowed(m, ram_base, 8, kind, ISS_PRIV_S));
		EXPECT_FALSE(allowed(m, ram_base, 8, kind, ISS_PRIV_U));
	}
}

TEST(pmp, na4_covers_four_bytes)
{
	machine m;

	set_entry(m, 0, NA4 | PR, ram_base >> 2);
	EXPECT_TRUE(allowed(m, ram_base, 4, ISS_LOAD, ISS_PRIV_U));
	EXPECT_TRUE(allowed(m, ram_base + 3, 1, ISS_LOAD, ISS_PRIV_U));
	EXPECT_FALSE(allowed(m, ram_base + 4, 1, ISS_LOAD, ISS_PRIV_U));
	EXPECT_FALSE(allowed(m, ram_base, 8, ISS_LOAD, ISS_PRIV_U)) << "only a part matches";
	EXPECT_FALSE(allowed(m, ram_base, 8, ISS_LOAD, ISS_PRIV_M)) << "for machine mode too";
}

TEST(pmp, napot_covers_the_encoded_power_of_two)
{
	for (unsigned bits = 3; bits < 40; bits++) {
		machine m;
		const uint64_t size = 1ull << bits, base = 1ull << 40;

		set_entry(m, 3, NAPOT | PR | PX, napot(base, size));
		EXPECT_FALSE(allowed(m, base - 1, 1, ISS_LOAD, ISS_PRIV_S)) << bits;
		EXPECT_TRUE(allowed(m, base, 1, ISS_LOAD, ISS_PRIV_S)) << bits;
		EXPECT_TRUE(allowed(m, base + size - 1, 1, ISS_FETCH, ISS_PRIV_S)) << bits;
		EXPECT_FALSE(allowed(m, base + size, 1, ISS_LOAD, ISS_PRIV_S)) << bits;
		EXPECT_FALSE(allowed(m, base, 1, ISS_STORE, ISS_PRIV_S)) << bits;
	}
}

TEST(pmp, napot_of_all_ones_covers_everything)
{
	machine m;

	set_entry(m, 0, NAPOT | PR, ~0ull);
	EXPECT_TRUE(allowed(m, 0, 8, ISS_LOAD, ISS_PRIV_U));
	EXPECT_TRUE(allowed(m, (1ull << 56) - 8, 8, ISS_LOAD, ISS_PRIV_U));
}

TEST(pmp, tor_runs_from_the_previous_address)
{
	machine m;

	set_entry(m, 0, TOR | PR, ram_base >> 2);
	set_entry(m, 1, TOR | PW | PR, (ram_base + 0x100) >> 2);
	EXPECT_TRUE(allowed(m, 0, 8, ISS_LOAD, ISS_PRIV_U)) << "entry 0 starts at 0";
	EXPECT_FALSE(allowed(m, ram_base - 8, 8, ISS_STORE, ISS_PRIV_U));
	EXPECT_TRUE(allowed(m, ram_base, 8, ISS_STORE, ISS_PRIV_U));
	EXPECT_TRUE(allowed(m, ram_base + 0xf8, 8, ISS_STORE, ISS_PRIV_U));
	EXPECT_FALSE(allowed(m, ram_base + 0xfc, 8, ISS_STORE, ISS_PRIV_U));
	EXPECT_FALSE(allowed(m, ram_base + 0x100, 1, ISS_LOAD, ISS_PRIV_U));
}

TEST(pmp, tor_with_an_empty_or_inverted_range_matches_nothing)
{
	machine m;

	set_entry(m, 0, 0, (ram_base + 0x100) >> 2);
	set_entry(m, 1, TOR, (ram_base + 0x100) >> 2);
	set_entry(m, 2, TOR, ram_base >> 2);
	set_entry(m, 3, NAPOT | PR, ~0ull);
	EXPECT_TRUE(allowed(m, ram_base + 0x100, 4, ISS_LOAD, ISS_PRIV_U));
	EXPECT_TRUE(allowed(m, ram_base, 4, ISS_LOAD, ISS_PRIV_U));
}

TEST(pmp, the_lowest_numbered_matching_entry_decides)
{
	machine m;

	set_entry(m, 0, NAPOT, napot(ram_base, 0x1000));
	set_entry(m, 1, NAPOT | PR | PW | PX, ~0ull);
	EXPECT_FALSE(allowed(m, ram_base, 4, ISS_LOAD, ISS_PRIV_S));
	EXPECT_TRUE(allowed(m, ram_base + 0x1000, 4, ISS_LOAD, ISS_PRIV_S));
	EXPECT_TRUE(allowed(m, ram_base, 4, ISS_LOAD, ISS_PRIV_M));
}

TEST(pmp, a_locked_entry_binds_machine_mode)
{
	machine m;

	set_entry(m, 0, L | NA4 | PX, ram_base >> 2);
	EXPECT_TRUE(allowed(m, ram_base, 4, ISS_FETCH, ISS_PRIV_M));
	EXPECT_FALSE(allowed(m, ram_base, 4, ISS_LOAD, ISS_PRIV_M));
	EXPECT_FALSE(allowed(m, ram_base, 4, ISS_STORE, ISS_PRIV_M));
}

TEST(pmp, a_locked_entry_ignores_writes)
{
	machine m;

	set_entry(m, 2, L | NA4 | PR, 0x1000);
	m.must_write(0x3a0, 0);
	m.must_write(0x3b2, 0x2000);
	EXPECT_EQ(m.csr(0x3a0), (L | NA4 | PR) << 16);
	EXPECT_EQ(m.csr(0x3b2), 0x1000u);
	m.must_write(0x3b1, 0x2000);
	EXPECT_EQ(m.csr(0x3b1), 0x2000u) << "NA4 does not use the address below";
}

TEST(pmp, a_locked_tor_entry_locks_the_address_below)
{
	machine m;

	m.must_write(0x3b1, 0x1000);
	set_entry(m, 2, L | TOR | PR, 0x2000);
	m.must_write(0x3b1, 0x3000);
	EXPECT_EQ(m.csr(0x3b1), 0x1000u);
	set_cfg(m, 1, TOR);
	EXPECT_EQ(m.csr(0x3a0) >> 8 & 0xff, TOR) << "its configuration is not locked";
}

TEST(pmp, write_without_read_and_unused_bits_are_not_stored)
{
	for (unsigned cfg = 0; cfg < 256; cfg++) {
		const uint64_t legal = cfg & 0x9f & ((cfg & 3) == 2 ? ~2u : ~0u);

		machine fresh;

		fresh.must_write(0x3a2, static_cast<uint64_t>(cfg) << 56);
		EXPECT_EQ(fresh.csr(0x3a2), legal << 56) << cfg;
	}
}

TEST(pmp, it_agrees_with_the_text_of_the_specification_byte_by_byte)
{
	const uint32_t seed = 3;
	std::mt19937_64 random(seed);

	for (int round = 0; round < 300; round++) {
		machine m;
		uint8_t cfg[16];
		uint64_t addr[16];

		for (unsigned i = 0; i < 16; i++) {
			/* a small arena, so that entries meet */
			const uint64_t ones = (1ull << random() % 6) - 1;

			m.must_write(0x3b0 + i, (0x20000000 + random() % 64) | ones);
			if (random() % 2)
				set_cfg(m, i, random() & 0x1f);
		}
		if (random() % 2)
			set_cfg(m, random() % 16, L | (random() & 0x1f));
		for (unsigned i = 0; i < 16; i++) {
			cfg[i] = static_cast<uint8_t>(m.csr(i < 8 ? 0x3a0 : 0x3a2) >> 8 * (i % 8));
			addr[i] = m.csr(0x3b0 + i);
		}
		for (int access = 0; access < 500; access++) {
			const uint64_t pa = 0x80000000 - 16 + random() % 300;
			const uint64_t len = 1ull << random() % 4;
			const iss_access kind = static_cast<iss_access>(random() % 3);
			static const iss_priv privs[] = { ISS_PRIV_U, ISS_PRIV_S, ISS_PRIV_M };
			const iss_priv priv = privs[random() % 3];

			ASSERT_EQ(allowed(m, pa, len, kind, priv),
				  oracle(cfg, addr, pa, len, kind, priv))
				<< "seed " << seed << " round " << round << std::hex << " pa "
				<< pa;
		}
	}
}

TEST(pmp, a_partly_covered_page_is_checked_at_each_access)
{
	machine m;

	set_entry(m, 0, NA4 | L, (ram_base + 0x10) >> 2);
	m.poke(ram_base + 8, 42);
	for (int again = 0; again < 2; again++) {
		EXPECT_EQ(m.load(ram_base + 8).value, 42u);
		EXPECT_EQ(m.load(ram_base + 0x10, 4).cause, 5);
		EXPECT_EQ(m.store(ram_base + 0x10, 0, 4).cause, 7);
		EXPECT_EQ(m.fetch(ram_base + 0x10).cause, 1);
		EXPECT_EQ(m.load(ram_base + 0xc).cause, 5) << "half of it matches";
		EXPECT_EQ(m.load(ram_base + 0x18).cause, -1);
	}
}

TEST(pmp, a_change_takes_effect_on_pages_already_used)
{
	machine m;

	m.open_pmp();
	m.set_priv(ISS_PRIV_U);
	EXPECT_EQ(m.load(ram_base).cause, -1);
	set_entry(m, 0, NAPOT, napot(ram_base, 0x1000));
	EXPECT_EQ(m.load(ram_base).cause, 5);
	EXPECT_EQ(m.load(ram_base + 0x1000).cause, -1);
	set_cfg(m, 0, 0);
	EXPECT_EQ(m.load(ram_base).cause, -1);
}

TEST(pmp, page_table_accesses_are_checked_as_supervisor_accesses)
{
	machine m;

	using namespace priv;
	m.open_pmp();
	m.map(0x4000, ram_base + 0x8000, V | R | W | A);
	m.paging();
	m.set_priv(ISS_PRIV_S);
	EXPECT_EQ(m.load(0x4000).cause, -1);
	set_entry(m, 0, NAPOT, napot(m.leaf_slot & ~7ull, 8));
	EXPECT_EQ(m.load(0x4000).cause, 5) << "an access fault, not a page fault";
	EXPECT_EQ(m.fetch(0x4000).cause, 1);
	set_cfg(m, 0, NAPOT | PR);
	EXPECT_EQ(m.load(0x4000).cause, -1);
	m.must_write(0x30a, 1ull << 61);
	EXPECT_EQ(m.store(0x4000).cause, 7) << "the D bit cannot be written";
	EXPECT_EQ(m.peek(m.leaf_slot) & D, 0u);
}
