// SPDX-License-Identifier: Apache-2.0
//
// See tlm_harness.h. PCIe r6.0 7.5 (headers, enumeration), CXL r3.1 8.1.2, 8.2.4 (where registers
// are found).
#include "tlm_harness.h"

namespace vcxl_test
{

namespace
{

vcxl_link_config link()
{
	vcxl_link_config l{};

	l.speed = 5;
	l.width = 16;
	return l;
}

vcxl_port_kind core_kind(kind k)
{
	switch (k) {
	case kind::bridge:
		return VCXL_PORT_HOST_BRIDGE;
	case kind::root:
		return VCXL_PORT_ROOT;
	case kind::upstream:
		return VCXL_PORT_UPSTREAM;
	default:
		return VCXL_PORT_DOWNSTREAM;
	}
}

vcxl_media lend(media &m, bool direct)
{
	vcxl_media lent{};

	lent.size = m.size;
	lent.ctx = &m;
	if (direct) {
		lent.direct = m.bytes();
		return lent;
	}
	lent.read = [](void *ctx, uint64_t offset, void *dst, uint32_t len) {
		memcpy(dst, static_cast<media *>(ctx)->bytes() + offset, len);
		return VCXL_OK;
	};
	lent.write = [](void *ctx, uint64_t offset, const void *src, uint32_t len) {
		memcpy(static_cast<media *>(ctx)->bytes() + offset, src, len);
		return VCXL_OK;
	};
	return lent;
}

std::string numbered(const std::string &name, size_t i)
{
	return name + std::to_string(i);
}

// A bus for each port that has a link below.
unsigned count_buses(const node_spec &spec)
{
	unsigned n = spec.kind == kind::memdev ? 0 : 1;

	for (const node_spec &child : spec.children)
		n += count_buses(child);
	return n;
}

void expect_ok(tlm::tlm_response_status status, const std::string &what)
{
	if (status != tlm::TLM_OK_RESPONSE)
		throw std::runtime_error(what + " failed with TLM response " +
					 std::to_string(static_cast<int>(status)));
}

} // namespace

fabric::fabric(fabric_spec description) : spec_(std::move(description))
{
	for (unsigned i = 0; i < spec_.bridges.size(); i++)
		bridges.push_back(add(spec_.bridges[i], nullptr, i, i));
	for (const window_spec &w : spec_.windows)
		for (unsigned b : w.bridges)
			bridges[b]->upstreams++;
	size_t i = 0;
	// the same walk as add(), so that descriptions and nodes pair up
	const auto build = [&](const node_spec &spec, const auto &self) -> void {
		node &n = *nodes[i++];

		if (n.kind == kind::memdev)
			build_memdev(n, spec);
		else
			build_port(n, spec);
		for (const node_spec &child : spec.children)
			self(child, self);
	};
	for (const node_spec &b : spec_.bridges)
		build(b, build);
	for (const auto &n : nodes)
		connect(*n);

	std::vector<unsigned> used(bridges.size());
	for (size_t w = 0; w < spec_.windows.size(); w++) {
		const window_spec &ws = spec_.windows[w];
		vcxl::cxl_window::config c;

		c.base = ws.base;
		c.size = ws.size;
		c.ways = static_cast<unsigned>(ws.bridges.size());
		c.granularity = ws.granularity;
		c.xor_maps = ws.xor_maps;
		c.latency = spec_.latency;
		c.trace = spec_.trace;
		windows.push_back(std::make_unique<vcxl::cxl_window>(
			numbered(spec_.prefix + "w", w).c_str(), c));
		mem.push_back(
			std::make_unique<initiator>(numbered(spec_.prefix + "host", w).c_str()));
		mem[w]->socket.bind(windows[w]->in);
		for (size_t way = 0; way < ws.bridges.size(); way++) {
			const unsigned b = ws.bridges[way];

			windows[w]->out[way].bind(bridges[b]->port->mem_in[used[b]++]);
		}
	}
}

node *fabric::add(const node_spec &spec, node *parent, unsigned index, unsigned bridge_index)
{
	nodes.push_back(std::make_unique<node>());
	node *n = nodes.back().get();

	n->kind = spec.kind;
	n->parent = parent;
	n->bridge = bridge_index;
	n->upstreams = spec.kind == kind::bridge ? 0 : 1;
	n->name = parent ? parent->name + "_" + std::to_string(index)
			 : numbered(spec_.prefix + "hb", index);
	if (spec.kind == kind::root || spec.kind == kind::downstream) {
		n->number = static_cast<uint8_t>(spec.number < 0 ? static_cast<int>(index)
								 : spec.number);
		n->devfn = static_cast<uint8_t>(index << 3);
	}
	for (unsigned i = 0; i < spec.children.size(); i++) {
		node *child = add(spec.children[i], n, i, bridge_index);

		n->children.push_back(child);
	}
	if (spec.kind == kind::memdev)
		memdevs.push_back(n);
	return n;
}

void fabric::build_port(node &n, const node_spec &spec)
{
	vcxl::cxl_port::config c;

	c.port.kind = core_kind(n.kind);
	c.port.port_number = n.number;
	c.port.slot = n.number;
	c.port.hotplug = spec.hotplug;
	c.port.hdm = n.kind == kind::upstream || (n.kind == kind::bridge && spec.hdm);
	c.port.n_decoders = c.port.hdm ? spec.n_decoders : uint8_t{ 0 };
	c.port.link = link();
	c.n_upstream = n.upstreams;
	c.latency = spec_.latency;
	c.trace = spec_.trace;
	if (n.kind == kind::bridge) {
		n.secondary = static_cast<uint8_t>(next_bus_);
		next_bus_ += count_buses(spec);
		if (next_bus_ > 256)
			throw std::runtime_error("more than 256 buses");
	}
	c.bus_nr = n.secondary;
	for (const node *child : n.children)
		c.dports.push_back({ child->number, child->devfn });
	n.port = std::make_unique<vcxl::cxl_port>(n.name.c_str(), c);
}

void fabric::build_memdev(node &n, const node_spec &spec)
{
	vcxl::cxl_memdev::config c;

	n.volatile_media = std::make_unique<media>(spec.volatile_size);
	n.persistent_media = std::make_unique<media>(spec.persistent_size);
	c.memdev.media[VCXL_PARTITION_VOLATILE] = lend(*n.volatile_media, spec.direct);
	c.memdev.media[VCXL_PARTITION_PERSISTENT] = lend(*n.persistent_media, spec.direct);
	for (unsigned p = 0; p < VCXL_N_PARTITIONS; p++)
		if (spec.lent[p].size)
			c.memdev.media[p] = spec.lent[p];
	c.memdev.partitionable = spec.partitionable;
	c.memdev.serial = 1 + n.bus;
	c.memdev.n_decoders = spec.n_decoders;
	c.memdev.dc = spec.dc;
	c.memdev.link = link();
	c.latency = spec_.latency;
	c.trace = spec_.trace;
	n.memdev = std::make_unique<vcxl::cxl_memdev>(n.name.c_str(), c);
}

void fabric::connect(node &n)
{
	if (n.kind == kind::bridge) {
		io.push_back(std::make_unique<initiator>((n.name + "_io_host").c_str()));
		io.back()->socket.bind(n.port->io_in);
		chbcr.push_back(std::make_unique<initiator>((n.name + "_chbcr_host").c_str()));
		chbcr.back()->socket.bind(n.port->chbcr);
	} else if (spec_.bind_msi) {
		msi.push_back(std::make_unique<sink>((n.name + "_msi_sink").c_str()));
		if (n.memdev)
			n.memdev->msi.bind(msi.back()->socket);
		else
			n.port->msi.bind(msi.back()->socket);
	}
	for (unsigned i = 0; i < n.children.size(); i++) {
		node &child = *n.children[i];

		if (child.memdev) {
			n.port->mem_out[i].bind(child.memdev->mem_in);
			n.port->io_out[i].bind(child.memdev->io_in);
			if (spec_.bind_msi)
				child.memdev->message_out.bind(n.port->message_in[i]);
		} else {
			n.port->mem_out[i].bind(child.port->mem_in[0]);
			n.port->io_out[i].bind(child.port->io_in);
			if (spec_.bind_msi && n.kind != kind::bridge)
				child.port->message_out.bind(n.port->message_in[i]);
		}
	}
}

// ---- enumeration ----

void fabric::enumerate(node &n, uint8_t &next_bus, uint64_t &next_mmio)
{
	n.mmio = next_mmio;
	for (uint16_t bar = 0; bar < (n.kind == kind::memdev ? 3 : 1); bar++) {
		const uint16_t offset = static_cast<uint16_t>(0x10 + 8 * bar);

		config_write(n, offset, static_cast<uint32_t>(next_mmio), 4);
		config_write(n, static_cast<uint16_t>(offset + 4), 0, 4);
		next_mmio += mib;
	}
	if (n.kind != kind::memdev) {
		n.secondary = next_bus++;
		config_write(n, 0x18, n.bus, 1);
		config_write(n, 0x19, n.secondary, 1);
		config_write(n, 0x1a, 0xff, 1); // everything, while it is not known
		const uint64_t first = next_mmio;

		for (node *child : n.children) {
			child->bus = n.secondary;
			enumerate(*child, next_bus, next_mmio);
		}
		n.subordinate = static_cast<uint8_t>(next_bus - 1);
		config_write(n, 0x1a, n.subordinate, 1);
		const uint64_t last = next_mmio - 1;
		// memory base and limit: 1 MiB units in bits 15:4; base > limit when empty
		config_write(n, 0x20,
			     static_cast<uint32_t>((first >> 16 & 0xfff0) | (last & 0xfff00000)),
			     4);
	}
	n.mmio_end = next_mmio;
	config_write(n, 0x04, 0x6, 2); // memory space, bus master
}

void fabric::start()
{
	uint64_t next_mmio = spec_.mmio;

	if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) {
		// that nothing happens by itself is as it should be
		sc_core::sc_report_handler::set_actions(sc_core::SC_ID_NO_SC_START_ACTIVITY_,
							sc_core::SC_DO_NOTHING);
		sc_core::sc_start(sc_core::SC_ZERO_TIME);
	}
	for (node *b : bridges) {
		uint8_t next_bus = static_cast<uint8_t>(b->secondary + 1);

		for (node *child : b->children) {
			child->bus = b->secondary;
			enumerate(*child, next_bus, next_mmio);
		}
	}
	for (const node *m : memdevs)
		set_mem_enable(*m, true);
}

// ---- configuration space ----

tlm::tlm_response_status fabric::config(const node &n, tlm::tlm_command command, uint16_t offset,
					void *data, uint32_t len)
{
	return io[n.bridge]->config(command, n.bus, n.devfn, offset, data, len);
}

uint32_t fabric::config_read(const node &n, uint16_t offset, uint32_t len)
{
	uint32_t value = 0;

	expect_ok(config(n, tlm::TLM_READ_COMMAND, offset, &value, len),
		  "config read of " + n.name);
	return value;
}

void fabric::config_write(const node &n, uint16_t offset, uint32_t value, uint32_t len)
{
	expect_ok(config(n, tlm::TLM_WRITE_COMMAND, offset, &value, len),
		  "config write of " + n.name);
}

uint16_t fabric::find_dvsec(const node &n, uint16_t id)
{
	for (uint32_t at = 0x100; at;) {
		const uint32_t header = config_read(n, static_cast<uint16_t>(at), 4);

		if ((header & 0xffff) == 0x0023 &&
		    (config_read(n, static_cast<uint16_t>(at + 4), 4) & 0xffff) == 0x1e98 &&
		    config_read(n, static_cast<uint16_t>(at + 8), 2) == id)
			return static_cast<uint16_t>(at);
		at = header >> 20;
	}
	return 0;
}

void fabric::set_mem_enable(const node &n, bool on)
{
	const uint16_t control = static_cast<uint16_t>(find_dvsec(n, 0) + 0xc);
	const uint32_t value = config_read(n, control, 2);

	config_write(n, control, on ? value | 4 : value & ~4u, 2);
}

// ---- component registers ----

uint32_t fabric::component_read(const node &n, uint32_t offset)
{
	uint32_t value = 0;

	if (n.kind == kind::bridge)
		expect_ok(chbcr[n.bridge]->read(offset, &value, 4), "CHBCR read of " + n.name);
	else
		expect_ok(io[n.bridge]->read(n.mmio + offset, &value, 4), "BAR0 read of " + n.name);
	return value;
}

void fabric::component_write(const node &n, uint32_t offset, uint32_t value)
{
	if (n.kind == kind::bridge)
		expect_ok(chbcr[n.bridge]->write(offset, &value, 4), "CHBCR write of " + n.name);
	else
		expect_ok(io[n.bridge]->write(n.mmio + offset, &value, 4),
			  "BAR0 write of " + n.name);
}

uint32_t fabric::hdm_offset(const node &n)
{
	const uint32_t count = component_read(n, 0x1000) >> 24;

	for (uint32_t i = 1; i <= count; i++) {
		const uint32_t entry = component_read(n, 0x1000 + 4 * i);

		if ((entry & 0xffff) == 5)
			return 0x1000 + (entry >> 20);
	}
	throw std::runtime_error(n.name + " has no HDM decoder capability");
}

void fabric::set_hdm_enable(const node &n, bool on)
{
	component_write(n, hdm_offset(n) + 4, on ? 2 : 0);
}

void fabric::program(const node &n, unsigned decoder, const decoder_spec &d)
{
	const uint32_t at = hdm_offset(n) + 0x20 * decoder;
	const std::array<std::pair<uint32_t, uint64_t>, 6> writes{ {
		{ 0x14, d.base >> 32 },
		{ 0x10, d.base },
		{ 0x1c, d.size >> 32 },
		{ 0x18, d.size },
		{ 0x28, d.targets_or_skip >> 32 },
		{ 0x24, d.targets_or_skip },
	} };

	for (const auto &[offset, value] : writes)
		component_write(n, at + offset, static_cast<uint32_t>(value));
}

uint32_t fabric::commit(const node &n, unsigned decoder, const decoder_spec &d)
{
	program(n, decoder, d);
	// bit 12: host-only coherent; bit 9: commit; bit 8: lock on commit
	component_write(n, hdm_offset(n) + 0x20 * decoder + 0x20,
			d.eig | d.eiw << 4 | (d.lock ? 0x100u : 0u) | 0x200 | 0x1000);
	return control(n, decoder);
}

void fabric::uncommit(const node &n, unsigned decoder)
{
	component_write(n, hdm_offset(n) + 0x20 * decoder + 0x20, control(n, decoder) & ~0x200u);
}

uint32_t fabric::control(const node &n, unsigned decoder)
{
	return component_read(n, hdm_offset(n) + 0x20 * decoder + 0x20);
}

} // namespace vcxl_test
