/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bare metal: says "ready", then each byte it receives in brackets as two hexadecimal digits, and
 * "[break]" where the line broke. 'q' ends the run, 'w' makes the hart wait forever.
 */
#include "bare.h"

static void say(const char *text)
{
	while (*text)
		*UART = (unsigned char)*text++;
}

static void say_byte(unsigned byte)
{
	static const char digits[] = "0123456789abcdef";
	const char text[] = { '[', digits[byte >> 4], digits[byte & 15], ']', 0 };

	say(text);
}

void run(unsigned long hart, unsigned long device_tree)
{
	(void)hart;
	(void)device_tree;
	UART[2] = 1; /* FIFO on */
	say("ready\n");
	for (;;) {
		const unsigned status = UART[5];

		if (status & 0x10) {
			(void)*UART;
			say("[break]");
		} else if (status & 1) {
			const unsigned byte = *UART;

			say_byte(byte);
			if (byte == 'q') {
				say("\n");
				finish(0);
			}
			while (byte == 'w')
				__asm__ volatile("wfi");
		}
	}
}
