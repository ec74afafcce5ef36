/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block engine: runs decoded blocks by computed goto, with the semantic functions of the step
 * engine and its results, instruction for instruction.
 *
 * Inside a block hart->pc is the address of its page and the counts include the whole block; what
 * needs them exact (slow memory paths, CSRs, traps) goes through precise(). The chain from block to
 * block stays in a page; everything else is looked up through the fetch TLB, as a fetch would be.
 */
#include "block.h"
#include "mem.h"
#include "sem_amo.h"
#include "sem_fp.h"
#include "sem_int.h"

/* labels as values */
#pragma GCC diagnostic ignored "-Wpedantic"

/* hart->steps_left becomes `exact`; the other counts follow. */
static inline void settle(struct iss_hart *hart, int64_t exact)
{
	const uint64_t done = hart->steps_left - (uint64_t)exact;

	hart->steps_left = (uint64_t)exact;
	hart->cycles += done;
	hart->instret += done;
}

/*
 * One instruction as the step engine does it: hart->pc and the counts are exact while it runs.
 * Moves pc behind it and returns whether the block goes on there.
 */
static bool precise(struct iss_hart *hart, const struct iss_slot *slot, int64_t budget)
{
	const uint64_t behind = hart->pc + slot->offset + slot->d.len;

	iss_fp_leave(hart);
	settle(hart, budget + slot->left + 1);
	hart->leave_block = false;
	hart->pc += slot->offset;
	hart->next_pc = behind;
	iss_execute(hart, &slot->d);
	hart->steps_left--;
	hart->cycles++;
	hart->instret += !hart->trapped;
	hart->trapped = false;
	hart->pc = hart->next_pc;
	return !(hart->leave_block | iss_interrupted(hart)) && hart->pc == behind;
}

/* The rest of a budget that is shorter than the next block. */
static void run_tail(struct iss_hart *hart)
{
	while (hart->steps_left && !iss_interrupted(hart))
		iss_step(hart);
}

/* Whether fetches from this page hit, in one piece or not. */
static inline bool is_fetched(const struct iss_tlb_entry *entry, uint64_t page)
{
	return page == (entry->tag_fetch & ~(uint64_t)ISS_TLB_GRANULE);
}

/*
 * The block at hart->pc, which it moves to the page; NULL: done for now. What blocks cannot do
 * (fetch misses, memory that is not host memory, instructions across pages) is stepped over here.
 */
static struct iss_block *enter(struct iss_hart *hart)
{
	while (hart->steps_left && !iss_interrupted(hart)) {
		const uint64_t page = hart->pc & ISS_PAGE_MASK;
		uint64_t steps = 1;

		if (is_fetched(iss_tlb_slot(hart->fetch_tlb, page), page)) {
			struct iss_block *block = iss_block_get(hart, hart->pc, &steps);

			if (block) {
				hart->pc = page;
				return block;
			}
		}
		do
			iss_step(hart);
		while (--steps && (hart->pc & ISS_PAGE_MASK) == page && hart->steps_left &&
		       !iss_interrupted(hart));
	}
	return NULL;
}

/* The block at va if it has been decoded and translated before. */
static inline struct iss_block *find(struct iss_hart *hart, uint64_t va)
{
	const struct iss_tlb_entry *entry = iss_tlb_slot(hart->fetch_tlb, va);
	const uint64_t pa = (entry->pa & ISS_PAGE_MASK) | va % ISS_PAGE_SIZE;
	struct iss_block *block = *iss_block_bucket(hart->blocks, pa);

	return ISS_LIKELY(is_fetched(entry, va & ISS_PAGE_MASK) && block && block->pa == pa) ? block
											     : NULL;
}

/* The block at va, in the same page as `from`, which will go on there on that way out. */
static struct iss_block *link(struct iss_hart *hart, struct iss_block *from, unsigned way,
			      uint64_t va)
{
	const uint64_t pa = (from->pa & ISS_PAGE_MASK) | va % ISS_PAGE_SIZE;
	struct iss_block *to = *iss_block_bucket(hart->blocks, pa);
	uint64_t steps;

	if (!ISS_LIKELY(to && to->pa == pa)) {
		hart->leave_block = false;
		to = iss_block_get(hart, va, &steps);
		if (hart->leave_block) /* room was made by dropping all blocks */
			return to;
	}
	from->next[way] = to;
	return to;
}

/* clang-format off */
#define NEXT do { slot++; goto *slot->handler; } while (0)
/* Starts a block; the budget pays for all of it. */
#define START(b)                                                                                   \
	do {                                                                                       \
		block = (b);                                                                       \
		budget -= block->n;                                                                \
		if (ISS_UNLIKELY(block->epoch != hart->code_epoch || budget < 0))                  \
			goto hesitate;                                                             \
		slot = block->slots;                                                               \
		goto *slot->handler;                                                               \
	} while (0)
#define CHAIN(way)                                                                                 \
	do {                                                                                       \
		if (ISS_UNLIKELY(!block->next[way])) {                                             \
			taken = (way);                                                             \
			goto link;                                                                 \
		}                                                                                  \
		START(block->next[way]);                                                           \
	} while (0)
#define BEHIND (hart->pc + slot->offset + slot->d.len)

#define IS(name, form) ((int)iss_form_##name == (int)(form))
/* Each form is constant, so that one branch remains. */
#define HANDLER(name)                                                                              \
	do_##name:                                                                                 \
	if (IS(name, ISS_PLAIN)) {                                                                 \
		if (ISS_LIKELY(iss_try_##name(hart, &slot->d)))                                    \
			NEXT;                                                                      \
		goto refused;                                                                      \
	} else if (IS(name, ISS_MEMORY)) {                                                         \
		if (ISS_LIKELY(iss_try_##name(hart, &slot->d)))                                    \
			NEXT;                                                                      \
		if (!iss_fine_##name(hart, &slot->d))                                              \
			goto refused;                                                              \
		slot->handler = &&fine_##name;                                                     \
		NEXT;                                                                              \
	fine_##name: /* what was interleaved once is asked first whether it is again */            \
		if (ISS_LIKELY(iss_fine_##name(hart, &slot->d)))                                   \
			NEXT;                                                                      \
		if (!iss_try_##name(hart, &slot->d))                                               \
			goto refused;                                                              \
		slot->handler = &&do_##name;                                                       \
		NEXT;                                                                              \
	} else if (IS(name, ISS_FP)) {                                                             \
		if (ISS_LIKELY(iss_try_##name(hart, &slot->d)))                                    \
			NEXT;                                                                      \
		goto fp_refused;                                                                   \
	} else if (IS(name, ISS_BRANCH)) {                                                         \
		if (iss_try_##name(hart, &slot->d))                                                \
			CHAIN(1);                                                                  \
		CHAIN(0);                                                                          \
	} else if (IS(name, ISS_JAL)) {                                                            \
		hart->x[slot->d.rd] = BEHIND;                                                      \
		CHAIN(1);                                                                          \
	} else if (IS(name, ISS_JALR)) {                                                           \
		target = iss_jalr_target(hart, &slot->d);                                          \
		hart->x[slot->d.rd] = BEHIND;                                                      \
		if (ISS_LIKELY((target & ISS_PAGE_MASK) == hart->pc)) {                            \
			next = block->next[1];                                                     \
			if (ISS_UNLIKELY(!next || (next->pa ^ target) % ISS_PAGE_SIZE))            \
				goto link_indirect;                                                \
			START(next);                                                               \
		}                                                                                  \
		next = find(hart, target);                                                         \
		hart->pc = target;                                                                 \
		if (ISS_UNLIKELY(!next))                                                           \
			goto away;                                                                 \
		hart->pc = target & ISS_PAGE_MASK;                                                 \
		START(next);                                                                       \
	} else if (IS(name, ISS_PRECISE)) {                                                        \
		goto refused;                                                                      \
	} else {                                                                                   \
		goto last;                                                                         \
	}
/* Two at once; from where they are found misaligned, one by one. */
#define NEXT_BUT_ONE do { slot += 2; goto *slot->handler; } while (0)
#define PAIR_HANDLER(name)                                                                         \
	pair_##name:                                                                               \
	if (ISS_LIKELY(iss_pair_##name(hart, &slot[0].d, &slot[1].d, false)))                      \
		NEXT_BUT_ONE;                                                                      \
	if (!iss_pair_##name(hart, &slot[0].d, &slot[1].d, true))                                  \
		goto single_##name;                                                                \
	slot->handler = &&fine_pair_##name;                                                        \
	NEXT_BUT_ONE;                                                                              \
	fine_pair_##name:                                                                          \
	if (ISS_LIKELY(iss_pair_##name(hart, &slot[0].d, &slot[1].d, true)))                       \
		NEXT_BUT_ONE;                                                                      \
	if (!iss_pair_##name(hart, &slot[0].d, &slot[1].d, false))                                 \
		goto single_##name;                                                                \
	slot->handler = &&pair_##name;                                                             \
	NEXT_BUT_ONE;                                                                              \
	single_##name:                                                                             \
	if (iss_pair(hart, iss_operands(&slot[0].d), iss_operands(&slot[1].d)).va % 16)            \
		slot->handler = &&do_##name;                                                       \
	if (iss_try_##name(hart, &slot->d) || iss_fine_##name(hart, &slot->d))                     \
		NEXT;                                                                              \
	goto refused;
/* clang-format on */

void iss_blocks_run(struct iss_hart *hart)
{
	static const void *const handlers[ISS_N_HANDLERS] = {
		[ISS_OP_illegal] = &&do_illegal,
#define OPCODE(major)
#define INSN(name, match, mask, format) [ISS_OP_##name] = &&do_##name,
#include "insns.def"
		[ISS_HANDLER_END] = &&end,
		[ISS_HANDLER_PAIR_LD] = &&pair_ld,
		[ISS_HANDLER_PAIR_SD] = &&pair_sd,
	};
	struct iss_block *block, *next;
	struct iss_slot *slot;
	uint64_t target;
	int64_t budget;
	unsigned taken;

	hart->blocks->handlers = handlers;
	goto enter_settled;

#define OPCODE(major)
#define INSN(name, match, mask, format) HANDLER(name)
#include "insns.def"
	HANDLER(illegal)
	PAIR_HANDLER(ld)
	PAIR_HANDLER(sd)

end:
	CHAIN(0);

fp_refused:
	if (iss_fp_enter(hart, &slot->d))
		goto * slot->handler;
refused:
	if (ISS_UNLIKELY(!precise(hart, slot, budget)))
		goto enter_settled;
	hart->pc -= (uint64_t)slot->offset + slot->d.len;
	NEXT;
last:
	precise(hart, slot, budget);
	goto enter_settled;

link: /* the way out of the block that `taken` says is not known yet, or leaves the page */
	slot = &block->slots[block->n - 1];
	target = taken ? hart->pc + (uint64_t)(int64_t)slot->d.imm : BEHIND;
	if ((target & ISS_PAGE_MASK) == hart->pc) {
		next = link(hart, block, taken, target);
	} else {
		next = find(hart, target);
		if (next)
			hart->pc = target & ISS_PAGE_MASK;
	}
	if (next)
		START(next);
	hart->pc = target;
	goto away;
link_indirect: /* another target than last time, in the same page */
	next = link(hart, block, 1, target);
	if (ISS_LIKELY(next))
		START(next);
	hart->pc = target;
away:
	iss_fp_leave(hart);
	settle(hart, budget);
	goto enter_settled;

hesitate: /* nothing of the block is done */
	budget += block->n;
	iss_fp_leave(hart);
	settle(hart, budget);
	hart->pc += block->slots[0].offset;
	if (block->epoch != hart->code_epoch)
		iss_block_renew(hart, block);
	else
		run_tail(hart);
enter_settled:
	block = enter(hart);
	if (!block)
		return;
	budget = (int64_t)hart->steps_left;
	START(block);
}
