// SPDX-License-Identifier: Apache-2.0
//
// Wrong command lines, one row each: the words (separated by blanks) and what the message must say.
// Rows marked two_ports() stand behind a bridge hb0 with root ports rp0 and rp1 and a backend v0.
#include "test_options.h"

using namespace option_test;

namespace
{

struct wrong_line {
	const char *name; // a sentence
	const char *args;
	const char *message; // expected substring
	bool after_two_ports = false;
};

std::ostream &operator<<(std::ostream &out, const wrong_line &line)
{
	return out << line.args;
}

class options_error : public testing::TestWithParam<wrong_line>
{
};

} // namespace

TEST_P(options_error, is_reported_on_one_line_that_names_the_argument)
{
	const wrong_line &line = GetParam();
	words args = split(line.args);
	if (line.after_two_ports)
		args = two_ports() + args;
	const std::string error = error_of(args);
	EXPECT_NE(error.find(line.message), std::string::npos) << "got: " << error;
	EXPECT_EQ(error.find('\n'), std::string::npos);
}

/* clang-format off */
constexpr wrong_line syntax_lines[] = {
	{ "unknown_option", "-colour blue", "-colour: unknown option" },
	{ "single_dash", "-", "'-': is not an option" },
	{ "disk_image", "disk.img", "'disk.img': is not an option; disk images are not supported yet" },
	{ "missing_argument", "-m", "-m: requires an argument" },
	{ "own_option_needs_two_dashes", "-stats", "-stats: unknown option" },
	{ "empty_property_name", "-device cxl-rp,=3", "a property name is missing" },
	{ "bare_property", "-device cxl-rp,hotplug", "-device cxl-rp,hotplug: Expected '=' after parameter 'hotplug'" },
	{ "property_given_twice", "-device cxl-rp,bus=a,port=1,port=2", "property 'port' is given twice" },
	{ "driver_given_twice", "-device cxl-rp,driver=cxl-type3", "property 'driver' is given twice" },
	{ "json_device", "-device {\"driver\":\"cxl-rp\"}", "JSON is not supported yet" },
	{ "driver_is_missing", "-device id=x", "Parameter 'driver' is missing" },
	{ "qom_type_is_missing", "-object id=x", "Parameter 'qom-type' is missing" },
	{ "unknown_device_lists_known", "-device cxl-type2,bus=x", "device 'cxl-type2' is not known; known: pxb-cxl, cxl-rp, cxl-upstream, cxl-downstream, cxl-type3" },
	{ "unknown_object_lists_known", "-object rng-random,id=x", "object 'rng-random' is not known; known: memory-backend-ram, memory-backend-file, memory-backend-memfd" },
	{ "unknown_property_lists_known", "-device cxl-rp,colour=1", "property 'colour' is not known; known: id, bus, addr, port, chassis, slot" },
	{ "id_with_wrong_letter", "-object memory-backend-ram,id=9x,size=1M", "Parameter 'id' expects an identifier, not '9x'" },
	{ "number_out_of_range", "-device cxl-rp,port=300,bus=x", "-device cxl-rp,port=300,bus=x: property 'port': 300 is not in 0..255" },
	{ "negative_number", "-device cxl-rp,bus=x,port=-1", "property 'port': '-1' is not a number" },
	{ "octal_number", "-device cxl-rp,bus=x,port=010", "property 'port': '010' is not a decimal or 0x number" },
	{ "number_with_rest", "-device cxl-rp,bus=x,port=1x", "property 'port': '1x' is not a number" },
	{ "number_above_64_bits", "-device cxl-type3,bus=x,sn=0x10000000000000000", "property 'sn': '0x10000000000000000' does not fit in 64 bits" },
	{ "flag_that_is_not_one", "-M cxl=maybe", "-M cxl=maybe: property 'cxl': 'maybe' is not on or off" },
	{ "fraction_of_a_size", "-m 1.5G", "property 'size': '1.5G' is not a size: fractions are not accepted" },
	{ "unknown_suffix", "-m 4X", "the suffixes are K, M, G, T, P and E" },
	{ "two_suffixes", "-m 4MB", "the suffixes are K, M, G, T, P and E" },
	{ "size_above_64_bits", "-m 16E", "property 'size': '16E' does not fit in 64 bits" },
	{ "size_without_digits", "-m G", "property 'size': 'G' is not a size" },
};

constexpr wrong_line machine_lines[] = {
	{ "unknown_machine_type", "-M pc", "-M pc: property 'type': 'pc' is not supported; known: virt, q35" },
	{ "unknown_machine_property", "-M virt,usb=on", "property 'usb' is not known; known: type, cxl, aia" },
	{ "aia_none", "-M virt,aia=none", "property 'aia': 'none' is not supported; known: aplic-imsic" },
	{ "acpi_maybe", "-M virt,acpi=maybe", "property 'acpi': 'maybe' is not supported; known: auto, on, off" },
	{ "cpu_other_than_rv64", "-cpu max", "-cpu max: 'max' is not supported; known: rv64" },
	{ "display_other_than_none", "-display gtk", "-display gtk: 'gtk' is not supported; known: none" },
	{ "monitor_other_than_none", "-monitor stdio", "-monitor stdio: 'stdio' is not supported; known: none" },
	{ "too_many_harts", "-smp 9", "-smp 9: property 'cpus': 9 is not in 1..8" },
	{ "no_hart", "-smp 0", "property 'cpus': 0 is not in 1..8" },
	{ "hotplug_of_harts", "-smp 2,maxcpus=4", "property 'maxcpus': harts cannot be added" },
	{ "sockets", "-smp 4,sockets=2", "property 'sockets': not supported yet" },
	{ "little_ram", "-m 63", "-m 63: property 'size': 63 is less than 64M" },
	{ "ram_not_of_2_mib", "-m 65M", "-m 65M: property 'size': is not a multiple of 2M" },
	{ "ram_above_52_bits", "-m 4P", "-m 4P: RAM and the windows above it do not fit in 52 bits of address" },
	{ "maxmem_above_52_bits", "-m 1G,maxmem=8E", "do not fit in 52 bits" },
	{ "maxmem_below_ram", "-m 4G,maxmem=2G", "property 'maxmem': is smaller than the RAM, 4G" },
	{ "slots_without_maxmem", "-m 4G,slots=2", "property 'slots': missing 'maxmem' option" },
	{ "too_many_slots", "-m 4G,maxmem=8G,slots=257", "property 'slots': 257 is not in 1..256" },
	{ "no_slot", "-m 4G,maxmem=8G,slots=0", "property 'slots': 0 is not in 1..256" },
	{ "adding_a_dimm", "-device pc-dimm,id=d", "device 'pc-dimm' is refused: DIMMs are not supported" },
	{ "adding_an_nvdimm", "-device nvdimm,id=d", "device 'nvdimm' is refused: DIMMs are not supported" },
};

constexpr wrong_line option_lines[] = {
	{ "qmp_on_stdio", "-qmp stdio", "-qmp stdio: 'stdio' is not supported; known: tcp:[HOST]:PORT, unix:PATH" },
	{ "qmp_without_path", "-qmp unix:,server=on", "-qmp unix:,server=on: 'unix:': the path is missing" },
	{ "qmp_setting_unknown", "-qmp unix:q,server=maybe", "-qmp unix:q,server=maybe: 'server=maybe' is not a setting; known settings: server=on|off, wait=on|off, nodelay=on" },
	{ "qmp_path_too_long", "-qmp unix:/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "': the path is too long" },
	{ "qmp_at_the_socket_of_serial", "-serial unix:s,server=on -qmp unix:./s,server=on,wait=off", "-qmp unix:./s,server=on,wait=off: './s' is the socket of -serial unix:s,server=on" },
	{ "qmp_connects_to_the_socket_of_gdb", "-gdb unix:s -qmp unix:s", "'s' is the socket of -" },
	{ "gdb_at_the_socket_of_a_chardev", "-chardev socket,id=a,path=s,server=on -serial chardev:a -gdb unix:s", "'s' is the socket of -" },
	{ "second_qmp", "-qmp unix:a -qmp unix:b", "-qmp unix:b: a second monitor is not supported yet" },
	{ "stopped_start_without_gdb", "-S", "-S: only allowed with -s, -gdb or -qmp" },
	{ "gdb_that_waits", "-gdb unix:g,wait=on", "known settings: server=on, wait=off, nodelay=on" },
	{ "gdb_without_transport", "-gdb :1234", "-gdb :1234: ':1234' is not supported; known: tcp:[HOST]:PORT, unix:PATH" },
	{ "gdb_on_a_character_device", "-gdb stdio", "'stdio' is not supported; known: tcp:[HOST]:PORT, unix:PATH" },
	{ "gdb_port_above_65535", "-gdb tcp::65536", "-gdb tcp::65536: 'tcp::65536': the port is not a number in 0..65535" },
	{ "gdb_port_missing", "-gdb tcp:", "'tcp:' is not supported" },
	{ "gdb_path_missing", "-gdb unix:", "the path is missing" },
	{ "gdb_that_connects_out", "-gdb tcp::1,server=off", "known settings: server=on, wait=off, nodelay=on" },
	{ "blockdev", "-blockdev driver=file", "-blockdev: not supported yet" },
	{ "drive_without_file", "-drive id=x", "Parameter 'file' is missing" },
	{ "drive_of_no_file", "-drive file=/nowhere/disk", "property 'file': '/nowhere/disk' does not exist" },
	{ "drive_of_a_folder", "-drive file=/", "property 'file': '/' is not a regular file" },
	{ "drive_of_another_format", "-drive file=/nowhere/disk,format=qcow2", "property 'format': 'qcow2' is not supported; known: raw" },
	{ "drive_of_another_interface", "-drive file=/nowhere/disk,if=ide", "property 'if': 'ide' is not supported; known: virtio, none" },
	{ "drive_with_snapshot", "-drive file=/nowhere/disk,snapshot=on", "property 'snapshot': not supported yet" },
	{ "disk_without_drive", "-device virtio-blk-pci", "Parameter 'drive' is missing" },
	{ "disk_of_no_drive", "-device virtio-blk,drive=x", "property 'drive': 'x' is not the id of a -drive" },
	{ "disk_below_a_port", "-device virtio-blk-pci,drive=x,bus=rp0", "property 'bus': 'rp0' is not supported; known: pcie.0" },
	{ "addr_of_two_functions", "-device virtio-rng-pci,addr=3 -device virtio-rng-pci,addr=3", "property 'addr': 3 is already used" },
	{ "id_of_two_functions", "-device virtio-rng-pci,id=a -device virtio-rng-pci,id=a", "Duplicate ID 'a' for device" },
	{ "rng_backend", "-device virtio-rng-pci,rng=r0", "property 'rng': the numbers come from --seed" },
	{ "netdev", "-netdev user,id=x", "-netdev: not supported yet" },
	{ "name", "-name guest", "-name: not supported yet" },
	{ "trace_of_qemu", "-trace cxl*", "-trace: not supported yet; use --trace FILE" },
	{ "console_without_bus", "-chardev null,id=a -device virtconsole,chardev=a", "-device virtconsole,chardev=a: needs a virtio-serial-pci" },
	{ "console_on_no_bus", "-chardev null,id=a -device virtio-serial-pci,id=v -device virtconsole,chardev=a,bus=v", "property 'bus': there is no virtio-serial-pci with 'v'" },
	{ "console_of_no_chardev", "-device virtio-serial-pci -device virtconsole,chardev=a", "there is no chardev 'a', or it is already used" },
	{ "console_without_chardev", "-device virtio-serial-pci -device virtconsole", "Parameter 'chardev' is missing" },
	{ "consoles_on_one_port", "-chardev null,id=a -chardev null,id=b -device virtio-serial-pci -device virtconsole,chardev=a -device virtconsole,chardev=b", "-device virtconsole,chardev=b: each virtio-serial-pci has its console; several ports are not supported yet" },
	{ "consoles_with_one_id", "-chardev null,id=a -chardev null,id=b -device virtio-serial-pci -device virtio-serial-pci -device virtconsole,chardev=a,id=c -device virtconsole,chardev=b,id=c", "Duplicate ID 'c' for device" },
	{ "console_on_the_stdio_of_serial", "-chardev stdio,id=a -device virtio-serial-pci -device virtconsole,chardev=a", "-device virtconsole,chardev=a: stdio is already used by -serial, whose default it is; -serial null frees it" },
	{ "consoles_at_one_socket", "-serial unix:s,server=on -chardev socket,id=a,path=s -device virtio-serial-pci -device virtconsole,chardev=a", "'s' is the socket of -" },
	{ "serial_ports", "-device virtio-serial-pci,max_ports=31", "property 'max_ports': " },
	{ "serial_port", "-chardev null,id=a -device virtserialport,chardev=a", "device 'virtserialport' is refused: not supported yet" },
	{ "virtio", "-device virtio-net-pci,netdev=x", "device 'virtio-net-pci' is refused: not supported yet" },
	{ "switch_mailbox", "-device cxl-switch-mailbox-cci,bus=x,target=us0", "device 'cxl-switch-mailbox-cci' is refused: not supported yet" },
	{ "generic_port", "-object acpi-generic-port,id=x", "object 'acpi-generic-port' is refused: not supported yet" },
	{ "serial_to_a_device", "-serial pty", "'pty' is not supported; known: stdio, mon:stdio, null, file:PATH, unix:PATH, tcp:[HOST]:PORT, chardev:ID" },
	{ "serial_to_a_socket_without_port", "-serial tcp:host", "-serial tcp:host: 'tcp:host' is not supported; known: tcp:[HOST]:PORT, unix:PATH" },
	{ "serial_to_a_chardev_that_is_not_there", "-serial chardev:a", "-serial chardev:a: there is no chardev 'a', or it is already used" },
	{ "monitor_on_a_chardev_that_is_used", "-chardev null,id=a -serial chardev:a -mon a,mode=control", "-mon a,mode=control: there is no chardev 'a', or it is already used" },
	{ "chardev_twice", "-chardev null,id=a -chardev null,id=a", "-chardev null,id=a: Duplicate ID 'a' for chardev" },
	{ "chardev_without_user", "-chardev null,id=a", "-chardev null,id=a: no -serial, -mon or virtconsole uses it" },
	{ "chardev_of_another_kind", "-chardev pty,id=a", "chardev 'pty' is refused: not supported yet" },
	{ "chardev_socket_nowhere", "-chardev socket,id=a -serial chardev:a", "-chardev socket,id=a: needs either 'path' or 'port'" },
	{ "chardev_socket_in_two_places", "-chardev socket,id=a,path=x,port=1 -serial chardev:a", "needs either 'path' or 'port'" },
	{ "chardev_stdio_without_signals_nor_escapes", "-chardev stdio,id=a,signal=off -serial chardev:a", "property 'signal': is off with mux=on, and on without" },
	{ "monitor_for_people", "-chardev stdio,id=a -mon chardev=a,mode=readline", "property 'mode': " },
	{ "monitor_on_stdio", "-chardev stdio,id=a -mon chardev=a,mode=control", "-mon chardev=a,mode=control: 'stdio' is not supported" },
	{ "two_outputs_of_one_file_that_is_not_there", "--trace both --profile ./both", "both" },
	{ "second_serial", "-serial stdio -serial null", "-serial null: a second serial port is not supported yet" },
	{ "serial_file_nowhere", "-serial file:/no/such/dir/x", "'/no/such/dir/x' cannot be written" },
	{ "bios_that_is_not_there", "-bios /no/such/file", "-bios /no/such/file: '/no/such/file' does not exist" },
	{ "kernel_that_is_a_directory", "-kernel /", "-kernel /: '/' is a directory" },
	{ "initrd_without_kernel", "-initrd /dev/null", "-initrd /dev/null: only allowed with -kernel option" },
	{ "append_without_kernel", "-append quiet", "-append quiet: only allowed with -kernel option" },
	{ "trace_nowhere", "--trace /no/such/dir/t", "--trace /no/such/dir/t: '/no/such/dir/t' cannot be written" },
	{ "trace_format", "--trace - --trace-format xml", "'xml' is not supported; known: text, json" },
	{ "trace_format_without_trace", "--trace-format json", "--trace-format json: only allowed with --trace" },
	{ "trace_events_without_trace", "--trace-events mem.*", "--trace-events mem.*: only allowed with --trace" },
	{ "quantum_without_unit", "--quantum 10", "'10' is not a time: the units are ps, ns, us and ms" },
	{ "quantum_with_wrong_unit", "--quantum 10s", "'10s' is not a time" },
	{ "quantum_of_zero", "--quantum 0us", "the time is not in 1ns..1000ms" },
	{ "quantum_too_long", "--quantum 1001ms", "the time is not in 1ns..1000ms" },
	{ "quantum_above_64_bits", "--quantum 99999999999999999999ms", "does not fit in 64 bits" },
	{ "quantum_product_above_64_bits", "--quantum 99999999999999ms", "does not fit in 64 bits" },
	{ "max_steps_of_zero", "--max-steps 0", "--max-steps 0: must be at least 1" },
	{ "max_steps_not_a_number", "--max-steps many", "'many' is not a number" },
	{ "boot_config_not_there", "--boot-config /no/such/file", "'/no/such/file' does not exist" },
	{ "readconfig_not_there", "-readconfig /no/such/file", "'/no/such/file' does not exist" },
};

constexpr wrong_line backend_lines[] = {
	{ "backend_without_id", "-object memory-backend-ram,size=1M", "Parameter 'id' is missing" },
	{ "backend_without_size", "-object memory-backend-ram,id=x", "Parameter 'size' is missing" },
	{ "backend_of_no_size", "-object memory-backend-ram,id=x,size=0", "property 'size': 0 is not in 1..4P" },
	{ "file_without_path", "-object memory-backend-file,id=x,size=1M", "Parameter 'mem-path' is missing" },
	{ "file_with_empty_path", "-object memory-backend-file,id=x,size=1M,mem-path=", "property 'mem-path': is empty" },
	{ "path_of_a_ram_backend", "-object memory-backend-ram,id=x,size=1M,mem-path=x", "property 'mem-path' is not known; known: id, size, share, prealloc, tag" },
	{ "tag_that_is_no_uuid", "-object memory-backend-ram,id=x,size=1M,tag=5be13bce-ae34-4a77-b6c3-16df975fcf1", "property 'tag': '5be13bce-ae34-4a77-b6c3-16df975fcf1' is not a UUID" },
	{ "tag_with_a_wrong_letter", "-object memory-backend-memfd,id=x,size=1M,tag=5be13bce-ae34-4a77-b6c3-16df975fcf1g", "fcf1g' is not a UUID" },
	{ "tag_without_its_hyphens", "-object memory-backend-ram,id=x,size=1M,tag=5be13bce0ae3404a770b6c3016df975fcf1a", "is not a UUID" },
	{ "nil_tag", "-object memory-backend-ram,id=x,size=1M,tag=00000000-0000-0000-0000-000000000000", "property 'tag': the nil UUID stands for no tag" },
	{ "tag_of_two", "-object memory-backend-ram,id=x,size=1M,tag=5be13bce-ae34-4a77-b6c3-16df975fcf1a -object memory-backend-ram,id=y,size=1M,tag=5BE13BCE-AE34-4A77-B6C3-16DF975FCF1A", "property 'tag': is that of 'x'" },
	{ "prealloc", "-object memory-backend-ram,id=x,size=1M,prealloc=on", "property 'prealloc': only 'off' is supported" },
	{ "duplicate_object_id", "-object memory-backend-ram,id=x,size=1M -object memory-backend-memfd,id=x,size=1M", "Duplicate ID 'x' for object" },
	{ "file_in_no_directory", "-object memory-backend-file,id=x,size=1M,mem-path=/no/such/dir/x", "'/no/such/dir/x' cannot be created" },
	{ "file_that_is_a_directory", "-object memory-backend-file,id=x,size=1M,mem-path=/", "'/' is not a regular file" },
	{ "offset_not_of_4_kib", "-object memory-backend-file,id=x,size=1M,mem-path=/x,offset=512", "property 'offset': is not a multiple of 4K" },
	{ "readonly_and_shared", "-object memory-backend-file,id=x,size=1M,mem-path=/x,readonly=on,share=on", "property 'readonly': a read-only file needs share=off" },
	{ "readonly_and_not_there", "-object memory-backend-file,id=x,size=1M,mem-path=/no_such_file,readonly=on", "'/no_such_file' does not exist" },
};

constexpr wrong_line bridge_lines[] = {
	{ "cxl_off_with_bridge", "-M virt -device pxb-cxl,bus=pcie.0,bus_nr=1", "CXL devices need -machine cxl=on" },
	{ "cxl_off_with_window", "-M cxl-fmw.0.size=4G", "fixed memory windows need -machine cxl=on" },
	{ "bridge_without_bus", "-device pxb-cxl,bus_nr=1", "Parameter 'bus' is missing" },
	{ "bridge_without_bus_number", "-device pxb-cxl,bus=pcie.0", "Parameter 'bus_nr' is missing" },
	{ "bridge_below_a_bridge", "-device pxb-cxl,bus=hb0,bus_nr=1", "property 'bus': 'hb0' is not supported; known: pcie.0" },
	{ "bus_number_zero", "-device pxb-cxl,bus=pcie.0,bus_nr=0", "property 'bus_nr': 0 is not in 1..255" },
	{ "bus_number_256", "-device pxb-cxl,bus=pcie.0,bus_nr=256", "property 'bus_nr': 256 is not in 1..255" },
	{ "bus_number_taken", "-device pxb-cxl,bus=pcie.0,bus_nr=12", "property 'bus_nr': 12 is already used by 'hb0'", true },
	{ "too_few_bus_numbers", "-device pxb-cxl,bus=pcie.0,bus_nr=14", "property 'bus_nr': needs 3 bus numbers, but 2 are free", true },
	{ "numa_node", "-device pxb-cxl,bus=pcie.0,bus_nr=1,numa_node=0", "property 'numa_node': NUMA nodes of host bridges are not supported yet" },
	{ "decoders_that_no_encoding_has", "-device pxb-cxl,bus=pcie.0,bus_nr=1,hdm-decoders=3", "property 'hdm-decoders': '3' is not supported; known: 1, 2, 4, 6, 8, 10" },
	{ "duplicate_device_id", "-device pxb-cxl,bus=pcie.0,bus_nr=99,id=rp0", "Duplicate ID 'rp0' for device", true },
	{ "id_of_the_root_bus", "-device pxb-cxl,bus=pcie.0,bus_nr=99,id=pcie.0", "Duplicate ID 'pcie.0' for device", true },
};

constexpr wrong_line port_lines[] = {
	{ "bus_not_found", "-device cxl-rp,bus=hb9", "property 'bus': Bus 'hb9' not found", true },
	{ "bus_declared_later", "-device cxl-rp,bus=hb9 -device pxb-cxl,bus=pcie.0,bus_nr=99,id=hb9", "Bus 'hb9' not found: it is declared later", true },
	{ "root_port_on_the_root_bus", "-device cxl-rp,bus=pcie.0", "'pcie.0' is the root bus; cxl-rp goes on a pxb-cxl", true },
	{ "root_port_below_a_root_port", "-device cxl-rp,bus=rp0", "'rp0' is a cxl-rp; cxl-rp goes on a pxb-cxl", true },
	{ "upstream_port_on_a_bridge", "-device cxl-upstream,bus=hb0", "'hb0' is a pxb-cxl; cxl-upstream goes on a cxl-rp or cxl-downstream", true },
	{ "downstream_port_on_a_root_port", "-device cxl-downstream,bus=rp0", "'rp0' is a cxl-rp; cxl-downstream goes on a cxl-upstream", true },
	{ "port_number_taken", "-device cxl-rp,bus=hb0,port=1", "property 'port': 1 is already used by 'rp1'", true },
	{ "address_taken", "-device cxl-rp,bus=hb0,port=2,addr=1", "property 'addr': 1 is already used by 'rp1'", true },
	{ "address_not_hexadecimal", "-device cxl-rp,bus=hb0,port=2,addr=x", "property 'addr': 'x' is not a PCI address", true },
	{ "address_above_31", "-device cxl-rp,bus=hb0,port=2,addr=20", "property 'addr': '20' is not a PCI address", true },
	{ "address_with_function", "-device cxl-rp,bus=hb0,port=2,addr=3.1", "property 'addr': '3.1' is not a PCI address", true },
	{ "chassis_slot_taken", "-device cxl-rp,bus=hb0,port=2,slot=5 -device cxl-rp,bus=hb0,port=3,slot=5,id=y", "id=y: property 'slot': Can't add chassis slot: chassis 0 slot 5", true },
	{ "hotplug_not_a_flag", "-device cxl-rp,bus=hb0,hotplug=2", "property 'hotplug': '2' is not on or off", true },
	{ "reserve", "-device cxl-rp,bus=hb0,bus-reserve=2", "property 'bus-reserve': reserving resources for hot-plug is not supported yet", true },
	{ "link_speed", "-device cxl-rp,bus=hb0,x-speed=12", "property 'x-speed': '12' is not supported; known: 2_5, 5, 8, 16, 32, 64", true },
	{ "link_width", "-device cxl-rp,bus=hb0,x-width=3", "property 'x-width': '3' is not supported", true },
	{ "upstream_serial_taken", "-device cxl-upstream,bus=rp0,sn=7 -device cxl-upstream,bus=rp1,sn=7", "property 'sn': 7 is already used by 'rp0/cxl-upstream.0'", true },
};

constexpr wrong_line memdev_lines[] = {
	{ "memdev_on_the_root_bus", "-device cxl-type3,bus=pcie.0,volatile-memdev=v0", "'pcie.0' is the root bus; cxl-type3 goes on a cxl-rp or cxl-downstream", true },
	{ "memdev_on_a_bridge", "-device cxl-type3,bus=hb0,volatile-memdev=v0", "'hb0' is a pxb-cxl", true },
	{ "memdev_on_an_upstream_port", "-device cxl-upstream,bus=rp0,id=us0 -device cxl-type3,bus=us0,volatile-memdev=v0", "'us0' is a cxl-upstream; cxl-type3 goes on", true },
	{ "port_has_a_device", "-device cxl-type3,bus=rp0,volatile-memdev=v0,id=a -device cxl-upstream,bus=rp0", "property 'bus': 'rp0' already has device 'a'", true },
	{ "slot_below_a_port", "-device cxl-type3,bus=rp0,volatile-memdev=v0,addr=1", "PCI: slot 1 is not valid", true },
	{ "no_memory", "-device cxl-type3,bus=rp0", "at least one memdev property must be set", true },
	{ "lsa_alone", "-device cxl-type3,bus=rp0,lsa=v0", "at least one memdev property must be set", true },
	{ "persistent_without_lsa", "-device cxl-type3,bus=rp0,persistent-memdev=v0", "lsa property must be set for persistent devices", true },
	{ "memdev_without_lsa", "-device cxl-type3,bus=rp0,memdev=v0", "lsa property must be set for persistent devices", true },
	{ "both_names_of_persistent", "-device cxl-type3,bus=rp0,memdev=v0,persistent-memdev=v0", "[memdev] cannot be used with new [persistent-memdev] property", true },
	{ "backend_not_found", "-device cxl-type3,bus=rp0,volatile-memdev=v9", "property 'volatile-memdev': memory backend 'v9' not found", true },
	{ "backend_used_twice_by_one", "-device cxl-type3,bus=rp0,volatile-memdev=v0,lsa=v0", "memory backend v0 can't be used multiple times.", true },
	{ "backend_used_by_two", "-device cxl-type3,bus=rp0,volatile-memdev=v0 -device cxl-type3,bus=rp1,volatile-memdev=v0", "memory backend v0 can't be used multiple times.", true },
	{ "memory_of_300_mb", "-object memory-backend-ram,id=x,size=300M -device cxl-type3,bus=rp0,volatile-memdev=x", "size 300M of memory backend 'x' is not a multiple of 256M", true },
	{ "lsa_below_4_kib", "-object memory-backend-ram,id=x,size=2K -device cxl-type3,bus=rp0,volatile-memdev=v0,lsa=x", "property 'lsa': size 2K of memory backend 'x' is not in 4K..4G-1", true },
	{ "lsa_of_4_gib", "-object memory-backend-ram,id=x,size=4G -device cxl-type3,bus=rp0,volatile-memdev=v0,lsa=x", "is not in 4K..4G-1", true },
	{ "partitionable_without_lsa", "-device cxl-type3,bus=rp0,partitionable-memdev=v0", "lsa property must be set for persistent devices", true },
	{ "partitionable_of_300_mb", "-object memory-backend-ram,id=x,size=300M -object memory-backend-ram,id=y,size=1M -device cxl-type3,bus=rp0,partitionable-memdev=x,lsa=y", "property 'partitionable-memdev': size 300M of memory backend 'x' is not a multiple of 256M", true },
	{ "state_alone", "-device cxl-type3,bus=rp0,state-memdev=v0", "at least one memdev property must be set", true },
	{ "state_below_64_kib", "-object memory-backend-ram,id=x,size=60K -device cxl-type3,bus=rp0,volatile-memdev=v0,state-memdev=x", "property 'state-memdev': size 60K of memory backend 'x' is not in 64K..", true },
	{ "state_used_twice", "-object memory-backend-ram,id=x,size=64K -device cxl-type3,bus=rp0,volatile-memdev=v0,lsa=x,state-memdev=x", "memory backend x can't be used multiple times.", true },
	{ "endpoint_with_12_decoders", "-device cxl-type3,bus=rp0,volatile-memdev=v0,hdm-decoders=12", "property 'hdm-decoders': '12' is not supported; known: 1, 2, 4, 6, 8, 10", true },
	{ "serial_taken", "-object memory-backend-ram,id=x,size=256M -device cxl-type3,bus=rp0,volatile-memdev=v0,sn=9,id=a -device cxl-type3,bus=rp1,volatile-memdev=x,sn=0x9", "property 'sn': 0x9 is already used by 'a'", true },
	{ "regions_without_memory", "-device cxl-type3,bus=rp0,volatile-memdev=v0,num-dc-regions=1", "dynamic capacity must have a backing device", true },
	{ "volatile_dc_without_regions", "-device cxl-type3,bus=rp0,volatile-dc-memdev=v0", "property 'volatile-dc-memdev': num-dc-regions is 0", true },
	{ "dc_size_without_regions", "-device cxl-type3,bus=rp0,dc-regions-total-size=1G,num-dc-regions=0", "property 'dc-regions-total-size': num-dc-regions is 0", true },
	{ "nine_regions", "-device cxl-type3,bus=rp0,dc-regions-total-size=9G,num-dc-regions=9", "property 'num-dc-regions': 9 is not in 0..8", true },
	{ "dc_size_below_256_mib", "-device cxl-type3,bus=rp0,dc-regions-total-size=128M,num-dc-regions=1", "property 'dc-regions-total-size': 128M is less than 256M", true },
	{ "regions_of_128_mib", "-device cxl-type3,bus=rp0,nonvolatile-dc-memdev=v0,num-dc-regions=2", "property 'nonvolatile-dc-memdev': 256M is not a multiple of 256M x 2 regions", true },
	{ "regions_of_384_mib", "-device cxl-type3,bus=rp0,dc-regions-total-size=768M,num-dc-regions=2", "property 'dc-regions-total-size': 768M is not a multiple of 256M x 2 regions", true },
	{ "two_kinds_of_dc", "-device cxl-type3,bus=rp0,volatile-dc-memdev=v0,dc-regions-total-size=1G,num-dc-regions=1", "property 'dc-regions-total-size': cannot be used together with 'volatile-dc-memdev'", true },
	{ "shareable_without_regions", "-device cxl-type3,bus=rp0,volatile-memdev=v0,dc-shareable=on", "property 'dc-shareable': num-dc-regions is 0", true },
	{ "dc_memory_with_a_tag", "-object memory-backend-ram,id=x,size=256M,tag=5be13bce-ae34-4a77-b6c3-16df975fcf1a -device cxl-type3,bus=rp0,volatile-memdev=v0,volatile-dc-memdev=x,num-dc-regions=1", "property 'volatile-dc-memdev': memory backend 'x' has a tag: it is dynamic capacity", true },
	{ "volatile_memory_with_a_tag", "-object memory-backend-ram,id=x,size=256M,tag=5be13bce-ae34-4a77-b6c3-16df975fcf1a -device cxl-type3,bus=rp0,volatile-memdev=x", "property 'volatile-memdev': memory backend 'x' has a tag: it is dynamic capacity", true },
	{ "dc_memory_used_twice", "-device cxl-type3,bus=rp0,volatile-memdev=v0,volatile-dc-memdev=v0,num-dc-regions=1", "memory backend v0 can't be used multiple times.", true },
	{ "dc_memory_not_found", "-device cxl-type3,bus=rp0,volatile-dc-memdev=v9,num-dc-regions=1", "property 'volatile-dc-memdev': memory backend 'v9' not found", true },
	{ "cdat_file", "-device cxl-type3,bus=rp0,cdat=x", "property 'cdat': a CDAT from a file is not supported yet", true },
	{ "latency_of_nothing", "-device cxl-type3,bus=rp0,volatile-memdev=v0,read-latency=0ns", "property 'read-latency': 0ns is not in 1ns..65534ns", true },
	{ "latency_that_no_entry_holds", "-device cxl-type3,bus=rp0,volatile-memdev=v0,write-latency=65535ns", "property 'write-latency': 65535ns is not in 1ns..65534ns", true },
	{ "latency_of_a_part_of_a_ns", "-device cxl-type3,bus=rp0,volatile-memdev=v0,read-latency=1500ps", "property 'read-latency': '1500ps' is not a whole number of nanoseconds", true },
	{ "latency_without_a_unit", "-device cxl-type3,bus=rp0,volatile-memdev=v0,read-latency=150", "property 'read-latency': '150' is not a time: the units are ps, ns, us and ms", true },
	{ "bandwidth_of_nothing", "-device cxl-type3,bus=rp0,volatile-memdev=v0,read-bandwidth=0", "property 'read-bandwidth': 0 is not in 1..655340", true },
	{ "bandwidth_that_no_entry_holds", "-device cxl-type3,bus=rp0,volatile-memdev=v0,write-bandwidth=655350", "property 'write-bandwidth': 655350 is not in 1..655340", true },
	{ "bandwidth_that_would_be_rounded", "-device cxl-type3,bus=rp0,volatile-memdev=v0,write-bandwidth=65535", "property 'write-bandwidth': 65535 is above 65534 and not a multiple of 10", true },
	{ "switch_latency", "-device cxl-upstream,bus=rp0,latency=70us", "property 'latency': 70us is not in 1ns..65534ns", true },
	{ "switch_bandwidth", "-device cxl-upstream,bus=rp0,bandwidth=99999", "property 'bandwidth': 99999 is above 65534 and not a multiple of 10", true },
	{ "hdm_db", "-device cxl-type3,bus=rp0,hdm-db=on", "property 'hdm-db': only 'off' is supported", true },
};

constexpr wrong_line window_lines[] = {
	{ "window_without_target", "-M cxl-fmw.0.size=4G", "Parameter 'cxl-fmw.0.targets.0' is missing", true },
	{ "window_without_size", "-M cxl-fmw.0.targets.0=hb0", "Parameter 'cxl-fmw.0.size' is missing", true },
	{ "window_target_not_found", "-M cxl-fmw.0.targets.0=hb9,cxl-fmw.0.size=4G", "property 'cxl-fmw.0.targets.0': Could not find pxb-cxl 'hb9'", true },
	{ "window_target_is_a_port", "-M cxl-fmw.0.targets.0=rp0,cxl-fmw.0.size=4G", "'rp0' is not a pxb-cxl", true },
	{ "window_target_twice", "-M cxl-fmw.0.targets.0=hb0,cxl-fmw.0.targets.1=hb0,cxl-fmw.0.size=4G", "property 'cxl-fmw.0.targets.1': 'hb0' is already a target", true },
	{ "window_targets_with_a_hole", "-M cxl-fmw.0.targets.0=hb0,cxl-fmw.0.targets.2=hb0,cxl-fmw.0.size=4G", "Parameter 'cxl-fmw.0.targets.1' is missing", true },
	{ "windows_with_a_hole", "-M cxl-fmw.1.targets.0=hb0,cxl-fmw.1.size=4G", "Parameter 'cxl-fmw.0' is missing", true },
	{ "window_index_too_large", "-M cxl-fmw.4000000000.size=4G", "'4000000000' is not an index in 0..255", true },
	{ "window_index_is_not_a_number", "-M cxl-fmw.x.size=4G", "property 'cxl-fmw.x.size' is not known", true },
	{ "window_property_unknown", "-M cxl-fmw.0.colour=1", "property 'cxl-fmw.0.colour' is not known", true },
	{ "window_size_zero", "-M cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=0", "property 'cxl-fmw.0.size': 0 is less than 256M", true },
	{ "window_size_not_of_256_mib", "-M cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=300M", "property 'cxl-fmw.0.size': 300M is not a multiple of 256M", true },
	{ "window_granularity_too_small", "-M cxl-fmw.0.interleave-granularity=128", "property 'cxl-fmw.0.interleave-granularity': 128 is not in 256..16K", true },
	{ "window_granularity_too_large", "-M cxl-fmw.0.interleave-granularity=32k", "32k is not in 256..16K", true },
	{ "window_granularity_no_power_of_two", "-M cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=4G,cxl-fmw.0.interleave-granularity=768", "768 is not a power of two", true },
	{ "window_arithmetic_unknown", "-M cxl-fmw.0.interleave-arithmetic=sum", "property 'cxl-fmw.0.interleave-arithmetic': 'sum' is not supported; known: modulo, xor", true },
	{ "window_map_without_xor", "-M cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=4G,cxl-fmw.0.xor-maps.0=0x100", "property 'cxl-fmw.0.xor-maps.0': cxl-fmw.0.interleave-arithmetic is not xor", true },
	{ "window_map_of_no_bit", "-M cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=4G,cxl-fmw.0.interleave-arithmetic=xor,cxl-fmw.0.xor-maps.0=0x100", "property 'cxl-fmw.0.xor-maps.0': windows of 1-way interleave have 0 maps", true },
	{ "window_map_zero", "-M cxl-fmw.0.xor-maps.0=0", "property 'cxl-fmw.0.xor-maps.0': 0 is not in 1..4503599627370495", true },
	{ "window_above_52_bits", "-M cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=4P", "the fixed memory windows do not fit in 52 bits of address", true },
};
/* clang-format on */

namespace
{

std::string row_name(const testing::TestParamInfo<wrong_line> &info)
{
	return info.param.name;
}

} // namespace

INSTANTIATE_TEST_SUITE_P(syntax, options_error, testing::ValuesIn(syntax_lines), row_name);
INSTANTIATE_TEST_SUITE_P(machine, options_error, testing::ValuesIn(machine_lines), row_name);
INSTANTIATE_TEST_SUITE_P(option, options_error, testing::ValuesIn(option_lines), row_name);
INSTANTIATE_TEST_SUITE_P(backend, options_error, testing::ValuesIn(backend_lines), row_name);
INSTANTIATE_TEST_SUITE_P(bridge, options_error, testing::ValuesIn(bridge_lines), row_name);
INSTANTIATE_TEST_SUITE_P(port, options_error, testing::ValuesIn(port_lines), row_name);
INSTANTIATE_TEST_SUITE_P(memdev, options_error, testing::ValuesIn(memdev_lines), row_name);
INSTANTIATE_TEST_SUITE_P(window, options_error, testing::ValuesIn(window_lines), row_name);

TEST(options_error, five_targets_are_not_a_number_of_ways)
{
	words args = split("-M virt,cxl=on");
	std::string window = "cxl-fmw.0.size=4G";
	for (int i = 0; i < 5; i++) {
		const std::string n = std::to_string(i);
		args = args + split("-device pxb-cxl,bus=pcie.0,id=hb" + n + ",bus_nr=1" + n);
		window += ",cxl-fmw.0.targets." + n + "=hb" + n;
	}
	EXPECT_NE(error_of(args + words{ "-M", window })
			  .find("property 'cxl-fmw.0.targets': 5 targets; known: 1, 2, 3, 4, 6, 8, "
				"12, 16"),
		  std::string::npos);
}

TEST(options_error, xor_maps_that_cannot_be_are_named)
{
	const struct {
		const char *more, *text;
	} cases[] = {
		{ "xor-maps.2=0x400",
		  "'cxl-fmw.1.xor-maps.2': windows of 4-way interleave have 2 maps" },
		{ "xor-maps.1=0x10100",
		  "'cxl-fmw.1.xor-maps.1': the lowest set bit has to be 0x200" },
		{ "xor-maps.0=0x700,cxl-fmw.1.xor-maps.1=0xa00",
		  "'cxl-fmw.1.xor-maps': applied twice the maps change an address" },
		{ "xor-maps.0=0x10100", "'cxl-fmw.1.xor-maps.0': windows of one granularity share "
					"their maps, and another one has 0x2020900" },
		{ "xor-maps.0=0x10400,cxl-fmw.1.interleave-granularity=1k,cxl-fmw.1.xor-maps.1="
		  "0x20800",
		  "" },
	};
	words args =
		split("-M virt,cxl=on -M cxl-fmw.0.interleave-arithmetic=xor,cxl-fmw.0.size=4G");

	for (const std::string n : { "0", "1", "2", "3" })
		args = args + split("-device pxb-cxl,bus=pcie.0,id=hb" + n + ",bus_nr=1" + n +
				    " -M cxl-fmw.1.targets." + n + "=hb" + n);
	args = args + split("-M cxl-fmw.0.targets.0=hb1,cxl-fmw.0.targets.1=hb0");
	for (const auto &c : cases) {
		const words all =
			args + split("-M cxl-fmw.1.size=4G,cxl-fmw.1.interleave-arithmetic=xor,"
				     "cxl-fmw.1." +
				     std::string(c.more));
		if (*c.text) {
			EXPECT_NE(error_of(all).find(c.text), std::string::npos) << error_of(all);
			continue;
		}
		const vcxl::machine m = machine_of(all);
		EXPECT_EQ(m.windows[0].xor_maps, std::vector<uint64_t>{ 0x2020900 });
	}
}

TEST(options_error, a_bus_has_room_for_32_root_ports)
{
	words args = split("-M virt,cxl=on -device pxb-cxl,bus=pcie.0,id=hb,bus_nr=1");
	for (int i = 0; i < 32; i++)
		args = args + split("-device cxl-rp,bus=hb,port=" + std::to_string(i));
	EXPECT_EQ(machine_of(args).nodes.back().devfn, 31u << 3);
	EXPECT_NE(error_of(args + split("-device cxl-rp,bus=hb,port=32"))
			  .find("property 'bus': 'hb' is full: 32 devices"),
		  std::string::npos);
}

TEST(options_error, there_are_at_most_16_host_bridges)
{
	words args = split("-M virt,cxl=on");
	for (int i = 0; i < 16; i++)
		args = args + split("-device pxb-cxl,bus=pcie.0,bus_nr=1" + std::to_string(i + 10));
	EXPECT_EQ(machine_of(args).nodes.size(), 16u);
	EXPECT_NE(error_of(args + split("-device pxb-cxl,bus=pcie.0,bus_nr=200"))
			  .find("there are at most 16 host bridges"),
		  std::string::npos);
}

TEST(options_error, control_characters_in_an_argument_stay_on_one_line)
{
	EXPECT_EQ(error_of({ "-m", "4\n\x7fG" }).rfind("-m 4\\x0a\\x7fG: ", 0), 0u);
}

TEST(options_error, an_empty_word_and_an_empty_argument_are_errors)
{
	EXPECT_EQ(error_of({ "" }).rfind("'': is not an option", 0), 0u);
	EXPECT_EQ(error_of({ "-device", "" }), "-device : is empty");
	EXPECT_EQ(error_of({ "-kernel", "" }), "-kernel : is empty");
}

TEST(options_error, readconfig_names_file_line_and_section)
{
	const std::string bad_property = data_file("bad_property.conf");
	EXPECT_EQ(error_of({ "-readconfig", bad_property })
			  .rfind("-readconfig " + bad_property +
					 " line 3 [device \"rp0\"]: property 'colour' is not known",
				 0),
		  0u);
	EXPECT_NE(error_of({ "-readconfig", data_file("bad_group.conf") })
			  .find("line 3: There is no option group 'netdev'"),
		  std::string::npos);
	EXPECT_NE(error_of({ "-readconfig", data_file("bad_quote.conf") })
			  .find("line 4: expected key = \"value\""),
		  std::string::npos);
	EXPECT_NE(error_of({ "-readconfig", data_file("bad_start.conf") })
			  .find("line 3: a section is missing before"),
		  std::string::npos);
}
