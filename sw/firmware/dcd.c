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
	OP_GET_EXTENTS = 0x4801,

	N_POLICIES = 5, /* a byte per log */
	POLICY_MODE = 3,
	POLICY_MESSAGE = 1,
	POLICY_VECTOR = 4, /* where the number begins */

	EXTENTS = 0x10, /* of Get Dynamic Capacity Extent List */

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

static bool respond(const struct dcd *d, const struct dcd_device *device, unsigned opcode,
		    unsigned n)
{
	return dcd_respond(d->cxl, device->node, opcode, device->chain, n);
}

/* NULL, or why the whole offer has to be refused. */
static const char *objection(const struct dcd *d, const struct dcd_device *device)
{
	uint64_t hpa;

	if (device->n_chain > DCD_MAX_CHAIN)
		return "too many extents at once";
	if (device->n_chain > DCD_MAX_EXTENTS - d->n_held)
		return "too many extents";
	for (unsigned i = 0; i < device->n_chain; i++)
		if (!dcd_locate(d, device, &device->chain[i], &hpa))
			return "no region maps it";
	return NULL;
}

static void answer_offer(struct dcd *d, struct dcd_device *device)
{
	const char *why = objection(d, device);

	if (!why) {
		dcd_expect_nothing(d, device, device->n_chain);
		if (!d->error && !respond(d, device, DCD_OP_ADD_RESPONSE, device->n_chain))
			why = "the device does not take the response";
	}
	if (why) {
		dcd_tell(d, device, &device->chain[0], "refused: %s\n", why);
		respond(d, device, DCD_OP_ADD_RESPONSE, 0);
		return;
	}
	for (unsigned i = 0; i < device->n_chain && !d->error; i++)
		dcd_use(d, device, &device->chain[i], "accepted");
}

static void give_back(struct dcd *d, struct dcd_device *device)
{
	if (device->n_chain > DCD_MAX_CHAIN ||
	    !respond(d, device, DCD_OP_RELEASE, device->n_chain)) {
		dcd_tell(d, device, &device->chain[0], "not given back\n");
		return;
	}
	dcd_forget(d, device, device->n_chain);
	dcd_expect_nothing(d, device, device->n_chain);
	for (unsigned i = 0; i < device->n_chain && !d->error; i++)
		dcd_tell(d, device, &device->chain[i], "given back\n");
}

static void lose(struct dcd *d, struct dcd_device *device)
{
	const unsigned n = device->n_chain < DCD_MAX_CHAIN ? device->n_chain : DCD_MAX_CHAIN;

	dcd_meet_faults(d, device, n);
	dcd_forget(d, device, n);
	dcd_expect_nothing(d, device, n);
	for (unsigned i = 0; i < n && !d->error; i++)
		dcd_tell(d, device, &device->chain[i], "lost\n");
}

static void take_record(struct dcd *d, struct dcd_device *device, const struct dcd_record *record)
{
	if (device->n_chain < DCD_MAX_CHAIN)
		device->chain[device->n_chain] = record->range;
	device->n_chain++;
	/* what is taken by force is gone, whatever follows */
	if (record->flags & DCD_MORE && record->type != DCD_FORCED)
		return;
	if (record->type == DCD_ADD)
		answer_offer(d, device);
	else if (record->type == DCD_REMOVE)
		give_back(d, device);
	else if (record->type == DCD_FORCED)
		lose(d, device);
	else
		dcd_tell(d, device, &record->range, "event of type %lu ignored\n", record->type);
	device->n_chain = 0;
}

/* Until the log is empty: a message comes only for the first record that is then put there. */
static void serve(struct dcd *d, struct dcd_device *device)
{
	struct dcd_record records[DCD_MAX_RECORDS];
	int n = 1;

	while (!d->error && n) {
		bool missing = false;

		n = dcd_take_records(d->cxl, device->node, records, &missing);
		if (n < 0) {
			d->error = "the event log cannot be read";
			return;
		}
		if (missing)
			say(d->console, "events are missing: the log was full\n");
		for (int i = 0; i < n && !d->error; i++)
			take_record(d, device, &records[i]);
	}
}

/* What was accepted before a reset is still there. */
static void resume(struct dcd *d, struct dcd_device *device)
{
	const struct cxl_memdev *m = memdev_of(d, device);
	uint64_t total = 1;

	for (uint64_t start = 0; start < total && !d->error; start++) {
		struct dcd_range range;
		uint64_t hpa;

		cxl_put_payload(m, 0, 8, 1 | start << 32);
		if (command(d, device, OP_GET_EXTENTS, 8) < EXTENTS) {
			d->error = "Get Dynamic Capacity Extent List failed";
			return;
		}
		total = cxl_payload(m, 4, 4);
		if (!cxl_payload(m, 0, 4))
			return;
		range = (struct dcd_range){ cxl_payload(m, EXTENTS, 8),
					    cxl_payload(m, EXTENTS + 8, 8) };
		if (d->n_held < DCD_MAX_EXTENTS && dcd_locate(d, device, &range, &hpa))
			dcd_use(d, device, &range, "kept");
		else
			dcd_tell(d, device, &range, "not used\n");
	}
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
	for (unsigned i = 0; i < d->n_devices && !d->error; i++)
		serve(d, &d->devices[i]);
	if (!d->error)
		say(d->console, "waiting\n");
	while (!d->error) {
		const uint32_t identity = dcd_read_on(d) ? interrupt_claim() : interrupt_wait();

		if (identity >= FIRST_IDENTITY && identity - FIRST_IDENTITY < d->n_devices)
			serve(d, &d->devices[identity - FIRST_IDENTITY]);
	}
	return d->error;
}
