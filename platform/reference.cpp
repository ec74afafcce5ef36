// SPDX-License-Identifier: Apache-2.0
//
// The core's tables as a document; see reference.h.
#include "reference.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

#include <vcxl/hdm.h>
#include <vcxl/mbox.h>
#include <vcxl/memdev.h>
#include <vcxl/port.h>
#include <vcxl/trace.h>

#include "qmp_commands.h"

namespace vcxl
{

namespace
{

std::string hex(uint64_t value, int digits = 1)
{
	char text[24];

	snprintf(text, sizeof(text), "%0*" PRIx64, digits, value);
	return text;
}

std::string commands(const char *title, const vcxl_cmd_set *sets)
{
	std::string out = std::string("## ") + title +
			  "\n\n| opcode | command | input bytes | effects (CEL) |\n"
			  "|---|---|---|---|\n";

	for (const vcxl_cmd_set *set = sets; set->n_rows; set++)
		for (unsigned i = 0; i < set->n_rows; i++) {
			const vcxl_cmd &c = set->rows[i];
			const std::string max =
				c.in_max == VCXL_CMD_ANY ? "payload" : std::to_string(c.in_max);
			const std::string range =
				c.in_min == c.in_max ? max : std::to_string(c.in_min) + "-" + max;

			out += "| " + hex(c.opcode, 4) + " | " + c.name + " | " + range + " | " +
			       hex(c.effects, 4) + " |\n";
		}
	return out;
}

std::string codes()
{
	std::string out = "\n## Return codes\n\n| code | meaning |\n|---|---|\n";

#define ROW(symbol, code, text) out += "| " + hex(code, 2) + " | " + (text) + " |\n";
	CXL_RETURN_CODES(ROW)
#undef ROW
	out += "\n## Why a decoder does not commit\n\nThe `error` field of the trace event "
	       "`hdm.commit`.\n\n| error | meaning |\n|---|---|\n";
#define ROW(symbol, text) out += "| " + std::to_string(symbol) + " | " + (text) + " |\n";
	VCXL_HDM_ERRORS(ROW)
#undef ROW
	return out;
}

std::string events()
{
	static const char *const units[] = {
		"hex", "dec", "ps", "R/W", "load/store/amo", "hex, symbol", "hex, name"
	};
	std::string out = "\n## Trace events\n\n| event | fields |\n|---|---|\n";

	for (const vcxl_trace_row &row : vcxl_trace_rows) {
		out += std::string("| ") + row.name + " |";
		for (unsigned i = 0; i < row.n_fields; i++)
			out += std::string(i ? ", " : " ") + row.fields[i].name + " (" +
			       units[row.fields[i].unit] + ")";
		out += " |\n";
	}
	return out;
}

std::string register_row(const vcxl_reg_table &table, const vcxl_reg &reg, uint32_t origin)
{
	const unsigned count = reg.count > 1 ? (table.count ? table.count : reg.count) : 1;
	std::string out = "| " + hex(origin + table.base + reg.offset, 3);

	if (count > 1)
		out += " + " + hex(reg.stride) + "n, n < " + std::to_string(count);
	return out + " | " + std::to_string(reg.width) + " | " + reg.name + " | " + hex(reg.rw) +
	       " | " + hex(reg.w1c) + " | " + (reg.sticky ? "yes" : "") + " |\n";
}

std::string block(const std::string &title, const vcxl_block *b, uint32_t origin)
{
	if (!b || !b->n_tables)
		return "";
	std::vector<const vcxl_reg_table *> tables;

	for (unsigned t = 0; t < b->n_tables; t++)
		tables.push_back(&b->tables[t]);
	std::sort(
		tables.begin(), tables.end(),
		[](const vcxl_reg_table *x, const vcxl_reg_table *y) { return x->base < y->base; });
	std::string out =
		"\n### " + title +
		"\n\n| offset | bytes | register | writable | write 1 to clear | sticky |\n"
		"|---|---|---|---|---|---|\n";
	for (const vcxl_reg_table *t : tables)
		for (unsigned i = 0; i < t->n_rows; i++)
			out += register_row(*t, t->rows[i], origin);
	return out;
}

std::string port_registers(vcxl_port_kind kind, const std::string &title)
{
	vcxl_port_config config{};
	vcxl_port *port = nullptr;

	config.kind = kind;
	config.hdm = kind == VCXL_PORT_HOST_BRIDGE || kind == VCXL_PORT_UPSTREAM;
	config.hotplug = kind == VCXL_PORT_ROOT || kind == VCXL_PORT_DOWNSTREAM;
	config.serial = 1;
	if (vcxl_port_create(&config, nullptr, &port) != VCXL_OK)
		throw std::runtime_error("cannot create " + title);
	const std::string out = block(title + ": configuration space",
				      vcxl_port_block(port, VCXL_SPACE_CONFIG), 0) +
				block(title + ": component registers",
				      vcxl_port_block(port, VCXL_SPACE_COMPONENT), 0x1000);
	vcxl_port_destroy(port);
	return out;
}

// A device with both partitions and label storage, so that every optional register is there.
std::string memdev_registers()
{
	static uint8_t nothing; // the media are never accessed
	vcxl_memdev_config config{};
	vcxl_memdev *md = nullptr;

	for (vcxl_media *media : { &config.media[VCXL_PARTITION_VOLATILE],
				   &config.media[VCXL_PARTITION_PERSISTENT], &config.lsa }) {
		media->size = 256 << 20;
		media->direct = &nothing;
	}
	config.serial = 1;
	if (vcxl_memdev_create(&config, nullptr, &md) != VCXL_OK)
		throw std::runtime_error("cannot create a memory device");
	const std::string out = block("Type-3 device: configuration space",
				      vcxl_memdev_block(md, VCXL_SPACE_CONFIG), 0) +
				block("Type-3 device: component registers",
				      vcxl_memdev_block(md, VCXL_SPACE_COMPONENT), 0x1000) +
				block("Type-3 device: device registers",
				      vcxl_memdev_block(md, VCXL_SPACE_DEVICE), 0);
	vcxl_memdev_destroy(md);
	return out;
}

std::string argument_type(const qmp_argument &a)
{
	std::string names;

	for (const qmp_choice &c : a.choices)
		names += (names.empty() ? "" : " ") + std::string(c.name);
	return names.empty() ? qmp_type_name(a.type) : names;
}

std::string monitor_commands()
{
	std::string out =
		"\n## QMP commands\n\n| command | arguments | what it does |\n|---|---|---|\n";

	for (const qmp_command &row : qmp_commands) {
		std::string arguments;

		for (const qmp_argument &a : row.arguments)
			arguments += (arguments.empty() ? "" : ", ") + std::string(a.name) + " (" +
				     argument_type(a) + (a.optional ? ", optional)" : ")");
		if (row.others)
			arguments += std::string(", ") + row.others;
		out += std::string("| ") + row.name + " | " + arguments + " | " + row.help + " |\n";
	}
	return out;
}

} // namespace

std::string reference_markdown()
{
	return "# Reference\n\nPrinted from the tables of the core and of the monitor by "
	       "`vcxl_gen_docs reference`; a "
	       "test compares it.\nNumbers are hexadecimal unless a unit says otherwise.\n\n" +
	       commands("Mailbox commands", vcxl_primary_mailbox_sets()) + "\n" +
	       commands("Commands of the fabric manager", vcxl_fm_command_sets()) + codes() +
	       events() + monitor_commands() + "\n## Registers\n" +
	       port_registers(VCXL_PORT_HOST_BRIDGE, "Host bridge") +
	       port_registers(VCXL_PORT_ROOT, "Root port") +
	       port_registers(VCXL_PORT_UPSTREAM, "Switch upstream port") +
	       port_registers(VCXL_PORT_DOWNSTREAM, "Switch downstream port") + memdev_registers();
}

std::string commands_markdown()
{
	std::string out = "## Mailbox commands\n\nEach has good calls, lengths, errors, background "
			  "rules and its "
			  "place in the CEL tested in tests/core;\nin `command_table` one that "
			  "loses its handler is "
			  "noticed.\n\n| opcode | command | proved by |\n|---|---|---|\n";

	for (const vcxl_cmd_set *set = vcxl_primary_mailbox_sets(); set->n_rows; set++)
		for (unsigned i = 0; i < set->n_rows; i++) {
			const vcxl_cmd &c = set->rows[i];

			out += "| " + hex(c.opcode, 4) + " | " + c.name +
			       (c.flags & VCXL_CMD_NEEDS_DC ? " | test_dc.cpp |\n"
							    : " | `command_table` |\n");
		}
	return out;
}

} // namespace vcxl
