/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What C cannot say: device accesses in order, time, and accesses that may trap (crt0.S).
 */
#ifndef FW_ARCH_H
#define FW_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_MMIO(bits)                                                                            \
	static inline uint##bits##_t mmio_read##bits(uint64_t address)                             \
	{                                                                                          \
		const uint##bits##_t value = *(volatile uint##bits##_t *)address;                  \
                                                                                                   \
		__asm__ volatile("fence i, ir" ::: "memory");                                      \
		return value;                                                                      \
	}                                                                                          \
	static inline void mmio_write##bits(uint64_t address, uint##bits##_t value)                \
	{                                                                                          \
		__asm__ volatile("fence iorw, ow" ::: "memory");                                   \
		*(volatile uint##bits##_t *)address = value;                                       \
	}
ARCH_MMIO(8)
ARCH_MMIO(16)
ARCH_MMIO(32)
ARCH_MMIO(64)
#undef ARCH_MMIO

static inline void arch_fence(void)
{
	__asm__ volatile("fence iorw, iorw" ::: "memory");
}

static inline uint64_t arch_time(void)
{
	uint64_t now;

	__asm__ volatile("rdtime %0" : "=r"(now));
	return now;
}

/* The hart as Linux wants it: interrupts off, no paging. */
_Noreturn void start_next(uint64_t hart, const void *tree, uint64_t address);

/* 0, or scause of the trap that the access met; *value is then unchanged. */
uint64_t guarded_load(uint64_t address, uint64_t *value);
uint64_t guarded_store(uint64_t address, uint64_t value);
uint64_t guarded_flush(uint64_t address);

/* Calls it: 0, or scause of the trap that ended it. */
uint64_t guarded_run(void (*run)(void *), void *ctx);
/* The address that the last trap was about. */
static inline uint64_t arch_trap_value(void)
{
	uint64_t value;

	__asm__ volatile("csrr %0, stval" : "=r"(value));
	return value;
}

/* Waiting with an end: for (deadline d = ...; !condition;) if (deadline_passed(&d)) return false;
 */
struct deadline {
	uint64_t end;
};

static inline struct deadline deadline_in(uint64_t timebase_hz, uint64_t milliseconds)
{
	return (struct deadline){ arch_time() + timebase_hz * milliseconds / 1000 };
}

static inline bool deadline_passed(const struct deadline *d)
{
	return arch_time() > d->end;
}

#endif
