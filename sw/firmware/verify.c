/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pattern test, see verify.h and pattern.h. Device addresses of single-device views follow
 * from the inverse interleave formula: granule q of a region is granule q / ways of device
 * q mod ways.
 */
#include "verify.h"

#include "arch.h"
#include "fmt.h"
#include "pattern.h"

enum {
	MAX_SHOWN = 8,
	MAX_VIEW_DECODERS = 256
};

bool verify_can_flush(void)
{
	uint64_t probe = 0;

	return guarded_flush((uint64_t)(uintptr_t)&probe) == 0;
}

/* What goes wrong at a host address: cause is 0 for a wrong value. */
static void mismatch(struct verify *v, const char *where, uint64_t hpa, uint64_t cause,
		     uint64_t expected, uint64_t found)
{
	if (v->n_mismatches++ >= MAX_SHOWN)
		return;
	if (cause)
		say(v->console, "mismatch: %s, 0x%lx: access trapped, cause %lu\n", where, hpa,
		    cause);
	else
		say(v->console, "mismatch: %s, 0x%lx: expected %016lx, found %016lx\n", where, hpa,
		    expected, found);
}

static void begin(struct verify *v, const struct plan_region *region)
{
	v->window = &v->cxl->topology.windows[region->window];
}

static void check_word(struct verify *v, const char *where, uint64_t hpa, uint64_t expected)
{
	const uint64_t at = plan_load_address(v->window, hpa);
	uint64_t found = 0;
	const uint64_t cause = guarded_load(at, &found);

	v->reads++;
	if (cause || found != expected)
		mismatch(v, where, at, cause, expected, found);
}

static void flush(struct verify *v, uint64_t at)
{
	uint64_t cause;

	if (!v->can_flush)
		return;
	cause = guarded_flush(at);
	if (cause)
		mismatch(v, "flush", at, cause, 0, 0);
}

/* Bytes at each end of the region of which every word belongs to the pattern. */
static uint64_t dense_bytes(const struct plan_region *region)
{
	return (uint64_t)PATTERN_DENSE_STRIPES * region->ways * region->granularity;
}

static void write_words(struct verify *v, uint64_t base, uint64_t bytes)
{
	const uint64_t block = v->cxl->board->flush_block;

	for (uint64_t hpa = base; hpa < base + bytes; hpa += 8) {
		const uint64_t at = plan_load_address(v->window, hpa);
		const uint64_t cause = guarded_store(at, pattern_word(hpa));

		v->writes++;
		if (cause)
			mismatch(v, "write", at, cause, 0, 0);
		if ((hpa + 8) % block == 0 || hpa + 8 == base + bytes)
			flush(v, at);
	}
}

void verify_write(struct verify *v, unsigned r)
{
	const struct plan_region *region = &v->plan->regions[r];
	const uint64_t dense = dense_bytes(region);

	begin(v, region);
	write_words(v, region->base, dense);
	write_words(v, region->base + region->size - dense, dense);
	for (unsigned i = 0; i < PATTERN_SPARSE; i++)
		write_words(v, region->base + pattern_sparse_offset(i, region->size), 8);
	arch_fence();
}

static void check_words(struct verify *v, const char *where, uint64_t base, uint64_t bytes)
{
	for (uint64_t hpa = base; hpa < base + bytes; hpa += 8)
		check_word(v, where, hpa, pattern_word(hpa));
}

bool verify_check(struct verify *v, unsigned r)
{
	const struct plan_region *region = &v->plan->regions[r];
	const uint64_t dense = dense_bytes(region);
	const unsigned before = v->n_mismatches;
	char where[20];

	begin(v, region);
	fmt_text(where, sizeof(where), "region %u", r);
	check_words(v, where, region->base, dense);
	check_words(v, where, region->base + region->size - dense, dense);
	for (unsigned i = 0; i < PATTERN_SPARSE; i++)
		check_words(v, where, region->base + pattern_sparse_offset(i, region->size), 8);
	return v->n_mismatches == before;
}

/* `bytes` from region offset `offset` on, all in one granule, if that is the device's. */
static void check_view(struct verify *v, const struct plan_region *region, unsigned position,
		       uint64_t offset, uint64_t bytes, const char *where)
{
	const uint64_t granule = offset / region->granularity;
	uint64_t in_device;

	if (granule % region->ways != position)
		return;
	in_device = granule / region->ways * region->granularity + offset % region->granularity;
	for (uint64_t i = 0; i < bytes; i += 8)
		check_word(v, where,
			   plan_view_address(&v->cxl->topology, region, position, in_device + i),
			   pattern_word(region->base + offset + i));
}

static void check_device(struct verify *v, const struct plan_region *region, unsigned position)
{
	const uint64_t dense = dense_bytes(region), g = region->granularity;
	char path[PLAN_PATH_SIZE], where[PLAN_PATH_SIZE + 16];

	fmt_text(where, sizeof(where), "device %s alone",
		 plan_path(&v->cxl->topology, region->targets[position], path, sizeof(path)));
	for (uint64_t at = 0; at < dense; at += g) {
		check_view(v, region, position, at, g, where);
		check_view(v, region, position, region->size - dense + at, g, where);
	}
	for (unsigned i = 0; i < PATTERN_SPARSE; i++)
		check_view(v, region, position, pattern_sparse_offset(i, region->size), 8, where);
}

/* All decoders from the bridge down to the device, off. */
static bool reset_chain(struct cxl *cxl, int node)
{
	const int parent = cxl->topology.nodes[node].parent;

	if (parent >= 0 && !reset_chain(cxl, parent))
		return false;
	return hdm_reset(cxl, node);
}

bool verify_views(struct verify *v, unsigned r)
{
	const struct plan_region *region = &v->plan->regions[r];
	const unsigned before = v->n_mismatches;
	struct plan_decoder view[MAX_VIEW_DECODERS];

	begin(v, region);
	for (unsigned p = 0; p < region->ways; p++) {
		const unsigned n = plan_view(&v->cxl->topology, region, p, view, MAX_VIEW_DECODERS);

		if (!reset_chain(v->cxl, region->targets[p]) || !hdm_commit(v->cxl, view, n, false))
			return false;
		check_device(v, region, p);
		if (!reset_chain(v->cxl, region->targets[p]))
			return false;
	}
	return v->n_mismatches == before;
}
