// SPDX-License-Identifier: Apache-2.0
//
// CXL.io: who claims which configuration and memory request, what registers accept, interrupt
// messages. PCIe r6.0 2.2.7, 7.5.1, 7.7.2; CXL r3.1 8.2.4, 8.2.8.4.
#include <gtest/gtest.h>

#include "tlm_harness.h"

using namespace vcxl_test;

namespace
{

constexpr auto rd = tlm::TLM_READ_COMMAND;
constexpr auto wr = tlm::TLM_WRITE_COMMAND;

// hb0: root port 0 -> device; root port 1 -> switch -> two devices
class tree
{
public:
	fabric f;
	initiator &io;
	const node &root0, &near, &root1, &upstream, &down1, &far;

	tree()
	    : f({ { bridge({ memdev(), cxl_switch({ memdev(), memdev() }) }) }, {} }), io(*f.io[0]),
	      root0(*f.bridges[0]->children[0]), near(*root0.children[0]),
	      root1(*f.bridges[0]->children[1]), upstream(*root1.children[0]),
	      down1(*upstream.children[1]), far(*down1.children[0])
	{
		f.start();
	}

	tlm::tlm_response_status config(uint8_t bus, uint8_t devfn, uint16_t offset, uint32_t len,
					uint32_t *value = nullptr)
	{
		uint32_t ignored = 0;

		return io.config(rd, bus, devfn, offset, value ? value : &ignored, len);
	}
};

} // namespace

TEST(config_space, functions_answer_at_their_bus_and_device_number)
{
	tree t;

	// device IDs: 7075 root port, a128 and a129 switch, 0d93 memory device
	EXPECT_EQ(t.f.config_read(t.root1, 2, 2), 0x7075u);
	EXPECT_EQ(t.f.config_read(t.upstream, 2, 2), 0xa128u);
	EXPECT_EQ(t.f.config_read(t.down1, 2, 2), 0xa129u);
	EXPECT_EQ(t.f.config_read(t.far, 2, 2), 0x0d93u);
	EXPECT_EQ(t.f.config_read(t.near, 0, 4), 0x0d938086u);
	EXPECT_EQ(t.root1.bus, 0u);
	EXPECT_EQ(t.down1.bus, t.upstream.secondary);
	EXPECT_EQ(t.far.bus, t.down1.secondary);
}

TEST(config_space, unassigned_numbers_are_address_errors)
{
	tree t;
	const uint8_t beyond = static_cast<uint8_t>(t.far.bus + 1);

	EXPECT_EQ(t.config(0, 0x10, 0, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE) << "no third root port";
	EXPECT_EQ(t.config(0, 0x01, 0, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE) << "no function 1";
	EXPECT_EQ(t.config(t.near.bus, 0x08, 0, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE)
		<< "a link has device 0 only";
	EXPECT_EQ(t.config(t.near.bus, 0x01, 0, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	EXPECT_EQ(t.config(t.upstream.bus, 0x01, 0, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	EXPECT_EQ(t.config(t.down1.bus, 0x10, 0, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	EXPECT_EQ(t.config(beyond, 0, 0, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	EXPECT_EQ(t.config(255, 0, 0, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

// While buses are numbered, a bridge forwards a range in which nobody has a number yet.
TEST(config_space, a_device_does_not_claim_what_is_for_a_bus_behind_it)
{
	tree t;
	const uint8_t unnumbered = 200;

	t.f.config_write(t.root0, 0x1a, 0xff, 1);
	EXPECT_EQ(t.config(t.near.bus, 0, 0, 4), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(t.config(unnumbered, 0, 0, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	t.f.config_write(t.root1, 0x1a, 0xff, 1);
	EXPECT_EQ(t.config(unnumbered, 0, 0, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST(config_space, before_numbering_only_the_root_ports_answer)
{
	fabric f({ { bridge({ memdev() }) }, {} });
	uint32_t value = 0;

	sc_core::sc_start(sc_core::SC_ZERO_TIME);
	EXPECT_EQ(f.io[0]->config(rd, 0, 0, 0, &value, 4), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(value, 0x70758086u);
	EXPECT_EQ(f.io[0]->config(rd, 1, 0, 0, &value, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST(config_space, widths_are_1_2_and_4_inside_a_dword)
{
	tree t;
	uint32_t value = 0;
	uint64_t wide[8] = {};

	EXPECT_EQ(t.config(t.near.bus, 0, 1, 1, &value), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(value, 0x80u);
	EXPECT_EQ(t.config(t.near.bus, 0, 2, 2, &value), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(t.config(t.near.bus, 0, 0, 3), tlm::TLM_BURST_ERROR_RESPONSE);
	EXPECT_EQ(t.config(t.near.bus, 0, 1, 2), tlm::TLM_BURST_ERROR_RESPONSE);
	EXPECT_EQ(t.config(t.near.bus, 0, 2, 4), tlm::TLM_BURST_ERROR_RESPONSE);
	for (const uint32_t len : { 0u, 8u, 12u, 16u, 64u })
		EXPECT_EQ(t.io.config(rd, t.near.bus, 0, 0, wide, len),
			  tlm::TLM_BURST_ERROR_RESPONSE)
			<< len;
	EXPECT_EQ(t.config(t.near.bus, 0, 0x1000, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	EXPECT_EQ(t.config(0, 0, 0x1000, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST(memory_request, is_claimed_by_the_bar_that_holds_it)
{
	tree t;
	uint32_t value = 0;

	// component registers: capability ID 1 at 0x1000
	for (const node *n : { &t.root0, &t.near, &t.root1, &t.upstream, &t.down1, &t.far }) {
		EXPECT_EQ(t.io.read(n->mmio + 0x1000, &value, 4), tlm::TLM_OK_RESPONSE) << n->name;
		EXPECT_EQ(value & 0xffff, 1u) << n->name;
	}
	EXPECT_EQ(t.io.read(t.far.mmio + 0x10000, &value, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE)
		<< "behind the 64 KiB of BAR0";
	EXPECT_EQ(t.io.read(t.f.nodes.back()->mmio_end, &value, 4),
		  tlm::TLM_ADDRESS_ERROR_RESPONSE);
	EXPECT_EQ(t.io.read(0x1000, &value, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST(memory_request, needs_memory_space_enable_on_the_whole_way)
{
	tree t;
	uint32_t value = 0;

	for (const node *n : { &t.far, &t.down1, &t.upstream, &t.root1 }) {
		t.f.config_write(*n, 0x04, 0x4, 2);
		EXPECT_EQ(t.io.read(t.far.mmio + 0x1000, &value, 4),
			  tlm::TLM_ADDRESS_ERROR_RESPONSE)
			<< n->name;
		t.f.config_write(*n, 0x04, 0x6, 2);
		EXPECT_EQ(t.io.read(t.far.mmio + 0x1000, &value, 4), tlm::TLM_OK_RESPONSE);
	}
}

TEST(register_access, refuses_what_is_no_single_access)
{
	tree t;
	tlm::tlm_generic_payload trans;
	uint8_t data[16] = {}, enable[2] = { 0xff, 0 };
	const uint64_t at = t.near.mmio + 0x1000;

	for (const uint32_t len : { 1u, 2u, 3u, 16u })
		EXPECT_EQ(t.io.read(at, data, len), tlm::TLM_BURST_ERROR_RESPONSE) << len;
	EXPECT_EQ(t.io.read(at + 2, data, 4), tlm::TLM_BURST_ERROR_RESPONSE);
	EXPECT_EQ(t.io.read(at, data, 4), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(t.io.read(at, data, 8), tlm::TLM_OK_RESPONSE);
	initiator::fill(trans, rd, at, data, 8);
	trans.set_streaming_width(4);
	EXPECT_EQ(t.io.transport(trans), tlm::TLM_BURST_ERROR_RESPONSE);
	initiator::fill(trans, rd, at, data, 4);
	trans.set_byte_enable_ptr(enable);
	trans.set_byte_enable_length(2);
	EXPECT_EQ(t.io.transport(trans), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
	trans.set_byte_enable_length(1);
	EXPECT_EQ(t.io.transport(trans), tlm::TLM_OK_RESPONSE) << "all enabled";
	trans.set_command(tlm::TLM_IGNORE_COMMAND);
	EXPECT_EQ(t.io.transport(trans), tlm::TLM_OK_RESPONSE);
}

TEST(chbcr, shows_64_kib_of_component_registers)
{
	tree t;
	initiator &chbcr = *t.f.chbcr[0];
	uint32_t low = 0, high = 0;
	uint64_t both = 0;

	EXPECT_EQ(chbcr.read(0x1000, &low, 4), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(low & 0xffff, 1u);
	EXPECT_EQ(chbcr.read(0x1004, &high, 4), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(chbcr.read(0x1000, &both, 8), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(both, low | static_cast<uint64_t>(high) << 32);
	EXPECT_EQ(chbcr.read(0x10000, &low, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	EXPECT_EQ(chbcr.read(0x1000, &low, 2), tlm::TLM_BURST_ERROR_RESPONSE);
	EXPECT_EQ(chbcr.debug(rd, 0x1001, &high, 3), 3u);
	EXPECT_EQ(chbcr.debug(rd, 0x10000, &high, 4), 0u);
}

TEST(debug_registers, read_any_bytes_and_write_none)
{
	tree t;
	vcxl::cxl_io_extension io;
	tlm::tlm_generic_payload trans;
	uint8_t id[6] = {};
	uint32_t value = 0xffffffff;

	io.config = true;
	io.bus = t.far.bus;
	initiator::fill(trans, rd, 1, id, 6);
	trans.set_extension(&io);
	EXPECT_EQ(t.io.socket->transport_dbg(trans), 6u);
	EXPECT_EQ(id[0], 0x80);
	EXPECT_EQ(id[1], 0x93);
	EXPECT_EQ(id[2], 0x0d);
	initiator::fill(trans, wr, 0x10, &value, 4);
	EXPECT_EQ(t.io.socket->transport_dbg(trans), 0u);
	EXPECT_EQ(t.f.config_read(t.far, 0x10, 4) & 0xfffffff0, static_cast<uint32_t>(t.far.mmio));
	io.devfn = 8;
	EXPECT_EQ(t.io.socket->transport_dbg(trans), 0u);
	trans.clear_extension(&io);
	EXPECT_EQ(t.io.debug(rd, t.far.mmio + 0x1000, &value, 4), 4u);
	EXPECT_EQ(value & 0xffff, 1u);
	EXPECT_EQ(t.io.debug(rd, 0x1000, &value, 4), 0u);
}

TEST(io_extension, is_as_it_was_after_the_transaction)
{
	tree t;
	vcxl::cxl_io_extension io;
	tlm::tlm_generic_payload trans;
	uint32_t value = 0;

	io.config = true;
	io.bus = t.far.bus;
	initiator::fill(trans, rd, 0, &value, 4);
	trans.set_extension(&io);
	EXPECT_EQ(t.io.transport(trans), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(t.io.transport(trans), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(io.bus, t.far.bus);
	EXPECT_EQ(io.devfn, 0u);
	EXPECT_FALSE(io.type1);
	// an extension that says "memory request" is none for configuration
	io.config = false;
	initiator::fill(trans, rd, t.far.mmio + 0x1000, &value, 4);
	EXPECT_EQ(t.io.transport(trans), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(value & 0xffff, 1u);
	trans.clear_extension(&io);
}

namespace
{

// Sends Get Timestamp by the mailbox of a device, with doorbell interrupt; returns the address of
// the mailbox registers (CXL r3.1 8.2.8: capability ID 2 of the array in BAR2).
uint64_t ring_doorbell(fabric &f, const node &md)
{
	const uint64_t bar2 = md.mmio + mib;
	initiator &io = *f.io[md.bridge];
	uint64_t mailbox = 0, array = 0, command = 0x0300;
	uint32_t control = 3; // doorbell, doorbell interrupt

	EXPECT_EQ(io.read(bar2, &array, 8), tlm::TLM_OK_RESPONSE);
	for (uint64_t i = 1; i <= (array >> 32 & 0xffff); i++) {
		uint32_t id = 0, offset = 0;

		EXPECT_EQ(io.read(bar2 + 16 * i, &id, 4), tlm::TLM_OK_RESPONSE);
		EXPECT_EQ(io.read(bar2 + 16 * i + 4, &offset, 4), tlm::TLM_OK_RESPONSE);
		if ((id & 0xffff) == 2)
			mailbox = bar2 + offset;
	}
	EXPECT_NE(mailbox, 0u);
	EXPECT_EQ(io.write(mailbox + 8, &command, 8), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(io.write(mailbox + 4, &control, 4), tlm::TLM_OK_RESPONSE);
	return mailbox;
}

// MSI-X on, vector 7 (the mailbox) unmasked with that message.
void enable_vector_7(fabric &f, const node &md, uint64_t address, uint32_t data)
{
	const uint64_t entry = md.mmio + 2 * mib + 7 * 16;
	const uint32_t unmasked = 0;

	EXPECT_EQ(f.io[md.bridge]->write(entry, &address, 8), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(f.io[md.bridge]->write(entry + 8, &data, 4), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(f.io[md.bridge]->write(entry + 12, &unmasked, 4), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(f.config_read(md, 0x40, 1), 0x11u); // MSI-X capability
	f.config_write(md, 0x42, 0x8000, 2);
}

} // namespace

TEST(msi, is_a_4_byte_write_of_the_vectors_data_to_its_address)
{
	tree t;

	enable_vector_7(t.f, t.near, 0x28001004, 0xcafe);
	ring_doorbell(t.f, t.near);
	unsigned messages = 0;

	for (const auto &s : t.f.msi)
		for (const sink::message &m : s->messages) {
			messages++;
			EXPECT_EQ(m.address, 0x28001004u);
			EXPECT_EQ(m.data, 0xcafeu);
			EXPECT_EQ(m.delay, sc_core::SC_ZERO_TIME);
			EXPECT_NE(std::string(s->name()).find(t.near.name), std::string::npos);
		}
	EXPECT_EQ(messages, 1u);
}

TEST(msi, is_dropped_when_nothing_is_bound)
{
	fabric_spec spec;
	spec.bridges = { bridge({ memdev() }) };
	spec.bind_msi = false;
	fabric f(spec);

	f.start();
	enable_vector_7(f, *f.memdevs[0], 0x28000000, 1);
	const uint64_t mailbox = ring_doorbell(f, *f.memdevs[0]);
	uint32_t control = 0;

	EXPECT_EQ(f.io[0]->read(mailbox + 4, &control, 4), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(control & 1, 0u) << "the command ran";
}

// CXL r3.1 8.1.5.2: it is unmasked in DVSEC 3.
TEST(hot_reset, goes_down_every_link_below_the_port_and_no_other)
{
	tree t;
	const uint32_t bar = t.f.config_read(t.near, 0x10, 4);

	ASSERT_NE(t.f.config_read(t.far, 0x10, 4), 0x4u) << "has an address";
	t.f.config_write(t.root1, t.f.find_dvsec(t.root1, 3) + 0xcu, 1, 2);
	t.f.config_write(t.root1, 0x3e, 0x40, 2);
	t.f.config_write(t.root1, 0x3e, 0, 2);
	EXPECT_EQ(t.f.config_read(t.root1, 0x19, 1), t.root1.secondary)
		<< "the port itself is not reset";
	EXPECT_EQ(t.f.config_read(t.upstream, 0x18, 4), 0u);
	for (const node *n : { &t.upstream, &t.down1 }) {
		t.f.config_write(*n, 0x19, n->secondary, 1);
		t.f.config_write(*n, 0x1a, n->subordinate, 1);
	}
	EXPECT_EQ(t.f.config_read(t.far, 0x10, 4), 0x4u);
	EXPECT_EQ(t.f.config_read(t.near, 0x10, 4), bar);
}

namespace
{

// The device reports errors of every kind, and bridges forward them.
void let_errors_out(fabric &f, const node &device)
{
	constexpr uint64_t masks[] = { 0x1084, 0x1090 };

	for (const uint64_t at : masks)
		EXPECT_EQ(vcxl_memdev_reg_write(device.memdev->core(), VCXL_SPACE_COMPONENT,
						static_cast<uint32_t>(at), 4, 0),
			  VCXL_OK);
	const uint16_t aer = vcxl_memdev_pci(device.memdev->core())->aer_offset;

	f.config_write(device, static_cast<uint16_t>(aer + 0x08), 0, 4);
	f.config_write(device, static_cast<uint16_t>(aer + 0x14), 0, 4);
	f.config_write(device, 0x88, 0xf, 2);
	for (const node *n = device.parent; n->kind != kind::bridge; n = n->parent) {
		f.config_write(*n, 0x3e, 2, 2);
		f.config_write(
			*n, static_cast<uint16_t>(vcxl_port_pci(n->port->core())->pcie_offset + 8),
			0xf, 2);
	}
}

// Root Error Status and Error Source Identification
std::pair<uint32_t, uint32_t> at_root(fabric &f, const node &root)
{
	const uint16_t aer = vcxl_port_pci(root.port->core())->aer_offset;

	return { f.config_read(root, static_cast<uint16_t>(aer + 0x30), 4),
		 f.config_read(root, static_cast<uint16_t>(aer + 0x34), 4) };
}

} // namespace

TEST(error_message, reaches_the_root_port_of_its_branch_with_the_number_of_the_function)
{
	tree t;
	const vcxl_ras_error error{ VCXL_RAS_MEM_DATA_ECC, {} };

	let_errors_out(t.f, t.near);
	let_errors_out(t.f, t.far);
	EXPECT_EQ(vcxl_memdev_uncorrectable_errors(t.far.memdev->core(), &error, 1), VCXL_OK);
	EXPECT_EQ(at_root(t.f, t.root0), std::make_pair(0u, 0u));
	EXPECT_EQ(at_root(t.f, t.root1), std::make_pair(0x54u, uint32_t{ t.far.bus } << 24));
	EXPECT_EQ(vcxl_memdev_correctable_error(t.near.memdev->core(), VCXL_RAS_COR_PHYSICAL),
		  VCXL_OK);
	EXPECT_EQ(at_root(t.f, t.root0), std::make_pair(0x1u, uint32_t{ t.near.bus } << 8));
}

TEST(error_message, is_dropped_when_nothing_is_bound)
{
	fabric_spec spec;
	spec.bridges = { bridge({ memdev() }) };
	spec.bind_msi = false;
	fabric f(spec);

	f.start();
	let_errors_out(f, *f.memdevs[0]);
	EXPECT_EQ(
		vcxl_memdev_correctable_error(f.memdevs[0]->memdev->core(), VCXL_RAS_COR_PHYSICAL),
		VCXL_OK);
	EXPECT_EQ(at_root(f, *f.memdevs[0]->parent), std::make_pair(0u, 0u));
}

TEST(error_message, of_another_code_or_length_is_refused)
{
	fabric_spec spec;
	spec.bridges = { bridge({ memdev() }) };
	spec.bind_msi = false;
	fabric f(spec);
	initiator sender("sender");

	sender.socket.bind(f.memdevs[0]->parent->port->message_in[0]);
	f.start();
	const auto send = [&](uint64_t code, uint32_t len) {
		uint32_t requester = 0x0100;

		return sender.write(code, &requester, len);
	};

	EXPECT_EQ(send(0x32, 2), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	EXPECT_EQ(send(0, 2), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	EXPECT_EQ(send(0x31, 4), tlm::TLM_BURST_ERROR_RESPONSE);
	EXPECT_EQ(send(0x31, 2), tlm::TLM_OK_RESPONSE);
}
