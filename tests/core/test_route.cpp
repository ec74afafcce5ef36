// SPDX-License-Identifier: Apache-2.0
//
// The straight line against the naive oracle: random legal topologies, programmed by register
// writes, must send every access to the device and the place where the card was dealt.
// VCXL_SEED=n repeats a run.
#include <cstdio>
#include <map>

#include <vcxl/route.h>

#include "core_objects.h"
#include "random_topology.h"

namespace
{

using test::media_access;

class machine : public topo::register_access
{
public:
	explicit machine(const topo::topology &t) : plan(t)
	{
		for (unsigned m = 0; m < t.memdevs.size(); m++)
			memdevs.push_back(std::make_unique<test::memdev>(
				t.memdevs[m].volatile_size, t.memdevs[m].persistent_size, m,
				&last));
		for (const topo::port_plan &p : t.ports)
			add_port(p);
		for (unsigned p = 0; p < t.ports.size(); p++)
			for (const topo::dport_plan &d : t.ports[p].dports)
				EXPECT_GE(vcxl_port_add_dport(ports[p]->get(), d.number,
							      d.port == topo::none
								      ? nullptr
								      : ports[d.port]->get(),
							      d.memdev == topo::none
								      ? nullptr
								      : memdevs[d.memdev]->get()),
					  0);
		for (const topo::window_plan &w : t.windows)
			add_window(w);
		host = { windows.data(), static_cast<unsigned>(windows.size()) };
	}

	std::uint32_t port_read(unsigned p, std::uint32_t o) override
	{
		return ports[p]->read(VCXL_SPACE_COMPONENT, o);
	}
	void port_write(unsigned p, std::uint32_t o, std::uint32_t v) override
	{
		ports[p]->write(VCXL_SPACE_COMPONENT, o, v);
	}
	std::uint32_t memdev_read(unsigned m, std::uint32_t o) override
	{
		return memdevs[m]->read(VCXL_SPACE_COMPONENT, o);
	}
	void memdev_write(unsigned m, std::uint32_t o, std::uint32_t v) override
	{
		memdevs[m]->write(VCXL_SPACE_COMPONENT, o, v);
	}
	std::uint32_t config_read(unsigned m, std::uint32_t o) override
	{
		return memdevs[m]->read(VCXL_SPACE_CONFIG, o);
	}
	void config_write(unsigned m, std::uint32_t o, std::uint32_t v) override
	{
		memdevs[m]->write(VCXL_SPACE_CONFIG, o, v);
	}

	const topo::topology &plan;
	media_access last;
	std::vector<std::unique_ptr<test::memdev>> memdevs;
	std::vector<std::unique_ptr<test::port>> ports;
	std::vector<vcxl_window> windows;
	vcxl_host host{};

private:
	void add_port(const topo::port_plan &p)
	{
		static const vcxl_port_kind kinds[] = { VCXL_PORT_HOST_BRIDGE, VCXL_PORT_ROOT,
							VCXL_PORT_UPSTREAM, VCXL_PORT_DOWNSTREAM };
		vcxl_port_config c = test::port_config(kinds[static_cast<int>(p.kind)], p.number);
		if (p.kind == topo::port_kind::host_bridge)
			c.hdm = p.hdm;
		ports.push_back(std::make_unique<test::port>(c));
	}
	void add_window(const topo::window_plan &w)
	{
		vcxl_window window{};
		window.base = w.base;
		window.size = w.size;
		EXPECT_EQ(vcxl_interleave_make(w.ways, w.granularity, &window.interleave), VCXL_OK);
		for (std::uint64_t map : w.xor_maps)
			window.arithmetic.map[window.arithmetic.n++] = map;
		for (unsigned i = 0; i < w.ways; i++)
			window.targets[i] = ports[w.targets[i]]->get();
		EXPECT_EQ(vcxl_window_check(&window), VCXL_OK);
		windows.push_back(window);
	}
};

// Addresses of 8-byte accesses in a region, ascending. The deal takes a step per granule, so most
// regions are visited in their first 2^20 granules and some to the end.
std::vector<std::uint64_t> addresses(topo::random &random, const topo::region_plan &r, unsigned n)
{
	std::uint64_t reach = std::min<std::uint64_t>(r.size, std::uint64_t{ r.granularity } << 20);
	std::vector<std::uint64_t> list;

	if (random.one_in(8))
		reach = r.size;
	for (unsigned i = 0; i < n; i++)
		list.push_back(r.base + random.next() % reach / 8 * 8);
	std::sort(list.begin(), list.end());
	return list;
}

// Where the core goes, told by the media: device and device address.
struct place {
	std::size_t memdev;
	std::uint64_t dpa;
	bool operator==(const place &o) const { return memdev == o.memdev && dpa == o.dpa; }
};

place access(machine &m, std::uint64_t hpa, std::uint64_t data)
{
	vcxl_xfer xfer{};
	xfer.data = &data;
	xfer.len = 8;
	xfer.write = true;
	m.last = media_access();
	if (vcxl_host_access(&m.host, hpa, &xfer) != VCXL_OK || m.last.data != data)
		return { ~std::size_t{ 0 }, 0 };
	const std::uint64_t partition_base =
		m.last.partition ? m.plan.memdevs[m.last.device].volatile_size : 0;
	EXPECT_EQ(xfer.dpa, partition_base + m.last.offset);
	return { m.last.device, partition_base + m.last.offset };
}

// Number of accesses that go elsewhere than the cards. The oracle is asked for the address plus
// `shift`: 0, or a deliberate error.
unsigned mismatches(machine &m, const topo::region_plan &r, topo::random &random, unsigned n,
		    std::uint64_t shift)
{
	oracle::table cards = topo::deal(m.plan, r);
	unsigned wrong = 0;

	for (std::uint64_t hpa : addresses(random, r, n)) {
		const oracle::answer card = cards.where(hpa + shift);
		const place expected{ card.player, topo::first_dpa(r, card.player) + card.place };
		const std::uint64_t spa = topo::exchanged(m.plan.windows[r.window], hpa);
		wrong += !(access(m, spa, random.next()) == expected);
	}
	return wrong;
}

class route : public testing::TestWithParam<unsigned>
{
};

constexpr unsigned topologies_per_shard = 40, accesses_per_region = 2500;

TEST_P(route, every_access_reaches_the_place_where_its_card_was_dealt)
{
	const std::uint64_t seed = topo::seed_of_environment(20240131) + 1000 * GetParam();
	unsigned total = 0;

	std::printf("VCXL_SEED=%llu (shard %u)\n",
		    static_cast<unsigned long long>(seed - 1000 * GetParam()), GetParam());
	for (unsigned i = 0; i < topologies_per_shard; i++) {
		const topo::topology t = topo::generator(seed + i).make();
		topo::random random(seed + i);
		machine m(t);

		ASSERT_TRUE(topo::programmer(m).program(t)) << "topology " << seed + i;
		for (const topo::region_plan &r : t.regions) {
			EXPECT_EQ(mismatches(m, r, random, accesses_per_region, 0), 0u)
				<< "topology " << seed + i << ", " << r.ways << " ways of "
				<< r.granularity;
			total += accesses_per_region;
		}
	}
	std::printf("%u accesses\n", total);
	EXPECT_GE(total, topologies_per_shard * accesses_per_region);
}

INSTANTIATE_TEST_SUITE_P(shard, route, testing::Range(0u, 10u));

TEST(route_oracle, a_shift_by_one_granule_is_noticed_at_every_access)
{
	for (std::uint64_t seed = 1; seed <= 10; seed++) {
		const topo::topology t = topo::generator(seed).make();
		const topo::region_plan &r = t.regions[0];
		topo::random random(seed);
		machine m(t);

		ASSERT_TRUE(topo::programmer(m).program(t));
		EXPECT_EQ(mismatches(m, r, random, 100, r.granularity), 100u);
	}
}

TEST(route_oracle, random_topologies_have_all_ways_and_all_levels)
{
	std::map<unsigned, unsigned> ways, window_ways, port_ways, levels;
	unsigned unaligned = 0, persistent = 0, skips = 0, pass_through = 0;

	for (std::uint64_t seed = 0; seed < 400; seed++) {
		const topo::topology t =
			topo::generator(20240131 + 1000 * (seed / 40) + seed % 40).make();
		unsigned deepest = 0;
		for (const topo::port_plan &p : t.ports) {
			deepest = std::max(deepest, p.level);
			pass_through += !p.hdm && p.kind == topo::port_kind::host_bridge;
		}
		levels[deepest]++;
		for (const topo::memdev_plan &m : t.memdevs)
			persistent += m.persistent_begun;
		for (const topo::region_plan &r : t.regions) {
			ways[r.ways]++;
			window_ways[t.windows[r.window].ways]++;
			unaligned += r.base % (r.ways * topo::unit) != 0 && r.ways % 3 == 0;
			for (const topo::decoder_plan &d : r.decoders) {
				skips += d.skip != 0;
				if (d.port != topo::none)
					port_ways[d.ways]++;
			}
		}
	}
	for (unsigned w : { 1, 2, 3, 4, 6, 8, 12, 16 }) {
		EXPECT_GT(ways[w], 0u) << w << " ways";
		EXPECT_GT(window_ways[w], 0u) << w << " window ways";
	}
	for (unsigned w : { 1, 2, 4, 8 })
		EXPECT_GT(port_ways[w], 0u) << w << " port ways";
	EXPECT_GE(levels.rbegin()->first, 3u); // host bridge, three switches
	EXPECT_GT(unaligned, 10u);
	EXPECT_GT(persistent, 10u);
	EXPECT_GT(skips, 10u);
	EXPECT_GT(pass_through, 10u);
}

// A host bridge with a pass-through to one device, 1 GiB at 64 GiB.
struct simple_host {
	simple_host()
	{
		vcxl_port_config hb = test::port_config(VCXL_PORT_HOST_BRIDGE);
		hb.hdm = false;
		bridge = std::make_unique<test::port>(hb);
		root = std::make_unique<test::port>(test::port_config(VCXL_PORT_ROOT));
		vcxl_port_add_dport(bridge->get(), 0, root->get(), nullptr);
		vcxl_port_add_dport(root->get(), 0, nullptr, device.get());
		window.base = 64 * test::GiB;
		window.size = 4 * test::GiB;
		vcxl_interleave_make(1, 256, &window.interleave);
		window.targets[0] = bridge->get();
		host = { &window, 1 };
	}
	void program()
	{
		test::decoders<test::memdev> d(device);
		d.range(0, window.base, test::GiB);
		ASSERT_EQ(d.commit(0), test::committed);
		d.enable();
		test::enable_memory(device);
	}
	vcxl_status access(std::uint64_t hpa, std::uint32_t len = 8)
	{
		vcxl_xfer xfer{};
		xfer.data = data;
		xfer.len = len;
		return vcxl_host_access(&host, hpa, &xfer);
	}

	std::uint8_t data[1024] = {};
	test::memdev device{ test::GiB, 0 };
	std::unique_ptr<test::port> bridge, root;
	vcxl_window window{};
	vcxl_host host{};
};

TEST(route, an_address_outside_all_windows_is_unrouted)
{
	simple_host h;
	vcxl_memdev *md;
	uint64_t hpa;

	h.program();
	EXPECT_EQ(h.access(64 * test::GiB - 8), VCXL_E_UNROUTED);
	EXPECT_EQ(h.access(68 * test::GiB), VCXL_E_UNROUTED);
	EXPECT_EQ(vcxl_route(&h.host, 68 * test::GiB, &md, &hpa), VCXL_E_UNROUTED);
	EXPECT_EQ(md, nullptr);
}

TEST(route, an_address_in_a_window_but_in_no_decoder_is_unrouted)
{
	simple_host h;

	h.program();
	EXPECT_EQ(h.access(65 * test::GiB - 8), VCXL_OK);
	EXPECT_EQ(h.access(65 * test::GiB), VCXL_E_UNROUTED);
}

TEST(route, nothing_is_decoded_before_mem_enable_and_hdm_enable) // edge case 12
{
	simple_host h;
	test::decoders<test::memdev> d(h.device);

	h.program();
	EXPECT_EQ(h.access(64 * test::GiB), VCXL_OK);
	test::enable_memory(h.device, false);
	EXPECT_EQ(h.access(64 * test::GiB), VCXL_E_DISABLED);
	test::enable_memory(h.device);
	d.set(d.base() + 4, 0);
	EXPECT_EQ(h.access(64 * test::GiB), VCXL_E_DISABLED);
}

TEST(route, an_uncommitted_decoder_gives_up_its_addresses) // edge case 11
{
	simple_host h;
	test::decoders<test::memdev> d(h.device);

	h.program();
	d.control(0, 0);
	EXPECT_EQ(h.access(64 * test::GiB), VCXL_E_UNROUTED);
}

TEST(route, a_link_without_a_device_is_unrouted)
{
	simple_host h;
	test::port empty(test::port_config(VCXL_PORT_ROOT));
	vcxl_port_config hb = test::port_config(VCXL_PORT_HOST_BRIDGE);
	hb.hdm = false;
	test::port bridge(hb);

	h.window.targets[0] = bridge.get();
	EXPECT_EQ(h.access(64 * test::GiB), VCXL_E_UNROUTED) << "host bridge without root port";
	vcxl_port_add_dport(bridge.get(), 0, empty.get(), nullptr);
	EXPECT_EQ(h.access(64 * test::GiB), VCXL_E_UNROUTED) << "root port without device";
}

// CXL r3.1 9.18.1.3
TEST(window, base_and_size_are_multiples_of_256_mib_and_do_not_wrap)
{
	simple_host h;
	const vcxl_window good = h.window;
	vcxl_window w = good;

	EXPECT_EQ(vcxl_window_check(&w), VCXL_OK);
	w.base += 0x100000;
	EXPECT_EQ(vcxl_window_check(&w), VCXL_E_CONFIG);
	w = good;
	w.size -= 0x100000;
	EXPECT_EQ(vcxl_window_check(&w), VCXL_E_CONFIG);
	w = good;
	w.size = 0;
	EXPECT_EQ(vcxl_window_check(&w), VCXL_E_CONFIG);
	w = good;
	w.base = 0xfffffffff0000000;
	w.size = 0x20000000;
	EXPECT_EQ(vcxl_window_check(&w), VCXL_E_CONFIG);
	w.size = 0x10000000;
	EXPECT_EQ(vcxl_window_check(&w), VCXL_OK) << "the last 256 MiB are no wrap";
}

TEST(window, every_way_has_a_target_and_the_size_is_a_multiple_of_the_ways)
{
	simple_host h;
	vcxl_window w = h.window;

	vcxl_interleave_make(2, 256, &w.interleave);
	EXPECT_EQ(vcxl_window_check(&w), VCXL_E_CONFIG) << "second target missing";
	w.targets[1] = w.targets[0];
	EXPECT_EQ(vcxl_window_check(&w), VCXL_OK);
	w.size = 3 * test::unit;
	EXPECT_EQ(vcxl_window_check(&w), VCXL_E_CONFIG);
	w.interleave = {};
	EXPECT_EQ(vcxl_window_check(&w), VCXL_E_CONFIG) << "zero-initialised interleave";
}

/* CXL r3.1 9.18.1.4; maps and addresses of Linux's own tests of the arithmetic */
TEST(window, xor_arithmetic_exchanges_the_addresses_of_the_vectors)
{
	static const struct {
		unsigned maps;
		std::uint64_t spa, hpa;
	} vectors[] = { { 1, 0x900, 0x800 },
			{ 1, 0x2000100, 0x2000000 },
			{ 2, 0x4041200, 0x4041000 },
			{ 1, 0x4041200, 0x4041200 },
			{ 1, 0x123456789, 0x123456689 },
			{ 2, 0x123456789, 0x123456489 },
			{ 3, 0x123456789, 0x123456489 },
			{ 4, 0x123456789, 0x123456489 },
			{ 3, 0x1010400, 0x1010400 },
			{ 0, 0x123456789, 0x123456789 } };

	for (const auto &v : vectors) {
		const vcxl_window w{
			0, 0, {}, { { 0x2020900, 0x4041200, 0x1010400, 0x800 }, v.maps }, {}
		};

		EXPECT_EQ(vcxl_window_hpa(&w, v.spa), v.hpa) << v.maps << " maps";
		EXPECT_EQ(vcxl_window_hpa(&w, v.hpa), v.spa) << v.maps << " maps";
	}
}

TEST(window, xor_maps_are_one_for_each_bit_of_the_target_and_their_own_inverse)
{
	const auto check = [](unsigned ways, std::vector<std::uint64_t> maps) {
		simple_host h;
		vcxl_window w = h.window;

		w.size = 48 * test::unit;
		std::fill(std::begin(w.targets), std::end(w.targets), w.targets[0]);
		EXPECT_EQ(vcxl_interleave_make(ways, 1024, &w.interleave), VCXL_OK);
		w.arithmetic.n = static_cast<unsigned>(maps.size());
		std::copy(maps.begin(), maps.end(), w.arithmetic.map);
		return vcxl_window_check(&w);
	};
	const std::vector<std::uint64_t> maps = { 0x8080400, 0x10100800, 0x4041000, 0x2000 };
	const unsigned all_ways[] = { 1, 2, 3, 4, 6, 8, 12, 16 },
		       needed[] = { 0, 1, 0, 2, 1, 3, 2, 4 };

	for (unsigned i = 0; i < std::size(all_ways); i++)
		for (unsigned n = 0; n <= 4; n++)
			EXPECT_EQ(check(all_ways[i], { maps.begin(), maps.begin() + n }),
				  n == 0 || n == needed[i] ? VCXL_OK : VCXL_E_CONFIG)
				<< all_ways[i] << " ways, " << n << " maps";
	EXPECT_EQ(check(2, { 0x8080800 }), VCXL_E_CONFIG) << "lowest bit of another granularity";
	EXPECT_EQ(check(2, { 0 }), VCXL_E_CONFIG);
	EXPECT_EQ(check(4, { maps[1], maps[0] }), VCXL_E_CONFIG) << "out of order";
	EXPECT_EQ(check(4, { 0x0c00, 0x10800 }), VCXL_E_CONFIG) << "by a bit that itself changes";
	EXPECT_EQ(check(4, { 0x0c00, 0x0800 }), VCXL_OK) << "by one that does not";
}

} // namespace
