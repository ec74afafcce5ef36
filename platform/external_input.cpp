// SPDX-License-Identifier: Apache-2.0
//
// Bytes from a file descriptor; see external_input.h.
#include "external_input.h"

#include <poll.h>
#include <unistd.h>

namespace vcxl
{

external_input::external_input(const char *name, int fd, bool keeps_alive)
    : sc_prim_channel(name), fd_(fd), keeps_alive_(keeps_alive)
{
	if (pipe(wake_) != 0)
		SC_REPORT_FATAL("/vcxl/input", "cannot make a pipe");
}

external_input::~external_input()
{
	if (thread_.joinable()) {
		const char end = 0;

		if (write(wake_[1], &end, 1) == 1)
			thread_.join();
		else
			thread_.detach();
	}
	close(wake_[0]);
	close(wake_[1]);
}

void external_input::start_of_simulation()
{
	if (keeps_alive_)
		async_attach_suspending();
	thread_ = std::thread(&external_input::read_loop, this);
}

void external_input::read_loop()
{
	for (;;) {
		pollfd fds[] = { { fd_, POLLIN, 0 }, { wake_[0], POLLIN, 0 } };
		char buffer[256];
		ssize_t got = 0;

		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents)
			return;
		got = read(fd_, buffer, sizeof(buffer));
		{
			const std::lock_guard<std::mutex> lock(mutex_);

			if (got > 0)
				queue_.append(buffer, static_cast<size_t>(got));
			else
				eof_ = true;
		}
		async_request_update();
		if (got <= 0)
			return;
	}
}

void external_input::update()
{
	arrived.notify(sc_core::SC_ZERO_TIME);
}

bool external_input::waiting()
{
	const std::lock_guard<std::mutex> lock(mutex_);

	return !queue_.empty();
}

std::string external_input::take()
{
	const std::lock_guard<std::mutex> lock(mutex_);
	std::string taken;

	taken.swap(queue_);
	if (eof_ && !closed_) {
		closed_ = true;
		if (keeps_alive_)
			async_detach_suspending();
	}
	return taken;
}

} // namespace vcxl
