// SPDX-License-Identifier: Apache-2.0
//
// docs/reference.md, printed from the core's tables: mailbox commands, return codes, decoder
// errors, trace events, and every register of every component.
#ifndef VCXL_PLATFORM_REFERENCE_H
#define VCXL_PLATFORM_REFERENCE_H

#include <string>

namespace vcxl
{

std::string reference_markdown();
// The end of docs/maturity.md: the mailbox's commands.
std::string commands_markdown();

} // namespace vcxl

#endif
