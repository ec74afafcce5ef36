/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of dynamic capacity: accesses, direct memory, sanitizing. CXL r3.1 9.13.3. Dynamic capacity
 * has no poison.
 */
#include <assert.h>

#include "memdev.h"

static const struct vcxl_media *media_of(const struct vcxl_dc *dc, const struct vcxl_dc_entry *e)
{
	return e->backend ? &e->backend->media : &dc->regions[e->extent.region].media;
}

/* Where dpa, which e holds, is in its media. */
static uint64_t offset_of(const struct vcxl_dc_entry *e, uint64_t dpa)
{
	return e->offset + (dpa - e->extent.dpa);
}

static uint64_t end_of(const struct vcxl_dc_entry *e)
{
	return e->extent.dpa + e->extent.len;
}

enum vcxl_status vcxl_dc_transfer(const struct vcxl_dc *dc, const struct vcxl_xfer *xfer)
{
	const uint64_t end = xfer->dpa + xfer->len;
	const struct vcxl_dc_entry *e = &dc->entries[vcxl_dc_lower_bound(dc, xfer->dpa)];
	enum vcxl_status status = VCXL_OK;
	uint64_t dpa = xfer->dpa;
	uint8_t *data = xfer->data;

	if (!vcxl_dc_backed(dc, dpa, end))
		return VCXL_E_UNBACKED;
	for (; dpa < end && !status; e++) {
		const uint32_t n = (uint32_t)((end < end_of(e) ? end : end_of(e)) - dpa);
		const uint64_t offset = offset_of(e, dpa);

		status = xfer->write ? vcxl_media_write(media_of(dc, e), offset, data, n)
				     : vcxl_media_read(media_of(dc, e), offset, data, n);
		dpa += n;
		data += n;
	}
	return status;
}

/* Whether b goes on where a ends: for the host, and in the same media. */
static bool continues(const struct vcxl_dc *dc, const struct vcxl_dc_entry *a,
		      const struct vcxl_dc_entry *b)
{
	return a->extent.accepted && b->extent.accepted && end_of(a) == b->extent.dpa &&
	       media_of(dc, a) == media_of(dc, b) && offset_of(a, end_of(a)) == b->offset;
}

/* Neighbours are granted as one, so that initiators have not to remember each extent. */
uint8_t *vcxl_dc_host(const struct vcxl_dc *dc, uint64_t dpa, uint64_t unit, uint64_t *begin,
		      uint64_t *end)
{
	const unsigned i = vcxl_dc_lower_bound(dc, dpa);
	const struct vcxl_dc_entry *e = &dc->entries[i];
	const struct vcxl_dc_entry *low = e, *high = e;
	uint64_t first, last;

	if (i == dc->n || !e->extent.accepted || e->extent.dpa > dpa || !media_of(dc, e)->direct)
		return NULL;
	while (low > dc->entries && low->extent.dpa > *begin && continues(dc, low - 1, low))
		low--;
	while (high + 1 < dc->entries + dc->n && end_of(high) < *end &&
	       continues(dc, high, high + 1))
		high++;
	first = (low->extent.dpa + unit - 1) & ~(unit - 1);
	last = end_of(high) & ~(unit - 1);
	if (*begin < first)
		*begin = first;
	if (*end > last)
		*end = last;
	if (dpa < *begin || dpa >= *end)
		return NULL;
	return media_of(dc, low)->direct + offset_of(low, *begin);
}

enum vcxl_status vcxl_dc_flush(const struct vcxl_dc *dc, uint64_t dpa, uint64_t end)
{
	enum vcxl_status status = VCXL_OK;

	for (unsigned i = vcxl_dc_lower_bound(dc, dpa); i < dc->n && !status; i++) {
		const struct vcxl_dc_entry *e = &dc->entries[i];
		const uint64_t begin = e->extent.dpa > dpa ? e->extent.dpa : dpa;

		if (begin >= end)
			break;
		if (e->extent.accepted && dc->regions[e->extent.region].persistent)
			status = vcxl_media_flush(media_of(dc, e), offset_of(e, begin),
						  (end < end_of(e) ? end : end_of(e)) - begin);
	}
	return status;
}

enum vcxl_status vcxl_dc_clear_volatile(const struct vcxl_dc *dc)
{
	enum vcxl_status status = VCXL_OK;

	for (unsigned i = 0; i < dc->n && !status; i++) {
		const struct vcxl_dc_entry *e = &dc->entries[i];
		const struct vcxl_dc_region *region = &dc->regions[e->extent.region];

		if (e->extent.accepted && !region->persistent && !(e->backend && region->shareable))
			status = vcxl_media_fill(media_of(dc, e), offset_of(e, e->extent.dpa),
						 e->extent.len, 0);
	}
	return status;
}

enum vcxl_status vcxl_dc_sanitize(struct vcxl_dc *dc, uint64_t dpa, uint64_t end, bool always)
{
	enum vcxl_status status = VCXL_OK;

	for (unsigned i = vcxl_dc_lower_bound(dc, dpa); i < dc->n && dpa < end && !status; i++) {
		struct vcxl_dc_entry *e = &dc->entries[i];
		const uint64_t part_end = end < end_of(e) ? end : end_of(e);

		assert(e->extent.dpa <= dpa);
		if (!always && !e->sanitize && !dc->regions[e->extent.region].sanitize) {
			dpa = part_end;
			continue;
		}
		/* others may still look at a backend: it is zeroed when the last one has gone */
		if (e->backend) {
			e->backend->sanitize = true;
		} else {
			status = vcxl_media_fill(media_of(dc, e), offset_of(e, dpa), part_end - dpa,
						 0);
			if (!status && dc->regions[e->extent.region].persistent)
				status = vcxl_media_flush(media_of(dc, e), offset_of(e, dpa),
							  part_end - dpa);
		}
		dpa = part_end;
	}
	return status;
}
