// SPDX-License-Identifier: Apache-2.0
//
// Where the guest's serial port leads; see console.h.
#include "console.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <unistd.h>

namespace vcxl
{

// What is not typed by a person passes unchanged: escapes are for terminals.
console::console(const machine &m)
    : escapes_(m.serial == serial_kind::stdio && m.serial_escapes),
      keys_(escapes_ && isatty(STDIN_FILENO))
{
	switch (m.serial) {
	case serial_kind::null:
		return;
	case serial_kind::file:
		file_.reset(fopen(m.serial_path.c_str(), "wb"));
		if (!file_)
			throw std::runtime_error("-serial file:" + m.serial_path + ": " +
						 std::strerror(errno));
		out_ = file_.get();
		break;
	case serial_kind::socket: {
		socket_address address;

		parse_socket_address(m.serial_path, address); // checked with the options
		socket_ = true;
		input_ = std::make_unique<host_stream>("serial", address, "-serial");
		return;
	}
	case serial_kind::stdio:
		out_ = stdout;
		input_ = std::make_unique<host_stream>("keyboard", STDIN_FILENO, true);
		break;
	}
	eager_ = isatty(fileno(out_));
}

void console::begin()
{
	if (out_ == stdout)
		terminal_ = std::make_unique<terminal>(!escapes_);
}

void console::put(char c)
{
	if (socket_)
		input_->send(std::string(1, c));
	if (!out_)
		return;
	putc(c, out_);
	if (eager_ || c == '\n')
		fflush(out_);
}

std::deque<key> console::take()
{
	std::deque<key> keys;

	for (const key &k : keys_.typed(input_->take_bytes())) {
		if (k.kind != key_kind::text) {
			keys.push_back(k);
			continue;
		}
		fputs(k.text, out_);
		fflush(out_);
	}
	return keys;
}

} // namespace vcxl
