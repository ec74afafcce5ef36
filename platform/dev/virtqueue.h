/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtio 1.2 2.7: the device's side of a split virtqueue, with indirect descriptors and event
 * indices. Memory is the guest's and reached through a callback; whatever is found there, a queue
 * only ever answers that it is broken. Left out: packed rings.
 */
#ifndef VCXL_VIRTQUEUE_H
#define VCXL_VIRTQUEUE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_VIRTQ_MAX 256u /* entries of a queue, and buffers of a chain */

/* False when nothing answers at the address. */
struct vcxl_dma {
	void *ctx;
	bool (*read)(void *ctx, uint64_t address, void *data, uint32_t len);
	bool (*write)(void *ctx, uint64_t address, const void *data, uint32_t len);
};

struct vcxl_virtq {
	uint16_t size; /* a power of two, at most VCXL_VIRTQ_MAX */
	bool enabled;
	uint16_t vector;
	uint64_t desc, driver, device; /* the three areas */
	uint16_t next_avail, next_used;
	uint16_t signalled; /* next_used when the driver was last told */
	bool indirect, event_idx;
};

struct vcxl_virtq_buffer {
	uint64_t address;
	uint32_t len;
};

/* A request: buffers that the device reads, then those that it writes. */
struct vcxl_virtq_chain {
	uint16_t head;
	unsigned n_out, n; /* buffers to read, and of both kinds */
	uint64_t out_len, in_len;
	struct vcxl_virtq_buffer buffers[VCXL_VIRTQ_MAX];
};

enum vcxl_virtq_result {
	VCXL_VIRTQ_EMPTY,
	VCXL_VIRTQ_TAKEN,
	VCXL_VIRTQ_BROKEN /* the driver broke a rule, or memory does not answer */
};

/* Takes the next chain. An empty queue asks the driver to tell of the next one. */
enum vcxl_virtq_result vcxl_virtq_take(struct vcxl_virtq *q, const struct vcxl_dma *dma,
				       struct vcxl_virtq_chain *chain);
/* Gives it back, `written` bytes of its buffers filled. False: broken. */
bool vcxl_virtq_give(struct vcxl_virtq *q, const struct vcxl_dma *dma, uint16_t head,
		     uint32_t written);
/* Whether the driver wants to hear of what was given back since it was last told. False: broken. */
bool vcxl_virtq_wants_interrupt(struct vcxl_virtq *q, const struct vcxl_dma *dma, bool *wants);

/* Bytes from `offset` of what the device reads or writes; false outside of it, or when memory does
 * not answer. */
bool vcxl_chain_read(const struct vcxl_virtq_chain *chain, const struct vcxl_dma *dma,
		     uint64_t offset, void *data, uint32_t len);
bool vcxl_chain_write(const struct vcxl_virtq_chain *chain, const struct vcxl_dma *dma,
		      uint64_t offset, const void *data, uint32_t len);

#ifdef __cplusplus
}
#endif
#endif
