/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a host of dynamic capacity, see dcd_memory.h.
 */
#include "dcd_memory.h"

#include "arch.h"
#include "block.h"
#include "fmt.h"

enum {
	CAUSE_LOAD_ACCESS = 5,
	AT_ONCE = 256 << 10, /* bytes that are read between two looks at the interrupt file */
	KEY_SHIFT = 56       /* above host addresses: each fill leaves other words */
};

void dcd_tell(const struct dcd *d, const struct dcd_device *device, const struct dcd_range *range,
	      const char *format, ...)
{
	char path[PLAN_PATH_SIZE], size[24], text[CONSOLE_COLUMNS];
	va_list args;

	va_start(args, format);
	fmt_vtext(text, sizeof(text), format, args);
	va_end(args);
	say(d->console, "%s 0x%lx + %s: %s",
	    plan_path(&d->cxl->topology, device->node, path, sizeof(path)), range->dpa,
	    fmt_size(size, range->len), text);
}

/* Host address of the range; false when no region maps all of it. */
static bool locate(const struct dcd *d, const struct dcd_device *device,
		   const struct dcd_range *range, uint64_t *hpa)
{
	for (unsigned i = 0; i < d->plan->n_regions; i++) {
		const struct plan_region *r = &d->plan->regions[i];
		const uint64_t offset = range->dpa - r->dpa[0];

		if (r->targets[0] != device->node || range->dpa < r->dpa[0] || offset >= r->size ||
		    range->len > r->size - offset)
			continue;
		*hpa = r->base + offset;
		return true;
	}
	return false;
}

static void tell_fault(const struct dcd *d, struct dcd_extent *e, uint64_t cause)
{
	dcd_tell(d, e->device, &e->range, "access fault %lu at 0x%lx\n", cause, arch_trap_value());
	e->unreadable = true;
}

static struct block block_of(const struct dcd_extent *e, uint64_t offset, uint64_t size)
{
	return (struct block){ .address = e->hpa + offset,
			       .size = size,
			       .first = e->hpa + offset + e->key,
			       .step = 8 };
}

/* False when there is no going on with the extent, or at all. */
static bool check(struct dcd *d, struct dcd_extent *e, uint64_t offset, uint64_t size)
{
	const struct block block = block_of(e, offset, size);
	uint64_t differs;
	const uint64_t cause = block_compare(&block, &differs);

	if (cause) {
		tell_fault(d, e, cause);
	} else if (differs != BLOCK_ALL_EQUAL) {
		dcd_tell(d, e->device, &e->range, "another word at 0x%lx\n", differs);
		d->error = "memory does not hold what was written";
	}
	return !e->unreadable && !d->error;
}

static bool tell_content(struct dcd *d, struct dcd_extent *e, const char *how)
{
	const struct block zeros = { .address = e->hpa, .size = e->range.len };
	uint64_t differs, word = 0;
	uint64_t cause = block_compare(&zeros, &differs);

	if (!cause && differs != BLOCK_ALL_EQUAL)
		cause = guarded_load(differs, &word);
	if (cause)
		tell_fault(d, e, cause);
	else if (differs == BLOCK_ALL_EQUAL)
		dcd_tell(d, e->device, &e->range, "%s, reads as zeros\n", how);
	else
		dcd_tell(d, e->device, &e->range, "%s, holds 0x%lx at 0x%lx\n", how, word, differs);
	return !cause;
}

const char *dcd_hold(struct dcd *d, struct dcd_device *device, const struct dcd_range *range)
{
	struct dcd_extent *e = &d->held[d->n_held];
	uint64_t hpa;

	if (d->n_held == DCD_MAX_EXTENTS)
		return "too many extents";
	if (!locate(d, device, range, &hpa))
		return "no region maps it";
	/* what is written through one device would come up in the other */
	for (unsigned i = 0; i < d->n_held; i++)
		if (d->held[i].device != device && (range->tag[0] | range->tag[1]) &&
		    d->held[i].range.tag[0] == range->tag[0] &&
		    d->held[i].range.tag[1] == range->tag[1])
			return "memory with its tag is here by another device";
	*e = (struct dcd_extent){ .device = device, .range = *range, .hpa = hpa };
	d->n_held++;
	return NULL;
}

static void fill(struct dcd *d, struct dcd_extent *e)
{
	struct block block;
	uint64_t cause;

	e->key = ++d->n_fills << KEY_SHIFT;
	block = block_of(e, 0, e->range.len);
	cause = block_fill(&block);
	e->filled = !cause;
	if (cause)
		tell_fault(d, e, cause);
	else if (check(d, e, 0, e->range.len))
		dcd_tell(d, e->device, &e->range, "filled and verified\n");
}

void dcd_use(struct dcd *d, unsigned first, const char *how)
{
	for (unsigned i = first; i < d->n_held && !d->error; i++)
		if (tell_content(d, &d->held[i], how))
			fill(d, &d->held[i]);
}

void dcd_fill_rest(struct dcd *d)
{
	for (unsigned i = 0; i < d->n_held && !d->error; i++)
		if (!d->held[i].filled && !d->held[i].unreadable)
			fill(d, &d->held[i]);
}

bool dcd_read_on(struct dcd *d)
{
	for (unsigned i = 0; i < d->n_held; i++) {
		struct dcd_extent *e = &d->held[(d->next + i) % d->n_held];
		const uint64_t offset = e->next;
		const uint64_t left = e->range.len - offset;

		if (e->unreadable)
			continue;
		d->next = (d->next + i + 1) % d->n_held;
		e->next = left > AT_ONCE ? offset + AT_ONCE : 0;
		check(d, e, offset, left > AT_ONCE ? AT_ONCE : left);
		return true;
	}
	return false;
}

void dcd_expect_nothing(struct dcd *d, const struct dcd_device *device,
			const struct dcd_range *range)
{
	uint64_t hpa, ignored;

	if (!locate(d, device, range, &hpa) ||
	    (guarded_load(hpa, &ignored) == CAUSE_LOAD_ACCESS &&
	     guarded_load(hpa + range->len - 8, &ignored) == CAUSE_LOAD_ACCESS))
		return;
	dcd_tell(d, device, range, "answers\n");
	d->error = "memory answers that is not there";
}

static bool meets(const struct dcd_extent *e, const struct dcd_device *device,
		  const struct dcd_range *range)
{
	return e->device == device && e->range.dpa < range->dpa + range->len &&
	       range->dpa < e->range.dpa + e->range.len;
}

void dcd_meet_faults(struct dcd *d, const struct dcd_device *device, const struct dcd_range *range)
{
	for (unsigned i = 0; i < d->n_held; i++) {
		struct dcd_extent *e = &d->held[i];
		uint64_t at = e->hpa, ignored, cause;

		if (e->unreadable || !meets(e, device, range))
			continue;
		if (range->dpa > e->range.dpa)
			at += range->dpa - e->range.dpa;
		cause = guarded_load(at, &ignored);
		if (cause)
			tell_fault(d, e, cause);
	}
}

/* The part of an extent that stays when another was cut out of it. */
static void keep(struct dcd *d, const struct dcd_extent *whole, uint64_t dpa, uint64_t end)
{
	struct dcd_extent *e = &d->held[d->n_held];

	if (dpa >= end || d->n_held == DCD_MAX_EXTENTS)
		return;
	*e = *whole;
	e->hpa += dpa - whole->range.dpa;
	e->range.dpa = dpa;
	e->range.len = end - dpa;
	e->next = 0;
	e->unreadable = false;
	d->n_held++;
}

void dcd_forget(struct dcd *d, const struct dcd_device *device, const struct dcd_range *range)
{
	for (unsigned i = 0; i < d->n_held;) {
		const struct dcd_extent old = d->held[i];

		if (!meets(&old, device, range)) {
			i++;
			continue;
		}
		d->held[i] = d->held[--d->n_held];
		keep(d, &old, old.range.dpa, range->dpa);
		keep(d, &old, range->dpa + range->len, old.range.dpa + old.range.len);
	}
}
