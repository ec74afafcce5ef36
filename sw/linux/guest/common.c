/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void die(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	va_start(arguments, format);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(EXIT_FAILED);
}

_Noreturn void die_errno(const char *what)
{
	die("%s: %s", what, strerror(errno));
}

uint64_t get(const uint8_t *bytes, unsigned n)
{
	uint64_t value = 0;

	while (n--)
		value = value << 8 | bytes[n];
	return value;
}

void put(uint8_t *bytes, uint64_t value, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

void *allocate(void *old, size_t bytes)
{
	void *p = realloc(old, bytes);

	if (!p)
		die_errno("memory");
	return p;
}

void print_uuid(const uint8_t uuid[16])
{
	for (unsigned i = 0; i < 16; i++)
		printf("%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
}

/* Those that the programs' commands return. */
static const struct {
	unsigned code;
	const char *name;
} return_codes[] = {
	{ 0x02, "Invalid Input" },
	{ 0x03, "Unsupported" },
	{ 0x04, "Internal Error" },
	{ 0x05, "Retry Required" },
	{ 0x06, "Busy" },
	{ 0x07, "Media Disabled" },
	{ 0x0e, "Invalid Handle" },
	{ 0x0f, "Invalid Physical Address" },
	{ 0x15, "Unsupported Mailbox or CCI" },
	{ 0x16, "Invalid Payload Length" },
	{ 0x19, "Unsupported Feature Version" },
	{ 0x1a, "Unsupported Feature Selection Value" },
	{ 0x1b, "Feature Transfer in Progress" },
	{ 0x1c, "Feature Transfer Out of Order" },
	{ 0x1d, "Resources Exhausted" },
	{ 0x1e, "Invalid Extent List" },
};

const char *return_code_name(unsigned code)
{
	for (size_t i = 0; i < sizeof(return_codes) / sizeof(return_codes[0]); i++)
		if (return_codes[i].code == code)
			return return_codes[i].name;
	return "a return code of another kind";
}
