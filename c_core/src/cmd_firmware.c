/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware update. CXL r3.1 8.2.9.3. The device runs no firmware: of an image it keeps the
 * checksum, which becomes the revision that Identify shows once the image is active. Any image is
 * authentic.
 */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>

#include "memdev.h"

#define PART_MS     10u  /* to store a part */
#define IMAGE_MS    100u /* to store a whole image, or to check one that came in parts */
#define ACTIVATE_MS 1000u
#define GAP_MS      30000u /* between two parts */
#define MAX_IMAGE   (32 * VCXL_MIB)
#define OFFSET_UNIT 128u
#define CAN_ONLINE  VCXL_BIT(0) /* Device Capabilities */

/* CXL r3.1 8.2.9.3.1 */
struct info_out {
	uint8_t n_slots, slots, capabilities;
	uint8_t reserved[13];
	char revision[4][VCXL_FW_REVISION];
};
static_assert(sizeof(struct info_out) == 0x50, "CXL r3.1 8.2.9.3.1");

/* CXL r3.1 8.2.9.3.2; the data follow */
struct transfer_in {
	uint8_t action, slot;
	uint8_t reserved[2];
	vcxl_le32 offset;
	uint8_t reserved2[0x78];
};
static_assert(sizeof(struct transfer_in) == 0x80, "CXL r3.1 8.2.9.3.2");

enum action {
	FULL,
	INITIATE,
	CONTINUE,
	END,
	ABORT
};

/* CXL r3.1 8.2.9.3.3 */
struct activate_in {
	uint8_t action, slot;
};
static_assert(sizeof(struct activate_in) == 2, "CXL r3.1 8.2.9.3.3");

#define AT_RESET 1 /* and 0: online */

static void set_revision(struct vcxl_fw_slot *slot, uint32_t crc)
{
	static const char digits[] = "0123456789abcdef";

	memset(slot->revision, 0, sizeof(slot->revision));
	memcpy(slot->revision, "VCXL ", 5);
	for (unsigned i = 0; i < 8; i++)
		slot->revision[5 + i] = digits[crc >> (28 - 4 * i) & 0xf];
	slot->present = true;
}

void vcxl_firmware_init(struct vcxl_memdev *md)
{
	md->firmware = (struct vcxl_firmware){ .active = 1 };
	md->firmware.slots[0].present = true;
	memcpy(md->firmware.slots[0].revision, "VCXL 1", 6);
}

void vcxl_firmware_reset(struct vcxl_memdev *md)
{
	struct vcxl_firmware *fw = &md->firmware;

	if (!fw->staged)
		return;
	fw->active = fw->staged;
	fw->staged = 0;
}

const char *vcxl_firmware_revision(const struct vcxl_memdev *md)
{
	return md->firmware.slots[md->firmware.active - 1].revision;
}

static enum cxl_rc get_info(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct vcxl_firmware *fw = &md->firmware;
	struct info_out out = {
		.n_slots = VCXL_N_FW_SLOTS,
		.slots = (uint8_t)(fw->active | fw->staged << 3),
		.capabilities = CAN_ONLINE,
	};

	for (unsigned i = 0; i < VCXL_N_FW_SLOTS; i++)
		memcpy(out.revision[i], fw->slots[i].revision, sizeof(out.revision[i]));
	return vcxl_msg_reply(msg, &out, sizeof(out));
}

static bool is_free_slot(const struct vcxl_firmware *fw, unsigned slot)
{
	return slot && slot <= VCXL_N_FW_SLOTS && slot != fw->active;
}

/* Whether the part may come now: no other transfer under way, or just this one. */
static enum cxl_rc check_sequence(struct vcxl_memdev *md, unsigned action, uint64_t offset)
{
	struct vcxl_firmware *fw = &md->firmware;

	if (fw->transfer.open && md->now_ps - fw->transfer.last_ps > GAP_MS * VCXL_PS_PER_MS)
		fw->transfer.open = false;
	if (action == FULL || action == INITIATE) {
		if (fw->transfer.open)
			return CXL_RC_FW_TRANSFER_IN_PROGRESS;
		return offset ? CXL_RC_INVALID_INPUT : CXL_RC_SUCCESS;
	}
	return fw->transfer.open ? CXL_RC_SUCCESS : CXL_RC_INVALID_INPUT;
}

/* Adds a part to the image. The part before may come again, if it is the same. */
static enum cxl_rc add_part(struct vcxl_firmware *fw, uint64_t offset, const uint8_t *data,
			    uint32_t len)
{
	struct vcxl_fw_transfer *t = &fw->transfer;

	if (offset == t->size) {
		t->part_offset = t->size;
		t->part_crc = t->crc;
		t->crc = vcxl_crc32(t->crc, data, len);
		t->size += len;
		return CXL_RC_SUCCESS;
	}
	if (offset != t->part_offset || len != t->size - t->part_offset ||
	    vcxl_crc32(t->part_crc, data, len) != t->crc)
		return CXL_RC_FW_TRANSFER_OUT_OF_ORDER;
	return CXL_RC_SUCCESS;
}

static enum cxl_rc transfer(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	struct vcxl_firmware *fw = &md->firmware;
	const struct transfer_in *in = msg->in;
	const uint32_t len = msg->in_len - (uint32_t)sizeof(*in);
	const uint64_t offset = (uint64_t)vcxl_get_le32(in->offset) * OFFSET_UNIT;
	const bool is_last = in->action == FULL || in->action == END;
	enum cxl_rc rc;

	if (in->action > ABORT)
		return CXL_RC_INVALID_INPUT;
	if (in->action == ABORT) {
		fw->transfer.open = false;
		return CXL_RC_SUCCESS;
	}
	rc = check_sequence(md, in->action, offset);
	if (rc)
		return rc;
	/* only the last part may end inside a unit of offsets */
	if (!len || offset + len > MAX_IMAGE || (!is_last && len % OFFSET_UNIT))
		return CXL_RC_INVALID_INPUT;
	if (is_last && !is_free_slot(fw, in->slot))
		return CXL_RC_INVALID_SLOT;
	if (in->action == FULL || in->action == INITIATE)
		fw->transfer = (struct vcxl_fw_transfer){ .open = true };
	rc = add_part(fw, offset, (const uint8_t *)(in + 1), len);
	if (rc)
		return rc;
	fw->transfer.slot = is_last ? in->slot : 0;
	msg->duration_ps = (is_last ? IMAGE_MS : PART_MS) * VCXL_PS_PER_MS;
	return CXL_RC_BACKGROUND_STARTED;
}

static enum cxl_rc finish_transfer(struct vcxl_memdev *md, bool aborted)
{
	struct vcxl_firmware *fw = &md->firmware;

	fw->transfer.last_ps = md->now_ps;
	if (aborted)
		fw->transfer.open = false;
	else if (fw->transfer.slot) {
		set_revision(&fw->slots[fw->transfer.slot - 1], fw->transfer.crc);
		fw->transfer.open = false;
	}
	return CXL_RC_SUCCESS;
}

static enum cxl_rc activate(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	struct vcxl_firmware *fw = &md->firmware;
	const struct activate_in *in = msg->in;

	if (in->action > AT_RESET)
		return CXL_RC_INVALID_INPUT;
	if (!is_free_slot(fw, in->slot) || !fw->slots[in->slot - 1].present)
		return CXL_RC_INVALID_SLOT;
	if (in->action == AT_RESET) {
		fw->staged = in->slot;
		return CXL_RC_SUCCESS;
	}
	fw->activating = in->slot;
	msg->duration_ps = ACTIVATE_MS * VCXL_PS_PER_MS;
	return CXL_RC_BACKGROUND_STARTED;
}

static enum cxl_rc finish_activation(struct vcxl_memdev *md, bool aborted)
{
	struct vcxl_firmware *fw = &md->firmware;

	if (aborted)
		return CXL_RC_ABORTED;
	fw->active = fw->activating;
	fw->staged = 0;
	return CXL_RC_SUCCESS;
}

#define MEDIA       VCXL_CMD_NEEDS_MEDIA
#define ANY         VCXL_CMD_ANY
#define FX_LONG     (CXL_EFFECT_BACKGROUND | CXL_EFFECT_ABORT)
#define FX_TRANSFER (CXL_EFFECT_CONFIG_COLD_RESET | FX_LONG)
#define FX_ACTIVATE (CXL_EFFECT_CONFIG | FX_LONG)

/* clang-format off */
const struct vcxl_cmd vcxl_firmware_commands[] = {
	/* opcode  name      in: min   max   effects      flags  run       finish */
	{ 0x0200, "Get FW Info", 0x00, 0x00, 0,           0,     get_info, NULL },
	{ 0x0201, "Transfer FW", 0x80, ANY,  FX_TRANSFER, MEDIA, transfer, finish_transfer },
	{ 0x0202, "Activate FW", 0x02, 0x02, FX_ACTIVATE, MEDIA, activate, finish_activation },
};
/* clang-format on */
