// SPDX-License-Identifier: Apache-2.0
//
// A memory device that is plugged in and taken out under Linux, whose pciehp and CXL drivers find
// it and let it go.
#include <string>

#include <gtest/gtest.h>

#include "linux_run.h"
#include "qmp_client.h"

namespace vcxl_test
{

namespace
{

// clang-format off
// The guest's side: says when it is ready for the next device, lists it, and says when it is gone.
// find, use and leave are functions of the case.
constexpr char rounds_script[] = R"sh(
there() { find && [ -e /sys/bus/cxl/devices/mem0 ]; }
gone() { [ ! -e /sys/bus/cxl/devices/mem0 ]; }
# seconds cost little while nothing happens
await() {
	seconds=0
	until "$@"; do
		[ $((seconds += 1)) -lt 1000 ] || return 1
		sleep 1
	done
}
for round in $(seq "$(parameter rounds 1)"); do
	echo "round $round: add"
	await there || exit 1
	cxl list -M
	use || exit 1
	echo "round $round: remove"
	leave || exit 1
	await gone || exit 1
	echo "round $round: gone"
done
)sh";

constexpr char by_pciehp[] = R"sh(
. /etc/vcxl-lib.sh
find() { true; }
use() { true; }
leave() { true; }
)sh";
// A region that comes and goes between.
constexpr char with_region[] = R"sh(
. /etc/vcxl-lib.sh
find() { true; }
use() {
	region=$(create_region ram 1) || return 1
	size=$(($(cat /sys/bus/cxl/devices/$region/size)))
	wait_for 10 dax_online $size && /tests/online && /tests/bound || return 1
	cxl disable-region $region && cxl destroy-region $region || return 1
	[ ! -e /sys/bus/cxl/devices/$region ] && echo "destroyed $region"
}
leave() { true; }
)sh";
// What the first round makes of the files the later ones find.
constexpr char with_files[] = R"sh(
. /etc/vcxl-lib.sh
find() { true; }
use() {
	case $round in
	1) /tests/pmem-make ;;
	*) /tests/pmem-find ;;
	esac || return 1
	cxl disable-region region0 && cxl destroy-region region0
}
leave() { true; }
)sh";
// Debian's riscv64 kernels have no pciehp: whoever is root does its work.
constexpr char by_hand[] = R"sh(
. /etc/vcxl-lib.sh
slot() { setpci -s 0c:00.0 "CAP_EXP+$1"; }
bit() { [ $((0x$(slot 1a.w) & $1)) != 0 ]; }
find() {
	bit 0x40 || return 1
	slot 1a.w=ffff && slot 18.w=01c0 && echo 1 >/sys/bus/pci/rescan
}
use() { true; }
leave() {
	await bit 1 || return 1
	echo 1 >/sys/bus/pci/devices/0000:0d:00.0/remove
	slot 1a.w=ffff && slot 18.w=07c0
}
)sh";
// clang-format on

struct hot {
	const char *series;
	bool below_switch;
	unsigned rounds;
	const char *guest;
};

// One slot, empty at the start: "p".
words machine_of(const hot &h, const scratch &dir)
{
	words args{ "-M",      "virt,cxl=on,cxl-fmw.0.targets.0=hb,cxl-fmw.0.size=4G",
		    "-m",      "2G",
		    "-qmp",    "unix:" + dir.file("q") + ",server=on,wait=off",
		    "-device", "pxb-cxl,bus_nr=12,bus=pcie.0,id=hb" };
	const words root{ "-device", "cxl-rp,bus=hb,id=p,port=0,slot=7,hotplug=on" };
	const words with_switch{ "-device", "cxl-rp,bus=hb,id=rp,port=0,slot=6",
				 "-device", "cxl-upstream,bus=rp,id=us",
				 "-device", "cxl-downstream,bus=us,id=p,port=0,slot=7,hotplug=on" };
	const words &ports = h.below_switch ? with_switch : root;

	args.insert(args.end(), ports.begin(), ports.end());
	return args;
}

// The same files are the same device: what labels say holds for its serial number.
std::string serial_of(const hot &h, unsigned round)
{
	return std::to_string(h.guest == with_files ? 100 : 100 + round);
}

// New memory, or the same file anew.
std::string memory_of(const hot &h, const std::string &id, unsigned size, const scratch &dir)
{
	const bool file = h.guest == with_files;

	return R"({"qom-type":"memory-backend-)" + std::string(file ? "file" : "ram") +
	       R"(","id":")" + id + R"(","size":)" + std::to_string(size) +
	       (file ? R"(,"share":true,"mem-path":")" + dir.file(id) + "\"}" : "}");
}

size_t count(const std::string &text, const std::string &what)
{
	size_t n = 0;

	for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
		n++;
	return n;
}

// The host's side of one round.
void plug_and_unplug(const hot &h, unsigned round, running &program, qmp_client &qmp,
		     const scratch &dir)
{
	const std::string done = R"({"return":{}})", n = std::to_string(round);
	const char *kind = h.guest == with_files ? "persistent" : "volatile";

	EXPECT_EQ(qmp.ask("object-add", memory_of(h, "m", 256 << 20, dir)), done);
	EXPECT_EQ(qmp.ask("object-add", memory_of(h, "l", 1 << 20, dir)), done);
	ASSERT_TRUE(program.wait_for("round " + n + ": add", 150)) << program.output();
	EXPECT_EQ(qmp.ask("device_add",
			  R"({"driver":"cxl-type3","bus":"p","id":"d)" + n + R"(","lsa":"l",")" +
				  kind + R"(-memdev":"m","sn":")" + serial_of(h, round) + R"("})"),
		  done);
	ASSERT_TRUE(program.wait_for("round " + n + ": remove", 100)) << program.output();
	EXPECT_EQ(qmp.ask("device_del", R"({"id":"d)" + n + R"("})"), done);
	EXPECT_EQ(qmp.event(nullptr, 100), "DEVICE_DELETED d" + n);
	EXPECT_EQ(qmp.ask("object-del", R"({"id":"m"})"), done);
	EXPECT_EQ(qmp.ask("object-del", R"({"id":"l"})"), done);
	ASSERT_TRUE(program.wait_for("round " + n + ": gone", 100)) << program.output();
}

void expect_said(const hot &h, const linux_outcome &o)
{
	const std::string &text = o.text("script");
	words expected;

	EXPECT_TRUE(o.passed) << o.run.out;
	for (unsigned round = 1; round <= h.rounds; round++) {
		const size_t from = text.find("round " + std::to_string(round) + ": add");

		EXPECT_NE(text.find("\"serial\":" + serial_of(h, round) + ",", from),
			  std::string::npos)
			<< text;
	}
	if (h.guest == with_region) {
		EXPECT_EQ(count(text, "destroyed region"), h.rounds) << text;
		EXPECT_EQ(count(text, " wrong_words=0 "), h.rounds) << text;
	}
	if (h.guest == with_files) {
		EXPECT_EQ(count(text, "found the text of pmem-make"), h.rounds - 1) << text;
		expected.emplace_back("unable to guarantee persistence of writes");
	}
	EXPECT_EQ(complaints(o.text("dmesg"), expected), "");
}

void expect_comes_and_goes(const hot &h)
{
	const scratch dir;
	linux_config config;

	config.series = h.series;
	config.machine = machine_of(h, dir);
	config.tests = "script,dmesg";
	config.append = "vcxl.rounds=" + std::to_string(h.rounds);
	config.script = std::string(h.guest) + rounds_script;
	running program(linux_words(config, dir), dir);
	qmp_client qmp(dir);

	for (unsigned round = 1; round <= h.rounds; round++) {
		plug_and_unplug(h, round, program, qmp, dir);
		if (testing::Test::HasFatalFailure())
			return;
	}
	ASSERT_TRUE(program.wait_for("VCXL-RESULT", 100)) << program.output();
	EXPECT_EQ(program.wait(), 0);
	expect_said(h, read_linux(program.output()));
}

} // namespace

TEST(hotplug_linux, under_debians_kernel_by_hand)
{
	NEEDS_GUEST("6.12");
	expect_comes_and_goes({ "6.12", false, 3, by_hand });
}

TEST(hotplug_linux, a_device_comes_and_goes_ten_times_without_a_warning)
{
	NEEDS_GUEST("own");
	expect_comes_and_goes({ "own", false, 10, by_pciehp });
}

TEST(hotplug_linux, below_a_switch_too)
{
	NEEDS_GUEST("own");
	expect_comes_and_goes({ "own", true, 3, by_pciehp });
}

TEST(hotplug_linux, a_region_is_made_of_it_and_taken_apart_before_it_leaves)
{
	NEEDS_GUEST("own");
	expect_comes_and_goes({ "own", false, 2, with_region });
}

TEST(hotplug_linux, labels_namespace_and_files_are_there_when_it_comes_again)
{
	NEEDS_GUEST("own");
	expect_comes_and_goes({ "own", false, 3, with_files });
}

} // namespace vcxl_test
