/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boots, dirties the machine, asks for a reset, three times over; the fourth boot ends the run.
 * Each boot checks that everything is as at power-on but for RAM outside the images and CXL media.
 * HARTS: how many there are. SBI_RESET: the reset type for SBI SRST, behind OpenSBI in S-mode; else
 * bare metal in M-mode with the finisher. WITH_CXL: one device below one bridge at bus 12 is
 * committed anew in each boot, and the reset is asked for by code that runs from its memory.
 * PATIENT: the reset comes from outside.
 */
#include "bare.h"

#define BOOTS    4u
#define KEPT     ((volatile struct kept *)0x83000000)
#define APLIC_S  ((volatile unsigned *)0xd000000)
#define MTIMECMP ((volatile unsigned long *)0x2004000)

/* Where no image lies: a reset leaves it alone. */
struct kept {
	unsigned long boots, first_time, arrived[MAX_HARTS];
};

static volatile unsigned loaded = 0x600d; /* spoilt before each reset: comes from the file again */

static void put(char c)
{
	*UART = (unsigned char)c;
}

static void expect(int good, unsigned code)
{
	if (!good)
		finish(code);
}

static unsigned long now(void)
{
	unsigned long time;

	__asm__ volatile("rdtime %0" : "=r"(time));
	return time;
}

#ifdef WITH_CXL
#define ROOT_PORT ((volatile unsigned *)0x30c00000)
#define ENDPOINT  ((volatile unsigned *)0x30d00000)
#define CHBCR     ((volatile unsigned *)0x6000000)
#define BAR       0x60000000u
#define WINDOW    0x1000000000ul

static volatile unsigned faults;

__asm__(".align 2\n"
	"skip_fault:\n"
	"	addi sp, sp, -16\n"
	"	sd t0, 0(sp)\n"
	"	sd t1, 8(sp)\n"
	"	la t0, faults\n"
	"	lw t1, 0(t0)\n"
	"	addi t1, t1, 1\n"
	"	sw t1, 0(t0)\n"
	"	csrr t0, mepc\n"
	"	addi t0, t0, 4\n"
	"	csrw mepc, t0\n"
	"	ld t0, 0(sp)\n"
	"	ld t1, 8(sp)\n"
	"	addi sp, sp, 16\n"
	"	mret\n"
	/* copied: counts in (a2), stores a1 to (a0) and spins */
	".option push\n"
	".option norvc\n"
	"in_cxl:\n"
	"	ld t0, 0(a2)\n"
	"	addi t0, t0, 1\n"
	"	sd t0, 0(a2)\n"
	"	sw a1, 0(a0)\n"
	"	j .\n"
	".option pop\n");
extern char skip_fault[];
extern const unsigned in_cxl[5];

static unsigned long load(unsigned long address)
{
	unsigned long value = 0;

	__asm__ volatile(".option push\n.option norvc\nld %0, 0(%1)\n.option pop"
			 : "+&r"(value)
			 : "r"(address)
			 : "memory");
	return value;
}

/* Registers of the HDM decoder capability of a component. */
static volatile unsigned *hdm_of(volatile unsigned *component)
{
	volatile unsigned *cache_mem = component + 0x1000 / 4;

	for (unsigned i = 1; i <= cache_mem[0] >> 24; i++)
		if ((cache_mem[i] & 0xffff) == 5)
			return cache_mem + (cache_mem[i] >> 20) / 4;
	finish(40);
}

/* 256 MiB at the window's base; the device's address and the target of a bridge are both 0. */
static void commit(volatile unsigned *component)
{
	volatile unsigned *hdm = hdm_of(component);

	expect(!(hdm[0x20 / 4] & 1 << 10), 41);
	expect(!hdm[0x10 / 4] && !hdm[0x14 / 4], 42);
	hdm[0x10 / 4] = (unsigned)WINDOW;
	hdm[0x14 / 4] = (unsigned)(WINDOW >> 32);
	hdm[0x18 / 4] = 0x10000000;
	hdm[0x20 / 4] = 1 << 9 | 1 << 12;
	expect(hdm[0x20 / 4] & 1 << 10, 43);
	hdm[1] = 2;
}

static void enable_memory(void)
{
	for (unsigned at = 0x100; at; at = ENDPOINT[at / 4] >> 20)
		if ((ENDPOINT[at / 4] & 0xffff) == 0x23 &&
		    (ENDPOINT[at / 4 + 1] & 0xffff) == 0x1e98 && !(ENDPOINT[at / 4 + 2] & 0xffff)) {
			expect(!(ENDPOINT[at / 4 + 3] & 4), 44);
			ENDPOINT[at / 4 + 3] |= 4;
			return;
		}
	finish(45);
}

static void reset_from_cxl(unsigned long boots)
{
	volatile unsigned *code = (volatile unsigned *)(WINDOW + 0x1000);
	volatile unsigned long *counter = (volatile unsigned long *)(WINDOW + 0x2000);

	__asm__ volatile("csrw mtvec, %0" : : "r"(skip_fault));
	expect(!ROOT_PORT[0x18 / 4] && !(ROOT_PORT[1] & 0xffff), 30);
	load(WINDOW + 0x2000);
	expect(faults == 1, 31);
	ROOT_PORT[0x18 / 4] = 0x000d0d0c;
	ROOT_PORT[0x20 / 4] = 0x600f6000;
	ROOT_PORT[1] = 6;
	expect(!(ENDPOINT[1] & 0xffff) && !(ENDPOINT[0x10 / 4] & ~0xfu), 32);
	ENDPOINT[0x10 / 4] = BAR;
	ENDPOINT[0x14 / 4] = 0;
	ENDPOINT[0x18 / 4] = BAR + 0x80000;
	ENDPOINT[1] = 6;
	commit((volatile unsigned *)(unsigned long)BAR);
	commit(CHBCR);
	enable_memory();
	expect(load(WINDOW + 0x2000) == boots - 1 && faults == 1, 33);
	for (unsigned i = 0; i < sizeof(in_cxl) / 4; i++)
		code[i] = in_cxl[i];
	__asm__ volatile(".word 0x0000100f"); /* fence.i */
	if (boots == BOOTS)
		return;
	register volatile unsigned *a0 __asm__("a0") = FINISHER;
	register unsigned a1 __asm__("a1") = 0x7777;
	register volatile unsigned long *a2 __asm__("a2") = counter;
	__asm__ volatile("jr %3" : : "r"(a0), "r"(a1), "r"(a2), "r"(code) : "memory");
}
#endif

#ifdef SBI_RESET
static void reset(void)
{
	register unsigned long a0 __asm__("a0") = SBI_RESET, a1 __asm__("a1") = 0;
	register unsigned long a6 __asm__("a6") = 0, a7 __asm__("a7") = 0x53525354;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
	finish(2); /* it does not return */
}

static void check_machine(void)
{
}
#else
static void reset(void)
{
	*FINISHER = 0x7777;
	loaded = 0xbad; /* the next boot sees it when the store before did not stop the hart */
	KEPT->boots = 100;
	for (;;)
		;
}

/* Finds registers as at power-on and leaves them otherwise. */
static void check_machine(void)
{
	unsigned long scratch, files;

	__asm__ volatile("csrr %0, mscratch" : "=r"(scratch));
	expect(!scratch, 10);
	__asm__ volatile("csrw mscratch, %0" : : "r"(1ul));
	__asm__ volatile("csrw miselect, %0" : : "r"(0x70ul)); /* eidelivery */
	__asm__ volatile("csrr %0, 0x351" : "=r"(files));      /* mireg */
	expect(!files, 11);
	__asm__ volatile("csrw 0x351, %0" : : "r"(1ul));
	expect(!UART[1] && !UART[3] && !UART[4], 12);
	UART[1] = 0xf;
	UART[3] = 3;
	UART[4] = 8;
	expect(!(APLIC_S[0] & 0x100) && !APLIC_S[1], 13);
	APLIC_S[0] = 0x100;
	APLIC_S[1] = 4; /* edge: sourcecfg of source 1 */
	expect(*MTIMECMP == -1ul, 14);
	*MTIMECMP = 0;
}
#endif

void run(unsigned long hart, unsigned long device_tree)
{
	(void)device_tree;
	KEPT->arrived[hart]++;
	if (hart & 1) /* a hart that runs, and harts that wait, are reset alike */
		for (;;)
			;
	if (hart)
		for (;;)
			__asm__ volatile("wfi");

	const unsigned long boots = ++KEPT->boots, time = now();

	put((char)('0' + boots));
	if (boots == 1)
		KEPT->first_time = time;
	expect(boots <= BOOTS, 1);
	expect(time < KEPT->first_time + KEPT->first_time / 2 + 10, 3);
	expect(loaded == 0x600d, 4);
	loaded = 0xbad;
	for (unsigned i = 1; i < HARTS; i++)
		while (KEPT->arrived[i] != boots)
			;
	check_machine();
#ifdef WITH_CXL
	reset_from_cxl(boots);
#endif
#ifdef PATIENT
	put('\n');
	while (boots != 2) /* somebody else resets */
		;
	for (;;)
		__asm__ volatile("wfi");
#endif
	if (boots < BOOTS)
		reset();
	put('\n');
	finish(0);
}
