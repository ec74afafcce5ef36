/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Discovery of CXL components and of the planner's topology, see cxl.h. CXL r3.1 8.1.9 (register
 * locator), 8.2.4.1 (capability headers), 8.2.4.20.1 (HDM decoder capability).
 */
#include "cxl.h"

#include "arch.h"
#include "fmt.h"

enum {
	CLASS_CXL_MEMORY = 0x050210,
	LOCATOR_FIRST = 0x0c,
	LOCATOR_ENTRY = 8,
	COMPONENT_SIZE = 0x10000,
	CACHE_MEM = 0x1000, /* where the capability headers are */
	CACHE_MEM_SIZE = 0x1000
};

bool cxl_find_block(const struct pci *pci, const struct pci_function *f, unsigned id,
		    uint64_t *address, uint64_t *size)
{
	const unsigned dvsec = f->dvsec[CXL_DVSEC_LOCATOR];
	unsigned length;

	if (!dvsec)
		return false;
	length = pci_read32(pci, f, dvsec + 4) >> 20;
	for (unsigned at = LOCATOR_FIRST; at + LOCATOR_ENTRY <= length; at += LOCATOR_ENTRY) {
		const uint32_t low = pci_read32(pci, f, (dvsec + at) & 0xffc);
		const uint32_t high = pci_read32(pci, f, (dvsec + at + 4) & 0xffc);
		const uint64_t offset = (uint64_t)high << 32 | (low & 0xffff0000u);
		const unsigned bir = low & 7;

		if ((low >> 8 & 0xff) != id || bir > 5)
			continue;
		if (!f->bars[bir].address || offset >= f->bars[bir].size)
			return false;
		*address = f->bars[bir].address + offset;
		*size = f->bars[bir].size - offset;
		return true;
	}
	return false;
}

/* Decoder counts by encoding; 0 for reserved ones. */
static uint8_t decoder_count(unsigned encoded)
{
	static const uint8_t counts[16] = { 1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32 };

	return counts[encoded & 15];
}

static void read_hdm(struct cxl_component *c, uint64_t address)
{
	const uint32_t cap = mmio_read32(address);

	c->hdm = address;
	c->device_coherent_only = (cap >> 21 & 3) == 1;
	c->decoders = (struct plan_hdm){ .n_decoders = decoder_count(cap & 0xf),
					 .n_targets = cap >> 4 & 0xf,
					 .bits_11_8 = cap >> 8 & 1,
					 .bits_14_12 = cap >> 9 & 1,
					 .ways_3_6_12 = cap >> 11 & 1,
					 .ways_16 = cap >> 12 & 1 };
}

void cxl_read_component(uint64_t base, struct cxl_component *component)
{
	const uint64_t headers = base + CACHE_MEM;
	const uint32_t first = mmio_read32(headers);

	*component = (struct cxl_component){ .base = base };
	if ((first & 0xffff) != 1)
		return;
	for (unsigned i = 1; i <= first >> 24; i++) {
		const uint32_t header = mmio_read32(headers + 4 * i);
		const unsigned id = header & 0xffff, offset = header >> 20;

		/* id 0 is a gap; pointers beyond the block are nonsense */
		if (!id || id >= 32 || offset >= CACHE_MEM_SIZE - 4)
			continue;
		component->caps |= 1u << id;
		if (id == CXL_CAP_HDM && !component->hdm)
			read_hdm(component, headers + offset);
	}
}

static void note(struct cxl *cxl, const struct pci_function *f, const char *what)
{
	if (!cxl->error[0])
		fmt_text(cxl->error, sizeof(cxl->error), "%02x:%02x.%x: %s", f->bus, f->devfn >> 3,
			 f->devfn & 7, what);
}

static struct cxl_node *add_node(struct cxl *cxl, enum plan_kind kind, int parent, uint32_t number)
{
	struct plan_topology *t = &cxl->topology;
	const unsigned i = t->n_nodes;

	if (i == PLAN_MAX_NODES)
		return NULL;
	t->n_nodes++;
	t->nodes[i] = (struct plan_node){ .kind = kind, .parent = parent, .number = number };
	cxl->nodes[i] = (struct cxl_node){ .function = PCI_NO_PARENT };
	return &cxl->nodes[i];
}

static bool number_taken(const struct cxl *cxl, int parent, uint32_t number)
{
	for (unsigned i = 0; i < cxl->topology.n_nodes; i++)
		if (cxl->topology.nodes[i].parent == parent &&
		    cxl->topology.nodes[i].number == number)
			return true;
	return false;
}

/* The node above a function whose own parent is the root or downstream port `port`. */
static int node_above(const struct cxl *cxl, const struct pci_function *port, unsigned bridge_node)
{
	if (port->type == PCI_ROOT_PORT)
		return (int)bridge_node;
	if (port->type == PCI_DOWNSTREAM && port->parent >= 0)
		return cxl->node_of[port->parent];
	return PLAN_NO_NODE;
}

static void add_function(struct cxl *cxl, unsigned index, unsigned bridge_node)
{
	const struct pci_function *f = &cxl->pci.functions[index];
	const struct pci_function *port;
	enum plan_kind kind = f->type == PCI_UPSTREAM ? PLAN_SWITCH : PLAN_MEMDEV;
	struct cxl_node *node;
	uint64_t base, size;
	int above;

	cxl->node_of[index] = PLAN_NO_NODE;
	if (f->parent < 0 || (kind == PLAN_MEMDEV && f->class_code != CLASS_CXL_MEMORY))
		return;
	port = &cxl->pci.functions[f->parent];
	above = node_above(cxl, port, bridge_node);
	if (above < 0)
		return;
	if (number_taken(cxl, above, port->port_number)) {
		note(cxl, f, "another component has the same port number");
		return;
	}
	node = add_node(cxl, kind, above, port->port_number);
	if (!node) {
		note(cxl, f, "more than 256 components");
		return;
	}
	cxl->node_of[index] = (int)(node - cxl->nodes);
	node->function = (int)index;
	node->bridge = f->bridge;
	if (cxl_find_block(&cxl->pci, f, CXL_BLOCK_COMPONENT, &base, &size) &&
	    size >= COMPONENT_SIZE)
		cxl_read_component(base, &node->component);
	if (kind == PLAN_MEMDEV)
		cxl_read_memdev(cxl, f, &node->memdev);
	cxl->topology.nodes[node - cxl->nodes].hdm = node->component.decoders;
	cxl->topology.nodes[node - cxl->nodes].volatile_size = node->memdev.volatile_size;
	cxl->topology.nodes[node - cxl->nodes].persistent_size = node->memdev.persistent_size;
}

static void add_bridges(struct cxl *cxl)
{
	for (unsigned b = 0; b < cxl->board->n_bridges; b++) {
		const unsigned index = cxl->topology.n_nodes;
		struct cxl_node *node =
			add_node(cxl, PLAN_BRIDGE, PLAN_NO_NODE, cxl->board->bridges[b].uid);

		if (!node)
			return;
		node->bridge = b;
		cxl_read_component(cxl->board->bridges[b].chbcr, &node->component);
		cxl->topology.nodes[index].hdm = node->component.decoders;
		for (unsigned i = 0; i < cxl->pci.n_functions; i++)
			if (cxl->pci.functions[i].bridge == b)
				add_function(cxl, i, index);
	}
}

static void add_windows(struct cxl *cxl)
{
	const struct board *board = cxl->board;
	struct plan_topology *t = &cxl->topology;

	for (unsigned i = 0; i < board->n_windows; i++) {
		const struct board_window *from = &board->windows[i];
		struct plan_window *to = &t->windows[t->n_windows++];

		*to = (struct plan_window){ .base = from->base,
					    .size = from->size,
					    .granularity = from->granularity,
					    .ways = from->ways,
					    .n_xor_maps = from->n_xor_maps };
		for (unsigned k = 0; k < from->n_xor_maps; k++)
			to->xor_maps[k] = from->xor_maps[k];
		for (unsigned k = 0; k < from->ways; k++) {
			to->targets[k] = PLAN_NO_NODE;
			for (unsigned n = 0; n < t->n_nodes; n++)
				if (t->nodes[n].kind == PLAN_BRIDGE &&
				    t->nodes[n].number == from->uids[k])
					to->targets[k] = (int)n;
		}
	}
}

void cxl_discover(struct cxl *cxl, const struct board *board)
{
	const char *problem;

	cxl->board = board;
	cxl->topology.n_nodes = 0;
	cxl->topology.n_windows = 0;
	cxl->error[0] = '\0';
	pci_enumerate(&cxl->pci, board);
	if (cxl->pci.error[0])
		fmt_text(cxl->error, sizeof(cxl->error), "%s", cxl->pci.error);
	add_bridges(cxl);
	add_windows(cxl);
	problem = plan_topology_error(&cxl->topology);
	if (problem && !cxl->error[0])
		fmt_text(cxl->error, sizeof(cxl->error), "fixed memory windows: %s", problem);
}
