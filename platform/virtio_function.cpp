// SPDX-License-Identifier: Apache-2.0
//
// Virtio devices behind TLM-2.0 sockets; see virtio_function.h.
#include "virtio_function.h"

#include <algorithm>
#include <vector>

#include <vcxl/le.h>
#include <vcxl/tlm/extension.h>

#include "host_timing.h"
#include "mmio.h"

namespace vcxl
{

namespace
{

constexpr uint64_t page = 4096; // PCIe r6.0 2.2.7: no request crosses one

} // namespace

virtio_function::virtio_function(const sc_core::sc_module_name &name, unsigned devfn)
    : sc_module(name), io_in("io_in"), dma("dma"), devfn_(devfn)
{
	io_in.register_b_transport(this, &virtio_function::b_transport);
	SC_METHOD(run);
	sensitive << due_;
	dont_initialize();
}

void virtio_function::be_block_device(const vcxl_blk_media &media, const std::string &serial,
				      const vcxl_trace *trace)
{
	const vcxl_virtio_wires w = wires();

	vcxl_blk_init(&blk_, &media, serial.c_str(), &w, name(), trace);
	virtio_ = &blk_.virtio;
}

void virtio_function::be_rng(uint64_t seed)
{
	const vcxl_virtio_wires w = wires();

	vcxl_rng_init(&rng_, seed, &w);
	virtio_ = &rng_.virtio;
}

void virtio_function::be_console(console_port &port)
{
	const vcxl_virtio_wires w = wires();
	const vcxl_vcon_port p = port.wires();

	vcxl_vcon_init(&con_, &p, &w);
	virtio_ = &con_.virtio;
	port.typed = [this] { vcxl_vcon_typed(&con_); };
}

vcxl_virtio_wires virtio_function::wires()
{
	vcxl_virtio_wires w{};

	w.ctx = w.dma.ctx = w.irq.ctx = this;
	w.dma.read = [](void *ctx, uint64_t address, void *data, uint32_t len) {
		return static_cast<virtio_function *>(ctx)->access_host(
			false, address, static_cast<uint8_t *>(data), len);
	};
	w.dma.write = [](void *ctx, uint64_t address, const void *data, uint32_t len) {
		return static_cast<virtio_function *>(ctx)->access_host(
			true, address, static_cast<uint8_t *>(const_cast<void *>(data)), len);
	};
	w.irq.msi = [](void *ctx, uint64_t hpa, uint32_t data) {
		uint8_t bytes[4];

		vcxl_store_le(bytes, sizeof(bytes), data);
		static_cast<virtio_function *>(ctx)->access_host(true, hpa, bytes, sizeof(bytes));
	};
	w.notified = [](void *ctx) {
		virtio_function *self = static_cast<virtio_function *>(ctx);

		self->due_.notify(self->offset_ + sc_core::sc_time::from_value(virtio_latency_ps));
	};
	return w;
}

void virtio_function::run()
{
	vcxl_virtio_run(virtio_);
}

bool virtio_function::access_host(bool write, uint64_t address, uint8_t *data, uint32_t len)
{
	while (len) {
		const uint32_t n =
			static_cast<uint32_t>(std::min<uint64_t>(len, page - address % page));
		tlm::tlm_generic_payload trans;
		sc_core::sc_time delay = sc_core::SC_ZERO_TIME;

		trans.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
		trans.set_address(address);
		trans.set_data_ptr(data);
		trans.set_data_length(n);
		trans.set_streaming_width(n);
		dma->b_transport(trans, delay);
		if (!trans.is_response_ok())
			return false;
		address += n;
		data += n;
		len -= n;
	}
	return true;
}

void virtio_function::b_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay)
{
	const auto *io = trans.get_extension<cxl_io_extension>();
	const unsigned len = trans.get_data_length();
	const bool config = io && io->config;
	vcxl_space space = VCXL_SPACE_CONFIG;
	uint64_t offset = trans.get_address(), value = 0;

	if (config ? io->bus != 0 || io->devfn != devfn_
		   : !vcxl_pci_claims(&virtio_->pci, trans.get_address(), len, &space, &offset)) {
		trans.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
		return;
	}
	const tlm::tlm_response_status wrong = check_register_access(trans);
	if (wrong != tlm::TLM_OK_RESPONSE) {
		trans.set_response_status(wrong);
		return;
	}
	vcxl_status status;
	offset_ = delay;
	if (trans.is_write()) {
		value = vcxl_load_le(trans.get_data_ptr(), len);
		status = vcxl_virtio_write(virtio_, space, static_cast<uint32_t>(offset), len,
					   value);
	} else {
		status = vcxl_virtio_read(virtio_, space, static_cast<uint32_t>(offset), len,
					  &value);
		vcxl_store_le(trans.get_data_ptr(), len, value);
	}
	offset_ = sc_core::SC_ZERO_TIME;
	trans.set_response_status(status == VCXL_OK ? tlm::TLM_OK_RESPONSE
						    : tlm::TLM_GENERIC_ERROR_RESPONSE);
}

} // namespace vcxl
