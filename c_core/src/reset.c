/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each kind of reset does to a memory device, and the loss of power with and without a global
 * persistent flush. CXL r3.1 9.5, 9.7, 9.8.
 *
 * Reset does not touch media, but for a CXL reset that is asked to clear volatile memory: what
 * becomes of volatile contents at a power cycle is decided by whoever lends them.
 */
#include "dvsec.h"
#include "memdev.h"

/* Doorbell, background operation, DOE, transfers and lists that were half-way. */
static void reset_device(struct vcxl_memdev *md, enum vcxl_reset kind)
{
	vcxl_block_reset(&md->device, kind);
	vcxl_mailbox_reset(md);
	vcxl_doe_reset(&md->doe);
	md->firmware.transfer.open = false;
	md->features.transfer.open = false;
	md->poison.list_cursor.more = false;
	md->poison.results_cursor.more = false;
}

/* Timestamp, logs and their policy, features not saved, poison of volatile memory end; a dirty
 * shutdown is one that came too early. */
static void lose_power(struct vcxl_memdev *md)
{
	const struct vcxl_dpa_range *lost = &md->hdm.partitions[VCXL_PARTITION_VOLATILE];

	md->timestamp = (struct vcxl_timestamp){ .set = false };
	md->poison.scan.any = false;
	for (unsigned i = 0; i < md->poison.n; i++) /* with the logs that said so */
		md->poison.ranges[i].consumed = false;
	(void)vcxl_memdev_heal(md, lost->base, lost->base + lost->size);
	vcxl_events_reset_cold(&md->events);
	vcxl_events_reset_cold(&md->fm_events);
	vcxl_logs_reset_cold(md);
	vcxl_qos_reset(md);
	vcxl_features_restore(md);
	vcxl_repairs_renew(md);
	if (md->shutdown.dirty && md->shutdown.n_dirty < UINT32_MAX)
		md->shutdown.n_dirty++;
	md->shutdown.dirty = false;
	vcxl_partition_reset(md);
	vcxl_dc_repeat_offers(md);
}

/* The state that is not here survives every reset: media, label storage, passphrases, partition,
 * poison of persistent memory, firmware images, alerts, saved features. */
void vcxl_memdev_apply_reset(struct vcxl_memdev *md, enum vcxl_reset kind)
{
	const bool clear = kind == VCXL_RESET_CXL && vcxl_dvsec_mem_clear(&md->pci, md->dvsec);

	vcxl_pci_reset(&md->pci, kind);             /* but for DVSEC 0 by FLR */
	vcxl_component_reset(&md->component, kind); /* HDM decoders and locks, RAS: not by FLR */
	reset_device(md, kind);
	if (kind == VCXL_RESET_COLD)
		lose_power(md);
	if (kind == VCXL_RESET_COLD || kind == VCXL_RESET_HOT) {
		vcxl_firmware_reset(md);
		vcxl_security_reset(md); /* locks what is persistent by now */
	}
	vcxl_memdev_update_gate(md);
	if (clear) {
		const struct vcxl_dpa_range *range = &md->hdm.partitions[VCXL_PARTITION_VOLATILE];

		if (vcxl_memdev_erase(md, VCXL_PARTITION_VOLATILE) ||
		    vcxl_dc_clear_volatile(&md->dc) ||
		    vcxl_memdev_heal(md, range->base, range->base + range->size))
			vcxl_dvsec_reset_failed(&md->pci, md->dvsec);
	}
	(void)vcxl_state_save(md); /* tried again with the next change */
}

void vcxl_memdev_reset(struct vcxl_memdev *md, enum vcxl_reset kind)
{
	vcxl_trace_emit(md->ops.trace, VCXL_TRACE_RESET, md->name, (uint64_t)kind);
	vcxl_memdev_apply_reset(md, kind);
}

static enum vcxl_status flush_banks(const struct vcxl_memdev *md)
{
	enum vcxl_status status = VCXL_OK;

	for (unsigned i = VCXL_BANK_PARTITIONABLE; i < VCXL_N_BANKS && !status; i++)
		status = vcxl_media_flush(&md->banks[i].media, 0, md->banks[i].media.size);
	return status ? status : vcxl_dc_flush(&md->dc, 0, UINT64_MAX);
}

bool vcxl_memdev_gpf(struct vcxl_memdev *md, uint64_t phase2_ps)
{
	/* nothing is cached here, which leaves nothing to do in phase 1 */
	if (phase2_ps < vcxl_dvsec_gpf_phase2_ps(&md->pci) || flush_banks(md) ||
	    vcxl_media_flush(&md->lsa, 0, md->lsa.size))
		return false;
	md->shutdown.dirty = false;
	return vcxl_state_save(md) == VCXL_OK;
}
