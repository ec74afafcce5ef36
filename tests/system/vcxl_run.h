// SPDX-License-Identifier: Apache-2.0
//
// Runs the vcxl program as a user does: own process, own working directory, bounded in time; and
// predicts from the contract alone what the firmware's pattern leaves in the media files.
#ifndef VCXL_TESTS_SYSTEM_VCXL_RUN_H
#define VCXL_TESTS_SYSTEM_VCXL_RUN_H

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace vcxl_test
{

using words = std::vector<std::string>;

// A directory that is removed with the object.
class scratch
{
public:
	scratch();
	~scratch();
	std::filesystem::path path;
	std::string file(const std::string &name) const { return (path / name).string(); }
	// Writes a text file and returns its path.
	std::string write(const std::string &name, const std::string &text) const;
};

struct outcome {
	int status = -1; // exit status; 128 + signal when killed
	std::string out, err;
	double cpu_seconds = 0; // user and system
	long peak_kib = 0;      // maximum resident set
};

// Words of an args file below tests/data, '#' comments removed, /tmp/ replaced by the directory.
words args_file(const std::string &name, const scratch &dir);

// Waits until the program ends; after `timeout` seconds it is killed (status 137).
outcome run_vcxl(const words &args, const scratch &dir, double timeout = 50);
// The same for another program, named by its path.
outcome run_program(const std::string &program, const words &args, const scratch &dir,
		    double timeout = 50);

// A program left running: its standard input stays open, its output is collected by wait_for.
class running
{
public:
	running(const words &args, const scratch &dir);
	~running(); // SIGKILL if it still runs
	// Until text appears in standard output; false after `timeout` seconds or when it ends.
	bool wait_for(const std::string &text, double timeout = 50);
	// The same behind what an earlier call of this found.
	bool wait_for_next(const std::string &text, double timeout = 50);
	// The same for standard error.
	bool wait_for_error(const std::string &text, double timeout = 50);
	void type(const std::string &text);
	void kill_now(); // SIGKILL, and waits
	void signal(int number);
	int wait(double timeout = 50); // exit status, 128 + signal
	const std::string &output() const { return output_; }
	const std::string &errors() const { return errors_; } // what wait_for_error() has seen
	// User and system, after wait().
	double cpu_seconds() const { return cpu_seconds_; }

private:
	static bool wait_in(int fd, std::string &seen, size_t from, const std::string &text,
			    double timeout);
	pid_t pid_ = -1;
	int input_ = -1, output_fd_ = -1, error_fd_ = -1;
	std::string output_, errors_;
	size_t next_ = 0; // in the output: where wait_for_next() looks
	double cpu_seconds_ = 0;
};

// A region as the test expects it: granules are dealt to the targets one after the other.
struct expected_target {
	std::string file;    // media file
	uint64_t offset = 0; // of the region's first byte on this device
};
struct expected_region {
	uint64_t base, size;
	uint64_t granularity;
	std::vector<expected_target> targets; // in position order
	// Which target the granule at `base` goes to: 0 unless the base is not aligned to the set.
	unsigned first = 0;
};

// 8-byte words by file and offset.
using image = std::map<std::string, std::map<uint64_t, uint64_t>>;
image predict(const std::vector<expected_region> &regions);

// "" when each file holds exactly the predicted words and zeros elsewhere, else what differs.
std::string compare(const image &expected, const scratch &dir);

} // namespace vcxl_test

// In a test: skips it, visibly, in a build with the address sanitizer, which does not know the
// stacks of SystemC's processes and reports exceptions that are thrown in one, or after they have
// run.
#ifdef __SANITIZE_ADDRESS__
#define THROWS_BESIDE_SYSTEMC()                                                                    \
	GTEST_SKIP() << "the address sanitizer mistakes exceptions beside SystemC's stacks"
#else
#define THROWS_BESIDE_SYSTEMC() (void)0
#endif

#endif
