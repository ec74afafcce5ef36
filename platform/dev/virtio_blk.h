/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtio 1.2 5.2: a block device over whatever holds its bytes. Reads, writes, flush,
 * identification, discard and write-zeroes; a cache that the driver may switch. Left out: several
 * queues, topology, lifetime, zones, secure erase.
 */
#ifndef VCXL_VIRTIO_BLK_H
#define VCXL_VIRTIO_BLK_H

#include <vcxl/trace.h>

#include "virtio_pci.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_BLK_SERIAL 20u

struct vcxl_blk_media {
	void *ctx;
	uint64_t size; /* bytes, a multiple of 512 */
	bool read_only;
	bool cached; /* written data is durable only after a flush, until the driver says else */
	/* false: an error of the host. zero: reads as zeros from then on. */
	bool (*read)(void *ctx, uint64_t offset, void *data, uint32_t len);
	bool (*write)(void *ctx, uint64_t offset, const void *data, uint32_t len);
	bool (*zero)(void *ctx, uint64_t offset, uint64_t len);
	bool (*flush)(void *ctx);
};

struct vcxl_blk {
	struct vcxl_virtio virtio;
	struct vcxl_blk_media media;
	char serial[VCXL_BLK_SERIAL];
	const struct vcxl_trace *trace;
	const char *name; /* for the trace */
	uint8_t writeback;
};

/* serial is cut to 20 bytes; name and trace are borrowed, trace may be NULL. */
void vcxl_blk_init(struct vcxl_blk *blk, const struct vcxl_blk_media *media, const char *serial,
		   const struct vcxl_virtio_wires *wires, const char *name,
		   const struct vcxl_trace *trace);

#ifdef __cplusplus
}
#endif
#endif
