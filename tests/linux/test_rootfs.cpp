// SPDX-License-Identifier: Apache-2.0
//
// Debian 13 on a virtio disk: the root file system of sw/linux/make-rootfs under Debian's
// unmodified kernel, used as a person at its console would.
#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "linux_run.h"

namespace vcxl_test
{

namespace
{

constexpr double boot_timeout = 300; // of a busy host

std::string made_disk()
{
	return std::string(VCXL_GUEST) + "/../rootfs/disk.img";
}

std::string rootfs_missing()
{
	if (!guest_missing("6.12").empty())
		return guest_missing("6.12");
	return std::filesystem::exists(made_disk())
		       ? ""
		       : made_disk() + "; sw/linux/make-rootfs makes it";
}

#define NEEDS_ROOTFS()                                                                             \
	do {                                                                                       \
		const std::string missing = rootfs_missing();                                      \
		if (!missing.empty())                                                              \
			GTEST_SKIP() << "no " << missing;                                          \
	} while (0)

std::string own_disk(const scratch &dir)
{
	const std::string disk = dir.file("disk.img");
	const outcome o =
		run_program("/bin/cp", { "--sparse=always", made_disk(), disk }, dir, 100);

	if (o.status)
		throw std::runtime_error(o.err);
	return disk;
}

words machine_with(words machine, const std::string &disk, const std::string &series = "6.12")
{
	linux_config config;

	config.series = series;
	machine.insert(machine.end(), { "-drive", "file=" + disk + ",format=raw" });
	config.machine = machine;
	config.append = "root=/dev/vda rw";
	return linux_words(config);
}

// The machine from its start to its power-off, with somebody at the console.
class session
{
public:
	session(const words &args, const scratch &dir) : program_(args, dir) {}

	// True at a shell without line editing, so that what is typed does not come back.
	bool log_in()
	{
		if (!program_.wait_for("vcxl login: ", boot_timeout))
			return false;
		program_.type("root\n");
		if (!program_.wait_for("Password: ", boot_timeout))
			return false;
		program_.type("vcxl\n");
		if (!program_.wait_for("root@vcxl:~# ", boot_timeout))
			return false;
		// the sum, because what is typed here still comes back
		program_.type("stty -echo; echo VCXL-$((40 + 2)); PS1= exec sh\n");
		return program_.wait_for("VCXL-42", boot_timeout);
	}
	// What the command says; then its status, when it is not 0.
	std::string run(const std::string &command)
	{
		const std::string n = std::to_string(++commands_);

		program_.type("echo VCXL-DO-" + n + "; " + command +
			      "; echo VCXL-STATUS $?; echo VCXL-DONE-" + n + "\n");
		if (!program_.wait_for("VCXL-DONE-" + n + "\r", boot_timeout))
			return "TIMEOUT " + program_.output();
		return said(n);
	}
	int power_off()
	{
		program_.type("poweroff\n");
		return program_.wait(boot_timeout);
	}
	const std::string &output() const { return program_.output(); }

private:
	std::string said(const std::string &number) const
	{
		const std::string begin = "VCXL-DO-" + number + "\r\n", end = "VCXL-STATUS ",
				  ok = end + "0\n";
		std::string text = program_.output();

		text.erase(0, text.find(begin) + begin.size());
		text.resize(text.find("VCXL-DONE-" + number));
		text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
		const size_t good = text.rfind(ok);

		return good == std::string::npos ? text : text.substr(0, good);
	}

	running program_;
	unsigned commands_ = 0;
};

void expect_clean(const std::string &disk, const scratch &dir)
{
	const std::string checker = VCXL_E2FSCK;

	if (checker.empty())
		GTEST_SKIP() << "no e2fsck";
	const outcome o = run_program(checker, { "-fn", disk }, dir);

	EXPECT_EQ(o.status, 0) << o.out << o.err;
}

// Pages of the program's own memory, by node.
std::map<std::string, unsigned> placement(const std::string &text, const std::string &program)
{
	std::istringstream lines(text);
	std::map<std::string, unsigned> pages;

	for (std::string line; std::getline(lines, line);) {
		std::istringstream words(line);
		std::string marker, name, word, node;
		unsigned n = 0;

		words >> marker >> name >> word >> node >> word >> n;
		if (marker == "PLACEMENT" && name == program)
			pages[node] += n;
	}
	return pages;
}

} // namespace

TEST(rootfs, debian_boots_to_a_login_apt_installs_a_program_and_power_off_leaves_a_clean_disk)
{
	NEEDS_ROOTFS();
	const scratch dir;
	const std::string disk = own_disk(dir);
	const words args = machine_with({ "-m", "2G" }, disk);

	{
		session debian(args, dir);

		ASSERT_TRUE(debian.log_in()) << debian.output();
		EXPECT_EQ(debian.run("cut -d . -f 1 /etc/debian_version; uname -m"),
			  "13\nriscv64\n");
		EXPECT_EQ(debian.run("systemctl is-system-running --wait"), "running\n")
			<< debian.run("systemctl --failed --no-pager --plain");
		EXPECT_EQ(debian.run("command -v hello"), "VCXL-STATUS 127\n");
		EXPECT_EQ(debian.run("apt-get install -y hello >/tmp/log 2>&1 || cat /tmp/log"),
			  "");
		EXPECT_EQ(debian.run("hello"), "Hello, world!\n");
		EXPECT_EQ(debian.run("dpkg --audit; dpkg --verify hello"), "");
		EXPECT_EQ(debian.power_off(), 0);
	}
	expect_clean(disk, dir);

	session again(args, dir);

	ASSERT_TRUE(again.log_in()) << again.output();
	EXPECT_EQ(again.run("hello"), "Hello, world!\n");
	EXPECT_EQ(again.power_off(), 0);
	expect_clean(disk, dir);
}

TEST(rootfs, the_own_kernel_boots_it_by_itself)
{
	NEEDS_ROOTFS();
	NEEDS_GUEST("own");
	const scratch dir;
	const std::string disk = own_disk(dir);
	words args = machine_with({ "-m", "2G" }, disk, "own");
	const auto initrd = std::find(args.begin(), args.end(), "-initrd");

	ASSERT_NE(initrd, args.end());
	args.erase(initrd, initrd + 2);
	session debian(args, dir);

	ASSERT_TRUE(debian.log_in()) << debian.output();
	EXPECT_EQ(debian.run("systemctl is-system-running --wait"), "running\n");
	EXPECT_EQ(debian.power_off(), 0);
	expect_clean(disk, dir);
}

// The answers were computed without these programs.
TEST(rootfs, a_database_a_compressor_and_a_key_value_store_work_in_cxl_memory_alone)
{
	NEEDS_ROOTFS();
	const scratch dir;
	const std::string disk = own_disk(dir), scripts = dir.file("scripts.tar");
	const outcome packed = run_program(
		"/bin/tar", { "-cf", scripts, "-C", VCXL_TEST_DATA "/linux/rootfs", "." }, dir);

	ASSERT_EQ(packed.status, 0) << packed.err;
	words args = machine_with(args_file("linux/direct2.args", dir), disk);

	args.insert(args.end(), { "-drive", "file=" + scripts + ",format=raw,readonly=on" });
	session debian(args, dir);

	ASSERT_TRUE(debian.log_in()) << debian.output();
	EXPECT_EQ(debian.run("tar -xmf /dev/vdb"), "");
	const std::string text = debian.run("./programs");
	std::istringstream lines(text);
	std::string answers;

	for (std::string line; std::getline(lines, line);)
		if (line.compare(0, 9, "PLACEMENT") != 0)
			answers += line + "\n";
	EXPECT_EQ(answers, "onlined memory for 1 device\n"
			   "node 1 bytes 536870912\n"
			   "== sqlite3\n"
			   "20000|10086333|20000\n"
			   "6947\n"
			   "ok\n"
			   "== zstd\n"
			   "8a7095c1c23bfadc311fe6b16d950582  -\n"
			   "smaller by half\n"
			   "== redis\n"
			   "PONG\n"
			   "errors: 0, replies: 20000\n"
			   "20000\n"
			   "d00cf4aa97210e81221d425151b84f0e  -\n");
	const struct {
		const char *program;
		unsigned least; // pages of 4 KiB
	} expected[] = { { "sqlite3", 200 }, { "zstd", 2000 }, { "redis-server", 2000 } };

	for (const auto &e : expected) {
		const std::map<std::string, unsigned> pages = placement(text, e.program);

		ASSERT_EQ(pages.size(), 1u) << e.program << "\n" << text;
		EXPECT_EQ(pages.begin()->first, "1") << e.program;
		EXPECT_GE(pages.begin()->second, e.least) << e.program;
	}
	EXPECT_EQ(debian.power_off(), 0);
	expect_clean(disk, dir);
}

} // namespace vcxl_test
