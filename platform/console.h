// SPDX-License-Identifier: Apache-2.0
//
// Where a console of the guest leads: standard input and output, a file, a socket, or nowhere.
#ifndef VCXL_PLATFORM_CONSOLE_H
#define VCXL_PLATFORM_CONSOLE_H

#include <cstdio>
#include <deque>
#include <memory>
#include <string>

#include "console_keys.h"
#include "host_stream.h"
#include "machine.h"
#include "terminal.h"

namespace vcxl
{

class console
{
public:
	// Throws std::runtime_error that names the option.
	explicit console(const console_end &end);

	// The terminal is the guest's from now on.
	void begin();
	// Before the simulation: see host_stream::wait_for_client().
	bool wait_for_client(int interrupt);
	// From the guest. Terminals see each character, all others each line.
	void put(char c);
	// Whether flush() would send something: a line without its end, a prompt.
	bool holds_back() const { return partial_ || !unsent_.empty(); }
	void flush();
	// Of simulated time: what a line without its end waits for the rest.
	static constexpr uint64_t max_held_back_ps = 1'000'000'000;
	// At the end. "" or the first output that failed, and why.
	std::string close();
	// Absent when nothing can be typed.
	host_stream *input() { return input_.get(); }
	// What was typed since the last call, but for what the console answers itself.
	std::deque<key> take();

private:
	struct file_closer {
		void operator()(FILE *file) const { fclose(file); }
	};

	void check(bool done);

	const std::string name_; // of the output, for messages
	std::unique_ptr<FILE, file_closer> file_;
	FILE *out_ = nullptr;
	std::string unsent_;   // sockets
	bool partial_ = false; // files: a line has begun
	int error_ = 0;        // errno of the first write that failed
	std::unique_ptr<host_stream> input_;
	bool socket_ = false, eager_ = false;
	const bool escapes_;
	console_keys keys_;
	std::unique_ptr<terminal> terminal_;
};

} // namespace vcxl

#endif
