// SPDX-License-Identifier: Apache-2.0
// What a debugger asks of a hart: watched addresses see each load and store, translation changes
// nothing, names of CSRs.
#include <string>

#include "priv_machine.h"

using namespace priv;

namespace
{

bool hit(machine &m, uint64_t *va = nullptr)
{
	iss_watch watch{};
	const bool found = iss_hart_watch_hit(m.h(), &watch);

	if (va)
		*va = watch.va;
	return found;
}

bool read_ram(void *ctx, uint64_t pa, void *data, unsigned len)
{
	const machine &m = *static_cast<machine *>(ctx);

	if (pa < ram_base || pa - ram_base > ram_size - len)
		return false;
	std::memcpy(data, &m.ram[pa - ram_base], len);
	return true;
}

} // namespace

TEST(watch, sees_what_its_kind_names_and_nothing_beside_it)
{
	const uint64_t va = ram_base + 0x2008;

	for (const unsigned kinds : { 1u, 2u, 3u }) {
		machine m;
		const iss_watch watch = { va, 4, kinds };

		m.store(va, 1); // into the TLB
		m.load(va);
		EXPECT_FALSE(hit(m));
		ASSERT_TRUE(iss_hart_watch_add(m.h(), &watch));
		m.store(va, 7);
		EXPECT_EQ(hit(m), (kinds & 1) != 0);
		EXPECT_EQ(m.load(va).value, 7u);
		EXPECT_EQ(hit(m), (kinds & 2) != 0);
		m.store(va - 3, 0, 4); // its last byte
		EXPECT_EQ(hit(m), (kinds & 1) != 0);
		m.store(va - 8);
		m.store(va + 4, 0, 4);
		m.load(va + 4, 1);
		m.fetch(va);
		m.load(va + 0x100000 - 0x2000);
		EXPECT_FALSE(hit(m));
	}
}

TEST(watch, across_two_pages_sees_either)
{
	machine m;
	const iss_watch watch = { ram_base + 0x1ffc, 8, ISS_WATCH_WRITE };
	uint64_t va = 0;

	ASSERT_TRUE(iss_hart_watch_add(m.h(), &watch));
	m.store(ram_base + 0x2000, 1, 1);
	EXPECT_TRUE(hit(m, &va));
	EXPECT_EQ(va, ram_base + 0x1ffc);
	m.store(ram_base + 0x1ff8, 1);
	EXPECT_TRUE(hit(m));
}

TEST(watch, removed_costs_nothing_any_more)
{
	machine m;
	const iss_watch watch = { ram_base + 0x2000, 8, ISS_WATCH_ACCESS };

	ASSERT_TRUE(iss_hart_watch_add(m.h(), &watch));
	m.store(ram_base + 0x2000);
	EXPECT_NE(iss_tlb_slot(m.h()->data_tlb, ram_base + 0x2000)->tag_store, ram_base + 0x2000);
	ASSERT_TRUE(iss_hart_watch_remove(m.h(), &watch));
	EXPECT_FALSE(iss_hart_watch_remove(m.h(), &watch));
	EXPECT_TRUE(hit(m));
	m.store(ram_base + 0x2000);
	EXPECT_FALSE(hit(m));
	EXPECT_EQ(iss_tlb_slot(m.h()->data_tlb, ram_base + 0x2000)->tag_store, ram_base + 0x2000);
}

TEST(watch, list_is_finite_and_refuses_what_is_no_range)
{
	machine m;
	iss_watch watch = { ram_base, 0, ISS_WATCH_WRITE };

	EXPECT_FALSE(iss_hart_watch_add(m.h(), &watch));
	watch = { UINT64_MAX, 2, ISS_WATCH_WRITE };
	EXPECT_FALSE(iss_hart_watch_add(m.h(), &watch));
	for (unsigned i = 0; i < 16; i++) {
		watch = { ram_base + i, 1, ISS_WATCH_WRITE };
		EXPECT_TRUE(iss_hart_watch_add(m.h(), &watch));
		EXPECT_TRUE(iss_hart_watch_add(m.h(), &watch));
	}
	EXPECT_EQ(iss_hart_watches(m.h()), 16u);
	watch = { ram_base + 16, 1, ISS_WATCH_WRITE };
	EXPECT_FALSE(iss_hart_watch_add(m.h(), &watch));
}

TEST(debug_translation, follows_the_tables_and_sets_no_bit)
{
	paged m;
	uint64_t pa = 0;

	m.map(0x5000, page_pa, V | R); // A is clear
	const uint64_t pte = m.peek(m.leaf_slot);

	EXPECT_TRUE(iss_hart_debug_translate(m.h(), 0x5abc, read_ram, &m, &pa));
	EXPECT_EQ(pa, page_pa + 0xabc);
	EXPECT_EQ(m.peek(m.leaf_slot), pte);
	EXPECT_FALSE(iss_hart_debug_translate(m.h(), 0x6000, read_ram, &m, &pa));
	EXPECT_FALSE(iss_hart_debug_translate(m.h(), 1ull << 38, read_ram, &m, &pa));
	m.map(0x40000000, 0x80000000, V | R, 1); // 2 MiB
	EXPECT_TRUE(iss_hart_debug_translate(m.h(), 0x40012345, read_ram, &m, &pa));
	EXPECT_EQ(pa, 0x80012345u);
	m.set_priv(ISS_PRIV_M);
	EXPECT_TRUE(iss_hart_debug_translate(m.h(), 0x6000, read_ram, &m, &pa));
	EXPECT_EQ(pa, 0x6000u);
}

// Encodings as in the unprivileged specification; x10 is the address, x11 the data.
TEST(data_access, of_an_instruction_is_told_before_and_its_value_after)
{
	static const struct {
		const char *what;
		uint32_t bits;
		iss_data_kind kind;
		unsigned size;
		uint64_t va, value;
	} rows[] = {
		{ "lb a1, -1(a0)", 0xfff50583, ISS_DATA_LOAD, 1, ram_base + 0xff, 0xfe },
		{ "lhu a1, 2(a0)", 0x00255583, ISS_DATA_LOAD, 2, ram_base + 0x102, 0xdcfe },
		{ "ld a1, 0(a0)", 0x00053583, ISS_DATA_LOAD, 8, ram_base + 0x100,
		  0x123456789abcdcfe },
		{ "ld zero, 0(a0)", 0x00053003, ISS_DATA_LOAD, 8, ram_base + 0x100, 42 },
		{ "sw a1, 8(a0)", 0x00b52423, ISS_DATA_STORE, 4, ram_base + 0x108, 0x9abcdcfe },
		{ "fsd fa1, 0(a0)", 0x00b53027, ISS_DATA_STORE, 8, ram_base + 0x100, 77 },
		{ "flw fa1, 0(a0)", 0x00052587, ISS_DATA_LOAD, 4, ram_base + 0x100, 77 },
		{ "c.sd a1, 8(a0)", 0xe50c, ISS_DATA_STORE, 8, ram_base + 0x108,
		  0x123456789abcdcfe },
		{ "amoadd.w a1, a2, (a0)", 0x00c525af, ISS_DATA_AMO, 4, ram_base + 0x100,
		  0x9abcdcfe },
		{ "lr.d a1, (a0)", 0x100535af, ISS_DATA_LOAD, 8, ram_base + 0x100,
		  0x123456789abcdcfe },
		{ "cbo.zero (a0)", 0x0045200f, ISS_DATA_STORE, 64, ram_base + 0x100, 0 },
	};
	machine m;

	m.h()->x[10] = ram_base + 0x100;
	m.h()->x[11] = 0x123456789abcdcfe;
	m.h()->x[32] = 42; // what a load to x0 read
	m.h()->f[11] = 77;
	for (const auto &row : rows) {
		iss_data_access data;
		SCOPED_TRACE(row.what);

		ASSERT_TRUE(iss_hart_data_access(m.h(), row.bits, read_ram, &m, &data));
		EXPECT_TRUE(iss_hart_data_done(m.h(), &data));
		EXPECT_EQ(data.kind, row.kind);
		EXPECT_EQ(data.size, row.size);
		EXPECT_EQ(data.va, row.va);
		EXPECT_EQ(data.pa, row.va);
		EXPECT_EQ(data.value, row.value);
	}
}

TEST(data_access, is_none_of_other_instructions_and_of_a_failing_sc)
{
	machine m;
	iss_data_access data;

	for (const uint32_t bits : { 0x00000013u, 0x00000000u, 0x30200073u, 0x0025200fu, 0x8082u })
		EXPECT_FALSE(iss_hart_data_access(m.h(), bits, read_ram, &m, &data)) << bits;
	ASSERT_TRUE(iss_hart_data_access(m.h(), 0x18b535af, read_ram, &m, &data)); // sc.d a1, a1
	m.h()->x[11] = 1;
	EXPECT_FALSE(iss_hart_data_done(m.h(), &data));
	m.h()->x[11] = 0;
	EXPECT_TRUE(iss_hart_data_done(m.h(), &data));
}

TEST(data_access, is_translated_as_data_of_the_mode_in_force)
{
	paged m;
	iss_data_access data;

	m.map(0x5000, page_pa, V | R | W | A | D);
	m.h()->x[10] = 0x5008;
	ASSERT_TRUE(iss_hart_data_access(m.h(), 0x00053583, read_ram, &m, &data));
	EXPECT_EQ(data.va, 0x5008u);
	EXPECT_EQ(data.pa, page_pa + 8);
	m.h()->x[10] = 0x6000;
	ASSERT_TRUE(iss_hart_data_access(m.h(), 0x00053583, read_ram, &m, &data));
	EXPECT_EQ(data.pa, UINT64_MAX);
	m.set_priv(ISS_PRIV_M);
	ASSERT_TRUE(iss_hart_data_access(m.h(), 0x00053583, read_ram, &m, &data));
	EXPECT_EQ(data.pa, 0x6000u);
	m.h()->x[10] = 0x5008;
	m.status(MPRV | 1 << 11); // MPP = S
	ASSERT_TRUE(iss_hart_data_access(m.h(), 0x00053583, read_ram, &m, &data));
	EXPECT_EQ(data.pa, page_pa + 8) << "MPRV moves data and not code";
}

TEST(trap_name, is_there_for_every_trap_that_can_be_counted)
{
	EXPECT_STREQ(iss_trap_name(2), "illegal instruction");
	EXPECT_STREQ(iss_trap_name(15), "store/AMO page fault");
	EXPECT_STREQ(iss_trap_name(64 + 5), "supervisor timer interrupt");
	EXPECT_STREQ(iss_trap_name(64 + 11), "machine external interrupt");
	EXPECT_STREQ(iss_trap_name(10), "reserved");
	EXPECT_STREQ(iss_trap_name(127), "reserved");
}

TEST(csr_of, knows_csr_instructions)
{
	unsigned csr = 0;

	EXPECT_TRUE(iss_csr_of(0xf1402573, &csr)); // csrr a0, mhartid
	EXPECT_EQ(csr, 0xf14u);
	EXPECT_TRUE(iss_csr_of(0x30047073, &csr)); // csrci mstatus, 8
	EXPECT_EQ(csr, 0x300u);
	EXPECT_FALSE(iss_csr_of(0x30200073, &csr)); // mret
	EXPECT_FALSE(iss_csr_of(0, &csr));
}

TEST(csr_name, counts_through_arrays_and_knows_their_exceptions)
{
	static const struct {
		unsigned csr;
		const char *name;
	} known[] = { { 0x001, "fflags" },       { 0x180, "satp" },
		      { 0x3b0, "pmpaddr0" },     { 0x3b9, "pmpaddr9" },
		      { 0x3bf, "pmpaddr15" },    { 0x3a2, "pmpcfg2" },
		      { 0x33f, "mhpmevent31" },  { 0xb03, "mhpmcounter3" },
		      { 0xc1f, "hpmcounter31" }, { 0x7a0, "tselect" },
		      { 0x7a3, "tdata3" },       { 0xf11, "mvendorid" },
		      { 0xf13, "mimpid" },       { 0xf14, "mhartid" } };
	char name[ISS_CSR_NAME_SIZE];

	for (const auto &row : known) {
		ASSERT_TRUE(iss_csr_name(row.csr, name)) << row.name;
		EXPECT_EQ(std::string(name), row.name);
	}
	EXPECT_FALSE(iss_csr_name(0x747, name)); // mseccfg
	EXPECT_FALSE(iss_csr_name(0xfff, name));
}
