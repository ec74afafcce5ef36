// SPDX-License-Identifier: Apache-2.0
//
// The QMP commands: one table, from which checking, query-commands and docs/reference.md come, and
// what their handlers act on.
#ifndef VCXL_PLATFORM_QMP_COMMANDS_H
#define VCXL_PLATFORM_QMP_COMMANDS_H

#include <cstddef>
#include <string>
#include <vector>

#include "option_parse.h"
#include "qmp_session.h"

struct vcxl_memdev;
struct vcxl_port;

namespace vcxl
{

struct machine;

// The machine as a monitor sees it.
class qmp_host
{
public:
	virtual ~qmp_host() = default;
	// Ends the run with status 0, after the reply.
	virtual void quit() = 0;
	virtual void stop() = 0;
	// Throws qmp_error when something else holds the machine.
	virtual void cont() = 0;
	// "running", "paused", "prelaunch" or "debug"; static text
	virtual const char *status() const = 0;
	// After the reply.
	virtual void reset() = 0;
	// After the reply. Throws qmp_error when the guest knows of no power button.
	virtual void powerdown() = 0;
	// Memory backends and devices, in the words of -object and -device. Throw qmp_error, and
	// nothing has changed.
	virtual void object_add(const std::vector<key_value> &words) = 0;
	virtual void object_del(const std::string &id) = 0;
	virtual void device_add(const std::vector<key_value> &words) = 0;
	// Asks the guest, where it uses the device: the event DEVICE_DELETED tells the end.
	virtual void device_del(const std::string &id) = 0;
	virtual const machine &description() const = 0;
	// The core objects by node of the description; a device's time is brought up to now.
	virtual vcxl_port *port(size_t node) = 0;
	virtual vcxl_memdev *memdev(size_t node) = 0;
};

extern const table<qmp_command> qmp_commands;

// The object that greets a client.
std::string qmp_greeting();

} // namespace vcxl

#endif
