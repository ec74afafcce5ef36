/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of a memory device: what is injected into a log. CXL r3.1 8.2.9.2. Building the records of
 * the specification (general media, DRAM, ...) is the caller's: 80 bytes of data and a UUID.
 */
#ifndef VCXL_EVENT_H
#define VCXL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include <vcxl/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* CXL r3.1 8.2.9.2.2: the numbers that commands use. */
enum vcxl_event_log {
	VCXL_EVENT_INFO,
	VCXL_EVENT_WARNING,
	VCXL_EVENT_FAILURE,
	VCXL_EVENT_FATAL,
	VCXL_EVENT_DYNAMIC_CAPACITY, /* only devices with dynamic capacity have this log */
	VCXL_N_EVENT_LOGS
};

/* CXL r3.1 8.2.9.2.1 without what the device fills in: length, severity, handle, timestamp. */
struct vcxl_event_record {
	uint8_t uuid[16]; /* RFC 4122 byte order */
	uint32_t flags;   /* Event Record Flags 23:2; 1:0 are the severity of the log */
	uint16_t related_handle;
	uint8_t maintenance_class, maintenance_subclass;
	uint16_t ld_id;
	uint8_t head_id;
	uint8_t data[0x50];
};

struct vcxl_memdev;

/*
 * Appends a record; a full log drops it and remembers that (CXL r3.1 8.2.9.2.2). The interrupt that
 * the host has asked for is raised when the log was empty. VCXL_E_CONFIG: no such log.
 */
enum vcxl_status vcxl_event_inject(struct vcxl_memdev *md, enum vcxl_event_log log,
				   const struct vcxl_event_record *record);

struct vcxl_event_log_state {
	unsigned n_records;
	uint16_t overflow_count; /* records dropped since the log was empty */
};
/* false: the device has no such log. */
bool vcxl_event_get_log(const struct vcxl_memdev *md, enum vcxl_event_log log,
			struct vcxl_event_log_state *out);
/* Record i of a log, oldest first, in the 128 bytes that the host reads; i < n_records. */
const uint8_t *vcxl_event_bytes(const struct vcxl_memdev *md, enum vcxl_event_log log, unsigned i);

#ifdef __cplusplus
}
#endif
#endif
