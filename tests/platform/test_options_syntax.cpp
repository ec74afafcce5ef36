// SPDX-License-Identifier: Apache-2.0
//
// QEMU's option syntax, defaults, and what the options store: everything that is accepted.
#include <cstdio>
#include <fstream>

#include <unistd.h>

#include "test_options.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>

using namespace option_test;
namespace fs = std::filesystem;

namespace
{

// A new directory, removed at the end.
class options_files : public testing::Test
{
protected:
	void SetUp() override
	{
		std::string name = (fs::temp_directory_path() / "vcxl_options_XXXXXX").string();
		ASSERT_NE(mkdtemp(name.data()), nullptr);
		dir = name;
	}
	void TearDown() override { fs::remove_all(dir); }

	std::string path(const char *name) const { return (dir / name).string(); }

	std::string write(const char *name, const std::string &content) const
	{
		std::ofstream(path(name), std::ios::binary) << content;
		return path(name);
	}

	std::string read(const char *name) const
	{
		std::ifstream stream(path(name), std::ios::binary);
		std::ostringstream text;
		text << stream.rdbuf();
		return text.str();
	}

	size_t count() const
	{
		size_t n = 0;
		for (const auto &entry : fs::directory_iterator(dir)) {
			EXPECT_FALSE(entry.path().empty());
			n++;
		}
		return n;
	}

	fs::path dir;
};

uint64_t ram(const std::string &text)
{
	return machine_of({ "-m", text }).ram_size;
}

uint64_t quantum(const std::string &text)
{
	return machine_of({ "--quantum", text }).quantum_ps;
}

} // namespace

TEST(options_syntax, no_words_give_the_default_machine)
{
	const vcxl::options result = parse({});
	EXPECT_EQ(result.action, vcxl::option_action::run);
	const vcxl::machine &m = result.config;
	EXPECT_EQ(m.type, "virt");
	EXPECT_EQ(m.ram_size, 0x8000000u);
	EXPECT_EQ(m.max_ram_size, 0u);
	EXPECT_EQ(m.harts, 1u);
	EXPECT_TRUE(m.nodes.empty());
	EXPECT_TRUE(m.windows.empty());
	EXPECT_EQ(m.serial.kind, vcxl::serial_kind::stdio);
	EXPECT_EQ(m.quantum_ps, 10'000'000u);
	EXPECT_EQ(m.max_steps, 0u);
	EXPECT_EQ(m.trace_path, "");
	EXPECT_EQ(m.trace_format, "text");
	EXPECT_FALSE(m.statistics);
	EXPECT_FALSE(m.no_reboot);
}

TEST(options_syntax, sizes_take_suffixes_in_either_case_and_m_counts_mib)
{
	EXPECT_EQ(ram("512"), 0x20000000u);
	EXPECT_EQ(ram("65536K"), 0x4000000u);
	EXPECT_EQ(ram("512m"), 0x20000000u);
	EXPECT_EQ(ram("2g"), 0x80000000u);
	EXPECT_EQ(ram("1T"), 0x10000000000u);
	EXPECT_EQ(ram("1P"), 0x4000000000000u);
	EXPECT_EQ(ram("0x200"), 0x20000000u);
	EXPECT_EQ(ram("67108864B"), 0x4000000u);
	EXPECT_EQ(ram("size=2G"), 0x80000000u);
}

TEST(options_syntax, sizes_elsewhere_count_bytes)
{
	const vcxl::machine m = machine_of(split("-object memory-backend-ram,id=a,size=4097 "
						 "-object memory-backend-memfd,id=b,size=0x1000"));
	EXPECT_EQ(m.backends.at(0).size, 4097u);
	EXPECT_EQ(m.backends.at(1).size, 4096u);
	EXPECT_FALSE(m.backends[0].share);
	EXPECT_TRUE(m.backends[1].share);
	EXPECT_EQ(m.backends[1].kind, vcxl::backend_kind::memfd);
}

TEST(options_syntax, repeated_machine_memory_and_smp_options_are_merged_and_the_last_counts)
{
	const vcxl::machine m =
		machine_of(split("-M q35 -m 1G,maxmem=4G -smp 2 -machine type=virt -m 2G -smp 4"));
	EXPECT_EQ(m.type, "virt");
	EXPECT_EQ(m.ram_size, 0x80000000u);
	EXPECT_EQ(m.max_ram_size, 0x100000000u);
	EXPECT_EQ(m.harts, 4u);
}

TEST(options_syntax, flags_take_all_of_qemus_words)
{
	for (const char *on : { "on", "yes", "true", "y" }) {
		const vcxl::machine m = machine_of(
			two_ports() + split(std::string("-device cxl-rp,id=x,port=2,bus=hb0,"
							"x-256b-flit=") +
					    on));
		EXPECT_TRUE(node_named(m, "x").pcie.flit_256b) << on;
	}
	for (const char *off : { "off", "no", "false", "n" }) {
		const vcxl::machine m = machine_of(
			two_ports() + split(std::string("-device cxl-rp,id=x,port=2,bus=hb0,"
							"x-256b-flit=") +
					    off));
		EXPECT_FALSE(node_named(m, "x").pcie.flit_256b) << off;
	}
}

TEST(options_syntax, the_implied_first_key_may_be_written_out_and_stand_anywhere)
{
	const vcxl::machine m =
		machine_of(split("-M cxl=on,type=q35 -smp cpus=2 -object "
				 "id=v0,size=256M,qom-type=memory-backend-ram "
				 "-device bus=pcie.0,bus_nr=1,driver=pxb-cxl,id=hb0"));
	EXPECT_EQ(m.type, "q35");
	EXPECT_EQ(m.harts, 2u);
	EXPECT_EQ(m.backends.at(0).id, "v0");
	EXPECT_EQ(m.nodes.at(0).id, "hb0");
}

TEST(options_syntax, objects_may_stand_behind_the_devices_that_use_them)
{
	const vcxl::machine m = machine_of(
		two_ports() + split("-device cxl-type3,bus=rp0,volatile-memdev=late,id=mem0 "
				    "-object memory-backend-ram,id=late,size=512M"));
	EXPECT_EQ(node_named(m, "mem0").volatile_media, 1);
	EXPECT_EQ(m.backends.at(1).user, "mem0");
	EXPECT_EQ(m.backends.at(0).user, "");
}

TEST(options_syntax, quantum_takes_ps_ns_us_and_ms)
{
	EXPECT_EQ(quantum("1000ps"), 1'000u);
	EXPECT_EQ(quantum("25ns"), 25'000u);
	EXPECT_EQ(quantum("100us"), 100'000'000u);
	EXPECT_EQ(quantum("2ms"), 2'000'000'000u);
}

TEST(options_syntax, what_qemu_users_type_by_habit_is_accepted)
{
	const vcxl::machine m = machine_of(
		split("-M virt,aia=aplic-imsic,acpi=off -cpu rv64 -nographic -display none "
		      "-monitor none -no-reboot -bios none"));
	EXPECT_EQ(m.bios, "none");
	EXPECT_TRUE(m.no_reboot);
	EXPECT_EQ(m.serial.kind, vcxl::serial_kind::stdio);
}

TEST(options_syntax, nodefaults_takes_the_console_away_unless_serial_gives_one)
{
	EXPECT_EQ(machine_of({ "-nodefaults" }).serial.kind, vcxl::serial_kind::null);
	EXPECT_EQ(machine_of(split("-serial stdio -nodefaults")).serial.kind,
		  vcxl::serial_kind::stdio);
	EXPECT_EQ(machine_of(split("-serial null")).serial.kind, vcxl::serial_kind::null);
}

TEST(options_syntax, chardevs_say_what_serial_and_qmp_say)
{
	const vcxl::machine m =
		machine_of(split("-serial chardev:s -mon q,mode=control "
				 "-chardev socket,id=q,path=/tmp/q,server=on,wait=off "
				 "-chardev socket,port=7,host=::1,id=s"));

	EXPECT_EQ(m.qmp, "unix:/tmp/q,server=on,wait=off");
	EXPECT_EQ(m.serial.kind, vcxl::serial_kind::socket);
	EXPECT_EQ(m.serial.path, "tcp:::1:7,server=off,wait=on");
	EXPECT_TRUE(machine_of(split("-chardev stdio,id=a,mux=on,signal=off -serial chardev:a"))
			    .serial.escapes);
	EXPECT_FALSE(machine_of(split("-chardev stdio,id=a -serial chardev:a")).serial.escapes);
	EXPECT_EQ(machine_of(split("-chardev null,id=a -serial chardev:a")).serial.kind,
		  vcxl::serial_kind::null);
}

TEST(options_syntax, a_monitor_may_have_an_id_as_libvirt_gives_it)
{
	EXPECT_EQ(machine_of(split("-chardev socket,id=c,path=q,server=on,wait=off "
				   "-mon chardev=c,id=monitor,mode=control"))
			  .qmp,
		  "unix:q,server=on,wait=off");
}

TEST(options_syntax, sockets_may_meet_where_nobody_listens_or_the_last_gdb_counts)
{
	EXPECT_EQ(machine_of(split("-serial unix:s -qmp unix:s")).qmp, "unix:s");
	EXPECT_EQ(machine_of(split("-gdb unix:s -gdb unix:s")).gdb, "unix:s");
	EXPECT_EQ(machine_of(split("-gdb unix:s -gdb none -qmp unix:s")).qmp, "unix:s");
}

TEST(options_syntax, only_the_default_console_and_mon_stdio_know_escapes)
{
	EXPECT_TRUE(machine_of({}).serial.escapes);
	EXPECT_TRUE(machine_of(split("-nographic")).serial.escapes);
	EXPECT_TRUE(machine_of(split("-serial mon:stdio")).serial.escapes);
	EXPECT_FALSE(machine_of(split("-serial stdio")).serial.escapes);
	EXPECT_EQ(machine_of(split("-serial unix:s,server,nowait")).serial.kind,
		  vcxl::serial_kind::socket);
}

TEST(options_syntax, own_options_are_stored)
{
	const vcxl::machine m = machine_of(split("--trace - --trace-format json "
						 "--trace-events mem.*,hdm.commit "
						 "--max-steps 0x1000 --stats"));
	EXPECT_EQ(m.trace_path, "-");
	EXPECT_EQ(m.trace_format, "json");
	EXPECT_EQ(m.trace_events, "mem.*,hdm.commit");
	EXPECT_EQ(m.max_steps, 4096u);
	EXPECT_TRUE(m.statistics);
}

TEST(options_topology, first_free_address_is_taken_around_given_ones)
{
	const vcxl::machine m = machine_of(split(
		"-M virt,cxl=on -device pxb-cxl,bus=pcie.0,bus_nr=1,id=hb "
		"-device cxl-rp,bus=hb,port=0,addr=1.0,id=a -device cxl-rp,bus=hb,port=1,id=b "
		"-device cxl-rp,bus=hb,port=2,id=c -device cxl-rp,bus=hb,port=3,addr=0x1f,id=d"));
	EXPECT_EQ(node_named(m, "a").devfn, 8u);
	EXPECT_EQ(node_named(m, "b").devfn, 0u);
	EXPECT_EQ(node_named(m, "c").devfn, 16u);
	EXPECT_EQ(node_named(m, "d").devfn, 0xf8u);
}

TEST(options_topology, default_slots_are_the_first_that_nobody_asked_for)
{
	const vcxl::machine m = machine_of(
		two_ports() + split("-device cxl-rp,bus=hb0,port=2,slot=0,id=a "
				    "-device cxl-rp,bus=hb0,port=3,slot=0,chassis=1,id=b"));
	EXPECT_EQ(node_named(m, "a").slot, 0u);
	EXPECT_EQ(node_named(m, "b").slot, 0u);
	EXPECT_EQ(node_named(m, "b").chassis, 1u);
	EXPECT_EQ(node_named(m, "rp0").slot, 1u);
	EXPECT_EQ(node_named(m, "rp1").slot, 2u);
}

TEST(options_topology, passthrough_bridge_has_decoders_unless_they_are_switched_off)
{
	const std::string one = "-M virt,cxl=on -device pxb-cxl,bus=pcie.0,bus_nr=1,id=hb";
	const std::string port = " -device cxl-rp,bus=hb,port=0";
	EXPECT_TRUE(machine_of(split(one + port)).nodes.at(0).hdm);
	const vcxl::machine off = machine_of(split(one + ",hdm_for_passthrough=off" + port));
	EXPECT_FALSE(off.nodes.at(0).hdm);
	EXPECT_EQ(off.nodes[0].n_decoders, 0u);
	EXPECT_TRUE(machine_of(split(one + ",hdm_for_passthrough=off")).nodes.at(0).hdm);
	const vcxl::machine two = machine_of(
		split(one + ",hdm_for_passthrough=off" + port + " -device cxl-rp,bus=hb,port=1"));
	EXPECT_TRUE(two.nodes.at(0).hdm);
	EXPECT_EQ(two.nodes[0].n_decoders, 10u);
}

TEST(options_topology, decoder_counts_and_links_are_stored)
{
	const vcxl::machine m = machine_of(split(
		"-M virt,cxl=on -object memory-backend-ram,id=v,size=256M "
		"-device pxb-cxl,bus=pcie.0,bus_nr=1,id=hb,hdm-decoders=32 "
		"-device cxl-rp,bus=hb,id=rp,x-speed=64,x-width=8,x-256b-flit=on "
		"-device cxl-type3,bus=rp,volatile-memdev=v,hdm-decoders=10,x-speed=2_5,id=m"));
	EXPECT_EQ(node_named(m, "hb").n_decoders, 32u);
	EXPECT_EQ(node_named(m, "rp").pcie.speed, 6u);
	EXPECT_EQ(node_named(m, "rp").pcie.width, 8u);
	EXPECT_TRUE(node_named(m, "rp").pcie.flit_256b);
	EXPECT_EQ(node_named(m, "m").n_decoders, 10u);
	EXPECT_EQ(node_named(m, "m").pcie.speed, 1u);
	EXPECT_EQ(node_named(m, "m").pcie.width, 16u);
}

TEST(options_topology, latencies_and_bandwidths_are_stored_and_have_defaults)
{
	const auto all = [](const vcxl::access_coordinates &c) {
		return std::vector<uint64_t>{ c.read_latency_ps, c.write_latency_ps,
					      c.read_bandwidth, c.write_bandwidth };
	};
	using list = std::vector<uint64_t>;
	const std::string device = " -device cxl-downstream,bus=us,id=ds -device "
				   "cxl-type3,bus=ds,volatile-memdev=v0,id=m";
	const vcxl::machine given = machine_of(
		two_ports() +
		split("-device cxl-upstream,bus=rp0,id=us,latency=65534ns,bandwidth=655340" +
		      device +
		      ",read-latency=1ns,write-latency=2us,read-bandwidth=1,write-bandwidth="
		      "65534"));
	const vcxl::machine plain =
		machine_of(two_ports() + split("-device cxl-upstream,bus=rp0,id=us" + device));

	EXPECT_EQ(all(node_named(given, "us").crossing),
		  (list{ 65'534'000, 65'534'000, 655'340, 655'340 }));
	EXPECT_EQ(all(node_named(given, "m").media), (list{ 1'000, 2'000'000, 1, 65'534 }));
	EXPECT_EQ(all(node_named(plain, "us").crossing),
		  (list{ 150'000, 150'000, 16'384, 16'384 }));
	EXPECT_EQ(all(node_named(plain, "m").media), (list{ 150'000, 250'000, 16'000, 16'000 }));
}

TEST(options_topology, switches_may_stand_below_switches)
{
	const vcxl::machine m = machine_of(
		two_ports() +
		split("-device cxl-upstream,bus=rp0,id=us0 -device "
		      "cxl-downstream,bus=us0,port=3,id=ds0 "
		      "-device cxl-upstream,bus=ds0,id=us1 -device cxl-downstream,bus=us1,id=ds1 "
		      "-device cxl-type3,bus=ds1,volatile-memdev=v0,id=mem0"));
	EXPECT_EQ(node_named(m, "us1").parent, 4);
	EXPECT_EQ(node_named(m, "mem0").parent, 6);
	EXPECT_EQ(node_named(m, "ds0").port_number, 3u);
}

TEST(options_topology, serials_come_from_the_position_and_do_not_depend_on_order_or_neighbours)
{
	const words tail = split("-device cxl-type3,bus=rp1,volatile-memdev=v0,id=mem1");
	const uint64_t alone = node_named(machine_of(two_ports() + tail), "mem1").serial;
	const vcxl::machine m = machine_of(
		two_ports() +
		split("-object memory-backend-ram,id=v1,size=256M "
		      "-device cxl-upstream,bus=rp0,id=us0 -device cxl-downstream,bus=us0,id=ds0 "
		      "-device cxl-type3,bus=ds0,volatile-memdev=v1,id=mem0") +
		tail);
	EXPECT_EQ(alone, 0x10c01u); // 0c:01.0
	EXPECT_EQ(node_named(m, "mem1").serial, alone);
	EXPECT_EQ(node_named(m, "us0").serial, 0x10c00u);
	EXPECT_EQ(node_named(m, "mem0").serial, 0x10c0000u);
}

TEST(options_topology, given_serials_are_kept_and_defaults_avoid_them)
{
	const vcxl::machine m =
		machine_of(two_ports() +
			   split("-object memory-backend-ram,id=v1,size=256M "
				 "-device cxl-type3,bus=rp1,volatile-memdev=v0,id=a "
				 "-device cxl-type3,bus=rp0,volatile-memdev=v1,id=b,sn=0x10c01"));
	EXPECT_EQ(node_named(m, "b").serial, 0x10c01u);
	EXPECT_EQ(node_named(m, "a").serial, 0x10c02u);
}

TEST(options_topology, serials_differ_and_are_not_zero_however_deep_the_cascade)
{
	words args = two_ports();
	std::string bus = "rp0";
	for (int i = 0; i < 20; i++) {
		const std::string n = std::to_string(i);
		args = args + split("-device cxl-upstream,bus=" + bus + ",id=us" + n +
				    " -device cxl-downstream,bus=us" + n + ",id=ds" + n);
		bus = "ds" + n;
	}
	const vcxl::machine m = machine_of(args);
	std::vector<uint64_t> seen;
	for (const vcxl::node &n : m.nodes) {
		if (n.kind != vcxl::node_kind::upstream_port)
			continue;
		EXPECT_NE(n.serial, 0u);
		EXPECT_EQ(std::count(seen.begin(), seen.end(), n.serial), 0) << n.id;
		seen.push_back(n.serial);
	}
	EXPECT_EQ(seen.size(), 20u);
}

TEST(options_topology, serials_of_deep_cascades_do_not_depend_on_the_order_of_the_words)
{
	const words bridges = split("-M virt,cxl=on -device pxb-cxl,bus=pcie.0,bus_nr=12,id=a "
				    "-device pxb-cxl,bus=pcie.0,bus_nr=100,id=b");
	words below[2];
	for (const std::string side : { "a", "b" }) {
		words &args = below[side == "b"];
		args = split("-device cxl-rp,bus=" + side + ",id=" + side + "ds0");
		for (int i = 0; i < 12; i++) {
			const std::string n = std::to_string(i), next = std::to_string(i + 1);
			args = args +
			       split("-device cxl-upstream,bus=" + side + "ds" + n + ",id=" + side +
				     "us" + n + " -device cxl-downstream,bus=" + side + "us" + n +
				     ",id=" + side + "ds" + next);
		}
	}
	const vcxl::machine ab = machine_of(bridges + below[0] + below[1]);
	const vcxl::machine ba = machine_of(bridges + below[1] + below[0]);
	for (const char *id : { "aus0", "aus11", "bus0", "bus11" })
		EXPECT_EQ(node_named(ab, id).serial, node_named(ba, id).serial) << id;
}

TEST(options_topology, nodes_without_id_are_named_by_position)
{
	const vcxl::machine m = machine_of(split(
		"-M virt,cxl=on -object memory-backend-ram,id=v,size=256M "
		"-device pxb-cxl,bus=pcie.0,bus_nr=7 "
		"-device pxb-cxl,bus=pcie.0,bus_nr=12,id=hb -device cxl-rp,bus=hb,addr=4 "
		"-device cxl-rp,bus=hb,port=1,id=rp -device cxl-type3,bus=rp,volatile-memdev=v"));
	EXPECT_EQ(m.nodes.at(0).id, "pcie.0/pxb-cxl.7");
	EXPECT_EQ(m.nodes.at(2).id, "hb/cxl-rp.4");
	EXPECT_EQ(m.nodes.at(4).id, "rp/cxl-type3.0");
	EXPECT_EQ(m.backends.at(0).user, "rp/cxl-type3.0");
}

TEST(options_topology, windows_take_every_number_of_ways_that_the_specification_has)
{
	words args = split("-M virt,cxl=on");
	for (int i = 0; i < 16; i++) {
		const std::string n = std::to_string(i);
		args = args + split("-device pxb-cxl,bus=pcie.0,id=hb" + n +
				    ",bus_nr=" + std::to_string(i + 1));
	}
	for (const size_t ways : { 1u, 2u, 3u, 4u, 6u, 8u, 12u, 16u }) {
		std::string window = "cxl-fmw.0.size=" + std::to_string(256 * ways) + "M";
		for (size_t i = 0; i < ways; i++) {
			// backwards: the order of the words is not the order of the targets
			const std::string n = std::to_string(ways - 1 - i);
			window += ",cxl-fmw.0.targets." + n + "=hb" + n;
		}
		const vcxl::machine m = machine_of(args + words{ "-M", window });
		ASSERT_EQ(m.windows.at(0).targets.size(), ways);
		for (size_t i = 0; i < ways; i++)
			EXPECT_EQ(m.windows[0].targets[i], static_cast<int>(i));
	}
}

TEST_F(options_files, a_double_comma_is_a_comma_in_a_value)
{
	const std::string name = write("a,b", "");
	std::string typed = name;
	typed.replace(typed.find(','), 1, ",,");
	const vcxl::machine m = machine_of(
		{ "-object", "memory-backend-file,id=f,size=1M,mem-path=" + typed + ",share=on" });
	EXPECT_EQ(m.backends.at(0).path, name);
	EXPECT_TRUE(m.backends[0].share);
}

TEST_F(options_files, nothing_is_created_or_truncated_by_parsing)
{
	for (const char *name : { "media", "trace", "signature", "dtb", "serial" })
		write(name, "keep");
	const std::string d = dir.string() + "/";
	const words twice[] = {
		split("-object memory-backend-file,id=a,size=256M,share=on,mem-path=" + d +
		      "media "
		      "--trace " +
		      d + "trace --signature " + d + "signature --dump-dtb " + d +
		      "dtb --dump-acpi " + d + "acpi/ -serial file:" + d + "serial"),
		split("-object memory-backend-file,id=a,size=256M,share=on,mem-path=" + d +
		      "media2 "
		      "--trace " +
		      d + "trace2 --signature " + d + "signature2 --dump-dtb " + d +
		      "dtb2 -serial file:" + d + "serial2"),
	};
	for (const words &args : twice) {
		const vcxl::machine m = machine_of(args);
		EXPECT_EQ(m.serial.kind, vcxl::serial_kind::file);
		EXPECT_EQ(m.serial.path.find(d + "serial"), 0u);
	}
	for (const char *name : { "media", "trace", "signature", "dtb", "serial" })
		EXPECT_EQ(read(name), "keep") << name;
	EXPECT_EQ(count(), 5u);
}

TEST_F(options_files, a_read_only_file_must_hold_all_of_the_backend)
{
	const std::string file = write("f", std::string(8192, 'x'));
	const std::string object = "memory-backend-file,id=f,readonly=on,mem-path=" + file;
	const vcxl::machine m = machine_of({ "-object", object + ",size=4K,offset=4K,pmem=on" });
	EXPECT_TRUE(m.backends.at(0).readonly);
	EXPECT_TRUE(m.backends[0].pmem);
	EXPECT_EQ(m.backends[0].offset, 4096u);
	EXPECT_NE(error_of({ "-object", object + ",size=8K,offset=4K" })
			  .find("is smaller than offset + size and read-only"),
		  std::string::npos);
}

TEST_F(options_files, kernel_initrd_append_and_bios_are_stored)
{
	const std::string kernel = write("Image", "k"), initrd = write("rd", "i");
	const std::string bios = write("fw.bin", "b");
	const vcxl::machine m = machine_of({ "-kernel", kernel, "-initrd", initrd, "-append",
					     "console=ttyS0 a,b=c", "-bios", bios });
	EXPECT_EQ(m.kernel, kernel);
	EXPECT_EQ(m.initrd, initrd);
	EXPECT_EQ(m.append, "console=ttyS0 a,b=c");
	EXPECT_EQ(m.bios, bios);
}

TEST_F(options_files, boot_config_holds_the_content_of_the_file)
{
	const std::string file = write("boot", "commit all\nlock hb0\n");
	EXPECT_EQ(machine_of({ "--boot-config", file }).boot_config, "commit all\nlock hb0\n");
	const std::string binary = write("binary", std::string("a\0b", 3));
	EXPECT_NE(error_of({ "--boot-config", binary }).find("is not a text file"),
		  std::string::npos);
	const std::string large = write("large", std::string((1 << 20) + 1, 'x'));
	EXPECT_NE(error_of({ "--boot-config", large }).find("is larger than 1M"),
		  std::string::npos);
}

TEST_F(options_files, readconfig_takes_comments_blank_lines_and_carriage_returns)
{
	const std::string file = write("c", "# comment\r\n\r\n  [memory]\r\n\tsize = \"2G\"\r\n");
	EXPECT_EQ(machine_of({ "-readconfig", file }).ram_size, 0x80000000u);
}

TEST_F(options_files, readconfig_takes_a_monitor_with_its_id)
{
	const std::string file = write("m", "[chardev \"c\"]\nbackend = \"socket\"\npath = \"q\"\n"
					    "server = \"on\"\nwait = \"off\"\n"
					    "[mon \"m\"]\nchardev = \"c\"\nmode = \"control\"\n");

	EXPECT_EQ(machine_of({ "-readconfig", file }).qmp, "unix:q,server=on,wait=off");
}

TEST_F(options_files, readconfig_of_any_bytes_is_an_error_or_a_machine)
{
	const std::string pieces[] = { "[",         "]",           "[]",           "[ ]", "[device",
				       "[device ]", "[device \"]", "[device \"x]", "=",   "= \"\"",
				       "a=",        "a = \"",      "\"",           "\x80" };
	for (const std::string &a : pieces)
		for (const std::string &b : pieces)
			EXPECT_NE(error_of({ "-readconfig", write("c", a + "\n" + b + "\n") }), "")
				<< a << " then " << b;
}

TEST_F(options_files, damaged_command_lines_are_an_error_or_a_machine)
{
	constexpr unsigned seed = 20240601;
	SCOPED_TRACE("seed " + std::to_string(seed));
	std::mt19937 random(seed);
	const auto below = [&](size_t n) { return static_cast<size_t>(random()) % n; };
	const std::string alphabet = ",,==..-09xkKgG0123[]{} \"\\?\x80\x01";
	unsigned errors = 0, machines = 0;
	for (unsigned run = 0; run < 3000; run++) {
		words args = args_file(run % 2 ? "doc5.args" : "note2.args");
		for (size_t n = below(3); n; n--) {
			std::string &word = args[below(args.size())];
			const size_t at = below(word.size() + 1);
			if (below(2) || at == word.size())
				word.insert(at, 1, alphabet[below(alphabet.size())]);
			else
				word.erase(at, 1 + below(6));
		}
		const std::string error = error_of(args);
		EXPECT_EQ(error.find('\n'), std::string::npos);
		(error.empty() ? machines : errors)++;
	}
	EXPECT_GT(errors, 500u);
	EXPECT_GT(machines, 500u);
	EXPECT_EQ(count(), 0u);
}
