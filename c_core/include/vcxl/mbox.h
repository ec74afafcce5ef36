/* SPDX-License-Identifier: Apache-2.0 */
/* Mailbox commands: return codes and the rows of the command tables. CXL r3.1 8.2.8.4, 8.2.9. */
#ifndef VCXL_MBOX_H
#define VCXL_MBOX_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* CXL r3.1 8.2.8.4.5.1: X(symbol, code, text) */
#define CXL_RETURN_CODES(X)                                                                        \
	X(SUCCESS, 0x00, "Success")                                                                \
	X(BACKGROUND_STARTED, 0x01, "Background Command Started")                                  \
	X(INVALID_INPUT, 0x02, "Invalid Input")                                                    \
	X(UNSUPPORTED, 0x03, "Unsupported")                                                        \
	X(INTERNAL_ERROR, 0x04, "Internal Error")                                                  \
	X(RETRY_REQUIRED, 0x05, "Retry Required")                                                  \
	X(BUSY, 0x06, "Busy")                                                                      \
	X(MEDIA_DISABLED, 0x07, "Media Disabled")                                                  \
	X(FW_TRANSFER_IN_PROGRESS, 0x08, "FW Transfer in Progress")                                \
	X(FW_TRANSFER_OUT_OF_ORDER, 0x09, "FW Transfer Out of Order")                              \
	X(FW_VERIFICATION_FAILED, 0x0a, "FW Verification Failed")                                  \
	X(INVALID_SLOT, 0x0b, "Invalid Slot")                                                      \
	X(ACTIVATION_FAILED_ROLLBACK, 0x0c, "Activation Failed, FW Rolled Back")                   \
	X(ACTIVATION_FAILED_COLD_RESET, 0x0d, "Activation Failed, Cold Reset Required")            \
	X(INVALID_HANDLE, 0x0e, "Invalid Handle")                                                  \
	X(INVALID_PHYSICAL_ADDRESS, 0x0f, "Invalid Physical Address")                              \
	X(INJECT_POISON_LIMIT, 0x10, "Inject Poison Limit Reached")                                \
	X(PERMANENT_MEDIA_FAILURE, 0x11, "Permanent Media Failure")                                \
	X(ABORTED, 0x12, "Aborted")                                                                \
	X(INVALID_SECURITY_STATE, 0x13, "Invalid Security State")                                  \
	X(INCORRECT_PASSPHRASE, 0x14, "Incorrect Passphrase")                                      \
	X(UNSUPPORTED_MAILBOX, 0x15, "Unsupported Mailbox or CCI")                                 \
	X(INVALID_PAYLOAD_LENGTH, 0x16, "Invalid Payload Length")                                  \
	X(INVALID_LOG, 0x17, "Invalid Log")                                                        \
	X(INTERRUPTED, 0x18, "Interrupted")                                                        \
	X(UNSUPPORTED_FEATURE_VERSION, 0x19, "Unsupported Feature Version")                        \
	X(UNSUPPORTED_FEATURE_SELECTION, 0x1a, "Unsupported Feature Selection Value")              \
	X(FEATURE_TRANSFER_IN_PROGRESS, 0x1b, "Feature Transfer in Progress")                      \
	X(FEATURE_TRANSFER_OUT_OF_ORDER, 0x1c, "Feature Transfer Out of Order")                    \
	X(RESOURCES_EXHAUSTED, 0x1d, "Resources Exhausted")                                        \
	X(INVALID_EXTENT_LIST, 0x1e, "Invalid Extent List")                                        \
	X(TRANSFER_OUT_OF_ORDER, 0x1f, "Transfer Out of Order")                                    \
	X(ABORT_NOT_SUPPORTED, 0x20, "Request Abort Background Operation Not Supported")

enum cxl_rc {
#define CXL_RC_ENUM(symbol, code, text) CXL_RC_##symbol = (code),
	CXL_RETURN_CODES(CXL_RC_ENUM)
#undef CXL_RC_ENUM
};
const char *cxl_rc_text(enum cxl_rc rc); /* never NULL */

/* CXL r3.1 8.2.9.5.2.1: effects of a command as its Command Effects Log entry shows them. */
#define CXL_EFFECT_CONFIG_COLD_RESET 0x0001
#define CXL_EFFECT_CONFIG            0x0002 /* immediate configuration change */
#define CXL_EFFECT_DATA              0x0004
#define CXL_EFFECT_POLICY            0x0008
#define CXL_EFFECT_LOG               0x0010
#define CXL_EFFECT_SECURITY          0x0020
#define CXL_EFFECT_BACKGROUND        0x0040
#define CXL_EFFECT_SECONDARY_MAILBOX 0x0080
#define CXL_EFFECT_ABORT             0x0100

struct vcxl_memdev;
struct vcxl_msg;

#define VCXL_CMD_ANY              0xffffffffu /* in_max: up to the payload size */
#define VCXL_CMD_NEEDS_MEDIA      0x1         /* Media Disabled while media is disabled */
#define VCXL_CMD_NEEDS_LSA        0x2  /* Unsupported, and not in the CEL, without label storage */
#define VCXL_CMD_NEEDS_PERSISTENT 0x4  /* the same without memory that can be persistent */
#define VCXL_CMD_NEEDS_DC         0x8  /* the same without dynamic capacity */
#define VCXL_CMD_NEEDS_PARTITIONS 0x10 /* the same without memory that can be either */

/*
 * One command. The dispatcher owns every common rule: unknown opcode, input length, media disabled,
 * one background operation at a time, abort, CEL. `run` answers by vcxl_msg_reply(); for a
 * background command it returns CXL_RC_BACKGROUND_STARTED and `finish` is called once: when its
 * time has come, or with aborted set when it ends early; what it returns is ignored then.
 */
struct vcxl_cmd {
	uint16_t opcode;
	const char *name;
	uint32_t in_min, in_max;
	uint16_t effects;
	uint16_t flags;
	enum cxl_rc (*run)(struct vcxl_memdev *md, struct vcxl_msg *msg);
	enum cxl_rc (*finish)(struct vcxl_memdev *md, bool aborted);
};

struct vcxl_cmd_set {
	const struct vcxl_cmd *rows;
	unsigned n_rows;
};

/* The command sets of the primary mailbox, ended by a set without rows; for docs and tests. */
const struct vcxl_cmd_set *vcxl_primary_mailbox_sets(void);
/* Those of the fabric manager, likewise. */
const struct vcxl_cmd_set *vcxl_fm_command_sets(void);

#ifdef __cplusplus
}
#endif
#endif
