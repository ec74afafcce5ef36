// SPDX-License-Identifier: Apache-2.0
//
// The instruction table, operand decoding and the expansion of compressed instructions. RISC-V
// unprivileged ISA, chapters "RV32I" (immediates), "C", and the instruction set listings.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "decode.h"

namespace
{

iss_decoded decode(std::uint32_t bits)
{
	iss_decoded d{};

	iss_decode(bits, &d);
	return d;
}

std::string name_of(std::uint32_t bits)
{
	return iss_insns[decode(bits).op].name;
}

TEST(decode, no_two_rows_match_the_same_bits)
{
	for (unsigned i = 1; i < ISS_N_OPS; i++)
		for (unsigned j = 1; j < i; j++) {
			const iss_insn &a = iss_insns[i], &b = iss_insns[j];

			EXPECT_NE((a.match ^ b.match) & a.mask & b.mask, 0u)
				<< a.name << " and " << b.name;
		}
}

TEST(decode, a_row_fixes_the_opcode_and_matches_inside_its_mask)
{
	ASSERT_GT(ISS_N_OPS, 200);
	for (unsigned i = 1; i < ISS_N_OPS; i++) {
		EXPECT_EQ(iss_insns[i].mask & 0x7f, 0x7fu) << iss_insns[i].name;
		EXPECT_EQ(iss_insns[i].match & 3, 3u) << iss_insns[i].name;
		EXPECT_EQ(iss_insns[i].match & ~iss_insns[i].mask, 0u) << iss_insns[i].name;
	}
}

TEST(decode, any_operands_of_a_row_decode_to_it)
{
	std::mt19937 random(1);

	for (unsigned i = 1; i < ISS_N_OPS; i++)
		for (unsigned n = 0; n < 100; n++) {
			const auto operands = static_cast<std::uint32_t>(random());
			const std::uint32_t bits =
				iss_insns[i].match | (operands & ~iss_insns[i].mask);
			const iss_decoded d = decode(bits);

			ASSERT_EQ(d.op, i) << iss_insns[i].name;
			ASSERT_EQ(d.bits, bits);
			ASSERT_EQ(d.len, 4);
		}
}

TEST(decode, bits_of_no_row_are_illegal)
{
	const std::uint32_t illegal[] = {
		0xffffffff, // all ones
		0x00007003, // LOAD with funct3 7
		0x00004023, // STORE with funct3 4
		0x00002063, // BRANCH with funct3 2
		0x00001067, // JALR with funct3 1
		0x0200101b, // SLLIW with shamt[5]
		0x04000033, // OP with funct7 2
		0x06000053, // FADD.Q
		0x04000053, // FADD.H
		0x1010202f, // LR.W with rs2
		0x0000400f, // MISC-MEM with funct3 4
		0x0000000b, // custom-0
		0x30200173, // MRET with rd
		0x7b200073, // DRET
		0x0000007f, // longer than 32 bits
	};

	for (const std::uint32_t bits : illegal) {
		EXPECT_EQ(name_of(bits), "illegal") << std::hex << bits;
		EXPECT_EQ(decode(bits).bits, bits);
	}
}

// 16 zero bits are defined illegal, whatever follows them.
TEST(decode, sixteen_zero_bits_are_an_illegal_instruction_of_two_bytes)
{
	EXPECT_EQ(name_of(0x00000000), "illegal");
	EXPECT_EQ(name_of(0x12340000), "illegal");
	EXPECT_EQ(decode(0x12340000).len, 2);
	EXPECT_EQ(decode(0x12340000).bits, 0u);
}

TEST(decode, immediates_follow_the_format)
{
	const struct {
		std::uint32_t bits;
		const char *name;
		std::int32_t imm;
		unsigned rd, rs1, rs2;
	} rows[] = {
		{ 0x8002b383, "ld", -2048, 7, 5, 0 },         // ld t2,-2048(t0)
		{ 0x7ff58513, "addi", 2047, 10, 11, 31 },     // addi a0,a1,2047
		{ 0xfe913c23, "sd", -8, 24, 2, 9 },           // sd s1,-8(sp)
		{ 0x7ea5afa3, "sw", 2047, 31, 11, 10 },       // sw a0,2047(a1)
		{ 0x80b50063, "beq", -4096, 32, 10, 11 },     // beq a0,a1,.-4096
		{ 0x7f396fe3, "bltu", 4094, 31, 18, 19 },     // bltu s2,s3,.+4094
		{ 0x80000537, "lui", INT32_MIN, 10, 0, 0 },   // lui a0,0x80000
		{ 0x12345097, "auipc", 0x12345000, 1, 8, 3 }, // auipc ra,0x12345
		{ 0x800000ef, "jal", -1048576, 1, 0, 0 },     // jal ra,.-1048576
		{ 0x7ffff06f, "jal", 1048574, 32, 31, 31 },   // jal zero,.+1048574
		{ 0x43f5d513, "srai", 63, 10, 11, 31 },       // srai a0,a1,63
		{ 0x01f6961b, "slliw", 31, 12, 13, 31 },      // slliw a2,a3,31
		{ 0xc00312f3, "csrrw", 0xc00, 5, 6, 0 },      // csrrw t0,cycle,t1
		{ 0xffc42507, "flw", -4, 10, 8, 28 },         // flw fa0,-4(s0)
		{ 0x00993827, "fsd", 16, 16, 18, 9 },         // fsd fs1,16(s2)
		{ 0x0eb6352f, "amoswap_d", 0, 10, 12, 11 },   // amoswap.d.aqrl a0,a1,(a2)
	};

	for (const auto &row : rows) {
		const iss_decoded d = decode(row.bits);

		SCOPED_TRACE(row.name);
		EXPECT_EQ(name_of(row.bits), row.name);
		EXPECT_EQ(d.imm, row.imm);
		EXPECT_EQ(d.rd, row.rd);
		EXPECT_EQ(d.rs1, row.rs1);
		EXPECT_EQ(d.rs2, row.rs2);
	}
}

TEST(decode, r4_format_has_a_third_source_and_a_rounding_mode)
{
	const iss_decoded d = decode(0x223110c3); // fmadd.d ft1,ft2,ft3,ft4,rtz

	EXPECT_EQ(name_of(0x223110c3), "fmadd_d");
	EXPECT_EQ(d.rd, 1);
	EXPECT_EQ(d.rs1, 2);
	EXPECT_EQ(d.rs2, 3);
	EXPECT_EQ(d.rs3, 4);
	EXPECT_EQ(d.rm, 1);
}

// f0 is a register like any other, x0 is not one to write to.
TEST(decode, only_integer_destination_zero_goes_to_the_sink)
{
	EXPECT_EQ(decode(0x00000013).rd, 32); // addi x0,x0,0
	EXPECT_EQ(decode(0x00052007).rd, 0);  // flw ft0,0(a0)
	EXPECT_EQ(decode(0x02000053).rd, 0);  // fadd.d ft0,ft0,ft0
	EXPECT_EQ(decode(0xa2002053).rd, 32); // feq.d x0,ft0,ft0
	EXPECT_EQ(decode(0xe2000053).rd, 32); // fmv.x.d x0,ft0
}

TEST(rvc, compressed_instructions_stand_for_these)
{
	const struct {
		const char *text;
		std::uint16_t bits;
		std::uint32_t expansion;
	} rows[] = {
		{ "c.addi4spn a0,sp,1020", 0x1fe8, 0x3fc10513 },
		{ "c.addi4spn s0,sp,4", 0x0040, 0x00410413 },
		{ "c.fld fa5,248(s1)", 0x3cfc, 0x0f84b787 },
		{ "c.lw a4,124(a5)", 0x5ff8, 0x07c7a703 },
		{ "c.lw a0,64(a1)", 0x41a8, 0x0405a503 },
		{ "c.ld s1,200(a0)", 0x6564, 0x0c853483 },
		{ "c.fsd fs0,8(a3)", 0xa680, 0x0086b427 },
		{ "c.sw a2,4(a3)", 0xc2d0, 0x00c6a223 },
		{ "c.sd a5,192(s0)", 0xe07c, 0x0cf43023 },
		{ "c.nop", 0x0001, 0x00000013 },
		{ "c.addi t6,-32", 0x1f81, 0xfe0f8f93 },
		{ "c.addiw a7,31", 0x28fd, 0x01f8889b },
		{ "c.li s11,-1", 0x5dfd, 0xfff00d93 },
		{ "c.addi16sp sp,-512", 0x7101, 0xe0010113 },
		{ "c.addi16sp sp,496", 0x617d, 0x1f010113 },
		{ "c.lui t0,1", 0x6285, 0x000012b7 },
		{ "c.lui t4,0xfffe0", 0x7e81, 0xfffe0eb7 },
		{ "c.srli a0,63", 0x917d, 0x03f55513 },
		{ "c.srai a1,1", 0x8585, 0x4015d593 },
		{ "c.andi a2,-16", 0x9a41, 0xff067613 },
		{ "c.sub a3,a4", 0x8e99, 0x40e686b3 },
		{ "c.xor s0,s1", 0x8c25, 0x00944433 },
		{ "c.or a5,a0", 0x8fc9, 0x00a7e7b3 },
		{ "c.and a4,a1", 0x8f6d, 0x00b77733 },
		{ "c.subw a0,a1", 0x9d0d, 0x40b5053b },
		{ "c.addw a2,a3", 0x9e35, 0x00d6063b },
		{ "c.j .-2048", 0xb001, 0x801ff06f },
		{ "c.j .+2046", 0xaffd, 0x7fe0006f },
		{ "c.beqz a5,.-256", 0xd381, 0xf00780e3 },
		{ "c.bnez s0,.+254", 0xec7d, 0x0e041f63 },
		{ "c.slli ra,33", 0x1086, 0x02109093 },
		{ "c.fldsp ft0,504(sp)", 0x307e, 0x1f813007 },
		{ "c.lwsp gp,252(sp)", 0x51fe, 0x0fc12183 },
		{ "c.ldsp t1,504(sp)", 0x737e, 0x1f813303 },
		{ "c.jr ra", 0x8082, 0x00008067 },
		{ "c.mv a0,t6", 0x857e, 0x01f00533 },
		{ "c.ebreak", 0x9002, 0x00100073 },
		{ "c.jalr t2", 0x9382, 0x000380e7 },
		{ "c.add s2,s3", 0x994e, 0x01390933 },
		{ "c.fsdsp fs11,504(sp)", 0xbfee, 0x1fb13c27 },
		{ "c.swsp t0,252(sp)", 0xdf96, 0x0e512e23 },
		{ "c.sdsp ra,8(sp)", 0xe406, 0x00113423 },
	};

	for (const auto &row : rows) {
		EXPECT_EQ(iss_rvc_expand(row.bits), row.expansion) << row.text;
		EXPECT_EQ(decode(row.bits).len, 2) << row.text;
		EXPECT_EQ(decode(row.bits).bits, row.bits) << row.text;
	}
}

TEST(rvc, reserved_encodings_are_illegal)
{
	const struct {
		const char *text;
		std::uint16_t bits;
	} rows[] = {
		{ "defined illegal", 0x0000 },
		{ "c.addi4spn with nzuimm = 0", 0x0004 },
		{ "quadrant 0, funct3 100", 0x8000 },
		{ "c.addiw with rd = x0", 0x2005 },
		{ "c.addi16sp with nzimm = 0", 0x6101 },
		{ "c.lui with nzimm = 0", 0x6081 },
		{ "quadrant 1, reserved funct2 10", 0x9c41 },
		{ "quadrant 1, reserved funct2 11", 0x9c61 },
		{ "c.lwsp with rd = x0", 0x4002 },
		{ "c.ldsp with rd = x0", 0x6002 },
		{ "c.jr with rs1 = x0", 0x8002 },
	};

	for (const auto &row : rows) {
		EXPECT_EQ(iss_rvc_expand(row.bits), 0u) << row.text;
		EXPECT_EQ(name_of(row.bits), "illegal") << row.text;
	}
}

// Every encoding of 16 bits expands to nothing or to an instruction of the table.
TEST(rvc, no_expansion_is_itself_illegal)
{
	unsigned legal = 0;

	for (unsigned bits = 0; bits < 0x10000; bits++) {
		const std::uint32_t expansion = iss_rvc_expand(static_cast<std::uint16_t>(bits));

		if ((bits & 3) == 3 || expansion == 0)
			continue;
		legal++;
		EXPECT_NE(name_of(expansion), "illegal") << std::hex << bits;
	}
	EXPECT_GT(legal, 40000u);
}

} // namespace
