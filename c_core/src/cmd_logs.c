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
#define MAX_LOG     sizeof(((struct vcxl_dump *)0)->bytes) /* of all logs */
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
static_assert(sizeof(struct dump_header) + VCXL_CACHEMEM_SIZE == MAX_LOG, "all of the dump");
static_assert(sizeof(((struct vcxl_debug_log *)0)->entries) <= MAX_LOG, "all of the entries");

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

static uint32_t write_cel(const struct vcxl_memdev *md, uint8_t *out)
{
	uint16_t opcode, effects;
	uint32_t size = 0;

	for (unsigned i = 0; vcxl_cci_cel_entry(&md->mailbox.cci, md, i, &opcode, &effects); i++) {
		const struct cel_entry entry = { vcxl_le16_of(opcode), vcxl_le16_of(effects) };

		assert(size + sizeof(entry) <= MAX_LOG);
		memcpy(out + size, &entry, sizeof(entry));
		size += (uint32_t)sizeof(entry);
	}
	return size;
}

void vcxl_debug_log_add(struct vcxl_memdev *md, const struct vcxl_msg *msg, uint16_t rc)
{
	struct vcxl_debug_log *log = &md->debug_log;

	if (msg->opcode >> 8 == LOG_SET)
		return;
	log->entries[(log->first + log->count) % VCXL_DEBUG_ENTRIES] = (struct vcxl_debug_entry){
		.ns = vcxl_le64_of(vcxl_timestamp_ns(md)),
		.opcode = vcxl_le16_of(msg->opcode),
		.rc = vcxl_le16_of(rc),
		.in_len = vcxl_le32_of(msg->in_len),
	};
	if (log->count < VCXL_DEBUG_ENTRIES)
		log->count++;
	else
		log->first = (log->first + 1) % VCXL_DEBUG_ENTRIES;
}

static uint32_t write_debug(const struct vcxl_memdev *md, uint8_t *out)
{
	const struct vcxl_debug_log *log = &md->debug_log;
	const uint32_t size = (uint32_t)sizeof(log->entries[0]);

	for (unsigned i = 0; i < log->count; i++)
		memcpy(out + i * size, &log->entries[(log->first + i) % VCXL_DEBUG_ENTRIES], size);
	return log->count * size;
}

static void debug_clear(struct vcxl_memdev *md)
{
	md->debug_log.first = md->debug_log.count = 0;
}

static uint32_t write_dump(const struct vcxl_memdev *md, uint8_t *out)
{
	memcpy(out, md->dump.bytes, md->dump.size);
	return md->dump.size;
}

static void dump_clear(struct vcxl_memdev *md)
{
	md->dump.size = 0;
}

static void dump_populate(struct vcxl_memdev *md)
{
	const struct dump_header header = {
		.length = vcxl_le32_of(VCXL_CACHEMEM_SIZE),
		.ns = vcxl_le64_of(vcxl_timestamp_ns(md)),
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
	uint32_t (*write)(const struct vcxl_memdev *md, uint8_t *out); /* the size */
	void (*clear)(struct vcxl_memdev *md); /* NULL: not possible */
	void (*populate)(struct vcxl_memdev *md);
} logs[] = {
	{ VCXL_UUID(0da9c0b5, bf41, 4b78, 8f79, 96b1623b3f17),
	  write_cel, NULL, NULL },
	{ VCXL_UUID(5e1819d9, 11a9, 400c, 811f, d60719403d86),
	  write_debug, debug_clear, NULL },
	{ VCXL_UUID(b3fab4cf, 01b6, 4332, 943e, 5e9962f23567),
	  write_dump, dump_clear, dump_populate },
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
	uint8_t log[MAX_LOG];
	unsigned n = 0;

	for (unsigned i = start; i < N_LOGS && n < max; i++, n++) {
		struct supported_log entry = { .size = vcxl_le32_of(logs[i].write(md, log)) };

		memcpy(entry.uuid, logs[i].uuid, UUID_SIZE);
		vcxl_msg_append(msg, &entry, sizeof(entry));
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
	uint8_t whole[MAX_LOG];

	if (!log)
		return CXL_RC_INVALID_LOG;
	if (length > msg->out_max || !vcxl_range_inside(offset, length, 0, log->write(md, whole)))
		return CXL_RC_INVALID_INPUT;
	return vcxl_msg_reply(msg, whole + offset, length);
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
