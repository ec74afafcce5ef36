// SPDX-License-Identifier: Apache-2.0
//
// GDB remote stub (GDB manual, appendix E): all-stop, a thread per hart. While the guest is stopped
// the process that found the reason serves the client and does not return to the kernel, so that
// simulated time stands still. A debugged run takes the same steps at the same times as any other.
//
// Left out: non-stop mode, reverse execution, file and tracepoint packets, extended mode.
#ifndef VCXL_PLATFORM_GDB_STUB_H
#define VCXL_PLATFORM_GDB_STUB_H

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <systemc>

#include "cpu.h"
#include "gdb_packet.h"
#include "host_stream.h"

namespace vcxl
{

class gdb_stub : public sc_core::sc_module, public cpu_observer
{
public:
	struct config {
		socket_address address;
		bool start_stopped = false;
	};

	gdb_stub(const sc_core::sc_module_name &name, const config &cfg);
	SC_HAS_PROCESS(gdb_stub);

	void add(cpu *hart); // borrowed; in the order of their numbers
	// What ends the run when the client kills the guest.
	void set_kill(std::function<void()> kill) { kill_ = std::move(kill); }
	// Called again and again while the guest is stopped, for what else may come from outside.
	void set_while_stopped(std::function<void()> f) { while_stopped_ = std::move(f); }
	// Answers what has arrived; for whoever holds the machine meanwhile.
	void poll();
	bool stopped() const { return stopped_; }
	// Nobody has said that the guest may start, and no client is there to do so.
	bool unstarted() const { return stopped_ && !started_ && !connected_; }
	// Starts it in a client's stead.
	void start();
	const std::string &where() const { return channel_.where(); }
	// The run is over: the client learns the status.
	void ended(int status);

	bool holds(cpu &hart) override;
	const sc_core::sc_event &released() const override { return released_; }
	bool watches(const cpu &hart) const override;
	bool before_step(cpu &hart, bool interrupted) override;
	bool after_step(cpu &hart, bool retired) override;

private:
	enum class mode {
		held,
		stepping,
		running
	};
	struct command {
		const char *prefix;
		std::string (gdb_stub::*handler)(const std::string &arguments);
	};
	static const std::vector<command> &commands();
	static const std::vector<command> &monitor_commands();

	// stopping and going on
	void serve();
	void take(const host_stream::item &item);
	void take_bytes(const std::string &bytes);
	void stop(unsigned hart, const std::string &reason);
	bool goes_on(const cpu &hart) const;
	void resume();
	void detach(bool keep_stopped);
	std::string stop_reply() const;

	// packets: the reply; "" means "not supported"
	void answer(const std::string &packet);
	void reply(const std::string &contents);
	std::string reason(const std::string &);
	std::string resume_one(mode how, const std::string &arguments, bool has_signal);
	std::string cont(const std::string &);
	std::string cont_signal(const std::string &);
	std::string step(const std::string &);
	std::string step_signal(const std::string &);
	std::string vcont(const std::string &);
	std::string vcont_query(const std::string &);
	std::string read_general(const std::string &);
	std::string write_general(const std::string &);
	std::string read_one(const std::string &);
	std::string write_one(const std::string &);
	std::string read_memory(const std::string &);
	std::string read_memory_binary(const std::string &);
	std::string write_memory(const std::string &);
	std::string write_memory_binary(const std::string &);
	std::string select_thread(const std::string &);
	std::string thread_alive(const std::string &);
	std::string first_threads(const std::string &);
	std::string more_threads(const std::string &);
	std::string current_thread(const std::string &);
	std::string thread_info(const std::string &);
	std::string supported(const std::string &);
	std::string attached(const std::string &);
	std::string features(const std::string &);
	std::string no_ack(const std::string &);
	std::string insert_point(const std::string &);
	std::string remove_point(const std::string &);
	std::string change_point(const std::string &, bool insert);
	std::string detach_client(const std::string &);
	std::string kill_guest(const std::string &);
	std::string monitor(const std::string &);
	std::string monitor_help(const std::string &);
	std::string monitor_info(const std::string &);
	std::string monitor_phys(const std::string &);

	// memory as the chosen hart sees it; the bytes done
	size_t access_memory(tlm::tlm_command what, uint64_t va, char *data, size_t len);
	bool get_memory(const std::string &arguments, std::string &bytes);
	bool put_memory(uint64_t va, std::string bytes);
	bool parse_thread(gdb_arguments &in, int64_t &thread) const;

	const config config_;
	std::function<void()> kill_, while_stopped_;
	host_stream channel_;
	gdb_reader reader_;
	std::vector<cpu *> harts_;
	std::vector<mode> modes_;
	sc_core::sc_event released_;
	// bit per kind of breakpoint (software, hardware)
	std::map<uint64_t, unsigned> breakpoints_;
	unsigned n_watches_ = 0;
	unsigned current_ = 0, resume_hart_ = 0; // what Hg and Hc chose
	unsigned stopped_hart_ = 0;
	std::string stop_reason_; // signal and details of the stop reply
	std::string last_sent_;
	bool stopped_ = false, serving_ = false, over_ = false;
	// delta cycle of resume(): a monitor that stopped the machine too comes first
	uint64_t resumed_in_ = UINT64_MAX;
	bool connected_ = false, acks_ = true, physical_ = false;
	bool started_ = false;           // a client said so, or nobody was to
	bool tells_breakpoints_ = false; // the client understands swbreak and hwbreak
};

} // namespace vcxl

#endif
