// SPDX-License-Identifier: Apache-2.0
//
// -device items -> the CXL hierarchy: who may be below whom, PCI addresses, port, chassis and slot
// numbers, memory backends and serial numbers. Devices come in the order of the command line and
// name a bus that exists, as in QEMU.
#include <algorithm>

#include "memory_map.h"
#include "option_parse.h"
#include "option_value.h"

namespace vcxl
{

namespace
{

constexpr uint64_t media_unit = 256ull << 20; // CXL r3.1 8.2.9.9.1.1: capacities are multiples
constexpr uint64_t min_lsa = 4096;
constexpr uint64_t min_state = 65536;    // vcxl_memdev_state_size() of the default poison list
constexpr uint64_t max_lsa = UINT32_MAX; // Identify Memory Device: LSA Size has 32 bits
constexpr unsigned devices_per_bus = 32;
constexpr char root_bus[] = "pcie.0";

// Nodes and, by the same index, the items that they come from.
struct site {
	const command_line &line;
	machine &m;
	std::vector<const item *> items;
};

std::string quoted(const std::string &text)
{
	return "'" + text + "'";
}

[[noreturn]] void fail_property(const item &device, const std::string &name,
				const std::string &what)
{
	fail(device.arg, "property '" + name + "': " + what);
}

unsigned number_of(const item &device, const char *name)
{
	return static_cast<unsigned>(device.number(name));
}

unsigned decoders_of(const item &device)
{
	uint64_t count = 0;
	const char *why = parse_number(device.text("hdm-decoders"), count);
	return why ? 0 : static_cast<unsigned>(count);
}

void set_link(const item &device, link &l)
{
	constexpr const char *speeds[] = { "2_5", "5", "8", "16", "32", "64" };
	uint64_t width = 0;
	for (unsigned i = 0; i < 6; i++)
		if (device.text("x-speed") == speeds[i])
			l.speed = i + 1;
	if (!parse_number(device.text("x-width"), width))
		l.width = static_cast<unsigned>(width);
	l.flit_256b = device.number("x-256b-flit") != 0;
}

void fill_bridge(site &s, const item &device, node &n)
{
	n.bus_nr = number_of(device, "bus_nr");
	n.n_decoders = decoders_of(device);
	for (const node &other : s.m.nodes)
		if (other.kind == node_kind::host_bridge && other.bus_nr == n.bus_nr)
			fail_property(device, "bus_nr",
				      std::to_string(n.bus_nr) + " is already used by " +
					      quoted(other.id));
	unsigned bridges = 0;
	for (const node &other : s.m.nodes)
		bridges += other.kind == node_kind::host_bridge;
	if (bridges >= layout::max_bridges)
		fail(device.arg, "there are at most 16 host bridges");
}

void fill_port(site &s, const item &device, node &n)
{
	n.port_number = number_of(device, "port");
	n.hotplug = device.number("hotplug") != 0;
	set_link(device, n.pcie);
	for (const int sibling : s.m.nodes[static_cast<size_t>(n.parent)].children) {
		const node &other = s.m.nodes[static_cast<size_t>(sibling)];
		if (other.port_number == n.port_number)
			fail_property(device, "port",
				      std::to_string(n.port_number) + " is already used by " +
					      quoted(other.id));
	}
}

uint64_t latency_of(const item &device, const char *name)
{
	const uint64_t ps = device.number(name);
	if (ps % 1000 != 0)
		fail_property(device, name,
			      quoted(device.text(name)) + " is not a whole number of nanoseconds");
	return ps;
}

uint64_t bandwidth_of(const item &device, const char *name)
{
	const uint64_t mbps = device.number(name);
	if (mbps > 65'534 && mbps % 10 != 0)
		fail_property(device, name,
			      device.text(name) + " is above 65534 and not a multiple of 10");
	return mbps;
}

void fill_upstream(site &, const item &device, node &n)
{
	const uint64_t latency = latency_of(device, "latency");
	const uint64_t bandwidth = bandwidth_of(device, "bandwidth");
	n.crossing = { latency, latency, bandwidth, bandwidth };
	n.port_number = number_of(device, "port");
	n.n_decoders = decoders_of(device);
	set_link(device, n.pcie);
}

// Index of the backend that the property names, marked as used; none when it is not given.
int take_backend(site &s, const item &device, const node &n, const char *property_name)
{
	const setting *given = device.find(property_name);
	if (!given)
		return none;
	for (size_t i = 0; i < s.m.backends.size(); i++) {
		backend &b = s.m.backends[i];
		if (b.id != given->text)
			continue;
		if (!b.tag.empty())
			fail_property(device, property_name,
				      "memory backend " + quoted(b.id) +
					      " has a tag: it is dynamic capacity");
		if (!b.user.empty())
			fail(device.arg,
			     "memory backend " + b.id + " can't be used multiple times.");
		b.user = n.id;
		return static_cast<int>(i);
	}
	fail_property(device, property_name,
		      "memory backend " + quoted(given->text) + " not found");
}

void check_media(const site &s, const item &device, const char *name, int index)
{
	if (index == none)
		return;
	const backend &b = s.m.backends[static_cast<size_t>(index)];
	if (b.size % media_unit != 0)
		fail_property(device, name,
			      "size " + format_size(b.size) + " of memory backend " + quoted(b.id) +
				      " is not a multiple of 256M");
}

// QEMU ignores what it has no regions for, or regions that nothing backs until they are used.
void fill_dynamic(site &s, const item &device, node &n)
{
	constexpr const char *sources[] = { "volatile-dc-memdev", "nonvolatile-dc-memdev",
					    "dc-regions-total-size" };
	const char *source = nullptr;
	for (const char *name : sources) {
		if (!device.given(name))
			continue;
		if (source)
			fail_property(device, name,
				      "cannot be used together with " + quoted(source));
		source = name;
	}
	n.dc_regions = number_of(device, "num-dc-regions");
	n.dc_shareable = device.number("dc-shareable") != 0;
	if (n.dc_shareable && !n.dc_regions)
		fail_property(device, "dc-shareable", "num-dc-regions is 0");
	if (!source && n.dc_regions)
		fail(device.arg, "dynamic capacity must have a backing device");
	if (!source)
		return;
	if (!n.dc_regions)
		fail_property(device, source, "num-dc-regions is 0");
	n.dc_persistent = source == sources[1];
	if (source == sources[2]) {
		n.dc_size = device.number(source);
	} else {
		n.dc_media = take_backend(s, device, n, source);
		n.dc_size = s.m.backends[static_cast<size_t>(n.dc_media)].size;
	}
	if (n.dc_size % (n.dc_regions * media_unit) != 0)
		fail_property(device, source,
			      format_size(n.dc_size) + " is not a multiple of 256M x " +
				      std::to_string(n.dc_regions) + " regions");
}

void check_size(const site &s, const item &device, const char *name, int index, uint64_t min,
		uint64_t max, const char *range)
{
	if (index == none)
		return;
	const backend &b = s.m.backends[static_cast<size_t>(index)];
	if (b.size < min || b.size > max)
		fail_property(device, name,
			      "size " + format_size(b.size) + " of memory backend " + quoted(b.id) +
				      " is not in " + range);
}

void fill_memdev(site &s, const item &device, node &n)
{
	const bool deprecated = device.given("memdev");
	const char *persistent = deprecated ? "memdev" : "persistent-memdev";
	if (deprecated && device.given("persistent-memdev"))
		fail(device.arg, "[memdev] cannot be used with new [persistent-memdev] property");
	n.volatile_media = take_backend(s, device, n, "volatile-memdev");
	n.persistent_media = take_backend(s, device, n, persistent);
	n.partitionable_media = take_backend(s, device, n, "partitionable-memdev");
	n.state = take_backend(s, device, n, "state-memdev");
	n.lsa = take_backend(s, device, n, "lsa");
	fill_dynamic(s, device, n);
	const bool may_persist = n.persistent_media != none || n.partitionable_media != none;
	if (n.volatile_media == none && !may_persist && !n.dc_regions)
		fail(device.arg, "at least one memdev property must be set");
	if (may_persist && n.lsa == none)
		fail(device.arg, "lsa property must be set for persistent devices");
	check_media(s, device, "volatile-memdev", n.volatile_media);
	check_media(s, device, persistent, n.persistent_media);
	check_media(s, device, "partitionable-memdev", n.partitionable_media);
	check_size(s, device, "lsa", n.lsa, min_lsa, max_lsa, "4K..4G-1");
	check_size(s, device, "state-memdev", n.state, min_state, UINT64_MAX, "64K..");
	n.media = { latency_of(device, "read-latency"), latency_of(device, "write-latency"),
		    bandwidth_of(device, "read-bandwidth"),
		    bandwidth_of(device, "write-bandwidth") };
	n.n_decoders = decoders_of(device);
	set_link(device, n.pcie);
}

constexpr unsigned bit(node_kind kind)
{
	return 1u << static_cast<unsigned>(kind);
}

struct kind_row {
	const char *driver;
	node_kind kind;
	unsigned parents; // bits of node_kind; 0: the root bus
	const char *parent_names;
	bool alone; // the bus above has room for one device
	void (*fill)(site &s, const item &device, node &n);
};

/* clang-format off */
constexpr kind_row kind_rows[] = {
	{ "pxb-cxl",        node_kind::host_bridge,     0,                                                           root_bus,                   false, fill_bridge },
	{ "cxl-rp",         node_kind::root_port,       bit(node_kind::host_bridge),                                 "a pxb-cxl",                false, fill_port },
	{ "cxl-upstream",   node_kind::upstream_port,   bit(node_kind::root_port) | bit(node_kind::downstream_port), "a cxl-rp or cxl-downstream", true, fill_upstream },
	{ "cxl-downstream", node_kind::downstream_port, bit(node_kind::upstream_port),                               "a cxl-upstream",           false, fill_port },
	{ "cxl-type3",      node_kind::memdev,          bit(node_kind::root_port) | bit(node_kind::downstream_port), "a cxl-rp or cxl-downstream", true, fill_memdev },
};
/* clang-format on */

const kind_row &row_of(const item &device)
{
	return *std::find_if(std::begin(kind_rows), std::end(kind_rows), [&](const kind_row &row) {
		return std::string(row.driver) == device.type->name;
	});
}

int find_bus(const site &s, const item &device, const kind_row &row)
{
	const std::string bus = device.text("bus");
	const std::string goes_on = std::string(row.driver) + " goes on " + row.parent_names;
	if (bus == root_bus)
		fail_property(device, "bus", quoted(bus) + " is the root bus; " + goes_on);
	for (size_t i = 0; i < s.items.size(); i++) {
		if (s.items[i]->text("id") != bus)
			continue;
		if (!(row.parents & bit(s.m.nodes[i].kind)))
			fail_property(device, "bus",
				      quoted(bus) + " is a " + s.items[i]->type->name + "; " +
					      goes_on);
		return static_cast<int>(i);
	}
	for (const item &later : s.line.devices)
		if (&later != &device && later.text("id") == bus)
			fail_property(
				device, "bus",
				"Bus " + quoted(bus) +
					" not found: it is declared later on the command line");
	fail_property(device, "bus", "Bus " + quoted(bus) + " not found");
}

// Takes the address asked for, or the first free one.
unsigned place(const site &s, const item &device, const kind_row &row, const node &parent)
{
	const node *by_address[devices_per_bus] = {};
	for (const int child : parent.children) {
		const node &n = s.m.nodes[static_cast<size_t>(child)];
		by_address[n.devfn >> 3] = &n;
	}
	if (row.alone && !parent.children.empty())
		fail_property(
			device, "bus",
			quoted(parent.id) + " already has device " +
				quoted(s.m.nodes[static_cast<size_t>(parent.children[0])].id));
	if (const setting *addr = device.find("addr")) {
		const unsigned devfn = static_cast<unsigned>(addr->number);
		if (row.alone && devfn != 0)
			fail_property(device, "addr",
				      "PCI: slot " + std::to_string(devfn >> 3) +
					      " is not valid, only slot 0 is below a port");
		if (by_address[devfn >> 3])
			fail_property(device, "addr",
				      addr->text + " is already used by " +
					      quoted(by_address[devfn >> 3]->id));
		return devfn;
	}
	for (unsigned i = 0; i < devices_per_bus; i++)
		if (!by_address[i])
			return i << 3;
	fail_property(device, "bus", quoted(parent.id) + " is full: 32 devices");
}

// A given id cannot contain '/', so that made ones are never in its way.
std::string made_id(const item &device, const std::string &parent, unsigned number)
{
	return parent + "/" + device.type->name + "." + std::to_string(number);
}

void check_new_id(const site &s, const item &device)
{
	const std::string id = device.text("id");
	const bool taken = std::any_of(s.m.nodes.begin(), s.m.nodes.end(),
				       [&](const node &n) { return n.id == id; });
	if (!id.empty() && (taken || id == root_bus))
		fail(device.arg, "Duplicate ID " + quoted(id) + " for device");
}

void add_device(site &s, const item &device)
{
	const kind_row &row = row_of(device);
	check_new_id(s, device);
	node n;
	n.kind = row.kind;
	n.id = device.text("id");
	const int index = static_cast<int>(s.m.nodes.size());
	if (row.parents) {
		n.parent = find_bus(s, device, row);
		const node &parent = s.m.nodes[static_cast<size_t>(n.parent)];
		n.devfn = place(s, device, row, parent);
		if (n.id.empty())
			n.id = made_id(device, parent.id, n.devfn >> 3);
	} else if (n.id.empty()) {
		n.id = made_id(device, root_bus, number_of(device, "bus_nr"));
	}
	row.fill(s, device, n);
	if (n.parent != none)
		s.m.nodes[static_cast<size_t>(n.parent)].children.push_back(index);
	s.m.nodes.push_back(n);
	s.items.push_back(&device);
}

// The decoder capability of a bridge depends on the ports below it.
void set_bridge_decoders(site &s)
{
	for (size_t i = 0; i < s.m.nodes.size(); i++) {
		node &n = s.m.nodes[i];
		if (n.kind != node_kind::host_bridge)
			continue;
		n.hdm = n.children.size() != 1 || s.items[i]->number("hdm_for_passthrough") != 0;
		if (!n.hdm)
			n.n_decoders = 0;
	}
}

bool has_slot(const node &n)
{
	return n.kind == node_kind::root_port || n.kind == node_kind::downstream_port;
}

// Given slots first: a default never takes a number that somebody asked for.
void set_slots(site &s)
{
	std::vector<const node *> settled;
	const auto user_of = [&](unsigned chassis, unsigned slot) -> const node * {
		for (const node *n : settled)
			if (n->chassis == chassis && n->slot == slot)
				return n;
		return nullptr;
	};
	for (const bool given : { true, false }) {
		for (size_t i = 0; i < s.m.nodes.size(); i++) {
			node &n = s.m.nodes[i];
			const item &device = *s.items[i];
			if (!has_slot(n) || device.given("slot") != given)
				continue;
			n.chassis = number_of(device, "chassis");
			n.slot = number_of(device, "slot");
			while (!given && user_of(n.chassis, n.slot))
				n.slot++;
			if (const node *other = user_of(n.chassis, n.slot))
				fail_property(device, "slot",
					      "Can't add chassis slot: chassis " +
						      std::to_string(n.chassis) + " slot " +
						      std::to_string(n.slot) +
						      " is already used by " + quoted(other->id));
			settled.push_back(&n);
		}
	}
}

bool has_serial(const node &n)
{
	return n.kind == node_kind::upstream_port || n.kind == node_kind::memdev;
}

// One byte for each step down from the bridge, behind a leading 1: 0x10c00 is on 0c:00.0, 0x10c0003
// behind port 3 of a switch there. Deeper than seven steps the first ones are folded in.
uint64_t serial_of_position(const machine &m, const node &n)
{
	std::vector<uint64_t> steps;
	for (const node *up = &n; up->parent != none;
	     up = &m.nodes[static_cast<size_t>(up->parent)])
		if (has_slot(*up))
			steps.push_back(up->devfn >> 3);
	const node *bridge = &n;
	while (bridge->parent != none)
		bridge = &m.nodes[static_cast<size_t>(bridge->parent)];
	uint64_t serial = 0x100 | bridge->bus_nr;
	for (auto step = steps.rbegin(); step != steps.rend(); ++step)
		serial = (serial << 8 | serial >> 56) ^ *step;
	return serial;
}

void set_serials(site &s)
{
	std::vector<const node *> settled;
	const auto user_of = [&](uint64_t serial) -> const node * {
		for (const node *n : settled)
			if (n->serial == serial)
				return n;
		return nullptr;
	};
	for (const bool given : { true, false }) {
		for (size_t i = 0; i < s.m.nodes.size(); i++) {
			node &n = s.m.nodes[i];
			const setting *sn = has_serial(n) ? s.items[i]->find("sn") : nullptr;
			if (!has_serial(n) || (sn != nullptr) != given)
				continue;
			n.serial = sn ? sn->number : serial_of_position(s.m, n);
			while (!sn && (n.serial == 0 || user_of(n.serial)))
				n.serial++;
			if (const node *other = user_of(n.serial))
				fail_property(*s.items[i], "sn",
					      sn->text + " is already used by " +
						      quoted(other->id));
			settled.push_back(&n);
		}
	}
}

unsigned ports_below(const machine &m, const node &n)
{
	unsigned ports = 0;
	for (const int child : n.children) {
		const node &c = m.nodes[static_cast<size_t>(child)];
		ports += c.kind != node_kind::memdev;
		ports += ports_below(m, c);
	}
	return ports;
}

// Each port has a bus below it; they are numbered from the bridge's to where the next begins.
void check_buses(site &s)
{
	for (size_t i = 0; i < s.m.nodes.size(); i++) {
		const node &n = s.m.nodes[i];
		if (n.kind != node_kind::host_bridge)
			continue;
		unsigned end = 256;
		for (const node &other : s.m.nodes)
			if (other.kind == node_kind::host_bridge && other.bus_nr > n.bus_nr)
				end = std::min(end, other.bus_nr);
		const unsigned buses = 1 + ports_below(s.m, n);
		if (buses > end - n.bus_nr)
			fail_property(*s.items[i], "bus_nr",
				      "needs " + std::to_string(buses) + " bus numbers, but " +
					      std::to_string(end - n.bus_nr) +
					      " are free up to the next host bridge or 255");
	}
}

} // namespace

void build_topology(const command_line &line, machine &m)
{
	site s{ line, m, {} };
	for (const item &device : line.devices) {
		if (is_function(device))
			continue;
		if (!line.machine_item.number("cxl"))
			fail(device.arg, "CXL devices need -machine cxl=on");
		add_device(s, device);
	}
	set_bridge_decoders(s);
	set_slots(s);
	set_serials(s);
	check_buses(s);
}

} // namespace vcxl
