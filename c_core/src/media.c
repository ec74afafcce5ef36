/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes lent to the device: partitions and the label storage area. Host memory is copied in line,
 * anything else goes through callbacks. Poison and power loss are not here.
 */
#include <string.h>

#include "memdev.h"

bool vcxl_media_valid(const struct vcxl_media *media)
{
	return !media->size || media->direct || (media->read && media->write);
}

/* A fixed size lets the compiler turn the common copy into one load and one store. */
static inline void copy(void *dst, const void *src, uint32_t len)
{
	if (len == 8)
		memcpy(dst, src, 8);
	else
		memcpy(dst, src, len);
}

enum vcxl_status vcxl_media_read(const struct vcxl_media *media, uint64_t offset, void *dst,
				 uint32_t len)
{
	if (!len)
		return VCXL_OK;
	if (!media->direct)
		return media->read(media->ctx, offset, dst, len);
	copy(dst, media->direct + offset, len);
	return VCXL_OK;
}

enum vcxl_status vcxl_media_write(const struct vcxl_media *media, uint64_t offset, const void *src,
				  uint32_t len)
{
	if (!len)
		return VCXL_OK;
	if (!media->direct)
		return media->write(media->ctx, offset, src, len);
	copy(media->direct + offset, src, len);
	return VCXL_OK;
}

enum vcxl_status vcxl_media_flush(const struct vcxl_media *media, uint64_t offset, uint64_t len)
{
	return media->flush && len ? media->flush(media->ctx, offset, len) : VCXL_OK;
}
