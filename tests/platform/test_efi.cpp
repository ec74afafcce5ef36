// SPDX-License-Identifier: Apache-2.0
//
// The EFI hand-over as Linux reads it: offsets of UEFI 2.10's 64-bit structures, typed as literals.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "efi.h"

namespace
{

constexpr uint64_t base = 0xbfa00000, rsdp = 0xbfa02000;

struct reader {
	const vcxl::efi_handover efi;

	uint64_t get(uint64_t address, unsigned n) const
	{
		uint64_t value = 0;

		EXPECT_LE(address - base + n, efi.bytes.size());
		std::memcpy(&value, efi.bytes.data() + (address - base), n);
		return value;
	}
	std::string guid(uint64_t address) const
	{
		char text[40];

		snprintf(text, sizeof(text), "%08x-%04x-%04x",
			 static_cast<unsigned>(get(address, 4)),
			 static_cast<unsigned>(get(address + 4, 2)),
			 static_cast<unsigned>(get(address + 6, 2)));
		for (unsigned i = 8; i < 16; i++)
			snprintf(text + std::strlen(text), 4, "%s%02x",
				 i == 8 || i == 10 ? "-" : "",
				 static_cast<unsigned>(get(address + i, 1)));
		return text;
	}
};

reader example()
{
	using kind = vcxl::efi_memory;

	return { vcxl::build_efi(base, rsdp,
				 { { kind::reserved, { 0x80000000, 0x200000 } },
				   { kind::conventional, { 0x80200000, 0x3f800000 } },
				   { kind::acpi_reclaim, { 0xbfa00000, 0x200000 } },
				   { kind::conventional, { 0xbfc00000, 0x400000 } } }) };
}

TEST(efi, system_table_names_itself_and_has_no_services)
{
	const reader r = example();
	const uint64_t table = r.efi.system_table;

	EXPECT_EQ(r.get(table, 8), 0x5453595320494249u);
	EXPECT_EQ(r.get(table + 0x08, 4), 0x00020064u); // 2.10
	EXPECT_EQ(r.get(table + 0x0c, 4), 120u);
	for (unsigned console_or_service = 0x28; console_or_service < 0x68; console_or_service += 8)
		EXPECT_EQ(r.get(table + console_or_service, 8), 0u) << console_or_service;
	std::u16string vendor;
	for (uint64_t at = r.get(table + 0x18, 8); r.get(at, 2); at += 2)
		vendor.push_back(static_cast<char16_t>(r.get(at, 2)));
	EXPECT_EQ(vendor, u"vcxl");
}

TEST(efi, system_table_has_its_checksum)
{
	const reader r = example();
	std::vector<uint8_t> table(r.efi.bytes.begin(), r.efi.bytes.begin() + 120);
	uint32_t crc = UINT32_MAX;

	std::memset(table.data() + 0x10, 0, 4);
	for (const uint8_t byte : table) {
		crc ^= byte;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	EXPECT_EQ(r.get(r.efi.system_table + 0x10, 4), static_cast<uint32_t>(~crc));
}

TEST(efi, configuration_tables_lead_to_acpi_and_to_no_runtime_services)
{
	const reader r = example();
	const uint64_t table = r.efi.system_table;
	ASSERT_EQ(r.get(table + 0x68, 8), 2u);
	const uint64_t list = r.get(table + 0x70, 8);

	EXPECT_EQ(r.guid(list), "8868e871-e4f1-11d3-bc22-0080c73c8881");
	EXPECT_EQ(r.get(list + 16, 8), rsdp);
	EXPECT_EQ(r.guid(list + 24), "eb66918a-7eef-402a-842e-931d21c38ae9");
	const uint64_t rt = r.get(list + 24 + 16, 8);
	EXPECT_EQ(r.get(rt, 2), 1u);
	EXPECT_EQ(r.get(rt + 2, 2), 8u);
	EXPECT_EQ(r.get(rt + 4, 4), 0u);
}

TEST(efi, memory_map_describes_each_range_in_pages)
{
	const reader r = example();
	const uint64_t expected[][3] = { { 0, 0x80000000, 0x200 },
					 { 7, 0x80200000, 0x3f800 },
					 { 9, 0xbfa00000, 0x200 },
					 { 7, 0xbfc00000, 0x400 } };

	EXPECT_EQ(r.efi.descriptor_size, 48u);
	EXPECT_EQ(r.efi.descriptor_version, 1u);
	ASSERT_EQ(r.efi.map_size, 4 * 48u);
	EXPECT_EQ(r.efi.map % 4096, 0u);
	for (unsigned i = 0; i < 4; i++) {
		const uint64_t at = r.efi.map + i * 48;

		EXPECT_EQ(r.get(at, 4), expected[i][0]);
		EXPECT_EQ(r.get(at + 8, 8), expected[i][1]);
		EXPECT_EQ(r.get(at + 16, 8), 0u); // no virtual address
		EXPECT_EQ(r.get(at + 24, 8), expected[i][2]);
		EXPECT_EQ(r.get(at + 32, 8), 8u); // write-back
	}
}

} // namespace
