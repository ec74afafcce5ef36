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
	SC_METHOD(pulse_power);
	sensitive << pressed;
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
		static_cast<soc_devices *>(ctx)->soc_.print(static_cast<char>(byte));
	};
	wires.irq = [](void *ctx, bool level) {
		vcxl_aplic_set_wire(&static_cast<soc_devices *>(ctx)->aplic_, map::uart_irq, level);
	};
	vcxl_uart_init(&uart_, &wires);
	add(uart_target_, "uart", vcxl_uart_ops, &uart_, map::uart);
	uart_target_->after_access = [this] { feed_uart(); };
}

void soc_devices::typed(const key &k)
{
	typed_.push_back(k);
	feed_uart();
}

void soc_devices::feed_uart()
{
	const bool behind = typed_enough();

	while (!typed_.empty() && vcxl_uart_room(&uart_) > 0) {
		const key k = typed_.front();

		if (k.kind == key_kind::line_break && uart_.count)
			break; // LSR tells of it with the byte that is read next
		typed_.pop_front();
		if (k.kind == key_kind::line_break)
			vcxl_uart_break(&uart_);
		else
			vcxl_uart_receive(&uart_, k.byte);
	}
	if (behind && !typed_enough())
		caught_up.notify(sc_core::SC_ZERO_TIME);
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

// An edge: nothing remembers the button but the interrupt's pending bit.
void soc_devices::pulse_power()
{
	vcxl_aplic_set_wire(&aplic_, map::power_irq, true);
	vcxl_aplic_set_wire(&aplic_, map::power_irq, false);
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

// Before the harts are reset, whose inputs these devices drive. What was typed and not yet received
// stays for whoever reads next.
void soc_devices::reset()
{
	vcxl_uart_reset(&uart_);
	vcxl_aplic_reset(&aplic_);
	vcxl_mtimer_reset(&mtimer_);
	vcxl_htif_reset(&htif_);
	feed_uart();
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
		soc_.end(0, "", "guest-shutdown");
		break;
	case VCXL_FINISH_FAIL:
		// an exit status has 8 bits, and a failure is never 0
		soc_.end(code & 0xff ? static_cast<int>(code & 0xff) : 1, "", "guest-shutdown");
		break;
	case VCXL_FINISH_RESET:
		soc_.request_reset("guest-reset");
		break;
	}
}

void soc_devices::attach_htif(uint64_t tohost, uint64_t fromhost)
{
	htif_.ctx = this;
	htif_.exit = [](void *ctx, uint64_t code) {
		const int status = code == 0 ? 0 : code & 0xff ? static_cast<int>(code & 0xff) : 1;

		static_cast<soc_devices *>(ctx)->soc_.end(status, "", "guest-shutdown");
	};
	htif_.putchar = [](void *ctx, uint8_t byte) {
		static_cast<soc_devices *>(ctx)->soc_.print(static_cast<char>(byte));
	};
	htif_.unsupported = [](void *ctx, uint64_t request) {
		char text[80];

		snprintf(text, sizeof(text), "HTIF request 0x%llx is not supported",
			 static_cast<unsigned long long>(request));
		static_cast<soc_devices *>(ctx)->soc_.end(1, text, "host-error");
	};
	// earlier slaves win: these two must be on the bus before RAM
	add(tohost_target_, "tohost", vcxl_htif_tohost_ops, &htif_, { tohost, 8 });
	if (fromhost)
		add(fromhost_target_, "fromhost", vcxl_htif_fromhost_ops, &htif_, { fromhost, 8 });
}

} // namespace vcxl
