/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bare-metal firmware: enumerates CXL below the host bridges of the device tree, reports it,
 * programs HDM decoders as the boot configuration says, and writes or checks a pattern through
 * them. It ends the run by the finisher; it starts nothing after itself.
 */
#include "arch.h"
#include "board.h"
#include "config.h"
#include "console.h"
#include "cxl.h"
#include "report.h"
#include "verify.h"

/* Everything that changes; lives on the stack of firmware_main. */
struct firmware {
	struct board board;
	struct console console;
	struct config config;
	struct cxl cxl;
	struct plan plan;
	struct verify verify;
};

void firmware_main(uint64_t hart, const void *blob);
void firmware_trap(uint64_t cause, uint64_t pc, uint64_t value, struct firmware *fw);

static _Noreturn void finish(struct firmware *fw, bool success)
{
	if (!success)
		say(&fw->console, "FAILED\n");
	board_finish(&fw->board, success ? 0 : 1);
}

static _Noreturn void give_up(struct firmware *fw, const char *what)
{
	say(&fw->console, "error: %s\n", what);
	finish(fw, false);
}

/* Called from crt0.S for a trap outside guarded accesses; fw is NULL before the tree is read. */
void firmware_trap(uint64_t cause, uint64_t pc, uint64_t value, struct firmware *fw)
{
	struct board early;
	const struct board *board = fw ? &fw->board : &early;
	struct console console;

	board_default(&early);
	console = (struct console){ .uart = board->uart };
	say(&console, "\nerror: unexpected trap, cause %lu, pc 0x%lx, value 0x%lx\nFAILED\n", cause,
	    pc, value);
	board_finish(board, 1);
}

static void read_board(struct firmware *fw, uint64_t hart, const void *blob)
{
	struct dt tree;
	const bool valid = dt_open(&tree, blob, DT_MAX_SIZE);

	board_default(&fw->board);
	if (valid)
		board_read(&fw->board, &tree);
	fw->console = (struct console){ .uart = fw->board.uart };
	say(&fw->console, "vcxl firmware\n");
	if (!valid)
		give_up(fw, "no valid device tree");
	say(&fw->console, "hart %lu of %u, RAM 0x%lx + %lu MiB\n", hart, fw->board.harts,
	    fw->board.ram_base, fw->board.ram_size >> 20);
	if (fw->board.error)
		give_up(fw, fw->board.error);
	if (!config_parse(fw->board.boot_config ? fw->board.boot_config : "", &fw->config))
		give_up(fw, fw->config.error);
	if (!fw->board.n_bridges)
		give_up(fw, "no CXL host bridge in the device tree");
}

/* Regions as the configuration words them, to regions of the planner. */
static void configured_regions(struct firmware *fw)
{
	const struct plan_topology *t = &fw->cxl.topology;
	uint64_t end[PLAN_MAX_WINDOWS] = { 0 }; /* by window: offset behind the last region */

	for (unsigned i = 0; i < fw->config.n_regions; i++) {
		const struct config_region *from = &fw->config.regions[i];
		struct plan_region *to = &fw->plan.regions[i];
		uint64_t offset = from->offset;

		*to = (struct plan_region){ .window = from->window,
					    .size = from->size,
					    .granularity = from->granularity,
					    .ways = from->n_targets };
		if (from->window < t->n_windows) {
			if (!from->has_offset)
				offset = end[from->window];
			end[from->window] = offset + from->size;
			/* past the end of 64 bits: below the window, which is refused */
			to->base = t->windows[from->window].base + offset;
		}
		for (unsigned k = 0; k < from->n_targets; k++) {
			const struct config_target *target = &from->targets[k];

			to->targets[k] = plan_find(t, target->path, target->length);
			if (to->targets[k] >= 0)
				continue;
			say(&fw->console, "region %u: there is no memory device %.*s\n", i,
			    (unsigned)target->length, target->path);
			give_up(fw, "boot configuration names an unknown target");
		}
	}
	fw->plan.n_regions = fw->config.n_regions;
}

static void default_regions(struct firmware *fw)
{
	const char *reasons[PLAN_MAX_WINDOWS];

	plan_default_regions(&fw->cxl.topology, &fw->plan, reasons);
	for (unsigned i = 0; i < fw->cxl.topology.n_windows; i++)
		if (reasons[i])
			say(&fw->console, "window %u: no region: %s\n", i, reasons[i]);
}

static void make_plan(struct firmware *fw)
{
	if (fw->config.n_regions)
		configured_regions(fw);
	else
		default_regions(fw);
	if (!plan_make(&fw->cxl.topology, &fw->plan))
		give_up(fw, fw->plan.error);
	if (!fw->plan.n_regions)
		give_up(fw, fw->cxl.topology.n_windows
				    ? "no region can be made"
				    : "no fixed memory window in the device tree");
	report_decoders(&fw->console, &fw->cxl, &fw->plan);
}

static void commit_plan(struct firmware *fw)
{
	if (!hdm_commit(&fw->cxl, fw->plan.decoders, fw->plan.n_decoders))
		give_up(fw, fw->cxl.error);
}

static void write_all(struct firmware *fw)
{
	for (unsigned i = 0; i < fw->plan.n_regions; i++)
		verify_write(&fw->verify, i);
}

/* Checks all regions, reports each; views too when asked for. */
static bool check_all(struct firmware *fw, bool views)
{
	bool held[PLAN_MAX_REGIONS], all = true;

	for (unsigned i = 0; i < fw->plan.n_regions; i++)
		held[i] = verify_check(&fw->verify, i);
	for (unsigned i = 0; views && i < fw->plan.n_regions; i++) {
		held[i] &= verify_views(&fw->verify, i);
		if (fw->cxl.error[0])
			give_up(fw, fw->cxl.error);
	}
	if (views) {
		if (!hdm_reset_all(&fw->cxl))
			give_up(fw, fw->cxl.error);
		commit_plan(fw);
		/* the restored decoders show the same again */
		for (unsigned i = 0; i < fw->plan.n_regions; i++)
			held[i] &= verify_check(&fw->verify, i);
	}
	for (unsigned i = 0; i < fw->plan.n_regions; i++) {
		report_region(&fw->console, &fw->cxl, &fw->plan, i);
		say(&fw->console, ": %s\n", held[i] ? "held" : "NOT HELD");
		all &= held[i];
	}
	return all;
}

static void run_action(struct firmware *fw)
{
	const enum config_action action = fw->config.action;
	bool good;

	if (action != ACTION_CHECK)
		write_all(fw);
	if (action == ACTION_WRITE || action == ACTION_HOLD) {
		good = fw->verify.n_mismatches == 0;
		for (unsigned i = 0; i < fw->plan.n_regions; i++) {
			report_region(&fw->console, &fw->cxl, &fw->plan, i);
			say(&fw->console, ": %s\n", good ? "written" : "NOT WRITTEN");
		}
	} else {
		good = check_all(fw, action == ACTION_TEST);
	}
	say(&fw->console, "%u words written, %u read\n", fw->verify.writes, fw->verify.reads);
	good &= fw->verify.n_mismatches == 0;
	if (!good)
		finish(fw, false);
	if (action == ACTION_HOLD) {
		say(&fw->console, "holding\n");
		for (;;)
			__asm__ volatile("wfi");
	}
	say(&fw->console, "all %s\n", action == ACTION_WRITE ? "written" : "held");
}

void firmware_main(uint64_t hart, const void *blob)
{
	struct firmware fw;

	read_board(&fw, hart, blob);
	__asm__ volatile("csrw sscratch, %0" ::"r"(&fw));
	cxl_discover(&fw.cxl, &fw.board);
	report_topology(&fw.console, &fw.cxl);
	if (fw.cxl.error[0])
		give_up(&fw, fw.cxl.error);
	if (!hdm_reset_all(&fw.cxl))
		give_up(&fw, fw.cxl.error);
	make_plan(&fw);
	commit_plan(&fw);
	hdm_enable_all(&fw.cxl);
	fw.verify = (struct verify){ .console = &fw.console,
				     .cxl = &fw.cxl,
				     .plan = &fw.plan,
				     .can_flush = verify_can_flush() };
	if (!fw.verify.can_flush)
		say(&fw.console, "cbo.flush is not available: stores are only fenced\n");
	run_action(&fw);
	finish(&fw, true);
}
