/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host of dynamic capacity, CXL r3.1 9.13.3. It sleeps until a message of a device tells that
 * there are events; accepts what is offered and mapped, tells whether it reads as zeros, fills it
 * and then reads it all the time; gives back what it is asked for; and goes on where memory was
 * taken from it by force, which it meets as an access fault. What it had before a reset it fills
 * anew. Lines are "<device> <device address> + <size>: <what happened>". Left out: taking a part of
 * an offer, memory that two devices share, other regions of a device than the first.
 */
#ifndef FW_DCD_H
#define FW_DCD_H

#include "console.h"
#include "dcd_log.h"
#include "dt.h"

enum {
	DCD_MAX_CHAIN = 64,   /* extents of one offer */
	DCD_MAX_EXTENTS = 512 /* that are held */
};

struct dcd_device {
	int node;
	/* of an offer's records so far, which say that others follow */
	struct dcd_range chain[DCD_MAX_CHAIN];
	unsigned n_chain; /* may exceed the array: then the offer is refused */
};

struct dcd_extent {
	struct dcd_device *device;
	struct dcd_range range;
	uint64_t hpa;
	uint64_t key;    /* the word at host address h is h + key */
	uint64_t next;   /* offset where reading goes on */
	bool filled;     /* once, to its end */
	bool unreadable; /* it trapped: its event is on the way */
};

/* Everything that changes. The caller sets the first five, the plan's regions being committed. */
struct dcd {
	struct console *console;
	struct cxl *cxl;
	const struct plan *plan;
	const struct dt *tree;
	uint64_t hart;
	struct dcd_device devices[PLAN_MAX_REGIONS];
	unsigned n_devices;
	struct dcd_extent held[DCD_MAX_EXTENTS];
	unsigned n_held, next;                  /* next: to be read */
	struct dcd_range list[DCD_MAX_EXTENTS]; /* that a device told */
	uint64_t n_fills;
	const char *error; /* NULL, or what must not be */
};

/* Ends with an error only: what it says is why. */
const char *dcd_run(struct dcd *dcd);

#endif
