/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event commands: read and clear the logs, interrupt policy. CXL r3.1 8.2.9.2.2 - 8.2.9.2.5. Only
 * MSI/MSI-X notification exists: a policy that asks for messages to firmware is refused.
 */
#include <assert.h>

#include <vcxl/bits.h>

#include "memdev.h"

#define OVERFLOW     VCXL_BIT(0) /* Get Event Records output flags */
#define MORE         VCXL_BIT(1)
#define CLEAR_ALL    VCXL_BIT(0) /* Clear Event Records flags */
#define MODE         1, 0        /* bits of an interrupt policy */
#define MODE_MESSAGE 1
#define VECTOR       7, 4

/* CXL r3.1 8.2.9.2.2; the records follow */
struct records_out {
	uint8_t flags, reserved;
	vcxl_le16 overflow_count;
	vcxl_le64 overflow_first_ns, overflow_last_ns;
	vcxl_le16 n_records;
	uint8_t reserved2[10];
};
static_assert(sizeof(struct records_out) == 0x20, "CXL r3.1 8.2.9.2.2");

/* CXL r3.1 8.2.9.2.3; the handles follow */
struct clear_in {
	uint8_t log, flags, n_handles;
	uint8_t reserved[3];
};
static_assert(sizeof(struct clear_in) == 6, "CXL r3.1 8.2.9.2.3");

enum cxl_rc vcxl_events_get(const struct vcxl_events *events, struct vcxl_msg *msg)
{
	const unsigned log = *(const uint8_t *)msg->in;
	const uint32_t room = (msg->out_max - (uint32_t)sizeof(struct records_out)) /
			      (uint32_t)sizeof(struct vcxl_event_wire);
	const struct vcxl_event_ring *ring;
	struct records_out out = { .flags = 0 };
	unsigned n;

	if (log >= events->n_logs)
		return CXL_RC_INVALID_INPUT;
	ring = &events->logs[log];
	n = ring->count < room ? ring->count : room;
	out.flags = (uint8_t)((ring->overflowed ? OVERFLOW : 0) | (n < ring->count ? MORE : 0));
	out.overflow_count = vcxl_le16_of(ring->overflow_count);
	out.overflow_first_ns = vcxl_le64_of(ring->overflow_first_ns);
	out.overflow_last_ns = vcxl_le64_of(ring->overflow_last_ns);
	out.n_records = vcxl_le16_of((uint16_t)n);
	(void)vcxl_msg_reply(msg, &out, sizeof(out));
	for (unsigned i = 0; i < n; i++)
		vcxl_msg_append(msg, vcxl_event_at(events, log, i), sizeof(struct vcxl_event_wire));
	return CXL_RC_SUCCESS;
}

/* Handles are those of the oldest records, in their order: nothing else may be cleared. */
static bool handles_are_oldest(const struct vcxl_events *events, unsigned log, const uint8_t *list,
			       unsigned n)
{
	if (n > events->logs[log].count)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (vcxl_load_le(list + 2 * i, 2) !=
		    vcxl_get_le16(vcxl_event_at(events, log, i)->handle))
			return false;
	return true;
}

enum cxl_rc vcxl_events_clear(struct vcxl_events *events, const struct vcxl_msg *msg)
{
	const struct clear_in *in = msg->in;
	const uint8_t *handles = (const uint8_t *)(in + 1);

	if (in->log >= events->n_logs)
		return CXL_RC_INVALID_INPUT;
	if (in->flags & CLEAR_ALL) {
		/* a host may drop what it has not read only when the device did so before */
		if (!events->logs[in->log].overflowed)
			return CXL_RC_INVALID_INPUT;
		vcxl_event_drop(events, in->log, events->logs[in->log].count);
		return CXL_RC_SUCCESS;
	}
	if (msg->in_len < sizeof(*in) + 2u * in->n_handles)
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	if (!in->n_handles)
		return CXL_RC_INVALID_INPUT;
	if (!handles_are_oldest(events, in->log, handles, in->n_handles))
		return CXL_RC_INVALID_HANDLE;
	vcxl_event_drop(events, in->log, in->n_handles);
	return CXL_RC_SUCCESS;
}

static enum cxl_rc get_records(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	return vcxl_events_get(&md->events, msg);
}

static enum cxl_rc clear_records(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	return vcxl_events_clear(&md->events, msg);
}

static enum cxl_rc get_policy(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	uint8_t out[VCXL_N_EVENT_LOGS];

	for (unsigned i = 0; i < md->events.n_logs; i++) {
		const unsigned mode = md->events.logs[i].interrupt_mode;
		const uint64_t vector = mode == MODE_MESSAGE ? vcxl_event_vector(i) : 0;

		out[i] = (uint8_t)vcxl_field_set(mode, VECTOR, vector);
	}
	return vcxl_msg_reply(msg, out, md->events.n_logs);
}

/* The policy of a log that the device does not have is ignored: hosts may send it. */
static enum cxl_rc set_policy(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const uint8_t *in = msg->in;
	const unsigned n = msg->in_len < md->events.n_logs ? msg->in_len : md->events.n_logs;

	for (unsigned i = 0; i < n; i++)
		if (vcxl_field_get(in[i], MODE) > MODE_MESSAGE)
			return CXL_RC_INVALID_INPUT;
	for (unsigned i = 0; i < n; i++)
		md->events.logs[i].interrupt_mode = (uint8_t)vcxl_field_get(in[i], MODE);
	return CXL_RC_SUCCESS;
}

/* clang-format off */
const struct vcxl_cmd vcxl_event_commands[] = {
	/* opcode  name                   in: min  max           effects            flags run            finish */
	{ 0x0100, "Get Event Records",          1, 1,            0,                 0,    get_records,   NULL },
	{ 0x0101, "Clear Event Records",        6, VCXL_CMD_ANY, CXL_EFFECT_LOG,    0,    clear_records, NULL },
	{ 0x0102, "Get Event Interrupt Policy", 0, 0,            0,                 0,    get_policy,    NULL },
	{ 0x0103, "Set Event Interrupt Policy", 4, 5,            CXL_EFFECT_POLICY, 0,    set_policy,    NULL },
};
/* clang-format on */
