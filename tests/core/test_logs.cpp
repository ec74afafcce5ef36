/* SPDX-License-Identifier: Apache-2.0 */
/* Logs beside the command effects: their list, the debug log, the state dump. CXL r3.1 8.2.9.5. */
#include "test_memdev_fixture.h"
#include "uuids.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t ms = 1'000'000'000; /* ps */

/* Size of the log that the list has at position i. */
uint32_t size_of(device &d, unsigned i)
{
	return static_cast<uint32_t>(le(d.command(0x0400).out, 8 + 20 * i + 16, 4));
}

bytes read(device &d, const bytes &uuid, uint32_t size)
{
	bytes all;

	while (all.size() < size) {
		const size_t n = std::min<size_t>(size - all.size(), 0x800);
		bytes in = uuid;
		const bytes range = bytes_of({ { all.size(), 4 }, { n, 4 } });
		in.insert(in.end(), range.begin(), range.end());
		const reply r = d.command(0x0401, in);
		EXPECT_EQ(r.rc, 0u);
		if (r.out.size() != n)
			break;
		all.insert(all.end(), r.out.begin(), r.out.end());
	}
	return all;
}

} /* namespace */

TEST(logs, capabilities_tell_which_can_be_cleared_and_populated)
{
	device d;

	EXPECT_EQ(d.command(0x0402, cel_uuid).out, (bytes{ 0, 0, 0, 0 }));
	EXPECT_EQ(d.command(0x0402, debug_log_uuid).out, (bytes{ 1, 0, 0, 0 }));
	EXPECT_EQ(d.command(0x0402, dump_uuid).out, (bytes{ 3, 0, 0, 0 }));
}

TEST(logs, sub_list_is_a_part_of_the_list)
{
	device d;
	const bytes list = d.command(0x0400).out;

	for (unsigned start = 0; start < 3; start++) {
		for (unsigned max = 0; max < 5; max++) {
			const unsigned n = std::min(max, 3 - start);
			const bytes out = d.command(0x0405, { static_cast<uint8_t>(max),
							      static_cast<uint8_t>(start) })
						  .out;
			ASSERT_EQ(out.size(), 8 + 20 * n);
			EXPECT_EQ(le(out, 0, 8), n | 3u << 16 | uint64_t{ start } << 32);
			EXPECT_EQ(bytes(out.begin() + 8, out.end()),
				  bytes(list.begin() + 8 + 20 * start,
					list.begin() + 8 + 20 * (start + n)));
		}
	}
}

TEST(debug_log, has_the_latest_64_commands_but_those_of_logs)
{
	device d;

	EXPECT_EQ(size_of(d, 1), 0u);
	d.command(0x0301, bytes_of({ { 1000, 8 } }));
	vcxl_memdev_tick(d.md, 7'000);
	d.command(0x4302, { 1, 2 });
	ASSERT_EQ(size_of(d, 1), 32u);
	EXPECT_EQ(read(d, debug_log_uuid, 32), bytes_of({ { 1000, 8 },
							  { 0x0301, 2 },
							  { 0, 2 },
							  { 8, 4 },
							  { 1007, 8 },
							  { 0x4302, 2 },
							  { 0x16, 2 },
							  { 2, 4 } }));
	for (unsigned i = 0; i < 63; i++)
		d.command(0x4000);
	ASSERT_EQ(size_of(d, 1), 64u * 16);
	EXPECT_EQ(le(read(d, debug_log_uuid, 64 * 16), 8, 2), 0x4302u) << "the oldest is forgotten";
	EXPECT_EQ(d.command(0x0403, debug_log_uuid).rc, 0u);
	EXPECT_EQ(size_of(d, 1), 0u);
}

TEST(state_dump, holds_the_registers_as_they_were_when_it_was_populated)
{
	device d;

	EXPECT_EQ(size_of(d, 2), 0u);
	d.command(0x0301, bytes_of({ { 5, 8 } }));
	d.commit(0, window, 512 * mib);
	EXPECT_EQ(d.command(0x0404, dump_uuid).rc, 1u);
	EXPECT_EQ(size_of(d, 2), 0u) << "not yet";
	vcxl_memdev_tick(d.md, 10 * ms);
	d.uncommit(0);
	ASSERT_EQ(size_of(d, 2), 0x1040u);
	const bytes log = read(d, dump_uuid, 0x1040);
	ASSERT_EQ(log.size(), 0x1040u);
	EXPECT_EQ(le(log, 0, 4), 0x1000u);
	EXPECT_EQ(le(log, 8, 8), 10'000'005u) << "ns";
	const uint32_t control = d.decoder(0) - 0x1000 + 0x10;
	EXPECT_EQ(le(log, 0x40 + control, 4) >> 10 & 1, 1u) << "it was committed then";
	EXPECT_EQ(le(log, 0x40, 4), d.read(VCXL_SPACE_COMPONENT, 0x1000, 4));
	EXPECT_EQ(d.command(0x0403, dump_uuid).rc, 0u);
	EXPECT_EQ(size_of(d, 2), 0u);
}

TEST(logs, survive_every_reset_but_a_cold_one)
{
	device d;

	d.command(0x4000);
	d.command(0x0404, dump_uuid);
	vcxl_memdev_tick(d.md, 10 * ms);
	for (vcxl_reset kind : { VCXL_RESET_FLR, VCXL_RESET_CXL, VCXL_RESET_HOT }) {
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(size_of(d, 1), 16u) << kind;
		EXPECT_EQ(size_of(d, 2), 0x1040u) << kind;
	}
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(size_of(d, 1), 0u);
	EXPECT_EQ(size_of(d, 2), 0u);
}

TEST(qos, thresholds_are_kept_until_power_is_lost)
{
	device d;

	EXPECT_EQ(d.command(0x4700).out, (bytes{ 0, 10, 25, 8 }));
	EXPECT_EQ(d.command(0x4701, { 0, 20, 20, 0 }).rc, 0u);
	vcxl_memdev_reset(d.md, VCXL_RESET_HOT);
	EXPECT_EQ(d.command(0x4700).out, (bytes{ 0, 20, 20, 0 }));
	EXPECT_EQ(d.command(0x4702).out, (bytes{ 0 })) << "no backpressure";
	EXPECT_EQ(d.command(0x4000).out[0x42], 0) << "no QoS capability";
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(d.command(0x4700).out, (bytes{ 0, 10, 25, 8 }));
}
