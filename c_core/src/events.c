/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event logs: filling, overflow, interrupts. CXL r3.1 8.2.9.2, 8.2.8.3.1. The commands that read
 * and clear them are in cmd_events.c. Left out: VDM notification of system firmware.
 */
#include "events.h"

#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>

#include "memdev.h"

static_assert(sizeof(struct vcxl_event_wire) == 0x80, "CXL r3.1 8.2.9.2.1");

#define SEVERITY VCXL_MASK(1, 0) /* of the flags */

static unsigned log_depth(const struct vcxl_events *events, unsigned log)
{
	return log == VCXL_EVENT_DYNAMIC_CAPACITY ? events->dc_depth : events->depth;
}

size_t vcxl_events_storage(unsigned depth, unsigned dc_depth)
{
	return (VCXL_EVENT_DYNAMIC_CAPACITY * (size_t)depth + dc_depth) *
	       sizeof(struct vcxl_event_wire);
}

void vcxl_events_init(struct vcxl_events *events, void *storage, unsigned depth, unsigned dc_depth)
{
	struct vcxl_event_wire *records = storage;

	events->depth = depth;
	events->dc_depth = dc_depth;
	events->n_logs = dc_depth ? VCXL_N_EVENT_LOGS : VCXL_EVENT_DYNAMIC_CAPACITY;
	for (unsigned i = 0; i < VCXL_N_EVENT_LOGS; i++)
		events->logs[i].records = records + i * depth;
}

void vcxl_events_reset_cold(struct vcxl_events *events)
{
	for (unsigned i = 0; i < VCXL_N_EVENT_LOGS; i++)
		events->logs[i] = (struct vcxl_event_ring){ .records = events->logs[i].records };
}

const struct vcxl_event_wire *vcxl_event_at(const struct vcxl_events *events, unsigned log,
					    unsigned i)
{
	const struct vcxl_event_ring *ring = &events->logs[log];

	assert(i < ring->count);
	return &ring->records[(ring->first + i) % log_depth(events, log)];
}

void vcxl_event_drop(struct vcxl_events *events, unsigned log, unsigned n)
{
	struct vcxl_event_ring *ring = &events->logs[log];

	assert(n <= ring->count);
	ring->first = (ring->first + n) % log_depth(events, log);
	ring->count -= n;
	if (ring->count)
		return;
	ring->overflowed = false;
	ring->overflow_count = 0;
	ring->overflow_first_ns = 0;
	ring->overflow_last_ns = 0;
}

unsigned vcxl_event_room(const struct vcxl_events *events, unsigned log)
{
	return log_depth(events, log) - events->logs[log].count;
}

unsigned vcxl_event_vector(unsigned log)
{
	return VCXL_EVENT_VECTOR_FIRST + (log == VCXL_EVENT_DYNAMIC_CAPACITY ? 0 : log);
}

uint32_t vcxl_event_status(const struct vcxl_events *events)
{
	uint32_t status = 0;

	for (unsigned i = 0; i < events->n_logs; i++)
		status |= events->logs[i].count ? 1u << i : 0;
	return status;
}

/* A handle is never 0, and no two records of a log have the same one. */
static uint16_t next_handle(struct vcxl_event_ring *ring)
{
	ring->last_handle = (uint16_t)(ring->last_handle == UINT16_MAX ? 1 : ring->last_handle + 1);
	return ring->last_handle;
}

static void overflow(struct vcxl_event_ring *ring, uint64_t now_ns)
{
	if (!ring->overflowed)
		ring->overflow_first_ns = now_ns;
	ring->overflowed = true;
	ring->overflow_last_ns = now_ns;
	if (ring->overflow_count < UINT16_MAX)
		ring->overflow_count++;
}

/* Whether there was room for it. */
static bool append(struct vcxl_events *events, unsigned log, uint64_t now_ns,
		   const struct vcxl_event_record *record)
{
	struct vcxl_event_ring *ring = &events->logs[log];
	/* dynamic capacity events are informational */
	const unsigned severity = log == VCXL_EVENT_DYNAMIC_CAPACITY ? VCXL_EVENT_INFO : log;
	struct vcxl_event_wire *wire;

	if (!vcxl_event_room(events, log)) {
		overflow(ring, now_ns);
		return false;
	}
	wire = &ring->records[(ring->first + ring->count) % log_depth(events, log)];
	*wire = (struct vcxl_event_wire){
		.length = sizeof(*wire),
		.flags = vcxl_le24_of((record->flags & ~(uint32_t)SEVERITY) | severity),
		.handle = vcxl_le16_of(next_handle(ring)),
		.related_handle = vcxl_le16_of(record->related_handle),
		.timestamp = vcxl_le64_of(now_ns),
		.maintenance_class = record->maintenance_class,
		.maintenance_subclass = record->maintenance_subclass,
		.ld_id = vcxl_le16_of(record->ld_id),
		.head_id = record->head_id,
	};
	memcpy(wire->uuid, record->uuid, sizeof(wire->uuid));
	memcpy(wire->data, record->data, sizeof(wire->data));
	ring->count++;
	return true;
}

void vcxl_event_tell_manager(struct vcxl_memdev *md, const struct vcxl_event_record *record)
{
	(void)append(&md->fm_events, VCXL_EVENT_DYNAMIC_CAPACITY, vcxl_timestamp_ns(md), record);
}

enum vcxl_status vcxl_event_inject(struct vcxl_memdev *md, enum vcxl_event_log log,
				   const struct vcxl_event_record *record)
{
	const struct vcxl_event_ring *ring;
	bool stored;

	if ((unsigned)log >= md->events.n_logs)
		return VCXL_E_CONFIG;
	ring = &md->events.logs[log];
	stored = append(&md->events, log, vcxl_timestamp_ns(md), record);
	vcxl_trace_emit(md->ops.trace, VCXL_TRACE_EVENT, md->name, (uint64_t)log,
			stored ? ring->last_handle : 0);
	if (stored && ring->count == 1 && ring->interrupt_mode)
		vcxl_pci_raise(&md->pci, vcxl_event_vector(log));
	return VCXL_OK;
}

bool vcxl_event_get_log(const struct vcxl_memdev *md, enum vcxl_event_log log,
			struct vcxl_event_log_state *out)
{
	const struct vcxl_event_ring *ring;

	if ((unsigned)log >= md->events.n_logs)
		return false;
	ring = &md->events.logs[log];
	*out = (struct vcxl_event_log_state){ .n_records = ring->count,
					      .overflow_count = ring->overflow_count };
	return true;
}

const uint8_t *vcxl_event_bytes(const struct vcxl_memdev *md, enum vcxl_event_log log, unsigned i)
{
	return (const uint8_t *)vcxl_event_at(&md->events, log, i);
}

/* CXL r3.1 8.2.9.2.1.1; what the device does not know stays 0 and is not marked valid. */
struct general_media {
	vcxl_le64 dpa;
	uint8_t descriptor, type, transaction;
	vcxl_le16 validity;
	uint8_t unknown[0x43];
};
static_assert(sizeof(struct general_media) == 0x50, "CXL r3.1 8.2.9.2.1.1");

void vcxl_event_media(struct vcxl_memdev *md, enum vcxl_event_log log, uint64_t dpa,
		      uint8_t descriptor, enum vcxl_media_transaction transaction)
{
	struct vcxl_event_record record = {
		.uuid = VCXL_UUID(fbcd0a77, c260, 417f, 85a9, 088b1621eba6),
	};
	const uint64_t is_volatile = dpa < md->hdm.partitions[VCXL_PARTITION_PERSISTENT].base;
	const struct general_media data = {
		.dpa = vcxl_le64_of((dpa & ~VCXL_MASK(5, 0)) | is_volatile),
		.descriptor = descriptor,
		.transaction = (uint8_t)transaction,
	};

	memcpy(record.data, &data, sizeof(data));
	(void)vcxl_event_inject(md, log, &record);
}
