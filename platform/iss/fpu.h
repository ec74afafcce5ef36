/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating-point arithmetic on bit patterns, with exact exception flags in all five rounding modes.
 * RISC-V unprivileged ISA, chapters "F" and "D"; IEEE 754-2019. Tininess is detected after
 * rounding, every NaN result is the canonical one. Knows nothing of harts, registers or NaN-boxing.
 */
#ifndef ISS_FPU_H
#define ISS_FPU_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* fflags */
#define ISS_FP_NX 0x01u
#define ISS_FP_UF 0x02u
#define ISS_FP_OF 0x04u
#define ISS_FP_DZ 0x08u
#define ISS_FP_NV 0x10u

enum iss_rm {
	ISS_RNE,
	ISS_RTZ,
	ISS_RDN,
	ISS_RUP,
	ISS_RMM,
	ISS_RM_DYN = 7
};

/* Rounding mode in, flags accumulated in and out: start with what the guest has already. */
struct iss_fp_env {
	enum iss_rm rm;
	unsigned flags;
};

struct iss_fp_format {
	int precision; /* bits of the significand with the hidden one */
	int exponent_bits;
};

extern const struct iss_fp_format iss_fp32, iss_fp64;

/* ISS_FP_FMA is a * b + c with one rounding; operands that an operation lacks are ignored. */
enum iss_fp_op {
	ISS_FP_ADD,
	ISS_FP_SUB,
	ISS_FP_MUL,
	ISS_FP_DIV,
	ISS_FP_SQRT,
	ISS_FP_FMA
};

/* On x86-64 by the host's FPU where it gives the same value and flags, else by iss_fp_soft(). */
uint64_t iss_fp_arith(const struct iss_fp_format *f, enum iss_fp_op op, uint64_t a, uint64_t b,
		      uint64_t c, struct iss_fp_env *env);
bool iss_fp_eq(const struct iss_fp_format *f, uint64_t a, uint64_t b, struct iss_fp_env *env);
bool iss_fp_lt(const struct iss_fp_format *f, uint64_t a, uint64_t b, struct iss_fp_env *env);
bool iss_fp_le(const struct iss_fp_format *f, uint64_t a, uint64_t b, struct iss_fp_env *env);
/* minimumNumber and maximumNumber: a NaN loses to a number, -0 is less than +0. */
uint64_t iss_fp_min(const struct iss_fp_format *f, uint64_t a, uint64_t b, struct iss_fp_env *env);
uint64_t iss_fp_max(const struct iss_fp_format *f, uint64_t a, uint64_t b, struct iss_fp_env *env);
/* The bit that FCLASS sets. */
uint64_t iss_fp_class(const struct iss_fp_format *f, uint64_t a);
uint64_t iss_fp_nan(const struct iss_fp_format *f);  /* the canonical NaN */
uint64_t iss_fp_sign(const struct iss_fp_format *f); /* mask of the sign bit */

/* ---- fpu_soft.c: integer arithmetic only, for any host ---- */
uint64_t iss_fp_soft(const struct iss_fp_format *f, enum iss_fp_op op, uint64_t a, uint64_t b,
		     uint64_t c, struct iss_fp_env *env);
uint64_t iss_fp_convert(const struct iss_fp_format *from, const struct iss_fp_format *to,
			uint64_t a, struct iss_fp_env *env);
/* Integers of 32 or 64 bits; out of range and NaN saturate with NV. Negative results of 32 bits
 * have their upper half set. */
uint64_t iss_fp_to_int(const struct iss_fp_format *f, uint64_t a, unsigned bits, bool is_signed,
		       struct iss_fp_env *env);
uint64_t iss_fp_from_int(const struct iss_fp_format *f, uint64_t value, bool is_signed,
			 struct iss_fp_env *env);

#ifdef __cplusplus
}
#endif
#endif
