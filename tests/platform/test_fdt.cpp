// SPDX-License-Identifier: Apache-2.0
//
// The device tree read back with libfdt: what OpenSBI, Linux and the firmware look for, typed as
// literals. The complete tree also passes dtc's checks.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <libfdt.h>

#include "device_tree.h"

namespace
{

using words = std::vector<uint32_t>;

// Two host bridges, and one window interleaved over both, the second first.
struct example {
	vcxl::machine m;
	vcxl::layout l{};
	vcxl::fdt_inputs in;

	example()
	{
		m.ram_size = 0x40000000;
		m.harts = 2;
		for (unsigned bus : { 12u, 222u }) {
			vcxl::node n;

			n.kind = vcxl::node_kind::host_bridge;
			n.bus_nr = bus;
			m.nodes.push_back(n);
		}
		vcxl::window w;

		w.base = 0x1000000000;
		w.size = 0x100000000;
		w.granularity = 8192;
		w.targets = { 1, 0 };
		w.xor_maps = { 0x100002000 };
		m.windows.push_back(w);
		l.mem64_cxl = { 0x600000000, 0x200000000 };
		l.n_bridges = 2;
		l.bridges[0] = { 0,
				 12,
				 221,
				 { 0x6000000, 0x10000 },
				 { 0x60000000, 0x10000000 },
				 { 0x600000000, 0x100000000 } };
		l.bridges[1] = { 1,
				 222,
				 255,
				 { 0x6010000, 0x10000 },
				 { 0x70000000, 0x10000000 },
				 { 0x700000000, 0x100000000 } };
		in.isa = "rv64imafdc_zicntr_zicsr_sstc";
	}
};

class tree
{
public:
	explicit tree(const example &e) : blob_(vcxl::build_fdt(e.m, e.l, e.in))
	{
		EXPECT_EQ(fdt_check_full(blob_.data(), blob_.size()), 0);
	}
	const std::vector<uint8_t> &blob() const { return blob_; }
	bool has(const std::string &path, const char *name = nullptr) const
	{
		const int node = fdt_path_offset(blob_.data(), path.c_str());

		return node >= 0 &&
		       (!name || fdt_getprop(blob_.data(), node, name, nullptr) != nullptr);
	}
	std::string bytes(const std::string &path, const char *name) const
	{
		const int node = fdt_path_offset(blob_.data(), path.c_str());
		int len = 0;
		const void *value =
			node < 0 ? nullptr : fdt_getprop(blob_.data(), node, name, &len);

		EXPECT_NE(value, nullptr) << path << " " << name;
		return value ? std::string(static_cast<const char *>(value),
					   static_cast<size_t>(len))
			     : "";
	}
	// without the terminating NUL
	std::string text(const std::string &path, const char *name) const
	{
		std::string value = bytes(path, name);

		EXPECT_EQ(value.back(), '\0');
		value.pop_back();
		return value;
	}
	words cells(const std::string &path, const char *name) const
	{
		const std::string value = bytes(path, name);
		words list;

		for (size_t i = 0; i + 4 <= value.size(); i += 4)
			list.push_back(
				fdt32_ld(reinterpret_cast<const fdt32_t *>(value.data() + i)));
		return list;
	}

private:
	std::vector<uint8_t> blob_;
};

TEST(fdt, root_identifies_the_machine)
{
	const tree t{ example() };

	EXPECT_EQ(t.cells("/", "#address-cells"), words{ 2 });
	EXPECT_EQ(t.cells("/", "#size-cells"), words{ 2 });
	EXPECT_EQ(t.text("/", "compatible"), std::string("vcxl,virt\0riscv-virtio", 22));
	EXPECT_EQ(t.text("/", "model"), "vcxl,virt");
	EXPECT_EQ(t.cells("/memory@80000000", "reg"), (words{ 0, 0x80000000, 0, 0x40000000 }));
	EXPECT_EQ(t.text("/memory@80000000", "device_type"), "memory");
}

TEST(fdt, chosen_holds_what_was_given)
{
	example e;

	{
		const tree t{ e };

		EXPECT_EQ(t.text("/chosen", "stdout-path"), "/soc/serial@10000000");
		for (const char *absent :
		     { "bootargs", "linux,initrd-start", "linux,initrd-end", "vcxl,boot-config",
		       "vcxl,next-stage", "rng-seed", "linux,uefi-system-table" })
			EXPECT_FALSE(t.has("/chosen", absent)) << absent;
	}
	e.m.append = "console=ttyS0 quiet";
	e.m.boot_config = "action write\nregion window=0 size=1G targets=12/0\n";
	e.in.initrd = { 0x1a0200000, 0x123456 };
	const tree t{ e };

	EXPECT_EQ(t.text("/chosen", "bootargs"), "console=ttyS0 quiet");
	EXPECT_EQ(t.text("/chosen", "vcxl,boot-config"),
		  "action write\nregion window=0 size=1G targets=12/0\n");
	EXPECT_EQ(t.cells("/chosen", "linux,initrd-start"), (words{ 1, 0xa0200000 }));
	EXPECT_EQ(t.cells("/chosen", "linux,initrd-end"), (words{ 1, 0xa0323456 }));
}

TEST(fdt, chosen_hands_over_to_linux)
{
	example e;

	e.in.next_stage = 0x84000000;
	e.in.rng_seed = { 1, 2, 3, 4, 5, 6, 7, 8 };
	e.in.efi.bytes = { 0 };
	e.in.efi.system_table = 0xbfa00000;
	e.in.efi.map = 0xbfa01000;
	e.in.efi.map_size = 192;
	e.in.efi.descriptor_size = 48;
	e.in.efi.descriptor_version = 1;
	const tree t{ e };

	EXPECT_EQ(t.cells("/chosen", "vcxl,next-stage"), (words{ 0, 0x84000000 }));
	EXPECT_EQ(t.cells("/chosen", "rng-seed"), (words{ 0x01020304, 0x05060708 }));
	// all six, or Linux ignores them
	EXPECT_EQ(t.cells("/chosen", "linux,uefi-system-table"), (words{ 0, 0xbfa00000 }));
	EXPECT_EQ(t.cells("/chosen", "linux,uefi-mmap-start"), (words{ 0, 0xbfa01000 }));
	EXPECT_EQ(t.cells("/chosen", "linux,uefi-mmap-size"), words{ 192 });
	EXPECT_EQ(t.cells("/chosen", "linux,uefi-mmap-desc-size"), words{ 48 });
	EXPECT_EQ(t.cells("/chosen", "linux,uefi-mmap-desc-ver"), words{ 1 });
	EXPECT_EQ(t.cells("/chosen", "linux,uefi-secure-boot"), words{ 2 });
}

TEST(fdt, a_node_per_hart)
{
	const tree t{ example() };

	EXPECT_EQ(t.cells("/cpus", "timebase-frequency"), words{ 10000000 });
	EXPECT_FALSE(t.has("/cpus/cpu@2"));
	EXPECT_EQ(t.cells("/cpus/cpu@1", "reg"), words{ 1 });
	EXPECT_EQ(t.text("/cpus/cpu@1", "compatible"), "riscv");
	EXPECT_EQ(t.text("/cpus/cpu@1", "riscv,isa"), "rv64imafdc_zicntr_zicsr_sstc");
	EXPECT_EQ(t.text("/cpus/cpu@1", "riscv,isa-base"), "rv64i");
	EXPECT_EQ(t.text("/cpus/cpu@1", "riscv,isa-extensions"),
		  std::string("i\0m\0a\0f\0d\0c\0zicntr\0zicsr\0sstc", 29));
	EXPECT_EQ(t.text("/cpus/cpu@1", "mmu-type"), "riscv,sv48");
	EXPECT_EQ(t.cells("/cpus/cpu@1", "riscv,cbom-block-size"), words{ 64 });
	EXPECT_EQ(t.cells("/cpus/cpu@1", "riscv,cboz-block-size"), words{ 64 });
	EXPECT_EQ(t.text("/cpus/cpu@1/interrupt-controller", "compatible"), "riscv,cpu-intc");
	EXPECT_EQ(t.cells("/cpus/cpu-map/cluster0/core1", "cpu"),
		  t.cells("/cpus/cpu@1", "phandle"));
}

TEST(fdt, interrupt_controllers_as_on_virt_with_aplic_imsic)
{
	const tree t{ example() };
	const uint32_t intc0 = t.cells("/cpus/cpu@0/interrupt-controller", "phandle")[0];
	const uint32_t intc1 = t.cells("/cpus/cpu@1/interrupt-controller", "phandle")[0];
	const uint32_t aplic_s = t.cells("/soc/aplic@d000000", "phandle")[0];
	const std::string m = "/soc/imsics@24000000", s = "/soc/imsics@28000000";

	EXPECT_EQ(t.text(m, "compatible"), "riscv,imsics");
	EXPECT_EQ(t.cells(m, "reg"), (words{ 0, 0x24000000, 0, 0x2000 }));
	EXPECT_EQ(t.cells(s, "reg"), (words{ 0, 0x28000000, 0, 0x2000 }));
	EXPECT_EQ(t.cells(m, "interrupts-extended"), (words{ intc0, 11, intc1, 11 }));
	EXPECT_EQ(t.cells(s, "interrupts-extended"), (words{ intc0, 9, intc1, 9 }));
	EXPECT_EQ(t.cells(s, "riscv,num-ids"), words{ 255 });
	EXPECT_TRUE(t.has(s, "msi-controller"));
	EXPECT_EQ(t.text("/soc/aplic@c000000", "compatible"), "riscv,aplic");
	EXPECT_EQ(t.cells("/soc/aplic@c000000", "reg"), (words{ 0, 0xc000000, 0, 0x8000 }));
	EXPECT_EQ(t.cells("/soc/aplic@c000000", "msi-parent"), t.cells(m, "phandle"));
	EXPECT_EQ(t.cells("/soc/aplic@d000000", "msi-parent"), t.cells(s, "phandle"));
	EXPECT_EQ(t.cells("/soc/aplic@d000000", "riscv,num-sources"), words{ 96 });
	EXPECT_EQ(t.cells("/soc/aplic@c000000", "riscv,children"), words{ aplic_s });
	EXPECT_EQ(t.cells("/soc/aplic@c000000", "riscv,delegation"), (words{ aplic_s, 1, 96 }));
	EXPECT_FALSE(t.has("/soc/aplic@d000000", "riscv,children"));
}

TEST(fdt, devices_of_virt)
{
	const tree t{ example() };
	const uint32_t intc0 = t.cells("/cpus/cpu@0/interrupt-controller", "phandle")[0];
	const uint32_t intc1 = t.cells("/cpus/cpu@1/interrupt-controller", "phandle")[0];
	const std::string mtimer = "/soc/mtimer@200bff8", test = "/soc/test@100000";

	EXPECT_EQ(t.text("/soc/serial@10000000", "compatible"), "ns16550a");
	EXPECT_EQ(t.cells("/soc/serial@10000000", "reg"), (words{ 0, 0x10000000, 0, 0x100 }));
	EXPECT_EQ(t.cells("/soc/serial@10000000", "interrupts"), (words{ 10, 4 }));
	EXPECT_EQ(t.cells("/soc/serial@10000000", "interrupt-parent"),
		  t.cells("/soc/aplic@d000000", "phandle"));
	EXPECT_EQ(t.cells("/soc/serial@10000000", "clock-frequency"), words{ 3686400 });
	EXPECT_EQ(t.text(mtimer, "compatible"), "riscv,aclint-mtimer");
	EXPECT_EQ(t.cells(mtimer, "reg"),
		  (words{ 0, 0x200bff8, 0, 0x4008, 0, 0x2004000, 0, 0x7ff8 }));
	EXPECT_EQ(t.cells(mtimer, "interrupts-extended"), (words{ intc0, 7, intc1, 7 }));
	EXPECT_EQ(t.text(test, "compatible"),
		  std::string("sifive,test1\0sifive,test0\0syscon", 32));
	EXPECT_EQ(t.cells("/poweroff", "regmap"), t.cells(test, "phandle"));
	EXPECT_EQ(t.text("/poweroff", "compatible"), "syscon-poweroff");
	EXPECT_EQ(t.cells("/poweroff", "value"), words{ 0x5555 });
	EXPECT_EQ(t.text("/reboot", "compatible"), "syscon-reboot");
	EXPECT_EQ(t.cells("/reboot", "value"), words{ 0x7777 });
}

TEST(fdt, a_node_per_host_bridge_named_by_its_ecam_slice)
{
	const tree t{ example() };
	const std::string a = "/soc/pci@30c00000", b = "/soc/pci@3de00000";

	EXPECT_EQ(t.text(a, "device_type"), "pci");
	EXPECT_EQ(t.text(a, "compatible"),
		  std::string("vcxl,cxl-host-bridge\0pci-host-ecam-generic", 42));
	EXPECT_EQ(t.cells(a, "#address-cells"), words{ 3 });
	EXPECT_EQ(t.cells(a, "#size-cells"), words{ 2 });
	EXPECT_EQ(t.cells(a, "reg"),
		  (words{ 0, 0x30c00000, 0, 0x0d200000, 0, 0x6000000, 0, 0x10000 }));
	EXPECT_EQ(t.text(a, "reg-names"), std::string("ecam\0chbcr", 10));
	EXPECT_EQ(t.cells(a, "bus-range"), (words{ 12, 221 }));
	EXPECT_EQ(t.cells(a, "vcxl,uid"), words{ 12 });
	EXPECT_EQ(t.cells(a, "msi-parent"), t.cells("/soc/imsics@28000000", "phandle"));
	EXPECT_EQ(t.cells(a, "ranges"),
		  (words{ 0x02000000, 0, 0x60000000, 0, 0x60000000, 0, 0x10000000, //
			  0x43000000, 6, 0, 6, 0, 1, 0 }));
	EXPECT_EQ(t.cells(b, "reg"),
		  (words{ 0, 0x3de00000, 0, 0x2200000, 0, 0x6010000, 0, 0x10000 }));
	EXPECT_EQ(t.cells(b, "bus-range"), (words{ 222, 255 }));
	EXPECT_EQ(t.cells(b, "vcxl,uid"), words{ 222 });
}

TEST(fdt, a_node_per_fixed_memory_window)
{
	const tree t{ example() };
	const std::string w = "/cxl-window@1000000000";

	EXPECT_EQ(t.text(w, "compatible"), "vcxl,cxl-fixed-memory-window");
	EXPECT_EQ(t.cells(w, "reg"), (words{ 0x10, 0, 1, 0 }));
	EXPECT_EQ(t.cells(w, "vcxl,granularity"), words{ 8192 });
	EXPECT_EQ(t.cells(w, "vcxl,targets"), (words{ 222, 12 })) << "interleave order";
	EXPECT_EQ(t.cells(w, "vcxl,xor-maps"), (words{ 1, 0x2000 }));
}

TEST(fdt, without_cxl_there_are_no_such_nodes)
{
	example e;

	e.m.nodes.clear();
	e.m.windows.clear();
	e.l.n_bridges = 0;
	const tree t{ e };

	EXPECT_LT(fdt_node_offset_by_compatible(t.blob().data(), -1, "vcxl,cxl-host-bridge"), 0);
	EXPECT_LT(
		fdt_node_offset_by_compatible(t.blob().data(), -1, "vcxl,cxl-fixed-memory-window"),
		0);
}

TEST(fdt, a_long_boot_configuration_fits)
{
	example e;

	e.m.boot_config = std::string(200000, '#');
	const tree t{ e };

	EXPECT_EQ(t.text("/chosen", "vcxl,boot-config").size(), 200000u);
}

TEST(fdt, same_machine_same_bytes)
{
	EXPECT_EQ(tree{ example() }.blob(), tree{ example() }.blob());
}

TEST(fdt, dtc_has_nothing_to_warn_of)
{
#ifdef DTC
	const std::string base = testing::TempDir() + "vcxl_fdt_test_dtc";
	const std::vector<uint8_t> blob = tree{ example() }.blob();
	std::stringstream errors;

	std::ofstream(base + ".dtb", std::ios::binary)
		.write(reinterpret_cast<const char *>(blob.data()),
		       static_cast<std::streamsize>(blob.size()));
	const std::string command = std::string(DTC) + " -I dtb -O dts -o " + base + ".dts " +
				    base + ".dtb 2> " + base + ".err";

	EXPECT_EQ(std::system(command.c_str()), 0);
	errors << std::ifstream(base + ".err").rdbuf();
	EXPECT_EQ(errors.str(), "");
	for (const char *suffix : { ".dtb", ".dts", ".err" })
		std::remove((base + suffix).c_str());
#else
	GTEST_SKIP() << "no dtc on this machine";
#endif
}

} // namespace
