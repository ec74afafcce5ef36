/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory BARs and bridge windows, see pci.h. Depth-first from one rising address per space, so
 * that what lies below a bridge is contiguous and its window encloses it. 64-bit prefetchable BARs
 * go to 64-bit space, everything else below 4 GiB: non-prefetchable bridge windows end there.
 */
#include "arch.h"
#include "pci.h"

enum {
	CFG_COMMAND = 0x04,
	CFG_BAR0 = 0x10,
	CFG_IO_BASE = 0x1c,
	CFG_MEM_BASE = 0x20,
	CFG_PREF_BASE = 0x24,
	CFG_PREF_BASE_HIGH = 0x28,
	CFG_PREF_LIMIT_HIGH = 0x2c,
	COMMAND_IO = 0x1,
	COMMAND_MEMORY = 0x2,
	COMMAND_MASTER = 0x4,
	BAR_IO = 0x1,
	BAR_64 = 0x4,
	BAR_TYPE = 0x6,
	BAR_PREFETCH = 0x8,
	WINDOW_ALIGN = 0x100000
};

static uint64_t align_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) & ~(to - 1);
}

/* Next address of the space, aligned as the bus sees it. */
static uint64_t position(const struct pci_space *s, uint64_t to)
{
	return align_up(s->aperture.pci + s->used, to);
}

/* A naturally aligned piece; UINT64_MAX when there is not enough left. */
static uint64_t take(struct pci_space *s, uint64_t size)
{
	const uint64_t start = position(s, size) - s->aperture.pci;

	if (start > s->aperture.size || size > s->aperture.size - start)
		return UINT64_MAX;
	s->used = start + size;
	return s->aperture.pci + start;
}

static uint64_t probe(const struct pci *pci, const struct pci_function *f, unsigned offset)
{
	const uint32_t old = pci_read32(pci, f, offset);
	uint32_t mask;

	pci_write32(pci, f, offset, UINT32_MAX);
	mask = pci_read32(pci, f, offset);
	pci_write32(pci, f, offset, old);
	return mask;
}

/* Returns how many of the registers the BAR takes: 1 or 2. */
static unsigned assign_bar(struct pci *pci, struct pci_function *f, unsigned index, unsigned n_bars)
{
	struct pci_host *host = &pci->hosts[f->bridge];
	const unsigned offset = CFG_BAR0 + 4 * index;
	uint64_t mask = probe(pci, f, offset), address;
	const bool wide = (mask & BAR_TYPE) == BAR_64, prefetch = mask & BAR_PREFETCH;
	struct pci_space *space = &host->mem32;

	if (!mask || mask & BAR_IO)
		return 1;
	if (wide && index + 1 == n_bars) {
		pci_error(pci, f, "its last BAR claims to be a 64-bit one");
		return 1;
	}
	mask &= ~0xfull;
	if (wide)
		mask |= probe(pci, f, offset + 4) << 32;
	else
		mask |= 0xffffffff00000000ull;
	if (wide && prefetch && host->mem64.aperture.size)
		space = &host->mem64;
	f->bars[index].size = ~mask + 1;
	address = take(space, f->bars[index].size);
	if (address == UINT64_MAX) {
		pci_error(pci, f, "no address space left for a BAR");
		return wide ? 2 : 1;
	}
	pci_write32(pci, f, offset, (uint32_t)address);
	if (wide)
		pci_write32(pci, f, offset + 4, (uint32_t)(address >> 32));
	f->bars[index].address = address - space->aperture.pci + space->aperture.cpu;
	return wide ? 2 : 1;
}

/* A window [from, end), or one that is closed when nothing is in it. */
static void write_windows(const struct pci *pci, const struct pci_function *f,
			  const uint64_t from[2], const uint64_t end[2])
{
	const bool any32 = end[0] > from[0], any64 = end[1] > from[1];
	const uint64_t limit32 = end[0] - 1, limit64 = end[1] - 1;

	pci_write16(pci, f, CFG_IO_BASE, 0x00f0);
	pci_write32(pci, f, CFG_MEM_BASE,
		    any32 ? (uint32_t)(limit32 & 0xfff00000u) | (uint32_t)(from[0] >> 16 & 0xfff0u)
			  : 0x0000fff0u);
	pci_write32(pci, f, CFG_PREF_BASE,
		    any64 ? (uint32_t)(limit64 & 0xfff00000u) | (uint32_t)(from[1] >> 16 & 0xfff0u)
			  : 0x0000fff0u);
	pci_write32(pci, f, CFG_PREF_BASE_HIGH, any64 ? (uint32_t)(from[1] >> 32) : 0);
	pci_write32(pci, f, CFG_PREF_LIMIT_HIGH, any64 ? (uint32_t)(limit64 >> 32) : 0);
}

/* Memory only: what follows the firmware must find no bus master. */
static void enable(const struct pci *pci, const struct pci_function *f)
{
	const unsigned off = COMMAND_IO | COMMAND_MASTER;
	const unsigned command = pci_read16(pci, f, CFG_COMMAND) & ~off;

	pci_write16(pci, f, CFG_COMMAND, (uint16_t)(command | COMMAND_MEMORY));
}

static void assign_function(struct pci *pci, unsigned index)
{
	struct pci_function *f = &pci->functions[index];
	struct pci_host *host = &pci->hosts[f->bridge];
	const unsigned command = pci_read16(pci, f, CFG_COMMAND);
	const unsigned n_bars = f->is_bridge ? 2 : 6;
	uint64_t from[2], end[2];

	/* sizing moves BARs about: nothing may decode meanwhile */
	pci_write16(pci, f, CFG_COMMAND,
		    (uint16_t)(command & ~(unsigned)(COMMAND_IO | COMMAND_MEMORY)));
	for (unsigned i = 0; i < n_bars;)
		i += assign_bar(pci, f, i, n_bars);
	if (f->is_bridge) {
		from[0] = position(&host->mem32, WINDOW_ALIGN);
		from[1] = position(&host->mem64, WINDOW_ALIGN);
		host->mem32.used = from[0] - host->mem32.aperture.pci;
		host->mem64.used = from[1] - host->mem64.aperture.pci;
		for (unsigned i = index + 1; i < pci->n_functions; i++)
			if (pci->functions[i].parent == (int)index)
				assign_function(pci, i);
		end[0] = position(&host->mem32, WINDOW_ALIGN);
		end[1] = position(&host->mem64, WINDOW_ALIGN);
		host->mem32.used = end[0] - host->mem32.aperture.pci;
		host->mem64.used = end[1] - host->mem64.aperture.pci;
		write_windows(pci, f, from, end);
	}
	enable(pci, f);
}

void pci_assign(struct pci *pci, unsigned host)
{
	for (unsigned i = 0; i < pci->n_functions; i++)
		if (pci->functions[i].bridge == host && pci->functions[i].parent == PCI_NO_PARENT)
			assign_function(pci, i);
}
