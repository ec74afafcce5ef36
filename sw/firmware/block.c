/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills and compares, see block.h. Eight words in a round: a line, and the loop costs little.
 */
#include "block.h"

#include "arch.h"

enum {
	ROUND = 8 /* words */
};

struct comparison {
	const struct block *block;
	uint64_t differs;
};

static void fill(void *ctx)
{
	const struct block *const b = ctx;
	volatile uint64_t *word = (volatile uint64_t *)b->address;
	volatile uint64_t *const end = word + b->size / 8;
	const uint64_t step = b->step;
	uint64_t value = b->first;

	for (; word != end; word += ROUND) {
#pragma GCC unroll 8
		for (unsigned i = 0; i < ROUND; i++) {
			word[i] = value;
			value += step;
		}
	}
}

static void compare(void *ctx)
{
	struct comparison *const c = ctx;
	const volatile uint64_t *const begin = (const volatile uint64_t *)c->block->address;
	const volatile uint64_t *const end = begin + c->block->size / 8;
	const uint64_t step = c->block->step;
	uint64_t value = c->block->first;

	for (const volatile uint64_t *word = begin; word != end; word += ROUND) {
		uint64_t differences = 0;

#pragma GCC unroll 8
		for (unsigned i = 0; i < ROUND; i++) {
			differences |= word[i] ^ value;
			value += step;
		}
		if (!differences)
			continue;
		value -= ROUND * step;
		while (*word == value) {
			word++;
			value += step;
		}
		c->differs = (uint64_t)word;
		return;
	}
}

uint64_t block_fill(const struct block *block)
{
	struct block copy = *block;
	const uint64_t cause = guarded_run(fill, &copy);

	arch_fence();
	return cause;
}

uint64_t block_compare(const struct block *block, uint64_t *differs)
{
	struct comparison c = { block, BLOCK_ALL_EQUAL };
	const uint64_t cause = guarded_run(compare, &c);

	*differs = c.differs;
	return cause;
}
