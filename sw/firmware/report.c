/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports, see report.h. Names of registers and capabilities are the specification's.
 */
#include "report.h"

#include "fmt.h"

static const char *const speeds[16] = { "no", "2.5", "5", "8", "16", "32", "64", "?",
					"?",  "?",   "?", "?", "?",  "?",  "?",  "?" };

/* clang-format off */
static const struct {
	unsigned id;
	const char *name;
} capabilities[] = {
	{ 2,  "RAS" },
	{ 3,  "Security" },
	{ 4,  "Link" },
	{ 6,  "Extended-Security" },
	{ 7,  "IDE" },
	{ 8,  "Snoop-Filter" },
	{ 9,  "Timeout" },
	{ 11, "BI-Route" },
	{ 12, "BI-Decoder" },
};
/* clang-format on */

static void begin(struct console *c, unsigned depth)
{
	/* deep cascades stay on the screen */
	const unsigned indent = 2 * (depth < 12 ? depth : 12);

	c->indent = indent + 4;
	say(c, "%*s", indent, "");
}

static const char *type_name(const struct pci_function *f)
{
	switch (f->type) {
	case PCI_ROOT_PORT:
		return "root port";
	case PCI_UPSTREAM:
		return "upstream port";
	case PCI_DOWNSTREAM:
		return "downstream port";
	default:
		return f->class_code >> 8 == 0x0502 ? "memory device" : "function";
	}
}

static void report_component(struct console *c, const struct cxl_component *component, bool port)
{
	for (unsigned i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		if (component->caps >> capabilities[i].id & 1)
			say_item(c, "%s", capabilities[i].name);
	if (component->hdm && port)
		say_item(c, "HDM %u decoders x %u targets", component->decoders.n_decoders,
			 component->decoders.n_targets);
	else if (component->hdm)
		say_item(c, "HDM %u decoders", component->decoders.n_decoders);
}

static void report_memdev(struct console *c, const struct cxl_memdev *m, unsigned depth)
{
	char size[24];

	begin(c, depth + 1);
	if (m->problem) {
		say(c, "not usable: %s\n", m->problem);
		return;
	}
	say(c, "firmware \"%s\", capacity %s", m->firmware, fmt_size(size, m->capacity));
	say(c, " (volatile %s,", fmt_size(size, m->volatile_size));
	say_item(c, "persistent %s),", fmt_size(size, m->persistent_size));
	say_item(c, "LSA %s,", fmt_size(size, m->lsa_size));
	say_item(c, "%u commands\n", m->n_commands);
}

static void report_function(struct console *c, const struct cxl *cxl, unsigned index)
{
	const struct pci_function *f = &cxl->pci.functions[index];
	const int node = cxl->node_of[index];
	struct cxl_component component = { 0 };
	uint64_t base, size;
	char path[PLAN_PATH_SIZE];

	begin(c, f->depth + 1);
	say(c, "%02x:%02x.%x %04x:%04x %s", f->bus, f->devfn >> 3, f->devfn & 7, f->vendor,
	    f->device, type_name(f));
	if (f->type == PCI_ROOT_PORT || f->type == PCI_DOWNSTREAM)
		say_item(c, "%u", f->port_number);
	if (node >= 0 && cxl->topology.nodes[node].kind == PLAN_MEMDEV)
		say_item(c, "%s", plan_path(&cxl->topology, node, path, sizeof(path)));
	if (f->type != PCI_NOT_EXPRESS && f->link_width)
		say_item(c, "| %s GT/s x%u", speeds[f->link_speed], f->link_width);
	if (f->serial)
		say_item(c, "| serial %08x%08x", pci_read32(&cxl->pci, f, f->serial + 8u),
			 pci_read32(&cxl->pci, f, f->serial + 4u));
	say_item(c, "| DVSEC");
	for (unsigned i = 0; i < PCI_MAX_DVSEC; i++)
		if (f->dvsec[i])
			say_item(c, "%u", i);
	if (cxl_find_block(&cxl->pci, f, CXL_BLOCK_COMPONENT, &base, &size) && size >= 0x10000) {
		cxl_read_component(base, &component);
		say_item(c, "|");
		report_component(c, &component, f->is_bridge);
	}
	say(c, "\n");
	if (node >= 0 && cxl->topology.nodes[node].kind == PLAN_MEMDEV)
		report_memdev(c, &cxl->nodes[node].memdev, f->depth + 1);
}

static void report_window(struct console *c, const struct plan_topology *t, unsigned i)
{
	const struct plan_window *w = &t->windows[i];
	char size[24];

	c->indent = 4;
	say(c, "fixed memory window %u: 0x%lx + %s, %u way%s of %u bytes%s, host bridges", i,
	    w->base, fmt_size(size, w->size), w->ways, w->ways == 1 ? "" : "s", w->granularity,
	    w->n_xor_maps ? " by XOR" : "");
	for (unsigned k = 0; k < w->ways; k++) {
		if (w->targets[k] >= 0)
			say_item(c, "%u", t->nodes[w->targets[k]].number);
		else
			say_item(c, "(unknown)");
	}
	say(c, "\n");
}

void report_topology(struct console *c, const struct cxl *cxl)
{
	const struct plan_topology *t = &cxl->topology;

	for (unsigned i = 0; i < t->n_nodes; i++) {
		const struct board_bridge *b = &cxl->board->bridges[cxl->nodes[i].bridge];

		if (t->nodes[i].kind != PLAN_BRIDGE)
			continue;
		begin(c, 0);
		say(c, "CXL host bridge %u: buses %02x-%02x, component registers 0x%lx |", b->uid,
		    b->first_bus, b->last_bus, b->chbcr);
		report_component(c, &cxl->nodes[i].component, true);
		if (!cxl->nodes[i].component.hdm)
			say_item(c, "no HDM decoders");
		say(c, "\n");
		for (unsigned k = 0; k < cxl->pci.n_functions; k++)
			if (cxl->pci.functions[k].bridge == cxl->nodes[i].bridge)
				report_function(c, cxl, k);
	}
	for (unsigned i = 0; i < t->n_windows; i++)
		report_window(c, t, i);
}

void report_unusable(struct console *c, const struct cxl *cxl)
{
	char path[PLAN_PATH_SIZE];

	for (unsigned i = 0; i < cxl->topology.n_nodes; i++)
		if (cxl->nodes[i].memdev.problem)
			say(c, "device %s: not usable: %s\n",
			    plan_path(&cxl->topology, (int)i, path, sizeof(path)),
			    cxl->nodes[i].memdev.problem);
}

void report_decoders(struct console *c, const struct cxl *cxl, const struct plan *plan)
{
	for (unsigned i = 0; i < plan->n_decoders; i++) {
		const struct plan_decoder *d = &plan->decoders[i];
		const bool endpoint = cxl->topology.nodes[d->node].kind == PLAN_MEMDEV;
		char path[PLAN_PATH_SIZE], size[24];

		c->indent = 8;
		say(c, "decoder %u of %s: 0x%lx + %s, %u way%s of %u bytes,", d->index,
		    plan_path(&cxl->topology, d->node, path, sizeof(path)), d->base,
		    fmt_size(size, d->size), d->ways, d->ways == 1 ? "" : "s", d->granularity);
		if (endpoint) {
			say_item(c, "DPA skip %s", fmt_size(size, d->skip));
		} else {
			say_item(c, "ports");
			for (unsigned k = 0; k < d->ways; k++)
				say_item(c, "%u", d->targets[k]);
		}
		say_item(c, "(region %u)\n", d->region);
	}
}

void report_region(struct console *c, const struct cxl *cxl, const struct plan *plan, unsigned r)
{
	const struct plan_region *region = &plan->regions[r];
	char path[PLAN_PATH_SIZE], size[24];

	c->indent = 4;
	say(c, "region %u: window %u base 0x%lx size %s ways %u granularity %u targets", r,
	    region->window, region->base, fmt_size(size, region->size), region->ways,
	    region->granularity);
	for (unsigned i = 0; i < region->ways; i++)
		say_item(c, "%s%s",
			 plan_path(&cxl->topology, region->targets[i], path, sizeof(path)),
			 i + 1 < region->ways ? "," : "");
}
