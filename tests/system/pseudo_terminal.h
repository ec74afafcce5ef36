// SPDX-License-Identifier: Apache-2.0
//
// Runs the vcxl program on a terminal of its own, in front, as a shell would.
#ifndef VCXL_TESTS_SYSTEM_PSEUDO_TERMINAL_H
#define VCXL_TESTS_SYSTEM_PSEUDO_TERMINAL_H

#include <string>

#include <sys/types.h>
#include <termios.h>

#include "vcxl_run.h"

namespace vcxl_test
{

class pseudo_terminal
{
public:
	// controls: the terminal is that of the session, as a login makes it
	pseudo_terminal(const words &args, const scratch &dir, bool controls = true);
	~pseudo_terminal();

	void type(const std::string &text);
	// Until the text was printed; false after so many seconds.
	bool wait_for(const std::string &text, double timeout = 20);
	const std::string &output() const { return output_; }
	void signal(int number) const;
	// Until the program is stopped or not; false when it does not come to that.
	bool wait_for_state(char state) const;
	int wait(); // exit status, 128 + signal
	// Whether the terminal echoes, edits lines and makes signals, as before the program; and
	// the opposite. Both wait for it a while.
	bool is_as_before() const;
	bool is_raw() const;

private:
	termios settings() const;
	template <class Condition> bool eventually(Condition condition) const;

	int master_ = -1, slave_ = -1;
	pid_t shell_ = -1, program_ = -1;
	termios before_{};
	std::string output_;
};

// Whether the machine has any: a bare chroot may not.
bool pseudo_terminals_exist();

} // namespace vcxl_test

// In a test: skips it, visibly, where there can be no terminal.
#define NEEDS_A_TERMINAL()                                                                         \
	do {                                                                                       \
		if (!vcxl_test::pseudo_terminals_exist())                                          \
			GTEST_SKIP() << "no pseudo-terminals (is /dev/pts mounted?)";              \
	} while (0)

#endif
