/* SPDX-License-Identifier: Apache-2.0 */
/* The pattern of the guest's programs. */
#ifndef VCXL_GUEST_MIX_H
#define VCXL_GUEST_MIX_H

#include <stdint.h>

/* splitmix64: each address has a value of its own, so that a swapped granule shows */
static inline uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15U;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
	return x ^ (x >> 31);
}

#endif
