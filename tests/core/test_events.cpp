/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event logs: reading, clearing, overflow, interrupts, resets. CXL r3.1 8.2.9.2, 8.2.8.3.1. Records
 * are injected by the public interface and read as a driver reads them.
 */
#include "test_memdev_fixture.h"

#include <vcxl/event.h>

using namespace vcxl_test;

namespace
{

constexpr uint64_t ns = 1000; /* ps */

vcxl_event_record record(uint8_t mark = 0)
{
	vcxl_event_record r = {};
	for (unsigned i = 0; i < 16; i++)
		r.uuid[i] = static_cast<uint8_t>(0xa0 + i);
	r.flags = 0xffffff; /* bits 1:0 are the device's */
	r.related_handle = 0x1234;
	r.maintenance_class = 1;
	r.maintenance_subclass = 2;
	r.ld_id = 0x5678;
	r.head_id = 9;
	for (unsigned i = 0; i < 0x50; i++)
		r.data[i] = static_cast<uint8_t>(mark + i);
	return r;
}

void inject(device &d, unsigned log, uint8_t mark = 0)
{
	const vcxl_event_record r = record(mark);
	EXPECT_EQ(vcxl_event_inject(d.md, static_cast<vcxl_event_log>(log), &r), VCXL_OK);
}

reply get(device &d, unsigned log)
{
	return d.command(0x0100, bytes_of({ { log, 1 } }));
}

unsigned count(const reply &r)
{
	return static_cast<unsigned>(le(r.out, 0x14, 2));
}

unsigned handle(const reply &r, unsigned i)
{
	return static_cast<unsigned>(le(r.out, 0x20 + 0x80 * i + 0x14, 2));
}

std::vector<unsigned> handles(const reply &r)
{
	std::vector<unsigned> list;
	for (unsigned i = 0; i < count(r); i++)
		list.push_back(handle(r, i));
	return list;
}

unsigned clear(device &d, unsigned log, const std::vector<unsigned> &list, unsigned flags = 0)
{
	std::vector<uint8_t> in =
		bytes_of({ { log, 1 }, { flags, 1 }, { list.size(), 1 }, { 0, 3 } });
	for (unsigned h : list) {
		in.push_back(static_cast<uint8_t>(h));
		in.push_back(static_cast<uint8_t>(h >> 8));
	}
	return d.command(0x0101, in).rc;
}

uint64_t event_status(device &d)
{
	return d.read(VCXL_SPACE_DEVICE, d.find_device(1), 8);
}

unsigned set_policy(device &d, const std::vector<uint8_t> &modes)
{
	return d.command(0x0103, modes).rc;
}

} /* namespace */

/* ---- records ---- */

TEST(event_records, an_empty_log_has_a_header_and_no_record)
{
	device d;

	for (unsigned log = 0; log < 4; log++) {
		const reply r = get(d, log);
		EXPECT_EQ(r.rc, 0u);
		EXPECT_EQ(r.out, std::vector<uint8_t>(0x20, 0));
	}
}

TEST(event_records, a_log_that_the_device_does_not_have_is_invalid_input)
{
	device d;
	const vcxl_event_record r = record();

	for (unsigned log : { 4u, 5u, 255u }) {
		EXPECT_EQ(get(d, log).rc, 2u);
		EXPECT_EQ(clear(d, log, { 1 }), 2u);
		EXPECT_EQ(vcxl_event_inject(d.md, static_cast<vcxl_event_log>(log), &r),
			  VCXL_E_CONFIG);
	}
	EXPECT_EQ(event_status(d), 0u);
}

TEST(event_records, a_record_has_the_common_format_and_the_severity_of_its_log)
{
	for (unsigned log = 0; log < 4; log++) {
		device d;

		d.command(0x0301, bytes_of({ { 5'000'000, 8 } }));
		vcxl_memdev_tick(d.md, 77 * ns);
		inject(d, log, 0x40);
		const reply r = get(d, log);
		ASSERT_EQ(r.out.size(), 0x20u + 0x80u);
		EXPECT_EQ(count(r), 1u);
		const std::vector<uint8_t> e(r.out.begin() + 0x20, r.out.end());
		for (unsigned i = 0; i < 16; i++)
			EXPECT_EQ(e[i], 0xa0 + i);
		EXPECT_EQ(e[0x10], 0x80) << "length";
		EXPECT_EQ(le(e, 0x11, 3), 0xfffffcu | log) << "flags";
		EXPECT_NE(le(e, 0x14, 2), 0u) << "handle";
		EXPECT_EQ(le(e, 0x16, 2), 0x1234u) << "related handle";
		EXPECT_EQ(le(e, 0x18, 8), 5'000'077u) << "timestamp of the device";
		EXPECT_EQ(le(e, 0x20, 2), 0x0201u) << "maintenance class and subclass";
		EXPECT_EQ(le(e, 0x22, 2), 0x5678u) << "LD-ID";
		EXPECT_EQ(e[0x24], 9) << "head ID";
		for (unsigned i = 0x25; i < 0x30; i++)
			EXPECT_EQ(e[i], 0) << "reserved";
		for (unsigned i = 0; i < 0x50; i++)
			EXPECT_EQ(e[0x30 + i], 0x40 + i);
	}
}

TEST(event_records, the_timestamp_is_0_while_the_clock_was_never_set)
{
	device d;

	vcxl_memdev_tick(d.md, 77 * ns);
	inject(d, 0);
	EXPECT_EQ(le(get(d, 0).out, 0x20 + 0x18, 8), 0u);
}

TEST(event_records, come_oldest_first_and_reading_does_not_remove_them)
{
	device d;

	for (uint8_t i = 0; i < 3; i++)
		inject(d, 1, i);
	const reply first = get(d, 1), second = get(d, 1);
	EXPECT_EQ(count(first), 3u);
	EXPECT_EQ(first.out, second.out);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(first.out[0x20 + 0x80 * i + 0x30], i);
}

TEST(event_records, more_is_set_when_the_payload_does_not_hold_them_all)
{
	options o;
	o.event_log_depth = 20;
	device d(o);

	for (uint8_t i = 0; i < 16; i++)
		inject(d, 0, i);
	reply r = get(d, 0);
	EXPECT_EQ(count(r), 15u) << "2048 bytes";
	EXPECT_EQ(r.out[0], 2u);
	EXPECT_EQ(clear(d, 0, handles(r)), 0u);
	r = get(d, 0);
	EXPECT_EQ(count(r), 1u);
	EXPECT_EQ(r.out[0], 0u);
	EXPECT_EQ(r.out[0x50], 15u);
}

TEST(event_records, the_smallest_payload_holds_one)
{
	options o;
	o.mailbox_log2 = 8;
	device d(o);

	inject(d, 0);
	inject(d, 0);
	const reply r = get(d, 0);
	EXPECT_EQ(r.out.size(), 0xa0u);
	EXPECT_EQ(r.out[0], 2u);
}

TEST(event_records, handles_are_unique_in_the_log_and_never_0)
{
	device d;

	/* straight to the dispatcher: through registers this would take long */
	for (unsigned i = 1; i < 70'000; i++) {
		uint8_t out[2048];
		uint32_t out_len;
		const uint8_t get_in[] = { 2 };

		inject(d, 2);
		ASSERT_EQ(vcxl_memdev_command(d.md, 0x0100, get_in, 1, out, &out_len), 0);
		ASSERT_EQ(out_len, 0xa0u);
		const uint8_t clear_in[] = { 2, 0, 1, 0, 0, 0, out[0x34], out[0x35] };
		ASSERT_EQ(out[0x34] | out[0x35] << 8, static_cast<int>((i - 1) % 65535 + 1));
		ASSERT_EQ(vcxl_memdev_command(d.md, 0x0101, clear_in, 8, out, &out_len), 0);
	}
}

/* ---- clear ---- */

TEST(event_clear, removes_the_oldest_records_by_their_handles)
{
	device d;

	for (uint8_t i = 0; i < 5; i++)
		inject(d, 0, i);
	const std::vector<unsigned> all = handles(get(d, 0));
	EXPECT_EQ(clear(d, 0, { all[0], all[1] }), 0u);
	EXPECT_EQ(handles(get(d, 0)), (std::vector<unsigned>{ all[2], all[3], all[4] }));
	EXPECT_EQ(clear(d, 0, { all[2], all[3], all[4] }), 0u);
	EXPECT_EQ(count(get(d, 0)), 0u);
}

TEST(event_clear, case_28_out_of_order_unknown_and_zero_handles_are_invalid_handle)
{
	device d;

	for (uint8_t i = 0; i < 3; i++)
		inject(d, 0, i);
	const std::vector<unsigned> all = handles(get(d, 0));
	const std::vector<std::vector<unsigned>> wrong = {
		{ all[1] },         { all[1], all[0] },
		{ all[0], all[2] }, { 0 },
		{ all[0], 0 },      { all[0], 0x7777 },
		{ all[0], all[0] }, { all[0], all[1], all[2], all[2] }
	};
	for (const auto &list : wrong) {
		EXPECT_EQ(clear(d, 0, list), 0xeu);
		EXPECT_EQ(handles(get(d, 0)), all) << "nothing was cleared";
	}
	EXPECT_EQ(clear(d, 1, { all[0] }), 0xeu) << "a handle belongs to its log";
	EXPECT_EQ(clear(d, 0, all), 0u);
	EXPECT_EQ(clear(d, 0, { all[0] }), 0xeu) << "cleared already";
}

TEST(event_clear, no_handle_at_all_is_invalid_input_and_a_short_list_invalid_payload_length)
{
	device d;

	inject(d, 0);
	EXPECT_EQ(clear(d, 0, {}), 2u);
	EXPECT_EQ(d.command(0x0101, { 0, 0, 1, 0, 0, 0, 1 }).rc, 0x16u);
	EXPECT_EQ(d.command(0x0101, { 0, 0, 255, 0, 0, 0, 1, 0 }).rc, 0x16u);
	EXPECT_EQ(d.command(0x0101, { 0, 0, 1, 0, 0 }).rc, 0x16u);
	EXPECT_EQ(count(get(d, 0)), 1u);
	EXPECT_EQ(d.command(0x0101, { 0, 0, 1, 0, 0, 0, 1, 0 }).rc, 0u);
}

TEST(event_clear, case_32_all_at_once_is_allowed_only_after_overflow)
{
	device d;

	for (unsigned i = 0; i < 8; i++)
		inject(d, 3);
	EXPECT_EQ(clear(d, 3, {}, 1), 2u);
	EXPECT_EQ(count(get(d, 3)), 8u);
	inject(d, 3);
	EXPECT_EQ(clear(d, 3, {}, 1), 0u);
	EXPECT_EQ(get(d, 3).out, std::vector<uint8_t>(0x20, 0));
	EXPECT_EQ(event_status(d), 0u) << "the bit dropped";
	EXPECT_EQ(clear(d, 3, {}, 1), 2u);
}

/* ---- overflow ---- */

TEST(event_overflow, case_27_keeps_the_oldest_and_tells_number_and_times_of_the_others)
{
	device d;

	d.command(0x0301, bytes_of({ { 1000, 8 } }));
	for (uint8_t i = 0; i < 10; i++) {
		vcxl_memdev_tick(d.md, i * ns);
		inject(d, 0, i);
	}
	const reply r = get(d, 0);
	EXPECT_EQ(count(r), 8u);
	EXPECT_EQ(r.out[0], 1u) << "overflow; all that is there is here";
	EXPECT_EQ(le(r.out, 2, 2), 2u);
	EXPECT_EQ(le(r.out, 4, 8), 1008u);
	EXPECT_EQ(le(r.out, 12, 8), 1009u);
	for (unsigned i = 0; i < 8; i++)
		EXPECT_EQ(r.out[0x20 + 0x80 * i + 0x30], i);
	EXPECT_EQ(event_status(d), 1u);
}

TEST(event_overflow, is_remembered_until_the_log_is_empty)
{
	device d;

	for (unsigned i = 0; i < 9; i++)
		inject(d, 0);
	std::vector<unsigned> all = handles(get(d, 0));
	EXPECT_EQ(clear(d, 0, { all[0] }), 0u);
	EXPECT_EQ(get(d, 0).out[0], 1u);
	inject(d, 0, 0x33);
	EXPECT_EQ(count(get(d, 0)), 8u) << "there is room again";
	EXPECT_EQ(le(get(d, 0).out, 2, 2), 1u);
	EXPECT_EQ(clear(d, 0, handles(get(d, 0))), 0u);
	EXPECT_EQ(get(d, 0).out, std::vector<uint8_t>(0x20, 0));
}

TEST(event_overflow, count_saturates)
{
	options o;
	o.event_log_depth = 1;
	device d(o);

	for (unsigned i = 0; i < 1 + 65'535 + 10; i++)
		inject(d, 0);
	EXPECT_EQ(le(get(d, 0).out, 2, 2), 0xffffu);
}

TEST(event_depth, is_a_property_that_identify_shows)
{
	for (unsigned depth : { 1u, 3u, 1024u }) {
		options o;
		o.event_log_depth = depth;
		device d(o);

		ASSERT_EQ(d.status, VCXL_OK);
		EXPECT_EQ(le(d.command(0x4000).out, 0x30, 2), depth);
		for (unsigned i = 0; i < depth; i++)
			inject(d, 0);
		EXPECT_EQ(get(d, 0).out[0] & 1, 0u);
		inject(d, 0);
		EXPECT_EQ(get(d, 0).out[0] & 1, 1u);
	}
	options o;
	o.event_log_depth = 1025;
	EXPECT_EQ(device(o).status, VCXL_E_CONFIG);
}

/* ---- status and interrupts ---- */

TEST(event_status, has_a_bit_for_each_log_that_is_not_empty)
{
	device d;

	for (unsigned log = 0; log < 4; log++) {
		inject(d, log);
		EXPECT_EQ(event_status(d), (2u << log) - 1);
	}
	d.write(VCXL_SPACE_DEVICE, d.find_device(1), 8, 0xf);
	EXPECT_EQ(event_status(d), 0xfu) << "read-only";
	for (unsigned log = 0; log < 4; log++)
		EXPECT_EQ(clear(d, log, handles(get(d, log))), 0u);
	EXPECT_EQ(event_status(d), 0u) << "or the interrupt thread of Linux never ends";
}

TEST(event_policy, shows_the_vector_of_each_log_whose_interrupt_is_on)
{
	device d;

	EXPECT_EQ(d.command(0x0102).out, (std::vector<uint8_t>{ 0, 0, 0, 0 }));
	EXPECT_EQ(set_policy(d, { 1, 1, 1, 1 }), 0u);
	EXPECT_EQ(d.command(0x0102).out, (std::vector<uint8_t>{ 0x21, 0x31, 0x41, 0x51 }));
	EXPECT_EQ(set_policy(d, { 0xf1, 0, 0x11, 0, 1 }), 0u) << "the vector is the device's";
	EXPECT_EQ(d.command(0x0102).out, (std::vector<uint8_t>{ 0x21, 0, 0x41, 0 }));
}

TEST(event_policy, a_mode_that_the_device_does_not_have_is_invalid_input)
{
	device d;

	for (unsigned log = 0; log < 4; log++) {
		for (uint8_t mode : { uint8_t{ 2 }, uint8_t{ 3 } }) {
			std::vector<uint8_t> modes(4, 1);
			modes[log] = mode;
			EXPECT_EQ(set_policy(d, modes), 2u);
			EXPECT_EQ(d.command(0x0102).out, std::vector<uint8_t>(4, 0)) << "unchanged";
		}
	}
}

TEST(event_interrupt, is_raised_when_an_empty_log_gets_a_record)
{
	device d;

	d.enable_msix();
	for (unsigned log = 0; log < 4; log++)
		inject(d, log);
	EXPECT_TRUE(d.messages.empty()) << "no policy";
	EXPECT_EQ(set_policy(d, { 1, 1, 1, 1 }), 0u);
	EXPECT_TRUE(d.messages.empty()) << "only the transition counts";
	for (unsigned log = 0; log < 4; log++) {
		EXPECT_EQ(clear(d, log, handles(get(d, log))), 0u);
		d.messages.clear();
		inject(d, log);
		EXPECT_EQ(d.messages, (std::vector<range>{ { 0xfee00020 + 16 * log, 2 + log } }));
		inject(d, log);
		EXPECT_EQ(d.messages.size(), 1u) << "not empty any more";
	}
}

TEST(event_logs, survive_every_reset_but_a_cold_one)
{
	device d;

	set_policy(d, { 1, 1, 1, 1 });
	inject(d, 0, 0x12);
	const std::vector<uint8_t> before = get(d, 0).out;
	for (vcxl_reset kind : { VCXL_RESET_HOT, VCXL_RESET_CXL, VCXL_RESET_FLR }) {
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(get(d, 0).out, before);
		EXPECT_EQ(event_status(d), 1u);
		EXPECT_EQ(d.command(0x0102).out[0], 0x21);
	}
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(count(get(d, 0)), 0u);
	EXPECT_EQ(event_status(d), 0u);
	EXPECT_EQ(d.command(0x0102).out[0], 0u);
}

TEST(event_logs, a_record_is_traced_with_its_log_and_handle_and_0_when_dropped)
{
	options o;
	o.event_log_depth = 1;
	device d(o);

	d.trace.enabled = 1ull << VCXL_TRACE_EVENT;
	inject(d, 3);
	inject(d, 3);
	ASSERT_EQ(d.events.size(), 2u);
	EXPECT_EQ(d.events[0].fields[0], 3u);
	EXPECT_EQ(d.events[0].fields[1], 1u);
	EXPECT_EQ(d.events[1].fields[1], 0u);
}
