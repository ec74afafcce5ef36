/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address translation and the slow paths of memory accesses: Sv39 and Sv48 with Svnapot, Svpbmt,
 * Svade and Svadu; misaligned accesses; cache-block instructions. RISC-V privileged architecture
 * 20240411, chapter 12, and CMO 1.0. Left out: Sv57, two-stage translation. Svpbmt attributes have
 * no effect, ASIDs only that satp is compared as a whole: the TLB holds one address space.
 */
#include <assert.h>
#include <string.h>

#include "mem.h"

#define PTE_V        VCXL_BIT(0)
#define PTE_R        VCXL_BIT(1)
#define PTE_W        VCXL_BIT(2)
#define PTE_X        VCXL_BIT(3)
#define PTE_U        VCXL_BIT(4)
#define PTE_A        VCXL_BIT(6)
#define PTE_D        VCXL_BIT(7)
#define PTE_RESERVED VCXL_MASK(60, 54)
#define PTE_PBMT     VCXL_MASK(62, 61)
#define PTE_N        VCXL_BIT(63)

enum {
	PAGE_BITS = 12,
	NAPOT_BITS = 16,
	INDEX_BITS = 9
};

enum fault {
	FAULT_NONE,
	FAULT_PAGE,
	FAULT_ACCESS
};

/* Where a page is and what its PTE permits at the privilege that asked. */
struct leaf {
	uint64_t pa; /* of the address asked for */
	bool r, w, x;
	unsigned span_bits; /* log2 of the bytes under this PTE */
};

/* One access within one page. */
struct access {
	uint64_t va;
	unsigned len;
	enum iss_access kind;    /* permission needed */
	enum iss_access trap_as; /* what the cause says */
	uint64_t tval;
};

/* ---- physical accesses ---- */

/* len bytes within a page of a grant. */
static void host_access(struct iss_hart *hart, const struct iss_grant *grant, uint64_t pa,
			uint8_t *data, unsigned len, enum iss_access kind)
{
	while (len) {
		const unsigned to_end = ISS_GRANULE - (unsigned)(pa % ISS_GRANULE);
		const unsigned n = iss_grant_is_fine(grant) && len > to_end ? to_end : len;
		uint8_t *host = iss_grant_host(hart, grant, pa);

		if (kind == ISS_STORE) {
			memcpy(host, data, n);
			iss_code_written_host(hart, host, n);
		} else {
			memcpy(data, host, n);
		}
		pa += n;
		data += n;
		len -= n;
	}
}

/*
 * Host memory directly, anything else in naturally aligned pieces. *done: bytes before the piece
 * that failed. Grants are looked up here and not earlier: a callback may have withdrawn them.
 */
static bool phys_access(struct iss_hart *hart, uint64_t pa, uint8_t *data, unsigned len,
			enum iss_access kind, unsigned *done)
{
	const struct iss_grant *grant = iss_grant_of(hart, pa);

	*done = 0;
	if (iss_grant_allows(grant, kind)) {
		host_access(hart, grant, pa, data, len, kind);
		return true;
	}
	while (*done < len) {
		unsigned piece = 8;

		while (piece > len - *done || (pa + *done) % piece)
			piece /= 2;
		if (!hart->ops.access(hart->ops.ctx, pa + *done, data + *done, piece, kind))
			return false;
		if (kind == ISS_STORE)
			iss_code_written(hart, pa + *done, piece);
		*done += piece;
	}
	return true;
}

/* ---- page tables ---- */

/* Page tables are read and updated as implicit accesses of S-mode. */
static bool pte_access(struct iss_hart *hart, uint64_t pa, uint64_t *pte, enum iss_access kind)
{
	uint8_t bytes[8];
	unsigned done;

	if (!iss_pmp_allows(hart, pa, sizeof(bytes), kind, ISS_PRIV_S))
		return false;
	iss_host_store(bytes, sizeof(bytes), *pte);
	if (!phys_access(hart, pa, bytes, sizeof(bytes), kind, &done))
		return false;
	*pte = iss_host_load(bytes, sizeof(bytes));
	return true;
}

static bool permits(const struct iss_hart *hart, uint64_t pte, enum iss_access kind,
		    enum iss_priv priv)
{
	const bool user = pte & PTE_U;

	if (priv == ISS_PRIV_U && !user)
		return false;
	if (priv == ISS_PRIV_S && user && (kind == ISS_FETCH || !(hart->mstatus & MSTATUS_SUM)))
		return false;
	switch (kind) {
	case ISS_FETCH:
		return pte & PTE_X;
	case ISS_LOAD:
		return (pte & PTE_R) || ((pte & PTE_X) && (hart->mstatus & MSTATUS_MXR));
	default:
		return pte & PTE_W;
	}
}

/* Whether the memory-type, contiguity and alignment bits of a leaf are legal; its span. */
static bool leaf_span(const struct iss_hart *hart, uint64_t pte, unsigned level,
		      unsigned *span_bits)
{
	const uint64_t ppn = vcxl_field_get(pte, 53, 10);
	const uint64_t pbmt = vcxl_field_get(pte, 62, 61);

	if (pbmt == 3 || (pbmt && !(hart->menvcfg & MENVCFG_PBMTE)))
		return false;
	*span_bits = PAGE_BITS + INDEX_BITS * level;
	if (pte & PTE_N) {
		*span_bits = NAPOT_BITS;
		return level == 0 && ppn % 16 == 8; /* 64 KiB is the only size */
	}
	return ppn % VCXL_BIT(INDEX_BITS * level) == 0;
}

/* Sets A, and D for a store, or faults where hardware may not. */
static enum fault mark_used(struct iss_hart *hart, uint64_t pte_pa, uint64_t *pte,
			    enum iss_access kind)
{
	const uint64_t bits = kind == ISS_STORE ? PTE_A | PTE_D : PTE_A;
	uint64_t updated = *pte | bits;

	if (updated == *pte)
		return FAULT_NONE;
	if (!(hart->menvcfg & MENVCFG_ADUE))
		return FAULT_PAGE;
	if (!pte_access(hart, pte_pa, &updated, ISS_STORE))
		return FAULT_ACCESS;
	*pte = updated;
	return FAULT_NONE;
}

static enum fault use_leaf(struct iss_hart *hart, const struct access *access, enum iss_priv priv,
			   uint64_t pte_pa, uint64_t pte, unsigned level, struct leaf *leaf)
{
	enum fault fault;
	uint64_t offset;

	if (!leaf_span(hart, pte, level, &leaf->span_bits) ||
	    !permits(hart, pte, access->kind, priv))
		return FAULT_PAGE;
	fault = mark_used(hart, pte_pa, &pte, access->kind);
	if (fault)
		return fault;
	offset = access->va & (VCXL_BIT(leaf->span_bits) - 1);
	leaf->pa = ((vcxl_field_get(pte, 53, 10) << PAGE_BITS) & ~(VCXL_BIT(leaf->span_bits) - 1)) |
		   offset;
	/* what later hits may do: loads that rely on MXR and first stores come back here */
	leaf->r = pte & PTE_R;
	leaf->w = (pte & PTE_W) && (pte & PTE_D);
	leaf->x = (pte & PTE_X) && permits(hart, pte, ISS_FETCH, priv);
	return FAULT_NONE;
}

static enum fault walk(struct iss_hart *hart, const struct access *access, enum iss_priv priv,
		       struct leaf *leaf)
{
	const unsigned levels = vcxl_field_get(hart->satp, 63, 60) == 9 ? 4 : 3;
	const unsigned va_bits = PAGE_BITS + INDEX_BITS * levels;
	const uint64_t upper = access->va >> (va_bits - 1);
	uint64_t table = vcxl_field_get(hart->satp, 43, 0) << PAGE_BITS;

	if (upper != 0 && upper != UINT64_MAX >> (va_bits - 1))
		return FAULT_PAGE;
	for (unsigned level = levels; level-- > 0;) {
		const uint64_t index = (access->va >> (PAGE_BITS + INDEX_BITS * level)) & 511;
		const uint64_t pte_pa = table + 8 * index;
		uint64_t pte = 0;

		if (!pte_access(hart, pte_pa, &pte, ISS_LOAD))
			return FAULT_ACCESS;
		if (!(pte & PTE_V) || (pte & PTE_RESERVED) || (pte & (PTE_R | PTE_W)) == PTE_W)
			return FAULT_PAGE;
		if (pte & (PTE_R | PTE_X))
			return use_leaf(hart, access, priv, pte_pa, pte, level, leaf);
		if (pte & (PTE_U | PTE_A | PTE_D | PTE_PBMT | PTE_N))
			return FAULT_PAGE;
		table = vcxl_field_get(pte, 53, 10) << PAGE_BITS;
	}
	return FAULT_PAGE;
}

void iss_update_contexts(struct iss_hart *hart)
{
	static const enum iss_context plain[] = {
		[ISS_PRIV_U] = ISS_CTX_U, [ISS_PRIV_S] = ISS_CTX_S, [ISS_PRIV_M] = ISS_CTX_BARE
	};
	const bool paging = vcxl_field_get(hart->satp, 63, 60) != 0;
	enum iss_context data;

	hart->data_priv = hart->priv;
	if (hart->mstatus & MSTATUS_MPRV)
		hart->data_priv = (enum iss_priv)vcxl_field_get(hart->mstatus, 12, 11);
	data = plain[hart->data_priv];
	if (data == ISS_CTX_S && (hart->mstatus & MSTATUS_SUM))
		data = ISS_CTX_S_SUM;
	hart->data_tlb = &hart->tlb[data];
	hart->fetch_tlb = &hart->tlb_of_code[plain[hart->priv]];
	hart->leave_block = true;
	hart->data_bare = hart->data_priv == ISS_PRIV_M || !paging;
	hart->fetch_bare = hart->priv == ISS_PRIV_M || !paging;
}

/* ---- one access: translate, check, trap ---- */

static void trap(struct iss_hart *hart, enum fault fault, enum iss_access kind, uint64_t tval)
{
	static const enum iss_cause page[] = { [ISS_FETCH] = ISS_CAUSE_FETCH_PAGE,
					       [ISS_LOAD] = ISS_CAUSE_LOAD_PAGE,
					       [ISS_STORE] = ISS_CAUSE_STORE_PAGE };
	static const enum iss_cause access[] = { [ISS_FETCH] = ISS_CAUSE_FETCH_ACCESS,
						 [ISS_LOAD] = ISS_CAUSE_LOAD_ACCESS,
						 [ISS_STORE] = ISS_CAUSE_STORE_ACCESS };

	iss_trap(hart, fault == FAULT_PAGE ? page[kind] : access[kind], tval);
}

static unsigned leaf_rights(const struct leaf *leaf)
{
	return (leaf->x ? 1u << ISS_FETCH : 0) | (leaf->r ? 1u << ISS_LOAD : 0) |
	       (leaf->w ? 1u << ISS_STORE : 0);
}

/* Stores miss because code was decoded from the page, and it may be gone by now. */
static bool guarded(const struct iss_tlb_entry *entry, enum iss_access kind)
{
	return kind == ISS_STORE && (entry->tag_store & ISS_TLB_GUARDED);
}

static bool resolve(struct iss_hart *hart, const struct access *access, uint64_t *pa)
{
	const bool fetch = access->kind == ISS_FETCH;
	const enum iss_priv priv = fetch ? hart->priv : hart->data_priv;
	const bool bare = fetch ? hart->fetch_bare : hart->data_bare;
	struct iss_tlb *tlb = fetch ? hart->fetch_tlb : hart->data_tlb;
	const struct iss_tlb_entry *entry = iss_tlb_slot(tlb, access->va);
	struct leaf leaf = { access->va, true, true, true, PAGE_BITS };
	enum fault fault = FAULT_NONE;
	unsigned pmp = 0;

	if (((entry->va ^ access->va) & ISS_PAGE_MASK) == 0 && (entry->pa & 1u << access->kind)) {
		if (ISS_UNLIKELY(entry->detached || guarded(entry, access->kind)))
			iss_tlb_attach(hart, tlb, access->va);
		*pa = (entry->pa & ISS_PAGE_MASK) | access->va % ISS_PAGE_SIZE;
		return true;
	}
	if (!bare)
		fault = walk(hart, access, priv, &leaf);
	if (!fault) {
		pmp = iss_pmp_page(hart, leaf.pa & ISS_PAGE_MASK, priv);
		if (pmp == ISS_PMP_PARTIAL
			    ? !iss_pmp_allows(hart, leaf.pa, access->len, access->kind, priv)
			    : !(pmp & 1u << access->kind))
			fault = FAULT_ACCESS;
	}
	if (fault) {
		trap(hart, fault, access->trap_as, access->tval);
		return false;
	}
	if (ISS_UNLIKELY(hart->watches.n) && iss_watch_page(hart, access->va)) {
		if (!fetch && access->kind == access->trap_as) /* cbo only manages */
			iss_watch_access(hart, access->va, access->len, access->kind);
	} else if (pmp != ISS_PMP_PARTIAL) {
		iss_tlb_fill(hart, tlb, access->va, leaf.pa, pmp & leaf_rights(&leaf),
			     leaf.span_bits);
	}
	*pa = leaf.pa;
	return true;
}

/* Loads and stores of any alignment: both pages are checked before a byte moves. */
static bool data_access(struct iss_hart *hart, uint64_t va, uint8_t *data, unsigned size,
			enum iss_access kind)
{
	const unsigned to_end = ISS_PAGE_SIZE - (unsigned)(va % ISS_PAGE_SIZE);
	const unsigned len0 = size < to_end ? size : to_end;
	const struct access part[2] = {
		{ va, len0, kind, kind, va },
		{ va + len0, size - len0, kind, kind, va + len0 },
	};
	const unsigned parts = len0 < size ? 2 : 1;
	uint64_t pa[2];
	unsigned offset = 0, done;

	for (unsigned i = 0; i < parts; i++)
		if (!resolve(hart, &part[i], &pa[i]))
			return false;
	for (unsigned i = 0; i < parts; i++) {
		if (!phys_access(hart, pa[i], data + offset, part[i].len, kind, &done)) {
			trap(hart, FAULT_ACCESS, kind, part[i].va + done);
			return false;
		}
		offset += part[i].len;
	}
	return true;
}

bool iss_load_slow(struct iss_hart *hart, uint64_t va, unsigned size, uint64_t *value)
{
	uint8_t data[8] = { 0 };

	assert(size <= sizeof(data));
	if (!data_access(hart, va, data, size, ISS_LOAD))
		return false;
	*value = iss_host_load(data, sizeof(data));
	return true;
}

/* What would be a hit but for code in the page: data beside code is common in small programs. */
static bool store_guarded(struct iss_hart *hart, uint64_t va, unsigned size, uint64_t value)
{
	const struct iss_tlb_entry *entry = iss_tlb_slot(hart->data_tlb, va);
	const uint64_t difference = iss_tlb_key(va, size) ^ entry->tag_store;
	uint8_t *host = iss_tlb_host(entry, va);

	if ((difference & ~(uint64_t)ISS_TLB_GRANULE) != ISS_TLB_GUARDED)
		return false;
	if (difference & ISS_TLB_GRANULE)
		host = iss_tlb_granule_host(hart->data_tlb, va);
	iss_host_store(host, size, value);
	if (!iss_blocks_written_host(hart, (uintptr_t)host, size))
		iss_tlb_attach(hart, hart->data_tlb, va);
	return true;
}

bool iss_store_slow(struct iss_hart *hart, uint64_t va, unsigned size, uint64_t value)
{
	uint8_t data[8];

	assert(size <= sizeof(data));
	if (store_guarded(hart, va, size, value))
		return true;
	iss_host_store(data, sizeof(data), value);
	return data_access(hart, va, data, size, ISS_STORE);
}

bool iss_fetch_slow(struct iss_hart *hart, uint64_t va, uint16_t *bits)
{
	const struct access access = { va, 2, ISS_FETCH, ISS_FETCH, va };
	uint8_t data[2] = { 0 };
	uint64_t pa;
	unsigned done;

	if (!resolve(hart, &access, &pa))
		return false;
	if (!phys_access(hart, pa, data, sizeof(data), ISS_FETCH, &done)) {
		trap(hart, FAULT_ACCESS, ISS_FETCH, va);
		return false;
	}
	*bits = (uint16_t)iss_host_load(data, sizeof(data));
	return true;
}

bool iss_translate(struct iss_hart *hart, uint64_t va, unsigned size, enum iss_access kind,
		   uint64_t *pa, uint8_t **host)
{
	const struct access access = { va, size, kind, kind, va };
	const struct iss_grant *grant;

	assert(va % size == 0);
	if (!resolve(hart, &access, pa))
		return false;
	grant = iss_grant_of(hart, *pa);
	*host = iss_grant_allows(grant, ISS_LOAD) && iss_grant_allows(grant, kind)
			? iss_grant_host(hart, grant, *pa)
			: NULL;
	return true;
}

/* ---- cache-block instructions ---- */

static bool envcfg_allows(const struct iss_hart *hart, uint64_t mask)
{
	if (hart->priv != ISS_PRIV_M && !(hart->menvcfg & mask))
		return false;
	return hart->priv != ISS_PRIV_U || (hart->senvcfg & mask);
}

/* Either level may turn invalidation into a flush (CBIE = 01). */
static bool inval_is_flush(const struct iss_hart *hart)
{
	const bool m = vcxl_field_get(hart->menvcfg, 5, 4) == 1;
	const bool s = vcxl_field_get(hart->senvcfg, 5, 4) == 1;

	return hart->priv != ISS_PRIV_M && (m || (hart->priv == ISS_PRIV_U && s));
}

static bool resolve_block(struct iss_hart *hart, uint64_t va, enum iss_access kind, uint64_t *pa)
{
	const struct access access = { va & ~(uint64_t)(ISS_CACHE_LINE - 1), ISS_CACHE_LINE, kind,
				       ISS_STORE, va };

	return resolve(hart, &access, pa);
}

void iss_op_cbo(struct iss_hart *hart, uint32_t bits, enum iss_cbo op, uint64_t va)
{
	uint64_t pa;

	if (!envcfg_allows(hart, op == ISS_CBO_INVAL ? ENVCFG_CBIE : ENVCFG_CBCFE)) {
		iss_illegal(hart, bits);
		return;
	}
	/* load permission suffices: no store can be permitted without it */
	if (!resolve_block(hart, va, ISS_LOAD, &pa))
		return;
	if (op == ISS_CBO_INVAL && inval_is_flush(hart))
		op = ISS_CBO_FLUSH;
	if (hart->ops.cbo && !hart->ops.cbo(hart->ops.ctx, pa, op))
		trap(hart, FAULT_ACCESS, ISS_STORE, va);
}

void iss_op_cbo_zero(struct iss_hart *hart, uint32_t bits, uint64_t va)
{
	uint8_t zeros[ISS_CACHE_LINE] = { 0 };
	uint64_t pa;
	unsigned done;

	if (!envcfg_allows(hart, ENVCFG_CBZE)) {
		iss_illegal(hart, bits);
		return;
	}
	if (!resolve_block(hart, va, ISS_STORE, &pa))
		return;
	if (!phys_access(hart, pa, zeros, sizeof(zeros), ISS_STORE, &done))
		trap(hart, FAULT_ACCESS, ISS_STORE, va);
}
