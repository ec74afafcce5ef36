// SPDX-License-Identifier: Apache-2.0
//
// The vcxl program: options, loading, simulation, exit status. 0 success, 1 an error of the command
// line, of a file or of the run, 130 interrupted; else what the guest gave the finisher.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <sys/signalfd.h>
#include <unistd.h>

#include <systemc>

#include <vcxl/le.h>

#include "boot.h"
#include "external_input.h"
#include "gdb_stub.h"
#include "machine.h"
#include "memory.h"
#include "memory_map.h"
#include "options.h"
#include "profile.h"
#include "soc.h"
#include "trace_writer.h"

namespace
{

using namespace vcxl;

struct file_closer {
	void operator()(FILE *file) const { fclose(file); }
};
using file_ptr = std::unique_ptr<FILE, file_closer>;

file_ptr open_output(const std::string &option, const std::string &path)
{
	file_ptr file(fopen(path.c_str(), "wb"));

	if (!file)
		throw std::runtime_error(option + " " + path + ": " + std::strerror(errno));
	return file;
}

void write_output(const std::string &option, const std::string &path, const void *data, size_t size)
{
	file_ptr file = open_output(option, path);

	if (fwrite(data, 1, size, file.get()) != size || fclose(file.release()) != 0)
		throw std::runtime_error(option + " " + path + ": " + std::strerror(errno));
}

// Each table as its bytes lie in memory, in a file that iasl takes.
void write_acpi(const std::string &folder, const std::vector<acpi_table> &tables)
{
	std::error_code error;

	std::filesystem::create_directory(folder, error);
	if (error)
		throw std::runtime_error("--dump-acpi " + folder + ": " + error.message());
	for (const acpi_table &table : tables)
		write_output("--dump-acpi", folder + "/" + table.name + ".dat", table.bytes.data(),
			     table.bytes.size());
}

void write_output(const std::string &option, const std::string &path, const std::string &text)
{
	write_output(option, path, text.data(), text.size());
}

// Where the console's output goes. Terminals and pipes see each line (a terminal each character).
class console
{
public:
	explicit console(const machine &m)
	{
		if (m.serial == serial_kind::file)
			file_ = open_output("-serial file:", m.serial_path);
		out_ = m.serial == serial_kind::stdio ? stdout : file_.get();
		eager_ = out_ && isatty(fileno(out_));
	}
	void put(char c)
	{
		if (!out_)
			return;
		putc(c, out_);
		if (eager_ || c == '\n')
			fflush(out_);
	}

private:
	file_ptr file_;
	FILE *out_ = nullptr;
	bool eager_ = false;
};

// SIGINT and SIGTERM as a file descriptor; blocked in every thread from here on.
int open_signals()
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, nullptr);
	const int fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		throw std::runtime_error(std::string("signalfd: ") + std::strerror(errno));
	return fd;
}

uint64_t symbol(const boot_image &image, const char *name)
{
	const auto found = image.symbols.find(name);

	return found == image.symbols.end() ? 0 : found->second;
}

// The words between begin_signature and end_signature, one per line, as the RISC-V architecture
// tests compare them.
void write_signature(const machine &m, const boot_image &image, const uint8_t *ram)
{
	const uint64_t begin = symbol(image, "begin_signature");
	const uint64_t end = symbol(image, "end_signature");
	std::string text;

	if (begin < map::ram_base || end < begin || end - map::ram_base > m.ram_size)
		throw std::runtime_error("--signature: the program has no begin_signature and "
					 "end_signature in RAM");
	for (uint64_t at = begin; at + 4 <= end; at += 4) {
		char line[16];

		snprintf(line, sizeof(line), "%08x\n",
			 static_cast<unsigned>(vcxl_load_le(ram + (at - map::ram_base), 4)));
		text += line;
	}
	write_output("--signature", m.signature_path, text);
}

void print_statistics(const soc &host, double seconds, uint64_t trace_events)
{
	const double mips = static_cast<double>(host.instructions()) / seconds / 1e6;

	fprintf(stderr, "instructions %llu\nsteps %llu\nsimulated_us %.3f\n",
		static_cast<unsigned long long>(host.instructions()),
		static_cast<unsigned long long>(host.steps()),
		static_cast<double>(host.result().time_ps) / 1e6);
	for (unsigned cause = 0; cause < 128; cause++)
		if (const uint64_t n = host.traps(cause))
			fprintf(stderr, "%s_%u %llu %s\n", cause < 64 ? "exception" : "interrupt",
				cause % 64, static_cast<unsigned long long>(n),
				iss_trap_name(cause));
	if (trace_events)
		fprintf(stderr, "trace_events %llu\n",
			static_cast<unsigned long long>(trace_events));
	// of the host, the only lines that differ between two runs
	fprintf(stderr, "host_seconds %.3f\nhost_mips %.1f\n", seconds, mips);
}

std::string name_of(const symbol_table &names, vcxl_trace_unit unit, uint64_t value)
{
	char csr[ISS_CSR_NAME_SIZE];

	if (unit == VCXL_TRACE_CODE)
		return names.where(value);
	return unit == VCXL_TRACE_CSR && iss_csr_name(static_cast<unsigned>(value), csr) ? csr : "";
}

// Absent when the machine has none. What it borrows may be filled in later.
std::unique_ptr<trace_writer> make_trace(const machine &m, const symbol_table &names,
					 const soc *const &host)
{
	trace_writer::config cfg;

	if (m.trace_path.empty())
		return nullptr;
	cfg.path = m.trace_path;
	cfg.format = m.trace_format == "json" ? trace_format::json : trace_format::text;
	cfg.events = m.trace_events;
	cfg.name_of = [&names](vcxl_trace_unit unit, uint64_t value) {
		return name_of(names, unit, value);
	};
	cfg.now_ps = [&host] { return host ? host->now_ps() : 0; };
	return std::make_unique<trace_writer>(cfg);
}

// Absent when the machine has none.
std::unique_ptr<gdb_stub> make_debugger(const machine &m, external_input &signals)
{
	gdb_stub::config cfg;

	if (m.gdb.empty())
		return nullptr;
	if (const char *why = parse_gdb_address(m.gdb, cfg.address))
		throw std::runtime_error("-gdb " + m.gdb + ": " + why);
	cfg.start_stopped = m.start_stopped;
	cfg.signals = &signals;
	auto debugger = std::make_unique<gdb_stub>("gdb", cfg);
	if (!cfg.address.local && cfg.address.port == 0) {
		fprintf(stderr, "vcxl: gdb listens on %s\n", debugger->where().c_str());
		fflush(stderr);
	}
	return debugger;
}

int run_machine(machine m)
{
	layout l{};
	const char *error = nullptr;

	if (!lay_out(m, l, &error))
		throw std::runtime_error(error);
	// All that can fail for a reason of the command line comes before any file is written.
	trace_writer::select(m.trace_events);
	host_memory ram = host_memory::anonymous(m.ram_size, "-m");
	const boot_loader loader(m, l);
	boot_image image = loader.load({ map::ram_base, ram.size(), ram.data() });
	for (const symbol_file &file : m.symbol_files)
		image.names.add_file(file.path, read_file(file.path), file.offset);
	if (!m.dump_dtb_path.empty())
		write_output("--dump-dtb", m.dump_dtb_path, image.fdt.data(), image.fdt.size());
	if (!m.dump_acpi_path.empty())
		write_acpi(m.dump_acpi_path, image.acpi);

	const soc *host_for_time = nullptr;
	const std::unique_ptr<trace_writer> trace = make_trace(m, image.names, host_for_time);
	console terminal(m);
	external_input signals("signals", open_signals(), false);
	std::unique_ptr<external_input> keyboard;
	if (m.serial == serial_kind::stdio)
		keyboard = std::make_unique<external_input>("keyboard", STDIN_FILENO, true);

	soc::hooks hooks;
	hooks.console_output = [&terminal](char c) { terminal.put(c); };
	hooks.console = keyboard.get();
	hooks.signals = &signals;
	const std::unique_ptr<gdb_stub> debugger = make_debugger(m, signals);
	hooks.debugger = debugger.get();
	hooks.trace = trace ? trace->sink() : nullptr;
	profile samples(m.profile_interval);
	if (!m.profile_path.empty())
		hooks.samples = &samples;
	hooks.tohost = symbol(image, "tohost");
	hooks.fromhost = symbol(image, "fromhost");
	soc host("host", m, l, std::move(ram), open_backends(m.backends), hooks);

	host.set_rom(image.rom);
	host_for_time = &host;
	const auto start = std::chrono::steady_clock::now();
	sc_core::sc_start();
	const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;

	if (trace)
		trace->close();
	fflush(stdout);
	if (m.statistics)
		print_statistics(host, elapsed.count(), trace ? trace->events() : 0);
	if (!host.flush_media())
		throw std::runtime_error("a media file could not be written");
	if (!m.profile_path.empty())
		write_output("--profile", m.profile_path, samples.report(image.names));
	if (!m.signature_path.empty())
		write_signature(m, image, host.ram());
	if (!host.result().message.empty())
		fprintf(stderr, "vcxl: %s\n", host.result().message.c_str());
	return host.result().status;
}

} // namespace

int sc_main(int argc, char *argv[])
{
	try {
		const options parsed = parse_options(argc, argv);

		if (parsed.action == option_action::print) {
			fputs(parsed.text.c_str(), stdout);
			return fflush(stdout) == 0 ? 0 : 1;
		}
		sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
		return run_machine(parsed.config);
	} catch (const sc_core::sc_report &e) { // what() has a line of its own for the place
		fflush(stdout);
		fprintf(stderr, "vcxl: %s\n", e.get_msg());
	} catch (const std::exception &e) {
		fflush(stdout);
		fprintf(stderr, "vcxl: %s\n", e.what());
	}
	return 1;
}

int main(int argc, char *argv[])
{
	// SystemC greets on standard error otherwise
	setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
	return sc_core::sc_elab_and_sim(argc, argv);
}
