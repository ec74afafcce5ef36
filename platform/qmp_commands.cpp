// SPDX-License-Identifier: Apache-2.0
//
// The QMP commands and their handlers; see qmp_commands.h.
#include "qmp_commands.h"

#include <cstring>

#include "qmp_cxl.h"
#include "qmp_dc.h"
#include "qmp_query.h"

namespace vcxl
{

namespace
{

constexpr char package[] = "vcxl " VCXL_VERSION;

// The version whose command language this is (docs/decisions.md).
json_ptr version()
{
	return json_ptr(json_pack("{s:{s:i,s:i,s:i},s:s}", "qemu", "micro", 0, "minor", 0, "major",
				  10, "package", package));
}

json_ptr negotiate(qmp_host &, const json_t *arguments)
{
	const json_t *wanted = json_object_get(arguments, "enable");

	if (json_array_size(wanted)) {
		const char *name = json_string_value(json_array_get(wanted, 0));

		throw qmp_error(name ? std::string("Capability '") + name + "' is not available"
				     : "Invalid parameter type for 'enable[0]', expected: string");
	}
	return nullptr;
}

// For commands that only ask the host for something, and return nothing.
template <void (qmp_host::*request)()> json_ptr just(qmp_host &host, const json_t *)
{
	(host.*request)();
	return nullptr;
}

json_ptr query_status(qmp_host &host, const json_t *)
{
	const char *status = host.status();

	return json_ptr(json_pack("{s:b,s:s}", "running", !std::strcmp(status, "running"), "status",
				  status));
}

json_ptr query_version(qmp_host &, const json_t *)
{
	return version();
}

json_ptr query_commands(qmp_host &, const json_t *)
{
	json_ptr names(json_array());

	for (const qmp_command &row : qmp_commands)
		json_array_append_new(names.get(), json_pack("{s:s}", "name", row.name));
	return names;
}

// Numbers and booleans may also be written as the command line does.
std::string word_of(const char *key, const json_t *value)
{
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_boolean(value))
		return json_is_true(value) ? "on" : "off";
	if (!json_is_integer(value))
		throw qmp_error(std::string("Invalid parameter type for '") + key +
				"', expected: string, integer or boolean");
	return std::to_string(json_integer_value(value));
}

template <void (qmp_host::*act)(const std::vector<key_value> &)>
json_ptr with_words(qmp_host &host, const json_t *arguments)
{
	std::vector<key_value> words;
	const char *key;
	json_t *value;

	json_object_foreach(const_cast<json_t *>(arguments), key, value)
	{
		words.push_back({ key, word_of(key, value) });
	}
	(host.*act)(words);
	return nullptr;
}

template <void (qmp_host::*act)(const std::string &)>
json_ptr with_id(qmp_host &host, const json_t *arguments)
{
	(host.*act)(json_string_value(json_object_get(arguments, "id")));
	return nullptr;
}

constexpr qmp_argument negotiate_arguments[] = { { "enable", qmp_type::array, true } };

constexpr qmp_argument id_arguments[] = { { "id", qmp_type::string, false } };
constexpr qmp_argument object_arguments[] = {
	{ "qom-type", qmp_type::string, false },
	{ "id", qmp_type::string, false },
};
constexpr qmp_argument device_arguments[] = {
	{ "driver", qmp_type::string, false },
	{ "bus", qmp_type::string, true },
	{ "id", qmp_type::string, true },
};

/* clang-format off */
constexpr qmp_command rows[] = {
	{ "qmp_capabilities", negotiate_arguments, negotiate,                  "ends the negotiation; the first command of each client" },
	{ "quit",             {}, just<&qmp_host::quit>,      "ends the run with status 0" },
	{ "stop",             {}, just<&qmp_host::stop>,      "simulated time stands still" },
	{ "cont",             {}, just<&qmp_host::cont>,      "and goes on" },
	{ "query-status",     {}, query_status,               "whether it runs" },
	{ "query-version",    {}, query_version,              "of vcxl, and the QEMU version whose language this is" },
	{ "query-commands",   {}, query_commands,             "this list" },
	{ "system_reset",     {}, just<&qmp_host::reset>,     "resets the machine" },
	{ "system_powerdown", {}, just<&qmp_host::powerdown>, "presses the power button; an error where the guest has no ACPI tables, which tell of it" },
	{ "object-add",       object_arguments, with_words<&qmp_host::object_add>, "makes a memory backend, as -object does", "properties of the type" },
	{ "object-del",       id_arguments, with_id<&qmp_host::object_del>,        "removes a memory backend that no device uses" },
	{ "device_add",       device_arguments, with_words<&qmp_host::device_add>, "plugs a cxl-type3 into an empty slot with hotplug=on, as -device does", "properties of the driver" },
	{ "device_del",       id_arguments, with_id<&qmp_host::device_del>,        "presses the attention button of a cxl-type3's slot; DEVICE_DELETED follows when the guest has given it free" },
	{ "query-cxl",        {}, query_cxl,                  "windows, ports, devices; decoders, capacities, event logs, poison" },
	{ "cxl-inject-general-media-event", general_media_arguments, inject_general_media_event, "logs a general media event" },
	{ "cxl-inject-dram-event",          dram_arguments,          inject_dram_event,          "logs a DRAM event" },
	{ "cxl-inject-memory-module-event", memory_module_arguments, inject_memory_module_event, "logs a memory module event" },
	{ "cxl-inject-poison",              poison_arguments,        inject_poison,              "poisons memory: accesses fail until it is written or cleared" },
	{ "cxl-inject-uncorrectable-errors", uncorrectable_arguments, inject_uncorrectable_errors, "records errors in the RAS capability and signals them by AER, as far as masks let them" },
	{ "cxl-inject-correctable-error",    correctable_arguments,   inject_correctable_error,    "the same for a correctable one" },
	{ "cxl-add-dynamic-capacity",     add_capacity_arguments,     add_capacity,     "offers extents to the host; `extents` for prescriptive, `length` for free and contiguous, `tag` alone for enable-shared-access" },
	{ "cxl-release-dynamic-capacity", release_capacity_arguments, release_capacity, "asks the host for extents, or takes them (forced-removal); `extents` for prescriptive, `tag` for tag-based" },
	{ "cxl-release-dynamic-capacity-status", release_status_arguments, release_capacity_status, "whether the host has given back all that has the tag" },
	{ "cxl-fm-command",               fm_command_arguments,       fm_command,       "a command of the fabric manager (5600h-5608h and its event log); payloads are hexadecimal digits, either way" },
	{ "query-cxl-dynamic-capacity",   query_capacity_arguments,   query_capacity,   "regions and extents, pending and accepted" },
};
/* clang-format on */

} // namespace

const table<qmp_command> qmp_commands = rows;

std::string qmp_greeting()
{
	const json_ptr greeting(
		json_pack("{s:{s:o,s:[]}}", "QMP", "version", version().release(), "capabilities"));
	const std::unique_ptr<char, decltype(&free)> text(json_dumps(greeting.get(), JSON_COMPACT),
							  free);

	return text.get();
}

} // namespace vcxl
