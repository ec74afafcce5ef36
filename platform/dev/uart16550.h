/* SPDX-License-Identifier: Apache-2.0 */
/*
 * National PC16550D UART as the `virt` machine has it: eight byte registers, register shift 0.
 * There is no line, hence no baud rate, framing or parity: a byte is sent when it is written, and
 * the character time-out of the receive FIFO elapses at once.
 */
#ifndef VCXL_UART16550_H
#define VCXL_UART16550_H

#include "dev.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_UART_FIFO 16u

struct vcxl_uart_wires {
	void *ctx;
	void (*transmit)(void *ctx, uint8_t byte);
	void (*irq)(void *ctx, bool level); /* called when the level changes */
};

struct vcxl_uart {
	struct vcxl_uart_wires out;
	uint8_t ier, fcr, lcr, mcr, scr, dll, dlm;
	uint8_t modem_delta; /* MSR 3:0 */
	uint8_t fifo[VCXL_UART_FIFO];
	unsigned head, count;
	bool overrun, line_break;
	bool thr_emptied; /* the THRE interrupt is pending */
	bool irq;
};

extern const struct vcxl_dev_ops vcxl_uart_ops;

void vcxl_uart_init(struct vcxl_uart *uart, const struct vcxl_uart_wires *out);
void vcxl_uart_reset(struct vcxl_uart *uart);
/* How many bytes the receiver takes before it overruns. */
unsigned vcxl_uart_room(const struct vcxl_uart *uart);
/* A byte arrives. Without room it is lost and the overrun error is set; false then. */
bool vcxl_uart_receive(struct vcxl_uart *uart, uint8_t byte);
/* The line breaks: a zero byte arrives, and LSR says what it means. */
void vcxl_uart_break(struct vcxl_uart *uart);

#ifdef __cplusplus
}
#endif
#endif
