/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device tree to struct board, see board.h. PCI ranges: IEEE 1275 PCI binding, 3 + 2 + 2 cells.
 */
#include "board.h"

#include "arch.h"
#include "text.h"

enum {
	FINISHER_PASS = 0x5555,
	FINISHER_FAIL = 0x3333,
	RANGE_CELLS = 7,
	SPACE_MEM32 = 2,
	SPACE_MEM64 = 3
};

void board_default(struct board *board)
{
	*board = (struct board){
		.uart = 0x10000000, .finisher = 0x100000, .timebase_hz = 10000000, .flush_block = 64
	};
}

static void read_ranges(const struct dt_walk *walk, struct board_bridge *b)
{
	struct dt_prop ranges;

	if (!dt_get(walk, "ranges", &ranges))
		return;
	for (uint32_t i = 0; i + RANGE_CELLS <= dt_cells(&ranges); i += RANGE_CELLS) {
		const unsigned space = dt_cell(&ranges, i) >> 24 & 3;
		struct board_aperture *a = space == SPACE_MEM32 ? &b->mem32 : &b->mem64;

		if (space != SPACE_MEM32 && space != SPACE_MEM64)
			continue;
		a->pci = dt_number(&ranges, i + 1, 2);
		a->cpu = dt_number(&ranges, i + 3, 2);
		a->size = dt_number(&ranges, i + 5, 2);
	}
}

static const char *read_bridge(const struct dt_walk *walk, struct board *board)
{
	struct board_bridge *b = &board->bridges[board->n_bridges];
	struct dt_prop buses;
	uint64_t size;

	if (board->n_bridges == BOARD_MAX_BRIDGES)
		return "more than 16 CXL host bridges";
	*b = (struct board_bridge){ 0 };
	if (!dt_get_u32(walk, "vcxl,uid", &b->uid))
		return "a CXL host bridge has no vcxl,uid";
	if (!dt_get(walk, "bus-range", &buses) || dt_cells(&buses) != 2)
		return "a CXL host bridge has no bus-range";
	b->first_bus = dt_cell(&buses, 0);
	b->last_bus = dt_cell(&buses, 1);
	if (b->first_bus > b->last_bus || b->last_bus > 255)
		return "a CXL host bridge has a bad bus-range";
	if (!dt_get_reg(walk, 0, &b->ecam, &size) ||
	    size < (uint64_t)(b->last_bus - b->first_bus + 1) << 20)
		return "the ECAM of a CXL host bridge is smaller than its bus-range";
	if (!dt_get_reg(walk, 1, &b->chbcr, &size) || size < 0x10000)
		return "a CXL host bridge has no 64 KiB of component registers";
	read_ranges(walk, b);
	dt_get_u32(walk, "msi-parent", &b->msi_parent);
	board->n_bridges++;
	return NULL;
}

static const char *read_window(const struct dt_walk *walk, struct board *board)
{
	struct board_window *w = &board->windows[board->n_windows];
	struct dt_prop targets, maps;

	if (board->n_windows == BOARD_MAX_WINDOWS)
		return "more than 16 fixed memory windows";
	if (!dt_get_reg(walk, 0, &w->base, &w->size) ||
	    !dt_get_u32(walk, "vcxl,granularity", &w->granularity) ||
	    !dt_get(walk, "vcxl,targets", &targets) || dt_cells(&targets) < 1 ||
	    dt_cells(&targets) > BOARD_MAX_TARGETS)
		return "a fixed memory window lacks reg, vcxl,granularity or vcxl,targets";
	w->ways = dt_cells(&targets);
	for (uint32_t i = 0; i < w->ways; i++)
		w->uids[i] = dt_cell(&targets, i);
	w->n_xor_maps = dt_get(walk, "vcxl,xor-maps", &maps) ? dt_cells(&maps) / 2 : 0;
	if (w->n_xor_maps > BOARD_MAX_XOR_MAPS)
		return "a fixed memory window has more than 4 XOR maps";
	for (uint32_t i = 0; i < w->n_xor_maps; i++)
		w->xor_maps[i] = (uint64_t)dt_cell(&maps, 2 * i) << 32 | dt_cell(&maps, 2 * i + 1);
	board->n_windows++;
	return NULL;
}

static void read_cpu(const struct dt_walk *walk, struct board *board)
{
	board->harts++;
	dt_get_u32(walk, "riscv,cbom-block-size", &board->flush_block);
	if (!board->flush_block || board->flush_block & (board->flush_block - 1))
		board->flush_block = 64;
}

static const char *read_chosen(const struct dt_walk *walk, struct board *board)
{
	struct dt_prop next;

	board->boot_config = dt_get_string(walk, "vcxl,boot-config");
	if (!dt_get(walk, "vcxl,next-stage", &next))
		return NULL;
	if (dt_cells(&next) != 2)
		return "vcxl,next-stage is no 64-bit address";
	board->next_stage = dt_number(&next, 0, 2);
	return NULL;
}

static const char *read_node(const struct dt_walk *walk, struct board *board)
{
	const char *type = dt_get_string(walk, "device_type");
	uint64_t size;
	uint32_t hz;

	if (dt_list_has(walk, "compatible", "vcxl,cxl-host-bridge"))
		return read_bridge(walk, board);
	if (dt_list_has(walk, "compatible", "vcxl,cxl-fixed-memory-window"))
		return read_window(walk, board);
	if (dt_list_has(walk, "compatible", "ns16550a"))
		dt_get_reg(walk, 0, &board->uart, &size);
	else if (dt_list_has(walk, "compatible", "sifive,test0"))
		dt_get_reg(walk, 0, &board->finisher, &size);
	else if (type && text_equal(type, "memory"))
		dt_get_reg(walk, 0, &board->ram_base, &board->ram_size);
	else if (type && text_equal(type, "cpu"))
		read_cpu(walk, board);
	else if (walk->depth == 2 && text_equal(walk->name, "cpus") &&
		 dt_get_u32(walk, "timebase-frequency", &hz) && hz)
		board->timebase_hz = hz;
	else if (walk->depth == 2 && text_equal(walk->name, "chosen"))
		return read_chosen(walk, board);
	return NULL;
}

void board_read(struct board *board, const struct dt *tree)
{
	struct dt_walk walk;

	dt_walk_start(&walk, tree);
	while (dt_walk_next(&walk)) {
		const char *error = read_node(&walk, board);

		if (error && !board->error)
			board->error = error;
	}
}

_Noreturn void board_finish(const struct board *board, unsigned code)
{
	mmio_write32(board->finisher, code ? FINISHER_FAIL | code << 16 : FINISHER_PASS);
	for (;;)
		__asm__ volatile("wfi");
}
