// SPDX-License-Identifier: Apache-2.0
//
// CXL memory as host memory and by transactions: what the firmware leaves in the media is the same.
// A trace of the devices makes each access a transaction and counts them; without it there is DMI.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

constexpr uint64_t mib = 1024 * 1024, gib = 1024 * mib;
constexpr uint64_t window0 = 0x1000000000;

void expect_media(words args, const scratch &dir, const expected_region &region)
{
	const outcome o = run_vcxl(args, dir, 110);

	EXPECT_EQ(o.status, 0) << o.out << o.err;
	EXPECT_NE(o.out.find("all held"), std::string::npos) << o.out;
	EXPECT_EQ(compare(predict({ region }), dir), "");
}

using make_args = words (*)(const scratch &);

void expect_same_media(make_args make, const expected_region &region)
{
	const scratch direct, by_transport;
	words args = make(by_transport);

	expect_media(make(direct), direct, region);
	args.insert(args.end(), { "--trace", "t", "--trace-events", "mem.memdev" });
	expect_media(args, by_transport, region);

	// each word was written and read
	std::ifstream in(by_transport.file("t"));
	size_t words_written = 0;
	for (const auto &[file, at] : predict({ region }))
		words_written += at.size();
	EXPECT_GE(static_cast<size_t>(std::count(std::istreambuf_iterator<char>(in), {}, '\n')),
		  2 * words_written);
}

words three_ways(const scratch &)
{
	words args{ "-M", "virt,cxl=on", "-m", "256M", "-nographic" };

	for (const std::string i : { "1", "2", "3" })
		args.insert(
			args.end(),
			{ "-device", "pxb-cxl,bus=pcie.0,id=hb" + i + ",bus_nr=" + i + "0",
			  "-device",
			  "cxl-rp,port=0,bus=hb" + i + ",id=rp" + i + ",chassis=0,slot=" + i,
			  "-object",
			  "memory-backend-file,id=med" + i + ",share=on,size=256M,mem-path=m" + i,
			  "-device", "cxl-type3,bus=rp" + i + ",volatile-memdev=med" + i });
	args.insert(args.end(), { "-M", "cxl-fmw.0.targets.0=hb1,cxl-fmw.0.targets.1=hb2,"
					"cxl-fmw.0.targets.2=hb3,cxl-fmw.0.size=768M" });
	return args;
}

} // namespace

TEST(media_by_dmi_and_by_transport, are_the_same_at_four_ways_of_8_kib)
{
	expect_same_media([](const scratch &dir) { return args_file("options/doc4.args", dir); },
			  { window0,
			    1 * gib,
			    8192,
			    { { "cxltest.raw" },
			      { "cxltest3.raw" },
			      { "cxltest2.raw" },
			      { "cxltest4.raw" } } });
}

TEST(media_by_dmi_and_by_transport, are_the_same_at_four_ways_of_256_bytes_below_a_switch)
{
	expect_same_media([](const scratch &dir) { return args_file("options/doc5.args", dir); },
			  { window0,
			    1 * gib,
			    256,
			    { { "cxltest.raw" },
			      { "cxltest1.raw" },
			      { "cxltest2.raw" },
			      { "cxltest3.raw" } } });
}

// 64 GiB / 256 B leaves remainder 1 when divided by 3: the first granule is hb2's.
TEST(media_by_dmi_and_by_transport, are_the_same_at_three_ways_of_256_bytes)
{
	expect_same_media(three_ways,
			  { window0, 768 * mib, 256, { { "m1" }, { "m2" }, { "m3" } }, 1 });
}

} // namespace vcxl_test
