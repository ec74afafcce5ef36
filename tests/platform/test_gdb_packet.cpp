// SPDX-License-Identifier: Apache-2.0
//
// Framing of GDB's remote serial protocol (GDB manual, appendix E.1) and the address that -gdb
// takes, both against hostile input.
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "gdb_packet.h"
#include "hex.h"
#include "socket_address.h"

using namespace vcxl;

TEST(gdb_packet, checksum_is_the_sum_of_the_contents_modulo_256)
{
	EXPECT_EQ(gdb_frame("OK"), "$OK#9a");
	EXPECT_EQ(gdb_frame(""), "$#00");
	EXPECT_EQ(gdb_frame("a#b"), "$a}\x03"
				    "b#43");
}

TEST(gdb_packet, arrives_whole_however_it_is_cut)
{
	gdb_reader reader;
	std::string packet;

	for (const char c : std::string("+$m0,4#fd")) {
		EXPECT_EQ(reader.next(packet), gdb_input::more_needed);
		reader.add(std::string(1, c));
	}
	EXPECT_EQ(reader.next(packet), gdb_input::packet);
	EXPECT_EQ(packet, "m0,4");
	EXPECT_EQ(reader.next(packet), gdb_input::more_needed);
}

TEST(gdb_packet, escapes_are_undone_after_the_checksum)
{
	gdb_reader reader;
	std::string packet;

	for (const std::string &contents :
	     { std::string("X0,4:#$}*"), std::string("\0\x03", 2), std::string("}") }) {
		reader.add(gdb_frame(contents));
		ASSERT_EQ(reader.next(packet), gdb_input::packet);
		EXPECT_EQ(packet, contents);
	}
}

TEST(gdb_packet, interrupts_and_refusals_come_between_packets)
{
	gdb_reader reader;
	std::string packet;

	reader.add("\x03-$g#67$g#00");
	EXPECT_EQ(reader.next(packet), gdb_input::interrupt);
	EXPECT_EQ(reader.next(packet), gdb_input::resend);
	EXPECT_EQ(reader.next(packet), gdb_input::packet);
	EXPECT_EQ(reader.next(packet), gdb_input::damaged);
	EXPECT_EQ(reader.next(packet), gdb_input::more_needed);
}

TEST(gdb_packet, endless_packet_is_dropped)
{
	gdb_reader reader;
	std::string packet;

	reader.add("$" + std::string(0x4000, 'x'));
	EXPECT_EQ(reader.next(packet), gdb_input::damaged);
	EXPECT_EQ(reader.next(packet), gdb_input::more_needed);
}

TEST(gdb_packet, random_bytes_do_no_harm)
{
	constexpr unsigned seed = 20240607;
	std::mt19937 random(seed);
	gdb_reader reader;
	std::string packet;
	size_t packets = 0;

	SCOPED_TRACE(seed);
	for (int i = 0; i < 200000; i++) {
		static constexpr char likely[] = "$#+-\x03}*0g";

		reader.add(std::string(1, random() % 2 ? likely[random() % 9]
						       : static_cast<char>(random())));
		while (reader.next(packet) != gdb_input::more_needed)
			packets++;
	}
	EXPECT_GT(packets, 0u);
}

TEST(gdb_arguments, numbers_are_hexadecimal_and_at_most_64_bits)
{
	gdb_arguments in("80000000,fFf0:");
	uint64_t value = 0;

	EXPECT_TRUE(in.number(value));
	EXPECT_EQ(value, 0x80000000u);
	EXPECT_FALSE(in.skip(':'));
	EXPECT_TRUE(in.skip(','));
	EXPECT_TRUE(in.number(value));
	EXPECT_EQ(value, 0xfff0u);
	EXPECT_TRUE(in.skip(':'));
	EXPECT_FALSE(in.number(value));
	EXPECT_TRUE(in.done());
	EXPECT_FALSE(gdb_arguments("10000000000000000").number(value));
	EXPECT_FALSE(gdb_arguments("-1").number(value));
}

TEST(gdb_hex, registers_are_sent_in_the_order_of_memory)
{
	EXPECT_EQ(gdb_hex_le(0x0123456789abcdef, 8), "efcdab8967452301");
	EXPECT_EQ(gdb_hex_le(0x0123456789abcdef, 2), "efcd");
}

TEST(hex, is_read_as_it_is_written_and_in_capitals)
{
	const std::string all("\0\xff\x9a", 3);
	std::string bytes;

	EXPECT_EQ(to_hex(all), "00ff9a");
	EXPECT_TRUE(from_hex("00fF9A", bytes));
	EXPECT_EQ(bytes, all);
	EXPECT_TRUE(from_hex("", bytes));
	EXPECT_EQ(bytes, "");
	bytes = "kept";
	for (const char *none : { "0", "0g", "g0", "0x", " 0", "/0", ":0", "@0", "`0" })
		EXPECT_FALSE(from_hex(none, bytes)) << none;
	EXPECT_EQ(bytes, "kept");
}

TEST(gdb_address, is_shown_as_it_is_typed)
{
	EXPECT_EQ(host_and_port("127.0.0.1", 7), "127.0.0.1:7");
	EXPECT_EQ(host_and_port("::1", 65535), "[::1]:65535");
}

TEST(gdb_address, without_host_is_the_loopback)
{
	socket_address a;

	EXPECT_EQ(parse_gdb_address("tcp::1234", a), "");
	EXPECT_EQ(a.host, "127.0.0.1");
	EXPECT_EQ(a.port, 1234);
	EXPECT_EQ(parse_gdb_address("tcp:0.0.0.0:0,server=on,wait=off", a), "");
	EXPECT_EQ(a.host, "0.0.0.0");
	EXPECT_EQ(a.port, 0);
	EXPECT_EQ(parse_gdb_address("tcp:[::1]:7", a), "");
	EXPECT_EQ(a.host, "::1");
	EXPECT_EQ(parse_gdb_address("unix:a:b", a), "");
	EXPECT_TRUE(a.local);
	EXPECT_EQ(a.path, "a:b");
	EXPECT_NE(parse_gdb_address("unix:" + std::string(108, 'x'), a), "");
	EXPECT_NE(parse_gdb_address("", a), "");
	EXPECT_NE(parse_gdb_address("tcp::1x", a), "");
}
