/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few string and memory helpers that a program without a C library needs. memcpy, memset,
 * memmove and memcmp, which the compiler may call on its own, are in text.c of the firmware only.
 */
#ifndef FW_TEXT_H
#define FW_TEXT_H

#include <stdbool.h>
#include <stddef.h>

static inline bool text_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Does `a` begin with `start`? */
static inline bool text_starts(const char *a, const char *start)
{
	while (*start && *a == *start) {
		a++;
		start++;
	}
	return !*start;
}

static inline size_t text_length(const char *a)
{
	size_t n = 0;

	while (a[n])
		n++;
	return n;
}

#endif
