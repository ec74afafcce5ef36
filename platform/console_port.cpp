// SPDX-License-Identifier: Apache-2.0
//
// Bytes of a virtio console; see console_port.h.
#include "console_port.h"

namespace vcxl
{

console_port::console_port(const sc_core::sc_module_name &name, console &end)
    : sc_module(name), end_(end)
{
	SC_METHOD(flush);
	sensitive << flush_event_;
	dont_initialize();
	if (!end_.input())
		return;
	SC_METHOD(read);
	sensitive << end_.input()->arrived << caught_up_;
	dont_initialize();
}

vcxl_vcon_port console_port::wires()
{
	vcxl_vcon_port port{};

	port.ctx = this;
	port.waiting = [](void *ctx) { return !static_cast<console_port *>(ctx)->typed_.empty(); };
	port.receive = [](void *ctx, uint8_t *data, uint32_t len) {
		return static_cast<console_port *>(ctx)->receive(data, len);
	};
	port.transmit = [](void *ctx, const uint8_t *data, uint32_t len) {
		static_cast<console_port *>(ctx)->transmit(data, len);
	};
	return port;
}

void console_port::poll()
{
	flush();
	if (end_.input())
		read();
}

void console_port::flush()
{
	flush_event_.cancel();
	end_.flush();
}

// There is no line break on a virtio console.
void console_port::read()
{
	bool end = false;

	if (typed_.size() > max_typed)
		return;
	for (const key &k : end_.take()) {
		if (k.kind == key_kind::end)
			end = true;
		else if (k.kind == key_kind::byte)
			typed_.push_back(k.byte);
	}
	if (!typed_.empty())
		typed();
	after_reading(end);
}

uint32_t console_port::receive(uint8_t *data, uint32_t len)
{
	const bool behind = typed_.size() > max_typed;
	uint32_t n = 0;

	for (; n < len && !typed_.empty(); n++) {
		data[n] = typed_.front();
		typed_.pop_front();
	}
	if (behind && typed_.size() <= max_typed)
		caught_up_.notify(sc_core::SC_ZERO_TIME);
	return n;
}

void console_port::transmit(const uint8_t *data, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		end_.put(static_cast<char>(data[i]));
	if (end_.holds_back())
		// an earlier notification stays
		flush_event_.notify(sc_core::sc_time::from_value(console::max_held_back_ps));
}

} // namespace vcxl
