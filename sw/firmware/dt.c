/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flattened device tree reader, see dt.h. Devicetree Specification v0.4, 5.2 (header), 5.4
 * (structure block), 5.5 (strings block). Only version 17 is read, which everybody writes.
 */
#include "dt.h"

#include "text.h"

#define DT_MAGIC 0xd00dfeedu

enum {
	DT_BEGIN_NODE = 1,
	DT_END_NODE = 2,
	DT_PROP = 3,
	DT_NOP = 4,
	DT_END = 9,
	DT_HEADER_SIZE = 40
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t align4(uint32_t n)
{
	return (n + 3) & ~3u;
}

/* Reads the token at *offset and moves *offset behind it and its payload. 0 when it does not fit:
 * no token has that value. */
static uint32_t next_token(const struct dt *dt, uint32_t *offset)
{
	const uint32_t left = dt->structure_size - *offset;
	const uint8_t *p = dt->structure + *offset;
	uint32_t used = 4;

	if (left < 4)
		return 0;
	switch (be32(p)) {
	case DT_BEGIN_NODE:
		while (used < left && p[used])
			used++;
		used = align4(used + 1);
		break;
	case DT_PROP:
		if (left < 12 || be32(p + 4) > left - 12 || be32(p + 8) >= dt->strings_size)
			return 0;
		used = align4(12 + be32(p + 4));
		break;
	case DT_END_NODE:
	case DT_NOP:
	case DT_END:
		break;
	default:
		return 0;
	}
	if (used > left)
		return 0;
	*offset += used;
	return be32(p);
}

/* One root, properly nested, properties before subnodes, nothing after the end. */
static bool structure_valid(const struct dt *dt)
{
	uint32_t offset = 0, depth = 0, roots = 0;
	bool properties = false;

	for (;;) {
		switch (next_token(dt, &offset)) {
		case DT_BEGIN_NODE:
			if (depth == DT_MAX_DEPTH || (depth == 0 && roots++))
				return false;
			depth++;
			properties = true;
			break;
		case DT_END_NODE:
			if (!depth--)
				return false;
			properties = false;
			break;
		case DT_PROP:
			if (!properties)
				return false;
			break;
		case DT_NOP:
			break;
		case DT_END:
			return depth == 0 && roots == 1;
		default:
			return false;
		}
	}
}

bool dt_open(struct dt *dt, const void *blob, uint32_t limit)
{
	const uint8_t *p = blob;
	uint32_t total, off_struct, off_strings;

	if (!blob || limit < DT_HEADER_SIZE || be32(p) != DT_MAGIC)
		return false;
	total = be32(p + 4);
	off_struct = be32(p + 8);
	off_strings = be32(p + 12);
	if (total < DT_HEADER_SIZE || total > limit || be32(p + 20) < 17 || be32(p + 24) > 17)
		return false;
	dt->strings_size = be32(p + 32);
	dt->structure_size = be32(p + 36);
	if (off_struct % 4 || off_struct > total || dt->structure_size > total - off_struct ||
	    off_strings > total || dt->strings_size > total - off_strings)
		return false;
	dt->structure = p + off_struct;
	dt->strings = p + off_strings;
	/* a terminator at the end terminates every name that starts before it */
	if (dt->strings_size && dt->strings[dt->strings_size - 1])
		return false;
	return structure_valid(dt);
}

void dt_walk_start(struct dt_walk *walk, const struct dt *dt)
{
	*walk = (struct dt_walk){ .dt = dt };
	walk->cells[0].address = 2;
	walk->cells[0].size = 1;
}

bool dt_walk_next(struct dt_walk *walk)
{
	for (;;) {
		const uint32_t start = walk->next;

		switch (next_token(walk->dt, &walk->next)) {
		case DT_BEGIN_NODE:
			walk->depth++;
			walk->name = (const char *)walk->dt->structure + start + 4;
			walk->node = walk->next;
			walk->cells[walk->depth].address = 2;
			walk->cells[walk->depth].size = 1;
			dt_get_u32(walk, "#address-cells", &walk->cells[walk->depth].address);
			dt_get_u32(walk, "#size-cells", &walk->cells[walk->depth].size);
			return true;
		case DT_END_NODE:
			walk->depth--;
			break;
		case DT_END:
		case 0:
			return false;
		default:
			break;
		}
	}
}

bool dt_get(const struct dt_walk *walk, const char *name, struct dt_prop *prop)
{
	uint32_t offset = walk->node;

	for (;;) {
		const uint8_t *p = walk->dt->structure + offset;

		switch (next_token(walk->dt, &offset)) {
		case DT_PROP:
			if (!text_equal((const char *)walk->dt->strings + be32(p + 8), name))
				break;
			prop->data = p + 12;
			prop->size = be32(p + 4);
			return true;
		case DT_NOP:
			break;
		default:
			return false;
		}
	}
}

uint32_t dt_cell(const struct dt_prop *prop, uint32_t index)
{
	return index < dt_cells(prop) ? be32(prop->data + 4 * index) : 0;
}

uint64_t dt_number(const struct dt_prop *prop, uint32_t index, uint32_t n)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < n; i++)
		value = value << 32 | dt_cell(prop, index + i);
	return value;
}

bool dt_get_u32(const struct dt_walk *walk, const char *name, uint32_t *value)
{
	struct dt_prop prop;

	if (!dt_get(walk, name, &prop) || prop.size != 4)
		return false;
	*value = dt_cell(&prop, 0);
	return true;
}

const char *dt_get_string(const struct dt_walk *walk, const char *name)
{
	struct dt_prop prop;

	if (!dt_get(walk, name, &prop) || !prop.size || prop.data[prop.size - 1])
		return NULL;
	return (const char *)prop.data;
}

bool dt_list_has(const struct dt_walk *walk, const char *name, const char *text)
{
	struct dt_prop prop;

	if (!dt_get(walk, name, &prop) || !prop.size || prop.data[prop.size - 1])
		return false;
	for (uint32_t i = 0; i < prop.size;) {
		const char *entry = (const char *)prop.data + i;

		if (text_equal(entry, text))
			return true;
		i += (uint32_t)text_length(entry) + 1;
	}
	return false;
}

bool dt_get_reg(const struct dt_walk *walk, unsigned index, uint64_t *base, uint64_t *size)
{
	const unsigned parent = walk->depth ? walk->depth - 1 : 0;
	const uint32_t na = walk->cells[parent].address, ns = walk->cells[parent].size;
	struct dt_prop prop;

	if (na < 1 || na > 2 || ns > 2 || !dt_get(walk, "reg", &prop) ||
	    dt_cells(&prop) < (uint64_t)(index + 1) * (na + ns))
		return false;
	*base = dt_number(&prop, index * (na + ns), na);
	*size = dt_number(&prop, index * (na + ns) + na, ns);
	return true;
}
