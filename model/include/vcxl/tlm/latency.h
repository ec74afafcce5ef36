// SPDX-License-Identifier: Apache-2.0
//
// Fixed latency of each hop of a CXL.mem access, there and back, in picoseconds. Only totals are
// published; this split adds up to the 214 ns class of a local-attached ASIC expander less its
// serialisation time.
#ifndef VCXL_TLM_LATENCY_H
#define VCXL_TLM_LATENCY_H

#include <cstdint>

namespace vcxl
{

struct cxl_latency {
	uint64_t window_ps = 50'000; // host fabric
	uint64_t host_bridge_ps = 10'000;
	uint64_t root_port_ps = 25'000;     // 12.5 ns each way
	uint64_t upstream_port_ps = 50'000; // port and half of the switch core
	uint64_t downstream_port_ps = 50'000;
	uint64_t memdev_ps = 125'000; // port 25, controller 40, media 60
};

} // namespace vcxl

#endif
