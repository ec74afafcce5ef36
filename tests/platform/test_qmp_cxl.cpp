// SPDX-License-Identifier: Apache-2.0
//
// Injection by QMP: QEMU's documented examples unchanged, what they leave in the logs byte by byte,
// and the texts of errors. CXL r3.1 8.2.9.2.1.
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "qmp_core_host.h"
#include "test_options.h"

namespace vcxl_test
{

namespace
{

std::string hex(const std::vector<uint8_t> &bytes)
{
	std::string text;

	for (const uint8_t b : bytes) {
		char digits[3];

		snprintf(digits, sizeof(digits), "%02x", b);
		text += digits;
	}
	return text;
}

// Bytes of a record from `at` on: trailing zeros are left out.
std::string tail(const std::vector<uint8_t> &record, size_t at)
{
	std::string text = hex({ record.begin() + static_cast<long>(at), record.end() });

	while (text.size() >= 2 && text.compare(text.size() - 2, 2, "00") == 0)
		text.resize(text.size() - 2);
	return text;
}

constexpr char args[] =
	"-M q35,cxl=on -object memory-backend-ram,id=vm,size=256M"
	" -object memory-backend-ram,id=pm,size=256M -object memory-backend-ram,id=lsa,size=1M"
	" -device pxb-cxl,bus_nr=12,bus=pcie.0,id=cxl.1"
	" -device cxl-rp,port=0,bus=cxl.1,id=rp0,chassis=0,slot=0"
	" -device cxl-rp,port=1,bus=cxl.1,id=rp1,chassis=0,slot=1"
	" -device cxl-type3,bus=rp0,volatile-memdev=vm,id=cxl-mem0"
	" -device cxl-type3,bus=rp1,persistent-memdev=pm,lsa=lsa,id=cxl-pmem0"
	" -device virtio-rng-pci,id=rng0";
constexpr size_t mem0 = 3, pmem0 = 4;

struct injection : testing::Test {
	core_host host{ option_test::machine_of(option_test::split(args)) };

	// The records of a log; each is 0x80 bytes.
	std::vector<std::vector<uint8_t>> records(size_t node, uint8_t log)
	{
		std::vector<uint8_t> out(2048);
		uint32_t len = 0;
		std::vector<std::vector<uint8_t>> list;

		EXPECT_EQ(vcxl_memdev_command(host.memdev(node), 0x0100, &log, 1, out.data(), &len),
			  CXL_RC_SUCCESS);
		for (size_t at = 0x20; at < len; at += 0x80)
			list.emplace_back(out.begin() + static_cast<long>(at),
					  out.begin() + static_cast<long>(at + 0x80));
		return list;
	}
	std::vector<uint8_t> only(size_t node, uint8_t log)
	{
		const auto list = records(node, log);

		EXPECT_EQ(list.size(), 1u);
		return list.size() == 1 ? list[0] : std::vector<uint8_t>(0x80);
	}
};

std::string error(const std::string &text)
{
	return R"({"error":{"class":"GenericError","desc":")" + text + R"("}})";
}

constexpr char done[] = R"({"return":{}})";

} // namespace

TEST_F(injection, of_qemus_general_media_example_fills_the_record)
{
	ASSERT_EQ(host.raw(R"({ "execute": "cxl-inject-general-media-event",
    "arguments": {
        "path": "/machine/peripheral/cxl-mem0",
        "log": "informational",
        "flags": 1,
        "dpa": 1000,
        "descriptor": 3,
        "type": 3,
        "transaction-type": 192,
        "channel": 3,
        "device": 5,
        "component-id": "iras mem"
    }})"),
		  done);
	const auto record = only(mem0, 0);

	EXPECT_EQ(hex({ record.begin(), record.begin() + 0x10 }),
		  "fbcd0a77c260417f85a9088b1621eba6");
	// length, flags: the severity is the log's; handle
	EXPECT_EQ(hex({ record.begin() + 0x10, record.begin() + 0x18 }), "8000000001000000");
	EXPECT_EQ(tail(record, 0x30), "e803000000000000"
				      "0303c0"
				      "0d00"
				      "0300050000"
				      "69726173206d656d");
}

TEST_F(injection, of_qemus_dram_example_fills_the_record_and_cuts_the_nibble_mask)
{
	ASSERT_EQ(host.raw(R"({ "execute": "cxl-inject-dram-event",
    "arguments": {
        "path": "/machine/peripheral/cxl-mem0",
        "log": "informational",
        "flags": 1,
        "dpa": 1000,
        "descriptor": 3,
        "type": 3,
        "transaction-type": 192,
        "channel": 3,
        "rank": 17,
        "nibble-mask": 37421234,
        "bank-group": 7,
        "bank": 11,
        "row": 2,
        "column": 77,
        "correction-mask": [33, 44, 55,66]
    }})"),
		  done);
	const auto record = only(mem0, 0);

	EXPECT_EQ(hex({ record.begin(), record.begin() + 0x10 }),
		  "601dcbb39c064eabb8af4e9bfb5c9624");
	EXPECT_EQ(tail(record, 0x30), "e803000000000000"
				      "0303c0"
				      "ff00"
				      "0311"
				      "b2003b"
				      "070b0200004d00"
				      "2100000000000000"
				      "2c00000000000000"
				      "3700000000000000"
				      "42");
}

TEST_F(injection, of_qemus_memory_module_example_fills_the_record)
{
	ASSERT_EQ(host.raw(R"({ "execute": "cxl-inject-memory-module-event",
  "arguments": {
    "path": "/machine/peripheral/cxl-mem0",
    "log": "informational",
    "flags": 1,
    "type": 3,
    "health-status": 3,
    "media-status": 7,
    "additional-status": 33,
    "life-used": 30,
    "temperature": -15,
    "dirty-shutdown-count": 4,
    "corrected-volatile-error-count": 3233,
    "corrected-persistent-error-count": 1300
  }})"),
		  done);
	const auto record = only(mem0, 0);

	EXPECT_EQ(hex({ record.begin(), record.begin() + 0x10 }),
		  "fe927475dd594339a58679bab113b774");
	EXPECT_EQ(tail(record, 0x30), "03"
				      "030721"
				      "1e"
				      "f1ff"
				      "04000000"
				      "a10c0000"
				      "1405");
}

TEST_F(injection, of_qemus_poison_example_is_listed_as_an_internal_error)
{
	ASSERT_EQ(host.raw(R"({ "execute": "cxl-inject-poison",
         "arguments": {
             "path": "/machine/peripheral/cxl-pmem0",
             "start": 2048,
             "length": 256
         }
    })"),
		  done);
	std::vector<uint8_t> in(16), out(2048);
	uint32_t len = 0;

	in[8] = 0xff; // lines
	ASSERT_EQ(vcxl_memdev_command(host.memdev(pmem0), 0x4300, in.data(), 16, out.data(), &len),
		  CXL_RC_SUCCESS);
	out.resize(len);
	// DPA and source, lines
	EXPECT_EQ(hex({ out.begin() + 0x20, out.end() }), "02080000000000000400000000000000");
}

TEST_F(injection, takes_every_argument_of_a_general_media_event_and_says_what_is_valid)
{
	ASSERT_EQ(
		host.say(
			"cxl-inject-general-media-event",
			R"("path":"cxl-mem0","log":"fatal","flags":4,"maint-op-class":2,)"
			R"("maint-op-subclass":3,"ld-id":4660,"head-id":7,"dpa":81985529216486895,)"
			R"("descriptor":1,"type":2,"transaction-type":3,"channel":4,"rank":5,)"
			R"("device":16702650,"component-id":"0123456789abcdef",)"
			R"("is-comp-id-pldm":true,"cme-ev-flags":3,"cme-count":66051,"sub-type":5)"),
		done);
	const auto record = only(mem0, 3);

	// subclass, LD-ID and head-ID are valid; fatal
	EXPECT_EQ(hex({ record.begin() + 0x11, record.begin() + 0x14 }), "c70100");
	EXPECT_EQ(hex({ record.begin() + 0x20, record.begin() + 0x25 }), "0203341207");
	EXPECT_EQ(tail(record, 0x30), "efcdab8967452301"
				      "010203"
				      "1f00"
				      "0405badcfe"
				      "30313233343536373839616263646566"
				      "0303020105");
}

TEST_F(injection, takes_every_argument_of_a_dram_event_and_says_what_is_valid)
{
	ASSERT_EQ(
		host.say("cxl-inject-dram-event",
			 R"("path":"cxl-pmem0","log":"failure","flags":8,"dpa":64,"descriptor":1,)"
			 R"("type":2,"transaction-type":3,"channel":4,"rank":5,"nibble-mask":6,)"
			 R"("bank-group":7,"bank":8,"row":9,"column":258,"correction-mask":[-1],)"
			 R"("component-id":"x","is-comp-id-pldm":false,"sub-channel":10,)"
			 R"("cme-ev-flags":1,"cvme-count":11,"sub-type":12)"),
		done);
	const auto record = only(pmem0, 2);

	EXPECT_EQ(hex({ record.begin() + 0x11, record.begin() + 0x14 }), "0a0000");
	EXPECT_EQ(tail(record, 0x3b), "ff05"
				      "0405060000"
				      "07080900000201"
				      "ffffffffffffffff" +
					      std::string(48, '0') + "78" + std::string(30, '0') +
					      "0a010b00000c");
}

TEST_F(injection, takes_every_argument_of_a_memory_module_event)
{
	ASSERT_EQ(host.say("cxl-inject-memory-module-event",
			   R"("path":"cxl-mem0","log":"warning","flags":0,"type":8,)"
			   R"("health-status":1,"media-status":2,"additional-status":3,)"
			   R"("life-used":4,"temperature":32767,"dirty-shutdown-count":4294967295,)"
			   R"("corrected-volatile-error-count":0,)"
			   R"("corrected-persistent-error-count":1,"component-id":"id",)"
			   R"("is-comp-id-pldm":true,"sub-type":3)"),
		  done);
	const auto record = only(mem0, 1);

	EXPECT_EQ(tail(record, 0x30), "0801020304ff7fffffffff0000000001000000"
				      "0300"
				      "6964" + std::string(28, '0') +
					      "03");
}

TEST_F(injection, overflows_as_the_devices_own_events_do)
{
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(host.say("cxl-inject-general-media-event",
				   R"("path":"cxl-mem0","log":"warning","flags":0,"dpa":)" +
					   std::to_string(64 * i) +
					   R"(,"descriptor":0,"type":0,"transaction-type":0)"),
			  done);
	const auto list = records(mem0, 1);

	ASSERT_EQ(list.size(), 8u);
	EXPECT_EQ(list[7][0x30], (64 * 7) & 0xff);
	EXPECT_EQ(list[7][0x14], 8) << "handle";
	EXPECT_TRUE(records(pmem0, 1).empty());
}

TEST_F(injection, names_what_is_wrong_with_a_path)
{
	const std::string rest =
		R"(,"log":"fatal","flags":0,"dpa":0,"descriptor":0,"type":0,"transaction-type":0)";
	const auto say = [&](const std::string &path) {
		return host.say("cxl-inject-general-media-event",
				"\"path\":\"" + path + "\"" + rest);
	};

	for (const char *path : { "/machine/peripheral/mem0", "mem0", "", "/machine/cxl-mem0" })
		EXPECT_EQ(say(path), error(std::string("Unable to resolve path '") + path + "'"));
	for (const char *path : { "/machine/peripheral/rp0", "cxl.1", "rng0" })
		EXPECT_EQ(say(path), error(std::string("Path '") + path +
					   "' does not point to a CXL type 3 device"));
	EXPECT_TRUE(records(mem0, 3).empty());
}

TEST_F(injection, names_the_argument_that_is_missing_unknown_or_out_of_range)
{
	const std::string good =
		R"("path":"cxl-mem0","log":"fatal","flags":0,"dpa":0,"descriptor":0,"type":0,)"
		R"("transaction-type":0)";
	const auto with = [&](const std::string &more) {
		return host.say("cxl-inject-dram-event", good + "," + more);
	};

	EXPECT_EQ(host.say("cxl-inject-dram-event", R"("path":"cxl-mem0","flags":0)"),
		  error("Parameter 'log' is missing"));
	EXPECT_EQ(host.say("cxl-inject-dram-event", R"("path":"cxl-mem0","log":"loud")"),
		  error("Parameter 'log' does not accept value 'loud'"));
	EXPECT_EQ(host.say("cxl-inject-dram-event", R"("path":"cxl-mem0","log":1)"),
		  error("Invalid parameter type for 'log', expected: string"));
	EXPECT_EQ(host.say("cxl-inject-dram-event",
			   R"("path":"cxl-mem0","log":"fatal","flags":16777216)"),
		  error("Parameter 'flags' expects at most 16777215"));
	EXPECT_EQ(with(R"("channel":256)"), error("Parameter 'channel' expects uint8_t"));
	EXPECT_EQ(with(R"("channel":-1)"), error("Parameter 'channel' expects uint8_t"));
	EXPECT_EQ(with(R"("column":65536)"), error("Parameter 'column' expects uint16_t"));
	EXPECT_EQ(with(R"("nibble-mask":4294967296)"),
		  error("Parameter 'nibble-mask' expects uint32_t"));
	EXPECT_EQ(with(R"("row":16777216)"), error("Parameter 'row' expects at most 16777215"));
	EXPECT_EQ(with(R"("correction-mask":[1,2,3,4,5])"),
		  error("Parameter 'correction-mask' expects at most 4 elements"));
	EXPECT_EQ(with(R"("correction-mask":[1,"2"])"),
		  error("Invalid parameter type for 'correction-mask[1]', expected: integer"));
	EXPECT_EQ(with(R"("component-id":"seventeen letters")"),
		  error("Parameter 'component-id' expects at most 16 bytes"));
	EXPECT_EQ(with(R"("is-comp-id-pldm":1)"),
		  error("Invalid parameter type for 'is-comp-id-pldm', expected: boolean"));
	EXPECT_EQ(with(R"("device":1)"), error("Parameter 'device' is unexpected"));
	EXPECT_EQ(
		host.say("cxl-inject-memory-module-event",
			 R"("path":"cxl-mem0","log":"fatal","flags":0,"type":0,"health-status":0,)"
			 R"("media-status":0,"additional-status":0,"life-used":0,)"
			 R"("temperature":-32769)"),
		error("Parameter 'temperature' expects int16_t"));
	EXPECT_TRUE(records(mem0, 3).empty());
	EXPECT_EQ(with(R"("row":16777215)"), done) << "the good arguments are good";
}

TEST_F(injection, of_poison_checks_alignment_and_capacity_and_takes_overlap)
{
	const auto say = [&](const std::string &start, const std::string &length) {
		return host.say("cxl-inject-poison",
				R"("path":"cxl-mem0","start":)" + start + R"(,"length":)" + length);
	};

	EXPECT_EQ(say("32", "64"), error("Poison start address must be 64 byte aligned"));
	EXPECT_EQ(say("64", "65"), error("Poison injection must be in multiples of 64 bytes"));
	EXPECT_EQ(say("64", "0"), error("Poison injection must be in multiples of 64 bytes"));
	const std::string beyond =
		error("Poison range ends beyond the capacity of the device, 268435456 bytes");
	EXPECT_EQ(say("268435456", "64"), beyond);
	EXPECT_EQ(say("268435392", "128"), beyond);
	EXPECT_EQ(say("64", "-64"), beyond);
	EXPECT_FALSE(vcxl_memdev_poisoned(host.memdev(mem0)));
	EXPECT_EQ(say("268435392", "64"), done);
	EXPECT_EQ(say("268435328", "128"), done);
	EXPECT_TRUE(vcxl_memdev_poisoned(host.memdev(mem0)));
}

// The bits that each name sets, from the mask off.
TEST_F(injection, of_each_protocol_error_sets_its_bit)
{
	constexpr uint32_t ras = 0x1080;
	static const std::map<std::string, unsigned> uncorrectable = {
		{ "cache-data-parity", 0 }, { "cache-address-parity", 1 },
		{ "cache-be-parity", 2 },   { "cache-data-ecc", 3 },
		{ "mem-data-parity", 4 },   { "mem-address-parity", 5 },
		{ "mem-be-parity", 6 },     { "mem-data-ecc", 7 },
		{ "reinit-threshold", 8 },  { "rsvd-encoding", 9 },
		{ "poison-received", 10 },  { "receiver-overflow", 11 },
		{ "internal", 14 },         { "cxl-ide-tx", 15 },
		{ "cxl-ide-rx", 16 },
	};
	static const std::map<std::string, unsigned> correctable = {
		{ "cache-data-ecc", 0 },
		{ "mem-data-ecc", 1 },
		{ "crc-threshold", 2 },
		{ "retry-threshold", 3 },
		{ "cache-poison-received", 4 },
		{ "mem-poison-received", 5 },
		{ "physical", 6 },
	};
	vcxl_memdev *const md = host.memdev(pmem0);
	const auto write = [md](uint32_t offset, uint64_t value) {
		EXPECT_EQ(vcxl_memdev_reg_write(md, VCXL_SPACE_COMPONENT, offset, 4, value),
			  VCXL_OK);
	};
	const auto read = [md](uint32_t offset) {
		uint64_t value = 0;

		EXPECT_EQ(vcxl_memdev_reg_read(md, VCXL_SPACE_COMPONENT, offset, 4, &value),
			  VCXL_OK);
		return value;
	};

	write(ras + 0x04, 0);
	write(ras + 0x10, 0);
	for (const auto &[name, bit] : uncorrectable) {
		EXPECT_EQ(host.say("cxl-inject-uncorrectable-errors",
				   R"("path":"cxl-pmem0","errors":[{"type":")" + name +
					   R"(","header":[)" + std::to_string(bit) + "]}]"),
			  done);
		EXPECT_EQ(read(ras), 1ull << bit) << name;
		EXPECT_EQ(read(ras + 0x18), bit) << name;
		write(ras, 0xffffffff);
	}
	for (const auto &[name, bit] : correctable) {
		EXPECT_EQ(host.say("cxl-inject-correctable-error",
				   R"("path":"/machine/peripheral/cxl-pmem0","type":")" + name +
					   "\""),
			  done);
		EXPECT_EQ(read(ras + 0x0c), 1ull << bit) << name;
		write(ras + 0x0c, 0xffffffff);
	}
}

TEST_F(injection, of_qemus_protocol_error_examples_queues_the_headers)
{
	constexpr uint32_t ras = 0x1080;
	vcxl_memdev *const md = host.memdev(pmem0);
	uint64_t value = 0;

	vcxl_memdev_reg_write(md, VCXL_SPACE_COMPONENT, ras + 0x04, 4, 0);
	ASSERT_EQ(host.raw(R"({ "execute": "cxl-inject-uncorrectable-errors",
  "arguments": {
    "path": "/machine/peripheral/cxl-pmem0",
    "errors": [
        {
            "type": "cache-address-parity",
            "header": [ 3, 4]
        },
        {
            "type": "cache-data-parity",
            "header": [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31]
        },
        {
            "type": "internal",
            "header": [ 1, 2, 4]
        }
        ]
  }})"),
		  done);
	std::string seen;
	for (const unsigned bit : { 1u, 0u, 14u }) {
		for (const uint32_t at : { 0x00u, 0x14u, 0x18u, 0x1cu, 0x20u, 0x54u }) {
			vcxl_memdev_reg_read(md, VCXL_SPACE_COMPONENT, ras + at, 4, &value);
			seen += std::to_string(value) + (at == 0x54 ? "\n" : " ");
		}
		vcxl_memdev_reg_write(md, VCXL_SPACE_COMPONENT, ras, 4, 1u << bit);
	}
	// status, control with the pointer, header dwords 0, 1, 2 and 15
	EXPECT_EQ(seen, "16387 513 3 4 0 0\n"
			"16385 512 0 1 2 15\n"
			"16384 526 1 2 4 0\n");
	EXPECT_EQ(host.raw(R"({ "execute": "cxl-inject-correctable-error",
    "arguments": {
        "path": "/machine/peripheral/cxl-pmem0",
        "type": "physical"
    } })"),
		  done);
}

TEST_F(injection, of_protocol_errors_names_what_is_wrong)
{
	const auto say = [&](const std::string &errors) {
		return host.say("cxl-inject-uncorrectable-errors",
				R"("path":"cxl-mem0","errors":)" + errors);
	};

	EXPECT_EQ(say("[]"), error("Parameter 'errors' is empty"));
	EXPECT_EQ(say("{}"), error("Invalid parameter type for 'errors', expected: array"));
	EXPECT_EQ(say(R"([{"type":"internal"}])"),
		  error("Parameter 'errors[0].header' is missing"));
	EXPECT_EQ(say(R"([{"type":"internal","header":[]},{"type":"x","header":[]}])"),
		  error("Parameter 'errors[1].type' does not accept value 'x'"));
	EXPECT_EQ(say(R"([{"type":"internal","header":[],"more":1}])"),
		  error("Parameter 'errors[0].more' is unexpected"));
	EXPECT_EQ(say(R"([{"type":"internal","header":[0,4294967296]}])"),
		  error("Parameter 'errors[0].header[1]' expects uint32_t"));
	std::string dwords = "0";
	for (int i = 1; i < 33; i++)
		dwords += ",0";
	EXPECT_EQ(say(R"([{"type":"internal","header":[)" + dwords + "]}]"),
		  error("Parameter 'errors[0].header' expects at most 32 elements"));
	EXPECT_EQ(
		host.say("cxl-inject-correctable-error", R"("path":"cxl-mem0","type":"internal")"),
		error("Parameter 'type' does not accept value 'internal'"));
	EXPECT_EQ(host.say("cxl-inject-correctable-error", R"("path":"rp0","type":"physical")"),
		  error("Path 'rp0' does not point to a CXL type 3 device"));
}

} // namespace vcxl_test
