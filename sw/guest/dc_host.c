/* SPDX-License-Identifier: Apache-2.0 */
#include "dc_host.h"

#include <stddef.h>

#include "arch.h"

enum {
	MBOX_CONTROL = 0x04,
	MBOX_COMMAND = 0x08,
	MBOX_STATUS = 0x10,
	MBOX_PAYLOAD = 0x20,
	MBOX_DOORBELL = 1,

	OP_GET_EVENTS = 0x0100,
	OP_CLEAR_EVENTS = 0x0101,
	OP_GET_CONFIG = 0x4800,
	DYNAMIC_CAPACITY = 4, /* the log */

	RECORDS = 0x20, /* in the payload of Get Event Records */
	HANDLE = 0x14,  /* in a record */
	TYPE = 0x30,
	FLAGS = 0x35,
	EXTENT_DPA = 0x38,
	EXTENT_LEN = 0x40,
	MORE = 1
};

#define DECODE_UNIT (256ull << 20)

/* ---- mailbox ---- */

static void put(const struct dc_host *host, unsigned offset, uint64_t value, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		mmio_write8(host->mailbox + MBOX_PAYLOAD + offset + i, (uint8_t)(value >> 8 * i));
}

static uint64_t get(const struct dc_host *host, unsigned offset, unsigned n)
{
	uint64_t value = 0;

	while (n--)
		value = value << 8 | mmio_read8(host->mailbox + MBOX_PAYLOAD + offset + n);
	return value;
}

static void command(struct dc_host *host, unsigned opcode, uint64_t in_len)
{
	mmio_write64(host->mailbox + MBOX_COMMAND, opcode | in_len << 16);
	mmio_write32(host->mailbox + MBOX_CONTROL, MBOX_DOORBELL);
	while (mmio_read32(host->mailbox + MBOX_CONTROL) & MBOX_DOORBELL)
		;
	if (mmio_read64(host->mailbox + MBOX_STATUS) >> 32 & 0xffff)
		host->error = "a command fails";
}

/* ---- dynamic capacity ---- */

void dc_region(struct dc_host *host, uint64_t *base, uint64_t *decode_len)
{
	put(host, 0, 1, 2); /* one region, from 0 on */
	command(host, OP_GET_CONFIG, 2);
	*base = get(host, 8, 8);
	*decode_len = get(host, 16, 8) * DECODE_UNIT;
}

/* One record at a time, so that answers do not overwrite others in the payload. */
bool dc_take_record(struct dc_host *host)
{
	uint64_t handle;

	if (host->complete)
		host->n = 0;
	host->complete = false;
	put(host, 0, DYNAMIC_CAPACITY, 1);
	command(host, OP_GET_EVENTS, 1);
	if (host->error || !get(host, 0x14, 2))
		return false;
	if (host->n == DC_MAX_CHAIN) {
		host->error = "a long chain";
		return false;
	}
	handle = get(host, RECORDS + HANDLE, 2);
	host->type = (unsigned)get(host, RECORDS + TYPE, 1);
	host->complete = !(get(host, RECORDS + FLAGS, 1) & MORE);
	host->chain[host->n].dpa = get(host, RECORDS + EXTENT_DPA, 8);
	host->chain[host->n++].len = get(host, RECORDS + EXTENT_LEN, 8);
	put(host, 0, DYNAMIC_CAPACITY | 1ull << 16, 6);
	put(host, 6, handle, 2);
	command(host, OP_CLEAR_EVENTS, 8);
	return host->complete && !host->error;
}

void dc_respond(struct dc_host *host, unsigned opcode)
{
	put(host, 0, host->n, 8);
	for (unsigned i = 0; i < host->n; i++) {
		put(host, 8 + 24 * i, host->chain[i].dpa, 8);
		put(host, 16 + 24 * i, host->chain[i].len, 8);
		put(host, 24 + 24 * i, 0, 8);
	}
	command(host, opcode, 8 + 24 * host->n);
}
