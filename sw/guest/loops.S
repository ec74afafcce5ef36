/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Benchmark loops in M-mode at the start of RAM, for vcxl and for QEMU's `virt` alike: LOOP_<name>
 * chooses one, ROUNDS says how often. Ends through the finisher. LOOP_harts is the integer loop on
 * HARTS harts at once.
 */
#ifdef LOOP_harts
#define HARTS 4
#else
#define HARTS 1
#endif
	/* the next pseudo-random number: a0, by way of a1 */
	.macro xorshift
	slli a1, a0, 13
	xor a0, a0, a1
	srli a1, a0, 7
	xor a0, a0, a1
	slli a1, a0, 17
	xor a0, a0, a1
	.endm

	.section .text
	.globl _start
_start:
	csrr s11, mhartid
	li t0, HARTS
	bgeu s11, t0, sleep
	la sp, stack_end
	la t0, trap
	csrw mtvec, t0
	li t0, 0x6000 /* mstatus.FS */
	csrs mstatus, t0
	li s0, ROUNDS
	la s1, data
	call prepare
	call loop
	la t0, done
	li t1, 1
	amoadd.d zero, t1, (t0)
	bnez s11, sleep
	li t2, HARTS
1:	ld t1, (t0)
	bne t1, t2, 1b
	li t0, 0x100000
	li t1, 0x5555
	sw t1, (t0)
sleep:
	wfi
	j sleep

	.balign 4
trap:
	csrr t0, mepc
	addi t0, t0, 4
	csrw mepc, t0
	mret

#if defined(LOOP_empty)
prepare:
loop:
	ret

#elif defined(LOOP_integer) || defined(LOOP_harts) /* xorshift, additions, a taken branch */
prepare:
	li a0, 88172645463325252
	ret
	.balign 64
loop:
	xorshift
	add a2, a2, a0
	addi s0, s0, -1
	bnez s0, loop
	ret

#elif defined(LOOP_memory) /* copies 1 MiB and adds, 8 bytes at a time */
prepare:
	ret
	.balign 64
loop:
	mv a0, s1
	li a2, 1 << 20
	add a1, s1, a2
	add a3, a0, a2
1:	ld a4, 0(a0)
	ld a5, 8(a0)
	addi a4, a4, 1
	addi a5, a5, 1
	sd a4, 0(a1)
	sd a5, 8(a1)
	addi a0, a0, 16
	addi a1, a1, 16
	bltu a0, a3, 1b
	addi s0, s0, -1
	bnez s0, loop
	ret

#elif defined(LOOP_fp) /* double multiply, add, fused, on four chains */
prepare:
	li t0, 3
	fcvt.d.l fa0, t0
	fcvt.d.l fa1, t0
	fcvt.d.l fa2, t0
	fcvt.d.l fa3, t0
	li t0, 7
	fcvt.d.l fa4, t0
	fdiv.d fa4, fa0, fa4
	ret
	.balign 64
loop:
	fmul.d fa0, fa0, fa4
	fmul.d fa1, fa1, fa4
	fadd.d fa0, fa0, fa4
	fadd.d fa1, fa1, fa4
	fmadd.d fa2, fa2, fa4, fa4
	fmadd.d fa3, fa3, fa4, fa4
	fsub.d fa5, fa2, fa3
	fadd.d fa3, fa3, fa5
	addi s0, s0, -1
	bnez s0, loop
	ret

#elif defined(LOOP_call) /* two levels of calls with a stack frame */
prepare:
	ret
leaf:
	addi a0, a0, 1
	ret
middle:
	addi sp, sp, -16
	sd ra, 8(sp)
	call leaf
	call leaf
	ld ra, 8(sp)
	addi sp, sp, 16
	ret
	.balign 64
loop:
	addi sp, sp, -16
	sd ra, 8(sp)
1:	call middle
	addi s0, s0, -1
	bnez s0, 1b
	ld ra, 8(sp)
	addi sp, sp, 16
	ret

#elif defined(LOOP_branch) /* branches that depend on pseudo-random bits */
prepare:
	li a0, 88172645463325252
	ret
	.balign 64
loop:
	xorshift
	andi a1, a0, 1
	beqz a1, 1f
	addi a2, a2, 1
1:	andi a1, a0, 2
	beqz a1, 2f
	addi a2, a2, 3
2:	andi a1, a0, 4
	bnez a1, 3f
	addi a2, a2, 5
3:	addi s0, s0, -1
	bnez s0, loop
	ret

#elif defined(LOOP_list) || defined(LOOP_chase) /* dependent loads over 32 KiB or 16 MiB */
#ifdef LOOP_list
#define NODES 512
#else
#define NODES 262144
#endif
prepare: /* node i is 64 bytes at data + 64 i and points to node (i * 5 + 1) mod NODES */
	li t0, 0
	li t1, NODES
	li t2, NODES - 1
1:	slli t3, t0, 2
	add t3, t3, t0
	addi t3, t3, 1
	and t3, t3, t2
	slli t3, t3, 6
	add t3, t3, s1
	slli t4, t0, 6
	add t4, t4, s1
	sd t3, (t4)
	addi t0, t0, 1
	bltu t0, t1, 1b
	mv a0, s1
	ret
	.balign 64
loop:
	ld a0, (a0)
	ld a0, (a0)
	ld a0, (a0)
	ld a0, (a0)
	addi s0, s0, -1
	bnez s0, loop
	ret

#elif defined(LOOP_amo)
prepare:
	ret
	.balign 64
loop:
	amoadd.d a0, s0, (s1)
	amoswap.w a1, a0, (s1)
	amomax.d a2, a1, (s1)
	addi s0, s0, -1
	bnez s0, loop
	ret

#elif defined(LOOP_trap) /* ecall and mret */
prepare:
	ret
	.balign 64
loop:
	ecall
	addi s0, s0, -1
	bnez s0, loop
	ret

#elif defined(LOOP_mmio) /* line status register of the UART */
prepare:
	li s1, 0x10000005
	ret
	.balign 64
loop:
	lbu a0, (s1)
	addi s0, s0, -1
	bnez s0, loop
	ret

#else
#error "no such loop"
#endif

	.section .bss
	.balign 16
done:
	.skip 16
	.skip 4096
stack_end:
	.balign 4096
data:
	.skip 16 << 20
