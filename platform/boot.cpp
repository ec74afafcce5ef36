// SPDX-License-Identifier: Apache-2.0
//
// Places programs and tables in guest RAM; see boot.h.
#include "boot.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <stdexcept>

#include <iss.h>

#include "acpi.h"
#include "device_tree.h"
#include "reset_rom.h"

namespace vcxl
{

namespace
{

constexpr uint64_t alignment = 0x200000;
constexpr uint64_t page = 4096;
constexpr uint64_t acpi_offset = 0x2000; // behind the EFI tables

uint64_t align_down(uint64_t value)
{
	return value / alignment * alignment;
}

uint64_t align_up(uint64_t value)
{
	return align_down(value + alignment - 1);
}

// A file that comes with the program: ../share/vcxl beside its folder.
std::string data_file(const std::string &name, const std::string &option, const std::string &hint)
{
	const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
	const std::filesystem::path file =
		program.parent_path().parent_path() / "share" / "vcxl" / name;

	if (!std::filesystem::exists(file))
		throw std::runtime_error(option + ": no " + file.string() + " (" + hint + ")");
	return file.string();
}

std::string bios_path(const machine &m)
{
	if (!m.bios.empty() && m.bios != "default")
		return m.bios;
	return data_file("opensbi.bin", "-bios default",
			 "scripts/fetch-debian13 opensbi fetches it, or give -bios FILE");
}

std::string firmware_path(const char *why)
{
	return data_file("firmware.bin", why, "the build makes it with gcc-riscv64-unknown-elf");
}

// The same for the same --seed, as everything is.
std::vector<uint8_t> random_bytes(uint64_t seed, size_t n)
{
	std::mt19937_64 source(seed);
	std::vector<uint8_t> bytes(n);

	for (uint8_t &b : bytes)
		b = static_cast<uint8_t>(source() >> 56);
	return bytes;
}

} // namespace

void boot_loader::occupancy::add(const std::string &what, map_range range)
{
	for (const auto &[other, used] : used_)
		if (range.base < used.end() && used.base < range.end())
			throw std::runtime_error(what + ": overlaps " + other +
						 " in guest RAM; a larger -m may help");
	used_.emplace_back(what, range);
}

uint64_t boot_loader::occupancy::behind_all_below(uint64_t limit) const
{
	uint64_t end = 0;

	for (const auto &[what, used] : used_)
		if (used.base < limit)
			end = std::max(end, used.end());
	return align_up(end);
}

boot_loader::boot_loader(const machine &m, const layout &l) : machine_(m), layout_(l)
{
	if (!m.kernel.empty())
		kernel_ = read("-kernel", m.kernel);
	if (!m.initrd.empty())
		initrd_ = read("-initrd", m.initrd);
	if (m.direct && (m.bios == "none" || !kernel_.linux_image()))
		throw std::runtime_error("--direct: needs a Linux image as -kernel, and -bios");
	const bool linux = m.bios != "none" && kernel_.linux_image();
	if (m.acpi_required && !linux)
		throw std::runtime_error("-machine acpi=on: " + std::string(no_acpi_));
	if (m.bios == "none") {
		if (m.kernel.empty())
			throw std::runtime_error("-bios none: needs -kernel FILE");
		return;
	}
	bios_ = read("-bios", bios_path(m));
	if (m.kernel.empty())
		firmware_ = read("no -kernel", firmware_path("no -kernel"));
	else if (linux && l.n_bridges && !m.direct)
		firmware_ = read("no --direct", firmware_path("no --direct"));
	if (!firmware_.path.empty())
		read_firmware_names();
	if (linux)
		no_acpi_ = m.acpi ? nullptr : "acpi=off";
}

// Our firmware is loaded flat; where its ELF file lies beside, it has names.
void boot_loader::read_firmware_names()
{
	const std::filesystem::path elf =
		std::filesystem::path(firmware_.path).replace_extension(".elf");

	if (std::filesystem::exists(elf))
		firmware_elf_ = read("", elf.string());
}

boot_loader::file boot_loader::read(const std::string &option, const std::string &path) const
{
	return { option, path, read_file(path) };
}

loaded_image boot_loader::place(const file &f, uint64_t at, const ram_view &ram, occupancy &used,
				boot_image &image) const
{
	const loaded_image program = load_program(f.path, f.bytes, at, ram);

	used.add(f.option + " " + f.path, program.extent);
	image.symbols.insert(program.symbols.begin(), program.symbols.end());
	image.names.add(std::filesystem::path(f.path).filename().string(), program.code);
	return program;
}

// In the upper half of RAM, where it is in nobody's way, or behind a kernel that reaches there.
void boot_loader::place_initrd(const ram_view &ram, occupancy &used, map_range &initrd) const
{
	const uint64_t half = align_up(ram.base + std::min<uint64_t>(ram.size / 2, 512ull << 20));
	const uint64_t at = std::max(half, used.behind_all_below(half));

	check_initrd(initrd_.path, initrd_.bytes);
	initrd = load_raw(initrd_.path, initrd_.bytes, at, ram).extent;
	used.add("-initrd " + initrd_.path, initrd);
}

// The EFI tables and behind them the ACPI tables, both in memory that Linux keeps until it has
// read them. RAM below is described as free but for the part that OpenSBI keeps to itself.
efi_handover boot_loader::place_acpi(const acpi_blob &acpi, map_range tables, const ram_view &ram,
				     occupancy &used) const
{
	const map_range opensbi{ ram.base, map::firmware_offset };
	const efi_handover efi =
		build_efi(tables.base, acpi.rsdp,
			  {
				  { efi_memory::reserved, opensbi },
				  { efi_memory::conventional,
				    { opensbi.end(), tables.base - opensbi.end() } },
				  { efi_memory::acpi_reclaim, tables },
				  { efi_memory::conventional,
				    { tables.end(), ram.base + ram.size - tables.end() } },
			  });

	if (efi.bytes.size() > acpi_offset || acpi.bytes.size() > tables.size - acpi_offset)
		throw std::runtime_error("ACPI tables: larger than 2 MiB");
	used.add("ACPI tables", tables);
	load_raw("EFI tables", efi.bytes, tables.base, ram);
	load_raw("ACPI tables", acpi.bytes, tables.base + acpi_offset, ram);
	return efi;
}

boot_image boot_loader::load(const ram_view &ram) const
{
	boot_image image;
	occupancy used;
	reset_rom_config rom;
	fdt_inputs inputs;

	if (bios_.option.empty()) {
		rom.entry = place(kernel_, ram.base, ram, used, image).entry;
		rom.next = rom.entry;
	} else {
		rom.entry = place(bios_, ram.base, ram, used, image).entry;
		const uint64_t next = ram.base + map::firmware_offset;
		if (firmware_.option.empty()) {
			rom.next = place(kernel_, next, ram, used, image).entry;
		} else {
			rom.next = place(firmware_, next, ram, used, image).entry;
			if (!firmware_elf_.bytes.empty())
				image.names.add("firmware.elf",
						elf_code(firmware_elf_.path, firmware_elf_.bytes));
			if (!kernel_.option.empty())
				inputs.next_stage = place(kernel_, ram.base + map::kernel_offset,
							  ram, used, image)
							    .entry;
		}
	}
	if (!initrd_.option.empty())
		place_initrd(ram, used, inputs.initrd);
	inputs.isa = iss_isa_string();
	if (kernel_.linux_image())
		inputs.rng_seed = random_bytes(machine_.seed, 64);

	// at the top of RAM: the device tree, below it the tables that it points to
	const uint64_t room = build_fdt(machine_, layout_, inputs).size() + fdt_room + page;
	if (room > ram.size / 2)
		throw std::runtime_error("device tree (--boot-config, -append): too large for -m");
	rom.fdt = align_down(ram.base + ram.size - room);
	used.add("device tree", { rom.fdt, room });
	const map_range tables{ rom.fdt - alignment, alignment };
	const acpi_blob acpi =
		build_acpi(machine_, layout_, { inputs.isa }, tables.base + acpi_offset);
	image.acpi = acpi.tables;
	if (!no_acpi_)
		inputs.efi = place_acpi(acpi, tables, ram, used);
	image.fdt = build_fdt(machine_, layout_, inputs);
	load_raw("device tree", image.fdt, rom.fdt, ram);
	image.rom = build_reset_rom(rom);
	return image;
}

} // namespace vcxl
