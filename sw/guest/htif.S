/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program in the manner of the RISC-V tests: M-mode at the start of RAM, prints one line through
 * the host-target interface, fills a signature, and ends with the exit code RESULT.
 */
	.section .text
	.globl _start
_start:
	csrr t0, mhartid
	bnez t0, wait
	la s0, tohost
	la s1, text
next:
	lbu t0, (s1)
	beqz t0, sign
	li t1, 0x0101000000000000 /* device 1, command 1: a character */
	or t0, t0, t1
	sd t0, (s0)
busy:
	ld t0, (s0)
	bnez t0, busy
	addi s1, s1, 1
	j next

sign:
	la t0, begin_signature
	li t1, 0x01234567
	sw t1, 0(t0)
	li t1, 0x89abcdef
	sw t1, 4(t0)
	li t1, 8
	sw t1, 8(t0)
	sw zero, 12(t0)
end:
	li t0, RESULT << 1 | 1
	sw t0, 0(s0)
	sw zero, 4(s0)
	j end
wait:
	wfi
	j wait

	.section .rodata
text:
	.asciz "hello from the guest\n"

	.section .tohost, "aw"
	.balign 64
	.globl tohost
tohost:
	.dword 0
	.balign 64
	.globl fromhost
fromhost:
	.dword 0

	.section .data
	.balign 16
	.globl begin_signature
begin_signature:
	.skip 16
	.globl end_signature
end_signature:
