// SPDX-License-Identifier: Apache-2.0
//
// The mailbox as Linux and `cxl` use it: poison, alerts, firmware update, sanitize, secure erase.
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "linux_run.h"

namespace vcxl_test
{

namespace
{

class memdev_of_linux : public testing::TestWithParam<const char *>
{
protected:
	linux_outcome run(const std::string &args, const std::string &script,
			  const words &more = {})
	{
		const scratch dir;
		linux_config config;

		config.series = GetParam();
		config.machine = args_file(args, dir);
		config.machine.insert(config.machine.end(), more.begin(), more.end());
		config.tests = "script,dmesg";
		config.script = script;
		linux_outcome o = run_linux(config, dir);
		EXPECT_EQ(o.run.status, 0) << o.run.err;
		EXPECT_TRUE(o.passed) << o.run.out << o.run.err;
		return o;
	}
};

// The lines of a text that have `word`.
std::string lines_with(const std::string &text, const std::string &word)
{
	std::istringstream lines(text);
	std::string line, found;

	while (std::getline(lines, line))
		if (line.find(word) != std::string::npos)
			found += line + "\n";
	return found;
}

size_t count(const std::string &text, const std::string &word)
{
	size_t n = 0;

	for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
		n++;
	return n;
}

std::string series_name(const testing::TestParamInfo<const char *> &test)
{
	return std::string(test.param) == "6.12" ? "6_12" : test.param;
}

} // namespace

// 0d:00.0 is the first of four ways at 256 bytes.
TEST_P(memdev_of_linux, injects_lists_and_clears_poison_with_the_addresses_of_its_region)
{
	NEEDS_GUEST(GetParam());
	const linux_outcome o = run("linux/direct4.args",
				    "mount -t debugfs none /sys/kernel/debug 2>/dev/null\n"
				    "mount -t tracefs none /sys/kernel/tracing 2>/dev/null\n"
				    "echo 1 > /sys/kernel/tracing/events/cxl/enable\n"
				    "m=$(basename /sys/bus/pci/devices/0000:0d:00.0/mem*)\n"
				    "d=/sys/kernel/debug/cxl/$m\n"
				    "for a in 0x1000 0x2040; do echo $a > $d/inject_poison; done\n"
				    "cxl list -m $m --media-errors\n"
				    "echo 0x1000 > $d/clear_poison\n"
				    "cxl list -m $m --media-errors | sed 's/^/after: /'\n"
				    "echo 0x10000000 > $d/inject_poison || echo refused\n"
				    "cat /sys/kernel/tracing/trace\n");
	const std::string &text = o.text("script");

	EXPECT_EQ(count(text, "\n        \"source\":\"Injected\""), 2u) << text;
	EXPECT_EQ(count(text, "\n        \"offset\":4096,"), 1u) << text;
	EXPECT_EQ(count(text, "\n        \"offset\":8256,"), 1u) << text;
	EXPECT_EQ(count(text, "after:         \"offset\":8256,"), 1u) << text;
	EXPECT_EQ(count(text, "after:         \"offset\":"), 1u) << text;
	EXPECT_EQ(count(text, "refused"), 1u) << text;
	const std::string list = lines_with(text, "trace_type=List");
	EXPECT_NE(list.find("region=region0"), std::string::npos) << text;
	// fields between these two came with newer kernels
	for (const char *field :
	     { "hpa=0x1000004000 ", " dpa=0x1000 dpa_length=0x40 source=Injected",
	       "hpa=0x1000008040 ", " dpa=0x2040 dpa_length=0x40 source=Injected" })
		EXPECT_NE(list.find(field), std::string::npos) << field << "\n" << text;
	// the kernel warns of each of these once
	const std::string log = complaints(o.text("dmesg"));
	EXPECT_EQ(log, lines_with(log, "poison inject dpa:0x1000 region: region0") +
			       lines_with(log, "poison clear dpa:0x1000 region: region0"));
}

// 2 ways of the window by bits 8, 11, 17 and 25: at device address 0x1240 of the first device, bit
// 11 is set, and Linux says where the host has the line. There, and nowhere near, is the poison.
TEST_P(memdev_of_linux, finds_poison_of_a_window_with_xor_arithmetic_where_it_says)
{
	NEEDS_GUEST(GetParam());
	const linux_outcome o = run("linux/direct4.args",
				    "mount -t debugfs none /sys/kernel/debug 2>/dev/null\n"
				    "mount -t tracefs none /sys/kernel/tracing 2>/dev/null\n"
				    "echo 1 > /sys/kernel/tracing/events/cxl/enable\n"
				    "daxctl offline-memory dax0.0 2>/dev/null\n"
				    "echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind\n"
				    "m=$(basename /sys/bus/pci/devices/0000:0d:00.0/mem*)\n"
				    "for a in 0x1240 0x2040; do\n"
				    "	echo $a > /sys/kernel/debug/cxl/$m/inject_poison\n"
				    "done\n"
				    "cxl list -m $m --media-errors > /run/list\n"
				    "cat /sys/kernel/tracing/trace\n"
				    "for a in 4840 4a40 4940 8040 8140; do\n"
				    "	devmem 0x100000$a 64; echo $a $?\n"
				    "done\n",
				    { "-M", "cxl-fmw.0.interleave-arithmetic=xor" });
	const std::string &text = o.text("script");
	const std::string list = lines_with(text, "trace_type=List");

	for (const char *field : { "hpa=0x1000004940 ", " dpa=0x1240 ", "hpa=0x1000008040 " })
		EXPECT_NE(list.find(field), std::string::npos) << field << "\n" << text;
	for (const char *result :
	     { "\n4840 0\n", "\n4a40 0\n", "\n4940 139\n", "\n8040 139\n", "\n8140 0\n" })
		EXPECT_EQ(count(text, result), 1u) << result << text;
	for (const char *bad : { "Oops", "BUG:", "WARNING:", "Call Trace" })
		EXPECT_EQ(count(o.text("dmesg"), bad), 0u) << o.text("dmesg");
}

// The memory is offline, so that a program may map it; debugfs tells the device, /dev/mem the host.
TEST(linux_program, that_loads_a_poisoned_line_is_killed_and_the_kernel_goes_on)
{
	NEEDS_GUEST("6.12");
	const scratch dir;
	linux_config config;

	config.machine = args_file("linux/direct1.args", dir);
	config.tests = "script,dmesg";
	config.script = "mount -t debugfs none /sys/kernel/debug 2>/dev/null\n"
			"echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind\n"
			"devmem 0x1000001040 64 0x1122334455667788\n"
			"echo 0x1040 > /sys/kernel/debug/cxl/mem0/inject_poison\n"
			"devmem 0x1000001048 64; echo load $?\n"
			"devmem 0x1000001080 64; echo neighbour $?\n"
			"echo 0x1040 > /sys/kernel/debug/cxl/mem0/clear_poison\n"
			"devmem 0x1000001048 64; echo cleared $?\n";
	const linux_outcome o = run_linux(config, dir);

	EXPECT_TRUE(o.passed) << o.run.out << o.run.err;
	EXPECT_EQ(o.text("script"), "Segmentation fault\nload 139\n"
				    "0x0000000000000000\nneighbour 0\n"
				    "0x0000000000000000\ncleared 0\n");
	for (const char *bad : { "Oops", "BUG:", "WARNING:", "Call Trace" })
		EXPECT_EQ(count(o.text("dmesg"), bad), 0u) << o.text("dmesg");
}

TEST_P(memdev_of_linux, sets_alerts_and_stages_firmware)
{
	NEEDS_GUEST(GetParam());
	const linux_outcome o =
		run("linux/direct1.args",
		    "cxl set-alert-config mem0 --life-used-threshold=30 --life-used-alert=on\n"
		    "head -c 20000 /dev/zero > /tmp/firmware\n"
		    "cxl update-firmware mem0 -F /tmp/firmware -w\n"
		    "cxl list -m mem0 -A -F | sed 's/^/after: /'\n");
	const std::string &text = o.text("script");

	for (const char *line : { "\"life_used_prog_warn_threshold_valid\":true,",
				  "\"life_used_prog_warn_threshold\":30,", "\"active_slot\":1,",
				  "\"staged_slot\":2,", "\"slot_2_version\":\"VCXL 972f5302\"" })
		EXPECT_EQ(count(lines_with(text, "after:"), line), 1u) << line << "\n" << text;
	EXPECT_EQ(complaints(o.text("dmesg")), "");
}

// No decoder of this device is committed, so the kernel lets it be erased.
TEST_P(memdev_of_linux, sanitizes_and_erases_an_idle_device)
{
	NEEDS_GUEST(GetParam());
	const linux_outcome o = run("options/doc1.args", "s=/sys/bus/cxl/devices/mem0/security\n"
							 "cat $s/state\n"
							 "echo 1 > $s/sanitize && cat $s/state\n"
							 "cxl wait-sanitize mem0 2>&1\n"
							 "cat $s/state\n"
							 "echo 1 > $s/erase && echo erased\n");

	EXPECT_EQ(o.text("script"), "disabled\nsanitize\ncxl memdev: cmd_wait_sanitize: wait "
				    "sanitize completed on 1 mem device\ndisabled\nerased\n");
	EXPECT_EQ(complaints(o.text("dmesg")), "");
}

// The second run is the power cycle that the change waits for. Linux calls the shutdown dirty when
// it has persistent memory in use only, and the simulator flushes at its end.
TEST_P(memdev_of_linux, moves_the_partition_which_the_next_run_has_as_a_region)
{
	NEEDS_GUEST(GetParam());
	const scratch dir;
	linux_config config;

	config.series = GetParam();
	config.machine = args_file("linux/partitionable1.args", dir);
	config.tests = "script,dmesg";
	config.script = "cxl disable-memdev mem0 2>&1\n"
			"cxl set-partition mem0 -t ram -s 512M\n"
			"head -c 20000 /dev/zero > /tmp/firmware\n"
			"cxl enable-memdev mem0 2>&1\n"
			"cxl update-firmware mem0 -F /tmp/firmware -w\n";
	const linux_outcome first = run_linux(config, dir);
	EXPECT_TRUE(first.passed) << first.run.out << first.run.err;
	const std::string &before = first.text("script");
	for (const char *line :
	     { "\"active_volatile_size\":0,", "\"active_persistent_size\":\"1024.00 MiB",
	       "\"next_volatile_size\":\"512.00 MiB", "\"next_persistent_size\":\"512.00 MiB" })
		EXPECT_EQ(count(before, line), 1u) << line << "\n" << before;
	config.script = "cxl list -m mem0 -I -F; cxl list -R -r region0; cat /proc/iomem\n";
	const linux_outcome second = run_linux(config, dir);
	EXPECT_TRUE(second.passed) << second.run.out << second.run.err;
	const std::string &after = second.text("script");
	for (const char *line :
	     { "\"active_volatile_size\":536870912,", "\"active_persistent_size\":536870912,",
	       "\"ram_size\":536870912,", "\"pmem_size\":536870912,", "\"active_slot\":2,",
	       "\"slot_2_version\":\"VCXL 972f5302\"", "\"size\":536870912,", "System RAM (kmem)" })
		EXPECT_EQ(count(after, line), 1u) << line << "\n" << after;
	EXPECT_EQ(complaints(first.text("dmesg")) + complaints(second.text("dmesg")), "");
}

// As sysfs asks for them: 3 is a function-level reset, 1 a hot one, through the unmasked bridge.
TEST_P(memdev_of_linux, resets_an_idle_device_by_function_and_by_bus_and_uses_it_again)
{
	NEEDS_GUEST(GetParam());
	const scratch dir;
	linux_config config;

	config.series = GetParam();
	config.machine = args_file("options/doc1.args", dir);
	for (const char *word : { "--trace", "trace.txt", "--trace-events", "*reset*" })
		config.machine.emplace_back(word);
	config.tests = "script,dmesg";
	config.script = "d=/sys/bus/pci/devices/0000:0d:00.0\n"
			"cxl disable-memdev mem0 2>&1\n"
			"for m in flr cxl_bus; do\n"
			"echo $m > $d/reset_method; echo 1 > $d/reset; echo $m $?; done\n"
			"cxl enable-memdev mem0 2>&1\n"
			"cxl list -m mem0 -I\n";
	const linux_outcome o = run_linux(config, dir);
	EXPECT_TRUE(o.passed) << o.run.out << o.run.err;
	const std::string &text = o.text("script");
	for (const char *line : { "flr 0\n", "cxl_bus 0\n", "enabled 1 mem\n", "\"pmem_size\":" })
		EXPECT_EQ(count(text, line), 1u) << line << "\n" << text;
	EXPECT_EQ(complaints(o.text("dmesg"), { "cxl_pci 0000:0d:00.0: resetting" }), "");
	std::ifstream in(dir.file("trace.txt"));
	const std::string trace{ std::istreambuf_iterator<char>(in), {} };
	EXPECT_EQ(count(trace, "cxl-pmem0 reset kind=3"), 1u) << trace;
	EXPECT_EQ(count(trace, "cxl-pmem0 reset kind=1"), 1u) << trace;
}

// The newest Linux calls the shutdown dirty while persistent memory is in use, and has the ports
// wait for the flush. The simulator flushes when it ends, which it cannot when it is killed.
TEST(full, a_shutdown_is_dirty_when_the_simulator_is_killed_and_not_when_the_guest_powers_off)
{
	NEEDS_GUEST("newest");
	const scratch dir;
	linux_config config;
	const auto dirty_shutdowns = [&] { return run_linux(config, dir).text("script"); };

	config.series = "newest";
	config.machine = args_file("linux/partitionable1.args", dir);
	config.tests = "script";
	config.script = "cat /sys/bus/nd/devices/nmem0/cxl/dirty_shutdown\n";
	EXPECT_EQ(dirty_shutdowns(), "0\n");
	EXPECT_EQ(dirty_shutdowns(), "0\n");
	config.script += "sleep 1000\n";
	{
		running guest(linux_words(config), dir);
		ASSERT_TRUE(guest.wait_for("VCXL-BEGIN script")) << guest.output();
		guest.kill_now();
	}
	config.script = "cat /sys/bus/nd/devices/nmem0/cxl/dirty_shutdown\n";
	EXPECT_EQ(dirty_shutdowns(), "1\n");
	EXPECT_EQ(dirty_shutdowns(), "1\n");
}

INSTANTIATE_TEST_SUITE_P(ci, memdev_of_linux, testing::Values("6.12"), series_name);
INSTANTIATE_TEST_SUITE_P(full, memdev_of_linux, testing::Values("newest"), series_name);

} // namespace vcxl_test
