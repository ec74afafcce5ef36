// SPDX-License-Identifier: Apache-2.0
//
// Physical address map of the virtual host. It mirrors QEMU's RISC-V `virt` machine, so that
// firmware built for that runs unmodified; what is ours lies in holes of that map.
#ifndef VCXL_PLATFORM_MEMORY_MAP_H
#define VCXL_PLATFORM_MEMORY_MAP_H

#include <cstdint>

namespace vcxl
{

struct map_range {
	uint64_t base, size;
	constexpr uint64_t end() const { return base + size; }
};

namespace map
{
constexpr map_range rom{ 0x1000, 0xf000 };
constexpr map_range finisher{ 0x100000, 0x1000 };
constexpr map_range aclint_mtimer{ 0x2000000, 0x10000 }; // mtimecmp at +0x4000, mtime at +0xbff8
constexpr map_range chbcr{ 0x6000000, 0x100000 };        // 64 KiB per host bridge: at most 16
constexpr map_range aplic_m{ 0xc000000, 0x8000 };
constexpr map_range aplic_s{ 0xd000000, 0x8000 };
constexpr map_range uart{ 0x10000000, 0x100 };
constexpr map_range imsic_m{ 0x24000000, 0x4000000 }; // one 4 KiB page per hart
constexpr map_range imsic_s{ 0x28000000, 0x4000000 };
constexpr map_range ecam{ 0x30000000, 0x10000000 }; // segment 0, buses 0-255
constexpr map_range mem32_pci{ 0x40000000, 0x20000000 };
constexpr map_range mem32_cxl{ 0x60000000, 0x20000000 };
constexpr uint64_t ram_base = 0x80000000;
// 64-bit windows start here unless RAM (with maxmem) reaches higher; then at the next 16 GiB
constexpr uint64_t mem64_base = 0x400000000;
constexpr uint64_t mem64_pci_size = 0x200000000;
constexpr uint64_t mem64_cxl_size = 0x200000000;
// fixed memory windows start here, or at the next 256 MiB above the 64-bit windows
constexpr uint64_t cfmw_base = 0x1000000000;
constexpr uint64_t cfmw_align = 0x10000000;
constexpr uint64_t hpa_limit = 1ull << 52;

constexpr unsigned uart_irq = 10; // APLIC sources
constexpr unsigned power_irq = 12;
constexpr uint32_t uart_clock_hz = 3686400;
constexpr unsigned aplic_sources = 96;
constexpr uint64_t timebase_hz = 10'000'000;
constexpr uint64_t tick_ps = 1'000'000'000'000 / timebase_hz;
constexpr uint64_t step_ps = 1'000; // one instruction per nanosecond
// from ram_base
constexpr uint64_t firmware_offset = 0x200000; // next stage after OpenSBI
constexpr uint64_t kernel_offset = 0x4000000;  // Linux, when our firmware comes before it
} // namespace map

struct machine;

// Addresses that depend on the machine: assigned by lay_out(), which also sets window bases.
struct layout {
	map_range mem64_pci, mem64_cxl;
	struct bridge_windows {
		int node; // host bridge
		unsigned first_bus, last_bus;
		map_range chbcr, mem32, mem64;
	};
	// in order of bus_nr
	static constexpr unsigned max_bridges = 16;
	bridge_windows bridges[max_bridges];
	unsigned n_bridges;
};

// Assigns bases; false with a message when the windows do not fit below hpa_limit.
bool lay_out(machine &m, layout &out, const char **error);

} // namespace vcxl

#endif
