// SPDX-License-Identifier: Apache-2.0
//
// Raw mode and the signals that would leave it behind; see terminal.h. SIGINT and SIGTERM are not
// among them: the program ends in order after those.
#include "terminal.h"

#include <cerrno>
#include <csignal>

#include <termios.h>
#include <unistd.h>

namespace vcxl
{

namespace
{

// What handlers may read: set before they are installed.
struct {
	termios saved, raw;
	bool active;
} state;

constexpr int fatal_signals[] = { SIGHUP,    SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,   SIGFPE,
				  SIGSEGV,   SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU,  SIGXFSZ,
				  SIGVTALRM, SIGPROF, SIGSYS,  SIGIO,   SIGPWR,  SIGSTKFLT };

template <class Action> void for_each_fatal(Action action)
{
	for (const int signal : fatal_signals)
		action(signal);
	for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++) // no constants
		action(signal);
}

// Only async-signal-safe calls from here on.

// A process in the background leaves the terminal to the one in front. A terminal that is not the
// session's own has no such process.
bool is_ours()
{
	const pid_t front = tcgetpgrp(STDIN_FILENO);

	return front == getpgrp() || (front < 0 && errno == ENOTTY);
}

void apply(const termios &settings)
{
	const int error = errno;

	if (is_ours())
		tcsetattr(STDIN_FILENO, TCSANOW, &settings);
	errno = error;
}

// SA_RESETHAND: the second time it is the default that acts.
void on_fatal(int signal)
{
	apply(state.saved);
	raise(signal);
}

void install(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = {};

	action.sa_handler = handler;
	action.sa_flags = flags;
	sigemptyset(&action.sa_mask);
	sigaction(signal, &action, nullptr);
}

auto handler_of(int signal)
{
	struct sigaction action = {};

	sigaction(signal, nullptr, &action);
	return action.sa_handler;
}

void on_stop(int signal)
{
	sigset_t unblocked, before;

	apply(state.saved);
	install(signal, SIG_DFL, 0);
	sigemptyset(&unblocked);
	sigaddset(&unblocked, signal);
	raise(signal);
	pthread_sigmask(SIG_UNBLOCK, &unblocked, &before); // stops here until SIGCONT
	pthread_sigmask(SIG_SETMASK, &before, nullptr);
	install(signal, on_stop, SA_RESTART);
}

void on_continue(int)
{
	apply(state.raw);
}

} // namespace

terminal::terminal(bool signals)
{
	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &state.saved) != 0)
		return;
	state.raw = state.saved;
	state.raw.c_iflag &= ~static_cast<tcflag_t>(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR |
						    IGNCR | ICRNL | IXON);
	state.raw.c_oflag |= OPOST;
	state.raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | IEXTEN);
	if (!signals)
		state.raw.c_lflag &= ~static_cast<tcflag_t>(ISIG);
	state.raw.c_cc[VMIN] = 1;
	state.raw.c_cc[VTIME] = 0;
	state.active = true;
	for_each_fatal([](int signal) {
		if (handler_of(signal) != SIG_IGN) // as nohup wants it
			install(signal, on_fatal, static_cast<int>(SA_RESETHAND) | SA_NODEFER);
	});
	install(SIGTSTP, on_stop, SA_RESTART);
	install(SIGCONT, on_continue, SA_RESTART);
	apply(state.raw);
}

terminal::~terminal()
{
	if (!state.active)
		return;
	state.active = false;
	for_each_fatal([](int signal) {
		if (handler_of(signal) == on_fatal)
			install(signal, SIG_DFL, 0);
	});
	install(SIGTSTP, SIG_DFL, 0);
	install(SIGCONT, SIG_DFL, 0);
	apply(state.saved);
}

} // namespace vcxl
