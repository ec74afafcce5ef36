/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coherent device attribute tables: of a memory device (DSMAS, DSLBIS, DSEMTS of each partition)
 * and of a switch (SSLBIS). CDAT 1.04. Left out: memory-side caches (DSMSCIS), initiators (DSIS).
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>

#include "dc.h"
#include "doe.h"

#define REVISION      2
#define NON_VOLATILE  VCXL_BIT(2) /* DSMAS flags */
#define SHAREABLE     VCXL_BIT(3)
#define DYNAMIC       VCXL_BIT(5)
#define UPSTREAM_PORT 0x100
#define ANY_PORT      0xffff
#define UNKNOWN       0xffff /* an entry that says nothing */

enum {
	DSMAS = 0,
	DSLBIS = 1,
	DSEMTS = 4,
	SSLBIS = 5
};
enum data_type {
	ACCESS_LATENCY,
	READ_LATENCY,
	WRITE_LATENCY,
	ACCESS_BANDWIDTH,
	READ_BANDWIDTH,
	WRITE_BANDWIDTH
};

struct header {
	vcxl_le32 length;
	uint8_t revision, checksum;
	uint8_t reserved[6];
	vcxl_le32 sequence;
};
static_assert(sizeof(struct header) == 0x10, "CDAT 1.04 2.1");

struct dsmas {
	uint8_t type, reserved;
	vcxl_le16 length;
	uint8_t handle, flags;
	uint8_t reserved2[2];
	vcxl_le64 dpa_base, dpa_length;
};
static_assert(sizeof(struct dsmas) == 0x18, "CDAT 1.04 2.2");

struct dslbis {
	uint8_t type, reserved;
	vcxl_le16 length;
	uint8_t handle, flags, data_type, reserved2;
	vcxl_le64 base_unit;
	vcxl_le16 entry[3];
	uint8_t reserved3[2];
};
static_assert(sizeof(struct dslbis) == 0x18, "CDAT 1.04 2.3");

struct dsemts {
	uint8_t type, reserved;
	vcxl_le16 length;
	uint8_t handle, efi_type;
	uint8_t reserved2[2];
	vcxl_le64 dpa_offset, dpa_length;
};
static_assert(sizeof(struct dsemts) == 0x18, "CDAT 1.04 2.6");

struct sslbis {
	uint8_t type, reserved;
	vcxl_le16 length;
	uint8_t data_type;
	uint8_t reserved2[3];
	vcxl_le64 base_unit;
};
static_assert(sizeof(struct sslbis) == 0x10, "CDAT 1.04 2.7");

struct sslbis_entry {
	vcxl_le16 port_x, port_y, value;
	uint8_t reserved[2];
};
static_assert(sizeof(struct sslbis_entry) == 8, "CDAT 1.04 2.7");

struct writer {
	uint8_t *table;
	uint32_t size;
};

static void put(struct writer *w, const void *structure, size_t size)
{
	memcpy(w->table + w->size, structure, size);
	w->size += (uint32_t)size;
}

static void begin(struct writer *w, uint8_t *table)
{
	const struct header header = { .revision = REVISION };

	*w = (struct writer){ .table = table };
	put(w, &header, sizeof(header));
}

/* The bytes of the whole table add up to 0. */
static uint32_t finish(struct writer *w)
{
	uint8_t sum = 0;

	memcpy(w->table + offsetof(struct header, length), vcxl_le32_of(w->size).b, 4);
	for (uint32_t i = 0; i < w->size; i++)
		sum = (uint8_t)(sum + w->table[i]);
	w->table[offsetof(struct header, checksum)] = (uint8_t)-sum;
	return w->size;
}

/* An entry has 16 bits: the smallest power of ten that makes the value fit loses the least. */
static uint64_t base_unit(uint64_t value)
{
	uint64_t unit = 1;

	while (value / unit >= UNKNOWN)
		unit *= 10;
	return unit;
}

static void put_dslbis(struct writer *w, unsigned handle, enum data_type type, uint64_t value)
{
	const uint64_t unit = base_unit(value);
	const struct dslbis s = {
		.type = DSLBIS,
		.length = vcxl_le16_of(sizeof(s)),
		.handle = (uint8_t)handle,
		.data_type = (uint8_t)type,
		.base_unit = vcxl_le64_of(unit),
		.entry = { vcxl_le16_of((uint16_t)(value / unit)) },
	};

	put(w, &s, sizeof(s));
}

static void put_partition(struct writer *w, unsigned i, uint64_t flags,
			  const struct vcxl_dpa_range *range, const struct vcxl_cdat_timing *timing)
{
	const struct dsmas dsmas = {
		.type = DSMAS,
		.length = vcxl_le16_of(sizeof(dsmas)),
		.handle = (uint8_t)i,
		.flags = (uint8_t)flags,
		.dpa_base = vcxl_le64_of(range->base),
		.dpa_length = vcxl_le64_of(range->size),
	};
	/* volatile: conventional memory for a specific purpose; persistent: reserved */
	const struct dsemts dsemts = {
		.type = DSEMTS,
		.length = vcxl_le16_of(sizeof(dsemts)),
		.handle = (uint8_t)i,
		.efi_type = flags & NON_VOLATILE ? 2 : 1,
		.dpa_length = vcxl_le64_of(range->size),
	};

	put(w, &dsmas, sizeof(dsmas));
	put_dslbis(w, i, READ_LATENCY, timing->read_latency_ps);
	put_dslbis(w, i, WRITE_LATENCY, timing->write_latency_ps);
	put_dslbis(w, i, READ_BANDWIDTH, timing->read_bandwidth);
	put_dslbis(w, i, WRITE_BANDWIDTH, timing->write_bandwidth);
	put(w, &dsemts, sizeof(dsemts));
}

static uint64_t dynamic_flags(const struct vcxl_dc_region *region)
{
	return DYNAMIC | (region->persistent ? NON_VOLATILE : 0) |
	       (region->shareable ? SHAREABLE : 0);
}

uint32_t vcxl_cdat_memdev(uint8_t table[VCXL_MEMDEV_CDAT_SIZE], const struct vcxl_hdm *hdm,
			  const struct vcxl_dc_region *regions,
			  const struct vcxl_cdat_timing *timing)
{
	struct writer w;

	begin(&w, table);
	for (unsigned i = 0; i < hdm->n_partitions; i++) {
		uint64_t flags = i == VCXL_PARTITION_PERSISTENT ? NON_VOLATILE : 0;

		if (i >= VCXL_N_PARTITIONS)
			flags = dynamic_flags(&regions[i - VCXL_N_PARTITIONS]);
		if (hdm->partitions[i].size)
			put_partition(&w, i, flags, &hdm->partitions[i], timing);
	}
	return finish(&w);
}

/* Each downstream port to the upstream port, and to every other port. */
static void put_sslbis(struct writer *w, enum data_type type, uint64_t value,
		       const uint8_t *numbers, unsigned n)
{
	const uint64_t unit = base_unit(value);
	const size_t size = sizeof(struct sslbis) + 2 * n * sizeof(struct sslbis_entry);
	const struct sslbis s = {
		.type = SSLBIS,
		.length = vcxl_le16_of((uint16_t)size),
		.data_type = (uint8_t)type,
		.base_unit = vcxl_le64_of(unit),
	};

	put(w, &s, sizeof(s));
	for (unsigned i = 0; i < 2 * n; i++) {
		const struct sslbis_entry entry = {
			.port_x = vcxl_le16_of(i % 2 ? numbers[i / 2] : UPSTREAM_PORT),
			.port_y = vcxl_le16_of(i % 2 ? ANY_PORT : numbers[i / 2]),
			.value = vcxl_le16_of((uint16_t)(value / unit)),
		};

		put(w, &entry, sizeof(entry));
	}
}

uint32_t vcxl_cdat_switch(uint8_t table[VCXL_SWITCH_CDAT_SIZE], const uint8_t *numbers, unsigned n,
			  uint64_t latency_ps, uint64_t bandwidth)
{
	struct writer w;

	assert(n <= VCXL_PORT_MAX_DPORTS);
	begin(&w, table);
	if (n) {
		put_sslbis(&w, ACCESS_LATENCY, latency_ps, numbers, n);
		put_sslbis(&w, ACCESS_BANDWIDTH, bandwidth, numbers, n);
	}
	return finish(&w);
}
