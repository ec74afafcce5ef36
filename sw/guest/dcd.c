/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host of dynamic capacity. M-mode program without firmware: maps region 0 of the only memory
 * device, which has no other capacity, and polls the device's event log. It accepts what is
 * offered, tells and changes the first word of each extent, gives back what it is asked for, and
 * meets a trap where an extent was taken by force. Left out: tags, interrupts.
 */
#include "cxl.h"
#include "dc_host.h"
#include "parts.h"

enum {
	USES = 10000 /* between two looks at the log */
};

static struct cxl cxl;
static struct plan plan;
static struct dc_host host;
static uint64_t window;
static struct dc_extent held[DC_MAX_CHAIN]; /* the last that were accepted */
static unsigned n_held;

static uint64_t cause_of_load(uint64_t dpa)
{
	trap_cause = 0;
	(void)*(volatile uint64_t *)(window + dpa);
	return trap_cause;
}

static void check(void)
{
	if (host.error)
		give_up(host.error);
}

static void accept(void)
{
	for (unsigned i = 0; i < host.n; i++)
		if (cause_of_load(host.chain[i].dpa) != CAUSE_LOAD_ACCESS)
			give_up("memory answers before it is accepted");
	trap_cause = 0;
	dc_respond(&host, DC_OP_ADD_RESPONSE);
	check();
	for (n_held = 0; n_held < host.n; n_held++) {
		const unsigned i = n_held;
		volatile uint64_t *const word = (volatile uint64_t *)(window + host.chain[i].dpa);
		volatile uint64_t *const last = word + host.chain[i].len / 8 - 1;
		const uint64_t before = *word;

		held[i] = host.chain[i];
		*word = before + 1000 + i;
		*last = ~host.chain[i].dpa;
		if (*word != before + 1000 + i || *last != ~host.chain[i].dpa || trap_cause)
			give_up("memory does not hold its value");
		say(&console, "accepted 0x%lx +0x%lx: held %lu\n", host.chain[i].dpa,
		    host.chain[i].len, before);
	}
}

static void lose(const char *how)
{
	for (unsigned i = 0; i < host.n; i++) {
		if (cause_of_load(host.chain[i].dpa) != CAUSE_LOAD_ACCESS)
			give_up("memory answers that is not there");
		say(&console, "%s 0x%lx +0x%lx\n", how, host.chain[i].dpa, host.chain[i].len);
	}
	trap_cause = 0;
	n_held = 0;
}

/* Reads what it has, so that its translations are warm when it is taken away. */
static void use(void)
{
	for (unsigned i = 0; i < n_held; i++) {
		const uint64_t cause = cause_of_load(held[i].dpa);

		if (!cause)
			continue;
		say(&console, "trap %lu at 0x%lx\n", cause, held[i].dpa);
		n_held = 0;
	}
}

static void act_on_chain(unsigned type)
{
	if (type == DC_ADD) {
		accept();
	} else if (type == DC_RELEASE) {
		dc_respond(&host, DC_OP_RELEASE);
		check();
		lose("gave back");
	} else if (type == DC_FORCED) {
		use(); /* the log may have come first */
		lose("lost");
	} else {
		give_up("an event of another type");
	}
}

/* The region, which starts at device address 0, at the start of the window. */
static void map(void)
{
	struct plan_topology *t = &cxl.topology;
	struct plan_region *region = &plan.regions[0];
	uint64_t base, size;
	int device = -1;

	cxl_discover(&cxl, &board);
	for (unsigned i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].kind == PLAN_MEMDEV)
			device = (int)i;
	if (device < 0 || t->n_windows != 1)
		give_up("there is not one device and one window");
	host.mailbox = cxl.nodes[device].memdev.mailbox;
	dc_region(&host, &base, &size);
	check();
	if (base)
		give_up("the region does not start at 0");
	t->nodes[device].volatile_size = size;
	region->targets[0] = device;
	region->ways = 1;
	region->base = window = t->windows[0].base;
	region->size = size;
	region->granularity = t->windows[0].granularity;
	plan.n_regions = 1;
	if (!plan_make(t, &plan))
		give_up(plan.error);
	cxl_enable_memory(&cxl, &cxl.pci.functions[cxl.nodes[device].function]);
	if (!hdm_reset_all(&cxl) || !hdm_commit(&cxl, plan.decoders, plan.n_decoders, false))
		give_up(cxl.error);
	hdm_enable_all(&cxl);
}

void guest_main(void)
{
	map();
	say(&console, "waiting\n");
	for (;;) {
		for (unsigned i = 0; i < USES; i++)
			use();
		if (dc_take_record(&host))
			act_on_chain(host.type);
		check();
	}
}
