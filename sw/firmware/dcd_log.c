/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event log and answers of dynamic capacity, see dcd_log.h.
 */
#include "dcd_log.h"

enum {
	OP_GET_EVENTS = 0x0100,
	OP_CLEAR_EVENTS = 0x0101,
	OP_GET_CONFIG = 0x4800,
	OP_GET_EXTENTS = 0x4801,

	REGION = 0x08, /* in the payload of Get Dynamic Capacity Configuration */
	REGION_END = 0x30,
	RANGES = 8, /* of a response */
	RANGE = 0x18,
	HANDLES = 6, /* of Clear Event Records */

	RECORDS = 0x20, /* of Get Event Records */
	RECORD = 0x80,
	N_RECORDS = 0x14,
	OVERFLOWED = 1,
	HANDLE = 0x14, /* in a record */
	TYPE = 0x30,
	FLAGS = 0x35,
	RECORD_EXTENT = 0x38,
	EXTENT_LEN = 8, /* in an extent */
	EXTENT_TAG = 0x10,

	EXTENTS = 0x10, /* of Get Dynamic Capacity Extent List */
	EXTENT = 0x28,
	N_EXTENTS = 4,
	GENERATION = 8,
	ATTEMPTS = 100 /* until it does not change meanwhile */
};

#define CAPACITY_UNIT (256ull << 20)

bool dcd_find(struct cxl *cxl)
{
	bool found = false;

	for (unsigned i = 0; i < cxl->topology.n_nodes; i++) {
		const struct cxl_memdev *m = &cxl->nodes[i].memdev;
		struct plan_node *node = &cxl->topology.nodes[i];

		if (node->kind != PLAN_MEMDEV || m->problem)
			continue;
		cxl_put_payload(m, 0, 2, 1); /* one region, from 0 on */
		if (cxl_command(m, cxl->board->timebase_hz, OP_GET_CONFIG, 2) < REGION_END ||
		    !cxl_payload(m, 1, 1))
			continue;
		node->dynamic_base = cxl_payload(m, REGION, 8);
		node->dynamic_size = cxl_payload(m, REGION + 8, 8) * CAPACITY_UNIT;
		found |= node->dynamic_size != 0;
	}
	return found;
}

bool dcd_respond(const struct cxl *cxl, int node, unsigned opcode, const struct dcd_range *ranges,
		 unsigned n)
{
	const struct cxl_memdev *m = &cxl->nodes[node].memdev;

	if (RANGES + RANGE * n > m->payload_size)
		return false;
	cxl_put_payload(m, 0, 8, n);
	for (unsigned i = 0; i < n; i++) {
		cxl_put_payload(m, RANGES + RANGE * i, 8, ranges[i].dpa);
		cxl_put_payload(m, RANGES + RANGE * i + 8, 8, ranges[i].len);
		cxl_put_payload(m, RANGES + RANGE * i + 16, 8, 0);
	}
	return cxl_command(m, cxl->board->timebase_hz, opcode, RANGES + RANGE * n) >= 0;
}

static struct dcd_range range_at(const struct cxl_memdev *m, unsigned at)
{
	return (struct dcd_range){ cxl_payload(m, at, 8),
				   cxl_payload(m, at + EXTENT_LEN, 8),
				   { cxl_payload(m, at + EXTENT_TAG, 8),
				     cxl_payload(m, at + EXTENT_TAG + 8, 8) } };
}

int dcd_take_records(const struct cxl *cxl, int node, struct dcd_record records[DCD_MAX_RECORDS],
		     bool *missing)
{
	const struct cxl_memdev *m = &cxl->nodes[node].memdev;
	const uint64_t hz = cxl->board->timebase_hz;
	unsigned n, at = RECORDS;
	int length;

	cxl_put_payload(m, 0, 1, DCD_LOG);
	length = cxl_command(m, hz, OP_GET_EVENTS, 1);
	n = (unsigned)cxl_payload(m, N_RECORDS, 2);
	if (length < RECORDS || RECORDS + RECORD * n > (unsigned)length)
		return -1;
	*missing |= cxl_payload(m, 0, 1) & OVERFLOWED;
	if (n > DCD_MAX_RECORDS)
		n = DCD_MAX_RECORDS;
	for (unsigned i = 0; i < n; i++, at += RECORD) {
		records[i] = (struct dcd_record){ cxl_payload(m, at + HANDLE, 2),
						  cxl_payload(m, at + TYPE, 1),
						  cxl_payload(m, at + FLAGS, 1),
						  range_at(m, at + RECORD_EXTENT) };
		if (!(records[i].flags & DCD_MORE))
			n = i + 1;
	}
	if (!n)
		return 0;
	cxl_put_payload(m, 0, HANDLES, DCD_LOG | n << 16);
	for (unsigned i = 0; i < n; i++)
		cxl_put_payload(m, HANDLES + 2 * i, 2, records[i].handle);
	return cxl_command(m, hz, OP_CLEAR_EVENTS, HANDLES + 2 * n) < 0 ? -1 : (int)n;
}

/* Page by page. Fails too when the list changes in between: a shorter one may not reach so far. */
static int read_pages(const struct cxl *cxl, int node, struct dcd_range *ranges, unsigned max)
{
	const struct cxl_memdev *m = &cxl->nodes[node].memdev;
	const uint64_t page = (m->payload_size - EXTENTS) / EXTENT;
	uint64_t total, generation = 0;
	unsigned n = 0;

	do {
		int length;
		uint64_t told;

		cxl_put_payload(m, 0, 8, page | (uint64_t)n << 32);
		length = cxl_command(m, cxl->board->timebase_hz, OP_GET_EXTENTS, 8);
		told = cxl_payload(m, 0, 4);
		total = cxl_payload(m, N_EXTENTS, 4);
		if (length < EXTENTS || EXTENTS + EXTENT * told > (unsigned)length ||
		    (!told && n < total) || (n && cxl_payload(m, GENERATION, 4) != generation))
			return -1;
		generation = cxl_payload(m, GENERATION, 4);
		for (unsigned i = 0; i < told; i++, n++)
			if (n < max)
				ranges[n] = range_at(m, EXTENTS + EXTENT * i);
	} while (n < total);
	return (int)n;
}

int dcd_read_extents(const struct cxl *cxl, int node, struct dcd_range *ranges, unsigned max)
{
	int n = -1;

	for (unsigned i = 0; i < ATTEMPTS && n < 0; i++)
		n = read_pages(cxl, node, ranges, max);
	return n;
}
