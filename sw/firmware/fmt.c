/* SPDX-License-Identifier: Apache-2.0 */
/*
 * printf subset, see fmt.h. Unknown conversions print as they stand, so that a mistake shows.
 */
#include "fmt.h"

#include <stdbool.h>
#include <stdint.h>

_Static_assert(sizeof(long) == 8, "%lu must print 64 bits");

struct spec {
	bool left, zero, is_long;
	unsigned width;
	unsigned precision; /* of strings; UINT32_MAX: none given */
};

static void pad(fmt_put put, void *ctx, char c, unsigned width, unsigned used)
{
	for (; used < width; used++)
		put(ctx, c);
}

static void print_field(fmt_put put, void *ctx, const struct spec *s, const char *text, unsigned n)
{
	if (!s->left)
		pad(put, ctx, ' ', s->width, n);
	for (unsigned i = 0; i < n; i++)
		put(ctx, text[i]);
	if (s->left)
		pad(put, ctx, ' ', s->width, n);
}

static void print_number(fmt_put put, void *ctx, const struct spec *s, unsigned long value,
			 unsigned base, bool negative)
{
	char digits[24];
	unsigned first = sizeof(digits);

	do {
		digits[--first] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (s->zero && !s->left) {
		const unsigned used = (unsigned)sizeof(digits) - first + negative;

		if (negative)
			put(ctx, '-');
		pad(put, ctx, '0', s->width, used);
		for (unsigned i = first; i < sizeof(digits); i++)
			put(ctx, digits[i]);
		return;
	}
	if (negative)
		digits[--first] = '-';
	print_field(put, ctx, s, digits + first, (unsigned)sizeof(digits) - first);
}

static void print_string(fmt_put put, void *ctx, const struct spec *s, const char *text)
{
	unsigned n = 0;

	if (!text)
		text = "(null)";
	while (n < s->precision && text[n])
		n++;
	print_field(put, ctx, s, text, n);
}

static unsigned parse_number(const char **format)
{
	unsigned n = 0;

	for (; **format >= '0' && **format <= '9'; (*format)++)
		n = n * 10 + (unsigned)(**format - '0');
	return n;
}

/* Flags, width, precision and size up to the conversion character. `args` is a pointer because
 * the caller goes on reading from it. */
static struct spec parse_spec(const char **format, va_list *args)
{
	struct spec s = { .precision = UINT32_MAX };

	for (;; (*format)++) {
		if (**format == '-')
			s.left = true;
		else if (**format == '0')
			s.zero = true;
		else
			break;
	}
	if (**format == '*') {
		s.width = va_arg(*args, unsigned);
		(*format)++;
	} else {
		s.width = parse_number(format);
	}
	if (**format == '.') {
		(*format)++;
		if (**format == '*') {
			s.precision = va_arg(*args, unsigned);
			(*format)++;
		} else {
			s.precision = parse_number(format);
		}
	}
	for (; **format == 'l' || **format == 'z'; (*format)++)
		s.is_long = true;
	return s;
}

static void print_one(fmt_put put, void *ctx, char conversion, const struct spec *s, va_list *args)
{
	char c;
	long value;

	switch (conversion) {
	case 'd':
		value = s->is_long ? va_arg(*args, long) : va_arg(*args, int);
		print_number(put, ctx, s,
			     value < 0 ? 0ul - (unsigned long)value : (unsigned long)value, 10,
			     value < 0);
		break;
	case 'u':
	case 'x':
		print_number(put, ctx, s,
			     s->is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned),
			     conversion == 'x' ? 16 : 10, false);
		break;
	case 's':
		print_string(put, ctx, s, va_arg(*args, const char *));
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		print_field(put, ctx, s, &c, 1);
		break;
	default:
		if (conversion != '%')
			put(ctx, '%');
		put(ctx, conversion);
	}
}

void fmt_vprint(fmt_put put, void *ctx, const char *format, va_list args)
{
	va_list own;

	va_copy(own, args);
	while (*format) {
		struct spec s;

		if (*format != '%') {
			put(ctx, *format++);
			continue;
		}
		format++;
		s = parse_spec(&format, &own);
		if (!*format)
			break;
		print_one(put, ctx, *format++, &s, &own);
	}
	va_end(own);
}

struct text {
	char *buffer;
	size_t size, length;
};

static void put_text(void *ctx, char c)
{
	struct text *t = ctx;

	if (t->length + 1 < t->size)
		t->buffer[t->length] = c;
	t->length++;
}

size_t fmt_vtext(char *buffer, size_t size, const char *format, va_list args)
{
	struct text t = { buffer, size, 0 };

	fmt_vprint(put_text, &t, format, args);
	if (size)
		buffer[t.length < size ? t.length : size - 1] = '\0';
	return t.length;
}

size_t fmt_text(char *buffer, size_t size, const char *format, ...)
{
	va_list args;
	size_t length;

	va_start(args, format);
	length = fmt_vtext(buffer, size, format, args);
	va_end(args);
	return length;
}

const char *fmt_size(char buffer[24], unsigned long bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	unsigned unit = 0;

	while (unit < 4 && bytes && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	fmt_text(buffer, 24, "%lu %s", bytes, units[unit]);
	return buffer;
}
