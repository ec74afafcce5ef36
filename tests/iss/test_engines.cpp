// SPDX-License-Identifier: Apache-2.0
//
// The block engine against the step engine: the same random programs, the same random budgets, the
// whole state and all callbacks compared after every run. VCXL_STREAMS programs (a few by default)
// from VCXL_SEED on.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>

#include "random_stream.h"

using namespace iss_test;

namespace
{

std::uint64_t from_environment(const char *name, std::uint64_t otherwise)
{
	const char *text = std::getenv(name);

	return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

// What stores to the device do: interrupts, stops, and memory that comes and goes.
void act(machine &m)
{
	const machine::access_record &a = m.accesses.back();

	if (a.kind != ISS_STORE || a.pa >= device_base + device_size)
		return;
	switch (a.pa / 8 % 32) {
	case 0:
		iss_hart_set_irq(m.hart(), 3, true);
		break;
	case 1:
		iss_hart_stop(m.hart());
		break;
	case 2:
		m.grant_dmi = !m.grant_dmi;
		iss_hart_dmi_invalidate(m.hart(), 0, UINT64_MAX);
		break;
	case 3:
		iss_hart_dmi_invalidate(m.hart(), ram_base, 0x1000 << a.value % 8);
		break;
	case 4:
		iss_hart_dmi_invalidate(m.hart(), a.value % 2 ? same_base : linear_base, 0x1000);
		break;
	case 31:
		iss_hart_set_irq(m.hart(), 3, false);
		break;
	default:
		break;
	}
}

void prepare(machine &m, const random_stream &stream)
{
	iss_hart_reset(m.hart());
	iss_hart_set_irq(m.hart(), 3, false);
	std::fill(m.ram().begin(), m.ram().end(), std::uint8_t{ 0 });
	m.accesses.clear();
	m.now = 0;
	m.time_flows = true;
	m.grant_dmi = true;
	m.on_access = [&m] { act(m); };
	for (std::uint64_t i = 0; i < device_size; i += 8)
		m.write<std::uint64_t>(device_base + i, i * 0x0101010101010101);
	stream.load(m);
}

bool same(const machine::access_record &a, const machine::access_record &b)
{
	return a.pa == b.pa && a.len == b.len && a.kind == b.kind && a.value == b.value &&
	       a.steps == b.steps;
}

const unsigned csrs[] = { 0x001, 0x002, 0x100, 0x104, 0x140, 0x141, 0x142, 0x143, 0x144,
			  0x14d, 0x180, 0x300, 0x302, 0x303, 0x304, 0x30a, 0x320, 0x340,
			  0x341, 0x342, 0x343, 0x344, 0x3a0, 0x3b0, 0xb00, 0xb02, 0xc01 };

// The first difference in words, "" when there is none.
std::string difference(machine &a, machine &b)
{
	for (unsigned i = 0; i <= 64; i++)
		if (iss_hart_reg(a.hart(), i) != iss_hart_reg(b.hart(), i))
			return "register " + std::to_string(i);
	for (const unsigned csr : csrs) {
		std::uint64_t va = 0, vb = 0;

		if (iss_hart_csr_read(a.hart(), csr, &va) !=
			    iss_hart_csr_read(b.hart(), csr, &vb) ||
		    va != vb)
			return "csr " + std::to_string(csr);
	}
	if (iss_hart_instret(a.hart()) != iss_hart_instret(b.hart()))
		return "instret";
	if (iss_hart_priv(a.hart()) != iss_hart_priv(b.hart()))
		return "privilege";
	if (a.why != b.why)
		return "reason";
	for (unsigned cause = 0; cause < 80; cause++)
		if (iss_hart_trap_count(a.hart(), cause) != iss_hart_trap_count(b.hart(), cause))
			return "count of trap " + std::to_string(cause);
	if (!std::equal(a.accesses.begin(), a.accesses.end(), b.accesses.begin(), b.accesses.end(),
			same))
		return "accesses";
	a.accesses.clear();
	b.accesses.clear();
	return "";
}

struct totals {
	std::uint64_t steps = 0, traps = 0, runs = 0;
};

void report(std::uint64_t first, std::uint64_t streams, const totals &sum)
{
	std::printf("VCXL_SEED=%llu: %llu streams, %llu runs, %llu steps, %llu traps\n",
		    static_cast<unsigned long long>(first),
		    static_cast<unsigned long long>(streams),
		    static_cast<unsigned long long>(sum.runs),
		    static_cast<unsigned long long>(sum.steps),
		    static_cast<unsigned long long>(sum.traps));
	EXPECT_GT(sum.steps, streams * 100) << "the streams die too early";
	EXPECT_LT(sum.traps, sum.steps / 2) << "the streams do little but trap";
}

// Runs the stream on both for about so many steps; tells what differs, and where.
std::string compare(machine &oracle, machine &blocks, random_stream stream, std::uint64_t steps,
		    totals &sum)
{
	std::uint64_t done = 0;

	prepare(oracle, stream);
	prepare(blocks, stream);
	for (unsigned idle = 0; done < steps && idle < 40;) {
		const std::uint64_t budget = stream.next_budget();
		const std::uint64_t pc = oracle.pc();
		const std::uint64_t n = oracle.run(budget);
		std::string what;

		if (blocks.run(budget) != n)
			what = "steps";
		else
			what = difference(oracle, blocks);
		if (!what.empty())
			return what + " after " + std::to_string(done) + " steps and a run of " +
			       std::to_string(budget) + " from pc " + std::to_string(pc);
		done += n;
		idle = n ? 0 : idle + 1;
		oracle.now += 1 + n;
		blocks.now = oracle.now;
		sum.runs++;
		if (oracle.why == ISS_STOP_WFI)
			for (machine *m : { &oracle, &blocks })
				iss_hart_set_irq(m->hart(), 3, true);
	}
	sum.steps += done;
	for (unsigned cause = 0; cause < 80; cause++)
		sum.traps += iss_hart_trap_count(oracle.hart(), cause);
	return oracle.ram() == blocks.ram() ? "" : "memory";
}

TEST(engines, random_streams_give_the_same_state_counts_and_accesses)
{
	const std::uint64_t first = from_environment("VCXL_SEED", 1);
	const std::uint64_t streams = from_environment("VCXL_STREAMS", 1500);
	machine oracle(false, ISS_ENGINE_STEP), blocks(false, ISS_ENGINE_BLOCK);
	totals sum;

	for (std::uint64_t seed = first; seed < first + streams; seed++)
		ASSERT_EQ(compare(oracle, blocks, random_stream(seed), 1000, sum), "")
			<< "VCXL_SEED=" << seed;
	report(first, streams, sum);
}

// Code, data and page tables dealt out, and the same bytes at two other addresses.
TEST(engines, random_streams_in_interleaved_memory_with_aliases_give_the_same)
{
	const std::uint64_t first = from_environment("VCXL_SEED", 1);
	const std::uint64_t streams = from_environment("VCXL_STREAMS", 1500);
	const unsigned ways[] = { 2, 3, 4, 6, 8, 12, 16 };
	const std::uint64_t granules[] = { 256, 512, 1024, 2048, 4096 };
	const std::uint64_t n = std::size(ways) * std::size(granules);
	totals sum;

	for (std::uint64_t i = 0; i < n; i++) {
		const unsigned fold =
			i % 2 ? 0
			      : static_cast<unsigned>(5 + i % 3); // at most to bit 22 of an address
		const layout how{ ways[i % std::size(ways)], granules[i / std::size(ways)], fold };
		machine oracle(false, ISS_ENGINE_STEP, dealt_size, how);
		machine blocks(false, ISS_ENGINE_BLOCK, dealt_size, how);

		for (std::uint64_t seed = first + i; seed < first + streams; seed += n)
			ASSERT_EQ(compare(oracle, blocks, random_stream(seed, true), 1000, sum), "")
				<< "VCXL_SEED=" << seed << ", " << how.ways << " ways of "
				<< how.granule << ", fold " << how.fold;
	}
	report(first, streams, sum);
}

} // namespace
