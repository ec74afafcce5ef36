// SPDX-License-Identifier: Apache-2.0
//
// The system bus: sends a physical address to the module that owns it. It adds no latency and
// splits nothing; an access that no range holds entirely is an address error.
#ifndef VCXL_PLATFORM_BUS_H
#define VCXL_PLATFORM_BUS_H

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include "memory_map.h"

namespace vcxl
{

class bus : public sc_core::sc_module
{
public:
	using initiator = tlm_utils::simple_initiator_socket_tagged<bus, 64>;
	using target = tlm_utils::simple_target_socket_tagged<bus, 64>;

	explicit bus(const sc_core::sc_module_name &name);

	// A new socket for a master: harts, and devices that send messages.
	target &add_master(const std::string &name);
	// A new socket for a slave. Ranges of different slaves do not overlap, but one that was
	// added earlier wins. relative: the slave sees offsets from range.base, else addresses.
	initiator &add_slave(const std::string &name, map_range range, bool relative);

private:
	struct slave {
		map_range range;
		bool relative;
		initiator *socket;
	};

	const slave *find(uint64_t address, unsigned len) const;
	void b_transport(int master, tlm::tlm_generic_payload &trans, sc_core::sc_time &delay);
	unsigned transport_dbg(int master, tlm::tlm_generic_payload &trans);
	bool get_direct_mem_ptr(int master, tlm::tlm_generic_payload &trans, tlm::tlm_dmi &dmi);
	void invalidate(int slave, sc_dt::uint64 first, sc_dt::uint64 last);

	std::deque<target> masters_;
	std::deque<initiator> slave_sockets_;
	std::vector<slave> slaves_;
};

} // namespace vcxl

#endif
