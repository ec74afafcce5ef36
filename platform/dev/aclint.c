/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACLINT MTIMER; see aclint.h. Registers are 64 bits wide and accessible as halves; offsets that
 * belong to no register of an existing hart answer with a bus error.
 */
#include "aclint.h"

#include <assert.h>
#include <string.h>

enum {
	MTIMECMP = 0x4000,
	MTIME = 0xbff8
};

uint64_t vcxl_mtimer_time(const struct vcxl_mtimer *mtimer)
{
	return mtimer->out.now(mtimer->out.ctx) + mtimer->offset;
}

uint64_t vcxl_mtimer_when(const struct vcxl_mtimer *mtimer, uint64_t ticks)
{
	const uint64_t now = mtimer->out.now(mtimer->out.ctx);
	const uint64_t time = now + mtimer->offset;

	if (ticks <= time)
		return now;
	return ticks - time > UINT64_MAX - now ? UINT64_MAX : now + (ticks - time);
}

uint64_t vcxl_mtimer_update(struct vcxl_mtimer *mtimer)
{
	const uint64_t time = vcxl_mtimer_time(mtimer);
	uint64_t next = UINT64_MAX;

	for (unsigned hart = 0; hart < mtimer->n_harts; hart++) {
		const bool level = time >= mtimer->mtimecmp[hart];

		if (level != mtimer->mtip[hart]) {
			mtimer->mtip[hart] = level;
			mtimer->out.set_mtip(mtimer->out.ctx, hart, level);
		}
		if (!level && mtimer->mtimecmp[hart] < next)
			next = mtimer->mtimecmp[hart];
	}
	/* all ones is how software switches a comparator off */
	return next == UINT64_MAX ? UINT64_MAX : vcxl_mtimer_when(mtimer, next);
}

static void changed(struct vcxl_mtimer *mtimer)
{
	const uint64_t deadline = vcxl_mtimer_update(mtimer);

	mtimer->out.timer_changed(mtimer->out.ctx, deadline);
}

/* A register and the bits of it that an access touches; false: there is none. */
struct place {
	bool mtime;
	unsigned hart, shift;
	uint64_t mask;
};

static bool locate(const struct vcxl_mtimer *mtimer, uint64_t offset, unsigned width,
		   struct place *out)
{
	if ((width != 4 && width != 8) || offset % width)
		return false;
	out->shift = offset & 4 ? 32 : 0;
	out->mask = (width == 8 ? UINT64_MAX : UINT32_MAX) << out->shift;
	out->mtime = (offset & ~UINT64_C(7)) == MTIME;
	out->hart = 0;
	if (out->mtime)
		return true;
	if (offset < MTIMECMP || offset - MTIMECMP >= 8 * (uint64_t)mtimer->n_harts)
		return false;
	out->hart = (unsigned)(offset - MTIMECMP) / 8;
	return true;
}

static bool mtimer_read(void *dev, uint64_t offset, unsigned width, uint64_t *value)
{
	const struct vcxl_mtimer *mtimer = dev;
	struct place at;

	if (!locate(mtimer, offset, width, &at))
		return false;
	*value = at.mtime ? vcxl_mtimer_time(mtimer) : mtimer->mtimecmp[at.hart];
	*value = (*value & at.mask) >> at.shift;
	return true;
}

static bool mtimer_write(void *dev, uint64_t offset, unsigned width, uint64_t value)
{
	struct vcxl_mtimer *mtimer = dev;
	struct place at;
	uint64_t old, now;

	if (!locate(mtimer, offset, width, &at))
		return false;
	old = at.mtime ? vcxl_mtimer_time(mtimer) : mtimer->mtimecmp[at.hart];
	now = (old & ~at.mask) | (value << at.shift & at.mask);
	if (at.mtime)
		mtimer->offset += now - old;
	else
		mtimer->mtimecmp[at.hart] = now;
	changed(mtimer);
	return true;
}

const struct vcxl_dev_ops vcxl_mtimer_ops = { "aclint-mtimer", mtimer_read, mtimer_write };

void vcxl_mtimer_init(struct vcxl_mtimer *mtimer, unsigned n_harts,
		      const struct vcxl_mtimer_wires *out)
{
	assert(n_harts >= 1 && n_harts <= VCXL_MTIMER_HARTS);
	memset(mtimer, 0, sizeof(*mtimer));
	mtimer->out = *out;
	mtimer->n_harts = n_harts;
	for (unsigned hart = 0; hart < n_harts; hart++)
		mtimer->mtimecmp[hart] = UINT64_MAX;
}

void vcxl_mtimer_reset(struct vcxl_mtimer *mtimer)
{
	mtimer->offset = 0 - mtimer->out.now(mtimer->out.ctx);
	for (unsigned hart = 0; hart < mtimer->n_harts; hart++)
		mtimer->mtimecmp[hart] = UINT64_MAX;
	changed(mtimer);
}
