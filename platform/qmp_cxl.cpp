// SPDX-License-Identifier: Apache-2.0
//
// See qmp_cxl.h. Records go through the core's one event path, which gives them severity, handle
// and timestamp, counts what does not fit, and raises the interrupt.
#include "qmp_cxl.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <vcxl/le.h>
#include <vcxl/memdev.h>

#include "hex.h"
#include "machine.h"

namespace vcxl
{

namespace
{

constexpr size_t record_size = 0x80, data_at = 0x30;
constexpr uint64_t line = VCXL_LINE;
constexpr char peripherals[] = "/machine/peripheral/";

using wire_record = std::array<uint8_t, record_size>;

void put_number(wire_record &record, const event_field &field, size_t index, const json_t *value)
{
	const uint64_t number = static_cast<uint64_t>(json_integer_value(value));

	for (size_t b = 0; b < field.size; b++)
		record[field.at + index * field.size + b] = static_cast<uint8_t>(number >> 8 * b);
}

void put(wire_record &record, const event_field &field, const json_t *value)
{
	if (!value || json_is_false(value))
		return;
	if (json_is_string(value) && field.size)
		std::memcpy(&record[field.at], json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		put_number(record, field, 0, value);
	for (size_t i = 0; i < json_array_size(value); i++)
		put_number(record, field, i, json_array_get(value, i));
	if (field.valid)
		record[field.valid / 8] |= static_cast<uint8_t>(1 << field.valid % 8);
}

json_ptr inject(qmp_host &host, const json_t *arguments, const uuid &kind,
		const table<event_field> &fields)
{
	vcxl_memdev *const md = find_memdev(host, arguments);
	const int log = qmp_chosen(event_logs, json_object_get(arguments, "log"));
	wire_record wire{};
	vcxl_event_record record{};

	for (const table<event_field> &rows : { table<event_field>(common_fields), fields })
		for (const event_field &field : rows)
			put(wire, field, json_object_get(arguments, field.argument.name));
	std::copy(kind.begin(), kind.end(), record.uuid);
	record.flags = static_cast<uint32_t>(vcxl_load_le(&wire[0x11], 3));
	record.maintenance_class = wire[0x20];
	record.maintenance_subclass = wire[0x21];
	record.ld_id = static_cast<uint16_t>(vcxl_load_le(&wire[0x22], 2));
	record.head_id = wire[0x24];
	std::copy(wire.begin() + data_at, wire.end(), record.data);
	if (vcxl_event_inject(md, static_cast<vcxl_event_log>(log), &record) != VCXL_OK)
		throw qmp_error("The device has no such event log");
	return nullptr;
}

/* clang-format off */
constexpr uuid general_media = { 0xfb, 0xcd, 0x0a, 0x77, 0xc2, 0x60, 0x41, 0x7f, 0x85, 0xa9, 0x08, 0x8b, 0x16, 0x21, 0xeb, 0xa6 };
constexpr uuid dram          = { 0x60, 0x1d, 0xcb, 0xb3, 0x9c, 0x06, 0x4e, 0xab, 0xb8, 0xaf, 0x4e, 0x9b, 0xfb, 0x5c, 0x96, 0x24 };
constexpr uuid memory_module = { 0xfe, 0x92, 0x74, 0x75, 0xdd, 0x59, 0x43, 0x39, 0xa5, 0x86, 0x79, 0xba, 0xb1, 0x13, 0xb7, 0x74 };
/* clang-format on */

} // namespace

vcxl_memdev *find_memdev(qmp_host &host, const json_t *arguments, const char *any_error)
{
	const std::string path = json_string_value(json_object_get(arguments, "path"));
	const std::string id =
		path.rfind(peripherals, 0) == 0 ? path.substr(sizeof(peripherals) - 1) : path;
	const machine &m = host.description();
	bool found = false;

	for (size_t i = 0; i < m.nodes.size(); i++) {
		if (m.nodes[i].id != id)
			continue;
		if (m.nodes[i].kind == node_kind::memdev)
			return host.memdev(i);
		found = true;
	}
	for (const pci_function &f : m.functions)
		found = found || f.id == id;
	if (any_error)
		throw qmp_error(any_error);
	if (found)
		throw qmp_error("Path '" + path + "' does not point to a CXL type 3 device");
	throw qmp_error("Unable to resolve path '" + path + "'");
}

json_ptr inject_general_media_event(qmp_host &host, const json_t *arguments)
{
	return inject(host, arguments, general_media, general_media_fields);
}

json_ptr inject_dram_event(qmp_host &host, const json_t *arguments)
{
	return inject(host, arguments, dram, dram_fields);
}

json_ptr inject_memory_module_event(qmp_host &host, const json_t *arguments)
{
	return inject(host, arguments, memory_module, memory_module_fields);
}

json_ptr inject_poison(qmp_host &host, const json_t *arguments)
{
	const json_t *const start_value = json_object_get(arguments, "start");
	const uint64_t start = static_cast<uint64_t>(json_integer_value(start_value));
	const uint64_t length =
		static_cast<uint64_t>(json_integer_value(json_object_get(arguments, "length")));
	vcxl_memdev *md;

	if (length % line || !length)
		throw qmp_error("Poison injection must be in multiples of 64 bytes");
	if (start % line)
		throw qmp_error("Poison start address must be 64 byte aligned");
	md = find_memdev(host, arguments);
	switch (vcxl_memdev_poison(md, start, length, VCXL_POISON_INTERNAL)) {
	case VCXL_OK:
		return nullptr;
	case VCXL_E_CAPACITY:
		throw qmp_error("Poison range ends beyond the capacity of the device, " +
				std::to_string(vcxl_memdev_capacity(md)) + " bytes");
	case VCXL_E_NOMEM:
		throw qmp_error("The device cannot tell apart more poisoned ranges");
	default:
		throw qmp_error(
			"The memory is poisoned, but the state of the device could not be written");
	}
}

json_ptr inject_uncorrectable_errors(qmp_host &host, const json_t *arguments)
{
	const json_t *const given = json_object_get(arguments, "errors");
	std::vector<vcxl_ras_error> errors;

	if (!json_array_size(given))
		throw qmp_error("Parameter 'errors' is empty");
	for (size_t i = 0; i < json_array_size(given); i++) {
		const json_t *const one = json_array_get(given, i);
		const json_t *const header = json_object_get(one, "header");
		vcxl_ras_error error{};

		error.bit = static_cast<vcxl_ras_uncorrectable>(
			qmp_chosen(uncorrectable_errors, json_object_get(one, "type")));
		for (size_t d = 0; d < VCXL_RAS_HEADER_DWORDS && d < json_array_size(header); d++)
			error.header[d] = static_cast<uint32_t>(
				json_integer_value(json_array_get(header, d)));
		errors.push_back(error);
	}
	if (vcxl_memdev_uncorrectable_errors(find_memdev(host, arguments), errors.data(),
					     static_cast<unsigned>(errors.size())) != VCXL_OK)
		throw qmp_error("The device has no such error");
	return nullptr;
}

json_ptr inject_correctable_error(qmp_host &host, const json_t *arguments)
{
	const int bit = qmp_chosen(correctable_errors, json_object_get(arguments, "type"));

	if (vcxl_memdev_correctable_error(find_memdev(host, arguments),
					  static_cast<vcxl_ras_correctable>(bit)) != VCXL_OK)
		throw qmp_error("The device has no such error");
	return nullptr;
}

} // namespace vcxl
