// SPDX-License-Identifier: Apache-2.0
//
// Core objects of a planned topology, linked by pointers and programmed through their registers:
// the straight line of vcxl_route() without SystemC. Whoever builds it lends the media.
#ifndef VCXL_TESTS_MODEL_CORE_WORLD_H
#define VCXL_TESTS_MODEL_CORE_WORLD_H

#include <cstdint>
#include <stdexcept>
#include <vector>

#include <vcxl/route.h>

#include "../core/random_topology.h"

namespace vcxl_test
{

class core_world : public topo::register_access
{
public:
	std::vector<vcxl_port *> ports;
	std::vector<vcxl_memdev *> memdevs;
	std::vector<vcxl_window> windows;
	vcxl_host host{};

	// lend(device, vcxl_media[VCXL_N_PARTITIONS]) fills in the media of a device
	template <class Lend> core_world(const topo::topology &t, Lend lend)
	{
		for (unsigned m = 0; m < t.memdevs.size(); m++) {
			vcxl_memdev_config c{};

			lend(m, c.media);
			add_memdev(c);
		}
		for (const topo::port_plan &p : t.ports)
			add_port(p);
		for (unsigned p = 0; p < t.ports.size(); p++)
			for (const topo::dport_plan &d : t.ports[p].dports)
				if (vcxl_port_add_dport(
					    ports[p], d.number,
					    d.port == topo::none ? nullptr : ports[d.port],
					    d.memdev == topo::none ? nullptr : memdevs[d.memdev]) <
				    0)
					throw std::runtime_error("cannot add a dport");
		for (const topo::window_plan &w : t.windows)
			add_window(w);
		host.windows = windows.data();
		host.n_windows = static_cast<unsigned>(windows.size());
	}

	~core_world() override
	{
		for (vcxl_port *p : ports)
			vcxl_port_destroy(p);
		for (vcxl_memdev *m : memdevs)
			vcxl_memdev_destroy(m);
	}
	core_world(const core_world &) = delete;
	core_world &operator=(const core_world &) = delete;

	uint32_t port_read(unsigned p, uint32_t offset) override
	{
		uint64_t value = 0;

		must(vcxl_port_reg_read(ports[p], VCXL_SPACE_COMPONENT, offset, 4, &value));
		return static_cast<uint32_t>(value);
	}
	void port_write(unsigned p, uint32_t offset, uint32_t value) override
	{
		must(vcxl_port_reg_write(ports[p], VCXL_SPACE_COMPONENT, offset, 4, value));
	}
	uint32_t memdev_read(unsigned m, uint32_t offset) override
	{
		return device_read(m, VCXL_SPACE_COMPONENT, offset);
	}
	void memdev_write(unsigned m, uint32_t offset, uint32_t value) override
	{
		must(vcxl_memdev_reg_write(memdevs[m], VCXL_SPACE_COMPONENT, offset, 4, value));
	}
	uint32_t config_read(unsigned m, uint32_t offset) override
	{
		return device_read(m, VCXL_SPACE_CONFIG, offset);
	}
	void config_write(unsigned m, uint32_t offset, uint32_t value) override
	{
		must(vcxl_memdev_reg_write(memdevs[m], VCXL_SPACE_CONFIG, offset, 4, value));
	}

private:
	static void must(vcxl_status status)
	{
		if (status != VCXL_OK)
			throw std::runtime_error(vcxl_status_text(status));
	}

	uint32_t device_read(unsigned m, vcxl_space space, uint32_t offset)
	{
		uint64_t value = 0;

		must(vcxl_memdev_reg_read(memdevs[m], space, offset, 4, &value));
		return static_cast<uint32_t>(value);
	}

	void add_memdev(vcxl_memdev_config &c)
	{
		vcxl_memdev *md = nullptr;

		c.serial = memdevs.size() + 1;
		c.n_decoders = 10;
		c.link.speed = 5;
		c.link.width = 16;
		must(vcxl_memdev_create(&c, nullptr, &md));
		memdevs.push_back(md);
	}

	void add_port(const topo::port_plan &plan)
	{
		vcxl_port_config c{};
		vcxl_port *port = nullptr;

		c.kind = static_cast<vcxl_port_kind>(plan.kind);
		c.port_number = plan.number;
		c.hdm = plan.hdm;
		c.link.speed = 5;
		c.link.width = 16;
		must(vcxl_port_create(&c, nullptr, &port));
		ports.push_back(port);
	}

	void add_window(const topo::window_plan &plan)
	{
		vcxl_window window{};

		window.base = plan.base;
		window.size = plan.size;
		must(vcxl_interleave_make(plan.ways, plan.granularity, &window.interleave));
		for (const uint64_t map : plan.xor_maps)
			window.arithmetic.map[window.arithmetic.n++] = map;
		for (unsigned i = 0; i < plan.ways; i++)
			window.targets[i] = ports[plan.targets[i]];
		windows.push_back(window);
	}
};

} // namespace vcxl_test

#endif
