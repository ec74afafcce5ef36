/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events and answers of a host of dynamic capacity, see dcd.h. CXL r3.1 8.2.9.2 (events), 8.2.9.9.9
 * (commands). The log is read in dcd_log.c; what is done with the memory is in dcd_memory.c.
 */
#include "dcd_memory.h"
#include "imsic.h"
#include "interrupt.h"

enum {
	OP_GET_POLICY = 0x0102,
	OP_SET_POLICY = 0x0103,

	N_POLICIES = 5, /* a byte per log */
	POLICY_MODE = 3,
	POLICY_MESSAGE = 1,
	POLICY_VECTOR = 4, /* where the number begins */

	/* software that comes later uses 1 for messages between harts */
	FIRST_IDENTITY = 2
};

static const struct cxl_memdev *memdev_of(const struct dcd *d, const struct dcd_device *device)
{
	return &d->cxl->nodes[device->node].memdev;
}

static int command(const struct dcd *d, const struct dcd_device *device, unsigned opcode,
		   unsigned in_length)
{
	return cxl_command(memdev_of(d, device), d->cxl->board->timebase_hz, opcode, in_length);
}

static bool respond(const struct dcd *d, const struct dcd_device *device, unsigned n)
{
	return dcd_respond(d->cxl, device->node, DCD_OP_ADD_RESPONSE, device->chain, n);
}

/* The device expects answers in order of its offers, but a reset can come between the records of
 * one and its answer. Such an offer, if there is one, is the oldest. */
static bool refuse_forgotten(const struct dcd *d, const struct dcd_device *device)
{
	if (!respond(d, device, 0))
		return false;
	say(d->console, "an offer without records is refused\n");
	return true;
}

static bool accept(const struct dcd *d, const struct dcd_device *device)
{
	for (unsigned i = 0; i < DCD_MAX_EXTENTS; i++) {
		if (respond(d, device, device->n_chain))
			return true;
		if (!refuse_forgotten(d, device))
			return false;
	}
	return false;
}

/* NULL, or why the whole offer has to be refused. */
static const char *take(struct dcd *d, struct dcd_device *device)
{
	const char *why = NULL;

	if (device->n_chain > DCD_MAX_CHAIN)
		return "too many extents at once";
	for (unsigned i = 0; i < device->n_chain && !why; i++)
		why = dcd_hold(d, device, &device->chain[i]);
	for (unsigned i = 0; i < device->n_chain && !why && !d->error; i++)
		dcd_expect_nothing(d, device, &device->chain[i]);
	if (!why && !d->error && !accept(d, device))
		why = "the device does not take the response";
	return why;
}

static void answer_offer(struct dcd *d, struct dcd_device *device)
{
	const char *why;
	unsigned first;

	/* what is offered is not here any more: if it is held, the event of its removal is missing
	 */
	for (unsigned i = 0; i < device->n_chain && i < DCD_MAX_CHAIN; i++)
		dcd_forget(d, device, &device->chain[i]);
	first = d->n_held;
	why = take(d, device);
	if (why) {
		d->n_held = first;
		dcd_tell(d, device, &device->chain[0], "refused: %s\n", why);
		respond(d, device, 0);
	}
	dcd_use(d, first, "accepted");
	dcd_fill_rest(d);
}

static void go_without(struct dcd *d, const struct dcd_device *device,
		       const struct dcd_range *range, const char *how)
{
	dcd_forget(d, device, range);
	dcd_expect_nothing(d, device, range);
	if (!d->error)
		dcd_tell(d, device, range, "%s\n", how);
	dcd_fill_rest(d);
}

/* Removals are obeyed record by record: where one extent went by force meanwhile, the others of the
 * request can still be given back. */
static void take_record(struct dcd *d, struct dcd_device *device, const struct dcd_record *record)
{
	const struct dcd_range *range = &record->range;

	if (record->type == DCD_ADD) {
		if (device->n_chain < DCD_MAX_CHAIN)
			device->chain[device->n_chain] = *range;
		device->n_chain++;
		if (record->flags & DCD_MORE)
			return;
		answer_offer(d, device);
		device->n_chain = 0;
	} else if (record->type == DCD_REMOVE) {
		if (dcd_respond(d->cxl, device->node, DCD_OP_RELEASE, range, 1))
			go_without(d, device, range, "given back");
		else
			dcd_tell(d, device, range, "not given back\n");
	} else if (record->type == DCD_FORCED) {
		dcd_meet_faults(d, device, range);
		go_without(d, device, range, "lost");
	} else {
		dcd_tell(d, device, range, "event of type %lu ignored\n", record->type);
	}
}

/* Until the log is empty: a message comes only for the first record that is then put there. */
static void serve(struct dcd *d, struct dcd_device *device)
{
	struct dcd_record records[DCD_MAX_RECORDS];
	bool missing = false;
	int n = 1;

	while (!d->error && n) {
		const bool told = missing; /* the device says so until its log is empty */

		n = dcd_take_records(d->cxl, device->node, records, &missing);
		if (n < 0) {
			d->error = "the event log cannot be read";
			return;
		}
		if (missing && !told)
			say(d->console, "events are missing: the log was full\n");
		for (int i = 0; i < n && !d->error; i++)
			take_record(d, device, &records[i]);
	}
}

/* What was accepted before a reset is still there. */
static void resume(struct dcd *d, struct dcd_device *device)
{
	const unsigned first = d->n_held;
	const int n = dcd_read_extents(d->cxl, device->node, d->list, DCD_MAX_EXTENTS);

	if (n < 0)
		d->error = "Get Dynamic Capacity Extent List failed";
	if (n > DCD_MAX_EXTENTS)
		say(d->console, "%d extents not used: too many\n", n - DCD_MAX_EXTENTS);
	for (int i = 0; i < n && i < DCD_MAX_EXTENTS; i++) {
		const char *why = dcd_hold(d, device, &d->list[i]);

		if (why)
			dcd_tell(d, device, &d->list[i], "not used: %s\n", why);
	}
	dcd_use(d, first, "kept");
}

/* Messages of the log to this hart. NULL, or why there can be none. */
static const char *listen(struct dcd *d, struct dcd_device *device)
{
	const uint32_t identity = FIRST_IDENTITY + (uint32_t)(device - d->devices);
	const struct cxl_node *node = &d->cxl->nodes[device->node];
	const struct cxl_memdev *m = &node->memdev;
	struct imsic imsic;
	const char *problem = imsic_find(d->tree, d->cxl->board->bridges[node->bridge].msi_parent,
					 d->hart, &imsic);
	unsigned policy;

	if (problem)
		return problem;
	if (identity > imsic.last_id)
		return "the interrupt file has fewer identities than there are devices";
	cxl_put_payload(m, 0, DCD_LOG, 0);
	cxl_put_payload(m, DCD_LOG, 1, POLICY_MESSAGE);
	if (command(d, device, OP_SET_POLICY, N_POLICIES) < 0 ||
	    command(d, device, OP_GET_POLICY, 0) < N_POLICIES)
		return "Event Interrupt Policy failed";
	policy = (unsigned)cxl_payload(m, DCD_LOG, 1);
	if ((policy & POLICY_MODE) != POLICY_MESSAGE)
		return "the device sends no message when there is an event";
	interrupt_open();
	interrupt_enable(identity);
	if (!pci_enable_message(&d->cxl->pci, &d->cxl->pci.functions[node->function],
				policy >> POLICY_VECTOR, imsic.page, identity))
		return "the device has no MSI-X message for its events";
	return NULL;
}

static void collect_devices(struct dcd *d)
{
	d->n_devices = 0;
	for (unsigned r = 0; r < d->plan->n_regions; r++) {
		const int node = d->plan->regions[r].targets[0];
		unsigned i = 0;

		while (i < d->n_devices && d->devices[i].node != node)
			i++;
		if (i == d->n_devices)
			d->devices[d->n_devices++] = (struct dcd_device){ .node = node };
	}
}

const char *dcd_run(struct dcd *d)
{
	d->n_held = 0;
	d->next = 0;
	d->n_fills = 0;
	d->error = NULL;
	collect_devices(d);
	for (unsigned i = 0; i < d->n_devices && !d->error; i++)
		d->error = listen(d, &d->devices[i]);
	for (unsigned i = 0; i < d->n_devices && !d->error; i++)
		resume(d, &d->devices[i]);
	/* events from before there were messages */
	for (unsigned i = 0; i < d->n_devices && !d->error; i++) {
		serve(d, &d->devices[i]);
		for (unsigned n = 0; n < DCD_MAX_EXTENTS && !d->error; n++)
			if (!refuse_forgotten(d, &d->devices[i]))
				break;
	}
	if (!d->error)
		say(d->console, "waiting\n");
	while (!d->error) {
		const uint32_t identity = dcd_read_on(d) ? interrupt_claim() : interrupt_wait();

		if (identity >= FIRST_IDENTITY && identity - FIRST_IDENTITY < d->n_devices)
			serve(d, &d->devices[identity - FIRST_IDENTITY]);
	}
	return d->error;
}
