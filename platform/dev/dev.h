/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every memory-mapped device of the virtual host looks like from the bus. A device is a plain
 * struct with an init function; it owns no clock, thread or memory and calls out, through the
 * callbacks given to init, for whatever is not itself.
 */
#ifndef VCXL_DEV_H
#define VCXL_DEV_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Accesses to a device's window by offset. width is 1, 2, 4 or 8 bytes, naturally aligned or not;
 * false is a bus error: the device has nothing there, or not of that width.
 */
struct vcxl_dev_ops {
	const char *name;
	bool (*read)(void *dev, uint64_t offset, unsigned width, uint64_t *value);
	bool (*write)(void *dev, uint64_t offset, unsigned width, uint64_t value);
};

#ifdef __cplusplus
}
#endif
#endif
