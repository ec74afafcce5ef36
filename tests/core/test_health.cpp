/* SPDX-License-Identifier: Apache-2.0 */
/* Health, alerts and shutdown state. CXL r3.1 8.2.9.9.3. */
#include <vcxl/health.h>

#include "test_memdev_fixture.h"

using namespace vcxl_test;

namespace
{

uint64_t dirty_count(device &d)
{
	const reply r = d.command(0x4200);
	EXPECT_EQ(r.rc, 0u);
	return le(r.out, 6, 4);
}

unsigned set_state(device &d, unsigned state)
{
	return d.command(0x4204, { static_cast<uint8_t>(state) }).rc;
}

std::vector<uint8_t> get_state(device &d)
{
	return d.command(0x4203).out;
}

/* Alert bits */
constexpr unsigned life = 1, over = 2, under = 4, cvme = 8, cpme = 16;

struct thresholds {
	unsigned life;
	int over, under;
	unsigned cvme, cpme;
};

unsigned set_alerts(device &d, unsigned valid, unsigned enable, const thresholds &t = {})
{
	return d.command(0x4202, bytes_of({ { valid, 1 },
					    { enable, 1 },
					    { t.life, 1 },
					    { 0, 1 },
					    { static_cast<uint16_t>(t.over), 2 },
					    { static_cast<uint16_t>(t.under), 2 },
					    { t.cvme, 2 },
					    { t.cpme, 2 } }))
		.rc;
}

std::vector<uint8_t> get_alerts(device &d)
{
	const reply r = d.command(0x4201);
	EXPECT_EQ(r.rc, 0u);
	EXPECT_EQ(r.out.size(), 0x10u);
	return r.out;
}

/* The records of a log, which it then forgets. */
std::vector<std::vector<uint8_t>> take_events(device &d, unsigned log)
{
	const reply r = d.command(0x0100, bytes_of({ { log, 1 } }));
	const uint64_t n = le(r.out, 0x14, 2);
	std::vector<std::vector<uint8_t>> events;
	std::vector<uint8_t> in = bytes_of({ { log, 1 }, { 0, 1 }, { n, 1 }, { 0, 3 } });
	for (uint64_t i = 0; i < n; i++) {
		const auto begin = r.out.begin() + 0x20 + 0x80 * static_cast<int>(i);
		events.emplace_back(begin, begin + 0x80);
		in.push_back(events.back()[0x14]);
		in.push_back(events.back()[0x15]);
	}
	if (!events.empty()) {
		EXPECT_EQ(d.command(0x0101, in).rc, 0u);
	}
	return events;
}

void set_health(device &d, unsigned life_used, int temperature, uint32_t corrected_volatile = 0,
		uint32_t corrected_persistent = 0)
{
	const vcxl_health h = { static_cast<uint8_t>(life_used), static_cast<int16_t>(temperature),
				corrected_volatile, corrected_persistent };
	vcxl_memdev_set_health(d.md, &h);
}

void expect_module_event(device &d, unsigned log, unsigned type)
{
	const std::vector<uint8_t> uuid = { 0xfe, 0x92, 0x74, 0x75, 0xdd, 0x59, 0x43, 0x39,
					    0xa5, 0x86, 0x79, 0xba, 0xb1, 0x13, 0xb7, 0x74 };
	const auto events = take_events(d, log);
	const std::vector<uint8_t> health = d.command(0x4200).out;

	ASSERT_EQ(events.size(), 1u);
	EXPECT_EQ(std::vector<uint8_t>(events[0].begin(), events[0].begin() + 16), uuid);
	EXPECT_EQ(events[0][0x30], type);
	EXPECT_EQ(std::vector<uint8_t>(events[0].begin() + 0x31, events[0].begin() + 0x43), health);
}

} /* namespace */

TEST(health, is_normal_with_life_and_temperature_not_implemented)
{
	device d;
	const reply r = d.command(0x4200);

	EXPECT_EQ(r.rc, 0u);
	ASSERT_EQ(r.out.size(), 0x12u);
	EXPECT_EQ(le(r.out, 0, 3), 0u) << "health, media, additional status";
	EXPECT_EQ(r.out[3], 0xff) << "life used";
	EXPECT_EQ(le(r.out, 4, 2), 0x7fffu) << "temperature";
	EXPECT_EQ(le(r.out, 6, 4), 0u) << "dirty shutdowns";
	EXPECT_EQ(le(r.out, 10, 8), 0u) << "corrected errors";
}

TEST(health, is_what_the_owner_says)
{
	device d;

	set_health(d, 7, -3, 100000, 200000);
	const reply r = d.command(0x4200);
	EXPECT_EQ(r.out, bytes_of({ { 0x080000, 3 },
				    { 7, 1 },
				    { 0xfffd, 2 },
				    { 0, 4 },
				    { 100000, 4 },
				    { 200000, 4 } }));
}

/* ---- alerts ---- */

TEST(alerts, are_off_and_programmable_at_first)
{
	device d;
	const std::vector<uint8_t> out = get_alerts(d);

	EXPECT_EQ(out, bytes_of({ { 0, 1 },
				  { 0x1f, 1 },
				  { 95, 1 },
				  { 75, 1 },
				  { 95, 2 },
				  { 0, 2 },
				  { 85, 2 },
				  { 5, 2 },
				  { 0, 2 },
				  { 0, 2 } }));
}

TEST(alerts, of_a_partition_that_is_absent_cannot_be_programmed)
{
	options o;
	o.persistent_size = 0;
	device d(o);

	EXPECT_EQ(get_alerts(d)[1], 0xfu);
	EXPECT_EQ(set_alerts(d, cpme, cpme, { 0, 0, 0, 0, 1 }), 2u);
	EXPECT_EQ(set_alerts(d, cvme, cvme, { 0, 0, 0, 1, 0 }), 0u);
}

TEST(alerts, change_only_as_the_valid_and_the_enable_bits_say)
{
	device d;

	EXPECT_EQ(set_alerts(d, life | over, life, { 50, 60, 3, 6, 7 }), 0u);
	std::vector<uint8_t> out = get_alerts(d);
	EXPECT_EQ(out[0], life);
	EXPECT_EQ(out[3], 50u);
	EXPECT_EQ(le(out, 8, 2), 85u) << "valid but not enabled: turned off, and kept";
	EXPECT_EQ(le(out, 10, 2), 5u) << "not valid";
	EXPECT_EQ(set_alerts(d, over | under | cvme | cpme, 0x1f, { 1, -1, 9, 0x1234, 0x5678 }),
		  0u);
	out = get_alerts(d);
	EXPECT_EQ(out[0], 0x1fu);
	EXPECT_EQ(out[3], 50u) << "not valid";
	EXPECT_EQ(le(out, 8, 8), 0x567812340009ffffu);
	EXPECT_EQ(set_alerts(d, life, 0), 0u);
	EXPECT_EQ(get_alerts(d)[0], 0x1eu);
}

TEST(alerts, that_are_not_inside_the_critical_thresholds_are_invalid_input)
{
	const struct {
		unsigned bits;
		thresholds t;
		unsigned rc;
	} cases[] = { { life, { 94, 0, 0, 0, 0 }, 0 },      { life, { 95, 0, 0, 0, 0 }, 2 },
		      { life, { 255, 0, 0, 0, 0 }, 2 },     { over, { 0, 94, 0, 0, 0 }, 0 },
		      { over, { 0, 95, 0, 0, 0 }, 2 },      { over, { 0, 32767, 0, 0, 0 }, 2 },
		      { under, { 0, 0, 1, 0, 0 }, 0 },      { under, { 0, 0, 0, 0, 0 }, 2 },
		      { under, { 0, 0, -32768, 0, 0 }, 2 }, { 0x20, {}, 2 } };

	for (const auto &c : cases) {
		device d;
		const std::vector<uint8_t> before = get_alerts(d);
		EXPECT_EQ(set_alerts(d, c.bits, c.bits, c.t), c.rc);
		EXPECT_EQ(get_alerts(d) == before, c.rc != 0) << "nothing changed";
		EXPECT_EQ(set_alerts(d, c.bits, 0, c.t), c.bits == 0x20 ? 2u : 0u)
			<< "a threshold that is not enabled does not matter";
	}
}

TEST(alerts, a_warning_is_logged_when_its_threshold_is_crossed)
{
	const struct {
		unsigned bit;
		vcxl_health below, at;
		unsigned type, additional;
	} cases[] = { { life, { 49, 20, 9, 9 }, { 50, 20, 9, 9 }, 2, 0x1 },
		      { over, { 9, 59, 9, 9 }, { 9, 60, 9, 9 }, 3, 0x4 },
		      { under, { 9, 6, 9, 9 }, { 9, 5, 9, 9 }, 3, 0x4 },
		      { cvme, { 9, 20, 99, 9 }, { 9, 20, 100, 9 }, 0, 0x10 },
		      { cpme, { 9, 20, 9, 199 }, { 9, 20, 9, 200 }, 0, 0x20 } };

	for (const auto &c : cases) {
		device d;
		vcxl_memdev_set_health(d.md, &c.at);
		vcxl_memdev_set_health(d.md, &c.below);
		EXPECT_TRUE(take_events(d, 1).empty()) << "alerts are off";
		ASSERT_EQ(set_alerts(d, c.bit, c.bit, { 50, 60, 5, 100, 200 }), 0u);
		EXPECT_TRUE(take_events(d, 1).empty());
		vcxl_memdev_set_health(d.md, &c.at);
		EXPECT_EQ(d.command(0x4200).out[2], c.additional);
		expect_module_event(d, 1, c.type);
		vcxl_memdev_set_health(d.md, &c.at);
		EXPECT_TRUE(take_events(d, 1).empty()) << "once";
		vcxl_memdev_set_health(d.md, &c.below);
		EXPECT_EQ(d.command(0x4200).out[2], 0u);
		EXPECT_TRUE(take_events(d, 1).empty()) << "better is no event";
		vcxl_memdev_set_health(d.md, &c.at);
		expect_module_event(d, 1, c.type);
		EXPECT_EQ(set_alerts(d, c.bit, 0), 0u);
		EXPECT_EQ(d.command(0x4200).out[2], 0u) << "turned off";
		EXPECT_EQ(set_alerts(d, c.bit, c.bit, { 50, 60, 5, 100, 200 }), 0u);
		expect_module_event(d, 1, c.type);
	}
}

TEST(alerts, critical_is_a_failure_whatever_was_programmed)
{
	device d;

	set_health(d, 95, 20);
	EXPECT_EQ(d.command(0x4200).out[2], 2u);
	expect_module_event(d, 2, 2);
	set_health(d, 0, 95);
	EXPECT_EQ(d.command(0x4200).out[2], 8u);
	expect_module_event(d, 2, 3);
	set_health(d, 0, 94);
	set_health(d, 0, 0);
	expect_module_event(d, 2, 3);
	EXPECT_TRUE(take_events(d, 1).empty());
}

/* ---- shutdown ---- */

TEST(shutdown_state, is_clean_until_set_and_reads_back)
{
	device d;

	EXPECT_EQ(get_state(d), (std::vector<uint8_t>{ 0 }));
	EXPECT_EQ(set_state(d, 1), 0u);
	EXPECT_EQ(get_state(d), (std::vector<uint8_t>{ 1 }));
	EXPECT_EQ(set_state(d, 0), 0u);
	EXPECT_EQ(get_state(d), (std::vector<uint8_t>{ 0 }));
}

TEST(shutdown_state, another_value_is_invalid_input)
{
	device d;

	set_state(d, 1);
	for (unsigned state : { 2u, 3u, 0x80u, 0xffu })
		EXPECT_EQ(set_state(d, state), 2u);
	EXPECT_EQ(get_state(d), (std::vector<uint8_t>{ 1 })) << "unchanged";
}

TEST(shutdown_state, a_power_loss_while_dirty_is_counted_and_makes_it_clean)
{
	device d;

	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(dirty_count(d), 0u) << "clean";
	for (unsigned n = 1; n <= 3; n++) {
		set_state(d, 1);
		vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
		EXPECT_EQ(dirty_count(d), n);
		EXPECT_EQ(get_state(d), (std::vector<uint8_t>{ 0 }));
	}
}

TEST(shutdown_state, other_resets_keep_it)
{
	device d;

	set_state(d, 1);
	for (vcxl_reset kind : { VCXL_RESET_HOT, VCXL_RESET_CXL, VCXL_RESET_FLR }) {
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(get_state(d), (std::vector<uint8_t>{ 1 }));
		EXPECT_EQ(dirty_count(d), 0u);
	}
}

TEST(shutdown_state, is_unsupported_without_persistent_memory_and_not_in_the_cel)
{
	options o;
	o.persistent_size = 0;
	device d(o);

	EXPECT_EQ(d.command(0x4203).rc, 3u);
	EXPECT_EQ(set_state(d, 1), 3u);
	device both;
	EXPECT_EQ(le(d.command(0x0400).out, 24, 4), le(both.command(0x0400).out, 24, 4) - 7u * 4)
		<< "nor are the passphrases";
	EXPECT_EQ(d.command(0x4200).rc, 0u);
}
