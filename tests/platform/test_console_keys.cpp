// SPDX-License-Identifier: Apache-2.0
//
// Escapes of the console, as QEMU has them.
#include "console_keys.h"

#include <string>

#include <gtest/gtest.h>

using namespace vcxl;

namespace
{

// Bytes as they are; <break>, <end> and <text> for the rest.
std::string typed(console_keys &keys, const std::string &bytes)
{
	std::string out;

	for (const key &k : keys.typed(bytes)) {
		switch (k.kind) {
		case key_kind::byte:
			out += static_cast<char>(k.byte);
			break;
		case key_kind::line_break:
			out += "<break>";
			break;
		case key_kind::end:
			out += "<end>";
			break;
		case key_kind::text:
			out += k.text && *k.text ? "<text>" : "<nothing>";
			break;
		}
	}
	return out;
}

} // namespace

TEST(console_keys, control_c_and_other_bytes_are_the_guests)
{
	console_keys keys(true);

	EXPECT_EQ(typed(keys, "ab\x03\x1a\x1c\xff\r"), "ab\x03\x1a\x1c\xff\r");
}

TEST(console_keys, control_a_begins_an_escape)
{
	console_keys keys(true);

	EXPECT_EQ(typed(keys, "a\x01xb"), "a<end>b");
	EXPECT_EQ(typed(keys, "\x01"
			      "bb"),
		  "<break>b");
	EXPECT_EQ(typed(keys, "\x01h\x01?\x01"
			      "c"),
		  "<text><text><text>");
}

TEST(console_keys, an_escape_may_come_in_two_pieces)
{
	console_keys keys(true);

	EXPECT_EQ(typed(keys, "\x01"), "");
	EXPECT_EQ(typed(keys, "x"), "<end>");
	EXPECT_EQ(typed(keys, "x"), "x");
}

TEST(console_keys, control_a_twice_is_one_for_the_guest_and_an_unknown_escape_its_letter)
{
	console_keys keys(true);

	EXPECT_EQ(typed(keys, "\x01\x01x"), "\x01x");
	EXPECT_EQ(typed(keys, "\x01zx"), "zx");
}

TEST(console_keys, without_escapes_every_byte_passes)
{
	console_keys keys(false);
	const std::string all = "\x01x\x01\x01h\x03";

	EXPECT_EQ(typed(keys, all), all);
}
