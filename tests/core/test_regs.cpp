// SPDX-License-Identifier: Apache-2.0
//
// The register engine: masks, access widths, handlers, arrays, resets, and the check of tables.
#include <vector>

#include <gtest/gtest.h>

#include <vcxl/regs.h>

namespace
{

vcxl_reg reg(std::uint32_t offset, std::uint8_t width, std::uint64_t rw = 0,
	     std::uint64_t reset = 0)
{
	vcxl_reg r{};
	r.offset = offset;
	r.width = width;
	r.name = "register";
	r.rw = rw;
	r.reset = reset;
	return r;
}

struct write_event {
	unsigned i;
	std::uint64_t old, now;
};

struct owner {
	bool locked = false;
	std::vector<write_event> writes;
};

std::uint64_t writable_unless_locked(const void *ctx, unsigned, std::uint64_t rw)
{
	return static_cast<const owner *>(ctx)->locked ? 0 : rw;
}

std::uint64_t read_with_top_bits(const void *, unsigned i, std::uint64_t stored)
{
	return stored | 0xa0000000u | i;
}

void remember(void *ctx, unsigned i, std::uint64_t old, std::uint64_t now)
{
	static_cast<owner *>(ctx)->writes.push_back({ i, old, now });
}

class regs : public testing::Test
{
protected:
	static constexpr std::uint32_t size = 0x100;

	regs() { vcxl_block_init(&block, storage, size); }
	void add(const std::vector<vcxl_reg> &rows, std::uint32_t base = 0, std::uint16_t count = 0)
	{
		kept.push_back(rows);
		vcxl_reg_table table{};
		table.base = base;
		table.rows = kept.back().data();
		table.n_rows = static_cast<unsigned>(rows.size());
		table.count = count;
		table.owner = &told;
		vcxl_block_add(&block, &table);
	}
	std::uint64_t read(std::uint32_t offset, unsigned width = 4)
	{
		std::uint64_t value = ~0ull;
		EXPECT_EQ(vcxl_block_read(&block, offset, width, &value), VCXL_OK);
		return value;
	}
	void write(std::uint32_t offset, std::uint64_t value, unsigned width = 4)
	{
		EXPECT_EQ(vcxl_block_write(&block, offset, width, value), VCXL_OK);
	}

	vcxl_block block;
	std::uint8_t storage[4 * size];
	std::vector<std::vector<vcxl_reg>> kept;
	owner told;
};

TEST_F(regs, software_changes_the_read_write_bits_only)
{
	add({ reg(0, 4, 0x00ff00f0, 0x12345678) });
	write(0, 0xffffffff);
	EXPECT_EQ(read(0), 0x12ff56f8u);
	write(0, 0);
	EXPECT_EQ(read(0), 0x12005608u);
}

TEST_F(regs, a_bit_is_cleared_by_writing_1_to_it)
{
	vcxl_reg r = reg(0, 4, 0x0000000f);
	r.w1c = 0xff00;
	add({ r });
	vcxl_block_set(&block, 0, 4, 0xab05);
	write(0, 0x0105);
	EXPECT_EQ(read(0), 0xaa05u);
	write(0, 0xff0a);
	EXPECT_EQ(read(0), 0x000au);
}

TEST_F(regs, space_without_registers_reads_0_and_ignores_writes)
{
	add({ reg(0, 4, 0xffffffff) });
	write(4, 0xffffffff);
	EXPECT_EQ(read(4), 0u);
	EXPECT_EQ(read(0, 8), 0u);
}

TEST_F(regs, a_part_of_a_register_is_read_and_written_alone)
{
	vcxl_reg r = reg(0, 8, ~0ull, 0x8877665544332211);
	r.on_write = remember;
	add({ r });
	EXPECT_EQ(read(2, 1), 0x33u);
	EXPECT_EQ(read(3, 4), 0x77665544u);
	write(5, 0xaabb, 2);
	EXPECT_EQ(read(0, 8), 0x88aabb5544332211u);
	ASSERT_EQ(told.writes.size(), 1u);
	EXPECT_EQ(told.writes[0].old, 0x8877665544332211u) << "handlers see whole registers";
	EXPECT_EQ(told.writes[0].now, 0x88aabb5544332211u);
}

TEST_F(regs, an_access_over_several_registers_calls_each_handler)
{
	vcxl_reg a = reg(0, 1, 0xff), b = reg(2, 2, 0x0fff), c = reg(4, 4, 0xffffffff);
	for (vcxl_reg *r : { &a, &b, &c })
		r->on_write = remember;
	add({ a, b, c });
	write(0, 0x1122334455667788, 8);
	ASSERT_EQ(told.writes.size(), 3u);
	EXPECT_EQ(told.writes[0].now, 0x88u);
	EXPECT_EQ(told.writes[1].now, 0x0566u);
	EXPECT_EQ(told.writes[2].now, 0x11223344u);
}

TEST_F(regs, a_handler_is_called_also_when_no_bit_changed)
{
	vcxl_reg r = reg(0, 4, 1);
	r.on_write = remember;
	add({ r });
	write(0, 0);
	EXPECT_EQ(told.writes.size(), 1u);
	read(0);
	EXPECT_EQ(told.writes.size(), 1u);
}

TEST_F(regs, writable_replaces_the_mask_while_it_says_so)
{
	vcxl_reg r = reg(0, 4, 0xffff);
	r.writable = writable_unless_locked;
	add({ r, reg(4, 4, 0xffff) });
	write(0, 0x1111);
	told.locked = true;
	write(0, 0x0000222200003333, 8);
	EXPECT_EQ(read(0), 0x1111u);
	EXPECT_EQ(read(4), 0x2222u) << "the register beside it is not locked";
}

TEST_F(regs, on_read_gives_the_value_that_software_sees)
{
	vcxl_reg r = reg(0x10, 4, 0xff);
	r.count = 4;
	r.stride = 8;
	r.on_read = read_with_top_bits;
	add({ r });
	write(0x20, 0x50);
	EXPECT_EQ(read(0x20), 0xa0000052u);
	EXPECT_EQ(read(0x23, 1), 0xa0u);
	EXPECT_EQ(vcxl_block_get(&block, 0x20, 4), 0x50u) << "the device sees what is stored";
}

TEST_F(regs, elements_of_interleaved_arrays_are_told_by_their_index)
{
	vcxl_reg a = reg(0x10, 4, 0xffffffff), b = reg(0x14, 4, 0xffffffff);
	for (vcxl_reg *r : { &a, &b }) {
		r->count = 4;
		r->stride = 0x10;
		r->on_write = remember;
	}
	add({ a, b });
	write(0x30, 7);
	write(0x44, 9);
	ASSERT_EQ(told.writes.size(), 2u);
	EXPECT_EQ(told.writes[0].i, 2u);
	EXPECT_EQ(told.writes[1].i, 3u);
	write(0x18, 1); // between the elements
	EXPECT_EQ(told.writes.size(), 2u);
}

TEST_F(regs, the_count_of_a_table_cuts_its_arrays)
{
	vcxl_reg a = reg(0, 4, 0xf), b = reg(0x10, 4, 0xf);
	b.count = 8;
	b.stride = 4;
	add({ a, b }, 0, 2);
	for (std::uint32_t at : { 0x00, 0x10, 0x14, 0x18 })
		write(at, 0xf);
	EXPECT_EQ(read(0x00), 0xfu) << "a single register is none";
	EXPECT_EQ(read(0x14), 0xfu);
	EXPECT_EQ(read(0x18), 0u);
}

TEST_F(regs, other_widths_and_offsets_outside_are_access_errors)
{
	std::uint64_t value = 1;

	add({ reg(0, 4, 0xff) });
	for (unsigned width : { 0u, 3u, 5u, 16u }) {
		EXPECT_EQ(vcxl_block_read(&block, 0, width, &value), VCXL_E_ACCESS);
		EXPECT_EQ(vcxl_block_write(&block, 0, width, 0xff), VCXL_E_ACCESS);
	}
	EXPECT_EQ(value, 0u);
	EXPECT_EQ(vcxl_block_read(&block, 0xfd, 4, &value), VCXL_E_ACCESS);
	EXPECT_EQ(vcxl_block_read(&block, 0xfffffffe, 4, &value), VCXL_E_ACCESS);
	EXPECT_EQ(vcxl_block_read(&block, 0xfc, 4, &value), VCXL_OK);
	EXPECT_EQ(read(0), 0u);
}

TEST_F(regs, sticky_registers_survive_every_reset_but_a_cold_one)
{
	vcxl_reg sticky = reg(4, 4, 0xff, 0x10);
	sticky.sticky = true;
	add({ reg(0, 4, 0xff, 0x20), sticky });
	for (vcxl_reset kind : { VCXL_RESET_HOT, VCXL_RESET_CXL, VCXL_RESET_FLR }) {
		write(0, 0x77);
		write(4, 0x66);
		vcxl_block_reset(&block, kind);
		EXPECT_EQ(read(0), 0x20u);
		EXPECT_EQ(read(4), 0x66u);
	}
	vcxl_block_reset(&block, VCXL_RESET_COLD);
	EXPECT_EQ(read(4), 0x10u);
}

TEST_F(regs, a_reset_value_set_at_creation_comes_back)
{
	add({ reg(0, 4, 0xff, 0x20) });
	vcxl_block_set_reset(&block, 0, 4, 0x1234);
	EXPECT_EQ(read(0), 0x1234u);
	write(0, 0);
	vcxl_block_reset(&block, VCXL_RESET_HOT);
	EXPECT_EQ(read(0), 0x1234u);
}

const char *check(const std::vector<vcxl_reg> &rows, std::uint32_t size = 0x100)
{
	return vcxl_regs_check(rows.data(), static_cast<unsigned>(rows.size()), size);
}

TEST(regs_check, a_good_table_has_no_problem)
{
	vcxl_reg array = reg(0x10, 4, 0xffffffff), between = reg(0x14, 2, 0xffff);
	array.count = between.count = 4;
	array.stride = between.stride = 0x10;
	EXPECT_EQ(check({ reg(0, 4), reg(4, 8, ~0ull), array, between }), nullptr);
	EXPECT_EQ(check({}), nullptr);
}

TEST(regs_check, each_kind_of_mistake_is_named)
{
	vcxl_reg nameless = reg(0, 4), both = reg(0, 4, 0xf), wide_w1c = reg(0, 1);
	nameless.name = nullptr;
	both.w1c = 0x8;
	wide_w1c.w1c = 0x100;
	vcxl_reg tight = reg(0, 4), array = reg(0, 4);
	tight.count = array.count = 4;
	tight.stride = 2;
	array.stride = 8;
	EXPECT_STREQ(check({ nameless }), "a register has no name");
	EXPECT_STREQ(check({ reg(0, 3) }), "width is not 1, 2, 4 or 8");
	EXPECT_STREQ(check({ tight }), "elements of an array overlap");
	EXPECT_STREQ(check({ reg(0xfd, 4) }), "register lies outside the block");
	EXPECT_STREQ(check({ array }, 0x1b), "register lies outside the block");
	EXPECT_EQ(check({ array }, 0x1c), nullptr);
	EXPECT_STREQ(check({ reg(0, 1, 0x100) }), "mask or reset value exceeds the width");
	EXPECT_STREQ(check({ reg(0, 2, 0, 0x10000) }), "mask or reset value exceeds the width");
	EXPECT_STREQ(check({ wide_w1c }), "mask or reset value exceeds the width");
	EXPECT_STREQ(check({ both }), "a bit is both read-write and write-1-to-clear");
	EXPECT_STREQ(check({ reg(4, 4), reg(0, 4) }), "rows are not ordered by offset");
	EXPECT_STREQ(check({ reg(0, 4), reg(2, 4) }), "registers overlap");
	EXPECT_STREQ(check({ array, reg(0x12, 2) }), "registers overlap") << "third element";
	EXPECT_EQ(check({ array, reg(0x14, 4) }), nullptr) << "between elements";
}

} // namespace
