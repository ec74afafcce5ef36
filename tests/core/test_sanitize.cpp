/* SPDX-License-Identifier: Apache-2.0 */
/* Sanitize, Secure Erase, Media Operations. CXL r3.1 8.2.9.9.5. */
#include <vcxl/event.h>

#include "test_memdev_fixture.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t ms = 1'000'000'000; /* ps */
constexpr uint64_t second = 1000 * ms;
constexpr uint64_t capacity = 1024 * mib;

unsigned media_status(device &d)
{
	return d.read(VCXL_SPACE_DEVICE, d.find_device(0x4000), 8) >> 2 & 3;
}

uint64_t background(device &d)
{
	return d.read(VCXL_SPACE_DEVICE, d.find_device(2) + 0x18, 8);
}

void fill_with_data(device &d)
{
	d.volatile_bytes.data()[0] = 1;
	d.volatile_bytes.data()[512 * mib - 1] = 2;
	d.persistent_bytes.data()[0] = 3;
	d.persistent_bytes.data()[512 * mib - 1] = 4;
	d.lsa_bytes.data()[0x1ffff] = 5;
}

unsigned data_left(device &d)
{
	return d.volatile_bytes.data()[0] + d.volatile_bytes.data()[512 * mib - 1] +
	       d.persistent_bytes.data()[0] + d.persistent_bytes.data()[512 * mib - 1] +
	       d.lsa_bytes.data()[0x1ffff];
}

uint64_t n_poisoned(device &d)
{
	return le(d.command(0x4300, bytes_of({ { 0, 8 }, { capacity / 64, 8 } })).out, 10, 2);
}

void map_volatile(device &d)
{
	ASSERT_EQ(d.commit(0, window, 512 * mib) >> 10 & 3, 1u);
	d.enable();
	d.invalidated.clear();
}

using ranges = std::vector<range>;

unsigned operate(device &d, unsigned cls, unsigned subclass, const ranges &list)
{
	std::vector<uint8_t> in =
		bytes_of({ { cls, 1 }, { subclass, 1 }, { 0, 2 }, { list.size(), 4 } });
	for (const range &r : list) {
		const auto bytes = bytes_of({ { r.base, 8 }, { r.size, 8 } });
		in.insert(in.end(), bytes.begin(), bytes.end());
	}
	return d.command(0x4402, in).rc;
}

reply discover(device &d, unsigned start, unsigned count, unsigned n_ranges = 0)
{
	return d.command(0x4402,
			 bytes_of({ { 0, 4 }, { n_ranges, 4 }, { start, 2 }, { count, 2 } }));
}

} /* namespace */

/* ---- Sanitize ---- */

TEST(sanitize, disables_media_for_its_time_and_leaves_zeroes)
{
	device d;
	vcxl_event_record record = {};

	map_volatile(d);
	fill_with_data(d);
	ASSERT_EQ(d.command(0x4301, bytes_of({ { 0, 8 } })).rc, 0u);
	vcxl_event_inject(d.md, VCXL_EVENT_FATAL, &record);
	d.invalidated.clear();
	EXPECT_EQ(d.command(0x4400).rc, 1u);
	EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), 8 * second) << "1 GiB";
	EXPECT_EQ(media_status(d), 3u);
	EXPECT_EQ(d.load(window + 4096), VCXL_E_MEDIA);
	EXPECT_EQ(d.store(window + 4096, 7), VCXL_E_MEDIA);
	EXPECT_EQ(d.invalidated, (ranges{ { window, 512 * mib } }));
	EXPECT_EQ(d.command(0x4103, bytes_of({ { 0, 8 }, { 1, 1 } })).rc, 7u);
	EXPECT_EQ(d.command(0x4301, bytes_of({ { 64, 8 } })).rc, 7u);
	EXPECT_EQ(d.command(0x4401).rc, 7u);
	EXPECT_EQ(d.command(0x4400).rc, 6u);
	EXPECT_EQ(d.command(0x4000).rc, 0u);
	vcxl_memdev_tick(d.md, 4 * second);
	EXPECT_EQ(background(d), 0x4400u | 50u << 16);
	vcxl_memdev_tick(d.md, 8 * second);
	EXPECT_EQ(background(d), 0x4400u | 100u << 16);
	EXPECT_EQ(media_status(d), 1u);
	EXPECT_EQ(data_left(d), 0u);
	EXPECT_EQ(n_poisoned(d), 0u);
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, d.find_device(1), 8), 0u) << "event logs";
	uint64_t value = 1;
	EXPECT_EQ(d.load(window, &value), VCXL_OK);
	EXPECT_EQ(value, 0u);
	EXPECT_EQ(d.decoder_control(0) >> 10 & 3, 1u) << "decoders are kept";
	EXPECT_FALSE(d.media_flushes.empty());
	EXPECT_FALSE(d.lsa_flushes.empty());
}

TEST(sanitize, takes_longer_for_more_memory)
{
	const struct {
		uint64_t size, seconds;
	} cases[] = { { 256 * mib, 4 },  { 512 * mib, 4 },  { 768 * mib, 8 },  { 1 * gib, 8 },
		      { 2 * gib, 15 },   { 4 * gib, 30 },   { 8 * gib, 60 },   { 16 * gib, 120 },
		      { 32 * gib, 240 }, { 64 * gib, 480 }, { 65 * gib, 900 }, { 128 * gib, 900 } };

	for (const auto &c : cases) {
		options o;
		o.volatile_size = c.size;
		o.persistent_size = 0;
		device d(o);
		ASSERT_EQ(d.command(0x4400).rc, 1u);
		EXPECT_EQ(vcxl_memdev_deadline_ps(d.md), c.seconds * second) << c.size / mib;
	}
}

TEST(sanitize, that_does_not_finish_leaves_media_disabled_until_another_does)
{
	for (int how :
	     { -1, int{ VCXL_RESET_FLR }, int{ VCXL_RESET_HOT }, int{ VCXL_RESET_COLD } }) {
		device d;
		fill_with_data(d);
		ASSERT_EQ(d.command(0x4400).rc, 1u);
		vcxl_memdev_tick(d.md, second);
		if (how < 0)
			EXPECT_EQ(d.command(0x0005).rc, 0u);
		else
			vcxl_memdev_reset(d.md, static_cast<vcxl_reset>(how));
		EXPECT_EQ(media_status(d), 3u) << how;
		vcxl_memdev_tick(d.md, 20 * second);
		EXPECT_EQ(media_status(d), 3u) << how;
		EXPECT_EQ(d.command(0x4100).rc, 7u);
		EXPECT_EQ(d.command(0x4400).rc, 1u);
		vcxl_memdev_tick(d.md, 40 * second);
		EXPECT_EQ(media_status(d), 1u);
		EXPECT_EQ(data_left(d), 0u);
	}
}

TEST(sanitize, aborted_says_so)
{
	device d;

	ASSERT_EQ(d.command(0x4400).rc, 1u);
	ASSERT_EQ(d.command(0x0005).rc, 0u);
	EXPECT_EQ(background(d), 0x4400u | 100u << 16 | 0x12ull << 32);
}

TEST(sanitize, case_37_works_with_a_decoder_committed)
{
	device d;

	map_volatile(d);
	EXPECT_EQ(d.command(0x4400).rc, 1u);
}

namespace
{

/* Media that counts how often it is zeroed. */
struct zeroed {
	lazy_bytes bytes{ 256 * mib };
	unsigned n = 0;
	vcxl_status answer = VCXL_OK;

	vcxl_media media()
	{
		vcxl_media m = {};
		m.size = bytes.size();
		m.direct = bytes.data();
		m.ctx = this;
		m.zero = [](void *ctx, uint64_t offset, uint64_t len) {
			auto *self = static_cast<zeroed *>(ctx);
			self->n++;
			if (self->answer == VCXL_OK)
				memset(self->bytes.data() + offset, 0, len);
			return self->answer;
		};
		return m;
	}
};

} /* namespace */

TEST(secure_erase, leaves_zeroing_to_who_lends_the_media_if_they_can)
{
	for (vcxl_status answer : { VCXL_OK, VCXL_E_MEDIA }) {
		zeroed z;
		vcxl_memdev_config config = {};
		vcxl_memdev *md = nullptr;
		uint8_t out[2048];
		uint32_t out_len = 0;

		z.answer = answer;
		config.serial = 1;
		config.media[VCXL_PARTITION_VOLATILE] = z.media();
		ASSERT_EQ(vcxl_memdev_create(&config, nullptr, &md), VCXL_OK);
		z.bytes.data()[4097] = 1;
		EXPECT_EQ(vcxl_memdev_command(md, 0x4401, nullptr, 0, out, &out_len), 0);
		EXPECT_EQ(z.n, 1u);
		EXPECT_EQ(z.bytes.data()[4097], 0) << "also where they could not";
		vcxl_memdev_destroy(md);
	}
}

/* ---- Secure Erase ---- */

TEST(secure_erase, leaves_zeroes_at_once)
{
	device d;

	map_volatile(d);
	fill_with_data(d);
	EXPECT_EQ(d.command(0x4401).rc, 0u);
	EXPECT_EQ(data_left(d), 0u);
	EXPECT_EQ(media_status(d), 1u);
	EXPECT_EQ(d.invalidated, (ranges{ { window, 512 * mib } })) << "what was decoded of it";
}

/* ---- Media Operations ---- */

TEST(media_operations, discovery_lists_what_there_is)
{
	device d;
	const reply all = discover(d, 0, 3);

	EXPECT_EQ(all.rc, 0u);
	EXPECT_EQ(all.out,
		  bytes_of({ { 64, 8 }, { 3, 2 }, { 3, 2 }, { 0, 2 }, { 1, 2 }, { 0x101, 2 } }));
	EXPECT_EQ(discover(d, 2, 1).out, bytes_of({ { 64, 8 }, { 3, 2 }, { 1, 2 }, { 0x101, 2 } }));
	EXPECT_EQ(discover(d, 3, 0).out, bytes_of({ { 64, 8 }, { 3, 2 }, { 0, 2 } }));
	EXPECT_EQ(discover(d, 2, 2).rc, 2u);
	EXPECT_EQ(discover(d, 4, 0).rc, 2u);
	EXPECT_EQ(discover(d, 0xffff, 0xffff).rc, 2u);
	EXPECT_EQ(discover(d, 0, 3, 1).rc, 2u) << "ranges";
	EXPECT_EQ(d.command(0x4402, bytes_of({ { 0, 8 } })).rc, 0x16u) << "no start and count";
	EXPECT_EQ(d.command(0x4402, bytes_of({ { 0, 4 } })).rc, 0x16u);
}

TEST(media_operations, overwrite_their_ranges_and_nothing_else)
{
	device d;
	const uint64_t edge = 512 * mib;

	fill_with_data(d);
	d.volatile_bytes.data()[4095] = 9;
	d.volatile_bytes.data()[4096 + 128] = 9;
	EXPECT_EQ(operate(d, 1, 0, { { 4096, 128 }, { edge - 64, 128 } }), 1u);
	for (uint64_t at : { 4096, 4096 + 127, 512 * 1024 * 1024 - 64 })
		EXPECT_EQ(d.volatile_bytes.data()[at], 0x0f);
	EXPECT_EQ(d.volatile_bytes.data()[4095] + d.volatile_bytes.data()[4096 + 128], 18);
	EXPECT_EQ(d.persistent_bytes.data()[63], 0x0f);
	EXPECT_EQ(d.persistent_bytes.data()[64], 0);
	EXPECT_EQ(d.media_flushes, (ranges{ { 0, 64 } }));
	EXPECT_EQ(operate(d, 1, 1, { { 0, 64 } }), 6u) << "the first still runs";
	vcxl_memdev_tick(d.md, 2 * ms);
	EXPECT_EQ(background(d), 0x4402u | 100u << 16);
	EXPECT_EQ(operate(d, 1, 1, { { edge, 64 } }), 1u);
	EXPECT_EQ(d.persistent_bytes.data()[0], 0);
	EXPECT_EQ(d.volatile_bytes.data()[0], 1) << "untouched";
	EXPECT_EQ(media_status(d), 1u);
}

TEST(media_operations, heal_poison)
{
	device d;

	for (uint64_t dpa : { 0, 64, 128 })
		d.command(0x4301, bytes_of({ { dpa, 8 } }));
	EXPECT_EQ(operate(d, 1, 1, { { 64, 64 } }), 1u);
	EXPECT_EQ(n_poisoned(d), 2u);
}

TEST(media_operations, errors)
{
	const struct {
		unsigned cls, subclass;
		ranges list;
		unsigned rc;
	} cases[] = { { 1, 1, {}, 2 },
		      { 1, 1, { { 32, 64 } }, 2 },
		      { 1, 1, { { 0, 32 } }, 2 },
		      { 1, 1, { { 0, 0 } }, 2 },
		      { 1, 1, { { capacity, 64 } }, 2 },
		      { 1, 1, { { capacity - 64, 128 } }, 2 },
		      { 1, 0, { { 64, ~0x3full } }, 2 },
		      { 1, 2, { { 0, 64 } }, 3 },
		      { 0, 1, {}, 3 },
		      { 2, 0, { { 0, 64 } }, 3 } };
	device d;

	fill_with_data(d);
	for (const auto &c : cases)
		EXPECT_EQ(operate(d, c.cls, c.subclass, c.list), c.rc);
	EXPECT_EQ(operate(d, 1, 1, { { 0, 64 }, { 1, 64 } }), 2u);
	EXPECT_EQ(d.volatile_bytes.data()[0], 1) << "nothing was written";
	std::vector<uint8_t> in =
		bytes_of({ { 0x101, 4 }, { 2, 4 }, { 0, 8 }, { 64, 8 }, { 64, 8 } });
	EXPECT_EQ(d.command(0x4402, in).rc, 0x16u) << "half a range is missing";
	in[4] = in[5] = in[6] = in[7] = 0xff;
	EXPECT_EQ(d.command(0x4402, in).rc, 0x16u);
}
