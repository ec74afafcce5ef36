/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traps, returns, interrupts and the SYSTEM instructions that are not CSR accesses. RISC-V
 * privileged architecture 20240411, chapters 3 and 12; Sstc; AIA 1.0 for what feeds mip.
 * Left out: nested and virtualised modes, NMI, double trap.
 */
#include <assert.h>
#include <string.h>

#include "hart.h"

/* where interrupts start in trap_counts */
#define IRQ_COUNTS      64u
#define CAUSE_INTERRUPT VCXL_BIT(63)

static void count(struct iss_hart *hart, unsigned index)
{
	assert(index < VCXL_ARRAY_LEN(hart->trap_counts));
	hart->trap_counts[index]++;
}

static uint64_t vector(uint64_t tvec, uint64_t cause)
{
	const uint64_t base = tvec & ~3ull;

	return (tvec & 1) && (cause & CAUSE_INTERRUPT) ? base + 4 * (cause & ~CAUSE_INTERRUPT)
						       : base;
}

/* Moves an enable bit to its stack bit and clears it. */
static uint64_t push_enable(uint64_t mstatus, uint64_t enable, uint64_t stacked)
{
	mstatus = mstatus & enable ? mstatus | stacked : mstatus & ~stacked;
	return mstatus & ~enable;
}

static uint64_t pop_enable(uint64_t mstatus, uint64_t enable, uint64_t stacked)
{
	mstatus = mstatus & stacked ? mstatus | enable : mstatus & ~enable;
	return mstatus | stacked;
}

/* Enters the handler; returns its address. */
static uint64_t enter(struct iss_hart *hart, enum iss_priv target, uint64_t cause, uint64_t epc,
		      uint64_t tval)
{
	uint64_t tvec;

	if (target == ISS_PRIV_M) {
		hart->mstatus = push_enable(hart->mstatus, MSTATUS_MIE, MSTATUS_MPIE);
		hart->mstatus = vcxl_field_set(hart->mstatus, 12, 11, hart->priv);
		hart->mepc = epc;
		hart->mcause = cause;
		hart->mtval = tval;
		tvec = hart->mtvec;
	} else {
		hart->mstatus = push_enable(hart->mstatus, MSTATUS_SIE, MSTATUS_SPIE);
		hart->mstatus = vcxl_field_set(hart->mstatus, 8, 8, hart->priv);
		hart->sepc = epc;
		hart->scause = cause;
		hart->stval = tval;
		tvec = hart->stvec;
	}
	hart->priv = target;
	iss_update_contexts(hart);
	return vector(tvec, cause);
}

void iss_trap(struct iss_hart *hart, enum iss_cause cause, uint64_t tval)
{
	const bool delegated = hart->priv != ISS_PRIV_M && (hart->medeleg >> cause & 1);

	count(hart, (unsigned)cause);
	hart->next_pc =
		enter(hart, delegated ? ISS_PRIV_S : ISS_PRIV_M, (uint64_t)cause, hart->pc, tval);
	hart->trapped = true;
}

void iss_illegal(struct iss_hart *hart, uint32_t bits)
{
	iss_trap(hart, ISS_CAUSE_ILLEGAL, bits);
}

void iss_hart_set_irq(struct iss_hart *hart, unsigned bit, bool level)
{
	assert(bit == IRQ_MSI || bit == IRQ_MTI ||
	       (!hart->config.imsic && (bit == IRQ_SEI || bit == IRQ_MEI)));
	if (level)
		hart->mip_lines |= VCXL_BIT(bit);
	else
		hart->mip_lines &= ~VCXL_BIT(bit);
	hart->check_irq = true;
}

static bool signals(const struct iss_imsic *file)
{
	return file->eidelivery && iss_imsic_top(file);
}

uint64_t iss_mip(struct iss_hart *hart)
{
	uint64_t mip = hart->mip_lines | hart->mip_soft;

	if (hart->menvcfg & MENVCFG_STCE) {
		hart->stip_by_time = hart->ops.time(hart->ops.ctx) >= hart->stimecmp;
		mip &= ~VCXL_BIT(IRQ_STI);
		if (hart->stip_by_time)
			mip |= VCXL_BIT(IRQ_STI);
	}
	if (hart->config.imsic) {
		if (signals(&hart->imsic[ISS_IMSIC_M]))
			mip |= VCXL_BIT(IRQ_MEI);
		if (signals(&hart->imsic[ISS_IMSIC_S]))
			mip |= VCXL_BIT(IRQ_SEI);
	}
	return mip;
}

bool iss_hart_has_work(struct iss_hart *hart)
{
	return (iss_mip(hart) & hart->mie) != 0;
}

uint64_t iss_hart_timer_deadline(const struct iss_hart *hart)
{
	if (!(hart->menvcfg & MENVCFG_STCE) || hart->ops.time(hart->ops.ctx) >= hart->stimecmp)
		return UINT64_MAX;
	return hart->stimecmp;
}

unsigned iss_irq_highest(uint64_t pending)
{
	static const uint8_t order[] = { IRQ_MEI, IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_SSI, IRQ_STI };

	for (unsigned i = 0; i < VCXL_ARRAY_LEN(order); i++)
		if (pending >> order[i] & 1)
			return order[i];
	return 0;
}

bool iss_take_interrupt(struct iss_hart *hart)
{
	const uint64_t pending = iss_mip(hart) & hart->mie;
	const bool m_enabled = hart->priv != ISS_PRIV_M || (hart->mstatus & MSTATUS_MIE);
	const bool s_enabled = hart->priv == ISS_PRIV_U ||
			       (hart->priv == ISS_PRIV_S && (hart->mstatus & MSTATUS_SIE));
	enum iss_priv target = ISS_PRIV_M;
	unsigned irq = 0;

	hart->check_irq = false;
	if (!pending)
		return false;
	if (m_enabled)
		irq = iss_irq_highest(pending & ~hart->mideleg);
	if (!irq && s_enabled) {
		irq = iss_irq_highest(pending & hart->mideleg);
		target = ISS_PRIV_S;
	}
	if (!irq)
		return false;
	count(hart, IRQ_COUNTS + irq);
	hart->pc = enter(hart, target, CAUSE_INTERRUPT | irq, hart->pc, 0);
	return true;
}

void iss_op_ecall(struct iss_hart *hart)
{
	iss_trap(hart, (enum iss_cause)(ISS_CAUSE_ECALL_U + (int)hart->priv), 0);
}

void iss_op_mret(struct iss_hart *hart, uint32_t bits)
{
	if (hart->priv != ISS_PRIV_M) {
		iss_illegal(hart, bits);
		return;
	}
	hart->priv = (enum iss_priv)vcxl_field_get(hart->mstatus, 12, 11);
	hart->mstatus = pop_enable(hart->mstatus, MSTATUS_MIE, MSTATUS_MPIE) & ~MSTATUS_MPP;
	if (hart->priv != ISS_PRIV_M)
		hart->mstatus &= ~MSTATUS_MPRV;
	hart->next_pc = hart->mepc;
	hart->check_irq = true;
	iss_update_contexts(hart);
}

void iss_op_sret(struct iss_hart *hart, uint32_t bits)
{
	if (hart->priv == ISS_PRIV_U ||
	    (hart->priv == ISS_PRIV_S && (hart->mstatus & MSTATUS_TSR))) {
		iss_illegal(hart, bits);
		return;
	}
	hart->priv = hart->mstatus & MSTATUS_SPP ? ISS_PRIV_S : ISS_PRIV_U;
	hart->mstatus = pop_enable(hart->mstatus, MSTATUS_SIE, MSTATUS_SPIE) &
			~(MSTATUS_SPP | MSTATUS_MPRV);
	hart->next_pc = hart->sepc;
	hart->check_irq = true;
	iss_update_contexts(hart);
}

void iss_op_wfi(struct iss_hart *hart, uint32_t bits)
{
	/* the bounded time after which WFI may trap (TW in S, always in U) is zero */
	if (hart->priv == ISS_PRIV_U ||
	    (hart->priv == ISS_PRIV_S && (hart->mstatus & MSTATUS_TW))) {
		iss_illegal(hart, bits);
		return;
	}
	hart->waiting = !iss_hart_has_work(hart);
}

void iss_op_sfence(struct iss_hart *hart, uint32_t bits, bool has_va, uint64_t va, bool has_asid,
		   uint64_t asid)
{
	if (hart->priv == ISS_PRIV_U ||
	    (hart->priv == ISS_PRIV_S && (hart->mstatus & MSTATUS_TVM))) {
		iss_illegal(hart, bits);
		return;
	}
	/* the TLB holds translations of the ASID in satp and of no other */
	if (has_asid && (asid & 0xffff) != vcxl_field_get(hart->satp, 59, 44))
		return;
	if (has_va)
		iss_tlb_flush_va(hart, va);
	else
		iss_tlb_flush_paging(hart);
}

void iss_op_sfence_order(struct iss_hart *hart, uint32_t bits)
{
	if (hart->priv == ISS_PRIV_U)
		iss_illegal(hart, bits);
}

void iss_trap_reset(struct iss_hart *hart)
{
	hart->priv = ISS_PRIV_M;
	hart->mstatus = vcxl_field_set(vcxl_field_set(0, 35, 34, 2), 33, 32, 2);
	hart->medeleg = hart->mideleg = hart->mie = hart->mip_soft = 0;
	hart->mtvec = hart->mepc = hart->mcause = hart->mtval = hart->mscratch = 0;
	hart->mcounteren = hart->menvcfg = hart->mcountinhibit = 0;
	hart->miselect = 0;
	hart->stvec = hart->sepc = hart->scause = hart->stval = hart->sscratch = hart->satp = 0;
	hart->scounteren = hart->senvcfg = hart->siselect = 0;
	hart->stimecmp = UINT64_MAX;
	hart->stip_by_time = false;
	hart->cycle_bias = hart->instret_bias = 0;
	memset(&hart->pmp, 0, sizeof(hart->pmp));
	memset(hart->imsic, 0, sizeof(hart->imsic));
	memset(hart->grants, 0, sizeof(hart->grants));
	memset(hart->refused, 0, sizeof(hart->refused));
	memset(hart->pmp_page, 0xff, sizeof(hart->pmp_page)); /* of no page */
	hart->tables_used = 0;
	memset(hart->trap_counts, 0, sizeof(hart->trap_counts));
	hart->trapped = hart->waiting = false;
	hart->check_irq = true;
	iss_tlb_reset(hart);
	iss_update_contexts(hart);
}
