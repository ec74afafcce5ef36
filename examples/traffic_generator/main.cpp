// SPDX-License-Identifier: Apache-2.0
//
// vcxl in a SystemC platform of one's own: a traffic generator reaches two CXL memory devices,
// interleaved at 256 B, through a fixed memory window, a host bridge and two root ports. What
// firmware does is done here by register accesses through sockets: numbers and addresses for PCI,
// then the HDM decoders (CXL r3.1 8.2.4.20). Exit status 0 when all data came back.
#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <vector>

#include <tlm_utils/simple_initiator_socket.h>

#include <vcxl/tlm/cxl_memdev.h>
#include <vcxl/tlm/cxl_port.h>
#include <vcxl/tlm/cxl_window.h>
#include <vcxl/tlm/extension.h>

#include "traffic_generator.h"

namespace
{

constexpr uint64_t mib = 1024 * 1024;
constexpr uint64_t media_size = 256 * mib;
constexpr uint64_t window_base = 0x1000000000, window_size = 2 * media_size;

// The register side of a host: memory requests and configuration requests.
class register_host : public sc_core::sc_module
{
public:
	tlm_utils::simple_initiator_socket<register_host, 64> socket;

	explicit register_host(const sc_core::sc_module_name &name)
	    : sc_module(name), socket("socket")
	{
	}

	uint32_t read(uint64_t address)
	{
		uint32_t value = 0;

		transport(tlm::TLM_READ_COMMAND, address, &value, 4, nullptr);
		return value;
	}
	void write(uint64_t address, uint32_t value)
	{
		transport(tlm::TLM_WRITE_COMMAND, address, &value, 4, nullptr);
	}
	uint32_t config_read(uint8_t bus, uint8_t device, uint16_t offset)
	{
		uint32_t value = 0;

		config(tlm::TLM_READ_COMMAND, bus, device, offset, &value);
		return value;
	}
	void config_write(uint8_t bus, uint8_t device, uint16_t offset, uint32_t value)
	{
		config(tlm::TLM_WRITE_COMMAND, bus, device, offset, &value);
	}

private:
	void config(tlm::tlm_command command, uint8_t bus, uint8_t device, uint16_t offset,
		    uint32_t *value)
	{
		vcxl::cxl_io_extension io;

		io.config = true;
		io.bus = bus;
		io.devfn = static_cast<uint8_t>(device << 3);
		transport(command, offset, value, 4, &io);
	}
	void transport(tlm::tlm_command command, uint64_t address, uint32_t *value, unsigned len,
		       vcxl::cxl_io_extension *io)
	{
		tlm::tlm_generic_payload trans;
		sc_core::sc_time delay = sc_core::SC_ZERO_TIME;

		trans.set_command(command);
		trans.set_address(address);
		trans.set_data_ptr(reinterpret_cast<unsigned char *>(value));
		trans.set_data_length(len);
		trans.set_streaming_width(len);
		if (io)
			trans.set_extension(io);
		socket->b_transport(trans, delay);
		if (io)
			trans.clear_extension(io);
		if (trans.is_response_error())
			throw std::runtime_error("register access failed: " +
						 trans.get_response_string());
	}
};

vcxl::cxl_port::config port_config(vcxl_port_kind kind, uint8_t number)
{
	vcxl::cxl_port::config c;

	c.port.kind = kind;
	c.port.port_number = number;
	c.port.hdm = kind == VCXL_PORT_HOST_BRIDGE;
	c.port.link.speed = 5; // 32 GT/s
	c.port.link.width = 16;
	return c;
}

// Two root ports (port numbers 0 and 1, devices 0 and 1 of bus 0) with a memory device each.
struct hierarchy {
	std::vector<uint8_t> media[2];
	vcxl::cxl_window window;
	std::unique_ptr<vcxl::cxl_port> bridge, root[2];
	std::unique_ptr<vcxl::cxl_memdev> memdev[2];

	static vcxl::cxl_window::config window_config()
	{
		vcxl::cxl_window::config c;

		c.base = window_base;
		c.size = window_size;
		return c; // one way: the interleaving is the host bridge's
	}

	hierarchy() : window("window", window_config())
	{
		vcxl::cxl_port::config hb = port_config(VCXL_PORT_HOST_BRIDGE, 0);

		hb.dports = { { 0, 0 << 3 }, { 1, 1 << 3 } };
		bridge = std::make_unique<vcxl::cxl_port>("bridge", hb);
		window.out[0].bind(bridge->mem_in[0]);
		for (uint8_t i = 0; i < 2; i++) {
			vcxl::cxl_port::config rp = port_config(VCXL_PORT_ROOT, i);
			vcxl::cxl_memdev::config md;

			rp.dports = { { 0, 0 } };
			root[i] = std::make_unique<vcxl::cxl_port>(i ? "root1" : "root0", rp);
			media[i].resize(media_size);
			md.memdev.media[VCXL_PARTITION_VOLATILE].size = media_size;
			md.memdev.media[VCXL_PARTITION_VOLATILE].direct = media[i].data();
			md.memdev.serial = 0x100u + i;
			md.memdev.link = rp.port.link;
			memdev[i] = std::make_unique<vcxl::cxl_memdev>(i ? "mem1" : "mem0", md);
			bridge->mem_out[i].bind(root[i]->mem_in[0]);
			bridge->io_out[i].bind(root[i]->io_in);
			root[i]->mem_out[0].bind(memdev[i]->mem_in);
			root[i]->io_out[0].bind(memdev[i]->io_in);
		}
	}
};

// The capability `id` of component registers (CXL r3.1 8.2.4.1); 5 is HDM decoders.
uint64_t find_capability(register_host &host, uint64_t component, uint32_t id)
{
	const uint64_t array = component + 0x1000;
	const uint32_t count = host.read(array) >> 24;

	for (uint32_t i = 1; i <= count; i++) {
		const uint32_t entry = host.read(array + 4 * i);

		if ((entry & 0xffff) == id)
			return array + (entry >> 20);
	}
	throw std::runtime_error("capability not found");
}

// Decoder 0 over the whole window, 2 ways of 256 B; commit; enable decoding.
void program_decoder(register_host &host, uint64_t component, uint32_t targets)
{
	const uint64_t hdm = find_capability(host, component, 5);

	host.write(hdm + 0x14, static_cast<uint32_t>(window_base >> 32));
	host.write(hdm + 0x10, static_cast<uint32_t>(window_base));
	host.write(hdm + 0x1c, static_cast<uint32_t>(window_size >> 32));
	host.write(hdm + 0x18, static_cast<uint32_t>(window_size));
	host.write(hdm + 0x24, targets); // port numbers; DPA skip 0 at a device
	host.write(hdm + 0x20, 1u << 4 | 1u << 9 | 1u << 12);
	host.write(hdm + 0x04, 1u << 1);
	if (!(host.read(hdm + 0x20) & 1u << 10))
		throw std::runtime_error("decoder not committed");
}

// Mem_Enable in the CXL device DVSEC (CXL r3.1 8.1.3), an extended capability.
void enable_memory(register_host &io, uint8_t bus)
{
	for (uint16_t at = 0x100; at;) {
		const uint32_t header = io.config_read(bus, 0, at);

		if ((header & 0xffff) == 0x23 &&
		    (io.config_read(bus, 0, static_cast<uint16_t>(at + 8)) & 0xffff) == 0) {
			const uint16_t control = static_cast<uint16_t>(at + 0xc);

			io.config_write(bus, 0, control, io.config_read(bus, 0, control) | 1u << 2);
			return;
		}
		at = static_cast<uint16_t>(header >> 20);
	}
	throw std::runtime_error("no CXL device DVSEC");
}

// Root port i leads to bus i + 1; its device's component registers (BAR0) come at 1.5 GiB + i MiB.
void program(register_host &io, register_host &chbcr)
{
	for (uint8_t i = 0; i < 2; i++) {
		const uint8_t bus = static_cast<uint8_t>(i + 1);
		const uint32_t bar0 = 0x60000000u + i * static_cast<uint32_t>(mib);

		io.config_write(0, i, 0x18, static_cast<uint32_t>(bus << 8 | bus << 16));
		io.config_write(0, i, 0x20, bar0 >> 16 | bar0); // memory window of 1 MiB
		io.config_write(0, i, 0x04, 0x6);               // memory space, bus master
		io.config_write(bus, 0, 0x10, bar0);
		io.config_write(bus, 0, 0x04, 0x6);
		enable_memory(io, bus);
		program_decoder(io, bar0, 0);
	}
	program_decoder(chbcr, 0, 0x0100); // target 0: port 0, target 1: port 1
}

// Programs the hierarchy before the generator's first access.
class firmware : public sc_core::sc_module
{
public:
	register_host io{ "io" }, chbcr{ "chbcr" };

	firmware(const sc_core::sc_module_name &name, hierarchy &cxl) : sc_module(name)
	{
		io.socket.bind(cxl.bridge->io_in);
		chbcr.socket.bind(cxl.bridge->chbcr);
	}

private:
	void start_of_simulation() override { program(io, chbcr); }
};

// Whether both devices hold something: else nothing was interleaved.
bool both_written(const hierarchy &cxl)
{
	return std::all_of(std::begin(cxl.media), std::end(cxl.media), [](const auto &media) {
		return std::any_of(media.begin(), media.end(), [](uint8_t byte) { return byte; });
	});
}

} // namespace

int sc_main(int, char **)
{
	traffic_generator generator("generator", window_base, window_size, 100000, 42);
	hierarchy cxl;
	firmware fw("firmware", cxl);

	generator.socket.bind(cxl.window.in);
	sc_core::sc_start();

	const traffic_generator::report &r = generator.result();

	std::cout << r.reads << " reads, " << r.writes << " writes, " << r.errors << " errors, "
		  << r.mismatches << " mismatches, "
		  << r.latency.to_seconds() * 1e9 / static_cast<double>(r.reads + r.writes)
		  << " ns on average" << std::endl;
	return r.errors || r.mismatches || !r.reads || !r.writes || !both_written(cxl);
}
