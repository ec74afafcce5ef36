// SPDX-License-Identifier: Apache-2.0
//
// Native hot-plug of a port's slot, register by register. PCIe r6.0 6.7, 7.5.3.9-7.5.3.11.
#include <gtest/gtest.h>

#include "core_objects.h"

namespace
{

using test::GiB;

constexpr vcxl_space cfg = VCXL_SPACE_CONFIG;
constexpr std::uint32_t express = 0x74; // of a root port
constexpr std::uint32_t link_status = express + 0x12, capabilities = express + 0x14,
			control = express + 0x18, status = express + 0x1a;
constexpr std::uint32_t interrupt_enable = 0x20, power_off = 0x400;
constexpr std::uint32_t button = 1, presence_changed = 8, completed = 0x10, present = 0x40,
			link_changed = 0x100;
constexpr vcxl_link_config slow = { 3, 4, false };

vcxl_port_config slot_config(bool empty = true)
{
	vcxl_port_config c = test::port_config(VCXL_PORT_ROOT);

	c.slot = 0x155;
	c.hotplug = true;
	c.slot_empty = empty;
	return c;
}

// A root port with a slot, its MSI enabled, and what it tells of power.
struct slot {
	explicit slot(bool empty = true)
	{
		const vcxl_port_config c = slot_config(empty);
		vcxl_port_ops ops{};

		ops.ctx = this;
		ops.dmi_invalidate = [](void *ctx, std::uint64_t hpa, std::uint64_t size) {
			static_cast<slot *>(ctx)->withdrawn.push_back({ hpa, size });
		};
		ops.slot_power = [](void *ctx, bool on) {
			slot *self = static_cast<slot *>(ctx);

			self->power.push_back(on);
			if (self->leaves && !on) {
				EXPECT_EQ(vcxl_port_remove(self->port), VCXL_OK);
			}
		};
		ops.irq.ctx = this;
		ops.irq.msi = [](void *ctx, std::uint64_t, std::uint32_t) {
			static_cast<slot *>(ctx)->messages++;
		};
		EXPECT_EQ(vcxl_port_create(&c, &ops, &port), VCXL_OK);
		EXPECT_EQ(vcxl_port_add_dport(port, 0, nullptr, nullptr), 0);
		write(0x04, 6);     // bus master
		write(0x60 + 2, 1); // MSI enable
		withdrawn.clear();
		power.clear();
	}
	~slot() { vcxl_port_destroy(port); }
	slot(const slot &) = delete;
	slot &operator=(const slot &) = delete;

	std::uint32_t read(std::uint32_t offset, unsigned width = 2) const
	{
		std::uint64_t value = 0;

		EXPECT_EQ(vcxl_port_reg_read(port, cfg, offset, width, &value), VCXL_OK);
		return static_cast<std::uint32_t>(value);
	}
	void write(std::uint32_t offset, std::uint32_t value, unsigned width = 2)
	{
		EXPECT_EQ(vcxl_port_reg_write(port, cfg, offset, width, value), VCXL_OK);
	}
	void clear() { write(status, 0x1ff); }
	void insert() { EXPECT_EQ(vcxl_port_insert(port, &slow), VCXL_OK); }
	bool routes() const
	{
		unsigned index;

		return vcxl_port_target(port, GiB, &index) == VCXL_OK && vcxl_port_link_up(port);
	}

	vcxl_port *port = nullptr;
	std::vector<test::interval> withdrawn;
	std::vector<bool> power;
	unsigned messages = 0;
	bool leaves = false;
};

const test::interval everything = { 0, UINT64_MAX };

TEST(slot, tells_button_power_controller_and_indicators_and_begins_without_power)
{
	slot s;

	EXPECT_EQ(s.read(capabilities, 4), 0x155u << 19 | 0x5b);
	EXPECT_EQ(s.read(control), 0x07c0u) << "power and both indicators off";
	EXPECT_EQ(s.read(status), 0u);
	EXPECT_EQ(s.read(link_status), 0u);
	EXPECT_FALSE(s.routes());
	s.write(control, 0xffff);
	EXPECT_EQ(s.read(control), 0x17f9u) << "without latch, interlock, power fault";
	s.write(capabilities, ~0u, 4);
	EXPECT_EQ(s.read(capabilities, 4), 0x155u << 19 | 0x5b);
}

TEST(slot, what_is_there_from_the_start_has_power_and_no_event)
{
	slot s(false);

	EXPECT_EQ(s.read(control), 0x01c0u);
	EXPECT_EQ(s.read(status), present);
	EXPECT_EQ(s.read(link_status) & 0x2000, 0x2000u);
	EXPECT_TRUE(s.routes());
}

TEST(slot, an_adapter_is_reached_between_power_on_and_power_off)
{
	slot s;

	s.insert();
	EXPECT_EQ(s.read(status), present | presence_changed);
	EXPECT_FALSE(s.routes());
	EXPECT_TRUE(s.power.empty());
	s.clear();
	s.write(control, 0x01c0);
	EXPECT_EQ(s.read(status), present | completed | link_changed);
	EXPECT_EQ(s.read(link_status), 0x2000u | 4u << 4 | 3) << "trained to the slower end";
	EXPECT_TRUE(s.routes());
	EXPECT_EQ(s.power, (std::vector<bool>{ true }));
	EXPECT_EQ(s.withdrawn, (std::vector<test::interval>{ everything }));
	s.clear();
	s.write(control, 0x07c0);
	EXPECT_EQ(s.read(status), present | completed | link_changed);
	EXPECT_EQ(s.read(link_status), 0u);
	EXPECT_FALSE(s.routes());
	EXPECT_EQ(s.power, (std::vector<bool>{ true, false }));
	EXPECT_EQ(s.withdrawn, (std::vector<test::interval>{ everything, everything }));
	s.clear();
	s.write(control, 0x07c0); // each write is a command, and nothing else changes
	EXPECT_EQ(s.read(status), present | completed);
	EXPECT_EQ(s.power.size(), 2u);
	EXPECT_EQ(vcxl_port_remove(s.port), VCXL_OK);
	EXPECT_EQ(s.read(status), completed | presence_changed);
}

TEST(slot, may_be_emptied_from_within_the_loss_of_power)
{
	slot s(false);

	s.leaves = true;
	s.write(control, 0x07c0 | interrupt_enable | 0x1019);
	EXPECT_EQ(s.read(status), completed | link_changed | presence_changed);
	EXPECT_EQ(s.power, (std::vector<bool>{ false }));
	EXPECT_EQ(s.messages, 1u);
	EXPECT_FALSE(s.routes());
	s.insert();
	s.write(control, 0x01c0);
	EXPECT_TRUE(s.routes());
}

TEST(slot, surprise_removal_takes_the_link_down)
{
	slot s(false);

	EXPECT_EQ(vcxl_port_remove(s.port), VCXL_OK);
	EXPECT_EQ(s.read(status), presence_changed | link_changed);
	EXPECT_EQ(s.read(link_status), 0u);
	EXPECT_EQ(s.power, (std::vector<bool>{ false }));
	EXPECT_FALSE(s.routes());
}

struct event_row {
	const char *name;
	std::uint32_t status, enable;
	void (*happen)(slot &s);
};

const event_row event_rows[] = {
	{ "attention button", button, 0x0001,
	  [](slot &s) { vcxl_port_press_attention_button(s.port); } },
	{ "presence detect changed", presence_changed, 0x0008,
	  [](slot &s) {
		  if (vcxl_port_slot(s.port).occupied)
			  vcxl_port_remove(s.port);
		  else
			  s.insert();
	  } },
	{ "command completed", completed, 0x0010,
	  [](slot &s) { s.write(control, s.read(control)); } },
	{ "data link layer state changed", link_changed, 0x1000,
	  [](slot &s) {
		  if (!vcxl_port_slot(s.port).occupied)
			  s.insert();
		  s.write(control, s.read(control) ^ power_off);
	  } },
};

// PCIe r6.0 6.7.3.4
TEST(slot, each_event_sends_a_message_when_it_is_enabled_and_only_then)
{
	for (const event_row &row : event_rows) {
		for (const std::uint32_t enabled : { 0u, row.enable }) {
			const unsigned one = enabled ? 1 : 0;
			slot s;

			s.write(control, 0x07c0 | interrupt_enable | enabled);
			s.clear();
			s.messages = 0;
			row.happen(s);
			EXPECT_EQ(s.read(status) & row.status, row.status) << row.name;
			EXPECT_EQ(s.messages, one) << row.name;
			row.happen(s); // pending already
			EXPECT_EQ(s.messages, one) << row.name;
			s.clear();
			EXPECT_EQ(s.read(status) & row.status, 0u) << row.name;
			row.happen(s);
			EXPECT_EQ(s.messages, 2 * one) << row.name;
		}
	}
}

TEST(slot, an_event_that_is_pending_sends_its_message_when_it_is_enabled)
{
	slot s;

	vcxl_port_press_attention_button(s.port);
	s.write(control, 0x07c1);
	EXPECT_EQ(s.messages, 0u) << "no hot-plug interrupt enable";
	s.write(control, 0x07c1 | interrupt_enable);
	EXPECT_EQ(s.messages, 1u);
	s.write(control, 0x07c0 | interrupt_enable);
	s.write(control, 0x07c1 | interrupt_enable);
	EXPECT_EQ(s.messages, 2u);
}

TEST(slot, reset_gives_power_to_what_is_there_and_forgets_events)
{
	for (const vcxl_reset kind : { VCXL_RESET_COLD, VCXL_RESET_HOT }) {
		slot s;

		s.insert();
		vcxl_port_press_attention_button(s.port);
		vcxl_port_reset(s.port, kind);
		EXPECT_EQ(s.read(status), present);
		EXPECT_EQ(s.read(control), 0x01c0u);
		EXPECT_EQ(s.read(link_status) & 0x2000, 0x2000u);
		EXPECT_TRUE(s.routes());
		EXPECT_EQ(s.power, (std::vector<bool>{ true }));
		vcxl_port_reset(s.port, kind);
		EXPECT_EQ(s.power.size(), 1u) << "power stayed";
		vcxl_port_remove(s.port);
		vcxl_port_reset(s.port, kind);
		EXPECT_EQ(s.read(status), 0u);
		EXPECT_EQ(s.read(control), 0x07c0u);
		EXPECT_FALSE(s.routes());
	}
}

TEST(slot, its_state_follows_the_registers)
{
	slot s;

	EXPECT_FALSE(vcxl_port_slot(s.port).occupied || vcxl_port_slot(s.port).powered);
	s.insert();
	vcxl_port_press_attention_button(s.port);
	EXPECT_TRUE(vcxl_port_slot(s.port).occupied && vcxl_port_slot(s.port).pressed);
	EXPECT_FALSE(vcxl_port_slot(s.port).blinking);
	s.write(control, 0x02c0);
	EXPECT_TRUE(vcxl_port_slot(s.port).blinking && vcxl_port_slot(s.port).powered);
	s.clear();
	EXPECT_FALSE(vcxl_port_slot(s.port).pressed);
}

TEST(slot, what_cannot_be_is_refused)
{
	slot s;
	vcxl_link_config none{};

	EXPECT_EQ(vcxl_port_remove(s.port), VCXL_E_CONFIG) << "empty";
	EXPECT_EQ(vcxl_port_insert(s.port, &none), VCXL_E_CONFIG) << "no link";
	s.insert();
	EXPECT_EQ(vcxl_port_insert(s.port, &slow), VCXL_E_CONFIG) << "full";

	test::port fixed(test::port_config(VCXL_PORT_ROOT));
	EXPECT_EQ(vcxl_port_insert(fixed.get(), &slow), VCXL_E_CONFIG);
	EXPECT_EQ(vcxl_port_remove(fixed.get()), VCXL_E_CONFIG);
	EXPECT_EQ(vcxl_port_press_attention_button(fixed.get()), VCXL_E_CONFIG);
	EXPECT_FALSE(vcxl_port_slot(fixed.get()).powered);

	test::port linkless(slot_config());
	EXPECT_EQ(vcxl_port_insert(linkless.get(), &slow), VCXL_E_CONFIG) << "no dport";

	for (const vcxl_port_kind kind : { VCXL_PORT_HOST_BRIDGE, VCXL_PORT_UPSTREAM }) {
		vcxl_port_config c = test::port_config(kind);
		vcxl_port *port = nullptr;

		c.hotplug = true;
		EXPECT_EQ(vcxl_port_create(&c, nullptr, &port), VCXL_E_CONFIG);
	}
	vcxl_port_config c = test::port_config(VCXL_PORT_ROOT);
	vcxl_port *port = nullptr;
	c.slot_empty = true;
	EXPECT_EQ(vcxl_port_create(&c, nullptr, &port), VCXL_E_CONFIG) << "a fixed slot";
}

} // namespace
