/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test pattern: which words of a region are written, and with what. Host-side tests predict
 * it, so it is a contract (docs of the boot configuration). The word at host address h is
 * the splitmix64 finaliser of h: an address that arrives at a wrong place shows.
 */
#ifndef FW_PATTERN_H
#define FW_PATTERN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	PATTERN_SPARSE = 4096,    /* words spread over the region */
	PATTERN_DENSE_STRIPES = 4 /* stripes (ways x granularity) at each end, every word */
};

uint64_t pattern_word(uint64_t hpa);
/* Offset of sparse word i < PATTERN_SPARSE in a region of `size` bytes. */
uint64_t pattern_sparse_offset(unsigned i, uint64_t size);

#ifdef __cplusplus
}
#endif
#endif
