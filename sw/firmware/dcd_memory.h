/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host of dynamic capacity does with its memory. dcd->error is set when the memory is not as
 * the specification wants it.
 */
#ifndef FW_DCD_MEMORY_H
#define FW_DCD_MEMORY_H

#include "dcd.h"

/* A line about the range. */
void dcd_tell(const struct dcd *dcd, const struct dcd_device *device, const struct dcd_range *range,
	      const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Adds the range, not used yet, to what is held. NULL, or why it cannot be. */
const char *dcd_hold(struct dcd *dcd, struct dcd_device *device, const struct dcd_range *range);
/* Of what is held from number `first` on: tells what it holds and fills it; `how` it came here. */
void dcd_use(struct dcd *dcd, unsigned first, const char *how);
/* Reads a part of what is held. False when there is nothing that can be read. */
bool dcd_read_on(struct dcd *dcd);
/* Neither end of the range answers. */
void dcd_expect_nothing(struct dcd *dcd, const struct dcd_device *device,
			const struct dcd_range *range);
/* Reads on in what is held of it, if the fault has not come before its event. */
void dcd_meet_faults(struct dcd *dcd, const struct dcd_device *device,
		     const struct dcd_range *range);
void dcd_forget(struct dcd *dcd, const struct dcd_device *device, const struct dcd_range *range);
/* Fills what stayed of extents whose fill a fault had ended. */
void dcd_fill_rest(struct dcd *dcd);

#endif
