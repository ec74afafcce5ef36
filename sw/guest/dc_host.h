/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's side of dynamic capacity for guest programs: mailbox and event log of one memory
 * device. CXL r3.1 8.2.9.2.1.6, 8.2.9.9.9. Left out: tags, answers in several messages, interrupts.
 */
#ifndef VCXL_GUEST_DC_HOST_H
#define VCXL_GUEST_DC_HOST_H

#include <stdbool.h>
#include <stdint.h>

enum {
	DC_MAX_CHAIN = 16,

	DC_OP_ADD_RESPONSE = 0x4802,
	DC_OP_RELEASE = 0x4803,

	/* what a record says */
	DC_ADD = 0,
	DC_RELEASE = 1,
	DC_FORCED = 2
};

struct dc_extent {
	uint64_t dpa, len;
};

struct dc_host {
	uint64_t mailbox;
	unsigned type; /* of the chain */
	struct dc_extent chain[DC_MAX_CHAIN];
	unsigned n;        /* extents in the chain, */
	bool complete;     /* of which there are no more */
	const char *error; /* NULL: nothing has gone wrong */
};

/* Where region 0 begins, and how many bytes decoders give it. */
void dc_region(struct dc_host *host, uint64_t *base, uint64_t *decode_len);
/* Takes a record of the log, if there is one. True when it completes a chain, which stays until the
 * next call. */
bool dc_take_record(struct dc_host *host);
/* Answers with all that the chain holds. */
void dc_respond(struct dc_host *host, unsigned opcode);

#endif
