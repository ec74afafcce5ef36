// SPDX-License-Identifier: Apache-2.0
//
// A client of GDB's remote serial protocol as GDB itself speaks it, bounded in time, over a local
// socket; and the symbols of an ELF file. Shares nothing with the stub.
#ifndef VCXL_TESTS_SYSTEM_GDB_CLIENT_H
#define VCXL_TESTS_SYSTEM_GDB_CLIENT_H

#include <cstdint>
#include <string>

#include "socket_client.h"

namespace vcxl_test
{

class gdb_client
{
public:
	// Waits until the socket is there; throws std::runtime_error after 20 seconds.
	explicit gdb_client(const std::string &path);

	void send_raw(const std::string &bytes);
	void send(const std::string &packet);
	// The next packet's contents; "TIMEOUT" or "CLOSED" when there is none.
	std::string receive(double timeout = 50);
	// One byte outside packets, '+' left out; 0 when there is none.
	char receive_byte();
	std::string ask(const std::string &packet);
	// The 8 bytes of a register, numbered as GDB does.
	uint64_t reg(unsigned number);
	bool set_reg(unsigned number, uint64_t value);
	uint64_t memory(uint64_t va);
	// Text of a monitor command.
	std::string monitor(const std::string &command);

private:
	bool more(double timeout);
	socket_client socket_;
	std::string pending_;
};

std::string hex(uint64_t value);
// Throws std::runtime_error when the file has no such symbol.
uint64_t elf_symbol(const std::string &path, const std::string &name);

} // namespace vcxl_test

#endif
