// SPDX-License-Identifier: Apache-2.0
//
// Escapes of the console; see console_keys.h.
#include "console_keys.h"

namespace vcxl
{

namespace
{

constexpr char escape = 1; // Ctrl-A

constexpr char help[] = "\r\n"
			"C-a h    print this help\r\n"
			"C-a x    exit vcxl\r\n"
			"C-a b    send break\r\n"
			"C-a c    there is no monitor on the console; -qmp has one\r\n"
			"C-a C-a  sends C-a\r\n";

constexpr struct {
	char c;
	key meaning;
} escapes[] = {
	{ 'h', { key_kind::text, 0, help } },
	{ '?', { key_kind::text, 0, help } },
	{ 'x', { key_kind::end, 0, nullptr } },
	{ 'b', { key_kind::line_break, 0, nullptr } },
	{ 'c', { key_kind::text, 0, "\r\nthere is no monitor on the console; -qmp has one\r\n" } },
};

} // namespace

// An unknown one is the guest's, without the Ctrl-A, as in QEMU.
key console_keys::after_escape(char c) const
{
	for (const auto &row : escapes)
		if (row.c == c)
			return row.meaning;
	return { key_kind::byte, static_cast<uint8_t>(c), nullptr };
}

std::deque<key> console_keys::typed(const std::string &bytes)
{
	std::deque<key> keys;

	for (const char c : bytes) {
		if (escapes_ && !escaped_ && c == escape) {
			escaped_ = true;
			continue;
		}
		keys.push_back(escaped_ ? after_escape(c)
					: key{ key_kind::byte, static_cast<uint8_t>(c), nullptr });
		escaped_ = false;
	}
	return keys;
}

} // namespace vcxl
