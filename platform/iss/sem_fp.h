/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semantics of the F and D instructions: loads and stores inline, the rest declared here from the
 * rows of insns.def and defined in insn_fp.c. RISC-V unprivileged ISA, chapters "F" and "D".
 */
#ifndef ISS_SEM_FP_H
#define ISS_SEM_FP_H

#include "sem_int.h"

#define ISS_NAN_BOX 0xffffffff00000000u

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
		if (iss_fp_enabled(hart, d) &&                                                     \
		    iss_load(hart, hart->x[d->rs1] + (uint64_t)(int64_t)d->imm, size, &value))     \
			iss_fp_write(hart, d->rd, value | (box));                                  \
	}
#define ISS_SEM_FP_STORE(name, size)                                                               \
	static inline void sem_##name(struct iss_hart *hart, const struct iss_decoded *d)          \
	{                                                                                          \
		if (iss_fp_enabled(hart, d))                                                       \
			iss_store(hart, hart->x[d->rs1] + (uint64_t)(int64_t)d->imm, size,         \
				  hart->f[d->rs2]);                                                \
	}

ISS_SEM_FP_LOAD(flw, 4, ISS_NAN_BOX)
ISS_SEM_FP_LOAD(fld, 8, 0)
ISS_SEM_FP_STORE(fsw, 4)
ISS_SEM_FP_STORE(fsd, 8)

#define ISS_SEM_FP_DECLARE(name)                                                                   \
	void sem_##name(struct iss_hart *hart, const struct iss_decoded *d);
#define ISS_SEM_FP_DECLARE_BOTH(name) ISS_SEM_FP_DECLARE(name##_s) ISS_SEM_FP_DECLARE(name##_d)

/* clang-format off */
/* Instructions that exist as .s and as .d */
#define ISS_FP_INSNS(X)                                                                            \
	X(fadd) X(fsub) X(fmul) X(fdiv) X(fsqrt) X(fmadd) X(fmsub) X(fnmsub) X(fnmadd)             \
	X(fsgnj) X(fsgnjn) X(fsgnjx) X(fmin) X(fmax) X(feq) X(flt) X(fle) X(fclass)                \
	X(fcvt_w) X(fcvt_wu) X(fcvt_l) X(fcvt_lu)

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
