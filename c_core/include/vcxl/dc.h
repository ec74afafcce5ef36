/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dynamic capacity of a memory device: what its embedder (a fabric manager, a monitor) asks of it.
 * CXL r3.1 7.6.7.6, 8.2.9.9.9, 9.13.3.
 *
 * region   up to 8 ranges of device addresses behind the static partitions, in blocks. They are
 *          fixed but for block size and sanitizing.
 * extent   whole blocks of one region, with a tag and a sequence number. It is pending from the
 *          offer to the host's answer, and accepted from there to its release.
 * offer    the extents of one request. The host answers the oldest offer, in one or several
 *          messages; what it did not accept is free again.
 * backend  memory with a tag that the embedder lends at run time. An extent lies on the backend of
 *          its tag, else on the memory of its region.
 * pool     the backends of a simulation; devices that share it can share memory.
 *
 * All extents of a device, pending and accepted, are one array sorted by address: they never
 * overlap, so one binary search says whose an address is. A block is backed when an accepted extent
 * holds it, and there is no other record of that. Every list has its place in the allocation of the
 * device: what does not fit is refused. A request is checked whole before anything changes.
 */
#ifndef VCXL_DC_H
#define VCXL_DC_H

#include <stdbool.h>
#include <stdint.h>

#include <vcxl/mbox.h>
#include <vcxl/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_DC_MAX_REGIONS 8
#define VCXL_DC_MAX_EXTENTS 4096
#define VCXL_DC_TAG         16 /* bytes; all zero: no tag */

/*
 * Why a request was refused: X(symbol, return code of a fabric manager or host command, message).
 * Messages are those of QEMU's monitor where it has one.
 */
/* clang-format off */
#define VCXL_DC_ERRORS(X)                                                                          \
	X(VCXL_DC_OK, SUCCESS, "success")                                                          \
	X(VCXL_DC_E_ABSENT, UNSUPPORTED, "No dynamic capacity support from the device")            \
	X(VCXL_DC_E_HOST, INVALID_INPUT, "host-id is not that of a host of the device")            \
	X(VCXL_DC_E_SELECTION, INVALID_INPUT, "Selection policy not supported")                    \
	X(VCXL_DC_E_REMOVAL, INVALID_INPUT, "Removal policy not supported")                        \
	X(VCXL_DC_E_REGION, INVALID_INPUT, "region id is too large")                               \
	X(VCXL_DC_E_EMPTY, INVALID_INPUT, "no extents found in the request")                       \
	X(VCXL_DC_E_ZERO, INVALID_EXTENT_LIST, "extent with 0 length is not allowed")              \
	X(VCXL_DC_E_ALIGN, INVALID_EXTENT_LIST,                                                    \
	  "dpa or len is not aligned to region block size")                                        \
	X(VCXL_DC_E_BEYOND, INVALID_PHYSICAL_ADDRESS, "extent range is beyond the region end")     \
	X(VCXL_DC_E_OVERLAP, INVALID_EXTENT_LIST,                                                  \
	  "duplicate or overlapped extents are detected")                                          \
	X(VCXL_DC_E_RELEASE_PENDING, INVALID_PHYSICAL_ADDRESS,                                     \
	  "cannot release extent with pending DPA range")                                          \
	X(VCXL_DC_E_RELEASE_ABSENT, INVALID_PHYSICAL_ADDRESS,                                      \
	  "cannot release extent with non-existing DPA range")                                     \
	X(VCXL_DC_E_ADD_ACCEPTED, INVALID_EXTENT_LIST,                                             \
	  "cannot add DPA already accessible to the same LD")                                      \
	X(VCXL_DC_E_ADD_PENDING, INVALID_EXTENT_LIST,                                              \
	  "cannot add DPA again while still pending")                                              \
	X(VCXL_DC_E_PARTIAL, INVALID_PHYSICAL_ADDRESS,                                             \
	  "an extent on a memory backend is accepted and released whole")                          \
	X(VCXL_DC_E_SEQUENCE, INVALID_EXTENT_LIST,                                                 \
	  "shareable extents are numbered from 0 in their order")                                  \
	X(VCXL_DC_E_SPREAD, INVALID_EXTENT_LIST, "extents of one tag lie in one region")           \
	X(VCXL_DC_E_LENGTH, INVALID_INPUT,                                                         \
	  "length is 0 or not aligned to region block size")                                       \
	X(VCXL_DC_E_SPACE, RESOURCES_EXHAUSTED, "not enough free capacity in the region")          \
	X(VCXL_DC_E_EXTENTS, RESOURCES_EXHAUSTED, "too many extents for the device")               \
	X(VCXL_DC_E_LOG, RESOURCES_EXHAUSTED, "dynamic capacity event log is full")                \
	X(VCXL_DC_E_BACKING, INVALID_INPUT, "dynamic capacity must have a backing device")         \
	X(VCXL_DC_E_SIZE, INVALID_INPUT,                                                           \
	  "memory backend size does not match extent length")                                      \
	X(VCXL_DC_E_TAG, INVALID_INPUT, "no memory has this tag")                                  \
	X(VCXL_DC_E_TAG_LIVE, INVALID_INPUT, "tag is in use on this device")                       \
	X(VCXL_DC_E_MAPPED, INVALID_INPUT, "memory backend is in use by another device")           \
	X(VCXL_DC_E_NOT_SHARED, INVALID_INPUT,                                                     \
	  "shared access needs a shareable region and memory that is in use")                      \
	X(VCXL_DC_E_BUSY, INVALID_INPUT, "memory backend is in use")                               \
	X(VCXL_DC_E_POOL, RESOURCES_EXHAUSTED, "too many memory backends")                         \
	X(VCXL_DC_E_OFFER, INVALID_PHYSICAL_ADDRESS, "extent is not in the oldest offer")          \
	X(VCXL_DC_E_NO_OFFER, INVALID_INPUT, "no offer is pending")                                \
	X(VCXL_DC_E_MEDIA, PERMANENT_MEDIA_FAILURE, "media cannot be sanitized")
/* clang-format on */

enum vcxl_dc_error {
#define VCXL_DC_ERROR_ENUM(symbol, rc, text) symbol,
	VCXL_DC_ERRORS(VCXL_DC_ERROR_ENUM)
#undef VCXL_DC_ERROR_ENUM
	VCXL_N_DC_ERRORS
};
const char *vcxl_dc_error_text(enum vcxl_dc_error error);
enum cxl_rc vcxl_dc_error_rc(enum vcxl_dc_error error);

/* ---- pool ---- */

struct vcxl_media;
struct vcxl_dc_pool;

/* One allocation for at most max_backends; outlives the devices that have it. */
enum vcxl_status vcxl_dc_pool_create(unsigned max_backends, struct vcxl_dc_pool **out);
void vcxl_dc_pool_destroy(struct vcxl_dc_pool *pool);
/* Lends memory under a tag; copied, what it points to is borrowed until it is detached. */
enum vcxl_dc_error vcxl_dc_pool_attach(struct vcxl_dc_pool *pool, const uint8_t tag[VCXL_DC_TAG],
				       const struct vcxl_media *media);
/* VCXL_DC_E_BUSY while an extent of any device, or the fabric manager, refers to it. */
enum vcxl_dc_error vcxl_dc_pool_detach(struct vcxl_dc_pool *pool, const uint8_t tag[VCXL_DC_TAG]);

/* ---- configuration ---- */

struct vcxl_dc_region_config {
	uint64_t len;
	uint64_t decode_len; /* multiple of 256 MiB, at least len; 0: len, rounded up */
	uint64_t block_size; /* power of two, 64 bytes to 256 MiB; 0: 2 MiB; divides len */
	/* memory of its own, [media_offset, media_offset + len) of it; NULL: backends alone.
	 * Copied. */
	const struct vcxl_media *media;
	uint64_t media_offset;
	bool persistent, shareable;
	bool sanitize;       /* on release; */
	bool sanitize_fixed; /* and the fabric manager cannot change it */
};

struct vcxl_dc_config {
	unsigned n_regions; /* 0: no dynamic capacity */
	struct vcxl_dc_region_config regions[VCXL_DC_MAX_REGIONS];
	unsigned max_extents;      /* pending and accepted; 0: 512 */
	unsigned log_depth;        /* records of the event log; 0: twice max_extents */
	struct vcxl_dc_pool *pool; /* borrowed; may be NULL */
};

/* ---- requests ---- */

/* CXL r3.1 7.6.7.6.5: Selection Policy; 7.6.7.6.6: Removal Policy */
enum vcxl_dc_selection {
	VCXL_DC_SELECT_FREE, /* any free blocks, in as few extents as they allow from low to high */
	VCXL_DC_SELECT_CONTIGUOUS, /* the first gap that is large enough */
	VCXL_DC_SELECT_PRESCRIPTIVE,
	VCXL_DC_SELECT_SHARED, /* memory of the tag, which another device has as well */
	VCXL_N_DC_SELECTIONS
};
enum vcxl_dc_removal {
	VCXL_DC_REMOVE_BY_TAG,
	VCXL_DC_REMOVE_PRESCRIPTIVE,
	VCXL_N_DC_REMOVALS
};

/* Offset from the base of the region. */
struct vcxl_dc_range {
	uint64_t offset, len;
};

struct vcxl_dc_add_request {
	uint16_t host; /* 0: a device has one host */
	uint8_t region;
	enum vcxl_dc_selection selection;
	uint8_t tag[VCXL_DC_TAG];
	uint64_t len;                       /* of the free and contiguous selections */
	const struct vcxl_dc_range *ranges; /* of the prescriptive one */
	unsigned n_ranges;
};

struct vcxl_dc_release_request {
	uint16_t host;
	uint8_t region;
	enum vcxl_dc_removal removal;
	bool forced;   /* at once; the host is told, not asked */
	bool sanitize; /* when it is released, whatever the region says */
	uint8_t tag[VCXL_DC_TAG];
	const struct vcxl_dc_range *ranges; /* of the prescriptive removal */
	unsigned n_ranges;
};

struct vcxl_memdev;

/* Offers extents to the host, one event record for each. Say the time before (vcxl_memdev_tick). */
enum vcxl_dc_error vcxl_dc_add(struct vcxl_memdev *md, const struct vcxl_dc_add_request *request);
/* Asks for extents back, or takes them. */
enum vcxl_dc_error vcxl_dc_release(struct vcxl_memdev *md,
				   const struct vcxl_dc_release_request *request);
/* Whether no accepted extent of the region has the tag any more. */
enum vcxl_dc_error vcxl_dc_release_status(const struct vcxl_memdev *md, uint16_t host,
					  uint8_t region, const uint8_t tag[VCXL_DC_TAG],
					  bool *released);

/* ---- what there is ---- */

struct vcxl_dc_extent {
	uint64_t dpa, len;
	uint64_t offer; /* a number; that of the request it came from */
	uint8_t tag[VCXL_DC_TAG];
	uint16_t sequence;
	uint8_t region;
	bool accepted; /* else pending */
};
/* Extent `index` in the order of addresses; false behind the last one. */
bool vcxl_dc_extent_at(const struct vcxl_memdev *md, unsigned index, struct vcxl_dc_extent *out);

struct vcxl_dc_region_info {
	uint64_t base, len, decode_len, block_size;
	bool persistent, shareable, sanitize;
};
bool vcxl_dc_region_at(const struct vcxl_memdev *md, unsigned index,
		       struct vcxl_dc_region_info *out);
/* Of the list of accepted extents: another number after each change. */
uint32_t vcxl_dc_generation(const struct vcxl_memdev *md);

/*
 * Runs a command of the fabric manager (CXL r3.1 7.6.7.6, 5600h-5608h) on the LD that it owns.
 * Input and output are at most max bytes each; *out_len is 0 on error.
 */
enum cxl_rc vcxl_memdev_fm_command(struct vcxl_memdev *md, uint16_t opcode, const void *in,
				   uint32_t in_len, void *out, uint32_t max, uint32_t *out_len);

#ifdef __cplusplus
}
#endif
#endif
