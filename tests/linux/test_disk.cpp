// SPDX-License-Identifier: Apache-2.0
//
// Linux on virtio devices: a disk that keeps its file system, numbers that a seed decides, a
// console.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "linux_run.h"
#include "socket_client.h"

namespace vcxl_test
{

namespace
{

// seq 1 200000 | md5sum
constexpr char sum_of_numbers[] = "0e10426a1d5bddffcef02f1345787128";

std::string empty_disk(const scratch &dir)
{
	const std::string path = dir.write("disk.img", "");

	std::filesystem::resize_file(path, 64 << 20);
	return path;
}

linux_outcome run_with(const words &machine, const std::string &tests, const scratch &dir)
{
	linux_config config;

	config.tests = tests;
	config.machine = { "-m", "1G" };
	config.machine.insert(config.machine.end(), machine.begin(), machine.end());
	return run_linux(config, dir);
}

bool has(const std::string &text, const std::string &part)
{
	return text.find(part) != std::string::npos;
}

void expect_clean(const std::string &disk, const scratch &dir)
{
	const std::string checker = VCXL_E2FSCK;

	if (checker.empty())
		GTEST_SKIP() << "no e2fsck";
	const outcome o = run_program(checker, { "-fn", disk }, dir);

	EXPECT_EQ(o.status, 0) << o.out << o.err;
}

} // namespace

TEST(full, a_file_system_on_a_virtio_disk_is_there_in_the_next_run_and_clean)
{
	NEEDS_GUEST("6.12");
	const scratch dir;
	const std::string disk = empty_disk(dir);
	const linux_outcome first =
		run_with({ "-drive", "file=" + disk + ",format=raw,if=none,id=d0", "-device",
			   "virtio-blk-pci,drive=d0,serial=abc" },
			 "disk-write,dmesg", dir);

	ASSERT_TRUE(first.passed) << first.run.out << first.run.err;
	EXPECT_TRUE(has(first.text("disk-write"), "disk 131072 sectors, read-only 0, serial abc\n"
						  "cache write back\n"))
		<< first.text("disk-write");
	EXPECT_TRUE(has(first.text("disk-write"), sum_of_numbers)) << first.text("disk-write");
	EXPECT_EQ(complaints(first.text("dmesg")), "");
	expect_clean(disk, dir);

	// by QEMU's short form, and so that nothing can change
	const linux_outcome second =
		run_with({ "-drive", "file=" + disk + ",readonly=on" }, "disk-read", dir);

	ASSERT_TRUE(second.passed) << second.run.out << second.run.err;
	EXPECT_TRUE(has(second.text("disk-read"), "read-only 1")) << second.text("disk-read");
	EXPECT_TRUE(has(second.text("disk-read"), sum_of_numbers)) << second.text("disk-read");
	expect_clean(disk, dir);
}

TEST(full, a_disk_that_writes_through_says_so_and_stays_over_reboots)
{
	NEEDS_GUEST("6.12");
	const scratch dir;
	const std::string disk = empty_disk(dir), out = dir.file("out"), monitor = dir.file("q");
	linux_config config;

	config.tests = "disk-write,disk-read,reboot";
	config.machine = { "-m",      "1G",
			   "-drive",  "file=" + disk + ",cache=writethrough",
			   "-serial", "file:" + out,
			   "-qmp",    "unix:" + monitor + ",server=on,wait=off" };
	running program(linux_words(config), dir);
	socket_client qmp(monitor);

	EXPECT_TRUE(has(qmp.line(), "QMP"));
	qmp.send("{\"execute\":\"qmp_capabilities\"}");
	EXPECT_TRUE(has(qmp.line(), "return"));
	for (int boot = 0; boot < 2; boot++)
		ASSERT_TRUE(has(qmp.line(100), "guest-reset")) << boot;
	qmp.send("{\"execute\":\"quit\"}");
	EXPECT_EQ(program.wait(), 0);

	std::ifstream in(out);
	const std::string text{ std::istreambuf_iterator<char>(in), {} };
	size_t sums = 0;

	for (size_t at = 0; (at = text.find(sum_of_numbers, at)) != std::string::npos; at++)
		sums++;
	EXPECT_EQ(sums, 4u) << text; // written and read in each of two boots
	EXPECT_TRUE(has(text, "cache write through")) << text;
	EXPECT_FALSE(has(text, "RESULT fail")) << text;
	expect_clean(disk, dir);
}

TEST(full, a_disk_works_for_four_harts_beside_cxl_memory)
{
	NEEDS_GUEST("6.12");
	const scratch dir;
	const std::string disk = empty_disk(dir);
	linux_config config;

	config.machine = args_file("linux/direct4.args", dir);
	config.machine.insert(config.machine.end(),
			      { "-smp", "4", "-drive", "file=" + disk + ",format=raw" });
	config.tests = "online,disk-write,disk-read,dmesg";
	const linux_outcome o = run_linux(config, dir);

	ASSERT_TRUE(o.passed) << o.run.out << o.run.err;
	EXPECT_TRUE(has(o.text("disk-read"), sum_of_numbers)) << o.text("disk-read");
	EXPECT_EQ(complaints(o.text("dmesg")), "");
	expect_clean(disk, dir);
}

TEST(full, a_root_without_a_file_system_fails_the_run)
{
	NEEDS_GUEST("6.12");
	const scratch dir;
	linux_config config;

	config.machine = { "-m", "1G", "-drive", "file=" + empty_disk(dir) + ",format=raw" };
	config.append = "root=/dev/vda rw vcxl.modules=off";
	const linux_outcome o = run_linux(config, dir);

	EXPECT_EQ(o.run.status, 0);
	EXPECT_TRUE(has(o.run.out, "mounting /dev/vda on /mnt failed")) << o.run.out;
	EXPECT_TRUE(has(o.run.out, "VCXL-RESULT fail")) << o.run.out;
	EXPECT_TRUE(o.tests.empty());
}

TEST(full, the_entropy_device_gives_what_the_seed_decides)
{
	NEEDS_GUEST("6.12");
	const scratch dir;
	const words device{ "-device", "virtio-rng-pci" };
	const linux_outcome one = run_with(device, "random", dir);
	const linux_outcome same = run_with(device, "random", dir);
	const linux_outcome other =
		run_with({ "-device", "virtio-rng-pci", "--seed", "2" }, "random", dir);

	ASSERT_TRUE(one.passed) << one.run.out << one.run.err;
	EXPECT_TRUE(has(one.text("random"), "virtio_rng.0"));
	EXPECT_EQ(one.text("random"), same.text("random"));
	EXPECT_NE(one.text("random"), other.text("random"));
}

// 1500 lines are more than the guest has buffers for: some wait with the host.
TEST(full, a_virtio_console_is_the_guests_console_in_both_directions)
{
	NEEDS_GUEST("6.12");
	const scratch dir;
	linux_config config;
	std::string text;

	config.tests = "dmesg,shell";
	config.append = "console=hvc0";
	config.machine = { "-m",       "1G",
			   "-serial",  "null",
			   "-chardev", "stdio,id=c",
			   "-device",  "virtio-serial-pci,id=vs",
			   "-device",  "virtconsole,bus=vs.0,chardev=c",
			   "-chardev", "file,id=f,path=" + dir.file("second"),
			   "-device",  "virtio-serial-pci",
			   "-device",  "virtconsole,chardev=f" };
	running program(linux_words(config), dir);

	ASSERT_TRUE(program.wait_for("VCXL-END dmesg 0", 100)) << program.output();
	EXPECT_TRUE(has(program.output(), "[hvc0] enabled")) << program.output();
	program.type("stty -echo; echo sum $((40 + 2))\n");
	ASSERT_TRUE(program.wait_for("sum 42")) << program.output();
	for (int i = 1; i <= 1500; i++)
		text += "line " + std::to_string(i) + " of what is typed into the guest\n";
	program.type("md5sum\n" + text + "\x04");
	EXPECT_TRUE(program.wait_for("0c460defa30c3701d76ce610e7f8a808", 100)) << program.output();
	program.type("exec 3>/dev/hvc1; stty -F /dev/hvc1 -opost; seq 1 10000 >&3; exit\n");
	EXPECT_EQ(program.wait(), 0);
	EXPECT_TRUE(has(program.output(), "VCXL-RESULT pass"));
	std::ifstream in(dir.file("second"));
	const std::string second{ std::istreambuf_iterator<char>(in), {} };
	std::string numbers;

	for (int i = 1; i <= 10000; i++)
		numbers += std::to_string(i) + "\n";
	EXPECT_EQ(second, numbers);
}

} // namespace vcxl_test
