// SPDX-License-Identifier: Apache-2.0
//
// Annotated latency, the time that a device sees, and what tracing says of both. Transport never
// waits.
#include <gtest/gtest.h>

#include "tlm_harness.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t base = 0x1000000000;

struct event {
	vcxl_trace_id id;
	std::string source;
	uint64_t fields[VCXL_TRACE_MAX_FIELDS];
};

// Keeps what is emitted.
class tracer
{
public:
	std::vector<event> events;
	vcxl_trace trace{};

	tracer()
	{
		trace.ctx = this;
		trace.emit = [](void *ctx, const vcxl_trace_event *e) {
			event copy{ e->id, e->source, {} };

			memcpy(copy.fields, e->fields, sizeof(copy.fields));
			static_cast<tracer *>(ctx)->events.push_back(copy);
		};
	}
};

// Programs every decoder of a chain of single children to pass everything of `size`.
void program_chain(fabric &f, uint64_t size)
{
	for (const auto &n : f.nodes) {
		if (n->kind != kind::bridge && n->kind != kind::upstream && n->kind != kind::memdev)
			continue;
		EXPECT_EQ(f.commit(*n, 0, { base, size, 0, 0, 0, false }) & 0xc00, 0x400u);
		f.set_hdm_enable(*n, true);
	}
}

fabric_spec chain(const vcxl_trace *trace = nullptr)
{
	fabric_spec s;

	s.bridges = { bridge({ cxl_switch({ memdev() }) }) };
	s.windows = { { base, 4 * quarter_gib, 256u, { 0 } } };
	s.trace = trace;
	return s;
}

} // namespace

TEST(latency, of_each_hop_is_added_once)
{
	fabric f(chain());
	uint64_t value = 0;

	f.start();
	program_chain(f, quarter_gib);
	EXPECT_EQ(f.mem[0]->read(base, &value, 8), tlm::TLM_OK_RESPONSE);
	// window 50, host bridge 10, root port 25, upstream 50, downstream 50, device 125 ns
	EXPECT_EQ(f.mem[0]->delay, sc_core::sc_time(310, sc_core::SC_NS));
	EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::SC_ZERO_TIME);
}

TEST(latency, of_a_split_burst_is_that_of_its_pieces)
{
	fabric f(
		{ { bridge({ memdev(), memdev() }) }, { { base, 2 * quarter_gib, 256u, { 0 } } } });
	uint8_t data[512];

	f.start();
	f.commit(*f.bridges[0], 0, { base, 2 * quarter_gib, 1, 0, 0x0100, false });
	f.set_hdm_enable(*f.bridges[0], true);
	for (const node *m : f.memdevs) {
		f.commit(*m, 0, { base, 2 * quarter_gib, 1, 0, 0, false });
		f.set_hdm_enable(*m, true);
	}
	EXPECT_EQ(f.mem[0]->read(base, data, 512), tlm::TLM_OK_RESPONSE);
	// the window does not interleave and passes it whole; the host bridge makes two of it
	EXPECT_EQ(f.mem[0]->delay, sc_core::sc_time(50 + 2 * (10 + 25 + 125), sc_core::SC_NS));
}

TEST(latency, of_debug_transport_and_registers_is_none)
{
	fabric f(chain());
	uint64_t value = 0;

	f.start();
	program_chain(f, quarter_gib);
	f.mem[0]->delay = sc_core::SC_ZERO_TIME;
	EXPECT_EQ(f.mem[0]->debug(tlm::TLM_READ_COMMAND, base, &value, 8), 8u);
	EXPECT_EQ(f.mem[0]->delay, sc_core::SC_ZERO_TIME);
	f.config_read(*f.memdevs[0], 0, 4);
	EXPECT_EQ(f.io[0]->delay, sc_core::SC_ZERO_TIME);
}

TEST(trace, tells_each_hop_with_its_latency)
{
	tracer t;
	fabric f(chain(&t.trace));
	uint64_t value = 0;

	f.start();
	program_chain(f, quarter_gib);
	t.trace.enabled = ~0ull;
	t.events.clear();
	EXPECT_EQ(f.mem[0]->write(base + 0x40, &value, 8), tlm::TLM_OK_RESPONSE);
	const std::vector<std::pair<vcxl_trace_id, uint64_t>> hops{
		{ VCXL_TRACE_WINDOW, 50000 }, { VCXL_TRACE_PORT, 10000 },
		{ VCXL_TRACE_PORT, 25000 },   { VCXL_TRACE_PORT, 50000 },
		{ VCXL_TRACE_PORT, 50000 },   { VCXL_TRACE_MEMDEV, 125000 },
	};
	const unsigned latency_field[] = { 5, 4, 4, 4, 4, 5 };

	ASSERT_EQ(t.events.size(), hops.size());
	for (size_t i = 0; i < hops.size(); i++) {
		EXPECT_EQ(t.events[i].id, hops[i].first) << i;
		EXPECT_EQ(t.events[i].fields[0], 1u) << "write";
		EXPECT_EQ(t.events[i].fields[1], base + 0x40) << "hpa";
		EXPECT_EQ(t.events[i].fields[latency_field[i]], hops[i].second) << i;
	}
	EXPECT_EQ(t.events[0].source, f.windows[0]->name());
	EXPECT_EQ(t.events[5].source, f.memdevs[0]->memdev->name());
	EXPECT_EQ(t.events[5].fields[2], 0x40u) << "dpa";
}

TEST(trace, tells_where_an_access_got_lost_and_which_registers_were_touched)
{
	tracer t;
	fabric f(chain(&t.trace));
	uint64_t value = 0;

	f.start();
	program_chain(f, quarter_gib);
	t.trace.enabled =
		1ull << VCXL_TRACE_UNROUTED | 1ull << VCXL_TRACE_CONFIG | 1ull << VCXL_TRACE_MMIO;
	t.events.clear();
	EXPECT_EQ(f.mem[0]->read(base + quarter_gib, &value, 8), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	f.config_read(*f.memdevs[0], 2, 2);
	f.component_read(*f.memdevs[0], 0x1000);
	ASSERT_EQ(t.events.size(), 3u);
	EXPECT_EQ(t.events[0].id, VCXL_TRACE_UNROUTED);
	EXPECT_EQ(t.events[0].source, f.bridges[0]->port->name());
	EXPECT_EQ(t.events[0].fields[3], 4u) << "no committed decoder";
	EXPECT_EQ(t.events[1].id, VCXL_TRACE_CONFIG);
	EXPECT_EQ(t.events[1].fields[1], static_cast<uint64_t>(f.memdevs[0]->bus) << 8);
	EXPECT_EQ(t.events[1].fields[2], 2u);
	EXPECT_EQ(t.events[1].fields[4], 0x0d93u);
	EXPECT_EQ(t.events[2].id, VCXL_TRACE_MMIO);
	EXPECT_EQ(t.events[2].fields[2], 0x1000u);
}

namespace
{

// Mailbox of a device through BAR2 with an annotated delay: Set and Get Timestamp, CXL
// r3.1 8.2.9.4.
class clock_of
{
public:
	clock_of(fabric &f, const node &md) : io_(*f.io[md.bridge])
	{
		const uint64_t bar2 = md.mmio + mib;
		uint64_t array = read(bar2);

		for (uint64_t i = 1; i <= (array >> 32 & 0xffff); i++)
			if ((read(bar2 + 16 * i) & 0xffff) == 2)
				mailbox_ = bar2 + (read(bar2 + 16 * i) >> 32);
	}

	void set(uint64_t ns, uint64_t delay_ns)
	{
		access(tlm::TLM_WRITE_COMMAND, mailbox_ + 0x20, ns, delay_ns);
		run(0x0301 | 8 << 16, delay_ns);
	}
	uint64_t get(uint64_t delay_ns)
	{
		run(0x0300, delay_ns);
		return read(mailbox_ + 0x20);
	}

private:
	void run(uint64_t command, uint64_t delay_ns)
	{
		access(tlm::TLM_WRITE_COMMAND, mailbox_ + 8, command, delay_ns);
		access(tlm::TLM_WRITE_COMMAND, mailbox_, 1ull << 32, delay_ns); // doorbell
		EXPECT_EQ(read(mailbox_ + 0x10) >> 32, 0u) << "return code";
	}
	uint64_t read(uint64_t at) { return access(tlm::TLM_READ_COMMAND, at, 0, 0); }
	uint64_t access(tlm::tlm_command command, uint64_t at, uint64_t value, uint64_t delay_ns)
	{
		tlm::tlm_generic_payload trans;
		sc_core::sc_time delay(static_cast<double>(delay_ns), sc_core::SC_NS);

		initiator::fill(trans, command, at, &value, 8);
		io_.socket->b_transport(trans, delay);
		EXPECT_TRUE(trans.is_response_ok());
		return value;
	}

	initiator &io_;
	uint64_t mailbox_ = 0;
};

} // namespace

TEST(device_time, is_simulated_time_plus_the_delay_of_the_access)
{
	fabric f(chain());

	f.start();
	clock_of clock(f, *f.memdevs[0]);
	clock.set(1000000, 0);
	EXPECT_EQ(clock.get(0), 1000000u);
	EXPECT_EQ(clock.get(700), 1000700u);
	EXPECT_EQ(clock.get(300), 1000700u)
		<< "time does not go back for an initiator that is behind";
	sc_core::sc_start(2, sc_core::SC_US);
	EXPECT_EQ(clock.get(5), 1002005u);
}

TEST(device_time, an_idle_device_has_no_event_pending)
{
	fabric f(chain());

	f.start();
	program_chain(f, quarter_gib);
	EXPECT_FALSE(sc_core::sc_pending_activity());
}
