// SPDX-License-Identifier: Apache-2.0
//
// Memory devices that a monitor plugs in and takes out while a guest uses them
// (sw/guest/hotplug.c), which checks registers, links and traps itself.
#include <cstring>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "qmp_client.h"
#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

constexpr char done[] = R"({"return":{}})";

// A window over one host bridge, and a port "p" for one device: a root port, or one of a switch.
words machine_with(const scratch &dir, const std::string &guest, bool below_switch,
		   const words &more = {})
{
	words args{ "-M",      "virt,cxl=on,cxl-fmw.0.targets.0=hb,cxl-fmw.0.size=4G",
		    "-m",      "128M",
		    "-bios",   "none",
		    "-kernel", std::string(VCXL_GUEST_DIR) + "/" + guest,
		    "-qmp",    "unix:" + dir.file("q") + ",server=on,wait=off",
		    "-device", "pxb-cxl,bus_nr=12,bus=pcie.0,id=hb" };
	const words root{ "-device", "cxl-rp,bus=hb,id=p,port=0,slot=7" };
	const words with_switch{ "-device", "cxl-rp,bus=hb,id=rp,port=0,hotplug=off",
				 "-device", "cxl-upstream,bus=rp,id=us",
				 "-device", "cxl-downstream,bus=us,id=p,port=3,slot=7" };
	const words &ports = below_switch ? with_switch : root;

	args.insert(args.end(), ports.begin(), ports.end());
	args.insert(args.end(), more.begin(), more.end());
	return args;
}

std::string file_object(const std::string &id, const std::string &path)
{
	return R"({"qom-type":"memory-backend-file","id":")" + id + R"(","mem-path":")" + path +
	       R"(","size":268435456,"share":true})";
}

std::string device(const std::string &id, const std::string &memory, const std::string &more = "")
{
	return R"({"driver":"cxl-type3","bus":"p","id":")" + id + R"(","volatile-memdev":")" +
	       memory + '"' + more + "}";
}

uint64_t first_word(const std::string &path)
{
	std::ifstream in(path, std::ios::binary);
	uint64_t word = UINT64_MAX;

	in.read(reinterpret_cast<char *>(&word), sizeof(word));
	return word;
}

void expect_comes_and_goes(bool below_switch)
{
	const scratch dir;
	running program(machine_with(dir, "hotplug.elf", below_switch), dir);
	const std::string path = dir.file("m");

	ASSERT_TRUE(program.wait_for("waiting")) << program.output();
	qmp_client qmp(dir);
	EXPECT_EQ(qmp.ask("object-add", file_object("m", path)), done);
	for (int round = 1; round <= 10; round++) {
		const std::string n = std::to_string(round);
		const std::string holds = round == 1 ? "0" : std::to_string(1000 + round - 1);

		EXPECT_EQ(qmp.ask("device_add", device("d" + n, "m", R"(,"sn":"0x1234")")), done);
		ASSERT_TRUE(program.wait_for("round " + n + ": serial 0x1234 holds " + holds))
			<< program.output();
		EXPECT_EQ(qmp.ask("device_del", R"({"id":"d)" + n + "\"}"), done);
		EXPECT_EQ(qmp.event(), "DEVICE_DELETED d" + n);
		ASSERT_TRUE(program.wait_for("round " + n + ": gone")) << program.output();
		EXPECT_EQ(first_word(path), 1000u + static_cast<unsigned>(round));
	}
	EXPECT_EQ(qmp.ask("object-del", R"({"id":"m"})"), done);
	// the same file, mapped anew, and another one
	EXPECT_EQ(qmp.ask("object-add", file_object("other", dir.file("o"))), done);
	EXPECT_EQ(qmp.ask("object-add", file_object("m", path)), done);
	EXPECT_EQ(qmp.ask("device_add", device("d", "m")), done);
	ASSERT_TRUE(program.wait_for("holds 1010")) << program.output();
	EXPECT_EQ(qmp.ask("device_del", R"({"id":"d"})"), done);
	EXPECT_EQ(qmp.event(), "DEVICE_DELETED d");
	EXPECT_EQ(qmp.ask("device_add", device("d", "other")), done);
	ASSERT_TRUE(program.wait_for("round 12: serial")) << program.output();
	EXPECT_NE(program.output().find(" holds 0", program.output().find("round 12")),
		  std::string::npos);
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
	EXPECT_EQ(first_word(path), 1011u);
	EXPECT_EQ(first_word(dir.file("o")), 1012u);
}

} // namespace

TEST(hotplug, devices_come_and_go_below_a_root_port)
{
	expect_comes_and_goes(false);
}

TEST(hotplug, devices_come_and_go_below_a_switch)
{
	expect_comes_and_goes(true);
}

TEST(hotplug, what_is_added_before_the_start_or_before_a_reset_is_simply_there)
{
	const scratch dir;
	running program(machine_with(dir, "hotplug.elf", false,
				     { "-S", "-object",
				       "memory-backend-file,id=m,share=on,size=256M,mem-path=" +
					       dir.file("m") }),
			dir);
	qmp_client qmp(dir);

	EXPECT_EQ(qmp.ask("device_add", device("gone", "m")), done);
	EXPECT_EQ(qmp.ask("device_del", R"({"id":"gone"})"), done);
	EXPECT_EQ(qmp.event(), "DEVICE_DELETED gone");
	EXPECT_EQ(qmp.ask("device_add", device("d", "m", R"(,"sn":77)")), done);
	EXPECT_EQ(qmp.ask("cont"), done);
	EXPECT_EQ(qmp.event(), "RESUME");
	ASSERT_TRUE(program.wait_for("round 1: serial 0x4d holds 0")) << program.output();
	EXPECT_EQ(qmp.ask("system_reset"), done);
	EXPECT_EQ(qmp.event(), "RESET host-qmp-system-reset");
	ASSERT_TRUE(program.wait_for("round 1: serial 0x4d holds 1001")) << program.output();
	EXPECT_EQ(qmp.ask("device_del", R"({"id":"d"})"), done);
	EXPECT_EQ(qmp.event(), "DEVICE_DELETED d");
	EXPECT_TRUE(program.wait_for("gone"));
	EXPECT_EQ(qmp.ask("system_reset"), done);
	EXPECT_EQ(qmp.event(), "RESET host-qmp-system-reset");
	EXPECT_EQ(qmp.ask("device_add", device("e", "m")), done);
	EXPECT_TRUE(program.wait_for("holds 1001")) << program.output();
}

const words cold{ "-object", "memory-backend-ram,id=m,size=256M", "-device",
		  "cxl-type3,bus=p,id=d,volatile-memdev=m" };

TEST(hotplug, a_device_of_the_command_line_leaves_when_the_guest_gives_it_free)
{
	const scratch dir;
	running program(machine_with(dir, "hotplug.elf", false, cold), dir);

	ASSERT_TRUE(program.wait_for("round 1: serial")) << program.output();
	qmp_client qmp(dir);
	EXPECT_EQ(qmp.ask("device_del", R"({"id":"d"})"), done);
	EXPECT_EQ(qmp.event(), "DEVICE_DELETED d");
	EXPECT_EQ(qmp.ask("stop"), done);
	EXPECT_EQ(qmp.event(), "STOP");
	EXPECT_EQ(qmp.ask("device_add", device("d", "m")), done);
	EXPECT_FALSE(program.wait_for("round 2", 0.2)) << "time stands still";
	EXPECT_EQ(qmp.ask("cont"), done);
	EXPECT_TRUE(program.wait_for("holds 1001")) << program.output();
}

TEST(hotplug, a_guest_that_does_not_listen_keeps_its_device_and_a_reset_forgets_the_request)
{
	THROWS_BESIDE_SYSTEMC();
	const scratch dir;
	running program(machine_with(dir, "reboot_patient.elf", false, cold), dir);
	const std::string del = R"({"id":"d"})";

	ASSERT_TRUE(program.wait_for("1"));
	qmp_client qmp(dir);
	EXPECT_EQ(qmp.ask("device_del", del), done);
	EXPECT_NE(qmp.ask("device_del", del).find("Device 'd' is already in the process of unplug"),
		  std::string::npos);
	EXPECT_NE(qmp.ask("object-del", R"({"id":"m"})").find("is in use by 'd'"),
		  std::string::npos);
	EXPECT_EQ(qmp.ask("system_reset"), done);
	EXPECT_EQ(qmp.event(), "RESET host-qmp-system-reset");
	EXPECT_EQ(qmp.ask("device_del", del), done);
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(qmp.event(), "SHUTDOWN host-qmp-quit");
	EXPECT_EQ(program.wait(), 0);
}

TEST(hotplug, what_cannot_be_is_refused_by_name_and_changes_nothing)
{
	THROWS_BESIDE_SYSTEMC();
	const scratch dir;
	const words more{ "-object", "memory-backend-ram,id=m,size=256M",
			  "-object", "memory-backend-ram,id=used,size=256M",
			  "-object", "memory-backend-ram,id=small,size=1M",
			  "-device", "cxl-rp,bus=hb,id=fixed,port=1,slot=8,hotplug=off",
			  "-device", "cxl-rp,bus=hb,id=fixed2,port=2,slot=9,hotplug=off",
			  "-device", "cxl-type3,bus=fixed,id=there,volatile-memdev=used,sn=5" };
	running program(machine_with(dir, "reboot_patient.elf", false, more), dir);
	const struct {
		const char *command;
		std::string arguments, said;
	} rows[] = {
		{ "device_add", "{}", "Parameter 'driver' is missing" },
		{ "device_add", R"({"driver":"cxl-type3"})", "Parameter 'bus' is missing" },
		{ "device_add", R"({"driver":"cxl-type4","bus":"p"})", "'cxl-type4' is not known" },
		{ "device_add", R"({"driver":"cxl-rp","bus":"hb"})",
		  "'cxl-rp' does not support hotplugging" },
		{ "device_add", R"({"driver":"virtio-rng-pci"})",
		  "'virtio-rng-pci' does not support hotplugging" },
		{ "device_add", device("d", "m", R"(,"colour":1)"), "'colour' is not known" },
		{ "device_add", device("d", "m", R"(,"sn":[1])"), "parameter type for 'sn'" },
		{ "device_add", device("d", "m", R"(,"sn":5)"), "5 is already used by 'there'" },
		{ "device_add", device("1d", "m"), "expects an identifier, not '1d'" },
		{ "device_add", device("there", "m"), "Duplicate ID 'there'" },
		{ "device_add", device("d", "none"), "memory backend 'none' not found" },
		{ "device_add", device("d", "used"), "used can't be used multiple times" },
		{ "device_add", device("d", "small"), "is not a multiple of 256M" },
		{ "device_add", R"({"driver":"cxl-type3","bus":"q","volatile-memdev":"m"})",
		  "Bus 'q' not found" },
		{ "device_add", R"({"driver":"cxl-type3","bus":"fixed2","volatile-memdev":"m"})",
		  "Bus 'fixed2' does not support hotplugging: its port has hotplug=off" },
		{ "device_del", "{}", "Parameter 'id' is missing" },
		{ "device_del", R"({"id":"d"})", "Device 'd' not found" },
		{ "device_del", R"({"id":"there"})", "Bus 'fixed' does not support hotplugging" },
		{ "device_del", R"({"id":"p"})", "Device 'p' does not support hotplugging" },
		{ "object-add", R"({"qom-type":"memory-backend-ram"})", "'id' is missing" },
		{ "object-add", R"({"qom-type":"memory-backend-ram","id":"n"})",
		  "'size' is missing" },
		{ "object-add", R"({"qom-type":"memory-backend-ram","id":"m","size":4096})",
		  "Duplicate ID 'm'" },
		{ "object-add", R"({"qom-type":"rng-random","id":"n"})",
		  "'rng-random' is not known" },
		{ "object-add", file_object("n", dir.file("no/such")), "cannot be created" },
		{ "object-del", R"({"id":"n"})", "object 'n' not found" },
		{ "object-del", R"({"id":"used"})", "object 'used' is in use by 'there'" },
	};

	ASSERT_TRUE(program.wait_for("1"));
	qmp_client qmp(dir);
	for (const auto &row : rows) {
		const std::string answer = qmp.ask(row.command, row.arguments);

		EXPECT_NE(answer.find("\"error\""), std::string::npos) << answer;
		EXPECT_NE(answer.find(row.said), std::string::npos)
			<< row.command << " " << row.arguments << "\n"
			<< answer;
	}
	EXPECT_EQ(
		qmp.ask("object-add", R"({"qom-type":"memory-backend-ram","id":"n","size":4096})"),
		done);
	EXPECT_EQ(qmp.ask("device_add", device("d", "m")), done);
	EXPECT_NE(qmp.ask("device_add", device("e", "n")).find("'p' already has device 'd'"),
		  std::string::npos);
	// without power it needs nobody's consent
	EXPECT_EQ(qmp.ask("device_del", R"({"id":"d"})"), done);
	EXPECT_EQ(qmp.event(), "DEVICE_DELETED d");
	for (const char *id : { "m", "n", "small" })
		EXPECT_EQ(qmp.ask("object-del", R"({"id":")" + std::string(id) + "\"}"), done);
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
}

} // namespace vcxl_test
