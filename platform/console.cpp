// SPDX-License-Identifier: Apache-2.0
//
// Where a console leads; see console.h.
#include "console.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <unistd.h>

namespace vcxl
{

namespace
{

constexpr size_t max_unsent = 4096;

} // namespace

// What is not typed by a person passes unchanged: escapes are for terminals.
console::console(const console_end &end)
    : name_(end.kind == serial_kind::file ? end.option + " file:" + end.path : "standard output"),
      escapes_(end.kind == serial_kind::stdio && end.escapes),
      keys_(escapes_ && isatty(STDIN_FILENO))
{
	switch (end.kind) {
	case serial_kind::null:
		return;
	case serial_kind::file:
		file_.reset(fopen(end.path.c_str(), "wb"));
		if (!file_)
			throw std::runtime_error(name_ + ": " + std::strerror(errno));
		out_ = file_.get();
		break;
	case serial_kind::socket: {
		socket_address address;

		parse_socket_address(end.path, address); // checked with the options
		socket_ = true;
		input_ = std::make_unique<host_stream>(sc_core::sc_gen_unique_name("serial"),
						       address, end.option);
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

bool console::wait_for_client(int interrupt)
{
	return !socket_ || input_->wait_for_client(interrupt);
}

void console::check(bool done)
{
	if (!done && !error_)
		error_ = errno;
}

void console::put(char c)
{
	if (socket_) {
		unsent_ += c;
		if (c == '\n' || unsent_.size() >= max_unsent)
			flush();
	}
	if (!out_)
		return;
	check(putc(c, out_) != EOF);
	partial_ = true;
	if (eager_ || c == '\n')
		flush();
}

void console::flush()
{
	if (partial_)
		check(fflush(out_) == 0);
	partial_ = false;
	if (unsent_.empty())
		return;
	input_->send(unsent_);
	unsent_.clear();
}

std::string console::close()
{
	flush();
	if (out_)
		check(fflush(out_) == 0);
	if (file_)
		check(fclose(file_.release()) == 0);
	out_ = nullptr;
	return error_ ? name_ + ": " + std::strerror(error_) : "";
}

std::deque<key> console::take()
{
	std::deque<key> keys;

	for (const key &k : keys_.typed(input_->take_bytes())) {
		if (k.kind != key_kind::text) {
			keys.push_back(k);
			continue;
		}
		check(fputs(k.text, out_) >= 0 && fflush(out_) == 0);
	}
	return keys;
}

} // namespace vcxl
