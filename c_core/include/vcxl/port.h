/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CXL ports: host bridge, root port, switch upstream port, switch downstream port.
 * CXL r3.1 8.1 (DVSECs), 8.2.4 (component registers), 9.13 (decoding).
 *
 * Host bridges and upstream ports choose a downstream port (dport) by HDM decoders; root ports and
 * downstream ports have one link. A host bridge without HDM decoders passes everything to its only
 * root port. Not thread-safe; two ports share nothing.
 */
#ifndef VCXL_PORT_H
#define VCXL_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <vcxl/hdm.h>
#include <vcxl/pci.h>
#include <vcxl/regs.h>
#include <vcxl/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_COMPONENT_SIZE  0x10000u /* CXL r3.1 8.2.3 */
#define VCXL_PORT_MAX_DPORTS 64

enum vcxl_port_kind {
	VCXL_PORT_HOST_BRIDGE,
	VCXL_PORT_ROOT,
	VCXL_PORT_UPSTREAM,
	VCXL_PORT_DOWNSTREAM
};

/* PCIe link as the link registers show it. */
struct vcxl_link_config {
	uint8_t speed;  /* encoded as Max Link Speed: 1 = 2.5, 2 = 5, 3 = 8, 4 = 16, 5 = 32, 6 = 64
			   GT/s */
	uint8_t width;  /* lanes: 1, 2, 4, 8 or 16 */
	bool flit_256b; /* 256 B flit mode */
};

struct vcxl_port_config {
	enum vcxl_port_kind kind;
	const char *name; /* for traces; copied */
	/* LnkCap port number, unique among the dports of one parent; not for host bridges and
	 * upstream ports, whose parent has one link */
	uint8_t port_number;
	uint16_t slot;   /* root and downstream ports: Physical Slot Number, 0..8191 */
	uint8_t chassis; /* root and downstream ports: chassis number of the SSVID/slot numbering */
	bool hotplug;    /* root and downstream ports: a slot of native hot-plug, see below */
	bool slot_empty; /* of it: nothing is in it until vcxl_port_insert() */
	bool hdm; /* host bridges: HDM decoder capability present; upstream ports always have it */
	uint8_t n_decoders; /* host bridges, upstream ports; see vcxl_hdm_count_valid() */
	uint8_t hpa_bits;   /* 0: 52 */
	uint64_t serial;    /* upstream ports: Device Serial Number capability; 0: none */
	struct vcxl_link_config link;
	/* what is at the other end, where no core object is; zero: nothing that limits the link */
	struct vcxl_link_config peer_link;
	/* upstream ports: what CDAT says of the switch */
	uint32_t latency_ps; /* 0: 150 ns */
	uint32_t bandwidth;  /* MB/s; 0: 16384 */
};

/* What a port does not own; copied at create, what it points to is borrowed. */
struct vcxl_port_ops {
	void *ctx;
	/* host addresses [hpa, hpa+size) route differently from now on: withdraw DMI */
	void (*dmi_invalidate)(void *ctx, uint64_t hpa, uint64_t size);
	/* hot-plug slots: what is in it gets power, or has lost it; may call vcxl_port_remove() */
	void (*slot_power)(void *ctx, bool on);
	/* the links below signal a hot reset to what the core does not see there; may be NULL */
	void (*hot_reset)(void *ctx);
	struct vcxl_irq_ops irq;
	const struct vcxl_trace *trace; /* may be NULL */
};

struct vcxl_port;
struct vcxl_memdev;

/* One allocation, freed by destroy. VCXL_E_CONFIG when the configuration cannot be. ops may be
 * NULL. Resets the port cold. */
enum vcxl_status vcxl_port_create(const struct vcxl_port_config *config,
				  const struct vcxl_port_ops *ops, struct vcxl_port **out);
void vcxl_port_destroy(struct vcxl_port *port);
void vcxl_port_reset(struct vcxl_port *port, enum vcxl_reset kind);
/* A hot reset that comes down the link above: of the port and of everything below. */
void vcxl_port_hot_reset(struct vcxl_port *port);
/* Picoseconds that the port grants to phase 2 of a global persistent flush below it. */
uint64_t vcxl_port_gpf_phase2_ps(const struct vcxl_port *port);
/* not named as the struct, which would hide it from C++ */
const struct vcxl_port_config *vcxl_port_get_config(const struct vcxl_port *port);

/*
 * Declares a dport. `number` is its LnkCap port number (0 for the only link of root and downstream
 * ports). At most one of child_port and child_memdev is given: they are borrowed and only followed
 * by vcxl_route(); a wrapper that routes by sockets gives neither. Returns the index, the order of
 * the calls, or VCXL_E_CONFIG for a repeated number or a second link.
 */
int vcxl_port_add_dport(struct vcxl_port *port, uint8_t number, struct vcxl_port *child_port,
			struct vcxl_memdev *child_memdev);
unsigned vcxl_port_n_dports(const struct vcxl_port *port);
struct vcxl_port *vcxl_port_child_port(const struct vcxl_port *port, unsigned index);
struct vcxl_memdev *vcxl_port_child_memdev(const struct vcxl_port *port, unsigned index);

/*
 * Hot-plug slots: ports with config.hotplug, PCIe r6.0 6.7. Its dport, declared once, is what the
 * slot leads to while something is in it and software has turned power on. link is that of what is
 * put in. VCXL_E_CONFIG where there is no such slot or dport, or the slot is full or empty already.
 */
enum vcxl_status vcxl_port_insert(struct vcxl_port *port, const struct vcxl_link_config *link);
/* Software may still be using it, where the slot has power: surprise removal. */
enum vcxl_status vcxl_port_remove(struct vcxl_port *port);
/* By which software is asked to give free, and turn off, what is in the slot. */
enum vcxl_status vcxl_port_press_attention_button(struct vcxl_port *port);

struct vcxl_slot_state {
	bool occupied, powered;
	bool blinking; /* the power indicator: software is about to change power */
	bool pressed;  /* software has not seen the button yet */
};
/* All false for ports without. */
struct vcxl_slot_state vcxl_port_slot(const struct vcxl_port *port);
/* Root and downstream ports: whether anything below is reached. Others: true. */
bool vcxl_port_link_up(const struct vcxl_port *port);

/* CXL.mem: index of the dport that hpa goes to. VCXL_E_UNROUTED when none. */
enum vcxl_status vcxl_port_target(const struct vcxl_port *port, uint64_t hpa, unsigned *index);

/* The decoder that routes hpa, NULL when the port passes everything on (or routes it nowhere):
 * wrappers narrow DMI to its range and granule. */
const struct vcxl_decoder *vcxl_port_decoder(const struct vcxl_port *port, uint64_t hpa);
/* All decoders as committed; NULL for ports without. */
const struct vcxl_hdm *vcxl_port_hdm(const struct vcxl_port *port);

/* NULL for host bridges, which are no PCI function: their component registers are CHBCR. */
struct vcxl_pci *vcxl_port_pci(struct vcxl_port *port);

/* The register block behind a space, for dumps and documentation; NULL when the port has none.
 * COMPONENT shows the CXL.cache/mem block, which begins at 0x1000 of the space. */
const struct vcxl_block *vcxl_port_block(const struct vcxl_port *port, enum vcxl_space space);

/* Guest register access; spaces CONFIG and COMPONENT. Width 1, 2, 4 (CONFIG) or 4, 8 (COMPONENT).
 */
enum vcxl_status vcxl_port_reg_read(struct vcxl_port *port, enum vcxl_space space, uint32_t offset,
				    unsigned width, uint64_t *value);
enum vcxl_status vcxl_port_reg_write(struct vcxl_port *port, enum vcxl_space space, uint32_t offset,
				     unsigned width, uint64_t value);

#ifdef __cplusplus
}
#endif
#endif
