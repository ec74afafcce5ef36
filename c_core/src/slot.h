/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slot below a root or downstream port with native hot-plug: attention button, power
 * controller, both indicators, presence. PCIe r6.0 6.7.1-6.7.3, 7.5.3.9-7.5.3.11.
 */
#ifndef VCXL_SLOT_H
#define VCXL_SLOT_H

#include <vcxl/pci.h>
#include <vcxl/port.h>

struct vcxl_slot {
	struct vcxl_pci *pci; /* of the port; NULL: no hot-plug slot */
	void *ctx;
	/* the adapter is there and has power, or no more; may take it out */
	void (*link_changed)(void *ctx, bool up);
	bool occupied;
	bool up;       /* occupied and powered */
	bool notified; /* the condition of the interrupt held when it was last looked at */
};

/* Adds the slot registers to a PCI Express capability that has none yet. */
void vcxl_slot_add(struct vcxl_slot *slot, struct vcxl_pci *pci, uint16_t number);
/* After the configuration space was reset: what is there has power, an empty slot has none. No
 * event is pending. */
void vcxl_slot_reset(struct vcxl_slot *slot);
void vcxl_slot_set_occupied(struct vcxl_slot *slot, bool occupied);
void vcxl_slot_press(struct vcxl_slot *slot);
struct vcxl_slot_state vcxl_slot_state(const struct vcxl_slot *slot);

#endif
