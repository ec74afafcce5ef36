// SPDX-License-Identifier: Apache-2.0
//
// A virtio device as a PCI function on bus 0: requests of the host to registers, DMA and messages
// out of it, and the time that a request takes. The device is C (platform/dev/virtio_*.c).
#ifndef VCXL_PLATFORM_VIRTIO_FUNCTION_H
#define VCXL_PLATFORM_VIRTIO_FUNCTION_H

#include <cstdint>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <virtio_blk.h>
#include <virtio_console.h>
#include <virtio_rng.h>

#include "console_port.h"

namespace vcxl
{

class virtio_function : public sc_core::sc_module
{
public:
	tlm_utils::simple_target_socket<virtio_function, 64> io_in;
	tlm_utils::simple_initiator_socket<virtio_function, 64> dma; // and messages

	virtio_function(const sc_core::sc_module_name &name, unsigned devfn);
	SC_HAS_PROCESS(virtio_function);

	// What it is; one of them, before the simulation.
	void be_block_device(const vcxl_blk_media &media, const std::string &serial,
			     const vcxl_trace *trace);
	void be_rng(uint64_t seed);
	void be_console(console_port &port);
	void reset() { vcxl_virtio_reset(virtio_, VCXL_RESET_HOT); }

private:
	vcxl_virtio_wires wires();
	bool access_host(bool write, uint64_t address, uint8_t *data, uint32_t len);
	void b_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	void run();

	const unsigned devfn_;
	vcxl_blk blk_{};
	vcxl_rng rng_{};
	vcxl_vcon con_{};
	vcxl_virtio *virtio_ = nullptr; // of one of them
	sc_core::sc_event due_;
	sc_core::sc_time offset_ = sc_core::SC_ZERO_TIME; // of the access being served
};

} // namespace vcxl

#endif
