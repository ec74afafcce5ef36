// SPDX-License-Identifier: Apache-2.0
//
// query-cxl against a typed document: a switch, decoders that software commits, events and poison.
#include <string>

#include "qmp_core_host.h"
#include "test_options.h"

namespace vcxl_test
{

namespace
{

constexpr char args[] =
	"-M q35,cxl=on -object memory-backend-ram,id=vm,size=256M"
	" -object memory-backend-ram,id=pm,size=512M -object memory-backend-ram,id=lsa,size=1M"
	" -device pxb-cxl,bus_nr=12,bus=pcie.0,id=cxl.1"
	" -device cxl-rp,port=3,bus=cxl.1,id=rp0,chassis=0,slot=0"
	" -device cxl-upstream,bus=rp0,id=us0"
	" -device cxl-downstream,port=5,bus=us0,id=ds0,chassis=0,slot=4"
	" -device "
	"cxl-type3,bus=ds0,volatile-memdev=vm,persistent-memdev=pm,lsa=lsa,sn=0x1234,id=mem0"
	" -M cxl-fmw.0.targets.0=cxl.1,cxl-fmw.0.size=1G,cxl-fmw.0.interleave-granularity=1k";
constexpr size_t bridge = 0, upstream = 2, mem0 = 4;

constexpr uint64_t hpa = 0x1000000000;

// Decoder 0, 256 MiB from hpa, one way; decoders of ports go to port number `target`.
template <class Object, class Write>
void commit(Object *object, Write write, uint64_t target, bool lock = false)
{
	const auto set = [&](uint32_t at, uint64_t value) {
		EXPECT_EQ(write(object, VCXL_SPACE_COMPONENT, 0x1128 + at, 4, value), VCXL_OK);
	};

	set(0x10, hpa & 0xffffffff);
	set(0x14, hpa >> 32);
	set(0x18, 256 << 20);
	set(0x24, target);
	set(0x20, 0x200 | (lock ? 0x100 : 0));
}

} // namespace

TEST(query_cxl, tells_windows_ports_decoders_capacities_logs_and_poison)
{
	core_host host(option_test::machine_of(option_test::split(args)));
	const std::string record(160, '0');

	commit(host.port(bridge), vcxl_port_reg_write, 3);
	commit(host.port(upstream), vcxl_port_reg_write, 5, true);
	commit(host.memdev(mem0), vcxl_memdev_reg_write, 0);
	// beyond capacity of the partition: refused
	EXPECT_EQ(vcxl_memdev_reg_write(host.memdev(mem0), VCXL_SPACE_COMPONENT, 0x1168, 4, 0x200),
		  VCXL_OK);
	vcxl_pci_capture_id(vcxl_memdev_pci(host.memdev(mem0)), 0x0f, 0x08);
	for (const char *start : { "512", "192" })
		EXPECT_EQ(host.say("cxl-inject-poison",
				   R"("path":"mem0","length":128,"start":)" + std::string(start)),
			  R"({"return":{}})");
	EXPECT_EQ(host.say("cxl-inject-general-media-event",
			   R"("path":"mem0","log":"failure","flags":4,"dpa":64,"descriptor":0,)"
			   R"("type":0,"transaction-type":0)"),
		  R"({"return":{}})");
	const std::string expected =
		R"({"return":{"windows":[{"base":68719476736,"size":1073741824,"granularity":1024,)"
		R"("arithmetic":"modulo","targets":["cxl.1"]}],"components":[)"
		R"({"id":"cxl.1","type":"pxb-cxl","bus":12,"decoders":[{"index":0,)"
		R"("committed":true,"locked":false,"base":68719476736,"size":268435456,"ways":1,)"
		R"("granularity":256,"targets":[3]}]},)"
		R"({"id":"rp0","type":"cxl-rp","parent":"cxl.1","address":"00:00.0","port":3},)"
		R"({"id":"us0","type":"cxl-upstream","parent":"rp0","address":"00:00.0",)"
		R"("decoders":[{"index":0,"committed":true,"locked":true,"base":68719476736,)"
		R"("size":268435456,"ways":1,"granularity":256,"targets":[5]}]},)"
		R"({"id":"ds0","type":"cxl-downstream","parent":"us0","address":"00:00.0",)"
		R"("port":5},)"
		R"({"id":"mem0","type":"cxl-type3","parent":"ds0","address":"0f:01.0",)"
		R"("serial":4660,"volatile":268435456,"persistent":536870912,"lsa":1048576,)"
		R"("decoders":[{"index":0,"committed":true,"locked":false,"base":68719476736,)"
		R"("size":268435456,"ways":1,"granularity":256,"dpa":0,"dpa-skip":0},)"
		R"({"index":1,"committed":false}],)"
		R"("event-logs":[{"log":"informational","overflow":0,"records":[]},)"
		R"({"log":"warning","overflow":0,"records":[]},)"
		R"({"log":"failure","overflow":0,"records":[{)"
		R"("uuid":"fbcd0a77c260417f85a9088b1621eba6","flags":6,"handle":1,"timestamp":0,)"
		R"("data":"40)" +
		record.substr(2) +
		R"("}]},{"log":"fatal","overflow":0,"records":[]}],)"
		R"("poison":[{"start":192,"length":128,"source":"internal","listed":true},)"
		R"({"start":512,"length":128,"source":"internal","listed":true}]}]}})";

	EXPECT_EQ(host.say("query-cxl", ""), expected);
	EXPECT_EQ(host.say("query-cxl", ""), expected) << "asking changes nothing";
}

} // namespace vcxl_test
