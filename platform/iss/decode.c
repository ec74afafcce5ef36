/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From instruction bits to struct iss_decoded, by the rows of insns.def. RISC-V unprivileged ISA,
 * "RV32I Base Integer Instruction Set" for the immediates. Called on a miss of the decode cache
 * only.
 */
#include "decode.h"

#include <vcxl/bits.h>

const struct iss_insn iss_insns[ISS_N_OPS] = {
	[ISS_OP_illegal] = { "illegal", 1, 0, ISS_FMT_NONE },
#define OPCODE(major)
#define INSN(name, match, mask, format) [ISS_OP_##name] = { #name, match, mask, ISS_FMT_##format },
#include "insns.def"
};

/* The op number at the head of each OPCODE group, without taking a number itself. */
enum {
	BEFORE_ALL = ISS_OP_illegal,
#define OPCODE(major)                   FIRST_##major, BACK_##major = FIRST_##major - 1,
#define INSN(name, match, mask, format) AT_##name,
#include "insns.def"
	AFTER_ALL
};

/* First row of each group, by bits 6..2; 0: no such major opcode. */
static const uint16_t first_row[32] = {
#define OPCODE(major) [(major) >> 2] = FIRST_##major,
#define INSN(name, match, mask, format)
#include "insns.def"
};

static enum iss_op find(uint32_t bits)
{
	for (unsigned op = first_row[(bits >> 2) & 31]; op && op < ISS_N_OPS; op++) {
		const struct iss_insn *row = &iss_insns[op];

		if ((bits & row->mask) == row->match)
			return (enum iss_op)op;
		if ((bits ^ row->match) & 0x7f) /* the next group begins */
			break;
	}
	return ISS_OP_illegal;
}

static int32_t sext(uint32_t value, unsigned sign_bit)
{
	const uint32_t sign = 1u << sign_bit;

	return (int32_t)((value ^ sign) - sign);
}

/* Bits last..first of the instruction. */
static uint32_t field(uint32_t bits, unsigned last, unsigned first)
{
	return (uint32_t)vcxl_field_get(bits, last, first);
}

static int32_t immediate(uint32_t bits, enum iss_format format)
{
	switch (format) {
	case ISS_FMT_I:
	case ISS_FMT_FI:
		return sext(field(bits, 31, 20), 11);
	case ISS_FMT_SHAMT:
		return (int32_t)field(bits, 25, 20);
	case ISS_FMT_CSR:
		return (int32_t)field(bits, 31, 20);
	case ISS_FMT_S:
		return sext(field(bits, 31, 25) << 5 | field(bits, 11, 7), 11);
	case ISS_FMT_B:
		return sext(field(bits, 31, 31) << 12 | field(bits, 7, 7) << 11 |
				    field(bits, 30, 25) << 5 | field(bits, 11, 8) << 1,
			    12);
	case ISS_FMT_U:
		return (int32_t)(bits & 0xfffff000u);
	case ISS_FMT_J:
		return sext(field(bits, 31, 31) << 20 | field(bits, 19, 12) << 12 |
				    field(bits, 20, 20) << 11 | field(bits, 30, 21) << 1,
			    20);
	case ISS_FMT_NONE:
	case ISS_FMT_R:
	case ISS_FMT_F:
		break;
	}
	return 0;
}

void iss_decode(uint32_t raw, struct iss_decoded *out)
{
	const bool wide = (raw & 3) == 3;
	const uint32_t key = wide ? raw : raw & 0xffff;
	const uint32_t bits = wide ? raw : iss_rvc_expand((uint16_t)raw);
	const enum iss_op op = find(bits);
	const enum iss_format format = iss_insns[op].format;
	uint8_t rd = (uint8_t)field(bits, 11, 7);

	if (rd == 0 && format != ISS_FMT_F && format != ISS_FMT_FI)
		rd = ISS_X_SINK;
	*out = (struct iss_decoded){
		.bits = key,
		.imm = immediate(bits, format),
		.op = (uint16_t)op,
		.rd = rd,
		.rs1 = (uint8_t)field(bits, 19, 15),
		.rs2 = (uint8_t)field(bits, 24, 20),
		.rs3 = (uint8_t)field(bits, 31, 27),
		.rm = (uint8_t)field(bits, 14, 12),
		.len = wide ? 4 : 2,
	};
}
