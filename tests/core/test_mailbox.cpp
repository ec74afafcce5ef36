/* SPDX-License-Identifier: Apache-2.0 */
/* The primary mailbox and its commands, through registers. CXL r3.1 8.2.8.4, 8.2.9. */
#include <map>
#include <random>

#include "commands.h"
#include "test_memdev_fixture.h"
#include "uuids.h"

using namespace vcxl_test;

namespace
{

std::vector<uint8_t> get_log_payload(const std::vector<uint8_t> &uuid, uint32_t offset,
				     uint32_t length)
{
	std::vector<uint8_t> in = uuid;
	const auto rest = bytes_of({ { offset, 4 }, { length, 4 } });
	in.insert(in.end(), rest.begin(), rest.end());
	return in;
}

/* The Command Effects Log as a driver reads it. */
std::map<unsigned, unsigned> read_cel(device &d)
{
	std::map<unsigned, unsigned> cel;
	const reply logs = d.command(0x0400);
	EXPECT_EQ(logs.rc, 0u);
	EXPECT_EQ(le(logs.out, 0, 2), 3u);
	const uint32_t size = static_cast<uint32_t>(le(logs.out, 0x18, 4));
	const reply log = d.command(0x0401, get_log_payload(cel_uuid, 0, size));
	EXPECT_EQ(log.rc, 0u);
	EXPECT_EQ(log.out.size(), size);
	for (size_t i = 0; i + 4 <= log.out.size(); i += 4)
		cel[static_cast<unsigned>(le(log.out, i, 2))] =
			static_cast<unsigned>(le(log.out, i + 2, 2));
	return cel;
}

} /* namespace */

/* ---- registers ---- */

TEST(mailbox, capabilities_show_payload_size_vector_and_both_interrupts)
{
	device d;
	uint32_t length = 0;
	const uint32_t mb = d.find_device(2, &length);

	/* 4:0 = 11, 5, 6, 10:7 = 7 */
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb, 4), 0x3ebu);
	EXPECT_EQ(length, 0x820u);
	d.write(VCXL_SPACE_DEVICE, mb, 4, 0xffffffff);
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb, 4), 0x3ebu) << "read-only";
}

TEST(mailbox, payload_size_follows_the_configuration)
{
	for (unsigned log2 = 8; log2 <= 20; log2++) {
		options o;
		o.mailbox_log2 = log2;
		device d(o);
		uint32_t length = 0;
		ASSERT_EQ(d.status, VCXL_OK);
		const uint32_t mb = d.find_device(2, &length);

		EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb, 4) & 0x1f, log2);
		EXPECT_EQ(length, 0x20u + (1u << log2));
		/* the last byte of the payload exists, the one behind it reads 0 */
		d.write(VCXL_SPACE_DEVICE, mb + length - 1, 1, 0x5a);
		EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb + length - 1, 1), 0x5au);
		d.write(VCXL_SPACE_DEVICE, mb + length, 1, 0x5a);
		EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb + length, 1), 0u);
	}
}

TEST(mailbox, status_and_background_status_are_0_after_reset)
{
	device d;
	const uint32_t mb = d.find_device(2);

	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb + 0x10, 8), 0u) << "bit 0: no background operation";
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb + 0x18, 8), 0u);
}

TEST(mailbox, payload_takes_any_width_and_alignment)
{
	device d;
	const uint32_t payload = d.find_device(2) + 0x20;

	for (unsigned width : { 1u, 2u, 4u, 8u }) {
		for (uint32_t at = 0; at < 16; at++) {
			const uint64_t value = 0x8877665544332211 >> (64 - 8 * width);
			d.write(VCXL_SPACE_DEVICE, payload + at, width, value);
			EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, payload + at, width), value);
		}
	}
	/* 8 bytes of which 3 lie in the payload */
	d.write(VCXL_SPACE_DEVICE, payload + 0x7fd, 8, 0x8877665544332211);
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, payload + 0x7fd, 8), 0x332211u);
}

TEST(mailbox, output_length_replaces_input_length_and_is_0_on_error)
{
	device d;
	const uint32_t mb = d.find_device(2);

	EXPECT_EQ(d.ring(0x4000, 0).rc, 0u);
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb + 8, 8), 0x4000u | 0x45u << 16);
	EXPECT_EQ(d.ring(0x4000, 5).rc, 0x16u);
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb + 8, 8), 0x4000u);
}

TEST(mailbox, software_cannot_set_what_the_command_register_reserves)
{
	device d;
	const uint32_t mb = d.find_device(2);

	d.write(VCXL_SPACE_DEVICE, mb + 8, 8, ~0ull);
	EXPECT_EQ(d.read(VCXL_SPACE_DEVICE, mb + 8, 8), 0x1fffffffffu) << "36:0";
}

TEST(mailbox, case_17_length_beyond_payload_is_invalid_payload_length)
{
	device d;

	for (uint32_t length : { 0x801u, 0x1000u, 0xfffffu, 0x1fffffu })
		for (unsigned opcode : { 0x4103u, 0x0301u, 0x4000u })
			EXPECT_EQ(d.ring(static_cast<uint16_t>(opcode), length).rc, 0x16u)
				<< length;
	EXPECT_EQ(d.ring(0x4103, 0x800).rc, 0u) << "the payload size itself is allowed";
}

TEST(mailbox, case_19_opcode_that_is_not_in_the_cel_is_unsupported)
{
	device d(every_command());
	const auto cel = read_cel(d);
	unsigned n_answered = 0;

	for (unsigned opcode = 0; opcode <= 0xffff; opcode++) {
		uint8_t out[2048];
		uint32_t out_len = 1;
		const unsigned rc = vcxl_memdev_command(d.md, static_cast<uint16_t>(opcode),
							nullptr, 0, out, &out_len);

		if (opcode == 0x4305) {
			EXPECT_EQ(rc, 3u) << "nothing was scanned";
			n_answered++;
		} else if (cel.count(opcode)) {
			EXPECT_NE(rc, 3u) << std::hex << opcode;
			n_answered++;
		} else {
			EXPECT_EQ(rc, 3u) << std::hex << opcode;
			EXPECT_EQ(out_len, 0u);
		}
	}
	EXPECT_EQ(n_answered, cel.size());
}

TEST(mailbox, doorbell_interrupt_goes_to_vector_7_when_enabled)
{
	device d;
	const uint32_t mb = d.find_device(2);

	d.enable_msix();
	d.ring(0x4000, 0);
	EXPECT_TRUE(d.messages.empty()) << "not enabled";
	d.write(VCXL_SPACE_DEVICE, mb + 4, 4, 0x2);
	EXPECT_TRUE(d.messages.empty()) << "no command yet";
	d.ring(0x4000, 0);
	ASSERT_EQ(d.messages.size(), 1u);
	EXPECT_EQ(d.messages[0], (range{ 0xfee00070, 7 }));
	d.ring(0x1234, 0);
	EXPECT_EQ(d.messages.size(), 2u) << "also for a command that fails";
}

TEST(mailbox, a_command_is_traced_with_lengths_and_return_code)
{
	device d;

	d.trace.enabled = 1ull << VCXL_TRACE_COMMAND;
	d.command(0x4102, bytes_of({ { 0, 4 }, { 16, 4 } }));
	ASSERT_EQ(d.events.size(), 1u);
	EXPECT_STREQ(d.events[0].source, "mem0");
	EXPECT_EQ(d.events[0].fields[0], 0x4102u);
	EXPECT_EQ(d.events[0].fields[1], 8u);
	EXPECT_EQ(d.events[0].fields[2], 0u);
	EXPECT_EQ(d.events[0].fields[3], 16u);
}

/* ---- tables ---- */

TEST(mailbox_commands, every_row_has_a_name_a_function_and_a_higher_opcode_than_the_one_before)
{
	int last = -1;

	for (const vcxl_cmd_set *set = vcxl_primary_mailbox_sets(); set->rows; set++) {
		for (unsigned i = 0; i < set->n_rows; i++) {
			const vcxl_cmd &row = set->rows[i];
			ASSERT_NE(row.name, nullptr);
			EXPECT_NE(row.run, nullptr) << row.name;
			EXPECT_GT(row.opcode, last) << row.name;
			EXPECT_LE(row.in_min, row.in_max) << row.name;
			EXPECT_EQ(!!row.finish, !!(row.effects & 0x40)) << row.name;
			last = row.opcode;
		}
	}
}

TEST(mailbox_commands, a_wrong_input_length_is_invalid_payload_length)
{
	device d(every_command());

	for (const auto &c : commands) {
		for (uint32_t length = 0; length <= 0x801; length++) {
			const bool legal = length >= c.min && length <= c.max;
			if (legal && length != c.min && length != c.max)
				continue; /* a legal one may need more than a length */
			const unsigned rc = d.ring(c.opcode, length).rc;
			EXPECT_TRUE(legal || rc == 0x16) << std::hex << c.opcode << " " << length;
		}
	}
}

TEST(mailbox_commands, a_legal_input_length_is_not_refused)
{
	for (const auto &c : commands) {
		device d(every_command()); /* what a command did before must not matter */
		EXPECT_NE(d.ring(c.opcode, c.max).rc, 0x16u) << std::hex << c.opcode;
	}
}

TEST(mailbox_commands, cel_lists_exactly_the_implemented_opcodes_and_their_effects)
{
	device d(every_command());
	std::map<unsigned, unsigned> expected;

	for (const auto &c : commands)
		expected[c.opcode] = c.effects;
	EXPECT_EQ(read_cel(d), expected);
}

TEST(mailbox_commands, without_label_storage_its_commands_are_unsupported_and_not_in_the_cel)
{
	options o = every_command();
	o.lsa_size = 0;
	device d(o);
	const auto cel = read_cel(d);

	EXPECT_EQ(cel.size(), n_commands - 2);
	EXPECT_EQ(cel.count(0x4102) + cel.count(0x4103), 0u);
	EXPECT_EQ(d.command(0x4102, bytes_of({ { 0, 4 }, { 0, 4 } })).rc, 3u);
	EXPECT_EQ(d.command(0x4103, bytes_of({ { 0, 4 }, { 0, 4 } })).rc, 3u);
	EXPECT_EQ(le(d.command(0x4000).out, 0x38, 4), 0u);
}

/* ---- timestamp ---- */

TEST(timestamp, is_0_while_never_set)
{
	device d;

	vcxl_memdev_tick(d.md, 5'000'000'000);
	const reply r = d.command(0x0300);
	EXPECT_EQ(r.rc, 0u);
	ASSERT_EQ(r.out.size(), 8u);
	EXPECT_EQ(le(r.out, 0, 8), 0u);
}

TEST(timestamp, advances_with_simulated_nanoseconds_since_it_was_set)
{
	device d;

	vcxl_memdev_tick(d.md, 7'000'000);
	EXPECT_EQ(d.command(0x0301, bytes_of({ { 1'000'000'000'000, 8 } })).rc, 0u);
	EXPECT_EQ(le(d.command(0x0300).out, 0, 8), 1'000'000'000'000u);
	vcxl_memdev_tick(d.md, 7'000'000 + 123'999);
	EXPECT_EQ(le(d.command(0x0300).out, 0, 8), 1'000'000'000'123u);
}

TEST(timestamp, survives_every_reset_but_a_cold_one)
{
	device d;

	d.command(0x0301, bytes_of({ { 55, 8 } }));
	for (vcxl_reset kind : { VCXL_RESET_HOT, VCXL_RESET_CXL, VCXL_RESET_FLR }) {
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(le(d.command(0x0300).out, 0, 8), 55u) << kind;
	}
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(le(d.command(0x0300).out, 0, 8), 0u);
}

/* ---- logs ---- */

TEST(logs, supported_logs_names_the_cel_in_rfc_4122_byte_order)
{
	device d(every_command());
	const reply r = d.command(0x0400);

	EXPECT_EQ(r.rc, 0u);
	ASSERT_EQ(r.out.size(), 8u + 3 * 20);
	EXPECT_EQ(le(r.out, 0, 2), 3u);
	EXPECT_EQ(std::vector<uint8_t>(r.out.begin() + 8, r.out.begin() + 24), cel_uuid);
	EXPECT_EQ(le(r.out, 24, 4), n_commands * 4);
}

TEST(logs, any_byte_range_of_the_cel_can_be_read)
{
	device d(every_command());
	constexpr uint32_t size = n_commands * 4;
	const std::vector<uint8_t> whole =
		d.command(0x0401, get_log_payload(cel_uuid, 0, size)).out;

	ASSERT_EQ(whole.size(), size);
	for (uint32_t offset = 0; offset <= size; offset++) {
		for (uint32_t length = 0; length <= size - offset; length++) {
			const reply r =
				d.command(0x0401, get_log_payload(cel_uuid, offset, length));
			EXPECT_EQ(r.rc, 0u);
			EXPECT_EQ(r.out, std::vector<uint8_t>(whole.begin() + offset,
							      whole.begin() + offset + length));
		}
	}
}

TEST(logs, a_range_beyond_the_log_is_invalid_input)
{
	device d(every_command());

	constexpr uint32_t size = n_commands * 4;
	EXPECT_EQ(d.command(0x0401, get_log_payload(cel_uuid, 0, size + 1)).rc, 2u);
	EXPECT_EQ(d.command(0x0401, get_log_payload(cel_uuid, size, 1)).rc, 2u);
	EXPECT_EQ(d.command(0x0401, get_log_payload(cel_uuid, size + 1, 0)).rc, 2u);
	EXPECT_EQ(d.command(0x0401, get_log_payload(cel_uuid, 0xffffffff, 2)).rc, 2u) << "wraps";
	EXPECT_EQ(d.command(0x0401, get_log_payload(cel_uuid, 0, 0x801)).rc, 2u) << "payload";
}

TEST(logs, an_unknown_log_is_invalid_log)
{
	device d;
	std::vector<uint8_t> uuid = cel_uuid;

	uuid[15] ^= 1;
	EXPECT_EQ(d.command(0x0401, get_log_payload(uuid, 0, 4)).rc, 0x17u);
	EXPECT_EQ(d.command(0x0401, get_log_payload(uuid, 0xffffffff, 4)).rc, 0x17u);
}

/* ---- identify and partitions ---- */

TEST(identify, reports_capacities_in_units_of_256_mib_and_the_lsa_in_bytes)
{
	options o;
	o.volatile_size = 768 * mib;
	o.persistent_size = 1024 * mib;
	device d(o);
	const reply r = d.command(0x4000);

	EXPECT_EQ(r.rc, 0u);
	ASSERT_EQ(r.out.size(), 0x45u);
	EXPECT_NE(r.out[0], 0u) << "a firmware revision";
	EXPECT_EQ(r.out[15], 0u);
	EXPECT_EQ(le(r.out, 0x10, 8), 7u) << "total";
	EXPECT_EQ(le(r.out, 0x18, 8), 3u) << "volatile only";
	EXPECT_EQ(le(r.out, 0x20, 8), 4u) << "persistent only";
	EXPECT_EQ(le(r.out, 0x28, 8), 0u) << "partitions are fixed";
	EXPECT_EQ(le(r.out, 0x38, 4), 0x20000u) << "LSA";
	for (size_t at : { 0x30, 0x32, 0x34, 0x36 })
		EXPECT_EQ(le(r.out, at, 2), 8u) << "records in an event log";
	EXPECT_EQ(le(r.out, 0x3c, 3), 256u) << "poison list";
	EXPECT_EQ(le(r.out, 0x3f, 2), 256u) << "injections";
	EXPECT_EQ(r.out[0x41], 1u) << "injected poison persists";
	EXPECT_EQ(r.out[0x42], 0u) << "no QoS telemetry";
	EXPECT_EQ(le(r.out, 0x43, 2), 0u) << "no dynamic capacity log";
}

TEST(partition_info, shows_active_capacities_and_no_pending_change)
{
	options o;
	o.volatile_size = 768 * mib;
	o.persistent_size = 1024 * mib;
	device d(o);
	const reply r = d.command(0x4100);

	EXPECT_EQ(r.rc, 0u);
	ASSERT_EQ(r.out.size(), 0x20u);
	EXPECT_EQ(le(r.out, 0x00, 8), 3u);
	EXPECT_EQ(le(r.out, 0x08, 8), 4u);
	EXPECT_EQ(le(r.out, 0x10, 8), 0u);
	EXPECT_EQ(le(r.out, 0x18, 8), 0u);
}

/* ---- label storage area ---- */

TEST(lsa, what_was_set_can_be_read_and_was_flushed)
{
	device d;

	EXPECT_EQ(
		d.command(0x4103, bytes_of({ { 0x1fff8, 4 }, { 0, 4 }, { 0x1122334455667788, 8 } }))
			.rc,
		0u);
	EXPECT_EQ(d.lsa_flushes, (std::vector<range>{ { 0x1fff8, 8 } }));
	EXPECT_EQ(d.lsa_bytes.data()[0x1fff8], 0x88);
	const reply r = d.command(0x4102, bytes_of({ { 0x1fff6, 4 }, { 10, 4 } }));
	EXPECT_EQ(r.rc, 0u);
	ASSERT_EQ(r.out.size(), 10u);
	EXPECT_EQ(le(r.out, 0, 2), 0u);
	EXPECT_EQ(le(r.out, 2, 8), 0x1122334455667788u);
}

TEST(lsa, case_16_ranges_of_get_lsa)
{
	const struct {
		uint32_t offset, length;
		unsigned rc;
	} cases[] = { { 0x1ffff, 1, 0 },
		      { 0x1ffff, 2, 2 },
		      { 0x20000, 1, 2 },
		      { 0x20000, 0, 0 },
		      { 0x20001, 0, 2 },
		      { 0, 0, 0 },
		      { 0, 0x800, 0 },
		      { 0, 0x801, 2 },
		      { 0, 0xffffffff, 2 },
		      { 0xffffffff, 1, 2 },
		      { 0xffffffff, 0xffffffff, 2 } };
	device d;

	for (const auto &c : cases) {
		const reply r = d.command(0x4102, bytes_of({ { c.offset, 4 }, { c.length, 4 } }));
		EXPECT_EQ(r.rc, c.rc) << c.offset << "+" << c.length;
		EXPECT_EQ(r.out.size(), c.rc ? 0 : c.length);
	}
}

TEST(lsa, case_16_ranges_of_set_lsa)
{
	device d;
	std::vector<uint8_t> in = bytes_of({ { 0x1ffff, 4 }, { 0, 4 }, { 0xabcd, 2 } });

	EXPECT_EQ(d.command(0x4103, in).rc, 2u) << "one byte beyond";
	EXPECT_EQ(d.lsa_bytes.data()[0x1ffff], 0) << "nothing was written";
	in.pop_back();
	EXPECT_EQ(d.command(0x4103, in).rc, 0u);
	EXPECT_EQ(d.lsa_bytes.data()[0x1ffff], 0xcd);
	EXPECT_EQ(d.command(0x4103, bytes_of({ { 0xffffffff, 4 }, { 0, 4 }, { 1, 2 } })).rc, 2u);
	EXPECT_EQ(d.command(0x4103, bytes_of({ { 0x20000, 4 }, { 0, 4 } })).rc, 0u) << "no data";
	EXPECT_EQ(d.command(0x4103, bytes_of({ { 0x20001, 4 }, { 0, 4 } })).rc, 2u);
	EXPECT_EQ(d.command(0x4103, bytes_of({ { 0, 4 }, { 0, 3 } })).rc, 0x16u) << "no offset";
	EXPECT_EQ(d.lsa_flushes.size(), 1u) << "only what was written";
}

TEST(lsa, survives_every_reset)
{
	device d;

	d.command(0x4103, bytes_of({ { 16, 4 }, { 0, 4 }, { 0x5a5a, 2 } }));
	for (vcxl_reset kind :
	     { VCXL_RESET_HOT, VCXL_RESET_CXL, VCXL_RESET_FLR, VCXL_RESET_COLD }) {
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(le(d.command(0x4102, bytes_of({ { 16, 4 }, { 2, 4 } })).out, 0, 2),
			  0x5a5au)
			<< kind;
	}
}

/* ---- robustness ---- */

TEST(mailbox_robustness, no_input_of_a_command_breaks_the_device)
{
	const uint64_t seed = 20261121;
	std::mt19937_64 random(seed);
	device d;
	const uint32_t mb = d.find_device(2);
	std::map<unsigned, unsigned> answers;

	printf("seed %llu\n", static_cast<unsigned long long>(seed));
	for (unsigned i = 0; i < 400'000; i++) {
		const unsigned pick = static_cast<unsigned>(random() % (n_commands + 1));
		const uint16_t opcode = pick < n_commands ? commands[pick].opcode : 0xffff;
		if ((opcode == 0x4401 || opcode == 0x4505) && random() % 256)
			continue; /* each looks at all memory */
		const uint32_t lengths[] = { 0, 1,    4,
					     8, 0x18, static_cast<uint32_t>(random() % 0x900) };
		const uint32_t length = lengths[random() % 6];
		for (uint32_t at = 0x20; at < 0x38; at += 4)
			d.write(VCXL_SPACE_DEVICE, mb + at, 4,
				(random() & 0xffffffff) >> random() % 32);
		if (opcode == 0x0401 && random() % 2)
			for (uint32_t k = 0; k < 16; k++)
				d.write(VCXL_SPACE_DEVICE, mb + 0x20 + k, 1, cel_uuid[k]);
		d.write(VCXL_SPACE_DEVICE, mb + 8, 8, opcode | static_cast<uint64_t>(length) << 16);
		d.write(VCXL_SPACE_DEVICE, mb + 4, 4, 1);
		const uint64_t out_len = d.read(VCXL_SPACE_DEVICE, mb + 8, 8) >> 16;
		const auto rc =
			static_cast<unsigned>(d.read(VCXL_SPACE_DEVICE, mb + 0x10, 8) >> 32);
		ASSERT_LE(out_len, 0x800u);
		ASSERT_TRUE(rc == 0 || out_len == 0);
		answers[rc]++;
	}
	/* every answer that these commands have was met */
	for (unsigned rc : { 0u, 2u, 3u, 0x16u, 0x17u })
		EXPECT_GT(answers[rc], 100u) << rc;
	EXPECT_GT(answers[0xe], 0u);
	EXPECT_GT(answers[0x20], 0u);
	EXPECT_EQ(answers.count(4), 0u) << "internal error";
}
