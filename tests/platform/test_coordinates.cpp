// SPDX-License-Identifier: Apache-2.0
//
// What memory behind a window costs the harts: 85 ns and 64000 MB/s to each host bridge, then what
// the command line says. A link carries transfers per second x lanes / 8.
#include <gtest/gtest.h>

#include "coordinates.h"
#include "test_options.h"

namespace
{

using option_test::machine_of;
using option_test::node_named;
using option_test::split;
using option_test::words;

// Any number of lines; "@" stands for the media of a new device.
vcxl::machine host(const std::string &devices, const std::string &window)
{
	std::string media, text;

	for (const char c : devices) {
		if (c != '@') {
			text += c;
			continue;
		}
		const std::string id = "v" + std::to_string(text.size());

		media += " -object memory-backend-ram,size=256M,id=" + id;
		text += "cxl-type3,volatile-memdev=" + id;
	}
	return machine_of(split("-M virt,cxl=on" + media +
				" -device pxb-cxl,bus_nr=1,bus=pcie.0,id=a"
				" -device pxb-cxl,bus_nr=64,bus=pcie.0,id=b " +
				text + " -M cxl-fmw.0.size=4G," + window));
}

constexpr char over_a[] = "cxl-fmw.0.targets.0=a";
constexpr char over_both[] = "cxl-fmw.0.targets.0=a,cxl-fmw.0.targets.1=b";

using numbers = std::vector<uint64_t>;

// Read and write latency in ns, read and write bandwidth in MB/s; {} for no device.
numbers cost(const vcxl::machine &m)
{
	const auto c = vcxl::window_coordinates(m, m.windows.at(0));

	if (!c)
		return {};
	EXPECT_EQ(c->read_latency_ps % 1000, 0u);
	EXPECT_EQ(c->write_latency_ps % 1000, 0u);
	return { c->read_latency_ps / 1000, c->write_latency_ps / 1000, c->read_bandwidth,
		 c->write_bandwidth };
}

constexpr char switch_below_a[] = "-device cxl-rp,bus=a,id=rp "
				  "-device cxl-upstream,bus=rp,id=us,latency=70ns,bandwidth=10000 ";

} // namespace

TEST(coordinates, of_one_device_are_its_own_behind_the_host)
{
	EXPECT_EQ(cost(host("-device cxl-rp,bus=a,id=p -device @,bus=p", over_a)),
		  (numbers{ 235, 335, 16'000, 16'000 }));
	EXPECT_EQ(cost(host("-device cxl-rp,bus=a,id=p "
			    "-device @,bus=p,read-latency=1ns,write-latency=2us,"
			    "read-bandwidth=7,write-bandwidth=50000",
			    over_a)),
		  (numbers{ 86, 2085, 7, 50'000 }));
}

TEST(coordinates, of_devices_side_by_side_are_the_worst_latency_and_the_sum_of_bandwidths)
{
	const std::string two = "-device cxl-rp,bus=a,id=p,port=0 "
				"-device @,bus=p,read-latency=100ns,write-latency=300ns "
				"-device cxl-rp,bus=a,id=q,port=1 "
				"-device @,bus=q,read-latency=200ns,write-latency=200ns,"
				"read-bandwidth=1000,write-bandwidth=3000 ";
	const std::string two_more = "-device cxl-rp,bus=b,id=r,port=0 -device @,bus=r "
				     "-device cxl-rp,bus=b,id=s,port=1 -device @,bus=s";

	EXPECT_EQ(cost(host(two, over_a)), (numbers{ 285, 385, 17'000, 19'000 }));
	EXPECT_EQ(cost(host(two + two_more, over_both)), (numbers{ 285, 385, 49'000, 51'000 }));
	EXPECT_EQ(cost(host(two + two_more, over_a)), (numbers{ 285, 385, 17'000, 19'000 }))
		<< "devices of a bridge that is no target";
}

TEST(coordinates, no_bridge_carries_more_than_one_port_of_the_host)
{
	std::string devices;

	for (const std::string port : { "0", "1", "2" })
		devices += " -device cxl-rp,bus=a,id=p" + port + ",port=" + port +
			   " -device @,read-bandwidth=30000,bus=p" + port;
	EXPECT_EQ(cost(host(devices, over_a)), (numbers{ 235, 335, 64'000, 48'000 }));
	devices += " -device cxl-rp,bus=b,id=r -device @,bus=r";
	EXPECT_EQ(cost(host(devices, over_both)), (numbers{ 235, 335, 80'000, 64'000 }));
}

TEST(coordinates, a_link_is_as_fast_and_wide_as_its_weaker_end)
{
	const struct {
		const char *port, *device;
		uint64_t bandwidth;
	} cases[] = {
		{ ",x-speed=2_5,x-width=1", "", 312 },
		{ "", ",x-speed=5,x-width=2", 1'250 },
		{ ",x-speed=8,x-width=4", "", 4'000 },
		{ ",x-speed=16", ",x-width=8", 16'000 },
		{ "", ",x-width=8", 32'000 },
		{ ",x-width=32", "", 64'000 },
		{ ",x-speed=64", ",x-speed=64", 64'000 }, // the host's
	};

	for (const auto &c : cases) {
		const vcxl::machine m = host(std::string("-device cxl-rp,bus=a,id=p") + c.port +
						     " -device @,bus=p,read-bandwidth=600000," +
						     "write-bandwidth=600000" + c.device,
					     over_a);

		EXPECT_EQ(cost(m), (numbers{ 235, 335, c.bandwidth, c.bandwidth }))
			<< c.port << c.device;
	}
}

TEST(coordinates, a_switch_adds_its_latency_and_limits_each_of_its_ports)
{
	EXPECT_EQ(cost(host(std::string(switch_below_a) +
				    "-device cxl-downstream,bus=us,id=d0,port=0 "
				    "-device @,bus=d0,read-bandwidth=4000 "
				    "-device cxl-downstream,bus=us,id=d1,port=1 -device @,bus=d1",
			    over_a)),
		  (numbers{ 305, 405, 14'000, 20'000 }));
}

TEST(coordinates, devices_of_a_switch_share_its_link)
{
	vcxl::machine m =
		host(std::string(switch_below_a) +
			     "-device cxl-downstream,bus=us,id=d0,port=0 -device @,bus=d0 "
			     "-device cxl-downstream,bus=us,id=d1,port=1 "
			     "-device @,bus=d1,write-bandwidth=1000",
		     over_a);

	for (vcxl::node &n : m.nodes)
		if (n.id == "rp")
			n.pcie.width = 4;
	EXPECT_EQ(cost(m), (numbers{ 305, 405, 16'000, 11'000 }));
}

TEST(coordinates, of_a_cascade_are_those_of_every_switch_on_the_way)
{
	EXPECT_EQ(cost(host(std::string(switch_below_a) +
				    "-device cxl-downstream,bus=us,id=d0,port=0 "
				    "-device cxl-upstream,bus=d0,id=u2,latency=80ns,bandwidth=9000 "
				    "-device cxl-downstream,bus=u2,id=e0,port=0 -device @,bus=e0 "
				    "-device cxl-downstream,bus=u2,id=e1,port=1 -device @,bus=e1 "
				    "-device cxl-downstream,bus=us,id=d1,port=1 -device @,bus=d1",
			    over_a)),
		  (numbers{ 385, 485, 20'000, 20'000 }))
		<< "10000 of both behind the second switch";
}

TEST(coordinates, a_device_beside_a_switch_adds_its_bandwidth_without_the_switch_latency)
{
	EXPECT_EQ(cost(host(std::string(switch_below_a) +
				    "-device cxl-downstream,bus=us,id=d0 "
				    "-device @,bus=d0,read-latency=100ns "
				    "-device cxl-rp,bus=a,id=q,port=1 -device @,bus=q",
			    over_a)),
		  (numbers{ 255, 405, 26'000, 26'000 }));
}

TEST(coordinates, of_a_window_without_a_device_are_none)
{
	EXPECT_EQ(cost(host("-device cxl-rp,bus=b,id=p -device @,bus=p", over_a)), numbers{});
	EXPECT_EQ(cost(host(switch_below_a + std::string("-device cxl-downstream,bus=us,id=d0"),
			    over_a)),
		  numbers{});
}

TEST(coordinates, persistent_devices_count_where_no_device_is_volatile)
{
	const std::string media = "-object memory-backend-ram,id=pm,size=256M "
				  "-object memory-backend-ram,id=lsa,size=1M ";
	const std::string persistent =
		"-device cxl-rp,bus=a,id=p -device cxl-type3,bus=p,persistent-memdev=pm,lsa=lsa,"
		"read-latency=900ns ";

	EXPECT_EQ(cost(host(media + persistent, over_a)), (numbers{ 985, 335, 16'000, 16'000 }));
	EXPECT_EQ(cost(host(media + persistent + "-device cxl-rp,bus=a,id=q,port=1 -device @,bus=q",
			    over_a)),
		  (numbers{ 235, 335, 16'000, 16'000 }));
}

TEST(coordinates, both_ends_of_a_link_know_each_other)
{
	const vcxl::machine m =
		host(std::string(switch_below_a) +
			     "-device cxl-downstream,bus=us,id=d -device @,bus=d,id=m",
		     over_a);
	const auto peer = [&m](const char *id) {
		const vcxl::node *n = vcxl::link_peer(m, node_named(m, id));

		return n ? n->id : "";
	};

	EXPECT_EQ(peer("rp"), "us");
	EXPECT_EQ(peer("us"), "rp");
	EXPECT_EQ(peer("d"), "m");
	EXPECT_EQ(peer("m"), "d");
	EXPECT_EQ(peer("a"), "");
}
