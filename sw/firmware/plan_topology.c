/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about the planner's topology: validity, paths, kinship. See plan.h.
 */
#include "fmt.h"
#include "plan.h"

bool plan_ways_valid(uint32_t ways)
{
	return ways <= PLAN_MAX_WAYS && (0x1115eul >> ways & 1);
}

bool plan_granularity_valid(uint32_t size)
{
	return size >= PLAN_MIN_GRANULE && size <= PLAN_MAX_GRANULE && !(size & (size - 1));
}

uint64_t plan_load_address(const struct plan_window *window, uint64_t address)
{
	for (unsigned i = 0; i < window->n_xor_maps; i++) {
		const uint64_t map = window->xor_maps[i];
		uint64_t parity = 0;

		for (uint64_t named = address & map; named; named &= named - 1)
			parity ^= 1;
		for (uint64_t bit = 1; map; bit <<= 1)
			if (map & bit) {
				address = parity ? address | bit : address & ~bit;
				break;
			}
	}
	return address;
}

static const char *window_error(const struct plan_topology *t, const struct plan_window *w)
{
	if (!w->size || w->base % PLAN_UNIT || w->size % PLAN_UNIT || w->base + w->size < w->base)
		return "base and size must be multiples of 256 MiB";
	if (!plan_ways_valid(w->ways))
		return "number of targets must be 1, 2, 3, 4, 6, 8, 12 or 16";
	if (!plan_granularity_valid(w->granularity))
		return "granularity must be a power of two from 256 to 16384";
	for (unsigned i = 0; i < w->ways; i++) {
		const int target = w->targets[i];

		if (target < 0 || (unsigned)target >= t->n_nodes ||
		    t->nodes[target].kind != PLAN_BRIDGE)
			return "a target is no host bridge";
	}
	return NULL;
}

const char *plan_topology_error(const struct plan_topology *topology)
{
	for (unsigned i = 0; i < topology->n_nodes; i++) {
		const struct plan_node *n = &topology->nodes[i];

		if ((n->kind == PLAN_BRIDGE) != (n->parent == PLAN_NO_NODE) ||
		    n->parent >= (int)i ||
		    (n->parent >= 0 && topology->nodes[n->parent].kind == PLAN_MEMDEV))
			return "a node has no proper parent";
		if (n->kind != PLAN_BRIDGE && n->number > 255)
			return "a port number exceeds 255";
	}
	for (unsigned i = 0; i < topology->n_windows; i++) {
		const char *error = window_error(topology, &topology->windows[i]);

		if (error)
			return error;
	}
	return NULL;
}

const char *plan_path(const struct plan_topology *topology, int node, char *buffer, size_t size)
{
	size_t at = size;

	/* from the leaf upwards, hence from the end of the buffer */
	if (!size)
		return "";
	buffer[--at] = '\0';
	while (node >= 0) {
		const struct plan_node *n = &topology->nodes[node];
		char text[12];
		size_t length =
			fmt_text(text, sizeof(text), "%s%u", n->parent >= 0 ? "/" : "", n->number);

		if (length > at)
			break;
		while (length)
			buffer[--at] = text[--length];
		node = n->parent;
	}
	return buffer + at;
}

/* One decimal number of a path; false when there is none or it is too large. */
static bool path_number(const char *path, size_t length, size_t *at, uint32_t *number)
{
	const size_t first = *at;
	uint64_t value = 0;

	for (; *at < length && path[*at] >= '0' && path[*at] <= '9'; (*at)++) {
		value = value * 10 + (uint64_t)(path[*at] - '0');
		if (value > UINT32_MAX)
			return false;
	}
	*number = (uint32_t)value;
	return *at > first;
}

static int find_child(const struct plan_topology *topology, int parent, uint32_t number)
{
	for (unsigned i = 0; i < topology->n_nodes; i++)
		if (topology->nodes[i].parent == parent && topology->nodes[i].number == number)
			return (int)i;
	return PLAN_NO_NODE;
}

int plan_find(const struct plan_topology *topology, const char *path, size_t length)
{
	int node = PLAN_NO_NODE;
	size_t at = 0;

	for (;;) {
		uint32_t number;

		if (!path_number(path, length, &at, &number))
			return PLAN_NO_NODE;
		node = find_child(topology, node, number);
		if (node < 0 || at == length)
			break;
		if (path[at++] != '/')
			return PLAN_NO_NODE;
	}
	return node >= 0 && topology->nodes[node].kind == PLAN_MEMDEV ? node : PLAN_NO_NODE;
}

int plan_bridge_of(const struct plan_topology *topology, int node)
{
	while (node >= 0 && topology->nodes[node].parent >= 0)
		node = topology->nodes[node].parent;
	return node;
}

int plan_child_towards(const struct plan_topology *topology, int node, int below)
{
	while (below >= 0 && topology->nodes[below].parent != node)
		below = topology->nodes[below].parent;
	return below;
}

bool plan_is_below(const struct plan_topology *topology, int node, int below)
{
	return below != node && plan_child_towards(topology, node, below) >= 0;
}
