// SPDX-License-Identifier: Apache-2.0
//
// Dynamic capacity by QMP: every refusal by its text, with nothing changed after it, and what each
// command does, as the host of the device and the monitor see it.
#include <cstring>
#include <string>
#include <vector>

#include "qmp_core_host.h"
#include "test_options.h"

namespace vcxl_test
{

namespace
{

// dcd0 has two regions of 256 MiB with memory; dcd1 one region without, which tags bring; plain
// none. share0 and share1 are as dcd1, and may share.
constexpr char args[] =
	"-M q35,cxl=on -object memory-backend-ram,id=vm0,size=256M"
	" -object memory-backend-ram,id=vm1,size=256M -object memory-backend-ram,id=vm2,size=256M"
	" -object memory-backend-ram,id=dc,size=512M"
	" -object memory-backend-ram,id=lent,size=4M,tag=5BE13BCE-ae34-4a77-b6c3-16df975fcf1a"
	" -device pxb-cxl,bus_nr=12,bus=pcie.0,id=hb"
	" -device cxl-rp,port=0,bus=hb,id=rp0,chassis=0,slot=0"
	" -device cxl-rp,port=1,bus=hb,id=rp1,chassis=0,slot=1"
	" -device cxl-rp,port=2,bus=hb,id=rp2,chassis=0,slot=2"
	" -device cxl-rp,port=3,bus=hb,id=rp3,chassis=0,slot=3"
	" -device cxl-rp,port=4,bus=hb,id=rp4,chassis=0,slot=4"
	" -device "
	"cxl-type3,bus=rp0,volatile-memdev=vm0,volatile-dc-memdev=dc,num-dc-regions=2,id=dcd0"
	" -device "
	"cxl-type3,bus=rp1,volatile-memdev=vm1,dc-regions-total-size=256M,num-dc-regions=1,"
	"id=dcd1"
	" -device cxl-type3,bus=rp2,volatile-memdev=vm2,id=plain"
	" -device cxl-type3,bus=rp3,dc-regions-total-size=256M,num-dc-regions=1,dc-shareable=on,"
	"id=share0"
	" -device cxl-type3,bus=rp4,dc-regions-total-size=256M,num-dc-regions=1,dc-shareable=on,"
	"id=share1";
constexpr size_t dcd0 = 6, dcd1 = 7, share0 = 9, share1 = 10, dc_backend = 3;
constexpr uint64_t mib = 1 << 20, base = 256 * mib;

constexpr char done[] = R"({"return":{}})";
const std::string lent = "5be13bce-ae34-4a77-b6c3-16df975fcf1a";
const std::string other = "00112233-4455-6677-8899-aabbccddeeff";

std::string error(const std::string &text)
{
	return R"({"error":{"class":"GenericError","desc":")" + text + R"("}})";
}

std::string extent(uint64_t offset_mib, uint64_t len_mib)
{
	return R"({"offset":)" + std::to_string(offset_mib * mib) + R"(,"len":)" +
	       std::to_string(len_mib * mib) + "}";
}

std::string tagged(const std::string &tag)
{
	return R"(,"tag":")" + tag + '"';
}

// A property that follows others: the ranges of a request.
std::string list(const std::string &extents)
{
	return R"(,"extents":[)" + extents + "]";
}

const std::string target = R"(,"host-id":0,"region":0)";
const std::string forced = R"(,"forced-removal":true)";
const std::string one = list(extent(0, 2)), held = list(extent(100, 4));
constexpr char no_device[] = "Unable to resolve CXL type 3 device";

struct refusal {
	const char *name, *path, *policy;
	std::string rest; // begins with a comma
	const char *said;
};

std::ostream &operator<<(std::ostream &out, const refusal &r)
{
	return out << r.path << ' ' << r.policy << r.rest;
}

struct dynamic_capacity : testing::Test {
	core_host host{ option_test::machine_of(option_test::split(args)) };

	std::string add(const char *path, const std::string &policy, const std::string &rest)
	{
		return host.say("cxl-add-dynamic-capacity", R"("path":")" + std::string(path) +
								    R"(","selection-policy":")" +
								    policy + '"' + rest);
	}
	std::string release(const char *path, const std::string &policy, const std::string &rest)
	{
		return host.say("cxl-release-dynamic-capacity", R"("path":")" + std::string(path) +
									R"(","removal-policy":")" +
									policy + '"' + rest);
	}
	std::string offer(const char *path, const std::string &extents, const std::string &tag = "")
	{
		return add(path, "prescriptive",
			   target + list(extents) + (tag.empty() ? "" : tagged(tag)));
	}
	std::string status(const char *path, const std::string &tag)
	{
		return host.say("cxl-release-dynamic-capacity-status",
				R"("path":")" + std::string(path) +
					R"(","host-id":0,"region":0,"tag":")" + tag + '"');
	}
	std::string capacity(const char *path)
	{
		return host.say("query-cxl-dynamic-capacity",
				R"("path":")" + std::string(path) + '"');
	}
	// the list of extents as the monitor tells it
	std::string extents(const char *path)
	{
		const std::string all = capacity(path);

		return all.substr(all.find("\"extents\":") + 10);
	}
	// Add (4802h) or Release (4803h) Response of one range
	unsigned respond(size_t node, uint16_t opcode, uint64_t dpa, uint64_t len)
	{
		uint8_t in[32] = { 1 }, out[16];
		uint32_t n = 0;

		std::memcpy(in + 8, &dpa, 8);
		std::memcpy(in + 16, &len, 8);
		return vcxl_memdev_command(host.memdev(node), opcode, in, sizeof(in), out, &n);
	}
	// all that is known of all devices
	std::string all()
	{
		return capacity("dcd0") + capacity("dcd1") + host.say("query-cxl", "");
	}
	// of the first device: 100..104 MiB are accepted, 200..204 MiB are pending
	void hold_and_offer()
	{
		ASSERT_EQ(offer("dcd0", extent(100, 4)), done);
		ASSERT_EQ(respond(dcd0, 0x4802, base + 100 * mib, 4 * mib), 0u);
		ASSERT_EQ(offer("dcd0", extent(200, 4), other), done);
	}
};

struct add_refusal : dynamic_capacity, testing::WithParamInterface<refusal> {
};

struct release_refusal : dynamic_capacity, testing::WithParamInterface<refusal> {
};

} // namespace

TEST_P(add_refusal, is_told_by_name_and_changes_nothing)
{
	const refusal &r = GetParam();

	// gaps of 100, 96 and 52 MiB
	hold_and_offer();
	const std::string before = all();
	EXPECT_EQ(add(r.path, r.policy, r.rest), error(r.said));
	EXPECT_EQ(all(), before);
}

TEST_P(release_refusal, is_told_by_name_and_changes_nothing)
{
	const refusal &r = GetParam();

	hold_and_offer();
	ASSERT_EQ(offer("dcd1", extent(0, 4), lent), done);
	ASSERT_EQ(respond(dcd1, 0x4802, base, 4 * mib), 0u);
	const std::string before = all();
	EXPECT_EQ(release(r.path, r.policy, r.rest), error(r.said));
	EXPECT_EQ(all(), before);
}

/* clang-format off */
const std::vector<refusal> add_rows = {
	{ "nobody", "nobody", "prescriptive", target + one, no_device },
	{ "no_memory_device", "/machine/peripheral/rp0", "prescriptive", target + one, no_device },
	{ "unknown_policy", "dcd0", "random", target + one, "Parameter 'selection-policy' does not accept value 'random'" },
	{ "no_host", "dcd0", "prescriptive", R"(,"region":0)" + one, "Parameter 'host-id' is missing" },
	{ "no_region", "dcd0", "prescriptive", R"(,"host-id":0)" + one, "Parameter 'region' is missing" },
	{ "host_of_17_bits", "dcd0", "prescriptive", R"(,"host-id":65536,"region":0)" + one, "Parameter 'host-id' expects uint16_t" },
	{ "region_of_9_bits", "dcd0", "prescriptive", R"(,"host-id":0,"region":256)" + one, "Parameter 'region' expects uint8_t" },
	{ "no_extents", "dcd0", "prescriptive", target, "Parameter 'extents' is missing" },
	{ "extent_without_length", "dcd0", "prescriptive", target + list(R"({"offset":0})"), "Parameter 'extents[0].len' is missing" },
	{ "length_beside_extents", "dcd0", "prescriptive", target + one + R"(,"length":2097152)", "Parameter 'length' is unexpected" },
	{ "tag_that_is_no_uuid", "dcd0", "prescriptive", target + one + R"(,"tag":"blue")", "Parameter 'tag' expects a UUID" },
	{ "free_without_length", "dcd0", "free", target, "Parameter 'length' is missing" },
	{ "extents_beside_length", "dcd0", "free", target + one + R"(,"length":2097152)", "Parameter 'extents' is unexpected" },
	{ "shared_without_tag", "dcd0", "enable-shared-access", target, "Parameter 'tag' is missing" },
	{ "no_dynamic_capacity", "plain", "prescriptive", target + one, "No dynamic capacity support from the device" },
	{ "other_host", "dcd0", "prescriptive", R"(,"host-id":1,"region":0)" + one, "host-id is not that of a host of the device" },
	{ "other_region", "dcd0", "prescriptive", R"(,"host-id":0,"region":2)" + one, "region id is too large" },
	{ "empty_list", "dcd0", "prescriptive", target + list(""), "no extents found in the request" },
	{ "empty_extent", "dcd0", "prescriptive", target + list(extent(0, 0)), "extent with 0 length is not allowed" },
	{ "offset_between_blocks", "dcd0", "prescriptive", target + list(extent(1, 2)), "dpa or len is not aligned to region block size" },
	{ "length_between_blocks", "dcd0", "prescriptive", target + list(extent(2, 1)), "dpa or len is not aligned to region block size" },
	{ "behind_the_region", "dcd0", "prescriptive", target + list(extent(254, 4)), "extent range is beyond the region end" },
	{ "in_front_of_the_region", "dcd0", "prescriptive", target + list(R"({"offset":-2097152,"len":2097152})"), "extent range is beyond the region end" },
	{ "overlap", "dcd0", "prescriptive", target + list(extent(0, 4) + "," + extent(2, 2)), "duplicate or overlapped extents are detected" },
	{ "accepted_already", "dcd0", "prescriptive", target + list(extent(98, 4)), "cannot add DPA already accessible to the same LD" },
	{ "pending_already", "dcd0", "prescriptive", target + list(extent(202, 4)), "cannot add DPA again while still pending" },
	{ "tag_in_use", "dcd0", "prescriptive", target + list(extent(0, 2)) + tagged(other), "tag is in use on this device" },
	{ "length_of_no_blocks", "dcd0", "free", target + R"(,"length":3)", "length is 0 or not aligned to region block size" },
	{ "more_than_is_free", "dcd0", "free", target + R"(,"length":268435456)", "not enough free capacity in the region" },
	{ "more_than_a_gap", "dcd0", "contiguous", target + R"(,"length":106954752)", "not enough free capacity in the region" },
	{ "no_memory", "dcd1", "prescriptive", target + one, "dynamic capacity must have a backing device" },
	{ "memory_of_no_such_tag", "dcd1", "prescriptive", target + one + tagged(other), "dynamic capacity must have a backing device" },
	{ "memory_of_another_size", "dcd1", "prescriptive", target + one + tagged(lent), "memory backend size does not match extent length" },
	{ "shared_tag_unknown", "dcd1", "enable-shared-access", target + tagged(other), "no memory has this tag" },
	{ "shared_memory_unused", "dcd1", "enable-shared-access", target + tagged(lent), "shared access needs a shareable region and memory that is in use" },
};

const std::vector<refusal> release_rows = {
	{ "nobody", "nobody", "prescriptive", target + held, no_device },
	{ "unknown_policy", "dcd0", "at-will", target + held, "Parameter 'removal-policy' does not accept value 'at-will'" },
	{ "no_extents", "dcd0", "prescriptive", target, "Parameter 'extents' is missing" },
	{ "tag_based_without_tag", "dcd0", "tag-based", target, "Parameter 'tag' is missing" },
	{ "extents_beside_tag", "dcd0", "tag-based", target + held + tagged(other), "Parameter 'extents' is unexpected" },
	{ "force_that_is_a_number", "dcd0", "prescriptive", target + held + R"(,"forced-removal":1)", "Invalid parameter type for 'forced-removal', expected: boolean" },
	{ "no_dynamic_capacity", "plain", "prescriptive", target + held, "No dynamic capacity support from the device" },
	{ "other_host", "dcd0", "prescriptive", R"(,"host-id":1,"region":0)" + held, "host-id is not that of a host of the device" },
	{ "other_region", "dcd0", "prescriptive", R"(,"host-id":0,"region":2)" + held, "region id is too large" },
	{ "empty_list", "dcd0", "prescriptive", target + list(""), "no extents found in the request" },
	{ "empty_extent", "dcd0", "prescriptive", target + list(extent(100, 0)), "extent with 0 length is not allowed" },
	{ "offset_between_blocks", "dcd0", "prescriptive", target + list(extent(101, 2)), "dpa or len is not aligned to region block size" },
	{ "behind_the_region", "dcd0", "prescriptive", target + list(extent(254, 4)), "extent range is beyond the region end" },
	{ "overlap", "dcd0", "prescriptive", target + list(extent(100, 4) + "," + extent(102, 2)), "duplicate or overlapped extents are detected" },
	{ "pending", "dcd0", "prescriptive", target + list(extent(200, 2)), "cannot release extent with pending DPA range" },
	{ "partly_absent", "dcd0", "prescriptive", target + forced + list(extent(102, 4)), "cannot release extent with non-existing DPA range" },
	{ "pending_tag", "dcd0", "tag-based", target + tagged(other), "cannot release extent with pending DPA range" },
	{ "unknown_tag", "dcd0", "tag-based", target + tagged(lent), "no memory has this tag" },
	{ "part_of_a_backend", "dcd1", "prescriptive", target + forced + list(extent(0, 2)), "an extent on a memory backend is accepted and released whole" },
};
/* clang-format on */

const auto refusal_name = [](const auto &row) { return row.param.name; };
INSTANTIATE_TEST_SUITE_P(dynamic_capacity, add_refusal, testing::ValuesIn(add_rows), refusal_name);
INSTANTIATE_TEST_SUITE_P(dynamic_capacity, release_refusal, testing::ValuesIn(release_rows),
			 refusal_name);

TEST_F(dynamic_capacity, is_told_with_regions_and_extents_of_either_state)
{
	EXPECT_EQ(capacity("plain"), R"({"return":{"generation":0,"regions":[],"extents":[]}})");
	ASSERT_EQ(offer("dcd0", extent(4, 2) + "," + extent(0, 2)), done);
	ASSERT_EQ(add("dcd0", "prescriptive",
		      R"(,"host-id":0,"region":1)" + list(extent(8, 4)) +
			      tagged("00112233-4455-6677-8899-AABBCCDDEEFF")),
		  done);
	ASSERT_EQ(respond(dcd0, 0x4802, base + 4 * mib, 2 * mib), 0u);
	EXPECT_EQ(
		capacity("/machine/peripheral/dcd0"),
		R"({"return":{"generation":1,"regions":[)"
		R"({"base":268435456,"length":268435456,"decode-length":268435456,)"
		R"("block-size":2097152,"persistent":false,"shareable":false,"sanitize-on-release":false},)"
		R"({"base":536870912,"length":268435456,"decode-length":268435456,)"
		R"("block-size":2097152,"persistent":false,"shareable":false,"sanitize-on-release":false}],)"
		R"("extents":[{"region":0,"offset":4194304,"len":2097152,"state":"accepted",)"
		R"("sequence":0,"offer":0},)"
		R"({"region":1,"offset":8388608,"len":4194304,"state":"pending",)"
		R"("tag":"00112233-4455-6677-8899-aabbccddeeff","sequence":0,"offer":1}]}})");
}

TEST_F(dynamic_capacity, free_fills_gaps_and_contiguous_takes_one)
{
	const std::string two_gaps = R"({"region":0,"offset":0,"len":2097152,"state":"pending",)";

	ASSERT_EQ(offer("dcd0", extent(2, 2)), done);
	ASSERT_EQ(add("dcd0", "contiguous",
		      R"(,"host-id":0,"region":0,"length":4194304,"extents":[])"),
		  done);
	EXPECT_NE(extents("dcd0").find(R"("offset":4194304,"len":4194304,)"), std::string::npos);
	EXPECT_EQ(extents("dcd0").find(two_gaps), std::string::npos);
	ASSERT_EQ(add("dcd0", "free", R"(,"host-id":0,"region":0,"length":4194304)"), done);
	EXPECT_NE(extents("dcd0").find(two_gaps), std::string::npos) << extents("dcd0");
	EXPECT_NE(extents("dcd0").find(R"("offset":8388608,"len":2097152,)"), std::string::npos)
		<< extents("dcd0");
}

TEST_F(dynamic_capacity, goes_to_the_host_by_tag_and_comes_back_by_tag)
{
	const std::string by_tag = target + tagged(lent);

	ASSERT_EQ(offer("dcd1", extent(8, 4), lent), done);
	EXPECT_EQ(status("dcd1", lent), R"({"return":{"status":"Released","message":)"
					R"("the host has no extent with tag )" +
						lent + R"("}})")
		<< "an offer is not the host's yet";
	ASSERT_EQ(respond(dcd1, 0x4802, base + 8 * mib, 4 * mib), 0u);
	const std::string held = R"({"return":{"status":"Not Released","message":)"
				 R"("the host has extents with tag )" +
				 lent + R"("}})";
	EXPECT_EQ(status("dcd1", lent), held);
	// asked, not taken
	EXPECT_EQ(release("dcd1", "tag-based", by_tag), done);
	EXPECT_EQ(status("dcd1", lent), held);
	ASSERT_EQ(respond(dcd1, 0x4803, base + 8 * mib, 4 * mib), 0u);
	EXPECT_NE(status("dcd1", lent), held);
	EXPECT_EQ(extents("dcd1"), "[]}}");
	// the memory is free for the other device
	EXPECT_EQ(offer("dcd0", extent(0, 4), lent), done);
	EXPECT_EQ(offer("dcd1", extent(0, 4), lent),
		  error("memory backend is in use by another device"));
}

TEST_F(dynamic_capacity, is_shared_by_tag_between_devices_that_may)
{
	const std::string by_tag = target + tagged(lent);
	const std::string accepted = R"([{"region":0,"offset":0,"len":4194304,"state":"accepted",)"
				     R"("tag":")" +
				     lent + R"(","sequence":0,"offer":0}]}})";
	const std::string refused =
		error("shared access needs a shareable region and memory that is in use");

	EXPECT_NE(capacity("share0").find(R"("shareable":true)"), std::string::npos);
	EXPECT_EQ(add("share1", "enable-shared-access", by_tag), refused);
	ASSERT_EQ(offer("share0", extent(0, 4), lent), done);
	EXPECT_EQ(add("dcd1", "enable-shared-access", by_tag), refused);
	ASSERT_EQ(add("share1", "enable-shared-access", by_tag), done);
	ASSERT_EQ(respond(share0, 0x4802, 0, 4 * mib), 0u);
	ASSERT_EQ(respond(share1, 0x4802, 0, 4 * mib), 0u);
	EXPECT_EQ(extents("share0"), accepted);
	EXPECT_EQ(extents("share1"), accepted);
}

TEST_F(dynamic_capacity, release_status_refuses_what_it_cannot_know)
{
	const auto ask = [this](const std::string &arguments) {
		return host.say("cxl-release-dynamic-capacity-status", arguments);
	};
	const std::string tag = tagged(lent);

	EXPECT_EQ(ask(R"("path":"rp0","host-id":0,"region":0)" + tag),
		  error("Unable to resolve CXL type 3 device"));
	EXPECT_EQ(ask(R"("path":"plain","host-id":0,"region":0)" + tag),
		  error("No dynamic capacity support from the device"));
	EXPECT_EQ(ask(R"("path":"dcd0","host-id":7,"region":0)" + tag),
		  error("host-id is not that of a host of the device"));
	EXPECT_EQ(ask(R"("path":"dcd0","host-id":0,"region":2)" + tag),
		  error("region id is too large"));
	EXPECT_EQ(ask(R"("path":"dcd0","host-id":0,"region":0)"),
		  error("Parameter 'tag' is missing"));
}

TEST_F(dynamic_capacity, is_taken_by_force_at_once_and_zeroed_when_that_is_asked)
{
	uint8_t *const bytes = host.memories[dc_backend].data();
	const std::string by_force = target + forced;

	ASSERT_EQ(offer("dcd0", extent(0, 2) + "," + extent(2, 2)), done);
	uint8_t in[56] = { 2 }, out[16];
	const uint64_t ranges[] = { base, 2 * mib, 0, base + 2 * mib, 2 * mib, 0 };
	uint32_t n = 0;
	std::memcpy(in + 8, ranges, sizeof(ranges));
	ASSERT_EQ(vcxl_memdev_command(host.memdev(dcd0), 0x4802, in, sizeof(in), out, &n), 0);
	bytes[0] = 11;
	bytes[2 * mib] = 22;
	EXPECT_EQ(release("dcd0", "prescriptive", by_force + list(extent(0, 2))), done);
	EXPECT_EQ(release("dcd0", "prescriptive",
			  by_force + R"(,"sanitize-on-release":true)" + list(extent(2, 2))),
		  done);
	EXPECT_EQ(extents("dcd0"), "[]}}");
	EXPECT_EQ(bytes[0], 11);
	EXPECT_EQ(bytes[2 * mib], 0);
}

TEST_F(dynamic_capacity, fabric_manager_commands_carry_bytes_as_hexadecimal_digits)
{
	const auto fm = [this](const std::string &rest) {
		return host.say("cxl-fm-command", R"("path":"dcd0",)" + rest);
	};
	// hosts, regions; policies; sanitizing; 2 x 256 MiB; blocks of 64 bytes to 256 MiB
	EXPECT_EQ(fm(R"("opcode":22016)"), R"({"return":{"return-code":0,"payload":"01020000)"
					   R"(0f000000030003000200000000000000)"
					   R"(c0ffff1f00000000c0ffff1f00000000)" +
						   std::string(96, '0') + R"("}})");
	EXPECT_EQ(fm(R"("opcode":22272)"), R"({"return":{"return-code":3,"payload":""}})");
	// Get Host DC Region Configuration of a host that there is not
	EXPECT_EQ(fm(R"("opcode":22017,"payload":"01000100")"),
		  R"({"return":{"return-code":2,"payload":""}})");
	// Initiate Add, prescriptive, one extent at 256 MiB of 2 MiB; capitals are digits too
	EXPECT_EQ(fm(R"("opcode":22020,"payload":"000002000000000000000000)"
		     R"(00112233445566778899AABBCCDDEEFF01000000)"
		     R"(00000010000000000000200000000000)"
		     R"(000000000000000000000000000000000000000000000000")"),
		  R"({"return":{"return-code":0,"payload":""}})");
	EXPECT_EQ(extents("dcd0"), R"([{"region":0,"offset":0,"len":2097152,"state":"pending",)"
				   R"("tag":"00112233-4455-6677-8899-aabbccddeeff",)"
				   R"("sequence":0,"offer":0}]}})");
	for (const char *bad : { "0", "0g", "0x00", "00 0", "\\u00e9" })
		EXPECT_EQ(fm(R"("opcode":22016,"payload":")" + std::string(bad) + '"'),
			  error("Parameter 'payload' expects hexadecimal digits, two for a byte"))
			<< bad;
	EXPECT_EQ(fm(R"("opcode":65536)"), error("Parameter 'opcode' expects uint16_t"));
	EXPECT_EQ(fm(R"("opcode":22016,"payload":")" + std::string(131074, '0') + '"'),
		  error("Parameter 'payload' expects at most 131072 bytes"));
	EXPECT_EQ(host.say("cxl-fm-command", R"("path":"hb","opcode":22016)"),
		  error("Unable to resolve CXL type 3 device"));
}

} // namespace vcxl_test
