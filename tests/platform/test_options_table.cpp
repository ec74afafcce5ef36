// SPDX-License-Identifier: Apache-2.0
//
// The option table itself, and what is printed from it: help texts and docs/options.md.
#include "test_options.h"

#include <set>

#include "option_parse.h"
#include "option_value.h"

using namespace option_test;

namespace
{

std::string printed(const words &args)
{
	const vcxl::options result = parse(args);
	EXPECT_EQ(result.action, vcxl::option_action::print);
	return result.text;
}

bool has(const std::string &text, const std::string &part)
{
	return text.find(part) != std::string::npos;
}

} // namespace

TEST(option_table, option_names_are_unique_among_those_that_can_be_typed)
{
	std::set<std::string> names;
	for (const vcxl::option_row &row : vcxl::option_rows) {
		EXPECT_TRUE(names.insert((row.own ? "--" : "-") + std::string(row.name)).second)
			<< row.name;
		if (row.alias) {
			EXPECT_TRUE(names.insert(std::string("-") + row.alias).second) << row.alias;
		}
	}
}

TEST(option_table, rows_have_what_their_kind_needs)
{
	for (const vcxl::option_row &row : vcxl::option_rows) {
		const bool group = row.kind == vcxl::option_kind::group;
		EXPECT_EQ(group, vcxl::find_group(row.name) != nullptr) << row.name;
		const bool number = row.kind == vcxl::option_kind::time ||
				    row.kind == vcxl::option_kind::count ||
				    row.kind == vcxl::option_kind::number;
		EXPECT_EQ(number, row.number != nullptr) << row.name;
		EXPECT_EQ(row.kind == vcxl::option_kind::choice, row.choices != nullptr)
			<< row.name;
		const bool stored = row.kind == vcxl::option_kind::text ||
				    row.kind == vcxl::option_kind::input_file ||
				    row.kind == vcxl::option_kind::output_file ||
				    row.kind == vcxl::option_kind::file_text;
		EXPECT_TRUE(!stored || row.text) << row.name;
		EXPECT_TRUE(!stored || row.argument) << row.name;
		EXPECT_TRUE(row.kind == vcxl::option_kind::refused || *row.help) << row.name;
	}
}

TEST(option_table, type_and_property_names_are_unique)
{
	for (const vcxl::object_group &group : vcxl::object_groups) {
		std::set<std::string> types;
		for (const vcxl::object_type &type : group.types) {
			EXPECT_TRUE(types.insert(type.name).second) << type.name;
			std::set<std::string> properties;
			for (const vcxl::property &p : type.properties)
				EXPECT_TRUE(properties.insert(p.name).second)
					<< type.name << " " << p.name;
		}
	}
}

TEST(option_table, every_property_is_found_by_its_name)
{
	for (const vcxl::object_group &group : vcxl::object_groups)
		for (const vcxl::object_type &type : group.types)
			for (const vcxl::property &p : type.properties) {
				std::string key = p.name;
				for (const char *index : { ".N.", ".M" }) {
					const size_t at = key.find(index);
					if (at != std::string::npos)
						key[at + 1] = '7';
				}
				EXPECT_EQ(vcxl::find_property(type, key), &p) << p.name;
			}
}

TEST(option_table, every_default_passes_its_own_check)
{
	for (const vcxl::object_group &group : vcxl::object_groups)
		for (const vcxl::object_type &type : group.types)
			for (const vcxl::property &p : type.properties) {
				EXPECT_FALSE(p.required && p.def) << p.name;
				if (p.def) {
					EXPECT_NO_THROW(
						vcxl::check_value(p, p.name, p.def, "default"))
						<< p.name;
				}
			}
}

TEST(option_help, device_help_lists_every_property_of_every_type)
{
	for (const vcxl::object_group &group : vcxl::object_groups)
		for (const vcxl::object_type &type : group.types) {
			if (type.refused)
				continue;
			const std::string first = group.typed ? type.name + std::string(",") : "";
			const std::string text =
				printed({ std::string("-") + group.option, first + "help" });
			for (const vcxl::property &p : type.properties)
				EXPECT_TRUE(has(text, std::string("  ") + p.name)) << p.name;
		}
}

TEST(option_help, list_of_devices_has_those_that_can_be_made)
{
	const std::string text = printed({ "-device", "help" });
	for (const char *name : { "pxb-cxl", "cxl-rp", "cxl-upstream", "cxl-downstream",
				  "cxl-type3", "virtio-blk-pci", "virtio-rng-pci" })
		EXPECT_TRUE(has(text, name)) << name;
	EXPECT_FALSE(has(text, "virtio-*"));
	EXPECT_EQ(text, printed({ "-device", "?" }));
}

TEST(option_help, list_of_objects_has_the_three_backends)
{
	const std::string text = printed({ "-object", "help" });
	for (const char *name :
	     { "memory-backend-ram", "memory-backend-file", "memory-backend-memfd" })
		EXPECT_TRUE(has(text, name)) << name;
}

TEST(option_help, machine_help_names_both_types)
{
	EXPECT_TRUE(has(printed({ "-M", "help" }), "virt|q35"));
	EXPECT_EQ(printed({ "-M", "help" }), printed({ "--machine", "virt,help" }));
}

TEST(option_help, help_lists_every_option)
{
	const std::string text = printed({ "--help" });
	EXPECT_EQ(text, printed({ "-h" }));
	for (const vcxl::option_row &row : vcxl::option_rows)
		EXPECT_TRUE(has(text, (row.own ? "--" : "-") + std::string(row.name))) << row.name;
}

TEST(option_help, version_is_one_line)
{
	EXPECT_EQ(printed({ "--version" }).rfind("vcxl ", 0), 0u);
	EXPECT_EQ(printed({ "-version" }).find('\n'), printed({ "-version" }).size() - 1);
}

TEST(option_help, an_error_before_help_is_still_an_error)
{
	EXPECT_NE(error_of({ "-m", "1", "-help" }), "");
}
