/* SPDX-License-Identifier: Apache-2.0 */
/* Split virtqueues; see virtqueue.h. */
#include "virtqueue.h"

#include <stddef.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>

#define DESC_SIZE     16u
#define DESC_NEXT     VCXL_BIT(0)
#define DESC_WRITE    VCXL_BIT(1)
#define DESC_INDIRECT VCXL_BIT(2)
#define NO_INTERRUPT  VCXL_BIT(0)
#define RING          4u /* flags and index come before the entries */
#define USED_SIZE     8u

struct descriptor {
	uint64_t address;
	uint32_t len;
	uint16_t flags, next;
};

static bool read16(const struct vcxl_dma *dma, uint64_t address, uint16_t *value)
{
	uint8_t bytes[2];

	if (!dma->read(dma->ctx, address, bytes, sizeof(bytes)))
		return false;
	*value = (uint16_t)vcxl_load_le(bytes, sizeof(bytes));
	return true;
}

static bool write16(const struct vcxl_dma *dma, uint64_t address, uint16_t value)
{
	uint8_t bytes[2];

	vcxl_store_le(bytes, sizeof(bytes), value);
	return dma->write(dma->ctx, address, bytes, sizeof(bytes));
}

static bool read_descriptor(const struct vcxl_dma *dma, uint64_t address, struct descriptor *d)
{
	uint8_t bytes[DESC_SIZE];

	if (!dma->read(dma->ctx, address, bytes, sizeof(bytes)))
		return false;
	d->address = vcxl_load_le(bytes, 8);
	d->len = (uint32_t)vcxl_load_le(bytes + 8, 4);
	d->flags = (uint16_t)vcxl_load_le(bytes + 12, 2);
	d->next = (uint16_t)vcxl_load_le(bytes + 14, 2);
	return true;
}

static bool add_buffer(struct vcxl_virtq_chain *chain, const struct descriptor *d)
{
	const bool in = d->flags & DESC_WRITE;

	/* what the device writes comes last */
	if (chain->n == VCXL_VIRTQ_MAX || (!in && chain->n != chain->n_out))
		return false;
	chain->buffers[chain->n++] = (struct vcxl_virtq_buffer){ d->address, d->len };
	if (in) {
		chain->in_len += d->len;
	} else {
		chain->n_out++;
		chain->out_len += d->len;
	}
	return true;
}

/* Virtio 1.2 2.7.5.3: a table of its own, which is the end of the chain and holds no other. */
static bool legal_indirect(const struct vcxl_virtq *q, const struct descriptor *d, bool inside)
{
	return q->indirect && !inside && !(d->flags & (DESC_NEXT | DESC_WRITE)) && d->len &&
	       d->len % DESC_SIZE == 0 && d->len / DESC_SIZE <= VCXL_VIRTQ_MAX;
}

static bool walk(const struct vcxl_virtq *q, const struct vcxl_dma *dma,
		 struct vcxl_virtq_chain *chain)
{
	uint64_t table = q->desc;
	unsigned n = q->size, index = chain->head, steps = 0;
	bool inside = false;
	struct descriptor d;

	do {
		/* a chain visits no descriptor twice */
		if (index >= n || steps++ == n ||
		    !read_descriptor(dma, table + (uint64_t)index * DESC_SIZE, &d))
			return false;
		if (!(d.flags & DESC_INDIRECT)) {
			if (!add_buffer(chain, &d))
				return false;
			index = d.next;
			continue;
		}
		if (!legal_indirect(q, &d, inside))
			return false;
		table = d.address;
		n = d.len / DESC_SIZE;
		index = steps = 0;
		inside = true;
		d.flags = DESC_NEXT;
	} while (d.flags & DESC_NEXT);
	return true;
}

static uint64_t avail_entry(const struct vcxl_virtq *q, uint16_t index)
{
	return q->driver + RING + 2u * (index % q->size);
}

/* Behind the entries of the other's ring: used_event and avail_event. */
static uint64_t used_event(const struct vcxl_virtq *q)
{
	return q->driver + RING + 2u * q->size;
}

static uint64_t avail_event(const struct vcxl_virtq *q)
{
	return q->device + RING + (uint64_t)USED_SIZE * q->size;
}

enum vcxl_virtq_result vcxl_virtq_take(struct vcxl_virtq *q, const struct vcxl_dma *dma,
				       struct vcxl_virtq_chain *chain)
{
	uint16_t index;

	if (!read16(dma, q->driver + 2, &index))
		return VCXL_VIRTQ_BROKEN;
	/* this comes before the driver's next look: nothing else runs in between */
	if (index == q->next_avail) {
		if (q->event_idx && !write16(dma, avail_event(q), q->next_avail))
			return VCXL_VIRTQ_BROKEN;
		return VCXL_VIRTQ_EMPTY;
	}
	if ((uint16_t)(index - q->next_avail) > q->size)
		return VCXL_VIRTQ_BROKEN;
	chain->n = chain->n_out = 0;
	chain->out_len = chain->in_len = 0;
	if (!read16(dma, avail_entry(q, q->next_avail), &chain->head) || !walk(q, dma, chain))
		return VCXL_VIRTQ_BROKEN;
	q->next_avail++;
	return VCXL_VIRTQ_TAKEN;
}

bool vcxl_virtq_give(struct vcxl_virtq *q, const struct vcxl_dma *dma, uint16_t head,
		     uint32_t written)
{
	const uint64_t entry = q->device + RING + (uint64_t)USED_SIZE * (q->next_used % q->size);
	uint8_t bytes[USED_SIZE];

	vcxl_store_le(bytes, 4, head);
	vcxl_store_le(bytes + 4, 4, written);
	if (!dma->write(dma->ctx, entry, bytes, sizeof(bytes)))
		return false;
	return write16(dma, q->device + 2, ++q->next_used);
}

bool vcxl_virtq_wants_interrupt(struct vcxl_virtq *q, const struct vcxl_dma *dma, bool *wants)
{
	const uint16_t given = (uint16_t)(q->next_used - q->signalled);
	uint16_t word;

	if (!read16(dma, q->event_idx ? used_event(q) : q->driver, &word))
		return false;
	/* Virtio 1.2 2.7.7.2: whether the index that it waits for is among those given */
	if (q->event_idx)
		*wants = (uint16_t)(q->next_used - word - 1) < given;
	else
		*wants = given && !(word & NO_INTERRUPT);
	q->signalled = q->next_used;
	return true;
}

/* Visits [offset, offset+len) of the buffers first..last-1. */
static bool copy(const struct vcxl_virtq_chain *chain, unsigned first, unsigned last,
		 const struct vcxl_dma *dma, uint64_t offset, uint8_t *to, const uint8_t *from,
		 uint32_t len)
{
	for (unsigned i = first; i < last && len; i++) {
		const struct vcxl_virtq_buffer *b = &chain->buffers[i];
		uint32_t n;

		if (offset >= b->len) {
			offset -= b->len;
			continue;
		}
		n = b->len - (uint32_t)offset;
		n = n < len ? n : len;
		if (to ? !dma->read(dma->ctx, b->address + offset, to, n)
		       : !dma->write(dma->ctx, b->address + offset, from, n))
			return false;
		to = to ? to + n : to;
		from = from ? from + n : from;
		len -= n;
		offset = 0;
	}
	return len == 0;
}

bool vcxl_chain_read(const struct vcxl_virtq_chain *chain, const struct vcxl_dma *dma,
		     uint64_t offset, void *data, uint32_t len)
{
	return copy(chain, 0, chain->n_out, dma, offset, data, NULL, len);
}

bool vcxl_chain_write(const struct vcxl_virtq_chain *chain, const struct vcxl_dma *dma,
		      uint64_t offset, const void *data, uint32_t len)
{
	return copy(chain, chain->n_out, chain->n, dma, offset, NULL, data, len);
}
