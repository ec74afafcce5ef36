/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of dynamic capacity: who sees them, when, and where they lie. CXL r3.1 9.13.3. */
#include "test_dc_fixture.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t block = 2 * mib;

/* Memory behind callbacks that can be told to fail. */
struct called_memory {
	std::vector<uint8_t> data;
	std::vector<range> writes;
	vcxl_status result = VCXL_OK;

	explicit called_memory(uint64_t size) : data(size) {}
	vcxl_media media()
	{
		vcxl_media m = {};
		m.size = data.size();
		m.ctx = this;
		m.read = [](void *ctx, uint64_t offset, void *dst, uint32_t len) {
			auto *self = static_cast<called_memory *>(ctx);
			memcpy(dst, self->data.data() + offset, len);
			return self->result;
		};
		m.write = [](void *ctx, uint64_t offset, const void *src, uint32_t len) {
			auto *self = static_cast<called_memory *>(ctx);
			if (!self->result)
				memcpy(self->data.data() + offset, src, len);
			self->writes.push_back({ offset, len });
			return self->result;
		};
		return m;
	}
};

} /* namespace */

TEST(dc_access, case_31_an_access_needs_every_byte_backed)
{
	dc_device x;
	const uint64_t hpa = window + x.base;
	uint8_t data[64];

	x.map();
	EXPECT_EQ(x.d.load(hpa), VCXL_E_UNBACKED);
	EXPECT_EQ(x.d.store(hpa, 1), VCXL_E_UNBACKED);
	EXPECT_EQ(x.add({ { 0, block }, { block, block } }), VCXL_DC_OK);
	EXPECT_EQ(x.d.load(hpa), VCXL_E_UNBACKED) << "offered only";
	EXPECT_EQ(x.accept({ { x.base, block } }), 0u);
	EXPECT_EQ(x.d.store(hpa, 0x1122334455667788), VCXL_OK);
	EXPECT_EQ(x.d.load(hpa + block - 8), VCXL_OK);
	EXPECT_EQ(x.d.load(hpa + block), VCXL_E_UNBACKED);

	/* one byte too far, or all but one */
	for (uint32_t behind : { 1u, 32u, 63u }) {
		memset(data, 0x5a, sizeof(data));
		const uint64_t at = hpa + block - 64 + behind;
		EXPECT_EQ(x.d.access(at, data, 64, false), VCXL_E_UNBACKED);
		EXPECT_EQ(data[0], 0x5a) << "nothing was read";
		EXPECT_EQ(x.d.access(at, data, 64, true), VCXL_E_UNBACKED);
		EXPECT_EQ(x.memory.data()[block - 1], 0) << "nothing was written";
	}
	EXPECT_EQ(x.d.access(hpa - 32, data, 64, false), VCXL_E_GRANULE) << "another decoder";
	EXPECT_EQ(x.d.load(window), VCXL_OK) << "static memory";
}

TEST(dc_access, a_transfer_crosses_extents_that_both_were_accepted)
{
	dc_device x;
	uint8_t out[64], in[64] = {};

	x.map();
	x.give(0, block, tag_of(1));
	x.give(block, block, tag_of(2));
	for (unsigned i = 0; i < 64; i++)
		out[i] = static_cast<uint8_t>(i);
	EXPECT_EQ(x.d.access(window + x.base + block - 20, out, 64, true), VCXL_OK);
	EXPECT_EQ(x.d.access(window + x.base + block - 20, in, 64, false), VCXL_OK);
	EXPECT_EQ(memcmp(in, out, 64), 0);
	EXPECT_EQ(memcmp(x.memory.data() + block - 20, out, 64), 0);
}

TEST(dc_access, the_address_is_translated_also_where_nothing_is_backed)
{
	dc_device x;
	uint64_t dpa = 0;

	x.map();
	EXPECT_EQ(vcxl_memdev_hpa_to_dpa(x.d.md, window + x.base + 5, &dpa), VCXL_OK);
	EXPECT_EQ(dpa, x.base + 5);
	EXPECT_EQ(vcxl_memdev_capacity(x.d.md), 256 * mib) << "static capacity";
}

TEST(dc_access, a_decoder_lies_in_one_region)
{
	dc_device x;

	EXPECT_EQ(x.d.commit(0, window, 256 * mib) & 0xc00, 0x400u);
	EXPECT_EQ(x.d.commit(1, window + gib, 512 * mib) & 0xc00, 0x800u) << "both regions";
	x.d.uncommit(1);
	EXPECT_EQ(x.d.commit(1, window + gib, 256 * mib, 0, 0, 256 * mib) & 0xc00, 0x400u)
		<< "the second one";
	x.d.uncommit(1);
	EXPECT_EQ(x.d.commit(1, window + gib, 256 * mib, 0, 0, 512 * mib) & 0xc00, 0x800u)
		<< "behind all of them";
}

TEST(dc_access, data_stay_over_a_release_or_are_zeroed_when_asked)
{
	const struct {
		const char *what;
		bool region, request, zero;
	} rows[] = { { "neither", false, false, false },
		     { "the region", true, false, true },
		     { "the request", false, true, true } };

	for (const auto &row : rows) {
		for (bool forced : { false, true }) {
			dc_options o;
			o.sanitize = row.region;
			dc_device x(o);
			const uint64_t hpa = window + x.base;
			uint64_t value = 1;

			x.map();
			x.give(0, 4 * block);
			for (unsigned i = 0; i < 4; i++)
				EXPECT_EQ(x.d.store(hpa + i * block, 0x1111 * (i + 1)), VCXL_OK);
			EXPECT_EQ(x.release({ { block, block } }, forced, row.request), VCXL_DC_OK);
			if (!forced) {
				EXPECT_EQ(x.give_back({ { x.base + block, block } }), 0u);
			}
			x.give(block, block);
			EXPECT_EQ(x.d.load(hpa + block, &value), VCXL_OK);
			EXPECT_EQ(value, row.zero ? 0u : 0x2222u) << row.what;
			EXPECT_EQ(x.d.load(hpa, &value), VCXL_OK);
			EXPECT_EQ(value, 0x1111u) << "what was not released";
			EXPECT_EQ(x.d.load(hpa + 2 * block, &value), VCXL_OK);
			EXPECT_EQ(value, 0x3333u);
		}
	}
}

TEST(dc_access, memory_that_cannot_be_sanitized_is_not_released)
{
	called_memory memory(4 * mib);
	vcxl_media media = memory.media();
	vcxl_memdev_config c = {};
	vcxl_memdev *md = nullptr;

	c.serial = 1;
	c.dc.n_regions = 1;
	c.dc.regions[0].len = 4 * mib;
	c.dc.regions[0].decode_len = 256 * mib;
	c.dc.regions[0].media = &media;
	c.dc.regions[0].sanitize = true;
	dc_device x;
	ASSERT_EQ(vcxl_memdev_create(&c, nullptr, &md), VCXL_OK);
	std::swap(x.d.md, md);
	x.base = 0;
	x.give(0, 4 * mib);
	const bytes before = x.snapshot();
	memory.result = VCXL_E_MEDIA;
	EXPECT_EQ(x.give_back({ { 2 * mib, 2 * mib } }), 0x11u);
	EXPECT_EQ(x.release({ { 0, 2 * mib } }, true), VCXL_DC_E_MEDIA);
	EXPECT_EQ(x.snapshot(), before);
	memory.result = VCXL_OK;
	EXPECT_EQ(x.give_back({ { 2 * mib, 2 * mib } }), 0u);
	x.d.commit(0, window, 256 * mib);
	x.d.enable();
	EXPECT_EQ(x.d.load(window + 2 * mib - 8), VCXL_OK);
	EXPECT_EQ(x.d.load(window + 4 * mib), VCXL_E_UNBACKED) << "decoded, but no capacity";
	std::swap(x.d.md, md);
	vcxl_memdev_destroy(md);
}

TEST(dc_access, a_global_persistent_flush_reaches_persistent_extents_and_no_others)
{
	for (bool persistent : { false, true }) {
		dc_options o;
		o.persistent = persistent;
		dc_device x(o);

		x.map();
		x.give(block, block);
		x.flushes.clear();
		EXPECT_TRUE(vcxl_memdev_gpf(x.d.md, UINT64_MAX));
		EXPECT_EQ(x.flushes, persistent ? (std::vector<range>{ { block, block } })
						: (std::vector<range>{}));
	}
}

/* ---- direct memory ---- */

TEST(dc_dmi, is_granted_inside_one_accepted_extent_only)
{
	dc_device x;
	const uint64_t hpa = window + x.base;
	vcxl_dmi dmi = {};

	x.map();
	EXPECT_FALSE(vcxl_memdev_dmi(x.d.md, hpa, &dmi));
	EXPECT_EQ(x.add({ { 4 * block, 2 * block } }), VCXL_DC_OK);
	EXPECT_FALSE(vcxl_memdev_dmi(x.d.md, hpa + 4 * block, &dmi)) << "offered";
	EXPECT_EQ(x.accept({ { x.base + 4 * block, 2 * block } }), 0u);
	ASSERT_TRUE(vcxl_memdev_dmi(x.d.md, hpa + 5 * block + 123, &dmi));
	EXPECT_EQ(dmi.hpa, hpa + 4 * block);
	EXPECT_EQ(dmi.size, 2 * block);
	EXPECT_EQ(dmi.host, x.memory.data() + 4 * block);
	EXPECT_FALSE(vcxl_memdev_dmi(x.d.md, hpa + 4 * block - 1, &dmi));
	EXPECT_FALSE(vcxl_memdev_dmi(x.d.md, hpa + 6 * block, &dmi));
}

TEST(dc_dmi, is_withdrawn_before_a_release_completes_and_when_extents_come)
{
	dc_device x;
	const uint64_t hpa = window + x.base;
	vcxl_dmi dmi = {};

	x.map();
	EXPECT_EQ(x.add({ { 0, 8 * block } }), VCXL_DC_OK);
	EXPECT_TRUE(x.d.invalidated.empty()) << "an offer changes nothing";
	EXPECT_EQ(x.accept({ { x.base, 8 * block } }), 0u);
	EXPECT_EQ(x.d.invalidated, (std::vector<range>{ { hpa, 8 * block } })) << "denied before";
	x.d.invalidated.clear();
	EXPECT_EQ(x.release({ { 0, 8 * block } }), VCXL_DC_OK);
	EXPECT_TRUE(x.d.invalidated.empty()) << "the host still has it";
	EXPECT_EQ(x.give_back({ { x.base + 2 * block, block } }), 0u);
	EXPECT_EQ(x.d.invalidated, (std::vector<range>{ { hpa + 2 * block, block } }));
	ASSERT_TRUE(vcxl_memdev_dmi(x.d.md, hpa, &dmi));
	EXPECT_EQ(dmi.size, 2 * block);
	ASSERT_TRUE(vcxl_memdev_dmi(x.d.md, hpa + 4 * block, &dmi));
	EXPECT_EQ(dmi.hpa, hpa + 3 * block);
	EXPECT_EQ(dmi.host, x.memory.data() + 3 * block);
	x.d.invalidated.clear();
	EXPECT_EQ(x.release({ { 0, block } }, true), VCXL_DC_OK);
	EXPECT_EQ(x.d.invalidated, (std::vector<range>{ { hpa, block } }));
	EXPECT_FALSE(vcxl_memdev_dmi(x.d.md, hpa, &dmi));
}

TEST(dc_dmi, neighbours_with_the_same_media_are_granted_as_one)
{
	dc_device x;
	const uint64_t hpa = window + x.base;
	vcxl_dmi dmi = {};

	x.map();
	x.give(2 * block, block);
	x.give(0, 2 * block);
	x.give(3 * block, block);
	x.give(5 * block, block);
	EXPECT_EQ(x.add({ { 4 * block, block } }), VCXL_DC_OK);
	for (uint64_t at : { hpa, hpa + 2 * block + 4096, hpa + 4 * block - 1 }) {
		ASSERT_TRUE(vcxl_memdev_dmi(x.d.md, at, &dmi));
		EXPECT_EQ((range{ dmi.hpa, dmi.size }), (range{ hpa, 4 * block }));
		EXPECT_EQ(dmi.host, x.memory.data());
	}
	ASSERT_TRUE(vcxl_memdev_dmi(x.d.md, hpa + 5 * block, &dmi));
	EXPECT_EQ((range{ dmi.hpa, dmi.size }), (range{ hpa + 5 * block, block }))
		<< "what is offered is not there";
	EXPECT_EQ(dmi.host, x.memory.data() + 5 * block);
	EXPECT_EQ(x.accept({ { x.base + 4 * block, block } }), 0u);
	ASSERT_TRUE(vcxl_memdev_dmi(x.d.md, hpa + 5 * block, &dmi));
	EXPECT_EQ((range{ dmi.hpa, dmi.size }), (range{ hpa, 6 * block }));
	EXPECT_EQ(x.release({ { block, block } }, true), VCXL_DC_OK);
	ASSERT_TRUE(vcxl_memdev_dmi(x.d.md, hpa + 5 * block, &dmi));
	EXPECT_EQ((range{ dmi.hpa, dmi.size }), (range{ hpa + 2 * block, 4 * block }));
	EXPECT_EQ(dmi.host, x.memory.data() + 2 * block);
}

TEST(dc_dmi, of_an_extent_shorter_than_a_page_is_not_granted)
{
	dc_options o;
	o.block_size = 1024;
	dc_device x(o);
	const uint64_t hpa = window + x.base;
	vcxl_dmi dmi = {};

	x.map();
	x.give(1024, 10 * 1024);
	EXPECT_EQ(x.d.store(hpa + 1024, 7), VCXL_OK);
	EXPECT_FALSE(vcxl_memdev_dmi(x.d.md, hpa + 1024, &dmi)) << "part of a page";
	ASSERT_TRUE(vcxl_memdev_dmi(x.d.md, hpa + 4096, &dmi));
	EXPECT_EQ(dmi.hpa, hpa + 4096);
	EXPECT_EQ(dmi.size, 4096u);
	EXPECT_FALSE(vcxl_memdev_dmi(x.d.md, hpa + 8192, &dmi));
}

TEST(dc_dmi, an_interleaved_set_is_granted_in_whole_stripes_of_the_extent)
{
	for (unsigned eiw : { 1u, 2u, 3u, 4u, 8u, 9u, 10u }) {
		for (unsigned eig : { 0u, 3u, 4u, 6u }) {
			const unsigned ways = eiw < 8 ? 1u << eiw : 3u << (eiw - 8);
			dc_options o;
			o.volatile_size = 0;
			dc_device x(o);
			uint64_t base = 0, size = 0;
			vcxl_dmi dmi = {};

			ASSERT_EQ(x.d.commit(0, 12 * gib, ways * 256 * mib, eiw, eig) & 0xc00,
				  0x400u);
			x.d.enable();
			x.d.invalidated.clear();
			EXPECT_FALSE(vcxl_memdev_clean_range(x.d.md, 12 * gib, &base, &size));
			x.give(3 * block, 2 * block);
			const range expected = { 12 * gib + 3 * block * ways, 2 * block * ways };
			EXPECT_EQ(x.d.invalidated, (std::vector<range>{ expected }));
			ASSERT_TRUE(vcxl_memdev_clean_range(x.d.md, expected.base + 0x12345, &base,
							    &size));
			EXPECT_EQ((range{ base, size }), expected);
			for (uint64_t at = base; at < base + size; at += 0x76543) {
				ASSERT_TRUE(vcxl_memdev_dmi(x.d.md, at, &dmi));
				EXPECT_EQ(dmi.size, 256ull << eig);
				EXPECT_EQ(dmi.host + (at - dmi.hpa), x.memory.data() + x.d.dpa(at));
			}
			EXPECT_FALSE(vcxl_memdev_clean_range(x.d.md, base - 1, &base, &size));
		}
	}
}

/* ---- backends ---- */

class dc_backend : public testing::Test
{
protected:
	dc_backend()
	{
		EXPECT_EQ(vcxl_dc_pool_create(3, &pool), VCXL_OK);
		a.resize(4 * block);
		b.resize(2 * block);
	}
	~dc_backend() override { vcxl_dc_pool_destroy(pool); }
	vcxl_dc_error attach(const tag_t &tag, std::vector<uint8_t> &memory)
	{
		vcxl_media m = {};
		m.size = memory.size();
		m.direct = memory.data();
		return vcxl_dc_pool_attach(pool, tag.data(), &m);
	}
	vcxl_dc_error detach(const tag_t &tag) { return vcxl_dc_pool_detach(pool, tag.data()); }
	dc_options lazy(bool shareable = false)
	{
		dc_options o;
		o.pool = pool;
		o.own_memory = false;
		o.shareable = shareable;
		return o;
	}
	vcxl_dc_pool *pool = nullptr;
	std::vector<uint8_t> a, b;
};

TEST_F(dc_backend, the_pool_checks_what_is_attached_and_detached)
{
	std::vector<uint8_t> nothing;
	vcxl_dc_pool *none = nullptr;

	EXPECT_EQ(vcxl_dc_pool_create(0, &none), VCXL_E_CONFIG);
	EXPECT_EQ(attach(tag_of(0), a), VCXL_DC_E_TAG) << "the null tag";
	EXPECT_EQ(attach(tag_of(1), nothing), VCXL_DC_E_SIZE);
	EXPECT_EQ(attach(tag_of(1), a), VCXL_DC_OK);
	EXPECT_EQ(attach(tag_of(1), b), VCXL_DC_E_BUSY);
	EXPECT_EQ(attach(tag_of(2), b), VCXL_DC_OK);
	EXPECT_EQ(attach(tag_of(3), b), VCXL_DC_OK);
	EXPECT_EQ(attach(tag_of(4), b), VCXL_DC_E_POOL);
	EXPECT_EQ(detach(tag_of(9)), VCXL_DC_E_TAG);
	EXPECT_EQ(detach(tag_of(2)), VCXL_DC_OK);
	EXPECT_EQ(detach(tag_of(2)), VCXL_DC_E_TAG);
	EXPECT_EQ(attach(tag_of(4), b), VCXL_DC_OK);
}

TEST_F(dc_backend, several_extents_of_a_tag_lie_on_it_in_their_order)
{
	dc_device x(lazy());
	const uint64_t hpa = window + x.base;

	x.map();
	attach(tag_of(1), a);
	EXPECT_EQ(
		x.add({ { 8 * block, block }, { 0, 2 * block }, { 4 * block, block } }, tag_of(1)),
		VCXL_DC_OK);
	EXPECT_EQ(detach(tag_of(1)), VCXL_DC_E_BUSY) << "pending";
	EXPECT_EQ(x.accept({ { x.base, 2 * block },
			     { x.base + 4 * block, block },
			     { x.base + 8 * block, block } }),
		  0u);
	EXPECT_EQ(x.d.store(hpa + 8 * block, 0xa0), VCXL_OK);
	EXPECT_EQ(x.d.store(hpa, 0xa1), VCXL_OK);
	EXPECT_EQ(x.d.store(hpa + block, 0xa2), VCXL_OK);
	EXPECT_EQ(x.d.store(hpa + 4 * block, 0xa3), VCXL_OK);
	for (unsigned i = 0; i < 4; i++)
		EXPECT_EQ(a[i * block], 0xa0 + i);
	vcxl_dmi dmi = {};
	ASSERT_TRUE(vcxl_memdev_dmi(x.d.md, hpa + 4 * block, &dmi));
	EXPECT_EQ(dmi.host, a.data() + 3 * block);
	EXPECT_EQ(detach(tag_of(1)), VCXL_DC_E_BUSY);
	EXPECT_EQ(x.give_back({ { x.base, 2 * block } }), 0u);
	EXPECT_EQ(detach(tag_of(1)), VCXL_DC_E_BUSY) << "two are left";
	EXPECT_EQ(x.give_back({ { x.base + 4 * block, block }, { x.base + 8 * block, block } }),
		  0u);
	EXPECT_EQ(detach(tag_of(1)), VCXL_DC_OK);
	EXPECT_EQ(x.d.load(hpa), VCXL_E_UNBACKED);
}

TEST_F(dc_backend, each_mistake_with_a_tag_has_its_error_and_changes_nothing)
{
	dc_device x(lazy()), y(lazy());

	attach(tag_of(1), a);
	attach(tag_of(2), b);
	EXPECT_EQ(y.add({ { 0, 2 * block } }, tag_of(2)), VCXL_DC_OK);
	const bytes before = x.snapshot();
	EXPECT_EQ(x.add({ { 0, block } }), VCXL_DC_E_BACKING) << "no tag, no memory";
	EXPECT_EQ(x.add({ { 0, block } }, tag_of(7)), VCXL_DC_E_BACKING) << "unknown tag";
	EXPECT_EQ(x.add({ { 0, block } }, tag_of(1)), VCXL_DC_E_SIZE);
	EXPECT_EQ(x.add({ { 0, 5 * block } }, tag_of(1)), VCXL_DC_E_SIZE);
	EXPECT_EQ(x.add({ { 0, 2 * block } }, tag_of(2)), VCXL_DC_E_MAPPED);
	EXPECT_EQ(x.snapshot(), before);
	EXPECT_EQ(x.add({ { 0, 4 * block } }, tag_of(1)), VCXL_DC_OK);
	EXPECT_EQ(x.add({ { 8 * block, 4 * block } }, tag_of(1)), VCXL_DC_E_TAG_LIVE);
	EXPECT_EQ(x.accept({ { x.base, 2 * block } }), 0xfu) << "accepted in part";
	EXPECT_EQ(x.accept({ { x.base, 4 * block } }), 0u);
	EXPECT_EQ(x.give_back({ { x.base, 2 * block } }), 0xfu) << "released in part";
	EXPECT_EQ(x.release({ { 0, 2 * block } }), VCXL_DC_E_PARTIAL);
	EXPECT_EQ(x.release({ { block, 2 * block } }, true), VCXL_DC_E_PARTIAL);
	EXPECT_EQ(x.give_back({ { x.base, 4 * block } }), 0u);
}

TEST_F(dc_backend, a_rejected_offer_and_a_device_that_ends_let_go_of_it)
{
	attach(tag_of(1), a);
	{
		dc_device x(lazy());
		EXPECT_EQ(x.add({ { 0, 4 * block } }, tag_of(1)), VCXL_DC_OK);
		EXPECT_EQ(x.accept({}), 0u);
		EXPECT_EQ(detach(tag_of(1)), VCXL_DC_OK);
		attach(tag_of(1), a);
		x.give(0, 4 * block, tag_of(1));
		EXPECT_EQ(detach(tag_of(1)), VCXL_DC_E_BUSY);
	}
	EXPECT_EQ(detach(tag_of(1)), VCXL_DC_OK);
}

TEST_F(dc_backend, a_tag_without_backend_uses_the_memory_of_the_region)
{
	dc_options o;
	o.pool = pool;
	dc_device x(o);

	x.map();
	attach(tag_of(1), a);
	x.give(0, 4 * block, tag_of(1));
	x.give(8 * block, block, tag_of(5));
	EXPECT_EQ(x.d.store(window + x.base, 0x11), VCXL_OK);
	EXPECT_EQ(x.d.store(window + x.base + 8 * block, 0x22), VCXL_OK);
	EXPECT_EQ(a[0], 0x11);
	EXPECT_EQ(x.memory.data()[0], 0);
	EXPECT_EQ(x.memory.data()[8 * block], 0x22);
}

TEST_F(dc_backend, shared_memory_is_the_same_bytes_in_two_devices)
{
	dc_device x(lazy(true)), y(lazy(true)), z(lazy(false));
	uint64_t value = 0;

	x.map();
	y.map();
	attach(tag_of(1), a);
	EXPECT_EQ(y.select(VCXL_DC_SELECT_SHARED, 0, tag_of(1)), VCXL_DC_E_NOT_SHARED)
		<< "nobody has it yet";
	EXPECT_EQ(y.select(VCXL_DC_SELECT_SHARED, 0, tag_of(2)), VCXL_DC_E_TAG);
	EXPECT_EQ(x.add({ { 0, block }, { 4 * block, 3 * block } }, tag_of(1)), VCXL_DC_OK);
	EXPECT_EQ(x.accept({ { x.base, block }, { x.base + 4 * block, 3 * block } }), 0u);
	EXPECT_EQ(x.accepted(), (extents{ { x.base, block, tag_of(1), 0 },
					  { x.base + 4 * block, 3 * block, tag_of(1), 1 } }))
		<< "numbered";
	EXPECT_EQ(x.select(VCXL_DC_SELECT_SHARED, 0, tag_of(1)), VCXL_DC_E_TAG_LIVE);
	EXPECT_EQ(z.select(VCXL_DC_SELECT_SHARED, 0, tag_of(1)), VCXL_DC_E_NOT_SHARED);
	EXPECT_EQ(y.add({ { 0, 4 * block } }, tag_of(1)), VCXL_DC_E_MAPPED);
	EXPECT_EQ(y.select(VCXL_DC_SELECT_SHARED, 0, tag_of(1)), VCXL_DC_OK);
	EXPECT_EQ(y.accept({ { y.base, 4 * block } }), 0u);
	EXPECT_EQ(x.d.store(window + x.base + 4 * block, 0x77), VCXL_OK);
	EXPECT_EQ(y.d.load(window + y.base + block, &value), VCXL_OK);
	EXPECT_EQ(value, 0x77u);

	/* what one gives back with a sanitize waits for the other */
	EXPECT_EQ(x.release_tag(tag_of(1), true, true), VCXL_DC_OK);
	EXPECT_EQ(y.d.load(window + y.base + block, &value), VCXL_OK);
	EXPECT_EQ(value, 0x77u) << "still in use";
	EXPECT_EQ(detach(tag_of(1)), VCXL_DC_E_BUSY);
	EXPECT_EQ(y.release_tag(tag_of(1), true), VCXL_DC_OK);
	EXPECT_EQ(a[block], 0);
	EXPECT_EQ(detach(tag_of(1)), VCXL_DC_OK);
}

TEST_F(dc_backend, a_backend_that_could_not_be_sanitized_is_not_lent_again)
{
	called_memory memory(2 * block);
	const vcxl_media m = memory.media();
	dc_device x(lazy());

	EXPECT_EQ(vcxl_dc_pool_attach(pool, tag_of(1).data(), &m), VCXL_DC_OK);
	x.map();
	x.give(0, 2 * block, tag_of(1));
	EXPECT_EQ(x.d.store(window + x.base, 0x99), VCXL_OK);
	memory.result = VCXL_E_MEDIA;
	EXPECT_EQ(x.release_tag(tag_of(1), true, true), VCXL_DC_OK);
	EXPECT_EQ(x.add({ { 0, 2 * block } }, tag_of(1)), VCXL_DC_E_MEDIA);
	memory.result = VCXL_OK;
	x.records();
	x.give(0, 2 * block, tag_of(1));
	EXPECT_EQ(memory.data[0], 0);
}
