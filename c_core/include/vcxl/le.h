/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Little-endian fields of wire structures. They are byte arrays: alignment 1, no packed attribute,
 * no cast of a byte buffer to a wider type, and a forgotten conversion does not compile.
 */
#ifndef VCXL_LE_H
#define VCXL_LE_H

#include <stdint.h>

typedef struct {
	uint8_t b[2];
} vcxl_le16;
typedef struct {
	uint8_t b[3];
} vcxl_le24;
typedef struct {
	uint8_t b[4];
} vcxl_le32;
typedef struct {
	uint8_t b[8];
} vcxl_le64;

/* n = 1..8 bytes at p, least significant first. */
static inline uint64_t vcxl_load_le(const uint8_t *p, unsigned n)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < n; i++)
		value |= (uint64_t)p[i] << (8 * i);
	return value;
}

static inline void vcxl_store_le(uint8_t *p, unsigned n, uint64_t value)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

#define VCXL_LE_ACCESSORS(bits, type)                                                              \
	static inline type vcxl_get_le##bits(vcxl_le##bits field)                                  \
	{                                                                                          \
		return (type)vcxl_load_le(field.b, sizeof(field.b));                               \
	}                                                                                          \
	static inline vcxl_le##bits vcxl_le##bits##_of(type value)                                 \
	{                                                                                          \
		vcxl_le##bits field;                                                               \
		vcxl_store_le(field.b, sizeof(field.b), value);                                    \
		return field;                                                                      \
	}
VCXL_LE_ACCESSORS(16, uint16_t)
VCXL_LE_ACCESSORS(24, uint32_t)
VCXL_LE_ACCESSORS(32, uint32_t)
VCXL_LE_ACCESSORS(64, uint64_t)
#undef VCXL_LE_ACCESSORS

#endif
