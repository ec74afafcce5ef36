/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions of a memory device, and what tells of them: HDM decoders, CDAT, DVSEC ranges.
 * CXL r3.1 8.2.9.9.2. Device addresses are those of volatile-only, partitionable and
 * persistent-only capacity, in this order; the boundary between the two partitions lies somewhere
 * in the middle one.
 */
#include "dvsec.h"
#include "memdev.h"

uint64_t vcxl_partitionable(const struct vcxl_memdev *md)
{
	return md->banks[VCXL_BANK_PARTITIONABLE].media.size;
}

uint64_t vcxl_volatile_only(const struct vcxl_memdev *md)
{
	return md->banks[VCXL_BANK_VOLATILE].media.size;
}

bool vcxl_partition_possible(const struct vcxl_memdev *md, uint64_t volatile_size)
{
	return volatile_size >= vcxl_volatile_only(md) && volatile_size % VCXL_HDM_ALIGN == 0 &&
	       volatile_size - vcxl_volatile_only(md) <= vcxl_partitionable(md);
}

void vcxl_partition_set(struct vcxl_memdev *md, uint64_t volatile_size)
{
	const uint64_t persistent_size = md->capacity - volatile_size;

	md->hdm.partitions[VCXL_PARTITION_VOLATILE] =
		(struct vcxl_dpa_range){ .base = 0, .size = volatile_size };
	md->hdm.partitions[VCXL_PARTITION_PERSISTENT] =
		(struct vcxl_dpa_range){ .base = volatile_size, .size = persistent_size };
	md->doe.cdat_size = vcxl_cdat_memdev(md->cdat, &md->hdm, md->dc.regions, &md->cdat_timing);
	/* range 1 is the first partition there is: persistent when there is no volatile one */
	vcxl_dvsec_set_ranges(&md->pci, md->dvsec, volatile_size ? volatile_size : persistent_size,
			      volatile_size ? persistent_size : 0);
}

enum vcxl_status vcxl_partition_change(struct vcxl_memdev *md, uint64_t volatile_size)
{
	const uint64_t before = md->hdm.partitions[VCXL_PARTITION_VOLATILE].size;
	enum vcxl_status status = VCXL_OK;

	/* what was persistent is not for those who may read volatile memory */
	if (volatile_size > before)
		status = vcxl_memdev_fill(md, before, volatile_size - before, 0);
	if (!status)
		status = vcxl_memdev_heal(md, before < volatile_size ? before : volatile_size,
					  before < volatile_size ? volatile_size : before);
	if (!status)
		vcxl_partition_set(md, volatile_size);
	return status;
}

void vcxl_partition_reset(struct vcxl_memdev *md)
{
	if (md->next_volatile == VCXL_NO_CHANGE)
		return;
	(void)vcxl_partition_change(md, md->next_volatile); /* stays as it was when media fail */
	md->next_volatile = VCXL_NO_CHANGE;
}
