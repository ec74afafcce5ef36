/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory devices: register block, Identify. CXL r3.1 8.1.3 (DVSEC), 8.2.8 (device registers),
 * 8.2.9.5 and 8.2.9.9 (commands).
 */
#include "arch.h"
#include "cxl.h"

enum {
	DVSEC_CAPABILITY = 0x0a,
	DVSEC_CONTROL = 0x0c,
	DVSEC_RANGE1_SIZE_LOW = 0x1c,
	MEM_CAPABLE = 0x4,
	MEM_ENABLE = 0x4,
	INFO_VALID_AND_ACTIVE = 0x3,

	BLOCK_MAILBOX = 2,
	BLOCK_STATUS = 0x4000,
	STATUS_MEDIA = 0xc, /* 3:2 */
	STATUS_MEDIA_READY = 0x4,
	STATUS_MAILBOX_READY = 0x10,

	OP_GET_SUPPORTED_LOGS = 0x0400,
	OP_IDENTIFY = 0x4000,
	OP_GET_PARTITION = 0x4100,
	IDENTIFY_SIZE = 0x45,
	PARTITION_SIZE = 0x20,

	LOGS = 8,       /* in the payload */
	LOG_ENTRY = 20, /* UUID and size */
	CEL_ENTRY = 4
};

#define CAPACITY_UNIT (256ull << 20)

/* 0da9c0b5-bf41-4b78-8f79-96b1623b3f17 in the order of its bytes on the wire */
static const uint8_t cel_uuid[16] = { 0x0d, 0xa9, 0xc0, 0xb5, 0xbf, 0x41, 0x4b, 0x78,
				      0x8f, 0x79, 0x96, 0xb1, 0x62, 0x3b, 0x3f, 0x17 };

static const char *identify(struct cxl_memdev *m, uint64_t timebase_hz)
{
	uint64_t align;

	if (cxl_command(m, timebase_hz, OP_IDENTIFY, 0) < IDENTIFY_SIZE)
		return "Identify Memory Device failed";
	for (unsigned i = 0; i < 16; i++) {
		const char c = (char)cxl_payload(m, i, 1);

		/* what the device sends must not control the terminal */
		m->firmware[i] = c && (c < ' ' || c > '~') ? '?' : c;
	}
	m->firmware[16] = '\0';
	m->capacity = cxl_payload(m, 0x10, 8) * CAPACITY_UNIT;
	m->volatile_size = cxl_payload(m, 0x18, 8) * CAPACITY_UNIT;
	m->persistent_size = cxl_payload(m, 0x20, 8) * CAPACITY_UNIT;
	align = cxl_payload(m, 0x28, 8);
	m->lsa_size = (uint32_t)cxl_payload(m, 0x38, 4);
	if (!align)
		return NULL;
	/* the split between the two is movable: ask where it is */
	if (cxl_command(m, timebase_hz, OP_GET_PARTITION, 0) < PARTITION_SIZE)
		return "Get Partition Info failed";
	m->volatile_size = cxl_payload(m, 0, 8) * CAPACITY_UNIT;
	m->persistent_size = cxl_payload(m, 8, 8) * CAPACITY_UNIT;
	return NULL;
}

static const char *count_commands(struct cxl_memdev *m, uint64_t timebase_hz)
{
	const int length = cxl_command(m, timebase_hz, OP_GET_SUPPORTED_LOGS, 0);
	unsigned logs;

	if (length < LOGS)
		return "Get Supported Logs failed";
	logs = (unsigned)cxl_payload(m, 0, 2);
	for (unsigned i = 0; i < logs && LOGS + (i + 1) * LOG_ENTRY <= (unsigned)length; i++) {
		const unsigned at = LOGS + i * LOG_ENTRY;
		unsigned same = 0;

		while (same < 16 && cxl_payload(m, at + same, 1) == cel_uuid[same])
			same++;
		if (same == 16)
			m->n_commands = (uint32_t)cxl_payload(m, at + 16, 4) / CEL_ENTRY;
	}
	return m->n_commands ? NULL : "no Command Effects Log";
}

/* CXL r3.1 8.2.8.1: the array of capabilities at the start of the block */
static const char *find_registers(struct cxl_memdev *m, uint64_t base, uint64_t size)
{
	const uint64_t header = mmio_read64(base);
	const unsigned n = header >> 32 & 0xffff;

	if ((header & 0xffff) != 0)
		return "device registers have no capability array";
	for (unsigned i = 1; i <= n && 16 * (uint64_t)(i + 1) <= size; i++) {
		const unsigned id = mmio_read32(base + 16 * i) & 0xffff;
		const uint64_t offset = mmio_read32(base + 16 * i + 4);
		const uint64_t length = mmio_read32(base + 16 * i + 8);

		if (offset > size || length > size - offset)
			continue;
		if (id == BLOCK_STATUS && length >= 8)
			m->status = base + offset;
		if (id == BLOCK_MAILBOX)
			cxl_open_mailbox(m, base + offset, length);
	}
	if (!m->payload_size)
		return "no usable primary mailbox";
	return m->status ? NULL : "no memory device status";
}

static const char *wait_ready(const struct cxl *cxl, const struct pci_function *f,
			      const struct cxl_memdev *m)
{
	const struct deadline d = deadline_in(cxl->board->timebase_hz, 1000);
	const unsigned dvsec = f->dvsec[CXL_DVSEC_DEVICE];

	if (!dvsec || !(pci_read16(&cxl->pci, f, dvsec + DVSEC_CAPABILITY) & MEM_CAPABLE))
		return "not capable of CXL.mem";
	for (;;) {
		const uint64_t status = mmio_read64(m->status);
		const uint32_t range = pci_read32(&cxl->pci, f, dvsec + DVSEC_RANGE1_SIZE_LOW);

		if ((status & STATUS_MEDIA) == STATUS_MEDIA_READY &&
		    status & STATUS_MAILBOX_READY &&
		    (range & INFO_VALID_AND_ACTIVE) == INFO_VALID_AND_ACTIVE)
			return NULL;
		if (deadline_passed(&d))
			return "media or mailbox not ready";
	}
}

void cxl_read_memdev(const struct cxl *cxl, const struct pci_function *f, struct cxl_memdev *m)
{
	const uint64_t hz = cxl->board->timebase_hz;
	uint64_t base, size;

	*m = (struct cxl_memdev){ 0 };
	if (!cxl_find_block(&cxl->pci, f, CXL_BLOCK_DEVICE, &base, &size) || size < 16) {
		m->problem = "no device registers";
		return;
	}
	m->problem = find_registers(m, base, size);
	if (!m->problem)
		m->problem = wait_ready(cxl, f, m);
	if (!m->problem)
		m->problem = identify(m, hz);
	if (!m->problem)
		m->problem = count_commands(m, hz);
	if (!m->problem)
		return;
	/* a device that does not answer has nothing to map */
	m->volatile_size = 0;
	m->persistent_size = 0;
}

void cxl_enable_memory(const struct cxl *cxl, const struct pci_function *f)
{
	const unsigned dvsec = f->dvsec[CXL_DVSEC_DEVICE];
	uint16_t control;

	if (!dvsec)
		return;
	control = pci_read16(&cxl->pci, f, dvsec + DVSEC_CONTROL);
	pci_write16(&cxl->pci, f, dvsec + DVSEC_CONTROL, (uint16_t)(control | MEM_ENABLE));
}
