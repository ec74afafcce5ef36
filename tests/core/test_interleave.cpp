// SPDX-License-Identifier: Apache-2.0
//
// The interleave formula: encodings of CXL r3.1 8.2.4.20.7, vectors of tests/data, and the inverse.
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include <vcxl/hdm.h>

#include "random_topology.h"

namespace
{

struct encoding {
	unsigned ways, eiw;
};
const encoding encodings[] = { { 1, 0 },  { 2, 1 }, { 4, 2 }, { 8, 3 },
			       { 16, 4 }, { 3, 8 }, { 6, 9 }, { 12, 10 } };

TEST(interleave, ways_and_granularity_are_encoded_as_specified)
{
	for (const encoding &e : encodings) {
		for (unsigned eig = 0; eig <= 6; eig++) {
			vcxl_interleave made, decoded;
			ASSERT_EQ(vcxl_interleave_make(e.ways, 256u << eig, &made), VCXL_OK);
			ASSERT_EQ(vcxl_interleave_decode(e.eiw, eig, &decoded), VCXL_OK);
			EXPECT_EQ(vcxl_interleave_eiw(made), e.eiw);
			EXPECT_EQ(vcxl_interleave_eig(made), eig);
			EXPECT_EQ(vcxl_interleave_ways(decoded), e.ways);
			EXPECT_EQ(vcxl_interleave_granularity(decoded), 256u << eig);
		}
	}
}

TEST(interleave, reserved_encodings_are_refused) // edge case 7
{
	vcxl_interleave il;

	for (unsigned eiw : { 5u, 6u, 7u, 11u, 12u, 13u, 14u, 15u })
		EXPECT_EQ(vcxl_interleave_decode(eiw, 0, &il), VCXL_E_CONFIG) << eiw;
	for (unsigned eig = 7; eig < 16; eig++)
		EXPECT_EQ(vcxl_interleave_decode(0, eig, &il), VCXL_E_CONFIG) << eig;
}

TEST(interleave, other_ways_and_granularities_are_refused)
{
	vcxl_interleave il;

	for (unsigned ways : { 0u, 5u, 7u, 9u, 10u, 24u, 32u })
		EXPECT_EQ(vcxl_interleave_make(ways, 256, &il), VCXL_E_CONFIG) << ways;
	for (unsigned granularity : { 0u, 64u, 128u, 257u, 384u, 32768u })
		EXPECT_EQ(vcxl_interleave_make(1, granularity, &il), VCXL_E_CONFIG) << granularity;
}

// ways,eiw,granularity,hpa_offset,position,dpa_offset
TEST(interleave, vectors_give_position_and_device_offset)
{
	std::ifstream file(VCXL_TEST_DATA "/interleave.csv");
	std::string line;
	unsigned n = 0;

	ASSERT_TRUE(file.is_open());
	while (std::getline(file, line)) {
		if (line.empty() || line[0] == '#' || line[0] == 'w')
			continue;
		std::istringstream fields(line);
		std::uint64_t v[6];
		for (std::uint64_t &value : v) {
			std::string field;
			ASSERT_TRUE(std::getline(fields, field, ',')) << line;
			value = std::stoull(field, nullptr, 0);
		}
		vcxl_interleave il;
		ASSERT_EQ(vcxl_interleave_make(static_cast<unsigned>(v[0]),
					       static_cast<unsigned>(v[2]), &il),
			  VCXL_OK);
		EXPECT_EQ(vcxl_interleave_eiw(il), v[1]) << line;
		EXPECT_EQ(vcxl_interleave_position(il, v[3]), v[4]) << line;
		EXPECT_EQ(vcxl_interleave_compress(il, v[3]), v[5]) << line;
		n++;
	}
	EXPECT_GE(n, 11u);
}

// offset = (dpa granule x ways + position) granules + offset in the granule
TEST(interleave, position_and_device_offset_lead_back_to_the_host_offset)
{
	const std::uint64_t seed = topo::seed_of_environment(7);
	topo::random random(seed);

	std::printf("VCXL_SEED=%llu\n", static_cast<unsigned long long>(seed));
	for (unsigned i = 0; i < 200000; i++) {
		const encoding &e = encodings[random.below(8)];
		const std::uint64_t granularity = 256u << random.below(7);
		const std::uint64_t offset = random.next() >> (8 + random.below(40));
		vcxl_interleave il;

		ASSERT_EQ(vcxl_interleave_make(e.ways, static_cast<unsigned>(granularity), &il),
			  VCXL_OK);
		const std::uint64_t dpa = vcxl_interleave_compress(il, offset);
		const unsigned position = vcxl_interleave_position(il, offset);
		ASSERT_LT(position, e.ways);
		ASSERT_EQ((dpa / granularity * e.ways + position) * granularity + dpa % granularity,
			  offset)
			<< e.ways << " ways of " << granularity;
	}
}

// Windows select by the absolute address: 3 ways at 256 MiB x 1, a base that is no multiple of
// 768 MiB. 0x10000000 / 256 = 1048576, which is 1 modulo 3.
TEST(interleave, position_counts_from_address_0_not_from_the_base) // edge case 14
{
	vcxl_interleave il;

	ASSERT_EQ(vcxl_interleave_make(3, 256, &il), VCXL_OK);
	EXPECT_EQ(vcxl_interleave_position(il, 0x10000000), 1u);
	EXPECT_EQ(vcxl_interleave_position(il, 0x10000100), 2u);
	EXPECT_EQ(vcxl_interleave_position(il, 0x10000200), 0u);
}

} // namespace
