/* SPDX-License-Identifier: Apache-2.0 */
/* Virtio 1.2 5.4: an entropy device whose numbers follow from a seed alone. */
#ifndef VCXL_VIRTIO_RNG_H
#define VCXL_VIRTIO_RNG_H

#include "virtio_pci.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vcxl_rng {
	struct vcxl_virtio virtio;
	uint64_t state; /* goes on over resets */
};

void vcxl_rng_init(struct vcxl_rng *rng, uint64_t seed, const struct vcxl_virtio_wires *wires);

#ifdef __cplusplus
}
#endif
#endif
