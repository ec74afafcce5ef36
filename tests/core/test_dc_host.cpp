/* SPDX-License-Identifier: Apache-2.0 */
/* Dynamic capacity with a host that has the rules of the coming Linux series. */
#include "dc_host.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t block = 2 * mib;

struct with_host {
	dc_device x;
	dc_host host;

	explicit with_host(const dc_options &o = {})
	    : x(o), host([this](uint16_t opcode, const bytes &in) { return x.command(opcode, in); },
			 o.mailbox_log2 ? 1u << o.mailbox_log2 : 2048)
	{
		host.shareable = o.shareable;
		EXPECT_EQ(host.probe(o.volatile_size), "");
	}
};

} /* namespace */

TEST(dc_host, the_configuration_passes_every_check_of_the_host)
{
	for (unsigned n = 1; n <= 8; n++) {
		for (uint64_t size : { 256 * mib, 512 * mib }) {
			dc_options o;
			o.n_regions = n;
			o.region_size = size;
			with_host w(o);
		}
	}
}

TEST(dc_host, an_offer_becomes_memory_and_is_given_back_when_asked)
{
	with_host w;

	EXPECT_EQ(w.x.add({ { 0, block }, { 8 * block, 4 * block } }, tag_of(1)), VCXL_DC_OK);
	w.host.interrupt();
	EXPECT_EQ(w.host.last_rc, 0u);
	EXPECT_EQ(w.host.used, w.x.accepted());
	EXPECT_EQ(w.x.release({ { 8 * block, block } }), VCXL_DC_OK);
	w.host.interrupt();
	EXPECT_TRUE(w.host.used.empty()) << "found by its tag, and the whole of it";
	EXPECT_TRUE(w.x.accepted().empty());
}

TEST(dc_host, a_busy_host_is_asked_again)
{
	with_host w;
	bool released = true;

	EXPECT_EQ(w.x.add({ { 0, block } }, tag_of(1)), VCXL_DC_OK);
	w.host.interrupt();
	w.host.busy = true;
	EXPECT_EQ(w.x.release_tag(tag_of(1)), VCXL_DC_OK);
	w.host.interrupt();
	vcxl_dc_release_status(w.x.d.md, 0, 0, tag_of(1).data(), &released);
	EXPECT_FALSE(released);
	w.host.busy = false;
	EXPECT_EQ(w.x.release_tag(tag_of(1)), VCXL_DC_OK);
	w.host.interrupt();
	vcxl_dc_release_status(w.x.d.md, 0, 0, tag_of(1).data(), &released);
	EXPECT_TRUE(released);
}

TEST(dc_host, what_the_host_does_not_take_is_free_again)
{
	with_host w;

	/* region 1 is not the host's: with the tag nothing is taken, without the rest is */
	EXPECT_EQ(
		w.x.fm_add({ { w.x.base, block, {}, 0 }, { w.x.base + 256 * mib, block, {}, 0 } }),
		0u);
	w.host.interrupt();
	EXPECT_EQ(w.host.used, (extents{ { w.x.base, block, {}, 0 } }));
	EXPECT_EQ(w.x.add({ { 0, block } }, tag_of(1), 1), VCXL_DC_OK);
	w.host.interrupt();
	EXPECT_EQ(w.host.last_rc, 0u) << "an empty response";
	EXPECT_EQ(w.x.accepted(), w.host.used);
	EXPECT_EQ(w.x.add({ { 0, block } }, tag_of(1), 1), VCXL_DC_OK) << "it can be offered again";
}

TEST(dc_host, blocks_that_are_no_pages_of_2_mib_are_refused_by_the_host)
{
	dc_options o;
	o.block_size = mib;
	with_host w(o);

	EXPECT_EQ(w.x.add({ { 0, mib } }), VCXL_DC_OK);
	w.host.interrupt();
	EXPECT_TRUE(w.host.used.empty());
	EXPECT_TRUE(w.x.accepted().empty());
}

TEST(dc_host, a_long_chain_is_answered_in_several_messages)
{
	dc_options o;
	o.mailbox_log2 = 8;
	o.max_extents = 64;
	with_host w(o);
	std::vector<vcxl_dc_range> list;

	for (uint64_t i = 0; i < 35; i++)
		list.push_back({ 3 * i * block, block });
	EXPECT_EQ(w.x.add(list, tag_of(1)), VCXL_DC_OK);
	EXPECT_EQ(w.x.add({ { block, block } }, tag_of(2)), VCXL_DC_OK);
	w.host.interrupt();
	EXPECT_EQ(w.host.messages, 5u) << "10 fit in 256 bytes: 4 and 1";
	EXPECT_EQ(w.host.used.size(), 36u);
	EXPECT_EQ(w.host.existing().size(), 36u);
}

TEST(dc_host, the_watchdog_of_a_chain_may_come_at_any_time)
{
	with_host w;

	w.host.watchdog();
	EXPECT_EQ(w.host.last_rc, 2u) << "nothing is pending, and nothing happens";
	EXPECT_EQ(w.x.add({ { 0, block } }), VCXL_DC_OK);
	w.host.watchdog();
	EXPECT_EQ(w.host.last_rc, 0u);
	w.host.watchdog();
	EXPECT_EQ(w.host.last_rc, 2u);
	EXPECT_EQ(w.x.add({ { 0, block } }), VCXL_DC_OK);
}

TEST(dc_host, shareable_extents_come_with_their_numbers)
{
	dc_options o;
	o.shareable = true;
	with_host w(o);

	EXPECT_EQ(w.x.add({ { 8 * block, block }, { 0, block }, { 4 * block, block } }, tag_of(1)),
		  VCXL_DC_OK);
	w.host.interrupt();
	EXPECT_EQ(w.host.used.size(), 3u);
	EXPECT_EQ(w.x.select(VCXL_DC_SELECT_FREE, 5 * block, tag_of(20)), VCXL_DC_OK);
	w.host.interrupt();
	EXPECT_EQ(w.host.used.size(), 5u) << "two gaps";
	EXPECT_EQ(w.x.accepted().size(), 5u);
}

TEST(dc_host, a_forced_release_is_ignored_and_the_host_finds_it_gone)
{
	with_host w;

	EXPECT_EQ(w.x.add({ { 0, block } }, tag_of(1)), VCXL_DC_OK);
	w.host.interrupt();
	EXPECT_EQ(w.x.release_tag(tag_of(1), true), VCXL_DC_OK);
	w.host.interrupt();
	EXPECT_EQ(w.host.used.size(), 1u) << "as it says: ignored";
	EXPECT_TRUE(w.host.existing().empty());
	EXPECT_EQ(w.x.give_back({ { w.x.base, block } }), 0xfu);
}

TEST(dc_host, a_new_host_finds_what_the_one_before_accepted)
{
	with_host w;

	EXPECT_EQ(w.x.add({ { 0, block }, { 4 * block, block } }, tag_of(1)), VCXL_DC_OK);
	w.host.interrupt();
	const extents before = w.host.used;
	vcxl_memdev_reset(w.x.d.md, VCXL_RESET_HOT);
	dc_host next([&w](uint16_t opcode, const bytes &in) { return w.x.command(opcode, in); },
		     2048);
	EXPECT_EQ(next.probe(256 * mib), "");
	EXPECT_EQ(next.existing(), before);
}
