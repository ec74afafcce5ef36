// SPDX-License-Identifier: Apache-2.0
//
// The firmware as a BIOS: it commits regions of volatile memory and starts what follows. A small
// image with Linux's header stands in for Linux and reports the state in which it starts.
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gdb_client.h"
#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

constexpr uint64_t mib = 1024 * 1024;
constexpr uint64_t window0 = 0x1000000000;

bool has(const outcome &o, const std::string &text)
{
	return o.out.find(text) != std::string::npos;
}

unsigned count(const outcome &o, const std::string &text)
{
	unsigned n = 0;

	for (size_t at = 0; (at = o.out.find(text, at)) != std::string::npos; at++)
		n++;
	return n;
}

// A machine piece by piece; media are the files m0, m1, ... (volatile) and p0, p1, ...
class machine
{
public:
	const scratch dir;

	void add(const std::string &option, const std::string &value)
	{
		args_.push_back(option);
		args_.push_back(value);
	}
	void bridge(const std::string &id, unsigned bus)
	{
		add("-device", "pxb-cxl,bus=pcie.0,id=" + id + ",bus_nr=" + std::to_string(bus));
	}
	void root_port(const std::string &bus, const std::string &id, unsigned port)
	{
		add("-device", "cxl-rp,bus=" + bus + ",id=" + id + ",chassis=0,slot=" +
				       std::to_string(slots_++) + ",port=" + std::to_string(port));
	}
	void device(const std::string &bus, bool ram, bool pmem)
	{
		const std::string i = std::to_string(devices_++);
		std::string what = "cxl-type3,id=t" + i + ",bus=" + bus;

		for (const char *kind : { "m", "p" }) {
			if (*kind == 'm' ? !ram : !pmem)
				continue;
			add("-object", "memory-backend-file,share=on,size=256M,id=" + (kind + i) +
					       ",mem-path=" + (kind + i));
			what += (*kind == 'm' ? ",volatile-memdev=" : ",persistent-memdev=") +
				(kind + i);
		}
		if (pmem) {
			add("-object", "memory-backend-ram,size=256K,id=lsa" + i);
			what += ",lsa=lsa" + i;
		}
		add("-device", what);
	}
	// The 4-way example of QEMU's documentation with volatile memory.
	void four_way()
	{
		for (const char *b : { "a", "b" }) {
			bridge(b, *b == 'a' ? 12 : 222);
			for (unsigned i = 0; i < 2; i++) {
				const std::string rp = std::string("rp") + b + std::to_string(i);

				root_port(b, rp, i);
				device(rp, true, false);
			}
		}
		add("-M", "cxl-fmw.0.targets.0=a,cxl-fmw.0.targets.1=b,cxl-fmw.0.size=4G,"
			  "cxl-fmw.0.interleave-granularity=8k");
	}
	void config(const std::string &text) { add("--boot-config", dir.write("conf", text)); }
	// regions: for the stand-in, <base>,<size>,<ways x granularity>
	outcome boot(const std::string &regions = "") const
	{
		return run_vcxl(boot_args(regions), dir);
	}
	words boot_args(const std::string &regions = "") const
	{
		words all = args_;

		all.insert(all.end(), { "-kernel", std::string(VCXL_GUEST_DIR) + "/next_stage.img",
					"-append", "quiet regions=" + regions });
		return all;
	}
	outcome run() const { return run_vcxl(args_, dir); }

private:
	words args_{ "-M", "virt,cxl=on", "-m", "256M", "-nographic" };
	unsigned devices_ = 0, slots_ = 0;
};

void expect_started(const outcome &o)
{
	EXPECT_EQ(o.status, 0) << o.out << o.err;
	EXPECT_TRUE(has(o, "next stage: hart 0 satp 0 sie 0 interrupts 0 sscratch 0 pending 0"))
		<< o.out;
	EXPECT_TRUE(has(o, "next stage: done")) << o.out;
}

uint64_t start_time(const outcome &o)
{
	const size_t at = o.out.find("started at ");

	return at == std::string::npos ? 0 : std::strtoull(&o.out[at + 11], nullptr, 10);
}

constexpr unsigned a1 = 11, pc = 32; // GDB's numbers

// A boot that a debugger has stopped at a function of the firmware.
struct stopped_boot {
	running vcxl;
	gdb_client gdb;

	stopped_boot(const machine &m, const std::string &function)
	    : vcxl(with_debugger(m), m.dir), gdb(m.dir.file("gdb"))
	{
		const std::filesystem::path program = VCXL_PROGRAM;
		const std::filesystem::path elf =
			program.parent_path().parent_path() / "share/vcxl/firmware.elf";
		const uint64_t at = elf_symbol(elf.string(), function);

		EXPECT_EQ(gdb.ask("Z0," + hex(at) + ",4"), "OK");
		EXPECT_EQ(gdb.ask("c"), "T05thread:1;");
		EXPECT_EQ(gdb.reg(pc), at);
		EXPECT_EQ(gdb.ask("z0," + hex(at) + ",4"), "OK");
	}
	void go_on()
	{
		gdb.send("c");
		EXPECT_TRUE(vcxl.wait_for("next stage: done")) << vcxl.output();
	}
	bool said(const std::string &text) const
	{
		return vcxl.output().find(text) != std::string::npos;
	}
	static words with_debugger(const machine &m)
	{
		words args = m.boot_args();

		args.insert(args.end(), { "-S", "-gdb", "unix:" + m.dir.file("gdb") });
		return args;
	}
};

} // namespace

TEST(boot, four_way_region_over_two_bridges_is_ready_when_the_next_stage_starts)
{
	machine m;

	m.four_way();
	const outcome o = m.boot("0x1000000000,0x40000000,0x8000");

	expect_started(o);
	EXPECT_TRUE(has(o, "region 1000000000 holds")) << o.out;
	EXPECT_EQ(count(o, "committed"), 1u) << "one line: " << o.out;
	// 2 ways of 16 KiB at the bridges, 4 ways of 8 KiB at the devices, all of type host-only
	EXPECT_TRUE(has(o, "bridge c: HDM enable 0, decoder 0 control 1616\n")) << o.out;
	EXPECT_TRUE(has(o, "bridge de: HDM enable 0, decoder 0 control 1616\n")) << o.out;
	EXPECT_EQ(count(o, ": HDM enable 1, decoder 0 control 1625\n"), 4u) << o.out;
	EXPECT_EQ(count(o, ": memory enable 1\n"), 4u) << o.out;
	EXPECT_EQ(compare(predict({ { window0,
				      1024 * mib,
				      8192,
				      { { "m0" }, { "m2" }, { "m1" }, { "m3" } } } }),
			  m.dir),
		  "");
}

TEST(boot, one_way_bridge_above_a_switch_passes_the_granularity_on)
{
	machine m;

	m.bridge("hb", 32);
	m.root_port("hb", "rp", 0);
	m.add("-device", "cxl-upstream,bus=rp,id=us");
	for (unsigned i = 0; i < 4; i++) {
		const std::string n = std::to_string(i);

		m.add("-device",
		      "cxl-downstream,bus=us,id=ds" + n + ",port=" + n + ",chassis=1,slot=" + n);
		m.device("ds" + n, true, false);
	}
	m.add("-M", "cxl-fmw.0.targets.0=hb,cxl-fmw.0.size=4G,cxl-fmw.0.interleave-granularity=4k");
	const outcome o = m.boot("0x1000000000,0x40000000,0x4000");

	expect_started(o);
	EXPECT_TRUE(has(o, "region 1000000000 holds")) << o.out;
	EXPECT_TRUE(has(o, "bridge 20: HDM enable 0, decoder 0 control 1604\n")) << o.out;
	EXPECT_EQ(count(o, ": HDM enable 1, decoder 0 control 1624\n"), 4u) << o.out;
	EXPECT_EQ(compare(predict({ { window0,
				      1024 * mib,
				      4096,
				      { { "m0" }, { "m1" }, { "m2" }, { "m3" } } } }),
			  m.dir),
		  "");
}

TEST(boot, persistent_memory_has_no_decoder_and_its_window_one_line)
{
	machine m;

	m.bridge("hb", 32);
	m.bridge("pm", 64);
	m.root_port("hb", "rp0", 0);
	m.root_port("pm", "rp1", 0);
	m.device("rp0", true, true);
	m.device("rp1", false, true);
	m.add("-M", "cxl-fmw.0.targets.0=hb,cxl-fmw.0.size=1G");
	m.add("-M", "cxl-fmw.1.targets.0=pm,cxl-fmw.1.size=1G");
	const outcome o = m.boot("0x1000000000,0x10000000,0x100");

	expect_started(o);
	EXPECT_EQ(count(o, "decoder 0 control 1600\n"), 2u) << "a bridge, a device: " << o.out;
	EXPECT_EQ(count(o, ": HDM enable 1\n"), 1u)
		<< "the other device is on, and empty: " << o.out;
	EXPECT_EQ(count(o, ": memory enable 1\n"), 2u) << o.out;
	EXPECT_TRUE(has(o, "window 1: no region: no device with free volatile memory")) << o.out;
	EXPECT_EQ(count(o, "no region"), 1u) << o.out;
	EXPECT_EQ(compare(predict({ { window0, 256 * mib, 256, { { "m0" } } } }), m.dir), "");
}

TEST(boot, configured_regions_replace_the_default_and_lock_when_told)
{
	machine m;

	m.four_way();
	m.config("region window=0 size=512M targets=12/1,222/0 lock\n"
		 "region window=0 size=512M targets=12/0,222/1\n");
	const outcome o = m.boot("0x1000000000,0x20000000,0x4000,0x1020000000,0x20000000,0x4000");

	expect_started(o);
	EXPECT_EQ(count(o, "holds"), 2u) << o.out;
	EXPECT_EQ(count(o, "decoder 0 control 1706, decoder 1 control 1606\n"), 2u) << o.out;
	EXPECT_EQ(count(o, "decoder 0 control 1715\n"), 2u) << "the locked region: " << o.out;
	EXPECT_EQ(count(o, "decoder 0 control 1615\n"), 2u) << "the other: " << o.out;
}

TEST(boot, test_of_a_locked_region_still_looks_at_each_device)
{
	machine m;

	m.four_way();
	m.config("region window=0 size=512M targets=12/1,222/0 lock\n");
	const outcome o = m.run();

	EXPECT_EQ(o.status, 0) << o.out << o.err;
	EXPECT_TRUE(has(o, "all held")) << o.out;
}

TEST(boot, region_that_linux_refuses_is_committed_with_a_warning)
{
	machine m;

	m.four_way();
	m.config("region window=0 size=1G targets=12/0,12/1,222/0,222/1 granularity=4K\n");
	const outcome o = m.boot("0x1000000000,0x40000000,0x4000");

	expect_started(o);
	EXPECT_TRUE(has(o, "region 0: Linux will not assemble it: ")) << o.out;
	EXPECT_TRUE(has(o, "region 1000000000 holds")) << o.out;
}

TEST(boot, goes_on_without_a_window)
{
	machine m;

	m.bridge("hb", 32);
	m.root_port("hb", "rp0", 0);
	m.device("rp0", true, false);
	const outcome o = m.boot();

	expect_started(o);
	EXPECT_TRUE(has(o, "no region: no fixed memory window in the device tree")) << o.out;
	EXPECT_TRUE(has(o, "bridge 20: HDM enable 0")) << o.out;
	EXPECT_FALSE(has(o, "decoder 0 control")) << o.out;
}

// The machine has no fault to find: a debugger makes one. The tree that the firmware gets says that
// bridge 12 has one bus only.
TEST(boot, goes_on_when_discovery_fails)
{
	machine m;

	m.four_way();
	stopped_boot b(m, "_start");
	std::string tree;

	for (unsigned at = 0; at < 0x2000; at += 0x400)
		tree += b.gdb.ask("m" + hex(b.gdb.reg(a1) + at) + ",400");
	size_t at = 0;
	// <property> <8 bytes> <name> <first bus> <last bus>
	do
		at = tree.find("0000000300000008", at + 1);
	while (at != std::string::npos && (at % 8 || tree.compare(at + 24, 8, "0000000c")));
	ASSERT_NE(at, std::string::npos);
	ASSERT_EQ(b.gdb.ask("M" + hex(b.gdb.reg(a1) + at / 2 + 16) + ",4:0000000c"), "OK");
	b.go_on();
	EXPECT_TRUE(b.said("no region: 0c:00.0: no bus number left")) << b.vcxl.output();
	EXPECT_FALSE(b.said("committed")) << b.vcxl.output();
}

// The debugger clears the size of the second decoder that is about to be committed.
TEST(boot, goes_on_without_decoders_when_a_device_refuses_to_commit)
{
	constexpr unsigned plan_decoder_bytes = 64, size_at = 24;
	machine m;

	m.four_way();
	stopped_boot b(m, "hdm_commit");
	const uint64_t second = b.gdb.reg(a1) + plan_decoder_bytes;

	ASSERT_EQ(b.gdb.memory(second + size_at), 1024 * mib);
	ASSERT_EQ(b.gdb.ask("M" + hex(second + size_at) + ",8:0000000000000000"), "OK");
	b.go_on();
	EXPECT_TRUE(b.said("no region: decoder 0 of ")) << b.vcxl.output();
	EXPECT_TRUE(b.said("refuses to commit")) << b.vcxl.output();
	EXPECT_FALSE(b.said(", decoder 0 control")) << "none is left: " << b.vcxl.output();
}

TEST(boot, other_actions_end_the_run_before_the_next_stage)
{
	for (const char *action : { "test", "write", "check" }) {
		machine m;

		m.four_way();
		m.config(std::string("action ") + action + "\n");
		const outcome o = m.boot();

		EXPECT_EQ(has(o, "all held"), std::string(action) == "test") << o.out;
		EXPECT_EQ(has(o, "all written"), std::string(action) == "write") << o.out;
		EXPECT_EQ(o.status == 0, std::string(action) != "check") << "nothing was written";
		EXPECT_FALSE(has(o, "next stage:")) << o.out;
	}
}

TEST(boot, mistakes_in_the_configuration_end_the_run)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "action bot", "line 1: must be boot, test, write, check, hold or dcd: 'bot'" },
		{ "region window=0 size=256M targets=12/7", "unknown target" },
		{ "region window=1 size=256M targets=12/0", "there is no window 1" },
	};

	for (const auto &row : rows) {
		machine m;

		m.four_way();
		m.config(row.text);
		const outcome o = m.boot();

		EXPECT_EQ(o.status, 1) << o.out;
		EXPECT_TRUE(has(o, row.error)) << o.out;
		EXPECT_FALSE(has(o, "next stage:")) << o.out;
	}
	machine m;

	m.four_way();
	m.config("action boot");
	const outcome o = m.run();

	EXPECT_EQ(o.status, 1) << o.out;
	EXPECT_TRUE(has(o, "action boot, but nothing follows the firmware")) << o.out;
}

TEST(boot, firmware_with_four_devices_takes_less_than_2_million_instructions)
{
	machine with;
	const machine without;

	with.four_way();
	const uint64_t begin = start_time(without.boot()), end = start_time(with.boot());

	// without bridges there is no firmware; the clock ticks every 100 ns, a step takes 1 ns
	EXPECT_GT(begin, 0u);
	EXPECT_GT(end, begin);
	EXPECT_LT((end - begin) * 100, 2000000u);
	printf("%lu instructions\n", static_cast<unsigned long>((end - begin) * 100));
}

} // namespace vcxl_test
