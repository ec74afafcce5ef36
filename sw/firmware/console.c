/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Console output, see console.h. 16550 registers: THR 0, LSR 5 (bit 5: THR empty).
 */
#include "console.h"

#include "arch.h"
#include "fmt.h"
#include "text.h"

enum {
	UART_THR = 0,
	UART_LSR = 5,
	LSR_THR_EMPTY = 0x20
};

static void put(void *ctx, char c)
{
	struct console *console = ctx;

	if (c == '\n')
		put(ctx, '\r');
	while (!(mmio_read8(console->uart + UART_LSR) & LSR_THR_EMPTY))
		;
	mmio_write8(console->uart + UART_THR, (uint8_t)c);
	console->column = c == '\n' || c == '\r' ? 0 : console->column + 1;
}

void say(struct console *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fmt_vprint(put, c, format, args);
	va_end(args);
}

void say_item(struct console *c, const char *format, ...)
{
	char text[CONSOLE_COLUMNS];
	va_list args;

	va_start(args, format);
	fmt_vtext(text, sizeof(text), format, args);
	va_end(args);
	if (c->column + 1 + text_length(text) > CONSOLE_COLUMNS)
		say(c, "\n%*s", c->indent, "");
	else if (c->column)
		put(c, ' ');
	say(c, "%s", text);
}
