/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register engine. A register is one row: where it is, what the specification calls it, what
 * it resets to, which bits software may change, and what else happens. A table of rows describes a
 * capability, a DVSEC or a register block; a block lays out one or more tables at base offsets.
 * Handlers act on state and never compute masks. Space that no row covers reads 0, ignores writes.
 */
#ifndef VCXL_REGS_H
#define VCXL_REGS_H

#include <stdbool.h>
#include <stdint.h>

#include <vcxl/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One register, or `count` equal ones `stride` bytes apart (0 and 1 both mean a single one); index
 * i of a handler counts them. Bits that are in neither rw nor w1c are read-only.
 */
struct vcxl_reg {
	uint32_t offset; /* of element 0, from the base of the table */
	uint8_t width;   /* bytes: 1, 2, 4 or 8 */
	uint16_t count;
	uint16_t stride;
	const char *name; /* as the specification prints it */
	uint64_t reset;
	uint64_t rw;  /* software writes these bits */
	uint64_t w1c; /* software clears these bits by writing 1; disjoint from rw */
	/* survives every reset but a cold one (RWS, RW1CS, ROS) */
	bool sticky;
	/* replaces rw while it returns, e.g. 0 for a locked decoder; NULL: rw always applies */
	uint64_t (*writable)(const void *owner, unsigned i, uint64_t rw);
	/* value that a guest read returns; NULL: the stored one. A peek uses it too, so it must
	 * have no side effect. */
	uint64_t (*on_read)(const void *owner, unsigned i, uint64_t stored);
	/* after a guest write that touched the register, also when no bit changed */
	void (*on_write)(void *owner, unsigned i, uint64_t old, uint64_t now);
};

#define VCXL_REG(width_, offset_, name_, ...)                                                      \
	{                                                                                          \
		.offset = (offset_), .width = (width_), .name = (name_), __VA_ARGS__               \
	}
#define VCXL_REG8(offset, name, ...)  VCXL_REG(1, offset, name, __VA_ARGS__)
#define VCXL_REG16(offset, name, ...) VCXL_REG(2, offset, name, __VA_ARGS__)
#define VCXL_REG32(offset, name, ...) VCXL_REG(4, offset, name, __VA_ARGS__)
#define VCXL_REG64(offset, name, ...) VCXL_REG(8, offset, name, __VA_ARGS__)

/* A table laid out at `base` of a block; arrays in it are cut to `count` elements when not 0. */
struct vcxl_reg_table {
	uint32_t base;
	const struct vcxl_reg *rows;
	unsigned n_rows;
	/* replaces the count of rows whose own count is > 1 (e.g. the number of decoders); 0: keep
	 */
	uint16_t count;
	void *owner; /* what the handlers of these rows get */
};

#define VCXL_BLOCK_MAX_TABLES 24

/*
 * A register block: its bytes and the tables on them. `bytes`, `reset`, `rw` and `w1c` have `size`
 * bytes each and belong to whoever embeds the block. The masks are derived from the rows at layout,
 * so an access of any width is three byte-wise operations and then the handlers of the rows it
 * touches.
 */
struct vcxl_block {
	uint8_t *bytes, *reset, *rw, *w1c;
	uint32_t size;
	unsigned n_tables;
	struct vcxl_reg_table tables[VCXL_BLOCK_MAX_TABLES];
};

enum vcxl_reset {
	VCXL_RESET_COLD, /* power cycle: sticky registers too */
	VCXL_RESET_HOT,  /* conventional reset, warm or hot */
	VCXL_RESET_CXL,  /* CXL r3.1 9.7: CXL reset of a device */
	VCXL_RESET_FLR   /* PCIe function-level reset */
};

/* Caller provides 4*size bytes of storage. Contents are zero until tables are added. */
void vcxl_block_init(struct vcxl_block *block, void *storage, uint32_t size);

/* Adds a table and sets its registers to their reset values. Rows must be ordered, inside the
 * block, and disjoint from what is there: a violation is a bug (assert). */
void vcxl_block_add(struct vcxl_block *block, const struct vcxl_reg_table *table);

/* Reset values again; sticky registers only when cold. Calls no handler. */
void vcxl_block_reset(struct vcxl_block *block, enum vcxl_reset kind);

/*
 * Guest accesses: width 1, 2, 4 or 8 at any offset inside the block, else VCXL_E_ACCESS. An access
 * may cover a part of a register or several of them; handlers see whole registers.
 */
enum vcxl_status vcxl_block_read(const struct vcxl_block *block, uint32_t offset, unsigned width,
				 uint64_t *value);
enum vcxl_status vcxl_block_write(struct vcxl_block *block, uint32_t offset, unsigned width,
				  uint64_t value);

/* Either of them, for owners of a space whose rules are the same for both. */
static inline enum vcxl_status vcxl_block_access(struct vcxl_block *block, bool write,
						 uint32_t offset, unsigned width, uint64_t *value)
{
	return write ? vcxl_block_write(block, offset, width, *value)
		     : vcxl_block_read(block, offset, width, value);
}

/* The device's own view: no masks, no handlers. Offset and width must be inside the block. */
uint64_t vcxl_block_get(const struct vcxl_block *block, uint32_t offset, unsigned width);
void vcxl_block_set(struct vcxl_block *block, uint32_t offset, unsigned width, uint64_t value);

/* Changes reset value and current value of one place, for what is known only at create time. */
void vcxl_block_set_reset(struct vcxl_block *block, uint32_t offset, unsigned width,
			  uint64_t value);

/* NULL when the rows are ordered, disjoint, of legal width, with rw & w1c == 0 and every mask and
 * reset value inside the width; else what is wrong (static text). Each table has this test. */
const char *vcxl_regs_check(const struct vcxl_reg *rows, unsigned n_rows, uint32_t size);

#ifdef __cplusplus
}
#endif
#endif
