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
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include <sys/signalfd.h>
#include <unistd.h>

#include <systemc>

#include <vcxl/le.h>

#include "boot.h"
#include "console.h"
#include "gdb_stub.h"
#include "host_stream.h"
#include "machine.h"
#include "memdev_config.h"
#include "memory.h"
#include "memory_map.h"
#include "options.h"
#include "profile.h"
#include "qmp_server.h"
#include "soc.h"
#include "trace_writer.h"

namespace
{

using namespace vcxl;

// To standard error, behind what the guest has said so far.
void complain(const std::string &text)
{
	fflush(stdout);
	fprintf(stderr, "vcxl: %s\n", text.c_str());
}

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
					 const soc *const &host, bool &failed)
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
	cfg.on_error = [&failed](const std::string &text) {
		failed = true;
		complain(text);
	};
	return std::make_unique<trace_writer>(cfg);
}

// A port that was chosen for the user.
void tell_port(const char *what, const socket_address &address, const std::string &where)
{
	if (!address.server || address.local || address.port)
		return;
	fprintf(stderr, "vcxl: %s listens on %s\n", what, where.c_str());
	fflush(stderr);
}

std::unique_ptr<console> make_console(const console_end &end)
{
	auto made = std::make_unique<console>(end);
	socket_address address;

	if (end.kind == serial_kind::socket) {
		parse_socket_address(end.path, address); // checked with the options
		tell_port(end.option == "-serial" ? "serial" : end.option.c_str(), address,
			  made->input()->where());
	}
	return made;
}

// By index of the function; absent where it is no console.
std::vector<std::unique_ptr<console>> make_consoles(const machine &m)
{
	std::vector<std::unique_ptr<console>> made;

	for (const pci_function &f : m.functions)
		made.push_back(f.kind == function_kind::virtio_console ? make_console(f.console)
								       : nullptr);
	return made;
}

// Absent when the machine has none.
std::unique_ptr<gdb_stub> make_debugger(const machine &m)
{
	gdb_stub::config cfg;

	if (m.gdb.empty())
		return nullptr;
	parse_gdb_address(m.gdb, cfg.address); // likewise
	cfg.start_stopped = m.start_stopped;
	auto debugger = std::make_unique<gdb_stub>("gdb", cfg);
	tell_port("gdb", cfg.address, debugger->where());
	return debugger;
}

// With -S the debugger, if there is one, says when to begin.
std::unique_ptr<qmp_server> make_monitor(const machine &m)
{
	qmp_server::config cfg;

	if (m.qmp.empty())
		return nullptr;
	parse_socket_address(m.qmp, cfg.address); // likewise
	cfg.start_stopped = m.start_stopped && m.gdb.empty();
	auto monitor = std::make_unique<qmp_server>("qmp", cfg);
	tell_port("qmp", cfg.address, monitor->where());
	return monitor;
}

// What can fail for a reason of the command line or of a file, before the machine is made.
boot_image prepare(const machine &m, const boot_loader &loader, ram_view ram)
{
	boot_image image = loader.load(ram);

	for (const symbol_file &file : m.symbol_files)
		image.names.add_file(file.path, read_file(file.path), file.offset);
	if (!m.dump_dtb_path.empty())
		write_output("--dump-dtb", m.dump_dtb_path, image.fdt.data(), image.fdt.size());
	if (!m.dump_acpi_path.empty())
		write_acpi(m.dump_acpi_path, image.acpi);
	return image;
}

// One output that fails keeps no other from being written.
void attempt(bool &failed, const std::function<void()> &write)
{
	try {
		write();
	} catch (const std::exception &e) {
		failed = true;
		complain(e.what());
	}
}

// Everything that the run leaves behind.
void write_results(const machine &m, const boot_image &image, soc &host, const profile &samples,
		   bool &failed)
{
	attempt(failed, [&] {
		if (!host.power_off())
			throw std::runtime_error("a media file could not be written");
	});
	if (!m.profile_path.empty())
		attempt(failed, [&] {
			write_output("--profile", m.profile_path, samples.report(image.names));
		});
	if (!m.signature_path.empty())
		attempt(failed, [&] { write_signature(m, image, host.ram()); });
}

// The world outside the machine.
struct outside {
	std::unique_ptr<console> terminal;
	std::vector<std::unique_ptr<console>> consoles;
	std::unique_ptr<qmp_server> monitor;
	std::unique_ptr<gdb_stub> debugger;
	int signals_fd = -1;
	std::unique_ptr<host_stream> signals;

	explicit outside(const machine &m)
	    : terminal(make_console(m.serial)), consoles(make_consoles(m)),
	      monitor(make_monitor(m)), debugger(make_debugger(m)), signals_fd(open_signals()),
	      signals(std::make_unique<host_stream>("signals", signals_fd, false))
	{
	}
	// False when a signal came first.
	bool wait_for_clients()
	{
		for (const auto &console : consoles)
			if (console && !console->wait_for_client(signals_fd))
				return false;
		return terminal->wait_for_client(signals_fd) &&
		       (!monitor || monitor->wait_for_client(signals_fd));
	}
};

// In seconds of the host.
double simulate(outside &world)
{
	world.terminal->begin();
	for (const auto &console : world.consoles)
		if (console)
			console->begin();
	const auto start = std::chrono::steady_clock::now();

	sc_core::sc_start();
	return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void close_console(console *end, bool &failed)
{
	const std::string why = end ? end->close() : "";

	if (why.empty())
		return;
	failed = true;
	complain(why);
}

// After the run: what it said, then all that was to be written.
int finish(const machine &m, const boot_image &image, soc &host, outside &world,
	   trace_writer *trace, const profile &samples, double seconds, bool &failed)
{
	if (!host.result().message.empty())
		complain(host.result().message);
	if (trace)
		trace->close();
	world.consoles.push_back(std::move(world.terminal));
	for (const auto &console : world.consoles)
		close_console(console.get(), failed);
	if (m.statistics)
		print_statistics(host, seconds, trace ? trace->events() : 0);
	write_results(m, image, host, samples, failed);
	return host.result().status ? host.result().status : failed;
}

int run_machine(machine m, inventory &parts)
{
	layout l{};
	const char *error = nullptr;

	if (!lay_out(m, l, &error))
		throw std::runtime_error(error);
	trace_writer::select(m.trace_events);
	check_stored_states(m);
	host_memory ram = host_memory::anonymous(m.ram_size, "-m");
	const ram_view view{ map::ram_base, ram.size(), ram.data() };
	const boot_loader loader(m, l);
	const boot_image image = prepare(m, loader, view);
	const soc *host_for_time = nullptr;
	bool failed = false;
	const std::unique_ptr<trace_writer> trace =
		make_trace(m, image.names, host_for_time, failed);
	outside world(m);

	if (!world.wait_for_clients()) {
		complain("interrupted");
		return 130;
	}
	std::vector<drive_file> drives = open_drives(m.drives);
	soc::hooks hooks;
	// the soc takes the mapping, which stays where it is
	hooks.reload = [&loader, view] { loader.load(view); };
	hooks.terminal = world.terminal.get();
	for (const auto &console : world.consoles)
		hooks.consoles.push_back(console.get());
	hooks.signals = world.signals.get();
	hooks.monitor = world.monitor.get();
	hooks.debugger = world.debugger.get();
	hooks.parts = &parts;
	hooks.trace = trace ? trace->sink() : nullptr;
	profile samples(m.profile_interval);
	if (!m.profile_path.empty())
		hooks.samples = &samples;
	hooks.no_acpi = loader.no_acpi();
	hooks.tohost = symbol(image, "tohost");
	hooks.fromhost = symbol(image, "fromhost");
	soc host("host", m, l, std::move(ram), open_backends(m.backends), std::move(drives), hooks);

	host.set_rom(image.rom);
	host_for_time = &host;
	const double seconds = simulate(world);

	return finish(m, image, host, world, trace.get(), samples, seconds, failed);
}

} // namespace

int sc_main(int argc, char *argv[])
{
	try {
		const options parsed = parse_options(argc, argv);

		if (parsed.action == option_action::print) {
			// both: a long text may fail in the first alone
			if (fputs(parsed.text.c_str(), stdout) < 0 || fflush(stdout) != 0)
				throw std::runtime_error(std::string("standard output: ") +
							 std::strerror(errno));
			return 0;
		}
		sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
		return run_machine(parsed.config, *parsed.parts);
	} catch (const sc_core::sc_report &e) { // what() has a line of its own for the place
		complain(e.get_msg());
	} catch (const std::exception &e) {
		complain(e.what());
	}
	return 1;
}

int main(int argc, char *argv[])
{
	// SystemC greets on standard error otherwise
	setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
	return sc_core::sc_elab_and_sim(argc, argv);
}
