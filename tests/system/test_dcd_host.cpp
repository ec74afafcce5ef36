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
#include "gdb_client.h"

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

constexpr uint64_t mib = 1 << 20, window = 0x1000000000;

std::string extent(uint64_t from_mib, uint64_t n_mib)
{
	return R"({"offset":)" + std::to_string(from_mib * mib) + R"(,"len":)" +
	       std::to_string(n_mib * mib) + "}";
}

std::string lend(const std::string &extents)
{
	return R"({"path":"cxl-dcd0","host-id":0,"region":0,"selection-policy":)"
	       R"("prescriptive","extents":[)" +
	       extents + "]}";
}

std::string take(const std::string &extents)
{
	return release(R"("prescriptive","extents":[)" + extents + "]");
}

std::string force(const std::string &extents)
{
	return release(R"("prescriptive","forced-removal":true,"extents":[)" + extents + "]");
}

// A lender and its host, which a debugger stops where it is to be found at work.
struct watched {
	const scratch dir;
	running program;
	gdb_client gdb;
	qmp_client qmp;

	watched()
	    : program(host(lender(), dir, { "-S", "-gdb", "unix:" + dir.file("gdb") }), dir),
	      gdb(dir.file("gdb")), qmp(dir)
	{
		gdb.send("c");
	}
	// Stops when the guest comes to a point ("Z0,...", "Z2,..."), which is gone then.
	void stop_at(const std::string &kind, uint64_t address, const std::string &size)
	{
		const std::string point = kind + ',' + hex(address) + ',' + size;

		interrupt();
		ASSERT_EQ(gdb.ask('Z' + point), "OK");
		gdb.send("c");
		points.push_back(point);
	}
	void expect_stop()
	{
		ASSERT_EQ(gdb.receive().substr(0, 3), "T05") << program.output();
		ASSERT_EQ(gdb.ask('z' + points.back()), "OK");
	}
	void stop_at_store(uint64_t hpa) { stop_at("2", hpa, "8"); }
	void interrupt()
	{
		gdb.send_raw("\3");
		ASSERT_EQ(gdb.receive().substr(0, 3), "T02") << program.output();
	}
	void expect(const std::string &line)
	{
		ASSERT_TRUE(program.wait_for_next("12/0 " + line)) << line << '\n'
								   << program.output();
	}
	void quit()
	{
		EXPECT_EQ(qmp.ask("quit"), done);
		EXPECT_EQ(program.wait(), 0);
	}
	words points;
};

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
	const std::string start = "103 102 103 102 4801 4801 100 4802 100 4802 ";
	const std::string steps = "msi2 100 101 4802 100 "
				  "msi3 100 101 4802 100 "
				  "msi2 100 101 4803 4803 100 "
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

TEST(dynamic_capacity_host, meets_a_fault_of_a_store_when_memory_goes_before_it_is_filled)
{
	watched w;

	ASSERT_TRUE(w.program.wait_for_next("waiting")) << w.program.output();
	for (uint64_t at : { 0, 4, 8 }) {
		w.stop_at_store(window + at * mib);
		EXPECT_EQ(w.qmp.ask("cxl-add-dynamic-capacity", lend(extent(0, 16))), done);
		w.expect_stop();
		w.expect("0x0 + 16 MiB: accepted");
		EXPECT_EQ(w.qmp.ask("cxl-release-dynamic-capacity", force(extent(0, 16))), done);
		w.gdb.send("c");
		const uint64_t fault = fault_address(w.program, '7');
		EXPECT_GE(fault, window + at * mib) << w.program.output();
		EXPECT_LE(fault, window + at * mib + 8) << w.program.output();
		w.expect("0x0 + 16 MiB: lost");
	}
	w.quit();
}

TEST(dynamic_capacity_host, fills_what_stays_when_a_part_goes_before_it_is_filled)
{
	watched w;

	ASSERT_TRUE(w.program.wait_for_next("waiting")) << w.program.output();
	w.stop_at_store(window + 8 * mib);
	EXPECT_EQ(w.qmp.ask("cxl-add-dynamic-capacity", lend(extent(0, 32))), done);
	w.expect_stop();
	EXPECT_EQ(w.qmp.ask("cxl-release-dynamic-capacity", force(extent(16, 4))), done);
	w.gdb.send("c");
	w.expect("0x0 + 32 MiB: access fault 7 at 0x1001000000");
	w.expect("0x1000000 + 4 MiB: lost");
	w.expect("0x0 + 16 MiB: filled and verified");
	w.expect("0x1400000 + 12 MiB: filled and verified");
	// and both parts are read from now on
	EXPECT_EQ(w.qmp.ask("cxl-release-dynamic-capacity", force(extent(28, 4))), done);
	w.expect("0x1400000 + 12 MiB: access fault 5 at ");
	w.expect("0x1c00000 + 4 MiB: lost");
	w.quit();
}

TEST(dynamic_capacity_host, keeps_all_that_is_left_when_memory_goes_after_a_reset)
{
	watched w;
	const std::string three = extent(0, 2) + ',' + extent(4, 2) + ',' + extent(8, 2);

	ASSERT_TRUE(w.program.wait_for_next("waiting")) << w.program.output();
	EXPECT_EQ(w.qmp.ask("cxl-add-dynamic-capacity", lend(three)), done);
	w.expect("0x800000 + 2 MiB: filled and verified");
	w.stop_at_store(window);
	EXPECT_EQ(w.qmp.ask("system_reset"), done);
	w.expect_stop();
	w.expect("0x0 + 2 MiB: kept");
	// the list has two now, in other places
	EXPECT_EQ(w.qmp.ask("cxl-release-dynamic-capacity", force(extent(0, 2))), done);
	w.gdb.send("c");
	w.expect("0x0 + 2 MiB: access fault 7");
	w.expect("0x400000 + 2 MiB: kept");
	w.expect("0x800000 + 2 MiB: kept");
	w.expect("0x0 + 2 MiB: lost");
	w.quit();
}

TEST(dynamic_capacity_host, takes_after_a_reset_the_offers_that_it_had_not_come_to)
{
	watched w;

	ASSERT_TRUE(w.program.wait_for_next("waiting")) << w.program.output();
	w.stop_at_store(window);
	EXPECT_EQ(w.qmp.ask("stop"), done);
	EXPECT_EQ(w.qmp.ask("cxl-add-dynamic-capacity", lend(extent(0, 2))), done);
	EXPECT_EQ(w.qmp.ask("cxl-add-dynamic-capacity", lend(extent(4, 2))), done);
	EXPECT_EQ(w.qmp.ask("cont"), done);
	w.expect_stop();
	w.expect("0x0 + 2 MiB: accepted");
	EXPECT_EQ(w.qmp.ask("system_reset"), done);
	w.gdb.send("c");
	w.expect("0x0 + 2 MiB: kept");
	w.expect("0x400000 + 2 MiB: accepted");
	w.quit();
}

TEST(dynamic_capacity_host, refuses_an_offer_whose_records_went_with_a_reset_and_takes_the_others)
{
	watched w;
	const std::filesystem::path vcxl = VCXL_PROGRAM;
	const std::string firmware =
		(vcxl.parent_path().parent_path() / "share/vcxl/firmware.elf").string();

	ASSERT_TRUE(w.program.wait_for_next("waiting")) << w.program.output();
	for (const bool others : { true, false }) {
		w.stop_at("0", elf_symbol(firmware, "dcd_respond"), "4");
		EXPECT_EQ(w.qmp.ask("cxl-add-dynamic-capacity", lend(extent(0, 2))), done);
		w.expect_stop();
		if (others) {
			EXPECT_EQ(w.qmp.ask("cxl-add-dynamic-capacity", lend(extent(4, 2))), done);
		}
		EXPECT_EQ(w.qmp.ask("system_reset"), done);
		w.gdb.send("c");
		ASSERT_TRUE(w.program.wait_for_next("an offer without records is refused"))
			<< w.program.output();
		if (others)
			w.expect("0x400000 + 2 MiB: accepted");
		ASSERT_TRUE(w.program.wait_for_next("waiting")) << w.program.output();
		EXPECT_EQ(w.qmp.ask(query, device).find("pending"), std::string::npos);
	}
	EXPECT_EQ(w.qmp.ask("cxl-add-dynamic-capacity", lend(extent(0, 2))), done);
	w.expect("0x0 + 2 MiB: accepted");
	w.quit();
}

TEST(dynamic_capacity_host, gives_back_what_is_left_of_a_request_and_as_much_as_is_asked)
{
	constexpr unsigned n = 80; // extents, more than an offer may have
	const scratch dir;
	running program(host(lender(), dir), dir);
	std::string all, half[2];

	for (unsigned i = 0; i < n; i++) {
		const std::string next = extent(4 * i, 2);

		all += (i ? "," : "") + next;
		half[i / (n / 2)] += (i % (n / 2) ? "," : "") + next;
	}
	ASSERT_TRUE(program.wait_for_next("waiting")) << program.output();
	qmp_client qmp(dir);
	for (const std::string &part : half)
		EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", lend(part)), done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x13c00000 + 2 MiB: filled and verified"))
		<< program.output();
	EXPECT_EQ(qmp.ask("stop"), done);
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", take(all)), done);
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", force(extent(4, 2))), done);
	EXPECT_EQ(qmp.ask("cont"), done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x0 + 2 MiB: given back")) << program.output();
	ASSERT_TRUE(program.wait_for_next("12/0 0x400000 + 2 MiB: not given back"))
		<< program.output();
	ASSERT_TRUE(program.wait_for_next("12/0 0x13c00000 + 2 MiB: given back"))
		<< program.output();
	ASSERT_TRUE(program.wait_for_next("12/0 0x400000 + 2 MiB: lost")) << program.output();
	EXPECT_NE(qmp.ask(query, device).find(R"("extents":[])"), std::string::npos);
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
}

TEST(dynamic_capacity_host, forgets_what_is_offered_again_when_the_event_of_its_removal_is_missing)
{
	const scratch dir;
	running program(host(lender(), dir), dir);
	std::string others;

	for (unsigned i = 0; i < 64; i++)
		others += (i ? "," : "") + extent(8 + 4 * i, 2);
	ASSERT_TRUE(program.wait_for_next("waiting")) << program.output();
	qmp_client qmp(dir);
	for (const std::string &part : { extent(0, 4), others })
		EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", lend(part)), done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x10400000 + 2 MiB: filled and verified"))
		<< program.output();
	EXPECT_EQ(qmp.ask("stop"), done);
	// 1024 records: the log is full
	for (unsigned i = 0; i < 16; i++)
		EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", take(others)), done);
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", force(extent(0, 4))), done);
	EXPECT_EQ(qmp.ask("cont"), done);
	ASSERT_TRUE(program.wait_for_next("events are missing")) << program.output();
	// before that line or behind it, as it was at work when it stopped
	ASSERT_TRUE(program.wait_for("12/0 0x0 + 4 MiB: access fault 5")) << program.output();
	EXPECT_EQ(program.output().find("12/0 0x0 + 4 MiB: lost"), std::string::npos);
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", lend(extent(0, 4))), done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x0 + 4 MiB: filled and verified"))
		<< program.output();
	// a part of what was there before, and of what is there now, is one part
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", force(extent(0, 2))), done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x0 + 2 MiB: lost")) << program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", force(extent(2, 2))), done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x200000 + 2 MiB: lost")) << program.output();
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
}

TEST(dynamic_capacity_host, refuses_memory_that_it_has_by_another_device)
{
	const scratch dir;
	words args = two_devices();

	for (std::string &word : args)
		if (word.rfind("cxl-type3,", 0) == 0)
			word += ",dc-shareable=on";
	running program(host(args, dir), dir);
	const std::string tagged = R"("host-id":0,"region":0,"tag":")" + tag + '"';
	const std::string a = R"({"path":"a",)" + tagged, b = R"({"path":"b",)" + tagged;
	const std::string shared = R"(,"selection-policy":"enable-shared-access"})";

	ASSERT_TRUE(program.wait_for_next("waiting")) << program.output();
	qmp_client qmp(dir);
	EXPECT_EQ(qmp.ask("object-add", ram_object("m", "4194304", tag)), done);
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity",
			  a + R"(,"selection-policy":"prescriptive","extents":[)" + extent(0, 4) +
				  "]}"),
		  done);
	ASSERT_TRUE(program.wait_for_next("12/0/0 0x10000000 + 4 MiB: filled and verified"))
		<< program.output();
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", b + shared), done);
	ASSERT_TRUE(program.wait_for_next("12/0/1 0x0 + 4 MiB: refused: memory with its tag is "
					  "here by another device"))
		<< program.output();
	// after which it may come that way
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", a + R"(,"removal-policy":"tag-based"})"),
		  done);
	ASSERT_TRUE(program.wait_for_next("12/0/0 0x10000000 + 4 MiB: given back"))
		<< program.output();
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity",
			  b + R"(,"selection-policy":"prescriptive","extents":[)" + extent(0, 4) +
				  "]}"),
		  done);
	ASSERT_TRUE(program.wait_for_next("12/0/1 0x0 + 4 MiB: accepted, holds 0x1000010"))
		<< program.output();
	ASSERT_TRUE(program.wait_for_next("filled and verified")) << program.output();
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
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", lend(extent(0, 64))), done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x0 + 64 MiB: filled and verified"))
		<< program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", take(extent(16, 16))), done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x1000000 + 16 MiB: given back"))
		<< program.output();
	EXPECT_EQ(program.output().find("fault"), std::string::npos) << program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", force(extent(0, 8))), done);
	expect_fault("12/0 0x0 + 16 MiB", 0, 8);
	ASSERT_TRUE(program.wait_for_next("12/0 0x0 + 8 MiB: lost")) << program.output();
	// in the upper half of what was below, and in what was above
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", force(extent(12, 4))), done);
	expect_fault("12/0 0x800000 + 8 MiB", 12, 4);
	ASSERT_TRUE(program.wait_for_next("12/0 0xc00000 + 4 MiB: lost")) << program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", force(extent(32, 32))), done);
	expect_fault("12/0 0x2000000 + 32 MiB", 32, 32);
	ASSERT_TRUE(program.wait_for_next("12/0 0x2000000 + 32 MiB: lost")) << program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", take(extent(8, 4))), done);
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
