// SPDX-License-Identifier: Apache-2.0
//
// PCI Express functions as enumeration software and interrupt delivery see them: BARs, windows and
// buses of bridges, MSI, MSI-X, link state, locks of the CXL device DVSEC. PCIe r6.0 7.5, 7.7.
#include <gtest/gtest.h>

#include "core_objects.h"

namespace
{

using test::GiB;
using test::message;

constexpr vcxl_space cfg = VCXL_SPACE_CONFIG;
constexpr std::uint32_t memory_space = 2, bus_master = 4;

TEST(bar, writing_all_ones_reads_back_the_size)
{
	test::memdev dev(GiB, 0);

	dev.write(cfg, 0x10, 0xffffffff);
	dev.write(cfg, 0x14, 0xffffffff);
	EXPECT_EQ(dev.read(cfg, 0x10), 0xffff0004u) << "64 KiB, 64-bit";
	EXPECT_EQ(dev.read(cfg, 0x14), 0xffffffffu);
	dev.write(cfg, 0x20, 0xffffffff);
	EXPECT_EQ(dev.read(cfg, 0x20), 0xfffff004u) << "MSI-X, 4 KiB";
}

TEST(bar, bars_of_a_bridge_are_two_and_the_rest_is_not_there)
{
	test::port root(test::port_config(VCXL_PORT_ROOT));

	root.write(cfg, 0x10, 0xffffffff);
	EXPECT_EQ(root.read(cfg, 0x10), 0xffff0004u);
	root.write(cfg, 0x38, 0xffffffff);
	EXPECT_EQ(root.read(cfg, 0x38), 0u) << "no expansion ROM";
}

TEST(bar, memory_is_claimed_only_with_memory_space_enable)
{
	test::memdev dev(GiB, 0);
	vcxl_space space;
	std::uint64_t offset;

	dev.write(cfg, 0x10, 0x40000000);
	dev.write(cfg, 0x14, 0x1);
	EXPECT_FALSE(vcxl_pci_claims(dev.pci(), 0x140001000, 4, &space, &offset));
	dev.write(cfg, 0x04, memory_space, 2);
	ASSERT_TRUE(vcxl_pci_claims(dev.pci(), 0x140001000, 4, &space, &offset));
	EXPECT_EQ(space, VCXL_SPACE_COMPONENT);
	EXPECT_EQ(offset, 0x1000u);
	EXPECT_TRUE(vcxl_pci_claims(dev.pci(), 0x14000fffc, 4, &space, &offset));
	EXPECT_FALSE(vcxl_pci_claims(dev.pci(), 0x14000fffc, 8, &space, &offset));
	EXPECT_FALSE(vcxl_pci_claims(dev.pci(), 0x13ffffffc, 8, &space, &offset));
}

TEST(bar, each_bar_shows_its_space)
{
	test::memdev dev(GiB, 0);
	const vcxl_space spaces[] = { VCXL_SPACE_COMPONENT, VCXL_SPACE_DEVICE, VCXL_SPACE_MSIX };

	dev.write(cfg, 0x04, memory_space, 2);
	for (std::uint32_t i = 0; i < 3; i++)
		dev.write(cfg, 0x10 + 8 * i, 0x40000000 + 0x1000000 * i);
	for (std::uint32_t i = 0; i < 3; i++) {
		vcxl_space space;
		std::uint64_t offset;
		ASSERT_TRUE(
			vcxl_pci_claims(dev.pci(), 0x40000010 + 0x1000000 * i, 4, &space, &offset));
		EXPECT_EQ(space, spaces[i]);
		EXPECT_EQ(offset, 0x10u);
	}
}

TEST(config_space, accesses_are_1_2_or_4_bytes_and_naturally_aligned)
{
	test::port root(test::port_config(VCXL_PORT_ROOT));
	test::memdev dev(GiB, 0);
	const struct {
		std::uint32_t offset;
		unsigned width;
	} wrong[] = { { 0, 8 }, { 0, 3 }, { 1, 2 }, { 2, 4 }, { 4096, 4 }, { 0xfffffffc, 4 } };

	for (const auto &w : wrong) {
		std::uint64_t value;
		EXPECT_EQ(vcxl_port_reg_read(root.get(), cfg, w.offset, w.width, &value),
			  VCXL_E_ACCESS);
		EXPECT_EQ(vcxl_port_reg_write(root.get(), cfg, w.offset, w.width, 0),
			  VCXL_E_ACCESS);
		EXPECT_EQ(vcxl_memdev_reg_read(dev.get(), cfg, w.offset, w.width, &value),
			  VCXL_E_ACCESS);
	}
	EXPECT_EQ(root.read(cfg, 0x00, 2), 0x8086u);
	EXPECT_EQ(root.read(cfg, 0x0b, 1), 0x06u);
	EXPECT_EQ(root.read(cfg, 0xffc), 0u);
}

TEST(bridge, buses_between_secondary_and_subordinate_are_forwarded)
{
	test::port root(test::port_config(VCXL_PORT_ROOT));
	bool type0;

	EXPECT_FALSE(vcxl_pci_forwards_bus(root.pci(), 0, &type0)) << "no number assigned";
	root.write(cfg, 0x18, 0x00090605);
	EXPECT_FALSE(vcxl_pci_forwards_bus(root.pci(), 5, &type0));
	EXPECT_TRUE(vcxl_pci_forwards_bus(root.pci(), 6, &type0));
	EXPECT_TRUE(type0);
	EXPECT_TRUE(vcxl_pci_forwards_bus(root.pci(), 9, &type0));
	EXPECT_FALSE(type0);
	EXPECT_FALSE(vcxl_pci_forwards_bus(root.pci(), 10, &type0));
	test::memdev dev(GiB, 0);
	EXPECT_FALSE(vcxl_pci_forwards_bus(dev.pci(), 6, &type0)) << "endpoints forward nothing";
}

TEST(bridge, the_memory_window_is_in_units_of_1_mib_and_inclusive)
{
	test::port root(test::port_config(VCXL_PORT_ROOT));

	root.write(cfg, 0x20, 0x40204010); // 0x40100000 .. 0x402fffff
	root.write(cfg, 0x24, 0x0000fff0); // prefetchable: closed
	EXPECT_FALSE(vcxl_pci_forwards_address(root.pci(), 0x40100000))
		<< "Memory Space Enable is 0";
	root.write(cfg, 0x04, memory_space, 2);
	EXPECT_TRUE(vcxl_pci_forwards_address(root.pci(), 0x40100000));
	EXPECT_TRUE(vcxl_pci_forwards_address(root.pci(), 0x402fffff));
	EXPECT_FALSE(vcxl_pci_forwards_address(root.pci(), 0x400fffff));
	EXPECT_FALSE(vcxl_pci_forwards_address(root.pci(), 0x40300000));
	root.write(cfg, 0x20, 0x40104020);
	EXPECT_FALSE(vcxl_pci_forwards_address(root.pci(), 0x40100000)) << "base above limit";
}

TEST(bridge, the_prefetchable_window_has_64_bits)
{
	test::port root(test::port_config(VCXL_PORT_ROOT));

	root.write(cfg, 0x04, memory_space, 2);
	root.write(cfg, 0x20, 0x0000fff0);
	root.write(cfg, 0x24, 0xfff10001);
	root.write(cfg, 0x28, 0x4);
	root.write(cfg, 0x2c, 0x5);
	EXPECT_EQ(root.read(cfg, 0x24), 0xfff10001u) << "64-bit addressing is told in bits 3:0";
	EXPECT_FALSE(vcxl_pci_forwards_address(root.pci(), 0x3ffffffff));
	EXPECT_TRUE(vcxl_pci_forwards_address(root.pci(), 0x400000000));
	EXPECT_TRUE(vcxl_pci_forwards_address(root.pci(), 0x5ffffffff));
	EXPECT_FALSE(vcxl_pci_forwards_address(root.pci(), 0x600000000));
}

TEST(bridge, there_is_no_io_window_and_the_secondary_bus_reset_bit_is_stored)
{
	test::port root(test::port_config(VCXL_PORT_ROOT));

	root.write(cfg, 0x1c, 0xf0f0, 2);
	EXPECT_EQ(root.read(cfg, 0x1c, 2), 0u);
	root.write(cfg, 0x3e, 0x0040, 2);
	EXPECT_EQ(root.read(cfg, 0x3e, 2), 0x0040u);
}

// PCIe r6.0 7.7.1; the capability of a root port is at 0x60
TEST(msi, a_message_is_sent_only_when_msi_and_bus_mastering_are_enabled)
{
	test::port root(test::port_config(VCXL_PORT_ROOT));

	EXPECT_EQ(root.read(cfg, 0x60) & 0x008f00ff, 0x00800005u) << "64-bit, one vector";
	root.write(cfg, 0x64, 0x28000003);
	root.write(cfg, 0x68, 0x1);
	root.write(cfg, 0x6c, 0x1234, 2);
	vcxl_pci_raise(root.pci(), 0);
	root.write(cfg, 0x62, 1, 2);
	vcxl_pci_raise(root.pci(), 0);
	EXPECT_TRUE(root.said().messages.empty());
	root.write(cfg, 0x04, bus_master, 2);
	vcxl_pci_raise(root.pci(), 0);
	EXPECT_EQ(root.said().messages, (std::vector<message>{ { 0x128000000, 0x1234 } }));
}

class msix : public testing::Test
{
protected:
	msix()
	{
		dev.write(cfg, 0x04, bus_master, 2);
		dev.write(VCXL_SPACE_MSIX, 0x30, 0x28001000); // vector 3
		dev.write(VCXL_SPACE_MSIX, 0x34, 0x2);
		dev.write(VCXL_SPACE_MSIX, 0x38, 77);
	}
	std::vector<message> &messages() { return dev.said().messages; }

	test::memdev dev{ GiB, 0 };
	const std::vector<message> one{ { 0x228001000, 77 } };
};

TEST_F(msix, the_table_has_8_vectors_that_reset_to_masked)
{
	for (std::uint32_t v = 0; v < 8; v++)
		EXPECT_EQ(dev.read(VCXL_SPACE_MSIX, 16 * v + 12), 1u);
	dev.write(VCXL_SPACE_MSIX, 16 * 8, 0xffffffff);
	EXPECT_EQ(dev.read(VCXL_SPACE_MSIX, 16 * 8), 0u);
	EXPECT_EQ(dev.read(VCXL_SPACE_MSIX, 0x38), 77u);
	dev.write(VCXL_SPACE_MSIX, 0x3c, 0);
	vcxl_memdev_reset(dev.get(), VCXL_RESET_HOT);
	EXPECT_EQ(dev.read(VCXL_SPACE_MSIX, 0x3c), 1u);
}

TEST_F(msix, a_vector_is_sent_when_nothing_masks_it)
{
	dev.write(VCXL_SPACE_MSIX, 0x3c, 0);
	vcxl_pci_raise(dev.pci(), 3);
	EXPECT_TRUE(messages().empty()) << "MSI-X Enable is 0";
	dev.write(cfg, 0x42, 0x8000, 2);
	vcxl_pci_raise(dev.pci(), 3);
	EXPECT_EQ(messages(), one);
	EXPECT_EQ(dev.read(VCXL_SPACE_MSIX, 0x800), 0u);
}

TEST_F(msix, a_masked_vector_is_pending_until_it_is_unmasked)
{
	dev.write(cfg, 0x42, 0x8000, 2);
	vcxl_pci_raise(dev.pci(), 3);
	EXPECT_TRUE(messages().empty());
	EXPECT_EQ(dev.read(VCXL_SPACE_MSIX, 0x800), 0x8u);
	dev.write(VCXL_SPACE_MSIX, 0x3c, 0);
	EXPECT_EQ(messages(), one);
	EXPECT_EQ(dev.read(VCXL_SPACE_MSIX, 0x800), 0u);
}

TEST_F(msix, the_function_mask_holds_all_vectors)
{
	dev.write(VCXL_SPACE_MSIX, 0x3c, 0);
	dev.write(cfg, 0x42, 0xc000, 2);
	vcxl_pci_raise(dev.pci(), 3);
	vcxl_pci_raise(dev.pci(), 3);
	EXPECT_TRUE(messages().empty());
	dev.write(cfg, 0x42, 0x8000, 2);
	EXPECT_EQ(messages(), one) << "one message for what was raised twice";
}

TEST_F(msix, without_bus_mastering_nothing_is_sent)
{
	dev.write(VCXL_SPACE_MSIX, 0x3c, 0);
	dev.write(cfg, 0x42, 0x8000, 2);
	dev.write(cfg, 0x04, 0, 2);
	vcxl_pci_raise(dev.pci(), 3);
	EXPECT_TRUE(messages().empty());
}

TEST_F(msix, the_table_is_accessed_by_dwords_and_qwords)
{
	std::uint64_t value;

	EXPECT_EQ(vcxl_pci_msix_write(dev.pci(), 0x30, 8, 0x0000000300001000), VCXL_OK);
	EXPECT_EQ(vcxl_pci_msix_read(dev.pci(), 0x30, 8, &value), VCXL_OK);
	EXPECT_EQ(value, 0x0000000300001000u);
	for (unsigned width : { 1u, 2u, 3u })
		EXPECT_EQ(vcxl_pci_msix_read(dev.pci(), 0x30, width, &value), VCXL_E_ACCESS);
	EXPECT_EQ(vcxl_pci_msix_read(dev.pci(), 0x34, 8, &value), VCXL_E_ACCESS);
	EXPECT_EQ(vcxl_pci_msix_write(dev.pci(), 0x1000, 4, 0), VCXL_E_ACCESS);
}

// PCIe r6.0 7.5.3.8, 7.5.3.11; the capability of a root port is at 0x74, of a device at 0x80
TEST(link, a_port_shows_link_and_presence_only_with_something_below)
{
	test::port root(test::port_config(VCXL_PORT_ROOT));

	EXPECT_EQ(root.read(cfg, 0x74 + 0x12, 2), 0u);
	EXPECT_EQ(root.read(cfg, 0x74 + 0x1a, 2), 0u);
	vcxl_port_add_dport(root.get(), 0, nullptr, nullptr);
	EXPECT_EQ(root.read(cfg, 0x74 + 0x12, 2), 0x2105u) << "active, x16, 32 GT/s";
	EXPECT_EQ(root.read(cfg, 0x74 + 0x1a, 2), 0x0040u);
	vcxl_port_reset(root.get(), VCXL_RESET_COLD);
	EXPECT_EQ(root.read(cfg, 0x74 + 0x12, 2), 0x2105u);
}

TEST(link, both_ends_train_to_what_both_can)
{
	vcxl_port_config c = test::port_config(VCXL_PORT_ROOT);
	c.link = { 4, 8, false };
	test::port root(c);
	test::memdev dev(GiB, 0);

	vcxl_port_add_dport(root.get(), 0, nullptr, dev.get());
	EXPECT_EQ(root.read(cfg, 0x74 + 0x12, 2), 0x2084u);
	EXPECT_EQ(dev.read(cfg, 0x80 + 0x12, 2), 0x0084u);
	EXPECT_EQ(dev.read(cfg, 0x80 + 0x0c), 0x00000505u) << "the capability stays";
}

// where the other end is no core object
TEST(link, an_end_trains_to_what_it_is_told_of_the_other)
{
	for (const auto kind : { VCXL_PORT_ROOT, VCXL_PORT_UPSTREAM }) {
		const std::uint32_t at = kind == VCXL_PORT_ROOT ? 0x74 : 0x90;
		const std::uint64_t active = kind == VCXL_PORT_ROOT ? 0x2000 : 0;
		vcxl_port_config c = test::port_config(kind);
		c.peer_link = { 4, 32, false };
		test::port port(c);

		vcxl_port_add_dport(port.get(), 0, nullptr, nullptr);
		EXPECT_EQ(port.read(cfg, at + 0x12, 2), active | 0x0104) << "x16, 16 GT/s";
		EXPECT_EQ(port.read(cfg, at + 0x0c) & 0x3ff, 0x105u) << "the capability stays";
	}
	std::uint8_t byte = 0;
	std::uint64_t status = 0;
	vcxl_memdev_config c{};
	vcxl_memdev *md = nullptr;
	c.serial = 1;
	c.media[0].size = GiB;
	c.media[0].direct = &byte;
	c.peer_link = { 6, 2, false };
	ASSERT_EQ(vcxl_memdev_create(&c, nullptr, &md), VCXL_OK);
	EXPECT_EQ(vcxl_memdev_reg_read(md, cfg, 0x80 + 0x12, 2, &status), VCXL_OK);
	EXPECT_EQ(status, 0x0025u) << "x2, 32 GT/s";
	vcxl_memdev_destroy(md);
}

TEST(link, the_slot_number_is_shown)
{
	vcxl_port_config c = test::port_config(VCXL_PORT_ROOT);
	c.slot = 8191;
	test::port root(c);

	EXPECT_EQ(root.read(cfg, 0x74 + 0x14), 0xfff80000u);
}

// CXL r3.1 8.1.3
TEST(device_dvsec, config_lock_freezes_control_and_ranges_until_reset)
{
	test::memdev dev(GiB, 0);
	const std::uint32_t at = vcxl_pci_find_dvsec(dev.pci(), 0);

	dev.write(cfg, at + 0x0c, 0x0004, 2);
	dev.write(cfg, at + 0x20, 0x00000010);
	dev.write(cfg, at + 0x14, 1, 2);
	dev.write(cfg, at + 0x14, 0, 2);
	dev.write(cfg, at + 0x0c, 0, 2);
	dev.write(cfg, at + 0x20, 0);
	EXPECT_EQ(dev.read(cfg, at + 0x14, 2), 1u);
	EXPECT_EQ(dev.read(cfg, at + 0x0c, 2), 0x0006u);
	EXPECT_EQ(dev.read(cfg, at + 0x20), 0x10u);
	vcxl_memdev_reset(dev.get(), VCXL_RESET_FLR);
	EXPECT_EQ(dev.read(cfg, at + 0x0c, 2), 0x0006u) << "a function-level reset keeps it";
	vcxl_memdev_reset(dev.get(), VCXL_RESET_HOT);
	EXPECT_EQ(dev.read(cfg, at + 0x14, 2), 0u);
	EXPECT_EQ(dev.read(cfg, at + 0x0c, 2), 0x0002u);
	EXPECT_EQ(dev.read(cfg, at + 0x20), 0u);
}

TEST(port_dvsec, gpf_timeouts_and_the_secondary_bus_reset_mask_are_writable)
{
	test::port root(test::port_config(VCXL_PORT_ROOT));
	const std::uint32_t gpf = vcxl_pci_find_dvsec(root.pci(), 4);
	const std::uint32_t extensions = vcxl_pci_find_dvsec(root.pci(), 3);

	root.write(cfg, gpf + 0x0c, 0x0702, 2);
	root.write(cfg, gpf + 0x0e, 0x0702, 2);
	EXPECT_EQ(root.read(cfg, gpf + 0x0c), 0x07020702u);
	root.write(cfg, extensions + 0x0c, 1, 2);
	EXPECT_EQ(root.read(cfg, extensions + 0x0c, 2), 1u);
}

TEST(aer, status_and_masks_are_sticky)
{
	test::memdev dev(GiB, 0);
	std::uint32_t at = 0x100;

	while (at && (dev.read(cfg, at) & 0xffff) != 1)
		at = dev.read(cfg, at) >> 20;
	ASSERT_NE(at, 0u);
	EXPECT_EQ(dev.read(cfg, at + 0x08), 0x00400000u);
	EXPECT_EQ(dev.read(cfg, at + 0x0c), 0x00462030u);
	EXPECT_EQ(dev.read(cfg, at + 0x14), 0x00006000u);
	dev.write(cfg, at + 0x08, 0);
	vcxl_memdev_reset(dev.get(), VCXL_RESET_HOT);
	EXPECT_EQ(dev.read(cfg, at + 0x08), 0u);
	vcxl_memdev_reset(dev.get(), VCXL_RESET_COLD);
	EXPECT_EQ(dev.read(cfg, at + 0x08), 0x00400000u);
}

} // namespace
