/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a directory tree as a cpio archive in the "new ASCII" format that Linux unpacks as its
 * initramfs (kernel documentation, driver-api/early-userspace/buffer-format). Equal trees give
 * equal archives: names are sorted, all belongs to root, times are zero, modes are 0755 or 0644.
 * Device nodes come from the command line, so that nobody needs to be root. Hard links become
 * copies.
 */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct archive {
	FILE *out;
	uint64_t offset;
	uint32_t inode;
};

struct entry {
	const char *name;
	uint32_t mode;
	uint32_t nlink;
	uint32_t size;
	uint32_t major, minor;
};

static bool fail(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("mkcpio: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return false;
}

static bool put(struct archive *a, const void *bytes, size_t size)
{
	if (fwrite(bytes, 1, size, a->out) != size)
		return fail("writing the archive: %s", strerror(errno));
	a->offset += size;
	return true;
}

static bool pad(struct archive *a, unsigned alignment)
{
	static const char zeros[512];
	return put(a, zeros, (size_t)((alignment - a->offset % alignment) % alignment));
}

/* The fields in the order of the format: ino mode uid gid nlink mtime size dev rdev namesize check.
 */
static bool put_header(struct archive *a, const struct entry *e)
{
	char header[111];
	size_t name_end = strlen(e->name) + 1, misaligned = (a->offset + 110 + name_end) % 8;
	/* zeros behind the name: Linux copies the data by double words where it begins on one */
	size_t name_size = name_end + (8 - misaligned) % 8;
	snprintf(header, sizeof(header),
		 "070701%08" PRIX32 "%08" PRIX32 "%08X%08X%08" PRIX32 "%08X%08" PRIX32
		 "%08X%08X%08" PRIX32 "%08" PRIX32 "%08X%08X",
		 a->inode++, e->mode, 0U, 0U, e->nlink, 0U, e->size, 0U, 0U, e->major, e->minor,
		 (unsigned)name_size, 0U);
	return put(a, header, 110) && put(a, e->name, name_end) && pad(a, 8);
}

static bool put_file(struct archive *a, const char *path, struct entry *e, const struct stat *st)
{
	static char buffer[65536];
	uint64_t left = (uint64_t)st->st_size;
	if (left > UINT32_MAX)
		return fail("%s: larger than 4 GiB, which the format cannot hold", path);
	e->size = (uint32_t)left;
	if (!put_header(a, e))
		return false;
	FILE *in = fopen(path, "rb");
	if (!in)
		return fail("%s: %s", path, strerror(errno));
	bool ok = true;
	while (ok && left > 0) {
		size_t want = left < sizeof(buffer) ? (size_t)left : sizeof(buffer);
		size_t got = fread(buffer, 1, want, in);
		if (got == 0)
			ok = fail("%s: ends %" PRIu64 " bytes early", path, left);
		ok = ok && put(a, buffer, got);
		left -= got;
	}
	fclose(in);
	return ok && pad(a, 4);
}

static bool put_link(struct archive *a, const char *path, struct entry *e)
{
	char target[PATH_MAX];
	ssize_t size = readlink(path, target, sizeof(target));
	if (size < 0)
		return fail("%s: %s", path, strerror(errno));
	e->size = (uint32_t)size;
	return put_header(a, e) && put(a, target, (size_t)size) && pad(a, 4);
}

static bool put_tree(struct archive *a, const char *path, const char *name);

static int by_name(const struct dirent **x, const struct dirent **y)
{
	return strcmp((*x)->d_name, (*y)->d_name); /* not the locale's order */
}

static bool put_children(struct archive *a, const char *path, const char *name)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, by_name);
	if (n < 0)
		return fail("%s: %s", path, strerror(errno));
	bool ok = true;
	for (int i = 0; i < n; i++) {
		const char *child = list[i]->d_name;
		char child_path[PATH_MAX], child_name[PATH_MAX];
		if (ok && strcmp(child, ".") != 0 && strcmp(child, "..") != 0) {
			int length = snprintf(child_path, sizeof(child_path), "%s/%s", path, child);
			snprintf(child_name, sizeof(child_name), "%s%s%s", name, *name ? "/" : "",
				 child);
			ok = length < (int)sizeof(child_path)
				     ? put_tree(a, child_path, child_name)
				     : fail("%s/%s: the name is too long", path, child);
		}
		free(list[i]);
	}
	free(list);
	return ok;
}

/* name is the path inside the archive; the root itself has the empty name and no entry */
static bool put_tree(struct archive *a, const char *path, const char *name)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		return fail("%s: %s", path, strerror(errno));
	struct entry e = { .name = name, .nlink = 1 };
	if (S_ISDIR(st.st_mode)) {
		e.mode = S_IFDIR | 0755;
		e.nlink = 2;
		return (*name == '\0' || put_header(a, &e)) && put_children(a, path, name);
	}
	if (S_ISREG(st.st_mode)) {
		e.mode = S_IFREG | (st.st_mode & S_IXUSR ? 0755U : 0644U);
		return put_file(a, path, &e, &st);
	}
	if (S_ISLNK(st.st_mode)) {
		e.mode = S_IFLNK | 0777;
		return put_link(a, path, &e);
	}
	return fail("%s: neither file, directory nor symbolic link", path);
}

/* NAME:c|b:MAJOR:MINOR:MODE, e.g. dev/console:c:5:1:600; the mode is octal */
static bool put_node(struct archive *a, const char *text)
{
	char name[256], type;
	unsigned major, minor, mode;
	int end = 0;
	if (sscanf(text, "%255[^:]:%c:%u:%u:%o%n", name, &type, &major, &minor, &mode, &end) != 5 ||
	    text[end] != '\0' || (type != 'c' && type != 'b') || mode > 0777)
		return fail("--node %s: not NAME:c|b:MAJOR:MINOR:MODE", text);
	struct entry e = {
		.name = name,
		.mode = (type == 'c' ? S_IFCHR : S_IFBLK) | mode,
		.nlink = 1,
		.major = major,
		.minor = minor,
	};
	return put_header(a, &e);
}

int main(int argc, char **argv)
{
	if (argc < 3 || argc % 2 == 0) {
		fputs("usage: mkcpio DIRECTORY ARCHIVE [--node NAME:c|b:MAJOR:MINOR:MODE]...\n",
		      stderr);
		return 1;
	}
	struct archive a = { .out = fopen(argv[2], "wb"), .inode = 1 };
	if (!a.out) {
		fail("%s: %s", argv[2], strerror(errno));
		return 1;
	}
	bool ok = put_tree(&a, argv[1], "");
	for (int i = 3; ok && i < argc; i += 2)
		ok = strcmp(argv[i], "--node") == 0
			     ? put_node(&a, argv[i + 1])
			     : fail("unknown option %s (known: --node)", argv[i]);
	struct entry trailer = { .name = "TRAILER!!!", .nlink = 1 };
	a.inode = 0;
	ok = ok && put_header(&a, &trailer) && pad(&a, 512);
	if (fclose(a.out) != 0 && ok)
		ok = fail("%s: %s", argv[2], strerror(errno));
	if (!ok)
		remove(argv[2]);
	return ok ? 0 : 1;
}
