// SPDX-License-Identifier: Apache-2.0
//
// What an access costs the host: core route and b_transport by depth of the hierarchy, 8 bytes,
// addresses that walk over the interleave. Not a test: `vcxl_bench_model --benchmark_format=json`.
#include <benchmark/benchmark.h>

#include <memory>

#include "../model/core_world.h"
#include "../model/tlm_harness.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t base = 0x1000000000;
constexpr uint64_t stride = 0x1240; // visits every way and stays within a few pages
constexpr uint64_t reach = 0x40000;

uint64_t next(uint64_t at)
{
	return (at + stride) & (reach - 1);
}

// Four root ports below one host bridge, a device each.
topo::topology four_way_plan()
{
	topo::topology t;
	topo::region_plan region{ 0, base, 4 * quarter_gib, 4, 256, {} };
	topo::decoder_plan decoder;

	decoder.base = base;
	decoder.size = region.size;
	decoder.ways = 4;
	t.ports.resize(5);
	t.ports[0].kind = topo::port_kind::host_bridge;
	t.ports[0].hdm = true;
	for (uint8_t i = 0; i < 4; i++) {
		t.ports[i + 1].kind = topo::port_kind::root;
		t.ports[i + 1].number = i;
		t.ports[i + 1].dports.push_back({ 0, topo::none, i });
		t.ports[0].dports.push_back({ i, i + 1u, topo::none });
		t.memdevs.push_back({});
		decoder.memdev = i;
		region.decoders.push_back(decoder);
	}
	decoder.memdev = topo::none;
	decoder.port = 0;
	decoder.targets = { 0, 1, 2, 3 };
	region.decoders.insert(region.decoders.begin(), decoder);
	t.windows.push_back({ base, region.size, 1, 256, { 0 }, {} });
	t.regions.push_back(region);
	return t;
}

void route_four_ways(benchmark::State &state)
{
	const topo::topology plan = four_way_plan();
	media bytes(quarter_gib);
	core_world world(plan, [&](unsigned, vcxl_media *out) {
		out->size = bytes.size;
		out->direct = bytes.bytes();
	});
	const bool programmed = topo::programmer(world).program(plan);
	uint64_t at = 0;
	uint64_t hpa;
	vcxl_memdev *found = nullptr;

	for (auto _ : state) {
		benchmark::DoNotOptimize(vcxl_route(&world.host, base + at, &found, &hpa));
		benchmark::DoNotOptimize(found);
		at = next(at);
	}
	if (!programmed || !found)
		state.SkipWithError("no route");
}

// A hierarchy whose ports with decoders and whose devices all get one decoder of everything.
struct hierarchy {
	const char *name;
	node_spec tree;
	unsigned eiw; // of host bridge and devices
	std::unique_ptr<fabric> f = nullptr;

	void build()
	{
		fabric_spec spec;

		spec.bridges = { tree };
		spec.windows = { { base, quarter_gib << eiw, 256u, { 0 } } };
		spec.prefix = name + std::string("_");
		f = std::make_unique<fabric>(spec);
	}

	void program()
	{
		f->start();
		for (const auto &n : f->nodes) {
			if (n->kind == kind::root || n->kind == kind::downstream)
				continue;
			const bool spread = n->kind != kind::upstream;

			f->commit(*n, 0,
				  { base, quarter_gib << eiw, spread ? eiw : 0, 0,
				    n->memdev ? 0u : 0x03020100u, false });
			f->set_hdm_enable(*n, true);
		}
	}
};

void b_transport(benchmark::State &state, fabric &f)
{
	tlm::tlm_generic_payload trans;
	sc_core::sc_time delay;
	uint64_t value = 0, at = 0;

	initiator::fill(trans, tlm::TLM_READ_COMMAND, base, &value, 8);
	for (auto _ : state) {
		trans.set_address(base + at);
		trans.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
		f.mem[0]->socket->b_transport(trans, delay);
		at = next(at);
		benchmark::DoNotOptimize(value);
	}
	if (!trans.is_response_ok())
		state.SkipWithError("access failed");
}

} // namespace

int sc_main(int argc, char **argv)
{
	hierarchy hierarchies[] = {
		{ "direct", bridge({ memdev() }), 0 },
		{ "direct_4_way", bridge({ memdev(), memdev(), memdev(), memdev() }), 2 },
		{ "one_switch", bridge({ cxl_switch({ memdev() }) }), 0 },
		{ "two_switches", bridge({ cxl_switch({ cxl_switch({ memdev() }) }) }), 0 },
	};

	benchmark::RegisterBenchmark("route/direct_4_way", route_four_ways);
	for (hierarchy &h : hierarchies)
		h.build(); // before the first of them starts the one elaboration there is
	for (hierarchy &h : hierarchies) {
		h.program();
		benchmark::RegisterBenchmark((std::string("b_transport/") + h.name).c_str(),
					     [&h](benchmark::State &s) { b_transport(s, *h.f); });
	}
	benchmark::Initialize(&argc, argv);
	if (benchmark::ReportUnrecognizedArguments(argc, argv))
		return 1;
	benchmark::RunSpecifiedBenchmarks();
	benchmark::Shutdown();
	return 0;
}
