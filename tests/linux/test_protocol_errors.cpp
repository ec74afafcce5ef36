// SPDX-License-Identifier: Apache-2.0
//
// Protocol errors injected by QMP, as Linux sees them: an interrupt of the root port, AER, the RAS
// capability, trace events, recovery. Linux leaves internal errors masked, so the guest unmasks
// them.
#include <functional>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "linux_run.h"

namespace vcxl_test
{

namespace
{

constexpr char unmask[] = "mount -t tracefs none /sys/kernel/tracing 2>/dev/null\n"
			  "t=/sys/kernel/tracing\n"
			  "echo 1 > $t/events/cxl/enable\n"
			  "at=$(basename $(readlink -f /sys/bus/cxl/devices/mem0/..))\n"
			  "setpci -s $at ECAP_AER+0x08.L=0 ECAP_AER+0x14.L=0\n";
constexpr char unmask_ras[] =
	"bar=$(cut -d ' ' -f 1 /sys/bus/pci/devices/$at/resource | head -n 1)\n"
	"devmem $((bar + 0x1084)) 32 0; devmem $((bar + 0x1090)) 32 0\n";

// The guest says that it is ready, and goes on when an event of that name was traced.
std::string wait_for_event(const std::string &name)
{
	return "echo ready for " + name + "\nuntil grep -q " + name +
	       " $t/trace; do sleep 1; done\n";
}

const bool guest_is_own = std::string(VCXL_SERIES) == "own";

class protocol_errors : public testing::Test
{
protected:
	linux_outcome run(const std::string &args, const std::string &script,
			  const std::function<void(running &)> &meanwhile)
	{
		linux_config config;

		config.series = VCXL_SERIES;
		config.machine = args_file(args, dir);
		config.tests = "script,dmesg";
		config.script = unmask + std::string(guest_is_own ? unmask_ras : "") + script;
		config.timeout = 60;
		linux_outcome o = run_linux(config, dir, meanwhile);

		EXPECT_EQ(o.run.status, 0);
		EXPECT_TRUE(o.passed) << o.run.out;
		return o;
	}
	const scratch dir;
};

// The lines of a log that have `word`, without level and time.
std::string said(const std::string &log, const std::string &word)
{
	std::istringstream lines(log);
	std::string line, found;

	while (std::getline(lines, line))
		if (line.find(word) != std::string::npos)
			found += line.substr(line.find("] ") + 2) + "\n";
	return found;
}

} // namespace

TEST_F(protocol_errors, are_traced_and_a_fatal_one_is_recovered_from)
{
	NEEDS_GUEST(VCXL_SERIES);
	const std::string correctable = "cxl_aer_correctable_error";
	const std::string uncorrectable = "cxl_aer_uncorrectable_error";
	const linux_outcome o = run(
		"options/doc1.args",
		wait_for_event(correctable) + wait_for_event(uncorrectable) +
			"until dmesg | grep -q 'device recovery'; do sleep 1; done\n"
			"cat $t/trace\ncxl list -m mem0 | grep -c mem0\n",
		[this, &correctable, &uncorrectable](running &guest) {
			ASSERT_TRUE(guest.wait_for("ready for " + correctable));
			EXPECT_EQ(
				ask_monitor(dir, { { "cxl-inject-correctable-error",
						     R"("path":"cxl-pmem0","type":"physical")" } }),
				"{\"return\":{}}\n");
			ASSERT_TRUE(guest.wait_for("ready for " + uncorrectable));
			EXPECT_EQ(ask_monitor(
					  dir,
					  { { "cxl-inject-uncorrectable-errors",
					      R"("path":"/machine/peripheral/cxl-pmem0","errors":[)"
					      R"({"type":"cache-address-parity","header":[3,4]},)"
					      R"({"type":"cache-data-parity","header":[0,1]},)"
					      R"({"type":"internal","header":[1,2,4]}])" } }),
				  "{\"return\":{}}\n");
		});

	EXPECT_EQ(
		trace_events(o.text("script"), "cxl_aer"),
		"cxl_aer_correctable_error: memdev=mem0 host=0000:0d:00.0 serial=68608: status: "
		"'Received Error From Physical Layer'\n"
		"cxl_aer_uncorrectable_error: memdev=mem0 host=0000:0d:00.0 serial=68608: status: "
		"'Cache Data Parity Error | Cache Address Parity Error | Component Specific Error' "
		"first_error: 'Cache Address Parity Error'\n");
	EXPECT_NE(o.text("script").find("\n1\n"), std::string::npos) << "the device is back";
	EXPECT_EQ(said(o.text("dmesg"), "message received"),
		  "pcieport 0000:0c:00.0: AER: Correctable error message received from "
		  "0000:0d:00.0\n"
		  "pcieport 0000:0c:00.0: AER: Uncorrectable (Fatal) error message received from "
		  "0000:0d:00.0\n");
	EXPECT_EQ(said(o.text("dmesg"), "device recovery"),
		  "pcieport 0000:0c:00.0: AER: device recovery successful\n");
}

// Errors of this kind are made not fatal by the severity register, which Linux leaves alone.
TEST_F(protocol_errors, that_are_not_fatal_are_reported_as_such)
{
	if (!guest_is_own)
		GTEST_SKIP() << "Debian's kernel keeps programs away from registers";
	NEEDS_GUEST(VCXL_SERIES);
	const std::string event = "cxl_aer_uncorrectable_error";
	const linux_outcome o = run(
		"options/doc1.args",
		"devmem $((bar + 0x1088)) 32 0\n" + wait_for_event(event) +
			"until dmesg | grep -q 'device recovery'; do sleep 1; done\n"
			"cat $t/trace\n",
		[this, &event](running &guest) {
			ASSERT_TRUE(guest.wait_for("ready for " + event));
			EXPECT_EQ(ask_monitor(dir,
					      { { "cxl-inject-uncorrectable-errors",
						  R"("path":"cxl-pmem0","errors":[)"
						  R"({"type":"mem-data-ecc","header":[1]}])" } }),
				  "{\"return\":{}}\n");
		});

	EXPECT_EQ(
		trace_events(o.text("script"), "cxl_aer"),
		"cxl_aer_uncorrectable_error: memdev=mem0 host=0000:0d:00.0 serial=68608: status: "
		"'Memory Data ECC Error' first_error: 'Memory Data ECC Error'\n");
	EXPECT_EQ(said(o.text("dmesg"), "message received"),
		  "pcieport 0000:0c:00.0: AER: Uncorrectable (Non-Fatal) error message received "
		  "from 0000:0d:00.0\n");
	EXPECT_EQ(said(o.text("dmesg"), "UncorrIntErr"),
		  "cxl_pci 0000:0d:00.0:    [22] UncorrIntErr           (First)\n");
}

TEST_F(protocol_errors, of_a_device_behind_a_switch_reach_the_root_port)
{
	NEEDS_GUEST(VCXL_SERIES);
	const std::string event = "cxl_aer_correctable_error";
	const linux_outcome o =
		run("linux/switch1.args", wait_for_event(event) + "cat $t/trace\n",
		    [this, &event](running &guest) {
			    ASSERT_TRUE(guest.wait_for("ready for " + event));
			    EXPECT_EQ(ask_monitor(dir,
						  { { "cxl-inject-correctable-error",
						      R"("path":"mem0","type":"mem-data-ecc")" } }),
				      "{\"return\":{}}\n");
		    });

	EXPECT_EQ(
		trace_events(o.text("script"), "cxl_aer"),
		"cxl_aer_correctable_error: memdev=mem0 host=0000:0f:00.0 serial=17563648: status: "
		"'Memory Data ECC Error'\n");
	EXPECT_EQ(said(o.text("dmesg"), "message received"),
		  "pcieport 0000:0c:00.0: AER: Correctable error message received from "
		  "0000:0f:00.0\n");
}

} // namespace vcxl_test
