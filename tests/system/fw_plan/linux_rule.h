// SPDX-License-Identifier: Apache-2.0
//
// What Linux 6.12 does with decoders that firmware committed, in its order and with its checks: it
// takes ways and granularity from the endpoints, positions from the target lists, and then asks of
// every port on the way the values that it would have chosen itself. It looks at decoders only.
#ifndef VCXL_TEST_FW_LINUX_RULE_H
#define VCXL_TEST_FW_LINUX_RULE_H

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "topology.h"

namespace fw_test
{

class linux_assembly
{
public:
	// Endpoints in the order of positions; valid when refusal is empty.
	std::vector<int> order;
	std::string refusal;

	linux_assembly(const plan_topology &t, std::vector<plan_decoder> decoders, uint64_t base)
	    : t_(t), decoders_(std::move(decoders)), base_(base)
	{
		refusal = assemble();
	}

private:
	const plan_topology &t_;
	const std::vector<plan_decoder> decoders_;
	const uint64_t base_;
	const plan_window *root_ = nullptr;
	const plan_decoder *first_ = nullptr;     // the endpoint decoder that makes the region
	std::map<int, std::vector<int>> entered_; // by port: children in the order of positions

	const plan_node &node(int i) const { return t_.nodes[i]; }

	const plan_decoder *decoder(int of) const
	{
		for (const plan_decoder &d : decoders_)
			if (d.node == of && d.base == first_->base && d.size == first_->size)
				return &d;
		return nullptr;
	}

	// position = position * ways of the level above + index there, from the endpoint upwards
	int position(int endpoint) const
	{
		unsigned pos = 0;
		int at = endpoint;

		for (; node(at).parent >= 0; at = node(at).parent) {
			const plan_decoder *d = decoder(node(at).parent);
			if (!d)
				return -1;
			const auto end = d->targets + d->ways;
			const auto found = std::find(d->targets, end, node(at).number);
			if (found == end)
				return -1;
			pos = pos * d->ways + static_cast<unsigned>(found - d->targets);
		}
		const auto end = root_->targets + root_->ways;
		const auto found = std::find(root_->targets, end, at);
		if (found == end)
			return -1;
		return static_cast<int>(pos * root_->ways +
					static_cast<unsigned>(found - root_->targets));
	}

	std::string check_port(int port) const
	{
		static const std::set<uint64_t> encodable = { 256,  512,  1024, 2048,
							      4096, 8192, 16384 };
		const plan_decoder *d = decoder(port);
		const std::vector<int> &children = entered_.at(port);
		uint64_t ig = first_->granularity;
		uint64_t iw = root_->ways == 3 || root_->ways == 6 || root_->ways == 12
				      ? root_->ways / 3
				      : root_->ways;

		if (node(port).parent >= 0) {
			ig = decoder(node(port).parent)->granularity;
			iw = decoder(node(port).parent)->ways;
		}
		if (!encodable.count(ig * iw))
			return "invalid granularity calculation";
		if (children.size() != 1 && children.size() != 2 && children.size() != 4 &&
		    children.size() != 8)
			return "invalid target count";
		if (children.size() > node(port).hdm.n_targets)
			return "overflows targets";
		if (d->ways != children.size() || d->granularity != ig * iw)
			return "expected other ways or granularity";
		for (size_t i = 0; i < children.size(); i++)
			if (node(children[i]).number != d->targets[i])
				return "targets in another order";
		return "";
	}

	// Positions that share a child of a port are `distance` apart.
	std::string check_peers(int port) const
	{
		size_t distance = root_->ways;

		for (int at = port; at >= 0; at = node(at).parent)
			distance *= entered_.at(at).size();
		for (size_t pos = distance; pos < order.size(); pos++) {
			const int child = plan_child_towards(&t_, port, order[pos]);

			if (child >= 0 &&
			    plan_child_towards(&t_, port, order[pos - distance]) != child)
				return "mismatched peer";
		}
		return "";
	}

	// All endpoints must have arrived, each with the same ways, granularity and kind of memory.
	std::string collect()
	{
		std::map<int, int> by_position;

		for (const plan_decoder &d : decoders_) {
			if (node(d.node).kind != PLAN_MEMDEV || d.base != base_)
				continue;
			if (!first_)
				first_ = &d;
			if (d.size != first_->size || d.ways != first_->ways ||
			    d.granularity != first_->granularity)
				return "endpoints disagree";
		}
		if (!first_)
			return "no endpoint";
		for (unsigned i = 0; i < t_.n_windows; i++)
			if (base_ >= t_.windows[i].base &&
			    base_ + first_->size <= t_.windows[i].base + t_.windows[i].size)
				root_ = &t_.windows[i];
		if (!root_)
			return "no CXL window";
		for (const plan_decoder &d : decoders_)
			if (node(d.node).kind == PLAN_MEMDEV && d.base == base_)
				by_position[position(d.node)] = d.node;
		if (by_position.count(-1))
			return "failed to find decoder mapping or target";
		if (by_position.size() != first_->ways)
			return "positions are not all different";
		for (const auto &[pos, endpoint] : by_position)
			order.push_back(endpoint);
		return "";
	}

	std::string assemble()
	{
		std::string problem = collect();

		if (!problem.empty())
			return problem;
		for (size_t pos = 0; pos < order.size(); pos++) {
			int child = order[pos], at = node(child).parent;
			const int bridge = plan_bridge_of(&t_, child);

			if (bridge != root_->targets[pos % root_->ways])
				return "invalid target position";
			for (; at >= 0; child = at, at = node(at).parent) {
				std::vector<int> &list = entered_[at];
				if (std::find(list.begin(), list.end(), child) == list.end())
					list.push_back(child);
			}
		}
		for (const auto &[port, children] : entered_) {
			problem = check_port(port);
			if (problem.empty())
				problem = check_peers(port);
			if (!problem.empty())
				return problem;
		}
		return "";
	}
};

} // namespace fw_test

#endif
