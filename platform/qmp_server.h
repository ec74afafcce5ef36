// SPDX-License-Identifier: Apache-2.0
//
// The QMP monitor of a machine: a socket, the protocol, and stopping and going on. While the
// machine is stopped the process that was told so serves the client and does not return to the
// kernel, so that simulated time stands still.
#ifndef VCXL_PLATFORM_QMP_SERVER_H
#define VCXL_PLATFORM_QMP_SERVER_H

#include <functional>

#include <systemc>

#include "host_stream.h"
#include "qmp_commands.h"

namespace vcxl
{

class soc;

class qmp_server : public sc_core::sc_module, public qmp_host
{
public:
	struct config {
		socket_address address;
		bool start_stopped = false;
	};

	qmp_server(const sc_core::sc_module_name &name, const config &cfg);
	SC_HAS_PROCESS(qmp_server);

	void attach(soc *machine) { machine_ = machine; } // borrowed; before the simulation
	const std::string &where() const { return stream_.where(); }
	// Before the simulation: see host_stream::wait_for_client().
	bool wait_for_client(int interrupt) { return stream_.wait_for_client(interrupt); }
	// Answers what has arrived; for whoever holds the machine meanwhile.
	void poll();
	// What happened to the machine, for clients that listen: SHUTDOWN or RESET.
	void event(const char *name, const char *reason);
	void device_deleted(const std::string &id);
	void ended();
	bool paused() const { return paused_; }

	void quit() override;
	void stop() override;
	void cont() override;
	const char *status() const override;
	void reset() override;
	void powerdown() override;
	void object_add(const std::vector<key_value> &words) override;
	void object_del(const std::string &id) override;
	void device_add(const std::vector<key_value> &words) override;
	void device_del(const std::string &id) override;
	const machine &description() const override;
	vcxl_port *port(size_t node) override;
	vcxl_memdev *memdev(size_t node) override;

private:
	void on_input();
	void serve();
	void take(const host_stream::item &item);
	void send(const std::string &line);
	void announce(const char *name, json_ptr data);

	soc *machine_ = nullptr;
	host_stream stream_;
	qmp_session session_;
	std::function<void()> after_reply_; // what the command being executed does then
	sc_core::sc_event stopped_elsewhere_;
	bool paused_, started_;
	bool serving_ = false, over_ = false;
};

} // namespace vcxl

#endif
