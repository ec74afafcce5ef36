/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test pattern, see pattern.h.
 */
#include "pattern.h"

#define GOLDEN_RATIO 0x9e3779b97f4a7c15ull

uint64_t pattern_word(uint64_t hpa)
{
	uint64_t z = hpa + GOLDEN_RATIO;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

uint64_t pattern_sparse_offset(unsigned i, uint64_t size)
{
	return i * GOLDEN_RATIO % (size / 8) * 8;
}
