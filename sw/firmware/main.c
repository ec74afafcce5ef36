/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bare-metal firmware: enumerates CXL below the host bridges of the device tree and programs
 * HDM decoders as the boot configuration says. Then it starts what the tree names as the next
 * stage, as a BIOS does; or it writes or checks a pattern and ends the run by the finisher; or it
 * is a host of dynamic capacity until the run ends.
 */
#include "arch.h"
#include "board.h"
#include "config.h"
#include "console.h"
#include "cxl.h"
#include "dcd.h"
#include "report.h"
#include "verify.h"

/* Everything that changes; lives on the stack of firmware_main. */
struct firmware {
	struct dt tree;
	struct board board;
	struct console console;
	struct config config;
	struct cxl cxl;
	struct plan plan;
	struct verify verify;
	struct dcd dcd;
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
	const bool valid = dt_open(&fw->tree, blob, DT_MAX_SIZE);

	board_default(&fw->board);
	if (valid)
		board_read(&fw->board, &fw->tree);
	fw->console = (struct console){ .uart = fw->board.uart };
	say(&fw->console, "vcxl firmware\n");
	if (!valid)
		give_up(fw, "no valid device tree");
	say(&fw->console, "hart %lu of %u, RAM 0x%lx + %lu MiB\n", hart, fw->board.harts,
	    fw->board.ram_base, fw->board.ram_size >> 20);
	if (!config_parse(fw->board.boot_config ? fw->board.boot_config : "", &fw->config))
		give_up(fw, fw->config.error);
}

static bool booting(const struct firmware *fw)
{
	return fw->config.action == ACTION_BOOT;
}

/* The regions are of dynamic capacity. */
static bool dynamic(const struct firmware *fw)
{
	return fw->config.action == ACTION_DCD;
}

static void choose_action(struct firmware *fw)
{
	const struct board *b = &fw->board;

	if (fw->config.action == ACTION_DEFAULT)
		fw->config.action = b->next_stage ? ACTION_BOOT : ACTION_TEST;
	if (!booting(fw))
		return;
	if (!b->next_stage)
		give_up(fw, "boot configuration: action boot, but nothing follows the firmware");
	if (b->next_stage < b->ram_base || b->next_stage - b->ram_base >= b->ram_size)
		give_up(fw, "what follows the firmware lies outside RAM");
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
					    .ways = from->n_targets,
					    .lock = from->lock,
					    .dynamic = dynamic(fw) };
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

	plan_default_regions(&fw->cxl.topology, booting(fw) ? PLAN_FOR_LINUX : PLAN_FOR_TEST,
			     &fw->plan, reasons);
	for (unsigned i = 0; i < fw->cxl.topology.n_windows; i++)
		if (reasons[i])
			say(&fw->console, "window %u: no region: %s\n", i, reasons[i]);
}

static void make_plan(struct firmware *fw)
{
	if (fw->config.n_regions)
		configured_regions(fw);
	else if (dynamic(fw))
		plan_dynamic_regions(&fw->cxl.topology, &fw->plan);
	else
		default_regions(fw);
	if (!plan_make(&fw->cxl.topology, &fw->plan))
		give_up(fw, fw->plan.error);
	for (unsigned i = 0; booting(fw) && i < fw->plan.n_regions; i++) {
		const char *objection = plan_linux_objection(&fw->cxl.topology, &fw->plan, i);

		if (objection)
			say(&fw->console, "region %u: Linux will not assemble it: %s\n", i,
			    objection);
	}
	if (!booting(fw))
		report_decoders(&fw->console, &fw->cxl, &fw->plan);
}

static bool commit_plan(struct firmware *fw, bool may_lock)
{
	return hdm_commit(&fw->cxl, fw->plan.decoders, fw->plan.n_decoders, may_lock);
}

/* Discovers and commits. NULL, or what is wrong with the machine: a test ends with it, a boot goes
 * on without regions. What is wrong with the configuration ends either. */
static const char *set_up(struct firmware *fw)
{
	fw->plan.n_regions = 0;
	if (fw->board.error)
		return fw->board.error;
	if (!fw->board.n_bridges)
		return "no CXL host bridge in the device tree";
	cxl_discover(&fw->cxl, &fw->board);
	if (booting(fw))
		report_unusable(&fw->console, &fw->cxl);
	else
		report_topology(&fw->console, &fw->cxl);
	if (!fw->cxl.error[0])
		hdm_reset_all(&fw->cxl);
	hdm_enable_all(&fw->cxl);
	if (fw->cxl.error[0])
		return fw->cxl.error;
	if (dynamic(fw) && !dcd_find(&fw->cxl))
		return "no memory device has dynamic capacity";
	make_plan(fw);
	if (!fw->cxl.topology.n_windows)
		return "no fixed memory window in the device tree";
	if (!fw->plan.n_regions && !booting(fw))
		return dynamic(fw) ? "no window of one way reaches dynamic capacity"
				   : "no region can be made";
	/* the test commits other decoders in between */
	if (commit_plan(fw, fw->config.action != ACTION_TEST))
		return NULL;
	fw->plan.n_regions = 0;
	hdm_reset_all(&fw->cxl);
	return fw->cxl.error;
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
		if (!hdm_reset_all(&fw->cxl) || !commit_plan(fw, true))
			give_up(fw, fw->cxl.error);
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

static _Noreturn void share_memory(struct firmware *fw, uint64_t hart)
{
	for (unsigned i = 0; i < fw->plan.n_regions; i++) {
		report_region(&fw->console, &fw->cxl, &fw->plan, i);
		say(&fw->console, ": for dynamic capacity\n");
	}
	fw->dcd.console = &fw->console;
	fw->dcd.cxl = &fw->cxl;
	fw->dcd.plan = &fw->plan;
	fw->dcd.tree = &fw->tree;
	fw->dcd.hart = hart;
	give_up(fw, dcd_run(&fw->dcd));
}

static _Noreturn void boot(struct firmware *fw, uint64_t hart, const void *blob)
{
	for (unsigned i = 0; i < fw->plan.n_regions; i++) {
		report_region(&fw->console, &fw->cxl, &fw->plan, i);
		say(&fw->console, ": %s\n", fw->plan.regions[i].lock ? "locked" : "committed");
	}
	if (fw->board.n_bridges && !fw->board.error)
		pci_clear_errors(&fw->cxl.pci);
	say(&fw->console, "starting 0x%lx\n", fw->board.next_stage);
	start_next(hart, blob, fw->board.next_stage);
}

void firmware_main(uint64_t hart, const void *blob)
{
	struct firmware fw;
	const char *problem;

	read_board(&fw, hart, blob);
	choose_action(&fw);
	__asm__ volatile("csrw sscratch, %0" ::"r"(&fw));
	problem = set_up(&fw);
	if (problem && !booting(&fw))
		give_up(&fw, problem);
	if (problem)
		say(&fw.console, "no region: %s\n", problem);
	if (booting(&fw))
		boot(&fw, hart, blob);
	if (dynamic(&fw))
		share_memory(&fw, hart);
	fw.verify = (struct verify){ .console = &fw.console,
				     .cxl = &fw.cxl,
				     .plan = &fw.plan,
				     .can_flush = verify_can_flush() };
	if (!fw.verify.can_flush)
		say(&fw.console, "cbo.flush is not available: stores are only fenced\n");
	run_action(&fw);
	finish(&fw, true);
}
