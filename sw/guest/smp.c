/* SPDX-License-Identifier: Apache-2.0 */
/*
 * S-mode program behind OpenSBI: starts all other harts (SBI HSM), lets all of them count under a
 * spinlock, by LR/SC and by AMO, wakes each by an IPI (SBI sPI), and ends through the finisher:
 * success when no count was lost and the number of harts is HARTS.
 */
#include "bare.h"

#define ROUNDS 500u

enum {
	SBI_HSM = 0x48534d,
	SBI_IPI = 0x735049
};
struct sbi_result {
	long error, value;
};

static volatile unsigned lock, under_lock, by_lrsc, by_amo, arrived, woken;

extern char _start[];

static struct sbi_result sbi(long extension, long function, unsigned long x, unsigned long y,
			     unsigned long z)
{
	register unsigned long a0 __asm__("a0") = x, a1 __asm__("a1") = y, a2 __asm__("a2") = z;
	register long a6 __asm__("a6") = function, a7 __asm__("a7") = extension;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
	return (struct sbi_result){ (long)a0, (long)a1 };
}

static void add(volatile unsigned *counter)
{
	__asm__ volatile("amoadd.w.aqrl zero, %1, %0" : "+A"(*counter) : "r"(1) : "memory");
}

static void count(void)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned taken = 1, old, failed;

		while (taken)
			__asm__ volatile("amoswap.w.aq %0, %2, %1"
					 : "=r"(taken), "+A"(lock)
					 : "r"(1)
					 : "memory");
		under_lock = under_lock + 1;
		__asm__ volatile("amoswap.w.rl zero, zero, %0" : "+A"(lock) : : "memory");

		do {
			__asm__ volatile("lr.w.aq %0, %2\n"
					 "addi %0, %0, 1\n"
					 "sc.w.rl %1, %0, %2"
					 : "=&r"(old), "=&r"(failed), "+A"(by_lrsc)
					 :
					 : "memory");
		} while (failed);
		add(&by_amo);
	}
	add(&arrived);
}

static void wait_for_ipi(void)
{
	unsigned long pending = 0;

	__asm__ volatile("csrs sie, %0" : : "r"(2ul));
	while (!(pending & 2)) {
		__asm__ volatile("wfi");
		__asm__ volatile("csrr %0, sip" : "=r"(pending));
	}
	__asm__ volatile("csrc sip, %0" : : "r"(2ul));
	add(&woken);
}

/* device_tree: 0 for harts that are started here. */
void run(unsigned long hart, unsigned long device_tree)
{
	unsigned long others = 0;
	unsigned n = 1;

	if (!device_tree) {
		count();
		wait_for_ipi();
		for (;;)
			__asm__ volatile("wfi");
	}
	for (unsigned long i = 0; i < MAX_HARTS; i++) {
		if (i == hart || sbi(SBI_HSM, 0, i, (unsigned long)_start, 0).error)
			continue;
		others |= 1ul << i;
		n++;
	}
	count();
	while (arrived != n)
		;
	if (others && sbi(SBI_IPI, 0, others, 0, 0).error)
		finish(2);
	while (woken != n - 1)
		;
	if (n != HARTS)
		finish(3);
	if (under_lock != n * ROUNDS || by_lrsc != n * ROUNDS || by_amo != n * ROUNDS)
		finish(4);
	finish(0);
}
