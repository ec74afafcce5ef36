// SPDX-License-Identifier: Apache-2.0
//
// The system bus; see bus.h.
#include "bus.h"

#include <algorithm>

#include <vcxl/tlm/dmi_extension.h>

namespace vcxl
{

bus::bus(const sc_core::sc_module_name &name) : sc_module(name)
{
}

bus::target &bus::add_master(const std::string &name)
{
	const int index = static_cast<int>(masters_.size());
	target &socket = masters_.emplace_back(name.c_str());

	socket.register_b_transport(this, &bus::b_transport, index);
	socket.register_transport_dbg(this, &bus::transport_dbg, index);
	socket.register_get_direct_mem_ptr(this, &bus::get_direct_mem_ptr, index);
	return socket;
}

bus::initiator &bus::add_slave(const std::string &name, map_range range, bool relative)
{
	const int index = static_cast<int>(slaves_.size());
	initiator &socket = slave_sockets_.emplace_back(name.c_str());

	socket.register_invalidate_direct_mem_ptr(this, &bus::invalidate, index);
	slaves_.push_back({ range, relative, &socket });
	return socket;
}

const bus::slave *bus::find(uint64_t address, unsigned len) const
{
	for (const slave &s : slaves_) {
		const uint64_t offset = address - s.range.base;

		if (offset < s.range.size && len <= s.range.size - offset)
			return &s;
	}
	return nullptr;
}

void bus::b_transport(int, tlm::tlm_generic_payload &trans, sc_core::sc_time &delay)
{
	const uint64_t address = trans.get_address();
	const slave *s = find(address, trans.get_data_length());

	if (!s) {
		trans.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
		return;
	}
	if (!s->relative) {
		(*s->socket)->b_transport(trans, delay);
		return;
	}
	trans.set_address(address - s->range.base);
	(*s->socket)->b_transport(trans, delay);
	trans.set_address(address);
}

unsigned bus::transport_dbg(int, tlm::tlm_generic_payload &trans)
{
	const uint64_t address = trans.get_address();
	const slave *s = find(address, trans.get_data_length());

	if (!s)
		return 0;
	trans.set_address(s->relative ? address - s->range.base : address);
	const unsigned done = (*s->socket)->transport_dbg(trans);
	trans.set_address(address);
	return done;
}

bool bus::get_direct_mem_ptr(int, tlm::tlm_generic_payload &trans, tlm::tlm_dmi &dmi)
{
	const uint64_t address = trans.get_address();
	const slave *s = find(address, 1);

	if (!s) {
		dmi.set_start_address(address);
		dmi.set_end_address(address);
		return false;
	}
	const uint64_t base = s->relative ? s->range.base : 0;

	trans.set_address(address - base);
	const bool granted = (*s->socket)->get_direct_mem_ptr(trans, dmi);
	trans.set_address(address);
	// What the slave says, in bus addresses and not beyond its range.
	const uint64_t last_of_slave = s->range.end() - 1 - base;
	const uint64_t first_of_slave = s->range.base - base;

	dmi.set_start_address(std::max<uint64_t>(dmi.get_start_address(), first_of_slave) + base);
	dmi.set_end_address(std::min<uint64_t>(dmi.get_end_address(), last_of_slave) + base);
	if (auto *interleaved = trans.get_extension<cxl_dmi_extension>();
	    interleaved && interleaved->granted) {
		// its slots begin where the bus does not show them, or are chosen by other
		// addresses
		if (interleaved->first < first_of_slave || (base && interleaved->arithmetic.n))
			interleaved->deny();
		interleaved->last = std::min(interleaved->last, last_of_slave) + base;
		interleaved->first += base;
	}
	return granted;
}

void bus::invalidate(int index, sc_dt::uint64 first, sc_dt::uint64 last)
{
	const slave &s = slaves_[static_cast<size_t>(index)];
	const uint64_t base = s.relative ? s.range.base : 0;
	const uint64_t last_of_slave = s.range.end() - 1 - base;

	last = std::min<uint64_t>(last, last_of_slave);
	if (first > last)
		return;
	for (target &master : masters_)
		master->invalidate_direct_mem_ptr(first + base, last + base);
}

} // namespace vcxl
