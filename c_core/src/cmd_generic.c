/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generic component commands: timestamp and logs. CXL r3.1 8.2.9.4, 8.2.9.5. The only log is the
 * Command Effects Log, made from the command tables.
 */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>

#include "memdev.h"

/* CXL r3.1 8.2.9.5.2.1; RFC 4122 byte order: 0da9c0b5-bf41-4b78-8f79-96b1623b3f17 */
static const uint8_t cel_uuid[16] = { 0x0d, 0xa9, 0xc0, 0xb5, 0xbf, 0x41, 0x4b, 0x78,
				      0x8f, 0x79, 0x96, 0xb1, 0x62, 0x3b, 0x3f, 0x17 };

struct cel_entry {
	vcxl_le16 opcode, effects;
};
static_assert(sizeof(struct cel_entry) == 4, "CXL r3.1 8.2.9.5.2.1");

/* CXL r3.1 8.2.9.4.1 */
struct timestamp_payload {
	vcxl_le64 ns;
};
static_assert(sizeof(struct timestamp_payload) == 8, "CXL r3.1 8.2.9.4.1");

/* CXL r3.1 8.2.9.5.1 */
struct supported_logs_out {
	vcxl_le16 n_logs;
	uint8_t reserved[6];
	struct {
		uint8_t uuid[16];
		vcxl_le32 size;
	} logs[1];
};
static_assert(sizeof(struct supported_logs_out) == 0x1c, "CXL r3.1 8.2.9.5.1");

/* CXL r3.1 8.2.9.5.2 */
struct get_log_in {
	uint8_t uuid[16];
	vcxl_le32 offset, length;
};
static_assert(sizeof(struct get_log_in) == 0x18, "CXL r3.1 8.2.9.5.2");

uint64_t vcxl_timestamp_ns(const struct vcxl_timestamp *t, uint64_t now_ps)
{
	return t->set ? t->value_ns + (now_ps - t->at_ps) / 1000 : 0;
}

static enum cxl_rc get_timestamp(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct timestamp_payload out = { vcxl_le64_of(
		vcxl_timestamp_ns(&md->timestamp, md->now_ps)) };

	return vcxl_msg_reply(msg, &out, sizeof(out));
}

static enum cxl_rc set_timestamp(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct timestamp_payload *in = msg->in;

	md->timestamp.set = true;
	md->timestamp.value_ns = vcxl_get_le64(in->ns);
	md->timestamp.at_ps = md->now_ps;
	return CXL_RC_SUCCESS;
}

static uint32_t cel_size(const struct vcxl_memdev *md)
{
	uint16_t opcode, effects;
	unsigned n = 0;

	while (vcxl_cci_cel_entry(&md->mailbox.cci, md, n, &opcode, &effects))
		n++;
	return n * (uint32_t)sizeof(struct cel_entry);
}

static enum cxl_rc get_supported_logs(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	struct supported_logs_out out = { .n_logs = vcxl_le16_of(1) };

	memcpy(out.logs[0].uuid, cel_uuid, sizeof(cel_uuid));
	out.logs[0].size = vcxl_le32_of(cel_size(md));
	return vcxl_msg_reply(msg, &out, sizeof(out));
}

static enum cxl_rc get_log(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct get_log_in *in = msg->in;
	const uint32_t offset = vcxl_get_le32(in->offset), length = vcxl_get_le32(in->length);
	uint32_t at = 0;
	uint16_t opcode, effects;

	if (memcmp(in->uuid, cel_uuid, sizeof(cel_uuid)) != 0)
		return CXL_RC_INVALID_LOG;
	if (length > msg->out_max || !vcxl_range_inside(offset, length, 0, cel_size(md)))
		return CXL_RC_INVALID_INPUT;
	for (unsigned i = 0; vcxl_cci_cel_entry(&md->mailbox.cci, md, i, &opcode, &effects); i++) {
		const struct cel_entry entry = { vcxl_le16_of(opcode), vcxl_le16_of(effects) };
		const uint8_t *bytes = (const uint8_t *)&entry;

		/* the host may ask for a part that begins inside an entry */
		for (unsigned k = 0; k < sizeof(entry); k++, at++)
			if (at >= offset && at - offset < length)
				msg->out[at - offset] = bytes[k];
	}
	msg->out_len = length;
	return CXL_RC_SUCCESS;
}

/* clang-format off */
const struct vcxl_cmd vcxl_generic_commands[] = {
	/* opcode  name             in: min   max   effects             flags run                 finish */
	{ 0x0300, "Get Timestamp",      0x00, 0x00, 0,                  0,    get_timestamp,      NULL },
	{ 0x0301, "Set Timestamp",      0x08, 0x08, CXL_EFFECT_POLICY,  0,    set_timestamp,      NULL },
	{ 0x0400, "Get Supported Logs", 0x00, 0x00, 0,                  0,    get_supported_logs, NULL },
	{ 0x0401, "Get Log",            0x18, 0x18, 0,                  0,    get_log,            NULL },
};
/* clang-format on */
