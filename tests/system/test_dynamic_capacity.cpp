// SPDX-License-Identifier: Apache-2.0
//
// Dynamic capacity over the monitor's socket: memory backends with tags that come and go at run
// time, and offers that lie on them.
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "qmp_client.h"
#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

constexpr char done[] = R"({"return":{}})";
const std::string tag = "5be13bce-ae34-4a77-b6c3-16df975fcf1a";
const std::string other = "00112233-4455-6677-8899-aabbccddeeff";
constexpr char query[] = "query-cxl-dynamic-capacity";
constexpr char device[] = R"({"path":"/machine/peripheral/cxl-dcd0"})";

std::string ram_object(const std::string &id, const std::string &size, const std::string &tagged)
{
	return R"({"qom-type":"memory-backend-ram","id":")" + id + R"(","size":)" + size +
	       R"(,"tag":")" + tagged + "\"}";
}

std::string offer(const std::string &extents, const std::string &tagged)
{
	return R"({"path":"/machine/peripheral/cxl-dcd0","host-id":0,"region":0,)"
	       R"("selection-policy":"prescriptive","tag":")" +
	       tagged + R"(","extents":[)" + extents + "]}";
}

std::string object(const std::string &id)
{
	return R"({"id":")" + id + "\"}";
}

std::string error(const std::string &text)
{
	return R"({"error":{"class":"GenericError","desc":")" + text + R"("}})";
}

// A running guest that accepts all extents (sw/guest/dcd.c), or a stopped machine.
words machine_with(const scratch &dir, bool runs, const words &more,
		   const std::string &file = "options/dcd_tagged.args")
{
	words args = args_file(file, dir);

	const std::string guest = VCXL_GUEST_DIR "/dcd.elf";
	const std::string monitor = "unix:" + dir.file("q") + ",server=on,wait=off";
	const words all{ "-bios", "none", "-kernel", guest, "-qmp", monitor };

	args.insert(args.end(), all.begin(), all.end());
	if (!runs)
		args.push_back("-S");
	args.insert(args.end(), more.begin(), more.end());
	return args;
}

words stopped(const scratch &dir, const words &more = {})
{
	return machine_with(dir, false, more);
}

std::string release(const std::string &more)
{
	return R"({"path":"cxl-dcd0","host-id":0,"region":0,"removal-policy":)" + more + "}";
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

// What the guest says of the last extent of a chain.
std::string last_of(unsigned chain)
{
	std::ostringstream text;

	text << "0x" << std::hex << ((chain + 1) * in_chain - 1) * (4ull << 20) << " +0x200000";
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

// The guest looks at the first and the last word of an extent, and at the first word of what it
// has no more, which has to trap.
TEST(dynamic_capacity, a_guest_accepts_uses_gives_back_and_loses_memory)
{
	THROWS_BESIDE_SYSTEMC();
	const scratch dir;
	running program(machine_with(dir, true, {}), dir);
	const std::string two =
		R"({"offset":1073741824,"len":33554432},{"offset":0,"len":33554432})";
	const std::string file =
		R"({"qom-type":"memory-backend-file","id":"m","size":67108864,"share":true,)"
		R"("mem-path":")" +
		dir.file("m") + R"(","tag":")" + tag + "\"}";
	const std::string by_tag = R"("tag-based","tag":")" + tag + '"';
	const std::string status =
		R"({"path":"cxl-dcd0","host-id":0,"region":0,"tag":")" + tag + "\"}";

	ASSERT_TRUE(program.wait_for("waiting")) << program.output();
	qmp_client qmp(dir);
	EXPECT_EQ(qmp.ask("object-add", file), done);
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", offer(two, tag)), done);
	ASSERT_TRUE(program.wait_for("accepted 0x0 +0x2000000: held 0")) << program.output();
	EXPECT_NE(program.output().find("accepted 0x40000000 +0x2000000: held 0"),
		  std::string::npos);
	EXPECT_NE(qmp.ask("cxl-release-dynamic-capacity-status", status).find("\"Not Released\""),
		  std::string::npos);
	EXPECT_EQ(qmp.ask("object-del", object("m")),
		  error("object 'm' is in use, can not be deleted"));
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity", release(by_tag)), done);
	ASSERT_TRUE(program.wait_for("gave back 0x40000000 +0x2000000")) << program.output();
	EXPECT_NE(qmp.ask("cxl-release-dynamic-capacity-status", status).find("\"Released\""),
		  std::string::npos);
	// the same memory elsewhere keeps what was written, its extents in the order of the request
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity",
			  offer(R"({"offset":2147483648,"len":67108864})", tag)),
		  done);
	ASSERT_TRUE(program.wait_for("accepted 0x80000000 +0x4000000: held 1000"))
		<< program.output();
	EXPECT_EQ(program.output().find("trap"), std::string::npos) << program.output();
	EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity",
			  release(by_tag + R"(,"forced-removal":true,"sanitize-on-release":true)")),
		  done);
	ASSERT_TRUE(program.wait_for("lost 0x80000000 +0x4000000")) << program.output();
	EXPECT_NE(program.output().find("trap 5 at 0x80000000"), std::string::npos)
		<< "it was reading\n"
		<< program.output();
	EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity",
			  offer(R"({"offset":4294967296,"len":67108864})", tag)),
		  done);
	ASSERT_TRUE(program.wait_for("accepted 0x100000000 +0x4000000: held 0"))
		<< "erased\n"
		<< program.output();
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
	// what is left is the guest's last word, at the start of the file
	std::ifstream in(dir.file("m"), std::ios::binary);
	uint64_t word = 0;
	in.read(reinterpret_cast<char *>(&word), sizeof(word));
	EXPECT_EQ(word, 1000u);
}

// A hart remembers the memory of many extents, and forgets it where it goes: the guest looks at
// each when it comes and when it has gone.
TEST(dynamic_capacity, many_extents_come_and_go_and_keep_what_is_written)
{
	THROWS_BESIDE_SYSTEMC();
	const scratch dir;
	running program(machine_with(dir, true, {}, "options/dcd_volatile.args"), dir);
	const auto add = [](unsigned chain) {
		return R"({"path":"cxl-dcd0","host-id":0,"region":0,)"
		       R"("selection-policy":"prescriptive","extents":[)" +
		       apart(chain) + "]}";
	};

	ASSERT_TRUE(program.wait_for("waiting")) << program.output();
	qmp_client qmp(dir);
	for (unsigned i = 0; i < n_chains; i++) {
		EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", add(i)), done);
		ASSERT_TRUE(program.wait_for("accepted " + last_of(i) + ": held 0"))
			<< program.output();
	}
	for (unsigned i : { 5u, 0u, 7u, 2u, 1u, 6u, 4u, 3u }) {
		EXPECT_EQ(qmp.ask("cxl-release-dynamic-capacity",
				  release(R"("prescriptive","extents":[)" + apart(i) + "]")),
			  done);
		ASSERT_TRUE(program.wait_for("gave back " + last_of(i))) << program.output();
	}
	for (unsigned i = 0; i < n_chains; i++) {
		EXPECT_EQ(qmp.ask("cxl-add-dynamic-capacity", add(i)), done);
		ASSERT_TRUE(program.wait_for("accepted " + last_of(i) + ": held 1015"))
			<< program.output();
	}
	EXPECT_EQ(program.output().find("trap"), std::string::npos) << program.output();
	EXPECT_EQ(qmp.ask("quit"), done);
	EXPECT_EQ(program.wait(), 0);
}

} // namespace vcxl_test
