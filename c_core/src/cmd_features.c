/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Features: patrol scrub, error check scrub (ECS), post package repair, memory sparing, and one of
 * our own: the time that background operations take. CXL r3.1 8.2.9.6. A scrub finds poison that
 * the poison list has forgotten, ECS tells of corrected errors that became many. What repairs and
 * sparing do is in cmd_maintenance.c.
 */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>

#include "memdev.h"

#define PS_PER_HOUR (3600ull * 1000 * VCXL_PS_PER_MS)

/* Feature attributes: changeable, kept by a warm reset and a firmware update, default, saved. */
#define ATTRIBUTES 0x77u

#define SCRUB_ENABLED VCXL_BIT(0)      /* patrol scrub, byte 3 */
#define ECS_RESET     VCXL_BIT(4)      /* ECS configuration, as written */
#define ECS_THRESHOLD 2, 0             /* bits of it: 3, 4, 5 are 256, 1024, 4096 */
#define BYTES_PER_GB  (128 * VCXL_MIB) /* a gigabit */

/* CXL r3.1 8.2.9.6.1; the entries follow */
struct list_in {
	vcxl_le32 count;
	vcxl_le16 start;
	uint8_t reserved[2];
};
static_assert(sizeof(struct list_in) == 8, "CXL r3.1 8.2.9.6.1");

struct list_out {
	vcxl_le16 n, total;
	uint8_t reserved[4];
};
static_assert(sizeof(struct list_out) == 8, "CXL r3.1 8.2.9.6.1");

struct feature_entry {
	uint8_t uuid[16];
	vcxl_le16 index, get_size, set_size;
	vcxl_le32 attributes;
	uint8_t get_version, set_version;
	vcxl_le16 effects;
	uint8_t reserved[18];
};
static_assert(sizeof(struct feature_entry) == 48, "CXL r3.1 8.2.9.6.1");

/* CXL r3.1 8.2.9.6.2 */
struct get_in {
	uint8_t uuid[16];
	vcxl_le16 offset, count;
	uint8_t selection;
};
static_assert(sizeof(struct get_in) == 0x15, "CXL r3.1 8.2.9.6.2");

enum selection {
	CURRENT,
	DEFAULT,
	SAVED
};

/* CXL r3.1 8.2.9.6.3; the data follow */
struct set_in {
	uint8_t uuid[16];
	vcxl_le32 flags;
	vcxl_le16 offset;
	uint8_t version;
	uint8_t reserved[9];
};
static_assert(sizeof(struct set_in) == 0x20, "CXL r3.1 8.2.9.6.3");

enum action {
	FULL,
	INITIATE,
	CONTINUE,
	FINISH,
	ABORT
};
#define ACTION 2, 0 /* bits of the flags */
#define SAVE   VCXL_BIT(3)

/* ---- the features ---- */

/* What is written is not laid out as what is read: bytes [from, from+len) go to `to`. */
struct copy {
	uint8_t from, to, len, mask;
};

#define N_COPIES 2
struct feature {
	uint8_t uuid[16];
	uint8_t get_size, set_size, version, effects;
	uint8_t initial[VCXL_FEATURE_SIZE];
	struct copy copies[N_COPIES];
	bool (*valid)(const struct feature *f, const uint8_t *in);
	void (*applied)(struct vcxl_memdev *md, const uint8_t *in); /* may be NULL */
};

/* Not more often than the shortest cycle. */
static bool scrub_valid(const struct feature *f, const uint8_t *in)
{
	return in[0] >= f->initial[2] && !(in[1] & ~SCRUB_ENABLED);
}

/* The cycle begins anew. */
static void scrub_applied(struct vcxl_memdev *md, const uint8_t *in)
{
	(void)in;
	md->features.scrub_ps = UINT64_MAX;
	vcxl_scrub_schedule(md);
}

static uint64_t corrected_errors(const struct vcxl_memdev *md)
{
	return (uint64_t)md->health.corrected_volatile + md->health.corrected_persistent;
}

static bool ecs_valid(const struct feature *f, const uint8_t *in)
{
	const uint64_t threshold = vcxl_field_get(in[1], ECS_THRESHOLD);

	(void)f;
	return in[0] <= 1 && threshold >= 3 && threshold <= 5 && !(in[1] & ~VCXL_MASK(4, 0)) &&
	       !in[2];
}

static void ecs_applied(struct vcxl_memdev *md, const uint8_t *in)
{
	if (in[1] & ECS_RESET) {
		md->features.ecs_base = corrected_errors(md);
		md->features.ecs_reported = false;
	}
	vcxl_ecs_check(md);
}

/* No repair of the device's own and none at boot can be switched on. */
static bool repair_valid(const struct feature *f, const uint8_t *in)
{
	for (unsigned i = 0; i < f->set_size; i++)
		if (in[i])
			return false;
	return true;
}

/* For who tests what waits: from a thousandth to a thousand times as long as documented. */
static bool background_valid(const struct feature *f, const uint8_t *in)
{
	const uint64_t thousandths = vcxl_load_le(in, 4);

	(void)f;
	return thousandths >= 1 && thousandths <= 1000 * 1000;
}

/* Header of what maintenance does, CXL r3.1 8.2.9.7.2.1: class and subclass at 5 and 6. */
#define REPAIR(subclass)                                                                           \
	.get_size = 20, .set_size = 3, .version = 3, .effects = CXL_EFFECT_POLICY,                 \
	.initial = { [5] = 1, [6] = (subclass), [16] = 0x1, [17] = 0x2 },                          \
	.copies = { { 0, 3, 2, 0xff }, { 2, 19, 1, 0xff } }, .valid = repair_valid
#define SPARING(subclass)                                                                          \
	.get_size = 19, .set_size = 2, .version = 1, .effects = CXL_EFFECT_POLICY,                 \
	.initial = { [5] = 2, [6] = (subclass), [17] = 0x6 }, .copies = { { 0, 3, 2, 0xff } },     \
	.valid = repair_valid

/* clang-format off */
static const struct feature features[VCXL_N_FEATURES] = {
	{ /* device patrol scrub: changeable at run time, every 12 hours, 1 at least; off */
	  .uuid = VCXL_UUID(96dad7d6, fde8, 482b, a733, 75774e06db8a),
	  .get_size = 4, .set_size = 2, .version = 1, .effects = CXL_EFFECT_POLICY,
	  .initial = { 0x3, 12, 1, 0 },
	  .copies = { { 0, 1, 1, 0xff }, { 1, 3, 1, SCRUB_ENABLED } },
	  .valid = scrub_valid, .applied = scrub_applied },
	{ /* soft post package repair by device address; data are not retained */
	  .uuid = VCXL_UUID(892ba475, fad8, 474e, 9d3e, 692c917568bb), REPAIR(0) },
	{ /* hard post package repair */
	  .uuid = VCXL_UUID(80ea4521, 786f, 4127, afb1, ec7459fb0e24), REPAIR(1) },
	{ /* ECS of one unit: entries per unit, threshold of 256, rows are counted */
	  .uuid = VCXL_UUID(e5b13f22, 2328, 4a14, b8ba, b9691e893386),
	  .get_size = 5, .set_size = 3, .version = 1, .effects = CXL_EFFECT_POLICY,
	  .initial = { 0x1, 0x0, 0x3, 0x0, 0x0 },
	  .copies = { { 0, 0, 1, 0x3 }, { 1, 2, 1, 0xf } },
	  .valid = ecs_valid, .applied = ecs_applied },
	/* sparing of cache lines, rows, banks, ranks: safe while in use, hard and soft */
	{ .uuid = VCXL_UUID(96c33386, 91dd, 44c7, 9ecb, fdaf6503bac4), SPARING(0) },
	{ .uuid = VCXL_UUID(450ebf67, b135, 4f97, a498, c2d57f279bed), SPARING(1) },
	{ .uuid = VCXL_UUID(78b79636, 90ac, 4b64, a4ef, faac5d18a863), SPARING(2) },
	{ .uuid = VCXL_UUID(34dbaff5, 0552, 4281, 8f76, da0b5e7a76a7), SPARING(3) },
	{ /* ours: time of background operations, in thousandths of what is documented */
	  .uuid = VCXL_UUID(23141502, 8e05, 4837, b584, 949551f541c8),
	  .get_size = 4, .set_size = 4, .version = 1, .effects = CXL_EFFECT_CONFIG,
	  .initial = { 1000 & 0xff, 1000 >> 8 },
	  .copies = { { 0, 0, 4, 0xff } }, .valid = background_valid },
};
/* clang-format on */
#define SCRUB      0 /* indices of what has a life of its own */
#define ECS        3
#define BACKGROUND 8

static const struct feature *find_feature(const uint8_t *uuid)
{
	for (unsigned i = 0; i < VCXL_N_FEATURES; i++)
		if (memcmp(features[i].uuid, uuid, sizeof(features[i].uuid)) == 0)
			return &features[i];
	return NULL;
}

/* ---- patrol scrub ---- */

/* A scrub has something to find only when the list has forgotten a line and has room for it. */
void vcxl_scrub_schedule(struct vcxl_memdev *md)
{
	struct vcxl_feature_state *f = &md->features;
	const uint8_t *scrub = f->current[SCRUB];
	const bool useful =
		md->poison.n_listed < md->poison.n && md->poison.n_listed < md->poison.list_max;
	const uint64_t cycle = scrub[1] * PS_PER_HOUR;
	const uint64_t before = f->scrub_ps;

	if (!(scrub[3] & SCRUB_ENABLED) || !useful)
		f->scrub_ps = UINT64_MAX;
	else if (f->scrub_ps == UINT64_MAX)
		f->scrub_ps = (md->now_ps / cycle + 1) * cycle;
	if (f->scrub_ps != before && md->ops.deadline_changed)
		md->ops.deadline_changed(md->ops.ctx);
}

void vcxl_scrub_tick(struct vcxl_memdev *md, uint64_t now_ps)
{
	if (md->features.scrub_ps > now_ps)
		return;
	if (md->now_ps < md->features.scrub_ps) /* it ended then, not when somebody looked */
		md->now_ps = md->features.scrub_ps;
	md->features.scrub_ps = UINT64_MAX;
	vcxl_poison_rediscover(md, 0, md->capacity, false, VCXL_MEDIA_BY_SCRUB);
	(void)vcxl_state_save(md);
	vcxl_scrub_schedule(md);
}

/* ---- ECS ---- */

/* The threshold is one of errors per gigabit; the host is told once until it resets the count. */
void vcxl_ecs_check(struct vcxl_memdev *md)
{
	struct vcxl_feature_state *f = &md->features;
	const uint64_t threshold = 64ull
				   << 2 * (vcxl_field_get(f->current[ECS][2], ECS_THRESHOLD) - 2);
	const uint64_t errors = corrected_errors(md);
	const uint64_t gigabytes = (md->capacity + BYTES_PER_GB - 1) / BYTES_PER_GB;

	if (errors < f->ecs_base) /* the owner's count began anew */
		f->ecs_base = 0;
	if (!gigabytes || f->ecs_reported || errors - f->ecs_base < threshold * gigabytes)
		return;
	f->ecs_reported = true;
	vcxl_event_media(md, VCXL_EVENT_INFO, 0, VCXL_MEDIA_THRESHOLD, VCXL_MEDIA_BY_ECS);
}

/* UINT64_MAX is no deadline at all: what would end then or later ends shortly before. */
uint64_t vcxl_background_end(const struct vcxl_memdev *md, uint64_t duration_ps)
{
	const uint64_t thousandths = vcxl_load_le(md->features.current[BACKGROUND], 4);
	const uint64_t most = (UINT64_MAX - 1 - md->now_ps) / thousandths, ns = duration_ps / 1000;

	return md->now_ps + (ns < most ? ns : most) * thousandths;
}

/* ---- life ---- */

void vcxl_features_init(struct vcxl_memdev *md)
{
	struct vcxl_feature_state *f = &md->features;

	f->scrub_ps = UINT64_MAX;
	for (unsigned i = 0; i < VCXL_N_FEATURES; i++)
		memcpy(f->saved[i], features[i].initial, sizeof(f->saved[i]));
}

bool vcxl_features_possible(const struct vcxl_memdev *md)
{
	for (unsigned i = 0; i < VCXL_N_FEATURES; i++) {
		const struct feature *f = &features[i];
		const uint8_t *values = md->features.saved[i];
		uint8_t in[VCXL_FEATURE_SIZE] = { 0 }, expected[VCXL_FEATURE_SIZE];

		memcpy(expected, f->initial, sizeof(expected));
		for (const struct copy *c = f->copies; c < f->copies + N_COPIES; c++) {
			memcpy(in + c->from, values + c->to, c->len);
			memcpy(expected + c->to, values + c->to, c->len);
		}
		if (memcmp(expected, values, sizeof(expected)) != 0 || !f->valid(f, in))
			return false;
	}
	return true;
}

void vcxl_features_restore(struct vcxl_memdev *md)
{
	memcpy(md->features.current, md->features.saved, sizeof(md->features.current));
	vcxl_scrub_schedule(md);
}

/* ---- commands ---- */

static enum cxl_rc get_supported_features(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct list_in *in = msg->in;
	const uint32_t count = vcxl_get_le32(in->count), start = vcxl_get_le16(in->start);
	const uint32_t room = count < msg->out_max ? count : msg->out_max;
	struct list_out out = { .total = vcxl_le16_of(VCXL_N_FEATURES) };
	uint32_t n;

	(void)md;
	if (count < sizeof(out) || start >= VCXL_N_FEATURES)
		return CXL_RC_INVALID_INPUT;
	n = (room - (uint32_t)sizeof(out)) / (uint32_t)sizeof(struct feature_entry);
	n = n < VCXL_N_FEATURES - start ? n : VCXL_N_FEATURES - start;
	out.n = vcxl_le16_of((uint16_t)n);
	(void)vcxl_msg_reply(msg, &out, sizeof(out));
	for (uint32_t i = start; i < start + n; i++) {
		struct feature_entry entry = {
			.index = vcxl_le16_of((uint16_t)i),
			.get_size = vcxl_le16_of(features[i].get_size),
			.set_size = vcxl_le16_of(features[i].set_size),
			.attributes = vcxl_le32_of(ATTRIBUTES),
			.get_version = features[i].version,
			.set_version = features[i].version,
			.effects = vcxl_le16_of(features[i].effects),
		};

		memcpy(entry.uuid, features[i].uuid, sizeof(entry.uuid));
		vcxl_msg_append(msg, &entry, sizeof(entry));
	}
	return CXL_RC_SUCCESS;
}

static enum cxl_rc get_feature(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct get_in *in = msg->in;
	const uint32_t offset = vcxl_get_le16(in->offset), count = vcxl_get_le16(in->count);
	const struct feature *f = find_feature(in->uuid);
	const uint8_t *data;

	if (!f)
		return CXL_RC_UNSUPPORTED;
	if (in->selection > SAVED)
		return CXL_RC_UNSUPPORTED_FEATURE_SELECTION;
	if (offset >= f->get_size || offset + count > f->get_size)
		return CXL_RC_INVALID_INPUT;
	data = in->selection == CURRENT   ? md->features.current[f - features]
	       : in->selection == DEFAULT ? f->initial
					  : md->features.saved[f - features];
	return vcxl_msg_reply(msg, data + offset, count);
}

static enum cxl_rc apply(struct vcxl_memdev *md, const struct feature *f, bool save)
{
	uint8_t *current = md->features.current[f - features];
	const uint8_t *in = md->features.transfer.data;

	md->features.transfer.open = false;
	if (!f->valid(f, in))
		return CXL_RC_INVALID_INPUT;
	for (const struct copy *c = f->copies; c < f->copies + N_COPIES; c++)
		for (unsigned k = 0; k < c->len; k++)
			current[c->to + k] = in[c->from + k] & c->mask;
	if (save)
		memcpy(md->features.saved[f - features], current, VCXL_FEATURE_SIZE);
	if (f->applied)
		f->applied(md, in);
	return CXL_RC_SUCCESS;
}

/* Whether a part may come now: transfers of two features do not mix, parts come in order. */
static enum cxl_rc check_part(const struct vcxl_feature_transfer *t, unsigned i, unsigned action,
			      uint32_t offset)
{
	const bool starts = action == FULL || action == INITIATE;

	if (t->open && (starts || t->index != i))
		return CXL_RC_FEATURE_TRANSFER_IN_PROGRESS;
	if (starts)
		return offset ? CXL_RC_INVALID_INPUT : CXL_RC_SUCCESS;
	return t->open && offset == t->size ? CXL_RC_SUCCESS : CXL_RC_FEATURE_TRANSFER_OUT_OF_ORDER;
}

static enum cxl_rc set_feature(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	struct vcxl_feature_transfer *t = &md->features.transfer;
	const struct set_in *in = msg->in;
	const uint32_t flags = vcxl_get_le32(in->flags), offset = vcxl_get_le16(in->offset);
	const uint32_t len = msg->in_len - (uint32_t)sizeof(*in);
	const unsigned action = (unsigned)vcxl_field_get(flags, ACTION);
	const bool is_last = action == FULL || action == FINISH;
	const struct feature *f = find_feature(in->uuid);
	enum cxl_rc rc;
	unsigned i;

	if (!f)
		return CXL_RC_UNSUPPORTED;
	i = (unsigned)(f - features);
	if (action > ABORT)
		return CXL_RC_INVALID_INPUT;
	if (in->version != f->version)
		return CXL_RC_UNSUPPORTED_FEATURE_VERSION;
	if (action == ABORT) {
		t->open = t->open && t->index != i;
		return CXL_RC_SUCCESS;
	}
	rc = check_part(t, i, action, offset);
	if (rc)
		return rc;
	if (!len || offset + len > f->set_size || (is_last && offset + len < f->set_size))
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	t->open = true;
	t->index = (uint8_t)i;
	memcpy(t->data + offset, in + 1, len);
	t->size = (uint8_t)(offset + len);
	return is_last ? apply(md, f, flags & SAVE) : CXL_RC_SUCCESS;
}

/* clang-format off */
const struct vcxl_cmd vcxl_feature_commands[] = {
	/* opcode  name                in: min   max           effects                                flags run                     finish */
	{ 0x0500, "Get Supported Features", 0x08, 0x08,         0,                                     0,    get_supported_features, NULL },
	{ 0x0501, "Get Feature",            0x15, 0x15,         0,                                     0,    get_feature,            NULL },
	{ 0x0502, "Set Feature",            0x20, VCXL_CMD_ANY, CXL_EFFECT_CONFIG | CXL_EFFECT_POLICY, 0,    set_feature,            NULL },
};
/* clang-format on */
