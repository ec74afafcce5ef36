/* SPDX-License-Identifier: Apache-2.0 */
/* Health, shutdown and security state. CXL r3.1 8.2.9.9.3, 8.2.9.9.8.1. */
#include "test_memdev_fixture.h"

using namespace vcxl_test;

namespace
{

uint64_t dirty_count(device &d)
{
	const reply r = d.command(0x4200);
	EXPECT_EQ(r.rc, 0u);
	return le(r.out, 6, 4);
}

unsigned set_state(device &d, unsigned state)
{
	return d.command(0x4204, { static_cast<uint8_t>(state) }).rc;
}

std::vector<uint8_t> get_state(device &d)
{
	return d.command(0x4203).out;
}

} /* namespace */

TEST(health, is_normal_with_life_and_temperature_not_implemented)
{
	device d;
	const reply r = d.command(0x4200);

	EXPECT_EQ(r.rc, 0u);
	ASSERT_EQ(r.out.size(), 0x12u);
	EXPECT_EQ(le(r.out, 0, 3), 0u) << "health, media, additional status";
	EXPECT_EQ(r.out[3], 0xff) << "life used";
	EXPECT_EQ(le(r.out, 4, 2), 0x7fffu) << "temperature";
	EXPECT_EQ(le(r.out, 6, 4), 0u) << "dirty shutdowns";
	EXPECT_EQ(le(r.out, 10, 8), 0u) << "corrected errors";
}

TEST(shutdown_state, is_clean_until_set_and_reads_back)
{
	device d;

	EXPECT_EQ(get_state(d), (std::vector<uint8_t>{ 0 }));
	EXPECT_EQ(set_state(d, 1), 0u);
	EXPECT_EQ(get_state(d), (std::vector<uint8_t>{ 1 }));
	EXPECT_EQ(set_state(d, 0), 0u);
	EXPECT_EQ(get_state(d), (std::vector<uint8_t>{ 0 }));
}

TEST(shutdown_state, another_value_is_invalid_input)
{
	device d;

	set_state(d, 1);
	for (unsigned state : { 2u, 3u, 0x80u, 0xffu })
		EXPECT_EQ(set_state(d, state), 2u);
	EXPECT_EQ(get_state(d), (std::vector<uint8_t>{ 1 })) << "unchanged";
}

TEST(shutdown_state, a_power_loss_while_dirty_is_counted_and_makes_it_clean)
{
	device d;

	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(dirty_count(d), 0u) << "clean";
	for (unsigned n = 1; n <= 3; n++) {
		set_state(d, 1);
		vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
		EXPECT_EQ(dirty_count(d), n);
		EXPECT_EQ(get_state(d), (std::vector<uint8_t>{ 0 }));
	}
}

TEST(shutdown_state, other_resets_keep_it)
{
	device d;

	set_state(d, 1);
	for (vcxl_reset kind : { VCXL_RESET_HOT, VCXL_RESET_CXL, VCXL_RESET_FLR }) {
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(get_state(d), (std::vector<uint8_t>{ 1 }));
		EXPECT_EQ(dirty_count(d), 0u);
	}
}

TEST(shutdown_state, is_unsupported_without_persistent_memory_and_not_in_the_cel)
{
	options o;
	o.persistent_size = 0;
	device d(o);

	EXPECT_EQ(d.command(0x4203).rc, 3u);
	EXPECT_EQ(set_state(d, 1), 3u);
	EXPECT_EQ(le(d.command(0x0400).out, 24, 4), 14u * 4) << "16 less 2";
	EXPECT_EQ(d.command(0x4200).rc, 0u);
}

TEST(security_state, nothing_is_set)
{
	device d;
	const reply r = d.command(0x4500);

	EXPECT_EQ(r.rc, 0u);
	EXPECT_EQ(r.out, std::vector<uint8_t>(4, 0));
}
