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

size_t count(const std::string &text, const std::string &what)
{
	size_t n = 0;

	for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
		n++;
	return n;
}

void expect_comes_and_goes(const hot &h)
{
	const scratch dir;
	const std::string done = R"({"return":{}})";
	linux_config config;

	config.series = h.series;
	config.machine = machine_of(h, dir);
	config.tests = "script,dmesg";
	config.append = "pcie_ports=native vcxl.rounds=" + std::to_string(h.rounds);
	config.script = std::string(h.guest) + rounds_script;
	running program(linux_words(config, dir), dir);
	qmp_client qmp(dir);

	EXPECT_EQ(qmp.ask("object-add",
			  R"({"qom-type":"memory-backend-ram","id":"m","size":268435456})"),
		  done);
	for (unsigned round = 1; round <= h.rounds; round++) {
		const std::string n = std::to_string(round);

		ASSERT_TRUE(program.wait_for("round " + n + ": add", 150)) << program.output();
		EXPECT_EQ(qmp.ask("device_add", R"({"driver":"cxl-type3","bus":"p","id":"d)" + n +
							R"(","volatile-memdev":"m","sn":")" +
							std::to_string(100 + round) + R"("})"),
			  done);
		ASSERT_TRUE(program.wait_for("round " + n + ": remove", 100)) << program.output();
		EXPECT_EQ(qmp.ask("device_del", R"({"id":"d)" + n + R"("})"), done);
		EXPECT_EQ(qmp.event(nullptr, 100), "DEVICE_DELETED d" + n);
		ASSERT_TRUE(program.wait_for("round " + n + ": gone", 100)) << program.output();
	}
	ASSERT_TRUE(program.wait_for("VCXL-RESULT", 100)) << program.output();
	EXPECT_EQ(program.wait(), 0);

	const linux_outcome o = read_linux(program.output());
	const std::string &text = o.text("script");

	EXPECT_TRUE(o.passed) << o.run.out;
	EXPECT_EQ(count(text, "\"memdev\":\"mem0\""), h.rounds) << text;
	for (unsigned round = 1; round <= h.rounds; round++)
		EXPECT_EQ(count(text, "\"serial\":" + std::to_string(100 + round) + ","), 1u);
	if (h.guest == with_region) {
		EXPECT_EQ(count(text, "destroyed region"), h.rounds) << text;
		EXPECT_EQ(count(text, " wrong_words=0 "), h.rounds) << text;
	}
	EXPECT_EQ(complaints(o.text("dmesg")), "");
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

} // namespace vcxl_test
