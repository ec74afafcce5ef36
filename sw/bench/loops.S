/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loops that are timed: they work on the memory they are given and touch nothing else. All
 * return what they computed, so that a wrong result shows.
 */
	.text

	/* uint64_t loop_read(const uint64_t *at, size_t bytes, uint64_t times): sum, on four
	 * accumulators as compilers unroll it; bytes is a multiple of 64 */
	.globl loop_read
loop_read:
	mv	t0, a0
	add	t1, a0, a1
	li	a0, 0
	li	t3, 0
	li	t4, 0
	li	t5, 0
1:	mv	t2, t0
2:	ld	a3, 0(t2)
	ld	a4, 8(t2)
	ld	a5, 16(t2)
	ld	a6, 24(t2)
	add	a0, a0, a3
	add	t3, t3, a4
	add	t4, t4, a5
	add	t5, t5, a6
	ld	a3, 32(t2)
	ld	a4, 40(t2)
	ld	a5, 48(t2)
	ld	a6, 56(t2)
	add	a0, a0, a3
	add	t3, t3, a4
	add	t4, t4, a5
	add	t5, t5, a6
	addi	t2, t2, 64
	bltu	t2, t1, 2b
	addi	a2, a2, -1
	bnez	a2, 1b
	add	a0, a0, t3
	add	t4, t4, t5
	add	a0, a0, t4
	ret

	/* uint64_t loop_copy(uint64_t *at, size_t bytes, uint64_t times): the lower half of
	 * [at, at+bytes) to the upper one; 0 */
	.globl loop_copy
loop_copy:
	srli	a1, a1, 1
	add	t1, a0, a1
1:	mv	t2, a0
	mv	t3, t1
2:	ld	a3, 0(t2)
	ld	a4, 8(t2)
	ld	a5, 16(t2)
	ld	a6, 24(t2)
	sd	a3, 0(t3)
	sd	a4, 8(t3)
	sd	a5, 16(t3)
	sd	a6, 24(t3)
	addi	t2, t2, 32
	addi	t3, t3, 32
	bltu	t2, t1, 2b
	addi	a2, a2, -1
	bnez	a2, 1b
	li	a0, 0
	ret

	/* uint64_t loop_chase(const uint64_t *at, size_t loads, uint64_t times): follows pointers
	 * from at; loads is a multiple of 8 */
	.globl loop_chase
loop_chase:
	mul	a1, a1, a2
1:	ld	a0, 0(a0)
	ld	a0, 0(a0)
	ld	a0, 0(a0)
	ld	a0, 0(a0)
	ld	a0, 0(a0)
	ld	a0, 0(a0)
	ld	a0, 0(a0)
	ld	a0, 0(a0)
	addi	a1, a1, -8
	bnez	a1, 1b
	ret

	/* Position-independent code to be copied and run elsewhere:
	 * uint64_t loop_code(uint64_t, uint64_t, uint64_t times): 12 instructions a block, 64 blocks
	 * of 40 bytes with a branch each; 770 a turn with the loop's own two */
	.globl loop_code, loop_code_end
loop_code:
	li	a0, 1
1:
	.rept	64
	slli	a3, a0, 13
	xor	a0, a0, a3
	srli	a3, a0, 7
	xor	a0, a0, a3
	slli	a3, a0, 17
	xor	a0, a0, a3
	addi	a4, a0, 3
	sub	a5, a4, a0
	andi	a6, a0, 8
	beqz	a6, 2f
	addi	a7, a7, 1
2:	add	a4, a4, a5
	.endr
	addi	a2, a2, -1
	beqz	a2, 3f
	j	1b
3:	ret
loop_code_end:
