/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory functions that a freestanding compiler may call. Built without recognition of such
 * loops, or they would call themselves.
 */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);

static int words(const void *a, const void *b, size_t n)
{
	return (((uintptr_t)a | (uintptr_t)b | n) & 7) == 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	if (words(to, from, n)) {
		for (size_t i = 0; i < n / 8; i++)
			((uint64_t *)to)[i] = ((const uint64_t *)from)[i];
		return to;
	}
	for (size_t i = 0; i < n; i++)
		((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	if (t <= f) {
		for (size_t i = 0; i < n; i++)
			t[i] = f[i];
	} else {
		while (n--)
			t[n] = f[n];
	}
	return to;
}

void *memset(void *to, int value, size_t n)
{
	if (words(to, to, n)) {
		for (size_t i = 0; i < n / 8; i++)
			((uint64_t *)to)[i] = 0x0101010101010101ull * (uint8_t)value;
		return to;
	}
	for (size_t i = 0; i < n; i++)
		((uint8_t *)to)[i] = (uint8_t)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (size_t i = 0; i < n; i++)
		if (x[i] != y[i])
			return x[i] - y[i];
	return 0;
}
