// SPDX-License-Identifier: Apache-2.0
//
// What `cxl list` prints, in a form that does not depend on the order in which the kernel probed:
// it numbers memory devices, endpoints and ports as they come.
#ifndef VCXL_TESTS_LINUX_TOPOLOGY_JSON_H
#define VCXL_TESTS_LINUX_TOPOLOGY_JSON_H

#include <string>

namespace vcxl_test
{

// mem3, endpoint5, port2 and decoder5.1 become mem@0000:0d:00.0, endpoint@0000:0d:00.0,
// port@pci0000:0c and decoder@0000:0d:00.0#1, after the device that each belongs to; arrays are
// sorted. What is no JSON is returned with the reason in front.
std::string canonical_topology(const std::string &json);

// "" when the canonical forms are equal, else the lines that differ.
std::string compare_topology(const std::string &got, const std::string &expected);

} // namespace vcxl_test

#endif
