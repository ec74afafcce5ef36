/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regions of dynamic capacity for when none are asked for, see plan.h.
 */
#include "plan.h"

/* What is left of the window for a device below the bridge; a window of several ways would give it
 * every second granule or less. */
static uint64_t room(const struct plan_window *w, int bridge, uint64_t used)
{
	return w->ways == 1 && w->targets[0] == bridge ? w->size - used : 0;
}

void plan_dynamic_regions(const struct plan_topology *topology, struct plan *plan)
{
	uint64_t used[PLAN_MAX_WINDOWS] = { 0 };

	plan->n_regions = 0;
	for (unsigned i = 0; i < topology->n_nodes; i++) {
		const uint64_t size = topology->nodes[i].dynamic_size;
		const int bridge = plan_bridge_of(topology, (int)i);
		uint64_t best = 0;
		unsigned window = 0;

		for (unsigned w = 0; w < topology->n_windows; w++) {
			const uint64_t left = room(&topology->windows[w], bridge, used[w]);
			const uint64_t fits = left < size ? left : size;

			if (fits > best) {
				best = fits;
				window = w;
			}
		}
		if (!best || plan->n_regions == PLAN_MAX_REGIONS)
			continue;
		plan->regions[plan->n_regions++] =
			(struct plan_region){ .window = window,
					      .base = topology->windows[window].base + used[window],
					      .size = best,
					      .ways = 1,
					      .targets = { (int)i },
					      .dynamic = true };
		used[window] += best;
	}
}
