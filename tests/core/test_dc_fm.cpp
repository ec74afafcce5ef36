/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of the fabric manager, 5600h to 5608h. CXL r3.1 7.6.7.6. */
#include <tuple>
#include <utility>

#include "test_dc_fixture.h"

using namespace vcxl_test;

namespace
{

constexpr unsigned success = 0, invalid_input = 2, unsupported = 3, bad_address = 0xf,
		   bad_length = 0x16, exhausted = 0x1d, bad_list = 0x1e;
constexpr uint64_t block = 2 * mib;
constexpr unsigned by_tag = 0, prescriptive = 1, forced = 0x10, sanitize = 0x20;

} /* namespace */

TEST(dc_fm, lengths_of_its_commands_are_checked)
{
	dc_device x;
	const struct {
		uint16_t opcode;
		size_t len;
		bool longer; /* may be */
	} rows[] = {
		{ 0x0100, 1, false },  { 0x0101, 6, true },   { 0x5600, 0, false },
		{ 0x5601, 4, false },  { 0x5602, 16, false }, { 0x5603, 12, false },
		{ 0x5604, 32, true },  { 0x5605, 32, true },  { 0x5606, 16, false },
		{ 0x5607, 16, false }, { 0x5608, 8, false },
	};
	for (const auto &row : rows) {
		EXPECT_NE(x.fm(row.opcode, bytes(row.len)).rc, bad_length) << row.opcode;
		if (row.len) {
			EXPECT_EQ(x.fm(row.opcode, bytes(row.len - 1)).rc, bad_length);
		}
		EXPECT_EQ(x.fm(row.opcode, bytes(row.len + 1)).rc == bad_length, !row.longer)
			<< row.opcode;
		if (row.len) {
			EXPECT_EQ(
				x.fm(row.opcode, bytes(row.len), static_cast<uint32_t>(row.len - 1))
					.rc,
				bad_length)
				<< "longer than messages may be";
		}
	}
	for (uint16_t opcode :
	     { uint16_t{ 0x5600 }, uint16_t{ 0x5601 }, uint16_t{ 0x5603 }, uint16_t{ 0x5608 } })
		EXPECT_EQ(x.fm(opcode,
			       bytes(opcode == 0x5600   ? 0
				     : opcode == 0x5601 ? 4
				     : opcode == 0x5603 ? 12
							: 8),
			       15)
				  .rc,
			  bad_length)
			<< "no room for the answer";
	EXPECT_EQ(x.fm(0x55ff, {}).rc, unsupported);
	EXPECT_EQ(x.fm(0x5609, {}).rc, unsupported);
	bytes cut = dc_device::request(2, { { x.base, block, {}, 0 } });
	cut.pop_back();
	EXPECT_EQ(x.fm(0x5604, cut).rc, bad_length);
	EXPECT_EQ(x.fm(0x5605, cut).rc, bad_length);
	cut[31] = 0xff; /* so many that bytes wrap */
	EXPECT_EQ(x.fm(0x5604, cut).rc, bad_length);
}

TEST(dc_fm, the_info_tells_policies_capacity_and_block_sizes)
{
	dc_options o;
	o.n_regions = 3;
	dc_device x(o);
	o.sanitize_fixed = true;
	dc_device y(o);
	const reply r = x.fm(0x5600, {});

	ASSERT_EQ(r.out.size(), 84u);
	EXPECT_EQ(r.out[0], 1u) << "hosts";
	EXPECT_EQ(r.out[1], 3u) << "regions";
	EXPECT_EQ(le(r.out, 4, 2), 0xfu) << "selection policies";
	EXPECT_EQ(le(r.out, 8, 2), 0x3u) << "removal policies";
	EXPECT_EQ(r.out[10], 0x7u) << "sanitize on release can be set";
	EXPECT_EQ(y.fm(0x5600, {}).out[10], 0u);
	EXPECT_EQ(le(r.out, 12, 8), 3u) << "256 MiB";
	for (unsigned i = 0; i < 8; i++)
		EXPECT_EQ(le(r.out, 20 + 8 * i, 8), i < 3 ? 0x1fffffc0u : 0u)
			<< "64 bytes to 256 MiB";
}

TEST(dc_fm, the_configuration_of_regions_is_read_in_parts)
{
	dc_options o;
	o.n_regions = 8;
	o.persistent = true;
	o.shareable = true;
	dc_device x(o);
	const struct {
		uint8_t host, count, start;
		unsigned rc, n;
	} rows[] = {
		{ 0, 8, 0, success, 8 },       { 0, 0, 0, success, 0 },
		{ 0, 2, 7, success, 1 },       { 0, 1, 8, invalid_input, 0 },
		{ 1, 1, 0, invalid_input, 0 },
	};
	for (const auto &row : rows) {
		const reply r = x.fm(0x5601, { row.host, 0, row.count, row.start });
		EXPECT_EQ(r.rc, row.rc);
		if (r.rc)
			continue;
		ASSERT_EQ(r.out.size(), 4 + 40 * row.n + 16);
		EXPECT_EQ(r.out[2], 8u);
		EXPECT_EQ(r.out[3], row.n);
		for (unsigned i = 0; i < row.n; i++) {
			EXPECT_EQ(le(r.out, 4 + 40 * i, 8), (1u + row.start + i) * 256 * mib);
			EXPECT_EQ(le(r.out, 4 + 40 * i + 8, 8), 1u);
			EXPECT_EQ(le(r.out, 4 + 40 * i + 16, 8), 256 * mib);
			EXPECT_EQ(le(r.out, 4 + 40 * i + 24, 8), block);
			EXPECT_EQ(r.out[4 + 40 * i + 32], 0xcu) << "non-volatile, shareable";
			EXPECT_EQ(r.out[4 + 40 * i + 36], 0u) << "sanitize";
		}
	}
}

TEST(dc_fm, a_region_without_extents_gets_another_configuration)
{
	const auto set = [](dc_device &x, unsigned region, uint64_t size, unsigned clean) {
		return x.fm(0x5602, bytes_of({ { region, 4 }, { size, 8 }, { clean, 4 } })).rc;
	};
	dc_device x;
	dc_options o;
	o.sanitize_fixed = true;
	dc_device fixed(o);

	x.give(0, block);
	EXPECT_EQ(x.add({ { 0, block } }, {}, 1), VCXL_DC_OK);
	x.records();
	const bytes before = x.snapshot();
	EXPECT_EQ(set(x, 0, mib, 0), unsupported) << "an accepted extent";
	EXPECT_EQ(set(x, 1, mib, 0), unsupported) << "a pending extent";
	EXPECT_EQ(set(x, 2, mib, 0), invalid_input) << "no such region";
	EXPECT_EQ(x.give_back({ { x.base, block } }), success);
	EXPECT_EQ(set(x, 0, 0, 0), invalid_input);
	EXPECT_EQ(set(x, 0, 3 * mib, 0), invalid_input) << "no power of two";
	EXPECT_EQ(set(x, 0, 32, 0), invalid_input);
	EXPECT_EQ(set(x, 0, 512 * mib, 0), invalid_input);
	EXPECT_EQ(set(x, 0, mib, 2), invalid_input);
	EXPECT_EQ(set(x, 0, block, 0), success) << "as it is";
	EXPECT_TRUE(x.records().empty());
	EXPECT_EQ(set(x, 0, mib, 1), success);
	const auto log = x.records();
	ASSERT_EQ(log.size(), 1u);
	EXPECT_EQ(log[0].type, 3u);
	EXPECT_EQ(log[0].region, 0u);
	EXPECT_EQ(le(x.command(0x4800, { 1, 0 }).out, 8 + 24, 8), mib);
	EXPECT_EQ(x.command(0x4800, { 1, 0 }).out[8 + 36], 1u);
	EXPECT_EQ(x.add({ { mib, mib } }), VCXL_DC_OK);
	EXPECT_EQ(set(fixed, 0, block, 1), unsupported);
	EXPECT_EQ(set(fixed, 0, mib, 0), success);
}

TEST(dc_fm, the_extent_list_of_a_host_is_that_of_the_host)
{
	dc_device x;
	const auto get = [&x](unsigned host, uint64_t count, uint64_t start) {
		return x.fm(0x5603, bytes_of({ { host, 4 }, { count, 4 }, { start, 4 } }));
	};

	x.give(0, block, tag_of(1));
	x.give(4 * block, block, tag_of(2));
	EXPECT_EQ(x.add({ { 8 * block, block } }), VCXL_DC_OK);
	EXPECT_EQ(get(1, 1, 0).rc, invalid_input);
	EXPECT_EQ(get(0, 1, 3).rc, invalid_input);
	const reply r = get(0, 5, 1);
	ASSERT_EQ(r.out.size(), 24u + 40);
	EXPECT_EQ(le(r.out, 4, 4), 1u) << "start";
	EXPECT_EQ(le(r.out, 8, 4), 1u) << "returned";
	EXPECT_EQ(le(r.out, 12, 4), 2u) << "total";
	EXPECT_EQ(le(r.out, 16, 4), x.generation());
	EXPECT_EQ(extent_at(r.out, 24), (extent{ x.base + 4 * block, block, tag_of(2), 0 }));
	EXPECT_EQ(le(get(0, 0, 2).out, 8, 4), 0u);
}

TEST(dc_fm, each_error_of_an_add_has_its_code_and_changes_nothing)
{
	dc_device x;
	const uint64_t b = x.base, end = b + 256 * mib;
	const tag_t none = {};

	x.give(0, 4 * block);
	EXPECT_EQ(x.add({ { 20 * block, 2 * block } }), VCXL_DC_OK);
	const bytes before = x.snapshot();
	const struct {
		const char *what;
		extents list;
		unsigned rc;
	} rows[] = {
		{ "nothing", {}, invalid_input },
		{ "more than there is room for", extents(15, { b, block, none, 0 }), exhausted },
		{ "case 23: across regions", { { end - block, 2 * block, none, 0 } }, bad_address },
		{ "below the regions", { { 0, block, none, 0 } }, bad_address },
		{ "behind the regions", { { end + 256 * mib, block, none, 0 } }, bad_address },
		{ "not aligned", { { b + 8 * block + 64, block, none, 0 } }, bad_list },
		{ "length not aligned", { { b + 8 * block, mib, none, 0 } }, bad_list },
		{ "length 0", { { b + 8 * block, 0, none, 0 } }, bad_list },
		{ "overlap in the list",
		  { { b + 8 * block, 2 * block, none, 0 }, { b + 9 * block, block, none, 0 } },
		  bad_list },
		{ "case 39: accepted", { { b + 3 * block, 2 * block, none, 0 } }, bad_list },
		{ "case 39: pending", { { b + 21 * block, block, none, 0 } }, bad_list },
		{ "good and then outside",
		  { { b + 8 * block, block, none, 0 }, { 0, block, none, 0 } },
		  bad_address },
	};
	for (const auto &row : rows) {
		EXPECT_EQ(x.fm_add(row.list), row.rc) << row.what;
		EXPECT_EQ(x.snapshot(), before) << row.what;
	}
	const extents good = { { b + 8 * block, block, none, 0 } };
	EXPECT_EQ(x.fm(0x5604, dc_device::request(4, good)).rc, invalid_input) << "policy";
	EXPECT_EQ(x.fm(0x5604, dc_device::request(2, good, none, 0, 0, 1)).rc, invalid_input)
		<< "host";
	EXPECT_EQ(x.fm(0x5604, dc_device::request(0, {}, none, 2, block)).rc, invalid_input)
		<< "region of the free policy";
	EXPECT_EQ(x.fm(0x5604, dc_device::request(0, {}, none, 0, mib)).rc, invalid_input);
	EXPECT_EQ(x.fm(0x5604, dc_device::request(1, {}, none, 0, 300 * mib)).rc, exhausted);
	EXPECT_EQ(x.fm(0x5604, dc_device::request(3, {}, tag_of(1))).rc, invalid_input)
		<< "nothing to share";
	EXPECT_EQ(x.snapshot(), before);
	EXPECT_EQ(x.fm_add(good), success);
}

TEST(dc_fm, case_39_what_the_host_rejected_can_be_offered_again)
{
	dc_device x;
	const extents list = { { x.base, block, {}, 0 } };

	EXPECT_EQ(x.fm_add(list), success);
	EXPECT_EQ(x.fm_add(list), bad_list);
	EXPECT_EQ(x.accept({}), success);
	EXPECT_EQ(x.fm_add(list), success);
	EXPECT_EQ(x.accept({ { x.base, block } }), success);
	EXPECT_EQ(x.fm_add(list), bad_list);
	EXPECT_EQ(x.give_back({ { x.base, block } }), success);
	EXPECT_EQ(x.fm_add(list), success);
}

TEST(dc_fm, an_add_keeps_tag_and_sequence_until_the_host_reads_them)
{
	dc_options o;
	o.shareable = true;
	dc_device shared(o);
	dc_device x;

	EXPECT_EQ(x.fm_add({ { x.base + 4 * block, block, {}, 7 }, { x.base, block, {}, 9 } },
			   tag_of(4)),
		  success);
	const auto log = x.records();
	ASSERT_EQ(log.size(), 2u);
	EXPECT_EQ(log[0].extent, (extent{ x.base + 4 * block, block, tag_of(4), 7 }));
	EXPECT_EQ(log[1].extent, (extent{ x.base, block, tag_of(4), 9 }));
	EXPECT_EQ(x.accept({ { x.base, block }, { x.base + 4 * block, block } }), success);
	EXPECT_EQ(x.accepted(), (extents{ { x.base, block, tag_of(4), 9 },
					  { x.base + 4 * block, block, tag_of(4), 7 } }));

	const uint64_t b = shared.base;
	const bytes before = shared.snapshot();
	EXPECT_EQ(shared.fm_add({ { b, block, {}, 1 }, { b + block, block, {}, 0 } }, tag_of(4)),
		  bad_list)
		<< "shareable extents are numbered";
	EXPECT_EQ(
		shared.fm_add({ { b, block, {}, 0 }, { b + 256 * mib, block, {}, 1 } }, tag_of(4)),
		bad_list)
		<< "one tag, two regions";
	EXPECT_EQ(shared.snapshot(), before);
	EXPECT_EQ(shared.fm_add({ { b, block, {}, 0 }, { b + block, block, {}, 1 } }, tag_of(4)),
		  success);
	EXPECT_EQ(x.fm_add({ { x.base + 256 * mib, block, {}, 0 },
			     { x.base + 64 * block, block, {}, 0 } }),
		  success)
		<< "without a tag, extents may lie in several regions";
}

TEST(dc_fm, the_other_policies_take_the_length)
{
	dc_device x;

	x.give(block, block);
	EXPECT_EQ(x.fm(0x5604, dc_device::request(0, {}, tag_of(1), 0, 3 * block)).rc, success);
	EXPECT_EQ(x.fm(0x5604, dc_device::request(1, {}, tag_of(2), 1, 4 * block)).rc, success);
	EXPECT_EQ(pending(x), (pendings{ { 0, block, 0 },
					 { 2 * block, 2 * block, 0 },
					 { 128 * block, 4 * block, 0 } }));
}

TEST(dc_fm, each_error_of_a_release_has_its_code_and_changes_nothing)
{
	dc_device x;
	const uint64_t b = x.base, end = b + 256 * mib;
	const tag_t none = {};

	x.give(0, 4 * block, tag_of(1));
	EXPECT_EQ(x.add({ { 20 * block, block } }, tag_of(2)), VCXL_DC_OK);
	const bytes before = x.snapshot();
	const struct {
		const char *what;
		extents list;
		unsigned rc;
	} rows[] = {
		{ "nothing", {}, invalid_input },
		{ "more than a device has", extents(17, { b, block, none, 0 }), exhausted },
		{ "across regions", { { end - block, 2 * block, none, 0 } }, bad_address },
		{ "not aligned", { { b + mib, block, none, 0 } }, bad_list },
		{ "length 0", { { b, 0, none, 0 } }, bad_list },
		{ "overlap in the list",
		  { { b, block, none, 0 }, { b, block, none, 0 } },
		  bad_list },
		{ "pending", { { b + 20 * block, block, none, 0 } }, bad_address },
		{ "not accepted", { { b + 8 * block, block, none, 0 } }, bad_address },
		{ "partly accepted", { { b + 3 * block, 2 * block, none, 0 } }, bad_address },
	};
	for (unsigned how : { prescriptive, prescriptive | forced, prescriptive | sanitize })
		for (const auto &row : rows) {
			EXPECT_EQ(x.fm_release(how, row.list), row.rc) << row.what;
			EXPECT_EQ(x.snapshot(), before) << row.what;
		}
	for (unsigned how : { by_tag, by_tag | forced }) {
		EXPECT_EQ(x.fm_release(how, {}, tag_of(3)), invalid_input) << "unknown";
		EXPECT_EQ(x.fm_release(how, {}, tag_of(2)), bad_address) << "pending";
		EXPECT_EQ(x.fm(0x5605, dc_device::request(how, {}, tag_of(1), 0, 3 * block)).rc,
			  invalid_input)
			<< "length is not that of the tag";
	}
	EXPECT_EQ(x.fm_release(2, { { b, block, none, 0 } }), invalid_input) << "policy";
	EXPECT_EQ(x.fm_release(15, { { b, block, none, 0 } }), invalid_input);
	EXPECT_EQ(x.fm(0x5605, dc_device::request(0, {}, tag_of(1), 0, 0, 1)).rc, invalid_input)
		<< "host";
	EXPECT_EQ(x.snapshot(), before);
	EXPECT_EQ(x.fm(0x5605, dc_device::request(forced, {}, tag_of(1), 0, 4 * block)).rc,
		  success);
	EXPECT_TRUE(x.accepted().empty());
}

TEST(dc_fm, a_release_is_an_event_and_forced_it_happens)
{
	dc_device x;
	const extents part = { { x.base + block, block, {}, 0 } };

	x.give(0, 4 * block, tag_of(1));
	EXPECT_EQ(x.fm_release(prescriptive, part), success);
	EXPECT_EQ(x.fm_release(by_tag, {}, tag_of(1)), success);
	EXPECT_EQ(x.accepted().size(), 1u);
	EXPECT_EQ(x.fm_release(prescriptive | forced, part), success);
	EXPECT_EQ(x.accepted().size(), 2u);
	const auto log = x.records();
	ASSERT_EQ(log.size(), 3u);
	EXPECT_EQ(log[0].type, 1u);
	EXPECT_EQ(log[0].extent, (extent{ x.base + block, block, tag_of(1), 0 })) << "its tag";
	EXPECT_EQ(log[1].extent, (extent{ x.base, 4 * block, tag_of(1), 0 }));
	EXPECT_EQ(log[2].type, 2u);
}

/* CXL r3.1 8.2.9.2.1.6: Add Capacity Response and Capacity Released. */
TEST(dc_fm, its_own_log_tells_what_the_host_accepted_and_gave_back)
{
	dc_device x;
	const uint64_t b = x.base;
	const auto records = [&x] {
		const reply r = x.fm(0x0100, { 4 });
		bytes clear = { 4, 0, static_cast<uint8_t>(le(r.out, 0x14, 2)), 0, 0, 0 };
		std::vector<std::tuple<unsigned, unsigned, uint64_t, uint64_t, tag_t>> list;
		for (size_t i = 0; i < le(r.out, 0x14, 2); i++) {
			const size_t at = 0x20 + 0x80 * i;
			const extent e = extent_at(r.out, at + 0x38);
			list.emplace_back(r.out.at(at + 0x30), r.out.at(at + 0x35), e.dpa, e.len,
					  e.tag);
			append(clear, { r.out.at(at + 0x14), r.out.at(at + 0x15) });
		}
		if (!list.empty()) {
			EXPECT_EQ(x.fm(0x0101, clear).rc, success);
		}
		return list;
	};
	using expected = decltype(records());

	EXPECT_EQ(x.fm_add({ { b, 4 * block, {}, 0 }, { b + 8 * block, block, {}, 0 } }, tag_of(1)),
		  success);
	EXPECT_TRUE(records().empty()) << "the offer is told to the host";
	EXPECT_EQ(x.accept({ { b + 8 * block, block }, { b, 2 * block } }), success);
	EXPECT_EQ(records(), (expected{ { 4, 1, b + 8 * block, block, tag_of(1) },
					{ 4, 0, b, 2 * block, tag_of(1) } }));
	EXPECT_EQ(x.fm_add({ { b + 20 * block, block, {}, 0 } }, tag_of(2)), success);
	EXPECT_EQ(x.accept({}), success);
	EXPECT_EQ(records(), (expected{ { 4, 0, 0, 0, tag_of(2) } })) << "nothing of it";
	EXPECT_EQ(x.give_back({ { b + block, block }, { b + 8 * block, block } }), success);
	EXPECT_EQ(records(), (expected{ { 5, 1, b + block, block, tag_of(1) },
					{ 5, 0, b + 8 * block, block, tag_of(1) } }));
	EXPECT_EQ(x.give_back({ { b + block, block } }), bad_address);
	EXPECT_EQ(x.fm_release(by_tag | forced, {}, tag_of(1)), success);
	EXPECT_TRUE(records().empty()) << "what it did itself";
	EXPECT_EQ(x.fm(0x0100, { 5 }).rc, invalid_input);
	EXPECT_EQ(le(x.fm(0x0100, { 0 }).out, 0x14, 2), 0u) << "the other logs are empty";
	EXPECT_EQ(x.fm(0x0101, { 0, 0, 1, 0, 0, 0, 1, 0 }).rc, 0xeu);
	EXPECT_EQ(x.fm(0x0101, { 0, 1, 0, 0, 0, 0 }).rc, invalid_input);
}

TEST(dc_fm, tags_are_listed_with_who_has_them)
{
	vcxl_dc_pool *pool = nullptr;
	std::vector<uint8_t> memory(block);
	vcxl_media m = {};
	m.size = block;
	m.direct = memory.data();
	ASSERT_EQ(vcxl_dc_pool_create(2, &pool), VCXL_OK);
	dc_options o;
	o.pool = pool;
	{
		dc_device x(o);
		const auto tags = [&x](uint64_t start = 0, uint64_t count = 100) {
			return x.fm(0x5608, bytes_of({ { start, 4 }, { count, 4 } }));
		};

		EXPECT_EQ(vcxl_dc_pool_attach(pool, tag_of(1).data(), &m), VCXL_DC_OK);
		x.give(8 * block, block, tag_of(2));
		EXPECT_EQ(x.add({ { 0, block }, { 2 * block, block } }, tag_of(3)), VCXL_DC_OK);
		EXPECT_EQ(x.add({ { 4 * block, block } }), VCXL_DC_OK);
		const reply all = tags();
		ASSERT_EQ(all.out.size(), 16u + 3 * 84);
		EXPECT_EQ(le(all.out, 4, 4), 3u);
		EXPECT_EQ(le(all.out, 8, 4), 3u);
		EXPECT_EQ(all.out[12], 3u) << "both bitmaps are valid";
		const struct {
			uint8_t tag, host, pending;
		} rows[] = { { 1, 0, 0 }, { 3, 0, 1 }, { 2, 1, 0 } };
		for (unsigned i = 0; i < 3; i++) {
			const size_t at = 16 + 84 * i;
			EXPECT_EQ(all.out[at], rows[i].tag);
			EXPECT_EQ(all.out[at + 16], 0u);
			EXPECT_EQ(all.out[at + 20], rows[i].host);
			EXPECT_EQ(all.out[at + 52], rows[i].pending);
		}
		const reply part = tags(1, 1);
		EXPECT_EQ(le(part.out, 8, 4), 1u);
		EXPECT_EQ(part.out[16], 3u);
		EXPECT_EQ(tags(3).rc, success);
		EXPECT_EQ(tags(4).rc, invalid_input);
		EXPECT_EQ(
			le(x.fm(0x5608, bytes_of({ { 0, 4 }, { 9, 4 } }), 16 + 84 + 83).out, 8, 4),
			1u)
			<< "as many as fit";

		/* each change is a new generation */
		uint64_t last = le(all.out, 0, 4);
		const auto changed = [&] {
			const uint64_t now = le(tags().out, 0, 4);
			return std::exchange(last, now) != now;
		};
		EXPECT_FALSE(changed());
		EXPECT_EQ(x.accept({ { x.base, block } }), success);
		EXPECT_TRUE(changed());
		EXPECT_EQ(x.give_back({ { x.base, block } }), success);
		EXPECT_TRUE(changed());
		EXPECT_EQ(x.add({ { 0, block } }, tag_of(7)), VCXL_DC_OK);
		EXPECT_TRUE(changed());
	}
	vcxl_dc_pool_destroy(pool);
}

TEST(dc_fm, a_reference_keeps_memory_and_its_contents)
{
	vcxl_dc_pool *pool = nullptr;
	std::vector<uint8_t> memory(block);
	vcxl_media m = {};
	m.size = block;
	m.direct = memory.data();
	ASSERT_EQ(vcxl_dc_pool_create(2, &pool), VCXL_OK);
	dc_options o;
	o.pool = pool;
	{
		dc_device x(o);
		const auto reference = [&x](uint16_t opcode, uint8_t tag) {
			const tag_t t = tag_of(tag);
			return x.fm(opcode, bytes(t.begin(), t.end())).rc;
		};

		x.map();
		EXPECT_EQ(reference(0x5606, 1), invalid_input) << "no such tag";
		x.give(8 * block, block, tag_of(2));
		EXPECT_EQ(reference(0x5606, 2), invalid_input) << "no memory of its own";
		EXPECT_EQ(vcxl_dc_pool_attach(pool, tag_of(1).data(), &m), VCXL_DC_OK);
		EXPECT_EQ(reference(0x5607, 1), invalid_input) << "none held";
		EXPECT_EQ(reference(0x5606, 1), success);
		EXPECT_EQ(x.fm(0x5608, bytes_of({ { 0, 4 }, { 1, 4 } })).out[16 + 16], 1u);
		x.give(0, block, tag_of(1));
		EXPECT_EQ(x.d.store(window + x.base, 0x55), VCXL_OK);
		EXPECT_EQ(x.fm_release(by_tag | forced | sanitize, {}, tag_of(1)), success);
		EXPECT_EQ(memory[0], 0x55) << "the reference keeps it";
		EXPECT_EQ(vcxl_dc_pool_detach(pool, tag_of(1).data()), VCXL_DC_E_BUSY);
		EXPECT_EQ(reference(0x5607, 1), success);
		EXPECT_EQ(memory[0], 0) << "and its end does what was asked for";
		EXPECT_EQ(reference(0x5607, 1), invalid_input);
		EXPECT_EQ(vcxl_dc_pool_detach(pool, tag_of(1).data()), VCXL_DC_OK);
	}
	vcxl_dc_pool_destroy(pool);
}
