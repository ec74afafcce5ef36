// SPDX-License-Identifier: Apache-2.0
//
// What the files that build the CXL hierarchy of a soc share.
#ifndef VCXL_PLATFORM_SOC_SLOTS_H
#define VCXL_PLATFORM_SOC_SLOTS_H

#include <string>

namespace vcxl
{

// For SystemC, whose separator is the dot; ids that the options made hold a slash too.
std::string object_name(std::string id);

} // namespace vcxl

#endif
