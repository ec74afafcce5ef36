/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A memory device by its name, its mailbox, and what the other parts have in common.
 */
#define _GNU_SOURCE
#include "vcxl_dcd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/cxl_mem.h>

uint64_t number(const char *text)
{
	static const char units[] = "KMGT";
	char *end;
	const char *unit;
	unsigned shift = 0;

	errno = 0;
	const unsigned long long value = strtoull(text, &end, 0);
	if (end != text && *end && (unit = strchr(units, *end))) {
		shift = 10 * (unsigned)(unit - units + 1);
		end++;
	}
	if (end == text || *end || errno || *text == '-' || value << shift >> shift != value)
		die("'%s' is no number", text);
	return value << shift;
}

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t end_ms(uint64_t seconds)
{
	const uint64_t now = now_ms();

	return seconds < (UINT64_MAX - now) / 1000 ? now + seconds * 1000 : UINT64_MAX;
}

void *map_physical(uint64_t address, size_t length)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die_errno("/dev/mem");
	void *p = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)address);
	return p == MAP_FAILED ? NULL : p;
}

static const struct {
	unsigned opcode;
	const char *name;
} commands[] = {
	{ OP_GET_EVENTS, "Get Event Records" },
	{ OP_CLEAR_EVENTS, "Clear Event Records" },
	{ OP_GET_CONFIG, "Get Dynamic Capacity Configuration" },
	{ OP_GET_EXTENTS, "Get Dynamic Capacity Extent List" },
	{ OP_ADD_RESPONSE, "Add Dynamic Capacity Response" },
	{ OP_RELEASE, "Release Dynamic Capacity" },
};

void read_text(const char *folder, const char *name, char *text, size_t size)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "r");
	if (!f || !fgets(text, (int)size, f))
		die_errno(path);
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
}

void open_memdev(struct memdev *m, const char *name)
{
	char path[PATH_MAX], text[32];

	m->name = name;
	if (strchr(name, '/'))
		die("'%s' is no memory device (one is mem0)", name);
	snprintf(path, sizeof(path), "/sys/bus/cxl/devices/%s", name);
	if (strncmp(name, "mem", 3) || !realpath(path, m->path))
		die("there is no memory device '%s' in /sys/bus/cxl/devices", name);
	read_text(m->path, "payload_max", text, sizeof(text));
	m->payload_size = number(text);
	*strrchr(m->path, '/') = '\0'; /* its parent is the PCI function */
	snprintf(path, sizeof(path), "/dev/cxl/%s", name);
	m->fd = open(path, O_RDWR | O_CLOEXEC);
	if (m->fd < 0)
		die_errno(path);
}

static const char *command_name(unsigned opcode)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].opcode == opcode)
			return commands[i].name;
	return "";
}

unsigned try_command(const struct memdev *m, unsigned opcode, const uint8_t *in, size_t n,
		     uint8_t *out, size_t *length)
{
	struct cxl_send_command c = {
		.id = CXL_MEM_COMMAND_ID_RAW,
		.raw.opcode = (uint16_t)opcode,
		.in = { .size = (uint32_t)n, .payload = (uintptr_t)in },
		.out = { .size = (uint32_t)m->payload_size, .payload = (uintptr_t)out },
	};

	if (ioctl(m->fd, CXL_MEM_SEND_COMMAND, &c))
		die("%s: %s (%04xh): %s%s", m->name, command_name(opcode), opcode, strerror(errno),
		    errno == EPERM || errno == EINVAL
			    ? "; does the kernel have CONFIG_CXL_MEM_RAW_COMMANDS?"
			    : "");
	*length = c.out.size;
	return c.retval;
}

void need_success(const struct memdev *m, unsigned opcode, unsigned code)
{
	if (code)
		die("%s: %s (%04xh): %s (%02xh)", m->name, command_name(opcode), opcode,
		    return_code_name(code), code);
}

size_t command(const struct memdev *m, unsigned opcode, const uint8_t *in, size_t n, uint8_t *out)
{
	size_t length;

	need_success(m, opcode, try_command(m, opcode, in, n, out, &length));
	return length;
}
