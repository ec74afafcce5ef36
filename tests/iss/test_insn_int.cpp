// SPDX-License-Identifier: Apache-2.0
//
// Integer instructions by vectors: RV64I, M, Zba, Zbb, Zbs, Zicond, and their use of x0. RISC-V
// unprivileged ISA. Encodings and results are typed from the specification.
#include <gtest/gtest.h>

#include "iss_test.h"

using namespace iss_test;

namespace
{

constexpr std::uint64_t min64 = 0x8000000000000000, max64 = 0x7fffffffffffffff;
constexpr std::uint64_t ones = ~std::uint64_t{ 0 };

struct two_sources {
	const char *name;
	std::uint32_t match;
	std::uint64_t a, b, expected;
};

struct immediate {
	const char *name;
	std::uint32_t match;
	std::uint64_t a;
	int imm;
	std::uint64_t expected;
};

class int_insn : public ::testing::Test
{
protected:
	void check(const std::vector<two_sources> &rows)
	{
		for (const auto &row : rows) {
			SCOPED_TRACE(row.name);
			m.set_x(5, row.a);
			m.set_x(6, row.b);
			m.set_x(7, 0x5555);
			m.execute({ rrr(row.match, 7, 5, 6) });
			EXPECT_EQ(m.x(7), row.expected);
			EXPECT_EQ(m.x(5), row.a);
			EXPECT_EQ(m.x(6), row.b);
			EXPECT_EQ(m.pc(), ram_base + 4);
		}
	}
	void check(const std::vector<immediate> &rows)
	{
		for (const auto &row : rows) {
			SCOPED_TRACE(row.name);
			m.set_x(5, row.a);
			m.set_x(7, 0x5555);
			m.execute({ rri(row.match, 7, 5, row.imm) });
			EXPECT_EQ(m.x(7), row.expected);
		}
	}
	machine m;
};

TEST_F(int_insn, i_register_arithmetic_wraps_and_shifts_use_six_bits)
{
	check(std::vector<two_sources>{
		{ "add", 0x00000033, max64, 1, min64 },
		{ "add", 0x00000033, ones, 1, 0 },
		{ "sub", 0x40000033, 0, 1, ones },
		{ "sub", 0x40000033, min64, 1, max64 },
		{ "sll", 0x00001033, 1, 63, min64 },
		{ "sll", 0x00001033, 3, 65, 6 },
		{ "slt", 0x00002033, ones, 0, 1 },
		{ "slt", 0x00002033, 0, ones, 0 },
		{ "slt", 0x00002033, 5, 5, 0 },
		{ "sltu", 0x00003033, 0, ones, 1 },
		{ "sltu", 0x00003033, ones, 0, 0 },
		{ "xor", 0x00004033, 0xff00, 0x0ff0, 0xf0f0 },
		{ "srl", 0x00005033, min64, 63, 1 },
		{ "srl", 0x00005033, min64, 64, min64 },
		{ "sra", 0x40005033, min64, 63, ones },
		{ "sra", 0x40005033, max64, 62, 1 },
		{ "or", 0x00006033, 0xf0, 0x0f, 0xff },
		{ "and", 0x00007033, 0xff, 0x3c, 0x3c },
	});
}

TEST_F(int_insn, i_immediates_are_sign_extended)
{
	check(std::vector<immediate>{
		{ "addi", 0x00000013, 0, -1, ones },
		{ "addi", 0x00000013, max64, 1, min64 },
		{ "slti", 0x00002013, ones, 0, 1 },
		{ "slti", 0x00002013, 0, -1, 0 },
		{ "sltiu", 0x00003013, 5, -1, 1 },
		{ "sltiu", 0x00003013, 0, 1, 1 },
		{ "xori", 0x00004013, 0, -1, ones },
		{ "ori", 0x00006013, 1, -2048, 0xfffffffffffff801 },
		{ "andi", 0x00007013, ones, -2048, 0xfffffffffffff800 },
		{ "slli", 0x00001013, 1, 63, min64 },
		{ "srli", 0x00005013, min64, 32, 0x80000000 },
		{ "srai", 0x40005013, min64, 32, 0xffffffff80000000 },
	});
}

TEST_F(int_insn, i_word_forms_sign_extend_bit_31)
{
	check(std::vector<two_sources>{
		{ "addw", 0x0000003b, 0x7fffffff, 1, 0xffffffff80000000 },
		{ "addw", 0x0000003b, 0xdeadbeef00000001, 0x1234567800000002, 3 },
		{ "subw", 0x4000003b, 0, 1, ones },
		{ "sllw", 0x0000103b, 1, 31, 0xffffffff80000000 },
		{ "sllw", 0x0000103b, 1, 32, 1 },
		{ "srlw", 0x0000503b, 0xffffffff80000000, 31, 1 },
		{ "srlw", 0x0000503b, 0x80000000, 0, 0xffffffff80000000 },
		{ "sraw", 0x4000503b, 0x80000000, 31, ones },
		{ "sraw", 0x4000503b, 0xffffffff7fffffff, 30, 1 },
	});
	check(std::vector<immediate>{
		{ "addiw", 0x0000001b, 0x7fffffff, 1, 0xffffffff80000000 },
		{ "addiw", 0x0000001b, 0x1ffffffff, 0, ones },
		{ "slliw", 0x0000101b, 0x40000000, 1, 0xffffffff80000000 },
		{ "srliw", 0x0000501b, 0xffffffff80000000, 4, 0x08000000 },
		{ "sraiw", 0x4000501b, 0x80000000, 4, 0xfffffffff8000000 },
	});
}

TEST_F(int_insn, m_high_products_differ_by_signedness)
{
	check(std::vector<two_sources>{
		{ "mul", 0x02000033, 0x100000001, 0x100000001, 0x200000001 },
		{ "mul", 0x02000033, ones, ones, 1 },
		{ "mulh", 0x02001033, ones, ones, 0 },
		{ "mulh", 0x02001033, min64, min64, 0x4000000000000000 },
		{ "mulh", 0x02001033, ones, 1, ones },
		{ "mulhsu", 0x02002033, ones, ones, ones },
		{ "mulhsu", 0x02002033, min64, ones, min64 },
		{ "mulhsu", 0x02002033, max64, ones, 0x7ffffffffffffffe },
		{ "mulhu", 0x02003033, ones, ones, 0xfffffffffffffffe },
		{ "mulhu", 0x02003033, min64, 2, 1 },
		{ "mulw", 0x0200003b, 0x10000, 0x8000, 0xffffffff80000000 },
		{ "mulw", 0x0200003b, 0xffffffff00000002, 3, 6 },
	});
}

// "M", table of results of division by zero and of overflow.
TEST_F(int_insn, m_division_by_zero_and_overflow_do_not_trap)
{
	check(std::vector<two_sources>{
		{ "div", 0x02004033, 7, 0, ones },
		{ "div", 0x02004033, min64, ones, min64 },
		{ "div", 0x02004033, static_cast<std::uint64_t>(-7), 2,
		  static_cast<std::uint64_t>(-3) },
		{ "divu", 0x02005033, 7, 0, ones },
		{ "divu", 0x02005033, ones, 2, max64 },
		{ "rem", 0x02006033, 7, 0, 7 },
		{ "rem", 0x02006033, min64, ones, 0 },
		{ "rem", 0x02006033, static_cast<std::uint64_t>(-7), 2, ones },
		{ "remu", 0x02007033, 7, 0, 7 },
		{ "remu", 0x02007033, ones, 10, 5 },
		{ "divw", 0x0200403b, 0x80000000, ones, 0xffffffff80000000 },
		{ "divw", 0x0200403b, 0x100000007, 0x200000000, ones },
		{ "divuw", 0x0200503b, 0xfffffffe, 1, 0xfffffffffffffffe },
		{ "divuw", 0x0200503b, 5, 0x100000000, ones },
		{ "remw", 0x0200603b, 0x80000000, 0xffffffff, 0 },
		{ "remw", 0x0200603b, 0x80000001, 0x100000000, 0xffffffff80000001 },
		{ "remuw", 0x0200703b, 0x80000001, 0, 0xffffffff80000001 },
		{ "remuw", 0x0200703b, 0xffffffff, 16, 15 },
	});
	EXPECT_EQ(iss_hart_trap_count(m.hart(), 2), 0u);
}

TEST_F(int_insn, zba_shifts_the_first_operand_and_uw_zero_extends_it)
{
	check(std::vector<two_sources>{
		{ "sh1add", 0x20002033, min64 | 3, 1, 7 },
		{ "sh2add", 0x20004033, 3, 1, 13 },
		{ "sh3add", 0x20006033, 3, 1, 25 },
		{ "add.uw", 0x0800003b, 0xffffffff80000000, 1, 0x80000001 },
		{ "sh1add.uw", 0x2000203b, 0xffffffff80000000, 1, 0x100000001 },
		{ "sh2add.uw", 0x2000403b, 0xffffffff80000000, 1, 0x200000001 },
		{ "sh3add.uw", 0x2000603b, 0xffffffff80000000, 1, 0x400000001 },
	});
	check(std::vector<immediate>{
		{ "slli.uw", 0x0800101b, 0xffffffff00000001, 63, min64 },
		{ "slli.uw", 0x0800101b, 0xffffffffffffffff, 32, 0xffffffff00000000 },
	});
}

TEST_F(int_insn, zbb_logic_minimum_and_rotation)
{
	check(std::vector<two_sources>{
		{ "andn", 0x40007033, 0xff, 0x0f, 0xf0 },
		{ "orn", 0x40006033, 0, 0x0f, 0xfffffffffffffff0 },
		{ "xnor", 0x40004033, 0xff, 0x0f, 0xffffffffffffff0f },
		{ "min", 0x0a004033, ones, 1, ones },
		{ "minu", 0x0a005033, ones, 1, 1 },
		{ "max", 0x0a006033, ones, 1, 1 },
		{ "maxu", 0x0a007033, ones, 1, ones },
		{ "rol", 0x60001033, min64 | 1, 1, 3 },
		{ "rol", 0x60001033, 0x1234, 64, 0x1234 },
		{ "ror", 0x60005033, 3, 1, min64 | 1 },
		{ "ror", 0x60005033, 0x1234, 0, 0x1234 },
		{ "rolw", 0x6000103b, 0xabcdef0180000001, 1, 3 },
		{ "rolw", 0x6000103b, 0x40000000, 1, 0xffffffff80000000 },
		{ "rorw", 0x6000503b, 1, 1, 0xffffffff80000000 },
		{ "rorw", 0x6000503b, 0x80000000, 32, 0xffffffff80000000 },
	});
	check(std::vector<immediate>{
		{ "rori", 0x60005013, 1, 1, min64 },
		{ "rori", 0x60005013, 0xf, 63, 0x1e },
		{ "roriw", 0x6000501b, 0xffffffff00000001, 1, 0xffffffff80000000 },
	});
}

TEST_F(int_insn, zbb_counts_of_zero_are_the_width)
{
	check(std::vector<immediate>{
		{ "clz", 0x60001013, 0, 0, 64 },
		{ "clz", 0x60001013, 1, 0, 63 },
		{ "clz", 0x60001013, ones, 0, 0 },
		{ "ctz", 0x60101013, 0, 0, 64 },
		{ "ctz", 0x60101013, min64, 0, 63 },
		{ "cpop", 0x60201013, ones, 0, 64 },
		{ "cpop", 0x60201013, 0x8000400020001001, 0, 5 },
		{ "clzw", 0x6000101b, 0xffffffff00000000, 0, 32 },
		{ "clzw", 0x6000101b, 0xffffffff00010000, 0, 15 },
		{ "ctzw", 0x6010101b, 0x100000000, 0, 32 },
		{ "ctzw", 0x6010101b, 0x80000000, 0, 31 },
		{ "cpopw", 0x6020101b, ones, 0, 32 },
		{ "cpopw", 0x6020101b, 0xffffffff00000000, 0, 0 },
	});
}

TEST_F(int_insn, zbb_extension_and_bytes)
{
	check(std::vector<immediate>{
		{ "sext.b", 0x60401013, 0x1280, 0, 0xffffffffffffff80 },
		{ "sext.h", 0x60501013, 0x18000, 0, 0xffffffffffff8000 },
		{ "zext.h", 0x0800403b, ones, 0, 0xffff },
		{ "orc.b", 0x28705013, 0x0100000080001000, 0, 0xff000000ff00ff00 },
		{ "orc.b", 0x28705013, 0x7f01fe0080ff0001, 0, 0xffffff00ffff00ff },
		{ "rev8", 0x6b805013, 0x0102030405060708, 0, 0x0807060504030201 },
	});
}

TEST_F(int_insn, zbs_bit_index_is_taken_modulo_64)
{
	check(std::vector<two_sources>{
		{ "bclr", 0x48001033, ones, 63, max64 },
		{ "bclr", 0x48001033, ones, 64, 0xfffffffffffffffe },
		{ "bext", 0x48005033, min64, 63, 1 },
		{ "bext", 0x48005033, min64, 62, 0 },
		{ "bext", 0x48005033, 2, 65, 1 },
		{ "binv", 0x68001033, 1, 0, 0 },
		{ "binv", 0x68001033, 0, 127, min64 },
		{ "bset", 0x28001033, 0, 63, min64 },
	});
	check(std::vector<immediate>{
		{ "bclri", 0x48001013, ones, 63, max64 },
		{ "bexti", 0x48005013, 0x200000000, 33, 1 },
		{ "binvi", 0x68001013, 0, 40, 0x10000000000 },
		{ "bseti", 0x28001013, 0, 32, 0x100000000 },
	});
}

TEST_F(int_insn, zicond_yields_zero_on_its_condition)
{
	check(std::vector<two_sources>{
		{ "czero.eqz", 0x0e005033, 0x1234, 0, 0 },
		{ "czero.eqz", 0x0e005033, 0x1234, min64, 0x1234 },
		{ "czero.nez", 0x0e007033, 0x1234, 0, 0x1234 },
		{ "czero.nez", 0x0e007033, 0x1234, 1, 0 },
	});
}

TEST_F(int_insn, lui_and_auipc_sign_extend_32_bits)
{
	m.execute({ 0x80000537, 0x80000597, 0x00001617 }); // lui a0; auipc a1; auipc a2
	EXPECT_EQ(m.x(10), 0xffffffff80000000);
	EXPECT_EQ(m.x(11), ram_base + 4 + 0xffffffff80000000);
	EXPECT_EQ(m.x(12), ram_base + 8 + 0x1000);
}

TEST_F(int_insn, x0_reads_zero_whatever_is_written)
{
	m.set_x(0, 77);
	EXPECT_EQ(m.x(0), 0u);
	m.set_x(5, 42);
	m.write<std::uint64_t>(ram_base + 0x1000, ones);
	m.set_x(8, ram_base + 0x1000);
	m.execute({ addi(0, 5, 1), rri(0x3003, 0, 8, 0) /* ld x0 */, jal(0, 4), csrrs(0, 0x340, 0),
		    rrr(0x33, 6, 0, 0) /* add x6, x0, x0 */ });
	EXPECT_EQ(m.x(0), 0u);
	EXPECT_EQ(m.x(6), 0u);
	EXPECT_EQ(m.pc(), ram_base + 20);
}

// beq, bne, blt, bge, bltu, bgeu
TEST_F(int_insn, branches_compare_signed_or_unsigned)
{
	const struct {
		std::uint32_t match;
		std::uint64_t a, b;
		bool taken;
	} rows[] = {
		{ 0x0063, 1, 1, true },     { 0x0063, 1, 2, false },   { 0x1063, 1, 2, true },
		{ 0x1063, 2, 2, false },    { 0x4063, ones, 0, true }, { 0x4063, 0, ones, false },
		{ 0x4063, 3, 3, false },    { 0x5063, 0, ones, true }, { 0x5063, 3, 3, true },
		{ 0x5063, ones, 0, false }, { 0x6063, 0, ones, true }, { 0x6063, ones, 0, false },
		{ 0x7063, ones, 0, true },  { 0x7063, 3, 3, true },    { 0x7063, 0, 1, false },
	};

	for (const auto &row : rows) {
		SCOPED_TRACE(row.match);
		m.set_x(5, row.a);
		m.set_x(6, row.b);
		m.execute({ branch(row.match, 5, 6, -64) });
		EXPECT_EQ(m.pc(), row.taken ? ram_base - 64 : ram_base + 4);
	}
}

TEST_F(int_insn, jal_links_the_next_instruction)
{
	m.execute({ jal(1, 0x800) });
	EXPECT_EQ(m.x(1), ram_base + 4);
	EXPECT_EQ(m.pc(), ram_base + 0x800);
}

TEST_F(int_insn, jalr_clears_bit_0_and_reads_rs1_before_writing_rd)
{
	m.set_x(5, ram_base + 0x101);
	m.execute({ rri(0x67, 5, 5, 0x10) });
	EXPECT_EQ(m.pc(), ram_base + 0x110);
	EXPECT_EQ(m.x(5), ram_base + 4);
}

TEST_F(int_insn, compressed_jumps_link_two_bytes_further)
{
	m.poke16(ram_base, { 0x9382 }); // c.jalr t2
	m.set_x(7, ram_base + 0x200);
	m.set_pc(ram_base);
	m.run(1);
	EXPECT_EQ(m.x(1), ram_base + 2);
	EXPECT_EQ(m.pc(), ram_base + 0x200);
}

TEST_F(int_insn, loads_extend_as_their_name_says)
{
	const struct {
		std::uint32_t match;
		std::uint64_t expected;
	} rows[] = {
		{ 0x0003, 0xffffffffffffff88 }, // lb
		{ 0x1003, 0xffffffffffff8788 }, // lh
		{ 0x2003, 0xffffffff85868788 }, // lw
		{ 0x3003, 0x8182838485868788 }, // ld
		{ 0x4003, 0x88 },               // lbu
		{ 0x5003, 0x8788 },             // lhu
		{ 0x6003, 0x85868788 },         // lwu
	};

	m.write<std::uint64_t>(ram_base + 0x1000, 0x8182838485868788);
	m.set_x(5, ram_base + 0x1800);
	for (const auto &row : rows) {
		m.execute({ rri(row.match, 6, 5, -2048) });
		EXPECT_EQ(m.x(6), row.expected) << std::hex << row.match;
	}
}

TEST_F(int_insn, stores_write_their_size_only)
{
	const struct {
		std::uint32_t match;
		std::uint64_t expected;
	} rows[] = {
		{ 0x0023, 0xffffffffffffff88 }, // sb
		{ 0x1023, 0xffffffffffff8788 }, // sh
		{ 0x2023, 0xffffffff85868788 }, // sw
		{ 0x3023, 0x8182838485868788 }, // sd
	};

	m.set_x(5, ram_base + 0x1000);
	m.set_x(6, 0x8182838485868788);
	for (const auto &row : rows) {
		m.write<std::uint64_t>(ram_base + 0x17ff, ones);
		m.execute({ store(row.match, 6, 5, 0x7ff) });
		EXPECT_EQ(m.read<std::uint64_t>(ram_base + 0x17ff), row.expected);
	}
}

TEST_F(int_insn, misaligned_accesses_work_inside_and_across_pages)
{
	for (unsigned offset = 0xff0; offset < 0x1010; offset++) {
		const std::uint64_t value = 0x1122334455667788 + offset;

		m.set_x(5, ram_base + 0x1000 + offset);
		m.set_x(6, value);
		m.execute({ store(0x3023, 6, 5, 0), rri(0x3003, 7, 5, 0), rri(0x2003, 8, 5, 4),
			    rri(0x5003, 9, 5, 1) });
		EXPECT_EQ(m.x(7), value) << offset;
		EXPECT_EQ(m.x(8), 0x11223344u) << offset;
		EXPECT_EQ(m.x(9), value >> 8 & 0xffff) << offset;
		EXPECT_EQ(m.read<std::uint64_t>(ram_base + 0x1000 + offset), value) << offset;
	}
}

TEST_F(int_insn, an_illegal_instruction_traps_with_its_bits_and_does_not_retire)
{
	const struct {
		std::uint32_t word;
		std::uint64_t tval;
	} rows[] = {
		{ 0xffffffff, 0xffffffff },
		{ 0x0000707b, 0x0000707b },
		{ 0x12348000, 0x8000 }, // a reserved compressed instruction
		{ 0x00000000, 0 },
	};

	m.set_csr(0x305, ram_base + 0x400); // mtvec
	for (const auto &row : rows) {
		const std::uint64_t before = iss_hart_instret(m.hart());

		SCOPED_TRACE(row.word);
		m.execute({ row.word });
		EXPECT_EQ(m.pc(), ram_base + 0x400);
		EXPECT_EQ(m.csr(0x342), 2u);       // mcause
		EXPECT_EQ(m.csr(0x343), row.tval); // mtval
		EXPECT_EQ(m.csr(0x341), ram_base); // mepc
		EXPECT_EQ(iss_hart_instret(m.hart()), before);
	}
}

TEST_F(int_insn, ebreak_is_a_breakpoint_exception_at_its_address)
{
	m.set_csr(0x305, ram_base + 0x400);
	m.poke16(ram_base, { 0x0001, 0x9002 }); // c.nop; c.ebreak
	m.set_pc(ram_base);
	m.run(2);
	EXPECT_EQ(m.pc(), ram_base + 0x400);
	EXPECT_EQ(m.csr(0x342), 3u);
	EXPECT_EQ(m.csr(0x341), ram_base + 2);
	EXPECT_EQ(m.csr(0x343), ram_base + 2);
}

TEST_F(int_insn, fences_pause_and_prefetch_do_nothing_but_retire)
{
	m.execute({ 0x0ff0000f, // fence
		    0x8330000f, // fence.tso
		    0x0100000f, // pause
		    0x0000100f, // fence.i
		    0x0002e013, // prefetch.i 0(t0): ori x0, t0, 0
		    addi(5, 0, 9) });
	EXPECT_EQ(m.x(5), 9u);
	EXPECT_EQ(iss_hart_instret(m.hart()), 6u);
}

} // namespace
