// SPDX-License-Identifier: Apache-2.0
//
// The machine description: plain data that the options build and everything else is derived from
// (sockets, memory map, device tree, ACPI tables, QMP paths). It is complete and checked: whoever
// reads it needs no further validation. Sizes in bytes, times in picoseconds.
#ifndef VCXL_PLATFORM_MACHINE_H
#define VCXL_PLATFORM_MACHINE_H

#include <cstdint>
#include <string>
#include <vector>

namespace vcxl
{

constexpr int none = -1; // index that refers to nothing

enum class backend_kind {
	ram,
	file,
	memfd
};

// -object memory-backend-*
struct backend {
	std::string id;
	backend_kind kind = backend_kind::ram;
	std::string path; // file only
	uint64_t size = 0;
	uint64_t offset = 0;
	bool share = false; // file: changes reach the file
	bool readonly = false;
	bool pmem = false;
	std::string tag;  // UUID in lower case: lent as dynamic capacity; "" it is not
	std::string user; // id of the device that maps it, "" when none does
};

enum class node_kind {
	host_bridge,
	root_port,
	upstream_port,
	downstream_port,
	memdev
};

struct link {
	unsigned speed = 5; // encoded as in Max Link Speed: 5 is 32 GT/s
	unsigned width = 16;
	bool flit_256b = false;
};

// What an access costs. Latencies in picoseconds, bandwidths in MB/s.
struct access_coordinates {
	uint64_t read_latency_ps = 0, write_latency_ps = 0;
	uint64_t read_bandwidth = 0, write_bandwidth = 0;
};

// One element of the CXL hierarchy. Nodes are kept in one vector, parents before children; the
// order of the command line is kept among siblings.
struct node {
	node_kind kind = node_kind::memdev;
	std::string id; // given, or made from the position: unique either way
	int parent = none;
	std::vector<int> children;
	unsigned devfn = 0; // PCI device and function number on the bus above (bridges: not used)

	// host bridges
	unsigned bus_nr = 0; // first PCI bus; also its _UID
	bool hdm = true;     // HDM decoder capability present
	unsigned n_decoders = 0;

	// root, upstream and downstream ports
	unsigned port_number = 0;
	unsigned chassis = 0, slot = 0;
	bool hotplug = false; // root and downstream ports: what is below comes and goes
	link pcie;

	// upstream ports and memory devices
	uint64_t serial = 0;

	// memory devices: indices of backends
	int volatile_media = none, persistent_media = none, partitionable_media = none;
	int lsa = none, state = none;
	// dynamic capacity: how many regions, how large together, and what backs them
	unsigned dc_regions = 0;
	uint64_t dc_size = 0;
	int dc_media = none; // none: they have no memory of their own
	bool dc_persistent = false;
	bool dc_shareable = false;
	// what CDAT says of all of them
	access_coordinates media{ 150'000, 250'000, 16'000, 16'000 };

	// upstream ports: what CDAT says of the way to each downstream port, reads and writes alike
	access_coordinates crossing{ 150'000, 150'000, 16'384, 16'384 };
};

// Whatever of a node is the index of a backend.
constexpr int node::*backends_of_node[] = {
	&node::volatile_media, &node::persistent_media, &node::partitionable_media, &node::lsa,
	&node::state,          &node::dc_media
};

// -drive: a raw disk image
struct drive {
	std::string id; // may be empty
	std::string path;
	bool readonly = false;
	bool writeback = true; // what is written is durable only after a flush
	bool used = false;     // by a device
};

enum class serial_kind {
	stdio,
	null,
	file,
	socket
};

// Where a console of the guest leads.
struct console_end {
	serial_kind kind = serial_kind::null;
	bool escapes = false; // stdio at a terminal: Ctrl-A begins an escape, Ctrl-C is typed
	std::string path;     // file, or the socket as in socket_address.h
	std::string option;   // that asks for it, for messages
};

enum class function_kind {
	virtio_blk,
	virtio_rng,
	virtio_console
};

// A PCI function on bus 0
struct pci_function {
	function_kind kind = function_kind::virtio_blk;
	std::string id;
	unsigned devfn = 0;
	int drive = none; // block devices
	std::string serial;
	console_end console; // consoles
};

// -M cxl-fmw.N: a CXL Fixed Memory Window
struct window {
	uint64_t base = 0, size = 0;
	unsigned granularity = 256;
	std::vector<int> targets; // host bridge nodes in interleave order; size = ways
	bool xor_arithmetic = false;
	std::vector<uint64_t> xor_maps; // vcxl/xor.h; the same in all windows of one granularity
};

// --symbols FILE[@OFFSET]
struct symbol_file {
	std::string path;
	uint64_t offset = 0;
};

struct machine {
	std::string type = "virt"; // as given: "virt" or "q35"
	uint64_t ram_size = 128ull << 20;
	uint64_t max_ram_size = 0; // maxmem: address space reserved above RAM; 0: none
	unsigned harts = 1;
	bool no_reboot = false; // a reset that the guest asks for ends the run

	std::vector<backend> backends;
	std::vector<node> nodes;
	std::vector<window> windows;
	std::vector<drive> drives;
	std::vector<pci_function> functions;

	std::string bios;   // OpenSBI image, or "none"
	std::string kernel; // ELF, Image or raw; "" runs our firmware
	std::string initrd, append;
	bool direct = false;        // Linux starts without our firmware before it
	bool acpi = true;           // tables for Linux
	bool acpi_required = false; // an error where no Linux follows
	uint64_t seed = 1;          // of the random numbers that the guest starts with
	std::string boot_config;    // text for the firmware (contents of --boot-config FILE)

	console_end serial{ serial_kind::stdio, true, "", "-serial" };

	std::string qmp; // where the monitor listens, see socket_address.h; "" nowhere

	std::string gdb; // where to listen for a debugger, see socket_address.h; "" nowhere
	bool start_stopped = false; // -S: until a debugger or monitor says so

	std::string trace_path;            // "" none, "-" standard output
	std::string trace_format;          // "text" or "json"
	std::string trace_events;          // comma-separated patterns, e.g. "mem.*,hdm.commit"
	std::string profile_path;          // --profile
	uint64_t profile_interval = 10007; // steps per sample; a prime: no loop keeps step with it
	std::vector<symbol_file> symbol_files;
	std::string signature_path;   // --signature
	std::string dump_dtb_path;    // --dump-dtb
	std::string dump_acpi_path;   // --dump-acpi, a folder
	std::string engine = "block"; // or "step"
	uint64_t quantum_ps = 10'000'000;
	uint64_t max_steps = 0; // --max-steps: end the run with an error after so many; 0: no limit
	bool statistics = false; // --stats: instructions, MIPS and events at the end
};

} // namespace vcxl

#endif
