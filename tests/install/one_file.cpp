// SPDX-License-Identifier: Apache-2.0
//
// Built by `c++ one_file.cpp $(pkg-config --cflags --libs vcxl)`: core and model both link.
#include <vcxl/route.h>
#include <vcxl/tlm/cxl_window.h>

int sc_main(int, char **)
{
	vcxl::cxl_window::config config;

	config.base = 0x1000000000;
	config.size = 0x20000000;
	config.ways = 2;
	const vcxl::cxl_window window("window", config);

	return vcxl_window_target(&window.window(), config.base + 0x100) == 1 ? 0 : 1;
}
