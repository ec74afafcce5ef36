/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health, shutdown state and security state. CXL r3.1 8.2.9.9.3, 8.2.9.9.8.1. Wear and temperature
 * are not modelled, so there are no alerts and health says "not implemented" for both; passphrases
 * do not exist, so the security state is always that nothing is set.
 */
#include <assert.h>

#include "memdev.h"

#define LIFE_USED_NONE   0xff
#define TEMPERATURE_NONE 0x7fff

/* CXL r3.1 8.2.9.9.3.1 */
struct health_out {
	uint8_t health, media, additional, life_used;
	vcxl_le16 temperature;
	vcxl_le32 dirty_shutdowns, corrected_volatile, corrected_persistent;
};
static_assert(sizeof(struct health_out) == 0x12, "CXL r3.1 8.2.9.9.3.1");

/* CXL r3.1 8.2.9.9.8.1 */
struct security_out {
	vcxl_le32 state;
};
static_assert(sizeof(struct security_out) == 4, "CXL r3.1 8.2.9.9.8.1");

static enum cxl_rc get_health(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct health_out out = {
		.media = 0, /* normal; while it is disabled, Memory Device Status says so */
		.life_used = LIFE_USED_NONE,
		.temperature = vcxl_le16_of(TEMPERATURE_NONE),
		.dirty_shutdowns = vcxl_le32_of(md->shutdown.n_dirty),
	};

	return vcxl_msg_reply(msg, &out, sizeof(out));
}

static enum cxl_rc get_shutdown_state(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const uint8_t out = md->shutdown.dirty;

	return vcxl_msg_reply(msg, &out, sizeof(out));
}

static enum cxl_rc set_shutdown_state(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const uint8_t state = *(const uint8_t *)msg->in;

	if (state > 1)
		return CXL_RC_INVALID_INPUT;
	md->shutdown.dirty = state;
	return CXL_RC_SUCCESS;
}

static enum cxl_rc get_security_state(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct security_out out = { vcxl_le32_of(0) };

	(void)md;
	return vcxl_msg_reply(msg, &out, sizeof(out));
}

#define PERSISTENT VCXL_CMD_NEEDS_PERSISTENT

/* clang-format off */
const struct vcxl_cmd vcxl_health_commands[] = {
	/* opcode  name            in: min max effects            flags       run                 finish */
	{ 0x4200, "Get Health Info",     0, 0, 0,                 0,          get_health,         NULL },
	{ 0x4203, "Get Shutdown State",  0, 0, 0,                 PERSISTENT, get_shutdown_state, NULL },
	{ 0x4204, "Set Shutdown State",  1, 1, CXL_EFFECT_POLICY, PERSISTENT, set_shutdown_state, NULL },
	{ 0x4500, "Get Security State",  0, 0, 0,                 0,          get_security_state, NULL },
};
/* clang-format on */
