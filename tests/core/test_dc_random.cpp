/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dynamic capacity against a naive oracle: random sequences of offers, answers, releases, resets
 * and fabric-manager commands, right ones and wrong ones. After each step the return code, the
 * lists, every cell's bytes and every grant of direct memory are compared.
 * VCXL_SEQUENCES: how many, over all numbers of regions; VCXL_SEED: the first one.
 */
#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include "dc_oracle.h"
#include "test_dc_fixture.h"

using namespace vcxl_test;
using dc_oracle::span;

namespace
{

constexpr unsigned n_tags = 4;
constexpr uint64_t cell_size = 2048, n_cells = 16, hpa_base = 16 * gib;

unsigned long number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);
	return text ? strtoul(text, nullptr, 0) : otherwise;
}

class walk : public dc_oracle::world
{
public:
	walk(unsigned n_regions, unsigned seed)
	    : random_(seed), memory_(n_regions * n_cells * cell_size)
	{
		vcxl_memdev_config c = {};
		vcxl_memdev_ops ops = {};
		vcxl_media media = {};

		own_memory = pick(4);
		media.size = memory_.size();
		media.direct = memory_.data();
		EXPECT_EQ(vcxl_dc_pool_create(n_tags, &pool_), VCXL_OK);
		for (unsigned tag = 1; tag <= n_tags; tag++) {
			pool[tag].words.resize(1 + pick(6));
			lent_[tag].resize(pool[tag].words.size() * cell_size);
		}
		c.dc.pool = pool_;
		c.serial = 1;
		c.n_decoders = 8;
		c.dc.n_regions = n_regions;
		c.dc.max_extents = 2 + pick(12);
		c.dc.log_depth = 4 + pick(24);
		unit = cell_size;
		max = c.dc.max_extents;
		depth = c.dc.log_depth;
		for (unsigned i = 0; i < n_regions; i++) {
			vcxl_dc_region_config &r = c.dc.regions[i];
			r.len = n_cells * unit;
			r.block_size = unit << pick(3);
			r.media = own_memory ? &media : nullptr;
			r.media_offset = i * n_cells * unit;
			r.sanitize = pick(3) == 0;
			r.shareable = pick(2);
			regions.push_back({ i * 256 * mib, r.block_size, r.sanitize, r.shareable,
					    std::vector<dc_oracle::cell>(n_cells) });
		}
		ops.ctx = this;
		ops.dmi_invalidate = [](void *ctx, uint64_t hpa, uint64_t size) {
			static_cast<walk *>(ctx)->withdraw(hpa, size);
		};
		EXPECT_EQ(vcxl_memdev_create(&c, &ops, &md_), VCXL_OK);
		for (unsigned tag = 1; tag <= n_tags; tag++)
			if (pick(2))
				attach_tag(tag);
		map();
	}
	~walk()
	{
		vcxl_memdev_destroy(md_);
		vcxl_dc_pool_destroy(pool_);
	}
	walk(const walk &) = delete;
	walk &operator=(const walk &) = delete;

	void step()
	{
		switch (pick(18)) {
		case 0:
		case 1:
		case 2:
			return offer();
		case 3:
			return allocate_some();
		case 4:
		case 5:
		case 6:
		case 7:
			return answer();
		case 8:
		case 9:
			return give_back();
		case 10:
			return recall();
		case 11:
			return recall_tag();
		case 12:
			return read_log();
		case 13:
			return reset();
		case 14:
			return reconfigure();
		case 15:
		case 16:
			return change_pool();
		default:
			return write();
		}
	}

	/* All that can be seen is as the oracle says. */
	void compare()
	{
		compare_list();
		for (dc_oracle::region &r : regions)
			for (size_t i = 0; i < r.cells.size(); i++)
				compare_cell(r.base + i * unit, r.cells[i]);
	}

	std::string trail; /* of the steps, for messages */

private:
	unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }

	/* ---- the device ---- */

	static uint32_t find_hdm(vcxl_memdev *md)
	{
		uint64_t value = 0;
		for (uint32_t i = 1; i < 16; i++) {
			vcxl_memdev_reg_read(md, VCXL_SPACE_COMPONENT, 0x1000 + 4 * i, 4, &value);
			if ((value & 0xffff) == 5)
				return static_cast<uint32_t>(0x1000 + (value >> 20));
		}
		return 0;
	}
	static uint32_t find_dvsec(vcxl_memdev *md)
	{
		uint64_t value = 0, id = 0;
		for (uint32_t at = 0x100; at; at = static_cast<uint32_t>(value >> 20)) {
			vcxl_memdev_reg_read(md, VCXL_SPACE_CONFIG, at, 4, &value);
			vcxl_memdev_reg_read(md, VCXL_SPACE_CONFIG, at + 8, 2, &id);
			if ((value & 0xffff) == 0x23 && id == 0)
				return at;
		}
		return 0;
	}
	/* A decoder for each region: a host address is hpa_base + its device address. */
	void map()
	{
		static const uint32_t hdm = find_hdm(md_), dvsec = find_dvsec(md_);
		const auto put = [this](uint32_t at, uint64_t value) {
			vcxl_memdev_reg_write(md_, VCXL_SPACE_COMPONENT, at, 4, value & 0xffffffff);
		};
		for (uint32_t i = 0; i < regions.size(); i++) {
			const uint32_t at = hdm + 0x10 + 0x20 * i;
			put(at, hpa_base + regions[i].base);
			put(at + 4, (hpa_base + regions[i].base) >> 32);
			put(at + 8, 256 * mib);
			put(at + 0x10, 0x1200);
		}
		put(hdm + 4, 2);
		vcxl_memdev_reg_write(md_, VCXL_SPACE_CONFIG, dvsec + 0xc, 2, 6);
	}
	unsigned host(uint16_t opcode, const bytes &in)
	{
		uint32_t len = 0;
		reply_.resize(2048);
		const unsigned rc =
			vcxl_memdev_command(md_, opcode, in.data(),
					    static_cast<uint32_t>(in.size()), reply_.data(), &len);
		reply_.resize(len);
		return rc;
	}
	unsigned manager(uint16_t opcode, const bytes &in)
	{
		uint32_t len = 0;
		reply_.resize(4096);
		const unsigned rc = vcxl_memdev_fm_command(md_, opcode, in.data(),
							   static_cast<uint32_t>(in.size()),
							   reply_.data(), 4096, &len);
		reply_.resize(len);
		return rc;
	}
	void expect(unsigned rc, unsigned expected, const char *what)
	{
		trail += std::string(what) + "=" + std::to_string(expected) + " ";
		EXPECT_EQ(rc, expected) << what << ", " << trail;
	}

	/* ---- ranges, likely and unlikely ---- */

	uint64_t some_dpa()
	{
		const dc_oracle::region &r = regions[pick(static_cast<unsigned>(regions.size()))];
		return r.base + pick(n_cells) * unit / r.block * r.block;
	}
	span wrong(span s)
	{
		switch (pick(6)) {
		case 0:
			return { s.dpa + 64, s.len, s.sequence };
		case 1:
			return { s.dpa, s.len + 64, s.sequence };
		case 2:
			return { s.dpa, 0, s.sequence };
		case 3:
			return { s.dpa, n_cells * unit, s.sequence };
		case 4:
			return { s.dpa + 128 * mib, s.len, s.sequence };
		default:
			return { 0 - unit, 2 * unit, s.sequence };
		}
	}
	std::vector<span> some_spans(unsigned n)
	{
		std::vector<span> list;
		for (; n; n--) {
			const uint64_t dpa = some_dpa();
			const uint64_t block = regions[dpa / (256 * mib)].block;
			const span s = { dpa, block * (1 + pick(3)), pick(5) };
			list.push_back(pick(24) ? s : wrong(s));
		}
		return list;
	}
	/* Parts of extents in that state, mostly. */
	std::vector<span> from_runs(dc_oracle::state what)
	{
		std::vector<span> list;
		for (const dc_oracle::run &r : runs(what)) {
			const uint64_t block = regions[r.dpa / (256 * mib)].block;
			const unsigned n = static_cast<unsigned>(r.len / block);
			if (!n)
				continue; /* free cells of an earlier block size */
			const unsigned from = pick(3) ? 0 : pick(n);
			const unsigned len = pick(3) ? n - from : 1 + pick(n - from);
			if (pick(4))
				list.push_back({ r.dpa + from * block, len * block, 0 });
		}
		if (pick(3) == 0)
			std::shuffle(list.begin(), list.end(), random_);
		if (!list.empty() && pick(12) == 0)
			list.push_back(list[pick(static_cast<unsigned>(list.size()))]);
		if (pick(8) == 0)
			append_spans(list, some_spans(1));
		return list;
	}
	static void append_spans(std::vector<span> &to, const std::vector<span> &from)
	{
		to.insert(to.end(), from.begin(), from.end());
	}
	/* Leaves that many bytes of the list, if it has as many. */
	static void cut_to(std::vector<span> &list, uint64_t len)
	{
		for (size_t i = 0; i < list.size(); i++) {
			if (list[i].len >= len) {
				list[i].len = len;
				list.resize(i + 1);
			} else {
				len -= list[i].len;
			}
		}
	}
	unsigned some_tag() { return pick(2) ? 0 : 1 + pick(n_tags); }
	static bytes request(unsigned policy, const std::vector<span> &list, unsigned tag,
			     unsigned region = 0, uint64_t len = 0)
	{
		extents all;
		for (const span &s : list)
			all.push_back({ s.dpa, s.len, {}, s.sequence });
		return dc_device::request(policy, all, tag_of(static_cast<uint8_t>(tag)), region,
					  len);
	}
	static bytes answers(const std::vector<span> &list, bool more)
	{
		std::vector<range> all;
		for (const span &s : list)
			all.push_back({ s.dpa, s.len });
		return dc_device::ranges(all, more);
	}

	/* ---- steps ---- */

	void offer()
	{
		const unsigned tag = some_tag();
		std::vector<span> list = pick(4) ? from_runs(dc_oracle::is_free)
						 : some_spans(pick(16) ? 1 + pick(4) : 0);

		std::shuffle(list.begin(), list.end(), random_);
		list.resize(std::min<size_t>(list.size(), pick(16) ? 1 + pick(3) : 9));
		if (tag && pick(4))
			cut_to(list, pool[tag].words.size() * unit);
		for (unsigned i = 0; i < list.size() && tag; i++)
			list[i].sequence = pick(12) ? i : pick(3);
		if (pick(2))
			return expect(manager(0x5604, request(2, list, tag)),
				      add(list, tag, false, 0), "fm-add");
		const unsigned region = pick(static_cast<unsigned>(regions.size() + 1) * 4) / 4;
		const uint64_t base = region < regions.size() ? regions[region].base : 0;
		std::vector<vcxl_dc_range> offsets;
		for (span &s : list) {
			s.sequence = 0;
			if (pick(4))
				s.dpa = base + s.dpa % (256 * mib);
			offsets.push_back({ s.dpa - base, s.len });
		}
		vcxl_dc_add_request rq = {};
		rq.region = static_cast<uint8_t>(region);
		rq.selection = VCXL_DC_SELECT_PRESCRIPTIVE;
		memcpy(rq.tag, tag_of(static_cast<uint8_t>(tag)).data(), 16);
		rq.ranges = offsets.data();
		rq.n_ranges = static_cast<unsigned>(offsets.size());
		const unsigned expected = add(list, tag, true, region);
		expect(vcxl_dc_error_rc(vcxl_dc_add(md_, &rq)), expected, "add");
	}
	void allocate_some()
	{
		const unsigned tag = some_tag(), policy = pick(2);
		const unsigned region = pick(static_cast<unsigned>(regions.size()) * 8 + 1) / 8;
		const uint64_t fits = pool[tag].words.size() * unit;
		const uint64_t len = tag && pick(4) ? fits : pick(20) * unit + (pick(8) ? 0 : 64);

		if (pick(2)) {
			const unsigned other = 1 + pick(n_tags);

			return expect(manager(0x5604, request(3, {}, other, region)),
				      share(region, other), "share");
		}
		expect(manager(0x5604, request(policy, {}, tag, region, len)),
		       allocate(region, len, tag, policy == 1), policy ? "contiguous" : "free");
	}
	void answer()
	{
		const bool more = pick(4) == 0;

		if (runs(dc_oracle::is_pending).empty() && pick(8))
			return offer();
		const std::vector<span> list =
			pick(8) ? from_runs(dc_oracle::is_pending) : some_spans(pick(3));

		expect(host(0x4802, answers(list, more)), respond(list, more),
		       more ? "more" : "accept");
	}
	void give_back()
	{
		if (runs(dc_oracle::is_accepted).empty() && pick(8))
			return answer();
		const std::vector<span> list =
			pick(8) ? from_runs(dc_oracle::is_accepted) : some_spans(pick(3));

		expect(host(0x4803, answers(list, false)), release(list), "release");
	}
	void recall()
	{
		if (runs(dc_oracle::is_accepted).empty() && pick(8))
			return offer();
		const bool forced = pick(2), clean = pick(2);
		const std::vector<span> list =
			pick(8) ? from_runs(dc_oracle::is_accepted) : some_spans(pick(3));

		expect(manager(0x5605,
			       request(1u | (forced ? 0x10 : 0) | (clean ? 0x20 : 0), list, 0)),
		       ask_back(list, forced, clean, false, 0), forced ? "force" : "recall");
	}
	void recall_tag()
	{
		if (runs(dc_oracle::is_accepted).empty() && pick(8))
			return answer();
		const bool forced = pick(2), clean = pick(2), by_region = pick(2);
		const unsigned tag = some_tag();
		const unsigned region = pick(static_cast<unsigned>(regions.size()) * 8 + 1) / 8;

		if (!by_region)
			return expect(
				manager(0x5605, request((forced ? 0x10u : 0) | (clean ? 0x20u : 0),
							{}, tag)),
				ask_back_tag(tag, forced, clean, false, 0), "fm-recall-tag");
		vcxl_dc_release_request rq = {};
		rq.region = static_cast<uint8_t>(region);
		rq.removal = VCXL_DC_REMOVE_BY_TAG;
		rq.forced = forced;
		rq.sanitize = clean;
		memcpy(rq.tag, tag_of(static_cast<uint8_t>(tag)).data(), 16);
		expect(vcxl_dc_error_rc(vcxl_dc_release(md_, &rq)),
		       ask_back_tag(tag, forced, clean, true, region), "recall-tag");
	}
	void reconfigure()
	{
		const unsigned region = pick(static_cast<unsigned>(regions.size()) * 8 + 1) / 8;
		const uint64_t block = unit << pick(3);
		const bool clean = pick(2);

		expect(manager(0x5602, bytes_of({ { region, 4 }, { block, 8 }, { clean, 4 } })),
		       configure(region, block, clean), "configure");
	}
	void change_pool()
	{
		const unsigned tag = 1 + pick(n_tags), what = pick(8);
		const tag_t tag_bytes = tag_of(static_cast<uint8_t>(tag));
		const bool on = what < 6;

		if (what < 2)
			return attach_tag(tag);
		if (what == 2)
			return expect(vcxl_dc_pool_detach(pool_, tag_bytes.data()) != VCXL_DC_OK,
				      detach(tag), "detach");
		expect(manager(on ? 0x5606 : 0x5607, bytes(tag_bytes.begin(), tag_bytes.end())),
		       hold(tag, on), on ? "hold" : "let-go");
	}
	void attach_tag(unsigned tag)
	{
		const tag_t tag_bytes = tag_of(static_cast<uint8_t>(tag));
		vcxl_media media = {};

		media.size = lent_[tag].size();
		media.direct = lent_[tag].data();
		expect(vcxl_dc_pool_attach(pool_, tag_bytes.data(), &media) != VCXL_DC_OK,
		       attach(tag), "attach");
	}
	void reset()
	{
		const vcxl_reset kinds[] = { VCXL_RESET_FLR, VCXL_RESET_HOT, VCXL_RESET_COLD };
		const vcxl_reset kind = kinds[pick(3)];

		trail += "reset ";
		vcxl_memdev_reset(md_, kind);
		if (kind == VCXL_RESET_COLD)
			lose_power();
		map();
	}
	/* Reads some of the log, and clears that. */
	void read_log()
	{
		EXPECT_EQ(host(0x100, { 4 }), 0u);
		const bytes out = reply_;
		const size_t n = le(out, 0x14, 2);
		bytes in = { 4, 0, static_cast<uint8_t>(n), 0, 0, 0 };

		EXPECT_EQ(n, std::min<size_t>(log.size(), 15)) << trail;
		for (size_t i = 0; i < n && i < log.size(); i++) {
			const size_t at = 0x20 + 0x80 * i;
			const extent e = extent_at(out, at + 0x38);
			const dc_oracle::record r = { out.at(at + 0x30),
						      { e.dpa, e.len, e.tag[0], e.sequence },
						      out.at(at + 0x35) == 1 };
			EXPECT_TRUE(r == log[i]) << "record " << i << ", " << trail;
			append(in, { out.at(at + 0x14), out.at(at + 0x15) });
		}
		if (n) {
			EXPECT_EQ(host(0x101, in), 0u);
		}
		log.erase(log.begin(), log.begin() + static_cast<long>(std::min(n, log.size())));
		trail += "log ";
	}
	/* To every cell: what is not accepted must not take it. */
	void write()
	{
		for (dc_oracle::region &r : regions)
			for (size_t i = 0; i < r.cells.size(); i++) {
				const bool accepted = r.cells[i].what == dc_oracle::is_accepted;
				uint64_t value = random_();
				vcxl_xfer xfer = {};

				xfer.data = &value;
				xfer.len = 8;
				xfer.write = true;
				EXPECT_EQ(vcxl_memdev_access(md_, hpa_base + r.base + i * unit,
							     &xfer),
					  accepted ? VCXL_OK : VCXL_E_UNBACKED)
					<< trail;
				if (accepted)
					content(r.cells[i]) = value;
			}
		trail += "write ";
	}

	/* ---- comparisons ---- */

	void compare_list()
	{
		const std::vector<dc_oracle::run> expected = runs(dc_oracle::is_accepted);
		std::vector<dc_oracle::run> seen;

		EXPECT_EQ(host(0x4801, bytes_of({ { 100, 4 }, { 0, 4 } })), 0u);
		for (size_t i = 0; i < le(reply_, 0, 4); i++) {
			const extent e = extent_at(reply_, 16 + 40 * i);
			EXPECT_EQ(e.tag, tag_of(e.tag[0])) << trail;
			seen.push_back({ e.dpa, e.len, e.tag[0], e.sequence });
		}
		EXPECT_TRUE(seen == expected) << trail;
		EXPECT_EQ(le(reply_, 4, 4), expected.size()) << trail;
		EXPECT_EQ(le(reply_, 8, 4), generation) << trail;
		EXPECT_EQ(n_pending(), runs(dc_oracle::is_pending).size()) << trail;
	}
	size_t n_pending()
	{
		size_t n = 0;
		vcxl_dc_extent e;
		for (unsigned i = 0; vcxl_dc_extent_at(md_, i, &e); i++)
			n += !e.accepted;
		return n;
	}
	void compare_cell(uint64_t dpa, dc_oracle::cell &c)
	{
		const bool accepted = c.what == dc_oracle::is_accepted;
		uint64_t value = 0;
		uint8_t last = 0;
		vcxl_xfer xfer = {};
		vcxl_dmi dmi = {};

		xfer.data = &value;
		xfer.len = 8;
		const vcxl_status status = vcxl_memdev_access(md_, hpa_base + dpa, &xfer);
		xfer.data = &last;
		xfer.len = 1;
		const vcxl_status at_end =
			vcxl_memdev_access(md_, hpa_base + dpa + unit - 1, &xfer);
		EXPECT_EQ(status, accepted ? VCXL_OK : VCXL_E_UNBACKED) << dpa << ", " << trail;
		EXPECT_EQ(at_end, status) << dpa << ", " << trail;
		if (accepted) {
			EXPECT_EQ(value, content(c)) << dpa << ", " << trail;
		}
		if (!vcxl_memdev_dmi(md_, hpa_base + dpa, &dmi))
			return;
		/* the grant holds dpa, and no byte that is not its host address's */
		EXPECT_TRUE(dmi.hpa <= hpa_base + dpa && hpa_base + dpa < dmi.hpa + dmi.size)
			<< trail;
		for (uint64_t hpa = dmi.hpa; hpa < dmi.hpa + dmi.size; hpa += unit) {
			dc_oracle::cell *other = at(hpa - hpa_base);
			ASSERT_TRUE(other && other->what == dc_oracle::is_accepted) << trail;
			value = content(*other);
			EXPECT_EQ(memcmp(dmi.host + (hpa - dmi.hpa), &value, 8), 0) << trail;
			granted_[hpa] = true;
		}
	}
	/* A grant lasts until it is withdrawn: one that was given must have been, before it ends.
	 */
	void withdraw(uint64_t hpa, uint64_t size)
	{
		granted_.erase(granted_.lower_bound(hpa), granted_.lower_bound(hpa + size));
	}

public:
	void compare_grants()
	{
		for (const auto &g : granted_)
			EXPECT_EQ(at(g.first - hpa_base)->what, dc_oracle::is_accepted)
				<< "still granted: " << g.first << ", " << trail;
	}

private:
	std::mt19937 random_;
	std::vector<uint8_t> memory_;
	std::map<unsigned, std::vector<uint8_t>> lent_; /* by tag */
	vcxl_dc_pool *pool_ = nullptr;
	bytes reply_;
	std::map<uint64_t, bool> granted_;
	vcxl_memdev *md_ = nullptr;
};

class dc_random : public testing::TestWithParam<unsigned>
{
};

TEST_P(dc_random, every_step_is_as_the_naive_model_says)
{
	const unsigned long n = (number("VCXL_SEQUENCES", 100000) + 7) / 8;
	const unsigned first = static_cast<unsigned>(number("VCXL_SEED", 1)) + GetParam() * 1000000;

	for (unsigned seed = first; seed < first + n; seed++) {
		walk w(GetParam(), seed);

		w.trail = "seed " + std::to_string(seed) + ": ";
		for (unsigned i = 0; i < 24; i++) {
			w.step();
			w.compare_grants();
			w.compare();
			if (HasFailure())
				return;
		}
	}
}

INSTANTIATE_TEST_SUITE_P(regions, dc_random, testing::Range(1u, 9u));

} /* namespace */
