/* SPDX-License-Identifier: Apache-2.0 */
/* Dynamic capacity commands of the host. CXL r3.1 8.2.9.9.9. */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>

#include "memdev.h"

#define CAPACITY_UNIT (256ull * VCXL_MIB)
#define MORE          VCXL_BIT(0) /* of a response: others to the same offer follow */
#define SANITIZE      VCXL_BIT(0) /* of a region */

/* CXL r3.1 8.2.9.9.9.1; the regions follow, and then what is available */
struct config_in {
	uint8_t count, start;
};
static_assert(sizeof(struct config_in) == 2, "CXL r3.1 8.2.9.9.9.1");

struct config_out {
	uint8_t n_regions, n_returned;
	uint8_t reserved[6];
};
static_assert(sizeof(struct config_out) == 8, "CXL r3.1 8.2.9.9.9.1");

struct region_out {
	struct vcxl_dc_region_wire region;
	vcxl_le32 handle; /* of its DSMAS */
	uint8_t flags;
	uint8_t reserved[3];
};
static_assert(sizeof(struct region_out) == 0x28, "CXL r3.1 8.2.9.9.9.1");

/* CXL r3.1 8.2.9.9.9.2; the extents follow */
struct list_in {
	vcxl_le32 count, start;
};
static_assert(sizeof(struct list_in) == 8, "CXL r3.1 8.2.9.9.9.2");

struct list_out {
	vcxl_le32 n_returned, n_total, generation;
	uint8_t reserved[4];
};
static_assert(sizeof(struct list_out) == 16, "CXL r3.1 8.2.9.9.9.2");

/* CXL r3.1 8.2.9.9.9.3, .4; the ranges follow */
struct response_in {
	vcxl_le32 n_ranges;
	uint8_t flags;
	uint8_t reserved[3];
};
static_assert(sizeof(struct response_in) == 8, "CXL r3.1 8.2.9.9.9.3");

struct range_in {
	vcxl_le64 dpa, len;
	uint8_t reserved[8];
};
static_assert(sizeof(struct range_in) == 0x18, "CXL r3.1 8.2.9.9.9.3");

struct vcxl_dc_numbers vcxl_dc_get_numbers(const struct vcxl_dc *dc)
{
	return (struct vcxl_dc_numbers){
		.extents = vcxl_le32_of(dc->max),
		.extents_available = vcxl_le32_of(dc->max - dc->n),
		.tags = vcxl_le32_of(dc->max),
		.tags_available = vcxl_le32_of(dc->max - dc->n_tags),
	};
}

struct vcxl_dc_region_wire vcxl_dc_wire_of_region(const struct vcxl_dc_region *region)
{
	return (struct vcxl_dc_region_wire){
		.base = vcxl_le64_of(region->base),
		.decode_units = vcxl_le64_of(region->decode_len / CAPACITY_UNIT),
		.len = vcxl_le64_of(region->len),
		.block_size = vcxl_le64_of(region->block_size),
	};
}

uint8_t vcxl_dc_regions_told(const struct vcxl_dc *dc, uint8_t start, uint8_t asked, uint32_t room)
{
	uint32_t n = dc->n_regions - start;

	n = n < asked ? n : asked;
	return (uint8_t)(n < room ? n : room);
}

static enum cxl_rc get_config(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct config_in *in = msg->in;
	const struct vcxl_dc *dc = &md->dc;
	const struct vcxl_dc_numbers numbers = vcxl_dc_get_numbers(dc);
	struct config_out out = { .n_regions = (uint8_t)dc->n_regions };
	const uint32_t room = (msg->out_max - (uint32_t)(sizeof(out) + sizeof(numbers))) /
			      sizeof(struct region_out);

	if (in->start >= dc->n_regions)
		return CXL_RC_INVALID_INPUT;
	out.n_returned = vcxl_dc_regions_told(dc, in->start, in->count, room);
	vcxl_msg_append(msg, &out, sizeof(out));
	for (unsigned i = in->start; i < in->start + out.n_returned; i++) {
		const struct vcxl_dc_region *r = &dc->regions[i];
		const struct region_out region = {
			.region = vcxl_dc_wire_of_region(r),
			.handle = vcxl_le32_of(VCXL_DC_HANDLE + i),
			.flags = r->sanitize ? SANITIZE : 0,
		};

		vcxl_msg_append(msg, &region, sizeof(region));
	}
	vcxl_msg_append(msg, &numbers, sizeof(numbers));
	return CXL_RC_SUCCESS;
}

uint32_t vcxl_dc_put_extents(const struct vcxl_dc *dc, struct vcxl_msg *msg, uint32_t start,
			     uint32_t count)
{
	const uint32_t room =
		(msg->out_max - msg->out_len) / (uint32_t)sizeof(struct vcxl_dc_extent_wire);
	uint32_t index = 0, n = 0;

	for (unsigned i = 0; i < dc->n; i++) {
		struct vcxl_dc_extent_wire wire;

		if (!dc->entries[i].extent.accepted || index++ < start)
			continue;
		if (n == count || n == room)
			break;
		wire = vcxl_dc_wire(&dc->entries[i].extent);
		vcxl_msg_append(msg, &wire, sizeof(wire));
		n++;
	}
	return n;
}

static enum cxl_rc get_extent_list(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct list_in *in = msg->in;
	const uint32_t start = vcxl_get_le32(in->start), count = vcxl_get_le32(in->count);
	struct list_out out = { .n_total = vcxl_le32_of(md->dc.n_accepted),
				.generation = vcxl_le32_of(md->dc.generation) };

	if (start > md->dc.n_accepted)
		return CXL_RC_INVALID_INPUT;
	msg->out_len = sizeof(out);
	out.n_returned = vcxl_le32_of(vcxl_dc_put_extents(&md->dc, msg, start, count));
	memcpy(msg->out, &out, sizeof(out));
	return CXL_RC_SUCCESS;
}

/* Each range by itself, and against those before it. */
static enum vcxl_dc_error read_ranges(struct vcxl_dc *dc, const struct range_in *ranges, uint32_t n)
{
	enum vcxl_dc_error error = VCXL_DC_OK;

	dc->n_list = 0;
	for (uint32_t i = 0; i < n && !error; i++) {
		struct vcxl_dc_item item = { .dpa = vcxl_get_le64(ranges[i].dpa),
					     .len = vcxl_get_le64(ranges[i].len) };

		error = vcxl_dc_locate(dc, item.dpa, item.len, &item.region);
		if (!error)
			error = vcxl_dc_list(dc, &item);
	}
	return error;
}

static bool ranges_fit(const struct vcxl_msg *msg, uint32_t n)
{
	return n <= (msg->in_len - sizeof(struct response_in)) / sizeof(struct range_in);
}

static enum cxl_rc add_response(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct response_in *in = msg->in;
	const uint32_t n = vcxl_get_le32(in->n_ranges);
	struct vcxl_dc *dc = &md->dc;
	enum vcxl_dc_error error;

	if (!ranges_fit(msg, n))
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	if (!n)
		return vcxl_dc_error_rc(vcxl_dc_reject(md));
	if (n > dc->max - dc->n_accepted)
		return CXL_RC_RESOURCES_EXHAUSTED;
	error = read_ranges(dc, (const struct range_in *)(in + 1), n);
	return vcxl_dc_error_rc(error ? error : vcxl_dc_accept(md, in->flags & MORE));
}

static enum cxl_rc release(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct response_in *in = msg->in;
	const uint32_t n = vcxl_get_le32(in->n_ranges);
	struct vcxl_dc *dc = &md->dc;
	enum vcxl_dc_error error;

	if (!ranges_fit(msg, n))
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	if (!n)
		return CXL_RC_INVALID_INPUT;
	if (n > dc->max)
		return CXL_RC_RESOURCES_EXHAUSTED;
	error = read_ranges(dc, (const struct range_in *)(in + 1), n);
	return vcxl_dc_error_rc(error ? error : vcxl_dc_give_back(md));
}

#define DC         VCXL_CMD_NEEDS_DC
#define MEDIA      (VCXL_CMD_NEEDS_DC | VCXL_CMD_NEEDS_MEDIA)
#define FX_EXTENTS CXL_EFFECT_DATA

/* clang-format off */
const struct vcxl_cmd vcxl_dc_commands[] = {
	/* opcode  name                             in: min  max           effects     flags  run              finish */
	{ 0x4800, "Get Dynamic Capacity Configuration", 0x2, 0x2,          0,          DC,    get_config,      NULL },
	{ 0x4801, "Get Dynamic Capacity Extent List",   0x8, 0x8,          0,          DC,    get_extent_list, NULL },
	{ 0x4802, "Add Dynamic Capacity Response",      0x8, VCXL_CMD_ANY, FX_EXTENTS, MEDIA, add_response,    NULL },
	{ 0x4803, "Release Dynamic Capacity",           0x8, VCXL_CMD_ANY, FX_EXTENTS, MEDIA, release,         NULL },
};
/* clang-format on */
