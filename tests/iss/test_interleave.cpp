/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host memory that is dealt out in granules (CXL r3.1 9.13): what loads, stores, atomics and
 * fetches see of it through grants is what single accesses by physical address see. The reference
 * computes each byte's place by division.
 */
#include <algorithm>
#include <functional>
#include <random>

#include "priv_machine.h"

using namespace priv;

namespace
{

constexpr uint64_t cxl_base = 0x1000000000;

/* A set of devices; the last has its first granule at `skew` in its bytes. */
struct set {
	unsigned ways;
	uint64_t granule;
	uint64_t size = 0x180000; /* a multiple of every period here */
	uint64_t pa = cxl_base;
	unsigned fold =
		0; /* bits by which the number of a granule is shifted and added to itself */
	std::vector<std::vector<uint8_t>> bytes{};
	std::vector<uint8_t *> slots{};

	void make()
	{
		for (unsigned i = 0; i < ways; i++)
			bytes.emplace_back(size / ways + 64 * i);
		for (unsigned i = 0; i < ways; i++)
			slots.push_back(bytes[i].data() + 64 * i);
	}

	uint8_t *host(uint64_t at)
	{
		uint64_t n = (at - pa) / granule;

		if (fold) /* without carry, to the bits that factors 2 of the ways decide */
			n ^= n >> fold & ((ways & ~(ways - 1)) - 1);
		return slots[n % ways] + n / ways * granule + (at - pa) % granule;
	}
};

/* A bare hart in front of sets; `direct` false: the same through accesses alone. */
class machine_of_sets
{
public:
	explicit machine_of_sets(std::vector<set> what, bool direct = true,
				 iss_engine engine = ISS_ENGINE_BLOCK)
	    : sets(std::move(what)), dmi_enabled(direct)
	{
		static constexpr auto self = [](void *ctx) -> machine_of_sets & {
			return *static_cast<machine_of_sets *>(ctx);
		};
		iss_config config{};
		iss_ops ops{};

		for (set &s : sets)
			s.make();
		config.engine = engine;
		config.reset_pc = cxl_base;
		ops.ctx = this;
		ops.time = [](void *) { return uint64_t{ 0 }; };
		ops.access = [](void *ctx, uint64_t pa, void *data, unsigned len, iss_access kind) {
			return self(ctx).access(pa, static_cast<uint8_t *>(data), len, kind);
		};
		ops.dmi = [](void *ctx, uint64_t pa, iss_dmi *out) {
			return self(ctx).dmi(pa, out);
		};
		hart.reset(iss_hart_create(&config, &ops));
	}

	set *find(uint64_t pa)
	{
		for (set &s : sets)
			if (pa - s.pa < s.size)
				return &s;
		return nullptr;
	}

	uint8_t *host(uint64_t pa) { return find(pa)->host(pa); }

	void poke(uint64_t pa, std::vector<uint32_t> words)
	{
		for (uint32_t word : words) {
			for (unsigned i = 0; i < 4; i++)
				*host(pa + i) = static_cast<uint8_t>(word >> 8 * i);
			pa += 4;
		}
	}

	uint64_t peek(uint64_t pa, unsigned size = 8)
	{
		uint64_t value = 0;

		for (unsigned i = size; i-- > 0;)
			value = value << 8 | *host(pa + i);
		return value;
	}

	iss_hart *h() { return hart.get(); }
	uint64_t step(uint64_t n)
	{
		iss_stop why;

		return iss_hart_run(h(), n, &why);
	}

	std::vector<set> sets;
	bool dmi_enabled;
	int accesses = 0, dmi_requests = 0;
	std::function<void()> on_access = [] {};

private:
	struct destroy {
		void operator()(iss_hart *h) const { iss_hart_destroy(h); }
	};

	bool access(uint64_t pa, uint8_t *data, unsigned len, iss_access kind)
	{
		accesses++;
		on_access();
		if (!find(pa))
			return pa == device_base;
		if (kind == ISS_STORE)
			std::copy(data, data + len, host(pa));
		else
			std::copy(host(pa), host(pa) + len, data);
		return true;
	}

	bool dmi(uint64_t pa, iss_dmi *out)
	{
		set *s = find(pa);

		dmi_requests++;
		if (!dmi_enabled || !s)
			return false;
		out->pa = s->pa;
		out->size = s->size;
		out->readable = out->writable = true;
		out->slots = s->slots.data();
		out->n_slots = s->ways;
		out->granule = out->stride = s->granule;
		for (unsigned w = s->ways, k = 0; s->fold && w % 2 == 0; w /= 2, k++)
			out->arithmetic.map[out->arithmetic.n++] =
				(s->granule | s->granule << s->fold) << k;
		return true;
	}

	std::unique_ptr<iss_hart, destroy> hart;
};

/* The two halves of an AMO, as its semantics do them. */
uint64_t atomic_add(iss_hart *h, uint64_t va, uint64_t operand)
{
	uint64_t pa, old = 0, sum;
	uint8_t *host;

	EXPECT_TRUE(iss_translate(h, va, 8, ISS_STORE, &pa, &host));
	if (host)
		old = iss_host_load(host, 8);
	else
		EXPECT_TRUE(h->ops.access(h->ops.ctx, pa, &old, 8, ISS_LOAD));
	sum = old + operand;
	if (host)
		iss_host_store(host, 8, sum);
	else
		EXPECT_TRUE(h->ops.access(h->ops.ctx, pa, &sum, 8, ISS_STORE));
	return old;
}

/* One access of any alignment, both ways of doing it. */
void random_access(std::mt19937_64 &random, machine_of_sets &m, machine_of_sets &naive)
{
	const set &s = m.sets[random() % m.sets.size()];
	const unsigned size = 1u << random() % 4;
	const uint64_t near = random() % 2 ? s.granule : s.size - 16;
	/* every other one around the end of a granule */
	const uint64_t at = s.pa + (random() % near + random() % 64 * s.granule) % (s.size - 16);
	const uint64_t operand = random();
	uint64_t got[2] = { 0, 0 };
	machine_of_sets *const both[] = { &m, &naive };

	for (unsigned i = 0; i < 2; i++) {
		iss_hart *h = both[i]->h();

		switch (operand % 8) {
		case 0:
			got[i] = atomic_add(h, at & ~7ull, operand);
			break;
		case 1:
		case 2:
		case 3:
			ASSERT_TRUE(iss_store(h, at, size, operand));
			break;
		default:
			ASSERT_TRUE(iss_load(h, at, size, &got[i]));
		}
	}
	ASSERT_EQ(got[0], got[1]) << std::hex << at << " size " << size;
}

void sets_agree(const std::vector<set> &sets)
{
	const uint32_t seed = 46;
	std::mt19937_64 random(seed);
	machine_of_sets m(sets), naive(sets, false);

	for (unsigned i = 0; i < 200000; i++) {
		random_access(random, m, naive);
		if (testing::Test::HasFatalFailure())
			FAIL() << "seed " << seed << " access " << i;
	}
	for (size_t i = 0; i < sets.size(); i++)
		EXPECT_EQ(m.sets[i].bytes, naive.sets[i].bytes);
	EXPECT_EQ(m.accesses, 0) << "all of it is host memory";
	EXPECT_GT(naive.accesses, 200000);
}

constexpr uint32_t jump_to_self = 0x0000006f;
constexpr iss_engine engines[] = { ISS_ENGINE_BLOCK, ISS_ENGINE_STEP };

/* The bytes of both sets after a program in the first has worked on the second. */
std::vector<set> worked_on(const set &data, bool direct, iss_engine engine)
{
	machine_of_sets m({ { 1, 4096 }, data }, direct, engine);

	m.poke(cxl_base, {
				 0x00043e03, /* ld t3, 0(s0) */
				 0x005e0e33, /* add t3, t3, t0 */
				 0x01c4b023, /* sd t3, 0(s1) */
				 0x0054af2f, /* amoadd.w t5, t0, (s1) */
				 0x01e28333, /* add t1, t0, t5 */
				 0x00648223, /* sb t1, 4(s1) */
				 0x00840413, /* addi s0, s0, 8 */
				 0x01048493, /* addi s1, s1, 16 */
				 0x00128293, /* addi t0, t0, 1 */
				 0xfc729ee3, /* bne t0, t2, back to the first */
				 0x0000006f,
			 });
	iss_hart_set_reg(m.h(), 5, 1);
	iss_hart_set_reg(m.h(), 7, 5001);
	iss_hart_set_reg(m.h(), 8, data.pa + 0x10);
	iss_hart_set_reg(m.h(), 9, data.pa + 0x28);
	m.step(10 * 5000);
	EXPECT_EQ(iss_hart_reg(m.h(), 5), 5001u);
	EXPECT_EQ(iss_hart_reg(m.h(), 32), cxl_base + 40);
	EXPECT_EQ(m.accesses == 0, direct);
	return std::move(m.sets);
}

} // namespace

TEST(interleave, every_legal_number_of_ways_at_256_bytes_reads_and_writes_the_right_granules)
{
	for (unsigned ways : { 2, 3, 4, 6, 8, 12, 16 }) {
		SCOPED_TRACE(ways);
		sets_agree({ { ways, 256 } });
	}
}

TEST(interleave, every_granularity_reads_and_writes_the_right_granules)
{
	for (uint64_t granule = 256; granule <= 16384; granule *= 2) {
		SCOPED_TRACE(granule);
		sets_agree({ { 2, granule }, { 6, granule, 0x180000, cxl_base + 0x40000000 } });
	}
}

/* 192 tables each: the second set takes back those of the first, and so on. */
TEST(interleave, tables_of_more_sets_than_there_is_room_for_are_made_anew)
{
	sets_agree({ { 48, 16384, 0x180000 },
		     { 48, 16384, 0x180000, cxl_base + 0x40000000 },
		     { 3, 256, 0x180000, cxl_base + 0x80000000 },
		     { 768, 256, 0x180000, cxl_base + 0xc0000000 } });
}

TEST(interleave, programs_do_the_same_on_both_engines_with_host_memory_and_without)
{
	for (const set &data : { set{ 2, 256, 0x180000, cxl_base + 0x40000000 },
				 set{ 3, 256, 0x180000, cxl_base + 0x40000000 },
				 set{ 8, 512, 0x180000, cxl_base + 0x40000000 },
				 set{ 4, 256, 0x180000, cxl_base + 0x40000000, 3 } }) {
		const std::vector<set> expected = worked_on(data, false, ISS_ENGINE_STEP);

		SCOPED_TRACE(data.ways);
		for (iss_engine engine : engines)
			EXPECT_EQ(worked_on(data, true, engine)[1].bytes, expected[1].bytes);
		EXPECT_EQ(worked_on(data, false, ISS_ENGINE_BLOCK)[1].bytes, expected[1].bytes);
	}
}

TEST(interleave, xor_arithmetic_moves_granules_within_a_page_between_pages_and_by_pages)
{
	sets_agree({ { 2, 256, 0x180000, cxl_base, 3 },
		     { 16, 256, 0x180000, cxl_base + 0x40000000, 5 },
		     { 12, 2048, 0x180000, cxl_base + 0x80000000, 4 },
		     { 4, 8192, 0x180000, cxl_base + 0xc0000000, 2 } });
}

TEST(interleave, code_executes_from_it_across_granules_and_pages)
{
	for (unsigned i = 0; i < 8; i++) {
		const unsigned ways[] = { 2, 3, 16, 16 }, folds[] = { 0, 0, 0, 4 };
		machine_of_sets m({ { ways[i / 2], 256, 0x180000, cxl_base, folds[i / 2] } }, true,
				  engines[i % 2]);
		std::vector<uint32_t> code;

		/* addi t0, t0, 1; the first one compressed, so that others cross granules */
		*m.host(cxl_base) = 0x85; /* c.addi t0, 1 */
		*m.host(cxl_base + 1) = 0x02;
		for (unsigned n = 0; n < 3000; n++)
			code.push_back(0x00128293);
		code.push_back(jump_to_self);
		m.poke(cxl_base + 2, code);
		m.step(4000);
		EXPECT_EQ(iss_hart_reg(m.h(), 5), 3001u);
		EXPECT_EQ(iss_hart_reg(m.h(), 32), cxl_base + 2 + 4 * 3000);
		EXPECT_EQ(m.accesses, 0);
	}
}

TEST(interleave, a_withdrawal_from_inside_a_store_is_seen_by_the_next_access_and_fetch)
{
	for (iss_engine engine : engines) {
		machine_of_sets m({ { 4, 256 } }, true, engine);
		bool changed = false;

		m.poke(cxl_base, {
					 0x0063b023, /* sd t1, 0(t2): to the device */
					 0x00043e03, /* ld t3, 0(s0): from the withdrawn set */
					 0x0000006f,
				 });
		iss_hart_set_reg(m.h(), 7, device_base);
		iss_hart_set_reg(m.h(), 8, cxl_base + 0x740);
		/* the slots change places, as after a decoder was committed anew */
		m.on_access = [&] {
			if (changed)
				return;
			changed = true;
			std::swap(m.sets[0].slots[0], m.sets[0].slots[1]);
			m.poke(cxl_base + 4, { 0x00043e03, 0x00150513, jump_to_self });
			m.poke(cxl_base + 0x740, { 0x89abcdef, 0x01234567 });
			iss_hart_dmi_invalidate(m.h(), cxl_base + 0x10000, 1);
		};
		m.step(6);
		EXPECT_EQ(iss_hart_reg(m.h(), 28), 0x0123456789abcdefu);
		EXPECT_EQ(iss_hart_reg(m.h(), 10), 1u) << "new code";
	}
}

TEST(interleave, a_withdrawn_set_that_is_not_granted_again_is_accessed_by_transport)
{
	machine_of_sets m({ { 2, 256 } });
	uint64_t value;

	ASSERT_TRUE(iss_store(m.h(), cxl_base + 0x100, 8, 77));
	EXPECT_EQ(m.accesses, 0);
	m.dmi_enabled = false;
	iss_hart_dmi_invalidate(m.h(), cxl_base, 1);
	ASSERT_TRUE(iss_load(m.h(), cxl_base + 0x100, 8, &value));
	EXPECT_EQ(value, 77u);
	EXPECT_EQ(m.accesses, 1);
	m.dmi_enabled = true;
	iss_hart_dmi_invalidate(m.h(), cxl_base, 1);
	ASSERT_TRUE(iss_load(m.h(), cxl_base + 0x100, 8, &value));
	EXPECT_EQ(m.accesses, 1);
}

/* The refusal is remembered with the translation. */
TEST(interleave, a_page_without_host_memory_asks_for_it_once)
{
	machine_of_sets m({ { 2, 256 } }, false);
	uint64_t value;

	for (unsigned i = 0; i < 1000; i++) {
		ASSERT_TRUE(iss_store(m.h(), cxl_base + i % 64 * 8, 8, i));
		ASSERT_TRUE(iss_load(m.h(), cxl_base + i % 64 * 8, 8, &value));
		EXPECT_EQ(value, i);
	}
	EXPECT_EQ(m.accesses, 2000);
	EXPECT_LE(m.dmi_requests, 2);
}

TEST(interleave, a_grant_that_tables_cannot_express_is_not_used)
{
	const set wrong[] = {
		{ 2, 192 },                            /* no power of two, below 256 */
		{ 2, 128 },                            /* below 256 */
		{ 600, 16384, 600 * 16384 },           /* a period of 2400 pages */
		{ 2, 256, 0x10000, cxl_base + 0x400 }, /* pages begin inside */
	};

	for (const set &s : wrong) {
		machine_of_sets m({ s });
		uint64_t value;

		ASSERT_TRUE(iss_load(m.h(), s.pa + 0x1c00, 8, &value));
		EXPECT_EQ(m.accesses, 1);
	}
}
