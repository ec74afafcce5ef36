/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Poisoned memory. CXL r3.1 8.2.9.9.4. A read that touches a poisoned line fails with
 * VCXL_E_POISON; a write that covers it whole heals it, a shorter one leaves it as it is.
 */
#ifndef VCXL_POISON_H
#define VCXL_POISON_H

#include <stdbool.h>
#include <stdint.h>

#include <vcxl/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_LINE 64u /* bytes that are poisoned together */

/* CXL r3.1 8.2.9.9.4.1: Error Source of a media error record. */
enum vcxl_poison_source {
	VCXL_POISON_UNKNOWN = 0,
	VCXL_POISON_EXTERNAL = 1, /* it came with the data that was written */
	VCXL_POISON_INTERNAL = 2,
	VCXL_POISON_INJECTED = 3,
	VCXL_POISON_VENDOR = 7,
};

struct vcxl_memdev;

/* Poisons [dpa, dpa+len) and withdraws DMI there; lines that are poisoned already stay as they are.
 * VCXL_E_CONFIG: no multiples of VCXL_LINE; VCXL_E_CAPACITY; VCXL_E_NOMEM: more separate ranges
 * than the device can tell apart. */
enum vcxl_status vcxl_memdev_poison(struct vcxl_memdev *md, uint64_t dpa, uint64_t len,
				    enum vcxl_poison_source source);
/* Whether any line is poisoned: an access may then log an event, so say the time before it. */
bool vcxl_memdev_poisoned(const struct vcxl_memdev *md);

struct vcxl_poison_entry {
	uint64_t dpa, len;
	enum vcxl_poison_source source;
	bool listed; /* the poison list has it */
};
/* Range i of what is poisoned, by address; false behind the last. */
bool vcxl_memdev_poison_entry(const struct vcxl_memdev *md, unsigned i,
			      struct vcxl_poison_entry *out);

#ifdef __cplusplus
}
#endif
#endif
