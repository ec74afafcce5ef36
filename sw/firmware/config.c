/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parser of the boot configuration, see config.h.
 */
#include "config.h"

#include "fmt.h"
#include "text.h"

struct word {
	const char *text;
	size_t length;
};

struct parser {
	struct config *config;
	const char *at;
	unsigned line;
	bool action_seen;
};

static bool fail(struct parser *p, const char *what, struct word word)
{
	fmt_text(p->config->error, sizeof(p->config->error),
		 "boot configuration, line %u: %s '%.*s'", p->line, what, (int)word.length,
		 word.text);
	return false;
}

static bool word_is(struct word word, const char *text)
{
	return text_length(text) == word.length && text_starts(word.text, text);
}

/* The next word of the line; length 0 at its end. */
static struct word next_word(struct parser *p)
{
	struct word word = { p->at, 0 };

	while (*p->at == ' ' || *p->at == '\t' || *p->at == '\r')
		p->at++;
	word.text = p->at;
	while (*p->at && *p->at != ' ' && *p->at != '\t' && *p->at != '\r' && *p->at != '\n' &&
	       *p->at != '#')
		p->at++;
	word.length = (size_t)(p->at - word.text);
	return word;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

static bool parse_size(struct word word, uint64_t limit, uint64_t *value)
{
	static const char units[] = "KMGT";
	uint64_t base = 10;
	size_t i = 0, first;

	*value = 0;
	if (word.length > 2 && word.text[0] == '0' && (word.text[1] | 0x20) == 'x') {
		base = 16;
		i = 2;
	}
	for (first = i; i < word.length; i++) {
		const uint64_t digit = (uint64_t)digit_of(word.text[i]);

		if (digit >= base)
			break;
		if (*value > (UINT64_MAX - digit) / base)
			return false;
		*value = *value * base + digit;
	}
	if (i == first)
		return false;
	if (i + 1 == word.length) {
		for (unsigned u = 0; u < 4; u++) {
			const unsigned shift = 10 * (u + 1);

			if ((word.text[i] & ~0x20) != units[u])
				continue;
			if (*value > UINT64_MAX >> shift)
				return false;
			*value <<= shift;
			i++;
			break;
		}
	}
	return i == word.length && *value <= limit;
}

static bool parse_targets(struct parser *p, struct config_region *region, struct word list)
{
	size_t first = 0;

	for (size_t i = 0; i <= list.length; i++) {
		const struct word path = { list.text + first, i - first };

		if (i < list.length && list.text[i] != ',')
			continue;
		if (!path.length)
			return fail(p, "empty target in", list);
		if (region->n_targets == CONFIG_MAX_TARGETS)
			return fail(p, "more than 16 targets in", list);
		region->targets[region->n_targets++] =
			(struct config_target){ path.text, path.length };
		first = i + 1;
	}
	return true;
}

enum region_key {
	KEY_WINDOW,
	KEY_OFFSET,
	KEY_SIZE,
	KEY_TARGETS,
	KEY_GRANULARITY,
	N_KEYS
};

static bool parse_region_word(struct parser *p, struct config_region *region, struct word word,
			      unsigned *seen)
{
	/* clang-format off */
	static const struct {
		const char *name;
		uint64_t limit;
	} keys[N_KEYS] = {
		[KEY_WINDOW]      = { "window=",      UINT32_MAX },
		[KEY_OFFSET]      = { "offset=",      UINT64_MAX },
		[KEY_SIZE]        = { "size=",        UINT64_MAX },
		[KEY_TARGETS]     = { "targets=",     0 },
		[KEY_GRANULARITY] = { "granularity=", UINT32_MAX },
	};
	/* clang-format on */
	uint64_t value[N_KEYS] = { region->window, region->offset, region->size, 0,
				   region->granularity };
	unsigned key = 0;
	struct word rest;

	if (word_is(word, "lock")) {
		if (region->lock)
			return fail(p, "given twice:", word);
		region->lock = true;
		return true;
	}
	while (key < N_KEYS && !text_starts(word.text, keys[key].name))
		key++;
	if (key == N_KEYS)
		return fail(p, "unknown word", word);
	if (*seen >> key & 1)
		return fail(p, "given twice:", word);
	*seen |= 1u << key;
	rest.text = word.text + text_length(keys[key].name);
	rest.length = word.length - text_length(keys[key].name);
	if (key == KEY_TARGETS)
		return parse_targets(p, region, rest);
	if (!parse_size(rest, keys[key].limit, &value[key]))
		return fail(p, "bad number in", word);
	if (key == KEY_GRANULARITY && !value[key])
		return fail(p, "bad number in", word);
	region->window = (uint32_t)value[KEY_WINDOW];
	region->offset = value[KEY_OFFSET];
	region->size = value[KEY_SIZE];
	region->granularity = (uint32_t)value[KEY_GRANULARITY];
	region->has_offset = *seen >> KEY_OFFSET & 1;
	return true;
}

static bool parse_region(struct parser *p, struct word directive)
{
	const unsigned needed = 1u << KEY_WINDOW | 1u << KEY_SIZE | 1u << KEY_TARGETS;
	struct config_region *region;
	unsigned seen = 0;

	if (p->config->n_regions == CONFIG_MAX_REGIONS)
		return fail(p, "more than 32 times", directive);
	region = &p->config->regions[p->config->n_regions++];
	*region = (struct config_region){ .line = p->line };
	for (;;) {
		const struct word word = next_word(p);

		if (!word.length)
			break;
		if (!parse_region_word(p, region, word, &seen))
			return false;
	}
	if ((seen & needed) != needed)
		return fail(p, "window=, size= and targets= are needed by", directive);
	return true;
}

static bool parse_action(struct parser *p, struct word directive)
{
	static const char *const names[] = {
		[ACTION_BOOT] = "boot",   [ACTION_TEST] = "test", [ACTION_WRITE] = "write",
		[ACTION_CHECK] = "check", [ACTION_HOLD] = "hold", [ACTION_DCD] = "dcd"
	};
	const struct word word = next_word(p), rest = next_word(p);

	if (p->action_seen)
		return fail(p, "given twice:", directive);
	p->action_seen = true;
	for (unsigned i = ACTION_BOOT; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!word_is(word, names[i]))
			continue;
		p->config->action = (enum config_action)i;
		return rest.length ? fail(p, "unknown word", rest) : true;
	}
	return fail(p, "must be boot, test, write, check, hold or dcd:", word);
}

static bool parse_line(struct parser *p)
{
	const struct word directive = next_word(p);

	if (!directive.length)
		return true;
	if (word_is(directive, "region"))
		return parse_region(p, directive);
	if (word_is(directive, "action"))
		return parse_action(p, directive);
	return fail(p, "unknown directive", directive);
}

bool config_parse(const char *text, struct config *config)
{
	struct parser p = { .config = config, .at = text };

	config->action = ACTION_DEFAULT;
	config->n_regions = 0;
	config->error[0] = '\0';
	while (*p.at) {
		p.line++;
		if (!parse_line(&p))
			return false;
		while (*p.at && *p.at != '\n')
			p.at++;
		if (*p.at == '\n')
			p.at++;
	}
	return true;
}
