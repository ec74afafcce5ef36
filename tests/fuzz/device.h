// SPDX-License-Identifier: Apache-2.0
//
// A memory device whose media hold only the pages that were written, so that gigabytes cost
// nothing, and the ways in that a guest has.
#ifndef VCXL_TESTS_FUZZ_DEVICE_H
#define VCXL_TESTS_FUZZ_DEVICE_H

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include <vcxl/memdev.h>

#include "input.h"

namespace fuzz
{

class media
{
public:
	static constexpr std::uint64_t page_size = 4096;

	explicit media(std::uint64_t size) : size_(size) {}
	vcxl_media config()
	{
		vcxl_media m{};

		m.size = size_;
		m.ctx = this;
		m.read = [](void *ctx, std::uint64_t at, void *to, std::uint32_t len) {
			return self(ctx).each(
				at, len, [&](page *p, std::uint64_t from, std::uint64_t n) {
					std::uint8_t *out = static_cast<std::uint8_t *>(to);

					if (p)
						std::memcpy(out, p->data() + from, n);
					else
						std::memset(out, 0, n);
					to = out + n;
				});
		};
		m.write = [](void *ctx, std::uint64_t at, const void *from, std::uint32_t len) {
			for (std::uint64_t i = at / page_size;
			     len && i <= (at + len - 1) / page_size; i++)
				self(ctx).pages_[i];
			return self(ctx).each(
				at, len, [&](page *p, std::uint64_t to, std::uint64_t n) {
					std::memcpy(p->data() + to, from, n);
					from = static_cast<const std::uint8_t *>(from) + n;
				});
		};
		m.flush = [](void *ctx, std::uint64_t at, std::uint64_t len) {
			self(ctx).check(at, len);
			return VCXL_OK;
		};
		m.zero = [](void *ctx, std::uint64_t at, std::uint64_t len) {
			self(ctx).check(at, len);
			for (auto &p : self(ctx).pages_) {
				const std::uint64_t base = p.first * page_size;
				const std::uint64_t from = std::max(at, base);
				const std::uint64_t end = std::min(at + len, base + page_size);

				if (from < end)
					std::memset(p.second.data() + (from - base), 0, end - from);
			}
			return VCXL_OK;
		};
		return m;
	}

private:
	using page = std::array<std::uint8_t, page_size>;

	static media &self(void *ctx) { return *static_cast<media *>(ctx); }
	void check(std::uint64_t at, std::uint64_t len) const
	{
		expect(len <= size_ && at <= size_ - len, "accesses stay inside the media");
	}
	template <class Use> vcxl_status each(std::uint64_t at, std::uint64_t len, Use use)
	{
		check(at, len);
		while (len) {
			const std::uint64_t from = at % page_size;
			const std::uint64_t n = std::min(len, page_size - from);
			const auto found = pages_.find(at / page_size);

			use(found == pages_.end() ? nullptr : &found->second, from, n);
			at += n;
			len -= n;
		}
		return VCXL_OK;
	}

	const std::uint64_t size_;
	std::map<std::uint64_t, page> pages_;
};

class device
{
public:
	static constexpr std::uint64_t part = 256ull << 20;

	device()
	{
		vcxl_memdev_config &c = config_;
		vcxl_memdev_ops ops{};

		c.name = "mem0";
		c.serial = 1;
		c.link = { 5, 16, false };
		c.event_log_depth = 4;
		c.poison_list_max = 8;
		c.mailbox_log2 = 9;
		c.media[VCXL_PARTITION_VOLATILE] = ram_.config();
		c.partitionable = pmem_.config(); // persistent at first
		c.lsa = lsa_.config();
		c.state = state_.config();
		ops.irq.msi = [](void *, std::uint64_t, std::uint32_t) {};
		expect(vcxl_memdev_create(&c, &ops, &md_) == VCXL_OK, "the device can be made");
		write(VCXL_SPACE_CONFIG, 4, 2, 6);
	}
	// What it leaves behind is what the next one begins with.
	~device()
	{
		vcxl_memdev_destroy(md_);
		expect(vcxl_memdev_create(&config_, nullptr, &md_) == VCXL_OK,
		       "a device can be made of the stored state");
		vcxl_memdev_destroy(md_);
	}
	device(const device &) = delete;
	device &operator=(const device &) = delete;

	vcxl_memdev *get() const { return md_; }
	std::uint64_t read(vcxl_space space, std::uint32_t offset, unsigned width) const
	{
		std::uint64_t value = 0;

		(void)vcxl_memdev_reg_read(md_, space, offset, width, &value);
		return value;
	}
	void write(vcxl_space space, std::uint32_t offset, unsigned width, std::uint64_t value)
	{
		(void)vcxl_memdev_reg_write(md_, space, offset, width, value);
	}
	// Simulated time goes on, through every deadline on the way.
	void pass(std::uint64_t ps)
	{
		const std::uint64_t until = now_ + ps;

		for (unsigned wakes = 0; vcxl_memdev_deadline_ps(md_) <= until; wakes++) {
			expect(wakes < 100000, "deadlines come to an end");
			now_ = std::max(now_, vcxl_memdev_deadline_ps(md_));
			vcxl_memdev_tick(md_, now_);
		}
		now_ = until;
		vcxl_memdev_tick(md_, now_);
	}

private:
	media ram_{ part }, pmem_{ part }, lsa_{ 4096 }, state_{ 65536 };
	vcxl_memdev_config config_{};
	vcxl_memdev *md_ = nullptr;
	std::uint64_t now_ = 0;
};

} // namespace fuzz

#endif
