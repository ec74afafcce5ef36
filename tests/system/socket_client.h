// SPDX-License-Identifier: Apache-2.0
//
// A client of a local socket, bounded in time.
#ifndef VCXL_TESTS_SYSTEM_SOCKET_CLIENT_H
#define VCXL_TESTS_SYSTEM_SOCKET_CLIENT_H

#include <string>

namespace vcxl_test
{

class socket_client
{
public:
	// Waits until the socket is there; throws std::runtime_error after 20 seconds.
	explicit socket_client(const std::string &path);
	~socket_client();
	socket_client(const socket_client &) = delete;
	socket_client &operator=(const socket_client &) = delete;

	void send(const std::string &bytes);
	enum class result {
		bytes,
		timeout,
		closed
	};
	// Appends what has come.
	result more(std::string &to, double timeout);
	// A line without its end; "TIMEOUT" or "CLOSED" when there is none.
	std::string line(double timeout = 20);

private:
	int fd_ = -1;
	std::string pending_;
};

} // namespace vcxl_test

#endif
