/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regions to decoder programs, see plan.h. CXL r3.1 9.13.1 to 9.13.3.
 *
 * A region of N ways at granularity g owns log2(N) address bits from log2(g) on (and the remainder
 * by 3). The window's share of them is fixed; each port below takes the contiguous share with
 * which the wanted order of targets comes out. Whether it does is found by trying them: there are
 * seven granularities. The order decides, so what is not found is not possible in hardware.
 */
#include "plan.h"

#include "fmt.h"

/* What one port does for one region; ways 0: nothing. */
struct level {
	uint32_t ways, granularity;
	uint8_t targets[PLAN_MAX_TARGETS];
};

struct level_set {
	struct level of[PLAN_MAX_NODES]; /* by node; endpoints not used */
};

struct maker {
	const struct plan_topology *topology;
	struct plan *plan;
	struct level_set levels;
	unsigned used[PLAN_MAX_NODES];     /* decoders, by node */
	uint64_t next_dpa[PLAN_MAX_NODES]; /* memory devices: first address not yet taken */
	char path[PLAN_PATH_SIZE];
};

static bool fail(struct plan *plan, unsigned region, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool fail(struct plan *plan, unsigned region, const char *format, ...)
{
	const size_t used = fmt_text(plan->error, sizeof(plan->error), "region %u: ", region);
	va_list args;

	va_start(args, format);
	fmt_vtext(plan->error + used, sizeof(plan->error) - used, format, args);
	va_end(args);
	return false;
}

/* ways without its factor 3: what counts in address bits */
static uint32_t power_of_two_part(uint32_t ways)
{
	return ways % 3 ? ways : ways / 3;
}

/* May the decoder set interleave so? Bits above 14 count as coarse ones. */
static bool hdm_can(const struct plan_hdm *hdm, uint32_t ways, uint32_t granularity)
{
	const uint64_t end = (uint64_t)granularity * power_of_two_part(ways);

	if (ways == 1)
		return true;
	if (ways % 3 == 0 && !hdm->ways_3_6_12)
		return false;
	if (ways == 16 && !hdm->ways_16)
		return false;
	if (granularity < 4096 && !hdm->bits_11_8)
		return false;
	return (granularity < 4096 && end <= 4096) || hdm->bits_14_12;
}

static bool check_range(struct maker *m, unsigned r)
{
	const struct plan_region *region = &m->plan->regions[r];
	const struct plan_window *w;

	if (region->window >= m->topology->n_windows)
		return fail(m->plan, r, "there is no window %u", region->window);
	w = &m->topology->windows[region->window];
	if (!plan_ways_valid(region->ways))
		return fail(m->plan, r, "%u targets, must be 1, 2, 3, 4, 6, 8, 12 or 16",
			    region->ways);
	if (region->dynamic && region->ways != 1)
		return fail(m->plan, r, "%u targets, dynamic capacity is of one", region->ways);
	if (region->granularity && !plan_granularity_valid(region->granularity))
		return fail(m->plan, r, "granularity %u, must be a power of two from 256 to 16384",
			    region->granularity);
	if (!region->size || region->size % (PLAN_UNIT * region->ways))
		return fail(m->plan, r, "size 0x%lx is no multiple of %u x 256 MiB", region->size,
			    region->ways);
	if (region->base % PLAN_UNIT || region->base < w->base ||
	    region->base - w->base > w->size || region->size > w->size - (region->base - w->base))
		return fail(m->plan, r, "0x%lx + 0x%lx does not lie in window %u (0x%lx + 0x%lx)",
			    region->base, region->size, region->window, w->base, w->size);
	return true;
}

static bool check_targets(struct maker *m, unsigned r)
{
	const struct plan_region *region = &m->plan->regions[r];
	const struct plan_topology *t = m->topology;

	for (unsigned p = 0; p < region->ways; p++) {
		const int target = region->targets[p];

		if (target < 0 || (unsigned)target >= t->n_nodes ||
		    t->nodes[target].kind != PLAN_MEMDEV)
			return fail(m->plan, r, "target %u is no memory device", p);
		for (unsigned q = 0; q < p; q++)
			if (region->targets[q] == target)
				return fail(m->plan, r, "target %s appears twice",
					    plan_path(t, target, m->path, sizeof(m->path)));
	}
	return true;
}

/* Does the window send every granule to the bridge above its target? */
static bool check_window(struct maker *m, unsigned r, uint32_t granularity)
{
	const struct plan_topology *t = m->topology;
	const struct plan_region *region = &m->plan->regions[r];
	const struct plan_window *w = &t->windows[region->window];

	if (w->ways > 1 && (granularity > w->granularity ||
			    region->ways % (w->granularity / granularity * w->ways)))
		return fail(m->plan, r,
			    "%u targets at granularity %u do not fill the %u ways of %u bytes of "
			    "window %u evenly",
			    region->ways, granularity, w->ways, w->granularity, region->window);
	for (unsigned p = 0; p < region->ways; p++) {
		const uint64_t hpa = region->base + (uint64_t)p * granularity;
		const int bridge = w->targets[hpa / w->granularity % w->ways];

		if (plan_bridge_of(t, region->targets[p]) != bridge)
			return fail(m->plan, r,
				    "target %u (%s): at granularity %u, window %u sends that "
				    "position to host bridge %u",
				    p, plan_path(t, region->targets[p], m->path, sizeof(m->path)),
				    granularity, region->window, t->nodes[bridge].number);
	}
	return true;
}

/* Fills level->targets if (hpa / level->granularity) mod level->ways chooses the right child at
 * every position that comes through the node. */
static bool bits_select(const struct plan_topology *t, const struct plan_region *region,
			uint32_t granularity, int node, struct level *level)
{
	int child[PLAN_MAX_TARGETS];

	for (unsigned i = 0; i < level->ways; i++)
		child[i] = PLAN_NO_NODE;
	for (unsigned p = 0; p < region->ways; p++) {
		const uint64_t hpa = region->base + (uint64_t)p * granularity;
		const unsigned entry = (unsigned)(hpa / level->granularity % level->ways);
		const int towards = plan_child_towards(t, node, region->targets[p]);

		if (towards < 0)
			continue;
		if (child[entry] >= 0 && child[entry] != towards)
			return false;
		child[entry] = towards;
	}
	for (unsigned i = 0; i < level->ways; i++) {
		if (child[i] < 0)
			return false;
		level->targets[i] = (uint8_t)t->nodes[child[i]].number;
	}
	return true;
}

/* Number of different children of the node that the region uses; *only is one of them. */
static unsigned count_children(const struct plan_topology *t, const struct plan_region *region,
			       int node, int *only)
{
	int seen[PLAN_MAX_WAYS];
	unsigned n = 0;

	for (unsigned p = 0; p < region->ways; p++) {
		const int child = plan_child_towards(t, node, region->targets[p]);
		unsigned i = 0;

		if (child < 0)
			continue;
		while (i < n && seen[i] != child)
			i++;
		if (i == n)
			seen[n++] = child;
		*only = child;
	}
	return n;
}

static bool check_ways(struct maker *m, unsigned r, int node, unsigned ways)
{
	const struct plan_node *n = &m->topology->nodes[node];
	const char *path = plan_path(m->topology, node, m->path, sizeof(m->path));

	if (!n->hdm.n_decoders && (n->kind == PLAN_SWITCH || ways > 1))
		return fail(m->plan, r, "port %s has no HDM decoders", path);
	if (ways & (ways - 1))
		return fail(m->plan, r, "%u targets below port %s are no power of two", ways, path);
	if (ways > 1 && (ways > n->hdm.n_targets || ways > PLAN_MAX_TARGETS))
		return fail(m->plan, r, "%u targets below port %s, its decoders have %u", ways,
			    path, n->hdm.n_targets);
	return true;
}

/* The ways and bits of one port. `above` is the granularity that would follow on the parent's. */
static bool choose_level(struct maker *m, unsigned r, uint32_t granularity, int node,
			 uint32_t above)
{
	const struct plan_region *region = &m->plan->regions[r];
	const struct plan_hdm *hdm = &m->topology->nodes[node].hdm;
	struct level *level = &m->levels.of[node];
	int only = PLAN_NO_NODE;
	const unsigned ways = count_children(m->topology, region, node, &only);

	level->ways = ways;
	if (!ways)
		return true;
	if (!check_ways(m, r, node, ways))
		return false;
	if (ways == 1) {
		/* Linux up to 6.12 expects parent granularity x parent ways here too */
		level->granularity = above < PLAN_MAX_GRANULE ? above : PLAN_MAX_GRANULE;
		level->targets[0] = (uint8_t)m->topology->nodes[only].number;
		return true;
	}
	for (level->granularity = granularity;
	     level->granularity <= PLAN_MAX_GRANULE &&
	     (uint64_t)level->granularity * ways <=
		     (uint64_t)granularity * power_of_two_part(region->ways);
	     level->granularity *= 2)
		if (hdm_can(hdm, ways, level->granularity) &&
		    bits_select(m->topology, region, granularity, node, level))
			return true;
	return fail(m->plan, r,
		    "no address bits from granularity %u on select the targets below port %s in "
		    "this order",
		    granularity, plan_path(m->topology, node, m->path, sizeof(m->path)));
}

static bool choose_levels(struct maker *m, unsigned r, uint32_t granularity)
{
	const struct plan_topology *t = m->topology;
	const struct plan_region *region = &m->plan->regions[r];
	const struct plan_window *w = &t->windows[region->window];

	if (!check_window(m, r, granularity))
		return false;
	for (unsigned i = 0; i < t->n_nodes; i++) {
		const struct plan_node *n = &t->nodes[i];
		uint32_t above = granularity;

		if (n->kind == PLAN_MEMDEV)
			continue;
		if (n->parent >= 0)
			above = m->levels.of[n->parent].granularity * m->levels.of[n->parent].ways;
		else if (w->ways > 1)
			above = w->granularity * power_of_two_part(w->ways);
		if (!choose_level(m, r, granularity, (int)i, above))
			return false;
	}
	for (unsigned p = 0; p < region->ways; p++) {
		const int target = region->targets[p];
		const struct plan_hdm *hdm = &t->nodes[target].hdm;

		m->levels.of[target].ways = 0;
		if (!hdm->n_decoders || !hdm_can(hdm, region->ways, granularity))
			return fail(m->plan, r,
				    "device %s has no HDM decoder for %u ways of %u bytes",
				    plan_path(t, target, m->path, sizeof(m->path)), region->ways,
				    granularity);
	}
	return true;
}

/* Leaves the levels of the first granularity that works in m->levels. */
static bool choose_granularity(struct maker *m, unsigned r)
{
	struct plan_region *region = &m->plan->regions[r];
	const struct plan_window *w = &m->topology->windows[region->window];
	char first_error[sizeof(m->plan->error)];
	uint32_t g = region->granularity;

	if (g)
		return choose_levels(m, r, g);
	/* the window's own if it interleaves, else 256; further ones when that cannot be */
	g = w->ways > 1 ? w->granularity : PLAN_MIN_GRANULE;
	first_error[0] = '\0';
	for (; plan_granularity_valid(g); g = w->ways > 1 ? g / 2 : g * 2) {
		if (choose_levels(m, r, g)) {
			region->granularity = g;
			return true;
		}
		if (!first_error[0])
			fmt_text(first_error, sizeof(first_error), "%s", m->plan->error);
	}
	fmt_text(m->plan->error, sizeof(m->plan->error), "%s", first_error);
	return false;
}

static struct plan_decoder *add_decoder(struct maker *m, unsigned r, int node)
{
	const struct plan_region *region = &m->plan->regions[r];
	const struct plan_node *n = &m->topology->nodes[node];
	struct plan_decoder *d;

	if (m->used[node] == n->hdm.n_decoders || m->plan->n_decoders == PLAN_MAX_DECODERS) {
		fail(m->plan, r, "%s has no decoder left (it has %u)",
		     plan_path(m->topology, node, m->path, sizeof(m->path)), n->hdm.n_decoders);
		return NULL;
	}
	d = &m->plan->decoders[m->plan->n_decoders++];
	*d = (struct plan_decoder){ .node = node,
				    .index = m->used[node]++,
				    .region = r,
				    .base = region->base,
				    .size = region->size,
				    .lock = region->lock };
	return d;
}

/* Where the next `part` bytes of the device begin: a decoder must not cross from volatile to
 * persistent memory, nor into dynamic capacity. *end: what is not to be passed. */
static uint64_t place(const struct plan_node *n, bool dynamic, uint64_t next, uint64_t part,
		      uint64_t *end)
{
	if (dynamic) {
		*end = n->dynamic_base + n->dynamic_size;
		return next < n->dynamic_base ? n->dynamic_base : next;
	}
	*end = n->volatile_size + n->persistent_size;
	if (next < n->volatile_size && part > n->volatile_size - next)
		return n->volatile_size;
	return next;
}

/* Device addresses are taken from 0 on in the order of decoders. */
static bool add_endpoint(struct maker *m, unsigned r, unsigned position)
{
	struct plan_region *region = &m->plan->regions[r];
	const int node = region->targets[position];
	const struct plan_node *n = &m->topology->nodes[node];
	const uint64_t part = region->size / region->ways;
	const uint64_t next = m->next_dpa[node];
	struct plan_decoder *d = add_decoder(m, r, node);
	uint64_t dpa, end;

	if (!d)
		return false;
	dpa = place(n, region->dynamic, next, part, &end);
	if (dpa > end || part > end - dpa)
		return fail(
			m->plan, r, "device %s: 0x%lx bytes do not fit, it has 0x%lx, used 0x%lx",
			plan_path(m->topology, node, m->path, sizeof(m->path)), part, end, next);
	d->ways = region->ways;
	d->granularity = region->granularity;
	d->skip = dpa - next;
	region->dpa[position] = dpa;
	m->next_dpa[node] = dpa + part;
	return true;
}

static bool add_region(struct maker *m, unsigned r)
{
	const struct plan_topology *t = m->topology;
	const struct plan_region *region = &m->plan->regions[r];

	if (!choose_granularity(m, r))
		return false;
	for (unsigned p = 0; p < region->ways; p++)
		if (!add_endpoint(m, r, p))
			return false;
	for (unsigned i = 0; i < t->n_nodes; i++) {
		const struct level *level = &m->levels.of[i];
		struct plan_decoder *d;

		if (t->nodes[i].kind == PLAN_MEMDEV || !level->ways || !t->nodes[i].hdm.n_decoders)
			continue;
		d = add_decoder(m, r, (int)i);
		if (!d)
			return false;
		d->ways = level->ways;
		d->granularity = level->granularity;
		for (unsigned k = 0; k < level->ways; k++)
			d->targets[k] = level->targets[k];
	}
	return true;
}

/* Endpoints before switches before bridges, children before parents, by index. */
static bool commits_before(const struct plan_topology *t, const struct plan_decoder *a,
			   const struct plan_decoder *b)
{
	if (t->nodes[a->node].kind != t->nodes[b->node].kind)
		return t->nodes[a->node].kind > t->nodes[b->node].kind;
	if (a->node != b->node)
		return a->node > b->node;
	return a->index < b->index;
}

static void sort_decoders(const struct plan_topology *t, struct plan *plan)
{
	for (unsigned i = 1; i < plan->n_decoders; i++) {
		const struct plan_decoder d = plan->decoders[i];
		unsigned k = i;

		for (; k && commits_before(t, &d, &plan->decoders[k - 1]); k--)
			plan->decoders[k] = plan->decoders[k - 1];
		plan->decoders[k] = d;
	}
}

/* Region numbers by base: decoders of a port must ascend in address with their index. */
static void sort_regions(const struct plan *plan, unsigned order[PLAN_MAX_REGIONS])
{
	for (unsigned i = 0; i < plan->n_regions; i++) {
		unsigned k = i;

		for (; k && plan->regions[order[k - 1]].base > plan->regions[i].base; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
}

bool plan_make(const struct plan_topology *topology, struct plan *plan)
{
	struct maker m = { .topology = topology, .plan = plan };
	unsigned order[PLAN_MAX_REGIONS];

	plan->n_decoders = 0;
	plan->error[0] = '\0';
	for (unsigned r = 0; r < plan->n_regions; r++)
		if (!check_range(&m, r) || !check_targets(&m, r))
			return false;
	sort_regions(plan, order);
	for (unsigned i = 0; i < plan->n_regions; i++) {
		const struct plan_region *region = &plan->regions[order[i]];
		const struct plan_region *below = i ? &plan->regions[order[i - 1]] : NULL;

		if (below && region->base - below->base < below->size)
			return fail(plan, order[i], "overlaps region %u", order[i - 1]);
		if (!add_region(&m, order[i]))
			return false;
	}
	sort_decoders(topology, plan);
	return true;
}
