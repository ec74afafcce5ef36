// SPDX-License-Identifier: Apache-2.0
//
// Events as Linux traces them: injected by QMP, and the device's own when poison is read. Linux
// reads no event log where it does not handle memory failures, so this takes a kernel built for it.
#include <algorithm>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "linux_run.h"

namespace vcxl_test
{

namespace
{

constexpr char ready[] = "mount -t tracefs none /sys/kernel/tracing 2>/dev/null\n"
			 "t=/sys/kernel/tracing\n"
			 "echo 1 > $t/events/cxl/enable\n"
			 "echo ready 1\n";

// Events without what differs between runs: when the request came, which device probed first.
std::string settled(const std::string &events)
{
	std::string text = events;

	for (const char *name : { "memdev=mem", "time=" })
		for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at))
			text.erase(at, text.find(' ', at) - at + 1);
	return text;
}

std::string zeros(size_t n)
{
	std::string text;

	for (size_t i = 0; i < n; i++)
		text += "00 ";
	return text;
}

// Fatal before failure before informational: the order in which Linux reads the logs.
std::string expected_events()
{
	const std::string device = "host=0000:0d:00.0 serial=68608 ";
	const std::string no_pldm = "comp_id_pldm_valid_flags='' pldm_entity_id=0x00 "
				    "pldm_resource_id=0x00 ";
	const std::string region = "hpa_alias0=ffffffffffffffff region=region0 "
				   "region_uuid=00000000-0000-0000-0000-000000000000 ";

	return "cxl_memory_module: " + device +
	       "log=Fatal : uuid=fe927475-dd59-4339-a586-79bab113b774 len=128 "
	       "flags='PERFORMANCE_DEGRADED | 0x3' handle=1 related_handle=0 "
	       "maint_op_class=0 maint_op_sub_class=0 ld_id=0 head_id=0 : "
	       "event_type='Temperature Change' event_sub_type='Not Reported' "
	       "health_status='MAINTENANCE_NEEDED|PERFORMANCE_DEGRADED' "
	       "media_status='All Data Loss in Event of Power Loss' "
	       "as_life_used=Warning as_dev_temp=Normal as_cor_vol_err_cnt=Normal "
	       "as_cor_per_err_cnt=Warning life_used=30 device_temp=-15 "
	       "dirty_shutdown_cnt=4 cor_vol_err_cnt=3233 cor_per_err_cnt=1300 "
	       "validity_flags='' comp_id=" +
	       zeros(16) + no_pldm.substr(0, no_pldm.size() - 1) + "\n" + "cxl_dram: " + device +
	       "log=Failure : uuid=601dcbb3-9c06-4eab-b8af-4e9bfb5c9624 len=128 "
	       "flags='PERMANENT_CONDITION | 0x2' handle=1 related_handle=0 "
	       "maint_op_class=0 maint_op_sub_class=0 ld_id=0 head_id=0 : dpa=2040 "
	       "dpa_flags='' descriptor='UNCORRECTABLE_EVENT' type='ECC Error' "
	       "sub_type='Not Reported' transaction_type='Host Read' channel=3 rank=17 "
	       "nibble_mask=3b00b2 bank_group=7 bank=11 row=2 column=77 cor_mask=21 " +
	       zeros(7) + "2c " + zeros(7) + "37 " + zeros(7) + "42 " + zeros(7) +
	       "validity_flags='CHANNEL|RANK|NIBBLE|BANK GROUP|BANK|ROW|COLUMN|CORRECTION "
	       "MASK' comp_id=" +
	       zeros(16) + no_pldm + "hpa=1000008040 " + region +
	       "sub_channel=0 cme_threshold_ev_flags='' cvme_count=0\n" +
	       "cxl_general_media: " + device +
	       "log=Informational : uuid=fbcd0a77-c260-417f-85a9-088b1621eba6 len=128 "
	       "flags='MAINTENANCE_NEEDED | MAINT_OP_SUB_CLASS_VALID' handle=1 "
	       "related_handle=0 maint_op_class=1 "
	       "maint_op_sub_class=2 ld_id=0 head_id=0 : dpa=1000 dpa_flags='' "
	       "descriptor='UNCORRECTABLE_EVENT' type='Data Path Error' "
	       "sub_type='Not Reported' transaction_type='Host Scan Media' channel=3 "
	       "rank=0 device=5 validity_flags='CHANNEL|DEVICE|COMPONENT' comp_id=69 72 "
	       "61 73 20 6d 65 6d " +
	       zeros(8) +
	       // Linux looks at the first byte for these whether it is PLDM's or not
	       "comp_id_pldm_valid_flags='PLDM Entity ID | 0x68' pldm_entity_id=0x00 "
	       "pldm_resource_id=0x00 hpa=1000004000 " +
	       region + "cme_threshold_ev_flags='' cme_count=0\n";
}

using requests = std::vector<qmp_request>;

// Asks the monitor for each of the batches when the script says "ready".
linux_outcome run(const std::string &args, const std::string &script, const scratch &dir,
		  const std::vector<requests> &batches)
{
	linux_config config;

	config.series = "own";
	config.machine = args_file(args, dir);
	config.tests = "script,dmesg";
	config.script = script;
	config.timeout = 60;
	linux_outcome o = run_linux(config, dir, [&dir, &batches](running &guest) {
		for (size_t i = 0; i < batches.size(); i++) {
			std::string expected;

			for (size_t n = 0; n < batches[i].size(); n++)
				expected += "{\"return\":{}}\n";
			ASSERT_TRUE(guest.wait_for("ready " + std::to_string(i + 1) + "\r\n"));
			EXPECT_EQ(ask_monitor(dir, batches[i]), expected);
		}
	});

	EXPECT_EQ(o.run.status, 0);
	EXPECT_TRUE(o.passed) << o.run.out;
	return o;
}

// An event: g is one of general media, d of DRAM, m of the memory module.
qmp_request event(const std::string &log, char kind)
{
	const std::string common = R"("path":"mem0","flags":0,"log":")" + log + "\",";
	const std::string where = R"("descriptor":0,"type":0,"transaction-type":0,"dpa":)";

	switch (kind) {
	case 'g':
		return { "cxl-inject-general-media-event", common + where + "8192" };
	case 'd':
		return { "cxl-inject-dram-event", common + where + "12288" };
	default:
		break;
	}
	return { "cxl-inject-memory-module-event",
		 common + R"("type":0,"health-status":0,"media-status":0,"additional-status":0,)"
			  R"("life-used":0,"temperature":25,"dirty-shutdown-count":0,)"
			  R"("corrected-volatile-error-count":0,)"
			  R"("corrected-persistent-error-count":0)" };
}

// Logs and the kinds of events in them, which come while the machine stands still.
requests together(const std::vector<std::pair<std::string, std::string>> &logs)
{
	requests all{ { "stop", "" } };

	for (const auto &[log, kinds] : logs)
		for (const char kind : kinds)
			all.push_back(event(log, kind));
	all.push_back({ "cont", "" });
	return all;
}

int lines_with(const std::string &text, const std::string &part)
{
	std::istringstream in(text);
	std::string line;
	int n = 0;

	while (std::getline(in, line))
		n += line.find(part) != std::string::npos;
	return n;
}

} // namespace

// mem0 is the first of four ways at 256 bytes: granule n of it is granule 4n of the region.
TEST(linux_events, that_are_injected_are_traced_with_their_fields_and_the_region)
{
	NEEDS_GUEST("own");
	const scratch dir;
	const linux_outcome o = run(
		"linux/direct4.args",
		std::string(ready) + "until grep -q cxl_general_media $t/trace; do sleep 1; done; "
				     "cat $t/trace\n",
		dir,
		{ { { "stop", "" }, // so that they come together
		    { "cxl-inject-general-media-event",
		      R"("path":"/machine/peripheral/mem0","log":"informational","flags":8,"dpa":4096,)"
		      R"("descriptor":1,"type":2,"transaction-type":3,"channel":3,"device":5,)"
		      R"("component-id":"iras mem","maint-op-class":1,"maint-op-subclass":2)" },
		    { "cxl-inject-dram-event",
		      R"("path":"mem0","log":"failure","flags":4,"dpa":8256,"descriptor":1,"type":0,)"
		      R"("transaction-type":1,"channel":3,"rank":17,"nibble-mask":37421234,)"
		      R"("bank-group":7,"bank":11,"row":2,"column":77,)"
		      R"("correction-mask":[33,44,55,66])" },
		    { "cxl-inject-memory-module-event",
		      R"("path":"mem0","log":"fatal","flags":16,"type":3,"health-status":3,)"
		      R"("media-status":7,"additional-status":33,"life-used":30,"temperature":-15,)"
		      R"("dirty-shutdown-count":4,"corrected-volatile-error-count":3233,)"
		      R"("corrected-persistent-error-count":1300)" },
		    { "cont", "" } } });

	EXPECT_EQ(settled(trace_events(o.text("script"), "cxl_")), expected_events());
	EXPECT_EQ(complaints(o.text("dmesg")), "");
}

TEST(linux_events, that_do_not_fit_the_log_are_counted)
{
	NEEDS_GUEST("own");
	const scratch dir;
	requests ten(10,
		     { "cxl-inject-general-media-event",
		       R"("path":"cxl-pmem0","log":"warning","flags":0,"dpa":4096,"descriptor":0,)"
		       R"("type":0,"transaction-type":0)" });

	ten.insert(ten.begin(), { "stop", "" });
	ten.push_back({ "cont", "" });
	const linux_outcome o =
		run("options/doc1.args",
		    std::string(ready) + "until grep -q cxl_overflow $t/trace; do sleep 1; done; "
					 "cat $t/trace\n",
		    dir, { ten });
	const std::string media = trace_events(o.text("script"), "cxl_general_media");
	const std::string overflow = trace_events(o.text("script"), "cxl_overflow");
	const std::string two = "cxl_overflow: memdev=mem0 host=0000:0d:00.0 serial=68608: "
				"log=Warning : 2 records from ";
	const std::string when = overflow.substr(std::min(two.size(), overflow.size()));
	const std::string first = when.substr(0, when.find(' '));

	EXPECT_EQ(std::count(media.begin(), media.end(), '\n'), 8) << media;
	EXPECT_NE(media.find(" handle=8 "), std::string::npos) << media;
	EXPECT_EQ(overflow, two + first + " to " + first + "\n") << "both at once";
	EXPECT_EQ(first.find_first_not_of("0123456789"), std::string::npos) << overflow;
	EXPECT_EQ(complaints(o.text("dmesg")), "");
}

// What ndctl's test "cxl-events" expects of one trigger: a log that has overflowed, 15 records of
// failures (the overflow names that log too), 2 fatal ones and 3 for information, and the region of
// what is mapped. Its device's log takes 15 records, ours 8: they come in two batches, each with
// something in the log that Linux reads last.
TEST(linux_events, of_all_severities_are_as_many_as_the_test_of_ndctl_wants)
{
	NEEDS_GUEST("own");
	const scratch dir;
	const std::string script =
		std::string(ready) +
		"until_told() {\n"
		"\tuntil [ $(grep -c log=Info $t/trace) = $1 ]; do sleep 1; done\n"
		"}\n"
		"until_told 1; echo ready 2; until_told 3; cat $t/trace\n";
	const linux_outcome o =
		run("linux/direct1.args", script, dir,
		    { together({ { "failure", "gdmgdmg" }, { "informational", "g" } }),
		      together({ { "failure", "gdmgdmgddd" }, // two too many
				 { "fatal", "md" },
				 { "informational", "dm" } }) });
	const std::string events = trace_events(o.text("script"), "cxl_");
	const std::string region = " hpa_alias0=ffffffffffffffff region=region0 ";

	EXPECT_EQ(lines_with(events, "cxl_overflow"), 1) << events;
	EXPECT_EQ(lines_with(events, "log=Failure : 2 records from "), 1) << events;
	EXPECT_EQ(lines_with(events, "log=Fatal"), 2) << events;
	EXPECT_EQ(lines_with(events, "log=Failure"), 16) << events;
	EXPECT_EQ(lines_with(events, "log=Informational"), 3) << events;
	// one device alone: host addresses are device addresses behind the window's base
	EXPECT_EQ(lines_with(events, "cxl_general_media: "), 7) << events;
	EXPECT_EQ(lines_with(events, "hpa=1000002000" + region), 7) << events;
	EXPECT_EQ(lines_with(events, "cxl_dram: "), 7) << events;
	EXPECT_EQ(lines_with(events, "hpa=1000003000" + region), 7) << events;
	EXPECT_EQ(lines_with(events, "cxl_memory_module: "), 6) << events;
	EXPECT_EQ(complaints(o.text("dmesg")), "");
}

// A program maps memory that is offline; the device tells the host of the line, and the event says
// where it is.
TEST(linux_events, of_a_program_that_loads_a_poisoned_line_are_traced_and_it_is_killed)
{
	NEEDS_GUEST("own");
	const scratch dir;
	const linux_outcome o = run(
		"linux/direct1.args",
		std::string("echo offline > /sys/bus/dax/devices/dax0.0/state 2>/dev/null\n"
			    "daxctl offline-memory dax0.0 > /dev/null 2>&1\n"
			    "echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind\n") +
			ready +
			"until cxl list -m mem0 --media-errors | grep -q 4160; do sleep 1; done\n"
			"devmem 0x1000001048 64; echo load $?\n"
			"devmem 0x1000001080 64; echo neighbour $?\n"
			"until grep -q cxl_general_media $t/trace; do sleep 1; done; cat "
			"$t/trace\n",
		dir, { { { "cxl-inject-poison", R"("path":"mem0","start":4160,"length":64)" } } });
	const std::string &text = o.text("script");
	const std::string events = settled(trace_events(text, "cxl_general_media"));

	EXPECT_NE(text.find("Segmentation fault\nload 139\n0x0000000000000000\nneighbour 0\n"),
		  std::string::npos)
		<< text;
	EXPECT_EQ(events.substr(0, events.find(" comp_id=")),
		  "cxl_general_media: host=0000:0d:00.0 serial=68608 log=Failure : "
		  "uuid=fbcd0a77-c260-417f-85a9-088b1621eba6 len=128 flags='0x2' handle=1 "
		  "related_handle=0 maint_op_class=0 maint_op_sub_class=0 ld_id=0 head_id=0 : "
		  "dpa=1040 dpa_flags='VOLATILE' descriptor='UNCORRECTABLE_EVENT' type='ECC Error' "
		  "sub_type='Not Reported' transaction_type='Host Read' channel=0 rank=0 device=0 "
		  "validity_flags=''");
	EXPECT_NE(events.find("hpa=1000001040 "), std::string::npos) << events;
	EXPECT_NE(events.find("region=region0 "), std::string::npos) << events;
	for (const char *bad : { "Oops", "BUG:", "WARNING:", "Call Trace" })
		EXPECT_EQ(o.text("dmesg").find(bad), std::string::npos) << o.text("dmesg");
}

} // namespace vcxl_test
