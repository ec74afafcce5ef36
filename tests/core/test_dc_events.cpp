/* SPDX-License-Identifier: Apache-2.0 */
/* Dynamic capacity event records, and what resets leave. CXL r3.1 8.2.9.2.1.6, 9.7. */
#include "test_dc_fixture.h"

using namespace vcxl_test;

namespace
{

constexpr unsigned success = 0, bad_address = 0xf, exhausted = 0x1d;
constexpr uint64_t block = 2 * mib;

} /* namespace */

TEST(dc_events, an_offer_is_a_chain_of_records)
{
	dc_device x;

	EXPECT_EQ(
		x.add({ { 4 * block, block }, { 0, 2 * block }, { 8 * block, block } }, tag_of(5)),
		VCXL_DC_OK);
	const reply raw = x.command(0x100, { 4 });
	const bytes uuid = { 0xca, 0x95, 0xaf, 0xa7, 0xf1, 0x83, 0x40, 0x18,
			     0x8c, 0x2f, 0x95, 0x26, 0x8e, 0x10, 0x1a, 0x2a };
	EXPECT_EQ(bytes(raw.out.begin() + 0x20, raw.out.begin() + 0x30), uuid);
	EXPECT_EQ(raw.out[0x20 + 0x10], 0x80u) << "length";
	EXPECT_EQ(raw.out[0x20 + 0x31], 1u) << "numbers are valid";
	EXPECT_EQ(le(raw.out, 0x20 + 0x32, 2), 0u) << "host";
	const auto log = x.records();
	ASSERT_EQ(log.size(), 3u);
	const uint64_t offsets[] = { 4, 0, 8 }, lens[] = { 1, 2, 1 };
	for (unsigned i = 0; i < 3; i++) {
		EXPECT_EQ(log[i].type, 0u);
		EXPECT_EQ(log[i].flags, i < 2 ? 1u : 0u) << "More";
		EXPECT_EQ(log[i].extent,
			  (extent{ x.base + offsets[i] * block, lens[i] * block, tag_of(5), 0 }))
			<< "in the order of the request";
		EXPECT_EQ(log[i].extents_available, 13u);
		EXPECT_EQ(log[i].tags_available, 15u);
	}
	EXPECT_TRUE(x.records().empty());
}

TEST(dc_events, the_log_has_its_status_bit_policy_and_interrupt)
{
	dc_device x;

	x.d.enable_msix();
	EXPECT_EQ(x.command(0x103, { 1, 1, 1, 1, 1 }).rc, success);
	EXPECT_EQ(x.command(0x102, {}).out, (bytes{ 0x21, 0x31, 0x41, 0x51, 0x21 }));
	EXPECT_EQ(x.add({ { 0, block }, { 2 * block, block } }), VCXL_DC_OK);
	EXPECT_EQ(x.d.messages.size(), 1u) << "when the log was empty";
	EXPECT_EQ(x.d.read(VCXL_SPACE_DEVICE, x.d.find_device(1), 4), 0x10u);
	x.records();
	EXPECT_EQ(x.d.read(VCXL_SPACE_DEVICE, x.d.find_device(1), 4), 0u);
	EXPECT_EQ(x.accept({}), success);
	EXPECT_EQ(x.add({ { 0, block } }), VCXL_DC_OK);
	EXPECT_EQ(x.d.messages.size(), 2u);
}

TEST(dc_events, each_step_of_an_extent_is_traced)
{
	dc_device x;
	std::vector<std::array<uint64_t, 3>> steps;

	x.d.trace.enabled = 1ull << VCXL_TRACE_EXTENT;
	EXPECT_EQ(x.add({ { 0, 2 * block }, { 8 * block, block } }), VCXL_DC_OK);
	EXPECT_EQ(x.accept({ { x.base, 2 * block } }), success);
	EXPECT_EQ(x.give_back({ { x.base + block, block } }), success);
	for (const vcxl_trace_event &e : x.d.events)
		steps.push_back({ e.fields[0], e.fields[1] - x.base, e.fields[2] });
	EXPECT_EQ(steps, (std::vector<std::array<uint64_t, 3>>{ { 0, 0, 2 * block },
								{ 0, 8 * block, block },
								{ 2, 8 * block, block },
								{ 1, 0, 2 * block },
								{ 3, block, block } }));
}

TEST(dc_events, a_full_log_refuses_requests_and_loses_nothing)
{
	dc_options o;
	o.log_depth = 3;
	dc_device x(o);
	const uint64_t b = x.base;

	x.give(100 * block, 4 * block);
	EXPECT_EQ(x.add({ { 0, block }, { 2 * block, block } }), VCXL_DC_OK);
	const bytes before = x.snapshot();
	EXPECT_EQ(x.add({ { 4 * block, block }, { 6 * block, block } }), VCXL_DC_E_LOG);
	EXPECT_EQ(x.fm_add({ { b + 4 * block, block, {}, 0 }, { b + 6 * block, block, {}, 0 } }),
		  exhausted);
	EXPECT_EQ(x.release({ { 100 * block, block }, { 102 * block, block } }), VCXL_DC_E_LOG);
	EXPECT_EQ(x.snapshot(), before);
	EXPECT_EQ(x.release({ { 100 * block, block } }), VCXL_DC_OK) << "one fits";
	EXPECT_EQ(x.add({ { 4 * block, block } }), VCXL_DC_E_LOG);
	EXPECT_EQ(x.fm(0x5602, bytes_of({ { 1, 4 }, { mib, 8 }, { 0, 4 } })).rc, exhausted);
	EXPECT_EQ(x.records().size(), 3u);
	EXPECT_EQ(x.add({ { 4 * block, block } }), VCXL_DC_OK);
}

TEST(dc_events, a_full_log_does_not_stop_a_forced_release)
{
	dc_options o;
	o.log_depth = 1;
	dc_device x(o);

	x.give(0, block);
	EXPECT_EQ(x.add({ { 2 * block, block } }), VCXL_DC_OK);
	EXPECT_EQ(x.release({ { 0, block } }, true), VCXL_DC_OK);
	EXPECT_TRUE(x.accepted().empty());
	const reply r = x.command(0x100, { 4 });
	EXPECT_EQ(r.out[0] & 1, 1u) << "overflow";
	EXPECT_EQ(le(r.out, 2, 2), 1u);
}

TEST(dc_events, a_release_is_asked_for_extent_by_extent_with_its_tag)
{
	dc_device x;
	const uint64_t b = x.base;

	x.give(0, 2 * block, tag_of(1));
	x.give(2 * block, 2 * block, tag_of(2));
	const uint64_t generation = x.generation();
	EXPECT_EQ(x.release({ { block, 2 * block } }), VCXL_DC_OK);
	const auto log = x.records();
	ASSERT_EQ(log.size(), 2u);
	EXPECT_EQ(log[0].type, 1u);
	EXPECT_EQ(log[0].flags, 1u);
	EXPECT_EQ(log[0].extent, (extent{ b + block, block, tag_of(1), 0 }));
	EXPECT_EQ(log[1].type, 1u);
	EXPECT_EQ(log[1].flags, 0u);
	EXPECT_EQ(log[1].extent, (extent{ b + 2 * block, block, tag_of(2), 0 }));
	EXPECT_EQ(x.accepted().size(), 2u) << "the host decides when";
	EXPECT_EQ(x.generation(), generation);
	EXPECT_EQ(x.release({ { block, 2 * block } }), VCXL_DC_OK) << "asked again";
	EXPECT_EQ(x.give_back({ { b + block, 2 * block } }), success);
}

TEST(dc_events, a_forced_release_happens_at_once)
{
	dc_device x;
	const uint64_t b = x.base;

	x.give(0, 4 * block, tag_of(1));
	const uint64_t generation = x.generation();
	EXPECT_EQ(x.release({ { block, block } }, true), VCXL_DC_OK);
	const auto log = x.records();
	ASSERT_EQ(log.size(), 1u);
	EXPECT_EQ(log[0].type, 2u);
	EXPECT_EQ(log[0].extent, (extent{ b + block, block, tag_of(1), 0 }));
	EXPECT_EQ(x.accepted().size(), 2u);
	EXPECT_EQ(x.generation(), generation + 1);
	EXPECT_EQ(x.give_back({ { b + block, block } }), bad_address) << "it is gone";
}

/* ---- resets ---- */

TEST(dc_events, case_40_a_reset_keeps_extents_and_offers)
{
	for (vcxl_reset kind : { VCXL_RESET_HOT, VCXL_RESET_FLR, VCXL_RESET_COLD }) {
		dc_device x;
		const uint64_t b = x.base;

		x.give(0, block, tag_of(1));
		EXPECT_EQ(x.add({ { 4 * block, block }, { 6 * block, block } }, tag_of(2)),
			  VCXL_DC_OK);
		EXPECT_EQ(x.add({ { 2 * block, block } }), VCXL_DC_OK);
		const extents before = x.accepted();
		vcxl_memdev_reset(x.d.md, kind);
		EXPECT_EQ(x.accepted(), before);
		const auto log = x.records();
		ASSERT_EQ(log.size(), 3u) << "after a cold reset they are logged anew";
		EXPECT_EQ(log[0].extent, (extent{ b + 4 * block, block, tag_of(2), 0 }));
		EXPECT_EQ(log[0].flags, 1u);
		EXPECT_EQ(log[1].flags, 0u);
		EXPECT_EQ(log[2].extent, (extent{ b + 2 * block, block, {}, 0 }));
		EXPECT_EQ(x.accept({ { b + 4 * block, block } }), success);
		EXPECT_EQ(x.accept({ { b + 2 * block, block } }), success);
	}
}
