// SPDX-License-Identifier: Apache-2.0
//
// The console (Virtio 1.2 5.3) from the driver's side.
#include <string>
#include <vector>

#include <virtio_console.h>

#include "virtio_driver.h"

using namespace vcxl_test;

namespace
{

// Queue 0 receives as `start` made it; queue 1 transmits.
class virtio_console : public virtio
{
protected:
	virtio_console()
	{
		const vcxl_virtio_wires w = wires();
		vcxl_vcon_port port{};

		port.ctx = this;
		port.waiting = [](void *ctx) {
			return !static_cast<virtio_console *>(ctx)->typed.empty();
		};
		port.receive = [](void *ctx, uint8_t *to, uint32_t n) {
			virtio_console *self = static_cast<virtio_console *>(ctx);
			const size_t got = self->typed.copy(reinterpret_cast<char *>(to), n);

			self->typed.erase(0, got);
			return static_cast<uint32_t>(got);
		};
		port.transmit = [](void *ctx, const uint8_t *from, uint32_t n) {
			static_cast<virtio_console *>(ctx)->shown.append(
				reinterpret_cast<const char *>(from), n);
		};
		vcxl_vcon_init(&con, &port, &w);
		v = &con.virtio;
		start();
		wr(0x16, 2, 1);
		wr(0x18, 2, size);
		wr(0x1a, 2, 2);
		wr(0x20, 4, desc1);
		wr(0x28, 4, avail1);
		wr(0x30, 4, used1);
		wr(0x1c, 2, 1);
	}

	void type(const std::string &text)
	{
		typed += text;
		vcxl_vcon_typed(&con);
		vcxl_virtio_run(v);
	}
	// A buffer to receive into, which the driver tells the device of.
	void offer_buffer(unsigned i, uint32_t len)
	{
		describe(desc, i, content + 0x1000 * i, len, f_write);
		offer(i);
		kick();
	}
	std::string received(unsigned i)
	{
		return { reinterpret_cast<const char *>(&memory[content + 0x1000 * i]),
			 static_cast<size_t>(get(used + 4 + 8 * i + 4, 4)) };
	}

	static constexpr uint64_t desc1 = 0xd000, avail1 = 0xd800, used1 = 0xe000;
	std::string typed, shown;
	vcxl_vcon con{};
};

} // namespace

TEST_F(virtio_console, what_is_transmitted_comes_out_in_order_however_it_is_cut)
{
	std::string text;

	for (unsigned i = 0; i < 700; i++)
		text += static_cast<char>('a' + i % 26);
	std::memcpy(&memory[content], text.data(), text.size());
	describe(desc1, 0, content, 300, f_next, 1);
	describe(desc1, 1, content + 300, 400, 0);
	put(avail1 + 4, 2, 0);
	put(avail1 + 2, 2, 1);
	wr(0x3004, 2, 1);
	vcxl_virtio_run(v);
	EXPECT_EQ(shown, text);
	EXPECT_EQ(get(used1 + 2, 2), 1u);
	EXPECT_EQ(get(used1 + 8, 4), 0u);
	EXPECT_EQ(messages, std::vector<uint32_t>{ 102 });
}

TEST_F(virtio_console, what_is_typed_waits_for_a_buffer)
{
	type("abc");
	EXPECT_EQ(get(used + 2, 2), 0u);
	EXPECT_EQ(typed, "abc");
	offer_buffer(0, 2);
	EXPECT_EQ(received(0), "ab");
	EXPECT_EQ(typed, "c");
	offer_buffer(1, 2);
	EXPECT_EQ(received(1), "c");
	EXPECT_EQ(messages, (std::vector<uint32_t>{ 101, 101 }));
}

TEST_F(virtio_console, a_buffer_waits_for_what_is_typed)
{
	offer_buffer(0, 0x1000);
	EXPECT_EQ(get(used + 2, 2), 0u);
	EXPECT_TRUE(messages.empty());
	notified = 0;
	type("x");
	EXPECT_EQ(notified, 1u);
	EXPECT_EQ(received(0), "x");
	EXPECT_EQ(messages, std::vector<uint32_t>{ 101 });
	type("lost?");
	EXPECT_EQ(typed, "lost?");
	EXPECT_FALSE(needs_reset());
}

TEST_F(virtio_console, a_buffer_to_receive_that_cannot_be_written_needs_a_reset)
{
	typed = "x";
	describe(desc, 0, content, 16, 0);
	offer(0);
	kick();
	EXPECT_TRUE(needs_reset());
	EXPECT_EQ(typed, "x");
}
