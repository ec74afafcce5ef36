// SPDX-License-Identifier: Apache-2.0
//
// What a fuzz target takes its decisions from: bytes, zeros when they are used up.
#ifndef VCXL_TESTS_FUZZ_INPUT_H
#define VCXL_TESTS_FUZZ_INPUT_H

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

namespace fuzz
{

class input
{
public:
	input(const std::uint8_t *data, std::size_t size) : at_(data), left_(size) {}
	bool more() const { return left_ != 0; }
	std::uint64_t number(unsigned bytes)
	{
		std::uint64_t value = 0;

		for (unsigned i = 0; i < bytes; i++)
			value |= static_cast<std::uint64_t>(byte()) << (8 * i);
		return value;
	}
	std::uint8_t byte()
	{
		if (!left_)
			return 0;
		left_--;
		return *at_++;
	}
	std::vector<std::uint8_t> bytes(std::size_t n)
	{
		n = n < left_ ? n : left_;
		std::vector<std::uint8_t> taken(at_, at_ + n);
		at_ += n;
		left_ -= n;
		return taken;
	}

private:
	const std::uint8_t *at_;
	std::size_t left_;
};

// A finding; assert() would be gone from release builds.
inline void expect(bool holds, const char *what)
{
	if (holds)
		return;
	std::fprintf(stderr, "fuzz: does not hold: %s\n", what);
	std::abort();
}

} // namespace fuzz

#endif
