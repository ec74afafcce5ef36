// SPDX-License-Identifier: Apache-2.0
//
// What the generic payload can say, on the CXL.mem path: length, streaming, byte enables, commands,
// bursts across granules, decoders and windows, debug transport, extensions. IEEE 1666-2011 14.
#include <gtest/gtest.h>

#include <random>

#include "tlm_harness.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t base = 0x1000000000;

// Two devices, interleaved at 256 B below one host bridge.
class interleaved
{
public:
	fabric f;
	initiator &host;
	tlm::tlm_generic_payload trans;
	uint8_t data[4096] = {};

	explicit interleaved(unsigned eig = 0)
	    : f({ { bridge({ memdev(), memdev() }) }, { { base, 4 * quarter_gib, 256u, { 0 } } } }),
	      host(*f.mem[0])
	{
		f.start();
		f.commit(*f.bridges[0], 0, { base, 2 * quarter_gib, 1, eig, 0x0100, false });
		f.set_hdm_enable(*f.bridges[0], true);
		for (const node *m : f.memdevs) {
			f.commit(*m, 0, { base, 2 * quarter_gib, 1, eig, 0, false });
			f.set_hdm_enable(*m, true);
		}
	}

	tlm::tlm_generic_payload &payload(tlm::tlm_command command, uint64_t hpa, uint32_t len)
	{
		initiator::fill(trans, command, hpa, data, len);
		return trans;
	}

	// The media byte of a host address, by the rule typed out.
	uint8_t &media_byte(uint64_t hpa)
	{
		const uint64_t granule = (hpa - base) / 256;

		return f.memdevs[granule % 2]
			->volatile_media->bytes()[granule / 2 * 256 + hpa % 256];
	}
};

// Ends a line of modules: remembers what arrives.
class recorder : public sc_core::sc_module
{
public:
	tlm_utils::simple_target_socket<recorder, 64> socket;
	struct arrival {
		const tlm::tlm_generic_payload *payload;
		uint64_t address;
		uint32_t len;
		const vcxl::cxl_mem_extension *extension;
	};
	std::vector<arrival> arrivals;

	explicit recorder(const sc_core::sc_module_name &name) : sc_module(name), socket("socket")
	{
		socket.register_b_transport(this, &recorder::take);
	}

private:
	void take(tlm::tlm_generic_payload &trans, sc_core::sc_time &)
	{
		auto *extension = trans.get_extension<vcxl::cxl_mem_extension>();

		arrivals.push_back(
			{ &trans, trans.get_address(), trans.get_data_length(), extension });
		if (extension)
			extension->poison = true;
		trans.set_response_status(tlm::TLM_OK_RESPONSE);
	}
};

struct window_of_two {
	recorder left{ "left" }, right{ "right" };
	initiator host{ "host" };
	vcxl::cxl_window window;

	window_of_two() : window("window", config())
	{
		host.socket.bind(window.in);
		window.out[0].bind(left.socket);
		window.out[1].bind(right.socket);
		sc_core::sc_start(sc_core::SC_ZERO_TIME);
	}

	static vcxl::cxl_window::config config()
	{
		vcxl::cxl_window::config c;

		c.base = base;
		c.size = 2 * quarter_gib;
		c.ways = 2;
		return c;
	}
};

} // namespace

TEST(generic_payload, length_0_is_a_burst_error)
{
	interleaved d;

	EXPECT_EQ(d.host.transport(d.payload(tlm::TLM_READ_COMMAND, base, 0)),
		  tlm::TLM_BURST_ERROR_RESPONSE);
}

TEST(generic_payload, streaming_width_0_is_a_burst_error)
{
	interleaved d;

	d.payload(tlm::TLM_READ_COMMAND, base, 8).set_streaming_width(0);
	EXPECT_EQ(d.host.transport(d.trans), tlm::TLM_BURST_ERROR_RESPONSE);
}

TEST(generic_payload, ignore_command_completes_and_moves_nothing)
{
	interleaved d;

	d.media_byte(base) = 0x77;
	EXPECT_EQ(d.host.transport(d.payload(tlm::TLM_IGNORE_COMMAND, base, 8)),
		  tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(d.data[0], 0);
	EXPECT_EQ(d.media_byte(base), 0x77);
	EXPECT_EQ(d.host.delay, sc_core::SC_ZERO_TIME);
}

TEST(generic_payload, unknown_command_is_a_command_error)
{
	interleaved d;

	EXPECT_EQ(d.host.transport(d.payload(static_cast<tlm::tlm_command>(3), base, 8)),
		  tlm::TLM_COMMAND_ERROR_RESPONSE);
}

TEST(generic_payload, missing_data_array_is_an_error)
{
	interleaved d;

	d.payload(tlm::TLM_READ_COMMAND, base, 8).set_data_ptr(nullptr);
	EXPECT_EQ(d.host.transport(d.trans), tlm::TLM_GENERIC_ERROR_RESPONSE);
	EXPECT_EQ(d.host.socket->transport_dbg(d.trans), 0u);
}

TEST(generic_payload, byte_enables_other_than_00_and_ff_are_errors)
{
	interleaved d;
	uint8_t enable[2] = { 0xff, 0x01 };

	d.payload(tlm::TLM_WRITE_COMMAND, base, 8).set_byte_enable_ptr(enable);
	d.trans.set_byte_enable_length(2);
	EXPECT_EQ(d.host.transport(d.trans), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
	d.trans.set_byte_enable_length(0);
	EXPECT_EQ(d.host.transport(d.trans), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
	d.trans.set_byte_enable_length(1);
	EXPECT_EQ(d.host.transport(d.trans), tlm::TLM_OK_RESPONSE);
}

TEST(generic_payload, no_byte_enabled_still_needs_a_decoder)
{
	interleaved d;
	uint8_t enable = 0;

	d.payload(tlm::TLM_WRITE_COMMAND, base, 8).set_byte_enable_ptr(&enable);
	d.trans.set_byte_enable_length(1);
	EXPECT_EQ(d.host.transport(d.trans), tlm::TLM_OK_RESPONSE);
	d.trans.set_address(base + 2 * quarter_gib);
	EXPECT_EQ(d.host.transport(d.trans), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

// Random combinations against the definition: byte i goes to address + i mod width when
// enable[i mod n] is set.
TEST(generic_payload, streaming_and_byte_enables_follow_the_definition)
{
	constexpr uint32_t span = 2048;
	interleaved d;
	std::mt19937 random(1);
	std::vector<uint8_t> expected(span), enable(64);
	const auto up_to = [&](uint32_t n) { return static_cast<uint32_t>(random() % n); };

	for (unsigned round = 0; round < 4000; round++) {
		const uint32_t at = up_to(700), len = 1 + up_to(1200);
		const uint32_t width = random() % 3 ? len : 1 + up_to(len);
		const uint32_t n = random() % 4 ? 1 + up_to(64) : 0;
		const bool write = random() % 2;
		std::vector<uint8_t> want(len);

		for (uint32_t i = 0; i < n; i++)
			enable[i] = random() % 2 ? 0xff : 0;
		for (uint32_t i = 0; i < len; i++) {
			d.data[i] = want[i] = static_cast<uint8_t>(random());
			if (n && !enable[i % n])
				continue;
			if (write)
				expected[at + i % width] = d.data[i];
			else
				want[i] = expected[at + i % width];
		}
		d.payload(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND, base + at, len);
		d.trans.set_streaming_width(width);
		d.trans.set_byte_enable_ptr(n ? enable.data() : nullptr);
		d.trans.set_byte_enable_length(n);
		ASSERT_EQ(d.host.transport(d.trans), tlm::TLM_OK_RESPONSE);
		ASSERT_EQ(memcmp(d.data, want.data(), len), 0) << "round " << round;
	}
	for (uint32_t i = 0; i < span; i++)
		ASSERT_EQ(d.media_byte(base + i), expected[i]) << i;
}

TEST(burst, across_many_granules_deals_them_in_turn)
{
	interleaved d;

	for (uint32_t i = 0; i < 4096; i++)
		d.data[i] = static_cast<uint8_t>(i / 256 * 16 + i % 13);
	EXPECT_EQ(d.host.write(base + 0x80, d.data, 4096), tlm::TLM_OK_RESPONSE);
	EXPECT_TRUE(d.host.dmi_hint);
	for (uint32_t i = 0; i < 4096; i++)
		ASSERT_EQ(d.media_byte(base + 0x80 + i), d.data[i]) << i;
	uint8_t back[4096];

	EXPECT_EQ(d.host.read(base + 0x80, back, 4096), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(memcmp(back, d.data, 4096), 0);
}

TEST(burst, past_the_last_decoder_is_an_address_error)
{
	interleaved d;

	EXPECT_EQ(d.host.write(base + 2 * quarter_gib - 8, d.data, 8), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(d.host.write(base + 2 * quarter_gib - 8, d.data, 16),
		  tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST(burst, from_one_decoder_into_the_next_is_split_between_them)
{
	fabric f({ { bridge({ memdev() }) }, { { base, 2 * quarter_gib, 256u, { 0 } } } });
	const node &md = *f.memdevs[0];

	f.start();
	f.commit(*f.bridges[0], 0, { base, quarter_gib, 0, 0, 0, false });
	f.commit(*f.bridges[0], 1, { base + quarter_gib, quarter_gib, 0, 0, 0, false });
	f.set_hdm_enable(*f.bridges[0], true);
	f.commit(md, 0, { base, quarter_gib, 0, 0, 0, false });
	f.commit(md, 1, { base + quarter_gib, quarter_gib, 0, 0, 2 * quarter_gib, false });
	f.set_hdm_enable(md, true);
	const uint8_t out[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

	EXPECT_EQ(f.mem[0]->write(base + quarter_gib - 8, out, 16), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(memcmp(md.volatile_media->bytes() + quarter_gib - 8, out, 8), 0);
	// the second decoder's skip leaves 512 MiB out
	EXPECT_EQ(memcmp(md.volatile_media->bytes() + 3 * quarter_gib, out + 8, 8), 0);
}

// Partitionable capacity, persistent at first, and persistent capacity are one partition.
TEST(burst, from_one_backend_into_the_next_is_split_between_them_and_so_is_dmi)
{
	const media either(quarter_gib);
	node_spec spec = memdev(0, quarter_gib);

	spec.partitionable.size = either.size;
	spec.partitionable.direct = either.bytes();
	fabric f({ { bridge({ spec }) }, { { base, 2 * quarter_gib, 256u, { 0 } } } });
	const node &md = *f.memdevs[0];

	f.start();
	f.commit(*f.bridges[0], 0, { base, 2 * quarter_gib, 0, 0, 0, false });
	f.set_hdm_enable(*f.bridges[0], true);
	f.commit(md, 0, { base, 2 * quarter_gib, 0, 0, 0, false });
	f.set_hdm_enable(md, true);
	const uint8_t out[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	uint8_t back[16] = {};
	const uint64_t boundary = base + quarter_gib;

	EXPECT_EQ(f.mem[0]->write(boundary - 8, out, 16), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(memcmp(either.bytes() + quarter_gib - 8, out, 8), 0);
	EXPECT_EQ(memcmp(md.persistent_media->bytes(), out + 8, 8), 0);
	EXPECT_EQ(f.mem[0]->read(boundary - 8, back, 16), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(memcmp(back, out, 16), 0);
	tlm::tlm_generic_payload trans;
	tlm::tlm_dmi dmi;
	trans.set_address(boundary - 64);
	ASSERT_TRUE(f.mem[0]->socket->get_direct_mem_ptr(trans, dmi));
	EXPECT_EQ(dmi.get_start_address(), base);
	EXPECT_EQ(dmi.get_end_address(), boundary - 1);
	EXPECT_EQ(dmi.get_dmi_ptr(), either.bytes());
	trans.set_address(boundary);
	ASSERT_TRUE(f.mem[0]->socket->get_direct_mem_ptr(trans, dmi));
	EXPECT_EQ(dmi.get_start_address(), boundary);
	EXPECT_EQ(dmi.get_dmi_ptr(), md.persistent_media->bytes());
}

TEST(burst, that_leaves_the_window_is_refused_whole)
{
	interleaved d;

	d.f.commit(*d.f.bridges[0], 1,
		   { base + 2 * quarter_gib, 2 * quarter_gib, 1, 0, 0x100, false });
	for (const node *m : d.f.memdevs)
		d.f.commit(*m, 1, { base + 2 * quarter_gib, 2 * quarter_gib, 1, 0, 0, false });
	d.data[0] = 0x5a;
	EXPECT_EQ(d.host.write(base + 4 * quarter_gib - 8, d.data, 16),
		  tlm::TLM_ADDRESS_ERROR_RESPONSE);
	EXPECT_EQ(d.media_byte(base + 4 * quarter_gib - 8), 0);
	EXPECT_EQ(d.host.write(base - 8, d.data, 8), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	EXPECT_EQ(d.host.write(UINT64_MAX - 3, d.data, 8), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST(debug_transport, moves_bytes_through_the_same_routing)
{
	interleaved d;

	for (uint32_t i = 0; i < 1000; i++)
		d.data[i] = static_cast<uint8_t>(3 * i);
	EXPECT_EQ(d.host.debug(tlm::TLM_WRITE_COMMAND, base + 100, d.data, 1000), 1000u);
	for (uint32_t i = 0; i < 1000; i++)
		ASSERT_EQ(d.media_byte(base + 100 + i), d.data[i]) << i;
	uint8_t back[1000];

	EXPECT_EQ(d.host.debug(tlm::TLM_READ_COMMAND, base + 100, back, 1000), 1000u);
	EXPECT_EQ(memcmp(back, d.data, 1000), 0);
	EXPECT_EQ(d.host.debug(tlm::TLM_READ_COMMAND, base, back, 0), 0u);
	EXPECT_EQ(d.host.debug(tlm::TLM_IGNORE_COMMAND, base, back, 8), 0u);
}

TEST(debug_transport, stops_where_nothing_decodes_and_says_how_far_it_came)
{
	interleaved d;

	EXPECT_EQ(d.host.debug(tlm::TLM_READ_COMMAND, base + 2 * quarter_gib - 300, d.data, 1000),
		  300u);
	EXPECT_EQ(d.host.debug(tlm::TLM_READ_COMMAND, base - 1, d.data, 8), 0u);
	EXPECT_EQ(d.host.debug(tlm::TLM_READ_COMMAND, base + 4 * quarter_gib, d.data, 8), 0u);
}

TEST(mem_extension, travels_with_a_transaction_and_brings_the_response_back)
{
	window_of_two w;
	vcxl::cxl_mem_extension extension;
	tlm::tlm_generic_payload trans;
	uint64_t value = 0;

	initiator::fill(trans, tlm::TLM_READ_COMMAND, base + 0x100, &value, 8);
	trans.set_extension(&extension);
	EXPECT_EQ(w.host.transport(trans), tlm::TLM_OK_RESPONSE);
	ASSERT_EQ(w.right.arrivals.size(), 1u);
	EXPECT_EQ(w.right.arrivals[0].payload, &trans) << "nothing is copied when nothing is split";
	EXPECT_EQ(w.right.arrivals[0].extension, &extension);
	EXPECT_TRUE(extension.poison);
	trans.clear_extension(&extension);
	EXPECT_EQ(w.host.transport(trans), tlm::TLM_OK_RESPONSE) << "and it may be absent";
	EXPECT_EQ(w.right.arrivals[1].extension, nullptr);
}

TEST(mem_extension, travels_with_every_piece_and_survives_them)
{
	window_of_two w;
	vcxl::cxl_mem_extension extension;
	tlm::tlm_generic_payload trans;
	uint8_t data[512];

	initiator::fill(trans, tlm::TLM_WRITE_COMMAND, base + 0xc0, data, 512);
	trans.set_extension(&extension);
	EXPECT_EQ(w.host.transport(trans), tlm::TLM_OK_RESPONSE);
	ASSERT_EQ(w.left.arrivals.size(), 2u);
	ASSERT_EQ(w.right.arrivals.size(), 1u);
	EXPECT_EQ(w.left.arrivals[0].address, base + 0xc0);
	EXPECT_EQ(w.left.arrivals[0].len, 0x40u);
	EXPECT_EQ(w.right.arrivals[0].address, base + 0x100);
	EXPECT_EQ(w.right.arrivals[0].len, 0x100u);
	EXPECT_EQ(w.left.arrivals[1].address, base + 0x200);
	EXPECT_EQ(w.left.arrivals[1].len, 0xc0u);
	EXPECT_EQ(w.left.arrivals[1].extension, &extension);
	EXPECT_EQ(w.right.arrivals[0].extension, &extension);
	EXPECT_EQ(trans.get_extension<vcxl::cxl_mem_extension>(), &extension);
	trans.clear_extension(&extension);
}
