// SPDX-License-Identifier: Apache-2.0
//
// Helpers of the option tests: words -> options, and the command lines kept as files.
#ifndef VCXL_TEST_OPTIONS_H
#define VCXL_TEST_OPTIONS_H

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "options.h"

namespace option_test
{

using words = std::vector<std::string>;

inline vcxl::options parse(const words &args)
{
	std::vector<const char *> argv{ "vcxl" };
	for (const std::string &word : args)
		argv.push_back(word.c_str());
	return vcxl::parse_options(static_cast<int>(argv.size()), argv.data());
}

inline vcxl::machine machine_of(const words &args)
{
	return parse(args).config;
}

// The message, or "" when the words are accepted.
inline std::string error_of(const words &args)
{
	try {
		parse(args);
	} catch (const vcxl::option_error &error) {
		return error.what();
	}
	return "";
}

inline std::string data_file(const std::string &name)
{
	return std::string(VCXL_SOURCE_DIR "/tests/data/options/") + name;
}

// Words of one line, separated by blanks.
inline words split(const std::string &line)
{
	std::istringstream stream(line);
	words result;
	for (std::string word; stream >> word;)
		result.push_back(word);
	return result;
}

// Words of an .args file; lines that start with '#' are comments.
inline words args_file(const std::string &name)
{
	std::ifstream stream(data_file(name));
	EXPECT_TRUE(stream) << name;
	words result;
	for (std::string line; std::getline(stream, line);) {
		if (line.empty() || line[0] == '#')
			continue;
		const words more = split(line);
		result.insert(result.end(), more.begin(), more.end());
	}
	return result;
}

inline words operator+(words a, const words &b)
{
	a.insert(a.end(), b.begin(), b.end());
	return a;
}

// One bridge hb0 with root ports rp0 and rp1, and a volatile backend v0.
inline words two_ports()
{
	return split("-M virt,cxl=on -object memory-backend-ram,id=v0,size=256M "
		     "-device pxb-cxl,bus_nr=12,bus=pcie.0,id=hb0 "
		     "-device cxl-rp,bus=hb0,id=rp0,port=0 -device cxl-rp,bus=hb0,id=rp1,port=1");
}

inline const vcxl::node &node_named(const vcxl::machine &m, const std::string &id)
{
	for (const vcxl::node &n : m.nodes)
		if (n.id == id)
			return n;
	throw std::runtime_error("no node " + id);
}

} // namespace option_test

#endif
