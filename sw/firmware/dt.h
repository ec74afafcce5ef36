/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of a flattened device tree (Devicetree Specification v0.4, chapter 5). The blob is
 * checked once, when it is opened; after that every walk stays inside it. Reads only; no
 * phandles, no overlays, no memory reservation block.
 */
#ifndef FW_DT_H
#define FW_DT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DT_MAX_DEPTH 32
#define DT_MAX_SIZE  (2u * 1024 * 1024) /* a larger blob is not ours */

struct dt {
	const uint8_t *structure, *strings;
	uint32_t structure_size, strings_size;
};

struct dt_prop {
	const uint8_t *data;
	uint32_t size;
};

/* A walk in document order. Start with dt_walk_start; the root is the first node. */
struct dt_walk {
	const struct dt *dt;
	uint32_t node; /* offset of the node's properties in the structure block */
	uint32_t next;
	unsigned depth; /* of the node; the root has 1 */
	const char *name;
	struct {
		uint32_t address, size;
	} cells[DT_MAX_DEPTH + 1]; /* by depth: what a node says for its children */
};

/* `limit`: bytes that may be read from blob on. False when it is no valid tree. */
bool dt_open(struct dt *dt, const void *blob, uint32_t limit);

void dt_walk_start(struct dt_walk *walk, const struct dt *dt);
bool dt_walk_next(struct dt_walk *walk);

/* Property of the node that the walk is at. */
bool dt_get(const struct dt_walk *walk, const char *name, struct dt_prop *prop);
bool dt_get_u32(const struct dt_walk *walk, const char *name, uint32_t *value);
/* NULL when absent or not terminated. */
const char *dt_get_string(const struct dt_walk *walk, const char *name);
/* Is `text` one of the strings of the list? */
bool dt_list_has(const struct dt_walk *walk, const char *name, const char *text);
/* Entry `index` of "reg". False when there is none. */
bool dt_get_reg(const struct dt_walk *walk, unsigned index, uint64_t *base, uint64_t *size);

/* Number of 32-bit cells, one of them (0 past the end), and `n` <= 2 of them as a number. */
static inline uint32_t dt_cells(const struct dt_prop *prop)
{
	return prop->size / 4;
}
uint32_t dt_cell(const struct dt_prop *prop, uint32_t index);
uint64_t dt_number(const struct dt_prop *prop, uint32_t index, uint32_t n);

#ifdef __cplusplus
}
#endif
#endif
