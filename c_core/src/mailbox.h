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

#ifdef __cplusplus
extern "C" {
#endif

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
/* Finishes the background operation when its time has come; whether it did. */
bool vcxl_cci_tick(struct vcxl_cci *cci, struct vcxl_memdev *md, uint64_t now_ps);
/* Request Abort Background Operation, CXL r3.1 8.2.9.1.5. */
enum cxl_rc vcxl_cci_abort(struct vcxl_cci *cci, struct vcxl_memdev *md);
/* How far the background operation is; 100 only when it is over. */
unsigned vcxl_cci_percent(const struct vcxl_cci *cci, uint64_t now_ps);
/* Aborts the background operation and forgets it. */
void vcxl_cci_reset(struct vcxl_cci *cci, struct vcxl_memdev *md);

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
extern const struct vcxl_reg vcxl_mailbox_regs[];
extern const unsigned vcxl_n_mailbox_regs;

/* The tables of commands. A row too many does not compile, one too few has no name: table test. */
#define VCXL_N_STATUS_COMMANDS      1
#define VCXL_N_EVENT_COMMANDS       4
#define VCXL_N_TIMESTAMP_COMMANDS   2
#define VCXL_N_LOG_COMMANDS         6
#define VCXL_N_QOS_COMMANDS         3
#define VCXL_N_FEATURE_COMMANDS     3
#define VCXL_N_MAINTENANCE_COMMANDS 1
#define VCXL_N_MEMDEV_COMMANDS      5
#define VCXL_N_HEALTH_COMMANDS      5
#define VCXL_N_FIRMWARE_COMMANDS    3
#define VCXL_N_POISON_COMMANDS      6
#define VCXL_N_SECURITY_COMMANDS    6
#define VCXL_N_SANITIZE_COMMANDS    3
#define VCXL_N_DC_COMMANDS          4
extern const struct vcxl_cmd vcxl_status_commands[VCXL_N_STATUS_COMMANDS];
extern const struct vcxl_cmd vcxl_dc_commands[VCXL_N_DC_COMMANDS];
extern const struct vcxl_cmd vcxl_event_commands[VCXL_N_EVENT_COMMANDS];
extern const struct vcxl_cmd vcxl_firmware_commands[VCXL_N_FIRMWARE_COMMANDS];
extern const struct vcxl_cmd vcxl_timestamp_commands[VCXL_N_TIMESTAMP_COMMANDS];
extern const struct vcxl_cmd vcxl_log_commands[VCXL_N_LOG_COMMANDS];
extern const struct vcxl_cmd vcxl_qos_commands[VCXL_N_QOS_COMMANDS];
extern const struct vcxl_cmd vcxl_feature_commands[VCXL_N_FEATURE_COMMANDS];
extern const struct vcxl_cmd vcxl_maintenance_commands[VCXL_N_MAINTENANCE_COMMANDS];
extern const struct vcxl_cmd vcxl_memdev_commands[VCXL_N_MEMDEV_COMMANDS];
extern const struct vcxl_cmd vcxl_health_commands[VCXL_N_HEALTH_COMMANDS];
extern const struct vcxl_cmd vcxl_poison_commands[VCXL_N_POISON_COMMANDS];
extern const struct vcxl_cmd vcxl_sanitize_commands[VCXL_N_SANITIZE_COMMANDS];
extern const struct vcxl_cmd vcxl_security_commands[VCXL_N_SECURITY_COMMANDS];

#ifdef __cplusplus
}
#endif
#endif
