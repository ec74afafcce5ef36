/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtio 1.2 4.1: a virtio device as a PCI function without a past: registers in BAR0, MSI-X in
 * BAR4. What kind of device it is says struct vcxl_virtio_kind. A notify asks for a call of
 * vcxl_virtio_run(), some time later. Left out: legacy registers, INTx, the capability for accesses
 * through configuration space, queue reset.
 */
#ifndef VCXL_VIRTIO_PCI_H
#define VCXL_VIRTIO_PCI_H

#include <vcxl/pci.h>

#include "virtqueue.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_VIRTIO_MAX_QUEUES 2u

struct vcxl_virtio;

struct vcxl_virtio_kind {
	uint16_t id;         /* Virtio 1.2 5 */
	uint32_t class_code; /* PCI */
	unsigned n_queues;
	uint32_t config_size;
	/* Whether a request of the queue could be served now; NULL: always. */
	bool (*ready)(const struct vcxl_virtio *v, unsigned queue);
	/* One request. Bytes written to its buffers; false: the chain makes no sense. */
	bool (*serve)(struct vcxl_virtio *v, unsigned queue, const struct vcxl_virtq_chain *chain,
		      uint32_t *written);
	/* The device's own registers, below config_size, read-only without `set`. */
	uint8_t (*get)(const struct vcxl_virtio *v, uint32_t offset);
	void (*set)(struct vcxl_virtio *v, uint32_t offset, uint8_t value);
	void (*reset)(struct vcxl_virtio *v); /* may be NULL */
};

struct vcxl_virtio_wires {
	struct vcxl_dma dma;
	struct vcxl_irq_ops irq;
	void *ctx;
	void (*notified)(void *ctx); /* vcxl_virtio_run() is due */
};

struct vcxl_virtio {
	struct vcxl_pci pci;
	const struct vcxl_virtio_kind *kind;
	void *device; /* the kind's own */
	struct vcxl_virtio_wires wires;
	uint64_t offered, accepted; /* features */
	uint32_t offered_select, accepted_select;
	uint8_t status, isr;
	uint16_t config_vector, queue_select;
	uint32_t notified; /* bit per queue */
	struct vcxl_virtq queues[VCXL_VIRTIO_MAX_QUEUES];
	struct vcxl_virtq_chain chain; /* the request being served */
};

/* features: of the kind; those of the transport are added. Must not be moved afterwards. */
void vcxl_virtio_init(struct vcxl_virtio *v, const struct vcxl_virtio_kind *kind, void *device,
		      uint64_t features, const struct vcxl_virtio_wires *wires);
void vcxl_virtio_reset(struct vcxl_virtio *v, enum vcxl_reset kind);
/* The queue is ready, whose buffers wait for that: as if the driver had notified it. */
void vcxl_virtio_became_ready(struct vcxl_virtio *v, unsigned queue);
/* Serves the queues that were notified. */
void vcxl_virtio_run(struct vcxl_virtio *v);
/* Registers: VCXL_SPACE_CONFIG, _DEVICE (BAR0) or _MSIX, where vcxl_pci_claims() says. */
enum vcxl_status vcxl_virtio_read(struct vcxl_virtio *v, enum vcxl_space space, uint32_t offset,
				  unsigned width, uint64_t *value);
enum vcxl_status vcxl_virtio_write(struct vcxl_virtio *v, enum vcxl_space space, uint32_t offset,
				   unsigned width, uint64_t value);

#ifdef __cplusplus
}
#endif
#endif
