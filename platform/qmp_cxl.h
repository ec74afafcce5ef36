// SPDX-License-Identifier: Apache-2.0
//
// QMP commands that inject events, poison and protocol errors into memory devices: where each
// argument goes in an event record is a row. Names, types and checks are QEMU's (docs/decisions.md
// has the differences). CXL r3.1 8.2.9.2.1.
#ifndef VCXL_PLATFORM_QMP_CXL_H
#define VCXL_PLATFORM_QMP_CXL_H

#include <array>
#include <cstdint>

#include <vcxl/event.h>
#include <vcxl/ras.h>

#include "qmp_commands.h"

namespace vcxl
{

// An argument and its place in the record as the host reads it.
struct event_field {
	qmp_argument argument;
	uint8_t at = 0, size = 0; // bytes, of each element of an array; 0: not in the record
	uint16_t valid = 0;       // bit of the record that says whether it is there; 0: none
};

constexpr uint16_t record_bit(unsigned byte, unsigned bit)
{
	return static_cast<uint16_t>(8 * byte + bit);
}

inline constexpr qmp_choice event_logs[] = {
	{ "informational", VCXL_EVENT_INFO },
	{ "warning", VCXL_EVENT_WARNING },
	{ "failure", VCXL_EVENT_FAILURE },
	{ "fatal", VCXL_EVENT_FATAL },
};

constexpr uint64_t max_u24 = 0xffffff;
constexpr uint64_t component_id_size = 16;
inline constexpr qmp_argument u64_element = { "", qmp_type::uint64 };

/* clang-format off */
// CXL r3.1 8.2.9.2.1
inline constexpr std::array<event_field, 7> common_fields{ {
	{ { "path",              qmp_type::string } },
	{ { "log",               qmp_type::choice, false, 0, event_logs } },
	{ { "flags",             qmp_type::uint32, false, max_u24 }, 0x11, 3 },
	{ { "maint-op-class",    qmp_type::uint8,  true },           0x20, 1 },
	{ { "maint-op-subclass", qmp_type::uint8,  true },           0x21, 1, record_bit(0x11, 6) },
	{ { "ld-id",             qmp_type::uint16, true },           0x22, 2, record_bit(0x11, 7) },
	{ { "head-id",           qmp_type::uint8,  true },           0x24, 1, record_bit(0x12, 0) },
} };

// CXL r3.1 8.2.9.2.1.1
inline constexpr std::array<event_field, 12> general_media_fields{ {
	{ { "dpa",               qmp_type::uint64 },                 0x30, 8 },
	{ { "descriptor",        qmp_type::uint8 },                  0x38, 1 },
	{ { "type",              qmp_type::uint8 },                  0x39, 1 },
	{ { "transaction-type",  qmp_type::uint8 },                  0x3a, 1 },
	{ { "channel",           qmp_type::uint8,  true },           0x3d, 1, record_bit(0x3b, 0) },
	{ { "rank",              qmp_type::uint8,  true },           0x3e, 1, record_bit(0x3b, 1) },
	{ { "device",            qmp_type::uint32, true, max_u24 },  0x3f, 3, record_bit(0x3b, 2) },
	{ { "component-id",      qmp_type::string, true, component_id_size }, 0x42, 16, record_bit(0x3b, 3) },
	{ { "is-comp-id-pldm",   qmp_type::boolean, true },          0,    0, record_bit(0x3b, 4) },
	{ { "cme-ev-flags",      qmp_type::uint8,  true },           0x52, 1 },
	{ { "cme-count",         qmp_type::uint32, true, max_u24 },  0x53, 3 },
	{ { "sub-type",          qmp_type::uint8,  true },           0x56, 1 },
} };

// CXL r3.1 8.2.9.2.1.2. QEMU's own example has a nibble mask of more than 24 bits, which are cut.
inline constexpr std::array<event_field, 18> dram_fields{ {
	{ { "dpa",               qmp_type::uint64 },                 0x30, 8 },
	{ { "descriptor",        qmp_type::uint8 },                  0x38, 1 },
	{ { "type",              qmp_type::uint8 },                  0x39, 1 },
	{ { "transaction-type",  qmp_type::uint8 },                  0x3a, 1 },
	{ { "channel",           qmp_type::uint8,  true },           0x3d, 1, record_bit(0x3b, 0) },
	{ { "rank",              qmp_type::uint8,  true },           0x3e, 1, record_bit(0x3b, 1) },
	{ { "nibble-mask",       qmp_type::uint32, true },           0x3f, 3, record_bit(0x3b, 2) },
	{ { "bank-group",        qmp_type::uint8,  true },           0x42, 1, record_bit(0x3b, 3) },
	{ { "bank",              qmp_type::uint8,  true },           0x43, 1, record_bit(0x3b, 4) },
	{ { "row",               qmp_type::uint32, true, max_u24 },  0x44, 3, record_bit(0x3b, 5) },
	{ { "column",            qmp_type::uint16, true },           0x47, 2, record_bit(0x3b, 6) },
	{ { "correction-mask",   qmp_type::array,  true, 4, {}, &u64_element }, 0x49, 8, record_bit(0x3b, 7) },
	{ { "component-id",      qmp_type::string, true, component_id_size }, 0x69, 16, record_bit(0x3c, 0) },
	{ { "is-comp-id-pldm",   qmp_type::boolean, true },          0,    0, record_bit(0x3c, 1) },
	{ { "sub-channel",       qmp_type::uint8,  true },           0x79, 1, record_bit(0x3c, 2) },
	{ { "cme-ev-flags",      qmp_type::uint8,  true },           0x7a, 1 },
	{ { "cvme-count",        qmp_type::uint32, true, max_u24 },  0x7b, 3 },
	{ { "sub-type",          qmp_type::uint8,  true },           0x7e, 1 },
} };

// CXL r3.1 8.2.9.2.1.3
inline constexpr std::array<event_field, 12> memory_module_fields{ {
	{ { "type",                             qmp_type::uint8 },  0x30, 1 },
	{ { "health-status",                    qmp_type::uint8 },  0x31, 1 },
	{ { "media-status",                     qmp_type::uint8 },  0x32, 1 },
	{ { "additional-status",                qmp_type::uint8 },  0x33, 1 },
	{ { "life-used",                        qmp_type::uint8 },  0x34, 1 },
	{ { "temperature",                      qmp_type::int16 },  0x35, 2 },
	{ { "dirty-shutdown-count",             qmp_type::uint32 }, 0x37, 4 },
	{ { "corrected-volatile-error-count",   qmp_type::uint32 }, 0x3b, 4 },
	{ { "corrected-persistent-error-count", qmp_type::uint32 }, 0x3f, 4 },
	{ { "component-id",      qmp_type::string, true, component_id_size }, 0x45, 16, record_bit(0x43, 0) },
	{ { "is-comp-id-pldm",   qmp_type::boolean, true },          0,    0, record_bit(0x43, 1) },
	{ { "sub-type",          qmp_type::uint8,  true },           0x55, 1 },
} };
/* clang-format on */

template <size_t N, size_t M>
constexpr std::array<qmp_argument, N + M> arguments_of(const std::array<event_field, N> &first,
						       const std::array<event_field, M> &second)
{
	std::array<qmp_argument, N + M> all{};

	for (size_t i = 0; i < N; i++)
		all[i] = first[i].argument;
	for (size_t i = 0; i < M; i++)
		all[N + i] = second[i].argument;
	return all;
}

inline constexpr auto general_media_arguments = arguments_of(common_fields, general_media_fields);
inline constexpr auto dram_arguments = arguments_of(common_fields, dram_fields);
inline constexpr auto memory_module_arguments = arguments_of(common_fields, memory_module_fields);
inline constexpr qmp_argument poison_arguments[] = {
	{ "path", qmp_type::string },
	{ "start", qmp_type::uint64 },
	{ "length", qmp_type::uint64 },
};

inline constexpr qmp_choice uncorrectable_errors[] = {
	{ "cache-data-parity", VCXL_RAS_CACHE_DATA_PARITY },
	{ "cache-address-parity", VCXL_RAS_CACHE_ADDRESS_PARITY },
	{ "cache-be-parity", VCXL_RAS_CACHE_BE_PARITY },
	{ "cache-data-ecc", VCXL_RAS_CACHE_DATA_ECC },
	{ "mem-data-parity", VCXL_RAS_MEM_DATA_PARITY },
	{ "mem-address-parity", VCXL_RAS_MEM_ADDRESS_PARITY },
	{ "mem-be-parity", VCXL_RAS_MEM_BE_PARITY },
	{ "mem-data-ecc", VCXL_RAS_MEM_DATA_ECC },
	{ "reinit-threshold", VCXL_RAS_REINIT_THRESHOLD },
	{ "rsvd-encoding", VCXL_RAS_RSVD_ENCODING },
	{ "poison-received", VCXL_RAS_POISON_RECEIVED },
	{ "receiver-overflow", VCXL_RAS_RECEIVER_OVERFLOW },
	{ "internal", VCXL_RAS_INTERNAL },
	{ "cxl-ide-tx", VCXL_RAS_IDE_TX },
	{ "cxl-ide-rx", VCXL_RAS_IDE_RX },
};
inline constexpr qmp_choice correctable_errors[] = {
	{ "cache-data-ecc", VCXL_RAS_COR_CACHE_DATA_ECC },
	{ "mem-data-ecc", VCXL_RAS_COR_MEM_DATA_ECC },
	{ "crc-threshold", VCXL_RAS_COR_CRC_THRESHOLD },
	{ "retry-threshold", VCXL_RAS_COR_RETRY_THRESHOLD },
	{ "cache-poison-received", VCXL_RAS_COR_CACHE_POISON_RECEIVED },
	{ "mem-poison-received", VCXL_RAS_COR_MEM_POISON_RECEIVED },
	{ "physical", VCXL_RAS_COR_PHYSICAL },
};

// QEMU takes 32 dwords; the header log has 16, and the others go nowhere.
constexpr uint64_t max_header_dwords = 32;
constexpr uint64_t max_errors = 1024;
inline constexpr qmp_argument u32_element = { "", qmp_type::uint32 };
inline constexpr qmp_argument error_members[] = {
	{ "type", qmp_type::choice, false, 0, uncorrectable_errors },
	{ "header", qmp_type::array, false, max_header_dwords, {}, &u32_element },
};
inline constexpr qmp_argument error_element = { "", qmp_type::object, false,        0,
						{}, nullptr,          error_members };
inline constexpr qmp_argument uncorrectable_arguments[] = {
	{ "path", qmp_type::string },
	{ "errors", qmp_type::array, false, max_errors, {}, &error_element },
};
inline constexpr qmp_argument correctable_arguments[] = {
	{ "path", qmp_type::string },
	{ "type", qmp_type::choice, false, 0, correctable_errors },
};

// The device that `path` names: its QOM path, or its id alone. Throws qmp_error, with any_error
// where QEMU's command has one text for all that can be wrong.
vcxl_memdev *find_memdev(qmp_host &host, const json_t *arguments, const char *any_error = nullptr);

json_ptr inject_general_media_event(qmp_host &host, const json_t *arguments);
json_ptr inject_dram_event(qmp_host &host, const json_t *arguments);
json_ptr inject_memory_module_event(qmp_host &host, const json_t *arguments);
json_ptr inject_poison(qmp_host &host, const json_t *arguments);
json_ptr inject_uncorrectable_errors(qmp_host &host, const json_t *arguments);
json_ptr inject_correctable_error(qmp_host &host, const json_t *arguments);

} // namespace vcxl

#endif
