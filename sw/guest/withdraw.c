/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CXL memory that goes away while it is in use. M-mode program without firmware: makes one region
 * of all memory devices below window 0, runs from it and accesses it, and takes it away by one
 * store: the very next fetch, load, store or AMO has to trap, exactly there. Then commits it
 * elsewhere: the next access has to see the bytes that lie there, code included. No fence.i: the
 * decoders change, not the bytes.
 */
#include "arch.h"
#include "board.h"
#include "console.h"
#include "cxl.h"

enum {
	CAUSE_FETCH_ACCESS = 1,
	CAUSE_LOAD_ACCESS = 5,
	CAUSE_STORE_ACCESS = 7,
	CODE_AT = 0x10000, /* in the region */
	DATA_AT = 0x40,    /* behind the code, in the same granule */
	INSN_LI_A0 = 0x00000513,
	WARM = 3,

	HDM_GLOBAL = 0x04,
	HDM_CONTROL0 = 0x20,
	HDM_OFF = 0,
	DVSEC_CONTROL = 0x0c
};
#define UNIT 0x10000000ull /* of decoder sizes and skips */

typedef uint64_t strike(uint64_t reg, uint64_t value, uint64_t probe);
strike strike_load, strike_store, strike_amo;
extern const char strike_load_access[], strike_store_access[], strike_amo_access[];
extern const uint64_t strike_fetch[], strike_fetch_end[];

static struct board board;
static struct console console;
static struct cxl cxl;
static struct plan here, skipped, swapped;
static uint32_t scratch;
static unsigned passed;

/* the trap that a strike met; resume_at: where it shall not return from, but go on */
static struct {
	bool expected;
	unsigned count;
	uint64_t cause, pc, value;
	const struct plan *resume;
} seen;

uint64_t withdraw_trap(uint64_t cause, uint64_t pc, uint64_t value);
void withdraw_main(uint64_t hart, const void *tree);

static _Noreturn void give_up(const char *event, const char *what)
{
	say(&console, "FAILED: %s: %s: %u traps, cause %lu, pc 0x%lx, value 0x%lx\n", event, what,
	    seen.count, seen.cause, seen.pc, seen.value);
	board_finish(&board, 1);
}

/* Switches all decoders off and programs them anew; touches registers only. */
static void program(const struct plan *plan)
{
	if (!hdm_reset_all(&cxl) || !hdm_commit(&cxl, plan->decoders, plan->n_decoders, false))
		give_up("decoders", cxl.error);
	hdm_enable_all(&cxl);
}

uint64_t withdraw_trap(uint64_t cause, uint64_t pc, uint64_t value)
{
	seen.count++;
	seen.cause = cause;
	seen.pc = pc;
	seen.value = value;
	if (!seen.expected)
		give_up("anywhere", "unexpected trap");
	if (!seen.resume)
		return 0;
	program(seen.resume);
	return pc;
}

static uint64_t hit(strike *run, uint64_t reg, uint64_t value, uint64_t probe)
{
	uint64_t answer;

	seen.expected = true;
	seen.count = 0;
	answer = run(reg, value, probe);
	seen.expected = false;
	return answer;
}

/* Copies the code whose answer is given, and a word of data behind it. */
static strike *place(uint64_t answer)
{
	const uint64_t at = here.regions[0].base + CODE_AT;
	volatile uint64_t *to = (volatile uint64_t *)at;
	volatile uint32_t *words = (volatile uint32_t *)at;

	for (unsigned i = 0; strike_fetch + i < strike_fetch_end; i++)
		to[i] = strike_fetch[i];
	words[1] = INSN_LI_A0 | (uint32_t)answer << 20;
	to[DATA_AT / 8] = answer;
	return (strike *)at;
}

static void expect_answer(const char *event, strike *run, uint64_t probe, uint64_t answer)
{
	for (unsigned i = 0; i < WARM; i++)
		if (hit(run, (uint64_t)&scratch, 0, probe) != answer || seen.count)
			give_up(event, "wrong answer while nothing happens");
}

struct event {
	const char *name;
	uint64_t reg;
	uint64_t value;
	bool one_device; /* the others' granules stay */
};

static void expect_trap(const struct event *e, const char *what, strike *run, uint64_t probe,
			uint64_t cause, uint64_t pc, uint64_t value)
{
	if (hit(run, e->reg, e->value, probe) != UINT64_MAX || seen.count != 1 ||
	    seen.cause != cause || seen.pc != pc || seen.value != value)
		give_up(e->name, what);
	passed++;
}

static void fetch_after(const struct event *e)
{
	strike *code;

	program(&here);
	code = place(1);
	expect_answer(e->name, code, 0, 1);
	expect_trap(e, "fetch", code, 0, CAUSE_FETCH_ACCESS, (uint64_t)code + 4,
		    (uint64_t)code + 4);
}

static void access_after(const struct event *e)
{
	static const struct {
		const char *what;
		strike *run;
		const char *pc;
		uint64_t cause;
	} rows[] = {
		{ "load", strike_load, strike_load_access, CAUSE_LOAD_ACCESS },
		{ "store", strike_store, strike_store_access, CAUSE_STORE_ACCESS },
		{ "amo", strike_amo, strike_amo_access, CAUSE_STORE_ACCESS },
	};
	const uint64_t probe = here.regions[0].base + CODE_AT + DATA_AT;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		program(&here);
		place(1);
		expect_answer(e->name, strike_load, probe, 1);
		expect_trap(e, rows[i].what, rows[i].run, probe, rows[i].cause,
			    (uint64_t)rows[i].pc, probe);
	}
}

/* What the other devices hold stays where it was. */
static void others_stay(const struct event *e)
{
	const uint64_t probe = here.regions[0].base + CODE_AT + here.regions[0].granularity;

	if (!e->one_device || here.regions[0].ways == 1)
		return;
	program(&here);
	*(volatile uint64_t *)probe = 77;
	expect_answer(e->name, strike_load, probe, 77);
	if (hit(strike_load, e->reg, e->value, probe) != 77 || seen.count)
		give_up(e->name, "load from another device");
	passed++;
}

/* The same addresses, other bytes: by code in DRAM, and below the feet of the code itself. */
static void move(const struct event *e, const struct plan *there, const char *what)
{
	const uint64_t probe = here.regions[0].base + CODE_AT + DATA_AT;
	strike *code;

	program(there);
	place(2);
	program(&here);
	code = place(1);
	expect_answer(what, code, 0, 1);
	expect_answer(what, strike_load, probe, 1);
	program(there);
	expect_answer(what, strike_load, probe, 2);
	expect_answer(what, code, 0, 2);
	program(&here);
	expect_answer(what, code, 0, 1);
	passed++;

	seen.resume = there;
	if (hit(code, e->reg, e->value, 0) != 2 || seen.count != 1 || seen.pc != (uint64_t)code + 4)
		give_up(e->name, what);
	seen.resume = NULL;
	passed++;
}

static void discover(void)
{
	const struct plan_topology *t = &cxl.topology;
	struct plan_region *region = &here.regions[0];

	cxl_discover(&cxl, &board);
	if (cxl.error[0] || t->n_windows != 1)
		give_up("topology", cxl.error);
	region->base = t->windows[0].base;
	region->granularity = t->windows[0].granularity;
	for (unsigned i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].kind == PLAN_MEMDEV)
			region->targets[region->ways++] = (int)i;
	region->size = UNIT * region->ways;
	here.n_regions = 1;
	if (!plan_make(t, &here))
		give_up("plan", here.error);
	skipped = swapped = here;
	for (unsigned i = 0; i < here.n_decoders; i++) {
		if (t->nodes[here.decoders[i].node].kind == PLAN_MEMDEV) {
			skipped.decoders[i].skip = UNIT;
		} else if (here.decoders[i].ways > 1) {
			swapped.decoders[i].targets[0] = here.decoders[i].targets[1];
			swapped.decoders[i].targets[1] = here.decoders[i].targets[0];
		}
	}
}

static void happens(const struct event *e)
{
	fetch_after(e);
	access_after(e);
	others_stay(e);
	move(e, &skipped, "another device address");
	if (here.regions[0].ways > 1)
		move(e, &swapped, "another order of devices");
}

/* From the device up to its host bridge. */
static void decoders_on_the_way(int device)
{
	static const char *const off[] = { [PLAN_BRIDGE] = "uncommit in the bridge",
					   [PLAN_SWITCH] = "uncommit in the switch",
					   [PLAN_MEMDEV] = "uncommit in the device" };

	for (int i = device; i != PLAN_NO_NODE; i = cxl.topology.nodes[i].parent) {
		const enum plan_kind kind = cxl.topology.nodes[i].kind;
		const uint64_t hdm = cxl.nodes[i].component.hdm;
		const bool one_device = kind == PLAN_MEMDEV;

		happens(&(struct event){ off[kind], hdm + HDM_CONTROL0, HDM_OFF, one_device });
		if (one_device)
			happens(&(struct event){ "decoders off in the device", hdm + HDM_GLOBAL,
						 HDM_OFF, true });
	}
}

static void memory_disabled(int node)
{
	const struct pci_function *device = &cxl.pci.functions[cxl.nodes[node].function];
	const struct board_bridge *bridge = &board.bridges[device->bridge];
	const uint64_t config = bridge->ecam + ((uint64_t)(device->bus - bridge->first_bus) << 20) +
				((uint64_t)device->devfn << 12);

	happens(&(struct event){ "Mem_Enable off",
				 config + device->dvsec[CXL_DVSEC_DEVICE] + DVSEC_CONTROL, 0,
				 true });
}

void withdraw_main(uint64_t hart, const void *blob)
{
	const struct plan_region *region = &here.regions[0];
	struct dt tree;

	(void)hart;
	board_default(&board);
	if (dt_open(&tree, blob, DT_MAX_SIZE))
		board_read(&board, &tree);
	console.uart = board.uart;
	discover();
	decoders_on_the_way(region->targets[0]);
	memory_disabled(region->targets[0]);
	say(&console, "%u ways of %u bytes: %u seen at once\n", region->ways, region->granularity,
	    passed);
	board_finish(&board, 0);
}
