// SPDX-License-Identifier: Apache-2.0
//
// Wires the C devices of the host; see soc_devices.h.
#include "soc_devices.h"

#include <vcxl/le.h>

namespace vcxl
{

soc_devices::soc_devices(soc &owner)
    : sc_module(sc_core::sc_module_name("dev")), soc_(owner), msi_("msi")
{
	msi_.bind(soc_.bus_.add_master("aplic_msi"));
	init_uart();
	init_timer();
	init_interrupts();
	init_finisher();
	SC_METHOD(run_timer);
	sensitive << timer_event_;
	dont_initialize();
}

void soc_devices::add(std::unique_ptr<device_target> &target, const char *name,
		      const vcxl_dev_ops &ops, void *device, map_range range)
{
	target = std::make_unique<device_target>(name, ops, device);
	soc_.bus_.add_slave(std::string("to_") + name, range, true).bind(target->in);
}

void soc_devices::init_uart()
{
	vcxl_uart_wires wires{};

	wires.ctx = this;
	wires.transmit = [](void *ctx, uint8_t byte) {
		const soc &s = static_cast<soc_devices *>(ctx)->soc_;

		if (s.hooks_.console_output)
			s.hooks_.console_output(static_cast<char>(byte));
	};
	wires.irq = [](void *ctx, bool level) {
		vcxl_aplic_set_wire(&static_cast<soc_devices *>(ctx)->aplic_, map::uart_irq, level);
	};
	vcxl_uart_init(&uart_, &wires);
	add(uart_target_, "uart", vcxl_uart_ops, &uart_, map::uart);
	uart_target_->after_access = [this] { feed_uart(); };
}

void soc_devices::console_input(const std::string &text)
{
	typed_.insert(typed_.end(), text.begin(), text.end());
	feed_uart();
}

void soc_devices::feed_uart()
{
	while (!typed_.empty() && vcxl_uart_room(&uart_) > 0) {
		const char c = typed_.front();

		typed_.pop_front();
		vcxl_uart_receive(&uart_, static_cast<uint8_t>(c));
	}
}

void soc_devices::init_timer()
{
	vcxl_mtimer_wires wires{};

	wires.ctx = this;
	wires.now = [](void *ctx) -> uint64_t {
		const soc_devices *self = static_cast<soc_devices *>(ctx);

		return self->mtimer_target_ ? self->mtimer_target_->now_ps() / map::tick_ps : 0;
	};
	wires.set_mtip = [](void *ctx, unsigned hart, bool level) {
		static_cast<soc_devices *>(ctx)->soc_.cpus_[hart]->set_irq(7, level);
	};
	wires.timer_changed = [](void *ctx, uint64_t deadline) {
		static_cast<soc_devices *>(ctx)->schedule_timer(deadline);
	};
	vcxl_mtimer_init(&mtimer_, soc_.machine_.harts, &wires);
	add(mtimer_target_, "mtimer", vcxl_mtimer_ops, &mtimer_, map::aclint_mtimer);
}

// The kernel calls back when the earliest mtimecmp is reached. Harts see a moved mtime at once and
// end their quantum, so that none runs past the new deadline.
void soc_devices::schedule_timer(uint64_t deadline)
{
	const uint64_t now = sc_core::sc_time_stamp().value();

	timer_event_.cancel();
	for (const auto &hart : soc_.cpus_)
		hart->set_time_offset(mtimer_.offset);
	if (deadline > UINT64_MAX / map::tick_ps)
		return;
	const uint64_t at = deadline * map::tick_ps;

	timer_event_.notify(sc_core::sc_time::from_value(at > now ? at - now : 0));
}

void soc_devices::run_timer()
{
	schedule_timer(vcxl_mtimer_update(&mtimer_));
}

void soc_devices::init_interrupts()
{
	const auto msi = [](void *ctx, unsigned hart, unsigned file, uint32_t identity) {
		soc_devices *self = static_cast<soc_devices *>(ctx);

		self->soc_.cpus_[hart]->imsic_msi(static_cast<iss_imsic_file>(file), identity);
	};

	vcxl_aplic_init(&aplic_, this, [](void *ctx, uint64_t hpa, uint32_t data) {
		static_cast<soc_devices *>(ctx)->send_msi(hpa, data);
	});
	imsic_m_ = { soc_.machine_.harts, ISS_IMSIC_M, this, msi };
	imsic_s_ = { soc_.machine_.harts, ISS_IMSIC_S, this, msi };
	add(aplic_m_target_, "aplic_m", vcxl_aplic_ops, &aplic_.domains[VCXL_APLIC_M],
	    map::aplic_m);
	add(aplic_s_target_, "aplic_s", vcxl_aplic_ops, &aplic_.domains[VCXL_APLIC_S],
	    map::aplic_s);
	add(imsic_m_target_, "imsic_m", vcxl_imsic_ops, &imsic_m_, map::imsic_m);
	add(imsic_s_target_, "imsic_s", vcxl_imsic_ops, &imsic_s_, map::imsic_s);
}

void soc_devices::send_msi(uint64_t hpa, uint32_t data)
{
	tlm::tlm_generic_payload write;
	sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
	uint8_t bytes[4];

	vcxl_store_le(bytes, sizeof(bytes), data);
	write.set_write();
	write.set_address(hpa);
	write.set_data_ptr(bytes);
	write.set_data_length(sizeof(bytes));
	write.set_streaming_width(sizeof(bytes));
	msi_->b_transport(write, delay); // an address that nobody owns swallows the message
}

void soc_devices::init_finisher()
{
	finisher_.ctx = this;
	finisher_.finish = [](void *ctx, vcxl_finish kind, unsigned code) {
		static_cast<soc_devices *>(ctx)->finish(kind, code);
	};
	add(finisher_target_, "finisher", vcxl_finisher_ops, &finisher_, map::finisher);
}

void soc_devices::finish(vcxl_finish kind, unsigned code)
{
	switch (kind) {
	case VCXL_FINISH_PASS:
		soc_.end(0, "");
		break;
	case VCXL_FINISH_FAIL:
		// an exit status has 8 bits, and a failure is never 0
		soc_.end(code & 0xff ? static_cast<int>(code & 0xff) : 1, "");
		break;
	case VCXL_FINISH_RESET:
		soc_.end(soc_.machine_.no_reboot ? 0 : 1,
			 soc_.machine_.no_reboot ? ""
						 : "the guest asked for a reset, which is not "
						   "supported yet (-no-reboot ends the run)");
		break;
	}
}

void soc_devices::attach_htif(uint64_t tohost, uint64_t fromhost)
{
	htif_.ctx = this;
	htif_.exit = [](void *ctx, uint64_t code) {
		const int status = code == 0 ? 0 : code & 0xff ? static_cast<int>(code & 0xff) : 1;

		static_cast<soc_devices *>(ctx)->soc_.end(status, "");
	};
	htif_.putchar = [](void *ctx, uint8_t byte) {
		const soc &s = static_cast<soc_devices *>(ctx)->soc_;

		if (s.hooks_.console_output)
			s.hooks_.console_output(static_cast<char>(byte));
	};
	htif_.unsupported = [](void *ctx, uint64_t request) {
		char text[80];

		snprintf(text, sizeof(text), "HTIF request 0x%llx is not supported",
			 static_cast<unsigned long long>(request));
		static_cast<soc_devices *>(ctx)->soc_.end(1, text);
	};
	// earlier slaves win: these two must be on the bus before RAM
	add(tohost_target_, "tohost", vcxl_htif_tohost_ops, &htif_, { tohost, 8 });
	if (fromhost)
		add(fromhost_target_, "fromhost", vcxl_htif_fromhost_ops, &htif_, { fromhost, 8 });
}

} // namespace vcxl
