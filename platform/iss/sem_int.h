/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semantics of the integer instructions: RV64IM, Zba, Zbb, Zbs, Zicond, Zicsr, Zicbom, Zicboz and
 * the privileged ones. RISC-V unprivileged ISA. Each is one function of hart and decoded operands
 * that any engine may call; hart->next_pc is pc + len beforehand, jumps and traps replace it.
 * Atomics are in sem_amo.h, floating point in sem_fp.h.
 */
#ifndef ISS_SEM_INT_H
#define ISS_SEM_INT_H

#include <stdlib.h>

#include "decode.h"
#include "hart.h"
#include "mem.h"

/*
 * How an engine that runs blocks may execute an instruction, told beside its semantics as
 * iss_form_<name>. iss_try_<name> does what sem_<name> does where that needs neither pc nor exact
 * counts, else it refuses (false) and has changed nothing; of a branch it tells whether it is
 * taken.
 */
enum iss_form {
	ISS_PLAIN,   /* try, and where it refuses sem with exact pc and counts */
	ISS_MEMORY,  /* the same with iss_fine_<name> besides, for interleaved memory */
	ISS_FP,      /* the same, in need of the host's floating-point environment */
	ISS_PRECISE, /* sem with exact pc and counts: may trap, call out, change modes */
	ISS_LAST,    /* the same, and ends a block */
	ISS_BRANCH,
	ISS_JAL,
	ISS_JALR
};

#define ISS_FORM_ONLY(name, form)                                                                  \
	enum {                                                                                     \
		iss_form_##name = (form)                                                           \
	};
#define ISS_FORM(name, form)                                                                       \
	ISS_FORM_ONLY(name, form)                                                                  \
	static inline bool iss_fine_##name(struct iss_hart *hart, const struct iss_decoded *d)     \
	{                                                                                          \
		(void)hart, (void)d;                                                               \
		return false;                                                                      \
	}
/* A load or store that is written once, as iss_kind_<name>, for both kinds of memory. */
#define ISS_FORM_MEMORY(name)                                                                      \
	ISS_FORM_ONLY(name, ISS_MEMORY)                                                            \
	static inline bool iss_try_##name(struct iss_hart *hart, const struct iss_decoded *d)      \
	{                                                                                          \
		return iss_kind_##name(hart, d, false);                                            \
	}                                                                                          \
	static inline bool iss_fine_##name(struct iss_hart *hart, const struct iss_decoded *d)     \
	{                                                                                          \
		return iss_kind_##name(hart, d, true);                                             \
	}
/* An instruction of registers alone. */
#define ISS_ALWAYS(name)                                                                           \
	ISS_FORM(name, ISS_PLAIN)                                                                  \
	static inline bool iss_try_##name(struct iss_hart *hart, const struct iss_decoded *d)      \
	{                                                                                          \
		sem_##name(hart, d);                                                               \
		return true;                                                                       \
	}
#define ISS_NEVER(name, form)                                                                      \
	ISS_FORM(name, form)                                                                       \
	static inline bool iss_try_##name(struct iss_hart *hart, const struct iss_decoded *d)      \
	{                                                                                          \
		(void)hart, (void)d;                                                               \
		return false;                                                                      \
	}

__extension__ typedef __int128 iss_i128;
__extension__ typedef unsigned __int128 iss_u128;

static inline uint64_t iss_sext32(uint64_t value)
{
	return (uint64_t)(int64_t)(int32_t)(uint32_t)value;
}

static inline uint64_t iss_sra(uint64_t value, unsigned shift)
{
	return (uint64_t)((int64_t)value >> shift);
}

static inline uint64_t iss_rol64(uint64_t value, uint64_t shift)
{
	return value << (shift & 63) | value >> (-shift & 63);
}

static inline uint32_t iss_rol32(uint64_t value, uint64_t shift)
{
	const uint32_t word = (uint32_t)value;

	return word << (shift & 31) | word >> (-shift & 31);
}

/* RISC-V division traps neither on zero nor on overflow. "M" chapter, table of special values. */
static inline uint64_t iss_div(uint64_t a, uint64_t b)
{
	if (b == 0)
		return UINT64_MAX;
	return b == UINT64_MAX ? -a : (uint64_t)((int64_t)a / (int64_t)b);
}

static inline uint64_t iss_rem(uint64_t a, uint64_t b)
{
	if (b == 0)
		return a;
	return b == UINT64_MAX ? 0 : (uint64_t)((int64_t)a % (int64_t)b);
}

static inline uint64_t iss_divu(uint64_t a, uint64_t b)
{
	return b ? a / b : UINT64_MAX;
}

static inline uint64_t iss_remu(uint64_t a, uint64_t b)
{
	return b ? a % b : a;
}

static inline uint64_t iss_mulh(uint64_t a, uint64_t b)
{
	return (uint64_t)(((iss_i128)(int64_t)a * (int64_t)b) >> 64);
}

static inline uint64_t iss_mulhu(uint64_t a, uint64_t b)
{
	return (uint64_t)(((iss_u128)a * b) >> 64);
}

static inline uint64_t iss_mulhsu(uint64_t a, uint64_t b)
{
	return iss_mulhu(a, b) - ((int64_t)a < 0 ? b : 0);
}

static inline unsigned iss_clz32(uint32_t value)
{
	return value ? (unsigned)__builtin_clz(value) : 32;
}

static inline unsigned iss_ctz32(uint32_t value)
{
	return value ? (unsigned)__builtin_ctz(value) : 32;
}

static inline unsigned iss_clz64(uint64_t value)
{
	return value ? (unsigned)__builtin_clzll(value) : 64;
}

static inline unsigned iss_ctz64(uint64_t value)
{
	return value ? (unsigned)__builtin_ctzll(value) : 64;
}

/* SWAR: sums of 1, 2, 4 bits, then the sum of bytes in the top byte. */
static inline unsigned iss_cpop(uint64_t value)
{
	value -= (value >> 1) & 0x5555555555555555u;
	value = (value & 0x3333333333333333u) + ((value >> 2) & 0x3333333333333333u);
	value = (value + (value >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (unsigned)((value * 0x0101010101010101u) >> 56);
}

/* 0xff in each byte that is not zero. */
static inline uint64_t iss_orc_b(uint64_t value)
{
	const uint64_t low7 = 0x7f7f7f7f7f7f7f7fu;
	const uint64_t top = (((value & low7) + low7) | value) & ~low7;

	return (top >> 7) * 0xff;
}

/*
 * Two-operand arithmetic: a is rs1, b is rs2 and i is the immediate, sign-extended. W forms yield
 * the low 32 bits of the expression, sign-extended.
 */
#define ISS_SEM_VALUE(name, expression)                                                            \
	static inline void sem_##name(struct iss_hart *hart, const struct iss_decoded *d)          \
	{                                                                                          \
		const uint64_t a = hart->x[d->rs1];                                                \
		const uint64_t b = hart->x[d->rs2];                                                \
		const uint64_t i = (uint64_t)(int64_t)d->imm;                                      \
                                                                                                   \
		(void)a, (void)b, (void)i;                                                         \
		hart->x[d->rd] = (expression);                                                     \
	}                                                                                          \
	ISS_ALWAYS(name)
#define ISS_SEM_WORD(name, expression) ISS_SEM_VALUE(name, iss_sext32(expression))

/* clang-format off */
ISS_SEM_VALUE(addi,      a + i)
ISS_SEM_VALUE(slti,      (int64_t)a < (int64_t)i)
ISS_SEM_VALUE(sltiu,     a < i)
ISS_SEM_VALUE(xori,      a ^ i)
ISS_SEM_VALUE(ori,       a | i)
ISS_SEM_VALUE(andi,      a & i)
ISS_SEM_VALUE(slli,      a << (i & 63))
ISS_SEM_VALUE(srli,      a >> (i & 63))
ISS_SEM_VALUE(srai,      iss_sra(a, i & 63))
ISS_SEM_VALUE(add,       a + b)
ISS_SEM_VALUE(sub,       a - b)
ISS_SEM_VALUE(sll,       a << (b & 63))
ISS_SEM_VALUE(slt,       (int64_t)a < (int64_t)b)
ISS_SEM_VALUE(sltu,      a < b)
ISS_SEM_VALUE(xor,       a ^ b)
ISS_SEM_VALUE(srl,       a >> (b & 63))
ISS_SEM_VALUE(sra,       iss_sra(a, b & 63))
ISS_SEM_VALUE(or,        a | b)
ISS_SEM_VALUE(and,       a & b)
ISS_SEM_VALUE(lui,       i)
ISS_SEM_VALUE(auipc,     hart->pc + i)
ISS_SEM_WORD(addiw,      a + i)
ISS_SEM_WORD(slliw,      a << (i & 31))
ISS_SEM_WORD(srliw,      (uint32_t)a >> (i & 31))
ISS_SEM_WORD(sraiw,      iss_sra(iss_sext32(a), i & 31))
ISS_SEM_WORD(addw,       a + b)
ISS_SEM_WORD(subw,       a - b)
ISS_SEM_WORD(sllw,       a << (b & 31))
ISS_SEM_WORD(srlw,       (uint32_t)a >> (b & 31))
ISS_SEM_WORD(sraw,       iss_sra(iss_sext32(a), b & 31))

/* M. Words: sign- or zero-extended operands never overflow 64 bits; x / 0 is all ones in both. */
ISS_SEM_VALUE(mul,       a * b)
ISS_SEM_VALUE(mulh,      iss_mulh(a, b))
ISS_SEM_VALUE(mulhsu,    iss_mulhsu(a, b))
ISS_SEM_VALUE(mulhu,     iss_mulhu(a, b))
ISS_SEM_VALUE(div,       iss_div(a, b))
ISS_SEM_VALUE(divu,      iss_divu(a, b))
ISS_SEM_VALUE(rem,       iss_rem(a, b))
ISS_SEM_VALUE(remu,      iss_remu(a, b))
ISS_SEM_WORD(mulw,       a * b)
ISS_SEM_WORD(divw,       iss_div(iss_sext32(a), iss_sext32(b)))
ISS_SEM_WORD(divuw,      iss_divu((uint32_t)a, (uint32_t)b))
ISS_SEM_WORD(remw,       iss_rem(iss_sext32(a), iss_sext32(b)))
ISS_SEM_WORD(remuw,      iss_remu((uint32_t)a, (uint32_t)b))

/* Zba */
ISS_SEM_VALUE(sh1add,    (a << 1) + b)
ISS_SEM_VALUE(sh2add,    (a << 2) + b)
ISS_SEM_VALUE(sh3add,    (a << 3) + b)
ISS_SEM_VALUE(add_uw,    (uint32_t)a + b)
ISS_SEM_VALUE(sh1add_uw, ((uint64_t)(uint32_t)a << 1) + b)
ISS_SEM_VALUE(sh2add_uw, ((uint64_t)(uint32_t)a << 2) + b)
ISS_SEM_VALUE(sh3add_uw, ((uint64_t)(uint32_t)a << 3) + b)
ISS_SEM_VALUE(slli_uw,   (uint64_t)(uint32_t)a << (i & 63))

/* Zbb */
ISS_SEM_VALUE(andn,      a & ~b)
ISS_SEM_VALUE(orn,       a | ~b)
ISS_SEM_VALUE(xnor,      ~(a ^ b))
ISS_SEM_VALUE(clz,       iss_clz64(a))
ISS_SEM_VALUE(ctz,       iss_ctz64(a))
ISS_SEM_VALUE(cpop,      iss_cpop(a))
ISS_SEM_VALUE(clzw,      iss_clz32((uint32_t)a))
ISS_SEM_VALUE(ctzw,      iss_ctz32((uint32_t)a))
ISS_SEM_VALUE(cpopw,     iss_cpop((uint32_t)a))
ISS_SEM_VALUE(min,       (int64_t)a < (int64_t)b ? a : b)
ISS_SEM_VALUE(minu,      a < b ? a : b)
ISS_SEM_VALUE(max,       (int64_t)a < (int64_t)b ? b : a)
ISS_SEM_VALUE(maxu,      a < b ? b : a)
ISS_SEM_VALUE(sext_b,    (uint64_t)(int64_t)(int8_t)a)
ISS_SEM_VALUE(sext_h,    (uint64_t)(int64_t)(int16_t)a)
ISS_SEM_VALUE(zext_h,    (uint16_t)a)
ISS_SEM_VALUE(rol,       iss_rol64(a, b))
ISS_SEM_VALUE(ror,       iss_rol64(a, -b))
ISS_SEM_VALUE(rori,      iss_rol64(a, -i))
ISS_SEM_WORD(rolw,       iss_rol32(a, b))
ISS_SEM_WORD(rorw,       iss_rol32(a, -b))
ISS_SEM_WORD(roriw,      iss_rol32(a, -i))
ISS_SEM_VALUE(orc_b,     iss_orc_b(a))
ISS_SEM_VALUE(rev8,      __builtin_bswap64(a))

/* Zbs */
ISS_SEM_VALUE(bclr,      a & ~VCXL_BIT(b & 63))
ISS_SEM_VALUE(bclri,     a & ~VCXL_BIT(i & 63))
ISS_SEM_VALUE(bext,      a >> (b & 63) & 1)
ISS_SEM_VALUE(bexti,     a >> (i & 63) & 1)
ISS_SEM_VALUE(binv,      a ^ VCXL_BIT(b & 63))
ISS_SEM_VALUE(binvi,     a ^ VCXL_BIT(i & 63))
ISS_SEM_VALUE(bset,      a | VCXL_BIT(b & 63))
ISS_SEM_VALUE(bseti,     a | VCXL_BIT(i & 63))

/* Zicond */
ISS_SEM_VALUE(czero_eqz, b ? a : 0)
ISS_SEM_VALUE(czero_nez, b ? 0 : a)
/* clang-format on */

#define ISS_SEM_BRANCH(name, condition)                                                            \
	ISS_FORM(name, ISS_BRANCH)                                                                 \
	static inline bool iss_try_##name(struct iss_hart *hart, const struct iss_decoded *d)      \
	{                                                                                          \
		const uint64_t a = hart->x[d->rs1];                                                \
		const uint64_t b = hart->x[d->rs2];                                                \
                                                                                                   \
		return condition;                                                                  \
	}                                                                                          \
	static inline void sem_##name(struct iss_hart *hart, const struct iss_decoded *d)          \
	{                                                                                          \
		if (iss_try_##name(hart, d))                                                       \
			hart->next_pc = hart->pc + (uint64_t)(int64_t)d->imm;                      \
	}

ISS_SEM_BRANCH(beq, a == b)
ISS_SEM_BRANCH(bne, a != b)
ISS_SEM_BRANCH(blt, (int64_t)a < (int64_t)b)
ISS_SEM_BRANCH(bge, (int64_t)a >= (int64_t)b)
ISS_SEM_BRANCH(bltu, a < b)
ISS_SEM_BRANCH(bgeu, a >= b)

ISS_NEVER(jal, ISS_JAL)
ISS_NEVER(jalr, ISS_JALR)

static inline uint64_t iss_jalr_target(const struct iss_hart *hart, const struct iss_decoded *d)
{
	return (hart->x[d->rs1] + (uint64_t)(int64_t)d->imm) & ~1ull;
}

static inline void sem_jal(struct iss_hart *hart, const struct iss_decoded *d)
{
	hart->x[d->rd] = hart->pc + d->len;
	hart->next_pc = hart->pc + (uint64_t)(int64_t)d->imm;
}

static inline void sem_jalr(struct iss_hart *hart, const struct iss_decoded *d)
{
	const uint64_t target = iss_jalr_target(hart, d);

	hart->x[d->rd] = hart->pc + d->len;
	hart->next_pc = target;
}

#define ISS_VA(hart, d) ((hart)->x[(d)->rs1] + (uint64_t)(int64_t)(d)->imm)

/*
 * Operands of a load or store as one number: what limits these is how many loads the host can do,
 * and the compiler would make four of it.
 */
static inline uint64_t iss_operands(const struct iss_decoded *d)
{
	uint64_t operands;

	memcpy(&operands, &d->rd, sizeof(operands));
	__asm__("" : "+r"(operands));
	return operands;
}
#define ISS_OPERAND_RD(operands)  ((operands)&0xff)
#define ISS_OPERAND_RS2(operands) ((operands) >> 16 & 0xff)
#define ISS_OPERAND_VA(hart, operands)                                                             \
	((hart)->x[(operands) >> 8 & 0xff] + (uint64_t)((int64_t)(operands) >> 32))

#define ISS_SEM_LOAD(name, size, type)                                                             \
	static inline void sem_##name(struct iss_hart *hart, const struct iss_decoded *d)          \
	{                                                                                          \
		uint64_t value;                                                                    \
                                                                                                   \
		if (iss_load(hart, ISS_VA(hart, d), size, &value))                                 \
			hart->x[d->rd] = (uint64_t)(type)value;                                    \
	}                                                                                          \
	ISS_INLINE bool iss_kind_##name(struct iss_hart *hart, const struct iss_decoded *d,        \
					bool fine)                                                 \
	{                                                                                          \
		const uint64_t o = iss_operands(d);                                                \
		uint64_t value;                                                                    \
                                                                                                   \
		if (!iss_load_kind(hart, ISS_OPERAND_VA(hart, o), size, fine, &value))             \
			return false;                                                              \
		hart->x[ISS_OPERAND_RD(o)] = (uint64_t)(type)value;                                \
		return true;                                                                       \
	}                                                                                          \
	ISS_FORM_MEMORY(name)
#define ISS_SEM_STORE(name, size)                                                                  \
	static inline void sem_##name(struct iss_hart *hart, const struct iss_decoded *d)          \
	{                                                                                          \
		iss_store(hart, ISS_VA(hart, d), size, hart->x[d->rs2]);                           \
	}                                                                                          \
	ISS_INLINE bool iss_kind_##name(struct iss_hart *hart, const struct iss_decoded *d,        \
					bool fine)                                                 \
	{                                                                                          \
		const uint64_t o = iss_operands(d);                                                \
                                                                                                   \
		return iss_store_kind(hart, ISS_OPERAND_VA(hart, o), size, fine,                   \
				      hart->x[ISS_OPERAND_RS2(o)]);                                \
	}                                                                                          \
	ISS_FORM_MEMORY(name)

ISS_SEM_LOAD(lb, 1, int8_t)
ISS_SEM_LOAD(lh, 2, int16_t)
ISS_SEM_LOAD(lw, 4, int32_t)
ISS_SEM_LOAD(ld, 8, uint64_t)
ISS_SEM_LOAD(lbu, 1, uint8_t)
ISS_SEM_LOAD(lhu, 2, uint16_t)
ISS_SEM_LOAD(lwu, 4, uint32_t)
ISS_SEM_STORE(sb, 1)
ISS_SEM_STORE(sh, 2)
ISS_SEM_STORE(sw, 4)
ISS_SEM_STORE(sd, 8)

/*
 * Two loads or stores of 8 bytes in a row, side by side by the same base, which the first one
 * leaves alone: compilers make them of copies, sums and stack frames. Where the 16 bytes are
 * aligned, one look at the TLB serves both; false: nothing done, they are not, or not of this kind
 * of memory.
 */
ISS_INLINE bool iss_is_pair(const struct iss_decoded *first, const struct iss_decoded *second)
{
	return (first->op == ISS_OP_ld || first->op == ISS_OP_sd) && second->op == first->op &&
	       second->rs1 == first->rs1 && abs(second->imm - first->imm) == 8 &&
	       (first->op == ISS_OP_sd || first->rd != first->rs1);
}

struct iss_pair {
	uint64_t va; /* of the lower one */
	unsigned at[2];
};

ISS_INLINE struct iss_pair iss_pair(const struct iss_hart *hart, uint64_t first, uint64_t second)
{
	const int64_t a = (int64_t)first >> 32, b = (int64_t)second >> 32;
	const int64_t low = a < b ? a : b;

	return (struct iss_pair){ hart->x[first >> 8 & 0xff] + (uint64_t)low,
				  { (unsigned)(a - low), (unsigned)(b - low) } };
}

ISS_INLINE bool iss_pair_ld(struct iss_hart *hart, const struct iss_decoded *first,
			    const struct iss_decoded *second, bool fine)
{
	const uint64_t o = iss_operands(first), p = iss_operands(second);
	const struct iss_pair pair = iss_pair(hart, o, p);
	const struct iss_tlb_entry *entry = iss_tlb_slot(hart->data_tlb, pair.va);
	uint8_t *host;

	if (!iss_tlb_hit_kind(hart->data_tlb, entry, entry->tag_load, pair.va, 16, fine, &host))
		return false;
	hart->x[ISS_OPERAND_RD(o)] = iss_host_load(host + pair.at[0], 8);
	hart->x[ISS_OPERAND_RD(p)] = iss_host_load(host + pair.at[1], 8);
	return true;
}

ISS_INLINE bool iss_pair_sd(struct iss_hart *hart, const struct iss_decoded *first,
			    const struct iss_decoded *second, bool fine)
{
	const uint64_t o = iss_operands(first), p = iss_operands(second);
	const struct iss_pair pair = iss_pair(hart, o, p);
	const struct iss_tlb_entry *entry = iss_tlb_slot(hart->data_tlb, pair.va);
	uint8_t *host;

	if (!iss_tlb_hit_kind(hart->data_tlb, entry, entry->tag_store, pair.va, 16, fine, &host))
		return false;
	iss_host_store(host + pair.at[0], 8, hart->x[ISS_OPERAND_RS2(o)]);
	iss_host_store(host + pair.at[1], 8, hart->x[ISS_OPERAND_RS2(p)]);
	return true;
}

static inline void sem_illegal(struct iss_hart *hart, const struct iss_decoded *d)
{
	iss_illegal(hart, d->bits);
}

ISS_NEVER(illegal, ISS_LAST)

/* Memory is in program order: nothing to order. */
static inline void sem_fence(struct iss_hart *hart, const struct iss_decoded *d)
{
	(void)hart, (void)d;
}
ISS_ALWAYS(fence)

/* Own stores to code take effect at once; what others stored is compared from here on. */
static inline void sem_fence_i(struct iss_hart *hart, const struct iss_decoded *d)
{
	(void)d;
	hart->code_epoch++;
}
ISS_NEVER(fence_i, ISS_LAST)

static inline void sem_ecall(struct iss_hart *hart, const struct iss_decoded *d)
{
	(void)d;
	iss_op_ecall(hart);
}
ISS_NEVER(ecall, ISS_LAST)

static inline void sem_ebreak(struct iss_hart *hart, const struct iss_decoded *d)
{
	(void)d;
	iss_trap(hart, ISS_CAUSE_BREAKPOINT, hart->pc);
}
ISS_NEVER(ebreak, ISS_LAST)

#define ISS_SEM_PRIVILEGED(name, form, call)                                                       \
	static inline void sem_##name(struct iss_hart *hart, const struct iss_decoded *d)          \
	{                                                                                          \
		call;                                                                              \
	}                                                                                          \
	ISS_NEVER(name, form)
#define ISS_SFENCE_VMA                                                                             \
	iss_op_sfence(hart, d->bits, d->rs1 != 0, hart->x[d->rs1], d->rs2 != 0, hart->x[d->rs2])

ISS_SEM_PRIVILEGED(mret, ISS_LAST, iss_op_mret(hart, d->bits))
ISS_SEM_PRIVILEGED(sret, ISS_LAST, iss_op_sret(hart, d->bits))
ISS_SEM_PRIVILEGED(wfi, ISS_LAST, iss_op_wfi(hart, d->bits))
ISS_SEM_PRIVILEGED(sfence_vma, ISS_LAST, ISS_SFENCE_VMA)
ISS_SEM_PRIVILEGED(sinval_vma, ISS_LAST, ISS_SFENCE_VMA)
ISS_SEM_PRIVILEGED(sfence_w_inval, ISS_LAST, iss_op_sfence_order(hart, d->bits))
ISS_SEM_PRIVILEGED(sfence_inval_ir, ISS_LAST, iss_op_sfence_order(hart, d->bits))
ISS_SEM_PRIVILEGED(cbo_inval, ISS_PRECISE,
		   iss_op_cbo(hart, d->bits, ISS_CBO_INVAL, hart->x[d->rs1]))
ISS_SEM_PRIVILEGED(cbo_clean, ISS_PRECISE,
		   iss_op_cbo(hart, d->bits, ISS_CBO_CLEAN, hart->x[d->rs1]))
ISS_SEM_PRIVILEGED(cbo_flush, ISS_PRECISE,
		   iss_op_cbo(hart, d->bits, ISS_CBO_FLUSH, hart->x[d->rs1]))
ISS_SEM_PRIVILEGED(cbo_zero, ISS_PRECISE, iss_op_cbo_zero(hart, d->bits, hart->x[d->rs1]))

/* CSRRW does not read with rd = x0; CSRRS and CSRRC do not write with rs1 = x0 or uimm = 0. */
static inline void iss_csr_insn(struct iss_hart *hart, const struct iss_decoded *d,
				enum iss_csr_op op, uint64_t operand)
{
	const bool read = op != ISS_CSR_WRITE || d->rd != ISS_X_SINK;
	const bool write = op == ISS_CSR_WRITE || d->rs1 != 0;
	uint64_t old = 0;

	if (!iss_csr_rmw(hart, (unsigned)d->imm, op, operand, read, write, &old))
		iss_illegal(hart, d->bits);
	else
		hart->x[d->rd] = old;
}

ISS_SEM_PRIVILEGED(csrrw, ISS_PRECISE, iss_csr_insn(hart, d, ISS_CSR_WRITE, hart->x[d->rs1]))
ISS_SEM_PRIVILEGED(csrrs, ISS_PRECISE, iss_csr_insn(hart, d, ISS_CSR_SET, hart->x[d->rs1]))
ISS_SEM_PRIVILEGED(csrrc, ISS_PRECISE, iss_csr_insn(hart, d, ISS_CSR_CLEAR, hart->x[d->rs1]))
ISS_SEM_PRIVILEGED(csrrwi, ISS_PRECISE, iss_csr_insn(hart, d, ISS_CSR_WRITE, d->rs1))
ISS_SEM_PRIVILEGED(csrrsi, ISS_PRECISE, iss_csr_insn(hart, d, ISS_CSR_SET, d->rs1))
ISS_SEM_PRIVILEGED(csrrci, ISS_PRECISE, iss_csr_insn(hart, d, ISS_CSR_CLEAR, d->rs1))

#endif
