/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every command of the mailbox once as it is meant and once for each error that it has, from one
 * table. CXL r3.1 8.2.9. Lengths, effects and disabled media are the other tests' that go through
 * commands.h. Private headers, because the last test takes handlers away.
 */
#include <functional>

#include "commands.h"
#include "test_memdev_fixture.h"
#include "uuids.h"

extern "C" {
#include "mailbox.h"
#include "memdev.h"
}

using namespace vcxl_test;

namespace
{

using fields = std::initializer_list<std::pair<uint64_t, unsigned>>;
using preparation = std::function<void(device &)>;

constexpr uint64_t second = 1'000'000'000'000; /* ps */
constexpr uint64_t capacity = 1280 * mib, persistent = 512 * mib;

const bytes nobody(16, 0x11);

bytes in(fields f)
{
	return bytes_of(f);
}

/* ---- what comes before a call ---- */

void nothing(device &)
{
}

void scanning(device &d)
{
	d.command(0x4304, in({ { 0, 8 }, { capacity / 64, 8 }, { 0, 1 } }));
}

void scanned(device &d)
{
	scanning(d);
	vcxl_memdev_tick(d.md, 100 * second);
}

void logged(device &d)
{
	const vcxl_event_record record = {};

	(void)vcxl_event_inject(d.md, VCXL_EVENT_INFO, &record);
}

bytes image(unsigned action, unsigned slot, unsigned offset = 0)
{
	bytes header = in({ { action, 1 }, { slot, 1 }, { 0, 2 }, { offset, 4 } });

	header.resize(0x100);
	return header;
}

void image_in_slot_2(device &d)
{
	d.command(0x0201, image(0, 2));
	vcxl_memdev_tick(d.md, second);
}

void image_begun(device &d)
{
	d.command(0x0201, image(1, 0));
	vcxl_memdev_tick(d.md, second);
}

bytes feature(const bytes &uuid, unsigned flags, unsigned offset, unsigned version,
	      const bytes &data)
{
	return uuid + in({ { flags, 4 }, { offset, 2 }, { version, 1 }, { 0, 8 }, { 0, 1 } }) +
	       data;
}

void feature_begun(device &d)
{
	d.command(0x0502, feature(scrub, 1, 0, 1, { 6 }));
}

bytes repair(uint64_t dpa, unsigned subclass = 1)
{
	return in({ { 1, 1 }, { subclass, 1 }, { 0, 1 }, { dpa, 8 }, { 0, 3 } });
}

void repairs_used_up(device &d)
{
	for (unsigned i = 0; i < 4; i++)
		d.command(0x0600, repair(0));
}

void committed(device &d)
{
	d.commit(0, window, 512 * mib);
}

void poisoned_to_the_limit(device &d)
{
	for (uint64_t i = 0; i < 256; i++)
		d.command(0x4301, in({ { 4096 * i, 8 } }));
}

bytes passphrase(unsigned type, unsigned now, unsigned next)
{
	bytes p(0x60);

	p[0] = static_cast<uint8_t>(type);
	p[0x20] = static_cast<uint8_t>(now);
	p[0x40] = static_cast<uint8_t>(next);
	return p;
}

bytes pass(unsigned type, unsigned now)
{
	bytes p = passphrase(type, now, 0);

	p.resize(0x40);
	return p;
}

void user_set(device &d)
{
	d.command(0x4501, passphrase(1, 0, 7));
}

void master_set(device &d)
{
	d.command(0x4501, passphrase(0, 0, 7));
}

void locked(device &d)
{
	user_set(d);
	vcxl_memdev_reset(d.md, VCXL_RESET_HOT);
}

void frozen(device &d)
{
	user_set(d);
	d.command(0x4504);
}

/* ---- the table ---- */

struct bad_call {
	preparation before;
	bytes input;
	unsigned rc;
};

struct call {
	uint16_t opcode;
	preparation before;
	bytes input;
	unsigned rc, out_size; /* 0; 1 of background operations */
	std::vector<bad_call> errors;
};

// clang-format off
const std::vector<call> calls = {
	{ 0x0005, scanning, {}, 0, 0, { { nothing, {}, 0x20 } } },
	{ 0x0100, nothing, { 0 }, 0, 0x20, { { nothing, { 4 }, 2 } } },
	{ 0x0101, logged, { 0, 0, 1, 0, 0, 0, 1, 0 }, 0, 0,
	  { { logged, { 0, 0, 1, 0, 0, 0, 2, 0 }, 0xe }, { logged, { 0, 0, 0, 0, 0, 0 }, 2 },
	    { logged, { 0, 1, 0, 0, 0, 0 }, 2 },         { logged, { 4, 0, 1, 0, 0, 0, 1, 0 }, 2 },
	    { logged, { 0, 0, 2, 0, 0, 0, 1, 0 }, 0x16 } } },
	{ 0x0102, nothing, {}, 0, 4, {} },
	{ 0x0103, nothing, { 1, 1, 0, 1 }, 0, 0, { { nothing, { 1, 1, 2, 1 }, 2 } } },
	{ 0x0200, nothing, {}, 0, 0x50, {} },
	{ 0x0201, nothing, image(0, 2), 1, 0,
	  { { nothing, image(0, 0), 0xb },     { nothing, image(0, 1), 0xb },
	    { nothing, image(0, 3), 0xb },     { nothing, image(5, 2), 2 },
	    { nothing, image(2, 0, 1), 2 },    { nothing, image(1, 0, 1), 2 },
	    { image_begun, image(0, 2), 8 },   { image_begun, image(1, 0), 8 },
	    { image_begun, image(2, 0, 3), 9 }, { scanning, image(0, 2), 6 } } },
	{ 0x0202, image_in_slot_2, { 1, 2 }, 0, 0,
	  { { nothing, { 1, 2 }, 0xb },         { image_in_slot_2, { 1, 0 }, 0xb },
	    { image_in_slot_2, { 1, 1 }, 0xb }, { image_in_slot_2, { 2, 2 }, 2 } } },
	{ 0x0300, nothing, {}, 0, 8, {} },
	{ 0x0301, nothing, in({ { 5, 8 } }), 0, 0, {} },
	{ 0x0400, nothing, {}, 0, 8 + 3 * 20, {} },
	{ 0x0401, nothing, cel_uuid + in({ { 0, 4 }, { 8, 4 } }), 0, 8,
	  { { nothing, nobody + in({ { 0, 4 }, { 0, 4 } }), 0x17 },
	    { nothing, cel_uuid + in({ { 0, 4 }, { 0x400, 4 } }), 2 } } },
	{ 0x0402, nothing, cel_uuid, 0, 4, { { nothing, nobody, 0x17 } } },
	{ 0x0403, nothing, debug_log_uuid, 0, 0,
	  { { nothing, nobody, 0x17 }, { nothing, cel_uuid, 3 } } },
	{ 0x0404, nothing, dump_uuid, 1, 0,
	  { { nothing, nobody, 0x17 }, { nothing, debug_log_uuid, 3 }, { scanning, dump_uuid, 6 } } },
	{ 0x0405, nothing, { 2, 1 }, 0, 8 + 2 * 20, { { nothing, { 2, 3 }, 2 } } },
	{ 0x0500, nothing, in({ { 56, 4 }, { 0, 4 } }), 0, 56,
	  { { nothing, in({ { 7, 4 }, { 0, 4 } }), 2 }, { nothing, in({ { 56, 4 }, { 9, 4 } }), 2 } } },
	{ 0x0501, nothing, scrub + bytes{ 0, 0, 4, 0, 0 }, 0, 4,
	  { { nothing, nobody + bytes{ 0, 0, 4, 0, 0 }, 3 }, { nothing, scrub + bytes{ 0, 0, 4, 0, 3 }, 0x1a },
	    { nothing, scrub + bytes{ 1, 0, 4, 0, 0 }, 2 } } },
	{ 0x0502, nothing, feature(scrub, 0, 0, 1, { 6, 1 }), 0, 0,
	  { { nothing, feature(nobody, 0, 0, 1, { 6, 1 }), 3 },     { nothing, feature(scrub, 0, 0, 2, { 6, 1 }), 0x19 },
	    { nothing, feature(scrub, 0, 0, 1, {}), 0x16 },         { nothing, feature(scrub, 2, 0, 1, { 6 }), 0x1c },
	    { feature_begun, feature(ecs, 1, 0, 1, { 1 }), 0x1b },  { feature_begun, feature(scrub, 2, 0, 1, { 6 }), 0x1c },
	    { nothing, feature(scrub, 0, 0, 1, { 0, 1 }), 2 } } },
	{ 0x0600, nothing, repair(64), 0, 0,
	  { { nothing, repair(64, 2), 2 }, { nothing, repair(capacity), 0xf },
	    { repairs_used_up, repair(64), 0x1d }, { locked, repair(persistent), 0x13 } } },
	{ 0x4000, nothing, {}, 0, 0x45, {} },
	{ 0x4100, nothing, {}, 0, 0x20, {} },
	{ 0x4101, nothing, in({ { 1, 8 }, { 1, 1 } }), 0, 0,
	  { { nothing, in({ { 2, 8 }, { 0, 1 } }), 2 }, { nothing, in({ { 1, 8 }, { 2, 1 } }), 2 },
	    { committed, in({ { 1, 8 }, { 1, 1 } }), 2 }, { locked, in({ { 1, 8 }, { 0, 1 } }), 0x13 } } },
	{ 0x4102, nothing, in({ { 16, 4 }, { 32, 4 } }), 0, 32,
	  { { nothing, in({ { 0x20000, 4 }, { 1, 4 } }), 2 }, { nothing, in({ { 0, 4 }, { 0x801, 4 } }), 2 } } },
	{ 0x4103, nothing, in({ { 16, 8 }, { 1, 1 } }), 0, 0, { { nothing, in({ { 0x20000, 8 }, { 1, 1 } }), 2 } } },
	{ 0x4200, nothing, {}, 0, 0x12, {} },
	{ 0x4201, nothing, {}, 0, 0x10, {} },
	{ 0x4202, nothing, { 1, 1, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 0, 0,
	  { { nothing, { 1, 1, 95, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 2 }, { nothing, { 2, 2, 0, 0, 95, 0, 0, 0, 0, 0, 0, 0 }, 2 },
	    { nothing, { 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 2 },  { nothing, { 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 2 } } },
	{ 0x4203, nothing, {}, 0, 1, {} },
	{ 0x4204, nothing, { 1 }, 0, 0, { { nothing, { 2 }, 2 } } },
	{ 0x4300, nothing, in({ { 0, 8 }, { 1, 8 } }), 0, 0x20,
	  { { nothing, in({ { 8, 8 }, { 1, 8 } }), 2 }, { nothing, in({ { capacity, 8 }, { 1, 8 } }), 0xf } } },
	{ 0x4301, nothing, in({ { 64, 8 } }), 0, 0,
	  { { nothing, in({ { 65, 8 } }), 2 }, { nothing, in({ { capacity, 8 } }), 0xf },
	    { poisoned_to_the_limit, in({ { 64, 8 } }), 0x10 } } },
	{ 0x4302, nothing, in({ { 64, 8 } }) + bytes(64), 0, 0,
	  { { nothing, in({ { 65, 8 } }) + bytes(64), 2 }, { nothing, in({ { capacity, 8 } }) + bytes(64), 0xf },
	    { locked, in({ { persistent, 8 } }) + bytes(64), 0x13 } } },
	{ 0x4303, nothing, in({ { 0, 8 }, { 1, 8 } }), 0, 4,
	  { { nothing, in({ { 8, 8 }, { 1, 8 } }), 2 }, { nothing, in({ { 0, 8 }, { capacity, 8 } }), 0xf } } },
	{ 0x4304, nothing, in({ { 0, 8 }, { 1, 8 }, { 0, 1 } }), 1, 0,
	  { { nothing, in({ { 8, 8 }, { 1, 8 }, { 0, 1 } }), 2 }, { nothing, in({ { capacity, 8 }, { 1, 8 }, { 0, 1 } }), 0xf },
	    { scanning, in({ { 0, 8 }, { 1, 8 }, { 0, 1 } }), 6 } } },
	{ 0x4305, scanned, {}, 0, 0x20, { { nothing, {}, 3 }, { scanning, {}, 6 } } },
	{ 0x4400, nothing, {}, 1, 0, { { user_set, {}, 0x13 }, { locked, {}, 0x13 }, { scanning, {}, 6 } } },
	{ 0x4401, nothing, {}, 0, 0, { { user_set, {}, 0x13 }, { locked, {}, 0x13 } } },
	{ 0x4402, nothing, in({ { 1, 2 }, { 0, 2 }, { 1, 4 }, { 64, 8 }, { 64, 8 } }), 1, 0,
	  { { nothing, in({ { 2, 2 }, { 0, 6 } }), 3 },          { nothing, in({ { 1, 2 }, { 0, 2 }, { 1, 4 } }), 0x16 },
	    { nothing, in({ { 1, 2 }, { 0, 2 }, { 1, 4 }, { 8, 8 }, { 64, 8 } }), 2 },
	    { nothing, in({ { 1, 2 }, { 0, 2 }, { 1, 4 }, { capacity, 8 }, { 64, 8 } }), 2 },
	    { nothing, in({ { 0, 2 }, { 0, 2 }, { 1, 4 }, { 0, 4 } }), 2 },
	    { locked, in({ { 1, 2 }, { 0, 2 }, { 1, 4 }, { persistent, 8 }, { 64, 8 } }), 0x13 } } },
	{ 0x4500, nothing, {}, 0, 4, {} },
	{ 0x4501, nothing, passphrase(1, 0, 7), 0, 0,
	  { { user_set, passphrase(1, 8, 7), 0x14 }, { nothing, passphrase(2, 0, 7), 2 }, { frozen, passphrase(1, 7, 8), 0x13 },
	    { user_set, passphrase(0, 0, 7), 0x13 }, { locked, passphrase(1, 7, 8), 0x13 } } },
	{ 0x4502, user_set, pass(1, 7), 0, 0,
	  { { nothing, pass(1, 7), 0x13 }, { user_set, pass(1, 8), 0x14 }, { user_set, pass(2, 7), 2 }, { frozen, pass(1, 7), 0x13 } } },
	{ 0x4503, locked, [] { bytes p(32); p[0] = 7; return p; }(), 0, 0,
	  { { nothing, bytes(32), 0x13 }, { user_set, bytes(32), 0x13 }, { locked, bytes(32), 0x14 } } },
	{ 0x4504, nothing, {}, 0, 0, {} },
	{ 0x4505, user_set, pass(1, 7), 0, 0,
	  { { nothing, pass(0, 7), 2 }, { user_set, pass(1, 8), 0x14 }, { master_set, pass(0, 8), 0x14 },
	    { nothing, pass(2, 7), 2 }, { frozen, pass(1, 7), 0x13 } } },
	{ 0x4700, nothing, {}, 0, 4, {} },
	{ 0x4701, nothing, { 0, 20, 30, 4 }, 0, 0,
	  { { nothing, { 1, 20, 30, 4 }, 2 }, { nothing, { 2, 20, 30, 4 }, 2 }, { nothing, { 0, 0, 30, 4 }, 2 },
	    { nothing, { 0, 31, 30, 4 }, 2 }, { nothing, { 0, 20, 101, 4 }, 2 }, { nothing, { 0, 20, 30, 16 }, 2 } } },
	{ 0x4702, nothing, {}, 0, 1, {} },
};
// clang-format on

/* Whether the call is answered as the table has it, by a device with these commands. */
bool answers(const call &c, const vcxl_cmd_set *sets)
{
	device d(every_command());

	c.before(d);
	d.md->mailbox.cci.sets = sets;
	const reply r = d.command(c.opcode, c.input);
	return r.rc == c.rc && r.out.size() == c.out_size;
}

enum cxl_rc unsupported(vcxl_memdev *, vcxl_msg *)
{
	return CXL_RC_UNSUPPORTED;
}

} /* namespace */

TEST(command_table, has_a_call_of_every_command_there_is)
{
	ASSERT_EQ(calls.size(), n_commands);
	for (unsigned i = 0; i < n_commands; i++)
		EXPECT_EQ(calls[i].opcode, commands[i].opcode);
}

TEST(command_table, every_call_is_answered_with_success_and_output_of_its_size)
{
	for (const call &c : calls) {
		device d(every_command());
		c.before(d);
		const reply r = d.command(c.opcode, c.input);
		EXPECT_EQ(r.rc, c.rc) << std::hex << c.opcode;
		EXPECT_EQ(r.out.size(), c.out_size) << std::hex << c.opcode;
	}
}

TEST(command_table, every_error_is_answered_by_its_return_code_and_without_output)
{
	for (const call &c : calls) {
		for (size_t i = 0; i < c.errors.size(); i++) {
			device d(every_command());
			c.errors[i].before(d);
			const reply r = d.command(c.opcode, c.errors[i].input);
			EXPECT_EQ(r.rc, c.errors[i].rc) << std::hex << c.opcode << ", error " << i;
			EXPECT_TRUE(r.out.empty()) << std::hex << c.opcode << ", error " << i;
		}
	}
}

TEST(command_table, while_an_operation_runs_no_other_starts_and_foreground_commands_do_as_ever)
{
	for (unsigned i = 0; i < n_commands; i++) {
		const call &c = calls[i];
		const bool background = commands[i].effects & 0x40;
		device d(every_command());
		c.before(d);
		scanning(d);
		/* the results of the scan are being made */
		const unsigned expected = background || c.opcode == 0x4305 ? 6 : c.rc;
		EXPECT_EQ(d.command(c.opcode, c.input).rc, expected) << std::hex << c.opcode;
		EXPECT_TRUE(background || c.rc == 0) << std::hex << c.opcode;
	}
}

/* The tests above notice it when a handler is gone, whichever it is. */
TEST(command_table, a_command_without_its_handler_is_noticed)
{
	for (const call &missing : calls) {
		std::vector<std::vector<vcxl_cmd>> rows;
		std::vector<vcxl_cmd_set> sets;
		for (const vcxl_cmd_set *s = vcxl_primary_mailbox_sets(); s->rows; s++) {
			rows.emplace_back(s->rows, s->rows + s->n_rows);
			for (vcxl_cmd &row : rows.back())
				if (row.opcode == missing.opcode)
					row.run = unsupported;
		}
		for (const auto &r : rows)
			sets.push_back({ r.data(), static_cast<unsigned>(r.size()) });
		sets.push_back({ nullptr, 0 });
		EXPECT_FALSE(answers(missing, sets.data())) << std::hex << missing.opcode;
		EXPECT_TRUE(answers(missing, vcxl_primary_mailbox_sets()))
			<< std::hex << missing.opcode;
	}
}
