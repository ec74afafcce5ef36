// SPDX-License-Identifier: Apache-2.0
//
// Help texts and docs/options.md, made from the option table.
#include "option_parse.h"

#include "option_value.h"
#include "options.h"

#ifndef VCXL_VERSION
#error "VCXL_VERSION comes from the build"
#endif

namespace vcxl
{

namespace
{

constexpr size_t help_column = 34;

std::string pad(std::string text, size_t width)
{
	text.append(text.size() < width ? width - text.size() : 1, ' ');
	return text;
}

// What may be typed: on|off, 0..255, size, ...
std::string value_text(const property &p)
{
	switch (p.type) {
	case value_type::text:
		return "text";
	case value_type::flag:
		return p.min == p.max ? p.def : "on|off";
	case value_type::choice: {
		std::string choices = p.choices;
		for (char &c : choices)
			c = c == ' ' ? '|' : c;
		return choices;
	}
	case value_type::address:
		return "device[.0]";
	case value_type::number:
	case value_type::size:
	case value_type::mebibytes:
	case value_type::time:
		break;
	}
	if (p.max != UINT64_MAX)
		return format_value(p, p.min) + ".." + format_value(p, p.max);
	if (p.type == value_type::number)
		return "64-bit number";
	return p.min ? "size, at least " + format_size(p.min) : "size";
}

std::string default_text(const property &p)
{
	return p.required ? "required" : p.def ? p.def : "";
}

std::string dashes(const option_row &r)
{
	return r.own ? "--" : "-";
}

std::string option_words(const option_row &r)
{
	std::string words = dashes(r) + r.name;
	if (r.alias)
		words += std::string(", -") + r.alias;
	return r.argument ? words + ' ' + r.argument : words;
}

std::string refused_options()
{
	std::string list;
	for (const option_row &r : option_rows)
		if (r.kind == option_kind::refused)
			list += (list.empty() ? "-" : ", -") + std::string(r.name);
	return list;
}

std::string option_lines(bool own)
{
	std::string text;
	for (const option_row &r : option_rows) {
		if (r.kind == option_kind::refused || r.own != own)
			continue;
		const std::string words = option_words(r);
		text += words.size() < help_column ? pad(words, help_column)
						   : words + '\n' + std::string(help_column, ' ');
		text += std::string(r.help) + '\n';
	}
	return text;
}

std::string table_row(std::initializer_list<std::string> cells)
{
	std::string row = "|";
	for (const std::string &cell : cells) {
		std::string escaped;
		for (const char c : cell)
			escaped += c == '|' ? std::string("\\|") : std::string(1, c);
		row += ' ' + escaped + (cell.empty() ? "|" : " |");
	}
	return row + '\n';
}

std::string code(const std::string &text)
{
	return text.empty() ? "" : '`' + text + '`';
}

std::string markdown_options(bool own)
{
	std::string text = "| option | meaning |\n|---|---|\n";
	for (const option_row &r : option_rows)
		if (r.kind != option_kind::refused && r.own == own)
			text += table_row({ code(option_words(r)), r.help });
	return text;
}

std::string markdown_refused_properties(const object_type &type)
{
	std::string text;
	for (const property &p : type.properties)
		if (p.refused)
			text += (text.empty() ? "" : "; ") + code(p.name) + " (" + p.refused + ")";
	return text.empty() ? "" : "\nRefused: " + text + ".\n";
}

std::string markdown_type(const object_group &group, const object_type &type)
{
	std::string title = std::string("-") + group.option;
	if (group.typed)
		title += std::string(" ") + type.name;
	std::string text = "\n### `" + title + "`: " + type.help +
			   "\n\n| property | value | default | meaning |\n|---|---|---|---|\n";
	for (const property &p : type.properties)
		if (!p.refused)
			text += table_row({ code(p.name), value_text(p), default_text(p), p.help });
	return text + markdown_refused_properties(type);
}

std::string markdown_refused_types(const object_group &group)
{
	std::string text;
	for (const object_type &t : group.types)
		if (t.refused)
			text += (text.empty() ? "" : "; ") + code(t.name) + " (" + t.refused + ")";
	return text.empty()
		       ? ""
		       : std::string("\nRefused with `-") + group.option + "`: " + text + ".\n";
}

} // namespace

std::string known_types(const object_group &group)
{
	std::string list;
	for (const object_type &t : group.types)
		if (!t.refused)
			list += (list.empty() ? "" : ", ") + std::string(t.name);
	return list;
}

std::string known_properties(const object_type &type)
{
	std::string list;
	for (const property &p : type.properties)
		if (!p.refused)
			list += (list.empty() ? "" : ", ") + std::string(p.name);
	return list;
}

std::string version_text()
{
	return "vcxl " VCXL_VERSION "\n";
}

std::string help_text()
{
	return version_text() +
	       "usage: vcxl [option...]\n\n"
	       "Options of QEMU (one or two dashes):\n" +
	       option_lines(false) + "\nOwn options:\n" + option_lines(true) +
	       "\nKnown from QEMU and " + not_supported_yet + ": " + refused_options() + "\n";
}

std::string help_of(const object_group &group)
{
	std::string text;
	for (const object_type &t : group.types)
		if (!t.refused)
			text += pad(t.name, help_column) + t.help + '\n';
	return text;
}

std::string help_of(const object_group &group, const object_type &type)
{
	std::string text =
		(group.typed ? std::string(type.name) : '-' + std::string(group.option)) +
		" properties:\n";
	for (const property &p : type.properties) {
		std::string line =
			pad("  " + std::string(p.name) + "=<" + value_text(p) + ">", help_column);
		if (p.refused)
			line = pad("  " + std::string(p.name), help_column) +
			       "refused: " + p.refused;
		else
			line += p.help;
		if (p.required || p.def)
			line += p.required ? " (required)"
					   : " (default: " + std::string(p.def) + ")";
		text += line + '\n';
	}
	return text;
}

std::string options_markdown()
{
	std::string text =
		"<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
		"<!-- Printed by vcxl_gen_docs from platform/option_table.cpp and option_rows.cpp. "
		"-->\n"
		"# Options\n\n"
		"The command line is QEMU's: `-option` or `--option`; properties are `key=value` "
		"separated by commas,\n"
		"`,,` is a comma inside a value; sizes take K, M, G, T, P or E (powers of 1024), "
		"no "
		"fractions; numbers are\n"
		"decimal or 0x; flags are on or off (yes, no, true, false). Repeated `-M`, `-m` "
		"and "
		"`-smp` are merged, the\n"
		"last value counts. Nothing is created or written before all options are "
		"checked.\n\n"
		"## Options of QEMU\n\n" +
		markdown_options(false) + "\n## Own options (two dashes)\n\n" +
		markdown_options(true) + "\n## Objects and their properties\n";
	for (const object_group &group : object_groups)
		for (const object_type &type : group.types)
			if (!type.refused)
				text += markdown_type(group, type);
	text += "\n## Refused by name\n";
	for (const object_group &group : object_groups)
		text += markdown_refused_types(group);
	return text + "\nOptions: " + code(refused_options()) + ".\n";
}

} // namespace vcxl
