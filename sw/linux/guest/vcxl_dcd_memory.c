/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores to device addresses, through /dev/mem at the window's. An access where there is
 * no memory is a signal (SIGSEGV on riscv64), which ends the command, not the program.
 */
#define _GNU_SOURCE
#include "vcxl_dcd.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "mix.h"

enum {
	PIECE = 2 << 20, /* that is mapped at a time */
	PAGE = 4096,
	WORD = sizeof(uint64_t),
	LINE = 64
};

/* What is mapped, and where in it an access is; the signal handler looks at `accessing` alone. */
static struct {
	volatile uint8_t *memory;
	size_t length;
	uint64_t dpa;
	volatile size_t page;
	volatile sig_atomic_t accessing;
} mapped;
static sigjmp_buf no_memory;

/* Linux on riscv64 tells the address of the instruction, not that of the access. */
static void on_fault(int number)
{
	if (mapped.accessing)
		siglongjmp(no_memory, number);
	signal(number, SIG_DFL); /* and once more */
}

static void catch_faults(void)
{
	struct sigaction action = { .sa_handler = on_fault };

	if (sigaction(SIGSEGV, &action, NULL) || sigaction(SIGBUS, &action, NULL))
		die_errno("sigaction");
}

static int gone(const struct memdev *m, int number)
{
	printf("%s: no memory at 0x%" PRIx64 ": %s\n", m->name, mapped.dpa + mapped.page,
	       strsignal(number));
	return EXIT_GONE;
}

static void map_piece(uint64_t host, uint64_t dpa, size_t length)
{
	mapped.dpa = dpa;
	mapped.length = length;
	mapped.memory = map_physical(host, length);
	if (!mapped.memory)
		die("/dev/mem at 0x%" PRIx64 ": %s", host, strerror(errno));
}

struct range {
	uint64_t dpa, length, host;
};

static struct range range_of(const struct memdev *m, char **args)
{
	struct range r = { .dpa = number(args[0]), .length = number(args[1]) };

	/* as /dev/mem is mapped */
	if (r.dpa % PAGE || r.length % PAGE || !r.length)
		die("%s +%s are not whole pages", args[0], args[1]);
	need_dynamic(m, r.dpa, r.length);
	r.host = host_address(m, r.dpa, r.length);
	return r;
}

/* Of the piece that is mapped. Returns how many words differ. */
static uint64_t use_piece(bool writes, const char *pattern)
{
	const bool zero = strcmp(pattern, "zero") == 0;
	const uint64_t seed = zero ? 0 : mix(number(pattern));
	uint64_t wrong = 0;

	mapped.accessing = 1;
	for (mapped.page = 0; mapped.page < mapped.length; mapped.page += PAGE) {
		const uint64_t dpa = mapped.dpa + mapped.page;
		volatile uint64_t *words = (volatile uint64_t *)(mapped.memory + mapped.page);

		for (unsigned i = 0; i < PAGE / WORD; i++) {
			const uint64_t value = zero ? 0 : mix((dpa + WORD * i) ^ seed);

			if (writes)
				words[i] = value;
			else
				wrong += words[i] != value;
		}
	}
	mapped.accessing = 0;
	return wrong;
}

static int use(const struct memdev *m, char **args, bool writes)
{
	const struct range r = range_of(m, args);
	uint64_t wrong = 0;
	int fault;

	catch_faults();
	fault = sigsetjmp(no_memory, 1);
	if (fault)
		return gone(m, fault);
	for (uint64_t done = 0; done < r.length; done += mapped.length) {
		const uint64_t left = r.length - done;

		map_piece(r.host + done, r.dpa + done, left < PIECE ? left : PIECE);
		wrong += use_piece(writes, args[2]);
		munmap((void *)mapped.memory, mapped.length);
	}
	printf("%s 0x%" PRIx64 " +0x%" PRIx64, writes ? "filled" : "checked", r.dpa, r.length);
	if (!writes)
		printf(": %" PRIu64 " wrong words", wrong);
	printf("\n");
	return wrong ? EXIT_FAILED : 0;
}

int fill(const struct memdev *m, char **args)
{
	return use(m, args, true);
}

int check(const struct memdev *m, char **args)
{
	return use(m, args, false);
}

/* A load of each line, so that translations of all pages are warm when the memory goes. */
static void read_lines(void)
{
	mapped.accessing = 1;
	for (mapped.page = 0; mapped.page < mapped.length; mapped.page += PAGE)
		for (unsigned i = 0; i < PAGE; i += LINE)
			(void)*(volatile uint64_t *)(mapped.memory + mapped.page + i);
	mapped.accessing = 0;
}

int watch(const struct memdev *m, char **args)
{
	const struct range r = range_of(m, args);
	const uint64_t seconds = number(args[2]), end = end_ms(seconds);
	int fault;

	catch_faults();
	map_piece(r.host, r.dpa, r.length);
	fault = sigsetjmp(no_memory, 1);
	if (fault)
		return gone(m, fault);
	read_lines();
	printf("reading 0x%" PRIx64 " +0x%" PRIx64 " for %" PRIu64 " s\n", r.dpa, r.length,
	       seconds);
	fflush(stdout);
	while (now_ms() < end)
		read_lines();
	printf("%s: memory is still there\n", m->name);
	return 0;
}
