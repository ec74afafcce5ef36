// SPDX-License-Identifier: Apache-2.0
//
// What the host's own part of a memory access costs, as HMAT tells it. The way to a CXL port is the
// sum of the hops that the modules charge for it.
#ifndef VCXL_PLATFORM_HOST_TIMING_H
#define VCXL_PLATFORM_HOST_TIMING_H

#include <vcxl/tlm/latency.h>

#include "machine.h"

namespace vcxl
{

constexpr access_coordinates alike(uint64_t latency_ps, uint64_t bandwidth)
{
	return { latency_ps, latency_ps, bandwidth, bandwidth };
}

// Local DDR5 of a 2023 server: 111-117 ns idle (Melody, ASPLOS'25); 8 channels of DDR5-4800 at 75
// %.
constexpr access_coordinates host_ram = alike(112'000, 230'000);

// From a notify of a virtio device to its looking at the queue, which then is done at once: what an
// NVMe drive of 2023 takes for a read, about.
constexpr uint64_t virtio_latency_ps = 50'000'000;

// Hart to root port; one PCIe 5.0 x16 port's worth of bandwidth for each host bridge.
constexpr access_coordinates host_to_cxl_port =
	alike(cxl_latency().window_ps + cxl_latency().host_bridge_ps + cxl_latency().root_port_ps,
	      64'000);

} // namespace vcxl

#endif
