/* SPDX-License-Identifier: Apache-2.0 */
/*
 * M-mode entry of withdraw.c, its trap handler, and the code that it copies into CXL memory. The
 * strikes store a1 to the register at a0, after which the very next access has to see it.
 */
	.section .text.start, "ax"
	.globl _start
_start:
	la sp, _stack_end
	la t0, trap
	csrw mtvec, t0
	call withdraw_main
1:	wfi
	j 1b

	/* A strike that traps returns -1 to its caller, unless withdraw_trap() says where to go on. */
	.balign 4
trap:
	addi sp, sp, -16
	sd ra, 8(sp)
	csrr a0, mcause
	csrr a1, mepc
	csrr a2, mtval
	call withdraw_trap
	ld ra, 8(sp)
	addi sp, sp, 16
	bnez a0, 1f
	mv a0, ra
1:	csrw mepc, a0
	li a0, -1
	mret

	.text
	.option norvc
	/* runs in the page that goes away; its answer is patched per copy */
	.balign 8
	.globl strike_fetch, strike_fetch_end
strike_fetch:
	sw a1, (a0)
	li a0, 0
	ret
	.balign 8
strike_fetch_end:

	/* a2 lies in the page that goes away; the first access makes its translation present */
	.macro strike name, insn:vararg
	.globl strike_\name, strike_\name\()_access
strike_\name:
	ld t0, (a2)
	sd t0, (a2)
	sw a1, (a0)
strike_\name\()_access:
	\insn
	ret
	.endm
	strike load, ld a0, (a2)
	strike store, sd zero, (a2)
	strike amo, amoadd.d a0, zero, (a2)
