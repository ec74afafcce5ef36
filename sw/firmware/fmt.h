/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formatted text without a C library: the subset of printf that the firmware's reports need.
 * Conversions d u x s c %, flags 0 and -, width (number or *), precision for s, sizes l and z.
 * Left out: floating point, %n, %p, %i, anything localised. LP64 only: uint64_t prints as %lu.
 */
#ifndef FW_FMT_H
#define FW_FMT_H

#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*fmt_put)(void *ctx, char c);

void fmt_vprint(fmt_put put, void *ctx, const char *format, va_list args);

/* Like snprintf: always terminates when size > 0, returns the length that the text would have. */
size_t fmt_text(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t fmt_vtext(char *buffer, size_t size, const char *format, va_list args);

/* "256 MiB", "4 GiB", "1536 MiB", "300 B": the largest unit that keeps the number whole. */
const char *fmt_size(char buffer[24], unsigned long bytes);

#ifdef __cplusplus
}
#endif
#endif
