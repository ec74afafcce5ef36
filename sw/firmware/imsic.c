/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hart's interrupt file in the device tree, see imsic.h. The tree is walked, not indexed: the
 * controller lists the interrupt controllers inside the harts, in the order of its pages.
 */
#include "imsic.h"

#include "text.h"

enum {
	SUPERVISOR_EXTERNAL = 9,
	PAGE_SHIFT = 12,
	MAX_GUEST_BITS = 7
};

static bool is_hart(const struct dt_walk *walk, uint64_t hart)
{
	const char *type = dt_get_string(walk, "device_type");
	uint64_t id, size;

	return type && text_equal(type, "cpu") && dt_get_reg(walk, 0, &id, &size) && id == hart;
}

/* The phandle of the interrupt controller in a hart that has S-level files. 0: there is none. */
static uint32_t controller_in(const struct dt *tree, uint64_t hart)
{
	struct dt_walk walk;
	uint32_t phandle = 0;
	unsigned depth;

	dt_walk_start(&walk, tree);
	do {
		if (!dt_walk_next(&walk))
			return 0;
	} while (!is_hart(&walk, hart));
	if (!dt_list_has(&walk, "riscv,isa-extensions", "ssaia"))
		return 0;
	depth = walk.depth;
	while (dt_walk_next(&walk) && walk.depth > depth)
		if (dt_list_has(&walk, "compatible", "riscv,cpu-intc") &&
		    dt_get_u32(&walk, "phandle", &phandle))
			break;
	return phandle;
}

static bool find_imsic(const struct dt *tree, uint32_t phandle, struct dt_walk *walk)
{
	uint32_t own;

	dt_walk_start(walk, tree);
	while (dt_walk_next(walk))
		if (dt_get_u32(walk, "phandle", &own) && own == phandle)
			return dt_list_has(walk, "compatible", "riscv,imsics");
	return false;
}

const char *imsic_find(const struct dt *tree, uint32_t parent, uint64_t hart, struct imsic *imsic)
{
	const uint32_t controller = controller_in(tree, hart);
	struct dt_prop harts;
	struct dt_walk walk;
	uint32_t guest_bits = 0;
	uint64_t base, size;

	if (!parent)
		return "the host bridge has no msi-parent: its devices can send no messages";
	if (!find_imsic(tree, parent, &walk) || !dt_get_reg(&walk, 0, &base, &size) ||
	    !dt_get(&walk, "interrupts-extended", &harts) ||
	    !dt_get_u32(&walk, "riscv,num-ids", &imsic->last_id))
		return "what the msi-parent of the host bridge names is no IMSIC";
	dt_get_u32(&walk, "riscv,guest-index-bits", &guest_bits);
	if (guest_bits > MAX_GUEST_BITS)
		return "the IMSIC has more guest files than there may be";
	for (uint32_t i = 0; controller && i + 2 <= dt_cells(&harts); i += 2) {
		const uint64_t page = (uint64_t)(i / 2) << (PAGE_SHIFT + guest_bits);

		if (dt_cell(&harts, i) != controller ||
		    dt_cell(&harts, i + 1) != SUPERVISOR_EXTERNAL || page >= size)
			continue;
		imsic->page = base + page;
		return NULL;
	}
	return "this hart has no interrupt file of S-level in the IMSIC";
}
