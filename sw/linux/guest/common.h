/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs that send commands to a memory device have in common. */
#ifndef VCXL_GUEST_COMMON_H
#define VCXL_GUEST_COMMON_H

#include <stddef.h>
#include <stdint.h>

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2
};

/* Prints the program's name and this, and ends it. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void die_errno(const char *what);
/* `n` <= 8 bytes as a little-endian number, and back. */
uint64_t get(const uint8_t *bytes, unsigned n);
void put(uint8_t *bytes, uint64_t value, unsigned n);
void *allocate(void *old, size_t bytes);
void print_uuid(const uint8_t uuid[16]);
/* Of a mailbox command, CXL r3.1 8.2.8.4.5.1. */
const char *return_code_name(unsigned code);

#endif
