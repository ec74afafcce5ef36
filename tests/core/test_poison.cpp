/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Poison: the list, injection, clearing, media scan, and what accesses see of it.
 * CXL r3.1 8.2.9.9.4. Device addresses 0..512 MiB are volatile, the next 512 MiB persistent.
 */
#include <map>
#include <random>

#include "test_memdev_fixture.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t ms = 1'000'000'000; /* ps */
constexpr uint64_t capacity = 1024 * mib;

struct record {
	uint64_t dpa, lines;
	unsigned source;
	bool operator==(const record &o) const
	{
		return dpa == o.dpa && lines == o.lines && source == o.source;
	}
};

std::ostream &operator<<(std::ostream &out, const record &r)
{
	return out << std::hex << r.dpa << "+" << r.lines << " source " << r.source;
}

struct list {
	unsigned rc, flags;
	uint64_t overflow_ns;
	std::vector<record> records;
};

std::vector<record> records_of(const std::vector<uint8_t> &out, uint64_t n)
{
	std::vector<record> records;
	EXPECT_EQ(out.size(), 0x20 + 0x10 * n);
	for (size_t at = 0x20; at + 0x10 <= out.size(); at += 0x10)
		records.push_back({ le(out, at, 8) & ~0x3full, le(out, at + 8, 4),
				    static_cast<unsigned>(le(out, at, 8) & 7) });
	return records;
}

reply get_list(device &d, uint64_t dpa, uint64_t lines)
{
	return d.command(0x4300, bytes_of({ { dpa, 8 }, { lines, 8 } }));
}

list one_list(device &d, uint64_t dpa = 0, uint64_t lines = capacity / 64)
{
	const reply r = get_list(d, dpa, lines);
	if (r.rc)
		return { r.rc, 0, 0, {} };
	return { 0, r.out[0], le(r.out, 2, 8), records_of(r.out, le(r.out, 10, 2)) };
}

/* As a driver reads it: the same request until there is no more. */
std::vector<record> whole_list(device &d, unsigned *n_calls = nullptr)
{
	std::vector<record> all;
	unsigned calls = 0;
	for (bool more = true; more && calls < 1000; calls++) {
		const list l = one_list(d);
		EXPECT_EQ(l.rc, 0u);
		all.insert(all.end(), l.records.begin(), l.records.end());
		more = l.flags & 1;
	}
	if (n_calls)
		*n_calls = calls;
	return all;
}

unsigned inject(device &d, uint64_t dpa)
{
	return d.command(0x4301, bytes_of({ { dpa, 8 } })).rc;
}

unsigned clear(device &d, uint64_t dpa, uint8_t fill = 0x5a)
{
	std::vector<uint8_t> in = bytes_of({ { dpa, 8 } });
	in.resize(0x48, fill);
	return d.command(0x4302, in).rc;
}

unsigned scan(device &d, uint64_t dpa, uint64_t lines, unsigned flags = 0)
{
	return d.command(0x4304, bytes_of({ { dpa, 8 }, { lines, 8 }, { flags, 1 } })).rc;
}

std::vector<uint8_t> event(device &d, unsigned log, unsigned i = 0)
{
	const reply r = d.command(0x0100, bytes_of({ { log, 1 } }));
	if (le(r.out, 0x14, 2) <= i)
		return {};
	const auto begin = r.out.begin() + 0x20 + 0x80 * i;
	return { begin, begin + 0x80 };
}

uint64_t n_events(device &d, unsigned log)
{
	return le(d.command(0x0100, bytes_of({ { log, 1 } })).out, 0x14, 2);
}

void expect_media_event(const std::vector<uint8_t> &e, uint64_t dpa, unsigned descriptor,
			unsigned transaction)
{
	ASSERT_EQ(e.size(), 0x80u);
	const std::vector<uint8_t> uuid = { 0xfb, 0xcd, 0x0a, 0x77, 0xc2, 0x60, 0x41, 0x7f,
					    0x85, 0xa9, 0x08, 0x8b, 0x16, 0x21, 0xeb, 0xa6 };
	EXPECT_EQ(std::vector<uint8_t>(e.begin(), e.begin() + 16), uuid);
	EXPECT_EQ(le(e, 0x30, 8), dpa | (dpa < 512 * mib ? 1 : 0)) << "bit 0: volatile";
	EXPECT_EQ(e[0x38], descriptor);
	EXPECT_EQ(e[0x39], 0u) << "ECC";
	EXPECT_EQ(e[0x3a], transaction);
	EXPECT_EQ(le(e, 0x3b, 2), 0u) << "nothing else is known";
}

/* Both partitions are decoded, one way. */
void map_all(device &d)
{
	ASSERT_EQ(d.commit(0, window, 512 * mib) >> 10 & 3, 1u);
	ASSERT_EQ(d.commit(1, window + 512 * mib, 512 * mib) >> 10 & 3, 1u);
	d.enable();
	d.invalidated.clear();
}

} /* namespace */

/* ---- injection and list ---- */

TEST(poison_list, is_empty_without_poison)
{
	device d;
	const reply r = get_list(d, 0, capacity / 64);

	EXPECT_EQ(r.rc, 0u);
	EXPECT_EQ(r.out, std::vector<uint8_t>(0x20, 0));
}

TEST(poison_list, has_what_was_injected_in_order_of_address)
{
	device d;

	for (uint64_t dpa : { 0x40001000ull - 0x10000000, 0x600ull, 0x0ull, 0x20000000ull })
		EXPECT_EQ(inject(d, dpa), 0u);
	EXPECT_EQ(whole_list(d), (std::vector<record>{ { 0, 1, 3 },
						       { 0x600, 1, 3 },
						       { 0x20000000, 1, 3 },
						       { 0x30001000, 1, 3 } }));
}

TEST(poison_list, ranges_are_checked_and_clip_records)
{
	device d;

	ASSERT_EQ(vcxl_memdev_poison(d.md, 0x1000, 0x400, VCXL_POISON_INTERNAL), VCXL_OK);
	EXPECT_EQ(one_list(d, 1, 1).rc, 2u);
	EXPECT_EQ(one_list(d, 32, 1).rc, 2u);
	EXPECT_EQ(one_list(d, capacity, 1).rc, 0xfu);
	EXPECT_EQ(one_list(d, 0, capacity / 64 + 1).rc, 0xfu);
	EXPECT_EQ(one_list(d, 64, ~0ull).rc, 0xfu) << "wraps";
	EXPECT_EQ(one_list(d, 0, 1ull << 58).rc, 0xfu) << "wraps";
	EXPECT_EQ(one_list(d, capacity, 0).records.size(), 0u);
	EXPECT_EQ(one_list(d, 0, 0x40).records.size(), 0u) << "ends where poison begins";
	EXPECT_EQ(one_list(d, 0, 0x41).records, (std::vector<record>{ { 0x1000, 1, 2 } }));
	EXPECT_EQ(one_list(d, 0x1100, 2).records, (std::vector<record>{ { 0x1100, 2, 2 } }));
	EXPECT_EQ(one_list(d, 0x1400, 9).records.size(), 0u);
}

TEST(poison_list, case_29_injection_checks_its_address)
{
	device d;

	for (uint64_t dpa : { uint64_t{ 1 }, uint64_t{ 0x20 }, uint64_t{ 0x3f }, capacity + 1 })
		EXPECT_EQ(inject(d, dpa), 2u) << dpa;
	EXPECT_EQ(inject(d, capacity), 0xfu);
	EXPECT_EQ(inject(d, ~0x3full), 0xfu);
	EXPECT_EQ(inject(d, capacity - 64), 0u);
	EXPECT_EQ(inject(d, capacity - 64), 0u) << "already poisoned";
	EXPECT_EQ(whole_list(d).size(), 1u);
	EXPECT_EQ(n_events(d, 0), 1u) << "an event for the first only";
}

TEST(poison_list, case_29_injection_stops_at_the_limit_of_identify)
{
	device d;
	const uint64_t limit = le(d.command(0x4000).out, 0x3f, 2);

	for (uint64_t i = 0; i < limit; i++)
		ASSERT_EQ(inject(d, 0x1000 * i), 0u);
	EXPECT_EQ(inject(d, 0x1000 * limit), 0x10u);
	EXPECT_EQ(inject(d, 0x1000), 0u) << "already poisoned";
	EXPECT_EQ(clear(d, 0x1000), 0u);
	EXPECT_EQ(inject(d, 0x1000 * limit), 0u);
	EXPECT_EQ(one_list(d).flags & 2, 0u) << "no overflow";
}

TEST(poison_list, case_29b_longer_than_a_payload_is_read_by_repeating_the_request)
{
	device d;
	unsigned calls = 0;
	std::vector<record> expected;

	for (unsigned i = 0; i < 256; i++) {
		ASSERT_EQ(inject(d, 0x1000 * i), 0u);
		expected.push_back({ 0x1000 * i, 1, 3 });
	}
	EXPECT_EQ(whole_list(d, &calls), expected);
	EXPECT_EQ(calls, 3u) << "126 records fit in 2 KiB";
	EXPECT_EQ(whole_list(d), expected) << "and from the beginning again";
	EXPECT_EQ(one_list(d).flags & 1, 1u);
	EXPECT_EQ(one_list(d, 0x1000, 1).records, (std::vector<record>{ { 0x1000, 1, 3 } }));
	EXPECT_EQ(one_list(d).records[0], expected[0]) << "another request ended the first";
}

TEST(poison_list, just_one_payload_has_no_more)
{
	device d;

	for (unsigned i = 0; i < 126; i++)
		ASSERT_EQ(inject(d, 0x1000 * i), 0u);
	EXPECT_EQ(one_list(d).flags, 0u);
	ASSERT_EQ(inject(d, 0x1000 * 126), 0u);
	EXPECT_EQ(one_list(d).flags, 1u);
	EXPECT_EQ(one_list(d).records.size(), 1u);
}

TEST(poison_list, injection_logs_an_informational_media_event)
{
	device d;

	inject(d, 0x20000040);
	inject(d, 0x80);
	expect_media_event(event(d, 0), 0x20000040, 1, 4);
	expect_media_event(event(d, 0, 1), 0x80, 1, 4);
}

TEST(poison_list, a_full_list_overflows_and_a_scan_rebuilds_it)
{
	device d;

	d.command(0x0301, bytes_of({ { 1000, 8 } }));
	for (unsigned i = 0; i < 300; i++)
		ASSERT_EQ(vcxl_memdev_poison(d.md, 0x1000 * i, 64, VCXL_POISON_EXTERNAL), VCXL_OK);
	EXPECT_EQ(one_list(d).flags & 2, 2u);
	EXPECT_EQ(one_list(d).overflow_ns, 1000u);
	whole_list(d);
	expect_media_event(event(d, 1), 0x1000 * 256, 4, 0);
	EXPECT_EQ(n_events(d, 1), 1u) << "once";
	EXPECT_EQ(whole_list(d).size(), 256u);
	for (unsigned i = 0; i < 44; i++)
		EXPECT_EQ(clear(d, 0x1000 * i), 0u);
	EXPECT_EQ(whole_list(d).size(), 212u) << "what was forgotten stays so";
	EXPECT_EQ(scan(d, 0, capacity / 64), 1u);
	vcxl_memdev_tick(d.md, 1000 * ms);
	EXPECT_EQ(whole_list(d).size(), 256u);
	EXPECT_EQ(one_list(d).flags & 2, 0u);
}

/* ---- clearing ---- */

TEST(clear_poison, heals_and_writes_the_line)
{
	device d;

	map_all(d);
	inject(d, 0x1040);
	EXPECT_EQ(clear(d, 0x1040, 0xab), 0u);
	EXPECT_TRUE(whole_list(d).empty());
	uint64_t value = 0;
	EXPECT_EQ(d.load(window + 0x1040, &value), VCXL_OK);
	EXPECT_EQ(value, 0xababababababababu);
	EXPECT_EQ(d.volatile_bytes.data()[0x103f], 0u);
	EXPECT_EQ(d.volatile_bytes.data()[0x1080], 0u);
}

TEST(clear_poison, case_30_of_a_clean_line_succeeds_and_writes)
{
	device d;

	EXPECT_EQ(clear(d, 0x20000040, 0xcd), 0u);
	EXPECT_EQ(d.persistent_bytes.data()[0x40], 0xcd);
	EXPECT_EQ(d.media_flushes, (std::vector<range>{ { 0x40, 64 } })) << "durable";
}

TEST(clear_poison, checks_its_address)
{
	device d;

	EXPECT_EQ(clear(d, 8), 2u);
	for (uint64_t dpa : { capacity, uint64_t{ ~0x3full } })
		EXPECT_EQ(clear(d, dpa), 0xfu);
}

TEST(clear_poison, splits_a_range)
{
	device d;

	ASSERT_EQ(vcxl_memdev_poison(d.md, 0x1000, 0x200, VCXL_POISON_VENDOR), VCXL_OK);
	EXPECT_EQ(clear(d, 0x1080), 0u);
	EXPECT_EQ(whole_list(d), (std::vector<record>{ { 0x1000, 2, 7 }, { 0x10c0, 5, 7 } }));
	EXPECT_EQ(clear(d, 0x1000), 0u);
	EXPECT_EQ(clear(d, 0x11c0), 0u);
	EXPECT_EQ(whole_list(d), (std::vector<record>{ { 0x1040, 1, 7 }, { 0x10c0, 4, 7 } }));
}

/* Against a map of single lines. */
TEST(clear_poison, any_order_of_poisoning_and_healing_leaves_what_it_should)
{
	std::mt19937_64 random(20261122);
	device d;
	std::map<uint64_t, unsigned> lines;

	for (unsigned step = 0; step < 3000; step++) {
		const uint64_t first = random() % 200, n = 1 + random() % 6;
		const auto source = static_cast<vcxl_poison_source>(1 + random() % 3);
		if (random() % 2) {
			ASSERT_EQ(vcxl_memdev_poison(d.md, first * 64, n * 64, source), VCXL_OK);
			for (uint64_t i = first; i < first + n; i++)
				lines.emplace(i, source);
		} else {
			ASSERT_EQ(clear(d, first * 64), 0u);
			lines.erase(first);
		}
		if (step % 50)
			continue;
		std::map<uint64_t, unsigned> seen;
		for (const record &r : whole_list(d))
			for (uint64_t i = 0; i < r.lines; i++)
				EXPECT_TRUE(seen.emplace(r.dpa / 64 + i, r.source).second);
		ASSERT_EQ(seen, lines) << step;
	}
}

/* ---- accesses ---- */

TEST(poisoned_line, case_30_is_an_error_to_read_and_its_neighbours_are_not)
{
	device d;
	uint8_t bytes[256];

	map_all(d);
	inject(d, 0x1040);
	EXPECT_EQ(d.load(window + 0x1038), VCXL_OK);
	for (uint64_t at = 0x1040; at < 0x1080; at += 8)
		EXPECT_EQ(d.load(window + at), VCXL_E_POISON);
	EXPECT_EQ(d.load(window + 0x1080), VCXL_OK);
	EXPECT_EQ(d.access(window + 0x103f, bytes, 2, false), VCXL_E_POISON);
	EXPECT_EQ(d.access(window + 0x107f, bytes, 2, false), VCXL_E_POISON);
	EXPECT_EQ(d.access(window + 0x1000, bytes, 256, false), VCXL_E_POISON);
	EXPECT_EQ(d.access(window + 0x1000, bytes, 64, false), VCXL_OK);
}

TEST(poisoned_line, is_healed_by_a_write_that_covers_it_and_by_no_other)
{
	device d;
	uint8_t bytes[192] = { 7 };

	map_all(d);
	inject(d, 0x1040);
	EXPECT_EQ(d.store(window + 0x1040, 1), VCXL_OK);
	EXPECT_EQ(d.load(window + 0x1040), VCXL_E_POISON) << "8 bytes";
	EXPECT_EQ(d.access(window + 0x1041, bytes, 64, true), VCXL_OK);
	EXPECT_EQ(d.load(window + 0x1040), VCXL_E_POISON) << "63 bytes of it";
	EXPECT_EQ(d.access(window + 0x1040, bytes, 64, true), VCXL_OK);
	EXPECT_EQ(d.load(window + 0x1040), VCXL_OK);
	EXPECT_TRUE(whole_list(d).empty());
	inject(d, 0x1040);
	inject(d, 0x1080);
	EXPECT_EQ(d.access(window + 0x1010, bytes, 192, true), VCXL_OK);
	EXPECT_TRUE(whole_list(d).empty()) << "a longer write";
}

TEST(poisoned_line, is_seen_but_not_changed_by_a_debugger)
{
	device d;
	vcxl_xfer xfer = {};
	uint8_t bytes[64] = { 9 };

	map_all(d);
	inject(d, 0x1040);
	xfer.data = bytes;
	xfer.len = 64;
	xfer.debug = true;
	xfer.write = true;
	EXPECT_EQ(vcxl_memdev_access(d.md, window + 0x1040, &xfer), VCXL_OK);
	EXPECT_EQ(whole_list(d).size(), 1u);
	xfer.write = false;
	EXPECT_EQ(vcxl_memdev_access(d.md, window + 0x1040, &xfer), VCXL_OK);
	EXPECT_EQ(bytes[0], 9);
	EXPECT_EQ(n_events(d, 2), 0u);
}

TEST(poisoned_line, logs_a_failure_when_it_is_read_first)
{
	device d;

	map_all(d);
	d.command(0x0301, bytes_of({ { 0, 8 } }));
	vcxl_memdev_tick(d.md, 5 * ms);
	inject(d, 0x20001040);
	d.load(window + 0x20001048);
	d.load(window + 0x20001048);
	EXPECT_EQ(n_events(d, 2), 1u);
	const std::vector<uint8_t> e = event(d, 2);
	expect_media_event(e, 0x20001040, 1, 1);
	EXPECT_EQ(le(e, 0x18, 8), 5'000'000u) << "simulated time";
}

TEST(poisoned_line, takes_its_page_out_of_dmi_and_gives_it_back_healed)
{
	device d;
	vcxl_dmi dmi;

	map_all(d);
	inject(d, 0x5040);
	EXPECT_EQ(d.invalidated, (std::vector<range>{ { window + 0x5000, 0x1000 } }));
	EXPECT_FALSE(vcxl_memdev_dmi(d.md, window + 0x5000, &dmi));
	EXPECT_FALSE(vcxl_memdev_dmi(d.md, window + 0x5fff, &dmi));
	ASSERT_TRUE(vcxl_memdev_dmi(d.md, window + 0x4fff, &dmi));
	EXPECT_EQ((range{ dmi.hpa, dmi.size }), (range{ window, 0x5000 }));
	EXPECT_EQ(dmi.host, d.volatile_bytes.data());
	ASSERT_TRUE(vcxl_memdev_dmi(d.md, window + 0x6000, &dmi));
	EXPECT_EQ((range{ dmi.hpa, dmi.size }), (range{ window + 0x6000, 512 * mib - 0x6000 }));
	EXPECT_EQ(dmi.host, d.volatile_bytes.data() + 0x6000);
	d.invalidated.clear();
	clear(d, 0x5040);
	EXPECT_EQ(d.invalidated, (std::vector<range>{ { window + 0x5000, 0x1000 } }));
	ASSERT_TRUE(vcxl_memdev_dmi(d.md, window + 0x5000, &dmi));
	EXPECT_EQ((range{ dmi.hpa, dmi.size }), (range{ window, 512 * mib }));
}

/* For every encoding: what is withdrawn holds every address of the line, and little else. */
TEST(poisoned_line, withdraws_the_stripes_that_may_lead_to_it)
{
	const struct {
		unsigned eiw, ways;
	} all[] = { { 0, 1 },  { 1, 2 }, { 2, 4 }, { 3, 8 },
		    { 4, 16 }, { 8, 3 }, { 9, 6 }, { 10, 12 } };

	for (const auto &w : all) {
		for (unsigned eig = 0; eig <= 6; eig++) {
			device d;
			const uint64_t granule = 256u << eig;
			const uint64_t dpa = 0x123440;
			ASSERT_EQ(d.commit(0, window, w.ways * 256 * mib, w.eiw, eig) >> 10 & 3,
				  1u);
			d.enable();
			d.invalidated.clear();
			ASSERT_EQ(inject(d, dpa), 0u);
			ASSERT_EQ(d.invalidated.size(), 1u);
			const range gone = d.invalidated[0];
			const uint64_t stripe = dpa / granule * granule * w.ways + window;
			EXPECT_LE(gone.base, stripe);
			EXPECT_GE(gone.base + gone.size, stripe + granule * w.ways);
			EXPECT_EQ(gone.base % 4096 + gone.size % 4096, 0u);
			EXPECT_LE(gone.size, std::max<uint64_t>(granule * w.ways, 3 * 4096));
			uint64_t base = 0, size = 0;
			EXPECT_FALSE(vcxl_memdev_clean_range(d.md, stripe, &base, &size));
			ASSERT_TRUE(vcxl_memdev_clean_range(d.md, gone.base - 1, &base, &size));
			EXPECT_EQ((range{ base, size }), (range{ window, gone.base - window }));
			ASSERT_TRUE(
				vcxl_memdev_clean_range(d.md, gone.base + gone.size, &base, &size));
			EXPECT_EQ(base, gone.base + gone.size);
			EXPECT_EQ(base + size, window + w.ways * 256 * mib);
		}
	}
}

TEST(poison_persistence, only_persistent_memory_keeps_it_over_a_power_loss)
{
	device d;

	map_all(d);
	inject(d, 0x1000);
	inject(d, 512 * mib);
	for (vcxl_reset kind : { VCXL_RESET_FLR, VCXL_RESET_CXL, VCXL_RESET_HOT }) {
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(whole_list(d).size(), 2u) << kind;
	}
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(whole_list(d), (std::vector<record>{ { 512 * mib, 1, 3 } }));
}

TEST(poison_interface, refuses_what_cannot_be)
{
	device d;

	EXPECT_EQ(vcxl_memdev_poison(d.md, 1, 64, VCXL_POISON_INTERNAL), VCXL_E_CONFIG);
	EXPECT_EQ(vcxl_memdev_poison(d.md, 0, 65, VCXL_POISON_INTERNAL), VCXL_E_CONFIG);
	EXPECT_EQ(vcxl_memdev_poison(d.md, 0, 0, VCXL_POISON_INTERNAL), VCXL_E_CONFIG);
	EXPECT_EQ(vcxl_memdev_poison(d.md, capacity - 64, 128, VCXL_POISON_INTERNAL),
		  VCXL_E_CAPACITY);
	EXPECT_FALSE(vcxl_memdev_poisoned(d.md));
	for (unsigned i = 0; i < 4 * 256; i++)
		ASSERT_EQ(vcxl_memdev_poison(d.md, 0x1000 * i, 0x1c0, VCXL_POISON_INTERNAL),
			  VCXL_OK);
	EXPECT_EQ(vcxl_memdev_poison(d.md, 0x1000000, 64, VCXL_POISON_INTERNAL), VCXL_E_NOMEM);
	EXPECT_EQ(clear(d, 0x1040), 0x11u) << "what cannot be split cannot be healed";
	EXPECT_EQ(clear(d, 0x1000), 0u) << "an end needs no room";
}

/* ---- scan ---- */

TEST(scan_media, capabilities_estimate_its_time)
{
	device d;
	const reply r = d.command(0x4303, bytes_of({ { 0, 8 }, { capacity / 64, 8 } }));

	EXPECT_EQ(r.rc, 0u);
	ASSERT_EQ(r.out.size(), 4u);
	EXPECT_EQ(le(r.out, 0, 4), 64u) << "16 MiB in a millisecond";
	EXPECT_EQ(d.command(0x4303, bytes_of({ { 8, 8 }, { 1, 8 } })).rc, 2u);
	EXPECT_EQ(d.command(0x4303, bytes_of({ { capacity, 8 }, { 1, 8 } })).rc, 0xfu);
}

TEST(scan_media, takes_that_time_in_the_background_and_has_results)
{
	device d;

	inject(d, 0x1000);
	inject(d, 0x10000000);
	EXPECT_EQ(d.command(0x4305).rc, 3u) << "none yet";
	EXPECT_EQ(scan(d, 4, 1), 2u);
	EXPECT_EQ(scan(d, capacity - 64, 2), 0xfu);
	EXPECT_EQ(d.command(0x4305).rc, 3u) << "none started";
	EXPECT_EQ(scan(d, 0, 256 * mib / 64), 1u);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), 16 * ms);
	EXPECT_EQ(one_list(d).flags, 4u) << "scan in progress";
	EXPECT_EQ(d.command(0x4305).rc, 6u);
	EXPECT_EQ(scan(d, 0, 1), 6u);
	vcxl_memdev_tick(d.md, 16 * ms);
	EXPECT_EQ(one_list(d).flags, 0u);
	const reply r = d.command(0x4305);
	EXPECT_EQ(r.rc, 0u);
	EXPECT_EQ(le(r.out, 0, 8) + le(r.out, 8, 8) + r.out[16], 0u) << "complete";
	EXPECT_EQ(records_of(r.out, le(r.out, 18, 2)), (std::vector<record>{ { 0x1000, 1, 3 } }));
	EXPECT_EQ(d.command(0x4305).out, r.out) << "as often as one likes";
}

TEST(scan_media, aborted_tells_where_to_go_on)
{
	device d;

	inject(d, 0x1000);
	inject(d, 512 * mib + 0x1000);
	EXPECT_EQ(scan(d, 0, capacity / 64), 1u);
	vcxl_memdev_tick(d.md, 32 * ms);
	EXPECT_EQ(d.command(0x0005).rc, 0u);
	const reply r = d.command(0x4305);
	EXPECT_EQ(r.rc, 0u);
	EXPECT_EQ(r.out[16], 2u) << "stopped early";
	const uint64_t restart = le(r.out, 0, 8);
	EXPECT_GT(restart, 500 * mib);
	EXPECT_LE(restart, 512 * mib);
	EXPECT_EQ(restart + le(r.out, 8, 8) * 64, capacity);
	EXPECT_EQ(records_of(r.out, le(r.out, 18, 2)), (std::vector<record>{ { 0x1000, 1, 3 } }));
	EXPECT_EQ(scan(d, restart, (capacity - restart) / 64), 1u);
	vcxl_memdev_tick(d.md, 100 * ms);
	const reply rest = d.command(0x4305);
	EXPECT_EQ(records_of(rest.out, le(rest.out, 18, 2)),
		  (std::vector<record>{ { 512 * mib + 0x1000, 1, 3 } }));
}

TEST(scan_media, long_results_come_in_pieces)
{
	device d;

	for (unsigned i = 0; i < 200; i++)
		ASSERT_EQ(inject(d, 0x1000 * i), 0u);
	scan(d, 0, capacity / 64);
	vcxl_memdev_tick(d.md, 64 * ms);
	const reply first = d.command(0x4305), second = d.command(0x4305);
	EXPECT_EQ(first.out[16], 1u);
	EXPECT_EQ(le(first.out, 18, 2), 126u);
	EXPECT_EQ(second.out[16], 0u);
	EXPECT_EQ(records_of(second.out, 74)[0], (record{ 0x1000 * 126, 1, 3 }));
}

TEST(scan_media, logs_what_the_list_had_forgotten_unless_told_not_to)
{
	for (unsigned quiet : { 0u, 1u }) {
		device d;
		for (unsigned i = 0; i < 257; i++)
			ASSERT_EQ(vcxl_memdev_poison(d.md, 0x1000 * i, 64, VCXL_POISON_INTERNAL),
				  VCXL_OK);
		EXPECT_EQ(n_events(d, 1), 1u) << "overflow";
		clear(d, 0);
		EXPECT_EQ(scan(d, 0, capacity / 64, quiet), 1u);
		vcxl_memdev_tick(d.md, 64 * ms);
		EXPECT_EQ(n_events(d, 1), quiet ? 1u : 2u);
		if (!quiet)
			expect_media_event(event(d, 1, 1), 0x1000 * 256, 1, 3);
	}
}
