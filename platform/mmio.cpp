// SPDX-License-Identifier: Apache-2.0
//
// TLM-2.0 targets for host memory and C devices; see mmio.h.
#include "mmio.h"

#include <cstring>

#include <vcxl/bits.h>
#include <vcxl/le.h>

namespace vcxl
{

namespace
{

// What neither target supports; TLM_OK_RESPONSE when there is nothing against the request.
tlm::tlm_response_status check_generic(const tlm::tlm_generic_payload &trans)
{
	if (trans.get_byte_enable_ptr())
		return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
	if (trans.get_data_length() == 0 || trans.get_streaming_width() < trans.get_data_length())
		return tlm::TLM_BURST_ERROR_RESPONSE;
	return tlm::TLM_OK_RESPONSE;
}

} // namespace

tlm::tlm_response_status check_register_access(const tlm::tlm_generic_payload &trans)
{
	const unsigned len = trans.get_data_length();
	const tlm::tlm_response_status status = check_generic(trans);

	if (status == tlm::TLM_OK_RESPONSE && (len > 8 || !vcxl_is_pow2(len)))
		return tlm::TLM_BURST_ERROR_RESPONSE;
	return status;
}

memory_target::memory_target(const sc_core::sc_module_name &name, uint8_t *data, uint64_t size,
			     bool writable)
    : sc_module(name), in("in"), data_(data), size_(size), writable_(writable)
{
	in.register_b_transport(this, &memory_target::b_transport);
	in.register_transport_dbg(this, &memory_target::transport_dbg);
	in.register_get_direct_mem_ptr(this, &memory_target::get_direct_mem_ptr);
}

void memory_target::set_hole(uint64_t offset)
{
	hole_ = offset & ~uint64_t{ 0xfff };
}

void memory_target::b_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &)
{
	const tlm::tlm_response_status status = check_generic(trans);

	if (status != tlm::TLM_OK_RESPONSE) {
		trans.set_response_status(status);
		return;
	}
	if (trans.is_write() && !writable_) {
		trans.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
		return;
	}
	trans.set_response_status(transport_dbg(trans) == trans.get_data_length()
					  ? tlm::TLM_OK_RESPONSE
					  : tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

unsigned memory_target::transport_dbg(tlm::tlm_generic_payload &trans)
{
	const unsigned len = trans.get_data_length();

	if (!vcxl_range_inside(trans.get_address(), len, 0, size_))
		return 0;
	if (trans.is_read())
		std::memcpy(trans.get_data_ptr(), data_ + trans.get_address(), len);
	else if (trans.is_write())
		std::memcpy(data_ + trans.get_address(), trans.get_data_ptr(), len);
	return len;
}

bool memory_target::get_direct_mem_ptr(tlm::tlm_generic_payload &trans, tlm::tlm_dmi &dmi)
{
	const uint64_t address = trans.get_address();
	uint64_t first = 0, last = size_ - 1;
	bool granted = true;

	if (hole_ != UINT64_MAX) {
		if (address < hole_) {
			last = hole_ - 1;
		} else if (address >= hole_ + 0x1000) {
			first = hole_ + 0x1000;
		} else {
			first = hole_;
			last = hole_ + 0xfff;
			granted = false;
		}
	}
	dmi.set_start_address(first);
	dmi.set_end_address(last);
	dmi.set_dmi_ptr(data_ + first);
	if (writable_)
		dmi.allow_read_write();
	else
		dmi.allow_read();
	return granted;
}

device_target::device_target(const sc_core::sc_module_name &name, const vcxl_dev_ops &ops,
			     void *device)
    : sc_module(name), in("in"), ops_(ops), device_(device)
{
	in.register_b_transport(this, &device_target::b_transport);
}

uint64_t device_target::now_ps() const
{
	return (sc_core::sc_time_stamp() + offset_).value();
}

void device_target::b_transport(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay)
{
	const unsigned len = trans.get_data_length();
	const tlm::tlm_response_status status = check_register_access(trans);
	bool done = false;

	if (status != tlm::TLM_OK_RESPONSE) {
		trans.set_response_status(status);
		return;
	}
	offset_ = delay;
	if (trans.is_read()) {
		uint64_t value = 0;

		done = ops_.read(device_, trans.get_address(), len, &value);
		vcxl_store_le(trans.get_data_ptr(), len, value);
	} else if (trans.is_write()) {
		done = ops_.write(device_, trans.get_address(), len,
				  vcxl_load_le(trans.get_data_ptr(), len));
	}
	if (after_access)
		after_access();
	offset_ = sc_core::SC_ZERO_TIME;
	trans.set_response_status(done ? tlm::TLM_OK_RESPONSE : tlm::TLM_GENERIC_ERROR_RESPONSE);
}

} // namespace vcxl
