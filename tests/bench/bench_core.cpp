// SPDX-License-Identifier: Apache-2.0
//
// The core alone: Identify Memory Device from the doorbell to the doorbell that is clear, by the
// registers of the primary mailbox. At most 1 us.
#include <cstdint>
#include <stdexcept>

#include <benchmark/benchmark.h>
#include <vcxl/memdev.h>

namespace
{

uint64_t read(vcxl_memdev *md, uint32_t offset, unsigned width)
{
	uint64_t value = 0;

	vcxl_memdev_reg_read(md, VCXL_SPACE_DEVICE, offset, width, &value);
	return value;
}

// CXL r3.1 8.2.8.1: where the capability array says that the mailbox is.
uint32_t mailbox_of(vcxl_memdev *md)
{
	for (uint32_t at = 0x10; at < 0x80; at += 0x10)
		if ((read(md, at, 4) & 0xffff) == 2)
			return static_cast<uint32_t>(read(md, at + 4, 4));
	throw std::runtime_error("no mailbox");
}

void identify(benchmark::State &state)
{
	static uint8_t nothing; // media are not accessed
	vcxl_memdev_config config{};
	vcxl_memdev *md = nullptr;

	config.media[VCXL_PARTITION_PERSISTENT].size = 256 << 20;
	config.media[VCXL_PARTITION_PERSISTENT].direct = &nothing;
	config.serial = 1;
	if (vcxl_memdev_create(&config, nullptr, &md) != VCXL_OK)
		throw std::runtime_error("no device");
	const uint32_t mailbox = mailbox_of(md);

	for (auto _ : state) {
		vcxl_memdev_reg_write(md, VCXL_SPACE_DEVICE, mailbox + 8, 8, 0x4000);
		vcxl_memdev_reg_write(md, VCXL_SPACE_DEVICE, mailbox + 4, 4, 1);
		while (read(md, mailbox + 4, 4) & 1)
			;
	}
	if (read(md, mailbox + 0x10, 8) != 0)
		state.SkipWithError("Identify failed");
	vcxl_memdev_destroy(md);
}
BENCHMARK(identify);

} // namespace

BENCHMARK_MAIN();
