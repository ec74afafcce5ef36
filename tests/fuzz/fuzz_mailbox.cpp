// SPDX-License-Identifier: Apache-2.0
//
// Commands through the registers of the primary mailbox: opcodes of the table or any other, any
// length, any payload, time between them. Whatever is sent, the doorbell falls, the return code is
// one of the specification's and the answer fits the payload.
#include <vector>

#include "device.h"

using namespace fuzz;

namespace
{

constexpr std::uint32_t payload_size = 512; // of device.h

// CXL r3.1 8.2.8.1: where the mailbox's capability is
std::uint32_t find_mailbox(const device &d)
{
	const std::uint64_t n = d.read(VCXL_SPACE_DEVICE, 0, 8) >> 32 & 0xffff;

	for (std::uint32_t at = 0x10; at <= 0x10 * n; at += 0x10)
		if ((d.read(VCXL_SPACE_DEVICE, at, 4) & 0xffff) == 2)
			return static_cast<std::uint32_t>(d.read(VCXL_SPACE_DEVICE, at + 4, 4));
	expect(false, "there is a mailbox");
	return 0;
}

std::vector<std::uint16_t> known_opcodes()
{
	std::vector<std::uint16_t> all;

	for (const vcxl_cmd_set *set = vcxl_primary_mailbox_sets(); set->n_rows; set++)
		for (unsigned i = 0; i < set->n_rows; i++)
			all.push_back(set->rows[i].opcode);
	return all;
}

bool is_return_code(std::uint64_t rc)
{
	switch (rc) {
#define CODE(symbol, code, text) case code:
		CXL_RETURN_CODES(CODE)
#undef CODE
		return true;
	default:
		return false;
	}
}

void send(device &d, std::uint32_t mailbox, std::uint16_t opcode, std::uint32_t length,
	  const std::vector<std::uint8_t> &payload)
{
	for (std::uint32_t i = 0; i < payload.size(); i++)
		d.write(VCXL_SPACE_DEVICE, mailbox + 0x20 + i, 1, payload[i]);
	d.write(VCXL_SPACE_DEVICE, mailbox + 8, 8,
		opcode | static_cast<std::uint64_t>(length) << 16);
	d.write(VCXL_SPACE_DEVICE, mailbox + 4, 4, 1);
	expect(!(d.read(VCXL_SPACE_DEVICE, mailbox + 4, 4) & 1), "the doorbell falls");
	expect(is_return_code(d.read(VCXL_SPACE_DEVICE, mailbox + 0x10, 8) >> 32 & 0xffff),
	       "the return code is one of the specification's");
	expect((d.read(VCXL_SPACE_DEVICE, mailbox + 8, 8) >> 16 & 0x1fffff) <= payload_size,
	       "the answer fits the payload");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	static const std::vector<std::uint16_t> opcodes = known_opcodes();
	input in(data, size);
	device d;
	const std::uint32_t mailbox = find_mailbox(d);

	while (in.more()) {
		const unsigned what = in.byte();

		if (what == 0xff) {
			d.pass(in.number(2) << 32);
		} else if (what == 0xfe) {
			vcxl_memdev_reset(d.get(), static_cast<vcxl_reset>(in.byte() % 4));
		} else {
			const auto opcode = what < 0xf0 ? opcodes[what % opcodes.size()]
							: static_cast<std::uint16_t>(in.number(2));
			const std::uint32_t length =
				static_cast<std::uint32_t>(in.number(2)) % 0x300;

			send(d, mailbox, opcode, length, in.bytes(std::min(length, payload_size)));
		}
	}
	return 0;
}
