/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Life of a hart and the step engine: fetch, decode, execute, one instruction at a time. RISC-V
 * unprivileged ISA, "RV64I", for what a step is; interrupts are taken between instructions. The
 * engine keeps nothing outside struct iss_hart, so that a run may end after any instruction.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hart.h"

#include "decode.h"
#include "mem.h"
#include "sem_amo.h"
#include "sem_fp.h"
#include "sem_int.h"

/*
 * A hart and its decode cache are one allocation, zeroed: an entry of zeros is the decoded form of
 * sixteen zero bits, illegal (the trap replaces next_pc, so that its length does not matter).
 */
_Static_assert(ISS_OP_illegal == 0, "an entry of zeros must be illegal");

struct hart_block {
	struct iss_hart hart;
	struct iss_decoded decoded[ISS_DECODE_CACHE];
};

struct iss_hart *iss_hart_create(const struct iss_config *config, const struct iss_ops *ops)
{
	struct hart_block *block = calloc(1, sizeof(*block));

	assert(config && ops && ops->access && ops->dmi && ops->time);
	if (!block)
		return NULL;
	block->hart.config = *config;
	block->hart.ops = *ops;
	block->hart.decoded = block->decoded;
	if (config->engine == ISS_ENGINE_BLOCK) {
		block->hart.blocks = iss_blocks_create();
		if (!block->hart.blocks) {
			free(block);
			return NULL;
		}
	}
	iss_hart_reset(&block->hart);
	return &block->hart;
}

void iss_hart_destroy(struct iss_hart *hart)
{
	if (!hart)
		return;
	iss_blocks_destroy(hart->blocks);
	free(hart); /* the first member of its hart_block */
}

void iss_hart_reset(struct iss_hart *hart)
{
	memset(hart->x, 0, sizeof(hart->x));
	memset(hart->f, 0, sizeof(hart->f));
	hart->pc = hart->next_pc = hart->config.reset_pc;
	hart->cycles = hart->instret = 0;
	hart->fflags = hart->frm = 0;
	hart->reservation_valid = false;
	hart->stop_requested = false;
	iss_trap_reset(hart);
	iss_blocks_withdraw(hart, 0, UINT64_MAX);
}

/*
 * The entry of the decode cache for these bits. The index comes from pc, which spreads a loop over
 * the cache without collision; what makes a hit is that the bits are equal, so that code may be
 * changed, remapped or aliased without any flush.
 */
static inline const struct iss_decoded *lookup(struct iss_hart *hart, uint32_t bits)
{
	struct iss_decoded *entry = &hart->decoded[hart->pc / 2 % ISS_DECODE_CACHE];

	if (ISS_UNLIKELY(entry->bits != bits))
		iss_decode(bits, entry);
	return entry;
}

void iss_execute(struct iss_hart *hart, const struct iss_decoded *d)
{
	switch ((enum iss_op)d->op) {
#define OPCODE(major)
#define INSN(name, match, mask, format)                                                            \
	case ISS_OP_##name:                                                                        \
		sem_##name(hart, d);                                                               \
		break;
#include "insns.def"
	case ISS_OP_illegal:
		sem_illegal(hart, d);
		break;
	case ISS_N_OPS:
		__builtin_unreachable();
	}
}

void iss_step(struct iss_hart *hart)
{
	const struct iss_decoded *d;
	uint32_t bits;

	if (ISS_LIKELY(iss_fetch_insn(hart, hart->pc, &bits))) {
		d = lookup(hart, bits);
		hart->next_pc = hart->pc + d->len;
		iss_execute(hart, d);
	}
	hart->pc = hart->next_pc;
	hart->steps_left--;
	hart->cycles++;
	hart->instret += !hart->trapped;
	hart->trapped = false;
}

/* What to do between two instructions; false: leave the run. */
static bool between_steps(struct iss_hart *hart)
{
	if (hart->stop_requested)
		return false;
	if (hart->waiting && !iss_hart_has_work(hart))
		return false;
	hart->waiting = false;
	if (hart->check_irq)
		iss_take_interrupt(hart);
	return true;
}

uint64_t iss_hart_run(struct iss_hart *hart, uint64_t max_steps, enum iss_stop *why)
{
	if (max_steps > INT64_MAX) /* budgets are signed in the block engine */
		max_steps = INT64_MAX;
	hart->steps_max = hart->steps_left = max_steps;
	hart->check_irq = true; /* time has passed since the last run */
	while (hart->steps_left) {
		if (ISS_UNLIKELY(iss_interrupted(hart)) && !between_steps(hart))
			break;
		if (hart->blocks)
			iss_blocks_run(hart);
		else
			iss_step(hart);
	}
	if (hart->stop_requested)
		*why = ISS_STOP_REQUEST;
	else
		*why = hart->waiting ? ISS_STOP_WFI : ISS_STOP_BUDGET;
	hart->stop_requested = false;
	max_steps -= hart->steps_left;
	hart->steps_max = hart->steps_left = 0;
	return max_steps;
}

uint64_t iss_hart_steps_run(const struct iss_hart *hart)
{
	return hart->steps_max - hart->steps_left;
}

void iss_hart_stop(struct iss_hart *hart)
{
	hart->stop_requested = true;
}

void iss_hart_code_written(struct iss_hart *hart, uint64_t pa, uint64_t size)
{
	iss_code_written(hart, pa, size);
}

void iss_hart_clear_reservation(struct iss_hart *hart)
{
	hart->reservation_valid = false;
}

uint64_t iss_hart_reg(const struct iss_hart *hart, unsigned n)
{
	assert(n <= 64);
	if (n < 32)
		return hart->x[n];
	return n == 32 ? hart->pc : hart->f[n - 33];
}

void iss_hart_set_reg(struct iss_hart *hart, unsigned n, uint64_t value)
{
	assert(n <= 64);
	if (n > 32)
		hart->f[n - 33] = value;
	else if (n == 32)
		hart->pc = value & ~1ull;
	else if (n)
		hart->x[n] = value;
}

uint64_t iss_hart_instret(const struct iss_hart *hart)
{
	return hart->instret;
}

unsigned iss_hart_priv(const struct iss_hart *hart)
{
	return (unsigned)hart->priv;
}

uint64_t iss_hart_trap_count(const struct iss_hart *hart, unsigned cause)
{
	return cause < VCXL_ARRAY_LEN(hart->trap_counts) ? hart->trap_counts[cause] : 0;
}

const char *iss_isa_string(void)
{
	return "rv64imafdc_zicbom_zicboz_zicntr_zicond_zicsr_zifencei_zba_zbb_zbs"
	       "_smaia_ssaia_sstc_svade_svadu_svinval_svnapot_svpbmt";
}
