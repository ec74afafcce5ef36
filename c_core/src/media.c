/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes lent to the device: partitions and the label storage area. Host memory is copied in line,
 * anything else goes through callbacks. Poison and power loss are not here.
 */
#include <string.h>

#include "memdev.h"

#define FILL_PIECE 4096u /* a page of the host */

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

/* Reading costs less than writing: pages of the host that nobody touched stay so. */
static bool is_zero(const uint8_t *bytes, uint64_t len)
{
	return !bytes[0] && memcmp(bytes, bytes + 1, len - 1) == 0;
}

enum vcxl_status vcxl_media_fill(const struct vcxl_media *media, uint64_t offset, uint64_t len,
				 uint8_t value)
{
	uint8_t piece[FILL_PIECE];
	enum vcxl_status status = VCXL_OK;

	if (!value && media->zero && offset % FILL_PIECE == 0 && len % FILL_PIECE == 0 &&
	    !media->zero(media->ctx, offset, len))
		return VCXL_OK;
	memset(piece, value, sizeof(piece));
	for (uint64_t done = 0; done < len && !status; done += FILL_PIECE) {
		const uint64_t left = len - done;
		const uint32_t n = left < FILL_PIECE ? (uint32_t)left : FILL_PIECE;

		if (value || !media->direct || !is_zero(media->direct + offset + done, n))
			status = vcxl_media_write(media, offset + done, piece, n);
	}
	return status;
}

enum vcxl_status vcxl_media_flush(const struct vcxl_media *media, uint64_t offset, uint64_t len)
{
	return media->flush && len ? media->flush(media->ctx, offset, len) : VCXL_OK;
}
