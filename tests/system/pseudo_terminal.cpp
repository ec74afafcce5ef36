// SPDX-License-Identifier: Apache-2.0
//
// A program on a terminal of its own; see pseudo_terminal.h.
#include "pseudo_terminal.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vcxl_test
{

namespace
{

[[noreturn]] void become_program(int terminal, const words &args, const scratch &dir)
{
	std::vector<char *> argv{ const_cast<char *>(VCXL_PROGRAM) };

	for (const std::string &word : args)
		argv.push_back(const_cast<char *>(word.c_str()));
	argv.push_back(nullptr);
	for (int fd = 0; fd < 3; fd++)
		dup2(terminal, fd);
	if (chdir(dir.path.c_str()) == 0)
		execv(VCXL_PROGRAM, argv.data());
	_exit(127);
}

// A shell: owns the terminal, puts the program in front and waits for it.
[[noreturn]] void become_shell(int terminal, int report, const words &args, const scratch &dir,
			       bool controls)
{
	int status = 0;

	setsid();
	if (controls)
		ioctl(terminal, TIOCSCTTY, 0);
	std::signal(SIGTTOU, SIG_IGN);
	std::signal(SIGHUP, SIG_IGN);
	const pid_t program = fork();

	if (program == 0) {
		setpgid(0, 0);
		tcsetpgrp(terminal, getpid());
		std::signal(SIGTTOU, SIG_DFL);
		std::signal(SIGHUP, SIG_DFL);
		become_program(terminal, args, dir);
	}
	setpgid(program, program);
	if (write(report, &program, sizeof(program)) != sizeof(program))
		_exit(127);
	waitpid(program, &status, 0);
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

} // namespace

bool pseudo_terminals_exist()
{
	const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	const bool exist = master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0;

	if (master >= 0)
		close(master);
	return exist;
}

pseudo_terminal::pseudo_terminal(const words &args, const scratch &dir, bool controls)
{
	int report[2];

	master_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0 || pipe(report) != 0)
		throw std::runtime_error("no pseudo-terminal");
	slave_ = open(ptsname(master_), O_RDWR | O_NOCTTY | O_CLOEXEC);
	before_ = settings();
	shell_ = fork();
	if (shell_ == 0)
		become_shell(slave_, report[1], args, dir, controls);
	close(report[1]);
	if (read(report[0], &program_, sizeof(program_)) != sizeof(program_))
		program_ = -1;
	close(report[0]);
}

pseudo_terminal::~pseudo_terminal()
{
	if (shell_ > 0) {
		if (program_ > 0)
			kill(program_, SIGKILL);
		waitpid(shell_, nullptr, 0);
	}
	close(slave_);
	close(master_);
}

void pseudo_terminal::type(const std::string &text)
{
	if (write(master_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
		throw std::runtime_error("cannot type");
}

bool pseudo_terminal::wait_for(const std::string &text, double timeout)
{
	pollfd fd = { master_, POLLIN, 0 };
	char buffer[4096];

	while (output_.find(text) == std::string::npos) {
		if (poll(&fd, 1, static_cast<int>(timeout * 1000)) <= 0)
			return false;
		const ssize_t got = read(master_, buffer, sizeof(buffer));

		if (got <= 0)
			return false;
		output_.append(buffer, static_cast<size_t>(got));
	}
	return true;
}

void pseudo_terminal::signal(int number) const
{
	kill(program_, number);
}

template <class Condition> bool pseudo_terminal::eventually(Condition condition) const
{
	for (int tries = 0; tries < 1000; tries++) {
		if (condition())
			return true;
		usleep(10000);
	}
	return false;
}

bool pseudo_terminal::wait_for_state(char state) const
{
	return eventually([&] {
		std::ifstream in("/proc/" + std::to_string(program_) + "/stat");
		std::string number, name, shown;

		in >> number >> name >> shown;
		return (shown == "T") == (state == 'T');
	});
}

int pseudo_terminal::wait()
{
	int status = 0;

	waitpid(shell_, &status, 0);
	shell_ = -1;
	return WEXITSTATUS(status);
}

termios pseudo_terminal::settings() const
{
	termios now{};

	tcgetattr(slave_, &now);
	return now;
}

bool pseudo_terminal::is_as_before() const
{
	return eventually([this] {
		const termios now = settings();

		return now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag &&
		       now.c_oflag == before_.c_oflag &&
		       !std::memcmp(now.c_cc, before_.c_cc, sizeof(now.c_cc));
	});
}

bool pseudo_terminal::is_raw() const
{
	return eventually([this] { return !(settings().c_lflag & (ECHO | ICANON)); });
}

} // namespace vcxl_test
