/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Component registers of a port or device: the CXL.cache/mem block at 0x1000 of the 64 KiB
 * component register block, with the capability array, RAS, Link and HDM decoder capabilities.
 * CXL r3.1 8.2.3, 8.2.4. What lies outside that block reads 0.
 */
#ifndef VCXL_COMPONENT_H
#define VCXL_COMPONENT_H

#include <vcxl/hdm.h>
#include <vcxl/port.h>
#include <vcxl/ras.h>
#include <vcxl/regs.h>
#include <vcxl/trace.h>

#define VCXL_CACHEMEM_OFFSET 0x1000u
#define VCXL_CACHEMEM_SIZE   0x1000u

#define VCXL_RAS_QUEUE 16
/* Uncorrectable errors, oldest first; those that came while the queue was full have a status bit.
 */
struct vcxl_ras {
	struct vcxl_ras_error queue[VCXL_RAS_QUEUE];
	unsigned n;
	uint32_t without_header;
};

struct vcxl_component {
	struct vcxl_block block; /* offset 0 is 0x1000 of the component register block */
	uint8_t storage[4 * VCXL_CACHEMEM_SIZE];
	struct vcxl_hdm *hdm;            /* NULL: no HDM decoder capability */
	uint32_t ras_offset, hdm_offset; /* in block; 0: absent */
	struct vcxl_ras ras;
	const struct vcxl_trace *trace;
	const char *name;
};

/* hdm is initialised (config set) by the caller and borrowed; NULL: no such capability. */
void vcxl_component_init(struct vcxl_component *c, struct vcxl_hdm *hdm, bool ras,
			 const struct vcxl_trace *trace, const char *name);
/* Registers as the kind of reset demands (reference: RAS sticky, decoders and locks cleared by all
 * but FLR); decoded decoders follow, `changed` is called for those that vanish. */
void vcxl_component_reset(struct vcxl_component *c, enum vcxl_reset kind);
/* What all committed decoders lead to is reached no more, or again: `changed` is called for each.
 */
void vcxl_component_decoding_changed(const struct vcxl_component *c);
/* Offsets of the whole 64 KiB block; width 4 or 8, naturally aligned, else VCXL_E_ACCESS (CXL r3.1
 * 8.2.2). A read leaves *value as it is where there is no register. */
enum vcxl_status vcxl_component_access(struct vcxl_component *c, bool write, uint32_t offset,
				       unsigned width, uint64_t *value);

/* ---- ras.c ---- */
extern const struct vcxl_reg_table vcxl_ras_table;
bool vcxl_ras_uncorrectable_valid(enum vcxl_ras_uncorrectable bit);
bool vcxl_ras_correctable_valid(enum vcxl_ras_correctable bit);
/* Each: false, and nothing is recorded, for an error that is masked. */
bool vcxl_ras_record(struct vcxl_component *c, const struct vcxl_ras_error *error,
		     enum vcxl_error_message *severity);
bool vcxl_ras_record_correctable(struct vcxl_component *c, enum vcxl_ras_correctable bit);

/* ---- hdm.c ---- */
/* A commit request: the register fields of one decoder as software left them. */
struct vcxl_hdm_request {
	uint64_t base, size, skip;
	uint8_t eiw, eig;
	bool lock_on_commit;
	bool bi, uio;
	uint8_t targets[VCXL_HDM_MAX_TARGETS];
};
/* Checks and, when all rules hold, commits decoder n. CXL r3.1 8.2.4.20.12, 9.13.3. */
enum vcxl_hdm_error vcxl_hdm_commit(struct vcxl_hdm *hdm, unsigned n,
				    const struct vcxl_hdm_request *request);
/* Commit cleared by software; ignored for a locked decoder. */
void vcxl_hdm_uncommit(struct vcxl_hdm *hdm, unsigned n);
void vcxl_hdm_reset(struct vcxl_hdm *hdm);
void vcxl_hdm_add_dport(struct vcxl_hdm *hdm, uint8_t number);

#endif
