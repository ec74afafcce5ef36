// SPDX-License-Identifier: Apache-2.0
//
// Where the GDB stub listens, in the syntax of QEMU's -gdb: tcp:[HOST]:PORT or unix:PATH, with
// server=on, wait=off, server and nowait accepted. Connecting out (server=off) is left out.
#ifndef VCXL_PLATFORM_GDB_ADDRESS_H
#define VCXL_PLATFORM_GDB_ADDRESS_H

#include <cstdint>
#include <string>

namespace vcxl
{

struct gdb_address {
	bool local = false; // a path of the file system, else TCP
	std::string path;
	std::string host;  // never empty: the loopback address when none was given
	uint16_t port = 0; // 0: any free one
};

// nullptr, or what is wrong with the text.
const char *parse_gdb_address(const std::string &text, gdb_address &out);

} // namespace vcxl

#endif
