// SPDX-License-Identifier: Apache-2.0
//
// The QMP monitor as scripts use it: over a local socket, against a guest that runs.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "gdb_client.h"
#include "qmp_client.h"
#include "socket_client.h"
#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

words guest(const std::string &program, const scratch &dir, const words &more = {})
{
	words args{ "-M",      "virt",
		    "-m",      "64M",
		    "-bios",   "none",
		    "-kernel", std::string(VCXL_GUEST_DIR) + "/" + program,
		    "-qmp",    "unix:" + dir.file("q") + ",server=on,wait=off" };

	args.insert(args.end(), more.begin(), more.end());
	return args;
}

} // namespace

TEST(qmp, stopped_time_stands_still_and_goes_on)
{
	const scratch dir;
	running program(guest("reboot_patient.elf", dir), dir);
	long long stopped = 0, resumed = 0, again = 0;

	ASSERT_TRUE(program.wait_for("1"));
	qmp_client qmp(dir);
	EXPECT_EQ(qmp.ask("query-status"), R"({"return":{"running":true,"status":"running"}})");
	EXPECT_EQ(qmp.ask("stop"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(&stopped), "STOP");
	EXPECT_EQ(qmp.ask("query-status"), R"({"return":{"running":false,"status":"paused"}})");
	usleep(100000);
	EXPECT_EQ(qmp.ask("cont"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(&resumed), "RESUME");
	EXPECT_EQ(resumed, stopped);
	usleep(100000);
	EXPECT_EQ(qmp.ask("stop"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(&again), "STOP");
	EXPECT_GT(again, resumed);
	EXPECT_EQ(qmp.ask("quit"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(), "SHUTDOWN host-qmp-quit");
	EXPECT_EQ(program.wait(), 0);
	EXPECT_FALSE(std::filesystem::exists(dir.file("q")));
}

TEST(qmp, system_reset_boots_again)
{
	const scratch dir;
	running program(guest("reboot_patient.elf", dir), dir);
	qmp_client qmp(dir);

	for (const char *boots : { "1\n", "1\n2\n", "1\n2\n3\n" }) {
		ASSERT_TRUE(program.wait_for(boots)) << program.output();
		EXPECT_EQ(qmp.ask("system_reset"), R"({"return":{}})");
		EXPECT_EQ(qmp.event(), "RESET host-qmp-system-reset");
	}
	ASSERT_TRUE(program.wait_for("4"));
	EXPECT_EQ(qmp.ask("quit"), R"({"return":{}})");
	EXPECT_EQ(program.wait(), 0);
}

TEST(qmp, a_machine_that_waits_for_nothing_else_waits_for_its_monitor)
{
	const scratch dir;
	running program(guest("reboot_patient.elf", dir, { "-serial", "file:" + dir.file("out") }),
			dir);
	const auto printed = [&dir](const std::string &text) {
		for (int tries = 0; tries < 2000; tries++) {
			std::ifstream in(dir.file("out"));

			if (std::string{ std::istreambuf_iterator<char>(in), {} } == text)
				return true;
			usleep(10000);
		}
		return false;
	};
	qmp_client qmp(dir);

	ASSERT_TRUE(printed("1\n"));
	EXPECT_EQ(qmp.ask("system_reset"), R"({"return":{}})");
	ASSERT_TRUE(printed("1\n2\n")); // and the hart waits
	usleep(50000);
	EXPECT_EQ(qmp.ask("query-status"), R"({"return":{"running":true,"status":"running"}})");
	EXPECT_EQ(qmp.ask("system_reset"), R"({"return":{}})");
	ASSERT_TRUE(printed("1\n2\n3\n"));
	EXPECT_EQ(qmp.ask("quit"), R"({"return":{}})");
	EXPECT_EQ(program.wait(), 0);
}

TEST(qmp, system_reset_of_a_stopped_machine_takes_place_at_once_and_leaves_it_stopped)
{
	const scratch dir;
	running program(guest("reboot_patient.elf", dir, { "-S" }), dir);
	qmp_client qmp(dir);
	long long stopped = 0, reset = 0;

	EXPECT_EQ(qmp.ask("system_reset"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(&reset), "RESET host-qmp-system-reset");
	EXPECT_EQ(reset, 0);
	EXPECT_EQ(qmp.ask("query-status"), R"({"return":{"running":false,"status":"prelaunch"}})");
	EXPECT_EQ(qmp.ask("cont"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(), "RESUME");
	ASSERT_TRUE(program.wait_for("1\n")) << program.output();

	EXPECT_EQ(qmp.ask("stop"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(&stopped), "STOP");
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(qmp.ask("system_reset"), R"({"return":{}})");
		EXPECT_EQ(qmp.event(&reset), "RESET host-qmp-system-reset");
		EXPECT_EQ(reset, stopped);
	}
	EXPECT_EQ(qmp.ask("query-status"), R"({"return":{"running":false,"status":"paused"}})");
	EXPECT_FALSE(program.wait_for("2", 0.2)) << "it stays stopped";
	EXPECT_EQ(qmp.ask("cont"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(), "RESUME");
	EXPECT_TRUE(program.wait_for("2\n")) << program.output();
	EXPECT_EQ(qmp.ask("quit"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(), "SHUTDOWN host-qmp-quit") << "one reset for each request";
	EXPECT_EQ(program.wait(), 0);
	EXPECT_EQ(program.output(), "1\n2\n");
}

TEST(qmp, a_reset_that_was_asked_for_does_not_wait_behind_a_stop)
{
	const scratch dir;
	running program(guest("reboot_patient.elf", dir), dir);

	ASSERT_TRUE(program.wait_for("1\n"));
	qmp_client qmp(dir);
	// together, so that both are taken before the kernel goes on
	EXPECT_EQ(qmp.raw(R"({"execute":"system_reset"}{"execute":"stop"})"
			  "\n"),
		  R"({"return":{}})");
	EXPECT_EQ(qmp.event(), "STOP");
	EXPECT_EQ(qmp.event(), "RESET host-qmp-system-reset");
	EXPECT_EQ(qmp.line(), R"({"return":{}})");
	EXPECT_EQ(qmp.ask("cont"), R"({"return":{}})");
	EXPECT_TRUE(program.wait_for("2\n")) << program.output();
}

TEST(qmp, on_a_chardev_system_reset_ends_the_run_with_no_reboot)
{
	const scratch dir;
	running program({ "-M", "virt", "-m", "64M", "-bios", "none", "-no-reboot", "-kernel",
			  std::string(VCXL_GUEST_DIR) + "/reboot_patient.elf", "-mon",
			  "chardev=monitor,mode=control", "-chardev",
			  "socket,id=monitor,path=" + dir.file("q") + ",server=on,wait=off" },
			dir);
	qmp_client qmp(dir);

	EXPECT_EQ(qmp.ask("system_reset"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(), "SHUTDOWN host-qmp-system-reset");
	EXPECT_EQ(program.wait(), 0);
}

TEST(qmp, a_stopped_start_waits_for_cont_and_events_tell_of_the_guest)
{
	const scratch dir;
	running program(guest("reboot_1.elf", dir, { "-S" }), dir);
	qmp_client qmp(dir);
	long long at = -1;

	EXPECT_EQ(qmp.ask("query-status"), R"({"return":{"running":false,"status":"prelaunch"}})");
	EXPECT_EQ(qmp.ask("cont"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(&at), "RESUME");
	EXPECT_EQ(at, 0);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(qmp.event(), "RESET guest-reset");
	EXPECT_EQ(qmp.event(), "SHUTDOWN guest-shutdown");
	EXPECT_EQ(program.wait(), 0);
	EXPECT_EQ(program.output(), "1234\n");
}

TEST(qmp, a_reset_needs_the_files_of_the_boot_images_no_more)
{
	const scratch dir;
	const std::string elf = dir.file("image.elf");

	std::filesystem::copy_file(std::string(VCXL_GUEST_DIR) + "/reboot_patient.elf", elf);
	running program({ "-M", "virt", "-m", "64M", "-bios", "none", "-kernel", elf, "-qmp",
			  "unix:" + dir.file("q") + ",server,nowait" },
			dir);
	ASSERT_TRUE(program.wait_for("1"));
	qmp_client qmp(dir);

	std::filesystem::remove(elf);
	EXPECT_EQ(qmp.ask("system_reset"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(), "RESET host-qmp-system-reset");
	EXPECT_TRUE(program.wait_for("2"));
}

TEST(qmp, clients_that_misbehave_or_vanish_harm_nothing)
{
	THROWS_BESIDE_SYSTEMC();
	const scratch dir;
	running program(guest("reboot_patient.elf", dir), dir);

	for (const std::string &bad :
	     { std::string("{\"execute\":\"st"), std::string("\0\xff\n{", 4),
	       std::string(1 << 20, '['), std::string(2 << 20, '{') + "\n", std::string() }) {
		socket_client client(dir.file("q"));

		client.send(bad);
	}
	{
		qmp_client qmp(dir);

		EXPECT_EQ(
			qmp.raw("nonsense\n"),
			R"({"error":{"class":"GenericError","desc":"JSON parse error, expecting value"}})");
		EXPECT_EQ(qmp.ask("stop"), R"({"return":{}})");
	}
	// it stays stopped: the next client finds it so
	qmp_client qmp(dir);

	EXPECT_EQ(qmp.ask("query-status"), R"({"return":{"running":false,"status":"paused"}})");
	EXPECT_NE(qmp.ask("system_powerdown").find("only Linux behind OpenSBI"), std::string::npos);
	EXPECT_EQ(qmp.ask("quit"), R"({"return":{}})");
	EXPECT_EQ(program.wait(), 0);
}

TEST(qmp, injects_for_clients_one_after_the_other_also_for_one_that_does_not_wait)
{
	THROWS_BESIDE_SYSTEMC();
	const scratch dir;
	const std::string event =
		R"({"execute":"cxl-inject-general-media-event","arguments":{"path":"mem0",)"
		R"("log":"warning","flags":0,"dpa":4096,"descriptor":0,"type":0,)"
		R"("transaction-type":0}})";
	running program(guest("reboot_patient.elf", dir,
			      { "-M", "virt,cxl=on", "-object", "memory-backend-ram,id=m,size=256M",
				"-device", "pxb-cxl,bus_nr=12,bus=pcie.0,id=cxl.0", "-device",
				"cxl-rp,bus=cxl.0,id=rp0,chassis=0,slot=0", "-device",
				"cxl-type3,bus=rp0,volatile-memdev=m,id=mem0", "--trace",
				dir.file("trace"), "--trace-events", "event.*,ras.*" }),
			dir);

	{
		socket_client hasty(dir.file("q"));

		hasty.send("{\"execute\":\"qmp_capabilities\"}" + event + event);
		hasty.line(); // the greeting: the server is at it
		hasty.line();
	}
	{
		qmp_client qmp(dir);

		EXPECT_EQ(
			qmp.raw(R"({"execute":"cxl-inject-poison","arguments":{"path":"mem1"}})"),
			R"({"error":{"class":"GenericError","desc":"Parameter 'start' is missing"}})");
		EXPECT_EQ(
			qmp.raw(R"({"execute":"cxl-inject-poison","arguments":{"path":"mem1",)"
				R"("start":0,"length":64}})"),
			R"({"error":{"class":"GenericError","desc":"Unable to resolve path 'mem1'"}})");
	}
	qmp_client qmp(dir);

	EXPECT_EQ(qmp.ask("stop"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(), "STOP");
	EXPECT_EQ(qmp.raw(event), R"({"return":{}})");
	// masked, as after every reset
	EXPECT_EQ(qmp.raw(R"({"execute":"cxl-inject-correctable-error","arguments":{"path":"mem0",)"
			  R"("type":"physical"}})"),
		  R"({"return":{}})");
	const std::string state = qmp.ask("query-cxl");

	EXPECT_NE(state.find(R"("handle":3)"), std::string::npos) << state;
	EXPECT_EQ(state.find(R"("handle":4)"), std::string::npos) << state;
	EXPECT_EQ(qmp.ask("query-cxl"), state);
	EXPECT_EQ(qmp.ask("quit"), R"({"return":{}})");
	EXPECT_EQ(program.wait(), 0);
	std::ifstream in(dir.file("trace"));
	const std::string trace{ std::istreambuf_iterator<char>(in), {} };

	for (const char *record : { "log=1 handle=0x1", "log=1 handle=0x2", "log=1 handle=0x3" })
		EXPECT_NE(trace.find(record), std::string::npos) << trace;
	EXPECT_EQ(trace.find("ras."), std::string::npos) << trace;
}

TEST(qmp, signals_end_a_stopped_machine)
{
	const scratch dir;
	running program(guest("reboot_patient.elf", dir), dir);
	qmp_client qmp(dir);

	EXPECT_EQ(qmp.ask("stop"), R"({"return":{}})");
	program.signal(SIGTERM);
	EXPECT_EQ(qmp.event(), "STOP");
	EXPECT_EQ(qmp.event(), "SHUTDOWN host-signal");
	EXPECT_EQ(program.wait(), 130);
}

TEST(qmp, starts_the_guest_while_no_debugger_is_there)
{
	const scratch dir;
	running program(guest("reboot_patient.elf", dir, { "-S", "-gdb", "unix:" + dir.file("g") }),
			dir);
	qmp_client qmp(dir);
	long long at = -1;

	EXPECT_EQ(qmp.ask("query-status"), R"({"return":{"running":false,"status":"prelaunch"}})");
	EXPECT_FALSE(program.wait_for("1", 0.3));
	EXPECT_EQ(qmp.ask("cont"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(&at), "RESUME");
	EXPECT_EQ(at, 0);
	EXPECT_TRUE(program.wait_for("1"));
	EXPECT_EQ(qmp.ask("query-status"), R"({"return":{"running":true,"status":"running"}})");
	// one that comes later finds the guest as any other
	gdb_client gdb(dir.file("g"));

	EXPECT_NE(gdb.reg(32), 0x1000u);
	EXPECT_EQ(qmp.ask("query-status"), R"({"return":{"running":false,"status":"debug"}})");
	EXPECT_EQ(qmp.ask("quit"), R"({"return":{}})");
	EXPECT_EQ(program.wait(), 0);
}

TEST(qmp, says_nothing_to_what_stands_behind_quit)
{
	const scratch dir;
	running program(guest("reboot_patient.elf", dir), dir);
	qmp_client qmp(dir);

	EXPECT_EQ(qmp.raw("{\"execute\":\"quit\"}{\"execute\":\"query-status\"}\n"),
		  R"({"return":{}})");
	EXPECT_EQ(qmp.event(), "SHUTDOWN host-qmp-quit");
	EXPECT_EQ(qmp.line(), "CLOSED");
	EXPECT_EQ(program.wait(), 0);
}

TEST(qmp, a_debugger_sees_the_machine_as_after_the_reset_and_goes_on_from_there)
{
	const scratch dir;
	const std::string program = "reboot_1.elf",
			  elf = std::string(VCXL_GUEST_DIR) + "/" + program;
	const uint64_t loaded = elf_symbol(elf, "loaded"), boots = 0x83000000;
	constexpr unsigned pc = 32, mscratch = 65 + 0x340;
	running vcxl(guest(program, dir, { "-S", "-gdb", "unix:" + dir.file("g") }), dir);
	gdb_client gdb(dir.file("g"));
	qmp_client qmp(dir);

	// in the middle of a quantum: the guest spoils the word behind its first checks, then
	// mscratch
	ASSERT_EQ(gdb.ask("Z0," + hex(elf_symbol(elf, "run")) + ",4"), "OK");
	ASSERT_EQ(gdb.ask("c"), "T05thread:1;");
	ASSERT_EQ(gdb.ask("Z2," + hex(loaded) + ",4"), "OK");
	ASSERT_EQ(gdb.ask("c"), "T05thread:1;watch:" + hex(loaded) + ";");
	ASSERT_EQ(gdb.memory(loaded) & 0xffffffff, 0xbadu);
	ASSERT_EQ(gdb.memory(boots), 1u);
	ASSERT_TRUE(gdb.set_reg(mscratch, 77));

	EXPECT_EQ(qmp.ask("system_reset"), R"({"return":{}})");
	EXPECT_EQ(qmp.event(), "RESET host-qmp-system-reset");
	EXPECT_EQ(qmp.ask("query-status"), R"({"return":{"running":false,"status":"debug"}})");
	EXPECT_EQ(gdb.reg(pc), 0x1000u);
	EXPECT_EQ(gdb.reg(mscratch), 0u);
	EXPECT_EQ(gdb.memory(loaded) & 0xffffffff, 0x600du) << "from the image again";
	EXPECT_EQ(gdb.memory(boots), 1u) << "outside it";

	ASSERT_EQ(gdb.ask("z2," + hex(loaded) + ",4"), "OK");
	EXPECT_EQ(gdb.ask("s"), "T05thread:1;");
	EXPECT_EQ(gdb.reg(pc), 0x1004u);
	EXPECT_EQ(gdb.ask("c"), "T05thread:1;");
	EXPECT_EQ(gdb.reg(pc), elf_symbol(elf, "run"));
	// from one breakpoint to another, which the hart does not meet twice
	ASSERT_EQ(gdb.ask("Z0,1000,4"), "OK");
	EXPECT_EQ(qmp.ask("system_reset"), R"({"return":{}})");
	EXPECT_EQ(gdb.reg(pc), 0x1000u);
	EXPECT_EQ(gdb.ask("c"), "T05thread:1;");
	EXPECT_EQ(gdb.reg(pc), 0x1000u);
	EXPECT_EQ(gdb.ask("c"), "T05thread:1;");
	EXPECT_EQ(gdb.reg(pc), elf_symbol(elf, "run"));
	ASSERT_EQ(gdb.ask("z0,1000,4"), "OK");
	ASSERT_EQ(gdb.ask("z0," + hex(elf_symbol(elf, "run")) + ",4"), "OK");
	EXPECT_EQ(gdb.ask("D"), "OK");
	EXPECT_EQ(vcxl.wait(), 0);
	EXPECT_EQ(vcxl.output(), "1234\n");
}

TEST(qmp, a_hart_that_was_ahead_of_a_reset_begins_together_with_time)
{
	const scratch dir;
	const std::string program = "reboot_patient.elf";
	constexpr unsigned time = 65 + 0xc01;
	running vcxl(guest(program, dir, { "-S", "-gdb", "unix:" + dir.file("g") }), dir);
	gdb_client gdb(dir.file("g"));
	qmp_client qmp(dir);

	ASSERT_EQ(gdb.ask("Z0," +
			  hex(elf_symbol(std::string(VCXL_GUEST_DIR) + "/" + program, "run")) +
			  ",4"),
		  "OK");
	ASSERT_EQ(gdb.ask("c"), "T05thread:1;");
	for (int i = 0; i < 300; i++) // a step takes 1 ns, a tick of time 100 ns
		ASSERT_EQ(gdb.ask("s"), "T05thread:1;");
	EXPECT_GE(gdb.reg(time), 3u);
	EXPECT_EQ(qmp.ask("system_reset"), R"({"return":{}})");
	EXPECT_EQ(gdb.ask("s"), "T05thread:1;");
	EXPECT_EQ(gdb.reg(time), 0u);
	EXPECT_EQ(gdb.ask("D"), "OK");
	EXPECT_TRUE(vcxl.wait_for("1\n2\n")) << vcxl.output();
}

TEST(qmp, harts_of_a_machine_that_was_reset_while_stopped_begin_together)
{
	const scratch dir;
	const std::string program = "reboot_4.elf",
			  elf = std::string(VCXL_GUEST_DIR) + "/" + program;
	running vcxl(guest(program, dir, { "-smp", "4", "-S", "-gdb", "unix:" + dir.file("g") }),
		     dir);
	gdb_client gdb(dir.file("g"));
	qmp_client qmp(dir);

	// the hart that comes there first is ahead of the kernel, the others have not begun
	ASSERT_EQ(gdb.ask("Z0," + hex(elf_symbol(elf, "run")) + ",4"), "OK");
	ASSERT_EQ(gdb.ask("c").find("T05thread:"), 0u);
	EXPECT_EQ(qmp.ask("system_reset"), R"({"return":{}})");
	for (unsigned hart = 1; hart <= 4; hart++) {
		ASSERT_EQ(gdb.ask("Hg" + std::to_string(hart)), "OK");
		EXPECT_EQ(gdb.reg(32), 0x1000u);
	}
	EXPECT_EQ(gdb.ask("D"), "OK");
	EXPECT_EQ(vcxl.wait(), 0);
	EXPECT_EQ(vcxl.output(), "1234\n");
}

TEST(qmp, answers_while_a_debugger_holds_the_machine)
{
	const scratch dir;
	running program(guest("reboot_patient.elf", dir, { "-S", "-gdb", "unix:" + dir.file("g") }),
			dir);
	gdb_client gdb(dir.file("g"));
	qmp_client qmp(dir);

	EXPECT_EQ(gdb.reg(32), 0x1000u);
	EXPECT_EQ(qmp.ask("query-status"), R"({"return":{"running":false,"status":"debug"}})");
	EXPECT_NE(qmp.ask("cont").find("the debugger holds the machine"), std::string::npos);
	// stopped by both: it runs when both let it
	EXPECT_EQ(qmp.ask("stop"), R"({"return":{}})");
	gdb.send("c");
	EXPECT_FALSE(program.wait_for("1", 0.3));
	EXPECT_EQ(qmp.ask("query-status"), R"({"return":{"running":false,"status":"paused"}})");
	EXPECT_EQ(qmp.ask("cont"), R"({"return":{}})");
	EXPECT_TRUE(program.wait_for("1"));
	EXPECT_EQ(qmp.ask("quit"), R"({"return":{}})");
	EXPECT_EQ(program.wait(), 0);
}

} // namespace vcxl_test
