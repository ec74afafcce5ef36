/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Component registers: capability array, Link and HDM decoder capabilities; RAS is ras.c's.
 * CXL r3.1 8.2.3, 8.2.4. The Link capability stores what is written; credits and the retry buffer
 * are not modelled. Left out: Security, IDE, Snoop Filter, Timeout & Isolation, BI, Cache ID.
 */
#include <assert.h>
#include <string.h>

#include "component.h"

/* Where each capability lies, from the start of the CXL.cache/mem block. */
enum {
	RAS_AT = 0x80,
	LINK_AT = 0xd8,
	HDM_AT = 0x128
};

#define HDM_BASE_LOW   0x10u
#define HDM_SIZE_LOW   0x18u
#define HDM_CONTROL    0x20u
#define HDM_TARGET_LOW 0x24u
#define HDM_STRIDE     0x20u

#define HDM_CONTROL_COMMIT    VCXL_BIT(9)
#define HDM_CONTROL_COMMITTED VCXL_BIT(10)
#define HDM_CONTROL_ERROR     VCXL_BIT(11)
#define HDM_GLOBAL_ENABLE     VCXL_BIT(1)

/* CXL r3.1 8.2.4.20.2: HDM Decoder Enable is of devices alone; bridges and switches read 0. */
static uint64_t global_writable(const void *owner, unsigned i, uint64_t rw)
{
	const struct vcxl_component *c = owner;

	(void)i;
	if (!c->hdm->config.endpoint)
		return 0;
	for (unsigned n = 0; n < c->hdm->config.n_decoders; n++)
		if (c->hdm->decoders[n].locked)
			return 0;
	return rw;
}

void vcxl_component_decoding_changed(const struct vcxl_component *c)
{
	const struct vcxl_hdm *hdm = c->hdm;

	for (unsigned n = 0; n < hdm->config.n_decoders; n++)
		if (hdm->decoders[n].state == VCXL_DECODER_COMMITTED && hdm->changed)
			hdm->changed(hdm->changed_ctx, n, hdm->decoders[n].hpa_base,
				     hdm->decoders[n].size);
}

static void global_written(void *owner, unsigned i, uint64_t old, uint64_t now)
{
	struct vcxl_component *c = owner;
	struct vcxl_hdm *hdm = c->hdm;

	(void)i;
	if (!((old ^ now) & HDM_GLOBAL_ENABLE))
		return;
	hdm->enabled = now & HDM_GLOBAL_ENABLE;
	vcxl_component_decoding_changed(c);
}

/* CXL r3.1 8.2.4.20.7: the fields of a decoder are read-only while it is committed. */
static uint64_t decoder_writable(const void *owner, unsigned i, uint64_t rw)
{
	const struct vcxl_component *c = owner;

	return c->hdm->decoders[i].state == VCXL_DECODER_COMMITTED ? 0 : rw;
}

static uint64_t control_writable(const void *owner, unsigned i, uint64_t rw)
{
	const struct vcxl_component *c = owner;

	if (c->hdm->decoders[i].locked)
		return 0;
	return c->hdm->decoders[i].state == VCXL_DECODER_COMMITTED ? HDM_CONTROL_COMMIT : rw;
}

/* Target List Low of a port is DPA Skip Low of a device, whose bits 27:0 are reserved. */
static uint64_t target_low_writable(const void *owner, unsigned i, uint64_t rw)
{
	const struct vcxl_component *c = owner;

	rw = decoder_writable(owner, i, rw);
	return c->hdm->config.endpoint ? rw & 0xf0000000 : rw;
}

static struct vcxl_hdm_request read_request(const struct vcxl_component *c, unsigned n)
{
	const uint32_t at = c->hdm_offset + n * HDM_STRIDE;
	const uint64_t control = vcxl_block_get(&c->block, at + HDM_CONTROL, 4);
	struct vcxl_hdm_request rq = {
		.base = vcxl_block_get(&c->block, at + HDM_BASE_LOW, 8),
		.size = vcxl_block_get(&c->block, at + HDM_SIZE_LOW, 8),
		.eig = (uint8_t)vcxl_field_get(control, 3, 0),
		.eiw = (uint8_t)vcxl_field_get(control, 7, 4),
		.lock_on_commit = vcxl_field_get(control, 8, 8),
		.bi = vcxl_field_get(control, 13, 13),
		.uio = vcxl_field_get(control, 14, 14),
	};

	if (c->hdm->config.endpoint)
		rq.skip = vcxl_block_get(&c->block, at + HDM_TARGET_LOW, 8);
	for (unsigned t = 0; t < VCXL_HDM_MAX_TARGETS && !c->hdm->config.endpoint; t++)
		rq.targets[t] = (uint8_t)vcxl_block_get(&c->block, at + HDM_TARGET_LOW + t, 1);
	return rq;
}

static void trace_decoder(const struct vcxl_component *c, unsigned n, const struct vcxl_decoder *d)
{
	const bool known = d->state == VCXL_DECODER_COMMITTED;

	vcxl_trace_emit(c->trace, VCXL_TRACE_DECODER, c->name, n, d->hpa_base, d->size,
			known ? vcxl_interleave_ways(d->interleave) : 0,
			known ? vcxl_interleave_granularity(d->interleave) : 0,
			c->hdm->decoders[n].state == VCXL_DECODER_COMMITTED, c->hdm->last_error);
}

/* CXL r3.1 8.2.4.20.7: rules are checked when Commit goes from 0 to 1 and only then. */
static void control_written(void *owner, unsigned i, uint64_t old, uint64_t now)
{
	struct vcxl_component *c = owner;
	const uint32_t at = c->hdm_offset + i * HDM_STRIDE + HDM_CONTROL;
	const struct vcxl_decoder was = c->hdm->decoders[i];

	if (!((old ^ now) & HDM_CONTROL_COMMIT))
		return;
	now &= ~(HDM_CONTROL_COMMITTED | HDM_CONTROL_ERROR);
	if (now & HDM_CONTROL_COMMIT) {
		const struct vcxl_hdm_request rq = read_request(c, i);

		now |= vcxl_hdm_commit(c->hdm, i, &rq) ? HDM_CONTROL_ERROR : HDM_CONTROL_COMMITTED;
	} else {
		c->hdm->last_error = VCXL_HDM_ERR_NONE;
		vcxl_hdm_uncommit(c->hdm, i);
	}
	vcxl_block_set(&c->block, at, 4, now);
	trace_decoder(c, i, now & HDM_CONTROL_COMMIT ? &c->hdm->decoders[i] : &was);
}

#define PER_DECODER .count = VCXL_HDM_MAX_DECODERS, .stride = HDM_STRIDE
#define FROZEN      .writable = decoder_writable

/* clang-format off */
/* CXL r3.1 8.2.4.19: version 2 on both sides, link initialised (INIT_DONE) */
static const struct vcxl_reg link_regs[] = {
	VCXL_REG64(0x00, "Link Layer Capability",         .reset = 0x22),
	VCXL_REG64(0x08, "Link Layer Control and Status", .reset = 0x18),
	VCXL_REG64(0x10, "Link Layer Rx Credit Control",  .rw = 0x3ff03ff03ffull),
	VCXL_REG64(0x18, "Link Layer Rx Credit Return Status", .reset = 0),
	VCXL_REG64(0x20, "Link Layer Tx Credit Status",   .reset = 0),
	VCXL_REG32(0x28, "Link Layer Ack Timer Control",  .rw = 0x3ffff),
	VCXL_REG32(0x30, "Link Layer Defeature",          .rw = 0x1),
};

/* CXL r3.1 8.2.4.20 */
static const struct vcxl_reg hdm_regs[] = {
	VCXL_REG32(0x00, "HDM Decoder Capability",     .reset = 0),
	VCXL_REG32(0x04, "HDM Decoder Global Control", .rw = HDM_GLOBAL_ENABLE, .writable = global_writable, .on_write = global_written),
	VCXL_REG32(0x10, "HDM Decoder n Base Low",     PER_DECODER, .rw = 0xf0000000, FROZEN),
	VCXL_REG32(0x14, "HDM Decoder n Base High",    PER_DECODER, .rw = 0xffffffff, FROZEN),
	VCXL_REG32(0x18, "HDM Decoder n Size Low",     PER_DECODER, .rw = 0xf0000000, FROZEN),
	VCXL_REG32(0x1c, "HDM Decoder n Size High",    PER_DECODER, .rw = 0xffffffff, FROZEN),
	VCXL_REG32(0x20, "HDM Decoder n Control",      PER_DECODER, .rw = 0x13ff, .writable = control_writable, .on_write = control_written),
	VCXL_REG32(0x24, "HDM Decoder n Target List Low / DPA Skip Low",   PER_DECODER, .rw = 0xffffffff, .writable = target_low_writable),
	VCXL_REG32(0x28, "HDM Decoder n Target List High / DPA Skip High", PER_DECODER, .rw = 0xffffffff, FROZEN),
};
/* clang-format on */

/* CXL r3.1 8.2.4.20.1: everything that the kind supports, see check_interleave() in hdm.c. */
static uint32_t hdm_capability(const struct vcxl_hdm_config *config)
{
	static const uint8_t counts[] = { 1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32 };
	const uint32_t targets = config->endpoint ? 1 : config->max_targets;
	const uint32_t both_granularities = 0x300;
	uint32_t enc = 0;

	while (counts[enc] < config->n_decoders)
		enc++;
	return enc | targets << 4 | both_granularities | (config->endpoint ? 0x1800u : 0u);
}

/* Lays out one capability and its entry in the capability array. */
static void add_capability(struct vcxl_component *c, unsigned entry, uint16_t id, uint8_t version,
			   uint32_t base, struct vcxl_reg_table table)
{
	table.base = base;
	table.owner = c;
	vcxl_block_add(&c->block, &table);
	vcxl_block_set_reset(&c->block, 4 * entry, 4,
			     id | (uint64_t)version << 16 | (uint64_t)base << 20);
	/* CXL r3.1 8.2.4.1: ID 1, version 1, CXL.cache/mem version 1, number of entries */
	vcxl_block_set_reset(&c->block, 0, 4, 0x00110001 | (uint64_t)entry << 24);
}

void vcxl_component_init(struct vcxl_component *c, struct vcxl_hdm *hdm, bool ras,
			 const struct vcxl_trace *trace, const char *name)
{
	const struct vcxl_reg_table link = { .rows = link_regs,
					     .n_rows = VCXL_ARRAY_LEN(link_regs) };
	struct vcxl_reg_table decoders = { .rows = hdm_regs, .n_rows = VCXL_ARRAY_LEN(hdm_regs) };
	unsigned entry = 0;

	memset(c, 0, sizeof(*c));
	vcxl_block_init(&c->block, c->storage, VCXL_CACHEMEM_SIZE);
	c->hdm = hdm;
	c->trace = trace;
	c->name = name;
	if (ras) {
		c->ras_offset = RAS_AT;
		add_capability(c, ++entry, 2, 3, RAS_AT, vcxl_ras_table);
	}
	add_capability(c, ++entry, 4, 2, LINK_AT, link);
	if (hdm) {
		assert(vcxl_hdm_count_valid(hdm->config.n_decoders));
		c->hdm_offset = HDM_AT;
		decoders.count = hdm->config.n_decoders;
		add_capability(c, ++entry, 5, 3, HDM_AT, decoders);
		vcxl_block_set_reset(&c->block, HDM_AT, 4, hdm_capability(&hdm->config));
	}
}

void vcxl_component_reset(struct vcxl_component *c, enum vcxl_reset kind)
{
	/* CXL r3.1 9.5: function-level reset does not touch CXL.cache and CXL.mem */
	if (kind == VCXL_RESET_FLR)
		return;
	vcxl_block_reset(&c->block, kind);
	if (kind == VCXL_RESET_COLD)
		c->ras = (struct vcxl_ras){ .n = 0 };
	if (c->hdm)
		vcxl_hdm_reset(c->hdm);
}

enum vcxl_status vcxl_component_access(struct vcxl_component *c, bool write, uint32_t offset,
				       unsigned width, uint64_t *value)
{
	if ((width != 4 && width != 8) || offset % width ||
	    !vcxl_range_inside(offset, width, 0, VCXL_COMPONENT_SIZE))
		return VCXL_E_ACCESS;
	if (!vcxl_range_inside(offset, width, VCXL_CACHEMEM_OFFSET, VCXL_CACHEMEM_SIZE))
		return VCXL_OK;
	return vcxl_block_access(&c->block, write, offset - VCXL_CACHEMEM_OFFSET, width, value);
}
