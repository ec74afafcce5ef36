// SPDX-License-Identifier: Apache-2.0
//
// Bytes from outside the simulation: a file descriptor (console, signals) or a socket (GDB, QMP,
// console) with one client after the other. A thread reads and queues what happens; the simulation
// takes it from the queue, either when the kernel says that something arrived or, while the kernel
// does not run, by waiting for it. Other threads never touch the kernel in any other way.
#ifndef VCXL_PLATFORM_HOST_STREAM_H
#define VCXL_PLATFORM_HOST_STREAM_H

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <sys/types.h>

#include <systemc>

#include "socket_address.h"

namespace vcxl
{

class host_stream : public sc_core::sc_prim_channel
{
public:
	enum class kind {
		nothing,
		connected, // sockets: the first of a client
		bytes,
		closed
	};
	struct item {
		kind what = kind::nothing;
		std::string bytes;
	};

	// Notified when something is in the queue.
	sc_core::sc_event arrived;

	// fd is borrowed; reading begins with the simulation. keeps_alive: until the file ends, an
	// idle simulation waits for it instead of ending.
	host_stream(const char *name, int fd, bool keeps_alive);
	// Listens or connects now, and keeps an idle simulation alive while anybody may still send.
	// Throws std::runtime_error that begins with the option.
	host_stream(const char *name, const socket_address &address, const std::string &option);
	~host_stream() override;

	// Before the simulation: where the address says so, waits for the first client. False when
	// `interrupt` became readable first.
	bool wait_for_client(int interrupt);

	// Where it listens, with the port that was chosen: "127.0.0.1:1234" or a path.
	const std::string &where() const { return where_; }
	// From simulation processes only. The oldest item; waits up to so many milliseconds.
	item take(unsigned wait_ms);
	// All bytes in the queue, whoever sent them.
	std::string take_bytes();
	// Whether take() would return something.
	bool waiting();
	// The end was taken, and nobody can connect.
	bool closed() const { return closed_; }
	// To the client; nothing happens when there is none. One that does not read is hung up on.
	void send(const std::string &bytes);
	// Ends the client's connection.
	void hang_up();

private:
	struct descriptor {
		explicit descriptor(int number) : fd(number) {}
		~descriptor();
		descriptor(const descriptor &) = delete;
		descriptor &operator=(const descriptor &) = delete;
		const int fd;
	};

	void start_of_simulation() override;
	void update() override;
	void make_pipe();
	void listen_tcp(const socket_address &address, const std::string &option);
	void listen_local(const socket_address &address, const std::string &option);
	void connect(const socket_address &address, const std::string &option);
	void accept_client();
	void set_client(int fd);
	std::shared_ptr<descriptor> client();
	void unlink_own();
	void serve();
	bool serve_client(int fd);
	bool serve_one();
	void push(kind what, const std::string &bytes);

	const int source_ = -1; // borrowed
	const bool keeps_alive_;
	const std::string option_;
	const bool waits_ = false;
	std::string where_;
	std::string path_; // that it listens at, and
	dev_t device_ = 0; // the file made there
	ino_t inode_ = 0;
	int listener_ = -1;
	int wake_[2] = { -1, -1 }; // a byte written to wake_[1] ends the thread
	std::thread thread_;
	std::mutex mutex_;
	std::condition_variable filled_, emptied_;
	std::deque<item> queue_; // guarded by mutex_
	// guarded by mutex_; who sends keeps it open meanwhile
	std::shared_ptr<descriptor> client_;
	bool ending_ = false; // guarded by mutex_
	bool closed_ = false;
};

} // namespace vcxl

#endif
