/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HDM decoders, CXL r3.1 8.2.4.20, from a fixed memory window down to a region of dynamic capacity.
 * They are committed at run time, behind the back of Linux: when it finds decoders on capacity that
 * it does not know, it warns ("does not map any partition"), and refuses a device that has other
 * capacity too ("Failed to reserve DPA range"). So no firmware may commit them. Nor may
 * Linux be asked for a region on this way while they are there: it would take them for its own.
 * Left out: interleaving.
 */
#define _GNU_SOURCE
#include "vcxl_dcd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MAX_LEVELS = 16,
	CONFIG_SIZE = 4096,
	COMPONENT_SIZE = 0x10000,

	CAP_LIST = 0x34, /* configuration space */
	CAP_PCIE = 0x10,
	LINK_CAP = 0x0c,
	EXTENDED = 0x100,
	EXT_DVSEC = 0x23,
	CXL_VENDOR = 0x1e98,
	DVSEC_DEVICE = 0,
	DVSEC_LOCATOR = 8,
	DEVICE_CONTROL = 0x0c,
	MEM_ENABLE = 4,
	BLOCK_COMPONENT = 1,

	TYPE_ENDPOINT = 0, /* of PCI functions */
	TYPE_ROOT_PORT = 4,
	TYPE_UPSTREAM = 5,
	TYPE_DOWNSTREAM = 6,

	CXL_MEM = 0x1000, /* in a component's registers */
	CAP_HDM = 5,
	HDM_GLOBAL = 0x04, /* in bytes */
	HDM_ENABLE = 2,
	HDM_STRIDE = 0x20,
	BASE_LOW = 0x10,
	BASE_HIGH = 0x14,
	SIZE_LOW = 0x18,
	SIZE_HIGH = 0x1c,
	CONTROL = 0x20,
	TARGETS_LOW = 0x24, /* endpoints: DPA skip */
	TARGETS_HIGH = 0x28,
	LOCK = 1 << 8,
	COMMIT = 1 << 9,
	COMMITTED = 1 << 10,
	REFUSED = 1 << 11,
	HOST_ONLY = 1 << 12,
	COMMIT_MS = 20, /* the specification allows 10 */

	CEDT_HEADER = 36,
	CHBS = 0,
	CFMWS = 1
};

#define ALIGNMENT (256ull << 20) /* of decoders */

/* A set of decoders; levels[0] is the device's, the last the host bridge's. */
struct level {
	char name[64];
	volatile uint8_t *hdm;
	unsigned n_decoders;
	unsigned target; /* port number of the way down */
};

struct way {
	struct level levels[MAX_LEVELS];
	unsigned n;
	unsigned bridge; /* its UID */
	char memdev[PATH_MAX];
};

struct window {
	uint64_t base, size;
	unsigned granularity; /* as decoders encode it */
};

/* ---- registers ---- */

static uint32_t reg(const struct level *l, unsigned decoder, unsigned offset)
{
	return *(volatile uint32_t *)(l->hdm + HDM_STRIDE * decoder + offset);
}

static void set_reg(const struct level *l, unsigned decoder, unsigned offset, uint64_t value)
{
	*(volatile uint32_t *)(l->hdm + HDM_STRIDE * decoder + offset) = (uint32_t)value;
}

static uint64_t reg64(const struct level *l, unsigned decoder, unsigned low)
{
	return (uint64_t)reg(l, decoder, low + 4) << 32 | reg(l, decoder, low);
}

static unsigned n_committed(const struct level *l)
{
	unsigned n = 0;

	while (n < l->n_decoders && reg(l, n, CONTROL) & COMMITTED)
		n++;
	return n;
}

static unsigned ways_of(uint32_t control)
{
	const unsigned encoded = control >> 4 & 0xf;

	return encoded < 8 ? 1u << encoded : 3u << (encoded - 8);
}

/* Adds the level whose component registers are at `address`. False when it has no decoders: then
 * there is one way down. */
static bool add_level(struct way *w, const char *name, uint64_t address, unsigned target)
{
	/* by encoding; 0 for reserved ones */
	static const uint8_t counts[16] = { 1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32 };
	volatile uint8_t *registers = map_physical(address, COMPONENT_SIZE), *mem;
	uint32_t entry, n;

	if (!registers)
		die("component registers of %s at 0x%" PRIx64 ": %s", name, address,
		    strerror(errno));
	if (w->n == MAX_LEVELS)
		die("%s is too far down", name);
	mem = registers + CXL_MEM;
	n = *(volatile uint32_t *)mem >> 24;
	for (uint32_t i = 1; i <= n; i++) {
		entry = *(volatile uint32_t *)(mem + 4 * i);
		if ((entry & 0xffff) != CAP_HDM)
			continue;
		struct level *l = &w->levels[w->n++];

		snprintf(l->name, sizeof(l->name), "%s", name);
		l->hdm = mem + (entry >> 20);
		l->n_decoders = counts[reg(l, 0, 0) & 0xf];
		l->target = target;
		return true;
	}
	return false;
}

/* ---- PCI functions ---- */

static void read_config_space(const char *path, uint8_t *config)
{
	char file[PATH_MAX + 16];

	snprintf(file, sizeof(file), "%s/config", path);
	const int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, config, CONFIG_SIZE, 0) != CONFIG_SIZE)
		die_errno(file);
	close(fd);
}

/* Offset of a CXL DVSEC, 0 when there is none. */
static unsigned find_dvsec(const uint8_t *config, unsigned id)
{
	unsigned at = EXTENDED;

	for (unsigned i = 0; at >= EXTENDED && at <= CONFIG_SIZE - 12u && i < CONFIG_SIZE / 8;
	     i++) {
		const uint32_t header = (uint32_t)get(config + at, 4);

		if ((header & 0xffff) == EXT_DVSEC && get(config + at + 4, 2) == CXL_VENDOR &&
		    get(config + at + 8, 2) == id)
			return at;
		at = header >> 20 & 0xffc;
	}
	return 0;
}

static unsigned find_pcie(const uint8_t *config)
{
	unsigned at = config[CAP_LIST] & 0xfc;

	for (unsigned i = 0; at && config[at] != CAP_PCIE && i < 48; i++)
		at = config[at + 1] & 0xfc;
	return at && config[at] == CAP_PCIE ? at : 0;
}

/* Where a function's component registers are. */
static uint64_t component_address(const char *path, const uint8_t *config)
{
	const unsigned dvsec = find_dvsec(config, DVSEC_LOCATOR);
	const unsigned length = dvsec ? (unsigned)get(config + dvsec + 4, 4) >> 20 : 0;
	char file[PATH_MAX + 16];
	uint64_t start = 0;

	for (unsigned at = 0xc; at + 8 <= length && dvsec + at + 8 <= CONFIG_SIZE; at += 8) {
		const uint32_t low = (uint32_t)get(config + dvsec + at, 4);
		const uint64_t high = get(config + dvsec + at + 4, 4);

		if ((low >> 8 & 0xff) != BLOCK_COMPONENT)
			continue;
		snprintf(file, sizeof(file), "%s/resource", path);
		FILE *f = fopen(file, "r");
		if (!f)
			die_errno(file);
		for (unsigned bar = 0; bar <= (low & 7); bar++)
			if (fscanf(f, "%" SCNx64 " %*x %*x", &start) != 1)
				die("%s: no BAR %u", file, low & 7);
		fclose(f);
		if (start)
			return start + (high << 32 | (low & 0xffff0000));
	}
	die("%s has no component registers", path);
}

static void enable_memory(const struct way *w)
{
	uint8_t config[CONFIG_SIZE];
	char file[PATH_MAX + 16];

	read_config_space(w->memdev, config);
	const unsigned at = find_dvsec(config, DVSEC_DEVICE) + DEVICE_CONTROL;
	snprintf(file, sizeof(file), "%s/config", w->memdev);
	const int fd = open(file, O_WRONLY | O_CLOEXEC);
	config[at] |= MEM_ENABLE;
	if (fd < 0 || at == DEVICE_CONTROL || pwrite(fd, config + at, 2, at) != 2)
		die_errno(file);
	close(fd);
	set_reg(&w->levels[0], 0, HDM_GLOBAL, reg(&w->levels[0], 0, HDM_GLOBAL) | HDM_ENABLE);
}

/* ---- host bridge and windows ---- */

/* The next structure of that type behind `at`, or the first; NULL when there is none. */
static const uint8_t *next_cedt(const uint8_t *at, unsigned type)
{
	static uint8_t table[65536];
	static size_t length;

	if (!length) {
		FILE *f = fopen("/sys/firmware/acpi/tables/CEDT", "r");
		if (!f)
			die_errno("/sys/firmware/acpi/tables/CEDT");
		length = fread(table, 1, sizeof(table), f);
		fclose(f);
	}
	for (at = at ? at + get(at + 2, 2) : table + CEDT_HEADER;
	     at + 4 <= table + length && get(at + 2, 2) >= 32 &&
	     at + get(at + 2, 2) <= table + length;
	     at += get(at + 2, 2))
		if (*at == type)
			return at;
	return NULL;
}

static void add_bridge(struct way *w, const char *path, unsigned target)
{
	char text[32];
	const uint8_t *s = NULL;

	read_text(path, "firmware_node/uid", text, sizeof(text));
	w->bridge = (unsigned)number(text);
	while ((s = next_cedt(s, CHBS)))
		if (get(s + 4, 4) == w->bridge)
			break;
	if (!s)
		die("the CEDT has no host bridge %u", w->bridge);
	snprintf(text, sizeof(text), "host bridge %u", w->bridge);
	add_level(w, text, get(s + 0x10, 8), target);
}

static struct window find_window(const struct way *w, uint64_t index)
{
	const uint8_t *s = NULL;
	unsigned n = 0;

	while ((s = next_cedt(s, CFMWS)))
		if (n++ == index)
			break;
	if (!s || get(s + 2, 2) < 0x28)
		die("there is no window %" PRIu64 "; there are %u", index, n);
	if (s[0x18] & 0xf)
		die("window %" PRIu64 " interleaves host bridges: no region of one device fits",
		    index);
	if (get(s + 0x24, 4) != w->bridge)
		die("window %" PRIu64 " does not lead to host bridge %u", index, w->bridge);
	return (struct window){ .base = get(s + 8, 8),
				.size = get(s + 0x10, 8),
				.granularity = (unsigned)get(s + 0x1c, 4) };
}

/* All decoders between the host and the device, which sysfs has in this order. */
static void find_way(const struct memdev *m, struct way *w)
{
	uint8_t config[CONFIG_SIZE];
	unsigned target = 0;
	char path[PATH_MAX], *name;

	*w = (struct way){ 0 };
	snprintf(path, sizeof(path), "%s", m->path);
	snprintf(w->memdev, sizeof(w->memdev), "%s", m->path);
	for (; name = strrchr(path, '/') + 1, strncmp(name, "pci", 3) != 0; name[-1] = '\0') {
		read_config_space(path, config);
		const unsigned pcie = find_pcie(config);
		const unsigned type = pcie ? config[pcie + 2] >> 4 : TYPE_ENDPOINT;

		if (type == TYPE_ROOT_PORT || type == TYPE_DOWNSTREAM)
			target = config[pcie + LINK_CAP + 3];
		else if (!add_level(w, name, component_address(path, config), target) && !w->n)
			die("%s has no HDM decoders", name);
	}
	add_bridge(w, path, target);
}

/* ---- commit ---- */

/* NULL, or what is wrong. */
static const char *commit(const struct level *l, unsigned i, uint64_t base, uint64_t size,
			  uint64_t targets, unsigned granularity)
{
	/* supported coherency: 1 is that of devices alone */
	const uint32_t host_only = (reg(l, 0, 0) >> 21 & 3) == 1 ? 0 : HOST_ONLY;
	const uint64_t end = now_ms() + COMMIT_MS;

	set_reg(l, i, BASE_LOW, base);
	set_reg(l, i, BASE_HIGH, base >> 32);
	set_reg(l, i, SIZE_LOW, size);
	set_reg(l, i, SIZE_HIGH, size >> 32);
	set_reg(l, i, TARGETS_LOW, targets);
	set_reg(l, i, TARGETS_HIGH, targets >> 32);
	set_reg(l, i, CONTROL, granularity | host_only | COMMIT);
	for (;;) {
		const uint32_t state = reg(l, i, CONTROL);

		if (state & COMMITTED)
			return NULL;
		if (state & REFUSED)
			return "refuses to commit";
		if (now_ms() > end)
			return "does not commit in time";
	}
}

static const char *take_back(const struct level *l, unsigned i)
{
	const uint64_t end = now_ms() + COMMIT_MS;

	if (reg(l, i, CONTROL) & LOCK)
		return "is locked";
	set_reg(l, i, CONTROL, 0);
	while (reg(l, i, CONTROL) & COMMITTED)
		if (now_ms() > end)
			return "stays committed";
	for (unsigned offset = BASE_LOW; offset < CONTROL; offset += 4)
		set_reg(l, i, offset, 0);
	set_reg(l, i, TARGETS_LOW, 0);
	set_reg(l, i, TARGETS_HIGH, 0);
	return NULL;
}

/* Device addresses of a committed decoder follow those of the one before it. */
static bool find_dpa(const struct level *endpoint, uint64_t dpa, uint64_t length, unsigned *decoder,
		     uint64_t *start)
{
	const unsigned n = n_committed(endpoint);
	uint64_t next = 0;

	for (*decoder = 0; *decoder < n; ++*decoder) {
		const unsigned ways = ways_of(reg(endpoint, *decoder, CONTROL));

		*start = next + reg64(endpoint, *decoder, TARGETS_LOW);
		next = *start + reg64(endpoint, *decoder, SIZE_LOW) / ways;
		if (dpa >= *start && dpa <= next && length <= next - dpa) {
			if (ways > 1)
				die("decoder %u of %s interleaves", *decoder, endpoint->name);
			return true;
		}
	}
	*start = next; /* behind the last one */
	return false;
}

uint64_t host_address(const struct memdev *m, uint64_t dpa, uint64_t length)
{
	struct way w;
	unsigned decoder;
	uint64_t start;

	find_way(m, &w);
	if (!find_dpa(&w.levels[0], dpa, length, &decoder, &start))
		die("%s: no decoder has 0x%" PRIx64 " +0x%" PRIx64, m->name, dpa, length);
	return reg64(&w.levels[0], decoder, BASE_LOW) + (dpa - start);
}

/* Decoders are committed in the order of their addresses, on each level. */
static uint64_t free_address(const struct way *w, const struct window *window)
{
	uint64_t base = window->base;

	for (unsigned i = 0; i < w->n; i++) {
		const struct level *l = &w->levels[i];
		const unsigned n = n_committed(l);
		const uint64_t end = n ? reg64(l, n - 1, BASE_LOW) + reg64(l, n - 1, SIZE_LOW) : 0;

		if (n == l->n_decoders)
			die("%s: all %u decoders are committed", l->name, n);
		if (end > base)
			base = end;
	}
	return (base + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

int map_region(const struct memdev *m, char **args)
{
	const struct region r = read_region(m, number(args[0]));
	struct way w;
	unsigned decoder;
	uint64_t behind;

	find_way(m, &w);
	const struct window window = find_window(&w, number(args[1]));
	const uint64_t base = free_address(&w, &window);
	if (find_dpa(&w.levels[0], r.base, r.decoded, &decoder, &behind))
		die("%s: region %s is mapped already", m->name, args[0]);
	if (behind > r.base)
		die("%s: decoders are committed behind region %s", m->name, args[0]);
	if (base - window.base > window.size || r.decoded > window.size - (base - window.base))
		die("window %s has no room for 0x%" PRIx64 " bytes at 0x%" PRIx64, args[1],
		    r.decoded, base);
	enable_memory(&w);
	for (unsigned i = 0; i < w.n; i++) {
		const struct level *l = &w.levels[i];
		const unsigned n = n_committed(l);
		const char *problem = commit(l, n, base, r.decoded, i ? l->target : r.base - behind,
					     window.granularity);

		if (!problem)
			continue;
		while (i-- > 0)
			take_back(&w.levels[i], n_committed(&w.levels[i]) - 1);
		die("decoder %u of %s %s", n, l->name, problem);
	}
	printf("region %s: 0x%" PRIx64 " +0x%" PRIx64 " at 0x%" PRIx64 "\n", args[0], r.base,
	       r.decoded, base);
	return 0;
}

int unmap_region(const struct memdev *m, char **args)
{
	const struct region r = read_region(m, number(args[0]));
	struct way w;
	unsigned decoder;
	uint64_t start;

	find_way(m, &w);
	if (!find_dpa(&w.levels[0], r.base, r.decoded, &decoder, &start))
		die("%s: region %s is not mapped", m->name, args[0]);
	const uint64_t base = reg64(&w.levels[0], decoder, BASE_LOW);
	for (unsigned i = 0; i < w.n; i++) {
		const unsigned n = n_committed(&w.levels[i]);

		if (!n || reg64(&w.levels[i], n - 1, BASE_LOW) != base)
			die("%s: a later decoder than that of region %s is committed",
			    w.levels[i].name, args[0]);
	}
	/* from the top: nothing is routed to what goes off next */
	for (unsigned i = w.n; i-- > 0;) {
		const unsigned last = n_committed(&w.levels[i]) - 1;
		const char *problem = take_back(&w.levels[i], last);

		if (problem)
			die("decoder %u of %s %s", last, w.levels[i].name, problem);
	}
	printf("region %s: not mapped\n", args[0]);
	return 0;
}
