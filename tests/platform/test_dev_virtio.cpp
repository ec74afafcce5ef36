// SPDX-License-Identifier: Apache-2.0
//
// Virtqueues, the PCI transport and the block device (Virtio 1.2) from the driver's side.
#include <functional>
#include <string>
#include <vector>

#include <virtio_rng.h>

#include "virtio_driver.h"

using namespace vcxl_test;

TEST_F(virtio, features_that_were_not_offered_or_no_version_1_are_not_ok)
{
	for (const uint64_t features :
	     { uint64_t{ 0 }, v1 | uint64_t{ 1 } << 33, v1 | uint64_t{ 1 } << 5 }) {
		wr(0x14, 1, 0);
		for (uint32_t half = 0; half < 2; half++) {
			wr(0x08, 4, half);
			wr(0x0c, 4, features >> 32 * half & 0xffffffff);
		}
		wr(0x14, 1, 0xb);
		EXPECT_EQ(rd(0x14, 1), 0x3u) << features;
	}
	wr(0x08, 4, 0);
	wr(0x0c, 4, 0);
	wr(0x14, 1, 0xb);
	EXPECT_EQ(rd(0x14, 1), 0xbu);
}

TEST_F(virtio, a_read_brings_the_sectors_and_a_message)
{
	start();
	EXPECT_EQ(request(0, 3, 1024, true), 0u);
	EXPECT_EQ(memory[content], 3);
	EXPECT_EQ(memory[content + 511], 3);
	EXPECT_EQ(memory[content + 1023], 4);
	EXPECT_EQ(get(used + 2, 2), 1u);
	EXPECT_EQ(get(used + 4, 4), 0u);    // its head
	EXPECT_EQ(get(used + 8, 4), 1025u); // data and status
	EXPECT_EQ(messages, std::vector<uint32_t>{ 101 });
	EXPECT_EQ(rd(0x1000, 1), 1u); // the ISR, which reading clears
	EXPECT_EQ(rd(0x1000, 1), 0u);
	EXPECT_EQ(notified, 1u);
}

TEST_F(virtio, the_ring_wraps_over_70000_requests)
{
	start();
	for (unsigned i = 0; i < 70000; i++)
		ASSERT_EQ(request(1, i % 64, 512, false), 0u) << i;
	EXPECT_EQ(get(used + 2, 2), 70000u % 65536);
	EXPECT_FALSE(needs_reset());
}

TEST_F(virtio, nothing_runs_before_driver_ok_nor_without_bus_mastering)
{
	start();
	wr(0x14, 1, 0xb);
	EXPECT_EQ(request(0, 0, 512, true), 0xffu);
	wr(0x14, 1, 0xf);
	vcxl_virtio_write(v, VCXL_SPACE_CONFIG, 4, 2, 2);
	kick();
	EXPECT_EQ(get(used + 2, 2), 0u);
	vcxl_virtio_write(v, VCXL_SPACE_CONFIG, 4, 2, 6);
	kick();
	EXPECT_EQ(get(used + 2, 2), 1u);
}

TEST_F(virtio, indirect_descriptors_are_one_chain)
{
	const uint64_t table = data + 0x9000;

	start(v1 | indirect);
	put(data, 4, 0);
	put(data + 8, 8, 5);
	describe(table, 0, data, 16, f_next, 2);
	describe(table, 1, status_at, 1, f_write);
	describe(table, 2, content, 512, f_next | f_write, 1);
	describe(desc, 6, table, 3 * 16, f_indirect);
	offer(6);
	kick();
	EXPECT_EQ(get(used + 4, 4), 6u);
	EXPECT_EQ(memory[content], 5);
	EXPECT_FALSE(needs_reset());
}

TEST_F(virtio, the_driver_hears_when_the_index_that_it_waits_for_is_passed)
{
	start(v1 | event_idx);
	put(avail + 4 + 2 * size, 2, 2); // used_event: after the third
	request(0, 0, 512, true);
	EXPECT_EQ(get(used + 4 + 8 * size, 2), 1u); // avail_event: the next one
	request(0, 0, 512, true);
	EXPECT_TRUE(messages.empty());
	request(0, 0, 512, true);
	EXPECT_EQ(messages.size(), 1u);
	request(0, 0, 512, true);
	EXPECT_EQ(messages.size(), 1u);
	kick(); // nothing given back, nothing to tell
	EXPECT_EQ(messages.size(), 1u);
}

TEST_F(virtio, a_driver_that_polls_is_not_interrupted)
{
	start();
	put(avail, 2, 1);
	EXPECT_EQ(request(0, 0, 512, true), 0u);
	EXPECT_TRUE(messages.empty());
}

TEST_F(virtio, rings_that_break_the_rules_need_a_reset_and_are_left_alone_until_then)
{
	const uint64_t table = data + 0x9000;
	const std::vector<std::function<void()>> wrongs = {
		[&] { describe(desc, 0, data, 16, f_next, 0); },      // a loop
		[&] { describe(desc, 0, data, 16, f_next, size); },   // no such descriptor
		[&] { describe(desc, 0, nowhere, 16, f_next, 2); },   // no memory
		[&] { describe(desc, 0, ~0ull - 4, 16, f_next, 2); }, // the end of addresses
		[&] { describe(desc, 2, nowhere, 1, f_write); },      // of the status
		[&] { describe(desc, 0, data, 15, f_next, 2); },      // a short header
		[&] { describe(desc, 0, data, 16, 0); },              // no status
		[&] {
			describe(desc, 0, data, 16, f_next | f_write, 1);
			describe(desc, 1, content, 16, 0);
		},
		[&] { describe(desc, 0, table, 24, f_indirect); }, // no whole table
		[&] { describe(desc, 0, table, 0, f_indirect); },
		[&] { describe(desc, 0, nowhere, 32, f_indirect); },
		[&] { describe(desc, 0, table, 32, f_indirect | f_next, 2); },
		[&] { describe(desc, 0, table, 257 * 16, f_indirect); }, // longer than a queue
		[&] {
			describe(desc, 0, table, 16, f_indirect);
			describe(table, 0, table, 16, f_indirect);
		},
		[&] {
			describe(desc, 0, table, 32, f_indirect);
			describe(table, 0, data, 16, f_next, 2);
		},
		[&] { index += size; },           // more than the ring holds
		[&] { put(avail + 4, 2, size); }, // no such head
	};

	for (size_t i = 0; i < wrongs.size(); i++) {
		start(v1 | indirect);
		messages.clear();
		index = 0;
		std::fill(memory.begin() + used, memory.begin() + used + 0x100, uint8_t{ 0 });
		put(data, 4, 0);
		put(data + 8, 8, 0);
		describe(desc, 0, data, 16, f_next, 2);
		describe(desc, 2, status_at, 1, f_write);
		put(avail + 4, 2, 0);
		wrongs[i]();
		put(avail + 2, 2, ++index);
		kick();
		EXPECT_TRUE(needs_reset()) << i;
		EXPECT_EQ(messages, std::vector<uint32_t>{ 100 }) << i; // the configuration changed
		EXPECT_EQ(get(used + 2, 2), 0u) << i;
		index = 0;
		EXPECT_EQ(request(0, 0, 512, true), 0xffu) << i;
	}
	wr(0x14, 1, 0);
	index = 0;
	put(used + 2, 2, 0);
	start();
	EXPECT_EQ(request(0, 0, 512, true), 0u);
}

TEST_F(virtio, rings_without_memory_need_a_reset)
{
	for (const uint32_t area : { 0x20u, 0x28u, 0x30u }) {
		start();
		wr(0x14, 1, 0);
		start();
		wr(0x1c, 2, 1);
		v->queues[0].enabled = false; // as before it was enabled
		wr(area, 4, nowhere);
		wr(0x1c, 2, 1);
		request(0, 0, 512, true);
		EXPECT_TRUE(needs_reset()) << area;
		index = 0;
	}
}

TEST_F(virtio, sectors_beyond_the_end_or_cut_are_errors_and_touch_nothing)
{
	start();
	EXPECT_EQ(request(0, 63, 1024, true), 1u);
	EXPECT_EQ(request(0, 64, 512, true), 1u);
	EXPECT_EQ(request(1, ~0ull, 512, false), 1u);
	EXPECT_EQ(request(1, 1ull << 55, 512, false), 1u);
	EXPECT_EQ(request(0, 0, 511, true), 1u);
	EXPECT_EQ(request(1, 0, 513, false), 1u);
	EXPECT_EQ(calls, "");
	EXPECT_EQ(request(99, 0, 512, true), 2u);
	EXPECT_FALSE(needs_reset());
}

TEST_F(virtio, an_error_of_the_host_is_an_error_of_the_request)
{
	start(v1 | flush_feature);
	broken_disk = true;
	EXPECT_EQ(request(0, 0, 512, true), 1u);
	EXPECT_EQ(request(1, 0, 512, false), 1u);
	EXPECT_EQ(request(4, 0, 0, false), 1u);
	EXPECT_FALSE(needs_reset());
}

TEST_F(virtio, writes_are_flushed_when_the_driver_asks_or_cannot_ask)
{
	start(v1 | flush_feature);
	EXPECT_EQ(request(1, 0, 512, false), 0u);
	EXPECT_EQ(request(4, 0, 0, false), 0u);
	EXPECT_EQ(request(1, 1, 512, false), 0u);
	EXPECT_EQ(calls, "wfw");
	calls.clear();
	start(v1); // neither flush nor cache control
	index = 0;
	put(used + 2, 2, 0);
	EXPECT_EQ(request(1, 0, 512, false), 0u);
	EXPECT_EQ(calls, "wf");
	calls.clear();
	start(v1 | flush_feature | wce_feature);
	index = 0;
	EXPECT_EQ(rd(0x2020, 1), 1u);
	wr(0x2020, 1, 0);
	EXPECT_EQ(request(1, 0, 512, false), 0u);
	EXPECT_EQ(calls, "wf");
}

TEST_F(virtio, a_disk_that_writes_through_flushes_each_write)
{
	make(false, false);
	start(v1 | flush_feature | wce_feature);
	EXPECT_EQ(rd(0x2020, 1), 0u);
	EXPECT_EQ(request(1, 0, 512, false), 0u);
	EXPECT_EQ(calls, "wf");
}

TEST_F(virtio, a_read_only_disk_says_so_and_refuses_what_changes_it)
{
	const std::vector<uint8_t> before = disk;

	make(true);
	wr(0x00, 4, 0);
	EXPECT_TRUE(rd(0x04, 4) & 1u << 5);
	start();
	put(content + 8, 4, 1);
	put(content + 12, 4, 0);
	for (const unsigned type : { 1u, 11u, 13u })
		EXPECT_EQ(request(type, 0, type == 1 ? 512 : 16, false), 1u) << type;
	EXPECT_EQ(calls, "");
	EXPECT_EQ(disk, before);
	EXPECT_EQ(request(0, 0, 512, true), 0u);
}

TEST_F(virtio, discard_and_write_zeroes_take_ranges_all_or_none)
{
	const auto range = [&](unsigned i, uint64_t sector, uint32_t sectors, uint32_t flags) {
		put(content + 16 * i, 8, sector);
		put(content + 16 * i + 8, 4, sectors);
		put(content + 16 * i + 12, 4, flags);
	};

	start();
	range(0, 2, 1, 0);
	range(1, 5, 2, 0);
	EXPECT_EQ(request(13, 0, 32, false), 0u);
	EXPECT_EQ(disk[2 * 512], 0);
	EXPECT_EQ(disk[3 * 512], 3);
	EXPECT_EQ(disk[6 * 512 + 511], 0);
	EXPECT_EQ(disk[7 * 512], 7);
	range(0, 10, 1, 0);
	range(1, 63, 2, 0);
	EXPECT_EQ(request(11, 0, 32, false), 1u);
	EXPECT_EQ(disk[10 * 512], 10);
	range(1, 12, 1, 1); // unmap: write-zeroes alone knows it
	EXPECT_EQ(request(11, 0, 32, false), 2u);
	EXPECT_EQ(disk[10 * 512], 10);
	EXPECT_EQ(request(13, 0, 32, false), 0u);
	EXPECT_EQ(disk[12 * 512], 0);
	EXPECT_EQ(request(13, 0, 24, false), 1u);
	EXPECT_EQ(request(13, 0, 17 * 16, false), 1u);
}

TEST_F(virtio, the_disk_has_a_name_and_a_size)
{
	start();
	EXPECT_EQ(request(8, 0, 20, true), 0u);
	EXPECT_EQ(std::memcmp(&memory[content], "serial\0\0", 8), 0);
	EXPECT_EQ(get(used + 8, 4), 21u);
	EXPECT_EQ(rd(0x2000, 4), 64u);
	EXPECT_EQ(rd(0x2004, 4), 0u);
	EXPECT_EQ(rd(0x2014, 4), 512u);
}

TEST_F(virtio, queues_that_do_not_exist_have_no_size_and_take_nothing)
{
	start();
	wr(0x16, 2, 1);
	EXPECT_EQ(rd(0x18, 2), 0u);
	wr(0x20, 4, 0x1234);
	wr(0x1c, 2, 1);
	EXPECT_EQ(rd(0x20, 4), 0u);
	EXPECT_EQ(rd(0x1c, 2), 0u);
	wr(0x3000 + 4, 2, 1);
	wr(0x3ffc, 4, 1);
	EXPECT_EQ(notified, 0u);
	wr(0x16, 2, 0);
	wr(0x1a, 2, 7); // no such vector
	EXPECT_EQ(rd(0x1a, 2), 0xffffu);
}
