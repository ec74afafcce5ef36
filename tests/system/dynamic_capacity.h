// SPDX-License-Identifier: Apache-2.0
//
// Requests of dynamic capacity in the monitor's words, and machines whose firmware is its host.
#ifndef VCXL_TESTS_SYSTEM_DYNAMIC_CAPACITY_H
#define VCXL_TESTS_SYSTEM_DYNAMIC_CAPACITY_H

#include <cstdint>
#include <cstdlib>
#include <string>

#include "qmp_client.h"
#include "vcxl_run.h"

namespace vcxl_test
{

inline constexpr char done[] = R"({"return":{}})";
inline const std::string tag = "5be13bce-ae34-4a77-b6c3-16df975fcf1a";
inline const std::string other = "00112233-4455-6677-8899-aabbccddeeff";
inline constexpr char query[] = "query-cxl-dynamic-capacity";
inline constexpr char device[] = R"({"path":"/machine/peripheral/cxl-dcd0"})";

inline std::string ram_object(const std::string &id, const std::string &size,
			      const std::string &tagged)
{
	return R"({"qom-type":"memory-backend-ram","id":")" + id + R"(","size":)" + size +
	       R"(,"tag":")" + tagged + "\"}";
}

inline std::string offer(const std::string &extents, const std::string &tagged)
{
	return R"({"path":"/machine/peripheral/cxl-dcd0","host-id":0,"region":0,)"
	       R"("selection-policy":"prescriptive","tag":")" +
	       tagged + R"(","extents":[)" + extents + "]}";
}

// `more` begins with the policy.
inline std::string release(const std::string &more)
{
	return R"({"path":"cxl-dcd0","host-id":0,"region":0,"removal-policy":)" + more + "}";
}

inline std::string object(const std::string &id)
{
	return R"({"id":")" + id + "\"}";
}

inline std::string error(const std::string &text)
{
	return R"({"error":{"class":"GenericError","desc":")" + text + R"("}})";
}

// The firmware as a host, with these lines of its configuration.
inline words host(words args, const scratch &dir, const words &more = {},
		  const std::string &config = "")
{
	args.insert(args.end(), { "-qmp", "unix:" + dir.file("q") + ",server=on,wait=off",
				  "--boot-config", dir.write("conf", "action dcd\n" + config) });
	args.insert(args.end(), more.begin(), more.end());
	return args;
}

inline words documented(const scratch &dir)
{
	return args_file("options/dcd_tagged.args", dir);
}

// Host address of the fault that the next such line tells; 5 is that of a load, 7 of a store.
inline uint64_t fault_address(running &program, char cause = '5')
{
	const std::string line = std::string("access fault ") + cause + " at ";

	if (!program.wait_for_next(line) || !program.wait_for_next("\n"))
		return 0;
	return strtoull(program.output().c_str() + program.output().rfind(line) + line.size(),
			nullptr, 16);
}

} // namespace vcxl_test

#endif
