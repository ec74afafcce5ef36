/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI Express function: header, BARs, capability chains, forwarding of bridges. PCIe r6.0 7.5.1,
 * 7.6. Messages are pci_msi.c's. Left out: I/O space, expansion ROM, INTx, power management.
 */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>

#include "dvsec.h"

#define COMMAND              0x04u
#define COMMAND_MEMORY       VCXL_BIT(1)
#define BAR0                 0x10u
#define CAPABILITIES         0x34u
#define SECONDARY_BUS        0x19u
#define SUBORDINATE_BUS      0x1au
#define MEMORY_BASE          0x20u
#define PREFETCHABLE_BASE    0x24u
#define EXTENDED             0x100u
#define DVSEC_ID             0x23u
#define CXL_VENDOR           0x1e98u
#define MAX_CXL_DEVICE_DVSEC 0x3cu

/* PCIe r6.0 7.5.1.2.1: address bits above the size are writable, in both halves of a BAR. */
static uint64_t bar_writable(const void *owner, unsigned i, uint64_t rw)
{
	const struct vcxl_pci *pci = owner;
	const bool high = i % 2;
	const uint64_t size = pci->bars[i - high].size;

	if (!size)
		return 0;
	return (high ? ~(size - 1) >> 32 : ~(size - 1)) & rw;
}

/* clang-format off */
/* PCIe r6.0 7.5.1.1 */
#define COMMON_HEADER \
	VCXL_REG16(0x00, "Vendor ID",           .reset = 0), \
	VCXL_REG16(0x02, "Device ID",           .reset = 0), \
	VCXL_REG16(0x04, "Command",             .rw = 0x0546), \
	VCXL_REG16(0x06, "Status",              .w1c = 0xf900), \
	VCXL_REG8 (0x08, "Revision ID",         .reset = 0), \
	VCXL_REG8 (0x09, "Programming Interface", .reset = 0), \
	VCXL_REG16(0x0a, "Class Code",          .reset = 0), \
	VCXL_REG8 (0x0c, "Cache Line Size",     .rw = 0xff), \
	VCXL_REG8 (0x0d, "Latency Timer",       .reset = 0), \
	VCXL_REG8 (0x0e, "Header Type",         .reset = 0), \
	VCXL_REG8 (0x0f, "BIST",                .reset = 0)

#define BARS(n) \
	VCXL_REG32(0x10, "Base Address Register n", .count = (n), .stride = 4, .rw = 0xffffffff, .writable = bar_writable)

/* PCIe r6.0 7.5.1.2 */
static const struct vcxl_reg type0_regs[] = {
	COMMON_HEADER,
	BARS(6),
	VCXL_REG16(0x2c, "Subsystem Vendor ID", .reset = 0),
	VCXL_REG16(0x2e, "Subsystem ID",        .reset = 0),
	VCXL_REG8 (0x34, "Capabilities Pointer", .reset = 0),
	VCXL_REG8 (0x3c, "Interrupt Line",      .rw = 0xff),
	VCXL_REG8 (0x3d, "Interrupt Pin",       .reset = 0),
};

/* PCIe r6.0 7.5.1.3 */
static const struct vcxl_reg type1_regs[] = {
	COMMON_HEADER,
	BARS(2),
	VCXL_REG8 (0x18, "Primary Bus Number",           .rw = 0xff),
	VCXL_REG8 (0x19, "Secondary Bus Number",         .rw = 0xff),
	VCXL_REG8 (0x1a, "Subordinate Bus Number",       .rw = 0xff),
	VCXL_REG8 (0x1b, "Secondary Latency Timer",      .reset = 0),
	VCXL_REG8 (0x1c, "I/O Base",                     .reset = 0),
	VCXL_REG8 (0x1d, "I/O Limit",                    .reset = 0),
	VCXL_REG16(0x1e, "Secondary Status",             .w1c = 0xf900),
	VCXL_REG16(0x20, "Memory Base",                  .rw = 0xfff0),
	VCXL_REG16(0x22, "Memory Limit",                 .rw = 0xfff0),
	VCXL_REG16(0x24, "Prefetchable Memory Base",     .rw = 0xfff0, .reset = 0x0001),
	VCXL_REG16(0x26, "Prefetchable Memory Limit",    .rw = 0xfff0, .reset = 0x0001),
	VCXL_REG32(0x28, "Prefetchable Base Upper 32 Bits",  .rw = 0xffffffff),
	VCXL_REG32(0x2c, "Prefetchable Limit Upper 32 Bits", .rw = 0xffffffff),
	VCXL_REG8 (0x34, "Capabilities Pointer",         .reset = 0),
	VCXL_REG8 (0x3c, "Interrupt Line",               .rw = 0xff),
	VCXL_REG8 (0x3d, "Interrupt Pin",                .reset = 0),
	VCXL_REG16(0x3e, "Bridge Control",               .rw = 0x0043),
};
/* clang-format on */

void vcxl_pci_add_rows(struct vcxl_pci *pci, uint32_t base, const struct vcxl_reg *rows,
		       unsigned n_rows, void *owner)
{
	const struct vcxl_reg_table table = {
		.base = base, .rows = rows, .n_rows = n_rows, .owner = owner
	};

	if (n_rows)
		vcxl_block_add(&pci->config, &table);
}

void vcxl_pci_init(struct vcxl_pci *pci, const struct vcxl_pci_identity *id,
		   const struct vcxl_irq_ops *irq)
{
	memset(pci, 0, sizeof(*pci));
	vcxl_block_init(&pci->config, pci->storage, VCXL_PCI_CONFIG_SIZE);
	pci->irq = irq;
	pci->is_bridge = id->bridge;
	pci->next_extended = EXTENDED;
	if (id->bridge)
		vcxl_pci_add_rows(pci, 0, VCXL_ROWS(type1_regs), pci);
	else
		vcxl_pci_add_rows(pci, 0, VCXL_ROWS(type0_regs), pci);
	vcxl_block_set_reset(&pci->config, 0x00, 2, id->vendor);
	vcxl_block_set_reset(&pci->config, 0x02, 2, id->device);
	vcxl_block_set_reset(&pci->config, 0x08, 1, id->revision);
	vcxl_block_set_reset(&pci->config, 0x09, 3, id->class_code);
	vcxl_block_set_reset(&pci->config, 0x0e, 1, id->bridge);
	if (!id->bridge) {
		vcxl_block_set_reset(&pci->config, 0x2c, 2, id->subsystem_vendor);
		vcxl_block_set_reset(&pci->config, 0x2e, 2, id->subsystem);
	}
}

void vcxl_pci_set_bar(struct vcxl_pci *pci, unsigned index, uint64_t size, enum vcxl_space space)
{
	assert(index % 2 == 0 && index < (pci->is_bridge ? 2 : VCXL_PCI_N_BARS));
	assert(vcxl_is_pow2(size) && size >= 4 * VCXL_KIB);
	pci->bars[index] = (struct vcxl_pci_bar){ .size = size, .space = space };
	/* memory, 64-bit, not prefetchable, as registers are */
	vcxl_block_set_reset(&pci->config, BAR0 + 4 * index, 4, 0x4);
}

uint16_t vcxl_pci_add_capability(struct vcxl_pci *pci, uint8_t id, uint16_t offset,
				 const struct vcxl_reg *rows, unsigned n_rows, void *owner)
{
	const uint32_t link = pci->last_capability ? pci->last_capability + 1u : CAPABILITIES;

	assert(offset >= 0x40 && offset < EXTENDED && offset % 4 == 0);
	vcxl_block_set_reset(&pci->config, link, 1, offset);
	vcxl_block_set_reset(&pci->config, 0x06, 2, 0x0010); /* Status: Capabilities List */
	vcxl_block_set_reset(&pci->config, offset, 1, id);
	vcxl_pci_add_rows(pci, offset, rows, n_rows, owner);
	pci->last_capability = offset;
	return offset;
}

uint16_t vcxl_pci_add_extended(struct vcxl_pci *pci, uint16_t id, uint8_t version, uint16_t length,
			       const struct vcxl_reg *rows, unsigned n_rows, void *owner)
{
	const uint16_t offset = pci->next_extended;

	assert(vcxl_range_inside(offset, length, EXTENDED, VCXL_PCI_CONFIG_SIZE - EXTENDED));
	if (pci->last_extended) {
		const uint64_t last = vcxl_block_get(&pci->config, pci->last_extended, 4);

		vcxl_block_set_reset(&pci->config, pci->last_extended, 4,
				     vcxl_field_set(last, 31, 20, offset));
	}
	vcxl_block_set_reset(&pci->config, offset, 4, id | (uint64_t)version << 16);
	vcxl_pci_add_rows(pci, offset, rows, n_rows, owner);
	pci->last_extended = offset;
	pci->next_extended = (uint16_t)(offset + (length + 3) / 4 * 4);
	return offset;
}

uint16_t vcxl_pci_add_dvsec(struct vcxl_pci *pci, uint16_t dvsec_id, uint8_t revision,
			    uint16_t length, const struct vcxl_reg *rows, unsigned n_rows,
			    void *owner)
{
	const uint16_t offset =
		vcxl_pci_add_extended(pci, DVSEC_ID, 1, length, rows, n_rows, owner);

	vcxl_block_set_reset(&pci->config, offset + 4u, 4,
			     CXL_VENDOR | (uint64_t)revision << 16 | (uint64_t)length << 20);
	vcxl_block_set_reset(&pci->config, offset + 8u, 2, dvsec_id);
	return offset;
}

uint16_t vcxl_pci_find_dvsec(const struct vcxl_pci *pci, uint16_t dvsec_id)
{
	uint32_t offset = pci->last_extended ? EXTENDED : 0;

	while (offset) {
		const uint64_t header = vcxl_block_get(&pci->config, offset, 4);

		if ((header & 0xffff) == DVSEC_ID &&
		    vcxl_block_get(&pci->config, offset + 4, 2) == CXL_VENDOR &&
		    vcxl_block_get(&pci->config, offset + 8, 2) == dvsec_id)
			return (uint16_t)offset;
		offset = (uint32_t)vcxl_field_get(header, 31, 20);
	}
	return 0;
}

static bool memory_enabled(const struct vcxl_pci *pci)
{
	return vcxl_block_get(&pci->config, COMMAND, 2) & COMMAND_MEMORY;
}

bool vcxl_pci_claims(const struct vcxl_pci *pci, uint64_t address, unsigned len,
		     enum vcxl_space *space, uint64_t *offset)
{
	if (!memory_enabled(pci))
		return false;
	for (unsigned i = 0; i < VCXL_PCI_N_BARS; i += 2) {
		const uint64_t size = pci->bars[i].size;
		uint64_t base;

		if (!size)
			continue;
		base = vcxl_block_get(&pci->config, BAR0 + 4 * i, 8) & ~(size - 1);
		if (!vcxl_range_inside(address, len, base, size))
			continue;
		*space = pci->bars[i].space;
		*offset = address - base;
		return true;
	}
	return false;
}

/* A window of a bridge in units of 1 MiB; base above limit: closed. */
static bool window_holds(uint64_t base, uint64_t limit, uint64_t address)
{
	return address >> 20 >= base && address >> 20 <= limit;
}

bool vcxl_pci_forwards_address(const struct vcxl_pci *pci, uint64_t address)
{
	const uint64_t memory = vcxl_block_get(&pci->config, MEMORY_BASE, 4);
	const uint64_t low = vcxl_block_get(&pci->config, PREFETCHABLE_BASE, 4);
	const uint64_t base_high = vcxl_block_get(&pci->config, PREFETCHABLE_BASE + 4, 4);
	const uint64_t limit_high = vcxl_block_get(&pci->config, PREFETCHABLE_BASE + 8, 4);

	if (!pci->is_bridge || !memory_enabled(pci))
		return false;
	return window_holds(vcxl_field_get(memory, 15, 4), vcxl_field_get(memory, 31, 20),
			    address) ||
	       window_holds(base_high << 12 | vcxl_field_get(low, 15, 4),
			    limit_high << 12 | vcxl_field_get(low, 31, 20), address);
}

bool vcxl_pci_forwards_bus(const struct vcxl_pci *pci, uint8_t bus, bool *type0)
{
	const uint64_t secondary = vcxl_block_get(&pci->config, SECONDARY_BUS, 1);
	const uint64_t subordinate = vcxl_block_get(&pci->config, SUBORDINATE_BUS, 1);

	*type0 = bus == secondary;
	/* bus 0 is above every bridge: 0 means that no number was assigned yet */
	return pci->is_bridge && secondary && bus >= secondary && bus <= subordinate;
}

void vcxl_pci_capture_id(struct vcxl_pci *pci, uint8_t bus, uint8_t devfn)
{
	pci->requester_id = (uint16_t)(bus << 8 | devfn);
}

enum vcxl_status vcxl_pci_config_access(struct vcxl_pci *pci, bool write, uint32_t offset,
					unsigned width, uint64_t *value)
{
	return (width == 1 || width == 2 || width == 4) && offset % width == 0
		       ? vcxl_block_access(&pci->config, write, offset, width, value)
		       : VCXL_E_ACCESS;
}

/* CXL r3.1 9.5: a function-level reset leaves the CXL device DVSEC as it is. */
void vcxl_pci_reset(struct vcxl_pci *pci, enum vcxl_reset kind)
{
	const uint32_t dvsec = vcxl_pci_find_dvsec(pci, 0);
	uint8_t kept[MAX_CXL_DEVICE_DVSEC];

	if (dvsec)
		memcpy(kept, pci->config.bytes + dvsec, sizeof(kept));
	vcxl_block_reset(&pci->config, kind);
	if (dvsec && kind == VCXL_RESET_FLR)
		memcpy(pci->config.bytes + dvsec, kept, sizeof(kept));
	pci->pending = 0;
	for (unsigned v = 0; v < VCXL_PCI_MAX_VECTORS; v++) /* PCIe r6.0 7.7.2.8: masked */
		pci->vectors[v] = (struct vcxl_pci_vector){ .control = 1 };
}
