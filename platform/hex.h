// SPDX-License-Identifier: Apache-2.0
//
// Bytes as text: two hexadecimal digits for each, and UUIDs, which have hyphens between.
#ifndef VCXL_PLATFORM_HEX_H
#define VCXL_PLATFORM_HEX_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vcxl
{

// What a digit stands for, capitals too; -1: it is none.
int hex_digit(char c);
// In lower case.
std::string to_hex(const uint8_t *bytes, size_t n);
std::string to_hex(const std::string &bytes);
// False when it is none; the bytes are unchanged then.
bool from_hex(const std::string &text, std::vector<uint8_t> &out);
bool from_hex(const std::string &text, std::string &out);

using uuid = std::array<uint8_t, 16>; // in the order of the text; all zero: the nil UUID

std::string format_uuid(const uuid &bytes);
bool parse_uuid(const std::string &text, uuid &out);

} // namespace vcxl

#endif
