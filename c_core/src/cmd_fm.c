/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dynamic capacity commands of the fabric manager, on the LD that it owns. CXL r3.1 7.6.7.6. The
 * device has one host, number 0. The fabric manager has a log of its own, without interrupts: what
 * the host accepted and gave back.
 */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>

#include "memdev.h"

#define CAPACITY_UNIT  (256ull * VCXL_MIB)
#define MIN_BLOCK      64u
#define NON_VOLATILE   VCXL_BIT(2) /* region flags, those of its DSMAS */
#define SHAREABLE      VCXL_BIT(3)
#define REMOVAL        3, 0 /* bits of the release flags */
#define FORCED         VCXL_BIT(4)
#define SANITIZE       VCXL_BIT(5)
#define FM_REFERENCE   VCXL_BIT(0) /* tag flags */
#define BITMAPS_VALID  0x3
#define ALL_SELECTIONS VCXL_MASK(VCXL_N_DC_SELECTIONS - 1, 0)
#define ALL_REMOVALS   VCXL_MASK(VCXL_N_DC_REMOVALS - 1, 0)

/* CXL r3.1 7.6.7.6.1 */
struct info_out {
	uint8_t n_hosts, n_regions;
	uint8_t reserved[2];
	vcxl_le16 selections;
	uint8_t reserved2[2];
	vcxl_le16 removals;
	uint8_t sanitize_configurable, reserved3;
	vcxl_le64 capacity_units;
	vcxl_le64 block_sizes[VCXL_DC_MAX_REGIONS]; /* bit n: 2^n bytes */
};
static_assert(sizeof(struct info_out) == 84, "CXL r3.1 7.6.7.6.1");

/* CXL r3.1 7.6.7.6.2; the regions follow, and then what is available */
struct config_in {
	vcxl_le16 host;
	uint8_t count, start;
};
static_assert(sizeof(struct config_in) == 4, "CXL r3.1 7.6.7.6.2");

struct config_out {
	vcxl_le16 host;
	uint8_t n_regions, n_returned;
};
static_assert(sizeof(struct config_out) == 4, "CXL r3.1 7.6.7.6.2");

struct region_out {
	struct vcxl_dc_region_wire region;
	uint8_t flags;
	uint8_t reserved[3];
	uint8_t sanitize;
	uint8_t reserved2[3];
};
static_assert(sizeof(struct region_out) == 0x28, "CXL r3.1 7.6.7.6.2");

/* CXL r3.1 7.6.7.6.3 */
struct set_config_in {
	uint8_t region;
	uint8_t reserved[3];
	vcxl_le64 block_size;
	uint8_t sanitize;
	uint8_t reserved2[3];
};
static_assert(sizeof(struct set_config_in) == 16, "CXL r3.1 7.6.7.6.3");

/* CXL r3.1 7.6.7.6.4; the extents follow */
struct list_in {
	vcxl_le16 host;
	uint8_t reserved[2];
	vcxl_le32 count, start;
};
static_assert(sizeof(struct list_in) == 12, "CXL r3.1 7.6.7.6.4");

struct list_out {
	vcxl_le16 host;
	uint8_t reserved[2];
	vcxl_le32 start, n_returned, n_total, generation;
	uint8_t reserved2[4];
};
static_assert(sizeof(struct list_out) == 24, "CXL r3.1 7.6.7.6.4");

/* CXL r3.1 7.6.7.6.5, .6; the extents follow */
struct request_in {
	vcxl_le16 host;
	uint8_t policy; /* release: flags */
	uint8_t region; /* release: reserved */
	vcxl_le64 len;
	uint8_t tag[VCXL_DC_TAG];
	vcxl_le32 n_extents;
};
static_assert(sizeof(struct request_in) == 32, "CXL r3.1 7.6.7.6.5");

/* CXL r3.1 7.6.7.6.9; the tags follow */
struct tags_in {
	vcxl_le32 start, count;
};
static_assert(sizeof(struct tags_in) == 8, "CXL r3.1 7.6.7.6.9");

struct tags_out {
	vcxl_le32 generation, n_total, n_returned;
	uint8_t validity;
	uint8_t reserved[3];
};
static_assert(sizeof(struct tags_out) == 16, "CXL r3.1 7.6.7.6.9");

struct tag_out {
	uint8_t tag[VCXL_DC_TAG];
	uint8_t flags;
	uint8_t reserved[3];
	uint8_t hosts[32], pending[32]; /* bit per host */
};
static_assert(sizeof(struct tag_out) == 84, "CXL r3.1 7.6.7.6.9");

/* Room for records behind a header of `taken` bytes; false: not even for that. */
static bool room_for(const struct vcxl_msg *msg, size_t taken, size_t record, uint32_t *n)
{
	if (msg->out_max < taken)
		return false;
	*n = (uint32_t)((msg->out_max - taken) / record);
	return true;
}

/* ---- configuration ---- */

/* Blocks that regions begin at multiples of, and consist of. */
static uint64_t block_sizes(const struct vcxl_dc_region *r)
{
	uint64_t sizes = 0;

	for (uint64_t size = MIN_BLOCK; size <= VCXL_HDM_ALIGN; size *= 2)
		if (r->len % size == 0)
			sizes |= size;
	return sizes;
}

static enum cxl_rc get_info(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct vcxl_dc *dc = &md->dc;
	struct info_out out = {
		.n_hosts = 1,
		.n_regions = (uint8_t)dc->n_regions,
		.selections = vcxl_le16_of(ALL_SELECTIONS),
		.removals = vcxl_le16_of(ALL_REMOVALS),
	};
	uint64_t capacity = 0;

	if (msg->out_max < sizeof(out))
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	for (unsigned i = 0; i < dc->n_regions; i++) {
		capacity += dc->regions[i].len;
		out.block_sizes[i] = vcxl_le64_of(block_sizes(&dc->regions[i]));
		if (!dc->regions[i].sanitize_fixed)
			out.sanitize_configurable |= (uint8_t)(1u << i);
	}
	out.capacity_units = vcxl_le64_of(capacity / CAPACITY_UNIT);
	return vcxl_msg_reply(msg, &out, sizeof(out));
}

static enum cxl_rc get_config(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct config_in *in = msg->in;
	const struct vcxl_dc *dc = &md->dc;
	const struct vcxl_dc_numbers numbers = vcxl_dc_get_numbers(dc);
	struct config_out out = { .n_regions = (uint8_t)dc->n_regions };
	uint32_t room;

	if (vcxl_get_le16(in->host) || in->start >= dc->n_regions)
		return CXL_RC_INVALID_INPUT;
	if (!room_for(msg, sizeof(out) + sizeof(numbers), sizeof(struct region_out), &room))
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	out.n_returned = vcxl_dc_regions_told(dc, in->start, in->count, room);
	vcxl_msg_append(msg, &out, sizeof(out));
	for (unsigned i = in->start; i < in->start + out.n_returned; i++) {
		const struct vcxl_dc_region *r = &dc->regions[i];
		const struct region_out region = {
			.region = vcxl_dc_wire_of_region(r),
			.flags = (uint8_t)((r->persistent ? NON_VOLATILE : 0) |
					   (r->shareable ? SHAREABLE : 0)),
			.sanitize = r->sanitize,
		};

		vcxl_msg_append(msg, &region, sizeof(region));
	}
	vcxl_msg_append(msg, &numbers, sizeof(numbers));
	return CXL_RC_SUCCESS;
}

static enum cxl_rc set_config(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct set_config_in *in = msg->in;
	const uint64_t block_size = vcxl_get_le64(in->block_size);
	const struct vcxl_dc_extent event = { .region = in->region };
	struct vcxl_dc *dc = &md->dc;
	struct vcxl_dc_region *r;

	if (in->region >= dc->n_regions)
		return CXL_RC_INVALID_INPUT;
	r = &dc->regions[in->region];
	if (vcxl_dc_meets(dc, r->base, r->base + r->len, true) ||
	    vcxl_dc_meets(dc, r->base, r->base + r->len, false))
		return CXL_RC_UNSUPPORTED;
	if (!vcxl_is_pow2(block_size) || !(block_sizes(r) & block_size) || in->sanitize > 1)
		return CXL_RC_INVALID_INPUT;
	if (in->sanitize != r->sanitize && r->sanitize_fixed)
		return CXL_RC_UNSUPPORTED;
	if (block_size == r->block_size && in->sanitize == r->sanitize)
		return CXL_RC_SUCCESS;
	if (!vcxl_dc_log_room(md))
		return CXL_RC_RESOURCES_EXHAUSTED;
	r->block_size = block_size;
	r->sanitize = in->sanitize;
	vcxl_dc_event(md, VCXL_DC_EVENT_REGION, &event, false);
	return CXL_RC_SUCCESS;
}

/* ---- extents ---- */

static enum cxl_rc get_extents(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct list_in *in = msg->in;
	const uint32_t start = vcxl_get_le32(in->start), count = vcxl_get_le32(in->count);
	struct list_out out = { .start = in->start,
				.n_total = vcxl_le32_of(md->dc.n_accepted),
				.generation = vcxl_le32_of(md->dc.generation) };

	if (vcxl_get_le16(in->host) || start > md->dc.n_accepted)
		return CXL_RC_INVALID_INPUT;
	if (msg->out_max < sizeof(out))
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	msg->out_len = sizeof(out);
	out.n_returned = vcxl_le32_of(vcxl_dc_put_extents(&md->dc, msg, start, count));
	memcpy(msg->out, &out, sizeof(out));
	return CXL_RC_SUCCESS;
}

/* The extents of a request become the list; each is checked before the next is read. */
static enum vcxl_dc_error read_extents(struct vcxl_dc *dc, const struct request_in *in,
				       uint32_t room, vcxl_dc_check *check)
{
	const struct vcxl_dc_extent_wire *wire = (const struct vcxl_dc_extent_wire *)(in + 1);
	const uint32_t n = vcxl_get_le32(in->n_extents);
	enum vcxl_dc_error error = VCXL_DC_OK;

	dc->n_list = 0;
	if (!n)
		return VCXL_DC_E_EMPTY;
	if (n > room)
		return VCXL_DC_E_EXTENTS;
	for (uint32_t i = 0; i < n && !error; i++) {
		struct vcxl_dc_item item = { .dpa = vcxl_get_le64(wire[i].dpa),
					     .len = vcxl_get_le64(wire[i].len),
					     .sequence = vcxl_get_le16(wire[i].sequence) };

		error = vcxl_dc_locate(dc, item.dpa, item.len, &item.region);
		if (!error)
			error = vcxl_dc_list(dc, &item);
		if (!error)
			error = check(dc, &item);
	}
	return error;
}

static bool extents_fit(const struct vcxl_msg *msg, const struct request_in *in)
{
	return vcxl_get_le32(in->n_extents) <=
	       (msg->in_len - sizeof(*in)) / sizeof(struct vcxl_dc_extent_wire);
}

static enum cxl_rc initiate_add(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct request_in *in = msg->in;
	struct vcxl_dc *dc = &md->dc;
	enum vcxl_dc_error error;

	if (!extents_fit(msg, in))
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	if (vcxl_get_le16(in->host) || in->policy >= VCXL_N_DC_SELECTIONS)
		return CXL_RC_INVALID_INPUT;
	if (in->policy != VCXL_DC_SELECT_PRESCRIPTIVE)
		return vcxl_dc_error_rc(vcxl_dc_allocate(md, (enum vcxl_dc_selection)in->policy,
							 in->region, vcxl_get_le64(in->len),
							 in->tag));
	error = read_extents(dc, in, dc->max - dc->n, vcxl_dc_check_add);
	if (!error)
		error = vcxl_dc_offer(md, in->tag, VCXL_DC_SELECT_PRESCRIPTIVE, false);
	return vcxl_dc_error_rc(error);
}

/* All that has the tag; a length, when there is one, says how much that has to be. */
static enum vcxl_dc_error read_tag(struct vcxl_dc *dc, const struct request_in *in)
{
	const uint64_t asked = vcxl_get_le64(in->len);
	const enum vcxl_dc_error error = vcxl_dc_list_tag(dc, in->tag, -1);
	uint64_t len = 0;

	for (unsigned i = 0; !error && i < dc->n_list; i++)
		len += dc->list[i].len;
	return error || !asked || asked == len ? error : VCXL_DC_E_LENGTH;
}

static enum cxl_rc initiate_release(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct request_in *in = msg->in;
	const uint64_t removal = vcxl_field_get(in->policy, REMOVAL);
	struct vcxl_dc *dc = &md->dc;
	enum vcxl_dc_error error;

	if (!extents_fit(msg, in))
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	if (vcxl_get_le16(in->host) || removal >= VCXL_N_DC_REMOVALS)
		return CXL_RC_INVALID_INPUT;
	error = removal == VCXL_DC_REMOVE_BY_TAG
			? read_tag(dc, in)
			: read_extents(dc, in, dc->max, vcxl_dc_check_release);
	if (!error)
		error = vcxl_dc_recall(md, in->policy & FORCED, in->policy & SANITIZE);
	return vcxl_dc_error_rc(error);
}

/* ---- tags ---- */

/* AMBIGUOUS(r3.1 7.6.7.6.7): what is referred to is memory: a tag without a backend of its own
 * names extents alone, which go when the host gives them back. */
static enum cxl_rc add_reference(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	struct vcxl_dc_backend *backend = vcxl_dc_pool_find(md->dc.pool, msg->in);

	if (!backend)
		return CXL_RC_INVALID_INPUT;
	md->dc.tag_generation += !backend->fm_reference;
	backend->fm_reference = true;
	return CXL_RC_SUCCESS;
}

static enum cxl_rc remove_reference(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	struct vcxl_dc_backend *backend = vcxl_dc_pool_find(md->dc.pool, msg->in);

	if (!backend || !backend->fm_reference)
		return CXL_RC_INVALID_INPUT;
	backend->fm_reference = false;
	md->dc.tag_generation++;
	(void)vcxl_dc_backend_clean(backend); /* what fails is tried again before use */
	return CXL_RC_SUCCESS;
}

/* Whether entry i is the first one with its tag, and no backend says so already. */
static bool names_tag(const struct vcxl_dc *dc, unsigned i)
{
	const uint8_t *tag = dc->entries[i].extent.tag;

	if (!vcxl_dc_tagged(tag) || vcxl_dc_pool_find(dc->pool, tag))
		return false;
	while (i-- > 0)
		if (!memcmp(dc->entries[i].extent.tag, tag, VCXL_DC_TAG))
			return false;
	return true;
}

struct tag_walk {
	uint32_t index, start, count, n;
};

/* A tag of the list, which becomes part of the output when it is asked for. */
static void put_tag(const struct vcxl_dc *dc, struct vcxl_msg *msg, struct tag_walk *walk,
		    const uint8_t *tag, bool fm_reference)
{
	struct tag_out out = { .flags = fm_reference ? FM_REFERENCE : 0 };

	if (walk->index++ < walk->start || walk->n == walk->count)
		return;
	memcpy(out.tag, tag, VCXL_DC_TAG);
	for (unsigned i = 0; i < dc->n; i++) {
		const struct vcxl_dc_extent *e = &dc->entries[i].extent;

		if (!memcmp(e->tag, tag, VCXL_DC_TAG))
			*(e->accepted ? out.hosts : out.pending) = 1; /* host 0 */
	}
	vcxl_msg_append(msg, &out, sizeof(out));
	walk->n++;
}

static enum cxl_rc list_tags(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct tags_in *in = msg->in;
	const struct vcxl_dc *dc = &md->dc;
	struct tag_walk walk = { .start = vcxl_get_le32(in->start) };
	struct tags_out out = { .validity = BITMAPS_VALID };
	uint32_t room;

	if (!room_for(msg, sizeof(out), sizeof(struct tag_out), &room))
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	walk.count = vcxl_get_le32(in->count) < room ? vcxl_get_le32(in->count) : room;
	msg->out_len = sizeof(out);
	for (unsigned i = 0; dc->pool && i < dc->pool->max; i++)
		if (dc->pool->backends[i].present)
			put_tag(dc, msg, &walk, dc->pool->backends[i].tag,
				dc->pool->backends[i].fm_reference);
	for (unsigned i = 0; i < dc->n; i++)
		if (names_tag(dc, i))
			put_tag(dc, msg, &walk, dc->entries[i].extent.tag, false);
	if (walk.start > walk.index)
		return CXL_RC_INVALID_INPUT;
	out.generation = vcxl_le32_of(dc->tag_generation + (dc->pool ? dc->pool->generation : 0));
	out.n_total = vcxl_le32_of(walk.index);
	out.n_returned = vcxl_le32_of(walk.n);
	memcpy(msg->out, &out, sizeof(out));
	return CXL_RC_SUCCESS;
}

static enum cxl_rc get_records(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const uint32_t header = 0x20;

	return msg->out_max < header ? CXL_RC_INVALID_PAYLOAD_LENGTH
				     : vcxl_events_get(&md->fm_events, msg);
}

static enum cxl_rc clear_records(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	return vcxl_events_clear(&md->fm_events, msg);
}

#define DC         VCXL_CMD_NEEDS_DC
#define FX_LOG     CXL_EFFECT_LOG
#define FX_CONFIG  CXL_EFFECT_CONFIG
#define FX_EXTENTS (CXL_EFFECT_CONFIG | CXL_EFFECT_DATA)

/* clang-format off */
static const struct vcxl_cmd commands[] = {
	/* opcode  name                                  in: min   max           effects     flags  run               finish */
	{ 0x0100, "Get Event Records",                       0x01, 0x01,         0,          DC,    get_records,      NULL },
	{ 0x0101, "Clear Event Records",                     0x06, VCXL_CMD_ANY, FX_LOG,     DC,    clear_records,    NULL },
	{ 0x5600, "Get DCD Info",                            0x00, 0x00,         0,          DC,    get_info,         NULL },
	{ 0x5601, "Get Host DC Region Configuration",        0x04, 0x04,         0,          DC,    get_config,       NULL },
	{ 0x5602, "Set DC Region Configuration",             0x10, 0x10,         FX_CONFIG,  DC,    set_config,       NULL },
	{ 0x5603, "Get DC Region Extent Lists",              0x0c, 0x0c,         0,          DC,    get_extents,      NULL },
	{ 0x5604, "Initiate Dynamic Capacity Add",           0x20, VCXL_CMD_ANY, FX_EXTENTS, DC,    initiate_add,     NULL },
	{ 0x5605, "Initiate Dynamic Capacity Release",       0x20, VCXL_CMD_ANY, FX_EXTENTS, DC,    initiate_release, NULL },
	{ 0x5606, "Dynamic Capacity Add Reference",          0x10, 0x10,         FX_CONFIG,  DC,    add_reference,    NULL },
	{ 0x5607, "Dynamic Capacity Remove Reference",       0x10, 0x10,         FX_CONFIG,  DC,    remove_reference, NULL },
	{ 0x5608, "Dynamic Capacity List Tags",              0x08, 0x08,         0,          DC,    list_tags,        NULL },
};
/* clang-format on */

const struct vcxl_cmd_set *vcxl_fm_command_sets(void)
{
	static const struct vcxl_cmd_set sets[] = {
		{ commands, VCXL_ARRAY_LEN(commands) },
		{ NULL, 0 },
	};

	return sets;
}

enum cxl_rc vcxl_memdev_fm_command(struct vcxl_memdev *md, uint16_t opcode, const void *in,
				   uint32_t in_len, void *out, uint32_t max, uint32_t *out_len)
{
	struct vcxl_msg msg = {
		.opcode = opcode, .in = in, .in_len = in_len, .out = out, .out_max = max
	};
	const enum cxl_rc rc = vcxl_cci_run(&md->fm, md, &msg);

	*out_len = msg.out_len;
	return rc;
}
