/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grants of host memory (DMI) that a hart remembers, and the tables of interleaved ones. CXL r3.1
 * 9.13 makes a set repeat after ways x granularity bytes; a period is here what that and a page
 * have as common multiple, so that a page has one table and a table one place in the period.
 */
#include <string.h>

#include "hart.h"

#define PAGE_MASK (~(uint64_t)(ISS_PAGE_SIZE - 1))

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		const uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Takes all tables back from the grants; what was made of them in the TLB stays true. */
static void reclaim_tables(struct iss_hart *hart)
{
	for (unsigned i = 0; i < ISS_N_GRANTS; i++)
		if (hart->grants[i].n_tables)
			hart->grants[i].dmi.size = 0;
	hart->tables_used = 0;
}

/* false: nothing that tables can express. */
static bool make_tables(struct iss_hart *hart, struct iss_grant *grant)
{
	const struct iss_dmi *dmi = &grant->dmi;
	const uint64_t turn = dmi->granule * dmi->n_slots;
	uint64_t n;

	if (!turn || dmi->granule < ISS_GRANULE || !vcxl_is_pow2(dmi->granule) ||
	    dmi->pa % ISS_PAGE_SIZE)
		return false;
	n = turn / gcd(turn, ISS_PAGE_SIZE);
	if (n > ISS_N_TABLES)
		return false;
	if (n > ISS_N_TABLES - hart->tables_used)
		reclaim_tables(hart);
	grant->first_table = hart->tables_used;
	grant->n_tables = (unsigned)n;
	grant->stride = n * ISS_PAGE_SIZE / turn * dmi->stride;
	hart->tables_used += grant->n_tables;
	for (uint64_t i = 0; i < n * ISS_GRANULES; i++) {
		const uint64_t offset = i * ISS_GRANULE;

		hart->tables[grant->first_table + i / ISS_GRANULES][i % ISS_GRANULES] =
			(uintptr_t)dmi->slots[offset % turn / dmi->granule] +
			(uintptr_t)(offset / turn * dmi->stride + offset % dmi->granule -
				    offset % ISS_PAGE_SIZE);
	}
	grant->dmi.slots = NULL;
	return true;
}

const struct iss_grant *iss_grant_of(struct iss_hart *hart, uint64_t pa)
{
	const uint64_t page = pa & PAGE_MASK;
	uint64_t *refused = &hart->refused[page / ISS_PAGE_SIZE % ISS_N_REFUSED];
	struct iss_grant fresh = { .n_tables = 0 };

	for (unsigned i = 0; i < ISS_N_GRANTS; i++)
		if (vcxl_range_inside(page, ISS_PAGE_SIZE, hart->grants[i].dmi.pa,
				      hart->grants[i].dmi.size))
			return &hart->grants[i];
	if (*refused == (page | 1))
		return NULL;
	if (!hart->ops.dmi || !hart->ops.dmi(hart->ops.ctx, page, &fresh.dmi) ||
	    !vcxl_range_inside(page, ISS_PAGE_SIZE, fresh.dmi.pa, fresh.dmi.size) ||
	    (fresh.dmi.n_slots && !make_tables(hart, &fresh))) {
		*refused = page | 1;
		return NULL;
	}
	hart->grant_next = (hart->grant_next + 1) % ISS_N_GRANTS;
	hart->grants[hart->grant_next] = fresh;
	return &hart->grants[hart->grant_next];
}

/* Host memory of a page less the elements of its table. */
static uintptr_t base_of(const struct iss_hart *hart, const struct iss_grant *grant, uint64_t pa,
			 const uintptr_t **table)
{
	const uint64_t page = (pa - grant->dmi.pa) / ISS_PAGE_SIZE;

	*table = hart->tables[grant->first_table + page % grant->n_tables];
	return (uintptr_t)(page / grant->n_tables * grant->stride);
}

uint8_t *iss_grant_host(const struct iss_hart *hart, const struct iss_grant *grant, uint64_t pa)
{
	const uint64_t at = vcxl_xor_apply(&grant->dmi.arithmetic, pa);
	const uintptr_t *table;
	uintptr_t base;

	if (!grant->n_tables)
		return grant->dmi.host + (pa - grant->dmi.pa);
	base = base_of(hart, grant, at, &table);
	/* granules of a page or more: every element of the table is the same */
	return (uint8_t *)(base + table[at / ISS_GRANULE % ISS_GRANULES] + at % ISS_PAGE_SIZE);
}

void iss_grant_granules(const struct iss_hart *hart, const struct iss_grant *grant, uint64_t page,
			uintptr_t host[ISS_GRANULES])
{
	const uintptr_t *table;
	uintptr_t base;

	if (grant->dmi.arithmetic.n) {
		for (unsigned i = 0; i < ISS_GRANULES; i++)
			host[i] = (uintptr_t)iss_grant_host(hart, grant, page + i * ISS_GRANULE);
		return;
	}
	base = base_of(hart, grant, page, &table);
	for (unsigned i = 0; i < ISS_GRANULES; i++)
		host[i] = base + table[i] + i * ISS_GRANULE;
}

void iss_grants_withdraw(struct iss_hart *hart, uint64_t pa, uint64_t size)
{
	for (unsigned i = 0; i < ISS_N_GRANTS; i++)
		if (iss_overlap(hart->grants[i].dmi.pa, hart->grants[i].dmi.size, pa, size))
			hart->grants[i].dmi.size = 0;
	memset(hart->refused, 0, sizeof(hart->refused));
}
