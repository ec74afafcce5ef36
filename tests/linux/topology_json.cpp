// SPDX-License-Identifier: Apache-2.0
//
// Names by position instead of by probe order; see topology_json.h.
#include "topology_json.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>
#include <vector>

#include <jansson.h>

namespace vcxl_test
{

namespace
{

struct deleter {
	void operator()(json_t *value) const { json_decref(value); }
};
using json = std::unique_ptr<json_t, deleter>;

using names = std::map<std::string, std::string>;

std::string text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

std::string number_in(const std::string &name)
{
	return name.substr(std::min(name.find_first_of("0123456789"), name.size()));
}

// Calls visit(object) for all objects.
template <typename visitor> void for_each_object(json_t *value, const visitor &visit)
{
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_object(value)) {
		visit(value);
		json_object_foreach(value, key, child) for_each_object(child, visit);
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, child) for_each_object(child, visit);
	}
}

names find_names(json_t *root)
{
	names map;
	const auto add = [&map](const std::string &kind, const std::string &name,
				const std::string &host) {
		if (name.empty())
			return;
		map[name] = kind + "@" + host;
		map["decoder" + number_in(name)] = "decoder@" + host;
	};

	for_each_object(root, [&map](json_t *object) {
		const std::string name = text_of(object, "memdev");

		if (!name.empty() && json_object_get(object, "host"))
			map[name] = "mem@" + text_of(object, "host");
	});
	for_each_object(root, [&](json_t *object) {
		const std::string host = text_of(object, "host");

		add("port", text_of(object, "port"), host);
		if (const auto memdev = map.find(host); memdev != map.end())
			add("endpoint", text_of(object, "endpoint"), memdev->second.substr(4));
	});
	return map;
}

// "decoder5.1" and "decoders:endpoint5" hold a name, too.
std::string rename(const names &map, const std::string &text)
{
	if (const auto whole = map.find(text); whole != map.end())
		return whole->second;
	const size_t at = text.find_first_of(".:");
	if (at == std::string::npos)
		return text;
	const std::string head = text.substr(0, at), tail = text.substr(at + 1);
	const auto first = map.find(head), last = map.find(tail);

	if (text[at] == '.' && first != map.end())
		return first->second + "#" + tail;
	if (text[at] == ':' && last != map.end())
		return head + ":" + last->second;
	return text;
}

std::string print(const json_t *value)
{
	char *text = json_dumps(value, JSON_INDENT(1) | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	std::string out = text;

	free(text);
	return out;
}

json renamed(const names &map, json_t *value)
{
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_string(value))
		return json(json_string(rename(map, json_string_value(value)).c_str()));
	if (json_is_object(value)) {
		json out(json_object());

		json_object_foreach(value, key, child) json_object_set_new(
			out.get(), rename(map, key).c_str(), renamed(map, child).release());
		return out;
	}
	if (!json_is_array(value))
		return json(json_deep_copy(value));
	std::vector<json> items;
	json_array_foreach(value, i, child) items.push_back(renamed(map, child));
	std::sort(items.begin(), items.end(),
		  [](const json &a, const json &b) { return print(a.get()) < print(b.get()); });
	json out(json_array());
	for (json &item : items)
		json_array_append_new(out.get(), item.release());
	return out;
}

} // namespace

std::string canonical_topology(const std::string &text)
{
	json_error_t why;
	const json root(json_loads(text.c_str(), JSON_REJECT_DUPLICATES, &why));

	if (!root)
		return std::string(why.text) + " in line " + std::to_string(why.line) + " of:\n" +
		       text;
	return print(renamed(find_names(root.get()), root.get()).get()) + "\n";
}

std::string compare_topology(const std::string &got, const std::string &expected)
{
	std::istringstream a(canonical_topology(got)), b(canonical_topology(expected));
	std::string line_a, line_b, differences;
	unsigned line = 0;

	for (;;) {
		const bool more_a = static_cast<bool>(std::getline(a, line_a));
		const bool more_b = static_cast<bool>(std::getline(b, line_b));

		line++;
		if (!more_a && !more_b)
			return differences;
		if (more_a != more_b || line_a != line_b)
			differences += "line " + std::to_string(line) + ": got " +
				       (more_a ? line_a : "the end") + ", expected " +
				       (more_b ? line_b : "the end") + "\n";
	}
}

} // namespace vcxl_test
