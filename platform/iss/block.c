/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of decoded blocks: making, finding and dropping them. RISC-V unprivileged ISA, chapter
 * "Zifencei", for what must be seen when: the hart's own stores drop what they change at once; a
 * FENCE.I starts an epoch, in which each block is compared with memory before it first runs. That
 * covers other harts and devices without being told. Pages with code are known by line of 64 bytes,
 * so that data beside code costs little, and by the host memory they lie in, of which an
 * interleaved page has several pieces: a store may reach it by another physical address.
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
#define HOME_BUCKETS 4096u
#define LINE         64u

/*
 * Decoding costs more than stepping where code does not stay: a page in which blocks were dropped
 * so many times within so many steps is stepped through for a while. Nothing but speed depends on
 * it.
 */
#define DROPS_MAX    32u
#define DROPS_WITHIN 65536u
#define REST         262144u

struct iss_code_page {
	uint64_t pa;
	uint64_t lines; /* bit per line that a block has been decoded from */
	struct iss_block *blocks;
	struct iss_code_page *next;
	uintptr_t granule[ISS_GRANULES]; /* host address of each */
	bool fine;                       /* they do not lie side by side */
	unsigned drops;
	uint64_t drops_since, rest_until; /* in hart->cycles */
};

/* A page with blocks has bytes in this host page. */
struct iss_home {
	uintptr_t number;
	struct iss_code_page *page;
	struct iss_home *next;
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
	blocks->home_bucket = calloc(HOME_BUCKETS, sizeof(struct iss_home *));
	blocks->arena = malloc(ARENA_BYTES);
	if (blocks->page_bucket && blocks->home_bucket && blocks->arena)
		return blocks;
	iss_blocks_destroy(blocks);
	return NULL;
}

void iss_blocks_destroy(struct iss_blocks *blocks)
{
	if (!blocks)
		return;
	free(blocks->page_bucket);
	free(blocks->home_bucket);
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
	memset(blocks->home_bucket, 0, HOME_BUCKETS * sizeof(struct iss_home *));
	memset(blocks->free, 0, sizeof(blocks->free));
	blocks->free_home = NULL;
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

/* Room for a block, its page and the page's homes, without dropping anything in between. */
static void make_room(struct iss_hart *hart)
{
	const size_t homes = 2 * ISS_GRANULES * (sizeof(struct iss_home) + 15);

	if (ARENA_BYTES - hart->blocks->used <
	    block_size(ISS_BLOCK_MAX) + sizeof(struct iss_code_page) + homes + 32)
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

/* The page of an entry of the fetch TLB, and where its granules are now. */
static struct iss_code_page *get_page(struct iss_hart *hart, const struct iss_tlb_entry *entry)
{
	const uintptr_t *granule = iss_tlb_granule(hart->fetch_tlb, entry->va & ISS_PAGE_MASK);
	struct iss_code_page *page = find_page(hart->blocks, entry->pa);
	uintptr_t host = entry->va & ISS_PAGE_MASK;

	if (!page) {
		struct iss_code_page **bucket = page_bucket(hart->blocks, entry->pa);

		page = take(hart->blocks, sizeof(*page));
		*page = (struct iss_code_page){ .pa = entry->pa & ISS_PAGE_MASK, .next = *bucket };
		*bucket = page;
	}
	if (page->blocks)
		return page;
	page->fine = entry->tag_fetch & ISS_TLB_GRANULE;
	for (unsigned i = 0; i < ISS_GRANULES; i++, host += ISS_GRANULE)
		page->granule[i] = host + (page->fine ? granule[i] : entry->addend);
	return page;
}

static bool resting(const struct iss_hart *hart, const struct iss_code_page *page)
{
	return page && hart->cycles < page->rest_until;
}

/* ---- homes ---- */

static struct iss_home **home_bucket(const struct iss_blocks *blocks, uintptr_t host)
{
	return &blocks->home_bucket[host / ISS_PAGE_SIZE % HOME_BUCKETS];
}

static void add_home(struct iss_blocks *blocks, struct iss_code_page *page, uintptr_t host)
{
	struct iss_home **bucket = home_bucket(blocks, host);
	struct iss_home *home = *bucket;

	while (home && (home->number != host / ISS_PAGE_SIZE || home->page != page))
		home = home->next;
	if (home)
		return;
	home = blocks->free_home;
	if (home)
		blocks->free_home = home->next;
	else
		home = take(blocks, sizeof(*home));
	*home = (struct iss_home){ host / ISS_PAGE_SIZE, page, *bucket };
	*bucket = home;
}

/* From the first block of a page until the last one is dropped stores to it are watched for. */
static void settle_in(struct iss_hart *hart, struct iss_code_page *page)
{
	uint64_t homes = 0;

	for (unsigned i = 0; i < ISS_GRANULES; i++) {
		homes |= iss_homes(page->granule[i], ISS_GRANULE);
		add_home(hart->blocks, page, page->granule[i]);
		add_home(hart->blocks, page, page->granule[i] + ISS_GRANULE - 1);
	}
	iss_tlb_protect(hart, homes);
}

static void remove_homes(struct iss_blocks *blocks, const struct iss_code_page *page,
			 uintptr_t host)
{
	struct iss_home **link = home_bucket(blocks, host);

	while (*link) {
		struct iss_home *home = *link;

		if (home->page != page) {
			link = &home->next;
			continue;
		}
		*link = home->next;
		home->next = blocks->free_home;
		blocks->free_home = home;
	}
}

static void move_out(struct iss_blocks *blocks, const struct iss_code_page *page)
{
	for (unsigned i = 0; i < ISS_GRANULES; i++) {
		remove_homes(blocks, page, page->granule[i]);
		remove_homes(blocks, page, page->granule[i] + ISS_GRANULE - 1);
	}
}

/* Contiguous on the host. */
static unsigned piece_size(const struct iss_code_page *page)
{
	return page->fine ? ISS_GRANULE : ISS_PAGE_SIZE;
}

static bool lies_in(const struct iss_code_page *page, uintptr_t host, uint64_t size)
{
	const unsigned piece = piece_size(page);

	for (unsigned at = 0; at < ISS_PAGE_SIZE; at += piece)
		if (iss_overlap(page->granule[at / ISS_GRANULE], piece, host, size))
			return true;
	return false;
}

bool iss_blocks_at(const struct iss_hart *hart, uintptr_t host, uint64_t size)
{
	const uintptr_t last = (host + size - 1) / ISS_PAGE_SIZE;

	if (!hart->blocks)
		return false;
	for (uintptr_t number = host / ISS_PAGE_SIZE; number <= last; number++) {
		const struct iss_home *home = *home_bucket(hart->blocks, number * ISS_PAGE_SIZE);

		for (; home; home = home->next)
			if (home->number == number && lies_in(home->page, host, size))
				return true;
	}
	return false;
}

/* ---- dropping ---- */

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

/* Drops the blocks of a page that overlap the bytes first..end-1 of it; true: there were any. */
static bool drop_range(struct iss_hart *hart, struct iss_code_page *page, unsigned first,
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
		return false;
	for (struct iss_block *block = page->blocks; block; block = block->page_next)
		block->next[0] = block->next[1] = NULL;
	if (!page->blocks)
		move_out(hart->blocks, page);
	hart->leave_block = true;
	return true;
}

/* The same because the bytes have changed. */
static void drop_changed(struct iss_hart *hart, struct iss_code_page *page, unsigned first,
			 unsigned end)
{
	if (!drop_range(hart, page, first, end))
		return;
	if (hart->cycles - page->drops_since > DROPS_WITHIN) {
		page->drops_since = hart->cycles;
		page->drops = 0;
	}
	if (++page->drops < DROPS_MAX)
		return;
	page->drops = 0;
	page->rest_until = hart->cycles + REST;
	drop_range(hart, page, 0, ISS_PAGE_SIZE);
}

/* False: the bytes at host are not in the page. They may be there in more than one piece. */
static bool written_in(struct iss_hart *hart, struct iss_code_page *page, uintptr_t host,
		       uint64_t size)
{
	const unsigned piece = piece_size(page);
	bool any = false;

	for (unsigned at = 0; at < ISS_PAGE_SIZE; at += piece) {
		const uintptr_t from = page->granule[at / ISS_GRANULE];
		unsigned first, end;

		if (!iss_overlap(from, piece, host, size))
			continue;
		any = true;
		first = at + (unsigned)(host > from ? host - from : 0);
		end = at + (unsigned)(host + size - from < piece ? host + size - from : piece);
		if (page->lines & lines_of(first, end))
			drop_changed(hart, page, first, end);
	}
	return any;
}

/* Dropping the last block of a page takes it from the list: true, begin anew. */
static bool written_once(struct iss_hart *hart, uintptr_t number, uintptr_t host, uint64_t size,
			 bool *any)
{
	const struct iss_home *home = *home_bucket(hart->blocks, number * ISS_PAGE_SIZE);

	for (; home; home = home->next) {
		struct iss_code_page *page = home->page;

		if (home->number != number)
			continue;
		*any |= written_in(hart, page, host, size);
		if (!page->blocks)
			return true;
	}
	return false;
}

bool iss_blocks_written_host(struct iss_hart *hart, uintptr_t host, uint64_t size)
{
	const uintptr_t last = (host + size - 1) / ISS_PAGE_SIZE;
	bool any = false;

	for (uintptr_t number = host / ISS_PAGE_SIZE; number <= last; number++)
		while (written_once(hart, number, host, size, &any))
			;
	return any;
}

void iss_blocks_written(struct iss_hart *hart, uint64_t pa, uint64_t size)
{
	while (size) {
		const unsigned first = (unsigned)(pa % ISS_GRANULE);
		const uint64_t in_granule = ISS_GRANULE - first;
		const uint64_t len = size < in_granule ? size : in_granule;
		const struct iss_code_page *page = find_page(hart->blocks, pa);

		if (page && page->lines)
			iss_blocks_written_host(
				hart, page->granule[pa % ISS_PAGE_SIZE / ISS_GRANULE] + first, len);
		pa += len;
		size -= len;
	}
}

/* A set is withdrawn as a whole, like its pages in the TLB. */
void iss_blocks_withdraw(struct iss_hart *hart, uint64_t pa, uint64_t size)
{
	if (!hart->blocks)
		return;
	for (unsigned i = 0; i < PAGE_BUCKETS; i++) {
		struct iss_code_page *page = hart->blocks->page_bucket[i];

		for (; page; page = page->next) {
			if (!page->fine && !iss_overlap(page->pa, ISS_PAGE_SIZE, pa, size))
				continue;
			drop_range(hart, page, 0, ISS_PAGE_SIZE);
			page->drops_since = page->rest_until = 0;
		}
	}
}

/* ---- decoding ---- */

static uint32_t half_at(const struct iss_code_page *page, unsigned offset)
{
	const uintptr_t granule = page->granule[offset / ISS_GRANULE];

	return (uint32_t)iss_host_load((const uint8_t *)granule + offset % ISS_GRANULE, 2);
}

/* The instruction at an offset in the page; false: it does not end there. */
static bool fetch(const struct iss_code_page *page, unsigned offset, uint32_t *bits)
{
	*bits = half_at(page, offset);
	if ((*bits & 3) != 3)
		return true;
	if (offset + 4 > ISS_PAGE_SIZE)
		return false;
	*bits |= half_at(page, offset + 2) << 16;
	return true;
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

static unsigned handler_of(const struct iss_decoded *d, const struct iss_decoded *next)
{
	if (!iss_is_pair(d, next))
		return d->op;
	return d->op == ISS_OP_ld ? ISS_HANDLER_PAIR_LD : ISS_HANDLER_PAIR_SD;
}

/* Fills slots with the instructions from an offset in the page on; returns their number. */
static unsigned decode(const struct iss_blocks *blocks, const struct iss_code_page *page,
		       unsigned offset, struct iss_slot slots[ISS_BLOCK_MAX + 1])
{
	unsigned n = 0;
	bool ended = false;
	uint32_t bits;

	while (!ended && n < ISS_BLOCK_MAX && offset < ISS_PAGE_SIZE &&
	       fetch(page, offset, &bits)) {
		struct iss_slot *slot = &slots[n];

		iss_decode(bits, &slot->d);
		if (is_relative(&slot->d))
			slot->d.imm += (int32_t)offset;
		slot->offset = (uint16_t)offset;
		ended = ends_block(forms[slot->d.op]);
		offset += slot->d.len;
		n++;
	}
	slots[n] = (struct iss_slot){ .handler = blocks->handlers[ISS_HANDLER_END],
				      .offset = (uint16_t)offset };
	for (unsigned i = 0; i < n; i++) {
		slots[i].handler = blocks->handlers[handler_of(&slots[i].d, &slots[i + 1].d)];
		slots[i].left = (uint16_t)(n - 1 - i);
	}
	return n;
}

static struct iss_block *make(struct iss_hart *hart, uint64_t pa, struct iss_code_page *page)
{
	struct iss_slot slots[ISS_BLOCK_MAX + 1];
	struct iss_block **bucket = iss_block_bucket(hart->blocks, pa);
	const unsigned offset = (unsigned)(pa % ISS_PAGE_SIZE);
	const unsigned n = decode(hart->blocks, page, offset, slots);
	struct iss_block *block;

	if (n == 0)
		return NULL;
	if (!page->blocks)
		settle_in(hart, page);
	block = new_block(hart->blocks, n);
	block->pa = pa;
	block->epoch = hart->code_epoch;
	memcpy(block->slots, slots, (n + 1) * sizeof(slots[0]));
	block->page = page;
	page->lines |= lines_of(offset, end_offset(block));
	block->page_next = page->blocks;
	page->blocks = block;
	block->hash_next = *bucket;
	*bucket = block;
	return block;
}

struct iss_block *iss_block_get(struct iss_hart *hart, uint64_t va, uint64_t *steps)
{
	const struct iss_tlb_entry *entry = iss_tlb_slot(hart->fetch_tlb, va);
	const uint64_t pa = (entry->pa & ISS_PAGE_MASK) | va % ISS_PAGE_SIZE;
	struct iss_block *block = *iss_block_bucket(hart->blocks, pa);
	const struct iss_code_page *page;

	while (block && block->pa != pa)
		block = block->hash_next;
	if (block)
		return block;
	page = find_page(hart->blocks, pa);
	if (resting(hart, page)) {
		*steps = page->rest_until - hart->cycles;
		return NULL;
	}
	make_room(hart);
	*steps = 1;
	return make(hart, pa, get_page(hart, entry));
}

bool iss_block_renew(struct iss_hart *hart, struct iss_block *block)
{
	for (unsigned i = 0; i < block->n; i++) {
		const struct iss_slot *slot = &block->slots[i];
		uint32_t bits;

		if (!fetch(block->page, slot->offset, &bits) || bits != slot->d.bits) {
			drop_changed(hart, block->page, block->slots[0].offset, end_offset(block));
			return false;
		}
	}
	block->epoch = hart->code_epoch;
	return true;
}
