// SPDX-License-Identifier: Apache-2.0
//
// What QMP commands act on, when nothing is there and nothing happens: a test says what does.
#ifndef VCXL_TESTS_QUIET_HOST_H
#define VCXL_TESTS_QUIET_HOST_H

#include <string>
#include <vector>

#include "machine.h"
#include "qmp_commands.h"

namespace vcxl_test
{

class quiet_host : public vcxl::qmp_host
{
public:
	void quit() override {}
	void stop() override {}
	void cont() override {}
	const char *status() const override { return "running"; }
	void reset() override {}
	void powerdown() override {}
	void object_add(const std::vector<vcxl::key_value> &) override {}
	void object_del(const std::string &) override {}
	void device_add(const std::vector<vcxl::key_value> &) override {}
	void device_del(const std::string &) override {}
	const vcxl::machine &description() const override { return empty_; }
	vcxl_port *port(size_t) override { return nullptr; }
	vcxl_memdev *memdev(size_t) override { return nullptr; }

private:
	vcxl::machine empty_;
};

} // namespace vcxl_test

#endif
