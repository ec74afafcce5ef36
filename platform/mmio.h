// SPDX-License-Identifier: Apache-2.0
//
// The thin modules that put plain things behind a TLM-2.0 target socket: host memory, and devices
// written in C (platform/dev).
#ifndef VCXL_PLATFORM_MMIO_H
#define VCXL_PLATFORM_MMIO_H

#include <cstdint>
#include <functional>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_target_socket.h>

#include <dev.h>

namespace vcxl
{

// What stands against an access to registers of up to 8 bytes; TLM_OK_RESPONSE: nothing.
tlm::tlm_response_status check_register_access(const tlm::tlm_generic_payload &trans);

// Host memory from address 0 of the socket. A page that holds a hole is never granted for DMI, so
// that accesses to the hole reach whoever covers it on the bus.
class memory_target : public sc_core::sc_module
{
public:
	tlm_utils::simple_target_socket<memory_target, 64> in;

	memory_target(const sc_core::sc_module_name &name, uint8_t *data, uint64_t size,
		      bool writable);
	// The 4 KiB page at offset is not granted.
	void set_hole(uint64_t offset);

private:
	void b_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	unsigned transport_dbg(tlm::tlm_generic_payload &trans);
	bool get_direct_mem_ptr(tlm::tlm_generic_payload &trans, tlm::tlm_dmi &dmi);

	uint8_t *data_;
	uint64_t size_;
	bool writable_;
	uint64_t hole_ = UINT64_MAX;
};

// A device behind vcxl_dev_ops. now_ps() is the time of the access that is being served, or of the
// simulation when none is.
class device_target : public sc_core::sc_module
{
public:
	tlm_utils::simple_target_socket<device_target, 64> in;

	device_target(const sc_core::sc_module_name &name, const vcxl_dev_ops &ops, void *device);

	uint64_t now_ps() const;
	// called after each access; may be empty
	std::function<void()> after_access;

private:
	void b_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);

	const vcxl_dev_ops &ops_;
	void *device_;
	sc_core::sc_time offset_ = sc_core::SC_ZERO_TIME;
};

} // namespace vcxl

#endif
