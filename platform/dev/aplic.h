/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RISC-V AIA 1.0 chapter 4: APLIC with a machine-level root domain and one supervisor-level child,
 * in MSI delivery mode only: domaincfg.DM is hardwired to one, so there are no interrupt delivery
 * control structures. Little-endian only; no guest interrupt files.
 */
#ifndef VCXL_APLIC_H
#define VCXL_APLIC_H

#include "dev.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_APLIC_SOURCES 96u
#define VCXL_APLIC_WORDS   (VCXL_APLIC_SOURCES / 32 + 1) /* bit 0 is no source */

enum vcxl_aplic_level {
	VCXL_APLIC_M,
	VCXL_APLIC_S,
	VCXL_APLIC_N_DOMAINS
};

struct vcxl_aplic;

/* One control region: this is the device behind vcxl_aplic_ops. */
struct vcxl_aplic_domain {
	struct vcxl_aplic *aplic;
	enum vcxl_aplic_level level;
	bool enabled;    /* domaincfg.IE */
	bool forwarding; /* MSIs are being sent */
	bool busy;       /* genmsi.Busy */
	uint32_t genmsi;
	uint32_t sourcecfg[VCXL_APLIC_SOURCES + 1];
	uint32_t target[VCXL_APLIC_SOURCES + 1];
	uint32_t ip[VCXL_APLIC_WORDS], ie[VCXL_APLIC_WORDS];
	uint32_t rectified[VCXL_APLIC_WORDS];
};

struct vcxl_aplic {
	void *ctx;
	void (*msi)(void *ctx, uint64_t hpa, uint32_t data);
	struct vcxl_aplic_domain domains[VCXL_APLIC_N_DOMAINS];
	uint32_t wires[VCXL_APLIC_WORDS];
	uint32_t msiaddrcfg[4]; /* mmsiaddrcfg, mmsiaddrcfgh, smsiaddrcfg, smsiaddrcfgh */
};

extern const struct vcxl_dev_ops vcxl_aplic_ops;

/* The struct must not be moved afterwards: domains point to it. */
void vcxl_aplic_init(struct vcxl_aplic *aplic, void *ctx,
		     void (*msi)(void *ctx, uint64_t hpa, uint32_t data));
/* Wires keep their levels. */
void vcxl_aplic_reset(struct vcxl_aplic *aplic);
/* source: 1..VCXL_APLIC_SOURCES */
void vcxl_aplic_set_wire(struct vcxl_aplic *aplic, unsigned source, bool level);

#ifdef __cplusplus
}
#endif
#endif
