/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host of dynamic capacity. M-mode program without firmware: maps region 0 of the only memory
 * device, which has no other capacity, and polls the device's event log. It accepts what is
 * offered, tells and changes the first word of each extent, gives back what it is asked for, and
 * meets a trap where an extent was taken by force. Left out: tags, interrupts.
 */
#include "cxl.h"
#include "parts.h"

enum {
	MBOX_CONTROL = 0x04,
	MBOX_COMMAND = 0x08,
	MBOX_STATUS = 0x10,
	MBOX_PAYLOAD = 0x20,
	MBOX_DOORBELL = 1,

	OP_GET_EVENTS = 0x0100,
	OP_CLEAR_EVENTS = 0x0101,
	OP_GET_CONFIG = 0x4800,
	OP_ADD_RESPONSE = 0x4802,
	OP_RELEASE = 0x4803,
	DYNAMIC_CAPACITY = 4, /* the log */

	RECORDS = 0x20, /* in the payload of Get Event Records */
	HANDLE = 0x14,  /* in a record */
	TYPE = 0x30,
	FLAGS = 0x35,
	EXTENT_DPA = 0x38,
	EXTENT_LEN = 0x40,

	ADD = 0,
	RELEASE = 1,
	FORCED = 2,
	MORE = 1,
	MAX_CHAIN = 16,
	USES = 10000 /* between two looks at the log */
};

static struct cxl cxl;
static struct plan plan;
static uint64_t mailbox, window;
static struct {
	uint64_t dpa, len;
} chain[MAX_CHAIN], held[MAX_CHAIN]; /* of the records so far; the last that were accepted */
static unsigned n_chain, n_held;

/* ---- mailbox ---- */

static void put(unsigned offset, uint64_t value, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		mmio_write8(mailbox + MBOX_PAYLOAD + offset + i, (uint8_t)(value >> 8 * i));
}

static uint64_t get(unsigned offset, unsigned n)
{
	uint64_t value = 0;

	while (n--)
		value = value << 8 | mmio_read8(mailbox + MBOX_PAYLOAD + offset + n);
	return value;
}

static void command(unsigned opcode, uint64_t in_len)
{
	mmio_write64(mailbox + MBOX_COMMAND, opcode | in_len << 16);
	mmio_write32(mailbox + MBOX_CONTROL, MBOX_DOORBELL);
	while (mmio_read32(mailbox + MBOX_CONTROL) & MBOX_DOORBELL)
		;
	if (mmio_read64(mailbox + MBOX_STATUS) >> 32 & 0xffff)
		give_up("a command fails");
}

/* ---- dynamic capacity ---- */

static uint64_t cause_of_load(uint64_t dpa)
{
	trap_cause = 0;
	(void)*(volatile uint64_t *)(window + dpa);
	return trap_cause;
}

/* Add Response or Release of what the chain holds. */
static void respond(unsigned opcode)
{
	put(0, n_chain, 8);
	for (unsigned i = 0; i < n_chain; i++) {
		put(8 + 24 * i, chain[i].dpa, 8);
		put(16 + 24 * i, chain[i].len, 8);
		put(24 + 24 * i, 0, 8);
	}
	command(opcode, 8 + 24 * n_chain);
}

static void accept(void)
{
	for (unsigned i = 0; i < n_chain; i++)
		if (cause_of_load(chain[i].dpa) != CAUSE_LOAD_ACCESS)
			give_up("memory answers before it is accepted");
	trap_cause = 0;
	respond(OP_ADD_RESPONSE);
	for (n_held = 0; n_held < n_chain; n_held++) {
		const unsigned i = n_held;
		volatile uint64_t *const word = (volatile uint64_t *)(window + chain[i].dpa);
		volatile uint64_t *const last = word + chain[i].len / 8 - 1;
		const uint64_t before = *word;

		held[i] = chain[i];
		*word = before + 1000 + i;
		*last = ~chain[i].dpa;
		if (*word != before + 1000 + i || *last != ~chain[i].dpa || trap_cause)
			give_up("memory does not hold its value");
		say(&console, "accepted 0x%lx +0x%lx: held %lu\n", chain[i].dpa, chain[i].len,
		    before);
	}
}

static void lose(const char *how)
{
	for (unsigned i = 0; i < n_chain; i++) {
		if (cause_of_load(chain[i].dpa) != CAUSE_LOAD_ACCESS)
			give_up("memory answers that is not there");
		say(&console, "%s 0x%lx +0x%lx\n", how, chain[i].dpa, chain[i].len);
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

static void act_on_chain(uint64_t type)
{
	if (type == ADD) {
		accept();
	} else if (type == RELEASE) {
		respond(OP_RELEASE);
		lose("gave back");
	} else if (type == FORCED) {
		use(); /* the log may have come first */
		lose("lost");
	} else {
		give_up("an event of another type");
	}
	n_chain = 0;
}

/* One record, so that answers do not overwrite others in the payload. */
static void take_record(void)
{
	uint64_t handle, type, flags;

	put(0, DYNAMIC_CAPACITY, 1);
	command(OP_GET_EVENTS, 1);
	if (!get(0x14, 2))
		return;
	if (n_chain == MAX_CHAIN)
		give_up("a long chain");
	handle = get(RECORDS + HANDLE, 2);
	type = get(RECORDS + TYPE, 1);
	flags = get(RECORDS + FLAGS, 1);
	chain[n_chain].dpa = get(RECORDS + EXTENT_DPA, 8);
	chain[n_chain++].len = get(RECORDS + EXTENT_LEN, 8);
	put(0, DYNAMIC_CAPACITY | 1ull << 16, 6);
	put(6, handle, 2);
	command(OP_CLEAR_EVENTS, 8);
	if (!(flags & MORE))
		act_on_chain(type);
}

/* The region, which starts at device address 0, at the start of the window. */
static void map(void)
{
	struct plan_topology *t = &cxl.topology;
	struct plan_region *region = &plan.regions[0];
	int device = -1;

	cxl_discover(&cxl, &board);
	for (unsigned i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].kind == PLAN_MEMDEV)
			device = (int)i;
	if (device < 0 || t->n_windows != 1)
		give_up("there is not one device and one window");
	mailbox = cxl.nodes[device].memdev.mailbox;
	put(0, 1, 2); /* one region, from 0 on */
	command(OP_GET_CONFIG, 2);
	if (get(8, 8))
		give_up("the region does not start at 0");
	t->nodes[device].volatile_size = get(16, 8) * PLAN_UNIT;
	region->targets[0] = device;
	region->ways = 1;
	region->base = window = t->windows[0].base;
	region->size = t->nodes[device].volatile_size;
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
		take_record();
	}
}
