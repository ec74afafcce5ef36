/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RAS capability: errors of CXL.cache and CXL.mem, with several headers recorded. CXL
 * r3.1 8.2.4.17. The order in which headers are shown and let go is that of PCIe r6.0 6.2.4.2.
 */
#include <string.h>

#include <vcxl/bits.h>

#include "component.h"

#define UNCORRECTABLE_STATUS   0x00u
#define UNCORRECTABLE_MASK     0x04u
#define UNCORRECTABLE_SEVERITY 0x08u
#define CORRECTABLE_STATUS     0x0cu
#define CORRECTABLE_MASK       0x10u
#define CONTROL                0x14u
#define HEADER_LOG             0x18u

#define UNCORRECTABLE       0x1cfffull
#define CORRECTABLE         0x7full
#define FIRST_ERROR_POINTER 5, 0
#define MULTIPLE_HEADERS    VCXL_BIT(9)
#define NO_ERROR            0x3f /* a pointer to a bit that no error has */

static uint32_t get(const struct vcxl_component *c, uint32_t offset)
{
	return (uint32_t)vcxl_block_get(&c->block, c->ras_offset + offset, 4);
}

static void set(struct vcxl_component *c, uint32_t offset, uint64_t value)
{
	vcxl_block_set(&c->block, c->ras_offset + offset, 4, value);
}

/* The registers follow the queue: its first error has the header log and the pointer. */
static void show(struct vcxl_component *c)
{
	const struct vcxl_ras *ras = &c->ras;
	uint32_t status = ras->without_header;

	for (unsigned i = 0; i < ras->n; i++)
		status |= 1u << ras->queue[i].bit;
	set(c, UNCORRECTABLE_STATUS, status);
	set(c, CONTROL,
	    vcxl_field_set(get(c, CONTROL), FIRST_ERROR_POINTER,
			   ras->n ? (uint64_t)ras->queue[0].bit : NO_ERROR));
	for (unsigned i = 0; i < VCXL_RAS_HEADER_DWORDS; i++)
		set(c, HEADER_LOG + 4 * i, ras->n ? ras->queue[0].header[i] : 0);
}

/*
 * Clearing the bit of the first error alone lets the next one come up, which may be of the same
 * kind. Software that clears several bits at once knows of no queue: all errors of these kinds go.
 */
static void status_written(void *owner, unsigned i, uint64_t old, uint64_t now)
{
	struct vcxl_component *c = owner;
	struct vcxl_ras *ras = &c->ras;
	const uint64_t cleared = old & ~now;
	unsigned kept = 0;

	(void)i;
	if (!cleared)
		return;
	ras->without_header &= ~(uint32_t)cleared;
	if (ras->n && cleared == 1ull << ras->queue[0].bit) {
		ras->n--;
		memmove(&ras->queue[0], &ras->queue[1], ras->n * sizeof(ras->queue[0]));
	} else {
		for (unsigned k = 0; k < ras->n; k++)
			if (!(cleared >> ras->queue[k].bit & 1))
				ras->queue[kept++] = ras->queue[k];
		ras->n = kept;
	}
	show(c);
}

/* clang-format off */
/* CXL r3.1 8.2.4.17 */
static const struct vcxl_reg rows[] = {
	VCXL_REG32(0x00, "Uncorrectable Error Status",   .w1c = UNCORRECTABLE, .sticky = true, .on_write = status_written),
	VCXL_REG32(0x04, "Uncorrectable Error Mask",     .rw = UNCORRECTABLE, .reset = UNCORRECTABLE, .sticky = true),
	VCXL_REG32(0x08, "Uncorrectable Error Severity", .rw = UNCORRECTABLE, .reset = UNCORRECTABLE, .sticky = true),
	VCXL_REG32(0x0c, "Correctable Error Status",     .w1c = CORRECTABLE, .sticky = true),
	VCXL_REG32(0x10, "Correctable Error Mask",       .rw = CORRECTABLE, .reset = CORRECTABLE, .sticky = true),
	VCXL_REG32(0x14, "Error Capabilities and Control", .reset = MULTIPLE_HEADERS, .sticky = true),
	VCXL_REG32(0x18, "Header Log",                   .count = VCXL_RAS_HEADER_DWORDS, .stride = 4, .sticky = true),
};
/* clang-format on */

const struct vcxl_reg_table vcxl_ras_table = { .rows = rows, .n_rows = VCXL_ARRAY_LEN(rows) };

bool vcxl_ras_uncorrectable_valid(enum vcxl_ras_uncorrectable bit)
{
	return (unsigned)bit < 32 && (UNCORRECTABLE >> bit & 1);
}

bool vcxl_ras_correctable_valid(enum vcxl_ras_correctable bit)
{
	return (unsigned)bit < 32 && (CORRECTABLE >> bit & 1);
}

bool vcxl_ras_record(struct vcxl_component *c, const struct vcxl_ras_error *error,
		     enum vcxl_error_message *severity)
{
	struct vcxl_ras *ras = &c->ras;

	if (get(c, UNCORRECTABLE_MASK) >> error->bit & 1)
		return false;
	if (ras->n < VCXL_RAS_QUEUE)
		ras->queue[ras->n++] = *error;
	else
		ras->without_header |= 1u << error->bit;
	show(c);
	*severity = get(c, UNCORRECTABLE_SEVERITY) >> error->bit & 1 ? VCXL_ERR_FATAL
								     : VCXL_ERR_NONFATAL;
	return true;
}

bool vcxl_ras_record_correctable(struct vcxl_component *c, enum vcxl_ras_correctable bit)
{
	if (get(c, CORRECTABLE_MASK) >> bit & 1)
		return false;
	set(c, CORRECTABLE_STATUS, get(c, CORRECTABLE_STATUS) | 1u << bit);
	return true;
}
