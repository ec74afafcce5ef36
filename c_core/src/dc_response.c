/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host answers: an offer accepted, whole or in part, rejected, and extents given back.
 * CXL r3.1 8.2.9.9.9.3, 8.2.9.9.9.4. The ranges are in the list, checked by themselves.
 */
#include <string.h>

#include "memdev.h"

/* The pending extent of the oldest offer that holds the item; NULL: none. */
static const struct vcxl_dc_entry *offered(const struct vcxl_dc *dc,
					   const struct vcxl_dc_item *item)
{
	const unsigned i = vcxl_dc_lower_bound(dc, item->dpa);
	const struct vcxl_dc_entry *e = &dc->entries[i];

	if (i == dc->n || e->extent.accepted || e->extent.offer != dc->first_offer ||
	    e->extent.dpa > item->dpa || e->extent.len - (item->dpa - e->extent.dpa) < item->len)
		return NULL;
	return e;
}

static bool is_oldest(const struct vcxl_dc *dc, unsigned i)
{
	return !dc->entries[i].extent.accepted && dc->entries[i].extent.offer == dc->first_offer;
}

static unsigned count_oldest(const struct vcxl_dc *dc)
{
	unsigned n = 0;

	for (unsigned i = 0; i < dc->n; i++)
		n += is_oldest(dc, i);
	return n;
}

/* The oldest offer is answered: what is left of it is free. */
static void close_oldest(struct vcxl_memdev *md)
{
	struct vcxl_dc *dc = &md->dc;

	for (unsigned i = dc->n; i-- > 0;) {
		const struct vcxl_dc_extent *e = &dc->entries[i].extent;

		if (!is_oldest(dc, i))
			continue;
		vcxl_dc_trace(md, VCXL_DC_DECLINED, e->dpa, e->len);
		vcxl_dc_erase(dc, i);
	}
	dc->first_offer++;
}

/* The extents of the list mean something else now. */
static void list_changed(struct vcxl_memdev *md, enum vcxl_dc_step step)
{
	md->dc.generation++;
	for (unsigned i = 0; i < md->dc.n_list; i++) {
		const struct vcxl_dc_item *item = &md->dc.list[i];

		vcxl_memdev_invalidate_dpa(md, item->dpa, item->dpa + item->len);
		vcxl_dc_trace(md, step, item->dpa, item->len);
	}
}

enum vcxl_dc_error vcxl_dc_reject(struct vcxl_memdev *md)
{
	struct vcxl_dc_extent nothing = { .accepted = false };

	if (md->dc.first_offer == md->dc.next_offer)
		return VCXL_DC_E_NO_OFFER;
	for (unsigned i = 0; i < md->dc.n; i++)
		if (is_oldest(&md->dc, i))
			memcpy(nothing.tag, md->dc.entries[i].extent.tag, VCXL_DC_TAG);
	close_oldest(md);
	vcxl_dc_event(md, VCXL_DC_EVENT_ACCEPTED, &nothing, false);
	return VCXL_DC_OK;
}

enum vcxl_dc_error vcxl_dc_accept(struct vcxl_memdev *md, bool more)
{
	struct vcxl_dc *dc = &md->dc;

	for (unsigned i = 0; i < dc->n_list; i++) {
		const struct vcxl_dc_entry *e = offered(dc, &dc->list[i]);

		if (!e)
			return VCXL_DC_E_OFFER;
		if (e->backend && e->extent.len != dc->list[i].len)
			return VCXL_DC_E_PARTIAL;
	}
	vcxl_dc_save(dc);
	for (unsigned i = 0; i < dc->n_list; i++) {
		vcxl_dc_split(dc, dc->list[i].dpa);
		vcxl_dc_split(dc, dc->list[i].dpa + dc->list[i].len);
		dc->entries[vcxl_dc_lower_bound(dc, dc->list[i].dpa)].extent.accepted = true;
		dc->n_accepted++;
	}
	if (dc->n - (more ? 0 : count_oldest(dc)) > dc->max) {
		vcxl_dc_restore(dc);
		return VCXL_DC_E_EXTENTS;
	}
	dc->tag_generation++;
	if (!more)
		close_oldest(md);
	list_changed(md, VCXL_DC_ACCEPTED);
	for (unsigned i = 0; i < dc->n_list; i++) {
		const unsigned at = vcxl_dc_lower_bound(dc, dc->list[i].dpa);

		vcxl_dc_event(md, VCXL_DC_EVENT_ACCEPTED, &dc->entries[at].extent,
			      i + 1 < dc->n_list);
	}
	return VCXL_DC_OK;
}

/* Entries of the list when nothing lies on both sides of its ends. */
static unsigned count_list(const struct vcxl_dc *dc)
{
	unsigned n = 0;

	for (unsigned k = 0; k < dc->n_list; k++) {
		const uint64_t end = dc->list[k].dpa + dc->list[k].len;

		for (unsigned i = vcxl_dc_lower_bound(dc, dc->list[k].dpa);
		     i < dc->n && dc->entries[i].extent.dpa < end; i++)
			n++;
	}
	return n;
}

static enum vcxl_dc_error sanitize_list(struct vcxl_dc *dc, bool always)
{
	for (unsigned k = 0; k < dc->n_list; k++)
		if (vcxl_dc_sanitize(dc, dc->list[k].dpa, dc->list[k].dpa + dc->list[k].len,
				     always))
			return VCXL_DC_E_MEDIA;
	return VCXL_DC_OK;
}

enum vcxl_dc_error vcxl_dc_remove(struct vcxl_memdev *md, bool sanitize)
{
	struct vcxl_dc *dc = &md->dc;
	enum vcxl_dc_error error = VCXL_DC_OK;

	vcxl_dc_save(dc);
	for (unsigned k = 0; k < dc->n_list; k++) {
		vcxl_dc_split(dc, dc->list[k].dpa);
		vcxl_dc_split(dc, dc->list[k].dpa + dc->list[k].len);
	}
	if (dc->n - count_list(dc) > dc->max)
		error = VCXL_DC_E_EXTENTS;
	if (!error)
		error = sanitize_list(dc, sanitize);
	if (error) {
		vcxl_dc_restore(dc);
		return error;
	}
	for (unsigned k = 0; k < dc->n_list; k++) {
		const uint64_t end = dc->list[k].dpa + dc->list[k].len;
		const unsigned i = vcxl_dc_lower_bound(dc, dc->list[k].dpa);

		while (i < dc->n && dc->entries[i].extent.dpa < end)
			vcxl_dc_erase(dc, i);
	}
	list_changed(md, VCXL_DC_RELEASED);
	return VCXL_DC_OK;
}

enum vcxl_dc_error vcxl_dc_give_back(struct vcxl_memdev *md)
{
	for (unsigned k = 0; k < md->dc.n_list; k++) {
		const enum vcxl_dc_error error = vcxl_dc_check_release(&md->dc, &md->dc.list[k]);

		if (error)
			return error;
	}
	return vcxl_dc_take(md, false, VCXL_DC_EVENT_RELEASED);
}
