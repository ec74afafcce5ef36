// SPDX-License-Identifier: Apache-2.0
//
// Text to the monitor, in pieces, by several clients one after another: each line that comes back
// is a JSON object, and a client that comes afterwards is served as if nothing had been.
#include <string>

#include "input.h"
#include "qmp_commands.h"

using namespace fuzz;
using namespace vcxl;

namespace
{

class host : public qmp_host
{
public:
	void quit() override {}
	void stop() override {}
	void cont() override {}
	const char *status() const override { return "running"; }
	void reset() override {}
	void powerdown() override { throw qmp_error("no button"); }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	host machine;
	std::string last;
	qmp_session session(qmp_commands, machine, qmp_greeting(), [&](const std::string &line) {
		const json_ptr value(json_loads(line.c_str(), 0, nullptr));

		expect(json_is_object(value.get()), "a line is a JSON object");
		last = line;
	});
	input in(data, size);

	session.begin();
	while (in.more()) {
		const unsigned what = in.byte();

		if (what == 0xff) {
			session.end();
			session.begin();
			continue;
		}
		const auto text = in.bytes(what ? what : 4096);
		session.feed(std::string(text.begin(), text.end()));
	}
	session.end();
	session.begin();
	session.feed("{\"execute\": \"qmp_capabilities\"}");
	expect(last.find("\"return\"") != std::string::npos, "the next client can negotiate");
	return 0;
}
