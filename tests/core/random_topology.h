// SPDX-License-Identifier: Apache-2.0
//
// Random legal CXL topologies with interleaved regions, as plain data; the register writes that
// software would program them with; and the same regions as a deal of cards for the oracle. Shares
// no header with the project: who runs a topology maps the plan to objects and register_access to
// their registers. CXL r3.1 8.2.4.20, 9.13.
#ifndef VCXL_TESTS_RANDOM_TOPOLOGY_H
#define VCXL_TESTS_RANDOM_TOPOLOGY_H

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "oracle.h"

namespace topo
{

constexpr std::uint64_t unit = 0x10000000; // 256 MiB
constexpr unsigned none = ~0u;

// splitmix64: the same numbers on every host
class random
{
public:
	explicit random(std::uint64_t seed) : state_(seed) {}
	std::uint64_t next()
	{
		std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
		z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
		return z ^ (z >> 31);
	}
	unsigned below(unsigned n) { return static_cast<unsigned>(next() % n); }
	bool one_in(unsigned n) { return below(n) == 0; }
	template <class T> const T &pick(const std::vector<T> &from)
	{
		return from[next() % from.size()];
	}
	template <class T> void shuffle(std::vector<T> &v)
	{
		for (std::size_t i = v.size(); i > 1; i--)
			std::swap(v[i - 1], v[next() % i]);
	}

private:
	std::uint64_t state_;
};

// Seed of a test run: VCXL_SEED of the environment, or the default.
inline std::uint64_t seed_of_environment(std::uint64_t otherwise)
{
	const char *text = std::getenv("VCXL_SEED");
	return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

enum class port_kind {
	host_bridge,
	root,
	upstream,
	downstream
};

struct dport_plan {
	std::uint8_t number;
	unsigned port = none, memdev = none; // what the link leads to; both none: empty
};

struct port_plan {
	port_kind kind;
	std::uint8_t number = 0; // of root and downstream ports
	bool hdm = false;
	bool pass_through = false; // an upstream port that always has one way
	unsigned level = 0;        // in shape
	std::vector<dport_plan> dports;
	unsigned decoders_used = 0;
};

struct memdev_plan {
	std::uint64_t volatile_size = 0, persistent_size = 0;
	std::uint64_t next_dpa = 0;
	bool persistent_begun = false;
	unsigned decoders_used = 0;
};

struct window_plan {
	std::uint64_t base, size;
	unsigned ways, granularity;
	std::vector<unsigned> targets;       // ports, in interleave order
	std::vector<std::uint64_t> xor_maps; // none: modulo arithmetic
};

inline std::uint64_t exchanged(const window_plan &w, std::uint64_t address)
{
	return oracle::exchanged(w.xor_maps, address);
}

// One HDM decoder. Of a memory device: skip and dpa_base; of a port: targets.
struct decoder_plan {
	unsigned port = none, memdev = none;
	unsigned index = 0; // of the decoder
	std::uint64_t base = 0, size = 0;
	unsigned ways = 1, granularity = 256;
	std::vector<std::uint8_t> targets;
	std::uint64_t skip = 0, dpa_base = 0;
};

struct region_plan {
	unsigned window;
	std::uint64_t base, size;
	unsigned ways, granularity;         // of the endpoints
	std::vector<decoder_plan> decoders; // parents before children
};

struct topology {
	std::vector<port_plan> ports;
	std::vector<memdev_plan> memdevs;
	std::vector<window_plan> windows;
	std::vector<region_plan> regions;
};

// ---- registers ----

// Register access of whoever runs a topology: dwords of component registers (64 KiB block) and of
// the configuration space of memory devices.
struct register_access {
	virtual ~register_access() = default;
	virtual std::uint32_t port_read(unsigned port, std::uint32_t offset) = 0;
	virtual void port_write(unsigned port, std::uint32_t offset, std::uint32_t value) = 0;
	virtual std::uint32_t memdev_read(unsigned memdev, std::uint32_t offset) = 0;
	virtual void memdev_write(unsigned memdev, std::uint32_t offset, std::uint32_t value) = 0;
	virtual std::uint32_t config_read(unsigned memdev, std::uint32_t offset) = 0;
	virtual void config_write(unsigned memdev, std::uint32_t offset, std::uint32_t value) = 0;
};

inline unsigned encoded_ways(unsigned ways)
{
	switch (ways) {
	case 1:
		return 0;
	case 2:
		return 1;
	case 4:
		return 2;
	case 8:
		return 3;
	case 16:
		return 4;
	case 3:
		return 8;
	case 6:
		return 9;
	default:
		return 10; // 12
	}
}

inline unsigned encoded_granularity(unsigned granularity)
{
	unsigned eig = 0;
	while (256u << eig < granularity)
		eig++;
	return eig;
}

// Writes decoders as Linux does and says whether all of them committed.
class programmer
{
public:
	explicit programmer(register_access &access) : access_(access) {}

	bool program(const topology &t)
	{
		bool ok = true;
		for (const region_plan &region : t.regions) // children before parents
			for (auto d = region.decoders.rbegin(); d != region.decoders.rend(); ++d)
				ok = commit(*d) && ok;
		for (unsigned m = 0; m < t.memdevs.size(); m++)
			enable_memory(m);
		return ok;
	}

	bool commit(const decoder_plan &d)
	{
		const std::uint32_t hdm = find_hdm(d);
		const std::uint32_t at = hdm + 0x10 + 0x20 * d.index;

		if (!hdm)
			return false;
		write(d, at + 0x04, high(d.base));
		write(d, at + 0x00, low(d.base));
		write(d, at + 0x0c, high(d.size));
		write(d, at + 0x08, low(d.size));
		write(d, at + 0x18, d.port == none ? high(d.skip) : target_list(d, 4));
		write(d, at + 0x14, d.port == none ? low(d.skip) : target_list(d, 0));
		write(d, at + 0x10,
		      encoded_granularity(d.granularity) | encoded_ways(d.ways) << 4 | 1u << 9 |
			      1u << 12);
		write(d, hdm + 4, 2); // HDM Decoder Enable
		return (read(d, at + 0x10) & 0xc00) == 0x400;
	}

	// Offset of the HDM decoder capability; 0: absent.
	std::uint32_t find_hdm(const decoder_plan &d)
	{
		const std::uint32_t entries = read(d, 0x1000) >> 24;

		for (std::uint32_t e = 1; e <= entries; e++) {
			const std::uint32_t entry = read(d, 0x1000 + 4 * e);
			if ((entry & 0xffff) == 5)
				return 0x1000 + (entry >> 20);
		}
		return 0;
	}

	// Mem_Enable in the CXL device DVSEC (vendor 1e98, ID 0)
	void enable_memory(unsigned memdev)
	{
		std::uint32_t at = 0x100;
		while (at) {
			const std::uint32_t header = access_.config_read(memdev, at);
			if ((header & 0xffff) == 0x23 &&
			    (access_.config_read(memdev, at + 4) & 0xffff) == 0x1e98 &&
			    (access_.config_read(memdev, at + 8) & 0xffff) == 0)
				break;
			at = header >> 20;
		}
		if (at)
			access_.config_write(memdev, at + 0xc,
					     access_.config_read(memdev, at + 0xc) | 4);
	}

private:
	static std::uint32_t low(std::uint64_t v) { return static_cast<std::uint32_t>(v); }
	static std::uint32_t high(std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); }
	static std::uint32_t target_list(const decoder_plan &d, unsigned first)
	{
		std::uint32_t list = 0;
		for (unsigned i = 0; i < 4 && first + i < d.targets.size(); i++)
			list |= static_cast<std::uint32_t>(d.targets[first + i]) << (8 * i);
		return list;
	}
	std::uint32_t read(const decoder_plan &d, std::uint32_t offset)
	{
		return d.port == none ? access_.memdev_read(d.memdev, offset)
				      : access_.port_read(d.port, offset);
	}
	void write(const decoder_plan &d, std::uint32_t offset, std::uint32_t value)
	{
		if (d.port == none)
			access_.memdev_write(d.memdev, offset, value);
		else
			access_.port_write(d.port, offset, value);
	}

	register_access &access_;
};

// ---- generator ----

class generator
{
public:
	explicit generator(std::uint64_t seed) : random_(seed) {}

	topology make()
	{
		t_ = topology();
		next_hpa_ = unit * (16 + random_.below(4096));
		choose_shape();
		for (unsigned hb = 0; hb < n_bridges_; hb++)
			host_bridges_.push_back(add_branch(port_kind::host_bridge, 0, 0));
		const unsigned n_regions = 1 + random_.below(3);
		for (unsigned r = 0; r < n_regions; r++)
			add_region();
		for (memdev_plan &m : t_.memdevs)
			finish_memdev(m);
		host_bridges_.clear();
		return t_;
	}

private:
	static bool legal_ways(unsigned w)
	{
		return w <= 4 ? w > 0 : w == 6 || w == 8 || w == 12 || w == 16;
	}

	// Ways of the window, of host bridges (level 0) and of each level of switches.
	void choose_shape()
	{
		unsigned product;
		do {
			window_ways_ = random_.pick<unsigned>({ 1, 2, 3, 4, 6, 8, 12, 16 });
			shape_.assign(1 + random_.below(4), 1);
			product = window_ways_;
			for (unsigned &ways : shape_) {
				ways = random_.pick<unsigned>({ 1, 1, 2, 2, 4, 8 });
				product *= ways;
			}
		} while (!legal_ways(product));
		n_bridges_ = window_ways_ + (random_.one_in(4) ? 1 : 0);
		wide_level_ = random_.below(2 * static_cast<unsigned>(shape_.size()));
	}

	unsigned add_memdev()
	{
		t_.memdevs.emplace_back();
		return static_cast<unsigned>(t_.memdevs.size() - 1);
	}

	// What hangs below a link: a switch of that level or, behind the last one, a device.
	dport_plan below_link(unsigned level, unsigned depth)
	{
		dport_plan link{};
		if (level < shape_.size() || (depth < 3 && random_.one_in(10)))
			link.port = add_branch(port_kind::upstream, level, depth + 1);
		else
			link.memdev = add_memdev();
		return link;
	}

	// A host bridge or upstream port with its ports and all that is below them.
	unsigned add_branch(port_kind kind, unsigned level, unsigned depth)
	{
		const bool bridge = kind == port_kind::host_bridge;
		const unsigned self = static_cast<unsigned>(t_.ports.size());
		const bool pass =
			!bridge && (level >= shape_.size() ||
				    (depth + shape_.size() - level <= 3 && random_.one_in(10)));
		unsigned n = pass ? 1 : shape_[level];

		if (level == wide_level_ && !pass)
			n += 1 + random_.below(2);
		t_.ports.push_back({});
		t_.ports[self].kind = kind;
		t_.ports[self].level = level;
		t_.ports[self].pass_through = pass;
		t_.ports[self].hdm = !bridge || n > 1 || random_.one_in(2);
		std::vector<std::uint8_t> numbers(256);
		for (unsigned i = 0; i < 256; i++)
			numbers[i] = static_cast<std::uint8_t>(i);
		random_.shuffle(numbers);
		for (unsigned i = 0; i < n; i++) {
			const unsigned leaf = static_cast<unsigned>(t_.ports.size());
			t_.ports.push_back({});
			t_.ports[leaf].kind = bridge ? port_kind::root : port_kind::downstream;
			t_.ports[leaf].number = numbers[i];
			const dport_plan link = below_link(pass ? level : level + 1, depth);
			t_.ports[leaf].dports.push_back(link);
			t_.ports[self].dports.push_back({ numbers[i], leaf, none });
		}
		return self;
	}

	// Interleave ways of a region, no wider than what is there; granularities in a random order
	// of levels, each the granularity of the level before times its ways without the factor 3.
	struct region_shape {
		unsigned window_ways, ways, granularity, window_granularity;
		std::vector<unsigned> level_ways, level_granularity;
	};

	bool choose_region(region_shape &s, bool whole)
	{
		s.window_ways =
			whole ? window_ways_ : random_.pick<unsigned>({ 1, 2, 3, 4, 6, 8, 12, 16 });
		if (s.window_ways > n_bridges_)
			return false;
		s.ways = s.window_ways;
		s.level_ways = shape_;
		for (unsigned &w : s.level_ways) {
			while (!whole && w > 1 && random_.one_in(2))
				w /= 2;
			s.ways *= w;
		}
		std::vector<unsigned> order; // 0: window, l + 1: level l
		for (unsigned i = 0; i <= shape_.size(); i++)
			order.push_back(i);
		if (random_.one_in(2))
			random_.shuffle(order);
		s.granularity = 256u << random_.below(7);
		s.level_granularity.assign(shape_.size(), 0);
		unsigned granularity = s.granularity, last = 0;
		for (unsigned i : order) {
			const unsigned w = i ? s.level_ways[i - 1] : s.window_ways;
			(i ? s.level_granularity[i - 1] : s.window_granularity) =
				std::min(granularity, 16384u); // of one way it says nothing
			if (w > 1)
				last = granularity;
			granularity *= w % 3 ? w : w / 3;
		}
		return legal_ways(s.ways) && last <= 16384;
	}

	void add_region()
	{
		region_shape s;
		const bool whole = t_.regions.empty();
		if (!whole && random_.one_in(3)) {
			repeat_region();
			return;
		}
		while (!choose_region(s, whole))
			;
		std::vector<unsigned> bridges = host_bridges_;
		random_.shuffle(bridges);
		bridges.resize(s.window_ways);
		const std::uint64_t size = unit * s.ways * (1 + random_.below(2));
		// room for the region at any multiple of 256 MiB, and for one more like it
		const std::uint64_t room = 2 * size + unit * s.window_ways * 4;
		t_.windows.push_back({ next_hpa_, room, s.window_ways, s.window_granularity,
				       bridges, xor_maps(s.window_ways, s.window_granularity) });
		region_plan region{ static_cast<unsigned>(t_.windows.size() - 1),
				    next_hpa_ + unit * random_.below(4),
				    size,
				    s.ways,
				    s.granularity,
				    {} };
		next_hpa_ += room + unit * random_.below(5);
		for (unsigned hb : bridges)
			decode(region, s, hb);
		t_.regions.push_back(region);
	}

	// Half of the windows have one for each factor 2 of their ways. No map names a bit that
	// another one decides.
	std::vector<std::uint64_t> xor_maps(unsigned ways, unsigned granularity)
	{
		std::vector<std::uint64_t> maps;
		std::uint64_t decided = granularity;

		if (random_.one_in(2))
			return maps;
		for (; ways % 2 == 0; ways /= 2, decided *= 2)
			maps.push_back(decided);
		for (std::uint64_t &map : maps)
			map |= random_.next() % (std::uint64_t{ 1 } << 45) / decided * decided;
		return maps;
	}

	// The same devices once more, in the same window, behind what they have.
	void repeat_region()
	{
		region_plan region = t_.regions.back();
		const window_plan &window = t_.windows[region.window];

		if (region.base + 2 * region.size > window.base + window.size)
			return;
		region.base += region.size;
		for (decoder_plan &d : region.decoders) {
			d.base = region.base;
			if (d.port == none)
				place(d, region);
			else
				d.index = t_.ports[d.port].decoders_used++;
		}
		t_.regions.push_back(region);
	}

	void decode(region_plan &region, const region_shape &s, unsigned branch)
	{
		port_plan &port = t_.ports[branch];
		const unsigned ways = port.pass_through ? 1 : s.level_ways[port.level];
		std::vector<dport_plan> dports = port.dports;
		random_.shuffle(dports);
		dports.resize(ways);
		if (port.hdm) {
			decoder_plan d;
			d.port = branch;
			d.index = port.decoders_used++;
			d.base = region.base;
			d.size = region.size;
			d.ways = ways;
			d.granularity =
				port.pass_through ? s.granularity : s.level_granularity[port.level];
			for (const dport_plan &dport : dports)
				d.targets.push_back(dport.number);
			region.decoders.push_back(d);
		}
		for (const dport_plan &dport : dports) {
			const dport_plan link = t_.ports[dport.port].dports[0];
			if (link.port != none) {
				decode(region, s, link.port);
				continue;
			}
			decoder_plan d;
			d.memdev = link.memdev;
			d.base = region.base;
			d.size = region.size;
			d.ways = region.ways;
			d.granularity = region.granularity;
			place(d, region);
			region.decoders.push_back(d);
		}
	}

	// Device addresses grow with the decoders; a skip leads over a hole or to the persistent
	// partition.
	void place(decoder_plan &d, const region_plan &region)
	{
		memdev_plan &m = t_.memdevs[d.memdev];

		d.index = m.decoders_used++;
		d.skip = random_.one_in(3) ? unit * (1 + random_.below(2)) : 0;
		if (!m.persistent_begun && random_.one_in(4)) {
			m.persistent_begun = true;
			m.volatile_size = m.next_dpa + (random_.one_in(2) ? d.skip : 0);
		}
		d.dpa_base = m.next_dpa + d.skip;
		m.next_dpa = d.dpa_base + region.size / region.ways;
	}

	void finish_memdev(memdev_plan &m)
	{
		const std::uint64_t end = m.next_dpa + unit * random_.below(3);

		if (!m.persistent_begun)
			m.volatile_size = end ? end : unit;
		else
			m.persistent_size = end - m.volatile_size;
		if (!m.persistent_begun && random_.one_in(2))
			m.persistent_size = unit;
	}

	random random_;
	topology t_;
	unsigned window_ways_ = 1, n_bridges_ = 1, wide_level_ = 0;
	std::vector<unsigned> shape_;
	std::vector<unsigned> host_bridges_;
	std::uint64_t next_hpa_ = 0;
};

// ---- the same as cards ----

// Dealers of a region; players are its memory devices, by index in the topology.
inline std::size_t add_dealer(const topology &t, const region_plan &r, unsigned branch,
			      std::vector<oracle::dealer> &dealers);

inline oracle::hand follow_link(const topology &t, const region_plan &r, unsigned leaf,
				std::vector<oracle::dealer> &dealers)
{
	const dport_plan &link = t.ports[leaf].dports[0];
	if (link.memdev != none)
		return { true, link.memdev };
	return { false, add_dealer(t, r, link.port, dealers) };
}

inline std::size_t add_dealer(const topology &t, const region_plan &r, unsigned branch,
			      std::vector<oracle::dealer> &dealers)
{
	const port_plan &port = t.ports[branch];
	const std::size_t self = dealers.size();

	dealers.push_back({ r.granularity, {} });
	if (!port.hdm) {
		const oracle::hand only = follow_link(t, r, port.dports[0].port, dealers);
		dealers[self].hands.push_back(only);
		return self;
	}
	for (const decoder_plan &d : r.decoders) {
		if (d.port != branch)
			continue;
		dealers[self].pace = d.granularity;
		for (std::uint8_t number : d.targets)
			for (const dport_plan &dport : port.dports)
				if (dport.number == number) {
					const oracle::hand h =
						follow_link(t, r, dport.port, dealers);
					dealers[self].hands.push_back(h);
				}
	}
	return self;
}

inline oracle::table deal(const topology &t, const region_plan &r)
{
	const window_plan &w = t.windows[r.window];
	std::vector<oracle::dealer> dealers{ { w.granularity, {} } };

	for (unsigned hb : w.targets) {
		const oracle::hand h{ false, add_dealer(t, r, hb, dealers) };
		dealers[0].hands.push_back(h);
	}
	return oracle::table(dealers, t.memdevs.size(), r.granularity, r.base);
}

// Device address of the first card that a device gets of a region.
inline std::uint64_t first_dpa(const region_plan &r, std::size_t memdev)
{
	for (const decoder_plan &d : r.decoders)
		if (d.memdev == memdev)
			return d.dpa_base;
	return ~0ull;
}

} // namespace topo

#endif
