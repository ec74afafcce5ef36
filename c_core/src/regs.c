/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register engine: byte masks laid out from rows, then byte-wise accesses and the handlers of
 * the registers that an access touches. Knows nothing of CXL or PCIe; access widths that a space
 * forbids are refused by the owner of the space.
 */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>
#include <vcxl/regs.h>

/* An access of up to 8 bytes touches at most 8 registers of one byte. */
#define MAX_TOUCHED 8

struct touched {
	const struct vcxl_reg_table *table;
	const struct vcxl_reg *row;
	unsigned i;
	uint32_t at; /* in the block */
	uint64_t old;
};

static bool legal_width(unsigned width)
{
	return width == 1 || width == 2 || width == 4 || width == 8;
}

static unsigned row_count(const struct vcxl_reg *row, uint16_t table_count)
{
	if (row->count <= 1)
		return 1;
	return table_count ? table_count : row->count;
}

/*
 * First element of the row that ends behind `from`: its index, or the count when there is none.
 * `from` is relative to the table.
 */
static unsigned first_behind(const struct vcxl_reg *row, unsigned count, uint32_t from)
{
	unsigned i;

	if (from < row->offset + row->width)
		return 0;
	if (count == 1)
		return 1;
	i = (from - row->offset - row->width) / row->stride + 1;
	return i < count ? i : count;
}

/* Whether one of `count` elements of the row, in a table at base, meets a register of the other. */
static bool meets(const struct vcxl_reg *row, unsigned count, uint32_t base,
		  const struct vcxl_reg_table *other)
{
	for (unsigned i = 0; i < count; i++) {
		const uint32_t from = base + row->offset + i * row->stride;
		const uint32_t end = from + row->width;

		for (unsigned r = 0; r < other->n_rows && end > other->base; r++) {
			const struct vcxl_reg *b = &other->rows[r];
			const unsigned n = row_count(b, other->count);
			const unsigned k =
				first_behind(b, n, from > other->base ? from - other->base : 0);

			if (k < n && b->offset + k * b->stride < end - other->base)
				return true;
		}
	}
	return false;
}

static const char *check_row(const struct vcxl_reg *row, uint32_t size)
{
	const unsigned count = row_count(row, 0);
	uint64_t mask;

	if (!row->name)
		return "a register has no name";
	if (!legal_width(row->width))
		return "width is not 1, 2, 4 or 8";
	if (count > 1 && row->stride < row->width)
		return "elements of an array overlap";
	if (!vcxl_range_inside(row->offset, (uint64_t)(count - 1) * row->stride + row->width, 0,
			       size))
		return "register lies outside the block";
	mask = VCXL_MASK(8u * row->width - 1, 0);
	if ((row->reset | row->rw | row->w1c) & ~mask)
		return "mask or reset value exceeds the width";
	if (row->rw & row->w1c)
		return "a bit is both read-write and write-1-to-clear";
	return NULL;
}

const char *vcxl_regs_check(const struct vcxl_reg *rows, unsigned n_rows, uint32_t size)
{
	for (unsigned r = 0; r < n_rows; r++) {
		const struct vcxl_reg_table before = { .rows = rows, .n_rows = r };
		const char *problem = check_row(&rows[r], size);

		if (problem)
			return problem;
		if (r && rows[r].offset <= rows[r - 1].offset)
			return "rows are not ordered by offset";
		if (meets(&rows[r], row_count(&rows[r], 0), 0, &before))
			return "registers overlap";
	}
	return NULL;
}

void vcxl_block_init(struct vcxl_block *block, void *storage, uint32_t size)
{
	memset(block, 0, sizeof(*block));
	memset(storage, 0, 4 * (size_t)size);
	block->size = size;
	block->bytes = storage;
	block->reset = block->bytes + size;
	block->rw = block->reset + size;
	block->w1c = block->rw + size;
}

/* Whether a new table fits between those that are there. */
static bool table_fits(const struct vcxl_block *block, const struct vcxl_reg_table *table)
{
	for (unsigned r = 0; r < table->n_rows; r++) {
		const struct vcxl_reg *row = &table->rows[r];
		const unsigned count = row_count(row, table->count);

		if (!vcxl_range_inside((uint64_t)table->base + row->offset,
				       (uint64_t)(count - 1) * row->stride + row->width, 0,
				       block->size))
			return false;
		for (unsigned t = 0; t < block->n_tables; t++)
			if (meets(row, count, table->base, &block->tables[t]))
				return false;
	}
	return true;
}

void vcxl_block_add(struct vcxl_block *block, const struct vcxl_reg_table *table)
{
	bool fits = block->n_tables < VCXL_BLOCK_MAX_TABLES && table_fits(block, table);

	/* the full check counts arrays as the rows do: a cut table is checked by table_fits */
	fits = fits && (table->count ||
			!vcxl_regs_check(table->rows, table->n_rows, block->size - table->base));
	assert(fits);
	if (!fits)
		return;
	block->tables[block->n_tables++] = *table;
	for (unsigned r = 0; r < table->n_rows; r++) {
		const struct vcxl_reg *row = &table->rows[r];

		for (unsigned i = 0; i < row_count(row, table->count); i++) {
			const uint32_t at = table->base + row->offset + i * row->stride;

			vcxl_store_le(block->rw + at, row->width, row->rw);
			vcxl_store_le(block->w1c + at, row->width, row->w1c);
			vcxl_block_set_reset(block, at, row->width, row->reset);
		}
	}
}

void vcxl_block_reset(struct vcxl_block *block, enum vcxl_reset kind)
{
	for (unsigned t = 0; t < block->n_tables; t++) {
		const struct vcxl_reg_table *table = &block->tables[t];

		for (unsigned r = 0; r < table->n_rows; r++) {
			const struct vcxl_reg *row = &table->rows[r];

			if (row->sticky && kind != VCXL_RESET_COLD)
				continue;
			for (unsigned i = 0; i < row_count(row, table->count); i++) {
				const uint32_t at = table->base + row->offset + i * row->stride;

				memcpy(block->bytes + at, block->reset + at, row->width);
			}
		}
	}
}

/* Lists the registers that [offset, offset+width) touches, in order of tables and rows. */
static unsigned find_touched(const struct vcxl_block *block, uint32_t offset, unsigned width,
			     struct touched list[MAX_TOUCHED])
{
	unsigned n = 0;

	for (unsigned t = 0; t < block->n_tables; t++) {
		const struct vcxl_reg_table *table = &block->tables[t];
		const uint32_t end = offset + width - table->base;
		const uint32_t from = offset > table->base ? offset - table->base : 0;

		if (offset + width <= table->base)
			continue;
		for (unsigned r = 0; r < table->n_rows && table->rows[r].offset < end; r++) {
			const struct vcxl_reg *row = &table->rows[r];
			const unsigned count = row_count(row, table->count);

			for (unsigned i = first_behind(row, count, from);
			     i < count && row->offset + i * row->stride < end; i++) {
				const uint32_t at = table->base + row->offset + i * row->stride;

				assert(n < MAX_TOUCHED);
				list[n++] = (struct touched){ .table = table,
							      .row = row,
							      .i = i,
							      .at = at,
							      .old = vcxl_load_le(block->bytes + at,
										  row->width) };
			}
		}
	}
	return n;
}

/* Puts the bytes of a register over those of an access at `offset`, where they meet. */
static void overlay(uint8_t *access, uint32_t offset, unsigned width, const struct touched *reg,
		    uint64_t value)
{
	for (unsigned b = 0; b < reg->row->width; b++)
		if (reg->at + b >= offset && reg->at + b - offset < width)
			access[reg->at + b - offset] = (uint8_t)(value >> (8 * b));
}

static bool legal_access(const struct vcxl_block *block, uint32_t offset, unsigned width)
{
	return legal_width(width) && vcxl_range_inside(offset, width, 0, block->size);
}

enum vcxl_status vcxl_block_read(const struct vcxl_block *block, uint32_t offset, unsigned width,
				 uint64_t *value)
{
	struct touched list[MAX_TOUCHED];
	uint8_t bytes[8];
	unsigned n;

	*value = 0;
	if (!legal_access(block, offset, width))
		return VCXL_E_ACCESS;
	memcpy(bytes, block->bytes + offset, width);
	n = find_touched(block, offset, width, list);
	for (unsigned k = 0; k < n; k++) {
		const struct touched *reg = &list[k];

		if (reg->row->on_read)
			overlay(bytes, offset, width, reg,
				reg->row->on_read(reg->table->owner, reg->i, reg->old));
	}
	*value = vcxl_load_le(bytes, width);
	return VCXL_OK;
}

enum vcxl_status vcxl_block_write(struct vcxl_block *block, uint32_t offset, unsigned width,
				  uint64_t value)
{
	struct touched list[MAX_TOUCHED];
	uint8_t rw[8];
	unsigned n;

	if (!legal_access(block, offset, width))
		return VCXL_E_ACCESS;
	memcpy(rw, block->rw + offset, width);
	n = find_touched(block, offset, width, list);
	for (unsigned k = 0; k < n; k++) {
		const struct touched *reg = &list[k];

		if (reg->row->writable)
			overlay(rw, offset, width, reg,
				reg->row->writable(reg->table->owner, reg->i, reg->row->rw));
	}
	for (unsigned b = 0; b < width; b++) {
		uint8_t *byte = &block->bytes[offset + b];
		const uint8_t in = (uint8_t)(value >> (8 * b));

		*byte = (uint8_t)((*byte & ~rw[b]) | (in & rw[b]));
		*byte = (uint8_t)(*byte & ~(in & block->w1c[offset + b]));
	}
	for (unsigned k = 0; k < n; k++) {
		const struct touched *reg = &list[k];

		if (reg->row->on_write)
			reg->row->on_write(reg->table->owner, reg->i, reg->old,
					   vcxl_load_le(block->bytes + reg->at, reg->row->width));
	}
	return VCXL_OK;
}

uint64_t vcxl_block_get(const struct vcxl_block *block, uint32_t offset, unsigned width)
{
	assert(width <= 8 && vcxl_range_inside(offset, width, 0, block->size));
	return vcxl_load_le(block->bytes + offset, width);
}

void vcxl_block_set(struct vcxl_block *block, uint32_t offset, unsigned width, uint64_t value)
{
	assert(width <= 8 && vcxl_range_inside(offset, width, 0, block->size));
	vcxl_store_le(block->bytes + offset, width, value);
}

void vcxl_block_set_reset(struct vcxl_block *block, uint32_t offset, unsigned width, uint64_t value)
{
	vcxl_block_set(block, offset, width, value);
	vcxl_store_le(block->reset + offset, width, value);
}
