/* SPDX-License-Identifier: Apache-2.0 */
/* Memory sparing. CXL r3.1 8.2.9.7.1.4, 8.2.9.2.1.4. */
#include "test_memdev_fixture.h"

using namespace vcxl_test;

namespace
{

/* 1 GiB: 2 ranks of 4 bank groups of 4 banks of 4096 rows of 128 lines */
constexpr uint64_t capacity = 1024 * mib;
constexpr uint64_t rank_size = 512 * mib, bank_size = 32 * mib, row_size = 8192;

struct place {
	unsigned channel, rank, bank_group, bank, row, column;
};

unsigned spare(device &d, unsigned subclass, const place &p, unsigned flags = 0,
	       unsigned sub_channel = 0)
{
	return d.command(0x0600, bytes_of({ { 2, 1 },
					    { subclass, 1 },
					    { flags, 1 },
					    { p.channel, 1 },
					    { p.rank, 1 },
					    { 0x112233, 3 },
					    { p.bank_group, 1 },
					    { p.bank, 1 },
					    { p.row, 3 },
					    { p.column, 2 },
					    { sub_channel, 1 } }))
		.rc;
}

/* The poison list: addresses and lengths. */
std::vector<range> poisoned(device &d)
{
	const reply r = d.command(0x4300, bytes_of({ { 0, 8 }, { capacity / 64, 8 } }));
	std::vector<range> list;
	for (size_t i = 0; i < le(r.out, 10, 2); i++)
		list.push_back(
			{ le(r.out, 0x20 + 16 * i, 8) & ~7ull, 64 * le(r.out, 0x28 + 16 * i, 4) });
	return list;
}

} /* namespace */

TEST(sparing, heals_the_line_row_bank_or_rank_that_it_replaces_and_nothing_else)
{
	const place where = { 0, 1, 2, 3, 5, 7 };
	const uint64_t bank = rank_size + (2 * 4 + 3) * bank_size, row = bank + 5 * row_size;
	const struct {
		unsigned subclass;
		range replaced;
	} kinds[] = { { 0, { row + 7 * 64, 64 } },
		      { 1, { row, row_size } },
		      { 2, { bank, bank_size } },
		      { 3, { rank_size, rank_size } } };

	for (const auto &k : kinds) {
		device d;
		const uint64_t base = k.replaced.base, end = base + k.replaced.size;
		const bool is_last = end == capacity;
		ASSERT_EQ(vcxl_memdev_poison(d.md, base - 128,
					     (is_last ? 0 : 128) + end - base + 128,
					     VCXL_POISON_INTERNAL),
			  VCXL_OK);
		d.persistent_bytes.data()[base - rank_size] = 9;
		ASSERT_EQ(spare(d, k.subclass, where), 0u);
		std::vector<range> left = { { base - 128, 128 } };
		if (!is_last)
			left.push_back({ end, 128 });
		EXPECT_EQ(poisoned(d), left) << k.subclass;
		EXPECT_EQ(d.persistent_bytes.data()[base - rank_size], 0) << "it was poisoned";
	}
}

TEST(sparing, keeps_the_data_of_what_was_not_poisoned)
{
	device d;

	d.volatile_bytes.data()[0] = 7;
	d.volatile_bytes.data()[64] = 8;
	ASSERT_EQ(vcxl_memdev_poison(d.md, 64, 64, VCXL_POISON_INTERNAL), VCXL_OK);
	EXPECT_EQ(spare(d, 1, {}), 0u);
	EXPECT_EQ(d.volatile_bytes.data()[0], 7);
	EXPECT_EQ(d.volatile_bytes.data()[64], 0);
}

TEST(sparing, hard_uses_resources_up_for_good_and_soft_until_power_is_lost)
{
	const unsigned resources[] = { 16, 8, 2, 1 };

	for (unsigned subclass = 0; subclass < 4; subclass++) {
		device d;
		for (unsigned i = 0; i < resources[subclass]; i++)
			EXPECT_EQ(spare(d, subclass, {}, i ? 0 : 2), 0u);
		EXPECT_EQ(spare(d, subclass, {}), 0x1du);
		EXPECT_EQ(spare(d, subclass, {}, 1), 0x1du) << "a query";
		vcxl_memdev_reset(d.md, VCXL_RESET_HOT);
		EXPECT_EQ(spare(d, subclass, {}), 0x1du);
		vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
		for (unsigned i = 1; i < resources[subclass]; i++)
			EXPECT_EQ(spare(d, subclass, {}), 0u);
		EXPECT_EQ(spare(d, subclass, {}), 0x1du);
	}
}

TEST(sparing, tells_in_a_record_what_it_did_and_what_is_left)
{
	device d;

	ASSERT_EQ(spare(d, 1, { 0, 1, 2, 3, 5, 7 }, 1 | 2 | 4 | 8), 0u);
	ASSERT_EQ(spare(d, 3, { 0, 1, 2, 3, 5, 7 }, 2), 0u);
	const reply log = d.command(0x0100, { 0 });
	ASSERT_EQ(le(log.out, 0x14, 2), 2u);
	const std::vector<uint8_t> first(log.out.begin() + 0x20, log.out.begin() + 0xa0);
	const std::vector<uint8_t> second(log.out.begin() + 0xa0, log.out.end());
	EXPECT_EQ(le(first, 0, 4), 0x403a1fe7u);
	EXPECT_EQ(le(first, 0x11, 3), 0x40u) << "information, subclass is valid";
	EXPECT_EQ(first[0x20], 2);
	EXPECT_EQ(first[0x21], 1);
	EXPECT_EQ(first[0x32], 3) << "query, hard";
	EXPECT_EQ(le(first, 0x34, 2), 0x23fu) << "all but the column";
	EXPECT_EQ(le(first, 0x3c, 2), 8u) << "a query uses nothing up";
	EXPECT_EQ(first[0x3f], 1);
	EXPECT_EQ(le(first, 0x40, 3), 0x112233u);
	EXPECT_EQ(le(first, 0x43, 2), 0x0302u);
	EXPECT_EQ(le(first, 0x45, 3), 5u);
	EXPECT_EQ(second[0x21], 3);
	EXPECT_EQ(second[0x32], 2);
	EXPECT_EQ(le(second, 0x34, 2), 0x3u) << "channel and rank";
	EXPECT_EQ(le(second, 0x3c, 2), 0u);
}

TEST(sparing, of_a_place_that_is_not_there_is_invalid_input)
{
	device d;
	const place last = { 0, 1, 3, 3, 4095, 127 };

	EXPECT_EQ(spare(d, 0, last, 1), 0u);
	EXPECT_EQ(spare(d, 3, { 1, 0, 0, 0, 0, 0 }), 2u);
	EXPECT_EQ(spare(d, 3, { 0, 2, 0, 0, 0, 0 }), 2u);
	EXPECT_EQ(spare(d, 3, { 0, 0, 4, 0, 0, 0 }), 0u) << "a rank has every bank";
	EXPECT_EQ(spare(d, 2, { 0, 0, 4, 0, 0, 0 }), 2u);
	EXPECT_EQ(spare(d, 2, { 0, 0, 0, 4, 0, 0 }), 2u);
	EXPECT_EQ(spare(d, 1, { 0, 0, 0, 0, 4096, 0 }), 2u);
	EXPECT_EQ(spare(d, 0, { 0, 0, 0, 0, 0, 128 }), 2u);
	EXPECT_EQ(spare(d, 0, {}, 4, 1), 2u) << "sub-channel";
	EXPECT_EQ(spare(d, 0, {}, 0, 1), 0u) << "not said to be valid";
	EXPECT_EQ(d.command(0x0600, std::vector<uint8_t>{ 2, 0 }).rc, 0x16u);
	EXPECT_EQ(d.command(0x0600, std::vector<uint8_t>(17, 2)).rc, 0x16u);
}

/* Dynamic capacity has no ranks, and there is nothing else. */
TEST(sparing, of_a_device_with_dynamic_capacity_alone_is_invalid_input)
{
	options o;

	o.volatile_size = o.persistent_size = 0;
	o.dc.n_regions = 1;
	o.dc.regions[0].len = 256 * mib;
	device d(o);

	ASSERT_EQ(d.status, VCXL_OK);
	for (unsigned kind = 0; kind < 4; kind++)
		EXPECT_EQ(spare(d, kind, {}), 2u);
}

TEST(sparing, of_locked_memory_is_refused)
{
	device d;
	std::vector<uint8_t> user(0x60);
	user[0] = 1;
	user[0x40] = 5;

	ASSERT_EQ(d.command(0x4501, user).rc, 0u);
	vcxl_memdev_reset(d.md, VCXL_RESET_HOT);
	EXPECT_EQ(spare(d, 3, { 0, 1, 0, 0, 0, 0 }), 0x13u);
	EXPECT_EQ(spare(d, 3, { 0, 0, 0, 0, 0, 0 }), 0u) << "volatile";
}
