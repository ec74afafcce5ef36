// SPDX-License-Identifier: Apache-2.0
//
// What a user types at a terminal that is the guest's console: bytes for the guest, and QEMU's
// escapes, which begin with Ctrl-A. Plain C++, no terminal.
#ifndef VCXL_PLATFORM_CONSOLE_KEYS_H
#define VCXL_PLATFORM_CONSOLE_KEYS_H

#include <cstdint>
#include <deque>
#include <string>

namespace vcxl
{

enum class key_kind {
	byte,
	line_break, // as a serial line has it
	end,        // the user ends the run
	text        // is to be shown to the user
};

struct key {
	key_kind kind = key_kind::byte;
	uint8_t byte = 0;
	const char *text = nullptr; // static
};

class console_keys
{
public:
	// escapes: without them all bytes are the guest's
	explicit console_keys(bool escapes) : escapes_(escapes) {}
	std::deque<key> typed(const std::string &bytes);

private:
	key after_escape(char c) const;

	const bool escapes_;
	bool escaped_ = false; // Ctrl-A was the last
};

} // namespace vcxl

#endif
