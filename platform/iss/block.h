/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of decoded instructions: straight-line code of one physical page, up to a jump or
 * ISS_BLOCK_MAX instructions. What an engine that runs blocks (the interpreter in block_run.c, a
 * translator) sees of the cache in block.c. Blocks are keyed by physical address, so that address
 * spaces share them and translation changes touch none.
 */
#ifndef ISS_BLOCK_H
#define ISS_BLOCK_H

#include "decode.h"
#include "hart.h"

#define ISS_BLOCK_MAX 64u

/* What executes a slot, by op, and the rest. */
enum iss_handler {
	ISS_HANDLER_END = ISS_N_OPS, /* behind the last instruction */
	ISS_HANDLER_PAIR_LD,         /* of the first of two, the second has its own */
	ISS_HANDLER_PAIR_SD,
	ISS_N_HANDLERS
};

struct iss_slot {
	const void *handler;  /* what executes it, the engine's own business */
	struct iss_decoded d; /* with the immediate of pc-relative ones made relative to the page */
	uint16_t offset;      /* in the page; of the first byte behind the block in the last slot */
	uint16_t left;        /* instructions of the block behind this one */
};

struct iss_code_page;
struct iss_home;

struct iss_block {
	uint64_t pa;
	uint32_t epoch; /* hart->code_epoch when last known to be what memory holds */
	uint16_t n;     /* instructions; slot n is the end */
	uint16_t capacity;
	/* where it goes on, if known and in the same page: [0] not taken, [1] taken */
	struct iss_block *next[2];
	struct iss_block *hash_next, *page_next;
	struct iss_code_page *page;
	struct iss_slot slots[];
};

/* Buckets of blocks by physical address. */
#define ISS_BLOCK_BUCKETS 65536u

struct iss_blocks {
	struct iss_block *bucket[ISS_BLOCK_BUCKETS];
	struct iss_code_page **page_bucket;
	struct iss_home **home_bucket, *free_home;
	const void *const *handlers; /* by enum iss_handler */
	unsigned char *arena;
	size_t used;
	struct iss_block *free[ISS_BLOCK_MAX + 1]; /* by capacity */
};

static inline struct iss_block **iss_block_bucket(struct iss_blocks *blocks, uint64_t pa)
{
	return &blocks->bucket[(pa / 2 ^ pa >> 17) % ISS_BLOCK_BUCKETS];
}

/*
 * The block at va, whose page is in the fetch TLB; decoded now if it is new. NULL: there is none to
 * be had, *steps instructions are to be stepped over as long as they lie in this page. May drop any
 * other block.
 */
struct iss_block *iss_block_get(struct iss_hart *hart, uint64_t va, uint64_t *steps);
/* False: memory has changed, the block is dropped. */
bool iss_block_renew(struct iss_hart *hart, struct iss_block *block);

#endif
