/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health, alerts and shutdown state. CXL r3.1 8.2.9.9.3. What the sensors say comes from the
 * device's owner; here it is compared with the thresholds, and crossing one is an event.
 */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>

#include "memdev.h"

#define LIFE_CRITICAL  95
#define OVER_CRITICAL  95
#define UNDER_CRITICAL 0

#define ALERT_LIFE       VCXL_BIT(0) /* of every alert byte */
#define ALERT_OVER       VCXL_BIT(1)
#define ALERT_UNDER      VCXL_BIT(2)
#define ALERT_VOLATILE   VCXL_BIT(3)
#define ALERT_PERSISTENT VCXL_BIT(4)

enum level {
	NORMAL,
	WARNING,
	CRITICAL
};

/* CXL r3.1 8.2.9.9.3.1 */
struct health_out {
	uint8_t health, media, additional, life_used;
	vcxl_le16 temperature;
	vcxl_le32 dirty_shutdowns, corrected_volatile, corrected_persistent;
};
static_assert(sizeof(struct health_out) == 0x12, "CXL r3.1 8.2.9.9.3.1");

#define LIFE_STATUS        1, 0 /* bits of the additional status */
#define TEMPERATURE_STATUS 3, 2
#define VOLATILE_STATUS    4, 4
#define PERSISTENT_STATUS  5, 5

/* CXL r3.1 8.2.9.9.3.2 */
struct alerts_out {
	uint8_t valid, programmable, life_critical, life_warning;
	vcxl_le16 over_critical, under_critical, over_warning, under_warning;
	vcxl_le16 volatile_warning, persistent_warning;
};
static_assert(sizeof(struct alerts_out) == 0x10, "CXL r3.1 8.2.9.9.3.2");

/* CXL r3.1 8.2.9.9.3.3 */
struct alerts_in {
	uint8_t valid, enable, life_warning, reserved;
	vcxl_le16 over_warning, under_warning, volatile_warning, persistent_warning;
};
static_assert(sizeof(struct alerts_in) == 0xc, "CXL r3.1 8.2.9.9.3.3");

/* CXL r3.1 8.2.9.2.1.3 */
struct memory_module {
	uint8_t type;
	struct health_out health;
	uint8_t unknown[0x3d];
};
static_assert(sizeof(struct memory_module) == 0x50, "CXL r3.1 8.2.9.2.1.3");

/* ---- levels and their events ---- */

/* By what there may be one day: an alert that is on can be switched off after a partition moved. */
static uint8_t programmable(const struct vcxl_memdev *md)
{
	const bool either = vcxl_partitionable(md);

	return (uint8_t)(ALERT_LIFE | ALERT_OVER | ALERT_UNDER |
			 (vcxl_volatile_only(md) || either ? ALERT_VOLATILE : 0) |
			 (md->capacity > vcxl_volatile_only(md) ? ALERT_PERSISTENT : 0));
}

/* Alerts of life and temperature for these thresholds; of what is unknown there is none. */
static uint64_t crossed(const struct vcxl_health *h, int life, int over, int under)
{
	const bool life_known = h->life_used != VCXL_LIFE_UNKNOWN;
	const bool temperature_known = h->temperature != VCXL_TEMPERATURE_UNKNOWN;

	return (life_known && h->life_used >= life ? ALERT_LIFE : 0) |
	       (temperature_known && h->temperature >= over ? ALERT_OVER : 0) |
	       (temperature_known && h->temperature <= under ? ALERT_UNDER : 0);
}

/* Alerts that the host enabled, for its thresholds. */
static uint64_t warnings(const struct vcxl_health *h, const struct vcxl_alerts *a)
{
	return a->enabled &
	       (crossed(h, a->life, a->over, a->under) |
		(h->corrected_volatile >= a->volatile_errors ? ALERT_VOLATILE : 0) |
		(h->corrected_persistent >= a->persistent_errors ? ALERT_PERSISTENT : 0));
}

/* What has a level of its own: where the additional status shows it, and the event that tells. */
static const struct quantity {
	unsigned last, first; /* bits of the additional status */
	uint8_t event_type;   /* CXL r3.1 8.2.9.2.1.3: Device Event Type */
	uint8_t alerts;
} quantities[] = {
	{ LIFE_STATUS, 2, ALERT_LIFE },
	{ TEMPERATURE_STATUS, 3, ALERT_OVER | ALERT_UNDER },
	{ VOLATILE_STATUS, 0, ALERT_VOLATILE },
	{ PERSISTENT_STATUS, 0, ALERT_PERSISTENT },
};
#define N_QUANTITIES VCXL_ARRAY_LEN(quantities)

static struct health_out health_info(const struct vcxl_memdev *md)
{
	return (struct health_out){
		.media = 0, /* normal; while it is disabled, Memory Device Status says so */
		.additional = md->alerts.reported,
		.life_used = md->health.life_used,
		.temperature = vcxl_le16_of((uint16_t)md->health.temperature),
		.dirty_shutdowns = vcxl_le32_of(md->shutdown.n_dirty),
		.corrected_volatile = vcxl_le32_of(md->health.corrected_volatile),
		.corrected_persistent = vcxl_le32_of(md->health.corrected_persistent),
	};
}

static void log_module_event(struct vcxl_memdev *md, uint8_t type, enum level level)
{
	struct vcxl_event_record record = {
		.uuid = VCXL_UUID(fe927475, dd59, 4339, a586, 79bab113b774),
	};
	const struct memory_module data = { .type = type, .health = health_info(md) };

	memcpy(record.data, &data, sizeof(data));
	(void)vcxl_event_inject(md, level == CRITICAL ? VCXL_EVENT_FAILURE : VCXL_EVENT_WARNING,
				&record);
}

/* Getting worse is an event, getting better is not. */
static void compare_with_thresholds(struct vcxl_memdev *md)
{
	const uint64_t critical =
		crossed(&md->health, LIFE_CRITICAL, OVER_CRITICAL, UNDER_CRITICAL);
	const uint64_t warning = warnings(&md->health, &md->alerts);
	const uint8_t before = md->alerts.reported;
	uint64_t now = 0;

	for (const struct quantity *q = quantities; q < quantities + N_QUANTITIES; q++)
		now = vcxl_field_set(now, q->last, q->first,
				     critical & q->alerts  ? CRITICAL
				     : warning & q->alerts ? WARNING
							   : NORMAL);
	md->alerts.reported = (uint8_t)now; /* the records show it */
	for (const struct quantity *q = quantities; q < quantities + N_QUANTITIES; q++) {
		const uint64_t level = vcxl_field_get(now, q->last, q->first);

		if (level > vcxl_field_get(before, q->last, q->first))
			log_module_event(md, q->event_type, (enum level)level);
	}
}

void vcxl_memdev_set_health(struct vcxl_memdev *md, const struct vcxl_health *health)
{
	md->health = *health;
	compare_with_thresholds(md);
	vcxl_ecs_check(md);
}

void vcxl_health_init(struct vcxl_memdev *md)
{
	md->health = (struct vcxl_health){ .life_used = VCXL_LIFE_UNKNOWN,
					   .temperature = VCXL_TEMPERATURE_UNKNOWN };
	md->alerts = (struct vcxl_alerts){ .life = 75, .over = 85, .under = 5 };
}

/* ---- commands ---- */

static enum cxl_rc get_health(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct health_out out = health_info(md);

	return vcxl_msg_reply(msg, &out, sizeof(out));
}

static enum cxl_rc get_alerts(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct vcxl_alerts *a = &md->alerts;
	const struct alerts_out out = {
		.valid = a->enabled,
		.programmable = programmable(md),
		.life_critical = LIFE_CRITICAL,
		.life_warning = a->life,
		.over_critical = vcxl_le16_of(OVER_CRITICAL),
		.under_critical = vcxl_le16_of(UNDER_CRITICAL),
		.over_warning = vcxl_le16_of((uint16_t)a->over),
		.under_warning = vcxl_le16_of((uint16_t)a->under),
		.volatile_warning = vcxl_le16_of(a->volatile_errors),
		.persistent_warning = vcxl_le16_of(a->persistent_errors),
	};

	return vcxl_msg_reply(msg, &out, sizeof(out));
}

/* An alert that is not valid in the input stays as it is, one that is not enabled is turned off. */
static enum cxl_rc set_alerts(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct alerts_in *in = msg->in;
	const int16_t over = (int16_t)vcxl_get_le16(in->over_warning);
	const int16_t under = (int16_t)vcxl_get_le16(in->under_warning);
	const unsigned set = in->valid & in->enable;
	struct vcxl_alerts *a = &md->alerts;

	if (in->valid & ~programmable(md))
		return CXL_RC_INVALID_INPUT;
	if (((set & ALERT_LIFE) && in->life_warning >= LIFE_CRITICAL) ||
	    ((set & ALERT_OVER) && over >= OVER_CRITICAL) ||
	    ((set & ALERT_UNDER) && under <= UNDER_CRITICAL))
		return CXL_RC_INVALID_INPUT;
	if (set & ALERT_LIFE)
		a->life = in->life_warning;
	if (set & ALERT_OVER)
		a->over = over;
	if (set & ALERT_UNDER)
		a->under = under;
	if (set & ALERT_VOLATILE)
		a->volatile_errors = vcxl_get_le16(in->volatile_warning);
	if (set & ALERT_PERSISTENT)
		a->persistent_errors = vcxl_get_le16(in->persistent_warning);
	a->enabled = (uint8_t)((a->enabled & ~in->valid) | set);
	compare_with_thresholds(md);
	return CXL_RC_SUCCESS;
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

#define PERSISTENT VCXL_CMD_NEEDS_PERSISTENT
#define FX_POLICY  CXL_EFFECT_POLICY

/* clang-format off */
const struct vcxl_cmd vcxl_health_commands[] = {
	/* opcode  name               in: min  max  effects    flags       run                 finish */
	{ 0x4200, "Get Health Info",         0x0, 0x0, 0,         0,          get_health,         NULL },
	{ 0x4201, "Get Alert Configuration", 0x0, 0x0, 0,         0,          get_alerts,         NULL },
	{ 0x4202, "Set Alert Configuration", 0xc, 0xc, FX_POLICY, 0,          set_alerts,         NULL },
	{ 0x4203, "Get Shutdown State",      0x0, 0x0, 0,         PERSISTENT, get_shutdown_state, NULL },
	{ 0x4204, "Set Shutdown State",      0x1, 0x1, FX_POLICY, PERSISTENT, set_shutdown_state, NULL },
};
/* clang-format on */
