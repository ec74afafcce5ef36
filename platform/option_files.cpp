// SPDX-License-Identifier: Apache-2.0
//
// Files that the command line names twice: what is written must be nobody else's. Two backends may
// share a file where their ranges do not meet, or when neither writes to it.
#include <filesystem>
#include <vector>

#include <sys/stat.h>

#include "option_parse.h"
#include "option_value.h"

namespace vcxl
{

namespace
{

struct use {
	std::string arg; // for messages
	std::string path;
	bool writes;
	bool backend = false;
	bool folder = false;                  // files of it that end in .dat
	uint64_t first = 0, end = UINT64_MAX; // of its bytes
};

// The same regular file under two names, or where both would make the same one. What is written to
// devices and pipes does not replace what was there.
bool same_file(const std::string &a, const std::string &b)
{
	struct stat of_a, of_b;
	const bool a_exists = stat(a.c_str(), &of_a) == 0;
	const bool b_exists = stat(b.c_str(), &of_b) == 0;

	if (a_exists && b_exists)
		return S_ISREG(of_a.st_mode) && of_a.st_dev == of_b.st_dev &&
		       of_a.st_ino == of_b.st_ino;
	return !a_exists && !b_exists && canonical(a) == canonical(b);
}

bool holds(const std::string &folder, const std::string &file)
{
	const std::filesystem::path path(canonical(file));

	return path.extension() == ".dat" &&
	       path == std::filesystem::path(canonical(folder)) / path.filename();
}

bool collide(const use &a, const use &b)
{
	if (!a.writes && !b.writes)
		return false;
	if (a.backend && b.backend && (a.first >= b.end || b.first >= a.end))
		return false;
	if (a.folder || b.folder)
		return a.folder ? holds(a.path, b.path) : holds(b.path, a.path);
	return same_file(a.path, b.path);
}

std::vector<use> uses_of(const command_line &line, const machine &m)
{
	std::vector<use> uses;
	const auto add = [&](const std::string &option, const std::string &path, bool writes) {
		if (!path.empty())
			uses.push_back({ option + path, path, writes });
	};

	if (m.bios != "none")
		add("-bios ", m.bios, false);
	add("-kernel ", m.kernel, false);
	add("-initrd ", m.initrd, false);
	for (const symbol_file &file : m.symbol_files)
		add("--symbols ", file.path, false);
	for (const auto &[arg, path] : line.read_files)
		uses.push_back({ arg, path, false });
	for (size_t i = 0; i < m.backends.size(); i++) {
		const backend &b = m.backends[i];
		if (b.kind == backend_kind::file)
			uses.push_back({ line.objects[i].arg, b.path, b.share, true, false,
					 b.offset, b.offset + b.size });
	}
	for (size_t i = 0; i < m.drives.size(); i++)
		uses.push_back({ line.drives[i].arg, m.drives[i].path, !m.drives[i].readonly });
	if (m.serial.kind == serial_kind::file)
		add("-serial file:", m.serial.path, true);
	for (const console_end &end : line.consoles)
		if (end.kind == serial_kind::file)
			uses.push_back({ end.option, end.path, true });
	if (m.trace_path != "-")
		add("--trace ", m.trace_path, true);
	add("--profile ", m.profile_path, true);
	add("--signature ", m.signature_path, true);
	add("--dump-dtb ", m.dump_dtb_path, true);
	if (!m.dump_acpi_path.empty())
		uses.push_back(
			{ "--dump-acpi " + m.dump_acpi_path, m.dump_acpi_path, true, false, true });
	return uses;
}

} // namespace

void check_files(const command_line &line, const machine &m)
{
	const std::vector<use> uses = uses_of(line, m);

	for (size_t i = 0; i < uses.size(); i++)
		for (size_t k = 0; k < i; k++)
			if (collide(uses[i], uses[k]))
				fail(uses[i].arg, "names the same file as " + uses[k].arg);
}

} // namespace vcxl
