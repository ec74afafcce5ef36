/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the pattern and looks for it: through the regions, and through views of one device.
 */
#ifndef FW_VERIFY_H
#define FW_VERIFY_H

#include "console.h"
#include "cxl.h"

struct verify {
	struct console *console;
	struct cxl *cxl;
	const struct plan *plan;
	const struct plan_window *window; /* of the region at hand */
	bool can_flush;                   /* cbo.flush works */
	unsigned n_mismatches;            /* of the whole run */
	unsigned reads, writes;           /* words */
};

/* Tries whether this hart lets S-mode flush cache blocks. */
bool verify_can_flush(void);

void verify_write(struct verify *v, unsigned region);
/* True when every word of the pattern is there. */
bool verify_check(struct verify *v, unsigned region);
/* Reprograms decoders to look at each device of the region alone; afterwards the decoders on its
 * ways are off, and the caller commits the plan again. */
bool verify_views(struct verify *v, unsigned region);

#endif
