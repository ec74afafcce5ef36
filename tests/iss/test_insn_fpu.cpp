// SPDX-License-Identifier: Apache-2.0
//
// The two implementations of floating-point arithmetic against each other on random operands, and
// the integer one against exact arithmetic where the host has no such rounding mode.
#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <cstring>
#include <random>

#include "fpu.h"

namespace
{

constexpr unsigned seed = 20240411;

class operands
{
public:
	explicit operands(const iss_fp_format &f)
	    : exponent_bits_(f.exponent_bits), fraction_bits_(f.precision - 1)
	{
	}
	// Any class of number, extreme exponents and near-equal exponents often.
	std::uint64_t next()
	{
		const std::uint64_t max = (1ull << exponent_bits_) - 1;
		const std::uint64_t bits = random_();
		const std::uint64_t near[] = { 0, 1, 2, max / 2, max / 2 + 1, max - 1, max };
		std::uint64_t exponent = bits & max;
		std::uint64_t fraction = random_() & ((1ull << fraction_bits_) - 1);

		if (bits >> 20 & 1)
			exponent = near[(bits >> 24) % 7];
		else if (bits >> 21 & 1)
			exponent = max / 2 + (bits >> 24) % 64 - 32;
		if (bits >> 32 & 1)
			fraction = pattern(bits >> 33);
		return (bits >> 63) << (exponent_bits_ + fraction_bits_) |
		       exponent << fraction_bits_ | fraction;
	}

private:
	// runs of ones and zeros, where carries and ties are
	std::uint64_t pattern(std::uint64_t bits) const
	{
		const std::uint64_t mask = (1ull << fraction_bits_) - 1;
		const unsigned low = bits % 64, high = (bits >> 6) % 64;

		switch (bits >> 12 & 3) {
		case 0:
			return 0;
		case 1:
			return (1ull << low) & mask;
		case 2:
			return ~(1ull << low) & mask;
		default:
			return ((1ull << low) ^ (1ull << high)) & mask;
		}
	}
	int exponent_bits_, fraction_bits_;
	std::mt19937_64 random_{ seed };
};

void check_equal(const iss_fp_format &f, iss_fp_op op)
{
	operands source(f);

	for (unsigned i = 0; i < 400000; i++) {
		const std::uint64_t a = source.next(), b = source.next(), c = source.next();
		iss_fp_env host{ static_cast<iss_rm>(i % 4), 0 }, soft = host;
		const std::uint64_t x = iss_fp_arith(&f, op, a, b, c, &host);
		const std::uint64_t y = iss_fp_soft(&f, op, a, b, c, &soft);

		ASSERT_EQ(x, y) << std::hex << a << " " << b << " " << c << " rm " << host.rm;
		ASSERT_EQ(host.flags, soft.flags)
			<< std::hex << a << " " << b << " " << c << " rm " << host.rm;
	}
}

class fpu : public ::testing::TestWithParam<iss_fp_op>
{
};

TEST_P(fpu, host_and_integer_arithmetic_agree_in_value_and_flags_single)
{
	check_equal(iss_fp32, GetParam());
}

TEST_P(fpu, host_and_integer_arithmetic_agree_in_value_and_flags_double)
{
	check_equal(iss_fp64, GetParam());
}

INSTANTIATE_TEST_SUITE_P(operations, fpu,
			 ::testing::Values(ISS_FP_ADD, ISS_FP_SUB, ISS_FP_MUL, ISS_FP_DIV,
					   ISS_FP_SQRT, ISS_FP_FMA));

// Flags that the guest has already stay, and new ones are seen whatever the host did before.
TEST(fpu, flags_are_exact_after_any_history)
{
	constexpr std::uint64_t one = 0x3ff0000000000000, three = 0x4008000000000000;
	iss_fp_env env{ ISS_RNE, 0 };

	iss_fp_arith(&iss_fp64, ISS_FP_DIV, one, three, 0, &env);
	EXPECT_EQ(env.flags, 1u);
	env.flags = 0;
	iss_fp_arith(&iss_fp64, ISS_FP_ADD, one, three, 0, &env);
	EXPECT_EQ(env.flags, 0u);
	iss_fp_arith(&iss_fp64, ISS_FP_DIV, one, 0, 0, &env);
	EXPECT_EQ(env.flags, 8u);
	std::feraiseexcept(FE_INVALID); // by the host program
	iss_fp_arith(&iss_fp64, ISS_FP_ADD, one, three, 0, &env);
	EXPECT_EQ(env.flags, 8u);
}

TEST(fpu, the_rounding_mode_of_the_caller_survives)
{
	iss_fp_env env{ ISS_RDN, 0 };

	std::fesetround(FE_UPWARD);
	iss_fp_arith(&iss_fp64, ISS_FP_DIV, 0x3ff0000000000000, 0x4008000000000000, 0, &env);
	EXPECT_EQ(std::fegetround(), FE_UPWARD);
	std::fesetround(FE_TONEAREST);
	iss_fp_arith(&iss_fp64, ISS_FP_DIV, 0x3ff0000000000000, 0x4008000000000000, 0, &env);
	EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

float as_float(std::uint64_t bits)
{
	const auto word = static_cast<std::uint32_t>(bits);
	float value;

	std::memcpy(&value, &word, sizeof(value));
	return value;
}

double as_double(std::uint64_t bits)
{
	double value;

	std::memcpy(&value, &bits, sizeof(value));
	return value;
}

std::uint64_t bits_of(double value)
{
	std::uint64_t bits;

	std::memcpy(&bits, &value, sizeof(bits));
	return bits;
}

// The product of two singles is exact in double: of the two neighbours in single the nearer one
// is right, of two equally near ones that with the larger magnitude.
TEST(fpu, rmm_picks_the_nearer_neighbour_and_the_larger_of_a_tie)
{
	operands source(iss_fp32);
	unsigned ties = 0;

	for (unsigned i = 0; i < 1000000; i++) {
		std::uint64_t a = source.next(), b = source.next();
		iss_fp_env down{ ISS_RDN, 0 }, up{ ISS_RUP, 0 }, mm{ ISS_RMM, 0 };

		if (i % 2) { // 13 by 12 significant bits: many products of 25 bits
			a &= ~0x7ffull;
			b &= ~0xfffull;
		}
		const std::uint64_t x = iss_fp_arith(&iss_fp32, ISS_FP_MUL, a, b, 0, &mm);
		const double exact = static_cast<double>(as_float(a)) * as_float(b);
		const double low = as_float(iss_fp_arith(&iss_fp32, ISS_FP_MUL, a, b, 0, &down));
		const double high = as_float(iss_fp_arith(&iss_fp32, ISS_FP_MUL, a, b, 0, &up));

		if (!std::isfinite(low) || !std::isfinite(high))
			continue;
		const bool tie = exact - low == high - exact && low != high;
		const bool take_high = tie ? exact > 0 : high - exact < exact - low;

		ties += tie;
		ASSERT_EQ(as_float(x), take_high ? high : low) << std::hex << a << " " << b;
		ASSERT_EQ(mm.flags & 1u, low != high);
	}
	EXPECT_GT(ties, 1000u);
}

TEST(fpu, conversion_to_integers_agrees_with_the_c_language)
{
	const int modes[] = { FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD };
	operands source(iss_fp64);
	unsigned checked = 0;

	for (unsigned i = 0; i < 400000; i++) {
		const std::uint64_t a = source.next();
		const double value = as_double(a);
		iss_fp_env env{ static_cast<iss_rm>(i % 4), 0 };
		const std::uint64_t x = iss_fp_to_int(&iss_fp64, a, 64, true, &env);

		if (!(std::fabs(value) < 0x1p62))
			continue;
		std::fesetround(modes[i % 4]);
		const volatile double rounded = std::nearbyint(value);
		std::fesetround(FE_TONEAREST);
		ASSERT_EQ(static_cast<std::int64_t>(x), static_cast<std::int64_t>(rounded))
			<< value;
		ASSERT_EQ(env.flags, rounded != value ? 1u : 0u);
		checked++;
	}
	EXPECT_GT(checked, 100000u);
}

TEST(fpu, conversion_from_integers_and_between_formats_agrees_with_the_c_language)
{
	const int modes[] = { FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD };
	std::mt19937_64 random(seed);
	operands source(iss_fp64);

	for (unsigned i = 0; i < 400000; i++) {
		const std::uint64_t n = random() >> i % 64;
		const std::uint64_t a = source.next();
		iss_fp_env env{ static_cast<iss_rm>(i % 4), 0 };
		const volatile auto integer = static_cast<std::int64_t>(n);
		const volatile double wide = as_double(a);

		std::fesetround(modes[i % 4]);
		const volatile auto converted = static_cast<double>(integer);
		const volatile auto narrow = static_cast<float>(wide);
		std::fesetround(FE_TONEAREST);
		ASSERT_EQ(iss_fp_from_int(&iss_fp64, n, true, &env), bits_of(converted)) << n;
		const std::uint64_t x = iss_fp_convert(&iss_fp64, &iss_fp32, a, &env);
		if (std::isnan(as_double(a)))
			ASSERT_EQ(x, 0x7fc00000u);
		else
			ASSERT_EQ(as_float(x), narrow) << std::hex << a;
	}
}

} // namespace
