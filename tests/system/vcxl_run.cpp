// SPDX-License-Identifier: Apache-2.0
//
// Running vcxl and predicting media contents; see vcxl_run.h.
#include "vcxl_run.h"

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vcxl_test
{

namespace
{

using clock = std::chrono::steady_clock;

double since(clock::time_point start)
{
	return std::chrono::duration<double>(clock::now() - start).count();
}

struct child {
	pid_t pid;
	int in, out, err;
};

child spawn(const std::string &program, const words &args, const scratch &dir)
{
	int in[2], out[2], err[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		throw std::runtime_error("pipe2");
	const pid_t pid = fork();
	if (pid == 0) {
		std::vector<char *> argv{ const_cast<char *>(program.c_str()) };

		for (const std::string &a : args)
			argv.push_back(const_cast<char *>(a.c_str()));
		argv.push_back(nullptr);
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		if (chdir(dir.path.c_str()) == 0)
			execv(program.c_str(), argv.data());
		_exit(126);
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	return { pid, in[1], out[0], err[0] };
}

int decode(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Reads both pipes until they close or the time is over.
bool drain(const child &c, outcome &o, clock::time_point start, double timeout)
{
	std::string *sinks[] = { &o.out, &o.err };
	pollfd fds[] = { { c.out, POLLIN, 0 }, { c.err, POLLIN, 0 } };

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		const double left = timeout - since(start);

		if (left <= 0 || poll(fds, 2, static_cast<int>(left * 1000) + 1) < 0)
			return false;
		for (int i = 0; i < 2; i++) {
			char buffer[65536];
			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			const ssize_t got = read(fds[i].fd, buffer, sizeof(buffer));
			if (got > 0)
				sinks[i]->append(buffer, static_cast<size_t>(got));
			else
				fds[i].fd = -1;
		}
	}
	return true;
}

uint64_t mix(uint64_t h)
{
	uint64_t z = h + 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void deal(image &out, const expected_region &r, uint64_t hpa)
{
	const uint64_t granule = (hpa - r.base) / r.granularity;
	const uint64_t n = r.targets.size();
	const expected_target &t = r.targets[(granule + r.first) % n];

	out[t.file][t.offset + granule / n * r.granularity + hpa % r.granularity] = mix(hpa);
}

double cpu_seconds_of(const rusage &usage)
{
	return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

} // namespace

scratch::scratch()
{
	std::string name = (std::filesystem::temp_directory_path() / "vcxl-test-XXXXXX").string();

	if (!mkdtemp(name.data()))
		throw std::runtime_error("mkdtemp");
	path = name;
}

scratch::~scratch()
{
	std::error_code ignored;
	std::filesystem::remove_all(path, ignored);
}

std::string scratch::write(const std::string &name, const std::string &text) const
{
	std::ofstream(file(name)) << text;
	return file(name);
}

words args_file(const std::string &name, const scratch &dir)
{
	std::ifstream in(std::string(VCXL_TEST_DATA) + "/" + name);
	std::string line, word;
	words result;

	if (!in)
		throw std::runtime_error("no file " + name);
	while (std::getline(in, line)) {
		std::istringstream rest(line.substr(0, line.find('#')));

		while (rest >> word) {
			const size_t at = word.find("mem-path=/tmp/");
			if (at != std::string::npos)
				word.replace(at, 14, "mem-path=" + dir.path.string() + "/");
			result.push_back(word);
		}
	}
	return result;
}

outcome run_vcxl(const words &args, const scratch &dir, double timeout)
{
	return run_program(VCXL_PROGRAM, args, dir, timeout);
}

outcome run_program(const std::string &program, const words &args, const scratch &dir,
		    double timeout)
{
	const clock::time_point start = clock::now();
	const child c = spawn(program, args, dir);
	outcome o;
	int status = 0;
	rusage usage{};

	close(c.in);
	if (!drain(c, o, start, timeout))
		kill(c.pid, SIGKILL);
	wait4(c.pid, &status, 0, &usage);
	close(c.out);
	close(c.err);
	o.status = decode(status);
	o.cpu_seconds = cpu_seconds_of(usage);
	o.peak_kib = usage.ru_maxrss;
	return o;
}

running::running(const words &args, const scratch &dir)
{
	const child c = spawn(VCXL_PROGRAM, args, dir);

	pid_ = c.pid;
	input_ = c.in;
	output_fd_ = c.out;
	error_fd_ = c.err;
}

running::~running()
{
	if (pid_ > 0)
		kill_now();
	close(input_);
	close(output_fd_);
	close(error_fd_);
}

namespace
{

bool read_more(int from, std::string &to, double timeout)
{
	pollfd fd = { from, POLLIN, 0 };
	char buffer[65536];

	if (poll(&fd, 1, static_cast<int>(timeout * 1000) + 1) <= 0)
		return false;
	const ssize_t got = read(from, buffer, sizeof(buffer));
	if (got <= 0)
		return false;
	to.append(buffer, static_cast<size_t>(got));
	return true;
}

} // namespace

bool running::wait_in(int fd, std::string &seen, size_t from, const std::string &text,
		      double timeout)
{
	const clock::time_point start = clock::now();

	while (seen.find(text, from) == std::string::npos)
		if (since(start) > timeout || !read_more(fd, seen, timeout - since(start)))
			return false;
	return true;
}

bool running::wait_for(const std::string &text, double timeout)
{
	return wait_in(output_fd_, output_, 0, text, timeout);
}

bool running::wait_for_next(const std::string &text, double timeout)
{
	if (!wait_in(output_fd_, output_, next_, text, timeout))
		return false;
	next_ = output_.find(text, next_) + text.size();
	return true;
}

bool running::wait_for_error(const std::string &text, double timeout)
{
	return wait_in(error_fd_, errors_, 0, text, timeout);
}

void running::signal(int number)
{
	kill(pid_, number);
}

void running::type(const std::string &text)
{
	if (write(input_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
		throw std::runtime_error("cannot type");
}

void running::kill_now()
{
	kill(pid_, SIGKILL);
	waitpid(pid_, nullptr, 0);
	pid_ = -1;
}

int running::wait(double timeout)
{
	const clock::time_point start = clock::now();
	int status = 0;
	rusage usage{};

	while (since(start) < timeout && read_more(output_fd_, output_, timeout - since(start)))
		;
	if (since(start) >= timeout)
		kill(pid_, SIGKILL);
	wait4(pid_, &status, 0, &usage);
	pid_ = -1;
	cpu_seconds_ = cpu_seconds_of(usage);
	return decode(status);
}

image predict(const std::vector<expected_region> &regions)
{
	image out;

	for (const expected_region &r : regions) {
		const uint64_t dense = std::min(r.size, 4 * r.targets.size() * r.granularity);

		for (uint64_t at = 0; at < dense; at += 8) {
			deal(out, r, r.base + at);
			deal(out, r, r.base + r.size - dense + at);
		}
		for (uint64_t i = 0; i < 4096; i++)
			deal(out, r, r.base + 8 * ((i * 0x9e3779b97f4a7c15u) % (r.size / 8)));
	}
	return out;
}

namespace
{

std::string compare_file(const std::string &name, const std::map<uint64_t, uint64_t> &expected,
			 const std::string &path)
{
	const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
	char text[160];
	auto next = expected.begin();
	std::vector<uint64_t> buffer(1 << 16);
	std::string problem = fd < 0 ? name + ": cannot be opened" : "";

	for (off_t at = 0; problem.empty();) {
		// holes are zeros
		const off_t data = lseek(fd, at, SEEK_DATA);
		const uint64_t end = data < 0 ? UINT64_MAX : static_cast<uint64_t>(data);

		if (next != expected.end() && next->first < end) {
			snprintf(text, sizeof(text), ": 0x%" PRIx64 " was never written",
				 next->first);
			problem = name + text;
		}
		if (data < 0)
			break;
		const ssize_t got = pread(fd, buffer.data(), buffer.size() * 8, data);
		if (got <= 0)
			break;
		for (size_t i = 0; i < static_cast<size_t>(got) / 8 && problem.empty(); i++) {
			const uint64_t offset = static_cast<uint64_t>(data) + i * 8;
			uint64_t wanted = 0;

			if (next != expected.end() && next->first == offset)
				wanted = (next++)->second;
			if (buffer[i] == wanted)
				continue;
			snprintf(text, sizeof(text),
				 ": at 0x%" PRIx64 " is %016" PRIx64 ", not %016" PRIx64, offset,
				 buffer[i], wanted);
			problem = name + text;
		}
		at = data + got;
	}
	close(fd);
	return problem;
}

} // namespace

std::string compare(const image &expected, const scratch &dir)
{
	for (const auto &[name, contents] : expected) {
		const std::string problem = compare_file(name, contents, dir.file(name));

		if (!problem.empty())
			return problem;
	}
	return "";
}

} // namespace vcxl_test
