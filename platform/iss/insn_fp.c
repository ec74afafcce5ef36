/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semantics of the F and D instructions but for loads and stores: NaN-boxing, rounding mode, flags
 * and mstatus.FS around the arithmetic of fpu.h. RISC-V unprivileged ISA, chapters "F" and "D".
 */
#include "sem_fp.h"

#include "fpu.h"

/* An operand that is not a NaN-boxed single reads as the canonical NaN. "D" 20.2. */
static uint64_t read_fp(const struct iss_hart *hart, const struct iss_fp_format *f, unsigned reg)
{
	const uint64_t value = hart->f[reg];

	if (f == &iss_fp64)
		return value;
	return value >= ISS_NAN_BOX ? (uint32_t)value : iss_fp_nan(f);
}

static void write_fp(struct iss_hart *hart, const struct iss_fp_format *f, unsigned reg,
		     uint64_t value)
{
	iss_fp_write(hart, reg, f == &iss_fp64 ? value : value | ISS_NAN_BOX);
}

/* False: the instruction is illegal, by mstatus.FS or by a reserved rounding mode. */
static bool begin(struct iss_hart *hart, const struct iss_decoded *d, struct iss_fp_env *env)
{
	const unsigned rm = d->rm == ISS_RM_DYN ? hart->frm : d->rm;

	if (!iss_fp_enabled(hart, d))
		return false;
	if (rm > ISS_RMM) {
		iss_illegal(hart, d->bits);
		return false;
	}
	*env = (struct iss_fp_env){ .rm = (enum iss_rm)rm, .flags = hart->fflags };
	return true;
}

static void accrue(struct iss_hart *hart, const struct iss_fp_env *env)
{
	if (env->flags != hart->fflags) {
		hart->fflags = (uint8_t)env->flags;
		hart->mstatus |= MSTATUS_FS;
	}
}

static inline void arith(struct iss_hart *hart, const struct iss_decoded *d,
			 const struct iss_fp_format *f, enum iss_fp_op op)
{
	struct iss_fp_env env;
	uint64_t a, b, result;

	if (!begin(hart, d, &env))
		return;
	a = read_fp(hart, f, d->rs1);
	b = read_fp(hart, f, d->rs2);
	result = iss_fp_arith(f, op, a, b, 0, &env);
	write_fp(hart, f, d->rd, result);
	accrue(hart, &env);
}

/* (negate_product ? -1 : 1) * a * b +- c; the sign of a NaN makes no difference */
static inline void fused(struct iss_hart *hart, const struct iss_decoded *d,
			 const struct iss_fp_format *f, bool negate_product, bool negate_addend)
{
	const uint64_t sign = iss_fp_sign(f);
	struct iss_fp_env env;
	uint64_t a, b, c, result;

	if (!begin(hart, d, &env))
		return;
	a = read_fp(hart, f, d->rs1) ^ (negate_product ? sign : 0);
	b = read_fp(hart, f, d->rs2);
	c = read_fp(hart, f, d->rs3) ^ (negate_addend ? sign : 0);
	result = iss_fp_arith(f, ISS_FP_FMA, a, b, c, &env);
	write_fp(hart, f, d->rd, result);
	accrue(hart, &env);
}

enum sign_op {
	SIGN_COPY,
	SIGN_NEGATE,
	SIGN_XOR
};

static inline void inject_sign(struct iss_hart *hart, const struct iss_decoded *d,
			       const struct iss_fp_format *f, enum sign_op op)
{
	const uint64_t sign = iss_fp_sign(f);
	uint64_t a, b;

	if (!iss_fp_enabled(hart, d))
		return;
	a = read_fp(hart, f, d->rs1);
	b = read_fp(hart, f, d->rs2);
	if (op == SIGN_NEGATE)
		b = ~b;
	else if (op == SIGN_XOR)
		b ^= a;
	write_fp(hart, f, d->rd, (a & ~sign) | (b & sign));
}

typedef uint64_t select_fn(const struct iss_fp_format *f, uint64_t a, uint64_t b,
			   struct iss_fp_env *env);
typedef bool compare_fn(const struct iss_fp_format *f, uint64_t a, uint64_t b,
			struct iss_fp_env *env);

/* The rm field of these is part of the opcode. */
static inline void select_one(struct iss_hart *hart, const struct iss_decoded *d,
			      const struct iss_fp_format *f, select_fn *choose)
{
	struct iss_fp_env env = { .rm = ISS_RNE, .flags = hart->fflags };

	if (!iss_fp_enabled(hart, d))
		return;
	write_fp(hart, f, d->rd,
		 choose(f, read_fp(hart, f, d->rs1), read_fp(hart, f, d->rs2), &env));
	accrue(hart, &env);
}

static inline void compare(struct iss_hart *hart, const struct iss_decoded *d,
			   const struct iss_fp_format *f, compare_fn *holds)
{
	struct iss_fp_env env = { .rm = ISS_RNE, .flags = hart->fflags };

	if (!iss_fp_enabled(hart, d))
		return;
	hart->x[d->rd] = holds(f, read_fp(hart, f, d->rs1), read_fp(hart, f, d->rs2), &env);
	accrue(hart, &env);
}

static inline void to_int(struct iss_hart *hart, const struct iss_decoded *d,
			  const struct iss_fp_format *f, unsigned bits, bool is_signed)
{
	struct iss_fp_env env;
	uint64_t value;

	if (!begin(hart, d, &env))
		return;
	value = iss_fp_to_int(f, read_fp(hart, f, d->rs1), bits, is_signed, &env);
	hart->x[d->rd] = bits == 32 ? iss_sext32(value) : value;
	accrue(hart, &env);
}

static inline void from_int(struct iss_hart *hart, const struct iss_decoded *d,
			    const struct iss_fp_format *f, unsigned bits, bool is_signed)
{
	uint64_t value = hart->x[d->rs1];
	struct iss_fp_env env;

	if (!begin(hart, d, &env))
		return;
	if (bits == 32)
		value = is_signed ? iss_sext32(value) : (uint32_t)value;
	write_fp(hart, f, d->rd, iss_fp_from_int(f, value, is_signed, &env));
	accrue(hart, &env);
}

static inline void convert(struct iss_hart *hart, const struct iss_decoded *d,
			   const struct iss_fp_format *from, const struct iss_fp_format *to)
{
	struct iss_fp_env env;

	if (!begin(hart, d, &env))
		return;
	write_fp(hart, to, d->rd, iss_fp_convert(from, to, read_fp(hart, from, d->rs1), &env));
	accrue(hart, &env);
}

/* Register moves look at no NaN box. */
static inline void move_to_int(struct iss_hart *hart, const struct iss_decoded *d, unsigned bits)
{
	if (iss_fp_enabled(hart, d))
		hart->x[d->rd] = bits == 32 ? iss_sext32(hart->f[d->rs1]) : hart->f[d->rs1];
}

static inline void move_from_int(struct iss_hart *hart, const struct iss_decoded *d,
				 const struct iss_fp_format *f)
{
	const uint64_t value = hart->x[d->rs1];

	if (iss_fp_enabled(hart, d))
		write_fp(hart, f, d->rd, f == &iss_fp32 ? (uint32_t)value : value);
}

#define SEM(name, call)                                                                            \
	void sem_##name(struct iss_hart *hart, const struct iss_decoded *d)                        \
	{                                                                                          \
		call;                                                                              \
	}
#define SEM_BOTH(name, function, ...)                                                              \
	SEM(name##_s, function(hart, d, &iss_fp32, __VA_ARGS__))                                   \
	SEM(name##_d, function(hart, d, &iss_fp64, __VA_ARGS__))

/* clang-format off */
SEM_BOTH(fadd,    arith, ISS_FP_ADD)
SEM_BOTH(fsub,    arith, ISS_FP_SUB)
SEM_BOTH(fmul,    arith, ISS_FP_MUL)
SEM_BOTH(fdiv,    arith, ISS_FP_DIV)
SEM_BOTH(fsqrt,   arith, ISS_FP_SQRT)
SEM_BOTH(fmadd,   fused, false, false)
SEM_BOTH(fmsub,   fused, false, true)
SEM_BOTH(fnmsub,  fused, true,  false)
SEM_BOTH(fnmadd,  fused, true,  true)
SEM_BOTH(fsgnj,   inject_sign, SIGN_COPY)
SEM_BOTH(fsgnjn,  inject_sign, SIGN_NEGATE)
SEM_BOTH(fsgnjx,  inject_sign, SIGN_XOR)
SEM_BOTH(fmin,    select_one, iss_fp_min)
SEM_BOTH(fmax,    select_one, iss_fp_max)
SEM_BOTH(feq,     compare, iss_fp_eq)
SEM_BOTH(flt,     compare, iss_fp_lt)
SEM_BOTH(fle,     compare, iss_fp_le)
SEM_BOTH(fcvt_w,  to_int, 32, true)
SEM_BOTH(fcvt_wu, to_int, 32, false)
SEM_BOTH(fcvt_l,  to_int, 64, true)
SEM_BOTH(fcvt_lu, to_int, 64, false)
SEM(fcvt_s_w,     from_int(hart, d, &iss_fp32, 32, true))
SEM(fcvt_s_wu,    from_int(hart, d, &iss_fp32, 32, false))
SEM(fcvt_s_l,     from_int(hart, d, &iss_fp32, 64, true))
SEM(fcvt_s_lu,    from_int(hart, d, &iss_fp32, 64, false))
SEM(fcvt_d_w,     from_int(hart, d, &iss_fp64, 32, true))
SEM(fcvt_d_wu,    from_int(hart, d, &iss_fp64, 32, false))
SEM(fcvt_d_l,     from_int(hart, d, &iss_fp64, 64, true))
SEM(fcvt_d_lu,    from_int(hart, d, &iss_fp64, 64, false))
SEM(fcvt_s_d,     convert(hart, d, &iss_fp64, &iss_fp32))
SEM(fcvt_d_s,     convert(hart, d, &iss_fp32, &iss_fp64))
SEM(fmv_x_w,      move_to_int(hart, d, 32))
SEM(fmv_x_d,      move_to_int(hart, d, 64))
SEM(fmv_w_x,      move_from_int(hart, d, &iss_fp32))
SEM(fmv_d_x,      move_from_int(hart, d, &iss_fp64))
/* clang-format on */

void sem_fclass_s(struct iss_hart *hart, const struct iss_decoded *d)
{
	if (iss_fp_enabled(hart, d))
		hart->x[d->rd] = iss_fp_class(&iss_fp32, read_fp(hart, &iss_fp32, d->rs1));
}

void sem_fclass_d(struct iss_hart *hart, const struct iss_decoded *d)
{
	if (iss_fp_enabled(hart, d))
		hart->x[d->rd] = iss_fp_class(&iss_fp64, hart->f[d->rs1]);
}
