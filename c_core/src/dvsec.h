/* SPDX-License-Identifier: Apache-2.0 */
/* CXL DVSECs and the PCIe capabilities that ports and devices share. CXL r3.1 8.1. */
#ifndef VCXL_DVSEC_H
#define VCXL_DVSEC_H

#include <vcxl/pci.h>
#include <vcxl/port.h>
#include <vcxl/ras.h>

enum vcxl_pcie_type { /* PCIe r6.0 7.5.3.2, Device/Port Type */
	VCXL_PCIE_ENDPOINT = 0,
	VCXL_PCIE_ROOT_PORT = 4,
	VCXL_PCIE_UPSTREAM = 5,
	VCXL_PCIE_DOWNSTREAM = 6
};

#define VCXL_ROWS(r) (r), (unsigned)VCXL_ARRAY_LEN(r)
/* What 0 stands for in a configuration. */
#define VCXL_DEFAULT(field, value)                                                                 \
	do {                                                                                       \
		if (!(field))                                                                      \
			(field) = (value);                                                         \
	} while (0)

/* ---- pci.c ---- */
void vcxl_pci_add_rows(struct vcxl_pci *pci, uint32_t base, const struct vcxl_reg *rows,
		       unsigned n_rows, void *owner);
/* A configuration request: inside one dword and naturally aligned, else VCXL_E_ACCESS. */
enum vcxl_status vcxl_pci_config_access(struct vcxl_pci *pci, bool write, uint32_t offset,
					unsigned width, uint64_t *value);

/* ---- pcie_caps.c, pci_msi.c ---- */
/* PCI Express capability with link registers; port number for ports with a link below, which also
 * need a slot: a fixed one or that of slot.h. */
void vcxl_pcie_add(struct vcxl_pci *pci, uint16_t offset, enum vcxl_pcie_type type,
		   const struct vcxl_link_config *link, uint8_t port_number);
void vcxl_pcie_add_fixed_slot(struct vcxl_pci *pci, uint16_t number);
void vcxl_pcie_fill_fixed_slot(struct vcxl_pci *pci); /* presence detect */
/* Both ends train to the fastest and widest that both can (LnkSta); before that ports with a link
 * below show it down. */
void vcxl_pcie_train(struct vcxl_pci *upper, struct vcxl_pci *lower);
/* The same for the one end that is here; a peer of zeros limits nothing. */
void vcxl_pcie_train_to(struct vcxl_pci *pci, const struct vcxl_link_config *peer);
void vcxl_pcie_link_down(struct vcxl_pci *pci);
bool vcxl_link_valid(const struct vcxl_link_config *link);
/* A link of which nothing is said has 16 lanes of 32 GT/s. */
void vcxl_link_default(struct vcxl_link_config *link);
/* Whether software has just initiated a function-level reset; it is forgotten by asking. */
bool vcxl_pcie_take_flr(struct vcxl_pci *pci);
void vcxl_msi_add(struct vcxl_pci *pci, uint16_t offset); /* one vector, 64-bit */
void vcxl_ssvid_add(struct vcxl_pci *pci, uint16_t offset, uint16_t vendor, uint16_t device);
void vcxl_acs_add(struct vcxl_pci *pci);
void vcxl_dsn_add(struct vcxl_pci *pci, uint64_t serial);

/* ---- aer.c ---- */
void vcxl_aer_add(struct vcxl_pci *pci, bool root_port);
/* A corrected (VCXL_ERR_COR) or uncorrectable internal error of the function's own. */
void vcxl_aer_internal_error(struct vcxl_pci *pci, enum vcxl_error_message severity);
/* A message arrives at the secondary side of a bridge. */
void vcxl_aer_forward(struct vcxl_pci *pci, enum vcxl_error_message message, uint16_t requester);

/* CXL r3.1 8.1.5, 8.1.6, 8.1.7, 8.1.8, 8.1.9 */
void vcxl_dvsec_add_port_extensions(struct vcxl_pci *pci, bool upstream);
void vcxl_dvsec_add_gpf_port(struct vcxl_pci *pci);
void vcxl_dvsec_add_gpf_device(struct vcxl_pci *pci);
void vcxl_dvsec_add_flex_bus(struct vcxl_pci *pci, enum vcxl_pcie_type type, bool flit_256b);
/* component registers at BAR0; device registers at BAR2 when asked */
void vcxl_dvsec_add_register_locator(struct vcxl_pci *pci, bool device_registers);

/* CXL r3.1 8.1.3: DVSEC 0 of a memory device. */
uint16_t vcxl_dvsec_add_device(struct vcxl_pci *pci);
/* Its ranges, in bytes; range 2 is absent when 0. */
void vcxl_dvsec_set_ranges(struct vcxl_pci *pci, uint16_t dvsec, uint64_t range1_size,
			   uint64_t range2_size);
/* Mem_Enable of the DVSEC at that offset. */
bool vcxl_dvsec_mem_enabled(const struct vcxl_pci *pci, uint16_t dvsec);
/* Whether software has just initiated a CXL reset; it is forgotten by asking. */
bool vcxl_dvsec_take_reset(struct vcxl_pci *pci, uint16_t dvsec);
/* CXL Reset Mem Clr Enable */
bool vcxl_dvsec_mem_clear(const struct vcxl_pci *pci, uint16_t dvsec);
void vcxl_dvsec_reset_failed(struct vcxl_pci *pci, uint16_t dvsec);
/* GPF phase 2: what a port grants (DVSEC 4), or a device needs (DVSEC 5); UINT64_MAX: neither. */
uint64_t vcxl_dvsec_gpf_phase2_ps(const struct vcxl_pci *pci);

#endif
