/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating-point operations of F and D: arithmetic by the SSE unit of an x86-64 host, comparisons
 * and classification by integers. RISC-V unprivileged ISA, chapters "F" and "D".
 *
 * SSE agrees with RISC-V in values and flags (tininess after rounding included) but for ties to max
 * magnitude and the flags of an FMA of infinity, zero and a quiet NaN: these are computed by
 * fpu_soft.c, as is everything on another host. There is no C floating-point arithmetic here: each
 * operation is one asm statement with the reading of its flags, which the compiler can neither
 * reorder nor fold. The caller's rounding mode and masks are kept, its sticky flags are not.
 */
#include "fpu.h"

#include <string.h>

#include <vcxl/bits.h>

#include "fpu_x86.h"

#if ISS_FP_HOST

/*
 * Writing MXCSR costs as much as ten operations. It is not needed when the rounding mode is right
 * and all flags that are set already are set in `flags`, too: then the sticky flags tell no more
 * than the truth. After an instruction or two that is the case in any computation.
 */
static void mxcsr_prepare(uint32_t host, enum iss_rm rm, unsigned flags)
{
	if ((host & ~ISS_MXCSR_FLAGS) != iss_mxcsr_of_rm(rm) || (iss_flags_of_mxcsr(host) & ~flags))
		iss_mxcsr_write(iss_mxcsr_of_rm(rm));
}

static void mxcsr_restore(uint32_t host, enum iss_rm rm)
{
	if ((host & ~ISS_MXCSR_FLAGS) != iss_mxcsr_of_rm(rm))
		iss_mxcsr_write(host);
}

/* insn works on %[x], the result, %[y] and %[z] */
#define SSE(insn)                                                                                  \
	__asm__ volatile(insn "\n\tstmxcsr %[after]"                                               \
			 : [x] "+x"(x), [after] "=m"(after)                                        \
			 : [y] "x"(y), [z] "x"(z))

#define SSE_OPERATION(name, type, suffix)                                                          \
	static uint64_t name(enum iss_fp_op op, uint64_t a, uint64_t b, uint64_t c,                \
			     struct iss_fp_env *env)                                               \
	{                                                                                          \
		const uint32_t host = iss_mxcsr_read();                                            \
		uint32_t after = 0;                                                                \
		uint64_t bits = 0;                                                                 \
		type x, y, z;                                                                      \
                                                                                                   \
		memcpy(&x, op == ISS_FP_FMA ? &c : &a, sizeof(x));                                 \
		memcpy(&y, op == ISS_FP_FMA ? &a : &b, sizeof(y));                                 \
		memcpy(&z, &b, sizeof(z));                                                         \
		mxcsr_prepare(host, env->rm, env->flags);                                          \
		switch (op) {                                                                      \
		case ISS_FP_ADD:                                                                   \
			SSE("adds" suffix " %[y], %[x]");                                          \
			break;                                                                     \
		case ISS_FP_SUB:                                                                   \
			SSE("subs" suffix " %[y], %[x]");                                          \
			break;                                                                     \
		case ISS_FP_MUL:                                                                   \
			SSE("muls" suffix " %[y], %[x]");                                          \
			break;                                                                     \
		case ISS_FP_DIV:                                                                   \
			SSE("divs" suffix " %[y], %[x]");                                          \
			break;                                                                     \
		case ISS_FP_SQRT:                                                                  \
			SSE("sqrts" suffix " %[x], %[x]");                                         \
			break;                                                                     \
		case ISS_FP_FMA:                                                                   \
			SSE("vfmadd231s" suffix " %[z], %[y], %[x]");                              \
			break;                                                                     \
		}                                                                                  \
		mxcsr_restore(host, env->rm);                                                      \
		memcpy(&bits, &x, sizeof(x));                                                      \
		env->flags |= iss_flags_of_mxcsr(after);                                           \
		return bits;                                                                       \
	}

SSE_OPERATION(sse_single, float, "s")
SSE_OPERATION(sse_double, double, "d")

static bool host_can(enum iss_fp_op op, enum iss_rm rm)
{
	return rm <= ISS_RUP && (op != ISS_FP_FMA || __builtin_cpu_supports("fma"));
}

static uint64_t host_arith(const struct iss_fp_format *f, enum iss_fp_op op, uint64_t a, uint64_t b,
			   uint64_t c, struct iss_fp_env *env)
{
	return f == &iss_fp32 ? sse_single(op, a, b, c, env) : sse_double(op, a, b, c, env);
}

#else

static bool host_can(enum iss_fp_op op, enum iss_rm rm)
{
	(void)op, (void)rm;
	return false;
}

#define host_arith iss_fp_soft

#endif

static bool is_nan(const struct iss_fp_format *f, uint64_t a)
{
	/* above infinity, without the sign */
	return (a & ~iss_fp_sign(f)) > (iss_fp_nan(f) ^ VCXL_BIT(f->precision - 2));
}

static bool is_signaling(const struct iss_fp_format *f, uint64_t a)
{
	return is_nan(f, a) && !(a & VCXL_BIT(f->precision - 2));
}

uint64_t iss_fp_arith(const struct iss_fp_format *f, enum iss_fp_op op, uint64_t a, uint64_t b,
		      uint64_t c, struct iss_fp_env *env)
{
	const unsigned flags = env->flags;
	uint64_t result;

	if (!host_can(op, env->rm))
		return iss_fp_soft(f, op, a, b, c, env);
	result = host_arith(f, op, a, b, c, env);
	if (op == ISS_FP_FMA && is_nan(f, result)) {
		env->flags = flags;
		return iss_fp_soft(f, op, a, b, c, env);
	}
	return is_nan(f, result) ? iss_fp_nan(f) : result;
}

/* Numbers only. -0 equals +0 unless `signed_zero`, where it is less. */
static bool less(const struct iss_fp_format *f, uint64_t a, uint64_t b, bool signed_zero)
{
	const uint64_t sign = iss_fp_sign(f);

	if (!((a | b) & ~sign) && !signed_zero)
		return false;
	if ((a ^ b) & sign)
		return a & sign;
	return a & sign ? a > b : a < b;
}

bool iss_fp_eq(const struct iss_fp_format *f, uint64_t a, uint64_t b, struct iss_fp_env *env)
{
	if (is_signaling(f, a) || is_signaling(f, b))
		env->flags |= ISS_FP_NV;
	if (is_nan(f, a) || is_nan(f, b))
		return false;
	return a == b || !((a | b) & ~iss_fp_sign(f));
}

bool iss_fp_lt(const struct iss_fp_format *f, uint64_t a, uint64_t b, struct iss_fp_env *env)
{
	if (is_nan(f, a) || is_nan(f, b)) {
		env->flags |= ISS_FP_NV;
		return false;
	}
	return less(f, a, b, false);
}

bool iss_fp_le(const struct iss_fp_format *f, uint64_t a, uint64_t b, struct iss_fp_env *env)
{
	if (is_nan(f, a) || is_nan(f, b)) {
		env->flags |= ISS_FP_NV;
		return false;
	}
	return !less(f, b, a, false);
}

static uint64_t select_number(const struct iss_fp_format *f, uint64_t a, uint64_t b, bool lesser,
			      struct iss_fp_env *env)
{
	if (is_signaling(f, a) || is_signaling(f, b))
		env->flags |= ISS_FP_NV;
	if (is_nan(f, a))
		return is_nan(f, b) ? iss_fp_nan(f) : b;
	if (is_nan(f, b))
		return a;
	return less(f, a, b, true) == lesser ? a : b;
}

uint64_t iss_fp_min(const struct iss_fp_format *f, uint64_t a, uint64_t b, struct iss_fp_env *env)
{
	return select_number(f, a, b, true, env);
}

uint64_t iss_fp_max(const struct iss_fp_format *f, uint64_t a, uint64_t b, struct iss_fp_env *env)
{
	return select_number(f, a, b, false, env);
}

uint64_t iss_fp_class(const struct iss_fp_format *f, uint64_t a)
{
	const uint64_t magnitude = a & ~iss_fp_sign(f);
	const uint64_t infinity = iss_fp_nan(f) ^ VCXL_BIT(f->precision - 2);
	unsigned distance; /* from zero: 0 zero, 1 subnormal, 2 normal, 3 infinite */

	if (is_nan(f, a))
		return is_signaling(f, a) ? VCXL_BIT(8) : VCXL_BIT(9);
	distance = magnitude == 0                         ? 0
		   : magnitude >> (f->precision - 1) == 0 ? 1
		   : magnitude < infinity                 ? 2
							  : 3;
	return a & iss_fp_sign(f) ? VCXL_BIT(3 - distance) : VCXL_BIT(4 + distance);
}
