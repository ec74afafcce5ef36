/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dispatcher of commands and the primary mailbox. CXL r3.1 8.2.8.4.
 *
 * A command runs within the write that rings the doorbell and takes no simulated time; background
 * operations take the time they name and finish in vcxl_memdev_tick(). Vendor status is 0.
 */
#include "mailbox.h"

#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>

#include "memdev.h"

enum {
	MB_CAPABILITIES = 0x00,
	MB_CONTROL = 0x04,
	MB_COMMAND = 0x08,
	MB_STATUS = 0x10,
	MB_BACKGROUND = 0x18
};

#define MB_DOORBELL             VCXL_BIT(0)
#define MB_DOORBELL_INTERRUPT   VCXL_BIT(1)
#define MB_BACKGROUND_INTERRUPT VCXL_BIT(2)
#define MB_COMMAND_LENGTH       36, 16 /* bits of the Command register */
#define MB_RETURN_CODE          47, 32 /* bits of both status registers */

#define ABORT_UNTIL_PERCENT 85

const struct vcxl_cmd_set *vcxl_primary_mailbox_sets(void)
{
#define ROWS(set, n) { vcxl_##set##_commands, n },
	static const struct vcxl_cmd_set sets[] = { VCXL_COMMAND_SETS(ROWS){ NULL, 0 } };
#undef ROWS

	return sets;
}

enum cxl_rc vcxl_msg_reply(struct vcxl_msg *msg, const void *data, uint32_t len)
{
	assert(len <= msg->out_max);
	memcpy(msg->out, data, len);
	msg->out_len = len;
	return CXL_RC_SUCCESS;
}

void vcxl_msg_append(struct vcxl_msg *msg, const void *data, size_t len)
{
	assert(len <= msg->out_max - msg->out_len);
	memcpy(msg->out + msg->out_len, data, len);
	msg->out_len += (uint32_t)len;
}

/* ---- dispatcher ---- */

/* What commands need and the device never has: none comes or goes with a partition. */
static unsigned lacking(const struct vcxl_memdev *md)
{
	return (md->lsa.size ? 0u : VCXL_CMD_NEEDS_LSA) |
	       (md->dc.n_regions ? 0u : VCXL_CMD_NEEDS_DC) |
	       (vcxl_partitionable(md) ? 0u : VCXL_CMD_NEEDS_PARTITIONS) |
	       (md->capacity > vcxl_volatile_only(md) ? 0u : VCXL_CMD_NEEDS_PERSISTENT);
}

/* Sets are few and small: looking through them is cheaper than keeping them sorted. */
static const struct vcxl_cmd *find(const struct vcxl_cci *cci, uint16_t opcode)
{
	for (const struct vcxl_cmd_set *set = cci->sets; set->rows; set++)
		for (unsigned i = 0; i < set->n_rows; i++)
			if (set->rows[i].opcode == opcode)
				return &set->rows[i];
	return NULL;
}

bool vcxl_cci_cel_entry(const struct vcxl_cci *cci, const struct vcxl_memdev *md, unsigned index,
			uint16_t *opcode, uint16_t *effects)
{
	for (const struct vcxl_cmd_set *set = cci->sets; set->rows; set++) {
		for (unsigned i = 0; i < set->n_rows; i++) {
			if (set->rows[i].flags & lacking(md))
				continue;
			if (index-- == 0) {
				*opcode = set->rows[i].opcode;
				*effects = set->rows[i].effects;
				return true;
			}
		}
	}
	return false;
}

static void deadline_changed(const struct vcxl_memdev *md)
{
	if (md->ops.deadline_changed)
		md->ops.deadline_changed(md->ops.ctx);
}

/* The operation is over; software sees 100 % however it ended. */
static void end_background(struct vcxl_cci *cci, struct vcxl_memdev *md, enum cxl_rc rc)
{
	cci->last_opcode = cci->running->opcode;
	cci->last_rc = (uint16_t)rc;
	cci->any_finished = true;
	cci->running = NULL;
	(void)vcxl_state_save(md);
	deadline_changed(md);
}

static void start_background(struct vcxl_cci *cci, struct vcxl_memdev *md,
			     const struct vcxl_cmd *cmd, uint64_t duration_ps)
{
	assert(cmd->finish && (cmd->effects & CXL_EFFECT_BACKGROUND));
	cci->running = cmd;
	cci->start_ps = md->now_ps;
	cci->end_ps = vcxl_background_end(md, duration_ps);
	deadline_changed(md);
}

static enum cxl_rc dispatch(struct vcxl_cci *cci, struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct vcxl_cmd *cmd = find(cci, msg->opcode);
	enum cxl_rc rc;

	if (msg->in_len > msg->out_max)
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	if (!cmd || (cmd->flags & lacking(md)))
		return CXL_RC_UNSUPPORTED;
	if (msg->in_len < cmd->in_min || msg->in_len > cmd->in_max)
		return CXL_RC_INVALID_PAYLOAD_LENGTH;
	if ((cmd->flags & VCXL_CMD_NEEDS_MEDIA) && md->media_disabled)
		return CXL_RC_MEDIA_DISABLED;
	if ((cmd->effects & CXL_EFFECT_BACKGROUND) && cci->running)
		return CXL_RC_BUSY;
	rc = cmd->run(md, msg);
	if (rc == CXL_RC_BACKGROUND_STARTED)
		start_background(cci, md, cmd, msg->duration_ps);
	/* success means durable */
	if (cmd->effects && vcxl_state_save(md) && rc == CXL_RC_SUCCESS)
		return CXL_RC_INTERNAL_ERROR;
	return rc;
}

enum cxl_rc vcxl_cci_run(struct vcxl_cci *cci, struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	enum cxl_rc rc;

	msg->out_len = 0;
	rc = dispatch(cci, md, msg);
	if (rc != CXL_RC_SUCCESS)
		msg->out_len = 0;
	if (cci == &md->mailbox.cci)
		vcxl_debug_log_add(md, msg, (uint16_t)rc);
	vcxl_trace_emit(md->ops.trace, VCXL_TRACE_COMMAND, md->name, msg->opcode, msg->in_len,
			(uint64_t)rc, msg->out_len);
	return rc;
}

unsigned vcxl_cci_percent(const struct vcxl_cci *cci, uint64_t now_ps)
{
	const uint64_t total = cci->end_ps - cci->start_ps, elapsed = now_ps - cci->start_ps;

	if (!cci->running)
		return cci->any_finished ? 100 : 0;
	/* 100 is said only by an operation that has finished */
	if (elapsed >= total)
		return 99;
	return (unsigned)(total > UINT64_MAX / 100 ? elapsed / (total / 100)
						   : elapsed * 100 / total);
}

static void abort_background(struct vcxl_cci *cci, struct vcxl_memdev *md)
{
	(void)cci->running->finish(md, true);
	end_background(cci, md, CXL_RC_ABORTED);
}

/* ---- registers ---- */

static uint64_t get(const struct vcxl_memdev *md, unsigned offset, unsigned width)
{
	return vcxl_block_get(&md->device, VCXL_MAILBOX_OFFSET + offset, width);
}

static void set(struct vcxl_memdev *md, unsigned offset, unsigned width, uint64_t value)
{
	vcxl_block_set(&md->device, VCXL_MAILBOX_OFFSET + offset, width, value);
}

static void raise_if(struct vcxl_memdev *md, uint64_t enable)
{
	if (get(md, MB_CONTROL, 4) & enable)
		vcxl_pci_raise(&md->pci, VCXL_MAILBOX_VECTOR);
}

static void execute(struct vcxl_memdev *md)
{
	struct vcxl_mailbox *mb = &md->mailbox;
	const uint64_t command = get(md, MB_COMMAND, 8);
	struct vcxl_msg msg = {
		.opcode = (uint16_t)command,
		.in = mb->latched,
		.in_len = (uint32_t)vcxl_field_get(command, MB_COMMAND_LENGTH),
		.out = mb->payload,
		.out_max = mb->payload_size,
	};

	memcpy(mb->latched, mb->payload,
	       msg.in_len < mb->payload_size ? msg.in_len : mb->payload_size);
	mb->rc = (uint16_t)vcxl_cci_run(&mb->cci, md, &msg);
	/* the opcode shown is the one that ran, whatever was written meanwhile */
	set(md, MB_COMMAND, 8, vcxl_field_set(msg.opcode, MB_COMMAND_LENGTH, msg.out_len));
	set(md, MB_CONTROL, 4, get(md, MB_CONTROL, 4) & ~MB_DOORBELL);
	raise_if(md, MB_DOORBELL_INTERRUPT);
}

static void control_write(void *owner, unsigned i, uint64_t old, uint64_t now)
{
	struct vcxl_memdev *md = owner;

	(void)i;
	if (old & MB_DOORBELL) /* only the device clears it */
		set(md, MB_CONTROL, 4, now | MB_DOORBELL);
	else if (now & MB_DOORBELL)
		execute(md);
}

static uint64_t status_read(const void *owner, unsigned i, uint64_t stored)
{
	const struct vcxl_mailbox *mb = &((const struct vcxl_memdev *)owner)->mailbox;

	(void)i, (void)stored;
	return vcxl_field_set(mb->cci.running ? 1 : 0, MB_RETURN_CODE, mb->rc);
}

static uint64_t background_read(const void *owner, unsigned i, uint64_t stored)
{
	const struct vcxl_memdev *md = owner;
	const struct vcxl_cci *cci = &md->mailbox.cci;
	uint64_t value = cci->running ? cci->running->opcode : cci->last_opcode;

	(void)i, (void)stored;
	value = vcxl_field_set(value, 22, 16, vcxl_cci_percent(cci, md->now_ps));
	return vcxl_field_set(value, MB_RETURN_CODE, cci->running ? 0 : cci->last_rc);
}

/* clang-format off */
/* CXL r3.1 8.2.8.4.3 - 8.2.8.4.7 */
static const struct vcxl_reg rows[] = {
	VCXL_REG32(MB_CAPABILITIES, "MB Capabilities", .rw = 0),
	VCXL_REG32(MB_CONTROL, "MB Control", .rw = 0x7, .on_write = control_write),
	VCXL_REG64(MB_COMMAND, "Command", .rw = VCXL_MASK(36, 0)),
	VCXL_REG64(MB_STATUS, "MB Status", .on_read = status_read),
	VCXL_REG64(MB_BACKGROUND, "Background Command Status", .on_read = background_read),
};
/* clang-format on */
const struct vcxl_reg_table vcxl_mailbox_table = { .base = VCXL_MAILBOX_OFFSET,
						   .rows = rows,
						   .n_rows = VCXL_ARRAY_LEN(rows) };

void vcxl_mailbox_init(struct vcxl_memdev *md, unsigned payload_log2)
{
	struct vcxl_mailbox *mb = &md->mailbox;
	uint64_t capabilities = VCXL_BIT(5) | VCXL_BIT(6); /* both completion interrupts */

	mb->cci.sets = vcxl_primary_mailbox_sets();
	mb->payload_size = 1u << payload_log2;
	capabilities = vcxl_field_set(capabilities, 4, 0, payload_log2);
	capabilities = vcxl_field_set(capabilities, 10, 7, VCXL_MAILBOX_VECTOR);
	vcxl_block_set_reset(&md->device, VCXL_MAILBOX_OFFSET + MB_CAPABILITIES, 4, capabilities);
}

void vcxl_mailbox_reset(struct vcxl_memdev *md)
{
	struct vcxl_mailbox *mb = &md->mailbox;

	memset(mb->payload, 0, mb->payload_size);
	mb->rc = 0;
	if (mb->cci.running)
		abort_background(&mb->cci, md);
	mb->cci = (struct vcxl_cci){ .sets = mb->cci.sets };
}

void vcxl_mailbox_tick(struct vcxl_memdev *md, uint64_t now_ps)
{
	struct vcxl_cci *cci = &md->mailbox.cci;

	if (!cci->running || cci->end_ps > now_ps)
		return;
	/* it ended then, not when somebody looked */
	md->now_ps = cci->end_ps;
	end_background(cci, md, cci->running->finish(md, false));
	raise_if(md, MB_BACKGROUND_INTERRUPT);
}

/* CXL r3.1 8.2.9.1.5. A request, not an order: near its end the operation ends by itself. */
static enum cxl_rc request_abort(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	struct vcxl_cci *cci = &md->mailbox.cci;

	(void)msg;
	if (!cci->running || !(cci->running->effects & CXL_EFFECT_ABORT))
		return CXL_RC_ABORT_NOT_SUPPORTED;
	if (vcxl_cci_percent(cci, md->now_ps) < ABORT_UNTIL_PERCENT) {
		abort_background(cci, md);
		raise_if(md, MB_BACKGROUND_INTERRUPT);
	}
	return CXL_RC_SUCCESS;
}

/* Identify (0001h) to Set Response Message Limit (0004h) are for other interfaces than mailboxes.
 */
/* clang-format off */
const struct vcxl_cmd vcxl_status_commands[] = {
	/* opcode  name                        in: min max effects flags run            finish */
	{ 0x0005, "Request Abort Background Operation", 0, 0, 0,   0,    request_abort, NULL },
};
/* clang-format on */
