// SPDX-License-Identifier: Apache-2.0
//
// A hart of the ISS as a SystemC module: gives it time, memory and interrupts. One SC_THREAD runs
// it a quantum at a time; nothing synchronises per instruction.
//
// Time: a step takes map::step_ps. Inside a quantum the hart is ahead of the kernel by what it has
// run; accesses carry that as annotated delay, so that devices see exact times.
#ifndef VCXL_PLATFORM_CPU_H
#define VCXL_PLATFORM_CPU_H

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

#include <iss.h>

#include <vcxl/trace.h>

namespace vcxl
{

struct cxl_dmi_extension;
class cpu;
class profile;

// Looks at a hart between two steps: a debugger, an instruction trace. Called by the hart's
// process; time stands still for as long as a call takes.
class cpu_observer
{
public:
	virtual ~cpu_observer() = default;
	// The hart must not run until released() is notified; asked whenever it is in step with the
	// kernel.
	virtual bool holds(cpu &hart) = 0;
	virtual const sc_core::sc_event &released() const = 0;
	// The hart has to run one step at a time, with the calls below around each.
	virtual bool watches(const cpu &hart) const = 0;
	// false: not now; ask holds() first.
	// interrupted: an interrupt was taken since the last step.
	virtual bool before_step(cpu &hart, bool interrupted) = 0;
	virtual bool after_step(cpu &hart, bool retired) = 0;
};

class cpu : public sc_core::sc_module
{
public:
	struct config {
		unsigned hart_id = 0;
		unsigned n_harts = 1;
		uint64_t reset_pc = 0;
		iss_engine engine = ISS_ENGINE_BLOCK;
		uint64_t quantum_ps = 10'000'000;
		uint64_t max_steps = 0;            // 0: no limit
		const vcxl_trace *trace = nullptr; // borrowed
		profile *samples = nullptr;        // borrowed
	};

	tlm_utils::simple_initiator_socket<cpu, 64> mem;

	cpu(const sc_core::sc_module_name &name, const config &cfg);
	~cpu() override;
	SC_HAS_PROCESS(cpu);

	iss_hart *hart() { return hart_.get(); }
	const iss_hart *hart() const { return hart_.get(); }
	unsigned id() const { return config_.hart_id; }
	// Borrowed; before the simulation begins.
	void observe(cpu_observer *observer) { observer_ = observer; }
	// Physical memory without side effects; the bytes done.
	unsigned debug_access(tlm::tlm_command command, uint64_t pa, void *data, unsigned len);
	// Time of the step being executed, or of the simulation between quanta.
	uint64_t now_ps() const;
	// mtime is the time since the start in ticks plus this (modulo 2^64).
	void set_time_offset(uint64_t ticks);
	// An interrupt input changed: wakes a waiting hart.
	void set_irq(unsigned bit, bool level);
	void imsic_msi(iss_imsic_file file, uint32_t identity);
	// Ends the current quantum before its next step.
	void stop();
	// No further step until release().
	void hold();
	void release();
	bool held() const { return held_; }
	// When a hart that is held has come to rest.
	uint64_t rest_ps() const;
	// As at power-on, except that counts go on. Not while a step executes: hold() it first.
	void reset();
	// The step limit was reached.
	bool out_of_steps() const { return out_of_steps_; }
	// Waits for an interrupt with no timer armed: only others can wake it.
	bool asleep() const { return asleep_; }
	uint64_t steps() const { return steps_; }
	// Retired since the start, whatever was reset in between; likewise traps by cause, see
	// iss_hart_trap_count().
	uint64_t instructions() const;
	uint64_t traps(unsigned cause) const;
	// Notified whenever the hart falls asleep for good, or hits the limit.
	sc_core::sc_event idle;

private:
	struct deleter {
		void operator()(iss_hart *hart) const { iss_hart_destroy(hart); }
	};
	struct grant {
		uint64_t first, last;
		iss_dmi dmi;
		bool granted;
		std::vector<unsigned char *> slots; // of dmi
	};

	void run();
	uint64_t run_quantum(iss_stop *why);
	uint64_t run_observed(uint64_t max_steps, iss_stop *why);
	bool traced() const;
	// cpu_trace.cpp
	void trace_trap(vcxl_trace_id id, uint64_t pc) const;
	uint32_t insn_at(uint64_t pc);
	uint32_t trace_insn(uint64_t pc);
	void trace_effects(uint64_t pc, uint32_t bits, iss_data_access *data) const;
	bool data_access(uint32_t bits, iss_data_access *data);
	uint64_t run_sampled(uint64_t max_steps, iss_stop *why);
	void sample(uint64_t steps);
	uint64_t budget() const;
	uint64_t timer_ps() const;
	void wait_for_interrupt();
	uint64_t ahead_ps() const;
	bool access(uint64_t pa, void *data, unsigned len, iss_access kind);
	std::vector<grant>::iterator grant_at(uint64_t pa);
	void forget_grants(uint64_t first, uint64_t last);
	bool find_dmi(uint64_t pa, iss_dmi *out);
	static void keep_interleaved(cxl_dmi_extension &from, grant &out);
	bool request_dmi(uint64_t pa, grant &out);
	void invalidate(sc_dt::uint64 first, sc_dt::uint64 last);
	static iss_ops make_ops(cpu *self);

	config config_;
	std::unique_ptr<iss_hart, deleter> hart_;
	// by address; they do not overlap. Dynamic capacity may be as many as a device has extents.
	static constexpr size_t max_grants = 4096;
	std::vector<grant> grants_;
	// where in grants_ an address was found the last time; only a hint
	static constexpr uint64_t near_bytes = 2 * 1024 * 1024;
	std::array<uint16_t, 1024> near_{};
	// pages (address | 1) whose answer is smaller than a page: interleaved below 4 KiB by who
	// cannot say how, or not as a whole
	static constexpr size_t n_fragmented = 1024;
	std::array<uint64_t, n_fragmented> fragmented_{};
	tlm::tlm_generic_payload payload_;
	sc_core::sc_event wake_, released_;
	bool held_ = false, restarted_ = false;
	uint64_t rest_ps_ = 0;        // when the last quantum ends
	uint64_t retired_before_ = 0; // the last reset
	std::array<uint64_t, 128> traps_before_{};
	bool running_ = false, asleep_ = false, out_of_steps_ = false;
	uint64_t steps_ = 0, time_offset_ = 0;
	uint64_t observed_ = 0; // steps of this quantum before the current iss_hart_run()
	uint64_t until_sample_ = 0;
	cpu_observer *observer_ = nullptr;
};

} // namespace vcxl

#endif
