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

const struct vcxl_reg_table vcxl_device_table = { .rows = rows, .n_rows = VCXL_ARRAY_LEN(rows) };

void vcxl_device_regs_init(struct vcxl_memdev *md, uint32_t payload_size)
{
	struct vcxl_reg_table device = vcxl_device_table, mailbox = vcxl_mailbox_table;

	device.owner = mailbox.owner = md;
	vcxl_block_init(&md->device, md->device_storage, VCXL_DEVICE_REGS_SIZE);
	vcxl_block_add(&md->device, &device);
	vcxl_block_add(&md->device, &mailbox);
	vcxl_block_set_reset(&md->device, CAP_MAILBOX + CAP_LENGTH, 4,
			     VCXL_MAILBOX_REGS_SIZE + payload_size);
}

enum vcxl_status vcxl_device_regs_access(struct vcxl_memdev *md, bool write, uint32_t offset,
					 unsigned width, uint64_t *value)
{
	uint8_t *payload = md->mailbox.payload;
	const uint32_t at = offset - VCXL_DEVICE_REGS_SIZE, size = md->mailbox.payload_size;
	unsigned n;

	if (!vcxl_is_pow2(width) || width > 8 ||
	    !vcxl_range_inside(offset, width, 0, md->device_bar_size))
		return VCXL_E_ACCESS;
	/* registers have no unaligned accesses, the payload is plain bytes */
	if (offset < VCXL_DEVICE_REGS_SIZE)
		return offset % width ? VCXL_E_ACCESS
				      : vcxl_block_access(&md->device, write, offset, width, value);
	if (at >= size)
		return VCXL_OK;
	n = size - at < width ? size - at : width;
	if (write)
		vcxl_store_le(payload + at, n, *value);
	else
		*value = vcxl_load_le(payload + at, n);
	return VCXL_OK;
}
