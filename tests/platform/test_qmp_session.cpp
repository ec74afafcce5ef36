// SPDX-License-Identifier: Apache-2.0
//
// QEMU Machine Protocol: framing, negotiation, arguments and the texts that scripts compare.
#include "qmp_session.h"

#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "quiet_host.h"

using namespace vcxl;

namespace
{

json_ptr record(qmp_host &, const json_t *arguments)
{
	return json_ptr(json_deep_copy(arguments));
}

json_ptr refuse(qmp_host &, const json_t *)
{
	throw qmp_error("no");
}

constexpr qmp_argument every_type[] = {
	{ "s", qmp_type::string, false }, { "i", qmp_type::integer, true },
	{ "n", qmp_type::number, true },  { "b", qmp_type::boolean, true },
	{ "o", qmp_type::object, true },  { "a", qmp_type::array, true },
};
constexpr qmp_command commands[] = {
	{ "qmp_capabilities", {}, [](qmp_host &, const json_t *) { return json_ptr(); }, "" },
	{ "record", every_type, record, "" },
	{ "refuse", {}, refuse, "" },
};

class silent_host : public vcxl_test::quiet_host
{
public:
	void quit() override { calls += "quit "; }
	void stop() override { calls += "stop "; }
	void cont() override { calls += "cont "; }
	const char *status() const override { return "paused"; }
	void reset() override { calls += "reset "; }
	void powerdown() override
	{
		calls += "powerdown ";
		if (!button)
			throw qmp_error("no button");
	}
	void object_add(const std::vector<key_value> &words) override { tell("object_add", words); }
	void object_del(const std::string &id) override { calls += "object_del " + id + " "; }
	void device_add(const std::vector<key_value> &words) override { tell("device_add", words); }
	void device_del(const std::string &id) override { calls += "device_del " + id + " "; }
	bool button = true;
	std::string calls;

private:
	void tell(const char *command, const std::vector<key_value> &words)
	{
		calls += command;
		for (const key_value &word : words)
			calls += " " + word.key + "=" + word.value;
		calls += " ";
	}
};

struct qmp : testing::Test {
	silent_host host;
	std::vector<std::string> lines;
	qmp_session session{ commands, host, "hello",
			     [this](const std::string &line) { lines.push_back(line); } };

	// The lines that come back, their ends checked and taken off.
	std::string say(const std::string &bytes)
	{
		std::string all;

		lines.clear();
		session.feed(bytes);
		for (const std::string &line : lines) {
			EXPECT_EQ(line.substr(line.size() - 2), "\r\n");
			all += line.substr(0, line.size() - 2);
		}
		return all;
	}
	void negotiate()
	{
		session.begin();
		EXPECT_EQ(say("{'execute'"), ""); // an old client's half
		session.begin();
		EXPECT_EQ(say(R"({"execute":"qmp_capabilities"})"), R"({"return":{}})");
	}
};

std::string error(const std::string &text, const std::string &type = "GenericError")
{
	return R"({"error":{"class":")" + type + R"(","desc":")" + text + R"("}})";
}

} // namespace

TEST_F(qmp, greets_each_client)
{
	session.begin();
	session.begin();
	EXPECT_EQ(lines, (std::vector<std::string>{ "hello\r\n", "hello\r\n" }));
}

TEST_F(qmp, says_nothing_without_a_client)
{
	EXPECT_EQ(say(R"({"execute":"qmp_capabilities"})"), "");
	session.event("STOP", 0, nullptr);
	EXPECT_TRUE(lines.empty());
}

TEST_F(qmp, expects_negotiation_first_and_once)
{
	const std::string expecting = error(
		"Expecting capabilities negotiation with 'qmp_capabilities'", "CommandNotFound");

	session.begin();
	EXPECT_EQ(say(R"({"execute":"record"})"), expecting);
	EXPECT_EQ(say(R"({"execute":"nonsense"})"), expecting);
	EXPECT_EQ(say(R"({"execute":"qmp_capabilities","arguments":{"x":1}})"),
		  error("Parameter 'x' is unexpected"));
	EXPECT_EQ(say(R"({"execute":"record"})"), expecting);
	EXPECT_EQ(say(R"({"execute":"qmp_capabilities"})"), R"({"return":{}})");
	EXPECT_EQ(say(R"({"execute":"qmp_capabilities"})"),
		  error("Capabilities negotiation is already complete, command ignored",
			"CommandNotFound"));
	session.begin();
	EXPECT_EQ(say(R"({"execute":"record"})"), expecting);
}

TEST_F(qmp, checks_arguments_against_the_row)
{
	negotiate();
	EXPECT_EQ(say(R"({"execute":"record"})"), error("Parameter 's' is missing"));
	EXPECT_EQ(say(R"({"execute":"record","arguments":{"s":"x","t":1}})"),
		  error("Parameter 't' is unexpected"));
	for (const char *wrong :
	     { R"("s":1)", R"("s":null)", R"("s":"","i":1.5)", R"("s":"","i":"1")",
	       R"("s":"","n":true)", R"("s":"","b":0)", R"("s":"","o":[])", R"("s":"","a":{})" }) {
		static const std::map<char, std::string> names = {
			{ 's', "string" },  { 'i', "integer" }, { 'n', "number" },
			{ 'b', "boolean" }, { 'o', "object" },  { 'a', "array" }
		};
		const std::string text = wrong;
		const char name =
			text[text.find(',') == std::string::npos ? 1 : text.find(',') + 2];

		EXPECT_EQ(say(R"({"execute":"record","arguments":{)" + text + "}}"),
			  error(std::string("Invalid parameter type for '") + name +
				"', expected: " + names.at(name)));
	}
	const std::string all =
		R"({"s":"\u00e4","i":-9007199254740993,"n":1,"b":false,"o":{"p":[]},"a":[{}]})";

	EXPECT_EQ(
		say(R"({"execute":"record","arguments":)" + all + "}"),
		R"({"return":{"s":"ä","i":-9007199254740993,"n":1,"b":false,"o":{"p":[]},"a":[{}]}})");
}

TEST_F(qmp, checks_the_members_of_a_request)
{
	negotiate();
	EXPECT_EQ(say("[]"), error("QMP input must be a JSON object"));
	EXPECT_EQ(say("{}"), error("QMP input lacks member 'execute'"));
	EXPECT_EQ(say(R"({"execute":1})"), error("QMP input member 'execute' must be a string"));
	EXPECT_EQ(say(R"({"execute":"refuse","arguments":[]})"),
		  error("QMP input member 'arguments' must be an object"));
	EXPECT_EQ(say(R"({"execute":"refuse","command":1})"),
		  error("QMP input member 'command' is unexpected"));
	EXPECT_EQ(say(R"({"execute":"nonsense"})"),
		  error("The command nonsense has not been found", "CommandNotFound"));
	EXPECT_EQ(say(R"({"execute":"refuse"})"), error("no"));
	EXPECT_NE(say(R"({"execute":"refuse\u0000x"})").find("JSON parse error"),
		  std::string::npos);
}

TEST_F(qmp, echoes_the_id_of_replies_and_errors)
{
	negotiate();
	EXPECT_EQ(say(R"({"execute":"record","arguments":{"s":""},"id":[1,{"a":null}]})"),
		  R"({"return":{"s":""},"id":[1,{"a":null}]})");
	EXPECT_EQ(say(R"({"id":"x","execute":"refuse"})"),
		  R"({"error":{"class":"GenericError","desc":"no"},"id":"x"})");
}

TEST_F(qmp, takes_requests_in_pieces_and_several_at_once)
{
	negotiate();
	const std::string request = R"({"execute":"record","arguments":{"s":"}]\"{"}})";
	const std::string reply = R"({"return":{"s":"}]\"{"}})";
	std::string all;

	for (const char c : request)
		all += say(std::string(1, c));
	EXPECT_EQ(all, reply);
	EXPECT_EQ(say(request + "\r\n  " + request + request), reply + reply + reply);
}

TEST_F(qmp, garbage_is_one_error_and_the_next_line_counts)
{
	negotiate();
	EXPECT_EQ(say("GET / HTTP/1.1 {\n"), error("JSON parse error, expecting value"));
	EXPECT_EQ(say("}}}\n"), error("JSON parse error, expecting value"));
	for (const std::string &bad :
	     { std::string("{\"execute\": }"), std::string("{]"), std::string("{\"a\":1,\"a\":2}"),
	       std::string("{\"execute\":\"\xff\"}"), std::string("{\"ab\n"),
	       std::string("{\"\xc3\xa4\xc3\xa4\" \xff}"), "{" + std::string(300, '\xe4') + "}" }) {
		const std::string said = say(bad);

		EXPECT_EQ(
			said.rfind(R"({"error":{"class":"GenericError","desc":"JSON parse error, )",
				   0),
			0u)
			<< bad << said;
		EXPECT_EQ(lines.size(), 1u) << bad;
		EXPECT_EQ(say("\n"
			      R"({"execute":"refuse"})"),
			  error("no"))
			<< bad;
	}
}

TEST_F(qmp, depth_and_length_are_bounded)
{
	negotiate();
	EXPECT_EQ(say(std::string(1 << 20, '[') + "\n"),
		  error("JSON nesting depth limit exceeded"));
	EXPECT_EQ(say("{\"" + std::string(3 << 20, 'x') + "\n"),
		  error("JSON token size limit exceeded"));
	EXPECT_EQ(say(std::string(1000, '[') + std::string(1000, ']')),
		  error("QMP input must be a JSON object"));
	EXPECT_EQ(say(R"({"execute":"refuse"})"), error("no"));
}

TEST_F(qmp, events_carry_simulated_time_and_wait_for_negotiation)
{
	session.begin();
	lines.clear();
	session.event("RESET", 5'000'000'000'000, nullptr);
	EXPECT_TRUE(lines.empty());
	negotiate();
	lines.clear();
	session.event("RESET", 5'000'123'999'999, json_ptr(json_pack("{s:b}", "guest", 1)));
	session.event("STOP", 0, nullptr);
	EXPECT_EQ(lines, (std::vector<std::string>{
				 "{\"timestamp\":{\"seconds\":5,\"microseconds\":123},\"event\":"
				 "\"RESET\",\"data\":{\"guest\":true}}\r\n",
				 "{\"timestamp\":{\"seconds\":0,\"microseconds\":0},\"event\":"
				 "\"STOP\"}\r\n" }));
}

TEST_F(qmp, random_bytes_harm_nothing)
{
	std::mt19937 random(4); // fixed seed; the sanitizer presets judge
	const std::string alphabet = "{}[]\":,\\ \n\r0aexcut\xff\x01";

	for (int round = 0; round < 300; round++) {
		std::string bytes;

		for (int i = 0; i < 200; i++)
			bytes += alphabet[random() % alphabet.size()];
		session.begin();
		session.feed(bytes);
	}
	negotiate();
}

TEST(qmp_commands, have_unique_names_and_say_what_they_do)
{
	std::set<std::string> names;

	for (const qmp_command &row : qmp_commands) {
		EXPECT_TRUE(names.insert(row.name).second) << row.name;
		EXPECT_TRUE(row.run && *row.help) << row.name;
	}
	for (const char *name : { "quit", "stop", "cont", "query-status", "query-version",
				  "query-commands", "system_reset", "system_powerdown" })
		EXPECT_TRUE(names.count(name)) << name;
}

TEST(qmp_commands, do_what_they_are_called)
{
	silent_host host;
	std::string last;
	qmp_session session(qmp_commands, host, qmp_greeting(),
			    [&last](const std::string &line) { last = line; });
	const auto say = [&](const std::string &name) {
		session.feed("{\"execute\":\"" + name + "\"}");
		return last;
	};

	session.begin();
	EXPECT_EQ(
		last.rfind("{\"QMP\":{\"version\":{\"qemu\":{\"micro\":0,\"minor\":0,\"major\":10},"
			   "\"package\":\"vcxl ",
			   0),
		0u);
	EXPECT_NE(last.find("},\"capabilities\":[]}}"), std::string::npos);
	session.feed(R"({"execute":"qmp_capabilities","arguments":{"enable":["oob"]}})");
	EXPECT_NE(last.find("GenericError"), std::string::npos);
	EXPECT_EQ(say("qmp_capabilities"), "{\"return\":{}}\r\n");
	for (const char *name : { "stop", "cont", "system_reset", "system_powerdown", "quit" })
		EXPECT_EQ(say(name), "{\"return\":{}}\r\n");
	EXPECT_EQ(host.calls, "stop cont reset powerdown quit ");
	EXPECT_EQ(say("query-status"),
		  "{\"return\":{\"running\":false,\"status\":\"paused\"}}\r\n");
	EXPECT_NE(say("query-commands").find("{\"name\":\"query-version\"}"), std::string::npos);
	host.button = false;
	EXPECT_EQ(say("system_powerdown"),
		  "{\"error\":{\"class\":\"GenericError\",\"desc\":\"no button\"}}\r\n");
}

TEST(qmp_commands, hand_on_properties_in_the_words_of_the_command_line)
{
	silent_host host;
	std::string last;
	qmp_session session(qmp_commands, host, qmp_greeting(),
			    [&last](const std::string &line) { last = line; });
	const auto say = [&](const std::string &name, const std::string &arguments) {
		session.feed("{\"execute\":\"" + name + "\",\"arguments\":" + arguments + "}");
		return last;
	};

	session.begin();
	session.feed(R"({"execute":"qmp_capabilities"})");
	const std::string done = "{\"return\":{}}\r\n";
	EXPECT_EQ(say("object-add",
		      R"({"qom-type":"t","id":"m","size":268435456,"share":true,"pmem":false})"),
		  done);
	EXPECT_EQ(say("device_add", R"({"driver":"d","x":"1G"})"), done);
	EXPECT_EQ(say("device_del", R"({"id":"a"})"), done);
	EXPECT_EQ(say("object-del", R"({"id":"m"})"), done);
	EXPECT_EQ(host.calls, "object_add qom-type=t id=m size=268435456 share=on pmem=off "
			      "device_add driver=d x=1G device_del a object_del m ");
	for (const char *value : { "1.5", "null", "[1]", "{}" })
		EXPECT_NE(say("device_add", std::string(R"({"driver":"d","x":)") + value + "}")
				  .find("Invalid parameter type for 'x'"),
			  std::string::npos)
			<< value;
	EXPECT_NE(say("device_del", R"({"id":"a","x":1})").find("'x' is unexpected"),
		  std::string::npos);
	EXPECT_NE(say("device_add", R"({"driver":1})").find("'driver', expected: string"),
		  std::string::npos);
	EXPECT_EQ(host.calls.rfind("object_del m "), host.calls.size() - 13);
}
