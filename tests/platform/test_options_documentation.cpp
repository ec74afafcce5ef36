// SPDX-License-Identifier: Apache-2.0
//
// The command lines of QEMU's CXL documentation and of the dynamic-capacity series, word for word:
// what they build, and which of them are refused.
#include "test_options.h"

using namespace option_test;
using vcxl::node_kind;

namespace
{

struct expected_node {
	node_kind kind;
	const char *id;
	int parent;
	unsigned devfn, port, slot;
};

void expect_nodes(const vcxl::machine &m, const std::vector<expected_node> &expected)
{
	ASSERT_EQ(m.nodes.size(), expected.size());
	for (size_t i = 0; i < expected.size(); i++) {
		const vcxl::node &n = m.nodes[i];
		EXPECT_EQ(n.kind, expected[i].kind) << i;
		EXPECT_EQ(n.id, expected[i].id);
		EXPECT_EQ(n.parent, expected[i].parent) << n.id;
		EXPECT_EQ(n.devfn, expected[i].devfn) << n.id;
		EXPECT_EQ(n.port_number, expected[i].port) << n.id;
		EXPECT_EQ(n.slot, expected[i].slot) << n.id;
		EXPECT_EQ(n.chassis, 0u) << n.id;
	}
}

void expect_common(const vcxl::machine &m)
{
	EXPECT_EQ(m.type, "q35");
	EXPECT_EQ(m.ram_size, 0x100000000u);
	EXPECT_EQ(m.max_ram_size, 0x200000000u);
	EXPECT_EQ(m.harts, 4u);
	ASSERT_EQ(m.windows.size(), 1u);
	EXPECT_EQ(m.windows[0].base, 0x1000000000u);
	EXPECT_EQ(m.windows[0].size, 0x100000000u);
	EXPECT_EQ(m.nodes.at(0).bus_nr, 12u);
	EXPECT_TRUE(m.nodes[0].hdm);
	EXPECT_EQ(m.nodes[0].n_decoders, 10u);
	for (const vcxl::backend &b : m.backends) {
		EXPECT_EQ(b.size, 0x10000000u);
		EXPECT_EQ(b.offset, 0u);
		EXPECT_TRUE(b.share);
		EXPECT_FALSE(b.readonly);
		EXPECT_FALSE(b.pmem);
	}
}

void expect_backend(const vcxl::machine &m, int index, vcxl::backend_kind kind, const char *id,
		    const char *path, const char *user)
{
	const vcxl::backend &b = m.backends.at(static_cast<size_t>(index));
	EXPECT_EQ(b.kind, kind);
	EXPECT_EQ(b.id, id);
	EXPECT_EQ(b.path, path);
	EXPECT_EQ(b.user, user);
}

void expect_doc1(const vcxl::machine &m)
{
	expect_common(m);
	expect_nodes(m, { { node_kind::host_bridge, "cxl.1", -1, 0, 0, 0 },
			  { node_kind::root_port, "root_port13", 0, 0, 0, 2 },
			  { node_kind::memdev, "cxl-pmem0", 1, 0, 0, 0 } });
	const vcxl::node &dev = m.nodes.at(2);
	EXPECT_EQ(dev.volatile_media, -1);
	EXPECT_EQ(dev.persistent_media, 0);
	EXPECT_EQ(dev.lsa, 1);
	EXPECT_EQ(dev.n_decoders, 4u);
	EXPECT_NE(dev.serial, 0u);
	expect_backend(m, 0, vcxl::backend_kind::file, "cxl-mem1", "/tmp/cxltest.raw", "cxl-pmem0");
	expect_backend(m, 1, vcxl::backend_kind::file, "cxl-lsa1", "/tmp/lsa.raw", "cxl-pmem0");
	EXPECT_EQ(m.windows.at(0).granularity, 256u);
	EXPECT_EQ(m.windows[0].targets, std::vector<int>{ 0 });
}

} // namespace

TEST(options_documentation, line_1_is_one_persistent_device)
{
	expect_doc1(machine_of(args_file("doc1.args")));
}

TEST(options_documentation, line_1_with_memdev_is_persistent_too)
{
	words args = args_file("doc1.args");
	for (std::string &word : args) {
		const size_t at = word.find("persistent-memdev");
		if (at != std::string::npos)
			word.replace(at, 17, "memdev");
	}
	ASSERT_NE(args, args_file("doc1.args"));
	expect_doc1(machine_of(args));
}

TEST(options_documentation, line_1_with_two_dashes_is_the_same)
{
	words args = args_file("doc1.args");
	for (std::string &word : args)
		if (word[0] == '-')
			word = '-' + word;
	expect_doc1(machine_of(args));
}

TEST(options_documentation, line_1_as_readconfig_is_the_same)
{
	expect_doc1(machine_of({ "-readconfig", data_file("doc1.conf") }));
}

TEST(options_documentation, line_2_is_one_volatile_device)
{
	const vcxl::machine m = machine_of(args_file("doc2.args"));
	expect_common(m);
	expect_nodes(m, { { node_kind::host_bridge, "cxl.1", -1, 0, 0, 0 },
			  { node_kind::root_port, "root_port13", 0, 0, 0, 2 },
			  { node_kind::memdev, "cxl-vmem0", 1, 0, 0, 0 } });
	EXPECT_EQ(m.nodes.at(2).volatile_media, 0);
	EXPECT_EQ(m.nodes[2].persistent_media, -1);
	EXPECT_EQ(m.nodes[2].lsa, -1);
	expect_backend(m, 0, vcxl::backend_kind::ram, "vmem0", "", "cxl-vmem0");
}

TEST(options_documentation, line_3_is_one_volatile_device_with_lsa)
{
	const vcxl::machine m = machine_of(args_file("doc3.args"));
	expect_common(m);
	ASSERT_EQ(m.nodes.size(), 3u);
	EXPECT_EQ(m.nodes[2].volatile_media, 0);
	EXPECT_EQ(m.nodes[2].persistent_media, -1);
	EXPECT_EQ(m.nodes[2].lsa, 1);
	expect_backend(m, 1, vcxl::backend_kind::file, "cxl-lsa0", "/tmp/lsa.raw", "cxl-vmem0");
}

TEST(options_documentation, line_4_is_two_bridges_with_two_devices_each)
{
	const vcxl::machine m = machine_of(args_file("doc4.args"));
	expect_common(m);
	expect_nodes(m, { { node_kind::host_bridge, "cxl.1", -1, 0, 0, 0 },
			  { node_kind::host_bridge, "cxl.2", -1, 0, 0, 0 },
			  { node_kind::root_port, "root_port13", 0, 0, 0, 2 },
			  { node_kind::memdev, "cxl-pmem0", 2, 0, 0, 0 },
			  { node_kind::root_port, "root_port14", 0, 8, 1, 3 },
			  { node_kind::memdev, "cxl-pmem1", 4, 0, 0, 0 },
			  { node_kind::root_port, "root_port15", 1, 0, 0, 5 },
			  { node_kind::memdev, "cxl-pmem2", 6, 0, 0, 0 },
			  { node_kind::root_port, "root_port16", 1, 8, 1, 6 },
			  { node_kind::memdev, "cxl-pmem3", 8, 0, 0, 0 } });
	EXPECT_EQ(m.nodes.at(1).bus_nr, 222u);
	EXPECT_EQ(m.nodes.at(0).children, (std::vector<int>{ 2, 4 }));
	EXPECT_EQ(m.nodes.at(1).children, (std::vector<int>{ 6, 8 }));
	EXPECT_EQ(m.nodes.at(9).persistent_media, 3);
	EXPECT_EQ(m.nodes.at(9).lsa, 7);
	EXPECT_EQ(m.windows.at(0).granularity, 8192u);
	EXPECT_EQ(m.windows[0].targets, (std::vector<int>{ 0, 1 }));
}

TEST(options_documentation, line_5_is_four_devices_below_a_switch)
{
	const vcxl::machine m = machine_of(args_file("doc5.args"));
	expect_common(m);
	expect_nodes(m, { { node_kind::host_bridge, "cxl.1", -1, 0, 0, 0 },
			  { node_kind::root_port, "root_port0", 0, 0, 0, 0 },
			  { node_kind::root_port, "root_port1", 0, 8, 1, 1 },
			  { node_kind::upstream_port, "us0", 1, 0, 0, 0 },
			  { node_kind::downstream_port, "swport0", 3, 0, 0, 4 },
			  { node_kind::memdev, "cxl-pmem0", 4, 0, 0, 0 },
			  { node_kind::downstream_port, "swport1", 3, 8, 1, 5 },
			  { node_kind::memdev, "cxl-pmem1", 6, 0, 0, 0 },
			  { node_kind::downstream_port, "swport2", 3, 16, 2, 6 },
			  { node_kind::memdev, "cxl-pmem2", 8, 0, 0, 0 },
			  { node_kind::downstream_port, "swport3", 3, 24, 3, 7 },
			  { node_kind::memdev, "cxl-pmem3", 10, 0, 0, 0 } });
	EXPECT_EQ(m.nodes.at(3).n_decoders, 10u);
	EXPECT_EQ(m.nodes[3].children, (std::vector<int>{ 4, 6, 8, 10 }));
	EXPECT_TRUE(m.nodes.at(2).children.empty());
	EXPECT_EQ(m.windows.at(0).granularity, 4096u);
}

TEST(options_documentation, first_figure_has_three_windows_over_two_bridges)
{
	const vcxl::machine m = machine_of(args_file("note2.args"));
	EXPECT_EQ(m.type, "virt");
	EXPECT_EQ(m.ram_size, 0x40000000u);
	ASSERT_EQ(m.windows.size(), 3u);
	EXPECT_EQ(m.windows[0].targets, (std::vector<int>{ 0 }));
	EXPECT_EQ(m.windows[1].targets, (std::vector<int>{ 0, 1 }));
	EXPECT_EQ(m.windows[2].targets, (std::vector<int>{ 1 }));
	EXPECT_EQ(m.windows[1].base, 0x1100000000u);
	EXPECT_EQ(m.windows[2].base, 0x1200000000u);
	// "Appears in PCI topology as 0c:00.0, 0c:01.0, de:00.0, de:01.0"
	const char *ports[] = { "rp0", "rp1", "rp2", "rp3" };
	const unsigned buses[] = { 0x0c, 0x0c, 0xde, 0xde }, devices[] = { 0, 1, 0, 1 };
	for (size_t i = 0; i < 4; i++) {
		const vcxl::node &port = node_named(m, ports[i]);
		EXPECT_EQ(port.devfn, devices[i] << 3);
		EXPECT_EQ(m.nodes[static_cast<size_t>(port.parent)].bus_nr, buses[i]);
	}
}

TEST(options_documentation, the_hierarchy_may_come_from_readconfig_and_the_rest_from_words)
{
	const vcxl::machine m = machine_of(split(
		"-M q35,cxl=on -m 4G,maxmem=8G,slots=8 -smp 4 -readconfig " +
		data_file("devices.conf") + " -M cxl-fmw.0.targets.0=cxl.1,cxl-fmw.0.size=4G"));
	expect_common(m);
	EXPECT_EQ(m.nodes.size(), 3u);
	EXPECT_EQ(node_named(m, "cxl-vmem0").volatile_media, 0);
}

TEST(options_documentation, dynamic_capacity_lines_build_two_regions_each)
{
	const vcxl::machine m = machine_of(args_file("dcd3.args"));

	for (const char *i : { "0", "1", "2", "3" }) {
		const vcxl::node &n = node_named(m, std::string("cxl-dev") + i);

		EXPECT_EQ(n.dc_regions, 2u);
		EXPECT_EQ(n.dc_size, 0x40000000u);
		EXPECT_TRUE(n.dc_persistent);
		EXPECT_EQ(m.backends.at(static_cast<size_t>(n.dc_media)).id,
			  std::string("cxl-dc-mem") + i);
	}
}

TEST(options_documentation, dynamic_capacity_may_have_no_memory_of_its_own)
{
	const vcxl::machine m = machine_of(args_file("dcd_tagged.args"));
	const vcxl::node &n = node_named(m, "cxl-dcd0");

	EXPECT_EQ(n.dc_regions, 1u);
	EXPECT_EQ(n.dc_size, 0x300000000u);
	EXPECT_EQ(n.dc_media, -1);
	EXPECT_FALSE(n.dc_persistent);
}
