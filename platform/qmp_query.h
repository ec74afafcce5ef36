// SPDX-License-Identifier: Apache-2.0
//
// The QMP command query-cxl, which QEMU does not have.
#ifndef VCXL_PLATFORM_QMP_QUERY_H
#define VCXL_PLATFORM_QMP_QUERY_H

#include "qmp_commands.h"

namespace vcxl
{

json_ptr query_cxl(qmp_host &host, const json_t *arguments);

} // namespace vcxl

#endif
