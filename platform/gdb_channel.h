// SPDX-License-Identifier: Apache-2.0
//
// The socket of the GDB stub: a thread listens, accepts one client after the other and queues what
// happens; the simulation takes it from the queue, either when the kernel says that something
// arrived or, while a debugger holds the simulation, by waiting for it.
#ifndef VCXL_PLATFORM_GDB_CHANNEL_H
#define VCXL_PLATFORM_GDB_CHANNEL_H

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include <systemc>

#include "gdb_address.h"

namespace vcxl
{

class gdb_channel : public sc_core::sc_prim_channel
{
public:
	enum class kind {
		nothing,
		connected,
		bytes,
		closed
	};
	struct item {
		kind what = kind::nothing;
		std::string bytes;
	};

	// Notified when something is in the queue.
	sc_core::sc_event arrived;

	// Listens from now on; throws std::runtime_error that names the address.
	gdb_channel(const char *name, const gdb_address &address);
	~gdb_channel() override;

	// Where it listens, with the port that was chosen: "127.0.0.1:1234" or a path.
	const std::string &where() const { return where_; }
	// From simulation processes only. The oldest item; waits up to so many milliseconds.
	item take(unsigned wait_ms);
	// To the client; nothing happens when there is none.
	void send(const std::string &bytes);
	// Ends the client's connection.
	void hang_up();

private:
	void start_of_simulation() override;
	void update() override;
	void listen_tcp(const gdb_address &address);
	void listen_local(const gdb_address &address);
	void serve();
	bool serve_client();
	bool readable(int fd) const;
	void push(kind what, const std::string &bytes);

	std::string where_, remove_; // a path to be removed at the end
	int listener_ = -1;
	int wake_[2] = { -1, -1 }; // a byte written to wake_[1] ends the thread
	std::thread thread_;
	std::mutex mutex_;
	std::condition_variable filled_;
	std::deque<item> queue_; // guarded by mutex_
	int client_ = -1;        // guarded by mutex_
};

} // namespace vcxl

#endif
