/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semantics of the F and D instructions: loads and stores inline, the rest declared here from the
 * rows of insns.def and defined in insn_fp.c. RISC-V unprivileged ISA, chapters "F" and "D".
 */
#ifndef ISS_SEM_FP_H
#define ISS_SEM_FP_H

#include "fpu_live.h"
#include "sem_int.h"

/* mstatus.FS = Off makes every floating-point instruction illegal. Privileged ISA 3.1.6.6. */
static inline bool iss_fp_enabled(struct iss_hart *hart, const struct iss_decoded *d)
{
	if (ISS_LIKELY(hart->mstatus & MSTATUS_FS))
		return true;
	iss_illegal(hart, d->bits);
	return false;
}

static inline void iss_fp_write(struct iss_hart *hart, unsigned reg, uint64_t value)
{
	hart->f[reg] = value;
	hart->mstatus |= MSTATUS_FS;
}

#define ISS_SEM_FP_LOAD(name, size, box)                                                           \
	static inline void sem_##name(struct iss_hart *hart, const struct iss_decoded *d)          \
	{                                                                                          \
		uint64_t value;                                                                    \
                                                                                                   \
		if (iss_fp_enabled(hart, d) && iss_load(hart, ISS_VA(hart, d), size, &value))      \
			iss_fp_write(hart, d->rd, value | (box));                                  \
	}                                                                                          \
	ISS_INLINE bool iss_kind_##name(struct iss_hart *hart, const struct iss_decoded *d,        \
					bool fine)                                                 \
	{                                                                                          \
		uint64_t value;                                                                    \
                                                                                                   \
		if (!ISS_LIKELY(hart->mstatus & MSTATUS_FS) ||                                     \
		    !iss_load_kind(hart, ISS_VA(hart, d), size, fine, &value))                     \
			return false;                                                              \
		iss_fp_write(hart, d->rd, value | (box));                                          \
		return true;                                                                       \
	}                                                                                          \
	ISS_FORM_MEMORY(name)
#define ISS_SEM_FP_STORE(name, size)                                                               \
	static inline void sem_##name(struct iss_hart *hart, const struct iss_decoded *d)          \
	{                                                                                          \
		if (iss_fp_enabled(hart, d))                                                       \
			iss_store(hart, ISS_VA(hart, d), size, hart->f[d->rs2]);                   \
	}                                                                                          \
	ISS_INLINE bool iss_kind_##name(struct iss_hart *hart, const struct iss_decoded *d,        \
					bool fine)                                                 \
	{                                                                                          \
		return ISS_LIKELY(hart->mstatus & MSTATUS_FS) &&                                   \
		       iss_store_kind(hart, ISS_VA(hart, d), size, fine, hart->f[d->rs2]);         \
	}                                                                                          \
	ISS_FORM_MEMORY(name)

ISS_SEM_FP_LOAD(flw, 4, ISS_NAN_BOX)
ISS_SEM_FP_LOAD(fld, 8, 0)
ISS_SEM_FP_STORE(fsw, 4)
ISS_SEM_FP_STORE(fsd, 8)

/*
 * The rest is defined in insn_fp.c; it cannot trap when FS is on and the rounding mode, if that is
 * what bits 14..12 are, exists. In the instructions without one they are 0..2.
 */
static inline bool iss_fp_ready(const struct iss_hart *hart, const struct iss_decoded *d)
{
	return (hart->mstatus & MSTATUS_FS) && (d->rm == ISS_RM_DYN ? hart->frm : d->rm) <= ISS_RMM;
}

#define ISS_SEM_FP_DECLARE(name)                                                                   \
	void sem_##name(struct iss_hart *hart, const struct iss_decoded *d);                       \
	ISS_FORM(name, ISS_PLAIN)                                                                  \
	static inline bool iss_try_##name(struct iss_hart *hart, const struct iss_decoded *d)      \
	{                                                                                          \
		if (!ISS_LIKELY(iss_fp_ready(hart, d)))                                            \
			return false;                                                              \
		sem_##name(hart, d);                                                               \
		return true;                                                                       \
	}
#define ISS_SEM_FP_DECLARE_BOTH(name) ISS_SEM_FP_DECLARE(name##_s) ISS_SEM_FP_DECLARE(name##_d)

/* Arithmetic with rounding: by the host's unit as long as its environment is the guest's. */
#define ISS_SEM_FP_ARITH(name, op)                                                                 \
	void sem_##name##_s(struct iss_hart *hart, const struct iss_decoded *d);                   \
	void sem_##name##_d(struct iss_hart *hart, const struct iss_decoded *d);                   \
	ISS_FORM(name##_s, ISS_FP)                                                                 \
	ISS_FORM(name##_d, ISS_FP)                                                                 \
	static inline bool iss_try_##name##_s(struct iss_hart *hart, const struct iss_decoded *d)  \
	{                                                                                          \
		return iss_fp_live_single(hart, d, op);                                            \
	}                                                                                          \
	static inline bool iss_try_##name##_d(struct iss_hart *hart, const struct iss_decoded *d)  \
	{                                                                                          \
		return iss_fp_live_double(hart, d, op);                                            \
	}

/* clang-format off */
/* Instructions that exist as .s and as .d */
#define ISS_FP_INSNS(X)                                                                            \
	X(fsgnj) X(fsgnjn) X(fsgnjx) X(fmin) X(fmax) X(feq) X(flt) X(fle) X(fclass)                \
	X(fcvt_w) X(fcvt_wu) X(fcvt_l) X(fcvt_lu)

ISS_SEM_FP_ARITH(fadd,   ISS_LIVE_ADD)
ISS_SEM_FP_ARITH(fsub,   ISS_LIVE_SUB)
ISS_SEM_FP_ARITH(fmul,   ISS_LIVE_MUL)
ISS_SEM_FP_ARITH(fdiv,   ISS_LIVE_DIV)
ISS_SEM_FP_ARITH(fsqrt,  ISS_LIVE_SQRT)
ISS_SEM_FP_ARITH(fmadd,  ISS_LIVE_MADD)
ISS_SEM_FP_ARITH(fmsub,  ISS_LIVE_MSUB)
ISS_SEM_FP_ARITH(fnmsub, ISS_LIVE_NMSUB)
ISS_SEM_FP_ARITH(fnmadd, ISS_LIVE_NMADD)
ISS_FP_INSNS(ISS_SEM_FP_DECLARE_BOTH)
ISS_SEM_FP_DECLARE(fmv_x_w)
ISS_SEM_FP_DECLARE(fmv_w_x)
ISS_SEM_FP_DECLARE(fmv_x_d)
ISS_SEM_FP_DECLARE(fmv_d_x)
ISS_SEM_FP_DECLARE(fcvt_s_d)
ISS_SEM_FP_DECLARE(fcvt_d_s)
ISS_SEM_FP_DECLARE(fcvt_s_w)
ISS_SEM_FP_DECLARE(fcvt_s_wu)
ISS_SEM_FP_DECLARE(fcvt_s_l)
ISS_SEM_FP_DECLARE(fcvt_s_lu)
ISS_SEM_FP_DECLARE(fcvt_d_w)
ISS_SEM_FP_DECLARE(fcvt_d_wu)
ISS_SEM_FP_DECLARE(fcvt_d_l)
ISS_SEM_FP_DECLARE(fcvt_d_lu)
/* clang-format on */

#endif
