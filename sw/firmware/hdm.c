/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programming of HDM decoders, CXL r3.1 8.2.4.20: fields first, Commit last, then wait for
 * Committed or Error Not Committed. Decoders go off from the highest down.
 */
#include "arch.h"
#include "cxl.h"
#include "fmt.h"

enum {
	HDM_GLOBAL = 0x04,
	HDM_ENABLE = 0x2,
	HDM_STRIDE = 0x20,
	HDM_BASE_LOW = 0x10,
	HDM_BASE_HIGH = 0x14,
	HDM_SIZE_LOW = 0x18,
	HDM_SIZE_HIGH = 0x1c,
	HDM_CONTROL = 0x20,
	HDM_TARGETS_LOW = 0x24, /* endpoints: DPA skip */
	HDM_TARGETS_HIGH = 0x28,
	CONTROL_LOCK = 1 << 8,
	CONTROL_COMMIT = 1 << 9,
	CONTROL_COMMITTED = 1 << 10,
	CONTROL_ERROR = 1 << 11,
	CONTROL_HOST_ONLY = 1 << 12,
	COMMIT_MS = 20 /* the specification allows 10 */
};

static uint64_t decoder_address(const struct cxl *cxl, int node, unsigned index)
{
	return cxl->nodes[node].component.hdm + HDM_STRIDE * index;
}

static bool fail(struct cxl *cxl, int node, unsigned index, const char *what)
{
	char path[PLAN_PATH_SIZE];

	if (!cxl->error[0])
		fmt_text(cxl->error, sizeof(cxl->error), "decoder %u of %s: %s", index,
			 plan_path(&cxl->topology, node, path, sizeof(path)), what);
	return false;
}

bool hdm_reset(struct cxl *cxl, int node)
{
	const struct cxl_component *c = &cxl->nodes[node].component;

	for (unsigned i = c->hdm ? c->decoders.n_decoders : 0; i-- > 0;) {
		const uint64_t at = decoder_address(cxl, node, i);
		const struct deadline d = deadline_in(cxl->board->timebase_hz, COMMIT_MS);

		mmio_write32(at + HDM_CONTROL, 0);
		while (mmio_read32(at + HDM_CONTROL) & CONTROL_COMMITTED)
			if (deadline_passed(&d))
				return fail(cxl, node, i, "locked, cannot be switched off");
		for (unsigned reg = HDM_BASE_LOW; reg < HDM_CONTROL; reg += 4)
			mmio_write32(at + reg, 0);
		mmio_write32(at + HDM_TARGETS_LOW, 0);
		mmio_write32(at + HDM_TARGETS_HIGH, 0);
	}
	return true;
}

bool hdm_reset_all(struct cxl *cxl)
{
	/* from the top: nothing is routed to what goes off next */
	for (unsigned i = 0; i < cxl->topology.n_nodes; i++)
		if (!hdm_reset(cxl, (int)i))
			return false;
	return true;
}

static unsigned encode_ways(uint32_t ways)
{
	unsigned shift = 0;

	if (ways % 3 == 0)
		return ways == 3 ? 8 : ways == 6 ? 9 : 10;
	while (1u << shift < ways)
		shift++;
	return shift;
}

static unsigned encode_granularity(uint32_t granularity)
{
	unsigned encoded = 0;

	while (256u << encoded < granularity)
		encoded++;
	return encoded;
}

static uint32_t targets(const struct plan_decoder *d, unsigned first)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < 4; i++)
		if (first + i < d->ways)
			value |= (uint32_t)d->targets[first + i] << 8 * i;
	return value;
}

static bool commit(struct cxl *cxl, const struct plan_decoder *d, bool lock)
{
	const uint64_t at = decoder_address(cxl, d->node, d->index);
	const bool endpoint = cxl->topology.nodes[d->node].kind == PLAN_MEMDEV;
	const bool host_only = !cxl->nodes[d->node].component.device_coherent_only;
	const uint32_t control = encode_granularity(d->granularity) | encode_ways(d->ways) << 4 |
				 (host_only ? CONTROL_HOST_ONLY : 0) | (lock ? CONTROL_LOCK : 0);
	const struct deadline end = deadline_in(cxl->board->timebase_hz, COMMIT_MS);
	uint32_t state;

	mmio_write32(at + HDM_BASE_HIGH, (uint32_t)(d->base >> 32));
	mmio_write32(at + HDM_BASE_LOW, (uint32_t)d->base);
	mmio_write32(at + HDM_SIZE_HIGH, (uint32_t)(d->size >> 32));
	mmio_write32(at + HDM_SIZE_LOW, (uint32_t)d->size);
	mmio_write32(at + HDM_TARGETS_HIGH, endpoint ? (uint32_t)(d->skip >> 32) : targets(d, 4));
	mmio_write32(at + HDM_TARGETS_LOW, endpoint ? (uint32_t)d->skip : targets(d, 0));
	mmio_write32(at + HDM_CONTROL, control | CONTROL_COMMIT);
	for (;;) {
		state = mmio_read32(at + HDM_CONTROL);
		if (state & CONTROL_COMMITTED)
			return true;
		if (state & CONTROL_ERROR)
			return fail(cxl, d->node, d->index, "refuses to commit");
		if (deadline_passed(&end))
			return fail(cxl, d->node, d->index, "does not commit in time");
	}
}

bool hdm_commit(struct cxl *cxl, const struct plan_decoder *decoders, unsigned n, bool may_lock)
{
	for (unsigned i = 0; i < n; i++)
		if (!commit(cxl, &decoders[i], may_lock && decoders[i].lock))
			return false;
	return true;
}

void hdm_enable_all(struct cxl *cxl)
{
	for (unsigned i = 0; i < cxl->topology.n_nodes; i++) {
		const struct cxl_node *node = &cxl->nodes[i];

		if (cxl->topology.nodes[i].kind != PLAN_MEMDEV)
			continue;
		if (node->component.hdm) {
			const uint64_t global = node->component.hdm + HDM_GLOBAL;

			mmio_write32(global, mmio_read32(global) | HDM_ENABLE);
		}
		cxl_enable_memory(cxl, &cxl->pci.functions[node->function]);
	}
}
