// SPDX-License-Identifier: Apache-2.0
//
// CXL memory against DRAM of the same guest: runs the vcxl program with the benchmark guest
// (sw/bench) for several topologies and prints bandwidth, latency and instruction speed of both as
// JSON, in CPU time of the program. Not a test: `vcxl_bench_cxl [VCXL GUEST]`.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace
{

struct topology {
	const char *name;
	unsigned bridges, devices_per_bridge, granularity;
};

// clang-format off
constexpr topology topologies[] = {
	{ "direct",       1, 1, 256 },
	{ "2-way 256 B",  1, 2, 256 },
	{ "3-way 256 B",  3, 1, 256 },
	{ "4-way 256 B",  1, 4, 256 },
	{ "4-way 4 KiB",  1, 4, 4096 },
	{ "8-way 512 B",  1, 8, 512 },
};

struct loop { const char *name, *metric; double scale; bool per_unit; };
constexpr loop loops[] = {
	{ "read",  "read_GBps",  1e-9, false },
	{ "copy",  "copy_GBps",  1e-9, false },
	{ "chase", "load_ns",    1e9,  true },
	{ "code",  "code_MIPS",  1e-6, false },
};
// clang-format on

std::vector<std::string> command_line(const topology &t, const std::string &vcxl,
				      const std::string &guest, const std::string &config)
{
	std::vector<std::string> args{ vcxl,      "-M",  "virt,cxl=on",   "-m",  "256M",
				       "-kernel", guest, "--boot-config", config };
	std::string window = "cxl-fmw.0.size=6G,cxl-fmw.0.interleave-granularity=" +
			     std::to_string(t.granularity);

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
void write_config(const topology &t, const std::string &path)
{
	std::ofstream out(path);
	std::string targets;

	for (unsigned d = 0; d < t.devices_per_bridge; d++)
		for (unsigned b = 0; b < t.bridges; b++)
			targets += (targets.empty() ? "" : ",") +
				   std::to_string(16 + 32 * ((b + (1ull << 36) / t.granularity) %
							     t.bridges)) +
				   "/" + std::to_string(d);
	out << "region window=0 size=" << 256 * t.bridges * t.devices_per_bridge
	    << "M granularity=" << t.granularity << " targets=" << targets << "\n";
}

double cpu_seconds(pid_t pid)
{
	clockid_t clock;
	timespec t{};

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		return 0;
	return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Best of the rounds by loop and memory: seconds per unit. Empty when the run failed.
using times = std::map<std::pair<std::string, std::string>, double>;

class listener
{
public:
	explicit listener(pid_t pid) : pid_(pid) {}

	void line(const std::string &text)
	{
		const double now = cpu_seconds(pid_);
		std::istringstream words(text);
		std::string word, name, memory, value;

		if (!(words >> word >> name >> memory >> value))
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
	// the same loop computes the same wherever it runs
	times result() const { return agree_ ? best_ : times(); }

private:
	pid_t pid_;
	double begun_ = 0, units_ = 1;
	times best_;
	std::map<std::string, std::string> results_;
	bool agree_ = true;
};

times run(const std::vector<std::string> &args)
{
	int fd[2], status = -1;

	if (pipe(fd) != 0)
		return {};
	const pid_t pid = fork();

	if (pid == 0) {
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
	close(fd[1]);
	if (pid < 0)
		return {};
	listener heard(pid);
	std::string text;
	char c;

	while (read(fd[0], &c, 1) == 1) {
		if (c != '\n') {
			text += c;
			continue;
		}
		heard.line(text);
		text.clear();
	}
	close(fd[0]);
	waitpid(pid, &status, 0);
	return status == 0 ? heard.result() : times();
}

bool measure(const topology &t, const std::string &vcxl, const std::string &guest,
	     const std::string &config)
{
	write_config(t, config);
	times best = run(command_line(t, vcxl, guest, config));

	printf("    { \"name\": \"%s\"", t.name);
	for (const loop &l : loops) {
		const double dram = best[{ l.name, "dram" }], cxl = best[{ l.name, "cxl" }];

		if (dram <= 0 || cxl <= 0) {
			printf(", \"failed\": true }");
			return false;
		}
		printf(",\n      \"%s\": { \"dram\": %.3f, \"cxl\": %.3f, \"%s\": %.3f }", l.metric,
		       l.per_unit ? dram * l.scale : l.scale / dram,
		       l.per_unit ? cxl * l.scale : l.scale / cxl, l.per_unit ? "times" : "ratio",
		       l.per_unit ? cxl / dram : dram / cxl);
	}
	printf(" }");
	return true;
}

} // namespace

int main(int argc, char **argv)
{
	const std::string vcxl = argc > 1 ? argv[1] : VCXL_PROGRAM;
	const std::string guest = argc > 2 ? argv[2] : VCXL_GUEST;
	char config[] = "/tmp/vcxl_bench_XXXXXX";
	const int fd = mkstemp(config);
	bool good = fd >= 0, first = true;

	printf("{\n  \"cxl_against_dram\": [\n");
	for (const topology &t : topologies) {
		printf("%s", first ? "" : ",\n");
		first = false;
		good = good && measure(t, vcxl, guest, config);
		fflush(stdout);
	}
	printf("\n  ]\n}\n");
	if (fd >= 0) {
		close(fd);
		unlink(config);
	}
	return good ? 0 : 1;
}
