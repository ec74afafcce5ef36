/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest arithmetic straight on the host's SSE unit: while the environment is live, MXCSR holds the
 * guest's rounding mode and collects its flags, so that an operation is one host instruction.
 * RISC-V unprivileged ISA, chapters "F" and "D". What SSE does differently or is not the common
 * case (another rounding mode than frm's, NaN results, ties to max magnitude) is refused and
 * computed by the semantic functions; so is everything on other hosts.
 *
 * Between iss_fp_enter() and iss_fp_leave() nothing else may compute with floating point.
 */
#ifndef ISS_FPU_LIVE_H
#define ISS_FPU_LIVE_H

#include <string.h>

#include "decode.h"
#include "fpu.h"
#include "fpu_x86.h"
#include "hart.h"

#define ISS_NAN_BOX 0xffffffff00000000u

enum iss_live_op {
	ISS_LIVE_ADD,
	ISS_LIVE_SUB,
	ISS_LIVE_MUL,
	ISS_LIVE_DIV,
	ISS_LIVE_SQRT,
	ISS_LIVE_MADD,
	ISS_LIVE_MSUB,
	ISS_LIVE_NMSUB,
	ISS_LIVE_NMADD
};

#if ISS_FP_HOST

/*
 * For an instruction that the environment of the guest would serve. False: it does not, or the
 * guest's state does not allow it. FS becomes dirty, for the instruction is legal and has a result.
 */
static inline bool iss_fp_enter(struct iss_hart *hart, const struct iss_decoded *d)
{
	if (hart->fp_live || !(hart->mstatus & MSTATUS_FS) || hart->frm >= ISS_RMM ||
	    (d->rm != ISS_RM_DYN && d->rm != hart->frm) || !__builtin_cpu_supports("fma"))
		return false;
	hart->mstatus |= MSTATUS_FS;
	hart->fp_live = true;
	hart->host_mxcsr = iss_mxcsr_read();
	iss_mxcsr_write(iss_mxcsr_of_rm((enum iss_rm)hart->frm));
	return true;
}

/* Flags go where the guest finds them, the host gets its own environment back. */
static inline void iss_fp_leave(struct iss_hart *hart)
{
	if (!hart->fp_live)
		return;
	hart->fp_live = false;
	hart->fflags |= (uint8_t)iss_flags_of_mxcsr(iss_mxcsr_read());
	iss_mxcsr_write(hart->host_mxcsr);
}

/* One insn that computes %[x] from %[y] and %[z]; ordered with the accesses to MXCSR. */
#define ISS_SSE(insn) __asm__ volatile(insn : [x] "+x"(x) : [y] "x"(y), [z] "x"(z))

#define ISS_SSE_OPERATION(name, type, bits_type, suffix, sign)                                     \
	ISS_INLINE bool name(bits_type a, bits_type b, bits_type c, enum iss_live_op op,           \
			     bits_type *result)                                                    \
	{                                                                                          \
		type x, y, z;                                                                      \
                                                                                                   \
		if (op == ISS_LIVE_NMSUB || op == ISS_LIVE_NMADD)                                  \
			a ^= (sign);                                                               \
		if (op == ISS_LIVE_MSUB || op == ISS_LIVE_NMADD)                                   \
			c ^= (sign);                                                               \
		memcpy(&x, op >= ISS_LIVE_MADD ? &c : &a, sizeof(x));                              \
		memcpy(&y, op >= ISS_LIVE_MADD ? &a : &b, sizeof(y));                              \
		memcpy(&z, &b, sizeof(z));                                                         \
		if (op == ISS_LIVE_ADD)                                                            \
			ISS_SSE("adds" suffix " %[y], %[x]");                                      \
		else if (op == ISS_LIVE_SUB)                                                       \
			ISS_SSE("subs" suffix " %[y], %[x]");                                      \
		else if (op == ISS_LIVE_MUL)                                                       \
			ISS_SSE("muls" suffix " %[y], %[x]");                                      \
		else if (op == ISS_LIVE_DIV)                                                       \
			ISS_SSE("divs" suffix " %[y], %[x]");                                      \
		else if (op == ISS_LIVE_SQRT)                                                      \
			ISS_SSE("sqrts" suffix " %[x], %[x]");                                     \
		else                                                                               \
			ISS_SSE("vfmadd231s" suffix " %[z], %[y], %[x]");                          \
		memcpy(result, &x, sizeof(x));                                                     \
		return !__builtin_isunordered(x, x);                                               \
	}

ISS_SSE_OPERATION(iss_sse_single, float, uint32_t, "s", 0x80000000u)
ISS_SSE_OPERATION(iss_sse_double, double, uint64_t, "d", 0x8000000000000000u)

static inline bool iss_fp_live_for(const struct iss_hart *hart, const struct iss_decoded *d)
{
	return ISS_LIKELY(hart->fp_live) && (ISS_LIKELY(d->rm == ISS_RM_DYN) || d->rm == hart->frm);
}

/* A NaN is left to the semantic function: its flags are those that are set here, or more. */
ISS_INLINE bool iss_fp_live_double(struct iss_hart *hart, const struct iss_decoded *d,
				   enum iss_live_op op)
{
	uint64_t result;

	if (!iss_fp_live_for(hart, d) ||
	    !ISS_LIKELY(
		    iss_sse_double(hart->f[d->rs1], hart->f[d->rs2], hart->f[d->rs3], op, &result)))
		return false;
	hart->f[d->rd] = result;
	return true;
}

ISS_INLINE bool iss_fp_live_single(struct iss_hart *hart, const struct iss_decoded *d,
				   enum iss_live_op op)
{
	const uint64_t a = hart->f[d->rs1];
	const uint64_t b = op == ISS_LIVE_SQRT ? a : hart->f[d->rs2];
	const uint64_t c = op >= ISS_LIVE_MADD ? hart->f[d->rs3] : a;
	uint32_t result;

	if (!iss_fp_live_for(hart, d) || !ISS_LIKELY((a & b & c) >= ISS_NAN_BOX) ||
	    !ISS_LIKELY(iss_sse_single((uint32_t)a, (uint32_t)b, (uint32_t)c, op, &result)))
		return false;
	hart->f[d->rd] = result | ISS_NAN_BOX;
	return true;
}

#else

static inline bool iss_fp_enter(struct iss_hart *hart, const struct iss_decoded *d)
{
	(void)hart, (void)d;
	return false;
}

static inline void iss_fp_leave(struct iss_hart *hart)
{
	(void)hart;
}

static inline bool iss_fp_live_double(struct iss_hart *hart, const struct iss_decoded *d,
				      enum iss_live_op op)
{
	(void)hart, (void)d, (void)op;
	return false;
}

#define iss_fp_live_single iss_fp_live_double

#endif

#endif
