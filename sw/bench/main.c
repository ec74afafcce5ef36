/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Benchmark guest: programs HDM decoders with the firmware's own parts, then runs the same loops on
 * RAM and on each region. The second region is dynamic capacity of the device of the first: the
 * guest says that it waits, and accepts what it is offered until the region is full. Host time is
 * not the guest's to know: each loop is announced by a line before and after, for whoever holds the
 * clock.
 */
#include "arch.h"
#include "board.h"
#include "config.h"
#include "console.h"
#include "cxl.h"
#include "dcd_log.h"

enum {
	STREAM_BYTES = 1024 * 1024,
	STREAM_AT = 2 * 1024 * 1024 - STREAM_BYTES / 2, /* over the border of two extents */
	CHASE_BYTES = 32 * 1024,
	CHASE_STEP = 64,
	PAGES_STEP = 64 * 1024 + 64, /* not the same set of the host's cache */
	PAGES_BYTES = 1024 * 1024 * 1024,
	PAGES_LOADS = 3 * 1000 * 1000,
	MAX_CYCLE = PAGES_BYTES / PAGES_STEP,
	DYNAMIC = 1, /* the region of dynamic capacity, when there is one */
	MAX_REGIONS = 2,
	CODE_TURN = 64 * 12 - 32 /* about: the branch is taken half the time */
};

static const char *const names[MAX_REGIONS] = { "cxl", "dynamic" };

struct bench {
	struct board board;
	struct console console;
	struct config config;
	struct cxl cxl;
	struct plan plan;
	uint64_t pages_bytes; /* what the cycle over pages lies in */
};

typedef uint64_t loop(uint64_t *at, uint64_t amount, uint64_t times);
loop loop_read, loop_copy, loop_chase, loop_code;
extern const char loop_code_end[];

void firmware_main(uint64_t hart, const void *blob);
void firmware_trap(uint64_t cause, uint64_t pc, uint64_t value, struct bench *b);

static _Noreturn void give_up(const struct bench *b, const char *what)
{
	struct console console = b->console;

	say(&console, "error: %s\n", what);
	board_finish(&b->board, 1);
}

void firmware_trap(uint64_t cause, uint64_t pc, uint64_t value, struct bench *b)
{
	say(&b->console, "trap %lu at 0x%lx, value 0x%lx\n", cause, pc, value);
	board_finish(&b->board, 1);
}

/* The regions that the boot configuration asks for. */
static void make_regions(struct bench *b)
{
	const struct plan_topology *t = &b->cxl.topology;

	if (!b->config.n_regions || b->config.n_regions > MAX_REGIONS)
		give_up(b, "the boot configuration is to have one region or two");
	if (b->config.n_regions > DYNAMIC && !dcd_find(&b->cxl))
		give_up(b, "there is no dynamic capacity");
	for (unsigned i = 0; i < b->config.n_regions; i++) {
		const struct config_region *from = &b->config.regions[i];
		struct plan_region *to = &b->plan.regions[i];

		if (from->window >= t->n_windows)
			give_up(b, "a region is in no window");
		*to = (struct plan_region){ .window = from->window,
					    .base = t->windows[from->window].base + from->offset,
					    .size = from->size,
					    .granularity = from->granularity,
					    .ways = from->n_targets,
					    .dynamic = i == DYNAMIC };
		for (unsigned k = 0; k < from->n_targets; k++)
			to->targets[k] =
				plan_find(t, from->targets[k].path, from->targets[k].length);
		if (b->pages_bytes > from->size)
			b->pages_bytes = from->size;
	}
	b->plan.n_regions = b->config.n_regions;
	if (!hdm_reset_all(&b->cxl) || !plan_make(t, &b->plan) ||
	    !hdm_commit(&b->cxl, b->plan.decoders, b->plan.n_decoders, false))
		give_up(b, b->plan.error[0] ? b->plan.error : b->cxl.error);
	hdm_enable_all(&b->cxl);
}

/* Accepts offers, each of one extent, until they fill the region. */
static void accept_all(struct bench *b, const struct plan_region *region)
{
	struct dcd_record records[DCD_MAX_RECORDS];
	uint64_t left = region->size;
	bool missing = false;

	say(&b->console, "waiting\n");
	while (left) {
		const int n = dcd_take_records(&b->cxl, region->targets[0], records, &missing);

		if (n < 0 || missing)
			give_up(b, "events are missing");
		for (int i = 0; i < n; i++) {
			if (records[i].type != DCD_ADD || records[i].flags & DCD_MORE)
				give_up(b, "an event is no offer of one extent");
			if (!dcd_respond(&b->cxl, region->targets[0], DCD_OP_ADD_RESPONSE,
					 &records[i].range, 1))
				give_up(b, "an answer is refused");
			left -= records[i].range.len;
		}
	}
}

/* Every `step` bytes a pointer to the next of a fixed random cycle. Returns where it begins. */
static uint64_t *make_cycle(uint64_t at, unsigned n, uint64_t step)
{
	uint16_t order[MAX_CYCLE];
	uint64_t state = 88172645463325252;

	for (unsigned i = 0; i < n; i++)
		order[i] = (uint16_t)i;
	for (unsigned i = n; i-- > 1;) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		const unsigned other = (unsigned)(state % (i + 1));
		const uint16_t was = order[i];

		order[i] = order[other];
		order[other] = was;
	}
	for (unsigned i = 0; i < n; i++)
		*(uint64_t *)(at + order[i] * step) = at + order[(i + 1) % n] * step;
	return (uint64_t *)(at + order[0] * step);
}

/* units: bytes, loads or instructions in all. */
static void timed(struct bench *b, const char *name, const char *memory, loop *run, uint64_t *at,
		  uint64_t amount, uint64_t times, uint64_t units)
{
	uint64_t result;

	run(at, amount, 1); /* warm */
	say(&b->console, "begin %s %s %lu\n", name, memory, units * times);
	result = run(at, amount, times);
	say(&b->console, "end %s %s 0x%lx\n", name, memory,
	    run == loop_chase ? result - (uint64_t)at : result);
}

static loop *copy_code(uint64_t at)
{
	const uint64_t *from = (const uint64_t *)(uintptr_t)loop_code;

	for (uint64_t i = 0; i < ((uint64_t)loop_code_end - (uint64_t)from + 7) / 8; i++)
		((uint64_t *)at)[i] = from[i];
	__asm__ volatile("fence.i" ::: "memory");
	return (loop *)(uintptr_t)at;
}

static void run_all(struct bench *b, const char *memory, uint64_t base)
{
	const unsigned pages = (unsigned)(b->pages_bytes / PAGES_STEP) & ~7u;
	const uint64_t at = base + STREAM_AT;

	for (uint64_t i = 0; i < STREAM_BYTES / 8; i++)
		((uint64_t *)at)[i] = i * 0x9e3779b97f4a7c15;
	timed(b, "read", memory, loop_read, (uint64_t *)at, STREAM_BYTES, 3000, STREAM_BYTES);
	timed(b, "copy", memory, loop_copy, (uint64_t *)at, STREAM_BYTES, 4500, STREAM_BYTES);
	timed(b, "chase", memory, loop_chase, make_cycle(at, CHASE_BYTES / CHASE_STEP, CHASE_STEP),
	      CHASE_BYTES / CHASE_STEP, 80000, CHASE_BYTES / CHASE_STEP);
	timed(b, "code", memory, copy_code(at), NULL, 0, 160000, CODE_TURN);
	timed(b, "pages", memory, loop_chase, make_cycle(base, pages, PAGES_STEP), pages,
	      PAGES_LOADS / pages, pages);
}

void firmware_main(uint64_t hart, const void *blob)
{
	struct bench b;
	struct dt tree;
	const uint64_t ram_offset = 32 * 1024 * 1024; /* behind the program */

	(void)hart;
	board_default(&b.board);
	if (dt_open(&tree, blob, DT_MAX_SIZE))
		board_read(&b.board, &tree);
	b.console = (struct console){ .uart = b.board.uart };
	__asm__ volatile("csrw sscratch, %0" ::"r"(&b));
	if (!config_parse(b.board.boot_config ? b.board.boot_config : "", &b.config))
		give_up(&b, b.config.error);
	cxl_discover(&b.cxl, &b.board);
	if (b.cxl.error[0])
		give_up(&b, b.cxl.error);
	b.pages_bytes = b.board.ram_size - ram_offset;
	if (b.pages_bytes > PAGES_BYTES)
		b.pages_bytes = PAGES_BYTES;
	make_regions(&b);
	if (b.plan.n_regions > DYNAMIC)
		accept_all(&b, &b.plan.regions[DYNAMIC]);
	for (unsigned round = 0; round < 3; round++) {
		run_all(&b, "dram", b.board.ram_base + ram_offset);
		for (unsigned i = 0; i < b.plan.n_regions; i++)
			run_all(&b, names[i], b.plan.regions[i].base);
	}
	board_finish(&b.board, 0);
}
