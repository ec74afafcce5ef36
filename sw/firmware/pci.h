/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI enumeration below the CXL host bridges: buses depth-first, memory BARs and bridge windows,
 * capabilities, messages. PCI Express Base 6.0 7.5 to 7.9. Left out: I/O space, ROMs, VFs, INTx.
 */
#ifndef FW_PCI_H
#define FW_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "board.h"

enum {
	PCI_MAX_FUNCTIONS = 512,
	PCI_NO_PARENT = -1,
	PCI_MAX_DVSEC = 16
};

/* PCI Express device/port type, PCIe 7.5.3.2 */
enum pci_port_type {
	PCI_ENDPOINT = 0,
	PCI_ROOT_PORT = 4,
	PCI_UPSTREAM = 5,
	PCI_DOWNSTREAM = 6,
	PCI_NOT_EXPRESS = 0xff
};

struct pci_bar {
	uint64_t address; /* as the processor sees it; 0: not assigned */
	uint64_t size;
};

/* Parents come before children, siblings in the order of bus and device. */
struct pci_function {
	int parent;      /* the bridge above, PCI_NO_PARENT on a root bus */
	unsigned bridge; /* index of the host bridge */
	unsigned depth;
	uint8_t bus, devfn;
	bool is_bridge;
	uint16_t vendor, device;
	uint32_t class_code;
	enum pci_port_type type;
	uint8_t port_number, link_speed, link_width;
	uint16_t dvsec[PCI_MAX_DVSEC]; /* offset of CXL DVSEC n; 0: absent */
	uint16_t serial;               /* offset of the Device Serial Number; 0: absent */
	uint16_t express, aer, msix;   /* likewise */
	struct pci_bar bars[6];
};

struct pci_space {
	struct board_aperture aperture;
	uint64_t used;
};

struct pci_host {
	const struct board_bridge *board;
	unsigned next_bus;
	struct pci_space mem32, mem64;
};

struct pci {
	struct pci_host hosts[BOARD_MAX_BRIDGES];
	unsigned n_hosts;
	struct pci_function functions[PCI_MAX_FUNCTIONS];
	unsigned n_functions;
	char error[128]; /* the first thing that could not be done, "" when all could */
};

/* Finds and configures everything below the board's host bridges. */
void pci_enumerate(struct pci *pci, const struct board *board);
/* Forgets the errors that ports and devices have noted: looking for functions makes some. */
void pci_clear_errors(const struct pci *pci);

uint16_t pci_read16(const struct pci *pci, const struct pci_function *f, unsigned offset);
uint32_t pci_read32(const struct pci *pci, const struct pci_function *f, unsigned offset);
void pci_write16(const struct pci *pci, const struct pci_function *f, unsigned offset, uint16_t v);
void pci_write32(const struct pci *pci, const struct pci_function *f, unsigned offset, uint32_t v);

/* pci_msix.c: lets the function send one of its messages, and be a bus master for that. False when
 * it has no such message. */
bool pci_enable_message(const struct pci *pci, const struct pci_function *f, unsigned vector,
			uint64_t address, uint32_t data);

/* pci_resource.c: BARs, bridge windows and the command register of a whole host bridge. */
void pci_assign(struct pci *pci, unsigned host);
void pci_error(struct pci *pci, const struct pci_function *f, const char *what);

#endif
