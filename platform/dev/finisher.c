/* SPDX-License-Identifier: Apache-2.0 */
/* SiFive test finisher; see finisher.h. */
#include "finisher.h"

static bool finisher_read(void *dev, uint64_t offset, unsigned width, uint64_t *value)
{
	(void)dev;
	if (offset != 0 || (width != 2 && width != 4))
		return false;
	*value = 0;
	return true;
}

static bool finisher_write(void *dev, uint64_t offset, unsigned width, uint64_t value)
{
	static const struct {
		uint16_t word;
		enum vcxl_finish kind;
	} rows[] = {
		{ 0x3333, VCXL_FINISH_FAIL },
		{ 0x5555, VCXL_FINISH_PASS },
		{ 0x7777, VCXL_FINISH_RESET },
	};
	const struct vcxl_finisher *finisher = dev;
	unsigned code = width == 4 ? (unsigned)(value >> 16 & 0xffff) : 0;

	if (offset != 0 || (width != 2 && width != 4))
		return false;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if ((value & 0xffff) != rows[i].word)
			continue;
		if (rows[i].kind != VCXL_FINISH_FAIL)
			code = 0;
		finisher->finish(finisher->ctx, rows[i].kind, code);
		break;
	}
	return true;
}

const struct vcxl_dev_ops vcxl_finisher_ops = { "finisher", finisher_read, finisher_write };
