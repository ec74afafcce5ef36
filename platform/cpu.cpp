// SPDX-License-Identifier: Apache-2.0
//
// A hart as a SystemC module; see cpu.h.
#include "cpu.h"

#include <algorithm>

#include <vcxl/tlm/dmi_extension.h>

#include "memory_map.h"
#include "profile.h"

namespace vcxl
{

namespace
{

constexpr unsigned reg_pc = 32; // see iss_hart_reg()

sc_core::sc_time ps(uint64_t value)
{
	return sc_core::sc_time::from_value(value);
}

} // namespace

iss_ops cpu::make_ops(cpu *self)
{
	iss_ops ops{};

	ops.ctx = self;
	ops.access = [](void *ctx, uint64_t pa, void *data, unsigned len, iss_access kind) {
		return static_cast<cpu *>(ctx)->access(pa, data, len, kind);
	};
	ops.dmi = [](void *ctx, uint64_t pa, iss_dmi *out) {
		return static_cast<cpu *>(ctx)->find_dmi(pa, out);
	};
	ops.time = [](void *ctx) {
		const cpu *hart = static_cast<cpu *>(ctx);
		return hart->now_ps() / map::tick_ps + hart->time_offset_;
	};
	ops.timer_changed = [](void *ctx) { static_cast<cpu *>(ctx)->stop(); };
	return ops;
}

cpu::cpu(const sc_core::sc_module_name &name, const config &cfg)
    : sc_module(name), mem("mem"), config_(cfg)
{
	iss_config ic{};
	const iss_ops ops = make_ops(this);

	ic.hart_id = cfg.hart_id;
	ic.reset_pc = cfg.reset_pc;
	ic.engine = cfg.engine;
	ic.imsic = true;
	hart_.reset(iss_hart_create(&ic, &ops));
	if (!hart_)
		SC_REPORT_FATAL("/vcxl/cpu", "out of memory");
	if (cfg.samples)
		until_sample_ = cfg.samples->interval();
	mem.register_invalidate_direct_mem_ptr(this, &cpu::invalidate);
	SC_THREAD(run);
}

cpu::~cpu() = default;

// How far the hart has run ahead of the kernel.
uint64_t cpu::ahead_ps() const
{
	return (observed_ + iss_hart_steps_run(hart_.get())) * map::step_ps;
}

uint64_t cpu::now_ps() const
{
	const uint64_t base = sc_core::sc_time_stamp().value();

	return running_ ? base + ahead_ps() : base;
}

void cpu::set_irq(unsigned bit, bool level)
{
	iss_hart_set_irq(hart_.get(), bit, level);
	wake_.notify();
}

void cpu::imsic_msi(iss_imsic_file file, uint32_t identity)
{
	iss_hart_imsic_msi(hart_.get(), file, identity);
	wake_.notify();
}

void cpu::stop()
{
	iss_hart_stop(hart_.get());
}

void cpu::hold()
{
	held_ = true;
	stop();
}

void cpu::release()
{
	held_ = false;
	released_.notify(sc_core::SC_ZERO_TIME);
}

uint64_t cpu::rest_ps() const
{
	return running_ ? now_ps() + map::step_ps : rest_ps_;
}

void cpu::reset()
{
	sc_assert(held_);
	retired_before_ = instructions();
	for (unsigned cause = 0; cause < traps_before_.size(); cause++)
		traps_before_[cause] = traps(cause);
	iss_hart_reset(hart_.get());
	grants_.clear();
	fragmented_.fill(0);
	asleep_ = false;
	restarted_ = true; // it no longer waits for an interrupt
	wake_.notify(sc_core::SC_ZERO_TIME);
}

uint64_t cpu::instructions() const
{
	return retired_before_ + iss_hart_instret(hart_.get());
}

uint64_t cpu::traps(unsigned cause) const
{
	return cause < traps_before_.size()
		       ? traps_before_[cause] + iss_hart_trap_count(hart_.get(), cause)
		       : 0;
}

void cpu::set_time_offset(uint64_t ticks)
{
	time_offset_ = ticks;
	if (running_)
		stop();
	wake_.notify();
}

// When the supervisor timer fires; UINT64_MAX: not in reach, 0: it has.
uint64_t cpu::timer_ps() const
{
	const uint64_t deadline = iss_hart_timer_deadline(hart_.get());
	const uint64_t ticks = sc_core::sc_time_stamp().value() / map::tick_ps;
	const uint64_t mtime = ticks + time_offset_;

	if (deadline == UINT64_MAX || deadline <= mtime)
		return deadline == UINT64_MAX ? UINT64_MAX : 0;
	return deadline - mtime <= UINT64_MAX / map::tick_ps - ticks
		       ? (ticks + (deadline - mtime)) * map::tick_ps
		       : UINT64_MAX;
}

// Steps until something may happen: the end of the quantum, the supervisor timer, the step limit,
// and, for the only hart, the next event of any device, so that quantum length changes no result.
uint64_t cpu::budget() const
{
	const uint64_t now = sc_core::sc_time_stamp().value();
	const uint64_t timer = timer_ps();
	uint64_t steps = std::max<uint64_t>(config_.quantum_ps / map::step_ps, 1);

	if (timer != 0 && timer != UINT64_MAX)
		steps = std::min(steps, (timer - now + map::step_ps - 1) / map::step_ps);
	if (config_.n_harts == 1 && sc_core::sc_pending_activity_at_future_time()) {
		const uint64_t left = sc_core::sc_time_to_pending_activity().value();
		steps = std::min(steps, (left + map::step_ps - 1) / map::step_ps);
	}
	if (config_.max_steps)
		steps = std::min(steps, config_.max_steps - steps_);
	return std::max<uint64_t>(steps, 1);
}

void cpu::wait_for_interrupt()
{
	while (!restarted_ && !iss_hart_has_work(hart_.get())) {
		const uint64_t timer = timer_ps();

		if (timer == 0)
			return; // the ISS sees it when it runs
		if (timer != UINT64_MAX) {
			wait(ps(timer - sc_core::sc_time_stamp().value()), wake_);
			continue;
		}
		asleep_ = true;
		idle.notify(sc_core::SC_ZERO_TIME);
		wait(wake_);
		asleep_ = false;
	}
}

// The same steps as iss_hart_run() would do, one at a time.
uint64_t cpu::run_observed(uint64_t max_steps, iss_stop *why)
{
	while (observed_ < max_steps) {
		const uint64_t from = iss_hart_reg(hart_.get(), reg_pc);
		const bool ready = iss_hart_settle(hart_.get());
		const bool interrupted = ready && iss_hart_reg(hart_.get(), reg_pc) != from;

		if (interrupted)
			trace_trap(VCXL_TRACE_INTERRUPT, from);
		if (observer_ && ready && !observer_->before_step(*this, interrupted))
			break;
		const uint64_t pc = iss_hart_reg(hart_.get(), reg_pc);
		const uint64_t instret = iss_hart_instret(hart_.get());

		iss_data_access data;
		const uint32_t bits = ready ? trace_insn(pc) : 0;
		const bool accesses = data_access(bits, &data);
		const uint64_t steps = iss_hart_run(hart_.get(), 1, why);
		const bool retired = iss_hart_instret(hart_.get()) != instret;

		if (retired)
			trace_effects(pc, bits, accesses ? &data : nullptr);
		else if (steps)
			trace_trap(VCXL_TRACE_EXCEPTION, pc);
		observed_ += steps;
		sample(steps);
		if (steps && observer_ && !observer_->after_step(*this, retired))
			break;
		if (*why != ISS_STOP_BUDGET)
			break;
	}
	return observed_;
}

// The same steps again, in pieces that end where a sample is due.
uint64_t cpu::run_sampled(uint64_t max_steps, iss_stop *why)
{
	while (observed_ < max_steps) {
		const uint64_t steps = iss_hart_run(
			hart_.get(), std::min(max_steps - observed_, until_sample_), why);

		observed_ += steps;
		sample(steps);
		if (*why != ISS_STOP_BUDGET)
			break;
	}
	return observed_;
}

// After at most until_sample_ steps.
void cpu::sample(uint64_t steps)
{
	if (!config_.samples)
		return;
	until_sample_ -= steps;
	if (until_sample_)
		return;
	config_.samples->add(iss_hart_reg(hart_.get(), reg_pc), iss_hart_priv(hart_.get()));
	until_sample_ = config_.samples->interval();
}

uint64_t cpu::run_quantum(iss_stop *why)
{
	const uint64_t max_steps = budget();
	uint64_t steps = 0;

	running_ = true;
	if (traced() || (observer_ && observer_->watches(*this)))
		steps = run_observed(max_steps, why);
	else if (config_.samples)
		steps = run_sampled(max_steps, why);
	else
		steps = iss_hart_run(hart_.get(), max_steps, why);
	observed_ = 0;
	running_ = false;
	return steps;
}

void cpu::run()
{
	for (;;) {
		iss_stop why = ISS_STOP_BUDGET;

		if (config_.max_steps && steps_ >= config_.max_steps) {
			out_of_steps_ = true;
			idle.notify(sc_core::SC_ZERO_TIME);
			return;
		}
		if (held_) {
			wait(released_);
			continue;
		}
		if (observer_ && observer_->holds(*this)) {
			wait(observer_->released());
			wait(sc_core::SC_ZERO_TIME); // a monitor that stopped it too comes first
			continue;
		}
		restarted_ = false;
		const uint64_t steps = run_quantum(&why);
		steps_ += steps;
		rest_ps_ = now_ps() + steps * map::step_ps;
		if (config_.n_harts > 1)
			iss_hart_clear_reservation(hart_.get());
		if (steps)
			wait(ps(steps * map::step_ps));
		if (why == ISS_STOP_WFI)
			wait_for_interrupt();
	}
}

bool cpu::access(uint64_t pa, void *data, unsigned len, iss_access kind)
{
	sc_core::sc_time delay = ps(ahead_ps());

	payload_.set_command(kind == ISS_STORE ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
	payload_.set_address(pa);
	payload_.set_data_ptr(static_cast<unsigned char *>(data));
	payload_.set_data_length(len);
	payload_.set_streaming_width(len);
	payload_.set_byte_enable_ptr(nullptr);
	payload_.set_dmi_allowed(false);
	payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
	mem->b_transport(payload_, delay);
	return payload_.is_response_ok();
}

unsigned cpu::debug_access(tlm::tlm_command command, uint64_t pa, void *data, unsigned len)
{
	tlm::tlm_generic_payload request;

	request.set_command(command);
	request.set_address(pa);
	request.set_data_ptr(static_cast<unsigned char *>(data));
	request.set_data_length(len);
	request.set_streaming_width(len);
	return mem->transport_dbg(request);
}

void cpu::keep_interleaved(cxl_dmi_extension &from, grant &out)
{
	out.granted = true;
	out.first = from.first;
	out.last = from.last;
	out.slots = std::move(from.slots);
	out.dmi.pa = from.first;
	out.dmi.size = from.last - from.first + 1;
	out.dmi.readable = out.dmi.writable = true;
	out.dmi.slots = out.slots.data();
	out.dmi.n_slots = static_cast<unsigned>(out.slots.size());
	out.dmi.granule = from.granule;
	out.dmi.stride = from.stride;
	out.dmi.arithmetic = from.arithmetic;
}

bool cpu::request_dmi(uint64_t pa, grant &out)
{
	tlm::tlm_generic_payload request;
	cxl_dmi_extension interleaved;
	tlm::tlm_dmi dmi;

	request.set_address(pa);
	request.set_read();
	request.set_extension(&interleaved);
	out.granted = mem->get_direct_mem_ptr(request, dmi);
	request.clear_extension(&interleaved);
	out.first = dmi.get_start_address();
	out.last = dmi.get_end_address();
	if (interleaved.granted && pa >= interleaved.first && pa <= interleaved.last &&
	    interleaved.last - interleaved.first > out.last - out.first) {
		keep_interleaved(interleaved, out);
		return true;
	}
	if (pa < out.first || pa > out.last) // an answer that does not cover the question
		return false;
	if (!out.granted)
		return true;
	out.dmi.pa = out.first;
	out.dmi.size = out.last - out.first + 1;
	out.dmi.host = dmi.get_dmi_ptr();
	out.dmi.readable = dmi.is_read_allowed();
	out.dmi.writable = dmi.is_write_allowed();
	return true;
}

// The first of the grants that end at pa or behind it.
std::vector<cpu::grant>::iterator cpu::grant_at(uint64_t pa)
{
	return std::lower_bound(grants_.begin(), grants_.end(), pa,
				[](const grant &g, uint64_t at) { return g.last < at; });
}

void cpu::forget_grants(uint64_t first, uint64_t last)
{
	const auto begin = grant_at(first);
	auto end = begin;

	while (end != grants_.end() && end->first <= last)
		++end;
	grants_.erase(begin, end);
}

bool cpu::find_dmi(uint64_t pa, iss_dmi *out)
{
	const uint64_t last = pa + ISS_PAGE_SIZE - 1;
	uint16_t &near = near_[pa / near_bytes % near_.size()];

	if (near >= grants_.size() || pa < grants_[near].first || pa > grants_[near].last)
		near = static_cast<uint16_t>(grant_at(pa) - grants_.begin());
	if (near == grants_.size() || grants_[near].first > pa) {
		uint64_t &fragmented = fragmented_[pa / ISS_PAGE_SIZE % n_fragmented];
		grant answer{};

		if (fragmented == (pa | 1) || !request_dmi(pa, answer))
			return false;
		// Granules of an interleaved set, refused ones too, would fill the list and never
		// serve a page.
		if (answer.last - answer.first < ISS_PAGE_SIZE - 1) {
			fragmented = pa | 1;
			return false;
		}
		if (grants_.size() == max_grants)
			grants_.clear();
		forget_grants(answer.first, answer.last); // the answer is newer
		const auto at = grants_.insert(grant_at(answer.first), std::move(answer));
		near = static_cast<uint16_t>(at - grants_.begin());
	}
	*out = grants_[near].dmi;
	return grants_[near].granted && last <= grants_[near].last;
}

void cpu::invalidate(sc_dt::uint64 first, sc_dt::uint64 last)
{
	forget_grants(first, last);
	fragmented_.fill(0);
	const uint64_t size = last - first == UINT64_MAX ? UINT64_MAX : last - first + 1;
	iss_hart_dmi_invalidate(hart_.get(), first, size);
}

} // namespace vcxl
