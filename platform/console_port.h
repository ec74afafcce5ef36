// SPDX-License-Identifier: Apache-2.0
//
// Between a virtio console and where it leads: what is typed waits here until the guest takes it.
#ifndef VCXL_PLATFORM_CONSOLE_PORT_H
#define VCXL_PLATFORM_CONSOLE_PORT_H

#include <cstdint>
#include <deque>
#include <functional>

#include <systemc>

#include <virtio_console.h>

#include "console.h"

namespace vcxl
{

class console_port : public sc_core::sc_module
{
public:
	// Something waits for the guest. After anything was read: whether the run is to end.
	std::function<void()> typed;
	std::function<void(bool end)> after_reading;

	// Borrows the console.
	console_port(const sc_core::sc_module_name &name, console &end);
	SC_HAS_PROCESS(console_port);

	vcxl_vcon_port wires();
	// Takes what has come from outside and sends what was held back, for whoever holds the
	// kernel.
	void poll();
	void flush();
	// Whether anybody may still type.
	bool alive() const { return end_.input() && !end_.input()->closed(); }

private:
	void read();
	void transmit(const uint8_t *data, uint32_t len);
	uint32_t receive(uint8_t *data, uint32_t len);

	static constexpr size_t max_typed = 65536; // who types more has to wait

	console &end_;
	std::deque<uint8_t> typed_;
	sc_core::sc_event flush_event_, caught_up_;
};

} // namespace vcxl

#endif
