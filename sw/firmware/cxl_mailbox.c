/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversation with a memory device's primary mailbox. CXL r3.1 8.2.8.4. Left out: background
 * commands, the interrupt at the end of a command.
 */
#include "arch.h"
#include "cxl.h"

enum {
	MBOX_CAPS = 0x00,
	MBOX_CONTROL = 0x04,
	MBOX_COMMAND = 0x08,
	MBOX_STATUS = 0x10,
	MBOX_PAYLOAD = 0x20,
	MBOX_DOORBELL = 1,
	COMMAND_MS = 2000
};

void cxl_open_mailbox(struct cxl_memdev *m, uint64_t address, uint64_t length)
{
	unsigned shift;

	if (length <= MBOX_PAYLOAD)
		return;
	shift = mmio_read32(address + MBOX_CAPS) & 0x1f;
	m->mailbox = address;
	m->payload_size = shift < 8 || shift > 20 ? 0 : 1u << shift;
	if (m->payload_size > length - MBOX_PAYLOAD)
		m->payload_size = 0;
}

uint64_t cxl_payload(const struct cxl_memdev *m, unsigned offset, unsigned n)
{
	uint64_t value = 0;

	while (n--)
		value = value << 8 | mmio_read8(m->mailbox + MBOX_PAYLOAD + offset + n);
	return value;
}

void cxl_put_payload(const struct cxl_memdev *m, unsigned offset, unsigned n, uint64_t value)
{
	for (unsigned i = 0; i < n; i++)
		mmio_write8(m->mailbox + MBOX_PAYLOAD + offset + i, (uint8_t)(value >> 8 * i));
}

int cxl_command(const struct cxl_memdev *m, uint64_t timebase_hz, unsigned opcode,
		unsigned in_length)
{
	const struct deadline d = deadline_in(timebase_hz, COMMAND_MS);
	unsigned length;

	if (mmio_read32(m->mailbox + MBOX_CONTROL) & MBOX_DOORBELL)
		return -1;
	mmio_write64(m->mailbox + MBOX_COMMAND, opcode | (uint64_t)in_length << 16);
	mmio_write32(m->mailbox + MBOX_CONTROL, MBOX_DOORBELL);
	while (mmio_read32(m->mailbox + MBOX_CONTROL) & MBOX_DOORBELL)
		if (deadline_passed(&d))
			return -1;
	if (mmio_read64(m->mailbox + MBOX_STATUS) >> 32 & 0xffff)
		return -1;
	length = mmio_read64(m->mailbox + MBOX_COMMAND) >> 16 & 0x1fffff;
	return length <= m->payload_size ? (int)length : -1;
}
