/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory accesses of instructions: the hit path over the soft TLB, inline. A hit is an aligned
 * access to a page of host memory whose translation, PMP and PBMT checks have been done; all the
 * rest (misses, devices, misaligned accesses, partly protected pages) is in mmu.c. Each function
 * returns false after having taken the trap.
 */
#ifndef ISS_MEM_H
#define ISS_MEM_H

#include <assert.h>
#include <string.h>

#include "hart.h"

/* guest memory is little-endian and used in place */
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the host must be little-endian");

#define ISS_PAGE_MASK (~(uint64_t)(ISS_PAGE_SIZE - 1))

static inline struct iss_tlb_entry *iss_tlb_slot(struct iss_tlb *tlb, uint64_t va)
{
	return &tlb->entry[(va / ISS_PAGE_SIZE) % ISS_TLB_SIZE];
}

static inline uintptr_t *iss_tlb_granule(struct iss_tlb *tlb, uint64_t va)
{
	return &tlb->granule[(va / ISS_GRANULE) % (ISS_TLB_SIZE * ISS_GRANULES)];
}

/* What has to equal the tag: the page and, for a misaligned address, an offset that no tag has. */
static inline uint64_t iss_tlb_key(uint64_t va, unsigned size)
{
	return va & (ISS_PAGE_MASK | (size - 1));
}

static inline uint8_t *iss_tlb_host(const struct iss_tlb_entry *entry, uint64_t va)
{
	return (uint8_t *)((uintptr_t)va + entry->addend);
}

/* Of a page that is interleaved below its size. */
static inline uint8_t *iss_tlb_granule_host(struct iss_tlb *tlb, uint64_t va)
{
	return (uint8_t *)((uintptr_t)va + *iss_tlb_granule(tlb, va));
}

/* Little-endian bytes at host, zero-extended. */
static inline uint64_t iss_host_load(const uint8_t *host, unsigned size)
{
	uint16_t half;
	uint32_t word;
	uint64_t dword;

	switch (size) {
	case 1:
		return *host;
	case 2:
		memcpy(&half, host, sizeof(half));
		return half;
	case 4:
		memcpy(&word, host, sizeof(word));
		return word;
	default:
		memcpy(&dword, host, sizeof(dword));
		return dword;
	}
}

static inline void iss_host_store(uint8_t *host, unsigned size, uint64_t value)
{
	const uint16_t half = (uint16_t)value;
	const uint32_t word = (uint32_t)value;

	switch (size) {
	case 1:
		*host = (uint8_t)value;
		break;
	case 2:
		memcpy(host, &half, sizeof(half));
		break;
	case 4:
		memcpy(host, &word, sizeof(word));
		break;
	default:
		memcpy(host, &value, sizeof(value));
		break;
	}
}

/*
 * Host memory of an access by its tag, in a page of one piece or, `fine`, in an interleaved one;
 * false: it is not of this kind.
 */
ISS_INLINE bool iss_tlb_hit_kind(struct iss_tlb *tlb, const struct iss_tlb_entry *entry,
				 uint64_t tag, uint64_t va, unsigned size, bool fine,
				 uint8_t **host)
{
	*host = fine ? iss_tlb_granule_host(tlb, va) : iss_tlb_host(entry, va);
	return ISS_LIKELY((iss_tlb_key(va, size) ^ tag) == (fine ? ISS_TLB_GRANULE : 0));
}

/* Of either kind, ordinary memory first; false: the slow path has to decide. */
static inline bool iss_tlb_hit(struct iss_tlb *tlb, const struct iss_tlb_entry *entry, uint64_t tag,
			       uint64_t va, unsigned size, uint8_t **host)
{
	return iss_tlb_hit_kind(tlb, entry, tag, va, size, false, host) ||
	       iss_tlb_hit_kind(tlb, entry, tag, va, size, true, host);
}

/* False: nothing done, the memory is not of this kind. */
ISS_INLINE bool iss_load_kind(struct iss_hart *hart, uint64_t va, unsigned size, bool fine,
			      uint64_t *value)
{
	const struct iss_tlb_entry *entry = iss_tlb_slot(hart->data_tlb, va);
	uint8_t *host;

	if (!iss_tlb_hit_kind(hart->data_tlb, entry, entry->tag_load, va, size, fine, &host))
		return false;
	*value = iss_host_load(host, size);
	return true;
}

ISS_INLINE bool iss_store_kind(struct iss_hart *hart, uint64_t va, unsigned size, bool fine,
			       uint64_t value)
{
	const struct iss_tlb_entry *entry = iss_tlb_slot(hart->data_tlb, va);
	uint8_t *host;

	if (!iss_tlb_hit_kind(hart->data_tlb, entry, entry->tag_store, va, size, fine, &host))
		return false;
	iss_host_store(host, size, value);
	return true;
}

/* size is 1, 2, 4 or 8, any alignment; *value is zero-extended. */
static inline bool iss_load(struct iss_hart *hart, uint64_t va, unsigned size, uint64_t *value)
{
	return iss_load_kind(hart, va, size, false, value) ||
	       iss_load_kind(hart, va, size, true, value) || iss_load_slow(hart, va, size, value);
}

static inline bool iss_store(struct iss_hart *hart, uint64_t va, unsigned size, uint64_t value)
{
	return iss_store_kind(hart, va, size, false, value) ||
	       iss_store_kind(hart, va, size, true, value) || iss_store_slow(hart, va, size, value);
}

/* The 16 bits at va, which is 2-byte aligned. */
static inline bool iss_fetch(struct iss_hart *hart, uint64_t va, uint16_t *bits)
{
	const struct iss_tlb_entry *entry = iss_tlb_slot(hart->fetch_tlb, va);

	if (ISS_LIKELY((va & ISS_PAGE_MASK) == entry->tag_fetch)) {
		*bits = (uint16_t)iss_host_load(iss_tlb_host(entry, va), 2);
		return true;
	}
	if ((va & ISS_PAGE_MASK) == (entry->tag_fetch ^ ISS_TLB_GRANULE)) {
		*bits = (uint16_t)iss_host_load(iss_tlb_granule_host(hart->fetch_tlb, va), 2);
		return true;
	}
	return iss_fetch_slow(hart, va, bits);
}

/* The instruction at va: 32 bits, or 16 with the upper half zero when it is a compressed one. */
static inline bool iss_fetch_insn(struct iss_hart *hart, uint64_t va, uint32_t *bits)
{
	const struct iss_tlb_entry *entry = iss_tlb_slot(hart->fetch_tlb, va);
	uint16_t low, high;

	if (ISS_LIKELY((va & ISS_PAGE_MASK) == entry->tag_fetch &&
		       va % ISS_PAGE_SIZE <= ISS_PAGE_SIZE - 4)) {
		const uint32_t word = (uint32_t)iss_host_load(iss_tlb_host(entry, va), 4);

		*bits = (word & 3) == 3 ? word : word & 0xffff;
		return true;
	}
	if ((va & ISS_PAGE_MASK) == (entry->tag_fetch ^ ISS_TLB_GRANULE) &&
	    va % ISS_GRANULE <= ISS_GRANULE - 4) {
		const uint32_t word =
			(uint32_t)iss_host_load(iss_tlb_granule_host(hart->fetch_tlb, va), 4);

		*bits = (word & 3) == 3 ? word : word & 0xffff;
		return true;
	}
	/* what crosses a granule or a page is put together from halves */
	if (!iss_fetch(hart, va, &low))
		return false;
	*bits = low;
	if ((low & 3) != 3)
		return true;
	if (!iss_fetch(hart, va + 2, &high))
		return false;
	*bits |= (uint32_t)high << 16;
	return true;
}

#endif
