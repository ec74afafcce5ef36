// SPDX-License-Identifier: Apache-2.0
//
// Packets of GDB's remote serial protocol (GDB manual, appendix E.1): framing, checksum, escapes,
// hexadecimal numbers. Left out: run-length encoding of replies, notifications, sequence numbers.
#ifndef VCXL_PLATFORM_GDB_PACKET_H
#define VCXL_PLATFORM_GDB_PACKET_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace vcxl
{

// What the client may send at most, as qSupported says.
constexpr size_t gdb_packet_size = 0x4000;

enum class gdb_input {
	more_needed,
	packet,
	damaged, // wrong checksum: to be sent again
	interrupt,
	resend // the client wants the last packet again
};

// Bytes -> packets. Anything between packets but an interrupt or '-' is ignored.
class gdb_reader
{
public:
	void add(const std::string &bytes) { pending_ += bytes; }
	void clear() { pending_.clear(); }
	// The next item; packet: its contents with escapes undone.
	gdb_input next(std::string &packet);

private:
	std::string pending_;
};

// $contents#checksum; contents that hold special characters are escaped.
std::string gdb_frame(const std::string &contents);

// The value's bytes, 8 at most, as they lie in (little-endian) memory.
std::string gdb_hex_le(uint64_t value, unsigned bytes);

// Takes apart the arguments of a command. Nothing is taken when the answer is false.
class gdb_arguments
{
public:
	explicit gdb_arguments(const std::string &text) : text_(text) {}
	bool number(uint64_t &value); // hexadecimal, at most 64 bits
	bool skip(char c);
	bool done() const { return at_ == text_.size(); }
	std::string rest() const { return text_.substr(at_); }

private:
	const std::string text_;
	size_t at_ = 0;
};

} // namespace vcxl

#endif
