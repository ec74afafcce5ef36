/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical memory protection: 16 entries, granularity 4 bytes (G = 0). RISC-V privileged
 * architecture 20240411, 3.7. Left out: Smepmp (mseccfg does not exist).
 */
#include <assert.h>
#include <string.h>

#include "hart.h"

#define PMP_R VCXL_BIT(0)
#define PMP_W VCXL_BIT(1)
#define PMP_X VCXL_BIT(2)
#define PMP_A VCXL_MASK(4, 3)
#define PMP_L VCXL_BIT(7)

#define NO_RIGHTS_KNOWN 0xffu /* in pmp_rights */

#define PMP_ADDR_MASK VCXL_MASK(53, 0) /* address bits 55:2 */

enum {
	PMP_OFF,
	PMP_TOR,
	PMP_NA4,
	PMP_NAPOT
};

static unsigned matching(uint8_t cfg)
{
	return (unsigned)vcxl_field_get(cfg, 4, 3);
}

static void decode(struct iss_pmp *pmp, unsigned i)
{
	const uint64_t addr = pmp->addr[i];
	const uint64_t below = i ? pmp->addr[i - 1] : 0;
	const uint64_t ones = addr ^ (addr + 1); /* the trailing ones and the zero above them */

	/* nothing: OFF, or TOR with an empty range */
	pmp->first[i] = 1;
	pmp->last[i] = 0;
	switch (matching(pmp->cfg[i])) {
	case PMP_TOR:
		if (below < addr) {
			pmp->first[i] = below << 2;
			pmp->last[i] = (addr << 2) - 1;
		}
		break;
	case PMP_NA4:
		pmp->first[i] = addr << 2;
		pmp->last[i] = addr << 2 | 3;
		break;
	case PMP_NAPOT:
		pmp->first[i] = (addr & ~ones) << 2;
		pmp->last[i] = (addr | ones) << 2 | 3;
		break;
	default:
		break;
	}
}

static void changed(struct iss_hart *hart)
{
	struct iss_pmp *pmp = &hart->pmp;

	pmp->n_active = 0;
	for (unsigned i = 0; i < ISS_PMP_ENTRIES; i++) {
		decode(pmp, i);
		if (matching(pmp->cfg[i]) != PMP_OFF)
			pmp->n_active = i + 1;
	}
	memset(hart->pmp_rights, NO_RIGHTS_KNOWN, sizeof(hart->pmp_rights));
	iss_tlb_flush(hart);
}

/* What an entry's configuration lets priv do: bit 1 << kind. */
static unsigned rights(uint8_t cfg, enum iss_priv priv)
{
	if (priv == ISS_PRIV_M && !(cfg & PMP_L))
		return 1u << ISS_FETCH | 1u << ISS_LOAD | 1u << ISS_STORE;
	return (cfg & PMP_X ? 1u << ISS_FETCH : 0) | (cfg & PMP_R ? 1u << ISS_LOAD : 0) |
	       (cfg & PMP_W ? 1u << ISS_STORE : 0);
}

/* The rights that hold for all of pa..last, or ISS_PMP_PARTIAL. */
static unsigned rights_in(const struct iss_hart *hart, uint64_t pa, uint64_t last,
			  enum iss_priv priv)
{
	const struct iss_pmp *pmp = &hart->pmp;

	for (unsigned i = 0; i < pmp->n_active; i++) {
		if (last < pmp->first[i] || pa > pmp->last[i])
			continue;
		/* the lowest-numbered entry that matches any byte decides, and must match all */
		if (pa < pmp->first[i] || last > pmp->last[i])
			return ISS_PMP_PARTIAL;
		return rights(pmp->cfg[i], priv);
	}
	return priv == ISS_PRIV_M ? rights(0, priv) : 0;
}

bool iss_pmp_allows(struct iss_hart *hart, uint64_t pa, uint64_t len, enum iss_access kind,
		    enum iss_priv priv)
{
	unsigned rights = ISS_PMP_PARTIAL;

	if (len <= ISS_PAGE_SIZE - pa % ISS_PAGE_SIZE)
		rights = iss_pmp_page(hart, pa & ~(uint64_t)(ISS_PAGE_SIZE - 1), priv);
	if (rights == ISS_PMP_PARTIAL)
		rights = rights_in(hart, pa, pa + len - 1, priv);
	return rights & 1u << kind;
}

unsigned iss_pmp_page(struct iss_hart *hart, uint64_t page_pa, enum iss_priv priv)
{
	const unsigned i = (unsigned)(page_pa / ISS_PAGE_SIZE % ISS_N_PMP_PAGES);
	const uint64_t key = page_pa | (uint64_t)priv;

	if (hart->pmp_page[i] != key || hart->pmp_rights[i] == NO_RIGHTS_KNOWN) {
		hart->pmp_page[i] = key;
		hart->pmp_rights[i] =
			(uint8_t)rights_in(hart, page_pa, page_pa + ISS_PAGE_SIZE - 1, priv);
	}
	return hart->pmp_rights[i];
}

/* pmpcfg0 holds entries 0..7, pmpcfg2 entries 8..15. */
static unsigned first_of_reg(unsigned reg)
{
	assert(reg % 2 == 0 && reg * 4 + 8 <= ISS_PMP_ENTRIES);
	return reg * 4;
}

uint64_t iss_pmp_cfg_read(const struct iss_hart *hart, unsigned reg)
{
	const unsigned first = first_of_reg(reg);
	uint64_t value = 0;

	for (unsigned i = 0; i < 8; i++)
		value |= (uint64_t)hart->pmp.cfg[first + i] << (8 * i);
	return value;
}

void iss_pmp_cfg_write(struct iss_hart *hart, unsigned reg, uint64_t value)
{
	const unsigned first = first_of_reg(reg);

	for (unsigned i = 0; i < 8; i++) {
		uint64_t cfg = (value >> (8 * i)) & (PMP_L | PMP_A | PMP_X | PMP_W | PMP_R);

		if (hart->pmp.cfg[first + i] & PMP_L)
			continue;
		if (!(cfg & PMP_R)) /* W without R is reserved */
			cfg &= ~PMP_W;
		hart->pmp.cfg[first + i] = (uint8_t)cfg;
	}
	changed(hart);
}

uint64_t iss_pmp_addr_read(const struct iss_hart *hart, unsigned i)
{
	assert(i < ISS_PMP_ENTRIES);
	return hart->pmp.addr[i];
}

void iss_pmp_addr_write(struct iss_hart *hart, unsigned i, uint64_t value)
{
	struct iss_pmp *pmp = &hart->pmp;

	assert(i < ISS_PMP_ENTRIES);
	if (pmp->cfg[i] & PMP_L)
		return;
	/* a locked TOR entry locks its lower bound too */
	if (i + 1 < ISS_PMP_ENTRIES && (pmp->cfg[i + 1] & PMP_L) &&
	    matching(pmp->cfg[i + 1]) == PMP_TOR)
		return;
	pmp->addr[i] = value & PMP_ADDR_MASK;
	changed(hart);
}
