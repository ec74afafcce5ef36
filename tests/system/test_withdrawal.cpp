// SPDX-License-Identifier: Apache-2.0
//
// CXL memory that a running guest takes away from itself, or moves, by one store
// (sw/guest/withdraw.c): the very next fetch, load, store or AMO sees it, also for the code that
// executes the store from the page concerned. The guest checks causes, exact pcs and bytes.
#include <string>

#include <gtest/gtest.h>

#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

struct topology {
	unsigned ways;
	const char *granularity;
	bool behind_switch;
};

outcome run_withdraw(const topology &t, const char *engine)
{
	const scratch dir;
	words args{ "-M",
		    "virt,cxl=on",
		    "-m",
		    "64M",
		    "-nographic",
		    "-bios",
		    "none",
		    "-kernel",
		    std::string(VCXL_GUEST_DIR) + "/withdraw.elf",
		    "--stats",
		    "--engine",
		    engine,
		    "-device",
		    "pxb-cxl,bus=pcie.0,id=hb,bus_nr=16",
		    "-M",
		    std::string("cxl-fmw.0.targets.0=hb,cxl-fmw.0.size=4G,"
				"cxl-fmw.0.interleave-granularity=") +
			    t.granularity };

	if (t.behind_switch)
		args.insert(args.end(), { "-device", "cxl-rp,bus=hb,id=rp,port=0,slot=100",
					  "-device", "cxl-upstream,bus=rp,id=us" });
	for (unsigned i = 0; i < t.ways; i++) {
		const std::string n = std::to_string(i);

		args.insert(args.end(),
			    { "-object", "memory-backend-ram,size=512M,id=m" + n, "-device",
			      (t.behind_switch ? "cxl-downstream,bus=us,id=port"
					       : "cxl-rp,bus=hb,id=port") +
				      n + ",port=" + n + ",slot=" + n,
			      "-device", "cxl-type3,bus=port" + n + ",volatile-memdev=m" + n });
	}
	return run_vcxl(args, dir, 20);
}

// `seen` is the guest's number of withdrawals and moves: by topology, so that none is left out.
void expect_seen_at_once(const topology &t, unsigned seen)
{
	std::string counts;

	for (const char *engine : { "block", "step" }) {
		const outcome o = run_withdraw(t, engine);
		const std::string text = o.err.substr(0, o.err.find("host_seconds"));

		EXPECT_EQ(o.status, 0) << engine << "\n" << o.err;
		EXPECT_EQ(o.out, std::to_string(t.ways) + " ways of " + t.granularity +
					 " bytes: " + std::to_string(seen) + " seen at once\r\n")
			<< engine;
		EXPECT_NE(text.find("instructions "), std::string::npos) << text;
		if (counts.empty())
			counts = text;
		EXPECT_EQ(text, counts) << engine;
	}
}

} // namespace

// Four events by fetch, load, store, AMO, a move and a resumption.
TEST(withdrawal_by_the_guest, is_seen_by_the_next_access_to_one_device)
{
	expect_seen_at_once({ 1, "256", false }, 4 * 6);
}

// Two moves more each; three of the events leave the other device alone.
TEST(withdrawal_by_the_guest, is_seen_by_the_next_access_at_two_ways_of_256_bytes)
{
	expect_seen_at_once({ 2, "256", false }, 4 * 8 + 3);
}

TEST(withdrawal_by_the_guest, is_seen_by_the_next_access_at_two_ways_of_4_kib)
{
	expect_seen_at_once({ 2, "4096", false }, 4 * 8 + 3);
}

TEST(withdrawal_by_the_guest, is_seen_by_the_next_access_at_four_ways_of_512_bytes)
{
	expect_seen_at_once({ 4, "512", false }, 4 * 8 + 3);
}

// The switch has a decoder of its own.
TEST(withdrawal_by_the_guest, is_seen_by_the_next_access_at_two_ways_below_a_switch)
{
	expect_seen_at_once({ 2, "256", true }, 5 * 8 + 3);
}

} // namespace vcxl_test
