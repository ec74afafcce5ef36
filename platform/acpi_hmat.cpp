// SPDX-License-Identifier: Apache-2.0
//
// HMAT (ACPI 6.6 5.2.29): from the harts to RAM, to each window with devices and to each generic
// port. Left out: memory-side caches.
#include <algorithm>
#include <numeric>

#include "acpi_tables.h"
#include "coordinates.h"
#include "host_timing.h"

namespace vcxl
{

namespace
{

struct target {
	unsigned pxm;
	access_coordinates cost;
};

struct locality {
	unsigned data_type;
	uint64_t access_coordinates::*value; // picoseconds and MB/s, as revision 2 has them
};

constexpr locality localities[] = { { 1, &access_coordinates::read_latency_ps },
				    { 2, &access_coordinates::write_latency_ps },
				    { 4, &access_coordinates::read_bandwidth },
				    { 5, &access_coordinates::write_bandwidth } };

// A window without devices has no entry: neither 0 nor 0xffff, which are no costs, says that
// nothing is there.
std::vector<target> targets_of(const acpi_source &s)
{
	std::vector<target> targets{ { acpi_pxm_host, host_ram } };

	for (size_t i = 0; i < acpi_windows_described(s.m); i++)
		if (const auto cost = window_coordinates(s.m, s.m.windows[i]))
			targets.push_back({ acpi_pxm_window(i), *cost });
	for (unsigned i = 0; i < s.l.n_bridges; i++)
		targets.push_back({ acpi_pxm_generic_port(s, i), host_to_cxl_port });
	return targets;
}

// One unit for all entries of a structure: the largest that keeps them exact; where 16 bits do not
// suffice for that, its smallest multiple with which all fit.
uint64_t base_unit(const std::vector<target> &targets, uint64_t access_coordinates::*value)
{
	constexpr uint64_t max_entry = 0xfffe;
	uint64_t divisor = 0, largest = 0;

	for (const target &t : targets) {
		divisor = std::gcd(divisor, t.cost.*value);
		largest = std::max(largest, t.cost.*value);
	}
	return divisor * ((largest / divisor + max_entry - 1) / max_entry);
}

void add_locality(acpi_bytes &t, const std::vector<target> &targets, const locality &l)
{
	const uint64_t unit = base_unit(targets, l.value);

	t.u16(1).u16(0).u32(32 + 4 + 4 * targets.size() + 2 * targets.size());
	t.u8(0).u8(l.data_type).u8(0).u8(0).u32(1).u32(targets.size()).u32(0).u64(unit);
	t.u32(acpi_pxm_host);
	for (const target &to : targets)
		t.u32(to.pxm);
	for (const target &to : targets)
		t.u16(std::max<uint64_t>(1, (to.cost.*l.value + unit / 2) / unit));
}

} // namespace

// Only the harts' own domain has an attributes structure: with one for a generic port Linux would
// take the harts for its only initiator and compute nothing for the port.
std::vector<uint8_t> acpi_hmat(const acpi_source &s)
{
	constexpr unsigned initiator_valid = 1;
	const std::vector<target> targets = targets_of(s);
	acpi_bytes t = begin_table("HMAT", 2);

	t.u32(0);
	t.u16(0).u16(0).u32(40).u16(initiator_valid).u16(0);
	t.u32(acpi_pxm_host).u32(acpi_pxm_host).zeros(20);
	for (const locality &l : localities)
		add_locality(t, targets, l);
	return finish_table(t);
}

} // namespace vcxl
