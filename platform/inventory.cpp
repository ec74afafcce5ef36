// SPDX-License-Identifier: Apache-2.0
//
// Objects and devices that come and go; see inventory.h.
#include "inventory.h"

#include <algorithm>

#include "option_value.h"

namespace vcxl
{

namespace
{

template <class T> const T *find_by_id(const std::vector<T> &all, const std::string &id)
{
	const auto found =
		std::find_if(all.begin(), all.end(), [&](const T &t) { return t.id == id; });

	return found == all.end() ? nullptr : &*found;
}

const std::string &value_of(const std::vector<key_value> &pairs, const std::string &key)
{
	static const std::string nothing;

	for (const key_value &pair : pairs)
		if (pair.key == key)
			return pair.value;
	return nothing;
}

// A name for messages.
std::string called(const char *command, const std::vector<key_value> &pairs)
{
	const std::string &id = value_of(pairs, "id");

	return id.empty() ? command : command + std::string(" id=") + id;
}

} // namespace

inventory::inventory(command_line line)
{
	become(std::move(line));
}

const backend *inventory::find_object(const std::string &id) const
{
	return find_by_id(now_.backends, id);
}

const node *inventory::find_device(const std::string &id) const
{
	return find_by_id(now_.nodes, id);
}

// Serial numbers that were made count as given from now on: they never change.
void inventory::become(command_line line)
{
	now_ = build_machine(line);
	line_ = std::move(line);
	size_t index = 0;

	for (item &device : line_.devices) {
		if (is_function(device))
			continue;
		const uint64_t serial = now_.nodes[index++].serial;

		if (serial && !device.given("sn"))
			device.settings.push_back({ find_property(*device.type, "sn"), "sn",
						    std::to_string(serial), serial, device.arg });
	}
}

const backend &inventory::add_object(const std::vector<key_value> &pairs)
{
	const std::string arg = called("object-add", pairs);
	command_line line = line_;

	add_pairs(line, backend_group(), pairs, arg);
	become(std::move(line));
	return now_.backends.back();
}

const node &inventory::add_device(const std::vector<key_value> &pairs)
{
	const std::string arg = called("device_add", pairs);
	command_line line = line_;

	add_pairs(line, device_group(), pairs, arg);
	const item &device = line.devices.back();
	if (device.type != find_type(device_group(), "cxl-type3"))
		fail(arg, std::string("'") + device.type->name +
				  "' does not support hotplugging; known: cxl-type3");
	const node *port = find_device(device.text("bus"));
	if (port && !port->hotplug && port->kind != node_kind::host_bridge &&
	    port->kind != node_kind::upstream_port)
		fail(arg, "property 'bus': Bus '" + port->id +
				  "' does not support hotplugging: its port has hotplug=off");
	become(std::move(line));
	return now_.nodes.back();
}

void inventory::remove_object(const std::string &id)
{
	const int index = static_cast<int>(find_object(id) - now_.backends.data());

	line_.objects.erase(line_.objects.begin() + index);
	now_.backends.erase(now_.backends.begin() + index);
	for (node &n : now_.nodes)
		for (const auto backend : backends_of_node)
			n.*backend -= n.*backend > index;
}

void inventory::remove_device(const std::string &id)
{
	const int index = static_cast<int>(find_device(id) - now_.nodes.data());
	int nth = 0; // nodes are the devices in their order, without the functions on bus 0

	for (auto device = line_.devices.begin(); device != line_.devices.end(); ++device) {
		if (is_function(*device) || nth++ != index)
			continue;
		line_.devices.erase(device);
		break;
	}
	for (backend &b : now_.backends)
		if (b.user == id)
			b.user.clear();
	now_.nodes.erase(now_.nodes.begin() + index);
	for (node &n : now_.nodes) {
		n.parent -= n.parent > index;
		n.children.erase(std::remove(n.children.begin(), n.children.end(), index),
				 n.children.end());
		for (int &child : n.children)
			child -= child > index;
	}
	for (window &w : now_.windows)
		for (int &target : w.targets)
			target -= target > index;
}

} // namespace vcxl
