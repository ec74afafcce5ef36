/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CXL.mem path of a memory device, from host address to media. CXL r3.1 8.2.4.20, 9.13. What
 * lies in dynamic capacity is in dc_access.c.
 */
#include <vcxl/bits.h>

#include "memdev.h"

#define PAGE_SIZE 4096u /* of hosts: what DMI is withdrawn by */

/* ---- decoding ---- */

/* The decoder of hpa, or why there is none. */
static inline enum vcxl_status decode(const struct vcxl_memdev *md, uint64_t hpa,
				      const struct vcxl_decoder **out)
{
	if (md->gate)
		return md->gate;
	*out = vcxl_hdm_find(&md->hdm, hpa);
	if (*out)
		return VCXL_OK;
	return md->hdm.enabled ? VCXL_E_UNROUTED : VCXL_E_DISABLED;
}

static inline uint64_t decoder_dpa(const struct vcxl_decoder *d, uint64_t hpa)
{
	return d->dpa_base + vcxl_interleave_compress(d->interleave, hpa - d->hpa_base);
}

/* Bytes from hpa to where the device address stops following the host address. */
static inline uint64_t decoder_span(const struct vcxl_decoder *d, uint64_t hpa)
{
	const uint64_t offset = hpa - d->hpa_base;
	const uint64_t granularity = vcxl_interleave_granularity(d->interleave);

	if (vcxl_interleave_ways(d->interleave) == 1)
		return d->size - offset;
	return granularity - (offset & (granularity - 1));
}

/* What holds dpa; NULL beyond the capacity. */
static inline const struct vcxl_bank *find_bank(const struct vcxl_memdev *md, uint64_t dpa)
{
	for (const struct vcxl_bank *bank = md->banks; bank < md->banks + VCXL_N_BANKS; bank++)
		if (dpa - bank->base < bank->media.size)
			return bank;
	return NULL;
}

static inline uint64_t bank_end(const struct vcxl_bank *bank)
{
	return bank->base + bank->media.size;
}

bool vcxl_memdev_is_persistent(const struct vcxl_memdev *md, uint64_t dpa)
{
	return dpa >= md->hdm.partitions[VCXL_PARTITION_PERSISTENT].base;
}

/* Bytes from hpa, which leads to dpa, that are one piece of one bank. */
static inline uint64_t span_in(const struct vcxl_bank *bank, const struct vcxl_decoder *d,
			       uint64_t hpa, uint64_t dpa)
{
	const uint64_t span = decoder_span(d, hpa), left = bank_end(bank) - dpa;

	return span < left ? span : left;
}

enum vcxl_status vcxl_memdev_write(struct vcxl_memdev *md, uint64_t dpa, const void *src,
				   uint32_t len)
{
	const struct vcxl_bank *bank = find_bank(md, dpa);
	const enum vcxl_status status =
		bank ? vcxl_media_write(&bank->media, dpa - bank->base, src, len) : VCXL_E_CAPACITY;

	if (status || !vcxl_memdev_is_persistent(md, dpa))
		return status;
	return vcxl_media_flush(&bank->media, dpa - bank->base, len);
}

/* ---- poison and lock ---- */

static bool is_locked(const struct vcxl_memdev *md, uint64_t dpa)
{
	return md->locked && vcxl_memdev_is_persistent(md, dpa);
}

void vcxl_memdev_update_guard(struct vcxl_memdev *md)
{
	md->guarded = md->poison.n || md->locked;
	vcxl_scrub_schedule(md);
}

bool vcxl_memdev_poisoned(const struct vcxl_memdev *md)
{
	return md->poison.n;
}

bool vcxl_memdev_poison_entry(const struct vcxl_memdev *md, unsigned i,
			      struct vcxl_poison_entry *out)
{
	const struct vcxl_poison_range *r = &md->poison.ranges[i];

	if (i >= md->poison.n)
		return false;
	*out = (struct vcxl_poison_entry){ .dpa = r->dpa,
					   .len = r->len,
					   .source = (enum vcxl_poison_source)r->source,
					   .listed = r->listed };
	return true;
}

/*
 * Device addresses whose host memory is granted or withdrawn together. The host addresses of one
 * are whole stripes and whole pages.
 */
static uint64_t dmi_unit(const struct vcxl_decoder *d)
{
	const uint64_t granularity = vcxl_interleave_granularity(d->interleave);
	const uint64_t page = PAGE_SIZE >> d->interleave.ways_shift;

	return granularity > page ? granularity : page;
}

void vcxl_memdev_invalidate_dpa(const struct vcxl_memdev *md, uint64_t dpa, uint64_t end)
{
	if (!md->ops.dmi_invalidate)
		return;
	for (unsigned i = 0; i < md->hdm.config.n_decoders; i++) {
		const struct vcxl_decoder *d = &md->hdm.decoders[i];
		const unsigned ways = vcxl_interleave_ways(d->interleave);
		uint64_t unit, first, last;

		if (d->state != VCXL_DECODER_COMMITTED || end <= d->dpa_base ||
		    dpa >= d->dpa_base + d->size / ways)
			continue;
		unit = dmi_unit(d);
		first = dpa > d->dpa_base ? (dpa - d->dpa_base) / unit : 0;
		last = (end - d->dpa_base + unit - 1) / unit;
		if (last > d->size / ways / unit)
			last = d->size / ways / unit;
		md->ops.dmi_invalidate(md->ops.ctx, d->hpa_base + first * unit * ways,
				       (last - first) * unit * ways);
	}
}

enum vcxl_status vcxl_memdev_poison(struct vcxl_memdev *md, uint64_t dpa, uint64_t len,
				    enum vcxl_poison_source source)
{
	const bool had_overflowed = md->poison.overflowed;
	enum vcxl_status status, saved; /* part of it may be poisoned although status is bad */

	if (dpa % VCXL_LINE || len % VCXL_LINE || !len)
		return VCXL_E_CONFIG;
	if (!vcxl_range_inside(dpa, len, 0, md->capacity))
		return VCXL_E_CAPACITY;
	status = vcxl_poison_add(&md->poison, dpa, dpa + len, source, vcxl_timestamp_ns(md));
	vcxl_memdev_update_guard(md);
	vcxl_memdev_invalidate_dpa(md, dpa, dpa + len);
	saved = vcxl_state_save(md);
	if (md->poison.overflowed && !had_overflowed)
		vcxl_event_media(md, VCXL_EVENT_WARNING, dpa, VCXL_MEDIA_LIST_OVERFLOW,
				 VCXL_MEDIA_BY_UNKNOWN);
	return status ? status : saved;
}

enum vcxl_status vcxl_memdev_heal(struct vcxl_memdev *md, uint64_t dpa, uint64_t end)
{
	const enum vcxl_status status =
		vcxl_poison_remove(&md->poison, dpa, end, vcxl_timestamp_ns(md));

	vcxl_memdev_update_guard(md);
	vcxl_memdev_invalidate_dpa(md, dpa, end); /* the page may be granted again */
	return status ? status : vcxl_state_save(md);
}

/* Whether a read meets poison; the first time it does, the host is told. */
static bool consume(struct vcxl_memdev *md, const struct vcxl_xfer *xfer)
{
	struct vcxl_poison_range *r =
		vcxl_poison_find(&md->poison, xfer->dpa, xfer->dpa + xfer->len);

	if (!r)
		return false;
	if (!r->consumed)
		vcxl_event_media(md, VCXL_EVENT_FAILURE, xfer->dpa > r->dpa ? xfer->dpa : r->dpa,
				 VCXL_MEDIA_UNCORRECTABLE, VCXL_MEDIA_BY_HOST_READ);
	r->consumed = true;
	return true;
}

static void heal_whole_lines(struct vcxl_memdev *md, const struct vcxl_xfer *xfer)
{
	const uint64_t begin = (xfer->dpa + VCXL_LINE - 1) & ~(uint64_t)(VCXL_LINE - 1);
	const uint64_t end = (xfer->dpa + xfer->len) & ~(uint64_t)(VCXL_LINE - 1);

	if (begin < end && vcxl_poison_find(&md->poison, begin, end))
		(void)vcxl_memdev_heal(md, begin, end); /* what cannot be told apart stays bad */
}

/* ---- access ---- */

static inline bool is_dynamic(const struct vcxl_memdev *md, uint64_t dpa)
{
	return dpa >= md->dc.base;
}

static inline enum vcxl_status transfer(const struct vcxl_media *media, uint64_t offset,
					const struct vcxl_xfer *xfer)
{
	return xfer->write ? vcxl_media_write(media, offset, xfer->data, xfer->len)
			   : vcxl_media_read(media, offset, xfer->data, xfer->len);
}

static enum vcxl_status guarded_transfer(struct vcxl_memdev *md, const struct vcxl_bank *bank,
					 const struct vcxl_xfer *xfer)
{
	enum vcxl_status status;

	if (is_locked(md, xfer->dpa))
		return VCXL_E_MEDIA;
	if (!xfer->write && !xfer->debug && consume(md, xfer))
		return VCXL_E_POISON;
	status = transfer(&bank->media, xfer->dpa - bank->base, xfer);
	if (!status && xfer->write && !xfer->debug)
		heal_whole_lines(md, xfer);
	return status;
}

enum vcxl_status vcxl_memdev_access(struct vcxl_memdev *md, uint64_t hpa, struct vcxl_xfer *xfer)
{
	const struct vcxl_decoder *d;
	const struct vcxl_bank *bank;
	const enum vcxl_status status = decode(md, hpa, &d);

	if (status)
		return status;
	xfer->dpa = decoder_dpa(d, hpa);
	if (is_dynamic(md, xfer->dpa)) {
		if (xfer->len > decoder_span(d, hpa))
			return VCXL_E_GRANULE;
		xfer->partition = VCXL_PARTITION_DYNAMIC;
		xfer->direct = true;
		return vcxl_dc_transfer(&md->dc, xfer);
	}
	bank = find_bank(md, xfer->dpa);
	if (!bank)
		return VCXL_E_CAPACITY;
	if (xfer->len > span_in(bank, d, hpa, xfer->dpa))
		return VCXL_E_GRANULE;
	/* a decoder commits only inside one partition */
	xfer->partition = vcxl_memdev_is_persistent(md, xfer->dpa) ? VCXL_PARTITION_PERSISTENT
								   : VCXL_PARTITION_VOLATILE;
	xfer->direct = bank->media.direct;
	if (md->guarded)
		return guarded_transfer(md, bank, xfer);
	return transfer(&bank->media, xfer->dpa - bank->base, xfer);
}

enum vcxl_status vcxl_memdev_hpa_to_dpa(const struct vcxl_memdev *md, uint64_t hpa, uint64_t *dpa)
{
	const struct vcxl_decoder *d;
	const enum vcxl_status status = decode(md, hpa, &d);

	if (status)
		return status;
	*dpa = decoder_dpa(d, hpa);
	return *dpa < md->capacity || is_dynamic(md, *dpa) ? VCXL_OK : VCXL_E_CAPACITY;
}

uint64_t vcxl_memdev_span(const struct vcxl_memdev *md, uint64_t hpa)
{
	const struct vcxl_decoder *d;
	const struct vcxl_bank *bank;
	uint64_t dpa;

	if (decode(md, hpa, &d))
		return 0;
	dpa = decoder_dpa(d, hpa);
	if (is_dynamic(md, dpa))
		return decoder_span(d, hpa);
	bank = find_bank(md, dpa);
	return bank ? span_in(bank, d, hpa, dpa) : 0;
}

/*
 * Narrows [*begin, *end), device addresses around dpa, to the bank of dpa and to what no poison
 * meets in units of `unit` bytes, a power of two; false when the unit of dpa is poisoned.
 */
static bool keep_clean(const struct vcxl_memdev *md, const struct vcxl_bank *bank, uint64_t dpa,
		       uint64_t unit, uint64_t *begin, uint64_t *end)
{
	const uint64_t at = dpa & ~(unit - 1);
	const struct vcxl_poison_range *before = vcxl_poison_before(&md->poison, at);
	const struct vcxl_poison_range *behind = vcxl_poison_find(&md->poison, at, *end);
	uint64_t first = before ? (before->dpa + before->len + unit - 1) & ~(unit - 1) : 0;

	if (behind && behind->dpa < at + unit)
		return false;
	if (behind)
		*end = behind->dpa & ~(unit - 1);
	if (*end > bank_end(bank))
		*end = bank_end(bank);
	if (first < bank->base)
		first = bank->base;
	if (*begin < first)
		*begin = first;
	return true;
}

/*
 * Host memory of *begin, where [*begin, *end), device addresses around dpa, has been narrowed to
 * what may be granted with dpa in units of `unit` bytes; NULL: nothing. Memory that no pointer
 * leads to is narrowed as well (*clean) and NULL.
 */
static uint8_t *narrow(const struct vcxl_memdev *md, uint64_t dpa, uint64_t unit, uint64_t *begin,
		       uint64_t *end, bool *clean)
{
	const struct vcxl_bank *bank;
	uint8_t *host;

	if (is_dynamic(md, dpa)) {
		host = vcxl_dc_host(&md->dc, dpa, unit, begin, end);
		*clean = host;
		return host;
	}
	bank = find_bank(md, dpa);
	*clean = bank && keep_clean(md, bank, dpa, unit, begin, end);
	return *clean && bank->media.direct ? bank->media.direct + (*begin - bank->base) : NULL;
}

bool vcxl_memdev_clean_range(const struct vcxl_memdev *md, uint64_t hpa, uint64_t *base,
			     uint64_t *size)
{
	const struct vcxl_decoder *d;
	uint64_t begin, end;
	unsigned ways;
	bool clean;

	if (decode(md, hpa, &d))
		return false;
	ways = vcxl_interleave_ways(d->interleave);
	begin = d->dpa_base;
	end = begin + d->size / ways;
	(void)narrow(md, decoder_dpa(d, hpa), dmi_unit(d), &begin, &end, &clean);
	*base = d->hpa_base + (begin - d->dpa_base) * ways;
	*size = (end - begin) * ways;
	return clean;
}

bool vcxl_memdev_dmi(const struct vcxl_memdev *md, uint64_t hpa, struct vcxl_dmi *out)
{
	const struct vcxl_decoder *d;
	uint64_t base, size, dpa, begin, end;
	uint8_t *host;
	bool clean;

	if (decode(md, hpa, &d))
		return false;
	base = d->hpa_base;
	size = d->size;
	if (vcxl_interleave_ways(d->interleave) > 1) {
		size = vcxl_interleave_granularity(d->interleave);
		base = hpa & ~(size - 1);
	}
	dpa = decoder_dpa(d, base);
	begin = dpa;
	end = dpa + size;
	host = narrow(md, dpa + (hpa - base), size < PAGE_SIZE ? size : PAGE_SIZE, &begin, &end,
		      &clean);
	if (!host || (!is_dynamic(md, dpa) && is_locked(md, dpa)))
		return false;
	*out = (struct vcxl_dmi){ .hpa = base + (begin - dpa), .size = end - begin, .host = host };
	return true;
}
