// SPDX-License-Identifier: Apache-2.0
//
// QMP commands of dynamic capacity: what a fabric manager would ask of a device. Names and types of
// QEMU's commands are QEMU's, and `length` is ours; texts of refusals are the core's, where QEMU
// has one the same (docs/decisions.md). CXL r3.1 7.6.7.6.
#ifndef VCXL_PLATFORM_QMP_DC_H
#define VCXL_PLATFORM_QMP_DC_H

#include <vcxl/dc.h>

#include "qmp_commands.h"

namespace vcxl
{

inline constexpr qmp_choice selection_policies[] = {
	{ "free", VCXL_DC_SELECT_FREE },
	{ "contiguous", VCXL_DC_SELECT_CONTIGUOUS },
	{ "prescriptive", VCXL_DC_SELECT_PRESCRIPTIVE },
	{ "enable-shared-access", VCXL_DC_SELECT_SHARED },
};
inline constexpr qmp_choice removal_policies[] = {
	{ "tag-based", VCXL_DC_REMOVE_BY_TAG },
	{ "prescriptive", VCXL_DC_REMOVE_PRESCRIPTIVE },
};

// From the base of the region.
inline constexpr qmp_argument extent_members[] = {
	{ "offset", qmp_type::uint64 },
	{ "len", qmp_type::uint64 },
};
inline constexpr qmp_argument extent_element = { "", qmp_type::object, false,         0,
						 {}, nullptr,          extent_members };

/* clang-format off */
inline constexpr qmp_argument add_capacity_arguments[] = {
	{ "path",             qmp_type::string },
	{ "host-id",          qmp_type::uint16 },
	{ "selection-policy", qmp_type::choice, false, 0, selection_policies },
	{ "region",           qmp_type::uint8 },
	{ "tag",              qmp_type::string, true },
	{ "extents",          qmp_type::array,  true, 0, {}, &extent_element },
	{ "length",           qmp_type::uint64, true },
};
inline constexpr qmp_argument release_capacity_arguments[] = {
	{ "path",                qmp_type::string },
	{ "host-id",             qmp_type::uint16 },
	{ "removal-policy",      qmp_type::choice, false, 0, removal_policies },
	{ "forced-removal",      qmp_type::boolean, true },
	{ "sanitize-on-release", qmp_type::boolean, true },
	{ "region",              qmp_type::uint8 },
	{ "tag",                 qmp_type::string, true },
	{ "extents",             qmp_type::array,  true, 0, {}, &extent_element },
};
inline constexpr qmp_argument release_status_arguments[] = {
	{ "path",    qmp_type::string },
	{ "host-id", qmp_type::uint16 },
	{ "region",  qmp_type::uint8 },
	{ "tag",     qmp_type::string },
};

// Bytes of a message either way, and its text: two hexadecimal digits for each.
constexpr uint32_t max_fm_payload = 64 << 10;
inline constexpr qmp_argument fm_command_arguments[] = {
	{ "path",    qmp_type::string },
	{ "opcode",  qmp_type::uint16 },
	{ "payload", qmp_type::string, true, 2 * max_fm_payload },
};
inline constexpr qmp_argument query_capacity_arguments[] = {
	{ "path", qmp_type::string },
};
/* clang-format on */

json_ptr add_capacity(qmp_host &host, const json_t *arguments);
json_ptr release_capacity(qmp_host &host, const json_t *arguments);
json_ptr release_capacity_status(qmp_host &host, const json_t *arguments);
json_ptr fm_command(qmp_host &host, const json_t *arguments);
json_ptr query_capacity(qmp_host &host, const json_t *arguments);

} // namespace vcxl

#endif
