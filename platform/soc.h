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
#include <string>
#include <vector>

#include <systemc>

#include <vcxl/tlm/cxl_memdev.h>
#include <vcxl/tlm/cxl_port.h>
#include <vcxl/tlm/cxl_window.h>
#include <vcxl/trace.h>

#include "bus.h"
#include "cpu.h"
#include "external_input.h"
#include "gdb_stub.h"
#include "machine.h"
#include "memory.h"
#include "memory_map.h"
#include "mmio.h"
#include "pcie_host.h"

namespace vcxl
{

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
		std::function<void(char)> console_output;
		external_input *console = nullptr; // borrowed; may be absent
		gdb_stub *debugger = nullptr;      // borrowed; may be absent
		external_input *signals = nullptr; // borrowed; what arrives ends the run
		const vcxl_trace *trace = nullptr; // borrowed
		profile *samples = nullptr;        // borrowed; may be absent
		// words of the host-target interface, in one page of RAM; 0: the program has none
		uint64_t tohost = 0, fromhost = 0;
	};

	// Takes RAM with the programs loaded, and the memory of the backends in their order.
	soc(const sc_core::sc_module_name &name, const machine &m, const layout &l, host_memory ram,
	    std::vector<host_memory> media, const hooks &h);
	~soc() override;
	SC_HAS_PROCESS(soc);

	// Contents of the reset ROM.
	void set_rom(const std::vector<uint8_t> &code);

	const run_result &result() const { return result_; }
	// Time of the step being executed by a hart, or of the simulation when none is.
	uint64_t now_ps() const;
	uint64_t steps() const;
	uint64_t instructions() const;
	uint64_t traps(unsigned cause) const; // all harts, see iss_hart_trap_count()
	const uint8_t *ram() const { return ram_.data(); }
	// Makes all media durable; false when a file cannot be written.
	bool flush_media() const;

private:
	friend struct soc_devices;

	void build_memory();
	void build_harts();
	void build_cxl();
	void build_port(int index);
	void build_memdev(int index);
	void build_windows();
	void connect_children(int index);
	vcxl_media media_of(int backend_index);
	void watch_idle();
	void read_console();
	void read_signals();
	void end(int status, const std::string &message);

	const machine machine_;
	const layout layout_;
	hooks hooks_;
	run_result result_;
	std::vector<host_memory> backend_memory_;
	host_memory ram_, rom_;
	bus bus_;
	pcie_host pcie_;
	std::unique_ptr<memory_target> ram_target_, rom_target_;
	std::vector<std::unique_ptr<cpu>> cpus_;
	std::unique_ptr<soc_devices> devices_;
	// by node index; one of the two is set
	std::vector<std::unique_ptr<cxl_port>> ports_;
	std::vector<std::unique_ptr<cxl_memdev>> memdevs_;
	std::vector<std::unique_ptr<cxl_window>> windows_;
	std::vector<unsigned> next_mem_in_; // host bridges: windows connected so far
};

} // namespace vcxl

#endif
