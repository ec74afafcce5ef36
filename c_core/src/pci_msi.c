/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message-signalled interrupts of a PCI Express function: MSI with one vector, MSI-X with its table
 * and pending bits. PCIe r6.0 6.1.4, 7.7.1, 7.7.2. Left out: MSI per-vector masking, INTx.
 */
#include <assert.h>

#include <vcxl/bits.h>

#include "dvsec.h"

#define COMMAND            0x04u
#define COMMAND_BUS_MASTER VCXL_BIT(2)
#define MSI_ENABLE         VCXL_BIT(0)
#define MSIX_ENABLE        VCXL_BIT(15)
#define MSIX_FUNCTION_MASK VCXL_BIT(14)
#define VECTOR_MASK        1u
#define PBA_OFFSET         0x800u
#define ENTRY_SIZE         16u
#define SPACE_SIZE         0x1000u

static uint64_t msix_control(const struct vcxl_pci *pci)
{
	return vcxl_block_get(&pci->config, pci->msix_offset + 2u, 2);
}

static bool bus_master(const struct vcxl_pci *pci)
{
	return vcxl_block_get(&pci->config, COMMAND, 2) & COMMAND_BUS_MASTER;
}

static void send(const struct vcxl_pci *pci, uint64_t address, uint32_t data)
{
	if (pci->irq && pci->irq->msi)
		pci->irq->msi(pci->irq->ctx, address, data);
}

/* Messages that were held back by a mask leave as soon as nothing masks them. */
static void send_pending(struct vcxl_pci *pci)
{
	const uint64_t control = msix_control(pci);

	if (!(control & MSIX_ENABLE) || (control & MSIX_FUNCTION_MASK) || !bus_master(pci))
		return;
	for (unsigned v = 0; v < pci->n_vectors; v++) {
		if (!(pci->pending >> v & 1) || (pci->vectors[v].control & VECTOR_MASK))
			continue;
		pci->pending = (uint16_t)(pci->pending & ~(1u << v));
		send(pci, pci->vectors[v].address, pci->vectors[v].data);
	}
}

static void msix_control_written(void *owner, unsigned i, uint64_t old, uint64_t now)
{
	(void)i, (void)old, (void)now;
	send_pending(owner);
}

/* clang-format off */
/* PCIe r6.0 7.7.1 */
static const struct vcxl_reg msi_regs[] = {
	VCXL_REG16(0x02, "MSI Message Control",  .reset = 0x0080, .rw = MSI_ENABLE),
	VCXL_REG32(0x04, "MSI Message Address",  .rw = 0xfffffffc),
	VCXL_REG32(0x08, "MSI Message Upper Address", .rw = 0xffffffff),
	VCXL_REG16(0x0c, "MSI Message Data",     .rw = 0xffff),
};

/* PCIe r6.0 7.7.2; table and pending bits in BAR4 */
static const struct vcxl_reg msix_regs[] = {
	VCXL_REG16(0x02, "MSI-X Message Control", .rw = MSIX_ENABLE | MSIX_FUNCTION_MASK, .on_write = msix_control_written),
	VCXL_REG32(0x04, "MSI-X Table Offset/BIR", .reset = 4),
	VCXL_REG32(0x08, "MSI-X PBA Offset/BIR",   .reset = PBA_OFFSET | 4),
};
/* clang-format on */

void vcxl_msi_add(struct vcxl_pci *pci, uint16_t offset)
{
	pci->msi_offset = vcxl_pci_add_capability(pci, 0x05, offset, VCXL_ROWS(msi_regs), pci);
}

void vcxl_pci_add_msix(struct vcxl_pci *pci, uint16_t offset, unsigned n_vectors)
{
	assert(n_vectors && n_vectors <= VCXL_PCI_MAX_VECTORS);
	pci->n_vectors = n_vectors;
	pci->msix_offset = vcxl_pci_add_capability(pci, 0x11, offset, VCXL_ROWS(msix_regs), pci);
	vcxl_block_set_reset(&pci->config, offset + 2u, 2, n_vectors - 1);
	for (unsigned v = 0; v < VCXL_PCI_MAX_VECTORS; v++)
		pci->vectors[v].control = VECTOR_MASK;
}

void vcxl_pci_raise(struct vcxl_pci *pci, unsigned vector)
{
	const struct vcxl_block *config = &pci->config;

	/* without bus mastering a function may not send a message, nor is it remembered */
	if (!bus_master(pci))
		return;
	if (pci->msix_offset && (msix_control(pci) & MSIX_ENABLE)) {
		assert(vector < pci->n_vectors);
		pci->pending = (uint16_t)(pci->pending | 1u << vector);
		send_pending(pci);
	} else if (pci->msi_offset &&
		   (vcxl_block_get(config, pci->msi_offset + 2u, 2) & MSI_ENABLE)) {
		send(pci, vcxl_block_get(config, pci->msi_offset + 4u, 8),
		     (uint32_t)vcxl_block_get(config, pci->msi_offset + 0xcu, 2));
	}
}

/* PCIe r6.0 7.7.2: dwords and qwords, naturally aligned. */
static bool legal_access(const struct vcxl_pci *pci, uint32_t offset, unsigned width)
{
	return pci->msix_offset && (width == 4 || width == 8) && offset % width == 0 &&
	       vcxl_range_inside(offset, width, 0, SPACE_SIZE);
}

/* The space is qwords: address, and data with vector control, of each vector; pending bits. */
static uint64_t get_qword(const struct vcxl_pci *pci, uint32_t offset)
{
	const struct vcxl_pci_vector *v = &pci->vectors[offset / ENTRY_SIZE % VCXL_PCI_MAX_VECTORS];

	if (offset == PBA_OFFSET)
		return pci->pending;
	if (offset >= pci->n_vectors * ENTRY_SIZE)
		return 0;
	return offset % ENTRY_SIZE ? v->data | (uint64_t)v->control << 32 : v->address;
}

static void set_qword(struct vcxl_pci *pci, uint32_t offset, uint64_t value)
{
	struct vcxl_pci_vector *v = &pci->vectors[offset / ENTRY_SIZE % VCXL_PCI_MAX_VECTORS];

	if (offset >= pci->n_vectors * ENTRY_SIZE)
		return;
	if (offset % ENTRY_SIZE == 0) {
		v->address = value & ~VCXL_MASK(1, 0);
	} else {
		v->data = (uint32_t)value;
		v->control = value >> 32 & VECTOR_MASK;
	}
}

enum vcxl_status vcxl_pci_msix_read(const struct vcxl_pci *pci, uint32_t offset, unsigned width,
				    uint64_t *value)
{
	const unsigned first = 8 * (offset % 8), last = first + 8 * width - 1;

	*value = 0;
	if (!legal_access(pci, offset, width))
		return VCXL_E_ACCESS;
	*value = vcxl_field_get(get_qword(pci, offset & ~7u), last, first);
	return VCXL_OK;
}

enum vcxl_status vcxl_pci_msix_write(struct vcxl_pci *pci, uint32_t offset, unsigned width,
				     uint64_t value)
{
	const unsigned first = 8 * (offset % 8), last = first + 8 * width - 1;
	const uint32_t at = offset & ~7u;

	if (!legal_access(pci, offset, width))
		return VCXL_E_ACCESS;
	set_qword(pci, at, vcxl_field_set(get_qword(pci, at), last, first, value));
	send_pending(pci);
	return VCXL_OK;
}
