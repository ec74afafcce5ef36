/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of decoded blocks: making, finding and dropping them. RISC-V unprivileged ISA, chapter
 * "Zifencei", for what must be seen when: the hart's own stores drop what they change at once; a
 * FENCE.I starts an epoch, in which each block is compared with memory before it first runs. That
 * covers other harts and devices without being told. Pages with code are known by line of 64 bytes,
 * so that data beside code costs little.
 */
#include "block.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "sem_amo.h"
#include "sem_fp.h"
#include "sem_int.h"

#define ARENA_BYTES  (16u << 20)
#define PAGE_BUCKETS 4096u
#define LINE         64u

struct iss_code_page {
	uint64_t pa;
	const uint8_t *host;
	uint64_t lines; /* bit per line that a block has been decoded from */
	struct iss_block *blocks;
	struct iss_code_page *next;
};

static const uint8_t forms[ISS_N_OPS] = {
	[ISS_OP_illegal] = iss_form_illegal,
#define OPCODE(major)
#define INSN(name, match, mask, format) [ISS_OP_##name] = iss_form_##name,
#include "insns.def"
};

struct iss_blocks *iss_blocks_create(void)
{
	struct iss_blocks *blocks = calloc(1, sizeof(*blocks));

	if (!blocks)
		return NULL;
	blocks->page_bucket = calloc(PAGE_BUCKETS, sizeof(struct iss_code_page *));
	blocks->arena = malloc(ARENA_BYTES);
	if (blocks->page_bucket && blocks->arena)
		return blocks;
	iss_blocks_destroy(blocks);
	return NULL;
}

void iss_blocks_destroy(struct iss_blocks *blocks)
{
	if (!blocks)
		return;
	free(blocks->page_bucket);
	free(blocks->arena);
	free(blocks);
}

/* ---- memory ---- */

/* Everything goes when the arena is full: rare, and simple. */
static void drop_all(struct iss_hart *hart)
{
	struct iss_blocks *blocks = hart->blocks;

	memset(blocks->bucket, 0, sizeof(blocks->bucket));
	memset(blocks->page_bucket, 0, PAGE_BUCKETS * sizeof(struct iss_code_page *));
	memset(blocks->free, 0, sizeof(blocks->free));
	blocks->used = 0;
	hart->leave_block = true;
}

static void *take(struct iss_blocks *blocks, size_t size)
{
	void *memory = blocks->arena + blocks->used;

	blocks->used += (size + 15) / 16 * 16;
	return memory;
}

static size_t block_size(unsigned n)
{
	return sizeof(struct iss_block) + (n + 1) * sizeof(struct iss_slot);
}

/* Room for a block and its page, without dropping anything in between. */
static void make_room(struct iss_hart *hart)
{
	if (ARENA_BYTES - hart->blocks->used <
	    block_size(ISS_BLOCK_MAX) + sizeof(struct iss_code_page) + 32)
		drop_all(hart);
}

static struct iss_block *new_block(struct iss_blocks *blocks, unsigned n)
{
	struct iss_block *block = blocks->free[n];

	if (block)
		blocks->free[n] = block->page_next;
	else
		block = take(blocks, block_size(n));
	memset(block, 0, sizeof(*block));
	block->n = block->capacity = (uint16_t)n;
	return block;
}

/* ---- pages ---- */

static struct iss_code_page **page_bucket(const struct iss_blocks *blocks, uint64_t pa)
{
	return &blocks->page_bucket[pa / ISS_PAGE_SIZE % PAGE_BUCKETS];
}

static struct iss_code_page *find_page(const struct iss_blocks *blocks, uint64_t pa)
{
	struct iss_code_page *page = *page_bucket(blocks, pa);

	while (page && page->pa != (pa & ISS_PAGE_MASK))
		page = page->next;
	return page;
}

bool iss_blocks_in_page(const struct iss_hart *hart, uint64_t pa)
{
	return hart->blocks && find_page(hart->blocks, pa);
}

static struct iss_code_page *get_page(struct iss_hart *hart, uint64_t pa, const uint8_t *code)
{
	struct iss_code_page *page = find_page(hart->blocks, pa);

	if (!page) {
		struct iss_code_page **bucket = page_bucket(hart->blocks, pa);

		page = take(hart->blocks, sizeof(*page));
		*page = (struct iss_code_page){ .pa = pa & ISS_PAGE_MASK, .next = *bucket };
		*bucket = page;
		iss_tlb_protect(hart, page->pa);
	}
	page->host = code - pa % ISS_PAGE_SIZE;
	return page;
}

static unsigned end_offset(const struct iss_block *block)
{
	return block->slots[block->n].offset;
}

static uint64_t lines_of(unsigned first, unsigned end)
{
	return VCXL_MASK((end - 1) / LINE, first / LINE);
}

static void unhash(struct iss_blocks *blocks, struct iss_block *block)
{
	struct iss_block **link = iss_block_bucket(blocks, block->pa);

	while (*link != block)
		link = &(*link)->hash_next;
	*link = block->hash_next;
}

/* Drops the blocks of a page that overlap the bytes first..end-1 of it. */
static void drop_range(struct iss_hart *hart, struct iss_code_page *page, unsigned first,
		       unsigned end)
{
	struct iss_block **link = &page->blocks;
	bool any = false;

	page->lines = 0;
	while (*link) {
		struct iss_block *block = *link;
		const unsigned start = (unsigned)(block->pa % ISS_PAGE_SIZE);

		if (start >= end || end_offset(block) <= first) {
			page->lines |= lines_of(start, end_offset(block));
			link = &block->page_next;
			continue;
		}
		any = true;
		*link = block->page_next;
		unhash(hart->blocks, block);
		block->page_next = hart->blocks->free[block->capacity];
		hart->blocks->free[block->capacity] = block;
	}
	if (!any)
		return;
	for (struct iss_block *block = page->blocks; block; block = block->page_next)
		block->next[0] = block->next[1] = NULL;
	hart->leave_block = true;
}

void iss_blocks_written(struct iss_hart *hart, uint64_t pa, uint64_t size)
{
	while (size) {
		const unsigned first = (unsigned)(pa % ISS_PAGE_SIZE);
		const uint64_t in_page = ISS_PAGE_SIZE - first;
		const unsigned len = (unsigned)(size < in_page ? size : in_page);
		struct iss_code_page *page = find_page(hart->blocks, pa);

		if (page && (page->lines & lines_of(first, first + len)))
			drop_range(hart, page, first, first + len);
		pa += len;
		size -= len;
	}
}

void iss_blocks_withdraw(struct iss_hart *hart, uint64_t pa, uint64_t size)
{
	if (!hart->blocks)
		return;
	for (unsigned i = 0; i < PAGE_BUCKETS; i++) {
		struct iss_code_page *page = hart->blocks->page_bucket[i];

		for (; page; page = page->next)
			if (page->pa - pa < size || pa - page->pa < ISS_PAGE_SIZE)
				drop_range(hart, page, 0, ISS_PAGE_SIZE);
	}
}

/* ---- decoding ---- */

static uint32_t fetch(const uint8_t *code, bool wide)
{
	return (uint32_t)iss_host_load(code, wide ? 4 : 2);
}

static bool is_wide(const uint8_t *code)
{
	return (*code & 3) == 3;
}

/* Whether nothing is executed behind an instruction of this form without a new decision. */
static bool ends_block(unsigned form)
{
	return form == ISS_LAST || form == ISS_BRANCH || form == ISS_JAL || form == ISS_JALR;
}

/* Upper immediates have twelve zeros below, branches and jumps are short: no sum overflows. */
static bool is_relative(const struct iss_decoded *d)
{
	return d->op == ISS_OP_auipc || forms[d->op] == ISS_BRANCH || forms[d->op] == ISS_JAL;
}

/* Fills slots with the instructions from code on; returns their number. */
static unsigned decode(const struct iss_blocks *blocks, const uint8_t *code, unsigned offset,
		       struct iss_slot slots[ISS_BLOCK_MAX + 1])
{
	unsigned n = 0;
	bool ended = false;

	while (!ended && n < ISS_BLOCK_MAX && offset < ISS_PAGE_SIZE) {
		struct iss_slot *slot = &slots[n];

		if (is_wide(code) && offset + 4 > ISS_PAGE_SIZE)
			break;
		iss_decode(fetch(code, is_wide(code)), &slot->d);
		if (is_relative(&slot->d))
			slot->d.imm += (int32_t)offset;
		slot->handler = blocks->handlers[slot->d.op];
		slot->offset = (uint16_t)offset;
		ended = ends_block(forms[slot->d.op]);
		code += slot->d.len;
		offset += slot->d.len;
		n++;
	}
	slots[n] = (struct iss_slot){ .handler = blocks->handlers[ISS_N_OPS],
				      .offset = (uint16_t)offset };
	for (unsigned i = 0; i < n; i++)
		slots[i].left = (uint16_t)(n - 1 - i);
	return n;
}

static struct iss_block *make(struct iss_hart *hart, uint64_t pa, const uint8_t *code)
{
	struct iss_slot slots[ISS_BLOCK_MAX + 1];
	struct iss_blocks *blocks = hart->blocks;
	struct iss_block **bucket = iss_block_bucket(blocks, pa);
	const unsigned offset = (unsigned)(pa % ISS_PAGE_SIZE);
	const unsigned n = decode(blocks, code, offset, slots);
	struct iss_block *block;

	if (n == 0)
		return NULL;
	make_room(hart);
	block = new_block(blocks, n);
	block->pa = pa;
	block->epoch = hart->code_epoch;
	memcpy(block->slots, slots, (n + 1) * sizeof(slots[0]));
	block->page = get_page(hart, pa, code);
	block->page->lines |= lines_of(offset, end_offset(block));
	block->page_next = block->page->blocks;
	block->page->blocks = block;
	block->hash_next = *bucket;
	*bucket = block;
	return block;
}

struct iss_block *iss_block_get(struct iss_hart *hart, uint64_t pa, const uint8_t *code)
{
	struct iss_block *block = *iss_block_bucket(hart->blocks, pa);

	while (block && block->pa != pa)
		block = block->hash_next;
	return block ? block : make(hart, pa, code);
}

const uint8_t *iss_block_code(const struct iss_block *block, uint64_t pa)
{
	return block->page->host + pa % ISS_PAGE_SIZE;
}

bool iss_block_renew(struct iss_hart *hart, struct iss_block *block)
{
	for (unsigned i = 0; i < block->n; i++) {
		const struct iss_slot *slot = &block->slots[i];
		const uint8_t *code = block->page->host + slot->offset;
		const bool wide = slot->d.len == 4;

		if (is_wide(code) != wide || fetch(code, wide) != slot->d.bits) {
			drop_range(hart, block->page, block->slots[0].offset, end_offset(block));
			return false;
		}
	}
	block->epoch = hart->code_epoch;
	return true;
}
