// SPDX-License-Identifier: Apache-2.0
//
// Boots Debian's kernel with the guest image of sw/linux and takes its output apart.
#ifndef VCXL_TESTS_LINUX_LINUX_RUN_H
#define VCXL_TESTS_LINUX_LINUX_RUN_H

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "vcxl_run.h"

namespace vcxl_test
{

// What a guest test printed between its VCXL-BEGIN and VCXL-END.
struct guest_test {
	std::string text;
	int status = -1;
};

struct linux_outcome {
	outcome run; // console output without carriage returns
	std::map<std::string, guest_test> tests;
	bool passed = false; // VCXL-RESULT pass

	const std::string &text(const std::string &test) const;
	// Value of `name` in the VCXL-FIGURE line whose words contain `where`; NAN when absent.
	double figure(const std::string &where, const std::string &name) const;
};

// All of a file, which has to be there.
std::string read_text(const std::string &path);

// "" when the image of that series is there, else what to say.
std::string guest_missing(const std::string &series);

struct linux_config {
	std::string series = "6.12"; // "newest", "own"
	std::string tests = "list";  // names for vcxl.run=, separated by commas
	words machine;               // options of the machine
	std::string append;          // more for the kernel's command line
	std::string script;          // what the guest test "script" does; for the shell
	double timeout = 150;
};

// The words of that command line, without the script or with it.
words linux_words(const linux_config &config);
words linux_words(const linux_config &config, const scratch &dir);
// What a run that has ended left on its console.
linux_outcome read_linux(std::string console);
linux_outcome run_linux(const linux_config &config, const scratch &dir);
// The same with a monitor: `meanwhile` is called when the guest runs. Its script says when it is
// ready, see wait_for(), and waits for what comes of it.
linux_outcome run_linux(const linux_config &config, const scratch &dir,
			const std::function<void(running &)> &meanwhile);

struct qmp_request {
	std::string command, arguments; // the members of a JSON object
};
// Sends each to that monitor, as a client of its own, and returns the replies, a line each.
std::string ask_monitor(const scratch &dir, const std::vector<qmp_request> &requests);

// Trace events in a text that begin with `prefix`, from their names on, a line each.
std::string trace_events(const std::string &text, const std::string &prefix);

// Lines of the kernel's log (as dmesg -r prints it) that are warnings or worse, or that say that
// something is wrong; "" when there is none. Lines with a text of `expected` are left out.
std::string complaints(const std::string &kernel_log, const words &expected = {});

// Said of each root and downstream port after --direct: no firmware has numbered the buses.
constexpr const char *no_bus_numbers = "bridge configuration invalid ([bus 00-00]), reconfiguring";

} // namespace vcxl_test

// In a test: skips it, visibly, where the guest image has not been made.
#define NEEDS_GUEST(series)                                                                        \
	do {                                                                                       \
		const std::string missing = vcxl_test::guest_missing(series);                      \
		if (!missing.empty())                                                              \
			GTEST_SKIP() << missing;                                                   \
	} while (0)

#endif
