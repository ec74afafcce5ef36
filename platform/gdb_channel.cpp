// SPDX-License-Identifier: Apache-2.0
//
// The socket of the GDB stub; see gdb_channel.h.
#include "gdb_channel.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace vcxl
{

namespace
{

// A client that reads nothing for so long is gone.
constexpr timeval send_timeout = { 5, 0 };

std::runtime_error failure(const std::string &what, const char *why)
{
	return std::runtime_error("-gdb " + what + ": " + why);
}

} // namespace

gdb_channel::gdb_channel(const char *name, const gdb_address &address) : sc_prim_channel(name)
{
	if (address.local)
		listen_local(address);
	else
		listen_tcp(address);
	if (pipe(wake_) != 0)
		throw failure(where_, std::strerror(errno));
}

gdb_channel::~gdb_channel()
{
	if (thread_.joinable()) {
		const char end = 0;

		if (write(wake_[1], &end, 1) == 1)
			thread_.join();
		else
			thread_.detach();
	}
	for (const int fd : { listener_, client_, wake_[0], wake_[1] })
		if (fd >= 0)
			close(fd);
	if (!remove_.empty())
		unlink(remove_.c_str());
}

void gdb_channel::listen_local(const gdb_address &address)
{
	sockaddr_un name{};
	struct stat old;

	where_ = address.path;
	name.sun_family = AF_UNIX;
	address.path.copy(name.sun_path, sizeof(name.sun_path) - 1);
	// what an earlier run left behind
	if (lstat(name.sun_path, &old) == 0 && S_ISSOCK(old.st_mode))
		unlink(name.sun_path);
	listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener_ < 0 ||
	    bind(listener_, reinterpret_cast<const sockaddr *>(&name), sizeof(name)) != 0 ||
	    listen(listener_, 1) != 0)
		throw failure("unix:" + address.path, std::strerror(errno));
	remove_ = address.path;
}

void gdb_channel::listen_tcp(const gdb_address &address)
{
	const std::string shown = address.host + ":" + std::to_string(address.port);
	addrinfo hints{}, *found = nullptr;
	sockaddr_storage name{};
	socklen_t size = sizeof(name);
	const int yes = 1;

	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_PASSIVE;
	if (const int error = getaddrinfo(address.host.c_str(),
					  std::to_string(address.port).c_str(), &hints, &found))
		throw failure("tcp:" + shown, gai_strerror(error));
	const std::unique_ptr<addrinfo, void (*)(addrinfo *)> keep(found, freeaddrinfo);

	listener_ = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener_ < 0 ||
	    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
	    bind(listener_, found->ai_addr, found->ai_addrlen) != 0 || listen(listener_, 1) != 0 ||
	    getsockname(listener_, reinterpret_cast<sockaddr *>(&name), &size) != 0)
		throw failure("tcp:" + shown, std::strerror(errno));
	const in_port_t port = name.ss_family == AF_INET6
				       ? reinterpret_cast<const sockaddr_in6 *>(&name)->sin6_port
				       : reinterpret_cast<const sockaddr_in *>(&name)->sin_port;

	where_ = address.host + ":" + std::to_string(ntohs(port));
}

void gdb_channel::start_of_simulation()
{
	async_attach_suspending(); // an idle machine waits for its debugger
	thread_ = std::thread(&gdb_channel::serve, this);
}

// Waits; false when the thread has to end.
bool gdb_channel::readable(int fd) const
{
	pollfd fds[] = { { fd, POLLIN, 0 }, { wake_[0], POLLIN, 0 } };

	while (poll(fds, 2, -1) < 0)
		continue;
	return fds[1].revents == 0;
}

void gdb_channel::push(kind what, const std::string &bytes)
{
	{
		const std::lock_guard<std::mutex> lock(mutex_);

		queue_.push_back({ what, bytes });
	}
	filled_.notify_one();
	async_request_update();
}

bool gdb_channel::serve_client()
{
	const int fd = client_; // only this thread changes it
	char buffer[4096];

	push(kind::connected, "");
	while (readable(fd)) {
		const ssize_t got = read(fd, buffer, sizeof(buffer));

		if (got > 0) {
			push(kind::bytes, std::string(buffer, static_cast<size_t>(got)));
			continue;
		}
		{
			const std::lock_guard<std::mutex> lock(mutex_);

			close(fd);
			client_ = -1;
		}
		push(kind::closed, "");
		return true;
	}
	return false;
}

void gdb_channel::serve()
{
	while (readable(listener_)) {
		const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
		const int yes = 1;

		if (fd < 0)
			continue;
		// fails for local sockets, which need none
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send_timeout, sizeof(send_timeout));
		{
			const std::lock_guard<std::mutex> lock(mutex_);

			client_ = fd;
		}
		if (!serve_client())
			return;
	}
}

void gdb_channel::update()
{
	arrived.notify(sc_core::SC_ZERO_TIME);
}

gdb_channel::item gdb_channel::take(unsigned wait_ms)
{
	std::unique_lock<std::mutex> lock(mutex_);
	item taken;

	if (wait_ms)
		filled_.wait_for(lock, std::chrono::milliseconds(wait_ms),
				 [this] { return !queue_.empty(); });
	if (queue_.empty())
		return taken;
	taken = std::move(queue_.front());
	queue_.pop_front();
	return taken;
}

void gdb_channel::send(const std::string &bytes)
{
	const std::lock_guard<std::mutex> lock(mutex_);

	for (size_t done = 0; client_ >= 0 && done < bytes.size();) {
		const ssize_t n =
			::send(client_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);

		if (n <= 0) {
			shutdown(client_, SHUT_RDWR); // the thread sees the end
			return;
		}
		done += static_cast<size_t>(n);
	}
}

void gdb_channel::hang_up()
{
	const std::lock_guard<std::mutex> lock(mutex_);

	if (client_ >= 0)
		shutdown(client_, SHUT_RDWR);
}

} // namespace vcxl
