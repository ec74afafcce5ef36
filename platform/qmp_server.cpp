// SPDX-License-Identifier: Apache-2.0
//
// The QMP monitor of a machine; see qmp_server.h.
#include "qmp_server.h"

#include <cstring>

#include "soc.h"

namespace vcxl
{

namespace
{

// How often a stopped machine looks for what else may come.
constexpr unsigned poll_ms = 20;

// What fails for a reason of the arguments or of a file is an error of the command.
template <class Act> void attempt(Act act)
{
	try {
		act();
	} catch (const qmp_error &) {
		throw;
	} catch (const std::runtime_error &e) {
		throw qmp_error(e.what());
	}
}

} // namespace

// The method also runs at the start, before any hart: with -S it serves from then on.
qmp_server::qmp_server(const sc_core::sc_module_name &name, const config &cfg)
    : sc_module(name), stream_("stream", cfg.address, "-qmp"),
      session_(qmp_commands, *this, qmp_greeting(),
	       [this](const std::string &line) { send(line); }),
      paused_(cfg.start_stopped), started_(!cfg.start_stopped)
{
	SC_METHOD(on_input);
	sensitive << stream_.arrived << stopped_elsewhere_;
}

void qmp_server::send(const std::string &line)
{
	stream_.send(line);
	if (!after_reply_)
		return;
	const std::function<void()> act = std::move(after_reply_);

	after_reply_ = nullptr;
	act();
}

// ---- input ----

void qmp_server::take(const host_stream::item &item)
{
	switch (item.what) {
	case host_stream::kind::nothing:
		return;
	case host_stream::kind::connected:
		return session_.begin();
	case host_stream::kind::bytes:
		return session_.feed(item.bytes);
	case host_stream::kind::closed:
		return session_.end();
	}
}

void qmp_server::poll()
{
	while (!over_ && stream_.waiting())
		take(stream_.take(0));
	if (paused_ && !serving_) // when the kernel runs again
		stopped_elsewhere_.notify(sc_core::SC_ZERO_TIME);
}

void qmp_server::on_input()
{
	poll();
	if (paused_ && !serving_)
		serve();
}

// Until the machine may go on. The kernel does not run meanwhile.
void qmp_server::serve()
{
	serving_ = true;
	while (paused_ && !over_) {
		take(stream_.take(poll_ms));
		machine_->poll_inputs();
	}
	serving_ = false;
}

// ---- the machine ----

void qmp_server::announce(const char *name, json_ptr data)
{
	// not the reply of the command that causes it
	const std::function<void()> act = std::move(after_reply_);

	after_reply_ = nullptr;
	session_.event(name, machine_->now_ps(), std::move(data));
	after_reply_ = act;
}

void qmp_server::event(const char *name, const char *reason)
{
	const bool guest = std::strncmp(reason, "guest", 5) == 0;

	announce(name, json_ptr(json_pack("{s:b,s:s}", "guest", guest, "reason", reason)));
}

void qmp_server::device_deleted(const std::string &id)
{
	const std::string path = "/machine/peripheral/" + id;

	announce("DEVICE_DELETED",
		 json_ptr(json_pack("{s:s,s:s}", "device", id.c_str(), "path", path.c_str())));
}

void qmp_server::ended()
{
	over_ = true;
	session_.end(); // what came behind the last command has no answer
}

void qmp_server::quit()
{
	after_reply_ = [this] { machine_->quit("host-qmp-quit"); };
}

void qmp_server::stop()
{
	if (paused_ || machine_->unstarted())
		return;
	paused_ = true;
	announce("STOP", nullptr);
	machine_->stopped_by_monitor();
}

void qmp_server::cont()
{
	const bool starts = machine_->unstarted();

	if (machine_->debugged() && !starts)
		throw qmp_error("the debugger holds the machine");
	if (!paused_ && !starts)
		return;
	paused_ = false;
	started_ = true;
	if (starts)
		machine_->start();
	announce("RESUME", nullptr);
}

const char *qmp_server::status() const
{
	if (!started_ || machine_->unstarted())
		return "prelaunch";
	if (paused_)
		return "paused";
	return machine_->debugged() ? "debug" : "running";
}

void qmp_server::reset()
{
	after_reply_ = [this] { machine_->request_reset("host-qmp-system-reset"); };
}

void qmp_server::powerdown()
{
	if (const char *why = machine_->no_power_button())
		throw qmp_error(std::string("the guest knows of no power button without ACPI "
					    "tables: ") +
				why);
	after_reply_ = [this] {
		announce("POWERDOWN", nullptr);
		machine_->press_power_button();
	};
}

// ---- objects and devices ----

void qmp_server::object_add(const std::vector<key_value> &words)
{
	attempt([&] { machine_->add_object(words); });
}

void qmp_server::object_del(const std::string &id)
{
	attempt([&] { machine_->remove_object(id); });
}

void qmp_server::device_add(const std::vector<key_value> &words)
{
	attempt([&] { machine_->add_device(words); });
}

void qmp_server::device_del(const std::string &id)
{
	if (!machine_->has_device(id))
		throw qmp_error("Device '" + id + "' not found", "DeviceNotFound");
	attempt([&] { machine_->remove_device(id); });
}

const machine &qmp_server::description() const
{
	return machine_->description();
}

vcxl_port *qmp_server::port(size_t node)
{
	return machine_->port(node);
}

vcxl_memdev *qmp_server::memdev(size_t node)
{
	return machine_->memdev(node);
}

} // namespace vcxl
