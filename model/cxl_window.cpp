// SPDX-License-Identifier: Apache-2.0
//
// A CXL Fixed Memory Window as a TLM-2.0 module, see cxl_window.h. CXL r3.1 9.18.1.3.
#include <algorithm>
#include <iterator>
#include <string>

#include <vcxl/tlm/cxl_window.h>

#include "interleaved_dmi.h"
#include "tlm_util.h"

namespace vcxl
{

namespace
{

// A window that cannot be has one way, so that construction can come to the point of reporting it.
unsigned n_targets(const cxl_window::config &cfg)
{
	return cfg.ways >= 1 && cfg.ways <= VCXL_MAX_WAYS ? cfg.ways : 1;
}

// More maps than can be make the window impossible, too.
vcxl_xor arithmetic_of(const std::vector<uint64_t> &maps)
{
	vcxl_xor arithmetic{};

	arithmetic.n = static_cast<unsigned>(maps.size());
	for (size_t i = 0; i < maps.size() && i < VCXL_MAX_XOR_MAPS; i++)
		arithmetic.map[i] = maps[i];
	return arithmetic;
}

// The core's check, which also wants a host bridge for each way. Here that is a socket, checked
// when it is bound: any pointer stands for it, and nothing follows it.
bool possible(vcxl_window window, void *somewhere)
{
	std::fill(std::begin(window.targets), std::end(window.targets),
		  static_cast<vcxl_port *>(somewhere));
	return vcxl_window_check(&window) == VCXL_OK;
}

} // namespace

cxl_window::cxl_window(const sc_core::sc_module_name &name, const config &cfg)
    : sc_module(name), in("in"), out("out", n_targets(cfg)),
      latency_(time_of(cfg.latency.window_ps)), latency_ps_(cfg.latency.window_ps),
      trace_(cfg.trace)
{
	window_.base = cfg.base;
	window_.size = cfg.size;
	window_.arithmetic = arithmetic_of(cfg.xor_maps);
	if (vcxl_interleave_make(cfg.ways, cfg.granularity, &window_.interleave) != VCXL_OK ||
	    !possible(window_, this)) {
		window_.size = 0; // routes nothing, should the report not end the simulation
		window_.interleave = { 8, 0, false };
		window_.arithmetic.n = 0;
		report_error("vcxl/window",
			     std::string(this->name()) +
				     " is impossible: ways is 1, 2, 3, 4, 6, 8, 12 or 16, "
				     "granularity a power of two 256..16384, base a multiple of "
				     "256 MiB, size a multiple of ways x 256 MiB; XOR maps are as "
				     "many as ways have factors 2, the lowest bit of the k-th is "
				     "granularity << k, and together they are their own inverse");
	}
	in.register_b_transport(this, &cxl_window::b_transport);
	in.register_transport_dbg(this, &cxl_window::transport_dbg);
	in.register_get_direct_mem_ptr(this, &cxl_window::get_direct_mem_ptr);
	for (unsigned i = 0; i < out.size(); i++)
		out[i].register_invalidate_direct_mem_ptr(this, &cxl_window::invalidate,
							  static_cast<int>(i));
}

void cxl_window::before_end_of_elaboration()
{
	for (unsigned i = 0; i < out.size(); i++)
		if (out[i].get_base_port().bind_count() == 0)
			report_error("vcxl/window",
				     std::string(out[i].name()) + " is not bound: " + name() +
					     " interleaves over " + std::to_string(out.size()) +
					     " host bridges and needs one for each way");
}

bool cxl_window::holds(const payload &trans, uint32_t len) const
{
	return vcxl_range_inside(trans.get_address(), len, window_.base, window_.size);
}

// One piece, inside one granule.
void cxl_window::forward(payload &trans, sc_core::sc_time &delay)
{
	const uint64_t spa = trans.get_address(), hpa = vcxl_window_hpa(&window_, spa);
	const unsigned target = vcxl_window_target(&window_, hpa);

	if (!out[target].size()) { // elaboration is not finished
		trans.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
		return;
	}
	vcxl_trace_emit(trace_, VCXL_TRACE_WINDOW, name(), trans.is_write(), spa,
			trans.get_data_length(), vcxl_interleave_ways(window_.interleave), target,
			latency_ps_);
	delay += latency_;
	trans.set_address(hpa);
	out[target]->b_transport(trans, delay);
	trans.set_address(spa);
}

void cxl_window::b_transport(payload &trans, sc_core::sc_time &delay)
{
	if (__builtin_expect(is_plain(trans) && within_line(trans), 1)) {
		if (__builtin_expect(holds(trans, trans.get_data_length()), 1))
			forward(trans, delay);
		else
			unrouted(trans);
		return;
	}
	if (!accept(trans))
		return;
	if (!holds(trans, span_of(trans))) {
		unrouted(trans);
		return;
	}
	if (is_plain(trans) && trans.get_data_length() <= boundary(trans.get_address()))
		forward(trans, delay);
	else
		forward_pieces(
			trans, [this](uint64_t spa) { return boundary(spa); },
			[&](payload &part) { forward(part, delay); });
}

uint64_t cxl_window::boundary(uint64_t spa) const
{
	if (vcxl_interleave_ways(window_.interleave) == 1)
		return no_boundary;
	return to_granule_end(spa, vcxl_interleave_granularity(window_.interleave));
}

void cxl_window::unrouted(payload &trans)
{
	vcxl_trace_emit(trace_, VCXL_TRACE_UNROUTED, name(), trans.is_write(), trans.get_address(),
			trans.get_data_length(), status_field(VCXL_E_UNROUTED));
	trans.set_response_status(response_of(VCXL_E_UNROUTED));
}

unsigned cxl_window::transport_dbg(payload &trans)
{
	if (!trans.get_data_length() || trans.get_command() == tlm::TLM_IGNORE_COMMAND)
		return 0;
	return forward_debug(
		trans, [this](uint64_t spa) { return boundary(spa); },
		[this](payload &part) {
			const uint64_t spa = part.get_address();
			const uint64_t hpa = vcxl_window_hpa(&window_, spa);
			const unsigned target = vcxl_window_target(&window_, hpa);

			if (!holds(part, 1) || !out[target].size())
				return 0u;
			part.set_address(hpa);
			const unsigned done = out[target]->transport_dbg(part);
			part.set_address(spa);
			return done;
		});
}

// Maps hold below for HPAs. They stay true for the host's addresses where whole blocks are granted,
// within which XOR arithmetic moves granules.
void cxl_window::describe(uint64_t spa, cxl_dmi_extension &map)
{
	const uint64_t block = block_size();

	ask_all_targets(window_.interleave, inclusive(window_.base, window_.size),
			vcxl_window_hpa(&window_, spa), map,
			[this](payload &request, tlm::tlm_dmi &answer) {
				const unsigned i =
					vcxl_window_target(&window_, request.get_address());

				if (this->out[i].size())
					this->out[i]->get_direct_mem_ptr(request, answer);
			});
	deny_aliases(map);
	if (!window_.arithmetic.n || !map.granted)
		return;
	const uint64_t end = (map.last + 1) / block * block;

	if (end == 0) { // less than the first block
		map.deny();
		return;
	}
	narrow(map, { (map.first + block - 1) / block * block, end - 1 });
	map.arithmetic = window_.arithmetic;
}

bool cxl_window::get_direct_mem_ptr(payload &trans, tlm::tlm_dmi &dmi)
{
	const uint64_t spa = trans.get_address(), hpa = vcxl_window_hpa(&window_, spa);

	if (!holds(trans, 1))
		return deny_dmi(dmi, spa < window_.base ? dmi_range{ 0, window_.base - 1 }
							: dmi_range{ window_.base + window_.size,
								     UINT64_MAX });

	const dmi_range range = dmi_range_of(window_.interleave, window_.base, window_.size, hpa);
	const unsigned target = vcxl_window_target(&window_, hpa);

	const detached_dmi_extension extension(trans);

	bool granted = false;

	if (out[target].size()) {
		trans.set_address(hpa);
		granted = out[target]->get_direct_mem_ptr(trans, dmi);
		trans.set_address(spa);
		narrow_dmi(dmi, range, latency_);
	} else {
		deny_dmi(dmi, range);
	}
	// a granule keeps its inside: all of its addresses change alike
	dmi.set_start_address(dmi.get_start_address() + (spa - hpa));
	dmi.set_end_address(dmi.get_end_address() + (spa - hpa));
	if (extension.get() && granted)
		describe(spa, *extension.get());
	return granted;
}

uint64_t cxl_window::block_size() const
{
	return vcxl_interleave_granularity(window_.interleave) << window_.interleave.ways_shift;
}

// A range below may serve other windows too: only what lies in this one is told upstream.
void cxl_window::invalidate(int, sc_dt::uint64 first, sc_dt::uint64 last)
{
	const uint64_t window_last = window_.base + window_.size - 1;

	if (window_.arithmetic.n) { // wherever in its blocks
		first = first / block_size() * block_size();
		last |= block_size() - 1;
	}
	if (window_.size && last >= window_.base && first <= window_last && in.size())
		in->invalidate_direct_mem_ptr(std::max<uint64_t>(first, window_.base),
					      std::min<uint64_t>(last, window_last));
}

} // namespace vcxl
