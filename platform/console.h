// SPDX-License-Identifier: Apache-2.0
//
// Where the guest's serial port leads: standard input and output, a file, a socket, or nowhere.
#ifndef VCXL_PLATFORM_CONSOLE_H
#define VCXL_PLATFORM_CONSOLE_H

#include <cstdio>
#include <deque>
#include <memory>

#include "console_keys.h"
#include "host_stream.h"
#include "machine.h"
#include "terminal.h"

namespace vcxl
{

class console
{
public:
	// Throws std::runtime_error that names -serial.
	explicit console(const machine &m);

	// The terminal is the guest's from now on.
	void begin();
	// From the guest. Terminals see each character, files and pipes each line.
	void put(char c);
	// Absent when nothing can be typed.
	host_stream *input() { return input_.get(); }
	// What was typed since the last call, but for what the console answers itself.
	std::deque<key> take();

private:
	struct file_closer {
		void operator()(FILE *file) const { fclose(file); }
	};

	std::unique_ptr<FILE, file_closer> file_;
	FILE *out_ = nullptr;
	std::unique_ptr<host_stream> input_;
	bool socket_ = false, eager_ = false;
	const bool escapes_;
	console_keys keys_;
	std::unique_ptr<terminal> terminal_;
};

} // namespace vcxl

#endif
