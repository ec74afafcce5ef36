/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PC16550D registers, FIFOs, loop-back and interrupt priorities; see uart16550.h. Left out: DMA
 * modes, line errors other than overrun and break, and the effect of word length and divisor.
 */
#include "uart16550.h"

#include <string.h>

enum {
	IER_RDA = 0x01,
	IER_THRE = 0x02,
	IER_LINE = 0x04,
	IER_MODEM = 0x08,
	IER_MASK = 0x0f,
	IIR_MODEM = 0x00,
	IIR_NONE = 0x01,
	IIR_THRE = 0x02,
	IIR_RDA = 0x04,
	IIR_LINE = 0x06,
	IIR_TIMEOUT = 0x0c,
	IIR_FIFOS = 0xc0,
	FCR_ENABLE = 0x01,
	FCR_CLEAR_RX = 0x02,
	FCR_MASK = 0xc9, /* what the FIFO control keeps */
	LCR_DLAB = 0x80,
	MCR_DTR = 0x01,
	MCR_RTS = 0x02,
	MCR_OUT1 = 0x04,
	MCR_OUT2 = 0x08,
	MCR_LOOP = 0x10,
	MCR_MASK = 0x1f,
	LSR_DR = 0x01,
	LSR_OE = 0x02,
	LSR_BI = 0x10,
	LSR_THRE = 0x20,
	LSR_TEMT = 0x40,
	MSR_TERI = 0x04,
	MSR_CTS = 0x10,
	MSR_DSR = 0x20,
	MSR_RI = 0x40,
	MSR_DCD = 0x80,
	DLL_RESET = 12 /* 9600 baud from 1.8432 MHz */
};

static unsigned capacity(const struct vcxl_uart *uart)
{
	return uart->fcr & FCR_ENABLE ? VCXL_UART_FIFO : 1;
}

static unsigned trigger(const struct vcxl_uart *uart)
{
	static const uint8_t levels[] = { 1, 4, 8, 14 };

	return uart->fcr & FCR_ENABLE ? levels[uart->fcr >> 6] : 1;
}

/* Modem inputs, MSR 7:4: asserted as by a peer that is always there, or looped back. */
static uint8_t modem_lines(const struct vcxl_uart *uart)
{
	uint8_t lines = 0;

	if (!(uart->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	if (uart->mcr & MCR_RTS)
		lines |= MSR_CTS;
	if (uart->mcr & MCR_DTR)
		lines |= MSR_DSR;
	if (uart->mcr & MCR_OUT1)
		lines |= MSR_RI;
	if (uart->mcr & MCR_OUT2)
		lines |= MSR_DCD;
	return lines;
}

/* The pending interrupt of highest priority. */
static uint8_t interrupt(const struct vcxl_uart *uart)
{
	if (uart->ier & IER_LINE && (uart->overrun || uart->line_break))
		return IIR_LINE;
	if (uart->ier & IER_RDA && uart->count)
		return uart->count >= trigger(uart) ? IIR_RDA : IIR_TIMEOUT;
	if (uart->ier & IER_THRE && uart->thr_emptied)
		return IIR_THRE;
	if (uart->ier & IER_MODEM && uart->modem_delta)
		return IIR_MODEM;
	return IIR_NONE;
}

static void update_irq(struct vcxl_uart *uart)
{
	const bool level = interrupt(uart) != IIR_NONE;

	if (level == uart->irq)
		return;
	uart->irq = level;
	uart->out.irq(uart->out.ctx, level);
}

static void clear_rx(struct vcxl_uart *uart)
{
	uart->head = 0;
	uart->count = 0;
}

static bool receive(struct vcxl_uart *uart, uint8_t byte)
{
	if (uart->count >= capacity(uart)) {
		uart->overrun = true;
		return false;
	}
	uart->fifo[(uart->head + uart->count) % VCXL_UART_FIFO] = byte;
	uart->count++;
	return true;
}

static uint8_t read_data(struct vcxl_uart *uart)
{
	uint8_t byte;

	if (uart->lcr & LCR_DLAB)
		return uart->dll;
	if (uart->count == 0)
		return 0;
	byte = uart->fifo[uart->head];
	uart->head = (uart->head + 1) % VCXL_UART_FIFO;
	uart->count--;
	return byte;
}

static void write_data(struct vcxl_uart *uart, uint8_t value)
{
	if (uart->lcr & LCR_DLAB) {
		uart->dll = value;
		return;
	}
	if (uart->mcr & MCR_LOOP)
		receive(uart, value);
	else
		uart->out.transmit(uart->out.ctx, value);
	uart->thr_emptied = true;
}

static uint8_t read_ier(struct vcxl_uart *uart)
{
	return uart->lcr & LCR_DLAB ? uart->dlm : uart->ier;
}

static void write_ier(struct vcxl_uart *uart, uint8_t value)
{
	if (uart->lcr & LCR_DLAB) {
		uart->dlm = value;
		return;
	}
	/* the transmitter is always empty, so enabling the interrupt raises it */
	if (value & IER_THRE && !(uart->ier & IER_THRE))
		uart->thr_emptied = true;
	uart->ier = value & IER_MASK;
}

static uint8_t read_iir(struct vcxl_uart *uart)
{
	const uint8_t id = interrupt(uart);

	if (id == IIR_THRE)
		uart->thr_emptied = false;
	return uart->fcr & FCR_ENABLE ? id | IIR_FIFOS : id;
}

static void write_fcr(struct vcxl_uart *uart, uint8_t value)
{
	if ((value ^ uart->fcr) & FCR_ENABLE || value & FCR_CLEAR_RX)
		clear_rx(uart);
	/* the other bits are programmable only while bit 0 is written as one */
	uart->fcr = value & FCR_ENABLE ? value & FCR_MASK : 0;
}

static uint8_t read_lcr(struct vcxl_uart *uart)
{
	return uart->lcr;
}

static void write_lcr(struct vcxl_uart *uart, uint8_t value)
{
	uart->lcr = value;
}

static uint8_t read_mcr(struct vcxl_uart *uart)
{
	return uart->mcr;
}

static void write_mcr(struct vcxl_uart *uart, uint8_t value)
{
	const uint8_t before = modem_lines(uart);
	uint8_t now, changed;

	uart->mcr = value & MCR_MASK;
	now = modem_lines(uart);
	changed = (uint8_t)(before ^ now);
	/* the ring indicator has a trailing-edge bit instead of a delta bit */
	uart->modem_delta |= (uint8_t)((changed & (MSR_CTS | MSR_DSR | MSR_DCD)) >> 4);
	if (before & ~now & MSR_RI)
		uart->modem_delta |= MSR_TERI;
}

static uint8_t read_lsr(struct vcxl_uart *uart)
{
	uint8_t lsr = LSR_THRE | LSR_TEMT;

	if (uart->count)
		lsr |= LSR_DR;
	if (uart->overrun)
		lsr |= LSR_OE;
	if (uart->line_break)
		lsr |= LSR_BI;
	uart->overrun = uart->line_break = false;
	return lsr;
}

static uint8_t read_msr(struct vcxl_uart *uart)
{
	const uint8_t msr = modem_lines(uart) | uart->modem_delta;

	uart->modem_delta = 0;
	return msr;
}

static uint8_t read_scr(struct vcxl_uart *uart)
{
	return uart->scr;
}

static void write_scr(struct vcxl_uart *uart, uint8_t value)
{
	uart->scr = value;
}

/* LSR and MSR are for factory test when written: ignored. */
static void write_nothing(struct vcxl_uart *uart, uint8_t value)
{
	(void)uart;
	(void)value;
}

/* clang-format off */
static const struct {
	uint8_t (*read)(struct vcxl_uart *uart);
	void (*write)(struct vcxl_uart *uart, uint8_t value);
} regs[8] = {
	{ read_data, write_data },    /* RBR, THR; DLL with DLAB */
	{ read_ier,  write_ier },     /* IER; DLM with DLAB */
	{ read_iir,  write_fcr },     /* IIR, FCR */
	{ read_lcr,  write_lcr },
	{ read_mcr,  write_mcr },
	{ read_lsr,  write_nothing },
	{ read_msr,  write_nothing },
	{ read_scr,  write_scr },
};
/* clang-format on */

/* As on `virt`, a wider access reaches the one register at its offset. */
static bool in_registers(uint64_t offset, unsigned width)
{
	return offset < 8 && (width == 1 || width == 2 || width == 4);
}

static bool uart_read(void *dev, uint64_t offset, unsigned width, uint64_t *value)
{
	struct vcxl_uart *uart = dev;

	if (!in_registers(offset, width))
		return false;
	*value = regs[offset].read(uart);
	update_irq(uart);
	return true;
}

static bool uart_write(void *dev, uint64_t offset, unsigned width, uint64_t value)
{
	struct vcxl_uart *uart = dev;

	if (!in_registers(offset, width))
		return false;
	regs[offset].write(uart, (uint8_t)value);
	update_irq(uart);
	return true;
}

const struct vcxl_dev_ops vcxl_uart_ops = { "uart16550", uart_read, uart_write };

void vcxl_uart_init(struct vcxl_uart *uart, const struct vcxl_uart_wires *out)
{
	memset(uart, 0, sizeof(*uart));
	uart->out = *out;
	uart->dll = DLL_RESET;
}

void vcxl_uart_reset(struct vcxl_uart *uart)
{
	/* scratch and divisor survive a master reset */
	uart->ier = 0;
	uart->fcr = 0;
	uart->lcr = 0;
	uart->mcr = 0;
	uart->modem_delta = 0;
	uart->overrun = uart->line_break = false;
	uart->thr_emptied = false;
	clear_rx(uart);
	update_irq(uart);
}

unsigned vcxl_uart_room(const struct vcxl_uart *uart)
{
	/* in loop-back mode the receiver is disconnected from its input */
	return uart->mcr & MCR_LOOP ? 0 : capacity(uart) - uart->count;
}

bool vcxl_uart_receive(struct vcxl_uart *uart, uint8_t byte)
{
	bool taken;

	if (uart->mcr & MCR_LOOP)
		return false;
	taken = receive(uart, byte);
	update_irq(uart);
	return taken;
}

void vcxl_uart_break(struct vcxl_uart *uart)
{
	if (uart->mcr & MCR_LOOP)
		return;
	uart->line_break = true;
	receive(uart, 0);
	update_irq(uart);
}
