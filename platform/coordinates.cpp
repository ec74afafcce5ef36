// SPDX-License-Identifier: Apache-2.0
//
// Access coordinates of memory behind CXL windows; see coordinates.h.
#include "coordinates.h"

#include <algorithm>

#include "host_timing.h"

namespace vcxl
{

namespace
{

using maybe = std::optional<access_coordinates>;

const node &at(const machine &m, int index)
{
	return m.nodes.at(static_cast<size_t>(index));
}

// One way behind the other.
access_coordinates in_series(const access_coordinates &a, const access_coordinates &b)
{
	return { a.read_latency_ps + b.read_latency_ps, a.write_latency_ps + b.write_latency_ps,
		 std::min(a.read_bandwidth, b.read_bandwidth),
		 std::min(a.write_bandwidth, b.write_bandwidth) };
}

// Both ways, interleaved.
access_coordinates in_parallel(const access_coordinates &a, const access_coordinates &b)
{
	return { std::max(a.read_latency_ps, b.read_latency_ps),
		 std::max(a.write_latency_ps, b.write_latency_ps),
		 a.read_bandwidth + b.read_bandwidth, a.write_bandwidth + b.write_bandwidth };
}

maybe below(const machine &m, const node &n, bool volatile_only);

maybe below_all(const machine &m, const std::vector<int> &nodes, bool volatile_only)
{
	maybe sum;

	for (int index : nodes)
		if (const maybe one = below(m, at(m, index), volatile_only))
			sum = sum ? in_parallel(*sum, *one) : *one;
	return sum;
}

// The link above n carries what both ends have trained to; the encoding's share is not taken off.
access_coordinates of_link(const machine &m, const node &n)
{
	// MT/s of Max Link Speed 1 to 6; a transfer is a bit on each lane
	constexpr uint64_t rates[] = { 0, 2'500, 5'000, 8'000, 16'000, 32'000, 64'000 };
	const link &peer = link_peer(m, n)->pcie;
	const unsigned speed = std::min(n.pcie.speed, peer.speed);
	const uint64_t bandwidth = rates[speed] * std::min(n.pcie.width, peer.width) / 8;

	return { 0, 0, bandwidth, bandwidth };
}

// What one element adds to the way to what is below it.
maybe behind(const maybe &rest, const access_coordinates &own)
{
	return rest ? maybe(in_series(own, *rest)) : rest;
}

maybe below(const machine &m, const node &n, bool volatile_only)
{
	if (n.kind == node_kind::memdev) {
		if (volatile_only && n.volatile_media == none && n.partitionable_media == none)
			return {};
		return in_series(of_link(m, n), n.media);
	}
	const maybe rest = below_all(m, n.children, volatile_only);

	switch (n.kind) {
	case node_kind::host_bridge:
		return behind(rest, host_to_cxl_port);
	case node_kind::upstream_port:
		return behind(rest, of_link(m, n));
	case node_kind::downstream_port:
		return behind(rest, at(m, n.parent).crossing);
	default:
		return rest;
	}
}

} // namespace

const node *link_peer(const machine &m, const node &n)
{
	switch (n.kind) {
	case node_kind::root_port:
	case node_kind::downstream_port:
		return n.children.empty() ? nullptr : &at(m, n.children.front());
	case node_kind::upstream_port:
	case node_kind::memdev:
		return &at(m, n.parent);
	default:
		return nullptr;
	}
}

std::optional<access_coordinates> window_coordinates(const machine &m, const window &w)
{
	const maybe ready = below_all(m, w.targets, true);

	return ready ? ready : below_all(m, w.targets, false);
}

} // namespace vcxl
