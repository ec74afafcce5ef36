/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory device: life, PCI function, registers. CXL r3.1 8.1.3. Accesses to memory are in access.c,
 * resets in reset.c.
 */
#include "memdev.h"

#include <stdlib.h>
#include <string.h>

#include "dvsec.h"

#define MSIX_BAR_SIZE       0x1000u
#define DEVICE_BAR_SIZE_MIN 0x10000u

/* ---- DMI and gate ---- */

static void decoder_changed(void *ctx, unsigned decoder, uint64_t hpa, uint64_t size)
{
	const struct vcxl_memdev *md = ctx;

	(void)decoder;
	if (md->ops.dmi_invalidate)
		md->ops.dmi_invalidate(md->ops.ctx, hpa, size);
}

/* Mem_Enable and the media state, folded into one value that the access path looks at. */
void vcxl_memdev_update_gate(struct vcxl_memdev *md)
{
	enum vcxl_status gate = VCXL_OK;

	if (!vcxl_dvsec_mem_enabled(&md->pci, md->dvsec))
		gate = VCXL_E_DISABLED;
	else if (md->media_disabled)
		gate = VCXL_E_MEDIA;
	if (gate == md->gate)
		return;
	md->gate = gate;
	vcxl_component_decoding_changed(&md->component);
}

void vcxl_memdev_disable_media(struct vcxl_memdev *md, bool disabled)
{
	md->media_disabled = disabled;
	vcxl_memdev_update_gate(md);
}

/* ---- life ---- */

static struct vcxl_memdev_config with_defaults(const struct vcxl_memdev_config *config)
{
	struct vcxl_memdev_config c = *config;

	VCXL_DEFAULT(c.name, "memdev");
	VCXL_DEFAULT(c.n_decoders, 4);
	VCXL_DEFAULT(c.hpa_bits, 52);
	VCXL_DEFAULT(c.mailbox_log2, 11);
	VCXL_DEFAULT(c.event_log_depth, VCXL_EVENT_DEFAULT_DEPTH);
	VCXL_DEFAULT(c.poison_list_max, VCXL_POISON_DEFAULT_LIST);
	VCXL_DEFAULT(c.read_latency_ps, 150000);
	VCXL_DEFAULT(c.write_latency_ps, 250000);
	VCXL_DEFAULT(c.read_bandwidth, 16000);
	VCXL_DEFAULT(c.write_bandwidth, 16000);
	vcxl_link_default(&c.link);
	return c;
}

/* The media in DPA order, and how much they are; false when they cannot be. */
static bool lay_out(struct vcxl_bank banks[VCXL_N_BANKS], const struct vcxl_memdev_config *c,
		    uint64_t *capacity)
{
	*capacity = 0;
	banks[VCXL_BANK_VOLATILE].media = c->media[VCXL_PARTITION_VOLATILE];
	banks[VCXL_BANK_PARTITIONABLE].media = c->partitionable;
	banks[VCXL_BANK_PERSISTENT].media = c->media[VCXL_PARTITION_PERSISTENT];
	for (unsigned i = 0; i < VCXL_N_BANKS; i++) {
		const struct vcxl_media *media = &banks[i].media;

		if (media->size % VCXL_HDM_ALIGN || !vcxl_media_valid(media) ||
		    media->size > UINT64_MAX - *capacity)
			return false;
		banks[i].base = *capacity;
		*capacity += media->size;
	}
	return *capacity || c->dc.n_regions;
}

static bool config_valid(const struct vcxl_memdev_config *c)
{
	return vcxl_dc_config_valid(&c->dc) && vcxl_media_valid(&c->state) &&
	       (!c->state.size || c->state.size >= vcxl_memdev_state_size(c->poison_list_max)) &&
	       vcxl_media_valid(&c->lsa) && c->lsa.size <= UINT32_MAX &&
	       vcxl_hdm_count_valid(c->n_decoders) && c->hpa_bits >= 36 && c->hpa_bits <= 64 &&
	       c->mailbox_log2 >= 8 && c->mailbox_log2 <= 20 &&
	       c->event_log_depth <= VCXL_EVENT_MAX_DEPTH && vcxl_link_valid(&c->link) &&
	       c->link.width <= 16;
}

/* Capability offsets as QEMU's device has them; software finds them by their lists. */
static void init_pci(struct vcxl_memdev *md, const struct vcxl_memdev_config *c)
{
	static const struct vcxl_pci_identity identity = {
		.vendor = 0x8086,
		.device = 0x0d93,
		.subsystem_vendor = 0x1af4,
		.subsystem = 0x1100,
		.class_code = 0x050210,
		.revision = 1,
	};
	struct vcxl_pci *pci = &md->pci;

	vcxl_pci_init(pci, &identity, &md->ops.irq);
	vcxl_pci_set_bar(pci, 0, VCXL_COMPONENT_SIZE, VCXL_SPACE_COMPONENT);
	vcxl_pci_set_bar(pci, 2, md->device_bar_size, VCXL_SPACE_DEVICE);
	vcxl_pci_set_bar(pci, 4, MSIX_BAR_SIZE, VCXL_SPACE_MSIX);
	vcxl_pci_add_msix(pci, 0x40, VCXL_MEMDEV_N_VECTORS);
	vcxl_pcie_add(pci, 0x80, VCXL_PCIE_ENDPOINT, &c->link, 0);
	vcxl_pcie_train_to(pci, &c->peer_link);
	vcxl_dsn_add(pci, c->serial);
	md->dvsec = vcxl_dvsec_add_device(pci);
	vcxl_dvsec_add_register_locator(pci, true);
	vcxl_dvsec_add_gpf_device(pci);
	vcxl_dvsec_add_flex_bus(pci, VCXL_PCIE_ENDPOINT, c->link.flit_256b);
	vcxl_doe_add(&md->doe, pci, md->cdat, 0);
	vcxl_aer_add(pci, false);
}

static void init_hdm(struct vcxl_memdev *md, const struct vcxl_memdev_config *c)
{
	md->hdm.config = (struct vcxl_hdm_config){ .endpoint = true,
						   .n_decoders = c->n_decoders,
						   .max_targets = 1,
						   .hpa_bits = c->hpa_bits };
	md->hdm.n_partitions = VCXL_N_PARTITIONS;
	md->hdm.changed = decoder_changed;
	md->hdm.changed_ctx = md;
}

static void init_partitions(struct vcxl_memdev *md, const struct vcxl_memdev_config *c)
{
	md->cdat_timing = (struct vcxl_cdat_timing){ c->read_latency_ps, c->write_latency_ps,
						     c->read_bandwidth, c->write_bandwidth };
	md->next_volatile = VCXL_NO_CHANGE;
	vcxl_partition_set(md, vcxl_volatile_only(md));
}

static void init_dc(struct vcxl_memdev *md, const struct vcxl_memdev_config *c)
{
	vcxl_dc_init(&md->dc, &c->dc, md->capacity, md + 1);
	md->fm.sets = vcxl_fm_command_sets();
	for (unsigned i = 0; i < md->dc.n_regions; i++)
		md->hdm.partitions[md->hdm.n_partitions++] =
			(struct vcxl_dpa_range){ .base = md->dc.regions[i].base,
						 .size = md->dc.regions[i].decode_len };
}

/* Smallest BAR that holds registers and payload. */
static uint32_t device_bar_size(uint32_t payload_size)
{
	uint32_t size = DEVICE_BAR_SIZE_MIN;

	while (size < VCXL_DEVICE_REGS_SIZE + payload_size)
		size *= 2;
	return size;
}

/* The device, and behind it: extents and poison, which are aligned, payload, latched payload, event
 * records, state, name. */
static struct vcxl_memdev *allocate(const struct vcxl_memdev_config *c)
{
	const size_t dc_size = vcxl_dc_storage(&c->dc);
	const size_t poison_size = vcxl_poison_storage(c->poison_list_max);
	const size_t payload_size = (size_t)1 << c->mailbox_log2;
	const unsigned dc_log_depth = vcxl_dc_log_depth(&c->dc);
	const size_t events_size = vcxl_events_storage(c->event_log_depth, dc_log_depth);
	const size_t fm_events_size = vcxl_events_storage(0, dc_log_depth);
	const size_t state_size =
		c->state.size ? (size_t)vcxl_memdev_state_size(c->poison_list_max) : 0;
	const size_t name_size = strlen(c->name) + 1;
	struct vcxl_memdev *md =
		calloc(1, sizeof(*md) + dc_size + poison_size + 2 * payload_size + events_size +
				  fm_events_size + state_size + name_size);
	uint8_t *at = (uint8_t *)(md + 1) + dc_size;

	if (!md)
		return NULL;
	vcxl_poison_init(&md->poison, at, c->poison_list_max);
	at += poison_size;
	md->mailbox.payload = at;
	md->mailbox.latched = at + payload_size;
	at += 2 * payload_size;
	vcxl_events_init(&md->events, at, c->event_log_depth, dc_log_depth);
	at += events_size;
	vcxl_events_init(&md->fm_events, at, 0, dc_log_depth);
	at += fm_events_size;
	vcxl_state_init(md, &c->state, at, c->poison_list_max);
	md->name = memcpy(at + state_size, c->name, name_size);
	return md;
}

/* As it comes from the factory. */
static void init(struct vcxl_memdev *md, const struct vcxl_memdev_config *c)
{
	const uint32_t payload_size = 1u << c->mailbox_log2;

	md->lsa = c->lsa;
	md->gate = VCXL_E_DISABLED;
	md->device_bar_size = device_bar_size(payload_size);
	vcxl_health_init(md);
	vcxl_firmware_init(md);
	vcxl_features_init(md);
	vcxl_repairs_init(md);
	init_hdm(md, c);
	init_dc(md, c);
	init_pci(md, c);
	init_partitions(md, c);
	vcxl_component_init(&md->component, &md->hdm, true, md->ops.trace, md->name);
	vcxl_device_regs_init(md, payload_size);
	vcxl_mailbox_init(md, c->mailbox_log2);
}

/* The device as it was when it lost power. */
static enum vcxl_status make(const struct vcxl_memdev_config *config,
			     const struct vcxl_memdev_ops *ops, struct vcxl_memdev **out)
{
	const struct vcxl_memdev_config c = with_defaults(config);
	struct vcxl_bank banks[VCXL_N_BANKS];
	uint64_t capacity;
	struct vcxl_memdev *md;
	enum vcxl_status status;

	*out = NULL;
	if (!lay_out(banks, &c, &capacity) || !config_valid(&c))
		return VCXL_E_CONFIG;
	md = allocate(&c);
	if (!md)
		return VCXL_E_NOMEM;
	if (ops)
		md->ops = *ops;
	memcpy(md->banks, banks, sizeof(banks));
	md->capacity = capacity;
	init(md, &c);
	status = vcxl_state_load(md);
	if (status)
		vcxl_memdev_destroy(md);
	else
		*out = md;
	return status;
}

enum vcxl_status vcxl_memdev_create(const struct vcxl_memdev_config *config,
				    const struct vcxl_memdev_ops *ops, struct vcxl_memdev **out)
{
	enum vcxl_status status = make(config, ops, out);

	if (status)
		return status;
	vcxl_memdev_apply_reset(*out, VCXL_RESET_COLD);
	status = vcxl_state_save(*out);
	if (status) {
		vcxl_memdev_destroy(*out);
		*out = NULL;
	}
	return status;
}

enum vcxl_status vcxl_memdev_check_state(const struct vcxl_memdev_config *config)
{
	struct vcxl_memdev *md;
	const enum vcxl_status status = make(config, NULL, &md);

	vcxl_memdev_destroy(md);
	return status;
}

void vcxl_memdev_destroy(struct vcxl_memdev *md)
{
	if (md)
		vcxl_dc_finish(&md->dc);
	free(md);
}

void vcxl_memdev_tick(struct vcxl_memdev *md, uint64_t now_ps)
{
	vcxl_mailbox_tick(md, now_ps);
	vcxl_scrub_tick(md, now_ps);
	if (now_ps > md->now_ps)
		md->now_ps = now_ps;
}

uint64_t vcxl_memdev_deadline_ps(const struct vcxl_memdev *md)
{
	const uint64_t background = md->mailbox.cci.running ? md->mailbox.cci.end_ps : UINT64_MAX;

	return background < md->features.scrub_ps ? background : md->features.scrub_ps;
}

struct vcxl_pci *vcxl_memdev_pci(struct vcxl_memdev *md)
{
	return &md->pci;
}

const struct vcxl_block *vcxl_memdev_block(const struct vcxl_memdev *md, enum vcxl_space space)
{
	switch (space) {
	case VCXL_SPACE_CONFIG:
		return &md->pci.config;
	case VCXL_SPACE_COMPONENT:
		return &md->component.block;
	case VCXL_SPACE_DEVICE:
		return &md->device;
	default:
		return NULL;
	}
}

const struct vcxl_hdm *vcxl_memdev_hdm(const struct vcxl_memdev *md)
{
	return &md->hdm;
}

uint64_t vcxl_memdev_capacity(const struct vcxl_memdev *md)
{
	return md->capacity;
}

/* ---- protocol errors ---- */

enum vcxl_status vcxl_memdev_uncorrectable_errors(struct vcxl_memdev *md,
						  const struct vcxl_ras_error *errors, unsigned n)
{
	enum vcxl_error_message severity = VCXL_ERR_NONFATAL, one;
	bool any = false;

	for (unsigned i = 0; i < n; i++)
		if (!vcxl_ras_uncorrectable_valid(errors[i].bit))
			return VCXL_E_CONFIG;
	for (unsigned i = 0; i < n; i++) {
		if (!vcxl_ras_record(&md->component, &errors[i], &one))
			continue;
		vcxl_trace_emit(md->ops.trace, VCXL_TRACE_RAS, md->name, (uint64_t)errors[i].bit,
				(uint64_t)one);
		any = true;
		if (one == VCXL_ERR_FATAL)
			severity = one;
	}
	if (any)
		vcxl_aer_internal_error(&md->pci, severity);
	return VCXL_OK;
}

enum vcxl_status vcxl_memdev_correctable_error(struct vcxl_memdev *md,
					       enum vcxl_ras_correctable bit)
{
	if (!vcxl_ras_correctable_valid(bit))
		return VCXL_E_CONFIG;
	if (!vcxl_ras_record_correctable(&md->component, bit))
		return VCXL_OK;
	vcxl_trace_emit(md->ops.trace, VCXL_TRACE_RAS, md->name, (uint64_t)bit,
			(uint64_t)VCXL_ERR_COR);
	vcxl_aer_internal_error(&md->pci, VCXL_ERR_COR);
	return VCXL_OK;
}

/* ---- registers ---- */

/* What software asks for by a bit in configuration space. */
static void obey_resets(struct vcxl_memdev *md)
{
	if (vcxl_pcie_take_flr(&md->pci))
		vcxl_memdev_reset(md, VCXL_RESET_FLR);
	if (vcxl_dvsec_take_reset(&md->pci, md->dvsec))
		vcxl_memdev_reset(md, VCXL_RESET_CXL);
}

static enum vcxl_status reg_access(struct vcxl_memdev *md, enum vcxl_space space, bool write,
				   uint32_t offset, unsigned width, uint64_t *value)
{
	switch (space) {
	case VCXL_SPACE_CONFIG:
		return vcxl_pci_config_access(&md->pci, write, offset, width, value);
	case VCXL_SPACE_COMPONENT:
		return vcxl_component_access(&md->component, write, offset, width, value);
	case VCXL_SPACE_DEVICE:
		return vcxl_device_regs_access(md, write, offset, width, value);
	case VCXL_SPACE_MSIX:
		return write ? vcxl_pci_msix_write(&md->pci, offset, width, *value)
			     : vcxl_pci_msix_read(&md->pci, offset, width, value);
	case VCXL_N_SPACES:
		break;
	}
	return VCXL_E_ACCESS;
}

enum vcxl_status vcxl_memdev_reg_read(struct vcxl_memdev *md, enum vcxl_space space,
				      uint32_t offset, unsigned width, uint64_t *value)
{
	*value = 0;
	return reg_access(md, space, false, offset, width, value);
}

enum vcxl_status vcxl_memdev_reg_write(struct vcxl_memdev *md, enum vcxl_space space,
				       uint32_t offset, unsigned width, uint64_t value)
{
	const enum vcxl_status status = reg_access(md, space, true, offset, width, &value);

	if (space == VCXL_SPACE_CONFIG) {
		vcxl_memdev_update_gate(md); /* Mem_Enable may have changed */
		obey_resets(md);
	}
	return status;
}

enum cxl_rc vcxl_memdev_command(struct vcxl_memdev *md, uint16_t opcode, const void *in,
				uint32_t in_len, void *out, uint32_t *out_len)
{
	struct vcxl_msg msg = { .opcode = opcode,
				.in = in,
				.in_len = in_len,
				.out = out,
				.out_max = md->mailbox.payload_size };
	const enum cxl_rc rc = vcxl_cci_run(&md->mailbox.cci, md, &msg);

	*out_len = msg.out_len;
	return rc;
}
