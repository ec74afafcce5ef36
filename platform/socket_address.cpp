// SPDX-License-Identifier: Apache-2.0
//
// Addresses of sockets; see socket_address.h.
#include "socket_address.h"

#include <sys/un.h>

#include "option_table.h"
#include "option_value.h"

namespace vcxl
{

namespace
{

constexpr char not_an_address[] = " is not supported; known: tcp:[HOST]:PORT, unix:PATH";

bool take_prefix(std::string &text, const std::string &prefix)
{
	if (text.compare(0, prefix.size(), prefix) != 0)
		return false;
	text.erase(0, prefix.size());
	return true;
}

// nodelay is what TCP sockets have here anyway.
bool apply_setting(const std::string &word, socket_address &out)
{
	if (has_word("server server=on server=off", word))
		out.server = word != "server=off";
	else if (has_word("wait wait=on wait=off nowait", word))
		out.wait = word == "wait" || word == "wait=on";
	else
		return has_word("nodelay nodelay=on", word);
	return true;
}

// "" or what is wrong.
std::string apply_settings(const std::string &text, socket_address &out)
{
	for (size_t at = text.find(','); at != std::string::npos;) {
		const size_t next = text.find(',', at + 1);
		const std::string word = text.substr(at + 1, next - at - 1);

		if (!apply_setting(word, out))
			return "'" + word +
			       "' is not a setting; known settings: server=on|off, wait=on|off, "
			       "nodelay=on";
		at = next;
	}
	return "";
}

std::string parse_local(const std::string &path, socket_address &out)
{
	out.local = true;
	out.path = path;
	if (path.empty())
		return ": the path is missing";
	return path.size() < sizeof(sockaddr_un::sun_path) ? "" : ": the path is too long";
}

std::string parse_tcp(const std::string &where, socket_address &out)
{
	const size_t colon = where.rfind(':');
	uint64_t port = 0;

	if (colon == std::string::npos)
		return not_an_address;
	if (parse_number(where.substr(colon + 1), port) || port > 65535)
		return ": the port is not a number in 0..65535";
	out.host = colon ? where.substr(0, colon) : "127.0.0.1";
	if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']')
		out.host = out.host.substr(1, out.host.size() - 2);
	out.port = static_cast<uint16_t>(port);
	return "";
}

} // namespace

bool names_socket(const std::string &text)
{
	return text.compare(0, 5, "unix:") == 0 || text.compare(0, 4, "tcp:") == 0;
}

std::string parse_socket_address(const std::string &text, socket_address &out)
{
	const std::string address = text.substr(0, text.find(','));
	std::string rest = address, why = not_an_address;

	if (take_prefix(rest, "unix:"))
		why = parse_local(rest, out);
	else if (take_prefix(rest, "tcp:"))
		why = parse_tcp(rest, out);
	return why.empty() ? apply_settings(text, out) : "'" + address + "'" + why;
}

std::string parse_gdb_address(const std::string &text, socket_address &out)
{
	out = {};
	out.server = true;
	out.wait = false;
	const std::string why = parse_socket_address(text, out);
	if (!why.empty())
		return why;
	return out.server && !out.wait ? ""
				       : "a debugger's socket listens and does not wait; known "
					 "settings: server=on, wait=off, nodelay=on";
}

std::string host_and_port(const std::string &host, uint16_t port)
{
	const bool brackets = host.find(':') != std::string::npos;

	return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

} // namespace vcxl
