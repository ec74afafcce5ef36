// SPDX-License-Identifier: Apache-2.0
//
// Objects and devices that come and go: at each time the machine is the one that a command line
// would make of what is there.
#include "inventory.h"

#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "options.h"

using namespace vcxl;

namespace
{

using words = std::vector<std::string>;

const words frame = {
	"-M",      "virt,cxl=on,cxl-fmw.0.targets.0=hb0,cxl-fmw.0.targets.1=hb1,cxl-fmw.0.size=4G",
	"-device", "pxb-cxl,bus_nr=12,bus=pcie.0,id=hb0",
	"-device", "cxl-rp,bus=hb0,id=rp0,port=0",
};
// behind the first device, so that all indices move
const words second_half = {
	"-device", "virtio-rng-pci",
	"-device", "pxb-cxl,bus_nr=100,bus=pcie.0,id=hb1",
	"-device", "cxl-rp,bus=hb1,id=rp1,port=1",
	"-device", "cxl-upstream,bus=rp1,id=us,sn=3",
	"-device", "cxl-downstream,bus=us,id=dp,port=0",
	"-device", "cxl-downstream,bus=us,id=fixed,port=1,hotplug=off",
};
const words memories = { "-object", "memory-backend-ram,id=a,size=256M",
			 "-object", "memory-backend-ram,id=b,size=512M",
			 "-object", "memory-backend-ram,id=lsa,size=1M" };
const words device0 = { "-device", "cxl-type3,bus=rp0,id=d0,volatile-memdev=a" };
const words device1 = { "-device", "cxl-type3,bus=dp,id=d1,persistent-memdev=b,lsa=lsa" };

words operator+(words a, const words &b)
{
	a.insert(a.end(), b.begin(), b.end());
	return a;
}

command_line parsed(const words &args)
{
	std::vector<const char *> argv{ "vcxl" };

	for (const std::string &arg : args)
		argv.push_back(arg.c_str());
	return parse_words(static_cast<int>(argv.size()), argv.data());
}

std::string described(const machine &m)
{
	std::ostringstream out;
	const auto id = [&](int node) {
		return node == none ? "-" : m.nodes.at(static_cast<size_t>(node)).id;
	};
	const auto memory = [&](int backend) {
		return backend == none ? "-" : m.backends.at(static_cast<size_t>(backend)).id;
	};

	for (const backend &b : m.backends)
		out << b.id << " " << b.size << " of " << b.user << "\n";
	for (const node &n : m.nodes) {
		out << n.id << " in " << id(n.parent) << " serial " << n.serial << " "
		    << memory(n.volatile_media) << memory(n.persistent_media) << memory(n.lsa);
		for (const int child : n.children)
			out << " " << id(child);
		out << "\n";
	}
	for (const window &w : m.windows)
		for (const int target : w.targets)
			out << "target " << id(target) << "\n";
	return out.str();
}

void expect_same(const inventory &parts, const words &args)
{
	EXPECT_EQ(described(parts.now()), described(build_machine(parsed(args))));
}

std::vector<key_value> new_device(const std::string &id, const std::string &bus,
				  const std::string &memory)
{
	return { { "driver", "cxl-type3" },
		 { "bus", bus },
		 { "id", id },
		 { "volatile-memdev", memory } };
}

template <class Act> std::string error_of(Act act)
{
	try {
		act();
	} catch (const option_error &e) {
		return e.what();
	}
	return "";
}

} // namespace

TEST(inventory, is_at_each_time_what_the_command_line_would_make_of_it)
{
	inventory parts(parsed(memories + frame + device0 + second_half + device1));

	expect_same(parts, memories + frame + device0 + second_half + device1);
	parts.remove_device("d0");
	expect_same(parts, memories + frame + second_half + device1);
	parts.remove_object("a");
	const words more = { "-object", "memory-backend-ram,id=a,size=1G" };
	const words left(memories.begin() + 2, memories.end());
	expect_same(parts, left + frame + second_half + device1);
	parts.add_object(
		{ { "qom-type", "memory-backend-ram" }, { "id", "a" }, { "size", "1073741824" } });
	expect_same(parts, left + more + frame + second_half + device1);
	EXPECT_EQ(parts.add_device(new_device("d0", "rp0", "a")).id, "d0");
	expect_same(parts, left + more + frame + second_half + device1 + device0);
	parts.remove_device("d1");
	expect_same(parts, left + more + frame + second_half + device0);
	EXPECT_EQ(parts.find_device("d1"), nullptr);
	EXPECT_EQ(parts.find_object("b")->user, "");
}

TEST(inventory, the_serial_number_of_a_device_outlives_the_reason_for_it)
{
	// both want the serial number 0x10c00 by their position or by name
	const words given = { "-device", "cxl-type3,bus=dp,id=d1,volatile-memdev=b,sn=0x10c00" };
	inventory parts(parsed(memories + frame + device0 + second_half + given));
	const uint64_t moved = parts.find_device("d0")->serial;

	EXPECT_EQ(moved, 0x10c01u);
	parts.remove_device("d1");
	parts.add_object({ { "qom-type", "memory-backend-ram" }, { "id", "c" }, { "size", "4K" } });
	EXPECT_EQ(parts.find_device("d0")->serial, moved);
	std::vector<key_value> device = new_device("d2", "dp", "b");
	device.push_back({ "sn", "0x10c01" });
	EXPECT_EQ(error_of([&] { parts.add_device(device); }),
		  "device_add id=d2: property 'sn': 0x10c01 is already used by 'd0'");
	device.back().value = "0x10c00";
	EXPECT_EQ(parts.add_device(device).serial, 0x10c00u);
	EXPECT_EQ(parts.find_device("d0")->serial, moved);
}

TEST(inventory, what_is_refused_changes_nothing)
{
	const words all = memories + frame + second_half;
	inventory parts(parsed(all));

	EXPECT_EQ(error_of([&] { parts.add_device(new_device("d", "fixed", "a")); }),
		  "device_add id=d: property 'bus': Bus 'fixed' does not support hotplugging: its "
		  "port has hotplug=off");
	EXPECT_NE(error_of([&] {
			  parts.add_device(new_device("d", "hb0", "a"));
		  }).find("'hb0' is a pxb-cxl; cxl-type3 goes on"),
		  std::string::npos);
	EXPECT_NE(error_of([&] {
			  parts.add_device(new_device("d", "rp1", "a"));
		  }).find("'rp1' already has device 'us'"),
		  std::string::npos);
	EXPECT_NE(error_of([&] {
			  parts.add_object({ { "qom-type", "memory-backend-ram" },
					     { "id", "a" },
					     { "size", "1G" } });
		  }).find("object-add id=a: Duplicate ID 'a'"),
		  std::string::npos);
	expect_same(parts, all);
}
