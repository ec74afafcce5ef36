// SPDX-License-Identifier: Apache-2.0
//
// Configuration space of each component, dword by dword: identity, the layout of capabilities, PCI
// Express capability, CXL DVSECs. Where an image differs from QEMU's the reason is beside it.
#include <gtest/gtest.h>

#include "core_objects.h"

namespace
{

using test::GiB;
using test::unit;

constexpr vcxl_space cfg = VCXL_SPACE_CONFIG;

struct dword {
	std::uint32_t offset, value;
};

template <class T>
void expect_image(const T &of, std::uint32_t at, const std::vector<dword> &image, const char *what)
{
	for (const dword &d : image)
		EXPECT_EQ(of.read(cfg, at + d.offset), d.value)
			<< std::hex << what << " at " << at << "+" << d.offset;
}

struct place {
	std::uint32_t offset, id; // id of a DVSEC: 0x230000 + DVSEC ID
	bool operator==(const place &o) const { return offset == o.offset && id == o.id; }
};

void PrintTo(const place &p, std::ostream *out)
{
	*out << std::hex << p.id << "@" << p.offset;
}

template <class T> std::vector<place> capabilities(const T &of)
{
	std::vector<place> list;
	for (std::uint32_t at = of.read(cfg, 0x34, 1); at; at = of.read(cfg, at + 1, 1))
		list.push_back({ at, of.read(cfg, at, 1) });
	return list;
}

template <class T> std::vector<place> extended_capabilities(const T &of)
{
	std::vector<place> list;
	for (std::uint32_t at = 0x100; at; at = of.read(cfg, at) >> 20) {
		std::uint32_t id = of.read(cfg, at, 2);
		if (id == 0x23)
			id = 0x230000 + of.read(cfg, at + 8, 2);
		list.push_back({ at, id });
	}
	return list;
}

template <class T> std::uint32_t dvsec(const T &of, std::uint16_t id)
{
	const std::uint32_t at = vcxl_pci_find_dvsec(of.pci(), id);
	EXPECT_NE(at, 0u) << "DVSEC " << id;
	return at;
}

const std::vector<dword> port_locator = { { 0x0c, 0x00000100 }, { 0x10, 0 }, { 0x14, 0 },
					  { 0x18, 0 },          { 0x1c, 0 }, { 0x20, 0 } };

// clang-format off
TEST(root_port, has_the_documented_identity_and_layout)
{
	test::port port(test::port_config(VCXL_PORT_ROOT));

	expect_image(port, 0, { { 0x00, 0x70758086 }, { 0x04, 0x00100000 }, { 0x08, 0x06040000 },
				{ 0x0c, 0x00010000 }, { 0x10, 0x00000004 }, { 0x14, 0 },
				{ 0x24, 0x00010001 } }, "header");
	EXPECT_EQ(capabilities(port), (std::vector<place>{ { 0x40, 0x0d }, { 0x60, 0x05 }, { 0x74, 0x10 } }));
	EXPECT_EQ(extended_capabilities(port),
		  (std::vector<place>{ { 0x100, 0x0001 }, { 0x148, 0x000d }, { 0x150, 0x230003 },
				       { 0x178, 0x230004 }, { 0x188, 0x230007 }, { 0x1a8, 0x230008 } }));
}

TEST(root_port, has_the_documented_register_images)
{
	vcxl_port_config config = test::port_config(VCXL_PORT_ROOT, 0x5a);
	config.link = { 6, 32, true };
	test::port port(config);
	test::memdev dev(GiB, 0);
	vcxl_port_add_dport(port.get(), 0, nullptr, dev.get());

	// Slot Capabilities are those of a slot without hot-plug
	expect_image(port, 0x74, { { 0x00, 0x01420010 }, { 0x04, 0x00008020 }, { 0x08, 0x00002810 },
				   { 0x0c, 0x5a300606 }, { 0x10, 0x21050000 }, { 0x14, 0 },
				   { 0x18, 0x00400000 }, { 0x1c, 0 }, { 0x20, 0 }, { 0x24, 0x00300020 },
				   { 0x28, 0 }, { 0x2c, 0x0000007e }, { 0x30, 0x04000006 } }, "PCIe");
	expect_image(port, dvsec(port, 3), { { 0x04, 0x02801e98 }, { 0x08, 0x00000003 }, { 0x0c, 0 }, { 0x10, 0 },
					     { 0x14, 0 }, { 0x18, 0 }, { 0x1c, 0 }, { 0x20, 0 }, { 0x24, 0 } }, "DVSEC 3");
	expect_image(port, dvsec(port, 4), { { 0x04, 0x01001e98 }, { 0x08, 0x00000004 }, { 0x0c, 0x00010001 } }, "DVSEC 4");
	expect_image(port, dvsec(port, 7), { { 0x04, 0x02021e98 }, { 0x08, 0x00260007 }, { 0x0c, 0x00060002 },
					     { 0x10, 0x000000ef }, { 0x14, 0 }, { 0x18, 0 }, { 0x1c, 0 } }, "DVSEC 7");
	expect_image(port, dvsec(port, 8), port_locator, "DVSEC 8");
	expect_image(port, dvsec(port, 8), { { 0x04, 0x02401e98 }, { 0x08, 0x00000008 } }, "DVSEC 8");
}

TEST(upstream_port, has_the_documented_identity_and_layout)
{
	vcxl_port_config config = test::port_config(VCXL_PORT_UPSTREAM);
	config.serial = 0x1122334455667788;
	test::port port(config);

	expect_image(port, 0, { { 0x00, 0xa12819e5 }, { 0x04, 0x00100000 }, { 0x08, 0x06040000 },
				{ 0x0c, 0x00010000 }, { 0x10, 0x00000004 } }, "header");
	EXPECT_EQ(capabilities(port), (std::vector<place>{ { 0x70, 0x05 }, { 0x90, 0x10 } }));
	EXPECT_EQ(extended_capabilities(port),
		  (std::vector<place>{ { 0x100, 0x0001 }, { 0x148, 0x0003 }, { 0x154, 0x230003 },
				       { 0x17c, 0x230007 }, { 0x19c, 0x230008 }, { 0x1c0, 0x002e } }));
	expect_image(port, 0x148, { { 0x04, 0x55667788 }, { 0x08, 0x11223344 } }, "serial number");
}

TEST(upstream_port, has_the_documented_register_images)
{
	vcxl_port_config config = test::port_config(VCXL_PORT_UPSTREAM);
	config.link.flit_256b = true;
	test::port port(config);

	// QEMU sets Function Level Reset (bit 28) in Device Capabilities: PCIe r6.0 7.5.3.3 has it
	// for endpoints only
	expect_image(port, 0x90, { { 0x00, 0x00520010 }, { 0x04, 0x00008020 }, { 0x0c, 0x00000505 },
				   { 0x10, 0x01050000 }, { 0x24, 0x00300000 }, { 0x2c, 0x0000003e },
				   { 0x30, 0x04000005 } }, "PCIe");
	EXPECT_EQ(extended_capabilities(port)[1].id, 0x230003u) << "no serial number, no capability";
	expect_image(port, dvsec(port, 3), { { 0x08, 0x00010003 }, { 0x0c, 0 } }, "DVSEC 3");
	expect_image(port, dvsec(port, 7), { { 0x08, 0x00270007 }, { 0x0c, 0x00060027 }, { 0x10, 0x000000ef } }, "DVSEC 7");
	expect_image(port, dvsec(port, 8), port_locator, "DVSEC 8");
}

TEST(downstream_port, has_the_documented_identity_and_layout)
{
	test::port port(test::port_config(VCXL_PORT_DOWNSTREAM));

	expect_image(port, 0, { { 0x00, 0xa12919e5 }, { 0x08, 0x06040000 }, { 0x0c, 0x00010000 } }, "header");
	EXPECT_EQ(capabilities(port), (std::vector<place>{ { 0x80, 0x0d }, { 0x70, 0x05 }, { 0x90, 0x10 } }));
	EXPECT_EQ(extended_capabilities(port),
		  (std::vector<place>{ { 0x100, 0x0001 }, { 0x148, 0x230003 }, { 0x170, 0x230007 },
				       { 0x190, 0x230004 }, { 0x1a0, 0x230008 } }));
}

TEST(downstream_port, has_the_documented_register_images)
{
	vcxl_port_config config = test::port_config(VCXL_PORT_DOWNSTREAM, 3);
	config.link = { 6, 16, true };
	test::port port(config);
	test::memdev dev(GiB, 0);
	vcxl_port_add_dport(port.get(), 0, nullptr, dev.get());

	expect_image(port, 0x90, { { 0x00, 0x01620010 }, { 0x04, 0x00008020 }, { 0x0c, 0x03300506 },
				   { 0x10, 0x21050000 } }, "PCIe");
	expect_image(port, dvsec(port, 3), { { 0x08, 0x00000003 } }, "DVSEC 3");
	expect_image(port, dvsec(port, 4), { { 0x08, 0x00000004 }, { 0x0c, 0x00010001 } }, "DVSEC 4");
	expect_image(port, dvsec(port, 7), { { 0x08, 0x00270007 }, { 0x0c, 0x00060002 } }, "DVSEC 7");
	expect_image(port, dvsec(port, 8), port_locator, "DVSEC 8");
}

TEST(memory_device, has_the_documented_identity_and_layout)
{
	test::memdev dev(GiB, 0);
	const std::vector<place> extended = extended_capabilities(dev);

	expect_image(dev, 0, { { 0x00, 0x0d938086 }, { 0x04, 0x00100000 }, { 0x08, 0x05021001 },
			       { 0x0c, 0 }, { 0x10, 0x00000004 }, { 0x18, 0x00000004 }, { 0x20, 0x00000004 },
			       { 0x2c, 0x11001af4 } }, "header");
	EXPECT_EQ(capabilities(dev), (std::vector<place>{ { 0x40, 0x11 }, { 0x80, 0x10 } }));
	for (const place &p : { place{ 0x100, 0x0003 }, place{ 0x10c, 0x230000 }, place{ 0x148, 0x230008 },
				place{ 0x16c, 0x230005 }, place{ 0x17c, 0x230007 } })
		EXPECT_NE(std::find(extended.begin(), extended.end(), p), extended.end())
			<< std::hex << p.id << "@" << p.offset;
}

TEST(memory_device, has_the_documented_register_images)
{
	test::memdev dev(unit, 0);

	// function-level reset (bit 28), which QEMU's device does not have
	expect_image(dev, 0x80, { { 0x00, 0x00020010 }, { 0x04, 0x10008020 }, { 0x0c, 0x00000505 },
				  { 0x10, 0x01050000 }, { 0x24, 0x00300000 }, { 0x2c, 0x0000003e } }, "PCIe");
	expect_image(dev, 0x40, { { 0x00, 0x00078011 }, { 0x04, 0x00000004 }, { 0x08, 0x00000804 } }, "MSI-X");
	// CXL reset with memory clear (bits 7 and 11), which QEMU's device (001e) does not have
	expect_image(dev, dvsec(dev, 0), { { 0x04, 0x03c31e98 }, { 0x08, 0x089e0000 }, { 0x0c, 0x00000002 },
					   { 0x10, 0x00020000 }, { 0x14, 0 }, { 0x18, 0 }, { 0x1c, 0x1000004b },
					   { 0x20, 0 }, { 0x24, 0 }, { 0x28, 0 }, { 0x2c, 0 }, { 0x30, 0 },
					   { 0x34, 0 }, { 0x38, 0 } }, "DVSEC 0");
	expect_image(dev, dvsec(dev, 5), { { 0x04, 0x01001e98 }, { 0x08, 0x06030005 }, { 0x0c, 0x00000033 } }, "DVSEC 5");
	expect_image(dev, dvsec(dev, 7), { { 0x08, 0x00260007 }, { 0x0c, 0x00260002 }, { 0x10, 0x000000ef } }, "DVSEC 7");
	expect_image(dev, dvsec(dev, 8), { { 0x04, 0x02401e98 }, { 0x08, 0x00000008 }, { 0x0c, 0x00000100 }, { 0x10, 0 },
					   { 0x14, 0x00000302 }, { 0x18, 0 }, { 0x1c, 0 }, { 0x20, 0 } }, "DVSEC 8");
}

TEST(memory_device, has_a_range_for_each_partition)
{
	test::memdev dev(unit, 2 * unit);
	test::memdev large(4 * GiB + unit, 0);

	// QEMU leaves HDM_Count at one range (001e)
	expect_image(dev, dvsec(dev, 0), { { 0x08, 0x08ae0000 }, { 0x18, 0 }, { 0x1c, 0x1000004b }, { 0x28, 0 },
					   { 0x2c, 0x2000004b }, { 0x30, 0 }, { 0x34, 0 } }, "DVSEC 0");
	expect_image(large, dvsec(large, 0), { { 0x18, 0x00000001 }, { 0x1c, 0x1000004b } }, "DVSEC 0");
}

// clang-format on
} // namespace
