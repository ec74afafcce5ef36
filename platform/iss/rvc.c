/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed instructions: each is expanded to the 32-bit instruction that it stands for. RISC-V
 * unprivileged ISA, chapter "C", "RVC Instruction Set Listings", RV64 column. Hints expand to their
 * ordinary form, which has no effect; Zcb and Zcmp are left out.
 */
#include "decode.h"

#include <stddef.h>

#include <vcxl/bits.h>

/* Where instruction bits `from`.. go in an immediate, `n` of them from bit `to` up. */
struct slice {
	uint8_t from, n, to;
};

/* Immediate of a format: up to 8 slices, ended by n = 0, and the sign bit if it has one. */
struct layout {
	struct slice slice[9];
	uint8_t sign;
};

/* clang-format off */
static const struct layout
	addi4spn = { { { 11, 2, 4 }, { 7, 4, 6 }, { 6, 1, 2 }, { 5, 1, 3 } }, 0 },
	mem_w    = { { { 10, 3, 3 }, { 6, 1, 2 }, { 5, 1, 6 } }, 0 },
	mem_d    = { { { 10, 3, 3 }, { 5, 2, 6 } }, 0 },
	lwsp     = { { { 12, 1, 5 }, { 4, 3, 2 }, { 2, 2, 6 } }, 0 },
	ldsp     = { { { 12, 1, 5 }, { 5, 2, 3 }, { 2, 3, 6 } }, 0 },
	swsp     = { { { 9, 4, 2 }, { 7, 2, 6 } }, 0 },
	sdsp     = { { { 10, 3, 3 }, { 7, 3, 6 } }, 0 },
	imm6     = { { { 12, 1, 5 }, { 2, 5, 0 } }, 5 },
	shamt    = { { { 12, 1, 5 }, { 2, 5, 0 } }, 0 },
	lui      = { { { 12, 1, 17 }, { 2, 5, 12 } }, 17 },
	addi16sp = { { { 12, 1, 9 }, { 6, 1, 4 }, { 5, 1, 6 }, { 3, 2, 7 }, { 2, 1, 5 } }, 9 },
	jump     = { { { 12, 1, 11 }, { 11, 1, 4 }, { 9, 2, 8 }, { 8, 1, 10 }, { 7, 1, 6 }, { 6, 1, 7 },
		       { 3, 3, 1 }, { 2, 1, 5 } }, 11 },
	branch   = { { { 12, 1, 8 }, { 10, 2, 3 }, { 5, 2, 6 }, { 3, 2, 1 }, { 2, 1, 5 } }, 8 },
	none     = { { { 0, 0, 0 } }, 0 };
/* clang-format on */

/* Register operand: a fixed one, or a field of the instruction. */
enum reg {
	X0 = 0,
	RA = 1,
	SP = 2,
	R7 = 32, /* bits 11..7 */
	R2,      /* bits 6..2 */
	P7,      /* bits 9..7: x8..x15 */
	P2       /* bits 4..2: x8..x15 */
};

/* Values that are reserved, or that another row takes. */
enum reserved {
	ANY,
	NO_ZERO_IMM,
	NO_X0_RD
};

struct rvc_row {
	uint16_t match, mask;
	uint32_t base; /* the 32-bit instruction without its operands */
	enum iss_format format;
	uint8_t rd, rs1, rs2; /* enum reg */
	const struct layout *imm;
	enum reserved reserved;
};

/* The first row that matches counts: jr before mv, ebreak and jalr before add. */
/* clang-format off */
static const struct rvc_row rows[] = {
	/* match   mask    base        format         rd  rs1 rs2  immediate  reserved */
	{ 0x0000, 0xe003, 0x00000013, ISS_FMT_I,     P2, SP, X0, &addi4spn, NO_ZERO_IMM }, /* addi4spn */
	{ 0x2000, 0xe003, 0x00003007, ISS_FMT_FI,    P2, P7, X0, &mem_d,    ANY },         /* fld */
	{ 0x4000, 0xe003, 0x00002003, ISS_FMT_I,     P2, P7, X0, &mem_w,    ANY },         /* lw */
	{ 0x6000, 0xe003, 0x00003003, ISS_FMT_I,     P2, P7, X0, &mem_d,    ANY },         /* ld */
	{ 0xa000, 0xe003, 0x00003027, ISS_FMT_S,     X0, P7, P2, &mem_d,    ANY },         /* fsd */
	{ 0xc000, 0xe003, 0x00002023, ISS_FMT_S,     X0, P7, P2, &mem_w,    ANY },         /* sw */
	{ 0xe000, 0xe003, 0x00003023, ISS_FMT_S,     X0, P7, P2, &mem_d,    ANY },         /* sd */
	{ 0x0001, 0xe003, 0x00000013, ISS_FMT_I,     R7, R7, X0, &imm6,     ANY },         /* addi, nop */
	{ 0x2001, 0xe003, 0x0000001b, ISS_FMT_I,     R7, R7, X0, &imm6,     NO_X0_RD },    /* addiw */
	{ 0x4001, 0xe003, 0x00000013, ISS_FMT_I,     R7, X0, X0, &imm6,     ANY },         /* li */
	{ 0x6101, 0xef83, 0x00000013, ISS_FMT_I,     SP, SP, X0, &addi16sp, NO_ZERO_IMM }, /* addi16sp */
	{ 0x6001, 0xe003, 0x00000037, ISS_FMT_U,     R7, X0, X0, &lui,      NO_ZERO_IMM }, /* lui */
	{ 0x8001, 0xec03, 0x00005013, ISS_FMT_SHAMT, P7, P7, X0, &shamt,    ANY },         /* srli */
	{ 0x8401, 0xec03, 0x40005013, ISS_FMT_SHAMT, P7, P7, X0, &shamt,    ANY },         /* srai */
	{ 0x8801, 0xec03, 0x00007013, ISS_FMT_I,     P7, P7, X0, &imm6,     ANY },         /* andi */
	{ 0x8c01, 0xfc63, 0x40000033, ISS_FMT_R,     P7, P7, P2, &none,     ANY },         /* sub */
	{ 0x8c21, 0xfc63, 0x00004033, ISS_FMT_R,     P7, P7, P2, &none,     ANY },         /* xor */
	{ 0x8c41, 0xfc63, 0x00006033, ISS_FMT_R,     P7, P7, P2, &none,     ANY },         /* or */
	{ 0x8c61, 0xfc63, 0x00007033, ISS_FMT_R,     P7, P7, P2, &none,     ANY },         /* and */
	{ 0x9c01, 0xfc63, 0x4000003b, ISS_FMT_R,     P7, P7, P2, &none,     ANY },         /* subw */
	{ 0x9c21, 0xfc63, 0x0000003b, ISS_FMT_R,     P7, P7, P2, &none,     ANY },         /* addw */
	{ 0xa001, 0xe003, 0x0000006f, ISS_FMT_J,     X0, X0, X0, &jump,     ANY },         /* j */
	{ 0xc001, 0xe003, 0x00000063, ISS_FMT_B,     X0, P7, X0, &branch,   ANY },         /* beqz */
	{ 0xe001, 0xe003, 0x00001063, ISS_FMT_B,     X0, P7, X0, &branch,   ANY },         /* bnez */
	{ 0x0002, 0xe003, 0x00001013, ISS_FMT_SHAMT, R7, R7, X0, &shamt,    ANY },         /* slli */
	{ 0x2002, 0xe003, 0x00003007, ISS_FMT_FI,    R7, SP, X0, &ldsp,     ANY },         /* fldsp */
	{ 0x4002, 0xe003, 0x00002003, ISS_FMT_I,     R7, SP, X0, &lwsp,     NO_X0_RD },    /* lwsp */
	{ 0x6002, 0xe003, 0x00003003, ISS_FMT_I,     R7, SP, X0, &ldsp,     NO_X0_RD },    /* ldsp */
	{ 0x8002, 0xffff, 0x00000000, ISS_FMT_NONE,  X0, X0, X0, &none,     ANY },         /* jr x0 */
	{ 0x8002, 0xf07f, 0x00000067, ISS_FMT_I,     X0, R7, X0, &none,     ANY },         /* jr */
	{ 0x8002, 0xf003, 0x00000033, ISS_FMT_R,     R7, X0, R2, &none,     ANY },         /* mv */
	{ 0x9002, 0xffff, 0x00100073, ISS_FMT_NONE,  X0, X0, X0, &none,     ANY },         /* ebreak */
	{ 0x9002, 0xf07f, 0x00000067, ISS_FMT_I,     RA, R7, X0, &none,     ANY },         /* jalr */
	{ 0x9002, 0xf003, 0x00000033, ISS_FMT_R,     R7, R7, R2, &none,     ANY },         /* add */
	{ 0xa002, 0xe003, 0x00003027, ISS_FMT_S,     X0, SP, R2, &sdsp,     ANY },         /* fsdsp */
	{ 0xc002, 0xe003, 0x00002023, ISS_FMT_S,     X0, SP, R2, &swsp,     ANY },         /* swsp */
	{ 0xe002, 0xe003, 0x00003023, ISS_FMT_S,     X0, SP, R2, &sdsp,     ANY },         /* sdsp */
};
/* clang-format on */

static uint32_t field(uint32_t bits, unsigned last, unsigned first)
{
	return (uint32_t)vcxl_field_get(bits, last, first);
}

static uint32_t reg(uint16_t bits, uint8_t which)
{
	switch (which) {
	case R7:
		return field(bits, 11, 7);
	case R2:
		return field(bits, 6, 2);
	case P7:
		return 8 + field(bits, 9, 7);
	case P2:
		return 8 + field(bits, 4, 2);
	default:
		return which;
	}
}

static uint32_t gather(uint16_t bits, const struct layout *layout)
{
	uint32_t imm = 0;

	for (const struct slice *s = layout->slice; s->n; s++)
		imm |= field(bits, s->from + s->n - 1u, s->from) << s->to;
	if (layout->sign && imm >> layout->sign & 1)
		imm |= ~0u << layout->sign;
	return imm;
}

/* The immediate in its place in the 32-bit instruction: the inverse of immediate() in decode.c. */
static uint32_t scatter(uint32_t imm, enum iss_format format)
{
	switch (format) {
	case ISS_FMT_I:
	case ISS_FMT_FI:
		return imm << 20;
	case ISS_FMT_SHAMT:
		return field(imm, 5, 0) << 20;
	case ISS_FMT_S:
		return field(imm, 11, 5) << 25 | field(imm, 4, 0) << 7;
	case ISS_FMT_B:
		return field(imm, 12, 12) << 31 | field(imm, 10, 5) << 25 | field(imm, 4, 1) << 8 |
		       field(imm, 11, 11) << 7;
	case ISS_FMT_U:
		return imm & 0xfffff000u;
	case ISS_FMT_J:
		return field(imm, 20, 20) << 31 | field(imm, 10, 1) << 21 |
		       field(imm, 11, 11) << 20 | field(imm, 19, 12) << 12;
	default:
		return 0;
	}
}

uint32_t iss_rvc_expand(uint16_t bits)
{
	for (size_t i = 0; i < VCXL_ARRAY_LEN(rows); i++) {
		const struct rvc_row *row = &rows[i];
		const uint32_t rd = reg(bits, row->rd);
		uint32_t imm;

		if ((bits & row->mask) != row->match)
			continue;
		imm = gather(bits, row->imm);
		if ((row->reserved == NO_ZERO_IMM && imm == 0) ||
		    (row->reserved == NO_X0_RD && rd == 0))
			return 0;
		return row->base | rd << 7 | reg(bits, row->rs1) << 15 | reg(bits, row->rs2) << 20 |
		       scatter(imm, row->format);
	}
	return 0;
}
