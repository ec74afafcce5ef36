/* SPDX-License-Identifier: Apache-2.0 */
/* Entropy device; see virtio_rng.h. */
#include "virtio_rng.h"

#include <vcxl/le.h>

/* Of a request at most: a driver asks again for what is missing. */
#define MAX_BYTES 4096u

/* SplitMix64 (Steele, Lea, Flood 2014) */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static bool serve(struct vcxl_virtio *v, unsigned queue, const struct vcxl_virtq_chain *chain,
		  uint32_t *written)
{
	struct vcxl_rng *rng = v->device;
	const uint32_t len = chain->in_len < MAX_BYTES ? (uint32_t)chain->in_len : MAX_BYTES;

	(void)queue;
	for (uint32_t at = 0; at < len; at += 8) {
		const uint32_t n = len - at < 8 ? len - at : 8;
		uint8_t bytes[8];

		vcxl_store_le(bytes, sizeof(bytes), next(&rng->state));
		if (!vcxl_chain_write(chain, &v->wires.dma, at, bytes, n))
			return false;
	}
	*written = len;
	return len;
}

static const struct vcxl_virtio_kind kind = {
	.id = 4,
	.class_code = 0x00ff00, /* as QEMU's */
	.n_queues = 1,
	.serve = serve,
};

void vcxl_rng_init(struct vcxl_rng *rng, uint64_t seed, const struct vcxl_virtio_wires *wires)
{
	rng->state = seed;
	vcxl_virtio_init(&rng->virtio, &kind, rng, 0, wires);
}
