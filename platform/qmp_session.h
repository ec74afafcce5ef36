// SPDX-License-Identifier: Apache-2.0
//
// QEMU Machine Protocol, the server's side of one client at a time: bytes in, lines out. Greeting,
// negotiation, framing, checking of arguments and the texts of errors are QEMU's. No SystemC, no
// socket, no clock. Left out: out-of-band execution and single-quoted strings.
#ifndef VCXL_PLATFORM_QMP_SESSION_H
#define VCXL_PLATFORM_QMP_SESSION_H

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include <jansson.h>

#include "option_table.h"

namespace vcxl
{

struct json_deleter {
	void operator()(json_t *value) const { json_decref(value); }
};
using json_ptr = std::unique_ptr<json_t, json_deleter>;

class qmp_host; // what commands act on (qmp_commands.h); the protocol never looks into it

// Thrown by handlers: becomes the error of the reply.
struct qmp_error : std::runtime_error {
	explicit qmp_error(const std::string &text, const char *type = "GenericError")
	    : std::runtime_error(text), class_name(type)
	{
	}
	const char *class_name; // static text
};

enum class qmp_type {
	string,
	integer,
	number,
	boolean,
	object,
	array,
	uint8,
	int16,
	uint16,
	uint32,
	uint64, // negative numbers are their two's complement, as QEMU takes them
	choice  // a string, one of choices
};
const char *qmp_type_name(qmp_type type);

struct qmp_choice {
	const char *name;
	int value;
};

struct qmp_argument {
	const char *name;
	qmp_type type;
	bool optional = false;
	// largest number, most bytes of a string, most elements of an array; 0: as the type says
	uint64_t max = 0;
	table<qmp_choice> choices = {};
	const qmp_argument *element = nullptr; // arrays: what each is; its name does not count
	table<qmp_argument> members = {};      // objects; none: anything goes
};

// The value of the choice whose name that is; the argument has been checked.
int qmp_chosen(const table<qmp_choice> &choices, const json_t *value);

// A command of the table: its arguments are checked before it runs.
struct qmp_command {
	const char *name;
	table<qmp_argument> arguments;
	// NULL stands for an empty object.
	json_ptr (*run)(qmp_host &host, const json_t *arguments);
	const char *help;
	// what members without a row are, which the handler checks; nullptr: there are none
	const char *others = nullptr;
};

class qmp_session
{
public:
	// Greets with what `greeting` holds; each line that goes out ends with CR LF.
	qmp_session(table<qmp_command> commands, qmp_host &host, std::string greeting,
		    std::function<void(const std::string &)> send);

	// A client is there; what another left half said is forgotten.
	void begin();
	void end();
	void feed(const std::string &bytes);
	// Sent to clients that have negotiated.
	void event(const char *name, uint64_t time_ps, json_ptr data);

private:
	void put(char c);
	void start_message(char c);
	void continue_message(char c);
	void give_up(const std::string &why);
	void forget();
	void take_message();
	void execute(json_t *request);
	const qmp_command &find(const std::string &name) const;
	void send(json_ptr message);
	void send_error(const qmp_error &error, json_t *id);

	const table<qmp_command> commands_;
	qmp_host &host_;
	const std::string greeting_;
	const std::function<void(const std::string &)> send_;
	bool connected_ = false, negotiated_ = false;
	// framing
	std::string message_; // from its first bracket on
	unsigned depth_ = 0;
	bool in_string_ = false, escaped_ = false;
	bool skipping_ = false; // to the end of a line that makes no sense
};

} // namespace vcxl

#endif
