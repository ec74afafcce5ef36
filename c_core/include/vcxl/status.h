/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host-side results of the core. What the guest sees is never one of these: the mailbox answers
 * with enum cxl_rc (vcxl/mbox.h), a memory access with data or an error response. One table in the
 * model maps these to TLM response codes.
 */
#ifndef VCXL_STATUS_H
#define VCXL_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/* X(symbol, value, text): the enum, vcxl_status_text() and its test come from this list. */
#define VCXL_STATUS_LIST(X)                                                                        \
	X(VCXL_OK, 0, "success")                                                                   \
	X(VCXL_E_NOMEM, -1, "out of memory")                                                       \
	X(VCXL_E_CONFIG, -2, "impossible configuration")                                           \
	X(VCXL_E_ACCESS, -3, "access width or alignment not supported")                            \
	X(VCXL_E_UNROUTED, -4, "no committed decoder for this address")                            \
	X(VCXL_E_DISABLED, -5, "decoding disabled (Mem_Enable or HDM Decoder Enable is 0)")        \
	X(VCXL_E_CAPACITY, -6, "device address beyond capacity")                                   \
	X(VCXL_E_GRANULE, -7, "transfer crosses an interleave granule")                            \
	X(VCXL_E_MEDIA, -8, "media error")                                                         \
	X(VCXL_E_POISON, -9, "poisoned memory")                                                    \
	X(VCXL_E_UNBACKED, -10, "no accepted extent of dynamic capacity here")                     \
	X(VCXL_E_STATE, -11, "stored state is damaged, or of another device or version")

enum vcxl_status {
#define VCXL_STATUS_ENUM(symbol, value, text) symbol = (value),
	VCXL_STATUS_LIST(VCXL_STATUS_ENUM)
#undef VCXL_STATUS_ENUM
};

/* A constant English phrase for messages; never NULL, also for values that are not in the list. */
const char *vcxl_status_text(enum vcxl_status status);

#ifdef __cplusplus
}
#endif
#endif
