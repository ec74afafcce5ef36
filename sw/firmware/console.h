/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Console on a 16550 UART that the previous stage has set up: output only, polled.
 */
#ifndef FW_CONSOLE_H
#define FW_CONSOLE_H

#include <stdint.h>

enum {
	CONSOLE_COLUMNS = 100
};

struct console {
	uint64_t uart; /* base; registers are bytes, next to each other */
	unsigned column;
	unsigned indent; /* of the lines that say_item() begins */
};

void say(struct console *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* One word or phrase of a list: goes to a new, indented line when it would not fit. */
void say_item(struct console *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
