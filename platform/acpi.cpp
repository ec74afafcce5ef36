// SPDX-License-Identifier: Apache-2.0
//
// The tables laid out, and those that only point to others; see acpi.h.
#include "acpi.h"

#include "acpi_tables.h"

namespace vcxl
{

namespace
{

constexpr char oem[] = "VCXL  ";
constexpr char oem_table[] = "VCXLVIRT";
constexpr char creator[] = "VCXL";
constexpr size_t length_at = 4, checksum_at = 9;
constexpr uint64_t alignment = 64;

struct table_row {
	const char *name;
	table_function *build;
	bool needs_bridge;
};

// What the XSDT lists.
constexpr table_row table_rows[] = {
	{ "FACP", acpi_fadt, false }, { "APIC", acpi_madt, false }, { "RHCT", acpi_rhct, false },
	{ "PPTT", acpi_pptt, false }, { "MCFG", acpi_mcfg, false }, { "SPCR", acpi_spcr, false },
	{ "CEDT", acpi_cedt, true },  { "SRAT", acpi_srat, false }, { "HMAT", acpi_hmat, false },
};

// The blob while it grows.
class placement
{
public:
	explicit placement(uint64_t base) : base_(base) {}
	uint64_t next() const { return base_ + aligned(); }
	uint64_t place(const std::string &name, std::vector<uint8_t> bytes)
	{
		const uint64_t at = next();

		blob_.bytes.resize(aligned());
		blob_.bytes.insert(blob_.bytes.end(), bytes.begin(), bytes.end());
		blob_.tables.push_back({ name, std::move(bytes) });
		return at;
	}
	acpi_blob finish(uint64_t rsdp)
	{
		blob_.rsdp = rsdp;
		return std::move(blob_);
	}

private:
	size_t aligned() const { return (blob_.bytes.size() + alignment - 1) & ~(alignment - 1); }

	uint64_t base_;
	acpi_blob blob_;
};

std::vector<uint8_t> xsdt(const std::vector<uint64_t> &addresses)
{
	acpi_bytes t = begin_table("XSDT", 1);

	for (uint64_t address : addresses)
		t.u64(address);
	return finish_table(t);
}

// ACPI 6.6 5.2.5.3: the first checksum covers what ACPI 1.0 knew of it.
std::vector<uint8_t> rsdp(uint64_t xsdt_address)
{
	acpi_bytes t;

	t.text("RSD PTR ").u8(0).text(oem).u8(2).u32(0);
	t.u32(36).u64(xsdt_address).u8(0).zeros(3);
	t.set_checksum(8, 20);
	t.set_checksum(32, 36);
	return t.bytes();
}

} // namespace

void acpi_bytes::set_checksum(size_t at, size_t end)
{
	uint8_t sum = 0;

	bytes_.at(at) = 0;
	for (size_t i = 0; i < end; i++)
		sum = static_cast<uint8_t>(sum + bytes_.at(i));
	bytes_.at(at) = static_cast<uint8_t>(-sum);
}

acpi_bytes begin_table(const char *signature, unsigned revision)
{
	acpi_bytes t;

	t.text(signature).u32(0).u8(revision).u8(0).text(oem).text(oem_table).u32(1);
	t.text(creator).u32(1);
	return t;
}

std::vector<uint8_t> finish_table(acpi_bytes table)
{
	table.set(length_at, table.size(), 4);
	table.set_checksum(checksum_at, table.size());
	return table.bytes();
}

// ACPI 6.6 5.2.9. Power off and reset are the SBI's: no sleep and reset registers.
std::vector<uint8_t> acpi_fadt(const acpi_source &s)
{
	constexpr size_t flags_at = 112, minor_at = 131, x_dsdt_at = 140, size = 276;
	constexpr uint32_t hw_reduced = 1u << 20;
	acpi_bytes t = begin_table("FACP", 6);

	t.zeros(size - t.size());
	t.set(flags_at, hw_reduced, 4);
	t.set(minor_at, 6, 1);
	t.set(x_dsdt_at, s.dsdt, 8);
	return finish_table(t);
}

acpi_blob build_acpi(const machine &m, const layout &l, const acpi_inputs &in, uint64_t base)
{
	placement blob((base + alignment - 1) & ~(alignment - 1));
	acpi_source source{ m, l, in, blob.next() };
	std::vector<uint64_t> addresses;

	blob.place("DSDT", acpi_dsdt(source));
	for (const table_row &row : table_rows)
		if (!row.needs_bridge || l.n_bridges)
			addresses.push_back(blob.place(row.name, row.build(source)));
	const uint64_t root = blob.place("XSDT", xsdt(addresses));
	const uint64_t pointer = blob.place("RSDP", rsdp(root));

	return blob.finish(pointer);
}

} // namespace vcxl
