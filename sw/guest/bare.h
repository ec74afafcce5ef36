/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start of programs that borrow nothing of the firmware: every hart comes to run() on a stack of
 * its own, with what it was given in a0 and a1; and the devices that they speak and end through.
 */
#ifndef VCXL_GUEST_BARE_H
#define VCXL_GUEST_BARE_H

#define MAX_HARTS 8
#define FINISHER  ((volatile unsigned *)0x100000)
#define UART      ((volatile unsigned char *)0x10000000)

void run(unsigned long hart, unsigned long device_tree);

__asm__(".section .text.start, \"ax\"\n"
	".globl _start\n"
	"_start:\n"
	"	la sp, stacks\n"
	"	addi t0, a0, 1\n"
	"	slli t0, t0, 12\n"
	"	add sp, sp, t0\n"
	"	j run\n"
	".text\n");
unsigned char stacks[MAX_HARTS][4096] __attribute__((aligned(16)));

/* 0: success, else an exit status. */
static inline _Noreturn void finish(unsigned failure)
{
	*FINISHER = failure ? 0x3333 | failure << 16 : 0x5555;
	for (;;)
		;
}

#endif
