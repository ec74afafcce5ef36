// SPDX-License-Identifier: Apache-2.0
//
// Background operations end when the device says so, by one event of the kernel. Sees the private
// headers of the core to lend a device a command of its own that runs in the background. CXL r3.1
// 8.2.8.4.7.
#include <gtest/gtest.h>

#include "tlm_harness.h"

extern "C" {
#include "memdev.h"
}

using namespace vcxl_test;

namespace
{

constexpr uint64_t duration_ps = 3'000'000;

cxl_rc start(vcxl_memdev *, vcxl_msg *msg)
{
	msg->duration_ps = duration_ps;
	return CXL_RC_BACKGROUND_STARTED;
}

cxl_rc finish(vcxl_memdev *, bool)
{
	return CXL_RC_INTERNAL_ERROR; // so that the test can tell it from nothing
}

const vcxl_cmd row = { 0xc000, "Wait", 0, 0, CXL_EFFECT_BACKGROUND, 0, start, finish };
const vcxl_cmd_set sets[] = { { &row, 1 }, { nullptr, 0 } };

class device
{
public:
	fabric f;
	vcxl_memdev *core;

	device() : f({ { bridge({ memdev() }) }, {} }), core(f.memdevs[0]->memdev->core())
	{
		f.start();
		core->mailbox.cci.sets = sets;
		write(0x8, 8, 0xc000); // Command
	}

	uint64_t access(tlm::tlm_command command, uint32_t offset, uint32_t len, uint64_t value,
			uint64_t delay_ps)
	{
		tlm::tlm_generic_payload trans;
		sc_core::sc_time delay(static_cast<double>(delay_ps), sc_core::SC_PS);
		const uint64_t mailbox = f.memdevs[0]->mmio + mib + VCXL_MAILBOX_OFFSET;

		initiator::fill(trans, command, mailbox + offset, &value, len);
		f.io[0]->socket->b_transport(trans, delay);
		EXPECT_TRUE(trans.is_response_ok());
		return value;
	}
	void write(uint32_t offset, uint32_t len, uint64_t value, uint64_t delay_ps = 0)
	{
		access(tlm::TLM_WRITE_COMMAND, offset, len, value, delay_ps);
	}
	uint64_t background(uint64_t delay_ps = 0)
	{
		return access(tlm::TLM_READ_COMMAND, 0x18, 8, 0, delay_ps);
	}
};

} // namespace

TEST(background_operation, ends_at_its_time_without_anybody_looking)
{
	device d;

	d.write(0x4, 4, 1); // doorbell
	EXPECT_NE(d.core->mailbox.cci.running, nullptr);
	EXPECT_EQ(sc_core::sc_time_to_pending_activity(), sc_core::sc_time(3, sc_core::SC_US));
	sc_core::sc_start(2999, sc_core::SC_NS);
	EXPECT_NE(d.core->mailbox.cci.running, nullptr);
	sc_core::sc_start(2, sc_core::SC_NS);
	EXPECT_EQ(d.core->mailbox.cci.running, nullptr);
	EXPECT_EQ(d.core->mailbox.cci.last_rc, 4u);
	EXPECT_FALSE(sc_core::sc_pending_activity()) << "idle again";
}

TEST(background_operation, is_seen_finished_by_an_initiator_that_runs_ahead)
{
	device d;

	d.write(0x4, 4, 1, 1'000'000); // starts at 1 us
	EXPECT_EQ(d.background(3'999'999) >> 32 & 0xffff, 0u);
	EXPECT_EQ(d.background(4'000'000) >> 32 & 0xffff, 4u) << "return code";
	EXPECT_FALSE(sc_core::sc_pending_activity()) << "its event is withdrawn";
}

TEST(background_operation, ends_with_a_reset)
{
	device d;

	d.write(0x4, 4, 1);
	d.f.memdevs[0]->memdev->reset(VCXL_RESET_COLD);
	EXPECT_FALSE(sc_core::sc_pending_activity());
}

TEST(idle_device, costs_no_simulation_events)
{
	device d;

	EXPECT_FALSE(sc_core::sc_pending_activity());
	const sc_dt::uint64 before = sc_core::sc_delta_count();
	for (int i = 0; i < 100; i++)
		sc_core::sc_start(1, sc_core::SC_SEC, sc_core::SC_RUN_TO_TIME);
	EXPECT_EQ(sc_core::sc_delta_count(), before);
}
