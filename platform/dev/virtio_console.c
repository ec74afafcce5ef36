/* SPDX-License-Identifier: Apache-2.0 */
/* Console device; see virtio_console.h. */
#include "virtio_console.h"

#define PIECE 256u

enum queue {
	QUEUE_RECEIVE, /* of the driver */
	QUEUE_TRANSMIT,
	N_QUEUES
};

static bool ready(const struct vcxl_virtio *v, unsigned queue)
{
	const struct vcxl_vcon *con = v->device;

	return queue == QUEUE_TRANSMIT || con->port.waiting(con->port.ctx);
}

static bool serve_receive(struct vcxl_vcon *con, const struct vcxl_virtq_chain *chain,
			  uint32_t *written)
{
	uint8_t piece[PIECE];

	while (*written < chain->in_len) {
		const uint64_t room = chain->in_len - *written;
		const uint32_t n = con->port.receive(con->port.ctx, piece,
						     room < PIECE ? (uint32_t)room : PIECE);

		if (!n)
			break;
		if (!vcxl_chain_write(chain, &con->virtio.wires.dma, *written, piece, n))
			return false;
		*written += n;
	}
	return chain->in_len != 0;
}

static bool serve_transmit(struct vcxl_vcon *con, const struct vcxl_virtq_chain *chain)
{
	uint8_t piece[PIECE];

	for (uint64_t at = 0; at < chain->out_len; at += PIECE) {
		const uint64_t left = chain->out_len - at;
		const uint32_t n = left < PIECE ? (uint32_t)left : PIECE;

		if (!vcxl_chain_read(chain, &con->virtio.wires.dma, at, piece, n))
			return false;
		con->port.transmit(con->port.ctx, piece, n);
	}
	return true;
}

static bool serve(struct vcxl_virtio *v, unsigned queue, const struct vcxl_virtq_chain *chain,
		  uint32_t *written)
{
	struct vcxl_vcon *con = v->device;

	return queue == QUEUE_RECEIVE ? serve_receive(con, chain, written)
				      : serve_transmit(con, chain);
}

static const struct vcxl_virtio_kind kind = {
	.id = 3,
	.class_code = 0x078000, /* other communication controller, as QEMU's */
	.n_queues = N_QUEUES,
	.ready = ready,
	.serve = serve,
};

void vcxl_vcon_init(struct vcxl_vcon *con, const struct vcxl_vcon_port *port,
		    const struct vcxl_virtio_wires *wires)
{
	con->port = *port;
	vcxl_virtio_init(&con->virtio, &kind, con, 0, wires);
}

void vcxl_vcon_typed(struct vcxl_vcon *con)
{
	vcxl_virtio_became_ready(&con->virtio, QUEUE_RECEIVE);
}
