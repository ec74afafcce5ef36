// SPDX-License-Identifier: Apache-2.0
//
// A client of a local socket; see socket_client.h.
#include "socket_client.h"

#include <stdexcept>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace vcxl_test
{

socket_client::socket_client(const std::string &path)
{
	sockaddr_un name{};

	name.sun_family = AF_UNIX;
	path.copy(name.sun_path, sizeof(name.sun_path) - 1);
	fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (int tries = 0; tries < 2000; tries++) {
		if (connect(fd_, reinterpret_cast<sockaddr *>(&name), sizeof(name)) == 0)
			return;
		usleep(10000);
	}
	throw std::runtime_error("nobody listens at " + path);
}

socket_client::~socket_client()
{
	close(fd_);
}

void socket_client::send(const std::string &bytes)
{
	for (size_t done = 0; done < bytes.size();) {
		const ssize_t n =
			::send(fd_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);

		if (n <= 0)
			throw std::runtime_error("the other end hung up");
		done += static_cast<size_t>(n);
	}
}

socket_client::result socket_client::more(std::string &to, double timeout)
{
	pollfd fd = { fd_, POLLIN, 0 };
	char buffer[8192];

	if (poll(&fd, 1, static_cast<int>(timeout * 1000)) <= 0)
		return result::timeout;
	const ssize_t got = read(fd_, buffer, sizeof(buffer));

	if (got > 0)
		to.append(buffer, static_cast<size_t>(got));
	return got > 0 ? result::bytes : result::closed;
}

std::string socket_client::line(double timeout)
{
	size_t end;

	while ((end = pending_.find('\n')) == std::string::npos)
		switch (more(pending_, timeout)) {
		case result::bytes:
			break;
		case result::timeout:
			return "TIMEOUT";
		case result::closed:
			return "CLOSED";
		}
	std::string text = pending_.substr(0, end);

	pending_.erase(0, end + 1);
	if (!text.empty() && text.back() == '\r')
		text.pop_back();
	return text;
}

} // namespace vcxl_test
