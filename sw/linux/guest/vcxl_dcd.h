/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of vcxl-dcd: vcxl_dcd.c the commands of dynamic capacity, vcxl_dcd_mailbox.c how they
 * get to the device, vcxl_dcd_decoders.c where its memory shows, vcxl_dcd_memory.c loads and
 * stores.
 */
#ifndef VCXL_GUEST_DCD_H
#define VCXL_GUEST_DCD_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "common.h"

enum {
	EXIT_GONE = 3,   /* there is no memory at an address */
	EXIT_NOTHING = 4 /* no event came in time */
};

enum {
	OP_GET_EVENTS = 0x0100,
	OP_CLEAR_EVENTS = 0x0101,
	OP_GET_CONFIG = 0x4800,
	OP_GET_EXTENTS = 0x4801,
	OP_ADD_RESPONSE = 0x4802,
	OP_RELEASE = 0x4803
};

enum {
	INVALID_INPUT = 2 /* a return code */
};

struct memdev {
	const char *name;    /* mem0 */
	char path[PATH_MAX]; /* of its PCI function in sysfs */
	int fd;
	size_t payload_size;
};

struct region {
	uint64_t base, decoded, length, block; /* device addresses */
	unsigned flags;
};

/* ---- vcxl_dcd_mailbox.c ---- */

/* Decimal or 0x..., perhaps with K, M, G or T behind. */
uint64_t number(const char *text);
uint64_t now_ms(void);
/* The time of now_ms() after so many seconds, or its last. */
uint64_t end_ms(uint64_t seconds);
/* Physical memory; NULL with errno set when that cannot be mapped. Page-aligned. */
void *map_physical(uint64_t address, size_t length);
/* The first line of a file, which has to be there. */
void read_text(const char *folder, const char *name, char *text, size_t size);

void open_memdev(struct memdev *m, const char *name);
/* Runs a command and returns the device's return code. `out` has room for payload_size bytes. */
unsigned try_command(const struct memdev *m, unsigned opcode, const uint8_t *in, size_t n,
		     uint8_t *out, size_t *length);
/* Ends the program if the code is another one than that of success. */
void need_success(const struct memdev *m, unsigned opcode, unsigned code);
/* Runs a command, which has to succeed, and returns the length of its output. */
size_t command(const struct memdev *m, unsigned opcode, const uint8_t *in, size_t n, uint8_t *out);

/* ---- vcxl_dcd.c ---- */

struct region read_region(const struct memdev *m, uint64_t index);
/* Ends the program unless a region has all of it: other memory is the kernel's. */
void need_dynamic(const struct memdev *m, uint64_t dpa, uint64_t length);

/* ---- commands with their arguments; they return the exit status ---- */

/* Commits decoders from the window down to the device, or takes them back. */
int map_region(const struct memdev *m, char **args);
int unmap_region(const struct memdev *m, char **args);
/* Where the host sees a range of device addresses, all of it in one decoder. */
uint64_t host_address(const struct memdev *m, uint64_t dpa, uint64_t length);

/* Patterns are numbers, or "zero". */
int fill(const struct memdev *m, char **args);
int check(const struct memdev *m, char **args);
/* Reads until there is no memory any more. */
int watch(const struct memdev *m, char **args);

#endif
