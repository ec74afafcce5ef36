/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs that are no event logs: command effects, made from the command tables; vendor debug, the
 * latest commands; component state dump, the decoders as they were when the host asked for it.
 * CXL r3.1 8.2.9.5.
 */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>

#include "memdev.h"

#define UUID_SIZE   16u
#define POPULATE_MS 10u
#define LOG_SET     0x04 /* whose commands the debug log leaves out: reading it would change it */

/* CXL r3.1 8.2.9.5.3: Get Log Capabilities */
#define CAN_CLEAR    VCXL_BIT(0)
#define CAN_POPULATE VCXL_BIT(1)

/* CXL r3.1 8.2.9.5.1 */
struct supported_logs_out {
	vcxl_le16 n_logs;
	uint8_t reserved[6];
};
static_assert(sizeof(struct supported_logs_out) == 8, "CXL r3.1 8.2.9.5.1");

struct supported_log {
	uint8_t uuid[UUID_SIZE];
	vcxl_le32 size;
};
static_assert(sizeof(struct supported_log) == 0x14, "CXL r3.1 8.2.9.5.1");

/* CXL r3.1 8.2.9.5.2 */
struct get_log_in {
	uint8_t uuid[UUID_SIZE];
	vcxl_le32 offset, length;
};
static_assert(sizeof(struct get_log_in) == 0x18, "CXL r3.1 8.2.9.5.2");

struct cel_entry {
	vcxl_le16 opcode, effects;
};
static_assert(sizeof(struct cel_entry) == 4, "CXL r3.1 8.2.9.5.2.1");

/* CXL r3.1 8.2.9.5.2.3; the data follow: the CXL.cache/mem registers */
struct dump_header {
	vcxl_le32 length; /* of the data */
	uint8_t auto_populated, event_log;
	vcxl_le16 event_handle;
	vcxl_le64 ns;
	uint8_t format[UUID_SIZE];
	uint8_t reserved[0x20];
};
static_assert(sizeof(struct dump_header) == 0x40, "CXL r3.1 8.2.9.5.2.3");
static_assert(sizeof(struct dump_header) + VCXL_CACHEMEM_SIZE ==
		      sizeof((struct vcxl_dump *)0)->bytes,
	      "room for header and registers");

/* CXL r3.1 8.2.9.5.6 */
struct sub_list_in {
	uint8_t max, start;
};
static_assert(sizeof(struct sub_list_in) == 2, "CXL r3.1 8.2.9.5.6");

struct sub_list_out {
	uint8_t n, reserved;
	vcxl_le16 total;
	uint8_t start;
	uint8_t reserved2[3];
};
static_assert(sizeof(struct sub_list_out) == 8, "CXL r3.1 8.2.9.5.6");

/* ---- the logs ---- */

static uint32_t cel_size(const struct vcxl_memdev *md)
{
	uint16_t opcode, effects;
	unsigned n = 0;

	while (vcxl_cci_cel_entry(&md->mailbox.cci, md, n, &opcode, &effects))
		n++;
	return n * (uint32_t)sizeof(struct cel_entry);
}

static uint8_t cel_byte(const struct vcxl_memdev *md, uint32_t at)
{
	struct cel_entry entry;
	uint16_t opcode, effects;

	(void)vcxl_cci_cel_entry(&md->mailbox.cci, md, at / sizeof(entry), &opcode, &effects);
	entry = (struct cel_entry){ vcxl_le16_of(opcode), vcxl_le16_of(effects) };
	return ((const uint8_t *)&entry)[at % sizeof(entry)];
}

void vcxl_debug_log_add(struct vcxl_memdev *md, const struct vcxl_msg *msg, uint16_t rc)
{
	struct vcxl_debug_log *log = &md->debug_log;

	if (msg->opcode >> 8 == LOG_SET)
		return;
	log->entries[(log->first + log->count) % VCXL_DEBUG_ENTRIES] = (struct vcxl_debug_entry){
		.ns = vcxl_le64_of(vcxl_timestamp_ns(&md->timestamp, md->now_ps)),
		.opcode = vcxl_le16_of(msg->opcode),
		.rc = vcxl_le16_of(rc),
		.in_len = vcxl_le32_of(msg->in_len),
	};
	if (log->count < VCXL_DEBUG_ENTRIES)
		log->count++;
	else
		log->first = (log->first + 1) % VCXL_DEBUG_ENTRIES;
}

static uint32_t debug_size(const struct vcxl_memdev *md)
{
	return md->debug_log.count * (uint32_t)sizeof(struct vcxl_debug_entry);
}

static uint8_t debug_byte(const struct vcxl_memdev *md, uint32_t at)
{
	const struct vcxl_debug_log *log = &md->debug_log;
	const size_t first = log->first * sizeof(log->entries[0]);

	return ((const uint8_t *)log->entries)[(first + at) % sizeof(log->entries)];
}

static void debug_clear(struct vcxl_memdev *md)
{
	md->debug_log.first = md->debug_log.count = 0;
}

static uint32_t dump_size(const struct vcxl_memdev *md)
{
	return md->dump.size;
}

static uint8_t dump_byte(const struct vcxl_memdev *md, uint32_t at)
{
	return md->dump.bytes[at];
}

static void dump_clear(struct vcxl_memdev *md)
{
	md->dump.size = 0;
}

static void dump_populate(struct vcxl_memdev *md)
{
	const struct dump_header header = {
		.length = vcxl_le32_of(VCXL_CACHEMEM_SIZE),
		.ns = vcxl_le64_of(vcxl_timestamp_ns(&md->timestamp, md->now_ps)),
	};

	memcpy(md->dump.bytes, &header, sizeof(header));
	memcpy(md->dump.bytes + sizeof(header), md->component.block.bytes, VCXL_CACHEMEM_SIZE);
	md->dump.size = sizeof(md->dump.bytes);
}

void vcxl_logs_reset_cold(struct vcxl_memdev *md)
{
	debug_clear(md);
	dump_clear(md);
}

/* clang-format off */
static const struct log {
	uint8_t uuid[UUID_SIZE]; /* RFC 4122 byte order */
	uint32_t (*size)(const struct vcxl_memdev *md);
	uint8_t (*byte)(const struct vcxl_memdev *md, uint32_t at);
	void (*clear)(struct vcxl_memdev *md); /* NULL: not possible */
	void (*populate)(struct vcxl_memdev *md);
} logs[] = {
	{ { 0x0d, 0xa9, 0xc0, 0xb5, 0xbf, 0x41, 0x4b, 0x78, 0x8f, 0x79, 0x96, 0xb1, 0x62, 0x3b, 0x3f, 0x17 },
	  cel_size, cel_byte, NULL, NULL },
	{ { 0x5e, 0x18, 0x19, 0xd9, 0x11, 0xa9, 0x40, 0x0c, 0x81, 0x1f, 0xd6, 0x07, 0x19, 0x40, 0x3d, 0x86 },
	  debug_size, debug_byte, debug_clear, NULL },
	{ { 0xb3, 0xfa, 0xb4, 0xcf, 0x01, 0xb6, 0x43, 0x32, 0x94, 0x3e, 0x5e, 0x99, 0x62, 0xf2, 0x35, 0x67 },
	  dump_size, dump_byte, dump_clear, dump_populate },
};
/* clang-format on */
#define N_LOGS ((unsigned)VCXL_ARRAY_LEN(logs))

static const struct log *find_log(const uint8_t *uuid)
{
	for (unsigned i = 0; i < N_LOGS; i++)
		if (memcmp(logs[i].uuid, uuid, UUID_SIZE) == 0)
			return &logs[i];
	return NULL;
}

/* ---- commands ---- */

/* Appends the logs from `start` on, as many as fit and are wanted; how many. */
static unsigned append_logs(const struct vcxl_memdev *md, struct vcxl_msg *msg, unsigned start,
			    unsigned max)
{
	unsigned n = 0;

	for (unsigned i = start; i < N_LOGS && n < max; i++, n++) {
		struct supported_log entry = { .size = vcxl_le32_of(logs[i].size(md)) };

		memcpy(entry.uuid, logs[i].uuid, UUID_SIZE);
		memcpy(msg->out + msg->out_len, &entry, sizeof(entry));
		msg->out_len += (uint32_t)sizeof(entry);
	}
	return n;
}

static enum cxl_rc get_supported_logs(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct supported_logs_out out = { .n_logs = vcxl_le16_of(N_LOGS) };

	(void)vcxl_msg_reply(msg, &out, sizeof(out));
	(void)append_logs(md, msg, 0, N_LOGS);
	return CXL_RC_SUCCESS;
}

static enum cxl_rc get_supported_logs_sub_list(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct sub_list_in *in = msg->in;
	struct sub_list_out out = { .total = vcxl_le16_of(N_LOGS), .start = in->start };

	if (in->start >= N_LOGS)
		return CXL_RC_INVALID_INPUT;
	msg->out_len = sizeof(out);
	out.n = (uint8_t)append_logs(md, msg, in->start, in->max);
	memcpy(msg->out, &out, sizeof(out));
	return CXL_RC_SUCCESS;
}

static enum cxl_rc get_log(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct get_log_in *in = msg->in;
	const uint32_t offset = vcxl_get_le32(in->offset), length = vcxl_get_le32(in->length);
	const struct log *log = find_log(in->uuid);

	if (!log)
		return CXL_RC_INVALID_LOG;
	if (length > msg->out_max || !vcxl_range_inside(offset, length, 0, log->size(md)))
		return CXL_RC_INVALID_INPUT;
	for (uint32_t i = 0; i < length; i++)
		msg->out[i] = log->byte(md, offset + i);
	msg->out_len = length;
	return CXL_RC_SUCCESS;
}

static enum cxl_rc get_log_capabilities(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct log *log = find_log(msg->in);
	vcxl_le32 out;

	(void)md;
	if (!log)
		return CXL_RC_INVALID_LOG;
	out = vcxl_le32_of(
		(uint32_t)((log->clear ? CAN_CLEAR : 0) | (log->populate ? CAN_POPULATE : 0)));
	return vcxl_msg_reply(msg, &out, sizeof(out));
}

static enum cxl_rc clear_log(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct log *log = find_log(msg->in);

	if (!log)
		return CXL_RC_INVALID_LOG;
	if (!log->clear)
		return CXL_RC_UNSUPPORTED;
	log->clear(md);
	return CXL_RC_SUCCESS;
}

static enum cxl_rc populate_log(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct log *log = find_log(msg->in);

	if (!log)
		return CXL_RC_INVALID_LOG;
	if (!log->populate)
		return CXL_RC_UNSUPPORTED;
	md->dump.populating = (uint8_t)(log - logs);
	msg->duration_ps = POPULATE_MS * VCXL_PS_PER_MS;
	return CXL_RC_BACKGROUND_STARTED;
}

static enum cxl_rc finish_populate(struct vcxl_memdev *md, bool aborted)
{
	if (aborted)
		return CXL_RC_ABORTED;
	logs[md->dump.populating].populate(md);
	return CXL_RC_SUCCESS;
}

#define FX_CLEAR    CXL_EFFECT_LOG
#define FX_POPULATE (CXL_EFFECT_LOG | CXL_EFFECT_BACKGROUND)

/* clang-format off */
const struct vcxl_cmd vcxl_log_commands[] = {
	/* opcode  name                      in: min   max   effects      flags run                          finish */
	{ 0x0400, "Get Supported Logs",          0x00, 0x00, 0,           0,    get_supported_logs,          NULL },
	{ 0x0401, "Get Log",                     0x18, 0x18, 0,           0,    get_log,                     NULL },
	{ 0x0402, "Get Log Capabilities",        0x10, 0x10, 0,           0,    get_log_capabilities,        NULL },
	{ 0x0403, "Clear Log",                   0x10, 0x10, FX_CLEAR,    0,    clear_log,                   NULL },
	{ 0x0404, "Populate Log",                0x10, 0x10, FX_POPULATE, 0,    populate_log,                finish_populate },
	{ 0x0405, "Get Supported Logs Sub-List", 0x02, 0x02, 0,           0,    get_supported_logs_sub_list, NULL },
};
/* clang-format on */
