/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of a function: MSI-X, PCI Express Base 6.0 7.7.2. Those without it, with MSI alone, are
 * left out; all other messages stay masked.
 */
#include "arch.h"
#include "pci.h"

enum {
	CFG_COMMAND = 0x04,
	COMMAND_MASTER = 0x4,
	MSIX_CONTROL = 0x02,
	MSIX_TABLE = 0x04,
	CONTROL_LAST = 0x7ff,
	CONTROL_MASK_ALL = 0x4000,
	CONTROL_ENABLE = 0x8000,
	TABLE_BIR = 7,
	ENTRY = 16,
	ENTRY_ADDRESS = 0,
	ENTRY_ADDRESS_HIGH = 4,
	ENTRY_DATA = 8,
	ENTRY_CONTROL = 12 /* 0: not masked */
};

/* A message goes the way of other writes to memory: all ports above have to pass it on. */
static void make_master(const struct pci *pci, const struct pci_function *f)
{
	for (;;) {
		const unsigned command = pci_read16(pci, f, CFG_COMMAND);

		pci_write16(pci, f, CFG_COMMAND, (uint16_t)(command | COMMAND_MASTER));
		if (f->parent == PCI_NO_PARENT)
			return;
		f = &pci->functions[f->parent];
	}
}

bool pci_enable_message(const struct pci *pci, const struct pci_function *f, unsigned vector,
			uint64_t address, uint32_t data)
{
	const struct pci_bar *bar;
	unsigned control, bir;
	uint64_t offset;

	if (!f->msix)
		return false;
	control = pci_read16(pci, f, f->msix + MSIX_CONTROL);
	offset = pci_read32(pci, f, f->msix + MSIX_TABLE);
	bir = offset & TABLE_BIR;
	offset = (offset & ~(uint64_t)TABLE_BIR) + ENTRY * (uint64_t)vector;
	if (vector > (control & CONTROL_LAST) || bir > 5)
		return false;
	bar = &f->bars[bir];
	if (!bar->address || bar->size < offset + ENTRY)
		return false;
	mmio_write32(bar->address + offset + ENTRY_ADDRESS, (uint32_t)address);
	mmio_write32(bar->address + offset + ENTRY_ADDRESS_HIGH, (uint32_t)(address >> 32));
	mmio_write32(bar->address + offset + ENTRY_DATA, data);
	mmio_write32(bar->address + offset + ENTRY_CONTROL, 0);
	make_master(pci, f);
	control = (control & ~(unsigned)CONTROL_MASK_ALL) | CONTROL_ENABLE;
	pci_write16(pci, f, f->msix + MSIX_CONTROL, (uint16_t)control);
	return true;
}
