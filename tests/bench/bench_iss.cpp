// SPDX-License-Identifier: Apache-2.0
//
// Speed of the ISS on bare loops, as MIPS of CPU time, on both engines: integer, memory stream,
// dependent loads, floating point, calls, branches, a linked list, atomics, traps, device reads,
// code that modifies itself, data beside code, and the cost of entering a run.
#include <benchmark/benchmark.h>

#include <functional>
#include <string>

#include "iss_test.h"

using namespace iss_test;

namespace
{

constexpr std::uint64_t chunk = 1000000;
constexpr std::uint64_t chase_base = ram_base + 0x100000, chase_size = 16u << 20;

void integer_loop(machine &m)
{
	m.poke(ram_base, {
				 0x00d29e13, // slli t3, t0, 13
				 0x01c2c2b3, // xor  t0, t0, t3
				 0x0072de13, // srli t3, t0, 7
				 0x01c2c2b3, // xor  t0, t0, t3
				 0x01129e13, // slli t3, t0, 17
				 0x01c2c2b3, // xor  t0, t0, t3
				 0x0082fe13, // andi t3, t0, 8
				 0x000e0463, // beqz t3, +8
				 0x00138393, // addi t2, t2, 1
				 0x02728eb3, // mul  t4, t0, t2
				 0x406e8f33, // sub  t5, t4, t1
				 0x00130313, // addi t1, t1, 1
				 0xfc0318e3, // bnez t1, -48
			 });
	m.set_x(5, 88172645463325252);
	m.set_x(6, 1);
}

void memory_loop(machine &m)
{
	m.poke16(ram_base, {
				   0x82aa,         // mv   t0, a0
				   0x8332,         // mv   t1, a2
				   0xb383, 0x0002, // ld   t2, 0(t0)
				   0x93f2,         // add  t2, t2, t3
				   0x3023, 0x0073, // sd   t2, 0(t1)
				   0xae83, 0x0082, // lw   t4, 8(t0)
				   0x2423, 0x01d3, // sw   t4, 8(t1)
				   0x02c1,         // addi t0, t0, 16
				   0x0341,         // addi t1, t1, 16
				   0xe5e3, 0xfeb2, // bltu t0, a1, -22
				   0xb7cd,         // j    -30
			   });
	m.set_x(10, ram_base + 0x10000);
	m.set_x(11, ram_base + 0x40000);
	m.set_x(12, ram_base + 0x80000);
}

// One pointer per 64 bytes, in an order that visits every line of `size` bytes once.
void link(machine &m, std::uint64_t size)
{
	const std::uint64_t n = size / 64;

	for (std::uint64_t i = 0, at = 0; i < n; i++) {
		const std::uint64_t next = (at * 5 + 0x3039) % n; // a full period for powers of two

		m.write(chase_base + 64 * at, chase_base + 64 * next);
		m.write(chase_base + 64 * at + 8, i);
		at = next;
	}
	m.set_x(5, chase_base);
}

void dependent_loop(machine &m)
{
	link(m, chase_size);
	m.poke(ram_base, { rri(0x3003, 5, 5, 0), rri(0x3003, 5, 5, 0), rri(0x3003, 5, 5, 0),
			   rri(0x3003, 5, 5, 0), jal(0, -16) });
}

void list_loop(machine &m)
{
	link(m, 0x8000);
	m.poke(ram_base, { rri(0x3003, 6, 5, 8), rrr(0x33, 7, 7, 6), rri(0x3003, 5, 5, 0),
			   branch(0x1063, 5, 0, -12), jal(0, -16) });
}

void fp_loop(machine &m)
{
	m.poke(ram_base, {
				 0x12a070d3, // fmul.d  ft1, ft0, fa0
				 0x02b0f053, // fadd.d  ft0, ft1, fa1
				 0x5aa07143, // fmadd.d ft2, ft0, fa0, fa1
				 0x0a0171d3, // fsub.d  ft3, ft2, ft0
				 0xff1ff06f, // j       -16
			 });
	m.set_csr(0x300, 0x6000);        // mstatus.FS
	m.set_f(10, 0x3fe0000000000000); // 0.5
	m.set_f(11, 0x3ff3333333333333); // 1.2
}

void call_loop(machine &m)
{
	m.poke(ram_base, { jal(1, 0x40), addi(6, 6, 1), jal(1, 0x48), jal(0, -12) });
	m.poke(ram_base + 0x40, { addi(7, 7, 1), rrr(0x33, 8, 7, 6), rri(0x67, 0, 1, 0) });
	m.poke(ram_base + 0x50, { addi(7, 7, 2), rrr(0x4033, 8, 7, 6), rri(0x67, 0, 1, 0) });
}

// A pseudo-random sequence decides each branch.
void branch_loop(machine &m)
{
	m.poke(ram_base,
	       { rrr(0x02000033, 5, 5, 10), rrr(0x33, 5, 5, 11), rri(0x5013, 6, 5, 60),
		 branch(0x63, 6, 0, 8), addi(7, 7, 1), branch(0x4063, 5, 0, 8), addi(7, 7, 2),
		 rri(0x7013, 6, 5, 64), branch(0x1063, 6, 0, 8), addi(7, 7, 3), jal(0, -40) });
	m.set_x(5, 1);
	m.set_x(10, 6364136223846793005);
	m.set_x(11, 1442695040888963407);
}

void amo_loop(machine &m)
{
	m.poke(ram_base, { rrr(0x0000302f, 6, 5, 7), rrr(0x0800202f, 8, 9, 7),
			   rrr(0x4000302f, 6, 5, 7), addi(7, 7, 1), jal(0, -16) });
	m.set_x(5, ram_base + 0x10000);
	m.set_x(9, ram_base + 0x10040);
}

// ecall, three instructions of handler, mret
void trap_loop(machine &m)
{
	m.poke(ram_base, { ecall, jal(0, -4) });
	m.poke(ram_base + 0x100, { csrrs(6, 0x341, 0), addi(6, 6, 4), csrrw(0, 0x341, 6), mret });
	m.set_csr(0x305, ram_base + 0x100);
	m.set_csr(0x300, 0x1800);
}

void mmio_loop(machine &m)
{
	m.poke(ram_base, { rri(0x2003, 6, 5, 0), jal(0, -4) });
	m.set_x(5, device_base);
	m.keep_accesses = false;
}

// Writes an addi into its own loop each time round.
void self_modifying_loop(machine &m)
{
	m.poke(ram_base, { store(0x2023, 6, 5, 12), rrr(0x4033, 6, 6, 10), 0x0000100f,
			   addi(7, 7, 1), jal(0, -16) });
	m.set_x(5, ram_base);
	m.set_x(6, addi(7, 7, 1));
	m.set_x(10, addi(7, 7, 1) ^ addi(7, 7, 2));
}

// Stores to the page that it runs from, as small programs do.
void data_beside_code_loop(machine &m)
{
	m.poke(ram_base, { store(0x3023, 7, 5, 0), addi(7, 7, 1), jal(0, -8) });
	m.set_x(5, ram_base + 0x800);
}

struct loop {
	const char *name;
	void (*load)(machine &m);
	std::uint64_t steps_per_run;
	unsigned steps_per_item; // of what the name says: an access, a trap
};

const loop loops[] = {
	{ "integer", integer_loop, chunk, 1 },
	{ "integer_short_runs", integer_loop, 100, 1 },
	{ "memory", memory_loop, chunk, 1 },
	{ "dependent_loads_16M", dependent_loop, chunk, 1 },
	{ "fp", fp_loop, chunk, 1 },
	{ "call", call_loop, chunk, 1 },
	{ "branch", branch_loop, chunk, 1 },
	{ "list", list_loop, chunk, 1 },
	{ "amo", amo_loop, chunk, 1 },
	{ "traps", trap_loop, chunk, 6 },
	{ "mmio_reads", mmio_loop, chunk, 2 },
	{ "self_modifying", self_modifying_loop, chunk, 5 },
	{ "data_beside_code", data_beside_code_loop, chunk, 3 },
};

void run(benchmark::State &state, const loop &l, iss_engine engine)
{
	machine m(false, engine, 0x100000 + chase_size);
	std::uint64_t steps = 0;

	l.load(m);
	m.run(chunk);
	for (auto _ : state)
		steps += m.run(l.steps_per_run);
	const auto rate = [&](unsigned per) {
		return benchmark::Counter(static_cast<double>(steps) / per / 1e6,
					  benchmark::Counter::kIsRate);
	};
	state.counters["MIPS"] = rate(1);
	if (l.steps_per_item > 1)
		state.counters["M/s"] = rate(l.steps_per_item);
}

const bool registered = [] {
	for (const loop &l : loops)
		for (const iss_engine engine : { ISS_ENGINE_BLOCK, ISS_ENGINE_STEP })
			benchmark::RegisterBenchmark(
				(std::string("iss_") + l.name +
				 (engine == ISS_ENGINE_STEP ? "/step" : "/block"))
					.c_str(),
				[&l, engine](benchmark::State &s) { run(s, l, engine); });
	return true;
}();

} // namespace
