// SPDX-License-Identifier: Apache-2.0
//
// Words of the command line -> items with checked values, in QEMU's syntax: -option or --option,
// key=value pairs separated by commas, ",," for a comma, and the implied key of the first word.
// QEMU's JSON form of -object and -device is left out.
#include "option_parse.h"

#include <algorithm>
#include <map>
#include <set>

#include "option_value.h"
#include "options.h"
#include "socket_address.h"

namespace vcxl
{

namespace
{

constexpr uint64_t min_quantum_ps = 1'000, max_quantum_ps = 1'000'000'000'000;

struct split_result {
	std::vector<key_value> pairs;
	bool help = false;
};

// One element up to a single comma; ",," stands for a comma.
std::string next_element(const std::string &text, size_t &pos)
{
	std::string element;
	while (pos < text.size()) {
		const char c = text[pos++];
		if (c == ',' && (pos >= text.size() || text[pos] != ','))
			break;
		if (c == ',')
			pos++;
		element += c;
	}
	return element;
}

split_result split(const std::string &text, const object_group &group, const std::string &arg)
{
	split_result result;
	if (text.empty())
		fail(arg, "is empty");
	if (text[0] == '{')
		fail(arg, std::string("JSON is ") + not_supported_yet);
	for (size_t pos = 0; pos < text.size();) {
		const bool first = pos == 0;
		const std::string element = next_element(text, pos);
		const size_t equals = element.find('=');
		if (element == "help" || element == "?")
			result.help = true;
		else if (equals != std::string::npos && equals != 0)
			result.pairs.push_back(
				{ element.substr(0, equals), element.substr(equals + 1) });
		else if (first && equals != 0 && !element.empty())
			result.pairs.push_back({ group.implied, element });
		else if (element.empty() || equals == 0)
			fail(arg, "a property name is missing before '" +
					  (element.empty() ? "," : element) + "'");
		else
			fail(arg, "Expected '=' after parameter '" + element + "'");
	}
	return result;
}

const std::string *value_of(const std::vector<key_value> &pairs, const std::string &key)
{
	for (const key_value &pair : pairs)
		if (pair.key == key)
			return &pair.value;
	return nullptr;
}

const object_type &selected_type(const object_group &group, const std::vector<key_value> &pairs,
				 const std::string &arg)
{
	if (!group.typed)
		return *group.types.rows;
	const std::string *name = value_of(pairs, group.implied);
	if (!name)
		fail(arg, std::string("Parameter '") + group.implied + "' is missing");
	const object_type *type = find_type(group, *name);
	const std::string what = std::string(group.noun) + " '" + *name + "' ";
	if (!type)
		fail(arg, what + "is not known; known: " + known_types(group));
	if (type->refused)
		fail(arg, what + "is refused: " + type->refused);
	return *type;
}

void check_id(const setting &s)
{
	const std::string &id = s.text;
	const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
	bool good = !id.empty() && letter(id[0]);
	for (const char c : id)
		good = good &&
		       (letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_');
	if (!good)
		fail(s.arg, "Parameter 'id' expects an identifier, not '" + id + "'");
}

setting make_setting(const object_type &type, const key_value &pair, const std::string &arg)
{
	const property *row = find_property(type, pair.key);
	const std::string what = "property '" + pair.key + "'";
	if (!row)
		fail(arg, what + " is not known; known: " + known_properties(type));
	if (row->refused)
		fail(arg, what + ": " + row->refused);
	setting s{ row, pair.key, pair.value, 0, arg };
	s.number = check_value(*row, pair.key, pair.value, arg);
	if (pair.key == "id")
		check_id(s);
	return s;
}

void add_settings(item &to, const object_group &group, const std::vector<key_value> &pairs,
		  const std::string &arg)
{
	std::vector<setting> fresh;
	for (const key_value &pair : pairs) {
		if (group.typed && pair.key == group.implied) {
			if (&pair.value != value_of(pairs, pair.key))
				fail(arg, "property '" + pair.key + "' is given twice");
			continue;
		}
		for (const setting &s : fresh)
			if (s.key == pair.key)
				fail(arg, "property '" + pair.key + "' is given twice");
		fresh.push_back(make_setting(*to.type, pair, arg));
	}
	// -M, -m and -smp may be repeated; as in QEMU the last value counts
	for (const setting &s : fresh) {
		const auto same = [&](const setting &old) { return old.key == s.key; };
		const auto old = std::find_if(to.settings.begin(), to.settings.end(), same);
		if (old != to.settings.end())
			*old = s;
		else
			to.settings.push_back(s);
	}
	for (const property &row : to.type->properties)
		if (row.required && !to.given(row.name))
			fail(arg, std::string("Parameter '") + row.name + "' is missing");
}

void add_group(command_line &line, const option_row &row, const std::string &text,
	       const std::string &arg)
{
	const object_group &group = *find_group(row.name);
	const split_result words = split(text, group, arg);
	if (!words.help)
		return add_pairs(line, group, words.pairs, arg);
	line.help = true;
	if (!group.typed)
		line.help_text = help_of(group, *group.types.rows);
	else if (words.pairs.empty())
		line.help_text = help_of(group);
	else
		line.help_text = help_of(group, selected_type(group, words.pairs, arg));
}

// A socket and the words it was given with.
struct socket_use {
	std::string arg;
	socket_address address;
};

struct word_state {
	command_line line;
	bool serial_given = false, no_defaults = false;
	std::string serial_chardev, serial_arg;    // -serial chardev:ID
	std::map<std::string, std::string> typed;  // by name of the option
	std::map<std::string, socket_use> sockets; // by name of the option, or argument of a device
};

socket_address check_socket(const std::string &text, const std::string &arg)
{
	socket_address address;
	const std::string why = parse_socket_address(text, address);
	if (!why.empty())
		fail(arg, why);
	return address;
}

// Only the default, which is mon:stdio, and mon:stdio itself know escapes: QEMU's rule.
console_end console_at(word_state &state, const std::string &option, const std::string &text,
		       const std::string &arg)
{
	const std::string file = "file:";
	console_end end;
	end.option = option;
	end.escapes = text == "mon:stdio";
	if (text == "stdio" || text == "mon:stdio") {
		end.kind = serial_kind::stdio;
	} else if (text == "null") {
		end.kind = serial_kind::null;
	} else if (text.compare(0, file.size(), file) == 0) {
		end.kind = serial_kind::file;
		end.path = text.substr(file.size());
		check_output_file(end.path, arg);
	} else if (names_socket(text)) {
		end.kind = serial_kind::socket;
		end.path = text;
		state.sockets[option] = { arg, check_socket(text, arg) };
	} else {
		fail(arg, "'" + text +
				  "' is not supported; known: stdio, mon:stdio, null, file:PATH, "
				  "unix:PATH, tcp:[HOST]:PORT, chardev:ID");
	}
	return end;
}

void set_serial(word_state &state, const std::string &text, const std::string &arg)
{
	state.line.config.serial = console_at(state, "-serial", text, arg);
}

void set_monitor(word_state &state, const std::string &text, const std::string &arg)
{
	machine &m = state.line.config;
	if (!m.qmp.empty())
		fail(arg, std::string("a second monitor is ") + not_supported_yet);
	state.sockets["mon"] = { arg, check_socket(text, arg) };
	m.qmp = text;
}

// The last one counts.
void set_gdb(word_state &state, const std::string &text, const std::string &arg)
{
	machine &m = state.line.config;
	socket_address address;
	state.sockets.erase("gdb");
	m.gdb = text == "none" ? "" : text;
	if (m.gdb.empty())
		return;
	const std::string why = parse_gdb_address(text, address);
	if (!why.empty())
		fail(arg, why);
	state.sockets["gdb"] = { arg, address };
}

bool same_path(const socket_address &a, const socket_address &b)
{
	return a.local && b.local && canonical(a.path) == canonical(b.path);
}

// Who listens would take the socket away from the other, or wait for itself.
void check_sockets(const word_state &state)
{
	for (auto a = state.sockets.begin(); a != state.sockets.end(); ++a)
		for (auto b = std::next(a); b != state.sockets.end(); ++b)
			if (same_path(a->second.address, b->second.address) &&
			    (a->second.address.server || b->second.address.server))
				fail(b->second.arg, "'" + b->second.address.path +
							    "' is the socket of " + a->second.arg);
}

// What follows the last '@' is an offset unless the whole is a file.
void add_symbols(machine &m, const std::string &text, const std::string &arg)
{
	const size_t at = text.rfind('@');
	symbol_file file{ text, 0 };
	if (at != std::string::npos && !look_at(text).exists) {
		const std::string offset = text.substr(at + 1);
		file.path = text.substr(0, at);
		if (const char *why = parse_number(offset, file.offset))
			fail(arg, "'" + offset + "' " + why);
	}
	check_input_file(file.path, arg);
	m.symbol_files.push_back(file);
}

uint64_t time_argument(const std::string &text, const std::string &arg)
{
	uint64_t ps = 0;
	if (const char *why = parse_time(text, ps))
		fail(arg, "'" + text + "' " + why);
	if (ps < min_quantum_ps || ps > max_quantum_ps)
		fail(arg, "the time is not in 1ns..1000ms");
	return ps;
}

uint64_t number_argument(const std::string &text, const std::string &arg, uint64_t least)
{
	uint64_t number = 0;
	if (const char *why = parse_number(text, number))
		fail(arg, "'" + text + "' " + why);
	if (number < least)
		fail(arg, "must be at least " + std::to_string(least));
	return number;
}

// Options that mean nothing without another.
constexpr struct {
	const char *name;
	std::string machine::*needed;
	const char *needed_name;
} dependents[] = {
	{ "trace-format", &machine::trace_path, "--trace" },
	{ "trace-events", &machine::trace_path, "--trace" },
	{ "profile-interval", &machine::profile_path, "--profile" },
};

void add_serial(word_state &state, const std::string &text, const std::string &arg)
{
	const std::string prefix = "chardev:";
	if (text.compare(0, prefix.size(), prefix) != 0 || text.size() == prefix.size())
		return set_serial(state, text, arg);
	state.serial_chardev = text.substr(prefix.size());
	state.serial_arg = arg;
}

void apply_stored(word_state &state, const option_row &row, const std::string &text,
		  const std::string &arg)
{
	machine &m = state.line.config;
	const bool none =
		row.kind == option_kind::input_file && row.text == &machine::bios && text == "none";
	if (text.empty() && row.kind != option_kind::text)
		fail(arg, "is empty");
	if (row.kind == option_kind::choice && !has_word(row.choices, text))
		fail(arg, "'" + text + "' is not supported; known: " + comma_list(row.choices));
	if (row.kind == option_kind::input_file && !none)
		check_input_file(text, arg);
	const bool standard_output = row.text == &machine::trace_path && text == "-";
	if (row.kind == option_kind::output_file && text == "-" && !standard_output)
		fail(arg, "only --trace can write to standard output");
	if (row.kind == option_kind::output_file && !standard_output)
		check_output_file(text, arg);
	if (row.kind == option_kind::output_folder)
		check_output_folder(text, arg);
	if (row.kind == option_kind::file_text)
		state.line.read_files.emplace_back(arg, text);
	if (row.text)
		m.*row.text = row.kind == option_kind::file_text ? read_file(text, arg) : text;
}

void apply(word_state &state, const option_row &row, const std::string &text,
	   const std::string &arg)
{
	command_line &line = state.line;
	machine &m = line.config;
	state.typed[row.name] = arg;
	switch (row.kind) {
	case option_kind::group:
		return add_group(line, row, text, arg);
	case option_kind::text:
	case option_kind::choice:
	case option_kind::input_file:
	case option_kind::output_file:
	case option_kind::output_folder:
	case option_kind::file_text:
		return apply_stored(state, row, text, arg);
	case option_kind::flag:
		if (row.on)
			m.*row.on = true;
		return;
	case option_kind::time:
		m.*row.number = time_argument(text, arg);
		return;
	case option_kind::count:
	case option_kind::number:
		m.*row.number = number_argument(text, arg, row.kind == option_kind::count);
		return;
	case option_kind::serial:
		if (state.serial_given)
			fail(arg, std::string("a second serial port is ") + not_supported_yet);
		state.serial_given = true;
		return add_serial(state, text, arg);
	case option_kind::gdb_server:
		return set_gdb(state, row.argument ? text : "tcp::1234", arg);
	case option_kind::symbols:
		return add_symbols(m, text, arg);
	case option_kind::monitor:
		return set_monitor(state, text, arg);
	case option_kind::no_defaults:
		state.no_defaults = true;
		return;
	case option_kind::read_config:
		line.read_files.emplace_back(arg, text);
		return read_config(line, text, arg);
	case option_kind::help:
	case option_kind::version:
		line.help = true;
		line.help_text = row.kind == option_kind::help ? help_text() : version_text();
		return;
	case option_kind::refused:
		fail(arg, std::string(not_supported_yet) + row.help);
	}
}

// The character device of that name, as -serial or -qmp says it. Each has one user.
std::string take_chardev(std::vector<const item *> &unused, const std::string &id,
			 const std::string &arg)
{
	const auto named = [&](const item *c) { return c->text("id") == id; };
	const auto found = std::find_if(unused.begin(), unused.end(), named);
	if (found == unused.end())
		fail(arg, "there is no chardev '" + id + "', or it is already used");
	const std::string text = chardev_text(**found);
	unused.erase(found);
	return text;
}

// After all words, because a -chardev may stand behind its user.
void connect_chardevs(word_state &state)
{
	std::vector<const item *> unused;
	std::set<std::string> ids;
	for (const item &chardev : state.line.chardevs) {
		if (!ids.insert(chardev.text("id")).second)
			fail(chardev.arg, "Duplicate ID '" + chardev.text("id") + "' for chardev");
		unused.push_back(&chardev);
	}
	if (!state.serial_chardev.empty())
		set_serial(state, take_chardev(unused, state.serial_chardev, state.serial_arg),
			   state.serial_arg);
	for (const item &monitor : state.line.monitors)
		set_monitor(state, take_chardev(unused, monitor.text("chardev"), monitor.arg),
			    monitor.arg);
	for (const item &device : state.line.devices)
		if (device.type->name == std::string("virtconsole"))
			state.line.consoles.push_back(
				console_at(state, device.arg,
					   take_chardev(unused, device.text("chardev"), device.arg),
					   device.arg));
	if (!unused.empty())
		fail(unused.front()->arg, "no -serial, -mon or virtconsole uses it");
}

// One reader and writer: what is typed cannot go to two.
void check_standard_input(const machine &m, const std::vector<console_end> &consoles)
{
	const console_end *first = m.serial.kind == serial_kind::stdio ? &m.serial : nullptr;
	for (const console_end &end : consoles) {
		if (end.kind != serial_kind::stdio)
			continue;
		if (first)
			fail(end.option, "stdio is already used by " + first->option +
						 (first == &m.serial ? ", whose default it is; "
								       "-serial null frees it"
								     : ""));
		first = &end;
	}
}

// Rules among options that have no properties.
void finish(word_state &state)
{
	machine &m = state.line.config;
	connect_chardevs(state);
	check_sockets(state);
	if (state.no_defaults && !state.serial_given)
		m.serial.kind = serial_kind::null;
	check_standard_input(m, state.line.consoles);
	if (m.kernel.empty() && !m.initrd.empty())
		fail("-initrd " + m.initrd, "only allowed with -kernel option");
	if (m.kernel.empty() && !m.append.empty())
		fail("-append " + m.append, "only allowed with -kernel option");
	for (const auto &d : dependents)
		if (state.typed.count(d.name) && (m.*d.needed).empty())
			fail(state.typed[d.name],
			     std::string("only allowed with ") + d.needed_name);
	if (m.start_stopped && m.gdb.empty() && m.qmp.empty())
		fail("-S", "only allowed with -s, -gdb or -qmp");
	if (m.trace_format.empty())
		m.trace_format = "text";
}

} // namespace

const setting *item::find(const std::string &name) const
{
	for (const setting &s : settings)
		if (s.key == name)
			return &s;
	return nullptr;
}

std::string item::text(const std::string &name) const
{
	if (const setting *s = find(name))
		return s->text;
	const property *row = find_property(*type, name);
	return row->def ? row->def : "";
}

uint64_t item::number(const std::string &name) const
{
	if (const setting *s = find(name))
		return s->number;
	const property *row = find_property(*type, name);
	return row->def ? check_value(*row, name, row->def, arg) : 0;
}

void add_pairs(command_line &line, const object_group &group, const std::vector<key_value> &pairs,
	       const std::string &arg)
{
	item fresh;
	fresh.type = &selected_type(group, pairs, arg);
	fresh.arg = arg;
	item *to = &fresh;
	if (&group == &machine_group())
		to = &line.machine_item;
	else if (&group == &memory_group())
		to = &line.memory_item;
	else if (&group == &smp_group())
		to = &line.smp_item;
	to->arg = arg;
	add_settings(*to, group, pairs, arg);
	if (&group == &backend_group())
		line.objects.push_back(fresh);
	else if (&group == &device_group())
		line.devices.push_back(fresh);
	else if (&group == &chardev_group())
		line.chardevs.push_back(fresh);
	else if (&group == &monitor_group())
		line.monitors.push_back(fresh);
	else if (&group == &drive_group())
		line.drives.push_back(fresh);
}

command_line parse_words(int argc, const char *const argv[])
{
	word_state state;
	state.line.machine_item.type = machine_group().types.rows;
	state.line.memory_item.type = memory_group().types.rows;
	state.line.smp_item.type = smp_group().types.rows;
	for (int i = 1; i < argc; i++) {
		const std::string word = argv[i];
		if (word.empty() || word[0] != '-' || word == "-" || word == "--")
			fail("'" + word + "'",
			     std::string("is not an option; disk images are ") + not_supported_yet);
		const option_row *row = find_option(word);
		if (!row)
			fail(word, "unknown option; --help lists what is known");
		std::string text, arg = word;
		if (row->argument) {
			if (++i == argc)
				fail(word, "requires an argument");
			text = argv[i];
			arg += ' ' + text;
		}
		apply(state, *row, text, arg);
		if (state.line.help)
			return state.line;
	}
	finish(state);
	return state.line;
}

} // namespace vcxl
