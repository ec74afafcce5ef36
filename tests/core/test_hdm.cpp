// SPDX-License-Identifier: Apache-2.0
//
// HDM decoders through their registers: when a commit is refused, what a commit freezes, and what
// resets do. CXL r3.1 8.2.4.20, 9.13.3. Numbers of edge cases in comments are those of the model's
// reference list.
#include <gtest/gtest.h>

#include "core_objects.h"

namespace
{

using test::committed;
using test::GiB;
using test::lock_on_commit;
using test::MiB;
using test::refused;
using test::unit;

constexpr std::uint64_t base = 64 * GiB;

class hdm : public testing::Test
{
protected:
	const vcxl_decoder &decoder(unsigned n) { return vcxl_memdev_hdm(dev.get())->decoders[n]; }
	vcxl_hdm_error error() { return vcxl_memdev_hdm(dev.get())->last_error; }

	test::memdev dev{ 8 * GiB, 0 };
	test::decoders<test::memdev> d{ dev };
};

TEST_F(hdm, a_legal_decoder_commits_at_once)
{
	d.range(0, base, GiB);
	EXPECT_EQ(d.commit(0), committed);
	EXPECT_EQ(d.reg(0, 0x20) & 0x200, 0x200u) << "Commit stays set";
	EXPECT_EQ(decoder(0).hpa_base, base);
	EXPECT_EQ(decoder(0).size, GiB);
	EXPECT_EQ(decoder(0).state, VCXL_DECODER_COMMITTED);
	EXPECT_EQ(error(), VCXL_HDM_ERR_NONE);
}

TEST_F(hdm, size_0_does_not_commit) // edge case 1
{
	d.range(0, base, 0);
	EXPECT_EQ(d.commit(0), refused);
	EXPECT_EQ(error(), VCXL_HDM_ERR_SIZE_ZERO);
	EXPECT_EQ(decoder(0).state, VCXL_DECODER_ERROR);
}

TEST_F(hdm, base_size_and_skip_bits_below_256_mib_read_0) // edge case 2
{
	d.range(0, base + 0x0fffffff, 0x1fffffff);
	d.skip(0, 0x1fffffff);
	EXPECT_EQ(d.reg(0, 0x10), 0u);
	EXPECT_EQ(d.reg(0, 0x18), 0x10000000u);
	EXPECT_EQ(d.reg(0, 0x24), 0x10000000u);
}

TEST_F(hdm, base_plus_size_may_not_wrap_or_exceed_the_host_address_width) // edge case 3
{
	const std::uint64_t top = 1ull << 52;

	d.range(0, 0xfffffffff0000000, 2 * unit);
	EXPECT_EQ(d.commit(0), refused);
	EXPECT_EQ(error(), VCXL_HDM_ERR_RANGE);
	d.control(0, 0);
	d.range(0, top - unit, 2 * unit);
	EXPECT_EQ(d.commit(0), refused);
	EXPECT_EQ(error(), VCXL_HDM_ERR_RANGE);
	d.control(0, 0);
	d.range(0, top - unit, unit);
	EXPECT_EQ(d.commit(0), committed) << "the last 256 MiB of 52 bits";
}

TEST_F(hdm, a_decoder_commits_only_after_the_one_below) // edge case 4
{
	d.range(1, base, GiB);
	EXPECT_EQ(d.commit(1), refused);
	EXPECT_EQ(error(), VCXL_HDM_ERR_ORDER);
	d.control(1, 0);
	d.range(0, base - GiB, GiB);
	EXPECT_EQ(d.commit(0), committed);
	EXPECT_EQ(d.commit(1), committed);
}

TEST_F(hdm, a_base_below_the_end_of_the_decoder_below_is_refused) // edge cases 5 and 6
{
	d.range(0, base, GiB);
	ASSERT_EQ(d.commit(0), committed);
	for (std::uint64_t hpa : { base - GiB, base, base + unit, base + GiB - unit }) {
		d.control(1, 0);
		d.range(1, hpa, GiB);
		EXPECT_EQ(d.commit(1), refused) << hpa;
		EXPECT_EQ(error(), VCXL_HDM_ERR_OVERLAP);
	}
	d.control(1, 0);
	d.range(1, base + GiB, GiB);
	EXPECT_EQ(d.commit(1), committed);
}

TEST_F(hdm, reserved_ways_and_granularities_are_refused) // edge case 7
{
	d.range(0, base, 12 * GiB);
	for (std::uint32_t eiw : { 5, 6, 7, 11, 12, 13, 14, 15 }) {
		EXPECT_EQ(d.commit(0, eiw, 0), refused) << eiw;
		EXPECT_EQ(error(), VCXL_HDM_ERR_ENCODING);
		d.control(0, 0);
	}
	for (std::uint32_t eig = 7; eig < 16; eig++) {
		EXPECT_EQ(d.commit(0, 0, eig), refused) << eig;
		EXPECT_EQ(error(), VCXL_HDM_ERR_ENCODING);
		d.control(0, 0);
	}
}

TEST_F(hdm, devices_commit_all_specified_ways_and_granularities)
{
	d.range(0, base, 12 * GiB);
	for (std::uint32_t eiw : { 1, 2, 3, 4, 8, 9, 10 }) {
		for (std::uint32_t eig = 0; eig <= 6; eig++) {
			EXPECT_EQ(d.commit(0, eiw, eig), committed) << eiw << " " << eig;
			d.control(0, 0);
		}
	}
}

TEST_F(hdm, the_size_is_a_multiple_of_256_mib_times_the_ways) // edge case 8
{
	const struct {
		std::uint32_t eiw;
		unsigned ways;
	} rows[] = { { 1, 2 }, { 2, 4 }, { 3, 8 }, { 4, 16 }, { 8, 3 }, { 9, 6 }, { 10, 12 } };

	for (const auto &row : rows) {
		d.range(0, base, unit * (row.ways + 1));
		EXPECT_EQ(d.commit(0, row.eiw), refused) << row.ways;
		EXPECT_EQ(error(), VCXL_HDM_ERR_SIZE_ALIGN);
		d.control(0, 0);
		d.range(0, base, unit * row.ways);
		EXPECT_EQ(d.commit(0, row.eiw), committed) << row.ways;
		d.control(0, 0);
	}
}

TEST_F(hdm, device_addresses_may_not_end_beyond_capacity) // edge case 9
{
	d.range(0, base, 4 * GiB);
	for (std::uint64_t skip :
	     { 4 * GiB + unit, 8 * GiB, std::uint64_t{ 0xfffffffff0000000 } }) {
		d.skip(0, skip);
		EXPECT_EQ(d.commit(0), refused) << skip;
		EXPECT_EQ(error(), VCXL_HDM_ERR_CAPACITY);
		d.control(0, 0);
	}
	d.skip(0, 4 * GiB);
	EXPECT_EQ(d.commit(0), committed);
	EXPECT_EQ(decoder(0).dpa_base, 4 * GiB);
	d.range(1, base + 4 * GiB, unit);
	EXPECT_EQ(d.commit(1), refused) << "nothing is left";
	EXPECT_EQ(error(), VCXL_HDM_ERR_CAPACITY);
}

TEST(hdm_partitions, a_decoder_lies_in_exactly_one_partition)
{
	test::memdev dev(GiB, GiB);
	test::decoders<test::memdev> d(dev);
	const vcxl_hdm *hdm = vcxl_memdev_hdm(dev.get());

	d.range(0, base, 2 * GiB);
	EXPECT_EQ(d.commit(0), refused) << "volatile and persistent";
	EXPECT_EQ(hdm->last_error, VCXL_HDM_ERR_PARTITION);
	d.control(0, 0);
	d.range(0, base, 3 * GiB);
	EXPECT_EQ(d.commit(0), refused);
	EXPECT_EQ(hdm->last_error, VCXL_HDM_ERR_CAPACITY) << "capacity is checked first";
	d.control(0, 0);
	d.range(0, base, GiB - unit);
	ASSERT_EQ(d.commit(0), committed);
	d.range(1, base + GiB, GiB);
	EXPECT_EQ(d.commit(1), refused);
	EXPECT_EQ(hdm->last_error, VCXL_HDM_ERR_PARTITION);
	d.control(1, 0);
	d.skip(1, unit); // over the rest of the volatile partition
	EXPECT_EQ(d.commit(1), committed);
	EXPECT_EQ(hdm->decoders[1].dpa_base, GiB);
}

TEST_F(hdm, device_addresses_add_the_skips_and_shares_of_the_decoders_below)
{
	d.range(0, base, 2 * GiB);
	d.skip(0, unit);
	ASSERT_EQ(d.commit(0, 1), committed); // 2 ways: 1 GiB of the device
	d.range(1, base + 2 * GiB, 3 * GiB);
	d.skip(1, 2 * unit);
	ASSERT_EQ(d.commit(1, 8), committed); // 3 ways: 1 GiB
	d.range(2, base + 5 * GiB, unit);
	ASSERT_EQ(d.commit(2), committed);
	EXPECT_EQ(decoder(0).dpa_base, unit);
	EXPECT_EQ(decoder(1).dpa_base, unit + GiB + 2 * unit);
	EXPECT_EQ(decoder(2).dpa_base, unit + GiB + 2 * unit + GiB);
}

TEST_F(hdm, lock_on_commit_freezes_the_decoder_and_the_global_enable) // edge case 10
{
	d.range(0, base, GiB);
	d.enable();
	ASSERT_EQ(d.commit(0, 0, 0, lock_on_commit), committed);
	d.range(0, base + 4 * GiB, 2 * GiB);
	d.skip(0, GiB);
	d.control(0, 0);
	d.set(d.base() + 4, 0);
	EXPECT_EQ(d.reg(0, 0x14), 0x10u);
	EXPECT_EQ(d.reg(0, 0x18), 0x40000000u);
	EXPECT_EQ(d.reg(0, 0x24), 0u);
	EXPECT_EQ(d.reg(0, 0x20), 0x700u) << "Committed, Commit and Lock On Commit";
	EXPECT_EQ(d.get(d.base() + 4), 2u) << "HDM Decoder Enable";
	EXPECT_EQ(decoder(0).hpa_base, base);
}

TEST_F(hdm, the_lock_ends_with_a_hot_and_with_a_cold_reset_and_not_with_a_function_level_reset)
{
	for (vcxl_reset kind : { VCXL_RESET_HOT, VCXL_RESET_COLD, VCXL_RESET_CXL }) {
		d.range(0, base, GiB);
		d.enable();
		ASSERT_EQ(d.commit(0, 0, 0, lock_on_commit), committed);
		vcxl_memdev_reset(dev.get(), VCXL_RESET_FLR);
		EXPECT_EQ(d.reg(0, 0x20), 0x700u);
		EXPECT_EQ(decoder(0).state, VCXL_DECODER_COMMITTED);
		vcxl_memdev_reset(dev.get(), kind);
		EXPECT_EQ(d.reg(0, 0x20), 0u);
		EXPECT_EQ(d.get(d.base() + 4), 0u);
		EXPECT_EQ(decoder(0).state, VCXL_DECODER_OFF);
		EXPECT_EQ(vcxl_memdev_hdm(dev.get())->enabled, false);
	}
}

TEST_F(hdm, lock_on_commit_of_a_refused_decoder_locks_nothing)
{
	d.range(0, base, 0);
	EXPECT_EQ(d.commit(0, 0, 0, lock_on_commit), refused);
	d.control(0, 0);
	d.range(0, base, GiB);
	EXPECT_EQ(d.commit(0), committed);
}

TEST_F(hdm, fields_of_a_committed_decoder_ignore_writes) // edge case 15
{
	d.range(0, base, GiB);
	ASSERT_EQ(d.commit(0), committed);
	d.range(0, base + 4 * GiB, 8 * GiB);
	d.skip(0, GiB);
	d.control(0, 0x1377); // Commit stays 1: ways, granularity, lock and type do not change
	EXPECT_EQ(d.reg(0, 0x10), 0u);
	EXPECT_EQ(d.reg(0, 0x14), 0x10u);
	EXPECT_EQ(d.reg(0, 0x18), 0x40000000u);
	EXPECT_EQ(d.reg(0, 0x1c), 0u);
	EXPECT_EQ(d.reg(0, 0x20), 0x600u);
	EXPECT_EQ(d.reg(0, 0x24), 0u);
}

TEST_F(hdm, clearing_commit_frees_the_decoder) // edge case 11
{
	d.range(0, base, GiB);
	ASSERT_EQ(d.commit(0), committed);
	d.enable();
	EXPECT_NE(vcxl_hdm_find(vcxl_memdev_hdm(dev.get()), base), nullptr);
	d.control(0, 0);
	EXPECT_EQ(d.reg(0, 0x20) & 0xe00, 0u);
	EXPECT_EQ(vcxl_hdm_find(vcxl_memdev_hdm(dev.get()), base), nullptr);
	d.range(0, base + GiB, 2 * GiB);
	EXPECT_EQ(d.reg(0, 0x18), 0x80000000u);
	EXPECT_EQ(d.commit(0), committed);
}

TEST_F(hdm, rules_are_checked_when_commit_goes_from_0_to_1_only)
{
	d.range(0, base, 0);
	EXPECT_EQ(d.commit(0), refused);
	d.range(0, base, GiB); // writable, as it is not committed
	EXPECT_EQ(d.commit(0), refused) << "Commit was 1 already";
	d.control(0, 0);
	EXPECT_EQ(d.reg(0, 0x20) & 0xc00, 0u) << "clearing Commit clears Error Not Committed";
	EXPECT_EQ(d.commit(0), committed);
}

TEST_F(hdm, committed_and_error_not_committed_are_read_only)
{
	d.control(0, 0xc00);
	EXPECT_EQ(d.reg(0, 0x20), 0u);
}

TEST_F(hdm, both_target_range_types_commit_and_back_invalidate_is_not_offered)
{
	d.range(0, base, GiB);
	EXPECT_EQ(d.commit(0, 0, 0, 1u << 12), committed);
	d.control(0, 0);
	EXPECT_EQ(d.commit(0), committed);
	d.control(0, 0);
	EXPECT_EQ(d.commit(0, 0, 0, 3u << 13), committed);
	EXPECT_EQ(d.reg(0, 0x20) & (3u << 13), 0u) << "BI and UIO read 0";
}

TEST_F(hdm, a_decoder_cleared_below_a_committed_one_leaves_that_one_as_it_was)
{
	d.range(0, base, GiB);
	ASSERT_EQ(d.commit(0), committed);
	d.range(1, base + GiB, GiB);
	ASSERT_EQ(d.commit(1), committed);
	d.control(0, 0);
	EXPECT_EQ(decoder(0).state, VCXL_DECODER_OFF);
	EXPECT_EQ(decoder(1).state, VCXL_DECODER_COMMITTED);
	EXPECT_EQ(decoder(1).dpa_base, GiB);
	d.range(0, base, 2 * GiB);
	EXPECT_EQ(d.commit(0), refused) << "it would now overlap the decoder above";
	EXPECT_EQ(error(), VCXL_HDM_ERR_OVERLAP);
	d.control(0, 0);
	d.range(0, base - GiB, 2 * GiB);
	EXPECT_EQ(d.commit(0), refused) << "its device addresses would";
	d.control(0, 0);
	d.range(0, base, GiB);
	EXPECT_EQ(d.commit(0), committed);
}

TEST_F(hdm, every_change_of_what_is_decoded_withdraws_direct_memory)
{
	const test::interval range{ base, GiB };
	std::vector<test::interval> &withdrawn = dev.said().withdrawn;

	d.range(0, base, GiB);
	withdrawn.clear();
	ASSERT_EQ(d.commit(0), committed);
	EXPECT_EQ(withdrawn, std::vector<test::interval>{ range }) << "commit";
	withdrawn.clear();
	d.enable();
	EXPECT_EQ(withdrawn, std::vector<test::interval>{ range }) << "HDM Decoder Enable";
	withdrawn.clear();
	d.enable();
	EXPECT_TRUE(withdrawn.empty()) << "nothing changed";
	d.control(0, 0);
	EXPECT_EQ(withdrawn, std::vector<test::interval>{ range }) << "uncommit";
	ASSERT_EQ(d.commit(0), committed);
	withdrawn.clear();
	vcxl_memdev_reset(dev.get(), VCXL_RESET_HOT);
	ASSERT_FALSE(withdrawn.empty()) << "reset";
	EXPECT_EQ(withdrawn[0], range);
}

TEST_F(hdm, a_locked_decoder_keeps_its_direct_memory_when_software_tries_to_clear_it)
{
	d.range(0, base, GiB);
	ASSERT_EQ(d.commit(0, 0, 0, lock_on_commit), committed);
	dev.said().withdrawn.clear();
	d.control(0, 0);
	EXPECT_TRUE(dev.said().withdrawn.empty());
}

TEST_F(hdm, the_capability_of_a_device_tells_all_ways_and_granularities)
{
	EXPECT_EQ(d.get(d.base()), 0x00001b12u) << "4 decoders";
}

TEST_F(hdm, no_sequence_of_register_writes_breaks_a_committed_set)
{
	std::uint64_t state = 42; // any seed does: the property is the test
	auto next = [&state] {
		return state = state * 6364136223846793005u + 1442695040888963407u;
	};

	unsigned commits = 0;
	for (unsigned i = 0; i < 200000; i++) {
		const unsigned n = static_cast<unsigned>(next() >> 40) % 4;
		const std::uint32_t r = 0x10 + 4 * (static_cast<unsigned>(next() >> 40) % 7);
		std::uint32_t value = static_cast<std::uint32_t>(next() >> 32);

		// bits of Base Low .. DPA Skip High that give mostly legal decoders, never locked
		const std::uint32_t bits[] = {
			0x70000000, 1, 0x70000000, 1, 0x1213, 0x10000000, 0
		};
		value &= bits[(r - 0x10) / 4];
		d.reg(n, r, value);
		commits += r == 0x20 && (d.reg(n, 0x20) & committed);
		std::uint64_t hpa_end = 0;
		for (unsigned k = 0; k < 4; k++) {
			const vcxl_decoder &x = decoder(k);
			if (x.state != VCXL_DECODER_COMMITTED) {
				ASSERT_EQ(x.size, 0u);
				continue;
			}
			ASSERT_GE(x.hpa_base, hpa_end);
			hpa_end = x.hpa_base + x.size;
			ASSERT_LE(x.dpa_base + x.size / vcxl_interleave_ways(x.interleave),
				  8 * GiB);
		}
	}
	EXPECT_GT(commits, 1000u);
}

} // namespace
