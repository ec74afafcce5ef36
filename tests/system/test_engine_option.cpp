// SPDX-License-Identifier: Apache-2.0
//
// --engine: the whole boot of machine-mode firmware and our own, with several harts and any
// quantum, takes the same steps on both engines.
#include <gtest/gtest.h>

#include <sstream>

#include "vcxl_run.h"

using namespace vcxl_test;

namespace
{

// The console, and the lines of --stats that count what the guest did.
std::string observed(const words &more)
{
	const scratch dir;
	words args = { "-M",      "virt,cxl=on",
		       "-m",      "256M",
		       "-object", "memory-backend-ram,id=m0,size=256M",
		       "-object", "memory-backend-ram,id=m1,size=256M",
		       "-device", "pxb-cxl,bus_nr=12,bus=pcie.0,id=cxl.1",
		       "-device", "cxl-rp,port=0,bus=cxl.1,id=rp0,chassis=0,slot=2",
		       "-device", "cxl-rp,port=1,bus=cxl.1,id=rp1,chassis=0,slot=3",
		       "-device", "cxl-type3,bus=rp0,volatile-memdev=m0,id=d0",
		       "-device", "cxl-type3,bus=rp1,volatile-memdev=m1,id=d1",
		       "-M",      "cxl-fmw.0.targets.0=cxl.1,cxl-fmw.0.size=4G" };
	std::string result;

	args.push_back("--stats");
	args.insert(args.end(), more.begin(), more.end());
	const outcome o = run_vcxl(args, dir);
	EXPECT_EQ(o.status, 0) << o.err;
	std::istringstream lines(o.out + o.err);
	for (std::string line; std::getline(lines, line);)
		if (line.find("host_") && line.find("simulated_us"))
			result += line + '\n';
	EXPECT_NE(result.find("\nsteps "), std::string::npos);
	return result;
}

TEST(engine_option, block_and_step_take_the_same_steps)
{
	EXPECT_EQ(observed({ "--engine", "block" }), observed({ "--engine", "step" }));
	EXPECT_EQ(observed({}), observed({ "--engine", "block" }));
}

TEST(engine_option, the_quantum_changes_no_step_of_a_single_hart)
{
	EXPECT_EQ(observed({ "--quantum", "100ns" }), observed({ "--quantum", "10ms" }));
}

TEST(engine_option, several_harts_run_alike_on_both_engines)
{
	EXPECT_EQ(observed({ "-smp", "3", "--engine", "block" }),
		  observed({ "-smp", "3", "--engine", "step" }));
}

} // namespace
