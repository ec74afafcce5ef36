/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XOR interleave arithmetic of fixed memory windows. CXL r3.1 9.18.1.3, 9.18.1.4 (CXIMS).
 * A map says which address bits together select one bit of the target: its lowest set bit is that
 * bit. Written as a change of the address before modulo arithmetic: the host's address (SPA)
 * becomes the one that ports and devices decode (HPA), and by the same change the other way round.
 */
#ifndef VCXL_XOR_H
#define VCXL_XOR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_MAX_XOR_MAPS 4

/* map[0, n) valid, none of them 0. n = 0: modulo arithmetic. */
struct vcxl_xor {
	uint64_t map[VCXL_MAX_XOR_MAPS];
	unsigned n;
};

/* Each map in order: its lowest set bit becomes the parity of the bits that it names. */
static inline uint64_t vcxl_xor_apply(const struct vcxl_xor *arithmetic, uint64_t address)
{
	for (unsigned i = 0; i < arithmetic->n; i++) {
		const uint64_t map = arithmetic->map[i], bit = map & -map;

		if (__builtin_parityll(address & (map ^ bit)))
			address ^= bit;
	}
	return address;
}

#ifdef __cplusplus
}
#endif
#endif
