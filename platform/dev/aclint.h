/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RISC-V ACLINT specification, MTIMER: mtime and one mtimecmp per hart, at the offsets of the
 * SiFive CLINT (0x4000 and 0xbff8 of a 64 KiB window). The software-interrupt devices are left out:
 * with an IMSIC, inter-processor interrupts are messages.
 */
#ifndef VCXL_ACLINT_H
#define VCXL_ACLINT_H

#include "dev.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_MTIMER_HARTS 8u

struct vcxl_mtimer_wires {
	void *ctx;
	uint64_t (*now)(void *ctx); /* ticks of the timebase; never goes back */
	void (*set_mtip)(void *ctx, unsigned hart, bool level); /* called when the level changes */
	/*
	 * vcxl_mtimer_update() is due when now() reaches deadline (UINT64_MAX: never). Also called
	 * when mtime was written, which moves supervisor timers as well.
	 */
	void (*timer_changed)(void *ctx, uint64_t deadline);
};

struct vcxl_mtimer {
	struct vcxl_mtimer_wires out;
	unsigned n_harts;
	uint64_t offset; /* mtime - now(), modulo 2^64 */
	uint64_t mtimecmp[VCXL_MTIMER_HARTS];
	bool mtip[VCXL_MTIMER_HARTS];
};

extern const struct vcxl_dev_ops vcxl_mtimer_ops;

/* n_harts: 1..VCXL_MTIMER_HARTS */
void vcxl_mtimer_init(struct vcxl_mtimer *mtimer, unsigned n_harts,
		      const struct vcxl_mtimer_wires *out);
/* mtime restarts at 0, no comparator is armed. */
void vcxl_mtimer_reset(struct vcxl_mtimer *mtimer);
/* mtime, which is also what the time CSR shows. */
uint64_t vcxl_mtimer_time(const struct vcxl_mtimer *mtimer);
/* The now() at which mtime reaches ticks: now() if it has, UINT64_MAX if it never does. */
uint64_t vcxl_mtimer_when(const struct vcxl_mtimer *mtimer, uint64_t ticks);
/* Raises what is due. Returns the next deadline, as given to timer_changed. */
uint64_t vcxl_mtimer_update(struct vcxl_mtimer *mtimer);

#ifdef __cplusplus
}
#endif
#endif
