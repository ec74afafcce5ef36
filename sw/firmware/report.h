/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was found and what is planned, as text of at most 100 columns.
 */
#ifndef FW_REPORT_H
#define FW_REPORT_H

#include "console.h"
#include "cxl.h"

void report_topology(struct console *c, const struct cxl *cxl);
/* A line per memory device that cannot be used. */
void report_unusable(struct console *c, const struct cxl *cxl);
void report_decoders(struct console *c, const struct cxl *cxl, const struct plan *plan);
/* "region 0: window 0 base ... targets ..." without an end of line. */
void report_region(struct console *c, const struct cxl *cxl, const struct plan *plan, unsigned r);

#endif
