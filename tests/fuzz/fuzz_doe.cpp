// SPDX-License-Identifier: Apache-2.0
//
// Data objects of any kind and length to the DOE mailbox, with aborts and reads at any time. A
// response that is ready is read to its end in as many steps as its header says, and CDAT's
// entries have the size that they tell. PCIe r6.0 6.30, CDAT 1.04.
#include <vector>

#include "device.h"

using namespace fuzz;

namespace
{

constexpr std::uint32_t abort_bit = 1, go = 0x80000000, ready = 0x80000000;
constexpr std::uint32_t cdat = 0x00021e98;

std::uint32_t find_doe(const device &d)
{
	const auto config = [&](std::uint32_t at) { return d.read(VCXL_SPACE_CONFIG, at, 4); };

	for (std::uint32_t at = 0x100; at; at = static_cast<std::uint32_t>(config(at) >> 20))
		if ((config(at) & 0xffff) == 0x2e)
			return at;
	expect(false, "there is a DOE mailbox");
	return 0;
}

// `whole`: nothing of it has been read before.
void receive(device &d, std::uint32_t doe, bool whole)
{
	std::vector<std::uint32_t> object;

	while (d.read(VCXL_SPACE_CONFIG, doe + 0xc, 4) & ready) {
		expect(object.size() <= 1u << 18, "a response ends");
		object.push_back(
			static_cast<std::uint32_t>(d.read(VCXL_SPACE_CONFIG, doe + 0x14, 4)));
		d.write(VCXL_SPACE_CONFIG, doe + 0x14, 4, 0);
	}
	if (object.empty() || !whole)
		return;
	expect(object.size() >= 2 && (object[1] & 0x3ffff) == object.size(),
	       "a response is as long as it says");
	if (object[0] == cdat && object.size() > 4)
		expect((object[3] >> 16) <= 4 * (object.size() - 3) || object[2] >> 16 == 1,
		       "a structure fits its response");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	input in(data, size);
	device d;
	const std::uint32_t doe = find_doe(d);
	bool whole = true;

	while (in.more()) {
		const unsigned what = in.byte();

		if (what < 64) { // an object that is well-formed up to its contents
			const std::uint32_t n = what % 8;

			d.write(VCXL_SPACE_CONFIG, doe + 0x10, 4, what & 8 ? cdat : in.number(4));
			d.write(VCXL_SPACE_CONFIG, doe + 0x10, 4, 2 + n);
			for (std::uint32_t i = 0; i < n; i++)
				d.write(VCXL_SPACE_CONFIG, doe + 0x10, 4, in.number(4));
			d.write(VCXL_SPACE_CONFIG, doe + 8, 4, go);
		} else if (what < 128) {
			d.write(VCXL_SPACE_CONFIG, doe + 0x10, 4, in.number(4));
		} else if (what < 160) {
			d.write(VCXL_SPACE_CONFIG, doe + 8, 4, go | (what & 2));
		} else if (what < 170) {
			d.write(VCXL_SPACE_CONFIG, doe + 8, 4, abort_bit);
		} else if (what < 200) {
			d.write(VCXL_SPACE_CONFIG, doe + 0x14, 4, in.byte());
			whole = false;
		} else if (what < 210) {
			d.write(VCXL_SPACE_CONFIG, doe + 4 + what % 3 * 4, 4, in.number(4));
		} else {
			receive(d, doe, whole);
			whole = true;
		}
	}
	d.write(VCXL_SPACE_CONFIG, doe + 8, 4, abort_bit);
	expect(!(d.read(VCXL_SPACE_CONFIG, doe + 0xc, 4) & ready), "an abort ends all");
	return 0;
}
