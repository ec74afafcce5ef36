// SPDX-License-Identifier: Apache-2.0
//
// Ports: what can be created, dports, decoding by target list, component registers, resets.
// CXL r3.1 8.2.4, 9.13.
#include <gtest/gtest.h>

#include "core_objects.h"

namespace
{

using test::committed;
using test::GiB;
using test::refused;
using test::unit;

constexpr std::uint64_t base = 64 * GiB;

vcxl_status create(const vcxl_port_config &config)
{
	vcxl_port *port;
	const vcxl_status status = vcxl_port_create(&config, nullptr, &port);
	EXPECT_EQ(port != nullptr, status == VCXL_OK);
	vcxl_port_destroy(port);
	return status;
}

TEST(port, a_configuration_that_cannot_be_is_refused)
{
	const vcxl_port_config bridge = test::port_config(VCXL_PORT_HOST_BRIDGE);
	const vcxl_port_config root = test::port_config(VCXL_PORT_ROOT);
	vcxl_port_config c = bridge;

	EXPECT_EQ(create(bridge), VCXL_OK);
	EXPECT_EQ(create(root), VCXL_OK);
	c.n_decoders = 3;
	EXPECT_EQ(create(c), VCXL_E_CONFIG) << "3 decoders have no encoding";
	c = bridge;
	c.hpa_bits = 65;
	EXPECT_EQ(create(c), VCXL_E_CONFIG);
	c.hpa_bits = 35;
	EXPECT_EQ(create(c), VCXL_E_CONFIG);
	c = root;
	c.slot = 8192;
	EXPECT_EQ(create(c), VCXL_E_CONFIG) << "Physical Slot Number has 13 bits";
	c = root;
	c.hdm = true;
	EXPECT_EQ(create(c), VCXL_E_CONFIG) << "root ports have no decoders";
	c = root;
	c.link.speed = 7;
	EXPECT_EQ(create(c), VCXL_E_CONFIG);
	c = root;
	c.link.width = 12;
	EXPECT_EQ(create(c), VCXL_E_CONFIG);
}

TEST(port, the_name_is_copied)
{
	char name[] = "rp0";
	vcxl_port_config c = test::port_config(VCXL_PORT_ROOT);
	c.name = name;
	test::port port(c);
	name[0] = 'x';
	EXPECT_STREQ(vcxl_port_get_config(port.get())->name, "rp0");
}

TEST(port, dport_numbers_are_unique_and_root_ports_have_one_link)
{
	test::port bridge(test::port_config(VCXL_PORT_HOST_BRIDGE));
	test::port root(test::port_config(VCXL_PORT_ROOT));
	test::port other(test::port_config(VCXL_PORT_ROOT));
	test::memdev dev(GiB, 0);

	EXPECT_EQ(vcxl_port_add_dport(bridge.get(), 7, root.get(), nullptr), 0);
	EXPECT_EQ(vcxl_port_add_dport(bridge.get(), 7, other.get(), nullptr), VCXL_E_CONFIG);
	EXPECT_EQ(vcxl_port_add_dport(bridge.get(), 255, nullptr, nullptr), 1);
	EXPECT_EQ(vcxl_port_add_dport(root.get(), 0, bridge.get(), dev.get()), VCXL_E_CONFIG);
	EXPECT_EQ(vcxl_port_add_dport(root.get(), 0, nullptr, dev.get()), 0);
	EXPECT_EQ(vcxl_port_add_dport(root.get(), 1, nullptr, nullptr), VCXL_E_CONFIG);
	EXPECT_EQ(vcxl_port_n_dports(bridge.get()), 2u);
	EXPECT_EQ(vcxl_port_child_port(bridge.get(), 0), root.get());
	EXPECT_EQ(vcxl_port_child_port(bridge.get(), 1), nullptr);
	EXPECT_EQ(vcxl_port_child_memdev(root.get(), 0), dev.get());
	EXPECT_EQ(vcxl_port_child_memdev(root.get(), 1), nullptr);
}

TEST(port, at_most_64_dports_are_accepted)
{
	test::port bridge(test::port_config(VCXL_PORT_HOST_BRIDGE));
	for (int i = 0; i < 64; i++)
		ASSERT_EQ(vcxl_port_add_dport(bridge.get(), static_cast<std::uint8_t>(i), nullptr,
					      nullptr),
			  i);
	EXPECT_EQ(vcxl_port_add_dport(bridge.get(), 64, nullptr, nullptr), VCXL_E_CONFIG);
}

TEST(port, a_host_bridge_without_decoders_passes_everything_to_its_only_root_port)
{
	vcxl_port_config c = test::port_config(VCXL_PORT_HOST_BRIDGE);
	c.hdm = false;
	test::port bridge(c);
	unsigned index = 9;

	EXPECT_EQ(vcxl_port_hdm(bridge.get()), nullptr);
	EXPECT_EQ(vcxl_port_target(bridge.get(), base, &index), VCXL_E_UNROUTED) << "no root port";
	vcxl_port_add_dport(bridge.get(), 3, nullptr, nullptr);
	EXPECT_EQ(vcxl_port_target(bridge.get(), base, &index), VCXL_OK);
	EXPECT_EQ(index, 0u);
	EXPECT_EQ(vcxl_port_decoder(bridge.get(), base), nullptr);
	vcxl_port_add_dport(bridge.get(), 4, nullptr, nullptr);
	EXPECT_EQ(vcxl_port_target(bridge.get(), base, &index), VCXL_E_UNROUTED) << "which one?";
}

class switch_port : public testing::Test
{
protected:
	switch_port() : up(test::port_config(VCXL_PORT_UPSTREAM)), d(up)
	{
		for (unsigned i = 1; i <= 9; i++)
			vcxl_port_add_dport(up.get(), static_cast<std::uint8_t>(0x10 * i), nullptr,
					    nullptr);
	}
	vcxl_hdm_error error() { return vcxl_port_hdm(up.get())->last_error; }

	test::port up;
	test::decoders<test::port> d;
};

TEST_F(switch_port, the_target_list_is_indexed_by_the_address_and_holds_port_numbers)
{
	unsigned index;

	d.range(0, base, 4 * GiB);
	d.targets(0, 0x20409010);
	ASSERT_EQ(d.commit(0, 2, 1), committed);       // 4 ways of 512 bytes
	const unsigned expected[] = { 0, 8, 3, 1, 0 }; // order of declaration
	for (unsigned i = 0; i < 5; i++) {
		ASSERT_EQ(vcxl_port_target(up.get(), base + 512 * i + 511, &index), VCXL_OK);
		EXPECT_EQ(index, expected[i]) << i;
	}
	EXPECT_EQ(vcxl_port_target(up.get(), base - 1, &index), VCXL_E_UNROUTED);
	EXPECT_EQ(vcxl_port_target(up.get(), base + 4 * GiB, &index), VCXL_E_UNROUTED);
	ASSERT_NE(vcxl_port_decoder(up.get(), base), nullptr);
	EXPECT_EQ(vcxl_port_decoder(up.get(), base)->interleave.granule_shift, 9);
}

TEST_F(switch_port, decodes_what_is_committed_and_reads_hdm_decoder_enable_as_0)
{
	unsigned index = 9;

	EXPECT_EQ(vcxl_port_target(up.get(), base, &index), VCXL_E_UNROUTED);
	d.range(0, base, GiB);
	d.targets(0, 0x20);
	ASSERT_EQ(d.commit(0), committed);
	for (const std::uint32_t written : { 0u, 2u, 0xffffffffu }) {
		d.set(d.base() + 4, written);
		EXPECT_EQ(d.get(d.base() + 4), 0u) << written;
		EXPECT_EQ(vcxl_port_target(up.get(), base, &index), VCXL_OK) << written;
		EXPECT_EQ(index, 1u) << written;
	}
}

TEST_F(switch_port, targets_are_present_and_different)
{
	d.range(0, base, 4 * GiB);
	d.targets(0, 0x2110);
	EXPECT_EQ(d.commit(0, 1), refused) << "0x21 is absent";
	EXPECT_EQ(error(), VCXL_HDM_ERR_TARGET);
	d.control(0, 0);
	d.targets(0, 0x1010);
	EXPECT_EQ(d.commit(0, 1), refused) << "0x10 twice";
	EXPECT_EQ(error(), VCXL_HDM_ERR_TARGET);
	d.control(0, 0);
	d.targets(0, 0xff10);
	EXPECT_EQ(d.commit(0, 0), committed) << "entries beyond the ways do not count";
}

TEST_F(switch_port, ports_commit_1_2_4_and_8_ways_and_no_others)
{
	d.range(0, base, 48 * unit);
	d.targets(0, 0x8070605040302010);
	for (std::uint32_t eiw : { 0, 1, 2, 3 }) {
		EXPECT_EQ(d.commit(0, eiw), committed) << eiw;
		d.control(0, 0);
	}
	for (std::uint32_t eiw : { 4, 8, 9, 10 }) {
		EXPECT_EQ(d.commit(0, eiw), refused) << eiw;
		EXPECT_EQ(error(), VCXL_HDM_ERR_ENCODING);
		d.control(0, 0);
	}
}

TEST_F(switch_port, the_order_rules_are_those_of_devices)
{
	d.targets(1, 0x10);
	d.range(1, base, GiB);
	EXPECT_EQ(d.commit(1), refused);
	EXPECT_EQ(error(), VCXL_HDM_ERR_ORDER);
	d.control(1, 0);
	d.targets(0, 0x10);
	d.range(0, base, GiB);
	ASSERT_EQ(d.commit(0), committed);
	EXPECT_EQ(d.commit(1), refused);
	EXPECT_EQ(error(), VCXL_HDM_ERR_OVERLAP);
}

TEST_F(switch_port, the_whole_target_list_is_writable_until_commit)
{
	d.targets(0, 0x0102030405060708);
	EXPECT_EQ(d.reg(0, 0x24), 0x05060708u);
	EXPECT_EQ(d.reg(0, 0x28), 0x01020304u);
}

TEST_F(switch_port, commits_withdraw_direct_memory)
{
	d.range(0, base, GiB);
	d.targets(0, 0x10);
	ASSERT_EQ(d.commit(0), committed);
	ASSERT_EQ(up.said().withdrawn.size(), 1u);
	EXPECT_EQ(up.said().withdrawn[0].hpa, base);
	EXPECT_EQ(up.said().withdrawn[0].size, GiB);
}

// CXL r3.1 8.2.4.1: ID 1, version 1, CXL.cache/mem version 1, number of entries
TEST(component, the_capability_array_lists_what_there_is)
{
	const struct {
		vcxl_port_kind kind;
		bool hdm;
		std::uint32_t header;
		std::vector<std::uint32_t> ids;
	} rows[] = {
		{ VCXL_PORT_HOST_BRIDGE, true, 0x02110001, { 4, 5 } },
		{ VCXL_PORT_HOST_BRIDGE, false, 0x01110001, { 4 } },
		{ VCXL_PORT_ROOT, false, 0x02110001, { 2, 4 } },
		{ VCXL_PORT_UPSTREAM, true, 0x03110001, { 2, 4, 5 } },
		{ VCXL_PORT_DOWNSTREAM, false, 0x02110001, { 2, 4 } },
	};

	for (const auto &row : rows) {
		vcxl_port_config c = test::port_config(row.kind);
		c.hdm = row.hdm;
		test::port port(c);
		EXPECT_EQ(port.read(VCXL_SPACE_COMPONENT, 0x1000), row.header);
		for (std::uint32_t e = 0; e < row.ids.size(); e++)
			EXPECT_EQ(port.read(VCXL_SPACE_COMPONENT, 0x1004 + 4 * e) & 0xffff,
				  row.ids[e]);
	}
	test::memdev dev(GiB, 0);
	EXPECT_EQ(dev.read(VCXL_SPACE_COMPONENT, 0x1000), 0x03110001u);
}

TEST(component, the_hdm_capability_of_a_port_tells_8_targets_and_powers_of_2)
{
	test::port bridge(test::port_config(VCXL_PORT_HOST_BRIDGE));
	test::decoders<test::port> d(bridge);

	EXPECT_EQ(d.get(d.base()), 0x00000385u) << "10 decoders";
}

// CXL r3.1 8.2.4.17
TEST(component, ras_registers_reset_to_masked_and_are_sticky)
{
	test::port root(test::port_config(VCXL_PORT_ROOT));
	const std::uint32_t entry = root.read(VCXL_SPACE_COMPONENT, 0x1004);
	const std::uint32_t ras = 0x1000 + (entry >> 20);
	const std::uint32_t image[] = { 0, 0x0001cfff, 0x0001cfff, 0, 0x0000007f, 0x00000200 };

	ASSERT_EQ(entry & 0xffff, 2u);
	for (std::uint32_t i = 0; i < 6; i++)
		EXPECT_EQ(root.read(VCXL_SPACE_COMPONENT, ras + 4 * i), image[i]) << i;
	root.write(VCXL_SPACE_COMPONENT, ras + 4, 0);
	root.write(VCXL_SPACE_COMPONENT, ras, 0xffffffff);
	vcxl_port_reset(root.get(), VCXL_RESET_HOT);
	EXPECT_EQ(root.read(VCXL_SPACE_COMPONENT, ras + 4), 0u);
	vcxl_port_reset(root.get(), VCXL_RESET_COLD);
	EXPECT_EQ(root.read(VCXL_SPACE_COMPONENT, ras + 4), 0x0001cfffu);
}

TEST(component, dwords_and_qwords_are_accessed_and_the_rest_of_64_kib_reads_0)
{
	test::port up(test::port_config(VCXL_PORT_UPSTREAM));
	test::decoders<test::port> d(up);
	std::uint64_t value;

	ASSERT_EQ(vcxl_port_reg_write(up.get(), VCXL_SPACE_COMPONENT, d.base() + 0x18, 8,
				      0x123456789abcdef0),
		  VCXL_OK);
	ASSERT_EQ(vcxl_port_reg_read(up.get(), VCXL_SPACE_COMPONENT, d.base() + 0x18, 8, &value),
		  VCXL_OK);
	EXPECT_EQ(value, 0x1234567890000000u);
	for (std::uint32_t offset : { 0x0u, 0xffcu, 0x2000u, 0xfffcu }) {
		EXPECT_EQ(vcxl_port_reg_write(up.get(), VCXL_SPACE_COMPONENT, offset, 4, ~0u),
			  VCXL_OK);
		EXPECT_EQ(up.read(VCXL_SPACE_COMPONENT, offset), 0u);
	}
	const struct {
		std::uint32_t offset;
		unsigned width;
	} wrong[] = { { 0x1000, 1 }, { 0x1000, 2 },  { 0x1002, 4 },
		      { 0x1004, 8 }, { 0x10000, 4 }, { 0xfffffffc, 4 } };
	for (const auto &w : wrong) {
		EXPECT_EQ(vcxl_port_reg_read(up.get(), VCXL_SPACE_COMPONENT, w.offset, w.width,
					     &value),
			  VCXL_E_ACCESS);
		EXPECT_EQ(vcxl_port_reg_write(up.get(), VCXL_SPACE_COMPONENT, w.offset, w.width, 0),
			  VCXL_E_ACCESS);
	}
}

TEST(port, a_host_bridge_is_no_pci_function)
{
	test::port bridge(test::port_config(VCXL_PORT_HOST_BRIDGE));
	std::uint64_t value;

	EXPECT_EQ(vcxl_port_pci(bridge.get()), nullptr);
	EXPECT_EQ(vcxl_port_reg_read(bridge.get(), VCXL_SPACE_CONFIG, 0, 4, &value), VCXL_E_ACCESS);
	EXPECT_EQ(vcxl_port_reg_write(bridge.get(), VCXL_SPACE_CONFIG, 4, 2, 2), VCXL_E_ACCESS);
}

TEST(port, traces_name_the_decoder_and_why_it_was_refused)
{
	std::vector<vcxl_trace_event> events;
	vcxl_trace trace{};
	trace.ctx = &events;
	trace.enabled = 1ull << VCXL_TRACE_DECODER;
	trace.emit = [](void *ctx, const vcxl_trace_event *event) {
		static_cast<std::vector<vcxl_trace_event> *>(ctx)->push_back(*event);
	};
	vcxl_port_ops ops{};
	ops.trace = &trace;
	const vcxl_port_config c = test::port_config(VCXL_PORT_HOST_BRIDGE);
	vcxl_port *port;
	ASSERT_EQ(vcxl_port_create(&c, &ops, &port), VCXL_OK);
	std::uint64_t hdm;
	vcxl_port_reg_read(port, VCXL_SPACE_COMPONENT, 0x1008, 4, &hdm);
	hdm = 0x1000 + (hdm >> 20);
	vcxl_port_reg_write(port, VCXL_SPACE_COMPONENT, static_cast<std::uint32_t>(hdm) + 0x20, 4,
			    0x200);
	ASSERT_EQ(events.size(), 1u);
	EXPECT_EQ(events[0].fields[5], 0u) << "committed";
	EXPECT_EQ(events[0].fields[6], static_cast<std::uint64_t>(VCXL_HDM_ERR_SIZE_ZERO));
	vcxl_port_destroy(port);
}

} // namespace
