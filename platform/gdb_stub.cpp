// SPDX-License-Identifier: Apache-2.0
//
// GDB remote stub, stopping and going on; see gdb_stub.h. What packets mean is in gdb_commands.cpp.
#include "gdb_stub.h"

#include <cinttypes>
#include <cstdio>

namespace vcxl
{

namespace
{

// How often a stopped guest looks for what else may come from outside.
constexpr unsigned poll_ms = 50;
constexpr char sigint[] = "02", sigtrap[] = "05";

} // namespace

gdb_stub::gdb_stub(const sc_core::sc_module_name &name, const config &cfg)
    : sc_module(name), config_(cfg), channel_("channel", cfg.address, "-gdb"),
      stop_reason_(sigtrap), stopped_(cfg.start_stopped), started_(!cfg.start_stopped)
{
	SC_METHOD(poll);
	sensitive << channel_.arrived;
	dont_initialize();
}

void gdb_stub::add(cpu *hart)
{
	harts_.push_back(hart);
	modes_.push_back(stopped_ ? mode::held : mode::running);
	hart->observe(this);
}

void gdb_stub::ended(int status)
{
	char text[8];

	over_ = true;
	if (!connected_)
		return;
	snprintf(text, sizeof(text), "W%02x", static_cast<unsigned>(status) & 0xff);
	reply(text);
}

// ---- seen from a hart ----

bool gdb_stub::holds(cpu &hart)
{
	if (stopped_ && !serving_)
		serve();
	return over_ || resumed_in_ == sc_core::sc_delta_count() || modes_[hart.id()] == mode::held;
}

bool gdb_stub::watches(const cpu &hart) const
{
	return !breakpoints_.empty() || n_watches_ || modes_[hart.id()] != mode::running;
}

// A machine that was reset while it was stopped ends the quantum first.
bool gdb_stub::goes_on(const cpu &hart) const
{
	return !over_ && modes_[hart.id()] != mode::held && !hart.held();
}

bool gdb_stub::before_step(cpu &hart, bool interrupted)
{
	const unsigned id = hart.id();
	uint64_t pc = iss_hart_reg(hart.hart(), 32);

	if (!goes_on(hart))
		return false;
	if (modes_[id] == mode::stepping && interrupted) { // the step led into the handler
		stop(id, sigtrap);
		return goes_on(hart);
	}
	while (goes_on(hart) && modes_[id] == mode::running) {
		const auto found = breakpoints_.find(pc);

		if (found == breakpoints_.end())
			break;
		const char *const kind = found->second & 1 ? "swbreak:;" : "hwbreak:;";

		stop(id, std::string(sigtrap) + (tells_breakpoints_ ? kind : ""));
		if (iss_hart_reg(hart.hart(), 32) == pc)
			break; // it goes on from here
		pc = iss_hart_reg(hart.hart(), 32);
	}
	return goes_on(hart);
}

bool gdb_stub::after_step(cpu &hart, bool retired)
{
	static const std::map<unsigned, const char *> names = { { ISS_WATCH_WRITE, "watch" },
								{ ISS_WATCH_READ, "rwatch" },
								{ ISS_WATCH_ACCESS, "awatch" } };
	const unsigned id = hart.id();
	iss_watch hit;

	if (iss_hart_watch_hit(hart.hart(), &hit) && retired) {
		char where[32];

		snprintf(where, sizeof(where), ":%" PRIx64 ";", hit.va);
		stop(id, std::string(sigtrap) + names.at(hit.kinds) + where);
	} else if (modes_[id] == mode::stepping) {
		stop(id, sigtrap);
	}
	return goes_on(hart);
}

// ---- stopping and going on ----

std::string gdb_stub::stop_reply() const
{
	char thread[24];

	snprintf(thread, sizeof(thread), "thread:%x;", stopped_hart_ + 1);
	return "T" + stop_reason_.substr(0, 2) + thread + stop_reason_.substr(2);
}

void gdb_stub::stop(unsigned hart, const std::string &reason)
{
	stopped_ = true;
	modes_.assign(modes_.size(), mode::held);
	stopped_hart_ = current_ = resume_hart_ = hart;
	stop_reason_ = reason;
	if (connected_)
		reply(stop_reply());
	if (!serving_)
		serve();
}

// modes_ say who goes on.
void gdb_stub::resume()
{
	stopped_ = false;
	started_ = true;
	resumed_in_ = sc_core::sc_delta_count();
	released_.notify(sc_core::SC_ZERO_TIME);
}

// Breakpoints go; the guest goes on, unless it was never told to start.
void gdb_stub::detach(bool keep_stopped)
{
	breakpoints_.clear();
	for (cpu *hart : harts_)
		iss_hart_watch_clear(hart->hart());
	n_watches_ = 0;
	physical_ = tells_breakpoints_ = false;
	acks_ = true;
	connected_ = false;
	reader_.clear();
	if (!keep_stopped)
		start();
}

void gdb_stub::start()
{
	modes_.assign(modes_.size(), mode::running);
	resume();
}

// Until the guest may go on. The kernel does not run meanwhile.
void gdb_stub::serve()
{
	serving_ = true;
	while (stopped_ && !over_) {
		take(channel_.take(poll_ms));
		if (while_stopped_)
			while_stopped_();
	}
	serving_ = false;
}

void gdb_stub::poll()
{
	while (channel_.waiting())
		take(channel_.take(0));
	if (stopped_ && !over_ && !serving_)
		serve();
}

void gdb_stub::take(const host_stream::item &item)
{
	switch (item.what) {
	case host_stream::kind::nothing:
		return;
	case host_stream::kind::connected:
		// the guest stops for its debugger; the client asks why and gets no reply unasked
		if (!stopped_) {
			stopped_ = true;
			modes_.assign(modes_.size(), mode::held);
			stop_reason_ = sigtrap;
		}
		connected_ = true;
		return;
	case host_stream::kind::bytes:
		return take_bytes(item.bytes);
	case host_stream::kind::closed:
		if (connected_)
			detach(!started_);
		return;
	}
}

void gdb_stub::take_bytes(const std::string &bytes)
{
	std::string packet;

	reader_.add(bytes);
	while (connected_ && !over_) {
		switch (reader_.next(packet)) {
		case gdb_input::more_needed:
			return;
		case gdb_input::damaged:
			if (acks_)
				channel_.send("-");
			break;
		case gdb_input::resend:
			if (acks_)
				channel_.send(last_sent_);
			break;
		case gdb_input::interrupt:
			if (!stopped_) {
				const bool nested = serving_;

				serving_ = true; // the caller serves
				stop(stopped_hart_, sigint);
				serving_ = nested;
			}
			break;
		case gdb_input::packet:
			if (acks_)
				channel_.send("+");
			answer(packet);
			break;
		}
	}
}

void gdb_stub::reply(const std::string &contents)
{
	last_sent_ = gdb_frame(contents);
	channel_.send(last_sent_);
}

} // namespace vcxl
