// SPDX-License-Identifier: Apache-2.0
//
// What a memory device of the description asks of the core, and whether what it kept in a file over
// runs can be its own.
#ifndef VCXL_PLATFORM_MEMDEV_CONFIG_H
#define VCXL_PLATFORM_MEMDEV_CONFIG_H

#include <functional>
#include <string>

#include <vcxl/memdev.h>

#include "machine.h"

namespace vcxl
{

vcxl_link_config link_of(const node &n);

// media: what the backend of an index is; it is not asked for `none`. Without the pool, and without
// the memory of dynamic capacity, which the regions of a device share.
vcxl_memdev_config memdev_config(const machine &m, const node &n,
				 const std::function<vcxl_media(int)> &media);

// The line for the user: which device cannot be made of its backends, and why.
std::string unfit(const machine &m, const node &n, const std::string &why);

// Reads the files of state-memdev that are there and changes nothing. Throws std::runtime_error
// when a device cannot be made of one.
void check_stored_states(const machine &m);

} // namespace vcxl

#endif
