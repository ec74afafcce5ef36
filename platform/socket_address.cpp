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

bool apply_settings(const std::string &text, socket_address &out)
{
	for (size_t at = text.find(','); at != std::string::npos;) {
		const size_t next = text.find(',', at + 1);

		if (!apply_setting(text.substr(at + 1, next - at - 1), out))
			return false;
		at = next;
	}
	return true;
}

} // namespace

bool names_socket(const std::string &text)
{
	return text.compare(0, 5, "unix:") == 0 || text.compare(0, 4, "tcp:") == 0;
}

const char *parse_socket_address(const std::string &text, socket_address &out)
{
	std::string rest = text.substr(0, text.find(','));
	uint64_t port = 0;

	if (!apply_settings(text, out))
		return "known settings: server=on|off, wait=on|off, nodelay=on";
	if (take_prefix(rest, "unix:")) {
		out.local = true;
		out.path = rest;
		if (rest.empty())
			return "the path is missing";
		return rest.size() < sizeof(sockaddr_un::sun_path) ? nullptr
								   : "the path is too long";
	}
	const bool tcp = take_prefix(rest, "tcp:");
	const size_t colon = rest.rfind(':');

	if (!tcp || colon == std::string::npos)
		return "is not supported; known: tcp:[HOST]:PORT, unix:PATH";
	if (parse_number(rest.substr(colon + 1), port) || port > 65535)
		return "the port is not a number in 0..65535";
	out.host = colon ? rest.substr(0, colon) : "127.0.0.1";
	if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']')
		out.host = out.host.substr(1, out.host.size() - 2);
	out.port = static_cast<uint16_t>(port);
	return nullptr;
}

const char *parse_gdb_address(const std::string &text, socket_address &out)
{
	out = {};
	out.server = true;
	out.wait = false;
	if (const char *why = parse_socket_address(text, out))
		return why;
	return out.server && !out.wait ? nullptr
				       : "known settings: server=on, wait=off, nodelay=on";
}

} // namespace vcxl
