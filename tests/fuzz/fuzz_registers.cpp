// SPDX-License-Identifier: Apache-2.0
//
// Register accesses of a guest in all spaces of a memory device and of an upstream port, with
// memory accesses, resets and time between them. Reads have no effect on what the next read sees;
// what is granted directly and where addresses lead stays inside the device.
#include "device.h"

using namespace fuzz;

namespace
{

constexpr std::uint64_t memory_end = 1ull << 36;

struct port {
	port()
	{
		vcxl_port_config c{};

		c.kind = VCXL_PORT_UPSTREAM;
		c.name = "us0";
		c.n_decoders = 4;
		c.link = { 5, 16, false };
		expect(vcxl_port_create(&c, nullptr, &object) == VCXL_OK, "the port can be made");
		for (std::uint8_t n = 0; n < 4; n++)
			expect(vcxl_port_add_dport(object, n, nullptr, nullptr) == n,
			       "the port has links");
	}
	~port() { vcxl_port_destroy(object); }
	port(const port &) = delete;
	port &operator=(const port &) = delete;

	vcxl_port *object = nullptr;
};

void memory_access(device &d, const port &p, input &in)
{
	std::uint8_t bytes[256];
	vcxl_xfer x{};
	const std::uint64_t hpa = in.number(5) % memory_end;
	std::uint64_t dpa;
	unsigned index;

	x.data = bytes;
	x.len = 1u + in.byte();
	x.write = x.len & 1;
	std::memset(bytes, 0x5a, sizeof(bytes));
	if (vcxl_memdev_access(d.get(), hpa, &x) == VCXL_OK)
		expect(x.dpa + x.len <= vcxl_memdev_capacity(d.get()), "it went to the media");
	if (vcxl_memdev_hpa_to_dpa(d.get(), hpa, &dpa) == VCXL_OK)
		expect(dpa < vcxl_memdev_capacity(d.get()), "the address is in the media");
	if (vcxl_port_target(p.object, hpa, &index) == VCXL_OK)
		expect(index < 4, "the link exists");
}

template <class Read, class Write>
void register_access(input &in, vcxl_space space, Read read, Write write)
{
	const bool is_write = in.byte() & 1;
	const std::uint32_t offset = static_cast<std::uint32_t>(in.number(3)) % 0x22000;
	const unsigned width = 1u << in.byte() % 4;
	std::uint64_t first = 0, second = 0;

	if (is_write) {
		write(space, offset, width, in.number(width));
		return;
	}
	if (read(space, offset, width, &first) == VCXL_OK)
		expect(read(space, offset, width, &second) == VCXL_OK && first == second,
		       "a read changes nothing");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	static constexpr vcxl_space spaces[] = { VCXL_SPACE_CONFIG, VCXL_SPACE_COMPONENT,
						 VCXL_SPACE_DEVICE, VCXL_SPACE_MSIX };
	input in(data, size);
	device d;
	port p;

	while (in.more()) {
		const unsigned what = in.byte();

		if (what < 160)
			register_access(
				in, spaces[what % 4],
				[&](auto... a) { return vcxl_memdev_reg_read(d.get(), a...); },
				[&](auto... a) { (void)vcxl_memdev_reg_write(d.get(), a...); });
		else if (what < 200)
			register_access(
				in, spaces[what % 2],
				[&](auto... a) { return vcxl_port_reg_read(p.object, a...); },
				[&](auto... a) { (void)vcxl_port_reg_write(p.object, a...); });
		else if (what < 240)
			memory_access(d, p, in);
		else if (what < 250)
			d.pass(in.number(2) << 32);
		else if (what < 253)
			vcxl_memdev_reset(d.get(), static_cast<vcxl_reset>(what % 4));
		else
			vcxl_port_reset(p.object, static_cast<vcxl_reset>(in.byte() % 4));
	}
	return 0;
}
