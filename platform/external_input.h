// SPDX-License-Identifier: Apache-2.0
//
// Bytes from outside the simulation (console, signals): a thread reads a file descriptor and hands
// what it reads to the kernel, which delivers it between two events. Other threads never touch the
// kernel in any other way.
#ifndef VCXL_PLATFORM_EXTERNAL_INPUT_H
#define VCXL_PLATFORM_EXTERNAL_INPUT_H

#include <mutex>
#include <string>
#include <thread>

#include <systemc>

namespace vcxl
{

class external_input : public sc_core::sc_prim_channel
{
public:
	// Notified when bytes or the end of the file arrived.
	sc_core::sc_event arrived;

	// fd is borrowed; reading begins with the simulation. keeps_alive: until the file ends, an
	// idle simulation waits for it instead of ending.
	external_input(const char *name, int fd, bool keeps_alive);
	~external_input() override;

	// What has arrived since the last call; called from simulation processes only.
	std::string take();
	// Whether take() would return something.
	bool waiting();
	// The file has ended and everything was taken.
	bool closed() const { return closed_; }

private:
	void start_of_simulation() override;
	void update() override;
	void read_loop();

	const int fd_;
	const bool keeps_alive_;
	int wake_[2] = { -1, -1 }; // a byte written to wake_[1] ends the thread
	std::thread thread_;
	std::mutex mutex_;
	std::string queue_; // guarded by mutex_
	bool eof_ = false;  // guarded by mutex_
	bool closed_ = false;
};

} // namespace vcxl

#endif
