/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device with dynamic capacity, its host and its fabric manager: commands by their bytes, as
 * literals of CXL r3.1 8.2.9.9.9 and 7.6.7.6.
 */
#ifndef VCXL_TEST_DC_FIXTURE_H
#define VCXL_TEST_DC_FIXTURE_H

#include <array>

#include "test_memdev_fixture.h"

namespace vcxl_test
{

using bytes = std::vector<uint8_t>;

struct dc_options {
	unsigned n_regions = 2;
	uint64_t region_size = 256 * mib;
	uint64_t block_size = 2 * mib;
	uint64_t volatile_size = 256 * mib;
	bool own_memory = true, shareable = false, persistent = false, sanitize = false;
	bool sanitize_fixed = false;
	unsigned max_extents = 16;
	unsigned log_depth = 0;
	unsigned mailbox_log2 = 0;
	unsigned event_log_depth = 0;
	vcxl_dc_pool *pool = nullptr;
};

using tag_t = std::array<uint8_t, 16>;
inline tag_t tag_of(uint8_t n)
{
	tag_t tag = {};
	for (unsigned i = 0; n && i < 16; i++)
		tag[i] = static_cast<uint8_t>(n + i);
	return tag;
}
inline std::string hex(const tag_t &tag)
{
	return std::to_string(tag[0]);
}

struct extent {
	uint64_t dpa, len;
	tag_t tag;
	unsigned sequence;
	bool operator==(const extent &o) const
	{
		return dpa == o.dpa && len == o.len && tag == o.tag && sequence == o.sequence;
	}
};
inline std::ostream &operator<<(std::ostream &out, const extent &e)
{
	return out << std::hex << "{" << e.dpa << " +" << e.len << " tag " << hex(e.tag) << " #"
		   << e.sequence << "}";
}
using extents = std::vector<extent>;

inline extent extent_at(const bytes &b, size_t at)
{
	extent e = { le(b, at, 8), le(b, at + 8, 8), {}, static_cast<unsigned>(le(b, at + 32, 2)) };
	for (unsigned i = 0; i < 16; i++)
		e.tag[i] = b.at(at + 16 + i);
	EXPECT_EQ(le(b, at + 34, 6), 0u) << "reserved";
	return e;
}

inline void append(bytes &to, const bytes &from)
{
	to.insert(to.end(), from.begin(), from.end());
}

inline bytes wire(const extent &e)
{
	bytes b = bytes_of({ { e.dpa, 8 }, { e.len, 8 } });
	b.insert(b.end(), e.tag.begin(), e.tag.end());
	append(b, bytes_of({ { e.sequence, 2 }, { 0, 6 } }));
	return b;
}

/* One record of the dynamic capacity log. */
struct dc_record {
	unsigned type, handle, region, flags;
	struct extent extent;
	uint64_t extents_available, tags_available;
};

class dc_device
{
public:
	explicit dc_device(const dc_options &o = {})
	    : options_(o), memory(o.n_regions * o.region_size), d(make(o))
	{
		EXPECT_EQ(d.status, VCXL_OK);
		base = o.volatile_size;
	}

	reply command(uint16_t opcode, const bytes &in)
	{
		reply r;
		uint32_t len = 0;
		r.out.resize(options_.mailbox_log2 ? 1u << options_.mailbox_log2 : 2048);
		r.rc = vcxl_memdev_command(d.md, opcode, in.data(),
					   static_cast<uint32_t>(in.size()), r.out.data(), &len);
		r.out.resize(len);
		return r;
	}
	reply fm(uint16_t opcode, const bytes &in, uint32_t max = 0x10000)
	{
		reply r;
		uint32_t len = 0;
		r.out.resize(max);
		r.rc = vcxl_memdev_fm_command(d.md, opcode, in.data(),
					      static_cast<uint32_t>(in.size()), r.out.data(), max,
					      &len);
		r.out.resize(len);
		return r;
	}

	/* ---- the host ---- */
	static bytes ranges(const std::vector<range> &list, bool more = false)
	{
		bytes in = bytes_of({ { list.size(), 4 }, { more, 1 }, { 0, 3 } });
		for (const range &r : list)
			append(in, bytes_of({ { r.base, 8 }, { r.size, 8 }, { 0, 8 } }));
		return in;
	}
	unsigned accept(const std::vector<range> &list, bool more = false)
	{
		return command(0x4802, ranges(list, more)).rc;
	}
	unsigned give_back(const std::vector<range> &list)
	{
		return command(0x4803, ranges(list)).rc;
	}
	reply list(uint64_t count = 0xffffffff, uint64_t start = 0)
	{
		return command(0x4801, bytes_of({ { count, 4 }, { start, 4 } }));
	}
	/* The whole list, page by page. */
	extents accepted()
	{
		extents all;
		for (;;) {
			const reply r = list(0xffffffff, all.size());
			EXPECT_EQ(r.rc, 0u);
			if (r.rc || !le(r.out, 0, 4))
				return all;
			for (size_t i = 0; i < le(r.out, 0, 4); i++)
				all.push_back(extent_at(r.out, 16 + 40 * i));
		}
	}
	uint64_t generation() { return le(list(0).out, 8, 4); }
	/* Reads the log, and clears what it read as a host does. */
	std::vector<dc_record> records(bool clear = true)
	{
		std::vector<dc_record> all;
		for (;;) {
			const reply r = command(0x100, { 4 });
			EXPECT_EQ(r.rc, 0u);
			bytes handles;
			for (size_t i = 0; i < le(r.out, 0x14, 2) && i < 255; i++) {
				const size_t at = 0x20 + 0x80 * i;
				all.push_back({ static_cast<unsigned>(r.out.at(at + 0x30)),
						static_cast<unsigned>(le(r.out, at + 0x14, 2)),
						r.out.at(at + 0x34), r.out.at(at + 0x35),
						extent_at(r.out, at + 0x38),
						le(r.out, at + 0x78, 4), le(r.out, at + 0x7c, 4) });
				append(handles, bytes_of({ { le(r.out, at + 0x14, 2), 2 } }));
			}
			if (handles.empty() || !clear)
				return all;
			bytes in = bytes_of(
				{ { 4, 1 }, { 0, 1 }, { handles.size() / 2, 1 }, { 0, 3 } });
			append(in, handles);
			EXPECT_EQ(command(0x101, in).rc, 0u);
		}
	}

	/* ---- the fabric manager ---- */
	static bytes request(unsigned policy, const extents &list, const tag_t &tag = {},
			     unsigned region = 0, uint64_t len = 0, unsigned host = 0)
	{
		bytes in = bytes_of({ { host, 2 }, { policy, 1 }, { region, 1 }, { len, 8 } });
		in.insert(in.end(), tag.begin(), tag.end());
		append(in, bytes_of({ { list.size(), 4 } }));
		for (const extent &e : list)
			append(in, wire(e));
		return in;
	}
	unsigned fm_add(const extents &list, const tag_t &tag = {})
	{
		return fm(0x5604, request(2, list, tag)).rc;
	}
	unsigned fm_release(unsigned flags, const extents &list, const tag_t &tag = {})
	{
		return fm(0x5605, request(flags, list, tag)).rc;
	}

	/* ---- the monitor ---- */
	vcxl_dc_error add(const std::vector<vcxl_dc_range> &list, const tag_t &tag = {},
			  uint8_t region = 0)
	{
		vcxl_dc_add_request rq = {};
		rq.region = region;
		rq.selection = VCXL_DC_SELECT_PRESCRIPTIVE;
		memcpy(rq.tag, tag.data(), 16);
		rq.ranges = list.data();
		rq.n_ranges = static_cast<unsigned>(list.size());
		return vcxl_dc_add(d.md, &rq);
	}
	vcxl_dc_error select(vcxl_dc_selection how, uint64_t len, const tag_t &tag = {},
			     uint8_t region = 0)
	{
		vcxl_dc_add_request rq = {};
		rq.region = region;
		rq.selection = how;
		rq.len = len;
		memcpy(rq.tag, tag.data(), 16);
		return vcxl_dc_add(d.md, &rq);
	}
	vcxl_dc_error release(const std::vector<vcxl_dc_range> &list, bool forced = false,
			      bool sanitize = false, uint8_t region = 0)
	{
		vcxl_dc_release_request rq = {};
		rq.region = region;
		rq.removal = VCXL_DC_REMOVE_PRESCRIPTIVE;
		rq.forced = forced;
		rq.sanitize = sanitize;
		rq.ranges = list.data();
		rq.n_ranges = static_cast<unsigned>(list.size());
		return vcxl_dc_release(d.md, &rq);
	}
	vcxl_dc_error release_tag(const tag_t &tag, bool forced = false, bool sanitize = false,
				  uint8_t region = 0)
	{
		vcxl_dc_release_request rq = {};
		rq.region = region;
		rq.removal = VCXL_DC_REMOVE_BY_TAG;
		rq.forced = forced;
		rq.sanitize = sanitize;
		memcpy(rq.tag, tag.data(), 16);
		return vcxl_dc_release(d.md, &rq);
	}
	/* Offered and accepted at once; offset in region 0. */
	void give(uint64_t offset, uint64_t len, const tag_t &tag = {})
	{
		EXPECT_EQ(add({ { offset, len } }, tag), VCXL_DC_OK);
		EXPECT_EQ(accept({ { base + offset, len } }), 0u);
		records();
	}

	/* All that a host, a fabric manager and a monitor can see of the extents and their log. */
	bytes snapshot()
	{
		bytes all;
		append(all, command(0x4800, { 8, 0 }).out);
		append(all, fm(0x5601, { 0, 0, 8, 0 }).out);
		append(all, fm(0x5603, bytes_of({ { 0, 4 }, { ~0u, 4 }, { 0, 4 } })).out);
		append(all, fm(0x5608, bytes_of({ { 0, 4 }, { ~0u, 4 } })).out);
		append(all, command(0x100, { 4 }).out);
		vcxl_dc_extent e;
		for (unsigned i = 0; vcxl_dc_extent_at(d.md, i, &e); i++) {
			append(all, bytes_of({ { e.dpa, 8 },
					       { e.len, 8 },
					       { e.offer, 8 },
					       { e.sequence, 2 },
					       { e.region, 1 },
					       { e.accepted, 1 } }));
			all.insert(all.end(), e.tag, e.tag + 16);
		}
		return all;
	}

	/* Decoder 0 over static memory, decoder 1 over region 0, both from `window` on: a host
	 * address is window + its device address. */
	void map()
	{
		d.commit(0, window, options_.volatile_size);
		EXPECT_EQ(d.commit(1, window + base, options_.region_size) & 0xc00, 0x400u);
		d.enable();
		d.invalidated.clear();
	}

private:
	dc_options options_;

	vcxl_test::options make(const dc_options &o)
	{
		vcxl_test::options x;
		own_.size = memory.size();
		own_.direct = memory.data();
		own_.ctx = &flushes;
		own_.flush = device::record_flush;
		x.volatile_size = o.volatile_size;
		x.persistent_size = 0;
		x.mailbox_log2 = o.mailbox_log2;
		x.event_log_depth = o.event_log_depth;
		x.dc.n_regions = o.n_regions;
		x.dc.max_extents = o.max_extents;
		x.dc.log_depth = o.log_depth;
		x.dc.pool = o.pool;
		for (unsigned i = 0; i < o.n_regions; i++) {
			vcxl_dc_region_config &r = x.dc.regions[i];
			r.len = o.region_size;
			r.block_size = o.block_size;
			r.media = o.own_memory ? &own_ : nullptr;
			r.media_offset = i * o.region_size;
			r.persistent = o.persistent;
			r.shareable = o.shareable;
			r.sanitize = o.sanitize;
			r.sanitize_fixed = o.sanitize_fixed;
		}
		return x;
	}
	vcxl_media own_ = {};

public:
	std::vector<range> flushes;
	lazy_bytes memory;
	device d;
	uint64_t base = 0; /* of region 0 */
};

/* Offset in region 0, length and sequence number of what the host has not answered. */
using pendings = std::vector<std::array<uint64_t, 3>>;
inline pendings pending(const dc_device &x)
{
	pendings list;
	vcxl_dc_extent e;
	for (unsigned i = 0; vcxl_dc_extent_at(x.d.md, i, &e); i++)
		if (!e.accepted)
			list.push_back({ e.dpa - x.base, e.len, e.sequence });
	return list;
}

} /* namespace vcxl_test */

#endif
