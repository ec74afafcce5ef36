/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event logs of a memory device. CXL r3.1 8.2.9.2. A device without dynamic capacity has the first
 * four logs; the fifth is there for one that has it. Plain data, as everything in the device.
 */
#ifndef VCXL_EVENTS_H
#define VCXL_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vcxl/event.h>
#include <vcxl/le.h>
#include <vcxl/mbox.h>

#define VCXL_EVENT_DEFAULT_DEPTH 8u
#define VCXL_EVENT_MAX_DEPTH     1024u
#define VCXL_EVENT_VECTOR_FIRST  2 /* information; warning, failure and fatal follow */

/* CXL r3.1 8.2.9.2.1: Common Event Record Format, as the host reads it. */
struct vcxl_event_wire {
	uint8_t uuid[16];
	uint8_t length;
	vcxl_le24 flags;
	vcxl_le16 handle, related_handle;
	vcxl_le64 timestamp;
	uint8_t maintenance_class, maintenance_subclass;
	vcxl_le16 ld_id;
	uint8_t head_id;
	uint8_t reserved[11];
	uint8_t data[0x50];
};

/* A ring of depth records, and what is known of those that did not fit. */
struct vcxl_event_ring {
	struct vcxl_event_wire *records;
	unsigned first, count;
	uint16_t last_handle;
	uint8_t interrupt_mode; /* CXL r3.1 8.2.9.2.4: 0 none, 1 MSI/MSI-X */
	bool overflowed;
	uint16_t overflow_count;
	uint64_t overflow_first_ns, overflow_last_ns;
};

struct vcxl_events {
	struct vcxl_event_ring logs[VCXL_N_EVENT_LOGS];
	unsigned n_logs, depth, dc_depth; /* the dynamic capacity log has its own depth */
};

/* storage: vcxl_events_storage() bytes for the life of the device, alignment 1. dc_depth 0: no
 * dynamic capacity log. */
size_t vcxl_events_storage(unsigned depth, unsigned dc_depth);
void vcxl_events_init(struct vcxl_events *events, void *storage, unsigned depth, unsigned dc_depth);
/* Records that the log still has room for. */
unsigned vcxl_event_room(const struct vcxl_events *events, unsigned log);
/* Power is lost: empty logs, no interrupts. Other resets keep both (CXL r3.1 9.7). */
void vcxl_events_reset_cold(struct vcxl_events *events);
/* Record i of the log, oldest first; i < count. */
const struct vcxl_event_wire *vcxl_event_at(const struct vcxl_events *events, unsigned log,
					    unsigned i);
/* Removes the n oldest; an empty log has forgotten its overflow. */
void vcxl_event_drop(struct vcxl_events *events, unsigned log, unsigned n);
/* Appends to the dynamic capacity log of the fabric manager, which reads it when it likes. */
void vcxl_event_tell_manager(struct vcxl_memdev *md, const struct vcxl_event_record *record);
/* MSI-X vector of the log; dynamic capacity shares that of information. */
unsigned vcxl_event_vector(unsigned log);
/* CXL r3.1 8.2.9.2.1.1: Memory Event Descriptor and Transaction Type of a general media event. */
#define VCXL_MEDIA_UNCORRECTABLE 0x1
#define VCXL_MEDIA_THRESHOLD     0x2
#define VCXL_MEDIA_LIST_OVERFLOW 0x4
enum vcxl_media_transaction {
	VCXL_MEDIA_BY_UNKNOWN,
	VCXL_MEDIA_BY_HOST_READ,
	VCXL_MEDIA_BY_HOST_WRITE,
	VCXL_MEDIA_BY_SCAN,
	VCXL_MEDIA_BY_INJECTION,
	VCXL_MEDIA_BY_SCRUB,
	VCXL_MEDIA_BY_ECS = 7,
};
/* Logs a general media event of the device's own. */
void vcxl_event_media(struct vcxl_memdev *md, enum vcxl_event_log log, uint64_t dpa,
		      uint8_t descriptor, enum vcxl_media_transaction transaction);
struct vcxl_msg;
/* ---- cmd_events.c: CXL r3.1 8.2.9.2.2, .3 on the logs of whoever asks ---- */
enum cxl_rc vcxl_events_get(const struct vcxl_events *events, struct vcxl_msg *msg);
enum cxl_rc vcxl_events_clear(struct vcxl_events *events, const struct vcxl_msg *msg);
/* CXL r3.1 8.2.8.3.1: bit per log that is not empty. */
uint32_t vcxl_event_status(const struct vcxl_events *events);

#endif
