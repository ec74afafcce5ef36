// SPDX-License-Identifier: Apache-2.0
//
// Speed of the ISS on bare loops, as MIPS: integer with an unpredictable branch, memory, double
// precision, and the cost of entering a run.
#include <benchmark/benchmark.h>

#include "iss_test.h"

using namespace iss_test;

namespace
{

constexpr std::uint64_t chunk = 1000000;

void count(benchmark::State &state, std::uint64_t steps)
{
	state.counters["MIPS"] =
		benchmark::Counter(static_cast<double>(steps) / 1e6, benchmark::Counter::kIsRate);
}

void run(benchmark::State &state, machine &m, std::uint64_t steps_per_run)
{
	std::uint64_t steps = 0;

	for (auto _ : state)
		steps += m.run(steps_per_run);
	count(state, steps);
}

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

void iss_integer(benchmark::State &state)
{
	machine m;

	integer_loop(m);
	run(state, m, chunk);
}
BENCHMARK(iss_integer);

void iss_integer_short_runs(benchmark::State &state)
{
	machine m;

	integer_loop(m);
	run(state, m, 100);
}
BENCHMARK(iss_integer_short_runs);

void iss_memory(benchmark::State &state)
{
	machine m;

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
	run(state, m, chunk);
}
BENCHMARK(iss_memory);

void iss_double(benchmark::State &state)
{
	machine m;

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
	run(state, m, chunk);
}
BENCHMARK(iss_double);

} // namespace
