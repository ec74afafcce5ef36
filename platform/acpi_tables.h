// SPDX-License-Identifier: Apache-2.0
//
// Parts of acpi.cpp: the bytes of a table, and a function for each table.
#ifndef VCXL_PLATFORM_ACPI_TABLES_H
#define VCXL_PLATFORM_ACPI_TABLES_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "acpi.h"

namespace vcxl
{

// Little-endian fields, appended.
class acpi_bytes
{
public:
	acpi_bytes &u8(uint64_t value) { return add(value, 1); }
	acpi_bytes &u16(uint64_t value) { return add(value, 2); }
	acpi_bytes &u32(uint64_t value) { return add(value, 4); }
	acpi_bytes &u64(uint64_t value) { return add(value, 8); }
	acpi_bytes &zeros(size_t n)
	{
		bytes_.insert(bytes_.end(), n, 0);
		return *this;
	}
	acpi_bytes &text(const std::string &value)
	{
		bytes_.insert(bytes_.end(), value.begin(), value.end());
		return *this;
	}
	acpi_bytes &append(const std::vector<uint8_t> &other)
	{
		bytes_.insert(bytes_.end(), other.begin(), other.end());
		return *this;
	}
	// Over what is there already.
	void set(size_t at, uint64_t value, unsigned width)
	{
		for (unsigned i = 0; i < width; i++)
			bytes_.at(at + i) = static_cast<uint8_t>(value >> 8 * i);
	}
	// Makes the bytes from 0 to `end` add up to 0.
	void set_checksum(size_t at, size_t end);
	size_t size() const { return bytes_.size(); }
	const std::vector<uint8_t> &bytes() const { return bytes_; }

private:
	acpi_bytes &add(uint64_t value, unsigned width)
	{
		const size_t at = bytes_.size();

		zeros(width);
		set(at, value, width);
		return *this;
	}

	std::vector<uint8_t> bytes_;
};

// A table as it begins (ACPI 6.6 5.2.6); finish_table() puts in length and checksum.
acpi_bytes begin_table(const char *signature, unsigned revision);
std::vector<uint8_t> finish_table(acpi_bytes table);

struct acpi_source {
	const machine &m;
	const layout &l;
	const acpi_inputs &in;
	uint64_t dsdt; // where it lies
	const node &bridge(unsigned i) const
	{
		return m.nodes.at(static_cast<size_t>(l.bridges[i].node));
	}
};

using table_function = std::vector<uint8_t>(const acpi_source &s);

table_function acpi_dsdt, acpi_fadt, acpi_madt, acpi_rhct, acpi_pptt, acpi_mcfg, acpi_spcr,
	acpi_cedt, acpi_srat, acpi_hmat;

// All windows belong to one throttling group: what CFMWS says and the QTG _DSM answers.
constexpr unsigned acpi_qtg = 0;

// Harts, RAM and bridges: what lies on the processor's side of the CXL ports.
constexpr unsigned acpi_pxm_host = 0;

// Then each window, then each generic port.
inline unsigned acpi_pxm_window(size_t window)
{
	return acpi_pxm_host + 1 + static_cast<unsigned>(window);
}

inline unsigned acpi_pxm_generic_port(const acpi_source &s, unsigned bridge)
{
	return acpi_pxm_window(s.m.windows.size()) + bridge;
}

// Debian's riscv64 kernels know 4 nodes and drop an SRAT that asks for more; a window that is not
// in it costs only that window its node.
inline size_t acpi_windows_described(const machine &m)
{
	return std::min<size_t>(m.windows.size(), 3);
}

} // namespace vcxl

#endif
