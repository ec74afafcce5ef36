// SPDX-License-Identifier: Apache-2.0
//
// Bytes from outside the simulation; see host_stream.h.
#include "host_stream.h"

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
// Who sends more than is taken has to wait.
constexpr size_t max_queued = 256;

std::runtime_error failure(const std::string &what, const char *why)
{
	return std::runtime_error(what + ": " + why);
}

// Resolves, and calls use(fd, address) on a new socket; "" or what went wrong.
template <class Use> std::string with_tcp(const socket_address &address, int flags, Use use)
{
	addrinfo hints{}, *found = nullptr;

	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = flags;
	if (const int error = getaddrinfo(address.host.c_str(),
					  std::to_string(address.port).c_str(), &hints, &found))
		return gai_strerror(error);
	const std::unique_ptr<addrinfo, void (*)(addrinfo *)> keep(found, freeaddrinfo);
	const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && use(fd, *found) ? "" : std::strerror(errno);
}

sockaddr_un local_name(const socket_address &address)
{
	sockaddr_un name{};

	name.sun_family = AF_UNIX;
	address.path.copy(name.sun_path, sizeof(name.sun_path) - 1);
	return name;
}

std::string shown(const socket_address &address)
{
	return address.local ? "unix:" + address.path
			     : "tcp:" + address.host + ":" + std::to_string(address.port);
}

} // namespace

host_stream::host_stream(const char *name, int fd, bool keeps_alive)
    : sc_prim_channel(name), source_(fd), keeps_alive_(keeps_alive)
{
	make_pipe();
}

host_stream::host_stream(const char *name, const socket_address &address, const std::string &option)
    : sc_prim_channel(name), keeps_alive_(true)
{
	make_pipe();
	if (!address.server)
		connect(address, option);
	else if (address.local)
		listen_local(address, option);
	else
		listen_tcp(address, option);
	if (!address.server || !address.wait)
		return;
	fprintf(stderr, "vcxl: %s waits for a client at %s\n", option.c_str(), where_.c_str());
	fflush(stderr);
	while (client_ < 0)
		accept_client();
}

void host_stream::make_pipe()
{
	if (pipe(wake_) != 0)
		throw failure("pipe", std::strerror(errno));
}

host_stream::~host_stream()
{
	{
		const std::lock_guard<std::mutex> lock(mutex_);

		ending_ = true;
	}
	emptied_.notify_all();
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

void host_stream::listen_local(const socket_address &address, const std::string &option)
{
	const sockaddr_un name = local_name(address);
	struct stat old;

	where_ = address.path;
	// what an earlier run left behind
	if (lstat(name.sun_path, &old) == 0 && S_ISSOCK(old.st_mode))
		unlink(name.sun_path);
	listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener_ < 0 ||
	    bind(listener_, reinterpret_cast<const sockaddr *>(&name), sizeof(name)) != 0 ||
	    listen(listener_, 1) != 0)
		throw failure(option + " " + shown(address), std::strerror(errno));
	remove_ = address.path;
}

void host_stream::listen_tcp(const socket_address &address, const std::string &option)
{
	sockaddr_storage name{};
	socklen_t size = sizeof(name);
	const int yes = 1;
	const std::string error = with_tcp(address, AI_PASSIVE, [&](int fd, const addrinfo &at) {
		listener_ = fd;
		return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
		       bind(fd, at.ai_addr, at.ai_addrlen) == 0 && listen(fd, 1) == 0 &&
		       getsockname(fd, reinterpret_cast<sockaddr *>(&name), &size) == 0;
	});

	if (!error.empty())
		throw failure(option + " " + shown(address), error.c_str());
	const in_port_t port = name.ss_family == AF_INET6
				       ? reinterpret_cast<const sockaddr_in6 *>(&name)->sin6_port
				       : reinterpret_cast<const sockaddr_in *>(&name)->sin_port;

	where_ = address.host + ":" + std::to_string(ntohs(port));
}

void host_stream::connect(const socket_address &address, const std::string &option)
{
	const sockaddr_un name = local_name(address);
	std::string error;

	where_ = shown(address);
	if (!address.local) {
		error = with_tcp(address, 0, [this](int fd, const addrinfo &at) {
			client_ = fd;
			return ::connect(fd, at.ai_addr, at.ai_addrlen) == 0;
		});
	} else {
		client_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (client_ < 0 || ::connect(client_, reinterpret_cast<const sockaddr *>(&name),
					     sizeof(name)) != 0)
			error = std::strerror(errno);
	}
	if (!error.empty())
		throw failure(option + " " + shown(address), error.c_str());
}

void host_stream::start_of_simulation()
{
	if (keeps_alive_)
		async_attach_suspending();
	thread_ = std::thread(&host_stream::serve, this);
}

// Waits; false when the thread has to end.
bool host_stream::readable(int fd) const
{
	pollfd fds[] = { { fd, POLLIN, 0 }, { wake_[0], POLLIN, 0 } };

	while (poll(fds, 2, -1) < 0)
		continue;
	return fds[1].revents == 0;
}

void host_stream::push(kind what, const std::string &bytes)
{
	{
		std::unique_lock<std::mutex> lock(mutex_);

		emptied_.wait(lock, [this] { return queue_.size() < max_queued || ending_; });
		queue_.push_back({ what, bytes });
	}
	filled_.notify_one();
	async_request_update();
}

// Until its end; false when the thread has to end.
bool host_stream::serve_client(int fd)
{
	char buffer[4096];

	while (readable(fd)) {
		const ssize_t got = read(fd, buffer, sizeof(buffer));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return true;
		push(kind::bytes, std::string(buffer, static_cast<size_t>(got)));
	}
	return false;
}

void host_stream::accept_client()
{
	const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
	const std::lock_guard<std::mutex> lock(mutex_);

	client_ = fd;
}

void host_stream::serve()
{
	if (source_ >= 0) {
		if (serve_client(source_))
			push(kind::closed, "");
		return;
	}
	do {
		const int yes = 1;

		if (client_ < 0 && !readable(listener_))
			return;
		if (client_ < 0)
			accept_client();
		if (client_ < 0)
			continue;
		// fails for local sockets, which need none
		setsockopt(client_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		setsockopt(client_, SOL_SOCKET, SO_SNDTIMEO, &send_timeout, sizeof(send_timeout));
		push(kind::connected, "");
		if (!serve_client(client_))
			return;
		{
			const std::lock_guard<std::mutex> lock(mutex_);

			close(client_);
			client_ = -1;
		}
		push(kind::closed, "");
		// what is said to this client must not reach the next one
		std::unique_lock<std::mutex> lock(mutex_);

		emptied_.wait(lock, [this] { return queue_.empty() || ending_; });
	} while (listener_ >= 0);
}

void host_stream::update()
{
	arrived.notify(sc_core::SC_ZERO_TIME);
}

bool host_stream::waiting()
{
	const std::lock_guard<std::mutex> lock(mutex_);

	return !queue_.empty();
}

host_stream::item host_stream::take(unsigned wait_ms)
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
	emptied_.notify_one();
	if (taken.what == kind::closed && listener_ < 0) {
		closed_ = true;
		if (keeps_alive_)
			async_detach_suspending();
	}
	return taken;
}

std::string host_stream::take_bytes()
{
	std::string bytes;

	for (item taken = take(0); taken.what != kind::nothing; taken = take(0))
		bytes += taken.bytes;
	return bytes;
}

void host_stream::send(const std::string &bytes)
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

void host_stream::hang_up()
{
	const std::lock_guard<std::mutex> lock(mutex_);

	if (client_ >= 0)
		shutdown(client_, SHUT_RDWR);
}

} // namespace vcxl
