/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State of a hart, shared by the files of the ISS and by nothing else. All of it is plain data but
 * for caches (TLB, decoded instructions), which can be dropped at any instruction boundary.
 */
#ifndef ISS_HART_H
#define ISS_HART_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vcxl/bits.h>

#include "iss.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ISS_LIKELY(x)   __builtin_expect(!!(x), 1)
#define ISS_UNLIKELY(x) __builtin_expect(!!(x), 0)
/* For what is in so many handlers that the compiler would rather call it. */
#define ISS_INLINE static inline __attribute__((always_inline))

enum iss_priv {
	ISS_PRIV_U = 0,
	ISS_PRIV_S = 1,
	ISS_PRIV_M = 3
};

enum iss_cause {
	ISS_CAUSE_FETCH_MISALIGNED = 0,
	ISS_CAUSE_FETCH_ACCESS = 1,
	ISS_CAUSE_ILLEGAL = 2,
	ISS_CAUSE_BREAKPOINT = 3,
	ISS_CAUSE_LOAD_MISALIGNED = 4,
	ISS_CAUSE_LOAD_ACCESS = 5,
	ISS_CAUSE_STORE_MISALIGNED = 6,
	ISS_CAUSE_STORE_ACCESS = 7,
	ISS_CAUSE_ECALL_U = 8,
	ISS_CAUSE_ECALL_S = 9,
	ISS_CAUSE_ECALL_M = 11,
	ISS_CAUSE_FETCH_PAGE = 12,
	ISS_CAUSE_LOAD_PAGE = 13,
	ISS_CAUSE_STORE_PAGE = 15
};

/* mstatus fields */
#define MSTATUS_SIE  VCXL_BIT(1)
#define MSTATUS_MIE  VCXL_BIT(3)
#define MSTATUS_SPIE VCXL_BIT(5)
#define MSTATUS_MPIE VCXL_BIT(7)
#define MSTATUS_SPP  VCXL_BIT(8)
#define MSTATUS_MPP  VCXL_MASK(12, 11)
#define MSTATUS_FS   VCXL_MASK(14, 13)
#define MSTATUS_MPRV VCXL_BIT(17)
#define MSTATUS_SUM  VCXL_BIT(18)
#define MSTATUS_MXR  VCXL_BIT(19)
#define MSTATUS_TVM  VCXL_BIT(20)
#define MSTATUS_TW   VCXL_BIT(21)
#define MSTATUS_TSR  VCXL_BIT(22)
#define MSTATUS_UXL  VCXL_MASK(33, 32)
#define MSTATUS_SXL  VCXL_MASK(35, 34)
#define MSTATUS_SD   VCXL_BIT(63)

/* menvcfg, senvcfg */
#define ENVCFG_FIOM   VCXL_BIT(0)
#define ENVCFG_CBIE   VCXL_MASK(5, 4)
#define ENVCFG_CBCFE  VCXL_BIT(6)
#define ENVCFG_CBZE   VCXL_BIT(7)
#define MENVCFG_ADUE  VCXL_BIT(61)
#define MENVCFG_PBMTE VCXL_BIT(62)
#define MENVCFG_STCE  VCXL_BIT(63)

/* mip, mie bits */
enum {
	IRQ_SSI = 1,
	IRQ_MSI = 3,
	IRQ_STI = 5,
	IRQ_MTI = 7,
	IRQ_SEI = 9,
	IRQ_MEI = 11
};

/*
 * Soft TLB: direct-mapped, one array per translation context, so that traps and returns need no
 * flush. An access hits when (va & ~(size - 1) with the page bits) equals the tag: alignment and
 * page in one compare; low tag bits set on purpose never match. Hits are host memory only:
 * host = va + addend. What does not hit is compared again with the flag of memory that is
 * interleaved below a page, where each granule has an addend of its own, found by va alone so that
 * it costs no more than the page's. Everything else (devices, partly protected pages, misaligned
 * accesses) takes the slow path. S and U use their own arrays without paging too: PMP answers
 * differ from M-mode's.
 */
#define ISS_TLB_SIZE    4096u
#define ISS_TLB_PART    (ISS_TLB_SIZE / 64)
#define ISS_N_GRANTS    8u
#define ISS_N_REFUSED   256u
#define ISS_N_PMP_PAGES 64u
/* in a tag: offset bits that no access of up to 8 bytes keeps */
#define ISS_TLB_INVALID 0x800u
#define ISS_TLB_GRANULE 0x400u /* interleaved below 4 KiB */
#define ISS_TLB_GUARDED 0x200u /* of stores: there may be decoded code */

/* The smallest granule; how many a page has; tables with a host address for each of these. */
#define ISS_GRANULE  256u
#define ISS_GRANULES 16u
#define ISS_N_TABLES 256u /* any set of legal decoders needs at most 192 */

struct iss_tlb_entry {
	uint64_t tag_load, tag_store, tag_fetch;
	uintptr_t addend; /* host address minus va */
	uint64_t pa;      /* of the page, for invalidation by physical range; low bits: what PTE and
			   * PMP permit, 1 << kind, host memory or not; 0: not valid */
	uint64_t va;      /* of the page, for sfence.vma; low bits: log2 of its leaf PTE's span */
	uint64_t homes;   /* iss_homes() of the host memory; 0: none */
	uint64_t detached; /* the host memory is to be found anew */
};

static_assert(sizeof(struct iss_tlb_entry) == 64, "an entry is a cache line, its index a shift");

/* A grant remembered; dmi.size 0: free. Interleaved: one table for each page of the period after
 * which slots and pages begin together, and what each slot has advanced by then. grant.c. */
struct iss_grant {
	struct iss_dmi dmi;
	unsigned first_table, n_tables;
	uint64_t stride;
};

/*
 * Fetches have entries of their own: which of them are present then depends on the pages executed
 * and on nothing else, so that engines which fetch in different ways see the same translations.
 */
struct iss_tlb {
	struct iss_tlb_entry entry[ISS_TLB_SIZE];
	uintptr_t granule[ISS_TLB_SIZE * ISS_GRANULES]; /* host address minus va */
	uint64_t filled; /* since the last flush: bit i for the i-th of 64 equal parts */
};

enum iss_context {
	ISS_CTX_BARE,
	ISS_CTX_S,
	ISS_CTX_S_SUM,
	ISS_CTX_U,
	ISS_N_CONTEXTS
};

/* One interrupt file of the IMSIC. AIA 1.0 chapter 3. */
struct iss_imsic {
	uint64_t eip[4], eie[4]; /* bit per identity; identity 0 does not exist */
	uint32_t eidelivery, eithreshold;
};

struct iss_pmp {
	uint8_t cfg[ISS_PMP_ENTRIES];
	uint64_t addr[ISS_PMP_ENTRIES];
	/* decoded when written: bytes first..last, and the number of entries up to the last not OFF
	 */
	uint64_t first[ISS_PMP_ENTRIES], last[ISS_PMP_ENTRIES];
	unsigned n_active;
};

/* debug.c */
struct iss_watch_list {
	unsigned n;
	struct iss_watch watch[ISS_MAX_WATCHES];
	bool hit;
	struct iss_watch hit_watch;
};

struct iss_decoded; /* decode.h */
#define ISS_DECODE_CACHE 65536u

struct iss_hart {
	uint64_t x[33]; /* x[0] is never written: x[32] takes what is meant for x0, see decode.h */
	uint64_t pc;
	uint64_t next_pc; /* of the instruction being executed; traps and jumps replace it */
	uint64_t f[32];   /* NaN-boxed singles */

	uint64_t steps_left; /* of the current run */
	uint64_t steps_max;
	bool trapped; /* the current instruction does not retire */
	bool stop_requested;
	bool waiting;   /* the last instruction was a WFI with nothing to do */
	bool check_irq; /* evaluate interrupts before the next instruction */
	enum iss_priv priv;

	/* translation contexts in force; recomputed by iss_update_contexts() */
	struct iss_tlb *fetch_tlb, *data_tlb;
	bool data_bare, fetch_bare;
	enum iss_priv data_priv; /* effective privilege of loads and stores (MPRV) */

	/* block engine */
	struct iss_blocks *blocks; /* NULL: step engine */
	bool leave_block;          /* what is executed, or where it is, may have changed */
	uint32_t code_epoch;       /* blocks older than this are compared before they run */
	bool fp_live;              /* MXCSR is the guest's, see fpu_live.h */
	uint32_t host_mxcsr;

	uint64_t cycles;  /* steps since reset; mcycle = cycles + cycle_bias */
	uint64_t instret; /* retired since reset; minstret = instret + instret_bias */
	uint64_t cycle_bias, instret_bias;

	uint8_t fflags, frm;

	bool reservation_valid;
	uint64_t reservation_pa; /* aligned to 64 bytes */

	/* machine level */
	uint64_t mstatus, medeleg, mideleg, mie, mip_lines, mip_soft;
	uint64_t mtvec, mepc, mcause, mtval, mscratch;
	uint64_t mcounteren, menvcfg, mcountinhibit;
	uint64_t miselect;
	/* supervisor level */
	uint64_t stvec, sepc, scause, stval, sscratch, satp;
	uint64_t scounteren, senvcfg, stimecmp, siselect;
	bool stip_by_time; /* last evaluation of time >= stimecmp */
	struct iss_pmp pmp;
	struct iss_imsic imsic[ISS_N_IMSIC_FILES];

	struct iss_config config;
	struct iss_ops ops;
	uint64_t trap_counts[128];
	struct iss_watch_list watches;

	/* DMI grants remembered, so that a TLB miss asks the owner rarely */
	struct iss_grant grants[ISS_N_GRANTS];
	uint64_t refused[ISS_N_REFUSED]; /* page | 1 where there is none */
	/* what iss_pmp_page() found: page | priv, rights */
	uint64_t pmp_page[ISS_N_PMP_PAGES];
	uint8_t pmp_rights[ISS_N_PMP_PAGES];
	unsigned grant_next;
	unsigned tables_used; /* handed out in order; when they run out, all are taken back */
	uintptr_t tables[ISS_N_TABLES][ISS_GRANULES]; /* host address less offset in the page */
	/* all spans above 4 KiB in the TLB lie in here: sfence.vma of other addresses is precise */
	uint64_t superpage_first, superpage_last;

	struct iss_decoded *decoded; /* ISS_DECODE_CACHE entries keyed by instruction bits */
	struct iss_tlb tlb[ISS_N_CONTEXTS], tlb_of_code[ISS_N_CONTEXTS];
};

/* ---- hart.c ---- */
/* One instruction, its counts included; and its execution alone, at pc with next_pc behind it. */
void iss_step(struct iss_hart *hart);
void iss_execute(struct iss_hart *hart, const struct iss_decoded *d);
/* Whether something has to be looked at before the next instruction. */
static inline bool iss_interrupted(const struct iss_hart *hart)
{
	return hart->check_irq | hart->stop_requested | hart->waiting;
}

/* ---- block.c, block_run.c ---- */
struct iss_blocks *iss_blocks_create(void);
void iss_blocks_destroy(struct iss_blocks *blocks);
/* Runs until the budget is used up or iss_interrupted(); budget > 0. */
void iss_blocks_run(struct iss_hart *hart);
void iss_blocks_written(struct iss_hart *hart, uint64_t pa, uint64_t size);
/* False: no code has been decoded from the pages that the bytes are in. */
bool iss_blocks_written_host(struct iss_hart *hart, uintptr_t host, uint64_t size);
/* All decoded code in the range is forgotten, because the host memory behind it is. */
void iss_blocks_withdraw(struct iss_hart *hart, uint64_t pa, uint64_t size);
/* Whether code has been decoded from pages that lie there: stores must not be hits. */
bool iss_blocks_at(const struct iss_hart *hart, uintptr_t host, uint64_t size);
/* Host pages hashed to a bit each; size is at most a page. */
static inline uint64_t iss_homes(uintptr_t host, uint64_t size)
{
	return VCXL_BIT(host / ISS_PAGE_SIZE % 64) |
	       VCXL_BIT((host + size - 1) / ISS_PAGE_SIZE % 64);
}
/*
 * After every store by other means than a hit of the TLB. Host memory may have several physical
 * addresses: where it is known, code is found at all of them.
 */
static inline void iss_code_written(struct iss_hart *hart, uint64_t pa, uint64_t size)
{
	if (hart->blocks)
		iss_blocks_written(hart, pa, size);
}
static inline void iss_code_written_host(struct iss_hart *hart, const uint8_t *host, uint64_t size)
{
	if (hart->blocks)
		iss_blocks_written_host(hart, (uintptr_t)host, size);
}

/* ---- trap.c ---- */
/* Takes an exception at hart->pc: CSRs, privilege, next_pc; marks the instruction as trapped. */
void iss_trap(struct iss_hart *hart, enum iss_cause cause, uint64_t tval);
/* Illegal instruction with its bits as tval. */
void iss_illegal(struct iss_hart *hart, uint32_t bits);
/* Takes the highest pending enabled interrupt, if any: changes pc itself (between instructions)
 * and is no step. */
bool iss_take_interrupt(struct iss_hart *hart);
/* The interrupt of highest default priority among mip bits; 0: none. */
unsigned iss_irq_highest(uint64_t pending);
/* SYSTEM instructions; they check privilege and trap by themselves. */
void iss_op_ecall(struct iss_hart *hart);
void iss_op_mret(struct iss_hart *hart, uint32_t bits);
void iss_op_sret(struct iss_hart *hart, uint32_t bits);
void iss_op_wfi(struct iss_hart *hart, uint32_t bits);
/* sfence.vma and sinval.vma; has_va / has_asid: rs1 / rs2 is not x0. */
void iss_op_sfence(struct iss_hart *hart, uint32_t bits, bool has_va, uint64_t va, bool has_asid,
		   uint64_t asid);
/* sfence.w.inval, sfence.inval.ir: only the privilege check. */
void iss_op_sfence_order(struct iss_hart *hart, uint32_t bits);
/* Privileged state, PMP, IMSIC, TLB and trap counts; not the input lines, which are wires. Here
 * also: iss_hart_set_irq, _has_work, _timer_deadline; csr.c: iss_hart_csr_read, _write; imsic.c:
 * iss_hart_imsic_msi; tlb.c: iss_hart_dmi_invalidate. */
void iss_trap_reset(struct iss_hart *hart);

/* ---- csr.c ---- */
enum iss_csr_op {
	ISS_CSR_WRITE,
	ISS_CSR_SET,
	ISS_CSR_CLEAR
};
/* One CSR instruction at the hart's privilege. `write` is false for CSRRS/C with rs1 = x0, `read`
 * is false for CSRRW with rd = x0. false: illegal instruction, nothing changed (the caller traps).
 */
bool iss_csr_rmw(struct iss_hart *hart, unsigned csr, enum iss_csr_op op, uint64_t operand,
		 bool read, bool write, uint64_t *old);
/* The row of a CSR: its name, and how many numbers it is after the row's first. */
bool iss_csr_row(unsigned csr, const char **name, unsigned *index);
uint64_t iss_mip(struct iss_hart *hart); /* with IMSIC, timer and lines */

/* ---- grant.c ---- */
/* The grant that holds all of the page of pa; NULL: no host memory there. Valid until the next
 * call out of the ISS. */
const struct iss_grant *iss_grant_of(struct iss_hart *hart, uint64_t pa);
/* Whether pages of a grant are made of pieces. */
static inline bool iss_grant_is_fine(const struct iss_grant *grant)
{
	return grant->n_tables && grant->dmi.granule < ISS_PAGE_SIZE;
}
static inline bool iss_grant_allows(const struct iss_grant *grant, enum iss_access kind)
{
	return grant && (kind == ISS_STORE ? grant->dmi.writable : grant->dmi.readable);
}
/* Host memory of pa; the bytes up to the end of its granule or page are contiguous. */
uint8_t *iss_grant_host(const struct iss_hart *hart, const struct iss_grant *grant, uint64_t pa);
/* Host memory of each granule of a page that is made of pieces. */
void iss_grant_granules(const struct iss_hart *hart, const struct iss_grant *grant, uint64_t page,
			uintptr_t host[ISS_GRANULES]);
static inline bool iss_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a - b < b_size || b - a < a_size;
}
/* Forgets the grants that have anything in [pa, pa+size), and all refusals. */
void iss_grants_withdraw(struct iss_hart *hart, uint64_t pa, uint64_t size);

/* ---- mmu.c (slow paths), mem.h (fast paths inline) ---- */
/* Return false after having taken the trap. Any size 1, 2, 4, 8, any alignment. */
bool iss_load_slow(struct iss_hart *hart, uint64_t va, unsigned size, uint64_t *value);
bool iss_store_slow(struct iss_hart *hart, uint64_t va, unsigned size, uint64_t value);
/* The 16 bits at va (2-byte aligned). */
bool iss_fetch_slow(struct iss_hart *hart, uint64_t va, uint16_t *bits);
/*
 * LR, SC, AMO, cbo.*: translation of an aligned address for the given access, with its traps
 * (store-type causes for AMO and SC). On success *pa, and *host or NULL when it is not host memory.
 */
bool iss_translate(struct iss_hart *hart, uint64_t va, unsigned size, enum iss_access kind,
		   uint64_t *pa, uint8_t **host);
/* cbo.clean, .flush, .inval with envcfg checks; cbo.zero. They trap by themselves. */
void iss_op_cbo(struct iss_hart *hart, uint32_t bits, enum iss_cbo op, uint64_t va);
void iss_op_cbo_zero(struct iss_hart *hart, uint32_t bits, uint64_t va);
/* After a change of priv, mstatus, satp or anything else that selects a translation context. */
void iss_update_contexts(struct iss_hart *hart);

/* ---- tlb.c ---- */
/* Enters the page of pa at va; rights: 1 << kind, of all of it; span_bits: log2 of its leaf PTE's
 * span. */
void iss_tlb_fill(struct iss_hart *hart, struct iss_tlb *tlb, uint64_t va, uint64_t pa,
		  unsigned rights, unsigned span_bits);
/* Finds the host memory of the page's entry again, and whether it may be stored to. */
void iss_tlb_attach(struct iss_hart *hart, struct iss_tlb *tlb, uint64_t va);
void iss_tlb_flush(struct iss_hart *hart);
void iss_tlb_reset(struct iss_hart *hart); /* whatever the entries hold */
/* Code has been decoded from there: the next store to it takes the slow path. */
void iss_tlb_protect(struct iss_hart *hart, uint64_t homes);
/* What sfence.vma without an address orders: all but M-mode's own array. */
void iss_tlb_flush_paging(struct iss_hart *hart);
void iss_tlb_flush_va(struct iss_hart *hart, uint64_t va);

/* ---- pmp.c ---- */
/* Whether priv may do that access to all of [pa, pa+len). */
bool iss_pmp_allows(struct iss_hart *hart, uint64_t pa, uint64_t len, enum iss_access kind,
		    enum iss_priv priv);
/* What priv may do in the whole page at pa: bit 1 << kind; or that it depends on the bytes, so that
 * the page must not enter the TLB. */
#define ISS_PMP_PARTIAL 0x80u
unsigned iss_pmp_page(struct iss_hart *hart, uint64_t page_pa, enum iss_priv priv);
/* pmpcfg and pmpaddr CSRs with locks and WARL rules. */
uint64_t iss_pmp_cfg_read(const struct iss_hart *hart, unsigned reg);
void iss_pmp_cfg_write(struct iss_hart *hart, unsigned reg, uint64_t value);
uint64_t iss_pmp_addr_read(const struct iss_hart *hart, unsigned i);
void iss_pmp_addr_write(struct iss_hart *hart, unsigned i, uint64_t value);

/* ---- debug.c ---- */
/* Whether the page must not enter the TLB, so that each access comes to iss_watch_access(). */
bool iss_watch_page(const struct iss_hart *hart, uint64_t va);
void iss_watch_access(struct iss_hart *hart, uint64_t va, unsigned len, enum iss_access kind);

/* ---- imsic.c ---- */
/* Highest-priority pending and enabled identity below the threshold; 0: none. */
uint32_t iss_imsic_top(const struct iss_imsic *file);
/* Registers behind miselect/siselect 0x70..0xff; false: no such register. */
bool iss_imsic_reg(struct iss_imsic *file, unsigned select, bool write, uint64_t value,
		   uint64_t *old);

#ifdef __cplusplus
}
#endif
#endif
