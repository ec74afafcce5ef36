// SPDX-License-Identifier: Apache-2.0
//
// Linux and the machine around it: harts, interrupts, reboot, equal runs, wrong files.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "linux_run.h"
#include "socket_client.h"
#include "topology_json.h"

namespace vcxl_test
{

namespace
{

linux_config direct4(const scratch &dir, const std::string &tests)
{
	linux_config config;

	config.machine = args_file("linux/direct4.args", dir);
	config.tests = tests;
	return config;
}

// What the test `list` printed in each boot.
std::vector<std::string> lists_of(const std::string &path)
{
	std::ifstream in(path);
	std::vector<std::string> lists;
	std::string line;
	bool open = false;

	while (std::getline(in, line)) {
		if (!line.empty() && line.back() == '\r')
			line.pop_back();
		if (line == "VCXL-BEGIN list") {
			lists.emplace_back();
			open = true;
		} else if (line == "VCXL-END list 0") {
			open = false;
		} else if (open) {
			lists.back() += line + "\n";
		}
	}
	return lists;
}

} // namespace

TEST(full, four_harts_share_the_interrupts_and_the_region_is_online)
{
	NEEDS_GUEST("6.12");
	const scratch dir;
	linux_config config = direct4(dir, "interrupts,online,bound,dmesg");

	config.machine.insert(config.machine.end(), { "-smp", "4" });
	const linux_outcome o = run_linux(config, dir);

	ASSERT_TRUE(o.passed) << o.run.out << o.run.err;
	EXPECT_EQ(o.text("interrupts").compare(0, 8, "harts 4\n"), 0) << o.text("interrupts");
	std::istringstream lines(o.text("interrupts"));
	std::set<std::string> harts;
	unsigned moved = 0;
	for (std::string line; std::getline(lines, line);) {
		std::istringstream in(line);
		std::string what, irq, to, hart, now, effective;

		in >> what >> irq >> to >> hart >> now >> effective;
		if (what == "irq")
			harts.insert(hart);
		if (what != "moved")
			continue;
		moved++;
		EXPECT_EQ(effective, hart) << line;
	}
	EXPECT_EQ(harts, (std::set<std::string>{ "0", "1", "2", "3" }));
	EXPECT_EQ(moved, 4u); // a device's event interrupt each
	EXPECT_EQ(complaints(o.text("dmesg")), "");
}

TEST(full, reboot_comes_up_with_the_same_regions_three_times_in_a_row)
{
	NEEDS_GUEST("6.12");
	const scratch dir;
	linux_config config = direct4(dir, "list,online,reboot");
	const std::string out = dir.file("out"), monitor = dir.file("q");
	const words more{ "-smp",        "4",    "-serial",
			  "file:" + out, "-qmp", "unix:" + monitor + ",server=on,wait=off" };

	config.machine.insert(config.machine.end(), more.begin(), more.end());
	running program(linux_words(config), dir);
	socket_client qmp(monitor);

	EXPECT_NE(qmp.line().find("QMP"), std::string::npos);
	qmp.send("{\"execute\":\"qmp_capabilities\"}");
	EXPECT_NE(qmp.line().find("return"), std::string::npos);
	for (int boot = 0; boot < 4; boot++)
		ASSERT_NE(qmp.line(60).find("guest-reset"), std::string::npos) << boot;
	qmp.send("{\"execute\":\"quit\"}");
	EXPECT_EQ(program.wait(), 0);

	const std::vector<std::string> boots = lists_of(out);

	ASSERT_EQ(boots.size(), 4u);
	EXPECT_NE(boots[0].find("\"region0\""), std::string::npos);
	for (const std::string &later : boots)
		EXPECT_EQ(compare_topology(later, canonical_topology(boots[0])), "");
}

TEST(full, the_power_button_of_qmp_is_a_key_on_which_the_guest_powers_off)
{
	NEEDS_GUEST("6.12");
	const scratch dir;
	linux_config config;
	const std::string monitor = dir.file("q");

	config.tests = "powerkey,poweroff";
	config.machine = { "-m", "1G", "-qmp", "unix:" + monitor + ",server=on,wait=off" };
	running program(linux_words(config), dir);
	socket_client qmp(monitor);

	EXPECT_NE(qmp.line().find("QMP"), std::string::npos);
	qmp.send("{\"execute\":\"qmp_capabilities\"}");
	EXPECT_NE(qmp.line().find("return"), std::string::npos);
	ASSERT_TRUE(program.wait_for("waits for the power key", 100)) << program.output();
	qmp.send("{\"execute\":\"system_powerdown\"}");
	EXPECT_EQ(qmp.line(), "{\"return\":{}}");
	EXPECT_NE(qmp.line().find("\"POWERDOWN\""), std::string::npos);
	EXPECT_TRUE(program.wait_for("VCXL-RESULT pass")) << program.output();
	EXPECT_NE(qmp.line(60).find("guest-shutdown"), std::string::npos);
	EXPECT_EQ(program.wait(), 0);
}

TEST(full, without_tables_the_power_button_is_refused)
{
	NEEDS_GUEST("6.12");
	const scratch dir;
	linux_config config;
	const std::string monitor = dir.file("q");

	config.machine = { "-M", "virt,acpi=off", "-S", "-qmp",
			   "unix:" + monitor + ",server=on,wait=off" };
	running program(linux_words(config), dir);
	socket_client qmp(monitor);

	EXPECT_NE(qmp.line().find("QMP"), std::string::npos);
	qmp.send("{\"execute\":\"qmp_capabilities\"}");
	EXPECT_NE(qmp.line().find("return"), std::string::npos);
	qmp.send("{\"execute\":\"system_powerdown\"}");
	EXPECT_NE(qmp.line().find("acpi=off"), std::string::npos);
	qmp.send("{\"execute\":\"quit\"}");
	EXPECT_EQ(program.wait(), 0);
}

TEST(ci, two_runs_from_equal_files_give_identical_output)
{
	NEEDS_GUEST("6.12");
	const scratch one, other;
	linux_config config = direct4(one, "list,online,bound");
	const linux_outcome a = run_linux(config, one);
	const linux_outcome b = run_linux(config, other);

	EXPECT_TRUE(a.passed) << a.run.out << a.run.err;
	EXPECT_EQ(a.run.out, b.run.out);
}

TEST(ci, files_and_machines_that_cannot_be_end_with_one_line)
{
	NEEDS_GUEST("6.12");
	const scratch dir;
	linux_config config;
	const words good = linux_words(config);
	const std::string kernel = good[2], initrd = good[4];
	const auto cut = [&dir](const std::string &from, const std::string &name) {
		std::filesystem::copy_file(from, dir.file(name));
		std::filesystem::resize_file(dir.file(name), std::filesystem::file_size(from) / 2);
		return dir.file(name);
	};
	const std::string half_image = cut(kernel, "half.image"),
			  half_initrd = cut(initrd, "half.cpio");
	const std::string large = dir.write("large.initrd", std::string(48 << 20, 'x'));
	const struct {
		words args;
		std::string said;
	} cases[] = {
		{ { "-kernel", half_image }, half_image + ": truncated Linux image" },
		{ { "-kernel", dir.file("none") }, dir.file("none") + "' does not exist" },
		{ { "-kernel", "/bin/true" }, "/bin/true: not an ELF file for 64-bit RISC-V" },
		{ { "-bios", "/bin/true", "-kernel", kernel }, "/bin/true: not an ELF file for" },
		{ { "-kernel", kernel, "-initrd", half_initrd },
		  half_initrd + ": truncated cpio archive" },
		{ { "-kernel", kernel, "-initrd", dir.file("none") }, dir.file("none") },
		{ { "-M", "cxl=on", "-m", "64M", "-device", "pxb-cxl,bus_nr=12,bus=pcie.0,id=hb",
		    "-kernel", kernel },
		  kernel + ": needs 0x" },
		{ { "-m", "64M", "-kernel", kernel, "-initrd", large }, large + ": needs 0x" },
		{ { "-bios", "none", "--direct", "-kernel", kernel }, "--direct: needs" },
	};

	for (const auto &c : cases) {
		words args{ "-M", "virt", "-m", "512M", "-nographic" };

		args.insert(args.end(), c.args.begin(), c.args.end());
		const outcome o = run_vcxl(args, dir);
		EXPECT_EQ(o.status, 1) << c.said;
		EXPECT_EQ(o.out, "") << c.said;
		EXPECT_NE(o.err.find(c.said), std::string::npos) << c.said << "\n" << o.err;
		EXPECT_EQ(std::count(o.err.begin(), o.err.end(), '\n'), 1) << o.err;
	}
}

} // namespace vcxl_test
