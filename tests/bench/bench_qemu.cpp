// SPDX-License-Identifier: Apache-2.0
//
// The same bare-metal loops on vcxl and on QEMU's riscv64 `virt`, one after the other in one run:
// JSON with guest instructions per second of CPU time (user and system) of each program, start-up
// taken off. Instructions are vcxl's exact count. QEMU is skipped, visibly, where it is not
// installed. Then what synchronisation costs vcxl at its default quantum, against one so long that
// there is next to none. Not a test: `vcxl_bench_qemu [ROUNDS]`.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace
{

// per_round: what is counted instead of instructions, 0 for instructions
struct loop {
	const char *name, *unit;
	unsigned per_round, rounds;
	bool in_mean;
};

// clang-format off
constexpr loop loops[] = {
	{ "integer", "MIPS",           0, ROUNDS_integer, true },
	{ "memory",  "MIPS",           0, ROUNDS_memory, true },
	{ "fp",      "MIPS",           0, ROUNDS_fp, true },
	{ "call",    "MIPS",           0, ROUNDS_call, true },
	{ "branch",  "MIPS",           0, ROUNDS_branch, true },
	{ "list",    "MIPS",           0, ROUNDS_list, true },
	{ "chase",   "M loads/s",      4, ROUNDS_chase, false },
	{ "amo",     "MIPS",           0, ROUNDS_amo, false },
	{ "trap",    "M traps/s",      1, ROUNDS_trap, false },
	{ "mmio",    "M reads/s",      1, ROUNDS_mmio, false },
};
// clang-format on

struct result {
	bool ended = false;
	double seconds = 0;
	double instructions = 0; // vcxl only
};

result run(std::vector<std::string> args)
{
	result r;
	int err[2];
	std::string text;
	char buffer[4096];

	if (pipe2(err, O_CLOEXEC) != 0)
		return r;
	const pid_t pid = fork();
	if (pid == 0) {
		std::vector<char *> argv;
		const int null = open("/dev/null", O_RDWR);

		for (std::string &a : args)
			argv.push_back(a.data());
		argv.push_back(nullptr);
		dup2(null, 0);
		dup2(null, 1);
		dup2(err[1], 2);
		execvp(argv[0], argv.data());
		_exit(127);
	}
	close(err[1]);
	for (ssize_t got; (got = read(err[0], buffer, sizeof(buffer))) > 0;)
		text.append(buffer, static_cast<size_t>(got));
	close(err[0]);
	int status = 0;
	rusage usage{};
	wait4(pid, &status, 0, &usage);
	r.ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	const auto seconds = [](const timeval &t) {
		return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
	};
	r.seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
	const size_t at = text.find("instructions ");
	if (at != std::string::npos)
		r.instructions = atof(text.c_str() + at + strlen("instructions "));
	return r;
}

std::string elf(const char *name)
{
	return std::string(VCXL_GUEST_DIR) + "/loop_" + name + ".elf";
}

result run_vcxl(const char *name, const std::vector<std::string> &more = {})
{
	std::vector<std::string> args{ VCXL_PROGRAM, "-M",      "virt",   "-m",    "128M",
				       "-nographic", "-serial", "null",   "-bios", "none",
				       "--stats",    "-kernel", elf(name) };

	args.insert(args.end(), more.begin(), more.end());
	return run(std::move(args));
}

result run_qemu(const char *name)
{
	return run({ "qemu-system-riscv64", "-M", "virt", "-m", "128M", "-display", "none",
		     "-serial", "null", "-monitor", "none", "-bios", "none", "-kernel",
		     elf(name) });
}

// The part of the CPU time at the default quantum that a quantum of 10 ms saves.
bool print_quantum_cost(const char *name, const char *harts, int rounds)
{
	double usual = 1e9, lengthy = 1e9;

	for (int i = 0; i < rounds; i++) {
		const result a = run_vcxl(name, { "-smp", harts });
		const result b = run_vcxl(name, { "-smp", harts, "--quantum", "10ms" });

		if (!a.ended || !b.ended)
			return false;
		usual = std::min(usual, a.seconds);
		lengthy = std::min(lengthy, b.seconds);
	}
	printf("    { \"harts\": %s, \"seconds_at_default\": %.3f, \"seconds_at_10ms\": %.3f, "
	       "\"synchronisation\": %.4f }",
	       harts, usual, lengthy, 1 - lengthy / usual);
	return true;
}

} // namespace

int main(int argc, char *argv[])
{
	const int rounds = argc > 1 ? atoi(argv[1]) : 3;
	result empty_vcxl = run_vcxl("empty"), empty_qemu = run_qemu("empty");
	double logs = 0;
	unsigned in_mean = 0;

	if (!empty_vcxl.ended || rounds < 1) {
		fprintf(stderr, "usage: vcxl_bench_qemu [ROUNDS]; vcxl does not run\n");
		return 1;
	}
	for (int i = 0; i < rounds; i++) { // start-up, at its quickest as the loops are
		empty_vcxl.seconds = std::min(empty_vcxl.seconds, run_vcxl("empty").seconds);
		empty_qemu.seconds = std::min(empty_qemu.seconds, run_qemu("empty").seconds);
	}
	if (!empty_qemu.ended)
		fprintf(stderr, "qemu-system-riscv64 is not installed: its columns are skipped\n");
	printf("{\n  \"loops\": [\n");
	for (const loop &l : loops) {
		double best_vcxl = 1e9, best_qemu = 1e9, count = 0;

		for (int i = 0; i < rounds; i++) { // alternating, so that both see the same machine
			const result v = run_vcxl(l.name);

			if (!v.ended)
				return 1;
			best_vcxl = std::min(best_vcxl, v.seconds - empty_vcxl.seconds);
			count = l.per_round ? 1.0 * l.per_round * l.rounds
					    : v.instructions - empty_vcxl.instructions;
			if (empty_qemu.ended)
				best_qemu = std::min(best_qemu,
						     run_qemu(l.name).seconds - empty_qemu.seconds);
		}
		const double rate = count / best_vcxl / 1e6;

		printf("    { \"loop\": \"%s\", \"unit\": \"%s\", \"vcxl\": %.1f, ", l.name, l.unit,
		       rate);
		if (empty_qemu.ended)
			printf("\"qemu\": %.1f", count / best_qemu / 1e6);
		else
			printf("\"qemu\": null");
		printf(" }%s\n", &l == &loops[std::size(loops) - 1] ? "" : ",");
		fflush(stdout);
		if (l.in_mean) {
			logs += std::log(rate);
			in_mean++;
		}
	}
	printf("  ],\n  \"vcxl_geometric_mean_MIPS\": %.1f,\n  \"quantum\": [\n",
	       std::exp(logs / in_mean));
	const bool one = print_quantum_cost("integer", "1", rounds);
	printf(",\n");
	const bool four = print_quantum_cost("harts", "4", rounds);
	printf("\n  ]\n}\n");
	return one && four ? 0 : 1;
}
