/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data object exchange: the mailbox in configuration space, discovery, and CDAT table access. PCIe
 * r6.0 6.30, 7.9.24; CXL r3.1 8.1.11. An object is answered within the write that sends it, so the
 * mailbox is never busy. Left out: SPDM (CMA), IDE and other protocols.
 */
#include "doe.h"

#include <vcxl/bits.h>
#include <vcxl/le.h>

#include "dvsec.h"

enum {
	DOE_CONTROL = 0x08,
	DOE_STATUS = 0x0c
};

#define ABORT            VCXL_BIT(0) /* Control */
#define INTERRUPT_ENABLE VCXL_BIT(1)
#define GO               VCXL_BIT(31)
#define INTERRUPT_STATUS VCXL_BIT(1) /* Status */
#define ERROR            VCXL_BIT(2)
#define READY            VCXL_BIT(31)

#define PCI_SIG         0x0001u
#define CXL             0x1e98u
#define TYPE_DISCOVERY  0u
#define TYPE_CDAT       2u
#define REQUEST_SIZE    3u /* dwords of both requests */
#define NO_MORE_ENTRIES 0xffffu
#define NO_VENDOR       0xffffu
#define CDAT_HEADER     0x10u
#define MAX_DWORDS      0x40000u /* PCIe r6.0 6.30.1: what length 0 stands for */

static bool ready(const struct vcxl_doe *doe)
{
	return doe->next < doe->response[1];
}

/* PCIe r6.0 6.30.3: one message for each time that the status bit becomes set. */
static void notify(struct vcxl_doe *doe)
{
	struct vcxl_block *config = &doe->pci->config;
	const uint64_t control = vcxl_block_get(config, doe->offset + DOE_CONTROL, 4);
	const uint64_t status = vcxl_block_get(config, doe->offset + DOE_STATUS, 4);

	if (!(control & INTERRUPT_ENABLE) || (status & INTERRUPT_STATUS))
		return;
	vcxl_block_set(config, doe->offset + DOE_STATUS, 4, status | INTERRUPT_STATUS);
	vcxl_pci_raise(doe->pci, VCXL_DOE_VECTOR);
}

void vcxl_doe_reset(struct vcxl_doe *doe)
{
	doe->n_request = 0;
	doe->response[1] = 0;
	doe->next = 0;
	doe->error = false;
}

static void respond(struct vcxl_doe *doe, uint32_t third, uint32_t entry, uint32_t n_entry)
{
	doe->response[0] = doe->request[0];
	doe->response[1] = VCXL_DOE_HEADER + n_entry;
	doe->response[2] = third;
	doe->entry = entry;
	doe->next = 0;
}

/* PCIe r6.0 6.30.1.1: what this mailbox understands, one protocol at a time. */
static bool discovery(struct vcxl_doe *doe)
{
	static const uint32_t protocols[] = { PCI_SIG | TYPE_DISCOVERY << 16,
					      CXL | TYPE_CDAT << 16 };
	const uint32_t n = (uint32_t)VCXL_ARRAY_LEN(protocols);
	const uint32_t index = doe->request[2] & 0xff;

	if (index >= n)
		respond(doe, NO_VENDOR, 0, 0);
	else
		respond(doe, protocols[index] | ((index + 1) % n) << 24, 0, 0);
	return true;
}

/* The header of the table has no length of its own, every structure says its at +2. */
static uint32_t entry_size(const struct vcxl_doe *doe, uint32_t at)
{
	return at ? (uint32_t)vcxl_load_le(doe->cdat + at + 2, 2) : CDAT_HEADER;
}

/* CXL r3.1 8.1.11.1: handles count the entries of the table, 0 is its header. */
static bool table_access(struct vcxl_doe *doe)
{
	const uint32_t code_and_type = doe->request[2] & 0xffff;
	const uint32_t handle = doe->request[2] >> 16;
	uint32_t at = 0, size, next;

	if (code_and_type)
		return false;
	for (uint32_t i = 0; i < handle && at < doe->cdat_size; i++)
		at += entry_size(doe, at);
	if (at >= doe->cdat_size)
		return false;
	size = entry_size(doe, at);
	next = at + size < doe->cdat_size ? handle + 1 : NO_MORE_ENTRIES;
	respond(doe, next << 16, at, size / 4);
	return true;
}

static bool handle_object(struct vcxl_doe *doe)
{
	const uint32_t length = doe->request[1] & (MAX_DWORDS - 1);

	/* covers objects without a header and those that did not fit: their length is not 3 */
	if (doe->n_request != REQUEST_SIZE || length != REQUEST_SIZE)
		return false;
	switch (doe->request[0] & 0xffffff) {
	case PCI_SIG | TYPE_DISCOVERY << 16:
		return discovery(doe);
	case CXL | TYPE_CDAT << 16:
		return table_access(doe);
	default:
		return false;
	}
}

static void go(struct vcxl_doe *doe)
{
	const bool waits = ready(doe);

	/* an object that arrives before the answer to the last was read is discarded */
	if (!waits && !doe->error) {
		doe->error = !handle_object(doe);
		notify(doe);
	}
	doe->n_request = 0;
}

static void control_write(void *owner, unsigned i, uint64_t old, uint64_t now)
{
	struct vcxl_doe *doe = owner;

	(void)i, (void)old;
	/* the two commands are write-only */
	vcxl_block_set(&doe->pci->config, doe->offset + DOE_CONTROL, 4, now & INTERRUPT_ENABLE);
	if (now & ABORT)
		vcxl_doe_reset(doe);
	else if (now & GO)
		go(doe);
}

static uint64_t status_read(const void *owner, unsigned i, uint64_t stored)
{
	const struct vcxl_doe *doe = owner;

	(void)i;
	return stored | (doe->error ? ERROR : 0) | (ready(doe) ? READY : 0);
}

static void write_mailbox(void *owner, unsigned i, uint64_t old, uint64_t now)
{
	struct vcxl_doe *doe = owner;

	(void)i, (void)old;
	if (doe->n_request < VCXL_DOE_MAX_REQUEST)
		doe->request[doe->n_request] = (uint32_t)now;
	if (doe->n_request < MAX_DWORDS)
		doe->n_request++;
}

static uint64_t read_mailbox(const void *owner, unsigned i, uint64_t stored)
{
	const struct vcxl_doe *doe = owner;

	(void)i, (void)stored;
	if (!ready(doe))
		return 0;
	if (doe->next < VCXL_DOE_HEADER)
		return doe->response[doe->next];
	return vcxl_load_le(doe->cdat + doe->entry + 4 * (doe->next - VCXL_DOE_HEADER), 4);
}

/* A write of anything takes the next dword. */
static void read_mailbox_pop(void *owner, unsigned i, uint64_t old, uint64_t now)
{
	struct vcxl_doe *doe = owner;

	(void)i, (void)old, (void)now;
	if (ready(doe))
		doe->next++;
}

/* clang-format off */
/* PCIe r6.0 7.9.24; interrupts are supported, message number 0 */
static const struct vcxl_reg doe_regs[] = {
	VCXL_REG32(0x04, "DOE Capabilities", .reset = 0x00000001 | VCXL_DOE_VECTOR << 1),
	VCXL_REG32(0x08, "DOE Control",      .rw = ABORT | INTERRUPT_ENABLE | GO, .on_write = control_write),
	VCXL_REG32(0x0c, "DOE Status",       .w1c = INTERRUPT_STATUS, .on_read = status_read),
	VCXL_REG32(0x10, "DOE Write Data Mailbox", .rw = 0xffffffff, .on_write = write_mailbox),
	VCXL_REG32(0x14, "DOE Read Data Mailbox",  .on_read = read_mailbox, .on_write = read_mailbox_pop),
};
/* clang-format on */

void vcxl_doe_add(struct vcxl_doe *doe, struct vcxl_pci *pci, const uint8_t *cdat, uint32_t size)
{
	doe->pci = pci;
	doe->cdat = cdat;
	doe->cdat_size = size;
	doe->offset = vcxl_pci_add_extended(pci, 0x002e, 1, 0x18, VCXL_ROWS(doe_regs), doe);
}
