// SPDX-License-Identifier: Apache-2.0
//
// CXL.io at a function: configuration requests, memory requests claimed by a BAR, and interrupt
// messages, the same for ports and memory devices. PCIe r6.0 2.2. Which request is for whom is the
// business of the modules.
#ifndef VCXL_MODEL_IO_UTIL_H
#define VCXL_MODEL_IO_UTIL_H

#include <cstdint>
#include <cstring>

#include <vcxl/le.h>
#include <vcxl/memdev.h>
#include <vcxl/port.h>
#include <vcxl/tlm/extension.h>
#include <vcxl/trace.h>

#include "tlm_util.h"

namespace vcxl
{

inline vcxl_status reg_read(vcxl_port *port, vcxl_space space, uint32_t offset, unsigned width,
			    uint64_t *value)
{
	return vcxl_port_reg_read(port, space, offset, width, value);
}

inline vcxl_status reg_read(vcxl_memdev *md, vcxl_space space, uint32_t offset, unsigned width,
			    uint64_t *value)
{
	return vcxl_memdev_reg_read(md, space, offset, width, value);
}

inline vcxl_status reg_write(vcxl_port *port, vcxl_space space, uint32_t offset, unsigned width,
			     uint64_t value)
{
	return vcxl_port_reg_write(port, space, offset, width, value);
}

inline vcxl_status reg_write(vcxl_memdev *md, vcxl_space space, uint32_t offset, unsigned width,
			     uint64_t value)
{
	return vcxl_memdev_reg_write(md, space, offset, width, value);
}

inline vcxl_pci *pci_of(vcxl_port *port)
{
	return vcxl_port_pci(port);
}

inline vcxl_pci *pci_of(vcxl_memdev *md)
{
	return vcxl_memdev_pci(md);
}

// NULL for memory requests.
inline cxl_io_extension *config_request(const payload &trans)
{
	cxl_io_extension *io = trans.get_extension<cxl_io_extension>();

	return io && io->config ? io : nullptr;
}

// Where in the registers of a function a request goes.
struct register_place {
	vcxl_space space = VCXL_SPACE_CONFIG;
	uint64_t offset = 0;
};

// What a register access demands of the payload beyond accept(): one access of 1, 2, 4 or 8 bytes,
// all enabled. If not, the response status is set.
bool accept_register(payload &trans);

void trace_register(const vcxl_trace *trace, const char *name, const payload &trans,
		    const register_place &place, uint64_t value);

// One access with all its effects, of a payload that accept() let pass. Values are little-endian.
template <class Core>
void access_register(Core *core, const char *name, const vcxl_trace *trace, payload &trans,
		     const register_place &place)
{
	const uint32_t width = trans.get_data_length();
	unsigned char *data = trans.get_data_ptr();
	uint64_t value = 0;
	vcxl_status status;

	if (!accept_register(trans))
		return;
	if (trans.is_write()) {
		value = vcxl_load_le(data, width);
		if (const cxl_io_extension *io = config_request(trans))
			vcxl_pci_capture_id(pci_of(core), io->bus, io->devfn);
		status = reg_write(core, place.space, static_cast<uint32_t>(place.offset), width,
				   value);
	} else {
		status = reg_read(core, place.space, static_cast<uint32_t>(place.offset), width,
				  &value);
		if (status == VCXL_OK)
			vcxl_store_le(data, width, value);
	}
	trace_register(trace, name, trans, place, value);
	trans.set_response_status(response_of(status));
}

// Bytes of registers without effects, for debug transport: aligned 4-byte reads, which every space
// allows and which by contract change nothing. Writes are refused: a register write has effects.
// Returns the bytes done.
template <class Core>
unsigned debug_register(Core *core, payload &trans, const register_place &place)
{
	const uint32_t len = trans.get_data_length();
	uint32_t done = 0;

	if (!trans.is_read() || !trans.get_data_ptr())
		return 0;
	while (done < len) {
		const uint64_t offset = place.offset + done;
		const uint32_t in_word = static_cast<uint32_t>(offset & 3);
		const uint32_t n = std::min(len - done, 4 - in_word);
		uint8_t word[4];
		uint64_t value;

		if (offset > UINT32_MAX ||
		    reg_read(core, place.space, static_cast<uint32_t>(offset - in_word), 4,
			     &value) != VCXL_OK)
			break;
		vcxl_store_le(word, 4, value);
		memcpy(trans.get_data_ptr() + done, word + in_word, n);
		done += n;
	}
	return done;
}

// Whether a payload is the hot reset of its link; it is answered then.
inline bool is_hot_reset(payload &trans)
{
	const cxl_io_extension *io = trans.get_extension<cxl_io_extension>();

	if (!io || !io->hot_reset)
		return false;
	trans.set_response_status(tlm::TLM_OK_RESPONSE);
	return true;
}

// Whether a BAR of the function claims a memory request, and where.
inline bool claimed_by_bar(const vcxl_pci *pci, const payload &trans, register_place &place)
{
	return trans.get_data_length() &&
	       vcxl_pci_claims(pci, trans.get_address(), trans.get_data_length(), &place.space,
			       &place.offset);
}

// A PCIe message on its way up: the code is the address, the requester ID the data. Dropped when
// nothing is bound.
template <class Socket>
void send_error(Socket &socket, vcxl_error_message message, uint16_t requester)
{
	if (!socket.size())
		return;

	sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
	unsigned char bytes[2];
	payload trans;

	vcxl_store_le(bytes, 2, requester);
	trans.set_write();
	trans.set_address(message);
	trans.set_data_ptr(bytes);
	trans.set_data_length(2);
	trans.set_streaming_width(2);
	socket->b_transport(trans, delay);
}

// An interrupt message: a 4-byte write to a host address. Dropped when nothing is bound.
template <class Socket>
void send_msi(Socket &socket, const char *name, const vcxl_trace *trace, uint64_t hpa,
	      uint32_t data)
{
	vcxl_trace_emit(trace, VCXL_TRACE_MSI, name, hpa, data);
	if (!socket.size())
		return;

	sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
	unsigned char bytes[4];
	payload trans;

	vcxl_store_le(bytes, 4, data);
	trans.set_write();
	trans.set_address(hpa);
	trans.set_data_ptr(bytes);
	trans.set_data_length(4);
	trans.set_streaming_width(4);
	socket->b_transport(trans, delay);
}

} // namespace vcxl

#endif
