// SPDX-License-Identifier: Apache-2.0
//
// A memory device that leaves its module and another that comes, while initiators access it: what
// they were granted is withdrawn, and without a device they are answered as by nothing.
#include <gtest/gtest.h>

#include "tlm_harness.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t base = 0x1000000000;
constexpr uint16_t slot_control = 0x74 + 0x18; // of a root port
constexpr uint32_t power_on = 0x01c0, power_off = 0x07c0;

node_spec slot_with(node_spec device)
{
	node_spec n = root(std::move(device));

	n.hotplug = true;
	return n;
}

class two_slots
{
public:
	fabric f;
	initiator &host;
	node &device, &other, &port;

	two_slots()
	    : f({ { above(kind::bridge, { slot_with(memdev()), slot_with(memdev()) }) },
		  { { base, 4 * quarter_gib, 256u, { 0 } } } }),
	      host(*f.mem[0]), device(*f.memdevs[0]), other(*f.memdevs[1]), port(*device.parent)
	{
		f.start();
		commit();
	}
	// A region of both.
	void commit()
	{
		for (const node *m : { f.bridges[0], &device, &other }) {
			if (f.control(*m, 0) & 0x400)
				continue;
			f.commit(*m, 0,
				 { base, 2 * quarter_gib, 1, 0, m == f.bridges[0] ? 0x0100u : 0u,
				   false });
			f.set_hdm_enable(*m, true);
		}
		host.invalidated.clear();
	}
	bool withdrawn() const
	{
		for (const auto &[first, last] : host.invalidated)
			if (first <= base && last >= base + 2 * quarter_gib - 1)
				return true;
		return false;
	}
	void expect_nothing(uint64_t hpa)
	{
		tlm::tlm_dmi dmi;
		tlm::tlm_generic_payload debug;
		uint64_t word = 0;

		EXPECT_EQ(host.read(hpa, &word, 8), tlm::TLM_ADDRESS_ERROR_RESPONSE);
		EXPECT_EQ(host.write(hpa, &word, 8), tlm::TLM_ADDRESS_ERROR_RESPONSE);
		EXPECT_FALSE(host.dmi(hpa, dmi));
		debug.set_read();
		debug.set_address(hpa);
		debug.set_data_ptr(reinterpret_cast<unsigned char *>(&word));
		debug.set_data_length(8);
		debug.set_streaming_width(8);
		EXPECT_EQ(host.socket->transport_dbg(debug), 0u);
		EXPECT_EQ(f.config(device, tlm::TLM_READ_COMMAND, 0, &word, 4),
			  tlm::TLM_ADDRESS_ERROR_RESPONSE);
		EXPECT_EQ(f.io[0]->read(device.mmio, &word, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	}
	vcxl::cxl_memdev::config description()
	{
		vcxl::cxl_memdev::config c;

		c.memdev.media[VCXL_PARTITION_VOLATILE].size = 4 * quarter_gib;
		c.memdev.media[VCXL_PARTITION_VOLATILE].direct = device.volatile_media->bytes();
		c.memdev.serial = 99;
		return c;
	}
};

} // namespace

TEST(hotplug, without_power_the_device_answers_as_nothing_and_the_other_as_ever)
{
	two_slots s;
	tlm::tlm_dmi dmi;
	uint64_t word = 0x1122334455667788;

	ASSERT_EQ(s.host.write(base, &word, 8), tlm::TLM_OK_RESPONSE);
	ASSERT_TRUE(s.host.dmi(base, dmi));
	s.host.invalidated.clear();
	s.f.config_write(s.port, slot_control, power_off, 2);
	EXPECT_TRUE(s.withdrawn());
	s.expect_nothing(base);
	EXPECT_EQ(s.host.read(base + 256, &word, 8), tlm::TLM_OK_RESPONSE);
	EXPECT_TRUE(s.host.dmi(base + 256, dmi));
	s.f.config_write(s.port, slot_control, power_on, 2);
	EXPECT_EQ(s.host.read(base, &word, 8), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(word, 0x1122334455667788u);
}

TEST(hotplug, another_device_takes_the_place_with_what_its_media_hold)
{
	two_slots s;
	const vcxl_link_config link = { 5, 16, false };
	tlm::tlm_dmi dmi;
	uint64_t word = 7;

	ASSERT_EQ(s.host.write(base, &word, 8), tlm::TLM_OK_RESPONSE);
	ASSERT_TRUE(s.host.dmi(base, dmi));
	s.host.invalidated.clear();
	s.device.memdev->remove(); // nobody was asked
	EXPECT_TRUE(s.withdrawn());
	EXPECT_EQ(s.device.memdev->core(), nullptr);
	s.expect_nothing(base);
	s.device.memdev->reset(VCXL_RESET_HOT);
	s.f.config_write(s.port, slot_control, power_off, 2);
	EXPECT_EQ(vcxl_port_remove(s.port.port->core()), VCXL_OK);

	s.device.memdev->insert(s.description());
	EXPECT_EQ(vcxl_port_insert(s.port.port->core(), &link), VCXL_OK);
	s.expect_nothing(base);
	s.f.config_write(s.port, slot_control, power_on, 2);
	s.f.start(); // numbers and addresses anew
	s.commit();
	word = 0;
	EXPECT_EQ(s.host.read(base, &word, 8), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(word, 7u);
	EXPECT_TRUE(s.host.dmi(base, dmi));
	EXPECT_EQ(dmi.get_dmi_ptr(), s.device.volatile_media->bytes());
}

// PCIe r6.0 7.5.1.3.13, unmasked in DVSEC 3.
TEST(hotplug, a_hot_reset_of_an_empty_slot_is_answered)
{
	two_slots s;

	s.device.memdev->remove();
	EXPECT_EQ(vcxl_port_remove(s.port.port->core()), VCXL_OK);
	s.f.config_write(s.port, s.f.find_dvsec(s.port, 3) + 0xcu, 1, 2);
	s.f.config_write(s.port, 0x3e, 0x40, 2);
	s.f.config_write(s.port, 0x3e, 0, 2);
	EXPECT_EQ(s.device.memdev->core(), nullptr);
}

TEST(hotplug, a_module_stays_empty_when_its_device_cannot_be)
{
	two_slots s;
	vcxl::cxl_memdev::config c = s.description();

	s.device.memdev->remove();
	c.memdev.link.speed = 9;
	EXPECT_THROW(s.device.memdev->insert(c), std::exception);
	EXPECT_EQ(s.device.memdev->core(), nullptr);
	s.device.memdev->insert(s.description());
	EXPECT_NE(s.device.memdev->core(), nullptr);
}
