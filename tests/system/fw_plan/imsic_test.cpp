// SPDX-License-Identifier: Apache-2.0
//
// A hart's interrupt file in device trees, also in those of other machines.
#include <gtest/gtest.h>

#include <libfdt.h>
#include <string>
#include <vector>

#include "imsic.h"

namespace
{

constexpr uint32_t intc0 = 1, intc1 = 2, machine = 3, supervisor = 4, aplic = 5;

struct machine_tree {
	const char *extensions = "i\0smaia\0ssaia";
	int extensions_size = 14;
	uint32_t size = 0x2000; // of the controller's pages
	uint32_t guest_bits = 0;
};

void add_cpu(void *f, uint32_t hart, uint32_t controller, const machine_tree &m)
{
	const fdt32_t reg = cpu_to_fdt32(hart);

	fdt_begin_node(f, ("cpu@" + std::to_string(hart)).c_str());
	fdt_property_string(f, "device_type", "cpu");
	fdt_property(f, "reg", &reg, sizeof(reg));
	fdt_property(f, "riscv,isa-extensions", m.extensions, m.extensions_size);
	fdt_begin_node(f, "interrupt-controller");
	fdt_property_string(f, "compatible", "riscv,cpu-intc");
	fdt_property_u32(f, "phandle", controller);
	fdt_end_node(f);
	fdt_end_node(f);
}

void add_imsic(void *f, uint32_t base, uint32_t irq, uint32_t phandle, const machine_tree &m)
{
	const fdt32_t reg[] = { cpu_to_fdt32(base), cpu_to_fdt32(m.size) };
	// hart 7's page comes first
	const fdt32_t harts[] = { cpu_to_fdt32(intc1), cpu_to_fdt32(irq), cpu_to_fdt32(intc0),
				  cpu_to_fdt32(irq) };

	fdt_begin_node(f, ("imsics@" + std::to_string(base)).c_str());
	fdt_property_string(f, "compatible", "riscv,imsics");
	fdt_property(f, "reg", reg, sizeof(reg));
	fdt_property(f, "interrupts-extended", harts, sizeof(harts));
	fdt_property_u32(f, "riscv,num-ids", 63);
	if (m.guest_bits)
		fdt_property_u32(f, "riscv,guest-index-bits", m.guest_bits);
	fdt_property_u32(f, "phandle", phandle);
	fdt_end_node(f);
}

// Harts 0 and 7, an IMSIC of each level, an APLIC.
std::vector<uint8_t> tree_of(const machine_tree &m)
{
	std::vector<uint8_t> blob(4096);
	void *f = blob.data();

	EXPECT_EQ(fdt_create(f, static_cast<int>(blob.size())), 0);
	fdt_finish_reservemap(f);
	fdt_begin_node(f, "");
	fdt_property_u32(f, "#address-cells", 1);
	fdt_property_u32(f, "#size-cells", 1);
	fdt_begin_node(f, "cpus");
	fdt_property_u32(f, "#address-cells", 1);
	fdt_property_u32(f, "#size-cells", 0);
	add_cpu(f, 0, intc0, m);
	add_cpu(f, 7, intc1, m);
	fdt_end_node(f);
	add_imsic(f, 0x1000000, 11, machine, m);
	add_imsic(f, 0x2000000, 9, supervisor, m);
	fdt_begin_node(f, "aplic@3000000");
	fdt_property_string(f, "compatible", "riscv,aplic");
	fdt_property_u32(f, "phandle", aplic);
	fdt_end_node(f);
	fdt_end_node(f);
	EXPECT_EQ(fdt_finish(f), 0);
	return blob;
}

// "" and the file, or what is missing.
std::string find(const machine_tree &m, uint32_t parent, uint64_t hart, imsic *found)
{
	const std::vector<uint8_t> blob = tree_of(m);
	dt tree;

	EXPECT_TRUE(dt_open(&tree, blob.data(), static_cast<uint32_t>(blob.size())));
	const char *problem = imsic_find(&tree, parent, hart, found);
	return problem ? problem : "";
}

} // namespace

TEST(interrupt_file, is_the_page_of_the_hart_at_its_level)
{
	imsic file{};

	EXPECT_EQ(find({}, supervisor, 7, &file), "");
	EXPECT_EQ(file.page, 0x2000000u);
	EXPECT_EQ(file.last_id, 63u);
	EXPECT_EQ(find({}, supervisor, 0, &file), "");
	EXPECT_EQ(file.page, 0x2001000u);
}

TEST(interrupt_file, has_the_guests_files_behind_it)
{
	machine_tree m;
	imsic file{};

	m.guest_bits = 2;
	m.size = 0x8000;
	EXPECT_EQ(find(m, supervisor, 0, &file), "");
	EXPECT_EQ(file.page, 0x2004000u);
}

TEST(interrupt_file, is_missed_by_name)
{
	const std::string none = "this hart has no interrupt file of S-level in the IMSIC";
	const std::string other = "what the msi-parent of the host bridge names is no IMSIC";
	machine_tree small, without, absurd;
	imsic file{};

	small.size = 0x1000;
	without.extensions = "i\0smaia\0sstc";
	without.extensions_size = 13;
	absurd.guest_bits = 52;
	EXPECT_EQ(find({}, 0, 0, &file),
		  "the host bridge has no msi-parent: its devices can send no messages");
	EXPECT_EQ(find({}, aplic, 0, &file), other);
	EXPECT_EQ(find({}, 99, 0, &file), other);
	EXPECT_EQ(find({}, machine, 0, &file), none);
	EXPECT_EQ(find({}, supervisor, 1, &file), none);
	EXPECT_EQ(find(small, supervisor, 0, &file), none);
	EXPECT_EQ(find(small, supervisor, 7, &file), "");
	EXPECT_EQ(find(without, supervisor, 0, &file), none);
	EXPECT_EQ(find(absurd, supervisor, 0, &file),
		  "the IMSIC has more guest files than there may be");
}
