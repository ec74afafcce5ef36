// SPDX-License-Identifier: Apache-2.0
//
// The devices of the virtual host that are not CXL: UART, timer, interrupt controllers, finisher,
// HTIF. Each is a C device behind a device_target; this module wires their callbacks.
#ifndef VCXL_PLATFORM_SOC_DEVICES_H
#define VCXL_PLATFORM_SOC_DEVICES_H

#include <deque>
#include <memory>
#include <string>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

#include <aclint.h>
#include <aplic.h>
#include <finisher.h>
#include <htif.h>
#include <imsic_page.h>
#include <uart16550.h>

#include "soc.h"

namespace vcxl
{

struct soc_devices : public sc_core::sc_module {
	explicit soc_devices(soc &owner);
	SC_HAS_PROCESS(soc_devices);

	void attach_htif(uint64_t tohost, uint64_t fromhost);
	void typed(const key &k);
	// Whether the guest is so far behind that who types has to wait.
	bool typed_enough() const { return typed_.size() > max_typed; }
	sc_core::sc_event caught_up; // it no longer is
	sc_core::sc_event pressed;   // the power button
	void reset();
	// mtime is 0 now.
	void restart_time() { vcxl_mtimer_reset(&mtimer_); }

private:
	void init_uart();
	void init_timer();
	void init_interrupts();
	void init_finisher();
	void add(std::unique_ptr<device_target> &target, const char *name, const vcxl_dev_ops &ops,
		 void *device, map_range range);
	void feed_uart();
	void run_timer();
	void pulse_power();
	void schedule_timer(uint64_t deadline);
	void send_msi(uint64_t hpa, uint32_t data);
	void finish(vcxl_finish kind, unsigned code);

	static constexpr size_t max_typed = 65536;

	soc &soc_;
	tlm_utils::simple_initiator_socket<soc_devices, 64> msi_;

	vcxl_uart uart_{};
	vcxl_mtimer mtimer_{};
	vcxl_aplic aplic_{};
	vcxl_imsic_pages imsic_m_{}, imsic_s_{};
	vcxl_finisher finisher_{};
	vcxl_htif htif_{};
	std::unique_ptr<device_target> uart_target_, mtimer_target_, aplic_m_target_,
		aplic_s_target_, imsic_m_target_, imsic_s_target_, finisher_target_, tohost_target_,
		fromhost_target_;
	std::deque<key> typed_; // waits for room in the UART's FIFO
	sc_core::sc_event timer_event_;
};

} // namespace vcxl

#endif
