/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device register block: capability array, device status, memory device status, and the mailbox
 * payload behind the mailbox registers. CXL r3.1 8.2.8.1 - 8.2.8.5.
 */
#include <vcxl/bits.h>
#include <vcxl/le.h>

#include "memdev.h"

#define MEDIA_READY    1u
#define MEDIA_DISABLED 3u

static uint64_t memdev_status_read(const void *owner, unsigned i, uint64_t stored)
{
	const struct vcxl_memdev *md = owner;

	(void)i;
	return vcxl_field_set(stored, 3, 2, md->media_disabled ? MEDIA_DISABLED : MEDIA_READY);
}

static uint64_t event_status_read(const void *owner, unsigned i, uint64_t stored)
{
	(void)i, (void)stored;
	return vcxl_event_status(&((const struct vcxl_memdev *)owner)->events);
}

enum {
	CAP_STATUS = 0x10,
	CAP_MEMDEV = 0x20,
	CAP_MAILBOX = 0x30,
	CAP_OFFSET = 4,
	CAP_LENGTH = 8
};

#define CAPABILITY(at, name, id, version, offset, length)                                          \
	VCXL_REG32(at, name " Capability", .reset = (id) | (version) << 16),                       \
		VCXL_REG32((at) + CAP_OFFSET, name " Offset", .reset = (offset)),                  \
		VCXL_REG32((at) + CAP_LENGTH, name " Length", .reset = (length))

/* clang-format off */
static const struct vcxl_reg rows[] = {
	VCXL_REG64(0x00, "Device Capabilities Array", .reset = 0x0000000300010000),
	CAPABILITY(CAP_STATUS,  "Device Status",        0x0001, 2u, VCXL_DEVICE_STATUS_OFFSET, 8),
	CAPABILITY(CAP_MEMDEV,  "Memory Device Status", 0x4000, 1u, VCXL_MEMDEV_STATUS_OFFSET, 8),
	CAPABILITY(CAP_MAILBOX, "Primary Mailbox",      0x0002, 1u, VCXL_MAILBOX_OFFSET, 0),
	VCXL_REG64(VCXL_DEVICE_STATUS_OFFSET, "Event Status", .on_read = event_status_read),
	/* the mailbox interface is ready as soon as the device can be reached */
	VCXL_REG64(VCXL_MEMDEV_STATUS_OFFSET, "Memory Device Status", .reset = 0x10,
		   .on_read = memdev_status_read),
};
/* clang-format on */

const struct vcxl_reg *vcxl_device_regs_rows(unsigned *n_rows)
{
	*n_rows = VCXL_ARRAY_LEN(rows);
	return rows;
}

void vcxl_device_regs_init(struct vcxl_memdev *md, uint32_t payload_size)
{
	const struct vcxl_reg_table device = { .rows = rows,
					       .n_rows = VCXL_ARRAY_LEN(rows),
					       .owner = md };
	const struct vcxl_reg_table mailbox = { .base = VCXL_MAILBOX_OFFSET,
						.rows = vcxl_mailbox_regs,
						.n_rows = vcxl_n_mailbox_regs,
						.owner = md };

	vcxl_block_init(&md->device, md->device_storage, VCXL_DEVICE_REGS_SIZE);
	vcxl_block_add(&md->device, &device);
	vcxl_block_add(&md->device, &mailbox);
	vcxl_block_set_reset(&md->device, CAP_MAILBOX + CAP_LENGTH, 4,
			     VCXL_MAILBOX_REGS_SIZE + payload_size);
}

/* Whether an access is one to registers; the others touch the payload or what is behind it. */
static bool is_register(uint32_t offset)
{
	return offset < VCXL_DEVICE_REGS_SIZE;
}

static enum vcxl_status check(const struct vcxl_memdev *md, uint32_t offset, unsigned width)
{
	if (!vcxl_is_pow2(width) || width > 8 ||
	    !vcxl_range_inside(offset, width, 0, md->device_bar_size))
		return VCXL_E_ACCESS;
	/* registers have no unaligned accesses, the payload is plain bytes */
	return is_register(offset) && offset % width ? VCXL_E_ACCESS : VCXL_OK;
}

/* How many of width bytes at offset lie in the payload; *at is where. */
static unsigned payload_bytes(const struct vcxl_memdev *md, uint32_t offset, unsigned width,
			      uint32_t *at)
{
	const uint32_t size = md->mailbox.payload_size;

	*at = offset - VCXL_DEVICE_REGS_SIZE;
	if (*at >= size)
		return 0;
	return size - *at < width ? (unsigned)(size - *at) : width;
}

enum vcxl_status vcxl_device_regs_read(const struct vcxl_memdev *md, uint32_t offset,
				       unsigned width, uint64_t *value)
{
	const enum vcxl_status status = check(md, offset, width);
	uint32_t at;
	unsigned n;

	if (status)
		return status;
	if (is_register(offset))
		return vcxl_block_read(&md->device, offset, width, value);
	n = payload_bytes(md, offset, width, &at);
	*value = n ? vcxl_load_le(md->mailbox.payload + at, n) : 0;
	return VCXL_OK;
}

enum vcxl_status vcxl_device_regs_write(struct vcxl_memdev *md, uint32_t offset, unsigned width,
					uint64_t value)
{
	const enum vcxl_status status = check(md, offset, width);
	uint32_t at;
	unsigned n;

	if (status)
		return status;
	if (is_register(offset))
		return vcxl_block_write(&md->device, offset, width, value);
	n = payload_bytes(md, offset, width, &at);
	if (n)
		vcxl_store_le(md->mailbox.payload + at, n, value);
	return VCXL_OK;
}
