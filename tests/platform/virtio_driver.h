// SPDX-License-Identifier: Apache-2.0
//
// The driver's side of a virtio device (Virtio 1.2), in a memory of 64 KiB that is all there is.
#ifndef VCXL_TESTS_PLATFORM_VIRTIO_DRIVER_H
#define VCXL_TESTS_PLATFORM_VIRTIO_DRIVER_H

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include <vcxl/le.h>
#include <virtio_blk.h>

namespace vcxl_test
{

inline constexpr unsigned size = 8;
inline constexpr uint64_t desc = 0x1000, avail = 0x2000, used = 0x3000, data = 0x4000;
inline constexpr uint16_t f_next = 1, f_write = 2, f_indirect = 4;
inline constexpr uint64_t v1 = 1ull << 32, event_idx = 1ull << 29, indirect = 1ull << 28;
inline constexpr uint64_t flush_feature = 1ull << 9, wce_feature = 1ull << 11;
inline constexpr uint32_t nowhere = 0xf0000000;

class virtio : public testing::Test
{
protected:
	virtio() : memory(0x10000), disk(64 * 512)
	{
		for (size_t i = 0; i < disk.size(); i++)
			disk[i] = static_cast<uint8_t>(i / 512);
		make();
	}

	vcxl_virtio_wires wires()
	{
		vcxl_virtio_wires w{};

		w.ctx = w.dma.ctx = w.irq.ctx = this;
		w.dma.read = [](void *ctx, uint64_t at, void *to, uint32_t n) {
			virtio *self = static_cast<virtio *>(ctx);
			return self->inside(at, n) && std::memcpy(to, &self->memory[at], n);
		};
		w.dma.write = [](void *ctx, uint64_t at, const void *from, uint32_t n) {
			virtio *self = static_cast<virtio *>(ctx);
			return self->inside(at, n) && std::memcpy(&self->memory[at], from, n);
		};
		w.irq.msi = [](void *ctx, uint64_t, uint32_t message) {
			static_cast<virtio *>(ctx)->messages.push_back(message);
		};
		w.notified = [](void *ctx) { static_cast<virtio *>(ctx)->notified++; };
		return w;
	}

	void make(bool read_only = false, bool cached = true)
	{
		const vcxl_virtio_wires w = wires();
		vcxl_blk_media media{};

		media.ctx = this;
		media.size = disk.size();
		media.read_only = read_only;
		media.cached = cached;
		media.read = [](void *ctx, uint64_t at, void *to, uint32_t n) {
			virtio *self = static_cast<virtio *>(ctx);
			self->calls += 'r';
			return std::memcpy(to, &self->disk.at(at), n) && !self->broken_disk;
		};
		media.write = [](void *ctx, uint64_t at, const void *from, uint32_t n) {
			virtio *self = static_cast<virtio *>(ctx);
			self->calls += 'w';
			return std::memcpy(&self->disk.at(at), from, n) && !self->broken_disk;
		};
		media.zero = [](void *ctx, uint64_t at, uint64_t n) {
			virtio *self = static_cast<virtio *>(ctx);
			self->calls += 'z';
			return std::memset(&self->disk.at(at), 0, n) && !self->broken_disk;
		};
		media.flush = [](void *ctx) {
			virtio *self = static_cast<virtio *>(ctx);
			self->calls += 'f';
			return !self->broken_disk;
		};
		vcxl_blk_init(&blk, &media, "serial", &w, "blk", nullptr);
		v = &blk.virtio;
	}

	bool inside(uint64_t at, uint32_t n) const
	{
		return at <= memory.size() && n <= memory.size() - at;
	}
	void put(uint64_t at, unsigned n, uint64_t value) { vcxl_store_le(&memory[at], n, value); }
	uint64_t get(uint64_t at, unsigned n) const { return vcxl_load_le(&memory[at], n); }
	void wr(uint32_t offset, unsigned width, uint64_t value)
	{
		EXPECT_EQ(vcxl_virtio_write(v, VCXL_SPACE_DEVICE, offset, width, value), VCXL_OK);
	}
	uint64_t rd(uint32_t offset, unsigned width)
	{
		uint64_t value = 0;

		EXPECT_EQ(vcxl_virtio_read(v, VCXL_SPACE_DEVICE, offset, width, &value), VCXL_OK);
		return value;
	}

	// What a driver does before its first request.
	void start(uint64_t features = v1)
	{
		vcxl_virtio_write(v, VCXL_SPACE_CONFIG, 4, 2, 6);         // memory, bus master
		vcxl_virtio_write(v, VCXL_SPACE_CONFIG, 0x42, 2, 0x8000); // MSI-X on
		for (uint32_t i = 0; i < 3; i++) {
			vcxl_virtio_write(v, VCXL_SPACE_MSIX, 16 * i + 8, 4, 100 + i);
			vcxl_virtio_write(v, VCXL_SPACE_MSIX, 16 * i + 12, 4, 0);
		}
		wr(0x14, 1, 0);
		wr(0x14, 1, 3);
		for (uint32_t half = 0; half < 2; half++) {
			wr(0x08, 4, half);
			wr(0x0c, 4, features >> 32 * half & 0xffffffff);
		}
		wr(0x14, 1, 0xb);
		EXPECT_EQ(rd(0x14, 1), 0xbu);
		wr(0x10, 2, 0);
		wr(0x16, 2, 0);
		wr(0x18, 2, size);
		wr(0x1a, 2, 1);
		wr(0x20, 4, desc);
		wr(0x28, 4, avail);
		wr(0x30, 4, used);
		wr(0x1c, 2, 1);
		wr(0x14, 1, 0xf);
	}

	void describe(uint64_t table, unsigned i, uint64_t at, uint32_t len, unsigned flags,
		      unsigned next = 0)
	{
		put(table + 16 * i, 8, at);
		put(table + 16 * i + 8, 4, len);
		put(table + 16 * i + 12, 2, flags);
		put(table + 16 * i + 14, 2, next);
	}
	// Makes a chain available, and lets the device run.
	void offer(unsigned head)
	{
		put(avail + 4 + 2 * (index % size), 2, head);
		put(avail + 2, 2, ++index & 0xffff);
	}
	void kick()
	{
		wr(0x3000, 2, 0);
		vcxl_virtio_run(v);
	}
	// header at data, content at data+0x100, status at data+0x8000: its status
	unsigned request(unsigned type, uint64_t sector, uint32_t len, bool in)
	{
		put(data, 4, type);
		put(data + 8, 8, sector);
		put(status_at, 1, 0xff);
		describe(desc, 0, data, 16, f_next, 1);
		describe(desc, 1, content, len, f_next | (in ? f_write : 0), 2);
		describe(desc, 2, status_at, 1, f_write);
		if (!len)
			describe(desc, 0, data, 16, f_next, 2);
		offer(0);
		kick();
		return static_cast<unsigned>(get(status_at, 1));
	}
	bool needs_reset() { return rd(0x14, 1) & 0x40; }

	static constexpr uint64_t content = data + 0x100, status_at = data + 0x8000;
	std::vector<uint8_t> memory, disk;
	std::vector<uint32_t> messages;
	std::string calls;
	unsigned notified = 0, index = 0;
	bool broken_disk = false;
	vcxl_blk blk{};
	vcxl_virtio *v = nullptr;
};

} // namespace vcxl_test

#endif
