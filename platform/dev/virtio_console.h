/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtio 1.2 5.3: a console device with one port. It keeps no byte itself: what was typed stays
 * with the host until the driver has a buffer for it. Left out: several ports, the size of the
 * window, emergency writes.
 */
#ifndef VCXL_VIRTIO_CONSOLE_H
#define VCXL_VIRTIO_CONSOLE_H

#include "virtio_pci.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vcxl_vcon_port {
	void *ctx;
	bool (*waiting)(void *ctx);                                  /* something was typed */
	uint32_t (*receive)(void *ctx, uint8_t *data, uint32_t len); /* at most len bytes of it */
	void (*transmit)(void *ctx, const uint8_t *data, uint32_t len);
};

struct vcxl_vcon {
	struct vcxl_virtio virtio;
	struct vcxl_vcon_port port;
};

void vcxl_vcon_init(struct vcxl_vcon *con, const struct vcxl_vcon_port *port,
		    const struct vcxl_virtio_wires *wires);
/* Something was typed. */
void vcxl_vcon_typed(struct vcxl_vcon *con);

#ifdef __cplusplus
}
#endif
#endif
