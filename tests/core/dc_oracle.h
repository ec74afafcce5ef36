// SPDX-License-Identifier: Apache-2.0
//
// The naive oracle of dynamic capacity: regions are rows of cells, and each cell knows itself what
// has become of it. Extents are not kept at all: they are the runs of cells that are alike. It
// knows no header of the project; return codes are literals of CXL r3.1 8.2.8.4.5.1.
#ifndef VCXL_TESTS_DC_ORACLE_H
#define VCXL_TESTS_DC_ORACLE_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace dc_oracle
{

constexpr unsigned ok = 0, invalid = 2, unsupported = 3, bad_address = 0xf, exhausted = 0x1d,
		   bad_list = 0x1e;

enum state {
	is_free,
	is_pending,
	is_accepted
};

struct cell {
	state what = is_free;
	unsigned piece = 0; // of which extent
	unsigned offer = 0;
	unsigned tag = 0, sequence = 0;
	bool clean_later = false;
	unsigned lent = 0;     // tag of the memory that it lies on; 0: its own
	std::size_t place = 0; // there
	std::uint64_t own = 0; // what its own memory holds
};

// Memory with a tag, as many words as cells can lie on it.
struct memory {
	bool attached = false, held = false, clean = false;
	std::vector<std::uint64_t> words;
};

struct span {
	std::uint64_t dpa, len;
	unsigned sequence;
};

struct run {
	std::uint64_t dpa, len;
	unsigned tag, sequence;
	bool operator==(const run &o) const
	{
		return dpa == o.dpa && len == o.len && tag == o.tag && sequence == o.sequence;
	}
};

struct record {
	unsigned type;
	run extent;
	bool more;
	bool operator==(const record &o) const
	{
		return type == o.type && extent == o.extent && more == o.more;
	}
};

struct region {
	std::uint64_t base, block;
	bool clean, shareable;
	std::vector<cell> cells;
};

class world
{
public:
	std::uint64_t unit; // bytes of a cell
	std::vector<region> regions;
	std::map<unsigned, memory> pool;
	bool own_memory = true;
	unsigned max = 0, depth = 0;
	unsigned generation = 0;
	std::vector<record> log;

	// ---- what there is ----

	cell *at(std::uint64_t dpa)
	{
		for (region &r : regions)
			if (dpa >= r.base && (dpa - r.base) / unit < r.cells.size())
				return &r.cells[(dpa - r.base) / unit];
		return nullptr;
	}
	std::uint64_t &content(cell &c) { return c.lent ? pool[c.lent].words[c.place] : c.own; }
	std::vector<run> runs(state what) const
	{
		std::vector<run> all;
		for (const region &r : regions)
			for (std::size_t i = 0; i < r.cells.size(); i++) {
				const cell &c = r.cells[i];
				if (c.what != what)
					continue;
				if (i && r.cells[i - 1].what == what &&
				    r.cells[i - 1].piece == c.piece)
					all.back().len += unit;
				else
					all.push_back(
						{ r.base + i * unit, unit, c.tag, c.sequence });
			}
		return all;
	}

	// ---- requests ----

	unsigned add(const std::vector<span> &list, unsigned tag, bool by_region, unsigned where)
	{
		if (by_region && where >= regions.size())
			return invalid;
		if (list.empty())
			return invalid;
		if (list.size() > (by_region ? max : max - live()))
			return exhausted;
		for (std::size_t i = 0; i < list.size(); i++) {
			const unsigned rc =
				by_region ? check_in(list, i, regions[where]) : check(list, i);
			if (rc)
				return rc;
			if (any(list[i], is_accepted) || any(list[i], is_pending))
				return bad_list;
		}
		return offer(by_region ? numbered(list, tag) : list, tag);
	}

	unsigned allocate(unsigned where, std::uint64_t len, unsigned tag, bool contiguous)
	{
		std::vector<span> list;
		if (where >= regions.size() || !len || len % regions[where].block)
			return invalid;
		region &r = regions[where];
		for (std::size_t i = 0; i < r.cells.size() && len;) {
			std::size_t n = 0;
			while (i + n < r.cells.size() && r.cells[i + n].what == is_free)
				n++;
			const std::uint64_t take = std::min<std::uint64_t>(n * unit, len);
			if (take && (!contiguous || take == len)) {
				list.push_back({ r.base + i * unit, take, 0 });
				len -= take;
			}
			i += n + 1;
		}
		return len || list.size() > max ? exhausted : offer(numbered(list, tag), tag);
	}

	unsigned share(unsigned where, unsigned tag)
	{
		if (where >= regions.size() || !pool[tag].attached || live_tag(tag) ||
		    !regions[where].shareable || !(pool[tag].held || used(tag)))
			return invalid;
		return allocate(where, pool[tag].words.size() * unit, tag, false);
	}

	// ---- memory with tags; 0, or another number when it is refused ----

	unsigned attach(unsigned tag)
	{
		return pool[tag].attached ? 1 : (pool[tag].attached = true, 0);
	}
	unsigned detach(unsigned tag)
	{
		memory &m = pool[tag];
		return !m.attached || m.held || used(tag) ? 1 : (m.attached = false, 0);
	}
	unsigned hold(unsigned tag, bool on)
	{
		memory &m = pool[tag];
		if (!m.attached || (!on && !m.held))
			return invalid;
		m.held = on;
		tidy();
		return ok;
	}

	unsigned ask_back(const std::vector<span> &list, bool forced, bool clean, bool by_region,
			  unsigned where)
	{
		if (by_region && where >= regions.size())
			return invalid;
		if (list.empty())
			return invalid;
		if (list.size() > max)
			return exhausted;
		for (std::size_t i = 0; i < list.size(); i++) {
			const unsigned rc =
				by_region ? check_in(list, i, regions[where]) : check(list, i);
			if (rc)
				return rc;
			if (!all(list[i], is_accepted) || cuts(list[i]))
				return bad_address;
		}
		return recall(list, forced, clean);
	}

	unsigned ask_back_tag(unsigned tag, bool forced, bool clean, bool by_region, unsigned where)
	{
		std::vector<span> list;
		const auto counts = [&](const run &r) {
			return r.tag == tag && (!by_region || inside(regions[where], r.dpa, r.len));
		};
		if (by_region && where >= regions.size())
			return invalid;
		for (const run &r : runs(is_pending))
			if (counts(r))
				return bad_address;
		for (const run &r : runs(is_accepted))
			if (counts(r))
				list.push_back({ r.dpa, r.len, 0 });
		return list.empty() ? invalid : recall(list, forced, clean);
	}

	unsigned configure(unsigned where, std::uint64_t block, bool clean)
	{
		if (where >= regions.size())
			return invalid;
		region &r = regions[where];
		for (const cell &c : r.cells)
			if (c.what != is_free)
				return unsupported;
		if (r.block == block && r.clean == clean)
			return ok;
		if (log.size() == depth)
			return exhausted;
		r.block = block;
		r.clean = clean;
		log.push_back({ 3, { 0, 0, 0, 0 }, false });
		return ok;
	}

	// ---- the host ----

	unsigned respond(const std::vector<span> &list, bool more)
	{
		if (list.empty()) {
			if (first_offer_ == next_offer_)
				return invalid;
			close();
			return ok;
		}
		if (list.size() > max - runs(is_accepted).size())
			return exhausted;
		for (std::size_t i = 0; i < list.size(); i++)
			if (const unsigned rc = check(list, i))
				return rc;
		for (const span &s : list)
			for (std::uint64_t dpa = s.dpa; dpa < s.dpa + s.len; dpa += unit)
				if (at(dpa)->what != is_pending || at(dpa)->offer != first_offer_ ||
				    at(dpa)->piece != at(s.dpa)->piece || cuts(s))
					return bad_address;
		const world before = *this;
		for (const span &s : list) {
			const unsigned piece = ++pieces_;
			each(s, [&](cell &c) {
				c.what = is_accepted;
				c.piece = piece;
			});
		}
		if (!more)
			close();
		if (live() > max) {
			*this = before;
			return exhausted;
		}
		generation++;
		return ok;
	}

	unsigned release(const std::vector<span> &list)
	{
		if (list.empty())
			return invalid;
		if (list.size() > max)
			return exhausted;
		for (std::size_t i = 0; i < list.size(); i++)
			if (const unsigned rc = check(list, i))
				return rc;
		for (const span &s : list)
			if (!all(s, is_accepted) || cuts(s))
				return bad_address;
		return remove(list, false);
	}

	// Power is lost: the log with it, and pending offers are made again.
	void lose_power()
	{
		log.clear();
		for (unsigned o = first_offer_; o < next_offer_; o++) {
			std::vector<run> again;
			for (const run &r : runs(is_pending))
				if (at(r.dpa)->offer == o)
					again.push_back(r);
			tell(0, again);
		}
	}

private:
	static bool inside_bytes(std::uint64_t dpa, std::uint64_t len, std::uint64_t base,
				 std::uint64_t size)
	{
		return dpa >= base && dpa <= base + size && len <= base + size - dpa;
	}
	bool inside(const region &r, std::uint64_t dpa, std::uint64_t len) const
	{
		return inside_bytes(dpa, len, r.base, r.cells.size() * unit);
	}
	std::size_t live() const { return runs(is_accepted).size() + runs(is_pending).size(); }

	template <class F> void each(const span &s, F f)
	{
		for (std::uint64_t dpa = s.dpa; dpa < s.dpa + s.len; dpa += unit)
			f(*at(dpa));
	}
	bool any(const span &s, state what)
	{
		bool found = false;
		each(s, [&](const cell &c) { found = found || c.what == what; });
		return found;
	}
	bool all(const span &s, state what)
	{
		bool found = true;
		each(s, [&](const cell &c) { found = found && c.what == what; });
		return found;
	}

	bool live_tag(unsigned tag) const
	{
		for (const region &r : regions)
			for (const cell &c : r.cells)
				if (c.what != is_free && c.tag == tag)
					return true;
		return false;
	}
	bool used(unsigned tag) const
	{
		for (const region &r : regions)
			for (const cell &c : r.cells)
				if (c.what != is_free && c.lent == tag)
					return true;
		return false;
	}
	// Memory that nobody has any more is zeroed, when that was asked for.
	void tidy()
	{
		for (auto &[tag, m] : pool)
			if (m.clean && !m.held && !used(tag)) {
				std::fill(m.words.begin(), m.words.end(), 0);
				m.clean = false;
			}
	}
	// Whether a part of an extent on memory with a tag is in the span and a part is not.
	bool cuts(const span &s)
	{
		for (const state what : { is_pending, is_accepted })
			for (const run &r : runs(what))
				if (at(r.dpa)->lent && r.dpa < s.dpa + s.len &&
				    s.dpa < r.dpa + r.len &&
				    (r.dpa < s.dpa || r.dpa + r.len > s.dpa + s.len))
					return true;
		return false;
	}
	// In shareable regions the extents of a tag are numbered.
	std::vector<span> numbered(std::vector<span> list, unsigned tag) const
	{
		for (std::size_t i = 0; i < list.size(); i++)
			list[i].sequence = tag && shareable(list[i]) ? static_cast<unsigned>(i) : 0;
		return list;
	}
	bool shareable(const span &s) const
	{
		for (const region &r : regions)
			if (inside(r, s.dpa, s.len))
				return r.shareable;
		return false;
	}

	static bool meets_earlier(const std::vector<span> &list, std::size_t i)
	{
		for (std::size_t k = 0; k < i; k++)
			if (list[k].dpa < list[i].dpa + list[i].len &&
			    list[i].dpa < list[k].dpa + list[k].len)
				return true;
		return false;
	}
	// Entry i as commands see it.
	unsigned check(const std::vector<span> &list, std::size_t i) const
	{
		for (const region &r : regions) {
			if (!inside(r, list[i].dpa, list[i].len))
				continue;
			if (list[i].dpa % r.block || list[i].len % r.block || !list[i].len)
				return bad_list;
			return meets_earlier(list, i) ? bad_list : ok;
		}
		return bad_address;
	}
	// Entry i as a monitor gives it, in a region.
	unsigned check_in(const std::vector<span> &list, std::size_t i, const region &r) const
	{
		if (!list[i].len || list[i].dpa % r.block || list[i].len % r.block)
			return bad_list;
		if (!inside(r, list[i].dpa, list[i].len))
			return bad_address;
		return meets_earlier(list, i) ? bad_list : ok;
	}

	void tell(unsigned type, const std::vector<run> &list)
	{
		for (std::size_t i = 0; i < list.size(); i++)
			if (log.size() < depth)
				log.push_back({ type, list[i], i + 1 < list.size() });
	}

	unsigned offer(const std::vector<span> &list, unsigned tag)
	{
		std::vector<run> told;
		for (const span &s : list)
			for (const region &r : regions)
				if (tag && inside(r, list[0].dpa, list[0].len) &&
				    !inside(r, s.dpa, s.len))
					return bad_list;
		std::uint64_t len = 0, place = 0;
		for (std::size_t i = 0; i < list.size(); i++) {
			len += list[i].len;
			if (tag && shareable(list[0]) && list[i].sequence != i)
				return bad_list;
		}
		const bool lent = tag && pool[tag].attached;
		if ((tag && live_tag(tag)) || (lent && len != pool[tag].words.size() * unit) ||
		    (!lent && !own_memory))
			return invalid;
		if (list.size() > max - live() || list.size() > depth - log.size())
			return exhausted;
		for (const span &s : list) {
			const unsigned piece = ++pieces_;
			each(s, [&](cell &c) {
				c.what = is_pending;
				c.piece = piece;
				c.offer = next_offer_;
				c.tag = tag;
				c.sequence = s.sequence;
				c.clean_later = false;
				c.lent = lent ? tag : 0;
				c.place = place++;
			});
			told.push_back({ s.dpa, s.len, tag, s.sequence });
		}
		next_offer_++;
		tell(0, told);
		return ok;
	}

	void close()
	{
		for (region &r : regions)
			for (cell &c : r.cells)
				if (c.what == is_pending && c.offer == first_offer_)
					c.what = is_free;
		first_offer_++;
		tidy();
	}

	// What of the list belongs to which extent.
	std::vector<run> parts(const std::vector<span> &list) const
	{
		std::vector<run> all;
		for (const span &s : list)
			for (const run &r : runs(is_accepted)) {
				const std::uint64_t from = std::max(s.dpa, r.dpa);
				const std::uint64_t to = std::min(s.dpa + s.len, r.dpa + r.len);
				if (from < to)
					all.push_back({ from, to - from, r.tag, r.sequence });
			}
		return all;
	}

	unsigned recall(const std::vector<span> &list, bool forced, bool clean)
	{
		const std::vector<run> told = parts(list);
		if (forced) {
			const unsigned rc = remove(list, clean);
			if (!rc)
				tell(2, told);
			return rc;
		}
		if (told.size() > depth - log.size())
			return exhausted;
		for (const run &r : runs(is_accepted))
			for (const span &s : list)
				if (clean && r.dpa < s.dpa + s.len && s.dpa < r.dpa + r.len)
					each({ r.dpa, r.len, 0 },
					     [](cell &c) { c.clean_later = true; });
		tell(1, told);
		return ok;
	}

	unsigned remove(const std::vector<span> &list, bool clean)
	{
		const world before = *this;
		for (const span &s : list)
			for (region &r : regions)
				if (inside(r, s.dpa, s.len))
					each(s, [&](cell &c) {
						c.what = is_free;
						if (!clean && !c.clean_later && !r.clean)
							return;
						if (c.lent)
							pool[c.lent].clean = true;
						else
							c.own = 0;
					});
		if (live() > max) {
			*this = before;
			return exhausted;
		}
		generation++;
		tidy();
		return ok;
	}

	unsigned pieces_ = 0, first_offer_ = 0, next_offer_ = 0;
};

} // namespace dc_oracle

#endif
