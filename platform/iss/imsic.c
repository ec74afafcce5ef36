/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt files of a hart's IMSIC. RISC-V Advanced Interrupt Architecture 1.0, chapter 3. The
 * memory-mapped seteipnum register belongs to the platform, which calls iss_hart_imsic_msi().
 * Left out: guest interrupt files, and eidelivery 0x40000000 (delivery from a PLIC or APLIC).
 */
#include <assert.h>

#include "hart.h"

#define N_WORDS (ISS_IMSIC_IDS / 64 + 1)

/* Values of miselect and siselect. */
enum {
	EIDELIVERY = 0x70,
	EITHRESHOLD = 0x72,
	EIP0 = 0x80,
	EIP63 = 0xbf,
	EIE0 = 0xc0,
	EIE63 = 0xff
};

uint32_t iss_imsic_top(const struct iss_imsic *file)
{
	for (unsigned i = 0; i < N_WORDS; i++) {
		const uint64_t candidates = file->eip[i] & file->eie[i];

		if (candidates) {
			const uint32_t id = 64 * i + (uint32_t)__builtin_ctzll(candidates);

			/* a lower identity has the higher priority; threshold 0 admits all */
			return !file->eithreshold || id < file->eithreshold ? id : 0;
		}
	}
	return 0;
}

static bool small_reg(uint32_t *reg, uint64_t max, bool write, uint64_t value, uint64_t *old)
{
	*old = *reg;
	if (write && value <= max)
		*reg = (uint32_t)value;
	return true;
}

/* eip<n> and eie<n>: 64 identities in each even register, odd ones do not exist for RV64. */
static bool array_reg(uint64_t *array, unsigned n, bool write, uint64_t value, uint64_t *old)
{
	const unsigned i = n / 2;

	*old = 0;
	if (n % 2)
		return false;
	if (i >= N_WORDS) /* identities that are not implemented: read-only zero */
		return true;
	*old = array[i];
	if (write)
		array[i] = i ? value : value & ~1ull;
	return true;
}

bool iss_imsic_reg(struct iss_imsic *file, unsigned select, bool write, uint64_t value,
		   uint64_t *old)
{
	if (select == EIDELIVERY)
		return small_reg(&file->eidelivery, 1, write, value, old);
	if (select == EITHRESHOLD)
		return small_reg(&file->eithreshold, ISS_IMSIC_IDS, write, value, old);
	if (select >= EIP0 && select <= EIP63)
		return array_reg(file->eip, select - EIP0, write, value, old);
	if (select >= EIE0 && select <= EIE63)
		return array_reg(file->eie, select - EIE0, write, value, old);
	*old = 0;
	return false;
}

void iss_hart_imsic_msi(struct iss_hart *hart, enum iss_imsic_file file, uint32_t identity)
{
	assert(file < ISS_N_IMSIC_FILES);
	if (!hart->config.imsic || identity == 0 || identity > ISS_IMSIC_IDS)
		return;
	hart->imsic[file].eip[identity / 64] |= VCXL_BIT(identity % 64);
	hart->check_irq = true;
}
