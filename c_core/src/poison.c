/* SPDX-License-Identifier: Apache-2.0 */
/* Set of poisoned lines, kept as sorted ranges; see poison.h. */
#include "poison.h"

#include <string.h>

/* Ranges beyond what the list holds, so that overflow forgets only the listing. */
#define RANGES_PER_LISTED 4u

unsigned vcxl_poison_max_ranges(unsigned list_max)
{
	return RANGES_PER_LISTED * list_max;
}

size_t vcxl_poison_storage(unsigned list_max)
{
	return vcxl_poison_max_ranges(list_max) * sizeof(struct vcxl_poison_range);
}

void vcxl_poison_init(struct vcxl_poison *poison, void *storage, unsigned list_max)
{
	*poison = (struct vcxl_poison){ .ranges = storage, .list_max = list_max };
}

/* Index of the first range that ends behind dpa. */
static unsigned lower_bound(const struct vcxl_poison *poison, uint64_t dpa)
{
	unsigned low = 0, high = poison->n;

	while (low < high) {
		const unsigned middle = low + (high - low) / 2;
		const struct vcxl_poison_range *r = &poison->ranges[middle];

		if (r->dpa + r->len > dpa)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct vcxl_poison_range *vcxl_poison_find(const struct vcxl_poison *poison, uint64_t dpa,
					   uint64_t end)
{
	const unsigned i = lower_bound(poison, dpa);

	if (dpa >= end || i == poison->n || poison->ranges[i].dpa >= end)
		return NULL;
	return &poison->ranges[i];
}

const struct vcxl_poison_range *vcxl_poison_before(const struct vcxl_poison *poison, uint64_t dpa)
{
	const unsigned i = lower_bound(poison, dpa);

	return i ? &poison->ranges[i - 1] : NULL;
}

bool vcxl_poison_list(struct vcxl_poison *poison, struct vcxl_poison_range *range)
{
	if (range->listed)
		return true;
	if (poison->n_listed == poison->list_max)
		return false;
	range->listed = true;
	poison->n_listed++;
	return true;
}

/* Makes room at i for a range, and lists it when the list has room. */
static void insert(struct vcxl_poison *poison, unsigned i, const struct vcxl_poison_range *range,
		   uint64_t now_ns)
{
	struct vcxl_poison_range *at = &poison->ranges[i];

	memmove(at + 1, at, (poison->n - i) * sizeof(*at));
	*at = *range;
	at->listed = false;
	poison->n++;
	if (vcxl_poison_list(poison, at) || poison->overflowed)
		return;
	poison->overflowed = true;
	poison->overflow_ns = now_ns;
}

static void erase(struct vcxl_poison *poison, unsigned i)
{
	struct vcxl_poison_range *at = &poison->ranges[i];

	poison->n_listed -= at->listed;
	poison->n--;
	memmove(at, at + 1, (poison->n - i) * sizeof(*at));
}

enum vcxl_status vcxl_poison_add(struct vcxl_poison *poison, uint64_t dpa, uint64_t end,
				 enum vcxl_poison_source source, uint64_t now_ns)
{
	while (dpa < end) {
		const unsigned i = lower_bound(poison, dpa);
		const struct vcxl_poison_range *next = &poison->ranges[i];
		const bool found = i < poison->n && next->dpa < end;
		const uint64_t gap_end = found ? next->dpa : end;
		const struct vcxl_poison_range range = { .dpa = dpa,
							 .len = gap_end - dpa,
							 .source = (uint8_t)source };

		if (found && next->dpa <= dpa) {
			dpa = next->dpa + next->len;
			continue;
		}
		if (poison->n == vcxl_poison_max_ranges(poison->list_max))
			return VCXL_E_NOMEM;
		insert(poison, i, &range, now_ns);
		dpa = gap_end;
	}
	return VCXL_OK;
}

enum vcxl_status vcxl_poison_remove(struct vcxl_poison *poison, uint64_t dpa, uint64_t end,
				    uint64_t now_ns)
{
	unsigned i = lower_bound(poison, dpa);

	while (i < poison->n && poison->ranges[i].dpa < end) {
		struct vcxl_poison_range *r = &poison->ranges[i];
		const uint64_t r_end = r->dpa + r->len;

		if (r->dpa < dpa && r_end > end) {
			struct vcxl_poison_range behind = *r;

			if (poison->n == vcxl_poison_max_ranges(poison->list_max))
				return VCXL_E_NOMEM;
			behind.dpa = end;
			behind.len = r_end - end;
			insert(poison, i + 1, &behind, now_ns);
		}
		if (r->dpa < dpa) {
			r->len = dpa - r->dpa;
			i++;
		} else if (r_end > end) {
			r->dpa = end;
			r->len = r_end - end;
		} else {
			erase(poison, i);
		}
	}
	return VCXL_OK;
}

unsigned vcxl_poison_count(const struct vcxl_poison *poison, enum vcxl_poison_source source)
{
	unsigned n = 0;

	for (unsigned i = 0; i < poison->n; i++)
		n += poison->ranges[i].source == source;
	return n;
}
