/* SPDX-License-Identifier: Apache-2.0 */
/* A memory device as enumeration sees it: configuration space, device registers, resets. */
#include "test_memdev_fixture.h"

using namespace vcxl_test;

namespace
{

/* A configuration that is accepted; tests spoil one field of it. */
vcxl_memdev_config good_config(uint8_t *bytes)
{
	vcxl_memdev_config config = {};
	config.media[0].size = 256 * mib;
	config.media[0].direct = bytes;
	config.serial = 1;
	return config;
}

vcxl_status try_create(const vcxl_memdev_config &config)
{
	vcxl_memdev *md = nullptr;
	const vcxl_status status = vcxl_memdev_create(&config, nullptr, &md);

	EXPECT_EQ(md != nullptr, status == VCXL_OK);
	vcxl_memdev_destroy(md);
	return status;
}

} /* namespace */

/* ---- configuration ---- */

TEST(memdev_create, accepts_defaults_without_ops)
{
	lazy_bytes bytes(256 * mib);

	EXPECT_EQ(try_create(good_config(bytes.data())), VCXL_OK);
}

TEST(memdev_create, refuses_what_cannot_be)
{
	using config = vcxl_memdev_config;
	const struct {
		const char *what;
		void (*spoil)(config &);
	} cases[] = {
		{ "no media", [](config &c) { c.media[0].size = 0; } },
		{ "case 22: 300 MiB", [](config &c) { c.media[0].size = 300 * mib; } },
		{ "media without bytes", [](config &c) { c.media[0].direct = nullptr; } },
		{ "persistent media without bytes", [](config &c) { c.media[1].size = gib; } },
		{ "capacity wraps",
		  [](config &c) {
			  c.media[1] = c.media[0];
			  c.media[0].size = c.media[1].size = 1ull << 63;
		  } },
		{ "media that can only be read",
		  [](config &c) {
			  c.media[0].direct = nullptr;
			  c.media[0].read = [](void *, uint64_t, void *, uint32_t) {
				  return VCXL_OK;
			  };
		  } },
		{ "LSA without bytes", [](config &c) { c.lsa.size = 0x20000; } },
		{ "LSA of 4 GiB",
		  [](config &c) {
			  c.lsa = c.media[0];
			  c.lsa.size = 4 * gib;
		  } },
		{ "3 decoders", [](config &c) { c.n_decoders = 3; } },
		{ "33 decoders", [](config &c) { c.n_decoders = 33; } },
		{ "35 address bits", [](config &c) { c.hpa_bits = 35; } },
		{ "65 address bits", [](config &c) { c.hpa_bits = 65; } },
		{ "payload of 128 B", [](config &c) { c.mailbox_log2 = 7; } },
		{ "payload of 2 MiB", [](config &c) { c.mailbox_log2 = 21; } },
		{ "link speed 0",
		  [](config &c) {
			  c.link = { 0, 16, false };
		  } },
		{ "link speed 7",
		  [](config &c) {
			  c.link = { 7, 16, false };
		  } },
		{ "3 lanes",
		  [](config &c) {
			  c.link = { 5, 3, false };
		  } },
		{ "32 lanes",
		  [](config &c) {
			  c.link = { 5, 32, false };
		  } },
	};
	lazy_bytes bytes(256 * mib);

	for (const auto &c : cases) {
		vcxl_memdev_config spoilt = good_config(bytes.data());
		c.spoil(spoilt);
		EXPECT_EQ(try_create(spoilt), VCXL_E_CONFIG) << c.what;
	}
}

TEST(memdev_config_space, identity_is_a_cxl_memory_device)
{
	device d;

	EXPECT_EQ(d.config(0x00), 0x0d938086u);
	EXPECT_EQ(d.config(0x08), 0x05021001u) << "class 050210, revision 1";
	EXPECT_EQ(d.config(0x0e, 1) & 0x7f, 0u) << "type 0 header";
	EXPECT_EQ(d.config(0x2c), 0x11001af4u);
}

TEST(memdev_config_space, bars_have_the_sizes_of_their_spaces)
{
	const struct {
		uint32_t bar;
		unsigned mailbox_log2;
		uint64_t size;
	} cases[] = { { 0x10, 11, 0x10000 }, { 0x18, 11, 0x10000 }, { 0x20, 11, 0x1000 },
		      { 0x18, 15, 0x10000 }, { 0x18, 16, 0x20000 }, { 0x18, 20, 0x200000 } };

	for (const auto &c : cases) {
		options o;
		o.mailbox_log2 = c.mailbox_log2;
		device d(o);
		d.write(VCXL_SPACE_CONFIG, c.bar, 4, 0xffffffff);
		d.write(VCXL_SPACE_CONFIG, c.bar + 4, 4, 0xffffffff);
		const uint64_t low = d.config(c.bar), high = d.config(c.bar + 4);
		EXPECT_EQ(low & 0x7, 0x4u) << "64-bit memory BAR";
		EXPECT_EQ(~(high << 32 | (low & ~0xfull)) + 1, c.size) << "BAR at " << c.bar;
	}
}

TEST(memdev_config_space, capabilities_are_those_of_a_type_3_device)
{
	device d;

	const uint32_t msix = d.find_capability(0x11);
	ASSERT_NE(msix, 0u);
	EXPECT_EQ(d.config(msix + 2, 2) & 0x7ff, 7u) << "8 vectors";
	EXPECT_EQ(d.config(msix + 4), 0x00000004u) << "table in BAR4";
	EXPECT_EQ(d.config(msix + 8), 0x00000804u) << "PBA in BAR4 at 800h";
	const uint32_t pcie = d.find_capability(0x10);
	ASSERT_NE(pcie, 0u);
	EXPECT_EQ(d.config(pcie + 2, 2) & 0xff, 0x02u) << "endpoint, version 2";
	const uint32_t dsn = d.find_extended(0x0003);
	ASSERT_NE(dsn, 0u);
	EXPECT_EQ(d.config(dsn + 4), 0x9abcdef0u);
	EXPECT_EQ(d.config(dsn + 8), 0x12345678u);
	EXPECT_NE(d.find_extended(0x0001), 0u) << "AER";
	for (unsigned id : { 0u, 5u, 7u, 8u })
		EXPECT_NE(d.find_dvsec(id), 0u) << "DVSEC " << id;
	EXPECT_NE(d.find_extended(0x002e), 0u) << "DOE";
}

TEST(memdev_config_space, the_link_is_32_gt_s_by_16_unless_told)
{
	lazy_bytes bytes(256 * mib);
	device d;
	vcxl_memdev_config config = good_config(bytes.data());
	vcxl_memdev *md = nullptr;

	ASSERT_EQ(vcxl_memdev_create(&config, nullptr, &md), VCXL_OK);
	std::swap(d.md, md);
	EXPECT_EQ(d.config(d.find_capability(0x10) + 0x12, 2) & 0x3ff, 0x105u) << "LnkSta";
	vcxl_memdev_destroy(d.md);
	config.link = { 6, 8, false };
	ASSERT_EQ(vcxl_memdev_create(&config, nullptr, &d.md), VCXL_OK);
	EXPECT_EQ(d.config(d.find_capability(0x10) + 0x12, 2) & 0x3ff, 0x086u);
	vcxl_memdev_destroy(md);
}

TEST(memdev_config_space, register_locator_names_both_blocks)
{
	device d;
	const uint32_t at = d.find_dvsec(8);

	EXPECT_EQ(d.config(at + 0x0c), 0x00000100u) << "component registers, BAR0";
	EXPECT_EQ(d.config(at + 0x10), 0u);
	EXPECT_EQ(d.config(at + 0x14), 0x00000302u) << "device registers, BAR2";
	EXPECT_EQ(d.config(at + 0x18), 0u);
}

TEST(memdev_config_space, dvsec_ranges_show_volatile_then_persistent_capacity)
{
	const struct {
		uint64_t volatile_size, persistent_size, range1, range2;
	} cases[] = { { 256 * mib, 512 * mib, 256 * mib, 512 * mib },
		      { 5 * gib, 0, 5 * gib, 0 },
		      { 0, 768 * mib, 768 * mib, 0 } };

	for (const auto &c : cases) {
		options o;
		o.volatile_size = c.volatile_size;
		o.persistent_size = c.persistent_size;
		device d(o);
		const uint32_t at = d.find_dvsec(0);
		const uint64_t low = d.config(at + 0x1c);

		EXPECT_EQ(low & 3, 3u) << "valid and active";
		EXPECT_EQ((low & 0xf0000000) | static_cast<uint64_t>(d.config(at + 0x18)) << 32,
			  c.range1);
		EXPECT_EQ((d.config(at + 0x2c) & 0xf0000000) |
				  static_cast<uint64_t>(d.config(at + 0x28)) << 32,
			  c.range2);
		EXPECT_EQ(d.config(at + 0xc, 2) & 4, 0u) << "Mem_Enable is 0 after reset";
	}
}

TEST(memdev_config_space, takes_naturally_aligned_accesses_of_1_2_and_4_bytes)
{
	device d;
	uint64_t value = 0;

	for (unsigned width : { 1u, 2u, 4u })
		EXPECT_EQ(vcxl_memdev_reg_read(d.md, VCXL_SPACE_CONFIG, 4, width, &value), VCXL_OK);
	EXPECT_EQ(vcxl_memdev_reg_read(d.md, VCXL_SPACE_CONFIG, 0, 8, &value), VCXL_E_ACCESS);
	EXPECT_EQ(vcxl_memdev_reg_read(d.md, VCXL_SPACE_CONFIG, 0, 3, &value), VCXL_E_ACCESS);
	EXPECT_EQ(vcxl_memdev_reg_read(d.md, VCXL_SPACE_CONFIG, 2, 4, &value), VCXL_E_ACCESS);
	EXPECT_EQ(vcxl_memdev_reg_read(d.md, VCXL_SPACE_CONFIG, 4096, 4, &value), VCXL_E_ACCESS);
	EXPECT_EQ(vcxl_memdev_reg_write(d.md, VCXL_SPACE_CONFIG, 0, 8, 0), VCXL_E_ACCESS);
}

/* ---- device registers ---- */

TEST(device_registers, capability_array_lists_status_mailbox_and_memory_device_status)
{
	device d;
	uint32_t length = 0;

	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, 0, 8), 0x0000000300010000u);
	EXPECT_NE(d.find_device(1, &length), 0u);
	EXPECT_EQ(length, 8u);
	EXPECT_NE(d.find_device(2, &length), 0u);
	EXPECT_EQ(length, 0x820u);
	EXPECT_NE(d.find_device(0x4000, &length), 0u);
	EXPECT_EQ(length, 8u);
	EXPECT_EQ(d.find_device(3), 0u) << "no secondary mailbox";
}

TEST(device_registers, media_and_mailbox_are_ready_and_no_event_is_pending_after_reset)
{
	device d;

	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, d.find_device(0x4000), 8), 0x14u);
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, d.find_device(1), 8), 0u);
}

TEST(device_registers, status_registers_and_capabilities_are_read_only)
{
	device d;
	std::vector<uint64_t> before;
	const uint32_t mailbox = d.find_device(2);

	for (uint32_t at = 0; at < mailbox; at += 8)
		before.push_back(d.read(VCXL_SPACE_DEVICE, at, 8));
	for (uint32_t at = 0; at < mailbox; at += 8)
		d.write(VCXL_SPACE_DEVICE, at, 8, ~0ull);
	for (uint32_t at = 0; at < mailbox; at += 8)
		EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, at, 8), before[at / 8]) << at;
}

TEST(device_registers, take_aligned_accesses_of_1_to_8_bytes_inside_the_bar)
{
	device d;
	const uint32_t status = d.find_device(0x4000);
	uint64_t value = 0;

	for (unsigned width : { 1u, 2u, 4u, 8u })
		EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, status, width), 0x14u) << width;
	for (unsigned width : { 0u, 3u, 5u, 6u, 7u, 16u })
		EXPECT_EQ(vcxl_memdev_reg_read(d.md, VCXL_SPACE_DEVICE, status, width, &value),
			  VCXL_E_ACCESS)
			<< width;
	EXPECT_EQ(vcxl_memdev_reg_read(d.md, VCXL_SPACE_DEVICE, status + 4, 8, &value),
		  VCXL_E_ACCESS);
	EXPECT_EQ(vcxl_memdev_reg_read(d.md, VCXL_SPACE_DEVICE, 0xfff8, 8, &value), VCXL_OK);
	EXPECT_EQ(value, 0u);
	EXPECT_EQ(vcxl_memdev_reg_read(d.md, VCXL_SPACE_DEVICE, 0xfffc, 8, &value), VCXL_E_ACCESS);
	EXPECT_EQ(vcxl_memdev_reg_write(d.md, VCXL_SPACE_DEVICE, 0xffffffff, 1, 0), VCXL_E_ACCESS);
	EXPECT_EQ(vcxl_memdev_reg_read(d.md, VCXL_N_SPACES, 0, 4, &value), VCXL_E_ACCESS);
	EXPECT_EQ(vcxl_memdev_reg_write(d.md, VCXL_N_SPACES, 0, 4, 0), VCXL_E_ACCESS);
}

/* ---- resets ---- */

TEST(memdev_reset, takes_decoders_and_enables_with_it_as_the_kind_demands)
{
	const struct {
		vcxl_reset kind;
		bool decoders_stay;
	} cases[] = { { VCXL_RESET_FLR, true },
		      { VCXL_RESET_CXL, false },
		      { VCXL_RESET_HOT, false },
		      { VCXL_RESET_COLD, false } };

	for (const auto &c : cases) {
		device d;
		ASSERT_EQ(d.commit(0, window, 512 * mib) >> 10 & 3, 1u);
		d.enable();
		vcxl_memdev_reset(d.md, c.kind);
		EXPECT_EQ(d.decoder_control(0) >> 10 & 1, c.decoders_stay) << c.kind;
		EXPECT_EQ(vcxl_memdev_hdm(d.md)->enabled, c.decoders_stay) << c.kind;
		/* DVSEC 0 Control survives a function-level reset only */
		EXPECT_EQ(d.config(d.find_dvsec(0) + 0xc, 2) & 4, c.decoders_stay ? 4u : 0u)
			<< c.kind;
		EXPECT_EQ(d.load(window), c.decoders_stay ? VCXL_OK : VCXL_E_DISABLED) << c.kind;
	}
}

TEST(memdev_reset, keeps_what_the_media_hold)
{
	for (vcxl_reset kind :
	     { VCXL_RESET_FLR, VCXL_RESET_CXL, VCXL_RESET_HOT, VCXL_RESET_COLD }) {
		device d;
		uint64_t value = 0;
		d.commit(0, window, 512 * mib);
		d.commit(1, window + 512 * mib, 512 * mib);
		d.enable();
		EXPECT_EQ(d.store(window + 512 * mib, 0x1234), VCXL_OK);
		vcxl_memdev_reset(d.md, kind);
		d.commit(0, window, 512 * mib);
		d.commit(1, window + 512 * mib, 512 * mib);
		d.enable();
		EXPECT_EQ(d.load(window + 512 * mib, &value), VCXL_OK);
		EXPECT_EQ(value, 0x1234u) << kind;
	}
}

TEST(memdev_reset, clears_the_mailbox)
{
	for (vcxl_reset kind :
	     { VCXL_RESET_FLR, VCXL_RESET_CXL, VCXL_RESET_HOT, VCXL_RESET_COLD }) {
		device d;
		const uint32_t mb = d.find_device(2);
		d.write(VCXL_SPACE_DEVICE, mb + 4, 4, 0x6);
		d.write(VCXL_SPACE_DEVICE, mb + 0x20, 8, ~0ull);
		EXPECT_EQ(d.ring(0x1234, 4).rc, 3u);
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb, 4), 0x3ebu);
		for (uint32_t at = 4; at < 0x28; at += 4)
			EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb + at, 4), 0u) << at;
	}
}

TEST(memdev_reset, is_traced)
{
	device d;

	d.trace.enabled = 1ull << VCXL_TRACE_RESET;
	vcxl_memdev_reset(d.md, VCXL_RESET_HOT);
	ASSERT_EQ(d.events.size(), 1u);
	EXPECT_EQ(d.events[0].fields[0], 1u);
}

/* ---- robustness ---- */

namespace
{

/* xorshift64*, so that a seed means the same everywhere */
class random_stream
{
public:
	explicit random_stream(uint64_t seed) : state_(seed) {}
	uint64_t next()
	{
		state_ ^= state_ >> 12;
		state_ ^= state_ << 25;
		state_ ^= state_ >> 27;
		return state_ * 0x2545f4914f6cdd1d;
	}
	uint64_t below(uint64_t n) { return next() % n; }

private:
	uint64_t state_;
};

void random_step(device &d, random_stream &r, uint64_t *n_refused)
{
	const auto space = static_cast<vcxl_space>(r.below(VCXL_N_SPACES + 1));
	/* mostly where registers are, sometimes anywhere */
	const uint64_t reach[] = { 0x40, 0x200, 0x1000, 0x1400, 0x10000, 0x100000000 };
	const uint32_t offset =
		static_cast<uint32_t>((space == VCXL_SPACE_COMPONENT && r.below(4) ? 0x1000 : 0) +
				      r.below(reach[r.below(6)]));
	const unsigned width = static_cast<unsigned>(r.below(8) ? 1u << r.below(4) : r.below(20));
	const uint32_t aligned = width && r.below(4) ? offset - offset % width : offset;
	uint64_t value = r.next() >> r.below(64);

	if (vcxl_memdev_reg_write(d.md, space, aligned, width, value))
		++*n_refused;
	(void)vcxl_memdev_reg_read(d.md, space, static_cast<uint32_t>(r.below(0x2000)), width,
				   &value);
	if (r.below(64) == 0)
		vcxl_memdev_reset(d.md, static_cast<vcxl_reset>(r.below(4)));
	if (r.below(16) == 0)
		(void)d.load(r.below(2) ? r.below(64 * gib) : r.next(), &value);
	if (r.below(16) == 0)
		vcxl_memdev_tick(d.md, r.next() >> 20);
	if (r.below(16) == 0)
		(void)vcxl_memdev_gpf(d.md, r.next() >> r.below(64));
}

/* Decoders with random fields, and an access to whatever became of them. */
void random_decoder(device &d, random_stream &r, unsigned *n_committed)
{
	const unsigned n = static_cast<unsigned>(r.below(4));
	const uint64_t base = r.below(16) * 256 * mib, size = r.below(9) * 256 * mib;
	vcxl_dmi dmi;

	d.uncommit(n);
	if (d.commit(n, base, size, static_cast<unsigned>(r.below(16)) & 0xb,
		     static_cast<unsigned>(r.below(8)), r.below(3) * 256 * mib) &
	    0x400)
		++*n_committed;
	d.enable();
	for (unsigned i = 0; i < 4; i++) {
		const uint64_t hpa = base + r.below(8 * 256 * mib);
		uint8_t buffer[64];
		(void)d.access(hpa, buffer, static_cast<uint32_t>(r.below(65)), r.below(2));
		if (vcxl_memdev_dmi(d.md, hpa, &dmi)) {
			EXPECT_GE(hpa, dmi.hpa);
			EXPECT_LT(hpa - dmi.hpa, dmi.size);
			dmi.host[hpa - dmi.hpa] ^= 1;
		}
	}
}

} /* namespace */

TEST(robustness, no_sequence_of_register_accesses_breaks_the_device)
{
	const uint64_t seed = 20261120;
	random_stream r(seed);
	device d;
	uint64_t n_refused = 0;

	RecordProperty("seed", std::to_string(seed));
	printf("seed %llu\n", static_cast<unsigned long long>(seed));
	for (unsigned i = 0; i < 200'000; i++)
		random_step(d, r, &n_refused);
	/* most accesses are legal, some are not */
	EXPECT_GT(n_refused, 10'000u);
	EXPECT_LT(n_refused, 150'000u);
	/* and it still works */
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(d.command(0x4000).rc, 0u);
	EXPECT_EQ(d.commit(0, window, 512 * mib) >> 10 & 3, 1u);
	d.enable();
	EXPECT_EQ(d.load(window), VCXL_OK);
}

TEST(robustness, no_decoder_programming_lets_an_access_leave_the_media)
{
	const uint64_t seed = 7;
	random_stream r(seed);
	device d;
	unsigned n_committed = 0;

	printf("seed %llu\n", static_cast<unsigned long long>(seed));
	for (unsigned i = 0; i < 20'000; i++)
		random_decoder(d, r, &n_committed);
	EXPECT_GT(n_committed, 100u);
	for (const range &f : d.media_flushes)
		ASSERT_TRUE(f.base <= 512 * mib && f.size <= 512 * mib - f.base);
}
