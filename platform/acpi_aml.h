// SPDX-License-Identifier: Apache-2.0
//
// ACPI Machine Language, ACPI 6.6 20.2: each function returns the bytes of one term, made of the
// terms that it is given. Names are written as in ASL: "\\_SB", "PCI0", "CDW1".
#ifndef VCXL_PLATFORM_ACPI_AML_H
#define VCXL_PLATFORM_ACPI_AML_H

#include <cstdint>
#include <string>
#include <vector>

#include "memory_map.h"

namespace vcxl::aml
{

using term = std::vector<uint8_t>;
using terms = std::vector<term>;

term join(const terms &list);

// data
term integer(uint64_t value);
term string(const std::string &value);
term buffer(const std::vector<uint8_t> &bytes);
term uuid(const std::string &text); // "33DB4D5B-1FF7-401C-9657-7441C03DD766"
term package(const terms &elements);

// objects
term path(const std::string &name);
term scope(const std::string &name, const terms &body);
term device(const std::string &name, const terms &body);
term name(const std::string &name, const term &value);
term method(const std::string &name, unsigned arguments, const terms &body); // serialized
term dword_field(const term &buffer, unsigned offset, const std::string &name);

// expressions and statements
term argument(unsigned index);
term local(unsigned index);
term call(const std::string &name, const terms &arguments);
term equal(const term &a, const term &b);
term less(const term &a, const term &b);
term both(const term &a, const term &b);
term negated(const term &a);
term bits_and(const term &a, const term &b, const term &target);
term bits_or(const term &a, const term &b, const term &target);
term store(const term &value, const term &target);
term notify(const term &object, unsigned value);
term when(const term &condition, const terms &body);
term give_back(const term &value);

// How an interrupt is signalled: active high or rising, and not shared either way.
enum class trigger {
	level,
	edge
};

// Who uses a range: the device itself, or what lies behind it.
enum class resource_use {
	consumer,
	producer
};

// A resource template, ACPI 6.6 6.4.
class resources
{
public:
	resources &memory32(const map_range &range);
	resources &interrupt(uint32_t gsi, trigger kind = trigger::level);
	resources &buses(unsigned first, unsigned last);
	resources &dword_memory(const map_range &range);
	resources &qword_memory(const map_range &range, resource_use use = resource_use::producer);
	term done() const;

private:
	void address_space(unsigned tag, unsigned width, unsigned type, resource_use use,
			   const map_range &range);

	std::vector<uint8_t> bytes_;
};

} // namespace vcxl::aml

#endif
