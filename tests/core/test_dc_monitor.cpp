/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of a monitor: QEMU's checks and messages, and what it refuses as not supported yet. */
#include "test_dc_fixture.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t block = 2 * mib;

std::string text(vcxl_dc_error e)
{
	return vcxl_dc_error_text(e);
}

} /* namespace */

TEST(dc_monitor, each_check_has_qemus_message_and_changes_nothing)
{
	dc_device x;
	device none;
	const uint64_t end = 256 * mib;

	x.give(0, 4 * block);
	EXPECT_EQ(x.add({ { 20 * block, 2 * block } }), VCXL_DC_OK);
	const bytes before = x.snapshot();
	const struct {
		bool add;
		uint8_t region;
		std::vector<vcxl_dc_range> list;
		const char *message;
	} rows[] = {
		{ true, 2, { { 0, 0 } }, "region id is too large" },
		{ true, 255, { { 0, block } }, "region id is too large" },
		{ true, 0, {}, "no extents found in the request" },
		{ true, 0, { { 1, 0 } }, "extent with 0 length is not allowed" },
		{ true, 0, { { 1, block } }, "dpa or len is not aligned to region block size" },
		{ true, 0, { { end, mib } }, "dpa or len is not aligned to region block size" },
		{ true, 0, { { end, block } }, "extent range is beyond the region end" },
		{ true,
		  0,
		  { { end - block, 2 * block } },
		  "extent range is beyond the region end" },
		{ true, 0, { { 0 - block, 2 * block } }, "extent range is beyond the region end" },
		{ true,
		  0,
		  { { 8 * block, block }, { 8 * block, block } },
		  "duplicate or overlapped extents are detected" },
		{ true,
		  0,
		  { { 8 * block, 2 * block }, { 9 * block, block } },
		  "duplicate or overlapped extents are detected" },
		{ true,
		  0,
		  { { 3 * block, 2 * block } },
		  "cannot add DPA already accessible to the same LD" },
		{ true,
		  0,
		  { { 18 * block, 3 * block } },
		  "cannot add DPA again while still pending" },
		{ true,
		  0,
		  { { 0, 24 * block } },
		  "cannot add DPA already accessible to the same LD" },
		{ true,
		  0,
		  { { 8 * block, block }, { 0, block } },
		  "cannot add DPA already accessible to the same LD" },
		{ true,
		  0,
		  { { 0, block }, { 1, block } },
		  "cannot add DPA already accessible to the same LD" },
		{ false, 2, { { 0, block } }, "region id is too large" },
		{ false, 0, {}, "no extents found in the request" },
		{ false, 0, { { 0, 0 } }, "extent with 0 length is not allowed" },
		{ false, 0, { { 0, mib } }, "dpa or len is not aligned to region block size" },
		{ false, 0, { { end, block } }, "extent range is beyond the region end" },
		{ false,
		  0,
		  { { 0, block }, { 0, block } },
		  "duplicate or overlapped extents are detected" },
		{ false,
		  0,
		  { { 20 * block, block } },
		  "cannot release extent with pending DPA range" },
		{ false,
		  0,
		  { { 3 * block, 2 * block } },
		  "cannot release extent with non-existing DPA range" },
		{ false, 1, { { 0, block } }, "cannot release extent with non-existing DPA range" },
	};
	for (const auto &row : rows) {
		EXPECT_EQ(text(row.add ? x.add(row.list, {}, row.region)
				       : x.release(row.list, false, false, row.region)),
			  row.message);
		if (!row.add) {
			EXPECT_EQ(text(x.release(row.list, true, true, row.region)), row.message)
				<< "forced";
		}
		EXPECT_EQ(x.snapshot(), before) << row.message;
	}
	EXPECT_EQ(text(x.add(std::vector<vcxl_dc_range>(17, { 0, block }))),
		  "too many extents for the device");
	EXPECT_EQ(x.snapshot(), before);

	vcxl_dc_add_request add = {};
	add.selection = VCXL_N_DC_SELECTIONS;
	EXPECT_EQ(text(vcxl_dc_add(none.md, &add)), "Selection policy not supported");
	add.selection = VCXL_DC_SELECT_PRESCRIPTIVE;
	EXPECT_EQ(text(vcxl_dc_add(none.md, &add)), "No dynamic capacity support from the device");
	add.host = 1;
	EXPECT_EQ(vcxl_dc_add(x.d.md, &add), VCXL_DC_E_HOST);
	vcxl_dc_release_request release = {};
	release.removal = VCXL_N_DC_REMOVALS;
	EXPECT_EQ(text(vcxl_dc_release(none.md, &release)), "Removal policy not supported");
	release.removal = VCXL_DC_REMOVE_PRESCRIPTIVE;
	EXPECT_EQ(text(vcxl_dc_release(none.md, &release)),
		  "No dynamic capacity support from the device");
	release.host = 1;
	EXPECT_EQ(vcxl_dc_release(x.d.md, &release), VCXL_DC_E_HOST);
	bool released = false;
	EXPECT_EQ(vcxl_dc_release_status(none.md, 0, 0, tag_of(0).data(), &released),
		  VCXL_DC_E_ABSENT);
	EXPECT_EQ(vcxl_dc_release_status(x.d.md, 1, 0, tag_of(0).data(), &released),
		  VCXL_DC_E_HOST);
	EXPECT_EQ(vcxl_dc_release_status(x.d.md, 0, 2, tag_of(0).data(), &released),
		  VCXL_DC_E_REGION);
	EXPECT_EQ(x.snapshot(), before);
}

TEST(dc_monitor, errors_have_a_text_and_a_return_code)
{
	for (int i = 0; i < VCXL_N_DC_ERRORS; i++) {
		EXPECT_STRNE(vcxl_dc_error_text(static_cast<vcxl_dc_error>(i)), "");
		EXPECT_EQ(vcxl_dc_error_rc(static_cast<vcxl_dc_error>(i)) == CXL_RC_SUCCESS,
			  i == VCXL_DC_OK);
	}
	EXPECT_STREQ(vcxl_dc_error_text(VCXL_N_DC_ERRORS), "unknown error");
	EXPECT_EQ(vcxl_dc_error_rc(VCXL_N_DC_ERRORS), CXL_RC_INTERNAL_ERROR);
}

TEST(dc_monitor, by_tag_all_of_it_is_released_and_the_status_follows)
{
	dc_device x;
	bool released = true;

	EXPECT_EQ(x.add({ { 0, block }, { 4 * block, block } }, tag_of(1)), VCXL_DC_OK);
	EXPECT_EQ(x.release_tag(tag_of(1)), VCXL_DC_E_RELEASE_PENDING);
	EXPECT_EQ(x.accept({ { x.base, block }, { x.base + 4 * block, block } }), 0u);
	x.give(8 * block, block, tag_of(2));
	x.records();
	EXPECT_EQ(x.release_tag(tag_of(1), false, false, 1), VCXL_DC_E_TAG) << "another region";
	EXPECT_EQ(x.release_tag(tag_of(3)), VCXL_DC_E_TAG);
	EXPECT_EQ(x.release_tag(tag_of(0)), VCXL_DC_E_TAG) << "all have one";
	EXPECT_EQ(x.release_tag(tag_of(1)), VCXL_DC_OK);
	const auto log = x.records();
	ASSERT_EQ(log.size(), 2u);
	EXPECT_EQ(log[0].extent, (extent{ x.base, block, tag_of(1), 0 }));
	EXPECT_EQ(log[1].extent, (extent{ x.base + 4 * block, block, tag_of(1), 0 }));
	EXPECT_EQ(vcxl_dc_release_status(x.d.md, 0, 0, tag_of(1).data(), &released), VCXL_DC_OK);
	EXPECT_FALSE(released);
	EXPECT_EQ(x.give_back({ { x.base, block } }), 0u);
	vcxl_dc_release_status(x.d.md, 0, 0, tag_of(1).data(), &released);
	EXPECT_FALSE(released) << "half of it";
	EXPECT_EQ(x.give_back({ { x.base + 4 * block, block } }), 0u);
	vcxl_dc_release_status(x.d.md, 0, 0, tag_of(1).data(), &released);
	EXPECT_TRUE(released);
	EXPECT_EQ(x.release_tag(tag_of(2), true), VCXL_DC_OK);
	EXPECT_TRUE(x.accepted().empty());
}

TEST(dc_monitor, the_free_policy_fills_gaps_from_low_to_high)
{
	dc_device x;

	x.give(block, block);
	x.give(4 * block, 2 * block);
	EXPECT_EQ(x.add({ { 8 * block, block } }), VCXL_DC_OK) << "pending blocks are not free";
	EXPECT_EQ(x.select(VCXL_DC_SELECT_FREE, 6 * block, tag_of(3)), VCXL_DC_OK);
	EXPECT_EQ(pending(x), (pendings{ { 0, block, 0 },
					 { 2 * block, 2 * block, 0 },
					 { 6 * block, 2 * block, 0 },
					 { 8 * block, block, 0 },
					 { 9 * block, block, 0 } }));
	EXPECT_EQ(x.records().size(), 5u);
}

TEST(dc_monitor, the_contiguous_policy_takes_the_first_gap_that_is_large_enough)
{
	dc_device x;

	x.give(block, block);
	x.give(4 * block, block);
	EXPECT_EQ(x.select(VCXL_DC_SELECT_CONTIGUOUS, 2 * block), VCXL_DC_OK);
	EXPECT_EQ(x.select(VCXL_DC_SELECT_CONTIGUOUS, 2 * block, {}, 1), VCXL_DC_OK);
	EXPECT_EQ(x.select(VCXL_DC_SELECT_CONTIGUOUS, 123 * block), VCXL_DC_OK) << "to the end";
	EXPECT_EQ(x.select(VCXL_DC_SELECT_CONTIGUOUS, block), VCXL_DC_OK) << "the first block";
	EXPECT_EQ(pending(x), (pendings{ { 0, block, 0 },
					 { 2 * block, 2 * block, 0 },
					 { 5 * block, 123 * block, 0 },
					 { 128 * block, 2 * block, 0 } }));
}

TEST(dc_monitor, a_policy_that_cannot_be_met_changes_nothing)
{
	dc_options o;
	o.max_extents = 4;
	dc_device x(o);

	for (unsigned i : { 1u, 3u, 5u })
		x.give(i * block, block);
	const bytes before = x.snapshot();
	for (vcxl_dc_selection how : { VCXL_DC_SELECT_FREE, VCXL_DC_SELECT_CONTIGUOUS }) {
		EXPECT_EQ(x.select(how, 0), VCXL_DC_E_LENGTH);
		EXPECT_EQ(x.select(how, mib), VCXL_DC_E_LENGTH);
		EXPECT_EQ(x.select(how, 126 * block), VCXL_DC_E_SPACE);
		EXPECT_EQ(x.select(how, block, {}, 2), VCXL_DC_E_REGION);
	}
	EXPECT_EQ(x.select(VCXL_DC_SELECT_CONTIGUOUS, 123 * block), VCXL_DC_E_SPACE);
	EXPECT_EQ(x.select(VCXL_DC_SELECT_FREE, 2 * block), VCXL_DC_E_EXTENTS) << "two pieces";
	EXPECT_EQ(x.select(VCXL_DC_SELECT_SHARED, 0), VCXL_DC_E_TAG);
	EXPECT_EQ(x.snapshot(), before);
	EXPECT_EQ(x.select(VCXL_DC_SELECT_FREE, block), VCXL_DC_OK);
}

TEST(dc_monitor, a_tag_names_one_allocation_of_a_device)
{
	dc_device x;

	x.give(0, block, tag_of(1));
	EXPECT_EQ(x.add({ { 4 * block, block } }, tag_of(1)), VCXL_DC_E_TAG_LIVE);
	EXPECT_EQ(x.add({ { 4 * block, block } }, tag_of(2)), VCXL_DC_OK);
	EXPECT_EQ(x.add({ { 8 * block, block } }, tag_of(2)), VCXL_DC_E_TAG_LIVE) << "pending";
	EXPECT_EQ(x.accept({}), 0u);
	EXPECT_EQ(x.add({ { 8 * block, block } }, tag_of(2)), VCXL_DC_OK);
	EXPECT_EQ(x.add({ { 10 * block, block } }), VCXL_DC_OK);
	EXPECT_EQ(x.add({ { 12 * block, block } }), VCXL_DC_OK) << "but no tag is none";
}
