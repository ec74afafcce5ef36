// SPDX-License-Identifier: Apache-2.0
//
// What QMP commands act on, made of core objects alone: host bridges, ports and memory devices of a
// machine description, without SystemC.
#ifndef VCXL_TESTS_QMP_CORE_HOST_H
#define VCXL_TESTS_QMP_CORE_HOST_H

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <vcxl/dc.h>
#include <vcxl/memdev.h>
#include <vcxl/port.h>

#include "hex.h"
#include "memory.h"
#include "quiet_host.h"

namespace vcxl_test
{

class core_host : public quiet_host
{
public:
	explicit core_host(vcxl::machine m) : machine_(std::move(m))
	{
		media_.resize(machine_.nodes.size());
		for (const vcxl::backend &b : machine_.backends)
			memories.push_back(vcxl::host_memory::anonymous(b.size, b.id));
		make_pool();
		memdevs_.resize(machine_.nodes.size());
		ports_.resize(machine_.nodes.size());
		for (size_t i = 0; i < machine_.nodes.size(); i++)
			if (machine_.nodes[i].kind == vcxl::node_kind::memdev)
				make_memdev(i);
			else
				make_port(i);
		for (size_t i = 0; i < machine_.nodes.size(); i++)
			for (const int child : machine_.nodes[i].children)
				connect(i, static_cast<size_t>(child));
	}
	const vcxl::machine &description() const override { return machine_; }
	vcxl_port *port(size_t node) override { return ports_[node].get(); }
	vcxl_memdev *memdev(size_t node) override { return memdevs_[node].get(); }

	// The line that answers a request, without its end; the arguments are JSON's members.
	std::string say(const std::string &command, const std::string &arguments)
	{
		return raw("{\"execute\":\"" + command + "\",\"arguments\":{" + arguments + "}}");
	}
	std::string raw(const std::string &request)
	{
		std::string last;
		vcxl::qmp_session session(vcxl::qmp_commands, *this, "",
					  [&last](const std::string &line) { last = line; });

		session.begin();
		session.feed("{\"execute\":\"qmp_capabilities\"}");
		session.feed(request);
		return last.substr(0, last.size() - 2);
	}

	std::vector<vcxl::host_memory> memories; // by backend; of dynamic capacity alone

private:
	// Of all backends that have a tag.
	void make_pool()
	{
		vcxl_dc_pool *made = nullptr;

		EXPECT_EQ(vcxl_dc_pool_create(4, &made), VCXL_OK);
		pool_.reset(made);
		for (size_t i = 0; i < memories.size(); i++) {
			const vcxl_media media = whole(i);
			vcxl::uuid tag;

			if (!vcxl::parse_uuid(machine_.backends[i].tag, tag))
				continue;
			EXPECT_EQ(vcxl_dc_pool_attach(made, tag.data(), &media), VCXL_DC_OK);
		}
	}
	vcxl_media whole(size_t backend)
	{
		vcxl_media of{};

		of.size = memories[backend].size();
		of.direct = memories[backend].data();
		return of;
	}
	vcxl_media media(size_t i, int backend)
	{
		vcxl_media of{};

		if (backend == vcxl::none)
			return of;
		of.size = machine_.backends[static_cast<size_t>(backend)].size;
		of.direct = media_[i].data();
		return of;
	}
	void make_memdev(size_t i)
	{
		const vcxl::node &n = machine_.nodes[i];
		vcxl_memdev_config config{};
		vcxl_memdev *md = nullptr;

		media_[i].resize(4096); // nothing beyond it is accessed
		config.name = n.id.c_str();
		config.serial = n.serial;
		config.n_decoders = static_cast<uint8_t>(n.n_decoders);
		config.media[VCXL_PARTITION_VOLATILE] = media(i, n.volatile_media);
		config.media[VCXL_PARTITION_PERSISTENT] = media(i, n.persistent_media);
		config.lsa = media(i, n.lsa);
		config.dc.n_regions = n.dc_regions;
		config.dc.pool = pool_.get();
		const vcxl_media dc = n.dc_media == vcxl::none
					      ? vcxl_media{}
					      : whole(static_cast<size_t>(n.dc_media));
		for (unsigned r = 0; r < n.dc_regions; r++) {
			config.dc.regions[r].len = n.dc_size / n.dc_regions;
			config.dc.regions[r].media_offset = r * (n.dc_size / n.dc_regions);
			config.dc.regions[r].shareable = n.dc_shareable;
			config.dc.regions[r].media = dc.size ? &dc : nullptr;
		}
		EXPECT_EQ(vcxl_memdev_create(&config, nullptr, &md), VCXL_OK);
		memdevs_[i].reset(md);
	}
	void make_port(size_t i)
	{
		static const std::map<vcxl::node_kind, vcxl_port_kind> kinds = {
			{ vcxl::node_kind::host_bridge, VCXL_PORT_HOST_BRIDGE },
			{ vcxl::node_kind::root_port, VCXL_PORT_ROOT },
			{ vcxl::node_kind::upstream_port, VCXL_PORT_UPSTREAM },
			{ vcxl::node_kind::downstream_port, VCXL_PORT_DOWNSTREAM },
		};
		const vcxl::node &n = machine_.nodes[i];
		vcxl_port_config config{};
		vcxl_port *port = nullptr;

		config.kind = kinds.at(n.kind);
		config.name = n.id.c_str();
		config.port_number = static_cast<uint8_t>(n.port_number);
		config.hdm = n.kind == vcxl::node_kind::host_bridge
				     ? n.hdm
				     : n.kind == vcxl::node_kind::upstream_port;
		config.n_decoders = static_cast<uint8_t>(n.n_decoders);
		config.serial = n.serial;
		EXPECT_EQ(vcxl_port_create(&config, nullptr, &port), VCXL_OK);
		ports_[i].reset(port);
	}
	void connect(size_t parent, size_t child)
	{
		const uint8_t number = static_cast<uint8_t>(machine_.nodes[child].port_number);

		EXPECT_GE(vcxl_port_add_dport(port(parent), number, port(child), memdev(child)), 0);
	}

	struct memdev_deleter {
		void operator()(vcxl_memdev *md) const { vcxl_memdev_destroy(md); }
	};
	struct pool_deleter {
		void operator()(vcxl_dc_pool *pool) const { vcxl_dc_pool_destroy(pool); }
	};
	struct port_deleter {
		void operator()(vcxl_port *port) const { vcxl_port_destroy(port); }
	};
	const vcxl::machine machine_;
	std::vector<std::vector<uint8_t>> media_;
	std::unique_ptr<vcxl_dc_pool, pool_deleter> pool_; // outlives the devices
	std::vector<std::unique_ptr<vcxl_memdev, memdev_deleter>> memdevs_;
	std::vector<std::unique_ptr<vcxl_port, port_deleter>> ports_;
};

} // namespace vcxl_test

#endif
