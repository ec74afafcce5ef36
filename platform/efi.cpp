// SPDX-License-Identifier: Apache-2.0
//
// EFI system table, configuration tables and memory map; see efi.h. Offsets are those of the
// 64-bit structures in UEFI 2.10.
#include "efi.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>

#include <vcxl/le.h>

namespace vcxl
{

namespace
{

using guid = std::array<uint8_t, 16>;

constexpr uint64_t table_signature = 0x5453595320494249; // "IBI SYST"
constexpr uint32_t revision = 2u << 16 | 100;            // 2.10
constexpr uint32_t system_table_size = 120;
constexpr uint32_t descriptor_size = 48, descriptor_version = 1;
constexpr uint64_t page = 4096;
constexpr uint64_t write_back = 8; // EFI_MEMORY_WB

// As they lie in memory: the first three fields little-endian.
constexpr guid acpi_20{ 0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
			0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 };
constexpr guid rt_properties{ 0x8a, 0x91, 0x66, 0xeb, 0xef, 0x7e, 0x2a, 0x40,
			      0x84, 0x2e, 0x93, 0x1d, 0x21, 0xc3, 0x8a, 0xe9 };

// Offsets in the blob. Linux maps the memory map by itself: it begins a page.
constexpr uint64_t vendor_at = 0x100;
constexpr uint64_t rt_properties_at = 0x180;
constexpr uint64_t config_tables_at = 0x200;
constexpr uint64_t memory_map_at = 0x1000;

constexpr char16_t vendor[] = u"vcxl";
static_assert(vendor_at + sizeof(vendor) <= rt_properties_at, "the vendor's name fits");

uint32_t crc32(const uint8_t *bytes, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

class blob
{
public:
	blob(uint64_t base, size_t size) : base_(base), bytes_(size) {}
	void put(uint64_t offset, uint64_t value, unsigned size)
	{
		vcxl_store_le(bytes_.data() + offset, size, value);
	}
	// The address of something at that offset.
	void point(uint64_t offset, uint64_t target) { put(offset, base_ + target, 8); }
	void config_table(unsigned index, const guid &name, uint64_t address)
	{
		const uint64_t at = config_tables_at + index * 24;

		std::copy(name.begin(), name.end(),
			  bytes_.begin() + static_cast<std::ptrdiff_t>(at));
		put(at + 16, address, 8);
	}
	const uint8_t *data() const { return bytes_.data(); }
	std::vector<uint8_t> take() { return std::move(bytes_); }

private:
	const uint64_t base_;
	std::vector<uint8_t> bytes_;
};

void put_system_table(blob &b)
{
	b.put(0x00, table_signature, 8);
	b.put(0x08, revision, 4);
	b.put(0x0c, system_table_size, 4);
	b.point(0x18, vendor_at);
	for (size_t i = 0; i < sizeof(vendor) / sizeof(vendor[0]); i++)
		b.put(vendor_at + 2 * i, vendor[i], 2);
	b.put(0x68, 2, 8); // configuration tables
	b.point(0x70, config_tables_at);
	b.put(0x10, crc32(b.data(), system_table_size), 4);
}

} // namespace

efi_handover build_efi(uint64_t base, uint64_t rsdp, const std::vector<efi_range> &memory)
{
	efi_handover out;
	const size_t map_size = memory.size() * descriptor_size;
	blob b(base, memory_map_at + map_size);

	b.put(rt_properties_at + 0, 1, 2); // version
	b.put(rt_properties_at + 2, 8, 2); // length; no service is supported
	b.config_table(0, acpi_20, rsdp);
	b.config_table(1, rt_properties, base + rt_properties_at);
	put_system_table(b);

	uint64_t at = memory_map_at;
	for (const efi_range &r : memory) {
		assert(r.range.base % page == 0 && r.range.size % page == 0);
		b.put(at + 0, static_cast<uint32_t>(r.type), 4);
		b.put(at + 8, r.range.base, 8);
		b.put(at + 24, r.range.size / page, 8);
		b.put(at + 32, write_back, 8);
		at += descriptor_size;
	}
	out.system_table = base;
	out.map = base + memory_map_at;
	out.map_size = static_cast<uint32_t>(map_size);
	out.descriptor_size = descriptor_size;
	out.descriptor_version = descriptor_version;
	out.bytes = b.take();
	return out;
}

} // namespace vcxl
