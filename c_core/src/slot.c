/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Native hot-plug of one slot; see slot.h. The link trains as soon as an adapter has power. Left
 * out: manually operated retention latch, electromechanical interlock, power faults.
 */
#include <vcxl/bits.h>

#include "dvsec.h"
#include "slot.h"

#define CAPABILITIES 0x14u
#define CONTROL      0x18u
#define STATUS       0x1au

#define SLOT_CAPABLE       0x5bu /* button, power controller, both indicators, hot-plug */
#define INTERRUPT_ENABLE   VCXL_BIT(5)
#define ATTENTION_OFF      0x00c0u
#define POWER_INDICATOR    0x0300u
#define POWER_INDICATOR_ON 0x0100u
#define POWER_BLINKS       0x0200u
#define POWER_OFF          VCXL_BIT(10)
#define CONTROL_EMPTY      (ATTENTION_OFF | POWER_INDICATOR | (unsigned)POWER_OFF)
#define CONTROL_OCCUPIED   (ATTENTION_OFF | POWER_INDICATOR_ON)

#define BUTTON_PRESSED    VCXL_BIT(0)
#define PRESENCE_CHANGED  VCXL_BIT(3)
#define COMMAND_COMPLETED VCXL_BIT(4)
#define PRESENCE          VCXL_BIT(6)
#define LINK_CHANGED      VCXL_BIT(8)

/* PCIe r6.0 6.7.3: what Slot Status remembers, and the bit of Slot Control that lets it
 * interrupt. */
static const struct {
	uint64_t status, enable;
} events[] = {
	{ BUTTON_PRESSED, VCXL_BIT(0) },
	{ PRESENCE_CHANGED, VCXL_BIT(3) },
	{ COMMAND_COMPLETED, VCXL_BIT(4) },
	{ LINK_CHANGED, VCXL_BIT(12) },
};

static uint64_t get(const struct vcxl_slot *slot, uint32_t offset)
{
	return vcxl_block_get(&slot->pci->config, slot->pci->pcie_offset + offset, 2);
}

static void set(struct vcxl_slot *slot, uint32_t offset, uint64_t value)
{
	vcxl_block_set(&slot->pci->config, slot->pci->pcie_offset + offset, 2, value);
}

static void happened(struct vcxl_slot *slot, uint64_t status)
{
	set(slot, STATUS, get(slot, STATUS) | status);
}

/* PCIe r6.0 6.7.3.4: a message for each time that the condition begins to hold. */
static void update_interrupt(struct vcxl_slot *slot)
{
	const uint64_t control = get(slot, CONTROL), status = get(slot, STATUS);
	bool holds = false;

	for (unsigned i = 0; i < VCXL_ARRAY_LEN(events); i++)
		holds = holds || ((status & events[i].status) && (control & events[i].enable));
	holds = holds && (control & INTERRUPT_ENABLE);
	if (holds && !slot->notified)
		vcxl_pci_raise(slot->pci, 0);
	slot->notified = holds;
}

static void update_link(struct vcxl_slot *slot, uint64_t event)
{
	const bool up = slot->occupied && !(get(slot, CONTROL) & POWER_OFF);

	if (up == slot->up)
		return;
	slot->up = up;
	happened(slot, event);
	slot->link_changed(slot->ctx, up);
}

/* Each write is a command (No Command Completed Support is 0), and done at once. */
static void control_written(void *owner, unsigned i, uint64_t old, uint64_t now)
{
	struct vcxl_slot *slot = owner;

	(void)i, (void)old, (void)now;
	happened(slot, COMMAND_COMPLETED);
	update_link(slot, LINK_CHANGED);
	update_interrupt(slot);
}

static void status_written(void *owner, unsigned i, uint64_t old, uint64_t now)
{
	(void)i, (void)old, (void)now;
	update_interrupt(owner);
}

/* clang-format off */
static const struct vcxl_reg slot_regs[] = {
	VCXL_REG32(CAPABILITIES, "Slot Capabilities", .reset = SLOT_CAPABLE),
	VCXL_REG16(CONTROL,      "Slot Control",      .reset = CONTROL_EMPTY, .rw = 0x17f9, .on_write = control_written),
	VCXL_REG16(STATUS,       "Slot Status",       .w1c = 0x0119, .on_write = status_written),
};
/* clang-format on */

void vcxl_slot_add(struct vcxl_slot *slot, struct vcxl_pci *pci, uint16_t number)
{
	slot->pci = pci;
	vcxl_pci_add_rows(pci, pci->pcie_offset, VCXL_ROWS(slot_regs), slot);
	vcxl_block_set_reset(&pci->config, pci->pcie_offset + CAPABILITIES, 4,
			     SLOT_CAPABLE | (uint64_t)number << 19);
}

void vcxl_slot_reset(struct vcxl_slot *slot)
{
	set(slot, CONTROL, slot->occupied ? CONTROL_OCCUPIED : CONTROL_EMPTY);
	set(slot, STATUS, slot->occupied ? PRESENCE : 0);
	slot->notified = false;
	update_link(slot, 0);
}

void vcxl_slot_set_occupied(struct vcxl_slot *slot, bool occupied)
{
	if (occupied == slot->occupied)
		return;
	slot->occupied = occupied;
	set(slot, STATUS, (get(slot, STATUS) & ~PRESENCE) | (occupied ? PRESENCE : 0));
	happened(slot, PRESENCE_CHANGED);
	update_link(slot, LINK_CHANGED);
	update_interrupt(slot);
}

void vcxl_slot_press(struct vcxl_slot *slot)
{
	happened(slot, BUTTON_PRESSED);
	update_interrupt(slot);
}

struct vcxl_slot_state vcxl_slot_state(const struct vcxl_slot *slot)
{
	const uint64_t control = get(slot, CONTROL);

	return (struct vcxl_slot_state){
		.occupied = slot->occupied,
		.powered = !(control & POWER_OFF),
		.blinking = (control & POWER_INDICATOR) == POWER_BLINKS,
		.pressed = get(slot, STATUS) & BUTTON_PRESSED,
	};
}
