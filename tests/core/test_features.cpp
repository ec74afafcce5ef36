/* SPDX-License-Identifier: Apache-2.0 */
/* Features and maintenance. CXL r3.1 8.2.9.6, 8.2.9.7. */
#include "test_memdev_fixture.h"
#include "uuids.h"

#include <vcxl/health.h>

using namespace vcxl_test;

namespace
{

constexpr uint64_t second = 1'000'000'000'000; /* ps */
constexpr uint64_t hour = 3600 * second;
constexpr uint64_t capacity = 1024 * mib;

const bytes unknown(16, 0);

/* Actions of Set Feature; 8: save */
constexpr unsigned full = 0, initiate = 1, resume = 2, finish = 3, stop = 4, save = 8;

reply list(device &d, uint64_t count, unsigned start)
{
	return d.command(0x0500, bytes_of({ { count, 4 }, { start, 2 }, { 0, 2 } }));
}

reply get(device &d, const bytes &uuid, unsigned offset, unsigned count, unsigned selection = 0)
{
	return d.command(0x0501,
			 uuid + bytes_of({ { offset, 2 }, { count, 2 }, { selection, 1 } }));
}

unsigned set(device &d, const bytes &uuid, unsigned flags, unsigned offset, const bytes &data,
	     unsigned version = 1)
{
	return d.command(0x0502, uuid +
					 bytes_of({ { flags, 4 },
						    { offset, 2 },
						    { version, 1 },
						    { 0, 8 },
						    { 0, 1 } }) +
					 data)
		.rc;
}

unsigned repair(device &d, unsigned subclass, uint64_t dpa, unsigned flags = 0)
{
	return d.command(0x0600, bytes_of({ { 1, 1 },
					    { subclass, 1 },
					    { flags, 1 },
					    { dpa, 8 },
					    { 0xf, 3 } }))
		.rc;
}

uint64_t n_poisoned(device &d)
{
	return le(d.command(0x4300, bytes_of({ { 0, 8 }, { capacity / 64, 8 } })).out, 10, 2);
}

} /* namespace */

TEST(features, are_listed_with_sizes_and_versions)
{
	device d;
	const reply all = list(d, 0x800, 0);

	EXPECT_EQ(all.rc, 0u);
	ASSERT_EQ(all.out.size(), 8u + 9 * 48);
	EXPECT_EQ(le(all.out, 0, 4), 0x00090009u) << "9 of 9";
	const struct {
		const bytes &uuid;
		unsigned get, set, version, effects;
	} expected[] = { { scrub, 4, 2, 1, 8 },          { soft, 20, 3, 3, 8 },
			 { hard, 20, 3, 3, 8 },          { ecs, 5, 3, 1, 8 },
			 { lines, 19, 2, 1, 8 },         { rows, 19, 2, 1, 8 },
			 { banks, 19, 2, 1, 8 },         { ranks, 19, 2, 1, 8 },
			 { background_time, 4, 4, 1, 2 } };
	for (unsigned i = 0; i < 9; i++) {
		const size_t at = 8 + 48 * i;
		const auto begin = all.out.begin() + static_cast<int>(at);
		EXPECT_EQ(bytes(begin, begin + 16), expected[i].uuid);
		EXPECT_EQ(le(all.out, at + 16, 2), i);
		EXPECT_EQ(le(all.out, at + 18, 2), expected[i].get);
		EXPECT_EQ(le(all.out, at + 20, 2), expected[i].set);
		EXPECT_EQ(le(all.out, at + 22, 4) & 1, 1u) << "changeable";
		EXPECT_EQ(all.out[at + 26], expected[i].version);
		EXPECT_EQ(all.out[at + 27], expected[i].version);
		EXPECT_EQ(le(all.out, at + 28, 2), expected[i].effects);
	}
}

TEST(features, list_has_as_many_as_are_asked_for)
{
	device d;

	EXPECT_EQ(list(d, 8, 0).out, bytes_of({ { 0, 2 }, { 9, 2 }, { 0, 4 } })) << "the total";
	EXPECT_EQ(list(d, 8 + 48 + 47, 1).out.size(), 8u + 48);
	EXPECT_EQ(list(d, 0xffffffff, 8).out.size(), 8u + 48);
	EXPECT_EQ(list(d, 7, 0).rc, 2u);
	EXPECT_EQ(list(d, 0x800, 9).rc, 2u);
}

TEST(features, parts_of_a_value_can_be_read)
{
	device d;

	EXPECT_EQ(get(d, scrub, 0, 4).out, (bytes{ 3, 12, 1, 0 }));
	EXPECT_EQ(get(d, scrub, 1, 2).out, (bytes{ 12, 1 }));
	EXPECT_EQ(get(d, soft, 5, 2).out, (bytes{ 1, 0 })) << "maintenance class and subclass";
	EXPECT_EQ(get(d, hard, 5, 2).out, (bytes{ 1, 1 }));
	EXPECT_EQ(get(d, unknown, 0, 1).rc, 3u);
	EXPECT_EQ(get(d, scrub, 0, 1, 3).rc, 0x1au);
	EXPECT_EQ(get(d, scrub, 4, 0).rc, 2u);
	EXPECT_EQ(get(d, scrub, 3, 2).rc, 2u);
	EXPECT_EQ(get(d, scrub, 0xffff, 0xffff).rc, 2u);
}

TEST(features, a_value_is_set_for_now_or_saved)
{
	device d;

	EXPECT_EQ(set(d, scrub, full, 0, { 6, 1 }), 0u);
	EXPECT_EQ(get(d, scrub, 0, 4).out, (bytes{ 3, 6, 1, 1 }));
	EXPECT_EQ(get(d, scrub, 0, 4, 1).out, (bytes{ 3, 12, 1, 0 })) << "default";
	EXPECT_EQ(get(d, scrub, 0, 4, 2).out, (bytes{ 3, 12, 1, 0 })) << "saved";
	vcxl_memdev_reset(d.md, VCXL_RESET_HOT);
	EXPECT_EQ(get(d, scrub, 0, 4).out, (bytes{ 3, 6, 1, 1 }));
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(get(d, scrub, 0, 4).out, (bytes{ 3, 12, 1, 0 }));
	EXPECT_EQ(set(d, scrub, full | save, 0, { 7, 1 }), 0u);
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(get(d, scrub, 0, 4).out, (bytes{ 3, 7, 1, 1 }));
}

TEST(features, a_value_can_come_in_parts)
{
	device d;

	EXPECT_EQ(set(d, scrub, initiate, 0, { 9 }), 0u);
	EXPECT_EQ(get(d, scrub, 1, 1).out, bytes{ 12 }) << "not before the last part";
	EXPECT_EQ(set(d, soft, full, 0, { 0, 0, 0 }, 3), 0x1bu) << "another feature";
	EXPECT_EQ(set(d, scrub, initiate, 0, { 9 }), 0x1bu);
	EXPECT_EQ(set(d, scrub, resume, 0, { 9 }), 0x1cu) << "the same part";
	EXPECT_EQ(set(d, scrub, finish, 1, { 1 }), 0u);
	EXPECT_EQ(get(d, scrub, 0, 4).out, (bytes{ 3, 9, 1, 1 }));
	EXPECT_EQ(set(d, scrub, initiate, 0, { 8 }), 0u);
	EXPECT_EQ(set(d, scrub, stop, 0, {}), 0u);
	EXPECT_EQ(set(d, scrub, finish, 1, { 1 }), 0x1cu);
	EXPECT_EQ(set(d, scrub, initiate, 0, { 8 }), 0u);
	vcxl_memdev_reset(d.md, VCXL_RESET_FLR);
	EXPECT_EQ(set(d, scrub, finish, 1, { 1 }), 0x1cu);
}

TEST(features, errors_of_set_change_nothing)
{
	device d;

	EXPECT_EQ(set(d, unknown, full, 0, { 6, 1 }), 3u);
	EXPECT_EQ(set(d, scrub, full, 0, { 6, 1 }, 2), 0x19u);
	EXPECT_EQ(set(d, scrub, 5, 0, { 6, 1 }), 2u);
	EXPECT_EQ(set(d, scrub, full, 0, {}), 0x16u);
	EXPECT_EQ(set(d, scrub, full, 0, { 6 }), 0x16u);
	EXPECT_EQ(set(d, scrub, full, 0, { 6, 1, 0 }), 0x16u);
	EXPECT_EQ(set(d, scrub, full, 1, { 1 }), 2u);
	EXPECT_EQ(set(d, scrub, resume, 0, { 6 }), 0x1cu);
	EXPECT_EQ(set(d, scrub, full, 0, { 0, 1 }), 2u) << "below the shortest cycle";
	EXPECT_EQ(set(d, scrub, full, 0, { 6, 2 }), 2u) << "reserved";
	EXPECT_EQ(set(d, soft, full, 0, { 1, 0, 0 }, 3), 2u) << "not the device's own accord";
	EXPECT_EQ(get(d, scrub, 0, 4).out, (bytes{ 3, 12, 1, 0 }));
}

TEST(background_time, of_operations_that_start_is_scaled_by_thousandths)
{
	device d; /* 1 GiB: a sanitize of 8 s */
	uint64_t now = 0;

	EXPECT_EQ(get(d, background_time, 0, 4).out, bytes_of({ { 1000, 4 } }));
	for (unsigned thousandths : { 1u, 10u, 999u, 5000u, 1'000'000u }) {
		ASSERT_EQ(set(d, background_time, full, 0, bytes_of({ { thousandths, 4 } })), 0u);
		EXPECT_EQ(get(d, background_time, 0, 4).out, bytes_of({ { thousandths, 4 } }));
		ASSERT_EQ(d.command(0x4400).rc, 1u);
		now += 8 * second / 1000 * thousandths;
		EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), now);
		EXPECT_EQ(set(d, background_time, full, 0, bytes_of({ { 2000, 4 } })), 0u);
		EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), now) << "the one that runs is as it was";
		vcxl_memdev_tick(d.md, now);
		ASSERT_EQ(vcxl_memdev_deadline_ps(d.md), UINT64_MAX);
	}
	ASSERT_EQ(d.command(0x4304, bytes_of({ { 0, 8 }, { 64 * mib / 64, 8 }, { 0, 1 } })).rc, 1u);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), now + 2 * 4 * second / 1000)
		<< "a scan too: 16 MiB in a millisecond";
}

TEST(background_time, outside_its_limits_is_refused_and_changes_nothing)
{
	device d;

	for (uint64_t wrong : { 0ull, 1'000'001ull, 0xffffffffull })
		EXPECT_EQ(set(d, background_time, full | save, 0, bytes_of({ { wrong, 4 } })), 2u);
	EXPECT_EQ(set(d, background_time, full, 0, bytes_of({ { 10, 2 } })), 0x16u);
	for (unsigned selection = 0; selection < 3; selection++)
		EXPECT_EQ(get(d, background_time, 0, 4, selection).out, bytes_of({ { 1000, 4 } }));
	ASSERT_EQ(d.command(0x4400).rc, 1u);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), 8 * second);
}

TEST(background_time, that_is_saved_is_there_after_a_cold_reset)
{
	device d;

	ASSERT_EQ(set(d, background_time, full | save, 0, bytes_of({ { 10, 4 } })), 0u);
	ASSERT_EQ(set(d, background_time, full, 0, bytes_of({ { 5000, 4 } })), 0u);
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(get(d, background_time, 0, 4).out, bytes_of({ { 10, 4 } }));
	EXPECT_EQ(get(d, background_time, 0, 4, 1).out, bytes_of({ { 1000, 4 } })) << "default";
	ASSERT_EQ(d.command(0x4400).rc, 1u);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), second / 1000 * 80);
}

TEST(background_time, ends_an_operation_before_the_clock_does)
{
	device d;

	vcxl_memdev_tick(d.md, UINT64_MAX - hour);
	ASSERT_EQ(set(d, background_time, full, 0, bytes_of({ { 1'000'000, 4 } })), 0u);
	ASSERT_EQ(d.command(0x4400).rc, 1u);
	EXPECT_GT(vcxl_memdev_deadline_ps(d.md), UINT64_MAX - second)
		<< "not 8000 s, nor in the past";
	EXPECT_LT(vcxl_memdev_deadline_ps(d.md), UINT64_MAX);
	vcxl_memdev_tick(d.md, UINT64_MAX - 1);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), UINT64_MAX);
}

TEST(patrol_scrub, lists_what_the_list_had_forgotten_at_the_end_of_its_cycle)
{
	device d;

	EXPECT_EQ(set(d, scrub, full, 0, { 2, 1 }), 0u);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), UINT64_MAX) << "nothing to find";
	for (unsigned i = 0; i < 257; i++)
		ASSERT_EQ(vcxl_memdev_poison(d.md, 0x1000 * i, 64, VCXL_POISON_INTERNAL), VCXL_OK);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), UINT64_MAX) << "no room to list it";
	vcxl_memdev_tick(d.md, 3 * hour);
	bytes clear = bytes_of({ { 0, 8 } });
	clear.resize(0x48);
	ASSERT_EQ(d.command(0x4302, clear).rc, 0u);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), 4 * hour);
	EXPECT_EQ(d.deadlines.back(), 4 * hour);
	vcxl_memdev_tick(d.md, 4 * hour);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), UINT64_MAX);
	const reply warnings = d.command(0x0100, { 1 });
	ASSERT_EQ(le(warnings.out, 0x14, 2), 2u) << "overflow, and the line that was found";
	EXPECT_EQ(le(warnings.out, 0xa0 + 0x30, 8), 0x100001u);
	EXPECT_EQ(warnings.out[0xa0 + 0x3a], 5u) << "media scrub";
}

TEST(patrol_scrub, that_is_off_finds_nothing)
{
	device d;

	for (unsigned i = 0; i < 257; i++)
		ASSERT_EQ(vcxl_memdev_poison(d.md, 0x1000 * i, 64, VCXL_POISON_INTERNAL), VCXL_OK);
	bytes clear = bytes_of({ { 0, 8 } });
	clear.resize(0x48);
	ASSERT_EQ(d.command(0x4302, clear).rc, 0u);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), UINT64_MAX);
	ASSERT_EQ(set(d, scrub, full, 0, { 2, 1 }), 0u);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), 2 * hour);
	ASSERT_EQ(set(d, scrub, full, 0, { 2, 0 }), 0u);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), UINT64_MAX);
}

TEST(error_check_scrub, takes_thresholds_of_the_specification_alone)
{
	device d;

	EXPECT_EQ(get(d, ecs, 0, 5).out, (bytes{ 1, 0, 3, 0, 0 }));
	EXPECT_EQ(set(d, ecs, full, 0, { 0, 0x0d, 0 }), 0u) << "4096, codewords";
	EXPECT_EQ(get(d, ecs, 0, 5).out, (bytes{ 0, 0, 0x0d, 0, 0 }));
	EXPECT_EQ(set(d, ecs, full, 0, { 1, 0x14, 0 }), 0u);
	EXPECT_EQ(get(d, ecs, 0, 5).out, (bytes{ 1, 0, 0x04, 0, 0 })) << "reset is no state";
	for (const bytes &wrong : { bytes{ 2, 3, 0 }, bytes{ 0, 2, 0 }, bytes{ 0, 6, 0 },
				    bytes{ 0, 0x23, 0 }, bytes{ 0, 3, 1 } })
		EXPECT_EQ(set(d, ecs, full, 0, wrong), 2u) << unsigned(wrong[1]);
	EXPECT_EQ(get(d, ecs, 0, 5).out, (bytes{ 1, 0, 0x04, 0, 0 }));
}

TEST(error_check_scrub, tells_once_of_more_corrected_errors_per_gigabit_than_the_threshold)
{
	device d; /* 1 GiB: 8 gigabits */
	vcxl_health health = { 0xff, 0x7fff, 1000, 1047 };

	vcxl_memdev_set_health(d.md, &health);
	EXPECT_EQ(le(d.command(0x0100, { 0 }).out, 0x14, 2), 0u);
	health.corrected_persistent = 1048;
	vcxl_memdev_set_health(d.md, &health);
	health.corrected_volatile = 9999;
	vcxl_memdev_set_health(d.md, &health);
	const reply log = d.command(0x0100, { 0 });
	ASSERT_EQ(le(log.out, 0x14, 2), 1u);
	EXPECT_EQ(log.out[0x20 + 0x38], 2u) << "threshold event";
	EXPECT_EQ(log.out[0x20 + 0x3a], 7u) << "ECS";
	EXPECT_EQ(set(d, ecs, full, 0, { 1, 0x13, 0 }), 0u) << "the count begins anew";
	health.corrected_volatile += 2047;
	vcxl_memdev_set_health(d.md, &health);
	EXPECT_EQ(le(d.command(0x0100, { 0 }).out, 0x14, 2), 1u);
	health.corrected_volatile += 1;
	vcxl_memdev_set_health(d.md, &health);
	EXPECT_EQ(le(d.command(0x0100, { 0 }).out, 0x14, 2), 2u);
}

TEST(maintenance, a_repair_heals_the_line_as_long_as_there_are_resources)
{
	const struct {
		unsigned subclass, resources;
		bool renewed;
	} kinds[] = { { 0, 8, true }, { 1, 4, false } };

	for (const auto &k : kinds) {
		device d;
		for (unsigned i = 0; i <= k.resources; i++) {
			d.persistent_bytes.data()[0x1000 * i] = 9;
			ASSERT_EQ(d.command(0x4301, bytes_of({ { 512 * mib + 0x1000 * i, 8 } })).rc,
				  0u);
		}
		EXPECT_EQ(repair(d, k.subclass, 512 * mib, 1), 0u) << "a query";
		EXPECT_EQ(n_poisoned(d), k.resources + 1);
		for (unsigned i = 0; i < k.resources; i++)
			EXPECT_EQ(repair(d, k.subclass, 512 * mib + 0x1000 * i), 0u);
		EXPECT_EQ(n_poisoned(d), 1u);
		EXPECT_EQ(d.persistent_bytes.data()[0], 0) << "data are not retained";
		EXPECT_EQ(repair(d, k.subclass, 512 * mib, 1), 0x1du);
		EXPECT_EQ(repair(d, k.subclass, 512 * mib), 0x1du);
		EXPECT_EQ(repair(d, !k.subclass, 512 * mib, 1), 0u) << "the other kind";
		vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
		EXPECT_EQ(repair(d, k.subclass, 512 * mib, 1), k.renewed ? 0u : 0x1du);
	}
}

TEST(maintenance, errors)
{
	device d;

	EXPECT_EQ(repair(d, 2, 0), 2u);
	EXPECT_EQ(d.command(0x0600, { 2, 4 }).rc, 2u);
	EXPECT_EQ(d.command(0x0600, { 3, 0 }).rc, 2u);
	EXPECT_EQ(d.command(0x0600, { 0, 0 }).rc, 2u);
	EXPECT_EQ(d.command(0x0600, { 1, 0 }).rc, 0x16u) << "no parameters";
	EXPECT_EQ(d.command(0x0600, bytes(13, 1)).rc, 0x16u);
	EXPECT_EQ(d.command(0x0600, bytes(15, 1)).rc, 0x16u);
	EXPECT_EQ(d.command(0x0600, { 1 }).rc, 0x16u);
	EXPECT_EQ(repair(d, 0, capacity), 0xfu);
	EXPECT_EQ(repair(d, 1, ~0ull), 0xfu);
}
