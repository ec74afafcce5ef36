/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semantics of the atomic instructions. RISC-V unprivileged ISA, chapter "A". A hart runs alone
 * until it returns to its owner, so that a plain load, operation and store are atomic. A misaligned
 * address raises an address-misaligned exception; Zam and PMA-dependent atomicity are left out.
 */
#ifndef ISS_SEM_AMO_H
#define ISS_SEM_AMO_H

#include "sem_int.h"

/* Where an atomic access goes: host memory, or the platform by physical address. */
struct iss_atomic {
	uint64_t va, pa;
	uint8_t *host; /* NULL: not host memory */
};

/* Host memory that may be read and, unless kind is ISS_LOAD, written in place. */
ISS_INLINE bool iss_atomic_hit(struct iss_hart *hart, struct iss_atomic *at, unsigned size,
			       enum iss_access kind)
{
	const struct iss_tlb_entry *entry = iss_tlb_slot(hart->data_tlb, at->va);

	/* what may be written may be read: the tags agree in their flags */
	if ((kind != ISS_LOAD && entry->tag_store != entry->tag_load) ||
	    !iss_tlb_hit(hart->data_tlb, entry, entry->tag_load, at->va, size, &at->host))
		return false;
	at->pa = (entry->pa & ISS_PAGE_MASK) | at->va % ISS_PAGE_SIZE;
	return true;
}

static inline bool iss_atomic_begin(struct iss_hart *hart, struct iss_atomic *at, unsigned size,
				    enum iss_access kind)
{
	if (ISS_LIKELY(iss_atomic_hit(hart, at, size, kind)))
		return true;
	if (at->va & (size - 1)) {
		iss_trap(hart,
			 kind == ISS_LOAD ? ISS_CAUSE_LOAD_MISALIGNED : ISS_CAUSE_STORE_MISALIGNED,
			 at->va);
		return false;
	}
	return iss_translate(hart, at->va, size, kind, &at->pa, &at->host);
}

/* The access fault of an AMO is a store's, whichever half it happens in. */
static inline bool iss_atomic_read(struct iss_hart *hart, const struct iss_atomic *at,
				   unsigned size, enum iss_access kind, uint64_t *value)
{
	*value = 0;
	if (at->host) {
		*value = iss_host_load(at->host, size);
		return true;
	}
	if (hart->ops.access(hart->ops.ctx, at->pa, value, size, ISS_LOAD))
		return true;
	iss_trap(hart, kind == ISS_LOAD ? ISS_CAUSE_LOAD_ACCESS : ISS_CAUSE_STORE_ACCESS, at->va);
	return false;
}

static inline bool iss_atomic_write(struct iss_hart *hart, const struct iss_atomic *at,
				    unsigned size, uint64_t value)
{
	if (at->host) {
		iss_host_store(at->host, size, value);
		iss_code_written_host(hart, at->host, size);
		return true;
	}
	if (hart->ops.access(hart->ops.ctx, at->pa, &value, size, ISS_STORE)) {
		iss_code_written(hart, at->pa, size);
		return true;
	}
	iss_trap(hart, ISS_CAUSE_STORE_ACCESS, at->va);
	return false;
}

#define ISS_TRY_ATOMIC(name, size, kind)                                                           \
	ISS_FORM(name, ISS_PLAIN)                                                                  \
	static inline bool iss_try_##name(struct iss_hart *hart, const struct iss_decoded *d)      \
	{                                                                                          \
		struct iss_atomic at = { .va = hart->x[d->rs1] };                                  \
                                                                                                   \
		if (!ISS_LIKELY(iss_atomic_hit(hart, &at, size, kind)))                            \
			return false;                                                              \
		sem_##name(hart, d);                                                               \
		return true;                                                                       \
	}

static inline void iss_lr(struct iss_hart *hart, const struct iss_decoded *d, unsigned size)
{
	struct iss_atomic at = { .va = hart->x[d->rs1] };
	uint64_t value;

	if (!iss_atomic_begin(hart, &at, size, ISS_LOAD) ||
	    !iss_atomic_read(hart, &at, size, ISS_LOAD, &value))
		return;
	hart->reservation_valid = true;
	hart->reservation_pa = at.pa & ~(uint64_t)(ISS_CACHE_LINE - 1);
	hart->x[d->rd] = size == 4 ? iss_sext32(value) : value;
}

/* A failing SC translates its address too, and may trap. */
static inline void iss_sc(struct iss_hart *hart, const struct iss_decoded *d, unsigned size)
{
	struct iss_atomic at = { .va = hart->x[d->rs1] };
	bool success;

	if (!iss_atomic_begin(hart, &at, size, ISS_STORE))
		return;
	success = hart->reservation_valid &&
		  hart->reservation_pa == (at.pa & ~(uint64_t)(ISS_CACHE_LINE - 1));
	hart->reservation_valid = false;
	if (success && !iss_atomic_write(hart, &at, size, hart->x[d->rs2]))
		return;
	hart->x[d->rd] = !success;
}

static inline void sem_lr_w(struct iss_hart *hart, const struct iss_decoded *d)
{
	iss_lr(hart, d, 4);
}
ISS_TRY_ATOMIC(lr_w, 4, ISS_LOAD)

static inline void sem_lr_d(struct iss_hart *hart, const struct iss_decoded *d)
{
	iss_lr(hart, d, 8);
}
ISS_TRY_ATOMIC(lr_d, 8, ISS_LOAD)

static inline void sem_sc_w(struct iss_hart *hart, const struct iss_decoded *d)
{
	iss_sc(hart, d, 4);
}
ISS_TRY_ATOMIC(sc_w, 4, ISS_STORE)

static inline void sem_sc_d(struct iss_hart *hart, const struct iss_decoded *d)
{
	iss_sc(hart, d, 8);
}
ISS_TRY_ATOMIC(sc_d, 8, ISS_STORE)

/* m is the memory operand and b is rs2, both sign-extended from the size of the access. */
#define ISS_SEM_AMO_SIZE(name, size, extend, expression)                                           \
	static inline uint64_t iss_new_##name(uint64_t m, uint64_t b)                              \
	{                                                                                          \
		(void)m;                                                                           \
		return expression;                                                                 \
	}                                                                                          \
	static inline void sem_##name(struct iss_hart *hart, const struct iss_decoded *d)          \
	{                                                                                          \
		struct iss_atomic at = { .va = hart->x[d->rs1] };                                  \
		const uint64_t b = extend(hart->x[d->rs2]);                                        \
		uint64_t m;                                                                        \
                                                                                                   \
		if (!iss_atomic_begin(hart, &at, size, ISS_STORE) ||                               \
		    !iss_atomic_read(hart, &at, size, ISS_STORE, &m))                              \
			return;                                                                    \
		m = extend(m);                                                                     \
		if (iss_atomic_write(hart, &at, size, iss_new_##name(m, b)))                       \
			hart->x[d->rd] = m;                                                        \
	}                                                                                          \
	ISS_FORM(name, ISS_PLAIN)                                                                  \
	static inline bool iss_try_##name(struct iss_hart *hart, const struct iss_decoded *d)      \
	{                                                                                          \
		struct iss_atomic at = { .va = hart->x[d->rs1] };                                  \
		uint64_t m;                                                                        \
                                                                                                   \
		if (!ISS_LIKELY(iss_atomic_hit(hart, &at, size, ISS_STORE)))                       \
			return false;                                                              \
		m = extend(iss_host_load(at.host, size));                                          \
		iss_host_store(at.host, size, iss_new_##name(m, extend(hart->x[d->rs2])));         \
		hart->x[d->rd] = m;                                                                \
		return true;                                                                       \
	}
#define ISS_SEM_AMO(name, expression)                                                              \
	ISS_SEM_AMO_SIZE(name##_w, 4, iss_sext32, expression)                                      \
	ISS_SEM_AMO_SIZE(name##_d, 8, (uint64_t), expression)

/* clang-format off */
ISS_SEM_AMO(amoswap, b)
ISS_SEM_AMO(amoadd,  m + b)
ISS_SEM_AMO(amoxor,  m ^ b)
ISS_SEM_AMO(amoor,   m | b)
ISS_SEM_AMO(amoand,  m & b)
ISS_SEM_AMO(amomin,  (int64_t)m < (int64_t)b ? m : b)
ISS_SEM_AMO(amomax,  (int64_t)m < (int64_t)b ? b : m)
ISS_SEM_AMO(amominu, m < b ? m : b) /* sign extension keeps the unsigned order of words */
ISS_SEM_AMO(amomaxu, m < b ? b : m)
/* clang-format on */

#endif
