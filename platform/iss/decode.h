/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded instructions: what decoding hands to the semantic functions, whatever engine runs them.
 * RISC-V unprivileged ISA, chapters "RV32I Base Integer Instruction Set" (formats) and "C".
 * Decoding is a pure function of the instruction bits: no hart, no mode, no enabled extension.
 */
#ifndef ISS_DECODE_H
#define ISS_DECODE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum iss_op {
	ISS_OP_illegal,
#define OPCODE(major)
#define INSN(name, match, mask, format) ISS_OP_##name,
#include "insns.def"
	ISS_N_OPS
};

/*
 * Operand formats: which immediate, and whether bits 11..7 name an integer register. All other
 * register fields and rm are extracted for every format; what an instruction does not have it
 * does not look at.
 */
enum iss_format {
	ISS_FMT_NONE,
	ISS_FMT_R,
	ISS_FMT_I,
	ISS_FMT_SHAMT, /* imm = shift amount, 6 bits */
	ISS_FMT_S,
	ISS_FMT_B,
	ISS_FMT_U,
	ISS_FMT_J,
	ISS_FMT_CSR, /* imm = CSR number; rs1 is a register or a 5-bit immediate */
	ISS_FMT_F,   /* rd is a floating-point register */
	ISS_FMT_FI   /* the same with the immediate of I */
};

/*
 * Integer destination x0 is decoded as this register, so that x0 stays zero without a test in each
 * semantic function.
 */
#define ISS_X_SINK 32u

struct iss_decoded {
	uint32_t bits; /* as fetched: 16 bits of them for a compressed instruction */
	uint16_t op;   /* enum iss_op */
	uint8_t rs3, rm;
	uint8_t rd, rs1, rs2; /* read with imm as one number, see iss_operands() */
	uint8_t len;          /* 2 or 4 bytes */
	int32_t imm;
};

static_assert(offsetof(struct iss_decoded, imm) == offsetof(struct iss_decoded, rd) + 4 &&
		      offsetof(struct iss_decoded, rs1) == offsetof(struct iss_decoded, rd) + 1 &&
		      offsetof(struct iss_decoded, rs2) == offsetof(struct iss_decoded, rd) + 2,
	      "operands are bytes of one number");

struct iss_insn {
	const char *name;
	uint32_t match, mask;
	enum iss_format format;
};

/* Row of an op; row 0 matches nothing. */
extern const struct iss_insn iss_insns[ISS_N_OPS];

/* The low 16 bits of `bits` suffice when bits 1..0 are not 11. Never fails: op may be illegal. */
void iss_decode(uint32_t bits, struct iss_decoded *out);

/* The 32-bit instruction that a compressed one stands for; 0: reserved or not implemented. */
uint32_t iss_rvc_expand(uint16_t bits);

#ifdef __cplusplus
}
#endif
#endif
