/* SPDX-License-Identifier: Apache-2.0 */
/* Timestamp. CXL r3.1 8.2.9.4. */
#include <assert.h>

#include "memdev.h"

/* CXL r3.1 8.2.9.4.1 */
struct timestamp_payload {
	vcxl_le64 ns;
};
static_assert(sizeof(struct timestamp_payload) == 8, "CXL r3.1 8.2.9.4.1");

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

/* clang-format off */
const struct vcxl_cmd vcxl_timestamp_commands[] = {
	/* opcode  name        in: min   max   effects            flags run            finish */
	{ 0x0300, "Get Timestamp", 0x00, 0x00, 0,                 0,    get_timestamp, NULL },
	{ 0x0301, "Set Timestamp", 0x08, 0x08, CXL_EFFECT_POLICY, 0,    set_timestamp, NULL },
};
/* clang-format on */
