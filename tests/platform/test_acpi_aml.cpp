// SPDX-License-Identifier: Apache-2.0
//
// AML terms against bytes typed from the grammar, ACPI 6.6 20.2.
#include <gtest/gtest.h>

#include <stdexcept>

#include "acpi_aml.h"

using namespace vcxl::aml;

namespace
{

// The bytes before the content of a device with a body of that size.
term device_head(size_t body)
{
	const term whole = device("PCI0", { term(body, 0xa3) });

	return { whole.begin(), whole.end() - static_cast<long>(body) };
}

} // namespace

TEST(aml, an_integer_takes_the_shortest_form)
{
	EXPECT_EQ(integer(0), (term{ 0x00 }));
	EXPECT_EQ(integer(1), (term{ 0x01 }));
	EXPECT_EQ(integer(2), (term{ 0x0a, 2 }));
	EXPECT_EQ(integer(0xff), (term{ 0x0a, 0xff }));
	EXPECT_EQ(integer(0x100), (term{ 0x0b, 0, 1 }));
	EXPECT_EQ(integer(0x10000), (term{ 0x0c, 0, 0, 1, 0 }));
	EXPECT_EQ(integer(0xffffffff), (term{ 0x0c, 0xff, 0xff, 0xff, 0xff }));
	EXPECT_EQ(integer(0x100000000), (term{ 0x0e, 0, 0, 0, 0, 1, 0, 0, 0 }));
}

TEST(aml, a_length_counts_itself_and_grows_at_64_4096_and_1_mib)
{
	const term tail{ 'P', 'C', 'I', '0' };

	EXPECT_EQ(device_head(58), join({ { 0x5b, 0x82, 0x3f }, tail }));
	EXPECT_EQ(device_head(59), join({ { 0x5b, 0x82, 0x41, 0x04 }, tail }));
	EXPECT_EQ(device_head(4089), join({ { 0x5b, 0x82, 0x4f, 0xff }, tail }));
	EXPECT_EQ(device_head(4090), join({ { 0x5b, 0x82, 0x81, 0x00, 0x01 }, tail }));
	EXPECT_EQ(device_head(0xffff8), join({ { 0x5b, 0x82, 0x8f, 0xff, 0xff }, tail }));
	EXPECT_EQ(device_head(0xffff9), join({ { 0x5b, 0x82, 0xc1, 0x00, 0x00, 0x01 }, tail }));
}

TEST(aml, names_are_filled_up_and_paths_have_prefixes)
{
	EXPECT_EQ(path("A"), (term{ 'A', '_', '_', '_' }));
	EXPECT_EQ(path("\\_SB"), (term{ 0x5c, '_', 'S', 'B', '_' }));
	EXPECT_EQ(path("\\_SB.PCI0"), (term{ 0x5c, 0x2e, '_', 'S', 'B', '_', 'P', 'C', 'I', '0' }));
	EXPECT_EQ(path("A.B.C"),
		  (term{ 0x2f, 3, 'A', '_', '_', '_', 'B', '_', '_', '_', 'C', '_', '_', '_' }));
	EXPECT_THROW(path("TOOLONG"), std::runtime_error);
	EXPECT_THROW(path("A..B"), std::runtime_error);
	EXPECT_THROW(path(""), std::runtime_error);
}

TEST(aml, a_uuid_has_its_first_three_groups_little_endian)
{
	EXPECT_EQ(uuid("33DB4D5B-1FF7-401C-9657-7441C03DD766"),
		  (term{ 0x11, 0x13, 0x0a, 0x10, 0x5b, 0x4d, 0xdb, 0x33, 0xf7, 0x1f,
			 0x1c, 0x40, 0x96, 0x57, 0x74, 0x41, 0xc0, 0x3d, 0xd7, 0x66 }));
}

TEST(aml, a_package_and_a_method_hold_what_they_are_given)
{
	EXPECT_EQ(package({ integer(0), string("a") }),
		  (term{ 0x12, 0x06, 2, 0x00, 0x0d, 'a', 0 }));
	EXPECT_EQ(method("_OSC", 4, { give_back(argument(3)) }),
		  (term{ 0x14, 0x08, '_', 'O', 'S', 'C', 0x0c, 0xa4, 0x6b }));
	EXPECT_THROW(package(terms(256, integer(0))), std::runtime_error);
}

TEST(aml, a_resource_template_ends_with_its_end_tag)
{
	EXPECT_EQ(resources().memory32({ 0x10000000, 0x100 }).interrupt(10).done(),
		  (term{ 0x11, 0x1a, 0x0a, 0x17, 0x86, 9, 0, 1,  0, 0, 0, 0x10, 0, 1,
			 0,    0,    0x89, 6,    0,    1, 1, 10, 0, 0, 0, 0x79, 0 }));
}
