// SPDX-License-Identifier: Apache-2.0
//
// A CXL port as TLM-2.0 modules see it: life and the CXL.mem path; CXL.io is cxl_port_io.cpp's. See
// cxl_port.h. CXL r3.1 9.13. Every rule is the core's.
#include <stdexcept>
#include <string>

#include <vcxl/tlm/cxl_port.h>

#include "interleaved_dmi.h"
#include "io_util.h"
#include "tlm_util.h"

namespace vcxl
{

namespace
{

uint64_t latency_of(const cxl_latency &latency, vcxl_port_kind kind)
{
	switch (kind) {
	case VCXL_PORT_HOST_BRIDGE:
		return latency.host_bridge_ps;
	case VCXL_PORT_ROOT:
		return latency.root_port_ps;
	case VCXL_PORT_UPSTREAM:
		return latency.upstream_port_ps;
	case VCXL_PORT_DOWNSTREAM:
		return latency.downstream_port_ps;
	}
	return 0;
}

[[noreturn]] void impossible(const std::string &text)
{
	report_error("vcxl/port", text);
	throw std::invalid_argument(text); // where reports do not throw
}

// What the core cannot see because links are sockets here.
void check(const std::string &name, const cxl_port::config &cfg)
{
	const bool bridge = cfg.port.kind == VCXL_PORT_HOST_BRIDGE;
	const size_t n = cfg.dports.size();

	if (bridge && !cfg.port.hdm && n > 1)
		impossible("host bridge " + name + " has no HDM decoders but " + std::to_string(n) +
			   " root ports: without decoders it passes everything to a single one");
	if (!bridge && cfg.n_upstream != 1)
		impossible("port " + name + " declares " + std::to_string(cfg.n_upstream) +
			   " upstream links: only a host bridge is reached by several windows");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (cfg.dports[i].devfn == cfg.dports[k].devfn)
				impossible("port " + name + " declares dports " +
					   std::to_string(k) + " and " + std::to_string(i) +
					   " at the same device and function number");
}

} // namespace

cxl_port::cxl_port(const sc_core::sc_module_name &name, const config &cfg)
    : sc_module(name), mem_in("mem_in", cfg.n_upstream), mem_out("mem_out", cfg.dports.size()),
      io_in("io_in"), io_out("io_out", cfg.dports.size()), chbcr("chbcr"), msi("msi"),
      message_in("message_in", cfg.dports.size()), message_out("message_out"), config_(cfg),
      latency_ps_(latency_of(cfg.latency, cfg.port.kind)), latency_(time_of(latency_ps_))
{
	config_.port.name = this->name();
	check(this->name(), cfg);
	create();
	for (unsigned i = 0; i < mem_in.size(); i++) {
		const int tag = static_cast<int>(i);

		mem_in[i].register_b_transport(this, &cxl_port::mem_transport, tag);
		mem_in[i].register_transport_dbg(this, &cxl_port::mem_debug, tag);
		mem_in[i].register_get_direct_mem_ptr(this, &cxl_port::mem_dmi, tag);
	}
	for (unsigned i = 0; i < mem_out.size(); i++)
		mem_out[i].register_invalidate_direct_mem_ptr(this, &cxl_port::invalidate_below,
							      static_cast<int>(i));
	for (auto &socket : message_in)
		socket.register_b_transport(this, &cxl_port::message_transport);
	io_in.register_b_transport(this, &cxl_port::io_transport);
	io_in.register_transport_dbg(this, &cxl_port::io_debug);
	chbcr.register_b_transport(this, &cxl_port::chbcr_transport);
	chbcr.register_transport_dbg(this, &cxl_port::chbcr_debug);
}

cxl_port::~cxl_port() = default;

void cxl_port::create()
{
	const std::string port_name = name();
	vcxl_port_ops ops{};
	vcxl_port *port = nullptr;

	ops.ctx = this;
	ops.dmi_invalidate = [](void *ctx, uint64_t hpa, uint64_t size) {
		const dmi_range range = inclusive(hpa, size);

		static_cast<cxl_port *>(ctx)->invalidate(range.first, range.last);
	};
	ops.slot_power = [](void *ctx, bool on) {
		cxl_port *self = static_cast<cxl_port *>(ctx);

		if (self->slot_power)
			self->slot_power(on);
	};
	ops.hot_reset = [](void *ctx) { static_cast<cxl_port *>(ctx)->signal_hot_reset(); };
	ops.irq.ctx = this;
	ops.irq.msi = [](void *ctx, uint64_t hpa, uint32_t data) {
		cxl_port *self = static_cast<cxl_port *>(ctx);

		send_msi(self->msi, self->name(), self->config_.trace, hpa, data);
	};
	ops.irq.error = [](void *ctx, vcxl_error_message message, uint16_t requester) {
		send_error(static_cast<cxl_port *>(ctx)->message_out, message, requester);
	};
	ops.trace = config_.trace;
	const vcxl_status status = vcxl_port_create(&config_.port, &ops, &port);
	port_.reset(port);
	if (status != VCXL_OK)
		impossible("port " + port_name + " cannot be created: " + vcxl_status_text(status));
	for (size_t i = 0; i < config_.dports.size(); i++)
		if (vcxl_port_add_dport(port, config_.dports[i].number, nullptr, nullptr) < 0)
			impossible("port " + port_name + " cannot have dport " + std::to_string(i) +
				   " with port number " + std::to_string(config_.dports[i].number) +
				   ": the number is taken, or the port has only one link");
}

void cxl_port::reset(vcxl_reset kind)
{
	vcxl_port_reset(port_.get(), kind);
}

void cxl_port::before_end_of_elaboration()
{
	const bool bridge = config_.port.kind == VCXL_PORT_HOST_BRIDGE;
	const bool programmed = chbcr.get_base_port().bind_count() > 0;

	for (unsigned i = 0; i < config_.dports.size(); i++) {
		const std::string text = std::string(" is not bound: ") + name() +
					 " declares dport " + std::to_string(i) + " (port number " +
					 std::to_string(config_.dports[i].number) +
					 "), which needs a link for CXL.mem and one for CXL.io";

		if (mem_out[i].get_base_port().bind_count() == 0)
			report_error("vcxl/port", mem_out[i].name() + text);
		if (io_out[i].get_base_port().bind_count() == 0)
			report_error("vcxl/port", io_out[i].name() + text);
	}
	if (bridge && config_.port.hdm && !programmed)
		SC_REPORT_WARNING("vcxl/port",
				  (std::string(chbcr.name()) +
				   " is not bound: no software can program the HDM decoders of " +
				   name())
					  .c_str());
	if (!bridge && programmed)
		report_error("vcxl/port",
			     std::string(chbcr.name()) +
				     " is bound, but only a host bridge has CHBCR: " + name() +
				     " shows its component registers in BAR0");
}

// ---- CXL.mem ----

uint64_t cxl_port::boundary(uint64_t hpa) const
{
	const vcxl_decoder *decoder = vcxl_port_decoder(port_.get(), hpa);

	return decoder ? to_decoder_boundary(*decoder, hpa) : no_boundary;
}

vcxl_status cxl_port::route(uint64_t hpa, unsigned &index) const
{
	const vcxl_status status = vcxl_port_target(port_.get(), hpa, &index);

	// until elaboration is finished there is nothing at the other end
	return status == VCXL_OK && !mem_out[index].size() ? VCXL_E_UNROUTED : status;
}

// One piece that a single target serves.
void cxl_port::forward(payload &trans, sc_core::sc_time &delay)
{
	const uint64_t hpa = trans.get_address();
	unsigned index = 0;
	const vcxl_status status = route(hpa, index);

	if (__builtin_expect(status != VCXL_OK, 0)) {
		vcxl_trace_emit(config_.trace, VCXL_TRACE_UNROUTED, name(), trans.is_write(), hpa,
				trans.get_data_length(), status_field(status));
		trans.set_response_status(response_of(status));
		return;
	}
	vcxl_trace_emit(config_.trace, VCXL_TRACE_PORT, name(), trans.is_write(), hpa,
			trans.get_data_length(), index, latency_ps_);
	delay += latency_;
	mem_out[index]->b_transport(trans, delay);
}

void cxl_port::mem_transport(int, payload &trans, sc_core::sc_time &delay)
{
	if (__builtin_expect(is_plain(trans) && within_line(trans), 1)) {
		forward(trans, delay);
		return;
	}
	if (!accept(trans))
		return;
	if (span_of(trans) <= boundary(trans.get_address()))
		forward(trans,
			delay); // streaming and byte enables are for whoever splits or executes
	else
		forward_pieces(
			trans, [this](uint64_t hpa) { return boundary(hpa); },
			[&](payload &part) { forward(part, delay); });
}

unsigned cxl_port::mem_debug(int, payload &trans)
{
	if (!trans.get_data_length() || trans.get_command() == tlm::TLM_IGNORE_COMMAND)
		return 0;
	return forward_debug(
		trans, [this](uint64_t hpa) { return boundary(hpa); },
		[this](payload &part) {
			unsigned index;

			if (route(part.get_address(), index) != VCXL_OK)
				return 0u;
			return mem_out[index]->transport_dbg(part);
		});
}

// What is behind a root or downstream port is one target of one way.
void cxl_port::describe(uint64_t hpa, cxl_dmi_extension &out)
{
	const vcxl_decoder *decoder = vcxl_port_decoder(port_.get(), hpa);
	const vcxl_interleave all_to_one = { 8, 0, false };

	ask_all_targets(decoder ? decoder->interleave : all_to_one,
			decoder ? inclusive(decoder->hpa_base, decoder->size)
				: dmi_range{ 0, UINT64_MAX },
			hpa, out, [this](payload &request, tlm::tlm_dmi &answer) {
				unsigned index;

				if (route(request.get_address(), index) == VCXL_OK)
					mem_out[index]->get_direct_mem_ptr(request, answer);
			});
}

bool cxl_port::mem_dmi(int, payload &trans, tlm::tlm_dmi &dmi)
{
	const uint64_t hpa = trans.get_address();
	const vcxl_decoder *decoder = vcxl_port_decoder(port_.get(), hpa);
	const detached_dmi_extension extension(trans);
	unsigned index;

	if (route(hpa, index) != VCXL_OK)
		// decoders begin and end at multiples of 256 MiB
		return deny_dmi(dmi, inclusive(hpa & ~(VCXL_HDM_ALIGN - 1), VCXL_HDM_ALIGN));

	const bool granted = mem_out[index]->get_direct_mem_ptr(trans, dmi);
	const dmi_range range =
		decoder ? dmi_range_of(decoder->interleave, decoder->hpa_base, decoder->size, hpa)
			: dmi_range{ 0, UINT64_MAX };

	narrow_dmi(dmi, range, latency_);
	if (extension.get() && granted)
		describe(hpa, *extension.get());
	return granted;
}

void cxl_port::invalidate(uint64_t first, uint64_t last)
{
	for (unsigned i = 0; i < mem_in.size(); i++)
		if (mem_in[i].size())
			mem_in[i]->invalidate_direct_mem_ptr(first, last);
}

void cxl_port::invalidate_below(int, sc_dt::uint64 first, sc_dt::uint64 last)
{
	invalidate(first, last);
}

} // namespace vcxl
