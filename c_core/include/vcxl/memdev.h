/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CXL Type-3 memory device: PCI function, component and device registers, primary mailbox, HDM
 * decoders, partitions on media. CXL r3.1 8.1, 8.2, 9.13.
 *
 * The device owns no clock: whoever owns it says what time it is. It owns no memory beyond its own
 * state: media and label storage are lent to it. Not thread-safe; two devices share nothing.
 */
#ifndef VCXL_MEMDEV_H
#define VCXL_MEMDEV_H

#include <stdbool.h>
#include <stdint.h>

#include <vcxl/dc.h>
#include <vcxl/event.h>
#include <vcxl/hdm.h>
#include <vcxl/mbox.h>
#include <vcxl/pci.h>
#include <vcxl/poison.h>
#include <vcxl/port.h>
#include <vcxl/regs.h>
#include <vcxl/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_MEMDEV_N_VECTORS 8

/*
 * A range of bytes lent to the device for its life: the media of a partition, or the label storage
 * area. Either `direct` points to size bytes of host memory, which also allows DMI, or read and
 * write are given. flush makes [offset, offset+len) durable; NULL when there is nothing to do. zero
 * clears whole pages without touching each; NULL, or when it fails: they are written.
 */
struct vcxl_media {
	uint64_t size; /* 0: absent */
	uint8_t *direct;
	void *ctx;
	enum vcxl_status (*read)(void *ctx, uint64_t offset, void *dst, uint32_t len);
	enum vcxl_status (*write)(void *ctx, uint64_t offset, const void *src, uint32_t len);
	enum vcxl_status (*flush)(void *ctx, uint64_t offset, uint64_t len);
	enum vcxl_status (*zero)(void *ctx, uint64_t offset, uint64_t len);
};

/* Partitions in DPA order; each begins where the one before ends, both may be empty. */
enum vcxl_partition {
	VCXL_PARTITION_VOLATILE,
	VCXL_PARTITION_PERSISTENT,
	VCXL_N_PARTITIONS, /* with media of their own */
	VCXL_PARTITION_DYNAMIC = VCXL_N_PARTITIONS
};

struct vcxl_memdev_config {
	const char *name; /* for traces; copied */
	/* Sizes are multiples of 256 MiB: what is always volatile, what is always persistent, and
	 * what lies between them and is either, persistent at first (Set Partition Info). */
	struct vcxl_media media[VCXL_N_PARTITIONS];
	struct vcxl_media partitionable;
	struct vcxl_media lsa; /* label storage area */
	/* at least vcxl_memdev_state_size(), zeroes at first: what the device keeps without power,
	 * beyond media and labels; absent: it forgets */
	struct vcxl_media state;
	uint64_t serial;      /* Device Serial Number capability */
	uint8_t n_decoders;   /* 0: 4; see vcxl_hdm_count_valid() */
	uint8_t hpa_bits;     /* 0: 52 */
	uint8_t mailbox_log2; /* payload size, 8..20; 0: 11 (2 KiB) */
	struct vcxl_link_config link;
	struct vcxl_link_config peer_link; /* of the port above; zero: it limits nothing */
	uint16_t event_log_depth;          /* records in each event log, up to 1024; 0: 8 */
	uint16_t poison_list_max;          /* records in the poison list; 0: 256 */
	/* what CDAT says of the media; latencies in picoseconds, bandwidths in MB/s */
	uint32_t read_latency_ps;  /* 0: 150 ns */
	uint32_t write_latency_ps; /* 0: 250 ns */
	uint32_t read_bandwidth;   /* 0: 16000 */
	uint32_t write_bandwidth;  /* 0: 16000 */
	struct vcxl_dc_config dc;  /* dynamic capacity; a device may have nothing else */
};

/* What the device does not own; copied at create, what it points to is borrowed. */
struct vcxl_memdev_ops {
	void *ctx;
	/* host addresses [hpa, hpa+size) mean something else from now on: withdraw DMI */
	void (*dmi_invalidate)(void *ctx, uint64_t hpa, uint64_t size);
	/* vcxl_memdev_deadline_ps() changed */
	void (*deadline_changed)(void *ctx);
	struct vcxl_irq_ops irq;
	const struct vcxl_trace *trace; /* may be NULL */
};

struct vcxl_memdev;

/* Bytes that the state of a device with such a poison list (0: the default) needs. */
uint64_t vcxl_memdev_state_size(unsigned poison_list_max);
/* One allocation (the mailbox payload included), freed by destroy. VCXL_E_CONFIG when the
 * configuration cannot be: no media at all, a size that is no multiple of 256 MiB, ...
 * VCXL_E_STATE: the lent state cannot be this device's. ops may be NULL. Resets the device cold. */
enum vcxl_status vcxl_memdev_create(const struct vcxl_memdev_config *config,
				    const struct vcxl_memdev_ops *ops, struct vcxl_memdev **out);
/* What create would say, but nothing is written, and of the media only the state is read. */
enum vcxl_status vcxl_memdev_check_state(const struct vcxl_memdev_config *config);
void vcxl_memdev_destroy(struct vcxl_memdev *md);
void vcxl_memdev_reset(struct vcxl_memdev *md, enum vcxl_reset kind);

/* Simulated time, picoseconds, monotonic. Call before any access that happens at now_ps; work
 * whose time has come (background commands) is finished inside. */
void vcxl_memdev_tick(struct vcxl_memdev *md, uint64_t now_ps);
/* When tick has to be called at the latest; UINT64_MAX: nothing pending. */
uint64_t vcxl_memdev_deadline_ps(const struct vcxl_memdev *md);

struct vcxl_pci *vcxl_memdev_pci(struct vcxl_memdev *md);
const struct vcxl_hdm *vcxl_memdev_hdm(const struct vcxl_memdev *md);
uint64_t vcxl_memdev_capacity(const struct vcxl_memdev *md);

/* The register block behind a space, for dumps and documentation; NULL for MSIX. COMPONENT shows
 * the CXL.cache/mem block, which begins at 0x1000 of the space. */
const struct vcxl_block *vcxl_memdev_block(const struct vcxl_memdev *md, enum vcxl_space space);

/* Guest register access: CONFIG 1, 2 or 4 bytes; COMPONENT 4 or 8; DEVICE 1..8 (power of two, any
 * alignment in the mailbox payload); MSIX 4 or 8. Else VCXL_E_ACCESS. */
enum vcxl_status vcxl_memdev_reg_read(struct vcxl_memdev *md, enum vcxl_space space,
				      uint32_t offset, unsigned width, uint64_t *value);
enum vcxl_status vcxl_memdev_reg_write(struct vcxl_memdev *md, enum vcxl_space space,
				       uint32_t offset, unsigned width, uint64_t value);

/*
 * CXL.mem. A transfer lies inside one interleave granule; longer ones are the caller's to split
 * (vcxl_memdev_span says how long one may be). On failure nothing was read or written.
 */
struct vcxl_xfer {
	void *data;
	uint32_t len;
	bool write;
	bool debug;   /* sees bytes as they are: poison neither fails it nor is healed or logged */
	uint64_t dpa; /* out: where it went */
	enum vcxl_partition partition; /* out */
	bool direct;                   /* out: to host memory, of which DMI may be asked for */
};
enum vcxl_status vcxl_memdev_access(struct vcxl_memdev *md, uint64_t hpa, struct vcxl_xfer *xfer);
/* Longest transfer that may begin at hpa; 0 where no access is possible. */
uint64_t vcxl_memdev_span(const struct vcxl_memdev *md, uint64_t hpa);
/* Device address of a host address: VCXL_E_DISABLED, VCXL_E_UNROUTED or VCXL_E_CAPACITY. */
enum vcxl_status vcxl_memdev_hpa_to_dpa(const struct vcxl_memdev *md, uint64_t hpa, uint64_t *dpa);

/* Host memory behind hpa: the largest contiguous range of it around hpa that this device backs
 * (a granule when interleaved). false: no direct memory here, use vcxl_memdev_access(). */
struct vcxl_dmi {
	uint64_t hpa, size;
	uint8_t *host; /* of hpa */
};
bool vcxl_memdev_dmi(const struct vcxl_memdev *md, uint64_t hpa, struct vcxl_dmi *out);

/* The largest range around hpa, of one decoder, without poison in any page; false when hpa itself
 * is poisoned in its page. An interleaved range is whole stripes. */
bool vcxl_memdev_clean_range(const struct vcxl_memdev *md, uint64_t hpa, uint64_t *base,
			     uint64_t *size);

/*
 * Global persistent flush, CXL r3.1 9.8: power is about to fail, and phase 2 may take so long. What
 * is persistent is made durable and the shutdown is clean; false: not in that time, or media
 * failed, and a shutdown that software called dirty stays so.
 */
bool vcxl_memdev_gpf(struct vcxl_memdev *md, uint64_t phase2_ps);

/* Runs a command as the primary mailbox would, for tests and out-of-band callers. out holds at
 * least the mailbox payload size; *out_len is 0 on error. */
enum cxl_rc vcxl_memdev_command(struct vcxl_memdev *md, uint16_t opcode, const void *in,
				uint32_t in_len, void *out, uint32_t *out_len);

#ifdef __cplusplus
}
#endif
#endif
