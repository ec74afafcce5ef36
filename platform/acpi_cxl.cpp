// SPDX-License-Identifier: Apache-2.0
//
// Tables of CXL and of locality: CEDT (CXL r3.1 9.18.1), SRAT and HMAT (ACPI 6.6 5.2.16, 5.2.29).
//
// Proximity domains: 0 is harts and RAM, then one per window, then one per generic port. Linux
// would give a window a node by itself, too, but newer kernels put the attributes of a region only
// where SRAT has a domain. Generic ports are places to measure to, not nodes.
#include "acpi_tables.h"

#include <algorithm>
#include <stdexcept>

#include "host_timing.h"

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

unsigned window_pxm(size_t window)
{
	return acpi_pxm_host + 1 + static_cast<unsigned>(window);
}

unsigned generic_port_pxm(const acpi_source &s, unsigned bridge)
{
	return window_pxm(s.m.windows.size()) + bridge;
}

// Debian's riscv64 kernels know 4 nodes and drop an SRAT that asks for more; a window that is not
// in it costs only that window its node.
size_t windows_described(const machine &m)
{
	return std::min<size_t>(m.windows.size(), 3);
}

void add_memory(acpi_bytes &t, unsigned pxm, uint64_t base, uint64_t size, unsigned flags)
{
	t.u8(1).u8(40).u32(pxm).u16(0).u64(base).u64(size).u32(0).u32(flags).u64(0);
}

void add_window(acpi_bytes &t, const machine &m, const window &w)
{
	constexpr unsigned host_only = 1 << 1, for_volatile = 1 << 2, for_persistent = 1 << 3;
	constexpr unsigned modulo = 0;

	t.u8(1).u8(0).u16(36 + 4 * w.targets.size()).u32(0).u64(w.base).u64(w.size);
	t.u8(encoded_ways(w.targets.size())).u8(modulo).u16(0);
	t.u32(encoded_granularity(w.granularity));
	t.u16(host_only | for_volatile | for_persistent).u16(acpi_qtg);
	for (int target : w.targets)
		t.u32(m.nodes.at(static_cast<size_t>(target)).bus_nr);
}

struct locality {
	unsigned data_type;
	uint64_t unit; // of the entries: latencies become ns, bandwidths GB/s
	uint64_t host_path::*value;
};

constexpr locality localities[] = { { 1, 1000, &host_path::latency_ps },
				    { 2, 1000, &host_path::latency_ps },
				    { 4, 1000, &host_path::bandwidth },
				    { 5, 1000, &host_path::bandwidth } };

uint64_t entry(const locality &l, const host_path &path)
{
	return path.*l.value / l.unit;
}

// From the harts to RAM and to each generic port.
void add_locality(acpi_bytes &t, const acpi_source &s, const locality &l)
{
	const unsigned targets = 1 + s.l.n_bridges;

	t.u16(1).u16(0).u32(32 + 4 + 4 * targets + 2 * targets);
	t.u8(0).u8(l.data_type).u8(0).u8(0).u32(1).u32(targets).u32(0).u64(l.unit);
	t.u32(acpi_pxm_host);
	t.u32(acpi_pxm_host);
	for (unsigned i = 0; i < s.l.n_bridges; i++)
		t.u32(generic_port_pxm(s, i));
	t.u16(entry(l, host_ram));
	for (unsigned i = 0; i < s.l.n_bridges; i++)
		t.u16(entry(l, host_to_cxl_port));
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
	for (size_t i = 0; i < windows_described(s.m); i++)
		add_memory(t, window_pxm(i), s.m.windows[i].base, s.m.windows[i].size,
			   enabled | hot_pluggable);
	for (unsigned i = 0; i < s.l.n_bridges; i++) {
		t.u8(6).u8(32).u8(0).u8(acpi_handle).u32(generic_port_pxm(s, i));
		t.text("ACPI0016").u32(s.bridge(i).bus_nr).u32(0);
		t.u32(enabled).u32(0);
	}
	return finish_table(t);
}

// A generic port has no attributes structure: with one Linux would take the harts for its only
// initiator and compute nothing for the port.
std::vector<uint8_t> acpi_hmat(const acpi_source &s)
{
	constexpr unsigned initiator_valid = 1;
	acpi_bytes t = begin_table("HMAT", 2);

	t.u32(0);
	t.u16(0).u16(0).u32(40).u16(initiator_valid).u16(0);
	t.u32(acpi_pxm_host).u32(acpi_pxm_host).zeros(20);
	for (const locality &l : localities)
		add_locality(t, s, l);
	return finish_table(t);
}

} // namespace vcxl
