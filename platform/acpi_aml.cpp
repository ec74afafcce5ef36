// SPDX-License-Identifier: Apache-2.0
//
// Encoding of terms; see acpi_aml.h.
#include "acpi_aml.h"

#include <algorithm>
#include <stdexcept>

namespace vcxl::aml
{

namespace
{

enum opcode : uint8_t {
	op_zero = 0x00,
	op_one = 0x01,
	op_name = 0x08,
	op_byte = 0x0a,
	op_word = 0x0b,
	op_dword = 0x0c,
	op_string = 0x0d,
	op_qword = 0x0e,
	op_scope = 0x10,
	op_buffer = 0x11,
	op_package = 0x12,
	op_method = 0x14,
	op_dual_name = 0x2e,
	op_multi_name = 0x2f,
	op_extended = 0x5b,
	op_root = 0x5c,
	op_local = 0x60,
	op_argument = 0x68,
	op_store = 0x70,
	op_and = 0x7b,
	op_or = 0x7d,
	op_notify = 0x86,
	op_dword_field = 0x8a,
	op_both = 0x90,
	op_not = 0x92,
	op_equal = 0x93,
	op_less = 0x95,
	op_when = 0xa0,
	op_return = 0xa4,
	ext_device = 0x82,
};

void add_le(term &to, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		to.push_back(static_cast<uint8_t>(value >> 8 * i));
}

term operation(opcode op, const terms &operands)
{
	term result{ op };
	const term rest = join(operands);

	result.insert(result.end(), rest.begin(), rest.end());
	return result;
}

// The length counts its own bytes: one up to 63, else a byte with the low nibble and up to three.
term with_length(const term &content)
{
	constexpr size_t limits[] = { 0x3f, 0xfff, 0xfffff, 0xfffffff };
	unsigned extra = 0;
	term result;

	while (content.size() + 1 + extra > limits[extra])
		if (++extra == 4)
			throw std::runtime_error("ACPI: an AML term is too long");
	const size_t length = content.size() + 1 + extra;

	if (extra == 0) {
		result.push_back(static_cast<uint8_t>(length));
	} else {
		result.push_back(static_cast<uint8_t>(extra << 6 | (length & 0xf)));
		add_le(result, length >> 4, extra);
	}
	result.insert(result.end(), content.begin(), content.end());
	return result;
}

// Four characters, filled up with underscores.
void add_segment(term &to, const std::string &segment)
{
	if (segment.empty() || segment.size() > 4)
		throw std::runtime_error("ACPI: '" + segment + "' is no AML name");
	for (size_t i = 0; i < 4; i++)
		to.push_back(static_cast<uint8_t>(i < segment.size() ? segment[i] : '_'));
}

uint8_t hex_byte(const std::string &text, size_t at)
{
	return static_cast<uint8_t>(std::stoul(text.substr(at, 2), nullptr, 16));
}

} // namespace

term join(const terms &list)
{
	term result;

	for (const term &one : list)
		result.insert(result.end(), one.begin(), one.end());
	return result;
}

term integer(uint64_t value)
{
	constexpr struct {
		opcode op;
		unsigned width;
	} forms[] = { { op_byte, 1 }, { op_word, 2 }, { op_dword, 4 }, { op_qword, 8 } };

	if (value <= 1)
		return { value ? op_one : op_zero };
	for (const auto &form : forms) {
		if (form.width < 8 && value >> 8 * form.width)
			continue;
		term result{ form.op };

		add_le(result, value, form.width);
		return result;
	}
	return {};
}

term string(const std::string &value)
{
	return operation(op_string, { term(value.begin(), value.end()), { 0 } });
}

term buffer(const std::vector<uint8_t> &bytes)
{
	return operation(op_buffer, { with_length(join({ integer(bytes.size()), bytes })) });
}

// The first three groups are little-endian.
term uuid(const std::string &text)
{
	constexpr size_t order[] = { 6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34 };
	std::vector<uint8_t> bytes;

	for (size_t at : order)
		bytes.push_back(hex_byte(text, at));
	return buffer(bytes);
}

term package(const terms &elements)
{
	term content{ static_cast<uint8_t>(elements.size()) };
	const term rest = join(elements);

	if (elements.size() > 0xff)
		throw std::runtime_error("ACPI: an AML package has too many elements");
	content.insert(content.end(), rest.begin(), rest.end());
	return operation(op_package, { with_length(content) });
}

term path(const std::string &name)
{
	const bool absolute = name.compare(0, 1, "\\") == 0;
	std::vector<std::string> segments;
	term result;

	for (size_t at = absolute; at <= name.size();) {
		const size_t dot = std::min(name.find('.', at), name.size());

		segments.push_back(name.substr(at, dot - at));
		at = dot + 1;
	}
	if (absolute)
		result.push_back(op_root);
	if (segments.size() == 2)
		result.push_back(op_dual_name);
	if (segments.size() > 2) {
		result.push_back(op_multi_name);
		result.push_back(static_cast<uint8_t>(segments.size()));
	}
	for (const std::string &segment : segments)
		add_segment(result, segment);
	return result;
}

term scope(const std::string &name, const terms &body)
{
	return operation(op_scope, { with_length(join({ path(name), join(body) })) });
}

term device(const std::string &name, const terms &body)
{
	return operation(op_extended,
			 { { ext_device }, with_length(join({ path(name), join(body) })) });
}

term name(const std::string &name, const term &value)
{
	return operation(op_name, { path(name), value });
}

term method(const std::string &name, unsigned arguments, const terms &body)
{
	constexpr unsigned serialized = 0x08;
	const term flags{ static_cast<uint8_t>(serialized | arguments) };

	return operation(op_method, { with_length(join({ path(name), flags, join(body) })) });
}

term dword_field(const term &buffer, unsigned offset, const std::string &name)
{
	return operation(op_dword_field, { buffer, integer(offset), path(name) });
}

term argument(unsigned index)
{
	return { static_cast<uint8_t>(op_argument + index) };
}

term local(unsigned index)
{
	return { static_cast<uint8_t>(op_local + index) };
}

term call(const std::string &name, const terms &arguments)
{
	return join({ path(name), join(arguments) });
}

term equal(const term &a, const term &b)
{
	return operation(op_equal, { a, b });
}

term less(const term &a, const term &b)
{
	return operation(op_less, { a, b });
}

term both(const term &a, const term &b)
{
	return operation(op_both, { a, b });
}

term negated(const term &a)
{
	return operation(op_not, { a });
}

term bits_and(const term &a, const term &b, const term &target)
{
	return operation(op_and, { a, b, target });
}

term bits_or(const term &a, const term &b, const term &target)
{
	return operation(op_or, { a, b, target });
}

term store(const term &value, const term &target)
{
	return operation(op_store, { value, target });
}

term notify(const term &object, unsigned value)
{
	return operation(op_notify, { object, integer(value) });
}

term when(const term &condition, const terms &body)
{
	return operation(op_when, { with_length(join({ condition, join(body) })) });
}

term give_back(const term &value)
{
	return operation(op_return, { value });
}

resources &resources::memory32(const map_range &range)
{
	constexpr unsigned writable = 1;

	add_le(bytes_, 0x86, 1);
	add_le(bytes_, 9, 2);
	add_le(bytes_, writable, 1);
	add_le(bytes_, range.base, 4);
	add_le(bytes_, range.size, 4);
	return *this;
}

resources &resources::interrupt(uint32_t gsi, trigger kind)
{
	constexpr unsigned consumer = 1, edge = 2, count = 1;

	add_le(bytes_, 0x89, 1);
	add_le(bytes_, 6, 2);
	add_le(bytes_, consumer | (kind == trigger::edge ? edge : 0), 1);
	add_le(bytes_, count, 1);
	add_le(bytes_, gsi, 4);
	return *this;
}

resources &resources::buses(unsigned first, unsigned last)
{
	constexpr unsigned bus_type = 2;

	address_space(0x88, 2, bus_type, resource_use::producer,
		      { first, uint64_t{ last } - first + 1 });
	return *this;
}

resources &resources::dword_memory(const map_range &range)
{
	address_space(0x87, 4, 0, resource_use::producer, range);
	return *this;
}

resources &resources::qword_memory(const map_range &range, resource_use use)
{
	address_space(0x8a, 8, 0, use, range);
	return *this;
}

// Fixed at both ends, positively decoded; memory is read-write and not cacheable.
void resources::address_space(unsigned tag, unsigned width, unsigned type, resource_use use,
			      const map_range &range)
{
	constexpr unsigned fixed = 0x0c, writable = 1;
	const unsigned consumer = use == resource_use::consumer;

	add_le(bytes_, tag, 1);
	add_le(bytes_, 3 + 5 * width, 2);
	add_le(bytes_, type, 1);
	add_le(bytes_, fixed | consumer, 1);
	add_le(bytes_, type == 0 ? writable : 0, 1);
	add_le(bytes_, 0, width); // granularity
	add_le(bytes_, range.base, width);
	add_le(bytes_, range.end() - 1, width);
	add_le(bytes_, 0, width); // translation
	add_le(bytes_, range.size, width);
}

term resources::done() const
{
	std::vector<uint8_t> bytes = bytes_;

	add_le(bytes, 0x79, 1); // end
	add_le(bytes, 0, 1);    // no checksum
	return buffer(bytes);
}

} // namespace vcxl::aml
