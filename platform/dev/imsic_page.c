/* SPDX-License-Identifier: Apache-2.0 */
/* IMSIC interrupt-file pages, AIA 1.0 chapter 3.5; see imsic_page.h. */
#include "imsic_page.h"

enum {
	PAGE = 4096,
	SETEIPNUM_LE = 0
};

/* AIA 1.0 3.5: only naturally aligned 32-bit accesses are defined. */
static bool in_pages(const struct vcxl_imsic_pages *pages, uint64_t offset, unsigned width)
{
	return width == 4 && offset % 4 == 0 && offset / PAGE < pages->n_harts;
}

/* Every register of the page reads as zero, and so do the reserved bytes. */
static bool imsic_read(void *dev, uint64_t offset, unsigned width, uint64_t *value)
{
	*value = 0;
	return in_pages(dev, offset, width);
}

static bool imsic_write(void *dev, uint64_t offset, unsigned width, uint64_t value)
{
	const struct vcxl_imsic_pages *pages = dev;

	if (!in_pages(pages, offset, width))
		return false;
	if (offset % PAGE == SETEIPNUM_LE)
		pages->msi(pages->ctx, (unsigned)(offset / PAGE), pages->file, (uint32_t)value);
	return true;
}

const struct vcxl_dev_ops vcxl_imsic_ops = { "imsic", imsic_read, imsic_write };
