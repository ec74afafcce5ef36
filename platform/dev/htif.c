/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTIF requests: bits 63:56 device, 55:48 command, 47:0 payload; see htif.h.
 *
 * Programs write tohost whole, or low half before high half, or the low half alone in an endless
 * loop. A low half is therefore only taken when the high half or the next low half arrives.
 */
#include "htif.h"

enum {
	DEVICE_SYSCALL = 0,
	DEVICE_CONSOLE = 1,
	CONSOLE_GETCHAR = 0,
	CONSOLE_PUTCHAR = 1
};

static void take_request(struct vcxl_htif *htif)
{
	const uint64_t request = htif->tohost;
	const unsigned device = (unsigned)(request >> 56), command = request >> 48 & 0xff;

	htif->low_written = false;
	if (request == 0)
		return;
	/* the program waits for zero before its next request */
	htif->tohost = 0;
	if (device == DEVICE_SYSCALL && command == 0 && request & 1)
		htif->exit(htif->ctx, request >> 1);
	else if (device == DEVICE_CONSOLE && command == CONSOLE_PUTCHAR)
		htif->putchar(htif->ctx, (uint8_t)request);
	else if (device != DEVICE_CONSOLE || command != CONSOLE_GETCHAR)
		htif->unsupported(htif->ctx, request);
	/* a request for a character is answered when there is one: never */
}

/* The bits of an 8-byte word that an access touches. */
static bool bits(uint64_t offset, unsigned width, unsigned *shift, uint64_t *mask)
{
	if (offset >= 8 || width > 8 || width == 0 || offset % width || offset + width > 8)
		return false;
	*shift = (unsigned)offset * 8;
	*mask = (UINT64_MAX >> (64 - 8 * width)) << *shift;
	return true;
}

static bool read_word(uint64_t word, uint64_t offset, unsigned width, uint64_t *value)
{
	unsigned shift;
	uint64_t mask;

	if (!bits(offset, width, &shift, &mask))
		return false;
	*value = (word & mask) >> shift;
	return true;
}

static bool write_word(uint64_t *word, uint64_t offset, unsigned width, uint64_t value)
{
	unsigned shift;
	uint64_t mask;

	if (!bits(offset, width, &shift, &mask))
		return false;
	*word = (*word & ~mask) | (value << shift & mask);
	return true;
}

static bool tohost_read(void *dev, uint64_t offset, unsigned width, uint64_t *value)
{
	const struct vcxl_htif *htif = dev;

	return read_word(htif->tohost, offset, width, value);
}

static bool tohost_write(void *dev, uint64_t offset, unsigned width, uint64_t value)
{
	struct vcxl_htif *htif = dev;
	const bool low = offset == 0 && width <= 4, repeated = low && htif->low_written;

	if (!write_word(&htif->tohost, offset, width, value))
		return false;
	htif->low_written = low;
	if (!low || repeated)
		take_request(htif);
	return true;
}

static bool fromhost_read(void *dev, uint64_t offset, unsigned width, uint64_t *value)
{
	const struct vcxl_htif *htif = dev;

	return read_word(htif->fromhost, offset, width, value);
}

static bool fromhost_write(void *dev, uint64_t offset, unsigned width, uint64_t value)
{
	struct vcxl_htif *htif = dev;

	return write_word(&htif->fromhost, offset, width, value);
}

const struct vcxl_dev_ops vcxl_htif_tohost_ops = { "htif-tohost", tohost_read, tohost_write };
const struct vcxl_dev_ops vcxl_htif_fromhost_ops = { "htif-fromhost", fromhost_read,
						     fromhost_write };

void vcxl_htif_reset(struct vcxl_htif *htif)
{
	htif->tohost = htif->fromhost = 0;
	htif->low_written = false;
}
