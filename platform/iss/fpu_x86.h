/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control and status register of the host's SSE unit against the guest's rounding modes and
 * flags. Intel SDM volume 1, 10.2.3; RISC-V unprivileged ISA, chapter "F". Only for x86-64 hosts:
 * elsewhere ISS_FP_HOST is 0 and nothing else is defined.
 */
#ifndef ISS_FPU_X86_H
#define ISS_FPU_X86_H

#include <stdint.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define ISS_FP_HOST 1

#include "fpu.h"

#define ISS_MXCSR_FLAGS 0x3fu

/* MXCSR without flags: exceptions masked, no flush to zero, rounding in bits 14..13. Not for RMM.
 */
static inline uint32_t iss_mxcsr_of_rm(enum iss_rm rm)
{
	static const uint16_t mxcsr[] = {
		[ISS_RNE] = 0x1f80,
		[ISS_RTZ] = 0x7f80,
		[ISS_RDN] = 0x3f80,
		[ISS_RUP] = 0x5f80,
	};

	return mxcsr[rm];
}

/* Bits 5..0: precision, underflow, overflow, divide by zero, denormal operand, invalid. */
static inline unsigned iss_flags_of_mxcsr(uint32_t mxcsr)
{
	return (mxcsr & 0x01) << 4 | (mxcsr & 0x04) << 1 | (mxcsr & 0x08) >> 1 |
	       (mxcsr & 0x10) >> 3 | (mxcsr & 0x20) >> 5;
}

static inline uint32_t iss_mxcsr_read(void)
{
	uint32_t value;

	__asm__ volatile("stmxcsr %0" : "=m"(value));
	return value;
}

static inline void iss_mxcsr_write(uint32_t value)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(value));
}

#else
#define ISS_FP_HOST 0
#endif

#endif
