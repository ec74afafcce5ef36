/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CXL ports: host bridge, root port, switch upstream and downstream port. CXL
 * r3.1 8.1, 8.2.4, 9.13. Left out: BI, cache ID and isolation capabilities.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/memdev.h>
#include <vcxl/port.h>

#include "component.h"
#include "doe.h"
#include "dvsec.h"
#include "slot.h"

#define DEFAULT_DECODERS 10
#define MAX_TARGETS      8
#define NO_DPORT         0xff

#define BRIDGE_CONTROL      0x3eu
#define SECONDARY_BUS_RESET VCXL_BIT(6)
#define PORT_CONTROL        0x0cu /* of DVSEC 3 */
#define UNMASK_SBR          VCXL_BIT(0)

struct dport {
	struct vcxl_port *child_port;
	struct vcxl_memdev *child_memdev;
};

struct vcxl_port {
	struct vcxl_port_config config;
	struct vcxl_port_ops ops;
	struct vcxl_hdm hdm; /* config.n_decoders is 0 for ports without */
	struct dport dports[VCXL_PORT_MAX_DPORTS];
	unsigned n_dports;
	uint8_t numbers[VCXL_PORT_MAX_DPORTS]; /* port number of each dport */
	uint8_t index_of[256];                 /* port number -> index of the dport, or NO_DPORT */
	struct vcxl_pci pci;                   /* unused in host bridges */
	struct vcxl_component component;
	struct vcxl_doe doe;   /* upstream ports */
	struct vcxl_slot slot; /* ports with hot-plug */
	bool link_up;          /* of root and downstream ports; true in others */
	uint8_t cdat[VCXL_SWITCH_CDAT_SIZE];
	char name[];
};

static bool has_hdm(const struct vcxl_port *port)
{
	return port->hdm.config.n_decoders > 0;
}

static bool is_pci_function(const struct vcxl_port *port)
{
	return port->config.kind != VCXL_PORT_HOST_BRIDGE;
}

static bool has_one_link(const struct vcxl_port_config *config)
{
	return config->kind == VCXL_PORT_ROOT || config->kind == VCXL_PORT_DOWNSTREAM;
}

static void decoder_changed(void *ctx, unsigned decoder, uint64_t hpa, uint64_t size)
{
	const struct vcxl_port *port = ctx;

	(void)decoder;
	if (port->ops.dmi_invalidate)
		port->ops.dmi_invalidate(port->ops.ctx, hpa, size);
}

/* What differs between the three kinds that are PCI functions, beyond what they all carry. */
struct layout {
	enum vcxl_pcie_type type;
	uint16_t vendor, device;
	uint16_t msi, pcie, ssvid; /* offsets; 0: absent */
};

/* clang-format off */
static const struct layout layouts[] = {
	/*                        type                  vendor  device  msi   pcie  ssvid */
	[VCXL_PORT_ROOT]       = { VCXL_PCIE_ROOT_PORT,  0x8086, 0x7075, 0x60, 0x74, 0x40 },
	[VCXL_PORT_UPSTREAM]   = { VCXL_PCIE_UPSTREAM,   0x19e5, 0xa128, 0x70, 0x90, 0 },
	[VCXL_PORT_DOWNSTREAM] = { VCXL_PCIE_DOWNSTREAM, 0x19e5, 0xa129, 0x70, 0x90, 0x80 },
};
/* clang-format on */

static void update_cdat(struct vcxl_port *port)
{
	port->doe.cdat_size = vcxl_cdat_switch(port->cdat, port->numbers, port->n_dports,
					       port->config.latency_ps, port->config.bandwidth);
}

static void build_config_space(struct vcxl_port *port)
{
	const struct vcxl_port_config *config = &port->config;
	const struct layout *l = &layouts[config->kind];
	const struct vcxl_pci_identity id = {
		.vendor = l->vendor, .device = l->device, .class_code = 0x060400, .bridge = true
	};
	const bool upstream = config->kind == VCXL_PORT_UPSTREAM;
	struct vcxl_pci *pci = &port->pci;

	vcxl_pci_init(pci, &id, &port->ops.irq);
	vcxl_pci_set_bar(pci, 0, VCXL_COMPONENT_SIZE, VCXL_SPACE_COMPONENT);
	if (l->ssvid)
		vcxl_ssvid_add(pci, l->ssvid, l->vendor, 0);
	vcxl_msi_add(pci, l->msi);
	vcxl_pcie_add(pci, l->pcie, l->type, &config->link, config->port_number);
	if (config->hotplug)
		vcxl_slot_add(&port->slot, pci, config->slot);
	else if (has_one_link(config))
		vcxl_pcie_add_fixed_slot(pci, config->slot);
	if (upstream)
		vcxl_pcie_train_to(pci, &config->peer_link);
	vcxl_aer_add(pci, config->kind == VCXL_PORT_ROOT);
	if (config->kind == VCXL_PORT_ROOT)
		vcxl_acs_add(pci);
	if (config->serial && upstream)
		vcxl_dsn_add(pci, config->serial);
	vcxl_dvsec_add_port_extensions(pci, upstream);
	if (config->kind == VCXL_PORT_ROOT)
		vcxl_dvsec_add_gpf_port(pci);
	vcxl_dvsec_add_flex_bus(pci, l->type, config->link.flit_256b);
	if (config->kind == VCXL_PORT_DOWNSTREAM)
		vcxl_dvsec_add_gpf_port(pci);
	vcxl_dvsec_add_register_locator(pci, false);
	if (upstream) {
		vcxl_doe_add(&port->doe, pci, port->cdat, 0);
		update_cdat(port);
	}
}

/* Fills in what 0 stands for; false when the configuration cannot be. */
static bool complete_config(struct vcxl_port_config *config)
{
	const bool bridge = config->kind == VCXL_PORT_HOST_BRIDGE;
	const bool slot = has_one_link(config);

	if (config->kind > VCXL_PORT_DOWNSTREAM || config->slot > 8191 || config->hotplug > slot ||
	    config->slot_empty > config->hotplug)
		return false;
	VCXL_DEFAULT(config->hpa_bits, 52);
	VCXL_DEFAULT(config->latency_ps, 150000);
	VCXL_DEFAULT(config->bandwidth, 16384);
	vcxl_link_default(&config->link);
	if (!bridge && !vcxl_link_valid(&config->link))
		return false;
	if (config->kind == VCXL_PORT_UPSTREAM)
		config->hdm = true;
	if (config->hdm)
		VCXL_DEFAULT(config->n_decoders, DEFAULT_DECODERS);
	if (config->hdm && !vcxl_hdm_count_valid(config->n_decoders))
		return false;
	if (config->hdm && !bridge && config->kind != VCXL_PORT_UPSTREAM)
		return false;
	return config->hpa_bits >= 36 && config->hpa_bits <= 64;
}

static void bring_link_up(struct vcxl_port *port)
{
	const struct dport *dport = &port->dports[0];
	struct vcxl_pci *below = NULL;

	if (dport->child_port && is_pci_function(dport->child_port))
		below = &dport->child_port->pci;
	if (dport->child_memdev)
		below = vcxl_memdev_pci(dport->child_memdev);
	if (below)
		vcxl_pcie_train(&port->pci, below);
	else /* the other end is known to the wrapper alone */
		vcxl_pcie_train_to(&port->pci, &port->config.peer_link);
	port->link_up = true;
}

/* Which addresses went through the port its owner knows: all are withdrawn. */
static void slot_link_changed(void *ctx, bool up)
{
	struct vcxl_port *port = ctx;

	if (up) {
		bring_link_up(port);
	} else {
		vcxl_pcie_link_down(&port->pci);
		port->link_up = false;
	}
	if (port->ops.dmi_invalidate)
		port->ops.dmi_invalidate(port->ops.ctx, 0, UINT64_MAX);
	if (port->ops.slot_power)
		port->ops.slot_power(port->ops.ctx, up);
}

enum vcxl_status vcxl_port_create(const struct vcxl_port_config *config,
				  const struct vcxl_port_ops *ops, struct vcxl_port **out)
{
	struct vcxl_port_config full = *config;
	const char *name = config->name ? config->name : "port";
	struct vcxl_port *port;

	*out = NULL;
	if (!complete_config(&full))
		return VCXL_E_CONFIG;
	port = calloc(1, sizeof(*port) + strlen(name) + 1);
	if (!port)
		return VCXL_E_NOMEM;
	memcpy(port->name, name, strlen(name) + 1);
	port->config = full;
	port->config.name = port->name;
	if (ops)
		port->ops = *ops;
	memset(port->index_of, NO_DPORT, sizeof(port->index_of));
	if (full.hdm)
		port->hdm.config = (struct vcxl_hdm_config){ .n_decoders = full.n_decoders,
							     .max_targets = MAX_TARGETS,
							     .hpa_bits = full.hpa_bits };
	port->hdm.changed = decoder_changed;
	port->hdm.changed_ctx = port;
	port->link_up = !has_one_link(&port->config);
	port->slot.ctx = port;
	port->slot.link_changed = slot_link_changed;
	if (is_pci_function(port))
		build_config_space(port);
	vcxl_component_init(&port->component, full.hdm ? &port->hdm : NULL, is_pci_function(port),
			    port->ops.trace, port->name);
	vcxl_port_reset(port, VCXL_RESET_COLD);
	*out = port;
	return VCXL_OK;
}

void vcxl_port_destroy(struct vcxl_port *port)
{
	free(port);
}

void vcxl_port_reset(struct vcxl_port *port, enum vcxl_reset kind)
{
	vcxl_trace_emit(port->ops.trace, VCXL_TRACE_RESET, port->name, kind);
	if (is_pci_function(port))
		vcxl_pci_reset(&port->pci, kind);
	if (port->config.hotplug)
		vcxl_slot_reset(&port->slot);
	vcxl_component_reset(&port->component, kind);
	vcxl_doe_reset(&port->doe);
}

/* PCIe r6.0 6.6.1: what is on the secondary side is reset, the port itself is not. */
static void reset_below(struct vcxl_port *port)
{
	for (unsigned i = 0; i < port->n_dports; i++) {
		if (port->dports[i].child_port)
			vcxl_port_hot_reset(port->dports[i].child_port);
		if (port->dports[i].child_memdev)
			vcxl_memdev_reset(port->dports[i].child_memdev, VCXL_RESET_HOT);
	}
	if (port->ops.hot_reset)
		port->ops.hot_reset(port->ops.ctx);
}

void vcxl_port_hot_reset(struct vcxl_port *port)
{
	vcxl_port_reset(port, VCXL_RESET_HOT);
	reset_below(port);
}

/* CXL r3.1 8.1.5.2: Secondary Bus Reset of a port with a CXL link does nothing until unmasked. */
static bool resets_bus(const struct vcxl_port *port)
{
	const uint32_t dvsec = vcxl_pci_find_dvsec(&port->pci, 3);
	const struct vcxl_block *config = &port->pci.config;

	return dvsec && (vcxl_block_get(config, BRIDGE_CONTROL, 2) & SECONDARY_BUS_RESET) &&
	       (vcxl_block_get(config, dvsec + PORT_CONTROL, 2) & UNMASK_SBR);
}

uint64_t vcxl_port_gpf_phase2_ps(const struct vcxl_port *port)
{
	return is_pci_function(port) ? vcxl_dvsec_gpf_phase2_ps(&port->pci) : UINT64_MAX;
}

const struct vcxl_port_config *vcxl_port_get_config(const struct vcxl_port *port)
{
	return &port->config;
}

static void connect_link(struct vcxl_port *port)
{
	if (!port->config.hotplug) {
		vcxl_pcie_fill_fixed_slot(&port->pci);
		bring_link_up(port);
	} else if (!port->config.slot_empty) {
		port->slot.occupied = true;
		vcxl_slot_reset(&port->slot);
	}
}

int vcxl_port_add_dport(struct vcxl_port *port, uint8_t number, struct vcxl_port *child_port,
			struct vcxl_memdev *child_memdev)
{
	const unsigned index = port->n_dports;
	struct dport *dport = &port->dports[index];

	if (index == (has_one_link(&port->config) ? 1 : VCXL_PORT_MAX_DPORTS) ||
	    port->index_of[number] != NO_DPORT || (child_port && child_memdev))
		return VCXL_E_CONFIG;
	*dport = (struct dport){ .child_port = child_port, .child_memdev = child_memdev };
	port->index_of[number] = (uint8_t)index;
	port->numbers[index] = number;
	port->n_dports++;
	if (port->config.kind == VCXL_PORT_UPSTREAM)
		update_cdat(port);
	if (has_hdm(port))
		vcxl_hdm_add_dport(&port->hdm, number);
	if (has_one_link(&port->config))
		connect_link(port);
	return (int)index;
}

unsigned vcxl_port_n_dports(const struct vcxl_port *port)
{
	return port->n_dports;
}

struct vcxl_port *vcxl_port_child_port(const struct vcxl_port *port, unsigned index)
{
	return index < port->n_dports ? port->dports[index].child_port : NULL;
}

struct vcxl_memdev *vcxl_port_child_memdev(const struct vcxl_port *port, unsigned index)
{
	return index < port->n_dports ? port->dports[index].child_memdev : NULL;
}

enum vcxl_status vcxl_port_insert(struct vcxl_port *port, const struct vcxl_link_config *link)
{
	if (!port->config.hotplug || !port->n_dports || port->slot.occupied ||
	    !vcxl_link_valid(link))
		return VCXL_E_CONFIG;
	port->config.peer_link = *link;
	vcxl_slot_set_occupied(&port->slot, true);
	return VCXL_OK;
}

enum vcxl_status vcxl_port_remove(struct vcxl_port *port)
{
	if (!port->slot.occupied)
		return VCXL_E_CONFIG;
	vcxl_slot_set_occupied(&port->slot, false);
	return VCXL_OK;
}

enum vcxl_status vcxl_port_press_attention_button(struct vcxl_port *port)
{
	if (!port->config.hotplug)
		return VCXL_E_CONFIG;
	vcxl_slot_press(&port->slot);
	return VCXL_OK;
}

struct vcxl_slot_state vcxl_port_slot(const struct vcxl_port *port)
{
	return port->config.hotplug ? vcxl_slot_state(&port->slot)
				    : (struct vcxl_slot_state){ .occupied = false };
}

bool vcxl_port_link_up(const struct vcxl_port *port)
{
	return port->link_up;
}

enum vcxl_status vcxl_port_target(const struct vcxl_port *port, uint64_t hpa, unsigned *index)
{
	const struct vcxl_decoder *decoder;

	*index = 0;
	/* root and downstream ports; host bridges that pass everything on have one root port */
	if (!has_hdm(port))
		return port->n_dports == 1 && port->link_up ? VCXL_OK : VCXL_E_UNROUTED;
	decoder = vcxl_hdm_find(&port->hdm, hpa);
	if (!decoder)
		return VCXL_E_UNROUTED;
	*index = port->index_of[decoder->targets[vcxl_interleave_position(decoder->interleave,
									  hpa)]];
	return VCXL_OK;
}

const struct vcxl_decoder *vcxl_port_decoder(const struct vcxl_port *port, uint64_t hpa)
{
	return has_hdm(port) ? vcxl_hdm_find(&port->hdm, hpa) : NULL;
}

const struct vcxl_hdm *vcxl_port_hdm(const struct vcxl_port *port)
{
	return has_hdm(port) ? &port->hdm : NULL;
}

struct vcxl_pci *vcxl_port_pci(struct vcxl_port *port)
{
	return is_pci_function(port) ? &port->pci : NULL;
}

void vcxl_port_error_message(struct vcxl_port *port, enum vcxl_error_message message,
			     uint16_t requester)
{
	assert(is_pci_function(port));
	vcxl_trace_emit(port->ops.trace, VCXL_TRACE_ERROR, port->name, (uint64_t)message,
			requester);
	vcxl_aer_forward(&port->pci, message, requester);
}

const struct vcxl_block *vcxl_port_block(const struct vcxl_port *port, enum vcxl_space space)
{
	if (space == VCXL_SPACE_CONFIG && is_pci_function(port))
		return &port->pci.config;
	return space == VCXL_SPACE_COMPONENT ? &port->component.block : NULL;
}

static enum vcxl_status reg_access(struct vcxl_port *port, enum vcxl_space space, bool write,
				   uint32_t offset, unsigned width, uint64_t *value)
{
	if (space == VCXL_SPACE_CONFIG && is_pci_function(port))
		return vcxl_pci_config_access(&port->pci, write, offset, width, value);
	if (space == VCXL_SPACE_COMPONENT)
		return vcxl_component_access(&port->component, write, offset, width, value);
	return VCXL_E_ACCESS;
}

enum vcxl_status vcxl_port_reg_read(struct vcxl_port *port, enum vcxl_space space, uint32_t offset,
				    unsigned width, uint64_t *value)
{
	*value = 0;
	return reg_access(port, space, false, offset, width, value);
}

enum vcxl_status vcxl_port_reg_write(struct vcxl_port *port, enum vcxl_space space, uint32_t offset,
				     unsigned width, uint64_t value)
{
	const bool was = resets_bus(port);
	const enum vcxl_status status = reg_access(port, space, true, offset, width, &value);

	if (!was && resets_bus(port))
		reset_below(port);
	return status;
}
