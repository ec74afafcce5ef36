// SPDX-License-Identifier: Apache-2.0
//
// See interleaved_dmi.h. CXL r3.1 9.13: which decoders make a set, and in which order.
#include "interleaved_dmi.h"

#include <algorithm>
#include <numeric>

namespace vcxl
{

namespace
{

bool is_linear(const cxl_dmi_extension &map)
{
	return map.slots.size() == 1 && map.stride == map.granule;
}

// How far host memory advances over `bytes` of addresses, a multiple of the period.
uint64_t advance(const cxl_dmi_extension &map, uint64_t bytes)
{
	return is_linear(map) ? bytes : bytes / map.period() * map.stride;
}

// Makes the slots begin at `first`, a multiple of the granule.
void rebase(cxl_dmi_extension &map, uint64_t first)
{
	std::vector<unsigned char *> slots(map.slots.size());

	for (size_t i = 0; i < slots.size(); i++)
		slots[i] = map.host(first + i * map.granule);
	map.slots = std::move(slots);
	map.first = first;
}

} // namespace

detached_dmi_extension::detached_dmi_extension(payload &trans)
    : trans_(trans), extension_(trans.get_extension<cxl_dmi_extension>())
{
	if (!extension_)
		return;
	extension_->deny();
	trans_.clear_extension(extension_);
}

detached_dmi_extension::~detached_dmi_extension()
{
	if (extension_)
		trans_.set_extension(extension_);
}

void describe_decoder(const vcxl_memdev *md, uint64_t hpa, cxl_dmi_extension &out)
{
	const vcxl_decoder *decoder = vcxl_hdm_find(vcxl_memdev_hdm(md), hpa);

	uint64_t base, size;

	out.deny();
	if (!decoder || !vcxl_memdev_clean_range(md, hpa, &base, &size))
		return;
	const unsigned ways = vcxl_interleave_ways(decoder->interleave);
	const dmi_range range = inclusive(base, size);
	// a device cannot tell which granules are sent to it: it answers for all
	out.granule = ways == 1 ? VCXL_HDM_ALIGN : vcxl_interleave_granularity(decoder->interleave);
	out.stride = out.granule;
	out.first = range.first;
	out.last = range.last;
	for (unsigned i = 0; i < ways; i++) {
		vcxl_dmi granule;

		if (!vcxl_memdev_dmi(md, out.first + i * out.granule, &granule)) {
			out.deny();
			return;
		}
		out.slots.push_back(granule.host);
	}
	out.granted = true;
}

void narrow(cxl_dmi_extension &out, const dmi_range &range)
{
	if (!out.granted)
		return;
	out.last = std::min(out.last, range.last);
	if (out.first < range.first)
		rebase(out, range.first);
	if (out.first > out.last)
		out.deny();
}

void compose(const vcxl_interleave &interleave, std::vector<cxl_dmi_extension> targets,
	     cxl_dmi_extension &out)
{
	uint64_t granule = vcxl_interleave_granularity(interleave);
	uint64_t period = granule * vcxl_interleave_ways(interleave);

	if (targets.size() == 1) {
		out = targets[0];
		return;
	}
	out.deny();
	// poison withdraws different pages of different targets: what all of them grant
	dmi_range common = { 0, UINT64_MAX };
	for (const cxl_dmi_extension &target : targets) {
		if (!target.granted)
			return;
		common.first = std::max(common.first, target.first);
		common.last = std::min(common.last, target.last);
	}
	for (cxl_dmi_extension &target : targets) {
		narrow(target, common);
		if (!target.granted)
			return;
		if (is_linear(target))
			continue;
		granule = std::min(granule, target.granule);
		period = std::lcm(period, target.period());
	}
	out.stride = advance(targets[0], period);
	for (const cxl_dmi_extension &target : targets)
		if (advance(target, period) != out.stride)
			return;
	out.granule = granule;
	out.first = targets[0].first;
	out.last = targets[0].last;
	for (uint64_t hpa = out.first; hpa - out.first < period; hpa += granule)
		out.slots.push_back(targets[vcxl_interleave_position(interleave, hpa)].host(hpa));
	out.granted = true;
}

void deny_aliases(cxl_dmi_extension &out)
{
	std::vector<uintptr_t> at;

	for (unsigned char *slot : out.slots)
		at.push_back(reinterpret_cast<uintptr_t>(slot));
	std::sort(at.begin(), at.end());
	for (size_t i = 1; i < at.size(); i++) {
		if (at[i] - at[i - 1] < out.granule) {
			out.deny();
			return;
		}
	}
}

} // namespace vcxl
