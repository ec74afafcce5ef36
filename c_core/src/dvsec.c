/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CXL DVSECs of ports and devices, CXL r3.1 8.1. Left out: caching, viral and the alternate windows
 * and RCRB of ports (restricted CXL devices): their capability and control bits read 0. Flex Bus
 * control is what the link has trained with: there is no retraining.
 */
#include <vcxl/bits.h>

#include "dvsec.h"

#define DEVICE_CONTROL  0x0cu
#define DEVICE_CONTROL2 0x10u
#define DEVICE_STATUS2  0x12u
#define DEVICE_LOCK     0x14u
#define HDM_COUNT       5, 4 /* bits of the capability */
#define MEM_ENABLE      VCXL_BIT(2)
#define CONFIG_LOCK     VCXL_BIT(0)
#define INITIATE_RESET  VCXL_BIT(2) /* of Control2 */
#define MEM_CLEAR       VCXL_BIT(3)
#define RESET_ERROR     VCXL_BIT(2) /* of Status2 */
#define PORT_PHASE2     0x0eu
#define DEVICE_PHASE2   0x0au

/* CXL r3.1 8.1.3.7: CONFIG_LOCK freezes the RWL registers, and itself, until reset. */
static uint64_t device_writable(const void *owner, unsigned i, uint64_t rw)
{
	const struct vcxl_pci *pci = owner;
	const uint32_t dvsec = vcxl_pci_find_dvsec(pci, 0);

	(void)i;
	return vcxl_block_get(&pci->config, dvsec + DEVICE_LOCK, 2) & CONFIG_LOCK ? 0 : rw;
}

#define RWL    .writable = device_writable
#define RANGES .count = 2, .stride = 0x10

/* clang-format off */
/* CXL r3.1 8.1.3, DVSEC ID 0 */
static const struct vcxl_reg device_regs[] = {
	VCXL_REG16(0x0a, "DVSEC CXL Capability",  .reset = 0x089e), /* CXL.io, CXL.mem, Mem_HwInit_Mode, one range, CXL reset in 10 ms, memory clear */
	VCXL_REG16(0x0c, "DVSEC CXL Control",     .reset = 0x0002, .rw = MEM_ENABLE, RWL),
	VCXL_REG16(0x0e, "DVSEC CXL Status",      .reset = 0),
	VCXL_REG16(0x10, "DVSEC CXL Control2",    .rw = INITIATE_RESET | MEM_CLEAR),
	VCXL_REG16(0x12, "DVSEC CXL Status2",     .reset = 0x0002),
	VCXL_REG16(0x14, "DVSEC CXL Lock",        .rw = CONFIG_LOCK, RWL),
	VCXL_REG16(0x16, "DVSEC CXL Capability2", .reset = 0),
	VCXL_REG32(0x18, "DVSEC CXL Range n Size High", RANGES, .reset = 0),
	VCXL_REG32(0x1c, "DVSEC CXL Range n Size Low",  RANGES, .reset = 0),
	VCXL_REG32(0x20, "DVSEC CXL Range n Base High", RANGES, .rw = 0xffffffff, RWL),
	VCXL_REG32(0x24, "DVSEC CXL Range n Base Low",  RANGES, .rw = 0xf0000000, RWL),
	VCXL_REG16(0x38, "DVSEC CXL Capability3", .reset = 0),
};

/* CXL r3.1 8.1.5, DVSEC ID 3: SBR and link disable of the bridge are masked until unmasked here */
static const struct vcxl_reg port_extension_regs[] = {
	VCXL_REG16(0x0a, "CXL Port Extension Status",  .reset = 0),
	VCXL_REG16(0x0c, "Port Control Extensions",    .rw = 0x0003),
};

/* CXL r3.1 8.1.6, DVSEC ID 4 */
static const struct vcxl_reg gpf_port_regs[] = {
	VCXL_REG16(0x0c, "CXL Port GPF Phase 1 Control", .reset = 0x0001, .rw = 0x0f0f),
	VCXL_REG16(0x0e, "CXL Port GPF Phase 2 Control", .reset = 0x0001, .rw = 0x0f0f),
};

/* CXL r3.1 8.1.7, DVSEC ID 5: 3 seconds, 51 mW */
static const struct vcxl_reg gpf_device_regs[] = {
	VCXL_REG16(0x0a, "CXL Device GPF Phase 2 Duration", .reset = 0x0603),
	VCXL_REG32(0x0c, "CXL Device GPF Phase 2 Power",    .reset = 0x00000033),
};

/* CXL r3.1 8.2.1.3, DVSEC ID 7 */
static const struct vcxl_reg flex_bus_regs[] = {
	VCXL_REG16(0x0a, "DVSEC Flex Bus Port Capability", .reset = 0),
	VCXL_REG16(0x0c, "DVSEC Flex Bus Port Control",    .reset = 0),
	VCXL_REG16(0x0e, "DVSEC Flex Bus Port Status",     .reset = 0),
	VCXL_REG32(0x10, "DVSEC Flex Bus Port Received Modified TS Data Phase1", .reset = 0x000000ef),
};

/* CXL r3.1 8.1.9, DVSEC ID 8 */
static const struct vcxl_reg locator_regs[] = {
	VCXL_REG32(0x0c, "Register Offset Low n",  .count = 3, .stride = 8),
	VCXL_REG32(0x10, "Register Offset High n", .count = 3, .stride = 8),
};
/* clang-format on */

#define PS_PER_US 1000000ull

static void set(struct vcxl_pci *pci, uint32_t offset, unsigned width, uint64_t value)
{
	vcxl_block_set_reset(&pci->config, offset, width, value);
}

void vcxl_dvsec_add_port_extensions(struct vcxl_pci *pci, bool upstream)
{
	const uint16_t at =
		vcxl_pci_add_dvsec(pci, 3, 0, 0x28, VCXL_ROWS(port_extension_regs), pci);

	set(pci, at + 0x0au, 2, upstream); /* Port Power Management Initialization Complete */
}

void vcxl_dvsec_add_gpf_port(struct vcxl_pci *pci)
{
	vcxl_pci_add_dvsec(pci, 4, 0, 0x10, VCXL_ROWS(gpf_port_regs), pci);
}

void vcxl_dvsec_add_gpf_device(struct vcxl_pci *pci)
{
	vcxl_pci_add_dvsec(pci, 5, 0, 0x10, VCXL_ROWS(gpf_device_regs), pci);
}

void vcxl_dvsec_add_flex_bus(struct vcxl_pci *pci, enum vcxl_pcie_type type, bool flit_256b)
{
	const uint16_t at = vcxl_pci_add_dvsec(pci, 7, 2, 0x20, VCXL_ROWS(flex_bus_regs), pci);
	/* CXL.io, CXL.mem, 68 B flit and VH; switch ports pass CXL.cache as well */
	const uint64_t capability =
		type == VCXL_PCIE_UPSTREAM || type == VCXL_PCIE_DOWNSTREAM ? 0x0027 : 0x0026;

	set(pci, at + 0x0au, 2, capability);
	set(pci, at + 0x0cu, 2, type == VCXL_PCIE_UPSTREAM ? 0x0027 : 0x0002);
	set(pci, at + 0x0eu, 2, flit_256b ? 0x0006 : 0x0026);
}

void vcxl_dvsec_add_register_locator(struct vcxl_pci *pci, bool device_registers)
{
	const uint16_t at = vcxl_pci_add_dvsec(pci, 8, 0, 0x24, VCXL_ROWS(locator_regs), pci);

	set(pci, at + 0x0cu, 4, 0x0100); /* component registers, BAR0 */
	if (device_registers)
		set(pci, at + 0x14u, 4, 0x0302); /* device registers, BAR2 */
}

uint16_t vcxl_dvsec_add_device(struct vcxl_pci *pci)
{
	return vcxl_pci_add_dvsec(pci, 0, 3, 0x3c, VCXL_ROWS(device_regs), pci);
}

void vcxl_dvsec_set_ranges(struct vcxl_pci *pci, uint16_t dvsec, uint64_t range1_size,
			   uint64_t range2_size)
{
	/* Memory_Info_Valid, Memory_Active, media type and class: see CDAT. Range 1 says so even
	 * when it is empty, or software waits for the memory for ever. */
	const uint64_t valid = 0x4b;
	const uint64_t capability = vcxl_block_get(&pci->config, dvsec + 0x0au, 2);

	set(pci, dvsec + 0x0au, 2, vcxl_field_set(capability, HDM_COUNT, range2_size ? 2 : 1));
	set(pci, dvsec + 0x18u, 4, range1_size >> 32);
	set(pci, dvsec + 0x1cu, 4, (range1_size & 0xf0000000) | valid);
	set(pci, dvsec + 0x28u, 4, range2_size >> 32);
	set(pci, dvsec + 0x2cu, 4, range2_size ? (range2_size & 0xf0000000) | valid : 0);
}

bool vcxl_dvsec_mem_enabled(const struct vcxl_pci *pci, uint16_t dvsec)
{
	return vcxl_block_get(&pci->config, dvsec + DEVICE_CONTROL, 2) & MEM_ENABLE;
}

bool vcxl_dvsec_take_reset(struct vcxl_pci *pci, uint16_t dvsec)
{
	const uint64_t control = vcxl_block_get(&pci->config, dvsec + DEVICE_CONTROL2, 2);

	vcxl_block_set(&pci->config, dvsec + DEVICE_CONTROL2, 2, control & ~INITIATE_RESET);
	return control & INITIATE_RESET;
}

bool vcxl_dvsec_mem_clear(const struct vcxl_pci *pci, uint16_t dvsec)
{
	return vcxl_block_get(&pci->config, dvsec + DEVICE_CONTROL2, 2) & MEM_CLEAR;
}

void vcxl_dvsec_reset_failed(struct vcxl_pci *pci, uint16_t dvsec)
{
	vcxl_block_set(&pci->config, dvsec + DEVICE_STATUS2, 2, RESET_ERROR);
}

uint64_t vcxl_dvsec_gpf_phase2_ps(const struct vcxl_pci *pci)
{
	const uint32_t port = vcxl_pci_find_dvsec(pci, 4), device = vcxl_pci_find_dvsec(pci, 5);
	uint64_t time, ps = PS_PER_US;

	if (!port && !device)
		return UINT64_MAX;
	time = vcxl_block_get(&pci->config, port ? port + PORT_PHASE2 : device + DEVICE_PHASE2, 2);
	for (uint64_t scale = vcxl_field_get(time, 11, 8); scale; scale--)
		ps *= 10;
	/* above 10 s scales are reserved: no time at all */
	return vcxl_field_get(time, 11, 8) <= 7 ? vcxl_field_get(time, 3, 0) * ps : 0;
}
