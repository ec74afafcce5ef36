// SPDX-License-Identifier: Apache-2.0
//
// Items -> machine: backends, RAM, harts and fixed memory windows (CXL r3.1 9.18.1.3), with the
// checks of values against one another. The CXL hierarchy is in option_topology.cpp.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <map>

#include <vcxl/route.h>

#include "hex.h"
#include "memory_map.h"
#include "option_parse.h"
#include "option_value.h"

namespace vcxl
{

namespace
{

constexpr uint64_t page_size = 4096;
constexpr uint64_t ram_align = 2 << 20;
constexpr char window_prefix[] = "cxl-fmw.";
constexpr uint64_t max_windows = 256;

struct backend_row {
	const char *name;
	backend_kind kind;
};

constexpr backend_row backend_rows[] = {
	{ "memory-backend-ram", backend_kind::ram },
	{ "memory-backend-file", backend_kind::file },
	{ "memory-backend-memfd", backend_kind::memfd },
};

void check_backend_file(const backend &b, const std::string &arg)
{
	const std::string path = "property 'mem-path': '" + b.path + "' ";
	const file_state file = look_at(b.path);
	if (b.offset % page_size != 0)
		fail(arg, "property 'offset': is not a multiple of 4K");
	if (b.readonly && b.share)
		fail(arg, "property 'readonly': a read-only file needs share=off");
	if (file.exists && !file.regular)
		fail(arg, path + "is not a regular file");
	if (!file.exists && b.readonly)
		fail(arg, path + "does not exist");
	if (!file.exists && !file.writable)
		fail(arg, path + "cannot be created: no such directory, or it is not writable");
	if (file.exists && !file.readable)
		fail(arg, path + "cannot be read");
	if (file.exists && !b.readonly && !file.writable)
		fail(arg, path + "cannot be written; readonly=on opens it read-only");
	if (b.readonly && file.size < b.offset + b.size)
		fail(arg, path + "is smaller than offset + size and read-only");
}

std::string tag_of(const item &object)
{
	const std::string typed = object.text("tag");
	uuid tag{};

	if (!object.given("tag"))
		return "";
	if (!parse_uuid(typed, tag))
		fail(object.arg, "property 'tag': '" + typed + "' is not a UUID");
	if (tag == uuid{})
		fail(object.arg, "property 'tag': the nil UUID stands for no tag");
	return format_uuid(tag);
}

backend make_backend(const item &object)
{
	backend b;
	for (const backend_row &row : backend_rows)
		if (std::string(object.type->name) == row.name)
			b.kind = row.kind;
	b.id = object.text("id");
	b.size = object.number("size");
	b.share = object.number("share") != 0;
	b.tag = tag_of(object);
	if (b.kind != backend_kind::file)
		return b;
	b.path = object.text("mem-path");
	b.offset = object.number("offset");
	b.readonly = object.number("readonly") != 0;
	b.pmem = object.number("pmem") != 0;
	check_backend_file(b, object.arg);
	return b;
}

void build_backends(const command_line &line, machine &m)
{
	for (const item &object : line.objects) {
		const std::string id = object.text("id");
		for (const backend &b : m.backends)
			if (b.id == id)
				fail(object.arg, "Duplicate ID '" + id + "' for object");
		const backend made = make_backend(object);
		for (const backend &b : m.backends)
			if (!made.tag.empty() && b.tag == made.tag)
				fail(object.arg, "property 'tag': is that of '" + b.id + "'");
		m.backends.push_back(made);
	}
}

void build_memory(const command_line &line, machine &m)
{
	const item &memory = line.memory_item;
	m.ram_size = memory.number("size");
	m.max_ram_size = memory.number("maxmem");
	if (m.ram_size % ram_align != 0)
		fail(memory.arg, "property 'size': is not a multiple of 2M");
	if (memory.given("slots") && !memory.given("maxmem"))
		fail(memory.arg, "property 'slots': missing 'maxmem' option");
	if (memory.given("maxmem") && m.max_ram_size < m.ram_size)
		fail(memory.arg,
		     "property 'maxmem': is smaller than the RAM, " + format_size(m.ram_size));
	layout unused;
	const char *error = nullptr;
	machine ram_only;
	ram_only.ram_size = m.ram_size;
	ram_only.max_ram_size = m.max_ram_size;
	if (!lay_out(ram_only, unused, &error))
		fail(memory.arg, error);
}

void build_harts(const command_line &line, machine &m)
{
	const item &smp = line.smp_item;
	m.harts = static_cast<unsigned>(smp.number("cpus"));
	if (smp.given("maxcpus") && smp.number("maxcpus") != m.harts)
		fail(smp.arg, "property 'maxcpus': harts cannot be added, it must equal cpus");
}

// What was said about one window, before it is known to be complete.
struct window_words {
	const setting *any = nullptr;
	const setting *size = nullptr, *granularity = nullptr, *arithmetic = nullptr;
	std::map<uint64_t, const setting *> targets, xor_maps;
};

// Reads the index at pos, which the table guarantees to be digits, and moves behind it.
uint64_t take_index(const setting &s, size_t &pos)
{
	const size_t end = std::min(s.key.find('.', pos), s.key.size());
	const std::string digits = s.key.substr(pos, end - pos);
	uint64_t index = 0;
	if (parse_number(digits, index) || index >= max_windows)
		fail(s.arg, "property '" + s.key + "': '" + digits + "' is not an index in 0.." +
				    std::to_string(max_windows - 1));
	pos = end + 1;
	return index;
}

std::map<uint64_t, window_words> collect_windows(const item &machine_item)
{
	std::map<uint64_t, window_words> windows;
	for (const setting &s : machine_item.settings) {
		size_t pos = sizeof(window_prefix) - 1;
		if (s.key.compare(0, pos, window_prefix) != 0)
			continue;
		window_words &w = windows[take_index(s, pos)];
		w.any = w.any ? w.any : &s;
		const std::string rest = s.key.substr(pos);
		if (rest == "size") {
			w.size = &s;
		} else if (rest == "interleave-granularity") {
			w.granularity = &s;
		} else if (rest == "interleave-arithmetic") {
			w.arithmetic = &s;
		} else {
			pos = s.key.rfind('.') + 1;
			(rest[0] == 't' ? w.targets : w.xor_maps)[take_index(s, pos)] = &s;
		}
	}
	return windows;
}

int find_target(const machine &m, const setting &s)
{
	for (size_t i = 0; i < m.nodes.size(); i++) {
		if (m.nodes[i].id != s.text)
			continue;
		if (m.nodes[i].kind != node_kind::host_bridge)
			fail(s.arg, "property '" + s.key + "': '" + s.text + "' is not a pxb-cxl");
		return static_cast<int>(i);
	}
	fail(s.arg, "property '" + s.key + "': Could not find pxb-cxl '" + s.text + "'");
}

void set_targets(const window_words &words, const machine &m, window &w, const std::string &name)
{
	uint64_t expected = 0;
	for (const auto &[index, s] : words.targets) {
		if (index != expected)
			fail(s->arg, "Parameter '" + name + ".targets." + std::to_string(expected) +
					     "' is missing");
		expected++;
		const int target = find_target(m, *s);
		if (std::find(w.targets.begin(), w.targets.end(), target) != w.targets.end())
			fail(s->arg, "property '" + s->key + "': '" + s->text +
					     "' is already a target of this window");
		w.targets.push_back(target);
	}
	if (w.targets.empty())
		fail(words.any->arg, "Parameter '" + name + ".targets.0' is missing");
	if (!has_word("1 2 3 4 6 8 12 16", std::to_string(w.targets.size())))
		fail(words.any->arg, "property '" + name +
					     ".targets': " + std::to_string(w.targets.size()) +
					     " targets; known: 1, 2, 3, 4, 6, 8, 12, 16");
}

std::string hex_number(uint64_t value)
{
	char text[19];

	std::snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return text;
}

// The maps of a window that is complete, and those of windows before it.
void check_maps(const window_words &words, const machine &m, const window &w,
		const std::string &name)
{
	vcxl_interleave interleave{};
	vcxl_xor arithmetic{};

	vcxl_interleave_make(static_cast<unsigned>(w.targets.size()), w.granularity, &interleave);
	for (uint64_t map : w.xor_maps) {
		const uint64_t bit = uint64_t{ w.granularity } << arithmetic.n;

		if ((map & -map) != bit)
			fail(words.xor_maps.at(arithmetic.n)->arg,
			     "property '" + words.xor_maps.at(arithmetic.n)->key +
				     "': the lowest set bit has to be " + hex_number(bit));
		arithmetic.map[arithmetic.n++] = map;
	}
	if (!vcxl_xor_possible(&arithmetic, interleave))
		fail(words.any->arg,
		     "property '" + name + ".xor-maps': applied twice the maps change an address");
	for (const window &other : m.windows)
		for (size_t i = 0; other.granularity == w.granularity &&
				   i < std::min(other.xor_maps.size(), w.xor_maps.size());
		     i++)
			if (other.xor_maps[i] != w.xor_maps[i])
				fail(words.any->arg,
				     "property '" + name + ".xor-maps." + std::to_string(i) +
					     "': windows of one granularity share their maps, and "
					     "another one has " +
					     hex_number(other.xor_maps[i]));
}

// CXL r3.1 9.18.1.4: a map for each bit of the target. What is not said is what Linux's tests of
// the arithmetic have, moved to the granularity.
void set_arithmetic(const window_words &words, const machine &m, window &w, const std::string &name)
{
	constexpr uint64_t usual[VCXL_MAX_XOR_MAPS] = { 0x2020900, 0x4041200, 0x1010400, 0x800 };
	const size_t n = __builtin_ctzll(w.targets.size());

	w.xor_arithmetic = words.arithmetic && words.arithmetic->text == "xor";
	for (const auto &[index, s] : words.xor_maps) {
		if (!w.xor_arithmetic)
			fail(s->arg, "property '" + s->key + "': " + name +
					     ".interleave-arithmetic is not xor");
		if (index >= n)
			fail(s->arg, "property '" + s->key + "': windows of " +
					     std::to_string(w.targets.size()) +
					     "-way interleave have " + std::to_string(n) + " maps");
	}
	for (size_t i = 0; w.xor_arithmetic && i < n; i++) {
		const auto said = words.xor_maps.find(i);

		w.xor_maps.push_back(said == words.xor_maps.end() ? usual[i] * (w.granularity / 256)
								  : said->second->number);
	}
	check_maps(words, m, w, name);
}

window make_window(const window_words &words, const machine &m, const std::string &name)
{
	window w;
	set_targets(words, m, w, name);
	if (!words.size)
		fail(words.any->arg, "Parameter '" + name + ".size' is missing");
	w.size = words.size->number;
	// CXL r3.1 9.18.1.3: every target has the same number of whole granules
	const uint64_t unit = map::cfmw_align * w.targets.size();
	if (w.size % unit != 0)
		fail(words.size->arg,
		     "property '" + words.size->key + "': " + words.size->text +
			     " is not a multiple of 256M" +
			     (w.targets.size() == 1
				      ? ""
				      : " x " + std::to_string(w.targets.size()) + " targets, " +
						std::to_string(unit >> 20) + "M"));
	if (words.granularity)
		w.granularity = static_cast<unsigned>(words.granularity->number);
	if ((w.granularity & (w.granularity - 1)) != 0)
		fail(words.granularity->arg, "property '" + words.granularity->key +
						     "': " + words.granularity->text +
						     " is not a power of two");
	set_arithmetic(words, m, w, name);
	return w;
}

void build_windows(const command_line &line, machine &m)
{
	const std::map<uint64_t, window_words> windows = collect_windows(line.machine_item);
	if (windows.empty())
		return;
	const std::string &first_arg = windows.begin()->second.any->arg;
	if (!line.machine_item.number("cxl"))
		fail(first_arg, "fixed memory windows need -machine cxl=on");
	for (const auto &[index, words] : windows) {
		const std::string expected = std::to_string(m.windows.size());
		if (index != m.windows.size())
			fail(words.any->arg, std::string("Parameter '") + window_prefix + expected +
						     "' is missing");
		m.windows.push_back(make_window(words, m, window_prefix + expected));
	}
	layout unused;
	const char *error = nullptr;
	if (!lay_out(m, unused, &error))
		fail(windows.rbegin()->second.any->arg, error);
}

} // namespace

machine build_machine(const command_line &line)
{
	machine m = line.config;
	m.type = line.machine_item.text("type");
	m.acpi = line.machine_item.text("acpi") != "off";
	m.acpi_required = line.machine_item.text("acpi") == "on";
	build_harts(line, m);
	build_memory(line, m);
	build_backends(line, m);
	build_topology(line, m);
	build_functions(line, m);
	build_windows(line, m);
	check_files(line, m);
	return m;
}

} // namespace vcxl
