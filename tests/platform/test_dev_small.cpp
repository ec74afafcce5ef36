// SPDX-License-Identifier: Apache-2.0
//
// Timer, IMSIC pages, finisher and HTIF.
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include <aclint.h>
#include <finisher.h>
#include <htif.h>
#include <imsic_page.h>

namespace
{

constexpr uint64_t never = UINT64_MAX;

class mtimer : public testing::Test
{
protected:
	mtimer()
	{
		vcxl_mtimer_wires wires{};

		wires.ctx = this;
		wires.now = [](void *ctx) { return static_cast<mtimer *>(ctx)->now; };
		wires.set_mtip = [](void *ctx, unsigned hart, bool level) {
			static_cast<mtimer *>(ctx)->mtip[hart] = level;
		};
		wires.timer_changed = [](void *ctx, uint64_t when) {
			static_cast<mtimer *>(ctx)->deadline = when;
		};
		vcxl_mtimer_init(&device, 2, &wires);
	}
	uint64_t rd(uint64_t offset, unsigned width = 8)
	{
		uint64_t value = 0;

		EXPECT_TRUE(vcxl_mtimer_ops.read(&device, offset, width, &value));
		return value;
	}
	void wr(uint64_t offset, uint64_t value, unsigned width = 8)
	{
		EXPECT_TRUE(vcxl_mtimer_ops.write(&device, offset, width, value));
	}

	vcxl_mtimer device;
	uint64_t now = 1000, deadline = 0;
	bool mtip[2] = {};
};

TEST_F(mtimer, mtime_follows_the_clock_and_is_readable_in_halves)
{
	now = 0x123456789a;
	EXPECT_EQ(rd(0xbff8), 0x123456789au);
	EXPECT_EQ(rd(0xbff8, 4), 0x3456789au);
	EXPECT_EQ(rd(0xbffc, 4), 0x12u);
}

TEST_F(mtimer, interrupt_while_mtime_reached_mtimecmp)
{
	wr(0x4008, 1500);
	EXPECT_FALSE(mtip[1]);
	EXPECT_EQ(deadline, 1500u);
	now = 1499;
	vcxl_mtimer_update(&device);
	EXPECT_FALSE(mtip[1]);
	now = 1500;
	EXPECT_EQ(vcxl_mtimer_update(&device), never);
	EXPECT_TRUE(mtip[1]);
	EXPECT_FALSE(mtip[0]);
	wr(0x4008, 2000);
	EXPECT_FALSE(mtip[1]);
	EXPECT_EQ(deadline, 2000u);
}

TEST_F(mtimer, earliest_comparator_is_the_deadline)
{
	wr(0x4000, 3000);
	wr(0x4008, 2000);
	EXPECT_EQ(deadline, 2000u);
	wr(0x4008, never);
	EXPECT_EQ(deadline, 3000u);
	wr(0x4000, never);
	EXPECT_EQ(deadline, never);
}

TEST_F(mtimer, mtimecmp_writable_in_halves)
{
	wr(0x4000, 0x11, 4);
	EXPECT_EQ(rd(0x4000), 0xffffffff00000011u);
	wr(0x4004, 0, 4);
	EXPECT_EQ(rd(0x4000), 0x11u);
	EXPECT_TRUE(mtip[0]);
	EXPECT_EQ(rd(0x4008), never) << "not armed after reset";
}

TEST_F(mtimer, writing_mtime_moves_it_and_the_deadline)
{
	wr(0x4000, 5000);
	wr(0xbff8, 4000);
	EXPECT_EQ(rd(0xbff8), 4000u);
	EXPECT_EQ(deadline, 2000u) << "1000 more ticks of the clock, which stands at 1000";
	now = 2000;
	vcxl_mtimer_update(&device);
	EXPECT_TRUE(mtip[0]);
	EXPECT_EQ(vcxl_mtimer_time(&device), 5000u);
	wr(0xbff8, 0);
	EXPECT_FALSE(mtip[0]);
	EXPECT_EQ(deadline, 7000u);
	wr(0xbffc, 1, 4);
	EXPECT_EQ(rd(0xbff8), 0x100000000u);
}

TEST_F(mtimer, deadline_beyond_the_clock_is_never)
{
	wr(0xbff8, 0);
	wr(0x4000, never - 1);
	EXPECT_EQ(deadline, never);
}

TEST_F(mtimer, reset_disarms_and_restarts_mtime)
{
	wr(0xbff8, 0);
	wr(0x4000, 0);
	EXPECT_TRUE(mtip[0]);
	vcxl_mtimer_reset(&device);
	EXPECT_FALSE(mtip[0]);
	EXPECT_EQ(deadline, never);
	EXPECT_EQ(rd(0xbff8), 0u);
}

TEST_F(mtimer, nothing_outside_its_registers)
{
	uint64_t value;

	for (unsigned offset : { 0x0u, 0x3ff8u, 0x4010u, 0xbff0u, 0xc000u }) {
		EXPECT_FALSE(vcxl_mtimer_ops.read(&device, offset, 8, &value)) << offset;
		EXPECT_FALSE(vcxl_mtimer_ops.write(&device, offset, 8, 0)) << offset;
	}
	EXPECT_FALSE(vcxl_mtimer_ops.read(&device, 0x4000, 1, &value));
	EXPECT_FALSE(vcxl_mtimer_ops.read(&device, 0x4004, 8, &value));
	EXPECT_FALSE(vcxl_mtimer_ops.read(&device, 0x4002, 4, &value));
}

using message = std::tuple<unsigned, unsigned, uint32_t>;

struct imsic_fixture {
	std::vector<message> messages;
	vcxl_imsic_pages pages{ 2, 1, this,
				[](void *ctx, unsigned hart, unsigned file, uint32_t id) {
					static_cast<imsic_fixture *>(ctx)->messages.emplace_back(
						hart, file, id);
				} };
};

TEST(imsic, write_to_seteipnum_le_sends_the_identity_to_the_page_s_hart)
{
	imsic_fixture f;

	EXPECT_TRUE(vcxl_imsic_ops.write(&f.pages, 0x0000, 4, 7));
	EXPECT_TRUE(vcxl_imsic_ops.write(&f.pages, 0x1000, 4, 255));
	EXPECT_EQ(f.messages, (std::vector<message>{ { 0, 1, 7 }, { 1, 1, 255 } }));
}

TEST(imsic, page_reads_zero_and_ignores_other_writes)
{
	imsic_fixture f;
	uint64_t value = 1;

	for (unsigned offset : { 0x0u, 0x4u, 0x8u, 0x1ffcu }) {
		EXPECT_TRUE(vcxl_imsic_ops.read(&f.pages, offset, 4, &value));
		EXPECT_EQ(value, 0u);
	}
	EXPECT_TRUE(vcxl_imsic_ops.write(&f.pages, 0x4, 4, 0x07000000));
	EXPECT_TRUE(f.messages.empty()) << "seteipnum_be is not implemented";
}

TEST(imsic, only_words_of_existing_harts)
{
	imsic_fixture f;
	uint64_t value;

	EXPECT_FALSE(vcxl_imsic_ops.write(&f.pages, 0x2000, 4, 7));
	EXPECT_FALSE(vcxl_imsic_ops.read(&f.pages, 0x2000, 4, &value));
	for (unsigned width : { 1u, 2u, 8u })
		EXPECT_FALSE(vcxl_imsic_ops.write(&f.pages, 0, width, 7));
	EXPECT_TRUE(f.messages.empty());
}

struct finisher_fixture {
	std::vector<std::pair<vcxl_finish, unsigned>> ends;
	vcxl_finisher device{ this, [](void *ctx, vcxl_finish kind, unsigned code) {
				     static_cast<finisher_fixture *>(ctx)->ends.emplace_back(kind,
											     code);
			     } };
};

TEST(finisher, values_of_the_sifive_test_device)
{
	finisher_fixture f;

	for (uint32_t value : { 0x5555u, 0x2a3333u, 0x3333u, 0x7777u })
		EXPECT_TRUE(vcxl_finisher_ops.write(&f.device, 0, 4, value));
	ASSERT_EQ(f.ends.size(), 4u);
	EXPECT_EQ(f.ends[0], std::make_pair(VCXL_FINISH_PASS, 0u));
	EXPECT_EQ(f.ends[1], std::make_pair(VCXL_FINISH_FAIL, 42u));
	EXPECT_EQ(f.ends[2], std::make_pair(VCXL_FINISH_FAIL, 0u));
	EXPECT_EQ(f.ends[3], std::make_pair(VCXL_FINISH_RESET, 0u));
}

TEST(finisher, other_values_and_places_do_not_end_the_run)
{
	finisher_fixture f;
	uint64_t value = 1;

	EXPECT_TRUE(vcxl_finisher_ops.write(&f.device, 0, 4, 0x1234));
	EXPECT_TRUE(vcxl_finisher_ops.read(&f.device, 0, 4, &value));
	EXPECT_EQ(value, 0u);
	EXPECT_FALSE(vcxl_finisher_ops.write(&f.device, 4, 4, 0x5555));
	EXPECT_FALSE(vcxl_finisher_ops.write(&f.device, 0, 8, 0x5555));
	EXPECT_TRUE(f.ends.empty());
}

class htif : public testing::Test
{
protected:
	htif()
	{
		device.ctx = this;
		device.exit = [](void *ctx, uint64_t code) {
			static_cast<htif *>(ctx)->exits.push_back(code);
		};
		device.putchar = [](void *ctx, uint8_t byte) {
			static_cast<htif *>(ctx)->text += static_cast<char>(byte);
		};
		device.unsupported = [](void *ctx, uint64_t request) {
			static_cast<htif *>(ctx)->refused.push_back(request);
		};
	}
	void wr(uint64_t offset, unsigned width, uint64_t value)
	{
		EXPECT_TRUE(vcxl_htif_tohost_ops.write(&device, offset, width, value));
	}

	vcxl_htif device{};
	std::vector<uint64_t> exits, refused;
	std::string text;
};

TEST_F(htif, odd_tohost_exits_with_the_code_above_bit_0)
{
	wr(0, 8, 1);
	wr(0, 8, 1337 << 1 | 1);
	EXPECT_EQ(exits, (std::vector<uint64_t>{ 0, 1337 }));
}

TEST_F(htif, two_halves_make_one_request)
{
	wr(0, 4, 5);
	EXPECT_TRUE(exits.empty());
	wr(4, 4, 0);
	EXPECT_EQ(exits, std::vector<uint64_t>{ 2 });
}

TEST_F(htif, a_low_half_written_in_a_loop_is_taken_at_the_second_turn)
{
	wr(0, 4, 1);
	EXPECT_TRUE(exits.empty());
	wr(0, 4, 1);
	EXPECT_EQ(exits, std::vector<uint64_t>{ 0 });
}

TEST_F(htif, console_characters_clear_tohost)
{
	uint64_t value = 1;

	wr(0, 8, 0x0101000000000041);
	wr(0, 4, 'a'); // odd, but not an exit: the high half says console
	wr(4, 4, 0x01010000);
	EXPECT_EQ(text, "Aa");
	EXPECT_TRUE(vcxl_htif_tohost_ops.read(&device, 0, 8, &value));
	EXPECT_EQ(value, 0u);
	EXPECT_TRUE(exits.empty());
}

TEST_F(htif, system_calls_are_reported_and_input_never_comes)
{
	uint64_t value = 1;

	wr(0, 8, 0x80002000);
	EXPECT_EQ(refused, std::vector<uint64_t>{ 0x80002000 });
	wr(0, 8, 0x0100000000000000);
	EXPECT_EQ(refused.size(), 1u);
	EXPECT_TRUE(vcxl_htif_fromhost_ops.read(&device, 0, 8, &value));
	EXPECT_EQ(value, 0u);
}

TEST_F(htif, fromhost_is_memory_of_eight_bytes)
{
	uint64_t value = 0;

	EXPECT_TRUE(vcxl_htif_fromhost_ops.write(&device, 0, 8, 0x1122334455667788));
	EXPECT_TRUE(vcxl_htif_fromhost_ops.write(&device, 2, 1, 0xaa));
	EXPECT_TRUE(vcxl_htif_fromhost_ops.read(&device, 0, 4, &value));
	EXPECT_EQ(value, 0x55aa7788u);
	EXPECT_FALSE(vcxl_htif_fromhost_ops.read(&device, 8, 4, &value));
	EXPECT_FALSE(vcxl_htif_fromhost_ops.read(&device, 4, 8, &value));
	EXPECT_FALSE(vcxl_htif_tohost_ops.write(&device, 8, 8, 1));
}

} // namespace
