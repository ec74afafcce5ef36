/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regions for when none are asked for: the largest set of devices per window, see plan.h. Sets are
 * proposed here, largest first; plan_make() judges them, so no rule is told twice.
 */
#include "plan.h"

enum {
	MAX_SHIFT = 4,
	NOTHING = 0xff
};

struct chooser {
	const struct plan_topology *topology;
	enum plan_purpose purpose;
	struct plan *plan;
	/* by node: bit s of can[] = 2^s devices below may be interleaved */
	uint8_t can[PLAN_MAX_NODES];
	/* by node: log2 of the devices taken below it and of its own ways; NOTHING: not in the set
	 */
	uint8_t take[PLAN_MAX_NODES], split[PLAN_MAX_NODES];
	/* by node: address bits [low, high) that select at and above it; its own begin at bit */
	uint8_t low[PLAN_MAX_NODES], high[PLAN_MAX_NODES], bit[PLAN_MAX_NODES];
};

static unsigned log2_of(uint64_t n)
{
	unsigned shift = 0;

	while (n >>= 1)
		shift++;
	return shift;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What one more decoder could map: plan_make() begins with the persistent partition when the rest
 * of the volatile one is too small. */
static uint64_t room(const struct chooser *c, int node)
{
	const struct plan_node *n = &c->topology->nodes[node];
	const uint64_t persistent = c->purpose == PLAN_FOR_LINUX ? 0 : n->persistent_size;
	const uint64_t capacity = n->volatile_size + persistent;
	uint64_t next = 0, left_volatile;

	for (unsigned r = 0; r < c->plan->n_regions; r++) {
		const struct plan_region *region = &c->plan->regions[r];

		for (unsigned p = 0; p < region->ways; p++)
			if (region->targets[p] == node)
				next = region->dpa[p] + region->size / region->ways;
	}
	if (next >= n->volatile_size)
		return capacity - next;
	left_volatile = n->volatile_size - next;
	return left_volatile > persistent ? left_volatile : persistent;
}

/* log2 of the children that the port's decoders can select between. */
static unsigned widest(const struct plan_node *n)
{
	const unsigned shift = n->hdm.n_decoders ? log2_of(n->hdm.n_targets) : 0;

	return shift < 3 ? shift : 3;
}

/* Children before parents: how many devices each node could bring together. A port that brings
 * together fewer than 2^least is of no use. */
static void find_possible(struct chooser *c, unsigned least)
{
	const struct plan_topology *t = c->topology;
	/* by node: children that can take 2^s */
	uint16_t ready[PLAN_MAX_NODES][MAX_SHIFT + 1] = { 0 };

	for (unsigned i = t->n_nodes; i-- > 0;) {
		const struct plan_node *n = &t->nodes[i];

		c->can[i] = n->kind == PLAN_MEMDEV && room(c, (int)i) >= PLAN_UNIT;
		for (unsigned s = 0; n->kind != PLAN_MEMDEV && s <= MAX_SHIFT; s++)
			for (unsigned a = 0; a <= widest(n) && s + a <= MAX_SHIFT; a++)
				if (s + a >= least && ready[i][s] >= 1u << a)
					c->can[i] |= (uint8_t)(1u << (s + a));
		/* Linux wants a decoder even where there is nothing to select */
		if (c->purpose == PLAN_FOR_LINUX && !n->hdm.n_decoders)
			c->can[i] = 0;
		for (unsigned s = 0; n->parent >= 0 && s <= MAX_SHIFT; s++)
			if (c->can[i] >> s & 1)
				ready[n->parent][s]++;
	}
}

/* Splits a node's devices over as many children as possible. */
static void split_node(struct chooser *c, unsigned node)
{
	const struct plan_topology *t = c->topology;
	const unsigned most = widest(&t->nodes[node]);
	unsigned a = c->take[node] < most ? c->take[node] : most, ready, left;

	for (;; a--) {
		ready = 0;
		for (unsigned k = node + 1; k < t->n_nodes; k++)
			if (t->nodes[k].parent == (int)node)
				ready += c->can[k] >> (c->take[node] - a) & 1;
		if (ready >= 1u << a || a == 0)
			break;
	}
	c->split[node] = (uint8_t)a;
	left = 1u << a;
	for (unsigned k = node + 1; k < t->n_nodes && left; k++) {
		if (t->nodes[k].parent != (int)node || !(c->can[k] >> (c->take[node] - a) & 1))
			continue;
		c->take[k] = (uint8_t)(c->take[node] - a);
		left--;
	}
}

/* Takes 2^shift devices below each bridge of the window. False when one has not as many. */
static bool choose_devices(struct chooser *c, const struct plan_window *w, unsigned shift)
{
	for (unsigned i = 0; i < c->topology->n_nodes; i++)
		c->take[i] = NOTHING;
	for (unsigned i = 0; i < w->ways; i++) {
		if (!(c->can[w->targets[i]] >> shift & 1))
			return false;
		c->take[w->targets[i]] = (uint8_t)shift;
	}
	for (unsigned i = 0; i < c->topology->n_nodes; i++)
		if (c->take[i] != NOTHING && c->topology->nodes[i].kind != PLAN_MEMDEV)
			split_node(c, i);
	return true;
}

/* Each level takes the bits above its parent's if they can be expressed, else those below, all
 * inside [low, high). False when some do not find room. */
static bool assign_bits(struct chooser *c, const struct plan_window *w, unsigned low, unsigned high)
{
	for (unsigned i = 0; i < c->topology->n_nodes; i++) {
		const int parent = c->topology->nodes[i].parent;
		const unsigned a = c->split[i];

		if (c->take[i] == NOTHING || c->topology->nodes[i].kind == PLAN_MEMDEV)
			continue;
		if (parent >= 0) {
			c->low[i] = c->low[parent];
			c->high[i] = c->high[parent];
		} else {
			c->low[i] = (uint8_t)(w->ways > 1 ? log2_of(w->granularity) : low);
			c->high[i] =
				(uint8_t)(c->low[i] + log2_of(w->ways % 3 ? w->ways : w->ways / 3));
		}
		c->bit[i] = c->high[i];
		if (!a)
			continue;
		if (c->high[i] <= log2_of(PLAN_MAX_GRANULE) && c->high[i] + a <= high) {
			c->high[i] = (uint8_t)(c->high[i] + a);
		} else if (c->low[i] >= low + a) {
			c->low[i] = (uint8_t)(c->low[i] - a);
			c->bit[i] = c->low[i];
		} else {
			return false;
		}
	}
	return true;
}

/* The chosen child that entry `entry` of the node's targets is. */
static int chosen_child(const struct chooser *c, int node, unsigned entry)
{
	for (unsigned k = (unsigned)node + 1; k < c->topology->n_nodes; k++)
		if (c->topology->nodes[k].parent == node && c->take[k] != NOTHING && !entry--)
			return (int)k;
	return PLAN_NO_NODE;
}

/* Walks every position's address down the bits, which gives the order of targets. */
static void order_targets(const struct chooser *c, const struct plan_window *w,
			  struct plan_region *region)
{
	for (unsigned p = 0; p < region->ways; p++) {
		const uint64_t hpa = region->base + (uint64_t)p * region->granularity;
		int node = w->targets[hpa / w->granularity % w->ways];

		while (node >= 0 && c->topology->nodes[node].kind != PLAN_MEMDEV)
			node = chosen_child(c, node,
					    (unsigned)(hpa >> c->bit[node]) &
						    ((1u << c->split[node]) - 1));
		region->targets[p] = node;
	}
}

/* Appends the region to the plan if it can be. */
static bool try_region(struct chooser *c, unsigned window, unsigned shift, uint32_t granularity)
{
	const struct plan_window *w = &c->topology->windows[window];
	struct plan_region *region = &c->plan->regions[c->plan->n_regions];
	const uint32_t ways = w->ways << shift;
	const unsigned low = log2_of(granularity);
	uint64_t part = w->size / ways / PLAN_UNIT * PLAN_UNIT;

	if (!assign_bits(c, w, low, low + log2_of(ways % 3 ? ways : ways / 3)))
		return false;
	for (unsigned i = 0; i < c->topology->n_nodes; i++)
		if (c->take[i] != NOTHING && c->topology->nodes[i].kind == PLAN_MEMDEV)
			part = min_u64(part, room(c, (int)i));
	part -= part % PLAN_UNIT;
	*region = (struct plan_region){ .window = window,
					.base = w->base,
					.size = part * ways,
					.granularity = granularity,
					.ways = ways };
	order_targets(c, w, region);
	c->plan->n_regions++;
	if (plan_make(c->topology, c->plan) &&
	    (c->purpose != PLAN_FOR_LINUX ||
	     !plan_linux_objection(c->topology, c->plan, c->plan->n_regions - 1)))
		return true;
	c->plan->n_regions--;
	return false;
}

/* For Linux each port begins at the bit where the one above it ends, at 16 KiB at the most: a port
 * with 2^s of the 2^shift devices below it begins `shift - s` bits above the bridges. */
static unsigned least_below_port(const struct chooser *c, const struct plan_window *w,
				 unsigned shift, uint32_t granularity)
{
	const uint32_t bits = w->ways % 3 ? w->ways : w->ways / 3;
	const unsigned begin = log2_of((uint64_t)granularity * bits) + shift;

	if (c->purpose != PLAN_FOR_LINUX || begin <= log2_of(PLAN_MAX_GRANULE))
		return 0;
	return begin - log2_of(PLAN_MAX_GRANULE);
}

static const char *default_region(struct chooser *c, unsigned window)
{
	const struct plan_window *w = &c->topology->windows[window];
	const bool for_linux = c->purpose == PLAN_FOR_LINUX;
	const bool fixed = w->ways > 1 || for_linux;

	for (unsigned i = 0; i < w->ways; i++)
		for (unsigned k = 0; k < i; k++)
			if (w->targets[i] == w->targets[k])
				return "a host bridge appears twice among its targets";
	if (c->plan->n_regions == PLAN_MAX_REGIONS)
		return "too many regions";
	find_possible(c, 0);
	if (!choose_devices(c, w, 0))
		return for_linux ? "no device with free volatile memory below each of its targets"
				 : "no device with free capacity below each of its targets";
	for (unsigned shift = MAX_SHIFT + 1; shift-- > 0;) {
		uint32_t g = fixed ? w->granularity : PLAN_MIN_GRANULE;

		if (!plan_ways_valid(w->ways << shift))
			continue;
		for (; plan_granularity_valid(g); g = fixed ? g / 2 : g * 2) {
			find_possible(c, least_below_port(c, w, shift, g));
			if (choose_devices(c, w, shift) && try_region(c, window, shift, g))
				return NULL;
		}
	}
	return for_linux ? "its devices form no interleave that Linux assembles"
			 : "its devices form no legal interleave";
}

void plan_default_regions(const struct plan_topology *topology, enum plan_purpose purpose,
			  struct plan *plan, const char *reasons[PLAN_MAX_WINDOWS])
{
	struct chooser c = { .topology = topology, .purpose = purpose, .plan = plan };
	unsigned order[PLAN_MAX_WINDOWS];

	plan->n_regions = 0;
	plan->n_decoders = 0;
	for (unsigned i = 0; i < topology->n_windows; i++) {
		unsigned k = i;

		for (; k && topology->windows[order[k - 1]].base > topology->windows[i].base; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	for (unsigned i = 0; i < topology->n_windows; i++)
		reasons[order[i]] = default_region(&c, order[i]);
	plan->error[0] = '\0';
}
