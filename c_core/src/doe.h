/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data object exchange mailbox of a function, and the CDAT table that it hands out. PCIe r6.0 6.30,
 * 7.9.24; CXL r3.1 8.1.11; CDAT 1.04.
 */
#ifndef VCXL_DOE_H
#define VCXL_DOE_H

#include <stdbool.h>
#include <stdint.h>

#include <vcxl/memdev.h>
#include <vcxl/pci.h>
#include <vcxl/port.h>

#define VCXL_DOE_VECTOR      0
#define VCXL_DOE_MAX_REQUEST 4 /* dwords; every request that there is has 3 */
#define VCXL_DOE_HEADER      3 /* dwords of a response that do not come from the table */

struct vcxl_doe {
	struct vcxl_pci *pci;
	uint16_t offset; /* of the capability */
	const uint8_t *cdat;
	uint32_t cdat_size;
	uint32_t request[VCXL_DOE_MAX_REQUEST];
	uint32_t n_request; /* dwords written, also those that did not fit */
	/* the object that is being read: header, then table bytes; its length is response[1] */
	uint32_t response[VCXL_DOE_HEADER];
	uint32_t next;  /* dword; next < length: data object ready */
	uint32_t entry; /* offset in the table of what follows the header */
	bool error;
};

/* Adds the capability; the table is borrowed and may change its bytes, not its place. */
void vcxl_doe_add(struct vcxl_doe *doe, struct vcxl_pci *pci, const uint8_t *cdat, uint32_t size);
void vcxl_doe_reset(struct vcxl_doe *doe);

/* ---- cdat.c ---- */
/* Bytes of the table of a memory device: header, then six structures for each partition. */
#define VCXL_MEMDEV_CDAT_SIZE (0x10u + (VCXL_N_PARTITIONS + VCXL_DC_MAX_REGIONS) * 6u * 0x18u)
/* Header, latency and bandwidth with two pairs for each downstream port. */
#define VCXL_SWITCH_CDAT_SIZE (0x10u + 2u * (0x10u + 2u * VCXL_PORT_MAX_DPORTS * 8u))

/* Latencies in picoseconds, bandwidths in MB/s. */
struct vcxl_cdat_timing {
	uint64_t read_latency_ps, write_latency_ps, read_bandwidth, write_bandwidth;
};

struct vcxl_dc_region;
/* Both return the size of the table that they wrote. regions: dynamic capacity, those of the last
 * partitions of hdm. */
uint32_t vcxl_cdat_memdev(uint8_t table[VCXL_MEMDEV_CDAT_SIZE], const struct vcxl_hdm *hdm,
			  const struct vcxl_dc_region *regions,
			  const struct vcxl_cdat_timing *timing);
/* numbers: LnkCap port numbers of the downstream ports; at most VCXL_PORT_MAX_DPORTS. */
uint32_t vcxl_cdat_switch(uint8_t table[VCXL_SWITCH_CDAT_SIZE], const uint8_t *numbers, unsigned n,
			  uint64_t latency_ps, uint64_t bandwidth);

#endif
