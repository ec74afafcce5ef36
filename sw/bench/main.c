/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Benchmark guest: programs HDM decoders with the firmware's own parts, then runs the same loops on
 * RAM and on the first region. Host time is not the guest's to know: each loop is announced by a
 * line before and after, for whoever holds the clock.
 */
#include "arch.h"
#include "board.h"
#include "config.h"
#include "console.h"
#include "cxl.h"

enum {
	STREAM_BYTES = 1024 * 1024,
	CHASE_BYTES = 32 * 1024,
	CHASE_STEP = 64,
	CODE_TURN = 64 * 12 - 32 /* about: the branch is taken half the time */
};

struct bench {
	struct board board;
	struct console console;
	struct config config;
	struct cxl cxl;
	struct plan plan;
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

/* The one region that the boot configuration asks for; its address. */
static uint64_t make_region(struct bench *b)
{
	const struct config_region *from = &b->config.regions[0];
	struct plan_region *to = &b->plan.regions[0];
	const struct plan_topology *t = &b->cxl.topology;

	if (b->config.n_regions != 1 || from->window >= t->n_windows)
		give_up(b, "the boot configuration is to have one region in a window");
	*to = (struct plan_region){ .base = t->windows[from->window].base + from->offset,
				    .size = from->size,
				    .granularity = from->granularity,
				    .ways = from->n_targets };
	for (unsigned k = 0; k < from->n_targets; k++)
		to->targets[k] = plan_find(t, from->targets[k].path, from->targets[k].length);
	b->plan.n_regions = 1;
	if (!hdm_reset_all(&b->cxl) || !plan_make(t, &b->plan) ||
	    !hdm_commit(&b->cxl, b->plan.decoders, b->plan.n_decoders, false))
		give_up(b, b->plan.error[0] ? b->plan.error : b->cxl.error);
	hdm_enable_all(&b->cxl);
	return to->base;
}

/* Every CHASE_STEP bytes a pointer to the next of a fixed random cycle. Returns where it begins. */
static uint64_t *make_cycle(uint64_t at)
{
	uint16_t order[CHASE_BYTES / CHASE_STEP];
	const unsigned n = sizeof(order) / sizeof(order[0]);
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
		*(uint64_t *)(at + (uint64_t)order[i] * CHASE_STEP) =
			at + (uint64_t)order[(i + 1) % n] * CHASE_STEP;
	return (uint64_t *)(at + (uint64_t)order[0] * CHASE_STEP);
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

static void run_all(struct bench *b, const char *memory, uint64_t at)
{
	for (uint64_t i = 0; i < STREAM_BYTES / 8; i++)
		((uint64_t *)at)[i] = i * 0x9e3779b97f4a7c15;
	timed(b, "read", memory, loop_read, (uint64_t *)at, STREAM_BYTES, 3000, STREAM_BYTES);
	timed(b, "copy", memory, loop_copy, (uint64_t *)at, STREAM_BYTES, 4500, STREAM_BYTES);
	timed(b, "chase", memory, loop_chase, make_cycle(at), CHASE_BYTES / CHASE_STEP, 80000,
	      CHASE_BYTES / CHASE_STEP);
	timed(b, "code", memory, copy_code(at), NULL, 0, 160000, CODE_TURN);
}

void firmware_main(uint64_t hart, const void *blob)
{
	struct bench b;
	struct dt tree;
	uint64_t region;

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
	region = make_region(&b);
	for (unsigned round = 0; round < 3; round++) {
		run_all(&b, "dram", b.board.ram_base + 32 * 1024 * 1024);
		run_all(&b, "cxl", region);
	}
	board_finish(&b.board, 0);
}
