// SPDX-License-Identifier: Apache-2.0
//
// HDM decoder edge cases through sockets: registers by configuration, BAR and CHBCR accesses,
// memory by CXL.mem. CXL r3.1 8.2.4.20, 9.13.3. Control register: 9 commit, 10 committed, 11 error
// not committed.
#include <gtest/gtest.h>

#include "tlm_harness.h"

using namespace vcxl_test;

namespace
{

constexpr uint64_t base = 0x1000000000; // 64 GiB
constexpr uint32_t committed = 0x400, error_not_committed = 0x800, state_mask = 0xc00;

// One window, one host bridge with one root port, one device of 4 x 256 MiB. The host bridge is
// programmed so that what a test sees is decided by the endpoint.
class single_device
{
public:
	fabric f;
	const node &md;
	initiator &host;

	single_device()
	    : f({ { bridge({ memdev(4 * quarter_gib) }) },
		  { { base, 8 * quarter_gib, 256, { 0 } } } }),
	      md(*f.memdevs[0]), host(*f.mem[0])
	{
		f.start();
		decoder_spec all;

		all.base = base;
		all.size = 8 * quarter_gib;
		EXPECT_EQ(f.commit(*f.bridges[0], 0, all) & state_mask, committed);
		f.set_hdm_enable(*f.bridges[0], true);
		f.set_hdm_enable(md, true);
	}

	uint32_t commit(unsigned decoder, uint64_t at, uint64_t size, unsigned eiw = 0,
			unsigned eig = 0, uint64_t skip = 0)
	{
		return f.commit(md, decoder, { at, size, eiw, eig, skip, false }) & state_mask;
	}

	tlm::tlm_response_status read(uint64_t hpa)
	{
		uint64_t value = 0;

		return host.read(hpa, &value, 8);
	}
};

} // namespace

TEST(decoder_edge_case, 01_size_zero_sets_error_not_committed)
{
	single_device d;

	EXPECT_EQ(d.commit(0, base, 0), error_not_committed);
	EXPECT_EQ(d.read(base), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	// clearing Commit clears the error, CXL r3.1 8.2.4.20.7
	d.f.uncommit(d.md, 0);
	EXPECT_EQ(d.f.control(d.md, 0) & state_mask, 0u);
}

TEST(decoder_edge_case, 02_base_and_size_low_bits_read_zero)
{
	single_device d;
	const uint32_t at = d.f.hdm_offset(d.md);

	d.f.component_write(d.md, at + 0x10, 0x1fffffff);
	d.f.component_write(d.md, at + 0x18, 0x1fffffff);
	EXPECT_EQ(d.f.component_read(d.md, at + 0x10), 0x10000000u);
	EXPECT_EQ(d.f.component_read(d.md, at + 0x18), 0x10000000u);
	// the decoder takes the aligned-down values
	EXPECT_EQ(d.commit(0, base + 0x0fffffff, quarter_gib + 0x0fffffff), committed);
	EXPECT_EQ(d.read(base), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(d.read(base + quarter_gib), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST(decoder_edge_case, 03_range_beyond_the_host_address_width_is_an_error)
{
	single_device d;

	EXPECT_EQ(d.commit(0, 0xfffffffff0000000, quarter_gib), error_not_committed); // no wrap yet
	d.f.uncommit(d.md, 0);
	EXPECT_EQ(d.commit(0, 0xfffffffff0000000, 2 * quarter_gib), error_not_committed); // wraps
	d.f.uncommit(d.md, 0);
	EXPECT_EQ(d.commit(0, (1ull << 52) - quarter_gib, 2 * quarter_gib), error_not_committed);
	d.f.uncommit(d.md, 0);
	EXPECT_EQ(d.commit(0, (1ull << 52) - quarter_gib, quarter_gib), committed); // up to 52 bits
}

TEST(decoder_edge_case, 04_decoder_1_before_0_is_an_error)
{
	single_device d;

	EXPECT_EQ(d.commit(1, base, quarter_gib), error_not_committed);
	EXPECT_EQ(d.read(base), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	EXPECT_EQ(d.commit(0, base, quarter_gib), committed);
	d.f.uncommit(d.md, 1);
	EXPECT_EQ(d.commit(1, base + quarter_gib, quarter_gib), committed);
	EXPECT_EQ(d.read(base + quarter_gib), tlm::TLM_OK_RESPONSE);
}

TEST(decoder_edge_case, 05_base_below_the_decoder_before_is_an_error)
{
	single_device d;

	EXPECT_EQ(d.commit(0, base + 2 * quarter_gib, quarter_gib), committed);
	EXPECT_EQ(d.commit(1, base, quarter_gib), error_not_committed);
	EXPECT_EQ(d.read(base), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST(decoder_edge_case, 06_overlap_is_an_error)
{
	single_device d;

	EXPECT_EQ(d.commit(0, base, 2 * quarter_gib), committed);
	EXPECT_EQ(d.commit(1, base + quarter_gib, 2 * quarter_gib), error_not_committed);
	EXPECT_EQ(d.read(base + 2 * quarter_gib), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	d.f.uncommit(d.md, 1);
	EXPECT_EQ(d.commit(1, base + 2 * quarter_gib, 2 * quarter_gib), committed);
}

TEST(decoder_edge_case, 07_reserved_encodings_are_errors)
{
	single_device d;

	for (const unsigned eiw : { 5u, 6u, 7u, 11u, 12u, 13u, 14u, 15u }) {
		EXPECT_EQ(d.commit(0, base, 16 * quarter_gib, eiw, 0), error_not_committed) << eiw;
		d.f.uncommit(d.md, 0);
	}
	for (unsigned eig = 7; eig < 16; eig++) {
		EXPECT_EQ(d.commit(0, base, quarter_gib, 0, eig), error_not_committed) << eig;
		d.f.uncommit(d.md, 0);
	}
	EXPECT_EQ(d.read(base), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	// 3-way is legal at an endpoint, but at no port
	EXPECT_EQ(d.commit(0, base, 3 * quarter_gib, 8, 0), committed);
	d.f.uncommit(*d.f.bridges[0], 0);
	EXPECT_EQ(d.f.commit(*d.f.bridges[0], 0, { base, 3 * quarter_gib, 8, 0, 0, false }) &
			  state_mask,
		  error_not_committed);
}

TEST(decoder_edge_case, 08_size_must_be_a_multiple_of_ways_times_256_mib)
{
	single_device d;

	EXPECT_EQ(d.commit(0, base, 3 * quarter_gib, 1, 0), error_not_committed);
	d.f.uncommit(d.md, 0);
	EXPECT_EQ(d.commit(0, base, 4 * quarter_gib, 8, 0), error_not_committed);
	d.f.uncommit(d.md, 0);
	EXPECT_EQ(d.commit(0, base, 4 * quarter_gib, 1, 0), committed);
}

TEST(decoder_edge_case, 09_dpa_skip_past_capacity_is_an_error)
{
	single_device d;

	EXPECT_EQ(d.commit(0, base, quarter_gib, 0, 0, 4 * quarter_gib), error_not_committed);
	d.f.uncommit(d.md, 0);
	EXPECT_EQ(d.commit(0, base, quarter_gib, 0, 0, 0xfffffffff0000000), error_not_committed);
	d.f.uncommit(d.md, 0);
	EXPECT_EQ(d.commit(0, base, 2 * quarter_gib, 0, 0, 3 * quarter_gib), error_not_committed);
	d.f.uncommit(d.md, 0);
	EXPECT_EQ(d.commit(0, base, quarter_gib, 0, 0, 3 * quarter_gib), committed);

	const uint64_t mark = 0x1122334455667788;

	EXPECT_EQ(d.host.write(base + 8, &mark, 8), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(memcmp(d.md.volatile_media->bytes() + 3 * quarter_gib + 8, &mark, 8), 0);
}

TEST(decoder_edge_case, 10_lock_on_commit_freezes_until_conventional_reset)
{
	single_device d;
	const uint32_t at = d.f.hdm_offset(d.md);

	EXPECT_EQ(d.f.commit(d.md, 0, { base, quarter_gib, 0, 0, 0, true }) & state_mask,
		  committed);
	d.f.component_write(d.md, at + 0x10, 0x70000000);
	d.f.component_write(d.md, at + 0x14, 0x77);
	d.f.component_write(d.md, at + 0x20, 0); // Commit 0
	EXPECT_EQ(d.f.component_read(d.md, at + 0x10), static_cast<uint32_t>(base));
	EXPECT_EQ(d.f.component_read(d.md, at + 0x14), static_cast<uint32_t>(base >> 32));
	EXPECT_EQ(d.f.control(d.md, 0) & state_mask, committed);
	EXPECT_EQ(d.read(base), tlm::TLM_OK_RESPONSE);

	d.md.memdev->reset(VCXL_RESET_HOT);
	d.f.config_write(d.md, 0x10, static_cast<uint32_t>(d.md.mmio), 4); // the BAR was reset too
	d.f.config_write(d.md, 0x04, 0x6, 2);
	EXPECT_EQ(d.f.control(d.md, 0) & state_mask, 0u);
	d.f.component_write(d.md, at + 0x10, 0x70000000);
	EXPECT_EQ(d.f.component_read(d.md, at + 0x10), 0x70000000u);
}

TEST(decoder_edge_case, 11_cleared_commit_ends_access)
{
	single_device d;
	const uint64_t mark = 0xa5a5a5a5a5a5a5a5;

	EXPECT_EQ(d.commit(0, base, quarter_gib), committed);
	EXPECT_EQ(d.host.write(base, &mark, 8), tlm::TLM_OK_RESPONSE);
	d.f.uncommit(d.md, 0);
	EXPECT_EQ(d.read(base), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	const uint64_t zero = 0;

	EXPECT_EQ(d.host.write(base, &zero, 8), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	EXPECT_EQ(memcmp(d.md.volatile_media->bytes(), &mark, 8), 0) << "the write is dropped";
	// no alias: the same media at another host address, and only there
	EXPECT_EQ(d.commit(0, base + quarter_gib, quarter_gib), committed);
	EXPECT_EQ(d.read(base), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	uint64_t value = 0;

	EXPECT_EQ(d.host.read(base + quarter_gib, &value, 8), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(value, mark);
}

TEST(decoder_edge_case, 12_disabled_decoding_is_a_master_abort)
{
	single_device d;

	EXPECT_EQ(d.commit(0, base, quarter_gib), committed);
	EXPECT_EQ(d.read(base), tlm::TLM_OK_RESPONSE);
	d.f.set_mem_enable(d.md, false);
	EXPECT_EQ(d.read(base), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	d.f.set_mem_enable(d.md, true);
	EXPECT_EQ(d.read(base), tlm::TLM_OK_RESPONSE);
	d.f.set_hdm_enable(d.md, false);
	EXPECT_EQ(d.read(base), tlm::TLM_ADDRESS_ERROR_RESPONSE);
	d.f.set_hdm_enable(d.md, true);
	EXPECT_EQ(d.read(base), tlm::TLM_OK_RESPONSE);
	d.f.set_hdm_enable(*d.f.bridges[0], false);
	EXPECT_EQ(d.read(base), tlm::TLM_OK_RESPONSE) << "a bridge has no such bit";
}

TEST(decoder_edge_case, 13_access_across_a_granule_reaches_both_devices)
{
	fabric f({ { bridge({ memdev(), memdev() }) }, { { base, 2 * quarter_gib, 256, { 0 } } } });

	f.start();
	// port numbers 0 and 1 in target order
	EXPECT_EQ(f.commit(*f.bridges[0], 0, { base, 2 * quarter_gib, 1, 0, 0x0100, false }) &
			  state_mask,
		  committed);
	f.set_hdm_enable(*f.bridges[0], true);
	for (const node *m : f.memdevs) {
		EXPECT_EQ(f.commit(*m, 0, { base, 2 * quarter_gib, 1, 0, 0, false }) & state_mask,
			  committed);
		f.set_hdm_enable(*m, true);
	}
	uint8_t out[16], in[16] = {};

	for (uint8_t i = 0; i < 16; i++)
		out[i] = static_cast<uint8_t>(0xc0 + i);
	EXPECT_EQ(f.mem[0]->write(base + 0xfb, out, 16), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(memcmp(f.memdevs[0]->volatile_media->bytes() + 0xfb, out, 5), 0);
	EXPECT_EQ(memcmp(f.memdevs[1]->volatile_media->bytes(), out + 5, 11), 0);
	EXPECT_EQ(f.memdevs[0]->volatile_media->bytes()[0x100], 0);
	EXPECT_EQ(f.mem[0]->read(base + 0xfb, in, 16), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(memcmp(in, out, 16), 0);
}

TEST(decoder_edge_case, 14_three_way_position_is_the_absolute_address_modulo_3)
{
	const uint64_t unaligned = base + quarter_gib; // no multiple of 3 x 256 MiB
	fabric f({ { bridge({ memdev() }), bridge({ memdev() }), bridge({ memdev() }) },
		   { { unaligned, 3 * quarter_gib, 256, { 0, 1, 2 } } } });

	f.start();
	for (unsigned i = 0; i < 3; i++) {
		EXPECT_EQ(
			f.commit(*f.bridges[i], 0, { unaligned, 3 * quarter_gib, 0, 0, 0, false }) &
				state_mask,
			committed);
		EXPECT_EQ(
			f.commit(*f.memdevs[i], 0, { unaligned, 3 * quarter_gib, 8, 0, 0, false }) &
				state_mask,
			committed);
		f.set_hdm_enable(*f.bridges[i], true);
		f.set_hdm_enable(*f.memdevs[i], true);
	}
	for (uint64_t granule = 0; granule < 9; granule++) {
		const uint64_t hpa = unaligned + 256 * granule;
		const uint64_t mark = hpa ^ 0x5555555555555555;
		const node &m = *f.memdevs[(hpa / 256) % 3];

		EXPECT_EQ(f.mem[0]->write(hpa, &mark, 8), tlm::TLM_OK_RESPONSE);
		EXPECT_EQ(memcmp(m.volatile_media->bytes() + 256 * (granule / 3), &mark, 8), 0)
			<< "granule " << granule;
	}
	EXPECT_NE(unaligned / 256 % 3, 0u) << "else the two conventions are the same";
}

TEST(decoder_edge_case, 15_registers_of_a_committed_decoder_ignore_writes)
{
	single_device d;
	const uint32_t at = d.f.hdm_offset(d.md);

	EXPECT_EQ(d.commit(0, base, quarter_gib), committed);
	for (const uint32_t offset : { 0x10u, 0x14u, 0x18u, 0x1cu, 0x24u, 0x28u }) {
		const uint32_t before = d.f.component_read(d.md, at + offset);

		d.f.component_write(d.md, at + offset, 0xf0000000);
		EXPECT_EQ(d.f.component_read(d.md, at + offset), before) << std::hex << offset;
	}
	EXPECT_EQ(d.read(base), tlm::TLM_OK_RESPONSE);
	EXPECT_EQ(d.read(base + quarter_gib), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}
