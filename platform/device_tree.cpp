// SPDX-License-Identifier: Apache-2.0
//
// Device tree of the virtual host; see device_tree.h. Bindings: Devicetree Specification 0.4, the
// RISC-V AIA and ACLINT bindings of Linux, PCI Bus Binding to IEEE 1275. Left out: what an
// operating system takes from ACPI alone (NUMA, CEDT).
#include "device_tree.h"

#include <cinttypes>
#include <cstdio>
#include <stdexcept>

extern "C" {
#include <libfdt.h>
}

namespace vcxl
{

namespace
{

enum phandle : uint32_t {
	ph_finisher = 1,
	ph_aplic_m,
	ph_aplic_s,
	ph_imsic_m,
	ph_imsic_s,
	ph_hart = 0x10 // and one for the interrupt controller of each
};

constexpr uint32_t ph_cpu(unsigned hart)
{
	return ph_hart + 2 * hart;
}

constexpr uint32_t ph_intc(unsigned hart)
{
	return ph_hart + 2 * hart + 1;
}

constexpr uint32_t irq_level_high = 4;
constexpr uint32_t irq_mtip = 7, irq_seip = 9, irq_meip = 11;
// PCI Bus Binding, phys.hi: space code, prefetchable
constexpr uint32_t pci_mem32 = 0x02000000, pci_mem64_prefetchable = 0x43000000;
constexpr unsigned ecam_bus_shift = 20;

// Cells of a property: 32-bit numbers, and 64-bit ones as two.
class cells
{
public:
	cells &add(uint32_t value)
	{
		values_.push_back(cpu_to_fdt32(value));
		return *this;
	}
	cells &add64(uint64_t value)
	{
		return add(static_cast<uint32_t>(value >> 32)).add(static_cast<uint32_t>(value));
	}
	cells &add(const map_range &range) { return add64(range.base).add64(range.size); }
	const void *data() const { return values_.data(); }
	int bytes() const { return static_cast<int>(values_.size() * sizeof(fdt32_t)); }

private:
	std::vector<fdt32_t> values_;
};

// libfdt's sequential-write functions over a buffer that grows, errors as exceptions.
class writer
{
public:
	writer() : blob_(0x4000)
	{
		check(fdt_create(blob_.data(), size()));
		check(fdt_finish_reservemap(blob_.data()));
	}
	void begin(const std::string &name)
	{
		retry([&] { return fdt_begin_node(blob_.data(), name.c_str()); });
	}
	void begin(const std::string &name, uint64_t unit)
	{
		char address[24];

		std::snprintf(address, sizeof(address), "@%" PRIx64, unit);
		begin(name + address);
	}
	void end()
	{
		retry([&] { return fdt_end_node(blob_.data()); });
	}
	void property(const char *name, const void *data, int bytes)
	{
		retry([&] { return fdt_property(blob_.data(), name, data, bytes); });
	}
	void flag(const char *name) { property(name, nullptr, 0); }
	void number(const char *name, uint32_t value) { property(name, cells().add(value)); }
	void property(const char *name, const cells &value)
	{
		property(name, value.data(), value.bytes());
	}
	void text(const char *name, const std::string &value)
	{
		property(name, value.c_str(), static_cast<int>(value.size() + 1));
	}
	void texts(const char *name, const std::vector<std::string> &values)
	{
		std::string joined;

		for (const std::string &value : values)
			joined.append(value).push_back('\0');
		property(name, joined.data(), static_cast<int>(joined.size()));
	}
	std::vector<uint8_t> finish()
	{
		retry([&] { return fdt_finish(blob_.data()); });
		blob_.resize(fdt_totalsize(blob_.data()));
		return std::move(blob_);
	}

private:
	int size() const { return static_cast<int>(blob_.size()); }
	static void check(int error)
	{
		if (error)
			throw std::runtime_error(std::string("device tree: ") +
						 fdt_strerror(error));
	}
	template <typename operation> void retry(operation op)
	{
		int error;

		while ((error = op()) == -FDT_ERR_NOSPACE) {
			std::vector<uint8_t> larger(2 * blob_.size());

			check(fdt_resize(blob_.data(), larger.data(),
					 static_cast<int>(larger.size())));
			blob_.swap(larger);
		}
		check(error);
	}

	std::vector<uint8_t> blob_;
};

// Linux ignores the whole hand-over, and with it ACPI, when one of the six is missing.
void write_efi(writer &w, const efi_handover &efi)
{
	constexpr uint32_t secure_boot_disabled = 2;

	w.property("linux,uefi-system-table", cells().add64(efi.system_table));
	w.property("linux,uefi-mmap-start", cells().add64(efi.map));
	w.number("linux,uefi-mmap-size", efi.map_size);
	w.number("linux,uefi-mmap-desc-size", efi.descriptor_size);
	w.number("linux,uefi-mmap-desc-ver", efi.descriptor_version);
	w.number("linux,uefi-secure-boot", secure_boot_disabled);
}

void write_chosen(writer &w, const machine &m, const fdt_inputs &in)
{
	w.begin("chosen");
	w.text("stdout-path", "/soc/serial@10000000");
	if (!m.append.empty())
		w.text("bootargs", m.append);
	if (in.initrd.size) {
		w.property("linux,initrd-start", cells().add64(in.initrd.base));
		w.property("linux,initrd-end", cells().add64(in.initrd.end()));
	}
	if (!in.rng_seed.empty())
		w.property("rng-seed", in.rng_seed.data(), static_cast<int>(in.rng_seed.size()));
	if (!in.efi.bytes.empty())
		write_efi(w, in.efi);
	if (!m.boot_config.empty())
		w.text("vcxl,boot-config", m.boot_config);
	if (in.next_stage)
		w.property("vcxl,next-stage", cells().add64(in.next_stage));
	w.end();
}

// "rv64imafdc_zicntr" -> i m a f d c zicntr
std::vector<std::string> isa_extensions(const std::string &isa)
{
	std::vector<std::string> list;
	size_t at = isa.find('_');

	for (size_t i = 4; i < isa.size() && i < at; i++)
		list.emplace_back(1, isa[i]);
	while (at != std::string::npos) {
		const size_t next = isa.find('_', at + 1);

		list.push_back(isa.substr(at + 1, next - at - 1));
		at = next;
	}
	return list;
}

void write_cpu(writer &w, unsigned hart, const std::string &isa)
{
	w.begin("cpu", hart);
	w.text("device_type", "cpu");
	w.number("reg", hart);
	w.number("phandle", ph_cpu(hart));
	w.text("status", "okay");
	w.text("compatible", "riscv");
	w.text("riscv,isa", isa);
	w.text("riscv,isa-base", "rv64i");
	w.texts("riscv,isa-extensions", isa_extensions(isa));
	w.text("mmu-type", "riscv,sv48");
	w.number("riscv,cbom-block-size", 64);
	w.number("riscv,cboz-block-size", 64);
	w.begin("interrupt-controller");
	w.text("compatible", "riscv,cpu-intc");
	w.number("#interrupt-cells", 1);
	w.number("#address-cells", 0);
	w.flag("interrupt-controller");
	w.number("phandle", ph_intc(hart));
	w.end();
	w.end();
}

void write_cpus(writer &w, const machine &m, const fdt_inputs &in)
{
	w.begin("cpus");
	w.number("#address-cells", 1);
	w.number("#size-cells", 0);
	w.number("timebase-frequency", map::timebase_hz);
	for (unsigned hart = 0; hart < m.harts; hart++)
		write_cpu(w, hart, in.isa);
	w.begin("cpu-map");
	w.begin("cluster0");
	for (unsigned hart = 0; hart < m.harts; hart++) {
		w.begin("core" + std::to_string(hart));
		w.number("cpu", ph_cpu(hart));
		w.end();
	}
	w.end();
	w.end();
	w.end();
}

void write_finisher(writer &w)
{
	w.begin("test", map::finisher.base);
	w.texts("compatible", { "sifive,test1", "sifive,test0", "syscon" });
	w.property("reg", cells().add(map::finisher));
	w.number("phandle", ph_finisher);
	w.end();
}

void write_syscon(writer &w, const char *name, uint32_t value)
{
	w.begin(name);
	w.text("compatible", std::string("syscon-") + name);
	w.number("regmap", ph_finisher);
	w.number("offset", 0);
	w.number("value", value);
	w.end();
}

// The binding wants mtime first. The ranges meet, as OpenSBI protects both as one region.
void write_mtimer(writer &w, unsigned harts)
{
	const map_range block = map::aclint_mtimer;
	const map_range mtimecmp{ block.base + 0x4000, 0x7ff8 };
	const map_range mtime{ mtimecmp.end(), block.end() - mtimecmp.end() };
	cells irqs;

	for (unsigned hart = 0; hart < harts; hart++)
		irqs.add(ph_intc(hart)).add(irq_mtip);
	w.begin("mtimer", mtime.base);
	w.text("compatible", "riscv,aclint-mtimer");
	w.property("reg", cells().add(mtime).add(mtimecmp));
	w.property("interrupts-extended", irqs);
	w.end();
}

void write_imsic(writer &w, const map_range &block, unsigned harts, uint32_t irq, uint32_t handle)
{
	cells irqs;

	for (unsigned hart = 0; hart < harts; hart++)
		irqs.add(ph_intc(hart)).add(irq);
	w.begin("imsics", block.base);
	w.text("compatible", "riscv,imsics");
	w.property("reg", cells().add(map_range{ block.base, harts * uint64_t{ 0x1000 } }));
	w.property("interrupts-extended", irqs);
	w.flag("interrupt-controller");
	w.number("#interrupt-cells", 0);
	w.number("#address-cells", 0);
	w.flag("msi-controller");
	w.number("#msi-cells", 0);
	w.number("riscv,num-ids", 255);
	w.number("riscv,ipi-id", 1);
	w.number("phandle", handle);
	w.end();
}

void write_aplic(writer &w, const map_range &block, bool root)
{
	w.begin("aplic", block.base);
	w.text("compatible", "riscv,aplic");
	w.property("reg", cells().add(block));
	w.flag("interrupt-controller");
	w.number("#interrupt-cells", 2);
	w.number("#address-cells", 0);
	w.number("msi-parent", root ? ph_imsic_m : ph_imsic_s);
	w.number("riscv,num-sources", map::aplic_sources);
	if (root) {
		const cells all = cells().add(ph_aplic_s).add(1).add(map::aplic_sources);

		w.number("riscv,children", ph_aplic_s);
		w.property("riscv,delegation", all);
		w.property("riscv,delegate", all); // its name before the binding was final
	}
	w.number("phandle", root ? ph_aplic_m : ph_aplic_s);
	w.end();
}

void write_serial(writer &w)
{
	w.begin("serial", map::uart.base);
	w.text("compatible", "ns16550a");
	w.property("reg", cells().add(map::uart));
	w.number("clock-frequency", map::uart_clock_hz);
	w.number("interrupt-parent", ph_aplic_s);
	w.property("interrupts", cells().add(map::uart_irq).add(irq_level_high));
	w.end();
}

void write_bridge(writer &w, const machine &m, const layout::bridge_windows &b)
{
	const map_range ecam{ map::ecam.base + (uint64_t{ b.first_bus } << ecam_bus_shift),
			      uint64_t{ b.last_bus - b.first_bus + 1 } << ecam_bus_shift };
	const node &n = m.nodes.at(static_cast<size_t>(b.node));
	cells ranges;

	if (b.mem32.size)
		ranges.add(pci_mem32).add64(b.mem32.base).add(b.mem32);
	if (b.mem64.size)
		ranges.add(pci_mem64_prefetchable).add64(b.mem64.base).add(b.mem64);
	w.begin("pci", ecam.base);
	w.text("device_type", "pci");
	w.texts("compatible", { "vcxl,cxl-host-bridge", "pci-host-ecam-generic" });
	w.number("#address-cells", 3);
	w.number("#size-cells", 2);
	w.property("reg", cells().add(ecam).add(b.chbcr));
	w.texts("reg-names", { "ecam", "chbcr" });
	w.property("bus-range", cells().add(b.first_bus).add(b.last_bus));
	w.number("linux,pci-domain", 0);
	w.property("ranges", ranges);
	w.number("msi-parent", ph_imsic_s);
	w.flag("dma-coherent");
	w.number("vcxl,uid", n.bus_nr);
	w.end();
}

void write_soc(writer &w, const machine &m, const layout &l)
{
	w.begin("soc");
	w.number("#address-cells", 2);
	w.number("#size-cells", 2);
	w.text("compatible", "simple-bus");
	w.flag("ranges");
	write_finisher(w);
	write_mtimer(w, m.harts);
	write_imsic(w, map::imsic_m, m.harts, irq_meip, ph_imsic_m);
	write_imsic(w, map::imsic_s, m.harts, irq_seip, ph_imsic_s);
	write_aplic(w, map::aplic_m, true);
	write_aplic(w, map::aplic_s, false);
	write_serial(w);
	for (unsigned i = 0; i < l.n_bridges; i++)
		write_bridge(w, m, l.bridges[i]);
	w.end();
}

void write_window(writer &w, const machine &m, const window &win)
{
	cells targets, maps;

	for (int target : win.targets)
		targets.add(m.nodes.at(static_cast<size_t>(target)).bus_nr);
	w.begin("cxl-window", win.base);
	w.text("compatible", "vcxl,cxl-fixed-memory-window");
	w.property("reg", cells().add64(win.base).add64(win.size));
	w.number("vcxl,granularity", win.granularity);
	w.property("vcxl,targets", targets);
	for (uint64_t map : win.xor_maps)
		maps.add64(map);
	if (!win.xor_maps.empty())
		w.property("vcxl,xor-maps", maps);
	w.end();
}

} // namespace

std::vector<uint8_t> build_fdt(const machine &m, const layout &l, const fdt_inputs &in)
{
	writer w;

	w.begin("");
	w.number("#address-cells", 2);
	w.number("#size-cells", 2);
	w.texts("compatible", { "vcxl,virt", "riscv-virtio" });
	w.text("model", "vcxl,virt");
	write_chosen(w, m, in);
	w.begin("memory", map::ram_base);
	w.text("device_type", "memory");
	w.property("reg", cells().add64(map::ram_base).add64(m.ram_size));
	w.end();
	write_cpus(w, m, in);
	write_syscon(w, "poweroff", 0x5555);
	write_syscon(w, "reboot", 0x7777);
	write_soc(w, m, l);
	for (const window &win : m.windows)
		write_window(w, m, win);
	w.end();
	return w.finish();
}

} // namespace vcxl
