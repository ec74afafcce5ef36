/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a debugger needs of a hart and an instruction does not: watched addresses, translation
 * without side effects, interrupts taken ahead of the step that follows them. RISC-V privileged
 * architecture 20240411, chapter 12, for the walk. The debug CSRs (Sdtrig) are left out: the guest
 * sees nothing of a debugger.
 */
#include <assert.h>
#include <string.h>

#include "decode.h"
#include "mem.h"

enum {
	PAGE_BITS = 12,
	INDEX_BITS = 9
};

/* ---- watched addresses ---- */

static bool same(const struct iss_watch *a, const struct iss_watch *b)
{
	return a->va == b->va && a->size == b->size && a->kinds == b->kinds;
}

bool iss_hart_watch_add(struct iss_hart *hart, const struct iss_watch *watch)
{
	struct iss_watch_list *list = &hart->watches;

	if (watch->size == 0 || watch->va + (watch->size - 1) < watch->va)
		return false;
	for (unsigned i = 0; i < list->n; i++)
		if (same(&list->watch[i], watch))
			return true;
	if (list->n == ISS_MAX_WATCHES)
		return false;
	list->watch[list->n++] = *watch;
	iss_tlb_flush(hart); /* its pages must not be hit any more */
	return true;
}

bool iss_hart_watch_remove(struct iss_hart *hart, const struct iss_watch *watch)
{
	struct iss_watch_list *list = &hart->watches;

	for (unsigned i = 0; i < list->n; i++) {
		if (!same(&list->watch[i], watch))
			continue;
		list->watch[i] = list->watch[--list->n];
		return true;
	}
	return false;
}

void iss_hart_watch_clear(struct iss_hart *hart)
{
	hart->watches.n = 0;
	hart->watches.hit = false;
}

unsigned iss_hart_watches(const struct iss_hart *hart)
{
	return hart->watches.n;
}

static bool touches(const struct iss_watch *watch, uint64_t va, uint64_t len)
{
	return va - watch->va < watch->size || watch->va - va < len;
}

bool iss_watch_page(const struct iss_hart *hart, uint64_t va)
{
	for (unsigned i = 0; i < hart->watches.n; i++)
		if (touches(&hart->watches.watch[i], va & ISS_PAGE_MASK, ISS_PAGE_SIZE))
			return true;
	return false;
}

void iss_watch_access(struct iss_hart *hart, uint64_t va, unsigned len, enum iss_access kind)
{
	struct iss_watch_list *list = &hart->watches;
	const unsigned bit = kind == ISS_STORE ? ISS_WATCH_WRITE : ISS_WATCH_READ;

	for (unsigned i = 0; i < list->n && !list->hit; i++) {
		if (!(list->watch[i].kinds & bit) || !touches(&list->watch[i], va, len))
			continue;
		list->hit = true;
		list->hit_watch = list->watch[i];
	}
}

bool iss_hart_watch_hit(struct iss_hart *hart, struct iss_watch *watch)
{
	if (!hart->watches.hit)
		return false;
	hart->watches.hit = false;
	*watch = hart->watches.hit_watch;
	return true;
}

/* ---- between two steps ---- */

bool iss_hart_settle(struct iss_hart *hart)
{
	if (hart->waiting && !iss_hart_has_work(hart))
		return false;
	hart->waiting = false;
	iss_take_interrupt(hart);
	return true;
}

/* ---- translation ---- */

static bool translate(const struct iss_hart *hart, uint64_t va, bool bare, iss_debug_read *read,
		      void *ctx, uint64_t *pa)
{
	const uint64_t mode = vcxl_field_get(hart->satp, 63, 60);
	const unsigned levels = mode == 9 ? 4 : 3;
	const unsigned va_bits = PAGE_BITS + INDEX_BITS * levels;
	uint64_t table = vcxl_field_get(hart->satp, 43, 0) << PAGE_BITS;

	*pa = va;
	if (bare)
		return true;
	if ((uint64_t)((int64_t)(va << (64 - va_bits)) >> (64 - va_bits)) != va)
		return false;
	for (unsigned level = levels; level-- > 0;) {
		const unsigned shift = PAGE_BITS + INDEX_BITS * level;
		uint8_t bytes[8];
		uint64_t pte, span = VCXL_BIT(shift);

		if (!read(ctx, table + (va >> shift) % VCXL_BIT(INDEX_BITS) * 8, bytes,
			  sizeof(bytes)))
			return false;
		pte = iss_host_load(bytes, sizeof(bytes));
		if (!(pte & 1)) /* V */
			return false;
		table = vcxl_field_get(pte, 53, 10) << PAGE_BITS;
		if (!vcxl_field_get(pte, 3, 1)) /* no R, W, X: the next level's table */
			continue;
		if (vcxl_field_get(pte, 63, 63)) /* Svnapot: 64 KiB */
			span = VCXL_BIT(16);
		*pa = (table & ~(span - 1)) | (va & (span - 1));
		return true;
	}
	return false;
}

bool iss_hart_debug_translate(const struct iss_hart *hart, uint64_t va, iss_debug_read *read,
			      void *ctx, uint64_t *pa)
{
	return translate(hart, va, hart->fetch_bare, read, ctx, pa);
}

/* ---- what an instruction accesses ---- */

/* clang-format off */
#define AMO(name)                                                                                  \
	[ISS_OP_##name##_w] = { ISS_DATA_AMO, 4, false }, [ISS_OP_##name##_d] = { ISS_DATA_AMO, 8, false }
static const struct {
	enum iss_data_kind kind;
	uint8_t size; /* 0: no access */
	bool fp;
} accesses[ISS_N_OPS] = {
	[ISS_OP_lb]   = { ISS_DATA_LOAD, 1, false },  [ISS_OP_lbu]  = { ISS_DATA_LOAD, 1, false },
	[ISS_OP_lh]   = { ISS_DATA_LOAD, 2, false },  [ISS_OP_lhu]  = { ISS_DATA_LOAD, 2, false },
	[ISS_OP_lw]   = { ISS_DATA_LOAD, 4, false },  [ISS_OP_lwu]  = { ISS_DATA_LOAD, 4, false },
	[ISS_OP_ld]   = { ISS_DATA_LOAD, 8, false },
	[ISS_OP_flw]  = { ISS_DATA_LOAD, 4, true },   [ISS_OP_fld]  = { ISS_DATA_LOAD, 8, true },
	[ISS_OP_sb]   = { ISS_DATA_STORE, 1, false }, [ISS_OP_sh]   = { ISS_DATA_STORE, 2, false },
	[ISS_OP_sw]   = { ISS_DATA_STORE, 4, false }, [ISS_OP_sd]   = { ISS_DATA_STORE, 8, false },
	[ISS_OP_fsw]  = { ISS_DATA_STORE, 4, true },  [ISS_OP_fsd]  = { ISS_DATA_STORE, 8, true },
	[ISS_OP_lr_w] = { ISS_DATA_LOAD, 4, false },  [ISS_OP_lr_d] = { ISS_DATA_LOAD, 8, false },
	[ISS_OP_sc_w] = { ISS_DATA_STORE, 4, false }, [ISS_OP_sc_d] = { ISS_DATA_STORE, 8, false },
	AMO(amoswap), AMO(amoadd), AMO(amoxor), AMO(amoor), AMO(amoand),
	AMO(amomin), AMO(amomax), AMO(amominu), AMO(amomaxu),
	[ISS_OP_cbo_zero] = { ISS_DATA_STORE, ISS_CACHE_LINE, false },
};
#undef AMO
/* clang-format on */

static bool is_atomic(unsigned op)
{
	return (iss_insns[op].match & 0x7f) == 0x2f;
}

static uint64_t of_size(uint64_t value, unsigned size)
{
	return size < 8 ? value & (VCXL_BIT(8 * size) - 1) : value;
}

bool iss_hart_data_access(const struct iss_hart *hart, uint32_t bits, iss_debug_read *read,
			  void *ctx, struct iss_data_access *out)
{
	struct iss_decoded d;

	iss_decode(bits, &d);
	*out = (struct iss_data_access){ .kind = accesses[d.op].kind,
					 .size = accesses[d.op].size,
					 .va = hart->x[d.rs1],
					 .op = d.op,
					 .rd = d.rd };
	if (out->size == 0)
		return false;
	if (d.op == ISS_OP_cbo_zero)
		out->va &= ~(uint64_t)(ISS_CACHE_LINE - 1);
	else if (!is_atomic(d.op))
		out->va += (uint64_t)(int64_t)d.imm;
	if (out->kind == ISS_DATA_STORE && d.op != ISS_OP_cbo_zero)
		out->value =
			of_size(accesses[d.op].fp ? hart->f[d.rs2] : hart->x[d.rs2], out->size);
	if (!translate(hart, out->va, hart->data_bare, read, ctx, &out->pa))
		out->pa = UINT64_MAX;
	return true;
}

bool iss_hart_data_done(const struct iss_hart *hart, struct iss_data_access *access)
{
	if (access->kind != ISS_DATA_STORE)
		access->value =
			of_size(accesses[access->op].fp ? hart->f[access->rd] : hart->x[access->rd],
				access->size);
	return (access->op != ISS_OP_sc_w && access->op != ISS_OP_sc_d) || !hart->x[access->rd];
}

bool iss_csr_of(uint32_t bits, unsigned *csr)
{
	struct iss_decoded d;

	iss_decode(bits, &d);
	*csr = (unsigned)d.imm & 0xfff;
	return iss_insns[d.op].format == ISS_FMT_CSR;
}

/* ---- names ---- */

const char *iss_trap_name(unsigned cause)
{
	enum {
		IRQ = 64
	};
	static const char *const names[] = {
		[ISS_CAUSE_FETCH_MISALIGNED] = "instruction address misaligned",
		[ISS_CAUSE_FETCH_ACCESS] = "instruction access fault",
		[ISS_CAUSE_ILLEGAL] = "illegal instruction",
		[ISS_CAUSE_BREAKPOINT] = "breakpoint",
		[ISS_CAUSE_LOAD_MISALIGNED] = "load address misaligned",
		[ISS_CAUSE_LOAD_ACCESS] = "load access fault",
		[ISS_CAUSE_STORE_MISALIGNED] = "store/AMO address misaligned",
		[ISS_CAUSE_STORE_ACCESS] = "store/AMO access fault",
		[ISS_CAUSE_ECALL_U] = "environment call from U-mode",
		[ISS_CAUSE_ECALL_S] = "environment call from S-mode",
		[ISS_CAUSE_ECALL_M] = "environment call from M-mode",
		[ISS_CAUSE_FETCH_PAGE] = "instruction page fault",
		[ISS_CAUSE_LOAD_PAGE] = "load page fault",
		[ISS_CAUSE_STORE_PAGE] = "store/AMO page fault",
		[IRQ + IRQ_SSI] = "supervisor software interrupt",
		[IRQ + IRQ_MSI] = "machine software interrupt",
		[IRQ + IRQ_STI] = "supervisor timer interrupt",
		[IRQ + IRQ_MTI] = "machine timer interrupt",
		[IRQ + IRQ_SEI] = "supervisor external interrupt",
		[IRQ + IRQ_MEI] = "machine external interrupt",
	};

	return cause < VCXL_ARRAY_LEN(names) && names[cause] ? names[cause] : "reserved";
}

bool iss_csr_name(unsigned csr, char name[ISS_CSR_NAME_SIZE])
{
	static const struct {
		unsigned csr;
		const char *name;
	} others[] = { { 0x7a1, "tdata1" },
		       { 0x7a2, "tdata2" },
		       { 0x7a3, "tdata3" },
		       { 0xf12, "marchid" },
		       { 0xf13, "mimpid" } };
	const char *first;
	unsigned index;
	size_t len;

	if (!iss_csr_row(csr, &first, &index))
		return false;
	for (size_t i = 0; i < VCXL_ARRAY_LEN(others); i++) {
		if (others[i].csr == csr) {
			first = others[i].name;
			index = 0;
		}
	}
	len = strlen(first);
	assert(len + 2 < ISS_CSR_NAME_SIZE);
	memcpy(name, first, len + 1);
	if (index == 0)
		return true;
	index += (unsigned)(first[--len] - '0'); /* arrays count on from the first one's number */
	if (index >= 10)
		name[len++] = (char)('0' + index / 10);
	name[len++] = (char)('0' + index % 10);
	name[len] = '\0';
	return true;
}
