// SPDX-License-Identifier: Apache-2.0
//
// Dynamic capacity over the monitor's socket: memory backends with tags that come and go at run
// time, offers that lie on them, and a guest that takes, uses and loses them. The guest is the
// firmware (action dcd), which ends the run when memory is not as it has to be: also when it
// answers before it is accepted, or afterwards.
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "dynamic_capacity.h"

namespace vcxl_test
{

namespace
{

words stopped(const scratch &dir, words more = {})
{
	more.push_back("-S");
	return host(documented(dir), dir, more);
}

// A file that begins so, each word by 8 more than the one before.
void expect_words(const std::string &path, uint64_t first, uint64_t n)
{
	std::ifstream in(path, std::ios::binary);

	for (uint64_t i = 0; i < n; i++) {
		uint64_t word = 0;

		in.read(reinterpret_cast<char *>(&word), sizeof(word));
		ASSERT_EQ(word, first + 8 * i);
	}
}

// Extents of 2 MiB, each with as much free behind it: no two are one piece for the host.
constexpr unsigned n_chains = 8, in_chain = 16;

std::string apart(unsigned chain)
{
	std::string extents;

	for (unsigned i = 0; i < in_chain; i++)
		extents += (i ? R"(,{"offset":)" : R"({"offset":)") +
			   std::to_string((chain * in_chain + i) * (4ull << 20)) +
			   R"(,"len":2097152})";
	return extents;
}

// Device address of the last extent of a chain.
uint64_t last(unsigned chain)
{
	return ((chain + 1) * in_chain - 1) * (4ull << 20);
}

// How lines about it begin.
std::string last_of(unsigned chain)
{
	std::ostringstream text;

	text << "12/0 0x" << std::hex << last(chain) << " + 2 MiB: ";
	return text.str();
}

// What the firmware filled it with: in the highest byte, how many it had filled by then.
std::string held(unsigned chain)
{
	const uint64_t at = 0x1000000000 + last(chain);
	std::ostringstream text;

	text << std::hex << "0x" << (uint64_t{ chain + 1 } * in_chain << 56 | at) << " at 0x" << at;
	return text.str();
}

} // namespace

TEST(dynamic_capacity, memory_with_a_tag_comes_at_run_time_and_is_offered_by_its_tag)
{
	const scratch dir;
	running program(stopped(dir), dir);
	qmp_client qmp(dir);
	const std::string eight_gib = R"({"offset":0,"len":8589934592})";
	const std::string region =
		R"("regions":[{"base":0,"length":12884901888,"decode-length":12884901888,)"
		R"("block-size":2097152,"persistent":false,"shareable":false,)"
		R"("sanitize-on-release":false}],)";

	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", offer(eight_gib, tag)),
		  error("dynamic capacity must have a backing device"));
	EXPECT_EQ(qmp.ask("object-add", ram_object("lent0", "8589934592", tag)), done);
	EXPECT_EQ(qmp.ask("object-add", ram_object("lent1", "4096", tag)),
		  error("object-add id=lent1: property 'tag': is that of 'lent0'"));
	EXPECT_EQ(qmp.ask("object-add", ram_object("lent1", "4096", "blue")),
		  error("object-add id=lent1: property 'tag': 'blue' is not a UUID"));
	EXPECT_EQ(
		qmp.ask("cxl-add-dynamic-capacity", offer(R"({"offset":0,"len":4294967296})", tag)),
		error("memory backend size does not match extent length"));
	EXPECT_EQ(qmp.ask(query, device),
		  R"({"return":{"generation":0,)" + region + R"("extents":[]}})");
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", offer(eight_gib, tag)), done);
	EXPECT_EQ(qmp.ask(query, device), R"({"return":{"generation":0,)" + region +
						  R"("extents":[{"region":0,"offset":0,)"
						  R"("len":8589934592,"state":"pending","tag":")" +
						  tag + R"(","sequence":0,"offer":0}]}})");
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity",
			  R"({"path":"cxl-dcd0","host-id":0,"region":0,"removal-policy":)"
			  R"("tag-based","tag":")" +
				  tag + "\"}"),
		  error("cannot release extent with pending DPA range"));
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
}

TEST(dynamic_capacity, memory_with_a_tag_stays_while_a_device_has_extents_on_it)
{
	const scratch dir;
	running program(stopped(dir, { "-object", "memory-backend-file,id=kept,share=on,size=64M,"
						  "mem-path=" +
							  dir.file("kept") + ",tag=" + other }),
			dir);
	qmp_client qmp(dir);
	const std::string busy = error("object 'kept' is in use, can not be deleted");
	const std::string extents =
		R"({"offset":0,"len":33554432},{"offset":67108864,"len":33554432})";

	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", offer(extents, other)), done);
	EXPECT_EQ(qmp.ask("object-del", object("kept")), busy);
	EXPECT_EQ(qmp.ask("object-del", object("kept")), busy) << "and nothing has changed";
	EXPECT_NE(qmp.ask(query, device).find(R"("offset":67108864,"len":33554432,)"),
		  std::string::npos);
	// the device goes, and with it what it was offered
	EXPECT_EQ(qmp.ask("device_del", object("cxl-dcd0")), done);
	EXPECT_EQ(qmp.event(), "DEVICE_DELETED cxl-dcd0");
	EXPECT_EQ(qmp.ask(query, device), error("Unable to resolve CXL type 3 device"));
	EXPECT_EQ(qmp.ask("device_add",
			  R"({"driver":"cxl-type3","bus":"root_port13","volatile-memdev":"kept"})"),
		  error("device_add: property 'volatile-memdev': memory backend 'kept' has a tag: "
			"it is dynamic capacity"));
	EXPECT_EQ(qmp.ask("object-del", object("kept")), done);
	EXPECT_EQ(qmp.ask("device_add", R"({"driver":"cxl-type3","bus":"root_port13",)"
					R"("id":"cxl-dcd0","num-dc-regions":1,)"
					R"("dc-regions-total-size":"1G"})"),
		  done);
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", offer(extents, other)),
		  error("dynamic capacity must have a backing device"));
	EXPECT_EQ(qmp.ask("object-add", ram_object("lent", "67108864", other)), done);
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", offer(extents, other)), done);
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
	std::ifstream file(dir.file("kept"), std::ios::binary | std::ios::ate);
	EXPECT_EQ(file.tellg(), 67108864) << "a file stays as it was";
}

TEST(dynamic_capacity, fabric_manager_holds_memory_by_a_reference)
{
	const scratch dir;
	running program(stopped(dir), dir);
	qmp_client qmp(dir);
	const std::string to = R"({"path":"cxl-dcd0","opcode":)";
	const std::string payload = R"(,"payload":"00112233445566778899aabbccddeeff"})";
	const std::string success = R"({"return":{"return-code":0,"payload":""}})";

	// Add and Remove Reference, 5606h and 5607h
	EXPECT_EQ(qmp.ask("cxl-fm-command", to + "22022" + payload),
		  R"({"return":{"return-code":2,"payload":""}})");
	EXPECT_EQ(qmp.ask("object-add", ram_object("lent", "2097152", other)), done);
	EXPECT_EQ(qmp.ask("cxl-fm-command", to + "22022" + payload), success);
	EXPECT_EQ(qmp.ask("object-del", object("lent")),
		  error("object 'lent' is in use, can not be deleted"));
	EXPECT_EQ(qmp.ask("cxl-fm-command", to + "22023" + payload), success);
	EXPECT_EQ(qmp.ask("object-del", object("lent")), done);
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
}

// The fault is an error response of the device, as for every address that no capacity lies behind.
TEST(dynamic_capacity, firmware_accepts_256_mib_by_interrupt_and_survives_their_forced_removal)
{
	const scratch dir;
	running program(host(documented(dir), dir), dir);
	const std::string all = offer(R"({"offset":1073741824,"len":268435456})", tag);
	const std::string by_tag = R"("tag-based","tag":")" + tag + '"';
	const std::string line = "12/0 0x40000000 + 256 MiB: ";

	ASSERT_TRUE(program.wait_for_next("waiting")) << program.output();
	qmp_client qmp(dir);
	EXPECT_EQ(qmp.ask("object-add", ram_object("lent", "268435456", tag)), done);
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", all), done);
	ASSERT_TRUE(program.wait_for_next(line + "accepted, reads as zeros")) << program.output();
	ASSERT_TRUE(program.wait_for_next(line + "filled and verified")) << program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity",
			  release(by_tag + R"(,"sanitize-on-release":true)")),
		  done);
	ASSERT_TRUE(program.wait_for_next(line + "given back")) << program.output();
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", all), done);
	ASSERT_TRUE(program.wait_for_next(line + "accepted, reads as zeros")) << program.output();
	ASSERT_TRUE(program.wait_for_next(line + "filled and verified")) << program.output();
	EXPECT_EQ(program.output().find("fault"), std::string::npos) << program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity",
			  release(by_tag + R"(,"forced-removal":true)")),
		  done);
	const uint64_t fault = fault_address(program);
	EXPECT_GE(fault, 0x1040000000u) << program.output();
	EXPECT_LT(fault, 0x1050000000u) << program.output();
	ASSERT_TRUE(program.wait_for_next(line + "lost")) << program.output();
	// it goes on; what was not erased holds the words of the second fill
	EXPECT_EQ(
		qmp.ask("cxl-add-dynamic-capacity", offer(R"({"offset":0,"len":268435456})", tag)),
		done);
	ASSERT_TRUE(program.wait_for_next(
		"12/0 0x0 + 256 MiB: accepted, holds 0x200001040000000 at 0x1000000000"))
		<< program.output();
	ASSERT_TRUE(program.wait_for_next("12/0 0x0 + 256 MiB: filled and verified"))
		<< program.output();
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
	// ten times through 256 MiB; by one transaction for each access it would be minutes
	EXPECT_LT(program.cpu_seconds(), 15);
}

TEST(dynamic_capacity, firmware_accepts_uses_gives_back_and_loses_memory)
{
	THROWS_BESIDE_SYSTEMC();
	const scratch dir;
	running program(host(documented(dir), dir), dir);
	const std::string two =
		R"({"offset":1073741824,"len":33554432},{"offset":0,"len":33554432})";
	const std::string file =
		R"({"qom-type":"memory-backend-file","id":"m","size":67108864,"share":true,)"
		R"("mem-path":")" +
		dir.file("m") + R"(","tag":")" + tag + "\"}";
	const std::string by_tag = R"("tag-based","tag":")" + tag + '"';
	const std::string status =
		R"({"path":"cxl-dcd0","host-id":0,"region":0,"tag":")" + tag + "\"}";

	ASSERT_TRUE(program.wait_for_next("waiting")) << program.output();
	qmp_client qmp(dir);
	EXPECT_EQ(qmp.ask("object-add", file), done);
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", offer(two, tag)), done);
	for (const std::string at : { "0x40000000", "0x0" })
		for (const std::string what : { "accepted, reads as zeros", "filled and verified" })
			ASSERT_TRUE(program.wait_for_next("12/0 " + at + " + 32 MiB: " + what))
				<< program.output();
	EXPECT_NE(qmp.ask("cxl-release-dynamic-capacity-status", status).find("\"Not Released\""),
		  std::string::npos);
	EXPECT_EQ(qmp.ask("object-del", object("m")),
		  error("object 'm' is in use, can not be deleted"));
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", release(by_tag)), done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x40000000 + 32 MiB: given back"))
		<< program.output();
	EXPECT_NE(qmp.ask("cxl-release-dynamic-capacity-status", status).find("\"Released\""),
		  std::string::npos);
	// the same memory elsewhere keeps what was written, its extents in the order of the request
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity",
			  offer(R"({"offset":2147483648,"len":67108864})", tag)),
		  done);
	ASSERT_TRUE(program.wait_for_next(
		"12/0 0x80000000 + 64 MiB: accepted, holds 0x100001040000000 at 0x1080000000"))
		<< program.output();
	ASSERT_TRUE(program.wait_for_next("filled and verified")) << program.output();
	EXPECT_EQ(program.output().find("fault"), std::string::npos) << program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity",
			  release(by_tag + R"(,"forced-removal":true,"sanitize-on-release":true)")),
		  done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x80000000 + 64 MiB: access fault 5 at 0x108"))
		<< "it was reading\n"
		<< program.output();
	ASSERT_TRUE(program.wait_for_next("12/0 0x80000000 + 64 MiB: lost")) << program.output();
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity",
			  offer(R"({"offset":4294967296,"len":67108864})", tag)),
		  done);
	ASSERT_TRUE(program.wait_for_next("12/0 0x100000000 + 64 MiB: accepted, reads as zeros"))
		<< "erased\n"
		<< program.output();
	ASSERT_TRUE(program.wait_for_next("filled and verified")) << program.output();
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
	// the words of the fourth fill, from the start of the file to its end
	expect_words(dir.file("m"), 0x0400001100000000u, 67108864 / 8);
}

// A hart remembers the memory of many extents, and forgets it where it goes: the firmware reads all
// that it has the whole time, and looks at each extent when it comes and when it has gone.
TEST(dynamic_capacity, many_extents_come_and_go_and_keep_what_is_written)
{
	THROWS_BESIDE_SYSTEMC();
	const scratch dir;
	running program(host(args_file("options/dcd_volatile.args", dir), dir), dir);
	const auto add = [](unsigned chain) {
		return R"({"path":"cxl-dcd0","host-id":0,"region":0,)"
		       R"("selection-policy":"prescriptive","extents":[)" +
		       apart(chain) + "]}";
	};

	ASSERT_TRUE(program.wait_for_next("waiting")) << program.output();
	qmp_client qmp(dir);
	for (unsigned i = 0; i < n_chains; i++) {
		EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", add(i)), done);
		ASSERT_TRUE(program.wait_for_next(last_of(i) + "accepted, reads as zeros"))
			<< program.output();
		ASSERT_TRUE(program.wait_for_next(last_of(i) + "filled and verified"))
			<< program.output();
	}
	for (unsigned i : { 5u, 0u, 7u, 2u, 1u, 6u, 4u, 3u }) {
		EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity",
				  release(R"("prescriptive","extents":[)" + apart(i) + "]")),
			  done);
		ASSERT_TRUE(program.wait_for_next(last_of(i) + "given back")) << program.output();
	}
	for (unsigned i = 0; i < n_chains; i++) {
		EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", add(i)), done);
		ASSERT_TRUE(program.wait_for_next(last_of(i) + "accepted, holds " + held(i)))
			<< program.output();
	}
	EXPECT_EQ(program.output().find("fault"), std::string::npos) << program.output();
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
}

} // namespace vcxl_test
