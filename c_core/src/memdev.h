/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State of a memory device, shared by the files that implement it; CXL r3.1 8.2.8, 9.13.
 * Everything is reachable from here as plain data, so that a snapshot can be taken of it.
 */
#ifndef VCXL_MEMDEV_STATE_H
#define VCXL_MEMDEV_STATE_H

#include <vcxl/health.h>
#include <vcxl/memdev.h>

#include "component.h"
#include "dc.h"
#include "doe.h"
#include "events.h"
#include "mailbox.h"
#include "poison.h"

/*
 * Device register block (CXL r3.1 8.2.8): capability array, device status, memory device status,
 * mailbox registers; the payload is a buffer of its own behind them. Positions are ours, software
 * finds them through the capability array.
 */
#define VCXL_DEVICE_STATUS_OFFSET 0x80u
#define VCXL_MEMDEV_STATUS_OFFSET 0x88u
#define VCXL_MAILBOX_OFFSET       0xe0u
#define VCXL_DEVICE_REGS_SIZE     (VCXL_MAILBOX_OFFSET + VCXL_MAILBOX_REGS_SIZE)

#define VCXL_PS_PER_MS 1000000000ull
/* How fast the device works through its media: a scan, an overwritten range. */
#define VCXL_MEDIA_BYTES_PER_MS (16 * VCXL_MIB)

/* The 16 bytes of a UUID in RFC 4122 byte order, from its five groups of digits. */
#define VCXL_UUID_BYTE(group, shift) (0x##group##ull >> (shift)) & 0xff
#define VCXL_UUID_PAIR(group, shift) VCXL_UUID_BYTE(group, shift), VCXL_UUID_BYTE(group, shift - 8)
#define VCXL_UUID(a, b, c, d, e)                                                                   \
	{                                                                                          \
		VCXL_UUID_PAIR(a, 24), VCXL_UUID_PAIR(a, 8), VCXL_UUID_PAIR(b, 8),                 \
			VCXL_UUID_PAIR(c, 8), VCXL_UUID_PAIR(d, 8), VCXL_UUID_PAIR(e, 40),         \
			VCXL_UUID_PAIR(e, 24), VCXL_UUID_PAIR(e, 8)                                \
	}

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

/* CXL r3.1 8.2.9.9.8: passphrases of persistent memory. */
enum vcxl_passphrase {
	VCXL_PASSPHRASE_MASTER,
	VCXL_PASSPHRASE_USER,
	VCXL_N_PASSPHRASES
};
struct vcxl_security {
	struct {
		bool set;
		uint8_t text[32];
		unsigned n_wrong; /* in a row, since reset */
	} pass[VCXL_N_PASSPHRASES];
	bool frozen; /* until reset */
};

/* CXL r3.1 8.2.9.9.3.2: thresholds of the host's, and the additional status that came of them. */
struct vcxl_alerts {
	uint8_t enabled, life;
	int16_t over, under;
	uint16_t volatile_errors, persistent_errors;
	uint8_t reported;
};

/* CXL r3.1 8.2.9.3; slots are numbered from 1. */
#define VCXL_N_FW_SLOTS  2
#define VCXL_FW_REVISION 16
struct vcxl_fw_slot {
	bool present;
	char revision[VCXL_FW_REVISION];
};
struct vcxl_fw_transfer {
	bool open;                  /* parts are to follow */
	uint8_t slot;               /* not 0: the part that is being stored is the last one */
	uint64_t size, part_offset; /* of what came, and where its last part began */
	uint32_t crc, part_crc;     /* of it all, and without the last part */
	uint64_t last_ps;           /* when that was stored */
};
struct vcxl_firmware {
	struct vcxl_fw_slot slots[VCXL_N_FW_SLOTS];
	uint8_t active, staged, activating;
	struct vcxl_fw_transfer transfer;
};

/* CXL r3.1 8.2.9.6: values as they are read, and the one that is being written. */
#define VCXL_N_FEATURES   9
#define VCXL_FEATURE_SIZE 20
struct vcxl_feature_transfer {
	bool open;
	uint8_t index, size;
	uint8_t data[VCXL_FEATURE_SIZE];
};
struct vcxl_feature_state {
	uint8_t current[VCXL_N_FEATURES][VCXL_FEATURE_SIZE];
	uint8_t saved[VCXL_N_FEATURES][VCXL_FEATURE_SIZE];
	struct vcxl_feature_transfer transfer;
	uint64_t scrub_ps; /* when a patrol scrub ends that finds something; else UINT64_MAX */
	uint64_t ecs_base; /* corrected errors when the host reset the count */
	bool ecs_reported;
};

/* CXL r3.1 8.2.9.7: what repairs and sparing can still use up. */
enum vcxl_repair {
	VCXL_REPAIR_SOFT,
	VCXL_REPAIR_HARD,
	VCXL_SPARE_LINE,
	VCXL_SPARE_ROW,
	VCXL_SPARE_BANK,
	VCXL_SPARE_RANK,
	VCXL_N_REPAIRS
};
struct vcxl_repair_state {
	uint8_t left[VCXL_N_REPAIRS];
	uint8_t soft[VCXL_N_REPAIRS]; /* used until power is lost */
};

/* What was lent as media, in DPA order. */
enum vcxl_bank_index {
	VCXL_BANK_VOLATILE,
	VCXL_BANK_PARTITIONABLE,
	VCXL_BANK_PERSISTENT,
	VCXL_N_BANKS
};
struct vcxl_bank {
	struct vcxl_media media;
	uint64_t base; /* device address */
};

/* Where the device keeps what survives the loss of power; media.size 0: nowhere. */
struct vcxl_state {
	struct vcxl_media media;
	uint32_t image_size;
	uint8_t *image, *last; /* being made, and as it was written last */
	uint32_t last_length;
	uint64_t number; /* of the last one */
};

/* CXL r3.1 8.2.9.9.6.1, .2: what the host chose, percentages and interval, as it reads it. */
struct vcxl_qos {
	uint8_t control, moderate, severe, interval;
};

/* The vendor debug log: a ring of the latest commands, as the host reads them. */
#define VCXL_DEBUG_ENTRIES 64u
struct vcxl_debug_entry {
	vcxl_le64 ns;
	vcxl_le16 opcode, rc;
	vcxl_le32 in_len;
};
struct vcxl_debug_log {
	struct vcxl_debug_entry entries[VCXL_DEBUG_ENTRIES];
	unsigned first, count;
};

/* CXL r3.1 8.2.9.5.2.3: the component state dump, header and registers. */
struct vcxl_dump {
	uint8_t bytes[0x40 + VCXL_CACHEMEM_SIZE];
	uint32_t size; /* 0: not populated */
	uint8_t populating;
};

#define VCXL_NO_CHANGE UINT64_MAX /* of the partitions */

struct vcxl_memdev {
	const char *name;
	struct vcxl_bank banks[VCXL_N_BANKS];
	struct vcxl_media lsa;
	struct vcxl_state state;
	uint64_t capacity;
	uint64_t next_volatile; /* size of the volatile partition from the next power cycle on */
	struct vcxl_memdev_ops ops;

	uint64_t now_ps;
	/* what a CXL.mem access meets before decoding: success, decoding disabled or media error */
	enum vcxl_status gate;
	bool media_disabled; /* media status "disabled", while media is being sanitized */
	bool guarded;        /* poison or a lock: accesses look closer */
	bool locked;         /* persistent memory, until its passphrase is given */
	struct vcxl_poison poison;
	struct vcxl_timestamp timestamp;
	struct vcxl_shutdown shutdown;
	struct vcxl_security security;
	struct vcxl_health health;
	struct vcxl_alerts alerts;
	struct vcxl_firmware firmware;
	struct vcxl_feature_state features;
	struct vcxl_repair_state repairs;
	struct vcxl_events events;
	struct vcxl_dc dc;
	struct vcxl_cci fm; /* commands of the fabric manager, and its log */
	struct vcxl_events fm_events;
	struct vcxl_qos qos;
	struct vcxl_debug_log debug_log;
	struct vcxl_dump dump;

	uint16_t dvsec; /* DVSEC 0 in configuration space */
	struct vcxl_hdm hdm;
	struct vcxl_pci pci;
	struct vcxl_doe doe;
	uint8_t cdat[VCXL_MEMDEV_CDAT_SIZE];
	struct vcxl_cdat_timing cdat_timing;
	struct vcxl_component component;
	struct vcxl_block device;
	uint8_t device_storage[4 * VCXL_DEVICE_REGS_SIZE];
	uint32_t device_bar_size;
	struct vcxl_mailbox mailbox;
};

/* ---- memdev.c ---- */
void vcxl_memdev_disable_media(struct vcxl_memdev *md, bool disabled);
/* Mem_Enable or the media state may have changed. */
void vcxl_memdev_update_gate(struct vcxl_memdev *md);

/* ---- reset.c ---- */
/* vcxl_memdev_reset() without the trace event. */
void vcxl_memdev_apply_reset(struct vcxl_memdev *md, enum vcxl_reset kind);

/* ---- access.c ---- */
/* Poison or lock changed: sets md->guarded. */
void vcxl_memdev_update_guard(struct vcxl_memdev *md);
/* Withdraws DMI of every host address that leads into [dpa, end). */
void vcxl_memdev_invalidate_dpa(const struct vcxl_memdev *md, uint64_t dpa, uint64_t end);
/* Heals [dpa, end); VCXL_E_NOMEM as vcxl_poison_remove(). */
enum vcxl_status vcxl_memdev_heal(struct vcxl_memdev *md, uint64_t dpa, uint64_t end);
bool vcxl_memdev_is_persistent(const struct vcxl_memdev *md, uint64_t dpa);
/* Writes [dpa, dpa+len), which lies in one bank, and makes it durable. */
enum vcxl_status vcxl_memdev_write(struct vcxl_memdev *md, uint64_t dpa, const void *src,
				   uint32_t len);

/* ---- partition.c ---- */
uint64_t vcxl_volatile_only(const struct vcxl_memdev *md);
uint64_t vcxl_partitionable(const struct vcxl_memdev *md);
/* Whether the volatile partition can be that large. */
bool vcxl_partition_possible(const struct vcxl_memdev *md, uint64_t volatile_size);
/* Divides the capacity and says so wherever software looks. */
void vcxl_partition_set(struct vcxl_memdev *md, uint64_t volatile_size);
/* The same when there may be data: what becomes volatile is erased. No decoder is committed. */
enum vcxl_status vcxl_partition_change(struct vcxl_memdev *md, uint64_t volatile_size);
/* A power cycle: the change that waits for it. */
void vcxl_partition_reset(struct vcxl_memdev *md);

/* ---- state.c ---- */
/* buffers: vcxl_memdev_state_size() bytes for the life of the device. */
void vcxl_state_init(struct vcxl_memdev *md, const struct vcxl_media *media, uint8_t *buffers,
		     unsigned poison_list_max);
/* Before the cold reset of a new device: the state as it was when power was lost. */
enum vcxl_status vcxl_state_load(struct vcxl_memdev *md);
/* Something that survives may have changed: it is durable afterwards. */
enum vcxl_status vcxl_state_save(struct vcxl_memdev *md);
/* Of IEEE 802.3, reflected; `crc` is that of what came before, 0 at first. */
uint32_t vcxl_crc32(uint32_t crc, const void *data, size_t len);

/* ---- cmd_health.c ---- */
void vcxl_health_init(struct vcxl_memdev *md);

/* ---- cmd_firmware.c ---- */
void vcxl_firmware_init(struct vcxl_memdev *md);
/* A conventional reset: what was staged becomes active. */
void vcxl_firmware_reset(struct vcxl_memdev *md);
/* Of the active slot: VCXL_FW_REVISION bytes, not always terminated. */
const char *vcxl_firmware_revision(const struct vcxl_memdev *md);

/* ---- cmd_features.c ---- */
void vcxl_features_init(struct vcxl_memdev *md);
/* Whether software could have set all features to what is saved. */
bool vcxl_features_possible(const struct vcxl_memdev *md);
/* Values as they were saved. */
void vcxl_features_restore(struct vcxl_memdev *md);
/* The poison list changed, or the scrub's own settings. */
void vcxl_scrub_schedule(struct vcxl_memdev *md);
void vcxl_scrub_tick(struct vcxl_memdev *md, uint64_t now_ps);
/* The number of corrected errors or the threshold changed. */
void vcxl_ecs_check(struct vcxl_memdev *md);
/* When a background operation ends that starts now; duration_ps: what is documented. */
uint64_t vcxl_background_end(const struct vcxl_memdev *md, uint64_t duration_ps);

/* ---- cmd_maintenance.c ---- */
void vcxl_repairs_init(struct vcxl_memdev *md);
/* Power was lost: what was repaired softly is as before. */
void vcxl_repairs_renew(struct vcxl_memdev *md);

/* ---- cmd_poison.c ---- */
/* Lists what of [dpa, end) the list had forgotten, as far as there is room; the host is told unless
 * quiet. */
void vcxl_poison_rediscover(struct vcxl_memdev *md, uint64_t dpa, uint64_t end, bool quiet,
			    enum vcxl_media_transaction by);

/* ---- cmd_sanitize.c ---- */
/* Writes value to [dpa, dpa+len), makes it durable where it may be persistent and withdraws its
 * DMI. */
enum vcxl_status vcxl_memdev_fill(struct vcxl_memdev *md, uint64_t dpa, uint64_t len,
				  uint8_t value);
/* Overwrites all user data of the partition and withdraws its DMI; poison is left as it is. */
enum vcxl_status vcxl_memdev_erase(struct vcxl_memdev *md, enum vcxl_partition partition);

/* ---- cmd_security.c ---- */
/* CXL r3.1 8.2.9.9.8: what a conventional reset does. */
void vcxl_security_reset(struct vcxl_memdev *md);
/* Sanitize and Secure Erase ask: no user passphrase, not locked. */
bool vcxl_security_allows_erase(const struct vcxl_memdev *md);

/* ---- cmd_qos.c ---- */
void vcxl_qos_reset(struct vcxl_memdev *md);

/* ---- cmd_logs.c ---- */
/* A command has ended. */
void vcxl_debug_log_add(struct vcxl_memdev *md, const struct vcxl_msg *msg, uint16_t rc);
/* Power was lost. */
void vcxl_logs_reset_cold(struct vcxl_memdev *md);

/* ---- cmd_timestamp.c ---- */
/* Time of the device's clock; 0 while it was never set. */
uint64_t vcxl_timestamp_ns(const struct vcxl_memdev *md);

/* ---- device_regs.c ---- */
void vcxl_device_regs_init(struct vcxl_memdev *md, uint32_t payload_size);
/* A read leaves *value as it is where there is neither register nor payload. */
enum vcxl_status vcxl_device_regs_access(struct vcxl_memdev *md, bool write, uint32_t offset,
					 unsigned width, uint64_t *value);
/* Registers in front of the mailbox; owner: the memdev. */
extern const struct vcxl_reg_table vcxl_device_table;

/* ---- media.c ---- */
/* Absent, or backed by host memory or by both callbacks. */
bool vcxl_media_valid(const struct vcxl_media *media);
/* [offset, offset+len) lies inside the media: the caller has checked. */
enum vcxl_status vcxl_media_read(const struct vcxl_media *media, uint64_t offset, void *dst,
				 uint32_t len);
enum vcxl_status vcxl_media_write(const struct vcxl_media *media, uint64_t offset, const void *src,
				  uint32_t len);
/* Sets len bytes to value. */
enum vcxl_status vcxl_media_fill(const struct vcxl_media *media, uint64_t offset, uint64_t len,
				 uint8_t value);
enum vcxl_status vcxl_media_flush(const struct vcxl_media *media, uint64_t offset, uint64_t len);

#endif
