// SPDX-License-Identifier: Apache-2.0
//
// -drive, and the -device items that are PCI functions on bus 0.
#include <algorithm>
#include <cstring>
#include <set>
#include <string>

#include "option_parse.h"
#include "option_value.h"

namespace vcxl
{

namespace
{

constexpr uint64_t sector = 512;
constexpr unsigned devices_per_bus = 32;
constexpr size_t max_serial = 20;

struct kind_row {
	const char *driver;
	function_kind kind;
};

constexpr kind_row kind_rows[] = {
	{ "virtio-blk-pci", function_kind::virtio_blk },
	{ "virtio-rng-pci", function_kind::virtio_rng },
	{ "virtio-serial-pci", function_kind::virtio_console },
};

constexpr char virtconsole[] = "virtconsole";

const kind_row *row_of(const item &device)
{
	for (const kind_row &row : kind_rows)
		if (!std::strcmp(row.driver, device.type->name))
			return &row;
	return nullptr;
}

void check_image(const drive &d, const std::string &arg)
{
	const file_state file = look_at(d.path);
	const std::string what = "property 'file': '" + d.path + "' ";

	if (!file.exists)
		fail(arg, what + "does not exist");
	if (!file.regular)
		fail(arg, what + "is not a regular file");
	if (!file.readable)
		fail(arg, what + "cannot be read");
	if (!d.readonly && !file.writable)
		fail(arg, what + "cannot be written; readonly=on opens it read-only");
	if (!file.size || file.size % sector != 0)
		fail(arg, what + "has " + std::to_string(file.size) +
				  " bytes, which are no whole sectors of 512");
}

void add_drive(const item &given, machine &m)
{
	drive d;

	d.id = given.text("id");
	d.path = given.text("file");
	d.readonly = given.number("readonly") != 0;
	d.writeback = given.text("cache") == "writeback";
	for (const drive &other : m.drives)
		if (!d.id.empty() && other.id == d.id)
			fail(given.arg, "Duplicate ID '" + d.id + "' for drive");
	check_image(d, given.arg);
	m.drives.push_back(d);
}

bool taken(const machine &m, unsigned devfn)
{
	return std::any_of(m.functions.begin(), m.functions.end(),
			   [&](const pci_function &f) { return f.devfn == devfn; });
}

// From 1 on: 0 is where hosts have their bridge.
unsigned free_place(const machine &m, const std::string &arg)
{
	for (unsigned i = 1; i < devices_per_bus; i++)
		if (!taken(m, i << 3))
			return i << 3;
	fail(arg, "'pcie.0' is full: 31 devices");
}

unsigned place(const machine &m, const item &device)
{
	const setting *addr = device.find("addr");

	if (!addr)
		return free_place(m, device.arg);
	const unsigned devfn = static_cast<unsigned>(addr->number);
	if (!devfn || taken(m, devfn))
		fail(device.arg, "property 'addr': " + addr->text + " is already used");
	return devfn;
}

// The drive that the device asks for, which has no other user.
int take_drive(const item &device, const command_line &line, machine &m)
{
	const std::string id = device.text("drive");
	const std::string what = "property 'drive': '" + id + "' ";

	for (size_t i = 0; i < m.drives.size(); i++) {
		drive &d = m.drives[i];

		if (id.empty() || d.id != id)
			continue;
		if (d.used || line.drives[i].text("if") != "none")
			fail(device.arg, what + "is already used by another device");
		d.used = true;
		return static_cast<int>(i);
	}
	fail(device.arg, what + "is not the id of a -drive");
}

void check_new_id(const machine &m, const std::string &id, const std::string &arg)
{
	const auto same = [&](const auto &other) { return other.id == id; };

	if (std::any_of(m.nodes.begin(), m.nodes.end(), same) ||
	    std::any_of(m.functions.begin(), m.functions.end(), same))
		fail(arg, "Duplicate ID '" + id + "' for device");
}

// As in option_topology.cpp: a given id cannot contain '/'.
std::string made_id(const char *driver, unsigned devfn)
{
	return std::string("pcie.0/") + driver + "." + std::to_string(devfn >> 3);
}

void add_function(const item &device, const command_line &line, machine &m)
{
	const kind_row &row = *row_of(device);
	pci_function f;

	f.kind = row.kind;
	f.devfn = place(m, device);
	f.id = device.given("id") ? device.text("id") : made_id(row.driver, f.devfn);
	check_new_id(m, f.id, device.arg);
	if (f.kind == function_kind::virtio_blk) {
		f.drive = take_drive(device, line, m);
		f.serial = device.text("serial");
		if (f.serial.size() > max_serial)
			fail(device.arg, "property 'serial': is longer than 20 bytes");
	}
	m.functions.push_back(f);
}

// The function that a virtconsole is attached to.
pci_function &port_for(const item &device, machine &m)
{
	const std::string bus = device.text("bus");
	bool any = false;

	for (pci_function &f : m.functions) {
		if (f.kind != function_kind::virtio_console ||
		    (device.given("bus") && bus != f.id + ".0"))
			continue;
		any = true;
		if (f.console.option.empty())
			return f;
	}
	if (any)
		fail(device.arg, "each virtio-serial-pci has its console; several ports are " +
					 std::string(not_supported_yet));
	fail(device.arg,
	     device.given("bus")
		     ? "property 'bus': there is no virtio-serial-pci with '" + bus + "'"
		     : "needs a virtio-serial-pci");
}

void attach_consoles(const command_line &line, machine &m)
{
	auto end = line.consoles.begin();
	std::set<std::string> ids;

	for (const item &device : line.devices) {
		if (device.type->name != std::string(virtconsole))
			continue;
		if (device.given("id"))
			check_new_id(m, device.text("id"), device.arg);
		if (device.given("id") && !ids.insert(device.text("id")).second)
			fail(device.arg, "Duplicate ID '" + device.text("id") + "' for device");
		port_for(device, m).console = *end++;
	}
}

} // namespace

bool is_function(const item &device)
{
	return row_of(device) || device.type->name == std::string(virtconsole);
}

// Drives with if=virtio come last, so that they take no address that a device asks for.
void build_functions(const command_line &line, machine &m)
{
	for (const item &given : line.drives)
		add_drive(given, m);
	for (const bool placed : { true, false })
		for (const item &device : line.devices)
			if (row_of(device) && device.given("addr") == placed)
				add_function(device, line, m);
	attach_consoles(line, m);
	for (size_t i = 0; i < m.drives.size(); i++) {
		if (line.drives[i].text("if") != "virtio")
			continue;
		pci_function f;

		f.devfn = free_place(m, line.drives[i].arg);
		f.id = made_id(kind_rows[0].driver, f.devfn);
		f.drive = static_cast<int>(i);
		m.drives[i].used = true;
		m.functions.push_back(f);
	}
}

} // namespace vcxl
