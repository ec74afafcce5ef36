// SPDX-License-Identifier: Apache-2.0
//
// A socket in the syntax of QEMU's character devices: tcp:[HOST]:PORT or unix:PATH, then server=on,
// wait=off and what they were called before.
#ifndef VCXL_PLATFORM_SOCKET_ADDRESS_H
#define VCXL_PLATFORM_SOCKET_ADDRESS_H

#include <cstdint>
#include <string>

namespace vcxl
{

struct socket_address {
	bool local = false; // a path of the file system, else TCP
	std::string path;
	std::string host;    // never empty: the loopback address when none was given
	uint16_t port = 0;   // 0: any free one
	bool server = false; // listens, else connects
	bool wait = true;    // a server: the machine is not made before a client is there
};

// "", or what is wrong with the text. `out` brings the defaults of server and wait.
std::string parse_socket_address(const std::string &text, socket_address &out);
// The same for -gdb, which listens and does not wait.
std::string parse_gdb_address(const std::string &text, socket_address &out);
// Whether the text begins as a socket's does.
bool names_socket(const std::string &text);
// As users write it: "127.0.0.1:1234", "[::1]:1234".
std::string host_and_port(const std::string &host, uint16_t port);

} // namespace vcxl

#endif
