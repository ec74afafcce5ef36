// SPDX-License-Identifier: Apache-2.0
//
// Trace files; see trace_writer.h. Times are integers of picoseconds up to the last digit written:
// no floating point, so that runs compare byte by byte.
#include "trace_writer.h"

#include <cerrno>
#include <cinttypes>
#include <cstring>
#include <stdexcept>

namespace vcxl
{

namespace
{

constexpr size_t buffer_size = 1 << 16;
constexpr char document_end[] = "\n]\n";
constexpr uint64_t ps_per_us = 1'000'000, ps_per_ns = 1'000;

std::string format(const char *pattern, uint64_t value)
{
	char text[32];

	std::snprintf(text, sizeof(text), pattern, value);
	return text;
}

std::string microseconds(uint64_t ps)
{
	char text[40];

	std::snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, ps / ps_per_us, ps % ps_per_us);
	return text;
}

// As a reader writes it: 125ns, 1500ps.
std::string duration(uint64_t ps)
{
	return ps % ps_per_ns ? format("%" PRIu64 "ps", ps)
			      : format("%" PRIu64 "ns", ps / ps_per_ns);
}

std::string json_string(const std::string &text)
{
	std::string quoted = "\"";

	for (char c : text) {
		if (c == '"' || c == '\\')
			quoted.append({ '\\', c });
		else if (static_cast<unsigned char>(c) < 0x20)
			quoted += format("\\u%04" PRIx64, static_cast<unsigned char>(c));
		else
			quoted += c;
	}
	return quoted + '"';
}

std::string text_value(vcxl_trace_unit unit, uint64_t value)
{
	switch (unit) {
	case VCXL_TRACE_HEX:
	case VCXL_TRACE_CODE:
	case VCXL_TRACE_CSR:
		return format("0x%" PRIx64, value);
	case VCXL_TRACE_PS:
		return duration(value);
	case VCXL_TRACE_RW:
		return value ? "W" : "R";
	case VCXL_TRACE_ACCESS:
		return value == 0 ? "load" : value == 1 ? "store" : "amo";
	case VCXL_TRACE_DEC:
		break;
	}
	return format("%" PRIu64, value);
}

std::string json_value(vcxl_trace_unit unit, uint64_t value)
{
	// a JSON number is a double to most readers: addresses would lose bits
	if (unit == VCXL_TRACE_DEC || unit == VCXL_TRACE_PS)
		return format("%" PRIu64, value);
	return '"' + text_value(unit, value) + '"';
}

// Words that say what they are.
bool speaks(vcxl_trace_unit unit)
{
	return unit == VCXL_TRACE_RW || unit == VCXL_TRACE_ACCESS;
}

// Whether the event takes time, and how much.
bool find_latency(const vcxl_trace_event &event, uint64_t *latency_ps)
{
	const vcxl_trace_row &row = vcxl_trace_rows[event.id];

	for (unsigned i = 0; i < row.n_fields; i++) {
		if (row.fields[i].unit == VCXL_TRACE_PS) {
			*latency_ps = event.fields[i];
			return true;
		}
	}
	return false;
}

// * stands for any characters
bool matches(const char *pattern, const char *name)
{
	for (; *pattern && *pattern != '*'; pattern++, name++)
		if (*pattern != *name)
			return false;
	if (!*pattern)
		return !*name;
	do {
		if (matches(pattern + 1, name))
			return true;
	} while (*name++);
	return false;
}

uint64_t select_one(const std::string &pattern)
{
	uint64_t mask = 0;
	std::string known;

	for (unsigned i = 0; i < VCXL_N_TRACE_EVENTS; i++) {
		const char *name = vcxl_trace_rows[i].name;

		if (matches(pattern.c_str(), name))
			mask |= uint64_t{ 1 } << i;
		known.append(i ? ", " : "").append(name);
	}
	if (!mask)
		throw std::runtime_error("unknown trace event '" + pattern +
					 "'; events are: " + known);
	return mask;
}

} // namespace

uint64_t trace_writer::select(const std::string &patterns)
{
	uint64_t mask = 0;
	size_t start = 0, comma;

	if (patterns.empty())
		return select_one("*") & ~select_one("cpu.*"); // a line per instruction
	do {
		comma = patterns.find(',', start);
		mask |= select_one(patterns.substr(start, comma - start));
		start = comma + 1;
	} while (comma != std::string::npos);
	return mask;
}

trace_writer::trace_writer(const config &cfg) : config_(cfg)
{
	sink_.enabled = select(cfg.events);
	sink_.ctx = this;
	sink_.emit = [](void *ctx, const vcxl_trace_event *event) {
		static_cast<trace_writer *>(ctx)->emit(*event);
	};
	file_ = cfg.path == "-" ? stdout : std::fopen(cfg.path.c_str(), "wb");
	if (!file_)
		throw std::runtime_error("trace file " + cfg.path + ": " + std::strerror(errno));
	// writes of ours are large; an empty stdio buffer makes their errors ours at once
	if (file_ != stdout) {
		std::setvbuf(file_, nullptr, _IONBF, 0);
		seekable_ = std::fseek(file_, 0, SEEK_CUR) == 0;
	}
	buffer_.reserve(2 * buffer_size);
	if (cfg.format == trace_format::json) {
		buffer_ = "[\n{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,"
			  "\"args\":{\"name\":\"vcxl\"}}";
		open_document_ = true;
	}
}

trace_writer::~trace_writer()
{
	close();
}

void trace_writer::emit(const vcxl_trace_event &event)
{
	if (!file_ || event.id >= VCXL_N_TRACE_EVENTS)
		return;
	const uint64_t now_ps = config_.now_ps ? config_.now_ps() : 0;

	n_events_++;
	if (config_.format == trace_format::json)
		write_json(event, now_ps);
	else
		write_text(event, now_ps);
	if (buffer_.size() >= buffer_size)
		write_out();
}

std::string trace_writer::name_of(vcxl_trace_unit unit, uint64_t value) const
{
	const bool named = unit == VCXL_TRACE_CODE || unit == VCXL_TRACE_CSR;

	return named && config_.name_of ? config_.name_of(unit, value) : "";
}

void trace_writer::write_text(const vcxl_trace_event &event, uint64_t now_ps)
{
	const vcxl_trace_row &row = vcxl_trace_rows[event.id];

	buffer_ += '[' + microseconds(now_ps) + " us] " + event.source + ' ' + row.name;
	for (unsigned i = 0; i < row.n_fields; i++) {
		buffer_ += ' ';
		if (!speaks(row.fields[i].unit))
			buffer_.append(row.fields[i].name) += '=';
		buffer_ += text_value(row.fields[i].unit, event.fields[i]);
		const std::string name = name_of(row.fields[i].unit, event.fields[i]);
		if (!name.empty())
			buffer_ += " <" + name + '>';
	}
	buffer_ += '\n';
}

// Hops of one access tell what each adds: they are laid one behind the other until the time
// changes or the access of another window begins.
uint64_t trace_writer::start_of(const vcxl_trace_event &event, uint64_t now_ps, uint64_t latency_ps)
{
	uint64_t start;

	if (now_ps != access_ps_ || event.id == VCXL_TRACE_WINDOW) {
		access_ps_ = now_ps;
		elapsed_ps_ = 0;
	}
	start = access_ps_ + elapsed_ps_;
	elapsed_ps_ += latency_ps;
	return start;
}

void trace_writer::json_event_head(const char *name, const char *phase, unsigned track)
{
	buffer_ += ",\n{\"name\":" + json_string(name) + ",\"ph\":\"" + phase +
		   "\",\"pid\":1,\"tid\":" + std::to_string(track);
}

// Number of the source's track; a new one is named first.
unsigned trace_writer::track_of(const std::string &source)
{
	const auto found = tracks_.find(source);

	if (found != tracks_.end())
		return found->second;
	const unsigned track = static_cast<unsigned>(tracks_.size()) + 1;

	tracks_.emplace(source, track);
	json_event_head("thread_name", "M", track);
	buffer_ += ",\"args\":{\"name\":" + json_string(source) + "}}";
	return track;
}

void trace_writer::write_json(const vcxl_trace_event &event, uint64_t now_ps)
{
	const vcxl_trace_row &row = vcxl_trace_rows[event.id];
	const unsigned track = track_of(event.source);
	uint64_t latency_ps;

	if (find_latency(event, &latency_ps)) {
		json_event_head(row.name, "X", track);
		buffer_ += ",\"ts\":" + microseconds(start_of(event, now_ps, latency_ps)) +
			   ",\"dur\":" + microseconds(latency_ps);
	} else {
		json_event_head(row.name, "i", track);
		buffer_ += ",\"ts\":" + microseconds(now_ps) + ",\"s\":\"t\"";
	}
	buffer_ += ",\"args\":{";
	for (unsigned i = 0; i < row.n_fields; i++) {
		const std::string name = name_of(row.fields[i].unit, event.fields[i]);

		buffer_ += (i ? ",\"" : "\"") + std::string(row.fields[i].name) +
			   "\":" + json_value(row.fields[i].unit, event.fields[i]);
		if (!name.empty())
			buffer_ += ",\"" + std::string(row.fields[i].name) +
				   "_name\":" + json_string(name);
	}
	buffer_ += "}}";
}

void trace_writer::fail(const char *what)
{
	const std::string message = "trace file " + config_.path + ": " + what;

	if (file_ != stdout)
		std::fclose(file_);
	file_ = nullptr;
	sink_.enabled = 0;
	buffer_.clear();
	if (config_.on_error)
		config_.on_error(message);
	else
		std::fprintf(stderr, "%s\n", message.c_str());
}

void trace_writer::write_out()
{
	if (file_ && (std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size() ||
		      std::fflush(file_)))
		fail(std::strerror(errno));
	buffer_.clear();
}

void trace_writer::flush()
{
	write_out();
	if (!file_ || !open_document_ || !seekable_)
		return;
	// complete for now: what comes next overwrites the end
	buffer_ = document_end;
	write_out();
	if (file_ && std::fseek(file_, -static_cast<long>(std::strlen(document_end)), SEEK_CUR))
		fail(std::strerror(errno));
}

void trace_writer::close()
{
	if (!file_)
		return;
	if (open_document_)
		buffer_ += document_end;
	open_document_ = false;
	write_out();
	if (file_ && file_ != stdout && std::fclose(file_)) {
		file_ = stdout; // is closed already
		fail(std::strerror(errno));
	}
	file_ = nullptr;
	sink_.enabled = 0;
}

} // namespace vcxl
