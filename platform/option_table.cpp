// SPDX-License-Identifier: Apache-2.0
//
// Rows of the option table: object types with their properties. The options themselves are in
// option_rows.cpp. A property that is known from QEMU and not modelled is a row too: it is refused
// by name instead of being called unknown.
#include "option_table.h"

#include <algorithm>
#include <cstring>

namespace vcxl
{

const char not_supported_yet[] = "not supported yet";

namespace
{

constexpr uint64_t KiB = 1ull << 10, MiB = 1ull << 20;
constexpr uint64_t any = UINT64_MAX;
constexpr property row(const char *name, value_type type, const char *def, const char *help,
		       uint64_t min = 0, uint64_t max = any, const char *choices = nullptr,
		       const char *refused = nullptr)
{
	return { name, type, def, help, min, max, choices, false, refused };
}

constexpr property must(property p)
{
	p.required = true;
	return p;
}

constexpr property text(const char *name, const char *def, const char *help)
{
	return row(name, value_type::text, def, help);
}

constexpr property number(const char *name, const char *def, uint64_t min, uint64_t max,
			  const char *help)
{
	return row(name, value_type::number, def, help, min, max);
}

constexpr property size(const char *name, const char *def, uint64_t min, uint64_t max,
			const char *help)
{
	return row(name, value_type::size, def, help, min, max);
}

constexpr property time(const char *name, const char *def, uint64_t min, uint64_t max,
			const char *help)
{
	return row(name, value_type::time, def, help, min, max);
}

constexpr property flag(const char *name, const char *def, const char *help)
{
	return row(name, value_type::flag, def, help, 0, 1);
}

// A flag of which only the default is modelled.
constexpr property only_on(const char *name, const char *help)
{
	return row(name, value_type::flag, "on", help, 1, 1);
}

constexpr property only_off(const char *name, const char *help)
{
	return row(name, value_type::flag, "off", help, 0, 0);
}

constexpr property choice(const char *name, const char *def, const char *choices, const char *help)
{
	return row(name, value_type::choice, def, help, 0, any, choices);
}

constexpr property address(const char *name, const char *help)
{
	return row(name, value_type::address, nullptr, help);
}

constexpr property later(const char *name, const char *why)
{
	return row(name, value_type::text, nullptr, "", 0, any, nullptr, why);
}

// what an entry of 16 bits can say exactly, and Linux shows: nanoseconds, MB/s or tens of them
constexpr uint64_t ns = 1000, max_ns = 65'534, max_mbps = 655'340;

constexpr char no_reserve[] = "reserving resources for hot-plug is not supported yet";
constexpr char no_dimm[] = "DIMMs are not supported: RAM is given by -m, the rest is CXL memory";
constexpr char no_cdat[] = "a CDAT from a file is not supported yet";
constexpr char no_numa[] = "NUMA nodes of host bridges are not supported yet";
constexpr char yet[] = "not supported yet";

constexpr char speeds[] = "2_5 5 8 16 32 64";
constexpr char port_widths[] = "1 2 4 8 16 32";
constexpr char device_widths[] = "1 2 4 8 16";
constexpr char port_decoders[] = "1 2 4 6 8 10 12 14 16 20 24 28 32";
constexpr char endpoint_decoders[] = "1 2 4 6 8 10";

constexpr char help_id[] = "name, unique among devices: letters, digits, '-', '.', '_'";
constexpr char help_addr[] = "PCI device number on the bus, hexadecimal (default: the next free)";
constexpr char help_speed[] = "maximum link speed in GT/s";
constexpr char help_width[] = "maximum link width in lanes";
constexpr char help_flit[] = "256-byte flit mode";
constexpr char help_port[] = "port number, unique among the ports of one bus";
constexpr char help_chassis[] = "chassis number; chassis and slot together are unique";
constexpr char help_slot[] = "slot number (default: the first free of the chassis)";
constexpr char help_hotplug[] =
	"a slot of native PCIe hot-plug: QMP's device_add and device_del work";
constexpr char help_chardev[] = "name, unique among character devices";
constexpr char help_tag[] =
	"UUID: lends the memory as dynamic capacity, to the extents that have the tag";
constexpr char help_sn[] = "64-bit serial number, unique (default: made from the position)";

/* clang-format off */
constexpr property machine_properties[] = {
	choice("type", "virt", "virt q35",         "both name the same machine, a RISC-V virt with CXL"),
	flag("cxl", "off",                         "CXL host bridges and fixed memory windows"),
	choice("aia", "aplic-imsic", "aplic-imsic", "interrupt architecture"),
	choice("acpi", "auto", "auto on off",      "ACPI tables for Linux; off: it uses the device tree and finds no CXL"),
	text("cxl-fmw.N.targets.M", nullptr,       "pxb-cxl that is target M of fixed memory window N; 1, 2, 3, 4, 6, 8, 12 or 16 targets"),
	size("cxl-fmw.N.size", nullptr, 256 * MiB, any, "size of window N, a multiple of 256M"),
	size("cxl-fmw.N.interleave-granularity", "256", 256, 16 * KiB, "granularity of window N, a power of two"),
	choice("cxl-fmw.N.interleave-arithmetic", "modulo", "modulo xor", "how window N selects the target"),
	number("cxl-fmw.N.xor-maps.M", nullptr, 1, (1ull << 52) - 1, "address bits that select bit M of the target of window N, a CXIMS map"),
	later("memory-backend",                    yet),
	later("accel",                             yet),
	later("dumpdtb",                           "use --dump-dtb FILE"),
};

constexpr property memory_properties[] = {
	row("size", value_type::mebibytes, "128M", "RAM, a multiple of 2M; MiB without suffix", 64 * MiB),
	size("maxmem", nullptr, 0, any,            "reserve address space for this much RAM in all"),
	number("slots", nullptr, 1, 256,           "DIMM slots; checked only, DIMMs cannot be added"),
};

constexpr property smp_properties[] = {
	number("cpus", "1", 1, 8,                  "harts"),
	number("maxcpus", nullptr, 1, 8,           "must equal cpus"),
	later("sockets",                           yet),
	later("dies",                              yet),
	later("clusters",                          yet),
	later("cores",                             yet),
	later("threads",                           yet),
};

constexpr property ram_properties[] = {
	must(text("id", nullptr,                       "name, unique among objects")),
	must(size("size", nullptr, 1, 1ull << 52,      "size; memory of a cxl-type3 is a multiple of 256M, its LSA at least 4K")),
	flag("share", "off",                       "accepted: nothing else maps this memory"),
	only_off("prealloc",                       "host memory is taken when it is first touched"),
	text("tag", nullptr,                      help_tag),
};

constexpr property memfd_properties[] = {
	must(text("id", nullptr,                       "name, unique among objects")),
	must(size("size", nullptr, 1, 1ull << 52,      "size; memory of a cxl-type3 is a multiple of 256M, its LSA at least 4K")),
	flag("share", "on",                        "share with other processes"),
	only_off("prealloc",                       "host memory is taken when it is first touched"),
	text("tag", nullptr,                      help_tag),
};

constexpr property file_properties[] = {
	must(text("id", nullptr,                       "name, unique among objects")),
	must(text("mem-path", nullptr,                 "the file; made, or extended to offset + size, when the run starts")),
	must(size("size", nullptr, 1, 1ull << 52,      "size; memory of a cxl-type3 is a multiple of 256M, its LSA at least 4K")),
	size("offset", "0", 0, 1ull << 52,         "where in the file, a multiple of 4K"),
	flag("share", "off",                       "what the guest writes reaches the file"),
	flag("readonly", "off",                    "open the file read-only; needs share=off"),
	flag("pmem", "off",                        "the file is persistent memory"),
	only_off("prealloc",                       "host memory is taken when it is first touched"),
	text("tag", nullptr,                      help_tag),
};

constexpr property bridge_properties[] = {
	text("id", nullptr,                        help_id),
	must(choice("bus", nullptr, "pcie.0",          "the root bus")),
	must(number("bus_nr", nullptr, 1, 255,         "first PCI bus number, unique; also the _UID")),
	flag("hdm_for_passthrough", "on",          "a bridge with one root port has HDM decoders (QEMU: off)"),
	choice("hdm-decoders", "10", port_decoders, "HDM decoders"),
	later("numa_node",                         no_numa),
	later("bypass_iommu",                      "there is no IOMMU"),
	later("addr",                              "host bridges have no PCI address"),
};

constexpr property root_port_properties[] = {
	text("id", nullptr,                        help_id),
	must(text("bus", nullptr,                      "id of a pxb-cxl")),
	address("addr",                            help_addr),
	number("port", "0", 0, 255,                help_port),
	number("chassis", "0", 0, 255,             help_chassis),
	number("slot", nullptr, 0, 8191,           help_slot),
	choice("x-speed", "32", speeds,            help_speed),
	choice("x-width", "16", port_widths,       help_width),
	flag("x-256b-flit", "off",                 help_flit),
	flag("hotplug", "on",                      help_hotplug),
	later("bus-reserve",                       no_reserve),
	later("io-reserve",                        no_reserve),
	later("mem-reserve",                       no_reserve),
	later("pref32-reserve",                    no_reserve),
	later("pref64-reserve",                    no_reserve),
	only_on("power_controller_present",        "slots of hot-plug have one"),
	later("aer_log_max",                       yet),
	later("multifunction",                     yet),
};

constexpr property upstream_properties[] = {
	text("id", nullptr,                        help_id),
	must(text("bus", nullptr,                      "id of a cxl-rp or cxl-downstream")),
	address("addr",                            "PCI device number, 0"),
	number("port", "0", 0, 255,                "port number"),
	number("sn", nullptr, 0, any,              help_sn),
	choice("hdm-decoders", "10", port_decoders, "HDM decoders"),
	choice("x-speed", "32", speeds,            help_speed),
	choice("x-width", "16", port_widths,       help_width),
	flag("x-256b-flit", "off",                 help_flit),
	time("latency", "150ns", ns, max_ns * ns,  "CDAT (SSLBIS): between this and a downstream port, whole nanoseconds"),
	number("bandwidth", "16384", 1, max_mbps,  "CDAT (SSLBIS): between this and a downstream port in MB/s (10^6); above 65534 a multiple of 10"),
	later("cdat",                              no_cdat),
	later("aer_log_max",                       yet),
	later("multifunction",                     yet),
};

constexpr property downstream_properties[] = {
	text("id", nullptr,                        help_id),
	must(text("bus", nullptr,                      "id of a cxl-upstream")),
	address("addr",                            help_addr),
	number("port", "0", 0, 255,                help_port),
	number("chassis", "0", 0, 255,             help_chassis),
	number("slot", nullptr, 0, 8191,           help_slot),
	choice("x-speed", "32", speeds,            help_speed),
	choice("x-width", "16", port_widths,       help_width),
	flag("x-256b-flit", "off",                 help_flit),
	flag("hotplug", "on",                      help_hotplug),
	only_on("power_controller_present",        "slots of hot-plug have one"),
	later("aer_log_max",                       yet),
	later("multifunction",                     yet),
};

constexpr property memdev_properties[] = {
	text("id", nullptr,                        help_id),
	must(text("bus", nullptr,                      "id of a cxl-rp or cxl-downstream")),
	address("addr",                            "PCI device number, 0"),
	text("volatile-memdev", nullptr,           "memory backend of the volatile partition"),
	text("persistent-memdev", nullptr,         "memory backend of the persistent partition"),
	text("memdev", nullptr,                    "deprecated name of persistent-memdev"),
	text("partitionable-memdev", nullptr,      "memory backend of capacity that Set Partition Info makes volatile or persistent, at first persistent"),
	text("state-memdev", nullptr,              "memory backend, 64K or more, of what the device keeps without power: poison list, passphrases, dirty shutdowns, partition, firmware and the like"),
	text("lsa", nullptr,                       "memory backend of the label storage area; needed with persistent memory"),
	number("num-dc-regions", "0", 0, 8,        "regions of dynamic capacity; what backs them is divided equally"),
	text("volatile-dc-memdev", nullptr,        "memory backend of volatile dynamic capacity"),
	text("nonvolatile-dc-memdev", nullptr,     "memory backend of persistent dynamic capacity"),
	size("dc-regions-total-size", nullptr, 256 * MiB, any, "dynamic capacity without memory of its own"),
	flag("dc-shareable", "off",                "devices may have the same dynamic capacity at once: QMP's enable-shared-access"),
	number("sn", nullptr, 0, any,              help_sn),
	choice("hdm-decoders", "4", endpoint_decoders, "HDM decoders"),
	choice("x-speed", "32", speeds,            help_speed),
	choice("x-width", "16", device_widths,     help_width),
	flag("x-256b-flit", "off",                 help_flit),
	time("read-latency", "150ns", ns, max_ns * ns, "CDAT (DSLBIS): of the media, whole nanoseconds"),
	time("write-latency", "250ns", ns, max_ns * ns, "CDAT (DSLBIS): of the media, whole nanoseconds"),
	number("read-bandwidth", "16000", 1, max_mbps, "CDAT (DSLBIS): of the media in MB/s (10^6); above 65534 a multiple of 10"),
	number("write-bandwidth", "16000", 1, max_mbps, "CDAT (DSLBIS): of the media in MB/s (10^6); above 65534 a multiple of 10"),
	only_off("hdm-db",                         "back-invalidate HDM is not supported yet"),
	later("cdat",                              no_cdat),
	later("multifunction",                     yet),
};

// What virtio devices have in common.
#define VIRTIO_PCI_PROPERTIES \
	text("id", nullptr,                        help_id), \
	choice("bus", "pcie.0", "pcie.0",          "the root bus"), \
	address("addr",                            "PCI device number on the bus, hexadecimal, from 1 on (default: the next free)"), \
	choice("disable-legacy", "on", "on auto",  "there is no legacy interface"), \
	only_off("disable-modern",                 "there is no other interface")

constexpr property socket_properties[] = {
	must(text("id", nullptr,                   help_chardev)),
	text("path", nullptr,                      "of a local socket"),
	text("host", nullptr,                      "of a TCP socket (default: the loopback address)"),
	number("port", nullptr, 0, 65535,          "of a TCP socket; 0 picks a free one"),
	flag("server", "off",                      "listens instead of connecting"),
	flag("wait", "on",                         "a server: the machine starts with its first client"),
	only_on("nodelay",                         "TCP: sends at once"),
	only_off("telnet",                         "telnet's protocol"),
	later("fd",                                yet),
	later("reconnect",                         yet),
	later("reconnect-ms",                      yet),
	later("abstract",                          yet),
	later("mux",                               yet),
	later("logfile",                           yet),
};

constexpr property chardev_file_properties[] = {
	must(text("id", nullptr,                   help_chardev)),
	must(text("path", nullptr,                 "the file, emptied at the start")),
	only_off("append",                         "instead of emptying it"),
	later("mux",                               yet),
	later("logfile",                           yet),
};

constexpr property stdio_properties[] = {
	must(text("id", nullptr,                   help_chardev)),
	flag("mux", "off",                         "at a terminal: Ctrl-A begins an escape; needs signal=off"),
	flag("signal", "on",                       "at a terminal: Ctrl-C ends the run; off needs mux=on"),
	later("logfile",                           yet),
};

constexpr property null_properties[] = {
	must(text("id", nullptr,                   help_chardev)),
	later("mux",                               yet),
	later("logfile",                           yet),
};

constexpr property monitor_properties[] = {
	text("id", nullptr,                        "accepted: nothing refers to a monitor"),
	must(text("chardev", nullptr,              "the socket: id of a -chardev")),
	must(choice("mode", nullptr, "control",    "QMP; there is no other monitor")),
	only_off("pretty",                         "replies of several lines"),
};

constexpr property drive_properties[] = {
	must(text("file", nullptr,                 "the image: a regular file of whole sectors of 512 bytes")),
	text("id", nullptr,                        "name, unique among drives"),
	choice("format", "raw", "raw",             "of the image"),
	choice("if", "virtio", "virtio none",      "virtio: makes a virtio-blk-pci; none: a -device uses it"),
	choice("media", "disk", "disk",            "what it is"),
	flag("readonly", "off",                    "the guest cannot write"),
	choice("cache", "writeback", "writeback writethrough", "writethrough: each write is durable when it completes"),
	later("snapshot",                          yet),
	later("index",                             yet),
	later("bus",                               yet),
	later("unit",                              yet),
	later("aio",                               yet),
	later("discard",                           "always unmap"),
	later("detect-zeroes",                     yet),
	later("werror",                            "errors are reported to the guest"),
	later("rerror",                            "errors are reported to the guest"),
	later("copy-on-read",                      yet),
};

constexpr property virtio_blk_properties[] = {
	must(text("drive", nullptr,                "id of a -drive with if=none")),
	VIRTIO_PCI_PROPERTIES,
	text("serial", nullptr,                        "what the device says of itself, at most 20 bytes"),
	number("num-queues", "1", 1, 1,            "request queues"),
	later("bootindex",                         "the guest boots from -kernel"),
	later("logical_block_size",                yet),
	later("physical_block_size",               yet),
	later("write-cache",                       "use cache= of the -drive"),
	later("iothread",                          yet),
};

constexpr property virtio_rng_properties[] = {
	VIRTIO_PCI_PROPERTIES,
	later("rng",                               "the numbers come from --seed"),
	later("max-bytes",                         yet),
	later("period",                            yet),
};

constexpr property virtio_serial_properties[] = {
	VIRTIO_PCI_PROPERTIES,
	number("max_ports", "1", 1, 1,             "consoles; QEMU's default is 31"),
	later("vectors",                           yet),
	later("emergency-write",                   yet),
};

constexpr property virtconsole_properties[] = {
	text("id", nullptr,                        help_id),
	must(text("chardev", nullptr,              "where it leads: id of a -chardev")),
	text("bus", nullptr,                       "ID.0 of a virtio-serial-pci (default: the first without a console)"),
	number("nr", "0", 0, 0,                    "the port"),
	later("name",                              "ports have names where there are several"),
};

constexpr object_type machine_types[] = { { "machine", "the machine", machine_properties, nullptr } };
constexpr object_type memory_types[] = { { "memory", "RAM", memory_properties, nullptr } };
constexpr object_type smp_types[] = { { "smp", "harts", smp_properties, nullptr } };

constexpr object_type chardev_types[] = {
	{ "socket", "a local or TCP socket",        socket_properties, nullptr },
	{ "file",   "a file",                       chardev_file_properties, nullptr },
	{ "stdio",  "standard input and output",    stdio_properties, nullptr },
	{ "null",   "nothing",                      null_properties, nullptr },
	{ "pty",    "",                             {}, not_supported_yet },
	{ "pipe",   "",                             {}, not_supported_yet },
	{ "udp",    "",                             {}, not_supported_yet },
	{ "serial", "",                             {}, not_supported_yet },
	{ "ringbuf", "",                            {}, not_supported_yet },
};
constexpr object_type drive_types[] = { { "drive", "a disk image", drive_properties, nullptr } };
constexpr object_type monitor_types[] = { { "mon", "a monitor", monitor_properties, nullptr } };

constexpr object_type backend_types[] = {
	{ "memory-backend-ram",   "anonymous host memory, zero at the start", ram_properties, nullptr },
	{ "memory-backend-file",  "a file",                                   file_properties, nullptr },
	{ "memory-backend-memfd", "anonymous host memory with a descriptor",  memfd_properties, nullptr },
	{ "acpi-generic-port",    "",                                         {}, not_supported_yet },
};

constexpr object_type device_types[] = {
	{ "pxb-cxl",        "CXL host bridge",                   bridge_properties, nullptr },
	{ "cxl-rp",         "CXL root port",                     root_port_properties, nullptr },
	{ "cxl-upstream",   "upstream port of a CXL switch",     upstream_properties, nullptr },
	{ "cxl-downstream", "downstream port of a CXL switch",   downstream_properties, nullptr },
	{ "cxl-type3",      "CXL memory device",                 memdev_properties, nullptr },
	{ "cxl-switch-mailbox-cci", "",                          {}, not_supported_yet },
	{ "virtio-blk-pci", "disk on a -drive",                  virtio_blk_properties, nullptr, "virtio-blk" },
	{ "virtio-rng-pci", "random numbers that follow from --seed", virtio_rng_properties, nullptr, "virtio-rng" },
	{ "virtio-serial-pci", "what a virtconsole is attached to", virtio_serial_properties, nullptr, "virtio-serial" },
	{ "virtconsole",    "console of a virtio-serial-pci",    virtconsole_properties, nullptr },
	{ "virtserialport", "",                                  {}, not_supported_yet },
	{ "virtio-*",       "",                                  {}, not_supported_yet },
	{ "pc-dimm",        "",                                  {}, no_dimm },
	{ "nvdimm",         "",                                  {}, no_dimm },
};

constexpr object_group groups[] = {
	{ "machine", "machine",  "type",     "machine", false, machine_types },
	{ "m",       "memory",   "size",     "memory",  false, memory_types },
	{ "smp",     "smp-opts", "cpus",     "smp",     false, smp_types },
	{ "object",  "object",   "qom-type", "object",  true,  backend_types },
	{ "device",  "device",   "driver",   "device",  true,  device_types },
	{ "chardev", "chardev",  "backend",  "chardev", true,  chardev_types },
	{ "mon",     "mon",      "chardev",  "monitor", false, monitor_types },
	{ "drive",   "drive",    "file",     "drive",   false, drive_types },
};
/* clang-format on */

bool is_index(const std::string &text)
{
	return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

bool matches(const char *pattern, const std::string &key)
{
	std::string name = pattern;
	size_t i = 0, j = 0;
	while (i < name.size() && j < key.size()) {
		const size_t i_end = std::min(name.find('.', i), name.size());
		const size_t j_end = std::min(key.find('.', j), key.size());
		const std::string want = name.substr(i, i_end - i), got = key.substr(j, j_end - j);
		const bool wild = want == "N" || want == "M";
		if (wild ? !is_index(got) : want != got)
			return false;
		i = i_end + 1;
		j = j_end + 1;
	}
	return i >= name.size() && j >= key.size();
}

} // namespace

const table<object_group> object_groups = groups;

const object_group &machine_group()
{
	return groups[0];
}

const object_group &memory_group()
{
	return groups[1];
}

const object_group &smp_group()
{
	return groups[2];
}

const object_group &backend_group()
{
	return groups[3];
}

const object_group &device_group()
{
	return groups[4];
}

const object_group &chardev_group()
{
	return groups[5];
}

const object_group &monitor_group()
{
	return groups[6];
}

const object_group &drive_group()
{
	return groups[7];
}

const object_group *find_group(const std::string &option)
{
	for (const object_group &g : object_groups)
		if (option == g.option)
			return &g;
	return nullptr;
}

const object_group *find_section(const std::string &section)
{
	for (const object_group &g : object_groups)
		if (section == g.section)
			return &g;
	return nullptr;
}

const object_type *find_type(const object_group &group, const std::string &name)
{
	for (const object_type &t : group.types) {
		const size_t n = std::strlen(t.name);
		const bool prefix = t.name[n - 1] == '*';
		if (t.alias && name == t.alias)
			return &t;
		if (prefix ? name.compare(0, n - 1, t.name, n - 1) == 0 : name == t.name)
			return &t;
	}
	return nullptr;
}

const property *find_property(const object_type &type, const std::string &key)
{
	for (const property &p : type.properties)
		if (matches(p.name, key))
			return &p;
	return nullptr;
}

bool has_word(const char *list, const std::string &word)
{
	return !word.empty() && word.find(' ') == std::string::npos &&
	       (' ' + std::string(list) + ' ').find(' ' + word + ' ') != std::string::npos;
}

} // namespace vcxl
