/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control and status registers: one row each. RISC-V privileged architecture 20240411, chapters 2,
 * 3 and 11; AIA 1.0 chapter 2; Sstc. A number without a row traps, which is how firmware finds out
 * what a hart has: there is no mseccfg, mstateen, Sscofpmf, debug or hypervisor register here.
 * mvien, the iprio arrays, triggers and counters 3..31 are read-only zero.
 */
#include <stddef.h>

#include "hart.h"

enum effect {
	FX_IRQ = 1,     /* may make an interrupt takeable */
	FX_CONTEXT = 2, /* selects how addresses are translated */
	FX_COUNTER = 4  /* the instruction that writes it is not counted by it */
};

struct csr {
	uint16_t number, n; /* n consecutive numbers */
	const char *name;
	/* conditions beyond the privilege and read-only bits of the number; NULL: none */
	bool (*exists)(const struct iss_hart *hart, unsigned csr, enum iss_priv priv);
	/* a handler, else a field of the hart, else a constant; handlers may refuse */
	bool (*read)(struct iss_hart *hart, unsigned csr, uint64_t *value);
	bool (*write)(struct iss_hart *hart, unsigned csr, uint64_t value);
	/* what set and clear start from, where that differs from what is read */
	uint64_t (*base)(struct iss_hart *hart);
	size_t field;
	uint64_t mask; /* writable bits of the field */
	uint64_t constant;
	unsigned effects;
};

/* ---- floating point ---- */

static bool fs_on(const struct iss_hart *hart, unsigned csr, enum iss_priv priv)
{
	(void)csr;
	(void)priv;
	return (hart->mstatus & MSTATUS_FS) != 0;
}

enum {
	CSR_FFLAGS = 1,
	CSR_FRM = 2
};

static bool read_fp(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	*value = csr == CSR_FFLAGS ? hart->fflags
		 : csr == CSR_FRM  ? hart->frm
				   : (uint64_t)(hart->frm << 5 | hart->fflags);
	return true;
}

static bool write_fp(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	if (csr != CSR_FRM)
		hart->fflags = value & 0x1f;
	if (csr != CSR_FFLAGS)
		hart->frm = (csr == CSR_FRM ? value : value >> 5) & 7;
	hart->mstatus |= MSTATUS_FS;
	return true;
}

/* ---- status ---- */

#define SSTATUS_WRITABLE                                                                           \
	(MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR)
#define MSTATUS_WRITABLE                                                                           \
	(SSTATUS_WRITABLE | MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP | MSTATUS_MPRV |              \
	 MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR)

static bool read_mstatus(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	(void)csr;
	*value = hart->mstatus & ~MSTATUS_SD;
	if ((hart->mstatus & MSTATUS_FS) == MSTATUS_FS)
		*value |= MSTATUS_SD;
	return true;
}

static bool write_mstatus(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	uint64_t mask = MSTATUS_WRITABLE;

	(void)csr;
	if (vcxl_field_get(value, 12, 11) == 2) /* no such privilege mode */
		mask &= ~MSTATUS_MPP;
	hart->mstatus = (hart->mstatus & ~mask) | (value & mask);
	return true;
}

static bool read_sstatus(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	read_mstatus(hart, csr, value);
	*value &= SSTATUS_WRITABLE | MSTATUS_UXL | MSTATUS_SD;
	return true;
}

static bool write_sstatus(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	(void)csr;
	hart->mstatus = (hart->mstatus & ~SSTATUS_WRITABLE) | (value & SSTATUS_WRITABLE);
	return true;
}

/* ---- interrupts ---- */

#define S_INTERRUPTS (VCXL_BIT(IRQ_SSI) | VCXL_BIT(IRQ_STI) | VCXL_BIT(IRQ_SEI))
#define INTERRUPTS   (S_INTERRUPTS | S_INTERRUPTS << 2)

/* STIP is a plain bit only as long as Sstc does not drive it. */
static uint64_t mip_writable(const struct iss_hart *hart)
{
	return hart->menvcfg & MENVCFG_STCE ? S_INTERRUPTS & ~VCXL_BIT(IRQ_STI) : S_INTERRUPTS;
}

static bool read_mip(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	(void)csr;
	*value = iss_mip(hart);
	return true;
}

/* SEIP reads as the OR with the external signal, which must not leak into the writable bit. */
static uint64_t mip_base(struct iss_hart *hart)
{
	const uint64_t seip = VCXL_BIT(IRQ_SEI);

	return (iss_mip(hart) & ~seip) | (hart->mip_soft & seip);
}

static bool read_mvip(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	(void)csr;
	*value = hart->mip_soft & mip_writable(hart);
	return true;
}

static bool write_mip(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	const uint64_t mask = mip_writable(hart);

	(void)csr;
	hart->mip_soft = (hart->mip_soft & ~mask) | (value & mask);
	return true;
}

static bool read_sip(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	(void)csr;
	*value = iss_mip(hart) & hart->mideleg;
	return true;
}

static bool write_sip(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	const uint64_t mask = VCXL_BIT(IRQ_SSI) & hart->mideleg;

	(void)csr;
	hart->mip_soft = (hart->mip_soft & ~mask) | (value & mask);
	return true;
}

static bool read_sie(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	(void)csr;
	*value = hart->mie & hart->mideleg;
	return true;
}

static bool write_sie(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	(void)csr;
	hart->mie = (hart->mie & ~hart->mideleg) | (value & hart->mideleg);
	return true;
}

/* ---- AIA: CSR bits 9:8 of these numbers tell the level ---- */

static bool of_machine(unsigned csr)
{
	return vcxl_field_get(csr, 9, 8) == ISS_PRIV_M;
}

static struct iss_imsic *imsic_of(struct iss_hart *hart, unsigned csr)
{
	return &hart->imsic[of_machine(csr) ? ISS_IMSIC_M : ISS_IMSIC_S];
}

static bool has_imsic(const struct iss_hart *hart, unsigned csr, enum iss_priv priv)
{
	(void)csr;
	(void)priv;
	return hart->config.imsic;
}

static bool ireg(struct iss_hart *hart, unsigned csr, bool write, uint64_t value, uint64_t *old)
{
	const uint64_t select = of_machine(csr) ? hart->miselect : hart->siselect;

	*old = 0;
	if (select >= 0x30 && select <= 0x3f) /* iprio0, iprio2, ... iprio14 */
		return select % 2 == 0;
	return hart->config.imsic && select >= 0x70 && select <= 0xff &&
	       iss_imsic_reg(imsic_of(hart, csr), (unsigned)select, write, value, old);
}

static bool read_ireg(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	return ireg(hart, csr, false, 0, value);
}

static bool write_ireg(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	uint64_t old;

	return ireg(hart, csr, true, value, &old);
}

static bool read_topei(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	const uint64_t id = iss_imsic_top(imsic_of(hart, csr));

	*value = id << 16 | id;
	return true;
}

/* Any write claims what a read would have reported. */
static bool write_topei(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	struct iss_imsic *file = imsic_of(hart, csr);
	const uint32_t id = iss_imsic_top(file);

	(void)value;
	file->eip[id / 64] &= ~VCXL_BIT(id % 64);
	return true;
}

static bool read_topi(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	const uint64_t level = of_machine(csr) ? ~hart->mideleg : hart->mideleg;
	const uint64_t irq = iss_irq_highest(iss_mip(hart) & hart->mie & level);

	*value = irq ? irq << 16 | 1 : 0; /* priority numbers are not configurable: always 1 */
	return true;
}

/* ---- counters ---- */

enum {
	COUNTER_CYCLE,
	COUNTER_TIME,
	COUNTER_INSTRET
};

static bool counter_enabled(const struct iss_hart *hart, unsigned csr, enum iss_priv priv)
{
	const uint64_t bit = VCXL_BIT(csr % 32);

	if (priv != ISS_PRIV_M && !(hart->mcounteren & bit))
		return false;
	return priv != ISS_PRIV_U || (hart->scounteren & bit);
}

static uint64_t *bias_of(struct iss_hart *hart, unsigned csr)
{
	return csr % 32 == COUNTER_CYCLE ? &hart->cycle_bias : &hart->instret_bias;
}

/* What the bias is added to: nothing while the counter is inhibited. */
static uint64_t count_of(const struct iss_hart *hart, unsigned csr)
{
	if (hart->mcountinhibit & VCXL_BIT(csr % 32))
		return 0;
	return csr % 32 == COUNTER_CYCLE ? hart->cycles : hart->instret;
}

static bool read_counter(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	*value = count_of(hart, csr) + *bias_of(hart, csr);
	return true;
}

static bool write_counter(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	*bias_of(hart, csr) = value - count_of(hart, csr);
	return true;
}

static bool write_mcountinhibit(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	static const unsigned counters[] = { COUNTER_CYCLE, COUNTER_INSTRET };

	(void)csr;
	for (unsigned i = 0; i < VCXL_ARRAY_LEN(counters); i++) {
		const uint64_t bit = VCXL_BIT(counters[i]);
		uint64_t now;

		read_counter(hart, counters[i], &now);
		hart->mcountinhibit = (hart->mcountinhibit & ~bit) | (value & bit);
		write_counter(hart, counters[i], now);
	}
	return true;
}

static bool read_time(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	(void)csr;
	*value = hart->ops.time(hart->ops.ctx);
	return true;
}

static bool stimecmp_enabled(const struct iss_hart *hart, unsigned csr, enum iss_priv priv)
{
	(void)csr;
	return priv == ISS_PRIV_M ||
	       ((hart->mcounteren & VCXL_BIT(COUNTER_TIME)) && (hart->menvcfg & MENVCFG_STCE));
}

static void timer_changed(struct iss_hart *hart)
{
	if (hart->ops.timer_changed)
		hart->ops.timer_changed(hart->ops.ctx);
}

static bool write_stimecmp(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	(void)csr;
	hart->stimecmp = value;
	timer_changed(hart);
	return true;
}

/* ---- environment, translation, protection ---- */

#define SENVCFG_WRITABLE (ENVCFG_FIOM | ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE)
#define MENVCFG_WRITABLE (SENVCFG_WRITABLE | MENVCFG_ADUE | MENVCFG_PBMTE | MENVCFG_STCE)

static uint64_t envcfg(uint64_t old, uint64_t value, uint64_t mask)
{
	if (vcxl_field_get(value, 5, 4) == 2) /* reserved CBIE */
		mask &= ~ENVCFG_CBIE;
	return (old & ~mask) | (value & mask);
}

static bool write_menvcfg(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	const uint64_t old = hart->menvcfg;

	(void)csr;
	hart->menvcfg = envcfg(old, value, MENVCFG_WRITABLE);
	if ((old ^ hart->menvcfg) & (MENVCFG_ADUE | MENVCFG_PBMTE))
		iss_tlb_flush_paging(hart);
	if ((old ^ hart->menvcfg) & MENVCFG_STCE)
		timer_changed(hart);
	return true;
}

static bool write_senvcfg(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	(void)csr;
	hart->senvcfg = envcfg(hart->senvcfg, value, SENVCFG_WRITABLE);
	return true;
}

static bool satp_allowed(const struct iss_hart *hart, unsigned csr, enum iss_priv priv)
{
	(void)csr;
	return priv == ISS_PRIV_M || !(hart->mstatus & MSTATUS_TVM);
}

static bool write_satp(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	const uint64_t mode = vcxl_field_get(value, 63, 60);

	(void)csr;
	if ((mode != 0 && mode != 8 && mode != 9) || value == hart->satp)
		return true;
	hart->satp = value;
	iss_tlb_flush_paging(hart);
	return true;
}

static bool read_pmpcfg(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	*value = iss_pmp_cfg_read(hart, csr % 16);
	return true;
}

static bool write_pmpcfg(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	iss_pmp_cfg_write(hart, csr % 16, value);
	return true;
}

static bool read_pmpaddr(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	*value = iss_pmp_addr_read(hart, csr % 16);
	return true;
}

static bool write_pmpaddr(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	iss_pmp_addr_write(hart, csr % 16, value);
	return true;
}

/* ---- the table, ordered by number ---- */

/* clang-format off */
#define FIELD(f, m) .field = offsetof(struct iss_hart, f), .mask = (m)
#define RW(r, w) .read = read_##r, .write = write_##w
#define RO(r) .read = read_##r
#define IF(c) .exists = (c)
#define FX(e) .effects = (e)

#define ISA(letter) VCXL_BIT((letter) - 'A')
#define MISA (2ull << 62 | ISA('A') | ISA('B') | ISA('C') | ISA('D') | ISA('F') | ISA('I') | \
	      ISA('M') | ISA('S') | ISA('U'))

static const struct csr csrs[] = {
	{ 0x001, 1, "fflags",      RW(fp, fp), IF(fs_on) },
	{ 0x002, 1, "frm",         RW(fp, fp), IF(fs_on) },
	{ 0x003, 1, "fcsr",        RW(fp, fp), IF(fs_on) },

	{ 0x100, 1, "sstatus",     RW(sstatus, sstatus), FX(FX_IRQ | FX_CONTEXT) },
	{ 0x104, 1, "sie",         RW(sie, sie), FX(FX_IRQ) },
	{ 0x105, 1, "stvec",       FIELD(stvec, ~2ull) },
	{ 0x106, 1, "scounteren",  FIELD(scounteren, 7) },
	{ 0x10a, 1, "senvcfg",     FIELD(senvcfg, 0), .write = write_senvcfg },
	{ 0x140, 1, "sscratch",    FIELD(sscratch, ~0ull) },
	{ 0x141, 1, "sepc",        FIELD(sepc, ~1ull) },
	{ 0x142, 1, "scause",      FIELD(scause, ~0ull) },
	{ 0x143, 1, "stval",       FIELD(stval, ~0ull) },
	{ 0x144, 1, "sip",         RW(sip, sip), FX(FX_IRQ) },
	{ 0x14d, 1, "stimecmp",    FIELD(stimecmp, 0), .write = write_stimecmp,
				   IF(stimecmp_enabled), FX(FX_IRQ) },
	{ 0x150, 1, "siselect",    FIELD(siselect, 0xfff) },
	{ 0x151, 1, "sireg",       RW(ireg, ireg), FX(FX_IRQ) },
	{ 0x15c, 1, "stopei",      RW(topei, topei), IF(has_imsic), FX(FX_IRQ) },
	{ 0x180, 1, "satp",        FIELD(satp, 0), .write = write_satp, IF(satp_allowed),
				   FX(FX_CONTEXT) },

	{ 0x300, 1, "mstatus",     RW(mstatus, mstatus), FX(FX_IRQ | FX_CONTEXT) },
	{ 0x301, 1, "misa",        .constant = MISA },
	{ 0x302, 1, "medeleg",     FIELD(medeleg, 0xb3ff) },
	{ 0x303, 1, "mideleg",     FIELD(mideleg, S_INTERRUPTS), FX(FX_IRQ) },
	{ 0x304, 1, "mie",         FIELD(mie, INTERRUPTS), FX(FX_IRQ) },
	{ 0x305, 1, "mtvec",       FIELD(mtvec, ~2ull) },
	{ 0x306, 1, "mcounteren",  FIELD(mcounteren, 7) },
	{ 0x308, 1, "mvien",       .constant = 0 },
	{ 0x309, 1, "mvip",        RW(mvip, mip), FX(FX_IRQ) },
	{ 0x30a, 1, "menvcfg",     FIELD(menvcfg, 0), .write = write_menvcfg, FX(FX_IRQ) },
	{ 0x320, 1, "mcountinhibit", FIELD(mcountinhibit, 0), .write = write_mcountinhibit },
	{ 0x323, 29, "mhpmevent3", .constant = 0 },
	{ 0x340, 1, "mscratch",    FIELD(mscratch, ~0ull) },
	{ 0x341, 1, "mepc",        FIELD(mepc, ~1ull) },
	{ 0x342, 1, "mcause",      FIELD(mcause, ~0ull) },
	{ 0x343, 1, "mtval",       FIELD(mtval, ~0ull) },
	{ 0x344, 1, "mip",         RW(mip, mip), .base = mip_base, FX(FX_IRQ) },
	{ 0x350, 1, "miselect",    FIELD(miselect, 0xfff) },
	{ 0x351, 1, "mireg",       RW(ireg, ireg), FX(FX_IRQ) },
	{ 0x35c, 1, "mtopei",      RW(topei, topei), IF(has_imsic), FX(FX_IRQ) },
	{ 0x3a0, 1, "pmpcfg0",     RW(pmpcfg, pmpcfg) },
	{ 0x3a2, 1, "pmpcfg2",     RW(pmpcfg, pmpcfg) },
	{ 0x3b0, ISS_PMP_ENTRIES, "pmpaddr0", RW(pmpaddr, pmpaddr) },
	{ 0x7a0, 4, "tselect",     .constant = 0 }, /* and tdata1..3 */

	{ 0xb00, 1, "mcycle",      RW(counter, counter), FX(FX_COUNTER) },
	{ 0xb02, 1, "minstret",    RW(counter, counter), FX(FX_COUNTER) },
	{ 0xb03, 29, "mhpmcounter3", .constant = 0 },
	{ 0xc00, 1, "cycle",       RO(counter), IF(counter_enabled) },
	{ 0xc01, 1, "time",        RO(time), IF(counter_enabled) },
	{ 0xc02, 1, "instret",     RO(counter), IF(counter_enabled) },
	{ 0xc03, 29, "hpmcounter3", .constant = 0, IF(counter_enabled) },

	{ 0xdb0, 1, "stopi",       RO(topi) },
	{ 0xf11, 3, "mvendorid",   .constant = 0 }, /* and marchid, mimpid */
	{ 0xf14, 1, "mhartid",     FIELD(config.hart_id, 0) },
	{ 0xf15, 1, "mconfigptr",  .constant = 0 },
	{ 0xfb0, 1, "mtopi",       RO(topi) },
};
/* clang-format on */

static const struct csr *find(unsigned csr)
{
	size_t low = 0, high = VCXL_ARRAY_LEN(csrs);

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (csr < csrs[middle].number)
			high = middle;
		else if (csr >= csrs[middle].number + csrs[middle].n)
			low = middle + 1;
		else
			return &csrs[middle];
	}
	return NULL;
}

/* The row, if an instruction at that privilege may access the register. */
static const struct csr *permitted(const struct iss_hart *hart, unsigned csr, enum iss_priv priv,
				   bool write)
{
	const struct csr *row = find(csr);

	if (!row || vcxl_field_get(csr, 9, 8) > (uint64_t)priv)
		return NULL;
	if (write && vcxl_field_get(csr, 11, 10) == 3)
		return NULL;
	return !row->exists || row->exists(hart, csr, priv) ? row : NULL;
}

static uint64_t *field_of(struct iss_hart *hart, const struct csr *row)
{
	return (uint64_t *)(void *)((unsigned char *)hart + row->field);
}

static bool read_row(struct iss_hart *hart, const struct csr *row, unsigned csr, uint64_t *value)
{
	if (row->read)
		return row->read(hart, csr, value);
	*value = row->field ? *field_of(hart, row) : row->constant;
	return true;
}

static bool write_row(struct iss_hart *hart, const struct csr *row, unsigned csr, uint64_t value)
{
	if (row->write) {
		if (!row->write(hart, csr, value))
			return false;
	} else if (row->field) {
		uint64_t *field = field_of(hart, row);

		*field = (*field & ~row->mask) | (value & row->mask);
	}
	if (row->effects & FX_IRQ)
		hart->check_irq = true;
	if (row->effects & FX_CONTEXT)
		iss_update_contexts(hart);
	return true;
}

bool iss_csr_rmw(struct iss_hart *hart, unsigned csr, enum iss_csr_op op, uint64_t operand,
		 bool read, bool write, uint64_t *old)
{
	const struct csr *row = permitted(hart, csr, hart->priv, write);
	uint64_t base;

	*old = 0;
	if (!row)
		return false;
	if ((read || op != ISS_CSR_WRITE) && !read_row(hart, row, csr, old))
		return false;
	if (!write)
		return true;
	base = row->base ? row->base(hart) : *old;
	if (op == ISS_CSR_SET)
		operand |= base;
	else if (op == ISS_CSR_CLEAR)
		operand = base & ~operand;
	if (!write_row(hart, row, csr, operand))
		return false;
	/* what was written is what the next instruction reads */
	if ((row->effects & FX_COUNTER) && !(hart->mcountinhibit & VCXL_BIT(csr % 32)))
		--*bias_of(hart, csr);
	return true;
}

bool iss_hart_csr_read(struct iss_hart *hart, unsigned csr, uint64_t *value)
{
	const struct csr *row = permitted(hart, csr, ISS_PRIV_M, false);

	return row && read_row(hart, row, csr, value);
}

bool iss_hart_csr_write(struct iss_hart *hart, unsigned csr, uint64_t value)
{
	const struct csr *row = permitted(hart, csr, ISS_PRIV_M, true);

	return row && write_row(hart, row, csr, value);
}

bool iss_csr_row(unsigned csr, const char **name, unsigned *index)
{
	const struct csr *row = find(csr);

	*name = row ? row->name : "";
	*index = row ? csr - row->number : 0;
	return row != NULL;
}
