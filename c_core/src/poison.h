/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which lines of a memory device are poisoned, and which of them its poison list tells.
 * CXL r3.1 8.2.9.9.4. A full list forgets: such lines stay poisoned, unlisted until a media scan
 * finds them.
 */
#ifndef VCXL_POISON_STATE_H
#define VCXL_POISON_STATE_H

#include <stddef.h>

#include <vcxl/poison.h>

#define VCXL_POISON_DEFAULT_LIST 256u

struct vcxl_poison_range {
	uint64_t dpa, len; /* multiples of VCXL_LINE */
	uint8_t source;    /* enum vcxl_poison_source */
	bool listed;
	bool consumed; /* a read has met it, and was logged */
};

/* A host reads a list in pieces by sending the same request again. */
struct vcxl_poison_cursor {
	bool more;
	uint64_t dpa, len; /* of the request */
	uint64_t next_dpa;
};

struct vcxl_poison {
	struct vcxl_poison_range *ranges; /* by address, disjoint */
	unsigned n, n_listed, list_max;
	bool overflowed;
	uint64_t overflow_ns;
	struct vcxl_poison_cursor list_cursor, results_cursor;
	/* CXL r3.1 8.2.9.9.4.5: the latest media scan, as far as it came */
	struct {
		bool any, running, quiet, stopped_early;
		uint64_t dpa, len, done;
	} scan;
};

/* Ranges that a list of that size can tell apart. */
unsigned vcxl_poison_max_ranges(unsigned list_max);
size_t vcxl_poison_storage(unsigned list_max);
/* storage: aligned for the ranges, for the life of the device. */
void vcxl_poison_init(struct vcxl_poison *poison, void *storage, unsigned list_max);
/* First range that meets [dpa, end); NULL: all clean. */
struct vcxl_poison_range *vcxl_poison_find(const struct vcxl_poison *poison, uint64_t dpa,
					   uint64_t end);
/* Last range that ends at dpa or before. */
const struct vcxl_poison_range *vcxl_poison_before(const struct vcxl_poison *poison, uint64_t dpa);
/* Poisons what of [dpa, end) is clean. VCXL_E_NOMEM: no room left for all of it. */
enum vcxl_status vcxl_poison_add(struct vcxl_poison *poison, uint64_t dpa, uint64_t end,
				 enum vcxl_poison_source source, uint64_t now_ns);
/* Heals [dpa, end). VCXL_E_NOMEM, and nothing changed: no room to split a range. */
enum vcxl_status vcxl_poison_remove(struct vcxl_poison *poison, uint64_t dpa, uint64_t end,
				    uint64_t now_ns);
/* Lists a range that was not; false when the list is full. */
bool vcxl_poison_list(struct vcxl_poison *poison, struct vcxl_poison_range *range);
unsigned vcxl_poison_count(const struct vcxl_poison *poison, enum vcxl_poison_source source);

#endif
