/* SPDX-License-Identifier: Apache-2.0 */
/* Partitionable capacity: Get and Set Partition Info. CXL r3.1 8.2.9.9.1.1, 8.2.9.9.2. */
#include "test_memdev_fixture.h"

using namespace vcxl_test;

namespace
{

/* 512 MiB always volatile, 1 GiB either, 512 MiB always persistent */
options split()
{
	options o;
	o.partitionable_size = gib;
	return o;
}

/* units of 256 MiB */
unsigned set(device &d, uint64_t units, unsigned flags, unsigned len = 9)
{
	std::vector<uint8_t> in = bytes_of({ { units, 8 }, { flags, 1 } });
	in.resize(len);
	return d.command(0x4101, in).rc;
}

std::vector<uint64_t> info(device &d)
{
	const reply r = d.command(0x4100);
	return { le(r.out, 0, 8), le(r.out, 8, 8), le(r.out, 16, 8), le(r.out, 24, 8) };
}

/* PCIe r6.0 7.9.24, CXL r3.1 8.1.11: DSMAS structures of CDAT as base and size, read over DOE. */
std::vector<range> dsmas(device &d)
{
	const uint32_t doe = d.find_extended(0x2e);
	std::vector<range> list;
	uint32_t entry = 0;

	while (entry != 0xffff) {
		std::vector<uint8_t> answer;
		for (uint32_t dword : { 0x00021e98u, 3u, entry << 16 })
			d.write(VCXL_SPACE_CONFIG, doe + 0x10, 4, dword);
		d.write(VCXL_SPACE_CONFIG, doe + 0x08, 4, 0x80000000);
		while (d.config(doe + 0x0c) >> 31) {
			const auto bytes = bytes_of({ { d.config(doe + 0x14), 4 } });
			answer.insert(answer.end(), bytes.begin(), bytes.end());
			d.write(VCXL_SPACE_CONFIG, doe + 0x14, 4, 0);
		}
		if (entry && answer.at(12) == 0)
			list.push_back({ le(answer, 12 + 8, 8), le(answer, 12 + 16, 8) });
		entry = static_cast<uint32_t>(le(answer, 10, 2));
	}
	return list;
}

using numbers = std::vector<uint64_t>;
constexpr unsigned committed = 1;

} /* namespace */

TEST(partition, capacity_that_can_be_either_is_what_is_left_of_the_total)
{
	device d(split());
	const reply id = d.command(0x4000);

	EXPECT_EQ(le(id.out, 0x10, 8), 8u) << "total";
	EXPECT_EQ(le(id.out, 0x18, 8), 2u) << "volatile only";
	EXPECT_EQ(le(id.out, 0x20, 8), 2u) << "persistent only";
	EXPECT_EQ(le(id.out, 0x28, 8), 1u) << "alignment";
	EXPECT_EQ(info(d), (numbers{ 2, 6, 0, 0 })) << "persistent at first, no change pending";
}

TEST(partition, changes_at_once_when_asked_to_and_everything_tells_so)
{
	device d(split());
	const uint32_t dvsec = d.find_dvsec(0);

	EXPECT_EQ(set(d, 3, 1), 0u);
	EXPECT_EQ(info(d), (numbers{ 5, 3, 0, 0 }));
	EXPECT_EQ(d.config(dvsec + 0x1c), 0x5000004bu);
	EXPECT_EQ(d.config(dvsec + 0x2c), 0x3000004bu);
	EXPECT_EQ(dsmas(d), (std::vector<range>{ { 0, 1280 * mib }, { 1280 * mib, 768 * mib } }));
	ASSERT_EQ(d.commit(0, window, 1280 * mib) >> 10 & 3, committed);
	EXPECT_EQ(d.commit(1, window + 1280 * mib, 256 * mib) >> 10 & 3, committed);
	d.enable();
	vcxl_xfer xfer = {};
	uint64_t value = 1;
	EXPECT_EQ(d.access(window + 1279 * mib, &value, 8, true, &xfer), VCXL_OK);
	EXPECT_EQ(xfer.partition, VCXL_PARTITION_VOLATILE);
	EXPECT_EQ(d.partitionable_bytes.data()[767 * mib], 1);
	EXPECT_EQ(d.access(window + 1280 * mib, &value, 8, true, &xfer), VCXL_OK);
	EXPECT_EQ(xfer.partition, VCXL_PARTITION_PERSISTENT);
	EXPECT_EQ(d.partitionable_bytes.data()[768 * mib], 1);
}

TEST(partition, all_may_be_of_one_kind)
{
	options o;
	o.volatile_size = o.persistent_size = 0;
	o.partitionable_size = gib;
	device d(o);
	const uint32_t dvsec = d.find_dvsec(0);

	EXPECT_EQ(info(d), (numbers{ 0, 4, 0, 0 }));
	EXPECT_EQ(d.config(dvsec + 0x0a, 2) >> 4 & 3, 1u) << "one range";
	EXPECT_EQ(dsmas(d), (std::vector<range>{ { 0, gib } }));
	EXPECT_EQ(set(d, 4, 1), 0u);
	EXPECT_EQ(dsmas(d), (std::vector<range>{ { 0, gib } }));
	EXPECT_EQ(info(d), (numbers{ 4, 0, 0, 0 }));
	EXPECT_EQ(d.config(dvsec + 0x0a, 2) >> 4 & 3, 1u);
	EXPECT_EQ(d.command(0x4500).rc, 0u);
	EXPECT_EQ(d.command(0x4203).rc, 0u) << "it can be persistent again";
	EXPECT_EQ(set(d, 1, 1), 0u);
	EXPECT_EQ(d.config(dvsec + 0x0a, 2) >> 4 & 3, 2u);
}

TEST(partition, change_waits_for_power_to_be_lost_unless_it_is_to_be_immediate)
{
	device d(split());

	EXPECT_EQ(set(d, 4, 0, 10), 0u) << "Linux sends 10 bytes";
	EXPECT_EQ(info(d), (numbers{ 2, 6, 6, 2 }));
	EXPECT_EQ(set(d, 1, 0), 0u);
	EXPECT_EQ(info(d), (numbers{ 2, 6, 3, 5 })) << "the later one counts";
	for (vcxl_reset kind : { VCXL_RESET_FLR, VCXL_RESET_CXL, VCXL_RESET_HOT })
		vcxl_memdev_reset(d.md, kind);
	EXPECT_EQ(info(d), (numbers{ 2, 6, 3, 5 }));
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(info(d), (numbers{ 3, 5, 0, 0 }));
	EXPECT_EQ(set(d, 0, 0), 0u);
	EXPECT_EQ(set(d, 1, 0), 0u);
	EXPECT_EQ(info(d), (numbers{ 3, 5, 0, 0 })) << "as it is: taken back";
}

TEST(partition, case_21_misaligned_or_too_large_is_invalid_and_without_alignment_unsupported)
{
	device d(split()), fixed;

	EXPECT_EQ(set(d, 5, 0), 2u);
	EXPECT_EQ(set(d, 5, 1), 2u);
	EXPECT_EQ(set(d, ~0ull, 1), 2u);
	EXPECT_EQ(set(d, 1ull << 56, 1), 2u) << "as bytes it would wrap";
	EXPECT_EQ(set(d, 1, 2), 2u) << "reserved flag";
	EXPECT_EQ(set(d, 1, 0, 8), 0x16u);
	EXPECT_EQ(set(d, 1, 0, 11), 0x16u);
	EXPECT_EQ(info(d), (numbers{ 2, 6, 0, 0 }));
	EXPECT_EQ(set(fixed, 0, 0), 3u);
}

TEST(partition, case_22_sizes_that_identify_cannot_tell_are_refused_at_creation)
{
	for (unsigned which = 0; which < 3; which++) {
		options o = split();
		(which == 0   ? o.volatile_size
		 : which == 1 ? o.persistent_size
			      : o.partitionable_size) = 300 * mib;
		EXPECT_EQ(device(o).status, VCXL_E_CONFIG) << which;
	}
}

TEST(partition, does_not_change_at_once_under_a_committed_decoder)
{
	device d(split());

	ASSERT_EQ(d.commit(0, window, 256 * mib) >> 10 & 3, committed);
	EXPECT_EQ(set(d, 1, 1), 2u);
	EXPECT_EQ(set(d, 1, 0), 0u) << "power is lost first";
	d.uncommit(0);
	EXPECT_EQ(set(d, 1, 1), 0u);
	EXPECT_EQ(info(d), (numbers{ 3, 5, 0, 0 }));
}

TEST(partition, what_becomes_volatile_is_erased_and_what_stays_persistent_is_kept)
{
	device d(split());

	d.partitionable_bytes.data()[0] = 5;
	d.partitionable_bytes.data()[256 * mib] = 6;
	ASSERT_EQ(d.command(0x4301, bytes_of({ { 512 * mib, 8 } })).rc, 0u);
	EXPECT_EQ(set(d, 1, 0), 0u);
	EXPECT_EQ(d.partitionable_bytes.data()[0], 5) << "not before the change";
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(d.partitionable_bytes.data()[0], 0);
	EXPECT_EQ(d.partitionable_bytes.data()[256 * mib], 6);
	EXPECT_FALSE(vcxl_memdev_poisoned(d.md));
}

TEST(partition, of_locked_memory_does_not_change)
{
	device d(split());
	std::vector<uint8_t> user(0x60);
	user[0] = 1;

	ASSERT_EQ(d.command(0x4501, user).rc, 0u);
	vcxl_memdev_reset(d.md, VCXL_RESET_HOT);
	EXPECT_EQ(set(d, 1, 1), 0x13u);
	EXPECT_EQ(set(d, 1, 0), 0x13u);
}

TEST(partition, one_transfer_and_one_dmi_range_lie_in_one_backend)
{
	device d(split());
	uint8_t bytes[16] = {};
	vcxl_dmi dmi;
	uint64_t base, size;

	ASSERT_EQ(set(d, 4, 1), 0u);
	ASSERT_EQ(d.commit(0, window, 1536 * mib) >> 10 & 3, committed);
	d.enable();
	EXPECT_EQ(vcxl_memdev_span(d.md, window), 512 * mib);
	EXPECT_EQ(vcxl_memdev_span(d.md, window + 512 * mib), gib);
	EXPECT_EQ(d.access(window + 512 * mib - 8, bytes, 16, false), VCXL_E_GRANULE);
	EXPECT_EQ(d.access(window + 512 * mib - 8, bytes, 8, false), VCXL_OK);
	ASSERT_TRUE(vcxl_memdev_dmi(d.md, window + 4096, &dmi));
	EXPECT_EQ(dmi.hpa, window);
	EXPECT_EQ(dmi.size, 512 * mib);
	EXPECT_EQ(dmi.host, d.volatile_bytes.data());
	ASSERT_TRUE(vcxl_memdev_dmi(d.md, window + 512 * mib, &dmi));
	EXPECT_EQ(dmi.hpa, window + 512 * mib);
	EXPECT_EQ(dmi.size, gib);
	EXPECT_EQ(dmi.host, d.partitionable_bytes.data());
	d.uncommit(0);
	ASSERT_EQ(d.commit(0, window, 3072 * mib, 1) >> 10 & 3, committed);
	ASSERT_TRUE(vcxl_memdev_clean_range(d.md, window + gib - 256, &base, &size));
	EXPECT_EQ(base, window);
	EXPECT_EQ(size, gib) << "two ways";
	ASSERT_TRUE(vcxl_memdev_clean_range(d.md, window + gib, &base, &size));
	EXPECT_EQ(base, window + gib);
	EXPECT_EQ(size, 2 * gib);
}
