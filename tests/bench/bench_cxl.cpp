// SPDX-License-Identifier: Apache-2.0
//
// CXL memory against DRAM of the same guest, and dynamic capacity against other memory of the same
// device: runs the vcxl program with the benchmark guest (sw/bench) for several machines and prints
// bandwidth, latency and instruction speed of both as JSON, in CPU time of the program. Not a test:
// `vcxl_bench_cxl [VCXL GUEST]`.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "socket_client.h"

namespace
{

using words = std::vector<std::string>;

// The programs, and where files of a run are.
struct place {
	std::string vcxl, guest, dir;
	std::string file(const char *name) const { return dir + "/" + name; }
};

struct topology {
	const char *name;
	unsigned bridges, devices_per_bridge, granularity;
	bool by_xor;
};

// clang-format off
constexpr topology topologies[] = {
	{ "direct",       1, 1, 256, false },
	{ "2-way 256 B",  1, 2, 256, false },
	{ "3-way 256 B",  3, 1, 256, false },
	{ "4-way 256 B",  1, 4, 256, false },
	{ "4-way 4 KiB",  1, 4, 4096, false },
	{ "8-way 512 B",  1, 8, 512, false },
	{ "4-way XOR",    2, 2, 256, true },
};

// One device with 1 GiB of volatile memory and 1 GiB of dynamic capacity, in extents that lie on one
// memory or on one each.
struct lending { const char *name; unsigned extents; bool tagged; };
constexpr lending lendings[] = {
	{ "1 extent",               1,   false },
	{ "512 extents",            512, false },
	{ "512 extents, 512 tags",  512, true },
};

struct loop { const char *name, *metric; double scale; bool per_unit; };
constexpr loop loops[] = {
	{ "read",  "read_GBps",  1e-9, false },
	{ "copy",  "copy_GBps",  1e-9, false },
	{ "chase", "load_ns",    1e9,  true },
	{ "code",  "code_MIPS",  1e-6, false },
	{ "pages", "page_ns",    1e9,  true },
};
// clang-format on

words common_words(const place &at)
{
	words args{ at.vcxl, "-M", "virt,cxl=on", "-m", "2G" };

	args.insert(args.end(), { "-kernel", at.guest, "--boot-config", at.file("config") });
	return args;
}

words command_line(const topology &t, const place &at)
{
	words args = common_words(at);
	std::string window = "cxl-fmw.0.size=6G,cxl-fmw.0.interleave-granularity=" +
			     std::to_string(t.granularity) +
			     ",cxl-fmw.0.interleave-arithmetic=" + (t.by_xor ? "xor" : "modulo");

	for (unsigned b = 0; b < t.bridges; b++) {
		const std::string hb = "hb" + std::to_string(b);

		window += ",cxl-fmw.0.targets." + std::to_string(b) + "=" + hb;
		args.insert(args.end(), { "-device", "pxb-cxl,bus=pcie.0,id=" + hb + ",bus_nr=" +
							     std::to_string(16 + 32 * b) });
		for (unsigned d = 0; d < t.devices_per_bridge; d++) {
			const std::string n = std::to_string(b * t.devices_per_bridge + d);

			args.insert(args.end(),
				    { "-object", "memory-backend-ram,size=256M,id=m" + n, "-device",
				      "cxl-rp,bus=" + hb + ",id=rp" + n +
					      ",port=" + std::to_string(d) + ",chassis=0,slot=" + n,
				      "-device",
				      "cxl-type3,bus=rp" + n + ",volatile-memdev=m" + n });
		}
	}
	args.insert(args.end(), { "-M", window });
	return args;
}

// Positions go round the bridges first. Windows choose by absolute address: the first is at 64 GiB,
// whose number of granules leaves 1 when divided by 3.
std::string config(const topology &t)
{
	std::string targets;

	for (unsigned d = 0; d < t.devices_per_bridge; d++)
		for (unsigned b = 0; b < t.bridges; b++)
			targets += (targets.empty() ? "" : ",") +
				   std::to_string(16 + 32 * ((b + (1ull << 36) / t.granularity) %
							     t.bridges)) +
				   "/" + std::to_string(d);
	return "region window=0 size=" + std::to_string(256 * t.bridges * t.devices_per_bridge) +
	       "M granularity=" + std::to_string(t.granularity) + " targets=" + targets + "\n";
}

constexpr unsigned lent_mib = 1024;

words command_line(const lending &l, const place &at)
{
	words args = common_words(at);
	const std::string backed = l.tagged ? ",dc-regions-total-size=1G" : ",volatile-dc-memdev=d";

	args.insert(args.end(),
		    { "-object", "memory-backend-ram,size=1G,id=m", "-object",
		      "memory-backend-ram,size=1G,id=d", "-device",
		      "pxb-cxl,bus=pcie.0,id=hb,bus_nr=16", "-device",
		      "cxl-rp,bus=hb,id=rp,port=0,chassis=0,slot=0", "-device",
		      "cxl-type3,bus=rp,id=lender,volatile-memdev=m,num-dc-regions=1" + backed,
		      "-M", "cxl-fmw.0.targets.0=hb,cxl-fmw.0.size=2G", "-qmp",
		      "unix:" + at.file("qmp") + ",server=on,wait=off" });
	return args;
}

std::string config(const lending &)
{
	return "region window=0 size=1G targets=16/0\n"
	       "region window=0 offset=1G size=1G targets=16/0\n";
}

bool lend(const topology &, const place &)
{
	return true; // has nothing to lend
}

// What the fabric manager does when the guest waits: the extents, each an offer of its own.
bool lend(const lending &l, const place &at)
{
	vcxl_test::socket_client monitor(at.file("qmp"));
	bool good = true;
	const auto ask = [&](const std::string &command, const std::string &arguments) {
		monitor.send(R"({"execute":")" + command + R"(","arguments":{)" + arguments +
			     "}}\n");
		const std::string reply = monitor.line();

		if (reply == R"({"return":{}})")
			return;
		fprintf(stderr, "%s: %s\n", command.c_str(), reply.c_str());
		good = false;
	};
	const std::string bytes = std::to_string((lent_mib << 20) / l.extents);

	(void)monitor.line(); // the greeting
	ask("qmp_capabilities", "");
	for (unsigned i = 0; i < l.extents && good; i++) {
		char tag[48];
		std::string tagged;

		snprintf(tag, sizeof(tag), "00000000-0000-0000-0000-%012x", i + 1);
		if (l.tagged) {
			tagged = R"("tag":")" + std::string(tag) + R"(",)";
			ask("object-add", R"("qom-type":"memory-backend-ram","id":"d)" +
						  std::to_string(i) + R"(","size":)" + bytes +
						  R"(,"tag":")" + tag + '"');
		}
		ask("cxl-add-dynamic-capacity",
		    R"("path":"lender","host-id":0,"region":0,"selection-policy":"prescriptive",)" +
			    tagged + R"("extents":[{"offset":)" +
			    std::to_string((lent_mib << 20) / l.extents * i) + R"(,"len":)" +
			    bytes + "}]");
	}
	return good;
}

double cpu_seconds(pid_t pid)
{
	clockid_t clock;
	timespec t{};

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		return 0;
	return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Best of the rounds by loop and memory: seconds per unit.
using times = std::map<std::pair<std::string, std::string>, double>;

class listener
{
public:
	explicit listener(pid_t pid) : pid_(pid) {}

	void line(const std::string &text)
	{
		const double now = cpu_seconds(pid_);
		std::istringstream in(text);
		std::string word, name, memory, value;

		if (!(in >> word >> name >> memory >> value))
			return;
		if (word == "begin") {
			begun_ = now;
			units_ = std::strtod(value.c_str(), nullptr);
		} else if (word == "end") {
			double &best = best_[{ name, memory }];
			const double each = (now - begun_) / units_;

			best = best > 0 ? std::min(best, each) : each;
			agree_ = agree_ && results_.insert({ name, value }).first->second == value;
		}
	}
	times result() const
	{
		if (!agree_)
			throw std::runtime_error("a loop does not compute the same everywhere");
		return best_;
	}

private:
	pid_t pid_;
	double begun_ = 0, units_ = 1;
	times best_;
	std::map<std::string, std::string> results_;
	bool agree_ = true;
};

// The vcxl program and what it prints. It ends with this object at the latest.
class child
{
public:
	explicit child(const words &args)
	{
		int fd[2];

		if (pipe(fd) != 0)
			throw std::runtime_error("no pipe");
		pid_ = fork();
		if (pid_ == 0)
			become(args, fd);
		close(fd[1]);
		output_ = fd[0];
		if (pid_ > 0)
			return;
		close(output_);
		throw std::runtime_error("no process");
	}
	~child()
	{
		if (pid_ > 0) {
			kill(pid_, SIGKILL);
			wait();
		}
		close(output_);
	}
	child(const child &) = delete;
	child &operator=(const child &) = delete;

	pid_t pid() const { return pid_; }
	// Without its end; false when there are no more.
	bool line(std::string &text)
	{
		char c;

		text.clear();
		while (read(output_, &c, 1) == 1) {
			if (c == '\n')
				return true;
			text += c;
		}
		return false;
	}
	// Until it ends: its status.
	int wait()
	{
		int status = -1;

		waitpid(pid_, &status, 0);
		pid_ = -1;
		return status;
	}

private:
	[[noreturn]] static void become(const words &args, const int (&fd)[2])
	{
		std::vector<char *> argv;

		for (const std::string &a : args)
			argv.push_back(const_cast<char *>(a.c_str()));
		argv.push_back(nullptr);
		dup2(fd[1], STDOUT_FILENO);
		close(fd[0]);
		close(fd[1]);
		execv(argv[0], argv.data());
		_exit(127);
	}
	pid_t pid_ = -1;
	int output_ = -1;
};

// `waiting` is called when the guest says that it waits; false: it would wait for ever.
times run(const words &args, const std::function<bool()> &waiting)
{
	child vcxl(args);
	listener heard(vcxl.pid());
	std::string text;

	while (vcxl.line(text)) {
		if (text.rfind("waiting", 0) == 0 && !waiting())
			throw std::runtime_error("nothing is lent");
		heard.line(text);
	}
	if (vcxl.wait() != 0)
		throw std::runtime_error("the guest fails");
	return heard.result();
}

void print(const char *name, const times &seconds, const char *from, const char *to)
{
	printf("    { \"name\": \"%s\"", name);
	for (const loop &l : loops) {
		const double was = seconds.at({ l.name, from }), is = seconds.at({ l.name, to });

		printf(",\n      \"%s\": { \"%s\": %.3f, \"%s\": %.3f, \"%s\": %.3f }", l.metric,
		       from, l.per_unit ? was * l.scale : l.scale / was, to,
		       l.per_unit ? is * l.scale : l.scale / is, l.per_unit ? "times" : "ratio",
		       l.per_unit ? is / was : was / is);
	}
	printf(" }");
}

// A list of JSON: what the memory `to` is against the memory `from` in each of the machines.
template <class machine, size_t n>
void measure(const machine (&machines)[n], const place &at, const char *from, const char *to)
{
	const char *separator = "";

	printf("  \"%s_against_%s\": [\n", to, from);
	for (const machine &m : machines) {
		std::ofstream(at.file("config")) << config(m);
		const times seconds = run(command_line(m, at), [&m, &at] { return lend(m, at); });

		printf("%s", separator);
		print(m.name, seconds, from, to);
		fflush(stdout);
		separator = ",\n";
	}
	printf("\n  ]");
}

} // namespace

int main(int argc, char **argv)
{
	namespace fs = std::filesystem;
	char dir[] = "/tmp/vcxl_bench_XXXXXX";
	int status = 0;

	if (!mkdtemp(dir))
		return 1;
	const place at{ argc > 1 ? argv[1] : VCXL_PROGRAM, argc > 2 ? argv[2] : VCXL_GUEST, dir };

	try {
		printf("{\n");
		measure(topologies, at, "dram", "cxl");
		printf(",\n");
		measure(lendings, at, "cxl", "dynamic");
		printf("\n}\n");
	} catch (const std::exception &e) {
		fprintf(stderr, "%s\n", e.what());
		status = 1;
	}
	fs::remove_all(dir);
	return status;
}
