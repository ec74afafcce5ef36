/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PCI Express function: 4 KiB of configuration space made of capability tables, its BARs, MSI or
 * MSI-X, and for a type 1 header the forwarding rules of a bridge. PCIe r6.0 7.5-7.9.
 */
#ifndef VCXL_PCI_H
#define VCXL_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include <vcxl/ras.h>
#include <vcxl/regs.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_PCI_CONFIG_SIZE 4096u
#define VCXL_PCI_N_BARS      6
#define VCXL_PCI_MAX_VECTORS 16

/* Register spaces of a function; BARs are bound to them by vcxl_pci_set_bar(). */
enum vcxl_space {
	VCXL_SPACE_CONFIG,    /* 4 KiB configuration space */
	VCXL_SPACE_COMPONENT, /* CXL r3.1 8.2.3: 64 KiB component registers (BAR0 or CHBCR) */
	VCXL_SPACE_DEVICE,    /* CXL r3.1 8.2.8: device registers (BAR2) */
	VCXL_SPACE_MSIX,      /* MSI-X table and PBA (BAR4) */
	VCXL_N_SPACES
};

/* What a function sends by itself. An interrupt is a 4-byte write of data to an address of the
 * host.
 */
struct vcxl_irq_ops {
	void *ctx;
	void (*msi)(void *ctx, uint64_t hpa, uint32_t data); /* may be NULL: dropped */
	/* An error message goes up the link, from the function `requester`; may be NULL: dropped.
	 */
	void (*error)(void *ctx, enum vcxl_error_message message, uint16_t requester);
};

struct vcxl_pci_bar {
	uint64_t size;         /* power of two; 0: BAR not implemented */
	enum vcxl_space space; /* what it shows */
};

struct vcxl_pci_identity {
	uint16_t vendor, device, subsystem_vendor, subsystem;
	uint32_t class_code; /* 24 bits, base class in 23:16 */
	uint8_t revision;
	bool bridge; /* type 1 header */
};

/* An entry of the MSI-X table; MSI functions use vector 0 of their capability instead. */
struct vcxl_pci_vector {
	uint64_t address;
	uint32_t data, control;
};

struct vcxl_pci {
	struct vcxl_block config;
	uint8_t storage[4 * VCXL_PCI_CONFIG_SIZE];
	struct vcxl_pci_bar bars[VCXL_PCI_N_BARS];
	const struct vcxl_irq_ops *irq;
	unsigned n_vectors; /* MSI-X vectors; 0: MSI with one vector, or none */
	uint16_t msix_offset, msi_offset, pcie_offset, aer_offset; /* 0: capability absent */
	struct vcxl_pci_vector vectors[VCXL_PCI_MAX_VECTORS];
	uint16_t pending;                                       /* MSI-X PBA */
	uint16_t requester_id;                                  /* bus 15:8, devfn 7:0 */
	uint16_t last_capability, next_extended, last_extended; /* layout cursor */
	bool is_bridge;
};

/* Header of the given identity; no BARs, no capabilities yet. irq is borrowed, may be NULL. */
void vcxl_pci_init(struct vcxl_pci *pci, const struct vcxl_pci_identity *id,
		   const struct vcxl_irq_ops *irq);

/* A 64-bit memory BAR at index 0, 2 or 4 showing `space`; size is a power of two, >= 4 KiB. */
void vcxl_pci_set_bar(struct vcxl_pci *pci, unsigned index, uint64_t size, enum vcxl_space space);

/*
 * Lay out capabilities. The rows start behind the header that these functions write (offset 0 of
 * the table is the capability itself). Legacy capabilities go where told (below 0x100), extended
 * ones and DVSECs one behind the other from 0x100. Each returns the offset of the capability.
 */
uint16_t vcxl_pci_add_capability(struct vcxl_pci *pci, uint8_t id, uint16_t offset,
				 const struct vcxl_reg *rows, unsigned n_rows, void *owner);
uint16_t vcxl_pci_add_extended(struct vcxl_pci *pci, uint16_t id, uint8_t version, uint16_t length,
			       const struct vcxl_reg *rows, unsigned n_rows, void *owner);
/* CXL r3.1 8.1: vendor 0x1e98. */
uint16_t vcxl_pci_add_dvsec(struct vcxl_pci *pci, uint16_t dvsec_id, uint8_t revision,
			    uint16_t length, const struct vcxl_reg *rows, unsigned n_rows,
			    void *owner);

/* MSI-X with its table in BAR4, pending bits at +0x800. */
void vcxl_pci_add_msix(struct vcxl_pci *pci, uint16_t offset, unsigned n_vectors);

/* Finds the CXL DVSEC of that id; 0 when the function has none. */
uint16_t vcxl_pci_find_dvsec(const struct vcxl_pci *pci, uint16_t dvsec_id);

/* CXL.io address decoding: whether an enabled BAR claims [address, address+len), and where. */
bool vcxl_pci_claims(const struct vcxl_pci *pci, uint64_t address, unsigned len,
		     enum vcxl_space *space, uint64_t *offset);
/* Bridges: whether the memory or prefetchable window forwards the address downstream. */
bool vcxl_pci_forwards_address(const struct vcxl_pci *pci, uint64_t address);
/* Bridges: whether bus lies in secondary..subordinate; *type0 is set when bus is the secondary. */
bool vcxl_pci_forwards_bus(const struct vcxl_pci *pci, uint8_t bus, bool *type0);

/* PCIe r6.0 2.2.6.2: a function learns its number from each type 0 configuration write. */
void vcxl_pci_capture_id(struct vcxl_pci *pci, uint8_t bus, uint8_t devfn);

/* Raises MSI-X vector v, or the MSI; honours enables and masks (masked: pending bit). */
void vcxl_pci_raise(struct vcxl_pci *pci, unsigned vector);
/* MSI-X table space; width 4 or 8. */
enum vcxl_status vcxl_pci_msix_read(const struct vcxl_pci *pci, uint32_t offset, unsigned width,
				    uint64_t *value);
enum vcxl_status vcxl_pci_msix_write(struct vcxl_pci *pci, uint32_t offset, unsigned width,
				     uint64_t value);
void vcxl_pci_reset(struct vcxl_pci *pci, enum vcxl_reset kind);

#ifdef __cplusplus
}
#endif
#endif
