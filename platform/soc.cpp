// SPDX-License-Identifier: Apache-2.0
//
// Creates and connects the modules of a machine; see soc.h.
#include "soc.h"

#include <algorithm>

#include "coordinates.h"
#include "memdev_config.h"
#include "soc_devices.h"
#include "soc_slots.h"

namespace vcxl
{

soc::soc(const sc_core::sc_module_name &name, const machine &m, const layout &l, host_memory ram,
	 std::vector<host_memory> media, std::vector<drive_file> drives, const hooks &h)
    : sc_module(name), machine_(m), layout_(l), hooks_(h), drives_(std::move(drives)),
      ram_(std::move(ram)), bus_("bus"), pcie_("pcie", l, m.functions.size())
{
	for (size_t i = 0; i < media.size(); i++)
		memories_.emplace(machine_.backends[i].id, std::move(media[i]));
	build_pool();
	build_harts();
	devices_ = std::make_unique<soc_devices>(*this);
	if (hooks_.tohost)
		devices_->attach_htif(hooks_.tohost, hooks_.fromhost);
	build_memory();
	build_cxl();
	build_functions();
	if (hooks_.debugger)
		connect_debugger();
	if (hooks_.monitor)
		hooks_.monitor->attach(this);
	SC_METHOD(restart);
	sensitive << restart_event_;
	dont_initialize();
	SC_METHOD(watch_idle);
	for (const auto &hart : cpus_)
		sensitive << hart->idle;
	dont_initialize();
	if (hooks_.terminal) {
		SC_METHOD(flush_console);
		sensitive << flush_event_;
		dont_initialize();
	}
	if (typing()) {
		SC_METHOD(read_console);
		sensitive << typing()->arrived << devices_->caught_up;
		dont_initialize();
	}
	if (hooks_.signals) {
		SC_METHOD(read_signals);
		sensitive << hooks_.signals->arrived;
		dont_initialize();
	}
}

soc::~soc() = default;

void soc::connect_debugger()
{
	hooks_.debugger->set_kill([this] { end(0, "killed by the debugger", "host-error"); });
	hooks_.debugger->set_while_stopped([this] { poll_inputs(); });
}

void soc::print(char c)
{
	if (!hooks_.terminal)
		return;
	hooks_.terminal->put(c);
	if (hooks_.terminal->holds_back())
		// an earlier notification stays
		flush_event_.notify(sc_core::sc_time::from_value(console::max_held_back_ps));
}

void soc::flush_console()
{
	flush_event_.cancel();
	hooks_.terminal->flush();
}

void soc::flush_consoles()
{
	if (hooks_.terminal)
		flush_console();
	for (const auto &port : console_ports_)
		port->flush();
}

bool soc::may_be_typed() const
{
	return (typing() && !typing()->closed()) ||
	       std::any_of(console_ports_.begin(), console_ports_.end(),
			   [](const auto &port) { return port->alive(); });
}

host_stream *soc::typing() const
{
	return hooks_.terminal ? hooks_.terminal->input() : nullptr;
}

void soc::poll_inputs()
{
	if (hooks_.terminal)
		hooks_.terminal->flush();
	if (hooks_.signals)
		read_signals();
	if (typing())
		read_console();
	for (const auto &port : console_ports_)
		port->poll();
	if (hooks_.debugger)
		hooks_.debugger->poll();
	if (hooks_.monitor)
		hooks_.monitor->poll();
}

uint64_t soc::steps() const
{
	uint64_t sum = 0;

	for (const auto &hart : cpus_)
		sum += hart->steps();
	return sum;
}

uint64_t soc::instructions() const
{
	uint64_t sum = 0;

	for (const auto &hart : cpus_)
		sum += hart->instructions();
	return sum;
}

uint64_t soc::traps(unsigned cause) const
{
	uint64_t sum = 0;

	for (const auto &hart : cpus_)
		sum += hart->traps(cause);
	return sum;
}

uint64_t soc::now_ps() const
{
	uint64_t now = sc_core::sc_time_stamp().value();

	for (const auto &hart : cpus_) // at most one is ahead of the kernel
		now = std::max(now, hart->now_ps());
	return now;
}

void soc::end(int status, const std::string &message, const char *reason)
{
	if (result_.ended)
		return;
	result_ = { true, status, message, now_ps() };
	flush_consoles();
	if (hooks_.monitor) {
		hooks_.monitor->event("SHUTDOWN", reason);
		hooks_.monitor->ended();
	}
	for (const auto &hart : cpus_)
		hart->stop();
	if (hooks_.debugger)
		hooks_.debugger->ended(status);
	sc_core::sc_stop();
}

// By the debugger or the monitor: the kernel does not run until they let it.
bool soc::stopped() const
{
	return debugged() || (hooks_.monitor && hooks_.monitor->paused());
}

// When the hart that is furthest ahead has come to rest, so that all of them begin together. Who
// looks at a stopped machine sees at once what they will find.
void soc::request_reset(const char *reason)
{
	if (machine_.no_reboot) {
		end(0, "", reason);
		return;
	}
	if (reset_reason_ && !stopped())
		return;
	reset_reason_ = reason;
	uint64_t at = sc_core::sc_time_stamp().value();

	for (const auto &hart : cpus_) {
		hart->hold();
		at = std::max(at, hart->rest_ps());
	}
	restart_event_.notify(sc_core::sc_time::from_value(at) - sc_core::sc_time_stamp());
	if (stopped())
		reset();
}

void soc::stopped_by_monitor()
{
	if (reset_reason_)
		reset();
}

void soc::press_power_button()
{
	devices_->pressed.notify(sc_core::SC_ZERO_TIME);
}

// A warm reset: power stays, and with it RAM, media and what is sticky (docs/decisions.md). The
// harts stay where they are, see restart().
void soc::reset()
{
	const char *const reason = reset_reason_;

	reset_reason_ = nullptr;
	leaving_.clear();
	for (const auto &port : ports_)
		if (port)
			port->reset(VCXL_RESET_HOT);
	for (const auto &memdev : memdevs_)
		if (memdev)
			memdev->reset(VCXL_RESET_HOT);
	for (const auto &function : functions_)
		function->reset();
	devices_->reset();
	if (hooks_.reload)
		hooks_.reload();
	for (const auto &hart : cpus_)
		hart->reset();
	if (hooks_.monitor)
		hooks_.monitor->event("RESET", reason);
}

void soc::restart()
{
	if (result_.ended)
		return;
	if (reset_reason_)
		reset();
	devices_->restart_time(); // it went on for harts that were ahead of a stop
	for (const auto &hart : cpus_)
		hart->release();
}

// Ends the run when no hart can ever go on, or when the step limit was reached.
void soc::watch_idle()
{
	bool all_asleep = true;

	for (const auto &hart : cpus_) {
		if (hart->out_of_steps()) {
			end(1, "step limit reached (--max-steps)", "host-error");
			return;
		}
		all_asleep = all_asleep && hart->asleep();
	}
	if (all_asleep)
		flush_consoles();
	if (all_asleep && !reset_reason_ && !hooks_.debugger && !hooks_.monitor &&
	    !may_be_typed() && !sc_core::sc_pending_activity_at_future_time())
		end(1, "all harts wait for an interrupt that cannot come", "host-error");
}

void soc::build_memory()
{
	rom_ = host_memory::anonymous(map::rom.size, "reset ROM");
	ram_target_ = std::make_unique<memory_target>("ram", ram_.data(), ram_.size(), true);
	rom_target_ = std::make_unique<memory_target>("rom", rom_.data(), rom_.size(), false);
	bus_.add_slave("to_ram", { map::ram_base, ram_.size() }, true).bind(ram_target_->in);
	bus_.add_slave("to_rom", map::rom, true).bind(rom_target_->in);
	if (hooks_.tohost)
		ram_target_->set_hole(hooks_.tohost - map::ram_base);
}

void soc::build_harts()
{
	for (unsigned i = 0; i < machine_.harts; i++) {
		cpu::config cfg;
		const std::string hart_name = "hart" + std::to_string(i);

		cfg.hart_id = i;
		cfg.n_harts = machine_.harts;
		cfg.reset_pc = map::rom.base;
		cfg.engine = machine_.engine == "step" ? ISS_ENGINE_STEP : ISS_ENGINE_BLOCK;
		cfg.quantum_ps = machine_.quantum_ps;
		cfg.max_steps = machine_.max_steps;
		cfg.trace = hooks_.trace;
		cfg.samples = hooks_.samples;
		cpus_.push_back(std::make_unique<cpu>(hart_name.c_str(), cfg));
		if (hooks_.debugger)
			hooks_.debugger->add(cpus_.back().get());
		cpus_.back()->mem.bind(bus_.add_master(hart_name + "_mem"));
	}
}

void soc::set_rom(const std::vector<uint8_t> &code)
{
	sc_assert(code.size() <= rom_.size());
	std::copy(code.begin(), code.end(), rom_.data());
}

void soc::read_console()
{
	if (devices_->typed_enough())
		return;
	for (const key &k : hooks_.terminal->take()) {
		if (k.kind == key_kind::end)
			end_by_user();
		else
			devices_->typed(k);
	}
	watch_idle(); // the end of input may leave nothing to wait for
}

void soc::end_by_user()
{
	end(0, "terminated by Ctrl-A x", "host-ui");
}

void soc::read_signals()
{
	if (!hooks_.signals->take_bytes().empty())
		end(130, "interrupted", "host-signal"); // 128 + SIGINT, as shells count
}

// What the ports between the device and the host grant it: the least.
uint64_t soc::gpf_phase2_ps(const machine &m, const node &memdev) const
{
	uint64_t granted = UINT64_MAX;

	for (size_t i = port_of(m, memdev);; i = static_cast<size_t>(machine_.nodes[i].parent)) {
		granted = std::min(granted, vcxl_port_gpf_phase2_ps(ports_[i]->core()));
		if (machine_.nodes[i].parent == none)
			return granted;
	}
}

bool soc::power_off()
{
	bool done = true;

	const machine &m = description();

	// a device that is given too little time says so at the next power-on
	for (const node &n : m.nodes)
		if (n.kind == node_kind::memdev)
			(void)memdevs_[port_of(m, n)]->gpf(gpf_phase2_ps(m, n));
	for (const auto &[id, memory] : memories_)
		done = memory.flush(0, memory.size()) && done;
	for (const drive_file &file : drives_)
		done = file.flush() && done;
	return done;
}

void soc::build_port(int index)
{
	const node &n = machine_.nodes[static_cast<size_t>(index)];
	static const std::map<node_kind, vcxl_port_kind> kinds = {
		{ node_kind::host_bridge, VCXL_PORT_HOST_BRIDGE },
		{ node_kind::root_port, VCXL_PORT_ROOT },
		{ node_kind::upstream_port, VCXL_PORT_UPSTREAM },
		{ node_kind::downstream_port, VCXL_PORT_DOWNSTREAM },
	};
	cxl_port::config cfg;

	cfg.port.kind = kinds.at(n.kind);
	cfg.port.port_number = static_cast<uint8_t>(n.port_number);
	cfg.port.slot = static_cast<uint16_t>(n.slot);
	cfg.port.chassis = static_cast<uint8_t>(n.chassis);
	cfg.port.hdm =
		n.kind == node_kind::host_bridge ? n.hdm : n.kind == node_kind::upstream_port;
	cfg.port.n_decoders = static_cast<uint8_t>(n.n_decoders);
	cfg.port.serial = n.serial;
	cfg.port.link = link_of(n);
	if (const node *peer = link_peer(machine_, n))
		cfg.port.peer_link = link_of(*peer);
	if (n.kind == node_kind::upstream_port) {
		cfg.port.latency_ps = static_cast<uint32_t>(n.crossing.read_latency_ps);
		cfg.port.bandwidth = static_cast<uint32_t>(n.crossing.read_bandwidth);
	}
	for (int child : n.children) {
		const node &c = machine_.nodes[static_cast<size_t>(child)];

		cfg.dports.push_back(
			{ static_cast<uint8_t>(c.port_number), static_cast<uint8_t>(c.devfn) });
	}
	if (n.kind == node_kind::host_bridge) {
		cfg.n_upstream = 0;
		for (const window &w : machine_.windows)
			for (int target : w.targets)
				cfg.n_upstream += target == index;
	}
	if (n.hotplug && n.children.empty())
		cfg.dports.push_back({});
	cfg.port.hotplug = n.hotplug;
	cfg.port.slot_empty = n.hotplug && n.children.empty();
	cfg.bus_nr = static_cast<uint8_t>(n.bus_nr);
	cfg.trace = hooks_.trace;
	auto made = std::make_unique<cxl_port>(object_name(n.id).c_str(), cfg);

	made->slot_power = [this, index](bool on) { slot_power(static_cast<size_t>(index), on); };
	ports_[static_cast<size_t>(index)] = std::move(made);
}

void soc::connect_children(int index)
{
	const node &n = machine_.nodes[static_cast<size_t>(index)];
	cxl_port &parent = *ports_[static_cast<size_t>(index)];

	if (const auto &device = memdevs_[static_cast<size_t>(index)]) {
		parent.mem_out[0].bind(device->mem_in);
		parent.io_out[0].bind(device->io_in);
		device->message_out.bind(parent.message_in[0]);
		device->msi.bind(bus_.add_master(device->basename() + std::string("_msi")));
		return;
	}
	for (size_t i = 0; i < n.children.size(); i++) {
		const size_t child = static_cast<size_t>(n.children[i]);
		const bool carries_messages = n.kind != node_kind::host_bridge;

		parent.mem_out[i].bind(ports_[child]->mem_in[0]);
		parent.io_out[i].bind(ports_[child]->io_in);
		if (carries_messages)
			ports_[child]->message_out.bind(parent.message_in[i]);
		ports_[child]->msi.bind(
			bus_.add_master(object_name(machine_.nodes[child].id) + "_msi"));
	}
}

void soc::build_windows()
{
	next_mem_in_.resize(machine_.nodes.size());
	for (size_t i = 0; i < machine_.windows.size(); i++) {
		const window &w = machine_.windows[i];
		const std::string window_name = "cxl-fmw" + std::to_string(i);
		cxl_window::config cfg;

		cfg.base = w.base;
		cfg.size = w.size;
		cfg.ways = static_cast<unsigned>(w.targets.size());
		cfg.granularity = w.granularity;
		cfg.xor_maps = w.xor_maps;
		cfg.trace = hooks_.trace;
		windows_.push_back(std::make_unique<cxl_window>(window_name.c_str(), cfg));
		bus_.add_slave("to_" + window_name, { w.base, w.size }, false)
			.bind(windows_.back()->in);
		for (size_t way = 0; way < w.targets.size(); way++) {
			const size_t target = static_cast<size_t>(w.targets[way]);

			windows_.back()->out[way].bind(
				ports_[target]->mem_in[next_mem_in_[target]++]);
		}
	}
}

console_port &soc::make_port(const std::string &function_name, console &end)
{
	console_ports_.push_back(
		std::make_unique<console_port>((function_name + "_port").c_str(), end));
	console_ports_.back()->after_reading = [this](bool wants_end) {
		if (wants_end)
			end_by_user();
		watch_idle();
	};
	return *console_ports_.back();
}

void soc::build_functions()
{
	for (size_t i = 0; i < machine_.functions.size(); i++) {
		const pci_function &f = machine_.functions[i];
		const std::string function_name = object_name(f.id);
		auto made = std::make_unique<virtio_function>(function_name.c_str(), f.devfn);

		switch (f.kind) {
		case function_kind::virtio_blk:
			made->be_block_device(drives_[static_cast<size_t>(f.drive)].media(),
					      f.serial, hooks_.trace);
			break;
		case function_kind::virtio_rng:
			made->be_rng(machine_.seed + f.devfn);
			break;
		case function_kind::virtio_console:
			made->be_console(make_port(function_name, *hooks_.consoles[i]));
			break;
		}
		made->dma.bind(bus_.add_master(function_name + "_dma"));
		pcie_.functions[i].bind(made->io_in);
		functions_.push_back(std::move(made));
	}
	bus_.add_slave("to_mem32_pci", map::mem32_pci, false).bind(pcie_.mem32_pci);
	bus_.add_slave("to_mem64_pci", layout_.mem64_pci, false).bind(pcie_.mem64_pci);
}

void soc::build_cxl()
{
	const int n_nodes = static_cast<int>(machine_.nodes.size());

	ports_.resize(machine_.nodes.size());
	memdevs_.resize(machine_.nodes.size());
	for (int i = 0; i < n_nodes; i++) {
		if (machine_.nodes[static_cast<size_t>(i)].kind == node_kind::memdev)
			continue;
		build_port(i);
		build_memdev(i);
	}
	for (int i = 0; i < n_nodes; i++)
		if (ports_[static_cast<size_t>(i)])
			connect_children(i);
	for (unsigned i = 0; i < layout_.n_bridges; i++) {
		const layout::bridge_windows &b = layout_.bridges[i];
		cxl_port &bridge = *ports_[static_cast<size_t>(b.node)];
		const std::string id = object_name(machine_.nodes[static_cast<size_t>(b.node)].id);

		pcie_.bridges[i].bind(bridge.io_in);
		bus_.add_slave("to_" + id + "_chbcr", b.chbcr, true).bind(bridge.chbcr);
	}
	bus_.add_slave("to_ecam", map::ecam, true).bind(pcie_.ecam);
	bus_.add_slave("to_mem32", map::mem32_cxl, false).bind(pcie_.mem32);
	bus_.add_slave("to_mem64", layout_.mem64_cxl, false).bind(pcie_.mem64);
	build_windows();
}

} // namespace vcxl
