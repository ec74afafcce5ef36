// SPDX-License-Identifier: Apache-2.0
//
// CXL.io at a port: which configuration and memory requests are its own, and where the others go.
// PCIe r6.0 2.2.7, 7.5.1.3; host bridges: one PCI bus (bus_nr) of root ports.
//
// Several root ports or downstream ports may be asked in turn; who does not claim a request
// answers TLM_ADDRESS_ERROR_RESPONSE (debug: 0 bytes). Nothing here takes time.
#include <vcxl/tlm/cxl_port.h>
#include <vcxl/tlm/extension.h>

#include "io_util.h"
#include "tlm_util.h"

namespace vcxl
{

namespace
{

// Marks a configuration request as type 0 or 1 for the link below, for a scope.
class link_type
{
public:
	link_type(cxl_io_extension &io, bool type1) : io_(io), was_(io.type1) { io_.type1 = type1; }
	~link_type() { io_.type1 = was_; }
	link_type(const link_type &) = delete;
	link_type &operator=(const link_type &) = delete;

private:
	cxl_io_extension &io_;
	const bool was_;
};

} // namespace

// own(place) -> bool and below(index) -> bool execute the request, and say whether it was claimed.
template <class Own, class Below>
bool cxl_port::route_config(const payload &trans, cxl_io_extension &io, Own own, Below below)
{
	const bool bridge = config_.port.kind == VCXL_PORT_HOST_BRIDGE;
	bool type0 = false;

	if (bridge) {
		type0 = io.bus == config_.bus_nr;
	} else if (!io.type1) {
		// Whoever forwarded it has looked up the device number; only a switch, which has a
		// link above, must be device 0.
		const bool mine = config_.port.kind != VCXL_PORT_UPSTREAM || io.devfn == 0;

		return mine && trans.get_address() < VCXL_PCI_CONFIG_SIZE &&
		       own(register_place{ VCXL_SPACE_CONFIG, trans.get_address() });
	} else if (!vcxl_pci_forwards_bus(vcxl_port_pci(port_.get()), io.bus, &type0)) {
		return false;
	}

	const link_type mark(io, !type0);
	const bool shared_bus = bridge || config_.port.kind == VCXL_PORT_UPSTREAM;

	if (type0 && !shared_bus && io.devfn >> 3 != 0)
		return false; // a link has one device
	for (unsigned i = 0; i < io_out.size(); i++)
		if ((!type0 || !shared_bus || config_.dports[i].devfn == io.devfn) && below(i))
			return true;
	return false;
}

template <class Own, class Below>
bool cxl_port::route_memory(const payload &trans, Own own, Below below)
{
	const vcxl_pci *pci = vcxl_port_pci(port_.get());

	if (pci) {
		register_place place;

		if (claimed_by_bar(pci, trans, place))
			return own(place);
		if (!vcxl_pci_forwards_address(pci, trans.get_address()))
			return false;
	}
	for (unsigned i = 0; i < io_out.size(); i++)
		if (below(i))
			return true;
	return false;
}

template <class Own, class Below> bool cxl_port::route_io(payload &trans, Own own, Below deliver)
{
	const auto below = [&](unsigned i) { return vcxl_port_link_up(port_.get()) && deliver(i); };

	if (cxl_io_extension *io = config_request(trans))
		return route_config(trans, *io, own, below);
	return route_memory(trans, own, below);
}

void cxl_port::io_transport(payload &trans, sc_core::sc_time &delay)
{
	if (is_hot_reset(trans)) {
		vcxl_port_hot_reset(port_.get());
		return;
	}
	if (!accept(trans))
		return;

	const auto own = [&](const register_place &place) {
		access_register(port_.get(), name(), config_.trace, trans, place);
		return true;
	};
	const auto below = [&](unsigned i) {
		if (!io_out[i].size()) // elaboration is not finished
			return false;
		trans.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
		io_out[i]->b_transport(trans, delay);
		return trans.get_response_status() != tlm::TLM_ADDRESS_ERROR_RESPONSE;
	};

	if (!route_io(trans, own, below))
		trans.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

// The core has reset what is above the links.
void cxl_port::signal_hot_reset()
{
	for (unsigned i = 0; i < io_out.size(); i++) {
		sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
		cxl_io_extension io;
		payload trans;

		if (!io_out[i].size()) // elaboration is not finished
			continue;
		io.hot_reset = true;
		trans.set_command(tlm::TLM_IGNORE_COMMAND);
		trans.set_extension(&io);
		io_out[i]->b_transport(trans, delay);
		trans.clear_extension(&io);
	}
}

unsigned cxl_port::io_debug(payload &trans)
{
	unsigned done = 0;

	route_io(
		trans,
		[&](const register_place &place) {
			done = debug_register(port_.get(), trans, place);
			return true;
		},
		[&](unsigned i) {
			done = io_out[i].size() ? io_out[i]->transport_dbg(trans) : 0;
			return done > 0;
		});
	return done;
}

void cxl_port::message_transport(payload &trans, sc_core::sc_time &)
{
	const uint64_t code = trans.get_address();
	const bool known =
		code == VCXL_ERR_COR || code == VCXL_ERR_NONFATAL || code == VCXL_ERR_FATAL;

	if (!accept(trans))
		return;
	if (!known || !trans.is_write() || config_.port.kind == VCXL_PORT_HOST_BRIDGE) {
		trans.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
		return;
	}
	if (trans.get_data_length() != 2) {
		trans.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
		return;
	}
	vcxl_port_error_message(port_.get(), static_cast<vcxl_error_message>(code),
				static_cast<uint16_t>(vcxl_load_le(trans.get_data_ptr(), 2)));
	trans.set_response_status(tlm::TLM_OK_RESPONSE);
}

void cxl_port::chbcr_transport(payload &trans, sc_core::sc_time &)
{
	if (!accept(trans))
		return;
	if (config_.port.kind != VCXL_PORT_HOST_BRIDGE ||
	    trans.get_address() >= VCXL_COMPONENT_SIZE)
		trans.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
	else
		access_register(port_.get(), name(), config_.trace, trans,
				register_place{ VCXL_SPACE_COMPONENT, trans.get_address() });
}

unsigned cxl_port::chbcr_debug(payload &trans)
{
	if (config_.port.kind != VCXL_PORT_HOST_BRIDGE ||
	    trans.get_address() >= VCXL_COMPONENT_SIZE)
		return 0;
	return debug_register(port_.get(), trans,
			      register_place{ VCXL_SPACE_COMPONENT, trans.get_address() });
}

} // namespace vcxl
