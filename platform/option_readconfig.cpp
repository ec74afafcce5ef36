// SPDX-License-Identifier: Apache-2.0
//
// -readconfig: QEMU's configuration file. Sections [machine], [memory], [smp-opts], [object "id"],
// [device "id"], [chardev "id"] and [mon "id"], then lines key = "value"; '#' starts a comment
// line.
#include "option_parse.h"

#include <sstream>

#include "option_value.h"

namespace vcxl
{

namespace
{

struct section {
	const object_group *group = nullptr;
	std::string arg;
	std::vector<key_value> pairs;
};

std::string trim(const std::string &text)
{
	const char *blanks = " \t\r";
	const size_t first = text.find_first_not_of(blanks);
	if (first == std::string::npos)
		return "";
	return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool unquote(const std::string &text, std::string &inner)
{
	if (text.size() < 2 || text.front() != '"' || text.back() != '"')
		return false;
	inner = text.substr(1, text.size() - 2);
	return inner.find('"') == std::string::npos;
}

// [name] or [name "id"]
section open_section(const std::string &text, const std::string &where)
{
	if (text.back() != ']')
		fail(where, "']' is missing");
	const std::string inner = trim(text.substr(1, text.size() - 2));
	const size_t blank = inner.find_first_of(" \t");
	const std::string name = inner.substr(0, blank);
	section s;
	s.arg = where + " " + text;
	s.group = find_section(name);
	if (!s.group)
		fail(where,
		     "There is no option group '" + name +
			     "'; known: machine, memory, smp-opts, object, device, chardev, mon");
	if (blank == std::string::npos)
		return s;
	std::string id;
	if (!unquote(trim(inner.substr(blank)), id))
		fail(where, "the id of a section is written in double quotes");
	if (!s.group->typed && !find_property(*s.group->types.rows, "id"))
		fail(where, "section '" + name + "' takes no id");
	s.pairs.push_back({ "id", id });
	return s;
}

key_value read_pair(const std::string &text, const std::string &where)
{
	const size_t equals = text.find('=');
	key_value pair;
	if (equals == std::string::npos || equals == 0 ||
	    !unquote(trim(text.substr(equals + 1)), pair.value))
		fail(where, "expected key = \"value\"");
	pair.key = trim(text.substr(0, equals));
	return pair;
}

} // namespace

void read_config(command_line &line, const std::string &path, const std::string &arg)
{
	std::istringstream stream(read_file(path, arg));
	section current;
	std::string raw;
	for (unsigned number = 1; std::getline(stream, raw); number++) {
		const std::string text = trim(raw);
		const std::string where = arg + " line " + std::to_string(number);
		if (text.empty() || text[0] == '#')
			continue;
		if (text[0] == '[') {
			if (current.group)
				add_pairs(line, *current.group, current.pairs, current.arg);
			current = open_section(text, where);
			continue;
		}
		if (!current.group)
			fail(where, "a section is missing before '" + text + "'");
		current.pairs.push_back(read_pair(text, where));
	}
	if (current.group)
		add_pairs(line, *current.group, current.pairs, current.arg);
}

} // namespace vcxl
