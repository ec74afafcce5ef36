/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operating system looks at before it uses CXL memory: capabilities of each function, both
 * ends of each link, and the conversation with the mailbox of a memory device at probe. PCIe r6.0
 * 7.5.3, 7.8.4; CXL r3.1 8.1, 8.2.8, 8.2.9.
 */
#include "core_objects.h"
#include "test_memdev_fixture.h"

#include <vcxl/event.h>

using namespace vcxl_test;

namespace
{

const vcxl_port_kind pci_kinds[] = { VCXL_PORT_ROOT, VCXL_PORT_UPSTREAM, VCXL_PORT_DOWNSTREAM };

template <class T> uint32_t extended(const T &of, unsigned id, unsigned dvsec = 0)
{
	for (uint32_t at = 0x100; at; at = of.read(VCXL_SPACE_CONFIG, at) >> 20)
		if (of.read(VCXL_SPACE_CONFIG, at, 2) == id &&
		    (id != 0x23 || of.read(VCXL_SPACE_CONFIG, at + 8, 2) == dvsec))
			return at;
	return 0;
}

template <class T> uint32_t capability(const T &of, unsigned id)
{
	uint32_t at = of.read(VCXL_SPACE_CONFIG, 0x34, 1);
	while (at && of.read(VCXL_SPACE_CONFIG, at, 1) != id)
		at = of.read(VCXL_SPACE_CONFIG, at + 1, 1);
	return at;
}

template <class T> void expect_cxl_function(const T &of)
{
	EXPECT_NE(extended(of, 0x0001), 0u) << "AER";
	const uint32_t flex_bus = extended(of, 0x23, 7);
	ASSERT_NE(flex_bus, 0u);
	EXPECT_NE(of.read(VCXL_SPACE_CONFIG, flex_bus + 0xe, 2) & 5, 0u)
		<< "Flex Bus status says CXL.mem or CXL.cache";
	const uint32_t locator = extended(of, 0x23, 8);
	ASSERT_NE(locator, 0u);
	EXPECT_EQ(of.read(VCXL_SPACE_CONFIG, locator + 0xc), 0x100u) << "component, BAR0";
	const uint32_t pcie = capability(of, 0x10);
	ASSERT_NE(pcie, 0u);
	EXPECT_EQ(of.read(VCXL_SPACE_CONFIG, pcie + 2, 2) >> 9 & 0x1f, 0u)
		<< "interrupt message number";
	const uint32_t cap = of.read(VCXL_SPACE_CONFIG, pcie + 0xc);
	const uint32_t status = of.read(VCXL_SPACE_CONFIG, pcie + 0x12, 2);
	EXPECT_LE(status & 0xf, cap & 0xf) << "link speed";
	EXPECT_LE(status >> 4 & 0x3f, cap >> 4 & 0x3f) << "link width";
}

struct link_state {
	uint32_t speed, width;
	bool active;
};

template <class T> link_state link(const T &of)
{
	const uint32_t status = of.read(VCXL_SPACE_CONFIG, capability(of, 0x10) + 0x12, 2);
	return { status & 0xf, status >> 4 & 0x3f, (status & 0x2000) != 0 };
}

} /* namespace */

TEST(cxl_function, has_aer_flex_bus_status_locator_and_a_possible_link)
{
	for (vcxl_port_kind kind : pci_kinds)
		expect_cxl_function(test::port(test::port_config(kind)));
	expect_cxl_function(test::memdev(test::GiB, test::GiB));
}

TEST(cxl_port, has_the_port_extensions_with_sbr_masked_until_unmasked)
{
	for (vcxl_port_kind kind : pci_kinds) {
		test::port port(test::port_config(kind));
		const uint32_t at = extended(port, 0x23, 3);

		ASSERT_NE(at, 0u);
		EXPECT_EQ(port.read(VCXL_SPACE_CONFIG, at + 0xc, 2), 0u);
		port.write(VCXL_SPACE_CONFIG, at + 0xc, 1, 2);
		EXPECT_EQ(port.read(VCXL_SPACE_CONFIG, at + 0xc, 2), 1u);
	}
}

TEST(cxl_port, takes_20_seconds_as_gpf_timeout_in_both_phases)
{
	for (vcxl_port_kind kind : { VCXL_PORT_ROOT, VCXL_PORT_DOWNSTREAM }) {
		test::port port(test::port_config(kind));
		const uint32_t at = extended(port, 0x23, 4);

		ASSERT_NE(at, 0u);
		for (uint32_t phase : { 0xcu, 0xeu }) {
			port.write(VCXL_SPACE_CONFIG, at + phase, 0x0702, 2);
			EXPECT_EQ(port.read(VCXL_SPACE_CONFIG, at + phase, 2), 0x0702u);
		}
	}
}

TEST(root_port_services, use_message_0_of_its_single_msi)
{
	test::port port(test::port_config(VCXL_PORT_ROOT));
	const uint32_t msi = capability(port, 0x05), aer = extended(port, 0x0001);

	ASSERT_NE(msi, 0u);
	ASSERT_NE(aer, 0u);
	EXPECT_EQ(port.read(VCXL_SPACE_CONFIG, msi + 2, 2) >> 1 & 7, 0u) << "one message";
	EXPECT_EQ(port.read(VCXL_SPACE_CONFIG, aer + 0x30) >> 27, 0u) << "AER";
	port.write(VCXL_SPACE_CONFIG, aer + 0x2c, 7);
	EXPECT_EQ(port.read(VCXL_SPACE_CONFIG, aer + 0x2c), 7u) << "Root Error Command";
}

TEST(link, both_ends_show_the_fastest_and_widest_that_both_can)
{
	const struct {
		vcxl_link_config upper, lower;
		uint32_t speed, width;
	} cases[] = { { { 5, 16, false }, { 5, 16, false }, 5, 16 },
		      { { 6, 16, true }, { 5, 8, false }, 5, 8 },
		      { { 4, 4, false }, { 5, 16, false }, 4, 4 } };

	for (const auto &c : cases) {
		for (vcxl_port_kind kind : { VCXL_PORT_ROOT, VCXL_PORT_DOWNSTREAM }) {
			vcxl_port_config config = test::port_config(kind, 2);
			config.link = c.upper;
			test::port upper(config);
			EXPECT_FALSE(link(upper).active) << "nothing below";
			config = test::port_config(VCXL_PORT_UPSTREAM);
			config.link = c.lower;
			test::port lower(config);
			vcxl_port_add_dport(upper.get(), 0, lower.get(), nullptr);
			EXPECT_TRUE(link(upper).active);
			EXPECT_EQ(link(upper).speed, c.speed);
			EXPECT_EQ(link(upper).width, c.width);
			EXPECT_EQ(link(lower).speed, c.speed);
			EXPECT_EQ(link(lower).width, c.width);
		}
	}
}

/* The commands of Linux at probe, in its order; none may fail. */
TEST(memory_device_probe, finds_ready_media_and_every_command_that_it_sends)
{
	device d;
	const std::vector<uint8_t> severities = { 3, 2, 1, 0 };
	const vcxl_event_record record = {};

	EXPECT_EQ(d.config(d.find_dvsec(0) + 0x1c) & 3, 3u) << "range 1 valid and active";
	EXPECT_EQ(d.config(d.find_dvsec(0) + 0xc, 2) & 4, 0u) << "Mem_Enable";
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, d.find_device(0x4000), 8), 0x14u)
		<< "media and mailbox ready";
	for (unsigned log = 0; log < 4; log++)
		EXPECT_EQ(vcxl_event_inject(d.md, static_cast<vcxl_event_log>(log), &record),
			  VCXL_OK);
	EXPECT_EQ(d.command(0x0301, bytes_of({ { 1, 8 } })).rc, 0u);
	for (unsigned opcode : { 0x0400u, 0x4000u, 0x4100u, 0x0102u, 0x4500u, 0x4200u, 0x4203u })
		EXPECT_EQ(d.command(static_cast<uint16_t>(opcode)).rc, 0u) << std::hex << opcode;
	EXPECT_EQ(d.command(0x4204, { 1 }).rc, 0u);
	EXPECT_EQ(d.command(0x0103, { 1, 1, 1, 1 }).rc, 0u);
	const uint32_t n_vectors = (d.config(d.find_capability(0x11) + 2, 2) & 0x7ff) + 1;
	for (uint8_t policy : d.command(0x0102).out) {
		EXPECT_EQ(policy & 3, 1) << "MSI-X";
		EXPECT_LT(policy >> 4, static_cast<int>(n_vectors)) << "a vector that exists";
	}
	for (uint8_t log : severities) {
		const reply r = d.command(0x0100, { log });
		ASSERT_EQ(le(r.out, 0x14, 2), 1u);
		EXPECT_EQ(d.command(0x0101, { log, 0, 1, 0, 0, 0, r.out[0x34], r.out[0x35] }).rc,
			  0u);
		EXPECT_EQ(le(d.command(0x0100, { log }).out, 0x14, 2), 0u);
	}
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, d.find_device(1), 8), 0u) << "event status";
}
