/* SPDX-License-Identifier: Apache-2.0 */
/* Block device; see virtio_blk.h. */
#include "virtio_blk.h"

#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>

#define SECTOR      512u
#define HEADER      16u
#define RANGE       16u /* of discard and write-zeroes */
#define MAX_RANGES  16u
#define MAX_SECTORS 0x3fffffu
#define PIECE       4096u

#define F_SEG_MAX      VCXL_BIT(2)
#define F_RO           VCXL_BIT(5)
#define F_BLK_SIZE     VCXL_BIT(6)
#define F_FLUSH        VCXL_BIT(9)
#define F_CONFIG_WCE   VCXL_BIT(11)
#define F_DISCARD      VCXL_BIT(13)
#define F_WRITE_ZEROES VCXL_BIT(14)

enum request_status {
	STATUS_OK,
	STATUS_IOERR,
	STATUS_UNSUPP
};

struct request {
	const struct vcxl_virtq_chain *chain;
	uint64_t sector;
	uint64_t out_len, in_len; /* of the data */
	uint32_t written;         /* bytes of the data in */
};

/* [offset, offset+len) of the medium, len in whole sectors. */
static bool legal_range(const struct vcxl_blk *blk, uint64_t sector, uint64_t len)
{
	return len % SECTOR == 0 && sector <= blk->media.size / SECTOR &&
	       len <= blk->media.size - sector * SECTOR;
}

/* Virtio 1.2 5.2.6.2: a driver that cannot flush finds a cache that writes through. */
static bool settle(const struct vcxl_blk *blk)
{
	const uint64_t accepted = blk->virtio.accepted;
	const bool cached = accepted & F_CONFIG_WCE ? blk->writeback
						    : (accepted & F_FLUSH) && blk->media.cached;

	return cached || blk->media.flush(blk->media.ctx);
}

static enum request_status serve_read(struct vcxl_blk *blk, struct request *r)
{
	uint8_t piece[PIECE];

	if (!legal_range(blk, r->sector, r->in_len))
		return STATUS_IOERR;
	for (uint64_t at = 0; at < r->in_len; at += PIECE) {
		const uint64_t left = r->in_len - at;
		const uint32_t n = left < PIECE ? (uint32_t)left : PIECE;

		if (!blk->media.read(blk->media.ctx, r->sector * SECTOR + at, piece, n) ||
		    !vcxl_chain_write(r->chain, &blk->virtio.wires.dma, at, piece, n))
			return STATUS_IOERR;
		r->written += n;
	}
	return STATUS_OK;
}

static enum request_status serve_write(struct vcxl_blk *blk, struct request *r)
{
	uint8_t piece[PIECE];

	if (!legal_range(blk, r->sector, r->out_len))
		return STATUS_IOERR;
	for (uint64_t at = 0; at < r->out_len; at += PIECE) {
		const uint64_t left = r->out_len - at;
		const uint32_t n = left < PIECE ? (uint32_t)left : PIECE;

		if (!vcxl_chain_read(r->chain, &blk->virtio.wires.dma, HEADER + at, piece, n) ||
		    !blk->media.write(blk->media.ctx, r->sector * SECTOR + at, piece, n))
			return STATUS_IOERR;
	}
	return settle(blk) ? STATUS_OK : STATUS_IOERR;
}

static enum request_status serve_flush(struct vcxl_blk *blk, struct request *r)
{
	(void)r;
	return blk->media.flush(blk->media.ctx) ? STATUS_OK : STATUS_IOERR;
}

static enum request_status serve_id(struct vcxl_blk *blk, struct request *r)
{
	const uint32_t n = r->in_len < VCXL_BLK_SERIAL ? (uint32_t)r->in_len : VCXL_BLK_SERIAL;

	if (!vcxl_chain_write(r->chain, &blk->virtio.wires.dma, 0, blk->serial, n))
		return STATUS_IOERR;
	r->written = n;
	return STATUS_OK;
}

/* Virtio 1.2 5.2.6: all ranges are checked before the first is touched. */
static enum request_status serve_zero(struct vcxl_blk *blk, struct request *r, uint32_t flags)
{
	const uint64_t n = r->out_len / RANGE;
	uint8_t ranges[MAX_RANGES * RANGE];

	if (!n || r->out_len % RANGE || n > MAX_RANGES ||
	    !vcxl_chain_read(r->chain, &blk->virtio.wires.dma, HEADER, ranges,
			     (uint32_t)r->out_len))
		return STATUS_IOERR;
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *range = ranges + i * RANGE;
		const uint64_t sectors = vcxl_load_le(range + 8, 4);

		if (vcxl_load_le(range + 12, 4) & ~(uint64_t)flags)
			return STATUS_UNSUPP;
		if (sectors > MAX_SECTORS ||
		    !legal_range(blk, vcxl_load_le(range, 8), sectors * SECTOR))
			return STATUS_IOERR;
	}
	for (unsigned i = 0; i < n; i++)
		if (!blk->media.zero(blk->media.ctx, vcxl_load_le(ranges + i * RANGE, 8) * SECTOR,
				     vcxl_load_le(ranges + i * RANGE + 8, 4) * SECTOR))
			return STATUS_IOERR;
	return settle(blk) ? STATUS_OK : STATUS_IOERR;
}

static enum request_status serve_discard(struct vcxl_blk *blk, struct request *r)
{
	return serve_zero(blk, r, 0);
}

static enum request_status serve_write_zeroes(struct vcxl_blk *blk, struct request *r)
{
	const uint32_t unmap = 1;

	return serve_zero(blk, r, unmap);
}

static const struct {
	uint32_t type;
	bool changes;
	enum request_status (*serve)(struct vcxl_blk *blk, struct request *r);
} requests[] = {
	{ 0, false, serve_read }, { 1, true, serve_write },    { 4, false, serve_flush },
	{ 8, false, serve_id },   { 11, true, serve_discard }, { 13, true, serve_write_zeroes },
};

static enum request_status dispatch(struct vcxl_blk *blk, uint64_t type, struct request *r)
{
	for (unsigned i = 0; i < VCXL_ARRAY_LEN(requests); i++) {
		if (requests[i].type != type)
			continue;
		if (requests[i].changes && blk->media.read_only)
			return STATUS_IOERR;
		return requests[i].serve(blk, r);
	}
	return STATUS_UNSUPP;
}

/* A header, the data, and a byte for the status, cut into buffers as the driver likes. */
static bool serve(struct vcxl_virtio *v, unsigned queue, const struct vcxl_virtq_chain *chain,
		  uint32_t *written)
{
	struct vcxl_blk *blk = v->device;
	struct request r = { .chain = chain };
	uint8_t header[HEADER], status;
	uint64_t type;

	(void)queue;
	if (chain->out_len < HEADER || chain->in_len < 1 || chain->in_len > UINT32_MAX ||
	    !vcxl_chain_read(chain, &v->wires.dma, 0, header, HEADER))
		return false;
	type = vcxl_load_le(header, 4);
	r.sector = vcxl_load_le(header + 8, 8);
	r.out_len = chain->out_len - HEADER;
	r.in_len = chain->in_len - 1;
	status = (uint8_t)dispatch(blk, type, &r);
	*written = r.written + 1;
	vcxl_trace_emit(blk->trace, VCXL_TRACE_BLK, blk->name, type, r.sector, r.out_len + r.in_len,
			status);
	return vcxl_chain_write(chain, &v->wires.dma, r.in_len, &status, 1);
}

/* Virtio 1.2 5.2.4 */
static const struct {
	uint8_t offset, width;
	uint32_t value;
} constants[] = {
	{ 12, 4, VCXL_VIRTQ_MAX - 2 }, /* seg_max: without header and status */
	{ 20, 4, SECTOR },             /* blk_size */
	{ 36, 4, MAX_SECTORS },        /* max_discard_sectors */
	{ 40, 4, MAX_RANGES },         /* max_discard_seg */
	{ 44, 4, 1 },                  /* discard_sector_alignment */
	{ 48, 4, MAX_SECTORS },        /* max_write_zeroes_sectors */
	{ 52, 4, MAX_RANGES },         /* max_write_zeroes_seg */
	{ 56, 1, 1 },                  /* write_zeroes_may_unmap */
};

#define CONFIG_SIZE 60u
#define WRITEBACK   32u

static uint8_t get(const struct vcxl_virtio *v, uint32_t offset)
{
	const struct vcxl_blk *blk = v->device;

	if (offset < 8)
		return (uint8_t)(blk->media.size / SECTOR >> 8 * offset);
	if (offset == WRITEBACK)
		return blk->writeback;
	for (unsigned i = 0; i < VCXL_ARRAY_LEN(constants); i++)
		if (offset - constants[i].offset < constants[i].width)
			return (uint8_t)(constants[i].value >> 8 * (offset - constants[i].offset));
	return 0;
}

static void set(struct vcxl_virtio *v, uint32_t offset, uint8_t value)
{
	struct vcxl_blk *blk = v->device;

	if (offset == WRITEBACK && (v->accepted & F_CONFIG_WCE))
		blk->writeback = value & 1;
}

static void reset(struct vcxl_virtio *v)
{
	struct vcxl_blk *blk = v->device;

	blk->writeback = blk->media.cached;
}

static const struct vcxl_virtio_kind kind = {
	.id = 2,
	.class_code = 0x010000, /* SCSI storage, as QEMU's */
	.n_queues = 1,
	.config_size = CONFIG_SIZE,
	.serve = serve,
	.get = get,
	.set = set,
	.reset = reset,
};

void vcxl_blk_init(struct vcxl_blk *blk, const struct vcxl_blk_media *media, const char *serial,
		   const struct vcxl_virtio_wires *wires, const char *name,
		   const struct vcxl_trace *trace)
{
	const uint64_t features =
		F_SEG_MAX | F_BLK_SIZE | F_FLUSH | F_CONFIG_WCE | F_DISCARD | F_WRITE_ZEROES;
	const size_t len = strlen(serial);

	blk->media = *media;
	blk->trace = trace;
	blk->name = name;
	memset(blk->serial, 0, sizeof(blk->serial));
	memcpy(blk->serial, serial, len < VCXL_BLK_SERIAL ? len : VCXL_BLK_SERIAL);
	vcxl_virtio_init(&blk->virtio, &kind, blk, features | (media->read_only ? F_RO : 0), wires);
}
