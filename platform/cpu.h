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

namespace vcxl
{

class cpu : public sc_core::sc_module
{
public:
	struct config {
		unsigned hart_id = 0;
		unsigned n_harts = 1;
		uint64_t reset_pc = 0;
		iss_engine engine = ISS_ENGINE_BLOCK;
		uint64_t quantum_ps = 10'000'000;
		uint64_t max_steps = 0; // 0: no limit
	};

	tlm_utils::simple_initiator_socket<cpu, 64> mem;

	cpu(const sc_core::sc_module_name &name, const config &cfg);
	~cpu() override;
	SC_HAS_PROCESS(cpu);

	iss_hart *hart() { return hart_.get(); }
	// Time of the step being executed, or of the simulation between quanta.
	uint64_t now_ps() const;
	// mtime is the time since the start in ticks plus this (modulo 2^64).
	void set_time_offset(uint64_t ticks);
	// An interrupt input changed: wakes a waiting hart.
	void set_irq(unsigned bit, bool level);
	void imsic_msi(iss_imsic_file file, uint32_t identity);
	// Ends the current quantum before its next step.
	void stop();
	// The step limit was reached.
	bool out_of_steps() const { return out_of_steps_; }
	// Waits for an interrupt with no timer armed: only others can wake it.
	bool asleep() const { return asleep_; }
	uint64_t steps() const { return steps_; }
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
	};

	void run();
	uint64_t budget() const;
	uint64_t timer_ps() const;
	void wait_for_interrupt();
	bool access(uint64_t pa, void *data, unsigned len, iss_access kind);
	bool find_dmi(uint64_t pa, iss_dmi *out);
	bool request_dmi(uint64_t pa, grant &out);
	void invalidate(sc_dt::uint64 first, sc_dt::uint64 last);
	static iss_ops make_ops(cpu *self);

	config config_;
	std::unique_ptr<iss_hart, deleter> hart_;
	std::vector<grant> grants_;
	// pages (address | 1) whose grant is smaller than a page: interleaved below 4 KiB
	static constexpr size_t n_fragmented = 1024;
	std::array<uint64_t, n_fragmented> fragmented_{};
	tlm::tlm_generic_payload payload_;
	sc_core::sc_event wake_;
	bool running_ = false, asleep_ = false, out_of_steps_ = false;
	uint64_t steps_ = 0, time_offset_ = 0;
};

} // namespace vcxl

#endif
