/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Berkeley host-target interface, as far as test programs use it: exit through an odd tohost, and
 * the console's output. tohost and fromhost are separate 8-byte windows, laid over the words that
 * the program's symbols name. Left out: proxied system calls and console input.
 */
#ifndef VCXL_HTIF_H
#define VCXL_HTIF_H

#include "dev.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vcxl_htif {
	void *ctx;
	void (*exit)(void *ctx, uint64_t code); /* 0: passed */
	void (*putchar)(void *ctx, uint8_t byte);
	void (*unsupported)(void *ctx, uint64_t request); /* nobody will answer it */
	uint64_t tohost, fromhost;
	bool low_written; /* since the last request was taken */
};

extern const struct vcxl_dev_ops vcxl_htif_tohost_ops;
extern const struct vcxl_dev_ops vcxl_htif_fromhost_ops;

/* Both words are 0 again, and no request is half written. */
void vcxl_htif_reset(struct vcxl_htif *htif);

#ifdef __cplusplus
}
#endif
#endif
