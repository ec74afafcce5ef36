// SPDX-License-Identifier: Apache-2.0
//
// Text to the monitor, in pieces, by several clients one after another: each line that comes back
// is a JSON object, and a client that comes afterwards is served as if nothing had been.
#include <string>

#include "device.h"
#include "options.h"
#include "quiet_host.h"

using namespace fuzz;
using namespace vcxl;

namespace
{

// A bridge, a root port and a memory device.
const machine &small_machine()
{
	static const char *const words[] = { "vcxl",
					     "-M",
					     "virt,cxl=on",
					     "-object",
					     "memory-backend-ram,id=m0,size=512M",
					     "-device",
					     "pxb-cxl,bus_nr=12,bus=pcie.0,id=cxl.0",
					     "-device",
					     "cxl-rp,port=0,bus=cxl.0,id=rp0,chassis=0,slot=0",
					     "-device",
					     "cxl-type3,bus=rp0,volatile-memdev=m0,id=mem0" };
	static const options all = parse_options(sizeof(words) / sizeof(words[0]), words);

	return all.config;
}

class host : public vcxl_test::quiet_host
{
public:
	host()
	{
		vcxl_port_config c{};

		c.kind = VCXL_PORT_ROOT;
		c.name = "rp0";
		c.link = { 5, 16, false };
		expect(vcxl_port_create(&c, nullptr, &port_) == VCXL_OK, "the port can be made");
	}
	~host() override { vcxl_port_destroy(port_); }
	void powerdown() override { throw qmp_error("no button"); }
	const machine &description() const override { return small_machine(); }
	vcxl_port *port(std::size_t) override { return port_; }
	vcxl_memdev *memdev(std::size_t) override { return device_.get(); }

private:
	vcxl_port *port_ = nullptr;
	device device_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	host monitored;
	std::string last;
	qmp_session session(qmp_commands, monitored, qmp_greeting(), [&](const std::string &line) {
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
