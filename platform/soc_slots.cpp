// SPDX-License-Identifier: Apache-2.0
//
// Memory devices of a soc, and the slots that they come into and leave while it runs. SystemC
// forbids new modules then: each slot has a module from the start, and what is plugged in is the
// core's object in it.
#include "soc_slots.h"

#include <cctype>
#include <new>
#include <stdexcept>

#include <unistd.h>

#include "hex.h"
#include "memdev_config.h"
#include "soc.h"

namespace vcxl
{

std::string object_name(std::string id)
{
	for (char &c : id)
		if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-')
			c = '_';
	return id;
}

// ---- memory devices ----

static vcxl_media media_of(host_memory &memory)
{
	vcxl_media media{};

	media.size = memory.size();
	media.direct = memory.data();
	media.ctx = &memory;
	media.flush = [](void *ctx, uint64_t offset, uint64_t len) {
		return static_cast<host_memory *>(ctx)->flush(offset, len) ? VCXL_OK : VCXL_E_MEDIA;
	};
	media.zero = [](void *ctx, uint64_t offset, uint64_t len) {
		return static_cast<host_memory *>(ctx)->zero(offset, len) ? VCXL_OK : VCXL_E_MEDIA;
	};
	return media;
}

cxl_memdev::config soc::config_of(const machine &m, const node &n)
{
	const auto media = [&](int backend_index) {
		return media_of(memories_.at(m.backends[static_cast<size_t>(backend_index)].id));
	};
	cxl_memdev::config cfg;

	cfg.memdev = memdev_config(m, n, media);
	cfg.memdev.dc.pool = pool_.get();
	if (n.dc_media != none)
		cfg.dc_media = media(n.dc_media);
	cfg.devfn = static_cast<uint8_t>(n.devfn);
	cfg.trace = hooks_.trace;
	return cfg;
}

// A report of SystemC has a line of its own for the place.
static std::string why(const std::exception &e)
{
	const auto *report = dynamic_cast<const sc_core::sc_report *>(&e);

	return report ? report->get_msg() : e.what();
}

// Below this port: what the command line put there, or an empty slot's place.
void soc::build_memdev(int port)
{
	const node &n = machine_.nodes[static_cast<size_t>(port)];
	const node *below =
		n.children.empty() ? nullptr : &machine_.nodes[static_cast<size_t>(n.children[0])];
	cxl_memdev::config cfg;

	if (below ? below->kind != node_kind::memdev : !n.hotplug)
		return;
	if (below)
		cfg = config_of(machine_, *below);
	cfg.empty = !below;
	try {
		memdevs_[static_cast<size_t>(port)] = std::make_unique<cxl_memdev>(
			object_name(below ? below->id : n.id + "/slot").c_str(), cfg);
	} catch (const std::exception &e) {
		if (!below)
			throw;
		throw std::runtime_error(unfit(machine_, *below, why(e)));
	}
}

bool soc::flush(const machine &m, const node &n) const
{
	bool done = true;

	for (const auto backend : backends_of_node) {
		const int i = n.*backend;

		if (i == none)
			continue;
		const host_memory &memory = memories_.at(m.backends[static_cast<size_t>(i)].id);
		done = memory.flush(0, memory.size()) && done;
	}
	return done;
}

// ---- objects ----

constexpr unsigned max_lent = 1024;

void soc::build_pool()
{
	vcxl_dc_pool *pool = nullptr;

	if (vcxl_dc_pool_create(max_lent, &pool) != VCXL_OK)
		throw std::bad_alloc();
	pool_.reset(pool);
	for (const backend &b : machine_.backends)
		lend(b);
}

// To the extents that have the tag of the backend, if it has one.
void soc::lend(const backend &b)
{
	uuid tag{};

	if (!parse_uuid(b.tag, tag))
		return;
	const vcxl_media media = media_of(memories_.at(b.id));
	const vcxl_dc_error error = vcxl_dc_pool_attach(pool_.get(), tag.data(), &media);
	if (error != VCXL_DC_OK)
		throw std::runtime_error("object '" + b.id + "': " + vcxl_dc_error_text(error));
}

void soc::add_object(const std::vector<key_value> &words)
{
	const backend b = hooks_.parts->add_object(words);
	bool created = false;

	try {
		memories_.emplace(b.id, host_memory::of_backend(b, &created));
		lend(b);
	} catch (...) {
		memories_.erase(b.id);
		if (created)
			unlink(b.path.c_str());
		hooks_.parts->remove_object(b.id);
		throw;
	}
}

void soc::remove_object(const std::string &id)
{
	const backend *b = hooks_.parts->find_object(id);

	if (!b)
		throw std::runtime_error("object '" + id + "' not found");
	if (!b->user.empty())
		throw std::runtime_error("object '" + id + "' is in use by '" + b->user +
					 "', can not be deleted");
	const host_memory &memory = memories_.at(id);
	if (!memory.flush(0, memory.size()))
		throw std::runtime_error("object '" + id + "': '" + b->path +
					 "' could not be written");
	uuid tag{};
	if (parse_uuid(b->tag, tag) && vcxl_dc_pool_detach(pool_.get(), tag.data()) != VCXL_DC_OK)
		throw std::runtime_error("object '" + id + "' is in use, can not be deleted");
	hooks_.parts->remove_object(id);
	memories_.erase(id);
}

// ---- slots ----

// Index here, where nodes are those of the start.
size_t soc::index_of(const std::string &port) const
{
	size_t index = 0;

	while (machine_.nodes[index].id != port)
		index++;
	return index;
}

// Of the port above a device.
size_t soc::port_of(const machine &m, const node &n) const
{
	return index_of(m.nodes[static_cast<size_t>(n.parent)].id);
}

vcxl_port *soc::port(size_t node) const
{
	return ports_[index_of(description().nodes[node].id)]->core();
}

vcxl_memdev *soc::memdev(size_t node) const
{
	const machine &m = description();
	cxl_memdev &device = *memdevs_[port_of(m, m.nodes[node])];

	device.advance(now_ps());
	return device.core();
}

void soc::add_device(const std::vector<key_value> &words)
{
	const node &n = hooks_.parts->add_device(words);
	const machine &m = hooks_.parts->now();
	const size_t port = port_of(m, n);
	const vcxl_link_config link = link_of(n);

	try {
		memdevs_[port]->insert(config_of(m, n));
	} catch (const std::exception &e) {
		const std::string text = unfit(m, n, why(e));

		hooks_.parts->remove_device(n.id);
		throw std::runtime_error(text);
	}
	vcxl_port_insert(ports_[port]->core(), &link);
	// Linux listens to presence only where there is no button
	vcxl_port_press_attention_button(ports_[port]->core());
	if (!steps()) // it is there when the machine is switched on
		ports_[port]->reset(VCXL_RESET_COLD);
}

bool soc::has_device(const std::string &id) const
{
	return hooks_.parts->find_device(id);
}

void soc::remove_device(const std::string &id)
{
	const machine &m = hooks_.parts->now();
	const node &n = *hooks_.parts->find_device(id);

	if (n.kind != node_kind::memdev)
		throw std::runtime_error("Device '" + id +
					 "' does not support hotplugging; known: cxl-type3");
	const size_t port = port_of(m, n);
	const node &above = machine_.nodes[port];
	if (!above.hotplug)
		throw std::runtime_error(
			"Bus '" + above.id +
			"' does not support hotplugging: its port has hotplug=off");
	const vcxl_slot_state slot = vcxl_port_slot(ports_[port]->core());
	if (leaving_.count(port) && (slot.pressed || slot.blinking))
		throw std::runtime_error("Device '" + id + "' is already in the process of unplug");
	if (slot.blinking)
		throw std::runtime_error("Device '" + id +
					 "': the guest is busy with its slot, whose power "
					 "indicator blinks");
	if (!slot.powered || !steps()) {
		take_out(port);
		return;
	}
	leaving_.insert(port);
	vcxl_port_press_attention_button(ports_[port]->core());
}

// The guest turned power on or off, or a reset did.
void soc::slot_power(size_t port, bool on)
{
	if (on)
		return; // a device that had none is as after a cold reset
	if (leaving_.count(port))
		take_out(port);
	else
		lose_power_below(port);
}

void soc::lose_power_below(size_t port)
{
	if (memdevs_[port])
		memdevs_[port]->reset(VCXL_RESET_COLD);
	for (const int child : machine_.nodes[port].children) {
		const size_t index = static_cast<size_t>(child);

		if (!ports_[index])
			continue;
		ports_[index]->reset(VCXL_RESET_COLD);
		lose_power_below(index);
	}
}

// A file that cannot be written now is reported when its object is deleted, or at the end.
void soc::take_out(size_t port)
{
	const machine &m = hooks_.parts->now();
	const std::string &above = machine_.nodes[port].id;
	std::string id;

	for (const node &n : m.nodes) {
		if (n.kind != node_kind::memdev ||
		    m.nodes[static_cast<size_t>(n.parent)].id != above)
			continue;
		id = n.id;
		flush(m, n);
	}
	leaving_.erase(port);
	memdevs_[port]->remove();
	vcxl_port_remove(ports_[port]->core());
	if (!steps())
		ports_[port]->reset(VCXL_RESET_COLD);
	hooks_.parts->remove_device(id);
	hooks_.monitor->device_deleted(id);
}

} // namespace vcxl
