/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host of dynamic capacity in user space, for kernels that know nothing of it: the commands go to
 * the mailbox raw (CONFIG_CXL_MEM_RAW_COMMANDS), CXL r3.1 8.2.9.2 (events) and 8.2.9.9.9 (dynamic
 * capacity). It keeps nothing between two calls: what is asked stands in the device's event log
 * until it has been answered, and where memory is mapped stands in the decoders. Left out:
 * interrupts, which Linux gives to nobody for this log.
 */
#define _GNU_SOURCE
#include "vcxl_dcd.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	DYNAMIC_CAPACITY = 4, /* the log */
	EVENTS_HEADER = 0x20,
	OVERFLOWN = 1, /* its flags */
	MORE_RECORDS = 2,
	RECORD = 0x80,
	MAX_HANDLES = 255, /* that one command clears */

	REGION = 0x28,
	MAX_REGIONS = 8,
	EXTENT = 0x28, /* in lists and records */
	RANGE = 0x18,  /* in answers */
	MORE = 1,      /* in records and answers: another one belongs to this */

	ADD = 0, /* types of records */
	RELEASE = 1,
	FORCED_RELEASE = 2,
	ANY = -1,

	LOOK_MS = 100,      /* between two looks at the log */
	CHAIN_SECONDS = 20, /* for the rest of a request */
	LIST_ATTEMPTS = 10
};

struct extent {
	uint64_t dpa, length;
	uint8_t tag[16];
	unsigned sequence;
};

/* ---- configuration ---- */

struct config {
	struct region regions[MAX_REGIONS];
	unsigned n;
	unsigned extents, free_extents, tags, free_tags;
};

static void read_config(const struct memdev *m, struct config *config)
{
	uint8_t *out = allocate(NULL, m->payload_size);
	unsigned available, returned;

	config->n = 0;
	do {
		const uint8_t in[2] = { MAX_REGIONS, (uint8_t)config->n };
		const size_t length = command(m, OP_GET_CONFIG, in, sizeof(in), out);

		available = out[0];
		returned = out[1];
		if (length < 8 + REGION * returned + 16u || available > MAX_REGIONS ||
		    available < config->n || returned > available - config->n ||
		    (!returned && config->n < available))
			die("%s: %u of %u regions in %zu bytes", m->name, returned, available,
			    length);
		for (unsigned i = 0; i < returned; i++) {
			const uint8_t *from = out + 8 + (size_t)REGION * i;

			config->regions[config->n] = (struct region){
				.base = get(from, 8),
				.decoded = get(from + 8, 8) << 28,
				.length = get(from + 0x10, 8),
				.block = get(from + 0x18, 8),
				.flags = from[0x24],
			};
			config->n++;
		}
	} while (config->n < available);
	const uint8_t *counts = out + 8 + (size_t)REGION * returned;
	config->extents = (unsigned)get(counts, 4);
	config->free_extents = (unsigned)get(counts + 4, 4);
	config->tags = (unsigned)get(counts + 8, 4);
	config->free_tags = (unsigned)get(counts + 12, 4);
	free(out);
}

struct region read_region(const struct memdev *m, uint64_t index)
{
	struct config config;

	read_config(m, &config);
	if (index >= config.n)
		die("%s: there is no region %" PRIu64 "; it has %u", m->name, index, config.n);
	return config.regions[index];
}

void need_dynamic(const struct memdev *m, uint64_t dpa, uint64_t length)
{
	struct config c;

	read_config(m, &c);
	for (unsigned i = 0; i < c.n; i++) {
		const struct region *r = &c.regions[i];

		if (dpa >= r->base && dpa - r->base < r->length &&
		    length <= r->length - (dpa - r->base))
			return;
	}
	die("%s: 0x%" PRIx64 " +0x%" PRIx64 " is in no region", m->name, dpa, length);
}

static int print_config(const struct memdev *m, char **args)
{
	struct config c;

	(void)args;
	read_config(m, &c);
	for (unsigned i = 0; i < c.n; i++) {
		const struct region *r = &c.regions[i];

		printf("region %u: 0x%" PRIx64 " +0x%" PRIx64 " of 0x%" PRIx64
		       ", blocks of 0x%" PRIx64 "%s\n",
		       i, r->base, r->length, r->decoded, r->block,
		       r->flags & 1 ? ", sanitized on release" : "");
	}
	printf("extents: %u of %u free; tags: %u of %u free\n", c.free_extents, c.extents,
	       c.free_tags, c.tags);
	return 0;
}

/* ---- extents ---- */

static struct extent read_extent(const uint8_t *from)
{
	struct extent e = { .dpa = get(from, 8),
			    .length = get(from + 8, 8),
			    .sequence = (unsigned)get(from + 0x20, 2) };

	memcpy(e.tag, from + 0x10, sizeof(e.tag));
	return e;
}

static void print_extent(const char *before, const struct extent *e, const char *after)
{
	static const uint8_t none[sizeof(e->tag)];

	printf("%s 0x%" PRIx64 " +0x%" PRIx64 " ", before, e->dpa, e->length);
	if (!memcmp(e->tag, none, sizeof(none))) {
		printf("no tag%s\n", after);
		return;
	}
	printf("tag ");
	print_uuid(e->tag);
	printf(" sequence %u%s\n", e->sequence, after);
}

/* All pages of the list. False when it has changed between two of them: when it has become so short
 * that it has no next page, the device refuses to read one. */
static bool read_extents(const struct memdev *m, uint8_t *out, struct extent **list, uint32_t *n,
			 uint32_t *generation)
{
	uint32_t total = 0, returned;
	size_t length;

	*n = 0;
	do {
		uint8_t in[8];

		put(in, (m->payload_size - 16) / EXTENT, 4);
		put(in + 4, *n, 4);
		const unsigned code = try_command(m, OP_GET_EXTENTS, in, sizeof(in), out, &length);
		if (*n && code == INVALID_INPUT)
			return false;
		need_success(m, OP_GET_EXTENTS, code);
		if (length < 16)
			die("%s: an extent list of %zu bytes", m->name, length);
		if (*n && get(out + 8, 4) != *generation)
			return false;
		returned = (uint32_t)get(out, 4);
		total = (uint32_t)get(out + 4, 4);
		*generation = (uint32_t)get(out + 8, 4);
		if (returned > (length - 16) / EXTENT || total < *n || returned > total - *n ||
		    (!returned && *n < total))
			die("%s: %u of %u extents in %zu bytes", m->name, returned, total, length);
		*list = allocate(*list, (total + 1) * sizeof(**list));
		for (uint32_t i = 0; i < returned; i++)
			(*list)[(*n)++] = read_extent(out + 16 + (size_t)EXTENT * i);
	} while (*n < total);
	return true;
}

static int print_list(const struct memdev *m, char **args)
{
	uint8_t *out = allocate(NULL, m->payload_size);
	struct extent *list = NULL;
	uint32_t n, generation;

	(void)args;
	for (unsigned i = 0; !read_extents(m, out, &list, &n, &generation); i++)
		if (i == LIST_ATTEMPTS)
			die("%s: the list of extents changes while it is read", m->name);
	printf("extents: %u; generation: %u\n", n, generation);
	for (uint32_t i = 0; i < n; i++)
		print_extent("extent", &list[i], "");
	free(list);
	free(out);
	return 0;
}

/* ---- event log ---- */

static const char *type_name(unsigned type)
{
	static const char *const names[] = { "add",
					     "release",
					     "forced release",
					     "region configuration updated",
					     "add capacity response",
					     "capacity released" };

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown type";
}

/* The oldest records, as many as the mailbox carries. They stay in the log. */
static unsigned read_records(const struct memdev *m, uint8_t *out)
{
	const uint8_t log = DYNAMIC_CAPACITY;
	const size_t length = command(m, OP_GET_EVENTS, &log, 1, out);
	const unsigned n = length < EVENTS_HEADER ? 0 : (unsigned)get(out + 0x14, 2);

	if (length < EVENTS_HEADER + (size_t)RECORD * n)
		die("%s: %u event records in %zu bytes", m->name, n, length);
	return n;
}

static bool belongs_to_next(const uint8_t *record)
{
	return record[0x35] & MORE;
}

static int print_events(const struct memdev *m, char **args)
{
	uint8_t *out = allocate(NULL, m->payload_size);
	const unsigned n = read_records(m, out);

	(void)args;
	if (out[0] & OVERFLOWN)
		printf("%u records are lost\n", (unsigned)get(out + 2, 2));
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *record = out + EVENTS_HEADER + (size_t)RECORD * i;
		const struct extent e = read_extent(record + 0x38);
		char before[64];

		snprintf(before, sizeof(before), "record %u: %s", (unsigned)get(record + 0x14, 2),
			 type_name(record[0x30]));
		print_extent(before, &e, belongs_to_next(record) ? ", more" : "");
	}
	if (out[0] & MORE_RECORDS)
		printf("further records show when these are answered\n");
	free(out);
	return n ? 0 : EXIT_NOTHING;
}

/* False when there is no record until `end`. */
static bool wait_for_record(const struct memdev *m, uint8_t *out, uint64_t end)
{
	while (!read_records(m, out)) {
		if (now_ms() >= end)
			return false;
		usleep(LOOK_MS * 1000);
	}
	return true;
}

static int wait_for_events(const struct memdev *m, char **args)
{
	const uint64_t seconds = number(args[0]);
	uint8_t *out = allocate(NULL, m->payload_size);

	printf("looking every %u ms for %" PRIu64 " s\n", LOOK_MS, seconds);
	fflush(stdout);
	const bool found = wait_for_record(m, out, end_ms(seconds));
	free(out);
	return found ? print_events(m, args) : EXIT_NOTHING;
}

static void clear_records(const struct memdev *m, const uint8_t *records, unsigned n)
{
	uint8_t in[6 + 2 * MAX_HANDLES] = { DYNAMIC_CAPACITY };
	uint8_t *out = allocate(NULL, m->payload_size);

	in[2] = (uint8_t)n;
	for (unsigned i = 0; i < n; i++)
		memcpy(in + 6 + 2 * i, records + (size_t)RECORD * i + 0x14, 2);
	command(m, OP_CLEAR_EVENTS, in, 6 + 2 * n, out);
	free(out);
}

/* The next records of the log's oldest request: its last one has no flag More. As many as can be
 * read and cleared at a time. */
static unsigned read_part(const struct memdev *m, uint8_t *out, int *type, bool *complete)
{
	const unsigned available = read_records(m, out);
	unsigned n;

	if (!available)
		die("%s: the log is empty", m->name);
	if (*type == ANY)
		*type = out[EVENTS_HEADER + 0x30];
	for (n = 0; n < available && n < MAX_HANDLES && !*complete; n++) {
		const uint8_t *record = out + EVENTS_HEADER + (size_t)RECORD * n;

		if (record[0x30] != *type)
			die("%s: the log has a record of the type %s, not %s", m->name,
			    type_name(record[0x30]), type_name((unsigned)*type));
		*complete = !belongs_to_next(record);
	}
	return n;
}

/* ---- answers ---- */

/* There is room: a record is longer than a range. Returns what the device says. */
static unsigned answer(const struct memdev *m, unsigned opcode, const struct extent *extents,
		       unsigned n, bool more)
{
	uint8_t *in = allocate(NULL, m->payload_size), *out = allocate(NULL, m->payload_size);
	size_t length;

	memset(in, 0, m->payload_size);
	put(in, n, 4);
	in[4] = more ? MORE : 0;
	for (unsigned i = 0; i < n; i++) {
		put(in + 8 + (size_t)RANGE * i, extents[i].dpa, 8);
		put(in + 16 + (size_t)RANGE * i, extents[i].length, 8);
	}
	const unsigned code = try_command(m, opcode, in, 8 + (size_t)RANGE * n, out, &length);
	free(in);
	free(out);
	return code;
}

/* The log's oldest request, by the command `opcode` (0: not at all). What is longer than the
 * mailbox has to be cleared to be read on, so it is answered in parts: records go when their answer
 * has been taken, and an answer that fails leaves them where they are. */
static int answer_request(const struct memdev *m, int type, unsigned opcode, const char *done)
{
	uint8_t *out = allocate(NULL, m->payload_size);
	struct extent extents[MAX_HANDLES];
	bool complete = false;

	while (!complete) {
		const unsigned n = read_part(m, out, &type, &complete);

		for (unsigned i = 0; i < n; i++)
			extents[i] = read_extent(out + EVENTS_HEADER + (size_t)RECORD * i + 0x38);
		if (opcode)
			need_success(m, opcode, answer(m, opcode, extents, n, !complete));
		clear_records(m, out + EVENTS_HEADER, n);
		for (unsigned i = 0; i < n; i++) {
			if (!opcode)
				printf("%s: ", done);
			print_extent(opcode ? done : type_name((unsigned)type), &extents[i], "");
		}
		if (!complete && !wait_for_record(m, out, end_ms(CHAIN_SECONDS)))
			die("%s: the rest of a request does not come", m->name);
	}
	free(out);
	return 0;
}

static int accept_offer(const struct memdev *m, char **args)
{
	(void)args;
	return answer_request(m, ADD, OP_ADD_RESPONSE, "accepted");
}

/* An empty answer is to the oldest offer. Only the device knows whether the log has records of that
 * one, or begins with a later one because somebody cleared them. So they stay. */
static int reject_offer(const struct memdev *m, char **args)
{
	const unsigned code = answer(m, OP_ADD_RESPONSE, NULL, 0, false);

	(void)args;
	if (code == INVALID_INPUT)
		die("%s: nothing is offered", m->name);
	need_success(m, OP_ADD_RESPONSE, code);
	printf("rejected the oldest offer\n");
	return 0;
}

static int release_asked(const struct memdev *m, char **args)
{
	(void)args;
	return answer_request(m, RELEASE, OP_RELEASE, "released");
}

static int release_range(const struct memdev *m, char **args)
{
	const struct extent e = { .dpa = number(args[0]), .length = number(args[1]) };

	need_success(m, OP_RELEASE, answer(m, OP_RELEASE, &e, 1, false));
	printf("released 0x%" PRIx64 " +0x%" PRIx64 "\n", e.dpa, e.length);
	return 0;
}

static int clear_oldest(const struct memdev *m, char **args)
{
	(void)args;
	return answer_request(m, ANY, 0, "cleared");
}

static const struct mode {
	const char *name, *arguments, *help;
	int n_arguments;
	int (*run)(const struct memdev *m, char **args);
} modes[] = {
	{ "config", "", "regions, and what is left of extents and tags", 0, print_config },
	{ "list", "", "extents that are accepted", 0, print_list },
	{ "events", "", "oldest records of the log, which stay there", 0, print_events },
	{ "wait", "SECONDS", "the same when there are any, status 4 when none come", 1,
	  wait_for_events },
	{ "accept", "", "all of the log's oldest request, which is to add", 0, accept_offer },
	{ "reject", "", "the device's oldest offer; its records are left to clear", 0,
	  reject_offer },
	{ "release", "", "what the log's oldest request asks back", 0, release_asked },
	{ "release", "DPA LENGTH", "without being asked", 2, release_range },
	{ "clear", "", "the log's oldest request, without an answer", 0, clear_oldest },
	{ "map", "REGION WINDOW", "commit decoders that show the region in a window", 2,
	  map_region },
	{ "unmap", "REGION", "take them back", 1, unmap_region },
	{ "fill", "DPA LENGTH PATTERN", "a number, or zero", 3, fill },
	{ "check", "DPA LENGTH PATTERN", "status 3 where there is no memory", 3, check },
	{ "watch", "DPA LENGTH SECONDS", "read until there is no memory: status 3", 3, watch },
};

int main(int argc, char **argv)
{
	struct memdev m;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (argc != modes[i].n_arguments + 3 || strcmp(argv[2], modes[i].name) != 0)
			continue;
		open_memdev(&m, argv[1]);
		return modes[i].run(&m, argv + 3);
	}
	fputs("usage: vcxl-dcd MEMDEV COMMAND, where MEMDEV is mem0 and COMMAND one of\n", stderr);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		fprintf(stderr, "  %-7s %-18s  %s\n", modes[i].name, modes[i].arguments,
			modes[i].help);
	fputs("DPA and LENGTH are device addresses and bytes, also as 2M, 8G.\n", stderr);
	return EXIT_USAGE;
}
