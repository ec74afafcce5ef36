// SPDX-License-Identifier: Apache-2.0
//
// Address of the GDB stub; see gdb_address.h.
#include "gdb_address.h"

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

// What follows the address: only what says "listen, and do not wait" is known.
bool good_settings(const std::string &text)
{
	for (size_t at = text.find(','); at != std::string::npos;) {
		const size_t next = text.find(',', at + 1);

		if (!has_word("server server=on wait=off nowait nodelay nodelay=on",
			      text.substr(at + 1, next - at - 1)))
			return false;
		at = next;
	}
	return true;
}

} // namespace

const char *parse_gdb_address(const std::string &text, gdb_address &out)
{
	std::string rest = text.substr(0, text.find(','));
	uint64_t port = 0;

	if (!good_settings(text))
		return "known settings: server=on, wait=off, nodelay=on";
	out = {};
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

} // namespace vcxl
