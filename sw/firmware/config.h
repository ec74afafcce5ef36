/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot configuration: text with one directive per line, '#' comments.
 *   region window=<index> [offset=<size>] size=<size> targets=<t>,<t>,... [granularity=<bytes>]
 *          [lock]
 *   action boot|test|write|check|hold|dcd
 * boot starts what follows. The others do not: test writes the pattern, looks for it through the
 * regions and device by device; write and check are its halves, for memory that outlives a run;
 * hold writes and then waits; dcd is a host of dynamic capacity (dcd.h), of which its regions then
 * are. Numbers are decimal or 0x..., sizes may end in K, M, G or T. Targets stay text here: what
 * they name is only known when the hierarchy is.
 */
#ifndef FW_CONFIG_H
#define FW_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	CONFIG_MAX_REGIONS = 32,
	CONFIG_MAX_TARGETS = 16
};

enum config_action {
	ACTION_DEFAULT, /* none was named */
	ACTION_BOOT,
	ACTION_TEST,
	ACTION_WRITE,
	ACTION_CHECK,
	ACTION_HOLD,
	ACTION_DCD
};

struct config_target {
	const char *path; /* in the caller's text, not terminated */
	size_t length;
};

struct config_region {
	unsigned line;
	uint32_t window;
	bool has_offset;
	uint64_t offset, size;
	uint32_t granularity; /* 0: default */
	struct config_target targets[CONFIG_MAX_TARGETS];
	unsigned n_targets;
	bool lock;
};

struct config {
	enum config_action action;
	struct config_region regions[CONFIG_MAX_REGIONS];
	unsigned n_regions;
	char error[128]; /* names the line */
};

/* Borrows the text. False with config->error set when a line cannot be understood. */
bool config_parse(const char *text, struct config *config);

#ifdef __cplusplus
}
#endif
#endif
