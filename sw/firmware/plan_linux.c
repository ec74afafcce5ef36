/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Linux asks of decoders that firmware committed before it makes a region of them (6.12 is
 * the strictest): at every port, one-way ones too, the granularity is that of the level above
 * times its ways, without the window's factor 3; and each level is one that can be encoded.
 */
#include "plan.h"

static const struct plan_decoder *decoder_of(const struct plan *plan, unsigned r, int node)
{
	for (unsigned i = 0; i < plan->n_decoders; i++)
		if (plan->decoders[i].region == r && plan->decoders[i].node == node)
			return &plan->decoders[i];
	return NULL;
}

/* The granularity that Linux computes for a port. */
static uint64_t expected_granularity(const struct plan_topology *t, const struct plan *plan,
				     unsigned r, int node)
{
	const struct plan_region *region = &plan->regions[r];
	const uint32_t ways = t->windows[region->window].ways;
	const int parent = t->nodes[node].parent;
	const struct plan_decoder *above = parent < 0 ? NULL : decoder_of(plan, r, parent);

	if (above)
		return (uint64_t)above->granularity * above->ways;
	return (uint64_t)region->granularity * (ways % 3 ? ways : ways / 3);
}

static const char *path_objection(const struct plan_topology *t, const struct plan *plan,
				  unsigned r, int target)
{
	for (int node = t->nodes[target].parent; node >= 0; node = t->nodes[node].parent) {
		const struct plan_decoder *d = decoder_of(plan, r, node);
		const uint64_t expected = expected_granularity(t, plan, r, node);

		if (!d)
			return "a port above a device has no HDM decoder";
		if (expected > PLAN_MAX_GRANULE)
			return "a port would follow above 16 KiB";
		if (d->granularity != expected)
			return "a port does not follow on the level above it";
	}
	return NULL;
}

const char *plan_linux_objection(const struct plan_topology *topology, const struct plan *plan,
				 unsigned r)
{
	const struct plan_region *region = &plan->regions[r];
	unsigned n_volatile = 0;

	for (unsigned p = 0; p < region->ways; p++) {
		const int target = region->targets[p];
		const char *objection = path_objection(topology, plan, r, target);

		if (objection)
			return objection;
		n_volatile += region->dpa[p] < topology->nodes[target].volatile_size;
	}
	return n_volatile % region->ways ? "it mixes volatile and persistent memory" : NULL;
}
