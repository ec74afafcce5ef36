/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of memory as fast as the hart can: filled, and compared with what they should hold. Memory
 * that goes away meanwhile ends the loop, not the program.
 */
#ifndef FW_BLOCK_H
#define FW_BLOCK_H

#include <stdint.h>

/* Word k of the block holds first + k * step. */
struct block {
	uint64_t address, size; /* multiples of 64 bytes */
	uint64_t first, step;
};

#define BLOCK_ALL_EQUAL UINT64_MAX

/* 0, or the cause of the trap that ended it. */
uint64_t block_fill(const struct block *block);
/* Likewise; *differs: the first address where another word is, or BLOCK_ALL_EQUAL. */
uint64_t block_compare(const struct block *block, uint64_t *differs);

#endif
