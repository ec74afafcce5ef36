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
/* Host address of the range; false when no region maps all of it. */
bool dcd_locate(const struct dcd *dcd, const struct dcd_device *device,
		const struct dcd_range *range, uint64_t *hpa);
/* Tells what it holds, fills it, and holds it from now on; `how` it came here. */
void dcd_use(struct dcd *dcd, struct dcd_device *device, const struct dcd_range *range,
	     const char *how);
/* Reads a part of what is held. False when there is nothing that can be read. */
bool dcd_read_on(struct dcd *dcd);

/* Of the first n ranges of the device's chain. */
/* Neither end answers. */
void dcd_expect_nothing(struct dcd *dcd, const struct dcd_device *device, unsigned n);
/* Reads on in what is held of them, if the fault has not come before its event. */
void dcd_meet_faults(struct dcd *dcd, const struct dcd_device *device, unsigned n);
void dcd_forget(struct dcd *dcd, const struct dcd_device *device, unsigned n);

#endif
