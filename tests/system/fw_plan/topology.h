// SPDX-License-Identifier: Apache-2.0
//
// Builder of planner topologies, and an oracle that follows one host address through decoders as
// the specification words it (CXL r3.1 8.2.4.20, 9.13), one granule at a time, with no bit tricks.
#ifndef VCXL_TEST_FW_TOPOLOGY_H
#define VCXL_TEST_FW_TOPOLOGY_H

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plan.h"

namespace fw_test
{

constexpr uint64_t MiB = 1ull << 20, GiB = 1ull << 30;

class topology
{
public:
	plan_topology t{};

	int add(plan_kind kind, int parent, uint32_t number, unsigned n_decoders)
	{
		plan_node &n = t.nodes[t.n_nodes];

		n.kind = kind;
		n.parent = parent;
		n.number = number;
		n.hdm = plan_hdm{ static_cast<uint8_t>(n_decoders), 8, true, true, true, true };
		return static_cast<int>(t.n_nodes++);
	}
	int bridge(uint32_t uid, unsigned n_decoders = 10)
	{
		return add(PLAN_BRIDGE, PLAN_NO_NODE, uid, n_decoders);
	}
	int upstream(int parent, uint32_t number, unsigned n_decoders = 10)
	{
		return add(PLAN_SWITCH, parent, number, n_decoders);
	}
	int memdev(int parent, uint32_t number, uint64_t ram, uint64_t pmem = 0)
	{
		const int node = add(PLAN_MEMDEV, parent, number, 4);

		t.nodes[node].volatile_size = ram;
		t.nodes[node].persistent_size = pmem;
		return node;
	}
	void window(uint64_t base, uint64_t size, uint32_t granularity, std::vector<int> targets)
	{
		plan_window &w = t.windows[t.n_windows++];

		w.base = base;
		w.size = size;
		w.granularity = granularity;
		w.ways = static_cast<uint32_t>(targets.size());
		for (size_t i = 0; i < targets.size(); i++)
			w.targets[i] = targets[i];
	}
	int at(const std::string &path) const { return plan_find(&t, path.data(), path.size()); }
};

struct where {
	int node;
	uint64_t dpa;
	bool operator==(const where &o) const { return node == o.node && dpa == o.dpa; }
};

// The decoder of `node` that holds hpa; device addresses used by the ones before it are summed up.
inline const plan_decoder *decoder_for(const std::vector<plan_decoder> &decoders, int node,
				       uint64_t hpa, uint64_t *dpa)
{
	std::map<unsigned, const plan_decoder *> own;
	uint64_t next = 0;

	for (const plan_decoder &d : decoders)
		if (d.node == node)
			own[d.index] = &d;
	for (const auto &[index, d] : own) {
		next += d->skip;
		if (hpa >= d->base && hpa - d->base < d->size) {
			*dpa = next;
			return d;
		}
		next += d->size / d->ways;
	}
	return nullptr;
}

// Where the hardware takes host address hpa; nothing when it is not routed.
inline std::optional<where> route(const plan_topology &t, const std::vector<plan_decoder> &decoders,
				  uint64_t hpa)
{
	for (unsigned i = 0; i < t.n_windows; i++) {
		const plan_window &w = t.windows[i];

		if (hpa < w.base || hpa - w.base >= w.size)
			continue;
		int node = w.targets[hpa / w.granularity % w.ways];
		for (;;) {
			uint64_t dpa = 0;
			const plan_decoder *d = decoder_for(decoders, node, hpa, &dpa);

			if (t.nodes[node].kind == PLAN_MEMDEV) {
				if (!d)
					return {};
				const uint64_t off = hpa - d->base, g = d->granularity;
				return where{ node, dpa + off / g / d->ways * g + off % g };
			}
			int next = PLAN_NO_NODE;
			for (unsigned k = 0; k < t.n_nodes; k++) {
				if (t.nodes[k].parent != node)
					continue;
				if (!t.nodes[node].hdm.n_decoders ||
				    (d && t.nodes[k].number ==
						  d->targets[hpa / d->granularity % d->ways]))
					next = static_cast<int>(k);
			}
			if (next < 0)
				return {};
			node = next;
		}
	}
	return {};
}

inline std::vector<plan_decoder> decoders_of(const plan &p)
{
	return { p.decoders, p.decoders + p.n_decoders };
}

} // namespace fw_test

#endif
