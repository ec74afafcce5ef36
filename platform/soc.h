// SPDX-License-Identifier: Apache-2.0
//
// The virtual host: every module of a machine description, created and connected. Nothing in it is
// a singleton; a simulation may hold several.
#ifndef VCXL_PLATFORM_SOC_H
#define VCXL_PLATFORM_SOC_H

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <systemc>

#include <vcxl/dc.h>
#include <vcxl/tlm/cxl_memdev.h>
#include <vcxl/tlm/cxl_port.h>
#include <vcxl/tlm/cxl_window.h>
#include <vcxl/trace.h>

#include "bus.h"
#include "console.h"
#include "console_port.h"
#include "cpu.h"
#include "drive.h"
#include "gdb_stub.h"
#include "host_stream.h"
#include "inventory.h"
#include "machine.h"
#include "memory.h"
#include "memory_map.h"
#include "mmio.h"
#include "pcie_host.h"
#include "qmp_server.h"
#include "virtio_function.h"

namespace vcxl
{

struct pool_deleter {
	void operator()(vcxl_dc_pool *pool) const { vcxl_dc_pool_destroy(pool); }
};

struct soc_devices; // the C devices and their state (soc_devices.cpp)

// How the run ended.
struct run_result {
	bool ended = false;   // the guest said so
	int status = 0;       // exit status
	std::string message;  // for standard error; may be empty
	uint64_t time_ps = 0; // when, to the step
};

class soc : public sc_core::sc_module
{
public:
	struct hooks {
		console *terminal = nullptr;     // borrowed; may be absent
		std::vector<console *> consoles; // borrowed; by index of the function that has one
		gdb_stub *debugger = nullptr;    // borrowed; may be absent
		qmp_server *monitor = nullptr;   // borrowed; may be absent
		host_stream *signals = nullptr;  // borrowed; what arrives ends the run
		inventory *parts = nullptr;      // borrowed; needed with a monitor
		const vcxl_trace *trace = nullptr; // borrowed
		profile *samples = nullptr;        // borrowed; may be absent
		std::function<void()> reload;      // at a reset: places the boot images again
		const char *no_acpi = nullptr;     // why the guest has no tables; absent: it has
		// words of the host-target interface, in one page of RAM; 0: the program has none
		uint64_t tohost = 0, fromhost = 0;
	};

	// Takes RAM with the programs loaded, and the memory of the backends and the files of the
	// drives in their order.
	soc(const sc_core::sc_module_name &name, const machine &m, const layout &l, host_memory ram,
	    std::vector<host_memory> media, std::vector<drive_file> drives, const hooks &h);
	~soc() override;
	SC_HAS_PROCESS(soc);

	// Contents of the reset ROM.
	void set_rom(const std::vector<uint8_t> &code);

	// Resets the whole machine, or ends the run with -no-reboot: at once when it is stopped.
	// Safe from inside an access of a hart. The reason is QEMU's word in events, here as below:
	// guest-reset, host-qmp-quit.
	void request_reset(const char *reason);
	// The monitor has stopped the machine: a reset to come does not wait until it goes on.
	void stopped_by_monitor();
	// Presses the power button, of which the guest knows by its ACPI tables.
	void press_power_button();
	// Why it has no effect, static text; nullptr: it has.
	const char *no_power_button() const { return hooks_.no_acpi; }
	// Ends the run with success.
	void quit(const char *reason) { end(0, "", reason); }
	// Takes what has come from outside, for whoever holds the kernel.
	void poll_inputs();
	// Whether a debugger has stopped the machine.
	bool debugged() const { return hooks_.debugger && hooks_.debugger->stopped(); }
	// Whether it waits for a debugger to start it; then start() does so instead.
	bool unstarted() const { return hooks_.debugger && hooks_.debugger->unstarted(); }
	void start() { hooks_.debugger->start(); }
	// What the monitor adds and takes away (soc_slots.cpp). Throw std::runtime_error, and
	// nothing has changed.
	void add_object(const std::vector<key_value> &words);
	void remove_object(const std::string &id);
	void add_device(const std::vector<key_value> &words);
	bool has_device(const std::string &id) const;
	void remove_device(const std::string &id);
	const run_result &result() const { return result_; }
	// As it is now.
	const machine &description() const { return hooks_.parts ? hooks_.parts->now() : machine_; }
	// By node of the description; the device's time is brought up to now.
	vcxl_port *port(size_t node) const;
	vcxl_memdev *memdev(size_t node) const;
	// Time of the step being executed by a hart, or of the simulation when none is.
	uint64_t now_ps() const;
	uint64_t steps() const;
	uint64_t instructions() const;
	uint64_t traps(unsigned cause) const; // all harts, see iss_hart_trap_count()
	const uint8_t *ram() const { return ram_.data(); }
	// The power fails, with the warning that a global persistent flush needs: makes all media
	// durable, shutdowns are clean. False when a file cannot be written.
	bool power_off();

private:
	friend struct soc_devices;

	void build_memory();
	void build_pool();
	void build_harts();
	void build_cxl();
	void build_port(int index);
	void build_memdev(int port);
	void build_windows();
	void build_functions();
	console_port &make_port(const std::string &function_name, console &end);
	void connect_children(int index);
	cxl_memdev::config config_of(const machine &m, const node &n);
	void lend(const backend &b);
	bool flush(const machine &m, const node &n) const;
	size_t index_of(const std::string &port) const;
	size_t port_of(const machine &m, const node &n) const;
	uint64_t gpf_phase2_ps(const machine &m, const node &memdev) const;
	void slot_power(size_t port, bool on);
	void lose_power_below(size_t port);
	void take_out(size_t port);
	bool stopped() const;
	void reset();
	void restart();
	void watch_idle();
	host_stream *typing() const; // absent when nothing can be typed
	void connect_debugger();
	void print(char c);
	void flush_console();
	void flush_consoles();
	bool may_be_typed() const;
	void end_by_user();
	void read_console();
	void read_signals();
	void end(int status, const std::string &message, const char *reason);

	const machine machine_;
	const layout layout_;
	hooks hooks_;
	run_result result_;
	sc_core::sc_event restart_event_, flush_event_;
	const char *reset_reason_ = nullptr;               // of the reset to come; static text
	std::map<std::string, host_memory> memories_;      // by id of the backend
	std::unique_ptr<vcxl_dc_pool, pool_deleter> pool_; // those with a tag
	std::vector<drive_file> drives_;
	host_memory ram_, rom_;
	bus bus_;
	pcie_host pcie_;
	std::unique_ptr<memory_target> ram_target_, rom_target_;
	std::vector<std::unique_ptr<cpu>> cpus_;
	std::unique_ptr<soc_devices> devices_;
	// by node index; empty for nodes that are memory devices
	std::vector<std::unique_ptr<cxl_port>> ports_;
	// likewise, of the port above; empty in slots where nothing is plugged
	std::vector<std::unique_ptr<cxl_memdev>> memdevs_;
	std::set<size_t> leaving_; // slots whose device the guest was asked to give free
	std::vector<std::unique_ptr<cxl_window>> windows_;
	std::vector<std::unique_ptr<console_port>> console_ports_;
	std::vector<std::unique_ptr<virtio_function>> functions_;
	std::vector<unsigned> next_mem_in_; // host bridges: windows connected so far
};

} // namespace vcxl

#endif
