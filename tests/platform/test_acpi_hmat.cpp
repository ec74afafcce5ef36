// SPDX-License-Identifier: Apache-2.0
//
// HMAT read back: what the harts pay for each domain. ACPI 6.6 5.2.29.
#include "acpi_view.h"

#include <map>

using namespace acpi_test;

namespace
{

std::vector<size_t> hmat(const view &t, unsigned type)
{
	return t.subtables(40, type, 2, 4, 4);
}

// Costs by target domain: read and write latency in ps, read and write bandwidth in MB/s.
using costs = std::map<unsigned, std::vector<uint64_t>>;

costs hmat_costs(const view &t)
{
	const std::vector<size_t> localities = hmat(t, 1);
	const unsigned types[] = { 1, 2, 4, 5 };
	costs found;

	EXPECT_EQ(localities.size(), 4u);
	for (size_t i = 0; i < localities.size(); i++) {
		const size_t at = localities[i], n = t.u32(at + 16);

		EXPECT_EQ(t.u32(at + 4), 32u + 4 + 4 * n + 2 * n);
		EXPECT_EQ(t.u8(at + 8), 0u); // memory
		EXPECT_EQ(t.u8(at + 9), types[i]);
		EXPECT_EQ(t.u32(at + 12), 1u);
		EXPECT_EQ(t.u32(at + 32), 0u); // from the harts
		for (size_t k = 0; k < n; k++) {
			const uint64_t entry = t.u16(at + 36 + 4 * n + 2 * k);

			EXPECT_NE(entry, 0u);
			EXPECT_NE(entry, 0xffffu);
			found[static_cast<unsigned>(t.u32(at + 36 + 4 * k))].push_back(
				entry * t.u64(at + 24));
		}
	}
	return found;
}

// A bridge with one device of these properties, and a window over it.
words one_device(const std::string &properties)
{
	return bridges(2) + window(0, { 0 }, "size=4G") + window(1, { 1 }, "size=4G") +
	       words{ "-object", "memory-backend-ram,id=v,size=256M",
		      "-device", "cxl-rp,bus=hb0,id=rp",
		      "-device", "cxl-type3,bus=rp,volatile-memdev=v" + properties };
}

// 60 ns of host and 25 ns of root port; one PCIe 5.0 x16 port
const std::vector<uint64_t> ram_cost{ 112'000, 112'000, 230'000, 230'000 },
	port_cost{ 85'000, 85'000, 64'000, 64'000 };

} // namespace

TEST(acpi_hmat, has_the_cost_of_ram_and_of_each_generic_port)
{
	const view t = host(bridges(2) + window(0, { 0, 1 }, "size=4G")).table("HMAT");
	const std::vector<size_t> domains = hmat(t, 0);

	ASSERT_EQ(domains.size(), 1u);
	EXPECT_EQ(t.u16(domains[0] + 8), 1u);
	EXPECT_EQ(t.u32(domains[0] + 16), 0u);
	EXPECT_EQ(hmat_costs(t), (costs{ { 0, ram_cost }, { 2, port_cost }, { 3, port_cost } }));
}

TEST(acpi_hmat, has_the_cost_of_each_window_with_a_device)
{
	const view t = host(one_device(",read-latency=170ns,write-latency=2us,"
				       "read-bandwidth=12345,write-bandwidth=500"))
			       .table("HMAT");

	EXPECT_EQ(hmat_costs(t), (costs{ { 0, ram_cost },
					 { 1, { 255'000, 2'085'000, 12'345, 500 } },
					 { 3, port_cost },
					 { 4, port_cost } }));
}

// 230000 and 12347 MB/s have no unit in common with which both fit, nor 85 and 65619 ns
TEST(acpi_hmat, rounds_to_the_unit_where_16_bits_do_not_suffice)
{
	const costs c = hmat_costs(host(one_device(",write-latency=65534ns,read-bandwidth=12347,"
						   "write-bandwidth=1"))
					   .table("HMAT"));

	EXPECT_EQ(c.at(1)[1], 65'620'000u);
	EXPECT_EQ(c.at(3)[1], 86'000u);
	EXPECT_EQ(c.at(1)[2], 12'348u);
	EXPECT_EQ(c.at(1)[3], 4u);
	EXPECT_EQ(c.at(0), ram_cost);
}

TEST(acpi_hmat, names_no_window_that_srat_leaves_out)
{
	const host h(one_device("") + window(2, { 0 }, "size=4G") + window(3, { 0 }, "size=4G"));
	const view srat = h.table("SRAT");
	std::vector<uint64_t> domains;

	for (const size_t at : srat.subtables(48, 1, 1, 1, 1)) // memory
		domains.push_back(srat.u32(at + 2));
	EXPECT_EQ(domains, (std::vector<uint64_t>{ 0, 1, 2, 3 }));
	const std::vector<uint64_t> device_cost{ 235'000, 335'000, 16'000, 16'000 };
	EXPECT_EQ(hmat_costs(h.table("HMAT")), (costs{ { 0, ram_cost },
						       { 1, device_cost },
						       { 3, device_cost },
						       { 5, port_cost },
						       { 6, port_cost } }));
}
