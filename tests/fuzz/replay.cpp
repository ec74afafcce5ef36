// SPDX-License-Identifier: Apache-2.0
//
// Runs a fuzz target without a fuzzer: `NAME FILE|FOLDER... [VARIANTS]`: each input as it is, and
// so many variants of it, which depend on nothing but the input.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "input.h"

namespace
{

using bytes = std::vector<std::uint8_t>;

void mutate(bytes &input, std::mt19937_64 &random)
{
	for (auto changes = 1 + random() % 8; changes && !input.empty(); changes--) {
		const std::size_t at = random() % input.size();

		switch (random() % 5) {
		case 0:
			input[at] = static_cast<std::uint8_t>(random());
			break;
		case 1:
			input[at] ^= static_cast<std::uint8_t>(1u << random() % 8);
			break;
		case 2:
			input.erase(input.begin() + static_cast<std::ptrdiff_t>(at));
			break;
		case 3:
			input.insert(input.begin() + static_cast<std::ptrdiff_t>(at),
				     static_cast<std::uint8_t>(random()));
			break;
		default:
			input.resize(at);
		}
	}
}

std::vector<std::filesystem::path> inputs(const std::filesystem::path &named)
{
	std::vector<std::filesystem::path> all;

	if (!std::filesystem::is_directory(named))
		return { named };
	for (const auto &entry : std::filesystem::directory_iterator(named))
		all.push_back(entry.path());
	std::sort(all.begin(), all.end());
	return all;
}

} // namespace

int main(int argc, char **argv)
{
	unsigned long variants = 0;
	unsigned long runs = 0;

	if (argc > 2 &&
	    std::string(argv[argc - 1]).find_first_not_of("0123456789") == std::string::npos)
		variants = std::stoul(argv[--argc]);
	for (int i = 1; i < argc; i++)
		for (const auto &path : inputs(argv[i])) {
			std::ifstream in(path, std::ios::binary);
			const bytes input{ std::istreambuf_iterator<char>(in), {} };
			std::mt19937_64 random(input.size());

			std::printf("%s\n", path.c_str());
			std::fflush(stdout);
			for (unsigned long v = 0; v <= variants; v++, runs++) {
				bytes variant = input;

				if (v)
					mutate(variant, random);
				LLVMFuzzerTestOneInput(variant.data(), variant.size());
			}
		}
	std::printf("%lu runs\n", runs);
	return runs ? 0 : 1;
}
