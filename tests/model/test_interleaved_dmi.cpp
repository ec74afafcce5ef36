// SPDX-License-Identifier: Apache-2.0
//
// The DMI extension: what it says of an interleaved set is what transport does, over random legal
// topologies; sets that software got wrong are not granted. CXL r3.1 9.13, IEEE 1666-2011 11.2.
// VCXL_SEED=n repeats a run.
#include <gtest/gtest.h>

#include <array>
#include <iostream>

#include <vcxl/tlm/dmi_extension.h>

#include "tlm_world.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t base = 0x1000000000;

using vcxl::cxl_dmi_extension;

// The plain answer in *plain if wanted.
cxl_dmi_extension ask(initiator &host, uint64_t hpa, bool *plain = nullptr)
{
	cxl_dmi_extension extension;
	tlm::tlm_generic_payload request;
	tlm::tlm_dmi dmi;

	request.set_address(hpa);
	request.set_read();
	request.set_extension(&extension);
	const bool granted = host.socket->get_direct_mem_ptr(request, dmi);

	EXPECT_EQ(request.get_extension<cxl_dmi_extension>(), &extension);
	request.clear_extension(&extension);
	if (plain)
		*plain = granted;
	return extension;
}

using line = std::array<uint64_t, 8>;

// Whether a line written through transport is seen through the pointer, and the other way round.
bool same_memory(initiator &host, const cxl_dmi_extension &map, uint64_t hpa, topo::random &random)
{
	line sent, seen;

	for (uint64_t &word : sent)
		word = random.next();
	if (host.write(hpa, sent.data(), 64) != tlm::TLM_OK_RESPONSE ||
	    memcmp(map.host(hpa), sent.data(), 64) != 0)
		return false;
	for (uint64_t &word : sent)
		word = random.next();
	memcpy(map.host(hpa), sent.data(), 64);
	return host.read(hpa, seen.data(), 64) == tlm::TLM_OK_RESPONSE && seen == sent;
}

struct world {
	topo::topology plan;
	std::vector<std::unique_ptr<media>> bytes;
	std::unique_ptr<tlm_world> tlm;

	void lend(unsigned device, vcxl_media *out)
	{
		const topo::memdev_plan &m = plan.memdevs[device];
		const uint64_t sizes[] = { m.volatile_size, m.persistent_size };

		for (unsigned p = 0; p < 2; p++) {
			bytes.push_back(std::make_unique<media>(sizes[p]));
			out[p].size = sizes[p];
			out[p].direct = bytes.back()->bytes();
		}
	}
};

std::vector<world> build(uint64_t seed, unsigned n)
{
	topo::generator generator(seed);
	std::vector<world> worlds(n);

	std::cout << "VCXL_SEED=" << seed << std::endl;
	for (unsigned i = 0; i < n; i++) {
		world &w = worlds[i];

		do
			w.plan = generator.make();
		while (w.plan.ports.size() > 100 || w.plan.regions[0].ways == 1);
		w.tlm = std::make_unique<tlm_world>(
			w.plan, [&w](unsigned m, vcxl_media *out) { w.lend(m, out); },
			"t" + std::to_string(i) + "_");
	}
	return worlds;
}

// Devices of a quarter GiB each below one host bridge, `eiw` and `eig` at all of them.
class set_of_devices
{
public:
	fabric f;
	initiator &host;
	const uint64_t size, last;

	set_of_devices(unsigned ways, unsigned eiw, unsigned eig, node_spec device = memdev())
	    : f({ { bridge(std::vector<node_spec>(ways, device)) },
		  { { base, 16 * quarter_gib, 256u, { 0 } } } }),
	      host(*f.mem[0]), size(ways * quarter_gib), last(base + size - 1)
	{
		f.start();
		f.commit(*f.bridges[0], 0, { base, size, eiw, eig, 0x03020100, false });
		f.set_hdm_enable(*f.bridges[0], true);
		for (const node *m : f.memdevs) {
			f.commit(*m, 0, { base, size, eiw, eig, 0, false });
			f.set_hdm_enable(*m, true);
		}
		host.invalidated.clear();
	}

	// Programs the decoder of the last device anew.
	void reprogram(const decoder_spec &d)
	{
		f.uncommit(*f.memdevs.back(), 0);
		f.commit(*f.memdevs.back(), 0, d);
	}

	bool withdrawn()
	{
		bool found = false;

		for (const auto &[from, to] : host.invalidated)
			found = found || (from <= base && to >= last);
		host.invalidated.clear();
		return found;
	}

	void expect_only_transport(uint64_t hpa)
	{
		uint64_t sent = 0x0123456789abcdef, seen = 0;

		EXPECT_FALSE(ask(host, hpa).granted);
		EXPECT_EQ(host.write(hpa, &sent, 8), tlm::TLM_OK_RESPONSE);
		EXPECT_EQ(host.read(hpa, &seen, 8), tlm::TLM_OK_RESPONSE);
		EXPECT_EQ(seen, sent);
	}
};

} // namespace

TEST(interleaved_dmi, two_ways_at_256_bytes_take_turns)
{
	set_of_devices s(2, 1, 0);
	const cxl_dmi_extension map = ask(s.host, base + 0x12345);

	ASSERT_TRUE(map.granted);
	EXPECT_EQ(map.first, base);
	EXPECT_EQ(map.last, s.last);
	EXPECT_EQ(map.granule, 256u);
	EXPECT_EQ(map.stride, 256u);
	ASSERT_EQ(map.slots.size(), 2u);
	EXPECT_EQ(map.slots[0], s.f.memdevs[0]->volatile_media->bytes());
	EXPECT_EQ(map.slots[1], s.f.memdevs[1]->volatile_media->bytes());
	EXPECT_EQ(map.host(base + 0x7ff), s.f.memdevs[1]->volatile_media->bytes() + 0x3ff);
}

TEST(interleaved_dmi, granules_of_16_kib_are_described_too)
{
	set_of_devices s(4, 2, 6);
	const cxl_dmi_extension map = ask(s.host, base);

	ASSERT_TRUE(map.granted);
	EXPECT_EQ(map.granule, 16384u);
	EXPECT_EQ(map.slots.size(), 4u);
	EXPECT_EQ(map.host(base + 0x24001), s.f.memdevs[1]->volatile_media->bytes() + 0x8001);
}

TEST(interleaved_dmi, is_what_transport_does_over_random_topologies)
{
	const uint64_t seed = topo::seed_of_environment(20260301);
	std::vector<world> worlds = build(seed, 32);
	topo::random random(seed);
	uint64_t lines = 0, regions = 0, wrong = 0, fine = 0;

	for (world &w : worlds) {
		w.tlm->f.start();
		ASSERT_TRUE(topo::programmer(*w.tlm).program(w.plan));
		for (const topo::region_plan &r : w.plan.regions) {
			initiator &host = *w.tlm->f.mem[r.window];
			const cxl_dmi_extension map = ask(host, r.base + random.next() % r.size);

			regions++;
			ASSERT_TRUE(map.granted);
			EXPECT_EQ(map.first, r.base);
			EXPECT_EQ(map.last, r.base + r.size - 1);
			EXPECT_LE(map.slots.size(), 3072u); // 768 KiB of granules
			fine += map.granule < 4096;
			for (unsigned i = 0; i < 1500; i++, lines++) {
				const uint64_t at = random.next() % (r.size / 64) * 64;
				const uint64_t near = at % (1024 * 1024);

				wrong += !same_memory(host, map, r.base + at, random);
				wrong += !same_memory(host, map, r.base + near, random);
			}
			ASSERT_EQ(wrong, 0u);
		}
	}
	std::cout << lines << " lines of " << regions << " regions, " << fine
		  << " of them interleaved below 4 KiB" << std::endl;
	EXPECT_GT(fine, 10u);
}

TEST(interleaved_dmi, is_withdrawn_by_every_member_of_the_set)
{
	set_of_devices s(4, 2, 0);

	for (const node *m : s.f.memdevs) {
		ASSERT_TRUE(ask(s.host, base).granted);
		s.f.uncommit(*m, 0);
		EXPECT_TRUE(s.withdrawn());
		EXPECT_FALSE(ask(s.host, base).granted);
		s.f.commit(*m, 0, { base, s.size, 2, 0, 0, false });
		EXPECT_TRUE(s.withdrawn());
		ASSERT_TRUE(ask(s.host, base).granted);
		s.f.set_mem_enable(*m, false);
		EXPECT_TRUE(s.withdrawn());
		EXPECT_FALSE(ask(s.host, base).granted);
		s.f.set_mem_enable(*m, true);
		EXPECT_TRUE(s.withdrawn());
	}
	ASSERT_TRUE(ask(s.host, base).granted);
	s.f.memdevs[2]->memdev->reset(VCXL_RESET_HOT);
	EXPECT_TRUE(s.withdrawn());
	EXPECT_FALSE(ask(s.host, base).granted);
}

TEST(interleaved_dmi, poison_withdraws_its_page_only)
{
	set_of_devices s(4, 2, 0);
	vcxl_memdev *md = s.f.memdevs[2]->memdev->core();
	// granule 2 of the stripe at 0x5000: device address 0x1400 of device 2
	const uint64_t poisoned = base + 0x5200;
	topo::random random(1);
	uint8_t byte;

	ASSERT_TRUE(ask(s.host, base).granted);
	ASSERT_EQ(vcxl_memdev_poison(md, 0x1400, 64, VCXL_POISON_INJECTED), VCXL_OK);
	ASSERT_EQ(s.host.invalidated.size(), 1u);
	EXPECT_EQ(s.host.invalidated[0], std::make_pair(base + 0x5000, base + 0x5fff));
	EXPECT_EQ(s.host.read(poisoned, &byte, 1), tlm::TLM_GENERIC_ERROR_RESPONSE);
	EXPECT_EQ(s.host.read(poisoned + 64, &byte, 1), tlm::TLM_OK_RESPONSE);
	for (uint64_t at : { base + 0x5000, poisoned, base + 0x5fff }) {
		const cxl_dmi_extension map = ask(s.host, at);
		EXPECT_TRUE(!map.granted || at < map.first || at > map.last);
	}
	const cxl_dmi_extension below = ask(s.host, base + 0x4fff);
	ASSERT_TRUE(below.granted);
	EXPECT_EQ(below.first, base);
	EXPECT_EQ(below.last, base + 0x4fff);
	EXPECT_TRUE(same_memory(s.host, below, base + 0x4fc0, random));
	const cxl_dmi_extension above = ask(s.host, base + 0x6000);
	ASSERT_TRUE(above.granted);
	EXPECT_EQ(above.first, base + 0x6000);
	EXPECT_EQ(above.last, s.last);
	EXPECT_TRUE(same_memory(s.host, above, base + 0x6040, random));

	uint8_t line[64] = { 1 };
	ASSERT_EQ(s.host.write(poisoned, line, 64), tlm::TLM_OK_RESPONSE);
	const cxl_dmi_extension healed = ask(s.host, poisoned);
	ASSERT_TRUE(healed.granted);
	EXPECT_EQ(healed.first, base);
	EXPECT_EQ(healed.last, s.last);
}

// Granules of 16 KiB whose places bit 16 exchanges: 32 KiB may hold the page.
TEST(interleaved_dmi, poison_below_xor_arithmetic_withdraws_what_is_exchanged)
{
	constexpr uint64_t block = 0x8000;
	two_way_window two(16384, { 0x14000 }, 1, 6);
	fabric &f = two.f;
	initiator &host = *f.mem[0];
	topo::random random(1);
	uint8_t byte;

	const cxl_dmi_extension all = ask(host, base + 0x12345);
	ASSERT_TRUE(all.granted);
	EXPECT_EQ(all.first, base);
	EXPECT_EQ(all.last, base + 2 * quarter_gib - 1);
	EXPECT_EQ(all.host(base + 0x10040), f.memdevs[1]->volatile_media->bytes() + 0x8040);
	EXPECT_EQ(all.host(base + 0x14040), f.memdevs[0]->volatile_media->bytes() + 0x8040);
	host.invalidated.clear();
	// in the third block, which is exchanged: the host has device 1 there first
	ASSERT_EQ(
		vcxl_memdev_poison(f.memdevs[1]->memdev->core(), 0x9000, 64, VCXL_POISON_INJECTED),
		VCXL_OK);
	ASSERT_EQ(host.invalidated.size(), 1u);
	EXPECT_EQ(host.invalidated[0], std::make_pair(base + 2 * block, base + 3 * block - 1));
	EXPECT_EQ(host.read(base + 0x11000, &byte, 1), tlm::TLM_GENERIC_ERROR_RESPONSE);
	EXPECT_EQ(host.read(base + 0x15000, &byte, 1), tlm::TLM_OK_RESPONSE);
	for (const uint64_t at : { base + 0x10000, base + 0x11000, base + 0x17fff }) {
		const cxl_dmi_extension map = ask(host, at);
		EXPECT_TRUE(!map.granted || at < map.first || at > map.last);
	}
	const cxl_dmi_extension below = ask(host, base + 0xffff), above = ask(host, base + 0x18000);
	ASSERT_TRUE(below.granted && above.granted);
	EXPECT_EQ(below.last, base + 2 * block - 1);
	EXPECT_TRUE(same_memory(host, below, base + 0xffc0, random));
	EXPECT_EQ(above.first, base + 3 * block);
	EXPECT_TRUE(same_memory(host, above, base + 0x30000, random));
}

TEST(interleaved_dmi, is_withdrawn_by_the_port_that_deals)
{
	set_of_devices s(4, 2, 0);

	ASSERT_TRUE(ask(s.host, base).granted);
	s.f.uncommit(*s.f.bridges[0], 0);
	EXPECT_TRUE(s.withdrawn());
	EXPECT_FALSE(ask(s.host, base).granted);
}

TEST(interleaved_dmi, set_with_a_hole_is_not_granted)
{
	set_of_devices s(2, 1, 0);
	bool plain;

	s.f.uncommit(*s.f.memdevs[1], 0);
	EXPECT_FALSE(ask(s.host, base, &plain).granted);
	EXPECT_TRUE(plain) << "the other device still grants its granules";
	s.expect_only_transport(base);
}

TEST(interleaved_dmi, set_of_devices_that_disagree_on_the_ways_is_not_granted)
{
	node_spec large = memdev();

	large.volatile_size = 2 * quarter_gib;
	set_of_devices s(2, 1, 0, large);
	s.reprogram({ base, s.size, 0, 0, 0, false });
	s.expect_only_transport(base);
	s.expect_only_transport(base + 0x100);
}

TEST(interleaved_dmi, set_of_devices_that_disagree_on_the_size_is_granted_where_all_decode)
{
	node_spec large = memdev();

	large.volatile_size = 2 * quarter_gib;
	set_of_devices s(2, 1, 0, large);
	s.reprogram({ base, 2 * s.size, 1, 0, 0, false });
	const cxl_dmi_extension map = ask(s.host, base);
	topo::random random(1);

	ASSERT_TRUE(map.granted);
	EXPECT_EQ(map.first, base);
	EXPECT_EQ(map.last, s.last);
	EXPECT_TRUE(same_memory(s.host, map, base, random));
	EXPECT_TRUE(same_memory(s.host, map, base + 0x100, random));
}

// The device takes out an address bit that the bridge has not looked at: two addresses, one byte.
TEST(interleaved_dmi, set_that_maps_two_granules_to_one_is_not_granted)
{
	set_of_devices s(2, 1, 0);

	s.reprogram({ base, s.size, 1, 1, 0, false });
	s.expect_only_transport(base);
	s.expect_only_transport(base + 0x100);
}

TEST(interleaved_dmi, media_that_is_no_host_memory_is_not_granted)
{
	node_spec device = memdev();

	device.direct = false;
	set_of_devices s(2, 1, 0, device);
	s.expect_only_transport(base);
}

TEST(interleaved_dmi, nothing_is_granted_outside_decoders_and_windows)
{
	set_of_devices s(2, 1, 0);

	EXPECT_FALSE(ask(s.host, base + s.size).granted);
	EXPECT_FALSE(ask(s.host, base - 1).granted);
	EXPECT_FALSE(ask(s.host, base + 16 * quarter_gib).granted);
}
