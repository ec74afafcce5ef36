// SPDX-License-Identifier: Apache-2.0
//
// A CXL Fixed Memory Window: chooses the host bridge of an access. CXL r3.1 9.18.1.3 (CFMWS).
#ifndef VCXL_TLM_CXL_WINDOW_H
#define VCXL_TLM_CXL_WINDOW_H

#include <cstdint>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <vcxl/route.h>
#include <vcxl/tlm/latency.h>
#include <vcxl/trace.h>

namespace vcxl
{

struct cxl_dmi_extension;

class cxl_window : public sc_core::sc_module
{
public:
	struct config {
		uint64_t base = 0, size = 0; // multiples of 256 MiB and of ways x 256 MiB
		unsigned ways = 1;           // 1, 2, 3, 4, 6, 8, 12 or 16
		unsigned granularity = 256;  // 256 .. 16384
		// XOR arithmetic, see vcxl/xor.h; none: modulo. Below, addresses are HPAs, by which
		// ports and devices decode; the host's own are not the same then
		std::vector<uint64_t> xor_maps;
		cxl_latency latency;
		const vcxl_trace *trace = nullptr; // borrowed
	};

	// CXL.mem from the host; its addresses, absolute
	tlm_utils::simple_target_socket<cxl_window, 64> in;
	// one per way, in interleave order, each to a host bridge
	sc_core::sc_vector<tlm_utils::simple_initiator_socket_tagged<cxl_window, 64>> out;

	// Reports an impossible configuration as SC_ERROR at construction.
	cxl_window(const sc_core::sc_module_name &name, const config &cfg);

	const vcxl_window &window() const { return window_; }

private:
	void b_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	unsigned transport_dbg(tlm::tlm_generic_payload &trans);
	bool get_direct_mem_ptr(tlm::tlm_generic_payload &trans, tlm::tlm_dmi &dmi);
	void describe(uint64_t spa, cxl_dmi_extension &map);
	void invalidate(int index, sc_dt::uint64 first, sc_dt::uint64 last);
	void before_end_of_elaboration() override; // reports what is not bound

	bool holds(const tlm::tlm_generic_payload &trans, uint32_t len) const;
	uint64_t boundary(uint64_t spa) const;
	uint64_t block_size() const; // of the pieces that XOR arithmetic maps to themselves
	void forward(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	void unrouted(tlm::tlm_generic_payload &trans);

	vcxl_window window_{};
	sc_core::sc_time latency_;
	uint64_t latency_ps_;
	const vcxl_trace *trace_;
};

} // namespace vcxl

#endif
