// SPDX-License-Identifier: Apache-2.0
//
// Core route == TLM sockets == naive oracle, over random legal topologies. The same plan is built
// twice, as core objects with pointers and as modules with sockets, and programmed through the
// registers of each. Media is a function: what a read returns, and where a write arrives, says
// which device and which device address an access reached. VCXL_SEED=n repeats a run.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <iostream>

#include "core_world.h"
#include "tlm_world.h"

namespace
{

constexpr uint64_t nowhere = ~0ull;

// The bytes of all devices: eight of them tell device and address apart.
uint8_t byte_of(uint64_t device, uint64_t dpa)
{
	uint64_t z = (device << 56) ^ (dpa >> 3) * 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 29)) * 0xbf58476d1ce4e5b9;
	return static_cast<uint8_t>(z >> (8 * (dpa & 7)));
}

// Where a write arrived last.
struct arrival {
	uint64_t device = nowhere, dpa = 0;
	uint32_t len = 0;
};

struct partition_media {
	uint64_t device, dpa_base;
	arrival *last;

	vcxl_media lend(uint64_t size)
	{
		vcxl_media m{};

		m.size = size;
		m.ctx = this;
		m.read = [](void *ctx, uint64_t offset, void *dst, uint32_t len) {
			const auto *self = static_cast<partition_media *>(ctx);

			for (uint32_t i = 0; i < len; i++)
				static_cast<uint8_t *>(dst)[i] =
					byte_of(self->device, self->dpa_base + offset + i);
			return VCXL_OK;
		};
		m.write = [](void *ctx, uint64_t offset, const void *, uint32_t len) {
			const auto *self = static_cast<partition_media *>(ctx);

			*self->last = { self->device, self->dpa_base + offset, len };
			return VCXL_OK;
		};
		return m;
	}
};

// Media of all devices of a plan.
class media_set
{
public:
	arrival last;

	void lend(const topo::topology &t, unsigned device, vcxl_media out[VCXL_N_PARTITIONS])
	{
		const topo::memdev_plan &m = t.memdevs[device];

		parts_.push_back({ device, 0, &last });
		out[VCXL_PARTITION_VOLATILE] = parts_.back().lend(m.volatile_size);
		parts_.push_back({ device, m.volatile_size, &last });
		out[VCXL_PARTITION_PERSISTENT] = parts_.back().lend(m.persistent_size);
	}

private:
	std::deque<partition_media> parts_;
};

// Core objects and their media.
struct core_side {
	media_set media;
	vcxl_test::core_world core;

	explicit core_side(const topo::topology &t)
	    : core(t, [&](unsigned device, vcxl_media *out) { media.lend(t, device, out); })
	{
	}
};

// The modules and their media.
struct tlm_side {
	media_set media;
	vcxl_test::tlm_world world;

	tlm_side(const topo::topology &t, const std::string &prefix)
	    : world(
		      t, [&](unsigned device, vcxl_media *out) { media.lend(t, device, out); },
		      prefix)
	{
	}
};

// ---- the comparison ----

// In pieces that no granule boundary divides.
vcxl_status core_access(const vcxl_host &host, uint64_t spa, bool write, uint8_t *data,
			uint32_t len)
{
	for (uint32_t done = 0; done < len;) {
		const uint64_t at = spa + done;
		vcxl_xfer x{};

		x.data = data + done;
		x.len = std::min<uint32_t>(len - done, static_cast<uint32_t>(256 - at % 256));
		x.write = write;
		const vcxl_status status = vcxl_host_access(&host, at, &x);

		if (status != VCXL_OK)
			return status;
		done += x.len;
	}
	return VCXL_OK;
}

struct result {
	uint64_t accesses = 0, oracle_checks = 0, errors = 0, mismatches = 0;
};

class comparison
{
public:
	comparison(const topo::topology &t, core_side &core, tlm_side &tlm, topo::random &random)
	    : t_(t), core_(core), tlm_(tlm), random_(random)
	{
	}

	// One access by both, at the host's address of hpa; `device` and `dpa` are the oracle's,
	// nowhere: it was not asked.
	void compare(unsigned window, uint64_t hpa, uint64_t device, uint64_t dpa, result &r)
	{
		const uint64_t spa = topo::exchanged(t_.windows[window], hpa);
		const bool write = random_.one_in(2);
		const uint32_t len = random_.one_in(16) ? 1 + random_.below(2 * sizeof(a_) / 3)
							: 1u << random_.below(7);
		vcxl_test::initiator &host = *tlm_.world.f.mem[window];

		core_.media.last = tlm_.media.last = arrival();
		memset(a_, 0, len);
		memset(b_, 0, len);
		const vcxl_status expected = core_access(core_.core.host, spa, write, a_, len);
		const tlm::tlm_response_status got =
			write ? host.write(spa, b_, len) : host.read(spa, b_, len);
		const bool ok = expected == VCXL_OK;

		r.accesses++;
		r.errors += !ok;
		if (ok != (got == tlm::TLM_OK_RESPONSE) ||
		    (!ok && got != tlm::TLM_ADDRESS_ERROR_RESPONSE)) {
			r.mismatches++;
			return;
		}
		if (!ok)
			return;
		const arrival &c = core_.media.last, &m = tlm_.media.last;
		bool equal = write ? c.device == m.device && c.dpa + c.len == m.dpa + m.len
				   : memcmp(a_, b_, len) == 0;

		if (device != nowhere) {
			r.oracle_checks++;
			if (write && (hpa & 255) + len <= 256)
				equal = equal && m.device == device && m.dpa == dpa && m.len == len;
			else if (!write)
				equal = equal && b_[0] == byte_of(device, dpa) &&
					(len < 2 || hpa % 256 == 255 ||
					 b_[1] == byte_of(device, dpa + 1));
		}
		r.mismatches += !equal;
	}

	// Ascending random addresses of a region against the oracle.
	void region(const topo::region_plan &plan, unsigned n, result &r)
	{
		// the oracle deals every card: not more than two million of them
		const uint64_t reach =
			std::min<uint64_t>(plan.size, uint64_t{ plan.granularity } << 21);
		oracle::table table = topo::deal(t_, plan);
		std::vector<uint64_t> at;

		for (unsigned i = 0; i < n; i++)
			at.push_back(random_.next() % reach);
		std::sort(at.begin(), at.end());
		for (const uint64_t offset : at) {
			const oracle::answer answer = table.where(plan.base + offset);

			compare(plan.window, plan.base + offset, answer.player,
				topo::first_dpa(plan, answer.player) + answer.place, r);
		}
	}

	// Anywhere in a window, also where no decoder is; bursts stay inside the window.
	void window(unsigned w, unsigned n, result &r)
	{
		for (unsigned i = 0; i < n; i++)
			compare(w,
				t_.windows[w].base +
					random_.next() % (t_.windows[w].size - sizeof(a_)),
				nowhere, 0, r);
	}

private:
	const topo::topology &t_;
	core_side &core_;
	tlm_side &tlm_;
	topo::random &random_;
	uint8_t a_[8192], b_[8192];
};

// The socket side gets as many topologies as one elaboration takes.
struct pair {
	topo::topology plan;
	std::unique_ptr<core_side> core;
	std::unique_ptr<tlm_side> tlm;
};

std::vector<pair> build(uint64_t seed, unsigned n)
{
	topo::generator generator(seed);
	std::vector<pair> pairs(n);

	std::cout << "VCXL_SEED=" << seed << std::endl;
	for (unsigned i = 0; i < n; i++) {
		do
			pairs[i].plan = generator.make();
		while (pairs[i].plan.ports.size() > 256); // more links than PCI has buses
		pairs[i].core = std::make_unique<core_side>(pairs[i].plan);
		pairs[i].tlm =
			std::make_unique<tlm_side>(pairs[i].plan, "t" + std::to_string(i) + "_");
	}
	return pairs;
}

} // namespace

TEST(equivalence, core_route_tlm_sockets_and_oracle_agree_on_a_million_accesses)
{
	const uint64_t seed = topo::seed_of_environment(20240601);
	std::vector<pair> pairs = build(seed, 48);
	topo::random random(seed);
	result r;

	for (pair &p : pairs) {
		p.tlm->world.f.start();
		ASSERT_TRUE(topo::programmer(p.core->core).program(p.plan));
		ASSERT_TRUE(topo::programmer(p.tlm->world).program(p.plan));
		comparison c(p.plan, *p.core, *p.tlm, random);

		for (const topo::region_plan &region : p.plan.regions)
			c.region(region, 20000 / static_cast<unsigned>(p.plan.regions.size()), r);
		for (unsigned w = 0; w < p.plan.windows.size(); w++)
			c.window(w, 3000 / static_cast<unsigned>(p.plan.windows.size()), r);
		ASSERT_EQ(r.mismatches, 0u);
	}
	std::cout << r.accesses << " accesses, " << r.oracle_checks << " against the oracle, "
		  << r.errors << " refused by both" << std::endl;
	EXPECT_GE(r.accesses, 1000000u);
	EXPECT_GE(r.oracle_checks, 500000u);
	EXPECT_GT(r.errors, 1000u);
}

TEST(equivalence, a_granule_that_is_off_by_one_is_found)
{
	const uint64_t seed = topo::seed_of_environment(7);
	std::vector<pair> pairs = build(seed, 12);
	topo::random random(seed);
	unsigned planted = 0;

	for (pair &p : pairs) {
		topo::topology wrong = p.plan;
		topo::region_plan &region = wrong.regions[0];

		p.tlm->world.f.start();
		if (region.ways == 1)
			continue;
		planted++;
		region.decoders.back().granularity =
			region.granularity == 16384 ? 8192 : 2 * region.granularity;
		ASSERT_TRUE(topo::programmer(p.core->core).program(p.plan));
		ASSERT_TRUE(topo::programmer(p.tlm->world).program(wrong));
		comparison c(p.plan, *p.core, *p.tlm, random);
		result r;

		c.region(p.plan.regions[0], 2000, r);
		EXPECT_GT(r.mismatches, 0u);
	}
	EXPECT_GT(planted, 0u);
}
