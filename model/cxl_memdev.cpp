// SPDX-License-Identifier: Apache-2.0
//
// A CXL Type-3 memory device as a TLM-2.0 module, see cxl_memdev.h. Timing is one fixed latency per
// access; QoS telemetry (DevLoad) is left out.
#include <stdexcept>
#include <string>

#include <vcxl/tlm/cxl_memdev.h>
#include <vcxl/tlm/extension.h>

#include "interleaved_dmi.h"
#include "io_util.h"
#include "tlm_util.h"

namespace vcxl
{

namespace
{

constexpr uint64_t dmi_page = 4096; // what poison and extents withdraw

} // namespace

cxl_memdev::cxl_memdev(const sc_core::sc_module_name &name, const config &cfg)
    : sc_module(name), mem_in("mem_in"), io_in("io_in"), msi("msi"), message_out("message_out"),
      config_(cfg), latency_(time_of(cfg.latency.memdev_ps))
{
	SC_HAS_PROCESS(cxl_memdev);
	if (!cfg.empty)
		create();
	mem_in.register_b_transport(this, &cxl_memdev::mem_transport);
	mem_in.register_transport_dbg(this, &cxl_memdev::mem_debug);
	mem_in.register_get_direct_mem_ptr(this, &cxl_memdev::mem_dmi);
	io_in.register_b_transport(this, &cxl_memdev::io_transport);
	io_in.register_transport_dbg(this, &cxl_memdev::io_debug);

	SC_METHOD(run_deadline);
	sensitive << deadline_;
	dont_initialize();
}

cxl_memdev::~cxl_memdev() = default;

void cxl_memdev::create()
{
	vcxl_memdev_ops ops{};
	vcxl_memdev *md = nullptr;

	config_.memdev.name = name();
	for (vcxl_dc_region_config &region : config_.memdev.dc.regions)
		if (!region.media && config_.dc_media.size)
			region.media = &config_.dc_media;
	ops.ctx = this;
	ops.dmi_invalidate = [](void *ctx, uint64_t hpa, uint64_t size) {
		static_cast<cxl_memdev *>(ctx)->invalidate(hpa, size);
	};
	ops.deadline_changed = [](void *ctx) { static_cast<cxl_memdev *>(ctx)->schedule(); };
	ops.irq.ctx = this;
	ops.irq.msi = [](void *ctx, uint64_t hpa, uint32_t data) {
		cxl_memdev *self = static_cast<cxl_memdev *>(ctx);

		send_msi(self->msi, self->name(), self->config_.trace, hpa, data);
	};
	ops.irq.error = [](void *ctx, vcxl_error_message message, uint16_t requester) {
		send_error(static_cast<cxl_memdev *>(ctx)->message_out, message, requester);
	};
	ops.trace = config_.trace;
	const vcxl_status status = vcxl_memdev_create(&config_.memdev, &ops, &md);
	memdev_.reset(md);
	if (status != VCXL_OK) {
		const std::string text = std::string("memory device ") + name() +
					 " cannot be created: " + vcxl_status_text(status);

		report_error("vcxl/memdev", text);
		throw std::invalid_argument(text); // where reports do not throw
	}
	schedule(); // what its state asks for came before memdev_ was there
}

void cxl_memdev::insert(const config &cfg)
{
	sc_assert(!memdev_);
	config_ = cfg;
	latency_ = time_of(cfg.latency.memdev_ps);
	create();
	tick(sc_core::SC_ZERO_TIME);
}

void cxl_memdev::remove()
{
	sc_assert(memdev_);
	vcxl_memdev_reset(memdev_.get(), VCXL_RESET_COLD); // withdraws what decoders lead here
	memdev_.reset();
	deadline_.cancel();
}

void cxl_memdev::reset(vcxl_reset kind)
{
	if (memdev_)
		vcxl_memdev_reset(memdev_.get(), kind);
}

// ---- dynamic capacity ----

vcxl_dc_error cxl_memdev::add_capacity(const vcxl_dc_add_request &request)
{
	if (!memdev_)
		return VCXL_DC_E_ABSENT;
	tick(sc_core::SC_ZERO_TIME);
	return vcxl_dc_add(memdev_.get(), &request);
}

vcxl_dc_error cxl_memdev::release_capacity(const vcxl_dc_release_request &request)
{
	if (!memdev_)
		return VCXL_DC_E_ABSENT;
	tick(sc_core::SC_ZERO_TIME);
	return vcxl_dc_release(memdev_.get(), &request);
}

cxl_rc cxl_memdev::fm_command(uint16_t opcode, const std::vector<uint8_t> &in,
			      std::vector<uint8_t> &out, uint32_t max_output)
{
	uint32_t len = 0;

	out.clear();
	if (!memdev_)
		return CXL_RC_UNSUPPORTED;
	tick(sc_core::SC_ZERO_TIME);
	out.resize(max_output);
	const cxl_rc rc = vcxl_memdev_fm_command(memdev_.get(), opcode, in.data(),
						 static_cast<uint32_t>(in.size()), out.data(),
						 max_output, &len);
	out.resize(len);
	return rc;
}

bool cxl_memdev::gpf(uint64_t phase2_ps)
{
	return memdev_ && vcxl_memdev_gpf(memdev_.get(), phase2_ps);
}

// ---- time ----

// Initiators run ahead of the kernel by different amounts; the device's time never goes back.
void cxl_memdev::tick(const sc_core::sc_time &delay)
{
	advance(ps_of(sc_core::sc_time_stamp() + delay));
}

void cxl_memdev::advance(uint64_t now_ps)
{
	now_ps_ = std::max(now_ps_, now_ps);
	vcxl_memdev_tick(memdev_.get(), now_ps_);
}

void cxl_memdev::schedule()
{
	// an idle device has no event pending
	deadline_.cancel();
	if (!memdev_)
		return;

	const uint64_t deadline = vcxl_memdev_deadline_ps(memdev_.get());
	const uint64_t now = ps_of(sc_core::sc_time_stamp());

	if (deadline != UINT64_MAX)
		deadline_.notify(time_of(deadline > now ? deadline - now : 0));
}

void cxl_memdev::run_deadline()
{
	if (!memdev_) // removed in this very moment
		return;
	tick(sc_core::SC_ZERO_TIME);
	schedule();
}

// ---- CXL.mem ----

// One run of enabled bytes inside a granule.
vcxl_status cxl_memdev::access(payload &trans, uint64_t hpa, unsigned char *data, uint32_t len)
{
	vcxl_xfer xfer{};

	xfer.data = data;
	xfer.len = len;
	xfer.write = trans.is_write();
	const vcxl_status status = vcxl_memdev_access(memdev_.get(), hpa, &xfer);

	if (status == VCXL_OK) {
		trans.set_dmi_allowed(xfer.direct);
		vcxl_trace_emit(config_.trace, VCXL_TRACE_MEMDEV, name(), xfer.write, hpa, xfer.dpa,
				len, xfer.partition, config_.latency.memdev_ps);
	} else if (status == VCXL_E_POISON) {
		if (auto *extension = trans.get_extension<cxl_mem_extension>())
			extension->poison = true;
	}
	if (status != VCXL_OK && status != VCXL_E_GRANULE)
		vcxl_trace_emit(config_.trace, VCXL_TRACE_UNROUTED, name(), xfer.write, hpa, len,
				status_field(status));
	return status;
}

uint64_t cxl_memdev::boundary(uint64_t hpa) const
{
	const uint64_t span = vcxl_memdev_span(memdev_.get(), hpa);

	return span ? span : no_boundary;
}

void cxl_memdev::mem_transport(payload &trans, sc_core::sc_time &delay)
{
	if (__builtin_expect(!memdev_, 0)) {
		trans.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
		return;
	}
	if (__builtin_expect(vcxl_memdev_poisoned(memdev_.get()), 0))
		tick(delay); // what the access logs has a time
	if (__builtin_expect(is_plain(trans), 1)) {
		const vcxl_status status = access(trans, trans.get_address(), trans.get_data_ptr(),
						  trans.get_data_length());

		if (__builtin_expect(status != VCXL_E_GRANULE, 1)) {
			delay += latency_;
			trans.set_response_status(response_of(status));
			return;
		}
	}
	if (accept(trans))
		access_pieces(trans, delay);
}

void cxl_memdev::access_pieces(payload &trans, sc_core::sc_time &delay)
{
	vcxl_status status = VCXL_OK;

	for_each_piece(
		trans, [this](uint64_t hpa) { return boundary(hpa); },
		[&](const piece &p) {
			uint64_t dpa;

			// also where no byte is enabled
			status = vcxl_memdev_hpa_to_dpa(memdev_.get(), p.address, &dpa);
			delay += latency_;
			if (status == VCXL_OK)
				for_each_enabled_run(trans, p, [&](const piece &run) {
					status = access(trans, run.address,
							trans.get_data_ptr() + run.offset, run.len);
					return status == VCXL_OK;
				});
			return status == VCXL_OK;
		});
	trans.set_response_status(response_of(status));
}

unsigned cxl_memdev::mem_debug(payload &trans)
{
	const uint32_t len = trans.get_data_length();
	uint32_t done = 0;

	if (trans.get_command() == tlm::TLM_IGNORE_COMMAND || !trans.get_data_ptr() || !memdev_)
		return 0;
	while (done < len) {
		const uint64_t hpa = trans.get_address() + done;
		vcxl_xfer xfer{};

		xfer.data = trans.get_data_ptr() + done;
		xfer.len = static_cast<uint32_t>(std::min<uint64_t>(len - done, boundary(hpa)));
		xfer.write = trans.is_write();
		xfer.debug = true;
		if (vcxl_memdev_access(memdev_.get(), hpa, &xfer) != VCXL_OK)
			break;
		done += xfer.len;
	}
	return done;
}

bool cxl_memdev::mem_dmi(payload &trans, tlm::tlm_dmi &dmi)
{
	const uint64_t hpa = trans.get_address();
	vcxl_dmi range;

	if (!memdev_)
		return deny_dmi(dmi, { 0, UINT64_MAX });
	// an access that any hop is to trace has to come as a transaction
	constexpr uint64_t hop_events = VCXL_BIT(VCXL_TRACE_WINDOW) | VCXL_BIT(VCXL_TRACE_PORT) |
					VCXL_BIT(VCXL_TRACE_MEMDEV);

	if ((config_.trace && config_.trace->enabled & hop_events) ||
	    !vcxl_memdev_dmi(memdev_.get(), hpa, &range)) {
		const vcxl_decoder *decoder = vcxl_hdm_find(vcxl_memdev_hdm(memdev_.get()), hpa);

		uint64_t dpa = 0;

		// other pages are as good as ever
		if (vcxl_memdev_poisoned(memdev_.get()) ||
		    (vcxl_memdev_hpa_to_dpa(memdev_.get(), hpa, &dpa) == VCXL_OK &&
		     dpa >= vcxl_memdev_capacity(memdev_.get())))
			return deny_dmi(dmi, inclusive(hpa & ~(dmi_page - 1), dmi_page));

		// decoders begin and end at multiples of 256 MiB
		return deny_dmi(dmi,
				decoder ? inclusive(decoder->hpa_base, decoder->size)
					: inclusive(hpa & ~(VCXL_HDM_ALIGN - 1), VCXL_HDM_ALIGN));
	}

	const dmi_range granted = inclusive(range.hpa, range.size);

	dmi.set_start_address(granted.first);
	dmi.set_end_address(granted.last);
	dmi.set_dmi_ptr(range.host);
	dmi.set_read_latency(latency_);
	dmi.set_write_latency(latency_);
	dmi.allow_read_write();
	if (auto *extension = trans.get_extension<cxl_dmi_extension>())
		describe_decoder(memdev_.get(), hpa, *extension);
	return true;
}

void cxl_memdev::invalidate(uint64_t hpa, uint64_t size)
{
	const dmi_range range = inclusive(hpa, size);

	if (mem_in.size())
		mem_in->invalidate_direct_mem_ptr(range.first, range.last);
}

// ---- CXL.io ----

bool cxl_memdev::find_register(const payload &trans, register_place &place)
{
	if (!memdev_)
		return false;
	if (const cxl_io_extension *io = config_request(trans)) {
		place = { VCXL_SPACE_CONFIG, trans.get_address() };
		return !io->type1 && io->devfn == config_.devfn &&
		       trans.get_address() < VCXL_PCI_CONFIG_SIZE;
	}
	return claimed_by_bar(vcxl_memdev_pci(memdev_.get()), trans, place);
}

void cxl_memdev::io_transport(payload &trans, sc_core::sc_time &delay)
{
	register_place place;

	if (is_hot_reset(trans)) {
		if (!memdev_)
			return;
		tick(delay);
		reset(VCXL_RESET_HOT);
		return;
	}
	if (!accept(trans))
		return;
	if (!find_register(trans, place)) {
		trans.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
		return;
	}
	tick(delay);
	access_register(memdev_.get(), name(), config_.trace, trans, place);
}

unsigned cxl_memdev::io_debug(payload &trans)
{
	register_place place;

	return find_register(trans, place) ? debug_register(memdev_.get(), trans, place) : 0;
}

} // namespace vcxl
