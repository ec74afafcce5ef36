/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CXL view of the machine: component registers (CXL r3.1 8.2.4), memory devices (8.2.8, 8.2.9) and
 * the planner's topology, built from what enumeration found.
 */
#ifndef FW_CXL_H
#define FW_CXL_H

#include <stdbool.h>
#include <stdint.h>

#include "pci.h"
#include "plan.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	CXL_DVSEC_DEVICE = 0,
	CXL_DVSEC_LOCATOR = 8,
	CXL_CAP_RAS = 2,
	CXL_CAP_LINK = 4,
	CXL_CAP_HDM = 5,
	CXL_BLOCK_COMPONENT = 1,
	CXL_BLOCK_DEVICE = 3
};

struct cxl_component {
	uint64_t base; /* 0: none found */
	uint32_t caps; /* bit n: capability id n present, n < 32 */
	uint64_t hdm;  /* address of the HDM decoder capability, 0: none */
	bool device_coherent_only;
	struct plan_hdm decoders;
};

/* Identify Memory Device and what goes with it. Sizes in bytes. */
struct cxl_memdev {
	uint64_t mailbox;
	uint32_t payload_size; /* 0: no mailbox */
	uint64_t status;       /* memory device status register */
	char firmware[17];
	uint64_t capacity, volatile_size, persistent_size;
	uint32_t lsa_size;
	uint32_t n_commands; /* in the Command Effects Log */
	const char *problem; /* NULL: usable */
};

/* By node of the topology; struct plan_node says of which kind. */
struct cxl_node {
	int function; /* PCI_NO_PARENT for host bridges */
	unsigned bridge;
	struct cxl_component component;
	struct cxl_memdev memdev;
};

struct cxl {
	const struct board *board;
	struct pci pci;
	struct plan_topology topology;
	struct cxl_node nodes[PLAN_MAX_NODES];
	int node_of[PCI_MAX_FUNCTIONS]; /* PLAN_NO_NODE: none */
	char error[160]; /* the first thing that makes the hierarchy unusable, "" when none */
};

/* Enumerates and fills everything; decoders are left as they are. */
void cxl_discover(struct cxl *cxl, const struct board *board);

/* Address and size of a register block of the function; false when it is not there. */
bool cxl_find_block(const struct pci *pci, const struct pci_function *f, unsigned id,
		    uint64_t *address, uint64_t *size);
void cxl_read_component(uint64_t base, struct cxl_component *component);

/* cxl_memdev.c */
void cxl_read_memdev(const struct cxl *cxl, const struct pci_function *f, struct cxl_memdev *m);
/* Sets Mem_Enable, without which the device answers no CXL.mem. */
void cxl_enable_memory(const struct cxl *cxl, const struct pci_function *f);

/* cxl_mailbox.c: the primary mailbox whose registers are at the address. */
void cxl_open_mailbox(struct cxl_memdev *m, uint64_t address, uint64_t length);
/* `n` <= 8 bytes of the payload as a little-endian number; fields are not aligned. */
uint64_t cxl_payload(const struct cxl_memdev *m, unsigned offset, unsigned n);
void cxl_put_payload(const struct cxl_memdev *m, unsigned offset, unsigned n, uint64_t value);
/* Runs a command, whose input the payload begins with. The length of its output, -1 unless it
 * succeeds. */
int cxl_command(const struct cxl_memdev *m, uint64_t timebase_hz, unsigned opcode,
		unsigned in_length);

/* hdm.c. False after a refusal, with cxl->error set. */
bool hdm_reset_all(struct cxl *cxl);
bool hdm_reset(struct cxl *cxl, int node);
/* All decoders of the array, in its order. Those that are to be locked are, if they may. */
bool hdm_commit(struct cxl *cxl, const struct plan_decoder *decoders, unsigned n, bool may_lock);
/* To be called before anything is locked, which freezes the enable bit too. */
void hdm_enable_all(struct cxl *cxl);

#ifdef __cplusplus
}
#endif

#endif
