/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maintenance: post package repair and memory sparing. CXL r3.1 8.2.9.7. Both replace memory by
 * spare memory, which heals it; poisoned lines are zero afterwards, others keep their data.
 *
 * Sparing names ranks, banks and rows. The device's are consecutive: device addresses are divided
 * into ranks, those into bank groups, banks and rows of 128 lines. There is one channel.
 */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>

#include "memdev.h"

#define BANK_GROUPS   4u
#define BANKS         4u /* of a group */
#define LINES         128u
#define ROW_SIZE      (LINES * (uint64_t)VCXL_LINE)
#define MAX_BANK_SIZE (ROW_SIZE << 24) /* rows have 24 bits */

enum class {
	REPAIR = 1,
	SPARING = 2
};

/* CXL r3.1 8.2.9.7.1.2, .3: post package repair */
struct repair_in {
	uint8_t class, subclass, flags;
	vcxl_le64 dpa;
	vcxl_le24 nibbles;
};
static_assert(sizeof(struct repair_in) == 14, "CXL r3.1 8.2.9.7.1.2");

/* CXL r3.1 8.2.9.7.1.4 */
struct address {
	uint8_t channel, rank;
	vcxl_le24 nibbles;
	uint8_t bank_group, bank;
	vcxl_le24 row;
	vcxl_le16 column;
};
struct sparing_in {
	uint8_t class, subclass, flags;
	struct address at;
	uint8_t sub_channel;
};
static_assert(sizeof(struct sparing_in) == 16, "CXL r3.1 8.2.9.7.1.4");

#define QUERY_ONLY        VCXL_BIT(0) /* flags of both */
#define HARD              VCXL_BIT(1)
#define SUB_CHANNEL_VALID VCXL_BIT(2)
#define NIBBLES_VALID     VCXL_BIT(3)

/* CXL r3.1 8.2.9.2.1.4: memory sparing event */
struct sparing_event {
	uint8_t class, subclass, flags, result;
	vcxl_le16 validity;
	uint8_t reserved[6];
	vcxl_le16 left;
	struct address at;
	uint8_t component[16];
	uint8_t sub_channel;
	uint8_t reserved2[0x25];
};
static_assert(sizeof(struct sparing_event) == 0x50, "CXL r3.1 8.2.9.2.1.4");

#define SUBCLASS_VALID VCXL_BIT(6) /* of the record's flags */

enum validity {
	CHANNEL = 0x1,
	RANK = 0x2,
	NIBBLES = 0x4,
	BANK = 0x18, /* and its group */
	ROW = 0x20,
	COLUMN = 0x40,
	SUB_CHANNEL = 0x200
};

/* What there is of each, and the parts of an address that say where. */
static const struct {
	uint8_t class, subclass, resources;
	bool renewed;      /* by every power cycle; sparing: when it was soft */
	uint16_t validity; /* sparing */
} kinds[VCXL_N_REPAIRS] = {
	[VCXL_REPAIR_SOFT] = { REPAIR, 0, 8, true, 0 },
	[VCXL_REPAIR_HARD] = { REPAIR, 1, 4, false, 0 },
	[VCXL_SPARE_LINE] = { SPARING, 0, 16, true, CHANNEL | RANK | BANK | ROW | COLUMN },
	[VCXL_SPARE_ROW] = { SPARING, 1, 8, true, CHANNEL | RANK | BANK | ROW },
	[VCXL_SPARE_BANK] = { SPARING, 2, 2, true, CHANNEL | RANK | BANK },
	[VCXL_SPARE_RANK] = { SPARING, 3, 1, true, CHANNEL | RANK },
};

void vcxl_repairs_init(struct vcxl_memdev *md)
{
	for (unsigned i = 0; i < VCXL_N_REPAIRS; i++)
		md->repairs.left[i] = kinds[i].resources;
}

void vcxl_repairs_renew(struct vcxl_memdev *md)
{
	for (unsigned i = 0; i < VCXL_N_REPAIRS; i++) {
		md->repairs.left[i] = (uint8_t)(md->repairs.left[i] + md->repairs.soft[i]);
		md->repairs.soft[i] = 0;
	}
}

/* Whether [dpa, end) may be replaced by what is left of the kind. */
static enum cxl_rc check(const struct vcxl_memdev *md, enum vcxl_repair kind, uint64_t end)
{
	if (md->locked && end > md->hdm.partitions[VCXL_PARTITION_PERSISTENT].base)
		return CXL_RC_INVALID_SECURITY_STATE;
	return md->repairs.left[kind] ? CXL_RC_SUCCESS : CXL_RC_RESOURCES_EXHAUSTED;
}

static void use_up(struct vcxl_memdev *md, enum vcxl_repair kind, bool renewed)
{
	md->repairs.left[kind]--;
	md->repairs.soft[kind] = (uint8_t)(md->repairs.soft[kind] + renewed);
}

/* ---- post package repair ---- */

static enum cxl_rc repair(struct vcxl_memdev *md, enum vcxl_repair kind, const void *input)
{
	const struct repair_in *in = input;
	const uint64_t dpa = vcxl_get_le64(in->dpa) & ~(uint64_t)(VCXL_LINE - 1);
	enum cxl_rc rc;

	if (dpa >= md->capacity)
		return CXL_RC_INVALID_PHYSICAL_ADDRESS;
	rc = check(md, kind, dpa + VCXL_LINE);
	if (rc || (in->flags & QUERY_ONLY))
		return rc;
	if (vcxl_memdev_fill(md, dpa, VCXL_LINE, 0) || vcxl_memdev_heal(md, dpa, dpa + VCXL_LINE))
		return CXL_RC_INTERNAL_ERROR;
	use_up(md, kind, kinds[kind].renewed);
	return CXL_RC_SUCCESS;
}

/* ---- sparing ---- */

/* Two ranks, or more where the rows of a bank would be too many. */
static uint64_t rank_size(const struct vcxl_memdev *md)
{
	uint64_t size = md->capacity / 2;

	while (size / (BANK_GROUPS * BANKS) > MAX_BANK_SIZE)
		size /= 2;
	return size;
}

/* What the address names, as device addresses; false when there is no such place. */
static bool find_place(const struct vcxl_memdev *md, enum vcxl_repair kind,
		       const struct sparing_in *in, struct vcxl_dpa_range *place)
{
	const uint64_t rank = rank_size(md), bank = rank / (BANK_GROUPS * BANKS);
	const unsigned valid = kinds[kind].validity;
	const struct address *at = &in->at;

	/* dynamic capacity has no geometry, and there may be nothing else */
	if (!rank || at->channel || ((in->flags & SUB_CHANNEL_VALID) && in->sub_channel) ||
	    at->rank >= md->capacity / rank)
		return false;
	*place = (struct vcxl_dpa_range){ .base = at->rank * rank, .size = rank };
	if (!(valid & BANK))
		return true;
	if (at->bank_group >= BANK_GROUPS || at->bank >= BANKS)
		return false;
	place->base += ((uint64_t)at->bank_group * BANKS + at->bank) * bank;
	place->size = bank;
	if (!(valid & ROW))
		return true;
	if (vcxl_get_le24(at->row) >= bank / ROW_SIZE)
		return false;
	place->base += vcxl_get_le24(at->row) * ROW_SIZE;
	place->size = ROW_SIZE;
	if (!(valid & COLUMN))
		return true;
	place->base += vcxl_get_le16(at->column) * (uint64_t)VCXL_LINE;
	place->size = VCXL_LINE;
	return vcxl_get_le16(at->column) < LINES;
}

/* The host's copy of the address is what its record says, as far as the kind has it. */
static void log_sparing(struct vcxl_memdev *md, enum vcxl_repair kind, const struct sparing_in *in)
{
	struct vcxl_event_record record = {
		.uuid = VCXL_UUID(e71f3a40, 2d29, 4092, 8a39, 4d1c966c7c65),
		.flags = SUBCLASS_VALID,
		.maintenance_class = in->class,
		.maintenance_subclass = in->subclass,
	};
	const unsigned valid = kinds[kind].validity | (in->flags & NIBBLES_VALID ? NIBBLES : 0u) |
			       (in->flags & SUB_CHANNEL_VALID ? SUB_CHANNEL : 0u);
	const struct sparing_event data = {
		.class = in->class,
		.subclass = in->subclass,
		.flags = in->flags & (QUERY_ONLY | HARD),
		.validity = vcxl_le16_of((uint16_t)valid),
		.left = vcxl_le16_of(md->repairs.left[kind]),
		.at = in->at,
		.sub_channel = in->sub_channel,
	};

	memcpy(record.data, &data, sizeof(data));
	(void)vcxl_event_inject(md, VCXL_EVENT_INFO, &record);
}

/* Only what was poisoned is zero then. */
static enum vcxl_status replace(struct vcxl_memdev *md, const struct vcxl_dpa_range *place)
{
	const uint64_t end = place->base + place->size;
	const struct vcxl_poison_range *r;
	uint64_t dpa = place->base;

	while ((r = vcxl_poison_find(&md->poison, dpa, end)) != NULL) {
		const uint64_t begin = r->dpa > dpa ? r->dpa : dpa;
		const uint64_t r_end = r->dpa + r->len < end ? r->dpa + r->len : end;
		const enum vcxl_status status = vcxl_memdev_fill(md, begin, r_end - begin, 0);

		if (status)
			return status;
		dpa = r_end;
	}
	return vcxl_memdev_heal(md, place->base, end);
}

static enum cxl_rc spare(struct vcxl_memdev *md, enum vcxl_repair kind, const void *input)
{
	const struct sparing_in *in = input;
	struct vcxl_dpa_range place;
	enum cxl_rc rc;

	if (!find_place(md, kind, in, &place))
		return CXL_RC_INVALID_INPUT;
	rc = check(md, kind, place.base + place.size);
	if (rc)
		return rc;
	if (!(in->flags & QUERY_ONLY)) {
		if (replace(md, &place))
			return CXL_RC_INTERNAL_ERROR;
		use_up(md, kind, !(in->flags & HARD));
	}
	log_sparing(md, kind, in);
	return CXL_RC_SUCCESS;
}

static enum cxl_rc perform_maintenance(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const uint8_t *in = msg->in;
	const uint32_t length =
		in[0] == REPAIR ? sizeof(struct repair_in) : sizeof(struct sparing_in);

	for (unsigned i = 0; i < VCXL_N_REPAIRS; i++) {
		if (kinds[i].class != in[0] || kinds[i].subclass != in[1])
			continue;
		if (msg->in_len != length)
			return CXL_RC_INVALID_PAYLOAD_LENGTH;
		return in[0] == REPAIR ? repair(md, (enum vcxl_repair)i, in)
				       : spare(md, (enum vcxl_repair)i, in);
	}
	return CXL_RC_INVALID_INPUT;
}

#define FX_REPAIR (CXL_EFFECT_CONFIG | CXL_EFFECT_DATA)

/* clang-format off */
const struct vcxl_cmd vcxl_maintenance_commands[] = {
	/* opcode  name             in: min  max           effects    flags                 run                  finish */
	{ 0x0600, "Perform Maintenance", 0x2, VCXL_CMD_ANY, FX_REPAIR, VCXL_CMD_NEEDS_MEDIA, perform_maintenance, NULL },
};
/* clang-format on */
