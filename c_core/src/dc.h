/* SPDX-License-Identifier: Apache-2.0 */
/* State of dynamic capacity in a memory device; see vcxl/dc.h. */
#ifndef VCXL_DC_STATE_H
#define VCXL_DC_STATE_H

#include <stddef.h>

#include <vcxl/dc.h>
#include <vcxl/le.h>
#include <vcxl/memdev.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vcxl_dc_region {
	uint64_t base, len, decode_len, block_size;
	struct vcxl_media media; /* size 0: none of its own */
	uint64_t media_offset;
	bool persistent, shareable, sanitize, sanitize_fixed;
};

/* A backend refers to nothing; extents, and the fabric manager, refer to it. */
struct vcxl_dc_backend {
	bool present, fm_reference;
	bool sanitize; /* before anybody else may see it */
	unsigned n_extents;
	uint8_t tag[VCXL_DC_TAG];
	struct vcxl_media media;
};

struct vcxl_dc_pool {
	unsigned max;
	uint32_t generation;              /* of the list of tags */
	struct vcxl_dc_backend *backends; /* max of them, behind the pool */
};

struct vcxl_dc_entry {
	struct vcxl_dc_extent extent;
	struct vcxl_dc_backend *backend; /* NULL: memory of the region */
	uint64_t offset;                 /* in either */
	bool sanitize;                   /* the release was asked for with it */
};

/* One range of a request, checked. */
struct vcxl_dc_item {
	uint64_t dpa, len;
	uint16_t sequence;
	uint8_t region;
};

struct vcxl_dc {
	struct vcxl_dc_region regions[VCXL_DC_MAX_REGIONS];
	unsigned n_regions;
	uint64_t base; /* of the first region; UINT64_MAX: none */
	struct vcxl_dc_pool *pool;
	struct vcxl_dc_entry *entries; /* by address, disjoint; room for a request's splits */
	struct vcxl_dc_entry *saved;   /* as they were before a request that may yet fail */
	unsigned n, n_saved, n_saved_accepted, max;
	struct vcxl_dc_item *list; /* of the request that is being checked; at most max */
	unsigned n_list;
	unsigned n_accepted, n_tags;      /* of entries; tags that are not null */
	uint64_t first_offer, next_offer; /* pending: [first, next) */
	uint32_t generation, tag_generation;
};

/* CXL r3.1 8.2.9.2.1.6: Dynamic Capacity Event Type */
enum vcxl_dc_event {
	VCXL_DC_EVENT_ADD,
	VCXL_DC_EVENT_RELEASE,
	VCXL_DC_EVENT_FORCED_RELEASE,
	VCXL_DC_EVENT_REGION,
	VCXL_DC_EVENT_ACCEPTED, /* from here on they are for the fabric manager */
	VCXL_DC_EVENT_RELEASED,
};

/* ---- dc.c ---- */
bool vcxl_dc_config_valid(const struct vcxl_dc_config *config);
size_t vcxl_dc_storage(const struct vcxl_dc_config *config);
/* Regions begin at base; storage: aligned for pointers, for the life of the device. */
void vcxl_dc_init(struct vcxl_dc *dc, const struct vcxl_dc_config *config, uint64_t base,
		  void *storage);
/* Lets go of the backends. */
void vcxl_dc_finish(struct vcxl_dc *dc);
/* 0: there is no such log. */
unsigned vcxl_dc_log_depth(const struct vcxl_dc_config *config);

bool vcxl_dc_tagged(const uint8_t tag[VCXL_DC_TAG]);
/* Index of the first entry that ends behind dpa. */
unsigned vcxl_dc_lower_bound(const struct vcxl_dc *dc, uint64_t dpa);
/* Whether any extent of that state meets [dpa, end). */
bool vcxl_dc_meets(const struct vcxl_dc *dc, uint64_t dpa, uint64_t end, bool accepted);
/* Whether accepted extents hold all of [dpa, end). */
bool vcxl_dc_backed(const struct vcxl_dc *dc, uint64_t dpa, uint64_t end);
/* Whether any extent has the tag; accepted: whether any accepted one has it. */
bool vcxl_dc_tag_live(const struct vcxl_dc *dc, const uint8_t tag[VCXL_DC_TAG], bool accepted);

void vcxl_dc_save(struct vcxl_dc *dc);
void vcxl_dc_restore(struct vcxl_dc *dc);
/* No extent lies on both sides of `at` any more. */
void vcxl_dc_split(struct vcxl_dc *dc, uint64_t at);
void vcxl_dc_insert(struct vcxl_dc *dc, const struct vcxl_dc_entry *entry);
void vcxl_dc_erase(struct vcxl_dc *dc, unsigned i);

/* ---- dc_pool.c ---- */
/* NULL: no such tag, or no pool. */
struct vcxl_dc_backend *vcxl_dc_pool_find(struct vcxl_dc_pool *pool,
					  const uint8_t tag[VCXL_DC_TAG]);
/* Nobody refers to it; an overdue sanitizing is done. VCXL_DC_E_MEDIA: that failed. */
enum vcxl_dc_error vcxl_dc_backend_clean(struct vcxl_dc_backend *backend);

/* ---- cmd_dc.c ---- */
#define VCXL_DC_HANDLE 2u /* DSMAS handle of the first region; static partitions precede it */
/* What both configuration commands end with. */
struct vcxl_dc_numbers {
	vcxl_le32 extents, extents_available, tags, tags_available;
};
struct vcxl_dc_numbers vcxl_dc_get_numbers(const struct vcxl_dc *dc);
struct vcxl_msg;
/* What both descriptions of a region begin with, CXL r3.1 7.6.7.6.2, 8.2.9.9.9.1. */
struct vcxl_dc_region_wire {
	vcxl_le64 base, decode_units, len, block_size;
};
struct vcxl_dc_region_wire vcxl_dc_wire_of_region(const struct vcxl_dc_region *region);
/* How many regions are described: from `start` on, which there is, at most `asked` and `room`. */
uint8_t vcxl_dc_regions_told(const struct vcxl_dc *dc, uint8_t start, uint8_t asked, uint32_t room);
/* Appends accepted extents from number `start` on, as many as fit; returns how many. */
uint32_t vcxl_dc_put_extents(const struct vcxl_dc *dc, struct vcxl_msg *msg, uint32_t start,
			     uint32_t count);

/* ---- dc_access.c ---- */
/* The bytes of xfer->dpa; VCXL_E_UNBACKED, and nothing done, unless extents hold all of them. */
enum vcxl_status vcxl_dc_transfer(const struct vcxl_dc *dc, const struct vcxl_xfer *xfer);
/* Narrows [*begin, *end) around dpa to whole units of the accepted extent there and of those that
 * go on with the same media, and says where on the host *begin is. NULL: no such memory. */
uint8_t *vcxl_dc_host(const struct vcxl_dc *dc, uint64_t dpa, uint64_t unit, uint64_t *begin,
		      uint64_t *end);
/* Makes persistent memory of [dpa, end) durable. */
enum vcxl_status vcxl_dc_flush(const struct vcxl_dc *dc, uint64_t dpa, uint64_t end);
/* Zeroes what is accepted of volatile regions, but what others share. */
enum vcxl_status vcxl_dc_clear_volatile(const struct vcxl_dc *dc);
/* Zeroes what of [dpa, end) has to be before it is released. */
enum vcxl_status vcxl_dc_sanitize(struct vcxl_dc *dc, uint64_t dpa, uint64_t end, bool always);

/* ---- dc_request.c: lists, and what becomes of them ---- */
/* Region that holds [dpa, dpa+len) in whole blocks. */
enum vcxl_dc_error vcxl_dc_locate(const struct vcxl_dc *dc, uint64_t dpa, uint64_t len,
				  uint8_t *region);
/* Appends to the list; VCXL_DC_E_OVERLAP when it meets what is there. n_list < max. */
enum vcxl_dc_error vcxl_dc_list(struct vcxl_dc *dc, const struct vcxl_dc_item *item);
/* Whether an item may be offered, and whether it may be released. */
typedef enum vcxl_dc_error vcxl_dc_check(const struct vcxl_dc *dc, const struct vcxl_dc_item *item);
enum vcxl_dc_error vcxl_dc_check_add(const struct vcxl_dc *dc, const struct vcxl_dc_item *item);
enum vcxl_dc_error vcxl_dc_check_release(const struct vcxl_dc *dc, const struct vcxl_dc_item *item);
/* The accepted extents with the tag become the list; region < 0: of all regions. */
enum vcxl_dc_error vcxl_dc_list_tag(struct vcxl_dc *dc, const uint8_t tag[VCXL_DC_TAG], int region);
/* Offers the list; number: its sequence numbers are the device's to give. */
enum vcxl_dc_error vcxl_dc_offer(struct vcxl_memdev *md, const uint8_t tag[VCXL_DC_TAG],
				 enum vcxl_dc_selection selection, bool number);
/* Any selection but the prescriptive one. */
enum vcxl_dc_error vcxl_dc_allocate(struct vcxl_memdev *md, enum vcxl_dc_selection selection,
				    uint8_t region, uint64_t len, const uint8_t tag[VCXL_DC_TAG]);
/* Releases the list, and logs by that type what it was. */
enum vcxl_dc_error vcxl_dc_take(struct vcxl_memdev *md, bool sanitize, enum vcxl_dc_event type);
/* Asks for the list back, or takes it. */
enum vcxl_dc_error vcxl_dc_recall(struct vcxl_memdev *md, bool forced, bool sanitize);

/* ---- dc_response.c: what the host answers ---- */
enum vcxl_dc_error vcxl_dc_accept(struct vcxl_memdev *md, bool more);
enum vcxl_dc_error vcxl_dc_reject(struct vcxl_memdev *md);
/* Releases the list, which is checked for that first. */
enum vcxl_dc_error vcxl_dc_give_back(struct vcxl_memdev *md);
/* Releases the list. */
enum vcxl_dc_error vcxl_dc_remove(struct vcxl_memdev *md, bool sanitize);

/* ---- dc_event.c ---- */
/* CXL r3.1 8.2.9.9.9.2: an extent in commands and event records */
struct vcxl_dc_extent_wire {
	vcxl_le64 dpa, len;
	uint8_t tag[VCXL_DC_TAG];
	vcxl_le16 sequence;
	uint8_t reserved[6];
};
struct vcxl_dc_extent_wire vcxl_dc_wire(const struct vcxl_dc_extent *extent);
unsigned vcxl_dc_log_room(const struct vcxl_memdev *md);
/* Steps of the trace event dc.extent. */
enum vcxl_dc_step {
	VCXL_DC_OFFERED,
	VCXL_DC_ACCEPTED,
	VCXL_DC_DECLINED,
	VCXL_DC_RELEASED,
};
void vcxl_dc_trace(const struct vcxl_memdev *md, enum vcxl_dc_step step, uint64_t dpa,
		   uint64_t len);
/* Logs an extent; more: others of the same request follow. */
void vcxl_dc_event(struct vcxl_memdev *md, enum vcxl_dc_event type,
		   const struct vcxl_dc_extent *extent, bool more);
/* Power is back and the log empty: offers that were not answered are made again. */
void vcxl_dc_repeat_offers(struct vcxl_memdev *md);

#ifdef __cplusplus
}
#endif
#endif
