// SPDX-License-Identifier: Apache-2.0
//
// Running Linux and reading what it says; see linux_run.h.
#include "linux_run.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include <jansson.h>

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

// What each line of the kernel's log must not have. cxl-model.md 10 lists the drivers' texts.
constexpr const char *bad_texts[] = {
	"WARNING:",   "BUG:",           "Oops",          "Call trace",     "Unable to handle",
	"ACPI Error", "ACPI Warning",   "ACPI BIOS",     "[Firmware Bug]", "[Firmware Warn]",
	"Could not",  "could not",      "Couldn't",      "cannot ",        "Failed",
	"failed",     "failure",        "timeout",       "Timeout",        "invalid",
	"Invalid",    "mismatch",       "not found",     "No CHBS",        "no CXL window",
	"too small",  "Spec violation", "not available", "overflow",       "unexpected",
	"Unexpected", "AER:",           "non-unique",
};

// What stock Debian kernels say on machines without any fault.
constexpr const char *harmless[] = {
	"Initramfs unpacking failed: invalid magic at start of compressed archive",
	"module verification failed",
};

bool mentions(const std::string &line, const char *text)
{
	return line.find(text) != std::string::npos;
}

struct json_deleter {
	void operator()(json_t *value) const { json_decref(value); }
};
using json_ptr = std::unique_ptr<json_t, json_deleter>;

json_ptr parse(const std::string &text, std::string &error)
{
	json_error_t why;
	json_ptr value(json_loads(text.c_str(), JSON_REJECT_DUPLICATES, &why));

	if (!value)
		error = std::string(why.text) + " in line " + std::to_string(why.line) + " of:\n" +
			text;
	return value;
}

std::string print(const json_ptr &value)
{
	char *text = json_dumps(value.get(), JSON_INDENT(2) | JSON_SORT_KEYS);
	std::string out = text;

	free(text);
	return out;
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

std::string guest_missing(const std::string &series)
{
	const std::string kernel = guest_file(series, "Image");

	if (std::filesystem::exists(kernel))
		return "";
	return "no " + kernel + "; sw/linux/make-image makes it";
}

linux_outcome run_linux(const linux_config &config, const scratch &dir)
{
	linux_outcome o;
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
	o.run = run_vcxl(args, dir, config.timeout);
	o.run.out.erase(std::remove(o.run.out.begin(), o.run.out.end(), '\r'), o.run.out.end());
	take_apart(o);
	return o;
}

std::string complaints(const std::string &kernel_log)
{
	std::istringstream lines(kernel_log);
	std::string line, found;

	while (std::getline(lines, line)) {
		const auto said = [&line](const char *text) { return mentions(line, text); };

		if (std::any_of(std::begin(bad_texts), std::end(bad_texts), said) &&
		    std::none_of(std::begin(harmless), std::end(harmless), said))
			found += line + "\n";
	}
	return found;
}

std::string compare_json(const std::string &got, const std::string &expected)
{
	std::string error;
	const json_ptr a = parse(got, error), b = parse(expected, error);

	if (!a || !b)
		return error;
	if (json_equal(a.get(), b.get()))
		return "";
	return "got:\n" + print(a) + "\nexpected:\n" + print(b);
}

} // namespace vcxl_test
