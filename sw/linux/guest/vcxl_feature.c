/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Features of a memory device through /dev/fwctl, where Linux (6.15 and later) lets programs use
 * those that it does not keep to itself, CXL r3.1 8.2.9.6. Values are hexadecimal digits, first
 * byte first.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "common.h"

/* What the kernel takes, as in its fwctl/fwctl.h: newer than the headers that we are built with. */
struct fwctl_info {
	uint32_t size, flags, device_type, data_length;
	uint64_t data;
};
struct fwctl_rpc {
	uint32_t size, scope, in_length, out_length;
	uint64_t in, out;
};
#define INFO _IO(0x9a, 0)
#define RPC  _IO(0x9a, 1)

enum {
	TYPE_CXL = 2,

	SCOPE_CONFIGURATION = 0,
	SCOPE_FULL = 3, /* to change something at once; needs CAP_SYS_RAWIO and taints the kernel */

	RPC_HEADER = 16,    /* opcode, flags, length, reserved; the command's input follows */
	RPC_OUT_HEADER = 8, /* length, return code; its output follows */

	OP_LIST = 0x0500,
	OP_GET = 0x0501,
	OP_SET = 0x0502,

	LIST_HEADER = 8,
	ENTRY = 48,
	BATCH = 16, /* entries of one call */
	CHANGEABLE = 1,
	SET_HEADER = 0x20
};

struct device {
	const char *name; /* fwctl0 */
	int fd;
};

struct feature {
	uint8_t uuid[16];
	unsigned get_size, set_size, set_version, effects;
	uint32_t attributes;
};

static void open_device(struct device *d, const char *name)
{
	struct fwctl_info info = { .size = sizeof(info) };
	char path[PATH_MAX];

	d->name = name;
	if (strchr(name, '/'))
		die("'%s' is no fwctl device (one is fwctl0)", name);
	snprintf(path, sizeof(path), "/dev/fwctl/%s", name);
	d->fd = open(path, O_RDWR | O_CLOEXEC);
	if (d->fd < 0)
		die("%s: %s%s", path, strerror(errno),
		    errno == ENOENT ? "; does the kernel have CONFIG_CXL_FEATURES, and a device a "
				      "feature that the kernel does not keep to itself?"
				    : "");
	if (ioctl(d->fd, INFO, &info))
		die_errno(path);
	if (info.device_type != TYPE_CXL)
		die("%s: type %u, which is not CXL", name, (unsigned)info.device_type);
}

/* Runs a command, which has to succeed. `out` has room for `room` bytes; returns how many came. */
static size_t command(const struct device *d, unsigned opcode, const uint8_t *in, size_t n,
		      uint8_t *out, size_t room)
{
	static const char *const names[] = { "Get Supported Features", "Get Feature",
					     "Set Feature" };
	const char *name = names[opcode - OP_LIST];
	uint8_t *message = allocate(NULL, RPC_HEADER + n);
	uint8_t *answer = allocate(NULL, RPC_OUT_HEADER + room);
	struct fwctl_rpc rpc = {
		.size = sizeof(rpc),
		.scope = opcode == OP_SET ? SCOPE_FULL : SCOPE_CONFIGURATION,
		.in_length = (uint32_t)(RPC_HEADER + n),
		.out_length = (uint32_t)(RPC_OUT_HEADER + room),
		.in = (uintptr_t)message,
		.out = (uintptr_t)answer,
	};

	memset(message, 0, RPC_HEADER);
	put(message, opcode, 4);
	put(message + 8, n, 4);
	memcpy(message + RPC_HEADER, in, n);
	memset(answer, 0, RPC_OUT_HEADER);
	if (ioctl(d->fd, RPC, &rpc))
		die("%s: %s (%04xh): %s", d->name, name, opcode, strerror(errno));
	const size_t length = get(answer, 4);
	const unsigned code = (unsigned)get(answer + 4, 4);
	if (code)
		die("%s: %s (%04xh): %s (%02xh)", d->name, name, opcode, return_code_name(code),
		    code);
	if (length > room)
		die("%s: %s (%04xh): %zu bytes of output, not %zu", d->name, name, opcode, length,
		    room);
	memcpy(out, answer + RPC_OUT_HEADER, length);
	free(message);
	free(answer);
	return length;
}

static struct feature *read_features(const struct device *d, unsigned *n)
{
	uint8_t out[LIST_HEADER + ENTRY * BATCH] = { 0 };
	struct feature *list = NULL;
	unsigned total;

	*n = 0;
	do {
		uint8_t in[8] = { 0 };

		put(in, sizeof(out), 4);
		put(in + 4, *n, 2);
		const size_t length = command(d, OP_LIST, in, sizeof(in), out, sizeof(out));
		const unsigned returned = length < LIST_HEADER ? 0 : (unsigned)get(out, 2);
		total = (unsigned)get(out + 2, 2);
		if (!returned || length < LIST_HEADER + (size_t)ENTRY * returned ||
		    returned > total - *n)
			die("%s: %u of %u features in %zu bytes", d->name, returned, total, length);
		list = allocate(list, total * sizeof(*list));
		for (unsigned i = 0; i < returned; i++) {
			const uint8_t *entry = out + LIST_HEADER + (size_t)ENTRY * i;
			struct feature *f = &list[(*n)++];

			memcpy(f->uuid, entry, sizeof(f->uuid));
			f->get_size = (unsigned)get(entry + 18, 2);
			f->set_size = (unsigned)get(entry + 20, 2);
			f->attributes = (uint32_t)get(entry + 22, 4);
			f->set_version = entry[27];
			f->effects = (unsigned)get(entry + 28, 2);
		}
	} while (*n < total);
	return list;
}

static int print_list(const struct device *d, char **args)
{
	char path[PATH_MAX + 32], memdev[PATH_MAX];
	unsigned n;
	struct feature *list = read_features(d, &n);

	(void)args;
	snprintf(path, sizeof(path), "/sys/class/fwctl/%s/device", d->name);
	if (!realpath(path, memdev))
		die_errno(path);
	printf("%s is of %s: %u features\n", d->name, strrchr(memdev, '/') + 1, n);
	for (unsigned i = 0; i < n; i++) {
		const struct feature *f = &list[i];

		print_uuid(f->uuid);
		printf(": %u bytes", f->get_size);
		if (f->attributes & CHANGEABLE)
			printf(", set by %u of version %u with effects %04x\n", f->set_size,
			       f->set_version, f->effects);
		else
			printf(", not to be set\n");
	}
	free(list);
	return 0;
}

/* `n` bytes at most; -1 when it is none. */
static int hex(const char *text, uint8_t *bytes, size_t n)
{
	size_t i;

	for (i = 0; text[2 * i]; i++) {
		if (i == n || !isxdigit((unsigned char)text[2 * i]) ||
		    !isxdigit((unsigned char)text[2 * i + 1]))
			return -1;
		bytes[i] =
			(uint8_t)strtoul((const char[3]){ text[2 * i], text[2 * i + 1] }, NULL, 16);
	}
	return (int)i;
}

static struct feature find_feature(const struct device *d, const char *text)
{
	uint8_t uuid[16];
	char digits[33] = "";
	unsigned n;
	struct feature *list, found;

	for (size_t i = 0; strlen(text) == 36 && i < 36; i++) {
		const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash != (text[i] == '-'))
			break;
		if (!is_dash)
			digits[strlen(digits)] = text[i];
	}
	if (hex(digits, uuid, sizeof(uuid)) != sizeof(uuid))
		die("'%s' is no UUID", text);
	list = read_features(d, &n);
	for (unsigned i = 0; i < n; i++) {
		if (memcmp(list[i].uuid, uuid, sizeof(uuid)) != 0)
			continue;
		found = list[i];
		free(list);
		return found;
	}
	die("%s has no feature %s", d->name, text);
}

static int get_selected(const struct device *d, const char *uuid, unsigned selection)
{
	const struct feature f = find_feature(d, uuid);
	uint8_t in[0x15], *out = allocate(NULL, f.get_size);

	memcpy(in, f.uuid, sizeof(f.uuid));
	put(in + 16, 0, 2);
	put(in + 18, f.get_size, 2);
	in[20] = (uint8_t)selection;
	const size_t length = command(d, OP_GET, in, sizeof(in), out, f.get_size);
	if (length != f.get_size)
		die("%s: Get Feature (%04xh): %zu bytes of %u", d->name, OP_GET, length,
		    f.get_size);
	for (size_t i = 0; i < length; i++)
		printf("%02x", out[i]);
	putchar('\n');
	free(out);
	return 0;
}

static int get_current(const struct device *d, char **args)
{
	return get_selected(d, args[0], 0);
}

static int get_other(const struct device *d, char **args)
{
	static const char *const selections[] = { "current", "default", "saved" };

	for (unsigned i = 0; i < sizeof(selections) / sizeof(selections[0]); i++)
		if (!strcmp(args[1], selections[i]))
			return get_selected(d, args[0], i);
	die("'%s' is neither current nor default nor saved", args[1]);
}

/* Flags are 0: a full transfer, and Linux has it saved too, whatever they say. */
static int set(const struct device *d, char **args)
{
	const struct feature f = find_feature(d, args[0]);
	const size_t room = strlen(args[1]) / 2;
	uint8_t *in = allocate(NULL, SET_HEADER + room);
	const int n = hex(args[1], in + SET_HEADER, room);

	if (n <= 0)
		die("'%s' are no hexadecimal digits of whole bytes", args[1]);
	memset(in, 0, SET_HEADER);
	memcpy(in, f.uuid, sizeof(f.uuid));
	in[22] = (uint8_t)f.set_version;
	command(d, OP_SET, in, SET_HEADER + (size_t)n, in, 0);
	free(in);
	return 0;
}

static const struct mode {
	const char *name, *arguments, *help;
	int n_arguments;
	int (*run)(const struct device *d, char **args);
} modes[] = {
	{ "list", "", "features, and whether the kernel lets them be set", 0, print_list },
	{ "get", "UUID", "the value that counts now", 1, get_current },
	{ "get", "UUID SELECTION", "that which is current, default or saved", 2, get_other },
	{ "set", "UUID HEX", "for now and saved", 2, set },
};

int main(int argc, char **argv)
{
	struct device d;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (argc != modes[i].n_arguments + 3 || strcmp(argv[2], modes[i].name) != 0)
			continue;
		open_device(&d, argv[1]);
		return modes[i].run(&d, argv + 3);
	}
	fputs("usage: vcxl-feature DEVICE COMMAND, where DEVICE is fwctl0 and COMMAND one of\n",
	      stderr);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		fprintf(stderr, "  %-5s %-15s  %s\n", modes[i].name, modes[i].arguments,
			modes[i].help);
	return EXIT_USAGE;
}
