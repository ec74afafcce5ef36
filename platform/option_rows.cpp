// SPDX-License-Identifier: Apache-2.0
//
// Rows of the option table: the options of the command line. Options known from QEMU that have no
// counterpart here are rows too: whoever types them by habit learns so.
#include "option_table.h"

namespace vcxl
{

namespace
{

constexpr option_row group(const char *name, const char *alias, const char *argument,
			   const char *help)
{
	return { name, alias, argument, option_kind::group, help };
}

constexpr option_row plain(const char *name, const char *argument, option_kind kind,
			   const char *help)
{
	return { name, nullptr, argument, kind, help };
}

constexpr option_row stored(const char *name, const char *argument, option_kind kind,
			    std::string machine::*text, const char *help,
			    const char *choices = nullptr)
{
	return { name, nullptr, argument, kind, help, choices, text };
}

constexpr option_row only(const char *name, const char *choices, const char *help)
{
	return { name, nullptr, choices, option_kind::choice, help, choices };
}

constexpr option_row own(option_row row)
{
	row.own = true;
	return row;
}

constexpr option_row own_number(const char *name, const char *argument, option_kind kind,
				uint64_t machine::*number, const char *help)
{
	return own({ name, nullptr, argument, kind, help, nullptr, nullptr, number });
}

constexpr option_row flag(const char *name, bool machine::*on, const char *help)
{
	return { name, nullptr, nullptr, option_kind::flag, help, nullptr, nullptr, nullptr, on };
}

constexpr option_row later(const char *name, const char *hint = "")
{
	return { name, nullptr, nullptr, option_kind::refused, hint };
}

using kind = option_kind;
using m = machine;

/* clang-format off */
constexpr option_row rows[] = {
	plain("h", nullptr, kind::help,                                      "print this text"),
	plain("help", nullptr, kind::help,                                   "print this text"),
	plain("version", nullptr, kind::version,                             "print the version"),
	group("machine", "M", "[type=]TYPE[,PROPERTY=VALUE...]",             "the machine and its fixed memory windows; repeated options are merged"),
	only("cpu", "rv64",                                                  "the hart"),
	group("smp", nullptr, "[cpus=]N",                                    "number of harts"),
	group("m", nullptr, "[size=]SIZE[,maxmem=SIZE,slots=N]",             "RAM"),
	group("object", nullptr, "TYPE,id=ID[,PROPERTY=VALUE...]",           "a memory backend; TYPE,help lists its properties"),
	group("device", nullptr, "TYPE[,PROPERTY=VALUE...]",                 "a device; TYPE,help lists its properties"),
	group("chardev", nullptr, "TYPE,id=ID[,PROPERTY=VALUE...]",          "a character device for -serial, -mon or a virtconsole; TYPE,help lists its properties"),
	group("mon", nullptr, "[chardev=]ID,mode=control",                   "a QMP monitor on a character device"),
	group("drive", nullptr, "file=FILE[,PROPERTY=VALUE...]",             "a disk image"),
	plain("readconfig", "FILE", kind::read_config,                       "read machine, memory, smp-opts, object, device, chardev, mon and drive sections"),
	stored("bios", "FILE|none", kind::input_file, &m::bios,              "machine-mode firmware, an OpenSBI fw_dynamic"),
	stored("kernel", "FILE", kind::input_file, &m::kernel,               "ELF, Linux Image or raw; without it our firmware runs alone"),
	stored("initrd", "FILE", kind::input_file, &m::initrd,               "initial RAM disk for the kernel"),
	stored("append", "TEXT", kind::text, &m::append,                     "command line for the kernel"),
	plain("serial", "[mon:]stdio|null|file:PATH|unix:PATH|tcp:[HOST]:PORT|chardev:ID", kind::serial, "the console; mon:stdio, with Ctrl-A h for help, is the default"),
	plain("nographic", nullptr, kind::flag,                              "accepted: the console is never graphic"),
	only("display", "none",                                              "accepted: there is no display"),
	only("monitor", "none",                                              "accepted: there is no monitor"),
	plain("nodefaults", nullptr, kind::no_defaults,                      "no console unless -serial gives one"),
	plain("gdb", "tcp:[HOST]:PORT|unix:PATH|none", kind::gdb_server,     "listen for GDB; loopback without HOST; port 0 picks a free one"),
	plain("s", nullptr, kind::gdb_server,                                "the same as -gdb tcp::1234"),
	plain("qmp", "unix:PATH|tcp:[HOST]:PORT", kind::monitor,             "a QMP monitor; ,server=on listens, and ,wait=off does not wait for a client"),
	flag("S", &m::start_stopped,                                         "wait for GDB, or QMP's cont, before the first instruction"),
	flag("no-reboot", &m::no_reboot,                                     "a guest that asks for a reset ends the run"),

	own(stored("boot-config", "FILE", kind::file_text, &m::boot_config,  "settings for the firmware")),
	own(flag("direct", &m::direct,                                       "start Linux without our firmware: nothing commits decoders before it")),
	own_number("seed", "N", kind::number, &m::seed,                       "random numbers that the guest starts with (rng-seed), 1 by default"),
	own(stored("trace", "FILE|-", kind::output_file, &m::trace_path,     "write trace events; - is standard output")),
	own(stored("trace-format", "text|json", kind::choice, &m::trace_format, "form of the trace, text by default", "text json")),
	own(stored("trace-events", "PATTERNS", kind::text, &m::trace_events, "events to trace, separated by commas: mem.*,hdm.commit; all but cpu.* by default")),
	own(stored("profile", "FILE", kind::output_file, &m::profile_path,   "write which functions of the guest ran, by samples of simulated steps")),
	own_number("profile-interval", "N", kind::count, &m::profile_interval, "steps of a hart per sample, 10007 by default"),
	own(plain("symbols", "FILE[@OFFSET]", kind::symbols,                 "names of code for --profile and cpu.* events, moved by OFFSET: ELF, System.map, kallsyms; may be repeated")),
	own(stored("signature", "FILE", kind::output_file, &m::signature_path, "write the test signature of the kernel at the end")),
	own(stored("dump-dtb", "FILE", kind::output_file, &m::dump_dtb_path, "write the device tree")),
	own(stored("dump-acpi", "DIR", kind::output_folder, &m::dump_acpi_path, "write each ACPI table to DIR/NAME.dat; makes DIR")),
	own(stored("engine", "block|step", kind::choice, &m::engine,         "how harts execute: decoded blocks (default) or instruction by instruction; same results", "block step")),
	own_number("quantum", "TIME", kind::time, &m::quantum_ps,            "longest time that a hart runs ahead, 10us by default; units ps ns us ms"),
	own_number("max-steps", "N", kind::count, &m::max_steps,             "end the run with an error after so many instructions"),
	own(flag("stats", &m::statistics,                                    "print instructions, speed and events at the end")),

	later("qmp-pretty"),
	later("blockdev"), later("hda"), later("hdb"), later("cdrom"), later("snapshot"),
	later("netdev"), later("nic"), later("net"), later("virtfs"), later("fsdev"),
	later("dtb"), later("numa"), later("boot"), later("L"), later("name"), later("uuid"),
	later("accel"), later("enable-kvm"), later("icount"), later("rtc"), later("global"), later("set"),
	later("smbios"), later("acpitable"), later("fw_cfg"), later("semihosting"), later("semihosting-config"),
	later("incoming"), later("loadvm"), later("no-shutdown"), later("action"), later("daemonize"), later("pidfile"),
	later("vga"), later("usb"), later("k"), later("parallel"), later("writeconfig"), later("sandbox"),
	later("trace", "; use --trace FILE and --trace-events PATTERNS"),
	later("d", "; use --trace FILE"),
	later("D", "; use --trace FILE"),
};
/* clang-format on */

} // namespace

const table<option_row> option_rows = rows;

const option_row *find_option(const std::string &typed)
{
	const bool long_form = typed.compare(0, 2, "--") == 0;
	const std::string name = typed.substr(long_form ? 2 : 1);
	for (const option_row &r : option_rows) {
		const bool named = name == r.name || (r.alias && name == r.alias);
		if (named && (long_form || !r.own))
			return &r;
	}
	return nullptr;
}

} // namespace vcxl
