/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory device commands: identify, partitions, label storage area. CXL r3.1 8.2.9.9.1,
 * 8.2.9.9.2.
 */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>

#include "memdev.h"

#define CAPACITY_UNIT (256ull * VCXL_MIB) /* of every capacity field, and of partitions */

#define INJECTED_POISON_PERSISTS VCXL_BIT(0)

/* CXL r3.1 8.2.9.9.1.1 */
struct identify_out {
	char fw_revision[16];
	vcxl_le64 total, volatile_only, persistent_only, partition_align;
	vcxl_le16 info_log_size, warning_log_size, failure_log_size, fatal_log_size;
	vcxl_le32 lsa_size;
	vcxl_le24 poison_list_max;
	vcxl_le16 inject_poison_limit;
	uint8_t poison_caps, qos_caps;
	vcxl_le16 dc_log_size;
};
static_assert(sizeof(struct identify_out) == 0x45, "CXL r3.1 8.2.9.9.1.1");

/* CXL r3.1 8.2.9.9.2.1 */
struct partition_info_out {
	vcxl_le64 active_volatile, active_persistent, next_volatile, next_persistent;
};
static_assert(sizeof(struct partition_info_out) == 0x20, "CXL r3.1 8.2.9.9.2.1");

/* CXL r3.1 8.2.9.9.2.3 */
struct get_lsa_in {
	vcxl_le32 offset, length;
};
static_assert(sizeof(struct get_lsa_in) == 8, "CXL r3.1 8.2.9.9.2.3");

/* CXL r3.1 8.2.9.9.2.4; the data follow */
struct set_lsa_in {
	vcxl_le32 offset;
	uint8_t reserved[4];
};
static_assert(sizeof(struct set_lsa_in) == 8, "CXL r3.1 8.2.9.9.2.4");

/* CXL r3.1 8.2.9.9.2.2. Linux sends one byte more than there is. */
struct set_partition_in {
	vcxl_le64 volatile_size; /* of the partitionable capacity */
	uint8_t flags;
};
static_assert(sizeof(struct set_partition_in) == 9, "CXL r3.1 8.2.9.9.2.2");

#define IMMEDIATE VCXL_BIT(0)

static vcxl_le64 units(uint64_t size)
{
	return vcxl_le64_of(size / CAPACITY_UNIT);
}

static enum cxl_rc identify(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const vcxl_le16 log_size = vcxl_le16_of((uint16_t)md->events.depth);
	struct identify_out out = {
		.total = units(md->capacity),
		.volatile_only = units(vcxl_volatile_only(md)),
		.persistent_only = units(md->banks[VCXL_BANK_PERSISTENT].media.size),
		.partition_align = units(vcxl_partitionable(md) ? CAPACITY_UNIT : 0),
		.info_log_size = log_size,
		.warning_log_size = log_size,
		.failure_log_size = log_size,
		.fatal_log_size = log_size,
		.lsa_size = vcxl_le32_of((uint32_t)md->lsa.size),
		.poison_list_max = vcxl_le24_of(md->poison.list_max),
		.inject_poison_limit = vcxl_le16_of((uint16_t)md->poison.list_max),
		.poison_caps = INJECTED_POISON_PERSISTS,
		.dc_log_size = vcxl_le16_of((uint16_t)md->events.dc_depth),
	};

	memcpy(out.fw_revision, vcxl_firmware_revision(md), sizeof(out.fw_revision));
	return vcxl_msg_reply(msg, &out, sizeof(out));
}

static enum cxl_rc get_partition_info(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const bool pending = md->next_volatile != VCXL_NO_CHANGE;
	/* both next 0: no change is pending */
	const struct partition_info_out out = {
		.active_volatile = units(md->hdm.partitions[VCXL_PARTITION_VOLATILE].size),
		.active_persistent = units(md->hdm.partitions[VCXL_PARTITION_PERSISTENT].size),
		.next_volatile = units(pending ? md->next_volatile : 0),
		.next_persistent = units(pending ? md->capacity - md->next_volatile : 0),
	};

	return vcxl_msg_reply(msg, &out, sizeof(out));
}

static bool any_committed(const struct vcxl_memdev *md)
{
	for (unsigned i = 0; i < md->hdm.config.n_decoders; i++)
		if (md->hdm.decoders[i].state == VCXL_DECODER_COMMITTED)
			return true;
	return false;
}

/* At once, or at the next power cycle; the later request counts. */
static enum cxl_rc set_partition_info(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct set_partition_in *in = msg->in;
	const uint64_t n_units = vcxl_get_le64(in->volatile_size);
	const uint64_t volatile_size = vcxl_volatile_only(md) + n_units * CAPACITY_UNIT;
	const bool immediate = in->flags & IMMEDIATE;

	if (n_units > vcxl_partitionable(md) / CAPACITY_UNIT || (in->flags & ~IMMEDIATE) ||
	    (immediate && any_committed(md)))
		return CXL_RC_INVALID_INPUT;
	if (md->locked) /* it would unlock what becomes volatile */
		return CXL_RC_INVALID_SECURITY_STATE;
	md->next_volatile = VCXL_NO_CHANGE;
	if (volatile_size == md->hdm.partitions[VCXL_PARTITION_VOLATILE].size)
		return CXL_RC_SUCCESS;
	if (!immediate)
		md->next_volatile = volatile_size;
	else if (vcxl_partition_change(md, volatile_size))
		return CXL_RC_PERMANENT_MEDIA_FAILURE;
	return CXL_RC_SUCCESS;
}

static enum cxl_rc get_lsa(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct get_lsa_in *in = msg->in;
	const uint32_t offset = vcxl_get_le32(in->offset), length = vcxl_get_le32(in->length);

	if (length > msg->out_max || !vcxl_range_inside(offset, length, 0, md->lsa.size))
		return CXL_RC_INVALID_INPUT;
	if (vcxl_media_read(&md->lsa, offset, msg->out, length))
		return CXL_RC_INTERNAL_ERROR;
	msg->out_len = length;
	return CXL_RC_SUCCESS;
}

static enum cxl_rc set_lsa(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct set_lsa_in *in = msg->in;
	const uint32_t offset = vcxl_get_le32(in->offset);
	const uint32_t length = msg->in_len - (uint32_t)sizeof(*in);

	if (!vcxl_range_inside(offset, length, 0, md->lsa.size))
		return CXL_RC_INVALID_INPUT;
	/* success means durable: labels must survive whatever comes next */
	if (vcxl_media_write(&md->lsa, offset, in + 1, length) ||
	    vcxl_media_flush(&md->lsa, offset, length))
		return CXL_RC_INTERNAL_ERROR;
	return CXL_RC_SUCCESS;
}

#define LSA       (VCXL_CMD_NEEDS_LSA | VCXL_CMD_NEEDS_MEDIA)
#define MEDIA     VCXL_CMD_NEEDS_MEDIA
#define PARTITION (VCXL_CMD_NEEDS_PARTITIONS | VCXL_CMD_NEEDS_MEDIA)
#define FX_LSA    (CXL_EFFECT_CONFIG | CXL_EFFECT_DATA)
#define FX_SPLIT  (CXL_EFFECT_CONFIG_COLD_RESET | CXL_EFFECT_CONFIG | CXL_EFFECT_DATA)

/* clang-format off */
const struct vcxl_cmd vcxl_memdev_commands[] = {
	/* opcode  name                in: min  max           effects   flags      run                 finish */
	{ 0x4000, "Identify Memory Device", 0x0, 0x0,          0,        0,         identify,           NULL },
	{ 0x4100, "Get Partition Info",     0x0, 0x0,          0,        MEDIA,     get_partition_info, NULL },
	{ 0x4101, "Set Partition Info",     0x9, 0xa,          FX_SPLIT, PARTITION, set_partition_info, NULL },
	{ 0x4102, "Get LSA",                0x8, 0x8,          0,        LSA,       get_lsa,            NULL },
	{ 0x4103, "Set LSA",                0x8, VCXL_CMD_ANY, FX_LSA,   LSA,       set_lsa,            NULL },
};
/* clang-format on */
