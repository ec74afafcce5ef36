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

// Resolves, and calls use(fd, address) on a new socket for each address until it succeeds: what it
// returns, or -1. `error` says why the last one failed.
template <class Use>
int with_tcp(const socket_address &address, int flags, std::string &error, Use use)
{
	addrinfo hints{}, *found = nullptr;

	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = flags;
	if (const int why = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(),
					&hints, &found)) {
		error = gai_strerror(why);
		return -1;
	}
	const std::unique_ptr<addrinfo, void (*)(addrinfo *)> keep(found, freeaddrinfo);

	for (const addrinfo *at = found; at; at = at->ai_next) {
		const int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd >= 0 && use(fd, *at)) {
			error.clear();
			return fd;
		}
		error = std::strerror(errno);
		if (fd >= 0)
			close(fd);
	}
	return -1;
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
			     : "tcp:" + host_and_port(address.host, address.port);
}

// Waits; false when `other` became readable.
bool readable(int fd, int other)
{
	pollfd fds[] = { { fd, POLLIN, 0 }, { other, POLLIN, 0 } };

	while (poll(fds, 2, -1) < 0)
		continue;
	return fds[1].revents == 0;
}

} // namespace

host_stream::host_stream(const char *name, int fd, bool keeps_alive)
    : sc_prim_channel(name), source_(fd), keeps_alive_(keeps_alive)
{
	make_pipe();
}

host_stream::host_stream(const char *name, const socket_address &address, const std::string &option)
    : sc_prim_channel(name), keeps_alive_(true), option_(option),
      waits_(address.server && address.wait)
{
	make_pipe();
	if (!address.server)
		connect(address, option);
	else if (address.local)
		listen_local(address, option);
	else
		listen_tcp(address, option);
}

host_stream::descriptor::~descriptor()
{
	close(fd);
}

bool host_stream::wait_for_client(int interrupt)
{
	if (!waits_)
		return true;
	fprintf(stderr, "vcxl: %s waits for a client at %s\n", option_.c_str(), where_.c_str());
	fflush(stderr);
	while (!client_) {
		if (!readable(listener_, interrupt))
			return false;
		accept_client();
	}
	return true;
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
	unlink_own();
	for (const int fd : { listener_, wake_[0], wake_[1] })
		if (fd >= 0)
			close(fd);
}

// Another run may have put its socket there. While ours is open its inode is nobody else's.
void host_stream::unlink_own()
{
	struct stat now;

	if (!path_.empty() && lstat(path_.c_str(), &now) == 0 && now.st_dev == device_ &&
	    now.st_ino == inode_)
		unlink(path_.c_str());
}

void host_stream::listen_local(const socket_address &address, const std::string &option)
{
	const sockaddr_un name = local_name(address);
	struct stat old; // then ours

	where_ = address.path;
	// what an earlier run left behind
	if (lstat(name.sun_path, &old) == 0 && S_ISSOCK(old.st_mode))
		unlink(name.sun_path);
	listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener_ < 0 ||
	    bind(listener_, reinterpret_cast<const sockaddr *>(&name), sizeof(name)) != 0 ||
	    lstat(name.sun_path, &old) != 0 || listen(listener_, 1) != 0)
		throw failure(option + " " + shown(address), std::strerror(errno));
	path_ = address.path;
	device_ = old.st_dev;
	inode_ = old.st_ino;
}

void host_stream::listen_tcp(const socket_address &address, const std::string &option)
{
	sockaddr_storage name{};
	socklen_t size = sizeof(name);
	const int yes = 1;
	std::string error;

	listener_ = with_tcp(address, AI_PASSIVE, error, [&](int fd, const addrinfo &at) {
		return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
		       bind(fd, at.ai_addr, at.ai_addrlen) == 0 && listen(fd, 1) == 0 &&
		       getsockname(fd, reinterpret_cast<sockaddr *>(&name), &size) == 0;
	});
	if (listener_ < 0)
		throw failure(option + " " + shown(address), error.c_str());
	const in_port_t port = name.ss_family == AF_INET6
				       ? reinterpret_cast<const sockaddr_in6 *>(&name)->sin6_port
				       : reinterpret_cast<const sockaddr_in *>(&name)->sin_port;

	where_ = host_and_port(address.host, ntohs(port));
}

void host_stream::connect(const socket_address &address, const std::string &option)
{
	const sockaddr_un name = local_name(address);
	std::string error;
	int fd;

	where_ = shown(address);
	if (!address.local) {
		fd = with_tcp(address, 0, error, [](int tried, const addrinfo &at) {
			return ::connect(tried, at.ai_addr, at.ai_addrlen) == 0;
		});
	} else {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0 ||
		    ::connect(fd, reinterpret_cast<const sockaddr *>(&name), sizeof(name)) != 0) {
			error = std::strerror(errno);
			if (fd >= 0)
				close(fd);
		}
	}
	if (!error.empty())
		throw failure(option + " " + shown(address), error.c_str());
	set_client(fd);
}

void host_stream::start_of_simulation()
{
	if (keeps_alive_)
		async_attach_suspending();
	thread_ = std::thread(&host_stream::serve, this);
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

	while (readable(fd, wake_[0])) {
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

	if (fd >= 0)
		set_client(fd);
}

void host_stream::set_client(int fd)
{
	const int yes = 1;

	// fails for local sockets, which need none
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send_timeout, sizeof(send_timeout));
	const std::lock_guard<std::mutex> lock(mutex_);

	client_ = std::make_shared<descriptor>(fd);
}

std::shared_ptr<host_stream::descriptor> host_stream::client()
{
	const std::lock_guard<std::mutex> lock(mutex_);

	return client_;
}

void host_stream::serve()
{
	if (source_ >= 0) {
		if (serve_client(source_))
			push(kind::closed, "");
		return;
	}
	while (serve_one() && listener_ >= 0)
		continue;
}

// The client that is there, or the next one; false when the thread has to end.
bool host_stream::serve_one()
{
	if (!client()) {
		if (!readable(listener_, wake_[0]))
			return false;
		accept_client();
	}
	const std::shared_ptr<descriptor> current = client();

	if (!current)
		return true;
	push(kind::connected, "");
	if (!serve_client(current->fd))
		return false;
	{
		const std::lock_guard<std::mutex> lock(mutex_);

		client_ = nullptr;
	}
	push(kind::closed, "");
	// what is said to this client must not reach the next one
	std::unique_lock<std::mutex> lock(mutex_);

	emptied_.wait(lock, [this] { return queue_.empty() || ending_; });
	return true;
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

// Without the mutex: the thread goes on meanwhile.
void host_stream::send(const std::string &bytes)
{
	const std::shared_ptr<descriptor> to = client();

	for (size_t done = 0; to && done < bytes.size();) {
		const ssize_t n =
			::send(to->fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0) {
			done += static_cast<size_t>(n);
			continue;
		}
		if (errno == EAGAIN)
			fprintf(stderr, "vcxl: %s: dropped a client that reads nothing for %ld s\n",
				option_.c_str(), static_cast<long>(send_timeout.tv_sec));
		shutdown(to->fd, SHUT_RDWR); // the thread sees the end
		return;
	}
}

void host_stream::hang_up()
{
	if (const std::shared_ptr<descriptor> to = client())
		shutdown(to->fd, SHUT_RDWR);
}

} // namespace vcxl
