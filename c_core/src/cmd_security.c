/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Persistent memory security. CXL r3.1 8.2.9.9.8. Two passphrases: that of the user locks memory at
 * every conventional reset, that of the master can only erase. Three wrong ones in a row shut the
 * door until reset. Label storage is not locked: hosts read it to know what they unlock.
 */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>

#include "memdev.h"

#define MAX_WRONG 3u

#define USER_SET     VCXL_BIT(0) /* Security State */
#define MASTER_SET   VCXL_BIT(1)
#define LOCKED       VCXL_BIT(2)
#define FROZEN       VCXL_BIT(3)
#define USER_LIMIT   VCXL_BIT(4)
#define MASTER_LIMIT VCXL_BIT(5)

/* CXL r3.1 8.2.9.9.8.2 */
struct set_in {
	uint8_t type;
	uint8_t reserved[31];
	uint8_t now[32], next[32];
};
static_assert(sizeof(struct set_in) == 0x60, "CXL r3.1 8.2.9.9.8.2");

/* CXL r3.1 8.2.9.9.8.3, .6 */
struct pass_in {
	uint8_t type;
	uint8_t reserved[31];
	uint8_t now[32];
};
static_assert(sizeof(struct pass_in) == 0x40, "CXL r3.1 8.2.9.9.8.3");

static bool limit_reached(const struct vcxl_memdev *md, enum vcxl_passphrase type)
{
	return md->security.pass[type].n_wrong >= MAX_WRONG;
}

/* What all commands with a passphrase share; wrong ones are counted. unset: the answer where there
 * is none to compare with. */
static enum cxl_rc try_passphrase(struct vcxl_memdev *md, unsigned type, const uint8_t *text,
				  enum cxl_rc unset)
{
	if (type >= VCXL_N_PASSPHRASES)
		return CXL_RC_INVALID_INPUT;
	if (md->security.frozen || limit_reached(md, type))
		return CXL_RC_INVALID_SECURITY_STATE;
	if (!md->security.pass[type].set)
		return unset;
	if (memcmp(md->security.pass[type].text, text, 32) != 0) {
		md->security.pass[type].n_wrong++;
		return CXL_RC_INCORRECT_PASSPHRASE;
	}
	md->security.pass[type].n_wrong = 0;
	return CXL_RC_SUCCESS;
}

static void forget(struct vcxl_memdev *md, enum vcxl_passphrase type)
{
	memset(&md->security.pass[type], 0, sizeof(md->security.pass[type]));
}

static void set_locked(struct vcxl_memdev *md, bool locked)
{
	const struct vcxl_dpa_range *range = &md->hdm.partitions[VCXL_PARTITION_PERSISTENT];

	if (locked == md->locked)
		return;
	md->locked = locked;
	vcxl_memdev_update_guard(md);
	vcxl_memdev_invalidate_dpa(md, range->base, range->base + range->size);
}

void vcxl_security_reset(struct vcxl_memdev *md)
{
	md->security.frozen = false;
	for (unsigned i = 0; i < VCXL_N_PASSPHRASES; i++)
		md->security.pass[i].n_wrong = 0;
	set_locked(md, md->security.pass[VCXL_PASSPHRASE_USER].set);
}

bool vcxl_security_allows_erase(const struct vcxl_memdev *md)
{
	return !md->security.pass[VCXL_PASSPHRASE_USER].set && !md->locked;
}

static enum cxl_rc get_security_state(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct vcxl_security *s = &md->security;
	const uint64_t state = (s->pass[VCXL_PASSPHRASE_USER].set ? USER_SET : 0) |
			       (s->pass[VCXL_PASSPHRASE_MASTER].set ? MASTER_SET : 0) |
			       (md->locked ? LOCKED : 0) | (s->frozen ? FROZEN : 0) |
			       (limit_reached(md, VCXL_PASSPHRASE_USER) ? USER_LIMIT : 0) |
			       (limit_reached(md, VCXL_PASSPHRASE_MASTER) ? MASTER_LIMIT : 0);
	const vcxl_le32 out = vcxl_le32_of((uint32_t)state);

	return vcxl_msg_reply(msg, &out, sizeof(out));
}

static enum cxl_rc set_passphrase(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct set_in *in = msg->in;
	const bool user_set = md->security.pass[VCXL_PASSPHRASE_USER].set;
	enum cxl_rc rc;

	/* the master's is set before there is one of the user */
	if (in->type < VCXL_N_PASSPHRASES &&
	    (md->locked || (in->type == VCXL_PASSPHRASE_MASTER && user_set)))
		return CXL_RC_INVALID_SECURITY_STATE;
	rc = try_passphrase(md, in->type, in->now, CXL_RC_SUCCESS);
	if (rc)
		return rc;
	md->security.pass[in->type].set = true;
	memcpy(md->security.pass[in->type].text, in->next, sizeof(in->next));
	return CXL_RC_SUCCESS;
}

static enum cxl_rc disable_passphrase(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct pass_in *in = msg->in;
	const enum cxl_rc rc = try_passphrase(md, in->type, in->now, CXL_RC_INVALID_SECURITY_STATE);

	if (rc)
		return rc;
	forget(md, in->type);
	if (in->type == VCXL_PASSPHRASE_USER)
		set_locked(md, false);
	return CXL_RC_SUCCESS;
}

static enum cxl_rc unlock(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	enum cxl_rc rc = CXL_RC_INVALID_SECURITY_STATE;

	if (md->locked)
		rc = try_passphrase(md, VCXL_PASSPHRASE_USER, msg->in, rc);
	if (!rc)
		set_locked(md, false);
	return rc;
}

static enum cxl_rc freeze(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	(void)msg;
	md->security.frozen = true;
	return CXL_RC_SUCCESS;
}

/* Either passphrase buys the memory back, empty and without a user's passphrase; where the user has
 * none, nothing has to be bought. */
static enum cxl_rc passphrase_secure_erase(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct pass_in *in = msg->in;
	const bool is_master = in->type == VCXL_PASSPHRASE_MASTER;
	const enum cxl_rc rc = try_passphrase(md, in->type, in->now,
					      is_master ? CXL_RC_INVALID_INPUT : CXL_RC_SUCCESS);

	if (rc)
		return rc;
	forget(md, VCXL_PASSPHRASE_USER);
	set_locked(md, false);
	return vcxl_memdev_erase(md, VCXL_PARTITION_PERSISTENT) ? CXL_RC_PERMANENT_MEDIA_FAILURE
								: CXL_RC_SUCCESS;
}

#define PERSISTENT VCXL_CMD_NEEDS_PERSISTENT
#define ERASE      (VCXL_CMD_NEEDS_PERSISTENT | VCXL_CMD_NEEDS_MEDIA)
#define FX_STATE   CXL_EFFECT_SECURITY
#define FX_ERASE   (CXL_EFFECT_SECURITY | CXL_EFFECT_DATA)

/* clang-format off */
const struct vcxl_cmd vcxl_security_commands[] = {
	/* opcode  name                 in: min   max   effects   flags       run                      finish */
	{ 0x4500, "Get Security State",      0x00, 0x00, 0,        0,          get_security_state,      NULL },
	{ 0x4501, "Set Passphrase",          0x60, 0x60, FX_STATE, PERSISTENT, set_passphrase,          NULL },
	{ 0x4502, "Disable Passphrase",      0x40, 0x40, FX_STATE, PERSISTENT, disable_passphrase,      NULL },
	{ 0x4503, "Unlock",                  0x20, 0x20, FX_STATE, PERSISTENT, unlock,                  NULL },
	{ 0x4504, "Freeze Security State",   0x00, 0x00, FX_STATE, PERSISTENT, freeze,                  NULL },
	{ 0x4505, "Passphrase Secure Erase", 0x40, 0x40, FX_ERASE, ERASE,      passphrase_secure_erase, NULL },
};
/* clang-format on */
