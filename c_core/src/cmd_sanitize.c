/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sanitize, Secure Erase and Media Operations. CXL r3.1 8.2.9.9.5. Data are erased by zeroes.
 * Media stays disabled when a sanitize does not come to its end, until another one does.
 */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>

#include "memdev.h"

#define SANITIZE_PATTERN 0x0f /* of a range */

/* CXL r3.1 8.2.9.9.5.3; ranges follow, or those of a discovery */
struct operations_in {
	uint8_t class, subclass;
	uint8_t reserved[2];
	vcxl_le32 n_ranges;
};
static_assert(sizeof(struct operations_in) == 8, "CXL r3.1 8.2.9.9.5.3");

struct operations_range {
	vcxl_le64 dpa, len;
};
static_assert(sizeof(struct operations_range) == 16, "CXL r3.1 8.2.9.9.5.3");

struct discovery_in {
	vcxl_le16 start, count;
};
static_assert(sizeof(struct discovery_in) == 4, "CXL r3.1 8.2.9.9.5.3");

struct discovery_out {
	vcxl_le64 granularity;
	vcxl_le16 total, n;
	struct {
		uint8_t class, subclass;
	} operations[3];
};
static_assert(sizeof(struct discovery_out) == 12 + 3 * 2, "CXL r3.1 8.2.9.9.5.3");

#define GENERAL    0 /* classes */
#define SANITIZES  1
#define DISCOVERY  0 /* of GENERAL */
#define BY_PATTERN 0 /* of SANITIZES */
#define BY_ZERO    1

/* How long a sanitize takes, by capacity: as QEMU's device has it. */
static uint64_t sanitize_seconds(uint64_t capacity)
{
	static const uint16_t seconds_of_gib[] = { 8,   15,  30,   60,   120, 240,
						   480, 900, 1800, 3600, 7200 };

	if (capacity <= 512 * VCXL_MIB)
		return 4;
	for (unsigned i = 0; i < VCXL_ARRAY_LEN(seconds_of_gib); i++)
		if (capacity <= VCXL_GIB << i)
			return seconds_of_gib[i];
	return 4 * 3600;
}

enum vcxl_status vcxl_memdev_fill(struct vcxl_memdev *md, uint64_t dpa, uint64_t len, uint8_t value)
{
	enum vcxl_status status = VCXL_OK;

	for (unsigned i = 0; i < VCXL_N_BANKS && !status; i++) {
		const struct vcxl_bank *bank = &md->banks[i];
		const uint64_t begin = dpa > bank->base ? dpa : bank->base;
		const uint64_t bank_end = bank->base + bank->media.size;
		const uint64_t end = dpa + len < bank_end ? dpa + len : bank_end;

		if (begin >= end)
			continue;
		status = vcxl_media_fill(&bank->media, begin - bank->base, end - begin, value);
		if (!status && i != VCXL_BANK_VOLATILE)
			status = vcxl_media_flush(&bank->media, begin - bank->base, end - begin);
	}
	vcxl_memdev_invalidate_dpa(md, dpa, dpa + len);
	return status;
}

enum vcxl_status vcxl_memdev_erase(struct vcxl_memdev *md, enum vcxl_partition partition)
{
	const struct vcxl_dpa_range *range = &md->hdm.partitions[partition];

	return vcxl_memdev_fill(md, range->base, range->size, 0);
}

static enum vcxl_status erase_all(struct vcxl_memdev *md)
{
	enum vcxl_status status = vcxl_memdev_fill(md, 0, md->capacity, 0);

	if (!status)
		status = vcxl_media_fill(&md->lsa, 0, md->lsa.size, 0);
	return status ? status : vcxl_media_flush(&md->lsa, 0, md->lsa.size);
}

static enum cxl_rc sanitize(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	if (!vcxl_security_allows_erase(md))
		return CXL_RC_INVALID_SECURITY_STATE;
	vcxl_memdev_disable_media(md, true);
	msg->duration_ps = sanitize_seconds(md->capacity) * 1000 * VCXL_PS_PER_MS;
	return CXL_RC_BACKGROUND_STARTED;
}

static enum cxl_rc finish_sanitize(struct vcxl_memdev *md, bool aborted)
{
	if (aborted)
		return CXL_RC_ABORTED;
	if (erase_all(md))
		return CXL_RC_PERMANENT_MEDIA_FAILURE;
	(void)vcxl_memdev_heal(md, 0, md->capacity);
	/* but what is told of dynamic capacity is not about data, and has to be answered */
	for (unsigned log = 0; log < VCXL_EVENT_DYNAMIC_CAPACITY; log++)
		vcxl_event_drop(&md->events, log, md->events.logs[log].count);
	vcxl_memdev_disable_media(md, false);
	return CXL_RC_SUCCESS;
}

/* A change of keys, which takes no time: what was written is noise, here zeroes. */
static enum cxl_rc secure_erase(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	(void)msg;
	if (!vcxl_security_allows_erase(md))
		return CXL_RC_INVALID_SECURITY_STATE;
	return erase_all(md) ? CXL_RC_PERMANENT_MEDIA_FAILURE : CXL_RC_SUCCESS;
}

static enum cxl_rc discover(struct vcxl_msg *msg)
{
	static const struct discovery_out all = {
		.granularity = { { VCXL_LINE } },
		.total = { { 3 } },
		.operations = { { GENERAL, DISCOVERY },
				{ SANITIZES, BY_PATTERN },
				{ SANITIZES, BY_ZERO } },
	};
	const struct operations_in *in = msg->in;
	const struct discovery_in *asked = (const struct discovery_in *)(in + 1);
	struct discovery_out out = all;
	unsigned start, count;

	if (msg->in_len < sizeof(*in) + sizeof(*asked))
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	start = vcxl_get_le16(asked->start);
	count = vcxl_get_le16(asked->count);
	if (vcxl_get_le32(in->n_ranges) || start + count > VCXL_ARRAY_LEN(all.operations))
		return CXL_RC_INVALID_INPUT;
	out.n = vcxl_le16_of((uint16_t)count);
	memcpy(out.operations, all.operations + start, count * sizeof(all.operations[0]));
	return vcxl_msg_reply(msg, &out, 12 + count * (uint32_t)sizeof(all.operations[0]));
}

static enum cxl_rc check_operation_range(const struct vcxl_memdev *md, uint64_t dpa, uint64_t len)
{
	if (dpa % VCXL_LINE || len % VCXL_LINE || !len ||
	    !vcxl_range_inside(dpa, len, 0, md->capacity))
		return CXL_RC_INVALID_INPUT;
	if (md->locked && dpa + len > md->hdm.partitions[VCXL_PARTITION_PERSISTENT].base)
		return CXL_RC_INVALID_SECURITY_STATE;
	return CXL_RC_SUCCESS;
}

/* The data change at once; the operation goes on for as long as a device would need. */
static enum cxl_rc overwrite(struct vcxl_memdev *md, struct vcxl_msg *msg, uint8_t value)
{
	const struct operations_in *in = msg->in;
	const struct operations_range *ranges = (const struct operations_range *)(in + 1);
	const uint32_t n = vcxl_get_le32(in->n_ranges);
	uint64_t total = 0;

	if (n > (msg->in_len - sizeof(*in)) / sizeof(*ranges))
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	if (!n)
		return CXL_RC_INVALID_INPUT;
	for (uint32_t i = 0; i < n; i++) {
		const enum cxl_rc rc = check_operation_range(md, vcxl_get_le64(ranges[i].dpa),
							     vcxl_get_le64(ranges[i].len));

		if (rc)
			return rc;
	}
	for (uint32_t i = 0; i < n; i++) {
		const uint64_t dpa = vcxl_get_le64(ranges[i].dpa);
		const uint64_t len = vcxl_get_le64(ranges[i].len);

		if (vcxl_memdev_fill(md, dpa, len, value) || vcxl_memdev_heal(md, dpa, dpa + len))
			return CXL_RC_INTERNAL_ERROR;
		/* ranges may repeat: the time is that of each */
		total += (len + VCXL_MEDIA_BYTES_PER_MS - 1) / VCXL_MEDIA_BYTES_PER_MS;
	}
	msg->duration_ps = total * VCXL_PS_PER_MS;
	return CXL_RC_BACKGROUND_STARTED;
}

static enum cxl_rc media_operations(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct operations_in *in = msg->in;

	switch (in->class << 8 | in->subclass) {
	case GENERAL << 8 | DISCOVERY:
		return discover(msg);
	case SANITIZES << 8 | BY_PATTERN:
		return overwrite(md, msg, SANITIZE_PATTERN);
	case SANITIZES << 8 | BY_ZERO:
		return overwrite(md, msg, 0);
	default:
		return CXL_RC_UNSUPPORTED;
	}
}

static enum cxl_rc finish_media_operations(struct vcxl_memdev *md, bool aborted)
{
	(void)md;
	return aborted ? CXL_RC_ABORTED : CXL_RC_SUCCESS;
}

#define MEDIA VCXL_CMD_NEEDS_MEDIA
#define FX_SANITIZE                                                                                \
	(CXL_EFFECT_DATA | CXL_EFFECT_SECURITY | CXL_EFFECT_BACKGROUND | CXL_EFFECT_ABORT)
#define FX_ERASE      (CXL_EFFECT_DATA | CXL_EFFECT_SECURITY)
#define FX_OPERATIONS (CXL_EFFECT_DATA | CXL_EFFECT_BACKGROUND)

/* clang-format off */
const struct vcxl_cmd vcxl_sanitize_commands[] = {
	/* opcode  name          in: min  max           effects        flags  run               finish */
	{ 0x4400, "Sanitize",         0x0, 0x0,          FX_SANITIZE,   0,     sanitize,         finish_sanitize },
	{ 0x4401, "Secure Erase",     0x0, 0x0,          FX_ERASE,      MEDIA, secure_erase,     NULL },
	{ 0x4402, "Media Operations", 0x8, VCXL_CMD_ANY, FX_OPERATIONS, MEDIA, media_operations, finish_media_operations },
};
/* clang-format on */
