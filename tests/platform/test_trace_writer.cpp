// SPDX-License-Identifier: Apache-2.0
//
// Trace files: the text form as literals, the JSON form read back with a JSON parser.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <jansson.h>

#include "trace_writer.h"

namespace
{

class trace : public testing::Test
{
protected:
	trace() : path(testing::TempDir() + "vcxl_trace_" + name() + ".out")
	{
		cfg.path = path;
		cfg.now_ps = [this] { return now; };
		cfg.on_error = [this](const std::string &text) { errors.push_back(text); };
	}
	~trace() override
	{
		writer.reset();
		std::remove(path.c_str());
	}
	static std::string name()
	{
		return testing::UnitTest::GetInstance()->current_test_info()->name();
	}
	const vcxl_trace *start(vcxl::trace_format format, const std::string &events = "")
	{
		cfg.format = format;
		cfg.events = events;
		writer = std::make_unique<vcxl::trace_writer>(cfg);
		return writer->sink();
	}
	std::string contents() const
	{
		std::stringstream text;

		text << std::ifstream(path, std::ios::binary).rdbuf();
		return text.str();
	}
	// Events of the file, without those that name processes and threads.
	std::vector<json_t *> parse()
	{
		json_error_t error;
		std::vector<json_t *> list;
		size_t i;
		json_t *event;

		root.reset(json_loads(contents().c_str(), 0, &error));
		EXPECT_TRUE(json_is_array(root.get())) << error.text << "\n" << contents();
		json_array_foreach(root.get(), i, event)
		{
			if (field(event, "ph") != "M")
				list.push_back(event);
		}
		return list;
	}
	static std::string field(json_t *event, const char *key)
	{
		const char *value = json_string_value(json_object_get(event, key));

		return value ? value : "";
	}

	struct free_json {
		void operator()(json_t *json) const { json_decref(json); }
	};

	std::string path;
	uint64_t now = 0;
	vcxl::trace_writer::config cfg;
	std::vector<std::string> errors;
	std::unique_ptr<vcxl::trace_writer> writer;
	std::unique_ptr<json_t, free_json> root;
};

TEST_F(trace, text_is_a_line_per_event_with_time_source_and_fields)
{
	const vcxl_trace *sink = start(vcxl::trace_format::text);

	now = 12345678;
	vcxl_trace_emit(sink, VCXL_TRACE_MEMDEV, "cxl-pmem0", 0, 0x1000000040, 0x40, 8, 1, 125000);
	now = 2000000000001;
	vcxl_trace_emit(sink, VCXL_TRACE_PORT, "hb0", 1, 0x1000000040, 64, 2, 1500);
	vcxl_trace_emit(sink, VCXL_TRACE_MSI, "rp0", 0x28000000, 9);
	writer->flush();
	EXPECT_EQ(contents(),
		  "[12.345678 us] cxl-pmem0 mem.memdev R hpa=0x1000000040 dpa=0x40 len=8 "
		  "partition=1 latency=125ns\n"
		  "[2000000.000001 us] hb0 mem.port W hpa=0x1000000040 len=64 dport=2 "
		  "latency=1500ps\n"
		  "[2000000.000001 us] rp0 irq.msi hpa=0x28000000 data=0x9\n");
	EXPECT_EQ(writer->events(), 3u);
}

TEST_F(trace, json_names_tracks_by_source_and_places_events_in_microseconds)
{
	const vcxl_trace *sink = start(vcxl::trace_format::json);

	now = 12345678;
	vcxl_trace_emit(sink, VCXL_TRACE_MEMDEV, "mem \"0\"", 1, 0xffffffffffffffff, 0x40, 8, 1,
			125000);
	vcxl_trace_emit(sink, VCXL_TRACE_COMMAND, "mem1", 0x4000, 0, 0, 69);
	writer->close();
	EXPECT_EQ(contents(),
		  "[\n"
		  R"({"name":"process_name","ph":"M","pid":1,"args":{"name":"vcxl"}},)"
		  "\n"
		  R"({"name":"thread_name","ph":"M","pid":1,"tid":1,"args":{"name":"mem \"0\""}},)"
		  "\n"
		  R"({"name":"mem.memdev","ph":"X","pid":1,"tid":1,"ts":12.345678,"dur":0.125000,)"
		  R"("args":{"rw":"W","hpa":"0xffffffffffffffff","dpa":"0x40","len":8,)"
		  R"("partition":1,"latency":125000}},)"
		  "\n"
		  R"({"name":"thread_name","ph":"M","pid":1,"tid":2,"args":{"name":"mem1"}},)"
		  "\n"
		  R"({"name":"mbox.command","ph":"i","pid":1,"tid":2,"ts":12.345678,"s":"t",)"
		  R"("args":{"opcode":"0x4000","in_len":0,"rc":"0x0","out_len":69}})"
		  "\n]\n");
	EXPECT_EQ(parse().size(), 2u);
}

TEST_F(trace, hops_of_one_access_lie_one_behind_the_other)
{
	const vcxl_trace *sink = start(vcxl::trace_format::json);
	const std::vector<double> expected = { 1.0, 1.01, 1.03, 1.0, 1.01, 2.0 };

	now = 1000000;
	vcxl_trace_emit(sink, VCXL_TRACE_WINDOW, "w", 0, 0, 8, 2, 0, 10000);
	vcxl_trace_emit(sink, VCXL_TRACE_PORT, "p", 0, 0, 8, 0, 20000);
	vcxl_trace_emit(sink, VCXL_TRACE_MEMDEV, "m", 0, 0, 0, 8, 0, 100000);
	vcxl_trace_emit(sink, VCXL_TRACE_WINDOW, "w", 0, 0, 8, 2, 0, 10000); // another access
	vcxl_trace_emit(sink, VCXL_TRACE_PORT, "p", 0, 0, 8, 0, 20000);
	now = 2000000;
	vcxl_trace_emit(sink, VCXL_TRACE_PORT, "p", 0, 0, 8, 0, 20000);
	writer->close();

	const std::vector<json_t *> events = parse();

	ASSERT_EQ(events.size(), expected.size());
	for (size_t i = 0; i < expected.size(); i++)
		EXPECT_DOUBLE_EQ(json_number_value(json_object_get(events[i], "ts")), expected[i]);
}

TEST_F(trace, json_is_complete_after_every_flush_and_without_events)
{
	const vcxl_trace *sink = start(vcxl::trace_format::json);

	writer->flush();
	EXPECT_EQ(parse().size(), 0u);
	for (size_t n = 1; n < 4; n++) {
		vcxl_trace_emit(sink, VCXL_TRACE_RESET, "hb0", n);
		writer->flush();
		EXPECT_EQ(parse().size(), n);
	}
	writer->close();
	EXPECT_EQ(parse().size(), 3u);
}

TEST_F(trace, json_is_completed_by_an_exception)
{
	try {
		vcxl::trace_writer local([&] {
			cfg.format = vcxl::trace_format::json;
			return cfg;
		}());

		for (unsigned i = 0; i < 5000; i++)
			vcxl_trace_emit(local.sink(), VCXL_TRACE_RESET, "hb0", i);
		throw 1;
	} catch (int) {
	}
	EXPECT_EQ(parse().size(), 5000u);
}

TEST_F(trace, control_characters_of_a_name_are_escaped)
{
	const vcxl_trace *sink = start(vcxl::trace_format::json);

	vcxl_trace_emit(sink, VCXL_TRACE_RESET, "a\\b\n", 0);
	writer->close();
	EXPECT_NE(contents().find("\"a\\\\b\\u000a\""), std::string::npos);
	EXPECT_EQ(parse().size(), 1u);
}

TEST_F(trace, names_stand_behind_the_addresses_and_csrs_that_have_one)
{
	cfg.name_of = [](vcxl_trace_unit unit, uint64_t value) -> std::string {
		if (unit == VCXL_TRACE_CSR)
			return value == 0x342 ? "mcause" : "";
		return value == 0x80000004 ? "_start+0x4" : "";
	};
	const vcxl_trace *sink = start(vcxl::trace_format::text, "cpu.*");

	vcxl_trace_emit(sink, VCXL_TRACE_INSN, "hart0", 0x80000004, 0x13, 3);
	vcxl_trace_emit(sink, VCXL_TRACE_EXCEPTION, "hart0", 0x80000008, 0x342, 0x80000004, 3);
	vcxl_trace_emit(sink, VCXL_TRACE_CSR_INSN, "hart0", 0x80000004, 0x342, 2);
	vcxl_trace_emit(sink, VCXL_TRACE_DATA, "hart0", 2, 0x80000004, 0x342, 0x80000342, 8, 7);
	writer->flush();
	EXPECT_EQ(contents(),
		  "[0.000000 us] hart0 cpu.insn pc=0x80000004 <_start+0x4> bits=0x13 priv=3\n"
		  "[0.000000 us] hart0 cpu.exception pc=0x80000008 cause=834 tval=0x80000004 "
		  "priv=3\n"
		  "[0.000000 us] hart0 cpu.csr pc=0x80000004 <_start+0x4> csr=0x342 <mcause> "
		  "value=0x2\n"
		  "[0.000000 us] hart0 cpu.mem amo pc=0x80000004 <_start+0x4> va=0x342 "
		  "pa=0x80000342 len=8 value=0x7\n");

	sink = start(vcxl::trace_format::json, "cpu.*");
	vcxl_trace_emit(sink, VCXL_TRACE_CSR_INSN, "hart0", 0x80000004, 0x300, 2);
	writer->close();
	EXPECT_NE(contents().find("\"args\":{\"pc\":\"0x80000004\",\"pc_name\":\"_start+0x4\","
				  "\"csr\":\"0x300\",\"value\":\"0x2\"}"),
		  std::string::npos)
		<< contents();
	EXPECT_EQ(parse().size(), 1u);
}

TEST_F(trace, patterns_select_events)
{
	const auto those = [](std::initializer_list<unsigned> events) {
		std::uint64_t mask = 0;

		for (const unsigned event : events)
			mask |= std::uint64_t{ 1 } << event;
		return mask;
	};
	const std::uint64_t mem = those(
		{ VCXL_TRACE_WINDOW, VCXL_TRACE_PORT, VCXL_TRACE_MEMDEV, VCXL_TRACE_UNROUTED });
	const std::uint64_t all = (std::uint64_t{ 1 } << VCXL_N_TRACE_EVENTS) - 1;
	const std::uint64_t cpu =
		those({ VCXL_TRACE_INSN, VCXL_TRACE_EXCEPTION, VCXL_TRACE_INTERRUPT,
			VCXL_TRACE_CSR_INSN, VCXL_TRACE_DATA });

	EXPECT_EQ(vcxl::trace_writer::select("mem.*"), mem);
	EXPECT_EQ(vcxl::trace_writer::select("mem.*,hdm.commit"),
		  mem | those({ VCXL_TRACE_DECODER }));
	EXPECT_EQ(vcxl::trace_writer::select("reset"), those({ VCXL_TRACE_RESET }));
	EXPECT_EQ(vcxl::trace_writer::select("*.m*"),
		  those({ VCXL_TRACE_MEMDEV, VCXL_TRACE_MMIO, VCXL_TRACE_MSI, VCXL_TRACE_DATA }));
	EXPECT_EQ(vcxl::trace_writer::select("*"), all);
	EXPECT_EQ(vcxl::trace_writer::select(""), all & ~cpu);
}

TEST_F(trace, events_that_are_not_selected_are_off)
{
	const vcxl_trace *sink = start(vcxl::trace_format::text, "irq.msi");

	EXPECT_FALSE(vcxl_trace_on(sink, VCXL_TRACE_RESET));
	vcxl_trace_emit(sink, VCXL_TRACE_RESET, "hb0", 1);
	vcxl_trace_emit(sink, VCXL_TRACE_MSI, "rp0", 1, 2);
	writer->close();
	EXPECT_EQ(contents(), "[0.000000 us] rp0 irq.msi hpa=0x1 data=0x2\n");
	vcxl_trace_emit(sink, VCXL_TRACE_MSI, "rp0", 1, 2);
	EXPECT_EQ(writer->events(), 1u) << "closed";
}

TEST_F(trace, unknown_pattern_is_an_error_that_lists_the_events)
{
	for (const char *bad : { "mem", "mem.*,nonsense", "mem.*,,reset", "mem.window.x" }) {
		try {
			vcxl::trace_writer::select(bad);
			FAIL() << bad;
		} catch (const std::runtime_error &e) {
			EXPECT_NE(std::string(e.what()).find(
					  "events are: mem.window, mem.port, mem.memdev, "
					  "mem.unrouted, io.config, io.mmio, hdm.commit, "
					  "mbox.command, irq.msi, reset, event.record"),
				  std::string::npos)
				<< e.what();
		}
	}
}

TEST_F(trace, file_that_cannot_be_opened_is_an_error_that_names_it)
{
	cfg.path = "/nonexistent/trace";
	EXPECT_THROW(
		{
			try {
				vcxl::trace_writer local(cfg);
			} catch (const std::runtime_error &e) {
				EXPECT_STREQ(e.what(), "trace file /nonexistent/trace: "
						       "No such file or directory");
				throw;
			}
		},
		std::runtime_error);
}

TEST_F(trace, write_error_is_reported_once)
{
	std::remove(path.c_str());
	cfg.path = "/dev/full";
	const vcxl_trace *sink = start(vcxl::trace_format::json);

	for (unsigned i = 0; i < 10000; i++)
		vcxl_trace_emit(sink, VCXL_TRACE_RESET, "hb0", i);
	writer->flush();
	writer->close();
	EXPECT_EQ(errors,
		  std::vector<std::string>{ "trace file /dev/full: No space left on device" });
}

} // namespace
