/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for Linux behind the firmware: an image with Linux's header that looks at the state in
 * which it is started, prints what the firmware left in configuration space and decoders, fills
 * the regions that the command line names (regions=<base>,<size>,<stripe>,...) with the pattern of
 * the system tests, reads it back, and ends the run. Its exit code says what is wrong.
 */
#include <stdbool.h>
#include <stdint.h>

#include "dt.h"
#include "fmt.h"
#include "pattern.h"
#include "text.h"

enum {
	BAD_STATE = 2,
	BAD_TREE = 3,
	BAD_CONFIG_SPACE = 4,
	BAD_MEMORY = 5
};

/* As it was at the first instruction. */
struct entry {
	uint64_t hart, tree, satp, sie, sstatus, sscratch, sip, stvec, time;
};

/* documentation of the kernel, riscv/boot-image-header: the stack lies inside image_size */
__asm__(".section .head, \"ax\"\n"
	".globl _start\n"
	"_start:	j begin\n"
	"	.balign 8\n"
	"	.dword 0x200000, 0x100000, 0, 2, 0\n"
	"	.ascii \"RISCV\\0\\0\\0RSC\\5\"\n"
	"	.word 0\n"
	"begin:	lla sp, _start\n"
	"	li t0, 0x100000 - 80\n"
	"	add sp, sp, t0\n"
	"	sd a0, 0(sp)\n"
	"	sd a1, 8(sp)\n"
	"	csrr t0, satp\n	sd t0, 16(sp)\n"
	"	csrr t0, sie\n	sd t0, 24(sp)\n"
	"	csrr t0, sstatus\n	sd t0, 32(sp)\n"
	"	csrr t0, sscratch\n	sd t0, 40(sp)\n"
	"	csrr t0, sip\n	sd t0, 48(sp)\n"
	"	csrr t0, stvec\n	sd t0, 56(sp)\n"
	"	csrr t0, time\n	sd t0, 64(sp)\n"
	"	mv a0, sp\n"
	"	call run\n"
	".text\n");

static uint32_t read32(uint64_t address)
{
	return *(volatile uint32_t *)address;
}

static void put(void *ctx, char c)
{
	(void)ctx;
	*(volatile uint8_t *)0x10000000 = (uint8_t)c;
}

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fmt_vprint(put, 0, format, args);
	va_end(args);
}

static void finish(unsigned failure)
{
	*(volatile uint32_t *)0x100000 = failure ? 0x3333 | failure << 16 : 0x5555;
	for (;;)
		;
}

static void check_state(const struct entry *e)
{
	say("next stage: hart %lu satp %lx sie %lx interrupts %lx sscratch %lx pending %lx\n",
	    e->hart, e->satp, e->sie, e->sstatus & 2, e->sscratch, e->sip & 0x202);
	say("started at %lu\n", e->time);
	if (e->hart || e->satp || e->sie || e->sstatus & 2 || e->sscratch || e->sip & 0x202 ||
	    !e->stvec || e->stvec & 3)
		finish(BAD_STATE);
}

/* The component's decoders. */
static void show_decoders(const char *name, unsigned number, uint64_t component)
{
	const uint64_t headers = component + 0x1000;
	static const uint8_t counts[16] = { 1, 2, 4, 6, 8, 10 };

	for (unsigned i = 1; i <= read32(headers) >> 24; i++) {
		const uint32_t header = read32(headers + 4 * i);
		const uint64_t hdm = headers + (header >> 20);

		if ((header & 0xffff) != 5)
			continue;
		say("%s %x: HDM enable %u", name, number, read32(hdm + 4) >> 1 & 1);
		for (unsigned n = 0; n < counts[read32(hdm) & 15]; n++)
			if (read32(hdm + 0x20 * n + 0x20) >> 8 & 7)
				say(", decoder %u control %x", n, read32(hdm + 0x20 * n + 0x20));
		say("\n");
	}
}

/* A memory device: DVSEC 0 has Mem_Enable, DVSEC 8 says where the component registers are. */
static void show_device(uint64_t function, unsigned id)
{
	for (uint64_t at = 0x100; at; at = read32(function + at) >> 20) {
		const uint64_t dvsec = function + at;

		if ((read32(dvsec) & 0xffff) != 0x23 || (read32(dvsec + 4) & 0xffff) != 0x1e98)
			continue;
		if ((read32(dvsec + 8) & 0xffff) == 0)
			say("device %x: memory enable %u\n", id, read32(dvsec + 12) >> 2 & 1);
		if ((read32(dvsec + 8) & 0xffff) == 8 && (read32(dvsec + 12) & 0xff00) == 0x100) {
			const uint64_t bar = function + 0x10 + 4 * (read32(dvsec + 12) & 7);
			const uint64_t base =
				(uint64_t)read32(bar + 4) << 32 | (read32(bar) & ~15u);

			show_decoders("device", id, base + (read32(dvsec + 12) & 0xffff0000u));
		}
	}
}

/* Bus master off, no error noted. */
static bool quiet(uint64_t function)
{
	unsigned cap = read32(function + 0x34) & 0xff;

	if (read32(function + 4) & 0xf9000004)
		return false;
	for (; cap; cap = read32(function + cap) >> 8 & 0xff)
		if ((read32(function + cap) & 0xff) == 0x10 &&
		    read32(function + cap + 8) >> 16 & 15)
			return false;
	for (uint64_t at = 0x100; at; at = read32(function + at) >> 20)
		if ((read32(function + at) & 0xffff) == 1 &&
		    (read32(function + at + 4) || read32(function + at + 0x10)))
			return false;
	return true;
}

static void check_functions(uint64_t ecam, unsigned first, unsigned last)
{
	for (unsigned id = first << 8; id <= (last << 8 | 0xff); id++) {
		const uint64_t function = ecam + ((uint64_t)(id - (first << 8)) << 12);

		/* single functions only, as the topologies of the tests are */
		if (id & 7 || (read32(function) & 0xffff) == 0xffff)
			continue;
		if (!quiet(function)) {
			say("function %x: command and status %x\n", id, read32(function + 4));
			finish(BAD_CONFIG_SPACE);
		}
		if (read32(function + 8) >> 8 == 0x050210)
			show_device(function, id);
	}
}

static uint64_t number(const char **text)
{
	uint64_t value = 0;

	if (**text == ',')
		++*text;
	if (text_starts(*text, "0x"))
		*text += 2;
	for (;; ++*text) {
		if (**text >= '0' && **text <= '9')
			value = value << 4 | (unsigned)(**text - '0');
		else if (**text >= 'a' && **text <= 'f')
			value = value << 4 | (unsigned)(**text - 'a' + 10);
		else
			return value;
	}
}

/* Writes or compares one piece; false at the first difference. */
static bool words(uint64_t base, uint64_t bytes, bool write)
{
	for (uint64_t at = base; at < base + bytes; at += 8) {
		volatile uint64_t *word = (volatile uint64_t *)at;

		if (write)
			*word = pattern_word(at);
		else if (*word != pattern_word(at))
			return false;
	}
	return true;
}

static bool region(uint64_t base, uint64_t size, uint64_t stripe, bool write)
{
	const uint64_t dense = 4 * stripe;
	bool good = words(base, dense, write) && words(base + size - dense, dense, write);

	for (unsigned i = 0; good && i < PATTERN_SPARSE; i++)
		good = words(base + pattern_sparse_offset(i, size), 8, write);
	return good;
}

static void check_regions(const char *arguments)
{
	while (*arguments && !text_starts(arguments, "regions="))
		arguments++;
	if (*arguments)
		arguments += text_length("regions=");
	while (*arguments && *arguments != ' ') {
		const uint64_t base = number(&arguments), size = number(&arguments);
		const uint64_t stripe = number(&arguments);

		region(base, size, stripe, true);
		__asm__ volatile("fence rw, rw" ::: "memory");
		if (!region(base, size, stripe, false))
			finish(BAD_MEMORY);
		say("region %lx holds\n", base);
	}
}

void run(const struct entry *e)
{
	const char *arguments = "";
	struct dt_walk walk;
	struct dt tree;

	check_state(e);
	if (!dt_open(&tree, (const void *)e->tree, DT_MAX_SIZE))
		finish(BAD_TREE);
	for (dt_walk_start(&walk, &tree); dt_walk_next(&walk);) {
		struct dt_prop buses;
		uint64_t base, size;
		uint32_t uid;

		if (walk.depth == 2 && text_equal(walk.name, "chosen") &&
		    dt_get_string(&walk, "bootargs"))
			arguments = dt_get_string(&walk, "bootargs");
		if (!dt_list_has(&walk, "compatible", "vcxl,cxl-host-bridge"))
			continue;
		if (!dt_get_u32(&walk, "vcxl,uid", &uid) || !dt_get(&walk, "bus-range", &buses) ||
		    !dt_get_reg(&walk, 0, &base, &size))
			finish(BAD_TREE);
		check_functions(base, dt_cell(&buses, 0), dt_cell(&buses, 1));
		dt_get_reg(&walk, 1, &base, &size);
		show_decoders("bridge", uid, base);
	}
	check_regions(arguments);
	say("next stage: done\n");
	finish(0);
}
