/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of the dispatcher that no command of today shows: background operations, media disabled,
 * a doorbell that is rung while it is set. CXL r3.1 8.2.8.4. A command set of the test takes the
 * place of the device's own, hence the private headers.
 */
#include "commands.h"
#include "test_memdev_fixture.h"

extern "C" {
#include "mailbox.h"
#include "memdev.h"
}

using namespace vcxl_test;

namespace
{

/* What the test's commands did, found through the user pointer of the device's callbacks. */
device &owner(vcxl_memdev *md)
{
	return *static_cast<device *>(md->ops.ctx);
}

enum cxl_rc echo(vcxl_memdev *, vcxl_msg *msg)
{
	return vcxl_msg_reply(msg, msg->in, msg->in_len);
}

/* Rings again, with another command, while it runs. */
enum cxl_rc ring_again(vcxl_memdev *md, vcxl_msg *msg)
{
	device &d = owner(md);
	const uint32_t mb = d.find_device(2);

	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb + 4, 4) & 1, 1u) << "doorbell is set";
	d.write(VCXL_SPACE_DEVICE, mb + 8, 8, 0xc001 | 8ull << 16);
	d.write(VCXL_SPACE_DEVICE, mb + 0x20, 8, 0x9999999999999999);
	d.write(VCXL_SPACE_DEVICE, mb + 4, 4, 0x1);
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb + 4, 4) & 1, 1u);
	d.write(VCXL_SPACE_DEVICE, mb + 4, 4, 0x0);
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb + 4, 4) & 1, 1u) << "only the device clears it";
	return vcxl_msg_reply(msg, msg->in, msg->in_len);
}

enum cxl_rc write_then_fail(vcxl_memdev *, vcxl_msg *msg)
{
	const uint8_t bytes[4] = { 1, 2, 3, 4 };

	(void)vcxl_msg_reply(msg, bytes, sizeof(bytes));
	return CXL_RC_INTERNAL_ERROR;
}

constexpr uint64_t second = 1'000'000'000'000; /* ps */

enum cxl_rc start(vcxl_memdev *, vcxl_msg *msg)
{
	msg->duration_ps = 10 * second;
	return CXL_RC_BACKGROUND_STARTED;
}

enum cxl_rc start_at_once(vcxl_memdev *, vcxl_msg *)
{
	return CXL_RC_BACKGROUND_STARTED;
}

enum cxl_rc done(vcxl_memdev *md, bool)
{
	/* operations end at their time */
	return md->now_ps % second == 0 ? CXL_RC_SUCCESS : CXL_RC_INTERNAL_ERROR;
}

enum cxl_rc fails_late(vcxl_memdev *, bool)
{
	return CXL_RC_PERMANENT_MEDIA_FAILURE;
}

/* Leaves a mark that says how it ended. */
enum cxl_rc was_aborted(vcxl_memdev *md, bool aborted)
{
	md->timestamp.value_ns = aborted ? 1 : 2;
	return CXL_RC_SUCCESS;
}

const vcxl_cmd test_commands[] = {
	{ 0xc000, "Echo", 0, VCXL_CMD_ANY, 0, 0, echo, nullptr },
	{ 0xc001, "Ring Again", 8, 8, 0, 0, ring_again, nullptr },
	{ 0xc002, "Write Then Fail", 0, 0, 0, 0, write_then_fail, nullptr },
	{ 0xc003, "Background", 0, 0, CXL_EFFECT_BACKGROUND, 0, start, done },
	{ 0xc004, "Background That Fails", 0, 0, CXL_EFFECT_BACKGROUND, 0, start, fails_late },
	{ 0xc005, "Media", 0, 0, 0, VCXL_CMD_NEEDS_MEDIA, echo, nullptr },
	{ 0xc006, "Instant", 0, 0, CXL_EFFECT_BACKGROUND, 0, start_at_once, done },
	{ 0xc007, "Abortable", 0, 0, CXL_EFFECT_BACKGROUND | CXL_EFFECT_ABORT, 0, start,
	  was_aborted },
};
const vcxl_cmd_set test_sets[] = { vcxl_primary_mailbox_sets()[0],
				   { test_commands, 8 },
				   { nullptr, 0 } };

class internal : public ::testing::Test
{
protected:
	internal()
	{
		d.md->mailbox.cci.sets = test_sets;
		mb = d.find_device(2);
	}
	uint64_t status() { return d.read(VCXL_SPACE_DEVICE, mb + 0x10, 8); }
	uint64_t background() { return d.read(VCXL_SPACE_DEVICE, mb + 0x18, 8); }

	device d{ every_command() };
	uint32_t mb;
};

using mailbox_rules = internal;
using background_operation = internal;
using media_disabled = internal;

} /* namespace */

TEST_F(mailbox_rules, case_18_a_doorbell_written_while_set_is_ignored)
{
	for (uint32_t i = 0; i < 8; i++)
		d.write(VCXL_SPACE_DEVICE, mb + 0x20 + i, 1, i + 1);
	const reply r = d.ring(0xc001, 8);
	EXPECT_EQ(r.rc, 0u);
	/* the input was latched: what was written meanwhile did not change it */
	EXPECT_EQ(le(r.out, 0, 8), 0x0807060504030201u);
}

TEST_F(mailbox_rules, the_whole_payload_can_be_input_and_output)
{
	std::vector<uint8_t> in(0x800);
	for (size_t i = 0; i < in.size(); i++)
		in[i] = static_cast<uint8_t>(i * 7);
	EXPECT_EQ(d.command(0xc000, in).out, in);
}

TEST_F(mailbox_rules, an_error_has_no_output_even_when_the_command_wrote_some)
{
	const reply r = d.ring(0xc002, 0);
	EXPECT_EQ(r.rc, 4u);
	EXPECT_TRUE(r.out.empty());
}

TEST_F(mailbox_rules, cel_is_made_from_the_sets_that_the_interface_has)
{
	uint16_t opcode = 0, effects = 0;

	EXPECT_TRUE(vcxl_cci_cel_entry(&d.md->mailbox.cci, d.md, 4, &opcode, &effects));
	EXPECT_EQ(opcode, 0xc003);
	EXPECT_EQ(effects, 0x40);
	EXPECT_FALSE(vcxl_cci_cel_entry(&d.md->mailbox.cci, d.md, 9, &opcode, &effects));
}

TEST(logs_internal, a_cel_longer_than_the_payload_is_read_in_pieces)
{
	options o;
	o.mailbox_log2 = 8;
	device d(o);
	std::vector<vcxl_cmd> rows(100, test_commands[0]);
	const vcxl_cmd_set sets[] = { vcxl_primary_mailbox_sets()[4],
				      { rows.data(), static_cast<unsigned>(rows.size()) },
				      { nullptr, 0 } };
	/* exactly the payload, so that a byte more is an error of the sanitizer */
	std::vector<uint8_t> in, out(256);
	uint32_t out_len = 0;

	d.md->mailbox.cci.sets = sets;
	const reply logs = d.command(0x0400);
	EXPECT_EQ(le(logs.out, 0x18, 4), 424u);
	in.assign(logs.out.begin() + 8, logs.out.begin() + 24);
	in.resize(0x18);
	in[0x15] = 1; /* 256 bytes */
	EXPECT_EQ(vcxl_memdev_command(d.md, 0x0401, in.data(), 0x18, out.data(), &out_len), 0);
	EXPECT_EQ(out_len, 256u);
	EXPECT_EQ(le(out, 24, 2), 0xc000u);
	in[0x14] = 1; /* 257 bytes */
	EXPECT_EQ(vcxl_memdev_command(d.md, 0x0401, in.data(), 0x18, out.data(), &out_len), 2);
	EXPECT_EQ(out_len, 0u);
}

TEST_F(background_operation, runs_for_its_time_and_says_how_far_it_is)
{
	vcxl_memdev_tick(d.md, 2 * second);
	EXPECT_EQ(d.ring(0xc003, 0).rc, 1u);
	EXPECT_EQ(status() & 1, 1u);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), 12 * second);
	EXPECT_EQ(d.deadlines, (std::vector<uint64_t>{ 12 * second }));
	EXPECT_EQ(background(), 0xc003u) << "0 %";
	vcxl_memdev_tick(d.md, 7 * second);
	EXPECT_EQ(background(), 0xc003u | 50u << 16);
	vcxl_memdev_tick(d.md, 12 * second - 1);
	EXPECT_EQ(background(), 0xc003u | 99u << 16);
	EXPECT_EQ(status() & 1, 1u);
	vcxl_memdev_tick(d.md, 12 * second);
	EXPECT_EQ(background(), 0xc003u | 100u << 16) << "return code 0 at 47:32";
	EXPECT_EQ(status() & 1, 0u);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), UINT64_MAX);
	EXPECT_EQ(d.deadlines.back(), UINT64_MAX);
}

TEST_F(background_operation, ends_at_its_time_even_when_nobody_looks)
{
	d.ring(0xc003, 0);
	vcxl_memdev_tick(d.md, 99 * second + 1);
	EXPECT_EQ(background() >> 32, 0u) << "the command saw 10 s";
	EXPECT_EQ(d.md->now_ps, 99 * second + 1);
}

TEST_F(background_operation, of_no_duration_is_finished_by_the_next_tick)
{
	vcxl_memdev_tick(d.md, second);
	EXPECT_EQ(d.ring(0xc006, 0).rc, 1u);
	EXPECT_EQ(status() & 1, 1u);
	EXPECT_LT(background() >> 16 & 0x7f, 100u);
	vcxl_memdev_tick(d.md, second);
	EXPECT_EQ(status() & 1, 0u);
	EXPECT_EQ(background(), 0xc006u | 100u << 16);
}

TEST_F(background_operation, reports_a_late_failure_in_its_own_status)
{
	d.ring(0xc004, 0);
	vcxl_memdev_tick(d.md, 10 * second);
	EXPECT_EQ(background(), 0xc004u | 100u << 16 | 0x11ull << 32);
	EXPECT_EQ(status() >> 32, 1u) << "the command itself was started";
	d.ring(0xc003, 0);
	EXPECT_EQ(background(), 0xc003u) << "of the one that runs now";
}

TEST_F(background_operation, case_20_a_second_one_is_busy_and_the_first_unaffected)
{
	d.ring(0xc003, 0);
	vcxl_memdev_tick(d.md, 5 * second);
	EXPECT_EQ(d.ring(0xc004, 0).rc, 6u);
	EXPECT_EQ(background(), 0xc003u | 50u << 16);
	EXPECT_EQ(d.command(0xc000, { 1 }).rc, 0u) << "foreground commands are allowed";
	EXPECT_EQ(status() & 1, 1u);
	vcxl_memdev_tick(d.md, 10 * second);
	EXPECT_EQ(background(), 0xc003u | 100u << 16);
	EXPECT_EQ(d.ring(0xc004, 0).rc, 1u);
}

TEST_F(background_operation, completion_interrupt_goes_to_vector_7_when_enabled)
{
	d.enable_msix();
	d.ring(0xc003, 0);
	vcxl_memdev_tick(d.md, 10 * second);
	EXPECT_TRUE(d.messages.empty());
	d.write(VCXL_SPACE_DEVICE, mb + 4, 4, 0x4);
	d.ring(0xc003, 0);
	EXPECT_TRUE(d.messages.empty()) << "the doorbell interrupt is not enabled";
	vcxl_memdev_tick(d.md, 20 * second);
	EXPECT_EQ(d.messages, (std::vector<range>{ { 0xfee00070, 7 } }));
}

TEST_F(background_operation, case_20_abort_ends_it_with_aborted_in_its_own_status)
{
	d.enable_msix();
	d.write(VCXL_SPACE_DEVICE, mb + 4, 4, 0x4);
	EXPECT_EQ(d.ring(0xc007, 0).rc, 1u);
	vcxl_memdev_tick(d.md, 8 * second);
	EXPECT_EQ(d.ring(0x0005, 0).rc, 0u);
	EXPECT_EQ(d.md->timestamp.value_ns, 1u);
	EXPECT_EQ(status() & 1, 0u);
	EXPECT_EQ(background(), 0xc007u | 100u << 16 | 0x12ull << 32);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), UINT64_MAX);
	EXPECT_EQ(d.deadlines.back(), UINT64_MAX);
	EXPECT_EQ(d.messages, (std::vector<range>{ { 0xfee00070, 7 } }));
	EXPECT_EQ(d.ring(0xc003, 0).rc, 1u) << "another one may start";
}

TEST_F(background_operation, abort_near_the_end_is_ignored)
{
	d.ring(0xc007, 0);
	vcxl_memdev_tick(d.md, 85 * second / 10);
	EXPECT_EQ(d.ring(0x0005, 0).rc, 0u);
	EXPECT_EQ(status() & 1, 1u);
	vcxl_memdev_tick(d.md, 10 * second);
	EXPECT_EQ(d.md->timestamp.value_ns, 2u);
	EXPECT_EQ(background(), 0xc007u | 100u << 16);
}

TEST_F(background_operation, abort_of_nothing_or_of_what_cannot_be_aborted_is_not_supported)
{
	EXPECT_EQ(d.ring(0x0005, 0).rc, 0x20u);
	d.ring(0xc003, 0);
	EXPECT_EQ(d.ring(0x0005, 0).rc, 0x20u);
	EXPECT_EQ(status() & 1, 1u);
	EXPECT_EQ(d.ring(0x0005, 1).rc, 0x16u);
}

TEST_F(background_operation, any_reset_aborts_it)
{
	for (vcxl_reset kind :
	     { VCXL_RESET_FLR, VCXL_RESET_CXL, VCXL_RESET_HOT, VCXL_RESET_COLD }) {
		EXPECT_EQ(d.ring(0xc007, 0).rc, 1u);
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(d.md->timestamp.value_ns, kind == VCXL_RESET_COLD ? 0u : 1u);
		EXPECT_EQ(status(), 0u);
		EXPECT_EQ(background(), 0u);
		EXPECT_EQ(d.deadlines.back(), UINT64_MAX);
	}
}

TEST_F(media_disabled, commands_that_need_media_fail_and_others_do_not)
{
	vcxl_memdev_disable_media(d.md, true);
	EXPECT_EQ(d.ring(0xc005, 0).rc, 7u);
	EXPECT_EQ(d.ring(0xc000, 0).rc, 0u);
	d.md->mailbox.cci.sets = vcxl_primary_mailbox_sets();
	for (const auto &c : commands)
		EXPECT_EQ(d.ring(c.opcode, c.min).rc == 7, c.media) << std::hex << c.opcode;
	vcxl_memdev_disable_media(d.md, false);
	EXPECT_EQ(d.ring(0x4100, 0).rc, 0u);
}

TEST_F(media_disabled, status_says_so_and_memory_answers_with_an_error)
{
	const uint32_t at = d.find_device(0x4000);

	ASSERT_EQ(d.commit(0, window, 512 * mib) >> 10 & 3, 1u);
	d.enable();
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, at, 8), 0x14u);
	EXPECT_EQ(d.load(window), VCXL_OK);
	d.invalidated.clear();
	vcxl_memdev_disable_media(d.md, true);
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, at, 8), 0x1cu);
	EXPECT_EQ(d.load(window), VCXL_E_MEDIA);
	EXPECT_EQ(d.store(window, 1), VCXL_E_MEDIA);
	EXPECT_EQ(d.invalidated, (std::vector<range>{ { window, 512 * mib } }));
	vcxl_memdev_disable_media(d.md, false);
	EXPECT_EQ(d.load(window), VCXL_OK);
}

TEST(device_tables, registers_are_ordered_and_disjoint)
{
	const vcxl_reg_table &device = vcxl_device_table, &mailbox = vcxl_mailbox_table;

	EXPECT_STREQ(vcxl_regs_check(device.rows, device.n_rows, 0xe0), nullptr);
	EXPECT_STREQ(vcxl_regs_check(mailbox.rows, mailbox.n_rows, 0x20), nullptr);
}
