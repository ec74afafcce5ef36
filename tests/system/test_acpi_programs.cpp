// SPDX-License-Identifier: Apache-2.0
//
// The dumped ACPI tables in the hands of Debian 13's ACPI tools: iasl reads them without complaint
// and makes the same bytes of what it read; acpiexec runs the methods as an operating system does.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

using bytes = std::vector<char>;

bytes file_bytes(const std::string &path)
{
	std::ifstream in(path, std::ios::binary);

	return { std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>() };
}

std::string file_text(const std::string &path)
{
	const bytes content = file_bytes(path);

	return { content.begin(), content.end() };
}

std::string numbered(const std::string &prefix, unsigned number)
{
	return prefix + std::to_string(number);
}

// That many bridges with one root port each, and a window over `order`.
words machine(unsigned bridges, const std::vector<unsigned> &order)
{
	words args{ "-M", "virt,cxl=on" };
	std::string window = "cxl-fmw.0.size=12G";

	for (unsigned i = 0; i < bridges; i++)
		for (const std::string &device :
		     { "pxb-cxl,bus=pcie.0,id=" + numbered("hb", i) +
			       numbered(",bus_nr=", 12 + 8 * i),
		       "cxl-rp,port=0,id=" + numbered("rp", i) + numbered(",bus=hb", i) }) {
			args.push_back("-device");
			args.push_back(device);
		}
	for (size_t i = 0; i < order.size(); i++)
		window += numbered(",cxl-fmw.0.targets.", static_cast<unsigned>(i)) +
			  numbered("=hb", order[i]);
	if (!order.empty()) {
		args.push_back("-M");
		args.push_back(window);
	}
	return args;
}

// The folder of the tables.
std::string dump(words args, const scratch &dir)
{
	const std::string kernel = dir.write("kernel", std::string(64, '\0'));
	const std::string folder = dir.file("tables");

	for (const std::string &word :
	     { std::string("-bios"), std::string("none"), std::string("-kernel"), kernel,
	       std::string("-serial"), std::string("null"), std::string("--max-steps"),
	       std::string("1"), std::string("--dump-acpi"), folder })
		args.push_back(word);
	const outcome o = run_vcxl(args, dir);
	EXPECT_NE(o.err.find("step limit"), std::string::npos) << o.err;
	return folder;
}

// What iasl does not know: the identifiers that the CXL specification defines.
void drop_cxl_identifiers(std::string &text)
{
	const std::string mark = " /* Unknown UUID */";

	for (const std::string uuid :
	     { "68f2d50b-c469-4d8a-bd3d-941a103fd3fc", "f365f9a6-a7de-4071-a66a-b40c0b4f8e52" }) {
		const size_t at = text.find("\"" + uuid + "\")" + mark);

		if (at != std::string::npos)
			text.erase(at + uuid.size() + 3, mark.size());
	}
}

void expect_no_complaint(std::string text, const std::string &where)
{
	drop_cxl_identifiers(text);
	std::transform(text.begin(), text.end(), text.begin(),
		       [](unsigned char c) { return static_cast<char>(tolower(c)); });
	for (const char *word : { "unknown", "invalid", "error", "warning", "incorrect" })
		EXPECT_EQ(text.find(word), std::string::npos) << where << ": " << text;
}

// But for checksum and compiler, which iasl puts in.
bytes without_header(const std::string &path)
{
	bytes content = file_bytes(path);

	EXPECT_GE(content.size(), 36u) << path;
	content.erase(content.begin(), content.begin() + 36);
	return content;
}

void check_table(const std::string &folder, const std::string &name, const scratch &dir)
{
	const std::string path = folder + "/" + name;
	const outcome read = run_program(VCXL_IASL, { "-d", path + ".dat" }, dir);

	EXPECT_EQ(read.status, 0) << read.err;
	expect_no_complaint(read.out + read.err, name);
	expect_no_complaint(file_text(path + ".dsl"), name);
	// it does not take back its own text of these
	if (name == "CEDT" || name == "RHCT")
		return;
	const outcome made = run_program(VCXL_IASL, { "-oa", path + ".dsl" }, dir);

	EXPECT_EQ(made.status, 0) << made.out << made.err;
	EXPECT_NE(made.out.find(" 0 Errors, 0 Warnings,"), std::string::npos) << made.out;
	EXPECT_EQ(without_header(path + ".aml"), without_header(path + ".dat")) << name;
}

void check_machine(const words &args, const scratch &dir, bool with_cxl)
{
	const std::string folder = dump(args, dir);
	std::vector<std::string> names{ "DSDT", "FACP", "APIC", "RHCT", "PPTT",
					"MCFG", "SPCR", "SRAT", "HMAT", "XSDT" };

	if (with_cxl)
		names.push_back("CEDT");
	for (const std::string &name : names)
		check_table(folder, name, dir);
	names.push_back("RSDP");
	size_t files = 0;
	for (const auto &entry : std::filesystem::directory_iterator(folder))
		files += entry.path().extension() == ".dat";
	EXPECT_EQ(files, names.size());
}

// The bytes of a buffer as acpiexec prints them, in lines of 16: "0010: 01 00  // .."
std::string dumped_bytes(const std::string &text)
{
	std::istringstream lines(text);
	std::string result;

	for (std::string line; std::getline(lines, line);) {
		const size_t at = line.find("0: ");

		if (at == std::string::npos)
			continue;
		std::istringstream rest(line.substr(at + 3, line.find("//") - at - 3));
		for (std::string byte; rest >> byte;)
			result += (result.empty() ? "" : " ") + byte;
	}
	return result;
}

class acpi_tools : public testing::Test
{
protected:
	void SetUp() override
	{
		if (std::string(VCXL_IASL).empty())
			GTEST_SKIP() << "VCXL_IASL is not set (scripts/fetch-debian13 iasl)";
	}

	// What acpiexec says of each call; one run for all, as it takes its time to end.
	std::vector<std::string> evaluate(const words &calls)
	{
		const std::filesystem::path acpiexec =
			std::filesystem::path(VCXL_IASL).parent_path() / "acpiexec";
		std::vector<std::string> answers;
		std::string batch;

		for (const std::string &call : calls)
			batch += (batch.empty() ? "evaluate " : "; evaluate ") + call;
		const outcome o =
			run_program(acpiexec.string(), { "-b", batch, folder + "/DSDT.dat" }, dir);
		for (size_t at = o.out.find("\nEvaluating "); at != std::string::npos;) {
			const size_t next = o.out.find("\nEvaluating ", at + 1);

			answers.push_back(o.out.substr(at, next - at));
			at = next;
		}
		EXPECT_EQ(answers.size(), calls.size()) << o.out << o.err;
		answers.resize(calls.size());
		return answers;
	}
	// Expects of each call, the first of a pair, the bytes that are the second.
	void expect_bytes(const std::vector<std::pair<std::string, std::string>> &cases)
	{
		words calls;

		for (const auto &one : cases)
			calls.push_back(one.first);
		const std::vector<std::string> answers = evaluate(calls);
		for (size_t i = 0; i < cases.size(); i++)
			EXPECT_EQ(dumped_bytes(answers[i]), cases[i].second) << cases[i].first;
	}

	const scratch dir;
	const std::string folder = dir.file("tables");
};

const std::string pcie = "(5B 4D DB 33 F7 1F 1C 40 96 57 74 41 C0 3D D7 66)";
const std::string cxl = "(0B D5 F2 68 69 C4 8A 4D BD 3D 94 1A 10 3F D3 FC)";
const std::string qtg = "(A6 F9 65 F3 DE A7 71 40 A6 6A B4 0C 0B 4F 8E 52)";

} // namespace

TEST(dump_acpi, writes_into_a_folder_that_is_there_already)
{
	const scratch dir;
	const std::string folder = dump({ "-M", "virt" }, dir);
	const bytes before = file_bytes(folder + "/DSDT.dat");

	dump({ "-M", "virt", "-smp", "2" }, dir);
	const bytes after = file_bytes(folder + "/DSDT.dat");
	EXPECT_EQ(std::string(before.data(), 4), "DSDT");
	EXPECT_GT(after.size(), before.size());
}

TEST_F(acpi_tools, take_the_tables_of_a_host_without_bridges)
{
	check_machine({ "-M", "virt" }, dir, false);
}

TEST_F(acpi_tools, take_the_tables_of_one_bridge_and_8_harts)
{
	words args = machine(1, { 0 });

	args.insert(args.end(), { "-smp", "8" });
	check_machine(args, dir, true);
}

TEST_F(acpi_tools, take_the_tables_of_the_documented_4_way_machine)
{
	check_machine(args_file("options/doc4.args", dir), dir, true);
}

TEST_F(acpi_tools, take_the_tables_of_a_3_way_window)
{
	check_machine(machine(3, { 2, 0, 1 }), dir, true);
}

TEST_F(acpi_tools, take_the_tables_of_16_bridges)
{
	check_machine(machine(16, { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 }), dir, true);
}

TEST_F(acpi_tools, see_control_granted_that_the_bridge_has_and_masked_that_it_has_not)
{
	const std::string bridge = "\\_SB.CXL0._OSC ";

	dump(machine(1, { 0 }), dir);
	expect_bytes({
		// all that is granted is asked for: no status bit
		{ bridge + cxl +
			  " 1 5 (00 00 00 00 1F 01 00 00 1D 00 00 00 07 00 00 00 01 00 00 00)",
		  "00 00 00 00 1F 01 00 00 1D 00 00 00 07 00 00 00 01 00 00 00" },
		// LTR and DPC, and an unknown bit of CXL: bit 4
		{ bridge + cxl +
			  " 1 5 (01 00 00 00 1F 01 00 00 BD 00 00 00 07 00 00 00 03 00 00 00)",
		  "11 00 00 00 1F 01 00 00 1D 00 00 00 07 00 00 00 01 00 00 00" },
		{ bridge + pcie + " 1 3 (01 00 00 00 1F 01 00 00 3D 00 00 00)",
		  "11 00 00 00 1F 01 00 00 1D 00 00 00" },
		{ "\\_SB.PCI0._OSC " + pcie + " 1 3 (00 00 00 00 1F 01 00 00 1F 00 00 00)",
		  "00 00 00 00 1F 01 00 00 1F 00 00 00" },
	});
}

TEST_F(acpi_tools, see_a_foreign_identifier_revision_or_length_refused)
{
	const std::string rest = " 00 00 00 1F 01 00 00 FF 00 00 00 07 00 00 00 03 00 00 00";
	const std::string five = " 5 (00" + rest + ")";

	dump(machine(1, { 0 }), dir);
	expect_bytes({
		{ "\\_SB.PCI0._OSC " + cxl + " 1" + five, "04" + rest },
		{ "\\_SB.CXL0._OSC " + qtg + " 1" + five, "04" + rest },
		{ "\\_SB.CXL0._OSC " + cxl + " 2" + five, "08" + rest },
		{ "\\_SB.CXL0._OSC " + cxl + " 1 3 (00 00 00 00 1F 01 00 00 FF 00 00 00)",
		  "02 00 00 00 1F 01 00 00 FF 00 00 00" },
	});
}

TEST_F(acpi_tools, see_the_throttling_groups_of_the_cxl_root)
{
	const std::string dsm = "\\_SB.CXLM._DSM ";

	dump(machine(1, { 0 }), dir);
	expect_bytes({
		{ dsm + qtg + " 1 0 [0]", "03" }, // functions 0 and 1
		{ dsm + qtg + " 1 2 [0]", "00" },
		{ dsm + qtg + " 2 0 [0]", "00" },
		{ dsm + cxl + " 1 0 [0]", "00" },
	});
	const std::string answer = evaluate({ dsm + qtg + " 1 1 [200 250 16000 16000]" }).front();
	EXPECT_NE(answer.find("  [Package] Contains 2 Elements:\n"
			      "    [Integer] = 0000000000000000\n"
			      "    [Package] Contains 1 Elements:\n"
			      "      [Integer] = 0000000000000000\n"),
		  std::string::npos)
		<< answer;
}

TEST_F(acpi_tools, see_the_power_button_notified_by_its_interrupt_alone)
{
	dump({ "-M", "virt" }, dir);
	const words calls{ "\\_SB.GED0._EVT 12", "\\_SB.GED0._EVT 11" };
	const std::vector<std::string> answers = evaluate(calls);

	EXPECT_NE(answers[0].find("Device Notify on [PWRB]"), std::string::npos) << answers[0];
	EXPECT_NE(answers[0].find("Value 0x80"), std::string::npos) << answers[0];
	EXPECT_EQ(answers[1].find("[PWRB]"), std::string::npos) << answers[1];
	// Extended Interrupt: consumer, edge, active high, not shared; source 12
	expect_bytes({ { "\\_SB.GED0._CRS", "89 06 00 03 01 0C 00 00 00 79 00" } });
}

} // namespace vcxl_test
