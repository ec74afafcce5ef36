/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health of a memory device: wear, temperature and corrected errors, which are the owner's to say.
 * CXL r3.1 8.2.9.9.3.
 */
#ifndef VCXL_HEALTH_H
#define VCXL_HEALTH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_LIFE_UNKNOWN        0xff
#define VCXL_TEMPERATURE_UNKNOWN 0x7fff

struct vcxl_health {
	uint8_t life_used;   /* per cent, or VCXL_LIFE_UNKNOWN */
	int16_t temperature; /* degrees Celsius, or VCXL_TEMPERATURE_UNKNOWN */
	uint32_t corrected_volatile, corrected_persistent; /* errors so far */
};

struct vcxl_memdev;

/* A device is made with both unknown and no errors. Whatever crosses a critical threshold or a
 * warning threshold of the host's is logged as a memory module event. */
void vcxl_memdev_set_health(struct vcxl_memdev *md, const struct vcxl_health *health);

#ifdef __cplusplus
}
#endif
#endif
