/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enumeration: configuration accesses, bus numbers, capabilities. See pci.h.
 */
#include "pci.h"

#include "arch.h"
#include "fmt.h"

enum {
	CFG_VENDOR = 0x00,
	CFG_STATUS = 0x06,
	CFG_CLASS = 0x08,
	CFG_HEADER = 0x0e,
	CFG_BUSES = 0x18,
	CFG_SECONDARY_STATUS = 0x1e,
	CFG_CAPS = 0x34,
	STATUS_CAP_LIST = 0x10,
	STATUS_ERRORS = 0xf900,
	CAP_EXPRESS = 0x10,
	CAP_MSIX = 0x11,
	EXPRESS_DEVSTA = 0x0a,
	DEVSTA_ERRORS = 0xf,
	EXPRESS_LNKCAP = 0x0c,
	EXPRESS_LNKSTA = 0x12,
	EXT_FIRST = 0x100,
	EXT_AER = 0x0001,
	EXT_SERIAL = 0x0003,
	EXT_DVSEC = 0x0023,
	AER_UNCORRECTABLE = 0x04,
	AER_CORRECTABLE = 0x10,
	AER_ROOT_STATUS = 0x30,
	AER_ROOT_ERRORS = 0x7f,
	CXL_VENDOR = 0x1e98,
	/* a chain that is longer than the space has entries is a loop */
	MAX_CAPS = (0x100 - 0x40) / 4,
	MAX_EXT_CAPS = (0x1000 - 0x100) / 8
};

static uint64_t config_address(const struct pci *pci, const struct pci_function *f, unsigned offset)
{
	const struct board_bridge *b = pci->hosts[f->bridge].board;

	return b->ecam + ((uint64_t)(f->bus - b->first_bus) << 20) + ((uint64_t)f->devfn << 12) +
	       offset;
}

uint16_t pci_read16(const struct pci *pci, const struct pci_function *f, unsigned offset)
{
	return mmio_read16(config_address(pci, f, offset));
}

uint32_t pci_read32(const struct pci *pci, const struct pci_function *f, unsigned offset)
{
	return mmio_read32(config_address(pci, f, offset));
}

void pci_write16(const struct pci *pci, const struct pci_function *f, unsigned offset, uint16_t v)
{
	mmio_write16(config_address(pci, f, offset), v);
}

void pci_write32(const struct pci *pci, const struct pci_function *f, unsigned offset, uint32_t v)
{
	mmio_write32(config_address(pci, f, offset), v);
}

void pci_error(struct pci *pci, const struct pci_function *f, const char *what)
{
	if (!pci->error[0])
		fmt_text(pci->error, sizeof(pci->error), "%02x:%02x.%x: %s", f->bus, f->devfn >> 3,
			 f->devfn & 7, what);
}

static void read_express(const struct pci *pci, struct pci_function *f, unsigned cap)
{
	const uint32_t lnkcap = pci_read32(pci, f, cap + EXPRESS_LNKCAP);
	const uint16_t lnksta = pci_read16(pci, f, cap + EXPRESS_LNKSTA);

	f->express = (uint16_t)cap;
	f->type = (enum pci_port_type)(pci_read16(pci, f, cap + 2) >> 4 & 0xf);
	f->port_number = (uint8_t)(lnkcap >> 24);
	f->link_speed = lnksta & 0xf;
	f->link_width = lnksta >> 4 & 0x3f;
}

static void read_capabilities(const struct pci *pci, struct pci_function *f)
{
	unsigned at;

	f->type = PCI_NOT_EXPRESS;
	if (!(pci_read16(pci, f, CFG_STATUS) & STATUS_CAP_LIST))
		return;
	at = pci_read32(pci, f, CFG_CAPS) & 0xfc;
	for (unsigned i = 0; i < MAX_CAPS && at >= 0x40; i++) {
		const uint16_t header = pci_read16(pci, f, at);

		if ((header & 0xff) == CAP_EXPRESS)
			read_express(pci, f, at);
		if ((header & 0xff) == CAP_MSIX)
			f->msix = (uint16_t)at;
		at = header >> 8 & 0xfc;
	}
}

static void read_extended(const struct pci *pci, struct pci_function *f)
{
	unsigned at = EXT_FIRST;

	if (f->type == PCI_NOT_EXPRESS)
		return;
	for (unsigned i = 0; i < MAX_EXT_CAPS && at >= EXT_FIRST; i++) {
		const uint32_t header = pci_read32(pci, f, at);

		if (!header || header == UINT32_MAX)
			return;
		if ((header & 0xffff) == EXT_AER)
			f->aer = (uint16_t)at;
		if ((header & 0xffff) == EXT_SERIAL)
			f->serial = (uint16_t)at;
		if ((header & 0xffff) == EXT_DVSEC && at <= 0x1000 - 0x0c &&
		    pci_read16(pci, f, at + 4) == CXL_VENDOR) {
			const uint16_t id = pci_read16(pci, f, at + 8);

			if (id < PCI_MAX_DVSEC && !f->dvsec[id])
				f->dvsec[id] = (uint16_t)at;
		}
		at = header >> 20 & 0xffc;
	}
}

static void scan_bus(struct pci *pci, unsigned host, unsigned bus, int parent);

/* Gives the bus below a PCI-to-PCI bridge the next number, and the bridge the range that its
 * hierarchy turns out to need. */
static void scan_behind(struct pci *pci, int index)
{
	struct pci_function *f = &pci->functions[index];
	struct pci_host *host = &pci->hosts[f->bridge];
	const unsigned last = host->board->last_bus;
	const uint32_t latency = pci_read32(pci, f, CFG_BUSES) & 0xff000000u;
	unsigned secondary;

	if (host->next_bus > last) {
		pci_error(pci, f, "no bus number left for what is below");
		return;
	}
	secondary = host->next_bus++;
	pci_write32(pci, f, CFG_BUSES, latency | last << 16 | secondary << 8 | f->bus);
	scan_bus(pci, f->bridge, secondary, index);
	pci_write32(pci, f, CFG_BUSES,
		    latency | (host->next_bus - 1) << 16 | secondary << 8 | f->bus);
}

/* False when there is no such function. */
static bool scan_function(struct pci *pci, const struct pci_function *at, bool *multi)
{
	struct pci_function *f = &pci->functions[pci->n_functions];
	const uint32_t id = pci_read32(pci, at, CFG_VENDOR);
	unsigned header;

	if ((id & 0xffff) == 0xffff || (id & 0xffff) == 0)
		return false;
	header = pci_read16(pci, at, CFG_HEADER) & 0xff;
	*multi = header & 0x80;
	if (pci->n_functions == PCI_MAX_FUNCTIONS) {
		pci_error(pci, at, "more than 512 functions");
		return true;
	}
	*f = *at;
	f->vendor = (uint16_t)id;
	f->device = (uint16_t)(id >> 16);
	f->class_code = pci_read32(pci, f, CFG_CLASS) >> 8;
	f->is_bridge = (header & 0x7f) == 1;
	read_capabilities(pci, f);
	read_extended(pci, f);
	pci->n_functions++;
	if (f->is_bridge)
		scan_behind(pci, (int)pci->n_functions - 1);
	return true;
}

static void scan_bus(struct pci *pci, unsigned host, unsigned bus, int parent)
{
	struct pci_function at = { .parent = parent, .bridge = host, .bus = (uint8_t)bus };

	at.depth = parent < 0 ? 0 : pci->functions[parent].depth + 1;
	for (unsigned device = 0; device < 32; device++) {
		bool multi = false, ignored;

		at.devfn = (uint8_t)(device << 3);
		if (!scan_function(pci, &at, &multi) || !multi)
			continue;
		for (unsigned function = 1; function < 8; function++) {
			at.devfn = (uint8_t)(device << 3 | function);
			scan_function(pci, &at, &ignored);
		}
	}
}

void pci_enumerate(struct pci *pci, const struct board *board)
{
	pci->n_functions = 0;
	pci->n_hosts = board->n_bridges;
	pci->error[0] = '\0';
	for (unsigned i = 0; i < board->n_bridges; i++) {
		const struct board_bridge *b = &board->bridges[i];

		pci->hosts[i] = (struct pci_host){ .board = b,
						   .next_bus = b->first_bus + 1,
						   .mem32 = { b->mem32, 0 },
						   .mem64 = { b->mem64, 0 } };
		scan_bus(pci, i, b->first_bus, PCI_NO_PARENT);
		pci_assign(pci, i);
	}
}

static void clear_errors(const struct pci *pci, const struct pci_function *f)
{
	/* all bits are write-one-to-clear */
	pci_write16(pci, f, CFG_STATUS, STATUS_ERRORS);
	if (f->is_bridge)
		pci_write16(pci, f, CFG_SECONDARY_STATUS, STATUS_ERRORS);
	if (f->express)
		pci_write16(pci, f, f->express + EXPRESS_DEVSTA, DEVSTA_ERRORS);
	if (!f->aer)
		return;
	pci_write32(pci, f, f->aer + AER_UNCORRECTABLE, UINT32_MAX);
	pci_write32(pci, f, f->aer + AER_CORRECTABLE, UINT32_MAX);
	if (f->type == PCI_ROOT_PORT)
		pci_write32(pci, f, f->aer + AER_ROOT_STATUS, AER_ROOT_ERRORS);
}

void pci_clear_errors(const struct pci *pci)
{
	/* from the leaves: a port above may have noted what one below reported */
	for (unsigned i = pci->n_functions; i-- > 0;)
		clear_errors(pci, &pci->functions[i]);
}
