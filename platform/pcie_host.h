// SPDX-License-Identifier: Apache-2.0
//
// The host's side of PCIe: ECAM and the memory windows, handed to the host bridge that owns the bus
// or the address. What no device claims reads all-ones and swallows writes, as a root complex does.
#ifndef VCXL_PLATFORM_PCIE_HOST_H
#define VCXL_PLATFORM_PCIE_HOST_H

#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include "memory_map.h"

namespace vcxl
{

class pcie_host : public sc_core::sc_module
{
public:
	tlm_utils::simple_target_socket<pcie_host, 64> ecam; // offsets in ECAM
	// addresses: of the bridges, and of the functions on bus 0
	tlm_utils::simple_target_socket<pcie_host, 64> mem32, mem64, mem32_pci, mem64_pci;
	// one per bridge of the layout, in its order
	sc_core::sc_vector<tlm_utils::simple_initiator_socket<pcie_host, 64>> bridges;

	// bus 0; each knows whether a request is for it
	sc_core::sc_vector<tlm_utils::simple_initiator_socket<pcie_host, 64>> functions;

	pcie_host(const sc_core::sc_module_name &name, const layout &l, size_t n_functions);

private:
	void config_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	void mem_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	// bridge none: to the functions
	void forward(int bridge, tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);

	const layout layout_;
};

} // namespace vcxl

#endif
