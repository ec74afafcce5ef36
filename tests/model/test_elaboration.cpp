// SPDX-License-Identifier: Apache-2.0
//
// Mistakes in configuration and wiring are named before time begins, by hierarchical name.
#include <gtest/gtest.h>

#include "tlm_harness.h"

using namespace vcxl_test;

namespace
{

vcxl::cxl_window::config window_config(unsigned ways = 1, unsigned granularity = 256)
{
	vcxl::cxl_window::config c;

	c.base = 0x1000000000;
	c.size = ways * quarter_gib;
	c.ways = ways;
	c.granularity = granularity;
	return c;
}

vcxl::cxl_port::config port_config(vcxl_port_kind kind, std::vector<vcxl::cxl_port::dport> dports)
{
	vcxl::cxl_port::config c;

	c.port.kind = kind;
	c.port.hdm = kind == VCXL_PORT_HOST_BRIDGE;
	c.port.link.speed = 5;
	c.port.link.width = 16;
	c.dports = std::move(dports);
	return c;
}

class target : public sc_core::sc_module
{
public:
	tlm_utils::simple_target_socket<target, 64> socket;
	explicit target(const sc_core::sc_module_name &name) : sc_module(name), socket("socket")
	{
		socket.register_b_transport(this, &target::take);
	}

private:
	void take(tlm::tlm_generic_payload &trans, sc_core::sc_time &)
	{
		trans.set_response_status(tlm::TLM_OK_RESPONSE);
	}
};

template <class Fn> std::string report_of(Fn fn)
{
	try {
		fn();
	} catch (const sc_core::sc_report &report) {
		return report.what();
	} catch (const std::exception &e) {
		return std::string("not a report: ") + e.what();
	}
	return "";
}

void expect_in(const std::string &text, std::initializer_list<const char *> parts)
{
	for (const char *part : parts)
		EXPECT_NE(text.find(part), std::string::npos) << "\"" << part << "\" in: " << text;
}

void elaborate()
{
	sc_core::sc_start(sc_core::SC_ZERO_TIME);
}

} // namespace

TEST(elaboration, window_with_fewer_host_bridges_than_ways_is_named)
{
	initiator host("host");
	target only("only");
	vcxl::cxl_window window("fmw", window_config(2));

	host.socket.bind(window.in);
	window.out[0].bind(only.socket);
	expect_in(report_of(elaborate), { "fmw.out_1", "is not bound", "2 host bridges" });
}

TEST(elaboration, impossible_windows_are_refused_at_construction)
{
	const auto text = [](vcxl::cxl_window::config c) {
		return report_of([&] { vcxl::cxl_window window("fmw", c); });
	};
	vcxl::cxl_window::config off = window_config();

	expect_in(text(window_config(5)), { "fmw", "is impossible" });
	expect_in(text(window_config(0)), { "fmw", "is impossible" });
	expect_in(text(window_config(1000)), { "fmw", "is impossible" });
	expect_in(text(window_config(1, 128)), { "fmw", "is impossible" });
	expect_in(text(window_config(1, 300)), { "fmw", "is impossible" });
	off.base += 4096;
	expect_in(text(off), { "fmw", "is impossible" });
	off = window_config(2);
	off.size += quarter_gib; // not a multiple of ways x 256 MiB
	expect_in(text(off), { "fmw", "is impossible" });
	off = window_config();
	off.base = 0xfffffffff0000000;
	off.size = 2 * quarter_gib;
	expect_in(text(off), { "fmw", "is impossible" });
	EXPECT_EQ(text(window_config(12, 16384)), "");
	for (const std::vector<uint64_t> &maps : { std::vector<uint64_t>{ 0x100 },
						   { 0x200, 0x400 },
						   { 0x100, 0x200, 0x400, 0x800, 0x1000 } }) {
		vcxl::cxl_window::config c = window_config(4);

		c.xor_maps = maps;
		expect_in(text(c), { "fmw", "is impossible", "XOR maps" });
	}
}

TEST(elaboration, port_without_the_link_of_a_declared_dport_is_named)
{
	initiator mem("mem"), io("io");
	target below("below");
	vcxl::cxl_port port("rp", port_config(VCXL_PORT_ROOT, { { 0, 0 } }));

	mem.socket.bind(port.mem_in[0]);
	io.socket.bind(port.io_in);
	port.mem_out[0].bind(below.socket);
	expect_in(report_of(elaborate), { "rp.io_out_0", "is not bound", "dport 0" });
}

TEST(elaboration, unbound_cxl_mem_link_is_named)
{
	initiator mem("mem"), io("io");
	vcxl::cxl_port port("rp", port_config(VCXL_PORT_ROOT, { { 7, 0 } }));

	mem.socket.bind(port.mem_in[0]);
	io.socket.bind(port.io_in);
	expect_in(report_of(elaborate), { "rp.mem_out_0", "is not bound", "port number 7" });
}

TEST(elaboration, unbound_device_is_named)
{
	media m(quarter_gib);
	vcxl::cxl_memdev::config c;

	c.memdev.media[0].size = m.size;
	c.memdev.media[0].direct = m.bytes();
	c.memdev.serial = 1;
	c.memdev.link.speed = 5;
	c.memdev.link.width = 16;
	initiator io("io");
	vcxl::cxl_memdev md("mem0", c);

	io.socket.bind(md.io_in);
	expect_in(report_of(elaborate), { "mem0.mem_in" });
}

TEST(elaboration, chbcr_of_a_port_that_has_none_is_named)
{
	initiator mem("mem"), io("io"), chbcr("chbcr");
	vcxl::cxl_port port("rp", port_config(VCXL_PORT_ROOT, {}));

	mem.socket.bind(port.mem_in[0]);
	io.socket.bind(port.io_in);
	chbcr.socket.bind(port.chbcr);
	expect_in(report_of(elaborate), { "rp.chbcr", "only a host bridge" });
}

TEST(elaboration, host_bridge_that_cannot_be_programmed_is_a_warning)
{
	initiator mem("mem"), io("io");
	vcxl::cxl_port port("hb", port_config(VCXL_PORT_HOST_BRIDGE, {}));

	mem.socket.bind(port.mem_in[0]);
	io.socket.bind(port.io_in);
	const int before = sc_core::sc_report_handler::get_count(sc_core::SC_WARNING);

	sc_core::sc_report_handler::set_actions(sc_core::SC_ID_NO_SC_START_ACTIVITY_,
						sc_core::SC_DO_NOTHING);
	EXPECT_EQ(report_of(elaborate), "");
	EXPECT_EQ(sc_core::sc_report_handler::get_count("vcxl/port"), 1);
	EXPECT_GT(sc_core::sc_report_handler::get_count(sc_core::SC_WARNING), before);
}

TEST(elaboration, impossible_ports_are_refused_at_construction)
{
	const auto text = [](const vcxl::cxl_port::config &c) {
		return report_of([&] { vcxl::cxl_port port("p", c); });
	};
	vcxl::cxl_port::config bridge = port_config(VCXL_PORT_HOST_BRIDGE, { { 0, 0 }, { 1, 8 } });
	vcxl::cxl_port::config root = port_config(VCXL_PORT_ROOT, {});

	EXPECT_EQ(text(bridge), "");
	bridge.port.hdm = false;
	expect_in(text(bridge), { "host bridge p", "no HDM decoders", "2 root ports" });
	expect_in(text(port_config(VCXL_PORT_HOST_BRIDGE, { { 3, 0 }, { 3, 8 } })),
		  { "port p", "dport 1", "port number 3" });
	expect_in(text(port_config(VCXL_PORT_HOST_BRIDGE, { { 3, 8 }, { 4, 8 } })),
		  { "port p", "dports 0 and 1", "same device and function" });
	expect_in(text(port_config(VCXL_PORT_ROOT, { { 0, 0 }, { 1, 8 } })),
		  { "port p", "one link" });
	root.n_upstream = 2;
	expect_in(text(root), { "port p", "2 upstream links" });
	root.n_upstream = 1;
	root.port.link.speed = 9;
	expect_in(text(root), { "port p", "impossible configuration" });
}

TEST(elaboration, impossible_devices_are_refused_at_construction)
{
	vcxl::cxl_memdev::config c;

	expect_in(report_of([&] { vcxl::cxl_memdev md("mem0", c); }),
		  { "mem0", "impossible configuration" });
}

TEST(elaboration, transports_before_its_end_are_errors)
{
	fabric f({ { bridge({ memdev() }) }, { { 0x1000000000, quarter_gib, 256u, { 0 } } } });
	tlm::tlm_generic_payload trans;
	tlm::tlm_dmi dmi;
	sc_core::sc_time delay;
	uint64_t value = 0;
	tlm::tlm_fw_transport_if<> &window = *f.windows[0]->in.get_base_export().operator->();
	vcxl::cxl_port &port = *f.bridges[0]->port;
	tlm::tlm_fw_transport_if<> &mem = *port.mem_in[0].get_base_export().operator->();
	tlm::tlm_fw_transport_if<> &io = *port.io_in.get_base_export().operator->();

	initiator::fill(trans, tlm::TLM_READ_COMMAND, 0x1000000000, &value, 8);
	window.b_transport(trans, delay);
	EXPECT_TRUE(trans.is_response_error());
	EXPECT_EQ(window.transport_dbg(trans), 0u);
	EXPECT_FALSE(window.get_direct_mem_ptr(trans, dmi));
	mem.b_transport(trans, delay);
	EXPECT_TRUE(trans.is_response_error());
	EXPECT_FALSE(mem.get_direct_mem_ptr(trans, dmi));
	io.b_transport(trans, delay);
	EXPECT_EQ(trans.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	EXPECT_EQ(io.transport_dbg(trans), 0u);
	f.memdevs[0]->memdev->reset(VCXL_RESET_COLD);
	port.reset(VCXL_RESET_COLD);
}
