// SPDX-License-Identifier: Apache-2.0
//
// The ACPI tables read back byte by byte. Offsets and values are typed from ACPI 6.6 and CXL r3.1,
// and from the command lines of QEMU's CXL documentation.
#include "acpi_view.h"

#include <cstring>
#include <map>

using namespace acpi_test;

namespace
{

std::vector<unsigned> first(unsigned n)
{
	std::vector<unsigned> list;

	for (unsigned i = 0; i < n; i++)
		list.push_back(i);
	return list;
}

std::vector<size_t> cedt(const view &t, unsigned type)
{
	return t.subtables(36, type, 1, 2, 2);
}

std::vector<size_t> srat(const view &t, unsigned type)
{
	return t.subtables(48, type, 1, 1, 1);
}

// A command line of QEMU's CXL documentation, 1 to 5.
words documented(unsigned number)
{
	return args_file("doc" + std::to_string(number) + ".args");
}

} // namespace

TEST(acpi, each_table_says_its_length_and_adds_up_to_zero)
{
	std::vector<words> machines{ { "-M", "virt" } };

	for (unsigned i = 1; i <= 5; i++)
		machines.push_back(documented(i));
	machines.push_back(bridges(16) + words{ "-smp", "8" });
	for (const words &args : machines) {
		const host h(args);

		for (const vcxl::acpi_table &t : h.blob().tables) {
			const view v(t.bytes);

			EXPECT_EQ(v.sum(v.size()), 0u) << t.name;
			if (t.name == "RSDP")
				continue;
			EXPECT_EQ(v.text(0, 4), t.name);
			EXPECT_EQ(v.u32(4), v.size()) << t.name;
		}
	}
}

TEST(acpi, the_root_pointer_leads_to_every_table_at_a_multiple_of_64)
{
	const host h(documented(4));
	const vcxl::acpi_blob blob = h.blob();
	const view all(blob.bytes);
	std::map<std::string, uint64_t> at; // signature -> address

	ASSERT_EQ(blob.rsdp % 64, 0u);
	const size_t rsdp = blob.rsdp - base;
	EXPECT_EQ(all.text(rsdp, 8), "RSD PTR ");
	EXPECT_EQ(all.u8(rsdp + 15), 2u); // revision
	EXPECT_EQ(all.u32(rsdp + 20), 36u);
	EXPECT_EQ(view({ blob.bytes.begin() + static_cast<long>(rsdp), blob.bytes.end() }).sum(20),
		  0u);
	const size_t xsdt = all.u64(rsdp + 24) - base;
	ASSERT_EQ(all.text(xsdt, 4), "XSDT");
	for (size_t i = xsdt + 36; i < xsdt + all.u32(xsdt + 4); i += 8) {
		const uint64_t address = all.u64(i);

		EXPECT_EQ(address % 64, 0u);
		at[all.text(address - base, 4)] = address;
	}
	at["DSDT"] = all.u64(at.at("FACP") - base + 140);
	for (const std::string name :
	     { "FACP", "DSDT", "APIC", "RHCT", "PPTT", "MCFG", "SPCR", "CEDT", "SRAT", "HMAT" }) {
		const view t = h.table(name);

		ASSERT_TRUE(at.count(name)) << name;
		EXPECT_EQ(all.text(at[name] - base, t.size()), t.text(0, t.size())) << name;
	}
	EXPECT_EQ(at.size(), 10u);
}

TEST(acpi, a_base_that_is_not_aligned_is_rounded_up)
{
	const host h({ "-M", "virt" });

	for (uint64_t odd : { base + 1, base + 63, base + 64 }) {
		const vcxl::acpi_blob blob = vcxl::build_acpi(h.m, h.l, { isa }, odd);
		const view all(blob.bytes);

		EXPECT_EQ(all.text(blob.rsdp - (base + 64), 8), "RSD PTR ") << odd;
	}
}

TEST(acpi, without_bridges_there_is_no_cedt_and_no_generic_port)
{
	const host h({ "-M", "virt" });

	EXPECT_THROW(h.table("CEDT"), std::runtime_error);
	EXPECT_TRUE(srat(h.table("SRAT"), 6).empty());
	EXPECT_FALSE(h.table("DSDT").holds({ 'A', 'C', 'P', 'I', '0', '0', '1', '7' }));
	// WordBusNumber 0-255
	EXPECT_TRUE(h.table("DSDT").holds(
		{ 0x88, 0x0d, 0, 2, 0x0c, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 1 }));
}

TEST(acpi, the_fadt_is_6_6_hardware_reduced_without_registers)
{
	const view t = host(documented(1)).table("FACP");

	EXPECT_EQ(t.size(), 276u);
	EXPECT_EQ(t.u8(8), 6u);
	EXPECT_EQ(t.u8(131), 6u);
	EXPECT_EQ(t.u32(112), 0x00100000u);
	EXPECT_EQ(t.u64(140), base); // DSDT
}

TEST(acpi, the_madt_has_a_hart_with_its_imsic_page_each)
{
	const view t = host(documented(1)).table("APIC"); // -smp 4

	EXPECT_EQ(t.u8(8), 7u);
	ASSERT_EQ(t.size(), 44u + 4 * 36 + 16 + 36);
	for (unsigned i = 0; i < 4; i++) {
		const size_t at = 44 + 36 * i;

		EXPECT_EQ(t.u16(at), 0x2418u); // type 0x18, length 36
		EXPECT_EQ(t.u8(at + 2), 1u);
		EXPECT_EQ(t.u32(at + 4), 1u); // enabled
		EXPECT_EQ(t.u64(at + 8), i);  // hart
		EXPECT_EQ(t.u32(at + 16), i); // _UID
		EXPECT_EQ(t.u64(at + 24), 0x28000000u + 0x1000 * i);
		EXPECT_EQ(t.u32(at + 32), 0x1000u);
	}
	EXPECT_EQ(t.u16(188), 0x1019u); // IMSIC, 16 bytes
	EXPECT_EQ(t.u16(188 + 8), 255u);
	EXPECT_EQ(t.u8(188 + 13), 2u); // bits of the hart index
	EXPECT_EQ(t.u8(188 + 15), 24u);
	EXPECT_EQ(t.u16(204), 0x241au); // APLIC, 36 bytes
	EXPECT_EQ(t.u16(204 + 18), 96u);
	EXPECT_EQ(t.u32(204 + 20), 0u); // first GSI
	EXPECT_EQ(t.u64(204 + 24), 0x0d000000u);
	EXPECT_EQ(t.u32(204 + 32), 0x8000u);
}

TEST(acpi, the_hart_index_has_as_many_bits_as_the_harts_need)
{
	const std::pair<unsigned, unsigned> cases[] = {
		{ 1, 0 }, { 2, 1 }, { 3, 2 }, { 5, 3 }, { 8, 3 }
	};

	for (const auto &[harts, bits] : cases) {
		const view t = host({ "-M", "virt", "-smp", std::to_string(harts) }).table("APIC");

		EXPECT_EQ(t.u8(44 + 36 * harts + 13), bits) << harts;
	}
}

TEST(acpi, the_rhct_spells_the_isa_out_and_links_it_to_each_hart)
{
	const view t = host({ "-M", "virt", "-smp", "2" }).table("RHCT");

	EXPECT_EQ(t.u64(40), 10000000u);
	EXPECT_EQ(t.u32(48), 5u); // nodes
	EXPECT_EQ(t.u32(52), 56u);
	EXPECT_EQ(t.u16(56), 0u); // ISA string: 24 characters and the end
	EXPECT_EQ(t.u16(58), 34u);
	EXPECT_EQ(t.u16(62), 25u);
	EXPECT_EQ(t.text(64, 25), std::string("rv64imafdc_zicbom_zicntr") + '\0');
	EXPECT_EQ(t.u16(90), 1u); // cache blocks of 64 bytes
	EXPECT_EQ(t.u32(96), 0x06060600u);
	EXPECT_EQ(t.u16(100), 2u); // Sv48
	EXPECT_EQ(t.u8(107), 1u);
	for (unsigned hart = 0; hart < 2; hart++) {
		const size_t at = 108 + 24 * hart;

		EXPECT_EQ(t.u16(at), 0xffffu);
		EXPECT_EQ(t.u16(at + 2), 24u);
		EXPECT_EQ(t.u16(at + 6), 3u);
		EXPECT_EQ(t.u32(at + 8), hart);
		EXPECT_EQ(t.u32(at + 12), 56u);
		EXPECT_EQ(t.u32(at + 16), 90u);
		EXPECT_EQ(t.u32(at + 20), 100u);
	}
	EXPECT_EQ(t.size(), 156u);
}

TEST(acpi, an_isa_with_g_is_refused)
{
	const host h({ "-M", "virt" });

	for (const char *text : { "rv64gc_zicntr", "imafdc", "" })
		EXPECT_THROW(vcxl::build_acpi(h.m, h.l, { text }, base), std::runtime_error)
			<< text;
	EXPECT_NO_THROW(vcxl::build_acpi(h.m, h.l, { "rv64imafdc_zihintpause_svgrowth" }, base));
}

TEST(acpi, mcfg_covers_256_buses_and_spcr_names_the_16550)
{
	const host h(documented(1));
	const view mcfg = h.table("MCFG"), spcr = h.table("SPCR");

	EXPECT_EQ(mcfg.size(), 60u);
	EXPECT_EQ(mcfg.u64(44), 0x30000000u);
	EXPECT_EQ(mcfg.u32(52), 0xff000000u); // segment 0, buses 0 to 255
	EXPECT_EQ(spcr.u8(36), 0x12u);
	EXPECT_EQ(spcr.u32(40), 0x01000800u);
	EXPECT_EQ(spcr.u64(44), 0x10000000u);
	EXPECT_EQ(spcr.u8(52), 0x10u);
	EXPECT_EQ(spcr.u32(54), 10u);
	EXPECT_EQ(spcr.u8(58), 7u); // 115200
	EXPECT_EQ(spcr.u16(86), 88u);
	EXPECT_EQ(spcr.text(88, spcr.u16(84)), std::string("\\_SB.COM0") + '\0');
}

TEST(acpi, documented_bridges_have_64_kib_of_component_registers_each)
{
	const view t = host(documented(4)).table("CEDT");
	const std::vector<size_t> chbs = cedt(t, 0);

	ASSERT_EQ(chbs.size(), 2u);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_EQ(t.u16(chbs[i] + 2), 32u);
		EXPECT_EQ(t.u32(chbs[i] + 4), i ? 222u : 12u);
		EXPECT_EQ(t.u32(chbs[i] + 8), 1u);
		EXPECT_EQ(t.u64(chbs[i] + 16), 0x6000000u + 0x10000 * i);
		EXPECT_EQ(t.u64(chbs[i] + 24), 0x10000u);
	}
}

TEST(acpi, documented_windows_are_fixed_memory_windows)
{
	struct {
		unsigned machine, ways, granularity;
	} const cases[] = { { 1, 0, 0 }, { 4, 1, 5 } };

	for (const auto &c : cases) {
		const view t = host(documented(c.machine)).table("CEDT");
		const std::vector<size_t> windows = cedt(t, 1);

		ASSERT_EQ(windows.size(), 1u);
		const size_t at = windows[0];
		EXPECT_EQ(t.u16(at + 2), 36 + 4 * (c.ways + 1));
		EXPECT_EQ(t.u64(at + 8), 0x1000000000u);
		EXPECT_EQ(t.u64(at + 16), 0x100000000u);
		EXPECT_EQ(t.u8(at + 24), c.ways);
		EXPECT_EQ(t.u8(at + 25), 0u); // modulo
		EXPECT_EQ(t.u32(at + 28), c.granularity);
		EXPECT_EQ(t.u16(at + 32), 0x0eu); // type 3, volatile, persistent
		EXPECT_EQ(t.u16(at + 34), 0u);
		EXPECT_EQ(t.u32(at + 36), 12u);
		if (c.ways) {
			EXPECT_EQ(t.u32(at + 40), 222u);
		}
	}
}

TEST(acpi, targets_stand_in_interleave_order)
{
	const view t = host(bridges(4) + window(0, { 2, 0, 3, 1 }, "size=4G")).table("CEDT");
	const size_t at = cedt(t, 1).at(0);

	EXPECT_EQ(t.u32(at + 36), 24u);
	EXPECT_EQ(t.u32(at + 40), 8u);
	EXPECT_EQ(t.u32(at + 44), 32u);
	EXPECT_EQ(t.u32(at + 48), 16u);
}

TEST(acpi, ways_and_granularity_are_encoded)
{
	const std::pair<unsigned, unsigned> ways[] = { { 1, 0 },  { 2, 1 }, { 4, 2 }, { 8, 3 },
						       { 16, 4 }, { 3, 8 }, { 6, 9 }, { 12, 10 } };
	const std::pair<unsigned, unsigned> granularities[] = {
		{ 256, 0 }, { 512, 1 }, { 1024, 2 }, { 4096, 4 }, { 16384, 6 }
	};

	for (const auto &[n, encoded] : ways) {
		const view t = host(bridges(16) + window(0, first(n), "size=12G")).table("CEDT");

		EXPECT_EQ(t.u8(cedt(t, 1).at(0) + 24), encoded) << n;
	}
	for (const auto &[bytes, encoded] : granularities) {
		const view t =
			host(bridges(2) + window(0, { 0, 1 },
						 "size=4G,cxl-fmw.0.interleave-granularity=" +
							 std::to_string(bytes)))
				.table("CEDT");

		EXPECT_EQ(t.u32(cedt(t, 1).at(0) + 28), encoded) << bytes;
	}
}

// CXL r3.1 9.18.1.4: one CXIMS for each granularity of windows with XOR arithmetic, with all maps
// that any of them needs.
TEST(acpi, xor_arithmetic_has_its_maps_beside_the_windows)
{
	const std::string xor_512 = ",cxl-fmw.1.interleave-arithmetic=xor"
				    ",cxl-fmw.1.interleave-granularity=512",
			  xor_256 = ",cxl-fmw.2.interleave-arithmetic=xor"
				    ",cxl-fmw.2.xor-maps.0=0x10100";
	const view t = host(bridges(12) + window(0, { 0, 1 }, "size=4G") +
			    window(1, first(12), "size=12G" + xor_512) +
			    window(2, { 1, 0 }, "size=4G" + xor_256) +
			    window(3, first(3), "size=3G,cxl-fmw.3.interleave-arithmetic=xor"))
			       .table("CEDT");
	const std::vector<size_t> windows = cedt(t, 1), maps = cedt(t, 2);
	const unsigned arithmetic[] = { 0, 1, 1, 1 };

	ASSERT_EQ(windows.size(), 4u);
	for (unsigned i = 0; i < 4; i++)
		EXPECT_EQ(t.u8(windows[i] + 25), arithmetic[i]) << i;
	ASSERT_EQ(maps.size(), 2u);
	EXPECT_EQ(t.u16(maps[0] + 2), 16u);
	EXPECT_EQ(t.u8(maps[0] + 6), 0u) << "256 bytes";
	EXPECT_EQ(t.u8(maps[0] + 7), 1u);
	EXPECT_EQ(t.u64(maps[0] + 8), 0x10100u);
	EXPECT_EQ(t.u16(maps[1] + 2), 24u);
	EXPECT_EQ(t.u8(maps[1] + 6), 1u) << "512 bytes";
	EXPECT_EQ(t.u8(maps[1] + 7), 2u);
	EXPECT_EQ(t.u64(maps[1] + 8), 2 * 0x2020900u);
	EXPECT_EQ(t.u64(maps[1] + 16), 2 * 0x4041200u);
}

TEST(acpi, what_cannot_be_encoded_is_refused)
{
	host five(bridges(5) + window(0, { 0 }, "size=4G"));

	five.m.windows[0].targets = { 0, 1, 2, 3, 4 };
	EXPECT_THROW(five.blob(), std::runtime_error);
	for (unsigned granularity : { 128u, 384u, 32768u }) {
		host odd(bridges(1) + window(0, { 0 }, "size=4G"));

		odd.m.windows[0].granularity = granularity;
		EXPECT_THROW(odd.blob(), std::runtime_error) << granularity;
	}
}

TEST(acpi, harts_and_ram_are_domain_0)
{
	const view t = host(documented(4)).table("SRAT"); // -smp 4, -m 4G
	const std::vector<size_t> harts = srat(t, 7), memory = srat(t, 1);

	EXPECT_EQ(t.u8(8), 3u);
	ASSERT_EQ(harts.size(), 4u);
	for (unsigned i = 0; i < 4; i++) {
		EXPECT_EQ(t.u8(harts[i] + 1), 20u);
		EXPECT_EQ(t.u32(harts[i] + 4), 0u);
		EXPECT_EQ(t.u32(harts[i] + 8), i);
		EXPECT_EQ(t.u32(harts[i] + 12), 1u);
	}
	ASSERT_EQ(memory.size(), 2u);
	EXPECT_EQ(t.u8(memory[0] + 1), 40u);
	EXPECT_EQ(t.u32(memory[0] + 2), 0u);
	EXPECT_EQ(t.u64(memory[0] + 8), 0x80000000u);
	EXPECT_EQ(t.u64(memory[0] + 16), 0x100000000u);
	EXPECT_EQ(t.u32(memory[0] + 28), 1u);
}

TEST(acpi, each_window_is_a_domain_of_memory_that_comes_later)
{
	const view t = host(bridges(2) + window(0, { 0 }, "size=4G") + window(1, { 1 }, "size=8G"))
			       .table("SRAT");
	const std::vector<size_t> memory = srat(t, 1);
	const uint64_t expected[][2] = { { 0x1000000000, 0x100000000 },
					 { 0x1100000000, 0x200000000 } };

	ASSERT_EQ(memory.size(), 3u);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_EQ(t.u32(memory[1 + i] + 2), 1 + i);
		EXPECT_EQ(t.u64(memory[1 + i] + 8), expected[i][0]);
		EXPECT_EQ(t.u64(memory[1 + i] + 16), expected[i][1]);
		EXPECT_EQ(t.u32(memory[1 + i] + 28), 3u); // enabled, hot-pluggable
	}
}

TEST(acpi, the_pptt_has_a_package_of_cores)
{
	const view t = host({ "-M", "virt", "-smp", "3" }).table("PPTT");

	EXPECT_EQ(t.u8(8), 3u);
	ASSERT_EQ(t.size(), 36u + 4 * 20);
	EXPECT_EQ(t.u32(36 + 4), 0x11u); // a physical package of identical cores
	EXPECT_EQ(t.u32(36 + 8), 0u);
	for (unsigned hart = 0; hart < 3; hart++) {
		const size_t at = 56 + 20 * hart;

		EXPECT_EQ(t.u8(at), 0u);
		EXPECT_EQ(t.u8(at + 1), 20u);
		EXPECT_EQ(t.u32(at + 4), 0xau); // a leaf with a valid ACPI id
		EXPECT_EQ(t.u32(at + 8), 36u);
		EXPECT_EQ(t.u32(at + 12), hart);
		EXPECT_EQ(t.u32(at + 16), 0u);
	}
}

TEST(acpi, a_generic_port_is_named_by_its_bridge_and_shares_no_domain_with_a_window)
{
	const view t = host(bridges(3) + window(0, { 0 }, "size=4G") + window(1, { 1 }, "size=4G"))
			       .table("SRAT");
	const std::vector<size_t> ports = srat(t, 6);

	ASSERT_EQ(ports.size(), 3u);
	for (unsigned i = 0; i < 3; i++) {
		EXPECT_EQ(t.u8(ports[i] + 1), 32u);
		EXPECT_EQ(t.u8(ports[i] + 3), 0u); // an ACPI handle
		EXPECT_EQ(t.u32(ports[i] + 4), 3 + i);
		EXPECT_EQ(t.text(ports[i] + 8, 8), "ACPI0016");
		EXPECT_EQ(t.u32(ports[i] + 16), 8 * (i + 1));
		EXPECT_EQ(t.u32(ports[i] + 24), 1u);
	}
}

TEST(acpi, buses_and_windows_of_the_bridges_do_not_overlap)
{
	const view t = host(documented(4)).table("DSDT");

	// WordBusNumber 0-11, 12-221, 222-255
	EXPECT_TRUE(t.holds({ 0x88, 0x0d, 0, 2, 0x0c, 0, 0, 0, 0, 0, 11, 0, 0, 0, 12, 0 }));
	EXPECT_TRUE(t.holds({ 0x88, 0x0d, 0, 2, 0x0c, 0, 0, 0, 12, 0, 221, 0, 0, 0, 210, 0 }));
	EXPECT_TRUE(t.holds({ 0x88, 0x0d, 0, 2, 0x0c, 0, 0, 0, 222, 0, 255, 0, 0, 0, 34, 0 }));
	// DWordMemory of PCI0 and of both CXL bridges
	for (const auto &[first_byte, last_byte] :
	     { std::pair<uint8_t, uint8_t>{ 0x40, 0x5f }, { 0x60, 0x6f }, { 0x70, 0x7f } })
		EXPECT_TRUE(t.holds({ 0x87, 0x17, 0, 0, 0x0c, 1, 0, 0, 0, 0, 0, 0, 0, first_byte,
				      0xff, 0xff, 0xff, last_byte }))
			<< +first_byte;
}
