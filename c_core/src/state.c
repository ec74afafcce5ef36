/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a memory device keeps without power, in memory of its own that the owner lends: everything
 * that a cold reset keeps, so that a device made anew is one after a cold reset; but for dynamic
 * capacity, which its manager offers anew.
 *
 * There are two images, written in turn; the valid one with the higher number counts. Whatever
 * ends the writing of one, the other one is whole.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include <vcxl/bits.h>

#include "memdev.h"

#define VERSION    2u
#define IMAGE_UNIT 4096u

static const uint8_t magic[8] = { 'V', 'C', 'X', 'L', 'M', 'E', 'M', 'S' };

/* In the byte order of the host, whose version another one does not know. */
struct header {
	uint8_t magic[8];
	uint32_t version, length; /* of the whole image */
	uint64_t number;
	uint32_t crc; /* of the whole image, with 0 here */
	uint32_t reserved;
};
static_assert(sizeof(struct header) == 0x20, "image version 2");

#define LISTED 1u /* flag of a poisoned range */

struct poisoned {
	uint64_t dpa, len;
	uint32_t source, flags;
};
static_assert(sizeof(struct poisoned) == 24, "image version 2");

/* ---- what is kept ---- */

#define ROW(member)                                                                                \
	{                                                                                          \
		offsetof(struct vcxl_memdev, member), sizeof(((struct vcxl_memdev *)0)->member),   \
			false                                                                      \
	}
#define FLAG(member)                                                                               \
	{                                                                                          \
		offsetof(struct vcxl_memdev, member), sizeof(bool), true                           \
	}

/* clang-format off */
/* In the order of the image; the sizes of the media say whose state it is. */
static const struct field {
	size_t at, size;
	bool is_flag;
} fields[] = {
	ROW(banks[VCXL_BANK_VOLATILE].media.size),
	ROW(banks[VCXL_BANK_PARTITIONABLE].media.size),
	ROW(banks[VCXL_BANK_PERSISTENT].media.size),
	ROW(hdm.partitions[VCXL_PARTITION_VOLATILE].size),
	ROW(next_volatile),
	FLAG(media_disabled),
	FLAG(shutdown.dirty),
	ROW(shutdown.n_dirty),
	FLAG(security.pass[VCXL_PASSPHRASE_MASTER].set),
	ROW(security.pass[VCXL_PASSPHRASE_MASTER].text),
	FLAG(security.pass[VCXL_PASSPHRASE_USER].set),
	ROW(security.pass[VCXL_PASSPHRASE_USER].text),
	ROW(firmware.active),
	ROW(firmware.staged),
	FLAG(firmware.slots[0].present),
	ROW(firmware.slots[0].revision),
	FLAG(firmware.slots[1].present),
	ROW(firmware.slots[1].revision),
	ROW(alerts.enabled),
	ROW(alerts.life),
	ROW(alerts.over),
	ROW(alerts.under),
	ROW(alerts.volatile_errors),
	ROW(alerts.persistent_errors),
	ROW(features.saved),
	ROW(repairs.left),
	ROW(repairs.soft),
	FLAG(poison.overflowed),
	ROW(poison.overflow_ns),
	ROW(poison.n), /* the ranges follow */
};
/* clang-format on */
#define N_IDENTITY 3u /* rows that are compared */

static uint32_t fixed_size(void)
{
	size_t size = sizeof(struct header);

	for (unsigned i = 0; i < VCXL_ARRAY_LEN(fields); i++)
		size += fields[i].size;
	return (uint32_t)size;
}

static uint32_t image_size(unsigned poison_list_max)
{
	const size_t size =
		fixed_size() + vcxl_poison_max_ranges(poison_list_max) * sizeof(struct poisoned);

	return (uint32_t)((size + IMAGE_UNIT - 1) / IMAGE_UNIT * IMAGE_UNIT);
}

uint64_t vcxl_memdev_state_size(unsigned poison_list_max)
{
	return 2 *
	       (uint64_t)image_size(poison_list_max ? poison_list_max : VCXL_POISON_DEFAULT_LIST);
}

uint32_t vcxl_crc32(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* ---- saving ---- */

static uint32_t pack(const struct vcxl_memdev *md, uint8_t *image)
{
	uint8_t *out = image + sizeof(struct header);

	for (unsigned i = 0; i < VCXL_ARRAY_LEN(fields); i++) {
		memcpy(out, (const uint8_t *)md + fields[i].at, fields[i].size);
		out += fields[i].size;
	}
	for (unsigned i = 0; i < md->poison.n; i++) {
		const struct vcxl_poison_range *r = &md->poison.ranges[i];
		const struct poisoned p = { r->dpa, r->len, r->source, r->listed ? LISTED : 0 };

		memcpy(out, &p, sizeof(p));
		out += sizeof(p);
	}
	return (uint32_t)(out - image);
}

enum vcxl_status vcxl_state_save(struct vcxl_memdev *md)
{
	struct vcxl_state *s = &md->state;
	struct header header = { .version = VERSION };
	const size_t head = sizeof(header);
	enum vcxl_status status;
	uint32_t length;
	uint64_t where;

	if (!s->media.size)
		return VCXL_OK;
	length = pack(md, s->image);
	if (length == s->last_length && memcmp(s->image + head, s->last + head, length - head) == 0)
		return VCXL_OK;
	where = (s->number + 1) % 2 * s->image_size;
	memcpy(header.magic, magic, sizeof(magic));
	header.length = length;
	header.number = s->number + 1;
	memcpy(s->image, &header, head);
	header.crc = vcxl_crc32(0, s->image, length);
	memcpy(s->image, &header, head);
	status = vcxl_media_write(&s->media, where, s->image, length);
	if (!status)
		status = vcxl_media_flush(&s->media, where, length);
	if (status)
		return status;
	s->number++;
	memcpy(s->last, s->image, length);
	s->last_length = length;
	return VCXL_OK;
}

/* ---- loading ---- */

/* Reads image i into s->image; its length, 0 when it is none. */
static uint32_t read_image(struct vcxl_state *s, unsigned i, uint64_t *number)
{
	struct header header;
	uint32_t length, crc;

	if (vcxl_media_read(&s->media, i * (uint64_t)s->image_size, s->image, s->image_size))
		return 0;
	memcpy(&header, s->image, sizeof(header));
	length = header.length;
	crc = header.crc;
	if (memcmp(header.magic, magic, sizeof(magic)) != 0 || header.version != VERSION ||
	    length < fixed_size() || length > s->image_size)
		return 0;
	memset(s->image + offsetof(struct header, crc), 0, sizeof(header.crc));
	*number = header.number;
	return vcxl_crc32(0, s->image, length) == crc ? length : 0;
}

static bool never_written(struct vcxl_state *s)
{
	for (unsigned i = 0; i < 2; i++) {
		if (vcxl_media_read(&s->media, i * (uint64_t)s->image_size, s->image,
				    s->image_size))
			return false;
		for (uint32_t k = 0; k < s->image_size; k++)
			if (s->image[k])
				return false;
	}
	return true;
}

/* The fields; false when they are another device's. */
static bool unpack(struct vcxl_memdev *md, const uint8_t *in)
{
	for (unsigned i = 0; i < VCXL_ARRAY_LEN(fields); i++) {
		uint8_t *at = (uint8_t *)md + fields[i].at;

		if ((i < N_IDENTITY && memcmp(at, in, fields[i].size) != 0) ||
		    (fields[i].is_flag && *in > 1))
			return false;
		memcpy(at, in, fields[i].size);
		in += fields[i].size;
	}
	return true;
}

static bool unpack_poison(struct vcxl_memdev *md, const uint8_t *in, uint32_t size)
{
	struct vcxl_poison *poison = &md->poison;
	uint64_t end = 0;

	if (poison->n > vcxl_poison_max_ranges(poison->list_max) ||
	    poison->n != size / sizeof(struct poisoned))
		return false;
	for (unsigned i = 0; i < poison->n; i++) {
		struct vcxl_poison_range *r = &poison->ranges[i];
		struct poisoned p;

		memcpy(&p, in + i * sizeof(p), sizeof(p));
		*r = (struct vcxl_poison_range){ .dpa = p.dpa,
						 .len = p.len,
						 .source = p.source & 7,
						 .listed = p.flags & LISTED };
		if (r->dpa < end || !r->len || r->dpa % VCXL_LINE || r->len % VCXL_LINE ||
		    !vcxl_range_inside(r->dpa, r->len, 0, md->capacity))
			return false;
		end = r->dpa + r->len;
		poison->n_listed += r->listed;
	}
	return poison->n_listed <= poison->list_max;
}

/* What a checksum does not promise: that the device can be so. */
static bool possible(const struct vcxl_memdev *md)
{
	const struct vcxl_firmware *fw = &md->firmware;

	return vcxl_partition_possible(md, md->hdm.partitions[VCXL_PARTITION_VOLATILE].size) &&
	       (md->next_volatile == VCXL_NO_CHANGE ||
		vcxl_partition_possible(md, md->next_volatile)) &&
	       fw->active >= 1 && fw->active <= VCXL_N_FW_SLOTS && fw->staged <= VCXL_N_FW_SLOTS &&
	       vcxl_features_possible(md);
}

enum vcxl_status vcxl_state_load(struct vcxl_memdev *md)
{
	struct vcxl_state *s = &md->state;
	uint64_t numbers[2] = { 0, 0 };
	const bool any[2] = { s->media.size && read_image(s, 0, &numbers[0]),
			      s->media.size && read_image(s, 1, &numbers[1]) };
	const unsigned latest = any[1] && (!any[0] || numbers[1] > numbers[0]);
	uint32_t length;

	if (!s->media.size)
		return VCXL_OK;
	if (!any[latest])
		return never_written(s) ? VCXL_OK : VCXL_E_STATE;
	length = read_image(s, latest, &s->number);
	if (!unpack(md, s->image + sizeof(struct header)) || !possible(md) ||
	    !unpack_poison(md, s->image + fixed_size(), length - fixed_size()))
		return VCXL_E_STATE;
	vcxl_partition_set(md, md->hdm.partitions[VCXL_PARTITION_VOLATILE].size);
	return VCXL_OK;
}

void vcxl_state_init(struct vcxl_memdev *md, const struct vcxl_media *media, uint8_t *buffers,
		     unsigned poison_list_max)
{
	struct vcxl_state *s = &md->state;

	s->media = *media;
	s->image_size = image_size(poison_list_max);
	s->image = buffers;
	s->last = buffers + s->image_size;
}
