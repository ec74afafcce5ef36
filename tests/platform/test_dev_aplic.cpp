// SPDX-License-Identifier: Apache-2.0
//
// APLIC against AIA 1.0 chapter 4: source modes, pending and enable bits, delegation, and the
// addresses and data of outgoing MSIs.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include <aplic.h>

namespace
{

using message = std::pair<uint64_t, uint32_t>;

class aplic : public testing::Test
{
protected:
	aplic()
	{
		vcxl_aplic_init(&device, this, [](void *ctx, uint64_t hpa, uint32_t data) {
			aplic *self = static_cast<aplic *>(ctx);

			self->sent.emplace_back(hpa, data);
			if (hpa == 0xd002000 && self->messages_return)
				self->wr(s(), 0x2000, data);
			if (hpa == 0xd003000 && self->messages_return)
				self->wr(s(), 0x3000, data);
		});
		// hart n: M file at 0x24000000, S file at 0x28000000, both + n * 4 KiB
		wr(m(), 0x1bc0, 0x24000);
		wr(m(), 0x1bc4, 3 << 12);
		wr(m(), 0x1bc8, 0x28000);
		wr(m(), 0x1bcc, 0);
	}
	static unsigned m() { return 0; }
	static unsigned s() { return 1; }
	uint64_t rd(unsigned domain, uint64_t offset)
	{
		uint64_t value = ~uint64_t{ 0 };

		EXPECT_TRUE(vcxl_aplic_ops.read(&device.domains[domain], offset, 4, &value));
		return value;
	}
	void wr(unsigned domain, uint64_t offset, uint64_t value)
	{
		EXPECT_TRUE(vcxl_aplic_ops.write(&device.domains[domain], offset, 4, value));
	}
	void delegate(unsigned source) { wr(m(), 4 * source, 0x400); }
	// An enabled source of the S domain, for hart 2 as identity 33; domaincfg.IE is set.
	void set_up(unsigned source, unsigned mode)
	{
		delegate(source);
		wr(s(), 4 * source, mode);
		wr(s(), 0x3000 + 4 * source, 2 << 18 | 33);
		wr(s(), 0x1edc, source);
		wr(s(), 0, 0x100);
	}

	vcxl_aplic device;
	std::vector<message> sent;
	bool messages_return = false; // to the S domain itself
};

const std::vector<message> one_message = { { 0x28002000, 33 } };
const std::vector<message> two_messages = { { 0x28002000, 33 }, { 0x28002000, 33 } };

TEST_F(aplic, domaincfg_is_msi_delivery_mode_whatever_is_written)
{
	EXPECT_EQ(rd(m(), 0), 0x80000004u);
	wr(m(), 0, 0xffffffff);
	EXPECT_EQ(rd(m(), 0), 0x80000104u);
	wr(m(), 0, 0);
	EXPECT_EQ(rd(m(), 0), 0x80000004u);
}

TEST_F(aplic, sourcecfg_keeps_legal_modes)
{
	for (unsigned mode : { 0u, 1u, 4u, 5u, 6u, 7u }) {
		wr(m(), 4, mode);
		EXPECT_EQ(rd(m(), 4), mode);
	}
	for (unsigned reserved : { 2u, 3u }) {
		wr(m(), 4, reserved);
		EXPECT_EQ(rd(m(), 4), 0u);
	}
	wr(m(), 4 * 96, 6);
	EXPECT_EQ(rd(m(), 4 * 96), 6u);
	wr(m(), 4 * 97, 6);
	EXPECT_EQ(rd(m(), 4 * 97), 0u) << "96 sources";
}

TEST_F(aplic, child_sees_only_delegated_sources)
{
	wr(s(), 4 * 10, 6);
	EXPECT_EQ(rd(s(), 4 * 10), 0u);
	delegate(10);
	EXPECT_EQ(rd(m(), 4 * 10), 0x400u);
	EXPECT_EQ(rd(s(), 4 * 10), 0u) << "remains zero until written";
	wr(s(), 4 * 10, 6);
	EXPECT_EQ(rd(s(), 4 * 10), 6u);
	wr(m(), 4 * 10, 0);
	EXPECT_EQ(rd(s(), 4 * 10), 0u);
}

TEST_F(aplic, leaf_domain_cannot_delegate)
{
	delegate(10);
	wr(s(), 4 * 10, 6);
	wr(s(), 4 * 10, 0x406);
	EXPECT_EQ(rd(s(), 4 * 10), 0u) << "the entire register becomes zero";
}

TEST_F(aplic, inactive_source_has_no_pending_enable_or_target)
{
	wr(m(), 0x1c00, 1 << 5);
	wr(m(), 0x1e00, 1 << 5);
	wr(m(), 0x3000 + 4 * 5, 7);
	EXPECT_EQ(rd(m(), 0x1c00), 0u);
	EXPECT_EQ(rd(m(), 0x1e00), 0u);
	EXPECT_EQ(rd(m(), 0x3000 + 4 * 5), 0u);
	wr(m(), 4 * 5, 1);
	wr(m(), 0x1c00, 1 << 5);
	wr(m(), 0x1e00, 1 << 5);
	wr(m(), 0x3000 + 4 * 5, 7);
	EXPECT_EQ(rd(m(), 0x1c00), 0x20u);
	EXPECT_EQ(rd(m(), 0x1e00), 0x20u);
	EXPECT_EQ(rd(m(), 0x3000 + 4 * 5), 7u);
	wr(m(), 4 * 5, 0);
	wr(m(), 4 * 5, 1);
	EXPECT_EQ(rd(m(), 0x1c00), 0u);
	EXPECT_EQ(rd(m(), 0x1e00), 0u);
}

TEST_F(aplic, pending_and_enable_by_number_and_by_bit)
{
	for (unsigned source : { 31u, 32u, 96u })
		wr(m(), 4 * source, 1);
	wr(m(), 0x1cdc, 32);
	wr(m(), 0x1cdc, 96);
	wr(m(), 0x1c00, 0xffffffff);
	EXPECT_EQ(rd(m(), 0x1c00), 0x80000000u);
	EXPECT_EQ(rd(m(), 0x1c04), 1u);
	EXPECT_EQ(rd(m(), 0x1c0c), 1u);
	wr(m(), 0x1ddc, 32);
	wr(m(), 0x1d0c, 1);
	EXPECT_EQ(rd(m(), 0x1c04), 0u);
	EXPECT_EQ(rd(m(), 0x1c0c), 0u);
	wr(m(), 0x1edc, 31);
	wr(m(), 0x1e04, 1);
	EXPECT_EQ(rd(m(), 0x1e00), 0x80000000u);
	EXPECT_EQ(rd(m(), 0x1e04), 1u);
	wr(m(), 0x1fdc, 31);
	wr(m(), 0x1f04, 1);
	EXPECT_EQ(rd(m(), 0x1e00), 0u);
	EXPECT_EQ(rd(m(), 0x1e04), 0u);
	for (unsigned write_only :
	     { 0x1cdcu, 0x1ddcu, 0x1edcu, 0x1f00u, 0x1fdcu, 0x2000u, 0x2004u })
		EXPECT_EQ(rd(m(), write_only), 0u) << write_only;
	for (uint32_t no_source : { 0u, 97u, 0xffffffffu })
		wr(m(), 0x1cdc, no_source);
	EXPECT_EQ(rd(m(), 0x1c0c), 0u);
}

TEST_F(aplic, level_source_sends_one_msi_per_assertion)
{
	set_up(10, 6);
	vcxl_aplic_set_wire(&device, 10, true);
	EXPECT_EQ(sent, one_message);
	EXPECT_EQ(rd(s(), 0x1c00), 0u) << "forwarding clears the pending bit";
	EXPECT_EQ(rd(s(), 0x1d00), 0x400u) << "rectified input";
	vcxl_aplic_set_wire(&device, 10, true);
	EXPECT_EQ(sent, one_message);
	vcxl_aplic_set_wire(&device, 10, false);
	vcxl_aplic_set_wire(&device, 10, true);
	EXPECT_EQ(sent, two_messages);
}

TEST_F(aplic, setipnum_retriggers_a_level_source_only_while_asserted)
{
	set_up(10, 6);
	vcxl_aplic_set_wire(&device, 10, true);
	wr(s(), 0x2000, 10);
	EXPECT_EQ(sent, two_messages);
	vcxl_aplic_set_wire(&device, 10, false);
	wr(s(), 0x2000, 10);
	EXPECT_EQ(sent, two_messages);
	wr(s(), 0x1c00, 0x400);
	EXPECT_EQ(rd(s(), 0x1c00), 0u);
}

TEST_F(aplic, pending_level_source_is_cleared_when_the_wire_falls)
{
	set_up(10, 6);
	wr(s(), 0, 0);
	vcxl_aplic_set_wire(&device, 10, true);
	EXPECT_EQ(rd(s(), 0x1c00), 0x400u);
	vcxl_aplic_set_wire(&device, 10, false);
	EXPECT_EQ(rd(s(), 0x1c00), 0u);
	wr(s(), 0, 0x100);
	EXPECT_TRUE(sent.empty());
}

TEST_F(aplic, edge_source_stays_pending_when_the_wire_falls)
{
	set_up(10, 4);
	wr(s(), 0, 0);
	vcxl_aplic_set_wire(&device, 10, true);
	vcxl_aplic_set_wire(&device, 10, false);
	EXPECT_EQ(rd(s(), 0x1c00), 0x400u);
	wr(s(), 0, 0x100);
	EXPECT_EQ(sent, one_message);
	wr(s(), 0x1cdc, 10);
	EXPECT_EQ(sent, two_messages) << "software may set an edge source";
}

TEST_F(aplic, inverted_sources_act_on_the_falling_wire)
{
	for (unsigned mode : { 5u, 7u }) {
		sent.clear();
		vcxl_aplic_set_wire(&device, 10, true);
		set_up(10, mode);
		EXPECT_TRUE(sent.empty());
		EXPECT_EQ(rd(s(), 0x1d00), 0u);
		vcxl_aplic_set_wire(&device, 10, false);
		EXPECT_EQ(sent, one_message);
		EXPECT_EQ(rd(s(), 0x1d00), 0x400u);
		wr(m(), 4 * 10, 0);
	}
}

TEST_F(aplic, detached_source_ignores_its_wire)
{
	set_up(10, 1);
	vcxl_aplic_set_wire(&device, 10, true);
	EXPECT_TRUE(sent.empty());
	EXPECT_EQ(rd(s(), 0x1d00), 0u);
	wr(s(), 0x2000, 10);
	EXPECT_EQ(sent, one_message);
}

TEST_F(aplic, asserted_wire_is_pending_when_the_source_becomes_active)
{
	vcxl_aplic_set_wire(&device, 10, true);
	delegate(10);
	wr(s(), 40, 6);
	EXPECT_EQ(rd(s(), 0x1c00), 0x400u);
}

TEST_F(aplic, disabled_source_waits_and_enabling_forwards_it)
{
	set_up(10, 4);
	wr(s(), 0x1fdc, 10);
	vcxl_aplic_set_wire(&device, 10, true);
	EXPECT_TRUE(sent.empty());
	wr(s(), 0x1edc, 10);
	EXPECT_EQ(sent, one_message);
}

TEST_F(aplic, several_pending_sources_are_forwarded_lowest_first)
{
	set_up(40, 1);
	set_up(3, 1);
	wr(s(), 0x3000 + 4 * 3, 44);
	wr(s(), 0, 0);
	wr(s(), 0x1cdc, 40);
	wr(s(), 0x1cdc, 3);
	wr(s(), 0, 0x100);
	EXPECT_EQ(sent, (std::vector<message>{ { 0x28000000, 44 }, { 0x28002000, 33 } }));
}

TEST_F(aplic, machine_domain_sends_to_machine_files)
{
	wr(m(), 4 * 7, 4);
	wr(m(), 0x3000 + 4 * 7, 5 << 18 | 63 << 12 | 9);
	EXPECT_EQ(rd(m(), 0x3000 + 4 * 7), (5u << 18 | 9u)) << "no guest index";
	wr(m(), 0x1edc, 7);
	wr(m(), 0, 0x100);
	vcxl_aplic_set_wire(&device, 7, true);
	EXPECT_EQ(sent, (std::vector<message>{ { 0x24005000, 9 } }));
}

TEST_F(aplic, msi_address_by_group_and_member)
{
	// groups of 4 harts 2^24 bytes apart: HHXW 1, LHXW 2, HHXS 0; members 8 KiB apart in S
	wr(m(), 0x1bc4, 1 << 16 | 2 << 12 | 0x1);
	wr(m(), 0x1bcc, 1 << 20 | 0x2);
	wr(m(), 0x3000, 6 << 18 | 17);
	wr(s(), 0x3000, 7 << 18 | 18);
	EXPECT_EQ(sent, (std::vector<message>{ { 0x100025002000, 17 }, { 0x200029006000, 18 } }));
	sent.clear();
	wr(m(), 0x1bc4, 3 << 24 | 1 << 20 | 1 << 16 | 2 << 12);
	wr(m(), 0x3000, 6 << 18 | 17);
	EXPECT_EQ(sent, (std::vector<message>{ { 0x2c004000, 17 } })) << "HHXS 3: bit 27; LHXS 1";
}

TEST_F(aplic, msi_addresses_lock_with_bit_31_and_are_hidden_from_the_child)
{
	EXPECT_EQ(rd(m(), 0x1bc0), 0x24000u);
	EXPECT_EQ(rd(m(), 0x1bc4), 0x3000u);
	EXPECT_EQ(rd(s(), 0x1bc0), 0u);
	wr(s(), 0x1bc8, 1);
	EXPECT_EQ(rd(m(), 0x1bc8), 0x28000u);
	wr(m(), 0x1bcc, 0xffffffff);
	EXPECT_EQ(rd(m(), 0x1bcc), 0x00700fffu);
	wr(m(), 0x1bc4, 0xffffffff);
	EXPECT_EQ(rd(m(), 0x1bc4), 0x9f77ffffu);
	wr(m(), 0x1bc0, 0);
	wr(m(), 0x1bc4, 0);
	wr(m(), 0x1bc8, 0);
	EXPECT_EQ(rd(m(), 0x1bc0), 0x24000u);
	EXPECT_EQ(rd(m(), 0x1bc4), 0x9f77ffffu);
	EXPECT_EQ(rd(m(), 0x1bc8), 0x28000u);
}

TEST_F(aplic, genmsi_is_sent_even_when_the_domain_is_disabled)
{
	wr(s(), 0x3000, 1 << 18 | 55);
	EXPECT_EQ(sent, (std::vector<message>{ { 0x28001000, 55 } }));
	EXPECT_EQ(rd(s(), 0x3000), (1u << 18 | 55u)) << "not busy any more";
}

TEST_F(aplic, an_msi_to_the_aplic_itself_neither_recurses_nor_hangs)
{
	wr(m(), 0x1bc4, 0);
	wr(m(), 0x1bc8, 0xd002);
	messages_return = true;
	delegate(10);
	wr(s(), 4 * 10, 1);
	wr(s(), 0x3000 + 4 * 10, 10); // its MSI makes it pending again
	wr(s(), 0x1edc, 10);
	wr(s(), 0, 0x100);
	wr(s(), 0x2000, 10);
	EXPECT_EQ(sent.size(), 96u);
	sent.clear();
	wr(s(), 0, 0);
	wr(m(), 0x1bc8, 0xd003);
	wr(s(), 0x3000, 10);
	EXPECT_EQ(sent.size(), 1u) << "genmsi ignores writes while it is busy";
}

TEST_F(aplic, reset_clears_registers_and_keeps_wires)
{
	set_up(10, 6);
	vcxl_aplic_set_wire(&device, 10, true);
	vcxl_aplic_reset(&device);
	EXPECT_EQ(rd(s(), 0), 0x80000004u);
	EXPECT_EQ(rd(m(), 4 * 10), 0u);
	EXPECT_EQ(rd(m(), 0x1bc0), 0u);
	wr(m(), 4 * 10, 6);
	EXPECT_EQ(rd(m(), 0x1d00), 0x400u);
}

TEST_F(aplic, words_only_and_reserved_space_reads_zero)
{
	uint64_t value;

	for (unsigned width : { 1u, 2u, 8u })
		EXPECT_FALSE(vcxl_aplic_ops.read(&device.domains[0], 0, width, &value));
	EXPECT_FALSE(vcxl_aplic_ops.write(&device.domains[0], 2, 4, 0));
	EXPECT_FALSE(vcxl_aplic_ops.read(&device.domains[0], 0x8000, 4, &value));
	for (unsigned reserved : { 0x1000u, 0x1c80u, 0x2008u, 0x4000u, 0x7ffcu }) {
		wr(m(), reserved, 0xffffffff);
		EXPECT_EQ(rd(m(), reserved), 0u) << reserved;
	}
}

} // namespace
