// SPDX-License-Identifier: Apache-2.0
//
// Names and phrases: every row of the lists has a text of its own, unknown values have one too.
#include <cstring>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <vcxl/hdm.h>
#include <vcxl/mbox.h>
#include <vcxl/status.h>
#include <vcxl/trace.h>

namespace
{

template <class F> void expect_distinct(F text, int first, int last)
{
	std::set<std::string> seen;
	for (int v = first; v <= last; v++) {
		ASSERT_NE(text(v), nullptr) << v;
		EXPECT_TRUE(seen.insert(text(v)).second) << v << ": " << text(v);
	}
}

TEST(text, every_status_has_a_phrase_and_unknown_ones_have_one)
{
	expect_distinct([](int v) { return vcxl_status_text(static_cast<vcxl_status>(v)); }, -8, 0);
	EXPECT_STREQ(vcxl_status_text(VCXL_OK), "success");
	EXPECT_STREQ(vcxl_status_text(static_cast<vcxl_status>(5)), "unknown status");
}

TEST(text, every_commit_error_has_a_phrase)
{
	expect_distinct([](int v) { return vcxl_hdm_error_text(static_cast<vcxl_hdm_error>(v)); },
			0, 10);
	EXPECT_STREQ(vcxl_hdm_error_text(VCXL_HDM_ERR_SIZE_ZERO), "size is 0");
	EXPECT_STREQ(vcxl_hdm_error_text(static_cast<vcxl_hdm_error>(15)), "unknown commit error");
}

TEST(text, every_return_code_has_its_name_in_the_specification)
{
	expect_distinct([](int v) { return cxl_rc_text(static_cast<cxl_rc>(v)); }, 0, 0x20);
	EXPECT_STREQ(cxl_rc_text(static_cast<cxl_rc>(0x16)), "Invalid Payload Length");
	EXPECT_STREQ(cxl_rc_text(static_cast<cxl_rc>(0x3f)), "unknown return code");
}

TEST(text, trace_rows_have_distinct_names_and_all_their_fields)
{
	std::set<std::string> names;

	for (const vcxl_trace_row &row : vcxl_trace_rows) {
		ASSERT_NE(row.name, nullptr);
		EXPECT_TRUE(names.insert(row.name).second) << row.name;
		ASSERT_GE(row.n_fields, 1u);
		ASSERT_LE(row.n_fields, 7u);
		for (unsigned f = 0; f < 7; f++)
			EXPECT_EQ(row.fields[f].name != nullptr, f < row.n_fields) << row.name;
	}
	const vcxl_trace_row &port = vcxl_trace_rows[VCXL_TRACE_PORT];
	EXPECT_STREQ(port.name, "mem.port");
	ASSERT_EQ(port.n_fields, 5u);
	EXPECT_STREQ(port.fields[1].name, "hpa");
	EXPECT_EQ(port.fields[1].unit, VCXL_TRACE_HEX);
	EXPECT_EQ(port.fields[4].unit, VCXL_TRACE_PS);
}

} // namespace
