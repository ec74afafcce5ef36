/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where messages of devices reach a hart: the device tree's bindings riscv,imsics and msi-parent,
 * RISC-V AIA 1.0 chapter 3. One group of harts; guest files only as gaps between the pages.
 */
#ifndef FW_IMSIC_H
#define FW_IMSIC_H

#include "dt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A hart's interrupt file of S-level. */
struct imsic {
	uint64_t page;    /* a 32-bit write of an identity there makes it pending */
	uint32_t last_id; /* identities are 1 to this */
};

/* The file of `hart` in the controller that `parent`, a phandle, names. NULL, or what is missing.
 */
const char *imsic_find(const struct dt *tree, uint32_t parent, uint64_t hart, struct imsic *imsic);

#ifdef __cplusplus
}
#endif
#endif
