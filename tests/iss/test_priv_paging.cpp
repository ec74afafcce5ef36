// SPDX-License-Identifier: Apache-2.0
// Sv39 and Sv48, Svnapot, Svpbmt, Svade/Svadu, MPRV/SUM/MXR, misaligned accesses. RISC-V privileged
// architecture 20240411, chapters 12 to 16.

#include "priv_machine.h"

using namespace priv;

namespace
{

int cause_of(machine &m, uint64_t va, iss_access kind)
{
	return kind == ISS_FETCH  ? m.fetch(va).cause
	       : kind == ISS_LOAD ? m.load(va).cause
				  : m.store(va).cause;
}

constexpr int page_fault[] = { 12, 13, 15 };

} // namespace

/* R, W, X, U against privilege, SUM and MXR: every combination, twice for the TLB's sake */
TEST(paging, permission_bits_are_checked_for_each_kind_of_access)
{
	for (unsigned perms = 2; perms < 32; perms += 2) {
		for (unsigned mode = 0; mode < 8; mode++) {
			const bool sum = mode & 1, mxr = mode & 2;
			const iss_priv priv = mode & 4 ? ISS_PRIV_U : ISS_PRIV_S;
			const bool user = perms & U, reserved = (perms & (R | W)) == W;
			const bool pointer = (perms & (R | X)) == 0;
			const bool visible =
				!reserved && !pointer && (priv == ISS_PRIV_U ? user : !user || sum);
			paged m;

			m.map(0x5000, page_pa, V | A | D | perms);
			m.status((sum ? SUM : 0) | (mxr ? MXR : 0));
			m.set_priv(priv);
			for (int again = 0; again < 2; again++) {
				const bool load = visible && ((perms & R) || (mxr && (perms & X)));
				const bool store = visible && (perms & W);
				const bool fetch =
					visible && (perms & X) && (priv == ISS_PRIV_U || !user);

				EXPECT_EQ(m.load(0x5000).cause, load ? -1 : 13)
					<< perms << " " << mode;
				EXPECT_EQ(m.store(0x5000).cause, store ? -1 : 15)
					<< perms << " " << mode;
				EXPECT_EQ(m.fetch(0x5000).cause, fetch ? -1 : 12)
					<< perms << " " << mode;
			}
		}
	}
}

TEST(paging, an_invalid_pte_faults_with_the_address_as_value)
{
	paged m;

	EXPECT_EQ(m.load(0x5008).cause, 13);
	EXPECT_EQ(m.load(0x5008).tval, 0x5008u);
	EXPECT_EQ(m.store(0x5010).cause, 15);
	EXPECT_EQ(m.store(0x5010).tval, 0x5010u);
	EXPECT_EQ(m.fetch(0x5012).cause, 12);
	EXPECT_EQ(m.fetch(0x5012).tval, 0x5012u);
}

TEST(paging, every_level_of_sv39_and_sv48_may_hold_a_leaf)
{
	for (unsigned levels : { 3u, 4u }) {
		for (unsigned level = 0; level < levels; level++) {
			const uint64_t span = 1ull << (12 + 9 * level);
			const uint64_t va = 3ull << (12 + 9 * (levels - 1)) >> 1 & ~(span - 1);
			paged m(levels == 4 ? 9 : 8);

			/* the device's page, through spans that may be larger than memory */
			m.map(va, device_base & ~(span - 1), V | R | W | A | D, level, levels);
			const uint64_t at = va + (device_base & (span - 1));
			EXPECT_EQ(m.load(at + 8).value, m.device_value) << levels << level;
			ASSERT_EQ(m.log.size(), 1u);
			EXPECT_EQ(m.log[0], (device_access{ device_base + 8, 8, ISS_LOAD }));
		}
	}
}

TEST(paging, a_misaligned_superpage_faults)
{
	for (unsigned level : { 1u, 2u }) {
		for (unsigned bit = 0; bit < 9 * level; bit++) {
			paged m;

			m.map(0, 1ull << (12 + bit), V | R | W | X | A | D, level);
			for (iss_access kind : { ISS_FETCH, ISS_LOAD, ISS_STORE })
				EXPECT_EQ(cause_of(m, 0x1000, kind), page_fault[kind]);
		}
	}
}

TEST(paging, an_address_whose_upper_bits_are_not_sign_copies_faults)
{
	for (unsigned bits : { 39u, 48u }) {
		paged m(bits == 39 ? 8 : 9);
		const unsigned levels = bits == 39 ? 3 : 4;
		const uint64_t high = ~0ull << (bits - 1);

		m.map(high, page_pa, V | R | W | X | A | D, 0, levels);
		m.map(0, page_pa, V | R | W | X | A | D, 0, levels);
		EXPECT_EQ(m.load(high).cause, -1);
		EXPECT_EQ(m.load(0).cause, -1);
		for (unsigned bit = bits; bit < 64; bit++) {
			EXPECT_EQ(m.load(1ull << bit).cause, 13) << bit;
			EXPECT_EQ(m.store(high ^ 1ull << bit).cause, 15) << bit;
			EXPECT_EQ(m.fetch(high ^ 1ull << bit).cause, 12) << bit;
		}
		EXPECT_EQ(m.load(1ull << (bits - 1)).cause, 13);
	}
}

TEST(paging, reserved_bits_of_a_leaf_fault)
{
	for (unsigned bit = 54; bit <= 60; bit++) {
		paged m;

		m.map(0x5000, page_pa, V | R | A | 1ull << bit);
		EXPECT_EQ(m.load(0x5000).cause, 13) << bit;
	}
}

TEST(paging, a_pointer_with_leaf_attributes_faults)
{
	for (unsigned bit : { 4u, 6u, 7u, 54u, 60u, 61u, 62u, 63u }) {
		paged m;

		m.must_write(0x30a, PBMTE);
		m.map(0x5000, page_pa, V | R | A);
		EXPECT_EQ(m.load(0x5000).cause, -1);
		m.poke(ram_base, m.peek(ram_base) | 1ull << bit);
		m.sfence();
		EXPECT_EQ(m.load(0x5000).cause, 13) << bit;
	}
}

TEST(paging, a_pointer_at_the_last_level_faults)
{
	paged m;

	m.map(0x5000, page_pa, V);
	EXPECT_EQ(m.load(0x5000).cause, 13);
}

TEST(paging, a_page_table_outside_memory_is_an_access_fault)
{
	static const int access_fault[] = { 1, 5, 7 };
	paged m;

	m.poke(ram_base, (0x4000000000 >> 2) | V);
	for (iss_access kind : { ISS_FETCH, ISS_LOAD, ISS_STORE })
		EXPECT_EQ(cause_of(m, 0x5000, kind), access_fault[kind]);
}

TEST(paging, page_tables_work_without_dmi_too)
{
	paged m;

	m.dmi_enabled = false;
	m.must_write(0x30a, ADUE);
	m.map(0x5000, page_pa, V | R | W);
	m.poke(page_pa + 8, 77);
	EXPECT_EQ(m.load(0x5008).value, 77u);
	EXPECT_EQ(m.store(0x5008, 78).cause, -1);
	EXPECT_EQ(m.peek(page_pa + 8), 78u);
	EXPECT_EQ(m.peek(m.leaf_slot) & (A | D), A | D);
}

TEST(svade, clear_a_and_d_bits_fault)
{
	paged m;

	m.map(0x5000, page_pa, V | R | W | X);
	for (iss_access kind : { ISS_FETCH, ISS_LOAD, ISS_STORE })
		EXPECT_EQ(cause_of(m, 0x5000, kind), page_fault[kind]);
	m.map(0x5000, page_pa, V | R | W | X | A);
	m.sfence(0x5000);
	EXPECT_EQ(m.load(0x5000).cause, -1);
	EXPECT_EQ(m.fetch(0x5000).cause, -1);
	EXPECT_EQ(m.store(0x5000).cause, 15);
	EXPECT_EQ(m.peek(m.leaf_slot) & (A | D), A) << "nothing was written";
	m.map(0x5000, page_pa, V | R | W | X | A | D);
	m.sfence(0x5000);
	EXPECT_EQ(m.store(0x5000).cause, -1);
}

TEST(svadu, hardware_sets_a_and_on_a_store_d)
{
	for (iss_access kind : { ISS_FETCH, ISS_LOAD, ISS_STORE }) {
		paged m;

		m.must_write(0x30a, ADUE);
		m.map(0x5000, page_pa, V | R | W | X);
		EXPECT_EQ(cause_of(m, 0x5000, kind), -1);
		EXPECT_EQ(m.peek(m.leaf_slot) & (A | D), kind == ISS_STORE ? A | D : A);
		EXPECT_EQ(m.store(0x5008).cause, -1) << "after a clean entry came into the TLB";
		EXPECT_EQ(m.peek(m.leaf_slot) & (A | D), A | D);
	}
}

TEST(svadu, a_refused_access_sets_nothing)
{
	paged m;

	m.must_write(0x30a, ADUE);
	m.map(0x5000, page_pa, V | R);
	EXPECT_EQ(m.store(0x5000).cause, 15);
	EXPECT_EQ(m.fetch(0x5000).cause, 12);
	EXPECT_EQ(m.peek(m.leaf_slot) & (A | D), 0u);
}

TEST(svnapot, sixty_four_kib_are_mapped_by_one_pte_value)
{
	paged m;
	const uint64_t base = ram_base + 0x50000;

	/* all sixteen slots hold the same value: bits 3:0 of the PPN are 1000 */
	for (uint64_t i = 0; i < 16; i++) {
		m.map(0x10000 + (i << 12), base | 0x8000, V | R | W | A | D | N);
		m.poke(base + (i << 12) + 0x18, i + 100);
	}
	for (uint64_t i = 0; i < 16; i++)
		EXPECT_EQ(m.load(0x10000 + (i << 12) + 0x18).value, i + 100);
}

TEST(svnapot, other_sizes_and_levels_are_reserved)
{
	for (uint64_t low = 0; low < 16; low++) {
		paged m;

		m.map(0x10000, ram_base + 0x50000 + (low << 12), V | R | A | N);
		EXPECT_EQ(m.load(0x10000).cause, low == 8 ? -1 : 13) << low;
	}
	paged m;

	m.map(0, 0x8000, V | R | A | N, 1);
	EXPECT_EQ(m.load(0).cause, 13);
}

TEST(svpbmt, memory_types_need_pbmte_and_type_3_is_reserved)
{
	for (uint64_t type = 0; type < 4; type++) {
		paged m;

		m.map(0x5000, page_pa, V | R | A | type << 61);
		EXPECT_EQ(m.load(0x5000).cause, type == 0 ? -1 : 13) << type;
		m.must_write(0x30a, PBMTE);
		EXPECT_EQ(m.load(0x5000).cause, type < 3 ? -1 : 13) << type;
		m.must_write(0x30a, 0);
		EXPECT_EQ(m.load(0x5000).cause, type == 0 ? -1 : 13) << type;
	}
}

TEST(paging, sum_and_mxr_act_at_once)
{
	paged m;

	m.map(0x5000, page_pa, V | R | W | U | A | D);
	m.map(0x6000, page_pa, V | X | A);
	for (int again = 0; again < 2; again++) {
		m.status(SUM | MXR);
		EXPECT_EQ(m.load(0x5000).cause, -1);
		EXPECT_EQ(m.load(0x6000).cause, -1);
		m.status(0);
		EXPECT_EQ(m.load(0x5000).cause, 13);
		EXPECT_EQ(m.load(0x6000).cause, 13);
		EXPECT_EQ(m.fetch(0x6000).cause, -1);
	}
}

TEST(paging, mprv_gives_machine_mode_loads_the_view_of_mpp)
{
	paged m;

	m.map(0x80000000, page_pa, V | R | X | A);
	m.map(0x80001000, page_pa + 0x1000, V | R | U | A);
	m.poke(page_pa, 1);
	m.poke(page_pa + 0x1000, 2);
	m.poke(ram_base, m.peek(ram_base)); /* the root table is what bare 0x80000000 shows */
	m.set_priv(ISS_PRIV_M);
	m.status(3 << 11 | MPRV);
	EXPECT_EQ(m.load(0x80000000).value, m.peek(ram_base)) << "MPP = M";
	m.status(1 << 11 | MPRV);
	EXPECT_EQ(m.load(0x80000000).value, 1u);
	EXPECT_EQ(m.load(0x80001000).cause, 13);
	EXPECT_EQ(m.fetch(0x80000000).value & 0xffff, m.peek(ram_base) & 0xffff)
		<< "fetches are not affected";
	m.status(1 << 11 | MPRV | SUM);
	EXPECT_EQ(m.load(0x80001000).value, 2u);
	m.status(MPRV);
	EXPECT_EQ(m.load(0x80001000).value, 2u);
	EXPECT_EQ(m.load(0x80000000).cause, 13);
	m.status(1 << 11);
	EXPECT_EQ(m.load(0x80000000).value, m.peek(ram_base));
}

TEST(paging, an_access_across_pages_uses_both_translations)
{
	paged m;

	m.map(0x5000, page_pa + 0x3000, V | R | W | A | D);
	m.map(0x6000, page_pa, V | R | W | A | D);
	m.poke(page_pa + 0x3ff8, 0x8877665544332211);
	m.poke(page_pa, 0xffeeddccbbaa9988);
	for (unsigned i = 1; i < 8; i++)
		EXPECT_EQ(m.load(0x5ff8 + i).value,
			  0x8877665544332211 >> (8 * i) | 0xffeeddccbbaa9988 << (64 - 8 * i));
	EXPECT_EQ(m.load(0x5fff, 2).value, 0x8888u);
	EXPECT_EQ(m.store(0x5ffd, 0x0102030405060708).cause, -1);
	EXPECT_EQ(m.peek(page_pa + 0x3ff8), 0x0607085544332211u);
	EXPECT_EQ(m.peek(page_pa), 0xffeedd0102030405u);
}

TEST(paging, an_access_across_pages_that_faults_writes_nothing)
{
	paged m;

	m.map(0x5000, page_pa, V | R | W | A | D);
	m.map(0x6000, page_pa + 0x1000, V | R | A | D);
	EXPECT_EQ(m.store(0x5ffc, ~0ull).cause, 15);
	EXPECT_EQ(m.store(0x5ffc, ~0ull).tval, 0x6000u) << "the part that faults";
	EXPECT_EQ(m.peek(page_pa + 0xff8), 0u);
	EXPECT_EQ(m.load(0x4ffc).tval, 0x4ffcu);
	EXPECT_EQ(m.load(0x6ffc).tval, 0x7000u);
}

TEST(paging, an_instruction_across_pages_faults_at_its_second_half)
{
	paged m;

	m.map(0x5000, page_pa, V | X | A);
	m.poke(page_pa + 0xff8, 0x0013000000000000); /* low half of an addi at 0xffe */
	EXPECT_EQ(m.fetch(0x5ffe).cause, 12);
	EXPECT_EQ(m.fetch(0x5ffe).tval, 0x6000u);
	m.poke(page_pa + 0xff8, 0x0001000000000000); /* a compressed one needs no more */
	EXPECT_EQ(m.fetch(0x5ffe).cause, -1);
	EXPECT_EQ(m.fetch(0x5ffe).value, 1u);
	m.poke(page_pa + 0xff8, 0x0013000000000000);
	m.map(0x6000, page_pa + 0x1000, V | X | A);
	m.poke(page_pa + 0x1000, 0x1234);
	EXPECT_EQ(m.fetch(0x5ffe).value, 0x12340013u);
}

TEST(misaligned, memory_takes_any_alignment)
{
	machine m;

	for (unsigned size : { 2u, 4u, 8u }) {
		for (unsigned offset = 0; offset < 8; offset++) {
			const uint64_t value = 0xf1e2d3c4b5a69788 >> (64 - 8 * size);

			m.poke(page_pa, 0);
			m.poke(page_pa + 8, 0);
			EXPECT_EQ(m.store(page_pa + offset, value, size).cause, -1);
			EXPECT_EQ(m.load(page_pa + offset, size).value, value);
			for (unsigned i = 0; i < size; i++)
				EXPECT_EQ(m.ram[page_pa - ram_base + offset + i],
					  value >> (8 * i) & 0xff);
		}
	}
}

TEST(misaligned, devices_see_naturally_aligned_pieces)
{
	machine m;

	m.load(device_base + 3, 8);
	EXPECT_EQ(m.log, (std::vector<device_access>{ { device_base + 3, 1, ISS_LOAD },
						      { device_base + 4, 4, ISS_LOAD },
						      { device_base + 8, 2, ISS_LOAD },
						      { device_base + 10, 1, ISS_LOAD } }));
	m.log.clear();
	m.store(device_base + 6, 0, 4);
	EXPECT_EQ(m.log, (std::vector<device_access>{ { device_base + 6, 2, ISS_STORE },
						      { device_base + 8, 2, ISS_STORE } }));
	m.log.clear();
	m.load(device_base, 8);
	EXPECT_EQ(m.log, (std::vector<device_access>{ { device_base, 8, ISS_LOAD } }));
}

TEST(access, an_address_that_nobody_answers_is_an_access_fault)
{
	machine m;

	EXPECT_EQ(m.load(0x1000).cause, 5);
	EXPECT_EQ(m.store(0x1008).cause, 7);
	EXPECT_EQ(m.store(0x1008).tval, 0x1008u);
	EXPECT_EQ(m.fetch(0x1002).cause, 1);
	EXPECT_EQ(m.fetch(0x1002).tval, 0x1002u);
	EXPECT_EQ(m.load(~0ull - 6).cause, 5);
	EXPECT_EQ(m.load(~0ull, 8).cause, 5) << "wraps around the end of the address space";
	EXPECT_EQ(m.load(ram_base + ram_size - 4, 8).tval, ram_base + ram_size);
}

TEST(access, withdrawn_host_memory_is_not_used_any_more)
{
	machine m;

	m.poke(page_pa, 5);
	EXPECT_EQ(m.load(page_pa).value, 5u);
	const int requests = m.dmi_requests;
	EXPECT_EQ(m.load(page_pa + 8).value, 0u);
	EXPECT_EQ(m.load(page_pa + 0x1000).value, 0u);
	EXPECT_EQ(m.dmi_requests, requests) << "a grant is remembered";
	m.dmi_enabled = false;
	iss_hart_dmi_invalidate(m.h(), page_pa + 0x1000, 1);
	std::vector<uint8_t> moved(m.ram); /* what lies at the old place is not looked at */
	EXPECT_EQ(m.load(page_pa + 0x1000).value, 0u);
	EXPECT_GT(m.dmi_requests, requests);
}

TEST(access, translate_gives_host_memory_or_none)
{
	machine m;
	uint64_t pa = 0;
	uint8_t *host = nullptr;

	ASSERT_TRUE(iss_translate(m.h(), page_pa + 8, 8, ISS_STORE, &pa, &host));
	EXPECT_EQ(pa, page_pa + 8);
	EXPECT_EQ(host, &m.ram[page_pa + 8 - ram_base]);
	ASSERT_TRUE(iss_translate(m.h(), device_base, 4, ISS_LOAD, &pa, &host));
	EXPECT_EQ(pa, device_base);
	EXPECT_EQ(host, nullptr);
	EXPECT_EQ(m.attempt([&](outcome &) {
			   iss_translate(m.h(), page_pa, 8, ISS_LOAD, &pa, &host);
		   }).cause,
		  -1);
}
