// SPDX-License-Identifier: Apache-2.0
//
// Debugging sessions over GDB's remote serial protocol (GDB manual, appendix E), as GDB would have
// them with the firmware: breakpoints, traps, CSRs, a watched address of interleaved CXL memory.
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "gdb_client.h"
#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

constexpr uint64_t mib = 1024 * 1024;
constexpr uint64_t window0 = 0x1000000000;
// GDB's numbers of registers: 0..31 x, 32 pc, 33..64 f, 65 + n CSR n
constexpr unsigned a0 = 10, a1 = 11, a6 = 16, a7 = 17, pc = 32, csr = 65;
constexpr unsigned stvec = csr + 0x105, mcause = csr + 0x342, mepc = csr + 0x341, priv = 4161;

std::string firmware()
{
	const std::filesystem::path program = VCXL_PROGRAM;

	return (program.parent_path().parent_path() / "share/vcxl/firmware.elf").string();
}

// Two devices behind two bridges, dealt out by 256 bytes; nothing runs before the client says so.
words two_way(const scratch &dir, const words &more = {})
{
	words args{ "-M", "virt,cxl=on", "-m", "256M", "-nographic", "-S" };

	for (const char *i : { "0", "1" }) {
		const std::string n = i, bus = i[0] == '0' ? "12" : "222";
		const words device = {
			"-object",
			"memory-backend-file,id=b" + n + ",share=on,size=256M,mem-path=m" + n,
			"-device",
			"pxb-cxl,bus_nr=" + bus + ",bus=pcie.0,id=cxl" + n,
			"-device",
			"cxl-rp,port=0,bus=cxl" + n + ",id=rp" + n + ",chassis=0,slot=" + n,
			"-device",
			"cxl-type3,bus=rp" + n + ",volatile-memdev=b" + n + ",id=mem" + n,
		};

		args.insert(args.end(), device.begin(), device.end());
	}
	args.insert(args.end(), { "-M", "cxl-fmw.0.targets.0=cxl0,cxl-fmw.0.targets.1=cxl1,"
					"cxl-fmw.0.size=4G,cxl-fmw.0.interleave-granularity=256" });
	args.insert(args.end(), { "-gdb", "unix:" + dir.file("gdb") });
	args.insert(args.end(), more.begin(), more.end());
	return args;
}

image two_way_image()
{
	return predict({ { window0, 512 * mib, 256, { { "m0" }, { "m1" } } } });
}

// To the address, by a breakpoint that is gone afterwards.
void run_to(gdb_client &gdb, uint64_t va)
{
	ASSERT_EQ(gdb.ask("Z0," + hex(va) + ",4"), "OK");
	ASSERT_EQ(gdb.ask("c"), "T05thread:1;");
	ASSERT_EQ(gdb.ask("z0," + hex(va) + ",4"), "OK");
	ASSERT_EQ(gdb.reg(pc), va);
}

// "all held", and the media hold what the firmware wrote.
void expect_good_end(running &vcxl, const scratch &dir)
{
	EXPECT_EQ(vcxl.wait(), 0);
	EXPECT_NE(vcxl.output().find("all held"), std::string::npos) << vcxl.output();
	EXPECT_EQ(compare(two_way_image(), dir), "");
}

std::string whole_description(gdb_client &gdb)
{
	std::string xml, part;

	do {
		part = gdb.ask("qXfer:features:read:target.xml:" + hex(xml.size()) + ",7ff");
		if (part.empty() || (part[0] != 'l' && part[0] != 'm'))
			return "";
		xml += part.substr(1);
	} while (part[0] == 'm');
	return xml;
}

} // namespace

TEST(gdb, target_description_names_registers_and_csrs_with_their_numbers)
{
	const scratch dir;
	running vcxl(two_way(dir), dir);
	gdb_client gdb(dir.file("gdb"));

	EXPECT_NE(gdb.ask("qSupported:xmlRegisters=i386").find("qXfer:features:read+"),
		  std::string::npos);
	const std::string xml = whole_description(gdb);

	for (const char *text :
	     { "<architecture>riscv:rv64</architecture>", "org.gnu.gdb.riscv.cpu",
	       "org.gnu.gdb.riscv.fpu", "org.gnu.gdb.riscv.csr",
	       "name=\"zero\" bitsize=\"64\" "
	       "regnum=\"0\"",
	       "name=\"pc\" bitsize=\"64\" regnum=\"32\"",
	       "name=\"ft0\" bitsize=\"64\" regnum=\"33\"",
	       "name=\"mhartid\" bitsize=\"64\" regnum=\"3925\"",
	       "name=\"pmpaddr15\" bitsize=\"64\" regnum=\"1024\"",
	       "name=\"marchid\" bitsize=\"64\" regnum=\"3923\"",
	       "name=\"tdata1\" bitsize=\"64\" regnum=\"2018\"",
	       "name=\"mhpmcounter31\" bitsize=\"64\" regnum=\"2912\"" })
		EXPECT_NE(xml.find(text), std::string::npos) << text;
}

TEST(gdb, session_breaks_in_firmware_steps_over_a_trap_watches_interleaved_memory_and_detaches)
{
	const scratch dir;
	running vcxl(two_way(dir), dir);
	gdb_client gdb(dir.file("gdb"));

	EXPECT_EQ(gdb.ask("?"), "T05thread:1;");
	EXPECT_EQ(gdb.reg(pc), 0x1000u); // the reset ROM
	run_to(gdb, elf_symbol(firmware(), "firmware_main"));
	EXPECT_EQ(gdb.reg(priv), 1u);
	EXPECT_EQ(gdb.reg(stvec), elf_symbol(firmware(), "trap"));

	// ecall to the SBI: base extension, Get SBI specification version
	const std::string registers = gdb.ask("g");
	const uint64_t code = 0x88000000;
	ASSERT_EQ(registers.size(), 33u * 16);
	ASSERT_EQ(gdb.ask("M" + hex(code) + ",4:73000000"), "OK");
	EXPECT_EQ(gdb.memory(code) & 0xffffffff, 0x73u);
	ASSERT_TRUE(gdb.set_reg(a7, 0x10) && gdb.set_reg(a6, 0) && gdb.set_reg(pc, code));
	ASSERT_EQ(gdb.ask("s"), "T05thread:1;"); // the trap is the step
	EXPECT_EQ(gdb.reg(priv), 3u);
	EXPECT_EQ(gdb.reg(mcause), 9u); // environment call from S-mode
	EXPECT_EQ(gdb.reg(mepc), code);
	run_to(gdb, code + 4);
	EXPECT_EQ(gdb.reg(priv), 1u);
	EXPECT_EQ(gdb.reg(a0), 0u);
	EXPECT_GE(gdb.reg(a1), 0x01000000u); // 1.0 or later
	ASSERT_EQ(gdb.ask("G" + registers), "OK");

	// the second granule lies on the second device
	const uint64_t hpa = window0 + 256;
	ASSERT_EQ(gdb.ask("Z2," + hex(hpa) + ",8"), "OK");
	ASSERT_EQ(gdb.ask("c"), "T05thread:1;watch:" + hex(hpa) + ";");
	EXPECT_EQ(gdb.memory(hpa), two_way_image()["m1"][0]);
	EXPECT_EQ(gdb.memory(hpa + 8), 0u); // the next word is not written yet
	ASSERT_EQ(gdb.ask("z2," + hex(hpa) + ",8"), "OK");

	// the firmware reads it back
	ASSERT_EQ(gdb.ask("Z3," + hex(hpa) + ",8"), "OK");
	ASSERT_EQ(gdb.ask("c"), "T05thread:1;rwatch:" + hex(hpa) + ";");
	ASSERT_EQ(gdb.ask("z3," + hex(hpa) + ",8"), "OK");

	EXPECT_EQ(gdb.ask("D"), "OK");
	expect_good_end(vcxl, dir);
}

TEST(gdb, watching_and_stepping_change_neither_time_nor_instruction_count)
{
	const uint64_t end = elf_symbol(firmware(), "verify_write");
	std::string info[2];

	for (int stepped = 0; stepped < 2; stepped++) {
		const scratch dir;
		running vcxl(two_way(dir), dir);
		gdb_client gdb(dir.file("gdb"));

		if (stepped) {
			run_to(gdb, elf_symbol(firmware(), "firmware_main"));
			for (int i = 0; i < 300; i++)
				ASSERT_EQ(gdb.ask("vCont;s:1;c"), "T05thread:1;");
			ASSERT_EQ(gdb.ask("Z4," + hex(window0) + ",8"), "OK"); // not reached
		}
		run_to(gdb, end);
		info[stepped] = gdb.monitor("info");
	}
	EXPECT_EQ(info[0], info[1]);
	EXPECT_NE(info[0].find("S-mode"), std::string::npos) << info[0];
}

TEST(cpu_trace, has_a_row_for_each_instruction)
{
	const scratch dir;
	const words limited{ "-M", "virt,cxl=on", "-nographic", "--max-steps", "20000", "--stats" };
	words traced = limited;

	traced.insert(traced.end(), { "--trace", dir.file("t"), "--trace-events", "cpu.insn" });
	const outcome plain = run_vcxl(limited, dir), stepped = run_vcxl(traced, dir);
	const std::string counts = plain.err.substr(0, plain.err.find("host_seconds"));
	std::ifstream in(dir.file("t"));
	std::string line, first;
	uint64_t instructions = 0;

	while (std::getline(in, line)) {
		if (first.empty())
			first = line;
		instructions += line.find("cpu.insn") != std::string::npos;
	}
	// the reset ROM begins with auipc t0, 0
	EXPECT_NE(first.find("pc=0x1000 bits=0x297 priv=3"), std::string::npos) << first;
	EXPECT_EQ(instructions, 20000u);
	EXPECT_NE(counts.find("instructions 20000\n"), std::string::npos) << counts;
	EXPECT_EQ(stepped.err.compare(0, stepped.err.find("trace_events"), counts), 0)
		<< stepped.err;
}

TEST(cpu_trace, has_a_row_for_each_exception)
{
	const scratch dir;
	const outcome o = run_vcxl({ "-M", "virt,cxl=on", "-nographic", "--stats", "--trace",
				     dir.file("t"), "--trace-events", "cpu.exception" },
				   dir);
	std::ifstream in(dir.file("t"));
	std::string line;
	uint64_t illegal = 0;

	while (std::getline(in, line))
		illegal += line.find(" cause=2 ") != std::string::npos;
	EXPECT_GT(illegal, 0u);
	EXPECT_NE(o.err.find("exception_2 " + std::to_string(illegal) + " illegal instruction\n"),
		  std::string::npos)
		<< o.err;
}

TEST(gdb, harts_are_threads_and_step_alone)
{
	const scratch dir;
	running vcxl(two_way(dir, { "-smp", "2" }), dir);
	gdb_client gdb(dir.file("gdb"));

	EXPECT_EQ(gdb.ask("qfThreadInfo"), "m1,2");
	EXPECT_EQ(gdb.ask("qsThreadInfo"), "l");
	EXPECT_EQ(gdb.ask("T2"), "OK");
	EXPECT_NE(gdb.ask("T3"), "OK");
	EXPECT_EQ(gdb.ask("vCont;s:2"), "T05thread:2;");
	EXPECT_EQ(gdb.reg(pc), 0x1004u);
	EXPECT_EQ(gdb.ask("Hg1"), "OK");
	EXPECT_EQ(gdb.reg(pc), 0x1000u);
	EXPECT_EQ(gdb.ask("Hg2"), "OK");
	EXPECT_EQ(gdb.reg(csr + 0xf14), 1u); // mhartid
	EXPECT_EQ(gdb.ask("D"), "OK");
	expect_good_end(vcxl, dir);
}

TEST(gdb, interrupt_stops_a_running_guest_and_a_vanished_client_lets_it_run)
{
	const scratch dir;
	running vcxl(two_way(dir), dir);
	{
		gdb_client gdb(dir.file("gdb"));

		gdb.send("c");
		gdb.send_raw("\x03");
		EXPECT_EQ(gdb.receive(), "T02thread:1;");
		ASSERT_EQ(gdb.ask("Z0," + hex(elf_symbol(firmware(), "verify_write")) + ",4"),
			  "OK");
	}
	expect_good_end(vcxl, dir);
}

TEST(gdb, guest_that_never_started_waits_for_the_next_client_and_its_end_is_told)
{
	const scratch dir;
	running vcxl(two_way(dir), dir);
	{
		gdb_client gdb(dir.file("gdb"));

		EXPECT_EQ(gdb.reg(pc), 0x1000u);
	}
	gdb_client gdb(dir.file("gdb"));

	EXPECT_EQ(gdb.reg(pc), 0x1000u);
	EXPECT_EQ(gdb.ask("c"), "W00");
	expect_good_end(vcxl, dir);
}

TEST(gdb, wrong_packets_are_refused_and_do_no_harm)
{
	const scratch dir;
	running vcxl(two_way(dir), dir);
	gdb_client gdb(dir.file("gdb"));

	gdb.send_raw("$g#00");
	EXPECT_EQ(gdb.receive_byte(), '-');
	for (const char *packet : { "vMustReplyEmpty", "qNonsense", "Z9,0,4", "!", "\xff" })
		EXPECT_EQ(gdb.ask(packet), "") << packet;
	for (const char *packet : { "m",
				    "m1000",
				    "m1000,",
				    "m0,10000000000000000",
				    "mfffffffffffffff0,20",
				    "M80000000,4:00",
				    "M80000000,2:0g00",
				    "X80000000,5:12",
				    "p",
				    "pffffffff",
				    "p1fff",
				    "P0",
				    "P1=12",
				    "G00",
				    "Hz1",
				    "Hg9",
				    "H",
				    "vCont;",
				    "vCont;x",
				    "vCont;s:9",
				    "Z2,0,0",
				    "Z2,ffffffffffffffff,8",
				    "Z0",
				    "qXfer:features:read:target.xml:fffffff,1",
				    "T",
				    "qRcmd,1" })
		EXPECT_EQ(gdb.ask(packet).substr(0, 1), "E") << packet;
	gdb.send_raw("$" + std::string(100000, 'x'));
	gdb.send_raw("#00");
	EXPECT_EQ(gdb.receive_byte(), '-');
	EXPECT_NE(gdb.monitor("nonsense").find("not known"), std::string::npos);
	EXPECT_EQ(gdb.reg(pc), 0x1000u);
	EXPECT_EQ(gdb.ask("D"), "OK");
	expect_good_end(vcxl, dir);
}

TEST(gdb, kill_ends_the_run)
{
	const scratch dir;
	running vcxl(two_way(dir), dir);
	gdb_client gdb(dir.file("gdb"));

	EXPECT_EQ(gdb.reg(pc), 0x1000u);
	gdb.send("k");
	EXPECT_EQ(vcxl.wait(), 0);
	EXPECT_EQ(vcxl.output(), "");
}

} // namespace vcxl_test
