/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IEEE 754 arithmetic by integers, for both formats and all rounding modes: what the host's FPU
 * cannot do (round to nearest, ties to max magnitude; FMA flags of NaN operands), conversions, and
 * everything on hosts without SSE. RISC-V unprivileged ISA, chapter "F".
 *
 * Numbers are unpacked to sign, exponent and a 64-bit significand whose top bit is set; bits lost
 * on the way are or-ed ("jammed") into the lowest bit, far below the rounding position.
 */
#include "fpu.h"

#include <assert.h>

#include <vcxl/bits.h>

__extension__ typedef unsigned __int128 u128;

enum kind {
	ZERO,
	FINITE,
	INFINITE,
	QUIET_NAN,
	SIGNALING_NAN
};

/* FINITE: (-1)^sign * sig * 2^(exp - 63) */
struct number {
	enum kind kind;
	bool sign;
	int exp;
	uint64_t sig;
};

/* (-1)^sign * sig * 2^(exp - 126), top bit of sig at 126 */
struct wide {
	bool sign;
	int exp;
	u128 sig;
};

const struct iss_fp_format iss_fp32 = { 24, 8 }, iss_fp64 = { 53, 11 };

static int bias(const struct iss_fp_format *f)
{
	return (1 << (f->exponent_bits - 1)) - 1;
}

static uint64_t exponent_max(const struct iss_fp_format *f)
{
	return (1u << f->exponent_bits) - 1;
}

static uint64_t infinity(const struct iss_fp_format *f)
{
	return exponent_max(f) << (f->precision - 1);
}

uint64_t iss_fp_nan(const struct iss_fp_format *f)
{
	return infinity(f) | 1ull << (f->precision - 2);
}

uint64_t iss_fp_sign(const struct iss_fp_format *f)
{
	return 1ull << (f->precision - 1 + f->exponent_bits);
}

static uint64_t with_sign(const struct iss_fp_format *f, bool sign, uint64_t magnitude)
{
	return magnitude | (sign ? iss_fp_sign(f) : 0);
}

static uint64_t invalid(const struct iss_fp_format *f, struct iss_fp_env *env)
{
	env->flags |= ISS_FP_NV;
	return iss_fp_nan(f);
}

static struct number unpack(const struct iss_fp_format *f, uint64_t bits)
{
	const uint64_t fraction = bits & (VCXL_BIT(f->precision - 1) - 1);
	const uint64_t exponent = bits >> (f->precision - 1) & exponent_max(f);
	struct number n = { .kind = FINITE, .sign = bits & iss_fp_sign(f) };

	if (exponent == exponent_max(f)) {
		n.kind = !fraction                        ? INFINITE
			 : fraction >> (f->precision - 2) ? QUIET_NAN
							  : SIGNALING_NAN;
	} else if (exponent) {
		n.exp = (int)exponent - bias(f);
		n.sig = (fraction | VCXL_BIT(f->precision - 1)) << (64 - f->precision);
	} else if (fraction) {
		const int shift = __builtin_clzll(fraction);

		n.exp = 65 - shift - bias(f) - f->precision;
		n.sig = fraction << shift;
	} else {
		n.kind = ZERO;
	}
	return n;
}

static uint64_t jam64(uint64_t value, int shift)
{
	if (shift == 0)
		return value;
	if (shift > 63)
		return value != 0;
	return value >> shift | (value << (64 - shift) != 0);
}

static u128 jam128(u128 value, int shift)
{
	if (shift == 0)
		return value;
	if (shift > 127)
		return value != 0;
	return value >> shift | (value << (128 - shift) != 0);
}

/* Whether the magnitude is incremented, given its lowest bit, what is dropped and half a unit. */
static bool rounds_up(enum iss_rm rm, bool sign, bool odd, uint64_t dropped, uint64_t half)
{
	switch (rm) {
	case ISS_RNE:
		return dropped > half || (dropped == half && odd);
	case ISS_RDN:
		return sign && dropped;
	case ISS_RUP:
		return !sign && dropped;
	case ISS_RMM:
		return dropped >= half;
	default:
		return false;
	}
}

static uint64_t overflow(const struct iss_fp_format *f, bool sign, struct iss_fp_env *env)
{
	const bool to_infinity = rounds_up(env->rm, sign, true, 1, 1);

	env->flags |= ISS_FP_OF | ISS_FP_NX;
	return with_sign(f, sign, infinity(f) - !to_infinity);
}

/* Rounds (-1)^sign * sig * 2^(exp - 63), top bit of sig set, into the format. */
static uint64_t round_pack(const struct iss_fp_format *f, bool sign, int exp, uint64_t sig,
			   struct iss_fp_env *env)
{
	const int drop = 64 - f->precision;
	const uint64_t half = VCXL_BIT(drop - 1), mask = VCXL_BIT(drop) - 1;
	int field = exp + bias(f);
	bool tiny = false;
	uint64_t packed;

	assert(sig >> 63);
	if (field >= (int)exponent_max(f))
		return overflow(f, sign, env);
	if (field < 1) {
		/* after rounding: not tiny if an unbounded exponent would have let it carry up */
		tiny = field < 0 || (sig | mask) != UINT64_MAX ||
		       !rounds_up(env->rm, sign, sig >> drop & 1, sig & mask, half);
		sig = jam64(sig, 1 - field);
		field = 1;
	}
	packed = ((uint64_t)(field - 1) << (f->precision - 1)) + (sig >> drop);
	packed += rounds_up(env->rm, sign, sig >> drop & 1, sig & mask, half);
	if (packed >= infinity(f))
		return overflow(f, sign, env);
	if (sig & mask)
		env->flags |= ISS_FP_NX | (tiny ? ISS_FP_UF : 0);
	return with_sign(f, sign, packed);
}

/* The same for a 128-bit significand with any top bit: sig * 2^(exp - 126). */
static uint64_t round_wide(const struct iss_fp_format *f, struct wide w, struct iss_fp_env *env)
{
	const uint64_t high = (uint64_t)(w.sig >> 64);
	const int shift = high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)w.sig);

	w.sig <<= shift;
	return round_pack(f, w.sign, w.exp + 1 - shift,
			  (uint64_t)(w.sig >> 64) | ((uint64_t)w.sig != 0), env);
}

/* An exact sum of zero is positive, but for rounding down. IEEE 754 6.3. */
static uint64_t zero_sum(const struct iss_fp_format *f, bool a_sign, bool b_sign,
			 const struct iss_fp_env *env)
{
	return with_sign(f, a_sign == b_sign ? a_sign : env->rm == ISS_RDN, 0);
}

static uint64_t add_wide(const struct iss_fp_format *f, struct wide a, struct wide b,
			 struct iss_fp_env *env)
{
	if (a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig)) {
		const struct wide t = a;

		a = b;
		b = t;
	}
	b.sig = jam128(b.sig, a.exp - b.exp);
	a.sig = a.sign == b.sign ? a.sig + b.sig : a.sig - b.sig;
	if (a.sig == 0)
		return zero_sum(f, a.sign, b.sign, env);
	return round_wide(f, a, env);
}

static struct wide widen(struct number n)
{
	return (struct wide){ n.sign, n.exp, (u128)n.sig << 63 };
}

/* Exact: the significands have at most 53 bits. */
static struct wide multiply(struct number a, struct number b)
{
	const u128 product = (u128)a.sig * b.sig;
	const int carry = (int)(product >> 127);

	return (struct wide){ a.sign != b.sign, a.exp + b.exp + carry, product >> carry };
}

static bool is_nan(struct number n)
{
	return n.kind >= QUIET_NAN;
}

/* The canonical NaN; invalid if an operand signals. */
static uint64_t propagate(const struct iss_fp_format *f, const struct number *n, unsigned count,
			  struct iss_fp_env *env)
{
	for (unsigned i = 0; i < count; i++)
		if (n[i].kind == SIGNALING_NAN)
			env->flags |= ISS_FP_NV;
	return iss_fp_nan(f);
}

static uint64_t add(const struct iss_fp_format *f, struct number a, struct number b,
		    struct iss_fp_env *env)
{
	if (a.kind == INFINITE || b.kind == INFINITE) {
		if (a.kind == b.kind && a.sign != b.sign)
			return invalid(f, env);
		return with_sign(f, a.kind == INFINITE ? a.sign : b.sign, infinity(f));
	}
	if (a.kind == ZERO && b.kind == ZERO)
		return zero_sum(f, a.sign, b.sign, env);
	if (a.kind == ZERO || b.kind == ZERO)
		return round_wide(f, widen(a.kind == ZERO ? b : a), env);
	return add_wide(f, widen(a), widen(b), env);
}

static uint64_t mul(const struct iss_fp_format *f, struct number a, struct number b,
		    struct iss_fp_env *env)
{
	const bool sign = a.sign != b.sign;

	if (a.kind == INFINITE || b.kind == INFINITE) {
		if (a.kind == ZERO || b.kind == ZERO)
			return invalid(f, env);
		return with_sign(f, sign, infinity(f));
	}
	if (a.kind == ZERO || b.kind == ZERO)
		return with_sign(f, sign, 0);
	return round_wide(f, multiply(a, b), env);
}

static uint64_t divide(const struct iss_fp_format *f, struct number a, struct number b,
		       struct iss_fp_env *env)
{
	const bool sign = a.sign != b.sign;
	struct wide quotient = { sign, a.exp - b.exp, 0 };

	if (a.kind == b.kind && a.kind != FINITE)
		return invalid(f, env); /* 0 / 0, inf / inf */
	if (a.kind == INFINITE)
		return with_sign(f, sign, infinity(f));
	if (a.kind == ZERO || b.kind == INFINITE)
		return with_sign(f, sign, 0);
	if (b.kind == ZERO) {
		env->flags |= ISS_FP_DZ;
		return with_sign(f, sign, infinity(f));
	}
	/* 63 or 64 bits of quotient, and whether there is more, in the place of the top 65 */
	quotient.sig = (((u128)a.sig << 63) / b.sig) << 63;
	quotient.sig |= ((u128)a.sig << 63) % b.sig != 0;
	return round_wide(f, quotient, env);
}

static uint64_t square_root(const struct iss_fp_format *f, struct number a, struct iss_fp_env *env)
{
	/* radicand in [2^126, 2^128) with an even exponent: the root has exactly 64 bits */
	u128 rest = (u128)a.sig << (a.exp % 2 ? 64 : 63);
	uint64_t root = 0;

	if (a.kind == ZERO || (a.kind == INFINITE && !a.sign))
		return with_sign(f, a.sign, a.kind == ZERO ? 0 : infinity(f));
	if (a.sign)
		return invalid(f, env);
	for (int bit = 63; bit >= 0; bit--) {
		/* (root + 2^bit)^2 - root^2, kept below rest */
		const u128 step = ((u128)root << (bit + 1)) + ((u128)1 << (2 * bit));

		if (step <= rest) {
			rest -= step;
			root |= VCXL_BIT(bit);
		}
	}
	return round_pack(f, false, (a.exp - (a.exp % 2 != 0)) / 2, root | (rest != 0), env);
}

static uint64_t fused(const struct iss_fp_format *f, const struct number *n, struct iss_fp_env *env)
{
	const struct number a = n[0], b = n[1], c = n[2];
	const bool sign = a.sign != b.sign;

	if ((a.kind == INFINITE && b.kind == ZERO) || (a.kind == ZERO && b.kind == INFINITE))
		return invalid(f, env); /* even when c is a quiet NaN */
	if (is_nan(a) || is_nan(b) || is_nan(c))
		return propagate(f, n, 3, env);
	if (a.kind == INFINITE || b.kind == INFINITE) {
		if (c.kind == INFINITE && c.sign != sign)
			return invalid(f, env);
		return with_sign(f, sign, infinity(f));
	}
	if (c.kind == INFINITE)
		return with_sign(f, c.sign, infinity(f));
	if (a.kind == ZERO || b.kind == ZERO) {
		if (c.kind == ZERO)
			return zero_sum(f, sign, c.sign, env);
		return round_wide(f, widen(c), env);
	}
	if (c.kind == ZERO)
		return round_wide(f, multiply(a, b), env);
	return add_wide(f, multiply(a, b), widen(c), env);
}

uint64_t iss_fp_soft(const struct iss_fp_format *f, enum iss_fp_op op, uint64_t a, uint64_t b,
		     uint64_t c, struct iss_fp_env *env)
{
	const unsigned count = op == ISS_FP_SQRT ? 1 : op == ISS_FP_FMA ? 3 : 2;
	struct number n[3] = { unpack(f, a), unpack(f, b), unpack(f, c) };

	if (op == ISS_FP_FMA)
		return fused(f, n, env);
	if (is_nan(n[0]) || (count > 1 && is_nan(n[1])))
		return propagate(f, n, count, env);
	switch (op) {
	case ISS_FP_SUB:
		n[1].sign = !n[1].sign;
		return add(f, n[0], n[1], env);
	case ISS_FP_MUL:
		return mul(f, n[0], n[1], env);
	case ISS_FP_DIV:
		return divide(f, n[0], n[1], env);
	case ISS_FP_SQRT:
		return square_root(f, n[0], env);
	default:
		return add(f, n[0], n[1], env);
	}
}

uint64_t iss_fp_convert(const struct iss_fp_format *from, const struct iss_fp_format *to,
			uint64_t a, struct iss_fp_env *env)
{
	const struct number n = unpack(from, a);

	if (is_nan(n))
		return propagate(to, &n, 1, env);
	if (n.kind != FINITE)
		return with_sign(to, n.sign, n.kind == ZERO ? 0 : infinity(to));
	return round_pack(to, n.sign, n.exp, n.sig, env);
}

uint64_t iss_fp_to_int(const struct iss_fp_format *f, uint64_t a, unsigned bits, bool is_signed,
		       struct iss_fp_env *env)
{
	const struct number n = unpack(f, a);
	const bool negative = n.sign && !is_nan(n);
	/* magnitude of the last value on that side of zero */
	const uint64_t most = !is_signed ? (negative ? 0 : VCXL_MASK(bits - 1, 0))
					 : VCXL_BIT(bits - 1) - !negative;
	uint64_t magnitude = UINT64_MAX, fraction = 0;
	bool overflows = true;

	if (n.kind == ZERO)
		return 0;
	if (n.kind == FINITE && n.exp < 64) {
		const u128 fixed = jam128((u128)n.sig << 64, 63 - n.exp);

		fraction = (uint64_t)fixed;
		magnitude = (uint64_t)(fixed >> 64);
		magnitude += rounds_up(env->rm, n.sign, magnitude & 1, fraction, VCXL_BIT(63));
		overflows = magnitude > most;
	}
	if (overflows) {
		env->flags |= ISS_FP_NV;
		magnitude = most;
	} else if (fraction) {
		env->flags |= ISS_FP_NX;
	}
	return negative ? -magnitude : magnitude;
}

uint64_t iss_fp_from_int(const struct iss_fp_format *f, uint64_t value, bool is_signed,
			 struct iss_fp_env *env)
{
	const bool sign = is_signed && (int64_t)value < 0;
	const uint64_t magnitude = sign ? -value : value;
	const int shift = magnitude ? __builtin_clzll(magnitude) : 0;

	if (magnitude == 0)
		return 0;
	return round_pack(f, sign, 63 - shift, magnitude << shift, env);
}
