/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard capabilities of a PCI Express function: PCI Express with link and slot, subsystem ID,
 * access control, serial number. PCIe r6.0 7.5.3, 7.7.11, 7.9.3.
 * Left out: link disable and retrain (their bits read 0). Hot-plug is slot.c's.
 */
#include <vcxl/bits.h>

#include "dvsec.h"

#define DEVICE_CAP     0x04u
#define DEVICE_CONTROL 0x08u
#define LINK_CAP       0x0cu
#define LINK_STATUS    0x12u
#define SLOT_CAP       0x14u
#define SLOT_STATUS    0x1au
#define LINK_CAP2      0x2cu
#define LINK_CONTROL2  0x30u
#define LINK_STATUS2   0x32u

#define FLR_CAPABLE     VCXL_BIT(28)
#define FLR_INITIATE    VCXL_BIT(15)
#define LINK_ACTIVE     VCXL_BIT(13)
#define FLIT_MODE       VCXL_BIT(10)
#define PRESENCE_DETECT VCXL_BIT(6)

/* PCIe r6.0 7.5.3.4: only endpoints have a function-level reset. */
static uint64_t device_control_writable(const void *owner, unsigned i, uint64_t rw)
{
	const struct vcxl_pci *pci = owner;
	const uint64_t cap = vcxl_block_get(&pci->config, pci->pcie_offset + DEVICE_CAP, 4);

	(void)i;
	return cap & FLR_CAPABLE ? rw : rw & ~FLR_INITIATE;
}

/* clang-format off */
/* PCIe r6.0 7.5.3. Device Control resets to relaxed ordering, no snoop, 512-byte reads. */
#define LINK_END_REGS(device_control, link_control, link_status, device_cap2, device_control2) \
	VCXL_REG16(0x02, "PCI Express Capabilities", .reset = 0x0002), \
	VCXL_REG32(0x04, "Device Capabilities",      .reset = 0x00008020), \
	VCXL_REG16(0x08, "Device Control",           .reset = 0x2810, .rw = (device_control), .writable = device_control_writable), \
	VCXL_REG16(0x0a, "Device Status",            .w1c = 0x000f), \
	VCXL_REG32(0x0c, "Link Capabilities",        .reset = 0x00000400), \
	VCXL_REG16(0x10, "Link Control",             .rw = (link_control)), \
	VCXL_REG16(0x12, "Link Status",              .w1c = (link_status)), \
	VCXL_REG32(0x24, "Device Capabilities 2",    .reset = (device_cap2)), \
	VCXL_REG16(0x28, "Device Control 2",         .rw = (device_control2)), \
	VCXL_REG32(0x2c, "Link Capabilities 2",      .reset = 0), \
	VCXL_REG16(0x30, "Link Control 2",           .rw = 0x000f, .sticky = true), \
	VCXL_REG16(0x32, "Link Status 2",            .reset = 0)

/* endpoint, upstream port; root port, downstream port, which forward ARI */
static const struct vcxl_reg upper_link_end_regs[] = { LINK_END_REGS(0xf9ff, 0x00cb, 0, 0x00300000, 0) };
static const struct vcxl_reg lower_link_end_regs[] = { LINK_END_REGS(0x79ff, 0x0ccb, 0xc000, 0x00300020, 0x0020) };

/* A slot without hot-plug. */
static const struct vcxl_reg slot_regs[] = {
	VCXL_REG32(0x14, "Slot Capabilities",        .reset = 0),
	VCXL_REG16(0x18, "Slot Control",             .reset = 0),
	VCXL_REG16(0x1a, "Slot Status",              .reset = 0),
};

static const struct vcxl_reg root_regs[] = {
	VCXL_REG16(0x1c, "Root Control",             .rw = 0x000f),
	VCXL_REG16(0x1e, "Root Capabilities",        .reset = 0),
	VCXL_REG32(0x20, "Root Status",              .w1c = 0x00010000),
};

/* PCIe r6.0 7.9.24 */
static const struct vcxl_reg ssvid_regs[] = {
	VCXL_REG16(0x04, "Subsystem Vendor ID", .reset = 0),
	VCXL_REG16(0x06, "Subsystem ID",        .reset = 0),
};

/* PCIe r6.0 7.7.11: source validation, blocking, redirection, upstream forwarding, direct P2P */
static const struct vcxl_reg acs_regs[] = {
	VCXL_REG16(0x04, "ACS Capability", .reset = 0x005f),
	VCXL_REG16(0x06, "ACS Control",    .rw = 0x005f),
};

/* PCIe r6.0 7.9.3 */
static const struct vcxl_reg dsn_regs[] = {
	VCXL_REG32(0x04, "Serial Number Register (Lower DW)", .reset = 0),
	VCXL_REG32(0x08, "Serial Number Register (Upper DW)", .reset = 0),
};
/* clang-format on */

static void set(struct vcxl_pci *pci, uint32_t offset, unsigned width, uint64_t value)
{
	vcxl_block_set_reset(&pci->config, pci->pcie_offset + offset, width, value);
}

static uint64_t get(const struct vcxl_pci *pci, uint32_t offset, unsigned width)
{
	return vcxl_block_get(&pci->config, pci->pcie_offset + offset, width);
}

static bool has_link_below(const struct vcxl_pci *pci)
{
	const uint64_t type = vcxl_field_get(get(pci, 0x02, 2), 7, 4);

	return type == VCXL_PCIE_ROOT_PORT || type == VCXL_PCIE_DOWNSTREAM;
}

/* Speed 0: down. */
static void set_link(struct vcxl_pci *pci, unsigned speed, unsigned width)
{
	const bool below = has_link_below(pci);
	uint64_t status = speed ? (uint64_t)width << 4 | speed : 0;

	if (speed && below)
		status |= LINK_ACTIVE;
	set(pci, LINK_STATUS, 2, status);
}

void vcxl_pcie_add(struct vcxl_pci *pci, uint16_t offset, enum vcxl_pcie_type type,
		   const struct vcxl_link_config *link, uint8_t port_number)
{
	const uint64_t slot_implemented = 0x0100;
	const uint64_t active_reporting_and_bandwidth_notification = 0x00300000;
	const bool below = type == VCXL_PCIE_ROOT_PORT || type == VCXL_PCIE_DOWNSTREAM;
	uint64_t link_cap = 0x00000400 | (uint64_t)link->width << 4 | link->speed;

	if (below)
		vcxl_pci_add_capability(pci, 0x10, offset, VCXL_ROWS(lower_link_end_regs), pci);
	else
		vcxl_pci_add_capability(pci, 0x10, offset, VCXL_ROWS(upper_link_end_regs), pci);
	pci->pcie_offset = offset;
	set(pci, 0x02, 2, 0x0002 | (uint64_t)type << 4 | (below ? slot_implemented : 0));
	if (below) {
		link_cap |= active_reporting_and_bandwidth_notification | (uint64_t)port_number
										  << 24;
	}
	if (type == VCXL_PCIE_ENDPOINT)
		set(pci, DEVICE_CAP, 4, get(pci, DEVICE_CAP, 4) | FLR_CAPABLE);
	if (type == VCXL_PCIE_ROOT_PORT)
		vcxl_pci_add_rows(pci, offset, VCXL_ROWS(root_regs), pci);
	set(pci, LINK_CAP, 4, link_cap);
	set(pci, LINK_CAP2, 4, VCXL_MASK(link->speed, 1));
	set(pci, LINK_CONTROL2, 2, link->speed);
	set(pci, LINK_STATUS2, 2, link->flit_256b ? FLIT_MODE : 0);
	set_link(pci, below ? 0 : link->speed, link->width);
}

void vcxl_pcie_add_fixed_slot(struct vcxl_pci *pci, uint16_t number)
{
	vcxl_pci_add_rows(pci, pci->pcie_offset, VCXL_ROWS(slot_regs), pci);
	set(pci, SLOT_CAP, 4, (uint64_t)number << 19);
}

void vcxl_pcie_fill_fixed_slot(struct vcxl_pci *pci)
{
	set(pci, SLOT_STATUS, 2, PRESENCE_DETECT);
}

static struct vcxl_link_config capability(const struct vcxl_pci *pci)
{
	const uint64_t cap = get(pci, LINK_CAP, 4);

	return (struct vcxl_link_config){ .speed = (uint8_t)vcxl_field_get(cap, 3, 0),
					  .width = (uint8_t)vcxl_field_get(cap, 9, 4) };
}

static unsigned limited(unsigned own, unsigned peer)
{
	return peer && peer < own ? peer : own;
}

void vcxl_pcie_train_to(struct vcxl_pci *pci, const struct vcxl_link_config *peer)
{
	const struct vcxl_link_config own = capability(pci);

	set_link(pci, limited(own.speed, peer->speed), limited(own.width, peer->width));
}

void vcxl_pcie_train(struct vcxl_pci *upper, struct vcxl_pci *lower)
{
	const struct vcxl_link_config a = capability(upper), b = capability(lower);

	vcxl_pcie_train_to(upper, &b);
	vcxl_pcie_train_to(lower, &a);
}

void vcxl_pcie_link_down(struct vcxl_pci *pci)
{
	set_link(pci, 0, 0);
}

bool vcxl_link_valid(const struct vcxl_link_config *link)
{
	return link->speed >= 1 && link->speed <= 6 && vcxl_is_pow2(link->width) &&
	       link->width <= 32;
}

void vcxl_link_default(struct vcxl_link_config *link)
{
	if (link->speed || link->width)
		return;
	link->speed = 5;
	link->width = 16;
}

bool vcxl_pcie_take_flr(struct vcxl_pci *pci)
{
	const uint32_t at = pci->pcie_offset + DEVICE_CONTROL;
	const uint64_t control = vcxl_block_get(&pci->config, at, 2);

	vcxl_block_set(&pci->config, at, 2, control & ~FLR_INITIATE);
	return control & FLR_INITIATE;
}

void vcxl_ssvid_add(struct vcxl_pci *pci, uint16_t offset, uint16_t vendor, uint16_t device)
{
	vcxl_pci_add_capability(pci, 0x0d, offset, VCXL_ROWS(ssvid_regs), pci);
	vcxl_block_set_reset(&pci->config, offset + 4u, 2, vendor);
	vcxl_block_set_reset(&pci->config, offset + 6u, 2, device);
}

void vcxl_acs_add(struct vcxl_pci *pci)
{
	vcxl_pci_add_extended(pci, 0x000d, 1, 0x08, VCXL_ROWS(acs_regs), pci);
}

void vcxl_dsn_add(struct vcxl_pci *pci, uint64_t serial)
{
	const uint16_t offset =
		vcxl_pci_add_extended(pci, 0x0003, 1, 0x0c, VCXL_ROWS(dsn_regs), pci);

	vcxl_block_set_reset(&pci->config, offset + 4u, 8, serial);
}
