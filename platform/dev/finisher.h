/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SiFive test finisher: one 32-bit register whose value ends the run. 0x5555 passes, 0x7777 resets,
 * 0x3333 | code << 16 fails. Anything else is ignored, as on QEMU.
 */
#ifndef VCXL_FINISHER_H
#define VCXL_FINISHER_H

#include "dev.h"

#ifdef __cplusplus
extern "C" {
#endif

enum vcxl_finish {
	VCXL_FINISH_PASS,
	VCXL_FINISH_FAIL,
	VCXL_FINISH_RESET
};

struct vcxl_finisher {
	void *ctx;
	/* code: 0 unless kind is FAIL; then as written, 0 included */
	void (*finish)(void *ctx, enum vcxl_finish kind, unsigned code);
};

extern const struct vcxl_dev_ops vcxl_finisher_ops;

#ifdef __cplusplus
}
#endif
#endif
