/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State of a memory device, shared by the files that implement it; CXL r3.1 8.2.8, 9.13.
 * Everything is reachable from here as plain data, so that a snapshot can be taken of it.
 */
#ifndef VCXL_MEMDEV_STATE_H
#define VCXL_MEMDEV_STATE_H

#include <vcxl/memdev.h>

#include "component.h"
#include "doe.h"
#include "events.h"
#include "mailbox.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Device register block (CXL r3.1 8.2.8): capability array, device status, memory device status,
 * mailbox registers; the payload is a buffer of its own behind them. Positions are ours, software
 * finds them through the capability array.
 */
#define VCXL_DEVICE_STATUS_OFFSET 0x80u
#define VCXL_MEMDEV_STATUS_OFFSET 0x88u
#define VCXL_MAILBOX_OFFSET       0xe0u
#define VCXL_DEVICE_REGS_SIZE     (VCXL_MAILBOX_OFFSET + VCXL_MAILBOX_REGS_SIZE)

/* CXL r3.1 8.2.9.4: the clock that the host sets; it runs in simulated time. */
struct vcxl_timestamp {
	bool set;
	uint64_t value_ns, at_ps;
};

/* CXL r3.1 8.2.9.9.3.4: whether software has unsaved data, and how often power went meanwhile. */
struct vcxl_shutdown {
	bool dirty;
	uint32_t n_dirty;
};

struct vcxl_memdev {
	const char *name;
	struct vcxl_media media[VCXL_N_PARTITIONS];
	struct vcxl_media lsa;
	uint64_t capacity;
	struct vcxl_memdev_ops ops;

	uint64_t now_ps;
	/* what a CXL.mem access meets before decoding: success, decoding disabled or media error */
	enum vcxl_status gate;
	bool media_disabled; /* media status "disabled", while media is being sanitized */
	struct vcxl_timestamp timestamp;
	struct vcxl_shutdown shutdown;
	struct vcxl_events events;

	uint16_t dvsec; /* DVSEC 0 in configuration space */
	struct vcxl_hdm hdm;
	struct vcxl_pci pci;
	struct vcxl_doe doe;
	uint8_t cdat[VCXL_MEMDEV_CDAT_SIZE];
	struct vcxl_component component;
	struct vcxl_block device;
	uint8_t device_storage[4 * VCXL_DEVICE_REGS_SIZE];
	uint32_t device_bar_size;
	struct vcxl_mailbox mailbox;
};

/* ---- memdev.c ---- */
void vcxl_memdev_disable_media(struct vcxl_memdev *md, bool disabled);

/* ---- cmd_generic.c ---- */
/* Time of the device's clock; 0 while it was never set. */
uint64_t vcxl_timestamp_ns(const struct vcxl_timestamp *t, uint64_t now_ps);

/* ---- device_regs.c ---- */
void vcxl_device_regs_init(struct vcxl_memdev *md, uint32_t payload_size);
enum vcxl_status vcxl_device_regs_read(const struct vcxl_memdev *md, uint32_t offset,
				       unsigned width, uint64_t *value);
enum vcxl_status vcxl_device_regs_write(struct vcxl_memdev *md, uint32_t offset, unsigned width,
					uint64_t value);
/* Registers in front of the mailbox; for the table test. */
const struct vcxl_reg *vcxl_device_regs_rows(unsigned *n_rows);

/* ---- media.c ---- */
/* Absent, or backed by host memory or by both callbacks. */
bool vcxl_media_valid(const struct vcxl_media *media);
/* [offset, offset+len) lies inside the media: the caller has checked. */
enum vcxl_status vcxl_media_read(const struct vcxl_media *media, uint64_t offset, void *dst,
				 uint32_t len);
enum vcxl_status vcxl_media_write(const struct vcxl_media *media, uint64_t offset, const void *src,
				  uint32_t len);
enum vcxl_status vcxl_media_flush(const struct vcxl_media *media, uint64_t offset, uint64_t len);

#ifdef __cplusplus
}
#endif
#endif
