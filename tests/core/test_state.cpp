/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What survives the loss of power in memory that is lent to the device: the same as survives a cold
 * reset. Writing it may be cut short at any byte.
 */
#include "test_memdev_fixture.h"
#include "uuids.h"

#include <functional>

using namespace vcxl_test;

namespace
{

constexpr uint64_t second = 1'000'000'000'000; /* ps */

options with(bytes &state)
{
	options o;
	o.volatile_size = o.persistent_size = 256 * mib;
	o.partitionable_size = 512 * mib;
	o.state = &state;
	return o;
}

bytes fresh()
{
	return bytes(vcxl_memdev_state_size(0));
}

/* Everything that software can ask for. */
std::vector<bytes> answers(device &d)
{
	std::vector<bytes> all;

	for (unsigned opcode : { 0x0200, 0x0300, 0x4000, 0x4100, 0x4200, 0x4201, 0x4203, 0x4500 })
		all.push_back(d.command(static_cast<uint16_t>(opcode)).out);
	for (unsigned log = 0; log < 4; log++)
		all.push_back(d.command(0x0100, { static_cast<uint8_t>(log) }).out);
	for (bytes in : { scrub, ecs, background_time })
		for (uint8_t selection : bytes{ 0, 2 }) {
			bytes get = in;
			get.insert(get.end(), { 0, 0, 4, 0, selection });
			all.push_back(d.command(0x0501, get).out);
		}
	all.push_back(d.command(0x4300, bytes_of({ { 0, 8 }, { 1024 * mib / 64, 8 } })).out);
	for (uint8_t subclass : bytes{ 0, 1 }) { /* repairs that are left */
		bytes in(14);
		in[0] = 1;
		in[1] = subclass;
		in[2] = 1;
		all.push_back({ static_cast<uint8_t>(d.command(0x0600, in).rc) });
	}
	all.push_back(
		{ static_cast<uint8_t>(d.read(VCXL_SPACE_DEVICE, d.find_device(0x4000), 8)) });
	all.push_back({ static_cast<uint8_t>(d.config(d.find_dvsec(0) + 0x1c) >> 28) });
	return all;
}

bytes passphrase(uint8_t type)
{
	bytes in(0x60);

	in[0] = type;
	in[0x40] = 7;
	return in;
}

const std::vector<std::pair<const char *, std::function<void(device &)>>> changes = {
	{ "nothing", [](device &) {} },
	{ "passphrases",
	  [](device &d) {
		  d.command(0x4501, passphrase(0));
		  d.command(0x4501, passphrase(1));
	  } },
	{ "shutdown", [](device &d) { d.command(0x4204, { 1 }); } },
	{ "poison",
	  [](device &d) {
		  for (uint64_t i = 0; i < 300; i++) /* more than the list holds */
			  (void)vcxl_memdev_poison(d.md, 700 * mib + 128 * i, 64,
						   VCXL_POISON_INTERNAL);
		  d.command(0x4301, bytes_of({ { 64, 8 } }));
	  } },
	{ "partition",
	  [](device &d) {
		  d.command(0x4101, bytes_of({ { 1, 8 }, { 0, 1 } }));
	  } },
	{ "partition at once",
	  [](device &d) {
		  d.command(0x4101, bytes_of({ { 2, 8 }, { 1, 1 } }));
	  } },
	{ "firmware",
	  [](device &d) {
		  bytes in(0x100);
		  in[1] = 2;
		  d.command(0x0201, in);
		  vcxl_memdev_tick(d.md, second);
		  d.command(0x0202, { 1, 2 });
	  } },
	{ "features",
	  [](device &d) {
		  bytes in = scrub;

		  in.resize(0x20);
		  in[0x10] = 8; /* save */
		  in[0x16] = 1;
		  in.insert(in.end(), { 9, 0 });
		  d.command(0x0502, in);
	  } },
	{ "background time",
	  [](device &d) {
		  bytes in = background_time;

		  in.resize(0x20);
		  in[0x10] = 8; /* save */
		  in[0x16] = 1;
		  in.insert(in.end(), { 1, 1, 0, 0 });
		  d.command(0x0502, in);
	  } },
	{ "repairs",
	  [](device &d) {
		  bytes in(14);
		  in[0] = 1;
		  for (unsigned i = 0; i < 8; i++) {
			  in[1] = i % 2;
			  d.command(0x0600, in);
			  d.command(0x0600, in);
		  }
	  } },
	{ "alerts",
	  [](device &d) {
		  d.command(0x4202, { 3, 3, 50, 0, 60, 0, 0, 0, 0, 0, 0, 0 });
	  } },
	{ "a sanitize that does not end", [](device &d) { d.command(0x4400); } },
};

} /* namespace */

TEST(stored_state, a_device_made_anew_is_as_after_a_cold_reset)
{
	for (const auto &change : changes) {
		bytes state = fresh();
		device d(with(state));
		const std::vector<bytes> before = answers(d);
		change.second(d);
		bytes cut = state; /* power is lost without warning */
		device anew(with(cut));
		ASSERT_EQ(anew.status, VCXL_OK) << change.first;
		vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
		EXPECT_EQ(answers(anew), answers(d)) << change.first;
		EXPECT_EQ(answers(anew) == before, &change == &changes[0]) << change.first;
		device again(with(cut));
		vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
		EXPECT_EQ(answers(again), answers(d)) << change.first;
	}
}

TEST(stored_state, poison_of_persistent_memory_fails_reads_of_the_next_run)
{
	bytes state = fresh();
	const uint64_t dpa = 768 * mib;

	{
		device d(with(state));
		ASSERT_EQ(d.command(0x4301, bytes_of({ { dpa, 8 } })).rc, 0u);
	}
	device d(with(state));
	ASSERT_EQ(d.commit(0, window, 512 * mib, 0, 0, 512 * mib) >> 10 & 3, 1u);
	d.enable();
	EXPECT_EQ(d.load(window + 256 * mib), VCXL_E_POISON);
	EXPECT_EQ(d.load(window + 256 * mib + 64), VCXL_OK);
}

TEST(stored_state, is_durable_when_a_command_has_succeeded_and_only_when_it_changed)
{
	bytes state = fresh();
	device d(with(state));
	const size_t before = d.state_flushes.size();

	ASSERT_EQ(d.command(0x4204, { 1 }).rc, 0u);
	EXPECT_EQ(d.state_flushes.size(), before + 1);
	ASSERT_EQ(d.command(0x4204, { 1 }).rc, 0u);
	ASSERT_EQ(d.command(0x4200).rc, 0u);
	EXPECT_EQ(d.state_flushes.size(), before + 1);
}

TEST(stored_state, an_image_that_was_cut_short_leaves_the_one_before)
{
	bytes state = fresh();
	device d(with(state));

	ASSERT_EQ(d.command(0x4501, passphrase(0)).rc, 0u);
	const bytes before = state;
	ASSERT_EQ(d.command(0x4501, passphrase(1)).rc, 0u);
	ASSERT_NE(before, state);
	for (size_t n = 0; n <= state.size(); n += n < 0x400 ? 1 : 997) {
		bytes torn = before;
		std::copy(state.begin(), state.begin() + static_cast<std::ptrdiff_t>(n),
			  torn.begin());
		device next(with(torn));
		ASSERT_EQ(next.status, VCXL_OK) << n;
		const unsigned security = next.command(0x4500).out[0];
		EXPECT_TRUE(security == 2 || security == 7) << n << ": " << security;
	}
}

TEST(stored_state, that_is_damaged_or_of_another_device_is_refused)
{
	bytes state = fresh();
	{
		device d(with(state));
		d.command(0x4204, { 1 });
	}
	const size_t length = static_cast<size_t>(le(state, 12, 4));
	ASSERT_GT(length, 0x100u);
	for (size_t at = 0; at < length; at++) {
		bytes damaged = state;
		damaged[at] ^= 0x10;
		damaged[state.size() / 2 + at] ^= 0x10;
		EXPECT_EQ(device(with(damaged)).status, VCXL_E_STATE) << at;
	}
	options other = with(state);
	other.persistent_size = 512 * mib;
	EXPECT_EQ(device(other).status, VCXL_E_STATE);
	bytes noise(fresh().size(), 0xff);
	EXPECT_EQ(device(with(noise)).status, VCXL_E_STATE);
	bytes small(fresh().size() - 1);
	EXPECT_EQ(device(with(small)).status, VCXL_E_CONFIG);
	EXPECT_EQ(device(with(state)).status, VCXL_OK);
}

/* IEEE 802.3 */
static uint32_t crc32(const bytes &data, size_t len)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* Gives the image of that length a right checksum. */
static void seal(bytes &image, size_t length)
{
	std::fill(image.begin() + 0x18, image.begin() + 0x1c, 0);
	const bytes crc = bytes_of({ { crc32(image, length), 4 } });
	std::copy(crc.begin(), crc.end(), image.begin() + 0x18);
}

/* Version 1 had eight features. */
TEST(stored_state, of_another_version_is_refused)
{
	bytes state = fresh();
	{
		device d(with(state));
		d.command(0x4204, { 1 });
	}
	const bytes made = state;
	for (const unsigned version : { 1, 3, 2 }) {
		state = made;
		for (const size_t at : { size_t(0), state.size() / 2 }) {
			bytes image(state.begin() + at, state.begin() + at + state.size() / 2);
			if (!le(image, 8, 4)) /* not written */
				continue;
			image[8] = static_cast<uint8_t>(version);
			seal(image, static_cast<size_t>(le(image, 12, 4)));
			std::copy(image.begin(), image.end(), state.begin() + at);
		}
		EXPECT_EQ(device(with(state)).status, version == 2 ? VCXL_OK : VCXL_E_STATE);
	}
}

/* Somebody's own images: whatever they hold, the device refuses them or works. */
TEST(stored_state, is_checked_beforehand_without_a_write_or_a_look_at_media)
{
	bytes state = fresh();
	{
		device d(with(state));
		d.command(0x4204, { 1 }); /* dirty: the next device counts a shutdown */
	}
	vcxl_memdev_config config = {};
	const auto media = [](uint64_t size) {
		vcxl_media m = {};
		m.size = size;
		m.read = [](void *, uint64_t, void *, uint32_t) {
			ADD_FAILURE() << "a read";
			return VCXL_OK;
		};
		m.write = [](void *, uint64_t, const void *, uint32_t) {
			ADD_FAILURE() << "a write";
			return VCXL_OK;
		};
		return m;
	};
	bytes found = state;
	config.media[VCXL_PARTITION_VOLATILE] = media(256 * mib);
	config.media[VCXL_PARTITION_PERSISTENT] = media(256 * mib);
	config.partitionable = media(512 * mib);
	config.lsa = media(mib);
	config.state.size = found.size();
	config.state.direct = found.data();
	EXPECT_EQ(vcxl_memdev_check_state(&config), VCXL_OK);
	EXPECT_EQ(found, state);
	device next(with(state));
	EXPECT_NE(found, state) << "it counted";

	config.partitionable = media(256 * mib);
	EXPECT_EQ(vcxl_memdev_check_state(&config), VCXL_E_STATE);
	config.partitionable = media(mib);
	EXPECT_EQ(vcxl_memdev_check_state(&config), VCXL_E_CONFIG);
}

TEST(stored_state, with_a_right_checksum_and_wrong_contents_does_no_harm)
{
	bytes state = fresh();
	{
		device d(with(state));
		for (const auto &change : changes)
			change.second(d);
	}
	const bool second_is_later = le(state, 0x10, 8) < le(state, state.size() / 2 + 0x10, 8);
	const size_t base = second_is_later ? state.size() / 2 : 0;
	const bytes image(state.begin() + static_cast<std::ptrdiff_t>(base),
			  state.begin() + static_cast<std::ptrdiff_t>(base + state.size() / 2));
	const size_t length = le(image, 12, 4);
	unsigned n_refused = 0, n_taken = 0;
	uint64_t x = 88172645463325252;

	for (unsigned round = 0; round < 3000; round++) {
		bytes changed = image;
		for (unsigned k = 0; k <= round % 3; k++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			changed[0x20 + x % (std::min<size_t>(length, 0x200) - 0x20)] =
				static_cast<uint8_t>(x >> 32);
		}
		seal(changed, length);
		changed.resize(state.size());
		device d(with(changed));
		if (d.status != VCXL_OK) {
			ASSERT_EQ(d.status, VCXL_E_STATE);
			n_refused++;
			continue;
		}
		n_taken++;
		(void)answers(d);
		for (const auto &change : changes)
			if (change.first[0] != 'p')
				change.second(d);
		vcxl_memdev_tick(d.md, 1000 * second);
		vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	}
	EXPECT_GT(n_refused, 300u);
	EXPECT_GT(n_taken, 300u);
}

TEST(stored_state, counts_a_run_that_ended_dirty_and_not_one_with_a_flush)
{
	bytes state = fresh();

	for (unsigned run = 0; run < 3; run++) {
		device d(with(state));
		EXPECT_EQ(le(d.command(0x4200).out, 6, 4), run);
		ASSERT_EQ(d.command(0x4204, { 1 }).rc, 0u);
	}
	{
		device d(with(state));
		ASSERT_EQ(d.command(0x4204, { 1 }).rc, 0u);
		EXPECT_TRUE(vcxl_memdev_gpf(d.md, 20 * second));
	}
	device d(with(state));
	EXPECT_EQ(le(d.command(0x4200).out, 6, 4), 3u);
}

TEST(stored_state, of_the_default_poison_list_fits_64_kib)
{
	EXPECT_LE(vcxl_memdev_state_size(0), 65536u);
	EXPECT_EQ(vcxl_memdev_state_size(256), vcxl_memdev_state_size(0));
}

TEST(stored_state, that_cannot_be_written_fails_the_command_and_that_cannot_be_read_the_device)
{
	struct medium {
		bytes data;
		bool broken;
	} m = { fresh(), false };
	std::vector<uint8_t> out(2048);
	vcxl_memdev_config config = {};
	vcxl_memdev *md = nullptr;
	uint32_t length = 0;
	const uint8_t dirty = 1;

	config.serial = 1;
	config.media[VCXL_PARTITION_PERSISTENT].size = 256 * mib;
	config.media[VCXL_PARTITION_PERSISTENT].direct = out.data(); /* nobody accesses it */
	config.state.size = m.data.size();
	config.state.ctx = &m;
	config.state.read = [](void *ctx, uint64_t offset, void *dst, uint32_t len) {
		const medium &from = *static_cast<medium *>(ctx);
		memcpy(dst, from.data.data() + offset, len);
		return from.broken ? VCXL_E_MEDIA : VCXL_OK;
	};
	config.state.write = [](void *ctx, uint64_t offset, const void *src, uint32_t len) {
		medium &to = *static_cast<medium *>(ctx);
		if (to.broken)
			return VCXL_E_MEDIA;
		memcpy(to.data.data() + offset, src, len);
		return VCXL_OK;
	};
	ASSERT_EQ(vcxl_memdev_create(&config, nullptr, &md), VCXL_OK);
	m.broken = true;
	EXPECT_EQ(vcxl_memdev_command(md, 0x4204, &dirty, 1, out.data(), &length), 4);
	m.broken = false;
	EXPECT_EQ(vcxl_memdev_command(md, 0x4204, &dirty, 1, out.data(), &length), 0);
	vcxl_memdev_destroy(md);
	m.broken = true;
	EXPECT_EQ(vcxl_memdev_create(&config, nullptr, &md), VCXL_E_STATE);
	EXPECT_EQ(md, nullptr);
	m.broken = false;
	ASSERT_EQ(vcxl_memdev_create(&config, nullptr, &md), VCXL_OK);
	ASSERT_EQ(vcxl_memdev_command(md, 0x4200, nullptr, 0, out.data(), &length), 0);
	EXPECT_EQ(out[6], 1) << "one dirty shutdown";
	vcxl_memdev_destroy(md);
}
