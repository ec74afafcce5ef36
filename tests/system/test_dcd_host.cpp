// SPDX-License-Identifier: Apache-2.0
//
// The firmware as a host of dynamic capacity (action dcd): that messages wake it, and what it does
// with several devices, with parts of extents, with what it cannot use, and after a reset.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "dynamic_capacity.h"

namespace vcxl_test
{

namespace
{

// Switch with two devices: "a" with 256 MiB of its own and two regions behind that, and "b".
words two_devices()
{
	return { "-M",
		 "virt,cxl=on,cxl-fmw.0.targets.0=hb,cxl-fmw.0.size=4G",
		 "-m",
		 "256M",
		 "-object",
		 "memory-backend-ram,id=own,size=256M",
		 "-device",
		 "pxb-cxl,bus_nr=12,bus=pcie.0,id=hb",
		 "-device",
		 "cxl-rp,bus=hb,id=rp,port=0,slot=0",
		 "-device",
		 "cxl-upstream,bus=rp,id=us",
		 "-device",
		 "cxl-downstream,bus=us,id=ds0,port=0,slot=1",
		 "-device",
		 "cxl-downstream,bus=us,id=ds1,port=1,slot=2",
		 "-device",
		 "cxl-type3,bus=ds0,id=a,volatile-memdev=own,num-dc-regions=2,"
		 "dc-regions-total-size=512M",
		 "-device",
		 "cxl-type3,bus=ds1,id=b,num-dc-regions=1,dc-regions-total-size=1G" };
}

// One device with 512 MiB that it lends in parts.
words lender()
{
	return {
		"-M",      "virt,cxl=on,cxl-fmw.0.targets.0=hb,cxl-fmw.0.size=4G",
		"-m",      "256M",
		"-object", "memory-backend-ram,id=lent,size=512M",
		"-device", "pxb-cxl,bus_nr=12,bus=pcie.0,id=hb",
		"-device", "cxl-rp,bus=hb,id=rp,port=0,slot=0",
		"-device", "cxl-type3,bus=rp,id=cxl-dcd0,volatile-dc-memdev=lent,num-dc-regions=1"
	};
}

// What the devices said of commands and messages: "msi2 100 101 ...", opcodes in hexadecimal, from
// the policy of events on.
std::string conversation(const std::string &trace)
{
	const std::string command = "mbox.command opcode=0x", message = "irq.msi";
	std::ifstream in(trace);
	std::string line, all;

	while (std::getline(in, line)) {
		const size_t at = line.find(command), sent = line.find(message);

		if (sent != std::string::npos)
			all += "msi" + line.substr(line.find("data=0x") + 7) + ' ';
		else if (at != std::string::npos)
			all += line.substr(at + command.size(),
					   line.find(' ', at + command.size()) - at -
						   command.size() + 1);
	}
	return all.substr(std::min(all.find("103 "), all.size()));
}

unsigned long instructions(const std::string &statistics)
{
	return strtoul(statistics.c_str() + statistics.find("instructions ") + 13, nullptr, 10);
}

} // namespace

TEST(dynamic_capacity_host, devices_are_asked_for_events_after_their_message_and_never_else)
{
	const scratch dir;
	running program(
		host(two_devices(), dir,
		     { "--trace", dir.file("t"), "--trace-events", "mbox.command,irq.msi" }),
		dir);
	const std::string a = R"({"path":"a","host-id":0,"region":0,)";
	const std::string b = R"({"path":"b","host-id":0,"region":0,)";
	const std::string to_a =
		R"("selection-policy":"prescriptive","extents":[)"
		R"({"offset":0,"len":2097152},{"offset":4194304,"len":2097152}],"tag":")" +
		tag + "\"}";
	const std::string to_b = R"("selection-policy":"prescriptive","extents":[)"
				 R"({"offset":8388608,"len":4194304}],"tag":")" +
				 other + "\"}";
	const std::string from_a = R"("removal-policy":"tag-based","tag":")" + tag + "\"}";
	const std::string from_b =
		R"("removal-policy":"tag-based","forced-removal":true,"tag":")" + other + "\"}";

	ASSERT_TRUE(program.wait_for_next("waiting")) << program.output();
	qmp_client qmp(dir);
	EXPECT_EQ(qmp.ask("object-add", ram_object("m", "4194304", tag)), done);
	EXPECT_EQ(qmp.ask("object-add", ram_object("n", "4194304", other)), done);
	// behind the capacity of its own; in the window there is one region after the other
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", a + to_a), done);
	ASSERT_TRUE(program.wait_for_next("12/0/0 0x10400000 + 2 MiB: filled and verified"))
		<< program.output();
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", b + to_b), done);
	ASSERT_TRUE(program.wait_for_next("12/0/1 0x800000 + 4 MiB: filled and verified"))
		<< program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", a + from_a), done);
	ASSERT_TRUE(program.wait_for_next("12/0/0 0x10400000 + 2 MiB: given back"))
		<< program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", b + from_b), done);
	const uint64_t fault = fault_address(program);
	EXPECT_GE(fault, 0x1010800000u) << program.output();
	EXPECT_LT(fault, 0x1010c00000u) << program.output();
	ASSERT_TRUE(program.wait_for_next("12/0/1 0x800000 + 4 MiB: lost")) << program.output();
	// once more, so that the end of the conversation before it has been seen
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", b + to_b), done);
	ASSERT_TRUE(program.wait_for_next("filled and verified")) << program.output();
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
	const std::string start = "103 102 103 102 4801 4801 100 100 ";
	const std::string steps = "msi2 100 101 4802 100 "
				  "msi3 100 101 4802 100 "
				  "msi2 100 101 4803 100 "
				  "msi3 100 101 100 "
				  "msi3 100 101 4802 ";
	EXPECT_EQ(conversation(dir.file("t")).substr(0, start.size() + steps.size()),
		  start + steps);
}

// With clients that ask the monitor in the meantime, for whom the simulator has to turn.
TEST(dynamic_capacity_host, sleeps_until_there_is_a_message)
{
	unsigned long executed[2];

	for (int round = 0; round < 2; round++) {
		const scratch dir;
		running program(host(documented(dir), dir, { "--stats" }), dir);

		ASSERT_TRUE(program.wait_for_next("waiting")) << program.output();
		qmp_client qmp(dir);
		for (int i = 0; i < 1000 * round; i++)
			ASSERT_EQ(qmp.ask("query-status").rfind(R"({"return")", 0), 0u);
		EXPECT_EQ(qmp.ask("quit"), done);
		ASSERT_TRUE(program.wait_for_error("host_seconds")) << program.errors();
		EXPECT_EQ(program.wait(), 0);
		executed[round] = instructions(program.errors());
	}
	EXPECT_GT(executed[0], 1000000u);
	EXPECT_NEAR(static_cast<double>(executed[0]), static_cast<double>(executed[1]), 1000);
}

TEST(dynamic_capacity_host,
     what_was_offered_before_the_firmware_came_is_taken_and_kept_over_a_reset)
{
	const scratch dir;
	running program(host(documented(dir), dir, { "-S" }), dir);
	qmp_client qmp(dir);
	const std::string line = "12/0 0x0 + 2 MiB: ";

	EXPECT_EQ(qmp.ask("object-add", ram_object("m", "2097152", tag)), done);
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", offer(R"({"offset":0,"len":2097152})", tag)),
		  done);
	EXPECT_EQ(qmp.ask("cont"), done);
	ASSERT_TRUE(program.wait_for_next(line + "accepted, reads as zeros")) << program.output();
	ASSERT_TRUE(program.wait_for_next("waiting")) << program.output();
	EXPECT_EQ(qmp.ask("system_reset"), done);
	ASSERT_TRUE(program.wait_for_next(line + "kept, holds 0x100001000000000 at 0x1000000000"))
		<< program.output();
	ASSERT_TRUE(program.wait_for_next("waiting")) << program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity",
			  release(R"("tag-based","tag":")" + tag + '"')),
		  done);
	ASSERT_TRUE(program.wait_for_next(line + "given back")) << program.output();
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
}

TEST(dynamic_capacity_host, survives_that_memory_goes_before_it_is_filled)
{
	const scratch dir;
	running program(host(documented(dir), dir), dir);
	const std::string line = "12/0 0x0 + 256 MiB: ";
	const std::string all = offer(R"({"offset":0,"len":268435456})", tag);
	const std::string taken =
		release(R"("tag-based","forced-removal":true,"tag":")" + tag + '"');

	ASSERT_TRUE(program.wait_for_next("waiting")) << program.output();
	qmp_client qmp(dir);
	EXPECT_EQ(qmp.ask("object-add", ram_object("m", "268435456", tag)), done);
	for (int round = 0; round < 3; round++) {
		EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", all), done);
		// the first time by a store, unless this test was asleep for long
		ASSERT_TRUE(program.wait_for_next(line + "accepted")) << program.output();
		EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", taken), done);
		ASSERT_TRUE(program.wait_for_next(line + "access fault ")) << program.output();
		ASSERT_TRUE(program.wait_for_next(line + "lost")) << program.output();
	}
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
}

TEST(dynamic_capacity_host, refuses_what_its_configured_region_does_not_map)
{
	const scratch dir;
	running program(host(documented(dir), dir, {},
			     "region window=0 offset=1G size=256M targets=12/0 granularity=1K\n"),
			dir);

	ASSERT_TRUE(program.wait_for_next("waiting")) << program.output();
	qmp_client qmp(dir);
	EXPECT_EQ(qmp.ask("object-add", ram_object("m", "4194304", tag)), done);
	// one extent inside, one beyond: an offer is taken or left
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity",
			  offer(R"({"offset":0,"len":2097152},{"offset":268435456,"len":2097152})",
				tag)),
		  done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x0 + 2 MiB: refused: no region maps it"))
		<< program.output();
	// the next one is answered after that one
	EXPECT_EQ(qmp.ask("object-add", ram_object("n", "2097152", other)), done);
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity",
			  offer(R"({"offset":266338304,"len":2097152})", other)),
		  done);
	ASSERT_TRUE(program.wait_for_next("12/0 0xfe00000 + 2 MiB: filled and verified"))
		<< program.output();
	const std::string state = qmp.ask(query, device);
	EXPECT_NE(state.find(R"("extents":[{"region":0,"offset":266338304,"len":2097152,)"
			     R"("state":"accepted")"),
		  std::string::npos)
		<< state;
	EXPECT_EQ(state.find(tag), std::string::npos) << state;
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
}

TEST(dynamic_capacity_host, gives_back_and_loses_parts_and_reads_on_in_the_rest)
{
	const scratch dir;
	running program(host(lender(), dir), dir);
	const auto part = [](uint64_t mib, uint64_t len, const std::string &more) {
		return release(R"("prescriptive","extents":[{"offset":)" +
			       std::to_string(mib << 20) + R"(,"len":)" +
			       std::to_string(len << 20) + "}]" + more);
	};
	const std::string forced = R"(,"forced-removal":true)";
	// It reads round and round, and meets the fault anywhere in what is gone: `gone` MiB from
	// `from`.
	const auto expect_fault = [&program](const std::string &held, uint64_t from,
					     uint64_t gone) {
		EXPECT_TRUE(program.wait_for_next(held + ": ")) << program.output();
		const uint64_t at = fault_address(program) - 0x1000000000;

		EXPECT_GE(at, from << 20) << program.output();
		EXPECT_LT(at, (from + gone) << 20) << program.output();
	};

	ASSERT_TRUE(program.wait_for_next("waiting")) << program.output();
	qmp_client qmp(dir);
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity",
			  R"({"path":"cxl-dcd0","host-id":0,"region":0,"selection-policy":)"
			  R"("prescriptive","extents":[{"offset":0,"len":67108864}]})"),
		  done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x0 + 64 MiB: filled and verified"))
		<< program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", part(16, 16, "")), done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x1000000 + 16 MiB: given back"))
		<< program.output();
	EXPECT_EQ(program.output().find("fault"), std::string::npos) << program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", part(0, 8, forced)), done);
	expect_fault("12/0 0x0 + 16 MiB", 0, 8);
	ASSERT_TRUE(program.wait_for_next("12/0 0x0 + 8 MiB: lost")) << program.output();
	// in the upper half of what was below, and in what was above
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", part(12, 4, forced)), done);
	expect_fault("12/0 0x800000 + 8 MiB", 12, 4);
	ASSERT_TRUE(program.wait_for_next("12/0 0xc00000 + 4 MiB: lost")) << program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", part(32, 32, forced)), done);
	expect_fault("12/0 0x2000000 + 32 MiB", 32, 32);
	ASSERT_TRUE(program.wait_for_next("12/0 0x2000000 + 32 MiB: lost")) << program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", part(8, 4, "")), done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x800000 + 4 MiB: given back")) << program.output();
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
}

TEST(dynamic_capacity_host, says_what_a_machine_lacks_for_it)
{
	const struct {
		const char *bridge, *memory, *config, *error;
	} rows[] = {
		{ "hb", "volatile-memdev=m", "", "no memory device has dynamic capacity" },
		{ "other", "num-dc-regions=1,volatile-dc-memdev=m", "",
		  "no window of one way reaches dynamic capacity" },
		{ "hb", "num-dc-regions=1,volatile-dc-memdev=m",
		  "region window=0 size=512M targets=12/0,12/0\n",
		  "region 0: 2 targets, dynamic capacity is of one" },
		{ "hb", "num-dc-regions=1,volatile-dc-memdev=m",
		  "region window=0 size=512M targets=12/0\n",
		  "region 0: device 12/0: 0x20000000 bytes do not fit, it has 0x10000000, used "
		  "0x0" },
	};

	for (const auto &row : rows) {
		const scratch dir;
		const std::string window = row.bridge;
		const outcome o = run_vcxl(
			host({ "-M", "virt,cxl=on,cxl-fmw.0.size=1G,cxl-fmw.0.targets.0=" + window,
			       "-m", "128M", "-device", "pxb-cxl,bus_nr=12,bus=pcie.0,id=hb",
			       "-device", "pxb-cxl,bus_nr=64,bus=pcie.0,id=other", "-device",
			       "cxl-rp,bus=hb,id=rp,port=0,slot=0", "-object",
			       "memory-backend-ram,id=m,size=256M", "-device",
			       std::string("cxl-type3,bus=rp,id=d,") + row.memory },
			     dir, {}, row.config),
			dir);

		EXPECT_EQ(o.status, 1) << o.out << o.err;
		EXPECT_NE(o.out.find(std::string("\nerror: ") + row.error + "\r\nFAILED"),
			  std::string::npos)
			<< row.error << '\n'
			<< o.out;
	}
}

} // namespace vcxl_test
