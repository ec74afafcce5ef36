/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocol errors of CXL components and what becomes of them: the RAS capability records them, an
 * internal error of PCI Express advanced error reporting signals them, and a message takes that to
 * the root port. CXL r3.1 8.2.4.17, 12.2; PCIe r6.0 6.2.
 */
#ifndef VCXL_RAS_H
#define VCXL_RAS_H

#include <stdint.h>

#include <vcxl/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* CXL r3.1 8.2.4.17.1: bits of Uncorrectable Error Status. */
enum vcxl_ras_uncorrectable {
	VCXL_RAS_CACHE_DATA_PARITY = 0,
	VCXL_RAS_CACHE_ADDRESS_PARITY = 1,
	VCXL_RAS_CACHE_BE_PARITY = 2,
	VCXL_RAS_CACHE_DATA_ECC = 3,
	VCXL_RAS_MEM_DATA_PARITY = 4,
	VCXL_RAS_MEM_ADDRESS_PARITY = 5,
	VCXL_RAS_MEM_BE_PARITY = 6,
	VCXL_RAS_MEM_DATA_ECC = 7,
	VCXL_RAS_REINIT_THRESHOLD = 8,
	VCXL_RAS_RSVD_ENCODING = 9,
	VCXL_RAS_POISON_RECEIVED = 10,
	VCXL_RAS_RECEIVER_OVERFLOW = 11,
	VCXL_RAS_INTERNAL = 14,
	VCXL_RAS_IDE_TX = 15,
	VCXL_RAS_IDE_RX = 16,
};

/* CXL r3.1 8.2.4.17.4: bits of Correctable Error Status. */
enum vcxl_ras_correctable {
	VCXL_RAS_COR_CACHE_DATA_ECC = 0,
	VCXL_RAS_COR_MEM_DATA_ECC = 1,
	VCXL_RAS_COR_CRC_THRESHOLD = 2,
	VCXL_RAS_COR_RETRY_THRESHOLD = 3,
	VCXL_RAS_COR_CACHE_POISON_RECEIVED = 4,
	VCXL_RAS_COR_MEM_POISON_RECEIVED = 5,
	VCXL_RAS_COR_PHYSICAL = 6,
};

#define VCXL_RAS_HEADER_DWORDS 16
struct vcxl_ras_error {
	enum vcxl_ras_uncorrectable bit;
	uint32_t header[VCXL_RAS_HEADER_DWORDS];
};

/* PCIe r6.0 2.2.8.3: message codes. */
enum vcxl_error_message {
	VCXL_ERR_COR = 0x30,
	VCXL_ERR_NONFATAL = 0x31,
	VCXL_ERR_FATAL = 0x33,
};

struct vcxl_memdev;
struct vcxl_port;

/*
 * The device meets errors. Those that its RAS capability masks leave no trace; the others are
 * recorded in order and signalled once, as fatal when the severity of any is. VCXL_E_CONFIG, and
 * nothing happened: no such error.
 */
enum vcxl_status vcxl_memdev_uncorrectable_errors(struct vcxl_memdev *md,
						  const struct vcxl_ras_error *errors, unsigned n);
enum vcxl_status vcxl_memdev_correctable_error(struct vcxl_memdev *md,
					       enum vcxl_ras_correctable bit);

/* A message arrives from below, sent by the function `requester` (bus 15:8, device and function
 * 7:0). A root port keeps it and raises its interrupt; others pass it on. Not for host bridges. */
void vcxl_port_error_message(struct vcxl_port *port, enum vcxl_error_message message,
			     uint16_t requester);

#ifdef __cplusplus
}
#endif
#endif
