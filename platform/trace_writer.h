// SPDX-License-Identifier: Apache-2.0
//
// Writes trace events to a file: text, one line per event, or JSON in the array form of Chrome's
// trace-event format, which Perfetto reads. Knows the events from their table alone
// (vcxl/trace.h).
#ifndef VCXL_PLATFORM_TRACE_WRITER_H
#define VCXL_PLATFORM_TRACE_WRITER_H

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include <vcxl/trace.h>

namespace vcxl
{

enum class trace_format {
	text,
	json
};

class trace_writer
{
public:
	struct config {
		std::string path = "-"; // "-": standard output
		trace_format format = trace_format::text;
		std::string events; // comma-separated patterns with *, "": all but cpu.*
		std::function<uint64_t()> now_ps; // simulated time
		// what a reader calls a value: the symbol of a code address, a CSR; "" nothing
		std::function<std::string(vcxl_trace_unit, uint64_t)> name_of;
		// a write failed; called once, then nothing is written any more. Default: a line
		// on standard error.
		std::function<void(const std::string &)> on_error;
	};

	// Throws std::runtime_error: unknown event, or the file cannot be opened.
	explicit trace_writer(const config &cfg);
	// Completes the file, as close() does.
	~trace_writer();
	trace_writer(const trace_writer &) = delete;
	trace_writer &operator=(const trace_writer &) = delete;

	// For the modules that emit; lives as long as the writer.
	const vcxl_trace *sink() const { return &sink_; }
	// What was emitted so far is in the file afterwards, and the file is complete as it stands
	// (JSON into a pipe: only after close).
	void flush();
	// No event is taken any more. Idempotent.
	void close();
	uint64_t events() const { return n_events_; }

	// Bit per event that a pattern list selects. Throws std::runtime_error that lists the
	// events when a pattern selects none.
	static uint64_t select(const std::string &patterns);

private:
	void emit(const vcxl_trace_event &event);
	std::string name_of(vcxl_trace_unit unit, uint64_t value) const;
	void write_text(const vcxl_trace_event &event, uint64_t now_ps);
	void write_json(const vcxl_trace_event &event, uint64_t now_ps);
	void json_event_head(const char *name, const char *phase, unsigned track);
	unsigned track_of(const std::string &source);
	uint64_t start_of(const vcxl_trace_event &event, uint64_t now_ps, uint64_t latency_ps);
	void write_out();
	void fail(const char *what);

	config config_;
	vcxl_trace sink_{};
	std::FILE *file_ = nullptr;
	std::string buffer_;
	bool open_document_ = false; // JSON: the closing bracket is missing
	bool seekable_ = false;
	uint64_t n_events_ = 0;
	std::map<std::string, unsigned> tracks_;
	uint64_t access_ps_ = UINT64_MAX; // when the access being traced began, and
	uint64_t elapsed_ps_ = 0;         // what its hops took so far
};

} // namespace vcxl

#endif
