/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Features and maintenance: patrol scrub, soft and hard post package repair. CXL r3.1 8.2.9.6,
 * 8.2.9.7. A scrub finds poison that the poison list has forgotten, a repair heals the line of an
 * address. ECS and memory sparing are not here: they speak of banks and rows, which the device does
 * not have.
 */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>

#include "memdev.h"

#define PS_PER_HOUR (3600ull * 1000 * VCXL_PS_PER_MS)

/* Feature attributes: changeable, kept by a warm reset and a firmware update, default, saved. */
#define ATTRIBUTES 0x77u

#define SCRUB_ENABLED VCXL_BIT(0) /* patrol scrub, byte 3 */
#define SOFT_REPAIRS  8u
#define HARD_REPAIRS  4u

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

/* CXL r3.1 8.2.9.7.1.2, .3: post package repair */
struct repair_in {
	uint8_t class, subclass, flags;
	vcxl_le64 dpa;
	vcxl_le24 nibbles;
};
static_assert(sizeof(struct repair_in) == 14, "CXL r3.1 8.2.9.7.1.2");

#define REPAIRS    1u /* maintenance class */
#define QUERY_ONLY VCXL_BIT(0)

/* ---- the features ---- */

/* What is written is not laid out as what is read: bytes [from, from+len) go to `to`. */
struct copy {
	uint8_t from, to, len, mask;
};

struct feature {
	uint8_t uuid[16];
	uint8_t get_size, set_size, version;
	uint8_t initial[VCXL_FEATURE_SIZE];
	struct copy copies[2];
	bool (*valid)(const uint8_t *now, const uint8_t *in);
};

/* Not more often than the shortest cycle. */
static bool scrub_valid(const uint8_t *now, const uint8_t *in)
{
	return in[0] >= now[2] && !(in[1] & ~SCRUB_ENABLED);
}

/* No repair of the device's own and none at boot can be switched on. */
static bool repair_valid(const uint8_t *now, const uint8_t *in)
{
	(void)now;
	return !in[0] && !in[1] && !in[2];
}

/* clang-format off */
static const struct feature features[VCXL_N_FEATURES] = {
	{ /* device patrol scrub: changeable at run time, every 12 hours, 1 at least; off */
	  .uuid = { 0x96, 0xda, 0xd7, 0xd6, 0xfd, 0xe8, 0x48, 0x2b,
		    0xa7, 0x33, 0x75, 0x77, 0x4e, 0x06, 0xdb, 0x8a },
	  .get_size = 4, .set_size = 2, .version = 1,
	  .initial = { 0x3, 12, 1, 0 },
	  .copies = { { 0, 1, 1, 0xff }, { 1, 3, 1, SCRUB_ENABLED } },
	  .valid = scrub_valid },
	{ /* soft post package repair by device address; data are not retained */
	  .uuid = { 0x89, 0x2b, 0xa4, 0x75, 0xfa, 0xd8, 0x47, 0x4e,
		    0x9d, 0x3e, 0x69, 0x2c, 0x91, 0x75, 0x68, 0xbb },
	  .get_size = 20, .set_size = 3, .version = 3,
	  .initial = { [5] = REPAIRS, [6] = 0, [16] = 0x1, [17] = 0x2 },
	  .copies = { { 0, 3, 2, 0xff }, { 2, 19, 1, 0xff } },
	  .valid = repair_valid },
	{ /* hard post package repair */
	  .uuid = { 0x80, 0xea, 0x45, 0x21, 0x78, 0x6f, 0x41, 0x27,
		    0xaf, 0xb1, 0xec, 0x74, 0x59, 0xfb, 0x0e, 0x24 },
	  .get_size = 20, .set_size = 3, .version = 3,
	  .initial = { [5] = REPAIRS, [6] = 1, [16] = 0x1, [17] = 0x2 },
	  .copies = { { 0, 3, 2, 0xff }, { 2, 19, 1, 0xff } },
	  .valid = repair_valid },
};
/* clang-format on */
#define SCRUB 0 /* index of patrol scrub */

static int find_feature(const uint8_t *uuid)
{
	for (unsigned i = 0; i < VCXL_N_FEATURES; i++)
		if (memcmp(features[i].uuid, uuid, sizeof(features[i].uuid)) == 0)
			return (int)i;
	return -1;
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
	vcxl_poison_rediscover(md, 0, md->capacity, VCXL_MEDIA_BY_SCRUB);
	vcxl_scrub_schedule(md);
}

/* ---- life ---- */

void vcxl_features_init(struct vcxl_memdev *md)
{
	struct vcxl_feature_state *f = &md->features;

	f->scrub_ps = UINT64_MAX;
	f->repairs_left[1] = HARD_REPAIRS;
	for (unsigned i = 0; i < VCXL_N_FEATURES; i++)
		memcpy(f->saved[i], features[i].initial, sizeof(f->saved[i]));
}

void vcxl_features_reset(struct vcxl_memdev *md, enum vcxl_reset kind)
{
	md->features.transfer.open = false;
	if (kind != VCXL_RESET_COLD)
		return;
	memcpy(md->features.current, md->features.saved, sizeof(md->features.current));
	md->features.repairs_left[0] = SOFT_REPAIRS;
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
			.effects = vcxl_le16_of(CXL_EFFECT_POLICY),
		};

		memcpy(entry.uuid, features[i].uuid, sizeof(entry.uuid));
		memcpy(msg->out + msg->out_len, &entry, sizeof(entry));
		msg->out_len += (uint32_t)sizeof(entry);
	}
	return CXL_RC_SUCCESS;
}

static enum cxl_rc get_feature(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct get_in *in = msg->in;
	const uint32_t offset = vcxl_get_le16(in->offset), count = vcxl_get_le16(in->count);
	const int i = find_feature(in->uuid);
	const uint8_t *data;

	if (i < 0)
		return CXL_RC_UNSUPPORTED;
	if (in->selection > SAVED)
		return CXL_RC_UNSUPPORTED_FEATURE_SELECTION;
	if (offset >= features[i].get_size || offset + count > features[i].get_size)
		return CXL_RC_INVALID_INPUT;
	data = in->selection == CURRENT   ? md->features.current[i]
	       : in->selection == DEFAULT ? features[i].initial
					  : md->features.saved[i];
	return vcxl_msg_reply(msg, data + offset, count);
}

static enum cxl_rc apply(struct vcxl_memdev *md, unsigned i, bool save)
{
	const struct feature *f = &features[i];
	const uint8_t *in = md->features.transfer.data;

	md->features.transfer.open = false;
	if (!f->valid(md->features.current[i], in))
		return CXL_RC_INVALID_INPUT;
	for (unsigned c = 0; c < VCXL_ARRAY_LEN(f->copies); c++)
		for (unsigned k = 0; k < f->copies[c].len; k++)
			md->features.current[i][f->copies[c].to + k] =
				in[f->copies[c].from + k] & f->copies[c].mask;
	if (save)
		memcpy(md->features.saved[i], md->features.current[i],
		       sizeof(md->features.saved[i]));
	if (i == SCRUB)
		md->features.scrub_ps = UINT64_MAX; /* the cycle begins anew */
	vcxl_scrub_schedule(md);
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
	const int found = find_feature(in->uuid);
	const unsigned i = (unsigned)found;
	enum cxl_rc rc;

	if (found < 0)
		return CXL_RC_UNSUPPORTED;
	if (action > ABORT)
		return CXL_RC_INVALID_INPUT;
	if (in->version != features[i].version)
		return CXL_RC_UNSUPPORTED_FEATURE_VERSION;
	if (action == ABORT) {
		t->open = t->open && t->index != i;
		return CXL_RC_SUCCESS;
	}
	rc = check_part(t, i, action, offset);
	if (rc)
		return rc;
	if (!len || offset + len > features[i].set_size ||
	    (is_last && offset + len < features[i].set_size))
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	t->open = true;
	t->index = (uint8_t)i;
	memcpy(t->data + offset, in + 1, len);
	t->size = (uint8_t)(offset + len);
	return is_last ? apply(md, i, flags & SAVE) : CXL_RC_SUCCESS;
}

static enum cxl_rc perform_maintenance(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct repair_in *in = msg->in;
	const uint8_t *kind = msg->in;
	enum vcxl_partition partition;
	uint64_t dpa, offset;

	if (kind[0] != REPAIRS || kind[1] > 1)
		return CXL_RC_INVALID_INPUT;
	if (msg->in_len != sizeof(*in))
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	dpa = vcxl_get_le64(in->dpa) & ~(uint64_t)(VCXL_LINE - 1);
	if (vcxl_memdev_partition(md, dpa, VCXL_LINE, &partition, &offset))
		return CXL_RC_INVALID_PHYSICAL_ADDRESS;
	if (partition == VCXL_PARTITION_PERSISTENT && md->locked)
		return CXL_RC_INVALID_SECURITY_STATE;
	if (!md->features.repairs_left[in->subclass])
		return CXL_RC_RESOURCES_EXHAUSTED;
	if (in->flags & QUERY_ONLY)
		return CXL_RC_SUCCESS;
	if (vcxl_media_fill(&md->media[partition], offset, VCXL_LINE, 0) ||
	    vcxl_memdev_heal(md, dpa, dpa + VCXL_LINE))
		return CXL_RC_INTERNAL_ERROR;
	md->features.repairs_left[in->subclass]--;
	return CXL_RC_SUCCESS;
}

#define ANY       VCXL_CMD_ANY
#define MEDIA     VCXL_CMD_NEEDS_MEDIA
#define FX_SET    CXL_EFFECT_POLICY
#define FX_REPAIR (CXL_EFFECT_CONFIG | CXL_EFFECT_DATA)

/* clang-format off */
const struct vcxl_cmd vcxl_feature_commands[] = {
	/* opcode  name                in: min   max   effects    flags  run                     finish */
	{ 0x0500, "Get Supported Features", 0x08, 0x08, 0,         0,     get_supported_features, NULL },
	{ 0x0501, "Get Feature",            0x15, 0x15, 0,         0,     get_feature,            NULL },
	{ 0x0502, "Set Feature",            0x20, ANY,  FX_SET,    0,     set_feature,            NULL },
	{ 0x0600, "Perform Maintenance",    0x02, ANY,  FX_REPAIR, MEDIA, perform_maintenance,    NULL },
};
/* clang-format on */
