// SPDX-License-Identifier: Apache-2.0
//
// A client of GDB's remote serial protocol; see gdb_client.h.
#include "gdb_client.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

#include <elf.h>

namespace vcxl_test
{

namespace
{

std::string little_endian(uint64_t value)
{
	std::string text;
	char byte[3];

	for (int i = 0; i < 8; i++) {
		snprintf(byte, sizeof(byte), "%02x",
			 static_cast<unsigned>(value >> (8 * i)) & 0xff);
		text += byte;
	}
	return text;
}

uint64_t from_little_endian(const std::string &text)
{
	uint64_t value = 0;

	if (text.size() != 16)
		throw std::runtime_error("not 8 bytes: " + text);
	for (size_t i = 16; i; i -= 2)
		value = value << 8 | std::stoull(text.substr(i - 2, 2), nullptr, 16);
	return value;
}

} // namespace

std::string hex(uint64_t value)
{
	char text[17];

	snprintf(text, sizeof(text), "%llx", static_cast<unsigned long long>(value));
	return text;
}

gdb_client::gdb_client(const std::string &path) : socket_(path)
{
}

void gdb_client::send_raw(const std::string &bytes)
{
	socket_.send(bytes);
}

void gdb_client::send(const std::string &packet)
{
	unsigned sum = 0;
	char check[4];

	for (const char c : packet)
		sum += static_cast<unsigned char>(c);
	snprintf(check, sizeof(check), "#%02x", sum & 0xff);
	send_raw("$" + packet + check);
}

bool gdb_client::more(double timeout)
{
	const socket_client::result result = socket_.more(pending_, timeout);

	if (result == socket_client::result::timeout)
		pending_ = "$TIMEOUT#00";
	return result != socket_client::result::closed;
}

std::string gdb_client::receive(double timeout)
{
	size_t start = 0, end = 0;

	while ((start = pending_.find('$')) == std::string::npos ||
	       (end = pending_.find('#', start)) == std::string::npos || end + 2 >= pending_.size())
		if (!more(timeout))
			return "CLOSED";
	std::string contents;

	for (size_t i = start + 1; i < end; i++) {
		if (pending_[i] == '}')
			contents += static_cast<char>(pending_[++i] ^ 0x20);
		else
			contents += pending_[i];
	}
	pending_.erase(0, end + 3);
	send_raw("+");
	return contents;
}

char gdb_client::receive_byte()
{
	while (pending_.find_first_not_of('+') == std::string::npos)
		if (!more(20))
			return 0;
	const size_t at = pending_.find_first_not_of('+');
	const char c = pending_[at];

	pending_.erase(0, at + 1);
	return c;
}

std::string gdb_client::ask(const std::string &packet)
{
	send(packet);
	return receive();
}

uint64_t gdb_client::reg(unsigned number)
{
	return from_little_endian(ask("p" + hex(number)));
}

bool gdb_client::set_reg(unsigned number, uint64_t value)
{
	return ask("P" + hex(number) + "=" + little_endian(value)) == "OK";
}

uint64_t gdb_client::memory(uint64_t va)
{
	return from_little_endian(ask("m" + hex(va) + ",8"));
}

std::string gdb_client::monitor(const std::string &command)
{
	std::string typed, text;

	for (const char c : command)
		typed += little_endian(static_cast<unsigned char>(c)).substr(0, 2);
	const std::string reply = ask("qRcmd," + typed);

	for (size_t i = 0; i + 1 < reply.size(); i += 2)
		text += static_cast<char>(std::stoi(reply.substr(i, 2), nullptr, 16));
	return text;
}

uint64_t elf_symbol(const std::string &path, const std::string &name)
{
	std::ifstream in(path, std::ios::binary);
	const std::vector<char> file{ std::istreambuf_iterator<char>(in), {} };
	const auto at = [&file](uint64_t offset, auto &out) {
		if (offset > file.size() || file.size() - offset < sizeof(out))
			throw std::runtime_error("the ELF file is too short");
		memcpy(&out, file.data() + offset, sizeof(out));
	};
	Elf64_Ehdr header;

	at(0, header);
	for (unsigned i = 0; i < header.e_shnum; i++) {
		Elf64_Shdr table, strings;

		at(header.e_shoff + i * sizeof(table), table);
		if (table.sh_type != SHT_SYMTAB)
			continue;
		at(header.e_shoff + table.sh_link * sizeof(strings), strings);
		for (uint64_t s = 0; s < table.sh_size; s += sizeof(Elf64_Sym)) {
			Elf64_Sym symbol;

			at(table.sh_offset + s, symbol);
			if (name == file.data() + strings.sh_offset + symbol.st_name)
				return symbol.st_value;
		}
	}
	throw std::runtime_error(path + " has no symbol " + name);
}

} // namespace vcxl_test
