// SPDX-License-Identifier: Apache-2.0
//
// The terminal that the program was started on, raw while this object lives. It gets its settings
// back however the process ends or stops, but for SIGKILL and SIGSTOP. POSIX, no SystemC.
#ifndef VCXL_PLATFORM_TERMINAL_H
#define VCXL_PLATFORM_TERMINAL_H

namespace vcxl
{

// At most one at a time: signal handlers have to find it.
class terminal
{
public:
	// Does nothing when standard input is no terminal. signals: Ctrl-C, Ctrl-\ and Ctrl-Z act
	// on the program as usual, else they are typed for the guest.
	explicit terminal(bool signals);
	~terminal();
	terminal(const terminal &) = delete;
	terminal &operator=(const terminal &) = delete;
};

} // namespace vcxl

#endif
