/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host of dynamic capacity says to a memory device and hears from it. CXL r3.1 8.2.9.2.1.6
 * (event records), 8.2.9.9.9 (commands).
 */
#ifndef FW_DCD_LOG_H
#define FW_DCD_LOG_H

#include "cxl.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	DCD_OP_ADD_RESPONSE = 0x4802,
	DCD_OP_RELEASE = 0x4803,

	DCD_LOG = 4, /* number of the event log */

	/* types of a record */
	DCD_ADD = 0,
	DCD_REMOVE = 1,
	DCD_FORCED = 2,
	/* flags: the next record belongs to the same request */
	DCD_MORE = 1,

	DCD_MAX_RECORDS = 16 /* taken at a time */
};

struct dcd_range {
	uint64_t dpa, len;
	uint64_t tag[2]; /* zeros: none */
};

struct dcd_record {
	uint64_t handle, type, flags;
	struct dcd_range range;
};

/* Asks all devices for their first region of dynamic capacity and enters it into the topology.
 * False when there is none. */
bool dcd_find(struct cxl *cxl);
/* Takes the oldest records out of the node's log, at most those of one request, so that a reset
 * takes no other request with it: how many, or -1 when a command failed. *missing becomes true when
 * the log was full in the meantime. */
int dcd_take_records(const struct cxl *cxl, int node, struct dcd_record records[DCD_MAX_RECORDS],
		     bool *missing);
/* The list of accepted extents as it is at one moment: how many there are, of which ranges gets
 * `max`; or -1 when a command failed, or when it changes all the time. */
int dcd_read_extents(const struct cxl *cxl, int node, struct dcd_range *ranges, unsigned max);
/* An Add Response or a Release of n ranges. False when the device does not take it. */
bool dcd_respond(const struct cxl *cxl, int node, unsigned opcode, const struct dcd_range *ranges,
		 unsigned n);

#ifdef __cplusplus
}
#endif

#endif
