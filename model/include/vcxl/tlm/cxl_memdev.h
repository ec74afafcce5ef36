// SPDX-License-Identifier: Apache-2.0
//
// A CXL Type-3 memory device behind TLM-2.0 sockets. All rules are the core's; this module turns
// payloads into core calls, and core calls into payloads.
#ifndef VCXL_TLM_CXL_MEMDEV_H
#define VCXL_TLM_CXL_MEMDEV_H

#include <cstdint>
#include <memory>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <vcxl/memdev.h>
#include <vcxl/tlm/latency.h>
#include <vcxl/trace.h>

namespace vcxl
{

struct register_place;

class cxl_memdev : public sc_core::sc_module
{
public:
	struct config {
		vcxl_memdev_config memdev{}; // name is taken from the module
		vcxl_media dc_media{}; // of all regions of dynamic capacity that name no other
		uint8_t devfn = 0;
		cxl_latency latency;
		const vcxl_trace *trace = nullptr; // borrowed
		bool empty = false;                // a place for a device that insert() brings
	};

	tlm_utils::simple_target_socket<cxl_memdev, 64> mem_in; // CXL.mem: HPAs
	tlm_utils::simple_target_socket<cxl_memdev, 64> io_in;  // CXL.io: configuration and BARs
	tlm_utils::simple_initiator_socket_optional<cxl_memdev, 64> msi;
	// Error messages (PCIe r6.0 2.2.8.3) to the port above: 2-byte writes of the requester ID
	// to the message code. May stay unbound.
	tlm_utils::simple_initiator_socket_optional<cxl_memdev, 64> message_out;

	cxl_memdev(const sc_core::sc_module_name &name, const config &cfg);
	~cxl_memdev() override;

	void reset(vcxl_reset kind);
	// Dynamic capacity as its manager asks for it, now.
	vcxl_dc_error add_capacity(const vcxl_dc_add_request &request);
	vcxl_dc_error release_capacity(const vcxl_dc_release_request &request);
	// A command of the fabric manager; out has room for max_output bytes and gets what it
	// answers.
	cxl_rc fm_command(uint16_t opcode, const std::vector<uint8_t> &in,
			  std::vector<uint8_t> &out, uint32_t max_output = 0x10000);
	// Before the core is used from outside a transport: it is `now_ps`.
	void advance(uint64_t now_ps);
	// Power is about to fail; see vcxl_memdev_gpf().
	bool gpf(uint64_t phase2_ps);
	// nullptr while there is no device: every request is answered as to nothing.
	vcxl_memdev *core() { return memdev_.get(); }

	// The device of an empty module, also during simulation: SystemC forbids new modules then.
	// Reports and throws as the constructor does; the module is empty then.
	void insert(const config &cfg);
	// The device goes, its DMI is withdrawn; what was lent to it is used no more.
	void remove();

private:
	struct deleter {
		void operator()(vcxl_memdev *md) const { vcxl_memdev_destroy(md); }
	};
	void create();
	void mem_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	unsigned mem_debug(tlm::tlm_generic_payload &trans);
	bool mem_dmi(tlm::tlm_generic_payload &trans, tlm::tlm_dmi &dmi);
	vcxl_status access(tlm::tlm_generic_payload &trans, uint64_t hpa, unsigned char *data,
			   uint32_t len);
	void access_pieces(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	uint64_t boundary(uint64_t hpa) const;
	void invalidate(uint64_t hpa, uint64_t size);

	void io_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	unsigned io_debug(tlm::tlm_generic_payload &trans);
	bool find_register(const tlm::tlm_generic_payload &trans, register_place &place);

	void tick(const sc_core::sc_time &delay);
	void schedule();
	void run_deadline();

	config config_;
	sc_core::sc_time latency_;
	sc_core::sc_event deadline_;
	uint64_t now_ps_ = 0;
	std::unique_ptr<vcxl_memdev, deleter> memdev_; // last: its callbacks use the others
};

} // namespace vcxl

#endif
