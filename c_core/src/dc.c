/* SPDX-License-Identifier: Apache-2.0 */
/* Regions and the array of extents; see vcxl/dc.h. What requests mean is in other files. */
#include "dc.h"

#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>

#include "memdev.h"

#define DEFAULT_EXTENTS 512u
#define DEFAULT_BLOCK   (2 * VCXL_MIB)
#define MIN_BLOCK       64u
#define MAX_BLOCK       VCXL_HDM_ALIGN /* what regions begin at multiples of */
#define MAX_LOG         UINT16_MAX     /* Identify has 16 bits for it */

/* A range of a request splits at most two extents. */
#define ENTRIES_PER_EXTENT 3u

/* ---- configuration ---- */

static unsigned max_extents(const struct vcxl_dc_config *c)
{
	if (!c->n_regions)
		return 0;
	return c->max_extents ? c->max_extents : DEFAULT_EXTENTS;
}

unsigned vcxl_dc_log_depth(const struct vcxl_dc_config *c)
{
	return c->n_regions && c->log_depth ? c->log_depth : 2 * max_extents(c);
}

static uint64_t decode_len(const struct vcxl_dc_region_config *r)
{
	if (r->decode_len)
		return r->decode_len;
	return r->len / VCXL_HDM_ALIGN * VCXL_HDM_ALIGN +
	       (r->len % VCXL_HDM_ALIGN ? VCXL_HDM_ALIGN : 0);
}

static bool region_valid(const struct vcxl_dc_region_config *r)
{
	const uint64_t block = r->block_size ? r->block_size : DEFAULT_BLOCK;

	if (!r->len || r->len > UINT64_MAX / VCXL_DC_MAX_REGIONS / 2 ||
	    decode_len(r) > UINT64_MAX / VCXL_DC_MAX_REGIONS / 2)
		return false;
	if (decode_len(r) % VCXL_HDM_ALIGN || decode_len(r) < r->len)
		return false;
	if (!vcxl_is_pow2(block) || block < MIN_BLOCK || block > MAX_BLOCK || r->len % block)
		return false;
	return !r->media || (r->media->size && vcxl_media_valid(r->media) &&
			     vcxl_range_inside(r->media_offset, r->len, 0, r->media->size));
}

bool vcxl_dc_config_valid(const struct vcxl_dc_config *c)
{
	if (c->n_regions > VCXL_DC_MAX_REGIONS || c->max_extents > VCXL_DC_MAX_EXTENTS ||
	    c->log_depth > MAX_LOG)
		return false;
	for (unsigned i = 0; i < c->n_regions; i++)
		if (!region_valid(&c->regions[i]))
			return false;
	return true;
}

size_t vcxl_dc_storage(const struct vcxl_dc_config *c)
{
	const size_t max = max_extents(c);

	return max * ((ENTRIES_PER_EXTENT + 1) * sizeof(struct vcxl_dc_entry) +
		      sizeof(struct vcxl_dc_item));
}

void vcxl_dc_init(struct vcxl_dc *dc, const struct vcxl_dc_config *c, uint64_t base, void *storage)
{
	const unsigned max = max_extents(c);
	struct vcxl_dc_entry *entries = storage;

	*dc = (struct vcxl_dc){
		.n_regions = c->n_regions,
		.base = c->n_regions ? base : UINT64_MAX,
		.pool = c->pool,
		.entries = entries,
		.saved = entries + ENTRIES_PER_EXTENT * max,
		.max = max,
		.list = (void *)(entries + (ENTRIES_PER_EXTENT + 1) * max),
	};
	for (unsigned i = 0; i < c->n_regions; i++) {
		const struct vcxl_dc_region_config *r = &c->regions[i];

		dc->regions[i] = (struct vcxl_dc_region){
			.base = base,
			.len = r->len,
			.decode_len = decode_len(r),
			.block_size = r->block_size ? r->block_size : DEFAULT_BLOCK,
			.media_offset = r->media_offset,
			.persistent = r->persistent,
			.shareable = r->shareable,
			.sanitize = r->sanitize,
			.sanitize_fixed = r->sanitize_fixed,
		};
		if (r->media)
			dc->regions[i].media = *r->media;
		base += decode_len(r);
	}
}

void vcxl_dc_finish(struct vcxl_dc *dc)
{
	while (dc->n)
		vcxl_dc_erase(dc, dc->n - 1);
}

/* ---- extents ---- */

bool vcxl_dc_tagged(const uint8_t tag[VCXL_DC_TAG])
{
	static const uint8_t none[VCXL_DC_TAG];

	return memcmp(tag, none, VCXL_DC_TAG) != 0;
}

unsigned vcxl_dc_lower_bound(const struct vcxl_dc *dc, uint64_t dpa)
{
	unsigned low = 0, high = dc->n;

	while (low < high) {
		const unsigned middle = low + (high - low) / 2;
		const struct vcxl_dc_extent *e = &dc->entries[middle].extent;

		if (e->dpa + e->len > dpa)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

bool vcxl_dc_meets(const struct vcxl_dc *dc, uint64_t dpa, uint64_t end, bool accepted)
{
	for (unsigned i = vcxl_dc_lower_bound(dc, dpa);
	     i < dc->n && dc->entries[i].extent.dpa < end; i++)
		if (dc->entries[i].extent.accepted == accepted)
			return true;
	return false;
}

bool vcxl_dc_backed(const struct vcxl_dc *dc, uint64_t dpa, uint64_t end)
{
	for (unsigned i = vcxl_dc_lower_bound(dc, dpa); dpa < end; i++) {
		const struct vcxl_dc_extent *e = &dc->entries[i].extent;

		if (i == dc->n || !e->accepted || e->dpa > dpa)
			return false;
		dpa = e->dpa + e->len;
	}
	return true;
}

bool vcxl_dc_tag_live(const struct vcxl_dc *dc, const uint8_t tag[VCXL_DC_TAG], bool accepted)
{
	for (unsigned i = 0; i < dc->n; i++) {
		const struct vcxl_dc_extent *e = &dc->entries[i].extent;

		if ((e->accepted || !accepted) && !memcmp(e->tag, tag, VCXL_DC_TAG))
			return true;
	}
	return false;
}

void vcxl_dc_save(struct vcxl_dc *dc)
{
	assert(dc->n <= dc->max);
	memcpy(dc->saved, dc->entries, dc->n * sizeof(*dc->saved));
	dc->n_saved = dc->n;
	dc->n_saved_accepted = dc->n_accepted;
}

void vcxl_dc_restore(struct vcxl_dc *dc)
{
	memcpy(dc->entries, dc->saved, dc->n_saved * sizeof(*dc->saved));
	dc->n = dc->n_saved;
	dc->n_accepted = dc->n_saved_accepted;
}

static void make_room(struct vcxl_dc *dc, unsigned i)
{
	struct vcxl_dc_entry *at = &dc->entries[i];

	assert(dc->n < ENTRIES_PER_EXTENT * dc->max);
	memmove(at + 1, at, (dc->n - i) * sizeof(*at));
	dc->n++;
}

void vcxl_dc_split(struct vcxl_dc *dc, uint64_t at)
{
	const unsigned i = vcxl_dc_lower_bound(dc, at);
	struct vcxl_dc_entry *first = &dc->entries[i], *second = first + 1;
	uint64_t head;

	if (i == dc->n || first->extent.dpa >= at)
		return;
	head = at - first->extent.dpa;
	make_room(dc, i);
	second->extent.dpa = at;
	second->extent.len -= head;
	second->offset += head;
	first->extent.len = head;
	dc->n_accepted += first->extent.accepted;
}

void vcxl_dc_insert(struct vcxl_dc *dc, const struct vcxl_dc_entry *entry)
{
	const unsigned i = vcxl_dc_lower_bound(dc, entry->extent.dpa);

	if (vcxl_dc_tagged(entry->extent.tag) && !vcxl_dc_tag_live(dc, entry->extent.tag, false)) {
		dc->n_tags++;
		dc->tag_generation++;
	}
	make_room(dc, i);
	dc->entries[i] = *entry;
	if (entry->backend)
		entry->backend->n_extents++;
}

void vcxl_dc_erase(struct vcxl_dc *dc, unsigned i)
{
	struct vcxl_dc_entry *at = &dc->entries[i];
	const struct vcxl_dc_entry was = *at;

	dc->n--;
	memmove(at, at + 1, (dc->n - i) * sizeof(*at));
	dc->n_accepted -= was.extent.accepted;
	if (was.backend) {
		was.backend->n_extents--;
		(void)vcxl_dc_backend_clean(was.backend); /* what fails is tried again before use */
	}
	if (!vcxl_dc_tagged(was.extent.tag))
		return;
	dc->tag_generation++;
	dc->n_tags -= !vcxl_dc_tag_live(dc, was.extent.tag, false);
}

/* ---- what there is ---- */

bool vcxl_dc_extent_at(const struct vcxl_memdev *md, unsigned index, struct vcxl_dc_extent *out)
{
	if (index >= md->dc.n)
		return false;
	*out = md->dc.entries[index].extent;
	return true;
}

bool vcxl_dc_region_at(const struct vcxl_memdev *md, unsigned index,
		       struct vcxl_dc_region_info *out)
{
	const struct vcxl_dc_region *r;

	if (index >= md->dc.n_regions)
		return false;
	r = &md->dc.regions[index];
	*out = (struct vcxl_dc_region_info){
		.base = r->base,
		.len = r->len,
		.decode_len = r->decode_len,
		.block_size = r->block_size,
		.persistent = r->persistent,
		.shareable = r->shareable,
		.sanitize = r->sanitize,
	};
	return true;
}

uint32_t vcxl_dc_generation(const struct vcxl_memdev *md)
{
	return md->dc.generation;
}
