/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single-device views: the planner's way to look at one device's part of a region without the
 * interleave below the window. The window itself cannot be changed, so the device sees the
 * granules of its bridge: the endpoint takes out the window's bits only. See plan.h.
 */
#include "plan.h"

unsigned plan_view(const struct plan_topology *topology, const struct plan_region *region,
		   unsigned position, struct plan_decoder *decoders, unsigned limit)
{
	const struct plan_window *w = &topology->windows[region->window];
	/* never more than the region's own size, whose ways are a multiple of the window's */
	const uint64_t size = region->size / region->ways * w->ways;
	int node = region->targets[position], from = PLAN_NO_NODE;
	unsigned n = 0;

	for (; node >= 0; from = node, node = topology->nodes[node].parent) {
		struct plan_decoder d = { .node = node, .base = w->base, .size = size };

		if (!topology->nodes[node].hdm.n_decoders)
			continue;
		if (n == limit)
			return 0;
		d.granularity = w->granularity;
		d.ways = 1;
		if (from < 0) {
			d.ways = w->ways;
			d.skip = region->dpa[position];
		} else {
			d.targets[0] = (uint8_t)topology->nodes[from].number;
		}
		decoders[n++] = d;
	}
	return n;
}

uint64_t plan_view_address(const struct plan_topology *topology, const struct plan_region *region,
			   unsigned position, uint64_t offset)
{
	const struct plan_window *w = &topology->windows[region->window];
	const int bridge = plan_bridge_of(topology, region->targets[position]);
	const uint64_t first = w->base / w->granularity;
	uint64_t granule = offset / w->granularity * w->ways;

	/* the one of the next `ways` granules that the window sends to the bridge */
	while (w->targets[(first + granule) % w->ways] != bridge)
		granule++;
	return w->base + granule * w->granularity + offset % w->granularity;
}
