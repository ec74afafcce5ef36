/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory devices that come and go below a port. M-mode program without firmware that does by
 * polling what Linux's pciehp does by interrupts: gives power to what is plugged in, makes a region
 * of it, uses that, and when the attention button is pressed takes power away again. After that the
 * very next access to the region has to trap, although there was none that did just before.
 */
#include "arch.h"
#include "board.h"
#include "console.h"
#include "cxl.h"

enum {
	CAUSE_LOAD_ACCESS = 5,
	CAUSE_STORE_ACCESS = 7,

	SLOT_CAP = 0x14,
	SLOT_CONTROL = 0x18,
	SLOT_STATUS = 0x1a,
	CAP_HOT_PLUG = 0x40,
	LINK_STATUS = 0x12,
	LINK_ACTIVE = 0x2000,
	POWER_ON = 0x01c0, /* attention indicator off, power indicator on */
	POWER_BLINKS = 0x02c0,
	POWER_OFF = 0x07c0,
	BUTTON = 0x01,
	PRESENCE_CHANGED = 0x08,
	COMPLETED = 0x10,
	PRESENT = 0x40,
	LINK_CHANGED = 0x100
};

static struct board board;
static struct console console;
static volatile uint64_t trap_cause; /* of the last access that trapped */
static struct cxl cxl;
static struct plan plan;
static struct pci_function port;

void hotplug_main(uint64_t hart, const void *tree);

__attribute__((naked, section(".text.start"), used)) void _start(void)
{
	__asm__("la sp, _stack_end\n"
		"call hotplug_main\n"
		"1: wfi\n"
		"j 1b");
}

/* Goes on behind the access. */
__attribute__((interrupt("machine"), aligned(4))) static void trap(void)
{
	uint64_t cause, pc;

	__asm__ volatile("csrr %0, mcause" : "=r"(cause));
	__asm__ volatile("csrr %0, mepc" : "=r"(pc));
	trap_cause = cause;
	pc += (*(const uint16_t *)pc & 3) == 3 ? 4 : 2;
	__asm__ volatile("csrw mepc, %0" ::"r"(pc));
}

static _Noreturn void give_up(const char *what)
{
	say(&console, "FAILED: %s\n", what);
	board_finish(&board, 1);
}

static uint16_t status(void)
{
	return pci_read16(&cxl.pci, &port, port.express + SLOT_STATUS);
}

static void clear(uint16_t events)
{
	pci_write16(&cxl.pci, &port, port.express + SLOT_STATUS, events);
}

static void command(uint16_t control)
{
	pci_write16(&cxl.pci, &port, port.express + SLOT_CONTROL, control);
	if (!(status() & COMPLETED))
		give_up("the command is not completed");
	clear(COMPLETED);
	if (status() & COMPLETED)
		give_up("the completion is not cleared");
}

static bool link_active(void)
{
	return pci_read16(&cxl.pci, &port, port.express + LINK_STATUS) & LINK_ACTIVE;
}

/* The only slot of hot-plug. */
static void find_port(void)
{
	for (unsigned i = 0; i < cxl.pci.n_functions; i++) {
		const struct pci_function *f = &cxl.pci.functions[i];

		if ((f->type != PCI_ROOT_PORT && f->type != PCI_DOWNSTREAM) ||
		    !(pci_read32(&cxl.pci, f, f->express + SLOT_CAP) & CAP_HOT_PLUG))
			continue;
		port = *f;
		return;
	}
	give_up("no port has a slot of hot-plug");
}

static void power_on(void)
{
	if (link_active())
		return;              /* it was there from the start */
	while (!(status() & BUTTON)) /* comes with it */
		;
	if (!(status() & PRESENCE_CHANGED))
		give_up("the change of presence is not told");
	clear(PRESENCE_CHANGED | BUTTON);
	command(POWER_ON);
	if (!link_active() || !(status() & LINK_CHANGED))
		give_up("no link after power-on");
	clear(LINK_CHANGED);
}

/* The volatile capacity of the device at the start of the window; its first word. */
static volatile uint64_t *make_region(void)
{
	const struct plan_topology *t = &cxl.topology;
	struct plan_region *region = &plan.regions[0];

	cxl_discover(&cxl, &board);
	if (cxl.error[0] || t->n_windows != 1)
		give_up(cxl.error);
	region->ways = 0;
	for (unsigned i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].kind == PLAN_MEMDEV)
			region->targets[region->ways++] = (int)i;
	if (region->ways != 1)
		give_up("there is not one memory device");
	region->base = t->windows[0].base;
	region->size = PLAN_UNIT;
	region->granularity = t->windows[0].granularity;
	plan.n_regions = 1;
	if (!plan_make(t, &plan))
		give_up(plan.error);
	cxl_enable_memory(&cxl, &cxl.pci.functions[cxl.nodes[region->targets[0]].function]);
	if (!hdm_reset_all(&cxl) || !hdm_commit(&cxl, plan.decoders, plan.n_decoders, false))
		give_up(cxl.error);
	hdm_enable_all(&cxl);
	return (volatile uint64_t *)region->base;
}

static uint64_t serial(void)
{
	const int node = plan.regions[0].targets[0];
	const struct pci_function *f = &cxl.pci.functions[cxl.nodes[node].function];

	return (uint64_t)pci_read32(&cxl.pci, f, f->serial + 8) << 32 |
	       pci_read32(&cxl.pci, f, f->serial + 4);
}

static uint64_t cause_of_load(volatile uint64_t *word)
{
	trap_cause = 0;
	(void)*word;
	return trap_cause;
}

static uint64_t cause_of_store(volatile uint64_t *word)
{
	trap_cause = 0;
	*word = 0;
	return trap_cause;
}

static void use_until_asked(volatile uint64_t *word, uint64_t value)
{
	*word = value;
	while (!(status() & BUTTON))
		if (*word != value || trap_cause)
			give_up("memory does not hold its value");
	clear(BUTTON);
}

static void give_free(volatile uint64_t *word)
{
	command(POWER_BLINKS);
	if (cause_of_load(word))
		give_up("memory is gone before its power");
	command(POWER_OFF);
	if (cause_of_load(word) != CAUSE_LOAD_ACCESS || cause_of_store(word) != CAUSE_STORE_ACCESS)
		give_up("memory answers without power");
	if (link_active())
		give_up("the link is up without power");
	trap_cause = 0;
}

void hotplug_main(uint64_t hart, const void *blob)
{
	struct dt tree;

	(void)hart;
	__asm__ volatile("csrw mtvec, %0" ::"r"(trap));
	board_default(&board);
	if (dt_open(&tree, blob, DT_MAX_SIZE))
		board_read(&board, &tree);
	console.uart = board.uart;
	cxl_discover(&cxl, &board);
	find_port();
	for (uint64_t round = 1;; round++) {
		volatile uint64_t *word;

		say(&console, "waiting\n");
		while (!(status() & PRESENT))
			;
		power_on();
		word = make_region();
		say(&console, "round %lu: serial 0x%lx holds %lu\n", round, serial(), *word);
		use_until_asked(word, 1000 + round);
		give_free(word);
		say(&console, "round %lu: gone\n", round);
		clear(PRESENCE_CHANGED | LINK_CHANGED);
	}
}
