// SPDX-License-Identifier: Apache-2.0
//
// See tlm_util.h. IEEE 1666-2011 14.7-14.18.
#include "tlm_util.h"

namespace vcxl
{

namespace
{

struct status_row {
	vcxl_status status;
	tlm::tlm_response_status response;
};

// clang-format off
constexpr status_row responses[] = {
	{ VCXL_OK,         tlm::TLM_OK_RESPONSE },
	{ VCXL_E_NOMEM,    tlm::TLM_GENERIC_ERROR_RESPONSE },
	{ VCXL_E_CONFIG,   tlm::TLM_GENERIC_ERROR_RESPONSE },
	{ VCXL_E_ACCESS,   tlm::TLM_BURST_ERROR_RESPONSE },
	{ VCXL_E_UNROUTED, tlm::TLM_ADDRESS_ERROR_RESPONSE },
	{ VCXL_E_DISABLED, tlm::TLM_ADDRESS_ERROR_RESPONSE },
	{ VCXL_E_CAPACITY, tlm::TLM_ADDRESS_ERROR_RESPONSE },
	{ VCXL_E_GRANULE,  tlm::TLM_BURST_ERROR_RESPONSE },
	{ VCXL_E_MEDIA,    tlm::TLM_GENERIC_ERROR_RESPONSE },
	{ VCXL_E_POISON,   tlm::TLM_GENERIC_ERROR_RESPONSE },
	{ VCXL_E_UNBACKED, tlm::TLM_GENERIC_ERROR_RESPONSE },
};
// clang-format on

constexpr uint64_t ps_per_ns = 1000;

// Whether every element is one of the two values that 14.14 allows.
bool enables_valid(const payload &trans)
{
	const unsigned char *enable = trans.get_byte_enable_ptr();
	const uint32_t n = trans.get_byte_enable_length();

	return n > 0 && std::all_of(enable, enable + n, [](unsigned char e) {
		       return e == TLM_BYTE_ENABLED || e == TLM_BYTE_DISABLED;
	       });
}

} // namespace

tlm::tlm_response_status response_of(vcxl_status status)
{
	if (status == VCXL_OK)
		return tlm::TLM_OK_RESPONSE;
	for (const status_row &row : responses)
		if (row.status == status)
			return row.response;
	return tlm::TLM_GENERIC_ERROR_RESPONSE;
}

void report_error(const char *type, const std::string &text)
{
	SC_REPORT_ERROR(type, text.c_str());
}

uint64_t ps_of(const sc_core::sc_time &time)
{
	const uint64_t units_per_ns = sc_core::sc_time(1, sc_core::SC_NS).value();

	if (units_per_ns == ps_per_ns)
		return time.value();
	if (units_per_ns > ps_per_ns)
		return time.value() / (units_per_ns / ps_per_ns);
	return static_cast<uint64_t>(time.to_seconds() * 1e12 + 0.5);
}

sc_core::sc_time time_of(uint64_t ps)
{
	const uint64_t units_per_ns = sc_core::sc_time(1, sc_core::SC_NS).value();

	if (units_per_ns == ps_per_ns)
		return sc_core::sc_time::from_value(ps);
	return sc_core::sc_time(static_cast<double>(ps), sc_core::SC_PS);
}

bool accept(payload &trans)
{
	const tlm::tlm_command command = trans.get_command();
	tlm::tlm_response_status response = tlm::TLM_INCOMPLETE_RESPONSE;

	if (command == tlm::TLM_IGNORE_COMMAND)
		response = tlm::TLM_OK_RESPONSE;
	else if (command != tlm::TLM_READ_COMMAND && command != tlm::TLM_WRITE_COMMAND)
		response = tlm::TLM_COMMAND_ERROR_RESPONSE;
	else if (!trans.get_data_length() || !trans.get_streaming_width())
		response = tlm::TLM_BURST_ERROR_RESPONSE;
	else if (!trans.get_data_ptr())
		response = tlm::TLM_GENERIC_ERROR_RESPONSE;
	else if (trans.get_byte_enable_ptr() && !enables_valid(trans))
		response = tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
	else if (span_of(trans) - 1 > UINT64_MAX - trans.get_address())
		response = tlm::TLM_ADDRESS_ERROR_RESPONSE;
	if (response != tlm::TLM_INCOMPLETE_RESPONSE)
		trans.set_response_status(response);
	return response == tlm::TLM_INCOMPLETE_RESPONSE;
}

uint64_t to_decoder_boundary(const vcxl_decoder &decoder, uint64_t hpa)
{
	const uint64_t to_end = decoder.size - (hpa - decoder.hpa_base);

	if (vcxl_interleave_ways(decoder.interleave) == 1)
		return to_end;
	return std::min(to_end,
			to_granule_end(hpa, vcxl_interleave_granularity(decoder.interleave)));
}

sub_payload::sub_payload(payload &whole) : whole_(whole)
{
	set_command(whole.get_command());
	set_gp_option(whole.get_gp_option());
	for (unsigned i = 0; i < tlm::max_num_extensions(); i++)
		set_extension(i, whole.get_extension(i));
}

sub_payload::~sub_payload()
{
	// the base class would free what is only borrowed
	for (unsigned i = 0; i < tlm::max_num_extensions(); i++)
		set_extension(i, nullptr);
}

void sub_payload::select(const piece &p)
{
	unsigned char *enable = whole_.get_byte_enable_ptr();
	const uint32_t period = whole_.get_byte_enable_length();

	set_address(p.address);
	set_data_ptr(whole_.get_data_ptr() + p.offset);
	set_data_length(p.len);
	set_streaming_width(p.len);
	set_byte_enable_ptr(enable ? enable + p.offset % period : nullptr);
	// a piece that starts inside the array ends with it, see for_each_piece()
	set_byte_enable_length(enable ? period - p.offset % period : 0);
	set_dmi_allowed(false);
	set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
}

dmi_range inclusive(uint64_t hpa, uint64_t size)
{
	if (size == 0)
		return { hpa, hpa };
	return { hpa, size - 1 > UINT64_MAX - hpa ? UINT64_MAX : hpa + size - 1 };
}

dmi_range dmi_range_of(const vcxl_interleave &interleave, uint64_t base, uint64_t size,
		       uint64_t address)
{
	const uint64_t granule = vcxl_interleave_granularity(interleave);

	if (vcxl_interleave_ways(interleave) == 1)
		return inclusive(base, size);
	return inclusive(address & ~(granule - 1), granule);
}

void narrow_dmi(tlm::tlm_dmi &dmi, const dmi_range &range, const sc_core::sc_time &latency)
{
	if (dmi.get_start_address() < range.first) {
		if (dmi.get_dmi_ptr())
			dmi.set_dmi_ptr(dmi.get_dmi_ptr() +
					(range.first - dmi.get_start_address()));
		dmi.set_start_address(range.first);
	}
	if (dmi.get_end_address() > range.last)
		dmi.set_end_address(range.last);
	dmi.set_read_latency(dmi.get_read_latency() + latency);
	dmi.set_write_latency(dmi.get_write_latency() + latency);
}

bool deny_dmi(tlm::tlm_dmi &dmi, const dmi_range &range)
{
	dmi.set_dmi_ptr(nullptr);
	dmi.set_start_address(range.first);
	dmi.set_end_address(range.last);
	dmi.allow_read_write(); // what is denied
	return false;
}

} // namespace vcxl
