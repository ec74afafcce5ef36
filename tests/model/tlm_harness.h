// SPDX-License-Identifier: Apache-2.0
//
// A CXL hierarchy for tests, built from a plain description and driven only through sockets: an
// initiator per window, per host bridge (CXL.io) and per CHBCR. start() elaborates and enumerates
// as firmware does: bus numbers, bridge windows, BARs. Offsets are those of the specifications,
// typed as literals.
#ifndef VCXL_TESTS_MODEL_TLM_HARNESS_H
#define VCXL_TESTS_MODEL_TLM_HARNESS_H

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <sys/mman.h>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <vcxl/tlm/cxl_memdev.h>
#include <vcxl/tlm/cxl_port.h>
#include <vcxl/tlm/cxl_window.h>
#include <vcxl/tlm/extension.h>

namespace vcxl_test
{

constexpr uint64_t mib = 1024 * 1024;
constexpr uint64_t quarter_gib = 256 * mib; // unit of windows and decoders

// Host memory that costs nothing until it is touched.
class media
{
public:
	explicit media(uint64_t bytes) : size(bytes)
	{
		void *p = size ? mmap(nullptr, size, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
			       : nullptr;

		if (p == MAP_FAILED)
			throw std::runtime_error("cannot map media");
		bytes_ = static_cast<uint8_t *>(p);
	}
	~media()
	{
		if (bytes_)
			munmap(bytes_, size);
	}
	media(const media &) = delete;
	media &operator=(const media &) = delete;
	uint8_t *bytes() const { return bytes_; }
	const uint64_t size;

private:
	uint8_t *bytes_ = nullptr;
};

// A TLM-2.0 initiator like any other: it knows the generic payload and, for configuration requests,
// cxl_io_extension.
class initiator : public sc_core::sc_module
{
public:
	tlm_utils::simple_initiator_socket<initiator, 64> socket;
	std::vector<std::pair<uint64_t, uint64_t>> invalidated; // first, last
	sc_core::sc_time delay = sc_core::SC_ZERO_TIME;         // of the last transport
	bool dmi_hint = false;

	explicit initiator(const sc_core::sc_module_name &name) : sc_module(name), socket("socket")
	{
		socket.register_invalidate_direct_mem_ptr(this, &initiator::invalidate);
	}

	tlm::tlm_response_status transport(tlm::tlm_generic_payload &trans)
	{
		delay = sc_core::SC_ZERO_TIME;
		trans.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
		trans.set_dmi_allowed(false);
		socket->b_transport(trans, delay);
		dmi_hint = trans.is_dmi_allowed();
		return trans.get_response_status();
	}

	static void fill(tlm::tlm_generic_payload &trans, tlm::tlm_command command,
			 uint64_t address, void *data, uint32_t len)
	{
		trans.set_command(command);
		trans.set_address(address);
		trans.set_data_ptr(static_cast<unsigned char *>(data));
		trans.set_data_length(len);
		trans.set_streaming_width(len);
		trans.set_byte_enable_ptr(nullptr);
		trans.set_byte_enable_length(0);
	}

	tlm::tlm_response_status read(uint64_t address, void *data, uint32_t len)
	{
		fill(plain_, tlm::TLM_READ_COMMAND, address, data, len);
		return transport(plain_);
	}

	tlm::tlm_response_status write(uint64_t address, const void *data, uint32_t len)
	{
		fill(plain_, tlm::TLM_WRITE_COMMAND, address, const_cast<void *>(data), len);
		return transport(plain_);
	}

	unsigned debug(tlm::tlm_command command, uint64_t address, void *data, uint32_t len)
	{
		fill(plain_, command, address, data, len);
		return socket->transport_dbg(plain_);
	}

	bool dmi(uint64_t address, tlm::tlm_dmi &out)
	{
		fill(plain_, tlm::TLM_READ_COMMAND, address, nullptr, 0);
		out.init();
		return socket->get_direct_mem_ptr(plain_, out);
	}

	tlm::tlm_response_status config(tlm::tlm_command command, uint8_t bus, uint8_t devfn,
					uint16_t offset, void *data, uint32_t len)
	{
		vcxl::cxl_io_extension io;
		tlm::tlm_generic_payload trans;

		io.config = true;
		io.bus = bus;
		io.devfn = devfn;
		fill(trans, command, offset, data, len);
		trans.set_extension(&io);
		const tlm::tlm_response_status status = transport(trans);
		trans.clear_extension(&io);
		return status;
	}

private:
	void invalidate(sc_dt::uint64 first, sc_dt::uint64 last)
	{
		invalidated.emplace_back(first, last);
	}
	tlm::tlm_generic_payload plain_;
};

// Takes interrupt messages, and whatever else is to be recorded.
class sink : public sc_core::sc_module
{
public:
	tlm_utils::simple_target_socket<sink, 64> socket;
	struct message {
		uint64_t address;
		uint32_t data;
		sc_core::sc_time delay;
	};
	std::vector<message> messages;

	explicit sink(const sc_core::sc_module_name &name) : sc_module(name), socket("socket")
	{
		socket.register_b_transport(this, &sink::take);
	}

private:
	void take(tlm::tlm_generic_payload &trans, sc_core::sc_time &delay)
	{
		uint32_t data = 0;

		memcpy(&data, trans.get_data_ptr(), 4);
		messages.push_back({ trans.get_address(), data, delay });
		trans.set_response_status(trans.is_write() && trans.get_data_length() == 4
						  ? tlm::TLM_OK_RESPONSE
						  : tlm::TLM_BURST_ERROR_RESPONSE);
	}
};

enum class kind {
	bridge,
	root,
	upstream,
	downstream,
	memdev
};

// ---- the description ----

struct node_spec {
	vcxl_test::kind kind = kind::memdev;
	std::vector<node_spec> children;
	bool hdm = true;         // host bridges
	bool hotplug = false;    // root and downstream ports
	uint8_t n_decoders = 10; // host bridges, upstream ports; memory devices: 4
	uint64_t volatile_size = quarter_gib, persistent_size = 0;
	bool direct = true;                      // media as host memory; false: through callbacks
	vcxl_media lent[VCXL_N_PARTITIONS] = {}; // used instead when the size is not 0
	vcxl_dc_config dc = {};
	vcxl_media partitionable = {}; // lent, too
	int number = -1; // port number of root and downstream ports; -1: the order among siblings
};

struct window_spec {
	uint64_t base = 0, size = 0;
	unsigned granularity = 256;
	std::vector<unsigned> bridges; // in interleave order
	std::vector<uint64_t> xor_maps = {};
};

struct fabric_spec {
	std::vector<node_spec> bridges;
	std::vector<window_spec> windows;
	vcxl::cxl_latency latency = {};
	const vcxl_trace *trace = nullptr;
	bool bind_msi = true;    // and error messages
	std::string prefix = {}; // of all names, for several of them in one simulation
	uint64_t mmio = 0x60000000;
};

inline node_spec memdev(uint64_t volatile_size = 4 * quarter_gib, uint64_t persistent_size = 0)
{
	node_spec n;

	n.kind = kind::memdev;
	n.n_decoders = 4;
	n.volatile_size = volatile_size;
	n.persistent_size = persistent_size;
	return n;
}

inline node_spec above(vcxl_test::kind k, std::vector<node_spec> children)
{
	node_spec n;

	n.kind = k;
	n.children = std::move(children);
	return n;
}

inline node_spec root(node_spec child)
{
	return above(kind::root, { std::move(child) });
}

// A switch: each child gets a downstream port.
inline node_spec cxl_switch(std::vector<node_spec> children)
{
	std::vector<node_spec> downstream;

	for (node_spec &child : children)
		downstream.push_back(above(kind::downstream, { std::move(child) }));
	return above(kind::upstream, std::move(downstream));
}

// A host bridge: each child gets a root port.
inline node_spec bridge(std::vector<node_spec> children)
{
	std::vector<node_spec> roots;

	for (node_spec &child : children)
		roots.push_back(root(std::move(child)));
	return above(kind::bridge, std::move(roots));
}

// ---- what is built from it ----

struct node {
	vcxl_test::kind kind;
	std::string name;
	node *parent = nullptr;
	std::vector<node *> children;
	unsigned bridge = 0; // index of the host bridge above
	uint8_t number = 0;  // port number below the parent
	uint8_t devfn = 0;
	uint8_t bus = 0, secondary = 0, subordinate = 0;
	uint64_t mmio = 0;     // BAR0; BAR2 and BAR4 of devices follow at 1 MiB steps
	uint64_t mmio_end = 0; // of everything below, too
	unsigned upstreams = 1;
	std::unique_ptr<vcxl::cxl_port> port;
	std::unique_ptr<vcxl::cxl_memdev> memdev;
	std::unique_ptr<media> volatile_media, persistent_media;
};

// What an HDM decoder is programmed with. CXL r3.1 8.2.4.20.
struct decoder_spec {
	uint64_t base = 0, size = 0;
	unsigned eiw = 0, eig = 0;
	uint64_t targets_or_skip = 0;
	bool lock = false;
};

class fabric
{
public:
	std::vector<std::unique_ptr<node>> nodes; // parents before children
	std::vector<node *> bridges, memdevs;
	std::vector<std::unique_ptr<vcxl::cxl_window>> windows;
	std::vector<std::unique_ptr<initiator>> mem;       // per window
	std::vector<std::unique_ptr<initiator>> io, chbcr; // per host bridge
	std::vector<std::unique_ptr<sink>> msi;            // one per node when bound

	explicit fabric(fabric_spec description);
	void start(); // elaborates, enumerates, enables memory space and Mem_Enable

	tlm::tlm_response_status config(const node &n, tlm::tlm_command command, uint16_t offset,
					void *data, uint32_t len);
	uint32_t config_read(const node &n, uint16_t offset, uint32_t len);
	void config_write(const node &n, uint16_t offset, uint32_t value, uint32_t len);
	uint16_t find_dvsec(const node &n, uint16_t id); // 0: none
	void set_mem_enable(const node &n, bool on);

	// component registers, offsets from the start of the 64 KiB block
	uint32_t component_read(const node &n, uint32_t offset);
	void component_write(const node &n, uint32_t offset, uint32_t value);
	uint32_t hdm_offset(const node &n); // of the HDM decoder capability
	void set_hdm_enable(const node &n, bool on);
	void program(const node &n, unsigned decoder, const decoder_spec &d);
	// program() and set Commit; returns the Control register
	uint32_t commit(const node &n, unsigned decoder, const decoder_spec &d);
	void uncommit(const node &n, unsigned decoder);
	uint32_t control(const node &n, unsigned decoder);

private:
	node *add(const node_spec &spec, node *parent, unsigned index, unsigned bridge_index);
	void build_port(node &n, const node_spec &spec);
	void build_memdev(node &n, const node_spec &spec);
	void connect(node &n);
	void enumerate(node &n, uint8_t &next_bus, uint64_t &next_mmio);

	fabric_spec spec_;
	unsigned next_bus_ = 0; // bus numbers are reserved for everything below a host bridge
};

// A window over two host bridges with a device each, half a GiB in all; the devices' decoders have
// the encoded ways and granularity.
struct two_way_window {
	static constexpr uint64_t base = 0x1000000000, size = 2 * quarter_gib;
	fabric f;

	two_way_window(unsigned granularity, std::vector<uint64_t> xor_maps, unsigned eiw,
		       unsigned eig)
	    : f({ { bridge({ memdev() }), bridge({ memdev() }) },
		  { { base, size, granularity, { 0, 1 }, std::move(xor_maps) } } })
	{
		f.start();
		for (unsigned i = 0; i < 2; i++) {
			f.commit(*f.bridges[i], 0, { base, size, 0, 0, 0, false });
			f.commit(*f.memdevs[i], 0, { base, size, eiw, eig, 0, false });
			f.set_hdm_enable(*f.bridges[i], true);
			f.set_hdm_enable(*f.memdevs[i], true);
		}
	}
};

} // namespace vcxl_test

#endif
