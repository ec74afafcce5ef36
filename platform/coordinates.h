// SPDX-License-Identifier: Apache-2.0
//
// Access coordinates of memory behind CXL windows, from the machine description alone. Latencies
// add up on the way and the worst of several ways counts; bandwidths of several ways add up and are
// limited by what they share. Linux computes a region's bandwidth by the same rule.
#ifndef VCXL_PLATFORM_COORDINATES_H
#define VCXL_PLATFORM_COORDINATES_H

#include <optional>

#include "machine.h"

namespace vcxl
{

// What is at the other end of a port's or device's link; nullptr: nothing.
const node *link_peer(const machine &m, const node &n);

// From the harts to the memory of the window's devices: of those with volatile memory, of which
// the firmware makes a region, or of all where none has any. Nothing where there is no device.
std::optional<access_coordinates> window_coordinates(const machine &m, const window &w);

} // namespace vcxl

#endif
