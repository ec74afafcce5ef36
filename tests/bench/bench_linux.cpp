// SPDX-License-Identifier: Apache-2.0
//
// Debian's Linux with the guest image of sw/linux: CPU time of boot to init and of 200 times fork
// and exec, on vcxl and on QEMU's riscv64 `virt` in one run; of the own kernel's boot (make-image
// --own), where it is there, on vcxl with two CXL devices; then how fast the guest's bandwidth,
// dependent loads and code are on a CXL node (2 ways of 256 B) against its DRAM. Phases are told by
// the guest on the console (vcxl.marks=on) and timed here by the CPU clock of the program. JSON.
// QEMU is skipped, visibly, where it is not installed. Not a test: `vcxl_bench_linux [ROUNDS]`.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace
{

using words = std::vector<std::string>;

// CPU seconds by phase: "boot", and "node0.read" and the like for what follows a VCXL-MARK.
using phases = std::map<std::string, double>;

constexpr char debian[] = "6.12", own[] = "own"; // series of guest images

std::string guest_file(const std::string &series, const char *name)
{
	return std::string(VCXL_GUEST) + "/" + series + "/" + name;
}

std::string command_line(const std::string &series, const std::string &more)
{
	std::ifstream in(guest_file(series, "cmdline"));
	std::string line;

	std::getline(in, line);
	return line + " " + more;
}

class program
{
public:
	explicit program(words args)
	{
		int out[2];

		if (pipe2(out, O_CLOEXEC) != 0)
			return;
		pid_ = fork();
		if (pid_ == 0) {
			std::vector<char *> argv;

			for (std::string &a : args)
				argv.push_back(a.data());
			argv.push_back(nullptr);
			const rlimit bound{ 300,
					    300 }; // seconds; a guest that hangs must not hang us

			setrlimit(RLIMIT_CPU, &bound);
			dup2(open("/dev/null", O_RDWR), 0);
			dup2(out[1], 1);
			dup2(open("/dev/null", O_RDWR), 2);
			execvp(argv[0], argv.data());
			_exit(127);
		}
		close(out[1]);
		out_ = fdopen(out[0], "r");
		have_clock_ = clock_getcpuclockid(pid_, &clock_) == 0;
	}
	program(const program &) = delete;
	program &operator=(const program &) = delete;
	~program()
	{
		if (out_)
			fclose(out_);
		if (pid_ > 0)
			waitpid(pid_, nullptr, 0);
	}
	bool line(std::string &text)
	{
		char buffer[4096];

		if (!out_ || !fgets(buffer, sizeof(buffer), out_))
			return false;
		text = buffer;
		text.erase(std::min(text.find_first_of("\r\n"), text.size()));
		return true;
	}
	double cpu_seconds() const
	{
		timespec t{};

		if (!have_clock_ || clock_gettime(clock_, &t) != 0)
			return 0;
		return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
	}

private:
	pid_t pid_ = -1;
	FILE *out_ = nullptr;
	clockid_t clock_{};
	bool have_clock_ = false;
};

// False when the guest did not come to VCXL-RESULT pass. Repeated phases get .2, .3...: DRAM comes
// first, then the CXL node.
bool measure(const words &args, phases &all)
{
	program p(args);
	std::string line, open;
	std::map<std::string, unsigned> seen;
	double since = 0;
	bool passed = false;

	while (p.line(line)) {
		std::istringstream in(line);
		std::string marker, name;

		in >> marker >> name;
		if (marker == "VCXL-UP")
			all["boot"] =
				std::min(all.count("boot") ? all["boot"] : 1e9, p.cpu_seconds());
		passed = passed || (marker == "VCXL-RESULT" && name == "pass");
		if (marker != "VCXL-MARK")
			continue;
		const double now = p.cpu_seconds();
		if (!open.empty()) {
			const std::string key = open + "." + std::to_string(++seen[open]);

			all[key] = std::min(all.count(key) ? all[key] : 1e9, now - since);
		}
		open = name == "end" ? "" : name;
		since = now;
	}
	return passed;
}

words with_guest(words args, const std::string &append, const std::string &series = debian)
{
	for (const std::string &word :
	     { std::string("-kernel"), guest_file(series, "Image"), std::string("-initrd"),
	       guest_file(series, "initramfs.cpio"), std::string("-append"),
	       command_line(series, append) })
		args.push_back(word);
	return args;
}

constexpr char boot_and_fork[] = "vcxl.run=fork vcxl.modules=off vcxl.marks=on";

const words vcxl_plain{ VCXL_PROGRAM, "-M", "virt", "-m", "2G", "-nographic" };
// the same OpenSBI: the one that comes with QEMU 7.2 is too old for its own AIA and this kernel
const words qemu_plain{ "qemu-system-riscv64", "-M",    "virt",      "-m", "2G",
			"-nographic",          "-bios", VCXL_OPENSBI };
const words vcxl_cxl{
	VCXL_PROGRAM,
	"-M",
	"virt,cxl=on",
	"-m",
	"2G",
	"-nographic",
	"-object",
	"memory-backend-ram,id=m0,size=256M",
	"-object",
	"memory-backend-ram,id=m1,size=256M",
	"-device",
	"pxb-cxl,bus_nr=12,bus=pcie.0,id=hb",
	"-device",
	"cxl-rp,port=0,bus=hb,id=rp0,chassis=0,slot=0",
	"-device",
	"cxl-type3,bus=rp0,volatile-memdev=m0",
	"-device",
	"cxl-rp,port=1,bus=hb,id=rp1,chassis=0,slot=1",
	"-device",
	"cxl-type3,bus=rp1,volatile-memdev=m1",
	"-M",
	"cxl-fmw.0.targets.0=hb,cxl-fmw.0.size=4G,cxl-fmw.0.interleave-granularity=256",
};

} // namespace

int main(int argc, char *argv[])
{
	const int rounds = argc > 1 ? atoi(argv[1]) : 3;
	phases vcxl, qemu, cxl, trimmed;
	bool with_qemu = true, with_own = true;

	for (int i = 0; i < rounds; i++) {
		if (!measure(with_guest(vcxl_plain, boot_and_fork), vcxl) ||
		    !measure(with_guest(vcxl_cxl, "vcxl.run=online,speed,text vcxl.marks=on"),
			     cxl)) {
			fprintf(stderr, "vcxl_bench_linux: the guest did not pass (is %s there?)\n",
				guest_file(debian, "Image").c_str());
			return 1;
		}
		with_qemu = with_qemu && measure(with_guest(qemu_plain, boot_and_fork), qemu);
		with_own = with_own &&
			   measure(with_guest(vcxl_cxl, "vcxl.run=poweroff", own), trimmed);
	}
	printf("{\n  \"cpu_seconds\": {\n");
	for (const char *phase : { "boot", "fork.1" }) {
		printf("    \"%s\": { \"vcxl\": %.3f", phase, vcxl[phase]);
		if (with_qemu)
			printf(", \"qemu\": %.3f, \"ratio\": %.2f", qemu[phase],
			       vcxl[phase] / qemu[phase]);
		printf(" }%s\n", phase == std::string("boot") || with_own ? "," : "");
	}
	if (with_own)
		printf("    \"boot_own\": { \"vcxl\": %.3f }\n", trimmed["boot"]);
	printf("  },\n  \"cxl_of_dram\": {\n");
	for (const char *phase : { "write", "read", "chase", "code" }) {
		const double dram = cxl[phase + std::string(".1")],
			     node = cxl[phase + std::string(".2")];

		printf("    \"%s\": { \"dram_seconds\": %.3f, \"cxl_seconds\": %.3f, \"speed\": "
		       "%.2f }%s\n",
		       phase, dram, node, dram / node, phase == std::string("code") ? "" : ",");
	}
	printf("  }%s%s\n}\n",
	       with_qemu ? ""
			 : ",\n  \"qemu\": \"skipped: not installed, or its guest did not pass\"",
	       with_own ? "" : ",\n  \"boot_own\": \"skipped: no such image, or it did not pass\"");
	return 0;
}
