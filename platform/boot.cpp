// SPDX-License-Identifier: Apache-2.0
//
// Places programs and tables in guest RAM; see boot.h.
#include "boot.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include <iss.h>

#include "device_tree.h"
#include "reset_rom.h"

namespace vcxl
{

namespace
{

constexpr uint64_t alignment = 0x200000;

uint64_t align_up(uint64_t value)
{
	return (value + alignment - 1) / alignment * alignment;
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

std::string next_stage_path(const machine &m)
{
	if (!m.kernel.empty())
		return m.kernel;
	return data_file("firmware.bin", "no -kernel",
			 "the build makes it with gcc-riscv64-unknown-elf");
}

// Ranges in use; a new one may overlap none of them.
class occupancy
{
public:
	void add(const std::string &what, map_range range)
	{
		for (const auto &[other, used] : used_)
			if (range.base < used.end() && used.base < range.end())
				throw std::runtime_error(what + ": overlaps " + other +
							 " in guest RAM; a larger -m may help");
		used_.emplace_back(what, range);
	}

private:
	std::vector<std::pair<std::string, map_range>> used_;
};

} // namespace

boot_image load_boot_image(const machine &m, const layout &l, const ram_view &ram)
{
	const bool bare = m.bios == "none";
	boot_image image;
	occupancy used;
	reset_rom_config rom;
	fdt_inputs inputs;

	const auto load = [&](const std::string &option, const std::string &path, uint64_t at) {
		const loaded_image program = load_program(path, at, ram);

		used.add(option + " " + path, program.extent);
		image.symbols.insert(program.symbols.begin(), program.symbols.end());
		return program;
	};
	if (bare) {
		if (m.kernel.empty())
			throw std::runtime_error("-bios none: needs -kernel FILE");
		rom.entry = load("-kernel", m.kernel, ram.base).entry;
		rom.next = rom.entry;
	} else {
		rom.entry = load("-bios", bios_path(m), ram.base).entry;
		rom.next =
			load("-kernel", next_stage_path(m), ram.base + map::firmware_offset).entry;
	}

	// The device tree at the top, the initial RAM disk in the upper half below it.
	if (!m.initrd.empty()) {
		const std::vector<uint8_t> file = read_file(m.initrd);
		const uint64_t half = ram.base + std::min<uint64_t>(ram.size / 2, 512ull << 20);

		inputs.initrd = load_raw(m.initrd, file, align_up(half), ram).extent;
		used.add("-initrd " + m.initrd, inputs.initrd);
	}
	inputs.isa = iss_isa_string();
	image.fdt = build_fdt(m, l, inputs);
	const uint64_t fdt_size = image.fdt.size() + fdt_room;

	if (fdt_size > ram.size / 2)
		throw std::runtime_error("device tree (--boot-config, -append): too large for -m");
	rom.fdt = (ram.base + ram.size - fdt_size) / alignment * alignment;
	used.add("device tree", { rom.fdt, fdt_size });
	load_raw("device tree", image.fdt, rom.fdt, ram);
	image.rom = build_reset_rom(rom);
	return image;
}

} // namespace vcxl
