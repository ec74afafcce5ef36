// SPDX-License-Identifier: Apache-2.0
//
// See memdev_config.h.
#include "memdev_config.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "coordinates.h"

namespace vcxl
{

namespace
{

// Regions of equal size, one after the other in what backs them.
vcxl_dc_config dynamic_capacity(const node &n)
{
	vcxl_dc_config dc{};

	dc.n_regions = n.dc_regions;
	for (unsigned i = 0; i < n.dc_regions; i++) {
		vcxl_dc_region_config &region = dc.regions[i];

		region.len = n.dc_size / n.dc_regions;
		region.media_offset = i * region.len;
		region.persistent = n.dc_persistent;
		region.shareable = n.dc_shareable;
	}
	return dc;
}

// Media of which only the size is known as yet.
vcxl_media sized(uint64_t size)
{
	vcxl_media media{};

	media.size = size;
	media.read = [](void *, uint64_t, void *, uint32_t) { return VCXL_E_MEDIA; };
	media.write = [](void *, uint64_t, const void *, uint32_t) { return VCXL_E_MEDIA; };
	return media;
}

// As it would be mapped, as far as a device reads it: what a file lacks is zero.
std::vector<uint8_t> stored(const backend &b)
{
	std::vector<uint8_t> bytes(std::min(b.size, vcxl_memdev_state_size(0)));
	std::ifstream in(b.path, std::ios::binary);

	in.seekg(static_cast<std::streamoff>(b.offset));
	in.read(reinterpret_cast<char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
	return bytes;
}

} // namespace

vcxl_link_config link_of(const node &n)
{
	return { static_cast<uint8_t>(n.pcie.speed), static_cast<uint8_t>(n.pcie.width),
		 n.pcie.flit_256b };
}

vcxl_memdev_config memdev_config(const machine &m, const node &n,
				 const std::function<vcxl_media(int)> &media)
{
	const auto of = [&media](int backend) {
		return backend == none ? vcxl_media{} : media(backend);
	};
	vcxl_memdev_config cfg{};

	cfg.media[VCXL_PARTITION_VOLATILE] = of(n.volatile_media);
	cfg.media[VCXL_PARTITION_PERSISTENT] = of(n.persistent_media);
	cfg.partitionable = of(n.partitionable_media);
	cfg.lsa = of(n.lsa);
	cfg.state = of(n.state);
	cfg.dc = dynamic_capacity(n);
	cfg.serial = n.serial;
	cfg.n_decoders = static_cast<uint8_t>(n.n_decoders);
	cfg.link = link_of(n);
	cfg.peer_link = link_of(*link_peer(m, n));
	cfg.read_latency_ps = static_cast<uint32_t>(n.media.read_latency_ps);
	cfg.write_latency_ps = static_cast<uint32_t>(n.media.write_latency_ps);
	cfg.read_bandwidth = static_cast<uint32_t>(n.media.read_bandwidth);
	cfg.write_bandwidth = static_cast<uint32_t>(n.media.write_bandwidth);
	return cfg;
}

std::string unfit(const machine &m, const node &n, const std::string &why)
{
	if (n.state == none)
		return why;
	return "-device cxl-type3,id=" + n.id +
	       ",state-memdev=" + m.backends[static_cast<size_t>(n.state)].id + ": " + why;
}

void check_stored_states(const machine &m)
{
	for (const node &n : m.nodes) {
		if (n.kind != node_kind::memdev || n.state == none)
			continue;
		const backend &b = m.backends[static_cast<size_t>(n.state)];

		if (b.kind != backend_kind::file)
			continue;
		vcxl_memdev_config cfg = memdev_config(m, n, [&m](int i) {
			return sized(m.backends[static_cast<size_t>(i)].size);
		});
		std::vector<uint8_t> bytes = stored(b);

		cfg.state.size = bytes.size();
		cfg.state.direct = bytes.data();
		if (vcxl_memdev_check_state(&cfg) == VCXL_E_STATE)
			throw std::runtime_error(unfit(m, n, vcxl_status_text(VCXL_E_STATE)));
	}
}

} // namespace vcxl
