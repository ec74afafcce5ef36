/* SPDX-License-Identifier: Apache-2.0 */
/* Timestamp. CXL r3.1 8.2.9.4. */
#include "memdev.h"

uint64_t vcxl_timestamp_ns(const struct vcxl_memdev *md)
{
	const struct vcxl_timestamp *t = &md->timestamp;

	return t->set ? t->value_ns + (md->now_ps - t->at_ps) / 1000 : 0;
}

static enum cxl_rc get_timestamp(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const vcxl_le64 ns = vcxl_le64_of(vcxl_timestamp_ns(md));

	return vcxl_msg_reply(msg, &ns, sizeof(ns));
}

static enum cxl_rc set_timestamp(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	md->timestamp =
		(struct vcxl_timestamp){ .set = true,
					 .value_ns = vcxl_get_le64(*(const vcxl_le64 *)msg->in),
					 .at_ps = md->now_ps };
	return CXL_RC_SUCCESS;
}

/* clang-format off */
const struct vcxl_cmd vcxl_timestamp_commands[] = {
	/* opcode  name        in: min   max   effects            flags run            finish */
	{ 0x0300, "Get Timestamp", 0x00, 0x00, 0,                 0,    get_timestamp, NULL },
	{ 0x0301, "Set Timestamp", 0x08, 0x08, CXL_EFFECT_POLICY, 0,    set_timestamp, NULL },
};
/* clang-format on */
