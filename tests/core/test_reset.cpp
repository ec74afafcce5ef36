/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resets, what each keeps, and the loss of power. CXL r3.1 8.1.3, 8.1.5, 8.1.6, 9.5, 9.7, 9.8;
 * PCIe r6.0 6.6.
 */
#include "test_memdev_fixture.h"
#include "uuids.h"

#include <functional>

#include <vcxl/health.h>
#include <vcxl/port.h>

using namespace vcxl_test;

namespace
{

constexpr uint64_t second = 1'000'000'000'000; /* ps */

uint64_t dirty_count(device &d)
{
	return le(d.command(0x4200).out, 6, 4);
}

unsigned poisoned(device &d)
{
	return static_cast<unsigned>(
		le(d.command(0x4300, bytes_of({ { 0, 8 }, { 1024 * mib / 64, 8 } })).out, 10, 2));
}

std::vector<uint8_t> passphrase()
{
	std::vector<uint8_t> in(0x60);

	in[0] = 1;
	in[0x40] = 7;
	return in;
}

/* One piece of state: how software makes it differ from that of a new device, whether it still
 * does, and which resets it survives. */
struct state {
	const char *name;
	bool flr, cxl, hot, cold;
	std::function<void(device &)> change;
	std::function<bool(device &)> changed;
};

uint32_t device_control(device &d)
{
	return d.find_capability(0x10) + 8;
}

const std::vector<state> states = {
	{ "HDM decoder", true, false, false, false,
	  [](device &d) { d.commit(0, window, 512 * mib); },
	  [](device &d) { return d.decoder_control(0) & 0x400; } },
	{ "decoder lock and global enable", true, false, false, false,
	  [](device &d) {
		  d.enable();
		  d.commit(0, window, 512 * mib);
		  d.uncommit(0);
		  d.write(VCXL_SPACE_COMPONENT, d.decoder(0) + 0x10, 4, 0x1300);
	  },
	  [](device &d) { return d.read(VCXL_SPACE_COMPONENT, d.find_component(5) + 4, 4) & 2; } },
	{ "DVSEC 0 control and its lock", true, false, false, false,
	  [](device &d) {
		  d.mem_enable(true);
		  d.write(VCXL_SPACE_CONFIG, d.find_dvsec(0) + 0x14, 2, 1);
	  },
	  [](device &d) { return d.config(d.find_dvsec(0) + 0x0c, 2) & 4; } },
	{ "BAR", false, false, false, false,
	  [](device &d) { d.write(VCXL_SPACE_CONFIG, 0x14, 4, 0x12); },
	  [](device &d) { return d.config(0x14) == 0x12; } },
	{ "RAS mask", true, true, true, false,
	  [](device &d) { d.write(VCXL_SPACE_COMPONENT, d.find_component(2) + 4, 4, 0); },
	  [](device &d) { return !d.read(VCXL_SPACE_COMPONENT, d.find_component(2) + 4, 4); } },
	{ "AER mask", true, true, true, false,
	  [](device &d) { d.write(VCXL_SPACE_CONFIG, d.find_extended(1) + 8, 4, 0); },
	  [](device &d) { return !d.config(d.find_extended(1) + 8); } },
	{ "background operation", false, false, false, false,
	  [](device &d) {
		  d.command(0x4304, bytes_of({ { 0, 8 }, { 1, 8 }, { 0, 1 } }));
	  },
	  [](device &d) { return d.read(VCXL_SPACE_DEVICE, d.find_device(2) + 0x10, 8) & 1; } },
	{ "timestamp", true, true, true, false,
	  [](device &d) {
		  d.command(0x0301, bytes_of({ { 99, 8 } }));
	  },
	  [](device &d) { return le(d.command(0x0300).out, 0, 8); } },
	{ "event log", true, true, true, false,
	  [](device &d) {
		  const vcxl_event_record record = {};
		  (void)vcxl_event_inject(d.md, VCXL_EVENT_WARNING, &record);
	  },
	  [](device &d) { return le(d.command(0x0100, { 1 }).out, 0x14, 2); } },
	{ "event policy", true, true, true, false,
	  [](device &d) {
		  d.command(0x0103, { 1, 1, 1, 1 });
	  },
	  [](device &d) { return d.command(0x0102).out[0] & 1; } },
	{ "poison of volatile memory", true, true, true, false,
	  [](device &d) {
		  d.command(0x4301, bytes_of({ { 0x40, 8 } }));
	  },
	  [](device &d) { return poisoned(d); } },
	{ "poison of persistent memory", true, true, true, true,
	  [](device &d) {
		  d.command(0x4301, bytes_of({ { 512 * mib, 8 } }));
	  },
	  [](device &d) { return poisoned(d); } },
	{ "results of a media scan", true, true, true, false,
	  [](device &d) {
		  d.command(0x4304, bytes_of({ { 0, 8 }, { 1, 8 }, { 0, 1 } }));
		  vcxl_memdev_tick(d.md, 9 * second);
	  },
	  [](device &d) { return d.command(0x4305).rc == 0; } },
	{ "label storage", true, true, true, true,
	  [](device &d) {
		  d.command(0x4103, bytes_of({ { 0, 8 }, { 5, 1 } }));
	  },
	  [](device &d) {
		  return d.command(0x4102, bytes_of({ { 0, 4 }, { 1, 4 } })).out[0];
	  } },
	{ "passphrase", true, true, true, true, [](device &d) { d.command(0x4501, passphrase()); },
	  [](device &d) { return d.command(0x4500).out[0] & 1; } },
	{ "frozen", true, true, false, false, [](device &d) { d.command(0x4504); },
	  [](device &d) { return d.command(0x4500).out[0] & 8; } },
	{ "staged firmware", true, true, false, false,
	  [](device &d) {
		  std::vector<uint8_t> in(0x100);
		  in[1] = 2;
		  d.command(0x0201, in);
		  vcxl_memdev_tick(d.md, second);
		  d.command(0x0202, { 1, 2 });
	  },
	  [](device &d) { return d.command(0x0200).out[1] == (1 | 2 << 3); } },
	{ "feature that was not saved", true, true, true, false,
	  [](device &d) {
		  d.command(0x0502,
			    scrub + bytes{ 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 1 });
	  },
	  [](device &d) {
		  return d.command(0x0501, scrub + bytes{ 1, 0, 1, 0, 0 }).out[0] == 6;
	  } },
	{ "background time that was not saved", true, true, true, false,
	  [](device &d) {
		  d.command(0x0502, background_time + bytes{ 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
							     0, 0, 0, 0, 0, 0, 9, 0, 0, 0 });
	  },
	  [](device &d) {
		  return d.command(0x0501, background_time + bytes{ 0, 0, 4, 0, 0 }).out[0] == 9;
	  } },
	{ "shutdown state", true, true, true, false, [](device &d) { d.command(0x4204, { 1 }); },
	  [](device &d) { return d.command(0x4203).out[0]; } },
	{ "alert", true, true, true, true,
	  [](device &d) {
		  d.command(0x4202, { 1, 1, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0 });
	  },
	  [](device &d) { return d.command(0x4201).out[3] == 50; } },
};

/* CXL r3.1 8.1.3.4, 8.1.3.5: Control2 and Status2 */
uint32_t control2(device &d)
{
	return d.find_dvsec(0) + 0x10;
}

/* A root port with a memory device below. */
struct link_below {
	vcxl_port *root = nullptr;
	device d;

	link_below()
	{
		vcxl_port_config config = {};
		config.kind = VCXL_PORT_ROOT;
		config.slot = 1;
		EXPECT_EQ(vcxl_port_create(&config, nullptr, &root), VCXL_OK);
		EXPECT_EQ(vcxl_port_add_dport(root, 0, nullptr, d.md), 0);
	}
	~link_below() { vcxl_port_destroy(root); }
	void write(uint32_t offset, uint64_t value)
	{
		EXPECT_EQ(vcxl_port_reg_write(root, VCXL_SPACE_CONFIG, offset, 2, value), VCXL_OK);
	}
	uint32_t dvsec(uint16_t id) { return vcxl_pci_find_dvsec(vcxl_port_pci(root), id); }
};

} /* namespace */

TEST(resets, each_kind_keeps_what_appendix_e_says)
{
	for (const state &s : states) {
		const struct {
			vcxl_reset kind;
			bool kept;
		} kinds[] = { { VCXL_RESET_FLR, s.flr },
			      { VCXL_RESET_CXL, s.cxl },
			      { VCXL_RESET_HOT, s.hot },
			      { VCXL_RESET_COLD, s.cold } };
		for (const auto &k : kinds) {
			device d;
			EXPECT_FALSE(s.changed(d)) << s.name;
			s.change(d);
			EXPECT_TRUE(s.changed(d)) << s.name;
			vcxl_memdev_reset(d.md, k.kind);
			EXPECT_EQ(s.changed(d), k.kept) << s.name << ", kind " << k.kind;
		}
	}
}

TEST(resets, software_asks_for_a_function_level_reset_by_a_bit_that_reads_0)
{
	device d;
	const uint32_t at = device_control(d);

	ASSERT_EQ(d.config(at - 4) >> 28 & 1, 1u);
	ASSERT_EQ(d.commit(0, window, 512 * mib) >> 10 & 3, 1u);
	d.enable();
	d.write(VCXL_SPACE_CONFIG, 0x14, 4, 0x12);
	d.write(VCXL_SPACE_CONFIG, at, 2, 0x2810);
	EXPECT_EQ(d.config(0x14), 0x12u);
	d.write(VCXL_SPACE_CONFIG, at, 2, 0xa810);
	EXPECT_EQ(d.config(0x14), 0u);
	EXPECT_EQ(d.config(at, 2), 0x2810u);
	EXPECT_EQ(d.load(window), VCXL_OK) << "CXL.mem is not concerned";
}

TEST(resets, software_asks_for_a_cxl_reset_and_sees_it_complete)
{
	device d;

	EXPECT_EQ(d.config(d.find_dvsec(0) + 0x0a, 2) & 0xf80, 0x880u)
		<< "capable, in 10 ms, with memory clear";
	ASSERT_EQ(d.commit(0, window, 512 * mib) >> 10 & 3, 1u);
	d.enable();
	d.volatile_bytes.data()[0] = 5;
	d.write(VCXL_SPACE_CONFIG, control2(d), 2, 8);
	EXPECT_EQ(d.load(window), VCXL_OK) << "no reset yet";
	d.write(VCXL_SPACE_CONFIG, control2(d), 2, 4);
	EXPECT_EQ(d.config(control2(d), 2), 0u);
	EXPECT_EQ(d.config(control2(d) + 2, 2), 2u) << "complete, no error";
	EXPECT_EQ(d.load(window), VCXL_E_DISABLED);
	EXPECT_EQ(d.invalidated.back(), (range{ window, 512 * mib }));
	EXPECT_EQ(d.volatile_bytes.data()[0], 5);
}

TEST(resets, a_cxl_reset_clears_volatile_memory_when_asked_to)
{
	device d;

	d.volatile_bytes.data()[3] = 5;
	d.persistent_bytes.data()[3] = 6;
	ASSERT_EQ(d.command(0x4301, bytes_of({ { 0, 8 } })).rc, 0u);
	ASSERT_EQ(d.command(0x4301, bytes_of({ { 512 * mib, 8 } })).rc, 0u);
	d.write(VCXL_SPACE_CONFIG, control2(d), 2, 0xc);
	EXPECT_EQ(d.volatile_bytes.data()[3], 0);
	EXPECT_EQ(d.persistent_bytes.data()[3], 6);
	EXPECT_EQ(poisoned(d), 1u);
	EXPECT_EQ(d.config(control2(d) + 2, 2), 2u);
}

TEST(resets, a_secondary_bus_reset_reaches_the_device_once_it_is_unmasked)
{
	link_below l;

	l.d.write(VCXL_SPACE_CONFIG, 0x14, 4, 0x12);
	l.write(0x3e, 0x40);
	EXPECT_EQ(l.d.config(0x14), 0x12u) << "masked";
	l.write(0x3e, 0);
	l.write(l.dvsec(3) + 0xc, 1);
	EXPECT_EQ(l.d.config(0x14), 0x12u);
	l.write(0x3e, 0x40);
	EXPECT_EQ(l.d.config(0x14), 0u);
	l.d.write(VCXL_SPACE_CONFIG, 0x14, 4, 0x12);
	l.write(0x3e, 0x40);
	EXPECT_EQ(l.d.config(0x14), 0x12u) << "the bit was set already";
}

TEST(global_persistent_flush, makes_everything_durable_and_the_shutdown_clean)
{
	device d;

	ASSERT_EQ(d.command(0x4204, { 1 }).rc, 0u);
	EXPECT_TRUE(vcxl_memdev_gpf(d.md, 3 * second));
	EXPECT_EQ(d.media_flushes, (std::vector<range>{ { 0, 512 * mib } }));
	EXPECT_EQ(d.lsa_flushes, (std::vector<range>{ { 0, 0x20000 } }));
	EXPECT_TRUE(d.volatile_flushes.empty());
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(dirty_count(d), 0u);
}

TEST(global_persistent_flush, with_less_time_than_the_device_needs_leaves_the_shutdown_dirty)
{
	device d;

	ASSERT_EQ(d.command(0x4204, { 1 }).rc, 0u);
	EXPECT_FALSE(vcxl_memdev_gpf(d.md, 3 * second - 1));
	EXPECT_EQ(d.command(0x4203).out[0], 1);
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(dirty_count(d), 1u);
}

TEST(global_persistent_flush, time_that_a_port_grants_is_base_times_scale)
{
	link_below l;
	const struct {
		uint64_t field, ps;
	} times[] = { { 0x0001, 1'000'000 },   { 0x010f, 150'000'000 }, { 0x0603, 3 * second },
		      { 0x0702, 20 * second }, { 0x0802, 0 },           { 0x0700, 0 } };

	EXPECT_EQ(vcxl_port_gpf_phase2_ps(l.root), 1'000'000u) << "as it was reset";
	for (const auto &t : times) {
		l.write(l.dvsec(4) + 0xe, t.field);
		EXPECT_EQ(vcxl_port_gpf_phase2_ps(l.root), t.ps) << std::hex << t.field;
	}
}
