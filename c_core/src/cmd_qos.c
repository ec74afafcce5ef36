/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QoS control of a memory device. CXL r3.1 8.2.9.9.6. The device has no queue in which requests
 * wait: neither egress port congestion nor throughput reduction can be enabled, and backpressure is
 * 0. The thresholds are the host's to set.
 */
#include <assert.h>

#include "memdev.h"

#define MAX_INTERVAL 15u

static_assert(sizeof(struct vcxl_qos) == 4, "CXL r3.1 8.2.9.9.6.1");

void vcxl_qos_reset(struct vcxl_memdev *md)
{
	md->qos = (struct vcxl_qos){ .moderate = 10, .severe = 25, .interval = 8 };
}

static enum cxl_rc get_control(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	return vcxl_msg_reply(msg, &md->qos, sizeof(md->qos));
}

static enum cxl_rc set_control(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct vcxl_qos *in = msg->in;

	if (in->control || !in->moderate || in->moderate > in->severe || in->severe > 100 ||
	    in->interval > MAX_INTERVAL)
		return CXL_RC_INVALID_INPUT;
	md->qos = *in;
	return CXL_RC_SUCCESS;
}

static enum cxl_rc get_status(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const uint8_t backpressure = 0;

	(void)md;
	return vcxl_msg_reply(msg, &backpressure, sizeof(backpressure));
}

/* clang-format off */
const struct vcxl_cmd vcxl_qos_commands[] = {
	/* opcode  name          in: min  max  effects            flags run          finish */
	{ 0x4700, "Get SLD QoS Control", 0x0, 0x0, 0,                 0,    get_control, NULL },
	{ 0x4701, "Set SLD QoS Control", 0x4, 0x4, CXL_EFFECT_POLICY, 0,    set_control, NULL },
	{ 0x4702, "Get SLD QoS Status",  0x0, 0x0, 0,                 0,    get_status,  NULL },
};
/* clang-format on */
