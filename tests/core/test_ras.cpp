// SPDX-License-Identifier: Apache-2.0
//
// Protocol errors: what the RAS capability records, how internal errors signal it, and what reaches
// the root port. CXL r3.1 8.2.4.17; PCIe r6.0 6.2, 7.8.4.
#include <memory>
#include <vector>

#include "core_objects.h"

namespace
{

using test::upward;

constexpr vcxl_space cfg = VCXL_SPACE_CONFIG, regs = VCXL_SPACE_COMPONENT;
constexpr std::uint32_t ras = 0x1080; // checked below
constexpr std::uint32_t unc_status = ras, unc_mask = ras + 4, severity = ras + 8,
			cor_status = ras + 0xc, cor_mask = ras + 0x10, control = ras + 0x14,
			header = ras + 0x18;
constexpr std::uint32_t none = 0x23f; // no first error; multiple header recording

template <class Object> std::uint32_t aer_of(const Object &o)
{
	std::uint32_t at = 0x100;

	while (at && (o.read(cfg, at) & 0xffff) != 1)
		at = o.read(cfg, at) >> 20;
	EXPECT_NE(at, 0u);
	return at;
}

template <class Object> std::uint32_t pcie_of(const Object &o)
{
	std::uint32_t at = o.read(cfg, 0x34, 1);

	while (at && o.read(cfg, at, 1) != 0x10)
		at = o.read(cfg, at + 1, 1);
	EXPECT_NE(at, 0u);
	return at;
}

vcxl_ras_error error(unsigned bit, std::uint32_t mark = 0)
{
	vcxl_ras_error e{};

	e.bit = static_cast<vcxl_ras_uncorrectable>(bit);
	for (std::uint32_t i = 0; i < 16; i++)
		e.header[i] = mark + i;
	return e;
}

struct device : test::memdev {
	device() : test::memdev(test::GiB, 0) { EXPECT_EQ(read(regs, 0x1004), 0x08030002u); }
	void meet(const std::vector<vcxl_ras_error> &list)
	{
		EXPECT_EQ(vcxl_memdev_uncorrectable_errors(get(), list.data(),
							   static_cast<unsigned>(list.size())),
			  VCXL_OK);
	}
	void correct(unsigned bit)
	{
		EXPECT_EQ(vcxl_memdev_correctable_error(get(),
							static_cast<vcxl_ras_correctable>(bit)),
			  VCXL_OK);
	}
	void unmask()
	{
		write(regs, unc_mask, 0);
		write(regs, cor_mask, 0);
	}
	// Lets internal errors out: AER masks, Device Control.
	void report(std::uint32_t device_control = 0xf)
	{
		const std::uint32_t aer = aer_of(*this), pcie = pcie_of(*this);

		write(cfg, aer + 0x08, 0);
		write(cfg, aer + 0x14, 0);
		write(cfg, pcie + 0x08, device_control, 2);
	}
	std::vector<std::uint32_t> headers() const
	{
		std::vector<std::uint32_t> list;

		for (std::uint32_t i = 0; i < 16; i++)
			list.push_back(read(regs, header + 4 * i));
		return list;
	}
	// Status, First Error Pointer and first dword of the header log.
	void expect(std::uint32_t status, std::uint32_t first, std::uint32_t log) const
	{
		EXPECT_EQ(read(regs, unc_status), status);
		EXPECT_EQ(read(regs, control) & 0x3f, first);
		EXPECT_EQ(read(regs, header), log);
	}
};

// device below a root port, or below a switch
struct hierarchy {
	test::port root{ test::port_config(VCXL_PORT_ROOT) };
	test::port up{ test::port_config(VCXL_PORT_UPSTREAM) };
	test::port down{ test::port_config(VCXL_PORT_DOWNSTREAM) };
	device dev;

	explicit hierarchy(bool with_switch)
	{
		dev.said().above = with_switch ? down.get() : root.get();
		down.said().above = up.get();
		up.said().above = root.get();
		vcxl_pci_capture_id(dev.pci(), 0x0f, 0);
		dev.unmask();
		dev.report();
		for (test::port *p : { &root, &up, &down }) {
			p->write(cfg, 0x3e, 2, 2); /* Bridge Control: SERR# */
			p->write(cfg, pcie_of(*p) + 8, 0xf, 2);
		}
		root.write(cfg, 0x04, 4, 2); /* bus master */
		const std::uint32_t msi = root.read(cfg, 0x40, 1) == 5 ? 0x40 : 0x60;

		root.write(cfg, msi + 4, 0x28000000);
		root.write(cfg, msi + 0xc, 0x21, 2);
		root.write(cfg, msi + 2, 1, 2);
	}
	std::uint32_t aer(std::uint32_t offset) { return root.read(cfg, aer_of(root) + offset); }
	void set_aer(std::uint32_t offset, std::uint32_t value)
	{
		root.write(cfg, aer_of(root) + offset, value);
	}
	size_t interrupts() { return root.said().messages.size(); }
};

} // namespace

/* ---- the RAS capability ---- */

TEST(ras, a_masked_error_leaves_no_trace)
{
	device dev;

	dev.report();
	dev.meet({ error(1, 0x100), error(16) });
	dev.correct(6);
	dev.expect(0, 0, 0);
	EXPECT_EQ(dev.read(regs, cor_status), 0u);
	EXPECT_EQ(dev.read(cfg, aer_of(dev) + 4), 0u);
	EXPECT_EQ(dev.read(cfg, pcie_of(dev) + 0xa, 2), 0u);
	EXPECT_TRUE(dev.said().errors.empty());
}

TEST(ras, an_error_that_does_not_exist_is_refused_whole)
{
	device dev;
	const vcxl_ras_error list[] = { error(0), error(12) };

	dev.unmask();
	EXPECT_EQ(vcxl_memdev_uncorrectable_errors(dev.get(), list, 2), VCXL_E_CONFIG);
	EXPECT_EQ(vcxl_memdev_correctable_error(dev.get(), static_cast<vcxl_ras_correctable>(7)),
		  VCXL_E_CONFIG);
	dev.expect(0, 0, 0);
}

TEST(ras, headers_come_up_one_by_one_as_the_bit_of_the_first_error_is_cleared)
{
	device dev;

	dev.unmask();
	dev.meet({ error(1, 0x100), error(0, 0x200), error(1, 0x300), error(14, 0x400) });
	dev.expect(0x4003, 1, 0x100);
	dev.write(regs, unc_status, 1u << 1);
	dev.expect(0x4003, 0, 0x200);
	dev.write(regs, unc_status, 1u << 0);
	dev.expect(0x4002, 1, 0x300);
	dev.write(regs, unc_status, 1u << 1);
	dev.expect(0x4000, 14, 0x400);
	dev.write(regs, unc_status, 1u << 14);
	dev.expect(0, 0x3f, 0);
	EXPECT_EQ(dev.read(regs, control), none);
}

TEST(ras, several_bits_cleared_at_once_take_all_their_errors)
{
	device dev;

	dev.unmask();
	dev.meet({ error(1, 0x100), error(0, 0x200), error(1, 0x300), error(7, 0x400) });
	dev.write(regs, unc_status, 0x3);
	dev.expect(0x80, 7, 0x400);
	dev.meet({ error(5, 0x500) });
	dev.write(regs, unc_status, 1u << 5); /* not the first one */
	dev.expect(0x80, 7, 0x400);
	dev.write(regs, unc_status, 0xffffffff);
	dev.expect(0, 0x3f, 0);
}

TEST(ras, the_header_log_is_16_dwords_and_nothing_beside_it_changes)
{
	device dev;
	const std::uint32_t before = dev.read(regs, 0x10d8);
	std::vector<std::uint32_t> expected;

	for (std::uint32_t i = 0; i < 16; i++)
		expected.push_back(0xffffff00 + i);
	dev.unmask();
	dev.meet({ error(3, 0xffffff00) });
	EXPECT_EQ(dev.headers(), expected);
	EXPECT_EQ(dev.read(regs, 0x10d8), before) << "the Link capability";
	dev.write(regs, header, 0);
	EXPECT_EQ(dev.headers(), expected) << "read-only";
}

TEST(ras, an_error_beyond_what_is_recorded_has_a_status_without_header)
{
	device dev;

	dev.unmask();
	for (std::uint32_t i = 0; i < 16; i++)
		dev.meet({ error(2, i) });
	dev.meet({ error(4, 0x400), error(2, 0x500) });
	dev.expect(0x14, 2, 0);
	for (std::uint32_t i = 1; i < 16; i++) {
		dev.write(regs, unc_status, 1u << 2);
		dev.expect(0x14, 2, i);
	}
	dev.write(regs, unc_status, 1u << 2);
	dev.expect(0x10, 0x3f, 0);
	dev.write(regs, unc_status, 1u << 4);
	dev.expect(0, 0x3f, 0);
}

TEST(ras, errors_and_their_headers_outlast_all_resets_but_a_cold_one)
{
	device dev;

	for (const vcxl_reset kind : { VCXL_RESET_HOT, VCXL_RESET_CXL, VCXL_RESET_FLR }) {
		dev.unmask();
		dev.meet({ error(1, 0x100), error(9, 0x200) });
		dev.correct(2);
		vcxl_memdev_reset(dev.get(), kind);
		dev.expect(0x202, 1, 0x100);
		EXPECT_EQ(dev.read(regs, cor_status), 4u);
		dev.write(regs, unc_status, 1u << 1);
		dev.expect(0x200, 9, 0x200);
		dev.write(regs, unc_status, 1u << 9);
		dev.write(regs, cor_status, 4);
		EXPECT_EQ(dev.read(regs, cor_status), 0u);
	}
	dev.meet({ error(1, 0x100), error(9, 0x200) });
	vcxl_memdev_reset(dev.get(), VCXL_RESET_COLD);
	dev.expect(0, 0, 0);
	EXPECT_EQ(dev.read(regs, control), 0x200u);
	dev.unmask();
	dev.meet({ error(0, 0x300) });
	dev.expect(1, 0, 0x300);
}

/* ---- internal errors of the function ---- */

TEST(internal_error, sets_its_status_also_where_a_mask_keeps_it_from_being_sent)
{
	device dev;
	const std::uint32_t aer = aer_of(dev), pcie = pcie_of(dev);

	dev.unmask();
	dev.write(cfg, pcie + 8, 0xf, 2);
	dev.meet({ error(0) });
	dev.correct(0);
	EXPECT_EQ(dev.read(cfg, aer + 4), 0x00400000u);
	EXPECT_EQ(dev.read(cfg, aer + 0x10), 0x00004000u);
	EXPECT_EQ(dev.read(cfg, aer + 0x18) & 0x1f, 0u) << "first error pointer";
	EXPECT_EQ(dev.read(cfg, pcie + 0xa, 2), 0x5u) << "correctable, fatal";
	EXPECT_TRUE(dev.said().errors.empty());
	dev.write(cfg, aer + 4, 0x00400000);
	dev.write(cfg, aer + 0x10, 0x00004000);
	dev.write(cfg, pcie + 0xa, 0x7, 2);
	EXPECT_EQ(dev.read(cfg, aer + 4), 0u);
	EXPECT_EQ(dev.read(cfg, aer + 0x10), 0u);
	EXPECT_EQ(dev.read(cfg, pcie + 0xa, 2), 0u);
}

TEST(internal_error, is_fatal_or_not_as_the_ras_severity_says)
{
	device dev;
	const std::uint32_t pcie = pcie_of(dev);

	vcxl_pci_capture_id(dev.pci(), 0x0d, 0x08);
	dev.unmask();
	dev.report();
	dev.write(regs, severity, 1u << 4);
	dev.meet({ error(3) });
	EXPECT_EQ(dev.read(cfg, pcie + 0xa, 2), 0x2u);
	dev.meet({ error(4) });
	dev.meet({ error(3), error(4), error(5) });
	dev.correct(5);
	EXPECT_EQ(dev.read(cfg, pcie + 0xa, 2), 0x7u);
	EXPECT_EQ(dev.said().errors, (std::vector<upward>{ { VCXL_ERR_NONFATAL, 0x0d08 },
							   { VCXL_ERR_FATAL, 0x0d08 },
							   { VCXL_ERR_FATAL, 0x0d08 },
							   { VCXL_ERR_COR, 0x0d08 } }));
	EXPECT_EQ(dev.read(cfg, aer_of(dev) + 0x18) & 0x1f, 22u) << "first error pointer";
}

TEST(internal_error, is_sent_as_device_control_allows_or_serr_for_uncorrectable_ones)
{
	device dev;
	const auto all = [&dev] {
		dev.said().errors.clear();
		dev.correct(0);
		dev.write(regs, severity, 0);
		dev.meet({ error(0) });
		dev.write(regs, severity, 1);
		dev.meet({ error(0) });
		std::vector<int> kinds;
		for (const upward &u : dev.said().errors)
			kinds.push_back(u.kind);
		return kinds;
	};

	dev.unmask();
	dev.report(0);
	EXPECT_EQ(all(), (std::vector<int>{}));
	dev.report(1);
	EXPECT_EQ(all(), (std::vector<int>{ 0x30 }));
	dev.report(2);
	EXPECT_EQ(all(), (std::vector<int>{ 0x31 }));
	dev.report(4);
	EXPECT_EQ(all(), (std::vector<int>{ 0x33 }));
	dev.report(0);
	EXPECT_EQ(dev.read(cfg, 6, 2) & 0x4000, 0u) << "Signaled System Error";
	dev.write(cfg, 4, 0x100, 2);
	EXPECT_EQ(all(), (std::vector<int>{ 0x31, 0x33 }));
	EXPECT_EQ(dev.read(cfg, 6, 2) & 0x4000, 0x4000u);
}

/* ---- the way up ---- */

class way_up : public testing::TestWithParam<bool>
{
};

TEST_P(way_up, takes_errors_to_the_root_port_which_keeps_the_source_and_interrupts)
{
	hierarchy h(GetParam());

	h.set_aer(0x2c, 7);
	h.dev.correct(1);
	EXPECT_EQ(h.aer(0x30), 0x01u) << "one correctable";
	EXPECT_EQ(h.aer(0x34), 0x00000f00u);
	EXPECT_EQ(h.root.said().messages, (std::vector<test::message>{ { 0x28000000, 0x21 } }));
	h.dev.meet({ error(6) });
	EXPECT_EQ(h.aer(0x30), 0x55u) << "and a fatal one";
	EXPECT_EQ(h.aer(0x34), 0x0f000f00u);
	EXPECT_EQ(h.interrupts(), 1u) << "the condition held already";
	EXPECT_EQ(h.root.read(cfg, 0x1e, 2) & 0x4000, 0x4000u) << "Received System Error";
	h.set_aer(0x30, 0x55);
	EXPECT_EQ(h.aer(0x30), 0u);
	h.dev.write(regs, severity, 0);
	h.dev.meet({ error(6) });
	EXPECT_EQ(h.aer(0x30), 0x24u) << "not fatal";
	EXPECT_EQ(h.interrupts(), 2u);
	EXPECT_TRUE(h.root.said().errors.empty());
}

TEST_P(way_up, tells_the_first_of_several_and_that_there_were_more)
{
	hierarchy h(GetParam());

	h.dev.correct(0);
	h.dev.meet({ error(0) });
	vcxl_pci_capture_id(h.dev.pci(), 0x20, 0x10);
	h.dev.correct(0);
	h.dev.write(regs, severity, 0);
	h.dev.meet({ error(0) });
	EXPECT_EQ(h.aer(0x30), 0x7fu);
	EXPECT_EQ(h.aer(0x34), 0x0f000f00u);
	EXPECT_EQ(h.interrupts(), 0u) << "nothing is enabled";
	h.set_aer(0x2c, 2);
	EXPECT_EQ(h.interrupts(), 1u) << "what was pending when it was";
	h.set_aer(0x2c, 6);
	EXPECT_EQ(h.interrupts(), 1u);
	vcxl_port_reset(h.root.get(), VCXL_RESET_HOT);
	EXPECT_EQ(h.aer(0x30), 0x7fu);
	EXPECT_EQ(h.aer(0x34), 0x0f000f00u);
	EXPECT_EQ(h.aer(0x2c), 0u);
	vcxl_port_reset(h.root.get(), VCXL_RESET_COLD);
	EXPECT_EQ(h.aer(0x30), 0u);
	EXPECT_EQ(h.aer(0x34), 0u);
}

INSTANTIATE_TEST_SUITE_P(hierarchy, way_up, testing::Bool(),
			 [](const testing::TestParamInfo<bool> &test) {
				 return test.param ? "through_a_switch" : "direct";
			 });

TEST(way_up_of_a_switch, ends_where_a_bridge_does_not_forward)
{
	hierarchy h(true);

	for (test::port *p : { &h.down, &h.up, &h.root }) {
		p->write(cfg, 0x3e, 0, 2);
		h.dev.correct(0);
		h.dev.meet({ error(0) });
		EXPECT_EQ(h.aer(0x30), 0u);
		EXPECT_EQ(p->read(cfg, 0x1e, 2) & 0x4000, 0x4000u) << "Received System Error";
		p->write(cfg, 0x3e, 2, 2);
	}
	/* uncorrectable errors also need what the port's own would need */
	h.up.write(cfg, pcie_of(h.up) + 8, 0x3, 2);
	h.dev.meet({ error(0) });
	EXPECT_EQ(h.aer(0x30), 0u);
	h.dev.correct(0);
	EXPECT_EQ(h.aer(0x30), 1u);
	h.up.write(cfg, 0x04, 0x100, 2);
	h.dev.meet({ error(0) });
	EXPECT_EQ(h.aer(0x30), 0x55u);
}
