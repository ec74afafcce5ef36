// SPDX-License-Identifier: Apache-2.0
//
// GDB remote stub, what each packet does: rows of one table (GDB manual, appendix E.2 to E.4). A
// packet without a row is answered empty, which says "not supported".
#include "gdb_stub.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>

#include "gdb_target.h"
#include "hex.h"

namespace vcxl
{

namespace
{

constexpr uint64_t page_size = 4096, max_memory = gdb_packet_size / 2;
constexpr char ok[] = "OK", bad_arguments[] = "E22", bad_address[] = "E14", no_room[] = "E28";

} // namespace

const std::vector<gdb_stub::command> &gdb_stub::commands()
{
	using s = gdb_stub;
	/* clang-format off */
	static const std::vector<command> rows = {
		{ "?",                             &s::reason },
		{ "c",                             &s::cont },
		{ "C",                             &s::cont_signal },
		{ "D",                             &s::detach_client },
		{ "g",                             &s::read_general },
		{ "G",                             &s::write_general },
		{ "H",                             &s::select_thread },
		{ "k",                             &s::kill_guest },
		{ "m",                             &s::read_memory },
		{ "M",                             &s::write_memory },
		{ "p",                             &s::read_one },
		{ "P",                             &s::write_one },
		{ "qAttached",                     &s::attached },
		{ "qC",                            &s::current_thread },
		{ "qRcmd,",                        &s::monitor },
		{ "qSupported",                    &s::supported },
		{ "qThreadExtraInfo,",             &s::thread_info },
		{ "qXfer:features:read:target.xml:", &s::features },
		{ "qfThreadInfo",                  &s::first_threads },
		{ "qsThreadInfo",                  &s::more_threads },
		{ "QStartNoAckMode",               &s::no_ack },
		{ "s",                             &s::step },
		{ "S",                             &s::step_signal },
		{ "T",                             &s::thread_alive },
		{ "vCont?",                        &s::vcont_query },
		{ "vCont;",                        &s::vcont },
		{ "vKill;",                        &s::kill_guest },
		{ "x",                             &s::read_memory_binary },
		{ "X",                             &s::write_memory_binary },
		{ "z",                             &s::remove_point },
		{ "Z",                             &s::insert_point },
	};
	/* clang-format on */
	return rows;
}

const std::vector<gdb_stub::command> &gdb_stub::monitor_commands()
{
	using s = gdb_stub;
	static const std::vector<command> rows = {
		{ "help", &s::monitor_help },
		{ "info", &s::monitor_info },
		{ "phys", &s::monitor_phys },
	};
	return rows;
}

void gdb_stub::answer(const std::string &packet)
{
	for (const command &row : commands()) {
		const std::string prefix = row.prefix;

		if (packet.compare(0, prefix.size(), prefix) != 0)
			continue;
		const std::string text = (this->*row.handler)(packet.substr(prefix.size()));

		if (stopped_ && connected_) // else the reply comes with the next stop
			reply(text);
		return;
	}
	reply("");
}

// ---- going on ----

std::string gdb_stub::reason(const std::string &)
{
	return stop_reply();
}

std::string gdb_stub::resume_one(mode how, const std::string &arguments, bool has_signal)
{
	gdb_arguments in(arguments);
	uint64_t ignored = 0, pc = 0;

	if (has_signal && !in.number(ignored)) // signals mean nothing to bare harts
		return bad_arguments;
	if (!has_signal || in.skip(';'))
		if (!in.done() && in.number(pc))
			iss_hart_set_reg(harts_[resume_hart_]->hart(), 32, pc);
	if (!in.done())
		return bad_arguments;
	modes_.assign(modes_.size(), how == mode::running ? mode::running : mode::held);
	modes_[resume_hart_] = how;
	resume();
	return "";
}

std::string gdb_stub::cont(const std::string &text)
{
	return resume_one(mode::running, text, false);
}

std::string gdb_stub::cont_signal(const std::string &text)
{
	return resume_one(mode::running, text, true);
}

std::string gdb_stub::step(const std::string &text)
{
	return resume_one(mode::stepping, text, false);
}

std::string gdb_stub::step_signal(const std::string &text)
{
	return resume_one(mode::stepping, text, true);
}

std::string gdb_stub::vcont_query(const std::string &)
{
	return "vCont;c;C;s;S";
}

// action[:thread];... For each hart the first action that names it counts.
std::string gdb_stub::vcont(const std::string &text)
{
	std::vector<mode> next(modes_.size(), mode::held);
	std::vector<bool> given(modes_.size(), false);
	gdb_arguments in(text);

	do {
		const std::string rest = in.rest();
		const char action = rest.empty() ? '\0' : rest[0];
		uint64_t ignored = 0;
		int64_t thread = -1;

		if (!in.skip('c') && !in.skip('s') &&
		    !((in.skip('C') || in.skip('S')) && in.number(ignored)))
			return bad_arguments;
		if (in.skip(':') && !parse_thread(in, thread))
			return bad_arguments;
		for (size_t i = 0; i < next.size(); i++) {
			if (given[i] || (thread > 0 && static_cast<size_t>(thread) != i + 1))
				continue;
			given[i] = true;
			next[i] = action == 's' || action == 'S' ? mode::stepping : mode::running;
		}
	} while (in.skip(';'));
	if (!in.done() || std::count(given.begin(), given.end(), true) == 0)
		return bad_arguments;
	modes_ = next;
	resume();
	return "";
}

std::string gdb_stub::detach_client(const std::string &)
{
	reply(ok);
	detach(false);
	return "";
}

std::string gdb_stub::kill_guest(const std::string &)
{
	over_ = true;
	stopped_ = false;
	channel_.hang_up();
	connected_ = false;
	if (kill_)
		kill_();
	return "";
}

// ---- registers ----

std::string gdb_stub::read_general(const std::string &)
{
	std::string all, one;

	for (unsigned i = 0; i < gdb_n_general; i++) {
		gdb_read_register(harts_[current_]->hart(), i, one);
		all += one;
	}
	return all;
}

std::string gdb_stub::write_general(const std::string &text)
{
	constexpr size_t digits = 16;
	std::string bytes;

	if (!from_hex(text, bytes) || text.size() < gdb_n_general * digits)
		return bad_arguments;
	for (unsigned i = 0; i < gdb_n_general; i++)
		gdb_write_register(harts_[current_]->hart(), i, text.substr(i * digits, digits));
	return ok;
}

std::string gdb_stub::read_one(const std::string &text)
{
	gdb_arguments in(text);
	uint64_t number = 0;
	std::string value;

	if (!in.number(number) || !in.done() ||
	    !gdb_read_register(harts_[current_]->hart(), number, value))
		return bad_arguments;
	return value;
}

std::string gdb_stub::write_one(const std::string &text)
{
	gdb_arguments in(text);
	uint64_t number = 0;

	if (!in.number(number) || !in.skip('=') ||
	    !gdb_write_register(harts_[current_]->hart(), number, in.rest()))
		return bad_arguments;
	return ok;
}

// ---- memory ----

size_t gdb_stub::access_memory(tlm::tlm_command what, uint64_t va, char *data, size_t len)
{
	cpu &hart = *harts_[current_];
	const auto read = [](void *ctx, uint64_t pa, void *pte, unsigned size) {
		return static_cast<cpu *>(ctx)->debug_access(tlm::TLM_READ_COMMAND, pa, pte,
							     size) == size;
	};
	size_t done = 0;

	while (done < len) {
		const unsigned part = static_cast<unsigned>(
			std::min<uint64_t>(len - done, page_size - (va + done) % page_size));
		uint64_t pa = va + done;

		if (!physical_ &&
		    !iss_hart_debug_translate(hart.hart(), va + done, read, &hart, &pa))
			break;
		if (hart.debug_access(what, pa, data + done, part) != part)
			break;
		if (what == tlm::TLM_WRITE_COMMAND) // what harts have decoded may be stale
			for (cpu *each : harts_)
				iss_hart_dmi_invalidate(each->hart(), pa, part);
		done += part;
	}
	return done;
}

bool gdb_stub::get_memory(const std::string &arguments, std::string &bytes)
{
	gdb_arguments in(arguments);
	uint64_t va = 0, len = 0;

	if (!in.number(va) || !in.skip(',') || !in.number(len) || !in.done())
		return false;
	bytes.resize(std::min(len, max_memory - 1)); // GDB asks again for the rest
	const size_t wanted = bytes.size();

	bytes.resize(access_memory(tlm::TLM_READ_COMMAND, va, bytes.data(), wanted));
	return wanted == 0 || !bytes.empty();
}

std::string gdb_stub::read_memory(const std::string &text)
{
	std::string bytes;

	return get_memory(text, bytes) ? to_hex(bytes) : bad_address;
}

std::string gdb_stub::read_memory_binary(const std::string &text)
{
	std::string bytes;

	return get_memory(text, bytes) ? "b" + bytes : bad_address;
}

bool gdb_stub::put_memory(uint64_t va, std::string bytes)
{
	return access_memory(tlm::TLM_WRITE_COMMAND, va, bytes.data(), bytes.size()) ==
	       bytes.size();
}

std::string gdb_stub::write_memory(const std::string &text)
{
	gdb_arguments in(text);
	uint64_t va = 0, len = 0;
	std::string bytes;

	if (!in.number(va) || !in.skip(',') || !in.number(len) || !in.skip(':') ||
	    !from_hex(in.rest(), bytes) || bytes.size() != len)
		return bad_arguments;
	return put_memory(va, bytes) ? ok : bad_address;
}

std::string gdb_stub::write_memory_binary(const std::string &text)
{
	gdb_arguments in(text);
	uint64_t va = 0, len = 0;

	if (!in.number(va) || !in.skip(',') || !in.number(len) || !in.skip(':') ||
	    in.rest().size() != len)
		return bad_arguments;
	return put_memory(va, in.rest()) ? ok : bad_address;
}

// ---- threads ----

// -1: all, 0: any, else the hart's number plus 1.
bool gdb_stub::parse_thread(gdb_arguments &in, int64_t &thread) const
{
	uint64_t number = 0;

	if (in.skip('-')) {
		thread = -1;
		return in.number(number) && number == 1;
	}
	if (!in.number(number) || number > harts_.size())
		return false;
	thread = static_cast<int64_t>(number);
	return true;
}

std::string gdb_stub::select_thread(const std::string &text)
{
	gdb_arguments in(text);
	int64_t thread = 0;
	const bool general = in.skip('g');

	if ((!general && !in.skip('c')) || !parse_thread(in, thread) || !in.done())
		return bad_arguments;
	if (thread > 0)
		(general ? current_ : resume_hart_) = static_cast<unsigned>(thread - 1);
	return ok;
}

std::string gdb_stub::thread_alive(const std::string &text)
{
	gdb_arguments in(text);
	int64_t thread = 0;

	return parse_thread(in, thread) && thread > 0 && in.done() ? ok : bad_arguments;
}

std::string gdb_stub::first_threads(const std::string &)
{
	std::string list;

	for (size_t i = 1; i <= harts_.size(); i++) // at most 8: one digit
		list += (i == 1 ? "m" : ",") + std::to_string(i);
	return list;
}

std::string gdb_stub::more_threads(const std::string &)
{
	return "l";
}

std::string gdb_stub::current_thread(const std::string &)
{
	return "QC" + std::to_string(current_ + 1);
}

std::string gdb_stub::thread_info(const std::string &text)
{
	gdb_arguments in(text);
	int64_t thread = 0;

	if (!parse_thread(in, thread) || thread <= 0)
		return bad_arguments;
	const cpu &hart = *harts_[static_cast<size_t>(thread - 1)];

	return to_hex("hart " + std::to_string(hart.id()) + (hart.asleep() ? " (waits)" : ""));
}

// ---- what the stub can do ----

std::string gdb_stub::supported(const std::string &text)
{
	char size[24];

	snprintf(size, sizeof(size), "PacketSize=%zx", gdb_packet_size);
	tells_breakpoints_ = text.find("swbreak+") != std::string::npos &&
			     text.find("hwbreak+") != std::string::npos;
	return std::string(size) +
	       ";qXfer:features:read+;QStartNoAckMode+;vContSupported+;swbreak+;hwbreak+";
}

std::string gdb_stub::attached(const std::string &)
{
	return "1"; // GDB detaches from it when it quits, and does not kill it
}

std::string gdb_stub::no_ack(const std::string &)
{
	acks_ = false;
	return ok;
}

std::string gdb_stub::features(const std::string &text)
{
	const std::string xml = gdb_target_xml();
	gdb_arguments in(text);
	uint64_t offset = 0, len = 0;

	if (!in.number(offset) || !in.skip(',') || !in.number(len) || !in.done() ||
	    offset > xml.size())
		return bad_arguments;
	// escapes may double a reply
	const std::string part = xml.substr(offset, std::min(len, max_memory - 1));

	return (offset + part.size() == xml.size() ? "l" : "m") + part;
}

// ---- breakpoints and watchpoints ----

std::string gdb_stub::insert_point(const std::string &text)
{
	return change_point(text, true);
}

std::string gdb_stub::remove_point(const std::string &text)
{
	return change_point(text, false);
}

// type,address,kind: 0 and 1 breakpoints, 2 write, 3 read, 4 access; kind is the length of these.
std::string gdb_stub::change_point(const std::string &text, bool insert)
{
	constexpr std::array<unsigned, 3> kinds = { ISS_WATCH_WRITE, ISS_WATCH_READ,
						    ISS_WATCH_ACCESS };
	gdb_arguments in(text);
	uint64_t type = 0, va = 0, size = 0;

	if (!in.number(type) || !in.skip(',') || !in.number(va) || !in.skip(',') ||
	    !in.number(size))
		return bad_arguments;
	if (type > 4)
		return "";
	if (type < 2) {
		const unsigned bit = 1u << type;
		unsigned &bits = breakpoints_[va];

		bits = insert ? bits | bit : bits & ~bit;
		if (!bits)
			breakpoints_.erase(va);
		return ok;
	}
	const iss_watch watch = { va, size, kinds[type - 2] };

	for (cpu *hart : harts_)
		if (insert && !iss_hart_watch_add(hart->hart(), &watch))
			return no_room; // the first hart is as full as the others
		else if (!insert)
			iss_hart_watch_remove(hart->hart(), &watch);
	n_watches_ = iss_hart_watches(harts_[0]->hart());
	return ok;
}

// ---- monitor ----

std::string gdb_stub::monitor(const std::string &text)
{
	std::string line;

	if (!from_hex(text, line))
		return bad_arguments;
	const size_t blank = line.find(' ');
	const std::string word = line.substr(0, blank);
	const std::string rest = blank == std::string::npos ? "" : line.substr(blank + 1);

	for (const command &row : monitor_commands())
		if (word == row.prefix)
			return to_hex((this->*row.handler)(rest));
	return to_hex("'" + word + "' is not known\n" + monitor_help(""));
}

std::string gdb_stub::monitor_help(const std::string &)
{
	return "help            this text\n"
	       "info            simulated time and harts\n"
	       "phys [on|off]   addresses of memory packets are physical, or the chosen hart's\n";
}

std::string gdb_stub::monitor_info(const std::string &)
{
	static constexpr char levels[] = "US?M";
	char line[160];
	uint64_t now = sc_core::sc_time_stamp().value();

	for (const cpu *hart : harts_)
		now = std::max(now, hart->now_ps());
	snprintf(line, sizeof(line), "time %" PRIu64 ".%03" PRIu64 " ns\n", now / 1000, now % 1000);
	std::string text = line;

	for (const cpu *hart : harts_) {
		snprintf(line, sizeof(line),
			 "hart %u: pc 0x%016" PRIx64 ", %c-mode, %" PRIu64 " instructions%s\n",
			 hart->id(), iss_hart_reg(hart->hart(), 32),
			 levels[iss_hart_priv(hart->hart()) & 3], hart->instructions(),
			 hart->asleep() ? ", waits for an interrupt" : "");
		text += line;
	}
	return text;
}

std::string gdb_stub::monitor_phys(const std::string &text)
{
	if (text == "on" || text == "off")
		physical_ = text == "on";
	else if (!text.empty())
		return "phys: '" + text + "' is not on or off\n";
	return physical_ ? "addresses are physical\n" : "addresses are virtual\n";
}

} // namespace vcxl
