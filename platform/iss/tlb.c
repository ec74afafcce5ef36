/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The soft TLB: what it holds of a translation and of the host memory behind it, and what drops
 * that. RISC-V privileged architecture 20240411, 12.2.1, for what sfence.vma orders; the layout of
 * an entry is in hart.h, the hit paths are in mem.h, translation is in mmu.c.
 */
#include "mem.h"

enum {
	PAGE_BITS = 12
};

static void drop(struct iss_tlb_entry *entry)
{
	entry->tag_load = entry->tag_store = entry->tag_fetch = ISS_TLB_INVALID;
	entry->pa = entry->homes = 0;
	entry->detached = false;
}

typedef void visit_fn(struct iss_tlb_entry *entry, uint64_t a, uint64_t b);

/* The entries filled since the last flush. */
static inline void for_each_in(struct iss_tlb *tlb, uint64_t a, uint64_t b, visit_fn *visit)
{
	for (uint64_t left = tlb->filled; left; left &= left - 1) {
		struct iss_tlb_entry *part =
			&tlb->entry[ISS_TLB_PART * (unsigned)__builtin_ctzll(left)];

		for (unsigned i = 0; i < ISS_TLB_PART; i++)
			visit(&part[i], a, b);
	}
}

static void for_each_entry(struct iss_hart *hart, uint64_t a, uint64_t b, visit_fn *visit)
{
	for (unsigned i = 0; i < ISS_N_CONTEXTS; i++) {
		for_each_in(&hart->tlb[i], a, b, visit);
		for_each_in(&hart->tlb_of_code[i], a, b, visit);
	}
}

static void drop_any(struct iss_tlb_entry *entry, uint64_t a, uint64_t b)
{
	(void)a, (void)b;
	drop(entry);
}

static void flush_context(struct iss_hart *hart, unsigned context)
{
	for_each_in(&hart->tlb[context], 0, 0, drop_any);
	for_each_in(&hart->tlb_of_code[context], 0, 0, drop_any);
	hart->tlb[context].filled = hart->tlb_of_code[context].filled = 0;
	hart->leave_block = true;
}

void iss_tlb_flush_paging(struct iss_hart *hart)
{
	flush_context(hart, ISS_CTX_S);
	flush_context(hart, ISS_CTX_S_SUM);
	flush_context(hart, ISS_CTX_U);
	hart->superpage_first = UINT64_MAX;
	hart->superpage_last = 0;
}

void iss_tlb_reset(struct iss_hart *hart)
{
	for (unsigned context = 0; context < ISS_N_CONTEXTS; context++)
		hart->tlb[context].filled = hart->tlb_of_code[context].filled = UINT64_MAX;
	iss_tlb_flush(hart);
}

void iss_tlb_flush(struct iss_hart *hart)
{
	flush_context(hart, ISS_CTX_BARE);
	iss_tlb_flush_paging(hart);
}

static void drop_span(struct iss_tlb_entry *entry, uint64_t va, uint64_t unused)
{
	(void)unused;
	if ((entry->va ^ va) >> (entry->va % ISS_PAGE_SIZE) == 0)
		drop(entry);
}

void iss_tlb_flush_va(struct iss_hart *hart, uint64_t va)
{
	for (unsigned context = ISS_CTX_S; context < ISS_N_CONTEXTS; context++) {
		struct iss_tlb_entry *data = iss_tlb_slot(&hart->tlb[context], va);
		struct iss_tlb_entry *code = iss_tlb_slot(&hart->tlb_of_code[context], va);

		if (((data->va ^ va) & ISS_PAGE_MASK) == 0)
			drop(data);
		if (((code->va ^ va) & ISS_PAGE_MASK) == 0)
			drop(code);
	}
	hart->leave_block = true;
	/* one address of a larger page stands for all of it */
	if (va >= hart->superpage_first && va <= hart->superpage_last)
		for_each_entry(hart, va, 0, drop_span);
}

static void detach(struct iss_tlb_entry *entry)
{
	if (!((entry->tag_load | entry->tag_store | entry->tag_fetch) & ISS_TLB_GRANULE))
		return;
	entry->tag_load = entry->tag_store = entry->tag_fetch = ISS_TLB_INVALID;
	entry->detached = true;
}

/* A set is granted as a whole and withdrawn as a whole: its pages outside of the range ask anew. */
static void drop_range(struct iss_tlb_entry *entry, uint64_t pa, uint64_t size)
{
	if (entry->pa && iss_overlap(entry->pa & ISS_PAGE_MASK, ISS_PAGE_SIZE, pa, size))
		drop(entry);
	else
		detach(entry);
}

void iss_hart_dmi_invalidate(struct iss_hart *hart, uint64_t pa, uint64_t size)
{
	iss_grants_withdraw(hart, pa, size);
	for_each_entry(hart, pa, size, drop_range);
	hart->leave_block = true;
	iss_blocks_withdraw(hart, pa, size);
}

static void protect(struct iss_tlb_entry *entry, uint64_t homes, uint64_t unused)
{
	(void)unused;
	if ((entry->homes & homes) && entry->tag_store != ISS_TLB_INVALID)
		entry->tag_store |= ISS_TLB_GUARDED;
}

void iss_tlb_protect(struct iss_hart *hart, uint64_t homes)
{
	for (unsigned i = 0; i < ISS_N_CONTEXTS; i++)
		for_each_in(&hart->tlb[i], homes, 0, protect);
}

/* ---- filling ---- */

/* No access hits where the right or host memory is missing. */
static uint64_t make_tag(const struct iss_tlb_entry *entry, const struct iss_grant *grant,
			 enum iss_access kind)
{
	const uint64_t page = entry->va & ISS_PAGE_MASK;

	if (!(entry->pa & 1u << kind) || !iss_grant_allows(grant, kind))
		return ISS_TLB_INVALID;
	return iss_grant_is_fine(grant) ? page | ISS_TLB_GRANULE : page;
}

/* Addends and homes of an entry; true: stores may change decoded code. */
static bool place(struct iss_hart *hart, struct iss_tlb *tlb, struct iss_tlb_entry *entry,
		  const struct iss_grant *grant)
{
	const uintptr_t va = entry->va & ISS_PAGE_MASK;
	const uint64_t pa = entry->pa & ISS_PAGE_MASK;
	uintptr_t *granule = iss_tlb_granule(tlb, va);
	bool code = false;

	if (!iss_grant_is_fine(grant)) {
		const uintptr_t host = (uintptr_t)iss_grant_host(hart, grant, pa);

		entry->addend = host - va;
		entry->homes = iss_homes(host, ISS_PAGE_SIZE);
		return iss_blocks_at(hart, host, ISS_PAGE_SIZE);
	}
	iss_grant_granules(hart, grant, pa, granule);
	for (unsigned i = 0; i < ISS_GRANULES; i++) {
		entry->homes |= iss_homes(granule[i], ISS_GRANULE);
		code = code || iss_blocks_at(hart, granule[i], ISS_GRANULE);
		granule[i] -= va + i * ISS_GRANULE;
	}
	return code;
}

void iss_tlb_attach(struct iss_hart *hart, struct iss_tlb *tlb, uint64_t va)
{
	struct iss_tlb_entry *entry = iss_tlb_slot(tlb, va);
	const struct iss_grant *grant = iss_grant_of(hart, entry->pa & ISS_PAGE_MASK);

	entry->detached = false;
	entry->homes = 0;
	entry->tag_load = make_tag(entry, grant, ISS_LOAD);
	entry->tag_store = make_tag(entry, grant, ISS_STORE);
	entry->tag_fetch = make_tag(entry, grant, ISS_FETCH);
	if (grant && place(hart, tlb, entry, grant) && entry->tag_store != ISS_TLB_INVALID)
		entry->tag_store |= ISS_TLB_GUARDED;
}

void iss_tlb_fill(struct iss_hart *hart, struct iss_tlb *tlb, uint64_t va, uint64_t pa,
		  unsigned rights, unsigned span_bits)
{
	struct iss_tlb_entry *entry = iss_tlb_slot(tlb, va);
	const uint64_t page = va & ISS_PAGE_MASK;
	const uint64_t span_mask = VCXL_BIT(span_bits) - 1;

	tlb->filled |= VCXL_BIT((unsigned)(entry - tlb->entry) / ISS_TLB_PART);
	entry->pa = (pa & ISS_PAGE_MASK) | rights;
	entry->va = page | span_bits;
	iss_tlb_attach(hart, tlb, va);
	if (span_bits > PAGE_BITS) {
		if (hart->superpage_first > (page & ~span_mask))
			hart->superpage_first = page & ~span_mask;
		if (hart->superpage_last < (page | span_mask))
			hart->superpage_last = page | span_mask;
	}
}
