// SPDX-License-Identifier: Apache-2.0
//
// The namespace: harts, interrupt controller, console, power button, the PCI host bridge and the
// CXL host bridges. Left out: _PRT, as no function has an interrupt pin; power states.
#include <cstdio>

#include "acpi_aml.h"
#include "acpi_tables.h"

namespace vcxl
{

namespace
{

using namespace aml;

constexpr char osc_pcie[] = "33DB4D5B-1FF7-401C-9657-7441C03DD766";
constexpr char osc_cxl[] = "68F2D50B-C469-4D8A-BD3D-941A103FD3FC";
constexpr char dsm_qtg[] = "F365F9A6-A7DE-4071-A66A-B40C0B4F8E52";
constexpr char dsd_properties[] = "DAFFD814-6EBA-4D8C-8A91-BC9BBF4AA301";

std::string numbered(const char *format, unsigned number)
{
	char text[16];

	snprintf(text, sizeof(text), format, number);
	return text;
}

term hart(unsigned index)
{
	return device(numbered("C%03X", index),
		      { name("_HID", string("ACPI0007")), name("_UID", integer(index)),
			name("_STA", integer(0xf)) });
}

term interrupt_controller()
{
	return device("IC00", { name("_HID", string("RSCV0002")), name("_UID", integer(0)),
				name("_GSB", integer(0)),
				name("_CRS", resources().memory32(map::aplic_s).done()) });
}

term console()
{
	const term clock = package({ string("clock-frequency"), integer(map::uart_clock_hz) });
	const term registers = resources().memory32(map::uart).interrupt(map::uart_irq).done();

	return device("COM0",
		      { name("_HID", string("RSCV0003")), name("_UID", integer(0)),
			name("_CRS", registers),
			name("_DSD", package({ uuid(dsd_properties), package({ clock }) })) });
}

// ACPI 6.6 4.8.2.2.1, 5.6.9: the interrupt is the button being pressed.
term power_button()
{
	return device("PWRB", { name("_HID", string("PNP0C0C")), name("_UID", integer(0)) });
}

term events()
{
	constexpr unsigned pressed = 0x80;
	const term pulse = resources().interrupt(map::power_irq, trigger::edge).done();

	return device("GED0", { name("_HID", string("ACPI0013")), name("_UID", integer(0)),
				name("_CRS", pulse),
				method("_EVT", 1,
				       { when(equal(argument(0), integer(map::power_irq)),
					      { notify(path("\\_SB.PWRB"), pressed) }) }) });
}

// Clears what is not granted in a dword of the capabilities buffer; bit 4 of the first says so.
term grant(const char *field, unsigned granted)
{
	const term masked = local(1), status = path("CDW1");

	return join({
		bits_and(path(field), integer(granted), masked),
		when(negated(equal(path(field), masked)),
		     { bits_or(status, integer(0x10), status) }),
		store(masked, path(field)),
	});
}

term refuse(unsigned error)
{
	return join(
		{ bits_or(path("CDW1"), integer(error), path("CDW1")), give_back(argument(3)) });
}

// _OSC of every bridge, with a fifth argument that says whether it is a CXL one. PCI Firmware r3.3
// 4.5.1, CXL r3.1 9.18.2. There is no firmware to hand control over from: a query and a request
// give the same answer.
term operating_system_capabilities()
{
	// native hot-plug, SHPC, PME, AER, PCIe Capability structure; not LTR and DPC, which no
	// port has
	constexpr unsigned pcie_control = 0x1f, cxl_memory_errors = 0x1;
	constexpr unsigned failure = 0x2, unknown_uuid = 0x4, unknown_revision = 0x8;
	const term dwords = local(0), is_cxl = argument(4);

	return method("NOSC", 5,
		      { dword_field(argument(3), 0, "CDW1"), store(integer(0), dwords),
			when(equal(argument(0), uuid(osc_pcie)), { store(integer(3), dwords) }),
			when(both(is_cxl, equal(argument(0), uuid(osc_cxl))),
			     { store(integer(5), dwords) }),
			when(negated(dwords), { refuse(unknown_uuid) }),
			when(negated(equal(argument(1), integer(1))), { refuse(unknown_revision) }),
			when(less(argument(2), dwords), { refuse(failure) }),
			dword_field(argument(3), 8, "CDW3"), grant("CDW3", pcie_control),
			when(equal(dwords, integer(5)), { dword_field(argument(3), 16, "CDW5"),
							  grant("CDW5", cxl_memory_errors) }),
			give_back(argument(3)) });
}

// What PCI and CXL host bridges have in common.
term bridge_objects(unsigned first_bus, unsigned last_bus, const map_range &mem32,
		    const map_range &mem64, bool cxl)
{
	resources windows;

	windows.buses(first_bus, last_bus);
	if (mem32.size)
		windows.dword_memory(mem32);
	if (mem64.size)
		windows.qword_memory(mem64);
	return join({
		name("_UID", integer(first_bus)),
		name("_SEG", integer(0)),
		name("_BBN", integer(first_bus)),
		name("_PXM", integer(acpi_pxm_host)),
		name("_CCA", integer(1)),
		name("_CRS", windows.done()),
		method("_OSC", 4,
		       { give_back(call("NOSC", { argument(0), argument(1), argument(2),
						  argument(3), integer(cxl) })) }),
	});
}

// The buses below the first CXL host bridge, and the configuration space of all.
term pci_bridge(const layout &l)
{
	const unsigned last = l.n_bridges ? l.bridges[0].first_bus - 1 : 255;
	const term ecam = resources().qword_memory(map::ecam, resource_use::consumer).done();

	return device("PCI0", { name("_HID", string("PNP0A08")), name("_CID", string("PNP0A03")),
				bridge_objects(0, last, map::mem32_pci, l.mem64_pci, false),
				device("ECAM", { name("_HID", string("PNP0C02")),
						 name("_UID", integer(0)), name("_CRS", ecam) }) });
}

term cxl_bridge(unsigned index, const layout::bridge_windows &b)
{
	return device(numbered("CXL%X", index),
		      { name("_HID", string("ACPI0016")),
			name("_CID", package({ string("PNP0A08"), string("PNP0A03") })),
			bridge_objects(b.first_bus, b.last_bus, b.mem32, b.mem64, true) });
}

// CXL r3.1 9.18.3.1: function 1 answers the throttling groups for a performance, best first.
term cxl_root()
{
	constexpr uint8_t functions = 0x3;
	const term none_known = give_back(buffer({ 0 }));
	const term groups = package({ integer(acpi_qtg), package({ integer(acpi_qtg) }) });

	return device("CXLM",
		      { name("_HID", string("ACPI0017")), name("_UID", integer(0)),
			method("_DSM", 4,
			       { when(negated(equal(argument(0), uuid(dsm_qtg))), { none_known }),
				 when(negated(equal(argument(1), integer(1))), { none_known }),
				 when(equal(argument(2), integer(0)),
				      { give_back(buffer({ functions })) }),
				 when(equal(argument(2), integer(1)), { give_back(groups) }),
				 none_known }) });
}

} // namespace

std::vector<uint8_t> acpi_dsdt(const acpi_source &s)
{
	acpi_bytes t = begin_table("DSDT", 2); // 2: integers have 64 bits
	terms devices;

	for (unsigned i = 0; i < s.m.harts; i++)
		devices.push_back(hart(i));
	devices.push_back(interrupt_controller());
	devices.push_back(console());
	devices.push_back(power_button());
	devices.push_back(events());
	devices.push_back(operating_system_capabilities());
	devices.push_back(pci_bridge(s.l));
	if (s.l.n_bridges)
		devices.push_back(cxl_root());
	for (unsigned i = 0; i < s.l.n_bridges; i++)
		devices.push_back(cxl_bridge(i, s.l.bridges[i]));
	t.append(scope("\\_SB", devices));
	return finish_table(t);
}

} // namespace vcxl
