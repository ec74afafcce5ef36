/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fabric manager asks: capacity offered to the host and asked back from it. CXL r3.1
 * 7.6.7.6.5, 7.6.7.6.6. Ranges become the list of the device, are checked there, and only then
 * anything changes.
 */
#include <string.h>

#include <vcxl/bits.h>

#include "memdev.h"

#define TEXT(symbol, rc, text) [symbol] = text,
#define CODE(symbol, rc, text) [symbol] = CXL_RC_##rc,

const char *vcxl_dc_error_text(enum vcxl_dc_error error)
{
	static const char *const texts[] = { VCXL_DC_ERRORS(TEXT) };

	return (unsigned)error < VCXL_N_DC_ERRORS ? texts[error] : "unknown error";
}

enum cxl_rc vcxl_dc_error_rc(enum vcxl_dc_error error)
{
	static const uint8_t codes[] = { VCXL_DC_ERRORS(CODE) };

	return (unsigned)error < VCXL_N_DC_ERRORS ? (enum cxl_rc)codes[error]
						  : CXL_RC_INTERNAL_ERROR;
}

/* ---- lists ---- */

enum vcxl_dc_error vcxl_dc_locate(const struct vcxl_dc *dc, uint64_t dpa, uint64_t len,
				  uint8_t *region)
{
	for (unsigned i = 0; i < dc->n_regions; i++) {
		const struct vcxl_dc_region *r = &dc->regions[i];

		if (!vcxl_range_inside(dpa, len, r->base, r->len))
			continue;
		if (dpa % r->block_size || len % r->block_size)
			return VCXL_DC_E_ALIGN;
		*region = (uint8_t)i;
		return len ? VCXL_DC_OK : VCXL_DC_E_ZERO;
	}
	return VCXL_DC_E_BEYOND;
}

enum vcxl_dc_error vcxl_dc_list(struct vcxl_dc *dc, const struct vcxl_dc_item *item)
{
	for (unsigned i = 0; i < dc->n_list; i++)
		if (item->dpa < dc->list[i].dpa + dc->list[i].len &&
		    dc->list[i].dpa < item->dpa + item->len)
			return VCXL_DC_E_OVERLAP;
	dc->list[dc->n_list++] = *item;
	return VCXL_DC_OK;
}

enum vcxl_dc_error vcxl_dc_check_add(const struct vcxl_dc *dc, const struct vcxl_dc_item *item)
{
	if (vcxl_dc_meets(dc, item->dpa, item->dpa + item->len, true))
		return VCXL_DC_E_ADD_ACCEPTED;
	if (vcxl_dc_meets(dc, item->dpa, item->dpa + item->len, false))
		return VCXL_DC_E_ADD_PENDING;
	return VCXL_DC_OK;
}

enum vcxl_dc_error vcxl_dc_check_release(const struct vcxl_dc *dc, const struct vcxl_dc_item *item)
{
	const uint64_t end = item->dpa + item->len;

	if (vcxl_dc_meets(dc, item->dpa, end, false))
		return VCXL_DC_E_RELEASE_PENDING;
	if (!vcxl_dc_backed(dc, item->dpa, end))
		return VCXL_DC_E_RELEASE_ABSENT;
	for (unsigned i = vcxl_dc_lower_bound(dc, item->dpa); i < dc->n; i++) {
		const struct vcxl_dc_entry *e = &dc->entries[i];

		if (e->extent.dpa >= end)
			break;
		if (e->backend &&
		    !vcxl_range_inside(e->extent.dpa, e->extent.len, item->dpa, item->len))
			return VCXL_DC_E_PARTIAL;
	}
	return VCXL_DC_OK;
}

enum vcxl_dc_error vcxl_dc_list_tag(struct vcxl_dc *dc, const uint8_t tag[VCXL_DC_TAG], int region)
{
	dc->n_list = 0;
	for (unsigned i = 0; i < dc->n; i++) {
		const struct vcxl_dc_extent *e = &dc->entries[i].extent;

		if (memcmp(e->tag, tag, VCXL_DC_TAG) || (region >= 0 && e->region != region))
			continue;
		if (!e->accepted)
			return VCXL_DC_E_RELEASE_PENDING;
		dc->list[dc->n_list++] =
			(struct vcxl_dc_item){ .dpa = e->dpa, .len = e->len, .region = e->region };
	}
	return dc->n_list ? VCXL_DC_OK : VCXL_DC_E_TAG;
}

static uint64_t list_len(const struct vcxl_dc *dc)
{
	uint64_t len = 0;

	for (unsigned i = 0; i < dc->n_list; i++)
		len += dc->list[i].len;
	return len;
}

/* ---- offers ---- */

/* Whether the backend may have extents of one more device. */
static enum vcxl_dc_error check_backend(const struct vcxl_dc *dc, struct vcxl_dc_backend *backend,
					enum vcxl_dc_selection selection)
{
	if (backend->n_extents && selection != VCXL_DC_SELECT_SHARED)
		return VCXL_DC_E_MAPPED;
	if (list_len(dc) != backend->media.size)
		return VCXL_DC_E_SIZE;
	return vcxl_dc_backend_clean(backend);
}

static enum vcxl_dc_error check_tag(struct vcxl_dc *dc, const uint8_t tag[VCXL_DC_TAG],
				    enum vcxl_dc_selection selection,
				    struct vcxl_dc_backend **backend)
{
	const bool tagged = vcxl_dc_tagged(tag);

	for (unsigned i = 1; tagged && i < dc->n_list; i++)
		if (dc->list[i].region != dc->list[0].region)
			return VCXL_DC_E_SPREAD;
	for (unsigned i = 0; tagged && i < dc->n_list; i++)
		if (dc->regions[dc->list[0].region].shareable && dc->list[i].sequence != i)
			return VCXL_DC_E_SEQUENCE;
	if (tagged && vcxl_dc_tag_live(dc, tag, false))
		return VCXL_DC_E_TAG_LIVE;
	*backend = tagged ? vcxl_dc_pool_find(dc->pool, tag) : NULL;
	if (*backend)
		return check_backend(dc, *backend, selection);
	for (unsigned i = 0; i < dc->n_list; i++)
		if (!dc->regions[dc->list[i].region].media.size)
			return VCXL_DC_E_BACKING;
	return VCXL_DC_OK;
}

static void number_list(struct vcxl_dc *dc, bool tagged)
{
	for (unsigned i = 0; i < dc->n_list; i++) {
		const bool shareable = dc->regions[dc->list[i].region].shareable;

		dc->list[i].sequence = (uint16_t)(tagged && shareable ? i : 0);
	}
}

enum vcxl_dc_error vcxl_dc_offer(struct vcxl_memdev *md, const uint8_t tag[VCXL_DC_TAG],
				 enum vcxl_dc_selection selection, bool number)
{
	struct vcxl_dc *dc = &md->dc;
	struct vcxl_dc_backend *backend;
	enum vcxl_dc_error error;
	uint64_t done = 0;

	if (number)
		number_list(dc, vcxl_dc_tagged(tag));
	error = check_tag(dc, tag, selection, &backend);
	if (error)
		return error;
	if (dc->n_list > dc->max - dc->n)
		return VCXL_DC_E_EXTENTS;
	if (dc->n_list > vcxl_dc_log_room(md))
		return VCXL_DC_E_LOG;
	for (unsigned i = 0; i < dc->n_list; i++) {
		const struct vcxl_dc_item *item = &dc->list[i];
		const struct vcxl_dc_region *r = &dc->regions[item->region];
		struct vcxl_dc_entry entry = {
			.extent = { .dpa = item->dpa,
				    .len = item->len,
				    .offer = dc->next_offer,
				    .sequence = item->sequence,
				    .region = item->region },
			.backend = backend,
			.offset = backend ? done : r->media_offset + (item->dpa - r->base),
		};

		memcpy(entry.extent.tag, tag, VCXL_DC_TAG);
		vcxl_dc_insert(dc, &entry);
		vcxl_dc_trace(md, VCXL_DC_OFFERED, item->dpa, item->len);
		done += item->len;
	}
	dc->next_offer++;
	for (unsigned i = 0; i < dc->n_list; i++) {
		const unsigned at = vcxl_dc_lower_bound(dc, dc->list[i].dpa);

		vcxl_dc_event(md, VCXL_DC_EVENT_ADD, &dc->entries[at].extent, i + 1 < dc->n_list);
	}
	return VCXL_DC_OK;
}

/* The first free blocks of the region at or behind `from`. */
static bool next_gap(const struct vcxl_dc *dc, const struct vcxl_dc_region *r, uint64_t from,
		     uint64_t *begin, uint64_t *end)
{
	unsigned i = vcxl_dc_lower_bound(dc, from);

	for (; i < dc->n && dc->entries[i].extent.dpa <= from; i++)
		from = dc->entries[i].extent.dpa + dc->entries[i].extent.len;
	*begin = from;
	*end = r->base + r->len;
	if (i < dc->n && dc->entries[i].extent.dpa < *end)
		*end = dc->entries[i].extent.dpa;
	return *begin < r->base + r->len;
}

/* Free blocks from low to high, in one gap or in several, become the list. */
static enum vcxl_dc_error list_free(struct vcxl_dc *dc, uint8_t region, uint64_t len,
				    bool contiguous)
{
	const struct vcxl_dc_region *r = &dc->regions[region];
	uint64_t from = r->base, begin, end;

	if (!len || len % r->block_size)
		return VCXL_DC_E_LENGTH;
	dc->n_list = 0;
	for (; len && next_gap(dc, r, from, &begin, &end); from = end) {
		const struct vcxl_dc_item item = {
			.dpa = begin,
			.len = len < end - begin ? len : end - begin,
			.region = region,
		};

		if (contiguous && item.len < len)
			continue;
		if (dc->n_list == dc->max)
			return VCXL_DC_E_EXTENTS;
		dc->list[dc->n_list++] = item;
		len -= item.len;
	}
	return len ? VCXL_DC_E_SPACE : VCXL_DC_OK;
}

enum vcxl_dc_error vcxl_dc_allocate(struct vcxl_memdev *md, enum vcxl_dc_selection selection,
				    uint8_t region, uint64_t len, const uint8_t tag[VCXL_DC_TAG])
{
	struct vcxl_dc *dc = &md->dc;
	enum vcxl_dc_error error;

	if (region >= dc->n_regions)
		return VCXL_DC_E_REGION;
	if (selection == VCXL_DC_SELECT_SHARED) {
		const struct vcxl_dc_backend *backend = vcxl_dc_pool_find(dc->pool, tag);

		if (!backend)
			return VCXL_DC_E_TAG;
		if (vcxl_dc_tag_live(dc, tag, false))
			return VCXL_DC_E_TAG_LIVE;
		if (!dc->regions[region].shareable ||
		    (!backend->n_extents && !backend->fm_reference))
			return VCXL_DC_E_NOT_SHARED;
		len = backend->media.size;
	}
	error = list_free(dc, region, len, selection == VCXL_DC_SELECT_CONTIGUOUS);
	return error ? error : vcxl_dc_offer(md, tag, selection, true);
}

/* Ranges of a region become the list, in the order of QEMU's checks. */
static enum vcxl_dc_error list_ranges(struct vcxl_dc *dc, uint8_t region,
				      const struct vcxl_dc_range *ranges, unsigned n,
				      vcxl_dc_check *check)
{
	const struct vcxl_dc_region *r = &dc->regions[region];

	dc->n_list = 0;
	if (!n)
		return VCXL_DC_E_EMPTY;
	if (n > dc->max)
		return VCXL_DC_E_EXTENTS;
	for (unsigned i = 0; i < n; i++) {
		const struct vcxl_dc_item item = { .dpa = r->base + ranges[i].offset,
						   .len = ranges[i].len,
						   .region = region };
		enum vcxl_dc_error error;

		if (!item.len)
			return VCXL_DC_E_ZERO;
		if (ranges[i].offset % r->block_size || item.len % r->block_size)
			return VCXL_DC_E_ALIGN;
		if (!vcxl_range_inside(ranges[i].offset, item.len, 0, r->len))
			return VCXL_DC_E_BEYOND;
		error = vcxl_dc_list(dc, &item);
		if (!error)
			error = check(dc, &item);
		if (error)
			return error;
	}
	return VCXL_DC_OK;
}

enum vcxl_dc_error vcxl_dc_add(struct vcxl_memdev *md, const struct vcxl_dc_add_request *request)
{
	enum vcxl_dc_error error;

	if ((unsigned)request->selection >= VCXL_N_DC_SELECTIONS)
		return VCXL_DC_E_SELECTION;
	if (!md->dc.n_regions)
		return VCXL_DC_E_ABSENT;
	if (request->host)
		return VCXL_DC_E_HOST;
	if (request->selection != VCXL_DC_SELECT_PRESCRIPTIVE)
		return vcxl_dc_allocate(md, request->selection, request->region, request->len,
					request->tag);
	if (request->region >= md->dc.n_regions)
		return VCXL_DC_E_REGION;
	error = list_ranges(&md->dc, request->region, request->ranges, request->n_ranges,
			    vcxl_dc_check_add);
	return error ? error : vcxl_dc_offer(md, request->tag, request->selection, true);
}

/* ---- releases ---- */

/* Logs what of the list dc has, extent by extent, so that each record has the right tag. Returns
 * the number of records; type < 0: counts only. */
static unsigned log_list(struct vcxl_memdev *md, const struct vcxl_dc *dc, int type,
			 unsigned n_records)
{
	unsigned n = 0;

	for (unsigned k = 0; k < dc->n_list; k++) {
		const uint64_t end = dc->list[k].dpa + dc->list[k].len;
		unsigned i = vcxl_dc_lower_bound(dc, dc->list[k].dpa);

		for (; i < dc->n && dc->entries[i].extent.dpa < end; i++) {
			struct vcxl_dc_extent part = dc->entries[i].extent;
			const uint64_t part_end =
				part.dpa + part.len < end ? part.dpa + part.len : end;

			if (part.dpa < dc->list[k].dpa)
				part.dpa = dc->list[k].dpa;
			part.len = part_end - part.dpa;
			n++;
			if (type >= 0)
				vcxl_dc_event(md, (enum vcxl_dc_event)type, &part, n < n_records);
		}
	}
	return n;
}

static void mark_sanitize(struct vcxl_dc *dc)
{
	for (unsigned k = 0; k < dc->n_list; k++) {
		const uint64_t end = dc->list[k].dpa + dc->list[k].len;
		unsigned i = vcxl_dc_lower_bound(dc, dc->list[k].dpa);

		for (; i < dc->n && dc->entries[i].extent.dpa < end; i++)
			dc->entries[i].sanitize = true;
	}
}

enum vcxl_dc_error vcxl_dc_take(struct vcxl_memdev *md, bool sanitize, enum vcxl_dc_event type)
{
	const unsigned n_records = log_list(md, &md->dc, -1, 0);
	const enum vcxl_dc_error error = vcxl_dc_remove(md, sanitize);
	struct vcxl_dc before = md->dc;

	if (error)
		return error;
	before.entries = before.saved;
	before.n = before.n_saved;
	log_list(md, &before, (int)type, n_records);
	return VCXL_DC_OK;
}

enum vcxl_dc_error vcxl_dc_recall(struct vcxl_memdev *md, bool forced, bool sanitize)
{
	unsigned n;

	/* a host that does not clear its log cannot keep its memory by that: it may overflow */
	if (forced)
		return vcxl_dc_take(md, sanitize, VCXL_DC_EVENT_FORCED_RELEASE);
	n = log_list(md, &md->dc, -1, 0);
	if (n > vcxl_dc_log_room(md))
		return VCXL_DC_E_LOG;
	if (sanitize)
		mark_sanitize(&md->dc);
	log_list(md, &md->dc, VCXL_DC_EVENT_RELEASE, n);
	return VCXL_DC_OK;
}

enum vcxl_dc_error vcxl_dc_release(struct vcxl_memdev *md,
				   const struct vcxl_dc_release_request *request)
{
	enum vcxl_dc_error error;

	if ((unsigned)request->removal >= VCXL_N_DC_REMOVALS)
		return VCXL_DC_E_REMOVAL;
	if (!md->dc.n_regions)
		return VCXL_DC_E_ABSENT;
	if (request->host)
		return VCXL_DC_E_HOST;
	if (request->region >= md->dc.n_regions)
		return VCXL_DC_E_REGION;
	if (request->removal == VCXL_DC_REMOVE_BY_TAG)
		error = vcxl_dc_list_tag(&md->dc, request->tag, request->region);
	else
		error = list_ranges(&md->dc, request->region, request->ranges, request->n_ranges,
				    vcxl_dc_check_release);
	return error ? error : vcxl_dc_recall(md, request->forced, request->sanitize);
}

enum vcxl_dc_error vcxl_dc_release_status(const struct vcxl_memdev *md, uint16_t host,
					  uint8_t region, const uint8_t tag[VCXL_DC_TAG],
					  bool *released)
{
	if (!md->dc.n_regions)
		return VCXL_DC_E_ABSENT;
	if (host)
		return VCXL_DC_E_HOST;
	if (region >= md->dc.n_regions)
		return VCXL_DC_E_REGION;
	*released = true;
	for (unsigned i = 0; i < md->dc.n; i++) {
		const struct vcxl_dc_extent *e = &md->dc.entries[i].extent;

		if (e->accepted && e->region == region && !memcmp(e->tag, tag, VCXL_DC_TAG))
			*released = false;
	}
	return VCXL_DC_OK;
}
