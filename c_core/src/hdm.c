/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HDM decoders: the commit rules, the decoded form and the look-up. CXL r3.1 8.2.4.20, 9.13.3.
 * Register bytes are component.c's; XOR arithmetic belongs to windows. A commit is decided at once,
 * so the timeout fields of the registers have no counterpart here.
 */
#include <assert.h>
#include <string.h>

#include "component.h"

enum vcxl_status vcxl_interleave_make(unsigned ways, unsigned granularity,
				      struct vcxl_interleave *out)
{
	for (unsigned eiw = 0; eiw <= 10; eiw++) {
		for (unsigned eig = 0; eig <= 6; eig++) {
			struct vcxl_interleave il;

			if (vcxl_interleave_decode(eiw, eig, &il) != VCXL_OK)
				continue;
			if (vcxl_interleave_ways(il) == ways &&
			    vcxl_interleave_granularity(il) == granularity) {
				*out = il;
				return VCXL_OK;
			}
		}
	}
	return VCXL_E_CONFIG;
}

enum vcxl_status vcxl_interleave_decode(unsigned eiw, unsigned eig, struct vcxl_interleave *out)
{
	const bool mod3 = eiw >= 8;

	if (eig > 6 || eiw > 10 || (eiw > 4 && !mod3))
		return VCXL_E_CONFIG;
	*out = (struct vcxl_interleave){
		.granule_shift = (uint8_t)(eig + 8),
		.ways_shift = (uint8_t)(mod3 ? eiw - 8 : eiw),
		.mod3 = mod3,
	};
	return VCXL_OK;
}

unsigned vcxl_interleave_eiw(struct vcxl_interleave il)
{
	return (il.mod3 ? 8u : 0u) + il.ways_shift;
}

unsigned vcxl_interleave_eig(struct vcxl_interleave il)
{
	return il.granule_shift - 8u;
}

bool vcxl_hdm_count_valid(unsigned n_decoders)
{
	return n_decoders == 1 || (n_decoders >= 2 && n_decoders <= 16 && n_decoders % 2 == 0) ||
	       (n_decoders >= 20 && n_decoders <= 32 && n_decoders % 4 == 0);
}

const struct vcxl_decoder *vcxl_hdm_find(const struct vcxl_hdm *hdm, uint64_t hpa)
{
	if (hdm->config.endpoint && !hdm->enabled)
		return NULL;
	/* a decoder that is not committed has size 0 and holds nothing */
	for (unsigned n = 0; n < hdm->config.n_decoders; n++)
		if (hpa - hdm->decoders[n].hpa_base < hdm->decoders[n].size)
			return &hdm->decoders[n];
	return NULL;
}

static bool committed(const struct vcxl_hdm *hdm, unsigned n)
{
	return hdm->decoders[n].state == VCXL_DECODER_COMMITTED;
}

/* Bytes of device address that a decoder takes, its skip not counted. */
static uint64_t dpa_size(const struct vcxl_decoder *d)
{
	return d->size / vcxl_interleave_ways(d->interleave);
}

static bool port_present(const struct vcxl_hdm *hdm, uint8_t number)
{
	return hdm->dports[number / 64] >> (number % 64) & 1;
}

static enum vcxl_hdm_error check_interleave(const struct vcxl_hdm *hdm,
					    const struct vcxl_hdm_request *rq,
					    struct vcxl_interleave *il)
{
	if (rq->size == 0)
		return VCXL_HDM_ERR_SIZE_ZERO;
	if (vcxl_interleave_decode(rq->eiw, rq->eig, il) != VCXL_OK)
		return VCXL_HDM_ERR_ENCODING;
	/* ports: the capability register offers neither 3, 6, 12 nor 16 ways */
	if (!hdm->config.endpoint &&
	    (il->mod3 || vcxl_interleave_ways(*il) > hdm->config.max_targets))
		return VCXL_HDM_ERR_ENCODING;
	if (rq->size % (VCXL_HDM_ALIGN * vcxl_interleave_ways(*il)))
		return VCXL_HDM_ERR_SIZE_ALIGN;
	return VCXL_HDM_ERR_NONE;
}

static enum vcxl_hdm_error check_hpa(const struct vcxl_hdm *hdm, unsigned n,
				     const struct vcxl_hdm_request *rq)
{
	const uint64_t last_hpa = VCXL_MASK(hdm->config.hpa_bits - 1u, 0);

	if (rq->base > last_hpa || rq->size - 1 > last_hpa - rq->base)
		return VCXL_HDM_ERR_RANGE;
	if (n == 0)
		return VCXL_HDM_ERR_NONE;
	if (!committed(hdm, n - 1))
		return VCXL_HDM_ERR_ORDER;
	if (rq->base < hdm->decoders[n - 1].hpa_base ||
	    rq->base - hdm->decoders[n - 1].hpa_base < hdm->decoders[n - 1].size)
		return VCXL_HDM_ERR_OVERLAP;
	return VCXL_HDM_ERR_NONE;
}

/* Device addresses continue where the decoder below ends; skip leaves a hole before them. */
static enum vcxl_hdm_error check_dpa(const struct vcxl_hdm *hdm, const struct vcxl_decoder *below,
				     const struct vcxl_hdm_request *rq, uint64_t len,
				     uint64_t *dpa_base)
{
	const uint64_t start = below ? below->dpa_base + dpa_size(below) : 0;
	uint64_t capacity = 0;

	for (unsigned p = 0; p < hdm->n_partitions; p++)
		if (hdm->partitions[p].size)
			capacity = hdm->partitions[p].base + hdm->partitions[p].size;
	if (rq->skip > capacity || start > capacity - rq->skip || len > capacity - rq->skip - start)
		return VCXL_HDM_ERR_CAPACITY;
	*dpa_base = start + rq->skip;
	for (unsigned p = 0; p < hdm->n_partitions; p++)
		if (vcxl_range_inside(*dpa_base, len, hdm->partitions[p].base,
				      hdm->partitions[p].size))
			return VCXL_HDM_ERR_NONE;
	return VCXL_HDM_ERR_PARTITION;
}

/*
 * The nearest committed decoder above, left over when software cleared the Commit bits out of
 * order: the new range must end before it, in host and in device addresses.
 */
static enum vcxl_hdm_error check_above(const struct vcxl_hdm *hdm, unsigned n,
				       const struct vcxl_decoder *d)
{
	while (++n < hdm->config.n_decoders) {
		const struct vcxl_decoder *above = &hdm->decoders[n];

		if (!committed(hdm, n))
			continue;
		if (above->hpa_base < d->hpa_base || above->hpa_base - d->hpa_base < d->size)
			return VCXL_HDM_ERR_OVERLAP;
		if (hdm->config.endpoint &&
		    above->dpa_base - above->skip < d->dpa_base + dpa_size(d))
			return VCXL_HDM_ERR_OVERLAP;
		break;
	}
	return VCXL_HDM_ERR_NONE;
}

static enum vcxl_hdm_error check_targets(const struct vcxl_hdm *hdm,
					 const struct vcxl_hdm_request *rq, unsigned ways)
{
	for (unsigned t = 0; t < ways; t++) {
		if (!port_present(hdm, rq->targets[t]))
			return VCXL_HDM_ERR_TARGET;
		for (unsigned u = 0; u < t; u++)
			if (rq->targets[u] == rq->targets[t])
				return VCXL_HDM_ERR_TARGET;
	}
	return VCXL_HDM_ERR_NONE;
}

/* All commit rules, in the order of enum vcxl_hdm_error; fills *d when they hold. */
static enum vcxl_hdm_error check_request(const struct vcxl_hdm *hdm, unsigned n,
					 const struct vcxl_hdm_request *rq, struct vcxl_decoder *d)
{
	const struct vcxl_decoder *below = n ? &hdm->decoders[n - 1] : NULL;
	enum vcxl_hdm_error error;

	*d = (struct vcxl_decoder){
		.hpa_base = rq->base,
		.size = rq->size,
		.state = VCXL_DECODER_COMMITTED,
		.locked = rq->lock_on_commit,
	};
	error = check_interleave(hdm, rq, &d->interleave);
	if (!error)
		error = check_hpa(hdm, n, rq);
	if (error)
		return error;
	if (hdm->config.endpoint) {
		d->skip = rq->skip;
		error = check_dpa(hdm, below, rq, dpa_size(d), &d->dpa_base);
	} else {
		memcpy(d->targets, rq->targets, sizeof(d->targets));
	}
	if (!error)
		error = check_above(hdm, n, d);
	if (!error && !hdm->config.endpoint)
		error = check_targets(hdm, rq, vcxl_interleave_ways(d->interleave));
	/* AMBIGUOUS(r3.1 8.2.4.20.1): Supported Coherency Models is 0, "unknown": both target
	 * range types commit. Back-invalidate and UIO are not offered. */
	if (!error && (rq->bi || rq->uio))
		error = VCXL_HDM_ERR_TYPE;
	return error;
}

static void notify(const struct vcxl_hdm *hdm, unsigned n, uint64_t hpa, uint64_t size)
{
	if (hdm->changed)
		hdm->changed(hdm->changed_ctx, n, hpa, size);
}

enum vcxl_hdm_error vcxl_hdm_commit(struct vcxl_hdm *hdm, unsigned n,
				    const struct vcxl_hdm_request *request)
{
	struct vcxl_decoder decoder;

	assert(n < hdm->config.n_decoders && !committed(hdm, n));
	hdm->last_error = check_request(hdm, n, request, &decoder);
	if (hdm->last_error) {
		hdm->decoders[n] = (struct vcxl_decoder){ .state = VCXL_DECODER_ERROR };
		return hdm->last_error;
	}
	hdm->decoders[n] = decoder;
	notify(hdm, n, decoder.hpa_base, decoder.size);
	return VCXL_HDM_ERR_NONE;
}

/* AMBIGUOUS(r3.1 9.13.3): software is to uncommit in reverse order. A decoder that is cleared below
 * a committed one goes all the same; the one above stays valid with the device addresses that it
 * had when it was committed. */
void vcxl_hdm_uncommit(struct vcxl_hdm *hdm, unsigned n)
{
	struct vcxl_decoder was;

	assert(n < hdm->config.n_decoders);
	was = hdm->decoders[n];
	if (was.locked)
		return;
	hdm->decoders[n] = (struct vcxl_decoder){ .state = VCXL_DECODER_OFF };
	if (was.state == VCXL_DECODER_COMMITTED)
		notify(hdm, n, was.hpa_base, was.size);
}

void vcxl_hdm_reset(struct vcxl_hdm *hdm)
{
	hdm->last_error = VCXL_HDM_ERR_NONE;
	hdm->enabled = false;
	for (unsigned n = 0; n < hdm->config.n_decoders; n++) {
		hdm->decoders[n].locked = false;
		vcxl_hdm_uncommit(hdm, n);
	}
}

void vcxl_hdm_add_dport(struct vcxl_hdm *hdm, uint8_t number)
{
	hdm->dports[number / 64] |= 1ull << (number % 64);
}
