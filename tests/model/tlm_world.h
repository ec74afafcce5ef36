// SPDX-License-Identifier: Apache-2.0
//
// Modules of a planned topology, connected by sockets and programmed through their registers: what
// core_world.h is for core objects. Whoever builds it lends the media.
#ifndef VCXL_TESTS_MODEL_TLM_WORLD_H
#define VCXL_TESTS_MODEL_TLM_WORLD_H

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "../core/random_topology.h"
#include "tlm_harness.h"

namespace vcxl_test
{

// lend(device, vcxl_media[VCXL_N_PARTITIONS]) fills in the media of a device
using lender = std::function<void(unsigned, vcxl_media *)>;

// Builds a description in the order of fabric: parents before children, siblings in order.
class describe
{
public:
	std::vector<unsigned> order; // plan index of each node; devices: ports.size() + index

	describe(const topo::topology &t, lender lend, const std::string &prefix)
	    : t_(t), lend_(std::move(lend))
	{
		for (unsigned p = 0; p < t.ports.size(); p++)
			if (t.ports[p].kind == topo::port_kind::host_bridge) {
				bridge_of_[p] = static_cast<unsigned>(spec.bridges.size());
				spec.bridges.push_back(port(p));
			}
		for (const topo::window_plan &w : t.windows) {
			window_spec ws{ w.base, w.size, w.granularity, {}, w.xor_maps };

			for (const unsigned target : w.targets)
				ws.bridges.push_back(bridge_of_.at(target));
			spec.windows.push_back(ws);
		}
		spec.prefix = prefix;
		spec.bind_msi = false;
	}

	fabric_spec spec;

private:
	node_spec port(unsigned p)
	{
		static constexpr kind kinds[] = { kind::bridge, kind::root, kind::upstream,
						  kind::downstream };
		const topo::port_plan &plan = t_.ports[p];
		node_spec n;

		order.push_back(p);
		n.kind = kinds[static_cast<unsigned>(plan.kind)];
		n.hdm = plan.hdm;
		n.number = plan.number;
		for (const topo::dport_plan &d : plan.dports)
			n.children.push_back(d.port != topo::none ? port(d.port)
								  : device(d.memdev));
		return n;
	}

	node_spec device(unsigned m)
	{
		node_spec n;

		order.push_back(static_cast<unsigned>(t_.ports.size()) + m);
		n.kind = kind::memdev;
		n.n_decoders = 10;
		n.volatile_size = n.persistent_size = 0;
		lend_(m, n.lent);
		return n;
	}

	const topo::topology &t_;
	const lender lend_;
	std::map<unsigned, unsigned> bridge_of_;
};

struct tlm_world : topo::register_access {
	describe description;
	fabric f;
	std::vector<node *> ports, memdevs;

	tlm_world(const topo::topology &t, lender lend, const std::string &prefix)
	    : description(t, std::move(lend), prefix), f(description.spec), ports(t.ports.size()),
	      memdevs(t.memdevs.size())
	{
		for (size_t i = 0; i < description.order.size(); i++) {
			const size_t at = description.order[i];

			(at < ports.size() ? ports[at] : memdevs[at - ports.size()]) =
				f.nodes[i].get();
		}
	}

	uint32_t port_read(unsigned p, uint32_t offset) override
	{
		return f.component_read(*ports[p], offset);
	}
	void port_write(unsigned p, uint32_t offset, uint32_t value) override
	{
		f.component_write(*ports[p], offset, value);
	}
	uint32_t memdev_read(unsigned m, uint32_t offset) override
	{
		return f.component_read(*memdevs[m], offset);
	}
	void memdev_write(unsigned m, uint32_t offset, uint32_t value) override
	{
		f.component_write(*memdevs[m], offset, value);
	}
	uint32_t config_read(unsigned m, uint32_t offset) override
	{
		return f.config_read(*memdevs[m], static_cast<uint16_t>(offset), 4);
	}
	void config_write(unsigned m, uint32_t offset, uint32_t value) override
	{
		f.config_write(*memdevs[m], static_cast<uint16_t>(offset), value, 4);
	}
};

} // namespace vcxl_test

#endif
