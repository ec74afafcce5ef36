/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Advanced error reporting: internal errors of functions, their messages on the way up, and what
 * the root port makes of them. PCIe r6.0 6.2, 7.8.4. No other error has a source here. Left out:
 * header logs of TLPs, ECRC, multiple headers, the system errors of Root Control.
 */
#include <vcxl/bits.h>

#include "dvsec.h"

#define COMMAND          0x04u
#define STATUS           0x06u
#define SECONDARY_STATUS 0x1eu
#define BRIDGE_CONTROL   0x3eu
#define PCIE_TYPE        0x02u /* in the PCI Express capability */
#define DEVICE_CONTROL   0x08u
#define DEVICE_STATUS    0x0au

#define COMMAND_SERR          VCXL_BIT(8)
#define BRIDGE_SERR           VCXL_BIT(1)
#define SIGNALED_SYSTEM_ERROR VCXL_BIT(14)
#define RECEIVED_SYSTEM_ERROR VCXL_BIT(14)

#define UNCORRECTABLE_STATUS 0x04u /* in the AER capability */
#define UNCORRECTABLE_MASK   0x08u
#define CORRECTABLE_STATUS   0x10u
#define CORRECTABLE_MASK     0x14u
#define CONTROL              0x18u
#define ROOT_COMMAND         0x2cu
#define ROOT_STATUS          0x30u
#define ROOT_SOURCE          0x34u

#define UNCORRECTABLE_INTERNAL 22u
#define CORRECTED_INTERNAL     14u
#define FIRST_ERROR_POINTER    4, 0

#define ROOT_COR          VCXL_BIT(0) /* of Root Error Status */
#define ROOT_COR_MULTIPLE VCXL_BIT(1)
#define ROOT_UNC          VCXL_BIT(2)
#define ROOT_UNC_MULTIPLE VCXL_BIT(3)
#define ROOT_FIRST_FATAL  VCXL_BIT(4)
#define ROOT_NONFATAL     VCXL_BIT(5)
#define ROOT_FATAL        VCXL_BIT(6)
#define COR_ENABLE        VCXL_BIT(0) /* of Root Error Command */
#define NONFATAL_ENABLE   VCXL_BIT(1)
#define FATAL_ENABLE      VCXL_BIT(2)
#define ERROR_VECTOR      0 /* Advanced Error Interrupt Message Number */

static uint64_t get(const struct vcxl_pci *pci, uint32_t offset, unsigned width)
{
	return vcxl_block_get(&pci->config, offset, width);
}

static void set_bits(struct vcxl_pci *pci, uint32_t offset, unsigned width, uint64_t bits)
{
	vcxl_block_set(&pci->config, offset, width, get(pci, offset, width) | bits);
}

/* ---- root port ---- */

/* PCIe r6.0 6.2.4.1.2: an interrupt is raised when this becomes true. */
static bool wants_interrupt(const struct vcxl_pci *pci, uint64_t command)
{
	const uint64_t status = get(pci, pci->aer_offset + ROOT_STATUS, 4);

	return ((command & COR_ENABLE) && (status & ROOT_COR)) ||
	       ((command & NONFATAL_ENABLE) && (status & ROOT_NONFATAL)) ||
	       ((command & FATAL_ENABLE) && (status & ROOT_FATAL));
}

static void root_command_written(void *owner, unsigned i, uint64_t old, uint64_t now)
{
	struct vcxl_pci *pci = owner;

	(void)i;
	if (!wants_interrupt(pci, old) && wants_interrupt(pci, now))
		vcxl_pci_raise(pci, ERROR_VECTOR);
}

/* clang-format off */
/* PCIe r6.0 7.8.4 */
static const struct vcxl_reg regs[] = {
	VCXL_REG32(0x04, "Uncorrectable Error Status",   .w1c = 0x007ff030, .sticky = true),
	VCXL_REG32(0x08, "Uncorrectable Error Mask",     .rw = 0x007ff030, .reset = 0x00400000, .sticky = true),
	VCXL_REG32(0x0c, "Uncorrectable Error Severity", .rw = 0x007ff030, .reset = 0x00462030, .sticky = true),
	VCXL_REG32(0x10, "Correctable Error Status",     .w1c = 0x0000f1c1, .sticky = true),
	VCXL_REG32(0x14, "Correctable Error Mask",       .rw = 0x0000f1c1, .reset = 0x00006000, .sticky = true),
	VCXL_REG32(0x18, "Advanced Error Capabilities and Control", .sticky = true),
	VCXL_REG32(0x1c, "Header Log",                   .count = 4, .stride = 4, .sticky = true),
	/* from here on: root ports */
	VCXL_REG32(0x2c, "Root Error Command",           .rw = 0x7, .on_write = root_command_written),
	VCXL_REG32(0x30, "Root Error Status",            .w1c = 0x7f, .sticky = true),
	VCXL_REG32(0x34, "Error Source Identification",  .sticky = true),
};
#define N_ROOT_REGS 3u /* the last rows */
/* clang-format on */

void vcxl_aer_add(struct vcxl_pci *pci, bool root_port)
{
	const unsigned n_rows = VCXL_ARRAY_LEN(regs) - (root_port ? 0 : N_ROOT_REGS);

	pci->aer_offset = vcxl_pci_add_extended(pci, 0x0001, 2, 0x48, regs, n_rows, pci);
}

static bool is_root_port(const struct vcxl_pci *pci)
{
	return vcxl_field_get(get(pci, pci->pcie_offset + PCIE_TYPE, 2), 7, 4) ==
	       VCXL_PCIE_ROOT_PORT;
}

/* The first of each class leaves its source. */
static void keep_at_root(struct vcxl_pci *pci, enum vcxl_error_message message, uint16_t requester)
{
	const uint32_t status_at = pci->aer_offset + ROOT_STATUS;
	const uint32_t source_at = pci->aer_offset + ROOT_SOURCE;
	const uint64_t command = get(pci, pci->aer_offset + ROOT_COMMAND, 4);
	const uint64_t status = get(pci, status_at, 4);
	const bool fatal = message == VCXL_ERR_FATAL, pending = wants_interrupt(pci, command);
	uint64_t bits = fatal ? ROOT_FATAL : ROOT_NONFATAL;

	if (message == VCXL_ERR_COR) {
		bits = status & ROOT_COR ? ROOT_COR_MULTIPLE : ROOT_COR;
		if (!(status & ROOT_COR))
			vcxl_block_set(&pci->config, source_at, 2, requester);
	} else if (status & ROOT_UNC) {
		bits |= ROOT_UNC_MULTIPLE;
	} else {
		bits |= ROOT_UNC | (fatal ? ROOT_FIRST_FATAL : 0);
		vcxl_block_set(&pci->config, source_at + 2, 2, requester);
	}
	set_bits(pci, status_at, 4, bits);
	if (!pending && wants_interrupt(pci, command))
		vcxl_pci_raise(pci, ERROR_VECTOR);
}

/* ---- any function ---- */

static unsigned severity_bit(enum vcxl_error_message message) /* of Device Control and Status */
{
	return message == VCXL_ERR_COR ? 0 : message == VCXL_ERR_NONFATAL ? 1 : 2;
}

/* PCIe r6.0 6.2.5: SERR# Enable serves for what is not correctable. */
static bool reports(const struct vcxl_pci *pci, enum vcxl_error_message message)
{
	const uint64_t control = get(pci, pci->pcie_offset + DEVICE_CONTROL, 2);

	return control >> severity_bit(message) & 1 ||
	       (message != VCXL_ERR_COR && (get(pci, COMMAND, 2) & COMMAND_SERR));
}

static void send_up(struct vcxl_pci *pci, enum vcxl_error_message message, uint16_t requester)
{
	if (message != VCXL_ERR_COR && (get(pci, COMMAND, 2) & COMMAND_SERR))
		set_bits(pci, STATUS, 2, SIGNALED_SYSTEM_ERROR);
	if (is_root_port(pci))
		keep_at_root(pci, message, requester);
	else if (pci->irq && pci->irq->error)
		pci->irq->error(pci->irq->ctx, message, requester);
}

/* PCIe r6.0 6.2.4: the status is kept also where the mask ends it. */
void vcxl_aer_internal_error(struct vcxl_pci *pci, enum vcxl_error_message severity)
{
	const bool correctable = severity == VCXL_ERR_COR;
	const unsigned bit = correctable ? CORRECTED_INTERNAL : UNCORRECTABLE_INTERNAL;
	const uint32_t aer = pci->aer_offset, control_at = aer + CONTROL;
	const uint32_t status_at = aer + (correctable ? CORRECTABLE_STATUS : UNCORRECTABLE_STATUS);
	const uint32_t mask_at = aer + (correctable ? CORRECTABLE_MASK : UNCORRECTABLE_MASK);
	const uint64_t before = get(pci, status_at, 4), control = get(pci, control_at, 4);

	set_bits(pci, pci->pcie_offset + DEVICE_STATUS, 2, 1u << severity_bit(severity));
	set_bits(pci, status_at, 4, 1u << bit);
	if (get(pci, mask_at, 4) >> bit & 1)
		return;
	/* the pointer stays while its error does */
	if (!correctable && !(before >> vcxl_field_get(control, FIRST_ERROR_POINTER) & 1))
		vcxl_block_set(&pci->config, control_at, 4,
			       vcxl_field_set(control, FIRST_ERROR_POINTER, bit));
	if (reports(pci, severity))
		send_up(pci, severity, pci->requester_id);
}

/* PCIe r6.0 6.2.6, 7.5.1.3: the secondary side lets nothing pass without SERR# Enable of Bridge
 * Control; the primary side of a switch sends what the port's own errors would be sent for. */
void vcxl_aer_forward(struct vcxl_pci *pci, enum vcxl_error_message message, uint16_t requester)
{
	if (message != VCXL_ERR_COR)
		set_bits(pci, SECONDARY_STATUS, 2, RECEIVED_SYSTEM_ERROR);
	if (!(get(pci, BRIDGE_CONTROL, 2) & BRIDGE_SERR))
		return;
	if (is_root_port(pci) || message == VCXL_ERR_COR || reports(pci, message))
		send_up(pci, message, requester);
}
