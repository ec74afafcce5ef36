/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory and process tests inside the guest; the caller binds memory to a node (numactl --membind).
 * One row per mode in modes[]. Figures are printed as name=value on one line. Times are the guest's
 * own (CLOCK_MONOTONIC), so they mean what the platform's clock means.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "mix.h"

enum {
	LINE = 64,
	PASSES =
		8, /* over the memory, so that a phase is long enough to be measured from outside */
	CHASE_STEPS = 1 << 21
};

static int fail(const char *what)
{
	fprintf(stderr, "vcxl-bench: %s: %s\n", what, strerror(errno));
	return 1;
}

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static uint64_t elapsed_ns(uint64_t since)
{
	uint64_t ns = now_ns() - since;
	return ns ? ns : 1;
}

/*
 * With vcxl.marks=on: a line on the console at this very moment, for who measures from outside how
 * long a phase takes.
 */
static void mark(const char *phase)
{
	int fd = getenv("VCXL_MARKS") ? open("/dev/console", O_WRONLY | O_NOCTTY) : -1;
	if (fd < 0)
		return;
	dprintf(fd, "VCXL-MARK %s\n", phase);
	tcdrain(fd);
	close(fd);
}

static uint64_t mb_per_s(uint64_t bytes, uint64_t ns)
{
	return (uint64_t)((double)bytes * 1000.0 / (double)ns);
}

static bool parse_bytes(const char *text, size_t *bytes)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 0);
	if (errno || *end != '\0' || value < 2 * LINE) {
		fprintf(stderr, "vcxl-bench: '%s' is no size in bytes (at least %d)\n", text,
			2 * LINE);
		return false;
	}
	*bytes = (size_t)value / LINE * LINE;
	return true;
}

static void *get_memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

/* Pages of the mapping that numa_maps shows on the node; 0 where it names none. */
static unsigned long pages_on_node(const void *start, int node)
{
	char line[4096], key[32], address[32];
	snprintf(key, sizeof(key), " N%d=", node);
	snprintf(address, sizeof(address), "%lx ", (unsigned long)(uintptr_t)start);
	FILE *f = fopen("/proc/self/numa_maps", "r");
	unsigned long pages = 0;
	while (f && fgets(line, sizeof(line), f)) {
		const char *found = strstr(line, key);
		if (strncmp(line, address, strlen(address)) == 0 && found)
			pages = strtoul(found + strlen(key), NULL, 10);
	}
	if (f)
		fclose(f);
	return pages;
}

/* check BYTES NODE: write a pattern, read it back, and see that all of it was on the node */
static int check(char **args)
{
	size_t bytes;
	if (!parse_bytes(args[0], &bytes))
		return 1;
	uint64_t *memory = get_memory(bytes);
	if (!memory)
		return fail("mmap");
	size_t n = bytes / sizeof(*memory), wrong = 0;
	for (size_t i = 0; i < n; i++)
		memory[i] = mix(i);
	/* backwards, so that nothing is read while still in a buffer of the last writes */
	for (size_t i = n; i-- > 0;)
		wrong += memory[i] != mix(i);
	/* the kernel may have merged the mapping with a neighbour: at least ours */
	size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (bytes + page - 1) / page;
	unsigned long on_node = pages_on_node(memory, atoi(args[1]));
	printf("node=%s bytes=%zu wrong_words=%zu pages=%zu pages_on_node=%lu\n", args[1], bytes,
	       wrong, pages, on_node);
	return wrong == 0 && on_node >= pages ? 0 : 1;
}

/* A walk through all lines in one random cycle (Sattolo), so that no load can start early. */
static double chase_ns(uint64_t *memory, size_t bytes)
{
	size_t lines = bytes / LINE, stride = LINE / sizeof(*memory);
	for (size_t i = 0; i < lines; i++)
		memory[i * stride] = i;
	for (size_t i = lines - 1; i > 0; i--) {
		size_t j = (size_t)(mix(i) % i);
		uint64_t other = memory[j * stride];
		memory[j * stride] = memory[i * stride];
		memory[i * stride] = other;
	}
	mark("chase");
	volatile uint64_t sink;
	uint64_t at = 0, start = now_ns();
	for (size_t i = 0; i < CHASE_STEPS; i++)
		at = memory[at * stride];
	sink = at;
	(void)sink;
	uint64_t ns = elapsed_ns(start);
	mark("end");
	return (double)ns / CHASE_STEPS;
}

/* speed BYTES: sequential write, sequential read, dependent loads */
static int speed(char **args)
{
	size_t bytes;
	if (!parse_bytes(args[0], &bytes))
		return 1;
	uint64_t *memory = get_memory(bytes);
	if (!memory)
		return fail("mmap");
	memset(memory, 1, bytes); /* page faults are not what is measured */
	size_t n = bytes / sizeof(*memory);
	volatile uint64_t *write = memory;
	mark("write");
	uint64_t start = now_ns();
	for (unsigned pass = 0; pass < PASSES; pass++)
		for (size_t i = 0; i < n; i += 4) {
			write[i] = i;
			write[i + 1] = i;
			write[i + 2] = i;
			write[i + 3] = i;
		}
	uint64_t write_ns = elapsed_ns(start);
	mark("read");
	const volatile uint64_t *read = memory;
	uint64_t sum = 0;
	start = now_ns();
	for (unsigned pass = 0; pass < PASSES; pass++)
		for (size_t i = 0; i < n; i += 4)
			sum += read[i] + read[i + 1] + read[i + 2] + read[i + 3];
	uint64_t read_ns = elapsed_ns(start);
	mark("end");
	/* each i that is a multiple of 4 was written four times */
	if (sum != PASSES * ((uint64_t)n * (n - 4) / 2)) {
		fprintf(stderr, "vcxl-bench: read back other values than written\n");
		return 1;
	}
	printf("bytes=%zu write_MBps=%" PRIu64 " read_MBps=%" PRIu64, bytes,
	       mb_per_s(PASSES * bytes, write_ns), mb_per_s(PASSES * bytes, read_ns));
	printf(" load_ns=%.2f\n", chase_ns(memory, bytes));
	return 0;
}

/* Code of several pages: the text itself is what is measured. */
#define STEP(x)   x = (x ^ (x >> 13)) * 0xff51afd7ed558ccdU + 0x2545f491U;
#define STEP8(x)  STEP(x) STEP(x) STEP(x) STEP(x) STEP(x) STEP(x) STEP(x) STEP(x)
#define STEP64(x) STEP8(x) STEP8(x) STEP8(x) STEP8(x) STEP8(x) STEP8(x) STEP8(x) STEP8(x)

static __attribute__((noinline)) uint64_t long_code(uint64_t x)
{
	STEP64(x) STEP64(x) STEP64(x) STEP64(x) STEP64(x) STEP64(x) STEP64(x) STEP64(x) return x;
}

/* code STEPS: straight-line arithmetic, in steps per microsecond */
static int code(char **args)
{
	mark("code");
	uint64_t steps = strtoull(args[0], NULL, 0), x = 1, start = now_ns();
	for (uint64_t done = 0; done < steps; done += 512)
		x = long_code(x);
	uint64_t ns = elapsed_ns(start);
	mark("end");
	printf("steps=%" PRIu64 " ns=%" PRIu64 " steps_per_us=%.2f result=%016" PRIx64 "\n", steps,
	       ns, (double)steps * 1000.0 / (double)ns, x);
	return 0;
}

/* map write|check DEVICE BYTES: the pattern in a dax device, which knows no msync() */
static int map(char **args)
{
	size_t bytes, wrong = 0;
	bool writes = strcmp(args[0], "write") == 0;
	if (!writes && strcmp(args[0], "check") != 0) {
		fprintf(stderr, "vcxl-bench: '%s' is neither write nor check\n", args[0]);
		return 1;
	}
	if (!parse_bytes(args[2], &bytes))
		return 1;
	int fd = open(args[1], writes ? O_RDWR : O_RDONLY);
	if (fd < 0)
		return fail(args[1]);
	uint64_t *memory =
		mmap(NULL, bytes, writes ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return fail("mmap");
	for (size_t i = 0; i < bytes / sizeof(*memory); i++) {
		if (writes)
			memory[i] = mix(i);
		else
			wrong += memory[i] != mix(i);
	}
	printf("bytes=%zu wrong_words=%zu\n", bytes, wrong);
	return wrong == 0 ? 0 : 1;
}

/* maps: the line of numa_maps about this program's own text */
static int maps(char **args)
{
	(void)args;
	char line[4096], path[4096], key[4104];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	FILE *f = length > 0 ? fopen("/proc/self/numa_maps", "r") : NULL;
	if (!f)
		return fail("/proc/self/numa_maps");
	path[length] = '\0';
	snprintf(key, sizeof(key), "file=%s", path);
	bool found = false;
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, key) != NULL;
	fclose(f);
	if (found)
		fputs(line, stdout);
	return found ? 0 : 1;
}

/* fork N PROGRAM ARGUMENT: fork and exec, one after the other */
static int fork_exec(char **args)
{
	mark("fork");
	uint64_t n = strtoull(args[0], NULL, 0), start = now_ns();
	for (uint64_t i = 0; i < n; i++) {
		int status;
		pid_t pid = fork();
		if (pid < 0)
			return fail("fork");
		if (pid == 0) {
			execl(args[1], args[1], args[2], (char *)NULL);
			_exit(127);
		}
		if (waitpid(pid, &status, 0) != pid || status != 0) {
			fprintf(stderr, "vcxl-bench: %s did not succeed\n", args[1]);
			return 1;
		}
	}
	uint64_t ns = elapsed_ns(start);
	mark("end");
	printf("forks=%" PRIu64 " ms=%" PRIu64 "\n", n, ns / 1000000);
	return 0;
}

static const struct mode {
	const char *name, *arguments;
	int nargs;
	int (*run)(char **args);
} modes[] = {
	{ "check", "BYTES NODE", 2, check },
	{ "speed", "BYTES", 1, speed },
	{ "code", "STEPS", 1, code },
	{ "map", "write|check DEVICE BYTES", 3, map },
	{ "maps", "", 0, maps },
	{ "fork", "N PROGRAM ARGUMENT", 3, fork_exec },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (argc == modes[i].nargs + 2 && strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(argv + 2);
	fputs("usage:\n", stderr);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		fprintf(stderr, "  vcxl-bench %s %s\n", modes[i].name, modes[i].arguments);
	return 1;
}
