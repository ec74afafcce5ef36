// SPDX-License-Identifier: Apache-2.0
//
// Running Linux and reading what it says; see linux_run.h.
#include "linux_run.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include <gtest/gtest.h>

#include "socket_client.h"

namespace vcxl_test
{

namespace
{

std::string guest_file(const std::string &series, const std::string &name)
{
	return std::string(VCXL_GUEST) + "/" + series + "/" + name;
}

std::string first_line(const std::string &path)
{
	std::ifstream in(path);
	std::string line;

	std::getline(in, line);
	return line;
}

void take_apart(linux_outcome &o)
{
	std::istringstream lines(o.run.out);
	std::string line;
	guest_test *open = nullptr;

	while (std::getline(lines, line)) {
		std::istringstream words(line);
		std::string marker, name;

		words >> marker >> name;
		if (marker == "VCXL-BEGIN") {
			if (open) // it has reset the machine
				open->text.clear();
			open = &o.tests[name];
		} else if (marker == "VCXL-END" && open) {
			words >> open->status;
			open = nullptr;
		} else if (marker == "VCXL-RESULT") {
			o.passed = name == "pass";
		} else if (open) {
			open->text += line + "\n";
		}
	}
}

// A guest image that has the test "script" too: the kernel unpacks archives one behind the other.
std::string with_script(const linux_config &config, const scratch &dir)
{
	namespace fs = std::filesystem;
	const fs::path root = dir.file("image"), more = dir.file("more.cpio"),
		       image = dir.file("initramfs.cpio");

	fs::create_directories(root / "tests");
	std::ofstream(root / "tests/script") << "#!/bin/sh\n" << config.script;
	fs::permissions(root / "tests/script", fs::perms::owner_all);
	const std::string command =
		std::string(VCXL_MKCPIO) + " " + root.string() + " " + more.string();
	if (std::system(command.c_str()) != 0)
		throw std::runtime_error(command + " failed");
	std::ofstream out(image, std::ios::binary);
	out << std::ifstream(guest_file(config.series, "initramfs.cpio"), std::ios::binary).rdbuf()
	    << std::ifstream(more, std::ios::binary).rdbuf();
	return image.string();
}

// Texts of the drivers (cxl-model.md 10 lists them), of PCI and of ACPI that go by as information.
// clang-format off
constexpr const char *bad_texts[] = {
	"WARNING:", "BUG:", "Oops", "Call trace", "Unable to handle", "[Firmware Bug]", "[Firmware Warn]",
	"ACPI Error", "ACPI Warning", "ACPI BIOS", "AER: Corr", "AER: Uncorr", "AER: Multiple",
	"error message received", "Failed", "failed", "failure", "Could not", "could not", "Couldn't", "unable to",
	"cannot ", "can't ", "timeout", "Timeout", "Timed out", "timed out", "Invalid", "invalid ", "mismatch",
	"missing", "not found", "non-unique", "No CHBS", "No CXIMS", "no CXL window", "too small",
	"Spec violation", "Unsupported", "out of order", "overflow", "nexpected", "retries", "disabled, ",
};

// What the kernels say on every machine without firmware tables for it (SMBIOS, a second reservation of
// the ECAM area that MCFG has reserved already), and of their own start.
constexpr const char *harmless[] = {
	"DMI not present or invalid",
	"[mem 0x30000000-0x3fffffff] could not be reserved",
	"Could not reserve [mem 0x30000000-0x3fffffff]",
};
// clang-format on

constexpr int log_warning = 4; // and the more severe levels below it

bool mentions(const std::string &line, const char *text)
{
	return line.find(text) != std::string::npos;
}

} // namespace

const std::string &linux_outcome::text(const std::string &test) const
{
	static const std::string nothing;
	const auto found = tests.find(test);

	return found == tests.end() ? nothing : found->second.text;
}

double linux_outcome::figure(const std::string &where, const std::string &name) const
{
	std::istringstream lines(run.out);
	std::string line;

	while (std::getline(lines, line)) {
		const size_t at = line.find(name + "=");

		if (mentions(line, "VCXL-FIGURE") && mentions(line, where.c_str()) &&
		    at != std::string::npos)
			return std::stod(line.substr(at + name.size() + 1));
	}
	return NAN;
}

std::string read_text(const std::string &path)
{
	std::ifstream in(path);

	EXPECT_TRUE(in) << path;
	return { std::istreambuf_iterator<char>(in), {} };
}

std::string guest_missing(const std::string &series)
{
	const std::string kernel = guest_file(series, "Image");

	if (std::filesystem::exists(kernel))
		return "";
	return "no " + kernel + "; sw/linux/make-image" + (series == "6.12" ? "" : " --" + series) +
	       " makes it";
}

words linux_words(const linux_config &config)
{
	words args = config.machine;
	const words more{
		"-nographic",
		"-kernel",
		guest_file(config.series, "Image"),
		"-initrd",
		guest_file(config.series, "initramfs.cpio"),
		"-append",
		first_line(guest_file(config.series, "cmdline")) + " vcxl.run=" + config.tests +
			(config.append.empty() ? "" : " " + config.append),
	};

	args.insert(args.end(), more.begin(), more.end());
	return args;
}

words linux_words(const linux_config &config, const scratch &dir)
{
	words args = linux_words(config);

	if (!config.script.empty())
		*std::find(args.begin(), args.end(), guest_file(config.series, "initramfs.cpio")) =
			with_script(config, dir);
	return args;
}

linux_outcome read_linux(std::string console)
{
	linux_outcome o;

	o.run.out = std::move(console);
	o.run.out.erase(std::remove(o.run.out.begin(), o.run.out.end(), '\r'), o.run.out.end());
	take_apart(o);
	return o;
}

linux_outcome run_linux(const linux_config &config, const scratch &dir)
{
	const outcome run = run_vcxl(linux_words(config, dir), dir, config.timeout);
	linux_outcome o = read_linux(run.out);
	std::string console = std::move(o.run.out);

	o.run = run;
	o.run.out = std::move(console);
	return o;
}

linux_outcome run_linux(const linux_config &config, const scratch &dir,
			const std::function<void(running &)> &meanwhile)
{
	words args = linux_words(config, dir);

	args.insert(args.end(), { "-qmp", "unix:" + dir.file("qmp") + ",server=on,wait=off" });
	running program(args, dir);
	meanwhile(program);
	(void)program.wait_for(std::string(1, '\0'), config.timeout); // which never comes
	const int status = program.wait(5);
	linux_outcome o = read_linux(program.output());
	o.run.status = status;
	return o;
}

std::string ask_monitor(const scratch &dir, const std::vector<qmp_request> &requests)
{
	socket_client client(dir.file("qmp"));
	std::string replies;
	const auto ask = [&client](const std::string &line) {
		std::string reply;

		client.send(line + "\n");
		do
			reply = client.line();
		while (reply.find("\"event\"") != std::string::npos);
		return reply;
	};

	client.line(); // the greeting
	ask(R"({"execute":"qmp_capabilities"})");
	for (const qmp_request &r : requests)
		replies += ask(R"({"execute":")" + r.command + R"(","arguments":{)" + r.arguments +
			       "}}") +
			   "\n";
	return replies;
}

std::string trace_events(const std::string &text, const std::string &prefix)
{
	std::istringstream lines(text);
	std::string line, found;

	while (std::getline(lines, line)) {
		const size_t at = line.find(": " + prefix);

		if (at != std::string::npos)
			found += line.substr(at + 2) + "\n";
	}
	return found;
}

std::string complaints(const std::string &kernel_log, const words &expected)
{
	std::istringstream lines(kernel_log);
	std::string line, found;

	while (std::getline(lines, line)) {
		const auto said = [&line](const char *text) { return mentions(line, text); };

		const bool warning = line.size() > 1 && line[0] == '<' &&
				     std::atoi(line.c_str() + 1) % 8 <= log_warning;
		const bool bad =
			warning || std::any_of(std::begin(bad_texts), std::end(bad_texts), said);

		const bool known = std::any_of(std::begin(harmless), std::end(harmless), said) ||
				   std::any_of(expected.begin(), expected.end(),
					       [&said](const std::string &text) {
						       return said(text.c_str());
					       });

		if (bad && !known)
			found += line + "\n";
	}
	return found;
}

} // namespace vcxl_test
