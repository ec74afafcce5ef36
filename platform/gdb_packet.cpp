// SPDX-License-Identifier: Apache-2.0
//
// Packets of GDB's remote serial protocol; see gdb_packet.h.
#include "gdb_packet.h"

#include <vcxl/le.h>

#include "hex.h"

namespace vcxl
{

namespace
{

constexpr char interrupt = 0x03, escape = '}', escape_bit = 0x20;

uint8_t sum(const std::string &text)
{
	uint8_t total = 0;

	for (const char c : text)
		total = static_cast<uint8_t>(total + static_cast<unsigned char>(c));
	return total;
}

std::string unescape(const std::string &raw)
{
	std::string plain;

	for (size_t i = 0; i < raw.size(); i++) {
		if (raw[i] == escape && i + 1 < raw.size())
			plain += static_cast<char>(raw[++i] ^ escape_bit);
		else
			plain += raw[i];
	}
	return plain;
}

} // namespace

gdb_input gdb_reader::next(std::string &packet)
{
	size_t at = 0;

	while (at < pending_.size() && pending_[at] != '$' && pending_[at] != interrupt &&
	       pending_[at] != '-')
		at++;
	pending_.erase(0, at);
	if (pending_.empty())
		return gdb_input::more_needed;
	if (pending_[0] != '$') {
		const bool stop = pending_[0] == interrupt;

		pending_.erase(0, 1);
		return stop ? gdb_input::interrupt : gdb_input::resend;
	}
	const size_t end = pending_.find('#');

	if (end == std::string::npos ? pending_.size() > gdb_packet_size : end > gdb_packet_size) {
		pending_.clear(); // whoever sends this does not speak the protocol
		return gdb_input::damaged;
	}
	if (end == std::string::npos || end + 2 >= pending_.size())
		return gdb_input::more_needed;
	const std::string raw = pending_.substr(1, end - 1);
	const int high = hex_digit(pending_[end + 1]), low = hex_digit(pending_[end + 2]);

	pending_.erase(0, end + 3);
	if (high < 0 || low < 0 || static_cast<unsigned>(high * 16 + low) != sum(raw))
		return gdb_input::damaged;
	packet = unescape(raw);
	return gdb_input::packet;
}

std::string gdb_frame(const std::string &contents)
{
	std::string raw;

	for (const char c : contents) {
		if (c == '$' || c == '#' || c == escape || c == '*') {
			raw += escape;
			raw += static_cast<char>(c ^ escape_bit);
		} else {
			raw += c;
		}
	}
	const uint8_t check = sum(raw);

	return '$' + raw + '#' + to_hex(&check, 1);
}

std::string gdb_hex_le(uint64_t value, unsigned bytes)
{
	uint8_t raw[8];

	vcxl_store_le(raw, bytes, value);
	return to_hex(raw, bytes);
}

bool gdb_arguments::number(uint64_t &value)
{
	size_t at = at_;
	uint64_t result = 0;

	for (; at < text_.size() && hex_digit(text_[at]) >= 0; at++) {
		if (result >> 60)
			return false;
		result = result << 4 | static_cast<uint64_t>(hex_digit(text_[at]));
	}
	if (at == at_)
		return false;
	at_ = at;
	value = result;
	return true;
}

bool gdb_arguments::skip(char c)
{
	if (done() || text_[at_] != c)
		return false;
	at_++;
	return true;
}

} // namespace vcxl
