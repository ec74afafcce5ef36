// SPDX-License-Identifier: Apache-2.0
//
// A client of the QMP monitor that a program offers on the local socket "q" of its directory.
#ifndef VCXL_TESTS_SYSTEM_QMP_CLIENT_H
#define VCXL_TESTS_SYSTEM_QMP_CLIENT_H

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <jansson.h>

#include "socket_client.h"
#include "vcxl_run.h"

namespace vcxl_test
{

class qmp_client
{
public:
	explicit qmp_client(const scratch &dir) : socket_(dir.file("q"))
	{
		EXPECT_NE(socket_.line().find("{\"QMP\":"), std::string::npos);
		EXPECT_EQ(ask("qmp_capabilities"), "{\"return\":{}}");
	}
	// The reply; what happened before it is kept for event().
	std::string ask(const std::string &command, const std::string &arguments = "{}")
	{
		socket_.send("{\"execute\":\"" + command + "\",\"arguments\":" + arguments + "}\n");
		for (std::string line = socket_.line();; line = socket_.line()) {
			if (line.find("\"event\"") == std::string::npos)
				return line;
			events_.push_back(line);
		}
	}
	// The next event: its name, then the reason or device; *us is its time.
	std::string event(long long *us = nullptr, double timeout = 20)
	{
		if (events_.empty())
			events_.push_back(socket_.line(timeout));
		const std::string text = events_.front();
		const std::shared_ptr<json_t> line(json_loads(text.c_str(), 0, nullptr),
						   json_decref);
		const json_t *time = json_object_get(line.get(), "timestamp");
		const char *name = json_string_value(json_object_get(line.get(), "event"));
		const json_t *data = json_object_get(line.get(), "data");
		const char *reason = json_string_value(json_object_get(data, "reason"));
		const char *device = json_string_value(json_object_get(data, "device"));

		events_.erase(events_.begin());
		if (!name)
			return text;
		if (us)
			*us = json_integer_value(json_object_get(time, "seconds")) * 1'000'000 +
			      json_integer_value(json_object_get(time, "microseconds"));
		const char *what = reason ? reason : device;
		return name + std::string(what ? std::string(" ") + what : "");
	}
	std::string raw(const std::string &bytes)
	{
		socket_.send(bytes);
		return socket_.line();
	}
	std::string line() { return socket_.line(); }

private:
	socket_client socket_;
	std::vector<std::string> events_;
};

} // namespace vcxl_test

#endif
