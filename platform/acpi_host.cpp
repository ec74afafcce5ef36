// SPDX-License-Identifier: Apache-2.0
//
// Tables of the host without CXL: harts, interrupts, configuration space, console.
#include "acpi_tables.h"

#include <stdexcept>

namespace vcxl
{

namespace
{

constexpr uint64_t imsic_page = 0x1000;

// As the device tree's default for riscv,hart-index-bits.
unsigned hart_index_bits(unsigned harts)
{
	unsigned bits = 0;

	while (1u << bits < harts)
		bits++;
	return bits;
}

// Nothing expands g: an operating system would believe that there is no floating point.
void check_isa(const std::string &isa)
{
	const std::string letters = isa.substr(0, isa.find('_'));

	if (letters.compare(0, 4, "rv64") != 0 || letters.find('g') != std::string::npos)
		throw std::runtime_error("ACPI: ISA string '" + isa +
					 "' does not spell out its extensions");
}

// Nodes of the RHCT and where they begin.
class rhct_nodes
{
public:
	explicit rhct_nodes(size_t start) : start_(start) {}
	void add(unsigned type, const std::vector<uint8_t> &content)
	{
		const size_t padding = content.size() % 2;

		offsets_.push_back(start_ + bytes_.size());
		bytes_.u16(type).u16(6 + content.size() + padding).u16(1);
		bytes_.append(content).zeros(padding);
	}
	const std::vector<size_t> &offsets() const { return offsets_; }
	const std::vector<uint8_t> &bytes() const { return bytes_.bytes(); }

private:
	size_t start_;
	acpi_bytes bytes_;
	std::vector<size_t> offsets_;
};

} // namespace

// ACPI 6.6 5.2.12: RINTC, IMSIC, APLIC.
std::vector<uint8_t> acpi_madt(const acpi_source &s)
{
	constexpr unsigned ids = 255, group_shift = 24;
	acpi_bytes t = begin_table("APIC", 7);

	t.u32(0).u32(0); // no local controller address, no flags
	for (unsigned hart = 0; hart < s.m.harts; hart++) {
		t.u8(0x18).u8(36).u8(1).u8(0).u32(1); // enabled
		t.u64(hart).u32(hart).u32(0);         // hart, _UID, no external controller
		t.u64(map::imsic_s.base + hart * imsic_page).u32(imsic_page);
	}
	t.u8(0x19).u8(16).u8(1).u8(0).u32(0).u16(ids).u16(ids);
	t.u8(0).u8(hart_index_bits(s.m.harts)).u8(0).u8(group_shift);
	t.u8(0x1a).u8(36).u8(1).u8(0).u32(0).u64(0).u16(0).u16(map::aplic_sources);
	t.u32(0).u64(map::aplic_s.base).u32(map::aplic_s.size);
	return finish_table(t);
}

// ACPI 6.6 5.2.31: one package, a core per hart. There is no model of caches, so there is none
// here.
std::vector<uint8_t> acpi_pptt(const acpi_source &s)
{
	constexpr unsigned package = 1 << 0, id_valid = 1 << 1, leaf = 1 << 3, identical = 1 << 4;
	acpi_bytes t = begin_table("PPTT", 3);
	const size_t parent = t.size();

	t.u8(0).u8(20).u16(0).u32(package | identical).u32(0).u32(0).u32(0);
	for (unsigned hart = 0; hart < s.m.harts; hart++)
		t.u8(0).u8(20).u16(0).u32(id_valid | leaf).u32(parent).u32(hart).u32(0);
	return finish_table(t);
}

// ACPI 6.6 5.2.37.
std::vector<uint8_t> acpi_rhct(const acpi_source &s)
{
	constexpr size_t nodes_at = 56;
	constexpr unsigned isa = 0, cache_blocks = 1, mmu = 2, hart_info = 0xffff;
	constexpr unsigned line_shift = 6, sv48 = 1;
	acpi_bytes t = begin_table("RHCT", 1);
	rhct_nodes nodes(nodes_at);

	check_isa(s.in.isa);
	nodes.add(isa, acpi_bytes().u16(s.in.isa.size() + 1).text(s.in.isa).u8(0).bytes());
	if (s.in.isa.find("_zicbo") != std::string::npos)
		nodes.add(cache_blocks,
			  acpi_bytes().u8(0).u8(line_shift).u8(line_shift).u8(line_shift).bytes());
	nodes.add(mmu, acpi_bytes().u8(0).u8(sv48).bytes());

	const std::vector<size_t> shared = nodes.offsets();
	for (unsigned hart = 0; hart < s.m.harts; hart++) {
		acpi_bytes info;

		info.u16(shared.size()).u32(hart);
		for (size_t offset : shared)
			info.u32(offset);
		nodes.add(hart_info, info.bytes());
	}
	t.u32(0).u64(map::timebase_hz).u32(nodes.offsets().size()).u32(nodes_at);
	t.append(nodes.bytes());
	return finish_table(t);
}

// PCI Firmware r3.3 4.1.2: one segment holds the buses of all bridges.
std::vector<uint8_t> acpi_mcfg(const acpi_source &)
{
	acpi_bytes t = begin_table("MCFG", 1);

	t.zeros(8);
	t.u64(map::ecam.base).u16(0).u8(0).u8(255).u32(0);
	return finish_table(t);
}

// Serial Port Console Redirection Table, revision 4.
std::vector<uint8_t> acpi_spcr(const acpi_source &)
{
	constexpr unsigned ns16550_gas = 0x12, aplic_irq = 0x10, baud_115200 = 7, ansi = 3;
	constexpr size_t name_at = 88;
	const std::string device = "\\_SB.COM0";
	acpi_bytes t = begin_table("SPCR", 4);

	t.u8(ns16550_gas).zeros(3);
	t.u8(0).u8(8).u8(0).u8(1).u64(map::uart.base); // memory, 8 bits, byte accesses
	t.u8(aplic_irq).u8(0).u32(map::uart_irq);
	t.u8(baud_115200).u8(0).u8(1).u8(0).u8(ansi).u8(0);
	t.u16(0xffff).u16(0xffff).zeros(3).u32(0).u8(0); // no PCI device
	t.u32(map::uart_clock_hz).u32(0);
	t.u16(device.size() + 1).u16(name_at);
	t.text(device).u8(0);
	return finish_table(t);
}

} // namespace vcxl
