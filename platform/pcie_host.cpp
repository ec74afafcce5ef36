// SPDX-License-Identifier: Apache-2.0
//
// ECAM and PCIe memory windows; see pcie_host.h.
#include "pcie_host.h"

#include <cstring>

#include <vcxl/tlm/extension.h>

#include "machine.h"

namespace vcxl
{

pcie_host::pcie_host(const sc_core::sc_module_name &name, const layout &l, size_t n_functions)
    : sc_module(name), ecam("ecam"), mem32("mem32"), mem64("mem64"), mem32_pci("mem32_pci"),
      mem64_pci("mem64_pci"), bridges("bridge", l.n_bridges), functions("function", n_functions),
      layout_(l)
{
	mem32_pci.register_b_transport(this, &pcie_host::mem_transport);
	mem64_pci.register_b_transport(this, &pcie_host::mem_transport);
	ecam.register_b_transport(this, &pcie_host::config_transport);
	mem32.register_b_transport(this, &pcie_host::mem_transport);
	mem64.register_b_transport(this, &pcie_host::mem_transport);
}

void pcie_host::forward(int bridge, tlm::tlm_generic_payload &trans, sc_core::sc_time &delay)
{
	trans.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
	if (bridge != none)
		bridges[static_cast<size_t>(bridge)]->b_transport(trans, delay);
	for (size_t i = 0; bridge == none && i < functions.size(); i++) {
		functions[i]->b_transport(trans, delay);
		if (trans.get_response_status() != tlm::TLM_ADDRESS_ERROR_RESPONSE)
			break;
	}
	if (trans.get_response_status() != tlm::TLM_ADDRESS_ERROR_RESPONSE)
		return;
	if (trans.is_read())
		std::memset(trans.get_data_ptr(), 0xff, trans.get_data_length());
	trans.set_response_status(tlm::TLM_OK_RESPONSE);
}

void pcie_host::config_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay)
{
	const uint64_t address = trans.get_address();
	const unsigned bus = static_cast<unsigned>(address >> 20);
	cxl_io_extension request;
	int bridge = none;

	for (unsigned i = 0; i < layout_.n_bridges; i++)
		if (bus >= layout_.bridges[i].first_bus && bus <= layout_.bridges[i].last_bus)
			bridge = static_cast<int>(i);
	request.config = true;
	request.bus = static_cast<uint8_t>(bus);
	request.devfn = static_cast<uint8_t>(address >> 12);
	trans.set_address(address & 0xfff);
	trans.set_extension(&request);
	forward(bridge, trans, delay);
	trans.clear_extension(&request);
	trans.set_address(address);
}

void pcie_host::mem_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay)
{
	const uint64_t address = trans.get_address();
	int bridge = none;

	for (unsigned i = 0; i < layout_.n_bridges; i++)
		for (const map_range &r : { layout_.bridges[i].mem32, layout_.bridges[i].mem64 })
			if (address >= r.base && address - r.base < r.size)
				bridge = static_cast<int>(i);
	forward(bridge, trans, delay);
}

} // namespace vcxl
