/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command interface (CCI) and the primary mailbox that shows it as registers.
 * CXL r3.1 8.2.8.4 (mailbox), 9.1 (CCI). One background operation at a time. The secondary mailbox
 * is not here.
 */
#ifndef VCXL_MAILBOX_H
#define VCXL_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vcxl/mbox.h>
#include <vcxl/regs.h>

#define VCXL_MAILBOX_REGS_SIZE 0x20u /* what precedes the payload */
#define VCXL_MAILBOX_VECTOR    7

/* A command on its way through the dispatcher. in and out do not overlap. */
struct vcxl_msg {
	uint16_t opcode;
	const void *in;
	uint32_t in_len;
	uint8_t *out;
	uint32_t out_max; /* payload size, of input and output alike */
	uint32_t out_len;
	uint64_t duration_ps; /* set by a command that returns CXL_RC_BACKGROUND_STARTED */
};

/* Answers success with len bytes; len <= out_max. */
enum cxl_rc vcxl_msg_reply(struct vcxl_msg *msg, const void *data, uint32_t len);
/* Adds len bytes to the answer, for which there is room. */
void vcxl_msg_append(struct vcxl_msg *msg, const void *data, size_t len);

/* Which commands there are, and the background operation of one of them. */
struct vcxl_cci {
	const struct vcxl_cmd_set *sets; /* ended by a set without rows */
	const struct vcxl_cmd *running;  /* NULL: no background operation */
	uint64_t start_ps, end_ps;       /* of running */
	uint16_t last_opcode, last_rc;   /* of the latest background operation */
	bool any_finished;
};

/* Every rule that commands have in common, then the command. msg->out_len is 0 on error. */
enum cxl_rc vcxl_cci_run(struct vcxl_cci *cci, struct vcxl_memdev *md, struct vcxl_msg *msg);
/* How far the background operation is; 100 only when it is over. */
unsigned vcxl_cci_percent(const struct vcxl_cci *cci, uint64_t now_ps);

/* Entry `index` of the Command Effects Log; false behind the last one. Order of the tables. */
bool vcxl_cci_cel_entry(const struct vcxl_cci *cci, const struct vcxl_memdev *md, unsigned index,
			uint16_t *opcode, uint16_t *effects);

struct vcxl_mailbox {
	struct vcxl_cci cci;
	uint8_t *payload; /* payload_size bytes, the guest's view */
	uint8_t *latched; /* the same again: input of the command that runs */
	uint32_t payload_size;
	uint16_t rc; /* of the latest command */
};

void vcxl_mailbox_init(struct vcxl_memdev *md, unsigned payload_log2);
void vcxl_mailbox_reset(struct vcxl_memdev *md);
/* Finishes what is due and raises the interrupt that software asked for. */
void vcxl_mailbox_tick(struct vcxl_memdev *md, uint64_t now_ps);

/* Registers in front of the payload; owner: the memdev. */
extern const struct vcxl_reg_table vcxl_mailbox_table;

/* The command sets in the order of the CEL: X(set, how many commands). A row too many does not
 * compile, one too few has no name: table test. */
#define VCXL_COMMAND_SETS(X)                                                                       \
	X(status, 1)                                                                               \
	X(event, 4)                                                                                \
	X(firmware, 3)                                                                             \
	X(timestamp, 2)                                                                            \
	X(log, 6)                                                                                  \
	X(feature, 3)                                                                              \
	X(maintenance, 1)                                                                          \
	X(memdev, 5)                                                                               \
	X(health, 5)                                                                               \
	X(poison, 6)                                                                               \
	X(sanitize, 3)                                                                             \
	X(security, 6)                                                                             \
	X(qos, 3)                                                                                  \
	X(dc, 4)

#define VCXL_COMMAND_SET(set, n) extern const struct vcxl_cmd vcxl_##set##_commands[n];
VCXL_COMMAND_SETS(VCXL_COMMAND_SET)
#undef VCXL_COMMAND_SET

#endif
