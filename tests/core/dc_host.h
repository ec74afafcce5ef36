/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host of dynamic capacity with the rules of the coming Linux series: what it demands of the
 * configuration, how it gathers chains of events, which extents it accepts, and what it gives back
 * when asked. It sees the device through mailbox commands alone.
 */
#ifndef VCXL_TEST_DC_HOST_H
#define VCXL_TEST_DC_HOST_H

#include <algorithm>
#include <functional>
#include <map>

#include "test_dc_fixture.h"

namespace vcxl_test
{

class dc_host
{
public:
	using mailbox = std::function<reply(uint16_t opcode, const bytes &in)>;

	dc_host(mailbox send, size_t payload) : send_(std::move(send)), payload_(payload) {}

	/* Why dynamic capacity would not be used; empty: it is. Takes region 0. */
	std::string probe(uint64_t static_capacity)
	{
		const reply r = send_(0x4800, { 8, 0 });
		uint64_t last_end = static_capacity;

		if (r.rc)
			return "no configuration";
		const unsigned total = r.out.at(0), n = r.out.at(1);
		if (n > 8 || total < 1 || total > 8 || r.out.size() < 8 + 40 * n)
			return "payload";
		for (unsigned i = 0; i < n; i++) {
			const size_t at = 8 + 40 * i;
			const uint64_t base = le(r.out, at, 8), len = le(r.out, at + 16, 8);
			const uint64_t decode = le(r.out, at + 8, 8) * 256 * mib;
			const uint64_t block = le(r.out, at + 24, 8);

			if (le(r.out, at + 32, 4) > 0xff)
				return "DSMAD handle has non-zero reserved bits";
			if (i == 0 ? base != static_capacity : base < last_end)
				return "DPA ordering violation";
			if (!decode || !len || len > decode || !block || len % block)
				return "length";
			if (block & (block - 1) || block % 64)
				return "block size";
			if (base % (256 * mib) || base % block)
				return "alignment";
			if (i == 0)
				base_ = base, len_ = len;
			last_end = base + decode;
		}
		if (send_(0x0103, { 1, 1, 1, 1, 1 }).rc)
			return "interrupt policy";
		const bytes policy = send_(0x0102, {}).out;
		return policy.size() == 5 && (policy[4] & 3) == 1 ? "" : "no interrupt";
	}

	/* What an interrupt makes the host do: reads the log until it is empty. */
	void interrupt()
	{
		for (;;) {
			const reply r = send_(0x0100, { 4 });
			const size_t n = le(r.out, 0x14, 2);
			bytes clear = { 4, 0, static_cast<uint8_t>(n), 0, 0, 0 };

			if (!n)
				return;
			for (size_t i = 0; i < n; i++) {
				const size_t at = 0x20 + 0x80 * i;

				record(r.out.at(at + 0x30), r.out.at(at + 0x35) & 1,
				       extent_at(r.out, at + 0x38));
				append(clear, { r.out.at(at + 0x14), r.out.at(at + 0x15) });
			}
			EXPECT_EQ(send_(0x0101, clear).rc, 0u) << "or the log is stuck";
		}
	}
	/* The 20 seconds of a chain are over: staged extents are refused. */
	void watchdog()
	{
		staged_.clear();
		last_rc = send_(0x4802, bytes(8)).rc;
	}
	/* What was accepted before this host looked, read in pages of one generation. */
	extents existing()
	{
		extents all;
		uint64_t generation = 0;

		for (;;) {
			const uint64_t count = (payload_ - 16) / 40;
			const reply r =
				send_(0x4801, bytes_of({ { count, 4 }, { all.size(), 4 } }));

			EXPECT_EQ(r.rc, 0u);
			if (all.empty())
				generation = le(r.out, 8, 4);
			EXPECT_EQ(le(r.out, 8, 4), generation);
			for (size_t i = 0; i < le(r.out, 0, 4); i++)
				all.push_back(extent_at(r.out, 16 + 40 * i));
			if (!le(r.out, 0, 4) || all.size() == le(r.out, 4, 4))
				return all;
		}
	}

	bool busy = false;      /* memory is in use: a release is put off */
	bool shareable = false; /* DSMAS of region 0 */
	extents used;           /* what became memory */
	unsigned last_rc = 0, messages = 0;

private:
	void record(unsigned type, bool more, const extent &e)
	{
		if (type == 0) {
			staged_.push_back(e);
			if (!more)
				answer();
		} else if (type == 1) {
			release(e);
		} /* a forced release is ignored */
	}

	/* Groups of one tag are taken whole or not at all; extents without a tag stand alone. */
	void answer()
	{
		std::map<tag_t, extents> groups;
		extents good;

		if (staged_.size() > 100)
			staged_.clear();
		for (const extent &e : staged_) {
			if (e.tag != tag_t{})
				groups[e.tag].push_back(e);
			else if (fits(e))
				good.push_back(e);
		}
		for (const auto &[tag, group] : groups)
			if (group_is_good(group))
				good.insert(good.end(), group.begin(), group.end());
		staged_.clear();
		respond(0x4802, good);
		if (!last_rc)
			used.insert(used.end(), good.begin(), good.end());
	}
	bool fits(const extent &e) const
	{
		return e.dpa >= base_ && e.dpa - base_ + e.len <= len_ && e.dpa % (2 * mib) == 0 &&
		       e.len % (2 * mib) == 0;
	}
	bool group_is_good(const extents &group) const
	{
		for (const extent &e : group) {
			if (!fits(e))
				return false;
			for (const extent &other : used)
				if (other.tag == e.tag)
					return false;
		}
		for (unsigned n = 0; shareable && n < group.size(); n++)
			if (std::none_of(group.begin(), group.end(),
					 [n](const extent &e) { return e.sequence == n; }))
				return false;
		return true;
	}
	void release(const extent &asked)
	{
		extents group;

		for (const extent &e : used)
			if (e.tag == asked.tag && e.dpa <= asked.dpa &&
			    asked.dpa + asked.len <= e.dpa + e.len)
				group = { e };
		if (group.empty() || busy)
			return;
		if (asked.tag != tag_t{}) {
			group.clear();
			std::copy_if(used.begin(), used.end(), std::back_inserter(group),
				     [&](const extent &e) { return e.tag == asked.tag; });
		}
		for (const extent &e : group) {
			respond(0x4803, { e });
			EXPECT_EQ(last_rc, 0u);
			used.erase(std::find(used.begin(), used.end(), e));
		}
	}
	/* One message, or several when the payload is short. */
	void respond(uint16_t opcode, const extents &list)
	{
		const size_t room = (payload_ - 8) / 24;
		size_t done = 0;

		do {
			const size_t n = std::min(room, list.size() - done);
			const bool more = done + n < list.size();
			bytes in = bytes_of({ { n, 4 }, { more, 4 } });

			for (size_t i = done; i < done + n; i++)
				append(in, bytes_of({ { list[i].dpa, 8 },
						      { list[i].len, 8 },
						      { 0, 8 } }));
			last_rc = send_(opcode, in).rc;
			messages++;
			done += n;
		} while (done < list.size() && !last_rc);
	}

	mailbox send_;
	size_t payload_;
	uint64_t base_ = 0, len_ = 0;
	extents staged_;
};

} /* namespace vcxl_test */

#endif
