// SPDX-License-Identifier: Apache-2.0
//
// Tables of CXL and of places: CEDT (CXL r3.1 9.18.1), SRAT (ACPI 6.6 5.2.16).
//
// Proximity domains: 0 is harts and RAM, then one per window, then one per generic port. Linux
// would give a window a node by itself, too, but newer kernels put the attributes of a region only
// where SRAT has a domain. Generic ports are places to measure to, not nodes.
#include "acpi_tables.h"

#include <stdexcept>

namespace vcxl
{

namespace
{

struct eniw_row {
	unsigned ways, encoded;
};

constexpr eniw_row eniw_rows[] = { { 1, 0 },  { 2, 1 }, { 4, 2 }, { 8, 3 },
				   { 16, 4 }, { 3, 8 }, { 6, 9 }, { 12, 10 } };

unsigned encoded_ways(size_t ways)
{
	for (const eniw_row &row : eniw_rows)
		if (row.ways == ways)
			return row.encoded;
	throw std::runtime_error("ACPI: a window over " + std::to_string(ways) +
				 " targets has no encoding");
}

unsigned encoded_granularity(unsigned granularity)
{
	unsigned encoded = 0;

	while (encoded < 6 && 256u << encoded != granularity)
		encoded++;
	if (256u << encoded != granularity)
		throw std::runtime_error("ACPI: an interleave granularity of " +
					 std::to_string(granularity) + " has no encoding");
	return encoded;
}

void add_memory(acpi_bytes &t, unsigned pxm, uint64_t base, uint64_t size, unsigned flags)
{
	t.u8(1).u8(40).u32(pxm).u16(0).u64(base).u64(size).u32(0).u32(flags).u64(0);
}

void add_window(acpi_bytes &t, const machine &m, const window &w)
{
	constexpr unsigned host_only = 1 << 1, for_volatile = 1 << 2, for_persistent = 1 << 3;
	t.u8(1).u8(0).u16(36 + 4 * w.targets.size()).u32(0).u64(w.base).u64(w.size);
	t.u8(encoded_ways(w.targets.size())).u8(w.xor_arithmetic).u16(0);
	t.u32(encoded_granularity(w.granularity));
	t.u16(host_only | for_volatile | for_persistent).u16(acpi_qtg);
	for (int target : w.targets)
		t.u32(m.nodes.at(static_cast<size_t>(target)).bus_nr);
}

// The maps of a granularity. CXL r3.1 9.18.1.4. All windows that have it share them; those with
// more ways have more.
void add_xor_maps(acpi_bytes &t, const std::vector<window> &windows, unsigned granularity)
{
	std::vector<uint64_t> maps;

	for (const window &w : windows)
		if (w.granularity == granularity && w.xor_maps.size() > maps.size())
			maps = w.xor_maps;
	if (maps.empty())
		return;
	t.u8(2).u8(0).u16(8 + 8 * maps.size()).u16(0);
	t.u8(encoded_granularity(granularity)).u8(static_cast<uint8_t>(maps.size()));
	for (uint64_t map : maps)
		t.u64(map);
}

} // namespace

std::vector<uint8_t> acpi_cedt(const acpi_source &s)
{
	constexpr unsigned component_registers = 1; // not an RCRB
	acpi_bytes t = begin_table("CEDT", 1);

	for (unsigned i = 0; i < s.l.n_bridges; i++) {
		const map_range chbcr = s.l.bridges[i].chbcr;

		t.u8(0).u8(0).u16(32).u32(s.bridge(i).bus_nr).u32(component_registers).u32(0);
		t.u64(chbcr.base).u64(chbcr.size);
	}
	for (const window &w : s.m.windows)
		add_window(t, s.m, w);
	for (unsigned granularity = 256; granularity <= 16384; granularity *= 2)
		add_xor_maps(t, s.m.windows, granularity);
	return finish_table(t);
}

std::vector<uint8_t> acpi_srat(const acpi_source &s)
{
	constexpr unsigned enabled = 1, hot_pluggable = 2, acpi_handle = 0;
	acpi_bytes t = begin_table("SRAT", 3);

	t.u32(1).u64(0);
	for (unsigned hart = 0; hart < s.m.harts; hart++)
		t.u8(7).u8(20).u16(0).u32(acpi_pxm_host).u32(hart).u32(enabled).u32(0);
	add_memory(t, acpi_pxm_host, map::ram_base, s.m.ram_size, enabled);
	for (size_t i = 0; i < acpi_windows_described(s.m); i++)
		add_memory(t, acpi_pxm_window(i), s.m.windows[i].base, s.m.windows[i].size,
			   enabled | hot_pluggable);
	for (unsigned i = 0; i < s.l.n_bridges; i++) {
		t.u8(6).u8(32).u8(0).u8(acpi_handle).u32(acpi_pxm_generic_port(s, i));
		t.text("ACPI0016").u32(s.bridge(i).bus_nr).u32(0);
		t.u32(enabled).u32(0);
	}
	return finish_table(t);
}

} // namespace vcxl
