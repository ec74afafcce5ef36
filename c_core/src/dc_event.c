/* SPDX-License-Identifier: Apache-2.0 */
/* Dynamic capacity event records for the host and the fabric manager. CXL r3.1 8.2.9.2.1.6. */
#include <assert.h>
#include <string.h>

#include <vcxl/le.h>

#include "memdev.h"

static_assert(sizeof(struct vcxl_dc_extent_wire) == 0x28, "CXL r3.1 8.2.9.9.9.2");

#define NUMBERS_VALID 0x1 /* of extents and tags that are available */
#define MORE          0x1

struct dc_record {
	uint8_t type, validity;
	vcxl_le16 host;
	uint8_t region, flags;
	uint8_t reserved[2];
	struct vcxl_dc_extent_wire extent;
	uint8_t reserved2[0x18];
	vcxl_le32 extents_available, tags_available;
};
static_assert(sizeof(struct dc_record) == 0x50, "CXL r3.1 8.2.9.2.1.6");

struct vcxl_dc_extent_wire vcxl_dc_wire(const struct vcxl_dc_extent *extent)
{
	struct vcxl_dc_extent_wire wire = {
		.dpa = vcxl_le64_of(extent->dpa),
		.len = vcxl_le64_of(extent->len),
		.sequence = vcxl_le16_of(extent->sequence),
	};

	memcpy(wire.tag, extent->tag, sizeof(wire.tag));
	return wire;
}

unsigned vcxl_dc_log_room(const struct vcxl_memdev *md)
{
	return vcxl_event_room(&md->events, VCXL_EVENT_DYNAMIC_CAPACITY);
}

void vcxl_dc_event(struct vcxl_memdev *md, enum vcxl_dc_event type,
		   const struct vcxl_dc_extent *extent, bool more)
{
	/* ca95afa7-f183-4018-8c2f-95268e101a2a */
	struct vcxl_event_record record = {
		.uuid = { 0xca, 0x95, 0xaf, 0xa7, 0xf1, 0x83, 0x40, 0x18, 0x8c, 0x2f, 0x95, 0x26,
			  0x8e, 0x10, 0x1a, 0x2a },
	};
	const struct dc_record data = {
		.type = (uint8_t)type,
		.validity = NUMBERS_VALID,
		.region = type == VCXL_DC_EVENT_REGION ? extent->region : 0,
		.flags = more ? MORE : 0,
		.extent = vcxl_dc_wire(extent),
		.extents_available = vcxl_le32_of(md->dc.max - md->dc.n),
		.tags_available = vcxl_le32_of(md->dc.max - md->dc.n_tags),
	};

	memcpy(record.data, &data, sizeof(data));
	if (type < VCXL_DC_EVENT_ACCEPTED)
		(void)vcxl_event_inject(md, VCXL_EVENT_DYNAMIC_CAPACITY, &record);
	else
		vcxl_event_tell_manager(md, &record);
}

void vcxl_dc_trace(const struct vcxl_memdev *md, enum vcxl_dc_step step, uint64_t dpa, uint64_t len)
{
	vcxl_trace_emit(md->ops.trace, VCXL_TRACE_EXTENT, md->name, (uint64_t)step, dpa, len);
}

void vcxl_dc_repeat_offers(struct vcxl_memdev *md)
{
	const struct vcxl_dc *dc = &md->dc;

	for (uint64_t offer = dc->first_offer; offer < dc->next_offer; offer++) {
		const struct vcxl_dc_extent *previous = NULL;

		for (unsigned i = 0; i < dc->n; i++) {
			const struct vcxl_dc_extent *e = &dc->entries[i].extent;

			if (e->accepted || e->offer != offer)
				continue;
			if (previous)
				vcxl_dc_event(md, VCXL_DC_EVENT_ADD, previous, true);
			previous = e;
		}
		if (previous)
			vcxl_dc_event(md, VCXL_DC_EVENT_ADD, previous, false);
	}
}
