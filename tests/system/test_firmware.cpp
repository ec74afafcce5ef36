// SPDX-License-Identifier: Apache-2.0
//
// Topologies beyond the documentation's command lines: its Note (2), shuffled buses, ports, slots
// and chassis, three-way windows, cascaded switches; OpenSBI's start.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

constexpr uint64_t mib = 1024 * 1024, gib = 1024 * mib;
constexpr uint64_t window0 = 0x1000000000;

void expect_all_held(const outcome &o)
{
	EXPECT_EQ(o.status, 0) << o.out << o.err;
	EXPECT_NE(o.out.find("all held"), std::string::npos) << o.out;
}

std::string number(uint64_t n)
{
	return std::to_string(n);
}

// Builds a command line piece by piece; media are files m0, m1, ...
struct command_line {
	words args{ "-M", "virt,cxl=on", "-m", "256M", "-nographic" };
	unsigned devices = 0;

	void add(const std::string &option, const std::string &value)
	{
		args.push_back(option);
		args.push_back(value);
	}
	void device(const std::string &bus, const std::string &size)
	{
		const std::string i = number(devices++);

		add("-object", "memory-backend-file,id=med" + i + ",share=on,size=" + size +
				       ",mem-path=m" + i);
		add("-device", "cxl-type3,bus=" + bus + ",volatile-memdev=med" + i + ",id=mem" + i);
	}
};

} // namespace

// Five decoders in HB0, three windows, two bridges; 1 GiB devices; all five ranges checked.
TEST(documentation_note_2, all_five_ranges_hold)
{
	const scratch dir;
	words args = args_file("note2.args", dir);

	args.push_back("--boot-config");
	args.push_back(std::string(VCXL_TEST_DATA) + "/note2.conf");
	const outcome o = run_vcxl(args, dir);

	expect_all_held(o);
	const uint64_t w0 = window0, w1 = window0 + 4 * gib;
	const uint64_t quarter = 256 * mib;
	// CFMW0: HDM0 -> RP0, HDM1 -> RP1, HDM2 -> both; CFMW1: HDM3 -> RP0 of both bridges,
	// HDM4 -> all four. Offsets are what lower decoders took of the same device.
	const std::vector<expected_region> regions = {
		{ w0, quarter, 256, { { "mem0.raw" } } },
		{ w0 + quarter, quarter, 256, { { "mem1.raw" } } },
		{ w0 + 2 * quarter,
		  2 * quarter,
		  256,
		  { { "mem0.raw", quarter }, { "mem1.raw", quarter } } },
		{ w1, 2 * quarter, 256, { { "mem0.raw", 2 * quarter }, { "mem2.raw" } } },
		{ w1 + 2 * quarter,
		  4 * quarter,
		  256,
		  { { "mem0.raw", 3 * quarter },
		    { "mem2.raw", quarter },
		    { "mem1.raw", 2 * quarter },
		    { "mem3.raw" } } },
	};
	EXPECT_EQ(compare(predict(regions), dir), "");
}

// Two bridges x two root ports x one device, everything that has a number shuffled.
TEST(firmware, holds_with_shuffled_buses_ports_slots_and_chassis)
{
	const char *env = std::getenv("VCXL_SEED");
	const unsigned seed = env ? static_cast<unsigned>(std::atoi(env)) : 20261120;
	std::mt19937 random(seed);

	const auto pick = [&random](unsigned first, unsigned last) {
		return std::uniform_int_distribution<unsigned>(first, last)(random);
	};
	printf("VCXL_SEED=%u\n", seed);
	for (int round = 0; round < 4; round++) {
		const scratch dir;
		command_line line;
		std::vector<unsigned> port(256), slot(4), devfn(32);

		for (std::vector<unsigned> *v : { &port, &slot, &devfn }) {
			std::iota(v->begin(), v->end(), 0u);
			std::shuffle(v->begin(), v->end(), random);
		}
		// a bus per link, with room behind each bridge
		const unsigned bus_a = pick(4, 103), bus_b = pick(150, 239);
		const bool swap = pick(0, 1) == 1;

		line.add("-device",
			 "pxb-cxl,bus=pcie.0,id=a,bus_nr=" + number(swap ? bus_b : bus_a));
		line.add("-device",
			 "pxb-cxl,bus=pcie.0,id=b,bus_nr=" + number(swap ? bus_a : bus_b));
		for (unsigned i = 0; i < 4; i++) {
			char addr[8];

			snprintf(addr, sizeof(addr), "%x", devfn[i]); // as QEMU reads it
			line.add("-device",
				 std::string("cxl-rp,bus=") + (i < 2 ? "a" : "b") + ",id=rp" +
					 number(i) + ",port=" + number(port[i]) +
					 ",slot=" + number(slot[i]) +
					 ",chassis=" + number(pick(0, 255)) + ",addr=" + addr);
			line.device("rp" + number(i), "256M");
		}
		line.add("-M", "cxl-fmw.0.targets.0=a,cxl-fmw.0.targets.1=b,cxl-fmw.0.size=4G");
		const outcome o = run_vcxl(line.args, dir);

		expect_all_held(o);
		EXPECT_NE(o.out.find("4 ways"), std::string::npos) << o.out;
	}
}

TEST(firmware, holds_with_a_three_way_window_at_an_unaligned_base)
{
	const scratch dir;
	command_line line;

	for (unsigned i = 0; i < 3; i++) {
		line.add("-device", "pxb-cxl,bus=pcie.0,id=hb" + number(i) +
					    ",bus_nr=" + number(16 * (i + 1)));
		line.add("-device", "cxl-rp,port=0,bus=hb" + number(i) + ",id=rp" + number(i) +
					    ",chassis=0,slot=" + number(i));
		line.device("rp" + number(i), "256M");
	}
	line.add("-M", "cxl-fmw.0.targets.0=hb0,cxl-fmw.0.targets.1=hb1,cxl-fmw.0.targets.2=hb2,"
		       "cxl-fmw.0.size=768M");
	expect_all_held(run_vcxl(line.args, dir));
	// 64 GiB / 256 B leaves remainder 1 when divided by 3: the first granule is hb1's
	EXPECT_EQ(compare(predict({ { window0,
				      768 * mib,
				      256,
				      { { "m0" }, { "m1" }, { "m2" } },
				      1 } }),
			  dir),
		  "");
}

// The firmware's own XOR finds what modulo arithmetic of the devices predicts.
TEST(firmware, holds_with_xor_arithmetic)
{
	for (const std::string how :
	     { ",cxl-fmw.0.interleave-granularity=4k",
	       ",cxl-fmw.0.xor-maps.0=0x4100,cxl-fmw.0.xor-maps.1=0xa00" }) {
		const scratch dir;
		command_line line;

		for (unsigned i = 0; i < 4; i++) {
			line.add("-device", "pxb-cxl,bus=pcie.0,id=hb" + number(i) +
						    ",bus_nr=" + number(16 * (i + 1)));
			line.add("-device", "cxl-rp,port=0,bus=hb" + number(i) + ",id=rp" +
						    number(i) + ",chassis=0,slot=" + number(i));
			line.device("rp" + number(i), "256M");
			line.add("-M", "cxl-fmw.0.targets." + number(i) + "=hb" + number(i));
		}
		line.add("-M", "cxl-fmw.0.size=1G,cxl-fmw.0.interleave-arithmetic=xor" + how);
		const outcome o = run_vcxl(line.args, dir);

		expect_all_held(o);
		EXPECT_NE(o.out.find(" by XOR, host bridges"), std::string::npos) << o.out;
		EXPECT_EQ(compare(predict({ { window0,
					      1024 * mib,
					      how.find("4k") == std::string::npos ? 256u : 4096u,
					      { { "m0" }, { "m1" }, { "m2" }, { "m3" } } } }),
				  dir),
			  "");
	}
}

// A switch below a switch: 2 ways at the upper, 2 at the lower upstream port.
TEST(firmware, holds_with_cascaded_switches)
{
	const scratch dir;
	command_line line;

	line.add("-device", "pxb-cxl,bus=pcie.0,id=hb,bus_nr=32");
	line.add("-device", "cxl-rp,port=0,bus=hb,id=rp,chassis=0,slot=0");
	line.add("-device", "cxl-upstream,bus=rp,id=us");
	for (unsigned i = 0; i < 2; i++) {
		const std::string n = number(i);

		line.add("-device",
			 "cxl-downstream,bus=us,id=ds" + n + ",port=" + n + ",chassis=1,slot=" + n);
		line.add("-device", "cxl-upstream,bus=ds" + n + ",id=us" + n);
		for (unsigned j = 0; j < 2; j++) {
			const std::string m = number(j);

			line.add("-device", "cxl-downstream,bus=us" + n + ",id=ds" + n + m +
						    ",port=" + m + ",chassis=" + number(2 + i) +
						    ",slot=" + m);
			line.device("ds" + n + m, "256M");
		}
	}
	line.add("-M", "cxl-fmw.0.targets.0=hb,cxl-fmw.0.size=4G");
	const outcome o = run_vcxl(line.args, dir);

	expect_all_held(o);
	EXPECT_NE(o.out.find("4 ways"), std::string::npos) << o.out;
}

TEST(firmware, ends_with_failure_when_there_is_no_host_bridge)
{
	const scratch dir;
	const outcome o = run_vcxl({ "-M", "virt", "-m", "128M", "-nographic" }, dir);

	EXPECT_NE(o.status, 0);
	EXPECT_EQ(o.out.find("all held"), std::string::npos);
}

TEST(opensbi, prints_its_banner_within_a_second)
{
	const scratch dir;
	const outcome o = run_vcxl({ "-M", "virt", "-m", "128M", "-nographic" }, dir);

	EXPECT_NE(o.out.find("OpenSBI v1."), std::string::npos) << o.out << o.err;
	// the whole run, firmware included; CPU time, since other tests run beside this one
	EXPECT_LT(o.cpu_seconds, 1.0);
}

} // namespace vcxl_test
