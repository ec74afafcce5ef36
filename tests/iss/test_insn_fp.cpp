// SPDX-License-Identifier: Apache-2.0
//
// F and D instructions: results, flags, rounding modes, NaN-boxing, conversions, mstatus.FS. RISC-V
// unprivileged ISA, chapters "F" and "D". Numbers are IEEE 754 bit patterns.
#include <gtest/gtest.h>

#include "iss_test.h"

using namespace iss_test;

namespace
{

constexpr std::uint64_t box = 0xffffffff00000000;
constexpr unsigned nx = 1, uf = 2, of = 4, dz = 8, nv = 16;
constexpr unsigned rne = 0, rtz = 1, rdn = 2, rup = 3, rmm = 4, dyn = 7;

// doubles
constexpr std::uint64_t d_one = 0x3ff0000000000000, d_two = 0x4000000000000000,
			d_three = 0x4008000000000000, d_inf = 0x7ff0000000000000,
			d_nan = 0x7ff8000000000000, d_snan = 0x7ff0000000000001,
			d_max = 0x7fefffffffffffff, d_min_normal = 0x0010000000000000,
			d_minus = 0x8000000000000000;
// singles
constexpr std::uint64_t s_one = 0x3f800000, s_two = 0x40000000, s_inf = 0x7f800000,
			s_nan = 0x7fc00000, s_snan = 0x7f800001, s_max = 0x7f7fffff,
			s_minus = 0x80000000;

constexpr std::uint32_t fadd_s = 0x00000053, fsub_s = 0x08000053, fmul_s = 0x10000053,
			fdiv_s = 0x18000053, fsqrt_s = 0x58000053, fmadd_s = 0x00000043;
constexpr std::uint32_t fadd_d = 0x02000053, fsub_d = 0x0a000053, fmul_d = 0x12000053,
			fdiv_d = 0x1a000053, fsqrt_d = 0x5a000053;
constexpr std::uint32_t fmadd_d = 0x02000043, fmsub_d = 0x02000047, fnmsub_d = 0x0200004b,
			fnmadd_d = 0x0200004f;

class fp : public ::testing::Test
{
protected:
	fp()
	{
		m.set_csr(0x300, 0x6000);           // mstatus.FS
		m.set_csr(0x305, ram_base + 0x400); // mtvec
	}

	// f3 or x3 = op(f1, f2, f4); returns the flags that it raised. Operations of OP-FP with
	// one source have bit 30 set and no register in rs2.
	unsigned run(std::uint32_t match, unsigned rm, std::uint64_t a, std::uint64_t b,
		     std::uint64_t c = 0)
	{
		m.set_csr(0x001, 0);
		m.set_f(1, a);
		m.set_f(2, b);
		m.set_f(4, c);
		m.execute({ rrr(match, 3, 1, match >> 30 & 1 ? 0 : 2) | rm << 12 });
		return static_cast<unsigned>(m.csr(0x001));
	}

	struct binary {
		const char *name;
		std::uint32_t match;
		unsigned rm;
		std::uint64_t a, b, expected;
		unsigned flags;
	};
	void check_double(const std::vector<binary> &rows)
	{
		for (const auto &row : rows) {
			SCOPED_TRACE(row.name);
			EXPECT_EQ(run(row.match, row.rm, row.a, row.b), row.flags);
			EXPECT_EQ(m.f(3), row.expected);
		}
	}
	void check_single(const std::vector<binary> &rows)
	{
		for (const auto &row : rows) {
			SCOPED_TRACE(row.name);
			EXPECT_EQ(run(row.match, row.rm, row.a | box, row.b | box), row.flags);
			EXPECT_EQ(m.f(3), row.expected | box);
		}
	}
	// x3 = op(f1, f2)
	struct to_x {
		const char *name;
		std::uint32_t match;
		unsigned rm;
		std::uint64_t a, b, expected;
		unsigned flags;
	};
	void check_to_x(const std::vector<to_x> &rows)
	{
		for (const auto &row : rows) {
			SCOPED_TRACE(row.name);
			EXPECT_EQ(run(row.match, row.rm, row.a, row.b), row.flags);
			EXPECT_EQ(m.x(3), row.expected);
		}
	}
	machine m;
};

TEST_F(fp, d_arithmetic_raises_exactly_its_flags)
{
	check_double({
		{ "1 + 2", fadd_d, rne, d_one, d_two, d_three, 0 },
		{ "1 - 1", fsub_d, rne, d_one, d_one, 0, 0 },
		{ "1 / 3", fdiv_d, rne, d_one, d_three, 0x3fd5555555555555, nx },
		{ "1 / 0", fdiv_d, rne, d_one, 0, d_inf, dz },
		{ "1 / -0", fdiv_d, rne, d_one, d_minus, d_inf | d_minus, dz },
		{ "0 / 0", fdiv_d, rne, 0, 0, d_nan, nv },
		{ "inf - inf", fsub_d, rne, d_inf, d_inf, d_nan, nv },
		{ "0 * inf", fmul_d, rne, 0, d_inf, d_nan, nv },
		{ "max * 2", fmul_d, rne, d_max, d_two, d_inf, of | nx },
		{ "max * 2, toward zero", fmul_d, rtz, d_max, d_two, d_max, of | nx },
		{ "max * -2, up", fmul_d, rup, d_max, d_two | d_minus, d_max | d_minus, of | nx },
		{ "max * -2, down", fmul_d, rdn, d_max, d_two | d_minus, d_inf | d_minus, of | nx },
		{ "sqrt(2)", fsqrt_d, rne, d_two, 0, 0x3ff6a09e667f3bcd, nx },
	});
	EXPECT_EQ(run(fsqrt_d, rne, d_two | d_minus, 0), nv);
	EXPECT_EQ(m.f(3), d_nan);
}

TEST_F(fp, s_arithmetic_raises_exactly_its_flags)
{
	check_single({
		{ "1 + 2", fadd_s, rne, s_one, s_two, 0x40400000, 0 },
		{ "1 / 3", fdiv_s, rne, s_one, 0x40400000, 0x3eaaaaab, nx },
		{ "1 / 3, down", fdiv_s, rdn, s_one, 0x40400000, 0x3eaaaaaa, nx },
		{ "1 / 0", fdiv_s, rne, s_one, 0, s_inf, dz },
		{ "inf - inf", fsub_s, rne, s_inf, s_inf, s_nan, nv },
		{ "max * 2", fmul_s, rne, s_max, s_two, s_inf, of | nx },
		{ "smallest / 2", fdiv_s, rne, 1, s_two, 0, uf | nx },
		{ "3 * smallest / 2", fdiv_s, rne, 3, s_two, 2, uf | nx },
		{ "smallest normal / 2 is exact", fdiv_s, rne, 0x00800000, s_two, 0x00400000, 0 },
	});
}

TEST_F(fp, every_nan_result_is_canonical_and_only_a_signaling_operand_is_invalid)
{
	check_double({
		{ "qnan with payload", fadd_d, rne, 0xfff8000000001234, d_one, d_nan, 0 },
		{ "snan", fadd_d, rne, d_snan, d_one, d_nan, nv },
		{ "qnan + snan", fmul_d, rne, d_nan, d_snan, d_nan, nv },
		{ "qnan / qnan", fdiv_d, rne, d_nan, d_nan, d_nan, 0 },
	});
	check_single({
		{ "qnan with payload", fadd_s, rne, 0xffc01234, s_one, s_nan, 0 },
		{ "snan", fsub_s, rne, s_one, s_snan, s_nan, nv },
	});
}

// IEEE 754 6.3
TEST_F(fp, an_exact_zero_sum_is_negative_only_when_rounding_down)
{
	for (const unsigned rm : { rne, rtz, rup, rmm })
		check_double({ { "1 - 1", fsub_d, rm, d_one, d_one, 0, 0 } });
	check_double({
		{ "1 - 1, down", fsub_d, rdn, d_one, d_one, d_minus, 0 },
		{ "-0 + -0", fadd_d, rne, d_minus, d_minus, d_minus, 0 },
		{ "-0 + 0", fadd_d, rne, d_minus, 0, 0, 0 },
		{ "-0 + 0, down", fadd_d, rdn, d_minus, 0, d_minus, 0 },
	});
}

// 2^53 + 1 lies half way between two doubles, 2^53 and 2^53 + 2; 2^53 + 3 between ... + 2 and + 4.
TEST_F(fp, ties_round_by_the_mode)
{
	constexpr std::uint64_t big = 0x4340000000000000;
	const struct {
		unsigned rm;
		std::uint64_t add_one, add_three, minus_one;
	} rows[] = {
		{ rne, big, big + 2, big | d_minus },
		{ rtz, big, big + 1, big | d_minus },
		{ rdn, big, big + 1, (big + 1) | d_minus },
		{ rup, big + 1, big + 2, big | d_minus },
		{ rmm, big + 1, big + 2, (big + 1) | d_minus },
	};

	for (const auto &row : rows) {
		check_double({
			{ "2^53 + 1", fadd_d, row.rm, big, d_one, row.add_one, nx },
			{ "2^53 + 3", fadd_d, row.rm, big, d_three, row.add_three, nx },
			{ "-2^53 - 1", fsub_d, row.rm, big | d_minus, d_one, row.minus_one, nx },
		});
	}
}

TEST_F(fp, rmm_rounds_halves_away_from_zero_in_single_precision_too)
{
	// 1 + 2^-24 is a tie between 1 and 1 + 2^-23
	check_single({
		{ "nearest even", fadd_s, rne, s_one, 0x33800000, s_one, nx },
		{ "max magnitude", fadd_s, rmm, s_one, 0x33800000, s_one + 1, nx },
		{ "negative", fsub_s, rmm, s_one | s_minus, 0x33800000, (s_one + 1) | s_minus, nx },
		{ "below a tie", fadd_s, rmm, s_one, 0x337fffff, s_one, nx },
		{ "overflow", fadd_s, rmm, s_max, 0x73000000, s_inf, of | nx },
		{ "sqrt(4)", fsqrt_s, rmm, 0x40800000, 0, s_two, 0 },
		{ "smallest / 2", fdiv_s, rmm, 1, s_two, 1, uf | nx },
	});
}

TEST_F(fp, tininess_is_detected_after_rounding)
{
	// The largest below the smallest normal, times 1 + epsilon: rounds up to it. With an
	// unbounded exponent (1 - 2^-52)(1 + 2^-52) 2^-1022 rounds to 1 - 2^-104 -> 1: not tiny.
	check_double({
		{ "rounds to normal", fmul_d, rne, 0x000fffffffffffff, d_one + 1, d_min_normal,
		  nx },
		{ "toward zero", fmul_d, rtz, 0x000fffffffffffff, d_one + 1, 0x000fffffffffffff,
		  uf | nx },
		{ "rounds to normal by half", fmul_d, rmm, 0x000fffffffffffff, d_one + 1,
		  d_min_normal, nx },
		// (1 - 2^-53) 2^-1022: representable with an unbounded exponent, hence tiny
		{ "tiny yet normal", fmul_d, rne, 0x3fefffffffffffff, d_min_normal, d_min_normal,
		  uf | nx },
	});
}

TEST_F(fp, fused_multiply_add_rounds_once)
{
	// (1 + 2^-52)^2 - (1 + 2^-51) = 2^-104
	EXPECT_EQ(run(fmadd_d | 4u << 27, rne, d_one + 1, d_one + 1, (d_one + 2) | d_minus), 0u);
	EXPECT_EQ(m.f(3), 0x3970000000000000u);
	// signs of the four forms: 2 * 3 and 1
	const struct {
		std::uint32_t match;
		std::uint64_t expected;
	} forms[] = {
		{ fmadd_d, 0x401c000000000000 },  // 7
		{ fmsub_d, 0x4014000000000000 },  // 5
		{ fnmsub_d, 0xc014000000000000 }, // -5
		{ fnmadd_d, 0xc01c000000000000 }, // -7
	};
	for (const auto &form : forms) {
		EXPECT_EQ(run(form.match | 4u << 27, rne, d_two, d_three, d_one), 0u);
		EXPECT_EQ(m.f(3), form.expected);
	}
	// -(0 * 1) - 0: the exact sum of -0 and -0
	EXPECT_EQ(run(fnmadd_d | 4u << 27, rne, 0, d_one, 0), 0u);
	EXPECT_EQ(m.f(3), d_minus);
	EXPECT_EQ(run(fmadd_s | 4u << 27, rne, box | s_two, box | s_two, box | s_one), 0u);
	EXPECT_EQ(m.f(3), box | 0x40a00000);
}

// "F": infinity times zero is invalid even when the addend is a quiet NaN.
TEST_F(fp, infinity_times_zero_plus_quiet_nan_is_invalid)
{
	for (const unsigned rm : { rne, rtz, rdn, rup, rmm }) {
		EXPECT_EQ(run(fmadd_d | 4u << 27, rm, d_inf, 0, d_nan), nv);
		EXPECT_EQ(m.f(3), d_nan);
		EXPECT_EQ(run(fmadd_d | 4u << 27, rm, d_one, d_two, d_nan), 0u);
		EXPECT_EQ(m.f(3), d_nan);
	}
}

TEST_F(fp, a_single_that_is_not_boxed_is_the_canonical_nan)
{
	EXPECT_EQ(run(fadd_s, rne, s_one, s_one | box), 0u);
	EXPECT_EQ(m.f(3), s_nan | box);
	run(0x20000053, 0, 0xfffffffe00000000 | s_one, s_minus | box); // fsgnj.s
	EXPECT_EQ(m.f(3), s_nan | s_minus | box);
	run(0xe0001053, 0, s_one, 0); // fclass.s
	EXPECT_EQ(m.x(3), 0x200u);
	run(0xe0000053, 0, 0x1234567880000000, 0); // fmv.x.w takes the bits as they are
	EXPECT_EQ(m.x(3), 0xffffffff80000000);
}

TEST_F(fp, single_loads_box_and_single_stores_do_not_check)
{
	m.write<std::uint64_t>(ram_base + 0x1000, 0x1122334455667788);
	m.set_x(5, ram_base + 0x1000);
	m.set_f(2, 0xa1a2a3a4a5a6a7a8);
	m.execute({ rri(0x2007, 1, 5, 4), store(0x2027, 2, 5, 0) }); // flw, fsw
	EXPECT_EQ(m.f(1), box | 0x11223344);
	EXPECT_EQ(m.read<std::uint64_t>(ram_base + 0x1000), 0x11223344a5a6a7a8);
	m.execute({ rri(0x3007, 1, 5, 1), store(0x3027, 2, 5, 8) }); // fld misaligned, fsd
	EXPECT_EQ(m.read<std::uint64_t>(ram_base + 0x1008), 0xa1a2a3a4a5a6a7a8);
	m.execute({ 0xf0028153 }); // fmv.w.x f2, x5
	EXPECT_EQ(m.f(2), box | (ram_base + 0x1000));
}

TEST_F(fp, sign_injection_changes_the_sign_only_and_raises_nothing)
{
	check_double({
		{ "fsgnj.d", 0x22000053, 0, d_snan, d_minus, d_snan | d_minus, 0 },
		{ "fsgnjn.d", 0x22001053, 0, d_one, d_two, d_one | d_minus, 0 },
		{ "fsgnjx.d", 0x22002053, 0, d_one | d_minus, d_two | d_minus, d_one, 0 },
	});
	check_single({
		{ "fsgnj.s", 0x20000053, 0, s_one, s_minus, s_one | s_minus, 0 },
		{ "fsgnjn.s", 0x20001053, 0, s_one | s_minus, s_minus, s_one, 0 },
		{ "fsgnjx.s", 0x20002053, 0, s_snan, s_minus, s_snan | s_minus, 0 },
	});
}

TEST_F(fp, minimum_and_maximum_prefer_numbers_and_order_zeros)
{
	check_double({
		{ "min(-0, 0)", 0x2a000053, 0, 0, d_minus, d_minus, 0 },
		{ "max(-0, 0)", 0x2a001053, 0, d_minus, 0, 0, 0 },
		{ "min(qnan, 1)", 0x2a000053, 0, d_nan, d_one, d_one, 0 },
		{ "max(1, qnan)", 0x2a001053, 0, d_one, d_nan, d_one, 0 },
		{ "min(snan, 1)", 0x2a000053, 0, d_snan, d_one, d_one, nv },
		{ "max(qnan, qnan)", 0x2a001053, 0, d_nan | d_minus, d_nan, d_nan, 0 },
		{ "min(-1, -2)", 0x2a000053, 0, d_one | d_minus, d_two | d_minus, d_two | d_minus,
		  0 },
		{ "max(-inf, 1)", 0x2a001053, 0, d_inf | d_minus, d_one, d_one, 0 },
	});
	check_single({
		{ "min(1, -1)", 0x28000053, 0, s_one, s_one | s_minus, s_one | s_minus, 0 },
		{ "max(1, snan)", 0x28001053, 0, s_one, s_snan, s_one, nv },
	});
}

TEST_F(fp, comparison_is_quiet_for_equality_and_signaling_for_order)
{
	constexpr std::uint32_t feq = 0xa2002053, flt = 0xa2001053, fle = 0xa2000053;

	check_to_x({
		{ "1 == 1", feq, 0, d_one, d_one, 1, 0 },
		{ "-0 == 0", feq, 0, d_minus, 0, 1, 0 },
		{ "qnan == qnan", feq, 0, d_nan, d_nan, 0, 0 },
		{ "snan == 1", feq, 0, d_snan, d_one, 0, nv },
		{ "1 < 2", flt, 0, d_one, d_two, 1, 0 },
		{ "-2 < -1", flt, 0, d_two | d_minus, d_one | d_minus, 1, 0 },
		{ "-0 < 0", flt, 0, d_minus, 0, 0, 0 },
		{ "qnan < 1", flt, 0, d_nan, d_one, 0, nv },
		{ "0 <= -0", fle, 0, 0, d_minus, 1, 0 },
		{ "2 <= 1", fle, 0, d_two, d_one, 0, 0 },
		{ "1 <= qnan", fle, 0, d_one, d_nan, 0, nv },
		{ "feq.s", 0xa0002053, 0, box | s_one, box | s_one, 1, 0 },
		{ "flt.s", 0xa0001053, 0, box | s_one | s_minus, box | s_one, 1, 0 },
		{ "fle.s", 0xa0000053, 0, box | s_nan, box | s_one, 0, nv },
	});
}

TEST_F(fp, fclass_tells_the_ten_classes)
{
	const std::uint64_t doubles[] = {
		d_inf | d_minus, d_one | d_minus, 1 | d_minus, d_minus, 0, 1,
		d_one,           d_inf,           d_snan,      d_nan,
	};
	const std::uint64_t singles[] = {
		s_inf | s_minus, s_one | s_minus, 1 | s_minus, s_minus, 0, 1,
		s_one,           s_inf,           s_snan,      s_nan,
	};

	for (unsigned i = 0; i < 10; i++) {
		check_to_x({ { "fclass.d", 0xe2001053, 0, doubles[i], 0, 1ull << i, 0 },
			     { "fclass.s", 0xe0001053, 0, box | singles[i], 0, 1ull << i, 0 } });
	}
}

// "F", table of domains of float-to-integer conversions; type is rs2: 0 w, 1 wu, 2 l, 3 lu.
TEST_F(fp, conversion_to_integer_rounds_and_saturates)
{
	const struct {
		const char *name;
		unsigned type, rm;
		std::uint64_t a, expected;
		unsigned flags;
	} rows[] = {
		{ "w of 1.5 rne", 0, rne, 0x3ff8000000000000, 2, nx },
		{ "w of 2.5 rne", 0, rne, 0x4004000000000000, 2, nx },
		{ "w of 2.5 rmm", 0, rmm, 0x4004000000000000, 3, nx },
		{ "w of 2.5 rtz", 0, rtz, 0x4004000000000000, 2, nx },
		{ "w of -2.5 rdn", 0, rdn, 0xc004000000000000, static_cast<std::uint64_t>(-3), nx },
		{ "w of -2.5 rup", 0, rup, 0xc004000000000000, static_cast<std::uint64_t>(-2), nx },
		{ "w of 2^31", 0, rtz, 0x41e0000000000000, 0x7fffffff, nv },
		{ "w of -2^31", 0, rtz, 0xc1e0000000000000, 0xffffffff80000000, 0 },
		{ "w of -2^31 - 0.5 rtz", 0, rtz, 0xc1e0000000100000, 0xffffffff80000000, nx },
		{ "w of -2^31 - 0.5 rdn", 0, rdn, 0xc1e0000000100000, 0xffffffff80000000, nv },
		{ "w of nan", 0, rne, d_nan, 0x7fffffff, nv },
		{ "w of -nan", 0, rne, d_nan | d_minus, 0x7fffffff, nv },
		{ "w of -inf", 0, rne, d_inf | d_minus, 0xffffffff80000000, nv },
		{ "wu of 3e9", 1, rne, 0x41e65a0bc0000000, 0xffffffffb2d05e00, 0 },
		{ "wu of -1", 1, rne, d_one | d_minus, 0, nv },
		{ "wu of -0.5 rtz", 1, rtz, 0xbfe0000000000000, 0, nx },
		{ "wu of -0.5 rdn", 1, rdn, 0xbfe0000000000000, 0, nv },
		{ "wu of 2^32", 1, rne, 0x41f0000000000000, 0xffffffffffffffff, nv },
		{ "wu of -0", 1, rne, d_minus, 0, 0 },
		{ "l of 2^63", 2, rne, 0x43e0000000000000, 0x7fffffffffffffff, nv },
		{ "l of -2^63", 2, rne, 0xc3e0000000000000, 0x8000000000000000, 0 },
		{ "l of largest below 2^63", 2, rne, 0x43dfffffffffffff, 0x7ffffffffffffc00, 0 },
		{ "l of smallest", 2, rup, 1, 1, nx },
		{ "l of -smallest rdn", 2, rdn, 1 | d_minus, 0xffffffffffffffff, nx },
		{ "lu of 2^63", 3, rne, 0x43e0000000000000, 0x8000000000000000, 0 },
		{ "lu of 2^64", 3, rne, 0x43f0000000000000, 0xffffffffffffffff, nv },
		{ "lu of nan", 3, rne, d_snan, 0xffffffffffffffff, nv },
		{ "lu of -inf", 3, rne, d_inf | d_minus, 0, nv },
	};

	for (const auto &row : rows) {
		SCOPED_TRACE(row.name);
		m.set_csr(0x001, 0);
		m.set_f(1, row.a);
		m.execute({ rrr(0xc2000053, 3, 1, row.type) | row.rm << 12 });
		EXPECT_EQ(m.x(3), row.expected);
		EXPECT_EQ(m.csr(0x001), row.flags);
	}
	m.set_f(1, box | 0xbfc00000);          // -1.5
	m.execute({ 0xc000f1d3, 0xc020f253 }); // fcvt.w.s x3, f1, dyn; fcvt.l.s x4, f1, dyn
	EXPECT_EQ(m.x(3), static_cast<std::uint64_t>(-2));
	EXPECT_EQ(m.x(4), static_cast<std::uint64_t>(-2));
}

TEST_F(fp, conversion_from_integer_rounds)
{
	const struct {
		const char *name;
		std::uint32_t match;
		unsigned rm;
		std::uint64_t a, expected;
		unsigned flags;
	} rows[] = {
		{ "fcvt.d.w of -1", 0xd2000053, 0, 0x12345678ffffffff, d_one | d_minus, 0 },
		{ "fcvt.d.wu of -1", 0xd2100053, 0, ~0ull, 0x41efffffffe00000, 0 },
		{ "fcvt.d.l of 2^53 + 1", 0xd2200053, rne, (1ull << 53) + 1, 0x4340000000000000,
		  nx },
		{ "fcvt.d.l rup", 0xd2200053, rup, (1ull << 53) + 1, 0x4340000000000001, nx },
		{ "fcvt.d.l rmm", 0xd2200053, rmm, (1ull << 53) + 1, 0x4340000000000001, nx },
		{ "fcvt.d.l of min", 0xd2200053, rne, 1ull << 63, 0xc3e0000000000000, 0 },
		{ "fcvt.d.lu of max", 0xd2300053, rne, ~0ull, 0x43f0000000000000, nx },
		{ "fcvt.d.lu rtz", 0xd2300053, rtz, ~0ull, 0x43efffffffffffff, nx },
		{ "fcvt.d.l of 0", 0xd2200053, rdn, 0, 0, 0 },
		{ "fcvt.s.w of 2^24 + 1", 0xd0000053, rne, 0x1000001, box | 0x4b800000, nx },
		{ "fcvt.s.wu", 0xd0100053, rne, 0xffffffff, box | 0x4f800000, nx },
		{ "fcvt.s.l of -1", 0xd0200053, rne, ~0ull, box | s_one | s_minus, 0 },
		{ "fcvt.s.lu", 0xd0300053, rdn, ~0ull, box | 0x5f7fffff, nx },
	};

	for (const auto &row : rows) {
		SCOPED_TRACE(row.name);
		m.set_csr(0x001, 0);
		m.set_x(1, row.a);
		m.execute({ row.match | 3u << 7 | 1u << 15 | row.rm << 12 });
		EXPECT_EQ(m.f(3), row.expected);
		EXPECT_EQ(m.csr(0x001), row.flags);
	}
}

TEST_F(fp, conversion_between_formats)
{
	const struct {
		const char *name;
		std::uint32_t insn; // f3 = op(f1)
		unsigned rm;
		std::uint64_t a, expected;
		unsigned flags;
	} rows[] = {
		{ "d of s", 0x420081d3, 0, box | s_one, d_one, 0 },
		{ "d of subnormal s", 0x420081d3, 0, box | 1, 0x36a0000000000000, 0 },
		{ "d of snan", 0x420081d3, 0, box | s_snan, d_nan, nv },
		{ "d of qnan with payload", 0x420081d3, 0, box | 0xffc12345, d_nan, 0 },
		{ "s of 1/3", 0x401081d3, rne, 0x3fd5555555555555, box | 0x3eaaaaab, nx },
		{ "s of 1/3 rtz", 0x401081d3, rtz, 0x3fd5555555555555, box | 0x3eaaaaaa, nx },
		{ "s of max", 0x401081d3, rne, d_max, box | s_inf, of | nx },
		{ "s of -max rup", 0x401081d3, rup, d_max | d_minus, box | s_max | s_minus,
		  of | nx },
		{ "s of smallest", 0x401081d3, rne, 1, box, uf | nx },
		{ "s of -inf", 0x401081d3, rne, d_inf | d_minus, box | s_inf | s_minus, 0 },
		{ "s of a tie rmm", 0x401081d3, rmm, 0x3ff0000010000000, box | (s_one + 1), nx },
		{ "s of a tie rne", 0x401081d3, rne, 0x3ff0000010000000, box | s_one, nx },
	};

	for (const auto &row : rows) {
		SCOPED_TRACE(row.name);
		m.set_csr(0x001, 0);
		m.set_f(1, row.a);
		m.execute({ row.insn | row.rm << 12 });
		EXPECT_EQ(m.f(3), row.expected);
		EXPECT_EQ(m.csr(0x001), row.flags);
	}
}

TEST_F(fp, flags_accumulate_until_cleared)
{
	m.set_csr(0x001, 0);
	m.set_f(1, d_one);
	m.set_f(2, d_three);
	m.set_f(4, 0);
	m.execute({ rrr(fdiv_d, 3, 1, 2), rrr(fdiv_d, 3, 1, 4), rrr(fadd_d, 3, 1, 1) });
	EXPECT_EQ(m.csr(0x001), nx | dz);
	m.set_csr(0x001, 0);
	m.execute({ rrr(fadd_d, 3, 1, 1) });
	EXPECT_EQ(m.csr(0x001), 0u);
	m.execute({ rrr(fdiv_d, 3, 1, 2) });
	EXPECT_EQ(m.csr(0x001), nx);
}

TEST_F(fp, dynamic_rounding_takes_frm)
{
	m.set_csr(0x002, rup);
	EXPECT_EQ(run(fdiv_d, dyn, d_one, d_three), nx);
	EXPECT_EQ(m.f(3), 0x3fd5555555555556u);
	EXPECT_EQ(run(fdiv_d, rdn, d_one, d_three), nx); // a static mode wins
	EXPECT_EQ(m.f(3), 0x3fd5555555555555u);
}

TEST_F(fp, reserved_rounding_modes_are_illegal)
{
	for (const unsigned rm : { 5u, 6u }) {
		m.set_csr(0x342, 0);
		run(fadd_d, rm, d_one, d_one);
		EXPECT_EQ(m.csr(0x342), 2u);
		EXPECT_EQ(m.csr(0x343), rrr(fadd_d, 3, 1, 2) | rm << 12);
	}
	for (const unsigned frm : { 5u, 6u, 7u }) {
		m.set_csr(0x002, frm);
		m.set_csr(0x342, 0);
		run(fadd_d, dyn, d_one, d_one);
		EXPECT_EQ(m.csr(0x342), 2u);
		m.set_csr(0x342, 0);
		run(0x22000053, 0, d_one, d_one); // fsgnj.d has no rounding mode
		EXPECT_EQ(m.csr(0x342), 0u);
	}
}

TEST_F(fp, with_fs_off_every_fp_instruction_is_illegal)
{
	const std::uint32_t insns[] = {
		0x0002a007,
		0x0002b027, // flw, fsd
		fadd_s,
		fadd_d, // arithmetic
		0x02000043,
		0x22000053,
		0x2a000053, // fmadd.d, fsgnj.d, fmin.d
		0xa2002053,
		0xe2001053,
		0xe2000053, // feq.d, fclass.d, fmv.x.d
		0xf2000053,
		0xc2000053,
		0xd2000053,
		0x42000053, // fmv.d.x, fcvt
		csrrs(1, 0x003, 0),
	};

	m.set_csr(0x300, 0);
	m.set_x(5, ram_base + 0x1000);
	for (const std::uint32_t insn : insns) {
		m.set_csr(0x342, 0);
		m.execute({ insn });
		EXPECT_EQ(m.csr(0x342), 2u) << std::hex << insn;
		EXPECT_EQ(m.csr(0x343), insn);
	}
	m.poke16(ram_base, { 0x2100 }); // c.fld fs0, 0(a0): mtval has the 16 bits
	m.set_pc(ram_base);
	m.run(1);
	EXPECT_EQ(m.csr(0x343), 0x2100u);
}

TEST_F(fp, writing_a_register_or_a_flag_makes_fs_dirty_and_reading_does_not)
{
	const auto fs = [this] { return m.csr(0x300) >> 13 & 3; };

	m.set_f(1, d_one);
	m.set_f(2, d_three);
	m.set_x(5, ram_base + 0x1000);
	const struct {
		const char *name;
		std::uint32_t insn;
		std::uint64_t fs;
	} rows[] = {
		{ "fsd", 0x0012b027, 1 },
		{ "fmv.x.d", 0xe2008353, 1 },
		{ "feq.d without flag", 0xa2102353, 1 },
		{ "fld", 0x0002b187, 3 },
		{ "fadd.d", rrr(fadd_d, 3, 1, 2), 3 },
		{ "fcvt.w.d of 1", 0xc2009353, 1 },
	};

	for (const auto &row : rows) {
		SCOPED_TRACE(row.name);
		m.set_csr(0x001, 0);
		m.set_csr(0x300, 0x2000);
		m.execute({ row.insn });
		EXPECT_EQ(fs(), row.fs);
		EXPECT_EQ(m.csr(0x300) >> 63, row.fs == 3); // mstatus.SD
	}
	m.set_f(1, d_nan);
	m.set_csr(0x300, 0x2000);
	m.execute({ 0xa2209353 }); // flt.d x6, f1, f2: invalid
	EXPECT_EQ(fs(), 3u);
}

} // namespace
