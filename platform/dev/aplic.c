/* SPDX-License-Identifier: Apache-2.0 */
/*
 * APLIC, AIA 1.0 chapter 4; see aplic.h. Section numbers below are of that document.
 *
 * MSIs leave at once. One may be addressed to this APLIC itself (setipnum_le and genmsi are valid
 * destinations), hence the flags that keep a domain from being entered twice.
 */
#include "aplic.h"

#include <assert.h>
#include <string.h>

#define DOMAINCFG_FIXED   0x80000004u /* 0x80 in 31:24, DM */
#define DOMAINCFG_IE      0x100u
#define SOURCECFG_D       0x400u
#define MMSIADDRCFGH_MASK 0x9f77ffffu
#define MMSIADDRCFGH_L    0x80000000u
#define SMSIADDRCFGH_MASK 0x00700fffu
#define HART_SHIFT        18
#define EIID_MASK         0xffu /* 255 interrupt identities */
#define TARGET_MASK       (0x3fffu << HART_SHIFT | EIID_MASK)
#define REGION_SIZE       0x8000u

/* source modes */
enum {
	SM_INACTIVE = 0,
	SM_DETACHED = 1,
	SM_EDGE1 = 4,
	SM_EDGE0 = 5,
	SM_LEVEL1 = 6,
	SM_LEVEL0 = 7
};
enum {
	MMSIADDRCFG,
	MMSIADDRCFGH,
	SMSIADDRCFG,
	SMSIADDRCFGH
};

static bool get(const uint32_t *bits, unsigned i)
{
	return bits[i / 32] >> i % 32 & 1;
}

static void put(uint32_t *bits, unsigned i, bool value)
{
	const uint32_t mask = UINT32_C(1) << i % 32;

	bits[i / 32] = value ? bits[i / 32] | mask : bits[i / 32] & ~mask;
}

static unsigned source_mode(const struct vcxl_aplic_domain *d, unsigned source)
{
	return d->sourcecfg[source] & SOURCECFG_D ? SM_INACTIVE : d->sourcecfg[source] & 7;
}

static bool is_active(const struct vcxl_aplic_domain *d, uint32_t source)
{
	return source >= 1 && source <= VCXL_APLIC_SOURCES && source_mode(d, source) != SM_INACTIVE;
}

/* Whether the source appears to be implemented in this domain. */
static bool is_present(const struct vcxl_aplic_domain *d, uint32_t source)
{
	if (source < 1 || source > VCXL_APLIC_SOURCES)
		return false;
	return d->level == VCXL_APLIC_M ||
	       d->aplic->domains[VCXL_APLIC_M].sourcecfg[source] & SOURCECFG_D;
}

static bool is_level_sensitive(const struct vcxl_aplic_domain *d, unsigned source)
{
	return source_mode(d, source) >= SM_LEVEL1;
}

/* 4.9.1: addresses for outgoing MSIs; guest index 0 */
static uint64_t msi_address(const struct vcxl_aplic_domain *d, uint32_t hart)
{
	const uint32_t *cfg = d->aplic->msiaddrcfg, mh = cfg[MMSIADDRCFGH];
	const unsigned low = d->level == VCXL_APLIC_M ? MMSIADDRCFG : SMSIADDRCFG;
	const unsigned hhxs = mh >> 24 & 31, hhxw = mh >> 16 & 7, lhxw = mh >> 12 & 15;
	const unsigned lhxs = cfg[low + 1] >> 20 & 7;
	const uint64_t group = hart >> lhxw & ((1u << hhxw) - 1);
	const uint64_t member = hart & ((1u << lhxw) - 1);
	const uint64_t base = (uint64_t)(cfg[low + 1] & 0xfff) << 32 | cfg[low];

	return (base | group << (hhxs + 12) | member << lhxs) << 12;
}

static void send(struct vcxl_aplic_domain *d, uint32_t hart_and_identity)
{
	d->aplic->msi(d->aplic->ctx, msi_address(d, hart_and_identity >> HART_SHIFT),
		      hart_and_identity & EIID_MASK);
}

/* The pending and enabled source of lowest number; 0: none. */
static unsigned next_source(const struct vcxl_aplic_domain *d)
{
	for (unsigned w = 0; w < VCXL_APLIC_WORDS; w++) {
		const uint32_t ready = d->ip[w] & d->ie[w];

		if (ready)
			return w * 32 + (unsigned)__builtin_ctz(ready);
	}
	return 0;
}

static void forward(struct vcxl_aplic_domain *d)
{
	unsigned source;

	if (!d->enabled || d->forwarding)
		return;
	d->forwarding = true;
	/* bounded: a source whose MSIs make it pending again waits for the next event */
	for (unsigned n = 0; n < VCXL_APLIC_SOURCES && (source = next_source(d)) != 0; n++) {
		put(d->ip, source, false);
		send(d, d->target[source]);
	}
	d->forwarding = false;
}

/* Wire or mode changed: 4.5.2 (rectified input value) and 4.7 (effects on pending bits). */
static void source_changed(struct vcxl_aplic_domain *d, unsigned source)
{
	const unsigned sm = source_mode(d, source);
	const bool wire = get(d->aplic->wires, source), before = get(d->rectified, source);
	const bool now = sm >= SM_EDGE1 && wire != (sm == SM_EDGE0 || sm == SM_LEVEL0);

	put(d->rectified, source, now);
	if (sm == SM_INACTIVE) {
		put(d->ip, source, false);
		put(d->ie, source, false);
		d->target[source] = 0;
	} else if (now && !before) {
		put(d->ip, source, true);
	} else if (!now && is_level_sensitive(d, source)) {
		put(d->ip, source, false);
	}
}

static void set_pending(struct vcxl_aplic_domain *d, uint32_t source)
{
	if (!is_active(d, source))
		return;
	/* 4.7: a level-sensitive source becomes pending only while it is asserted */
	if (!is_level_sensitive(d, source) || get(d->rectified, source))
		put(d->ip, source, true);
}

static void clear_pending(struct vcxl_aplic_domain *d, uint32_t source)
{
	if (is_active(d, source))
		put(d->ip, source, false);
}

static void set_enabled(struct vcxl_aplic_domain *d, uint32_t source)
{
	if (is_active(d, source))
		put(d->ie, source, true);
}

static void clear_enabled(struct vcxl_aplic_domain *d, uint32_t source)
{
	if (is_active(d, source))
		put(d->ie, source, false);
}

/* Applies a change to every source whose bit is one in word `index` of a bit array. */
static void each(struct vcxl_aplic_domain *d, unsigned index, uint32_t ones,
		 void (*change)(struct vcxl_aplic_domain *d, uint32_t source))
{
	for (; ones; ones &= ones - 1)
		change(d, index * 32 + (unsigned)__builtin_ctz(ones));
}

static uint32_t word_of(const uint32_t *bits, unsigned index)
{
	return index < VCXL_APLIC_WORDS ? bits[index] : 0;
}

static uint32_t read_domaincfg(const struct vcxl_aplic_domain *d, unsigned index)
{
	(void)index;
	return DOMAINCFG_FIXED | (d->enabled ? DOMAINCFG_IE : 0);
}

static void write_domaincfg(struct vcxl_aplic_domain *d, unsigned index, uint32_t value)
{
	(void)index;
	d->enabled = value & DOMAINCFG_IE;
}

static uint32_t read_sourcecfg(const struct vcxl_aplic_domain *d, unsigned index)
{
	return index < VCXL_APLIC_SOURCES ? d->sourcecfg[index + 1] : 0;
}

static void write_sourcecfg(struct vcxl_aplic_domain *d, unsigned index, uint32_t value)
{
	struct vcxl_aplic_domain *child = &d->aplic->domains[VCXL_APLIC_S];
	const unsigned source = index + 1, sm = value & 7;

	if (!is_present(d, source))
		return;
	if (value & SOURCECFG_D) /* a leaf cannot delegate; the root has one child, index 0 */
		d->sourcecfg[source] = d->level == VCXL_APLIC_M ? SOURCECFG_D : 0;
	else
		d->sourcecfg[source] = sm == SM_DETACHED || sm >= SM_EDGE1 ? sm : SM_INACTIVE;
	source_changed(d, source);
	if (!is_present(child, source)) {
		child->sourcecfg[source] = 0;
		source_changed(child, source);
	}
}

static uint32_t read_msiaddrcfg(const struct vcxl_aplic_domain *d, unsigned index)
{
	return d->level == VCXL_APLIC_M ? d->aplic->msiaddrcfg[index] : 0;
}

static void write_msiaddrcfg(struct vcxl_aplic_domain *d, unsigned index, uint32_t value)
{
	static const uint32_t masks[4] = { UINT32_MAX, MMSIADDRCFGH_MASK, UINT32_MAX,
					   SMSIADDRCFGH_MASK };

	if (d->level == VCXL_APLIC_M && !(d->aplic->msiaddrcfg[MMSIADDRCFGH] & MMSIADDRCFGH_L))
		d->aplic->msiaddrcfg[index] = value & masks[index];
}

static uint32_t read_setip(const struct vcxl_aplic_domain *d, unsigned index)
{
	return word_of(d->ip, index);
}

static void write_setip(struct vcxl_aplic_domain *d, unsigned index, uint32_t value)
{
	each(d, index, value, set_pending);
}

static void write_setipnum(struct vcxl_aplic_domain *d, unsigned index, uint32_t value)
{
	(void)index;
	set_pending(d, value);
}

static uint32_t read_in_clrip(const struct vcxl_aplic_domain *d, unsigned index)
{
	return word_of(d->rectified, index);
}

static void write_in_clrip(struct vcxl_aplic_domain *d, unsigned index, uint32_t value)
{
	each(d, index, value, clear_pending);
}

static void write_clripnum(struct vcxl_aplic_domain *d, unsigned index, uint32_t value)
{
	(void)index;
	clear_pending(d, value);
}

static uint32_t read_setie(const struct vcxl_aplic_domain *d, unsigned index)
{
	return word_of(d->ie, index);
}

static void write_setie(struct vcxl_aplic_domain *d, unsigned index, uint32_t value)
{
	each(d, index, value, set_enabled);
}

static void write_setienum(struct vcxl_aplic_domain *d, unsigned index, uint32_t value)
{
	(void)index;
	set_enabled(d, value);
}

static void write_clrie(struct vcxl_aplic_domain *d, unsigned index, uint32_t value)
{
	each(d, index, value, clear_enabled);
}

static void write_clrienum(struct vcxl_aplic_domain *d, unsigned index, uint32_t value)
{
	(void)index;
	clear_enabled(d, value);
}

static uint32_t read_genmsi(const struct vcxl_aplic_domain *d, unsigned index)
{
	(void)index;
	return d->genmsi | (uint32_t)d->busy << 12;
}

/* 4.5.15: sent whatever domaincfg.IE says; always to the hart's own file */
static void write_genmsi(struct vcxl_aplic_domain *d, unsigned index, uint32_t value)
{
	(void)index;
	if (d->busy)
		return;
	d->genmsi = value & TARGET_MASK;
	d->busy = true;
	send(d, d->genmsi);
	d->busy = false;
}

static uint32_t read_target(const struct vcxl_aplic_domain *d, unsigned index)
{
	return index < VCXL_APLIC_SOURCES ? d->target[index + 1] : 0;
}

static void write_target(struct vcxl_aplic_domain *d, unsigned index, uint32_t value)
{
	if (is_active(d, index + 1))
		d->target[index + 1] = value & TARGET_MASK;
}

/* Registers and register arrays of a control region (table 4.1); what is between is reserved. */
/* clang-format off */
static const struct {
	uint32_t first, last;
	uint32_t (*read)(const struct vcxl_aplic_domain *d, unsigned index); /* NULL: zero */
	void (*write)(struct vcxl_aplic_domain *d, unsigned index, uint32_t value);
} rows[] = {
	{ 0x0000, 0x0000, read_domaincfg,  write_domaincfg },
	{ 0x0004, 0x0ffc, read_sourcecfg,  write_sourcecfg },
	{ 0x1bc0, 0x1bcc, read_msiaddrcfg, write_msiaddrcfg },
	{ 0x1c00, 0x1c7c, read_setip,      write_setip },
	{ 0x1cdc, 0x1cdc, NULL,            write_setipnum },
	{ 0x1d00, 0x1d7c, read_in_clrip,   write_in_clrip },
	{ 0x1ddc, 0x1ddc, NULL,            write_clripnum },
	{ 0x1e00, 0x1e7c, read_setie,      write_setie },
	{ 0x1edc, 0x1edc, NULL,            write_setienum },
	{ 0x1f00, 0x1f7c, NULL,            write_clrie },
	{ 0x1fdc, 0x1fdc, NULL,            write_clrienum },
	{ 0x2000, 0x2000, NULL,            write_setipnum }, /* setipnum_le */
	{ 0x3000, 0x3000, read_genmsi,     write_genmsi },
	{ 0x3004, 0x3ffc, read_target,     write_target },
};
/* clang-format on */

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static unsigned find_row(uint64_t offset)
{
	unsigned i = 0;

	while (i < N_ROWS && !(offset >= rows[i].first && offset <= rows[i].last))
		i++;
	return i;
}

static bool in_region(uint64_t offset, unsigned width)
{
	return width == 4 && offset % 4 == 0 && offset < REGION_SIZE;
}

static bool aplic_read(void *dev, uint64_t offset, unsigned width, uint64_t *value)
{
	const struct vcxl_aplic_domain *d = dev;
	const unsigned i = find_row(offset);

	if (!in_region(offset, width))
		return false;
	*value = 0;
	if (i < N_ROWS && rows[i].read)
		*value = rows[i].read(d, (unsigned)(offset - rows[i].first) / 4);
	return true;
}

static bool aplic_write(void *dev, uint64_t offset, unsigned width, uint64_t value)
{
	struct vcxl_aplic_domain *d = dev;
	const unsigned i = find_row(offset);

	if (!in_region(offset, width))
		return false;
	if (i < N_ROWS) {
		rows[i].write(d, (unsigned)(offset - rows[i].first) / 4, (uint32_t)value);
		forward(d);
	}
	return true;
}

const struct vcxl_dev_ops vcxl_aplic_ops = { "aplic", aplic_read, aplic_write };

void vcxl_aplic_init(struct vcxl_aplic *aplic, void *ctx,
		     void (*msi)(void *ctx, uint64_t hpa, uint32_t data))
{
	memset(aplic, 0, sizeof(*aplic));
	aplic->ctx = ctx;
	aplic->msi = msi;
	for (unsigned i = 0; i < VCXL_APLIC_N_DOMAINS; i++) {
		aplic->domains[i].aplic = aplic;
		aplic->domains[i].level = (enum vcxl_aplic_level)i;
	}
}

void vcxl_aplic_reset(struct vcxl_aplic *aplic)
{
	uint32_t wires[VCXL_APLIC_WORDS];

	memcpy(wires, aplic->wires, sizeof(wires));
	vcxl_aplic_init(aplic, aplic->ctx, aplic->msi);
	memcpy(aplic->wires, wires, sizeof(wires));
}

void vcxl_aplic_set_wire(struct vcxl_aplic *aplic, unsigned source, bool level)
{
	assert(source >= 1 && source <= VCXL_APLIC_SOURCES);
	put(aplic->wires, source, level);
	for (unsigned i = 0; i < VCXL_APLIC_N_DOMAINS; i++) {
		source_changed(&aplic->domains[i], source);
		forward(&aplic->domains[i]);
	}
}
