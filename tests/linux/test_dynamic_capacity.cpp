// SPDX-License-Identifier: Apache-2.0
//
// Dynamic capacity under Linux, whose drivers know nothing of it: vcxl-dcd (sw/linux/guest) talks
// to the device by raw mailbox commands while a monitor offers memory and takes it back. What
// NAME.sh in tests/data/linux/dynamic_capacity prints is NAME.txt. A guest waits for so many
// seconds because they cost little while nothing happens.
#include <string>

#include <gtest/gtest.h>

#include "linux_run.h"
#include "qmp_client.h"

namespace vcxl_test
{

namespace
{

constexpr char done[] = R"({"return":{}})";

// The guest's log without the one warning that Linux gives whoever uses raw commands.
std::string without_raw_warning(std::string log)
{
	const size_t said = log.find("raw command path used");

	EXPECT_NE(said, std::string::npos) << log;
	if (said == std::string::npos)
		return log;
	const size_t from = log.rfind('\n', log.rfind("------------[ cut here ]", said));
	const size_t to = log.find('\n', log.find("---[ end trace", said));

	return log.erase(from, to - from);
}

// A guest that runs such a script, and a client of its monitor.
class dynamic_guest
{
public:
	dynamic_guest(const std::string &name, const std::string &args)
	    : file_(VCXL_TEST_DATA "/linux/dynamic_capacity/" + name),
	      program_(command_line(args), dir_), qmp_(dir_)
	{
	}
	void wait_for(const std::string &text)
	{
		ASSERT_TRUE(program_.wait_for(text + "\r\n")) << program_.output();
	}
	std::string ask(const std::string &command, const std::string &arguments)
	{
		return qmp_.ask(command, arguments);
	}
	void expect_said()
	{
		EXPECT_TRUE(program_.wait_for("VCXL-RESULT pass", 100)) << program_.output();
		EXPECT_EQ(program_.wait(), 0);
		const linux_outcome o = read_linux(program_.output());

		EXPECT_EQ(o.text("script"), read_text(file_ + ".txt"));
		EXPECT_EQ(complaints(without_raw_warning(o.text("dmesg"))), "");
	}

private:
	words command_line(const std::string &args) const
	{
		linux_config config;

		config.series = "own";
		config.machine = args_file(args, dir_);
		config.machine.insert(config.machine.end(),
				      { "-qmp", "unix:" + dir_.file("q") + ",server=on,wait=off" });
		config.tests = "script,dmesg";
		config.script = read_text(file_ + ".sh");
		return linux_words(config, dir_);
	}
	const scratch dir_;
	const std::string file_;
	running program_;
	qmp_client qmp_;
};

// `n` extents of 2 MiB, each with a gap behind it.
std::string many_extents(unsigned n)
{
	std::string text;

	for (unsigned i = 0; i < n; i++)
		text += (i ? R"(,{"offset":)" : R"({"offset":)") + std::to_string(i * 4194304) +
			R"(,"len":2097152})";
	return text;
}

} // namespace

// Topology and requests of the series with tagged memory backends.
TEST(linux_dynamic_capacity, is_accepted_used_and_given_back_by_its_tag)
{
	NEEDS_GUEST("own");
	dynamic_guest guest("recipe", "options/dcd_tagged.args");
	const std::string tag = "5be13bce-ae34-4a77-b6c3-16df975fcf1a";
	const std::string status =
		R"({"path":"cxl-dcd0","host-id":0,"region":0,"tag":")" + tag + "\"}";

	ASSERT_NO_FATAL_FAILURE(guest.wait_for("looking every 100 ms for 2305843009213693952 s"));
	EXPECT_EQ(guest.ask("object-add", R"({"qom-type":"memory-backend-ram","id":"lent0",)"
					  R"("size":8589934592,"tag":")" +
						  tag + "\"}"),
		  done);
	EXPECT_EQ(guest.ask("cxl-add-dynamic-capacity",
			    R"({"path":"cxl-dcd0","host-id":0,"selection-policy":"prescriptive",)"
			    R"("region":0,"tag":")" +
				    tag + R"(","extents":[{"offset":0,"len":8589934592}]})"),
		  done);
	ASSERT_NO_FATAL_FAILURE(guest.wait_for("used"));
	EXPECT_NE(guest.ask("cxl-release-dynamic-capacity-status", status).find("\"Not Released\""),
		  std::string::npos);
	EXPECT_EQ(guest.ask("cxl-release-dynamic-capacity",
			    R"({"path":"cxl-dcd0","host-id":0,"removal-policy":"tag-based",)"
			    R"("region":0,"tag":")" +
				    tag + "\"}"),
		  done);
	ASSERT_NO_FATAL_FAILURE(guest.wait_for("given back"));
	EXPECT_NE(guest.ask("cxl-release-dynamic-capacity-status", status).find("\"Released\""),
		  std::string::npos);
	EXPECT_EQ(guest.ask("object-del", R"({"id":"lent0"})"), done);
	// other memory, which it does not want
	EXPECT_EQ(guest.ask("object-add",
			    R"({"qom-type":"memory-backend-ram","id":"lent1","size":2097152,)"
			    R"("tag":"00112233-4455-6677-8899-aabbccddeeff"})"),
		  done);
	EXPECT_EQ(guest.ask("cxl-add-dynamic-capacity",
			    R"({"path":"cxl-dcd0","host-id":0,"selection-policy":"prescriptive",)"
			    R"("region":0,"tag":"00112233-4455-6677-8899-aabbccddeeff",)"
			    R"("extents":[{"offset":0,"len":2097152}]})"),
		  done);
	guest.expect_said();
}

TEST(linux_dynamic_capacity, is_taken_by_force_from_a_program_that_reads_it)
{
	NEEDS_GUEST("own");
	dynamic_guest guest("forced", "linux/dynamic_switch.args");
	const std::string add =
		R"({"path":"dynamic","host-id":0,"selection-policy":"prescriptive","region":1,)"
		R"("extents":[{"offset":0,"len":33554432}]})";

	ASSERT_NO_FATAL_FAILURE(guest.wait_for("ready for memory"));
	EXPECT_EQ(guest.ask("cxl-add-dynamic-capacity", add), done);
	ASSERT_NO_FATAL_FAILURE(guest.wait_for("reading 0x30000000 +0x1000 for 100 s"));
	EXPECT_EQ(guest.ask("cxl-release-dynamic-capacity",
			    R"({"path":"dynamic","host-id":0,"removal-policy":"prescriptive",)"
			    R"("forced-removal":true,"sanitize-on-release":true,"region":1,)"
			    R"("extents":[{"offset":0,"len":33554432}]})"),
		  done);
	ASSERT_NO_FATAL_FAILURE(guest.wait_for("ready for more"));
	EXPECT_EQ(guest.ask("cxl-add-dynamic-capacity", add), done);
	guest.expect_said();
}

// The command line of the discussion of QEMU's third version, word for word.
TEST(linux_dynamic_capacity, of_four_devices_comes_and_goes_in_many_extents)
{
	NEEDS_GUEST("own");
	dynamic_guest guest("four", "options/dcd3.args");
	const std::string to = R"({"path":"cxl-dev3","host-id":0,"extents":[)";
	const std::string add = R"(],"selection-policy":"prescriptive","region":)";

	ASSERT_NO_FATAL_FAILURE(guest.wait_for("ready for many"));
	EXPECT_EQ(guest.ask("stop", "{}"), done);
	EXPECT_EQ(guest.ask("cxl-add-dynamic-capacity", to + many_extents(100) + add + "1}"), done);
	EXPECT_EQ(guest.ask("cxl-add-dynamic-capacity", to + many_extents(1) + add + "0}"), done);
	EXPECT_EQ(guest.ask("cont", "{}"), done);
	ASSERT_NO_FATAL_FAILURE(guest.wait_for("has many"));
	EXPECT_EQ(guest.ask("cxl-release-dynamic-capacity",
			    to + many_extents(99) +
				    R"(],"removal-policy":"prescriptive","region":1})"),
		  done);
	guest.expect_said();
}

// Without the first of three offers' record, which somebody cleared.
TEST(linux_dynamic_capacity, keeps_offers_that_an_answer_did_not_reach)
{
	NEEDS_GUEST("own");
	dynamic_guest guest("order", "options/dcd3.args");
	const std::string to =
		R"({"path":"cxl-dev3","host-id":0,"selection-policy":"prescriptive","extents":[)";
	const std::string in = R"(],"region":)";

	ASSERT_NO_FATAL_FAILURE(guest.wait_for("ready for three"));
	EXPECT_EQ(guest.ask("stop", "{}"), done);
	EXPECT_EQ(guest.ask("cxl-add-dynamic-capacity", to + many_extents(1) + in + "0}"), done);
	EXPECT_EQ(guest.ask("cxl-add-dynamic-capacity", to + many_extents(20) + in + "1}"), done);
	EXPECT_EQ(guest.ask("cxl-add-dynamic-capacity",
			    to + R"({"offset":4194304,"len":2097152})" + in + "0}"),
		  done);
	EXPECT_EQ(guest.ask("cont", "{}"), done);
	guest.expect_said();
}

} // namespace vcxl_test
