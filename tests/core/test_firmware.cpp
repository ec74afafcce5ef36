/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware update. CXL r3.1 8.2.9.3. */
#include "test_memdev_fixture.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t second = 1'000'000'000'000; /* ps */
constexpr unsigned full = 0, initiate = 1, resume = 2, end = 3, stop = 4;

struct updated : device {
	uint64_t now = 0;

	void wait(uint64_t ps) { vcxl_memdev_tick(md, now += ps); }
	/* Offset in bytes; the command's, before its background part. */
	unsigned send(unsigned action, unsigned slot, uint64_t offset, const std::string &data)
	{
		std::vector<uint8_t> in =
			bytes_of({ { action, 1 }, { slot, 1 }, { 0, 2 }, { offset / 128, 4 } });
		in.resize(0x80);
		in.insert(in.end(), data.begin(), data.end());
		return command(0x0201, in).rc;
	}
	/* The same, and its background part. */
	unsigned finish(unsigned action, unsigned slot, uint64_t offset, const std::string &data)
	{
		const unsigned rc = send(action, slot, offset, data);
		wait(second);
		return rc;
	}
	unsigned activate(unsigned action, unsigned slot)
	{
		return command(0x0202, bytes_of({ { action, 1 }, { slot, 1 } })).rc;
	}
	std::vector<uint8_t> info()
	{
		const reply r = command(0x0200);
		EXPECT_EQ(r.rc, 0u);
		EXPECT_EQ(r.out.size(), 0x50u);
		return r.out;
	}
	unsigned active() { return info()[1] & 7; }
	unsigned staged() { return info()[1] >> 3 & 7; }
	std::string revision(unsigned slot)
	{
		return reinterpret_cast<const char *>(&info()[0x10 * slot]);
	}
	std::string identified()
	{
		return reinterpret_cast<const char *>(command(0x4000).out.data());
	}
};

const std::string part(128, 'a');

} /* namespace */

TEST(firmware, a_device_has_two_slots_and_runs_the_first)
{
	updated d;
	const std::vector<uint8_t> info = d.info();

	EXPECT_EQ(info[0], 2u);
	EXPECT_EQ(info[1], 1u) << "active 1, none staged";
	EXPECT_EQ(info[2], 1u) << "online activation";
	EXPECT_EQ(d.revision(1), "VCXL 1");
	EXPECT_EQ(d.revision(2), "");
	EXPECT_EQ(d.identified(), "VCXL 1");
}

TEST(firmware, a_whole_image_is_stored_in_the_background_and_activated_online)
{
	updated d;

	EXPECT_EQ(d.send(full, 2, 0, "123456789"), 1u);
	EXPECT_EQ(d.revision(2), "") << "not yet";
	EXPECT_EQ(d.activate(0, 2), 6u);
	d.wait(second);
	EXPECT_EQ(d.revision(2), "VCXL cbf43926") << "the check value of CRC-32";
	EXPECT_EQ(d.identified(), "VCXL 1");
	EXPECT_EQ(d.activate(0, 2), 1u);
	EXPECT_EQ(d.active(), 1u);
	d.wait(second);
	EXPECT_EQ(d.active(), 2u);
	EXPECT_EQ(d.identified(), "VCXL cbf43926");
	EXPECT_EQ(d.activate(0, 1), 1u) << "and back";
	d.wait(second);
	EXPECT_EQ(d.identified(), "VCXL 1");
}

TEST(firmware, parts_make_the_same_image_as_the_whole)
{
	updated whole, parts;
	const std::string image = std::string(128, 'x') + std::string(256, 'y') + "tail";

	EXPECT_EQ(whole.finish(full, 2, 0, image), 1u);
	EXPECT_EQ(parts.finish(initiate, 0, 0, image.substr(0, 128)), 1u);
	EXPECT_EQ(parts.finish(resume, 0, 128, image.substr(128, 256)), 1u);
	EXPECT_EQ(parts.revision(2), "");
	EXPECT_EQ(parts.finish(end, 2, 384, image.substr(384)), 1u);
	EXPECT_NE(parts.revision(2), "");
	EXPECT_EQ(parts.revision(2), whole.revision(2));
}

TEST(firmware, activation_at_reset_is_staged_until_a_conventional_one)
{
	for (vcxl_reset kind : { VCXL_RESET_HOT, VCXL_RESET_COLD }) {
		updated d;
		d.finish(full, 2, 0, part);
		EXPECT_EQ(d.activate(1, 2), 0u);
		EXPECT_EQ(d.staged(), 2u);
		vcxl_memdev_reset(d.md, VCXL_RESET_FLR);
		EXPECT_EQ(d.active(), 1u);
		EXPECT_EQ(d.staged(), 2u);
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(d.active(), 2u);
		EXPECT_EQ(d.staged(), 0u);
	}
}

TEST(firmware, case_36_activation_of_a_slot_that_is_active_or_empty_is_an_invalid_slot)
{
	updated d;

	for (unsigned action : { 0u, 1u })
		for (unsigned slot : { 0u, 1u, 2u, 3u, 255u })
			EXPECT_EQ(d.activate(action, slot), 0xbu) << slot;
	EXPECT_EQ(d.activate(2, 2), 2u);
}

TEST(firmware, transfer_errors)
{
	const std::string two = part + part;
	updated d;

	EXPECT_EQ(d.send(5, 2, 0, part), 2u) << "action";
	EXPECT_EQ(d.send(resume, 0, 0, part), 2u) << "none initiated";
	EXPECT_EQ(d.send(end, 2, 0, part), 2u) << "none initiated";
	EXPECT_EQ(d.send(initiate, 0, 128, part), 2u) << "offset";
	EXPECT_EQ(d.send(full, 2, 128, part), 2u) << "offset";
	EXPECT_EQ(d.send(initiate, 0, 0, ""), 2u) << "no data";
	EXPECT_EQ(d.send(initiate, 0, 0, "short"), 2u) << "the next has no offset";
	for (unsigned slot : { 0u, 1u, 3u })
		EXPECT_EQ(d.send(full, slot, 0, part), 0xbu) << slot;
	EXPECT_EQ(d.finish(initiate, 0, 0, part), 1u);
	EXPECT_EQ(d.send(initiate, 0, 0, part), 8u);
	EXPECT_EQ(d.send(full, 2, 0, part), 8u);
	EXPECT_EQ(d.send(resume, 0, 32 * mib, part), 2u) << "beyond the largest image";
	EXPECT_EQ(d.send(resume, 0, 256, part), 9u) << "a gap";
	EXPECT_EQ(d.send(resume, 0, 0, part), 1u) << "the same part again";
	d.wait(second);
	EXPECT_EQ(d.send(resume, 0, 0, std::string(128, 'b')), 9u) << "another part there";
	EXPECT_EQ(d.send(resume, 0, 0, two), 9u);
	EXPECT_EQ(d.finish(resume, 0, 128, part), 1u);
	EXPECT_EQ(d.send(resume, 0, 0, part), 9u) << "not the latest";
	for (unsigned slot : { 0u, 1u, 3u })
		EXPECT_EQ(d.send(end, slot, 256, part), 0xbu) << slot;
	EXPECT_EQ(d.finish(end, 2, 256, part), 1u);
	EXPECT_EQ(d.send(end, 2, 384, part), 2u) << "it is over";
}

TEST(firmware, case_35_a_gap_of_more_than_30_seconds_aborts)
{
	updated d;

	EXPECT_EQ(d.finish(initiate, 0, 0, part), 1u);
	d.wait(28 * second);
	EXPECT_EQ(d.finish(resume, 0, 128, part), 1u);
	d.wait(31 * second);
	EXPECT_EQ(d.send(resume, 0, 256, part), 2u);
	EXPECT_EQ(d.send(end, 2, 256, part), 2u);
	EXPECT_EQ(d.finish(initiate, 0, 0, part), 1u) << "the next one begins";
}

TEST(firmware, a_transfer_is_aborted_by_its_action_by_the_abort_command_and_by_reset)
{
	updated d;

	EXPECT_EQ(d.send(stop, 0, 0, ""), 0u) << "of nothing";
	d.finish(initiate, 0, 0, part);
	EXPECT_EQ(d.send(stop, 0, 0, ""), 0u);
	EXPECT_EQ(d.send(resume, 0, 128, part), 2u);
	EXPECT_EQ(d.send(full, 2, 0, part), 1u);
	EXPECT_EQ(d.command(0x0005).rc, 0u);
	d.wait(second);
	EXPECT_EQ(d.revision(2), "");
	for (vcxl_reset kind :
	     { VCXL_RESET_FLR, VCXL_RESET_CXL, VCXL_RESET_HOT, VCXL_RESET_COLD }) {
		EXPECT_EQ(d.finish(initiate, 0, 0, part), 1u);
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(d.send(resume, 0, 128, part), 2u) << kind;
	}
}

TEST(firmware, an_aborted_activation_keeps_what_runs)
{
	updated d;

	d.finish(full, 2, 0, part);
	EXPECT_EQ(d.activate(0, 2), 1u);
	EXPECT_EQ(d.command(0x0005).rc, 0u);
	d.wait(5 * second);
	EXPECT_EQ(d.active(), 1u);
}
