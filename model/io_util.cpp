// SPDX-License-Identifier: Apache-2.0
//
// See io_util.h.
#include "io_util.h"

namespace vcxl
{

bool accept_register(payload &trans)
{
	const uint32_t len = trans.get_data_length(), n = trans.get_byte_enable_length();
	const unsigned char *enable = trans.get_byte_enable_ptr();

	if (len > 8 || !vcxl_is_pow2(len) || trans.get_streaming_width() < len) {
		trans.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
		return false;
	}
	// bytes beyond the length of the access do not count
	if (enable && !std::all_of(enable, enable + std::min(n, len),
				   [](unsigned char e) { return e == TLM_BYTE_ENABLED; })) {
		trans.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
		return false;
	}
	return true;
}

void trace_register(const vcxl_trace *trace, const char *name, const payload &trans,
		    const register_place &place, uint64_t value)
{
	if (place.space == VCXL_SPACE_CONFIG) {
		const cxl_io_extension *io = config_request(trans);
		const uint64_t bdf =
			io ? static_cast<uint64_t>(io->bus) << 8 | io->devfn : uint64_t{ 0 };

		vcxl_trace_emit(trace, VCXL_TRACE_CONFIG, name, trans.is_write(), bdf, place.offset,
				trans.get_data_length(), value);
	} else {
		vcxl_trace_emit(trace, VCXL_TRACE_MMIO, name, trans.is_write(), place.space,
				place.offset, trans.get_data_length(), value);
	}
}

} // namespace vcxl
