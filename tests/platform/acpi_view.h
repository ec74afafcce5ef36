// SPDX-License-Identifier: Apache-2.0
//
// Helpers of the ACPI tests: a table's fields by offset, and the tables of a command line.
#ifndef VCXL_TEST_ACPI_VIEW_H
#define VCXL_TEST_ACPI_VIEW_H

#include "test_options.h"

#include <algorithm>

#include "acpi.h"

namespace acpi_test
{

using namespace option_test;

constexpr uint64_t base = 0xfe000000;
constexpr char isa[] = "rv64imafdc_zicbom_zicntr";

// One table, its fields by offset.
class view
{
public:
	explicit view(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {}
	uint64_t u8(size_t at) const { return get(at, 1); }
	uint64_t u16(size_t at) const { return get(at, 2); }
	uint64_t u32(size_t at) const { return get(at, 4); }
	uint64_t u64(size_t at) const { return get(at, 8); }
	size_t size() const { return bytes_.size(); }
	std::string text(size_t at, size_t n) const
	{
		return std::string(bytes_.begin() + static_cast<long>(at),
				   bytes_.begin() + static_cast<long>(at + n));
	}
	unsigned sum(size_t n) const
	{
		unsigned total = 0;

		for (size_t i = 0; i < n; i++)
			total += bytes_.at(i);
		return total & 0xff;
	}
	bool holds(const std::vector<uint8_t> &part) const
	{
		return std::search(bytes_.begin(), bytes_.end(), part.begin(), part.end()) !=
		       bytes_.end();
	}
	// Offsets of the subtables with that type; the length is `width` bytes wide, at
	// `length_at`.
	std::vector<size_t> subtables(size_t first, uint64_t type, unsigned type_width,
				      size_t length_at, unsigned width) const
	{
		std::vector<size_t> found;

		for (size_t at = first; at < size(); at += get(at + length_at, width)) {
			if (get(at, type_width) == type)
				found.push_back(at);
			if (get(at + length_at, width) == 0) {
				ADD_FAILURE() << "subtable of length 0 at " << at;
				break;
			}
		}
		return found;
	}

private:
	uint64_t get(size_t at, unsigned width) const
	{
		uint64_t value = 0;

		for (unsigned i = width; i--;)
			value = value << 8 | bytes_.at(at + i);
		return value;
	}

	std::vector<uint8_t> bytes_;
};

struct host {
	vcxl::machine m;
	vcxl::layout l{};

	explicit host(const words &args) : m(machine_of(args))
	{
		const char *error = "";

		EXPECT_TRUE(vcxl::lay_out(m, l, &error)) << error;
	}
	vcxl::acpi_blob blob() const { return vcxl::build_acpi(m, l, { isa }, base); }
	view table(const std::string &name) const
	{
		for (const vcxl::acpi_table &t : blob().tables)
			if (t.name == name)
				return view(t.bytes);
		throw std::runtime_error("no table " + name);
	}
};

// So many bridges, on buses 8, 16, 24...
inline words bridges(unsigned n)
{
	words args{ "-M", "virt,cxl=on" };

	for (unsigned i = 0; i < n; i++)
		args = args + words{ "-device", "pxb-cxl,bus=pcie.0,id=hb" + std::to_string(i) +
							",bus_nr=" + std::to_string(8 * (i + 1)) };
	return args;
}

// A window over those bridges, in that order.
inline words window(unsigned index, const std::vector<unsigned> &targets, const std::string &rest)
{
	const std::string prefix = "cxl-fmw." + std::to_string(index) + ".";
	std::string text = prefix + rest;

	for (size_t i = 0; i < targets.size(); i++)
		text += "," + prefix + "targets." + std::to_string(i) + "=hb" +
			std::to_string(targets[i]);
	return { "-M", text };
}

} // namespace acpi_test

#endif
