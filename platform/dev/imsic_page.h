/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RISC-V AIA 1.0 chapter 3.5: the memory-mapped pages of the harts' interrupt files at one
 * privilege level, 4 KiB per hart. The files themselves are in the harts. Guest interrupt files
 * and the optional big-endian register are left out.
 */
#ifndef VCXL_IMSIC_PAGE_H
#define VCXL_IMSIC_PAGE_H

#include "dev.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vcxl_imsic_pages {
	unsigned n_harts;
	unsigned file; /* passed on: which of the harts' files these pages belong to */
	void *ctx;
	/* seteipnum_le was written */
	void (*msi)(void *ctx, unsigned hart, unsigned file, uint32_t identity);
};

/* Window of n_harts * 4096 bytes; beyond it are bus errors. */
extern const struct vcxl_dev_ops vcxl_imsic_ops;

#ifdef __cplusplus
}
#endif
#endif
