// SPDX-License-Identifier: Apache-2.0
//
// What every TLM-2.0 target owes its initiators, in one place: the response to what a generic
// payload can say wrong, streaming, byte enables, and the splitting of bursts. IEEE 1666-2011 14
// (generic payload) and 11.2 (DMI, debug). Knows no CXL rule.
#ifndef VCXL_MODEL_TLM_UTIL_H
#define VCXL_MODEL_TLM_UTIL_H

#include <algorithm>
#include <cstdint>
#include <string>

#include <systemc>
#include <tlm>

#include <vcxl/hdm.h>
#include <vcxl/status.h>

namespace vcxl
{

using payload = tlm::tlm_generic_payload;

// No granule, no decoder and no line boundary lies inside an aligned block of this size, so what
// stays in one needs no look at any of them.
constexpr uint64_t smallest_granule = 256;

constexpr uint64_t no_boundary = UINT64_MAX;

tlm::tlm_response_status response_of(vcxl_status status);

// A mistake in how modules are configured or connected; the text begins with a hierarchical name.
void report_error(const char *type, const std::string &text);

// Trace events have unsigned fields: a status is shown as its absolute value.
constexpr uint64_t status_field(vcxl_status status)
{
	return static_cast<uint64_t>(-static_cast<int64_t>(status));
}

// Simulated time and picoseconds, whatever the time resolution.
uint64_t ps_of(const sc_core::sc_time &time);
sc_core::sc_time time_of(uint64_t ps);

// The common case: a read or write of len > 0 bytes at consecutive addresses, all enabled.
inline bool is_plain(const payload &trans)
{
	return static_cast<unsigned>(trans.get_command()) <= tlm::TLM_WRITE_COMMAND &&
	       trans.get_data_ptr() && !trans.get_byte_enable_ptr() &&
	       trans.get_data_length() - 1 < trans.get_streaming_width();
}

inline bool within_line(const payload &trans)
{
	return (trans.get_address() & (smallest_granule - 1)) + trans.get_data_length() <=
	       smallest_granule;
}

// Bytes of address space that a transaction touches.
inline uint32_t span_of(const payload &trans)
{
	return std::min(trans.get_data_length(), trans.get_streaming_width());
}

// Whether the transaction is to be executed. If not, its response status is set: OK for
// TLM_IGNORE_COMMAND, which is complete, else the error that names the bad attribute.
bool accept(payload &trans);

// Bytes from address to the next boundary of an aligned granule (power of two).
inline uint64_t to_granule_end(uint64_t address, uint64_t granule)
{
	return granule - (address & (granule - 1));
}

// Bytes from hpa to where a decoder may choose another target, or ends.
uint64_t to_decoder_boundary(const vcxl_decoder &decoder, uint64_t hpa);

// Part of a transaction at consecutive addresses: bytes [offset, offset+len) of its data.
struct piece {
	uint64_t address;
	uint32_t offset, len;
};

// Calls fn(piece) -> bool for the pieces of an accepted transaction in ascending offset, until it
// returns false. A piece ends where boundary(address) -> bytes says so, where streaming wraps, and
// where its byte enables cannot be expressed as a part of the array.
template <class Boundary, class Fn>
void for_each_piece(const payload &trans, Boundary boundary, Fn fn)
{
	const uint32_t len = trans.get_data_length(), width = span_of(trans);
	const uint32_t enables = trans.get_byte_enable_ptr() ? trans.get_byte_enable_length() : 0;

	for (uint32_t offset = 0; offset < len;) {
		const uint32_t beat = offset % width;
		const uint64_t address = trans.get_address() + beat;
		uint64_t n = std::min<uint64_t>(len - offset, width - beat);

		n = std::min(n, boundary(address));
		if (enables && offset % enables)
			n = std::min<uint64_t>(n, enables - offset % enables);
		if (!fn(piece{ address, offset, static_cast<uint32_t>(n) }))
			return;
		offset += static_cast<uint32_t>(n);
	}
}

// Calls fn(piece) -> bool for the runs of enabled bytes in a piece, until it returns false.
// Returns false when fn did.
template <class Fn> bool for_each_enabled_run(const payload &trans, const piece &p, Fn fn)
{
	const unsigned char *enable = trans.get_byte_enable_ptr();
	const uint32_t period = trans.get_byte_enable_length();

	if (!enable)
		return fn(p);
	for (uint32_t i = 0; i < p.len;) {
		uint32_t end = i;

		while (end < p.len && enable[(p.offset + end) % period] == TLM_BYTE_ENABLED)
			end++;
		if (end > i && !fn(piece{ p.address + i, p.offset + i, end - i }))
			return false;
		i = end + 1;
	}
	return true;
}

// A payload that stands for one piece of another. It borrows data, byte enables and all
// extensions; none of them outlives it.
class sub_payload : public payload
{
public:
	explicit sub_payload(payload &whole);
	~sub_payload() override;
	sub_payload(const sub_payload &) = delete;
	sub_payload &operator=(const sub_payload &) = delete;

	void select(const piece &p);

private:
	payload &whole_;
};

// Forwards an accepted transaction in pieces: forward(payload &). Stops at the first error, whose
// response becomes that of the whole; the DMI hint is that of the first piece.
template <class Boundary, class Forward>
void forward_pieces(payload &trans, Boundary boundary, Forward forward)
{
	sub_payload part(trans);

	for_each_piece(trans, boundary, [&](const piece &p) {
		part.select(p);
		forward(static_cast<payload &>(part));
		if (p.offset == 0)
			trans.set_dmi_allowed(part.is_dmi_allowed());
		trans.set_response_status(part.get_response_status());
		return part.is_response_ok();
	});
}

// The same for debug transport, which knows neither streaming nor byte enables:
// forward(payload &) -> bytes done. Returns the bytes done up to the first piece cut short.
template <class Boundary, class Forward>
unsigned forward_debug(payload &trans, Boundary boundary, Forward forward)
{
	const uint32_t len = trans.get_data_length();
	sub_payload part(trans);
	uint32_t done = 0;

	while (done < len) {
		const uint64_t address = trans.get_address() + done;
		const uint64_t n = std::min<uint64_t>(len - done, boundary(address));

		part.select(piece{ address, done, static_cast<uint32_t>(n) });
		const uint32_t moved = forward(static_cast<payload &>(part));
		done += moved;
		if (moved < n)
			break;
	}
	trans.set_response_status(part.get_response_status());
	return done;
}

// What is left of a range that a hop decides on, around `address`: [first, last].
struct dmi_range {
	uint64_t first, last;
};

// Range in which nothing differs from `address` at a hop that interleaves [base, base+size).
dmi_range dmi_range_of(const vcxl_interleave &interleave, uint64_t base, uint64_t size,
		       uint64_t address);

// Narrows what was granted or denied below to `range`, and adds the latency of this hop.
void narrow_dmi(tlm::tlm_dmi &dmi, const dmi_range &range, const sc_core::sc_time &latency);

// Denies DMI for `range`. Returns false, for the caller to return.
bool deny_dmi(tlm::tlm_dmi &dmi, const dmi_range &range);

// [hpa, hpa+size) as an inclusive range; an end beyond 2^64 is the last address.
dmi_range inclusive(uint64_t hpa, uint64_t size);

} // namespace vcxl

#endif
