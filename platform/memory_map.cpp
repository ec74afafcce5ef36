// SPDX-License-Identifier: Apache-2.0
//
// Addresses that depend on the machine: the 64-bit PCI windows, the register blocks and windows of
// each host bridge, and the bases of the fixed memory windows.
#include "memory_map.h"

#include <algorithm>

#include "machine.h"

namespace vcxl
{

namespace
{

constexpr uint64_t mem64_align = 0x400000000; // 16 GiB
constexpr uint64_t chbcr_size = 0x10000;
constexpr uint64_t bridge_window_align = 0x100000; // granule of a bridge's memory window

constexpr uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

map_range share(map_range whole, unsigned index, unsigned count)
{
	const uint64_t size = whole.size / count & ~(bridge_window_align - 1);
	return { whole.base + index * size, size };
}

// False when the 64-bit windows do not fit.
bool place_mem64(const machine &m, layout &out)
{
	const uint64_t ram = std::max(m.ram_size, m.max_ram_size);
	if (ram > map::hpa_limit)
		return false;
	const uint64_t ram_end = map::ram_base + ram;
	const uint64_t base = std::max(map::mem64_base, align_up(ram_end, mem64_align));
	out.mem64_pci = { base, map::mem64_pci_size };
	out.mem64_cxl = { out.mem64_pci.end(), map::mem64_cxl_size };
	return out.mem64_cxl.end() <= map::hpa_limit;
}

// False when there are too many.
bool place_bridges(const machine &m, layout &out)
{
	out.n_bridges = 0;
	for (size_t i = 0; i < m.nodes.size(); i++) {
		if (m.nodes[i].kind != node_kind::host_bridge)
			continue;
		if (out.n_bridges == layout::max_bridges)
			return false;
		layout::bridge_windows &b = out.bridges[out.n_bridges++];
		b.node = static_cast<int>(i);
		b.first_bus = m.nodes[i].bus_nr;
	}
	std::sort(out.bridges, out.bridges + out.n_bridges,
		  [](const auto &a, const auto &b) { return a.first_bus < b.first_bus; });
	for (unsigned i = 0; i < out.n_bridges; i++) {
		layout::bridge_windows &b = out.bridges[i];
		const bool last = i + 1 == out.n_bridges;
		b.last_bus = last ? 255 : out.bridges[i + 1].first_bus - 1;
		b.chbcr = { map::chbcr.base + i * chbcr_size, chbcr_size };
		b.mem32 = share(map::mem32_cxl, i, out.n_bridges);
		b.mem64 = share(out.mem64_cxl, i, out.n_bridges);
	}
	return true;
}

bool place_windows(machine &m, const layout &out)
{
	uint64_t base = std::max(map::cfmw_base, align_up(out.mem64_cxl.end(), map::cfmw_align));
	for (window &w : m.windows) {
		if (w.size > map::hpa_limit - base)
			return false;
		w.base = base;
		base = align_up(base + w.size, map::cfmw_align);
	}
	return true;
}

} // namespace

bool lay_out(machine &m, layout &out, const char **error)
{
	out = {};
	if (!place_mem64(m, out))
		*error = "RAM and the windows above it do not fit in 52 bits of address";
	else if (!place_bridges(m, out))
		*error = "there are more than 16 host bridges";
	else if (!place_windows(m, out))
		*error = "the fixed memory windows do not fit in 52 bits of address";
	else
		return true;
	return false;
}

} // namespace vcxl
