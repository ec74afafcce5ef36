// SPDX-License-Identifier: Apache-2.0
//
// The table of tables: every register table of every object is well-formed. Sees private headers,
// because component registers are laid out behind them.
#include <gtest/gtest.h>

#include "core_objects.h"

extern "C" {
#include "component.h"
}

namespace
{

void expect_well_formed(const vcxl_block &block, const char *what)
{
	ASSERT_GT(block.n_tables, 0u) << what;
	for (unsigned t = 0; t < block.n_tables; t++) {
		const vcxl_reg_table &table = block.tables[t];
		EXPECT_STREQ(vcxl_regs_check(table.rows, table.n_rows, block.size - table.base),
			     nullptr)
			<< what << ", table at " << table.base;
	}
}

TEST(tables, configuration_spaces_are_well_formed)
{
	for (vcxl_port_kind kind : { VCXL_PORT_ROOT, VCXL_PORT_UPSTREAM, VCXL_PORT_DOWNSTREAM }) {
		vcxl_port_config config = test::port_config(kind);
		config.serial = 5;
		test::port port(config);
		expect_well_formed(port.pci()->config, "port");
		if (kind == VCXL_PORT_UPSTREAM)
			continue;
		config.hotplug = true;
		test::port with_slot(config);
		expect_well_formed(with_slot.pci()->config, "port with hot-plug");
	}
	test::memdev memdev(test::GiB, test::GiB);
	expect_well_formed(memdev.pci()->config, "memory device");
}

TEST(tables, component_registers_are_well_formed)
{
	auto component = std::make_unique<vcxl_component>();
	vcxl_hdm hdm{};

	for (unsigned n : { 1u, 10u, 32u }) {
		hdm.config = { false, static_cast<std::uint8_t>(n), 8, 52 };
		vcxl_component_init(component.get(), &hdm, true, nullptr, "c");
		expect_well_formed(component->block, "component");
	}
	vcxl_component_init(component.get(), nullptr, false, nullptr, "c");
	expect_well_formed(component->block, "component without decoders");
}

TEST(tables, the_last_of_32_decoders_is_there_and_nothing_behind_it)
{
	auto component = std::make_unique<vcxl_component>();
	vcxl_hdm hdm{};
	std::uint64_t value = 5;

	hdm.config = { false, 32, 8, 52 };
	vcxl_component_init(component.get(), &hdm, true, nullptr, "c");
	const std::uint32_t base = 0x1000 + component->hdm_offset;
	for (std::uint32_t at : { base + 0x10 + 0x20 * 31 + 4, base + 0x10 + 0x20 * 32 + 4 })
		ASSERT_EQ(vcxl_component_access(component.get(), true, at, 4, &value), VCXL_OK);
	value = 0;
	ASSERT_EQ(vcxl_component_access(component.get(), false, base + 0x10 + 0x20 * 31 + 4, 4,
					&value),
		  VCXL_OK);
	EXPECT_EQ(value, 5u);
	ASSERT_EQ(vcxl_component_access(component.get(), false, base + 0x10 + 0x20 * 32 + 4, 4,
					&value),
		  VCXL_OK);
	EXPECT_EQ(value, 0u);
}

TEST(hdm_internal, a_locked_decoder_is_not_uncommitted_even_when_asked_directly)
{
	vcxl_hdm hdm{};
	vcxl_hdm_request request{};

	hdm.config = { true, 1, 1, 52 };
	hdm.n_partitions = 1;
	hdm.partitions[0] = { 0, test::GiB };
	request.size = test::GiB;
	request.lock_on_commit = true;
	ASSERT_EQ(vcxl_hdm_commit(&hdm, 0, &request), VCXL_HDM_ERR_NONE);
	vcxl_hdm_uncommit(&hdm, 0);
	EXPECT_EQ(hdm.decoders[0].state, VCXL_DECODER_COMMITTED);
	vcxl_hdm_reset(&hdm);
	EXPECT_EQ(hdm.decoders[0].state, VCXL_DECODER_OFF);
}

TEST(hdm_internal, back_invalidate_and_uio_are_refused)
{
	vcxl_hdm hdm{};
	vcxl_hdm_request request{};

	hdm.config = { true, 1, 1, 52 };
	hdm.n_partitions = 1;
	hdm.partitions[0] = { 0, test::GiB };
	request.size = test::GiB;
	request.bi = true;
	EXPECT_EQ(vcxl_hdm_commit(&hdm, 0, &request), VCXL_HDM_ERR_TYPE);
	request.bi = false;
	request.uio = true;
	EXPECT_EQ(vcxl_hdm_commit(&hdm, 0, &request), VCXL_HDM_ERR_TYPE);
	request.uio = false;
	EXPECT_EQ(vcxl_hdm_commit(&hdm, 0, &request), VCXL_HDM_ERR_NONE);
}

// Each of the 13 legal counts and its encoding; all others are refused.
TEST(tables, the_decoder_count_is_encoded_as_specified) // CXL r3.1 8.2.4.20.1
{
	const unsigned counts[] = { 1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32 };
	unsigned n_valid = 0;

	for (unsigned n = 0; n < 64; n++)
		n_valid += vcxl_hdm_count_valid(n);
	EXPECT_EQ(n_valid, 13u);
	for (unsigned enc = 0; enc < 13; enc++) {
		auto component = std::make_unique<vcxl_component>();
		vcxl_hdm hdm{};
		std::uint64_t value;

		EXPECT_TRUE(vcxl_hdm_count_valid(counts[enc]));
		hdm.config = { false, static_cast<std::uint8_t>(counts[enc]), 8, 52 };
		vcxl_component_init(component.get(), &hdm, true, nullptr, "c");
		ASSERT_EQ(vcxl_component_access(component.get(), false,
						0x1000 + component->hdm_offset, 4, &value),
			  VCXL_OK);
		EXPECT_EQ(value & 0xf, enc);
	}
}

} // namespace
