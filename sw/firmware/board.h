/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the device tree says: console, finisher, host bridges, fixed memory windows, boot
 * configuration. Plain values; strings point into the tree.
 */
#ifndef FW_BOARD_H
#define FW_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "dt.h"

enum {
	BOARD_MAX_BRIDGES = 16,
	BOARD_MAX_WINDOWS = 16,
	BOARD_MAX_TARGETS = 16,
	BOARD_MAX_XOR_MAPS = 4
};

/* A range of PCI memory space as the processor sees it. */
struct board_aperture {
	uint64_t cpu, pci, size;
};

struct board_bridge {
	uint32_t uid;
	uint64_t ecam; /* of first_bus */
	uint32_t first_bus, last_bus;
	uint64_t chbcr; /* component registers, 64 KiB */
	struct board_aperture mem32, mem64;
	uint32_t msi_parent; /* phandle of what takes messages from below; 0: nothing */
};

struct board_window {
	uint64_t base, size;
	uint32_t granularity, ways;
	uint32_t uids[BOARD_MAX_TARGETS];
	uint64_t xor_maps[BOARD_MAX_XOR_MAPS];
	uint32_t n_xor_maps; /* 0: modulo arithmetic */
};

struct board {
	uint64_t uart, finisher;
	uint64_t timebase_hz;
	uint32_t flush_block; /* bytes that cbo.flush works on */
	uint64_t ram_base, ram_size;
	uint32_t harts;
	const char *boot_config; /* NULL: none */
	uint64_t next_stage;     /* the first byte of what to start afterwards, 0: nothing */
	struct board_bridge bridges[BOARD_MAX_BRIDGES];
	unsigned n_bridges;
	struct board_window windows[BOARD_MAX_WINDOWS];
	unsigned n_windows;
	const char *error; /* NULL, or the first thing in the tree that cannot be used */
};

/* Where console and finisher are when the tree does not say. */
void board_default(struct board *board);
void board_read(struct board *board, const struct dt *tree);

/* Ends the run: 0 success, else failure with that code. */
void board_finish(const struct board *board, unsigned code) __attribute__((noreturn));

#endif
