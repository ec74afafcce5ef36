/* SPDX-License-Identifier: Apache-2.0 */
/* Bit and address arithmetic shared by the core, the devices and the instruction-set simulator. */
#ifndef VCXL_BITS_H
#define VCXL_BITS_H

#include <stdbool.h>
#include <stdint.h>

#define VCXL_KIB 1024ull
#define VCXL_MIB (1024ull * VCXL_KIB)
#define VCXL_GIB (1024ull * VCXL_MIB)

#define VCXL_BIT(n)       (1ull << (n))
#define VCXL_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Bits last..first inclusive, e.g. VCXL_MASK(7, 4) == 0xf0. */
#define VCXL_MASK(last, first) ((~0ull >> (63 - (last))) & (~0ull << (first)))

static inline uint64_t vcxl_field_get(uint64_t value, unsigned last, unsigned first)
{
	return (value & VCXL_MASK(last, first)) >> first;
}

static inline uint64_t vcxl_field_set(uint64_t value, unsigned last, unsigned first, uint64_t field)
{
	const uint64_t mask = VCXL_MASK(last, first);

	return (value & ~mask) | ((field << first) & mask);
}

static inline bool vcxl_is_pow2(uint64_t value)
{
	return value && !(value & (value - 1));
}

/* Whether [base, base+len) lies inside [outer_base, outer_base+outer_size); no wrap-around. */
static inline bool vcxl_range_inside(uint64_t base, uint64_t len, uint64_t outer_base,
				     uint64_t outer_size)
{
	return base >= outer_base && base - outer_base <= outer_size &&
	       len <= outer_size - (base - outer_base);
}

#endif
