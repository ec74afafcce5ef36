/* SPDX-License-Identifier: Apache-2.0 */
/* CXL.mem at the device: gates, decoders, DPA skip, partitions, DMI. CXL r3.1 8.2.4.20, 9.13. */
#include "test_memdev_fixture.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t committed = 0x400, not_committed = 0x800; /* HDM Decoder n Control */

/* Media behind callbacks: what happened, and an error on demand. */
struct called_media {
	std::vector<range> reads, writes;
	vcxl_status result = VCXL_OK;

	static vcxl_status read(void *ctx, uint64_t offset, void *dst, uint32_t len)
	{
		auto *self = static_cast<called_media *>(ctx);
		self->reads.push_back({ offset, len });
		memset(dst, 0x77, len);
		return self->result;
	}
	static vcxl_status write(void *ctx, uint64_t offset, const void *, uint32_t len)
	{
		auto *self = static_cast<called_media *>(ctx);
		self->writes.push_back({ offset, len });
		return self->result;
	}
};

} /* namespace */

TEST(memdev_access, case_12_needs_mem_enable_and_hdm_decoder_enable)
{
	device d;
	uint64_t dpa;

	ASSERT_EQ(d.commit(0, window, 512 * mib) & 0xc00, committed);
	EXPECT_EQ(d.load(window), VCXL_E_DISABLED);
	d.hdm_enable(true);
	EXPECT_EQ(d.load(window), VCXL_E_DISABLED) << "Mem_Enable = 0";
	d.mem_enable(true);
	EXPECT_EQ(d.load(window), VCXL_OK);
	d.hdm_enable(false);
	EXPECT_EQ(d.load(window), VCXL_E_DISABLED) << "HDM Decoder Enable = 0";
	EXPECT_EQ(d.store(window, 1), VCXL_E_DISABLED);
	EXPECT_EQ(vcxl_memdev_hpa_to_dpa(d.md, window, &dpa), VCXL_E_DISABLED);
	EXPECT_EQ(vcxl_memdev_span(d.md, window), 0u);
	EXPECT_EQ(d.volatile_bytes.data()[0], 0) << "the write was dropped";
}

TEST(memdev_access, an_address_outside_every_committed_decoder_is_unrouted)
{
	device d;
	uint64_t dpa;

	d.commit(0, window, 512 * mib);
	d.enable();
	for (uint64_t hpa : { uint64_t{ 0 }, window - 8, window + 512 * mib, ~uint64_t{ 7 } }) {
		EXPECT_EQ(d.load(hpa), VCXL_E_UNROUTED) << hpa;
		EXPECT_EQ(d.store(hpa, 1), VCXL_E_UNROUTED) << hpa;
		EXPECT_EQ(vcxl_memdev_hpa_to_dpa(d.md, hpa, &dpa), VCXL_E_UNROUTED) << hpa;
	}
	EXPECT_EQ(d.load(window), VCXL_OK);
	EXPECT_EQ(d.load(window + 512 * mib - 8), VCXL_OK);
}

TEST(memdev_access, case_11_clearing_commit_takes_the_address_away)
{
	device d;
	vcxl_dmi dmi;

	d.commit(0, window, 512 * mib);
	d.enable();
	EXPECT_EQ(d.load(window), VCXL_OK);
	d.uncommit(0);
	EXPECT_EQ(d.load(window), VCXL_E_UNROUTED);
	EXPECT_FALSE(vcxl_memdev_dmi(d.md, window, &dmi));
}

TEST(memdev_access, case_9_a_skip_past_capacity_does_not_commit)
{
	device d;

	d.enable();
	EXPECT_EQ(d.commit(0, window, 256 * mib, 0, 0, 1024 * mib) & 0xc00, not_committed);
	EXPECT_EQ(d.load(window), VCXL_E_UNROUTED);
	d.uncommit(0);
	EXPECT_EQ(d.commit(0, window, 256 * mib, 0, 0, 768 * mib) & 0xc00, committed)
		<< "the last 256 MiB";
	EXPECT_EQ(d.dpa(window), 768 * mib);
}

TEST(memdev_access, case_15_a_committed_decoder_ignores_a_write_to_size_high)
{
	device d;

	d.commit(0, window, 256 * mib);
	d.enable();
	d.write(VCXL_SPACE_COMPONENT, d.decoder(0) + 0xc, 4, 0xff);
	EXPECT_EQ(d.read(VCXL_SPACE_COMPONENT, d.decoder(0) + 0xc, 4), 0u);
	EXPECT_EQ(d.load(window + 256 * mib), VCXL_E_UNROUTED);
	EXPECT_EQ(d.load(window + 256 * mib - 8), VCXL_OK);
}

TEST(memdev_access, device_addresses_follow_decoders_and_skips)
{
	/* decoder 0: half of the volatile partition; decoder 1: skips the rest of it */
	device d;
	vcxl_xfer xfer;
	uint64_t value = 0x1122334455667788;

	ASSERT_EQ(d.commit(0, window, 256 * mib) & 0xc00, committed);
	ASSERT_EQ(d.commit(1, window + gib, 512 * mib, 0, 0, 256 * mib) & 0xc00, committed);
	d.enable();
	EXPECT_EQ(d.dpa(window + 0x1000), 0x1000u);
	EXPECT_EQ(d.dpa(window + gib), 0x20000000u);
	EXPECT_EQ(d.dpa(window + gib + 0x1fffffff), 0x3fffffffu);
	EXPECT_EQ(d.access(window + 8, &value, 8, true, &xfer), VCXL_OK);
	EXPECT_EQ(xfer.partition, VCXL_PARTITION_VOLATILE);
	EXPECT_EQ(xfer.dpa, 8u);
	EXPECT_EQ(d.access(window + gib + 16, &value, 8, true, &xfer), VCXL_OK);
	EXPECT_EQ(xfer.partition, VCXL_PARTITION_PERSISTENT);
	EXPECT_EQ(xfer.dpa, 0x20000010u);
	EXPECT_EQ(memcmp(d.volatile_bytes.data() + 8, &value, 8), 0);
	EXPECT_EQ(memcmp(d.persistent_bytes.data() + 16, &value, 8), 0);
}

TEST(memdev_access, a_decoder_does_not_cross_partitions)
{
	device d;

	EXPECT_EQ(d.commit(0, window, 768 * mib) & 0xc00, not_committed);
	d.uncommit(0);
	EXPECT_EQ(d.commit(0, window, 512 * mib) & 0xc00, committed);
	EXPECT_EQ(d.commit(1, window + gib, 512 * mib) & 0xc00, committed)
		<< "without a gap there is nothing to skip";
	d.enable();
	EXPECT_EQ(d.dpa(window + gib), 0x20000000u);
}

TEST(memdev_access, a_device_with_one_partition_begins_at_device_address_0)
{
	options o;
	o.volatile_size = 0;
	device d(o);
	vcxl_xfer xfer;
	uint64_t value = 0;

	d.commit(0, window, 512 * mib);
	d.enable();
	EXPECT_EQ(d.access(window, &value, 8, false, &xfer), VCXL_OK);
	EXPECT_EQ(xfer.dpa, 0u);
	EXPECT_EQ(xfer.partition, VCXL_PARTITION_PERSISTENT);
}

/* Offsets and results computed from the formulas of the specification, by hand and by Linux. */
TEST(memdev_access, interleaved_offsets_become_device_addresses)
{
	const struct {
		unsigned ways, eiw, eig;
		uint64_t offset, dpa;
	} vectors[] = {
		{ 2, 1, 0, 0x300, 0x100 },          { 4, 2, 0, 0x12345, 0x4845 },
		{ 8, 3, 4, 0x123456, 0x24456 },     { 16, 4, 6, 0xabcde0, 0xa8de0 },
		{ 3, 8, 0, 0x300, 0x100 },          { 3, 8, 0, 0x700, 0x200 },
		{ 3, 8, 4, 0x12345678, 0x6117678 }, { 6, 9, 0, 0x600, 0x100 },
		{ 6, 9, 1, 0x123456, 0x30856 },     { 12, 10, 0, 0x1234, 0x134 },
		{ 12, 10, 4, 0x7654321, 0x9dc321 },
	};

	for (const auto &v : vectors) {
		device d;
		ASSERT_EQ(d.commit(0, 12 * gib, v.ways * 256 * mib, v.eiw, v.eig) & 0xc00,
			  committed)
			<< v.ways;
		d.enable();
		EXPECT_EQ(d.dpa(12 * gib + v.offset), v.dpa) << v.ways << " ways, eig " << v.eig;
	}
}

TEST(memdev_access, a_transfer_stays_inside_its_granule)
{
	device d;
	uint8_t buffer[512] = {};

	d.commit(0, window, 1024 * mib, 1, 0);
	d.enable();
	EXPECT_EQ(vcxl_memdev_span(d.md, window), 256u);
	EXPECT_EQ(vcxl_memdev_span(d.md, window + 0xf8), 8u);
	EXPECT_EQ(d.access(window + 0xf8, buffer, 8, true), VCXL_OK);
	EXPECT_EQ(d.access(window, buffer, 256, true), VCXL_OK);
	memset(buffer, 0xff, sizeof(buffer));
	EXPECT_EQ(d.access(window + 0xf8, buffer, 9, true), VCXL_E_GRANULE);
	EXPECT_EQ(d.access(window, buffer, 257, false), VCXL_E_GRANULE);
	EXPECT_EQ(d.volatile_bytes.data()[0xf8], 0) << "nothing was written";
	EXPECT_EQ(buffer[0], 0xff) << "nothing was read";
}

TEST(memdev_access, without_interleave_a_transfer_may_go_to_the_end_of_the_decoder)
{
	device d;
	std::vector<uint8_t> buffer(70000, 0x33);

	d.commit(0, window, 512 * mib);
	d.enable();
	EXPECT_EQ(vcxl_memdev_span(d.md, window + 0x100), 512 * mib - 0x100);
	EXPECT_EQ(d.access(window + 1, buffer.data(), 70000, true), VCXL_OK);
	EXPECT_EQ(d.volatile_bytes.data()[0], 0);
	EXPECT_EQ(d.volatile_bytes.data()[1], 0x33);
	EXPECT_EQ(d.volatile_bytes.data()[70000], 0x33);
	EXPECT_EQ(d.volatile_bytes.data()[70001], 0);
	EXPECT_EQ(d.access(window + 512 * mib - 4, buffer.data(), 8, false), VCXL_E_GRANULE);
	EXPECT_EQ(d.access(window, nullptr, 0, false), VCXL_OK) << "no bytes";
}

TEST(memdev_access, media_behind_callbacks_are_read_written_and_may_fail)
{
	called_media media;
	vcxl_memdev_config config = {};
	vcxl_memdev *md = nullptr;
	uint64_t value = 0;
	vcxl_xfer xfer = {};
	vcxl_dmi dmi;

	config.media[0].size = 256 * mib;
	config.media[0].ctx = &media;
	config.media[0].read = called_media::read;
	config.media[0].write = called_media::write;
	config.serial = 1;
	ASSERT_EQ(vcxl_memdev_create(&config, nullptr, &md), VCXL_OK);
	device d;
	std::swap(d.md, md);
	d.commit(0, window, 256 * mib);
	d.enable();
	xfer.data = &value;
	xfer.len = 8;
	EXPECT_EQ(vcxl_memdev_access(d.md, window + 64, &xfer), VCXL_OK);
	EXPECT_EQ(value, 0x7777777777777777u);
	xfer.write = true;
	media.result = VCXL_E_MEDIA;
	EXPECT_EQ(vcxl_memdev_access(d.md, window + 128, &xfer), VCXL_E_MEDIA);
	EXPECT_EQ(media.reads, (std::vector<range>{ { 64, 8 } }));
	EXPECT_EQ(media.writes, (std::vector<range>{ { 128, 8 } }));
	EXPECT_FALSE(vcxl_memdev_dmi(d.md, window, &dmi)) << "no direct memory";
	vcxl_memdev_destroy(md);
}

/* ---- DMI ---- */

TEST(memdev_dmi, covers_the_whole_decoder_without_interleave)
{
	device d;
	vcxl_dmi dmi = {};

	d.commit(0, window, 256 * mib);
	d.commit(1, window + gib, 512 * mib, 0, 0, 256 * mib);
	d.enable();
	ASSERT_TRUE(vcxl_memdev_dmi(d.md, window + 0x12345, &dmi));
	EXPECT_EQ(dmi.hpa, window);
	EXPECT_EQ(dmi.size, 256 * mib);
	EXPECT_EQ(dmi.host, d.volatile_bytes.data());
	ASSERT_TRUE(vcxl_memdev_dmi(d.md, window + gib + 0x12345, &dmi));
	EXPECT_EQ(dmi.hpa, window + gib);
	EXPECT_EQ(dmi.size, 512 * mib);
	EXPECT_EQ(dmi.host, d.persistent_bytes.data());
	EXPECT_FALSE(vcxl_memdev_dmi(d.md, window + 512 * mib, &dmi));
	d.mem_enable(false);
	EXPECT_FALSE(vcxl_memdev_dmi(d.md, window, &dmi));
}

TEST(memdev_dmi, covers_one_granule_when_interleaved_and_agrees_with_the_access)
{
	for (unsigned eiw : { 1u, 2u, 3u, 4u, 8u, 9u, 10u }) {
		for (unsigned eig = 0; eig <= 6; eig++) {
			const unsigned ways = eiw < 8 ? 1u << eiw : 3u << (eiw - 8);
			device d;
			vcxl_dmi dmi = {};
			ASSERT_EQ(d.commit(0, 12 * gib, ways * 256 * mib, eiw, eig) & 0xc00,
				  committed);
			d.enable();
			for (uint64_t offset = 0x123; offset < 3 * mib; offset += 0x34567) {
				const uint64_t hpa = 12 * gib + offset;
				ASSERT_TRUE(vcxl_memdev_dmi(d.md, hpa, &dmi));
				EXPECT_EQ(dmi.size, 256ull << eig);
				EXPECT_EQ(dmi.hpa, hpa / dmi.size * dmi.size);
				EXPECT_EQ(dmi.host + (hpa - dmi.hpa),
					  d.volatile_bytes.data() + d.dpa(hpa));
			}
		}
	}
}

TEST(memdev_dmi, is_withdrawn_whenever_an_address_changes_its_meaning)
{
	device d;
	const std::vector<range> both = { { window, 256 * mib }, { window + gib, 256 * mib } };
	const auto withdrawn = [&d] {
		std::vector<range> list;
		std::swap(list, d.invalidated);
		return list;
	};

	EXPECT_TRUE(withdrawn().empty()) << "a new device has lent nothing";
	d.commit(0, window, 256 * mib);
	EXPECT_EQ(withdrawn(), (std::vector<range>{ both[0] }));
	d.commit(1, window + gib, 256 * mib);
	EXPECT_EQ(withdrawn(), (std::vector<range>{ both[1] }));
	d.hdm_enable(true);
	EXPECT_EQ(withdrawn(), both);
	d.mem_enable(true);
	EXPECT_EQ(withdrawn(), both);
	d.mem_enable(true);
	EXPECT_TRUE(withdrawn().empty()) << "nothing changed";
	d.mem_enable(false);
	EXPECT_EQ(withdrawn(), both);
	d.mem_enable(true);
	d.uncommit(1);
	EXPECT_EQ(withdrawn().back(), both[1]);
	vcxl_memdev_reset(d.md, VCXL_RESET_HOT);
	EXPECT_EQ(withdrawn(), (std::vector<range>{ both[0] }));
}
