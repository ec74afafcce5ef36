/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hart's interrupt file, see interrupt.h. AIA 1.0 2.2 (CSRs), 3.8 (registers of a file), 5.3
 * (stopi). CSRs by number: assemblers older than AIA do not know the names.
 */
#include "interrupt.h"

#define CSR_SISELECT "0x150"
#define CSR_SIREG    "0x151"
#define CSR_STOPEI   "0x15c"
#define CSR_STOPI    "0xdb0"

enum {
	EIDELIVERY = 0x70,
	EITHRESHOLD = 0x72,
	EIE0 = 0xc0, /* 64 identities in each register of even number */
	EXTERNAL = 9,
	TOP_IDENTITY = 16 /* of stopi and stopei: where the number begins */
};

static void select_register(uint64_t number)
{
	__asm__ volatile("csrw " CSR_SISELECT ", %0" ::"r"(number));
}

static void write_register(uint64_t number, uint64_t value)
{
	select_register(number);
	__asm__ volatile("csrw " CSR_SIREG ", %0" ::"r"(value));
}

void interrupt_open(void)
{
	write_register(EITHRESHOLD, 0); /* admits all */
	write_register(EIDELIVERY, 1);
	__asm__ volatile("csrs sie, %0" ::"r"(1ull << EXTERNAL));
}

void interrupt_enable(uint32_t identity)
{
	select_register(EIE0 + identity / 64 * 2);
	__asm__ volatile("csrs " CSR_SIREG ", %0" ::"r"(1ull << identity % 64));
}

uint32_t interrupt_claim(void)
{
	uint64_t top;

	__asm__ volatile("csrr %0, " CSR_STOPI : "=r"(top)::"memory");
	if (top >> TOP_IDENTITY != EXTERNAL)
		return 0;
	/* any write to stopei claims what is read */
	__asm__ volatile("csrrw %0, " CSR_STOPEI ", zero" : "=r"(top)::"memory");
	return (uint32_t)(top >> TOP_IDENTITY);
}

uint32_t interrupt_wait(void)
{
	uint32_t identity;

	/* with interrupts off in sstatus one that is pending ends wfi all the same */
	while (!(identity = interrupt_claim()))
		__asm__ volatile("wfi" ::: "memory");
	return identity;
}
