/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry from OpenSBI in S-mode, no paging: a0 = hart, a1 = device tree. Also the places where a
 * trap is more than a failure: guarded accesses and guarded code return its cause instead.
 */
	.section .text.start, "ax"
	.globl _start
_start:
	csrw	sie, zero
	csrw	sscratch, zero
	la	t0, trap
	csrw	stvec, t0
	la	sp, _stack_end
	la	t0, _bss_start
	la	t1, _bss_end
1:	bgeu	t0, t1, 2f
	sd	zero, 0(t0)
	addi	t0, t0, 8
	j	1b
2:	call	firmware_main
3:	wfi
	j	3b

	/* A trap that nobody expects: report and end. sscratch is struct firmware, once there is one;
	 * it lives on the stack, which therefore stays. */
	.balign	4
trap:
	csrr	a0, scause
	csrr	a1, sepc
	csrr	a2, stval
	csrr	a3, sscratch
	call	firmware_trap
4:	wfi
	j	4b

	.text
	/* void start_next(uint64_t hart, const void *tree, uint64_t address): a0 and a1 are what the
	 * next stage expects there. A trap before it has a handler of its own parks the hart. */
	.globl start_next
start_next:
	csrw	sie, zero
	csrci	sstatus, 2
	csrci	sip, 2
	csrw	satp, zero
	csrw	sscratch, zero
	la	t0, park
	csrw	stvec, t0
	fence	rw, rw
	fence.i
	jr	a2
	.balign	4
park:
	wfi
	j	park

	/* uint64_t guarded_load(uint64_t address, uint64_t *value): 0 or the trap's cause */
	.globl guarded_load
guarded_load:
	la	t0, guarded_trap
	csrrw	t1, stvec, t0
	ld	t2, 0(a0)
	sd	t2, 0(a1)
	csrw	stvec, t1
	li	a0, 0
	ret

	/* uint64_t guarded_store(uint64_t address, uint64_t value): likewise */
	.globl guarded_store
guarded_store:
	la	t0, guarded_trap
	csrrw	t1, stvec, t0
	sd	a1, 0(a0)
	csrw	stvec, t1
	li	a0, 0
	ret

	/* uint64_t guarded_flush(uint64_t address): cbo.flush of the block, likewise */
	.globl guarded_flush
guarded_flush:
	la	t0, guarded_trap
	csrrw	t1, stvec, t0
	cbo.flush (a0)
	csrw	stvec, t1
	li	a0, 0
	ret

	/* S-mode traps to itself with interrupts off, so there is nothing to return from */
	.balign	4
guarded_trap:
	csrw	stvec, t1
	csrr	a0, scause
	ret

	/* uint64_t guarded_run(void (*run)(void *), void *ctx): likewise, of all that run does. tp,
	 * which C code leaves alone without threads, is the stack pointer to come back to. */
	.globl guarded_run
guarded_run:
	addi	sp, sp, -128
	sd	ra, 0(sp)
	sd	s0, 8(sp)
	sd	s1, 16(sp)
	sd	s2, 24(sp)
	sd	s3, 32(sp)
	sd	s4, 40(sp)
	sd	s5, 48(sp)
	sd	s6, 56(sp)
	sd	s7, 64(sp)
	sd	s8, 72(sp)
	sd	s9, 80(sp)
	sd	s10, 88(sp)
	sd	s11, 96(sp)
	sd	tp, 104(sp)
	csrr	t0, stvec
	sd	t0, 112(sp)
	mv	tp, sp
	la	t0, guarded_run_trap
	csrw	stvec, t0
	mv	t0, a0
	mv	a0, a1
	jalr	t0
	li	a0, 0
	j	1f
	.balign	4
guarded_run_trap:
	mv	sp, tp
	csrr	a0, scause
1:	ld	t0, 112(sp)
	csrw	stvec, t0
	ld	tp, 104(sp)
	ld	s11, 96(sp)
	ld	s10, 88(sp)
	ld	s9, 80(sp)
	ld	s8, 72(sp)
	ld	s7, 64(sp)
	ld	s6, 56(sp)
	ld	s5, 48(sp)
	ld	s4, 40(sp)
	ld	s3, 32(sp)
	ld	s2, 24(sp)
	ld	s1, 16(sp)
	ld	s0, 8(sp)
	ld	ra, 0(sp)
	addi	sp, sp, 128
	ret
