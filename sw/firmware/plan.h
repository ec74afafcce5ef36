/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planner of HDM decoders: from fixed memory windows, the hierarchy below them and the regions
 * that are wanted, to the program of every decoder of every host bridge, switch and endpoint.
 * CXL r3.1 8.2.4.20 (decoders) and 9.13 (decoding). Pure: no hardware access, no allocation.
 * Left out: shared host bridges of several windows' interleave positions.
 *
 * All selection is by bits of the host address: a level of `ways` at `granularity` sends address h
 * to entry (h / granularity) mod ways of its target list; endpoints take the same bits out of the
 * offset in the region. Only windows may have 3, 6 or 12 ways.
 */
#ifndef FW_PLAN_H
#define FW_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	PLAN_MAX_NODES = 256,
	PLAN_MAX_WINDOWS = 16,
	PLAN_MAX_REGIONS = 32,
	PLAN_MAX_WAYS = 16,
	PLAN_MAX_TARGETS = 8,
	PLAN_MAX_XOR_MAPS = 4,
	PLAN_MAX_DECODERS = 1024,
	PLAN_PATH_SIZE = 64, /* of buffers for plan_path() */
	PLAN_NO_NODE = -1
};

#define PLAN_UNIT        (256ull * 1024 * 1024) /* of bases, sizes per device and DPA skips */
#define PLAN_MIN_GRANULE 256u
#define PLAN_MAX_GRANULE 16384u

enum plan_kind {
	PLAN_BRIDGE,
	PLAN_SWITCH,
	PLAN_MEMDEV
};

/* Capability of a decoder set, CXL r3.1 8.2.4.20.1. */
struct plan_hdm {
	uint8_t n_decoders; /* 0: no HDM decoders */
	uint8_t n_targets;  /* ports: longest target list */
	bool bits_11_8;     /* may interleave on address bits 11:8 */
	bool bits_14_12;    /* may interleave on address bits 14:12 */
	bool ways_3_6_12, ways_16;
};

/* Root and downstream ports are no nodes: they are the numbers by which parents know children. */
struct plan_node {
	enum plan_kind kind;
	int parent; /* index below the node's own; PLAN_NO_NODE for bridges */
	uint32_t
		number; /* bridges: UID; others: port number of the root or downstream port above */
	struct plan_hdm hdm;
	uint64_t volatile_size, persistent_size; /* memory devices; device address 0 is volatile */
	uint64_t dynamic_base, dynamic_size;     /* device addresses of dynamic capacity */
};

struct plan_window {
	uint64_t base, size;
	uint32_t granularity;
	uint32_t ways;
	int targets[PLAN_MAX_WAYS]; /* bridges */
	uint64_t xor_maps[PLAN_MAX_XOR_MAPS];
	unsigned n_xor_maps; /* 0: modulo arithmetic */
};

struct plan_topology {
	struct plan_node nodes[PLAN_MAX_NODES];
	unsigned n_nodes;
	struct plan_window windows[PLAN_MAX_WINDOWS];
	unsigned n_windows;
};

/* A region: granule k of its addresses is granule k / ways of the device targets[k mod ways]. */
struct plan_region {
	unsigned window;
	uint64_t base, size;  /* host addresses, absolute */
	uint32_t granularity; /* 0 on input: choose */
	uint32_t ways;
	int targets[PLAN_MAX_WAYS];
	bool lock;                   /* its decoders are to be locked */
	bool dynamic;                /* of dynamic capacity, and so of one device */
	uint64_t dpa[PLAN_MAX_WAYS]; /* output: where the region begins in targets[k] */
};

struct plan_decoder {
	int node;
	unsigned index; /* decoder number in the node */
	unsigned region;
	uint64_t base, size;
	uint32_t ways, granularity;
	uint8_t targets[PLAN_MAX_TARGETS]; /* ports: [0, ways) */
	uint64_t skip;                     /* endpoints: device addresses left out before */
	bool lock;
};

struct plan {
	struct plan_region regions[PLAN_MAX_REGIONS];
	unsigned n_regions;
	/* in the order of commit: endpoints, switches bottom-up, bridges; per node by index */
	struct plan_decoder decoders[PLAN_MAX_DECODERS];
	unsigned n_decoders;
	char error[200]; /* "" or what cannot be and why, naming the region */
};

bool plan_ways_valid(uint32_t ways);        /* 1, 2, 3, 4, 6, 8, 12, 16 */
bool plan_granularity_valid(uint32_t size); /* powers of two, 256 to 16384 */

/* False, with the reason in topology-independent words, when a window or node cannot be. */
const char *plan_topology_error(const struct plan_topology *topology);

/* "12/0/3": UID of the bridge, then port numbers downwards. What does not
 * fit is left out at the front. */
const char *plan_path(const struct plan_topology *topology, int node, char *buffer, size_t size);
/* The memory device at such a path, PLAN_NO_NODE when there is none. */
int plan_find(const struct plan_topology *topology, const char *path, size_t length);
/* The bridge above (or itself). */
int plan_bridge_of(const struct plan_topology *topology, int node);
/* The child of `node` on the way to `below`; `below` must lie under it. */
int plan_child_towards(const struct plan_topology *topology, int node, int below);
bool plan_is_below(const struct plan_topology *topology, int node, int below);

/* Fills plan->decoders and the output fields of the plan->n_regions regions given. False with
 * plan->error set when a region is not possible. */
bool plan_make(const struct plan_topology *topology, struct plan *plan);

/* Why Linux does not assemble region r of a plan that was made, NULL when it does. */
const char *plan_linux_objection(const struct plan_topology *topology, const struct plan *plan,
				 unsigned r);

enum plan_purpose {
	PLAN_FOR_TEST, /* all capacity, at any granularity */
	PLAN_FOR_LINUX /* volatile capacity, the window's granularity, what Linux assembles */
};

/*
 * The default regions: for each window, in address order, the largest power of two of memory
 * devices per bridge that the decoders can interleave, each with the capacity of the smallest.
 * plan->regions is the result; reasons[w] says why window w got none, NULL when it has one.
 */
void plan_default_regions(const struct plan_topology *topology, enum plan_purpose purpose,
			  struct plan *plan, const char *reasons[PLAN_MAX_WINDOWS]);

/* A region of dynamic capacity for each device that has some and that a window of one way reaches,
 * with as much as there is room for; plan->regions is the result. */
void plan_dynamic_regions(const struct plan_topology *topology, struct plan *plan);

/* Decoders that send one device's part of a region straight through: its bridge's granules of the
 * window, from the window's base on, 1 way at each port. At most `limit` decoders, leaf first;
 * returns how many, 0 when they do not fit. */
unsigned plan_view(const struct plan_topology *topology, const struct plan_region *region,
		   unsigned position, struct plan_decoder *decoders, unsigned limit);
/*
 * Where software finds what decoders have at an address of a window: everything in a plan is in the
 * addresses of decoders. With XOR arithmetic (CXL r3.1 9.18.1.4) the lowest bit that a map names is
 * the parity of all of them; what leads there leads back.
 */
uint64_t plan_load_address(const struct plan_window *window, uint64_t address);

/* Host address in that view of `offset` bytes behind the region's begin in the device. */
uint64_t plan_view_address(const struct plan_topology *topology, const struct plan_region *region,
			   unsigned position, uint64_t offset);

#ifdef __cplusplus
}
#endif
#endif
