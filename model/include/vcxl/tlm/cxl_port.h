// SPDX-License-Identifier: Apache-2.0
//
// A CXL port: host bridge, root port, switch upstream or downstream port. CXL.mem goes through
// mem_in/mem_out, CXL.io (configuration and memory requests) through io_in/io_out.
#ifndef VCXL_TLM_CXL_PORT_H
#define VCXL_TLM_CXL_PORT_H

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <vcxl/port.h>
#include <vcxl/tlm/latency.h>
#include <vcxl/trace.h>

namespace vcxl
{

struct cxl_dmi_extension;
struct cxl_io_extension;

class cxl_port : public sc_core::sc_module
{
public:
	struct dport {
		uint8_t number = 0; // LnkCap port number of the port below
		uint8_t devfn = 0;  // its device and function on the bus below this one
	};
	struct config {
		vcxl_port_config port{};   // name is taken from the module
		std::vector<dport> dports; // at most one for root and downstream ports
		unsigned n_upstream = 1;   // host bridges: how many windows reach it
		uint8_t bus_nr = 0;        // host bridges: bus of the root ports
		cxl_latency latency;
		const vcxl_trace *trace = nullptr; // borrowed
	};

	sc_core::sc_vector<tlm_utils::simple_target_socket_tagged<cxl_port, 64>> mem_in;
	sc_core::sc_vector<tlm_utils::simple_initiator_socket_tagged<cxl_port, 64>> mem_out;
	// A request that nothing here or below claims is answered TLM_ADDRESS_ERROR_RESPONSE.
	tlm_utils::simple_target_socket<cxl_port, 64> io_in;
	sc_core::sc_vector<tlm_utils::simple_initiator_socket<cxl_port, 64>> io_out;
	// Host bridges: component registers (CHBCR); addresses are offsets, 0..0xffff. Others leave
	// it unbound.
	tlm_utils::simple_target_socket_optional<cxl_port, 64> chbcr;
	// Interrupt messages: 4-byte writes to an HPA. May stay unbound.
	tlm_utils::simple_initiator_socket_optional<cxl_port, 64> msi;
	// Error messages (PCIe r6.0 2.2.8.3): 2-byte writes of the requester ID to the message
	// code. From each dport, and from all but root ports to the port above; all may stay
	// unbound.
	sc_core::sc_vector<tlm_utils::simple_target_socket_optional<cxl_port, 64>> message_in;
	tlm_utils::simple_initiator_socket_optional<cxl_port, 64> message_out;

	cxl_port(const sc_core::sc_module_name &name, const config &cfg);
	~cxl_port() override;

	void reset(vcxl_reset kind);
	vcxl_port *core() { return port_.get(); }
	// Hot-plug slots (config::port.hotplug): what is below has got or lost power; may call
	// vcxl_port_remove() of the core. The dport is bound all the same, to an empty cxl_memdev.
	std::function<void(bool on)> slot_power;

private:
	struct deleter {
		void operator()(vcxl_port *port) const { vcxl_port_destroy(port); }
	};
	void create();
	void before_end_of_elaboration() override; // reports what is not bound

	void mem_transport(int, tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	unsigned mem_debug(int, tlm::tlm_generic_payload &trans);
	bool mem_dmi(int, tlm::tlm_generic_payload &trans, tlm::tlm_dmi &dmi);
	void describe(uint64_t hpa, cxl_dmi_extension &out);
	void invalidate(uint64_t first, uint64_t last);
	void invalidate_below(int index, sc_dt::uint64 first, sc_dt::uint64 last);
	void forward(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	vcxl_status route(uint64_t hpa, unsigned &index) const;
	uint64_t boundary(uint64_t hpa) const;

	void io_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	void signal_hot_reset();
	unsigned io_debug(tlm::tlm_generic_payload &trans);
	void message_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	void chbcr_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	unsigned chbcr_debug(tlm::tlm_generic_payload &trans);
	template <class Own, class Below>
	bool route_config(const tlm::tlm_generic_payload &trans, cxl_io_extension &io, Own own,
			  Below below);
	template <class Own, class Below>
	bool route_memory(const tlm::tlm_generic_payload &trans, Own own, Below below);
	template <class Own, class Below>
	bool route_io(tlm::tlm_generic_payload &trans, Own own, Below deliver);

	config config_;
	uint64_t latency_ps_;
	sc_core::sc_time latency_;
	std::unique_ptr<vcxl_port, deleter> port_; // last: its callbacks use the others
};

} // namespace vcxl

#endif
